/* The JSON scanner. Strings are unescaped where they lie: the result is never longer than the source. Called by
 * row_decoder.c for every token, so the path of a plain string is short. */
#include "result/json_pull.h"

#include <stdint.h>
#include <string.h>

#include "base/utf.h"

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

/* \uXXXX at p (behind the u); a surrogate pair is one character, half a pair U+FFFD. Returns the bytes read, 0 = bad. */
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

static char simple_escape(char c)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    const char *hit = c != '\0' ? strchr(from, c) : NULL;

    return hit ? to[hit - from] : '\0';
}

char *json_unescape(char *first, char *end)
{
    char *in = first;
    char *out = first;

    while (in < end) {
        char *plain = json_find_special(in, end);
        memmove(out, in, (size_t)(plain - in));
        out += plain - in;
        in = plain;
        if (in == end)
            break;
        if (end - in < 2)
            return NULL;
        if (in[1] == 'u') {
            uint32_t cp;
            size_t used = read_unicode(in + 2, end, &cp);
            if (used == 0)
                return NULL;
            in += 2 + used;
            out += utf8_encode(cp, out);
        } else {
            char c = simple_escape(in[1]);
            if (c == '\0')
                return NULL;
            *out++ = c;
            in += 2;
        }
    }
    return out;
}

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
    char *p = start + (scan->offset > 0 ? scan->offset : 1);
    char *stop;

    for (;;) {
        p = json_find_special(p, end);
        if (p == end)
            return need(pos, start, end, scan);
        if (*p == '"')
            break;
        if (scan->first_escape == 0)
            scan->first_escape = (size_t)(p - start);
        if (end - p < 2) /* the escaped byte is not here yet: come back to the backslash */
            return need(pos, start, p, scan);
        p += 2;
    }
    stop = scan->first_escape ? json_unescape(start + scan->first_escape, p) : p;
    if (stop == NULL)
        return bad(pos, start, scan);
    return done(pos, p + 1, scan, (struct json_token){JSON_STRING, 0, start + 1, (size_t)(stop - start - 1)});
}

static bool is_scalar_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '+' || c == '.';
}

static struct json_token take_scalar(char **pos, char *start, char *end, bool last, struct json_scan *scan)
{
    char *p = start + scan->offset;

    while (p < end && is_scalar_byte(*p))
        p++;
    if (p == end && !last)
        return need(pos, start, p, scan);
    if (p == start)
        return bad(pos, start, scan);
    return done(pos, p, scan, (struct json_token){JSON_SCALAR, 0, start, (size_t)(p - start)});
}

/* One byte of a nested value; false when it is closed or too deep (*closed tells which). */
static bool nested_byte(char c, struct json_scan *scan, bool *closed)
{
    *closed = false;
    if (scan->in_string) {
        if (scan->after_backslash)
            scan->after_backslash = false;
        else if (c == '\\')
            scan->after_backslash = true;
        else if (c == '"')
            scan->in_string = false;
        return true;
    }
    if (c == '"')
        scan->in_string = true;
    else if (c == '[' || c == '{')
        return ++scan->depth <= JSON_MAX_DEPTH;
    else if (c == ']' || c == '}')
        *closed = --scan->depth == 0;
    return !*closed;
}

static struct json_token take_nested(char **pos, char *start, char *end, struct json_scan *scan)
{
    for (char *p = start + scan->offset; p < end; p++) {
        bool closed;
        if (nested_byte(*p, scan, &closed))
            continue;
        if (!closed)
            return bad(pos, start, scan);
        return done(pos, p + 1, scan, (struct json_token){JSON_NESTED, 0, start, (size_t)(p + 1 - start)});
    }
    return need(pos, start, end, scan);
}

struct json_token json_next(char **pos, char *end, bool last, bool nested, struct json_scan *scan)
{
    char *p = *pos;

    if (scan->offset == 0)
        while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
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
        return take_scalar(pos, p, end, last, scan);
    }
}
