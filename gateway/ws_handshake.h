/* The beginning of a WebSocket session: what Neon's proxy does itself (protocol 10.3 to 10.5), with
 * a backend that has let the client in at its end; or, plain, nothing but a connection to
 * PostgreSQL.
 */
#ifndef GATEWAY_WS_HANDSHAKE_H
#define GATEWAY_WS_HANDSHAKE_H

#include "gateway/sql_http.h"
#include "gateway/ws_cancel.h"
#include "gateway/ws_relay.h"

/* Of one session; all pointers are borrowed, but for those of the result. */
struct ws_handshake {
    const char *id;   /* of the request, for the log */
    const char *host; /* the Host header */
    int client_fd;    /* its end is the client's */
    int stop_fd;      /* readable when the gateway stops */
    const struct sql_config *config;
    struct relay *relay;

    /* the result, the caller's, whatever the handshake's end; NULL: not made */
    struct backend *backend;
    struct ws_cancel *cancel; /* to be dropped before the backend is freed */
};

/* RELAY_ON: relay_run may go on. RELAY_REFUSED: the reason is queued for the client. Others: the
 * client or the gateway has ended it. */
enum relay_end ws_handshake_neon(struct ws_handshake *h);
enum relay_end ws_handshake_plain(struct ws_handshake *h);

#endif
