/* The tables of results. Called by stmt/. */
#include "handle/table_info.h"

struct table_info *table_info_new(uint32_t oid)
{
    struct table_info *t = mem_calloc(1, sizeof *t);

    if (t != NULL)
        t->oid = oid;
    return t;
}

void table_info_free(struct table_info *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->n_columns; i++) {
        mem_free(t->columns[i].name);
        mem_free(t->columns[i].stored);
        mem_free(t->columns[i].type);
    }
    mem_free(t->columns);
    mem_free(t->keys);
    mem_free(t->catalog);
    mem_free(t->schema);
    mem_free(t->table);
    mem_free(t->name);
    mem_free(t);
}

bool table_info_add_column(struct table_info *t, const struct table_column *c, struct strview name,
                           struct strview stored, struct strview type)
{
    struct table_column *grown =
        mem_realloc_array(t->columns, t->n_columns + 1, sizeof *t->columns);
    struct table_column *added;

    if (grown == NULL)
        return false;
    t->columns = grown;
    added = &t->columns[t->n_columns++];
    *added = *c;
    added->name = mem_strndup(name.ptr, name.len);
    added->stored = mem_strndup(stored.ptr, stored.len);
    added->type = mem_strndup(type.ptr, type.len);
    return added->name != NULL && added->stored != NULL && added->type != NULL;
}

static struct strview cut_piece(struct strview *rest, char separator)
{
    const char *end = rest->len > 0 ? memchr(rest->ptr, separator, rest->len) : NULL;
    struct strview piece = end != NULL ? sv_n(rest->ptr, (size_t)(end - rest->ptr)) : *rest;
    size_t used = piece.len + (end != NULL);

    *rest = sv_n(rest->ptr + used, rest->len - used);
    return piece;
}

static bool read_key(struct table_key *k, struct strview text)
{
    while (text.len > 0) {
        int64_t attnum;
        if (k->n == TABLE_KEY_MAX_COLUMNS || !sv_to_i64(cut_piece(&text, ','), &attnum) ||
            attnum < 1 || attnum > INT16_MAX)
            return false;
        k->attnums[k->n++] = (int16_t)attnum;
    }
    return k->n > 0;
}

bool table_info_read_keys(struct table_info *t, struct strview text)
{
    while (text.len > 0) {
        struct table_key k = {.n = 0};
        struct table_key *grown = mem_realloc_array(t->keys, t->n_keys + 1, sizeof *grown);
        if (grown == NULL)
            return false;
        t->keys = grown;
        if (!read_key(&k, cut_piece(&text, ';')))
            return false;
        t->keys[t->n_keys++] = k;
    }
    return true;
}

const struct table_column *table_info_column(const struct table_info *t, int attnum)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (t->columns[i].attnum == attnum)
            return &t->columns[i];
    return NULL;
}

const struct table_info *table_infos_find(const struct table_infos *all, uint32_t oid)
{
    const struct table_info *t = all->first;

    while (t != NULL && t->oid != oid)
        t = t->next;
    return t;
}

static void free_last(struct table_infos *all)
{
    struct table_info **at = &all->first;

    while (*at != NULL && (*at)->next != NULL)
        at = &(*at)->next;
    table_info_free(*at);
    *at = NULL;
    all->n--;
}

void table_infos_add(struct table_infos *all, struct table_info *t)
{
    if (all->n == TABLE_INFO_MAX)
        free_last(all);
    t->next = all->first;
    all->first = t;
    all->n++;
}

void table_infos_clear(struct table_infos *all)
{
    while (all->first != NULL) {
        struct table_info *next = all->first->next;
        table_info_free(all->first);
        all->first = next;
    }
    all->n = 0;
}
