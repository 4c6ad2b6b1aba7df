/* A WebSocket as a stream of bytes: socket, proxy and TLS are libcurl's, the upgrade is ours,
 * framing is wslay's. Message boundaries mean nothing (protocol 10.2). Called by the
 * files of pgwire_*.
 *
 * Threads: one at a time, but for ws_wake. */
#ifndef NEON_TRANSPORT_WS_CLIENT_H
#define NEON_TRANSPORT_WS_CLIENT_H

#include <stdatomic.h>

#include "transport/transport.h"

struct ws_client;

/* What ends a wait before its time. */
struct ws_patience {
    int64_t deadline;             /* DEADLINE_NONE: none */
    const atomic_bool *cancelled; /* NULL: cannot be */
};

/* Without network: makes what ws_open and ws_wake need. NULL: HY001. */
struct ws_client *ws_new(struct transport *t, struct err *e) NEON_MUST_CHECK;
/* Connects and upgrades. False: 08001, HYT00 past the deadline, HY008 cancelled, HY024. *refused:
 * the place was reached and does not take WebSockets. */
bool ws_open(struct ws_client *ws, const char *url, const struct ws_patience *p, bool *refused,
             struct err *e) NEON_MUST_CHECK;
/* Says goodbye where that does not have to wait, and closes. NULL is fine. */
void ws_free(struct ws_client *ws);

/* Sends all of it as one binary frame; takes what comes meanwhile, so that neither side waits for
 * the other. False: 08S01, and nobody knows how much went out. */
bool ws_send(struct ws_client *ws, const void *bytes, size_t len, struct err *e) NEON_MUST_CHECK;
/* Asked while the server takes nothing, since when by clock_now_ms: *ms is how long to wait now.
 * False: no longer, *e says why. */
struct ws_waiter {
    bool (*goes_on)(void *ctx, int64_t since, int64_t *ms, struct err *e);
    void *ctx;
};
/* ws_send, which waits as long as the waiter says. */
bool ws_send_patiently(struct ws_client *ws, const void *bytes, size_t len,
                       const struct ws_waiter *w, struct err *e) NEON_MUST_CHECK;

enum ws_event {
    WS_DATA,    /* *got bytes; none when only control frames came */
    WS_NOTHING, /* nothing is here now */
    WS_CLOSED,  /* the server has ended it */
    WS_FAILED,  /* 08S01 */
};
/* Payload that is here, without waiting. dst has room for WS_PIECE_MAX_BYTES or more. */
enum ws_event ws_read(struct ws_client *ws, char *dst, size_t cap, size_t *got, struct err *e);
/* Waits until something may be read, ws_wake is called, or so many milliseconds have passed. Sends
 * a ping now and then. */
void ws_wait(struct ws_client *ws, int64_t ms);
/* A ping now and then, for what lies between forgets connections that say nothing. */
void ws_keep(struct ws_client *ws);
/* From any thread, while it exists: the wait ends. */
void ws_wake(struct ws_client *ws);

#endif
