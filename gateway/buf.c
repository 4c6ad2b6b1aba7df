/* Append-only byte buffer and JSON string writer.
 *
 * The string writer is the hot path of the gateway: it scans eight bytes at a time for anything
 * that is not plain ASCII and copies whole runs. Used by every module that builds an answer.
 */
#include "gateway/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/text.h"

#define BUF_FIRST_BYTES 256

void buf_release(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->failed = false;
}

bool buf_reserve(struct buf *b, size_t extra)
{
    if (b->failed)
        return false;
    if (extra <= b->cap - b->len)
        return true;
    if (extra > SIZE_MAX / 2 - b->len) {
        b->failed = true;
        return false;
    }
    size_t cap = b->cap ? b->cap : BUF_FIRST_BYTES;
    while (cap < b->len + extra)
        cap *= 2;
    char *data = realloc(b->data, cap);
    if (!data) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

void buf_put(struct buf *b, const void *bytes, size_t n)
{
    if (n == 0 || !buf_reserve(b, n))
        return;
    memcpy(b->data + b->len, bytes, n);
    b->len += n;
}

void buf_puts(struct buf *b, const char *s)
{
    buf_put(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
    if (!buf_reserve(b, 1))
        return;
    b->data[b->len++] = c;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0) {
        b->failed = true;
        return;
    }
    if (!buf_reserve(b, (size_t)n + 1))
        return;
    va_start(ap, fmt);
    vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->len += (size_t)n;
}

const char *buf_cstr(struct buf *b)
{
    if (!buf_reserve(b, 1))
        return NULL;
    b->data[b->len] = '\0';
    return b->data;
}

char *buf_take(struct buf *b)
{
    if (!buf_cstr(b)) {
        buf_release(b);
        return NULL;
    }
    char *data = b->data;
    *b = (struct buf){0};
    return data;
}

/* Length of the leading run that needs no escape and no UTF-8 check. */
static size_t plain_run(const unsigned char *s, size_t n)
{
    const uint64_t ones = 0x0101010101010101u;
    const uint64_t high = 0x8080808080808080u;
    size_t i = 0;
    while (n - i >= 8) {
        uint64_t w;
        memcpy(&w, s + i, 8);
        uint64_t quote = w ^ (ones * '"');
        uint64_t slash = w ^ (ones * '\\');
        uint64_t bad = (w - ones * 0x20) | (quote - ones) | (slash - ones) | w;
        if (bad & high)
            break;
        i += 8;
    }
    while (i < n && s[i] >= 0x20 && s[i] < 0x80 && s[i] != '"' && s[i] != '\\')
        i++;
    return i;
}

static void put_escape(struct buf *b, unsigned char c)
{
    static const char short_form[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    static const char hex[] = "0123456789abcdef";
    if (c == '"' || c == '\\' || short_form[c]) {
        char two[2] = {'\\', c < 0x20 ? short_form[c] : (char)c};
        buf_put(b, two, sizeof two);
        return;
    }
    char six[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    buf_put(b, six, sizeof six);
}

static bool put_json(struct buf *b, const char *text, size_t n, bool lossy)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t i = 0;
    if (!buf_reserve(b, n + 2))
        return true; /* b->failed tells */
    buf_putc(b, '"');
    while (i < n) {
        size_t run = plain_run(s + i, n - i);
        buf_put(b, s + i, run);
        i += run;
        if (i == n)
            break;
        if (s[i] < 0x80) {
            put_escape(b, s[i++]);
            continue;
        }
        size_t len = text_utf8_len(s + i, n - i);
        if (len > 0) {
            buf_put(b, s + i, len);
            i += len;
        } else if (lossy) {
            buf_put(b, "\xef\xbf\xbd", 3);
            i++;
        } else {
            return false;
        }
    }
    buf_putc(b, '"');
    return true;
}

bool buf_put_json(struct buf *b, const char *s, size_t n)
{
    return put_json(b, s, n, false);
}

void buf_put_json_lossy(struct buf *b, const char *s, size_t n)
{
    put_json(b, s, n, true);
}

void buf_put_json_or_null(struct buf *b, const char *s)
{
    if (s)
        put_json(b, s, strlen(s), true);
    else
        buf_put(b, "null", 4);
}
