/* postgresql:// URLs as the Neon console shows them, and libpq's key=value notation (pqopt). */
#ifndef NEON_CONFIG_URI_H
#define NEON_CONFIG_URI_H

#include "config/conn_options.h"

/* postgres[ql]://[user[:password]@][host[:port]][/database][?key=value&...]; strict
 * percent-decoding. sslmode=require means verify-full. Unknown query keys are 01S00 warnings.
 * False: HY024 saying what is wrong, never showing the text. */
bool uri_read(struct conn_options *o, struct strview text, enum conn_source source,
              struct config_warnings *w, struct err *e) NEON_MUST_CHECK;
/* host=... user='...' as PQconninfoParse reads it. Same answers. */
bool uri_read_conninfo(struct conn_options *o, struct strview text, enum conn_source source,
                       struct config_warnings *w, struct err *e) NEON_MUST_CHECK;
/* Appends the percent-decoded text; false at a bad escape or %00 (nothing useful appended then). */
bool uri_decode(struct buf *out, struct strview text) NEON_MUST_CHECK;

#endif
