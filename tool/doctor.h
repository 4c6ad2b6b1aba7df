/* neon-odbc doctor, shared by its files: what is known of the connection, and how a step is said.
 */
#ifndef NEON_TOOL_DOCTOR_H
#define NEON_TOOL_DOCTOR_H

#include <curl/curl.h>

#include "config/net.h"
#include "tool/tool.h"
#include "transport/transport_int.h"

#define DOCTOR_TEXT_CAP 2048

struct doctor {
    const struct tool_args *args;
    struct conn_options options;
    struct net_options net;
    struct transport *transport;
    struct buf connstr;
    char host[256]; /* where requests go */
    bool proxied;
    int n_steps;
    double login_ms;
    bool failed, limited; /* limited: no WebSockets */
};

enum verdict { GOOD, WARNING, FAILED };

/* Prints one step; ms < 0: it has no time. remedy "": none. */
void doctor_say(struct doctor *d, enum verdict v, const char *name, double ms, const char *text,
                const char *remedy);
/* The same for a step that failed; false. */
bool doctor_fail(struct doctor *d, const char *name, double ms, const char *text,
                 const char *remedy);
double doctor_since(int64_t start_ms);

/* ---- doctor_net.c: TCP, TLS, HTTP, and the WebSocket's upgrade ---- */
bool doctor_network(struct doctor *d);
void doctor_websocket(struct doctor *d);

/* ---- doctor_login.c: login and statements ---- */
void doctor_login(struct doctor *d);

#endif
