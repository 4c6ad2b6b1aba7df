/* bytea to C: its bytes, or pairs of hexadecimal digits without the server's \x (appendix D, "SQL
 * to C: Binary").
 *
 * Reads the server's hex form and its older escape form (bytea_output = escape). Decodes straight
 * into the application's buffer; progress counts bytes of the decoded value, in the escape form
 * bytes of the text. */
#include <string.h>

#include "base/str.h"
#include "convert/matrix.h"
#include "convert/piece.h"

static const signed char hex_values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

/* Value of two digits, negative when one is none. */
static int hex_pair(const char *s)
{
    int hi = hex_values[(unsigned char)s[0]];
    int lo = hex_values[(unsigned char)s[1]];

    return (hi == 0 || lo == 0) ? -1 : (hi - 1) * 16 + (lo - 1);
}

/* Reading position in the text of a bytea. */
struct source {
    const char *s;
    size_t n, at;
    bool hex;
};

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

/* The next byte; -1 at the end, -2 when the text is malformed. */
static int next_byte(struct source *src)
{
    const char *p = src->s + src->at;
    size_t rest = src->n - src->at;
    int v;

    if (rest == 0)
        return -1;
    if (src->hex) {
        v = rest < 2 ? -1 : hex_pair(p);
        src->at += 2;
        return v < 0 ? -2 : v;
    }
    if (p[0] != '\\') {
        src->at++;
        return (unsigned char)p[0];
    }
    if (rest >= 2 && p[1] == '\\') {
        src->at += 2;
        return '\\';
    }
    if (rest < 4 || p[1] > '3' || !is_octal(p[1]) || !is_octal(p[2]) || !is_octal(p[3]))
        return -2;
    src->at += 4;
    return (p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0');
}

static struct source open_source(const struct cell *cell, const struct to_c_out *out)
{
    struct source src = {cell->ptr, cell->len, 0,
                         cell->len >= 2 && cell->ptr[0] == '\\' && cell->ptr[1] == 'x'};

    src.at = out->progress ? *out->progress : 0;
    if (src.hex && src.at == 0)
        src.at = 2;
    if (src.at > src.n)
        src.at = src.n;
    return src;
}

/* Bytes still to come; false when the text is malformed. Checks the escape form only as far as
 * counting needs. */
static bool count_left(struct source src, size_t *count)
{
    *count = 0;
    if (src.hex) {
        *count = (src.n - src.at) / 2;
        return (src.n - src.at) % 2 == 0;
    }
    for (;;) {
        int b = next_byte(&src);
        if (b == -2)
            return false;
        if (b == -1)
            return true;
        (*count)++;
    }
}

static bool left_of(const struct source *src, const struct to_c_out *out, size_t *count)
{
    if (out->progress && *out->progress != 0 && out->left_bytes && !src->hex) {
        *count = *out->left_bytes;
        return true;
    }
    return count_left(*src, count);
}

/* Puts one byte as `unit` characters-of-the-target would hold it: the byte itself, or two digits.
 */
static void put_digits(char *app_dst, size_t index, size_t unit, int byte)
{
    static const char digits[] = "0123456789ABCDEF";
    SQLWCHAR wide[2] = {(SQLWCHAR)digits[byte >> 4], (SQLWCHAR)digits[byte & 15]};

    if (unit == 1) {
        app_dst[index * 2] = digits[byte >> 4];
        app_dst[index * 2 + 1] = digits[byte & 15];
    } else {
        memcpy(app_dst + index * 2 * unit, wide, sizeof wide);
    }
}

/* unit: 0 for bytes, else the size of a character of the target. */
static enum conv deliver(const struct cell *cell, struct to_c_out *out, size_t unit)
{
    struct source src = open_source(cell, out);
    size_t per_byte = unit == 0 ? 1 : 2 * unit;
    size_t cap = out->cap_bytes > 0 ? (size_t)out->cap_bytes : 0;
    size_t left;
    size_t room;
    char *app_dst = out->app_buf;

    if (!left_of(&src, out, &left))
        return CONV_BAD_TEXT;
    out->total_bytes = (SQLLEN)(left * per_byte);
    if (app_dst == NULL)
        return CONV_OK;
    if (unit != 0 && cap < unit)
        return CONV_TRUNCATED;
    room = unit == 0 ? cap : (cap / unit - 1) / 2;
    if (room > left)
        room = left;
    for (size_t i = 0; i < room; i++) {
        int b = next_byte(&src);
        if (b < 0)
            return CONV_BAD_TEXT;
        if (unit == 0)
            app_dst[i] = (char)b;
        else
            put_digits(app_dst, i, unit, b);
    }
    if (unit != 0)
        memset(app_dst + room * per_byte, 0, unit);
    if (out->progress)
        *out->progress = room == left ? TO_C_DONE : (room > 0 ? src.at : *out->progress);
    if (out->left_bytes)
        *out->left_bytes = left - room;
    return room == left ? CONV_OK : CONV_TRUNCATED;
}

enum conv to_c_bytea_binary(const struct to_c *spec, const struct cell *cell, struct to_c_out *out)
{
    (void)spec;
    return deliver(cell, out, 0);
}

enum conv to_c_bytea_text(const struct to_c *spec, const struct cell *cell, struct to_c_out *out)
{
    return deliver(cell, out, spec->c_type == SQL_C_WCHAR ? sizeof(SQLWCHAR) : 1);
}
