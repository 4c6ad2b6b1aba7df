/* script_parse as a whole: several statements, limits, errors, rendering, memory running out,
 * random text. */
#include "sql/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "casefile.h"
#include "script_checks.h"
#include "script_dump.h"

static const struct script_options usual = {false, QUESTION_AUTO, false};

static struct script parsed(const char *text)
{
    struct script s;
    struct err e = ERR_INIT;

    if (!script_parse(sv(text), &usual, &s, &e))
        fail_msg("%s: %s %s", text, e.state, buf_str(&e.text));
    return s;
}

static void fails_with(struct strview text, const char *state)
{
    struct script s;
    struct err e = ERR_INIT;

    assert_false(script_parse(text, &usual, &s, &e));
    assert_string_equal(e.state, state);
    assert_true(e.text.len > 0);
    assert_null(s.stmts);
    err_release(&e);
}

static void test_scripts_are_split_numbered_and_refused_with_a_reason(void **state)
{
    (void)state;
    casefile_check("script/script.txt", 30, script_dump_case);
}

static void test_render_puts_casts_behind_markers_without_one(void **state)
{
    struct script s = parsed("SELECT ? + ?, ?::int, CAST(? AS text), ?and ?");
    const char *casts[] = {"::int8", NULL, "::int8", "::int8", "::bool", "::bool"};
    struct buf out = BUF_INIT(0);

    (void)state;
    assert_int_equal(s.n_params, 6);
    assert_true(script_render(&s.stmts[0], casts, &out));
    assert_string_equal(buf_str(&out),
                        "SELECT $1::int8 + $2, $3::int, CAST($4 AS text), $5::bool and $6::bool");
    buf_reset(&out);
    assert_true(script_render(&s.stmts[0], NULL, &out));
    assert_string_equal(buf_str(&out), s.stmts[0].text);
    buf_release(&out);
    script_release(&s);
}

static void test_native_joins_the_statements(void **state)
{
    struct script s =
        parsed("SELECT {fn UCASE(?)} ; DELETE FROM t WHERE a = {d '2020-01-01'} AND b = ?; ");
    struct buf out = BUF_INIT(0);

    (void)state;
    assert_true(script_native(&s, &out));
    assert_string_equal(buf_str(&out),
                        "SELECT upper($1);DELETE FROM t WHERE a = DATE '2020-01-01' AND b = $1");
    buf_release(&out);
    script_release(&s);
}

static void test_absent_and_empty_text_is_one_empty_statement(void **state)
{
    static const struct strview texts[] = {{NULL, 0}, {"", 0}, {" \n", 2}, {";;", 2}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct script s;
        struct err e = ERR_INIT;
        assert_true(script_parse(texts[i], &usual, &s, &e));
        assert_int_equal(s.n_stmts, 1);
        assert_int_equal(s.stmts[0].kind.cls, SQLC_EMPTY);
        assert_int_equal(s.stmts[0].len, 0);
        assert_string_equal(s.stmts[0].text, "");
        script_release(&s);
    }
}

static void test_bytes_that_are_no_text_are_refused(void **state)
{
    (void)state;
    fails_with(SV_LIT("SELECT '\0'"), "22021");
    fails_with(SV_LIT("SELECT '\xFF'"), "22021");
    fails_with(SV_LIT("SELECT '\xC3'"), "22021");
    fails_with(SV_LIT("SELECT '\xED\xA0\x80'"), "22021");
}

static struct buf with_markers(size_t n)
{
    struct buf b = BUF_INIT(0);

    buf_append_str(&b, "SELECT 1 WHERE 1 IN (0");
    for (size_t i = 0; i < n; i++)
        buf_append_str(&b, ",?");
    assert_true(buf_append_char(&b, ')'));
    return b;
}

static void test_parameters_have_a_limit(void **state)
{
    struct buf b = with_markers(SCRIPT_MAX_PARAMS);
    struct script s = parsed(buf_str(&b));

    (void)state;
    assert_int_equal(s.n_params, SCRIPT_MAX_PARAMS);
    assert_int_equal(s.stmts[0].markers[SCRIPT_MAX_PARAMS - 1].number, SCRIPT_MAX_PARAMS);
    script_release(&s);
    buf_release(&b);
    b = with_markers(SCRIPT_MAX_PARAMS + 1);
    fails_with(buf_sv(&b), "54000");
    buf_release(&b);
    b = with_markers(70000);
    fails_with(buf_sv(&b), "54000");
    buf_release(&b);
    fails_with(SV_LIT("SELECT $32768"), "54000");
    fails_with(SV_LIT("SELECT $99999999999999999999"), "54000");
}

static void test_long_texts_are_read(void **state)
{
    struct buf b = BUF_INIT(0);
    struct script s;

    (void)state;
    buf_append_str(&b, "INSERT INTO t VALUES (0, 'x')");
    while (b.len < 3u << 20)
        buf_append_str(&b, ", (1, 'abc''def')");
    s = parsed(buf_str(&b));
    assert_int_equal(s.n_stmts, 1);
    assert_int_equal(s.stmts[0].len, b.len);
    script_release(&s);
    buf_reset(&b);
    while (b.len < 1u << 20)
        buf_append_str(&b, "SELECT ?;");
    fails_with(buf_sv(&b), "54000");
    buf_release(&b);
}

/* Each allocation fails in turn; nothing leaks (a sanitizer sees it) and the answer is HY001. */
static void test_every_allocation_may_fail(void **state)
{
    static const char text[] = "SELECT {fn LOCATE(?, {fn CONCAT('a', ?)}, 2)}, {interval -'1' "
                               "day}, {oj a}; {?=call f(?)}; {call p};"
                               "{call q}; SELECT 1 -- x";
    uint64_t n = 0;
    bool ok = false;

    (void)state;
    while (!ok) {
        struct script s;
        struct err e = ERR_INIT;
        mem_fail_at(++n, 1);
        ok = script_parse(sv(text), &usual, &s, &e);
        mem_fail_at(0, 0);
        if (!ok)
            assert_string_equal(e.state, "HY001");
        script_release(&s);
        err_release(&e);
        assert_true(n < 1000);
    }
    assert_true(n > 10);
}

static uint64_t random_next(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

static void test_what_must_hold_holds_for_random_texts(void **state)
{
    static const char *const pieces[] = {"?",
                                         "??",
                                         "?|",
                                         "$1",
                                         "$2",
                                         "'",
                                         "''",
                                         "\"",
                                         "a",
                                         "(",
                                         ")",
                                         "[",
                                         "]",
                                         "{",
                                         "}",
                                         "{fn ",
                                         "abs(",
                                         "{d ",
                                         "'x'",
                                         "{oj ",
                                         "{call p(",
                                         "{?=call f(",
                                         ",",
                                         ";",
                                         " ",
                                         "\n",
                                         "--",
                                         "/*",
                                         "*/",
                                         "::",
                                         "int",
                                         "E'",
                                         "\\",
                                         "$$",
                                         "$a$",
                                         "select ",
                                         "case ",
                                         "end ",
                                         "cast(",
                                         " as ",
                                         "create function ",
                                         "begin atomic ",
                                         "prepare ",
                                         "with ",
                                         "returning ",
                                         "locate(",
                                         "1",
                                         "=",
                                         "-",
                                         "|",
                                         "array[",
                                         "offset ",
                                         " rows",
                                         "fetch first ",
                                         "{escape ",
                                         "{interval ",
                                         " day",
                                         ".",
                                         "U&'",
                                         "\xC3\xA9",
                                         "}{",
                                         "convert("};
    uint64_t seed = 7;

    (void)state;
    for (int round = 0; round < 30000; round++) {
        struct script_options o = {random_next(&seed) % 8 == 0,
                                   (enum question_mark_mode)(random_next(&seed) % 3),
                                   random_next(&seed) % 4 == 0};
        struct buf b = BUF_INIT(0);
        for (size_t n = random_next(&seed) % 20; n > 0; n--)
            buf_append_str(&b, pieces[random_next(&seed) % ARRAY_LEN(pieces)]);
        script_checks(buf_sv(&b), &o);
        buf_release(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scripts_are_split_numbered_and_refused_with_a_reason),
        cmocka_unit_test(test_render_puts_casts_behind_markers_without_one),
        cmocka_unit_test(test_native_joins_the_statements),
        cmocka_unit_test(test_absent_and_empty_text_is_one_empty_statement),
        cmocka_unit_test(test_bytes_that_are_no_text_are_refused),
        cmocka_unit_test(test_parameters_have_a_limit),
        cmocka_unit_test(test_long_texts_are_read),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_what_must_hold_holds_for_random_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
