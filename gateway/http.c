/* libmicrohttpd in front of sql_http.c: collects bodies, routes, writes headers, and acts out the
 * faults that concern the connection itself.
 *
 * Every connection has a thread of its own, so a handler may simply wait for PostgreSQL.
 */
#include "gateway/http.h"

#include <errno.h>
#include <json-c/json.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/log.h"
#include "gateway/net.h"
#include "gateway/websocket.h"
#include "gateway/ws_session.h"

#define CONNECTION_MEMORY_BYTES ((size_t)256 << 10) /* bounds the request's headers */
#define CONNECTION_LIMIT 2000
#define IDLE_TIMEOUT_S                                                                             \
    300 /* between requests; a running statement may take as long as it likes                      \
         */
#define CONTROL_MAX_BODY_BYTES ((size_t)1 << 20)
#define UUID_LEN 36

static const char json_mime[] = "application/json";
static const char control_prefix[] = "/_gateway/";

static const struct http_config *config;
static struct MHD_Daemon *mhd;

enum route { ROUTE_SQL, ROUTE_PREFLIGHT, ROUTE_CONTROL, ROUTE_UPGRADE, ROUTE_UNKNOWN };

/* One request from its first header to its answer; freed by request_done. */
struct http_request {
    char id[UUID_LEN + 1];
    enum route route;
    const char *method; /* borrowed from libmicrohttpd */
    const char *path;
    struct buf body;
    size_t max_body_bytes;
    bool too_large;
    int64_t start_ms;
    enum ws_mode ws_mode; /* of an accepted upgrade */
    struct fault ws_fault;
};

/* A body that is sent in pieces or not to its end. */
struct staged_body {
    char *data;
    size_t len;
    size_t cut_at; /* SIZE_MAX: send all */
    size_t piece_bytes;
    int pause_ms;
    int fd;
    bool tcp_reset;
};

static void make_uuid(char out[UUID_LEN + 1])
{
    unsigned char b[16] = {0};
    RAND_bytes(b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(out, UUID_LEN + 1,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
             b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
             b[15]);
}

static int client_fd(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? (int)info->connect_fd : -1;
}

static const char *header(struct MHD_Connection *c, const char *name)
{
    return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
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

static enum route route_of(struct MHD_Connection *c, const char *method, const char *path)
{
    if (control_enabled() && strncmp(path, control_prefix, sizeof control_prefix - 1) == 0)
        return ROUTE_CONTROL;
    if (control_ws_mode() != WS_MODE_OFF && has_token(header(c, "Connection"), "upgrade") &&
        has_token(header(c, "Upgrade"), "websocket"))
        return ROUTE_UPGRADE;
    if (strcmp(path, "/sql") != 0)
        return ROUTE_UNKNOWN;
    if (strcmp(method, "POST") == 0)
        return ROUTE_SQL;
    return strcmp(method, "OPTIONS") == 0 ? ROUTE_PREFLIGHT : ROUTE_UNKNOWN;
}

/* ---- answers ----------------------------------------------------------------------------- */

static enum MHD_Result queue(struct MHD_Connection *c, const struct http_request *rq, int status,
                             struct MHD_Response *response)
{
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "neon-request-id", rq->id);
    enum MHD_Result r = MHD_queue_response(c, (unsigned)status, response);
    MHD_destroy_response(response);
    return r;
}

static struct MHD_Response *copy_response(const char *text, const char *content_type)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text,
                                                             MHD_RESPMEM_MUST_COPY);
    if (r && content_type)
        MHD_add_response_header(r, "content-type", content_type);
    return r;
}

static enum MHD_Result answer_preflight(struct MHD_Connection *c, const struct http_request *rq)
{
    struct MHD_Response *r = copy_response("", NULL);
    if (!r)
        return MHD_NO;
    MHD_add_response_header(r, "Allow", "OPTIONS, POST");
    MHD_add_response_header(r, "Access-Control-Allow-Origin", "*");
    MHD_add_response_header(r, "Access-Control-Allow-Headers",
                            "Authorization, Neon-Connection-String, Neon-Raw-Text-Output, "
                            "Neon-Array-Mode, Neon-Pool-Opt-In, Neon-Batch-Read-Only, "
                            "Neon-Batch-Isolation-Level");
    MHD_add_response_header(r, "Access-Control-Max-Age", "86400");
    return queue(c, rq, 200, r);
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
    MHD_add_response_header(r, "content-type", json_mime);
    return queue(c, rq, status, r);
}

/* ---- the request log --------------------------------------------------------------------- */

static enum MHD_Result put_header(void *arg, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    static const char *const secret[] = {"neon-connection-string", "authorization",
                                         "proxy-authorization", "cookie"};
    struct buf *out = arg;
    char lower[128];
    size_t n = 0;
    (void)kind;
    for (; name[n] && n < sizeof lower - 1; n++)
        lower[n] = name[n] >= 'A' && name[n] <= 'Z' ? (char)(name[n] + 32) : name[n];
    lower[n] = '\0';
    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++)
        if (strcmp(lower, secret[i]) == 0)
            value = "***";
    buf_putc(out, out->len ? ',' : '{');
    buf_put_json_or_null(out, lower);
    buf_putc(out, ':');
    buf_put_json_or_null(out, value ? value : "");
    return MHD_YES;
}

static void log_request(struct MHD_Connection *c, const struct http_request *rq, int status)
{
    struct buf headers = {0};
    int64_t millis = net_now_ms() - rq->start_ms;
    log_line("%s %s %s %d %lld ms", rq->id, rq->method, rq->path, status, (long long)millis);
    if (!control_enabled())
        return;
    MHD_get_connection_values(c, MHD_HEADER_KIND, put_header, &headers);
    buf_puts(&headers, headers.len ? "}" : "{}");
    const char *text = buf_cstr(&headers);
    const struct control_entry entry = {
        .id = rq->id,
        .method = rq->method,
        .path = rq->path,
        .headers = text ? text : "{}",
        .body = rq->body.data,
        .body_len = rq->body.len,
        .status = status,
        .millis = millis,
    };
    control_log_request(&entry);
    buf_release(&headers);
}

/* ---- POST /sql --------------------------------------------------------------------------- */

/* Ends the connection without an answer. */
static enum MHD_Result drop_connection(int fd, bool tcp_reset)
{
    net_drop(fd, tcp_reset);
    return MHD_NO;
}

static ssize_t read_staged(void *arg, uint64_t pos, char *out, size_t max)
{
    struct staged_body *s = arg;
    const struct watch w = {.client_fd = s->fd, .stop_fd = config->stop_fd};
    size_t end = s->len < s->cut_at ? s->len : s->cut_at;
    if (pos >= end) {
        drop_connection(s->fd, s->tcp_reset);
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    if (s->pause_ms > 0 && pos > 0 && watch_wait(&w, -1, 0, s->pause_ms) == WAIT_GONE)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t n = end - (size_t)pos;
    if (n > max)
        n = max;
    if (n > s->piece_bytes)
        n = s->piece_bytes;
    memcpy(out, s->data + pos, n);
    return (ssize_t)n;
}

static void free_staged(void *arg)
{
    struct staged_body *s = arg;
    free(s->data);
    free(s);
}

/* The body in the way the fault wants it; takes `data`. */
static struct MHD_Response *staged_response(const struct fault *fault, char *data, size_t len,
                                            int fd)
{
    struct staged_body *s = calloc(1, sizeof *s);
    if (!s) {
        free(data);
        return NULL;
    }
    *s = (struct staged_body){.data = data,
                              .len = len,
                              .cut_at = SIZE_MAX,
                              .piece_bytes = SIZE_MAX,
                              .fd = fd,
                              .tcp_reset = fault->tcp_reset};
    if (fault->kind == FAULT_CUT) {
        s->cut_at = fault->bytes < 0 ? 0 : (size_t)fault->bytes;
    } else {
        s->piece_bytes = fault->bytes < 1 ? 1 : (size_t)fault->bytes;
        s->pause_ms = (int)fault->ms;
    }
    struct MHD_Response *r =
        MHD_create_response_from_callback(len, 4096, read_staged, s, free_staged);
    if (!r)
        free_staged(s);
    return r;
}

/* Of a result the first half of its columns' descriptions, of an error message and code. */
static void halve_object(json_object *o)
{
    json_object *fields;
    if (json_object_object_get_ex(o, "fields", &fields)) {
        size_t n = json_object_array_length(fields);
        json_object_array_del_idx(fields, n / 2, n - n / 2);
    } else if (json_object_object_get_ex(o, "message", NULL)) {
        static const char *const gone[] = {
            "detail", "hint",  "position", "internalPosition", "internalQuery", "severity",
            "where",  "table", "column",   "schema",           "dataType",      "constraint",
            "file",   "line",  "routine"};
        for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++)
            json_object_object_del(o, gone[i]);
    }
}

static void halve_fields(struct buf *answer)
{
    json_object *results;
    const char *text = buf_cstr(answer);
    json_object *o = text ? json_tokener_parse(text) : NULL;
    if (!json_object_is_type(o, json_type_object)) {
        json_object_put(o);
        return;
    }
    if (json_object_object_get_ex(o, "results", &results))
        for (size_t i = 0; i < json_object_array_length(results); i++)
            halve_object(json_object_array_get_idx(results, i));
    else
        halve_object(o);
    buf_reset(answer);
    buf_puts(answer, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
                                                           JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(o);
}

/* Faults that replace the content of a finished answer. */
static void spoil_answer(const struct fault *fault, struct sql_exchange *x)
{
    static const char garbage[] = "\x01\xff\xfe{not json at all]]\n";
    switch (fault->kind) {
    case FAULT_GARBAGE_BODY:
        buf_reset(&x->answer);
        buf_puts(&x->answer, garbage);
        x->status = 200;
        break;
    case FAULT_TRUNCATED_JSON:
        x->answer.len /= 2;
        break;
    case FAULT_EMPTY_BODY:
        buf_reset(&x->answer);
        x->status = 200;
        break;
    case FAULT_HALF_FIELDS:
        halve_fields(&x->answer);
        break;
    default:
        break;
    }
}

/* Faults that answer, or refuse to, without executing anything. */
static bool fault_before(struct MHD_Connection *c, struct http_request *rq,
                         const struct fault *fault, enum MHD_Result *result)
{
    static const char html[] = "<html><head><title>502 Bad Gateway</title></head>"
                               "<body><h1>502 Bad Gateway</h1></body></html>\n";
    const struct watch w = {.client_fd = client_fd(c), .stop_fd = config->stop_fd};
    switch (fault->kind) {
    case FAULT_HTML_502:
        log_request(c, rq, 502);
        *result = queue(c, rq, 502, copy_response(html, "text/html"));
        return true;
    case FAULT_STATUS:
        log_request(c, rq, fault->status);
        *result =
            queue(c, rq, fault->status, copy_response(fault->body ? fault->body : "", json_mime));
        return true;
    case FAULT_HANG:
        log_request(c, rq, 0);
        watch_wait(&w, -1, 0, -1);
        *result = MHD_NO;
        return true;
    case FAULT_LOST_BEFORE_EXECUTE:
        log_request(c, rq, 0);
        *result = drop_connection(w.client_fd, fault->tcp_reset);
        return true;
    default:
        return false;
    }
}

static enum MHD_Result cut_headers(int fd, bool tcp_reset)
{
    static const char part[] = "HTTP/1.1 200 OK\r\ncontent-type: applicat";
    if (!config->tls_cert_pem && send(fd, part, sizeof part - 1, MSG_NOSIGNAL) < 0)
        log_line("fault cut_headers: %s", strerror(errno));
    return drop_connection(fd, tcp_reset);
}

static void add_sql_headers(struct MHD_Response *r, const struct sql_exchange *x)
{
    MHD_add_response_header(r, "content-type", json_mime);
    MHD_add_response_header(r, "access-control-allow-origin", "*");
    if (!x->batch_succeeded)
        return;
    if (x->batch_read_only && strcmp(x->batch_read_only, "true") == 0)
        MHD_add_response_header(r, "neon-batch-read-only", "true");
    if (x->batch_deferrable && strcmp(x->batch_deferrable, "true") == 0)
        MHD_add_response_header(r, "neon-batch-deferrable", "true");
    if (x->batch_isolation_level)
        MHD_add_response_header(r, "neon-batch-isolation-level", x->batch_isolation_level);
}

static enum MHD_Result send_answer(struct MHD_Connection *c, struct http_request *rq,
                                   struct sql_exchange *x)
{
    const struct fault *fault = x->fault;
    size_t len;
    char *data;
    spoil_answer(fault, x);
    len = x->answer.len;
    control_add(COUNT_BYTES_OUT, len);
    log_request(c, rq, x->status);
    data = buf_take(&x->answer);
    if (!data)
        return MHD_NO;
    struct MHD_Response *r;
    if (fault->kind == FAULT_CUT || fault->kind == FAULT_SLOW_BODY) {
        r = staged_response(fault, data, len, x->watch.client_fd);
    } else {
        r = MHD_create_response_from_buffer(len, data, MHD_RESPMEM_MUST_FREE);
        if (!r)
            free(data);
    }
    if (!r)
        return MHD_NO;
    add_sql_headers(r, x);
    return queue(c, rq, x->status, r);
}

static enum MHD_Result run_sql(struct MHD_Connection *c, struct http_request *rq,
                               const struct fault *fault)
{
    struct sql_exchange x = {
        .connection_string = header(c, "Neon-Connection-String"),
        .authorization = header(c, "Authorization"),
        .raw_text_output = header(c, "Neon-Raw-Text-Output"),
        .array_mode = header(c, "Neon-Array-Mode"),
        .pool_opt_in = header(c, "Neon-Pool-Opt-In"),
        .batch_isolation_level = header(c, "Neon-Batch-Isolation-Level"),
        .batch_read_only = header(c, "Neon-Batch-Read-Only"),
        .batch_deferrable = header(c, "Neon-Batch-Deferrable"),
        .body = rq->body.data,
        .body_len = rq->body.len,
        .body_too_large = rq->too_large,
        .watch = {.client_fd = client_fd(c), .stop_fd = config->stop_fd},
        .fault = fault,
    };
    enum MHD_Result result = MHD_NO;
    bool answer = sql_http_run(&config->sql, &x);
    if (!answer || fault->kind == FAULT_LOST_AFTER_COMMIT || fault->kind == FAULT_CUT_HEADERS) {
        log_request(c, rq, 0);
        if (answer && fault->kind == FAULT_CUT_HEADERS)
            result = cut_headers(x.watch.client_fd, fault->tcp_reset);
        else
            result = drop_connection(x.watch.client_fd, fault->tcp_reset);
    } else {
        result = send_answer(c, rq, &x);
    }
    buf_release(&x.answer);
    return result;
}

static enum MHD_Result answer_sql(struct MHD_Connection *c, struct http_request *rq)
{
    const struct watch w = {.client_fd = client_fd(c), .stop_fd = config->stop_fd};
    enum MHD_Result result = MHD_NO;
    control_add(COUNT_BYTES_IN, rq->body.len);
    struct fault fault = control_draw_fault();
    if (fault.latency_ms > 0 && watch_wait(&w, -1, 0, (int)fault.latency_ms) == WAIT_GONE)
        log_request(c, rq, 0);
    else if (!fault_before(c, rq, &fault, &result))
        result = run_sql(c, rq, &fault);
    fault_release(&fault);
    return result;
}

/* ---- WebSockets -------------------------------------------------------------------------- */

static void *tls_of(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        config->tls_cert_pem ? MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION)
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
    const char *host = header(c, "Host");
    (void)cls;
    (void)fd; /* over TLS an end of libmicrohttpd's own relay, see stream.h */
    const struct ws_upgrade upgrade = {
        .id = rq->id,
        .host = host ? host : "",
        .fd = client_fd(c),
        .tls = tls_of(c),
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
    log_request(c, rq, 101);
    return queue(c, rq, 101, r);
}

/* What the client did wrong in asking for a WebSocket, or NULL. */
static const char *upgrade_mistake(struct MHD_Connection *c, char accept[WS_ACCEPT_LEN + 1])
{
    const char *key = header(c, "Sec-WebSocket-Key");
    const char *version = header(c, "Sec-WebSocket-Version");
    if (!key || !*key)
        return "{\"msg\":\"Sec-WebSocket-Key header is missing\"}";
    if (!version || strcmp(version, "13") != 0)
        return "{\"msg\":\"Sec-WebSocket-Version header must be 13\"}";
    return ws_accept(key, accept) ? NULL : "{\"msg\":\"internal error\"}";
}

static enum MHD_Result answer_upgrade(struct MHD_Connection *c, struct http_request *rq)
{
    const struct watch w = {.client_fd = client_fd(c), .stop_fd = config->stop_fd};
    char accept[WS_ACCEPT_LEN + 1];
    const char *mistake = upgrade_mistake(c, accept);
    if (mistake) {
        log_request(c, rq, 400);
        return queue(c, rq, 400, copy_response(mistake, json_mime));
    }
    struct fault *fault = &rq->ws_fault;
    *fault = control_draw_ws_fault(false);
    if (fault->latency_ms > 0)
        watch_wait(&w, -1, 0, (int)fault->latency_ms);
    if (fault->kind == FAULT_WS_REFUSE) {
        log_request(c, rq, fault->status);
        return queue(c, rq, fault->status,
                     copy_response(fault->body ? fault->body : "", "text/plain"));
    }
    if (fault->kind == FAULT_WS_HANG) {
        log_request(c, rq, 0);
        watch_wait(&w, -1, 0, -1);
        return MHD_NO;
    }
    return accept_upgrade(c, rq, accept);
}

/* ---- libmicrohttpd's callbacks ----------------------------------------------------------- */

static enum MHD_Result answer_request(struct MHD_Connection *c, struct http_request *rq)
{
    switch (rq->route) {
    case ROUTE_SQL:
        return answer_sql(c, rq);
    case ROUTE_CONTROL:
        return answer_control(c, rq);
    case ROUTE_PREFLIGHT:
        log_request(c, rq, 200);
        return answer_preflight(c, rq);
    case ROUTE_UPGRADE:
        return answer_upgrade(c, rq);
    case ROUTE_UNKNOWN:
        break;
    }
    log_request(c, rq, 400);
    return queue(c, rq, 400, copy_response("\"query is not supported\"", json_mime));
}

/* A client that waits for `100 Continue` can be told at once that its body is too large. */
static bool refuse_expected_body(struct MHD_Connection *c, const struct http_request *rq)
{
    const char *expect = header(c, "Expect");
    const char *length = header(c, "Content-Length");
    return rq->route == ROUTE_SQL && expect && length && strcasecmp(expect, "100-continue") == 0 &&
           strtoull(length, NULL, 10) > rq->max_body_bytes;
}

static void count_request(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    bool *counted = info ? info->socket_context : NULL;
    control_count(COUNT_REQUESTS);
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

/* Splits ADDR:PORT or [ADDR]:PORT in place. */
static bool split_address(char *text, const char **host, const char **port)
{
    char *colon = strrchr(text, ':');
    if (!colon || colon[1] == '\0')
        return false;
    *colon = '\0';
    *port = colon + 1;
    *host = text;
    if (text[0] == '[') {
        if (colon == text || colon[-1] != ']')
            return false;
        colon[-1] = '\0';
        *host = text + 1;
    }
    return true;
}

static bool is_loopback(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)a;
        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *in6 = (const void *)a;
    return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static int bind_first(const struct addrinfo *list, struct sockaddr_storage *actual)
{
    const int on = 1;
    for (const struct addrinfo *a = list; a; a = a->ai_next) {
        socklen_t len = sizeof *actual;
        int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0 &&
            getsockname(fd, (struct sockaddr *)actual, &len) == 0)
            return fd;
        int saved = errno;
        close(fd);
        errno = saved;
    }
    return -1;
}

int http_listen(const char *address, unsigned *port, bool *loopback)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *list = NULL;
    struct sockaddr_storage actual = {0};
    const char *host;
    const char *service;
    int fd = -1;
    char *copy = strdup(address);
    if (!copy || !split_address(copy, &host, &service)) {
        fprintf(stderr,
                "neon-gateway: --listen wants ADDRESS:PORT, for example 127.0.0.1:4444, "
                "but got \"%s\"\n",
                address);
    } else if (getaddrinfo(host, service, &hints, &list) != 0) {
        fprintf(stderr,
                "neon-gateway: the address \"%s\" of --listen is not known on this machine\n",
                address);
    } else {
        fd = bind_first(list, &actual);
        if (fd < 0)
            fprintf(stderr, "neon-gateway: cannot listen on %s: %s\n", address, strerror(errno));
    }
    if (list)
        freeaddrinfo(list);
    free(copy);
    if (fd < 0)
        return -1;
    const struct sockaddr *a = (const struct sockaddr *)&actual;
    *port =
        ntohs(a->sa_family == AF_INET ? ((const struct sockaddr_in *)(const void *)a)->sin_port
                                      : ((const struct sockaddr_in6 *)(const void *)a)->sin6_port);
    *loopback = is_loopback(a);
    return fd;
}

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
