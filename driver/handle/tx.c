/* The queue of a buffered transaction. Called by stmt/transaction.c and handle/dbc.c. */
#include "handle/tx_rows.h"

#include <inttypes.h>
#include <stdio.h>

#include "transport/request_body.h"

/* Around the statements of a request, and what a setting or two at its head may take. */
#define REQUEST_RESERVE_BYTES 1024
/* What GUARD adds. */
#define GUARD_BYTES 400

void tx_init(struct tx *t)
{
    *t = (struct tx){.read_only = -1, .deferrable = -1, .connection_read_only = -1};
}

static void free_item(struct tx_item *i)
{
    mem_free(i->sql);
    mem_free(i->params);
    mem_free(i->guarded);
    tx_rows_free(i->rows);
    if (i->setting != NULL)
        setting_release(i->setting);
    mem_free(i->setting);
}

static void cut_items(struct tx *t, size_t n)
{
    while (t->n_items > n) {
        struct tx_item *last = &t->items[--t->n_items];
        t->bytes -= last->bytes;
        t->n_writes -= last->kind == TX_WRITE;
        t->n_checks -= last->kind == TX_CHECK;
        t->n_undone -= last->kind == TX_UNDONE;
        free_item(last);
    }
}

static void cut_marks(struct tx *t, size_t n)
{
    while (t->n_marks > n)
        mem_free(t->marks[--t->n_marks].name);
}

void tx_reset(struct tx *t)
{
    cut_items(t, 0);
    cut_marks(t, 0);
    mem_free(t->items);
    mem_free(t->marks);
    tx_init(t);
}

/* ---- items ---- */

/* Parameters and their texts in one block. */
static struct wire_param *copy_params(const struct wire_param *params, size_t n)
{
    size_t text = 0;
    struct wire_param *copy;
    char *at;

    for (size_t i = 0; i < n; i++)
        text += params[i].ptr != NULL ? params[i].len : 0;
    copy = mem_alloc(n * sizeof *copy + text + 1);
    if (copy == NULL)
        return NULL;
    at = (char *)(copy + n);
    for (size_t i = 0; i < n; i++) {
        copy[i] = (struct wire_param){NULL, 0};
        if (params[i].ptr == NULL)
            continue;
        memcpy(at, params[i].ptr, params[i].len);
        copy[i] = (struct wire_param){at, params[i].len};
        at += params[i].len;
    }
    return copy;
}

static bool grow_items(struct tx *t)
{
    size_t cap = t->cap_items ? t->cap_items * 2 : 16;
    struct tx_item *grown;

    if (t->n_items < t->cap_items)
        return true;
    grown = mem_realloc_array(t->items, cap, sizeof *grown);
    if (grown == NULL)
        return false;
    t->items = grown;
    t->cap_items = cap;
    return true;
}

static bool has_room(const struct tx *t, size_t bytes, size_t n_items, size_t limit_bytes,
                     struct err *e)
{
    if (n_items < TX_MAX_ITEMS && t->bytes + bytes + REQUEST_RESERVE_BYTES <= limit_bytes)
        return true;
    return err_set(e, ST_54000, 0,
                   "The transaction holds %zu statements of %zu bytes, and cannot take another of "
                   "%zu bytes: over HTTP it is sent as one request when it commits, which Neon "
                   "limits (MaxRequestBytes=%zu). Commit in smaller parts, or use "
                   "Transport=websocket.",
                   t->n_items, t->bytes, bytes, limit_bytes);
}

bool tx_add(struct tx *t, enum tx_item_kind kind, struct strview sql,
            const struct wire_param *params, size_t n_params, size_t limit_bytes, struct err *e)
{
    const struct wire_stmt wire = {sql, params, n_params};
    struct tx_item item = {.kind = kind, .sql_len = sql.len, .n_params = n_params, .expect = -1};

    item.bytes = request_body_bytes(&wire);
    if (!has_room(t, item.bytes, t->n_items, limit_bytes, e))
        return false;
    if (!grow_items(t))
        return err_oom(e);
    item.sql = mem_strndup(sql.ptr, sql.len);
    item.params = copy_params(params, n_params);
    if (item.sql == NULL || item.params == NULL) {
        free_item(&item);
        return err_oom(e);
    }
    t->items[t->n_items++] = item;
    t->bytes += item.bytes;
    t->n_writes += kind == TX_WRITE;
    t->n_checks += kind == TX_CHECK;
    t->n_undone += kind == TX_UNDONE;
    t->used = true;
    return true;
}

/* ---- rows of an INSERT ---- */

/* A row of the same INSERT may join the last item, unless a savepoint stands between. */
static struct tx_item *joinable(const struct tx *t, const struct script_stmt *st)
{
    struct tx_item *last = t->n_items > 0 ? &t->items[t->n_items - 1] : NULL;

    if (last == NULL || last->kind != TX_WRITE || last->rows == NULL || last->expect >= 0 ||
        (t->n_marks > 0 && t->marks[t->n_marks - 1].n_items == t->n_items))
        return NULL;
    return tx_rows_fit(last->rows, st) ? last : NULL;
}

/* What its values may take more as elements of arrays. */
static size_t extra_bytes(const struct tx_item *item, const struct wire_param *params)
{
    size_t n = 0;

    for (size_t i = 0; i < item->n_params; i++)
        n += insert_columns_extra_bytes(params[i].ptr, params[i].len);
    return n;
}

/* A row takes at most as much as it would alone: its markers' numbers grow, the words around it go.
 */
static size_t row_bytes(const struct tx_item *item, const struct wire_param *params)
{
    const struct wire_stmt wire = {sv_n(item->sql, item->sql_len), params, item->n_params};

    return request_body_bytes(&wire) + 5 * item->rows->st.n_markers + extra_bytes(item, params);
}

static bool join(struct tx *t, struct tx_item *item, const char *const *casts,
                 const struct wire_param *params, size_t limit_bytes, struct err *e)
{
    size_t bytes =
        row_bytes(item, params) + (item->rows->n == 1 ? extra_bytes(item, item->params) : 0);
    struct wire_param *block;

    if (!has_room(t, bytes, t->n_items - 1, limit_bytes, e))
        return false;
    block = copy_params(params, item->n_params);
    if (block == NULL || !tx_rows_adopt(item->rows, casts, block)) {
        mem_free(block);
        return err_oom(e);
    }
    item->bytes += bytes;
    t->bytes += bytes;
    return true;
}

bool tx_add_row(struct tx *t, const struct script_stmt *st, const struct insert_values *place,
                const char *const *casts, const struct wire_param *params, size_t limit_bytes,
                struct err *e)
{
    struct tx_item *item = joinable(t, st);
    struct buf sql = BUF_INIT(0);
    struct tx_rows *rows;
    bool ok;

    if (item != NULL)
        return join(t, item, casts, params, limit_bytes, e);
    rows = tx_rows_new(st, place, casts);
    ok = (rows != NULL && script_render(st, casts, &sql)) || err_oom(e);
    ok = ok && tx_add(t, TX_WRITE, buf_sv(&sql), params, st->n_params, limit_bytes, e);
    buf_release(&sql);
    if (ok)
        t->items[t->n_items - 1].rows = rows;
    else
        tx_rows_free(rows);
    return ok;
}

/* ---- settings ---- */

bool tx_add_setting(struct tx *t, const struct setting *one, bool lasting, size_t limit_bytes,
                    struct err *e)
{
    struct buf sql = BUF_INIT(0);
    struct wire_param params[2];
    struct setting *copy = mem_calloc(1, sizeof *copy);
    bool used = t->used; /* a setting is no query: the isolation level may still be chosen */
    size_t n = 0;
    bool ok = copy != NULL && setting_copy(copy, one) && setting_wire(one, true, &sql, params, &n);

    ok = ok ? tx_add(t, TX_SETTING, buf_sv(&sql), params, n, limit_bytes, e) : err_oom(e);
    buf_release(&sql);
    if (!ok) {
        free_item(&(struct tx_item){.setting = copy});
        return false;
    }
    t->items[t->n_items - 1].setting = copy;
    t->items[t->n_items - 1].lasting = lasting;
    t->used = used;
    return true;
}

void tx_drop_last(struct tx *t)
{
    if (t->n_items > 0)
        cut_items(t, t->n_items - 1);
}

/* ---- to the wire ---- */

static struct wire_stmt wire_of(const struct tx_item *item)
{
    const struct tx_rows *r = item->rows;

    if (r != NULL && r->n > 1 && r->columns.params != NULL)
        return (struct wire_stmt){buf_sv(&r->columns.sql), r->columns.params, item->n_params};
    if (r != NULL && r->n > 1)
        return (struct wire_stmt){buf_sv(&r->sql), r->flat, r->n * item->n_params};
    return (struct wire_stmt){sv_n(item->sql, item->sql_len), item->params, item->n_params};
}

/* The statement, and an error when it changes another number of rows than the application was told.
 * The cast depends on the number, so that the server cannot fold it. */
static char *guard(const struct tx_item *item)
{
    struct buf out = BUF_INIT(0);

    buf_append_str(&out, "WITH neon_odbc_changed AS (\n");
    buf_append(&out, item->sql, item->sql_len);
    buf_printf(&out,
               "\nRETURNING 1) SELECT CASE WHEN neon_odbc_count.c OPERATOR(pg_catalog.=) "
               "%" PRId64 "::pg_catalog.int8 THEN 1 ELSE ('" TX_CHECK_FAILED
               " ' OPERATOR(pg_catalog.||) neon_odbc_count.c)::pg_catalog.int4 END FROM (SELECT "
               "pg_catalog.count(*) AS c FROM neon_odbc_changed) AS neon_odbc_count",
               item->expect);
    if (out.failed != BUF_OK)
        buf_release(&out);
    return buf_take(&out);
}

bool tx_prepare(struct tx *t, struct err *e)
{
    for (size_t i = 0; i < t->n_items; i++) {
        struct tx_item *item = &t->items[i];
        if (item->rows != NULL && !tx_rows_prepare(item->rows, item->params))
            return err_oom(e);
        if (item->expect >= 0 && item->guarded == NULL) {
            item->guarded = guard(item);
            if (item->guarded == NULL)
                return err_oom(e);
        }
    }
    return true;
}

size_t tx_wire(const struct tx *t, bool commit, struct wire_stmt *out)
{
    size_t n = 0;

    for (size_t i = 0; i < t->n_items; i++) {
        const struct tx_item *item = &t->items[i];
        if (!commit && (item->kind == TX_CHECK || item->kind == TX_UNDONE))
            continue;
        out[n] = wire_of(item);
        if (commit && item->guarded != NULL)
            out[n].sql = sv(item->guarded);
        n++;
    }
    return n;
}

bool tx_expect(struct tx *t, size_t at, int64_t rows, size_t limit_bytes)
{
    struct tx_item *item = &t->items[at];

    if (t->bytes + GUARD_BYTES + REQUEST_RESERVE_BYTES > limit_bytes)
        return false;
    item->expect = rows;
    item->bytes += GUARD_BYTES;
    t->bytes += GUARD_BYTES;
    return true;
}

/* ---- savepoints ---- */

bool tx_savepoint(struct tx *t, struct strview name, struct err *e)
{
    struct tx_mark mark = {mem_strndup(name.ptr, name.len), t->n_items, t->cursor_changes};

    if (mark.name != NULL && t->n_marks == t->cap_marks) {
        struct tx_mark *grown = mem_realloc_array(t->marks, t->cap_marks + 16, sizeof *grown);
        if (grown == NULL) {
            mem_free(mark.name);
            return err_oom(e);
        }
        t->marks = grown;
        t->cap_marks += 16;
    }
    if (mark.name == NULL)
        return err_oom(e);
    t->marks[t->n_marks++] = mark;
    t->used = true;
    return true;
}

/* The newest of that name; SIZE_MAX: none. */
static size_t find_mark(const struct tx *t, struct strview name, struct err *e)
{
    for (size_t i = t->n_marks; i > 0; i--)
        if (sv_eq(sv(t->marks[i - 1].name), name))
            return i - 1;
    err_set_state(e, "3B001", 0, "savepoint \"%.*s\" does not exist",
                  (int)(name.len > 200 ? 200 : name.len), name.ptr);
    return SIZE_MAX;
}

bool tx_release(struct tx *t, struct strview name, struct err *e)
{
    size_t at = find_mark(t, name, e);

    if (at == SIZE_MAX)
        return false;
    cut_marks(t, at);
    return true;
}

/* The last check behind `from`; SIZE_MAX: none. */
static size_t last_check(const struct tx *t, size_t from)
{
    for (size_t i = t->n_items; i > from; i--)
        if (t->items[i - 1].kind == TX_CHECK)
            return i - 1;
    return SIZE_MAX;
}

static bool control_item(struct tx *t, const char *verb, size_t number, struct err *e)
{
    char sql[80];

    snprintf(sql, sizeof sql, "%s neon_odbc_%zu", verb, number);
    return tx_add(t, TX_UNDONE, sv(sql), NULL, 0, SIZE_MAX / 2, e);
}

static bool changes_something(const struct tx *t, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (t->items[i].kind != TX_CHECK)
            return true;
    return false;
}

/* What was read behind the savepoint has been seen, and counts for the transaction although what
 * was written is undone (PostgreSQL's SERIALIZABLE has it so too): the commit does it again,
 * checks, and undoes it again. items[from .. n) become SAVEPOINT, items, ROLLBACK TO, RELEASE. */
static bool enclose(struct tx *t, size_t from, struct err *e)
{
    size_t number = t->n_savepoints++;
    size_t n = t->n_items;
    struct tx_item first;

    if (!control_item(t, "SAVEPOINT", number, e))
        return false;
    if (!control_item(t, "ROLLBACK TO SAVEPOINT", number, e) ||
        !control_item(t, "RELEASE SAVEPOINT", number, e)) {
        cut_items(t, n);
        return false;
    }
    first = t->items[n];
    memmove(&t->items[from + 1], &t->items[from], (n - from) * sizeof first);
    t->items[from] = first;
    for (size_t i = from; i < t->n_items; i++) {
        struct tx_item *item = &t->items[i];
        if (item->kind == TX_CHECK)
            continue;
        t->n_writes -= item->kind == TX_WRITE;
        item->kind = TX_UNDONE;
        item->expect = -1;
        mem_free(item->guarded);
        item->guarded = NULL;
    }
    t->n_undone = 0;
    for (size_t i = 0; i < t->n_items; i++)
        t->n_undone += t->items[i].kind == TX_UNDONE;
    return true;
}

bool tx_rollback_to(struct tx *t, struct strview name, struct err *e)
{
    size_t at = find_mark(t, name, e);
    size_t from, check;

    if (at == SIZE_MAX)
        return false;
    from = t->marks[at].n_items;
    check = last_check(t, from);
    cut_items(t, check == SIZE_MAX ? from : check + 1);
    if (check != SIZE_MAX && changes_something(t, from, t->n_items) && !enclose(t, from, e))
        return false;
    cut_marks(t, at + 1);
    t->marks[at].n_items = t->n_items;
    t->failed = false;
    return true;
}
