/* libmicrohttpd: starts it, routes requests, collects their bodies. What is answered to POST /sql
 * is http_post_sql.c's, to an upgrade http_upgrade.c's.
 *
 * Every connection has a thread of its own, so a handler may simply wait for PostgreSQL.
 */
#include "gateway/http.h"

#include <microhttpd.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/control.h"
#include "gateway/http_post_sql.h"
#include "gateway/http_request.h"
#include "gateway/http_upgrade.h"
#include "gateway/log.h"
#include "gateway/net.h"
#include "gateway/ws_session.h"

#define CONNECTION_MEMORY_BYTES ((size_t)256 << 10) /* bounds the request's headers */
#define CONNECTION_LIMIT 2000
#define IDLE_TIMEOUT_S 300 /* between requests; a statement may run as long as it likes */
#define CONTROL_MAX_BODY_BYTES ((size_t)1 << 20)

static const char control_prefix[] = "/_gateway/";

static const struct http_config *config;
static struct MHD_Daemon *mhd;

static void make_uuid(char out[HTTP_REQUEST_ID_LEN + 1])
{
    unsigned char b[16] = {0};
    RAND_bytes(b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(out, HTTP_REQUEST_ID_LEN + 1,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
             b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
             b[15]);
}

/* ---- routing ----------------------------------------------------------------------------- */

static bool has_token(const char *list, const char *token)
{
    size_t n = strlen(token);
    while (list && *list) {
        list += strspn(list, " \t,");
        size_t len = strcspn(list, ",");
        size_t word = len;
        while (word > 0 && (list[word - 1] == ' ' || list[word - 1] == '\t'))
            word--;
        if (word == n && strncasecmp(list, token, n) == 0)
            return true;
        list += len;
    }
    return false;
}

static enum http_route route_of(struct MHD_Connection *c, const char *method, const char *path)
{
    if (control_enabled() && strncmp(path, control_prefix, sizeof control_prefix - 1) == 0)
        return ROUTE_CONTROL;
    if (control_ws_mode() != WS_MODE_OFF && has_token(http_header(c, "Connection"), "upgrade") &&
        has_token(http_header(c, "Upgrade"), "websocket"))
        return ROUTE_UPGRADE;
    if (strcmp(path, "/sql") != 0)
        return ROUTE_UNKNOWN;
    if (strcmp(method, "POST") == 0)
        return ROUTE_SQL;
    return strcmp(method, "OPTIONS") == 0 ? ROUTE_PREFLIGHT : ROUTE_UNKNOWN;
}

/* ---- answers ----------------------------------------------------------------------------- */

static enum MHD_Result answer_preflight(struct MHD_Connection *c, const struct http_request *rq)
{
    struct MHD_Response *r = http_text("", NULL);
    if (!r)
        return MHD_NO;
    MHD_add_response_header(r, "Allow", "OPTIONS, POST");
    MHD_add_response_header(r, "Access-Control-Allow-Origin", "*");
    MHD_add_response_header(r, "Access-Control-Allow-Headers",
                            "Authorization, Neon-Connection-String, Neon-Raw-Text-Output, "
                            "Neon-Array-Mode, Neon-Pool-Opt-In, Neon-Batch-Read-Only, "
                            "Neon-Batch-Isolation-Level");
    MHD_add_response_header(r, "Access-Control-Max-Age", "86400");
    return http_queue(c, rq, 200, r);
}

static enum MHD_Result answer_control(struct MHD_Connection *c, struct http_request *rq)
{
    struct buf out = {0};
    int status = control_handle(rq->method, rq->path, rq->body.data, rq->body.len, &out);
    size_t n = out.len;
    char *text = buf_take(&out);
    if (!text)
        return MHD_NO;
    struct MHD_Response *r = MHD_create_response_from_buffer(n, text, MHD_RESPMEM_MUST_FREE);
    if (!r) {
        free(text);
        return MHD_NO;
    }
    MHD_add_response_header(r, "content-type", HTTP_JSON);
    return http_queue(c, rq, status, r);
}

/* ---- libmicrohttpd's callbacks ----------------------------------------------------------- */

static enum MHD_Result answer_request(struct MHD_Connection *c, struct http_request *rq)
{
    switch (rq->route) {
    case ROUTE_SQL:
        return http_answer_sql(c, rq);
    case ROUTE_CONTROL:
        return answer_control(c, rq);
    case ROUTE_PREFLIGHT:
        http_log_request(c, rq, 200);
        return answer_preflight(c, rq);
    case ROUTE_UPGRADE:
        return http_answer_upgrade(c, rq);
    case ROUTE_UNKNOWN:
        break;
    }
    http_log_request(c, rq, 400);
    return http_queue(c, rq, 400, http_text("\"query is not supported\"", HTTP_JSON));
}

/* A client that waits for `100 Continue` can be told at once that its body is too large. */
static bool refuse_expected_body(struct MHD_Connection *c, const struct http_request *rq)
{
    const char *expect = http_header(c, "Expect");
    const char *length = http_header(c, "Content-Length");
    return rq->route == ROUTE_SQL && expect && length && strcasecmp(expect, "100-continue") == 0 &&
           strtoull(length, NULL, 10) > rq->max_body_bytes;
}

static void count_request(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    bool *counted = info ? info->socket_context : NULL;
    control_sql_began();
    if (counted && !*counted) {
        *counted = true;
        control_count(COUNT_TCP_CONNECTIONS);
    }
}

static struct http_request *begin_request(struct MHD_Connection *c, const char *path,
                                          const char *method)
{
    struct http_request *rq = calloc(1, sizeof *rq);
    if (!rq)
        return NULL;
    make_uuid(rq->id);
    rq->config = config;
    rq->route = route_of(c, method, path);
    rq->method = method;
    rq->path = path;
    rq->start_ms = net_now_ms();
    if (rq->route == ROUTE_SQL) {
        rq->max_body_bytes = config->sql.max_request_bytes;
        count_request(c);
    } else if (rq->route == ROUTE_CONTROL) {
        rq->max_body_bytes = CONTROL_MAX_BODY_BYTES;
    }
    return rq;
}

/* Bodies that nobody reads, or too large ones, are drained, so that the answer is not lost in a
 * connection reset. */
static void take_body(struct http_request *rq, const char *data, size_t n)
{
    if (rq->route != ROUTE_SQL && rq->route != ROUTE_CONTROL)
        return;
    if (rq->too_large || n > rq->max_body_bytes - rq->body.len) {
        rq->too_large = true;
        buf_release(&rq->body);
        return;
    }
    buf_put(&rq->body, data, n);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *path,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **context)
{
    struct http_request *rq = *context;
    (void)cls;
    (void)version;
    if (!rq) {
        rq = begin_request(c, path, method);
        *context = rq;
        if (!rq)
            return MHD_NO;
        if (refuse_expected_body(c, rq)) {
            rq->too_large = true;
            return answer_request(c, rq);
        }
        return MHD_YES;
    }
    if (*upload_size > 0) {
        take_body(rq, upload, *upload_size);
        *upload_size = 0;
        return rq->body.failed ? MHD_NO : MHD_YES;
    }
    return answer_request(c, rq);
}

static void request_done(void *cls, struct MHD_Connection *c, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct http_request *rq = *context;
    (void)cls;
    (void)c;
    (void)code;
    if (!rq)
        return;
    if (rq->route == ROUTE_SQL)
        control_sql_ended();
    buf_release(&rq->body);
    fault_release(&rq->ws_fault);
    free(rq);
    *context = NULL;
}

static void on_connection(void *cls, struct MHD_Connection *c, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    (void)cls;
    (void)c;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *socket_context = calloc(1, sizeof(bool));
    } else {
        free(*socket_context);
        *socket_context = NULL;
    }
}

/* Paths are compared as they were sent: `/%73ql` is not `/sql`. */
static size_t keep_escapes(void *cls, struct MHD_Connection *c, char *s)
{
    (void)cls;
    (void)c;
    return strlen(s);
}

static void on_mhd_message(void *cls, const char *fmt, va_list ap)
{
    char text[512];
    (void)cls;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    vsnprintf(text, sizeof text, fmt, ap);
#pragma GCC diagnostic pop
    log_line("http: %s", text);
}

/* ---- starting and stopping --------------------------------------------------------------- */

bool http_start(const struct http_config *c, int listen_fd)
{
    unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_THREAD_PER_CONNECTION |
                     MHD_USE_ERROR_LOG | MHD_ALLOW_UPGRADE;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)c->tls_cert_pem},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)c->tls_key_pem},
        {MHD_OPTION_END, 0, NULL},
    };
    config = c;
    ws_sessions_start(&c->sql, c->stop_fd);
    if (c->tls_cert_pem)
        flags |= MHD_USE_TLS;
    else
        tls[0].option = MHD_OPTION_END;
    mhd = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, NULL, MHD_OPTION_EXTERNAL_LOGGER, on_mhd_message, NULL,
        MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_NOTIFY_COMPLETED, request_done, NULL,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, NULL, MHD_OPTION_UNESCAPE_CALLBACK,
        keep_escapes, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY_BYTES,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTION_LIMIT, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_TIMEOUT_S, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
    if (!mhd)
        fprintf(stderr, "neon-gateway: the HTTP server did not start%s\n",
                c->tls_cert_pem ? "; is the TLS certificate and key a valid PEM pair?" : "");
    return mhd != NULL;
}

void http_stop(void)
{
    ws_sessions_stop(); /* libmicrohttpd wants its upgraded connections back first */
    if (mhd)
        MHD_stop_daemon(mhd);
    mhd = NULL;
}
