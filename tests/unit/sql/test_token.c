/* Keywords and significant tokens. */
#include "sql/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

static const char *const words[] = {
#define X(word) #word,
#include "sql/keyword.def"
#undef X
};

static void test_keyword_table_is_sorted_and_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (i > 0)
            assert_true(strcmp(words[i - 1], words[i]) < 0);
        assert_int_equal(keyword_of(sv(words[i])), i + 1);
    }
}

static void test_keyword_ignores_case_of_ascii_only(void **state)
{
    (void)state;
    assert_int_equal(keyword_of(SV_LIT("SeLeCt")), KW_select);
    assert_int_equal(keyword_of(SV_LIT("selec")), KW_NONE);
    assert_int_equal(keyword_of(SV_LIT("selects")), KW_NONE);
    assert_int_equal(keyword_of(SV_LIT("")), KW_NONE);
    /* A Turkish capital dotted I is no I, whatever the locale. */
    assert_int_equal(keyword_of(SV_LIT("\xC4\xB0nsert")), KW_NONE);
    assert_int_equal(keyword_of(SV_LIT("a_name_that_is_longer_than_every_keyword")), KW_NONE);
}

static void test_tokens_next_skips_comments(void **state)
{
    struct tokens ts = {SV_LIT(" /* a */ select -- b\n \"x\" "), 0};
    struct token t;

    (void)state;
    assert_true(tokens_peek(&ts, &t));
    assert_int_equal(ts.pos, 0);
    assert_true(tokens_next(&ts, &t));
    assert_int_equal(t.kw, KW_select);
    assert_int_equal(t.at, 9);
    assert_true(tokens_next(&ts, &t));
    assert_int_equal(t.kind, TOK_QUOTED_IDENT);
    assert_int_equal(t.kw, KW_NONE);
    assert_false(tokens_next(&ts, &t));
    assert_int_equal(t.text.len, 0);
    assert_int_equal(t.kw, KW_NONE);
}

static bool first_is_unterminated(const char *text)
{
    struct tokens ts = {sv(text), 0};
    struct token t;

    assert_true(tokens_raw(&ts, &t));
    return token_is_unterminated(&t);
}

static void test_unterminated_is_told_from_stray_characters(void **state)
{
    (void)state;
    assert_true(first_is_unterminated("'"));
    assert_true(first_is_unterminated("\""));
    assert_true(first_is_unterminated("/*"));
    assert_true(first_is_unterminated("$$"));
    assert_true(first_is_unterminated("E'"));
    assert_false(first_is_unterminated("$"));
    assert_false(first_is_unterminated("\\"));
    assert_false(first_is_unterminated("\x01"));
    assert_false(first_is_unterminated("'a'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keyword_table_is_sorted_and_found),
        cmocka_unit_test(test_keyword_ignores_case_of_ascii_only),
        cmocka_unit_test(test_tokens_next_skips_comments),
        cmocka_unit_test(test_unterminated_is_told_from_stray_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
