/* Numbers to C: from integer, float and numeric columns, and from numbers in text columns.
 *
 * Outcomes as in appendix D: a lost fraction is CONV_FRACTION_LOST with the value cut toward zero,
 * lost whole digits are CONV_OUT_OF_RANGE, text that is no number is CONV_BAD_TEXT. */
#include <math.h>

#include "convert/matrix.h"
#include "convert/numeric.h"
#include "convert/piece.h"

/* Words like NaN count as numbers in number columns only: in a text column they are somebody's
 * name. */
static enum number_kind parse_cell(const struct to_c *spec, const struct cell *cell,
                                   struct decimal *d)
{
    enum number_kind kind = number_parse(cell->ptr, cell->len, d);
    enum type_family family = spec->row->family;

    if (kind != NUMBER_FINITE && family != FAM_FLOAT && family != FAM_NUMERIC)
        return NUMBER_BAD;
    return kind;
}

/* NaN and infinities fit into no integer. */
static enum conv not_finite(enum number_kind kind)
{
    return kind == NUMBER_BAD ? CONV_BAD_TEXT : CONV_OUT_OF_RANGE;
}

/* Characters that must not be cut: sign and whole digits, or everything if there is an exponent or
 * a word. */
static size_t whole_chars(const char *s, size_t n)
{
    size_t point = n;

    for (size_t i = 0; i < n; i++) {
        if (s[i] == '.' && point == n)
            point = i;
        else if (!ascii_is_digit(s[i]) && !(i == 0 && s[i] == '-'))
            return n;
    }
    return point;
}

enum conv to_c_number_literal(const struct to_c *spec, const struct cell *cell,
                              struct to_c_out *out)
{
    if (out->app_buf && out->cap_bytes > 0 && (size_t)out->cap_bytes / sizeof(SQLWCHAR) > cell->len)
        return piece_text(spec, out, cell->ptr, cell->len);
    return piece_literal(spec, out, cell->ptr, cell->len, whole_chars(cell->ptr, cell->len));
}

static enum conv store_signed(struct to_c_out *out, size_t size, int64_t v)
{
    int8_t v8 = (int8_t)v;
    int16_t v16 = (int16_t)v;
    int32_t v32 = (int32_t)v;

    switch (size) {
    case 1:
        return piece_fixed(out, &v8, 1);
    case 2:
        return piece_fixed(out, &v16, 2);
    case 4:
        return piece_fixed(out, &v32, 4);
    default:
        return piece_fixed(out, &v, 8);
    }
}

static bool is_unsigned_c_type(SQLSMALLINT c_type)
{
    return c_type == SQL_C_UBIGINT || c_type == SQL_C_ULONG || c_type == SQL_C_USHORT ||
           c_type == SQL_C_UTINYINT;
}

enum conv to_c_store_int(const struct to_c *spec, struct to_c_out *out, bool negative,
                         uint64_t magnitude, bool cut)
{
    bool is_unsigned = is_unsigned_c_type(spec->c_type);
    unsigned bits = (unsigned)spec->c_size * 8;
    uint64_t limit =
        is_unsigned ? UINT64_MAX >> (64 - bits) : (UINT64_C(1) << (bits - 1)) - (negative ? 0 : 1);
    uint64_t value = negative ? 0 - magnitude : magnitude;

    if (magnitude > limit || (is_unsigned && negative && magnitude != 0))
        return CONV_OUT_OF_RANGE;
    (void)store_signed(out, spec->c_size, (int64_t)value);
    return cut ? CONV_FRACTION_LOST : CONV_OK;
}

enum conv to_c_number_int(const struct to_c *spec, const struct cell *cell, struct to_c_out *out)
{
    struct decimal d;
    enum number_kind kind = parse_cell(spec, cell, &d);
    uint64_t magnitude;
    bool cut;

    if (kind != NUMBER_FINITE)
        return not_finite(kind);
    if (!decimal_to_u64(&d, &magnitude, &cut))
        return CONV_OUT_OF_RANGE;
    return to_c_store_int(spec, out, d.negative, magnitude, cut);
}

/* The value is binary; its text, the shortest that reads back as the same value, has fewer digits
 * where it is large: 123456792 as real is 1.2345679e+08. */
enum conv to_c_float_int(const struct to_c *spec, const struct cell *cell, struct to_c_out *out)
{
    struct decimal d;
    enum number_kind kind = parse_cell(spec, cell, &d);
    bool single = spec->row->sql_type == SQL_REAL;
    uint64_t magnitude;
    SQLDOUBLE v = 0;
    SQLREAL v4;
    bool cut;

    if (kind != NUMBER_FINITE)
        return not_finite(kind);
    if (single ? !decimal_to_float(&d, &v4) : !decimal_to_double(&d, &v))
        return CONV_OUT_OF_RANGE;
    if (!double_to_u64(single ? (SQLDOUBLE)v4 : v, &magnitude, &cut))
        return CONV_OUT_OF_RANGE;
    return to_c_store_int(spec, out, d.negative, magnitude, cut);
}

enum conv to_c_int_int(const struct to_c *spec, const struct cell *cell, struct to_c_out *out)
{
    int64_t v;

    if (!number_fast_i64(cell->ptr, cell->len, &v))
        return to_c_number_int(spec, cell, out);
    if (spec->c_type == SQL_C_SBIGINT)
        return piece_fixed(out, &v, sizeof v);
    return to_c_store_int(spec, out, v < 0, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, false);
}

enum conv to_c_number_bit(const struct to_c *spec, const struct cell *cell, struct to_c_out *out)
{
    struct decimal d;
    enum number_kind kind = parse_cell(spec, cell, &d);
    uint64_t magnitude;
    bool cut;
    SQLCHAR bit;

    if (kind != NUMBER_FINITE)
        return not_finite(kind);
    if (!decimal_to_u64(&d, &magnitude, &cut) || magnitude > 1 ||
        (d.negative && (magnitude != 0 || cut)))
        return CONV_OUT_OF_RANGE;
    bit = (SQLCHAR)magnitude;
    (void)piece_fixed(out, &bit, sizeof bit);
    return cut ? CONV_FRACTION_LOST : CONV_OK;
}

static double special_value(enum number_kind kind)
{
    if (kind == NUMBER_NAN)
        return (double)NAN;
    return kind == NUMBER_INFINITY ? (double)INFINITY : -(double)INFINITY;
}

enum conv to_c_number_double(const struct to_c *spec, const struct cell *cell, struct to_c_out *out)
{
    struct decimal d;
    enum number_kind kind = parse_cell(spec, cell, &d);
    SQLDOUBLE v;

    if (kind == NUMBER_BAD)
        return CONV_BAD_TEXT;
    if (kind != NUMBER_FINITE)
        v = special_value(kind);
    else if (!decimal_to_double(&d, &v))
        return CONV_OUT_OF_RANGE;
    return piece_fixed(out, &v, sizeof v);
}

enum conv to_c_number_float(const struct to_c *spec, const struct cell *cell, struct to_c_out *out)
{
    struct decimal d;
    enum number_kind kind = parse_cell(spec, cell, &d);
    SQLREAL v;

    if (kind == NUMBER_BAD)
        return CONV_BAD_TEXT;
    if (kind != NUMBER_FINITE)
        v = (SQLREAL)special_value(kind);
    else if (!decimal_to_float(&d, &v))
        return CONV_OUT_OF_RANGE;
    return piece_fixed(out, &v, sizeof v);
}

enum conv to_c_number_numeric(const struct to_c *spec, const struct cell *cell,
                              struct to_c_out *out)
{
    SQL_NUMERIC_STRUCT v;
    struct decimal d;
    enum number_kind kind = parse_cell(spec, cell, &d);
    enum conv r;

    if (kind != NUMBER_FINITE)
        return not_finite(kind);
    r = decimal_to_numeric(&d, spec->precision > 0 ? spec->precision : 0, spec->scale, &v);
    if (r == CONV_OK || r == CONV_FRACTION_LOST)
        (void)piece_fixed(out, &v, sizeof v);
    return r;
}
