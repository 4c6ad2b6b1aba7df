/* What all handles share: the magic number that tells a live handle, and the way up to connection
 * and environment. Allocates nothing, locks nothing. Called by the other files of this folder,
 * stmt/ and api/. */
#include "handle/handle.h"

#include <stddef.h>

#include "handle/dbc.h"
#include "handle/desc.h"

_Static_assert(offsetof(struct dbc, env) == HANDLE_PARENT_OFFSET, "struct dbc: env follows handle");
_Static_assert(offsetof(struct desc, dbc) == HANDLE_PARENT_OFFSET,
               "struct desc: dbc follows handle");

void handle_init(struct handle *h, enum handle_kind kind)
{
    h->magic = HANDLE_MAGIC;
    h->kind = kind;
    diag_init(&h->diag);
}

void handle_release(struct handle *h)
{
    diag_release(&h->diag);
    /* Through volatile: the store just before a free must reach memory, it is what catches a use
     * after free. */
    *(volatile uint32_t *)&h->magic = 0;
}

struct handle *handle_check(void *p, enum handle_kind kind)
{
    struct handle *h = p;

    /* An address that no handle can have is the usual garbage; reading it could fault. */
    if (h == NULL || (uintptr_t)h % _Alignof(struct handle) != 0)
        return NULL;
    return h->magic == HANDLE_MAGIC && h->kind == kind ? h : NULL;
}

/* The pointer behind the struct handle (layout rule in handle.h); memcpy, because struct stmt is
 * not known here. */
static void *parent_of(struct handle *h)
{
    void *parent;

    memcpy(&parent, (char *)h + HANDLE_PARENT_OFFSET, sizeof parent);
    return parent;
}

struct dbc *handle_dbc(struct handle *h)
{
    switch (h->kind) {
    case HANDLE_DBC:
        return (struct dbc *)h;
    case HANDLE_STMT:
    case HANDLE_DESC:
        return parent_of(h);
    case HANDLE_ENV:
    default:
        return NULL;
    }
}

struct env *handle_env(struct handle *h)
{
    return h->kind == HANDLE_ENV ? (struct env *)h : handle_dbc(h)->env;
}
