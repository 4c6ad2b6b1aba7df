/* Borrowed strings and the few string helpers that must not depend on the process's locale. */
#ifndef NEON_BASE_STR_H
#define NEON_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A piece of text that somebody else owns; not NUL-terminated. ptr is NULL only for "absent". */
struct strview {
    const char *ptr;
    size_t len; /* bytes */
};

#define SV_LIT(s) ((struct strview){(s), sizeof(s) - 1})
static inline struct strview sv(const char *s)
{
    return (struct strview){s, s ? strlen(s) : 0};
}
static inline struct strview sv_n(const char *s, size_t len)
{
    return (struct strview){s, len};
}

/* ASCII only, whatever the locale says. */
static inline char ascii_lower(char c)
{
    return (c >= 'A' && c <= 'Z') ? (char)(c - 'A' + 'a') : c;
}
static inline bool ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static inline bool ascii_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Byte equality. */
bool sv_eq(struct strview a, struct strview b);
/* Equality ignoring ASCII case. */
bool sv_ieq(struct strview a, struct strview b);
bool str_ieq(const char *a, const char *b);
/* Without leading and trailing ASCII white space. */
struct strview sv_trim(struct strview s);
/* Decimal integer with optional sign, whole text, no white space. False when it is none or out of
 * range. */
bool sv_to_i64(struct strview s, int64_t *out);
/* Position of the first `needle` in `hay`, or SIZE_MAX. */
size_t sv_find(struct strview hay, struct strview needle);
/* The same ignoring ASCII case. */
size_t sv_ifind(struct strview hay, struct strview needle);

#endif
