/* Delivers text and bytes into application buffers, whole or in SQLGetData's pieces, and never
 * beyond their end.
 *
 * Does not know what a value means; the to_c_*.c files call it with the final characters. Buffers
 * may be unaligned. `progress` is a byte offset for SQL_C_CHAR and SQL_C_BINARY, and twice the
 * offset plus one after half a surrogate pair for SQL_C_WCHAR. */
#include "convert/piece.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/utf.h"

#define UNIT sizeof(SQLWCHAR)
#define WIDE_IS_UTF32 (sizeof(SQLWCHAR) == 4)

/* ---- ASCII runs ---- */

/* Bytes of the ASCII run at s. */
static size_t ascii_run(const char *s, size_t n)
{
    size_t i = 0;

    for (; n - i >= 8; i += 8) {
        uint64_t word;
        memcpy(&word, s + i, 8);
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    while (i < n && (unsigned char)s[i] < 0x80)
        i++;
    return i;
}

/* Widens an ASCII run of at most max characters; returns how many there were. */
static size_t ascii_widen(const char *s, size_t max, char *dst)
{
    size_t i = 0;

#if defined(__SSE2__)
    if (!WIDE_IS_UTF32) {
        const __m128i zero = _mm_setzero_si128();
        for (; max - i >= 16; i += 16) {
            __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(s + i));
            if (_mm_movemask_epi8(bytes) != 0)
                break;
            _mm_storeu_si128((__m128i *)(void *)(dst + i * 2), _mm_unpacklo_epi8(bytes, zero));
            _mm_storeu_si128((__m128i *)(void *)(dst + i * 2 + 16), _mm_unpackhi_epi8(bytes, zero));
        }
    }
#endif
    for (; i < max && (unsigned char)s[i] < 0x80; i++) {
        SQLWCHAR u = (SQLWCHAR)(unsigned char)s[i];
        memcpy(dst + i * UNIT, &u, UNIT);
    }
    return i;
}

size_t piece_wide_units(const char *s, size_t n)
{
    size_t units = 0;
    size_t i = 0;

    while (i < n) {
        uint32_t cp;
        size_t run = ascii_run(s + i, n - i);
        units += run;
        i += run;
        while (i < n && (unsigned char)s[i] >= 0x80) {
            i += utf8_decode(s + i, n - i, &cp);
            units += (!WIDE_IS_UTF32 && cp != UTF_BAD && cp >= 0x10000) ? 2 : 1;
        }
    }
    return units;
}

size_t piece_to_wide(const char *s, size_t n, void *dst, size_t cap_units, size_t *used_bytes)
{
    size_t i = 0;
    size_t out = 0;

    while (i < n && out < cap_units) {
        size_t room = cap_units - out;
        size_t run = ascii_widen(s + i, n - i < room ? n - i : room, (char *)dst + out * UNIT);
        i += run;
        out += run;
        while (i < n && out < cap_units && (unsigned char)s[i] >= 0x80) {
            uint32_t cp;
            size_t step = utf8_decode(s + i, n - i, &cp);
            uint32_t pair[2];
            size_t units = 1;
            if (cp == UTF_BAD)
                cp = UTF_REPLACEMENT;
            pair[0] = cp;
            pair[1] = 0;
            if (!WIDE_IS_UTF32 && cp >= 0x10000) {
                pair[0] = 0xD800 + ((cp - 0x10000) >> 10);
                pair[1] = 0xDC00 + ((cp - 0x10000) & 0x3FF);
                units = 2;
            }
            if (cap_units - out < units)
                goto done;
            for (size_t k = 0; k < units; k++) {
                SQLWCHAR u = (SQLWCHAR)pair[k];
                memcpy((char *)dst + (out + k) * UNIT, &u, UNIT);
            }
            out += units;
            i += step;
        }
    }
done:
    *used_bytes = i;
    return out;
}

/* ---- SQL_C_CHAR ---- */

static size_t start_of(const struct to_c_out *out)
{
    return out->progress ? *out->progress : 0;
}

static void set_progress(struct to_c_out *out, size_t value)
{
    if (out->progress)
        *out->progress = value;
}

/* How many bytes of s[0..left) go into `room` bytes that are too few for all. */
static size_t char_cut(const struct to_c *spec, const struct to_c_out *out, const char *s,
                       size_t room)
{
    size_t whole;

    if (out->progress && spec->env->split_characters)
        return room;
    whole = utf8_floor(s, room);
    /* Something must move, or the application asks for ever. */
    return (whole == 0 && out->progress) ? room : whole;
}

static enum conv put_char(const struct to_c *spec, struct to_c_out *out, const char *s, size_t n)
{
    size_t at = start_of(out);
    size_t left;
    size_t take;
    char *app_dst = out->app_buf;

    if (at > n)
        at = n;
    left = n - at;
    out->total_bytes = (SQLLEN)left;
    if (app_dst == NULL)
        return CONV_OK;
    if (out->cap_bytes <= 0)
        return CONV_TRUNCATED;
    if (left < (size_t)out->cap_bytes) {
        memcpy(app_dst, s + at, left);
        app_dst[left] = '\0';
        set_progress(out, TO_C_DONE);
        return CONV_OK;
    }
    take = char_cut(spec, out, s + at, (size_t)out->cap_bytes - 1);
    memcpy(app_dst, s + at, take);
    app_dst[take] = '\0';
    set_progress(out, at + take);
    return CONV_TRUNCATED;
}

/* ---- SQL_C_WCHAR ---- */

static void put_unit(void *app_dst, size_t index, uint32_t unit)
{
    SQLWCHAR u = (SQLWCHAR)unit;
    memcpy((char *)app_dst + index * UNIT, &u, UNIT);
}

static uint32_t low_surrogate_at(const char *s, size_t n)
{
    uint32_t cp;

    (void)utf8_decode(s, n, &cp);
    return 0xDC00 + ((cp - 0x10000) & 0x3FF);
}

static void set_left(struct to_c_out *out, size_t bytes)
{
    if (out->left_bytes)
        *out->left_bytes = bytes;
}

/* Fills `room` units from byte offset *at (half of whose character may be gone already); returns
 * the units written. */
static size_t wide_fill(const struct to_c *spec, struct to_c_out *out, const char *s, size_t n,
                        size_t room, size_t *at, bool *half)
{
    size_t used = 0;
    size_t units = 0;
    uint32_t cp;

    if (*half && room > 0) {
        put_unit(out->app_buf, units++, low_surrogate_at(s + *at, n - *at));
        *at += utf8_decode(s + *at, n - *at, &cp);
        *half = false;
    }
    if (units < room) {
        units += piece_to_wide(s + *at, n - *at, (char *)out->app_buf + units * UNIT, room - units,
                               &used);
        *at += used;
    }
    /* One unit to spare before a pair: split it if asked to, or if nothing would move otherwise. */
    if (units < room && *at < n && out->progress && (spec->env->split_characters || units == 0)) {
        (void)utf8_decode(s + *at, n - *at, &cp);
        put_unit(out->app_buf, units++, 0xD800 + ((cp - 0x10000) >> 10));
        *half = true;
    }
    return units;
}

/* The usual case of a bound column: the value surely fits, so one pass will do. */
static enum conv put_wide_whole(struct to_c_out *out, const char *s, size_t n, size_t cap_units)
{
    size_t used;
    size_t units = piece_to_wide(s, n, out->app_buf, cap_units - 1, &used);

    put_unit(out->app_buf, units, 0);
    out->total_bytes = (SQLLEN)(units * UNIT);
    set_progress(out, TO_C_DONE);
    return CONV_OK;
}

static enum conv put_wide(const struct to_c *spec, struct to_c_out *out, const char *s, size_t n)
{
    size_t mark = start_of(out);
    size_t at = mark / 2 > n ? n : mark / 2;
    bool half = (mark & 1) != 0 && at < n;
    size_t cap_units = out->cap_bytes > 0 ? (size_t)out->cap_bytes / UNIT : 0;
    size_t left;
    size_t units;

    if (mark == 0 && out->app_buf && n < cap_units)
        return put_wide_whole(out, s, n, cap_units);
    left = (mark != 0 && out->left_bytes)
               ? *out->left_bytes
               : (piece_wide_units(s + at, n - at) - (half ? 1 : 0)) * UNIT;
    out->total_bytes = (SQLLEN)left;
    set_left(out, left);
    if (out->app_buf == NULL)
        return CONV_OK;
    if (cap_units == 0)
        return CONV_TRUNCATED;
    units = wide_fill(spec, out, s, n, cap_units - 1, &at, &half);
    put_unit(out->app_buf, units, 0);
    if (at >= n) {
        set_progress(out, TO_C_DONE);
        return CONV_OK;
    }
    set_left(out, left - units * UNIT);
    set_progress(out, at * 2 + (half ? 1 : 0));
    return CONV_TRUNCATED;
}

/* ---- the rest ---- */

enum conv piece_bytes(struct to_c_out *out, const void *bytes, size_t n)
{
    size_t at = start_of(out);
    size_t left;
    size_t take;

    if (at > n)
        at = n;
    left = n - at;
    out->total_bytes = (SQLLEN)left;
    if (out->app_buf == NULL)
        return CONV_OK;
    take = out->cap_bytes > 0 ? (size_t)out->cap_bytes : 0;
    if (take < left) {
        memcpy(out->app_buf, (const char *)bytes + at, take);
        set_progress(out, at + take);
        return CONV_TRUNCATED;
    }
    memcpy(out->app_buf, (const char *)bytes + at, left);
    set_progress(out, TO_C_DONE);
    return CONV_OK;
}

enum conv piece_text(const struct to_c *spec, struct to_c_out *out, const char *s, size_t n)
{
    switch (spec->c_type) {
    case SQL_C_WCHAR:
        return put_wide(spec, out, s, n);
    case SQL_C_BINARY:
        return piece_bytes(out, s, n);
    default:
        return put_char(spec, out, s, n);
    }
}

enum conv piece_literal(const struct to_c *spec, struct to_c_out *out, const char *s, size_t n,
                        size_t whole)
{
    size_t unit = spec->c_type == SQL_C_WCHAR ? UNIT : 1;

    if (out->app_buf && out->cap_bytes > 0 && start_of(out) == 0 &&
        whole >= (size_t)out->cap_bytes / unit)
        return CONV_OUT_OF_RANGE;
    return piece_text(spec, out, s, n);
}

enum conv piece_fixed(struct to_c_out *out, const void *value, size_t n)
{
    out->total_bytes = (SQLLEN)n;
    if (out->app_buf) {
        memcpy(out->app_buf, value, n);
        set_progress(out, TO_C_DONE);
    }
    return CONV_OK;
}

enum conv piece_image(struct to_c_out *out, const void *value, size_t n)
{
    out->total_bytes = (SQLLEN)n;
    if (out->app_buf == NULL)
        return CONV_OK;
    if (out->cap_bytes <= 0)
        return CONV_TRUNCATED;
    if ((size_t)out->cap_bytes < n)
        return CONV_OUT_OF_RANGE;
    return piece_fixed(out, value, n);
}
