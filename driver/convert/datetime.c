/* Reads and writes dates and times.
 *
 * PostgreSQL prints ISO unless a role says otherwise; that form has a fast path. The German form
 * and the forms with a month's name are unambiguous; 01/02/2024 is not and is refused unless a
 * field decides. Time zones are kept as text: nothing here computes with them. Called by
 * to_c_datetime.c and from_c_datetime.c. */
#include "convert/datetime.h"

#include <string.h>
#include <time.h>

/* ---- scanning ---- */

struct scan {
    const char *p, *end;
};

static size_t left(const struct scan *s)
{
    return (size_t)(s->end - s->p);
}

static char peek(const struct scan *s)
{
    return s->p < s->end ? *s->p : '\0';
}

static bool take_char(struct scan *s, char c)
{
    if (peek(s) != c || s->p == s->end)
        return false;
    s->p++;
    return true;
}

/* Between min and max digits, no more following. */
static bool take_digits(struct scan *s, size_t min, size_t max, uint32_t *v)
{
    size_t n = 0;

    *v = 0;
    while (n < left(s) && ascii_is_digit(s->p[n])) {
        if (++n > max)
            return false;
        *v = *v * 10 + (uint32_t)(s->p[n - 1] - '0');
    }
    if (n < min)
        return false;
    s->p += n;
    return true;
}

static bool take_word(struct scan *s, const char *word)
{
    size_t n = strlen(word);

    if (left(s) < n || !sv_ieq(sv_n(s->p, n), sv(word)))
        return false;
    s->p += n;
    return true;
}

static const char month_names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char day_names[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

static bool take_month(struct scan *s, uint32_t *month)
{
    for (uint32_t i = 0; i < 12; i++) {
        if (take_word(s, month_names[i])) {
            *month = i + 1;
            return true;
        }
    }
    return false;
}

/* ---- times ---- */

static bool take_fraction(struct scan *s, struct datetime *d)
{
    uint32_t unit = 100000000;
    size_t n = 0;

    while (left(s) > 0 && ascii_is_digit(*s->p)) {
        uint32_t digit = (uint32_t)(*s->p++ - '0');
        d->nanos += digit * unit;
        if (unit == 0 && digit != 0)
            d->lost_nanos = true;
        unit /= 10;
        n++;
    }
    return n > 0;
}

/* hh:mm[:ss[.f]] */
static bool take_time(struct scan *s, struct datetime *d)
{
    if (!take_digits(s, 1, 2, &d->hour) || !take_char(s, ':') || !take_digits(s, 2, 2, &d->minute))
        return false;
    if (take_char(s, ':')) {
        if (!take_digits(s, 2, 2, &d->second))
            return false;
        if (take_char(s, '.') && !take_fraction(s, d))
            return false;
    }
    d->has_time = true;
    return true;
}

static bool is_zone_name_char(char c)
{
    return (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || ascii_is_digit(c) || c == '_' ||
           c == '/' || c == '+' || c == '-';
}

/* +hh[[:]mm[:ss]], Z, or a name after a blank. Leaves a following " BC" alone. */
static bool take_zone(struct scan *s, struct datetime *d)
{
    const char *start = s->p;
    uint32_t ignored;

    if (peek(s) == '+' || peek(s) == '-') {
        s->p++;
        if (!take_digits(s, 2, 4, &ignored))
            return false;
        while (take_char(s, ':')) {
            if (!take_digits(s, 2, 2, &ignored))
                return false;
        }
    } else {
        while (left(s) > 0 && is_zone_name_char(*s->p))
            s->p++;
        if (s->p == start)
            return false;
    }
    d->zone = sv_n(start, (size_t)(s->p - start));
    /* Glued to the time these are eras to PostgreSQL, never zones. */
    return !sv_ieq(d->zone, SV_LIT("BC")) && !sv_ieq(d->zone, SV_LIT("AD"));
}

static bool take_bc(struct scan *s, struct datetime *d)
{
    struct scan ahead = *s;

    if (!take_char(&ahead, ' ') || !take_word(&ahead, "BC") || left(&ahead) != 0)
        return false;
    *s = ahead;
    d->bc = true;
    return true;
}

/* What may follow a time: a zone, glued or after a blank, then BC. */
static bool take_tail(struct scan *s, struct datetime *d)
{
    if (left(s) == 0 || take_bc(s, d))
        return left(s) == 0;
    (void)take_char(s, ' ');
    if (!take_zone(s, d))
        return false;
    return left(s) == 0 || (take_bc(s, d) && left(s) == 0);
}

/* ---- dates ---- */

static uint32_t month_days(int year, uint32_t month)
{
    static const uint32_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

bool datetime_date_is_valid(int year, uint32_t month, uint32_t day)
{
    return month >= 1 && month <= 12 && day >= 1 && day <= month_days(year, month);
}

/* Year 1 BC is 0, 2 BC is -1, as the calendar counts. */
static int calendar_year(const struct datetime *d)
{
    return d->bc ? 1 - (int)d->year : (int)d->year;
}

/* The year's digits: PostgreSQL prints at least four and knows seven. */
static bool take_year(struct scan *s, uint32_t *year)
{
    return take_digits(s, 4, 7, year);
}

static bool take_iso_date(struct scan *s, struct datetime *d)
{
    return take_year(s, &d->year) && take_char(s, '-') && take_digits(s, 2, 2, &d->month) &&
           take_char(s, '-') && take_digits(s, 2, 2, &d->day);
}

/* Two numbers that may be month and day or day and month: only when one of them must be the day, or
 * both agree. */
static bool settle_order(uint32_t x, uint32_t y, struct datetime *d)
{
    if (x > 12 || x == y) {
        d->day = x;
        d->month = y;
        return true;
    }
    d->month = x;
    d->day = y;
    return y > 12;
}

/* dd.mm.yyyy, or nn/nn/yyyy, or nn-nn-yyyy */
static bool take_numeric_date(struct scan *s, struct datetime *d)
{
    uint32_t x;
    uint32_t y;
    char sep;

    if (!take_digits(s, 1, 2, &x))
        return false;
    sep = peek(s);
    if ((sep != '.' && sep != '/' && sep != '-') || !take_char(s, sep) ||
        !take_digits(s, 1, 2, &y) || !take_char(s, sep) || !take_year(s, &d->year))
        return false;
    if (sep == '.') {
        d->day = x;
        d->month = y;
        return true;
    }
    return settle_order(x, y, d);
}

/* DateStyle Postgres: Wed Dec 17 07:37:16.5 1997 PST, or Wed 17 Dec ... */
static bool take_postgres_style(struct scan *s, struct datetime *d)
{
    bool month_first;

    for (size_t i = 0; i < 7; i++) {
        if (take_word(s, day_names[i])) {
            if (!take_char(s, ' '))
                return false;
            break;
        }
    }
    month_first = take_month(s, &d->month);
    if (month_first && !take_char(s, ' '))
        return false;
    if (!take_digits(s, 1, 2, &d->day) || !take_char(s, ' '))
        return false;
    if (!month_first && (!take_month(s, &d->month) || !take_char(s, ' ')))
        return false;
    return take_time(s, d) && take_char(s, ' ') && take_year(s, &d->year);
}

static enum datetime_result check_fields(const struct datetime *d)
{
    if (d->has_date &&
        (d->year == 0 || !datetime_date_is_valid(calendar_year(d), d->month, d->day)))
        return DATETIME_FIELD;
    if (d->has_time && (d->hour > 23 || d->minute > 59 || d->second > 59))
        return DATETIME_FIELD;
    return DATETIME_OK;
}

/* The date is read; a time and the rest may follow. */
static enum datetime_result finish_date(struct scan *s, struct datetime *d)
{
    d->has_date = true;
    if (left(s) == 0 || take_bc(s, d))
        return left(s) == 0 ? check_fields(d) : DATETIME_BAD;
    if (!take_char(s, ' ') && !take_char(s, 'T'))
        return DATETIME_BAD;
    if (!take_time(s, d) || !take_tail(s, d))
        return DATETIME_BAD;
    return check_fields(d);
}

static bool parse_infinity(struct strview t, struct datetime *d)
{
    bool minus = t.len > 0 && t.ptr[0] == '-';

    if (!sv_ieq(sv_n(t.ptr + minus, t.len - minus), SV_LIT("infinity")))
        return false;
    d->kind = minus ? DATETIME_MINUS_INFINITY : DATETIME_INFINITY;
    return true;
}

/* {d '...'} and its sisters: the text between the quotes. */
static struct strview unwrap_escape(struct strview t)
{
    size_t open;

    if (t.len < 6 || t.ptr[0] != '{' || t.ptr[t.len - 1] != '}')
        return t;
    open = sv_find(t, SV_LIT("'"));
    t = sv_trim(sv_n(t.ptr, t.len - 1));
    if (open == SIZE_MAX || open < 2 || t.len < open + 2 || t.ptr[t.len - 1] != '\'')
        return t;
    return sv_n(t.ptr + open + 1, t.len - open - 2);
}

enum datetime_result datetime_parse(const char *text, size_t n, struct datetime *out)
{
    struct strview t = unwrap_escape(sv_trim(sv_n(text, n)));
    struct scan s = {t.ptr, t.ptr + t.len};
    struct scan again = s;

    memset(out, 0, sizeof *out);
    if (t.len == 0)
        return DATETIME_BAD;
    if (take_iso_date(&s, out)) {
        out->is_iso = true;
        return finish_date(&s, out);
    }
    s = again;
    if (take_time(&s, out)) {
        out->is_iso = true;
        return take_tail(&s, out) && !out->bc ? check_fields(out) : DATETIME_BAD;
    }
    memset(out, 0, sizeof *out);
    s = again;
    if (parse_infinity(t, out)) {
        out->is_iso = true;
        return DATETIME_OK;
    }
    if (take_numeric_date(&s, out))
        return finish_date(&s, out);
    memset(out, 0, sizeof *out);
    s = again;
    if (take_postgres_style(&s, out)) {
        out->has_date = true;
        return take_tail(&s, out) ? check_fields(out) : DATETIME_BAD;
    }
    return DATETIME_BAD;
}

/* ---- printing ---- */

static size_t print_padded(uint32_t v, size_t width, char *out)
{
    for (size_t i = width; i-- > 0; v /= 10)
        out[i] = (char)('0' + v % 10);
    return width;
}

static size_t year_width(uint32_t year)
{
    size_t width = 4;

    for (uint32_t limit = 10000; width < 7 && year >= limit; limit *= 10)
        width++;
    return width;
}

static size_t print_ymd(uint32_t year, uint32_t month, uint32_t day, char *out)
{
    size_t len = print_padded(year, year_width(year), out);

    out[len++] = '-';
    len += print_padded(month, 2, out + len);
    out[len++] = '-';
    return len + print_padded(day, 2, out + len);
}

size_t datetime_print_date(int year, uint32_t month, uint32_t day, char *out)
{
    return print_ymd(year > 0 ? (uint32_t)year : (uint32_t)(1 - year), month, day, out);
}

size_t datetime_print_time(uint32_t hour, uint32_t minute, uint32_t second, uint32_t nanos,
                           char *out)
{
    size_t len = print_padded(hour, 2, out);

    out[len++] = ':';
    len += print_padded(minute, 2, out + len);
    out[len++] = ':';
    len += print_padded(second, 2, out + len);
    if (nanos == 0)
        return len;
    out[len++] = '.';
    len += print_padded(nanos, 9, out + len);
    while (out[len - 1] == '0')
        len--;
    return len;
}

size_t datetime_print_iso(const struct datetime *d, char *out)
{
    size_t len = 0;

    if (d->has_date)
        len += print_ymd(d->year, d->month, d->day, out);
    if (d->has_date && d->has_time)
        out[len++] = ' ';
    if (d->has_time)
        len += datetime_print_time(d->hour, d->minute, d->second, d->nanos, out + len);
    if (d->zone.ptr) {
        if (d->zone.ptr[0] != '+' && d->zone.ptr[0] != '-')
            out[len++] = ' ';
        memcpy(out + len, d->zone.ptr, d->zone.len);
        len += d->zone.len;
    }
    if (d->bc) {
        memcpy(out + len, " BC", 3);
        len += 3;
    }
    return len;
}

void datetime_today(SQL_DATE_STRUCT *out)
{
    time_t now = time(NULL);
    struct tm tm;

    memset(&tm, 0, sizeof tm);
    (void)localtime_r(&now, &tm);
    out->year = (SQLSMALLINT)(tm.tm_year + 1900);
    out->month = (SQLUSMALLINT)(tm.tm_mon + 1);
    out->day = (SQLUSMALLINT)tm.tm_mday;
}
