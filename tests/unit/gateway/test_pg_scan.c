/* Borders of Postgres messages in a stream that comes in pieces of any size. */
#include "gateway/pg_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* A startup packet of 12 bytes, then 'Q' with 4 bytes of body, 'S' without, 'd' with 300. */
static size_t make_stream(uint8_t *out)
{
    static const uint8_t head[] = {0, 0,   0,   12,  0, 3,   0, 0, 'u', 0, 'v', 0, 'Q', 0, 0, 0,
                                   8, 'a', 'b', 'c', 0, 'S', 0, 0, 0,   4, 'd', 0, 0,   1, 48};
    memcpy(out, head, sizeof head);
    memset(out + sizeof head, 0xff, 300);
    return sizeof head + 300;
}

static void check_pieces(size_t piece)
{
    uint8_t stream[512];
    const size_t n = make_stream(stream);
    const size_t borders[] = {12, 21, 26, 331};
    const char types[] = {'\0', 'Q', 'S', 'd'};
    struct pg_scan s = {.untyped = true};
    size_t ends = 0;
    for (size_t at = 0; at < n;) {
        bool ended;
        size_t left = n - at < piece ? n - at : piece;
        size_t passed = pg_scan_pass(&s, stream + at, left, &ended);
        assert_true(passed > 0 && passed <= left);
        at += passed;
        assert_int_equal(s.bytes, at);
        if (!ended)
            continue;
        assert_true(ends < 4);
        assert_int_equal(at, borders[ends]);
        assert_int_equal(pg_scan_type(&s), types[ends]);
        assert_true(pg_scan_at_border(&s));
        ends++;
        assert_int_equal(s.messages, ends);
        s.untyped = false;
    }
    assert_int_equal(ends, 4);
}

static void test_every_piece_size(void **state)
{
    (void)state;
    for (size_t piece = 1; piece <= 400; piece++)
        check_pieces(piece);
}

static void test_nonsense_is_one_endless_message(void **state)
{
    static const uint8_t bytes[] = {'X', 0, 0, 0, 3, 'Q', 0, 0, 0, 4};
    struct pg_scan s = {0};
    bool ended;
    (void)state;
    assert_int_equal(pg_scan_pass(&s, bytes, sizeof bytes, &ended), sizeof bytes);
    assert_false(ended);
    assert_int_equal(pg_scan_pass(&s, bytes, sizeof bytes, &ended), sizeof bytes);
    assert_false(ended);
    assert_int_equal(s.messages, 1);
}

static void test_nothing_passes_nothing(void **state)
{
    struct pg_scan s = {0};
    bool ended = true;
    (void)state;
    assert_int_equal(pg_scan_pass(&s, (const uint8_t *)"", 0, &ended), 0);
    assert_false(ended);
    assert_int_equal(s.messages, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_piece_size),
        cmocka_unit_test(test_nonsense_is_one_endless_message),
        cmocka_unit_test(test_nothing_passes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
