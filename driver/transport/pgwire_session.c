/* A session's life, what it is told, and how it waits. Logging in is pgwire_login.c's, exchanges
 * are pgwire_exchange.c's. */
#include "transport/pgwire_session_int.h"

#include <unistd.h>

#include "base/clock.h"
#include "transport/endpoint.h"
#include "transport/neon_error.h"
#include "transport/ws_frame.h"

#define CANCEL_ANSWER_MS 10000 /* for the server to end a statement that was cancelled */
#define CANCEL_SEND_MS 5000
#define IDLE_GRACE_S 10 /* longer than a request is on its way */
#define WAIT_MS 60000
#define NOTIFICATION_MAX_BYTES 10000 /* PostgreSQL's is below 8,100: channel and payload */
#define POLL_MAX_READS 1000          /* whoever sends without end is read on another time */

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

static void say_goodbye(struct session *s)
{
    struct err e = ERR_INIT;

    buf_reset(&s->out);
    pgwire_plain(&s->out, 'X');
    if (s->out.failed == BUF_OK && !ws_send(s->ws, s->out.data, s->out.len, &e))
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

static void free_parameters(struct session *s)
{
    for (size_t i = 0; i < s->n_parameters; i++) {
        mem_free(s->parameters[i].name);
        mem_free(s->parameters[i].value);
    }
    s->n_parameters = 0;
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
    free_parameters(s);
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

/* ---- what the server says by the way ---- */

const char *session_parameter(const struct session *s, const char *name)
{
    for (size_t i = 0; i < s->n_parameters; i++)
        if (strcmp(s->parameters[i].name, name) == 0)
            return s->parameters[i].value;
    return NULL;
}

static bool take_parameter(struct session *s, struct strview body)
{
    struct pgwire_reader r = pgwire_reader(body);
    struct strview name = pgwire_text(&r);
    struct strview value = pgwire_text(&r);
    struct parameter *p = NULL;
    char *copy;

    if (r.bad)
        return true;
    for (size_t i = 0; i < s->n_parameters && p == NULL; i++)
        if (sv_eq(sv(s->parameters[i].name), name))
            p = &s->parameters[i];
    if (p == NULL && s->n_parameters == SESSION_MAX_PARAMETERS)
        return true;
    copy = mem_strndup(value.ptr, value.len);
    if (copy == NULL)
        return false;
    if (p == NULL) {
        p = &s->parameters[s->n_parameters];
        *p = (struct parameter){mem_strndup(name.ptr, name.len), NULL};
        if (p->name == NULL) {
            mem_free(copy);
            return false;
        }
        s->n_parameters++;
    }
    mem_free(p->value);
    p->value = copy;
    return true;
}

static bool take_notice(struct session *s, struct strview body)
{
    struct notice *n;

    if (s->n_notices >= SESSION_MAX_NOTICES)
        return true;
    n = mem_calloc(1, sizeof *n);
    if (n == NULL || (n->fields = pgwire_fields(body)) == NULL) {
        mem_free(n);
        return false;
    }
    *s->notices_end = n;
    s->notices_end = &n->next;
    s->n_notices++;
    return true;
}

struct pg_fields *session_take_notice(struct session *s)
{
    struct notice *n = s->notices;
    struct pg_fields *f;

    if (n == NULL)
        return NULL;
    s->notices = n->next;
    if (s->notices == NULL)
        s->notices_end = &s->notices;
    s->n_notices--;
    f = n->fields;
    mem_free(n);
    return f;
}

static bool take_notification(struct session *s, struct strview body)
{
    struct pgwire_reader r = pgwire_reader(body);
    struct notification *n;
    struct strview channel, payload;
    uint32_t pid = pgwire_u32(&r);

    channel = pgwire_text(&r);
    payload = pgwire_text(&r);
    if (r.bad || channel.len + payload.len > NOTIFICATION_MAX_BYTES ||
        s->n_notifications >= SESSION_MAX_NOTIFICATIONS ||
        body.len > SESSION_MAX_NOTIFICATION_BYTES - s->notification_bytes) {
        s->n_notifications_dropped++;
        return true;
    }
    n = mem_calloc(1, sizeof *n);
    if (n == NULL)
        return false;
    n->bytes = body.len;
    n->n = (struct session_notification){pid, mem_strndup(channel.ptr, channel.len),
                                         mem_strndup(payload.ptr, payload.len)};
    if (n->n.channel == NULL || n->n.payload == NULL) {
        mem_free(n->n.channel);
        mem_free(n->n.payload);
        mem_free(n);
        return false;
    }
    *s->notifications_end = n;
    s->notifications_end = &n->next;
    s->n_notifications++;
    s->notification_bytes += n->bytes;
    return true;
}

const struct session_notification *session_notification(const struct session *s)
{
    return s->notifications != NULL ? &s->notifications->n : NULL;
}

void session_drop_notification(struct session *s)
{
    struct notification *n = s->notifications;

    if (n == NULL)
        return;
    s->notifications = n->next;
    if (s->notifications == NULL)
        s->notifications_end = &s->notifications;
    s->n_notifications--;
    s->notification_bytes -= n->bytes;
    s->n_notifications_dropped = 0;
    mem_free(n->n.channel);
    mem_free(n->n.payload);
    mem_free(n);
}

uint64_t session_notifications_dropped(const struct session *s)
{
    return s->n_notifications_dropped;
}

bool session_is_gone(const struct session *s)
{
    return s->gone;
}

static bool take_ready(struct session *s, struct strview body, struct err *e)
{
    char status = body.len == 1 ? body.ptr[0] : 0;

    if (status != SESSION_IDLE && status != SESSION_IN && status != SESSION_FAILED)
        return err_set(e, ST_08S01, 0,
                       "The session broke: the server sent what is not PostgreSQL's protocol (an "
                       "unknown state of a transaction).");
    s->status = status;
    s->entering = false;
    return true;
}

bool session_take_message(struct session *s, const struct pgwire_message *m,
                          struct pg_fields **error, struct err *e)
{
    struct pgwire_reader r = pgwire_reader(m->body);

    *error = NULL;
    switch (m->type) {
    case 'S':
        return take_parameter(s, m->body) || err_oom(e);
    case 'N':
        return take_notice(s, m->body) || err_oom(e);
    case 'A':
        return take_notification(s, m->body) || err_oom(e);
    case 'K':
        s->pid = pgwire_u32(&r);
        s->key = pgwire_u32(&r);
        return true;
    case 'Z':
        return take_ready(s, m->body, e);
    case 'E':
        *error = pgwire_fields(m->body);
        return *error != NULL || err_oom(e);
    default:
        return true;
    }
}

bool session_is_step(char type)
{
    return strchr("1CGHIs", type) != NULL;
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
    if (w->sent != WAIT_ON && strcmp(fields->value[PG_CODE], "57014") == 0)
        err_set_state(e, w->sent == WAIT_TIMEOUT_SENT ? "HYT00" : "HY008", 0, "%s",
                      w->sent == WAIT_TIMEOUT_SENT
                          ? "The statement took longer than the query timeout and was cancelled."
                          : "The statement was cancelled.");
    if (fatal && !w->r->connecting)
        session_lose(s, w->r, e);
    return false;
}

/* ---- waiting ---- */

void session_wait_init(struct session_wait *w, const struct wire_request *r,
                       const atomic_bool *cancelled)
{
    *w = (struct session_wait){.r = r,
                               .cancelled = cancelled,
                               .deadline = r->deadline != 0 ? r->deadline : DEADLINE_NONE,
                               .read_timeout_ms = r->read_timeout_s * 1000};
}

/* CancelRequest as the first bytes of another WebSocket, which the server then closes: only then is
 * it sure that the cancel does not hit what comes next. */
static void send_cancel(struct session *s)
{
    struct ws_patience p = {.deadline = clock_now_ms() + CANCEL_SEND_MS};
    struct buf url = BUF_INIT(0), message = BUF_INIT(64);
    struct err e = ERR_INIT;
    struct ws_client *ws = ws_new(s->t, &e);
    char bytes[WS_PIECE_MAX_BYTES];
    bool refused;
    size_t got;

    pgwire_cancel(&message, s->pid, s->key);
    if (ws != NULL && endpoint_session_url(&s->t->o, &url, &e) &&
        ws_open(ws, buf_str(&url), &p, &refused, &e) && ws_send(ws, message.data, message.len, &e))
        while (deadline_left_ms(p.deadline, WAIT_MS) > 0) {
            enum ws_event ev = ws_read(ws, bytes, sizeof bytes, &got, &e);
            if (ev == WS_CLOSED || ev == WS_FAILED)
                break;
            if (ev == WS_NOTHING)
                ws_wait(ws, deadline_left_ms(p.deadline, WAIT_MS));
        }
    log_line(s->t->log, LOG_REQUEST, "session cancel %s", err_is_set(&e) ? buf_str(&e.text) : "");
    ws_free(ws);
    buf_release(&url);
    buf_release(&message);
    err_release(&e);
}

static void cancel_if_due(struct session *s, struct session_wait *w)
{
    bool cancelled = w->cancelled != NULL && atomic_load(w->cancelled);
    bool late = w->deadline != DEADLINE_NONE && deadline_left_ms(w->deadline, 1) == 0;

    if (w->sent != WAIT_ON || (!cancelled && !late))
        return;
    w->sent = cancelled ? WAIT_CANCEL_SENT : WAIT_TIMEOUT_SENT;
    send_cancel(s);
    w->give_up = clock_now_ms() + CANCEL_ANSWER_MS;
}

/* Why waiting has no more sense; true: *e is set. */
static bool out_of_patience(const struct session_wait *w, int64_t since, struct err *e)
{
    if (w->r->connecting && w->cancelled != NULL && atomic_load(w->cancelled))
        return !err_set(e, ST_HY008, 0, "The statement was cancelled.");
    if (w->r->connecting && w->sent != WAIT_ON && clock_now_ms() >= w->give_up)
        return !err_set(e, ST_HYT00, 0,
                        "The session was not opened within LoginTimeout. A compute that sleeps may "
                        "need some seconds to wake up: raise LoginTimeout.");
    if (w->sent != WAIT_ON && clock_now_ms() >= w->give_up)
        return !err_set_state(
            e, w->sent == WAIT_TIMEOUT_SENT ? "HYT00" : "HY008", 0,
            "The statement %s, but the server did not end it: the session was closed.",
            w->sent == WAIT_TIMEOUT_SENT ? "took longer than the query timeout" : "was cancelled");
    if (w->read_timeout_ms > 0 && clock_now_ms() - since >= w->read_timeout_ms)
        return !err_set(e, ST_HYT01, 0, "The server sent nothing for %lld seconds (ReadTimeout).",
                        (long long)(w->read_timeout_ms / 1000));
    return false;
}

static int64_t wait_ms(const struct session_wait *w, int64_t since)
{
    int64_t ms = w->sent == WAIT_ON ? deadline_left_ms(w->deadline, WAIT_MS)
                                    : deadline_left_ms(w->give_up, WAIT_MS);

    if (w->read_timeout_ms > 0)
        ms = deadline_left_ms(since + w->read_timeout_ms, ms);
    return ms;
}

bool session_receive(struct session *s, struct session_wait *w, char *dst, size_t cap, size_t *got,
                     struct err *e)
{
    int64_t since = clock_now_ms();
    enum ws_event ev;

    for (;;) {
        /* Also while data comes: a server that never pauses must not keep us. */
        cancel_if_due(s, w);
        ev = ws_read(s->ws, dst, cap, got, e);
        if (ev == WS_CLOSED)
            err_set(e, w->r->connecting ? ST_08001 : ST_08S01, 0,
                    "The session was ended by the server.");
        if ((ev != WS_NOTHING && ev != WS_DATA) || out_of_patience(w, since, e))
            break;
        if (ev == WS_DATA && *got > 0)
            return true;
        if (ev == WS_NOTHING) {
            s->used_ms = clock_now_ms();
            ws_wait(s->ws, wait_ms(w, since));
        }
    }
    session_lose(s, w->r, e);
    return false;
}

bool session_receive_some(struct session *s, struct session_wait *w, char *dst, size_t cap,
                          size_t *got, struct err *e)
{
    enum ws_event ev;

    cancel_if_due(s, w);
    ev = ws_read(s->ws, dst, cap, got, e);
    if (ev == WS_DATA || ev == WS_NOTHING)
        return true;
    if (ev == WS_CLOSED)
        err_set(e, ST_08S01, 0, "The session was ended by the server.");
    session_lose(s, w->r, e);
    return false;
}

struct patience {
    struct session *s;
    struct session_wait *w;
    int64_t since;
};

static bool has_patience(void *ctx, int64_t *ms, struct err *e)
{
    struct patience *p = ctx;

    cancel_if_due(p->s, p->w);
    *ms = wait_ms(p->w, p->since);
    return !out_of_patience(p->w, p->since, e);
}

static bool flush(struct session *s, const struct wire_request *r, const struct ws_waiter *w,
                  struct err *e)
{
    bool ok = s->out.failed == BUF_OK || err_oom(e);

    ok = ok && ws_send_patiently(s->ws, s->out.data, s->out.len, w, e);
    if (s->out.cap > ((size_t)1 << 20))
        buf_release_secret(&s->out);
    else
        buf_reset(&s->out);
    s->used_ms = clock_now_ms();
    if (!ok)
        session_lose(s, r, e);
    return ok;
}

bool session_flush(struct session *s, const struct wire_request *r, struct err *e)
{
    return flush(s, r, NULL, e);
}

bool session_flush_patiently(struct session *s, struct session_wait *w, struct err *e)
{
    struct patience p = {s, w, clock_now_ms()};

    return flush(s, w->r, &(struct ws_waiter){has_patience, &p}, e);
}

/* ---- connecting ---- */

bool session_ensure(struct session *s, const struct wire_request *r, const atomic_bool *cancelled,
                    struct err *e)
{
    struct ws_patience p = {deadline_min(r->deadline, deadline_after_s(s->login_timeout_s)),
                            cancelled};

    if (s->ws != NULL && s->active == NULL)
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

/* ---- prepared statements ---- */

static void drop_at(struct session *s, size_t i, bool tell)
{
    if (tell && s->prepared[i].ready && s->ws != NULL)
        pgwire_close(&s->out, 'S', s->prepared[i].name);
    mem_free(s->prepared[i].sql);
    s->prepared[i] = s->prepared[--s->n_prepared];
}

/* Closing a name that the server does not have is no error. */
void session_forget_prepared(struct session *s)
{
    while (s->n_prepared > 0)
        drop_at(s, s->n_prepared - 1, true);
}

void session_drop_prepared(struct session *s, const char *name)
{
    for (size_t i = 0; i < s->n_prepared; i++)
        if (strcmp(s->prepared[i].name, name) == 0) {
            drop_at(s, i, true);
            return;
        }
}

static void make_place(struct session *s)
{
    size_t oldest = 0;

    for (size_t i = 1; i < s->n_prepared; i++)
        if (s->prepared[i].used < s->prepared[oldest].used)
            oldest = i;
    if (s->n_prepared == SESSION_MAX_PREPARED)
        drop_at(s, oldest, true);
}

const char *session_prepared_name(struct session *s, struct strview sql, bool *fresh)
{
    struct prepared *p;

    *fresh = false;
    for (size_t i = 0; i < s->n_prepared; i++) {
        p = &s->prepared[i];
        if (!p->ready || p->len != sql.len || memcmp(p->sql, sql.ptr, sql.len) != 0)
            continue;
        p->used = ++s->clock;
        return p->name;
    }
    *fresh = true;
    make_place(s);
    p = &s->prepared[s->n_prepared];
    *p = (struct prepared){.sql = mem_strndup(sql.ptr, sql.len), .len = sql.len};
    if (p->sql == NULL)
        return "";
    p->used = ++s->clock;
    snprintf(p->name, sizeof p->name, "neon_s%llu", (unsigned long long)s->clock);
    s->n_prepared++;
    return p->name;
}

void session_prepared_is_ready(struct session *s, const char *name)
{
    for (size_t i = 0; i < s->n_prepared; i++)
        if (strcmp(s->prepared[i].name, name) == 0)
            s->prepared[i].ready = true;
}
