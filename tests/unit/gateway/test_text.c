/* text.c: shortest doubles, UTF-8, percent and base64 decoding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/buf.h"
#include "gateway/text.h"

static void check_double(double v, const char *expected)
{
    struct buf b = {0};
    text_put_double(&b, v);
    assert_string_equal(buf_cstr(&b), expected);
    buf_release(&b);
}

static void test_doubles_print_shortest_with_a_fraction_or_exponent(void **state)
{
    (void)state;
    check_double(0, "0.0");
    check_double(-0.0, "-0.0");
    check_double(1, "1.0");
    check_double(100, "100.0");
    check_double(0.1, "0.1");
    check_double(1.0 / 3, "0.3333333333333333");
    check_double(-123.456, "-123.456");
    check_double(1e15, "1000000000000000.0");
    check_double(1e16, "1e16");
    check_double(12345678901234567890123.0, "1.2345678901234568e22");
    check_double(0.00001, "0.00001");
    check_double(0.000001, "1e-6");
    check_double(5e-324, "5e-324");
    check_double(2.2250738585072014e-308, "2.2250738585072014e-308");
    check_double(1.7976931348623157e308, "1.7976931348623157e308");
}

/* Whatever is printed must read back as the same bits. */
static void test_doubles_read_back_the_same(void **state)
{
    uint64_t bits = 0x9e3779b97f4a7c15u;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        double v;
        double back;
        struct buf b = {0};
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        memcpy(&v, &bits, sizeof v);
        if (v - v != 0) /* infinite or not a number */
            continue;
        text_put_double(&b, v);
        assert_true(text_to_double(b.data, b.len, &back));
        assert_memory_equal(&v, &back, sizeof v);
        buf_release(&b);
    }
}

static void test_numbers_that_are_not(void **state)
{
    static const char *const bad[] = {"", " 1", "1 ", "0x10", "inf", "nan", "1e", "--1", "1,5"};
    double v;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(text_to_double(bad[i], strlen(bad[i]), &v));
}

static void test_utf8(void **state)
{
    static const char *const good[] = {
        "a", "é", "€", "😀", "\x7f", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xe2\x82",
                                      "\xf0\x9f\x98",
                                      "\xff"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(text_is_utf8(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(text_is_utf8(bad[i], strlen(bad[i])));
}

static void check_percent(const char *in, bool form, const char *expected)
{
    size_t len;
    char *out = text_percent_decode(in, strlen(in), form, &len);
    assert_non_null(out);
    assert_int_equal(len, strlen(expected));
    assert_string_equal(out, expected);
    free(out);
}

static void test_percent_decoding_keeps_bad_escapes(void **state)
{
    (void)state;
    check_percent("a%20b%2Fc", false, "a b/c");
    check_percent("%zz%4", false, "%zz%4");
    check_percent("a+b", false, "a+b");
    check_percent("a+b%2B", true, "a b+");
    check_percent("%", false, "%");
}

static void test_base64(void **state)
{
    unsigned char out[8];
    (void)state;
    assert_int_equal(text_base64url_decode("-_8", 3, out, sizeof out), 2);
    assert_memory_equal(out, "\xfb\xff", 2);
    assert_int_equal(text_base64_decode("+/8=", 4, out, sizeof out), 2);
    assert_int_equal(text_base64url_decode("", 0, out, sizeof out), 0);
    assert_int_equal(text_base64url_decode("A", 1, out, sizeof out), -1);
    assert_int_equal(text_base64url_decode("AB", 2, out, sizeof out), -1);
    assert_int_equal(text_base64url_decode("+/8", 3, out, sizeof out), -1);
    assert_int_equal(text_base64url_decode("AAAAAAAAAAAAAAAA", 16, out, sizeof out), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doubles_print_shortest_with_a_fraction_or_exponent),
        cmocka_unit_test(test_doubles_read_back_the_same),
        cmocka_unit_test(test_numbers_that_are_not),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_percent_decoding_keeps_bad_escapes),
        cmocka_unit_test(test_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
