/* wslay's frame layer over memory. Called by ws_client.c. */
#include "transport/ws_frame.h"

#include <openssl/rand.h>

#define PONG_MAX_BYTES (2 + 4 + sizeof((struct ws_framer *)0)->control)

static ssize_t on_send(const uint8_t *data, size_t len, int flags, void *ctx)
{
    struct ws_framer *f = ctx;

    (void)flags;
    return buf_append(f->out, data, len) ? (ssize_t)len : -1;
}

static ssize_t on_recv(uint8_t *to, size_t len, int flags, void *ctx)
{
    struct ws_framer *f = ctx;
    size_t n = len < f->in_len ? len : f->in_len;

    (void)flags;
    if (n == 0)
        return -1; /* wslay: would block */
    memcpy(to, f->in, n);
    f->in += n;
    f->in_len -= n;
    return (ssize_t)n;
}

/* The generator is asked once for many frames. */
static int on_mask(uint8_t *to, size_t len, void *ctx)
{
    struct ws_framer *f = ctx;

    if (len > sizeof f->masks - f->masks_at) {
        if (len > sizeof f->masks || RAND_bytes(f->masks, sizeof f->masks) != 1)
            return -1;
        f->masks_at = 0;
    }
    memcpy(to, f->masks + f->masks_at, len);
    f->masks_at += len;
    return 0;
}

bool ws_framer_init(struct ws_framer *f)
{
    static const struct wslay_frame_callbacks callbacks = {on_send, on_recv, on_mask};

    *f = (struct ws_framer){.masks_at = sizeof f->masks};
    return wslay_frame_context_init(&f->wslay, &callbacks, f) == 0;
}

void ws_framer_release(struct ws_framer *f)
{
    if (f->wslay != NULL)
        wslay_frame_context_free(f->wslay);
    f->wslay = NULL;
}

/* ---- writing ---- */

static bool write_frame(struct ws_framer *f, uint8_t opcode, const void *payload, size_t len,
                        struct buf *out)
{
    struct wslay_frame_iocb io = {.fin = 1,
                                  .opcode = opcode,
                                  .payload_length = len,
                                  .mask = 1,
                                  .data = payload,
                                  .data_length = len};

    f->out = out;
    do {
        ssize_t n = wslay_frame_send(f->wslay, &io);
        if (n < 0 || (n == 0 && io.data_length > 0))
            return false;
        io.data += n;
        io.data_length -= (size_t)n;
    } while (io.data_length > 0);
    return true;
}

bool ws_framer_write(struct ws_framer *f, const void *payload, size_t len, struct buf *out)
{
    return write_frame(f, WSLAY_BINARY_FRAME, payload, len, out);
}

bool ws_framer_ping(struct ws_framer *f, struct buf *out)
{
    return write_frame(f, WSLAY_PING, "neon", 4, out);
}

bool ws_framer_close(struct ws_framer *f, unsigned status, struct buf *out)
{
    const unsigned char code[2] = {(unsigned char)(status >> 8), (unsigned char)status};

    return write_frame(f, WSLAY_CONNECTION_CLOSE, code, status != 0 ? 2 : 0, out);
}

/* ---- reading ---- */

static bool violation(struct err *e, const char *what)
{
    return err_set(e, ST_08S01, 0,
                   "The session broke: the server sent what a WebSocket must not (%s). A proxy on "
                   "the way may have changed it.",
                   what);
}

/* What may stand at the beginning of a frame. */
static bool check_frame(struct ws_framer *f, const struct wslay_frame_iocb *io, struct err *e)
{
    if (io->rsv != WSLAY_RSV_NONE)
        return violation(e, "reserved bits");
    if (io->mask)
        return violation(e, "a masked frame");
    if (wslay_is_ctrl_frame(io->opcode)) {
        if (io->opcode > WSLAY_PONG || !io->fin || io->payload_length > sizeof f->control)
            return violation(e, "a control frame that is none");
        f->control_len = 0;
        return true;
    }
    if (io->opcode == WSLAY_TEXT_FRAME)
        return violation(e, "a text frame");
    if (io->opcode > WSLAY_BINARY_FRAME)
        return violation(e, "an unknown kind of frame");
    if ((io->opcode == WSLAY_CONTINUATION_FRAME) != f->in_message)
        return violation(e, "fragments out of order");
    f->in_message = !io->fin;
    return true;
}

static bool end_control(struct ws_framer *f, uint8_t opcode, struct buf *answers, struct err *e)
{
    switch (opcode) {
    case WSLAY_PING:
        if (answers->max != 0 && answers->max - answers->len < PONG_MAX_BYTES)
            return true; /* the server takes none of them */
        return write_frame(f, WSLAY_PONG, f->control, f->control_len, answers) || err_oom(e);
    case WSLAY_CONNECTION_CLOSE:
        f->closing = true;
        if (f->control_len >= 2)
            f->close_status = (unsigned)f->control[0] << 8 | f->control[1];
        return true;
    default:
        return true;
    }
}

/* One piece of a frame. */
static bool take_piece(struct ws_framer *f, const struct wslay_frame_iocb *io, char *dst,
                       size_t cap, size_t *got, struct buf *answers, struct err *e)
{
    if (!f->in_frame) {
        if (!check_frame(f, io, e))
            return false;
        f->frame_left = io->payload_length;
        f->in_frame = true;
    }
    if (io->data_length > f->frame_left)
        return violation(e, "a frame longer than it says");
    if (wslay_is_ctrl_frame(io->opcode)) {
        if (io->data_length > sizeof f->control - f->control_len)
            return violation(e, "a control frame that is too long");
        if (io->data_length > 0)
            memcpy(f->control + f->control_len, io->data, io->data_length);
        f->control_len += io->data_length;
    } else if (io->data_length > cap - *got) {
        return err_set(e, ST_HY000, 0,
                       "The installed libwslay hands out more than %d bytes at once.",
                       WS_PIECE_MAX_BYTES);
    } else if (io->data_length > 0) {
        memcpy(dst + *got, io->data, io->data_length);
        *got += io->data_length;
    }
    f->frame_left -= io->data_length;
    f->in_frame = f->frame_left > 0;
    return f->in_frame || !wslay_is_ctrl_frame(io->opcode) ||
           end_control(f, io->opcode, answers, e);
}

bool ws_framer_read(struct ws_framer *f, struct strview *in, char *dst, size_t cap, size_t *got,
                    struct buf *answers, struct err *e)
{
    bool ok = true;

    f->in = in->ptr;
    f->in_len = in->len;
    f->has_more = true;
    *got = 0;
    while (ok && !f->closing && cap - *got >= WS_PIECE_MAX_BYTES) {
        struct wslay_frame_iocb io = {0};
        ssize_t n = wslay_frame_recv(f->wslay, &io);
        if (n == WSLAY_ERR_WANT_READ) {
            f->has_more = false;
            break;
        }
        ok = n >= 0 ? take_piece(f, &io, dst, cap, got, answers, e)
                    : violation(e, "a malformed frame");
    }
    in->ptr = f->in;
    in->len = f->in_len;
    return ok;
}
