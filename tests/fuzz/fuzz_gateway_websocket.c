/* A WebSocket client's bytes: frames, and what the gateway reads of the stream in them. The first
 * byte of the input says in how large pieces the socket hands the rest out; without frames the same
 * bytes are also a startup packet and a stream of messages. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/pg_scan.h"
#include "gateway/pg_startup.h"
#include "gateway/stream.h"
#include "gateway/websocket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *input;
static size_t input_left;
static size_t piece;

/* Instead of the socket's: every other call finds nothing. */
ssize_t stream_read(struct stream *s, uint8_t *out, size_t cap)
{
    size_t n = input_left < piece ? input_left : piece;
    s->write_pending = !s->write_pending;
    if (s->write_pending && input_left > 0) {
        errno = EAGAIN;
        return -1;
    }
    n = n < cap ? n : cap;
    memcpy(out, input, n);
    input += n;
    input_left -= n;
    return (ssize_t)n;
}

ssize_t stream_write(struct stream *s, const uint8_t *bytes, size_t n)
{
    (void)s;
    (void)bytes;
    return (ssize_t)n;
}

static void scan(struct pg_scan *s, const uint8_t *data, size_t n)
{
    while (n > 0) {
        bool ended;
        size_t passed = pg_scan_pass(s, data, n, &ended);
        if (passed == 0 || passed > n)
            abort();
        if (ended)
            s->untyped = false;
        data += passed;
        n -= passed;
    }
}

static void read_frames(void)
{
    struct stream stream = {.fd = -1};
    struct ws w;
    struct pg_scan s = {.untyped = true};
    size_t total = 0;
    const size_t limit = input_left;
    if (!ws_init(&w, &stream))
        abort();
    for (;;) {
        const uint8_t *bytes = NULL;
        size_t n = 0;
        enum ws_event event = ws_receive(&w, &bytes, &n);
        if (event == WS_DATA) {
            total += n;
            if (n == 0 || total > limit)
                abort();
            scan(&s, bytes, n);
        } else if (event != WS_NOTHING) {
            break;
        }
        if (!ws_flush(&w) || ws_pending(&w))
            abort();
    }
    ws_release(&w);
}

static void read_startup(const uint8_t *data, size_t size)
{
    size_t n;
    const char *why;
    struct startup s = {0};
    if (size < STARTUP_HEAD_BYTES)
        return;
    (void)startup_kind(data, &n);
    if (n > STARTUP_MAX_BYTES)
        abort();
    if (startup_parse(&s, data, data + STARTUP_HEAD_BYTES, size - STARTUP_HEAD_BYTES, &why) &&
        (!s.user || !s.user[0] || (s.options && !s.options[0])))
        abort();
    if (s.user && startup_unwrap_password(s.user) > s.user + strlen(s.user))
        abort();
    startup_release(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pg_scan s = {0};
    if (size == 0)
        return 0;
    piece = (size_t)data[0] + 1;
    input = data + 1;
    input_left = size - 1;
    read_frames();
    read_startup(data + 1, size - 1);
    scan(&s, data + 1, size - 1);
    return 0;
}
