/* uuid to C: 36 lower-case characters, or the structure with its first three fields in host order.
 */
#include <string.h>

#include "base/str.h"
#include "convert/matrix.h"
#include "convert/piece.h"

static int hex_value(char c)
{
    if (ascii_is_digit(c))
        return c - '0';
    c = ascii_lower(c);
    return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}

/* 32 digits with or without hyphens at the usual places, in braces or not. */
bool uuid_parse(const char *s, size_t n, SQLGUID *out)
{
    unsigned char b[16];
    size_t digits = 0;

    if (n >= 2 && s[0] == '{' && s[n - 1] == '}') {
        s++;
        n -= 2;
    }
    memset(b, 0, sizeof b);
    for (size_t i = 0; i < n; i++) {
        int v = hex_value(s[i]);
        if (s[i] == '-' && (i == 8 || i == 13 || i == 18 || i == 23) && n == UUID_CHARS)
            continue;
        if (v < 0 || digits == 32)
            return false;
        b[digits / 2] = (unsigned char)(b[digits / 2] << 4 | v);
        digits++;
    }
    if (digits != 32)
        return false;
    out->Data1 = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    out->Data2 = (unsigned short)(b[4] << 8 | b[5]);
    out->Data3 = (unsigned short)(b[6] << 8 | b[7]);
    memcpy(out->Data4, b + 8, 8);
    return true;
}

void uuid_print(const SQLGUID *g, char out[UUID_CHARS])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char b[16] = {
        (unsigned char)(g->Data1 >> 24), (unsigned char)(g->Data1 >> 16),
        (unsigned char)(g->Data1 >> 8),  (unsigned char)g->Data1,
        (unsigned char)(g->Data2 >> 8),  (unsigned char)g->Data2,
        (unsigned char)(g->Data3 >> 8),  (unsigned char)g->Data3,
    };
    size_t len = 0;

    memcpy(b + 8, g->Data4, 8);
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[len++] = '-';
        out[len++] = hex[b[i] >> 4];
        out[len++] = hex[b[i] & 15];
    }
}

enum conv to_c_uuid_text(const struct to_c *spec, const struct cell *cell, struct to_c_out *out)
{
    return piece_literal(spec, out, cell->ptr, cell->len, cell->len);
}

enum conv to_c_uuid_guid(const struct to_c *spec, const struct cell *cell, struct to_c_out *out)
{
    SQLGUID g;

    (void)spec;
    if (!uuid_parse(cell->ptr, cell->len, &g))
        return CONV_BAD_TEXT;
    return piece_fixed(out, &g, sizeof g);
}
