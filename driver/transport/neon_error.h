/* An answer that is not 200, as an error: the shapes of protocol 5.1, the catalogue of 5.3, and
 * whatever a proxy or load balancer says instead (HTML, nothing). Pure. */
#ifndef NEON_TRANSPORT_NEON_ERROR_H
#define NEON_TRANSPORT_NEON_ERROR_H

#include "transport/transport.h"

/* Error bodies beyond that are cut. */
#define NEON_ERROR_MAX_BODY_BYTES ((size_t)1 << 20)

/* Fills *e (always; returns false). State, message with DETAIL, HINT and POSITION, the server's
 * fields (err.pg), native = HTTP status, whether it may have run, whether trying again is safe. */
bool neon_error_read(int http_status, struct strview body, const char *request_id,
                     const struct wire_request *r, struct err *e);
/* The same for the fields of a session's ErrorResponse (taken over). While connecting, Neon says
 * XX000 whatever the cause: the text decides (protocol 10.3). */
bool neon_error_of_session(struct pg_fields *fields, const struct wire_request *r, struct err *e);
/* Where *e leaves open whether the statement ran (err.effect) and that matters (not repeatable, not
 * connecting): says so in the text; 08... becomes 08007 when committing. */
void neon_error_say_unknown(const struct wire_request *r, struct err *e);
/* The ODBC state for a server's state; `connecting` as in pg_sqlstate.def. The result is static or
 * `state` itself. */
const char *neon_error_translate_state(const char *state, bool connecting);

#endif
