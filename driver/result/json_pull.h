/* Tokens of a JSON text that lies in memory in part: whole tokens or nothing, resumable, in place.
 * No values are built. Bytes are not checked to be UTF-8, and control characters in strings are let
 * through: who converts them checks them. Called by json_decoder.c. */
#ifndef NEON_RESULT_JSON_PULL_H
#define NEON_RESULT_JSON_PULL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum json_tok {
    JSON_NEED,   /* the token is not complete yet: nothing was consumed */
    JSON_PUNCT,  /* one of { } [ ] : , */
    JSON_STRING, /* unescaped in place; `text` is the value without quotes */
    JSON_SCALAR, /* number, true, false: as written */
    JSON_NULL,
    JSON_NESTED, /* a whole array or object, verbatim (only when asked for) */
    JSON_BAD,
};

/* What may come next inside a nested value. */
enum json_expect {
    EXPECT_VALUE,
    EXPECT_VALUE_OR_END, /* behind [ */
    EXPECT_KEY,
    EXPECT_KEY_OR_END, /* behind { */
    EXPECT_COLON,
    EXPECT_COMMA_OR_END,
};

/* Where an incomplete token stands, so that it is not scanned again when more bytes come. Offsets
 * are from the token's first byte, so they survive a move of the token. */
struct json_scan {
    size_t offset;       /* bytes of the token already looked at */
    size_t first_escape; /* offset of the first backslash of a string; 0 = none yet */
    /* of a nested value: */
    size_t
        part; /* offset of the string or scalar in it at which `offset` stands; 0 = between two */
    uint64_t objects; /* a bit for each open bracket, the innermost lowest: 1 = { */
    unsigned depth;
    enum json_expect expect;
};

struct json_token {
    enum json_tok kind;
    char punct;
    char *text;
    size_t len;
};

#define JSON_MAX_DEPTH 32 /* of a nested value; at most the bits of json_scan.objects */
/* Bytes that must be readable behind `end`. They are never taken for content, but should not be
 * quotes or backslashes. */
#define JSON_PADDING 64

/* The token at *pos (white space before it is skipped). On JSON_NEED *pos stands at its first byte
 * and *scan remembers how far it was seen; otherwise *pos is behind it (JSON_BAD: at it) and *scan
 * is zero. A scalar is complete when something follows it: a document of Neon's ends in a bracket.
 * `nested`: an opening bracket yields the whole value verbatim. */
struct json_token json_next(char **pos, char *end, bool nested, struct json_scan *scan);

/* Unescapes [first, end) in place; first is at a backslash. Returns the end of the result, NULL for
 * a bad escape. */
char *json_unescape(char *first, char *end);

/* The quotes and backslashes of a text, in order. A block of bytes is looked at in one go and
 * becomes a mask; finding the next one then costs no look at the bytes between. It is the inner
 * loop of everything here: hence in a header. */
struct json_specials {
    char *block;   /* the mask's first byte */
    uint64_t mask; /* those not handed out yet */
};

#ifdef __SSE2__
#define JSON_BLOCK_BYTES 64
#define JSON_MASK_BITS_PER_BYTE 1

static inline uint64_t json_mask_of_16(const char *p)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    __m128i backslashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));

    return (uint64_t)(unsigned)_mm_movemask_epi8(_mm_or_si128(quotes, backslashes));
}

static inline uint64_t json_block_mask(const char *p)
{
    return json_mask_of_16(p) | json_mask_of_16(p + 16) << 16 | json_mask_of_16(p + 32) << 32 |
           json_mask_of_16(p + 48) << 48;
}
#else
#define JSON_BLOCK_BYTES 8
#define JSON_MASK_BITS_PER_BYTE 8

/* The high bit of every byte of v that is zero. */
static inline uint64_t json_zero_bytes(uint64_t v)
{
    const uint64_t low7 = 0x7F7F7F7F7F7F7F7Fu;

    return ~(((v & low7) + low7) | v | low7);
}

static inline uint64_t json_block_mask(const char *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return json_zero_bytes(v ^ 0x2222222222222222u) | json_zero_bytes(v ^ 0x5C5C5C5C5C5C5C5Cu);
}
#endif

/* p must be before the end of the text. */
static inline struct json_specials json_specials_from(char *p)
{
    return (struct json_specials){p, json_block_mask(p)};
}

/* The next one; `end` or a byte behind it when there is none before it. */
static inline char *json_next_special(struct json_specials *s, const char *end)
{
    char *hit;

    while (s->mask == 0) {
        if (end - s->block <= JSON_BLOCK_BYTES)
            return s->block + JSON_BLOCK_BYTES;
        s->block += JSON_BLOCK_BYTES;
        s->mask = json_block_mask(s->block);
    }
    hit = s->block + __builtin_ctzll(s->mask) / JSON_MASK_BITS_PER_BYTE;
    s->mask &= s->mask - 1;
    return hit;
}

/* First '"' or '\\' in [p, end), or end. */
static inline char *json_find_special(char *p, char *end)
{
    struct json_specials s;

    if (p >= end)
        return end;
    s = json_specials_from(p);
    p = json_next_special(&s, end);
    return p < end ? p : end;
}

#endif
