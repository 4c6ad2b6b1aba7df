/* The syntax of connection strings: pairs and positions, limits, and what is written reads back,
 * for random texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "config/connstr.h"

/* Writes pairs as "key|value|quoted|at\n" so that a table can say what is wanted. */
static bool note_pair(void *ctx, const struct connstr_pair *pair, struct err *e)
{
    struct buf *out = ctx;

    (void)e;
    buf_append_sv(out, pair->key);
    if (pair->has_value)
        buf_append_char(out, pair->quoted ? '{' : '=');
    buf_append_sv(out, pair->value);
    return buf_printf(out, "@%zu\n", pair->at);
}

static void test_pairs(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", ""},
        {";;; ;", ""},
        {"a=b", "a=b@1\n"},
        {"a=b;", "a=b@1\n"},
        {" a = b ;", "a= b @2\n"},
        {"a=b;c={d;e=f};g=", "a=b@1\nc{d;e=f@5\ng=@15\n"},
        {"a={}}}", "a{}@1\n"},
        {"a={}}}}}", "a{}}@1\n"},
        {"a={}", "a{@1\n"},
        {"a={{}", "a{{@1\n"},
        {"a=b}c", "a=b}c@1\n"},
        {"a==b", "a==b@1\n"},
        {"a={x} ; b=y", "a{x@1\nb=y@9\n"},
        {"a;b=c", "a@1\nb=c@3\n"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf out = BUF_INIT(0);
        struct err e = ERR_INIT;
        assert_true(connstr_parse(sv(cases[i].text), note_pair, &out, &e));
        assert_string_equal(buf_str(&out), cases[i].want);
        assert_false(err_is_set(&e));
        buf_release(&out);
    }
}

static void check_refused(struct strview text, const char *part)
{
    struct buf out = BUF_INIT(0);
    struct err e = ERR_INIT;

    assert_false(connstr_parse(text, note_pair, &out, &e));
    assert_string_equal(e.state, "HY000");
    if (strstr(buf_str(&e.text), part) == NULL)
        fail_msg("the message is %s", buf_str(&e.text));
    err_release(&e);
    buf_release(&out);
}

static void test_bad_syntax_is_refused_with_its_position(void **state)
{
    char *large = malloc(CONNSTR_MAX_BYTES + 1);

    (void)state;
    assert_non_null(large);
    check_refused(SV_LIT("a={b"), "opened at position 3");
    check_refused(SV_LIT("x=y;a={b}}"), "opened at position 7");
    check_refused(SV_LIT("a={b}c"), "at position 6");
    check_refused(SV_LIT("=b"), "at position 1");
    check_refused(SV_LIT("a=b; =c"), "at position 6");
    check_refused(SV_LIT("a=b\0c=d"), "NUL");
    memset(large, 'a', CONNSTR_MAX_BYTES + 1);
    check_refused(sv_n(large, CONNSTR_MAX_BYTES + 1), "at most");
    free(large);
}

static bool stop(void *ctx, const struct connstr_pair *pair, struct err *e)
{
    (void)pair;
    ++*(int *)ctx;
    return err_set(e, ST_HY024, 0, "enough");
}

static void test_the_callback_stops_it(void **state)
{
    struct err e = ERR_INIT;
    int calls = 0;

    (void)state;
    assert_false(connstr_parse(SV_LIT("a=b;c=d"), stop, &calls, &e));
    assert_int_equal(calls, 1);
    assert_string_equal(e.state, "HY024");
    err_release(&e);
}

static bool same_value(void *ctx, const struct connstr_pair *pair, struct err *e)
{
    struct buf *want = ctx;

    (void)e;
    assert_true(sv_eq(pair->key, SV_LIT("PWD")));
    assert_true(sv_eq(pair->value, buf_sv(want)));
    want->failed = true; /* seen */
    return true;
}

static void test_written_values_read_back(void **state)
{
    static const char letters[] = "{};= ab}{;\t@!*?,()[]\xC3\xA4%";
    uint32_t seed = 12345;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct buf value = BUF_INIT(0);
        struct buf text = BUF_INIT(0);
        struct err e = ERR_INIT;
        size_t len = 1 + (size_t)round % 12;
        for (size_t i = 0; i < len; i++) {
            seed = seed * 1664525u + 1013904223u;
            buf_append_char(&value, letters[(seed >> 16) % (sizeof letters - 1)]);
        }
        assert_true(connstr_append(&text, "PWD", buf_sv(&value)));
        assert_true(connstr_parse(buf_sv(&text), same_value, &value, &e));
        assert_true(value.failed);
        buf_release(&value);
        buf_release(&text);
    }
}

static void test_plain_values_are_written_plainly(void **state)
{
    struct buf text = BUF_INIT(0);

    (void)state;
    assert_true(connstr_append(&text, "Server", SV_LIT("ep-a.eu.aws.neon.tech")));
    assert_true(connstr_append(&text, "LogFile", SV_LIT("/tmp/a b.log")));
    assert_true(connstr_append(&text, "UID", SV_LIT(" x")));
    assert_true(connstr_append(&text, "PWD", SV_LIT("a}b")));
    assert_string_equal(buf_str(&text),
                        "Server=ep-a.eu.aws.neon.tech;LogFile=/tmp/a b.log;UID={ x};PWD={a}}b};");
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_bad_syntax_is_refused_with_its_position),
        cmocka_unit_test(test_the_callback_stops_it),
        cmocka_unit_test(test_written_values_read_back),
        cmocka_unit_test(test_plain_values_are_written_plainly),
    };
    return cmocka_run_group_tests_name("connstr", tests, NULL, NULL);
}
