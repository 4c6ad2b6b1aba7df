/* Encoding conversions. Called by api/ (arguments), convert/ (values) and sql/ (identifiers).
 * Application buffers may be unaligned, so units are moved with memcpy. */
#include "base/utf.h"

#include <string.h>

/* Length announced by a lead byte and the smallest code point that may use it (RFC 3629). */
static size_t lead_len(unsigned char c, uint32_t *bits, uint32_t *least)
{
    if (c < 0x80) {
        *bits = c;
        *least = 0;
        return 1;
    }
    if (c >= 0xC2 && c <= 0xDF) {
        *bits = c & 0x1Fu;
        *least = 0x80;
        return 2;
    }
    if (c >= 0xE0 && c <= 0xEF) {
        *bits = c & 0x0Fu;
        *least = 0x800;
        return 3;
    }
    if (c >= 0xF0 && c <= 0xF4) {
        *bits = c & 0x07u;
        *least = 0x10000;
        return 4;
    }
    return 0;
}

size_t utf8_decode(const char *s, size_t n, uint32_t *cp)
{
    const unsigned char *u = (const unsigned char *)s;
    uint32_t bits = 0;
    uint32_t least = 0;
    size_t len = lead_len(u[0], &bits, &least);

    *cp = UTF_BAD;
    if (len == 0)
        return 1;
    for (size_t i = 1; i < len; i++) {
        if (i >= n || (u[i] & 0xC0) != 0x80)
            return i;
        bits = (bits << 6) | (u[i] & 0x3Fu);
    }
    if (bits < least || bits > 0x10FFFF || (bits >= 0xD800 && bits <= 0xDFFF))
        return len;
    *cp = bits;
    return len;
}

size_t utf8_encode(uint32_t cp, char *out)
{
    unsigned char *u = (unsigned char *)out;

    if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
        cp = UTF_REPLACEMENT;
    if (cp < 0x80) {
        u[0] = (unsigned char)cp;
        return 1;
    }
    if (cp < 0x800) {
        u[0] = (unsigned char)(0xC0 | (cp >> 6));
        u[1] = (unsigned char)(0x80 | (cp & 0x3F));
        return 2;
    }
    if (cp < 0x10000) {
        u[0] = (unsigned char)(0xE0 | (cp >> 12));
        u[1] = (unsigned char)(0x80 | ((cp >> 6) & 0x3F));
        u[2] = (unsigned char)(0x80 | (cp & 0x3F));
        return 3;
    }
    u[0] = (unsigned char)(0xF0 | (cp >> 18));
    u[1] = (unsigned char)(0x80 | ((cp >> 12) & 0x3F));
    u[2] = (unsigned char)(0x80 | ((cp >> 6) & 0x3F));
    u[3] = (unsigned char)(0x80 | (cp & 0x3F));
    return 4;
}

bool utf8_is_valid(const char *s, size_t n)
{
    size_t i = 0;

    while (i < n) {
        uint32_t cp;
        size_t step;
        if ((unsigned char)s[i] < 0x80) {
            i++;
            continue;
        }
        step = utf8_decode(s + i, n - i, &cp);
        if (cp == UTF_BAD)
            return false;
        i += step;
    }
    return true;
}

size_t utf8_floor(const char *s, size_t n)
{
    size_t back = 0;

    /* Look at most three bytes back for a lead byte whose sequence would run past n. */
    while (back < 3 && back < n) {
        unsigned char c = (unsigned char)s[n - 1 - back];
        uint32_t bits;
        uint32_t least;
        if (c < 0x80)
            return n;
        if (c >= 0xC0)
            return lead_len(c, &bits, &least) > back + 1 ? n - 1 - back : n;
        back++;
    }
    return n;
}

size_t utf8_chars(const char *s, size_t n)
{
    size_t count = 0;
    size_t i = 0;

    while (i < n) {
        uint32_t cp;
        i += utf8_decode(s + i, n - i, &cp);
        count++;
    }
    return count;
}

size_t utf16_units_of_utf8(const char *s, size_t n)
{
    size_t units = 0;
    size_t i = 0;

    while (i < n) {
        uint32_t cp;
        if ((unsigned char)s[i] < 0x80) {
            i++;
            units++;
            continue;
        }
        i += utf8_decode(s + i, n - i, &cp);
        units += (cp != UTF_BAD && cp >= 0x10000) ? 2 : 1;
    }
    return units;
}

static void put16(void *dst, size_t index, uint32_t unit)
{
    uint16_t u = (uint16_t)unit;
    memcpy((char *)dst + index * 2, &u, 2);
}

size_t utf8_to_utf16(const char *s, size_t n, void *dst, size_t cap_units, size_t *used_bytes)
{
    size_t i = 0;
    size_t out = 0;

    while (i < n && out < cap_units) {
        uint32_t cp;
        size_t step;
        if ((unsigned char)s[i] < 0x80) {
            put16(dst, out++, (unsigned char)s[i++]);
            continue;
        }
        step = utf8_decode(s + i, n - i, &cp);
        if (cp == UTF_BAD)
            cp = UTF_REPLACEMENT;
        if (cp < 0x10000) {
            put16(dst, out++, cp);
        } else {
            if (cap_units - out < 2)
                break;
            put16(dst, out++, 0xD800 + ((cp - 0x10000) >> 10));
            put16(dst, out++, 0xDC00 + ((cp - 0x10000) & 0x3FF));
        }
        i += step;
    }
    *used_bytes = i;
    return out;
}

size_t utf8_to_utf32(const char *s, size_t n, void *dst, size_t cap_units, size_t *used_bytes)
{
    size_t i = 0;
    size_t out = 0;

    while (i < n && out < cap_units) {
        uint32_t cp;
        i += utf8_decode(s + i, n - i, &cp);
        if (cp == UTF_BAD)
            cp = UTF_REPLACEMENT;
        memcpy((char *)dst + 4 * out++, &cp, 4);
    }
    *used_bytes = i;
    return out;
}

static uint32_t get16(const void *s, size_t index)
{
    uint16_t u;
    memcpy(&u, (const char *)s + index * 2, 2);
    return u;
}

size_t utf16_decode(const void *s, size_t n, uint32_t *cp)
{
    uint32_t hi = get16(s, 0);
    uint32_t lo;

    if (hi < 0xD800 || hi > 0xDFFF) {
        *cp = hi;
        return 1;
    }
    *cp = UTF_BAD;
    if (hi > 0xDBFF || n < 2)
        return 1;
    lo = get16(s, 1);
    if (lo < 0xDC00 || lo > 0xDFFF)
        return 1;
    *cp = 0x10000 + ((hi - 0xD800) << 10) + (lo - 0xDC00);
    return 2;
}

size_t utf8_max_of_utf16(size_t n_units)
{
    return n_units > SIZE_MAX / 3 ? SIZE_MAX : n_units * 3;
}

size_t utf16_to_utf8(const void *s, size_t n_units, char *dst)
{
    size_t i = 0;
    size_t out = 0;

    while (i < n_units) {
        uint32_t cp;
        i += utf16_decode((const char *)s + i * 2, n_units - i, &cp);
        if (cp == UTF_BAD)
            return SIZE_MAX;
        out += utf8_encode(cp, dst + out);
    }
    return out;
}

size_t utf32_to_utf8(const void *s, size_t n_units, char *dst)
{
    size_t out = 0;

    for (size_t i = 0; i < n_units; i++) {
        uint32_t cp;
        memcpy(&cp, (const char *)s + i * 4, 4);
        if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
            return SIZE_MAX;
        out += utf8_encode(cp, dst + out);
    }
    return out;
}
