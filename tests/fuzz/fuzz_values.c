/* The parsers of single values, each with what must hold of any text: what was understood can be
 * printed and understood again as the same, and libc's strtod and strtof read numbers alike.
 *
 * Input: one byte that chooses the parser (number, date and time, interval of a kind, bytea), then
 * the text. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "convert/convert.h"
#include "convert/datetime.h"
#include "convert/interval.h"
#include "convert/numeric.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

#define BYTEA_OID 17

/* ---- numbers ---- */

static bool same_double(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static bool same_float(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* libc as the judge; the program has not called setlocale. */
static void check_floats(const char *text, const struct decimal *d)
{
    char printed[NUMBER_TEXT_MAX + 1];
    struct decimal again;
    double v = 0;
    double v2 = 0;
    float f = 0;
    float f2 = 0;

    if (decimal_to_double(d, &v)) {
        CHECK(same_double(v, strtod(text, NULL)));
        printed[number_print_double(v, printed)] = '\0';
        CHECK(same_double(v, strtod(printed, NULL)));
        CHECK(number_parse(printed, strlen(printed), &again) == NUMBER_FINITE);
        CHECK(decimal_to_double(&again, &v2) && same_double(v, v2));
    } else {
        CHECK(isinf(strtod(text, NULL)));
    }
    if (decimal_to_float(d, &f)) {
        CHECK(same_float(f, strtof(text, NULL)));
        printed[number_print_float(f, printed)] = '\0';
        CHECK(number_parse(printed, strlen(printed), &again) == NUMBER_FINITE);
        CHECK(decimal_to_float(&again, &f2) && same_float(f, f2));
    } else {
        CHECK(isinf(strtof(text, NULL)));
    }
}

static bool same_digits(const struct decimal *x, const struct decimal *y)
{
    struct buf a = BUF_INIT(0);
    struct buf b = BUF_INIT(0);
    bool same;

    CHECK(buf_append(&a, x->a, x->a_len) && buf_append(&a, x->b, x->b_len));
    CHECK(buf_append(&b, y->a, y->a_len) && buf_append(&b, y->b, y->b_len));
    same = a.len == b.len && memcmp(buf_str(&a), buf_str(&b), a.len) == 0;
    buf_release(&a);
    buf_release(&b);
    return same && (decimal_digits(x) == 0 || (x->point == y->point && x->negative == y->negative));
}

static void check_exact(const char *text, size_t n, const struct decimal *d)
{
    char printed[NUMBER_TEXT_MAX];
    SQL_NUMERIC_STRUCT numeric;
    struct decimal again;
    uint64_t magnitude = 0;
    int64_t fast;
    bool cut = false;

    if (decimal_to_numeric(d, 0, 0, &numeric) == CONV_OK) {
        size_t len = number_print_numeric(&numeric, numeric.scale, printed);
        CHECK(len <= sizeof printed);
        CHECK(number_parse(printed, len, &again) == NUMBER_FINITE);
        CHECK(same_digits(d, &again));
    }
    if (number_fast_i64(text, n, &fast)) {
        CHECK(decimal_to_u64(d, &magnitude, &cut) && !cut);
        CHECK(magnitude == (uint64_t)(fast < 0 ? -fast : fast));
    }
}

static void fuzz_number(const char *text, size_t n)
{
    struct decimal d;

    if (number_parse(text, n, &d) != NUMBER_FINITE)
        return;
    check_floats(text, &d);
    check_exact(text, n, &d);
}

/* ---- dates and times ---- */

static void fuzz_datetime(const char *text, size_t n)
{
    struct datetime d;
    struct datetime again;
    char *printed;
    size_t len;

    if (datetime_parse(text, n, &d) != DATETIME_OK || d.kind != DATETIME_FINITE)
        return;
    CHECK(d.has_date || d.has_time);
    CHECK(d.hour < 25 && d.minute < 60 && d.second < 61 && d.nanos < 1000000000);
    if (d.has_date)
        CHECK(d.month >= 1 && d.month <= 12 && d.day >= 1 && d.day <= 31);
    printed = malloc(DATETIME_TEXT_MAX + d.zone.len);
    CHECK(printed != NULL);
    len = datetime_print_iso(&d, printed);
    CHECK(len <= DATETIME_TEXT_MAX + d.zone.len);
    CHECK(datetime_parse(printed, len, &again) == DATETIME_OK);
    CHECK(again.has_date == d.has_date && again.has_time == d.has_time && again.bc == d.bc);
    CHECK(again.year == d.year && again.month == d.month && again.day == d.day);
    CHECK(again.hour == d.hour && again.minute == d.minute && again.second == d.second);
    CHECK(again.nanos == d.nanos && again.zone.len == d.zone.len);
    free(printed);
}

/* ---- intervals ---- */

static void fuzz_interval(SQLSMALLINT kind, const char *text, size_t n)
{
    struct interval v;
    struct interval again;
    SQL_INTERVAL_STRUCT s;
    SQL_INTERVAL_STRUCT s2;
    char printed[INTERVAL_TEXT_MAX];
    size_t len;

    if (interval_parse(text, n, kind, &v) != INTERVAL_OK)
        return;
    len = interval_print_iso(&v, printed);
    CHECK(len <= sizeof printed);
    CHECK(interval_parse(printed, len, 0, &again) == INTERVAL_OK);
    CHECK(again.months == v.months && again.days == v.days && again.usecs == v.usecs);
    if (kind == 0 || interval_to_struct(&v, kind, 0, 6, &s) != CONV_OK)
        return;
    if (interval_from_struct(&s, kind, 6, &again) != CONV_OK)
        return;
    CHECK(interval_to_struct(&again, kind, 0, 6, &s2) == CONV_OK);
    CHECK(s.interval_sign == s2.interval_sign && s.interval_type == s2.interval_type);
    if (interval_is_year_month(kind))
        CHECK(memcmp(&s.intval.year_month, &s2.intval.year_month, sizeof s.intval.year_month) == 0);
    else
        CHECK(memcmp(&s.intval.day_second, &s2.intval.day_second, sizeof s.intval.day_second) == 0);
}

/* ---- bytea ---- */

/* The bytes of a bytea's text; false: it is none. */
static bool read_bytea(const char *text, size_t n, unsigned char *out, size_t cap, SQLLEN *len)
{
    struct type_options options;
    struct conv_env env = {&options, false};
    struct to_c spec;
    struct to_c_out to = {.app_buf = out, .cap_bytes = (SQLLEN)cap};
    struct cell cell = {text, n};

    type_options_default(&options);
    CHECK(to_c_choose(&spec, BYTEA_OID, -1, SQL_VARBINARY, SQL_C_BINARY, 0, 0, &env));
    if (spec.fn(&spec, &cell, &to) != CONV_OK)
        return false;
    CHECK(to.total_bytes >= 0 && (size_t)to.total_bytes <= cap);
    *len = to.total_bytes;
    return true;
}

static void fuzz_bytea(const char *text, size_t n)
{
    struct type_options options;
    struct conv_env env = {&options, false};
    const struct from_c p = {.c_type = SQL_C_BINARY, .sql_type = SQL_VARBINARY};
    unsigned char *bytes = malloc(n + 1);
    unsigned char *again = malloc(n + 1);
    struct buf written = BUF_INIT(0);
    SQLLEN len = 0;
    SQLLEN len2 = 0;

    CHECK(bytes != NULL && again != NULL);
    type_options_default(&options);
    if (read_bytea(text, n, bytes, n + 1, &len)) {
        CHECK(from_c_text(&p, bytes, len, &env, &written) == CONV_OK);
        CHECK(read_bytea(buf_str(&written), written.len, again, n + 1, &len2));
        CHECK(len == len2 && memcmp(bytes, again, (size_t)len) == 0);
    }
    buf_release(&written);
    free(bytes);
    free(again);
}

#define INTERVAL_TYPE(kind, first, last) SQL_INTERVAL_##kind

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const SQLSMALLINT kinds[] = {0, INTERVAL_KINDS(INTERVAL_TYPE)};
    char *text;
    size_t n;

    if (size == 0)
        return 0;
    n = size - 1;
    text = malloc(n + 1); /* terminated for libc */
    CHECK(text != NULL);
    memcpy(text, data + 1, n);
    text[n] = '\0';
    switch (data[0] % 17) {
    case 0:
        fuzz_number(text, n);
        break;
    case 1:
        fuzz_datetime(text, n);
        break;
    case 2:
        fuzz_bytea(text, n);
        break;
    default:
        fuzz_interval(kinds[data[0] % 17 - 3], text, n);
        break;
    }
    free(text);
    return 0;
}
