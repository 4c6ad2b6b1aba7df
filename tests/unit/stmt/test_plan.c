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
 * query timeout. */
static const struct {
    enum sql_class cls;
    const char *want;
} truth[] = {
    {SQLC_EMPTY, "SBBBB"},
    {SQLC_SELECT, "SBBBB"},
    {SQLC_INSERT, "SBBBB"},
    {SQLC_UPDATE, "SBBBB"},
    {SQLC_DELETE, "SBBBB"},
    {SQLC_MERGE, "SBBBB"},
    {SQLC_EXPLAIN, "SBBBB"},
    {SQLC_SHOW, "SBBBB"},
    {SQLC_SET, "RRRRR"},
    {SQLC_SET_LOCAL, "RBRRR"},
    {SQLC_SET_TRANSACTION, "RBRRR"},
    {SQLC_SET_SESSION_CHARACTERISTICS, "RRRRR"},
    {SQLC_BEGIN, "RRRRR"},
    {SQLC_COMMIT, "RRRRR"},
    {SQLC_ROLLBACK, "RRRRR"},
    {SQLC_SAVEPOINT, "RBRRR"},
    {SQLC_RELEASE, "RBRRR"},
    {SQLC_ROLLBACK_TO, "RBRRR"},
    {SQLC_PREPARE_TRANSACTION, "RRRRR"},
    {SQLC_COMMIT_PREPARED, "SRRSS"},
    {SQLC_ROLLBACK_PREPARED, "SRRSS"},
    {SQLC_PREPARE, "RRRRR"},
    {SQLC_EXECUTE, "RRRRR"},
    {SQLC_DEALLOCATE, "RRRRR"},
    {SQLC_DECLARE, "RBRRR"},
    {SQLC_FETCH, "RBRRR"},
    {SQLC_MOVE, "RBRRR"},
    {SQLC_CLOSE, "RBRRR"},
    {SQLC_LISTEN, "RRRRR"},
    {SQLC_UNLISTEN, "RRRRR"},
    {SQLC_NOTIFY, "SBBBB"},
    {SQLC_COPY_STDIO, "RRRRR"},
    {SQLC_COPY_FILE, "SBBBB"},
    {SQLC_LOCK, "RBRRR"},
    {SQLC_DISCARD, "SRRSS"},
    {SQLC_CALL, "SBRSS"},
    {SQLC_DO, "SBRSS"},
    {SQLC_DDL, "SBBBB"},
    {SQLC_ALONE, "SRRSS"},
    {SQLC_OTHER, "SBBBB"},
};

static char letter(enum plan_kind k)
{
    return k == PLAN_SINGLE ? 'S' : k == PLAN_BATCH ? 'B' : 'R';
}

static const struct plan_context contexts[] = {
    {.several = false},  {.several = true},  {.read_only = true},
    {.isolation = true}, {.settings = true},
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
    static const unsigned flags[] = {SQLF_TEMP, SQLF_WITH_HOLD, SQLF_SESSION_FUNCTION};

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_class_in_every_context),
        cmocka_unit_test(test_the_truth_names_every_class),
        cmocka_unit_test(test_refusals_name_a_state_and_a_remedy),
        cmocka_unit_test(test_session_state_is_refused_whatever_the_class),
        cmocka_unit_test(test_settings_never_go_before_what_may_not_run_in_a_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
