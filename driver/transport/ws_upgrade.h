/* The HTTP/1.1 request that turns a connection into a WebSocket, and the check of its answer
 * (RFC 6455, section 4; protocol 10.1). Pure but for the random key. */
#ifndef NEON_TRANSPORT_WS_UPGRADE_H
#define NEON_TRANSPORT_WS_UPGRADE_H

#include "base/err.h"

#define WS_KEY_CHARS 24
#define WS_HEAD_MAX_BYTES ((size_t)32 << 10)

/* Sixteen random bytes in base64, with a terminator. False: no randomness to be had. */
bool ws_upgrade_key(char key[WS_KEY_CHARS + 1]) NEON_MUST_CHECK;
/* Appends the request for an absolute http(s):// URL. */
bool ws_upgrade_request(const char *url, const char *key, const char *user_agent,
                        struct buf *out) NEON_MUST_CHECK;
/* Length of the answer's head with its empty line; 0: not complete yet. */
size_t ws_upgrade_head_len(struct strview bytes);
/* Is it a 101 for this key? False: 08001, what was answered instead; native = HTTP status. */
bool ws_upgrade_check(struct strview head, const char *key, struct err *e) NEON_MUST_CHECK;

#endif
