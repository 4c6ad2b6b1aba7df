/* The classifier: tests/data/classify/statements.tsv, one statement a line. */
#include "sql/classify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "casefile.h"
#include "sql/calls.h"

#define NAME(class) [SQLC_##class] = #class
static const char *const class_names[] = {
    NAME(EMPTY),
    NAME(SELECT),
    NAME(INSERT),
    NAME(UPDATE),
    NAME(DELETE),
    NAME(MERGE),
    NAME(EXPLAIN),
    NAME(SHOW),
    NAME(SET),
    NAME(SET_LOCAL),
    NAME(SET_TRANSACTION),
    NAME(SET_SESSION_CHARACTERISTICS),
    NAME(BEGIN),
    NAME(COMMIT),
    NAME(ROLLBACK),
    NAME(SAVEPOINT),
    NAME(RELEASE),
    NAME(ROLLBACK_TO),
    NAME(PREPARE_TRANSACTION),
    NAME(COMMIT_PREPARED),
    NAME(ROLLBACK_PREPARED),
    NAME(PREPARE),
    NAME(EXECUTE),
    NAME(DEALLOCATE),
    NAME(DECLARE),
    NAME(FETCH),
    NAME(MOVE),
    NAME(CLOSE),
    NAME(LISTEN),
    NAME(UNLISTEN),
    NAME(NOTIFY),
    NAME(COPY_STDIO),
    NAME(COPY_FILE),
    NAME(LOCK),
    NAME(DISCARD),
    NAME(CALL),
    NAME(DO),
    NAME(DDL),
    NAME(ALONE),
    NAME(OTHER),
};

#define FLAG(flag)                                                                                 \
    {                                                                                              \
        SQLF_##flag, #flag                                                                         \
    }
static const struct {
    unsigned flag;
    const char *name;
} flag_names[] = {
    FLAG(RETURNING),
    FLAG(WRITES_CTE),
    FLAG(LOCKS_ROWS),
    FLAG(SELECT_INTO),
    FLAG(EXPLAIN_ANALYZE),
    FLAG(TEMP),
    FLAG(WITH_HOLD),
    FLAG(CHAIN),
    FLAG(SESSION_FUNCTION),
    FLAG(SET_CONFIG_LOCAL),
    FLAG(SEQUENCE),
    FLAG(SET_CONFIG_ALONE),
    FLAG(SET_CONFIG_SESSION),
    FLAG(LISTENS),
    FLAG(COPY_IN),
    FLAG(TRANSACTION_FUNCTION),
    FLAG(CREATES),
    FLAG(OUTSIDE),
};

struct tally {
    size_t bad;
    bool seen[ARRAY_LEN(class_names)];
    unsigned flags;
};

/* "CLASS FLAG FLAG *": the star says that rows may come back. */
static void describe(struct sql_kind k, struct buf *out)
{
    buf_append_str(out, class_names[k.cls]);
    for (size_t i = 0; i < ARRAY_LEN(flag_names); i++)
        if (k.flags & flag_names[i].flag)
            buf_printf(out, " %s", flag_names[i].name);
    if (sql_kind_may_return_rows(k))
        buf_append_str(out, " *");
}

/* \n in the file is a line break. */
static void unescape(struct strview s, struct buf *out)
{
    for (size_t i = 0; i < s.len; i++) {
        bool line_break = s.ptr[i] == '\\' && i + 1 < s.len && s.ptr[i + 1] == 'n';
        buf_append_char(out, line_break ? '\n' : s.ptr[i]);
        i += line_break;
    }
}

static void check_line(struct strview expected, struct strview text, size_t line, void *ctx)
{
    struct tally *tally = ctx;
    struct buf sql = BUF_INIT(0);
    struct buf got = BUF_INIT(0);
    struct sql_kind k;

    unescape(text, &sql);
    k = sql_classify(buf_sv(&sql));
    describe(k, &got);
    tally->seen[k.cls] = true;
    tally->flags |= k.flags;
    if (!sv_eq(buf_sv(&got), expected)) {
        print_error("line %zu: %.*s\n  expected %.*s\n  got      %s\n", line, (int)text.len,
                    text.ptr, (int)expected.len, expected.ptr, buf_str(&got));
        tally->bad++;
    }
    buf_release(&sql);
    buf_release(&got);
}

static void test_classify_knows_every_statement_of_the_list(void **state)
{
    struct tally tally = {0};
    size_t lines = tsvfile_each("classify/statements.tsv", check_line, &tally);

    (void)state;
    assert_int_equal(tally.bad, 0);
    assert_true(lines >= 200);
    for (size_t i = 0; i < ARRAY_LEN(class_names); i++)
        if (!tally.seen[i])
            fail_msg("no statement of the list is of class %s", class_names[i]);
    for (size_t i = 0; i < ARRAY_LEN(flag_names); i++)
        if (!(tally.flags & flag_names[i].flag))
            fail_msg("no statement of the list has the flag %s", flag_names[i].name);
}

static void test_every_class_has_a_name_for_messages(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(class_names); i++) {
        assert_non_null(sql_class_name((enum sql_class)i));
        if (i != SQLC_OTHER)
            assert_string_not_equal(sql_class_name((enum sql_class)i), "this statement");
    }
}

static void test_classify_survives_deep_nesting(void **state)
{
    enum { DEPTH = 200000 };
    struct buf b = BUF_INIT(0);

    (void)state;
    for (size_t i = 0; i < DEPTH; i++)
        buf_append_char(&b, '(');
    assert_true(buf_append_str(&b, "select 1"));
    assert_int_equal(sql_classify(buf_sv(&b)).cls, SQLC_SELECT);
    buf_reset(&b);
    for (size_t i = 0; i < DEPTH / 10; i++)
        buf_append_str(&b, "with a as (");
    assert_true(buf_append_str(&b, "select 1"));
    /* Unclosed: any answer will do. */
    assert_non_null(sql_class_name(sql_classify(buf_sv(&b)).cls));
    buf_release(&b);
}

/* DO in DO in DO: each behind a semicolon, in a string of its own. */
static void test_bodies_in_bodies(void **state)
{
    enum { DEPTH = 100000 };
    struct buf b = BUF_INIT(0);

    (void)state;
    for (size_t i = 0; i < DEPTH; i++)
        buf_printf(&b, ";DO $a%zu$", i);
    for (size_t i = DEPTH; i > 0; i--)
        buf_printf(&b, "$a%zu$", i - 1);
    assert_int_equal(sql_classify(buf_sv(&b)).flags, SQLF_SESSION_FUNCTION);
    buf_release(&b);
}

static void test_reads_that_give_the_same_anywhere(void **state)
{
    static const struct {
        const char *sql;
        bool unknown;
    } cases[] = {
        {"SELECT count(*), upper(a) FROM t WHERE a IN (1, 2)", false},
        {"SELECT a FROM t WHERE b = 'nowhere'", false},
        {"SELECT f(a) FROM t", true},
        {"SELECT \"upper\"(a) FROM t", true},
        {"SELECT Current_Timestamp", true},
        {"SELECT 'now'::timestamptz", true},
        {"SELECT date 'TODAY'", true},
        {"SELECT a FROM t WHERE b > CAST('yesterday' AS date)", true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (sql_calls_unknown(sv(cases[i].sql)) != cases[i].unknown)
            fail_msg("%s", cases[i].sql);
}

/* Found by binary search. */
static void test_words_of_calls_are_in_order(void **state)
{
    static const char *const words[] = {
#define X(word) #word,
#include "sql/calls.def"
#undef X
    };

    (void)state;
    for (size_t i = 1; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i - 1], words[i]) >= 0)
            fail_msg("%s stands before %s", words[i - 1], words[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_of_calls_are_in_order),
        cmocka_unit_test(test_classify_knows_every_statement_of_the_list),
        cmocka_unit_test(test_every_class_has_a_name_for_messages),
        cmocka_unit_test(test_classify_survives_deep_nesting),
        cmocka_unit_test(test_bodies_in_bodies),
        cmocka_unit_test(test_reads_that_give_the_same_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
