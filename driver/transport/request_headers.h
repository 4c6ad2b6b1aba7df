/* The headers of a request (protocol 2.1). They hold secrets. */
#ifndef NEON_TRANSPORT_REQUEST_HEADERS_H
#define NEON_TRANSPORT_REQUEST_HEADERS_H

#include "transport/transport_int.h"

/* NULL: out of memory. Authorization only with a token: its mere presence is an error on the
 * ordinary host. */
struct curl_slist *request_headers_new(struct transport *t,
                                       const struct wire_request *r) NEON_MUST_CHECK;
/* Wipes them. NULL is fine. */
void request_headers_free(struct curl_slist *headers);

#endif
