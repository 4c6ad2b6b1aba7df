/* The memory of CatalogCache. Called by catalog/catalog_cached.c; cleared by execution, the end of
 * transactions, SET and dbc.c. */
#include "handle/catalog_cache.h"

#include <stdatomic.h>
#include <stdlib.h>

/* Goes up with each change of definitions by any connection of the process. */
static _Atomic uint64_t process_generation;

static void free_rows(struct catalog_picture *p)
{
    cell_copies_release(&p->kept);
    mem_free(p->cells);
    mem_free(p->order);
    mem_free(p->groups);
    p->cells = NULL;
    p->order = NULL;
    p->groups = NULL;
    p->n_rows = p->cap_rows = p->n_groups = 0;
}

static void free_pictures(struct catalog_cache *c)
{
    while (c->first != NULL) {
        struct catalog_picture *next = c->first->next;
        free_rows(c->first);
        mem_free(c->first->key);
        mem_free(c->first);
        c->first = next;
    }
}

void catalog_cache_clear(struct catalog_cache *c)
{
    free_pictures(c);
    for (size_t i = 0; i < ARRAY_LEN(c->recent); i++) {
        mem_free(c->recent[i]);
        c->recent[i] = NULL;
    }
    c->distinct = 0;
}

void catalog_cache_changed(struct catalog_cache *c)
{
    atomic_fetch_add(&process_generation, 1);
    catalog_cache_clear(c);
}

/* ---- who asks ---- */

static bool is_recent(const struct catalog_cache *c, struct strview table)
{
    for (size_t i = 0; i < ARRAY_LEN(c->recent); i++)
        if (c->recent[i] != NULL && sv_eq(sv(c->recent[i]), table))
            return true;
    return false;
}

bool catalog_cache_note(struct catalog_cache *c, struct strview table, int64_t now_ms,
                        int64_t life_ms)
{
    if (now_ms - c->noted_ms > life_ms)
        c->distinct = 0;
    c->noted_ms = now_ms;
    if (c->distinct == 0 || !is_recent(c, table)) {
        mem_free(c->recent[1]);
        c->recent[1] = c->recent[0];
        c->recent[0] = mem_strndup(table.ptr, table.len);
        if (c->distinct < CATALOG_CACHE_DISTINCT)
            c->distinct++;
    }
    return c->distinct >= CATALOG_CACHE_DISTINCT;
}

/* ---- pictures ---- */

void catalog_cache_refresh(struct catalog_cache *c, int64_t now_ms)
{
    uint64_t generation = atomic_load(&process_generation);

    if (c->generation != generation) {
        catalog_cache_clear(c);
        c->generation = generation;
    }
    if (now_ms >= c->expires_ms)
        free_pictures(c);
}

struct catalog_picture *catalog_cache_find(struct catalog_cache *c, struct strview key)
{
    for (struct catalog_picture *p = c->first; p != NULL; p = p->next)
        if (sv_eq(sv_n(p->key, p->key_len), key))
            return p;
    return NULL;
}

struct catalog_picture *catalog_cache_add(struct catalog_cache *c, struct strview key,
                                          size_t n_columns, size_t by)
{
    struct catalog_picture *p = mem_calloc(1, sizeof *p);

    if (p == NULL)
        return NULL;
    p->key = mem_strndup(key.ptr, key.len);
    if (p->key == NULL) {
        mem_free(p);
        return NULL;
    }
    p->key_len = key.len;
    p->n_columns = n_columns;
    p->by = by;
    p->next = c->first;
    c->first = p;
    return p;
}

void catalog_picture_give_up(struct catalog_picture *p)
{
    free_rows(p);
    p->unusable = true;
}

static size_t bytes_of(const struct catalog_cache *c)
{
    size_t n = 0;

    for (const struct catalog_picture *p = c->first; p != NULL; p = p->next)
        n += p->kept.bytes + p->cap_rows * p->n_columns * sizeof *p->cells;
    return n;
}

static bool grow_rows(struct catalog_picture *p)
{
    size_t cap = p->cap_rows ? p->cap_rows * 2 : 64;
    struct cell *cells;

    if (p->n_rows < p->cap_rows)
        return true;
    cells = mem_realloc_array(p->cells, cap * p->n_columns, sizeof *cells);
    if (cells == NULL)
        return false;
    p->cells = cells;
    p->cap_rows = cap;
    return true;
}

bool catalog_picture_add(struct catalog_cache *c, struct catalog_picture *p,
                         const struct cell *cells)
{
    if (!grow_rows(p) ||
        !cell_copies_add(&p->kept, cells, p->n_columns, p->cells + p->n_rows * p->n_columns) ||
        bytes_of(c) > CATALOG_CACHE_MAX_BYTES)
        return false;
    p->n_rows++;
    return true;
}

/* ---- by name ---- */

struct named_row {
    struct cell name;
    size_t row;
};

static int compare_names(struct cell a, struct cell b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n > 0 ? memcmp(a.ptr, b.ptr, n) : 0;

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int by_name_then_row(const void *a, const void *b)
{
    const struct named_row *x = a, *y = b;
    int order = compare_names(x->name, y->name);

    return order != 0 ? order : (x->row > y->row) - (x->row < y->row);
}

static void group(struct catalog_picture *p, const struct named_row *rows)
{
    for (size_t i = 0; i < p->n_rows; i++) {
        struct catalog_group *last = p->n_groups > 0 ? &p->groups[p->n_groups - 1] : NULL;
        p->order[i] = rows[i].row;
        if (last == NULL || compare_names(last->name, rows[i].name) != 0) {
            last = &p->groups[p->n_groups++];
            *last = (struct catalog_group){rows[i].name, i, 0};
        }
        last->count++;
    }
}

bool catalog_picture_finish(struct catalog_picture *p)
{
    struct named_row *rows = mem_calloc(p->n_rows + 1, sizeof *rows);

    p->order = mem_calloc(p->n_rows + 1, sizeof *p->order);
    p->groups = mem_calloc(p->n_rows + 1, sizeof *p->groups);
    if (rows == NULL || p->order == NULL || p->groups == NULL) {
        mem_free(rows);
        return false;
    }
    for (size_t i = 0; i < p->n_rows; i++)
        rows[i] = (struct named_row){p->cells[i * p->n_columns + p->by], i};
    qsort(rows, p->n_rows, sizeof *rows, by_name_then_row);
    group(p, rows);
    mem_free(rows);
    return true;
}

/* ---- time ---- */

void catalog_cache_fetched(struct catalog_cache *c, int64_t started_ms, int64_t now_ms,
                           int64_t life_ms)
{
    if (started_ms >= c->expires_ms) { /* the first one */
        c->expires_ms = now_ms + life_ms;
        c->latest_ms = now_ms + 10 * life_ms;
        return;
    }
    c->expires_ms += now_ms - started_ms;
    if (c->expires_ms > c->latest_ms)
        c->expires_ms = c->latest_ms;
}
