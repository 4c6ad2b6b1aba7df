/* Execution: from the planner's decision to the requests that carry it out. Sending them and
 * opening their results is execute_answer.c's, what a buffered transaction makes of them
 * execute_buffered.c's; this file puts them in order. Called by api/, catalog/ and info/. */
#include "stmt/execute_int.h"

#include "sql/read_shape.h"
#include "stmt/copy_in.h"
#include "stmt/notifications.h"
#include "stmt/output_params.h"
#include "stmt/param_types.h"
#include "stmt/params.h"
#include "stmt/session.h"
#include "stmt/setting.h"
#include "stmt/transaction.h"

/* The application's statements as text; freed when the request has been sent. */
struct rendered {
    struct wire_stmt *stmts; /* owned */
    struct buf *texts;       /* owned */
    size_t n;
};

static void rendered_release(struct rendered *r)
{
    for (size_t i = 0; i < r->n; i++)
        buf_release(&r->texts[i]);
    mem_free(r->texts);
    mem_free(r->stmts);
}

static SQLRETURN render(struct stmt *s, const char *const *casts, struct rendered *r)
{
    size_t n = s->script.n_stmts;

    *r = (struct rendered){mem_calloc(n, sizeof *r->stmts), mem_calloc(n, sizeof *r->texts), 0};
    if (r->stmts == NULL || r->texts == NULL)
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    for (size_t i = 0; i < n; i++) {
        const struct script_stmt *st = &s->script.stmts[i];
        size_t first = st->n_params > 0 ? st->first_param - 1 : 0;
        buf_init(&r->texts[i], 0);
        r->n = i + 1;
        if (!script_render(st, casts + first, &r->texts[i]))
            return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
        r->stmts[i] =
            (struct wire_stmt){buf_sv(&r->texts[i]), s->wire_params + first, st->n_params};
    }
    return SQL_SUCCESS;
}

static struct plan_context plan_context(const struct stmt *s, bool several)
{
    return (struct plan_context){
        .several = several || s->script.n_stmts > 1,
        .read_only = transaction_is_read_only(s->dbc),
        .promise = s->dbc->options.read_only,
        .isolation = dbc_isolation_header(s->dbc) != ISOLATION_DEFAULT,
        .settings = s->attrs.query_timeout_s > 0 || s->dbc->settings.n > 0,
        .carried = settings_matter(&s->dbc->settings),
        .transaction = transaction_is_open(s->dbc),
        .checked = transaction_is_open(s->dbc) && transaction_checks_reads(s->dbc),
        .session = session_use(s->dbc),
        .reads_apart = !several && session_reads_apart(s),
    };
}

/* A read that must be the same at the commit, and cannot be. */
static bool varies(const struct script_stmt *st)
{
    struct read_shape shape;

    if (st->kind.cls != SQLC_SELECT)
        return false;
    shape = read_shape_of(sv_n(st->text, st->len));
    return shape.varies && !shape.tableless;
}

/* The whole text's plan: a batch when one of its statements needs it; the first refusal refuses
 * all. */
SQLRETURN execute_plan(struct stmt *s, bool several, struct plan *out)
{
    struct plan_context c = plan_context(s, several);
    SQLRETURN rc = SQL_SUCCESS;
    bool again = false;

    *out = (struct plan){.kind = PLAN_SINGLE, .takes_settings = true};
    for (size_t i = 0; i < s->script.n_stmts; i++) {
        struct plan p;
        c.varies = c.checked && varies(&s->script.stmts[i]);
        p = plan_statement(s->script.stmts[i].kind, &c);
        if (p.kind == PLAN_REFUSE && s->dbc->tx.failed) /* nothing else would work now either */
            return execute_refuse_failed(s);
        if (p.kind == PLAN_REFUSE)
            return diag_post(&s->handle, p.state, 0, "%s: %s",
                             sql_class_name(s->script.stmts[i].kind.cls), p.text);
        if (s->script.stmts[i].kind.flags & SQLF_COPY_IN && !s->script.copy_in)
            return diag_post(&s->handle, ST_HYC00, 0,
                             "COPY ... FROM STDIN takes no parameter markers: its data is bound as "
                             "parameter 1.");
        if (p.kind != PLAN_SINGLE && out->kind != PLAN_SESSION)
            out->kind = p.kind;
        out->takes_settings &= p.takes_settings;
    }
    if (out->kind == PLAN_SESSION)
        rc = session_make_ready(s, &again);
    return again ? execute_plan(s, several, out) : rc;
}

/* Among others of its text: a role, too, may lead the search_path elsewhere. */
static bool sets_something(const struct stmt *s)
{
    for (size_t i = 0; i < s->script.n_stmts; i++)
        if (setting_is_about(s->script.stmts[i].kind.cls) ||
            s->script.stmts[i].kind.cls == SQLC_SET_LOCAL ||
            (s->script.stmts[i].kind.flags & SQLF_SET_CONFIG_LOCAL))
            return true;
    return false;
}

SQLRETURN execute_statements(struct stmt *s, const struct plan *plan, const struct execution *x)
{
    bool batch = plan->kind == PLAN_BATCH || x->rollback;
    bool look = !x->rollback && stmt_creates(s) && sets_something(s);
    bool behind = x->rollback || look; /* a statement of the driver's own */
    bool read_only = batch && dbc_is_read_only(s->dbc);
    struct err e = ERR_INIT;
    struct wire_stmt *stmts;
    SQLRETURN rc;

    if (plan->kind == PLAN_READ)
        return execute_read(s, &x->stmts[0], &s->script.stmts[0].kind);
    execute_note_function(s);
    execute_forget_known(s);
    if (plan->kind == PLAN_SESSION && x->rollback)
        return diag_post(&s->handle, ST_HY000, 0,
                         "A mistake of the driver: what is only to be tried was about to be run in "
                         "the session, and committed. Nothing was sent; please report it.");
    if (plan->kind == PLAN_SESSION)
        return session_statements(s, x);
    if (!setting_fits(s, x->stmts, x->n_stmts, &e) || (look && !setting_path_fits(s, &e)) ||
        (x->n_stmts > 1 && !transaction_may_set(s, &e))) {
        stmt_close(s);
        return diag_post_err(&s->handle, &e);
    }
    session_note_http(s);
    stmts = mem_calloc(x->n_stmts + 1, sizeof *stmts);
    if (stmts == NULL)
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    memcpy(stmts, x->stmts, x->n_stmts * sizeof *stmts);
    if (behind)
        stmts[x->n_stmts] = (struct wire_stmt){
            x->rollback ? SV_LIT("ROLLBACK") : SV_LIT(SETTINGS_PATH_CHECK_SQL), NULL, 0};
    rc = execute_start(s,
                       &(struct wire_request){
                           .stmts = stmts,
                           .n_stmts = x->n_stmts + behind,
                           .batch = batch,
                           .alone = !plan->takes_settings,
                           .isolation = batch ? dbc_isolation_header(s->dbc) : ISOLATION_DEFAULT,
                           .read_only = read_only,
                           .deferrable = read_only && dbc_is_deferrable(s->dbc),
                           .repeatable = read_only || x->rollback,
                           .deadline = stmt_deadline(s),
                           .read_timeout_s = dbc_read_timeout_s(s->dbc),
                       },
                       &(struct surroundings){0, behind, SIZE_MAX, NULL}, &s->script.stmts[0].kind);
    mem_free(stmts);
    return rc;
}

static SQLRETURN run_planned(struct stmt *s, const struct plan *plan, const char *const *casts)
{
    bool kept_by_driver = plan->kind != PLAN_SESSION; /* what SET sets; a session keeps its own */
    struct rendered r;
    SQLRETURN rc = render(s, casts, &r);

    if (rc == SQL_SUCCESS && kept_by_driver)
        rc = setting_render_script(s, r.texts);
    for (size_t i = 0; rc == SQL_SUCCESS && i < r.n; i++)
        r.stmts[i].sql = buf_sv(&r.texts[i]);
    if (rc == SQL_SUCCESS) {
        rc = execute_statements(s, plan, &(struct execution){r.stmts, r.n, false});
        if (kept_by_driver && (SQL_SUCCEEDED(rc) || rc == SQL_NO_DATA))
            rc = setting_script_done(s, rc);
    }
    rendered_release(&r);
    return rc;
}

/* An empty text: nothing is sent, nothing comes back, and that is success (odbc-features E.1). */
static SQLRETURN run_empty(struct stmt *s)
{
    stmt_close(s);
    s->executed = true;
    return SQL_SUCCESS;
}

/* In a transaction whose statement failed nothing but its end is possible. */
SQLRETURN execute_refuse_failed(struct stmt *s)
{
    struct err e = ERR_INIT;

    err_set_state(&e, "25P02", 0,
                  "A statement of this transaction has failed: statements are ignored until it is "
                  "rolled back "
                  "(ROLLBACK, SQLEndTran(SQL_ROLLBACK), or ROLLBACK TO a savepoint).");
    return diag_post_err(&s->handle, &e);
}

static bool ends_transaction(enum sql_class cls)
{
    return cls == SQLC_COMMIT || cls == SQLC_ROLLBACK || cls == SQLC_ROLLBACK_TO;
}

static SQLRETURN run(struct stmt *s, const struct plan *plan, const char *const *casts)
{
    enum sql_class cls = s->script.stmts[0].kind.cls;

    if (s->dbc->tx.failed && !ends_transaction(cls))
        return execute_refuse_failed(s);
    if (output_params_is_call(s))
        return output_params_execute(s, plan, casts);
    if (cls == SQLC_BEGIN && s->dbc->tx.in_session) /* again: the server says what that means */
        return run_planned(s, &(struct plan){.kind = PLAN_SESSION}, casts);
    switch (plan->kind) {
    case PLAN_LOCAL:
        return cls == SQLC_EMPTY ? run_empty(s) : transaction_run_text(s);
    case PLAN_QUEUE:
        return execute_queued(s, casts);
    case PLAN_READ:
        return execute_planned_read(s, casts);
    case PLAN_SETTING:
        return setting_run(s, casts);
    default:
        return cls == SQLC_EMPTY ? run_empty(s) : run_planned(s, plan, casts);
    }
}

/* Does an error of the server come with the statement, and leave nothing behind? */
static bool executes_at_once(const struct stmt *s, const struct plan *plan)
{
    return plan->kind == PLAN_SINGLE || plan->kind == PLAN_BATCH || plan->kind == PLAN_READ ||
           (plan->kind == PLAN_SESSION && !transaction_is_open(s->dbc));
}

struct typed_run {
    struct stmt *s;
    const struct plan *plan;
    const char **casts;
    bool was_failed; /* the transaction, before */
};

static SQLRETURN run_again(void *ctx)
{
    const struct typed_run *r = ctx;

    r->s->dbc->tx.failed = r->was_failed;
    return run(r->s, r->plan, r->casts);
}

/* The server could not choose a type for a parameter, so nothing was executed: once more with text.
 */
static SQLRETURN run_typed(struct stmt *s, const struct plan *plan, const char **casts)
{
    struct typed_run again = {s, plan, casts, s->dbc->tx.failed};
    SQLRETURN rc;

    param_types_apply(s, casts, 1);
    /* The server's error would come too late, or end its transaction. */
    if ((plan->kind == PLAN_QUEUE || plan->kind == PLAN_SESSION) &&
        param_types_settle(s, casts, 1) != SQL_SUCCESS)
        return SQL_ERROR;
    rc = run(s, plan, casts);
    if (rc != SQL_ERROR || !executes_at_once(s, plan) || !param_types_learn(s, casts, 1))
        return rc;
    return param_types_run_again(s, casts, 1, run_again, &again);
}

/* The data of an SQLExecDirect is there: like its other ends, nothing stays prepared. */
static void end_need_data(struct stmt *s)
{
    if (s->need_data.direct)
        s->prepared = false;
    need_data_release(&s->need_data);
}

static SQLRETURN execute_array(struct stmt *s)
{
    SQLRETURN rc = s->dbc->tx.failed ? execute_refuse_failed(s) : param_array_execute(s);

    if (rc != SQL_NEED_DATA)
        end_need_data(s);
    return session_post_missed(s, rc);
}

/* What is known before parameters are read: the plan, or its refusal. */
static SQLRETURN prepare_to_run(struct stmt *s, struct plan *plan)
{
    SQLRETURN rc =
        output_params_is_call(s) ? output_params_resolve(s) : output_params_refuse_elsewhere(s);

    return rc == SQL_SUCCESS ? execute_plan(s, false, plan) : rc;
}

/* What HTTP refused goes to the session. */
static SQLRETURN rerun(struct stmt *s, const char *const *casts)
{
    const struct plan plan = {.kind = PLAN_SESSION};
    bool makes_temporary = neon_error_is_temporary_path(diag_record(&s->handle.diag, 1)->pg);
    bool again;
    SQLRETURN rc;

    diag_clear(&s->handle.diag);
    s->dbc->tx.failed = false;
    rc = session_make_ready(s, &again);
    if (again)
        return diag_post(&s->handle, ST_08001, 0,
                         "This statement needs a session, which cannot be had: the server refused "
                         "it over HTTP.");
    if (rc == SQL_SUCCESS)
        rc = run(s, &plan, casts);
    if (makes_temporary && SQL_SUCCEEDED(rc))
        session_set_stateful(s->dbc->session, true);
    return rc;
}

/* `made`: the plan as it was just now; NULL when the application has been asked for data since. */
static SQLRETURN execute_one(struct stmt *s, const struct plan *made, const char **casts)
{
    SQLRETURN read = params_collect(s, casts);
    SQLRETURN rc = SQL_SUCCESS;
    struct stmt *cursor;
    struct plan plan;

    if (read == SQL_NEED_DATA)
        return read;
    end_need_data(s);
    if (!SQL_SUCCEEDED(read))
        return read;
    cursor = positioned_cursor(s);
    if (made != NULL)
        plan = *made;
    else
        rc = prepare_to_run(s, &plan);
    if (rc == SQL_SUCCESS)
        rc = cursor != NULL ? positioned_execute(s, cursor, casts) : run_typed(s, &plan, casts);
    if (rc == SQL_ERROR && session_can_rerun(s, plan.kind))
        rc = rerun(s, casts);
    return rc == SQL_SUCCESS ? read : rc;
}

static SQLRETURN execute_ready(struct stmt *s, const struct plan *made)
{
    const char **casts;
    SQLRETURN rc;

    atomic_store(&s->cancel_pending, false);
    if (param_array_wanted(s))
        return execute_array(s);
    if (s->script.copy_in) {
        rc = s->copy_in.active ? copy_in_end(s) : copy_in_execute(s);
        if (rc != SQL_NEED_DATA)
            end_need_data(s);
        param_array_note_single(s, rc);
        return session_post_missed(s, rc);
    }
    casts = mem_calloc(s->script.n_params + 1, sizeof *casts);
    if (casts == NULL)
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    rc = execute_one(s, made, casts);
    param_array_note_single(s, rc);
    mem_free(casts);
    return session_post_missed(s, rc);
}

SQLRETURN stmt_execute_ready(struct stmt *s)
{
    return execute_ready(s, NULL);
}

SQLRETURN stmt_execute(struct stmt *s)
{
    struct plan plan;
    SQLRETURN rc;

    if (!s->prepared)
        return diag_post(&s->handle, ST_HY010, 0,
                         "No statement is prepared: call SQLPrepare first.");
    if (s->cursor_open)
        return diag_post(&s->handle, ST_24000, 0,
                         "A cursor is open on this statement: close it (SQLCloseCursor) before "
                         "executing again.");
    if (notifications_are_wanted(s))
        return notifications_execute(s);
    /* Refusals come before the application is asked for its data. */
    rc = prepare_to_run(s, &plan);
    if (rc != SQL_SUCCESS)
        return rc;
    rc = execute_ready(s, &plan);
    return rc == SQL_NEED_DATA ? params_begin_need_data(s) : rc;
}

SQLRETURN stmt_exec_direct(struct stmt *s, struct strview text)
{
    SQLRETURN rc;

    /* A refusal leaves what was prepared before. */
    if (s->cursor_open)
        return diag_post(&s->handle, ST_24000, 0,
                         "A cursor is open on this statement: close it (SQLCloseCursor) before "
                         "executing another text.");
    rc = stmt_prepare(s, text);
    if (rc == SQL_SUCCESS)
        rc = stmt_execute(s);
    /* SQLExecDirect leaves nothing that SQLExecute could run again (state S1 or S4 to S6). */
    if (rc == SQL_NEED_DATA)
        s->need_data.direct = true;
    else
        s->prepared = false;
    return rc;
}

SQLRETURN stmt_run_internal(struct stmt *s, struct strview sql, const struct wire_param *params,
                            size_t n_params)
{
    static const struct sql_kind select = {SQLC_SELECT, 0};
    static const struct sql_kind own = {SQLC_SHOW, 0}; /* not checked again at the commit */
    struct wire_stmt ws = {sql, params, n_params};
    struct wire_request r = {
        .stmts = &ws,
        .n_stmts = 1,
        .batch = true, /* read-only, so that it may be sent again after a lost answer */
        .read_only = true,
        .repeatable = true,
        .deadline = stmt_deadline(s),
        .read_timeout_s = dbc_read_timeout_s(s->dbc),
    };

    if (s->cursor_open)
        return diag_post(&s->handle, ST_24000, 0,
                         "A cursor is open on this statement: close it (SQLCloseCursor) first.");
    s->prepared = false;
    script_release(&s->script);
    if (session_use(s->dbc) == SESSION_ALL)
        return s->dbc->tx.failed ? execute_refuse_failed(s) : session_internal(s, &ws);
    if (transaction_is_open(s->dbc)) {
        if (s->dbc->tx.failed)
            return execute_refuse_failed(s);
        return execute_read(s, &ws, &own); /* it sees the pending writes too */
    }
    return execute_start(s, &r, &(struct surroundings){0, 0, SIZE_MAX, NULL}, &select);
}
