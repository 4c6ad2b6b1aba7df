/* Escape clauses: tests/data/escapes/translate.txt shows translations; functions.tsv shows what
 * they must give and is executed through the driver elsewhere: here it is checked to be complete
 * and to translate. */
#include "sql/escapes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <sql.h>
#include <sqlext.h>

#include "casefile.h"
#include "script_dump.h"
#include "sql/token.h"

struct fn_row {
    const char *name;
    size_t args;
    unsigned bit;
    const char *template;
};
static const struct fn_row fn_rows[] = {
#define FN(name, args, group, bit, template) {name, args, (unsigned)(bit), template},
#include "sql/functions.def"
};
static const struct {
    const char *name, *add, *diff;
} tsi_rows[] = {
#define TSI(interval, bit, add, diff) {interval, add, diff},
#include "sql/functions.def"
};
static const char *const cvt_rows[] = {
#define CVT(odbc, pg) odbc,
#include "sql/functions.def"
};

static void test_escapes_are_translated(void **state)
{
    (void)state;
    casefile_check("escapes/translate.txt", 75, script_dump_case);
}

/* ---- functions.tsv ---- */

static void check_translates(struct strview text, struct strview value, size_t line, void *ctx)
{
    struct script_options o = {false, QUESTION_AUTO, false};
    struct buf sql = BUF_INIT(0);
    struct script s;
    struct err e = ERR_INIT;
    struct tokens ts;
    struct token t;

    (void)value;
    buf_append_str(&sql, "SELECT CAST((");
    buf_append_sv(&sql, text);
    assert_true(buf_append_str(&sql, ") AS text)"));
    if (!script_parse(buf_sv(&sql), &o, &s, &e))
        fail_msg("functions.tsv:%zu: %s %s", line, e.state, buf_str(&e.text));
    assert_int_equal(s.n_stmts, 1);
    ts = (struct tokens){sv_n(s.stmts[0].text, s.stmts[0].len), 0};
    while (tokens_raw(&ts, &t))
        if (t.kind == TOK_LBRACE || t.kind == TOK_RBRACE || t.kind == TOK_ILLEGAL)
            fail_msg("functions.tsv:%zu is not wholly translated: %s", line, s.stmts[0].text);
    script_release(&s);
    buf_release(&sql);
    buf_append_sv(ctx, text);
    buf_append_char(ctx, '\n');
}

static bool mentions(const struct buf *all, const char *before, const char *name, const char *after)
{
    char want[128];

    snprintf(want, sizeof want, "%s%s%s", before, name, after);
    return sv_find(buf_sv(all), sv(want)) != SIZE_MAX;
}

static void test_every_function_interval_and_type_has_a_line_with_its_value(void **state)
{
    struct buf all = BUF_INIT(0);

    (void)state;
    assert_true(tsvfile_each("escapes/functions.tsv", check_translates, &all) >= 200);
    for (size_t i = 0; i < ARRAY_LEN(fn_rows); i++)
        if (fn_rows[i].template != NULL && !mentions(&all, "{fn ", fn_rows[i].name, "("))
            fail_msg("functions.tsv has no line for %s", fn_rows[i].name);
    for (size_t i = 0; i < ARRAY_LEN(tsi_rows); i++)
        if (!mentions(&all, "{fn TIMESTAMPADD(SQL_TSI_", tsi_rows[i].name, ", ") ||
            !mentions(&all, "{fn TIMESTAMPDIFF(SQL_TSI_", tsi_rows[i].name, ", "))
            fail_msg("functions.tsv has no lines for SQL_TSI_%s", tsi_rows[i].name);
    for (size_t i = 0; i < ARRAY_LEN(cvt_rows); i++)
        if (!mentions(&all, ", SQL_", cvt_rows[i], ")"))
            fail_msg("functions.tsv has no line for SQL_%s", cvt_rows[i]);
    buf_release(&all);
}

/* ---- the table ---- */

static size_t uses(const char *template, size_t argument)
{
    size_t n = 0;

    for (; *template != '\0'; template ++)
        n += (*template == '%' || *template == '@') && template[1] == (char)('0' + argument);
    return n;
}

static bool uses_exactly(const char *template, size_t from, size_t to)
{
    for (size_t i = 1; i <= 9; i++)
        if ((uses(template, i) > 0) != (i >= from && i <= to))
            return false;
    return true;
}

/* A parameter in an argument that a template forgets would be lost. */
static void test_templates_use_all_their_arguments(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(fn_rows); i++)
        if (fn_rows[i].template != NULL && !uses_exactly(fn_rows[i].template, 1, fn_rows[i].args))
            fail_msg("%s: %s", fn_rows[i].name, fn_rows[i].template);
    for (size_t i = 0; i < ARRAY_LEN(tsi_rows); i++) {
        assert_true(uses_exactly(tsi_rows[i].add, 2, 3));
        assert_true(uses_exactly(tsi_rows[i].diff, 2, 3));
    }
}

#define ALL_STR 0x00FFFFFFu
#define ALL_NUM 0x00FFFFFFu
#define ALL_TD 0x001FFFFFu
#define ALL_SYS 0x00000007u
#define ALL_TSI 0x000001FFu

static void test_bits_are_those_of_the_reference_without_what_core_postgresql_lacks(void **state)
{
    struct script_functions f = script_functions();

    (void)state;
    assert_int_equal(f.string, ALL_STR & ~(unsigned)(SQL_FN_STR_SOUNDEX | SQL_FN_STR_DIFFERENCE));
    assert_int_equal(f.numeric, ALL_NUM);
    assert_int_equal(f.timedate, ALL_TD);
    assert_int_equal(f.system, ALL_SYS);
    assert_int_equal(f.add, ALL_TSI);
    assert_int_equal(f.diff, ALL_TSI);
    assert_int_equal(f.convert, SQL_FN_CVT_CONVERT | SQL_FN_CVT_CAST);
}

/* ---- limits ---- */

static void repeat(struct buf *b, const char *s, size_t times)
{
    for (size_t i = 0; i < times; i++)
        buf_append_str(b, s);
}

static bool parses(const struct buf *text, struct err *e)
{
    struct script_options o = {false, QUESTION_AUTO, false};
    struct script s;
    bool ok = script_parse(buf_sv(text), &o, &s, e);

    script_release(&s);
    return ok;
}

static void nested(struct buf *b, size_t depth)
{
    buf_reset(b);
    buf_append_str(b, "SELECT ");
    repeat(b, "{fn ABS(", depth);
    buf_append_str(b, "1");
    repeat(b, ")}", depth);
    assert_false(b->failed);
}

static void test_nesting_has_a_limit(void **state)
{
    struct buf b = BUF_INIT(0);
    struct err e = ERR_INIT;

    (void)state;
    nested(&b, ESCAPES_MAX_DEPTH);
    assert_true(parses(&b, &e));
    nested(&b, ESCAPES_MAX_DEPTH + 1);
    assert_false(parses(&b, &e));
    assert_string_equal(e.state, "42000");
    nested(&b, 100000);
    assert_false(parses(&b, &e));
    assert_string_equal(e.state, "42000");
    buf_release(&b);
    err_release(&e);
}

/* LOCATE uses its arguments twice: 40 deep would be 2 to the 40 copies. */
static void test_translation_does_not_grow_without_bound(void **state)
{
    struct buf b = BUF_INIT(0);
    struct err e = ERR_INIT;

    (void)state;
    buf_append_str(&b, "SELECT ");
    repeat(&b, "{fn LOCATE('a', 'b', ", 40);
    buf_append_str(&b, "1");
    repeat(&b, ")}", 40);
    assert_false(parses(&b, &e));
    assert_string_equal(e.state, "54000");
    buf_release(&b);
    err_release(&e);
}

static void test_many_clauses_side_by_side_are_fine(void **state)
{
    struct buf b = BUF_INIT(0);
    struct err e = ERR_INIT;

    (void)state;
    buf_append_str(&b, "SELECT 1");
    repeat(&b, ", {fn TIMESTAMPDIFF(SQL_TSI_MONTH, {d '2020-01-01'}, {fn CURDATE()})}", 20000);
    assert_true(parses(&b, &e));
    buf_release(&b);
    err_release(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escapes_are_translated),
        cmocka_unit_test(test_every_function_interval_and_type_has_a_line_with_its_value),
        cmocka_unit_test(test_templates_use_all_their_arguments),
        cmocka_unit_test(test_bits_are_those_of_the_reference_without_what_core_postgresql_lacks),
        cmocka_unit_test(test_nesting_has_a_limit),
        cmocka_unit_test(test_translation_does_not_grow_without_bound),
        cmocka_unit_test(test_many_clauses_side_by_side_are_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
