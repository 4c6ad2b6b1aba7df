/* Intervals to C, intervals in text columns, and whole numbers as intervals of one field.
 *
 * A column reported as a character type (the default) gives the server's text; one reported as
 * SQL_INTERVAL_* gives ODBC's literal. Months never become days: such a value does not fit a
 * day-time structure (22015). */
#include "convert/interval.h"
#include "convert/matrix.h"
#include "convert/numeric.h"
#include "convert/piece.h"

static enum conv parse_cell(const struct to_c *spec, const struct cell *cell, SQLSMALLINT kind,
                            struct interval *v)
{
    switch (interval_parse(cell->ptr, cell->len, kind, v)) {
    case INTERVAL_OK:
        return CONV_OK;
    case INTERVAL_TOO_LARGE:
        return CONV_INTERVAL_OVERFLOW;
    default:
        return spec->row->family == FAM_INTERVAL ? CONV_BAD_DATETIME : CONV_BAD_TEXT;
    }
}

enum conv to_c_interval_text(const struct to_c *spec, const struct cell *cell, struct to_c_out *out)
{
    char literal[INTERVAL_TEXT_MAX];
    struct interval v;
    size_t len;
    size_t whole;

    if (sql_type_is_character(spec->sql_type) || !interval_is_kind(spec->sql_type) ||
        parse_cell(spec, cell, 0, &v) != CONV_OK ||
        !interval_print_literal(&v, spec->sql_type, literal, &len, &whole))
        return piece_text(spec, out, cell->ptr, cell->len);
    return piece_literal(spec, out, literal, len, whole);
}

enum conv to_c_interval_interval(const struct to_c *spec, const struct cell *cell,
                                 struct to_c_out *out)
{
    SQL_INTERVAL_STRUCT s;
    struct interval v;
    SQLSMALLINT kind = spec->row->family == FAM_INTERVAL ? 0 : spec->c_type;
    enum conv r = parse_cell(spec, cell, kind, &v);

    if (r != CONV_OK)
        return r;
    r = interval_to_struct(&v, spec->c_type, spec->scale, spec->precision > 0 ? spec->precision : 6,
                           &s);
    if (r == CONV_OK || r == CONV_FRACTION_LOST)
        (void)piece_fixed(out, &s, sizeof s);
    return r;
}

/* Columns reported as an interval of one field: their count. */
static enum conv count_of(const struct to_c *spec, const struct cell *cell, int64_t *millionths)
{
    struct interval v;
    enum conv r = parse_cell(spec, cell, 0, &v);

    return r == CONV_OK ? interval_to_count(&v, spec->sql_type, millionths) : r;
}

enum conv to_c_interval_int(const struct to_c *spec, const struct cell *cell, struct to_c_out *out)
{
    int64_t millionths;
    uint64_t magnitude;
    enum conv r = count_of(spec, cell, &millionths);

    if (r != CONV_OK && r != CONV_FRACTION_LOST)
        return r;
    magnitude = millionths < 0 ? 0 - (uint64_t)millionths : (uint64_t)millionths;
    return to_c_store_int(spec, out, millionths < 0, magnitude / 1000000,
                          r == CONV_FRACTION_LOST || magnitude % 1000000 != 0);
}

enum conv to_c_interval_numeric(const struct to_c *spec, const struct cell *cell,
                                struct to_c_out *out)
{
    char text[NUMBER_TEXT_MAX];
    SQL_NUMERIC_STRUCT v;
    struct decimal d;
    int64_t millionths;
    enum conv counted = count_of(spec, cell, &millionths);
    enum conv r;

    if (counted != CONV_OK && counted != CONV_FRACTION_LOST)
        return counted;
    (void)number_parse(text, number_print_i64(millionths, text), &d);
    d.point -= 6;
    d.scale = spec->sql_type == SQL_INTERVAL_SECOND ? 6 : 0;
    r = decimal_to_numeric(&d, spec->precision, spec->scale, &v);
    if (r == CONV_OK || r == CONV_FRACTION_LOST)
        (void)piece_fixed(out, &v, sizeof v);
    return r == CONV_OK ? counted : r;
}

enum conv to_c_number_interval(const struct to_c *spec, const struct cell *cell,
                               struct to_c_out *out)
{
    SQL_INTERVAL_STRUCT s;
    struct interval v;
    struct decimal d;
    uint64_t magnitude;
    bool cut;
    enum conv r;

    if (number_parse(cell->ptr, cell->len, &d) != NUMBER_FINITE)
        return CONV_OUT_OF_RANGE;
    /* Appendix D: no number fits an interval of more than one field. */
    if (!interval_is_single(spec->c_type))
        return CONV_INTERVAL_OVERFLOW;
    d.point += 6;
    if (!decimal_to_u64(&d, &magnitude, &cut) || magnitude > INT64_MAX)
        return CONV_INTERVAL_OVERFLOW;
    if (spec->c_type != SQL_C_INTERVAL_SECOND && magnitude % 1000000 != 0) {
        magnitude -= magnitude % 1000000;
        cut = true;
    }
    if (!interval_from_count(spec->c_type, d.negative ? -(int64_t)magnitude : (int64_t)magnitude,
                             &v))
        return CONV_INTERVAL_OVERFLOW;
    r = interval_to_struct(&v, spec->c_type, spec->scale, spec->precision > 0 ? spec->precision : 6,
                           &s);
    if (r != CONV_OK && r != CONV_FRACTION_LOST)
        return r;
    (void)piece_fixed(out, &s, sizeof s);
    return cut ? CONV_FRACTION_LOST : r;
}
