/* SQLBulkOperations: adds the rows in the bound buffers, and updates, deletes or fetches rows by
 * their bookmarks. Called by api/, setpos.c (SQL_ADD) and edit_need.c. */
#include "stmt/edit.h"
#include "stmt/transaction.h"

static SQLRETURN oom(struct stmt *s)
{
    return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
}

/* Rows in the bound buffers. */
static size_t buffer_rows(const struct stmt *s)
{
    if (s->edit_need.filled)
        return s->edit_need.n_rows;
    return (size_t)(s->rowset.fetched_by == FETCHED_BY_EXTENDED ? s->extended_rowset_size
                                                                : s->ard->array_size);
}

static void tell(struct stmt *s, const struct edit_row *rows, size_t n, SQLUSMALLINT done)
{
    SQLUSMALLINT *app = rowset_app_status(s);

    for (size_t i = 0; app != NULL && i < n; i++)
        app[rows[i].app_row] = rows[i].outcome == EDIT_DONE ? done : SQL_ROW_ERROR;
    if (s->ird.app_rows_processed_ptr != NULL)
        *s->ird.app_rows_processed_ptr = n;
}

/* ---- SQL_ADD ---- */

/* Their bookmarks go into the buffers of column 0. */
static SQLRETURN tell_bookmarks(struct stmt *s, const struct edit_row *rows, size_t n,
                                const uint64_t *numbers, SQLRETURN rc)
{
    struct block b = {.n_rows = n, .first_number = 1, .numbers = numbers, .bookmarks_alone = true};
    bool ok;

    if (s->attrs.use_bookmarks == SQL_UB_OFF || !s->cursor.open || rows[0].app_row != 0)
        return rc;
    b.status = mem_calloc(n, sizeof *b.status);
    if (b.status == NULL)
        return oom(s);
    for (size_t i = 0; i < n; i++)
        b.status[i] = rows[i].outcome == EDIT_DONE ? SQL_ROW_SUCCESS : SQL_ROW_NOROW;
    ok = block_convert(s, &b);
    mem_free(b.status);
    if (!ok)
        return SQL_ERROR;
    return b.any_info && rc == SQL_SUCCESS ? SQL_SUCCESS_WITH_INFO : rc;
}

/* An added row can be scrolled to, behind the last one. */
static bool add_to_cursor(struct stmt *s, const struct edit_row *rows, size_t n, uint64_t *numbers,
                          struct err *e)
{
    s->cursor.change = rowset_next_change(s);
    for (size_t i = 0; s->cursor.open && i < n; i++)
        if (rows[i].outcome == EDIT_DONE && !cursor_add(&s->cursor, rows[i].fresh, &numbers[i], e))
            return false;
    return rowset_reload(s, e);
}

static SQLRETURN add_rows(struct stmt *s, const struct edit_call *call, struct edit_row *rows,
                          uint64_t *numbers, size_t n)
{
    struct local_result made;
    struct err e = ERR_INIT;
    SQLRETURN rc = edit_await(s, call, rows, n);

    if (rc != SQL_SUCCESS)
        return rc;
    /* They are numbered behind all rows of the result. */
    if (s->cursor.open && !cursor_need(&s->cursor, &s->rows, CURSOR_ALL, &e))
        return diag_post_err(&s->handle, &e);
    local_result_init(&made, NULL, (size_t)s->ird.count);
    rc = edit_run(s, EDIT_INSERT, rows, n, &made);
    tell(s, rows, n, SQL_ROW_ADDED);
    if (!add_to_cursor(s, rows, n, numbers, &e))
        rc = diag_post_err(&s->handle, &e);
    else
        rc = tell_bookmarks(s, rows, n, numbers, rc);
    local_result_release(&made);
    return rc;
}

SQLRETURN bulk_add(struct stmt *s, const struct edit_call *call)
{
    bool one = !call->bulk && call->row > 0;
    size_t n = one ? 1 : buffer_rows(s);
    struct edit_row *rows = mem_calloc(n, sizeof *rows);
    uint64_t *numbers = mem_calloc(n, sizeof *numbers);
    SQLRETURN rc;

    for (size_t i = 0; rows != NULL && i < n; i++)
        rows[i].app_row = one ? (size_t)call->row - 1 : i;
    rc = rows != NULL && numbers != NULL ? add_rows(s, call, rows, numbers, n) : oom(s);
    mem_free(rows);
    mem_free(numbers);
    return rc;
}

/* ---- by bookmark ---- */

/* Rows named by the bookmarks in the buffers of column 0. */
struct marked {
    struct edit_row *rows; /* owned: n */
    uint64_t *numbers;     /* owned: n; 0: no row of this result (posted) */
    struct cell *cells;    /* owned: n * ird.count */
    size_t n;
};

static void marked_release(struct marked *m)
{
    mem_free(m->rows);
    mem_free(m->numbers);
    mem_free(m->cells);
}

/* Fields of a descriptor may have bound column 0 to any buffer. */
static bool holds_bookmark(const struct column_place *p, SQLSMALLINT c_type)
{
    return c_type == SQL_C_ULONG || c_type == SQL_C_UBIGINT ||
           (c_type == SQL_C_VARBOOKMARK && p->cap_bytes >= BOOKMARK_VARIABLE_BYTES);
}

/* One bookmark. False: the spool or the network failed. */
static bool read_bookmark(struct stmt *s, const struct column_place *p, SQLSMALLINT c_type,
                          size_t i, uint64_t *number, struct err *e)
{
    const void *app =
        p->data != NULL && holds_bookmark(p, c_type) ? p->data + i * p->data_step : NULL;

    if (bookmark_read(s, app, c_type, number)) {
        if (!cursor_need(&s->cursor, &s->rows, *number, e))
            return false;
        if (*number <= cursor_count(&s->cursor))
            return true;
    }
    *number = 0;
    diag_post_at(&s->handle, ST_HY111, (SQLLEN)i + 1, 0,
                 "The bookmark of row %zu is none of this result.", i + 1);
    return true;
}

static bool read_bookmarks(struct stmt *s, struct marked *m, struct err *e)
{
    const struct desc_rec *r = desc_record(s->ard, 0);
    struct column_place p = column_place(s, r, c_type_size(r->concise_type));

    for (size_t i = 0; i < m->n; i++) {
        m->rows[i].app_row = i;
        if (!read_bookmark(s, &p, r->concise_type, i, &m->numbers[i], e))
            return false;
        m->rows[i].number = m->numbers[i];
        m->rows[i].old = m->cells + i * (size_t)s->ird.count;
        m->rows[i].outcome = m->numbers[i] == 0 ? EDIT_FAILED : EDIT_OPEN;
    }
    return true;
}

static bool read_cells(struct stmt *s, struct marked *m, struct err *e)
{
    bool ok = true;

    cursor_begin_read(&s->cursor);
    for (size_t i = 0; ok && i < m->n; i++)
        if (m->numbers[i] != 0)
            ok = cursor_row(&s->cursor, m->numbers[i], m->cells + i * (size_t)s->ird.count, e);
    cursor_end_read(&s->cursor);
    return ok;
}

/* A deleted row can be neither changed nor deleted. */
static void leave_out_deleted(struct stmt *s, struct marked *m)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->numbers[i] != 0 && cursor_is_deleted(&s->cursor, m->numbers[i])) {
            m->rows[i].outcome = EDIT_FAILED;
            diag_post_at(&s->handle, ST_HY109, (SQLLEN)i + 1, SQL_NO_COLUMN_NUMBER,
                         "The row of bookmark %zu was deleted.", i + 1);
        }
}

static SQLRETURN find_marked(struct stmt *s, struct marked *m)
{
    const struct desc_rec *r = desc_record(s->ard, 0);
    struct err e = ERR_INIT;

    *m = (struct marked){.n = buffer_rows(s)};
    if (s->attrs.use_bookmarks == SQL_UB_OFF)
        return diag_post(&s->handle, ST_HY092, 0,
                         "Bookmarks are off: set SQL_ATTR_USE_BOOKMARKS before executing.");
    if (!s->cursor.open)
        return diag_post(&s->handle, ST_HYC00, 0,
                         "Rows of a forward-only cursor cannot be found by bookmark: set "
                         "SQL_ATTR_CURSOR_TYPE to SQL_CURSOR_STATIC before executing.");
    if (r == NULL || !r->bound)
        return diag_post(&s->handle, ST_07009, 0,
                         "The bookmarks are missing: bind column 0 to them.");
    m->rows = mem_calloc(m->n, sizeof *m->rows);
    m->numbers = mem_calloc(m->n, sizeof *m->numbers);
    m->cells = m->n <= SIZE_MAX / ((size_t)s->ird.count + 1)
                   ? mem_calloc(m->n * (size_t)s->ird.count, sizeof *m->cells)
                   : NULL;
    if (m->rows == NULL || m->numbers == NULL || m->cells == NULL)
        return oom(s);
    if (!read_bookmarks(s, m, &e) || !read_cells(s, m, &e))
        return diag_post_err(&s->handle, &e);
    return SQL_SUCCESS;
}

/* ---- SQL_UPDATE_BY_BOOKMARK, SQL_DELETE_BY_BOOKMARK ---- */

static bool take_over(struct stmt *s, enum edit_kind kind, const struct marked *m, struct err *e)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct edit_row *row = &m->rows[i];
        if (row->outcome != EDIT_DONE)
            continue;
        if (kind == EDIT_DELETE ? !rowset_delete_row(s, row->number, e)
                                : !rowset_change_row(s, row->number, row->fresh, e))
            return false;
    }
    return rowset_reload(s, e);
}

static SQLRETURN change(struct stmt *s, const struct edit_call *call, struct marked *m)
{
    enum edit_kind kind = call->operation == SQL_DELETE_BY_BOOKMARK ? EDIT_DELETE : EDIT_UPDATE;
    struct local_result made;
    struct err e = ERR_INIT;
    SQLRETURN rc = SQL_SUCCESS;

    if (kind == EDIT_UPDATE)
        rc = edit_await(s, call, m->rows, m->n);
    if (rc != SQL_SUCCESS)
        return rc;
    leave_out_deleted(s, m);
    local_result_init(&made, NULL, (size_t)s->ird.count);
    rc = edit_run(s, kind, m->rows, m->n, &made);
    tell(s, m->rows, m->n, kind == EDIT_DELETE ? SQL_ROW_DELETED : SQL_ROW_UPDATED);
    if (!take_over(s, kind, m, &e))
        rc = diag_post_err(&s->handle, &e);
    local_result_release(&made);
    return rc;
}

/* ---- SQL_FETCH_BY_BOOKMARK ---- */

static SQLRETURN fetch(struct stmt *s, const struct marked *m)
{
    SQLUSMALLINT *app = rowset_app_status(s);
    struct block b = {.cells = m->cells, .n_rows = m->n, .numbers = m->numbers};
    SQLRETURN rc;
    bool ok;

    b.status = mem_calloc(m->n, sizeof *b.status);
    if (b.status == NULL)
        return oom(s);
    for (size_t i = 0; i < m->n; i++) {
        b.status[i] = m->numbers[i] == 0 ? SQL_ROW_ERROR : SQL_ROW_SUCCESS;
        if (m->numbers[i] != 0 && cursor_is_deleted(&s->cursor, m->numbers[i]))
            b.status[i] = SQL_ROW_DELETED;
    }
    ok = block_convert(s, &b);
    for (size_t i = 0; app != NULL && i < m->n; i++)
        app[i] = ok ? b.status[i] : SQL_ROW_ERROR;
    if (s->ird.app_rows_processed_ptr != NULL)
        *s->ird.app_rows_processed_ptr = m->n;
    rc = ok ? block_code(s, &b) : SQL_ERROR;
    mem_free(b.status);
    return rc;
}

static SQLRETURN by_bookmark(struct stmt *s, const struct edit_call *call)
{
    struct marked m;
    struct err e = ERR_INIT;
    SQLRETURN rc = find_marked(s, &m);

    if (rc == SQL_SUCCESS)
        rc = call->operation == SQL_FETCH_BY_BOOKMARK ? fetch(s, &m) : change(s, call, &m);
    /* The rowset's own cells were let go by reading others. */
    if (!rowset_reload(s, &e))
        rc = diag_post_err(&s->handle, &e);
    marked_release(&m);
    return rc;
}

/* ---- the call ---- */

static SQLRETURN check(struct stmt *s, SQLUSMALLINT operation)
{
    if (operation < SQL_ADD || operation > SQL_FETCH_BY_BOOKMARK)
        return diag_post(&s->handle, ST_HY092, 0, "%u is no operation of SQLBulkOperations.",
                         (unsigned)operation);
    if (!s->executed || !s->cursor_open)
        return diag_post(&s->handle, s->executed ? ST_24000 : ST_HY010, 0,
                         "There is no result whose rows could be changed.");
    if (operation != SQL_FETCH_BY_BOOKMARK && s->attrs.concurrency == SQL_CONCUR_READ_ONLY)
        return diag_post(&s->handle, ST_HY092, 0,
                         "The cursor is read-only: set SQL_ATTR_CONCURRENCY to SQL_CONCUR_VALUES "
                         "before executing.");
    return SQL_SUCCESS;
}

SQLRETURN stmt_bulk_operations(struct stmt *s, SQLUSMALLINT operation)
{
    const struct edit_call call = {.bulk = true, .operation = operation};
    SQLRETURN rc = check(s, operation);

    if (rc != SQL_SUCCESS)
        return rc;
    return operation == SQL_ADD ? bulk_add(s, &call) : by_bookmark(s, &call);
}
