/* What the convert tests share: names of codes, and C values as readable text both ways, so that a
 * row of tests/data/convert can be read by a human. */
#ifndef NEON_TESTS_CONV_NAMES_H
#define NEON_TESTS_CONV_NAMES_H

#include "convert/convert.h"

#define CONV_VALUE_MAX 4096 /* bytes of a C value or of its readable form in a test */

struct named_code {
    const char *name;
    SQLSMALLINT code;
};
extern const struct named_code c_type_names[];   /* ends with NULL */
extern const struct named_code sql_type_names[]; /* ends with NULL */

/* The code, or a failed test. "42" is 42. */
SQLSMALLINT code_of(const struct named_code *list, const char *name);
const char *name_of(const struct named_code *list, SQLSMALLINT code);
const char *outcome_name(enum conv outcome);

/* %41 is A, %25 is %; everything else stands for itself. Length of the bytes; out holds strlen(s)
 * + 1. */
size_t percent_decode(const char *s, char *out);
/* Control characters, non-ASCII beyond valid UTF-8, % and blanks at the ends are escaped. */
void percent_encode(const char *bytes, size_t n, char *out, size_t cap);

/* The value of a C type as text: numbers in decimal, text percent-encoded, 2024-01-02
 * 03:04:05.000000006, binary as hex, SQL_C_NUMERIC as "precision,scale:number", intervals as
 * "TYPE_NUMBER:literal". total: indicator. */
void value_to_text(SQLSMALLINT c_type, const void *value, SQLLEN total, SQLLEN cap, char *out,
                   size_t out_cap);
/* Back; the bytes of the value and their number for character and binary types. */
SQLLEN value_from_text(SQLSMALLINT c_type, const char *text, void *value);

/* splitmix64: the same numbers everywhere. */
uint64_t next_random(uint64_t *state);
/* Path of a file below tests/data/convert. */
const char *data_path(const char *file);

/* Switches the process to a locale with a decimal comma, making it with localedef if need be;
 * false: not possible. */
bool use_decimal_comma(void);

/* Environments with default options. */
extern struct type_options default_options;
extern struct conv_env default_env;
void conv_test_init(void);

#endif
