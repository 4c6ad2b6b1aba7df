/* Idle backends, ready for the next request of the same identity (protocol 7).
 *
 * All functions may be called from any thread.
 */
#ifndef GATEWAY_POOL_H
#define GATEWAY_POOL_H

#include "gateway/backend.h"
#include "gateway/connstr.h"

struct pool_limits {
    unsigned per_endpoint;
    unsigned total;
    unsigned idle_seconds;
};

/* Starts the thread that closes backends idle for too long. False when that failed. */
bool pool_start(const struct pool_limits *limits);
/* Ends the thread and closes every idle backend. */
void pool_stop(void);

/* The most recently used idle backend of cs's identity, its reset finished, or NULL. Backends that
 * have died meanwhile are closed on the way. */
struct backend *pool_take(const struct connstr *cs, const struct watch *w);
/* Sends the reset, not awaited, and keeps the backend for the next request; closes it when it is
 * broken, cs is ephemeral or a limit is reached. The pool owns b from here on. */
void pool_give(struct backend *b, const struct connstr *cs);
/* Closes all idle backends. */
void pool_clear(void);
/* Number of idle backends. */
unsigned pool_size(void);

#endif
