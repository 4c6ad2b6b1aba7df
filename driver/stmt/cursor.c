/* The rows of a static cursor, and what was changed through it. Called by rowset.c, setpos.c and
 * bulk.c. */
#include "stmt/cursor.h"

#include <stdatomic.h>

void cursor_open(struct cursor *c, size_t n_columns, uint64_t max_rows, size_t limit_bytes)
{
    static atomic_uint tags;

    cursor_release(c);
    *c = (struct cursor){.open = true, .n_columns = n_columns, .max_rows = max_rows};
    c->tag = atomic_fetch_add(&tags, 1) + 1;
    spool_init(&c->base, n_columns, limit_bytes);
    spool_init(&c->changed, n_columns, limit_bytes);
}

void cursor_release(struct cursor *c)
{
    if (!c->open)
        return;
    spool_release(&c->base);
    spool_release(&c->changed);
    mem_free(c->versions);
    mem_free(c->undo);
    *c = (struct cursor){0};
}

/* ---- the result ---- */

static bool has_enough(const struct cursor *c, uint64_t row)
{
    return c->complete || (row != CURSOR_ALL && c->base.n_rows >= row);
}

bool cursor_need(struct cursor *c, struct rows *from, uint64_t row, struct err *e)
{
    while (!has_enough(c, row)) {
        if (c->max_rows > 0 && c->base.n_rows >= c->max_rows) {
            c->complete = true;
            break;
        }
        if (!rows_fill(from, 1, e))
            return false;
        if (rows_available(from) == 0) {
            c->complete = true;
            break;
        }
        if (!spool_append(&c->base, rows_at(from, 0), e))
            return false;
        from->next++;
    }
    return true;
}

uint64_t cursor_count(const struct cursor *c)
{
    return c->base.n_rows + c->n_added;
}

/* ---- versions ---- */

/* Where the version of a row is, or would be. */
static size_t version_place(const struct cursor *c, uint64_t row)
{
    size_t low = 0;
    size_t high = c->n_versions;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->versions[middle].row < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct row_version *find_version(const struct cursor *c, uint64_t row)
{
    size_t at = version_place(c, row);

    return at < c->n_versions && c->versions[at].row == row ? &c->versions[at] : NULL;
}

bool cursor_is_deleted(const struct cursor *c, uint64_t row)
{
    const struct row_version *v = find_version(c, row);

    return v != NULL && v->deleted;
}

static bool reserve_undo(struct cursor *c)
{
    size_t cap = c->cap_undo ? c->cap_undo * 2 : 16;
    struct row_undo *grown;

    if (c->change == 0 || c->n_undo < c->cap_undo)
        return true;
    grown = mem_realloc_array(c->undo, cap, sizeof *grown);
    if (grown == NULL)
        return false;
    c->undo = grown;
    c->cap_undo = cap;
    return true;
}

/* Room for a version, and for what it was before. */
static bool reserve_version(struct cursor *c, struct err *e)
{
    size_t cap = c->cap_versions ? c->cap_versions * 2 : 16;
    struct row_version *grown;

    if (!reserve_undo(c))
        return err_oom(e);
    if (c->n_versions < c->cap_versions)
        return true;
    grown = mem_realloc_array(c->versions, cap, sizeof *grown);
    if (grown == NULL)
        return err_oom(e);
    c->versions = grown;
    c->cap_versions = cap;
    return true;
}

/* The version to be changed, made when there is none; room for one was reserved. */
static struct row_version *version_to_change(struct cursor *c, uint64_t row)
{
    size_t at = version_place(c, row);
    struct row_version *v = &c->versions[at];

    if (at == c->n_versions || v->row != row) {
        memmove(v + 1, v, (c->n_versions - at) * sizeof *v);
        c->n_versions++;
        *v = (struct row_version){.row = row, .at = CURSOR_ALL};
    }
    if (c->change > 0)
        c->undo[c->n_undo++] = (struct row_undo){c->change, *v};
    return v;
}

bool cursor_update(struct cursor *c, uint64_t row, const struct cell *cells, struct err *e)
{
    uint64_t at = c->changed.n_rows;

    if (!reserve_version(c, e) || !spool_append(&c->changed, cells, e))
        return false;
    version_to_change(c, row)->at = at;
    return true;
}

/* The last values stay readable. */
bool cursor_delete(struct cursor *c, uint64_t row, struct err *e)
{
    if (!reserve_version(c, e))
        return false;
    version_to_change(c, row)->deleted = true;
    return true;
}

void cursor_keep(struct cursor *c)
{
    c->n_undo = 0;
}

void cursor_undo(struct cursor *c, uint64_t since)
{
    while (c->n_undo > 0 && c->undo[c->n_undo - 1].change > since) {
        const struct row_version *before = &c->undo[--c->n_undo].before;
        struct row_version *v = &c->versions[version_place(c, before->row)];
        bool added = v->row > c->base.n_rows && before->at == CURSOR_ALL;
        v->deleted = added || before->deleted;
        v->at = added ? v->at : before->at;
    }
}

bool cursor_add(struct cursor *c, const struct cell *cells, uint64_t *row, struct err *e)
{
    if (!cursor_update(c, cursor_count(c) + 1, cells, e))
        return false;
    c->n_added++;
    *row = cursor_count(c);
    return true;
}

/* ---- reading ---- */

void cursor_begin_read(struct cursor *c)
{
    spool_begin_read(&c->base);
    spool_begin_read(&c->changed);
}

bool cursor_row(struct cursor *c, uint64_t row, struct cell *out, struct err *e)
{
    const struct row_version *v = find_version(c, row);

    if (v != NULL && v->at != CURSOR_ALL)
        return spool_row(&c->changed, v->at, out, e);
    return spool_row(&c->base, row - 1, out, e);
}

void cursor_end_read(struct cursor *c)
{
    spool_end_read(&c->base);
    spool_end_read(&c->changed);
}
