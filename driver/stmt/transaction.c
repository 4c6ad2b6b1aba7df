/* Transactions: what is in force in one, its control as text, and what waits for its end
 * (transaction_end.c). What a statement does inside of one is execute.c's. Called by execute.c and
 * api/. */
#include "stmt/transaction.h"

#include "sql/transaction_text.h"
#include "stmt/setting.h"
#include "stmt/transaction_end.h"

bool transaction_is_open(const struct dbc *d)
{
    return d->connected &&
           (d->tx.begun || d->tx.in_session || d->attrs.autocommit == SQL_AUTOCOMMIT_OFF);
}

static SQLUINTEGER level_of(enum isolation i)
{
    static const SQLUINTEGER levels[] = {
        [ISOLATION_DEFAULT] = 0,
        [ISOLATION_READ_UNCOMMITTED] = SQL_TXN_READ_UNCOMMITTED,
        [ISOLATION_READ_COMMITTED] = SQL_TXN_READ_COMMITTED,
        [ISOLATION_REPEATABLE_READ] = SQL_TXN_REPEATABLE_READ,
        [ISOLATION_SERIALIZABLE] = SQL_TXN_SERIALIZABLE,
    };
    return levels[i];
}

SQLUINTEGER transaction_level_now(const struct dbc *d)
{
    return d->tx.has_isolation ? level_of(d->tx.isolation) : dbc_isolation(d);
}

enum isolation transaction_header(const struct dbc *d)
{
    enum isolation asked = d->tx.has_isolation ? d->tx.isolation : dbc_isolation_header(d);

    /* Reads are checked or not by the level: where the server's default was not asked for
     * (VerifyConnectionEarly=0), the level that the driver takes it to be is said. */
    if (asked == ISOLATION_DEFAULT && d->server.default_isolation == NULL)
        return ISOLATION_READ_COMMITTED;
    return asked;
}

bool transaction_is_read_only(const struct dbc *d)
{
    if (d->tx.read_only >= 0)
        return d->tx.read_only == 1;
    return d->tx.connection_read_only >= 0 ? d->tx.connection_read_only == 1 : dbc_is_read_only(d);
}

bool transaction_is_deferrable(const struct dbc *d)
{
    return d->tx.deferrable >= 0 ? d->tx.deferrable == 1 : dbc_is_deferrable(d);
}

bool transaction_checks_reads(const struct dbc *d)
{
    SQLUINTEGER level = transaction_level_now(d);

    return level == SQL_TXN_REPEATABLE_READ || level == SQL_TXN_SERIALIZABLE;
}

void transaction_note_error(struct dbc *d, struct err *e)
{
    const char *code = e->pg != NULL ? e->pg->value[PG_CODE] : NULL;

    if (!transaction_is_open(d) || code == NULL)
        return;
    if (strcmp(code, "25006") != 0 || transaction_is_read_only(d)) {
        d->tx.failed = true;
        return;
    }
    err_append(
        e, "%s",
        " It calls a function that writes. Over HTTP a transaction is sent as a whole when it "
        "commits, so what the function returns now would not be what it does then. Call it "
        "with autocommit on, or use Transport=auto or Transport=websocket. The transaction "
        "goes on.");
}

/* ---- control as text ---- */

static SQLRETURN done(struct stmt *s)
{
    stmt_close(s);
    s->executed = true;
    return SQL_SUCCESS;
}

static enum isolation header_of(enum transaction_level l)
{
    static const enum isolation headers[] = {
        [LEVEL_UNSAID] = ISOLATION_DEFAULT,
        [LEVEL_READ_UNCOMMITTED] = ISOLATION_READ_UNCOMMITTED,
        [LEVEL_READ_COMMITTED] = ISOLATION_READ_COMMITTED,
        [LEVEL_REPEATABLE_READ] = ISOLATION_REPEATABLE_READ,
        [LEVEL_SERIALIZABLE] = ISOLATION_SERIALIZABLE,
    };
    return headers[l];
}

static void take_modes(struct tx *t, const struct transaction_modes *m)
{
    if (m->level != LEVEL_UNSAID) {
        t->has_isolation = true;
        t->isolation = header_of(m->level);
    }
    if (m->read_only != SWITCH_UNSAID)
        t->read_only = m->read_only == SWITCH_ON;
    if (m->deferrable != SWITCH_UNSAID)
        t->deferrable = m->deferrable == SWITCH_ON;
}

/* The keyword is a promise; the attribute is only where a transaction begins. */
static bool may_write(const struct dbc *d, const struct transaction_modes *m, struct err *e)
{
    return !d->options.read_only || m->read_only != SWITCH_OFF ||
           err_set_state(e, "25006", 0, "The connection is read-only (ReadOnly=1).");
}

static bool modes_of(const struct script_stmt *st, struct transaction_modes *m, struct err *e)
{
    if (transaction_modes_read(sv_n(st->text, st->len), m))
        return true;
    return err_set_state(e, "42601", 0,
                         "The transaction's modes are not understood: ISOLATION LEVEL ..., READ "
                         "ONLY, READ WRITE and [NOT] "
                         "DEFERRABLE are possible.");
}

static bool modes_may_change(const struct dbc *d, const struct transaction_modes *m, struct err *e)
{
    bool level = m->level != LEVEL_UNSAID && header_of(m->level) != transaction_header(d);
    bool writable = m->read_only == SWITCH_OFF && transaction_is_read_only(d);

    if (!d->tx.used || (!level && !writable))
        return true;
    return err_set_state(e, "25001", 0, "SET TRANSACTION %s must be called before any query.",
                         level ? "ISOLATION LEVEL" : "READ WRITE");
}

/* What was written before is not touched by it: it takes its place among what waits. */
static bool read_only_from_here(struct dbc *d, struct err *e)
{
    struct tx *t = &d->tx;

    if (t->n_writes == 0)
        return true;
    t->read_only_behind = true;
    return tx_add(t, TX_WRITE, SV_LIT("SET TRANSACTION READ ONLY"), NULL, 0,
                  (size_t)d->options.max_request_bytes, e);
}

static bool change_modes(struct dbc *d, const struct transaction_modes *m, struct err *e)
{
    if (!modes_may_change(d, m, e) || (m->read_only == SWITCH_ON && !read_only_from_here(d, e)))
        return false;
    take_modes(&d->tx, m);
    return true;
}

/* BEGIN; in a transaction, like the server's: nothing but the modes that it names. */
static bool begin(struct stmt *s, bool again, struct err *e)
{
    struct transaction_modes m;

    if (!modes_of(&s->script.stmts[0], &m, e) || !may_write(s->dbc, &m, e))
        return false;
    if (again)
        return change_modes(s->dbc, &m, e);
    s->dbc->tx.begun = true;
    take_modes(&s->dbc->tx, &m);
    return true;
}

static SQLRETURN warn_begun_already(struct stmt *s)
{
    static const char words[] = "there is already a transaction in progress";
    struct err e = ERR_INIT;

    err_set(&e, ST_01000, 0, "WARNING: %s", words);
    e.pg = pg_fields_new();
    if (e.pg != NULL) {
        (void)pg_fields_set(e.pg, PG_SEVERITY, "WARNING", 7);
        (void)pg_fields_set(e.pg, PG_CODE, "25001", 5);
        (void)pg_fields_set(e.pg, PG_MESSAGE, words, sizeof words - 1);
    }
    diag_post_err(&s->handle, &e);
    return SQL_SUCCESS_WITH_INFO;
}

static bool set_transaction(struct stmt *s, struct err *e)
{
    struct tx *t = &s->dbc->tx;
    struct strview text = sv_n(s->script.stmts[0].text, s->script.stmts[0].len);
    struct transaction_modes m;

    if (transaction_sets_constraints(text))
        return tx_add(t, TX_WRITE, text, NULL, 0, (size_t)s->dbc->options.max_request_bytes, e);
    return modes_of(&s->script.stmts[0], &m, e) && may_write(s->dbc, &m, e) &&
           change_modes(s->dbc, &m, e);
}

bool transaction_may_set(struct stmt *s, struct err *e)
{
    bool ok = true;

    for (size_t i = 0; ok && i < s->script.n_stmts; i++) {
        const struct script_stmt *st = &s->script.stmts[i];
        struct transaction_modes m;
        if ((st->kind.cls != SQLC_SET_TRANSACTION && st->kind.cls != SQLC_BEGIN) ||
            !transaction_modes_read(sv_n(st->text, st->len), &m))
            continue;
        if (!may_write(s->dbc, &m, e))
            return false;
        ok = s->dbc->tx.in_session || i > 0 || st->kind.cls == SQLC_BEGIN ||
             modes_may_change(s->dbc, &m, e);
    }
    if (!ok)
        s->dbc->tx.failed = true; /* as it would have on the server */
    return ok;
}

/* AND CHAIN: the next transaction begins at once, with the same modes; also where the server rolled
 * back instead, but not behind a COMMIT that failed. */
static bool end(struct stmt *s, bool commit, struct err *e)
{
    struct dbc *d = s->dbc;
    struct tx old = d->tx;
    bool chain = (s->script.stmts[0].kind.flags & SQLF_CHAIN) != 0;
    bool ok = true;

    if (!transaction_end_is_whole(sv_n(s->script.stmts[0].text, s->script.stmts[0].len)))
        return err_set_state(e, "42601", 0,
                             "The statement is not understood: %s [WORK | TRANSACTION] [AND [NO] "
                             "CHAIN] is possible.",
                             commit ? "COMMIT" : "ROLLBACK");
    if (chain && !transaction_is_open(d))
        return err_set_state(e, "25P01", 0,
                             "%s AND CHAIN can only be used in a transaction: send BEGIN first, or "
                             "switch autocommit off (SQL_ATTR_AUTOCOMMIT).",
                             commit ? "COMMIT" : "ROLLBACK");
    if (commit)
        ok = transaction_commit(d, e);
    else
        transaction_rollback(d);
    if (chain && (ok || strcmp(e->state, "25S03") == 0)) {
        d->tx.begun = old.begun;
        d->tx.has_isolation = old.has_isolation;
        d->tx.isolation = old.isolation;
        d->tx.read_only = old.read_only;
        d->tx.connection_read_only = old.connection_read_only;
        d->tx.deferrable = old.deferrable;
    }
    return ok;
}

static bool savepoint(struct stmt *s, const struct script_stmt *st, struct err *e)
{
    static const struct {
        enum sql_class cls;
        bool (*run)(struct tx *t, struct strview name, struct err *e);
    } verbs[] = {{SQLC_SAVEPOINT, tx_savepoint},
                 {SQLC_RELEASE, tx_release},
                 {SQLC_ROLLBACK_TO, tx_rollback_to}};
    struct tx *t = &s->dbc->tx;
    struct buf name = BUF_INIT(0);
    bool ok =
        transaction_savepoint_name(sv_n(st->text, st->len), &name) ||
        (name.failed != BUF_OK
             ? err_oom(e)
             : err_set_state(e, "42601", 0,
                             "The statement is not understood: SAVEPOINT name, RELEASE "
                             "[SAVEPOINT] name and ROLLBACK TO [SAVEPOINT] name are possible, "
                             "reserved words as a name in double quotes."));

    for (size_t i = 0; ok && i < ARRAY_LEN(verbs); i++)
        if (verbs[i].cls == st->kind.cls)
            ok = verbs[i].run(t, buf_sv(&name), e);
    if (ok && st->kind.cls == SQLC_ROLLBACK_TO) {
        transaction_undo_cursors(s->dbc, t->marks[t->n_marks - 1].cursor_changes);
        transaction_forget_definitions(s->dbc);
    }
    buf_release(&name);
    return ok;
}

static bool is_savepoint(enum sql_class cls)
{
    return cls == SQLC_SAVEPOINT || cls == SQLC_RELEASE || cls == SQLC_ROLLBACK_TO;
}

/* The server has done it already; here it says what becomes of cursors and of SET behind it, and
 * what AND CHAIN begins with. */
bool transaction_note_session(struct stmt *s, struct err *e)
{
    const struct script_stmt *st = &s->script.stmts[0];
    struct transaction_modes m;
    struct err mine = ERR_INIT;
    bool ok = true;

    for (size_t i = 0; ok && i < s->script.n_stmts; i++)
        if (is_savepoint(s->script.stmts[i].kind.cls))
            ok = savepoint(s, &s->script.stmts[i], &mine) || strcmp(mine.state, "HY001") != 0;
    if (s->script.n_stmts == 1 && s->dbc->tx.in_session &&
        (st->kind.cls == SQLC_SET_TRANSACTION || st->kind.cls == SQLC_BEGIN) &&
        !transaction_sets_constraints(sv_n(st->text, st->len)) &&
        transaction_modes_read(sv_n(st->text, st->len), &m))
        take_modes(&s->dbc->tx, &m);
    if (!ok)
        err_move(e, &mine);
    err_release(&mine);
    return ok;
}

/* Where the driver refuses what the server would have, the transaction has failed as it would have
 * there: the application meant another savepoint, another level. A commit that the server refused
 * has ended it. */
static bool fails_the_transaction(const struct err *e)
{
    static const char *const states[] = {"3B001", "25001", "42601"};

    for (size_t i = 0; e->pg == NULL && i < ARRAY_LEN(states); i++)
        if (strcmp(e->state, states[i]) == 0)
            return true;
    return false;
}

SQLRETURN transaction_run_text(struct stmt *s)
{
    struct err e = ERR_INIT;
    enum sql_class cls = s->script.stmts[0].kind.cls;
    bool again = cls == SQLC_BEGIN && (s->dbc->tx.begun || s->dbc->tx.used);
    bool ok;

    switch (cls) {
    case SQLC_BEGIN:
        ok = begin(s, again, &e);
        break;
    case SQLC_COMMIT:
        ok = end(s, true, &e);
        break;
    case SQLC_ROLLBACK:
        ok = end(s, false, &e);
        break;
    case SQLC_SET_TRANSACTION:
        ok = set_transaction(s, &e);
        break;
    default:
        ok = savepoint(s, &s->script.stmts[0], &e);
        break;
    }
    if (!ok) {
        s->dbc->tx.failed |= transaction_is_open(s->dbc) && fails_the_transaction(&e);
        stmt_close(s);
        return diag_post_err(&s->handle, &e);
    }
    done(s);
    return again ? warn_begun_already(s) : SQL_SUCCESS;
}

/* ---- statements that wait ---- */

bool transaction_expect(struct stmt *s, size_t at)
{
    struct sql_kind kind = s->script.stmts[0].kind;
    /* MERGE has no RETURNING before PostgreSQL 17; what writes in a WITH cannot stand in another.
     */
    bool possible =
        (kind.cls == SQLC_INSERT || kind.cls == SQLC_UPDATE || kind.cls == SQLC_DELETE) &&
        (kind.flags & SQLF_WRITES_CTE) == 0;

    return possible && s->script.n_stmts == 1 && s->row_count >= 0 &&
           tx_expect(&s->dbc->tx, at, s->row_count, (size_t)s->dbc->options.max_request_bytes);
}

/* A row of an INSERT joins the rows before. Not where each is tried at once: its count is wanted.
 */
static bool queue_one(struct stmt *s, const struct script_stmt *st, const char *const *casts,
                      struct err *e)
{
    struct dbc *d = s->dbc;
    size_t first = st->n_params > 0 ? st->first_param - 1 : 0;
    size_t limit = (size_t)d->options.max_request_bytes;
    struct insert_values place;
    struct buf text = BUF_INIT(0);
    bool ok;

    if (st->kind.cls == SQLC_SET || st->kind.cls == SQLC_SET_LOCAL)
        return setting_queue(s, st, e);
    if (d->options.buffered_row_count == BUFFERED_ROW_COUNT_NONE && s->script.n_stmts == 1 &&
        insert_values_find(st, &place))
        return tx_add_row(&d->tx, st, &place, casts + first, s->wire_params + first, limit, e);
    if ((st->kind.flags & SQLF_CREATES) &&
        !tx_add(&d->tx, TX_LOOK, SV_LIT(SETTINGS_PATH_CHECK_SQL), NULL, 0, limit, e))
        return false;
    ok = script_render(st, casts + first, &text) || err_oom(e);
    ok = ok &&
         tx_add(&d->tx, TX_WRITE, buf_sv(&text), s->wire_params + first, st->n_params, limit, e);
    buf_release(&text);
    return ok;
}

SQLRETURN transaction_queue(struct stmt *s, const char *const *casts)
{
    struct dbc *d = s->dbc;
    struct err e = ERR_INIT;
    size_t before = d->tx.n_items;
    bool ok = true;

    for (size_t i = 0; ok && i < s->script.n_stmts; i++)
        ok = queue_one(s, &s->script.stmts[i], casts, &e);
    if (!ok) {
        while (d->tx.n_items > before)
            tx_drop_last(&d->tx);
        stmt_close(s);
        return diag_post_err(&s->handle, &e);
    }
    return done(s);
}
