/* A WebSocket session: the handshake that Neon's proxy does itself (protocol 10.3 to 10.5), then
 * the relay. Called by http_upgrade.c once an upgrade is accepted, in libmicrohttpd's thread of
 * that connection: another thread's MHD_UPGRADE_ACTION_CLOSE marks the connection as closed before
 * it asks for the clean-up, and a clean-up that is under way for another connection frees it
 * between the two (libmicrohttpd 0.9.75). The connection's own thread is joined before anything is
 * freed.
 */
#include "gateway/ws_session.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "gateway/auth.h"
#include "gateway/log.h"
#include "gateway/net.h"
#include "gateway/pg_startup.h"
#include "gateway/text.h"
#include "gateway/ws_cancel.h"
#include "gateway/ws_relay.h"

#define HANDSHAKE_TIMEOUT_MS 15000
#define LINGER_TIMEOUT_MS 2000
#define GOODBYE_TIMEOUT_MS 10000
#define MAX_ENCRYPTION_REQUESTS 4
#define ID_BYTES 40

struct session {
    struct session *next;
    char id[ID_BYTES];
    char *host;
    enum ws_mode mode;
    struct stream stream;
    char *extra; /* bytes that came with the request */
    void (*done)(void *);
    void *done_arg;
    struct fault fault;

    struct relay relay;
    struct backend *backend;
    struct ws_cancel *cancel;
};

static const struct sql_config *config;
static int stop_fd = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t none_left = PTHREAD_COND_INITIALIZER;
static struct session *sessions;
static unsigned n_sessions;
static bool stopping;

/* ---- the list ---------------------------------------------------------------------------- */

void ws_sessions_start(const struct sql_config *c, int fd)
{
    config = c;
    stop_fd = fd;
}

void ws_sessions_stop(void)
{
    pthread_mutex_lock(&lock);
    stopping = true;
    while (n_sessions > 0)
        pthread_cond_wait(&none_left, &lock);
    pthread_mutex_unlock(&lock);
}

void ws_sessions_cut(void)
{
    pthread_mutex_lock(&lock);
    for (struct session *s = sessions; s; s = s->next)
        net_drop(s->stream.fd, false);
    pthread_mutex_unlock(&lock);
}

unsigned ws_sessions_count(void)
{
    pthread_mutex_lock(&lock);
    unsigned n = n_sessions;
    pthread_mutex_unlock(&lock);
    return n;
}

static bool enlist(struct session *s)
{
    pthread_mutex_lock(&lock);
    bool ok = !stopping;
    if (ok) {
        s->next = sessions;
        sessions = s;
        n_sessions++;
    }
    pthread_mutex_unlock(&lock);
    return ok;
}

/* After this nobody else uses the session's descriptors. */
static void delist(struct session *s)
{
    pthread_mutex_lock(&lock);
    struct session **link = &sessions;
    while (*link != s)
        link = &(*link)->next;
    *link = s->next;
    pthread_mutex_unlock(&lock);
}

static void free_session(struct session *s, bool counted)
{
    s->done(s->done_arg);
    fault_release(&s->fault);
    free(s->host);
    free(s->extra);
    free(s);
    if (!counted)
        return;
    pthread_mutex_lock(&lock);
    n_sessions--;
    pthread_cond_broadcast(&none_left);
    pthread_mutex_unlock(&lock);
}

/* ---- the handshake ----------------------------------------------------------------------- */

/* Errors before ReadyForQuery have three fields, whatever the cause. */
static enum relay_end refuse(struct session *s, const char *text)
{
    struct buf message = {0};
    raw_error(&message, 'E', "ERROR", "XX000", text);
    log_line("%s websocket refused: %s", s->id, text);
    enum relay_end end =
        message.failed ? RELAY_REFUSED : relay_put(&s->relay, message.data, message.len);
    buf_release(&message);
    return end == RELAY_ON ? RELAY_REFUSED : end;
}

static enum relay_end take_cancel(struct session *s, int64_t deadline_ms)
{
    uint8_t body[8];
    uint64_t key;
    enum relay_end end = relay_take(&s->relay, body, sizeof body, deadline_ms);
    if (end != RELAY_ON)
        return end;
    startup_cancel_key(body, &key);
    control_count(COUNT_WS_CANCELS);
    if (!ws_cancel_by_key(key))
        log_line("%s websocket: a cancel request with an unknown key", s->id);
    return RELAY_REFUSED;
}

/* A client that asks for more than 3.0, or for options of the protocol, hears what there is. */
static enum relay_end negotiate(struct session *s, const struct startup *st)
{
    struct buf m = {0};
    uint32_t n = 0;
    for (size_t i = 0; i < st->n_pairs; i++)
        n += strncmp(st->pairs[i].name, "_pq_.", 5) == 0;
    if (st->minor == 0 && n == 0)
        return RELAY_ON;
    buf_put(&m, "v\0\0\0\0\0\3\0\0", 9);
    buf_put(&m, (const uint8_t[]){0, 0, 0, (uint8_t)n}, 4);
    for (size_t i = 0; i < st->n_pairs; i++)
        if (strncmp(st->pairs[i].name, "_pq_.", 5) == 0)
            buf_put(&m, st->pairs[i].name, strlen(st->pairs[i].name) + 1);
    enum relay_end end = RELAY_REFUSED;
    if (!m.failed) {
        m.data[3] = (char)((m.len - 1) >> 8);
        m.data[4] = (char)(m.len - 1);
        end = relay_put(&s->relay, m.data, m.len);
    }
    buf_release(&m);
    return end;
}

/* Reads packets up to the startup packet; requests for encryption are declined. */
static enum relay_end take_startup(struct session *s, struct startup *st, int64_t deadline_ms)
{
    uint8_t head[STARTUP_HEAD_BYTES];
    uint8_t body[STARTUP_MAX_BYTES];
    const char *why;
    for (int i = 0; i < MAX_ENCRYPTION_REQUESTS; i++) {
        size_t n = 0;
        enum relay_end end = relay_take(&s->relay, head, sizeof head, deadline_ms);
        enum startup_kind kind = end == RELAY_ON ? startup_kind(head, &n) : STARTUP_BAD;
        if (end != RELAY_ON)
            return end;
        if (kind == STARTUP_BAD)
            return refuse(s, "unsupported protocol version or malformed startup packet");
        if (kind == STARTUP_CANCEL)
            return take_cancel(s, deadline_ms);
        if (kind == STARTUP_SESSION) {
            end = relay_take(&s->relay, body, n, deadline_ms);
            if (end != RELAY_ON)
                return end;
            return startup_parse(st, head, body, n, &why) ? negotiate(s, st) : refuse(s, why);
        }
        /* Not through relay_put: a byte without a length would confuse the counting. */
        ws_put(&s->relay.ws, "N", 1);
        if (!relay_settle(&s->relay, GOODBYE_TIMEOUT_MS))
            return RELAY_CLIENT_LOST;
    }
    return refuse(s, "too many requests for encryption");
}

/* Asks for the password in clear text and reads it, terminated, into out. */
static enum relay_end take_password(struct session *s, char out[PASSWORD_MAX_BYTES + 1],
                                    int64_t deadline_ms)
{
    static const char request[] = {'R', 0, 0, 0, 8, 0, 0, 0, 3};
    uint8_t head[5];
    enum relay_end end = relay_put(&s->relay, request, sizeof request);
    s->relay.in.untyped = false;
    if (end == RELAY_ON)
        end = relay_take(&s->relay, head, sizeof head, deadline_ms);
    if (end != RELAY_ON)
        return end;
    size_t n = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
    if (head[0] == 'X')
        return RELAY_REFUSED; /* a client that asks its user first */
    if (head[0] != 'p' || n < 5 || n - 4 > PASSWORD_MAX_BYTES)
        return refuse(s, "expected a password message of at most 512 bytes");
    n -= 4;
    end = relay_take(&s->relay, (uint8_t *)out, n, deadline_ms);
    out[n] = '\0';
    if (end == RELAY_ON && strlen(out) + 1 != n)
        return refuse(s, "malformed password message");
    return end;
}

/* The endpoint's name out of the Host header, NULL when it has none: localhost, an address, api. */
static char *endpoint_of_host(const char *host)
{
    size_t label = strcspn(host, ".:");
    if (host[label] != '.' || isdigit((unsigned char)host[0]) || host[0] == '[')
        return NULL;
    if (text_equal(host, label, "api") || text_equal(host, label, "apiauth"))
        return NULL;
    return text_dup(host, label);
}

/* Every endpoint is the same PostgreSQL, but a client that contradicts itself is told so. */
static enum relay_end check_endpoint(struct session *s, const struct startup *st, bool *known)
{
    char text[512];
    char *named = endpoint_of_host(s->host);
    bool clash = named && st->endpoint && strcmp(named, st->endpoint) != 0;
    if (clash)
        snprintf(text, sizeof text,
                 "Inconsistent project name inferred from SNI ('%.100s') and project option "
                 "('%.100s').",
                 named, st->endpoint);
    *known = named || st->endpoint;
    free(named);
    return clash ? refuse(s, text) : RELAY_ON;
}

/* With neon_proxy_params_compat all parameters go on, as options. */
static bool put_compat_options(const struct startup *st, struct buf *out)
{
    buf_puts(out, st->options ? st->options : "");
    for (size_t i = 0; i < st->n_pairs; i++) {
        const struct startup_pair *p = &st->pairs[i];
        if (strcmp(p->name, "client_encoding") == 0 || strncmp(p->name, "_pq_.", 5) == 0)
            continue;
        buf_puts(out, " -c ");
        for (const char *at = p->name; *at; at++)
            buf_printf(out, strchr(" \t\n\\", *at) ? "\\%c" : "%c", *at);
        buf_putc(out, '=');
        for (const char *at = p->value; *at; at++)
            buf_printf(out, strchr(" \t\n\\", *at) ? "\\%c" : "%c", *at);
    }
    return buf_cstr(out) != NULL;
}

static const char *client_encoding_of(const struct startup *st)
{
    if (!st->compat)
        return "UTF8";
    for (size_t i = 0; i < st->n_pairs; i++)
        if (strcmp(st->pairs[i].name, "client_encoding") == 0)
            return st->pairs[i].value;
    return NULL;
}

/* Whether the password is right, when the gateway can judge it without a connection. */
static enum run_result check_password(const struct startup *st, const char *password,
                                      const struct watch *w, struct failure *f)
{
    struct connstr who = {.role = st->user,
                          .password = (char *)(uintptr_t)password,
                          .password_len = strlen(password),
                          .database = st->database ? st->database : (char *)(uintptr_t) ""};
    return config->auth_mode == AUTH_VERIFIER ? auth_check(&who, w, f) : RUN_OK;
}

static enum run_result open_backend(struct session *s, const struct startup *st,
                                    const char *password, struct buf *notices, struct failure *f)
{
    const struct watch w = {.client_fd = s->stream.fd, .stop_fd = stop_fd};
    struct buf options = {0};
    enum run_result result = check_password(st, password, &w, f);
    if (result == RUN_OK && st->compat && !put_compat_options(st, &options)) {
        failure_set(f, 500, "the gateway is out of memory");
        result = RUN_FAILED;
    }
    const struct backend_login login = {
        .role = st->user,
        .password = password,
        .database = st->database,
        .application_name = st->application_name,
        .replication = st->replication,
        .options = st->compat ? options.data : st->options,
        .client_encoding = client_encoding_of(st),
        .on_notice = raw_notice,
        .notice_arg = notices,
    };
    if (result == RUN_OK) {
        control_count(COUNT_CONNECTS);
        result = backend_open_as(&s->backend, &config->target, &login, &w, f);
    }
    buf_release(&options);
    return result;
}

/* Lets the client in: the backend is connected, what it said is passed on. */
static enum relay_end enter(struct session *s, const struct startup *st, const char *password)
{
    struct failure f = {0};
    struct buf greeting = {0};
    enum relay_end end = RELAY_REFUSED;
    enum run_result result = open_backend(s, st, password, &greeting, &f);
    if (result == RUN_GONE) {
        end = RELAY_CLIENT_LOST;
    } else if (result == RUN_FAILED) {
        const char *text = f.field[FAILURE_MESSAGE];
        end = refuse(s, text ? text : "the gateway is out of memory");
    } else if (!(s->cancel = ws_cancel_new(s->backend))) {
        end = refuse(s, "the gateway is out of memory");
    } else {
        PQsetNoticeReceiver(s->backend->conn, NULL, NULL);
        raw_greeting(s->backend, ws_cancel_key(s->cancel), &greeting);
        raw_from_backend(&s->relay.pg, s->backend);
        control_count(COUNT_WS_SESSIONS);
        end = greeting.failed ? RELAY_REFUSED : relay_put(&s->relay, greeting.data, greeting.len);
    }
    failure_release(&f);
    buf_release(&greeting);
    return end;
}

static enum relay_end handshake_neon(struct session *s)
{
    char password[PASSWORD_MAX_BYTES + 1] = "";
    struct startup st = {0};
    bool endpoint_known = false;
    int64_t deadline_ms = net_now_ms() + HANDSHAKE_TIMEOUT_MS;
    enum relay_end end = take_startup(s, &st, deadline_ms);
    if (end == RELAY_ON)
        end = check_endpoint(s, &st, &endpoint_known);
    if (end == RELAY_ON)
        end = take_password(s, password, deadline_ms);
    if (end == RELAY_ON)
        end = enter(s, &st, endpoint_known ? password : startup_unwrap_password(password));
    OPENSSL_cleanse(password, sizeof password);
    startup_release(&st);
    return end;
}

static enum relay_end handshake_plain(struct session *s)
{
    const struct watch w = {.client_fd = s->stream.fd, .stop_fd = stop_fd};
    struct failure f = {0};
    enum run_result result = raw_open(&s->relay.pg, &config->target, &w, &f);
    failure_release(&f);
    if (result != RUN_OK)
        return RELAY_CLIENT_LOST;
    control_count(COUNT_CONNECTS);
    control_count(COUNT_WS_SESSIONS);
    return RELAY_ON;
}

/* ---- the end ----------------------------------------------------------------------------- */

/* Lets the client read what was sent: closing with unread bytes would reset the connection. */
static void linger(struct session *s)
{
    uint8_t waste[4096];
    int64_t deadline = net_now_ms() + LINGER_TIMEOUT_MS;
    stream_finish(&s->stream);
    for (;;) {
        struct pollfd fds[] = {{.fd = s->stream.fd, .events = POLLIN},
                               {.fd = stop_fd, .events = POLLIN}};
        int64_t left = deadline - net_now_ms();
        if (left <= 0 || poll(fds, 2, (int)left) <= 0 || fds[1].revents)
            return;
        ssize_t n = recv(s->stream.fd, waste, sizeof waste, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            return;
    }
}

static void say_goodbye(struct session *s, enum relay_end end)
{
    struct relay *r = &s->relay;
    switch (end) {
    case RELAY_SERVER_ENDED:
        ws_put_close(&r->ws, 1000, NULL);
        relay_settle(r, GOODBYE_TIMEOUT_MS);
        linger(s);
        break;
    case RELAY_FAULT_CLOSED:
    case RELAY_REFUSED:
        relay_settle(r, GOODBYE_TIMEOUT_MS);
        linger(s);
        break;
    case RELAY_CLIENT_CLOSED:
        relay_settle(r, LINGER_TIMEOUT_MS);
        break;
    case RELAY_STOPPED:
        ws_put_close(&r->ws, 1001, NULL);
        ws_flush(&r->ws);
        break;
    case RELAY_CUT:
        net_drop(s->stream.fd, r->fault.tcp_reset);
        break;
    case RELAY_TIMEOUT:
    case RELAY_CLIENT_LOST:
    case RELAY_ON:
        net_drop(s->stream.fd, false);
        break;
    }
}

static const char *name_of(enum relay_end end)
{
    static const char *const names[] = {
        [RELAY_ON] = "ended",
        [RELAY_CLIENT_CLOSED] = "closed by the client",
        [RELAY_CLIENT_LOST] = "lost",
        [RELAY_SERVER_ENDED] = "closed by PostgreSQL",
        [RELAY_REFUSED] = "refused",
        [RELAY_TIMEOUT] = "timed out in the handshake",
        [RELAY_STOPPED] = "stopped with the gateway",
        [RELAY_CUT] = "cut by a fault",
        [RELAY_FAULT_CLOSED] = "closed by a fault",
    };
    return names[end];
}

static void end_session(struct session *s, enum relay_end end)
{
    bool unheard = end == RELAY_CLIENT_CLOSED || end == RELAY_CLIENT_LOST || end == RELAY_CUT ||
                   end == RELAY_STOPPED;
    log_line("%s websocket %s", s->id, name_of(end));
    if (end == RELAY_SERVER_ENDED)
        raw_release(&s->relay.pg); /* what it does not take any more is not waited for */
    say_goodbye(s, end);
    if (unheard && s->cancel && relay_busy(&s->relay))
        ws_cancel_own(s->cancel);
    ws_cancel_drop(s->cancel);
    raw_release(&s->relay.pg);
    backend_free(s->backend);
    relay_release(&s->relay);
}

static void serve(struct session *s)
{
    const int on = 1;
    enum relay_end end = RELAY_CLIENT_LOST;
    int fd = s->stream.fd;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (relay_init(&s->relay, &s->stream, stop_fd, &s->fault)) {
        end = s->mode == WS_MODE_PLAIN ? handshake_plain(s) : handshake_neon(s);
        if (end == RELAY_ON)
            end = relay_run(&s->relay);
    }
    end_session(s, end);
    delist(s);
    free_session(s, true);
}

static bool copy_upgrade(struct session *s, const struct ws_upgrade *u)
{
    s->host = strdup(u->host);
    s->extra = text_dup(u->extra ? u->extra : "", u->n_extra);
    s->stream =
        (struct stream){.fd = u->fd, .tls = u->tls, .extra = s->extra, .n_extra = u->n_extra};
    snprintf(s->id, sizeof s->id, "%s", u->id);
    return s->host && s->extra;
}

void ws_session_run(const struct ws_upgrade *u, enum ws_mode mode)
{
    struct session *s = calloc(1, sizeof *s);
    if (!s) {
        fault_release(u->fault);
        u->done(u->done_arg);
        return;
    }
    s->mode = mode;
    s->done = u->done;
    s->done_arg = u->done_arg;
    s->fault = *u->fault;
    *u->fault = (struct fault){0};
    if (!copy_upgrade(s, u) || !enlist(s)) {
        free_session(s, false);
        return;
    }
    serve(s);
}
