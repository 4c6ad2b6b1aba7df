/* The server's transaction in a session: with what words it begins, how it ends, and what the
 * connection knows of it. Called by session.c, transaction_end.c and execute_answer.c. */
#include "stmt/session_int.h"

#include "stmt/transaction.h"

static bool has_settings(const struct tx *t)
{
    for (size_t i = 0; i < t->n_items; i++)
        if (t->items[i].kind == TX_SETTING)
            return true;
    return false;
}

void session_note_state(struct dbc *d)
{
    enum session_transaction now = session_transaction(d->session);

    if (session_take_lost(d->session)) {
        d->tx.failed = true;
        d->tx.in_session = false;
        d->tx.used = true;
        return;
    }
    if (now != SESSION_IDLE) {
        d->tx.in_session = d->tx.used = true;
        d->tx.failed = now == SESSION_FAILED;
        d->tx.begun |= d->attrs.autocommit == SQL_AUTOCOMMIT_ON;
    } else if (d->tx.in_session) { /* ended by a text of several statements */
        if (has_settings(&d->tx))  /* in force or not: only the session knows */
            session_set_stateful(d->session, true);
        tx_reset(&d->tx);
    }
}

const char *session_level_name(enum isolation level)
{
    static const char *const names[] = {
        [ISOLATION_READ_UNCOMMITTED] = "READ UNCOMMITTED",
        [ISOLATION_READ_COMMITTED] = "READ COMMITTED",
        [ISOLATION_REPEATABLE_READ] = "REPEATABLE READ",
        [ISOLATION_SERIALIZABLE] = "SERIALIZABLE",
    };
    return names[level];
}

bool session_begin_text(const struct dbc *d, struct buf *out)
{
    const char *level = session_level_name(transaction_header(d));

    buf_append_str(out, "BEGIN");
    if (level != NULL)
        buf_printf(out, " ISOLATION LEVEL %s", level);
    if (transaction_is_read_only(d))
        buf_append_str(out, " READ ONLY");
    else if (d->tx.read_only == 0)
        buf_append_str(out, " READ WRITE");
    if (transaction_is_deferrable(d))
        buf_append_str(out, " DEFERRABLE");
    else if (d->tx.deferrable == 0)
        buf_append_str(out, " NOT DEFERRABLE");
    return out->failed == BUF_OK;
}

bool session_begins(const struct stmt *s)
{
    static const enum sql_class alone[] = {SQLC_ALONE, SQLC_COMMIT_PREPARED, SQLC_ROLLBACK_PREPARED,
                                           SQLC_DISCARD};
    const struct dbc *d = s->dbc;

    if (d->tx.in_session || !transaction_is_open(d))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(alone) && s->script.n_stmts == 1 && !d->tx.begun; i++)
        if (s->script.stmts[0].kind.cls == alone[i])
            return false;
    return true;
}

/* A transaction that began with this text may have ended with it ("...; COMMIT"). Where the text
 * failed outside of one, the application still believes to be inside: all fails until it rolls
 * back. */
void session_note_begin(struct stmt *s, SQLRETURN rc)
{
    struct tx *t = &s->dbc->tx;

    if (t->in_session || t->failed)
        return;
    if (SQL_SUCCEEDED(rc) || rc == SQL_NO_DATA)
        tx_reset(t);
    else if (execute_server_code(s)[0] != '\0')
        t->failed = t->used = true;
}

void session_keep_results(struct dbc *d, const struct stmt *but)
{
    for (struct stmt *s = d->stmts; s != NULL; s = s->next)
        if (s != but && s->cursor_open && s->stream.exchange != NULL)
            session_keep_rest(s->stream.exchange);
}

static bool end(struct dbc *d, const char *how, const char **command, struct err *e)
{
    const struct wire_stmt st = {sv(how), NULL, 0};
    const struct wire_request r = {
        .stmts = &st,
        .n_stmts = 1,
        .committing = how[0] == 'C',
        .in_transaction = true,
        .deadline = session_own_deadline(d),
        .read_timeout_s = dbc_read_timeout_s(d),
    };

    if (log_wants(d->log, LOG_STATEMENT))
        log_line(d->log, LOG_STATEMENT, "%s", how);
    session_keep_results(d, NULL);
    return session_run(d->session, &r, command, e);
}

void session_keep_open(struct dbc *d)
{
    const struct wire_request r = {.deadline = session_own_deadline(d),
                                   .read_timeout_s = dbc_read_timeout_s(d)};
    struct err e = ERR_INIT;

    if (session_is_stateful(d->session) && session_transaction(d->session) == SESSION_IDLE &&
        !session_stay(d->session, &r, &e))
        log_line(d->log, LOG_ERROR, "%s", buf_str(&e.text)); /* the next statement finds out */
    err_release(&e);
}

bool session_commit(struct dbc *d, struct err *e)
{
    const char *command = "";
    bool ok = end(d, "COMMIT", &command, e);

    (void)session_take_lost(d->session);
    session_keep_open(d);
    if (!ok && e->effect == EFFECT_UNKNOWN) /* of whatever kind: a timeout too */
        memcpy(e->state, "08007", sizeof "08007");
    if (ok && strcmp(command, "ROLLBACK") == 0)
        ok = err_set(e, ST_25S03, 0,
                     "The transaction was rolled back instead: one of its statements had failed. "
                     "Nothing of it was stored.");
    return ok;
}

void session_rollback(struct dbc *d)
{
    struct err e = ERR_INIT;

    if (session_transaction(d->session) != SESSION_IDLE && !end(d, "ROLLBACK", NULL, &e))
        session_close(d->session); /* the server rolls back then */
    (void)session_take_lost(d->session);
    session_keep_open(d);
    err_release(&e);
}

bool session_begin_trial(struct dbc *d, const char *savepoint)
{
    struct buf text = BUF_INIT(0);
    struct wire_stmt stmts[] = {{SV_LIT("BEGIN"), NULL, 0}, {{NULL, 0}, NULL, 0}};
    const struct wire_request r = {.stmts = stmts,
                                   .n_stmts = 2,
                                   .repeatable = true,
                                   .in_transaction = true,
                                   .deadline = session_own_deadline(d),
                                   .read_timeout_s = dbc_read_timeout_s(d)};
    struct err e = ERR_INIT;
    bool ok = session_is_open(d->session) && buf_printf(&text, "SAVEPOINT %s", savepoint);

    stmts[1].sql = buf_sv(&text);
    ok = ok && session_run(d->session, &r, NULL, &e);
    buf_release(&text);
    err_release(&e);
    session_note_state(d);
    return ok;
}

void session_end_trial(struct dbc *d)
{
    session_rollback(d);
    tx_reset(&d->tx);
}
