/* Reads and writes intervals.
 *
 * PostgreSQL's text may have the style postgres (1 year 2 mons 3 days 04:05:06), postgres_verbose
 * (@ 1 year ... ago), sql_standard (1-2 3 4:05:06, +1-2 -3 +4:05:06) or iso_8601 (P1Y2M3DT4H5M6S),
 * whatever a role has set; all are read, with their different ideas of signs. ODBC's day has 24
 * hours; months never become days. Called by to_c_interval.c and from_c_interval.c. */
#include "convert/interval.h"

#include <string.h>

#include "base/str.h"
#include "convert/numeric.h"

#define USECS_PER_SECOND INT64_C(1000000)
#define USECS_PER_MINUTE (60 * USECS_PER_SECOND)
#define USECS_PER_HOUR (60 * USECS_PER_MINUTE)
#define USECS_PER_DAY (24 * USECS_PER_HOUR)

/* ---- kinds ---- */

enum field { F_YEAR, F_MONTH, F_DAY, F_HOUR, F_MINUTE, F_SECOND, F_COUNT };

static const struct kind_row {
    SQLSMALLINT code;
    SQLINTERVAL c_kind;
    enum field first, last;
} kinds[] = {
    {SQL_INTERVAL_YEAR, SQL_IS_YEAR, F_YEAR, F_YEAR},
    {SQL_INTERVAL_MONTH, SQL_IS_MONTH, F_MONTH, F_MONTH},
    {SQL_INTERVAL_DAY, SQL_IS_DAY, F_DAY, F_DAY},
    {SQL_INTERVAL_HOUR, SQL_IS_HOUR, F_HOUR, F_HOUR},
    {SQL_INTERVAL_MINUTE, SQL_IS_MINUTE, F_MINUTE, F_MINUTE},
    {SQL_INTERVAL_SECOND, SQL_IS_SECOND, F_SECOND, F_SECOND},
    {SQL_INTERVAL_YEAR_TO_MONTH, SQL_IS_YEAR_TO_MONTH, F_YEAR, F_MONTH},
    {SQL_INTERVAL_DAY_TO_HOUR, SQL_IS_DAY_TO_HOUR, F_DAY, F_HOUR},
    {SQL_INTERVAL_DAY_TO_MINUTE, SQL_IS_DAY_TO_MINUTE, F_DAY, F_MINUTE},
    {SQL_INTERVAL_DAY_TO_SECOND, SQL_IS_DAY_TO_SECOND, F_DAY, F_SECOND},
    {SQL_INTERVAL_HOUR_TO_MINUTE, SQL_IS_HOUR_TO_MINUTE, F_HOUR, F_MINUTE},
    {SQL_INTERVAL_HOUR_TO_SECOND, SQL_IS_HOUR_TO_SECOND, F_HOUR, F_SECOND},
    {SQL_INTERVAL_MINUTE_TO_SECOND, SQL_IS_MINUTE_TO_SECOND, F_MINUTE, F_SECOND},
};

static const struct kind_row *kind_find(SQLSMALLINT code)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (kinds[i].code == code)
            return &kinds[i];
    }
    return NULL;
}

bool interval_is_kind(SQLSMALLINT kind)
{
    return kind_find(kind) != NULL;
}

bool interval_is_year_month(SQLSMALLINT kind)
{
    const struct kind_row *k = kind_find(kind);

    return k && k->last <= F_MONTH;
}

bool interval_is_single(SQLSMALLINT kind)
{
    const struct kind_row *k = kind_find(kind);

    return k && k->first == k->last;
}

/* ---- adding up ---- */

static bool add_scaled(int64_t *sum, int64_t count, int64_t unit)
{
    int64_t product;

    return !__builtin_mul_overflow(count, unit, &product) &&
           !__builtin_add_overflow(*sum, product, sum);
}

/* count of a field plus millionths of a second; fractions of other fields are not read. */
static enum interval_result add_field(struct interval *v, enum field f, int64_t count,
                                      int64_t micros)
{
    bool ok = false;

    if (micros != 0 && f != F_SECOND)
        return INTERVAL_BAD;
    switch (f) {
    case F_YEAR:
        ok = add_scaled(&v->months, count, 12);
        break;
    case F_MONTH:
        ok = add_scaled(&v->months, count, 1);
        break;
    case F_DAY:
        ok = add_scaled(&v->days, count, 1);
        break;
    case F_HOUR:
        ok = add_scaled(&v->usecs, count, USECS_PER_HOUR);
        break;
    case F_MINUTE:
        ok = add_scaled(&v->usecs, count, USECS_PER_MINUTE);
        break;
    case F_SECOND:
        ok = add_scaled(&v->usecs, count, USECS_PER_SECOND) && add_scaled(&v->usecs, micros, 1);
        break;
    case F_COUNT:
        break;
    }
    return ok ? INTERVAL_OK : INTERVAL_TOO_LARGE;
}

/* ---- scanning ---- */

struct scan {
    const char *p, *end;
};

static char peek(const struct scan *s)
{
    return s->p < s->end ? *s->p : '\0';
}

static bool take_char(struct scan *s, char c)
{
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

static void skip_blanks(struct scan *s)
{
    while (s->p < s->end && ascii_is_space(*s->p))
        s->p++;
}

/* A number as sign, whole part and millionths. */
struct number {
    bool negative, has_sign;
    int64_t whole, micros;
};

static bool take_whole(struct scan *s, int64_t *v)
{
    const char *start = s->p;

    *v = 0;
    while (s->p < s->end && ascii_is_digit(*s->p)) {
        if (s->p - start >= 18)
            return false;
        *v = *v * 10 + (*s->p++ - '0');
    }
    return s->p > start;
}

/* Digits behind the point; more than six must be zeros. */
static bool take_fraction(struct scan *s, int64_t *micros)
{
    int64_t unit = 100000;
    const char *start = s->p;

    *micros = 0;
    while (s->p < s->end && ascii_is_digit(*s->p)) {
        int64_t digit = *s->p++ - '0';
        if (unit == 0 && digit != 0)
            return false;
        *micros += digit * unit;
        unit /= 10;
    }
    return s->p > start;
}

static bool take_number(struct scan *s, struct number *n)
{
    memset(n, 0, sizeof *n);
    if (peek(s) == '-' || peek(s) == '+') {
        n->has_sign = true;
        n->negative = *s->p++ == '-';
    }
    if (!take_whole(s, &n->whole))
        return false;
    return !take_char(s, '.') || take_fraction(s, &n->micros);
}

static enum interval_result add_signed(struct interval *v, enum field f, bool negative,
                                       int64_t count, int64_t micros)
{
    return add_field(v, f, negative ? -count : count, negative ? -micros : micros);
}

/* ---- ISO 8601: P1Y2M3DT4H5M6.7S, each number with its own sign ---- */

static enum interval_result parse_iso(struct scan *s, struct interval *v)
{
    bool in_time = false;
    bool any = false;

    while (s->p < s->end) {
        struct number n;
        enum field f;
        enum interval_result r;
        if (!in_time && take_char(s, 'T')) {
            in_time = true;
            continue;
        }
        if (!take_number(s, &n))
            return INTERVAL_BAD;
        switch (peek(s)) {
        case 'Y':
            f = F_YEAR;
            break;
        case 'M':
            f = in_time ? F_MINUTE : F_MONTH;
            break;
        case 'W':
            f = F_DAY;
            n.whole *= 7;
            break;
        case 'D':
            f = F_DAY;
            break;
        case 'H':
            f = F_HOUR;
            break;
        case 'S':
            f = F_SECOND;
            break;
        default:
            return INTERVAL_BAD;
        }
        if (in_time != (f >= F_HOUR))
            return INTERVAL_BAD;
        s->p++;
        any = true;
        r = add_signed(v, f, n.negative, n.whole, n.micros);
        if (r != INTERVAL_OK)
            return r;
    }
    return any ? INTERVAL_OK : INTERVAL_BAD;
}

/* ---- the other styles ---- */

static const struct unit_row {
    const char *word;
    enum field field;
    int64_t times;
} units[] = {
    {"year", F_YEAR, 1},      {"years", F_YEAR, 1},     {"mon", F_MONTH, 1},
    {"mons", F_MONTH, 1},     {"month", F_MONTH, 1},    {"months", F_MONTH, 1},
    {"week", F_DAY, 7},       {"weeks", F_DAY, 7},      {"day", F_DAY, 1},
    {"days", F_DAY, 1},       {"hour", F_HOUR, 1},      {"hours", F_HOUR, 1},
    {"min", F_MINUTE, 1},     {"mins", F_MINUTE, 1},    {"minute", F_MINUTE, 1},
    {"minutes", F_MINUTE, 1}, {"sec", F_SECOND, 1},     {"secs", F_SECOND, 1},
    {"second", F_SECOND, 1},  {"seconds", F_SECOND, 1},
};

static struct strview take_word(struct scan *s)
{
    const char *start = s->p;

    while (s->p < s->end && ascii_lower(*s->p) >= 'a' && ascii_lower(*s->p) <= 'z')
        s->p++;
    return sv_n(start, (size_t)(s->p - start));
}

static const struct unit_row *unit_find(struct strview word)
{
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (sv_ieq(word, sv(units[i].word)))
            return &units[i];
    }
    return NULL;
}

/* hh:mm[:ss[.f]] behind its first number; "04:05" is minutes and seconds when the kind says so. */
static enum interval_result take_clock(struct scan *s, const struct number *first, bool negative,
                                       const struct kind_row *kind, struct interval *v)
{
    int64_t part[3] = {first->whole, 0, 0};
    int64_t micros = 0;
    enum field f = F_HOUR;
    int n = 1;

    if (first->micros != 0)
        return INTERVAL_BAD;
    while (n < 3 && take_char(s, ':')) {
        if (!take_whole(s, &part[n]) || part[n] > 59)
            return INTERVAL_BAD;
        n++;
    }
    if (take_char(s, '.') && !take_fraction(s, &micros))
        return INTERVAL_BAD;
    /* With a fraction the last number is seconds. */
    if (n == 2 && ((kind && kind->first == F_MINUTE) ||
                   (kind && kind->last == F_SECOND && kind->first == F_MINUTE) || micros != 0))
        f = F_MINUTE;
    for (int i = 0; i < n; i++) {
        bool last = i == n - 1;
        enum interval_result r = add_signed(v, f, negative, part[i], last ? micros : 0);
        if (r != INTERVAL_OK)
            return r;
        f = (enum field)(f + 1);
    }
    return INTERVAL_OK;
}

struct style {
    bool verbose;       /* began with @: numbers have units, "ago" may end it */
    bool carried_minus; /* sql_standard: one leading minus goes for all that has no sign of its own
                         */
    bool any;
};

/* A number that nothing explains: days before a clock, else what the kind says. */
static enum interval_result add_bare(struct scan *s, const struct number *n, bool negative,
                                     const struct kind_row *kind, struct interval *v)
{
    struct scan ahead = *s;
    struct number next;
    enum field f = F_SECOND;

    skip_blanks(&ahead);
    if (ahead.p < ahead.end && take_number(&ahead, &next) && peek(&ahead) == ':')
        f = F_DAY;
    else if (kind && kind->first == F_DAY && kind->last > F_DAY && ahead.p < ahead.end)
        f = F_DAY; /* "3 04" for DAY TO HOUR */
    else if (kind)
        f = kind->first == F_DAY && kind->last == F_HOUR && v->days != 0 ? F_HOUR : kind->first;
    return add_signed(v, f, negative, n->whole, n->micros);
}

static enum interval_result parse_item(struct scan *s, const struct kind_row *kind,
                                       struct style *st, struct interval *v)
{
    const struct unit_row *unit;
    struct number n;
    bool negative;
    int64_t months;
    enum interval_result r;

    if (!take_number(s, &n))
        return INTERVAL_BAD;
    negative = n.has_sign ? n.negative : st->carried_minus;
    if (peek(s) == ':')
        return take_clock(s, &n, negative, kind, v);
    if (peek(s) == '-' && n.micros == 0) { /* years-months */
        s->p++;
        if (!take_whole(s, &months) || months > 11)
            return INTERVAL_BAD;
        r = add_signed(v, F_YEAR, negative, n.whole, 0);
        st->carried_minus = st->carried_minus || (n.has_sign && n.negative);
        return r == INTERVAL_OK ? add_signed(v, F_MONTH, negative, months, 0) : r;
    }
    struct scan ahead = *s;
    skip_blanks(&ahead);
    unit = unit_find(take_word(&ahead));
    if (unit) {
        *s = ahead;
        return add_signed(v, unit->field, negative, n.whole * unit->times, n.micros);
    }
    st->carried_minus = st->carried_minus || (n.has_sign && n.negative);
    return add_bare(s, &n, negative, kind, v);
}

static enum interval_result negate(struct interval *v)
{
    if (v->months == INT64_MIN || v->days == INT64_MIN || v->usecs == INT64_MIN)
        return INTERVAL_TOO_LARGE;
    v->months = -v->months;
    v->days = -v->days;
    v->usecs = -v->usecs;
    return INTERVAL_OK;
}

static enum interval_result parse_items(struct scan *s, const struct kind_row *kind,
                                        struct interval *v)
{
    struct style st = {take_char(s, '@'), false, false};

    for (;;) {
        enum interval_result r;
        skip_blanks(s);
        if (s->p == s->end)
            return st.any ? INTERVAL_OK : INTERVAL_BAD;
        if (st.any && st.verbose && sv_ieq(sv_n(s->p, (size_t)(s->end - s->p)), SV_LIT("ago")))
            return negate(v);
        r = parse_item(s, kind, &st, v);
        if (r != INTERVAL_OK)
            return r;
        st.any = true;
    }
}

/* INTERVAL -'...' DAY TO SECOND, in braces or not: the text between the quotes, its sign, and the
 * qualifier's kind. */
static bool unwrap_literal(struct strview *t, const struct kind_row **kind, bool *minus)
{
    struct strview s = *t;
    struct strview qualifier;
    size_t open;
    size_t close;

    if (s.len > 2 && s.ptr[0] == '{' && s.ptr[s.len - 1] == '}')
        s = sv_trim(sv_n(s.ptr + 1, s.len - 2));
    if (s.len < 10 || !sv_ieq(sv_n(s.ptr, 8), SV_LIT("interval")))
        return false;
    open = sv_find(s, SV_LIT("'"));
    if (open == SIZE_MAX)
        return false;
    close = sv_find(sv_n(s.ptr + open + 1, s.len - open - 1), SV_LIT("'"));
    if (close == SIZE_MAX)
        return false;
    *minus = sv_find(sv_n(s.ptr, open), SV_LIT("-")) != SIZE_MAX;
    *t = sv_n(s.ptr + open + 1, close);
    qualifier = sv_trim(sv_n(s.ptr + open + close + 2, s.len - open - close - 2));
    for (size_t i = 0; i < ARRAY_LEN(units) && qualifier.len > 0; i++) {
        /* The first word names the leading field; "to second" tells minute-second from hour-minute.
         */
        size_t n = strlen(units[i].word);
        if (qualifier.len >= n && sv_ieq(sv_n(qualifier.ptr, n), sv(units[i].word))) {
            for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
                if (kinds[k].first == units[i].field && kinds[k].last == units[i].field)
                    *kind = &kinds[k];
            }
        }
    }
    return true;
}

enum interval_result interval_parse(const char *text, size_t n, SQLSMALLINT kind,
                                    struct interval *out)
{
    struct strview t = sv_trim(sv_n(text, n));
    const struct kind_row *k = kind_find(kind);
    bool minus = false;
    struct scan s;
    enum interval_result r;

    memset(out, 0, sizeof *out);
    if (unwrap_literal(&t, &k, &minus))
        t = sv_trim(t);
    if (sv_ieq(t, SV_LIT("infinity")) || sv_ieq(t, SV_LIT("-infinity")))
        return INTERVAL_TOO_LARGE;
    s = (struct scan){t.ptr, t.ptr + t.len};
    r = take_char(&s, 'P') ? parse_iso(&s, out) : parse_items(&s, k, out);
    return (r == INTERVAL_OK && minus) ? negate(out) : r;
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
    return add_scaled(usecs, v->days, USECS_PER_DAY) && *usecs != INT64_MIN;
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
static uint64_t split_day_time(const struct day_time *v, const struct kind_row *k,
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

static uint64_t split_year_month(uint64_t months, const struct kind_row *k,
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
    const struct kind_row *k = kind_find(kind);
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
    const struct kind_row *k = kind_find(kind);
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
        if (add_signed(out, f, s->interval_sign == SQL_TRUE, fields[f],
                       f == F_SECOND ? micros : 0) != INTERVAL_OK)
            return CONV_INTERVAL_OVERFLOW;
    }
    return CONV_OK;
}

enum conv interval_to_count(const struct interval *v, SQLSMALLINT kind, int64_t *millionths)
{
    const struct kind_row *k = kind_find(kind);
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
    const struct kind_row *k = kind_find(kind);

    memset(out, 0, sizeof *out);
    if (k == NULL)
        return false;
    return add_field(out, k->first, millionths / 1000000,
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
    const struct kind_row *k = kind_find(kind);
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
