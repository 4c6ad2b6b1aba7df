/* Where a request goes and what identifies the database: the URL and the Neon-Connection-String
 * header (protocol 1.1, 2.4). Pure: no network. */
#ifndef NEON_TRANSPORT_ENDPOINT_H
#define NEON_TRANSPORT_ENDPOINT_H

#include "base/err.h"
#include "transport/net_options.h"

/* Appends the URL of the SQL endpoint, "https://api.region.aws.neon.tech/sql". With a token the
 * first label becomes "apiauth." HY024: http:// without AllowInsecure or to another machine, or an
 * ApiHost that is no host. */
bool endpoint_url(const struct net_options *o, struct buf *out, struct err *e) NEON_MUST_CHECK;
/* Appends the URL of a session's WebSocket, as http(s)://: the endpoint's own host without
 * "-pooler" (protocol 10.1), or ApiHost's; the path is WsPath. HY024 as above. */
bool endpoint_session_url(const struct net_options *o, struct buf *out,
                          struct err *e) NEON_MUST_CHECK;
/* Appends the header's value, "postgresql://user:password@host/db": SECRET. Everything but RFC
 * 3986's unreserved characters is percent-encoded; the host is lower-cased. The password is left
 * out with a token. HY024: a host that is none; HY001. */
bool endpoint_connection_string(const struct net_options *o, struct buf *out,
                                struct err *e) NEON_MUST_CHECK;
/* localhost, 127.0.0.0/8, ::1 (also in brackets). */
bool endpoint_is_loopback(struct strview host);

#endif
