/* The list of names of types that are not built in: an array, since a connection meets few of them.
 * Called by stmt/typenames.c; cleared by execution and by dbc.c. */
#include "handle/type_names.h"

static struct type_name *find(const struct type_names *t, uint32_t oid)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->entries[i].oid == oid)
            return &t->entries[i];
    return NULL;
}

const char *type_names_find(const struct type_names *t, uint32_t oid)
{
    const struct type_name *found = find(t, oid);

    return found != NULL ? found->name : NULL;
}

/* The entry to fill; NULL: out of memory. */
static struct type_name *place_for(struct type_names *t, uint32_t oid)
{
    struct type_name *place = find(t, oid);

    if (place != NULL)
        return place;
    if (t->n == TYPE_NAMES_MAX) {
        place = &t->entries[t->next];
        t->next = (t->next + 1) % TYPE_NAMES_MAX;
        return place;
    }
    if (t->n == t->cap) {
        size_t cap = t->cap ? t->cap * 2 : 16;
        struct type_name *grown = mem_realloc_array(t->entries, cap, sizeof *grown);
        if (grown == NULL)
            return NULL;
        t->entries = grown;
        t->cap = cap;
    }
    t->entries[t->n] = (struct type_name){0, NULL};
    return &t->entries[t->n++];
}

bool type_names_add(struct type_names *t, uint32_t oid, struct strview name)
{
    char *copy = mem_strndup(name.ptr, name.len);
    struct type_name *place = copy != NULL ? place_for(t, oid) : NULL;

    if (place == NULL) {
        mem_free(copy);
        return false;
    }
    mem_free(place->name);
    *place = (struct type_name){oid, copy};
    return true;
}

void type_names_clear(struct type_names *t)
{
    for (size_t i = 0; i < t->n; i++)
        mem_free(t->entries[i].name);
    mem_free(t->entries);
    *t = (struct type_names){NULL, 0, 0, 0};
}
