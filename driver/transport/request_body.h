/* The JSON body of a request (protocol section 3). Pure. */
#ifndef NEON_TRANSPORT_REQUEST_BODY_H
#define NEON_TRANSPORT_REQUEST_BODY_H

#include "transport/transport.h"

/* Writes {"query","params"} or {"queries":[...]} into out (emptied first); out->max is the limit.
 * Every parameter is a string or null, never a JSON number. 54000 naming MaxRequestBytes when it
 * does not fit; HY001. */
bool request_body_write(const struct wire_request *r, struct buf *out,
                        struct err *e) NEON_MUST_CHECK;

/* Appends a text as a JSON string; a failure stays in out->failed. */
void request_body_append_string(struct buf *out, const char *s, size_t len);
/* What a text takes in the body, with its quotes and escapes. */
size_t request_body_string_bytes(const char *s, size_t len);
/* What a statement takes, with the comma behind it. */
size_t request_body_bytes(const struct wire_stmt *s);

#endif
