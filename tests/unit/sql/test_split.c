/* Splitting: tests/data/script/split.txt, each case listing the pieces of a text. */
#include "sql/split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "casefile.h"

static void list_pieces(const struct testcase *c, struct buf *out)
{
    struct split_piece p;
    size_t pos = 0;

    while (split_next(c->input, &pos, &p)) {
        assert_true(pos <= c->input.len);
        buf_printf(out, "%s%s", p.empty ? "(empty) " : "", p.foreign_dollars ? "(foreign $) " : "");
        buf_append_sv(out, p.text);
        buf_append_char(out, '\n');
        if (!p.empty)
            assert_true(p.first_word >= (size_t)(p.text.ptr - c->input.ptr) &&
                        p.first_word < (size_t)(p.text.ptr - c->input.ptr) + p.text.len);
    }
}

static void test_split_cuts_at_top_level_semicolons(void **state)
{
    (void)state;
    casefile_check("script/split.txt", 25, list_pieces);
}

static void test_split_of_nothing_has_no_piece(void **state)
{
    struct split_piece p;
    size_t pos = 0;

    (void)state;
    assert_false(split_next(SV_LIT(""), &pos, &p));
    assert_true(split_next(SV_LIT(";"), &pos, &p));
    assert_true(p.empty);
    assert_int_equal(p.text.len, 0);
    assert_false(split_next(SV_LIT(";"), &pos, &p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split_cuts_at_top_level_semicolons),
        cmocka_unit_test(test_split_of_nothing_has_no_piece),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
