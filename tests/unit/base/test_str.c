/* String helpers: edges, and the integer reader against printf for random numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static void test_equality(void **state)
{
    (void)state;
    assert_true(sv_eq(sv(""), sv_n(NULL, 0)));
    assert_true(sv_eq(SV_LIT("a\0b"), SV_LIT("a\0b")));
    assert_false(sv_eq(SV_LIT("a\0b"), SV_LIT("a\0c")));
    assert_false(sv_eq(SV_LIT("a"), SV_LIT("ab")));
    assert_true(sv_ieq(SV_LIT("SSLmode"), SV_LIT("sslMODE")));
    assert_false(sv_ieq(SV_LIT("["), SV_LIT("{"))); /* 0x20 apart, no letters */
    assert_false(sv_ieq(SV_LIT("@"), SV_LIT("`")));
    assert_false(sv_ieq(SV_LIT("\xC3\x84"), SV_LIT("\xC3\xA4"))); /* no letters of ASCII */
    assert_true(str_ieq("x", "X"));
    assert_int_equal(sv(NULL).len, 0);
}

static void test_ascii_classes(void **state)
{
    (void)state;
    for (int c = -128; c < 128; c++) {
        char lower = ascii_lower((char)c);
        assert_int_equal(lower, c >= 'A' && c <= 'Z' ? c + 32 : c);
        assert_true(ascii_is_digit((char)c) == (c >= 48 && c <= 57));
        assert_true(ascii_is_space((char)c) == (c == 32 || (c >= 9 && c <= 13)));
    }
}

static void test_trimming(void **state)
{
    (void)state;
    assert_true(sv_eq(sv_trim(SV_LIT(" \t a b \r\n")), SV_LIT("a b")));
    assert_int_equal(sv_trim(SV_LIT(" \n ")).len, 0);
    assert_int_equal(sv_trim(sv_n(NULL, 0)).len, 0);
    assert_true(sv_eq(sv_trim(SV_LIT("\xC2\xA0")), SV_LIT("\xC2\xA0")));
}

static void test_integers(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"+7", true, 7},
        {"007", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"18446744073709551616", false, 0},
        {"99999999999999999999999999", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+", false, 0},
        {"+-1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"0x10", false, 0},
        {"1e3", false, 0},
        {"1.0", false, 0},
        {"\xD9\xA1", false, 0},
    };
    int64_t value = 42;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        value = 42;
        assert_true(sv_to_i64(sv(cases[i].text), &value) == cases[i].ok);
        assert_true(value == (cases[i].ok ? cases[i].value : 42));
    }
    assert_false(sv_to_i64(SV_LIT("1\0"), &value));
}

static void test_random_integers(void **state)
{
    uint64_t seed = 88172645463325252u;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        char text[32];
        int64_t value = 0;
        int64_t want;
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        want = (int64_t)(seed >> (seed % 64));
        want = i % 2 == 0 ? want : -want;
        snprintf(text, sizeof text, "%" PRId64, want);
        assert_true(sv_to_i64(sv(text), &value));
        assert_true(value == want);
    }
}

static void test_finding(void **state)
{
    (void)state;
    assert_int_equal(sv_find(SV_LIT("abcabd"), SV_LIT("abd")), 3);
    assert_int_equal(sv_find(SV_LIT("a\0b"), SV_LIT("\0b")), 1);
    assert_int_equal(sv_find(SV_LIT("abc"), SV_LIT("")), 0);
    assert_true(sv_find(SV_LIT("abc"), SV_LIT("abcd")) == SIZE_MAX);
    assert_true(sv_find(SV_LIT("abc"), SV_LIT("d")) == SIZE_MAX);
    assert_true(sv_find(sv_n(NULL, 0), SV_LIT("d")) == SIZE_MAX);
    assert_int_equal(sv_find(SV_LIT("abc"), SV_LIT("B")), SIZE_MAX);
    assert_int_equal(sv_ifind(SV_LIT("public, PG_Temp"), SV_LIT("pg_temp")), 8);
    assert_int_equal(sv_ifind(SV_LIT("pg_tem"), SV_LIT("pg_temp")), SIZE_MAX);
    assert_int_equal(sv_ifind(SV_LIT(""), SV_LIT("x")), SIZE_MAX);
    assert_int_equal(sv_ifind(SV_LIT("x"), SV_LIT("")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equality),        cmocka_unit_test(test_ascii_classes),
        cmocka_unit_test(test_trimming),        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_random_integers), cmocka_unit_test(test_finding),
    };
    setlocale(LC_ALL, ""); /* whatever it is, nothing here follows it */
    return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
