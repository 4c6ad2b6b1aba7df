/* The WebSocket's client. Called by the files of pgwire_*. */
#include "transport/ws_client.h"

#include "base/clock.h"
#include "base/fiber.h"
#include "base/process.h"
#include "transport/curl_setup.h"
#include "transport/neterr.h"
#include "transport/quiet.h"
#include "transport/ws_frame.h"
#include "transport/ws_upgrade.h"

#define IN_BYTES ((size_t)64 << 10)
/* Taken in while a long request is still being sent. */
#define AHEAD_MAX_BYTES ((size_t)256 << 20)
#define SEND_STALL_MS 60000 /* the server takes nothing for so long: it is gone */
#define POLL_MAX_MS 60000
#define PING_EVERY_MS 30000
#define CONTROL_MAX_BYTES ((size_t)4 << 10) /* more pings than this are not answered */

struct ws_client {
    struct transport *t;
    CURLM *multi;
    CURL *easy;
    bool added, open, failed;
    bool hushes; /* around what is read and sent */
    char curl_error[CURL_ERROR_SIZE];
    struct ws_framer framer;
    char *in;           /* owned: IN_BYTES as received */
    struct strview raw; /* what of it, or of `ahead`, is not read yet */
    struct buf ahead;   /* received while sending */
    struct buf out;     /* frames to be sent: holds secrets */
    struct buf control; /* pings and pongs that the server has not taken yet, the first in part */
    int64_t last_sent_ms;
    struct quiet *quiet; /* in force; NULL */
    pid_t pid;
};

struct ws_client *ws_new(struct transport *t, struct err *e)
{
    struct ws_client *ws = mem_calloc(1, sizeof *ws);

    if (ws == NULL) {
        err_oom(e);
        return NULL;
    }
    ws->t = t;
    ws->pid = process_id();
    ws->hushes = quiet_is_needed();
    buf_init(&ws->ahead, AHEAD_MAX_BYTES);
    buf_init(&ws->out, 0);
    buf_init(&ws->control, CONTROL_MAX_BYTES);
    ws->in = mem_alloc(IN_BYTES);
    ws->multi = curl_multi_init();
    ws->easy = curl_easy_init();
    if (!ws_framer_init(&ws->framer) || ws->in == NULL || ws->multi == NULL || ws->easy == NULL) {
        ws_free(ws);
        err_oom(e);
        return NULL;
    }
    return ws;
}

/* ---- bytes ---- */

static bool broke(struct ws_client *ws, CURLcode code, struct err *e)
{
    ws->failed = true;
    return neterr_set(ws->easy, code, ws->curl_error, !ws->open, e);
}

static void hush(struct ws_client *ws, struct quiet *q)
{
    if (!ws->hushes)
        return;
    quiet_begin(q);
    ws->quiet = q;
}

static void unhush(struct ws_client *ws)
{
    if (ws->quiet != NULL)
        quiet_end(ws->quiet);
    ws->quiet = NULL;
}

/* In an asynchronous call: back to the application, whose signals are its own meanwhile. False: the
 * caller is to wait itself. */
static bool yields(struct ws_client *ws)
{
    struct quiet *q = ws->quiet;
    bool waited;

    if (!fiber_is_inside())
        return false;
    if (q != NULL)
        quiet_end(q);
    waited = fiber_wait();
    if (q != NULL)
        quiet_begin(q);
    return waited;
}

/* Waits for the socket. -1: nothing may be done on it. */
static int poll_socket(struct ws_client *ws, bool write, int64_t ms)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    struct curl_waitfd w;
    int n = 0;

    curl_easy_getinfo(ws->easy, CURLINFO_ACTIVESOCKET, &fd);
    w = (struct curl_waitfd){.fd = fd,
                             .events = (short)(CURL_WAIT_POLLIN | (write ? CURL_WAIT_POLLOUT : 0))};
    if (fd == CURL_SOCKET_BAD)
        return -1;
    if (yields(ws))
        return 0;
    curl_multi_poll(ws->multi, &w, 1, (int)(ms < POLL_MAX_MS ? ms : POLL_MAX_MS), &n);
    return n;
}

/* What the socket has, into `in`; only when everything before was read. */
static enum ws_event receive(struct ws_client *ws, struct err *e)
{
    size_t n = 0;
    CURLcode code = curl_easy_recv(ws->easy, ws->in, IN_BYTES, &n);

    if (code == CURLE_AGAIN)
        return WS_NOTHING;
    if (code != CURLE_OK) {
        broke(ws, code, e);
        return WS_FAILED;
    }
    if (n == 0)
        return WS_CLOSED;
    ws->raw = sv_n(ws->in, n);
    return WS_DATA;
}

/* While sending: what the server says is put aside, or it might wait for us as we do for it. */
static bool take_ahead(struct ws_client *ws, struct err *e)
{
    for (;;) {
        struct strview before = ws->raw;
        enum ws_event ev;
        if (before.len > 0 && before.ptr == ws->in) {
            if (!buf_append_sv(&ws->ahead, before))
                return err_oom(e);
        }
        ev = receive(ws, e);
        if (ev == WS_FAILED)
            return false;
        if (ev != WS_DATA) {
            ws->raw = (struct strview){NULL, 0};
            return true; /* a connection that was ended fails when written to */
        }
        if (!buf_append_sv(&ws->ahead, ws->raw))
            return err_oom(e);
        ws->raw = (struct strview){NULL, 0};
    }
}

/* Something wakes a wait now and then (ws_wake): only time ends it. */
static bool stalls(void *ctx, int64_t since, int64_t *ms, struct err *e)
{
    *ms = deadline_left_ms(since + SEND_STALL_MS, POLL_MAX_MS);
    return *ms > 0 || broke(ctx, CURLE_OPERATION_TIMEDOUT, e);
}

/* What the socket takes now; *bytes: what it has not. */
static bool send_some(struct ws_client *ws, struct strview *bytes, struct err *e)
{
    while (bytes->len > 0) {
        size_t n = 0;
        CURLcode code = curl_easy_send(ws->easy, bytes->ptr, bytes->len, &n);
        if (code == CURLE_AGAIN)
            break;
        if (code != CURLE_OK)
            return broke(ws, code, e);
        *bytes = sv_n(bytes->ptr + n, bytes->len - n);
        ws->last_sent_ms = clock_now_ms();
    }
    return true;
}

static bool send_loudly(struct ws_client *ws, struct strview bytes, bool take,
                        const struct ws_waiter *w, struct err *e)
{
    const struct ws_waiter impatient = {stalls, ws};
    int64_t since = clock_now_ms();

    if (w == NULL)
        w = &impatient;
    for (;;) {
        size_t before = bytes.len;
        int64_t ms;
        if (!send_some(ws, &bytes, e))
            return false;
        if (bytes.len == 0)
            return true;
        if (bytes.len < before)
            since = clock_now_ms();
        if (take && !take_ahead(ws, e))
            return false;
        if (!w->goes_on(w->ctx, since, &ms, e)) {
            ws->failed = true;
            return false;
        }
        if (poll_socket(ws, true, ms) < 0)
            return broke(ws, CURLE_SEND_ERROR, e);
    }
}

static bool send_bytes(struct ws_client *ws, struct strview bytes, bool take,
                       const struct ws_waiter *w, struct err *e)
{
    struct quiet q;
    bool ok;

    if (ws->quiet != NULL)
        return send_loudly(ws, bytes, take, w, e);
    hush(ws, &q);
    ok = send_loudly(ws, bytes, take, w, e);
    unhush(ws);
    return ok;
}

/* Nobody waits for pings and pongs to be taken: whoever reads has limits of its own. */
static bool send_control(struct ws_client *ws, struct err *e)
{
    struct strview left = buf_sv(&ws->control);

    if (!send_some(ws, &left, e))
        return false;
    if (left.len > 0 && left.len < ws->control.len)
        memmove(ws->control.data, left.ptr, left.len);
    ws->control.len = left.len;
    return true;
}

/* ---- opening ---- */

static bool out_of_patience(const struct ws_patience *p, struct err *e)
{
    if (p->cancelled != NULL && atomic_load(p->cancelled))
        return !err_set(e, ST_HY008, 0, "The statement was cancelled.");
    if (p->deadline != DEADLINE_NONE && deadline_left_ms(p->deadline, 1) == 0)
        return !err_set(e, ST_HYT00, 0,
                        "A session could not be opened in time. A compute that sleeps may need "
                        "some seconds to wake up: raise LoginTimeout, or check that port 443 of "
                        "the host is reachable.");
    return false;
}

static bool connect_socket(struct ws_client *ws, const struct ws_patience *p, struct err *e)
{
    int running = 1, left;
    CURLMsg *m;

    if (curl_multi_add_handle(ws->multi, ws->easy) != CURLM_OK)
        return err_oom(e);
    ws->added = true;
    for (;;) {
        curl_multi_perform(ws->multi, &running);
        while ((m = curl_multi_info_read(ws->multi, &left)) != NULL)
            if (m->msg == CURLMSG_DONE)
                return m->data.result == CURLE_OK || broke(ws, m->data.result, e);
        if (out_of_patience(p, e))
            return false;
        if (!yields(ws))
            curl_multi_poll(ws->multi, NULL, 0, (int)deadline_left_ms(p->deadline, POLL_MAX_MS),
                            NULL);
    }
}

static bool configure(struct ws_client *ws, const char *url, struct err *e)
{
    if (!curl_setup_url(ws->easy, ws->t, url, e))
        return false;
    curl_easy_setopt(ws->easy, CURLOPT_ERRORBUFFER, ws->curl_error);
    curl_easy_setopt(ws->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(ws->easy, CURLOPT_CONNECT_ONLY, 1L);
    return true;
}

/* Reads the answer's head; what follows it is the first of the frames. */
static bool read_head(struct ws_client *ws, const struct ws_patience *p, struct buf *head,
                      struct err *e)
{
    for (;;) {
        enum ws_event ev = receive(ws, e);
        size_t len;
        if (ev == WS_FAILED)
            return false;
        if (ev == WS_CLOSED)
            return broke(ws, CURLE_GOT_NOTHING, e);
        if (ev == WS_NOTHING) {
            if (out_of_patience(p, e))
                return false;
            poll_socket(ws, false, deadline_left_ms(p->deadline, POLL_MAX_MS));
            continue;
        }
        if (!buf_append_sv(head, ws->raw))
            return head->failed == BUF_FULL
                       ? err_set(e, ST_08001, 0,
                                 "The answer to the WebSocket upgrade has no end: it is not HTTP.")
                       : err_oom(e);
        len = ws_upgrade_head_len(buf_sv(head));
        ws->raw = (struct strview){NULL, 0};
        if (len == 0)
            continue;
        if (!buf_append(&ws->ahead, head->data + len, head->len - len))
            return err_oom(e);
        ws->raw = buf_sv(&ws->ahead);
        head->len = len;
        return true;
    }
}

static bool upgrade(struct ws_client *ws, const char *url, const struct ws_patience *p,
                    bool *refused, struct err *e)
{
    struct buf head = BUF_INIT(WS_HEAD_MAX_BYTES);
    char key[WS_KEY_CHARS + 1];
    bool ok = ws_upgrade_key(key) ||
              err_set(e, ST_HY000, 0, "OpenSSL gives no random bytes, which WebSockets need.");

    ok = ok && (ws_upgrade_request(url, key, ws->t->o.user_agent, &ws->out) || err_oom(e));
    ok = ok && send_bytes(ws, buf_sv(&ws->out), false, NULL, e);
    buf_reset(&ws->out);
    if (ok && read_head(ws, p, &head, e)) {
        ok = ws_upgrade_check(buf_sv(&head), key, e);
        *refused = !ok;
    } else {
        ok = false;
    }
    buf_release(&head);
    return ok;
}

bool ws_open(struct ws_client *ws, const char *url, const struct ws_patience *p, bool *refused,
             struct err *e)
{
    struct quiet q;
    bool ok;

    *refused = false;
    quiet_begin(&q);
    ws->quiet = &q;
    ok = configure(ws, url, e) && connect_socket(ws, p, e) && upgrade(ws, url, p, refused, e);
    unhush(ws);
    ws->open = ok;
    ws->failed = !ok;
    return ok;
}

static void goodbye(struct ws_client *ws)
{
    size_t n;

    buf_reset(&ws->out);
    if (ws->control.len == 0 && ws_framer_close(&ws->framer, 1000, &ws->out))
        (void)curl_easy_send(ws->easy, ws->out.data, ws->out.len, &n);
}

void ws_free(struct ws_client *ws)
{
    struct quiet q;

    if (ws == NULL)
        return;
    quiet_begin(&q);
    if (ws->open && !ws->failed && ws->pid == process_id())
        goodbye(ws);
    if (ws->added && ws->pid == process_id())
        curl_multi_remove_handle(ws->multi, ws->easy);
    if (ws->pid == process_id() || !ws->added) { /* a child must not end its parent's connection */
        if (ws->easy != NULL)
            curl_easy_cleanup(ws->easy);
        if (ws->multi != NULL)
            curl_multi_cleanup(ws->multi);
    }
    quiet_end(&q);
    ws_framer_release(&ws->framer);
    buf_release(&ws->ahead);
    buf_release_secret(&ws->out);
    buf_release(&ws->control);
    mem_free(ws->in);
    mem_free(ws);
}

/* ---- the stream ---- */

bool ws_send(struct ws_client *ws, const void *bytes, size_t len, struct err *e)
{
    return ws_send_patiently(ws, bytes, len, NULL, e);
}

bool ws_send_patiently(struct ws_client *ws, const void *bytes, size_t len,
                       const struct ws_waiter *w, struct err *e)
{
    bool ok;

    if (ws->failed)
        return err_set(e, ST_08S01, 0, "The session is broken.");
    /* What was put aside before and is not read yet comes first. */
    if (ws->raw.len > 0 && ws->raw.ptr != ws->in) {
        size_t left = ws->raw.len;
        memmove(ws->ahead.data, ws->raw.ptr, left);
        ws->ahead.len = left;
        ws->raw = (struct strview){NULL, 0};
    } else {
        buf_reset(&ws->ahead);
    }
    buf_reset(&ws->out);
    ok = ws_framer_write(&ws->framer, bytes, len, &ws->out) || err_oom(e);
    ok = ok && send_bytes(ws, buf_sv(&ws->control), true, w, e); /* its frame may have begun */
    buf_reset(&ws->control);
    ok = ok && send_bytes(ws, buf_sv(&ws->out), true, w, e);
    if (ws->out.len > 0)
        mem_wipe(ws->out.data, ws->out.len);
    if (ws->out.cap > ((size_t)1 << 20))
        buf_release(&ws->out);
    if (ws->raw.len == 0)
        ws->raw = buf_sv(&ws->ahead);
    return ok;
}

enum ws_event ws_read(struct ws_client *ws, char *dst, size_t cap, size_t *got, struct err *e)
{
    struct quiet q;
    enum ws_event ev = WS_DATA;

    *got = 0;
    hush(ws, &q);
    if (ws->framer.closing)
        ev = WS_CLOSED;
    else if (ws->raw.len == 0 && !ws->framer.has_more)
        ev = receive(ws, e);
    if (ev == WS_DATA && !ws_framer_read(&ws->framer, &ws->raw, dst, cap, got, &ws->control, e))
        ev = WS_FAILED;
    if (ev != WS_CLOSED && ev != WS_FAILED && !send_control(ws, e))
        ev = WS_FAILED;
    unhush(ws);
    ws->failed |= ev == WS_FAILED || ev == WS_CLOSED;
    return ev;
}

/* Keeps what lies between from forgetting a connection that only waits. */
void ws_keep(struct ws_client *ws)
{
    struct err e = ERR_INIT;
    struct quiet q;

    if (clock_now_ms() - ws->last_sent_ms < PING_EVERY_MS || ws->control.len > 0)
        return;
    hush(ws, &q);
    if (ws_framer_ping(&ws->framer, &ws->control) && !send_control(ws, &e))
        err_release(&e); /* reading will tell */
    unhush(ws);
}

void ws_wait(struct ws_client *ws, int64_t ms)
{
    ws_keep(ws);
    poll_socket(ws, ws->control.len > 0, ms < PING_EVERY_MS ? ms : PING_EVERY_MS);
}

void ws_wake(struct ws_client *ws)
{
    curl_multi_wakeup(ws->multi);
}
