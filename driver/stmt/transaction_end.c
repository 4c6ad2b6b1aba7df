/* The end of a transaction: what waits is sent as one batch, or the session commits, and what the
 * connection has learned in it is kept or forgotten. Its control as text is transaction.c's. Called
 * by that and api/. */
#include "stmt/transaction_end.h"

#include "base/clock.h"
#include "handle/answer.h"
#include "stmt/session.h"
#include "stmt/transaction.h"

/* The answer to its end: only then is it known that all of the batch was executed. */
static bool read_to_end(struct exchange *x, size_t n_results, struct err *e)
{
    struct row_decoder *dec = row_decoder_new();
    size_t n = 0;
    bool ended;
    bool ok = dec != NULL || err_oom(e);

    while (ok) {
        enum decode_event ev = row_decoder_next(dec, e);
        if (ev == DECODE_END)
            break;
        if (ev == DECODE_MORE)
            ok = answer_pull(x, dec, &ended, e);
        else
            ok = ev != DECODE_ERROR;
        if (ev == DECODE_ROW)
            row_decoder_release_rows(dec);
        n += ev == DECODE_RESULT_END;
    }
    row_decoder_free(dec);
    if (ok && n != n_results)
        ok = err_set(e, ST_08S01, 0, "The server answered %zu results to %zu statements.", n,
                     n_results);
    return ok;
}

/* Behind "commit": the state that says that it may have happened (08007), or that a check failed
 * (40001). */
static void judge_failure(struct err *e, bool sent)
{
    const char *message = e->pg != NULL ? e->pg->value[PG_MESSAGE] : NULL;

    if (message != NULL && strstr(message, TX_CHECK_FAILED) != NULL) {
        pg_fields_free(e->pg);
        e->pg = NULL;
        err_set_state(e, "40001", 0,
                      "The transaction was rolled back: what it had read, or how many rows it had "
                      "changed, is different now, because another transaction has committed in "
                      "between. Run the transaction again from its beginning.");
    } else if (e->effect == EFFECT_UNKNOWN || (sent && e->pg == NULL)) {
        memcpy(e->state, "08007", sizeof "08007");
        if (e->effect != EFFECT_UNKNOWN)
            err_append(e, "%s", ERR_OUTCOME_UNKNOWN);
        e->effect = EFFECT_UNKNOWN;
    } else if (e->pg != NULL && e->pg->value[PG_CODE] != NULL && !e->retry_safe) {
        err_append(e, "%s",
                   "\nThe transaction was rolled back: this is the error of one of its statements, "
                   "which were sent together.");
    } else if (e->pg != NULL) {
        err_append(e, "%s", "\nThe transaction was rolled back: nothing of it was stored.");
    }
}

static bool send_batch(struct dbc *d, struct wire_request *r, struct err *e)
{
    uint64_t timeout_s = (uint64_t)d->stmt_defaults.query_timeout_s;
    struct settings_head head;
    struct exchange *x = NULL;
    bool ok;

    if (!settings_head_init(&head, &d->settings, true, timeout_s,
                            r->read_only ? LOOK_NEVER : LOOK_IN_DOUBT, e))
        return false;
    r->timeout_at = settings_timeout_at(&d->settings, timeout_s);
    if (settings_head_before(&head, r, e))
        x = exchange_start(d->transport, r, e);
    ok = x != NULL && read_to_end(x, r->n_stmts, e);
    if (!ok)
        judge_failure(e, x != NULL);
    exchange_free(x);
    settings_head_release(&head);
    return ok;
}

static bool send_commit(struct dbc *d, const struct wire_stmt *stmts, size_t n, struct err *e)
{
    struct wire_request r = {
        .stmts = stmts,
        .n_stmts = n,
        .batch = true,
        .isolation = transaction_header(d),
        .read_only = (transaction_is_read_only(d) && !d->tx.read_only_behind) ||
                     (d->tx.n_writes == 0 && d->tx.n_undone == 0),
        .deferrable = transaction_is_deferrable(d),
        .committing = true,
        .repeatable = d->tx.n_writes == 0,
        .deadline = deadline_after_s((int64_t)d->stmt_defaults.query_timeout_s),
        .read_timeout_s = dbc_read_timeout_s(d),
    };

    for (size_t i = 0; i < n && log_wants(d->log, LOG_STATEMENT); i++)
        log_line(d->log, LOG_STATEMENT, "%.*s",
                 (int)(stmts[i].sql.len > 8192 ? 8192 : stmts[i].sql.len), stmts[i].sql.ptr);
    return send_batch(d, &r, e);
}

static bool nothing_to_send(const struct tx *t)
{
    return t->n_writes == 0 && t->n_checks < 2; /* one read alone is as good as any moment */
}

static void forget_definitions(struct dbc *d)
{
    describe_cache_clear(&d->described);
    type_names_clear(&d->type_names);
    routine_cache_clear(&d->routines);
    table_infos_clear(&d->tables);
}

void transaction_forget_definitions(struct dbc *d)
{
    if (!d->tx.defines)
        return;
    forget_definitions(d);
    catalog_cache_changed(&d->catalog_cache);
    if (d->tx.replans && d->session != NULL)
        session_forget_prepared(d->session);
}

static bool send_waiting(struct dbc *d, struct err *e)
{
    struct wire_stmt *stmts;
    bool ok;

    if (nothing_to_send(&d->tx))
        return true;
    stmts = mem_calloc(d->tx.n_items, sizeof *stmts);
    ok = stmts != NULL ? tx_prepare(&d->tx, e) : err_oom(e);
    ok = ok && send_commit(d, stmts, tx_wire(&d->tx, true, stmts), e);
    forget_definitions(d); /* they may be among them */
    mem_free(stmts);
    return ok;
}

/* What SET has set in the transaction stays. Memory that runs out here changes no outcome: the
 * commit has happened, and the application is told what is missing. */
static bool keep_settings(struct dbc *d, struct err *e)
{
    for (size_t i = 0; i < d->tx.n_items; i++) {
        const struct tx_item *item = &d->tx.items[i];
        if (item->kind == TX_SETTING && item->lasting && !dbc_apply_setting(d, item->setting, e)) {
            err_append(e, "%s", " The transaction was committed, but its SET statements are lost.");
            return false;
        }
    }
    return true;
}

void transaction_undo_cursors(struct dbc *d, uint64_t since)
{
    for (struct stmt *s = d->stmts; s != NULL; s = s->next)
        rowset_undo(s, since);
}

static void settle_cursors(struct dbc *d, bool committed)
{
    if (!committed)
        transaction_undo_cursors(d, 0);
    for (struct stmt *s = d->stmts; s != NULL; s = s->next)
        rowset_keep(s);
}

bool transaction_commit(struct dbc *d, struct err *e)
{
    bool ok;

    if (d->tx.failed) {
        if (d->session != NULL)
            session_rollback(d);
        transaction_forget_definitions(d);
        ok = err_set(e, ST_25S03, 0,
                     "The transaction was rolled back instead: one of its statements had failed. "
                     "Nothing of it was stored.");
    } else if (d->tx.in_session) {
        ok = session_commit(d, e) && keep_settings(d, e) && dbc_settings_are_told(d, e);
        transaction_forget_definitions(d);
    } else {
        ok = send_waiting(d, e) && keep_settings(d, e);
    }
    if (d->tx.defines)
        catalog_cache_changed(&d->catalog_cache);
    tx_reset(&d->tx);
    settle_cursors(d, ok);
    return ok;
}

void transaction_rollback(struct dbc *d)
{
    if (d->session != NULL)
        session_rollback(d);
    transaction_forget_definitions(d);
    tx_reset(&d->tx);
    settle_cursors(d, false);
}

SQLRETURN transaction_end(struct dbc *d, bool commit)
{
    struct err e = ERR_INIT;
    bool ok;

    if (!commit) {
        transaction_rollback(d);
        session_close_if_idle(d);
        return SQL_SUCCESS;
    }
    ok = transaction_commit(d, &e);
    session_close_if_idle(d);
    return ok ? SQL_SUCCESS : diag_post_err(&d->handle, &e);
}
