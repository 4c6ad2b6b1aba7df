/* Numbers as text: parsing without loss, and the few printers parameters need. No locale, no
 * allocation. */
#ifndef NEON_CONVERT_NUMERIC_H
#define NEON_CONVERT_NUMERIC_H

#include <sql.h>
#include <sqlext.h>

#include "base/str.h"
#include "convert/convert.h"

/* A decimal number as a view of its text: value = 0.d1d2d3... x 10^point, the digits being those of
 * `a`, then those of `b`. The first and the last digit are not 0; no digits at all = zero. */
struct decimal {
    bool negative;
    const char *a, *b;
    size_t a_len, b_len;
    int64_t point;
    int64_t scale; /* digits behind the point as written: 1.50 has 2, 1e3 has 0 */
};

/* What a text is. Words are PostgreSQL's: NaN, Infinity, -Infinity (and inf), ignoring case. */
enum number_kind { NUMBER_BAD, NUMBER_FINITE, NUMBER_NAN, NUMBER_INFINITY, NUMBER_MINUS_INFINITY };
/* Whole text but for blanks around it: [sign] digits [. digits] [e [sign] digits]. */
enum number_kind number_parse(const char *s, size_t n, struct decimal *d);

static inline size_t decimal_digits(const struct decimal *d)
{
    return d->a_len + d->b_len;
}
/* Cuts toward zero; *cut says whether a fraction was lost. False: more than 64 bits. */
bool decimal_to_u64(const struct decimal *d, uint64_t *magnitude, bool *cut);
/* Correctly rounded. False: too large (22003). Too small gives zero or a subnormal. */
bool decimal_to_double(const struct decimal *d, double *out);
bool decimal_to_float(const struct decimal *d, float *out);
/* The whole part of a finite binary number, exactly: the digits of its shortest text are fewer than
 * those of a large one. *cut says whether a fraction was lost. False: more than 64 bits. */
bool double_to_u64(double v, uint64_t *magnitude, bool *cut);
/* precision 0: the number's own digits and scale. CONV_OK, CONV_FRACTION_LOST or CONV_OUT_OF_RANGE.
 */
enum conv decimal_to_numeric(const struct decimal *d, SQLSMALLINT precision, SQLSMALLINT scale,
                             SQL_NUMERIC_STRUCT *out);

/* Fast path: an optional '-' and at most 18 digits. False means "use number_parse", not "bad". */
static inline bool number_fast_i64(const char *s, size_t n, int64_t *out)
{
    bool negative = n > 0 && s[0] == '-';
    size_t i = negative ? 1 : 0;
    int64_t v = 0;

    if (n - i == 0 || n - i > 18)
        return false;
    for (; i < n; i++) {
        unsigned digit = (unsigned)(unsigned char)s[i] - '0';
        if (digit > 9)
            return false;
        v = v * 10 + (int64_t)digit;
    }
    *out = negative ? -v : v;
    return true;
}
/* digits x 10^exponent, correctly rounded, without libc. False: the exponent is beyond +-27, or the
 * result is no normal number of that type; decimal_to_double and decimal_to_float know those too.
 */
bool number_scaled_double(uint64_t digits, int exponent, double *out);
bool number_scaled_float(uint64_t digits, int exponent, float *out);

#define NUMBER_TEXT_MAX 512 /* room for any printer below */
/* Each returns the length; no terminator. */
size_t number_print_u64(uint64_t v, char *out);
size_t number_print_i64(int64_t v, char *out);
/* The shortest text that reads back as the same value; NaN, Infinity, -Infinity, -0. */
size_t number_print_double(double v, char *out);
size_t number_print_float(float v, char *out);
/* The number in plain notation; scale negative appends zeros. */
size_t number_print_numeric(const SQL_NUMERIC_STRUCT *v, int scale, char *out);

#endif
