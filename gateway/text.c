/* Small text helpers without state. They know nothing of HTTP or PostgreSQL.
 *
 * The program never calls setlocale, so strtod and printf work in the C locale here.
 */
#include "gateway/text.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/buf.h"

size_t text_utf8_len(const unsigned char *s, size_t n)
{
    if (s[0] < 0x80)
        return 1;
    if (s[0] < 0xc2)
        return 0;
    if (s[0] < 0xe0)
        return n >= 2 && (s[1] & 0xc0) == 0x80 ? 2 : 0;
    if (s[0] < 0xf0) {
        if (n < 3 || (s[1] & 0xc0) != 0x80 || (s[2] & 0xc0) != 0x80)
            return 0;
        if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] >= 0xa0))
            return 0;
        return 3;
    }
    if (s[0] > 0xf4 || n < 4 || (s[1] & 0xc0) != 0x80 || (s[2] & 0xc0) != 0x80 ||
        (s[3] & 0xc0) != 0x80)
        return 0;
    if ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] >= 0x90))
        return 0;
    return 4;
}

bool text_is_utf8(const char *s, size_t n)
{
    const unsigned char *u = (const unsigned char *)s;
    for (size_t i = 0; i < n;) {
        size_t len = text_utf8_len(u + i, n - i);
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

char *text_percent_decode(const char *s, size_t n, bool form, size_t *out_len)
{
    char *out = malloc(n + 1);
    size_t len = 0;
    if (!out)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '%' && n - i > 2 && hex_value(s[i + 1]) >= 0 && hex_value(s[i + 2]) >= 0) {
            out[len++] = (char)(hex_value(s[i + 1]) * 16 + hex_value(s[i + 2]));
            i += 2;
        } else {
            out[len++] = form && s[i] == '+' ? ' ' : s[i];
        }
    }
    out[len] = '\0';
    *out_len = len;
    return out;
}

static int base64_value(char c, bool url)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == (url ? '-' : '+'))
        return 62;
    if (c == (url ? '_' : '/'))
        return 63;
    return -1;
}

static long decode64(const char *s, size_t n, unsigned char *out, size_t cap_bytes, bool url)
{
    uint32_t acc = 0;
    unsigned bits = 0;
    size_t len = 0;
    if (n % 4 == 1)
        return -1;
    for (size_t i = 0; i < n; i++) {
        int v = base64_value(s[i], url);
        if (v < 0)
            return -1;
        acc = (acc << 6 | (uint32_t)v) & 0xffffff;
        bits += 6;
        if (bits < 8)
            continue;
        bits -= 8;
        if (len == cap_bytes)
            return -1;
        out[len++] = (unsigned char)(acc >> bits & 0xff);
    }
    if (acc & ((1u << bits) - 1)) /* left-over bits must be zero */
        return -1;
    return (long)len;
}

long text_base64url_decode(const char *s, size_t n, unsigned char *out, size_t cap_bytes)
{
    return decode64(s, n, out, cap_bytes, true);
}

long text_base64_decode(const char *s, size_t n, unsigned char *out, size_t cap_bytes)
{
    while (n > 0 && s[n - 1] == '=')
        n--;
    return decode64(s, n, out, cap_bytes, false);
}

/* Shortest digits that read back as v: a decimal of at most 15 digits survives a normal double, so
 * 15 digits without their trailing zeros are the shortest form if they read back at all. Subnormals
 * have fewer digits: there every length is tried. */
static int shortest_digits(double v, char *digits, int *exp10)
{
    char s[40];
    for (int prec = v < DBL_MIN ? 1 : 15; prec <= 17; prec++) {
        snprintf(s, sizeof s, "%.*e", prec - 1, v);
        if (strtod(s, NULL) == v)
            break;
    }
    char *e = strchr(s, 'e');
    *exp10 = (int)strtol(e + 1, NULL, 10);
    int n = 0;
    for (const char *p = s; p < e; p++)
        if (*p >= '0' && *p <= '9')
            digits[n++] = *p;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    return n;
}

void text_put_double(struct buf *b, double v)
{
    char digits[40];
    int exp10;
    if (signbit(v)) {
        buf_putc(b, '-');
        v = -v;
    }
    if (v == 0) {
        buf_puts(b, "0.0");
        return;
    }
    int n = shortest_digits(v, digits, &exp10);
    int point = exp10 + 1; /* digits before the decimal point */
    if (point >= n && point <= 16) {
        buf_put(b, digits, (size_t)n);
        for (int i = n; i < point; i++)
            buf_putc(b, '0');
        buf_puts(b, ".0");
    } else if (point > 0 && point <= 16) {
        buf_put(b, digits, (size_t)point);
        buf_putc(b, '.');
        buf_put(b, digits + point, (size_t)(n - point));
    } else if (point > -5 && point <= 0) {
        buf_puts(b, "0.");
        for (int i = point; i < 0; i++)
            buf_putc(b, '0');
        buf_put(b, digits, (size_t)n);
    } else {
        buf_putc(b, digits[0]);
        if (n > 1) {
            buf_putc(b, '.');
            buf_put(b, digits + 1, (size_t)(n - 1));
        }
        buf_printf(b, "e%d", exp10);
    }
}

bool text_to_double(const char *s, size_t n, double *out)
{
    char tmp[400];
    if (n == 0 || n >= sizeof tmp)
        return false;
    for (size_t i = 0; i < n; i++) /* strtod alone would take hex, blanks, "inf" */
        if (!strchr("0123456789+-.eE", s[i]) || s[i] == '\0')
            return false;
    memcpy(tmp, s, n);
    tmp[n] = '\0';
    char *end;
    *out = strtod(tmp, &end);
    return *end == '\0' && end != tmp;
}

char *text_dup(const char *s, size_t n)
{
    char *copy = malloc(n + 1);
    if (!copy)
        return NULL;
    if (n > 0)
        memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

bool text_equal(const char *s, size_t n, const char *word)
{
    return strlen(word) == n && memcmp(s, word, n) == 0;
}
