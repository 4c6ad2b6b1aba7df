/* Queries of the driver's own: rows that are rewritten into a local result, and rows that are
 * passed on as they come, under names and types of ours. Called by catalog/. */
#include "stmt/stmt.h"

static bool map_rows(struct stmt *s, const struct mapped_query *q, struct local_result *out,
                     struct cell *cells, struct err *e)
{
    struct buf scratch = BUF_INIT(1u << 24);
    bool ok = true;

    /* Cells may point into the scratch while it grows: give it room that a row of catalogue text
     * does not pass. */
    ok = buf_reserve(&scratch, 1u << 16);
    while (ok && (ok = rows_fill(&s->rows, 1, e)) && rows_available(&s->rows) > 0) {
        buf_reset(&scratch);
        ok = (q->map(s, rows_at(&s->rows, 0), cells, &scratch) && local_result_add(out, cells)) ||
             err_oom(e);
        s->rows.next++;
    }
    buf_release(&scratch);
    return ok || err_is_set(e) || err_oom(e);
}

SQLRETURN stmt_run_mapped(struct stmt *s, const struct mapped_query *q)
{
    struct local_result local;
    struct cell *cells = mem_calloc(q->n_columns, sizeof *cells);
    struct err e = ERR_INIT;
    SQLRETURN rc;

    if (cells == NULL)
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    local_result_init(&local, q->columns, q->n_columns);
    rc = stmt_run_internal(s, q->sql, q->params, q->n_params);
    if (rc == SQL_SUCCESS && (size_t)s->ird.count != q->n_in)
        rc = diag_post(&s->handle, ST_08S01, 0,
                       "The server's answer does not have the columns that were asked for.");
    if (rc == SQL_SUCCESS) {
        bool ok = map_rows(s, q, &local, cells, &e) && !err_is_set(&e);
        stmt_close(s);
        if (ok) {
            s->local = local;
            local_result_init(&local, q->columns, q->n_columns);
            rc = stmt_open_local(s);
        } else {
            rc = diag_post_err(&s->handle, &e);
        }
    }
    local_result_release(&local);
    mem_free(cells);
    return rc;
}

/* The columns as the application is told, over the server's rows. */
SQLRETURN stmt_run_named(struct stmt *s, const struct mapped_query *q)
{
    const struct local_result shape = {.columns = q->columns, .n_columns = q->n_columns};
    struct err e = ERR_INIT;
    SQLRETURN rc = stmt_run_internal(s, q->sql, q->params, q->n_params);

    if (rc != SQL_SUCCESS)
        return rc;
    if ((size_t)s->ird.count != q->n_columns)
        err_set(&e, ST_08S01, 0,
                "The server's answer does not have the columns that were asked for.");
    if (!err_is_set(&e) && colmeta_fill_local(s, &shape, &e))
        return SQL_SUCCESS;
    stmt_close(s);
    return diag_post_err(&s->handle, &e);
}
