/* Rows of an array of parameters as statements: rows of INSERTs, arrays of their columns, or a
 * statement each; sent in one request, or kept in the queue of a buffered transaction. How
 * statements are carried is execute.c's. Called by param_array.c and param_array_failed.c. */
#include "stmt/param_array.h"

#include "handle/param_columns.h"
#include "stmt/param_types.h"
#include "stmt/transaction.h"

/* The statements of one request. */
struct request {
    struct wire_stmt *stmts; /* owned */
    struct buf *texts;       /* owned */
    size_t n, n_texts;
    struct param_columns columns;
};

/* ---- making statements of them ---- */

static void request_release(struct request *r)
{
    for (size_t i = 0; i < r->n_texts; i++)
        buf_release(&r->texts[i]);
    mem_free(r->texts);
    mem_free(r->stmts);
    param_columns_release(&r->columns);
}

static bool add_insert(struct param_array *a, size_t first, size_t n, struct request *r)
{
    struct buf *text = &r->texts[r->n_texts++];

    buf_init(text, 0);
    if (!insert_values_render(&a->s->script.stmts[0], &a->iv, a->casts + first * a->n_params, n,
                              text))
        return false;
    r->stmts[r->n++] =
        (struct wire_stmt){buf_sv(text), a->params + first * a->n_params, n * a->n_params};
    return true;
}

/* All rows as arrays. *fit false: they must go as rows. */
static bool add_columns(struct param_array *a, size_t n, struct request *r, bool *fit)
{
    const struct script_stmt *st = &a->s->script.stmts[0];

    *fit = false;
    if (!a->by_columns || n < PARAM_COLUMNS_MIN_ROWS)
        return true;
    switch (param_columns_make(st, &a->iv, a->params, a->casts, stmt_known_param_oids(a->s), n,
                               &r->columns)) {
    case PARAM_COLUMNS_UNFIT:
        return true;
    case PARAM_COLUMNS_MADE:
        break;
    case PARAM_COLUMNS_OOM:
    default:
        return false;
    }
    *fit = true;
    r->stmts[r->n++] = (struct wire_stmt){buf_sv(&r->columns.sql), r->columns.params, a->n_params};
    return true;
}

/* Rows with the same casts share their texts. */
static bool add_row(struct param_array *a, size_t row, struct request *r)
{
    const struct script *sc = &a->s->script;
    const char **casts = a->casts + row * a->n_params;
    bool same = row > 0 && memcmp(casts, casts - a->n_params, a->n_params * sizeof *casts) == 0;

    for (size_t i = 0; i < sc->n_stmts; i++) {
        const struct script_stmt *st = &sc->stmts[i];
        size_t first = st->n_params > 0 ? st->first_param - 1 : 0;
        struct strview sql;
        if (same) {
            sql = r->stmts[r->n - sc->n_stmts].sql;
        } else {
            struct buf *text = &r->texts[r->n_texts++];
            buf_init(text, 0);
            if (!script_render(st, casts + first, text))
                return false;
            sql = buf_sv(text);
        }
        r->stmts[r->n++] =
            (struct wire_stmt){sql, a->params + row * a->n_params + first, st->n_params};
    }
    return true;
}

static void add_text(struct request *r, struct strview sql)
{
    r->stmts[r->n++] = (struct wire_stmt){sql, NULL, 0};
}

/* The first n rows gathered, between the two texts (empty: none). */
static bool make_request(struct param_array *a, size_t n, struct strview before,
                         struct strview behind, struct request *r)
{
    size_t per_stmt = a->one_insert ? insert_values_max_rows(&a->s->script.stmts[0]) : 1;
    size_t n_stmts = (n + per_stmt - 1) / per_stmt * a->s->script.n_stmts;
    bool fit = false;
    bool ok;

    *r = (struct request){.stmts = mem_calloc(n_stmts + 2, sizeof *r->stmts),
                          .texts = mem_calloc(n_stmts, sizeof *r->texts)};
    if (r->stmts == NULL || r->texts == NULL)
        return false;
    if (before.len > 0)
        add_text(r, before);
    ok = add_columns(a, n, r, &fit);
    for (size_t i = 0; ok && !fit && i < n; i += per_stmt)
        ok = a->one_insert ? add_insert(a, i, n - i < per_stmt ? n - i : per_stmt, r)
                           : add_row(a, i, r);
    if (behind.len > 0)
        add_text(r, behind);
    return ok;
}

/* ---- sending ---- */

/* Reads what is left of the results and adds their counts. */
static SQLRETURN take_counts(struct param_array *a, SQLRETURN rc)
{
    struct stmt *s = a->s;

    while (SQL_SUCCEEDED(rc) || rc == SQL_NO_DATA) {
        if (s->row_count >= 0)
            a->total = (a->total < 0 ? 0 : a->total) + s->row_count;
        if (s->results_left == 0)
            return SQL_SUCCESS;
        rc = stmt_more_results(s);
    }
    return rc;
}

static SQLRETURN send_all(void *ctx)
{
    struct param_array *a = ctx;

    return param_array_send_rows(a, a->n, false);
}

/* As run_typed of execute.c: nothing was executed, so the rows go once more. */
SQLRETURN param_array_send(struct param_array *a)
{
    struct stmt *s = a->s;
    SQLRETURN rc = send_all(a);

    if (rc != SQL_ERROR || transaction_is_open(s->dbc) || !param_types_learn(s, a->casts, a->n))
        return rc;
    return param_types_run_again(s, a->casts, a->n, send_all, a);
}

/* In a transaction of a session a savepoint stands before the rows, so that it can be found out
 * which of them failed. */
bool param_array_has_savepoint(const struct param_array *a)
{
    return a->in_session && !a->returns_rows && transaction_is_open(a->s->dbc);
}

/* A trial over HTTP is rolled back; one in a session begins at the savepoint. Where the rows would
 * be committed with their request, it shows what is checked at the commit too. */
static bool make_trial(struct param_array *a, size_t n, struct request *r)
{
    struct strview before =
        a->in_session ? SV_LIT("ROLLBACK TO SAVEPOINT " PARAM_ARRAY_SAVEPOINT) : SV_LIT("");
    struct strview behind =
        a->in_session && !a->trying ? SV_LIT("") : SV_LIT("SET CONSTRAINTS ALL IMMEDIATE");

    return make_request(a, n, before, behind, r);
}

static bool make_real(struct param_array *a, size_t n, struct request *r)
{
    if (param_array_has_savepoint(a))
        return make_request(a, n, SV_LIT("SAVEPOINT " PARAM_ARRAY_SAVEPOINT),
                            SV_LIT("RELEASE SAVEPOINT " PARAM_ARRAY_SAVEPOINT), r);
    return make_request(a, n, SV_LIT(""), SV_LIT(""), r);
}

SQLRETURN param_array_send_rows(struct param_array *a, size_t n, bool trial)
{
    struct request r;
    SQLRETURN rc;

    if (trial ? make_trial(a, n, &r) : make_real(a, n, &r)) {
        rc = execute_statements(a->s, &a->plan,
                                &(struct execution){r.stmts, r.n, trial && !a->in_session});
        if (!a->returns_rows || trial)
            rc = take_counts(a, rc);
    } else {
        rc = param_array_oom(a->s);
    }
    request_release(&r);
    return rc;
}

/* ---- in a buffered transaction ---- */

SQLRETURN param_array_queue(struct param_array *a)
{
    struct stmt *s = a->s;
    struct tx *t = &s->dbc->tx;
    struct err e = ERR_INIT;
    struct request r;
    bool ok = make_real(a, a->n, &r) || err_oom(&e);

    for (size_t i = 0; ok && i < r.n; i++)
        ok = tx_add(t, TX_WRITE, r.stmts[i].sql, r.stmts[i].params, r.stmts[i].n_params,
                    (size_t)s->dbc->options.max_request_bytes, &e);
    request_release(&r);
    return ok ? SQL_SUCCESS : diag_post_err(&s->handle, &e);
}

/* The array waits as a whole or not at all. */
void param_array_unqueue(struct param_array *a)
{
    const SQLUSMALLINT *status = a->s->ipd.app_array_status_ptr;

    while (a->s->dbc->tx.n_items > a->queued_before)
        tx_drop_last(&a->s->dbc->tx);
    for (size_t row = 0; status != NULL && row < a->n_rows; row++)
        if (status[row] != SQL_PARAM_ERROR) /* the row at fault stays told */
            param_array_set_status(a->s, row, SQL_PARAM_UNUSED);
}

/* Reads the counts of what waits; they are told when the commit can make sure of all of them. */
static SQLRETURN take_previewed(struct param_array *a, SQLRETURN rc)
{
    struct stmt *s = a->s;
    size_t at = a->queued_before;
    bool sure = true;
    int64_t total = 0;

    while (SQL_SUCCEEDED(rc) || rc == SQL_NO_DATA) {
        sure = sure && transaction_expect(s, at++);
        total += s->row_count;
        if (s->results_left == 0) {
            a->total = sure ? total : -1;
            return SQL_SUCCESS;
        }
        rc = stmt_more_results(s);
    }
    return rc;
}

SQLRETURN param_array_preview(struct param_array *a)
{
    struct stmt *s = a->s;
    size_t n_added = s->dbc->tx.n_items - a->queued_before;

    if (n_added == 0 || s->dbc->options.buffered_row_count != BUFFERED_ROW_COUNT_PREVIEW)
        return SQL_SUCCESS;
    return take_previewed(a, execute_preview_queue(s, n_added));
}
