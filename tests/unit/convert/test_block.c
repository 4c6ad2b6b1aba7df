/* The loops over a column against the converter of each cell: whatever a loop accepts is CONV_OK
 * there, with the same bytes and the same length; nothing beyond an element is written; NULLs and
 * the rows it stops at. Values: every text of tests/data/convert/to_c.tsv's kinds, mutated, and
 * numbers whose rounding is decided by the last bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "conv_names.h"
#include "convert/block.h"
#include "convert/numeric.h"

#define TEXT_MAX 80
#define ELEMENT 64
#define GUARD 0x5A

static const struct {
    const char *type;
    SQLSMALLINT c_type;
    SQLLEN cap;
    const char *seeds[12]; /* plain values and those that are not */
} columns[] = {
    {"int4", SQL_C_SLONG, 0, {"0", "-1", "2147483647", "-2147483648", "2147483648", "00012"}},
    {"int8",
     SQL_C_SBIGINT,
     0,
     {"1", "-999999999999999999", "9223372036854775807", "-9223372036854775808"}},
    {"int2", SQL_C_SSHORT, 0, {"0", "32767", "-32768", "32768", "-32769"}},
    {"float8",
     SQL_C_DOUBLE,
     0,
     {"0", "-0", "1.5", "-123.25", "NaN", "Infinity", "1e300", "5e-324", "3.141592653589793",
      "9007199254740993", "18446744073709551615", "0.1"}},
    {"numeric",
     SQL_C_DOUBLE,
     0,
     {"12.50", "-0.00", "99999999999999999999", "1234567890.123456789", "9999999999999999999",
      "99999999999999999999.9", ".5", "5.", "-.5", "1.2.3"}},
    {"numeric",
     SQL_C_NUMERIC,
     0,
     {"12.50", "-0.00", "-7", "99999999999999999999", "0.0000000000000000001", "NaN",
      "12345678901234567890123456789012345678"}},
    {"text",
     SQL_C_CHAR,
     24,
     {"", "abc",
      "Stra\xC3\x9F"
      "e",
      "12345678901234567890123", "123456789012345678901234"}},
    {"text",
     SQL_C_WCHAR,
     48,
     {"", "abc",
      "Stra\xC3\x9F"
      "e",
      "\xF0\x9F\x98\x80\xF0\x9F\x98\x80", "\xFF\xC3", "12345678901234567890123",
      "\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98"
      "\x80"}},
    {"int8", SQL_C_CHAR, 8, {"1", "1234567", "12345678", "-123456"}},
    {"int8", SQL_C_WCHAR, 16, {"1", "1234567", "12345678"}},
    {"date",
     SQL_C_TYPE_DATE,
     0,
     {"2024-02-29", "2023-02-29", "0001-01-01", "0000-01-01", "9999-12-31", "10000-01-01",
      "infinity", "0044-03-15 BC", "2024-04-31", "2024-13-01"}},
    {"timestamp",
     SQL_C_TYPE_TIMESTAMP,
     0,
     {"2024-02-29 12:34:56", "2024-02-29 12:34:56.7", "2024-02-29 12:34:56.123456",
      "2024-02-29 24:00:00", "2024-02-30 00:00:00", "infinity", "0044-03-15 01:02:03 BC",
      "2024-02-29 12:34:60", "2024-02-29 12:34:56.1234567"}},
    {"timestamptz",
     SQL_C_TYPE_TIMESTAMP,
     0,
     {"2024-02-29 12:34:56+00", "2024-02-29 12:34:56.5-08", "2024-02-29 12:34:56+05:30",
      "1880-01-01 00:00:00+00:53:28", "-infinity"}},
    {"bool", SQL_C_BIT, 0, {"t", "f", "true", "x", ""}},
};

static struct to_c choose(size_t i)
{
    const struct type_row *row = typemap_find_name(sv(columns[i].type));
    struct type_desc desc;
    struct to_c spec;

    assert_non_null(row);
    typemap_describe(row->oid, -1, &default_options, &desc);
    assert_true(
        to_c_choose(&spec, row->oid, -1, desc.concise_type, columns[i].c_type, 0, 0, &default_env));
    assert_non_null(spec.block);
    return spec;
}

/* One value through both ways. True: the loop took it. */
static bool compare(const struct to_c *spec, SQLLEN cap, const char *text, size_t n)
{
    unsigned char theirs[ELEMENT];
    unsigned char ours[ELEMENT];
    const struct cell cell = {text, n};
    struct to_c_out out = {.app_buf = theirs, .cap_bytes = cap};
    SQLLEN len = -77;
    const struct to_c_block b = {.cells = &cell,
                                 .cell_step = 1,
                                 .n_rows = 1,
                                 .app_data = (char *)ours,
                                 .app_indicator = (char *)&len,
                                 .app_length = (char *)&len,
                                 .cap_bytes = cap};
    size_t size = spec->c_size ? spec->c_size : (size_t)cap;
    enum conv want;

    memset(theirs, GUARD, sizeof theirs);
    memset(ours, GUARD, sizeof ours);
    want = spec->fn(spec, &cell, &out);
    if (spec->block(&b, 0) == 0)
        return false;
    if (want != CONV_OK || len != out.total_bytes || memcmp(ours, theirs, sizeof ours) != 0)
        fail_msg("%s '%.*s': the loop took it, the converter says %s, lengths %ld and %ld",
                 spec->row->typname, (int)n, text, outcome_name(want), (long)len,
                 (long)out.total_bytes);
    for (size_t i = size; i < sizeof ours; i++)
        assert_int_equal(ours[i], GUARD);
    return true;
}

static size_t mutate(const char *seed, uint64_t *random, char *text)
{
    static const char characters[] = "0123456789-+.: eETtf\xC3\x9F";
    size_t n = strlen(seed);
    size_t edits = next_random(random) % 4;

    memcpy(text, seed, n);
    for (size_t k = 0; k < edits; k++) {
        char c = characters[next_random(random) % (sizeof characters - 1)];
        size_t at = next_random(random) % (n + 1);
        switch (next_random(random) % 3) {
        case 0:
            if (at < n)
                text[at] = c;
            break;
        case 1:
            if (n < TEXT_MAX - 1) {
                memmove(text + at + 1, text + at, n - at);
                text[at] = c;
                n++;
            }
            break;
        default:
            if (at < n) {
                memmove(text + at, text + at + 1, n - at - 1);
                n--;
            }
        }
    }
    return n;
}

static void test_loops_agree_with_the_converters(void **state)
{
    uint64_t random = 11;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        struct to_c spec = choose(i);
        size_t taken = 0;
        for (int k = 0; k < 30000; k++) {
            char text[TEXT_MAX];
            size_t n_seeds = 0;
            size_t n;
            while (n_seeds < ARRAY_LEN(columns[i].seeds) && columns[i].seeds[n_seeds] != NULL)
                n_seeds++;
            n = mutate(columns[i].seeds[next_random(&random) % n_seeds], &random, text);
            /* The text ends where its memory ends: reading on would be seen by the sanitizers. */
            char *exact = malloc(n ? n : 1);
            assert_non_null(exact);
            memcpy(exact, text, n);
            taken += compare(&spec, columns[i].cap, exact, n);
            free(exact);
        }
        assert_true(
            compare(&spec, columns[i].cap, columns[i].seeds[0], strlen(columns[i].seeds[0])));
        assert_true(taken > 1000);
    }
}

/* 2^53 and above every odd number lies between two doubles; the same behind the point. */
static void test_halfway_numbers_round_to_even(void **state)
{
    uint64_t random = 5;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        uint64_t half = (UINT64_C(1) << 53 | (next_random(&random) & 0xFFFFFFFFFFFFF)) * 2 + 1;
        int exponent = (int)(next_random(&random) % 20) - 10;
        char text[64];
        double v;
        if (i % 2)
            half = next_random(&random) >> (next_random(&random) % 60);
        (void)snprintf(text, sizeof text, "%llue%d", (unsigned long long)half, exponent);
        assert_true(number_scaled_double(half, exponent, &v));
        if (v != strtod(text, NULL))
            fail_msg("%s: %a, libc %a", text, v, strtod(text, NULL));
    }
    assert_false(number_scaled_double(1, 28, &(double){0}));
    assert_false(number_scaled_double(1, -28, &(double){0}));
    assert_false(number_scaled_float(UINT64_MAX, 27, &(float){0}));
}

struct record {
    SQLLEN indicator, length;
    SQLINTEGER value;
    char tail[3]; /* elements are not aligned */
};

static void test_nulls_steps_and_separate_lengths(void **state)
{
    const struct cell cells[] = {{"1", 1}, {"x", 1}, {NULL, 0}, {"x", 1}, {"3", 1}, {"x", 1}};
    struct to_c spec = choose(0);
    struct record r[3];
    struct to_c_block b = {.cells = cells,
                           .cell_step = 2,
                           .n_rows = 3,
                           .app_data = (char *)&r[0].value,
                           .data_step = sizeof r[0],
                           .app_indicator = (char *)&r[0].indicator,
                           .app_length = (char *)&r[0].length,
                           .len_step = sizeof r[0]};

    (void)state;
    memset(r, GUARD, sizeof r);
    assert_int_equal(spec.block(&b, 0), 3);
    assert_int_equal(r[0].value, 1);
    assert_int_equal(r[0].length, 4);
    assert_int_equal(r[0].indicator, 0);
    assert_int_equal(r[1].indicator, SQL_NULL_DATA);
    assert_int_equal(r[2].value, 3);
    b.app_indicator = NULL; /* a NULL without an indicator is not the loop's to decide */
    assert_int_equal(spec.block(&b, 0), 1);
    assert_int_equal(spec.block(&b, 2), 3);
    b.cells = cells + 1;
    assert_int_equal(spec.block(&b, 0), 0);
}

static void test_a_precision_of_the_application_has_no_loop(void **state)
{
    struct to_c spec;

    (void)state;
    assert_true(to_c_choose(&spec, 1700, -1, SQL_NUMERIC, SQL_C_NUMERIC, 10, 2, &default_env));
    assert_null(spec.block);
    assert_true(to_c_choose(&spec, 1184, -1, SQL_TYPE_TIMESTAMP, SQL_C_CHAR, 0, 0, &default_env));
    assert_null(spec.block);
}

static int setup(void **state)
{
    (void)state;
    conv_test_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loops_agree_with_the_converters),
        cmocka_unit_test(test_halfway_numbers_round_to_even),
        cmocka_unit_test(test_nulls_steps_and_separate_lengths),
        cmocka_unit_test(test_a_precision_of_the_application_has_no_loop),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
