/* Queries of the driver's own: rows that are rewritten into a local result, and rows that are
 * passed on as they come, under names and types of ours. Called by catalog/. */
#include "stmt/stmt.h"

/* What the rows have in common with the one before them (mapped_query.carry). */
struct carried {
    struct cell *cells; /* owned: of the row as it is without */
    struct buf held;
    size_t n;
};

static bool carry_begin(struct carried *c, const struct mapped_query *q)
{
    *c = (struct carried){.n = q->carry};
    buf_init(&c->held, 1u << 16);
    c->cells = mem_calloc(q->n_in + 1, sizeof *c->cells);
    return c->cells != NULL && buf_reserve(&c->held, 1u << 12);
}

static void carry_end(struct carried *c)
{
    buf_release(&c->held);
    mem_free(c->cells);
}

/* The row with its first cells: those that it brings are kept for the next. */
static const struct cell *carry(struct carried *c, const struct cell *in, size_t n_in)
{
    if (c->n == 0)
        return in;
    if (in[0].ptr != NULL) {
        buf_reset(&c->held);
        for (size_t i = 0; i < c->n; i++)
            buf_append(&c->held, in[i].ptr, in[i].ptr != NULL ? in[i].len : 0);
        for (size_t i = 0, at = 0; i < c->n && c->held.failed == BUF_OK; at += in[i++].len)
            c->cells[i] = (struct cell){c->held.data + at, in[i].len};
    }
    memcpy(c->cells + c->n, in + c->n, (n_in - c->n) * sizeof *in);
    return c->held.failed == BUF_OK ? c->cells : NULL;
}

/* Rows from the stream, through the query's map, into the sink. */
static bool map_rows(struct stmt *s, const struct mapped_query *q, row_sink_fn *sink, void *ctx,
                     struct err *e)
{
    struct cell *cells = mem_calloc(q->n_columns, sizeof *cells);
    struct buf scratch = BUF_INIT(1u << 24);
    struct carried carried;
    /* Cells may point into the scratch while it grows: give it room that a row of catalogue text
     * does not pass. */
    bool ok = carry_begin(&carried, q) && cells != NULL && buf_reserve(&scratch, 1u << 16);

    while (ok && (ok = rows_fill(&s->rows, 1, e)) && rows_available(&s->rows) > 0) {
        const struct cell *in = carry(&carried, rows_at(&s->rows, 0), q->n_in);
        buf_reset(&scratch);
        ok = in != NULL && (q->map == NULL || q->map(s, in, cells, &scratch)) &&
             sink(ctx, q->map != NULL ? cells : in);
        s->rows.next++;
    }
    carry_end(&carried);
    buf_release(&scratch);
    mem_free(cells);
    return ok || err_is_set(e) || err_oom(e);
}

SQLRETURN stmt_run_rows(struct stmt *s, const struct mapped_query *q, row_sink_fn *sink, void *ctx)
{
    struct err e = ERR_INIT;
    SQLRETURN rc = stmt_run_internal(s, q->sql, q->params, q->n_params);
    bool ok;

    if (rc != SQL_SUCCESS)
        return rc;
    if ((size_t)s->ird.count != q->n_in)
        err_set(&e, ST_08S01, 0,
                "The server's answer does not have the columns that were asked for.");
    ok = !err_is_set(&e) && map_rows(s, q, sink, ctx, &e) && !err_is_set(&e);
    stmt_close(s);
    return ok ? SQL_SUCCESS : diag_post_err(&s->handle, &e);
}

static bool add_local(void *ctx, const struct cell *cells)
{
    return local_result_add(ctx, cells);
}

SQLRETURN stmt_run_mapped(struct stmt *s, const struct mapped_query *q)
{
    struct local_result local;
    SQLRETURN rc;

    local_result_init(&local, q->columns, q->n_columns);
    rc = stmt_run_rows(s, q, add_local, &local);
    if (rc == SQL_SUCCESS) {
        s->local = local;
        return stmt_open_local(s);
    }
    local_result_release(&local);
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
