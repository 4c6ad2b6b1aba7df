/* An answer that is not 200, as an error: the shapes of protocol 5.1, the catalogue of 5.3, and
 * whatever a proxy or load balancer says instead (HTML, nothing). Pure. */
#ifndef NEON_TRANSPORT_NEON_ERROR_H
#define NEON_TRANSPORT_NEON_ERROR_H

#include "transport/transport.h"

/* The mark by which the driver's own SQL says that tables would be made in pg_temp
 * (SETTINGS_PATH_CHECK of handle/settings.h): it raises it as a text that is no number. */
#define NEON_ERROR_TEMPORARY_PATH "neon_odbc_temporary_path"

/* Error bodies beyond that are cut. */
#define NEON_ERROR_MAX_BODY_BYTES ((size_t)1 << 20)

/* Fills *e (always; returns false). State, message with DETAIL, HINT and POSITION, the server's
 * fields (err.pg), native = HTTP status, whether it may have run, whether trying again is safe. */
bool neon_error_read(int http_status, struct strview body, const char *request_id,
                     const struct wire_request *r, struct err *e);
/* The same for the fields of a session's ErrorResponse (taken over). While connecting, Neon says
 * XX000 whatever the cause: the text decides (protocol 10.3). */
bool neon_error_of_session(struct pg_fields *fields, const struct wire_request *r, struct err *e);
/* Is it the error of that mark? */
bool neon_error_is_temporary_path(const struct pg_fields *fields);
/* Where *e leaves open whether the statement ran (err.effect) and that matters (not repeatable, not
 * connecting): says so in the text; 08... becomes 08007 when committing. */
void neon_error_say_unknown(const struct wire_request *r, struct err *e);

#endif
