/* Connecting a session: WebSocket, startup, password, and the settings without which text would be
 * misread, in one write where the server takes the password unasked (protocol 10.4); else step by
 * step. Called by pgwire_session.c. */
#include "transport/pgwire_session_int.h"

#include <time.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "transport/endpoint.h"
#include "transport/neon_error.h"
#include "transport/scram.h"

#define STARTUP_MAX_BYTES 10000 /* protocol 10.3 */
#define WAKE_UP_MAX_MS 20000    /* without LoginTimeout */
#define RETRY_MS 250
#define RETRY_MAX_MS 3000

/* client_encoding also where a pooler or a plain server did not take it from the startup. */
#define SETTINGS                                                                                   \
    "SET client_encoding = 'UTF8'; SET standard_conforming_strings = on; SET DateStyle = ISO; "    \
    "SET extra_float_digits = 1"

enum {
    AUTH_OK = 0,
    AUTH_CLEARTEXT = 3,
    AUTH_MD5 = 5,
    AUTH_SASL = 10,
    AUTH_CONTINUE = 11,
    AUTH_FINAL = 12
};

struct login {
    struct session *s;
    struct wire_request r;
    struct session_wait wait;
    struct scram scram;
    bool pipelined; /* the password went out with the startup */
    bool settings_sent, authenticated;
    bool start_over; /* the server wants to be asked step by step */
    unsigned n_ready;
};

static bool unexpected(struct err *e)
{
    return err_set(
        e, ST_08001, 0,
        "The answer to the login is not PostgreSQL's protocol. Check Server, ApiHost and "
        "WsPath.");
}

/* ---- what we say ---- */

static void write_startup(struct session *s)
{
    const struct net_options *o = &s->t->o;
    const struct pgwire_setting settings[] = {
        {"user", o->user},
        {"database", o->database != NULL && o->database[0] != '\0' ? o->database : o->user},
        {"application_name", o->application_name},
        {"options", o->neon_options},
        {"client_encoding", "UTF8"},
    };

    pgwire_startup(&s->out, settings, ARRAY_LEN(settings));
}

static void write_settings(struct login *l)
{
    struct session *s = l->s;
    struct buf sql = BUF_INIT(0);

    buf_append_str(&sql, SETTINGS);
    s->ends_idle = s->idle_s > 0;
    if (s->ends_idle) {
        buf_append_str(&sql, "; ");
        session_write_idle(&sql, s->idle_s);
    }
    if (sql.failed == BUF_OK)
        pgwire_query(&s->out, buf_sv(&sql));
    else
        s->out.failed = sql.failed;
    buf_release(&sql);
    l->settings_sent = true;
}

static bool write_first(struct login *l, struct err *e)
{
    struct session *s = l->s;

    buf_reset(&s->out);
    write_startup(s);
    if (s->out.len > STARTUP_MAX_BYTES)
        return err_set(
            e, ST_08001, 0,
            "UID, Database, ApplicationName and Options are longer than the 10,000 bytes "
            "that the server takes.");
    l->pipelined = !atomic_load(&s->t->login_in_steps) && s->t->o.password != NULL;
    if (l->pipelined) {
        pgwire_password(&s->out, s->t->o.password);
        write_settings(l);
    }
    return session_flush(s, &l->wait, e);
}

/* ---- what the server says ---- */

static bool offers_scram(struct strview mechanisms)
{
    struct pgwire_reader r = pgwire_reader(mechanisms);

    while (r.at < r.end) {
        struct strview name = pgwire_text(&r);
        if (sv_eq(name, SV_LIT(SCRAM_MECHANISM)))
            return true;
    }
    return false;
}

static bool begin_scram(struct login *l, struct strview mechanisms, struct err *e)
{
    struct buf first = BUF_INIT(0);
    bool ok;

    if (!offers_scram(mechanisms))
        return err_set(e, ST_08001, 0,
                       "The server offers no way to log in that this driver knows: it knows a "
                       "cleartext password (inside TLS) and SCRAM-SHA-256.");
    scram_release(&l->scram);
    ok = scram_init(&l->scram, NULL, e) && scram_first(&l->scram, &first, e);
    if (ok)
        pgwire_sasl_initial(&l->s->out, SCRAM_MECHANISM, buf_sv(&first));
    buf_release(&first);
    return ok && session_flush(l->s, &l->wait, e);
}

static bool go_on_scram(struct login *l, struct strview message, struct err *e)
{
    struct buf answer = BUF_INIT(0);
    const char *password = l->s->t->o.password;
    bool ok = scram_final(&l->scram, message, password != NULL ? password : "", &answer, e);

    if (ok)
        pgwire_sasl_response(&l->s->out, buf_sv(&answer));
    buf_release(&answer);
    return ok && session_flush(l->s, &l->wait, e);
}

static bool no_password(struct err *e)
{
    return err_set(e, ST_28000, 0, "The server asks for a password: give PWD.");
}

/* It took the proof that we know the password and gave none. */
static bool unproved(struct err *e)
{
    return err_set(e, ST_08001, 0,
                   "The server did not prove that it knows the password, as SCRAM-SHA-256 wants: "
                   "it may not be the one that it claims to be.");
}

static bool authentication(struct login *l, struct strview body, struct err *e)
{
    struct pgwire_reader r = pgwire_reader(body);
    uint32_t how = pgwire_u32(&r);
    bool asks = how == AUTH_CLEARTEXT || how == AUTH_MD5 || how == AUTH_SASL;

    if (r.bad)
        return unexpected(e);
    if (l->pipelined && how != AUTH_CLEARTEXT && !l->authenticated && how != AUTH_OK) {
        l->start_over = true;
        return false;
    }
    if (asks && l->s->t->o.password == NULL)
        return no_password(e);
    switch (how) {
    case AUTH_OK:
        if (l->pipelined && !l->authenticated) { /* never asked: the password is in its way */
            l->start_over = true;
            return false;
        }
        if (l->scram.first_bare.len > 0 && !l->scram.verified)
            return unproved(e);
        l->authenticated = true;
        return true;
    case AUTH_CLEARTEXT:
        l->authenticated = true;
        if (l->pipelined)
            return true;
        pgwire_password(&l->s->out, l->s->t->o.password);
        return session_flush(l->s, &l->wait, e);
    case AUTH_SASL:
        return begin_scram(l, pgwire_rest(&r), e);
    case AUTH_CONTINUE:
        return go_on_scram(l, pgwire_rest(&r), e);
    case AUTH_FINAL:
        return scram_verify(&l->scram, pgwire_rest(&r), e);
    default:
        return err_set(e, ST_08001, 0,
                       "The server wants a kind of login that this driver does not know (%u): it "
                       "knows a cleartext password (inside TLS) and SCRAM-SHA-256.",
                       (unsigned)how);
    }
}

static bool ready(struct login *l, struct err *e)
{
    if (!l->authenticated)
        return unexpected(e);
    l->n_ready++;
    if (l->settings_sent)
        return true;
    write_settings(l);
    return session_flush(l->s, &l->wait, e);
}

static bool take(struct login *l, const struct pgwire_message *m, struct err *e)
{
    struct pg_fields *error = NULL;

    if (m->type == 'R')
        return authentication(l, m->body, e);
    if (!session_take_message(l->s, m, &error, e))
        return false;
    if (error != NULL)
        return session_error(l->s, &l->wait, error, e);
    return m->type != 'Z' || ready(l, e);
}

/* Until the settings have been answered. */
static bool converse(struct login *l, struct err *e)
{
    while (l->n_ready < 2) {
        struct pgwire_message m;
        struct strview in;
        enum pgwire_found found;
        size_t got;
        if (!session_receive(l->s, &l->wait, l->s->scratch, SCRATCH_BYTES, &got, e))
            return false;
        in = sv_n(l->s->scratch, got);
        while ((found = pgwire_scan_next(&l->s->scan, &in, &m, e)) == PGWIRE_MESSAGE)
            if (!take(l, &m, e))
                return false;
        if (found == PGWIRE_BAD)
            return !err_is(e, ST_HY001) && unexpected(e);
    }
    return true;
}

/* ---- once, and again ---- */

static bool open_socket(struct session *s, const struct ws_patience *p, struct err *e)
{
    struct buf url = BUF_INIT(0);
    struct ws_client *ws = NULL;
    bool refused = false;
    bool ok = endpoint_session_url(&s->t->o, &url, e);

    if (ok)
        ws = ws_new(s->t, e);
    ok = ok && ws != NULL;
    pthread_mutex_lock(&s->wake_lock);
    s->ws = ws;
    pthread_mutex_unlock(&s->wake_lock);
    ok = ok && ws_open(ws, buf_str(&url), p, &refused, e);
    /* Refused, or no such place: WebSockets are not to be had. Out of time may pass. */
    s->unavailable = !ok && (refused || strcmp(e->state, "08001") == 0);
    log_line(s->t->log, ok ? LOG_REQUEST : LOG_ERROR, "session %s %s", buf_str(&url),
             ok ? "open" : e->state);
    buf_release(&url);
    return ok;
}

static bool login_once(struct session *s, const struct ws_patience *p, bool *start_over,
                       struct err *e)
{
    struct login l = {.s = s,
                      .r = {.connecting = true, .deadline = DEADLINE_NONE},
                      .scram = {.first_bare = BUF_INIT(0)}};
    struct session_wait *w = &l.wait;
    bool ok;

    session_wait_init(w, &l.r, p->cancelled);
    w->sent = WAIT_TIMEOUT_SENT; /* no CancelRequest: there is nothing to cancel */
    w->give_up = p->deadline;
    ok = open_socket(s, p, e) && write_first(&l, e) && converse(&l, e);
    *start_over = l.start_over;
    scram_release(&l.scram);
    if (!ok)
        session_cut(s);
    return ok;
}

/* A compute that wakes up is waited for as long as there is time; for a place that others have, and
 * for the network, there are RetryCount tries. */
static bool may_try_again(const struct session *s, const struct ws_patience *p, int n,
                          int64_t until, const struct err *e)
{
    bool wakes_up = e->native == 0 && strcmp(e->state, "08004") != 0;

    if (!e->retry_safe || (p->cancelled != NULL && atomic_load(p->cancelled)))
        return false;
    return (wakes_up || n < s->t->o.retry_count) && clock_now_ms() < until;
}

/* A compute that wakes up needs some seconds, and says so. */
static void pause_before_retry(const struct ws_patience *p, int n)
{
    int64_t ms = RETRY_MS, until;
    struct timespec ts;

    for (int i = 0; i < n && ms < RETRY_MAX_MS; i++)
        ms *= 2;
    ms = deadline_left_ms(p->deadline, ms);
    until = clock_now_ms() + ms;
    while (fiber_wait())
        if (clock_now_ms() >= until)
            return;
    ms = deadline_left_ms(until, ms);
    ts = (struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&ts, NULL);
}

bool session_login(struct session *s, const struct ws_patience *p, struct err *e)
{
    struct err mine = ERR_INIT;
    int64_t until = p->deadline != DEADLINE_NONE ? p->deadline : clock_now_ms() + WAKE_UP_MAX_MS;

    for (int n = 0;; n++) {
        bool start_over = false;
        if (login_once(s, p, &start_over, &mine)) {
            s->serial++;
            s->used_ms = clock_now_ms();
            atomic_store(&s->t->dead, false);
            return true;
        }
        if (start_over) {
            atomic_store(&s->t->login_in_steps, true);
            err_release(&mine);
            continue;
        }
        if (!may_try_again(s, p, n, until, &mine))
            break;
        pause_before_retry(p, n);
        if (clock_now_ms() >= until)
            break; /* why the last one failed says more than that time is over */
        err_release(&mine);
    }
    if (mine.effect == EFFECT_UNKNOWN)
        mine.effect = EFFECT_NONE; /* nothing was asked yet */
    err_move(e, &mine);
    return false;
}
