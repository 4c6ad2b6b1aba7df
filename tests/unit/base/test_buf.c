/* The growing buffer: its invariants after every step, its limit, and that failing keeps what was
 * there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/buf.h"

static void check_invariants(const struct buf *b)
{
    if (b->data == NULL) {
        assert_int_equal(b->len, 0);
        return;
    }
    assert_true(b->cap > b->len);
    assert_int_equal(b->data[b->len], 0);
    assert_true(b->max == 0 || b->len <= b->max);
    assert_true(b->max == 0 || b->cap <= b->max + 1);
}

static void test_an_empty_buffer_has_a_text(void **state)
{
    struct buf b = BUF_INIT(0);

    (void)state;
    assert_string_equal(buf_str(&b), "");
    assert_int_equal(buf_sv(&b).len, 0);
    assert_non_null(buf_sv(&b).ptr);
    assert_null(buf_take(&b));
    buf_reset(&b);
    buf_release(&b);
}

static void test_appending_in_every_way(void **state)
{
    struct buf b = BUF_INIT(100);

    (void)state;
    assert_true(buf_append(&b, "a\0b", 3));
    assert_true(buf_append(&b, NULL, 0));
    assert_true(buf_append_sv(&b, sv_n(NULL, 0)));
    assert_true(buf_append_sv(&b, SV_LIT("cd")));
    assert_true(buf_append_str(&b, ""));
    assert_true(buf_append_char(&b, 'e'));
    assert_true(buf_printf(&b, "%d-%s", 7, "x"));
    assert_int_equal(b.len, 9);
    assert_memory_equal(b.data, "a\0bcde7-x", 10);
    check_invariants(&b);
    buf_release(&b);
    check_invariants(&b);
    assert_int_equal(b.max, 100);
}

static void test_the_limit_is_exact(void **state)
{
    (void)state;
    for (size_t max = 1; max <= 200; max++) {
        struct buf b = BUF_INIT(max);
        for (size_t i = 0; i < max; i++) {
            assert_true(buf_append_char(&b, 'x'));
            check_invariants(&b);
        }
        assert_false(buf_append_char(&b, 'y'));
        assert_true(b.failed);
        assert_int_equal(b.len, max);
        assert_false(buf_append(&b, "", 0)); /* sticky */
        check_invariants(&b);
        buf_reset(&b);
        assert_false(b.failed);
        assert_true(buf_append_char(&b, 'z'));
        assert_string_equal(buf_str(&b), "z");
        buf_release(&b);
    }
}

static void test_printing_keeps_to_the_limit(void **state)
{
    struct buf b = BUF_INIT(5);

    (void)state;
    assert_true(buf_printf(&b, "%s", "12"));
    assert_false(buf_printf(&b, "%s", "3456"));
    assert_string_equal(buf_str(&b), "12");
    buf_reset(&b);
    assert_true(buf_printf(&b, "%s", "12345"));
    assert_string_equal(buf_str(&b), "12345");
    buf_release(&b);
}

static void test_huge_requests_fail_without_overflow(void **state)
{
    struct buf a = BUF_INIT(SIZE_MAX);
    struct buf b = BUF_INIT(0);

    (void)state;
    assert_true(buf_append_str(&a, "x"));
    assert_false(buf_reserve(&a, SIZE_MAX));
    buf_reset(&a);
    assert_false(buf_reserve(&a, SIZE_MAX - 1));
    assert_false(buf_reserve(&b, BUF_MAX_DEFAULT + 1));
    buf_release(&a);
    buf_release(&b);
}

static void test_without_memory_the_content_stays(void **state)
{
    struct buf b = BUF_INIT(0);
    size_t before;

    (void)state;
    assert_true(buf_append_str(&b, "kept"));
    before = b.cap;
    mem_fail_at(1, 1);
    assert_false(buf_reserve(&b, 10000));
    mem_fail_at(0, 0);
    assert_true(b.failed);
    assert_int_equal(b.cap, before);
    assert_string_equal(buf_str(&b), "kept");
    assert_false(buf_append_char(&b, 'x'));
    buf_release_secret(&b);
    assert_false(b.failed);
}

static void test_taking_hands_over(void **state)
{
    struct buf b = BUF_INIT(10);
    char *text;

    (void)state;
    assert_true(buf_append_str(&b, "mine"));
    text = buf_take(&b);
    assert_string_equal(text, "mine");
    assert_null(b.data);
    assert_int_equal(b.len, 0);
    assert_int_equal(b.max, 10);
    mem_free(text);
    buf_release(&b);
}

static void test_random_appends_give_what_was_appended(void **state)
{
    static char want[70000];
    uint32_t seed = 3;
    struct buf b = BUF_INIT(60000);
    size_t len = 0;

    (void)state;
    for (;;) {
        char piece[300];
        size_t n;
        seed = seed * 1664525u + 1013904223u;
        n = (seed >> 16) % sizeof piece;
        memset(piece, (int)(1 + (seed >> 8) % 200), n);
        if (!buf_append(&b, piece, n))
            break;
        memcpy(want + len, piece, n);
        len += n;
        assert_int_equal(b.len, len);
        check_invariants(&b);
    }
    assert_true(len <= 60000 && len > 59700);
    assert_memory_equal(b.data, want, len);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_buffer_has_a_text),
        cmocka_unit_test(test_appending_in_every_way),
        cmocka_unit_test(test_the_limit_is_exact),
        cmocka_unit_test(test_printing_keeps_to_the_limit),
        cmocka_unit_test(test_huge_requests_fail_without_overflow),
        cmocka_unit_test(test_without_memory_the_content_stays),
        cmocka_unit_test(test_taking_hands_over),
        cmocka_unit_test(test_random_appends_give_what_was_appended),
    };
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
