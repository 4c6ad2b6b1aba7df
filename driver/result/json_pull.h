/* Tokens of a JSON text that lies in memory in part: whole tokens or nothing, resumable, in place. No values are built.
 * Called by row_decoder.c. */
#ifndef NEON_RESULT_JSON_PULL_H
#define NEON_RESULT_JSON_PULL_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

/* Unescapes [first, end) in place; first is at a backslash. Returns the end of the result, NULL for a bad escape. */
char *json_unescape(char *first, char *end);

/* First '"' or '\\' in [p, end), or end. In the header because every cell begins with it. */
static inline char *json_find_special(char *p, char *end)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');

    while (p < end) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i hits = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash));
        int mask = _mm_movemask_epi8(hits);
        if (mask != 0) {
            p += __builtin_ctz((unsigned)mask);
            return p < end ? p : end;
        }
        p += 16;
    }
    return end;
#else
    while (p < end && *p != '"' && *p != '\\')
        p++;
    return p;
#endif
}

#endif
