/* A WebSocket session: the handshake (ws_handshake.c), the relay (ws_relay.c), the end. Called by
 * http_upgrade.c once an upgrade is accepted, in libmicrohttpd's thread of that connection: another
 * thread's MHD_UPGRADE_ACTION_CLOSE marks the connection as closed before it asks for the clean-up,
 * and a clean-up that is under way for another connection frees it between the two (libmicrohttpd
 * 0.9.75). The connection's own thread is joined before anything is freed.
 */
#include "gateway/ws_session.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "gateway/log.h"
#include "gateway/net.h"
#include "gateway/text.h"
#include "gateway/ws_handshake.h"

#define LINGER_TIMEOUT_MS 2000
#define GOODBYE_TIMEOUT_MS 10000
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
    struct ws_handshake handshake;
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
    if (unheard && s->handshake.cancel && relay_busy(&s->relay))
        ws_cancel_own(s->handshake.cancel);
    ws_cancel_drop(s->handshake.cancel);
    raw_release(&s->relay.pg);
    backend_free(s->handshake.backend);
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
        s->handshake = (struct ws_handshake){.id = s->id,
                                             .host = s->host,
                                             .client_fd = fd,
                                             .stop_fd = stop_fd,
                                             .config = config,
                                             .relay = &s->relay};
        end = s->mode == WS_MODE_PLAIN ? ws_handshake_plain(&s->handshake)
                                       : ws_handshake_neon(&s->handshake);
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
