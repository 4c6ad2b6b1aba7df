/* Values in pieces: whatever the buffer's size, the pieces make up the value, the indicator is what
 * was left before the call, nothing outside the buffer is touched and no character is split unless
 * asked for or unavoidable. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf.h"
#include "conv_names.h"
#include "convert/piece.h"

#define GUARD 0x5A
#define VALUE_MAX 1024

/* What the whole value looks like in its C type, made without the code under test. */
struct whole {
    unsigned char bytes[VALUE_MAX * 4];
    size_t len;
};

struct source {
    uint32_t oid;
    char text[VALUE_MAX];
    size_t len;
};

static void random_text(struct source *s, size_t chars, uint64_t *seed)
{
    static const uint32_t samples[] = {'a',    ' ',    '\'',    0x7F,    0x80,
                                       0xE9,   0x7FF,  0x800,   0x20AC,  0xD7FF,
                                       0xE000, 0xFFFD, 0x10000, 0x1F600, 0x10FFFF};

    s->oid = 25;
    s->len = 0;
    for (size_t i = 0; i < chars; i++) {
        uint64_t r = next_random(seed);
        /* Runs of ASCII with something else in between, so that the fast paths begin and end
         * anywhere. */
        uint32_t cp =
            r % 4 == 0 ? samples[(r >> 8) % ARRAY_LEN(samples)] : 'A' + (uint32_t)((r >> 8) % 26);
        s->len += utf8_encode(cp, s->text + s->len);
    }
}

static void random_bytea(struct source *s, size_t bytes, bool hex, uint64_t *seed,
                         unsigned char *plain)
{
    s->oid = 17;
    s->len = hex ? 2 : 0;
    if (hex)
        memcpy(s->text, "\\x", 2);
    for (size_t i = 0; i < bytes; i++) {
        plain[i] = (unsigned char)next_random(seed);
        if (!hex && i == 0)
            plain[i] |= 0x80; /* so that it does not look like the hex form */
        if (hex)
            s->len += (size_t)sprintf(s->text + s->len, "%02x", plain[i]);
        else if (plain[i] == '\\')
            s->len += (size_t)sprintf(s->text + s->len, "\\\\");
        else if (plain[i] < 0x20 || plain[i] > 0x7E)
            s->len += (size_t)sprintf(s->text + s->len, "\\%03o", plain[i]);
        else
            s->text[s->len++] = (char)plain[i];
    }
}

static void whole_of_text(const struct source *s, SQLSMALLINT c_type, struct whole *w)
{
    size_t i = 0;

    w->len = 0;
    if (c_type != SQL_C_WCHAR) {
        memcpy(w->bytes, s->text, s->len);
        w->len = s->len;
        return;
    }
    while (i < s->len) {
        uint32_t cp;
        SQLWCHAR u[2];
        size_t n = 1;
        i += utf8_decode(s->text + i, s->len - i, &cp);
        u[0] = (SQLWCHAR)cp;
        if (sizeof(SQLWCHAR) == 2 && cp > 0xFFFF) {
            u[0] = (SQLWCHAR)(0xD7C0 + (cp >> 10));
            u[1] = (SQLWCHAR)(0xDC00 + (cp & 0x3FF));
            n = 2;
        }
        memcpy(w->bytes + w->len, u, n * sizeof(SQLWCHAR));
        w->len += n * sizeof(SQLWCHAR);
    }
}

static void whole_of_bytes(const unsigned char *plain, size_t n, SQLSMALLINT c_type,
                           struct whole *w)
{
    w->len = 0;
    for (size_t i = 0; i < n; i++) {
        char digits[3];
        (void)sprintf(digits, "%02X", plain[i]);
        for (int k = 0; k < 2; k++) {
            SQLWCHAR u = (SQLWCHAR)digits[k];
            if (c_type == SQL_C_WCHAR)
                memcpy(w->bytes + w->len, &u, sizeof u);
            else
                w->bytes[w->len] = (unsigned char)digits[k];
            w->len += c_type == SQL_C_WCHAR ? sizeof u : 1;
        }
        if (c_type == SQL_C_BINARY) {
            w->len -= 2;
            w->bytes[w->len++] = plain[i];
        }
    }
}

static size_t unit_of(SQLSMALLINT c_type)
{
    return c_type == SQL_C_WCHAR ? sizeof(SQLWCHAR) : 1;
}

static bool is_low_surrogate(const unsigned char *p)
{
    SQLWCHAR u;

    memcpy(&u, p, sizeof u);
    return sizeof u == 2 && u >= 0xDC00 && u <= 0xDFFF;
}

/* Is the border behind `at` bytes of the whole value inside a character? */
static bool splits(const struct whole *w, size_t at, SQLSMALLINT c_type)
{
    if (at == 0 || at >= w->len)
        return false;
    return c_type == SQL_C_WCHAR ? is_low_surrogate(w->bytes + at) : (w->bytes[at] & 0xC0) == 0x80;
}

/* Bytes one piece of a text must have, given what is left. */
static size_t expected_piece(const struct whole *w, size_t at, size_t room, SQLSMALLINT c_type,
                             bool text, bool split)
{
    size_t unit = unit_of(c_type);
    size_t take = room;

    if (c_type == SQL_C_BINARY)
        return take;
    if (!text) /* pairs of hexadecimal digits */
        return take / (2 * unit) * (2 * unit);
    if (split)
        return take;
    while (take > 0 && splits(w, at + take, c_type))
        take -= unit;
    return take == 0 ? room : take; /* unavoidable */
}

static void read_in_pieces(const struct source *s, const struct whole *w, SQLSMALLINT c_type,
                           size_t cap, bool cached, bool split)
{
    static unsigned char memory[256];
    struct conv_env env = {&default_options, split};
    size_t unit = unit_of(c_type);
    size_t terminator = c_type == SQL_C_BINARY ? 0 : unit;
    size_t progress = 0;
    size_t cache = 0xDEADBEEF;
    size_t at = 0;
    struct to_c spec;
    struct cell cell = {s->text, s->len};

    assert_true(to_c_choose(&spec, s->oid, -1, s->oid == 25 ? SQL_WVARCHAR : SQL_VARBINARY, c_type,
                            0, 0, &env));
    for (;;) {
        struct to_c_out out = {.app_buf = memory + 17,
                               .cap_bytes = (SQLLEN)cap,
                               .progress = &progress,
                               .left_bytes = cached ? &cache : NULL};
        size_t left = w->len - at;
        size_t room = cap / unit * unit < terminator ? 0 : cap / unit * unit - terminator;
        size_t want;
        enum conv r;
        memset(memory, GUARD, sizeof memory);
        r = spec.fn(&spec, &cell, &out);
        for (size_t i = 0; i < sizeof memory; i++) {
            if (i < 17 || i >= 17 + cap)
                assert_int_equal(memory[i], GUARD);
        }
        assert_int_equal(out.total_bytes, left);
        if (left <= room && cap >= terminator) {
            assert_int_equal(r, CONV_OK);
            assert_memory_equal(memory + 17, w->bytes + at, left);
            assert_true(progress == TO_C_DONE);
            if (terminator) {
                SQLWCHAR zero = 0;
                assert_memory_equal(memory + 17 + left, &zero, terminator);
            }
            return;
        }
        assert_int_equal(r, CONV_TRUNCATED);
        want = expected_piece(w, at, room, c_type, s->oid == 25, split);
        assert_memory_equal(memory + 17, w->bytes + at, want);
        if (terminator && cap >= terminator) {
            SQLWCHAR zero = 0;
            assert_memory_equal(memory + 17 + want, &zero, terminator);
        }
        if (want == 0)
            return; /* no room for anything: stays as it is */
        at += want;
    }
}

static void test_pieces_make_up_the_value(void **state)
{
    static const SQLSMALLINT c_types[] = {SQL_C_CHAR, SQL_C_WCHAR, SQL_C_BINARY};
    uint64_t seed = 42;

    (void)state;
    for (int round = 0; round < 60; round++) {
        size_t length = round < 40 ? (size_t)round : (size_t)(next_random(&seed) % 200);
        struct source sources[3];
        unsigned char plain[2][256];
        random_text(&sources[0], length, &seed);
        random_bytea(&sources[1], length, true, &seed, plain[0]);
        random_bytea(&sources[2], length, false, &seed, plain[1]);
        for (size_t k = 0; k < 3; k++) {
            for (size_t t = 0; t < ARRAY_LEN(c_types); t++) {
                struct whole w;
                if (k == 0)
                    whole_of_text(&sources[k], c_types[t], &w);
                else
                    whole_of_bytes(plain[k - 1], length, c_types[t], &w);
                for (size_t cap = 0; cap <= 64; cap++) {
                    for (int flags = 0; flags < 4; flags++)
                        read_in_pieces(&sources[k], &w, c_types[t], cap, flags & 1, flags & 2);
                }
            }
        }
    }
}

/* With a cost per piece of the whole rest this would not end in our lifetime. */
static void test_long_values_in_small_pieces(void **state)
{
    size_t n = 16u << 20;
    char *text = malloc(n);
    SQLWCHAR buf[32];
    struct to_c spec;
    struct cell cell = {text, n};
    size_t progress = 0;
    size_t cache;
    size_t units = 0;
    enum conv r = CONV_TRUNCATED;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < n; i += 4)
        memcpy(text + i, "ab\xC3\xA9", 4);
    assert_true(to_c_choose(&spec, 25, -1, SQL_WVARCHAR, SQL_C_WCHAR, 0, 0, &default_env));
    while (r == CONV_TRUNCATED) {
        struct to_c_out out = {
            .app_buf = buf, .cap_bytes = sizeof buf, .progress = &progress, .left_bytes = &cache};
        r = spec.fn(&spec, &cell, &out);
        assert_int_equal((size_t)out.total_bytes, (n / 4 * 3 - units) * sizeof(SQLWCHAR));
        units += r == CONV_TRUNCATED ? 31 : (size_t)out.total_bytes / sizeof(SQLWCHAR);
    }
    assert_int_equal(r, CONV_OK);
    assert_int_equal(units, n / 4 * 3);
    free(text);
}

static void test_wide_conversion_agrees_with_base(void **state)
{
    uint64_t seed = 7;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        char text[80];
        uint16_t a[100];
        SQLWCHAR b[100];
        size_t n = next_random(&seed) % sizeof text;
        size_t cap = next_random(&seed) % 90;
        size_t used_a;
        size_t used_b;
        size_t units;
        if (sizeof(SQLWCHAR) != 2)
            skip();
        for (size_t i = 0; i < n; i++) {
            uint64_t r = next_random(&seed);
            text[i] =
                (char)(r % 3 ? 'a' + (r >> 8) % 26 : (r >> 8) & 0xFF); /* much of it malformed */
        }
        memset(a, 0, sizeof a);
        memset(b, 0, sizeof b);
        units = utf8_to_utf16(text, n, a, cap, &used_a);
        assert_int_equal(piece_to_wide(text, n, b, cap, &used_b), units);
        assert_int_equal(used_a, used_b);
        assert_memory_equal(a, b, sizeof a);
        assert_int_equal(piece_wide_units(text, n), utf16_units_of_utf8(text, n));
    }
}

/* A number that lost only decimals to a short buffer can be read on; one that would lose digits is
 * refused at once. */
static void test_numbers_in_pieces(void **state)
{
    struct cell cell = {"12345.6789", 10};
    char buf[8];
    char all[32] = "";
    size_t progress = 0;
    struct to_c spec;
    struct to_c_out out = {.app_buf = buf, .cap_bytes = sizeof buf, .progress = &progress};

    (void)state;
    assert_true(to_c_choose(&spec, 1700, -1, SQL_NUMERIC, SQL_C_CHAR, 0, 0, &default_env));
    assert_int_equal(spec.fn(&spec, &cell, &out), CONV_TRUNCATED);
    assert_int_equal(out.total_bytes, 10);
    strcat(all, buf);
    assert_int_equal(spec.fn(&spec, &cell, &out), CONV_OK);
    assert_int_equal(out.total_bytes, 3);
    strcat(all, buf);
    assert_string_equal(all, "12345.6789");
    progress = 0;
    out.cap_bytes = 5;
    assert_int_equal(spec.fn(&spec, &cell, &out), CONV_OUT_OF_RANGE);
}

/* pyodbc and others add "buffer minus terminator" units for every partial call. */
static void test_splitting_fills_the_buffer(void **state)
{
    struct conv_env env = {&default_options, true};
    struct cell cell = {"a\xF0\x9F\x98\x80z", 6};
    SQLWCHAR buf[3];
    size_t progress = 0;
    struct to_c spec;
    struct to_c_out out = {.app_buf = buf, .cap_bytes = sizeof buf, .progress = &progress};

    (void)state;
    if (sizeof(SQLWCHAR) != 2)
        skip();
    assert_true(to_c_choose(&spec, 25, -1, SQL_WVARCHAR, SQL_C_WCHAR, 0, 0, &env));
    assert_int_equal(spec.fn(&spec, &cell, &out), CONV_TRUNCATED);
    assert_int_equal(out.total_bytes, 8);
    assert_int_equal(buf[0], 'a');
    assert_int_equal(buf[1], 0xD83D);
    assert_int_equal(buf[2], 0);
    assert_int_equal(spec.fn(&spec, &cell, &out), CONV_OK);
    assert_int_equal(out.total_bytes, 4);
    assert_int_equal(buf[0], 0xDE00);
    assert_int_equal(buf[1], 'z');
    /* A bound column is never split: what does not fit is lost, so let it be whole. */
    out.progress = NULL;
    assert_int_equal(spec.fn(&spec, &cell, &out), CONV_TRUNCATED);
    assert_int_equal(buf[1], 0);
}

/* How pyodbc and LibreOffice read a long value: after a call that had more to give they add as many
 * units as the buffer has room for, without looking for the terminator. Only full buffers give them
 * the value; a piece that ends before a surrogate pair puts a U+0000 into it (seen with
 * pyodbc 5.5). */
static bool counting_client_gets_the_value(bool split)
{
    struct conv_env env = {&default_options, split};
    SQLWCHAR buf[64];
    SQLWCHAR all[128];
    size_t units = 0;
    size_t progress = 0;
    size_t cache;
    struct source s = {.oid = 25};
    struct whole w;
    struct to_c spec;
    struct cell cell;

    memset(s.text, 'a', 62); /* the pair lies across the end of the first buffer */
    memcpy(s.text + 62, "\xF0\x9F\x98\x80zzz", 7);
    s.len = 69;
    whole_of_text(&s, SQL_C_WCHAR, &w);
    cell = (struct cell){s.text, s.len};
    assert_true(to_c_choose(&spec, 25, -1, SQL_WVARCHAR, SQL_C_WCHAR, 0, 0, &env));
    for (;;) {
        struct to_c_out out = {
            .app_buf = buf, .cap_bytes = sizeof buf, .progress = &progress, .left_bytes = &cache};
        enum conv r = spec.fn(&spec, &cell, &out);
        size_t n = (size_t)out.total_bytes / sizeof(SQLWCHAR);
        if (r == CONV_TRUNCATED)
            n = ARRAY_LEN(buf) - 1;
        memcpy(all + units, buf, n * sizeof(SQLWCHAR));
        units += n;
        if (r != CONV_TRUNCATED)
            return units * sizeof(SQLWCHAR) == w.len && memcmp(all, w.bytes, w.len) == 0;
    }
}

static void test_clients_that_count_units_need_splitting(void **state)
{
    (void)state;
    if (sizeof(SQLWCHAR) != 2)
        skip();
    assert_true(counting_client_gets_the_value(true));
    assert_false(counting_client_gets_the_value(false));
}

static int setup(void **state)
{
    (void)state;
    conv_test_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_make_up_the_value),
        cmocka_unit_test(test_long_values_in_small_pieces),
        cmocka_unit_test(test_wide_conversion_agrees_with_base),
        cmocka_unit_test(test_numbers_in_pieces),
        cmocka_unit_test(test_splitting_fills_the_buffer),
        cmocka_unit_test(test_clients_that_count_units_need_splitting),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
