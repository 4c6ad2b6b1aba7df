/* WebSocket frames (RFC 6455, section 5; protocol 10.2): payload to frames and back, framing by
 * wslay. Bytes in and bytes out; no network. */
#ifndef NEON_TRANSPORT_WS_FRAME_H
#define NEON_TRANSPORT_WS_FRAME_H

#include <wslay/wslay.h>

#include "base/err.h"

/* wslay hands out at most so many bytes at once: reading needs that much room. */
#define WS_PIECE_MAX_BYTES 4096

struct ws_framer {
    wslay_frame_context_ptr wslay; /* owned */
    const char *in;                /* the received bytes being read; borrowed for a call */
    size_t in_len;
    struct buf *out;            /* where frames are written to; borrowed for a call */
    bool in_message;            /* a fragmented message is under way */
    bool closing;               /* the peer's Close frame has come */
    unsigned close_status;      /* 0: it named none */
    unsigned char control[125]; /* payload of the control frame being read */
    size_t control_len;
    uint64_t frame_left; /* payload bytes of the current frame that are still to come */
    bool in_frame;
    unsigned char masks[256]; /* random; from masks_at on not used yet */
    size_t masks_at;
    bool has_more; /* the last read ended for want of room: wslay may hold bytes that *in has not */
};

/* False: out of memory. */
bool ws_framer_init(struct ws_framer *f) NEON_MUST_CHECK;
void ws_framer_release(struct ws_framer *f);
/* Appends one masked binary frame. False: no memory, or no randomness for the mask. */
bool ws_framer_write(struct ws_framer *f, const void *payload, size_t len,
                     struct buf *out) NEON_MUST_CHECK;
bool ws_framer_ping(struct ws_framer *f, struct buf *out) NEON_MUST_CHECK;
/* status 0: an empty Close frame. */
bool ws_framer_close(struct ws_framer *f, unsigned status, struct buf *out) NEON_MUST_CHECK;
/* Takes received bytes (*in moves on) and copies the payload of data frames to dst; *got says how
 * much. Ends when dst has less than WS_PIECE_MAX_BYTES left (f->has_more: call again before more is
 * received, even when *in is empty), the bytes are used up, or the peer closes (f->closing). Pings
 * are answered into `answers`, as many as it takes. False: 08S01, what a server must not send
 * (text, masked or reserved frames), HY001. */
bool ws_framer_read(struct ws_framer *f, struct strview *in, char *dst, size_t cap, size_t *got,
                    struct buf *answers, struct err *e) NEON_MUST_CHECK;

#endif
