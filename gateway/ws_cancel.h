/* The cancel keys that WebSocket sessions give to their clients: random, and never PostgreSQL's own
 * (protocol 10.5).
 *
 * All functions may be called from any thread.
 */
#ifndef GATEWAY_WS_CANCEL_H
#define GATEWAY_WS_CANCEL_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/backend.h"

struct ws_cancel;

/* A new key for b's statements; NULL when memory or random numbers are short. The owner passes the
 * result to ws_cancel_drop before it frees b. */
struct ws_cancel *ws_cancel_new(const struct backend *b);
void ws_cancel_drop(struct ws_cancel *c);
uint64_t ws_cancel_key(const struct ws_cancel *c);

/* Asks PostgreSQL to cancel what the key's session runs. False: there is no such session. Waits for
 * PostgreSQL to have taken the request. */
bool ws_cancel_by_key(uint64_t key);
/* The same by its owner. */
void ws_cancel_own(struct ws_cancel *c);

#endif
