/* A failure of libcurl as an error: what happened and what may help (neterr.def). Called by
 * http_curl.c and ws_client.c. */
#ifndef NEON_TRANSPORT_NETERR_H
#define NEON_TRANSPORT_NETERR_H

#include <curl/curl.h>

#include "base/err.h"

/* Fills *e (always; returns false). `detail` is libcurl's error buffer. retry_safe: another try may
 * help, when nothing can have run. native: 1000 + the code; the HTTP status when a proxy refused.
 */
bool neterr_set(CURL *c, CURLcode code, const char *detail, bool connecting, struct err *e);

#endif
