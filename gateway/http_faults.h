/* Faults of POST /sql: how each spoils, cuts or replaces an answer (docs/gateway.md). */
#ifndef GATEWAY_HTTP_FAULTS_H
#define GATEWAY_HTTP_FAULTS_H

#include "gateway/http_request.h"

/* Faults that answer, or refuse to, without executing anything. True: *result is what the handler
 * returns, and the request is logged. */
bool http_fault_before(struct MHD_Connection *c, struct http_request *rq, const struct fault *fault,
                       enum MHD_Result *result);
/* Faults that replace the content of a finished answer, in place. */
void http_fault_spoil(const struct fault *fault, struct sql_exchange *x);
/* FAULT_CUT and FAULT_SLOW_BODY: a response of the body in the way the fault wants it. Takes
 * `data`, of len bytes from malloc, whatever happens. NULL: out of memory. */
struct MHD_Response *http_fault_body(const struct fault *fault, char *data, size_t len,
                                     const struct watch *watch);
/* FAULT_CUT_HEADERS: ends the connection within the answer's headers. MHD_NO always. */
enum MHD_Result http_fault_cut_headers(const struct http_request *rq, int fd, bool tcp_reset);
/* Ends the connection without an answer. MHD_NO always. */
enum MHD_Result http_drop(int fd, bool tcp_reset);

#endif
