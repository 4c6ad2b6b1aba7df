/* Reads intervals.
 *
 * PostgreSQL's text may have the style postgres (1 year 2 mons 3 days 04:05:06), postgres_verbose
 * (@ 1 year ... ago), sql_standard (1-2 3 4:05:06, +1-2 -3 +4:05:06) or iso_8601 (P1Y2M3DT4H5M6S),
 * whatever a role has set; all are read, with their different ideas of signs, and ODBC's literals
 * too. */
#include "convert/interval_kind.h"

#include <string.h>

#include "base/str.h"

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
        r = interval_add_field(v, f, n.negative, n.whole, n.micros);
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
                                       const struct interval_kind *kind, struct interval *v)
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
    if (n == 2 && ((kind && kind->first == F_MINUTE) || micros != 0))
        f = F_MINUTE;
    for (int i = 0; i < n; i++) {
        bool last = i == n - 1;
        enum interval_result r = interval_add_field(v, f, negative, part[i], last ? micros : 0);
        if (r != INTERVAL_OK)
            return r;
        f = (enum field)(f + 1);
    }
    return INTERVAL_OK;
}

struct style {
    bool verbose;       /* began with @: numbers have units, "ago" may end it */
    bool carried_minus; /* sql_standard: a leading minus goes for all that has no sign of its own */
    int items;          /* read so far */
};

/* A number that nothing explains: days before a clock, else what the kind says. */
static enum interval_result add_bare(struct scan *s, const struct number *n, bool negative,
                                     const struct interval_kind *kind, const struct style *st,
                                     struct interval *v)
{
    struct scan ahead = *s;
    struct number next;
    enum field f = kind ? kind->first : F_SECOND;

    skip_blanks(&ahead);
    if (take_number(&ahead, &next) && peek(&ahead) == ':')
        f = F_DAY;
    else if (st->items == 1 && kind && kind->first == F_DAY && kind->last == F_HOUR)
        f = F_HOUR; /* the second of "3 04" */
    else if (st->items > 0)
        return INTERVAL_BAD;
    return interval_add_field(v, f, negative, n->whole, n->micros);
}

static enum interval_result parse_item(struct scan *s, const struct interval_kind *kind,
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
        r = interval_add_field(v, F_YEAR, negative, n.whole, 0);
        st->carried_minus = st->carried_minus || (n.has_sign && n.negative);
        return r == INTERVAL_OK ? interval_add_field(v, F_MONTH, negative, months, 0) : r;
    }
    struct scan ahead = *s;
    skip_blanks(&ahead);
    unit = unit_find(take_word(&ahead));
    if (unit) {
        *s = ahead;
        return interval_add_field(v, unit->field, negative, n.whole * unit->times, n.micros);
    }
    st->carried_minus = st->carried_minus || (n.has_sign && n.negative);
    return add_bare(s, &n, negative, kind, st, v);
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

static enum interval_result parse_items(struct scan *s, const struct interval_kind *kind,
                                        struct interval *v)
{
    struct style st = {take_char(s, '@'), false, 0};

    for (;;) {
        enum interval_result r;
        skip_blanks(s);
        if (s->p == s->end)
            return st.items > 0 ? INTERVAL_OK : INTERVAL_BAD;
        if (st.items > 0 && st.verbose &&
            sv_ieq(sv_n(s->p, (size_t)(s->end - s->p)), SV_LIT("ago")))
            return negate(v);
        r = parse_item(s, kind, &st, v);
        if (r != INTERVAL_OK)
            return r;
        /* Nothing is glued to an item: 12:00:00+05 is a time, 2020-01-02 a date. */
        if (s->p < s->end && !ascii_is_space(*s->p))
            return INTERVAL_BAD;
        st.items++;
    }
}

/* INTERVAL -'...' DAY TO SECOND, in braces or not: the text between the quotes, its sign, and the
 * qualifier's kind. */
static bool unwrap_literal(struct strview *t, const struct interval_kind **kind, bool *minus)
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
            *kind = interval_kind_single(units[i].field);
        }
    }
    return true;
}

enum interval_result interval_parse(const char *text, size_t n, SQLSMALLINT kind,
                                    struct interval *out)
{
    struct strview t = sv_trim(sv_n(text, n));
    const struct interval_kind *k = interval_kind_find(kind);
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
