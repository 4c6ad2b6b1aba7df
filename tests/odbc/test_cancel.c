/* SQLCancel from another thread, at any moment. */
#include "odbc_test.h"

#include <pthread.h>
#include <unistd.h>

struct canceller {
    SQLHSTMT stmt;
    useconds_t after_us;
};

static void *cancel_later(void *arg)
{
    const struct canceller *c = arg;

    usleep(c->after_us);
    SQLCancel(c->stmt);
    return NULL;
}

static SQLRETURN run_and_cancel(SQLHSTMT s, const char *sql, useconds_t after_us)
{
    struct canceller c = {s, after_us};
    pthread_t t;
    SQLRETURN rc;

    SQLFreeStmt(s, SQL_CLOSE);
    assert_int_equal(pthread_create(&t, NULL, cancel_later, &c), 0);
    rc = SQLExecDirect(s, sqltext(sql), SQL_NTS);
    pthread_join(t, NULL);
    return rc;
}

/* Before the server has it there would be nothing to cancel. */
static void *cancel_when_it_runs(void *stmt)
{
    wait_until_running("%/* to cancel%");
    SQLCancel(stmt);
    return NULL;
}

static void test_a_running_statement_is_cancelled_and_its_backend_goes_on(void **state)
{
    struct fixture *f = *state;
    pthread_t t;
    SQLRETURN rc;

    assert_int_equal(pthread_create(&t, NULL, cancel_when_it_runs, f->stmt), 0);
    rc = SQLExecDirect(f->stmt, sqltext("SELECT pg_sleep(600) /* to cancel */"), SQL_NTS);
    pthread_join(t, NULL);
    assert_stmt_state(f->stmt, rc, "HY008");
    assert_string_equal(query_text(f->stmt, "SELECT 'usable'"), "usable");
    wait_until_gone("%/* to cancel%"); /* the gateway cancels when it sees the connection go */
}

static void *run_to_cancel(void *stmt)
{
    SQLExecDirect(stmt, sqltext("SELECT pg_sleep(600) /* to cancel */"), SQL_NTS);
    return NULL;
}

static void begin_waiting_for_data(SQLHSTMT s)
{
    SQLPOINTER token;

    assert_int_equal(SQLExecute(s), SQL_NEED_DATA);
    assert_int_equal(SQLParamData(s, &token), SQL_NEED_DATA);
}

/* The connection is another statement's meanwhile. */
static void cancel_the_wait_while_another_runs(SQLHSTMT s, SQLHSTMT other)
{
    pthread_t t;

    assert_int_equal(pthread_create(&t, NULL, run_to_cancel, other), 0);
    wait_until_running("%/* to cancel%");
    assert_int_equal(SQLCancel(s), SQL_SUCCESS);
    assert_int_equal(SQLCancel(other), SQL_SUCCESS);
    pthread_join(t, NULL);
    wait_until_gone("%/* to cancel%");
}

static void test_a_wait_for_data_is_cancelled_while_another_statement_runs(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt, other = new_stmt(f);
    SQLLEN later = SQL_DATA_AT_EXEC;
    SQLPOINTER token;

    assert_stmt_ok(s, SQLPrepare(s, sqltext("SELECT ?::text"), SQL_NTS));
    assert_stmt_ok(s, SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 10, 0,
                                       (SQLPOINTER)1, 0, &later));
    begin_waiting_for_data(s);
    cancel_the_wait_while_another_runs(s, other);
    begin_waiting_for_data(s);
    cancel_the_wait_while_another_runs(s, other);
    assert_int_equal(SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT), SQL_SUCCESS);
    begin_waiting_for_data(s);
    assert_stmt_ok(s, SQLPutData(s, (SQLPOINTER) "x", 1));
    assert_stmt_ok(s, SQLParamData(s, &token));
    SQLFreeHandle(SQL_HANDLE_STMT, other);
}

static void test_cancelling_an_idle_statement_has_no_effect(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(SQLCancel(f->stmt), SQL_SUCCESS);
    assert_string_equal(query_text(f->stmt, "SELECT 1"), "1");
    /* With an open cursor unixODBC's manager itself goes back to the state of
     * SQLFreeStmt(SQL_CLOSE): not tested here. */
}

/* The first piece comes, the next one not within the time of a test. */
static void test_a_slow_fetch_is_cancelled(void **state)
{
    struct fixture *f = *state;
    struct watched r;
    pthread_t t;
    SQLRETURN rc;

    gateway_fault("{\"kind\":\"slow_body\",\"count\":1,\"bytes\":1000000,\"ms\":600000}");
    run(f->stmt, "SELECT g, repeat('x', 100) FROM generate_series(1, 60000) g");
    watched_init(&r, f->stmt);
    assert_int_equal(pthread_create(&t, NULL, cancel_when_stuck, &r), 0);
    while (WATCHED(&r, rc, SQLFetch(f->stmt)) == SQL_SUCCESS)
        ;
    pthread_join(t, NULL);
    assert_stmt_state(f->stmt, rc, "HY008");
    assert_string_equal(query_text(f->stmt, "SELECT 'usable'"), "usable");
}

static void test_cancels_at_random_moments_leave_the_statement_usable(void **state)
{
    struct fixture *f = *state;
    unsigned seed = 7;

    for (int i = 0; i < 150; i++) {
        SQLRETURN rc;
        seed = seed * 1664525u + 1013904223u;
        rc = run_and_cancel(f->stmt, "SELECT pg_sleep(0.003), g FROM generate_series(1, 2) g",
                            (seed >> 8) % 12000);
        if (rc == SQL_ERROR)
            assert_string_equal(diag_state(SQL_HANDLE_STMT, f->stmt), "HY008");
    }
    assert_string_equal(query_text(f->stmt, "SELECT 'usable'"), "usable");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_connected, teardown_connected)

int main(void)
{
    const struct CMUnitTest everywhere[] = {
        T(test_a_running_statement_is_cancelled_and_its_backend_goes_on),
        T(test_a_wait_for_data_is_cancelled_while_another_statement_runs),
        T(test_cancelling_an_idle_statement_has_no_effect),

        T(test_cancels_at_random_moments_leave_the_statement_usable),
    };
    const struct CMUnitTest http[] = {T(test_a_slow_fetch_is_cancelled)};
    return RUN_OVER(OVER_ALL, everywhere) + RUN_OVER(OVER_HTTP, http);
}
