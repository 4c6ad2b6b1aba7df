/* Delivering a value into an application's buffer: whole, in pieces, or as a fixed-size structure.
 */
#ifndef NEON_CONVERT_PIECE_H
#define NEON_CONVERT_PIECE_H

#include "convert/convert.h"

/* Text for the character C type of the spec (SQL_C_CHAR or SQL_C_WCHAR) or its UTF-8 bytes for
 * SQL_C_BINARY. */
enum conv piece_text(const struct to_c *spec, struct to_c_out *out, const char *s, size_t n);
/* The same for the text of a number or date: a first piece with room for fewer than `whole`
 * characters is CONV_OUT_OF_RANGE. ASCII only. */
enum conv piece_literal(const struct to_c *spec, struct to_c_out *out, const char *s, size_t n,
                        size_t whole);
/* Bytes for SQL_C_BINARY. */
enum conv piece_bytes(struct to_c_out *out, const void *bytes, size_t n);
/* A fixed-size C value; NULL app_buf is fine. */
enum conv piece_fixed(struct to_c_out *out, const void *value, size_t n);
/* Bytes of a fixed-size value for SQL_C_BINARY: all or CONV_OUT_OF_RANGE (appendix D). */
enum conv piece_image(struct to_c_out *out, const void *value, size_t n);

/* UTF-16 units (or UTF-32 where SQLWCHAR has four bytes) of UTF-8 text, ASCII runs at many bytes a
 * step. */
size_t piece_wide_units(const char *s, size_t n);
/* Converts; semantics of utf8_to_utf16. */
size_t piece_to_wide(const char *s, size_t n, void *dst, size_t cap_units, size_t *used_bytes);

#endif
