/* Loops over one column of a block, for what to_c_choose chose. Each knows the plain form of its
 * values only and stops at the first row that is something else; spec->fn decides about that one.
 * Called by stmt/fetch.c through struct to_c. */
#include "convert/block.h"

#include <string.h>

#include "convert/datetime.h"
#include "convert/matrix.h"
#include "convert/numeric.h"
#include "convert/piece.h"

/* Puts one plain value at app_dst and its length in *len. False: not plain; app_dst is as it was,
 * or holds nothing that counts. */
typedef bool plain_fn(const struct cell *c, char *app_dst, SQLLEN cap_bytes, SQLLEN *len);

static inline void put_len(char *app, SQLLEN v)
{
    memcpy(app, &v, sizeof v);
}

/* The loop of all. Inlined with its function, so that no call is left in it. */
static inline __attribute__((always_inline)) size_t run(const struct to_c_block *b, size_t first,
                                                        plain_fn *plain)
{
    const struct cell *c = b->cells + first * b->cell_step;

    for (size_t row = first; row < b->n_rows; row++, c += b->cell_step) {
        SQLLEN len;

        if (c->ptr == NULL) {
            if (b->app_indicator == NULL)
                return row;
            put_len(b->app_indicator + row * b->len_step, SQL_NULL_DATA);
            continue;
        }
        if (!plain(c, b->app_data + row * b->data_step, b->cap_bytes, &len))
            return row;
        if (b->app_indicator != NULL && b->app_indicator != b->app_length)
            put_len(b->app_indicator + row * b->len_step, 0);
        if (b->app_length != NULL)
            put_len(b->app_length + row * b->len_step, len);
    }
    return b->n_rows;
}

#define BLOCK(name)                                                                                \
    static size_t block_##name(const struct to_c_block *b, size_t first)                           \
    {                                                                                              \
        return run(b, first, plain_##name);                                                        \
    }

/* ---- integers ---- */

static inline bool plain_i64(const struct cell *c, char *app_dst, SQLLEN cap_bytes, SQLLEN *len)
{
    int64_t v;

    (void)cap_bytes;
    if (!number_fast_i64(c->ptr, c->len, &v))
        return false;
    memcpy(app_dst, &v, sizeof v);
    *len = sizeof v;
    return true;
}

static inline bool plain_i32(const struct cell *c, char *app_dst, SQLLEN cap_bytes, SQLLEN *len)
{
    int64_t v;
    int32_t v32;

    (void)cap_bytes;
    if (!number_fast_i64(c->ptr, c->len, &v) || v < INT32_MIN || v > INT32_MAX)
        return false;
    v32 = (int32_t)v;
    memcpy(app_dst, &v32, sizeof v32);
    *len = sizeof v32;
    return true;
}

static inline bool plain_i16(const struct cell *c, char *app_dst, SQLLEN cap_bytes, SQLLEN *len)
{
    int64_t v;
    int16_t v16;

    (void)cap_bytes;
    if (!number_fast_i64(c->ptr, c->len, &v) || v < INT16_MIN || v > INT16_MAX)
        return false;
    v16 = (int16_t)v;
    memcpy(app_dst, &v16, sizeof v16);
    *len = sizeof v16;
    return true;
}

BLOCK(i64)
BLOCK(i32)
BLOCK(i16)

/* ---- numbers with a point ---- */

struct plain_number {
    bool negative;
    uint64_t digits;
    unsigned scale; /* digits behind the point */
};

/* [-] digits [. digits], at most 19 digits in all. */
static inline bool read_number(const struct cell *c, struct plain_number *out)
{
    const char *s = c->ptr;
    size_t n = c->len;
    size_t i = n > 0 && s[0] == '-' ? 1 : 0;
    size_t start = i;
    size_t point = SIZE_MAX;
    uint64_t v = 0;

    if (n - i > 20)
        return false;
    for (; i < n; i++) {
        unsigned digit = (unsigned)(unsigned char)s[i] - '0';
        if (digit <= 9) {
            v = v * 10 + digit;
            continue;
        }
        if (s[i] != '.' || point != SIZE_MAX || i == start)
            return false;
        point = i;
    }
    /* 20 characters without a point are 20 digits, which may be more than v holds. */
    if (n == start || (point == SIZE_MAX && n - start > 19) || point == n - 1)
        return false;
    out->negative = start == 1;
    out->digits = v;
    out->scale = point == SIZE_MAX ? 0 : (unsigned)(n - point - 1);
    return true;
}

static inline bool plain_double(const struct cell *c, char *app_dst, SQLLEN cap_bytes, SQLLEN *len)
{
    struct plain_number p;
    double v;

    (void)cap_bytes;
    if (!read_number(c, &p) || !number_scaled_double(p.digits, -(int)p.scale, &v))
        return false;
    if (p.negative)
        v = -v;
    memcpy(app_dst, &v, sizeof v);
    *len = sizeof v;
    return true;
}

/* As decimal_to_numeric with precision 0: the number's own digits and scale. */
static inline bool plain_numeric(const struct cell *c, char *app_dst, SQLLEN cap_bytes, SQLLEN *len)
{
    SQL_NUMERIC_STRUCT v;
    struct plain_number p;

    (void)cap_bytes;
    if (!read_number(c, &p))
        return false;
    memset(&v, 0, sizeof v);
    v.precision = 38;
    v.scale = (SQLSCHAR)p.scale;
    v.sign = p.negative && p.digits != 0 ? 0 : 1;
    for (size_t i = 0; i < sizeof p.digits; i++)
        v.val[i] = (SQLCHAR)(p.digits >> (8 * i) & 0xFF);
    memcpy(app_dst, &v, sizeof v);
    *len = sizeof v;
    return true;
}

BLOCK(double)
BLOCK(numeric)

/* ---- text ---- */

static inline bool plain_char(const struct cell *c, char *app_dst, SQLLEN cap_bytes, SQLLEN *len)
{
    if (cap_bytes <= 0 || c->len >= (size_t)cap_bytes)
        return false;
    memcpy(app_dst, c->ptr, c->len);
    app_dst[c->len] = '\0';
    *len = (SQLLEN)c->len;
    return true;
}

/* UTF-8 never has fewer bytes than its UTF-16 has units. */
static inline bool plain_wchar(const struct cell *c, char *app_dst, SQLLEN cap_bytes, SQLLEN *len)
{
    const SQLWCHAR end = 0;
    size_t used;
    size_t units;

    if (cap_bytes <= 0 || c->len >= (size_t)cap_bytes / sizeof end)
        return false;
    units = piece_to_wide(c->ptr, c->len, app_dst, c->len, &used);
    memcpy(app_dst + units * sizeof end, &end, sizeof end);
    *len = (SQLLEN)(units * sizeof end);
    return true;
}

BLOCK(char)
BLOCK(wchar)

/* ---- dates and times ---- */

/* Two digits; more than 99 when they are none. */
static inline unsigned two_digits(const char *s)
{
    unsigned hi = (unsigned)(unsigned char)s[0] - '0';
    unsigned lo = (unsigned)(unsigned char)s[1] - '0';

    return hi <= 9 && lo <= 9 ? hi * 10 + lo : 1000;
}

/* yyyy-mm-dd. Days beyond 28 are the calendar's business, which the converter of the cell knows. */
static inline bool read_date(const char *s, SQL_DATE_STRUCT *v)
{
    unsigned century = two_digits(s);
    unsigned year = two_digits(s + 2);
    unsigned month = two_digits(s + 5);
    unsigned day = two_digits(s + 8);

    if (century > 99 || year > 99 || (century | year) == 0 || s[4] != '-' || s[7] != '-' ||
        month - 1 > 11 || day - 1 > 30)
        return false;
    v->year = (SQLSMALLINT)(century * 100 + year);
    v->month = (SQLUSMALLINT)month;
    v->day = (SQLUSMALLINT)day;
    return day <= 28 || datetime_date_is_valid(v->year, month, day);
}

static inline bool plain_date(const struct cell *c, char *app_dst, SQLLEN cap_bytes, SQLLEN *len)
{
    SQL_DATE_STRUCT v;

    (void)cap_bytes;
    if (c->len != 10 || !read_date(c->ptr, &v))
        return false;
    memcpy(app_dst, &v, sizeof v);
    *len = sizeof v;
    return true;
}

/* .f to .ffffff at s[0..n): nanoseconds, and how many characters; 0 when there is none. */
static inline size_t read_fraction(const char *s, size_t n, SQLUINTEGER *nanos)
{
    SQLUINTEGER v = 0;
    SQLUINTEGER unit = 1000000000;
    size_t i = 1;

    *nanos = 0;
    if (n < 2 || s[0] != '.')
        return 0;
    for (; i < n && i <= 6; i++) {
        unsigned digit = (unsigned)(unsigned char)s[i] - '0';
        if (digit > 9)
            break;
        unit /= 10;
        v += digit * unit;
    }
    *nanos = v;
    return i > 1 ? i : 0;
}

/* What may follow: nothing, or an offset of whole hours, which the structure does not hold. */
static inline bool is_plain_tail(const char *s, size_t n)
{
    return n == 0 || (n == 3 && (s[0] == '+' || s[0] == '-') && two_digits(s + 1) <= 15);
}

static inline bool plain_timestamp(const struct cell *c, char *app_dst, SQLLEN cap_bytes,
                                   SQLLEN *len)
{
    const char *s = c->ptr;
    SQL_TIMESTAMP_STRUCT v;
    SQL_DATE_STRUCT date;
    unsigned hour;
    unsigned minute;
    unsigned second;
    size_t at = 19;

    (void)cap_bytes;
    if (c->len < 19 || s[10] != ' ' || s[13] != ':' || s[16] != ':' || !read_date(s, &date))
        return false;
    hour = two_digits(s + 11);
    minute = two_digits(s + 14);
    second = two_digits(s + 17);
    at += read_fraction(s + at, c->len - at, &v.fraction);
    if (hour > 23 || minute > 59 || second > 59 || !is_plain_tail(s + at, c->len - at))
        return false;
    v.year = date.year;
    v.month = date.month;
    v.day = date.day;
    v.hour = (SQLUSMALLINT)hour;
    v.minute = (SQLUSMALLINT)minute;
    v.second = (SQLUSMALLINT)second;
    memcpy(app_dst, &v, sizeof v);
    *len = sizeof v;
    return true;
}

BLOCK(date)
BLOCK(timestamp)

/* ---- booleans ---- */

static inline bool plain_bit(const struct cell *c, char *app_dst, SQLLEN cap_bytes, SQLLEN *len)
{
    (void)cap_bytes;
    if (c->len != 1 || (c->ptr[0] != 't' && c->ptr[0] != 'f'))
        return false;
    *app_dst = c->ptr[0] == 't';
    *len = 1;
    return true;
}

BLOCK(bit)

/* ---- choosing ---- */

/* The converter of the cell says which values there are; text columns are not read as numbers or
 * dates here, because blanks and words are allowed around those. */
static const struct block_row {
    to_c_fn *fn;
    SQLSMALLINT c_type;
    to_c_block_fn *block;
} block_rows[] = {
    {to_c_int_int, SQL_C_SBIGINT, block_i64},
    {to_c_int_int, SQL_C_SLONG, block_i32},
    {to_c_int_int, SQL_C_SSHORT, block_i16},
    {to_c_number_double, SQL_C_DOUBLE, block_double},
    {to_c_number_numeric, SQL_C_NUMERIC, block_numeric},
    {to_c_text, SQL_C_CHAR, block_char},
    {to_c_text, SQL_C_WCHAR, block_wchar},
    {to_c_number_literal, SQL_C_CHAR, block_char},
    {to_c_number_literal, SQL_C_WCHAR, block_wchar},
    {to_c_datetime_date, SQL_C_TYPE_DATE, block_date},
    {to_c_datetime_timestamp, SQL_C_TYPE_TIMESTAMP, block_timestamp},
    {to_c_bool_bit, SQL_C_BIT, block_bit},
};

to_c_block_fn *to_c_choose_block(const struct to_c *spec)
{
    /* A precision that the application set is a rule of its own. */
    if (spec->fn == to_c_number_numeric && spec->precision > 0)
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(block_rows); i++)
        if (block_rows[i].fn == spec->fn && block_rows[i].c_type == spec->c_type)
            return block_rows[i].block;
    return NULL;
}
