/* The syntax of connection strings: KEY=value;KEY={va}}lue}; (ODBC reference, SQLDriverConnect).
 * Knows no keyword. */
#ifndef NEON_CONFIG_CONNSTR_H
#define NEON_CONFIG_CONNSTR_H

#include "base/err.h"

#define CONNSTR_MAX_BYTES 131072

struct connstr_pair {
    struct strview key;   /* trimmed, never empty */
    struct strview value; /* braces removed; an unquoted value as it stands, spaces included */
    bool quoted;          /* stood in braces */
    bool has_value;       /* false: a piece without "=" */
    size_t at;            /* position of the key, 1-based, in bytes */
};

/* Calls fn for each pair in order; stops with false when fn returns false. False by itself: HY000
 * with the position of what is wrong, never with the text (it may be a password); HY001. */
bool connstr_parse(struct strview text,
                   bool (*fn)(void *ctx, const struct connstr_pair *pair, struct err *e), void *ctx,
                   struct err *e) NEON_MUST_CHECK;
/* Appends "KEY=value;", in braces when the value needs them. */
bool connstr_append(struct buf *out, const char *key, struct strview value);

#endif
