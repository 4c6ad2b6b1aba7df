/* The faults of POST /sql acted out, but for those that PostgreSQL's side has (sql_http.c). Which
 * fault a request meets is drawn by control.c. Called by http_post_sql.c. */
#include "gateway/http_faults.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "gateway/log.h"
#include "gateway/net.h"

enum { BLOCK_BYTES = 4096, BLOCK_MAX_BYTES = 1 << 20 };

/* A body that is sent in pieces or not to its end. */
struct staged_body {
    char *data;
    size_t len;
    size_t cut_at; /* SIZE_MAX: send all */
    size_t piece_bytes;
    int pause_ms;
    struct watch watch;
    bool tcp_reset;
};

enum MHD_Result http_drop(int fd, bool tcp_reset)
{
    net_drop(fd, tcp_reset);
    return MHD_NO;
}

static ssize_t read_staged(void *arg, uint64_t pos, char *out, size_t max)
{
    struct staged_body *s = arg;
    size_t end = s->len < s->cut_at ? s->len : s->cut_at;
    if (pos >= end) {
        http_drop(s->watch.client_fd, s->tcp_reset);
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    if (s->pause_ms > 0 && pos > 0 && watch_wait(&s->watch, -1, 0, s->pause_ms) == WAIT_GONE)
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

struct MHD_Response *http_fault_body(const struct fault *fault, char *data, size_t len,
                                     const struct watch *watch)
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
                              .watch = *watch,
                              .tcp_reset = fault->tcp_reset};
    if (fault->kind == FAULT_CUT) {
        s->cut_at = fault->bytes < 0 ? 0 : (size_t)fault->bytes;
    } else {
        s->piece_bytes = fault->bytes < 1 ? 1 : (size_t)fault->bytes;
        s->pause_ms = (int)fault->ms;
    }
    /* No piece can be larger than a block. */
    size_t block = s->pause_ms > 0 && s->piece_bytes > BLOCK_BYTES ? s->piece_bytes : BLOCK_BYTES;
    struct MHD_Response *r = MHD_create_response_from_callback(
        len, block < BLOCK_MAX_BYTES ? block : BLOCK_MAX_BYTES, read_staged, s, free_staged);
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

void http_fault_spoil(const struct fault *fault, struct sql_exchange *x)
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

bool http_fault_before(struct MHD_Connection *c, struct http_request *rq, const struct fault *fault,
                       enum MHD_Result *result)
{
    static const char html[] = "<html><head><title>502 Bad Gateway</title></head>"
                               "<body><h1>502 Bad Gateway</h1></body></html>\n";
    const struct watch w = {.client_fd = http_client_fd(c), .stop_fd = rq->config->stop_fd};
    switch (fault->kind) {
    case FAULT_HTML_502:
        http_log_request(c, rq, 502);
        *result = http_queue(c, rq, 502, http_text(html, "text/html"));
        return true;
    case FAULT_STATUS:
        http_log_request(c, rq, fault->status);
        *result =
            http_queue(c, rq, fault->status, http_text(fault->body ? fault->body : "", HTTP_JSON));
        return true;
    case FAULT_HANG:
        http_log_request(c, rq, 0);
        watch_wait(&w, -1, 0, -1);
        *result = MHD_NO;
        return true;
    case FAULT_LOST_BEFORE_EXECUTE:
        http_log_request(c, rq, 0);
        *result = http_drop(w.client_fd, fault->tcp_reset);
        return true;
    default:
        return false;
    }
}

enum MHD_Result http_fault_cut_headers(const struct http_request *rq, int fd, bool tcp_reset)
{
    static const char part[] = "HTTP/1.1 200 OK\r\ncontent-type: applicat";
    if (!rq->config->tls_cert_pem && send(fd, part, sizeof part - 1, MSG_NOSIGNAL) < 0)
        log_line("fault cut_headers: %s", strerror(errno));
    return http_drop(fd, tcp_reset);
}
