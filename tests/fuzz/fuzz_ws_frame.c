/* A WebSocket server's bytes, as the driver reads them: first the answer to the upgrade, then the
 * frames. The same payload, answers and error come out however the bytes are cut. */
#include <stdlib.h>

#include "transport/ws_frame.h"
#include "transport/ws_upgrade.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char key[] = "dGhlIHNhbXBsZSBub25jZQ==";

struct outcome {
    struct buf payload;
    size_t n_answers;
    unsigned status;
    bool closing, failed;
};

/* A pong is a frame with a mask, which is random: only its length can be compared. */
static void read_all(struct ws_framer *f, struct strview in, size_t room, struct outcome *o)
{
    static char dst[16384];
    struct err e = ERR_INIT;
    struct buf answers = BUF_INIT(0);
    const size_t left = in.len;
    size_t n_calls = 0;

    do {
        size_t got = 0;
        o->failed = !ws_framer_read(f, &in, dst, room, &got, &answers, &e);
        if (n_calls++ > left + 4096 || got > room || o->failed != err_is_set(&e) || in.len > left ||
            (!o->failed && got > 0 && !buf_append(&o->payload, dst, got)))
            abort();
    } while (!o->failed && !f->closing && f->has_more);
    if (!o->failed && !f->closing && in.len > 0)
        abort();
    o->n_answers += answers.len;
    buf_release(&answers);
    err_release(&e);
}

static struct outcome run(struct strview in, size_t step, size_t room)
{
    struct ws_framer f;
    struct outcome o = {.payload = BUF_INIT(0)};

    if (!ws_framer_init(&f))
        abort();
    while (in.len > 0 && !o.failed && !f.closing) {
        size_t n = in.len < step ? in.len : step;
        read_all(&f, sv_n(in.ptr, n), room, &o);
        in = sv_n(in.ptr + n, in.len - n);
    }
    o.closing = f.closing;
    o.status = f.close_status;
    ws_framer_release(&f);
    return o;
}

static void compare(struct outcome *a, struct outcome b)
{
    bool same = a->failed == b.failed && a->closing == b.closing && a->status == b.status;

    /* What came before a violation is thrown away with the call that met it. */
    if (!a->failed)
        same =
            same && a->n_answers == b.n_answers && a->payload.len == b.payload.len &&
            (a->payload.len == 0 || memcmp(a->payload.data, b.payload.data, a->payload.len) == 0);
    if (!same)
        abort();
    buf_release(&b.payload);
}

static size_t read_head(struct strview in)
{
    size_t head = ws_upgrade_head_len(in);
    struct err e = ERR_INIT;

    if (head > in.len)
        abort();
    if (ws_upgrade_check(sv_n(in.ptr, head), key, &e) == err_is_set(&e))
        abort();
    err_release(&e);
    return head;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strview in = {(const char *)data, size};
    size_t head = read_head(in);
    struct outcome whole;

    in = sv_n(in.ptr + head, in.len - head);
    whole = run(in, in.len + 1, 16384);
    compare(&whole, run(in, 1, WS_PIECE_MAX_BYTES));
    compare(&whole, run(in, 7, 16384));
    compare(&whole, run(in, 1000, WS_PIECE_MAX_BYTES));
    buf_release(&whole.payload);
    return 0;
}
