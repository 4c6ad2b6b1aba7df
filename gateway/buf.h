/* Append-only byte buffer and the JSON writer on top of it.
 *
 * Every answer body is written with these functions. A buffer that ran out of memory stays valid,
 * ignores further appends and says so in `failed`: callers test once, at the end.
 */
#ifndef GATEWAY_BUF_H
#define GATEWAY_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *data; /* len bytes, not terminated unless buf_cstr was called */
    size_t len;
    size_t cap;
    bool failed; /* out of memory: the content is incomplete and must not be used */
};

/* Frees the memory; the buffer is then empty and usable again. */
void buf_release(struct buf *b);
/* Empties the buffer and keeps its memory. */
void buf_reset(struct buf *b);
/* Makes room for `extra` more bytes. False (and b->failed) when memory is short. */
bool buf_reserve(struct buf *b, size_t extra);
void buf_put(struct buf *b, const void *bytes, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The content as a C string, owned by the buffer; NULL when the buffer has failed. */
const char *buf_cstr(struct buf *b);
/* Hands the memory to the caller (free() it) and empties the buffer; NULL when it has failed. */
char *buf_take(struct buf *b);

/* Appends a JSON string literal of the n bytes, escaped as the protocol says (4.4): only quote,
 * backslash and control characters. False when the bytes are not UTF-8; the buffer then holds a
 * part of the literal and the answer must be thrown away. */
bool buf_put_json(struct buf *b, const char *s, size_t n);
/* The same for text that must never fail (messages, logs): bad bytes become U+FFFD. */
void buf_put_json_lossy(struct buf *b, const char *s, size_t n);
/* A C string as a JSON string, NULL as null; lossy. */
void buf_put_json_or_null(struct buf *b, const char *s);

#endif
