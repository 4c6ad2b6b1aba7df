/* Answers and the request log. Called by http.c, http_post_sql.c, http_faults.c and http_upgrade.c.
 */
#include "gateway/http_request.h"

#include <string.h>

#include "gateway/control.h"
#include "gateway/log.h"
#include "gateway/net.h"

int http_client_fd(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? (int)info->connect_fd : -1;
}

const char *http_header(struct MHD_Connection *c, const char *name)
{
    return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

enum MHD_Result http_queue(struct MHD_Connection *c, const struct http_request *rq, int status,
                           struct MHD_Response *response)
{
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "neon-request-id", rq->id);
    enum MHD_Result r = MHD_queue_response(c, (unsigned)status, response);
    MHD_destroy_response(response);
    return r;
}

struct MHD_Response *http_text(const char *text, const char *content_type)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text,
                                                             MHD_RESPMEM_MUST_COPY);
    if (r && content_type)
        MHD_add_response_header(r, "content-type", content_type);
    return r;
}

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

void http_log_request(struct MHD_Connection *c, const struct http_request *rq, int status)
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
