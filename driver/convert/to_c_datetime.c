/* Dates, times and timestamps to C, and such values in text columns.
 *
 * timestamptz and timetz give the wall clock as the server printed it, which is the session's time
 * zone; the offset is in the character form. What a structure cannot hold is an error, never
 * another date: infinity is CONV_BAD_DATETIME; BC, years above 9999 and 24:00:00 are
 * CONV_DATETIME_OVERFLOW. */
#include <string.h>

#include "convert/datetime.h"
#include "convert/matrix.h"
#include "convert/piece.h"

static bool from_text_column(const struct to_c *spec)
{
    enum type_family f = spec->row->family;

    return f != FAM_DATE && f != FAM_TIME && f != FAM_TIMETZ && f != FAM_TIMESTAMP &&
           f != FAM_TIMESTAMPTZ;
}

static enum conv parse_cell(const struct to_c *spec, const struct cell *cell, struct datetime *d)
{
    bool text = from_text_column(spec);

    switch (datetime_parse(cell->ptr, cell->len, d)) {
    case DATETIME_OK:
        if (d->kind == DATETIME_FINITE)
            return d->bc || d->year > 9999 ? CONV_DATETIME_OVERFLOW : CONV_OK;
        return text ? CONV_BAD_TEXT : CONV_BAD_DATETIME;
    case DATETIME_FIELD:
        return text ? CONV_BAD_TEXT : CONV_DATETIME_OVERFLOW;
    default:
        return text ? CONV_BAD_TEXT : CONV_BAD_DATETIME;
    }
}

/* A value without the part that is asked for: a time read as a date. */
static enum conv missing_part(const struct to_c *spec)
{
    return from_text_column(spec) ? CONV_BAD_TEXT : CONV_BAD_DATETIME;
}

enum conv to_c_datetime_date(const struct to_c *spec, const struct cell *cell, struct to_c_out *out)
{
    SQL_DATE_STRUCT v;
    struct datetime d;
    enum conv r = parse_cell(spec, cell, &d);

    if (r != CONV_OK)
        return r;
    if (!d.has_date)
        return missing_part(spec);
    v.year = (SQLSMALLINT)d.year;
    v.month = (SQLUSMALLINT)d.month;
    v.day = (SQLUSMALLINT)d.day;
    (void)piece_fixed(out, &v, sizeof v);
    return (d.hour | d.minute | d.second | d.nanos) != 0 || d.lost_nanos ? CONV_FRACTION_LOST
                                                                         : CONV_OK;
}

enum conv to_c_datetime_time(const struct to_c *spec, const struct cell *cell, struct to_c_out *out)
{
    SQL_TIME_STRUCT v;
    struct datetime d;
    enum conv r = parse_cell(spec, cell, &d);

    if (r != CONV_OK)
        return r;
    if (!d.has_time)
        return missing_part(spec);
    v.hour = (SQLUSMALLINT)d.hour;
    v.minute = (SQLUSMALLINT)d.minute;
    v.second = (SQLUSMALLINT)d.second;
    (void)piece_fixed(out, &v, sizeof v);
    return d.nanos != 0 || d.lost_nanos ? CONV_FRACTION_LOST : CONV_OK;
}

enum conv to_c_datetime_timestamp(const struct to_c *spec, const struct cell *cell,
                                  struct to_c_out *out)
{
    SQL_TIMESTAMP_STRUCT v;
    SQL_DATE_STRUCT today;
    struct datetime d;
    enum conv r = parse_cell(spec, cell, &d);

    if (r != CONV_OK)
        return r;
    if (d.has_date) {
        v.year = (SQLSMALLINT)d.year;
        v.month = (SQLUSMALLINT)d.month;
        v.day = (SQLUSMALLINT)d.day;
    } else {
        datetime_today(&today);
        v.year = today.year;
        v.month = today.month;
        v.day = today.day;
    }
    v.hour = (SQLUSMALLINT)d.hour;
    v.minute = (SQLUSMALLINT)d.minute;
    v.second = (SQLUSMALLINT)d.second;
    v.fraction = d.nanos;
    (void)piece_fixed(out, &v, sizeof v);
    return d.lost_nanos ? CONV_FRACTION_LOST : CONV_OK;
}

/* +hh, +hh:mm, +hhmm or Z. Seconds of an offset, as places had before 1900, have no member. */
static enum conv read_offset(const struct datetime *d, struct timestamp_offset *v)
{
    int sign = d->zone.len > 0 && d->zone.ptr[0] == '-' ? -1 : 1;
    unsigned digits[6] = {0};
    size_t n = 0;

    v->offset_hour = v->offset_minute = 0;
    if (sv_ieq(d->zone, SV_LIT("Z")))
        return CONV_OK;
    if (d->zone.len < 3 || (d->zone.ptr[0] != '+' && d->zone.ptr[0] != '-'))
        return CONV_BAD_DATETIME;
    for (size_t i = 1; i < d->zone.len; i++) {
        if (d->zone.ptr[i] == ':')
            continue;
        if (!ascii_is_digit(d->zone.ptr[i]) || n == ARRAY_LEN(digits))
            return CONV_BAD_DATETIME;
        digits[n++] = (unsigned)(d->zone.ptr[i] - '0');
    }
    if (digits[4] != 0 || digits[5] != 0 || digits[2] > 5)
        return CONV_DATETIME_OVERFLOW;
    v->offset_hour = (SQLSMALLINT)(sign * (int)(digits[0] * 10 + digits[1]));
    v->offset_minute = (SQLSMALLINT)(sign * (int)(digits[2] * 10 + digits[3]));
    return CONV_OK;
}

enum conv to_c_datetime_offset(const struct to_c *spec, const struct cell *cell,
                               struct to_c_out *out)
{
    struct timestamp_offset v;
    struct datetime d;
    enum conv r = parse_cell(spec, cell, &d);

    if (r != CONV_OK)
        return r;
    if (!d.has_date || !d.has_time || d.zone.ptr == NULL)
        return missing_part(spec);
    r = read_offset(&d, &v);
    if (r != CONV_OK)
        return from_text_column(spec) ? CONV_BAD_TEXT : r;
    v.year = (SQLSMALLINT)d.year;
    v.month = (SQLUSMALLINT)d.month;
    v.day = (SQLUSMALLINT)d.day;
    v.hour = (SQLUSMALLINT)d.hour;
    v.minute = (SQLUSMALLINT)d.minute;
    v.second = (SQLUSMALLINT)d.second;
    v.fraction = d.nanos;
    (void)piece_fixed(out, &v, sizeof v);
    return d.lost_nanos ? CONV_FRACTION_LOST : CONV_OK;
}

/* yyyy-mm-dd..., hh:mm..., infinity: what the server prints by default and ODBC wants. */
static bool looks_iso(const struct cell *cell)
{
    const char *s = cell->ptr;

    if (cell->len >= 8 && s[2] == ':' && s[5] == ':')
        return true;
    for (size_t i = 4; i < 8 && i + 3 < cell->len; i++) {
        if (s[i] == '-')
            return s[i + 3] == '-';
        if (!ascii_is_digit(s[i]))
            return false;
    }
    return false;
}

/* Characters that must not be cut: all but the fraction of seconds and what follows it. */
static size_t whole_chars(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '.')
            return i;
    }
    return n > 19 && s[10] == ' ' && s[13] == ':' ? 19 : n;
}

enum conv to_c_datetime_text(const struct to_c *spec, const struct cell *cell, struct to_c_out *out)
{
    char iso[DATETIME_TEXT_MAX * 2];
    enum datetime_result parsed;
    struct datetime d;
    size_t n;

    if (looks_iso(cell))
        return piece_literal(spec, out, cell->ptr, cell->len, whole_chars(cell->ptr, cell->len));
    /* Another DateStyle: the application is promised yyyy-mm-dd, so translate, or refuse. */
    parsed = datetime_parse(cell->ptr, cell->len, &d);
    if (parsed == DATETIME_BAD || (parsed == DATETIME_FIELD && !d.is_iso) ||
        d.zone.len > DATETIME_TEXT_MAX)
        return CONV_BAD_DATETIME;
    if (d.is_iso)
        return piece_literal(spec, out, cell->ptr, cell->len, whole_chars(cell->ptr, cell->len));
    n = datetime_print_iso(&d, iso);
    return piece_literal(spec, out, iso, n, whole_chars(iso, n));
}
