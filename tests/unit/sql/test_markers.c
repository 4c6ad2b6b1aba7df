/* Parameter markers: what a ? is, where they stand, which take a cast:
 * tests/data/script/markers.txt. */
#include "sql/markers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "casefile.h"
#include "script_dump.h"

static void test_markers_are_found_and_numbered(void **state)
{
    (void)state;
    casefile_check("script/markers.txt", 60, script_dump_case);
}

static void test_fuse_keeps_words_literals_and_operators_apart(void **state)
{
    (void)state;
    assert_true(markers_would_fuse('t', '$'));
    assert_true(markers_would_fuse('1', '1'));
    assert_true(markers_would_fuse('\xA9', 'a'));
    assert_true(markers_would_fuse('E', '\''));
    assert_true(markers_would_fuse('\'', '\''));
    assert_true(markers_would_fuse('"', '"'));
    assert_true(markers_would_fuse('-', '-'));
    assert_true(markers_would_fuse('/', '*'));
    assert_true(markers_would_fuse(':', ':'));
    assert_false(markers_would_fuse('(', '$'));
    assert_false(markers_would_fuse('=', '$'));
    assert_false(markers_would_fuse(' ', 'a'));
    assert_false(markers_would_fuse('\'', 'a'));
    assert_false(markers_would_fuse(')', '\''));
}

/* Which markers leave the server in doubt about their types, where no cast stands behind them. */
static void test_doubt_about_types(void **state)
{
    static const struct {
        const char *text;
        bool doubt;
    } cases[] = {
        {"SELECT name FROM t WHERE id = ?", false},
        {"SELECT name FROM t WHERE id = $1", false},
        {"SELECT name FROM t WHERE id = ? /* the key */ -- and no more", false},
        {"UPDATE t SET a = ?, b = ? WHERE (id >= ?)", false},
        {"INSERT INTO t (a, b) VALUES (?, ?)", false},
        {"SELECT ?::int", false},
        {"SELECT 1", false},
        {"SELECT ?", true},
        {"SELECT name FROM t WHERE ? = id", true},
        {"SELECT name FROM t WHERE id = ? + 1", true},
        {"SELECT name FROM t WHERE id = ? AND f(?)", true},
        {"INSERT INTO t (a) VALUES (?) RETURNING ?", true},
        {"INSERT INTO t (a) SELECT ?", true},
    };
    static const char *const none[] = {NULL, NULL, NULL, NULL};
    static const char *const all[] = {"::int4", "::int4", "::int4", "::int4"};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct script s;
        struct err e = ERR_INIT;
        const struct script_options o = {0};
        if (!script_parse(sv(cases[i].text), &o, &s, &e))
            fail_msg("%s: %s", cases[i].text, buf_str(&e.text));
        if (markers_leave_doubt(&s.stmts[0], none) != cases[i].doubt)
            fail_msg("%s", cases[i].text);
        assert_false(markers_leave_doubt(&s.stmts[0], all));
        script_release(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_markers_are_found_and_numbered),
        cmocka_unit_test(test_fuse_keeps_words_literals_and_operators_apart),
        cmocka_unit_test(test_doubt_about_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
