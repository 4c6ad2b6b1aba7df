/* Small text helpers without state: UTF-8, percent and base64url decoding, shortest doubles. */
#ifndef GATEWAY_TEXT_H
#define GATEWAY_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* Length in bytes of the UTF-8 character at s (n >= 1 bytes readable); 0 when it is not one:
 * overlong forms, surrogates and values above U+10FFFF are refused. */
size_t text_utf8_len(const unsigned char *s, size_t n);
bool text_is_utf8(const char *s, size_t n);

/* Percent-decodes n bytes into a new string (free() it); a bad escape is kept literally, as WHATWG
 * URLs do. With `form`, `+` is a space. *out_len gets the length, because %00 is possible.
 * NULL when memory is short. */
char *text_percent_decode(const char *s, size_t n, bool form, size_t *out_len);

/* base64url without padding. Returns the number of bytes written to out (cap_bytes available), or
 * -1 when the text is not base64url or does not fit. */
long text_base64url_decode(const char *s, size_t n, unsigned char *out, size_t cap_bytes);
/* Ordinary base64 with padding (SCRAM verifiers). Same result. */
long text_base64_decode(const char *s, size_t n, unsigned char *out, size_t cap_bytes);

/* Appends a finite double in the shortest form that reads back the same, always with a fraction or
 * an exponent (`1.0`, `1e16`, `1.2345678901234568e22`), as protocol 3.3 and 4.3 want. */
void text_put_double(struct buf *b, double v);

/* Reads the whole of s as a double. False when it is not entirely a decimal number. */
bool text_to_double(const char *s, size_t n, double *out);

/* strndup that is not confused by NULL: a copy of n bytes plus terminator, or NULL. */
char *text_dup(const char *s, size_t n);

/* Byte-wise comparison of a C string with n bytes. */
bool text_equal(const char *s, size_t n, const char *word);

#endif
