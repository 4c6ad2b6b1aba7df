/* Numbers and GUIDs as parameters: their text, checked against the SQL type they are declared as.
 */
#include <math.h>
#include <string.h>

#include "convert/from_c.h"
#include "convert/matrix.h"
#include "convert/numeric.h"

static int64_t read_signed(const struct from_job *j)
{
    int8_t v8;
    int16_t v16;
    int32_t v32;
    int64_t v64;

    switch (j->c_type) {
    case SQL_C_STINYINT:
        memcpy(&v8, j->app_value, 1);
        return v8;
    case SQL_C_SSHORT:
        memcpy(&v16, j->app_value, 2);
        return v16;
    case SQL_C_SLONG:
        memcpy(&v32, j->app_value, 4);
        return v32;
    default:
        memcpy(&v64, j->app_value, 8);
        return v64;
    }
}

static uint64_t read_unsigned(const struct from_job *j)
{
    uint8_t v8;
    uint16_t v16;
    uint32_t v32;
    uint64_t v64;

    switch (j->c_type) {
    case SQL_C_BIT:
        memcpy(&v8, j->app_value, 1);
        return v8 != 0;
    case SQL_C_UTINYINT:
        memcpy(&v8, j->app_value, 1);
        return v8;
    case SQL_C_USHORT:
        memcpy(&v16, j->app_value, 2);
        return v16;
    case SQL_C_ULONG:
        memcpy(&v32, j->app_value, 4);
        return v32;
    default:
        memcpy(&v64, j->app_value, 8);
        return v64;
    }
}

static bool is_real(SQLSMALLINT c_type)
{
    return c_type == SQL_C_DOUBLE || c_type == SQL_C_FLOAT;
}

static double read_real(const struct from_job *j)
{
    double v;
    float v4;

    if (j->c_type == SQL_C_DOUBLE) {
        memcpy(&v, j->app_value, sizeof v);
        return v;
    }
    memcpy(&v4, j->app_value, sizeof v4);
    return (double)v4;
}

static size_t print_numeric_struct(const struct from_job *j, char *text)
{
    SQL_NUMERIC_STRUCT v;

    memcpy(&v, j->app_value, sizeof v);
    /* A structure nobody filled but for its bytes: the descriptor says what it means. */
    if (v.precision == 0) {
        int scale = j->p->scale;
        return number_print_numeric(&v, scale > 127 ? 127 : (scale < -128 ? -128 : scale), text);
    }
    return number_print_numeric(&v, v.scale, text);
}

size_t from_c_number_text(const struct from_job *j, char *text)
{
    switch (j->c_type) {
    case SQL_C_DOUBLE:
        return number_print_double(read_real(j), text);
    case SQL_C_FLOAT:
        return number_print_float((float)read_real(j), text);
    case SQL_C_NUMERIC:
        return print_numeric_struct(j, text);
    case SQL_C_STINYINT:
    case SQL_C_SSHORT:
    case SQL_C_SLONG:
    case SQL_C_SBIGINT:
        return number_print_i64(read_signed(j), text);
    default:
        return number_print_u64(read_unsigned(j), text);
    }
}

/* Signed and unsigned range together: whether the column is unsigned is not known here. */
static bool fits_integer(SQLSMALLINT sql_type, bool negative, uint64_t magnitude)
{
    unsigned bits = sql_type == SQL_TINYINT
                        ? 8
                        : (sql_type == SQL_SMALLINT ? 16 : (sql_type == SQL_INTEGER ? 32 : 64));

    return magnitude <= (negative ? UINT64_C(1) << (bits - 1) : UINT64_MAX >> (64 - bits));
}

static enum conv append_whole(struct from_job *j, bool negative, uint64_t magnitude, bool cut)
{
    char text[NUMBER_TEXT_MAX];
    size_t n = 0;
    enum conv r;

    if (!fits_integer(j->sql_type, negative, magnitude))
        return CONV_OUT_OF_RANGE;
    if (negative && magnitude != 0)
        text[n++] = '-';
    n += number_print_u64(magnitude, text + n);
    r = from_c_append(j, text, n);
    return r == CONV_OK && cut ? CONV_FRACTION_LOST : r;
}

static enum conv append_integer(struct from_job *j, const struct decimal *d, bool from_text)
{
    uint64_t magnitude;
    bool cut;
    enum conv r;

    if (!decimal_to_u64(d, &magnitude, &cut))
        return from_text ? CONV_STRING_TOO_LONG : CONV_OUT_OF_RANGE;
    if (cut && from_text)
        return CONV_STRING_TOO_LONG;
    r = append_whole(j, d->negative, magnitude, cut);
    return r == CONV_OUT_OF_RANGE && from_text ? CONV_STRING_TOO_LONG : r;
}

/* A binary number for an integer: its exact value, not that of its shortest text. */
static enum conv append_real_whole(struct from_job *j, double v)
{
    uint64_t magnitude;
    bool cut;

    if (!isfinite(v) || !double_to_u64(v, &magnitude, &cut))
        return CONV_OUT_OF_RANGE;
    return append_whole(j, v < 0, magnitude, cut);
}

static enum conv append_bit(struct from_job *j, const struct decimal *d)
{
    uint64_t magnitude;
    bool cut;

    if (!decimal_to_u64(d, &magnitude, &cut) || magnitude > 1 ||
        (d->negative && decimal_digits(d) > 0))
        return CONV_OUT_OF_RANGE;
    if (cut)
        return CONV_STRING_TOO_LONG; /* appendix D: between 0 and 2 and not 1 */
    return from_c_append(j, magnitude ? "1" : "0", 1);
}

static bool in_float_range(const struct from_job *j, const struct decimal *d)
{
    double v;
    float v4;

    return j->sql_type == SQL_REAL ? decimal_to_float(d, &v4) : decimal_to_double(d, &v);
}

enum conv from_c_append_number(struct from_job *j, const char *s, size_t n, bool from_text)
{
    struct decimal d;
    enum number_kind kind = number_parse(s, n, &d);

    if (kind == NUMBER_BAD)
        return CONV_BAD_TEXT;
    switch (j->family) {
    case SF_INT:
        if (kind != NUMBER_FINITE)
            return from_text ? CONV_BAD_TEXT : CONV_OUT_OF_RANGE;
        return append_integer(j, &d, from_text);
    case SF_BIT:
        if (kind != NUMBER_FINITE)
            return from_text ? CONV_BAD_TEXT : CONV_OUT_OF_RANGE;
        return append_bit(j, &d);
    case SF_FLOAT:
        if (kind == NUMBER_FINITE && !in_float_range(j, &d))
            return CONV_OUT_OF_RANGE;
        return from_c_append(j, s, n);
    default:
        return from_c_append(j, s, n);
    }
}

enum conv from_c_number(struct from_job *j)
{
    char text[NUMBER_TEXT_MAX];
    size_t n;

    if (j->family == SF_INT && is_real(j->c_type))
        return append_real_whole(j, read_real(j));
    n = from_c_number_text(j, text);
    if (j->family == SF_CHAR)
        return from_c_append(j, text, n);
    return from_c_append_number(j, text, n, false);
}

enum conv from_c_guid(struct from_job *j)
{
    char text[UUID_CHARS];
    SQLGUID g;

    memcpy(&g, j->app_value, sizeof g);
    uuid_print(&g, text);
    return from_c_append(j, text, sizeof text);
}
