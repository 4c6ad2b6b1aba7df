/* There and back without a server: a C value becomes a parameter's text, the text is read again
 * into the same C type, and the bytes are the same. The server's part in between is test_server.c.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/utf.h"
#include "conv_names.h"

#define ROUNDS 2000

struct trip {
    SQLSMALLINT c_type, sql_type;
    uint32_t oid; /* of the column that would hold it */
};

static const struct trip trips[] = {
    {SQL_C_STINYINT, SQL_SMALLINT, 21},
    {SQL_C_UTINYINT, SQL_SMALLINT, 21},
    {SQL_C_SSHORT, SQL_SMALLINT, 21},
    {SQL_C_USHORT, SQL_INTEGER, 23},
    {SQL_C_SLONG, SQL_INTEGER, 23},
    {SQL_C_ULONG, SQL_BIGINT, 20},
    {SQL_C_SBIGINT, SQL_BIGINT, 20},
    {SQL_C_UBIGINT, SQL_NUMERIC, 1700},
    {SQL_C_SLONG, SQL_NUMERIC, 1700},
    {SQL_C_SBIGINT, SQL_VARCHAR, 25},
    {SQL_C_BIT, SQL_BIT, 16},
    {SQL_C_BIT, SQL_VARCHAR, 25},
    {SQL_C_FLOAT, SQL_REAL, 700},
    {SQL_C_DOUBLE, SQL_DOUBLE, 701},
    {SQL_C_DOUBLE, SQL_VARCHAR, 25},
    {SQL_C_DOUBLE, SQL_NUMERIC, 1700},
    {SQL_C_NUMERIC, SQL_NUMERIC, 1700},
    {SQL_C_GUID, SQL_GUID, 2950},
    {SQL_C_GUID, SQL_VARCHAR, 25},
    {SQL_C_TYPE_DATE, SQL_TYPE_DATE, 1082},
    {SQL_C_TYPE_DATE, SQL_VARCHAR, 25},
    {SQL_C_TYPE_TIME, SQL_TYPE_TIME, 1083},
    {SQL_C_TYPE_TIMESTAMP, SQL_TYPE_TIMESTAMP, 1114},
    {SQL_C_TYPE_TIMESTAMP, SQL_VARCHAR, 25},
    {SQL_C_CHAR, SQL_VARCHAR, 25},
    {SQL_C_WCHAR, SQL_WVARCHAR, 25},
    {SQL_C_BINARY, SQL_VARBINARY, 17},
    {SQL_C_INTERVAL_YEAR, SQL_INTERVAL_YEAR, 1186},
    {SQL_C_INTERVAL_MONTH, SQL_INTERVAL_MONTH, 1186},
    {SQL_C_INTERVAL_DAY, SQL_INTERVAL_DAY, 1186},
    {SQL_C_INTERVAL_HOUR, SQL_INTERVAL_HOUR, 1186},
    {SQL_C_INTERVAL_MINUTE, SQL_INTERVAL_MINUTE, 1186},
    {SQL_C_INTERVAL_SECOND, SQL_INTERVAL_SECOND, 1186},
    {SQL_C_INTERVAL_YEAR_TO_MONTH, SQL_INTERVAL_YEAR_TO_MONTH, 1186},
    {SQL_C_INTERVAL_DAY_TO_HOUR, SQL_INTERVAL_DAY_TO_HOUR, 1186},
    {SQL_C_INTERVAL_DAY_TO_MINUTE, SQL_INTERVAL_DAY_TO_MINUTE, 1186},
    {SQL_C_INTERVAL_DAY_TO_SECOND, SQL_INTERVAL_DAY_TO_SECOND, 1186},
    {SQL_C_INTERVAL_HOUR_TO_MINUTE, SQL_INTERVAL_HOUR_TO_MINUTE, 1186},
    {SQL_C_INTERVAL_HOUR_TO_SECOND, SQL_INTERVAL_HOUR_TO_SECOND, 1186},
    {SQL_C_INTERVAL_MINUTE_TO_SECOND, SQL_INTERVAL_MINUTE_TO_SECOND, 1186},
    {SQL_C_INTERVAL_DAY_TO_SECOND, SQL_VARCHAR, 25},
    {SQL_C_INTERVAL_YEAR_TO_MONTH, SQL_VARCHAR, 25},
    {SQL_C_INTERVAL_HOUR_TO_MINUTE, SQL_VARCHAR, 25},
    {SQL_C_INTERVAL_MINUTE_TO_SECOND, SQL_VARCHAR, 25},
};

static uint64_t seed = 2024;

static uint32_t below(uint32_t n)
{
    return (uint32_t)(next_random(&seed) % n);
}

static size_t random_chars(SQLSMALLINT c_type, unsigned char *value)
{
    size_t chars = below(60);
    size_t len = 0;

    for (size_t i = 0; i < chars; i++) {
        uint32_t cp = below(4) ? 1 + below(0x7F) : 1 + below(0x10FFFE);
        char utf8[4];
        uint16_t pair[2] = {(uint16_t)cp, 0};
        if (cp >= 0xD800 && cp <= 0xDFFF)
            cp = 'x';
        if (c_type == SQL_C_CHAR) {
            size_t n = utf8_encode(cp, utf8);
            memcpy(value + len, utf8, n);
            len += n;
        } else if (sizeof(SQLWCHAR) == 4) {
            memcpy(value + len, &cp, 4);
            len += 4;
        } else {
            size_t n = cp > 0xFFFF ? 2 : 1;
            pair[0] = (uint16_t)(n == 2 ? 0xD7C0 + (cp >> 10) : cp);
            pair[1] = (uint16_t)(0xDC00 + (cp & 0x3FF));
            memcpy(value + len, pair, n * 2);
            len += n * 2;
        }
    }
    return len;
}

static void random_numeric(SQL_NUMERIC_STRUCT *v)
{
    uint64_t low = next_random(&seed);

    memset(v, 0, sizeof *v);
    memcpy(v->val, &low, 8);
    v->val[0] |= 1; /* odd: the last digit is not 0, so that the natural scale is the one given */
    v->precision = 38;
    v->scale = (SQLSCHAR)below(18);
    v->sign = (SQLCHAR)below(2);
}

static void random_interval(SQLSMALLINT c_type, SQL_INTERVAL_STRUCT *v)
{
    int kind = c_type - 100;
    bool day = kind == SQL_IS_DAY || (kind >= SQL_IS_DAY_TO_HOUR && kind <= SQL_IS_DAY_TO_SECOND);
    bool hour = kind == SQL_IS_HOUR || kind >= SQL_IS_DAY_TO_HOUR;
    bool minute = kind == SQL_IS_MINUTE || kind == SQL_IS_DAY_TO_MINUTE ||
                  kind == SQL_IS_DAY_TO_SECOND || kind >= SQL_IS_HOUR_TO_MINUTE;
    bool second = kind == SQL_IS_SECOND || kind == SQL_IS_DAY_TO_SECOND ||
                  kind == SQL_IS_HOUR_TO_SECOND || kind == SQL_IS_MINUTE_TO_SECOND;

    memset(v, 0, sizeof *v);
    hour = hour && kind != SQL_IS_MINUTE_TO_SECOND;
    v->interval_type = (SQLINTERVAL)kind;
    if (kind == SQL_IS_YEAR || kind == SQL_IS_MONTH || kind == SQL_IS_YEAR_TO_MONTH) {
        if (kind != SQL_IS_MONTH)
            v->intval.year_month.year = 1 + below(100000);
        if (kind != SQL_IS_YEAR)
            v->intval.year_month.month = 1 + below(kind == SQL_IS_MONTH ? 100000 : 11);
    } else {
        if (day)
            v->intval.day_second.day = 1 + below(1000000);
        if (hour)
            v->intval.day_second.hour = 1 + below(day ? 23 : 1000000);
        if (minute)
            v->intval.day_second.minute = 1 + below(day || hour ? 59 : 1000000);
        if (second) {
            v->intval.day_second.second = below(day || hour || minute ? 60 : 1000000);
            v->intval.day_second.fraction = 1 + below(999999);
        }
    }
    v->interval_sign = below(2) ? SQL_TRUE : SQL_FALSE;
}

/* Fills value; returns its length for character and binary types. */
static size_t random_value(const struct trip *t, unsigned char *value)
{
    size_t size = c_type_size(t->c_type);

    for (size_t i = 0; i < 64; i++)
        value[i] = (unsigned char)next_random(&seed);
    switch (t->c_type) {
    case SQL_C_CHAR:
    case SQL_C_WCHAR:
        return random_chars(t->c_type, value);
    case SQL_C_BINARY:
        return below(60);
    case SQL_C_BIT:
        value[0] &= 1;
        return size;
    case SQL_C_DOUBLE: {
        double v;
        memcpy(&v, value, 8);
        if (isnan(v) || (t->sql_type == SQL_VARCHAR && !isfinite(v)) ||
            (t->sql_type == SQL_NUMERIC && v == 0))
            v = 0.1;
        memcpy(value, &v, 8);
        return size;
    }
    case SQL_C_FLOAT: {
        float v;
        memcpy(&v, value, 4);
        if (isnan(v))
            v = 0.1f;
        memcpy(value, &v, 4);
        return size;
    }
    case SQL_C_NUMERIC: {
        SQL_NUMERIC_STRUCT v;
        random_numeric(&v);
        memcpy(value, &v, sizeof v);
        return size;
    }
    case SQL_C_TYPE_DATE: {
        SQL_DATE_STRUCT v = {(SQLSMALLINT)(1 + below(9999)), (SQLUSMALLINT)(1 + below(12)),
                             (SQLUSMALLINT)(1 + below(28))};
        memcpy(value, &v, sizeof v);
        return size;
    }
    case SQL_C_TYPE_TIME: {
        SQL_TIME_STRUCT v = {(SQLUSMALLINT)below(24), (SQLUSMALLINT)below(60),
                             (SQLUSMALLINT)below(60)};
        memcpy(value, &v, sizeof v);
        return size;
    }
    case SQL_C_TYPE_TIMESTAMP: {
        SQL_TIMESTAMP_STRUCT v = {(SQLSMALLINT)(1 + below(9999)),
                                  (SQLUSMALLINT)(1 + below(12)),
                                  (SQLUSMALLINT)(1 + below(28)),
                                  (SQLUSMALLINT)below(24),
                                  (SQLUSMALLINT)below(60),
                                  (SQLUSMALLINT)below(60),
                                  below(1000000) * (t->sql_type == SQL_VARCHAR ? 999 : 1000)};
        memcpy(value, &v, sizeof v);
        return size;
    }
    default:
        if (t->c_type >= SQL_C_INTERVAL_YEAR && t->c_type <= SQL_C_INTERVAL_MINUTE_TO_SECOND) {
            SQL_INTERVAL_STRUCT v;
            random_interval(t->c_type, &v);
            memcpy(value, &v, sizeof v);
        }
        return size;
    }
}

static void one_trip(const struct trip *t)
{
    unsigned char value[512];
    unsigned char back[512];
    struct from_c p = {.c_type = t->c_type, .sql_type = t->sql_type};
    size_t len;
    struct buf text = BUF_INIT(0);
    struct type_desc desc;
    struct to_c spec;
    struct cell cell;
    struct to_c_out out = {.app_buf = back, .cap_bytes = sizeof back};
    enum conv r;

    memset(value, 0, sizeof value);
    memset(back, 0, sizeof back);
    len = random_value(t, value);
    r = from_c_text(&p, value, (SQLLEN)len, &default_env, &text);
    if (r != CONV_OK)
        fail_msg("%s as %s: %s", name_of(c_type_names, t->c_type),
                 name_of(sql_type_names, t->sql_type), outcome_name(r));
    typemap_describe(t->oid, -1, &default_options, &desc);
    assert_true(to_c_choose(&spec, t->oid, -1, desc.concise_type, t->c_type, 0, 0, &default_env));
    cell = (struct cell){text.data, text.len};
    r = spec.fn(&spec, &cell, &out);
    if (r != CONV_OK || (size_t)out.total_bytes != len || memcmp(value, back, len) != 0) {
        char a[CONV_VALUE_MAX];
        char b[CONV_VALUE_MAX];
        value_to_text(t->c_type, value, (SQLLEN)len, sizeof value, a, sizeof a);
        value_to_text(t->c_type, back, (SQLLEN)len, sizeof back, b, sizeof b);
        fail_msg("%s as %s: %s became '%s', came back %s as %s", name_of(c_type_names, t->c_type),
                 name_of(sql_type_names, t->sql_type), a, buf_str(&text), outcome_name(r), b);
    }
    buf_release(&text);
}

static void test_random_values_come_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(trips); i++) {
        for (int round = 0; round < ROUNDS; round++)
            one_trip(&trips[i]);
    }
}

static int setup(void **state)
{
    (void)state;
    conv_test_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_values_come_back)};
    int failed = cmocka_run_group_tests(tests, setup, NULL);

    if (!use_decimal_comma()) {
        print_message("not run under a locale with a decimal comma: de_DE.UTF-8 is neither "
                      "installed nor can it be made\n");
        return failed;
    }
    return failed + cmocka_run_group_tests_name("decimal comma", tests, setup, NULL);
}
