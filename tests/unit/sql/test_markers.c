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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_markers_are_found_and_numbered),
        cmocka_unit_test(test_fuse_keeps_words_literals_and_operators_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
