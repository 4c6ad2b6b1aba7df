/* Frames: what is written can be read by a server; what is read is the same however it is cut, and
 * what a server must not send is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "transport/ws_frame.h"

#define ROOM 16384

enum { TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10, FIN = 0x80 };

/* A server's frame; mask and reserved bits by the caller's bytes. */
static void put(struct buf *b, unsigned head, unsigned mask, const char *payload, size_t len)
{
    buf_append_char(b, (char)head);
    if (len < 126) {
        buf_append_char(b, (char)(mask | len));
    } else if (len < 65536) {
        buf_append_char(b, (char)(mask | 126));
        buf_append_char(b, (char)(len >> 8));
        buf_append_char(b, (char)len);
    } else {
        buf_append_char(b, (char)(mask | 127));
        for (unsigned i = 8; i-- > 0;)
            buf_append_char(b, (char)((uint64_t)len >> 8 * i));
    }
    if (mask)
        buf_append(b, "\1\2\3\4", 4);
    buf_append(b, payload, len);
    assert_int_equal(b->failed, BUF_OK);
}

#define PUT(b, head, payload) put((b), (head), 0, (payload), sizeof(payload) - 1)

/* Reads it all in pieces of `step`, into `room` bytes at once. False: refused. */
static bool read_all(struct ws_framer *f, struct strview bytes, size_t step, size_t room,
                     struct buf *payload, struct buf *answers, struct err *e)
{
    char *dst = malloc(room);
    bool ok = true;

    assert_non_null(dst);
    while (ok && bytes.len > 0 && !f->closing) {
        struct strview in = sv_n(bytes.ptr, bytes.len < step ? bytes.len : step);
        bytes = sv_n(bytes.ptr + in.len, bytes.len - in.len);
        do {
            size_t got;
            ok = ws_framer_read(f, &in, dst, room, &got, answers, e);
            assert_true(got <= room);
            assert_true(buf_append(payload, dst, got));
        } while (ok && f->has_more && !f->closing);
        assert_true(!ok || f->closing || in.len == 0);
    }
    free(dst);
    return ok;
}

static void assert_reads(const struct buf *bytes, const char *want, size_t len, size_t n_answers)
{
    static const size_t steps[] = {1, 2, 3, 7, 100, 1 << 20};

    for (size_t i = 0; i < ARRAY_LEN(steps) * 2; i++) {
        struct ws_framer f;
        struct buf payload = BUF_INIT(0), answers = BUF_INIT(0);
        struct err e = ERR_INIT;
        assert_true(ws_framer_init(&f));
        if (!read_all(&f, buf_sv(bytes), steps[i / 2], i % 2 ? WS_PIECE_MAX_BYTES : ROOM, &payload,
                      &answers, &e))
            fail_msg("%s", buf_str(&e.text));
        assert_int_equal(payload.len, len);
        assert_memory_equal(buf_str(&payload), want, len);
        assert_int_equal(answers.len, n_answers);
        buf_release(&payload);
        buf_release(&answers);
        ws_framer_release(&f);
    }
}

static void test_payload_is_one_stream(void **state)
{
    struct buf b = BUF_INIT(0);

    (void)state;
    PUT(&b, FIN | BINARY, "ab");
    PUT(&b, BINARY, "c"); /* in three fragments, with a ping and an empty one among them */
    PUT(&b, 0, "");
    PUT(&b, FIN | PING, "neon");
    PUT(&b, 0, "d");
    PUT(&b, FIN | PONG, "");
    PUT(&b, FIN, "e");
    PUT(&b, FIN | BINARY, "");
    PUT(&b, FIN | BINARY, "f");
    assert_reads(&b, "abcdef", 6, 2 + 4 + 4); /* the pong: head, mask, payload */
    buf_release(&b);
}

static void test_frames_of_every_length(void **state)
{
    static const size_t lens[] = {1, 125, 126, 127, 1024, 4095, 4096, 4097, 65535, 65536, 200000};
    struct buf b = BUF_INIT(0), want = BUF_INIT(0);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        char *payload = malloc(lens[i]);
        assert_non_null(payload);
        for (size_t k = 0; k < lens[i]; k++)
            payload[k] = (char)(k * 31 + i);
        put(&b, FIN | BINARY, 0, payload, lens[i]);
        assert_true(buf_append(&want, payload, lens[i]));
        free(payload);
    }
    assert_reads(&b, want.data, want.len, 0);
    buf_release(&b);
    buf_release(&want);
}

/* A network connection hands out nothing more once everything has come: what is left must not wait
 * for it. */
static void test_what_has_no_room_is_there_for_the_next_read(void **state)
{
    struct buf b = BUF_INIT(0), answers = BUF_INIT(0);
    struct ws_framer f;
    struct err e = ERR_INIT;
    struct strview in;
    char dst[WS_PIECE_MAX_BYTES + 900];
    char payload[1000];
    size_t got, total = 0;

    (void)state;
    memset(payload, 'x', sizeof payload);
    for (int i = 0; i < 4; i++)
        put(&b, FIN | BINARY, 0, payload, sizeof payload);
    assert_true(ws_framer_init(&f));
    in = buf_sv(&b);
    for (int i = 0; i < 5 && (i == 0 || f.has_more); i++) {
        assert_true(ws_framer_read(&f, &in, dst, sizeof dst, &got, &answers, &e));
        total += got;
    }
    assert_false(f.has_more);
    assert_int_equal(total, 4000);
    ws_framer_release(&f);
    buf_release(&answers);
    buf_release(&b);
}

/* As many as the buffer for their answers takes; whole ones. */
static void test_pings_that_are_not_answered(void **state)
{
    struct buf b = BUF_INIT(0), answers = BUF_INIT(400), payload = BUF_INIT(0);
    struct ws_framer f;
    struct err e = ERR_INIT;

    (void)state;
    for (int i = 0; i < 100; i++)
        PUT(&b, FIN | PING, "0123456789");
    PUT(&b, FIN | BINARY, "end");
    assert_true(ws_framer_init(&f));
    assert_true(read_all(&f, buf_sv(&b), 7, ROOM, &payload, &answers, &e));
    assert_int_equal(payload.len, 3);
    assert_true(answers.len > 0 && answers.len <= 400);
    assert_int_equal(answers.len % (2 + 4 + 10), 0);
    ws_framer_release(&f);
    buf_release(&payload);
    buf_release(&answers);
    buf_release(&b);
}

static void test_what_a_server_must_not_send(void **state)
{
    static const struct {
        unsigned head, mask;
        size_t len;
        const char *why;
    } cases[] = {
        {FIN | TEXT, 0, 3, "text"},
        {TEXT, 0, 3, "text"},
        {FIN | BINARY, 0x80, 3, "masked"},
        {FIN | PING, 0x80, 3, "masked"},
        {FIN | 0x40 | BINARY, 0, 3, "reserved"},
        {FIN | 0x20 | BINARY, 0, 3, "reserved"},
        {FIN | 0x10 | PING, 0, 3, "reserved"},
        {FIN | 3, 0, 3, "unknown kind"},
        {FIN | 7, 0, 3, "unknown kind"},
        {FIN | 11, 0, 3, "control"},
        {FIN | 15, 0, 3, "control"},
        {PING, 0, 3, ""}, /* wslay's own */
        {FIN | PING, 0, 126, ""},
        {FIN | CLOSE, 0, 200, ""},
        {FIN, 0, 3, "out of order"},
        {0, 0, 3, "out of order"},
    };
    char payload[200];

    (void)state;
    memset(payload, 'x', sizeof payload);
    for (size_t i = 0; i < ARRAY_LEN(cases) * 2; i++) {
        struct ws_framer f;
        struct buf b = BUF_INIT(0), got = BUF_INIT(0), answers = BUF_INIT(0);
        struct err e = ERR_INIT;
        assert_true(ws_framer_init(&f));
        PUT(&b, FIN | BINARY, "before");
        put(&b, cases[i / 2].head, cases[i / 2].mask, payload, cases[i / 2].len);
        if (read_all(&f, buf_sv(&b), i % 2 ? 1 : b.len, ROOM, &got, &answers, &e))
            fail_msg("%zu was taken", i / 2);
        assert_string_equal(e.state, "08S01");
        if (strstr(buf_str(&e.text), cases[i / 2].why) == NULL)
            fail_msg("%zu: %s", i / 2, buf_str(&e.text));
        err_release(&e);
        buf_release(&b);
        buf_release(&got);
        buf_release(&answers);
        ws_framer_release(&f);
    }
}

static void assert_refused(const char *bytes, size_t len)
{
    struct ws_framer f;
    struct buf got = BUF_INIT(0), answers = BUF_INIT(0);
    struct err e = ERR_INIT;

    assert_true(ws_framer_init(&f));
    assert_false(read_all(&f, sv_n(bytes, len), len, ROOM, &got, &answers, &e));
    assert_string_equal(e.state, "08S01");
    err_release(&e);
    buf_release(&got);
    buf_release(&answers);
    ws_framer_release(&f);
}

static void test_lengths_that_cannot_be(void **state)
{
    static const char negative[] = "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"
                                   "x";
    static const char longer_than_needed[] = "\x82\x7e\0\3xyz";
    static const char much_longer[] = "\x82\x7f\0\0\0\0\0\0\0\3xyz";

    (void)state;
    assert_refused(negative, sizeof negative - 1);
    assert_refused(longer_than_needed, sizeof longer_than_needed - 1);
    assert_refused(much_longer, sizeof much_longer - 1);
}

static void test_a_message_inside_another(void **state)
{
    struct buf b = BUF_INIT(0);

    (void)state;
    PUT(&b, BINARY, "x");
    PUT(&b, FIN | BINARY, "y");
    assert_refused(b.data, b.len);
    buf_release(&b);
}

static void test_closing(void **state)
{
    static const struct {
        const char *payload;
        size_t len;
        unsigned status;
    } cases[] = {{"\x03\xe8"
                  "bye",
                  5, 1000},
                 {"", 0, 0},
                 {"\3", 1, 0}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct ws_framer f;
        struct buf b = BUF_INIT(0), got = BUF_INIT(0), answers = BUF_INIT(0);
        struct err e = ERR_INIT;
        assert_true(ws_framer_init(&f));
        PUT(&b, FIN | BINARY, "last");
        put(&b, FIN | CLOSE, 0, cases[i].payload, cases[i].len);
        PUT(&b, FIN | BINARY, "too late");
        assert_true(read_all(&f, buf_sv(&b), b.len, ROOM, &got, &answers, &e));
        assert_true(f.closing);
        assert_int_equal(f.close_status, cases[i].status);
        assert_string_equal(buf_str(&got), "last");
        buf_release(&b);
        buf_release(&got);
        buf_release(&answers);
        ws_framer_release(&f);
    }
}

/* Takes the mask off, as a server does; returns the length of the frame. */
static size_t unmask(struct strview b, unsigned *head, struct buf *payload)
{
    const unsigned char *p = (const unsigned char *)b.ptr;
    size_t len = p[1] & 0x7f;
    size_t at = 2;

    assert_true(p[1] & 0x80);
    *head = p[0];
    if (len == 126) {
        len = (size_t)p[2] << 8 | p[3];
        at = 4;
    } else if (len == 127) {
        for (len = 0; at < 10; at++)
            len = len << 8 | p[at];
    }
    assert_true(b.len >= at + 4 + len);
    for (size_t i = 0; i < len; i++)
        assert_true(buf_append_char(payload, (char)(p[at + 4 + i] ^ p[at + i % 4])));
    return at + 4 + len;
}

static void test_what_we_write(void **state)
{
    static const size_t lens[] = {1, 125, 126, 65535, 65536, 300000};
    struct ws_framer f;
    unsigned head;

    (void)state;
    assert_true(ws_framer_init(&f));
    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        struct buf out = BUF_INIT(0), payload = BUF_INIT(0);
        char *bytes = malloc(lens[i]);
        assert_non_null(bytes);
        for (size_t k = 0; k < lens[i]; k++)
            bytes[k] = (char)(k * 7);
        assert_true(ws_framer_write(&f, bytes, lens[i], &out));
        assert_int_equal(unmask(buf_sv(&out), &head, &payload), out.len);
        assert_int_equal(head, FIN | BINARY);
        assert_int_equal(payload.len, lens[i]);
        assert_memory_equal(payload.data, bytes, lens[i]);
        free(bytes);
        buf_release(&out);
        buf_release(&payload);
    }
    ws_framer_release(&f);
}

/* RFC 6455, 5.3: a mask of its own for each frame, however they are fetched. */
static void test_masks_differ(void **state)
{
    enum { N_FRAMES = 300 };
    static unsigned masks[N_FRAMES];
    struct buf out = BUF_INIT(0);
    struct ws_framer f;
    size_t equal = 0;

    (void)state;
    assert_true(ws_framer_init(&f));
    for (size_t i = 0; i < N_FRAMES; i++) {
        buf_reset(&out);
        assert_true(ws_framer_write(&f, "x", 1, &out));
        memcpy(&masks[i], out.data + 2, sizeof masks[i]);
        for (size_t k = 0; k < i; k++)
            equal += masks[k] == masks[i];
    }
    assert_true(equal <= 1); /* by chance, once in a hundred thousand runs */
    buf_release(&out);
    ws_framer_release(&f);
}

static void test_a_ping_is_answered_with_its_payload(void **state)
{
    struct ws_framer f;
    struct buf b = BUF_INIT(0), got = BUF_INIT(0), answers = BUF_INIT(0), pong = BUF_INIT(0);
    struct err e = ERR_INIT;
    unsigned head;

    (void)state;
    assert_true(ws_framer_init(&f));
    PUT(&b, FIN | PING, "are you there");
    assert_true(read_all(&f, buf_sv(&b), 3, ROOM, &got, &answers, &e));
    assert_int_equal(unmask(buf_sv(&answers), &head, &pong), answers.len);
    assert_int_equal(head, FIN | PONG);
    assert_string_equal(buf_str(&pong), "are you there");
    assert_int_equal(got.len, 0);
    buf_release(&b);
    buf_release(&got);
    buf_release(&answers);
    buf_release(&pong);
    ws_framer_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_payload_is_one_stream),
        cmocka_unit_test(test_frames_of_every_length),
        cmocka_unit_test(test_what_has_no_room_is_there_for_the_next_read),
        cmocka_unit_test(test_pings_that_are_not_answered),
        cmocka_unit_test(test_what_a_server_must_not_send),
        cmocka_unit_test(test_lengths_that_cannot_be),
        cmocka_unit_test(test_a_message_inside_another),
        cmocka_unit_test(test_closing),
        cmocka_unit_test(test_what_we_write),
        cmocka_unit_test(test_masks_differ),
        cmocka_unit_test(test_a_ping_is_answered_with_its_payload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
