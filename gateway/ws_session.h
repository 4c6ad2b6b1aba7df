/* WebSocket sessions: from the accepted upgrade to the end, one thread each (protocol 10). */
#ifndef GATEWAY_WS_SESSION_H
#define GATEWAY_WS_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/control.h"
#include "gateway/sql_http.h"

/* What the HTTP server knows of the connection; copied, but for `fault` and `tls`. */
struct ws_upgrade {
    const char *id;   /* of the request */
    const char *host; /* the Host header; "" when there was none */
    int fd;           /* the client's TCP connection */
    void *tls;        /* gnutls_session_t on it, or NULL */
    const char *extra;
    size_t n_extra;           /* bytes of the stream that came with the request */
    void (*done)(void *done); /* gives the connection back to the server; called once */
    void *done_arg;
    struct fault *fault; /* taken over */
};

/* Both modes are the same to the client until its first byte. */
enum ws_mode {
    WS_MODE_OFF,  /* upgrades are not for this server */
    WS_MODE_NEON, /* the gateway authenticates the client, then relays */
    WS_MODE_PLAIN /* every byte goes to PostgreSQL: the client authenticates itself */
};

/* Configuration is borrowed and must outlive the sessions. */
void ws_sessions_start(const struct sql_config *config, int stop_fd);
/* Ends every session and waits for that; sessions that start later end at once. */
void ws_sessions_stop(void);
/* Cuts all connections without a frame. */
void ws_sessions_cut(void);
unsigned ws_sessions_count(void);

/* Runs a session of this mode to its end, in the thread that serves the connection: see
 * ws_session.c. Whatever happens, `done` is called when it has ended. */
void ws_session_run(const struct ws_upgrade *upgrade, enum ws_mode mode);

#endif
