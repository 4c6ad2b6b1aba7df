/* Booleans to C. The server prints t and f; character targets get "1" and "0" (appendix D, "SQL to
 * C: Bit"), or "-1" for true when the session asks for it. */
#include <string.h>

#include "convert/matrix.h"
#include "convert/numeric.h"
#include "convert/piece.h"

/* Text functions may give the long forms. */
static bool read_bool(const struct cell *cell, bool *v)
{
    struct strview t = sv_n(cell->ptr, cell->len);

    if (sv_eq(t, SV_LIT("t")) || sv_eq(t, SV_LIT("true")) || sv_eq(t, SV_LIT("1"))) {
        *v = true;
        return true;
    }
    *v = false;
    return sv_eq(t, SV_LIT("f")) || sv_eq(t, SV_LIT("false")) || sv_eq(t, SV_LIT("0"));
}

enum conv to_c_bool_text(const struct to_c *spec, const struct cell *cell, struct to_c_out *out)
{
    const char *text;
    bool v;

    if (!read_bool(cell, &v))
        return CONV_BAD_TEXT;
    text = v ? (spec->env->options->true_is_minus1 ? "-1" : "1") : "0";
    return piece_literal(spec, out, text, strlen(text), strlen(text));
}

enum conv to_c_bool_bit(const struct to_c *spec, const struct cell *cell, struct to_c_out *out)
{
    SQLCHAR bit;
    bool v;

    (void)spec;
    if (!read_bool(cell, &v))
        return CONV_BAD_TEXT;
    bit = v ? 1 : 0;
    return piece_fixed(out, &bit, sizeof bit);
}

enum conv to_c_bool_int(const struct to_c *spec, const struct cell *cell, struct to_c_out *out)
{
    bool v;

    if (!read_bool(cell, &v))
        return CONV_BAD_TEXT;
    return to_c_store_int(spec, out, false, v ? 1 : 0, false);
}

enum conv to_c_bool_float(const struct to_c *spec, const struct cell *cell, struct to_c_out *out)
{
    SQLREAL real;
    bool v;

    (void)spec;
    if (!read_bool(cell, &v))
        return CONV_BAD_TEXT;
    real = v ? 1 : 0;
    return piece_fixed(out, &real, sizeof real);
}

enum conv to_c_bool_double(const struct to_c *spec, const struct cell *cell, struct to_c_out *out)
{
    SQLDOUBLE real;
    bool v;

    (void)spec;
    if (!read_bool(cell, &v))
        return CONV_BAD_TEXT;
    real = v ? 1 : 0;
    return piece_fixed(out, &real, sizeof real);
}

enum conv to_c_bool_numeric(const struct to_c *spec, const struct cell *cell, struct to_c_out *out)
{
    SQL_NUMERIC_STRUCT numeric;
    struct decimal d;
    enum conv r;
    bool v;

    if (!read_bool(cell, &v))
        return CONV_BAD_TEXT;
    (void)number_parse(v ? "1" : "0", 1, &d);
    r = decimal_to_numeric(&d, spec->precision, spec->scale, &numeric);
    return r == CONV_OK ? piece_fixed(out, &numeric, sizeof numeric) : r;
}
