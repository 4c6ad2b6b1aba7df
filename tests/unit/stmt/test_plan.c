/* The planner, exhaustively: every class in every context, against the rule that nothing answers
 * success without effect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "stmt/plan.h"

/* The user's truth, written down a second time on purpose: S sent by itself, B sent in a batch, R
 * refused. Columns: alone, one of several, alone read-only, alone with isolation, alone with a
 * query timeout, alone with settings that must be carried; in a transaction, one of several in a
 * transaction (r a read, Q waits, L local, K kept by the driver). */
static const struct {
    enum sql_class cls;
    const char *want;
} truth[] = {
    {SQLC_EMPTY, "SBBBBBLQ"},
    {SQLC_SELECT, "SBBBBBrR"},
    {SQLC_INSERT, "SBBBBBQQ"},
    {SQLC_UPDATE, "SBBBBBQQ"},
    {SQLC_DELETE, "SBBBBBQQ"},
    {SQLC_MERGE, "SBBBBBQQ"},
    {SQLC_EXPLAIN, "SBBBBBrR"},
    {SQLC_SHOW, "SBBBBBrR"},
    {SQLC_SET, "KBKKKKKQ"},
    {SQLC_SET_LOCAL, "RBRRRRKQ"},
    {SQLC_SET_TRANSACTION, "RBRRRRLR"},
    {SQLC_SET_SESSION_CHARACTERISTICS, "KRKKKKKR"},
    {SQLC_BEGIN, "LRLLLLLR"},
    {SQLC_COMMIT, "LRLLLLLR"},
    {SQLC_ROLLBACK, "LRLLLLLR"},
    {SQLC_SAVEPOINT, "RBRRRRLR"},
    {SQLC_RELEASE, "RBRRRRLR"},
    {SQLC_ROLLBACK_TO, "RBRRRRLR"},
    {SQLC_PREPARE_TRANSACTION, "RRRRRRRR"},
    {SQLC_COMMIT_PREPARED, "SRRSSRRR"},
    {SQLC_ROLLBACK_PREPARED, "SRRSSRRR"},
    {SQLC_PREPARE, "RRRRRRRR"},
    {SQLC_EXECUTE, "RRRRRRRR"},
    {SQLC_DEALLOCATE, "RRRRRRRR"},
    {SQLC_DECLARE, "RBRRRRRR"},
    {SQLC_FETCH, "RBRRRRRR"},
    {SQLC_MOVE, "RBRRRRRR"},
    {SQLC_CLOSE, "RBRRRRRR"},
    {SQLC_LISTEN, "RRRRRRRR"},
    {SQLC_UNLISTEN, "RRRRRRRR"},
    {SQLC_NOTIFY, "SBBBBBQQ"},
    {SQLC_COPY_STDIO, "RRRRRRRR"},
    {SQLC_COPY_FILE, "SBBBBBQQ"},
    {SQLC_LOCK, "RBRRRRRR"},
    {SQLC_DISCARD, "KRKKKKRR"},
    {SQLC_CALL, "SBRBSBRR"},
    {SQLC_DO, "SBRBSBQQ"},
    {SQLC_DDL, "SBBBBBQQ"},
    {SQLC_ALONE, "SRRSSRRR"},
    {SQLC_OTHER, "SBBBBBQQ"},
};

static char letter(enum plan_kind k)
{
    static const char letters[] = {
        [PLAN_SINGLE] = 'S', [PLAN_BATCH] = 'B',  [PLAN_READ] = 'r',   [PLAN_QUEUE] = 'Q',
        [PLAN_LOCAL] = 'L',  [PLAN_REFUSE] = 'R', [PLAN_SETTING] = 'K'};

    return letters[k];
}

static const struct plan_context contexts[] = {
    {.several = false},    {.several = true},
    {.read_only = true},   {.isolation = true},
    {.settings = true},    {.settings = true, .carried = true},
    {.transaction = true}, {.transaction = true, .several = true},
};

static void test_every_class_in_every_context(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(truth); i++)
        for (size_t c = 0; c < ARRAY_LEN(contexts); c++) {
            struct plan p = plan_statement((struct sql_kind){truth[i].cls, 0}, &contexts[c]);
            if (letter(p.kind) != truth[i].want[c])
                fail_msg("%s in context %zu: %c, wanted %c", sql_class_name(truth[i].cls), c,
                         letter(p.kind), truth[i].want[c]);
        }
}

static void test_the_truth_names_every_class(void **state)
{
    (void)state;
    for (int cls = SQLC_EMPTY; cls <= SQLC_OTHER; cls++) {
        size_t hits = 0;
        for (size_t i = 0; i < ARRAY_LEN(truth); i++)
            hits += truth[i].cls == (enum sql_class)cls;
        assert_int_equal(hits, 1);
    }
}

static void test_refusals_name_a_state_and_a_remedy(void **state)
{
    (void)state;
    for (int cls = SQLC_EMPTY; cls <= SQLC_OTHER; cls++)
        for (size_t c = 0; c < ARRAY_LEN(contexts); c++) {
            struct plan p = plan_statement((struct sql_kind){(enum sql_class)cls, 0}, &contexts[c]);
            if (p.kind != PLAN_REFUSE)
                continue;
            assert_true(p.state == ST_HYC00 || p.state == ST_25000 || p.state == ST_25006);
            assert_non_null(p.text);
            assert_int_equal(p.text[strlen(p.text) - 1], '.');
        }
}

static void test_session_state_is_refused_whatever_the_class(void **state)
{
    static const unsigned flags[] = {SQLF_TEMP, SQLF_WITH_HOLD, SQLF_SESSION_FUNCTION,
                                     SQLF_LISTENS};

    (void)state;
    for (size_t f = 0; f < ARRAY_LEN(flags); f++)
        for (size_t c = 0; c < ARRAY_LEN(contexts); c++)
            for (int cls = SQLC_EMPTY; cls <= SQLC_OTHER; cls++) {
                struct plan p =
                    plan_statement((struct sql_kind){(enum sql_class)cls, flags[f]}, &contexts[c]);
                assert_int_equal(p.kind, PLAN_REFUSE);
            }
}

static void test_settings_never_go_before_what_may_not_run_in_a_block(void **state)
{
    static const enum sql_class alone[] = {SQLC_ALONE, SQLC_CALL, SQLC_DO, SQLC_COMMIT_PREPARED};
    const struct plan_context c = {.settings = true};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(alone); i++) {
        struct plan p = plan_statement((struct sql_kind){alone[i], 0}, &c);
        assert_int_equal(p.kind, PLAN_SINGLE);
        assert_false(p.takes_settings);
    }
}

static void test_what_a_transaction_over_http_cannot_know_is_refused(void **state)
{
    static const struct {
        enum sql_class cls;
        unsigned flags;
        char want;
    } cases[] = {
        {SQLC_INSERT, SQLF_RETURNING, 'R'},
        {SQLC_UPDATE, SQLF_RETURNING, 'R'},
        {SQLC_DELETE, SQLF_RETURNING, 'R'},
        {SQLC_SELECT, SQLF_WRITES_CTE, 'R'},
        {SQLC_INSERT, SQLF_WRITES_CTE, 'Q'},
        {SQLC_SELECT, SQLF_LOCKS_ROWS, 'R'},
        {SQLC_SELECT, SQLF_SEQUENCE, 'R'},
        {SQLC_INSERT, SQLF_SEQUENCE, 'Q'},
        {SQLC_SELECT, SQLF_SELECT_INTO, 'Q'},
        {SQLC_SELECT, SQLF_EXPLAIN_ANALYZE, 'r'},
        {SQLC_DELETE, SQLF_EXPLAIN_ANALYZE, 'R'},
        {SQLC_SELECT, SQLF_SET_CONFIG_LOCAL, 'R'},
        {SQLC_INSERT, SQLF_SET_CONFIG_LOCAL, 'Q'},
        {SQLC_SELECT, SQLF_SET_CONFIG_LOCAL | SQLF_SET_CONFIG_ALONE, 'K'},
        {SQLC_SELECT, SQLF_SET_CONFIG_SESSION | SQLF_SET_CONFIG_ALONE, 'K'},
    };
    const struct plan_context c = {.transaction = true};
    const struct plan_context read_only = {.transaction = true, .read_only = true};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(
            letter(plan_statement((struct sql_kind){cases[i].cls, cases[i].flags}, &c).kind),
            cases[i].want);
    assert_int_equal(plan_statement((struct sql_kind){SQLC_INSERT, 0}, &read_only).state, ST_25006);
    assert_int_equal(plan_statement((struct sql_kind){SQLC_SELECT, 0}, &read_only).kind, PLAN_READ);
    assert_int_equal(plan_statement((struct sql_kind){SQLC_ALONE, 0}, &c).state, ST_25000);
}

static void test_a_read_that_varies_cannot_be_checked(void **state)
{
    const struct plan_context varies = {.transaction = true, .checked = true, .varies = true};
    const struct plan_context checked = {.transaction = true, .checked = true};

    (void)state;
    assert_int_equal(plan_statement((struct sql_kind){SQLC_SELECT, 0}, &varies).state, ST_HYC00);
    assert_int_equal(plan_statement((struct sql_kind){SQLC_SELECT, 0}, &checked).kind, PLAN_READ);
    assert_int_equal(plan_statement((struct sql_kind){SQLC_INSERT, 0}, &varies).kind, PLAN_QUEUE);
}

static void test_set_config_by_itself_is_a_setting(void **state)
{
    const unsigned session = SQLF_SET_CONFIG_SESSION | SQLF_SET_CONFIG_ALONE;
    const unsigned local = SQLF_SET_CONFIG_LOCAL | SQLF_SET_CONFIG_ALONE;
    const struct plan_context autocommit = {.several = false};
    const struct plan_context several = {.several = true};

    (void)state;
    assert_int_equal(plan_statement((struct sql_kind){SQLC_SELECT, session}, &autocommit).kind,
                     PLAN_SETTING);
    assert_int_equal(plan_statement((struct sql_kind){SQLC_SELECT, session}, &several).kind,
                     PLAN_REFUSE);
    assert_int_equal(plan_statement((struct sql_kind){SQLC_SELECT, local}, &autocommit).kind,
                     PLAN_SINGLE);
    assert_int_equal(plan_statement((struct sql_kind){SQLC_SELECT, local}, &several).kind,
                     PLAN_BATCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_class_in_every_context),
        cmocka_unit_test(test_the_truth_names_every_class),
        cmocka_unit_test(test_what_a_transaction_over_http_cannot_know_is_refused),
        cmocka_unit_test(test_refusals_name_a_state_and_a_remedy),
        cmocka_unit_test(test_session_state_is_refused_whatever_the_class),
        cmocka_unit_test(test_set_config_by_itself_is_a_setting),
        cmocka_unit_test(test_a_read_that_varies_cannot_be_checked),
        cmocka_unit_test(test_settings_never_go_before_what_may_not_run_in_a_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
