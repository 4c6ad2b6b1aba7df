/* One HTTP request, and what every answer to one needs: what the files of the HTTP side share
 * (http.c, http_post_sql.c, http_faults.c, http_upgrade.c).
 *
 * All of it runs in the thread of the request's connection.
 */
#ifndef GATEWAY_HTTP_REQUEST_H
#define GATEWAY_HTTP_REQUEST_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/buf.h"
#include "gateway/control.h"
#include "gateway/http.h"
#include "gateway/ws_session.h"

#define HTTP_REQUEST_ID_LEN 36 /* a UUID's text */
#define HTTP_JSON "application/json"

enum http_route {
    ROUTE_SQL,       /* POST /sql */
    ROUTE_PREFLIGHT, /* OPTIONS /sql */
    ROUTE_CONTROL,   /* /_gateway/..., with --control */
    ROUTE_UPGRADE,   /* to a WebSocket */
    ROUTE_UNKNOWN
};

/* One request from its first header to its answer, or to the end of its WebSocket session; http.c
 * makes and frees it. */
struct http_request {
    const struct http_config *config; /* borrowed */
    char id[HTTP_REQUEST_ID_LEN + 1];
    enum http_route route;
    const char *method; /* borrowed from libmicrohttpd */
    const char *path;
    struct buf body;
    size_t max_body_bytes;
    bool too_large;
    int64_t start_ms;
    enum ws_mode ws_mode; /* of an accepted upgrade */
    struct fault ws_fault;
};

/* The client's TCP connection, libmicrohttpd's own; -1: it has none. */
int http_client_fd(struct MHD_Connection *c);
/* A header's value, borrowed until the request is done; NULL: not sent. */
const char *http_header(struct MHD_Connection *c, const char *name);

/* Has libmicrohttpd send the response, with the request's id; takes it. MHD_NO, which ends the
 * connection, also for a response of NULL. */
enum MHD_Result http_queue(struct MHD_Connection *c, const struct http_request *rq, int status,
                           struct MHD_Response *response);
/* A response of a copy of that text; content_type NULL: without one. NULL: out of memory. */
struct MHD_Response *http_text(const char *text, const char *content_type);

/* A line of the log, and with --control an entry of the request log, in which headers that hold
 * secrets are masked. Status 0: no answer was sent. */
void http_log_request(struct MHD_Connection *c, const struct http_request *rq, int status);

#endif
