/* The relay of one WebSocket session: frames on one side, PostgreSQL's bytes on the other, with
 * back-pressure both ways, counted, and disturbed at the point that a fault names.
 *
 * One thread uses a struct relay. ws_session.c sets it up, ws_handshake.c uses relay_take and
 * relay_put, and relay_run does the rest.
 */
#ifndef GATEWAY_WS_RELAY_H
#define GATEWAY_WS_RELAY_H

#include "gateway/backend_raw.h"
#include "gateway/control.h"
#include "gateway/pg_scan.h"
#include "gateway/websocket.h"

enum relay_end {
    RELAY_ON,            /* not ended */
    RELAY_CLIENT_CLOSED, /* a Close frame came; its echo is queued */
    RELAY_CLIENT_LOST,   /* the connection ended without one, or broke the rules */
    RELAY_SERVER_ENDED,  /* PostgreSQL has closed */
    RELAY_REFUSED,       /* handshake failed: what there is to say is queued */
    RELAY_TIMEOUT,       /* the handshake took too long */
    RELAY_STOPPED,       /* the gateway stops */
    RELAY_CUT,           /* a fault cuts the connection */
    RELAY_FAULT_CLOSED   /* a fault sent a Close frame */
};

struct relay {
    struct ws ws;
    int fd;      /* of the client's stream, for poll() */
    int stop_fd; /* readable when the gateway stops */
    const uint8_t *piece;
    size_t piece_len; /* received, not yet passed on */

    struct raw pg;      /* fd -1 before it is open */
    struct buf to_pg;   /* accepted from the client */
    size_t written;     /* of to_pg */
    bool pg_write_lost; /* PostgreSQL takes nothing any more */
    int64_t hold_until; /* ws_latency: to_pg waits until then; 0 = no */

    struct pg_scan in;  /* from the client */
    struct pg_scan out; /* to the client */
    uint64_t owed;      /* ReadyForQuery messages that PostgreSQL still has to send */
    bool unsynced;      /* messages were sent after the last Sync */
    bool ready;         /* the first ReadyForQuery has passed */

    struct fault fault; /* owned */
    bool fault_active;  /* its counting has begun */
    bool fired;
    uint64_t base_in[3]; /* bytes, frames, messages when it began */
    uint64_t base_out[3];
};

/* Takes over `fault`. Either way relay_release must be called. False: out of memory. */
bool relay_init(struct relay *r, struct stream *stream, int stop_fd, struct fault *fault);
void relay_release(struct relay *r);

/* The next n bytes of the client's stream; waits for them. RELAY_TIMEOUT when deadline_ms (of
 * net_now_ms) has passed. */
enum relay_end relay_take(struct relay *r, uint8_t *out, size_t n, int64_t deadline_ms);
/* Sends bytes to the client; waits until the socket has taken them. */
enum relay_end relay_put(struct relay *r, const void *bytes, size_t n);

/* Relays until something ends it. */
enum relay_end relay_run(struct relay *r);
/* Whether PostgreSQL works, or holds messages without a Sync. */
bool relay_busy(const struct relay *r);
/* Brings out what is queued in both directions, for at most timeout_ms. False: not all of it. */
bool relay_settle(struct relay *r, int timeout_ms);

#endif
