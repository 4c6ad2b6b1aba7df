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
 * refused, r a read in a transaction, Q waits for the commit, L local, K kept by the driver, W sent
 * to the session.
 *
 * want: without a session. Alone, one of several, alone read-only, alone with isolation, alone with
 * a query timeout, alone with settings that must be carried; in a transaction, one of several in
 * one. aside: the same with a session at hand; then in a transaction whose reads go apart, and such
 * a one that is read-only. all: where everything goes to the session: alone, one of several. */
static const struct {
    enum sql_class cls;
    const char *want, *aside, *all;
} truth[] = {
    {SQLC_EMPTY, "SBBBBBLQ", "SBBBBBLWLL", "LW"},
    {SQLC_SELECT, "SBBBBBrR", "SBBBBBWWrr", "WW"},
    {SQLC_INSERT, "SBBBBBQQ", "SBBBBBWWWW", "WW"},
    {SQLC_UPDATE, "SBBBBBQQ", "SBBBBBWWWW", "WW"},
    {SQLC_DELETE, "SBBBBBQQ", "SBBBBBWWWW", "WW"},
    {SQLC_MERGE, "SBBBBBQQ", "SBBBBBWWWW", "WW"},
    {SQLC_EXPLAIN, "SBBBBBrR", "SBBBBBWWrr", "WW"},
    {SQLC_SHOW, "SBBBBBrR", "SBBBBBWWrr", "WW"},
    {SQLC_SET, "KBKKKKKQ", "KBKKKKWWWW", "WW"},
    {SQLC_SET_LOCAL, "RBRRRRKQ", "WBWWWWWWWW", "WW"},
    {SQLC_SET_TRANSACTION, "RBRRRRLR", "WBWWWWWWWW", "WW"},
    {SQLC_SET_SESSION_CHARACTERISTICS, "KRKKKKKR", "KWKKKKWWWW", "WW"},
    {SQLC_BEGIN, "LRLLLLLR", "LWLLLLLWLL", "LW"},
    {SQLC_COMMIT, "LRLLLLLR", "LWLLLLLWLL", "LW"},
    {SQLC_ROLLBACK, "LRLLLLLR", "LWLLLLLWLL", "LW"},
    {SQLC_SAVEPOINT, "RBRRRRLR", "WBWWWWWWWW", "WW"},
    {SQLC_RELEASE, "RBRRRRLR", "WBWWWWWWWW", "WW"},
    {SQLC_ROLLBACK_TO, "RBRRRRLR", "WBWWWWWWWW", "WW"},
    {SQLC_PREPARE_TRANSACTION, "RRRRRRRR", "WWWWWWWWWW", "WW"},
    {SQLC_COMMIT_PREPARED, "SRRSSRRR", "SRRSSWWWWW", "WW"},
    {SQLC_ROLLBACK_PREPARED, "SRRSSRRR", "SRRSSWWWWW", "WW"},
    {SQLC_PREPARE, "RRRRRRRR", "WWWWWWWWWW", "WW"},
    {SQLC_EXECUTE, "RRRRRRRR", "WWWWWWWWWW", "WW"},
    {SQLC_DEALLOCATE, "RRRRRRRR", "WWWWWWWWWW", "WW"},
    {SQLC_DECLARE, "RBRRRRRR", "WBWWWWWWWW", "WW"},
    {SQLC_FETCH, "RBRRRRRR", "WBWWWWWWWW", "WW"},
    {SQLC_MOVE, "RBRRRRRR", "WBWWWWWWWW", "WW"},
    {SQLC_CLOSE, "RBRRRRRR", "WBWWWWWWWW", "WW"},
    {SQLC_LISTEN, "RRRRRRRR", "WWWWWWWWWW", "WW"},
    {SQLC_UNLISTEN, "RRRRRRRR", "WWWWWWWWWW", "WW"},
    {SQLC_NOTIFY, "SBBBBBQQ", "SBBBBBWWWW", "WW"},
    {SQLC_COPY_STDIO, "RRRRRRRR", "WWWWWWWWWW", "WW"},
    {SQLC_COPY_FILE, "SBBBBBQQ", "SBBBBBWWWW", "WW"},
    {SQLC_LOCK, "RBRRRRRR", "WBWWWWWWWW", "WW"},
    {SQLC_DISCARD, "KRKKKKRR", "KRKKKKWWWW", "WW"},
    {SQLC_CALL, "SBRBSBRR", "SBRBSBWWWW", "WW"},
    {SQLC_DO, "SBRBSBQQ", "SBRBSBWWWW", "WW"},
    {SQLC_DDL, "SBBBBBQQ", "SBBBBBWWWW", "WW"},
    {SQLC_ALONE, "SRRSSRRR", "SRRSSWWWWR", "WW"},
    {SQLC_OTHER, "SBBBBBQQ", "SBBBBBWWWW", "WW"},
};

static char letter(enum plan_kind k)
{
    static const char letters[] = {
        [PLAN_SINGLE] = 'S', [PLAN_BATCH] = 'B',  [PLAN_READ] = 'r',    [PLAN_QUEUE] = 'Q',
        [PLAN_LOCAL] = 'L',  [PLAN_REFUSE] = 'R', [PLAN_SETTING] = 'K', [PLAN_SESSION] = 'W'};

    return letters[k];
}

static const struct plan_context contexts[] = {
    {.several = false},    {.several = true},
    {.read_only = true},   {.isolation = true},
    {.settings = true},    {.settings = true, .carried = true},
    {.transaction = true}, {.transaction = true, .several = true},
};

/* Behind those above, where a session is at hand. */
static const struct plan_context apart[] = {
    {.transaction = true, .reads_apart = true},
    {.transaction = true, .reads_apart = true, .read_only = true},
};

static void assert_plan(enum sql_class cls, struct plan_context c, enum session_use session,
                        const char *where, char want)
{
    struct plan p;

    c.session = session;
    p = plan_statement((struct sql_kind){cls, 0}, &c);
    if (letter(p.kind) != want)
        fail_msg("%s, %s: %c, wanted %c", sql_class_name(cls), where, letter(p.kind), want);
}

static void test_every_class_in_every_context(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(truth); i++)
        for (size_t c = 0; c < ARRAY_LEN(contexts); c++)
            assert_plan(truth[i].cls, contexts[c], SESSION_NONE, truth[i].want + c,
                        truth[i].want[c]);
}

static void test_every_class_beside_a_session(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(truth); i++) {
        const char *want = truth[i].aside;
        assert_int_equal(strlen(want), ARRAY_LEN(contexts) + ARRAY_LEN(apart));
        for (size_t c = 0; c < ARRAY_LEN(contexts); c++)
            assert_plan(truth[i].cls, contexts[c], SESSION_ASIDE, want + c, want[c]);
        for (size_t c = 0; c < ARRAY_LEN(apart); c++)
            assert_plan(truth[i].cls, apart[c], SESSION_ASIDE, want + ARRAY_LEN(contexts) + c,
                        want[ARRAY_LEN(contexts) + c]);
    }
}

/* In a session, on a read-only connection, what the server would let pass nevertheless; and what
 * could end the read-only transaction, where that was promised. */
static char wanted_in_session(size_t i, const struct plan_context *c)
{
    bool may_commit = !c->transaction && (truth[i].cls == SQLC_CALL || truth[i].cls == SQLC_DO);

    bool ends =
        c->several && (truth[i].cls == SQLC_BEGIN || truth[i].cls == SQLC_COMMIT ||
                       truth[i].cls == SQLC_ROLLBACK || truth[i].cls == SQLC_PREPARE_TRANSACTION);

    if ((c->read_only && truth[i].cls == SQLC_ALONE) || (c->promise && (may_commit || ends)))
        return 'R';
    return truth[i].all[c->several];
}

/* Whatever the connection's other attributes: they are the session's own there. */
static void test_every_class_in_a_session(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(truth); i++) {
        for (size_t c = 0; c < ARRAY_LEN(contexts); c++) {
            struct plan_context promised = contexts[c];
            promised.read_only = promised.promise = true;
            assert_plan(truth[i].cls, contexts[c], SESSION_ALL, truth[i].all,
                        wanted_in_session(i, &contexts[c]));
            assert_plan(truth[i].cls, promised, SESSION_ALL, truth[i].all,
                        wanted_in_session(i, &promised));
        }
        for (size_t c = 0; c < ARRAY_LEN(apart); c++)
            assert_plan(truth[i].cls, apart[c], SESSION_ALL, truth[i].all,
                        wanted_in_session(i, &apart[c]));
    }
}

/* The rules of design.md, section 2, over all of it: a session helps or changes nothing. */
static void test_what_a_session_may_change(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(truth); i++)
        for (size_t c = 0; c < ARRAY_LEN(contexts); c++) {
            struct plan_context context = contexts[c];
            struct plan over_http, aside;
            const struct sql_kind kind = {truth[i].cls, 0};
            over_http = plan_statement(kind, &context);
            context.session = SESSION_ASIDE;
            aside = plan_statement(kind, &context);
            if (!context.transaction && over_http.kind != PLAN_REFUSE) /* HTTP can: HTTP does */
                assert_int_equal(aside.kind, over_http.kind);
            if (over_http.state == ST_HYC00 && over_http.kind == PLAN_REFUSE &&
                aside.kind == PLAN_SESSION && strstr(over_http.text, "Transport=auto") == NULL)
                fail_msg("not told that a session would do: %s", over_http.text);
            if (context.transaction) /* nothing is buffered where there is a real transaction */
                assert_true(aside.kind == PLAN_SESSION || aside.kind == PLAN_LOCAL);
            if (aside.kind == PLAN_REFUSE) { /* what no session helps */
                assert_int_equal(over_http.kind, PLAN_REFUSE);
                assert_ptr_equal(aside.text, over_http.text);
                assert_true(aside.state == ST_25006 || aside.state == ST_25000);
            }
        }
}

static const struct {
    enum sql_class cls;
    unsigned flags;
} for_sessions[] = {
    {SQLC_DDL, SQLF_TEMP},
    {SQLC_SELECT, SQLF_TEMP | SQLF_SELECT_INTO},
    {SQLC_DECLARE, SQLF_WITH_HOLD},
    {SQLC_SELECT, SQLF_SESSION_FUNCTION},
    {SQLC_INSERT, SQLF_SESSION_FUNCTION},
    {SQLC_DO, SQLF_SESSION_FUNCTION},
};

static void test_what_lives_in_a_session_goes_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(for_sessions); i++)
        for (size_t c = 0; c < ARRAY_LEN(contexts); c++) {
            struct plan_context context = contexts[c];
            const struct sql_kind kind = {for_sessions[i].cls, for_sessions[i].flags};
            assert_non_null(strstr(plan_statement(kind, &context).text, "Transport=auto"));
            context.session = SESSION_ASIDE;
            assert_int_equal(plan_statement(kind, &context).kind, PLAN_SESSION);
            context.session = SESSION_ALL;
            assert_int_equal(plan_statement(kind, &context).kind, PLAN_SESSION);
        }
}

/* What a buffered transaction cannot know, a transaction of the server's does: also where plain
 * reads go apart, for these are no plain ones. */
static void test_what_is_no_plain_read_does_not_go_apart(void **state)
{
    static const struct sql_kind kinds[] = {
        {SQLC_SELECT, SQLF_LOCKS_ROWS},
        {SQLC_SELECT, SQLF_SEQUENCE},
        {SQLC_SELECT, SQLF_TRANSACTION_FUNCTION},
        {SQLC_SELECT, SQLF_WRITES_CTE},
        {SQLC_SELECT, SQLF_SET_CONFIG_LOCAL},
        {SQLC_SELECT, SQLF_SELECT_INTO},
        {SQLC_SELECT, SQLF_SESSION_FUNCTION},
        {SQLC_DELETE, SQLF_EXPLAIN_ANALYZE},
        {SQLC_INSERT, SQLF_RETURNING},
        {SQLC_UPDATE, SQLF_RETURNING},
        {SQLC_DELETE, SQLF_RETURNING},
        {SQLC_SELECT, SQLF_SET_CONFIG_LOCAL | SQLF_SET_CONFIG_ALONE},
        {SQLC_SELECT, SQLF_SET_CONFIG_SESSION | SQLF_SET_CONFIG_ALONE},
    };
    const struct plan_context c = {
        .transaction = true, .reads_apart = true, .session = SESSION_ASIDE};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (plan_statement(kinds[i], &c).kind != PLAN_SESSION)
            fail_msg("%zu goes apart", i);
    assert_int_equal(plan_statement((struct sql_kind){SQLC_SELECT, 0}, &c).kind, PLAN_READ);
}

/* A read whose answer must be the same at the commit is made in the transaction itself. */
static void test_a_read_that_varies_goes_to_the_session(void **state)
{
    const struct plan_context c = {
        .transaction = true, .checked = true, .varies = true, .session = SESSION_ASIDE};

    (void)state;
    assert_int_equal(plan_statement((struct sql_kind){SQLC_SELECT, 0}, &c).kind, PLAN_SESSION);
}

/* In autocommit mode the first refuses (25006, or 25000 because several statements are one
 * transaction); in a transaction the server itself says 25001. */
static void test_what_cannot_run_in_a_block(void **state)
{
    static const enum sql_class alone[] = {SQLC_ALONE, SQLC_COMMIT_PREPARED, SQLC_ROLLBACK_PREPARED,
                                           SQLC_DISCARD};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(alone); i++) {
        const struct sql_kind kind = {alone[i], 0};
        struct plan_context c = {.several = true, .session = SESSION_ASIDE};
        assert_int_equal(plan_statement(kind, &c).state, ST_25000);
        c = (struct plan_context){.transaction = true, .session = SESSION_ASIDE};
        assert_int_equal(plan_statement(kind, &c).kind, PLAN_SESSION);
        c.session = SESSION_NONE;
        assert_int_equal(plan_statement(kind, &c).state, ST_25000);
        assert_non_null(strstr(plan_statement(kind, &c).text, "Commit, switch autocommit on"));
        c = (struct plan_context){.read_only = true, .session = SESSION_ASIDE};
        if (alone[i] != SQLC_DISCARD)
            assert_int_equal(plan_statement(kind, &c).state, ST_25006);
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
        {SQLC_SELECT, SQLF_TRANSACTION_FUNCTION, 'R'},
        {SQLC_SELECT, SQLF_TRANSACTION_FUNCTION | SQLF_SELECT_INTO, 'Q'},
        {SQLC_DO, SQLF_TRANSACTION_FUNCTION, 'Q'},
        {SQLC_COPY_FILE, SQLF_OUTSIDE, 'R'},
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
        cmocka_unit_test(test_every_class_beside_a_session),
        cmocka_unit_test(test_every_class_in_a_session),
        cmocka_unit_test(test_what_a_session_may_change),
        cmocka_unit_test(test_what_lives_in_a_session_goes_there),
        cmocka_unit_test(test_what_is_no_plain_read_does_not_go_apart),
        cmocka_unit_test(test_a_read_that_varies_goes_to_the_session),
        cmocka_unit_test(test_what_cannot_run_in_a_block),
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
