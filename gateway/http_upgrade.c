/* A request to become a WebSocket: refused, or answered and handed to ws_session.c. Called by
 * http.c, in the connection's thread, which serves the session then. */
#include "gateway/http_upgrade.h"

#include <string.h>

#include "gateway/control.h"
#include "gateway/websocket.h"
#include "gateway/ws_session.h"

static void *tls_of(struct MHD_Connection *c, const struct http_request *rq)
{
    const union MHD_ConnectionInfo *info =
        rq->config->tls_cert_pem ? MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION)
                                 : NULL;
    return info ? info->tls_session : NULL;
}

static void close_upgraded(void *arg)
{
    MHD_upgrade_action(arg, MHD_UPGRADE_ACTION_CLOSE);
}

static void on_upgrade(void *cls, struct MHD_Connection *c, void *request, const char *extra,
                       size_t n_extra, MHD_socket fd, struct MHD_UpgradeResponseHandle *handle)
{
    struct http_request *rq = request;
    const char *host = http_header(c, "Host");
    (void)cls;
    (void)fd; /* over TLS an end of libmicrohttpd's own relay, see stream.h */
    const struct ws_upgrade upgrade = {
        .id = rq->id,
        .host = host ? host : "",
        .fd = http_client_fd(c),
        .tls = tls_of(c, rq),
        .extra = extra,
        .n_extra = n_extra,
        .done = close_upgraded,
        .done_arg = handle,
        .fault = &rq->ws_fault,
    };
    ws_session_run(&upgrade, rq->ws_mode);
}

static enum MHD_Result accept_upgrade(struct MHD_Connection *c, struct http_request *rq,
                                      const char *accept)
{
    struct MHD_Response *r = MHD_create_response_for_upgrade(on_upgrade, NULL);
    if (!r)
        return MHD_NO;
    MHD_add_response_header(r, "upgrade", "websocket");
    MHD_add_response_header(r, "sec-websocket-accept", accept);
    rq->ws_mode = (enum ws_mode)control_ws_mode();
    control_count(COUNT_WS_UPGRADES);
    http_log_request(c, rq, 101);
    return http_queue(c, rq, 101, r);
}

/* What the client did wrong in asking for a WebSocket, or NULL. */
static const char *upgrade_mistake(struct MHD_Connection *c, char accept[WS_ACCEPT_LEN + 1])
{
    const char *key = http_header(c, "Sec-WebSocket-Key");
    const char *version = http_header(c, "Sec-WebSocket-Version");
    if (!key || !*key)
        return "{\"msg\":\"Sec-WebSocket-Key header is missing\"}";
    if (!version || strcmp(version, "13") != 0)
        return "{\"msg\":\"Sec-WebSocket-Version header must be 13\"}";
    return ws_accept(key, accept) ? NULL : "{\"msg\":\"internal error\"}";
}

enum MHD_Result http_answer_upgrade(struct MHD_Connection *c, struct http_request *rq)
{
    const struct watch w = {.client_fd = http_client_fd(c), .stop_fd = rq->config->stop_fd};
    char accept[WS_ACCEPT_LEN + 1];
    const char *mistake = upgrade_mistake(c, accept);
    if (mistake) {
        http_log_request(c, rq, 400);
        return http_queue(c, rq, 400, http_text(mistake, HTTP_JSON));
    }
    struct fault *fault = &rq->ws_fault;
    *fault = control_draw_ws_fault(false);
    if (fault->latency_ms > 0)
        watch_wait(&w, -1, 0, (int)fault->latency_ms);
    if (fault->kind == FAULT_WS_REFUSE) {
        http_log_request(c, rq, fault->status);
        return http_queue(c, rq, fault->status,
                          http_text(fault->body ? fault->body : "", "text/plain"));
    }
    if (fault->kind == FAULT_WS_HANG) {
        http_log_request(c, rq, 0);
        watch_wait(&w, -1, 0, -1);
        return MHD_NO;
    }
    return accept_upgrade(c, rq, accept);
}
