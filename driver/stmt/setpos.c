/* SQLSetPos: goes to a row of the rowset, reads it again, changes it, deletes it, or (ODBC 2) adds
 * one. Called by api/ and edit_need.c. */
#include "stmt/edit.h"
#include "stmt/refresh.h"

/* ---- what may be asked ---- */

static bool is_operation(SQLUSMALLINT operation)
{
    return operation <= SQL_ADD; /* POSITION, REFRESH, UPDATE, DELETE, ADD are 0 to 4 */
}

static SQLRETURN check_call(struct stmt *s, SQLUSMALLINT operation, SQLUSMALLINT lock)
{
    if (!is_operation(operation))
        return diag_post(&s->handle, ST_HY092, 0, "%u is no operation of SQLSetPos.",
                         (unsigned)operation);
    if (lock > SQL_LOCK_UNLOCK)
        return diag_post(&s->handle, ST_HY092, 0, "%u is no lock type of SQLSetPos.",
                         (unsigned)lock);
    if (lock != SQL_LOCK_NO_CHANGE)
        return diag_post(&s->handle, ST_HYC00, 0,
                         "Rows cannot be locked by SQLSetPos: use SQL_LOCK_NO_CHANGE.");
    if (!s->executed || !s->cursor_open)
        return diag_post(&s->handle, s->executed ? ST_24000 : ST_HY010, 0,
                         "There is no result whose rows could be gone to.");
    if (operation >= SQL_UPDATE && s->attrs.concurrency == SQL_CONCUR_READ_ONLY)
        return diag_post(&s->handle, ST_HY092, 0,
                         "The cursor is read-only: set SQL_ATTR_CONCURRENCY to SQL_CONCUR_VALUES "
                         "before executing.");
    return SQL_SUCCESS;
}

static SQLRETURN check_row(struct stmt *s, SQLSETPOSIROW row, SQLUSMALLINT operation)
{
    if (s->position.place != ON_ROWSET || s->rowset.n_rows == 0)
        return diag_post(&s->handle, ST_24000, 0, "There is no rowset: fetch one first.");
    if (row == 0 && operation == SQL_POSITION)
        return diag_post(&s->handle, ST_HY109, 0,
                         "The cursor cannot be positioned on all rows: name one, from 1.");
    if (row > s->rowset.n_rows)
        return diag_post(&s->handle, ST_HY107, 0, "Row %llu is not in the rowset of %zu rows.",
                         (unsigned long long)row, s->rowset.n_rows);
    if (row > 0 && operation != SQL_POSITION && s->rowset.status[row - 1] == SQL_ROW_DELETED)
        return diag_post_at(&s->handle, ST_HY109, (SQLLEN)row, SQL_NO_COLUMN_NUMBER,
                            "Row %llu was deleted.", (unsigned long long)row);
    return SQL_SUCCESS;
}

/* ---- the rows meant ---- */

/* With row 0: all, but for those that SQL_ATTR_ROW_OPERATION_PTR leaves out or that are deleted. */
static size_t choose_rows(const struct stmt *s, SQLSETPOSIROW row, size_t *indexes)
{
    const SQLUSMALLINT *operation = s->ard->app_array_status_ptr;
    size_t n = 0;

    if (row > 0) {
        indexes[n++] = (size_t)row - 1;
        return n;
    }
    for (size_t i = 0; i < s->rowset.n_rows; i++)
        if (s->rowset.status[i] != SQL_ROW_DELETED &&
            (operation == NULL || operation[i] != SQL_ROW_IGNORE))
            indexes[n++] = i;
    return n;
}

static void tell_status(const struct stmt *s, size_t index, SQLUSMALLINT status)
{
    SQLUSMALLINT *app = rowset_app_status(s);

    if (app != NULL)
        app[index] = status;
}

/* ---- SQL_REFRESH ---- */

/* The rows' values into the buffers again. */
static SQLRETURN deliver(struct stmt *s, const size_t *indexes, size_t n)
{
    struct block b = {
        .cells = s->rowset.cells,
        .n_rows = s->rowset.n_rows,
        .status = mem_calloc(s->rowset.n_rows, sizeof *b.status),
        .first_number = s->position.start,
    };
    SQLRETURN rc;
    bool ok;

    if (b.status == NULL)
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    for (size_t i = 0; i < b.n_rows; i++)
        b.status[i] = SQL_ROW_NOROW;
    for (size_t i = 0; i < n; i++)
        b.status[indexes[i]] =
            s->rowset.status[indexes[i]] == SQL_ROW_DELETED ? SQL_ROW_DELETED : SQL_ROW_SUCCESS;
    ok = block_convert(s, &b);
    for (size_t i = 0; i < n; i++) {
        SQLUSMALLINT *status = &b.status[indexes[i]];
        if (!ok && *status != SQL_ROW_DELETED)
            *status = SQL_ROW_ERROR;
        s->rowset.status[indexes[i]] = *status;
        tell_status(s, indexes[i], *status);
    }
    rc = ok ? block_code(s, &b) : SQL_ERROR;
    mem_free(b.status);
    return rc;
}

/* A cursor that can change rows reads them again from their table; another one shows what it has.
 */
static SQLRETURN refresh(struct stmt *s, const size_t *indexes, size_t n)
{
    SQLRETURN rc = SQL_SUCCESS;

    if (s->attrs.concurrency != SQL_CONCUR_READ_ONLY)
        rc = refresh_rows(s, indexes, n);
    return rc == SQL_SUCCESS ? deliver(s, indexes, n) : rc;
}

/* ---- SQL_UPDATE, SQL_DELETE ---- */

static bool take_over(struct stmt *s, enum edit_kind kind, const struct edit_row *row,
                      struct err *e)
{
    if (row->outcome != EDIT_DONE)
        return true;
    return kind == EDIT_DELETE ? rowset_delete_row(s, row->number, e)
                               : rowset_change_row(s, row->number, row->fresh, e);
}

/* What was changed shows in the cursor, and in the status array. */
static SQLRETURN after_edit(struct stmt *s, enum edit_kind kind, const struct edit_row *rows,
                            size_t n, SQLRETURN rc)
{
    const SQLUSMALLINT done = kind == EDIT_DELETE ? SQL_ROW_DELETED : SQL_ROW_UPDATED;
    struct err e = ERR_INIT;
    bool ok = true;

    for (size_t i = 0; i < n; i++) {
        tell_status(s, rows[i].app_row, rows[i].outcome == EDIT_DONE ? done : SQL_ROW_ERROR);
        ok = ok && take_over(s, kind, &rows[i], &e);
    }
    ok = ok && rowset_reload(s, &e);
    return ok ? rc : diag_post_err(&s->handle, &e);
}

static SQLRETURN change(struct stmt *s, const struct edit_call *call, const size_t *indexes,
                        size_t n)
{
    enum edit_kind kind = call->operation == SQL_DELETE ? EDIT_DELETE : EDIT_UPDATE;
    struct edit_row *rows = mem_calloc(n, sizeof *rows);
    struct local_result made;
    SQLRETURN rc = SQL_SUCCESS;

    if (rows == NULL)
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    for (size_t i = 0; i < n; i++)
        rows[i] = (struct edit_row){
            .app_row = indexes[i],
            .number = rowset_row_number(s, indexes[i]),
            .old = s->rowset.cells + indexes[i] * (size_t)s->ird.count,
        };
    local_result_init(&made, NULL, (size_t)s->ird.count);
    if (kind == EDIT_UPDATE)
        rc = edit_await(s, call, rows, n);
    if (rc == SQL_SUCCESS) {
        rc = edit_run(s, kind, rows, n, &made);
        rc = after_edit(s, kind, rows, n, rc);
    }
    local_result_release(&made);
    mem_free(rows);
    return rc;
}

static SQLRETURN on_rows(struct stmt *s, const struct edit_call *call)
{
    size_t *indexes = mem_calloc(s->rowset.n_rows, sizeof *indexes);
    size_t n;
    SQLRETURN rc = SQL_SUCCESS;

    if (indexes == NULL)
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    n = choose_rows(s, call->row, indexes);
    if (call->row == 0 && s->ird.app_rows_processed_ptr != NULL)
        *s->ird.app_rows_processed_ptr = n;
    if (n > 0)
        rc = call->operation == SQL_REFRESH ? refresh(s, indexes, n) : change(s, call, indexes, n);
    mem_free(indexes);
    return rc;
}

SQLRETURN stmt_set_pos(struct stmt *s, SQLSETPOSIROW row, SQLUSMALLINT operation, SQLUSMALLINT lock)
{
    const struct edit_call call = {false, row, operation, lock};
    SQLRETURN rc = check_call(s, operation, lock);

    if (rc == SQL_SUCCESS && operation == SQL_ADD)
        return bulk_add(s, &call);
    if (rc == SQL_SUCCESS)
        rc = check_row(s, row, operation);
    if (rc != SQL_SUCCESS)
        return rc;
    if (row > 0) {
        s->rowset.current = (size_t)row - 1;
        s->getdata = (struct getdata_state){0};
    }
    return operation == SQL_POSITION ? SQL_SUCCESS : on_rows(s, &call);
}
