/* The server's end of one WebSocket: the answer to the upgrade, and framing (protocol 10.1, 10.2).
 *
 * The payloads of binary frames are one byte stream in each direction; where a frame ends means
 * nothing. Nothing blocks: the caller polls the socket. One thread uses a struct ws at a time.
 */
#ifndef GATEWAY_WEBSOCKET_H
#define GATEWAY_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wslay/wslay.h>

#include "gateway/buf.h"
#include "gateway/stream.h"

#define WS_MAX_FRAME_BYTES 1024 /* payload of a frame to the client */
#define WS_ACCEPT_LEN 28        /* base64 of a SHA-1 */
#define WS_CONTROL_MAX_BYTES 125

enum ws_event {
    WS_NOTHING, /* nothing complete is there: poll the socket */
    WS_DATA,    /* a piece of the stream, valid until the next call */
    WS_CLOSE,   /* the client's Close frame; its echo is queued */
    WS_LOST,    /* the connection has ended without one */
    WS_BROKEN   /* the client broke the rules: a text frame, no mask, a reserved bit, ... */
};

struct ws {
    wslay_frame_context_ptr frames;
    struct stream *stream; /* borrowed */
    bool ended;            /* the stream has ended or failed */
    bool drained;          /* the last read got less than it could have */

    struct buf out; /* frames to send */
    size_t sent;    /* of them */
    size_t max_frame;

    bool in_message; /* a binary message was begun, so that a continuation is welcome */
    bool in_frame;   /* the rest of a data frame is still to come */
    uint64_t frame_left;
    uint8_t control[WS_CONTROL_MAX_BYTES];
    size_t control_len;

    uint64_t frames_in; /* data frames begun so far */
    uint64_t frames_out;
};

/* The value of Sec-WebSocket-Accept for the client's key, terminated. */
bool ws_accept(const char *key, char out[WS_ACCEPT_LEN + 1]);

/* Either way ws_release must be called. False: out of memory. */
bool ws_init(struct ws *w, struct stream *stream);
void ws_release(struct ws *w);

/* The next piece of the client's stream. Pings are answered on the way. */
enum ws_event ws_receive(struct ws *w, const uint8_t **data, size_t *n);

/* Queues bytes as binary frames of at most max_frame bytes. */
void ws_put(struct ws *w, const void *bytes, size_t n);
/* Queues a Close frame; code 0 sends an empty one. */
void ws_put_close(struct ws *w, unsigned code, const char *reason);
/* Queues bytes as they are, without a frame. */
void ws_put_raw(struct ws *w, const void *bytes, size_t n);
/* Sends what is queued as far as the stream takes it. False: the connection is lost. */
bool ws_flush(struct ws *w);
bool ws_pending(const struct ws *w);

#endif
