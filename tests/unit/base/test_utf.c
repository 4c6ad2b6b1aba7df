/* Encodings: every code point there and back, every malformed pair and triple of bytes bounded, and
 * the conversions against each other for random input, in blocks of exactly their size so that a
 * sanitizer sees a byte too far. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf.h"

static bool is_char(uint32_t cp)
{
    return cp <= 0x10FFFF && (cp < 0xD800 || cp > 0xDFFF);
}

static void test_every_code_point_there_and_back(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp <= 0x110010; cp++) {
        char bytes[4];
        uint16_t units[2];
        uint32_t unit32;
        uint32_t got = 0;
        size_t used = 0;
        size_t n = utf8_encode(cp, bytes);
        size_t n16;
        uint32_t want = is_char(cp) ? cp : UTF_REPLACEMENT;
        if (utf8_decode(bytes, n, &got) != n || got != want || !utf8_is_valid(bytes, n) ||
            utf8_chars(bytes, n) != 1)
            fail_msg("UTF-8 of %x", cp);
        n16 = utf8_to_utf16(bytes, n, units, 2, &used);
        if (used != n || n16 != (want >= 0x10000 ? 2u : 1u) || n16 != utf16_units_of_utf8(bytes, n))
            fail_msg("units of %x", cp);
        if (utf16_decode(units, n16, &got) != n16 || got != want)
            fail_msg("UTF-16 of %x", cp);
        if (utf16_to_utf8(units, n16, bytes) != n || utf8_decode(bytes, n, &got) != n ||
            got != want)
            fail_msg("UTF-16 back of %x", cp);
        if (utf8_to_utf32(bytes, n, &unit32, 1, &used) != 1 || unit32 != want ||
            utf32_to_utf8(&unit32, 1, bytes) != n)
            fail_msg("UTF-32 of %x", cp);
    }
}

/* All sequences of up to four bytes from the interesting ones. */
static void test_malformed_sequences_are_bounded_and_never_decoded(void **state)
{
    static const unsigned char edges[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F,
                                          0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0,
                                          0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFF};
    size_t total = ARRAY_LEN(edges) * ARRAY_LEN(edges) * ARRAY_LEN(edges) * ARRAY_LEN(edges);

    (void)state;
    for (size_t i = 0; i < total; i++) {
        char bytes[4];
        char again[4];
        uint32_t cp = 0;
        size_t step;
        size_t x = i;
        for (size_t k = 0; k < 4; k++, x /= ARRAY_LEN(edges))
            bytes[k] = (char)edges[x % ARRAY_LEN(edges)];
        for (size_t n = 1; n <= 4; n++) {
            step = utf8_decode(bytes, n, &cp);
            if (step < 1 || step > n)
                fail_msg("a step of %zu with %zu bytes", step, n);
            /* What decodes is the one spelling of that character. */
            if (cp != UTF_BAD &&
                (!is_char(cp) || utf8_encode(cp, again) != step || memcmp(bytes, again, step) != 0))
                fail_msg("%02x %02x decoded as %x", (unsigned char)bytes[0],
                         (unsigned char)bytes[1], cp);
        }
    }
}

static uint32_t seed = 99;

static uint32_t random_below(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

/* Random text, mostly valid; returned alone in its block. */
static char *random_text(size_t *len)
{
    static const uint32_t kinds[] = {0x41,     0xE9, 0x20AC, 0x1F600, 0xFFFF,
                                     0x10FFFF, 0x80, 0x7FF,  0x800};
    char text[256];
    char *exact;

    *len = 0;
    for (size_t n = random_below(40); n > 0; n--) {
        *len += utf8_encode(kinds[random_below(ARRAY_LEN(kinds))], text + *len);
        if (random_below(8) == 0)
            text[(*len)++] = (char)random_below(256);
    }
    exact = mem_alloc(*len);
    assert_non_null(exact);
    memcpy(exact, text, *len);
    return exact;
}

static void test_floor_never_cuts_a_character_and_never_loses_one(void **state)
{
    (void)state;
    for (int round = 0; round < 50000; round++) {
        size_t len;
        char *s = random_text(&len);
        for (size_t n = 0; n <= len; n++) {
            size_t k = utf8_floor(s, n);
            size_t at = 0;
            size_t border = 0;
            uint32_t cp;
            if (k > n || n - k > 3)
                fail_msg("floor of %zu is %zu", n, k);
            if (!utf8_is_valid(s, len))
                continue;
            /* The last border at or before n, counted from the beginning. */
            while (at <= n) {
                border = at;
                if (at == len)
                    break;
                at += utf8_decode(s + at, len - at, &cp);
            }
            if (k != border)
                fail_msg("floor of %zu is %zu, the border is %zu", n, k, border);
        }
        mem_free(s);
    }
}

/* In pieces of any size the result is the same as in one, and no pair is split. */
static void test_utf16_in_pieces(void **state)
{
    (void)state;
    for (int round = 0; round < 50000; round++) {
        size_t len;
        char *s = random_text(&len);
        size_t units = utf16_units_of_utf8(s, len);
        uint16_t *whole = mem_calloc(units, 2);
        size_t used = 0;
        size_t at = 0;
        size_t out = 0;
        assert_non_null(whole);
        assert_int_equal(utf8_to_utf16(s, len, whole, units, &used), units);
        assert_int_equal(used, len);
        while (at < len) {
            size_t cap = 1 + random_below(5);
            char piece[16]; /* unaligned on purpose */
            size_t n = utf8_to_utf16(s + at, len - at, piece + 1, cap, &used);
            if (n == 0) {
                assert_int_equal(cap, 1); /* a pair does not fit into one unit */
                continue;
            }
            assert_true(n <= cap);
            assert_memory_equal(piece + 1, whole + out, n * 2);
            out += n;
            at += used;
        }
        assert_int_equal(out, units);
        mem_free(whole);
        mem_free(s);
    }
}

static void test_utf16_to_utf8_refuses_lone_surrogates_only(void **state)
{
    static const uint16_t kinds[] = {0x41,   0xE9,   0x20AC, 0xD7FF, 0xD800,
                                     0xDBFF, 0xDC00, 0xDFFF, 0xE000, 0xFFFF};
    size_t refused = 0;

    (void)state;
    for (int round = 0; round < 100000; round++) {
        size_t n = random_below(6);
        uint16_t *s = mem_calloc(n, 2);
        char *out = mem_alloc(utf8_max_of_utf16(n));
        bool lone = false;
        size_t len;
        assert_non_null(s);
        assert_non_null(out);
        for (size_t i = 0; i < n; i++)
            s[i] = kinds[random_below(ARRAY_LEN(kinds))];
        for (size_t i = 0; i < n; i++) {
            bool high = s[i] >= 0xD800 && s[i] < 0xDC00;
            bool low_next = i + 1 < n && s[i + 1] >= 0xDC00 && s[i + 1] < 0xE000;
            lone = lone || (high && !low_next) || (s[i] >= 0xDC00 && s[i] < 0xE000);
            i += high && low_next ? 1 : 0;
        }
        len = utf16_to_utf8(s, n, out);
        assert_true((len == SIZE_MAX) == lone);
        refused += lone;
        if (!lone) {
            assert_true(utf8_is_valid(out, len));
            assert_int_equal(utf16_units_of_utf8(out, len), n);
        }
        mem_free(s);
        mem_free(out);
    }
    assert_true(refused > 1000);
    assert_true(utf8_max_of_utf16(SIZE_MAX / 2) == SIZE_MAX);
}

static void test_utf32_refuses_what_is_no_character(void **state)
{
    static const uint32_t bad[] = {0xD800, 0xDFFF, 0x110000, 0xFFFFFFFF};
    char out[16];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        uint32_t units[2] = {0x41, bad[i]};
        assert_true(utf32_to_utf8(units, 2, out) == SIZE_MAX);
    }
    assert_int_equal(utf32_to_utf8(bad, 0, out), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_point_there_and_back),
        cmocka_unit_test(test_malformed_sequences_are_bounded_and_never_decoded),
        cmocka_unit_test(test_floor_never_cuts_a_character_and_never_loses_one),
        cmocka_unit_test(test_utf16_in_pieces),
        cmocka_unit_test(test_utf16_to_utf8_refuses_lone_surrogates_only),
        cmocka_unit_test(test_utf32_refuses_what_is_no_character),
    };
    return cmocka_run_group_tests_name("utf", tests, NULL, NULL);
}
