/* Requests over HTTP: one exchange is one POST, driven in the caller's thread on a lane of its own.
 * Streams the answer, stops at deadlines, can be cancelled from any thread, and never sends again
 * what may have run. Reads no SQL and no rows. Called by stmt/ and handle/dbc_probe.c through
 * transport.h. */
#include "transport/http_exchange.h"

#include "base/clock.h"
#include "base/fiber.h"
#include "base/process.h"
#include "transport/curl_setup.h"
#include "transport/neon_error.h"
#include "transport/neterr.h"
#include "transport/quiet.h"
#include "transport/request_body.h"
#include "transport/request_headers.h"

#define COLD_START_MAX_MS                                                                          \
    10000 /* how long a statement (not a login) waits for a compute that wakes up */
#define BACKOFF_MAX_MS 5000
#define POLL_MAX_MS 60000

/* ---- driving ---- */

static bool configure(struct http_exchange *x, struct err *e)
{
    if (!curl_setup(x->lane->easy, x->t, e))
        return false;
    http_set_callbacks(x, x->lane->easy);
    return true;
}

static bool is_foreign(const struct http_exchange *x)
{
    return transport_is_foreign(x->t);
}

static bool borrow_lane(struct http_exchange *x, struct err *e)
{
    struct lane *l = lane_take(x->t->key, x->t->o.max_idle_s * 1000, e);

    if (l == NULL)
        return false;
    pthread_mutex_lock(&x->cancel_lock);
    x->lane = l;
    pthread_mutex_unlock(&x->cancel_lock);
    return true;
}

static void return_lane(struct http_exchange *x, bool reusable)
{
    struct lane *l = x->lane;
    struct quiet q;

    if (l == NULL)
        return;
    pthread_mutex_lock(&x->cancel_lock);
    x->lane = NULL;
    pthread_mutex_unlock(&x->cancel_lock);
    /* An unfinished answer: this closes the connection, or resets the stream. Not the parent's from
     * a child process. */
    quiet_begin(&q);
    if (x->added && l->pid == process_id())
        curl_multi_remove_handle(l->multi, l->easy);
    quiet_end(&q);
    x->added = false;
    lane_give(l, reusable);
}

static bool check_done(struct http_exchange *x)
{
    CURLMsg *m;
    int left;

    while ((m = curl_multi_info_read(x->lane->multi, &left)) != NULL)
        if (m->msg == CURLMSG_DONE) {
            x->done = true;
            x->result = m->data.result;
        }
    return x->done;
}

/* Milliseconds until the nearer of deadline and silence; sets x->stop when one has passed. */
static int wait_ms(struct http_exchange *x)
{
    int64_t left = deadline_left_ms(x->r.deadline, POLL_MAX_MS);

    if (x->r.deadline != DEADLINE_NONE && left == 0)
        x->stop = STOP_DEADLINE;
    if (x->read_timeout_ms > 0) {
        int64_t silence = x->last_byte_ms + x->read_timeout_ms - clock_now_ms();
        if (silence <= 0 && x->stop == STOP_NONE)
            x->stop = STOP_SILENCE;
        if (silence < left)
            left = silence > 0 ? silence : 0;
    }
    return (int)left;
}

/* One round. *ms: how long may be waited for the next; false: there is none. */
static bool drive_once(struct http_exchange *x, bool (*ready)(const struct http_exchange *),
                       int *ms)
{
    int running;

    if (ready(x) || x->done)
        return false;
    if (atomic_load(&x->cancelled))
        x->stop = STOP_CANCELLED;
    else
        curl_multi_perform(x->lane->multi, &running);
    if (x->stop != STOP_NONE || check_done(x) || ready(x))
        return false;
    *ms = wait_ms(x);
    return x->stop == STOP_NONE;
}

/* Lets the transfer go on until `ready` says so or it ends. An asynchronous call goes back to the
 * application instead of waiting, with its thread's signals as they were. False: x->stop says why.
 */
static bool drive(struct http_exchange *x, bool (*ready)(const struct http_exchange *))
{
    struct quiet q;
    int ms = 0;
    bool more;

    do {
        quiet_begin(&q);
        more = drive_once(x, ready, &ms);
        quiet_end(&q);
        if (more && !fiber_wait())
            curl_multi_poll(x->lane->multi, NULL, 0, ms, NULL);
    } while (more);
    return x->stop == STOP_NONE;
}

static bool body_has_begun(const struct http_exchange *x)
{
    return x->info.http_status == 200 && x->got_byte;
}

static bool reader_has_bytes(const struct http_exchange *x)
{
    return x->dst_len > 0;
}

/* ---- failures ---- */

static bool whole_body_sent(const struct http_exchange *x)
{
    return x->sent >= x->body.len;
}

static bool fail_stopped(struct http_exchange *x, bool unknown, struct err *e)
{
    switch (x->stop) {
    case STOP_CANCELLED:
        err_set(e, ST_HY008, 0, "The statement was cancelled.");
        break;
    case STOP_DEADLINE:
        if (x->r.connecting)
            err_set(e, ST_HYT00, 0,
                    "The connection was not made within LoginTimeout. A compute that sleeps may "
                    "need some seconds to wake up: raise LoginTimeout, or check that port 443 of "
                    "the host is reachable.");
        else
            err_set(e, ST_HYT00, 0,
                    "The statement took longer than the query timeout and was cancelled.");
        break;
    case STOP_SILENCE:
        err_set(e, ST_HYT01, 0, "The server sent nothing for %lld seconds (ReadTimeout).",
                (long long)(x->read_timeout_ms / 1000));
        break;
    case STOP_TOO_LARGE:
        err_set(
            e, ST_54000, 0,
            "The answer is larger than MaxResponseBytes=%zu. Read fewer rows at a time, or raise "
            "MaxResponseBytes.",
            x->t->o.max_response_bytes);
        break;
    case STOP_TOO_EARLY:
        err_set(e, x->r.connecting ? ST_08001 : ST_08S01, 0,
                "An answer came before the request had been sent, so it belongs to something else, "
                "and the request was broken off. A proxy on the way may mix up answers.");
        unknown = false;
        break;
    case STOP_ENOUGH:
    case STOP_OOM:
    case STOP_NONE:
    default:
        err_oom(e);
        break;
    }
    e->effect = unknown ? EFFECT_UNKNOWN : EFFECT_NONE;
    e->retry_safe = x->stop == STOP_TOO_EARLY;
    neon_error_say_unknown(&x->r, e);
    return false;
}

static bool fail_network(struct http_exchange *x, struct err *e)
{
    atomic_store(&x->t->dead, true);
    neterr_set(x->lane->easy, x->result, x->curl_error, x->r.connecting, e);
    e->retry_safe = e->retry_safe && !whole_body_sent(x);
    e->effect = whole_body_sent(x) ? EFFECT_UNKNOWN : EFFECT_NONE;
    if (e->native < 1000) /* the proxy refused: nothing went further */
        e->effect = EFFECT_NONE;
    else
        neon_error_say_unknown(&x->r, e);
    return false;
}

/* ---- one attempt ---- */

/* One line a request (level 2), written when it is over; one for every attempt that failed (level
 * 1). */
static void log_attempt(struct http_exchange *x, const struct err *e, const char *how)
{
    enum log_level level = e != NULL ? LOG_ERROR : LOG_REQUEST;
    char rows[32] = "";

    x->unlogged = false;
    if (!log_wants(x->t->log, level))
        return;
    if (x->n_rows >= 0)
        snprintf(rows, sizeof rows, " rows=%lld", (long long)x->n_rows);
    log_line(
        x->t->log, level, "POST %s http/%d.%d %d %lldms out=%zu in=%llu%s id=%s attempt=%d%s%s",
        buf_str(&x->t->url), x->info.http_version / 10, x->info.http_version % 10,
        x->info.http_status,
        (long long)((x->ended_ms ? x->ended_ms : clock_now_ms()) - x->started_ms), x->sent,
        (unsigned long long)x->received, rows, x->info.request_id[0] ? x->info.request_id : "-",
        x->attempts, how, e != NULL ? e->state : "");
}

static void note_version(struct http_exchange *x)
{
    long version = 0;

    curl_easy_getinfo(x->lane->easy, CURLINFO_HTTP_VERSION, &version);
    x->info.http_version = version == CURL_HTTP_VERSION_2_0   ? 20
                           : version == CURL_HTTP_VERSION_1_0 ? 10
                                                              : 11;
}

static void begin_attempt(struct http_exchange *x)
{
    x->info = (struct exchange_info){0};
    x->sent = 0;
    x->received = 0;
    x->n_rows = -1;
    x->ended_ms = 0;
    x->attempts++;
    x->paused = x->done = x->got_byte = false;
    x->result = CURLE_OK;
    x->stop = STOP_NONE;
    x->curl_error[0] = '\0';
    x->last_byte_ms = clock_now_ms();
    buf_reset(&x->error_body);
    buf_reset(&x->stash);
    x->stash_pos = 0;
}

/* Sends once and waits for the first bytes of a good answer. */
static bool attempt(struct http_exchange *x, struct err *e)
{
    begin_attempt(x);
    if (!borrow_lane(x, e) || !configure(x, e))
        return false;
    if (curl_multi_add_handle(x->lane->multi, x->lane->easy) != CURLM_OK)
        return err_oom(e);
    x->added = true;
    (void)drive(x, body_has_begun);
    note_version(x);
    if (x->stop != STOP_NONE && x->stop != STOP_ENOUGH)
        return fail_stopped(x, whole_body_sent(x), e);
    if (x->stop == STOP_NONE && x->done && x->result != CURLE_OK)
        return fail_network(x, e);
    atomic_store(&x->t->dead, false);
    if (x->info.http_status == 200)
        return true;
    return neon_error_read(x->info.http_status, buf_sv(&x->error_body), x->info.request_id, &x->r,
                           e);
}

/* ---- trying again ---- */

static int64_t backoff_ms(const struct http_exchange *x, int attempt_no)
{
    int64_t ms = x->t->o.retry_interval_ms > 0 ? x->t->o.retry_interval_ms : 1;
    uint32_t noise = (uint32_t)clock_now_ms() * 2654435761u;

    for (int i = 0; i < attempt_no && ms < BACKOFF_MAX_MS; i++)
        ms *= 2;
    if (ms > BACKOFF_MAX_MS)
        ms = BACKOFF_MAX_MS;
    return ms * 3 / 4 + (int64_t)(noise >> 8) % (ms / 2 + 1);
}

/* The network failed before anything could run, or the request may be repeated: retry_count times.
 * The compute is waking up: as long as the login may take, or for some seconds within a query's. */
static bool may_retry(const struct http_exchange *x, const struct err *e, int attempt_no)
{
    bool waking = e->retry_safe && x->info.http_status >= 500;
    int64_t patience = x->started_ms + COLD_START_MAX_MS;

    if (x->stop != STOP_NONE && x->stop != STOP_TOO_EARLY)
        return false;
    if (waking)
        return x->r.connecting && x->r.deadline != DEADLINE_NONE ? true : clock_now_ms() < patience;
    return attempt_no < x->t->o.retry_count &&
           (e->retry_safe || (x->r.repeatable && e->effect == EFFECT_UNKNOWN));
}

/* Waits on the lane, so that a cancel wakes it. False: cancelled or past the deadline. */
static bool pause_before_retry(struct http_exchange *x, int64_t ms)
{
    int64_t until = clock_now_ms() + ms;

    while (clock_now_ms() < until && !atomic_load(&x->cancelled)) {
        int64_t left = deadline_left_ms(x->r.deadline, until - clock_now_ms());
        if (left <= 0)
            break;
        if (!fiber_wait())
            curl_multi_poll(x->lane->multi, NULL, 0, (int)left, NULL);
    }
    return !atomic_load(&x->cancelled) &&
           (x->r.deadline == DEADLINE_NONE || deadline_left_ms(x->r.deadline, 1) > 0);
}

static void take_request(struct http_exchange *x, const struct wire_request *r)
{
    x->r = *r;
    x->r.stmts = NULL;
    x->r.n_stmts = 0;
    x->read_timeout_ms = r->read_timeout_s * 1000;
    x->started_ms = clock_now_ms();
}

/* The cancel came while nothing was under way: only what surely did not run, or may run twice, gets
 * this far. */
static void cancelled_between(struct http_exchange *x, struct err *e)
{
    x->stop = STOP_CANCELLED;
    err_release(e);
    fail_stopped(x, false, e);
}

static bool http_begin(struct exchange *base, const struct wire_request *r, struct err *e)
{
    struct http_exchange *x = (struct http_exchange *)base;
    struct err mine = ERR_INIT;

    take_request(x, r);
    x->body.max = x->t->o.max_request_bytes;
    if (!request_body_write(r, &x->body, e))
        return false;
    x->headers = request_headers_new(x->t, r);
    if (x->headers == NULL)
        return err_oom(e);
    for (int n = 0;; n++) {
        if (attempt(x, &mine)) {
            x->unlogged = true;
            return true;
        }
        log_attempt(x, &mine, " ");
        if (!may_retry(x, &mine, n) || x->lane == NULL || !pause_before_retry(x, backoff_ms(x, n)))
            break;
        return_lane(x, x->done && x->result == CURLE_OK);
        err_release(&mine);
    }
    if (atomic_load(&x->cancelled) && !err_is(&mine, ST_HY008))
        cancelled_between(x, &mine);
    return_lane(x, x->done && x->result == CURLE_OK);
    err_move(e, &mine);
    return false;
}

/* ---- the contract of transport.h ---- */

static size_t take_stash(struct http_exchange *x, char *dst, size_t cap)
{
    size_t left = x->stash.len - x->stash_pos;
    size_t n = left < cap ? left : cap;

    if (n > 0)
        memcpy(dst, x->stash.data + x->stash_pos, n);
    x->stash_pos += n;
    if (x->stash_pos == x->stash.len) {
        buf_reset(&x->stash);
        x->stash_pos = 0;
    }
    return n;
}

static void receive(struct http_exchange *x)
{
    struct quiet q;

    if (x->paused) {
        x->paused = false;
        quiet_begin(&q);
        curl_easy_pause(x->lane->easy, CURLPAUSE_CONT);
        quiet_end(&q);
    }
    (void)drive(x, reader_has_bytes);
}

/* The body is complete. Its line in the log waits for the number of rows. */
static enum exchange_read end_of_body(struct http_exchange *x)
{
    if (x->ended_ms == 0)
        x->ended_ms = clock_now_ms();
    return_lane(x, true);
    return EXCHANGE_END;
}

/* The statement has run, since its answer had begun: only rows are missing. */
static enum exchange_read fail_body(struct http_exchange *x, struct err *e)
{
    if (x->stop != STOP_NONE)
        fail_stopped(x, true, e);
    else
        fail_network(x, e);
    log_attempt(x, e, " ");
    return_lane(x, false);
    return EXCHANGE_FAILED;
}

static enum exchange_read http_read(struct exchange *base, char *dst, size_t cap, size_t *got,
                                    struct err *e)
{
    struct http_exchange *x = (struct http_exchange *)base;

    *got = take_stash(x, dst, cap);
    if (*got > 0)
        return EXCHANGE_DATA;
    if (x->done && x->result == CURLE_OK)
        return end_of_body(x);
    if (x->lane == NULL || cap == 0 || is_foreign(x)) {
        err_set(e, ST_HY010, 0, "The answer was given up before, or belongs to another process.");
        return EXCHANGE_FAILED;
    }
    x->dst = dst;
    x->dst_cap = cap;
    x->dst_len = 0;
    x->last_byte_ms =
        clock_now_ms(); /* the application's own pauses are not the server's silence */
    if (!x->done)
        receive(x);
    *got = x->dst_len;
    x->dst = NULL;
    x->dst_cap = x->dst_len = 0;
    if (*got > 0)
        return EXCHANGE_DATA;
    return x->stop == STOP_NONE && x->done && x->result == CURLE_OK ? end_of_body(x)
                                                                    : fail_body(x, e);
}

static void http_note_rows(struct exchange *base, uint64_t n_rows)
{
    struct http_exchange *x = (struct http_exchange *)base;

    x->n_rows = (int64_t)n_rows;
    if (x->unlogged)
        log_attempt(x, NULL, "");
}

static void http_cancel(struct exchange *base)
{
    struct http_exchange *x = (struct http_exchange *)base;

    atomic_store(&x->cancelled, true);
    pthread_mutex_lock(&x->cancel_lock);
    if (x->lane != NULL)
        curl_multi_wakeup(x->lane->multi);
    pthread_mutex_unlock(&x->cancel_lock);
}

static void http_free(struct exchange *base)
{
    struct http_exchange *x = (struct http_exchange *)base;

    if (x->unlogged && !is_foreign(x))
        log_attempt(x, NULL, x->ended_ms != 0 ? "" : " given up");
    return_lane(x, true);
    request_headers_free(x->headers);
    buf_release_secret(&x->body);
    buf_release(&x->error_body);
    buf_release(&x->stash);
    pthread_mutex_destroy(&x->cancel_lock);
    mem_free(x);
}

static const struct exchange_info *http_info(const struct exchange *base)
{
    return &((const struct http_exchange *)base)->info;
}

struct exchange *exchange_new(struct transport *t, struct err *e)
{
    static const struct exchange_ops ops = {
        .begin = http_begin,
        .read = http_read,
        .note_rows = http_note_rows,
        .cancel = http_cancel,
        .free = http_free,
        .info = http_info,
    };
    struct http_exchange *x = mem_calloc(1, sizeof *x);

    if (x == NULL) {
        err_oom(e);
        return NULL;
    }
    x->base.ops = &ops;
    x->t = t;
    buf_init(&x->body, 0);
    buf_init(&x->error_body, NEON_ERROR_MAX_BODY_BYTES);
    buf_init(&x->stash, 0);
    pthread_mutex_init(&x->cancel_lock, NULL);
    return &x->base;
}
