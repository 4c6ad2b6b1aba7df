/* Numbers between text and machine form, exactly and without the process's locale.
 *
 * Everything from outside goes through number_parse, which only points into the text, so a numeric
 * of 100,000 digits costs no memory. The two calls into libc that follow the locale (strtod, printf
 * of a double) see and make texts without a decimal point, or are read digit by digit. Called by
 * to_c_*.c and from_c_*.c. */
#include "convert/numeric.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- parsing ---- */

static size_t digit_run(const char *s, size_t n)
{
    size_t i = 0;

    while (i < n && ascii_is_digit(s[i]))
        i++;
    return i;
}

/* Exponents beyond this are all alike: no text has so many digits. */
#define EXPONENT_LIMIT 1000000000

/* [sign] digits up to the end of the text. */
static bool parse_exponent(const char *s, size_t n, int64_t *exponent)
{
    size_t i = (n > 0 && (s[0] == '+' || s[0] == '-')) ? 1 : 0;
    int64_t v = 0;

    if (i == n || digit_run(s + i, n - i) != n - i)
        return false;
    for (; i < n; i++) {
        if (v < EXPONENT_LIMIT)
            v = v * 10 + (s[i] - '0');
    }
    *exponent = s[0] == '-' ? -v : v;
    return true;
}

static enum number_kind parse_word(const char *s, size_t n, bool negative, bool has_sign)
{
    struct strview word = sv_n(s, n);

    if (!has_sign && sv_ieq(word, SV_LIT("nan")))
        return NUMBER_NAN;
    if (sv_ieq(word, SV_LIT("infinity")) || sv_ieq(word, SV_LIT("inf")))
        return negative ? NUMBER_MINUS_INFINITY : NUMBER_INFINITY;
    return NUMBER_BAD;
}

/* Drops leading and trailing zeros so that the first and the last digit count. */
static void normalise(struct decimal *d)
{
    while (d->a_len > 0 && *d->a == '0') {
        d->a++;
        d->a_len--;
        d->point--;
    }
    while (d->a_len == 0 && d->b_len > 0 && *d->b == '0') {
        d->b++;
        d->b_len--;
        d->point--;
    }
    while (d->b_len > 0 && d->b[d->b_len - 1] == '0')
        d->b_len--;
    while (d->b_len == 0 && d->a_len > 0 && d->a[d->a_len - 1] == '0')
        d->a_len--;
}

enum number_kind number_parse(const char *s, size_t n, struct decimal *d)
{
    struct strview t = sv_trim(sv_n(s, n));
    size_t i = 0;
    int64_t exponent = 0;

    memset(d, 0, sizeof *d);
    if (t.len > 0 && (t.ptr[0] == '-' || t.ptr[0] == '+')) {
        d->negative = t.ptr[0] == '-';
        i = 1;
    }
    d->a = t.ptr + i;
    d->a_len = digit_run(d->a, t.len - i);
    i += d->a_len;
    d->b = t.ptr + i;
    if (i < t.len && t.ptr[i] == '.') {
        d->b = t.ptr + i + 1;
        d->b_len = digit_run(d->b, t.len - i - 1);
        i += 1 + d->b_len;
    }
    if (d->a_len + d->b_len == 0)
        return parse_word(d->a, t.len - (size_t)(d->a - t.ptr), d->negative, d->a != t.ptr);
    d->point = (int64_t)d->a_len;
    if (i < t.len) {
        if (ascii_lower(t.ptr[i]) != 'e' ||
            !parse_exponent(t.ptr + i + 1, t.len - i - 1, &exponent))
            return NUMBER_BAD;
    }
    d->scale = (int64_t)d->b_len > exponent ? (int64_t)d->b_len - exponent : 0;
    normalise(d);
    d->point += exponent;
    return NUMBER_FINITE;
}

static inline unsigned digit_at(const struct decimal *d, size_t i)
{
    return (unsigned)((i < d->a_len ? d->a[i] : d->b[i - d->a_len]) - '0');
}

bool decimal_to_u64(const struct decimal *d, uint64_t *magnitude, bool *cut)
{
    size_t n = decimal_digits(d);
    uint64_t v = 0;

    *cut = false;
    *magnitude = 0;
    if (n == 0)
        return true;
    if (d->point > 20)
        return false;
    for (int64_t i = 0; i < d->point; i++) {
        unsigned digit = (size_t)i < n ? digit_at(d, (size_t)i) : 0;
        if (v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *cut = d->point < (int64_t)n;
    *magnitude = v;
    return true;
}

/* ---- binary floating point ---- */

static const double exact_powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                      1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                      1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* Integers of 128 bits hold 64 bits of digits times a power of five that fits 64 bits itself, so
 * that the arithmetic below is exact and rounds once. */
__extension__ typedef unsigned __int128 wide_uint; /* style:allow: a scalar */

#define EXACT_POWER 27
static const uint64_t powers_of_five[EXACT_POWER + 1] = {
    UINT64_C(1),
    UINT64_C(5),
    UINT64_C(25),
    UINT64_C(125),
    UINT64_C(625),
    UINT64_C(3125),
    UINT64_C(15625),
    UINT64_C(78125),
    UINT64_C(390625),
    UINT64_C(1953125),
    UINT64_C(9765625),
    UINT64_C(48828125),
    UINT64_C(244140625),
    UINT64_C(1220703125),
    UINT64_C(6103515625),
    UINT64_C(30517578125),
    UINT64_C(152587890625),
    UINT64_C(762939453125),
    UINT64_C(3814697265625),
    UINT64_C(19073486328125),
    UINT64_C(95367431640625),
    UINT64_C(476837158203125),
    UINT64_C(2384185791015625),
    UINT64_C(11920928955078125),
    UINT64_C(59604644775390625),
    UINT64_C(298023223876953125),
    UINT64_C(1490116119384765625),
    UINT64_C(7450580596923828125),
};

static int wide_bits(wide_uint v)
{
    uint64_t high = (uint64_t)(v >> 64);

    return high != 0 ? 128 - __builtin_clzll(high) : 64 - __builtin_clzll((uint64_t)v);
}

/* The `bits` highest bits of v (not 0), rounded half to even; `more`: something follows below v's
 * last bit. The value is then *rounded x 2^return. */
static int round_wide(wide_uint v, bool more, int bits, uint64_t *rounded)
{
    int shift = wide_bits(v) - bits;
    wide_uint rest;
    wide_uint half;

    if (shift <= 0) { /* `more` never comes with so few bits */
        *rounded = (uint64_t)v;
        return 0;
    }
    rest = v & (((wide_uint)1 << shift) - 1);
    half = (wide_uint)1 << (shift - 1);
    *rounded = (uint64_t)(v >> shift);
    if (rest > half || (rest == half && (more || (*rounded & 1) != 0)))
        (*rounded)++;
    return shift;
}

/* digits x 10^exponent as *rounded x 2^return, with at most `bits` bits. */
static int scale_exactly(uint64_t digits, int exponent, int bits, uint64_t *rounded)
{
    wide_uint v;
    int zeros;

    if (exponent >= 0)
        return round_wide((wide_uint)digits * powers_of_five[exponent], false, bits, rounded) +
               exponent;
    /* As many bits as there is room for: the quotient has 65 at least. */
    zeros = __builtin_clzll(digits);
    v = (wide_uint)(digits << zeros) << 64;
    return round_wide(v / powers_of_five[-exponent], v % powers_of_five[-exponent] != 0, bits,
                      rounded) +
           exponent - 64 - zeros;
}

bool number_scaled_double(uint64_t digits, int exponent, double *out)
{
    uint64_t rounded;
    int shift;

    if (exponent < -EXACT_POWER || exponent > EXACT_POWER)
        return false;
    if (digits >> DBL_MANT_DIG == 0 && exponent >= -22 && exponent <= 22) {
        /* Clinger: both are exact doubles, so one operation rounds correctly. */
        double v = (double)digits;
        *out = exponent < 0 ? v / exact_powers[-exponent] : v * exact_powers[exponent];
        return true;
    }
    if (digits == 0) {
        *out = 0;
        return true;
    }
    shift = scale_exactly(digits, exponent, DBL_MANT_DIG, &rounded);
    *out = ldexp((double)rounded, shift); /* exact: far from both ends of the range */
    return true;
}

bool number_scaled_float(uint64_t digits, int exponent, float *out)
{
    uint64_t rounded;
    int shift;
    double v;

    if (exponent < -EXACT_POWER || exponent > EXACT_POWER)
        return false;
    if (digits == 0) {
        *out = 0;
        return true;
    }
    shift = scale_exactly(digits, exponent, FLT_MANT_DIG, &rounded);
    v = ldexp((double)rounded, shift);
    if (v > (double)FLT_MAX)
        return false;
    *out = (float)v;
    return true;
}

/* The digits as one number, when there are no more than it holds. */
static bool short_digits(const struct decimal *d, uint64_t *digits, int *exponent)
{
    size_t n = decimal_digits(d);
    int64_t power = d->point - (int64_t)n;

    if (n > 19 || power < -EXACT_POWER || power > EXACT_POWER)
        return false;
    *digits = 0;
    for (size_t i = 0; i < n; i++)
        *digits = *digits * 10 + digit_at(d, i);
    *exponent = (int)power;
    return true;
}

/* 767 digits decide the rounding of any double; a further digit that is not 0 stands for all that
 * follow. */
#define ROUNDING_DIGITS 780

/* The number as "digits e exponent", which strtod reads alike in every locale. */
static void plain_text(const struct decimal *d, char *text, size_t cap)
{
    size_t n = decimal_digits(d);
    size_t take = n > ROUNDING_DIGITS ? ROUNDING_DIGITS : n;
    size_t len = 0;
    int64_t exponent;

    if (d->negative)
        text[len++] = '-';
    for (size_t i = 0; i < take; i++)
        text[len++] = (char)('0' + digit_at(d, i));
    if (take < n)
        text[len++] = '1';
    exponent = d->point - (int64_t)take - (take < n ? 1 : 0);
    if (exponent > 99999)
        exponent = 99999;
    if (exponent < -99999)
        exponent = -99999;
    (void)snprintf(text + len, cap - len, "e%d", (int)exponent);
}

bool decimal_to_double(const struct decimal *d, double *out)
{
    char text[ROUNDING_DIGITS + 16];
    uint64_t digits;
    int exponent;

    if (decimal_digits(d) == 0) {
        *out = d->negative ? -0.0 : 0.0;
        return true;
    }
    if (short_digits(d, &digits, &exponent) && number_scaled_double(digits, exponent, out)) {
        *out = d->negative ? -*out : *out;
        return true;
    }
    plain_text(d, text, sizeof text);
    *out = strtod(text, NULL); /* style:allow: no decimal point in it */
    return isfinite(*out) != 0;
}

bool decimal_to_float(const struct decimal *d, float *out)
{
    char text[ROUNDING_DIGITS + 16];
    uint64_t digits;
    int exponent;

    if (decimal_digits(d) == 0) {
        *out = d->negative ? -0.0f : 0.0f;
        return true;
    }
    if (short_digits(d, &digits, &exponent) && number_scaled_float(digits, exponent, out)) {
        *out = d->negative ? -*out : *out;
        return true;
    }
    /* Through double it would be rounded twice. */
    plain_text(d, text, sizeof text);
    *out = strtof(text, NULL); /* style:allow: no decimal point in it */
    return isfinite(*out) != 0;
}

bool double_to_u64(double v, uint64_t *magnitude, bool *cut)
{
    double size = fabs(v);

    *cut = false;
    *magnitude = 0;
    if (!(size < ldexp(1, 64)))
        return false;
    *magnitude = (uint64_t)size;
    *cut = (double)*magnitude != size; /* exact: above 2^53 nothing is cut */
    return true;
}

/* ---- SQL_NUMERIC_STRUCT: a 128-bit magnitude, least significant byte first ---- */

#define NUMERIC_DIGITS 38

enum conv decimal_to_numeric(const struct decimal *d, SQLSMALLINT precision, SQLSMALLINT scale,
                             SQL_NUMERIC_STRUCT *out)
{
    int64_t n = (int64_t)decimal_digits(d);
    int64_t point = n == 0 ? 0 : d->point;
    int64_t want = scale; /* digits behind the point */
    int64_t limit = (precision == 0 || precision > NUMERIC_DIGITS) ? NUMERIC_DIGITS : precision;
    int64_t kept; /* digits of the scaled integer */
    wide_uint magnitude = 0;

    if (precision == 0) {
        int64_t room = point > 0 ? NUMERIC_DIGITS - point : NUMERIC_DIGITS;
        want = d->scale;
        if (want > room)
            want = room > 0 ? room : 0;
    }
    kept = point + want;
    if (n > 0 && kept > limit)
        return CONV_OUT_OF_RANGE;
    memset(out, 0, sizeof *out);
    for (int64_t i = 0; i < kept; i++)
        magnitude = magnitude * 10 + (i < n ? digit_at(d, (size_t)i) : 0);
    for (size_t i = 0; i < SQL_MAX_NUMERIC_LEN; i++)
        out->val[i] = (SQLCHAR)(magnitude >> (8 * i) & 0xFF);
    out->precision = (SQLCHAR)limit;
    out->scale = (SQLSCHAR)want;
    out->sign = d->negative && n > 0 ? 0 : 1;
    return n > 0 && kept < n ? CONV_FRACTION_LOST : CONV_OK;
}

/* Divides the magnitude by 10; returns the remainder. */
static unsigned val_divmod10(SQLCHAR *val)
{
    unsigned rest = 0;

    for (size_t i = SQL_MAX_NUMERIC_LEN; i-- > 0;) {
        unsigned v = rest * 256u + val[i];
        val[i] = (SQLCHAR)(v / 10);
        rest = v % 10;
    }
    return rest;
}

static bool val_is_zero(const SQLCHAR *val)
{
    for (size_t i = 0; i < SQL_MAX_NUMERIC_LEN; i++) {
        if (val[i] != 0)
            return false;
    }
    return true;
}

size_t number_print_numeric(const SQL_NUMERIC_STRUCT *v, int scale, char *out)
{
    SQLCHAR val[SQL_MAX_NUMERIC_LEN];
    char digits[200]; /* 39 of the magnitude and up to 128 zeros, least significant first */
    size_t n = 0;
    size_t len = 0;
    bool zero;

    memcpy(val, v->val, sizeof val);
    zero = val_is_zero(val);
    for (int i = 0; i > scale && !zero; i--)
        digits[n++] = '0';
    while (!val_is_zero(val))
        digits[n++] = (char)('0' + val_divmod10(val));
    while (n == 0 || (int)n <= scale)
        digits[n++] = '0';
    if (v->sign == 0 && !zero)
        out[len++] = '-';
    while (n-- > 0) {
        out[len++] = digits[n];
        if (n > 0 && (int)n == scale)
            out[len++] = '.';
    }
    return len;
}

/* ---- printing ---- */

size_t number_print_u64(uint64_t v, char *out)
{
    char rev[20];
    size_t n = 0;

    do {
        rev[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    for (size_t i = 0; i < n; i++)
        out[i] = rev[n - 1 - i];
    return n;
}

size_t number_print_i64(int64_t v, char *out)
{
    if (v >= 0)
        return number_print_u64((uint64_t)v, out);
    out[0] = '-';
    return 1 + number_print_u64(0 - (uint64_t)v, out + 1);
}

static size_t print_special(double v, char *out)
{
    const char *word = isnan(v) ? "NaN" : (v > 0 ? "Infinity" : "-Infinity");
    size_t n = strlen(word);

    memcpy(out, word, n);
    return n;
}

/* Digits d1d2d3... of 0.d1d2d3 x 10^point in plain notation, or with an exponent when that would be
 * long. */
static size_t print_digits(const char *digits, size_t n, int point, char *out)
{
    size_t len = 0;

    if (point < -4 || point > 21) {
        out[len++] = digits[0];
        if (n > 1) {
            out[len++] = '.';
            memcpy(out + len, digits + 1, n - 1);
            len += n - 1;
        }
        out[len++] = 'e';
        return len + number_print_i64(point - 1, out + len);
    }
    if (point <= 0) {
        out[len++] = '0';
        out[len++] = '.';
        for (int i = point; i < 0; i++)
            out[len++] = '0';
        memcpy(out + len, digits, n);
        return len + n;
    }
    for (size_t i = 0; i < n || (int)i < point; i++) {
        if (i == (size_t)point)
            out[len++] = '.';
        out[len++] = i < n ? digits[i] : '0';
    }
    return len;
}

/* The `precision` significant digits of v > 0, trailing zeros dropped. printf's decimal point,
 * whatever it is, is no digit and is skipped. */
static size_t significant(double v, int precision, char *digits, int *point)
{
    char text[64];
    size_t n = 0;
    const char *p = text;

    (void)snprintf(text, sizeof text, "%.*e", precision - 1, v); /* style:allow: see above */
    for (; *p != 'e' && *p != '\0'; p++) {
        if (ascii_is_digit(*p))
            digits[n++] = *p;
    }
    *point = (int)strtol(*p ? p + 1 : p, NULL, 10) + 1;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    return n;
}

/* Most numbers people store have few decimals: look for m / 10^k with a small exact m. The quotient
 * of two exact numbers is rounded once, just as a reader rounds the text. */
static size_t print_short_decimal(double v, char *out)
{
    for (int k = 0; k <= 9 && v * exact_powers[k] < 1e15; k++) {
        double m = (double)(uint64_t)(v * exact_powers[k] + 0.5);
        if (m / exact_powers[k] == v) {
            char digits[20];
            size_t n = number_print_u64((uint64_t)m, digits);
            return print_digits(digits, n, (int)n - k, out);
        }
    }
    return 0;
}

static size_t print_positive(double v, bool is_float, char *out)
{
    char digits[24];
    int point = 0;
    size_t n = 0;
    /* So many digits are never too many; subnormals have fewer bits and may need fewer. */
    bool subnormal = v < (is_float ? (double)FLT_MIN : DBL_MIN);
    int least = subnormal ? 1 : (is_float ? FLT_DIG : DBL_DIG);

    for (int precision = least; precision <= (is_float ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG);
         precision++) {
        struct decimal d;
        double back = 0;
        float back_float = 0;
        n = significant(v, precision, digits, &point);
        d = (struct decimal){.a = digits, .a_len = n, .point = point};
        if (is_float ? (decimal_to_float(&d, &back_float) && back_float == (float)v)
                     : (decimal_to_double(&d, &back) && back == v))
            break;
    }
    return print_digits(digits, n, point, out);
}

static size_t print_real(double v, bool is_float, char *out)
{
    size_t len = 0;
    size_t n = 0;

    if (!isfinite(v))
        return print_special(v, out);
    if (signbit(v)) {
        out[len++] = '-';
        v = -v;
    }
    if (v == 0) {
        out[len++] = '0';
        return len;
    }
    if (!is_float && v >= 1e-5)
        n = print_short_decimal(v, out + len);
    return len + (n > 0 ? n : print_positive(v, is_float, out + len));
}

size_t number_print_double(double v, char *out)
{
    return print_real(v, false, out);
}

size_t number_print_float(float v, char *out)
{
    return print_real((double)v, true, out);
}
