/* A session's life: opened, lost, closed. Logging in is pgwire_login.c's, what is sent and received
 * pgwire_exchange.c's and pgwire_call.c's. Called by those, and by stmt/ and handle/ through
 * pgwire_session.h. */
#include "transport/pgwire_session_int.h"

#include "base/clock.h"
#include "transport/neon_error.h"

#define IDLE_GRACE_S 10     /* longer than a request is on its way */
#define POLL_MAX_READS 1000 /* whoever sends without end is read on another time */

/* ---- life ---- */

struct session *session_new(struct transport *t, int64_t login_timeout_s, struct err *e)
{
    struct session *s = mem_calloc(1, sizeof *s);

    if (s == NULL || (s->scratch = mem_alloc(SCRATCH_BYTES)) == NULL) {
        mem_free(s);
        err_oom(e);
        return NULL;
    }
    s->t = t;
    s->login_timeout_s = login_timeout_s;
    s->status = SESSION_IDLE;
    pthread_mutex_init(&s->wake_lock, NULL);
    pgwire_scan_init(&s->scan);
    buf_init(&s->out, 0);
    s->notices_end = &s->notices;
    s->notifications_end = &s->notifications;
    return s;
}

static void forget_all_prepared(struct session *s)
{
    for (size_t i = 0; i < s->n_prepared; i++)
        mem_free(s->prepared[i].sql);
    s->n_prepared = 0;
}

void session_cut(struct session *s)
{
    struct ws_client *ws = s->ws;

    pthread_mutex_lock(&s->wake_lock);
    s->ws = NULL;
    pthread_mutex_unlock(&s->wake_lock);
    ws_free(ws);
    forget_all_prepared(s);
    pgwire_scan_release(&s->scan);
    pgwire_scan_init(&s->scan);
    buf_release_secret(&s->out);
    s->status = SESSION_IDLE;
    s->entering = false;
}

static bool only_at_once(void *ctx, int64_t since, int64_t *ms, struct err *e)
{
    (void)ctx;
    (void)since;
    *ms = 0;
    return err_set(e, ST_08S01, 0, "The server takes nothing.");
}

static void say_goodbye(struct session *s)
{
    static const struct ws_waiter waiter = {only_at_once, NULL};
    struct err e = ERR_INIT;

    buf_reset(&s->out);
    pgwire_plain(&s->out, 'X');
    if (s->out.failed == BUF_OK && !ws_send_patiently(s->ws, s->out.data, s->out.len, &waiter, &e))
        err_release(&e);
}

void session_close(struct session *s)
{
    if (s->ws == NULL)
        return;
    if (s->active == NULL && !transport_is_foreign(s->t))
        say_goodbye(s);
    s->active = NULL;
    session_cut(s);
}

void session_free(struct session *s)
{
    struct pg_fields *f;

    if (s == NULL)
        return;
    session_close(s);
    while ((f = session_take_notice(s)) != NULL)
        pg_fields_free(f);
    while (session_notification(s) != NULL)
        session_drop_notification(s);
    session_forget_parameters(s);
    pgwire_scan_release(&s->scan);
    buf_release_secret(&s->out);
    pthread_mutex_destroy(&s->wake_lock);
    mem_free(s->scratch);
    mem_free(s);
}

void session_set_idle(struct session *s, int64_t idle_s)
{
    s->idle_s = idle_s;
}

/* A SET would fail on servers before PostgreSQL 14. */
void session_write_idle(struct buf *out, int64_t idle_s)
{
    buf_printf(out,
               "SELECT CASE WHEN current_setting('server_version_num')::int4 >= 140000 THEN "
               "set_config('idle_session_timeout', '%llds', false) END",
               (long long)(idle_s > 0 ? idle_s + IDLE_GRACE_S : 0));
}

bool session_stay(struct session *s, const struct wire_request *r, struct err *e)
{
    struct buf sql = BUF_INIT(0);
    struct wire_stmt st;
    struct wire_request own = *r;
    bool ok = true;

    if (!s->ends_idle || s->status != SESSION_IDLE)
        return true;
    session_write_idle(&sql, 0);
    st = (struct wire_stmt){buf_sv(&sql), NULL, 0};
    own.stmts = &st;
    own.n_stmts = 1;
    own.repeatable = true;
    ok = sql.failed == BUF_OK ? session_run(s, &own, NULL, e) : err_oom(e);
    buf_release(&sql);
    s->ends_idle &= !ok;
    return ok;
}

bool session_is_answering(const struct session *s)
{
    return s->active != NULL;
}

bool session_is_open(const struct session *s)
{
    return s->ws != NULL;
}

bool session_is_unavailable(const struct session *s)
{
    return s->unavailable;
}

enum session_transaction session_transaction(const struct session *s)
{
    if (s->entering && s->status == SESSION_IDLE)
        return SESSION_IN;
    return (enum session_transaction)s->status;
}

bool session_take_lost(struct session *s)
{
    bool lost = s->lost;

    s->lost = false;
    return lost;
}

void session_set_stateful(struct session *s, bool stateful)
{
    s->stateful = stateful;
}

void session_forget(struct session *s)
{
    struct pg_fields *f;

    s->stateful = s->gone = s->lost = false;
    while ((f = session_take_notice(s)) != NULL)
        pg_fields_free(f);
    while (session_notification(s) != NULL)
        session_drop_notification(s);
}

bool session_is_stateful(const struct session *s)
{
    return s->stateful;
}

uint64_t session_serial(const struct session *s)
{
    return s->serial;
}

int64_t session_idle_ms(const struct session *s)
{
    return s->ws != NULL ? clock_now_ms() - s->used_ms : 0;
}

bool session_is_gone(const struct session *s)
{
    return s->gone;
}

/* ---- failures ---- */

void session_lose(struct session *s, const struct wire_request *r, struct err *e)
{
    bool in_transaction = s->status != SESSION_IDLE || r->in_transaction;

    s->lost |= in_transaction;
    s->gone |= s->stateful;
    s->active = NULL;
    atomic_store(&s->t->dead, true);
    session_cut(s);
    if (r->connecting)
        return;
    if (e->text.len > 0 && strchr(".!?", e->text.data[e->text.len - 1]) == NULL)
        err_append(e, ".");
    if (in_transaction && !r->committing) {
        e->effect = EFFECT_NONE;
        err_append(e, " The transaction is lost with the session: nothing of it is stored. Roll "
                      "back and run it again from its beginning.");
        return;
    }
    if (e->effect != EFFECT_UNKNOWN) {
        e->effect = EFFECT_UNKNOWN;
        neon_error_say_unknown(r, e);
    }
    if (r->committing) /* whatever cut it short: patience (HYT01) as well */
        memcpy(e->state, "08007", sizeof "08007");
}

/* FATAL and PANIC are the session's last words. */
static bool is_fatal(const struct pg_fields *f)
{
    const char *severity = f->value[PG_SEVERITY];

    return severity != NULL && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
}

bool session_error(struct session *s, const struct session_wait *w, struct pg_fields *fields,
                   struct err *e)
{
    struct wire_request quiet = *w->r; /* what it means is said by session_lose */
    bool fatal = is_fatal(fields);

    quiet.repeatable |= fatal;
    neon_error_of_session(fields, &quiet, e);
    if (fatal)
        e->effect = EFFECT_NONE;
    if (w->sent != WAIT_ON && strcmp(fields->value[PG_CODE], "57014") == 0)
        err_set_state(e, w->sent == WAIT_TIMEOUT_SENT ? "HYT00" : "HY008", 0, "%s",
                      w->sent == WAIT_TIMEOUT_SENT
                          ? "The statement took longer than the query timeout and was cancelled."
                          : "The statement was cancelled.");
    if (fatal && !w->r->connecting)
        session_lose(s, w->r, e);
    return false;
}

/* ---- connecting ---- */

bool session_ensure(struct session *s, const struct wire_request *r, const atomic_bool *cancelled,
                    struct err *e)
{
    struct ws_patience p = {deadline_min(r->deadline, deadline_after_s(s->login_timeout_s)),
                            cancelled};

    if (s->ws != NULL && s->active == NULL && !r->opened)
        session_poll(s);
    if (s->gone)
        return err_set(e, ST_08S01, 0,
                       "The session was lost, and with it what lived in it (temporary tables, "
                       "settings, LISTEN, locks). Connect again.");
    if (s->ws != NULL)
        return true;
    if (s->lost && r->in_transaction)
        return err_set(e, ST_08S01, 0,
                       "The session was lost, and with it the transaction: nothing of it is "
                       "stored. Roll back and run it again from its beginning.");
    if (r->opened)
        return err_set(e, ST_08S01, 0,
                       "The session ended just before the statement was sent, so it was not "
                       "executed. Run it again.");
    return session_login(s, &p, e);
}

bool session_open(struct session *s, int64_t deadline, struct err *e)
{
    const struct wire_request r = {.connecting = true, .deadline = deadline};

    return session_ensure(s, &r, NULL, e);
}

/* Between two exchanges the server may tell settings and notifications, or end the session. */
static bool take_unasked(struct session *s, struct strview in, struct err *e)
{
    struct pgwire_message m;
    enum pgwire_found found;

    while ((found = pgwire_scan_next(&s->scan, &in, &m, e)) == PGWIRE_MESSAGE) {
        struct pg_fields *error = NULL;
        bool expected = m.type == 'S' || m.type == 'N' || m.type == 'A' || m.type == 'E';
        if (!expected || !session_take_message(s, &m, &error, e))
            return false;
        if (error != NULL) {
            bool idle = error->value[PG_CODE] && strcmp(error->value[PG_CODE], "57P05") == 0;
            log_line(s->t->log, idle ? LOG_REQUEST : LOG_ERROR, "session: %s",
                     error->value[PG_MESSAGE] ? error->value[PG_MESSAGE] : "");
            pg_fields_free(error);
            return false;
        }
    }
    return found == PGWIRE_MORE;
}

void session_poll(struct session *s)
{
    const struct wire_request r = {.connecting = true};
    struct err e = ERR_INIT;
    size_t got;

    if (s->ws == NULL || s->active != NULL || transport_is_foreign(s->t))
        return;
    ws_keep(s->ws);
    for (int n = 0; n < POLL_MAX_READS; n++) {
        enum ws_event ev = ws_read(s->ws, s->scratch, SCRATCH_BYTES, &got, &e);
        if (ev == WS_NOTHING)
            break;
        if (ev != WS_DATA || !take_unasked(s, sv_n(s->scratch, got), &e)) {
            bool dead = atomic_load(&s->t->dead);
            session_lose(s, &r, &e);
            if (!s->lost && !s->gone) /* the next request opens another */
                atomic_store(&s->t->dead, dead);
            break;
        }
    }
    err_release(&e);
}
