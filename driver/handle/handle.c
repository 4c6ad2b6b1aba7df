/* What all handles share: the magic number that tells a live handle, and the way up to connection
 * and environment. Allocates nothing, locks nothing. Called by the other files of this folder,
 * stmt/ and api/. */
#include "handle/handle.h"

void handle_init(struct handle *h, enum handle_kind kind, struct handle *parent)
{
    h->magic = HANDLE_MAGIC;
    h->kind = kind;
    h->parent = parent;
    diag_init(&h->diag);
}

void handle_release(struct handle *h)
{
    diag_release(&h->diag);
    /* Through volatile: the store just before a free must reach memory, it is what catches a use
     * after free. */
    *(volatile uint32_t *)&h->magic = 0;
}

/* The handle structs begin with their struct handle, so the casts only change the type. */
struct dbc *handle_dbc(struct handle *h)
{
    while (h != NULL && h->kind != HANDLE_DBC)
        h = h->parent;
    return (struct dbc *)(void *)h;
}

struct env *handle_env(struct handle *h)
{
    while (h->kind != HANDLE_ENV && h->parent != NULL)
        h = h->parent;
    return (struct env *)(void *)h;
}
