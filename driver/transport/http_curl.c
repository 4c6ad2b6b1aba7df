/* Requests over HTTP: one exchange is one POST, driven in the caller's thread on a lane of its own.
 * Streams the answer, stops at deadlines, can be cancelled from any thread, and never sends again
 * what may have run. Reads no SQL and no rows. Called by stmt/ and handle/dbc.c through
 * transport.h. */
#include "transport/transport_int.h"

#include <netinet/in.h>

#include "base/clock.h"
#include "transport/neon_error.h"
#include "transport/request_body.h"

#define READ_BUFFER_BYTES                                                                          \
    (32L << 10) /* small: what a paused transfer holds back is copied once more */
#define COLD_START_MAX_MS                                                                          \
    10000 /* how long a statement (not a login) waits for a compute that wakes up */
#define BACKOFF_MAX_MS 5000
#define POLL_MAX_MS 60000

enum stop { STOP_NONE, STOP_CANCELLED, STOP_DEADLINE, STOP_SILENCE, STOP_TOO_LARGE, STOP_OOM };

struct exchange {
    struct transport *t;
    struct lane *lane;          /* NULL when none is borrowed */
    bool added;                 /* the easy handle is in the lane's multi */
    struct curl_slist *headers; /* hold secrets: wiped */
    struct buf body;
    size_t sent;       /* bytes of the body handed to libcurl */
    bool may_have_run; /* sticky over attempts */

    /* the answer */
    struct exchange_info info;
    struct buf error_body;
    struct buf stash; /* what arrived when no buffer was there, or did not fit */
    size_t stash_pos;
    char *dst; /* the reader's buffer, or NULL */
    size_t dst_cap, dst_len;
    uint64_t received;
    bool paused, done, got_byte;
    CURLcode result;
    enum stop stop;
    char curl_error[CURL_ERROR_SIZE];

    /* what the request asked for */
    bool connecting, committing, repeatable, batch;
    int64_t deadline, read_timeout_ms, started_ms, last_byte_ms;

    pthread_mutex_t cancel_lock; /* guards lane against exchange_cancel */
    atomic_bool cancelled;
};

#define YES true
#define NO false
static const struct neterr_row {
    CURLcode code;
    bool try_again; /* when nothing can have run */
    const char *connecting, *later, *text;
} neterrs[] = {
#define X(code, try_again, connecting, later, text) {code, try_again, connecting, later, text},
#include "transport/neterr.def"
#undef X
};

/* ---- callbacks of libcurl ---- */

static size_t on_send(char *to, size_t size, size_t n, void *ctx)
{
    struct exchange *x = ctx;
    size_t room = size * n;
    size_t left = x->body.len - x->sent;
    size_t take = left < room ? left : room;

    memcpy(to, x->body.data + x->sent, take);
    x->sent += take;
    return take;
}

/* libcurl wants to begin the body again, because a kept connection died under it. Once the whole
 * body was handed over the server may have executed it: no. An incomplete body cannot have been. */
static int on_rewind(void *ctx, curl_off_t offset, int origin)
{
    struct exchange *x = ctx;

    if (x->sent >= x->body.len || offset != 0 || origin != SEEK_SET)
        return CURL_SEEKFUNC_FAIL;
    x->sent = 0;
    return CURL_SEEKFUNC_OK;
}

static void note_byte(struct exchange *x)
{
    x->last_byte_ms = clock_now_ms();
    if (x->got_byte)
        return;
    x->got_byte = true;
    x->info.first_byte_ms = x->last_byte_ms - x->started_ms;
}

static size_t abort_with(struct exchange *x, enum stop why)
{
    x->stop = why;
    return CURL_WRITEFUNC_ERROR;
}

#ifndef CURL_WRITEFUNC_ERROR
#define CURL_WRITEFUNC_ERROR 0xFFFFFFFF
#endif

/* Into the reader's buffer, the rest into the stash; when the reader has no room at all, libcurl
 * waits. */
static size_t on_body(char *from, size_t size, size_t n, void *ctx)
{
    struct exchange *x = ctx;
    size_t len = size * n;
    size_t room = x->dst_cap - x->dst_len;
    size_t take = len < room ? len : room;

    note_byte(x);
    if (x->info.http_status != 200) {
        size_t left = NEON_ERROR_MAX_BODY_BYTES - x->error_body.len;
        return buf_append(&x->error_body, from, len < left ? len : left) ? len
                                                                         : abort_with(x, STOP_OOM);
    }
    if (room == 0 && (x->stash.len > 0 || x->dst != NULL)) {
        x->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    x->received += len;
    if (x->t->o.max_response_bytes > 0 && x->received > x->t->o.max_response_bytes)
        return abort_with(x, STOP_TOO_LARGE);
    if (take > 0)
        memcpy(x->dst + x->dst_len, from, take);
    x->dst_len += take;
    if (take < len && !buf_append(&x->stash, from + take, len - take))
        return abort_with(x, STOP_OOM);
    return len;
}

static void take_request_id(struct exchange *x, struct strview value)
{
    value = sv_trim(value);
    if (value.len >= sizeof x->info.request_id)
        return;
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] <= ' ' || value.ptr[i] >= 0x7F)
            return;
    memcpy(x->info.request_id, value.ptr, value.len);
    x->info.request_id[value.len] = '\0';
}

static size_t on_header(char *line, size_t size, size_t n, void *ctx)
{
    static const struct strview name = {"neon-request-id:", 16};
    struct exchange *x = ctx;
    size_t len = size * n;
    long status = 0;

    x->last_byte_ms = clock_now_ms();
    if (len > 5 && memcmp(line, "HTTP/", 5) == 0) {
        curl_easy_getinfo(x->lane->easy, CURLINFO_RESPONSE_CODE, &status);
        x->info.http_status = (int)status;
        x->info.request_id[0] = '\0';
    }
    if (len > name.len && sv_ieq(sv_n(line, name.len), name))
        take_request_id(x, sv_n(line + name.len, len - name.len));
    return len;
}

/* Wire detail for the log; request headers hold the password and are left out altogether. */
static int on_debug(CURL *easy, curl_infotype type, char *data, size_t size, void *ctx)
{
    struct exchange *x = ctx;
    size_t len = size;

    (void)easy;
    if (type != CURLINFO_TEXT && type != CURLINFO_HEADER_IN)
        return 0;
    while (len > 0 && (data[len - 1] == '\n' || data[len - 1] == '\r'))
        len--;
    log_line(x->t->log, LOG_WIRE, "%s %.*s", type == CURLINFO_TEXT ? "*" : "<",
             (int)(len > 4096 ? 4096 : len), data);
    return 0;
}

/* ---- setting up ---- */

static bool add_header(struct exchange *x, const char *name, const char *value)
{
    struct buf line = BUF_INIT(0);
    struct curl_slist *longer = NULL;

    buf_append_str(&line, name);
    buf_append_str(&line, value);
    if (!line.failed)
        longer = curl_slist_append(x->headers, line.data);
    buf_release_secret(&line);
    if (longer != NULL)
        x->headers = longer;
    return longer != NULL;
}

static void free_headers(struct exchange *x)
{
    for (struct curl_slist *h = x->headers; h != NULL; h = h->next)
        mem_wipe(h->data, strlen(h->data));
    curl_slist_free_all(x->headers);
    x->headers = NULL;
}

static bool add_token(struct exchange *x)
{
    bool ok;

    pthread_mutex_lock(&x->t->lock);
    ok = x->t->o.token == NULL || add_header(x, "Authorization: Bearer ", x->t->o.token);
    pthread_mutex_unlock(&x->t->lock);
    return ok;
}

static bool make_headers(struct exchange *x, const struct wire_request *r)
{
    static const char *const levels[] = {
        [ISOLATION_READ_UNCOMMITTED] = "ReadUncommitted",
        [ISOLATION_READ_COMMITTED] = "ReadCommitted",
        [ISOLATION_REPEATABLE_READ] = "RepeatableRead",
        [ISOLATION_SERIALIZABLE] = "Serializable",
    };
    bool ok = add_header(x, "Content-Type: ", "application/json") && add_header(x, "Expect:", "") &&
              add_header(x, "Neon-Connection-String: ", buf_str(&x->t->identity)) &&
              add_header(x, "Neon-Raw-Text-Output: ", "true") &&
              add_header(x, "Neon-Array-Mode: ", "true") && add_token(x);

    if (x->t->o.pool_opt_in)
        ok = ok && add_header(x, "Neon-Pool-Opt-In: ", "true");
    if (!r->batch)
        return ok;
    if (r->isolation != ISOLATION_DEFAULT)
        ok = ok && add_header(x, "Neon-Batch-Isolation-Level: ", levels[r->isolation]);
    if (r->read_only)
        ok = ok && add_header(x, "Neon-Batch-Read-Only: ", "true");
    if (r->deferrable)
        ok = ok && add_header(x, "Neon-Batch-Deferrable: ", "true");
    return ok;
}

static void set_text(CURL *c, CURLoption option, const char *value)
{
    if (value != NULL && value[0] != '\0')
        curl_easy_setopt(c, option, value);
}

static void set_tls(CURL *c, const struct net_options *o)
{
    bool tls13 = o->tls_min_version != NULL && strcmp(o->tls_min_version, "1.3") == 0;

    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, o->verify == TLS_VERIFY_CA ? 0L : 2L);
    curl_easy_setopt(c, CURLOPT_SSLVERSION,
                     (long)(tls13 ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2));
    set_text(c, CURLOPT_CAINFO, o->ca_file);
    set_text(c, CURLOPT_CAPATH, o->ca_path);
    set_text(c, CURLOPT_CRLFILE, o->crl_file);
    set_text(c, CURLOPT_SSLCERT, o->client_cert);
    set_text(c, CURLOPT_SSLKEY, o->client_key);
    set_text(c, CURLOPT_KEYPASSWD, o->client_key_password);
    set_text(c, CURLOPT_SSL_CIPHER_LIST, o->tls_ciphers);
    set_text(c, CURLOPT_PINNEDPUBLICKEY, o->pinned_public_key);
    set_text(c, CURLOPT_PROXY_CAINFO, o->ca_file);
    set_text(c, CURLOPT_PROXY_CAPATH, o->ca_path);
}

static long proxy_auth_bits(const char *name)
{
    static const struct {
        const char *name;
        unsigned long bits;
    } kinds[] = {{"basic", CURLAUTH_BASIC},
                 {"digest", CURLAUTH_DIGEST},
                 {"ntlm", CURLAUTH_NTLM},
                 {"negotiate", CURLAUTH_NEGOTIATE}};

    for (size_t i = 0; name != NULL && i < ARRAY_LEN(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return (long)kinds[i].bits;
    return (long)CURLAUTH_ANY;
}

static void set_proxy(CURL *c, const struct net_options *o, bool is_http)
{
    if (is_http) { /* to this machine only: no proxy has a place there */
        curl_easy_setopt(c, CURLOPT_PROXY, "");
        return;
    }
    if (o->proxy != NULL) {
        curl_easy_setopt(c, CURLOPT_PROXY, o->proxy);
        /* An explicit proxy is not undone by the environment's NO_PROXY. */
        curl_easy_setopt(c, CURLOPT_NOPROXY, o->no_proxy ? o->no_proxy : "");
    } else {
        set_text(c, CURLOPT_NOPROXY, o->no_proxy);
    }
    set_text(c, CURLOPT_PROXYUSERNAME, o->proxy_user);
    set_text(c, CURLOPT_PROXYPASSWORD, o->proxy_password);
    curl_easy_setopt(c, CURLOPT_PROXYAUTH, proxy_auth_bits(o->proxy_auth));
    curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

static void set_protocol(CURL *c, const struct net_options *o, bool is_http)
{
    long version = o->http_version == HTTP_1_1 || is_http ? (long)CURL_HTTP_VERSION_1_1
                                                          : (long)CURL_HTTP_VERSION_2TLS;

    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, version);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(c, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    curl_easy_setopt(c, CURLOPT_IPRESOLVE,
                     (long)(o->ip_version == 4   ? CURL_IPRESOLVE_V4
                            : o->ip_version == 6 ? CURL_IPRESOLVE_V6
                                                 : CURL_IPRESOLVE_WHATEVER));
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(c, CURLOPT_MAXAGE_CONN, (long)o->max_idle_s);
    curl_easy_setopt(c, CURLOPT_FORBID_REUSE, o->keep_alive ? 0L : 1L);
    curl_easy_setopt(c, CURLOPT_BUFFERSIZE, READ_BUFFER_BYTES);
}

static void set_callbacks(struct exchange *x, CURL *c)
{
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, x->curl_error);
    curl_easy_setopt(c, CURLOPT_POST, 1L);
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->body.len);
    curl_easy_setopt(c, CURLOPT_READFUNCTION, on_send);
    curl_easy_setopt(c, CURLOPT_READDATA, x);
    curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, on_rewind);
    curl_easy_setopt(c, CURLOPT_SEEKDATA, x);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, x);
    if (log_wants(x->t->log, LOG_WIRE)) {
        curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, on_debug);
        curl_easy_setopt(c, CURLOPT_DEBUGDATA, x);
        curl_easy_setopt(c, CURLOPT_VERBOSE, 1L);
    }
}

static void configure(struct exchange *x)
{
    CURL *c = x->lane->easy;
    const struct net_options *o = &x->t->o;
    const char *url = buf_str(&x->t->url);
    bool is_http = strncmp(url, "http://", 7) == 0;

    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, x->headers);
    set_text(c, CURLOPT_USERAGENT, o->user_agent);
    if (lane_share() != NULL)
        curl_easy_setopt(c, CURLOPT_SHARE, lane_share());
    set_protocol(c, o, is_http);
    set_tls(c, o);
    set_proxy(c, o, is_http);
    set_callbacks(x, c);
}

/* ---- driving ---- */

static bool borrow_lane(struct exchange *x, struct err *e)
{
    struct lane *l = lane_take(x->t->key, x->t->o.max_idle_s * 1000, e);

    if (l == NULL)
        return false;
    pthread_mutex_lock(&x->cancel_lock);
    x->lane = l;
    pthread_mutex_unlock(&x->cancel_lock);
    return true;
}

static void return_lane(struct exchange *x, bool reusable)
{
    struct lane *l = x->lane;

    if (l == NULL)
        return;
    pthread_mutex_lock(&x->cancel_lock);
    x->lane = NULL;
    pthread_mutex_unlock(&x->cancel_lock);
    if (x->added)
        curl_multi_remove_handle(
            l->multi,
            l->easy); /* an unfinished answer: this closes the connection or resets the stream */
    x->added = false;
    lane_give(l, reusable);
}

static bool check_done(struct exchange *x)
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
static int wait_ms(struct exchange *x)
{
    int64_t left = deadline_left_ms(x->deadline, POLL_MAX_MS);

    if (x->deadline != DEADLINE_NONE && left == 0)
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

/* Lets the transfer go on until `ready` says so or it ends. False: x->stop says why. */
static bool drive(struct exchange *x, bool (*ready)(const struct exchange *))
{
    int running;

    while (!ready(x) && !x->done) {
        int ms;
        if (atomic_load(&x->cancelled)) {
            x->stop = STOP_CANCELLED;
            return false;
        }
        curl_multi_perform(x->lane->multi, &running);
        if (check_done(x) || ready(x) || x->stop != STOP_NONE)
            break;
        ms = wait_ms(x);
        if (x->stop != STOP_NONE)
            return false;
        curl_multi_poll(x->lane->multi, NULL, 0, ms, NULL);
    }
    return x->stop == STOP_NONE;
}

static bool body_has_begun(const struct exchange *x)
{
    return x->info.http_status == 200 && x->got_byte;
}

static bool reader_has_bytes(const struct exchange *x)
{
    return x->dst_len > 0;
}

/* ---- failures ---- */

static bool whole_body_sent(const struct exchange *x)
{
    return x->sent >= x->body.len;
}

static void say_unknown(struct exchange *x, struct err *e)
{
    if (e->effect != EFFECT_UNKNOWN || x->repeatable || x->connecting)
        return;
    err_append(e, "%s", ERR_OUTCOME_UNKNOWN);
    if (x->committing && strncmp(e->state, "08", 2) == 0)
        memcpy(e->state, "08007", 6);
}

static bool fail_stopped(struct exchange *x, struct err *e)
{
    bool unknown = whole_body_sent(x);

    switch (x->stop) {
    case STOP_CANCELLED:
        err_set(e, ST_HY008, 0, "The statement was cancelled.");
        break;
    case STOP_DEADLINE:
        if (x->connecting)
            err_set(
                e, ST_HYT00, 0,
                "The connection was not made within LoginTimeout. A compute that sleeps may need "
                "some seconds "
                "to wake up: raise LoginTimeout, or check that port 443 of the host is reachable.");
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
        unknown = true;
        break;
    case STOP_OOM:
    case STOP_NONE:
    default:
        err_oom(e);
        break;
    }
    e->effect = unknown ? EFFECT_UNKNOWN : EFFECT_NONE;
    e->retry_safe = false;
    say_unknown(x, e);
    return false;
}

static bool proxy_refused(struct exchange *x, struct err *e)
{
    long code = 0;

    curl_easy_getinfo(x->lane->easy, CURLINFO_HTTP_CONNECTCODE, &code);
    if (code == 0 || (code >= 200 && code < 300))
        return false;
    if (code == 407)
        err_set(e, ST_08001, 407,
                "The proxy wants a login (407). Give ProxyUID and ProxyPWD, and ProxyAuth if it is "
                "not basic.");
    else
        err_set(e, ST_08001, (int)code,
                "The proxy refused the connection with status %ld. Check Proxy, or ask for the "
                "host and "
                "port 443 to be allowed there.",
                code);
    if (!x->connecting)
        memcpy(e->state, "08S01", 6);
    return true;
}

static bool fail_network(struct exchange *x, struct err *e)
{
    static const char fallback[] = "The network failed (%s).";
    const char *reason = x->curl_error[0] ? x->curl_error : curl_easy_strerror(x->result);
    const struct neterr_row *row = NULL;

    atomic_store(&x->t->dead, true);
    e->retry_safe = !whole_body_sent(x);
    e->effect = whole_body_sent(x) ? EFFECT_UNKNOWN : EFFECT_NONE;
    if (proxy_refused(x, e)) {
        e->retry_safe = false;
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(neterrs) && row == NULL; i++)
        if (neterrs[i].code == x->result)
            row = &neterrs[i];
    if (row != NULL && !row->try_again)
        e->retry_safe = false;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    err_set_state(e,
                  row             ? (x->connecting ? row->connecting : row->later)
                  : x->connecting ? "08001"
                                  : "08S01",
                  1000 + (int)x->result, row ? row->text : fallback, reason);
#pragma GCC diagnostic pop
    say_unknown(x, e);
    return false;
}

/* ---- one attempt ---- */

static void log_attempt(struct exchange *x, const struct err *e, int attempt)
{
    if (!log_wants(x->t->log, e ? LOG_ERROR : LOG_REQUEST))
        return;
    log_line(x->t->log, e ? LOG_ERROR : LOG_REQUEST,
             "POST %s http/%d.%d %d %lldms out=%zu id=%s attempt=%d%s%s", buf_str(&x->t->url),
             x->info.http_version / 10, x->info.http_version % 10, x->info.http_status,
             (long long)(clock_now_ms() - x->started_ms), x->body.len,
             x->info.request_id[0] ? x->info.request_id : "-", attempt + 1, e ? " " : "",
             e ? e->state : "");
}

static void note_version(struct exchange *x)
{
    long version = 0;

    curl_easy_getinfo(x->lane->easy, CURLINFO_HTTP_VERSION, &version);
    x->info.http_version = version == CURL_HTTP_VERSION_2_0   ? 20
                           : version == CURL_HTTP_VERSION_1_0 ? 10
                                                              : 11;
}

static void begin_attempt(struct exchange *x)
{
    x->info = (struct exchange_info){0};
    x->sent = 0;
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
static bool attempt(struct exchange *x, const struct wire_request *r, struct err *e)
{
    begin_attempt(x);
    if (!borrow_lane(x, e))
        return false;
    configure(x);
    if (curl_multi_add_handle(x->lane->multi, x->lane->easy) != CURLM_OK)
        return err_oom(e);
    x->added = true;
    if (!drive(x, body_has_begun))
        return fail_stopped(x, e);
    note_version(x);
    if (x->done && x->result != CURLE_OK)
        return x->stop != STOP_NONE ? fail_stopped(x, e) : fail_network(x, e);
    atomic_store(&x->t->dead, false);
    if (x->info.http_status == 200)
        return true;
    return neon_error_read(x->info.http_status, buf_sv(&x->error_body), x->info.request_id, r, e);
}

/* ---- trying again ---- */

static int64_t backoff_ms(const struct exchange *x, int attempt_no)
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
static bool may_retry(const struct exchange *x, const struct err *e, int attempt_no)
{
    bool waking = e->retry_safe && x->info.http_status >= 429;
    int64_t patience = x->started_ms + COLD_START_MAX_MS;

    if (x->stop != STOP_NONE)
        return false;
    if (waking)
        return x->connecting && x->deadline != DEADLINE_NONE ? true : clock_now_ms() < patience;
    if (x->info.http_status != 0 && !e->retry_safe &&
        !(x->repeatable && e->effect == EFFECT_UNKNOWN))
        return false;
    return attempt_no < x->t->o.retry_count &&
           (e->retry_safe || (x->repeatable && e->effect == EFFECT_UNKNOWN));
}

/* Waits on the lane, so that a cancel wakes it. False: cancelled or past the deadline. */
static bool pause_before_retry(struct exchange *x, int64_t ms)
{
    int64_t until = clock_now_ms() + ms;

    while (clock_now_ms() < until && !atomic_load(&x->cancelled)) {
        int64_t left = deadline_left_ms(x->deadline, until - clock_now_ms());
        if (left <= 0)
            break;
        curl_multi_poll(x->lane->multi, NULL, 0, (int)left, NULL);
    }
    return !atomic_load(&x->cancelled) &&
           (x->deadline == DEADLINE_NONE || deadline_left_ms(x->deadline, 1) > 0);
}

static void take_request(struct exchange *x, const struct wire_request *r)
{
    x->connecting = r->connecting;
    x->committing = r->committing;
    x->repeatable = r->repeatable;
    x->batch = r->batch;
    x->deadline = r->deadline;
    x->read_timeout_ms = r->read_timeout_s * 1000;
    x->started_ms = clock_now_ms();
}

bool exchange_begin(struct exchange *x, const struct wire_request *r, struct err *e)
{
    struct err mine = ERR_INIT;

    take_request(x, r);
    x->body.max = x->t->o.max_request_bytes;
    if (!request_body_write(r, &x->body, e))
        return false;
    if (!make_headers(x, r))
        return err_oom(e);
    for (int n = 0;; n++) {
        bool ok = attempt(x, r, &mine);
        log_attempt(x, ok ? NULL : &mine, n);
        if (ok)
            return true;
        if (!may_retry(x, &mine, n) || x->lane == NULL || !pause_before_retry(x, backoff_ms(x, n)))
            break;
        return_lane(x, x->result == CURLE_OK);
        err_release(&mine);
    }
    if (atomic_load(&x->cancelled) && !err_is(&mine, ST_HY008)) {
        x->stop = STOP_CANCELLED;
        err_release(&mine);
        fail_stopped(x, &mine);
    }
    return_lane(x, x->done && x->result == CURLE_OK);
    err_move(e, &mine);
    return false;
}

/* ---- the contract of transport.h ---- */

struct exchange *exchange_new(struct transport *t, struct err *e)
{
    struct exchange *x = mem_calloc(1, sizeof *x);

    if (x == NULL) {
        err_oom(e);
        return NULL;
    }
    x->t = t;
    buf_init(&x->body, 0);
    buf_init(&x->error_body, NEON_ERROR_MAX_BODY_BYTES);
    buf_init(&x->stash, 0);
    pthread_mutex_init(&x->cancel_lock, NULL);
    return x;
}

struct exchange *exchange_start(struct transport *t, const struct wire_request *r, struct err *e)
{
    struct exchange *x = exchange_new(t, e);

    if (x == NULL || exchange_begin(x, r, e))
        return x;
    exchange_free(x);
    return NULL;
}

const struct exchange_info *exchange_info(const struct exchange *x)
{
    return &x->info;
}

static size_t take_stash(struct exchange *x, char *dst, size_t cap)
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

static bool receive(struct exchange *x)
{
    bool ok;

    if (x->paused) {
        x->paused = false;
        curl_easy_pause(x->lane->easy, CURLPAUSE_CONT);
    }
    ok = drive(x, reader_has_bytes);
    return ok;
}

enum exchange_read exchange_read(struct exchange *x, char *dst, size_t cap, size_t *got,
                                 struct err *e)
{
    bool ok;

    *got = take_stash(x, dst, cap);
    if (*got > 0)
        return EXCHANGE_DATA;
    if (x->done && x->result == CURLE_OK) {
        return_lane(x, true);
        return EXCHANGE_END;
    }
    if (x->lane == NULL) {
        err_set(e, ST_HY010, 0, "The answer was given up before.");
        return EXCHANGE_FAILED;
    }
    x->dst = dst;
    x->dst_cap = cap;
    x->dst_len = 0;
    x->last_byte_ms =
        clock_now_ms(); /* the application's own pauses do not count as the server's silence */
    ok = x->done ? true : receive(x);
    *got = x->dst_len;
    x->dst = NULL;
    x->dst_cap = x->dst_len = 0;
    if (*got > 0)
        return EXCHANGE_DATA;
    if (ok && x->done && x->result == CURLE_OK) {
        return_lane(x, true);
        return EXCHANGE_END;
    }
    /* The statement has run, since its answer had begun: only rows are missing. */
    if (x->stop != STOP_NONE || !ok)
        fail_stopped(x, e);
    else
        fail_network(x, e);
    return_lane(x, false);
    return EXCHANGE_FAILED;
}

void exchange_cancel(struct exchange *x)
{
    atomic_store(&x->cancelled, true);
    pthread_mutex_lock(&x->cancel_lock);
    if (x->lane != NULL)
        curl_multi_wakeup(x->lane->multi);
    pthread_mutex_unlock(&x->cancel_lock);
}

void exchange_free(struct exchange *x)
{
    if (x == NULL)
        return;
    return_lane(x, true);
    free_headers(x);
    buf_release_secret(&x->body);
    buf_release(&x->error_body);
    buf_release(&x->stash);
    pthread_mutex_destroy(&x->cancel_lock);
    mem_free(x);
}
