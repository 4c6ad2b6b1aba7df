/* Names and readable values for the convert tests. */
#include "conv_names.h"

#include <inttypes.h>
#include <locale.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf.h"

#define C(name)                                                                                    \
    {                                                                                              \
#name, SQL_C_##name                                                                        \
    }
const struct named_code c_type_names[] = {C(CHAR),
                                          C(WCHAR),
                                          C(BINARY),
                                          C(BIT),
                                          C(STINYINT),
                                          C(UTINYINT),
                                          C(TINYINT),
                                          C(SSHORT),
                                          C(USHORT),
                                          C(SHORT),
                                          C(SLONG),
                                          C(ULONG),
                                          C(LONG),
                                          C(SBIGINT),
                                          C(UBIGINT),
                                          C(FLOAT),
                                          C(DOUBLE),
                                          C(NUMERIC),
                                          C(GUID),
                                          C(TYPE_DATE),
                                          C(TYPE_TIME),
                                          C(TYPE_TIMESTAMP),
                                          C(INTERVAL_YEAR),
                                          C(INTERVAL_MONTH),
                                          C(INTERVAL_DAY),
                                          C(INTERVAL_HOUR),
                                          C(INTERVAL_MINUTE),
                                          C(INTERVAL_SECOND),
                                          C(INTERVAL_YEAR_TO_MONTH),
                                          C(INTERVAL_DAY_TO_HOUR),
                                          C(INTERVAL_DAY_TO_MINUTE),
                                          C(INTERVAL_DAY_TO_SECOND),
                                          C(INTERVAL_HOUR_TO_MINUTE),
                                          C(INTERVAL_HOUR_TO_SECOND),
                                          C(INTERVAL_MINUTE_TO_SECOND),
                                          C(DEFAULT),
                                          C(DATE),
                                          C(TIME),
                                          C(TIMESTAMP),
                                          {NULL, 0}};

#define S(name)                                                                                    \
    {                                                                                              \
#name, SQL_##name                                                                          \
    }
const struct named_code sql_type_names[] = {S(CHAR),
                                            S(VARCHAR),
                                            S(LONGVARCHAR),
                                            S(WCHAR),
                                            S(WVARCHAR),
                                            S(WLONGVARCHAR),
                                            S(BIT),
                                            S(TINYINT),
                                            S(SMALLINT),
                                            S(INTEGER),
                                            S(BIGINT),
                                            S(NUMERIC),
                                            S(DECIMAL),
                                            S(REAL),
                                            S(FLOAT),
                                            S(DOUBLE),
                                            S(BINARY),
                                            S(VARBINARY),
                                            S(LONGVARBINARY),
                                            S(TYPE_DATE),
                                            S(TYPE_TIME),
                                            S(TYPE_TIMESTAMP),
                                            S(GUID),
                                            S(INTERVAL_YEAR),
                                            S(INTERVAL_MONTH),
                                            S(INTERVAL_DAY),
                                            S(INTERVAL_HOUR),
                                            S(INTERVAL_MINUTE),
                                            S(INTERVAL_SECOND),
                                            S(INTERVAL_YEAR_TO_MONTH),
                                            S(INTERVAL_DAY_TO_HOUR),
                                            S(INTERVAL_DAY_TO_MINUTE),
                                            S(INTERVAL_DAY_TO_SECOND),
                                            S(INTERVAL_HOUR_TO_MINUTE),
                                            S(INTERVAL_HOUR_TO_SECOND),
                                            S(INTERVAL_MINUTE_TO_SECOND),
                                            S(DATE),
                                            S(TIME),
                                            S(TIMESTAMP),
                                            {NULL, 0}};

struct type_options default_options;
struct conv_env default_env = {&default_options, false};

void conv_test_init(void)
{
    type_options_default(&default_options);
}

SQLSMALLINT code_of(const struct named_code *list, const char *name)
{
    char *end;
    long number = strtol(name, &end, 10);

    if (*name != '\0' && *end == '\0')
        return (SQLSMALLINT)number;
    for (; list->name; list++) {
        if (strcmp(list->name, name) == 0)
            return list->code;
    }
    fail_msg("no such code: %s", name);
    return 0;
}

const char *name_of(const struct named_code *list, SQLSMALLINT code)
{
    for (; list->name; list++) {
        if (list->code == code)
            return list->name;
    }
    return "?";
}

const char *outcome_name(enum conv outcome)
{
    static const char *const names[] = {[CONV_OK] = "OK",
                                        [CONV_TRUNCATED] = "01004",
                                        [CONV_FRACTION_LOST] = "01S07",
                                        [CONV_OUT_OF_RANGE] = "22003",
                                        [CONV_BAD_TEXT] = "22018",
                                        [CONV_BAD_DATETIME] = "22007",
                                        [CONV_DATETIME_OVERFLOW] = "22008",
                                        [CONV_INTERVAL_OVERFLOW] = "22015",
                                        [CONV_NOT_ALLOWED] = "07006",
                                        [CONV_BAD_ENCODING] = "22021",
                                        [CONV_BAD_LENGTH] = "HY090",
                                        [CONV_STRING_TOO_LONG] = "22001",
                                        [CONV_OOM] = "HY001"};

    return (size_t)outcome < ARRAY_LEN(names) && names[outcome] ? names[outcome] : "?";
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdefABCDEF";
    const char *p = c ? strchr(digits, c) : NULL;
    long at = p ? p - digits : -1;

    return (int)(at > 15 ? at - 6 : at);
}

size_t percent_decode(const char *s, char *out)
{
    size_t n = 0;

    while (*s) {
        if (*s == '%' && hex_digit(s[1]) >= 0 && hex_digit(s[2]) >= 0) {
            out[n++] = (char)(hex_digit(s[1]) * 16 + hex_digit(s[2]));
            s += 3;
        } else {
            out[n++] = *s++;
        }
    }
    out[n] = '\0';
    return n;
}

void percent_encode(const char *bytes, size_t n, char *out, size_t cap)
{
    size_t len = 0;
    size_t i = 0;

    while (i < n && len + 16 < cap) {
        uint32_t cp;
        size_t step = utf8_decode(bytes + i, n - i, &cp);
        bool plain = cp != UTF_BAD && cp >= 0x20 && cp != 0x7F && cp != '%' &&
                     !(cp == ' ' && (i == 0 || i + 1 == n));
        for (size_t k = 0; k < step; k++) {
            if (plain)
                out[len++] = bytes[i + k];
            else
                len +=
                    (size_t)snprintf(out + len, cap - len, "%%%02X", (unsigned char)bytes[i + k]);
        }
        i += step;
    }
    out[len] = '\0';
}

/* The struct's magnitude in decimal, without the code under test. */
static void numeric_to_text(const SQL_NUMERIC_STRUCT *v, char *out, size_t cap)
{
    unsigned char val[16];
    char digits[64];
    size_t n = 0;
    bool any = true;
    size_t len;

    memcpy(val, v->val, 16);
    while (any) {
        unsigned rest = 0;
        any = false;
        for (int i = 15; i >= 0; i--) {
            unsigned cur = rest * 256 + val[i];
            val[i] = (unsigned char)(cur / 10);
            rest = cur % 10;
            any = any || val[i] != 0;
        }
        digits[n++] = (char)('0' + rest);
    }
    len = (size_t)snprintf(out, cap, "%d,%d:%s", v->precision, v->scale, v->sign ? "" : "-");
    while (n > 0)
        out[len++] = digits[--n];
    out[len] = '\0';
}

static void interval_text(const SQL_INTERVAL_STRUCT *v, char *out, size_t cap)
{
    const char *sign = v->interval_sign == SQL_TRUE ? "-" : "";
    int kind = (int)v->interval_type;

    if (kind == SQL_IS_YEAR || kind == SQL_IS_MONTH || kind == SQL_IS_YEAR_TO_MONTH)
        (void)snprintf(out, cap, "%d:%s%u-%u", kind, sign, v->intval.year_month.year,
                       v->intval.year_month.month);
    else
        (void)snprintf(out, cap, "%d:%s%u %u:%u:%u.%u", kind, sign, v->intval.day_second.day,
                       v->intval.day_second.hour, v->intval.day_second.minute,
                       v->intval.day_second.second, v->intval.day_second.fraction);
}

static void wide_to_text(const void *value, size_t units, char *out, size_t cap)
{
    char utf8[CONV_VALUE_MAX * 4];
    size_t len = 0;
    size_t i = 0;

    while (i < units && len + 8 < sizeof utf8) {
        uint32_t cp;
        if (sizeof(SQLWCHAR) == 2) {
            i += utf16_decode((const char *)value + i * 2, units - i, &cp);
        } else {
            memcpy(&cp, (const char *)value + i * 4, 4);
            i++;
        }
        if (cp ==
            UTF_BAD) { /* shown as the surrogate's own bytes, which are no UTF-8 and so escaped */
            utf8[len++] = (char)0xED;
        } else {
            len += utf8_encode(cp, utf8 + len);
        }
    }
    percent_encode(utf8, len, out, cap);
}

#define NUM(type, fmt)                                                                             \
    {                                                                                              \
        type v;                                                                                    \
        memcpy(&v, value, sizeof v);                                                               \
        (void)snprintf(out, out_cap, "%" fmt, v);                                                  \
        return;                                                                                    \
    }

void value_to_text(SQLSMALLINT c_type, const void *value, SQLLEN total, SQLLEN cap, char *out,
                   size_t out_cap)
{
    size_t bytes = (size_t)(total < cap ? total : cap);

    switch (c_type) {
    case SQL_C_CHAR:
        percent_encode(value, strnlen(value, (size_t)cap), out, out_cap);
        return;
    case SQL_C_WCHAR: {
        size_t units = 0;
        SQLWCHAR u = 1;
        while ((units + 1) * sizeof u <= (size_t)cap) {
            memcpy(&u, (const char *)value + units * sizeof u, sizeof u);
            if (u == 0)
                break;
            units++;
        }
        wide_to_text(value, units, out, out_cap);
        return;
    }
    case SQL_C_BINARY:
        out[0] = '\0';
        for (size_t i = 0; i < bytes && i * 2 + 3 < out_cap; i++)
            (void)snprintf(out + i * 2, 3, "%02x", ((const unsigned char *)value)[i]);
        return;
    case SQL_C_BIT:
    case SQL_C_UTINYINT:
        NUM(uint8_t, PRIu8)
    case SQL_C_STINYINT:
    case SQL_C_TINYINT:
        NUM(int8_t, PRId8)
    case SQL_C_SSHORT:
    case SQL_C_SHORT:
        NUM(int16_t, PRId16)
    case SQL_C_USHORT:
        NUM(uint16_t, PRIu16)
    case SQL_C_SLONG:
    case SQL_C_LONG:
        NUM(int32_t, PRId32)
    case SQL_C_ULONG:
        NUM(uint32_t, PRIu32)
    case SQL_C_SBIGINT:
        NUM(int64_t, PRId64)
    case SQL_C_UBIGINT:
        NUM(uint64_t, PRIu64)
    case SQL_C_DOUBLE: {
        double v;
        memcpy(&v, value, sizeof v);
        (void)snprintf(out, out_cap, "%a",
                       v); /* exact; no decimal point unless there are hex digits behind it */
        for (char *p = out; *p; p++)
            *p = *p == ',' ? '.' : *p;
        return;
    }
    case SQL_C_FLOAT: {
        float v;
        memcpy(&v, value, sizeof v);
        (void)snprintf(out, out_cap, "%a", (double)v);
        for (char *p = out; *p; p++)
            *p = *p == ',' ? '.' : *p;
        return;
    }
    case SQL_C_NUMERIC: {
        SQL_NUMERIC_STRUCT v;
        memcpy(&v, value, sizeof v);
        numeric_to_text(&v, out, out_cap);
        return;
    }
    case SQL_C_GUID: {
        SQLGUID g;
        memcpy(&g, value, sizeof g);
        (void)snprintf(out, out_cap, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                       (unsigned)g.Data1, g.Data2, g.Data3, g.Data4[0], g.Data4[1], g.Data4[2],
                       g.Data4[3], g.Data4[4], g.Data4[5], g.Data4[6], g.Data4[7]);
        return;
    }
    case SQL_C_TYPE_DATE:
    case SQL_C_DATE: {
        SQL_DATE_STRUCT v;
        memcpy(&v, value, sizeof v);
        (void)snprintf(out, out_cap, "%04d-%02u-%02u", v.year, v.month, v.day);
        return;
    }
    case SQL_C_TYPE_TIME:
    case SQL_C_TIME: {
        SQL_TIME_STRUCT v;
        memcpy(&v, value, sizeof v);
        (void)snprintf(out, out_cap, "%02u:%02u:%02u", v.hour, v.minute, v.second);
        return;
    }
    case SQL_C_TYPE_TIMESTAMP:
    case SQL_C_TIMESTAMP: {
        SQL_TIMESTAMP_STRUCT v;
        memcpy(&v, value, sizeof v);
        (void)snprintf(out, out_cap, "%04d-%02u-%02u %02u:%02u:%02u.%09u", v.year, v.month, v.day,
                       v.hour, v.minute, v.second, v.fraction);
        return;
    }
    default: {
        SQL_INTERVAL_STRUCT v;
        memcpy(&v, value, sizeof v);
        interval_text(&v, out, out_cap);
        return;
    }
    }
}

static SQLLEN wide_from_text(const char *text, void *value)
{
    char utf8[CONV_VALUE_MAX];
    size_t n = percent_decode(text, utf8);
    size_t i = 0;
    size_t units = 0;

    while (i < n) {
        uint32_t cp;
        SQLWCHAR pair[2];
        size_t k = 1;
        /* %ED stands for a lone high surrogate, %EE for a lone low one. */
        if ((unsigned char)utf8[i] == 0xED &&
            (i + 1 >= n || ((unsigned char)utf8[i + 1] & 0xC0) != 0x80)) {
            pair[0] = (SQLWCHAR)0xD83D;
            i++;
        } else if ((unsigned char)utf8[i] == 0xEE &&
                   (i + 1 >= n || ((unsigned char)utf8[i + 1] & 0xC0) != 0x80)) {
            pair[0] = (SQLWCHAR)0xDE00;
            i++;
        } else {
            i += utf8_decode(utf8 + i, n - i, &cp);
            pair[0] = (SQLWCHAR)cp;
            if (sizeof(SQLWCHAR) == 2 && cp >= 0x10000) {
                pair[0] = (SQLWCHAR)(0xD800 + ((cp - 0x10000) >> 10));
                pair[1] = (SQLWCHAR)(0xDC00 + ((cp - 0x10000) & 0x3FF));
                k = 2;
            }
        }
        memcpy((char *)value + units * sizeof(SQLWCHAR), pair, k * sizeof(SQLWCHAR));
        units += k;
    }
    memset((char *)value + units * sizeof(SQLWCHAR), 0, sizeof(SQLWCHAR));
    return (SQLLEN)(units * sizeof(SQLWCHAR));
}

static void numeric_from_text(const char *text, SQL_NUMERIC_STRUCT *v)
{
    int precision;
    int scale;
    char digits[64];

    memset(v, 0, sizeof *v);
    assert_int_equal(sscanf(text, "%d,%d:%63s", &precision, &scale, digits), 3);
    v->precision = (SQLCHAR)precision;
    v->scale = (SQLSCHAR)scale;
    v->sign = digits[0] == '-' ? 0 : 1;
    for (const char *p = digits + (digits[0] == '-'); *p; p++) {
        unsigned carry = (unsigned)(*p - '0');
        for (int i = 0; i < 16; i++) {
            unsigned cur = v->val[i] * 10u + carry;
            v->val[i] = (SQLCHAR)(cur & 255);
            carry = cur >> 8;
        }
    }
}

static void interval_from_text(const char *text, SQL_INTERVAL_STRUCT *v)
{
    int kind;
    const char *body = strchr(text, ':');

    memset(v, 0, sizeof *v);
    assert_non_null(body);
    kind = (int)strtol(text, NULL, 10);
    v->interval_type = (SQLINTERVAL)kind;
    body++;
    v->interval_sign = *body == '-' ? SQL_TRUE : SQL_FALSE;
    body += *body == '-';
    if (kind == SQL_IS_YEAR || kind == SQL_IS_MONTH || kind == SQL_IS_YEAR_TO_MONTH)
        assert_int_equal(
            sscanf(body, "%u-%u", &v->intval.year_month.year, &v->intval.year_month.month), 2);
    else
        assert_int_equal(sscanf(body, "%u %u:%u:%u.%u", &v->intval.day_second.day,
                                &v->intval.day_second.hour, &v->intval.day_second.minute,
                                &v->intval.day_second.second, &v->intval.day_second.fraction),
                         5);
}

static void put_integer(SQLSMALLINT c_type, const char *text, void *value)
{
    uint64_t u = text[0] == '-' ? (uint64_t)strtoll(text, NULL, 10) : strtoull(text, NULL, 10);
    size_t size = c_type_size(c_type);

    /* Little endian or big: the low bytes of the right width. */
    switch (size) {
    case 1: {
        uint8_t v = (uint8_t)u;
        memcpy(value, &v, 1);
        break;
    }
    case 2: {
        uint16_t v = (uint16_t)u;
        memcpy(value, &v, 2);
        break;
    }
    case 4: {
        uint32_t v = (uint32_t)u;
        memcpy(value, &v, 4);
        break;
    }
    default:
        memcpy(value, &u, 8);
        break;
    }
}

SQLLEN value_from_text(SQLSMALLINT c_type, const char *text, void *value)
{
    switch (c_type) {
    case SQL_C_CHAR:
        return (SQLLEN)percent_decode(text, value);
    case SQL_C_WCHAR:
        return wide_from_text(text, value);
    case SQL_C_BINARY: {
        size_t n = strlen(text) / 2;
        for (size_t i = 0; i < n; i++)
            ((unsigned char *)value)[i] =
                (unsigned char)(hex_digit(text[i * 2]) * 16 + hex_digit(text[i * 2 + 1]));
        return (SQLLEN)n;
    }
    case SQL_C_DOUBLE: {
        double v = strtod(text, NULL);
        memcpy(value, &v, sizeof v);
        return 0;
    }
    case SQL_C_FLOAT: {
        float v = strtof(text, NULL);
        memcpy(value, &v, sizeof v);
        return 0;
    }
    case SQL_C_NUMERIC: {
        SQL_NUMERIC_STRUCT v;
        numeric_from_text(text, &v);
        memcpy(value, &v, sizeof v);
        return 0;
    }
    case SQL_C_GUID: {
        SQLGUID g;
        unsigned b[8];
        unsigned d1;
        unsigned d2;
        unsigned d3;
        assert_int_equal(sscanf(text, "%8x-%4x-%4x-%2x%2x-%2x%2x%2x%2x%2x%2x", &d1, &d2, &d3, &b[0],
                                &b[1], &b[2], &b[3], &b[4], &b[5], &b[6], &b[7]),
                         11);
        g.Data1 = d1;
        g.Data2 = (unsigned short)d2;
        g.Data3 = (unsigned short)d3;
        for (int i = 0; i < 8; i++)
            g.Data4[i] = (unsigned char)b[i];
        memcpy(value, &g, sizeof g);
        return 0;
    }
    case SQL_C_TYPE_DATE:
    case SQL_C_DATE: {
        SQL_DATE_STRUCT v;
        assert_int_equal(sscanf(text, "%hd-%hu-%hu", &v.year, &v.month, &v.day), 3);
        memcpy(value, &v, sizeof v);
        return 0;
    }
    case SQL_C_TYPE_TIME:
    case SQL_C_TIME: {
        SQL_TIME_STRUCT v;
        assert_int_equal(sscanf(text, "%hu:%hu:%hu", &v.hour, &v.minute, &v.second), 3);
        memcpy(value, &v, sizeof v);
        return 0;
    }
    case SQL_C_TYPE_TIMESTAMP:
    case SQL_C_TIMESTAMP: {
        SQL_TIMESTAMP_STRUCT v;
        assert_int_equal(sscanf(text, "%hd-%hu-%hu %hu:%hu:%hu.%u", &v.year, &v.month, &v.day,
                                &v.hour, &v.minute, &v.second, &v.fraction),
                         7);
        memcpy(value, &v, sizeof v);
        return 0;
    }
    default:
        if (c_type >= SQL_C_INTERVAL_YEAR && c_type <= SQL_C_INTERVAL_MINUTE_TO_SECOND) {
            SQL_INTERVAL_STRUCT v;
            interval_from_text(text, &v);
            memcpy(value, &v, sizeof v);
            return 0;
        }
        put_integer(c_type, text, value);
        return 0;
    }
}

uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

const char *data_path(const char *file)
{
    static char path[1024];
    const char *top = getenv("NEON_TEST_SRCDIR");

    (void)snprintf(path, sizeof path, "%s/tests/data/convert/%s", top ? top : ".", file);
    return path;
}

bool use_decimal_comma(void)
{
    char dir[] = "/tmp/neon-locale-XXXXXX";
    char command[256];
    bool done = setlocale(LC_ALL, "de_DE.UTF-8") != NULL;

    if (!done && mkdtemp(dir)) {
        (void)snprintf(command, sizeof command,
                       "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1", dir);
        if (system(command) == 0 && setenv("LOCPATH", dir, 1) == 0)
            done = setlocale(LC_ALL, "de_DE.UTF-8") != NULL;
        (void)snprintf(command, sizeof command, "rm -rf %s", dir);
        if (system(command) != 0)
            print_message("%s is left behind\n", dir);
    }
    if (done)
        assert_string_equal(localeconv()->decimal_point, ",");
    return done;
}
