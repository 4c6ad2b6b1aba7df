/* Execution: plan, request, first result, and the way to the next one. The planner decides,
 * transport/ carries, result/ decodes; this file only puts them in order. Called by api/, catalog/
 * and info/. */
#include "stmt/execute.h"

#include "base/clock.h"
#include "stmt/output_params.h"
#include "stmt/param_types.h"
#include "stmt/params.h"
#include "sql/read_shape.h"
#include "stmt/preview.h"
#include "stmt/session.h"
#include "stmt/setting.h"
#include "stmt/transaction.h"

#include <unistd.h>

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
        if (p.kind == PLAN_REFUSE)
            return diag_post(&s->handle, p.state, 0, "%s: %s",
                             sql_class_name(s->script.stmts[i].kind.cls), p.text);
        if (p.kind != PLAN_SINGLE && out->kind != PLAN_SESSION)
            out->kind = p.kind;
        out->takes_settings &= p.takes_settings;
    }
    if (out->kind == PLAN_SESSION)
        rc = session_make_ready(s, &again);
    return again ? execute_plan(s, several, out) : rc;
}

/* A little longer than the server's own timeout, so that its clean answer wins over dropping the
 * connection. */
#define CLIENT_TIMEOUT_GRACE_MS 700

int64_t stmt_deadline(const struct stmt *s)
{
    int64_t deadline = deadline_after_s((int64_t)s->attrs.query_timeout_s);
    return deadline == DEADLINE_NONE ? deadline : deadline + CLIENT_TIMEOUT_GRACE_MS;
}

static bool check_connection(struct stmt *s, struct err *e)
{
    if (!s->dbc->connected)
        return err_set(e, ST_08003, 0, "The connection is not open.");
    if (s->dbc->pid != getpid() || transport_is_foreign(s->dbc->transport))
        return err_set(
            e, ST_08003, 0,
            "This connection was opened before fork(): a child process must open its own.");
    return true;
}

/* Texts only: parameters may be personal data. */
static void log_statements(const struct stmt *s, const struct wire_request *r)
{
    for (size_t i = 0; i < r->n_stmts && log_wants(s->dbc->log, LOG_STATEMENT); i++)
        log_line(s->dbc->log, LOG_STATEMENT, "%.*s",
                 (int)(r->stmts[i].sql.len > 8192 ? 8192 : r->stmts[i].sql.len),
                 r->stmts[i].sql.ptr);
}

static bool send_request(struct stmt *s, struct stream *st, const struct wire_request *r,
                         size_t skip, struct err *e)
{
    struct exchange *x = r->session != NULL ? session_exchange_new(r->session, e)
                                            : exchange_new(s->dbc->transport, e);

    if (x == NULL)
        return false;
    s->by_session = r->session != NULL;
    log_statements(s, r);
    stmt_set_running(s, x);
    if (!exchange_begin(x, r, e) || !stream_start(st, x, skip, e)) {
        stmt_set_running(s, NULL); /* before it goes: SQLCancel may be looking at it */
        exchange_free(x);
        return false;
    }
    return true;
}

/* The settings of the session stand before every request, for HTTP keeps none; the query timeout
 * travels as statement_timeout too, so that the server itself ends the statement cleanly. */
bool stmt_send(struct stmt *s, struct stream *st, const struct wire_request *r, struct err *e)
{
    struct settings_head head;
    struct wire_request full = *r;
    bool ok;

    if (!check_connection(s, e))
        return false;
    if (r->alone)
        return send_request(s, st, r, 0, e);
    if (!settings_head_init(&head, &s->dbc->settings, true,
                            r->batch ? (uint64_t)s->attrs.query_timeout_s : 0, e))
        return false;
    ok = settings_head_before(&head, &full, e) && send_request(s, st, &full, head.n, e);
    settings_head_release(&head);
    return ok;
}

void stmt_stop(struct stmt *s, struct stream *st)
{
    /* A question on the side leaves the result that is being read to SQLCancel again. */
    stmt_set_running(s, st == &s->stream ? NULL : s->stream.exchange);
    stream_stop(st);
}

static void end_stream(struct stmt *s)
{
    stmt_stop(s, &s->stream);
}

/* Is a row count to be had from this statement before its rows were read? DML with RETURNING: yes,
 * so it is read whole. */
static bool wants_count_now(const struct sql_kind *k)
{
    return k->cls == SQLC_INSERT || k->cls == SQLC_UPDATE || k->cls == SQLC_DELETE ||
           k->cls == SQLC_MERGE;
}

/* Reads the next result of the stream up to what the application may ask at once. *found false: no
 * more results. */
static bool begin_result(struct stmt *s, const struct sql_kind *kind, bool *found, struct err *e)
{
    struct row_decoder *d = s->stream.decoder;
    enum decode_event ev = stream_next(&s->stream, false, e);

    *found = false;
    if (ev == DECODE_END)
        return true;
    if (ev == DECODE_ERROR)
        return false;
    if (ev != DECODE_FIELDS)
        return err_set(e, ST_08S01, 0,
                       "The server's answer is not Neon's protocol: a result without its columns.");
    *found = true;
    if (!colmeta_fill(s, row_decoder_columns(d), row_decoder_n_columns(d), e))
        return false;
    rows_begin(&s->rows, &s->stream, row_decoder_n_columns(d));
    if (!rows_prefetch(&s->rows,
                       s->ird.count == 0 || wants_count_now(kind) ? 0 : ROWS_PREFETCH_BYTES, e))
        return false;
    s->executed = true;
    s->cursor_open = s->ird.count > 0;
    s->row_count = s->rows.complete ? s->rows.row_count : -1;
    rowset_begin(s);
    return true;
}

static bool keep_value(struct stmt *s, struct buf *out, struct err *e)
{
    const struct cell *row;

    if (!rows_fill(&s->rows, 1, e))
        return false;
    if (rows_available(&s->rows) == 0 || s->ird.count == 0)
        return true;
    row = rows_at(&s->rows, 0);
    return row[0].ptr == NULL || buf_append(out, row[0].ptr, row[0].len) || err_oom(e);
}

static bool skip_results(struct stmt *s, const struct surroundings *around, struct err *e)
{
    static const struct sql_kind setting = {SQLC_SELECT, 0};

    for (size_t i = 0; i < around->n_before; i++) {
        bool found;
        if (!begin_result(s, &setting, &found, e) ||
            (found && i == around->wanted_at && !keep_value(s, around->wanted, e)) ||
            !rows_drain(&s->rows, e))
            return false;
        if (!found)
            return err_set(e, ST_08S01, 0,
                           "The server answered fewer results than statements were sent.");
    }
    return true;
}

/* When the last result is complete only the document's end is left: it is read, and the network
 * connection goes back. */
static bool finish_if_complete(struct stmt *s, struct err *e)
{
    if (!s->rows.complete || s->results_left > 0)
        return true;
    for (;;) {
        enum decode_event ev = stream_next(&s->stream, false, e);
        if (ev == DECODE_END) {
            stmt_set_running(s, NULL);
            return true;
        }
        if (ev == DECODE_ERROR)
            return false;
        if (s->results_behind == 0)
            return err_set(e, ST_08S01, 0,
                           "The server answered more results than statements were sent.");
        s->results_behind -= ev == DECODE_RESULT_END;
    }
}

/* SQL_DIAG_DYNAMIC_FUNCTION and its code, for what the text alone tells (SQLGetDiagField, "Values
 * of the Dynamic Function Fields"); definition statements stay SQL_DIAG_UNKNOWN_STATEMENT. */
static const struct {
    const char *name;
    SQLINTEGER code;
} dynamic_functions[] = {
    [SQLC_SELECT] = {"SELECT CURSOR", SQL_DIAG_SELECT_CURSOR},
    [SQLC_INSERT] = {"INSERT", SQL_DIAG_INSERT},
    [SQLC_UPDATE] = {"UPDATE WHERE", SQL_DIAG_UPDATE_WHERE},
    [SQLC_DELETE] = {"DELETE WHERE", SQL_DIAG_DELETE_WHERE},
    [SQLC_CALL] = {"CALL", SQL_DIAG_CALL},
};

static void note_function(struct stmt *s, const struct sql_kind *k)
{
    struct diag *d = &s->handle.diag;

    if (k->cls >= ARRAY_LEN(dynamic_functions) || dynamic_functions[k->cls].name == NULL)
        return;
    d->dynamic_function = dynamic_functions[k->cls].name;
    d->dynamic_function_code = dynamic_functions[k->cls].code;
}

/* The counts of the diagnostics' header: those that SQLRowCount gives. */
static void note_counts(struct stmt *s)
{
    s->handle.diag.row_count = (SQLLEN)s->row_count;
    s->handle.diag.cursor_row_count = s->cursor_open ? (SQLLEN)s->row_count : 0;
}

static SQLRETURN failed(struct stmt *s, struct err *e)
{
    if (s->by_session)
        session_note_state(s->dbc);
    else
        transaction_note_error(s->dbc, e);
    end_stream(s);
    stmt_close(s);
    return diag_post_err(&s->handle, e);
}

const char *execute_server_code(const struct stmt *s)
{
    const struct diag_record *r = diag_record(&s->handle.diag, 1);

    return r != NULL && r->pg != NULL && r->pg->value[PG_CODE] != NULL ? r->pg->value[PG_CODE] : "";
}

/* A searched UPDATE or DELETE that hit no row answers SQL_NO_DATA in ODBC 3 (SQLExecute's
 * reference); not with RETURNING, where an empty result set tells it. */
SQLRETURN execute_result_code(const struct stmt *s)
{
    const struct sql_kind *k = &s->script.stmts[0].kind;
    bool searched = k->cls == SQLC_UPDATE || k->cls == SQLC_DELETE || k->cls == SQLC_MERGE;

    if (searched && !s->cursor_open && s->row_count == 0 && !env_is_odbc2(s->dbc->env))
        return SQL_NO_DATA;
    return SQL_SUCCESS;
}

static bool no_result(struct err *e)
{
    return err_set(e, ST_08S01, 0, "The server's answer holds no result.");
}

SQLRETURN execute_start(struct stmt *s, const struct wire_request *r,
                        const struct surroundings *around, const struct sql_kind *kind)
{
    struct err e = ERR_INIT;
    bool found = false;

    stmt_close(s);
    if (!stmt_send(s, &s->stream, r, &e))
        return failed(s, &e);
    if (!skip_results(s, around, &e) || !begin_result(s, kind, &found, &e) ||
        (!found && !no_result(&e))) {
        /* The server said 200, but what it did is not to be read from the answer. */
        if (err_is(&e, ST_08S01) && e.effect == EFFECT_NONE && !r->repeatable)
            err_append(&e, "%s", ERR_OUTCOME_UNKNOWN);
        return failed(s, &e);
    }
    s->results_left = r->n_stmts - around->n_before - around->n_behind - 1;
    s->results_behind = around->n_behind;
    if (!finish_if_complete(s, &e))
        return failed(s, &e);
    note_counts(s);
    return s->cursor_open ? rowset_settle_concurrency(s) : execute_result_code(s);
}

/* What may change tables or types makes descriptions of other texts untrue. */
static bool may_define(enum sql_class cls)
{
    return cls != SQLC_SELECT && cls != SQLC_SHOW && cls != SQLC_EXPLAIN && cls != SQLC_SET;
}

static void forget_descriptions(struct stmt *s)
{
    static const enum sql_class changing[] = {SQLC_DDL, SQLC_ALONE, SQLC_DO, SQLC_CALL, SQLC_OTHER};

    for (size_t i = 0; i < s->script.n_stmts; i++)
        for (size_t k = 0; k < ARRAY_LEN(changing); k++)
            if (s->script.stmts[i].kind.cls == changing[k]) {
                describe_cache_clear(&s->dbc->described);
                type_names_clear(&s->dbc->type_names);
                if (changing[k] != SQLC_CALL) /* which may be under way */
                    routine_cache_clear(&s->dbc->routines);
                table_infos_clear(&s->dbc->tables);
            }
    for (size_t i = 0; i < s->script.n_stmts; i++)
        if (may_define(s->script.stmts[i].kind.cls)) {
            catalog_cache_changed(&s->dbc->catalog_cache);
            s->dbc->tx.defines |= transaction_is_open(s->dbc);
        }
}

static SQLRETURN run_read(struct stmt *s, const struct wire_stmt *read,
                          const struct sql_kind *kind);

SQLRETURN execute_statements(struct stmt *s, const struct plan *plan, const struct execution *x)
{
    bool batch = plan->kind == PLAN_BATCH || x->rollback;
    bool read_only = batch && dbc_is_read_only(s->dbc);
    struct wire_stmt *stmts;
    SQLRETURN rc;

    if (plan->kind == PLAN_READ)
        return run_read(s, &x->stmts[0], &s->script.stmts[0].kind);
    note_function(s, &s->script.stmts[0].kind);
    forget_descriptions(s);
    if (plan->kind == PLAN_SESSION)
        return session_statements(s, x);
    stmts = mem_calloc(x->n_stmts + 1, sizeof *stmts);
    if (stmts == NULL)
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    memcpy(stmts, x->stmts, x->n_stmts * sizeof *stmts);
    if (x->rollback)
        stmts[x->n_stmts] = (struct wire_stmt){SV_LIT("ROLLBACK"), NULL, 0};
    rc = execute_start(s,
                       &(struct wire_request){
                           .stmts = stmts,
                           .n_stmts = x->n_stmts + x->rollback,
                           .batch = batch,
                           .alone = !plan->takes_settings,
                           .isolation = batch ? dbc_isolation_header(s->dbc) : ISOLATION_DEFAULT,
                           .read_only = read_only,
                           .deferrable = read_only && dbc_is_deferrable(s->dbc),
                           .repeatable = read_only || x->rollback,
                           .deadline = stmt_deadline(s),
                           .read_timeout_s = dbc_read_timeout_s(s->dbc),
                       },
                       &(struct surroundings){0, x->rollback, SIZE_MAX, NULL},
                       &s->script.stmts[0].kind);
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

/* A read in a buffered transaction; what it was is remembered for the commit where the isolation
 * level asks for it. */
static SQLRETURN run_read(struct stmt *s, const struct wire_stmt *read, const struct sql_kind *kind)
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
            rc = failed(s, &e);
    } else {
        rc = failed(s, &e);
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
        return run_read(s, &stmts[n - 1], &own);
    return execute_start(s, &r, &(struct surroundings){n - 1, 0, SIZE_MAX, NULL}, &own);
}

static SQLRETURN run_planned_read(struct stmt *s, const char *const *casts)
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
    note_function(s, &st->kind);
    rc = run_read(s, &read, &st->kind);
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
    note_counts(s);
    return SQL_SUCCESS;
}

static SQLRETURN run_queued(struct stmt *s, const char *const *casts)
{
    SQLRETURN rc = transaction_queue(s, casts);

    note_function(s, &s->script.stmts[0].kind);
    forget_descriptions(s);
    if (rc == SQL_SUCCESS && s->dbc->options.buffered_row_count == BUFFERED_ROW_COUNT_PREVIEW &&
        s->script.n_stmts == 1)
        rc = preview_write(s);
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
    switch (plan->kind) {
    case PLAN_LOCAL:
        return cls == SQLC_EMPTY ? run_empty(s) : transaction_run_text(s);
    case PLAN_QUEUE:
        return run_queued(s, casts);
    case PLAN_READ:
        return run_planned_read(s, casts);
    case PLAN_SETTING:
        return setting_run(s, casts);
    default:
        return cls == SQLC_EMPTY ? run_empty(s) : run_planned(s, plan, casts);
    }
}

static bool executes_at_once(const struct plan *plan)
{
    return plan->kind == PLAN_SINGLE || plan->kind == PLAN_BATCH || plan->kind == PLAN_READ;
}

/* The server could not choose a type for a parameter, so nothing was executed: once more with text.
 * When nothing helps its first complaint stands. */
static SQLRETURN run_typed(struct stmt *s, const struct plan *plan, const char **casts)
{
    bool was_failed = s->dbc->tx.failed;
    struct diag first;
    SQLRETURN rc;

    param_types_apply(s, casts, 1);
    /* The server's error would come too late, or end its transaction. */
    if (plan->kind == PLAN_QUEUE || plan->kind == PLAN_SESSION)
        param_types_settle(s, casts, 1);
    rc = run(s, plan, casts);
    if (rc != SQL_ERROR || !executes_at_once(plan) || !param_types_learn(s, casts, 1))
        return rc;
    first = s->handle.diag;
    diag_init(&s->handle.diag);
    for (int tries = 0; tries < PARAM_TYPES_MAX_TRIES; tries++) {
        diag_clear(&s->handle.diag);
        s->dbc->tx.failed = was_failed;
        rc = run(s, plan, casts);
        if (rc != SQL_ERROR || !param_types_learn(s, casts, 1))
            break;
    }
    if (rc == SQL_ERROR && execute_server_code(s)[0] != '\0') {
        diag_release(&s->handle.diag);
        s->handle.diag = first;
    } else {
        diag_release(&first);
    }
    return rc;
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
    bool again;
    SQLRETURN rc;

    diag_clear(&s->handle.diag);
    s->dbc->tx.failed = false;
    rc = session_make_ready(s, &again);
    if (again)
        return diag_post(&s->handle, ST_08001, 0,
                         "This read needs a session, which cannot be had: the server refused it "
                         "over HTTP.");
    return rc == SQL_SUCCESS ? run(s, &plan, casts) : rc;
}

static SQLRETURN execute_one(struct stmt *s, const char **casts)
{
    struct plan plan;
    SQLRETURN read = params_collect(s, casts);
    struct stmt *cursor;
    SQLRETURN rc;

    if (read == SQL_NEED_DATA)
        return read;
    end_need_data(s);
    if (!SQL_SUCCEEDED(read))
        return read;
    cursor = positioned_cursor(s);
    rc = prepare_to_run(s, &plan);
    if (rc == SQL_SUCCESS)
        rc = cursor != NULL ? positioned_execute(s, cursor, casts) : run_typed(s, &plan, casts);
    if (rc == SQL_ERROR && session_can_rerun(s, plan.kind))
        rc = rerun(s, casts);
    return rc == SQL_SUCCESS ? read : rc;
}

SQLRETURN stmt_execute_ready(struct stmt *s)
{
    const char **casts;
    SQLRETURN rc;

    atomic_store(&s->cancel_pending, false);
    if (param_array_wanted(s))
        return execute_array(s);
    casts = mem_calloc(s->script.n_params + 1, sizeof *casts);
    if (casts == NULL)
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    rc = execute_one(s, casts);
    param_array_note_single(s, rc);
    mem_free(casts);
    return session_post_missed(s, rc);
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
    /* Refusals come before the application is asked for its data. */
    rc = prepare_to_run(s, &plan);
    if (rc != SQL_SUCCESS)
        return rc;
    rc = stmt_execute_ready(s);
    return rc == SQL_NEED_DATA ? params_begin_need_data(s, param_array_rows(s)) : rc;
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

SQLRETURN stmt_more_results(struct stmt *s)
{
    static const struct sql_kind other = {SQLC_SELECT, 0};
    struct err e = ERR_INIT;
    bool found = false;

    if (!s->executed || s->results_left == 0) {
        stmt_close(s);
        return SQL_NO_DATA;
    }
    if (!rows_drain(&s->rows, &e) || !begin_result(s, &other, &found, &e))
        return failed(s, &e);
    if (!found) {
        err_set(&e, ST_08S01, 0, "The server answered fewer results than statements were sent.");
        return failed(s, &e);
    }
    s->results_left--;
    if (!finish_if_complete(s, &e))
        return failed(s, &e);
    note_counts(s);
    return SQL_SUCCESS;
}

SQLRETURN stmt_row_count(struct stmt *s, SQLLEN *out)
{
    if (!s->executed)
        return diag_post(&s->handle, ST_HY010, 0, "No statement has been executed.");
    if (s->rows.complete)
        s->row_count = s->rows.row_count;
    *out = (SQLLEN)(s->edited ? s->edit_count : s->row_count);
    return SQL_SUCCESS;
}

/* The driver's own query sees the pending writes too; it is not part of what the transaction has
 * read. */
static SQLRETURN run_internal_in_transaction(struct stmt *s, const struct wire_stmt *query)
{
    static const struct sql_kind own = {SQLC_SHOW, 0}; /* not checked again at the commit */

    return run_read(s, query, &own);
}

SQLRETURN stmt_run_internal(struct stmt *s, struct strview sql, const struct wire_param *params,
                            size_t n_params)
{
    static const struct sql_kind select = {SQLC_SELECT, 0};
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
        return run_internal_in_transaction(s, &ws);
    }
    return execute_start(s, &r, &(struct surroundings){0, 0, SIZE_MAX, NULL}, &select);
}

SQLRETURN stmt_open_local(struct stmt *s)
{
    struct err e = ERR_INIT;

    if (!colmeta_fill_local(s, &s->local, &e))
        return failed(s, &e);
    rows_begin_local(&s->rows, &s->local);
    script_release(&s->script);
    s->prepared = false;
    s->executed = s->cursor_open = true;
    s->row_count = s->rows.row_count;
    rowset_begin(s);
    return SQL_SUCCESS;
}
