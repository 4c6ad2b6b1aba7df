/* How a session sends, and waits for the server: with the patience of the request, and with a
 * CancelRequest when that ends. Called by pgwire_login.c, pgwire_call.c and the files of an
 * exchange. */
#include "transport/pgwire_session_int.h"

#include "base/clock.h"
#include "transport/endpoint.h"
#include "transport/ws_frame.h"

#define CANCEL_ANSWER_MS 10000 /* for the server to end a statement that was cancelled */
#define CANCEL_SEND_MS 5000
#define WAIT_MS 60000

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
    if (ws != NULL && !message.failed && endpoint_session_url(&s->t->o, &url, &e) &&
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
};

static bool has_patience(void *ctx, int64_t since, int64_t *ms, struct err *e)
{
    struct patience *p = ctx;

    cancel_if_due(p->s, p->w);
    *ms = wait_ms(p->w, since);
    return !out_of_patience(p->w, since, e);
}

bool session_flush(struct session *s, struct session_wait *w, struct err *e)
{
    struct patience p = {s, w};
    bool ok = s->out.failed == BUF_OK || err_oom(e);

    ok = ok && ws_send_patiently(s->ws, s->out.data, s->out.len,
                                 &(struct ws_waiter){has_patience, &p}, e);
    if (s->out.cap > ((size_t)1 << 20))
        buf_release_secret(&s->out);
    else
        buf_reset(&s->out);
    s->used_ms = clock_now_ms();
    if (!ok)
        session_lose(s, w->r, e);
    return ok;
}
