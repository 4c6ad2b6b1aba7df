/* Intervals as values: the thirteen C structures, counts of one unit, and printing.
 *
 * ODBC's day has 24 hours; months never become days. Reading text is interval_parse.c. Called by
 * to_c_interval.c and from_c_interval.c. */
#include "convert/interval_kind.h"

#include <string.h>

#include "base/str.h"
#include "convert/numeric.h"

/* ---- kinds ---- */

static const struct interval_kind kinds[] = {
#define KIND(kind, first, last)                                                                    \
    {                                                                                              \
        SQL_INTERVAL_##kind, SQL_IS_##kind, F_##first, F_##last                                    \
    }
    INTERVAL_KINDS(KIND),
#undef KIND
};

const struct interval_kind *interval_kind_find(SQLSMALLINT code)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (kinds[i].code == code)
            return &kinds[i];
    }
    return NULL;
}

const struct interval_kind *interval_kind_single(enum field f)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (kinds[i].first == f && kinds[i].last == f)
            return &kinds[i];
    }
    return NULL;
}

bool interval_is_kind(SQLSMALLINT kind)
{
    return interval_kind_find(kind) != NULL;
}

bool interval_is_year_month(SQLSMALLINT kind)
{
    const struct interval_kind *k = interval_kind_find(kind);

    return k && k->last <= F_MONTH;
}

bool interval_is_single(SQLSMALLINT kind)
{
    const struct interval_kind *k = interval_kind_find(kind);

    return k && k->first == k->last;
}
/* ---- adding up ---- */

bool interval_add_scaled(int64_t *sum, int64_t count, int64_t unit)
{
    int64_t product;

    return !__builtin_mul_overflow(count, unit, &product) &&
           !__builtin_add_overflow(*sum, product, sum);
}

enum interval_result interval_add_field(struct interval *v, enum field f, bool negative,
                                        int64_t count, int64_t micros)
{
    bool ok = false;

    if (negative) {
        count = -count;
        micros = -micros;
    }

    if (micros != 0 && f != F_SECOND)
        return INTERVAL_BAD;
    switch (f) {
    case F_YEAR:
        ok = interval_add_scaled(&v->months, count, 12);
        break;
    case F_MONTH:
        ok = interval_add_scaled(&v->months, count, 1);
        break;
    case F_DAY:
        ok = interval_add_scaled(&v->days, count, 1);
        break;
    case F_HOUR:
        ok = interval_add_scaled(&v->usecs, count, USECS_PER_HOUR);
        break;
    case F_MINUTE:
        ok = interval_add_scaled(&v->usecs, count, USECS_PER_MINUTE);
        break;
    case F_SECOND:
        ok = interval_add_scaled(&v->usecs, count, USECS_PER_SECOND) &&
             interval_add_scaled(&v->usecs, micros, 1);
        break;
    case F_COUNT:
        break;
    }
    return ok ? INTERVAL_OK : INTERVAL_TOO_LARGE;
}
/* ---- C structures ---- */

static const int64_t field_usecs[F_COUNT] = {
    [F_DAY] = USECS_PER_DAY,
    [F_HOUR] = USECS_PER_HOUR,
    [F_MINUTE] = USECS_PER_MINUTE,
    [F_SECOND] = USECS_PER_SECOND,
};

/* Days and time together; false when too large. */
static bool day_time_total(const struct interval *v, int64_t *usecs)
{
    *usecs = v->usecs;
    return interval_add_scaled(usecs, v->days, USECS_PER_DAY) && *usecs != INT64_MIN;
}

static bool leading_fits(uint64_t value, int digits)
{
    uint64_t limit = 1;

    if (value > UINT32_MAX)
        return false;
    if (digits <= 0 || digits > 9)
        return true;
    while (digits-- > 0)
        limit *= 10;
    return value < limit;
}

/* Days and time of one sign, time below a day. Two parts, because PostgreSQL's longest interval has
 * too many days for 64 bits of microseconds. */
struct day_time {
    bool negative;
    uint64_t days, usecs;
};

static uint64_t magnitude_of(int64_t v)
{
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

static bool balance(const struct interval *v, struct day_time *out)
{
    int64_t days;
    int64_t usecs = v->usecs % USECS_PER_DAY;

    if (__builtin_add_overflow(v->days, v->usecs / USECS_PER_DAY, &days))
        return false;
    if (days > 0 && usecs < 0) {
        days--;
        usecs += USECS_PER_DAY;
    } else if (days < 0 && usecs > 0) {
        days++;
        usecs -= USECS_PER_DAY;
    }
    *out = (struct day_time){days < 0 || usecs < 0, magnitude_of(days), magnitude_of(usecs)};
    /* So that a count of any unit fits. */
    return out->days <= UINT64_MAX / (24 * 3600) - 1;
}

/* Splits into the fields first..last; the microseconds left over are returned. */
static uint64_t split_day_time(const struct day_time *v, const struct interval_kind *k,
                               uint64_t fields[F_COUNT])
{
    uint64_t rest = v->usecs;

    for (enum field f = k->first; f <= k->last; f = (enum field)(f + 1)) {
        uint64_t unit = (uint64_t)field_usecs[f];
        fields[f] = rest / unit + (f == k->first ? v->days * ((uint64_t)USECS_PER_DAY / unit) : 0);
        rest %= unit;
    }
    return rest;
}

static uint64_t split_year_month(uint64_t months, const struct interval_kind *k,
                                 uint64_t fields[F_COUNT])
{
    if (k->first == F_MONTH) {
        fields[F_MONTH] = months;
        return 0;
    }
    fields[F_YEAR] = months / 12;
    if (k->last == F_YEAR)
        return months % 12;
    fields[F_MONTH] = months % 12;
    return 0;
}

static uint32_t power10(int n)
{
    uint32_t p = 1;

    while (n-- > 0)
        p *= 10;
    return p;
}

/* Microseconds in units of 10^-digits; *cut when digits were dropped. */
static uint32_t scale_fraction(uint32_t usecs, int digits, bool *cut)
{
    if (digits >= 6)
        return usecs * power10((digits > 9 ? 9 : digits) - 6);
    if (usecs % power10(6 - digits) != 0)
        *cut = true;
    return usecs / power10(6 - digits);
}

enum conv interval_to_struct(const struct interval *v, SQLSMALLINT kind, int leading, int fraction,
                             SQL_INTERVAL_STRUCT *out)
{
    const struct interval_kind *k = interval_kind_find(kind);
    uint64_t fields[F_COUNT] = {0};
    struct day_time dt = {v->months < 0, 0, 0};
    uint64_t rest;
    bool cut;

    if (k == NULL)
        return CONV_NOT_ALLOWED;
    memset(out, 0, sizeof *out);
    out->interval_type = k->c_kind;
    if (k->last <= F_MONTH) {
        rest = split_year_month(magnitude_of(v->months), k, fields);
        cut = rest != 0 || v->days != 0 || v->usecs != 0;
        out->intval.year_month.year = (SQLUINTEGER)fields[F_YEAR];
        out->intval.year_month.month = (SQLUINTEGER)fields[F_MONTH];
    } else {
        if (v->months != 0 || !balance(v, &dt))
            return CONV_INTERVAL_OVERFLOW;
        rest = split_day_time(&dt, k, fields);
        cut = rest != 0;
        if (k->last == F_SECOND) {
            cut = false;
            out->intval.day_second.fraction = scale_fraction((uint32_t)rest, fraction, &cut);
        }
        out->intval.day_second.day = (SQLUINTEGER)fields[F_DAY];
        out->intval.day_second.hour = (SQLUINTEGER)fields[F_HOUR];
        out->intval.day_second.minute = (SQLUINTEGER)fields[F_MINUTE];
        out->intval.day_second.second = (SQLUINTEGER)fields[F_SECOND];
    }
    out->interval_sign = dt.negative ? SQL_TRUE : SQL_FALSE;
    if (!leading_fits(fields[k->first], leading))
        return CONV_INTERVAL_OVERFLOW;
    return cut ? CONV_FRACTION_LOST : CONV_OK;
}

enum conv interval_from_struct(const SQL_INTERVAL_STRUCT *s, SQLSMALLINT kind, int fraction,
                               struct interval *out)
{
    const struct interval_kind *k = interval_kind_find(kind);
    int64_t fields[F_COUNT] = {0};
    int64_t micros = 0;

    memset(out, 0, sizeof *out);
    if (k == NULL)
        return CONV_NOT_ALLOWED;
    if (k->last <= F_MONTH) {
        fields[F_YEAR] = s->intval.year_month.year;
        fields[F_MONTH] = s->intval.year_month.month;
    } else {
        fields[F_DAY] = s->intval.day_second.day;
        fields[F_HOUR] = s->intval.day_second.hour;
        fields[F_MINUTE] = s->intval.day_second.minute;
        fields[F_SECOND] = s->intval.day_second.second;
    }
    if (k->last == F_SECOND) {
        uint32_t f = s->intval.day_second.fraction;
        if (fraction > 6 && f % power10((fraction > 9 ? 9 : fraction) - 6) != 0)
            return CONV_INTERVAL_OVERFLOW;
        if (fraction > 6)
            micros = f / power10((fraction > 9 ? 9 : fraction) - 6);
        else
            micros = (int64_t)f * power10(6 - fraction);
        if (micros >= USECS_PER_SECOND)
            return CONV_INTERVAL_OVERFLOW;
    }
    for (enum field f = k->first; f <= k->last; f = (enum field)(f + 1)) {
        if (interval_add_field(out, f, s->interval_sign == SQL_TRUE, fields[f],
                               f == F_SECOND ? micros : 0) != INTERVAL_OK)
            return CONV_INTERVAL_OVERFLOW;
    }
    return CONV_OK;
}

enum conv interval_to_count(const struct interval *v, SQLSMALLINT kind, int64_t *millionths)
{
    const struct interval_kind *k = interval_kind_find(kind);
    int64_t total = v->months;
    int64_t unit = k && k->first == F_YEAR ? 12 : 1;
    bool cut;

    if (k == NULL)
        return CONV_NOT_ALLOWED;
    if (k->last <= F_MONTH) {
        cut = v->days != 0 || v->usecs != 0;
    } else {
        if (v->months != 0 || !day_time_total(v, &total))
            return CONV_INTERVAL_OVERFLOW;
        unit = field_usecs[k->first];
        cut = false;
    }
    if (k->first == F_SECOND) {
        *millionths = total;
        return CONV_OK;
    }
    cut = cut || total % unit != 0;
    if (__builtin_mul_overflow(total / unit, INT64_C(1000000), millionths))
        return CONV_OUT_OF_RANGE;
    return cut ? CONV_FRACTION_LOST : CONV_OK;
}

bool interval_from_count(SQLSMALLINT kind, int64_t millionths, struct interval *out)
{
    const struct interval_kind *k = interval_kind_find(kind);

    memset(out, 0, sizeof *out);
    if (k == NULL)
        return false;
    return interval_add_field(out, k->first, false, millionths / 1000000,
                              k->first == F_SECOND ? millionths % 1000000 : 0) == INTERVAL_OK;
}

/* ---- printing ---- */

static size_t print_part(int64_t v, char unit, char *out)
{
    size_t len;

    if (v == 0)
        return 0;
    len = number_print_i64(v, out);
    out[len++] = unit;
    return len;
}

static size_t print_padded(uint64_t v, size_t width, char *out)
{
    for (size_t i = width; i-- > 0; v /= 10)
        out[i] = (char)('0' + v % 10);
    return width;
}

/* .f without trailing zeros; nothing for 0. */
static size_t print_fraction(uint64_t usecs, char *out)
{
    size_t len = 1;

    if (usecs == 0)
        return 0;
    out[0] = '.';
    len += print_padded(usecs, 6, out + 1);
    while (out[len - 1] == '0')
        len--;
    return len;
}

static size_t print_iso_seconds(int64_t usecs, char *out)
{
    uint64_t magnitude = magnitude_of(usecs);
    size_t len = 0;

    if (usecs == 0)
        return 0;
    if (usecs < 0)
        out[len++] = '-';
    len += number_print_u64(magnitude / 1000000, out + len);
    len += print_fraction(magnitude % 1000000, out + len);
    out[len++] = 'S';
    return len;
}

size_t interval_print_iso(const struct interval *v, char *out)
{
    size_t len = 0;

    out[len++] = 'P';
    len += print_part(v->months / 12, 'Y', out + len);
    len += print_part(v->months % 12, 'M', out + len);
    len += print_part(v->days, 'D', out + len);
    if (v->usecs != 0) {
        out[len++] = 'T';
        len += print_part(v->usecs / USECS_PER_HOUR, 'H', out + len);
        len += print_part(v->usecs / USECS_PER_MINUTE % 60, 'M', out + len);
        len += print_iso_seconds(v->usecs % USECS_PER_MINUTE, out + len);
    }
    if (len == 1) {
        memcpy(out, "PT0S", 4);
        return 4;
    }
    return len;
}

bool interval_print_literal(const struct interval *v, SQLSMALLINT kind, char *out, size_t *len,
                            size_t *whole)
{
    const struct interval_kind *k = interval_kind_find(kind);
    uint64_t fields[F_COUNT] = {0};
    struct day_time dt = {v->months < 0, 0, 0};
    uint64_t rest;
    size_t n = 0;

    if (k == NULL || (k->last <= F_MONTH ? (v->days != 0 || v->usecs != 0) : v->months != 0))
        return false;
    if (k->last > F_MONTH && !balance(v, &dt))
        return false;
    rest = k->last <= F_MONTH ? split_year_month(magnitude_of(v->months), k, fields)
                              : split_day_time(&dt, k, fields);
    if (rest != 0 && k->last != F_SECOND)
        return false;
    if (dt.negative)
        out[n++] = '-';
    n += number_print_u64(fields[k->first], out + n);
    for (enum field f = (enum field)(k->first + 1); f <= k->last; f = (enum field)(f + 1)) {
        out[n++] = f == F_MONTH ? '-' : (f == F_HOUR ? ' ' : ':');
        n += print_padded(fields[f], f == F_MONTH && fields[f] < 10 ? 1 : 2, out + n);
    }
    *whole = n;
    if (k->last == F_SECOND)
        n += print_fraction(rest, out + n);
    *len = n;
    return true;
}
