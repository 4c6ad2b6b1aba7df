/* Tokens of a JSON text that lies in memory in part: whole tokens or nothing, resumable, in place. No values are built.
 * Called by row_decoder.c. */
#ifndef NEON_RESULT_JSON_PULL_H
#define NEON_RESULT_JSON_PULL_H

#include <stdbool.h>
#include <stddef.h>

enum json_tok {
    JSON_NEED,   /* the token is not complete yet: nothing was consumed */
    JSON_PUNCT,  /* one of { } [ ] : , */
    JSON_STRING, /* unescaped in place; `text` is the value without quotes */
    JSON_SCALAR, /* number, true, false, null: as written */
    JSON_NESTED, /* a whole array or object, verbatim (only when asked for) */
    JSON_BAD,
};

/* Where an incomplete token stands, so that it is not scanned again when more bytes come. All offsets are from the token's
 * first byte, so they survive a move of the token. */
struct json_scan {
    size_t offset;      /* bytes of the token already looked at */
    size_t first_escape;/* offset of the first backslash of a string; 0 = none yet */
    unsigned depth;     /* of a nested value */
    bool in_string, after_backslash; /* of a nested value */
};

struct json_token {
    enum json_tok kind;
    char punct;
    char *text;
    size_t len;
};

#define JSON_MAX_DEPTH 32
/* Bytes that must be readable behind `end` (they are never looked at as content). */
#define JSON_PADDING 16

/* The token at *pos (white space before it is skipped). On JSON_NEED *pos stands at its first byte and *scan remembers how
 * far it was seen; otherwise *pos is behind it and *scan is zero. `last`: no more bytes will come. `nested`: an opening
 * bracket yields the whole value verbatim. */
struct json_token json_next(char **pos, char *end, bool last, bool nested, struct json_scan *scan);

/* First '"' or '\\' in [p, end), or end. */
char *json_find_special(char *p, char *end);

#endif
