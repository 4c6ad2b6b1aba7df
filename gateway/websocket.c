/* Framing with wslay's frame level: it parses and writes headers and unmasks; which frames are
 * allowed is decided here, because Neon's proxy is stricter than the standard (no text frames) and
 * ends a session that breaks the rules without a Close frame.
 */
#include "gateway/websocket.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>

#define MAX_QUEUED_BYTES ((size_t)1 << 20)

static const char accept_guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

bool ws_accept(const char *key, char out[WS_ACCEPT_LEN + 1])
{
    unsigned char digest[SHA_DIGEST_LENGTH];
    unsigned len = 0;
    bool ok = false;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx && EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) &&
        EVP_DigestUpdate(ctx, key, strlen(key)) &&
        EVP_DigestUpdate(ctx, accept_guid, sizeof accept_guid - 1) &&
        EVP_DigestFinal_ex(ctx, digest, &len))
        ok = EVP_EncodeBlock((unsigned char *)out, digest, (int)sizeof digest) == WS_ACCEPT_LEN;
    EVP_MD_CTX_free(ctx);
    return ok;
}

/* ---- wslay's callbacks ------------------------------------------------------------------- */

static ssize_t on_recv(uint8_t *out, size_t cap, int flags, void *arg)
{
    struct ws *w = arg;
    (void)flags;
    if (w->ended)
        return -1;
    if (w->drained) { /* poll() will tell when there is more */
        w->drained = false;
        return -1;
    }
    ssize_t n = stream_read(w->stream, out, cap);
    w->drained = n > 0 && (size_t)n < cap && !w->stream->tls;
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
        w->ended = true;
    return n > 0 ? n : -1;
}

static ssize_t on_send(const uint8_t *data, size_t len, int flags, void *arg)
{
    struct ws *w = arg;
    (void)flags;
    buf_put(&w->out, data, len);
    return w->out.failed ? -1 : (ssize_t)len;
}

bool ws_init(struct ws *w, struct stream *stream)
{
    const struct wslay_frame_callbacks callbacks = {.recv_callback = on_recv,
                                                    .send_callback = on_send};
    *w = (struct ws){.stream = stream, .max_frame = WS_MAX_FRAME_BYTES};
    return wslay_frame_context_init(&w->frames, &callbacks, w) == 0;
}

void ws_release(struct ws *w)
{
    if (w->frames)
        wslay_frame_context_free(w->frames);
    buf_release(&w->out);
    *w = (struct ws){0};
}

/* ---- sending ----------------------------------------------------------------------------- */

static void put_frame(struct ws *w, uint8_t opcode, const void *bytes, size_t n)
{
    struct wslay_frame_iocb frame = {
        .fin = 1, .opcode = opcode, .payload_length = n, .data = bytes, .data_length = n};
    if (wslay_frame_send(w->frames, &frame) < 0 && n > 0)
        w->out.failed = true;
}

void ws_put(struct ws *w, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    while (n > 0) {
        size_t piece = n < w->max_frame ? n : w->max_frame;
        put_frame(w, WSLAY_BINARY_FRAME, p, piece);
        w->frames_out++;
        p += piece;
        n -= piece;
    }
}

void ws_put_close(struct ws *w, unsigned code, const char *reason)
{
    uint8_t payload[WS_CONTROL_MAX_BYTES] = {(uint8_t)(code >> 8), (uint8_t)code};
    size_t n = reason ? strlen(reason) : 0;
    if (n > sizeof payload - 2)
        n = sizeof payload - 2;
    if (n > 0)
        memcpy(payload + 2, reason, n);
    put_frame(w, WSLAY_CONNECTION_CLOSE, payload, code ? n + 2 : 0);
}

void ws_put_raw(struct ws *w, const void *bytes, size_t n)
{
    buf_put(&w->out, bytes, n);
}

bool ws_pending(const struct ws *w)
{
    return w->sent < w->out.len;
}

bool ws_flush(struct ws *w)
{
    if (w->out.failed)
        return false;
    while (ws_pending(w)) {
        ssize_t n =
            stream_write(w->stream, (const uint8_t *)w->out.data + w->sent, w->out.len - w->sent);
        if (n > 0)
            w->sent += (size_t)n;
        else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return true;
        else if (n == 0 || errno != EINTR)
            return false;
    }
    buf_reset(&w->out);
    w->sent = 0;
    return true;
}

/* ---- receiving --------------------------------------------------------------------------- */

/* Whether the frame may come now. */
static bool is_allowed(struct ws *w, const struct wslay_frame_iocb *f)
{
    if (!f->mask || f->rsv)
        return false;
    switch (f->opcode) {
    case WSLAY_BINARY_FRAME:
        return w->in_frame || !w->in_message;
    case WSLAY_CONTINUATION_FRAME:
        return w->in_message;
    case WSLAY_CONNECTION_CLOSE:
    case WSLAY_PING:
    case WSLAY_PONG:
        return f->fin && f->payload_length <= WS_CONTROL_MAX_BYTES;
    default:
        return false;
    }
}

/* Collects a control frame. True when it is complete. */
static bool take_control(struct ws *w, const struct wslay_frame_iocb *f)
{
    size_t room = sizeof w->control - w->control_len;
    size_t n = f->data_length < room ? f->data_length : room;
    if (n > 0)
        memcpy(w->control + w->control_len, f->data, n);
    w->control_len += n;
    return w->control_len >= f->payload_length;
}

/* What the frame, or the piece of one, means. WS_NOTHING: nothing for the caller; read on. */
static enum ws_event take_frame(struct ws *w, const struct wslay_frame_iocb *f,
                                const uint8_t **data, size_t *n)
{
    if (!is_allowed(w, f))
        return WS_BROKEN;
    if (f->opcode == WSLAY_BINARY_FRAME || f->opcode == WSLAY_CONTINUATION_FRAME) {
        if (!w->in_frame)
            w->frames_in++;
        w->frame_left = (w->in_frame ? w->frame_left : f->payload_length) - f->data_length;
        w->in_frame = w->frame_left > 0;
        w->in_message = !f->fin || w->in_frame;
        *data = f->data;
        *n = f->data_length;
        return *n > 0 ? WS_DATA : WS_NOTHING;
    }
    if (!take_control(w, f))
        return WS_NOTHING;
    size_t len = w->control_len;
    w->control_len = 0;
    if (f->opcode == WSLAY_PING)
        put_frame(w, WSLAY_PONG, w->control, len);
    if (f->opcode != WSLAY_CONNECTION_CLOSE)
        return WS_NOTHING;
    put_frame(w, WSLAY_CONNECTION_CLOSE, w->control, len >= 2 ? 2 : 0);
    return WS_CLOSE;
}

enum ws_event ws_receive(struct ws *w, const uint8_t **data, size_t *n)
{
    for (;;) {
        struct wslay_frame_iocb frame = {0};
        ssize_t got = wslay_frame_recv(w->frames, &frame);
        if (got == WSLAY_ERR_WANT_READ)
            return w->ended ? WS_LOST : WS_NOTHING;
        if (got < 0)
            return WS_BROKEN;
        enum ws_event event = take_frame(w, &frame, data, n);
        if (event != WS_NOTHING)
            return event;
        if (w->out.len - w->sent > MAX_QUEUED_BYTES)
            return WS_BROKEN; /* pings by the thousand from a client that does not read */
    }
}
