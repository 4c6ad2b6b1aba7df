/* POST /sql between libmicrohttpd and sql_http.c: what stands in headers goes there, its answer
 * comes back. Called by http.c once the body is here, in the connection's thread. */
#include "gateway/http_post_sql.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/control.h"
#include "gateway/http_faults.h"

static void add_sql_headers(struct MHD_Response *r, const struct sql_exchange *x)
{
    MHD_add_response_header(r, "content-type", HTTP_JSON);
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
    http_fault_spoil(fault, x);
    len = x->answer.len;
    control_add(COUNT_BYTES_OUT, len);
    http_log_request(c, rq, x->status);
    data = buf_take(&x->answer);
    if (!data)
        return MHD_NO;
    struct MHD_Response *r;
    if (fault->kind == FAULT_CUT || fault->kind == FAULT_SLOW_BODY) {
        r = http_fault_body(fault, data, len, &x->watch);
    } else {
        r = MHD_create_response_from_buffer(len, data, MHD_RESPMEM_MUST_FREE);
        if (!r)
            free(data);
    }
    if (!r)
        return MHD_NO;
    add_sql_headers(r, x);
    return http_queue(c, rq, x->status, r);
}

static enum MHD_Result run_sql(struct MHD_Connection *c, struct http_request *rq,
                               const struct fault *fault)
{
    struct sql_exchange x = {
        .connection_string = http_header(c, "Neon-Connection-String"),
        .authorization = http_header(c, "Authorization"),
        .raw_text_output = http_header(c, "Neon-Raw-Text-Output"),
        .array_mode = http_header(c, "Neon-Array-Mode"),
        .pool_opt_in = http_header(c, "Neon-Pool-Opt-In"),
        .batch_isolation_level = http_header(c, "Neon-Batch-Isolation-Level"),
        .batch_read_only = http_header(c, "Neon-Batch-Read-Only"),
        .batch_deferrable = http_header(c, "Neon-Batch-Deferrable"),
        .body = rq->body.data,
        .body_len = rq->body.len,
        .body_too_large = rq->too_large,
        .watch = {.client_fd = http_client_fd(c), .stop_fd = rq->config->stop_fd},
        .fault = fault,
    };
    enum MHD_Result result = MHD_NO;
    bool answer = sql_http_run(&rq->config->sql, &x);
    if (!answer || fault->kind == FAULT_LOST_AFTER_COMMIT || fault->kind == FAULT_CUT_HEADERS) {
        http_log_request(c, rq, 0);
        if (answer && fault->kind == FAULT_CUT_HEADERS)
            result = http_fault_cut_headers(rq, x.watch.client_fd, fault->tcp_reset);
        else
            result = http_drop(x.watch.client_fd, fault->tcp_reset);
    } else {
        result = send_answer(c, rq, &x);
    }
    buf_release(&x.answer);
    return result;
}

enum MHD_Result http_answer_sql(struct MHD_Connection *c, struct http_request *rq)
{
    const struct watch w = {.client_fd = http_client_fd(c), .stop_fd = rq->config->stop_fd};
    enum MHD_Result result = MHD_NO;
    control_add(COUNT_BYTES_IN, rq->body.len);
    struct fault fault = control_draw_fault();
    if (fault.latency_ms > 0 && watch_wait(&w, -1, 0, (int)fault.latency_ms) == WAIT_GONE)
        http_log_request(c, rq, 0);
    else if (!http_fault_before(c, rq, &fault, &result))
        result = run_sql(c, rq, &fault);
    fault_release(&fault);
    return result;
}
