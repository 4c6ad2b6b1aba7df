/* The JSON scanner. Strings are unescaped where they lie: the result is never longer than the
 * source. It knows the grammar of values; which value may stand where in Neon's answer is
 * json_decoder.c's, its only caller. */
#include "result/json_pull.h"

#include "base/str.h"
#include "base/utf.h"

/* ---- escapes ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Four hex digits at p; false when they are none. */
static bool read_hex4(const char *p, const char *end, uint32_t *out)
{
    uint32_t v = 0;

    if (end - p < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        int d = hex_digit(p[i]);
        if (d < 0)
            return false;
        v = v << 4 | (uint32_t)d;
    }
    *out = v;
    return true;
}

/* \uXXXX at p (behind the u); a surrogate pair is one character, half a pair U+FFFD. Returns the
 * bytes read, 0 = bad. */
static size_t read_unicode(const char *p, const char *end, uint32_t *cp)
{
    uint32_t hi;
    uint32_t lo;

    if (!read_hex4(p, end, &hi))
        return 0;
    *cp = hi;
    if (hi < 0xD800 || hi > 0xDFFF)
        return 4;
    *cp = UTF_REPLACEMENT;
    if (hi > 0xDBFF || end - p < 10 || p[4] != '\\' || p[5] != 'u' || !read_hex4(p + 6, end, &lo))
        return 4;
    if (lo < 0xDC00 || lo > 0xDFFF)
        return 4;
    *cp = 0x10000 + ((hi - 0xD800) << 10) + (lo - 0xDC00);
    return 10;
}

/* What a character behind a backslash stands for, when it is one byte. */
static const char simple_escape[256] = {
    ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t',
};

/* The escape at `in`: puts its character at out (which may be `in`) and returns the bytes put
 * there; *used = bytes of the source, never fewer; 0 = bad. */
static size_t unescape_one(const char *in, const char *end, char *out, size_t *used)
{
    uint32_t cp;
    size_t digits;
    char c;

    *used = 0;
    if (end - in < 2)
        return 0;
    c = simple_escape[(unsigned char)in[1]];
    if (c != '\0') {
        *out = c;
        *used = 2;
        return 1;
    }
    digits = in[1] == 'u' ? read_unicode(in + 2, end, &cp) : 0;
    if (digits == 0)
        return 0;
    *used = 2 + digits;
    return utf8_encode(cp, out);
}

char *json_unescape(char *first, char *end)
{
    struct json_specials specials = json_specials_from(first);
    char *in = json_next_special(&specials, end);
    char *out = first;

    /* What is written never passes `in`, and so never a block that is still to be looked at. */
    while (in < end) {
        size_t used;
        char *plain;
        out += unescape_one(in, end, out, &used);
        if (used == 0)
            return NULL;
        plain = in + used;
        do
            in = json_next_special(&specials, end);
        while (in < plain);
        if (in > end)
            in = end;
        memmove(out, plain, (size_t)(in - plain));
        out += in - plain;
    }
    return out;
}

/* The same without writing: for strings that are kept as they are. p may be anywhere in the string.
 */
static bool escapes_are_valid(char *p, char *end)
{
    while ((p = json_find_special(p, end)) < end) {
        char character[4];
        size_t used;
        unescape_one(p, end, character, &used);
        if (used == 0)
            return false;
        p += used;
    }
    return true;
}

/* ---- strings and scalars ---- */

/* The closing quote of the string whose opening quote is at start, from `from` on; NULL when it is
 * not here: *seen is where to go on looking then. *first_escape is set at its first backslash,
 * unless it was set already. */
static char *closing_quote(char *start, char *from, char *end, size_t *first_escape, char **seen)
{
    char *p = from;

    for (;;) {
        p = json_find_special(p, end);
        *seen = p;
        if (p == end)
            return NULL;
        if (*p == '"')
            return p;
        if (*first_escape == 0)
            *first_escape = (size_t)(p - start);
        if (end - p < 2) /* the escaped byte is not here yet: come back to the backslash */
            return NULL;
        p += 2;
    }
}

static bool is_scalar_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '+' || c == '.';
}

static const char *skip_digits(const char *p, const char *end)
{
    while (p < end && ascii_is_digit(*p))
        p++;
    return p;
}

static bool is_number(const char *p, const char *end)
{
    const char *digits;

    p += p < end && *p == '-';
    digits = p;
    p = skip_digits(p, end);
    if (p == digits || (*digits == '0' && p > digits + 1))
        return false;
    if (p < end && *p == '.') {
        digits = ++p;
        p = skip_digits(p, end);
        if (p == digits)
            return false;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        p += p < end && (*p == '-' || *p == '+');
        digits = p;
        p = skip_digits(p, end);
        if (p == digits)
            return false;
    }
    return p == end;
}

static enum json_tok kind_of_scalar(const char *p, const char *end)
{
    struct strview s = sv_n(p, (size_t)(end - p));

    if (sv_eq(s, SV_LIT("null")))
        return JSON_NULL;
    if (sv_eq(s, SV_LIT("true")) || sv_eq(s, SV_LIT("false")) || is_number(p, end))
        return JSON_SCALAR;
    return JSON_BAD;
}

/* ---- tokens ---- */

static struct json_token need(char **pos, char *start, const char *seen, struct json_scan *scan)
{
    scan->offset = (size_t)(seen - start);
    *pos = start;
    return (struct json_token){.kind = JSON_NEED};
}

static struct json_token done(char **pos, char *behind, struct json_scan *scan, struct json_token t)
{
    *pos = behind;
    *scan = (struct json_scan){0};
    return t;
}

static struct json_token bad(char **pos, char *at, struct json_scan *scan)
{
    return done(pos, at, scan, (struct json_token){.kind = JSON_BAD});
}

static struct json_token take_string(char **pos, char *start, char *end, struct json_scan *scan)
{
    char *seen;
    char *quote = closing_quote(start, start + (scan->offset > 0 ? scan->offset : 1), end,
                                &scan->first_escape, &seen);
    char *stop;

    if (quote == NULL)
        return need(pos, start, seen, scan);
    stop = scan->first_escape ? json_unescape(start + scan->first_escape, quote) : quote;
    if (stop == NULL)
        return bad(pos, start, scan);
    return done(pos, quote + 1, scan,
                (struct json_token){JSON_STRING, 0, start + 1, (size_t)(stop - start - 1)});
}

static struct json_token take_scalar(char **pos, char *start, char *end, struct json_scan *scan)
{
    char *p = start + scan->offset;
    enum json_tok kind;

    while (p < end && is_scalar_byte(*p))
        p++;
    if (p == end)
        return need(pos, start, p, scan);
    kind = kind_of_scalar(start, p);
    if (kind == JSON_BAD)
        return bad(pos, start, scan);
    return done(pos, p, scan, (struct json_token){kind, 0, start, (size_t)(p - start)});
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* ---- nested values, kept verbatim ---- */

/* A bracket, colon or comma of a nested value. */
static bool nested_punct(char c, struct json_scan *scan)
{
    bool in_object = scan->objects & 1;
    enum json_expect was = scan->expect;

    switch (c) {
    case '[':
    case '{':
        if ((was != EXPECT_VALUE && was != EXPECT_VALUE_OR_END) || ++scan->depth > JSON_MAX_DEPTH)
            return false;
        scan->objects = scan->objects << 1 | (c == '{');
        scan->expect = c == '{' ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
        return true;
    case ']':
    case '}':
        if (in_object != (c == '}') ||
            (was != EXPECT_COMMA_OR_END &&
             was != (in_object ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END)))
            return false;
        scan->objects >>= 1;
        scan->depth--;
        scan->expect = EXPECT_COMMA_OR_END;
        return true;
    case ',':
        scan->expect = in_object ? EXPECT_KEY : EXPECT_VALUE;
        return was == EXPECT_COMMA_OR_END;
    case ':':
        scan->expect = EXPECT_VALUE;
        return was == EXPECT_COLON;
    default:
        return false;
    }
}

static bool nested_value_begins(struct json_scan *scan, char first)
{
    bool is_key = scan->expect == EXPECT_KEY || scan->expect == EXPECT_KEY_OR_END;

    if (is_key ? first != '"' : scan->expect != EXPECT_VALUE && scan->expect != EXPECT_VALUE_OR_END)
        return false;
    scan->expect = is_key ? EXPECT_COLON : EXPECT_COMMA_OR_END;
    return true;
}

/* The string or scalar at start + scan->part, looked at up to `from`. Returns the byte behind it,
 * NULL when it is not complete; *seen is where to go on looking then. *ok: it is one. */
static char *nested_part(char *start, char *from, char *end, struct json_scan *scan, char **seen,
                         bool *ok)
{
    char *first = start + scan->part;
    char *p = from;

    *ok = true;
    if (*first == '"') {
        p = closing_quote(start, p > first ? p : first + 1, end, &scan->first_escape, seen);
        if (p == NULL)
            return NULL;
        *ok = scan->first_escape == 0 || escapes_are_valid(start + scan->first_escape, p);
        return p + 1;
    }
    while (p < end && is_scalar_byte(*p))
        p++;
    *seen = p;
    *ok = p == end || kind_of_scalar(first, p) != JSON_BAD;
    return p == end ? NULL : p;
}

static struct json_token take_nested(char **pos, char *start, char *end, struct json_scan *scan)
{
    static const char punctuation[] = "[]{},:";
    char *p = start + scan->offset;

    while (p < end) {
        bool ok = true;
        if (scan->part == 0 && is_space(*p)) {
            p++;
        } else if (scan->part == 0 && memchr(punctuation, *p, sizeof punctuation - 1) != NULL) {
            ok = nested_punct(*p++, scan);
            if (ok && scan->depth == 0)
                return done(pos, p, scan,
                            (struct json_token){JSON_NESTED, 0, start, (size_t)(p - start)});
        } else {
            char *seen = p;
            if (scan->part == 0) {
                scan->part = (size_t)(p - start);
                scan->first_escape = 0;
                ok = nested_value_begins(scan, *p);
            }
            p = ok ? nested_part(start, p, end, scan, &seen, &ok) : p;
            if (ok && p == NULL)
                return need(pos, start, seen, scan);
            scan->part = 0;
        }
        if (!ok)
            return bad(pos, start, scan);
    }
    return need(pos, start, end, scan);
}

struct json_token json_next(char **pos, char *end, bool nested, struct json_scan *scan)
{
    char *p = *pos;

    if (scan->offset == 0)
        while (p < end && is_space(*p))
            p++;
    if (p == end) {
        *pos = p;
        return (struct json_token){.kind = JSON_NEED};
    }
    switch (*p) {
    case '"':
        return take_string(pos, p, end, scan);
    case '[':
    case '{':
        if (nested)
            return take_nested(pos, p, end, scan);
        /* fall through */
    case ']':
    case '}':
    case ':':
    case ',':
        return done(pos, p + 1, scan, (struct json_token){JSON_PUNCT, *p, p, 1});
    default:
        return take_scalar(pos, p, end, scan);
    }
}
