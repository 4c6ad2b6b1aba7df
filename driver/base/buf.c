/* The growing buffer. Doubles its memory, never past its maximum. Called by every layer. */
#include "base/buf.h"

#include <stdio.h>

void buf_init(struct buf *b, size_t max_bytes)
{
    *b = BUF_INIT(max_bytes);
}

void buf_release(struct buf *b)
{
    mem_free(b->data);
    *b = BUF_INIT(b->max);
}

void buf_release_secret(struct buf *b)
{
    mem_wipe(b->data, b->cap);
    buf_release(b);
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->failed = BUF_OK;
    if (b->data != NULL)
        b->data[0] = '\0';
}

static bool grow(struct buf *b, size_t extra)
{
    size_t max = b->max ? b->max : BUF_MAX_DEFAULT;
    size_t want;
    size_t cap;
    char *data;

    if (max > SIZE_MAX / 2)
        max = SIZE_MAX / 2;
    if (b->failed)
        return false;
    if (extra > max || b->len > max - extra) {
        b->failed = BUF_FULL;
        return false;
    }
    want = b->len + extra + 1;
    cap = b->cap ? b->cap : 64;
    while (cap < want)
        cap *= 2;
    if (cap > max + 1)
        cap = max + 1;
    data = mem_realloc(b->data, cap);
    if (data == NULL) {
        b->failed = BUF_NO_MEMORY;
        return false;
    }
    data[b->len] = '\0';
    b->data = data;
    b->cap = cap;
    return true;
}

bool buf_reserve(struct buf *b, size_t extra)
{
    return (b->failed == BUF_OK && extra < b->cap - b->len) || grow(b, extra);
}

bool buf_append(struct buf *b, const void *bytes, size_t len)
{
    if (!buf_reserve(b, len))
        return false;
    if (len > 0)
        memcpy(b->data + b->len, bytes, len);
    b->len += len;
    b->data[b->len] = '\0';
    return true;
}

bool buf_append_sv(struct buf *b, struct strview s)
{
    return buf_append(b, s.ptr, s.len);
}

bool buf_append_str(struct buf *b, const char *s)
{
    return buf_append(b, s, strlen(s));
}

bool buf_append_char(struct buf *b, char c)
{
    if (!buf_reserve(b, 1))
        return false;
    b->data[b->len++] = c;
    b->data[b->len] = '\0';
    return true;
}

bool buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
    va_list copy;
    int need;

    va_copy(copy, ap);
    need = vsnprintf(NULL, 0, fmt, copy);
    va_end(copy);
    if (need < 0 || !buf_reserve(b, (size_t)need)) {
        b->failed = b->failed ? b->failed : BUF_FULL;
        return false;
    }
    vsnprintf(b->data + b->len, (size_t)need + 1, fmt, ap);
    b->len += (size_t)need;
    return true;
}

bool buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    bool ok;

    va_start(ap, fmt);
    ok = buf_vprintf(b, fmt, ap);
    va_end(ap);
    return ok;
}

const char *buf_str(const struct buf *b)
{
    return b->data ? b->data : "";
}

struct strview buf_sv(const struct buf *b)
{
    return sv_n(buf_str(b), b->len);
}

char *buf_take(struct buf *b)
{
    char *data = b->data;

    *b = BUF_INIT(b->max);
    return data;
}
