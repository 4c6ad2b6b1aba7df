/* Sends the statements that change rows, and takes their answers apart. Several go as one request,
 * which is one transaction: where it fails nothing has been changed, and the rows are tried one by
 * one, so that each has its own outcome. Called by setpos.c and bulk.c. */
#include "stmt/edit.h"

#include "stmt/execute.h"
#include "stmt/transaction.h"

#define MOST_TOGETHER 500

/* Rows that go together. */
struct group {
    struct stmt *s;
    const struct edit_target *target;
    enum edit_kind kind;
    struct edit_row **rows;
    struct edit_op **ops;
    size_t n;
    struct local_result *made;
    struct cell *scratch; /* one row of the result */
    bool refused;         /* the server refused one: the table may have changed */
};

static SQLRETURN oom(struct stmt *s)
{
    return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
}

static void fail_all(struct group *g)
{
    for (size_t i = 0; i < g->n; i++)
        g->rows[i]->outcome = EDIT_FAILED;
}

/* ---- the answer ---- */

/* The row as it is now: what came back for the table's columns, what stood there for the others. */
static bool keep_row(struct group *g, struct edit_row *row, const struct cell *returned)
{
    size_t at = 0;

    if (g->kind == EDIT_DELETE)
        return true;
    for (size_t i = 0; i < g->target->n_columns; i++) {
        if (g->target->columns[i] != NULL)
            g->scratch[i] = returned[at++];
        else
            g->scratch[i] = row->old != NULL ? row->old[i] : (struct cell){NULL, 0};
    }
    row->fresh_at = g->made->n_rows;
    return local_result_add(g->made, g->scratch);
}

static void note_no_row(struct group *g, struct edit_row *row)
{
    row->outcome = EDIT_NO_ROW;
    diag_post_at(&g->s->handle, ST_01001, (SQLLEN)row->app_row + 1, SQL_NO_COLUMN_NUMBER,
                 g->kind == EDIT_INSERT
                     ? "No row was added: a trigger or rule of the table kept it."
                     : "The row was not changed: somebody else has changed or deleted it since it "
                       "was fetched. Fetch it again.");
}

/* The open result of the helper is that of the row's statement. */
static bool take_result(struct group *g, struct stmt *helper, struct edit_row *row, struct err *e)
{
    bool came;

    if (!rows_fill(&helper->rows, 1, e))
        return false;
    came = rows_available(&helper->rows) > 0;
    if (came && g->kind != EDIT_DELETE && !edit_target_answered(g->target, helper, 0, e))
        return false;
    if (came && !keep_row(g, row, rows_at(&helper->rows, 0)))
        return err_oom(e);
    if (!rows_drain(&helper->rows, e))
        return false;
    if (helper->rows.row_count == 1 && g->kind != EDIT_DELETE && !came)
        return err_set(e, ST_08S01, 0,
                       "The server says that it stored the row, and did not return it.");
    if (helper->rows.row_count == 1)
        row->outcome = EDIT_DONE;
    else
        note_no_row(g, row);
    return true;
}

static bool take_results(struct group *g, struct stmt *helper)
{
    struct err e = ERR_INIT;

    for (size_t i = 0; i < g->n; i++) {
        if (i > 0 && stmt_more_results(helper) != SQL_SUCCESS) {
            diag_move(&g->s->handle, &helper->handle, SQL_ROW_NUMBER_UNKNOWN, SQL_NO_COLUMN_NUMBER);
            fail_all(g);
            return false;
        }
        if (!take_result(g, helper, g->rows[i], &e)) {
            if (e.effect == EFFECT_NONE && !transaction_is_open(g->s->dbc))
                err_append(&e, "%s", ERR_OUTCOME_UNKNOWN);
            diag_post_err_at(&g->s->handle, &e, SQL_ROW_NUMBER_UNKNOWN, SQL_NO_COLUMN_NUMBER);
            fail_all(g);
            return false;
        }
    }
    return true;
}

/* ---- the request ---- */

static SQLRETURN send_now(const struct group *g, struct stmt *helper, const struct plan *plan)
{
    struct wire_stmt *stmts = mem_calloc(g->n, sizeof *stmts);
    SQLRETURN rc;

    if (stmts == NULL)
        return oom(helper);
    for (size_t i = 0; i < g->n; i++)
        stmts[i] =
            (struct wire_stmt){buf_sv(&g->ops[i]->sql), g->ops[i]->params, g->ops[i]->n_params};
    rc = execute_statements(helper, plan, &(struct execution){stmts, g->n, false});
    mem_free(stmts);
    return rc;
}

static bool queue(struct dbc *d, struct strview sql, const struct edit_op *op, struct err *e)
{
    return tx_add(&d->tx, TX_WRITE, sql, op->params, op->n_params,
                  (size_t)d->options.max_request_bytes, e);
}

/* In a buffered transaction: tried at once behind what waits, and taken back again. */
static SQLRETURN try_now(const struct group *g, struct stmt *helper)
{
    struct dbc *d = g->s->dbc;
    size_t before = d->tx.n_items;
    struct err e = ERR_INIT;
    bool ok = true;
    SQLRETURN rc;

    for (size_t i = 0; ok && i < g->n; i++)
        ok = queue(d, buf_sv(&g->ops[i]->sql), g->ops[i], &e);
    rc = ok ? execute_preview_queue(helper, g->n) : diag_post_err(&helper->handle, &e);
    while (d->tx.n_items > before)
        tx_drop_last(&d->tx);
    return rc;
}

/* What the trial has shown to work waits for the commit, and fails there if it does not any more.
 */
static void queue_for_commit(struct group *g)
{
    for (size_t i = 0; i < g->n; i++) {
        struct edit_row *row = g->rows[i];
        struct buf guarded = BUF_INIT(0);
        struct err e = ERR_INIT;
        if (row->outcome == EDIT_DONE && !((edit_guard(g->ops[i], &guarded) || err_oom(&e)) &&
                                           queue(g->s->dbc, buf_sv(&guarded), g->ops[i], &e))) {
            row->outcome = EDIT_FAILED;
            diag_post_err_at(&g->s->handle, &e, (SQLLEN)row->app_row + 1, SQL_NO_COLUMN_NUMBER);
        }
        buf_release(&guarded);
    }
}

/* The planner judges a statement by its class alone. */
static bool set_class(struct stmt *helper, enum edit_kind kind, struct err *e)
{
    static const char *const texts[] = {[EDIT_UPDATE] = "UPDATE t SET c = 1",
                                        [EDIT_DELETE] = "DELETE FROM t",
                                        [EDIT_INSERT] = "INSERT INTO t DEFAULT VALUES"};
    struct script_options o = {.noscan = true, .question = QUESTION_AUTO};

    return script_parse(sv(texts[kind]), &o, &helper->script, e);
}

/* Sends and posts. *server: it was the server that refused, so nothing of it was stored. */
static bool carry_out(struct group *g, struct stmt *helper, bool *server)
{
    struct plan plan;
    struct err e = ERR_INIT;
    SQLRETURN rc;

    if (!set_class(helper, g->kind, &e))
        rc = diag_post_err(&helper->handle, &e);
    else if (g->s->dbc->tx.failed)
        rc = execute_refuse_failed(helper);
    else
        rc = execute_plan(helper, g->n > 1, &plan);
    if (rc == SQL_SUCCESS)
        rc = plan.kind == PLAN_QUEUE ? try_now(g, helper) : send_now(g, helper, &plan);
    *server = !SQL_SUCCEEDED(rc) && execute_server_code(helper)[0] != '\0';
    if (!SQL_SUCCEEDED(rc))
        return false;
    if (take_results(g, helper) && plan.kind == PLAN_QUEUE)
        queue_for_commit(g);
    return true;
}

static void run_group(struct group *g)
{
    struct stmt *helper = stmt_helper_new(g->s);
    bool server = false;
    bool ok;

    if (helper == NULL) {
        oom(g->s);
        fail_all(g);
        return;
    }
    ok = carry_out(g, helper, &server);
    g->refused |= server;
    if (!ok && (!server || g->n == 1 || transaction_is_open(g->s->dbc))) {
        SQLLEN row = g->n == 1 ? (SQLLEN)g->rows[0]->app_row + 1 : SQL_ROW_NUMBER_UNKNOWN;
        diag_move(&g->s->handle, &helper->handle, row, SQL_NO_COLUMN_NUMBER);
        fail_all(g);
        ok = true;
    }
    stmt_helper_free(helper);
    if (!ok)
        for (size_t i = 0; i < g->n; i++) {
            struct group one = *g;
            one.rows = g->rows + i;
            one.ops = g->ops + i;
            one.n = 1;
            run_group(&one);
        }
}

void edit_run_one(struct stmt *s, const struct edit_target *t, enum edit_kind kind,
                  struct edit_row *row, struct edit_op *op, struct local_result *made)
{
    struct group g = {.s = s,
                      .target = t,
                      .kind = kind,
                      .rows = &row,
                      .ops = &op,
                      .n = 1,
                      .made = made,
                      .scratch = mem_calloc(t->n_columns, sizeof *g.scratch)};

    if (g.scratch == NULL) {
        oom(s);
        row->outcome = EDIT_FAILED;
        return;
    }
    run_group(&g);
    if (made->n_rows > 0)
        row->fresh = made->cells + row->fresh_at * made->n_columns;
    if (g.refused)
        table_infos_clear(&s->dbc->tables);
    mem_free(g.scratch);
}

/* ---- all of them ---- */

/* The rows from *at on that have a statement, as many as go together. */
static void fill_group(struct group *g, struct edit_row *rows, struct edit_op *ops, size_t n,
                       size_t *at)
{
    size_t limit = (size_t)g->s->dbc->options.max_request_bytes / 2;
    size_t bytes = 0;

    g->n = 0;
    for (; *at < n && g->n < MOST_TOGETHER; ++*at) {
        if (rows[*at].outcome != EDIT_OPEN)
            continue;
        bytes += ops[*at].sql.len + ops[*at].values.len;
        if (g->n > 0 && bytes > limit)
            break;
        g->rows[g->n] = &rows[*at];
        g->ops[g->n++] = &ops[*at];
    }
}

static void write_all(struct stmt *s, const struct edit_target *t, enum edit_kind kind,
                      struct edit_row *rows, struct edit_op *ops, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        SQLRETURN rc;
        edit_op_init(&ops[i]);
        rc = edit_op_write(s, t, kind, &rows[i], &ops[i]);
        rows[i].warned = rc == SQL_SUCCESS_WITH_INFO;
        if (rc == SQL_ERROR)
            rows[i].outcome = EDIT_FAILED;
    }
}

static SQLRETURN final_code(struct stmt *s, struct edit_row *rows, size_t n,
                            const struct local_result *made)
{
    size_t done = 0;
    bool warned = false;

    for (size_t i = 0; i < n; i++) {
        done += rows[i].outcome == EDIT_DONE;
        warned |= rows[i].warned;
        rows[i].fresh = made->n_rows > 0 ? made->cells + rows[i].fresh_at * made->n_columns : NULL;
    }
    s->edited = true;
    s->edit_count = (int64_t)done;
    s->handle.diag.row_count = (SQLLEN)done;
    if (done == 0 && n > 0)
        return SQL_ERROR;
    if (done < n)
        return diag_post(&s->handle, ST_01S01, 0,
                         "%zu of %zu rows were not changed; see the row status array.", n - done,
                         n);
    return warned ? SQL_SUCCESS_WITH_INFO : SQL_SUCCESS;
}

SQLRETURN edit_run(struct stmt *s, enum edit_kind kind, struct edit_row *rows, size_t n,
                   struct local_result *made)
{
    struct edit_target target;
    struct group g = {.s = s, .target = &target, .kind = kind, .made = made};
    struct edit_op *ops = mem_calloc(n, sizeof *ops);
    size_t at = 0;
    SQLRETURN rc = edit_target_find(s, kind != EDIT_INSERT, &target);

    g.rows = mem_calloc(n, sizeof *g.rows);
    g.ops = mem_calloc(n, sizeof *g.ops);
    g.scratch = mem_calloc((size_t)s->ird.count, sizeof *g.scratch);
    if (rc == SQL_SUCCESS && (ops == NULL || g.rows == NULL || g.ops == NULL || g.scratch == NULL))
        rc = oom(s);
    if (rc == SQL_SUCCESS) {
        write_all(s, &target, kind, rows, ops, n);
        while (fill_group(&g, rows, ops, n, &at), g.n > 0)
            run_group(&g);
        for (size_t i = 0; i < n; i++)
            edit_op_release(&ops[i]);
        rc = final_code(s, rows, n, made);
    }
    edit_target_release(&target);
    if (g.refused)
        table_infos_clear(&s->dbc->tables);
    mem_free(ops);
    mem_free(g.rows);
    mem_free(g.ops);
    mem_free(g.scratch);
    return rc;
}
