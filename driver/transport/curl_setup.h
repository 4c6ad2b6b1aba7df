/* A curl easy handle made ready for one place: URL, TLS, proxy, protocol, sockets. What is sent,
 * and where the answer goes, is set by http_curl.c and ws_client.c. */
#ifndef NEON_TRANSPORT_CURL_SETUP_H
#define NEON_TRANSPORT_CURL_SETUP_H

#include "transport/transport_int.h"

/* For a handle that is fresh or was reset. HY024 when this libcurl cannot do what an option asks
 * for (a pinned key that is silently not checked would be worse than no connection); HY001. */
bool curl_setup(CURL *c, const struct transport *t, struct err *e) NEON_MUST_CHECK;
/* The same for another URL than that of the SQL endpoint. */
bool curl_setup_url(CURL *c, const struct transport *t, const char *url,
                    struct err *e) NEON_MUST_CHECK;

#endif
