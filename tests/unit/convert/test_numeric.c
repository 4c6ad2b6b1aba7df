/* Numbers: random doubles and floats there and back, against libc as the judge; decimal texts;
 * SQL_NUMERIC_STRUCT. Runs once more under a locale with a decimal comma, when there is one. */
#include <stdarg.h>
#include <setjmp.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conv_names.h"
#include "convert/numeric.h"

static double double_of_bits(uint64_t bits)
{
    double v;

    memcpy(&v, &bits, sizeof v);
    return v;
}

static float float_of_bits(uint32_t bits)
{
    float v;

    memcpy(&v, &bits, sizeof v);
    return v;
}

/* Few digits, any size. */
static double few_digits(uint64_t r)
{
    char text[64];

    (void)snprintf(text, sizeof text, "%de%d", (int32_t)r, (int)(r >> 32 & 63) - 32);
    return strtod(text, NULL);
}

/* Significant digits of a printed number. */
static int digits_in(const char *s, size_t n)
{
    int count = 0;
    int zeros = 0;

    for (size_t i = 0; i < n && s[i] != 'e'; i++) {
        if (s[i] < '0' || s[i] > '9' || (count == 0 && s[i] == '0'))
            continue;
        zeros = s[i] == '0' ? zeros + 1 : 0;
        count++;
    }
    return count - zeros;
}

static void check_double(double v)
{
    char text[NUMBER_TEXT_MAX];
    size_t n = number_print_double(v, text);
    struct decimal d;
    double back;

    assert_int_equal(number_parse(text, n, &d), NUMBER_FINITE);
    assert_true(decimal_to_double(&d, &back));
    if (memcmp(&v, &back, sizeof v) != 0)
        fail_msg("%a printed as %.*s reads as %a", v, (int)n, text, back);
    /* Shortest: one digit fewer would not come back. */
    for (int p = 1; p < digits_in(text, n); p++) {
        char shorter[64];
        double other;
        (void)snprintf(shorter, sizeof shorter, "%.*e", p - 1, v);
        other = strtod(shorter, NULL);
        if (other == v)
            fail_msg("%.*s is not the shortest text of %a: %s", (int)n, text, v, shorter);
    }
}

static void test_doubles_print_shortest_and_come_back(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (int i = 0; i < 60000; i++) {
        uint64_t r = next_random(&seed);
        double v;
        switch (i % 6) {
        case 0:
            v = double_of_bits(r);
            break; /* any bits */
        case 1:
            v = (double)(int64_t)(r >> (r & 63));
            break; /* integers */
        case 2:
            v = (double)(int64_t)(r >> 24) / 100;
            break; /* money */
        case 3:
            v = (double)(r >> 11) / 9007199254740992.0;
            break; /* [0, 1) */
        case 4:
            v = double_of_bits(r & UINT64_C(0x800FFFFFFFFFFFFF));
            break; /* subnormals */
        default:
            v = few_digits(r);
            break;
        }
        if (isfinite(v))
            check_double(v);
    }
    check_double(DBL_MAX);
    check_double(DBL_MIN);
    check_double(-0.0);
    check_double(9007199254740993.0);
    check_double(1e15);
    check_double(999999999999999.9);
}

static void test_floats_come_back(void **state)
{
    uint64_t seed = 2;

    (void)state;
    for (int i = 0; i < 60000; i++) {
        float v = float_of_bits((uint32_t)next_random(&seed));
        char text[NUMBER_TEXT_MAX];
        struct decimal d;
        float back;
        size_t n;
        if (!isfinite(v))
            continue;
        n = number_print_float(v, text);
        assert_true(n <= 16 + 22);
        assert_int_equal(number_parse(text, n, &d), NUMBER_FINITE);
        assert_true(decimal_to_float(&d, &back));
        assert_memory_equal(&v, &back, sizeof v);
    }
}

/* Random decimal texts, read by us and by libc. libc is asked without a decimal point so that its
 * locale is no matter. */
static void test_decimal_texts_round_as_libc(void **state)
{
    uint64_t seed = 3;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        char ours[96];
        char theirs[96];
        size_t digits = 1 + next_random(&seed) % (i % 10 == 0 ? 60 : 20);
        size_t point = next_random(&seed) % (digits + 1);
        int exponent = (int)(next_random(&seed) % 80) - 40;
        size_t a = 0;
        size_t b = 0;
        struct decimal d;
        double v;
        double want;
        float v4;
        float want4;
        if (i % 50 == 0)
            exponent = (int)(next_random(&seed) % 700) - 350;
        for (size_t k = 0; k < digits; k++) {
            char c = (char)('0' + next_random(&seed) % 10);
            if (k == point)
                ours[a++] = '.';
            ours[a++] = c;
            theirs[b++] = c;
        }
        a += (size_t)sprintf(ours + a, "e%d", exponent);
        (void)sprintf(theirs + b, "e%d", exponent - (int)(digits - point));
        assert_int_equal(number_parse(ours, a, &d), NUMBER_FINITE);
        want = strtod(theirs, NULL);
        want4 = strtof(theirs, NULL);
        assert_int_equal(decimal_to_double(&d, &v), isfinite(want));
        assert_int_equal(decimal_to_float(&d, &v4), isfinite(want4));
        if ((isfinite(want) && v != want) || (isfinite(want4) && v4 != want4))
            fail_msg("%.*s: %a, libc %a", (int)a, ours, v, want);
    }
}

/* Halfway cases decided by the last of very many digits. */
static void test_rounding_looks_at_every_digit(void **state)
{
    char text[5000];
    struct decimal d;
    double v;

    (void)state;
    strcpy(
        text,
        "1.00000000000000011102230246251565404236316680908203125"); /* 1 + 2^-53, exactly halfway */
    assert_int_equal(number_parse(text, strlen(text), &d), NUMBER_FINITE);
    assert_true(decimal_to_double(&d, &v) && v == 1.0);
    memset(text + strlen(text), '0', 4000);
    text[4050] = '1';
    text[4051] = '\0';
    assert_int_equal(number_parse(text, 4051, &d), NUMBER_FINITE);
    assert_true(decimal_to_double(&d, &v));
    assert_true(v == 1.0 + DBL_EPSILON);
}

static void test_numeric_struct_there_and_back(void **state)
{
    uint64_t seed = 4;

    (void)state;
    for (int precision = 1; precision <= 38; precision++) {
        for (int scale = -4; scale <= 38; scale++) {
            char text[NUMBER_TEXT_MAX];
            char digits[64];
            SQL_NUMERIC_STRUCT v;
            SQL_NUMERIC_STRUCT back;
            struct decimal d;
            size_t n;
            for (int i = 0; i < precision; i++)
                digits[i] =
                    (char)('0' + (i == 0 ? 1 + next_random(&seed) % 9 : next_random(&seed) % 10));
            digits[precision] = '\0';
            assert_int_equal(number_parse(digits, (size_t)precision, &d), NUMBER_FINITE);
            assert_int_equal(decimal_to_numeric(&d, 38, 0, &v), CONV_OK);
            v.scale = (SQLSCHAR)scale;
            v.precision = 38;
            v.sign = (SQLCHAR)(next_random(&seed) & 1);
            n = number_print_numeric(&v, scale, text);
            assert_int_equal(number_parse(text, n, &d), NUMBER_FINITE);
            assert_int_equal(decimal_to_numeric(&d, 38, (SQLSMALLINT)scale, &back), CONV_OK);
            assert_memory_equal(&v, &back, sizeof v);
        }
    }
}

static void test_limits_of_integers(void **state)
{
    static const struct {
        const char *text;
        bool fits;
        uint64_t value;
    } cases[] = {{"18446744073709551615", true, UINT64_MAX},
                 {"18446744073709551616", false, 0},
                 {"18446744073709551615.9", true, UINT64_MAX},
                 {"1e19", true, UINT64_C(10000000000000000000)},
                 {"1e20", false, 0},
                 {"0.00000000000000000000000000000000000000000000000001e51", true, 10},
                 {"1e-1000000000000000000000", true, 0},
                 {"1e1000000000000000000000", false, 0},
                 {"0e1000000000000000000000", true, 0}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct decimal d;
        uint64_t v = 0;
        bool cut;
        assert_int_equal(number_parse(cases[i].text, strlen(cases[i].text), &d), NUMBER_FINITE);
        assert_int_equal(decimal_to_u64(&d, &v, &cut), cases[i].fits);
        if (cases[i].fits)
            assert_true(v == cases[i].value);
    }
}

static void test_fast_path_agrees(void **state)
{
    uint64_t seed = 5;

    (void)state;
    for (int i = 0; i < 50000; i++) {
        char text[NUMBER_TEXT_MAX];
        uint64_t r = next_random(&seed);
        int64_t v = (int64_t)(r >> (r & 63)) * ((r & 64) ? -1 : 1);
        size_t n = number_print_i64(v, text);
        int64_t fast;
        char libc[32];
        (void)sprintf(libc, "%lld", (long long)v);
        assert_int_equal(n, strlen(libc));
        assert_memory_equal(text, libc, n);
        if (number_fast_i64(text, n, &fast))
            assert_true(fast == v);
        else
            assert_true(n > 18);
    }
    assert_false(number_fast_i64("", 0, &(int64_t){0}));
    assert_false(number_fast_i64("-", 1, &(int64_t){0}));
    assert_false(number_fast_i64("1a", 2, &(int64_t){0}));
    assert_false(number_fast_i64("+1", 2, &(int64_t){0}));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_doubles_print_shortest_and_come_back),
    cmocka_unit_test(test_floats_come_back),
    cmocka_unit_test(test_decimal_texts_round_as_libc),
    cmocka_unit_test(test_rounding_looks_at_every_digit),
    cmocka_unit_test(test_numeric_struct_there_and_back),
    cmocka_unit_test(test_limits_of_integers),
    cmocka_unit_test(test_fast_path_agrees),
};

int main(void)
{
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    if (!use_decimal_comma()) {
        print_message("not run under a locale with a decimal comma: de_DE.UTF-8 is neither "
                      "installed nor can it be made\n");
        return failed;
    }
    return failed + cmocka_run_group_tests_name("decimal comma", tests, NULL, NULL);
}
