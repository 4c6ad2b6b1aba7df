/* The session's side of execution: when it is used, and the ways into it. Its transactions are
 * session_transaction.c's, its settings session_settings.c's. Called by execute.c, copy_in.c,
 * describe.c, transaction_end.c and api/. */
#include "stmt/session_int.h"

#include "sql/calls.h"
#include "sql/read_shape.h"
#include "stmt/setting.h"
#include "stmt/transaction.h"

/* ---- when ---- */

enum session_use session_use(const struct dbc *d)
{
    if (d->session == NULL || d->session_missed)
        return SESSION_NONE;
    if (d->options.transport == TRANSPORT_WEBSOCKET || d->tx.in_session ||
        session_is_stateful(d->session))
        return SESSION_ALL;
    return SESSION_ASIDE;
}

bool session_reads_apart(const struct stmt *s)
{
    const struct dbc *d = s->dbc;

    if (session_use(d) != SESSION_ASIDE || transaction_checks_reads(d))
        return false;
    for (size_t i = 0; i < s->script.n_stmts; i++)
        if (sql_calls_unknown(sv_n(s->script.stmts[i].text, s->script.stmts[i].len)))
            return false;
    return true;
}

/* ---- values of sequences ---- */

/* What looks like a table may be a view, and that may do it too. */
static bool may_take_values(const struct script_stmt *st)
{
    struct strview text = sv_n(st->text, st->len);

    return st->kind.cls != SQLC_SELECT || (st->kind.flags & SQLF_SEQUENCE) ||
           !read_shape_of(text).tableless || sql_calls_unknown(text);
}

void session_note_http(struct stmt *s)
{
    struct dbc *d = s->dbc;

    if (d->session == NULL || d->sequences_moved || !session_is_open(d->session))
        return;
    for (size_t i = 0; i < s->script.n_stmts && !d->sequences_moved; i++)
        d->sequences_moved = may_take_values(&s->script.stmts[i]);
}

#define FORGET_SEQUENCES "DISCARD SEQUENCES"

/* currval or lastval of a value that came over HTTP. */
static void explain_no_value(struct stmt *s)
{
    bool asks = false;

    for (size_t i = 0; i < s->script.n_stmts; i++)
        asks |= (s->script.stmts[i].kind.flags & SQLF_SESSION_FUNCTION) != 0;
    if (asks && s->dbc->options.transport == TRANSPORT_AUTO &&
        strcmp(execute_server_code(s), "55000") == 0)
        diag_add_row(&s->handle, SQL_NO_ROW_NUMBER,
                     "With Transport=auto a statement outside of a transaction goes over HTTP, and "
                     "what it takes from a sequence is not known to the session that currval and "
                     "lastval ask. Use INSERT ... RETURNING, or run both in one transaction, or "
                     "use Transport=websocket.");
}

/* ---- statements ---- */

/* Statements after which the session is not like any other, so that all others must follow them
 * into it. */
static bool leaves_state(struct sql_kind k)
{
    static const unsigned flags =
        SQLF_TEMP | SQLF_WITH_HOLD | SQLF_SESSION_FUNCTION | SQLF_LISTENS | SQLF_SET_CONFIG_SESSION;

    return k.cls == SQLC_PREPARE || k.cls == SQLC_LISTEN || (k.flags & flags) != 0;
}

static void note_effects(struct stmt *s)
{
    struct session *session = s->dbc->session;
    struct tx *t = &s->dbc->tx;

    for (size_t i = 0; i < s->script.n_stmts; i++) {
        struct sql_kind k = s->script.stmts[i].kind;
        if (leaves_state(k))
            session_set_stateful(session, true);
        t->replans |= t->in_session && (k.cls == SQLC_DDL || k.cls == SQLC_DO ||
                                        k.cls == SQLC_CALL || k.cls == SQLC_OTHER);
        t->defines |= t->replans;
        if (k.cls == SQLC_DDL || k.cls == SQLC_DISCARD || k.cls == SQLC_DEALLOCATE ||
            (k.cls == SQLC_ROLLBACK_TO && t->replans))
            session_forget_prepared(session);
    }
}

/* What the server said by the way: 01000, the first after the statement's own records. */
static SQLRETURN post_notices(struct stmt *s, SQLRETURN rc)
{
    struct pg_fields *f;

    while ((f = session_take_notice(s->dbc->session)) != NULL) {
        struct err e = ERR_INIT;
        const char *severity = f->value[PG_SEVERITY];
        const char *message = f->value[PG_MESSAGE];
        err_set(&e, ST_01000, 0, "%s: %s", severity ? severity : "NOTICE", message ? message : "");
        if (f->value[PG_DETAIL] != NULL)
            err_append(&e, "\nDETAIL: %s", f->value[PG_DETAIL]);
        if (f->value[PG_HINT] != NULL)
            err_append(&e, "\nHINT: %s", f->value[PG_HINT]);
        e.pg = f;
        diag_post_err(&s->handle, &e);
        if (rc == SQL_SUCCESS)
            rc = SQL_SUCCESS_WITH_INFO;
    }
    return rc;
}

static bool comes_in_portions(const struct sql_kind *k)
{
    return k->cls == SQLC_SELECT && (k->flags & SQLF_SELECT_INTO) == 0;
}

/* What PostgreSQL plans: it can be kept prepared, and takes a snapshot. */
static bool is_planned(const struct sql_kind *k)
{
    return k->cls == SQLC_SELECT || k->cls == SQLC_INSERT || k->cls == SQLC_UPDATE ||
           k->cls == SQLC_DELETE || k->cls == SQLC_MERGE;
}

/* A text that takes back or ends what an open result may have begun in. */
static bool ends_something(const struct stmt *s)
{
    static const enum sql_class ends[] = {SQLC_ROLLBACK_TO, SQLC_ROLLBACK, SQLC_COMMIT,
                                          SQLC_PREPARE_TRANSACTION};

    for (size_t i = 0; i < s->script.n_stmts; i++)
        for (size_t k = 0; k < ARRAY_LEN(ends); k++)
            if (s->script.stmts[i].kind.cls == ends[k])
                return true;
    return false;
}

/* Outside of a transaction: where nothing may stand before the statement itself, and where its
 * transaction must not have a snapshot yet (SET TRANSACTION; LOCK TABLE at REPEATABLE READ). */
static bool forget_sequences(struct dbc *d, struct err *e)
{
    const struct wire_stmt st = {SV_LIT(FORGET_SEQUENCES), NULL, 0};
    const struct wire_request r = {.stmts = &st,
                                   .n_stmts = 1,
                                   .repeatable = true,
                                   .deadline = session_own_deadline(d),
                                   .read_timeout_s = dbc_read_timeout_s(d)};

    if (d->sequences_moved && !session_run(d->session, &r, NULL, e))
        return false;
    d->sequences_moved = false;
    return true;
}

static SQLRETURN send(struct stmt *s, const struct execution *x, const struct sql_kind *kind,
                      bool begin)
{
    struct dbc *d = s->dbc;
    bool in_transaction = begin || d->tx.in_session;
    bool forget = begin && d->sequences_moved;
    struct wire_stmt *stmts = mem_calloc(x->n_stmts + 3, sizeof *stmts);
    struct buf text = BUF_INIT(256);
    size_t n = 0;
    SQLRETURN rc;

    if (stmts == NULL || (begin && !session_begin_text(d, &text))) {
        mem_free(stmts);
        buf_release(&text);
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    }
    if (begin)
        stmts[n++] = (struct wire_stmt){buf_sv(&text), NULL, 0};
    if (forget)
        stmts[n++] = (struct wire_stmt){SV_LIT(FORGET_SEQUENCES), NULL, 0};
    for (size_t i = 0; i < x->n_stmts; i++)
        stmts[n++] = x->stmts[i];
    if (ends_something(s))
        session_keep_results(d, s);
    rc = execute_start(
        s,
        &(struct wire_request){
            .stmts = stmts,
            .n_stmts = n,
            .session = d->session,
            .opened = true,
            .alone = true, /* the settings are the session's own */
            .in_transaction = in_transaction,
            .begins = begin,
            .in_portions = in_transaction && x->n_stmts == 1 && comes_in_portions(kind),
            .undescribed = x->n_stmts == 1 && kind->cls == SQLC_COPY_STDIO,
            .reuse = x->n_stmts == 1 && is_planned(kind),
            .deadline = deadline_after_s((int64_t)s->attrs.query_timeout_s),
            .read_timeout_s = dbc_read_timeout_s(d),
        },
        &(struct surroundings){(size_t)begin + forget, 0, SIZE_MAX, NULL}, kind);
    mem_free(stmts);
    buf_release(&text);
    session_note_state(d);
    if (forget && d->tx.in_session)
        d->sequences_moved = false;
    if (rc == SQL_ERROR)
        explain_no_value(s);
    if (begin)
        session_note_begin(s, rc);
    return post_notices(s, rc);
}

/* ---- opening ---- */

/* Of the driver's own statements. */
int64_t session_own_deadline(const struct dbc *d)
{
    return deadline_after_s((int64_t)d->stmt_defaults.query_timeout_s);
}

static bool open_session(struct stmt *s, struct err *e)
{
    struct dbc *d = s->dbc;

    if (d->options.session_idle_s > 0) /* else the end of a transaction closes it */
        session_close_if_idle(d);
    if (d->tx.in_session)
        return true;
    return session_open(d->session, deadline_after_s((int64_t)s->attrs.query_timeout_s), e) &&
           session_tell_settings(d, e);
}

SQLRETURN session_make_ready(struct stmt *s, bool *again)
{
    struct dbc *d = s->dbc;
    struct err e = ERR_INIT;

    *again = false;
    if (!d->connected || open_session(s, &e))
        return SQL_SUCCESS;
    if (d->options.transport == TRANSPORT_AUTO && session_use(d) == SESSION_ASIDE &&
        session_is_unavailable(d->session)) {
        log_line(d->log, LOG_ERROR, "%s", buf_str(&e.text));
        err_release(&e);
        d->session_missed = *again = true;
        return SQL_SUCCESS;
    }
    session_note_state(d);
    if (transaction_is_open(d)) /* a COMMIT must not store what comes without this statement */
        d->tx.failed = d->tx.used = true;
    return diag_post_err(&s->handle, &e);
}

SQLRETURN session_post_missed(struct stmt *s, SQLRETURN rc)
{
    struct dbc *d = s->dbc;

    if (!d->session_missed || d->session_warned)
        return rc;
    d->session_warned = true;
    diag_post(&s->handle, ST_01000, 0,
              "No session (WebSocket) can be had here, so this connection buffers its transactions "
              "as with Transport=http: a proxy on the way, or the host, does not take WebSockets.");
    return rc == SQL_SUCCESS ? SQL_SUCCESS_WITH_INFO : rc;
}

bool session_can_rerun(const struct stmt *s, enum plan_kind kind)
{
    const struct diag_record *r = diag_record(&s->handle.diag, 1);
    const struct script_stmt *st = &s->script.stmts[0];
    bool plain = s->script.n_stmts == 1 && st->kind.cls == SQLC_SELECT && st->kind.flags == 0;

    if (session_use(s->dbc) != SESSION_ASIDE || r == NULL)
        return false;
    if (neon_error_is_temporary_path(r->pg)) /* nothing of the batch holds */
        return !transaction_is_open(s->dbc);
    if (!plain)
        return false;
    if (kind == PLAN_READ)
        return r->native == 507 || strcmp(execute_server_code(s), "25006") == 0;
    return kind == PLAN_SINGLE && r->native == 507 && !sql_calls_unknown(sv_n(st->text, st->len));
}

void session_close_if_idle(struct dbc *d)
{
    if (d->session == NULL || d->options.transport != TRANSPORT_AUTO ||
        session_use(d) != SESSION_ASIDE || !session_is_open(d->session))
        return;
    if (session_is_answering(d->session))
        return;
    if (session_idle_ms(d->session) >= d->options.session_idle_s * 1000)
        session_close(d->session);
}

/* ---- the entrances ---- */

/* What was prepared is gone, or made for tables that somebody has changed since: nothing was
 * executed, and it is prepared anew. Inside of a transaction that has failed thereby, as over TCP.
 */
static bool plan_is_stale(const struct stmt *s)
{
    const char *code = execute_server_code(s);

    if (strcmp(code, "26000") == 0)
        return true;
    /* the message has this in words, which are the server's language's */
    return strcmp(code, "0A000") == 0 &&
           strcmp(execute_server_field(s, PG_ROUTINE), "RevalidateCachedQuery") == 0;
}

/* Nothing has run yet: neither the statement nor, but for BEGIN, another of its transaction. */
static SQLRETURN send_afresh(struct stmt *s, const struct execution *x, const struct sql_kind *kind,
                             bool begin)
{
    struct dbc *d = s->dbc;

    diag_clear(&s->handle.diag);
    if (begin) {
        session_rollback(d);
        d->tx.in_session = d->tx.failed = false;
    }
    return send(s, x, kind, begin);
}

/* By what is prepared, or prepared anew. */
static SQLRETURN send_prepared(struct stmt *s, const struct execution *x,
                               const struct sql_kind *kind, bool begin)
{
    struct dbc *d = s->dbc;
    bool first = begin || !d->tx.in_session;
    SQLRETURN rc = send(s, x, kind, begin);

    if (rc != SQL_ERROR || x->n_stmts != 1 || !is_planned(kind) || !plan_is_stale(s))
        return rc;
    session_forget_prepared(d->session); /* the transaction tried again does not meet it */
    if (first)
        return send_afresh(s, x, kind, begin);
    diag_add_row(&s->handle, SQL_NO_ROW_NUMBER,
                 "The statement was kept prepared, and its table has been changed since, or what "
                 "was prepared has been taken away. The server has failed the transaction: roll "
                 "back and run it again; everything is prepared anew then.");
    return rc;
}

SQLRETURN session_statements(struct stmt *s, const struct execution *x)
{
    struct dbc *d = s->dbc;
    const struct sql_kind *kind = &s->script.stmts[0].kind;
    bool begin = session_begins(s);
    struct err e = ERR_INIT;
    SQLRETURN rc;

    if (!setting_fits(s, x->stmts, x->n_stmts, &e) || !transaction_may_set(s, &e) ||
        (!begin && !d->tx.in_session && !session_set_modes(d, &e)) ||
        (!d->tx.in_session && !(begin && is_planned(kind)) && !forget_sequences(d, &e))) {
        stmt_close(s);
        session_note_state(d);
        return diag_post_err(&s->handle, &e);
    }
    rc = send_prepared(s, x, kind, begin);
    if (!SQL_SUCCEEDED(rc) && rc != SQL_NO_DATA)
        return rc;
    note_effects(s);
    if (session_keeps_text_readable(d, &e) && setting_note_session(s, &e) &&
        transaction_note_session(s, &e)) {
        session_keep_open(d);
        return rc;
    }
    stmt_close(s);
    session_note_state(d);
    return diag_post_err(&s->handle, &e);
}

static struct wire_request copy_request(struct stmt *s, const struct wire_stmt *stmts, bool begin)
{
    return (struct wire_request){
        .stmts = stmts,
        .n_stmts = begin ? 2 : 1,
        .session = s->dbc->session,
        .alone = true,
        .in_transaction = begin || s->dbc->tx.in_session,
        .begins = begin,
        .undescribed = true,
        .copy_in = true,
        .deadline = deadline_after_s((int64_t)s->attrs.query_timeout_s),
        .read_timeout_s = dbc_read_timeout_s(s->dbc),
    };
}

SQLRETURN session_copy_begin(struct stmt *s, struct strview text)
{
    struct dbc *d = s->dbc;
    struct wire_stmt stmts[2];
    struct wire_request r;
    struct buf begin = BUF_INIT(256);
    struct err e = ERR_INIT;
    SQLRETURN rc = SQL_SUCCESS;

    stmt_close(s);
    s->copy_in.began = session_begins(s);
    if (s->copy_in.began && !session_begin_text(d, &begin))
        err_oom(&e);
    else if (!d->tx.in_session &&
             ((!s->copy_in.began && !session_set_modes(d, &e)) || !forget_sequences(d, &e)))
        session_note_state(d);
    stmts[0] = stmts[1] = (struct wire_stmt){text, NULL, 0};
    if (s->copy_in.began)
        stmts[0].sql = buf_sv(&begin);
    r = copy_request(s, stmts, s->copy_in.began);
    if (err_is_set(&e))
        rc = diag_post_err(&s->handle, &e);
    else
        rc = execute_send(s, &r);
    session_note_state(d);
    if (s->copy_in.began && rc != SQL_SUCCESS)
        session_note_begin(s, rc);
    s->copy_in.active = rc == SQL_SUCCESS;
    buf_release(&begin);
    return post_notices(s, rc);
}

SQLRETURN session_copy_finish(struct stmt *s)
{
    const struct wire_request r = copy_request(s, NULL, s->copy_in.began);
    struct err e = ERR_INIT;
    SQLRETURN rc;

    s->copy_in.active = false;
    if (session_copy_end(s->stream.exchange, &e))
        rc = execute_open(s, &r, &(struct surroundings){s->copy_in.began, 0, SIZE_MAX, NULL},
                          &s->script.stmts[0].kind);
    else
        rc = execute_failed(s, &e);
    session_note_state(s->dbc);
    return post_notices(s, rc);
}

SQLRETURN session_internal(struct stmt *s, const struct wire_stmt *query)
{
    static const struct sql_kind select = {SQLC_SELECT, 0};
    struct err e = ERR_INIT;

    if (!open_session(s, &e)) {
        stmt_close(s);
        return diag_post_err(&s->handle, &e);
    }
    return send_prepared(s, &(struct execution){query, 1, false}, &select,
                         !s->dbc->tx.in_session && transaction_is_open(s->dbc));
}

bool session_describe_stmt(struct stmt *s, struct strview text, struct session_description *out,
                           struct err *e)
{
    struct dbc *d = s->dbc;
    const struct wire_request r = {.in_transaction = d->tx.in_session,
                                   .repeatable = true,
                                   .deadline = deadline_after_s((int64_t)s->attrs.query_timeout_s),
                                   .read_timeout_s = dbc_read_timeout_s(d)};
    bool ok = open_session(s, e) && session_describe(d->session, text, &r, out, e);

    session_note_state(d);
    return ok;
}
