/* Asynchronous execution by polling, in one thread: every function that may cost a request,
 * cancelling, what else may be called meanwhile, several statements of one connection. */
#include "odbc_test.h"

static void async_on(SQLHSTMT stmt)
{
    assert_stmt_ok(stmt,
                   SQLSetStmtAttr(stmt, SQL_ATTR_ASYNC_ENABLE, (SQLPOINTER)SQL_ASYNC_ENABLE_ON, 0));
}

#define POLL(rc, call)                                                                             \
    do {                                                                                           \
        (rc) = (call);                                                                             \
    } while ((rc) == SQL_STILL_EXECUTING)

/* Another session, which keeps what it has locked until let_go: who waits for it cannot have its
 * answer before. */
static struct fixture *hold(const char *sql)
{
    struct fixture *holder = fixture_over("websocket");

    run(holder->stmt, "SET idle_in_transaction_session_timeout TO '60s'"); /* not for ever */
    fixture_autocommit(holder, false);
    run(holder->stmt, sql);
    return holder;
}

static void let_go(struct fixture *holder)
{
    assert_dbc_ok(holder->dbc, SQLEndTran(SQL_HANDLE_DBC, holder->dbc, SQL_ROLLBACK));
    fixture_free(holder);
}

#define LOCK_CUSTOMERS "LOCK TABLE customers IN ACCESS EXCLUSIVE MODE"

/* The call is still executing while the lock is held, and ends when it is not. */
#define POLL_HELD(rc, lock, call)                                                                  \
    do {                                                                                           \
        struct fixture *holder = hold(lock);                                                       \
        for (int i = 0; i < 3; i++)                                                                \
            assert_int_equal((call), SQL_STILL_EXECUTING);                                         \
        let_go(holder);                                                                            \
        POLL(rc, call);                                                                            \
    } while (0)

static void test_execute_and_fetch(void **state)
{
    struct fixture *f = *state;
    SQLRETURN rc;
    SQLINTEGER n = 0;
    int rows = 0;

    async_on(f->stmt);
    POLL_HELD(
        rc, LOCK_CUSTOMERS,
        SQLExecDirect(f->stmt, sqltext("SELECT 41 + 1 FROM customers WHERE id = 1"), SQL_NTS));
    assert_stmt_ok(f->stmt, rc);
    POLL(rc, SQLFetch(f->stmt));
    assert_stmt_ok(f->stmt, rc);
    POLL(rc, SQLGetData(f->stmt, 1, SQL_C_SLONG, &n, 0, NULL));
    assert_stmt_ok(f->stmt, rc);
    assert_int_equal(n, 42);
    POLL(rc, SQLFetch(f->stmt));
    assert_int_equal(rc, SQL_NO_DATA);
    POLL(rc, SQLMoreResults(f->stmt));
    assert_int_equal(rc, SQL_NO_DATA);
    /* A result that is still on its way while it is read. */
    POLL(rc, SQLExecDirect(f->stmt,
                           sqltext("SELECT g, repeat('x', 200) FROM generate_series(1, 20000) g"),
                           SQL_NTS));
    assert_stmt_ok(f->stmt, rc);
    for (;; rows++) {
        POLL(rc, SQLFetch(f->stmt));
        if (rc == SQL_NO_DATA)
            break;
        assert_stmt_ok(f->stmt, rc);
    }
    assert_int_equal(rows, 20000);
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    POLL(rc, SQLExecDirect(f->stmt,
                           sqltext("SELECT g, repeat('x', 200) FROM generate_series(1, 20000) g"),
                           SQL_NTS));
    assert_stmt_ok(f->stmt, rc);
    for (rows = 0;; rows++) {
        POLL(rc, SQLFetchScroll(f->stmt, SQL_FETCH_NEXT, 0));
        if (rc == SQL_NO_DATA)
            break;
        assert_stmt_ok(f->stmt, rc);
    }
    assert_int_equal(rows, 20000);
}

static void test_prepared_and_described(void **state)
{
    struct fixture *f = *state;
    SQLRETURN rc;
    SQLSMALLINT columns = 0;
    SQLSMALLINT type = 0;
    SQLINTEGER id = 7;
    SQLCHAR name[32];

    async_on(f->stmt);
    POLL(rc, SQLPrepare(f->stmt, sqltext("SELECT name FROM customers WHERE id = ?"), SQL_NTS));
    assert_stmt_ok(f->stmt, rc);
    POLL(rc, SQLNumResultCols(f->stmt, &columns));
    assert_stmt_ok(f->stmt, rc);
    assert_int_equal(columns, 1);
    POLL(rc, SQLDescribeCol(f->stmt, 1, name, sizeof name, NULL, &type, NULL, NULL, NULL));
    assert_stmt_ok(f->stmt, rc);
    assert_string_equal(name, "name");
    POLL(rc, SQLDescribeParam(f->stmt, 1, &type, NULL, NULL, NULL));
    assert_stmt_ok(f->stmt, rc);
    assert_int_equal(type, SQL_INTEGER);
    assert_stmt_ok(f->stmt, SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER,
                                             0, 0, &id, 0, NULL));
    POLL_HELD(rc, LOCK_CUSTOMERS, SQLExecute(f->stmt));
    assert_stmt_ok(f->stmt, rc);
}

/* What is held is what only remarks are read from. */
static void test_catalog(void **state)
{
    static const char hold_remarks[] = "SELECT t_hold_remarks()";
    struct fixture *f = *state;
    SQLRETURN rc;

    pg_admin("CREATE OR REPLACE FUNCTION t_hold_remarks() RETURNS void LANGUAGE plpgsql SECURITY "
             "DEFINER AS $$ BEGIN LOCK TABLE pg_catalog.pg_description IN ACCESS EXCLUSIVE MODE; "
             "END $$");
    async_on(f->stmt);
    POLL_HELD(rc, hold_remarks,
              SQLTables(f->stmt, NULL, 0, NULL, 0, sqltext("customers"), SQL_NTS, NULL, 0));
    assert_stmt_ok(f->stmt, rc);
    POLL(rc, SQLFetch(f->stmt));
    assert_stmt_ok(f->stmt, rc);
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    POLL_HELD(rc, hold_remarks,
              SQLColumns(f->stmt, NULL, 0, NULL, 0, sqltext("customers"), SQL_NTS, NULL, 0));
    assert_stmt_ok(f->stmt, rc);
    pg_admin("DROP FUNCTION t_hold_remarks()");
}

static void test_data_at_execution(void **state)
{
    struct fixture *f = *state;
    SQLRETURN rc;
    SQLLEN ind = SQL_DATA_AT_EXEC;
    SQLPOINTER token = NULL;
    SQLCHAR text[16];

    async_on(f->stmt);
    assert_stmt_ok(f->stmt, SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_CHAR,
                                             SQL_LONGVARCHAR, 0, 0, (SQLPOINTER)17, 0, &ind));
    POLL(rc,
         SQLExecDirect(f->stmt, sqltext("SELECT upper(?) FROM customers WHERE id = 1"), SQL_NTS));
    assert_int_equal(rc, SQL_NEED_DATA);
    POLL(rc, SQLParamData(f->stmt, &token));
    assert_int_equal(rc, SQL_NEED_DATA);
    assert_ptr_equal(token, (SQLPOINTER)17);
    POLL(rc, SQLPutData(f->stmt, sqltext("abc"), 3));
    assert_stmt_ok(f->stmt, rc);
    POLL_HELD(rc, LOCK_CUSTOMERS, SQLParamData(f->stmt, &token));
    assert_stmt_ok(f->stmt, rc);
    POLL(rc, SQLFetch(f->stmt));
    POLL(rc, SQLGetData(f->stmt, 1, SQL_C_CHAR, text, sizeof text, NULL));
    assert_string_equal(text, "ABC");
}

static void test_errors_and_cancel(void **state)
{
    struct fixture *f = *state;
    SQLRETURN rc;

    async_on(f->stmt);
    POLL(rc, SQLExecDirect(f->stmt, sqltext("SELECT 1 / 0 FROM pg_sleep(0.1)"), SQL_NTS));
    assert_stmt_state(f->stmt, rc, "22012");
    rc = SQLExecDirect(f->stmt, sqltext("SELECT 'async cancel', pg_sleep(30)"), SQL_NTS);
    assert_int_equal(rc, SQL_STILL_EXECUTING);
    while (strcmp(pg_admin(
                      "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE "
                      "'SELECT ''async cancel%'"),
                  "0") == 0)
        assert_int_equal(SQLExecDirect(f->stmt, sqltext("x"), SQL_NTS), SQL_STILL_EXECUTING);
    assert_stmt_ok(f->stmt, SQLCancel(f->stmt));
    POLL(rc, SQLExecDirect(f->stmt, sqltext("x"), SQL_NTS));
    assert_stmt_state(f->stmt, rc, "HY008");
    while (strcmp(pg_admin(
                      "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE "
                      "'SELECT ''async cancel%'"),
                  "0") != 0)
        continue;
    /* Query timeout. */
    assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_QUERY_TIMEOUT, (SQLPOINTER)1, 0));
    POLL(rc, SQLExecDirect(f->stmt, sqltext("SELECT pg_sleep(30)"), SQL_NTS));
    assert_stmt_state(f->stmt, rc, "HYT00");
    assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_QUERY_TIMEOUT, (SQLPOINTER)0, 0));
    POLL(rc, SQLExecDirect(f->stmt, sqltext("SELECT 1"), SQL_NTS));
    assert_stmt_ok(f->stmt, rc);
}

/* The driver itself: what the manager would keep away from it. */
static void test_what_else_is_called_meanwhile(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;
    SQLHSTMT other = NULL;
    struct fixture *holder;
    SQLRETURN rc;
    SQLSMALLINT n;
    SQLINTEGER number = 0;

    assert_direct_ok(
        SQL_HANDLE_STMT, s,
        DRIVER(SQLSetStmtAttr)(s, SQL_ATTR_ASYNC_ENABLE, (SQLPOINTER)SQL_ASYNC_ENABLE_ON, 0));
    holder = hold(LOCK_CUSTOMERS);
    rc = DRIVER(SQLExecDirect)(s, sqltext("SELECT 5 FROM customers WHERE id = 1"), SQL_NTS);
    assert_int_equal(rc, SQL_STILL_EXECUTING);
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLFetch)(s), "HY010");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLNumParams)(s, &n), "HY010");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLFreeStmt)(s, SQL_CLOSE), "HY010");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLFreeHandle)(SQL_HANDLE_STMT, s), "HY010");
    assert_direct_state(SQL_HANDLE_DBC, f->dbc,
                        DRIVER(SQLEndTran)(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT), "HY010");
    assert_direct_state(SQL_HANDLE_DBC, f->dbc, DRIVER(SQLDisconnect)(f->dbc), "HY010");
    let_go(holder);
    /* Another statement's ordinary call comes behind; the first one's result waits for it. */
    assert_direct_ok(SQL_HANDLE_DBC, f->dbc,
                     DRIVER(SQLAllocHandle)(SQL_HANDLE_STMT, f->dbc, &other));
    assert_direct_ok(SQL_HANDLE_STMT, other,
                     DRIVER(SQLExecDirect)(other, sqltext("SELECT 6"), SQL_NTS));
    assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLExecDirectW)(s, NULL, 0));
    while ((rc = DRIVER(SQLFetch)(s)) == SQL_STILL_EXECUTING)
        continue;
    assert_direct_ok(SQL_HANDLE_STMT, s, rc);
    while ((rc = DRIVER(SQLGetData)(s, 1, SQL_C_SLONG, &number, 0, NULL)) == SQL_STILL_EXECUTING)
        continue;
    assert_int_equal(number, 5);
    DRIVER(SQLFreeHandle)(SQL_HANDLE_STMT, other);
}

/* Two asynchronous statements: polling either advances both in their order; one is cancelled while
 * it waits. */
static void test_two_statements(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT other = new_stmt(f);
    SQLHSTMT third = new_stmt(f);
    struct fixture *holder = hold(LOCK_CUSTOMERS);
    SQLRETURN rc;

    async_on(f->stmt);
    async_on(other);
    async_on(third);
    assert_int_equal(
        SQLExecDirect(f->stmt, sqltext("SELECT 1 FROM customers WHERE id = 1"), SQL_NTS),
        SQL_STILL_EXECUTING);
    assert_int_equal(SQLExecDirect(other, sqltext("SELECT 2"), SQL_NTS), SQL_STILL_EXECUTING);
    assert_int_equal(SQLExecDirect(third, sqltext("SELECT 3"), SQL_NTS), SQL_STILL_EXECUTING);
    assert_stmt_ok(third, SQLCancel(third));
    POLL(rc, SQLExecDirect(third, sqltext("SELECT 3"), SQL_NTS));
    assert_stmt_state(third, rc, "HY008");
    let_go(holder);
    POLL(rc, SQLExecDirect(other, sqltext("SELECT 2"), SQL_NTS));
    assert_stmt_ok(other, rc);
    assert_stmt_ok(f->stmt, SQLExecDirect(f->stmt, sqltext("SELECT 1"), SQL_NTS)); /* long since */
    SQLFreeHandle(SQL_HANDLE_STMT, other);
    SQLFreeHandle(SQL_HANDLE_STMT, third);
}

/* What asks the server, or ends what is on its way from it, comes behind the call that is executing
 * and does not take its answer. */
static void test_descriptions_and_closing_meanwhile(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT other = new_stmt(f);
    SQLHDESC ird = NULL;
    SQLHDESC copy = NULL;
    SQLSMALLINT count = 0;
    SQLRETURN rc;

    async_on(f->stmt);
    assert_stmt_ok(other, SQLGetStmtAttr(other, SQL_ATTR_IMP_ROW_DESC, &ird, 0, NULL));
    assert_dbc_ok(f->dbc, SQLAllocHandle(SQL_HANDLE_DESC, f->dbc, &copy));
    for (int i = 0; i < 4; i++) {
        char text[80];
        snprintf(text, sizeof text, "SELECT %d AS a, 2 AS b", i);
        if (i < 2)
            assert_stmt_ok(other, SQLPrepare(other, sqltext(text), SQL_NTS));
        else
            run(other, "SELECT repeat('x', 100) FROM generate_series(1, 300000)");
        assert_int_equal(SQLExecDirect(f->stmt, sqltext("SELECT pg_sleep(0.3), 7"), SQL_NTS),
                         SQL_STILL_EXECUTING);
        if (i == 0)
            assert_int_equal(SQLGetDescField(ird, 0, SQL_DESC_COUNT, &count, 0, NULL), SQL_SUCCESS);
        else if (i == 1)
            assert_int_equal(SQLCopyDesc(ird, copy), SQL_SUCCESS);
        else if (i == 2)
            assert_stmt_ok(other, SQLCloseCursor(other));
        else
            assert_int_equal(SQLFreeHandle(SQL_HANDLE_STMT, other), SQL_SUCCESS);
        POLL(rc, SQLExecDirect(f->stmt, sqltext("SELECT pg_sleep(0.3), 7"), SQL_NTS));
        assert_stmt_ok(f->stmt, rc);
        POLL(rc, SQLFetch(f->stmt));
        assert_stmt_ok(f->stmt, rc);
        SQLFreeStmt(f->stmt, SQL_CLOSE);
    }
    assert_int_equal(count, 2);
    SQLFreeHandle(SQL_HANDLE_DESC, copy);
}

static void test_arrays_and_transactions(void **state)
{
    struct fixture *f = *state;
    SQLINTEGER id[100];
    SQLRETURN rc;

    pg_admin("DROP TABLE IF EXISTS async; CREATE TABLE async (id int PRIMARY KEY); GRANT ALL ON "
             "async TO "
             "PUBLIC");
    for (int i = 0; i < 100; i++)
        id[i] = i;
    id[99] = 50;
    async_on(f->stmt);
    assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_PARAMSET_SIZE, (SQLPOINTER)100, 0));
    SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, id, 0, NULL);
    POLL(rc, SQLExecDirect(f->stmt, sqltext("INSERT INTO async VALUES (?)"), SQL_NTS));
    assert_stmt_state(f->stmt, rc, "23505");
    assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, f->stmt), "Row 100 of the array failed"));
    id[99] = 99;
    POLL(rc, SQLExecDirect(f->stmt, sqltext("INSERT INTO async VALUES (?)"), SQL_NTS));
    assert_stmt_ok(f->stmt, rc);
    assert_string_equal(pg_admin("SELECT count(*) FROM async"), "100");
}

/* SQLCancelHandle, and SQLParamOptions of ODBC 1, which a manager may pass on. */
static void test_old_and_new_names(void **state)
{
    struct fixture *f = *state;
    SQLINTEGER id[3] = {1, 2, 3};
    SQLULEN processed = 0;
    SQLHDESC d = NULL;

    assert_direct_ok(SQL_HANDLE_STMT, f->stmt,
                     DRIVER(SQLBindParameter)(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER,
                                              0, 0, id, 0, NULL));
    assert_direct_state(SQL_HANDLE_STMT, f->stmt, DRIVER(SQLParamOptions)(f->stmt, 0, &processed),
                        "HY107");
    assert_direct_ok(SQL_HANDLE_STMT, f->stmt, DRIVER(SQLParamOptions)(f->stmt, 3, &processed));
    assert_direct_ok(SQL_HANDLE_STMT, f->stmt,
                     DRIVER(SQLExecDirect)(f->stmt, sqltext("SELECT ? + 1"), SQL_NTS));
    assert_int_equal(processed, 3);
    assert_direct_ok(SQL_HANDLE_STMT, f->stmt, DRIVER(SQLCancelHandle)(SQL_HANDLE_STMT, f->stmt));
    assert_direct_ok(SQL_HANDLE_DBC, f->dbc, DRIVER(SQLCancelHandle)(SQL_HANDLE_DBC, f->dbc));
    assert_direct_state(SQL_HANDLE_ENV, f->env, DRIVER(SQLCancelHandle)(SQL_HANDLE_ENV, f->env),
                        "HY092");
    DRIVER(SQLGetStmtAttr)(f->stmt, SQL_ATTR_APP_ROW_DESC, &d, 0, NULL);
    assert_direct_state(SQL_HANDLE_DESC, d, DRIVER(SQLCancelHandle)(SQL_HANDLE_DESC, d), "HY092");
    assert_int_equal(DRIVER(SQLCancelHandle)(SQL_HANDLE_STMT, f->dbc), SQL_INVALID_HANDLE);
    assert_int_equal(DRIVER(SQLCancelHandle)(99, f->dbc), SQL_INVALID_HANDLE);
}

static void test_attributes(void **state)
{
    struct fixture *f = *state;
    SQLUINTEGER mode = 99;
    SQLULEN on = 99;
    SQLHSTMT fresh;

    assert_dbc_ok(f->dbc, SQLGetInfo(f->dbc, SQL_ASYNC_MODE, &mode, sizeof mode, NULL));
    assert_int_equal(mode, SQL_AM_STATEMENT);
    assert_dbc_ok(f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_ASYNC_ENABLE,
                                            (SQLPOINTER)SQL_ASYNC_ENABLE_ON, 0));
    fresh = new_stmt(f);
    assert_stmt_ok(fresh, SQLGetStmtAttr(fresh, SQL_ATTR_ASYNC_ENABLE, &on, 0, NULL));
    assert_int_equal(on, SQL_ASYNC_ENABLE_ON);
    SQLFreeHandle(SQL_HANDLE_STMT, fresh);
}

/* The session is opened, with BEGIN, by the call that is polled; its notices and errors come to it.
 */
static void test_a_transaction_in_a_session(void **state)
{
    struct fixture *f = *state;
    SQLRETURN rc;
    SQLINTEGER n = 0;
    SQLHSTMT other = new_stmt(f);

    async_on(f->stmt);
    assert_dbc_ok(
        f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0));
    POLL_HELD(rc, LOCK_CUSTOMERS,
              SQLExecDirect(f->stmt,
                            sqltext("DO $$ BEGIN PERFORM 1 FROM customers; RAISE NOTICE 'waited'; "
                                    "END $$"),
                            SQL_NTS));
    assert_int_equal(rc, SQL_SUCCESS_WITH_INFO);
    assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, f->stmt), "waited"));
    POLL(rc, SQLExecDirect(f->stmt, sqltext("CREATE TEMP TABLE mine (a int)"), SQL_NTS));
    assert_stmt_ok(f->stmt, rc);
    /* rows in portions, each waited for; another statement in between */
    POLL(rc, SQLExecDirect(f->stmt, sqltext("SELECT g FROM generate_series(1, 50000) g"), SQL_NTS));
    assert_stmt_ok(f->stmt, rc);
    assert_stmt_ok(f->stmt, SQLBindCol(f->stmt, 1, SQL_C_SLONG, &n, 0, NULL));
    for (SQLINTEGER want = 1; want <= 50000; want++) {
        POLL(rc, SQLFetch(f->stmt));
        assert_stmt_ok(f->stmt, rc);
        if (n != want)
            fail_msg("%d instead of %d", (int)n, (int)want);
        if (want == 3000)
            run(other, "INSERT INTO mine VALUES (1)");
    }
    POLL(rc, SQLFetch(f->stmt));
    assert_int_equal(rc, SQL_NO_DATA);
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    POLL(rc, SQLExecDirect(f->stmt, sqltext("SELECT 1 / 0 FROM mine"), SQL_NTS));
    assert_stmt_state(f->stmt, rc, "22012");
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
    SQLFreeHandle(SQL_HANDLE_STMT, other);
}

static void test_copy_is_polled_too(void **state)
{
    struct fixture *f = *state;
    SQLLEN len = SQL_DATA_AT_EXEC, rows = 0;
    SQLPOINTER token = NULL;
    SQLRETURN rc;

    async_on(f->stmt);
    POLL(rc, SQLExecDirect(f->stmt, sqltext("CREATE TEMP TABLE mine (a int)"), SQL_NTS));
    assert_stmt_ok(f->stmt, rc);
    assert_stmt_ok(f->stmt, SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_CHAR,
                                             SQL_LONGVARCHAR, 0, 0, (SQLPOINTER)1, 0, &len));
    POLL(rc, SQLExecDirect(f->stmt, sqltext("COPY mine FROM STDIN"), SQL_NTS));
    assert_int_equal(rc, SQL_NEED_DATA);
    POLL(rc, SQLParamData(f->stmt, &token));
    assert_int_equal(rc, SQL_NEED_DATA);
    POLL(rc, SQLPutData(f->stmt, sqltext("1\n2\n"), 4));
    assert_stmt_ok(f->stmt, rc);
    POLL(rc, SQLParamData(f->stmt, &token));
    assert_stmt_ok(f->stmt, rc);
    assert_stmt_ok(f->stmt, SQLRowCount(f->stmt, &rows));
    assert_int_equal(rows, 2);
}

int main(void)
{
    int failed;
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_connected, teardown_connected)
    const struct CMUnitTest tests[] = {
        TEST(test_execute_and_fetch),
        TEST(test_prepared_and_described),
        TEST(test_catalog),
        TEST(test_data_at_execution),
        TEST(test_errors_and_cancel),
        cmocka_unit_test_setup_teardown(test_what_else_is_called_meanwhile, setup_direct,
                                        teardown_direct),
        TEST(test_two_statements),
        TEST(test_arrays_and_transactions),
        TEST(test_attributes),
        cmocka_unit_test_setup_teardown(test_old_and_new_names, setup_direct, teardown_direct),
    };
    const struct CMUnitTest in_sessions[] = {
        TEST(test_execute_and_fetch),
        TEST(test_prepared_and_described),
        TEST(test_catalog),
        TEST(test_data_at_execution),
        TEST(test_errors_and_cancel),
        cmocka_unit_test_setup_teardown(test_what_else_is_called_meanwhile, setup_direct,
                                        teardown_direct),
        TEST(test_two_statements),
        TEST(test_descriptions_and_closing_meanwhile),
        TEST(test_arrays_and_transactions),
        TEST(test_a_transaction_in_a_session),
        TEST(test_copy_is_polled_too),
    };
    const struct CMUnitTest lazily[] = {
        TEST(test_a_transaction_in_a_session),
        TEST(test_copy_is_polled_too),
    };

    failed = cmocka_run_group_tests(tests, NULL, NULL);
    failed += RUN_OVER(OVER_AUTO, lazily);
    return failed + RUN_OVER(OVER_WEBSOCKET, in_sessions);
}
