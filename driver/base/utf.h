/* UTF-8, UTF-16 and UTF-32 between the application's text and the driver's (always UTF-8).
 *
 * Lengths: "_bytes" for UTF-8, "units" for UTF-16 code units. Nothing here allocates. */
#ifndef NEON_BASE_UTF_H
#define NEON_BASE_UTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes one character at s (n bytes left, n > 0). Returns its length in bytes (1-4) and the code
 * point; for a malformed sequence returns the bytes to skip (at least 1) and *cp = UTF_BAD. */
#define UTF_BAD 0xFFFFFFFFu
#define UTF_REPLACEMENT 0xFFFDu
size_t utf8_decode(const char *s, size_t n, uint32_t *cp);
/* Encodes cp into out (room for 4 bytes); returns the length. Surrogates and cp > 0x10FFFF become
 * U+FFFD. */
size_t utf8_encode(uint32_t cp, char *out);
bool utf8_is_valid(const char *s, size_t n);
/* The largest k <= n such that s[0..k) does not end inside a character. */
size_t utf8_floor(const char *s, size_t n);
/* Number of characters (code points); malformed bytes count one each. */
size_t utf8_chars(const char *s, size_t n);

/* UTF-16 units that s[0..n) takes; malformed bytes count as U+FFFD. */
size_t utf16_units_of_utf8(const char *s, size_t n);
/* Converts until dst is full or s ends, never splitting a surrogate pair. *used_bytes = bytes of s
 * consumed. Returns units written. No terminator. Malformed input becomes U+FFFD. dst may be
 * unaligned. */
size_t utf8_to_utf16(const char *s, size_t n, void *dst, size_t cap_units, size_t *used_bytes);
/* Same for UTF-32 (iODBC's SQLWCHAR). */
size_t utf8_to_utf32(const char *s, size_t n, void *dst, size_t cap_units, size_t *used_bytes);

/* Decodes one character of UTF-16 at s (n units left, n > 0; may be unaligned). Returns units used;
 * a lone surrogate gives *cp = UTF_BAD and 1. */
size_t utf16_decode(const void *s, size_t n, uint32_t *cp);
/* Worst case of bytes for n units. */
size_t utf8_max_of_utf16(size_t n_units);
/* Converts all; dst has room for utf8_max_of_utf16(n). Returns the bytes written, or SIZE_MAX at a
 * lone surrogate. */
size_t utf16_to_utf8(const void *s, size_t n_units, char *dst);
/* Same from UTF-32; 4 bytes per unit at most; SIZE_MAX at a value that is no character. */
size_t utf32_to_utf8(const void *s, size_t n_units, char *dst);

#endif
