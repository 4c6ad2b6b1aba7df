/* neon-odbc doctor, shared by its files: what is known of the connection, and how a step is said.
 */
#ifndef NEON_TOOL_DOCTOR_H
#define NEON_TOOL_DOCTOR_H

#include <curl/curl.h>
#include <sql.h>
#include <sqlext.h>

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
/* Milliseconds of a clock that only goes forward, finer than one. */
double doctor_now(void);
double doctor_since(double start_ms);

/* ---- doctor_net.c: TCP, TLS, HTTP ---- */
bool doctor_network(struct doctor *d);
/* A CURLOPT_WRITEFUNCTION that forgets what comes. */
size_t doctor_drop(char *data, size_t size, size_t n, void *ctx);

/* ---- doctor_login.c: login and statements ---- */
bool doctor_login(struct doctor *d);

struct doctor_connection {
    SQLHENV env;
    SQLHDBC dbc;
    bool connected;
};
/* A connection through the driver manager. False: nothing is open, and text has the reason. */
bool doctor_connect(struct doctor_connection *c, char *connstr, char *text, size_t cap);
void doctor_disconnect(struct doctor_connection *c);
/* The first column of the first row; false: the reason. */
bool doctor_ask(SQLHDBC dbc, const char *sql, char *out, size_t cap);

/* ---- doctor_session.c: what sessions need ---- */
/* False: there are none, which has been said. */
bool doctor_websocket(struct doctor *d);
void doctor_session(struct doctor *d);

#endif
