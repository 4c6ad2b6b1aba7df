/* A request of execution and what it brings: sent, cancelled and timed out, its results opened one
 * after the other. It does not decide what is sent (execute.c) and reads no rows beyond the first
 * (rows.c). Called by execute.c, session.c, describe.c and api/. */
#include "stmt/execute.h"

#include "base/clock.h"
#include "base/process.h"
#include "stmt/session.h"
#include "stmt/transaction.h"

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
    if (s->dbc->pid != process_id() || transport_is_foreign(s->dbc->transport))
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

bool stmt_creates(const struct stmt *s)
{
    bool creates = false;

    for (size_t i = 0; i < s->script.n_stmts; i++)
        creates |= (s->script.stmts[i].kind.flags & SQLF_CREATES) != 0;
    return creates && !transaction_is_open(s->dbc); /* there each has its check before it */
}

static enum settings_look look_before(const struct stmt *s, const struct wire_request *r)
{
    if (r->read_only) /* CREATE fails there, SET does not */
        return LOOK_NEVER;
    return stmt_creates(s) ? LOOK_ALWAYS : LOOK_IN_DOUBT;
}

/* The settings of the session stand before every request, for HTTP keeps none; the query timeout
 * travels as statement_timeout too, so that the server itself ends the statement cleanly. */
bool stmt_send(struct stmt *s, struct stream *st, const struct wire_request *r, struct err *e)
{
    uint64_t timeout_s = r->batch ? (uint64_t)s->attrs.query_timeout_s : 0;
    struct settings_head head;
    struct wire_request full = *r;
    bool ok;

    if (!check_connection(s, e))
        return false;
    full.timeout_at = settings_timeout_at(&s->dbc->settings, timeout_s);
    if (r->alone)
        return send_request(s, st, &full, 0, e);
    if (!settings_head_init(&head, &s->dbc->settings, true, timeout_s, look_before(s, r), e))
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
        if (!begin_result(s, &setting, &found, e))
            return false;
        if (!found)
            return err_set(e, ST_08S01, 0,
                           "The server answered fewer results than statements were sent.");
        if ((i == around->wanted_at && !keep_value(s, around->wanted, e)) ||
            !rows_drain(&s->rows, e))
            return false;
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

/* The counts of the diagnostics' header: those that SQLRowCount gives. */
void execute_note_counts(struct stmt *s)
{
    s->handle.diag.row_count = (SQLLEN)s->row_count;
    s->handle.diag.cursor_row_count = s->cursor_open ? (SQLLEN)s->row_count : 0;
}

SQLRETURN execute_failed(struct stmt *s, struct err *e)
{
    if (s->by_session)
        session_note_state(s->dbc);
    else
        transaction_note_error(s->dbc, e);
    end_stream(s);
    stmt_close(s);
    return diag_post_err(&s->handle, e);
}

/* The server said 200, but what it did is not to be read from the answer. Of a session's
 * transaction nothing is left. */
static SQLRETURN answer_failed(struct stmt *s, struct err *e)
{
    if (err_is(e, ST_08S01) && e->effect == EFFECT_NONE && s->stores)
        err_append(e, "%s", ERR_OUTCOME_UNKNOWN);
    return execute_failed(s, e);
}

const char *execute_server_field(const struct stmt *s, enum pg_field which)
{
    const struct diag_record *r = diag_record(&s->handle.diag, 1);

    return r != NULL && r->pg != NULL && r->pg->value[which] != NULL ? r->pg->value[which] : "";
}

const char *execute_server_code(const struct stmt *s)
{
    return execute_server_field(s, PG_CODE);
}

/* A searched UPDATE or DELETE that hit no row answers SQL_NO_DATA in ODBC 3 (SQLExecute's
 * reference); not with RETURNING, where an empty result set tells it. */
SQLRETURN execute_result_code(const struct stmt *s)
{
    enum sql_class cls = s->script.n_stmts > 0 ? s->script.stmts[0].kind.cls : SQLC_SELECT;
    bool searched = cls == SQLC_UPDATE || cls == SQLC_DELETE || cls == SQLC_MERGE;

    if (searched && !s->cursor_open && s->row_count == 0 && !env_is_odbc2(s->dbc->env))
        return SQL_NO_DATA;
    return SQL_SUCCESS;
}

SQLRETURN execute_send(struct stmt *s, const struct wire_request *r)
{
    struct err e = ERR_INIT;

    stmt_close(s);
    return stmt_send(s, &s->stream, r, &e) ? SQL_SUCCESS : execute_failed(s, &e);
}

SQLRETURN execute_start(struct stmt *s, const struct wire_request *r,
                        const struct surroundings *around, const struct sql_kind *kind)
{
    SQLRETURN rc = execute_send(s, r);

    return rc == SQL_SUCCESS ? execute_open(s, r, around, kind) : rc;
}

/* The result that the application wants first, and where nothing is behind it the answer's end. */
static bool open_results(struct stmt *s, const struct wire_request *r,
                         const struct surroundings *around, const struct sql_kind *kind,
                         struct err *e)
{
    bool found = false;

    if (!skip_results(s, around, e) || !begin_result(s, kind, &found, e))
        return false;
    if (!found)
        return err_set(e, ST_08S01, 0, "The server's answer holds no result.");
    s->results_left = r->n_stmts - around->n_before - around->n_behind - 1;
    s->results_behind = around->n_behind;
    return finish_if_complete(s, e);
}

SQLRETURN execute_open(struct stmt *s, const struct wire_request *r,
                       const struct surroundings *around, const struct sql_kind *kind)
{
    struct err e = ERR_INIT;

    s->stores = !r->repeatable && !r->in_transaction;
    if (!open_results(s, r, around, kind, &e))
        return answer_failed(s, &e);
    execute_note_counts(s);
    return s->cursor_open ? rowset_settle_concurrency(s) : execute_result_code(s);
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
        return answer_failed(s, &e);
    if (!found) {
        err_set(&e, ST_08S01, 0, "The server answered fewer results than statements were sent.");
        return answer_failed(s, &e);
    }
    s->results_left--;
    if (!finish_if_complete(s, &e))
        return answer_failed(s, &e);
    execute_note_counts(s);
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

SQLRETURN stmt_open_local(struct stmt *s)
{
    SQLRETURN rc = stmt_show_local(s);

    if (rc == SQL_SUCCESS) {
        script_release(&s->script);
        s->prepared = false;
    }
    return rc;
}

SQLRETURN stmt_show_local(struct stmt *s)
{
    struct err e = ERR_INIT;

    if (!colmeta_fill_local(s, &s->local, &e))
        return execute_failed(s, &e);
    rows_begin_local(&s->rows, &s->local);
    s->executed = s->cursor_open = true;
    s->row_count = s->rows.row_count;
    rowset_begin(s);
    return SQL_SUCCESS;
}
