/* The handshake of a WebSocket session. Called by ws_session.c. */
#include "gateway/ws_handshake.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/auth.h"
#include "gateway/log.h"
#include "gateway/net.h"
#include "gateway/pg_startup.h"

#define HANDSHAKE_TIMEOUT_MS 15000
#define DECLINE_TIMEOUT_MS 10000
#define MAX_ENCRYPTION_REQUESTS 4

/* Errors before ReadyForQuery have three fields, whatever the cause. */
static enum relay_end refuse(struct ws_handshake *h, const char *text)
{
    struct buf message = {0};
    raw_error(&message, 'E', "ERROR", "XX000", text);
    log_line("%s websocket refused: %s", h->id, text);
    enum relay_end end =
        message.failed ? RELAY_REFUSED : relay_put(h->relay, message.data, message.len);
    buf_release(&message);
    return end == RELAY_ON ? RELAY_REFUSED : end;
}

static enum relay_end take_cancel(struct ws_handshake *h, int64_t deadline_ms)
{
    uint8_t body[8];
    uint64_t key;
    enum relay_end end = relay_take(h->relay, body, sizeof body, deadline_ms);
    if (end != RELAY_ON)
        return end;
    startup_cancel_key(body, &key);
    control_count(COUNT_WS_CANCELS);
    if (!ws_cancel_by_key(key))
        log_line("%s websocket: a cancel request with an unknown key", h->id);
    return RELAY_REFUSED;
}

/* Says which version and options of the protocol there are, when more was asked for. */
static enum relay_end negotiate(struct ws_handshake *h, const struct startup *st)
{
    struct buf message = {0};
    startup_put_negotiation(st, &message);
    enum relay_end end = RELAY_REFUSED;
    if (!message.failed)
        end = message.len > 0 ? relay_put(h->relay, message.data, message.len) : RELAY_ON;
    buf_release(&message);
    return end;
}

/* Reads packets up to the startup packet; requests for encryption are declined. */
static enum relay_end take_startup(struct ws_handshake *h, struct startup *st, int64_t deadline_ms)
{
    uint8_t head[STARTUP_HEAD_BYTES];
    uint8_t body[STARTUP_MAX_BYTES];
    const char *why;
    for (int i = 0; i < MAX_ENCRYPTION_REQUESTS; i++) {
        size_t n = 0;
        enum relay_end end = relay_take(h->relay, head, sizeof head, deadline_ms);
        enum startup_kind kind = end == RELAY_ON ? startup_kind(head, &n) : STARTUP_BAD;
        if (end != RELAY_ON)
            return end;
        if (kind == STARTUP_BAD)
            return refuse(h, "unsupported protocol version or malformed startup packet");
        if (kind == STARTUP_CANCEL)
            return take_cancel(h, deadline_ms);
        if (kind == STARTUP_SESSION) {
            end = relay_take(h->relay, body, n, deadline_ms);
            if (end != RELAY_ON)
                return end;
            return startup_parse(st, head, body, n, &why) ? negotiate(h, st) : refuse(h, why);
        }
        /* Not through relay_put: a byte without a length would confuse the counting. */
        ws_put(&h->relay->ws, "N", 1);
        if (!relay_settle(h->relay, DECLINE_TIMEOUT_MS))
            return RELAY_CLIENT_LOST;
    }
    return refuse(h, "too many requests for encryption");
}

/* Asks for the password in clear text and reads it, terminated, into out. */
static enum relay_end take_password(struct ws_handshake *h, char out[PASSWORD_MAX_BYTES + 1],
                                    int64_t deadline_ms)
{
    static const char request[] = {'R', 0, 0, 0, 8, 0, 0, 0, 3};
    uint8_t head[5];
    enum relay_end end = relay_put(h->relay, request, sizeof request);
    h->relay->in.untyped = false;
    if (end == RELAY_ON)
        end = relay_take(h->relay, head, sizeof head, deadline_ms);
    if (end != RELAY_ON)
        return end;
    size_t n = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
    if (head[0] == 'X')
        return RELAY_REFUSED; /* a client that asks its user first */
    if (head[0] != 'p' || n < 5 || n - 4 > PASSWORD_MAX_BYTES)
        return refuse(h, "expected a password message of at most 512 bytes");
    n -= 4;
    end = relay_take(h->relay, (uint8_t *)out, n, deadline_ms);
    out[n] = '\0';
    if (end == RELAY_ON && strlen(out) + 1 != n)
        return refuse(h, "malformed password message");
    return end;
}

/* Every endpoint is the same PostgreSQL, but a client that contradicts itself is told so. */
static enum relay_end check_endpoint(struct ws_handshake *h, const struct startup *st, bool *known)
{
    char text[512];
    char *named = startup_endpoint_of_host(h->host);
    bool clash = named && st->endpoint && strcmp(named, st->endpoint) != 0;
    if (clash)
        snprintf(text, sizeof text,
                 "Inconsistent project name inferred from SNI ('%.100s') and project option "
                 "('%.100s').",
                 named, st->endpoint);
    *known = named || st->endpoint;
    free(named);
    return clash ? refuse(h, text) : RELAY_ON;
}

/* Whether the password is right, when the gateway can judge it without a connection. */
static enum run_result check_password(const struct ws_handshake *h, const struct startup *st,
                                      const char *password, const struct watch *w,
                                      struct failure *f)
{
    struct connstr who = {.role = st->user,
                          .password = (char *)(uintptr_t)password,
                          .password_len = strlen(password),
                          .database = st->database ? st->database : (char *)(uintptr_t) ""};
    return h->config->auth_mode == AUTH_VERIFIER ? auth_check(&who, w, f) : RUN_OK;
}

static enum run_result open_backend(struct ws_handshake *h, const struct startup *st,
                                    const char *password, struct buf *notices, struct failure *f)
{
    const struct watch w = {.client_fd = h->client_fd, .stop_fd = h->stop_fd};
    struct buf options = {0};
    enum run_result result = check_password(h, st, password, &w, f);
    if (st->compat)
        startup_put_compat_options(st, &options);
    if (result == RUN_OK && st->compat && !buf_cstr(&options)) {
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
        .client_encoding = startup_client_encoding(st),
        .on_notice = raw_notice,
        .notice_arg = notices,
    };
    if (result == RUN_OK) {
        control_count(COUNT_CONNECTS);
        result = backend_open_as(&h->backend, &h->config->target, &login, &w, f);
    }
    buf_release(&options);
    return result;
}

/* Lets the client in: the backend is connected, what it said is passed on. */
static enum relay_end enter(struct ws_handshake *h, const struct startup *st, const char *password)
{
    struct failure f = {0};
    struct buf greeting = {0};
    enum relay_end end = RELAY_REFUSED;
    enum run_result result = open_backend(h, st, password, &greeting, &f);
    if (result == RUN_GONE) {
        end = RELAY_CLIENT_LOST;
    } else if (result == RUN_FAILED) {
        const char *text = f.field[FAILURE_MESSAGE];
        end = refuse(h, text ? text : "the gateway is out of memory");
    } else if (!(h->cancel = ws_cancel_new(h->backend))) {
        end = refuse(h, "the gateway is out of memory");
    } else {
        PQsetNoticeReceiver(h->backend->conn, NULL, NULL);
        raw_greeting(h->backend, ws_cancel_key(h->cancel), &greeting);
        raw_from_backend(&h->relay->pg, h->backend);
        control_count(COUNT_WS_SESSIONS);
        end = greeting.failed ? RELAY_REFUSED : relay_put(h->relay, greeting.data, greeting.len);
    }
    failure_release(&f);
    buf_release(&greeting);
    return end;
}

enum relay_end ws_handshake_neon(struct ws_handshake *h)
{
    char password[PASSWORD_MAX_BYTES + 1] = "";
    struct startup st = {0};
    bool endpoint_known = false;
    int64_t deadline_ms = net_now_ms() + HANDSHAKE_TIMEOUT_MS;
    enum relay_end end = take_startup(h, &st, deadline_ms);
    if (end == RELAY_ON)
        end = check_endpoint(h, &st, &endpoint_known);
    if (end == RELAY_ON)
        end = take_password(h, password, deadline_ms);
    if (end == RELAY_ON)
        end = enter(h, &st, endpoint_known ? password : startup_unwrap_password(password));
    OPENSSL_cleanse(password, sizeof password);
    startup_release(&st);
    return end;
}

enum relay_end ws_handshake_plain(struct ws_handshake *h)
{
    const struct watch w = {.client_fd = h->client_fd, .stop_fd = h->stop_fd};
    struct failure f = {0};
    enum run_result result = raw_open(&h->relay->pg, &h->config->target, &w, &f);
    failure_release(&f);
    if (result != RUN_OK)
        return RELAY_CLIENT_LOST;
    control_count(COUNT_CONNECTS);
    control_count(COUNT_WS_SESSIONS);
    return RELAY_ON;
}
