/* Interval structures as parameters, and numbers for interval types of one field. The text is ISO
 * 8601, which the server reads alike under every IntervalStyle; a character type gets ODBC's
 * literal. */
#include <string.h>

#include "convert/from_c.h"
#include "convert/interval.h"
#include "convert/numeric.h"

static enum conv read_struct(const struct from_job *j, struct interval *v)
{
    SQL_INTERVAL_STRUCT s;

    memcpy(&s, j->app_value, sizeof s);
    return interval_from_struct(&s, j->c_type, j->p->precision > 0 ? j->p->precision : 6, v);
}

enum conv from_c_interval(struct from_job *j)
{
    char literal[INTERVAL_TEXT_MAX];
    char iso[INTERVAL_TEXT_MAX];
    struct interval v;
    size_t len;
    size_t whole;
    enum conv r = read_struct(j, &v);

    if (r != CONV_OK)
        return r;
    if (!interval_print_literal(&v, j->family == SF_CHAR ? j->c_type : j->sql_type, literal, &len,
                                &whole))
        return CONV_INTERVAL_OVERFLOW;
    if (j->family == SF_CHAR)
        return from_c_append(j, literal, len);
    return from_c_append(j, iso, interval_print_iso(&v, iso));
}

/* Only the leading field of a single-field interval counts; seconds may have a fraction. */
enum conv from_c_interval_number(struct from_job *j)
{
    char text[NUMBER_TEXT_MAX];
    struct interval v;
    int64_t millionths;
    size_t n;
    enum conv r = read_struct(j, &v);

    if (r == CONV_OK)
        r = interval_to_count(&v, j->c_type, &millionths);
    if (r != CONV_OK)
        return r;
    n = number_print_i64(millionths, text);
    memcpy(text + n, "e-6", 3);
    return from_c_append_number(j, text, n + 3, false);
}

enum conv from_c_number_interval(struct from_job *j)
{
    char text[NUMBER_TEXT_MAX];
    char iso[INTERVAL_TEXT_MAX];
    struct interval v;
    struct decimal d;
    uint64_t magnitude;
    bool cut;

    if (number_parse(text, from_c_number_text(j, text), &d) != NUMBER_FINITE)
        return CONV_OUT_OF_RANGE;
    d.point += 6;
    if (!decimal_to_u64(&d, &magnitude, &cut) || magnitude > INT64_MAX || cut ||
        (j->sql_type != SQL_INTERVAL_SECOND && magnitude % 1000000 != 0))
        return CONV_INTERVAL_OVERFLOW;
    if (!interval_from_count(j->sql_type, d.negative ? -(int64_t)magnitude : (int64_t)magnitude,
                             &v))
        return CONV_INTERVAL_OVERFLOW;
    return from_c_append(j, iso, interval_print_iso(&v, iso));
}
