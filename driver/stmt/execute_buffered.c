/* Execution in a buffered transaction: reads through previews (preview.c), writes that wait for the
 * commit (transaction.c), and their trial where the application wants counts at once. Called by
 * execute.c, and by what makes statements in other ways through execute.h. */
#include "stmt/execute_int.h"

#include "stmt/preview.h"
#include "stmt/transaction.h"

SQLRETURN execute_read(struct stmt *s, const struct wire_stmt *read, const struct sql_kind *kind)
{
    struct preview p;
    struct buf checksum = BUF_INIT(256);
    struct err e = ERR_INIT;
    SQLRETURN rc;

    if (preview_build(s->dbc, read, kind, &p, &e)) {
        const struct wire_request r = {
            .stmts = p.stmts,
            .n_stmts = p.n,
            .batch = true,
            .isolation = transaction_header(s->dbc),
            .read_only = p.read_only,
            .deferrable = p.read_only && transaction_is_deferrable(s->dbc),
            .repeatable = true, /* it only reads, or ends in ROLLBACK */
            .deadline = stmt_deadline(s),
            .read_timeout_s = dbc_read_timeout_s(s->dbc),
        };
        const struct surroundings around = {p.n_before, p.n_behind, p.check_at, &checksum};
        rc = execute_start(s, &r, &around, kind);
        s->dbc->tx.used = true;
        if (SQL_SUCCEEDED(rc) && p.check_at != PREVIEW_NO_CHECK &&
            !preview_add_check(s->dbc, read, p.ordered, buf_sv(&checksum), &e))
            rc = execute_failed(s, &e);
    } else {
        rc = execute_failed(s, &e);
    }
    preview_release(&p);
    buf_release(&checksum);
    return rc;
}

SQLRETURN execute_probe(struct stmt *s, const struct wire_stmt *stmts, size_t n)
{
    static const struct sql_kind own = {SQLC_SHOW, 0}; /* not checked again at the commit */
    const struct wire_request r = {
        .stmts = stmts,
        .n_stmts = n,
        .batch = true,
        .read_only = true,
        .repeatable = true,
        .deadline = stmt_deadline(s),
        .read_timeout_s = dbc_read_timeout_s(s->dbc),
    };

    if (transaction_is_open(s->dbc))
        return execute_read(s, &stmts[n - 1], &own);
    return execute_start(s, &r, &(struct surroundings){n - 1, 0, SIZE_MAX, NULL}, &own);
}

SQLRETURN execute_planned_read(struct stmt *s, const char *const *casts)
{
    const struct script_stmt *st = &s->script.stmts[0];
    struct buf text = BUF_INIT(0);
    struct wire_stmt read;
    SQLRETURN rc;

    if (!script_render(st, casts, &text)) {
        buf_release(&text);
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    }
    read = (struct wire_stmt){buf_sv(&text), s->wire_params, st->n_params};
    execute_note_function(s);
    rc = execute_read(s, &read, &st->kind);
    buf_release(&text);
    return rc;
}

SQLRETURN execute_preview_queue(struct stmt *s, size_t n_last)
{
    struct dbc *d = s->dbc;
    struct wire_stmt *stmts = mem_calloc(d->tx.n_items + 1, sizeof *stmts);
    const struct sql_kind *kind = &s->script.stmts[0].kind;
    struct err e = ERR_INIT;
    size_t n;
    SQLRETURN rc;

    if (stmts == NULL || !tx_prepare(&d->tx, &e)) {
        mem_free(stmts);
        err_oom(&e);
        return diag_post_err(&s->handle, &e);
    }
    n = tx_wire(&d->tx, false, stmts);
    stmts[n++] = (struct wire_stmt){SV_LIT("ROLLBACK"), NULL, 0};
    rc = execute_start(s,
                       &(struct wire_request){
                           .stmts = stmts,
                           .n_stmts = n,
                           .batch = true,
                           .isolation = transaction_header(d),
                           .repeatable = true,
                           .deadline = stmt_deadline(s),
                           .read_timeout_s = dbc_read_timeout_s(d),
                       },
                       &(struct surroundings){n - 1 - n_last, 1, SIZE_MAX, NULL}, kind);
    mem_free(stmts);
    return rc;
}

/* The statement that was queued last is tried at once, for its count and its errors. The count is
 * told only where the commit can make sure of it. */
static SQLRETURN preview_write(struct stmt *s)
{
    SQLRETURN rc = execute_preview_queue(s, 1);

    if (!SQL_SUCCEEDED(rc) && rc != SQL_NO_DATA) {
        tx_drop_last(&s->dbc->tx);
        return rc;
    }
    if (transaction_expect(s, s->dbc->tx.n_items - 1))
        return rc;
    s->row_count = s->rows.row_count = -1;
    execute_note_counts(s);
    return SQL_SUCCESS;
}

SQLRETURN execute_queued(struct stmt *s, const char *const *casts)
{
    SQLRETURN rc = transaction_queue(s, casts);

    execute_note_function(s);
    execute_forget_known(s);
    if (rc == SQL_SUCCESS && s->dbc->options.buffered_row_count == BUFFERED_ROW_COUNT_PREVIEW &&
        s->script.n_stmts == 1)
        rc = preview_write(s);
    return rc;
}
