/* What a session meets: WebSockets that cannot be had, servers that are silent or gone, reads that
 * HTTP refuses, plans that have become wrong. Striking commits is test_commits.c's; hostile bytes
 * are test_hostile_sessions.c's. */
#include "odbc_test.h"

#include <time.h>

static struct fixture *connect_with(const char *more, bool manual)
{
    struct fixture *f = fixture_with(more);

    fixture_autocommit(f, !manual);
    return f;
}

static SQLRETURN end(struct fixture *f, SQLSMALLINT how)
{
    return SQLEndTran(SQL_HANDLE_DBC, f->dbc, how);
}

static int setup(void **state)
{
    (void)state;
    gateway_reset();
    pg_admin("DROP TABLE IF EXISTS t_fault; CREATE TABLE t_fault (a int); GRANT ALL ON t_fault TO "
             "app");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    gateway_reset();
    pg_admin("DROP TABLE t_fault CASCADE");
    return 0;
}

#define STORED(n) assert_string_equal(pg_admin("SELECT count(*) FROM t_fault"), n)

/* ---- no session to be had ---- */

static void test_a_refused_upgrade_is_said_once_and_buffers(void **state)
{
    static const char *const faults[] = {"{\"kind\":\"ws_refuse\",\"count\":-1}",
                                         "{\"kind\":\"ws_refuse\",\"status\":404,\"count\":-1}",
                                         "{\"kind\":\"ws_refuse\",\"status\":502,\"count\":-1}"};

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct fixture *f = connect_with("", true);
        SQLLEN n = 0;
        gateway_reset();
        pg_admin("TRUNCATE t_fault");
        gateway_fault(faults[i]);
        assert_stmt_state(f->stmt, exec(f->stmt, "INSERT INTO t_fault VALUES (1)"), "01000");
        assert_stmt_ok(f->stmt, SQLRowCount(f->stmt, &n));
        assert_int_equal(n, -1); /* buffered */
        assert_int_equal(exec(f->stmt, "INSERT INTO t_fault VALUES (2)"), SQL_SUCCESS);
        STORED("0");
        assert_stmt_state(f->stmt, exec(f->stmt, "CREATE TEMP TABLE t_no (a int)"), "HYC00");
        assert_int_equal(end(f, SQL_COMMIT), SQL_SUCCESS);
        STORED("2");
        assert_int_equal(gateway_count("ws_upgrades"), 0);
        fixture_free(f);
    }
}

static void test_a_refused_upgrade_is_an_error_where_nothing_else_is_left(void **state)
{
    struct fixture *f = fixture_new(SQL_OV_ODBC3);

    (void)state;
    gateway_fault("{\"kind\":\"ws_refuse\",\"count\":-1}");
    assert_dbc_state(f->dbc,
                     SQLDriverConnect(f->dbc, NULL, sqltext("DSN=neon;Transport=websocket"),
                                      SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT),
                     "08001");
    assert_true(strlen(diag_text(SQL_HANDLE_DBC, f->dbc)) > 60);
    fixture_free(f);
}

static void test_an_upgrade_that_is_never_answered_ends_at_the_login_timeout(void **state)
{
    struct fixture *f = fixture_new(SQL_OV_ODBC3);
    struct fixture *later = connect_with("Transport=auto;LoginTimeout=5", true);

    (void)state;
    gateway_fault("{\"kind\":\"ws_hang\",\"count\":-1}");
    assert_dbc_state(f->dbc,
                     SQLDriverConnect(f->dbc, NULL,
                                      sqltext("DSN=neon;Transport=websocket;LoginTimeout=1"),
                                      SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT),
                     "HYT00");
    assert_non_null(strstr(diag_text(SQL_HANDLE_DBC, f->dbc), "LoginTimeout"));
    assert_stmt_state(later->stmt, exec(later->stmt, "INSERT INTO t_fault VALUES (1)"), "HYT00");
    gateway_reset();
    /* the transaction has lost a statement: nothing of it may be stored */
    assert_stmt_state(later->stmt, exec(later->stmt, "INSERT INTO t_fault VALUES (3)"), "25P02");
    assert_dbc_state(later->dbc, end(later, SQL_COMMIT), "25S03");
    STORED("0");
    assert_dbc_ok(later->dbc, end(later, SQL_ROLLBACK));
    assert_stmt_ok(later->stmt, exec(later->stmt, "INSERT INTO t_fault VALUES (2)"));
    assert_dbc_ok(later->dbc, end(later, SQL_COMMIT));
    STORED("1");
    fixture_free(later);
    fixture_free(f);
}

static void test_with_a_token_none_is_tried(void **state)
{
    struct fixture *f =
        connect_with("Transport=auto;Token=a.b.c;VerifyConnectionEarly=0;RetryCount=0", true);
    SQLLEN n = 0;

    (void)state;
    assert_stmt_ok(f->stmt, exec(f->stmt, "INSERT INTO t_fault VALUES (1)"));
    assert_stmt_ok(f->stmt, SQLRowCount(f->stmt, &n));
    assert_int_equal(n, -1);
    assert_stmt_state(f->stmt, exec(f->stmt, "CREATE TEMP TABLE t_no (a int)"), "HYC00");
    assert_dbc_ok(f->dbc, end(f, SQL_ROLLBACK));
    assert_int_equal(gateway_count("ws_upgrades"), 0);
    fixture_free(f);
}

/* ---- what HTTP refuses ---- */

static void test_a_read_too_large_for_http_runs_again_in_a_session(void **state)
{
    static const char big[] = "SELECT g, repeat('x', 300) FROM generate_series(1, 60000) g";
    struct fixture *f = connect_with("Transport=auto", false);
    SQLINTEGER g = 0;
    SQLRETURN rc;
    long n = 0, sum = 0;

    (void)state;
    for (int manual = 0; manual < 2; manual++) {
        gateway_reset();
        n = sum = 0;
        assert_stmt_ok(f->stmt, exec(f->stmt, big));
        assert_stmt_ok(f->stmt, SQLBindCol(f->stmt, 1, SQL_C_SLONG, &g, 0, NULL));
        while (SQL_SUCCEEDED(rc = SQLFetch(f->stmt))) {
            n++;
            sum += g;
        }
        assert_stmt_ok(f->stmt, SQLFreeStmt(f->stmt, SQL_UNBIND));
        assert_int_equal(rc, SQL_NO_DATA);
        assert_int_equal(n, 60000);
        assert_int_equal(sum, 1800030000);
        assert_int_equal(gateway_requests(), 1);
        assert_dbc_ok(f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT,
                                                (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0));
    }
    assert_dbc_ok(f->dbc, end(f, SQL_COMMIT));
    /* a write is reported, never run again */
    assert_dbc_ok(f->dbc,
                  SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_ON, 0));
    assert_stmt_state(f->stmt,
                      exec(f->stmt, "INSERT INTO t_fault SELECT g FROM generate_series(1, 60000) g "
                                    "RETURNING repeat('x', 300)"),
                      "54000");
    STORED("0");
    fixture_free(f);
}

/* A view hides the function from the driver: the server refuses, and the session runs it. */
static void test_a_read_that_writes_after_all_runs_in_the_session(void **state)
{
    struct fixture *f = connect_with("Transport=auto", true);

    (void)state;
    pg_admin("CREATE FUNCTION t_hidden() RETURNS int LANGUAGE sql AS 'INSERT INTO t_fault VALUES "
             "(7) RETURNING a'; CREATE VIEW t_view AS SELECT t_hidden() AS a; GRANT ALL ON t_view "
             "TO app");
    gateway_reset();
    assert_int_equal(query_number(f->stmt, "SELECT a FROM t_view"), 7);
    assert_int_equal(gateway_requests(), 1);
    assert_int_equal(gateway_count("ws_sessions"), 1);
    STORED("0");
    assert_dbc_ok(f->dbc, end(f, SQL_COMMIT));
    STORED("1");
    pg_admin("DROP VIEW t_view; DROP FUNCTION t_hidden()");
    fixture_free(f);
}

/* ---- silence and death ---- */

static void test_silence_ends_at_the_timeouts_and_the_connection_goes_on(void **state)
{
    struct fixture *f = connect_with("", true);

    (void)state;
    for (int timeout = 0; timeout < 2; timeout++) {
        assert_stmt_ok(f->stmt, exec(f->stmt, "INSERT INTO t_fault VALUES (1)"));
        gateway_fault("{\"kind\":\"ws_stall\",\"since\":\"now\",\"direction\":\"out\"}");
        fixture_silence(f, 1);
        assert_stmt_state(f->stmt, exec(f->stmt, "INSERT INTO t_fault VALUES (2)"), "HYT01");
        fixture_silence(f, 0);
        assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, f->stmt), "transaction is lost"));
        assert_stmt_state(f->stmt, exec(f->stmt, "SELECT 1"), "25P02");
        assert_dbc_state(f->dbc, end(f, SQL_COMMIT), "25S03");
        gateway_reset();
        assert_stmt_ok(f->stmt, exec(f->stmt, "INSERT INTO t_fault VALUES (3)"));
        assert_dbc_ok(f->dbc, end(f, SQL_ROLLBACK));
        STORED("0");
    }
    fixture_free(f);
}

/* Be it the question for its parameter's type that is not taken, or the statement. (Whoever has not
 * taken that sees its end behind it only: the stall ends, so that the server lets go of the table.)
 */
static void test_a_server_that_takes_nothing_ends_at_the_read_timeout(void **state)
{
    static const char *const texts[] = {"INSERT INTO t_fault SELECT length(?)",
                                        "INSERT INTO t_fault SELECT length(?::text)"};
    struct fixture *f = connect_with("", true);
    SQLLEN ind = 32 << 20; /* more than all buffers on the way hold */
    char *value = malloc((size_t)ind);

    (void)state;
    assert_non_null(value);
    memset(value, '1', (size_t)ind);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_stmt_ok(f->stmt, exec(f->stmt, "INSERT INTO t_fault VALUES (1)"));
        gateway_fault("{\"kind\":\"ws_stall\",\"since\":\"now\",\"direction\":\"in\",\"ms\":5000}");
        fixture_silence(f, 1);
        assert_stmt_ok(f->stmt,
                       SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_LONGVARCHAR,
                                        (SQLULEN)ind, 0, value, ind, &ind));
        assert_stmt_state(f->stmt, exec(f->stmt, texts[i]), "HYT01");
        assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, f->stmt), "transaction is lost"));
        assert_null(strstr(diag_text(SQL_HANDLE_STMT, f->stmt), "unknown"));
        assert_stmt_ok(f->stmt, SQLFreeStmt(f->stmt, SQL_RESET_PARAMS));
        fixture_silence(f, 0);
        gateway_reset();
        assert_dbc_ok(f->dbc, end(f, SQL_ROLLBACK));
        STORED("0");
    }
    free(value);
    fixture_free(f);
}

/* What is said of a statement whose session dies under it. */
static void test_a_transaction_that_is_lost_is_not_in_doubt(void **state)
{
    struct fixture *f = connect_with("", true);

    (void)state;
    assert_stmt_ok(f->stmt, exec(f->stmt, "INSERT INTO t_fault VALUES (1)"));
    gateway_fault("{\"kind\":\"ws_cut\",\"since\":\"now\"}");
    assert_stmt_state(f->stmt, exec(f->stmt, "INSERT INTO t_fault VALUES (2)"), "08S01");
    assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, f->stmt), "nothing of it is stored"));
    assert_null(strstr(diag_text(SQL_HANDLE_STMT, f->stmt), "unknown"));
    assert_dbc_ok(f->dbc, end(f, SQL_ROLLBACK));
    STORED("0");
    fixture_free(f);
}

static void test_a_query_timeout_leaves_the_connection_usable(void **state)
{
    struct fixture *f = connect_with("", true);
    SQLHSTMT s = f->stmt;

    (void)state;
    assert_stmt_ok(s, exec(s, "INSERT INTO t_fault VALUES (1)"));
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_QUERY_TIMEOUT, (SQLPOINTER)1, 0));
    assert_stmt_state(s, exec(s, "SELECT pg_sleep(60), a FROM t_fault"), "HYT00");
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_QUERY_TIMEOUT, (SQLPOINTER)0, 0));
    assert_stmt_state(s, exec(s, "SELECT 1"), "25P02"); /* as over TCP */
    assert_dbc_ok(f->dbc, end(f, SQL_ROLLBACK));
    assert_int_equal(query_number(s, "SELECT count(*) FROM t_fault"), 0);
    assert_dbc_ok(f->dbc, end(f, SQL_ROLLBACK));
    assert_string_equal(pg_admin("SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND "
                                 "query LIKE '%pg_sleep(60)%' AND state = 'active'"),
                        "0");
    fixture_free(f);
}

static void kill_backend(long long pid)
{
    const struct timespec ms10 = {0, 10000000};
    char sql[100];

    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%lld)", pid);
    pg_admin(sql);
    snprintf(sql, sizeof sql, "SELECT count(*) FROM pg_stat_activity WHERE pid = %lld", pid);
    while (strcmp(pg_admin(sql), "0") != 0)
        nanosleep(&ms10, NULL);
}

/* A session that dies while nothing depends on it is opened again, settings and all. */
static void test_an_idle_session_that_died_is_opened_again_silently(void **state)
{
    struct fixture *f = connect_with("SearchPath=pg_catalog", true);
    long long pid, again;

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_stmt_ok(f->stmt, exec(f->stmt, "SET app.who TO 'me'"));
        pid = query_number(f->stmt, "SELECT pg_backend_pid()");
        assert_dbc_ok(f->dbc, end(f, SQL_COMMIT));
        kill_backend(pid);
        assert_int_equal(exec(f->stmt, "INSERT INTO public.t_fault VALUES (1)"), SQL_SUCCESS);
        again = query_number(f->stmt, "SELECT pg_backend_pid()");
        assert_true(again != pid);
        assert_string_equal(query_text(f->stmt, "SELECT current_setting('app.who') || "
                                                "current_setting('search_path')"),
                            "mepg_catalog");
        assert_dbc_ok(f->dbc, end(f, SQL_COMMIT));
    }
    STORED("2");
    fixture_free(f);
}

static void test_what_lived_in_a_session_is_never_lost_silently(void **state)
{
    struct fixture *f = connect_with("", false);
    SQLUINTEGER dead = SQL_CD_FALSE;

    (void)state;
    assert_stmt_ok(f->stmt, exec(f->stmt, "CREATE TEMP TABLE mine (a int)"));
    kill_backend(query_number(f->stmt, "SELECT pg_backend_pid()"));
    for (int i = 0; i < 3; i++) {
        assert_stmt_state(f->stmt, exec(f->stmt, "SELECT 1"), "08S01");
        assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, f->stmt), "Connect again"));
    }
    assert_dbc_ok(f->dbc,
                  SQLGetConnectAttr(f->dbc, SQL_ATTR_CONNECTION_DEAD, &dead, sizeof dead, NULL));
    assert_int_equal(dead, SQL_CD_TRUE);
    fixture_free(f);
}

/* The server ends a transaction that does nothing. */
static void test_idle_in_transaction(void **state)
{
    struct fixture *f = connect_with("", true);
    const struct timespec ms10 = {0, 10000000};
    char sql[100];

    (void)state;
    assert_stmt_ok(f->stmt, exec(f->stmt, "INSERT INTO t_fault VALUES (1)"));
    snprintf(sql, sizeof sql, "SELECT count(*) FROM pg_stat_activity WHERE pid = %lld",
             query_number(f->stmt, "SELECT pg_backend_pid()"));
    assert_stmt_ok(f->stmt, exec(f->stmt, "SET LOCAL idle_in_transaction_session_timeout TO 50"));
    while (strcmp(pg_admin(sql), "0") != 0)
        nanosleep(&ms10, NULL);
    assert_stmt_state(f->stmt, exec(f->stmt, "INSERT INTO t_fault VALUES (2)"), "08S01");
    assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, f->stmt), "lost"));
    assert_dbc_ok(f->dbc, end(f, SQL_ROLLBACK));
    assert_stmt_ok(f->stmt, exec(f->stmt, "INSERT INTO t_fault VALUES (3)"));
    assert_dbc_ok(f->dbc, end(f, SQL_COMMIT));
    STORED("1");
    fixture_free(f);
}

/* ---- frames ---- */

static void test_frames_of_one_byte_and_slow_ones(void **state)
{
    struct fixture *f;
    SQLHSTMT other;

    (void)state;
    gateway_fault("{\"kind\":\"ws_frame_bytes\",\"bytes\":1,\"count\":-1}");
    gateway_fault("{\"kind\":\"ws_latency\",\"ms\":5,\"count\":-1}");
    f = connect_with("", true);
    other = new_stmt(f);
    assert_stmt_ok(f->stmt,
                   exec(f->stmt, "INSERT INTO t_fault SELECT g FROM generate_series(1, 300) g"));
    assert_stmt_ok(f->stmt, exec(f->stmt, "SELECT a FROM t_fault ORDER BY a"));
    assert_stmt_ok(other, exec(other, "SELECT repeat('y', a) FROM t_fault ORDER BY a"));
    for (int i = 1; i <= 300; i++) {
        SQLINTEGER a = 0;
        SQLLEN len = 0;
        char text[400];
        assert_stmt_ok(f->stmt, SQLFetch(f->stmt));
        assert_stmt_ok(f->stmt, SQLGetData(f->stmt, 1, SQL_C_SLONG, &a, 0, NULL));
        assert_int_equal(a, i);
        assert_stmt_ok(other, SQLFetch(other));
        assert_stmt_ok(other, SQLGetData(other, 1, SQL_C_CHAR, text, sizeof text, &len));
        assert_int_equal(len, i);
    }
    assert_stmt_state(f->stmt, exec(f->stmt, "SELECT 1/0"), "22012");
    SQLFreeHandle(SQL_HANDLE_STMT, other);
    assert_dbc_ok(f->dbc, end(f, SQL_ROLLBACK));
    fixture_free(f);
}

/* ---- prepared statements ---- */

static void run_prepared(struct fixture *f, const char *sql, int times)
{
    SQLCHAR value[40];
    SQLLEN ind;

    assert_stmt_ok(f->stmt, SQLPrepare(f->stmt, sqltext(sql), SQL_NTS));
    for (int i = 0; i < times; i++) {
        assert_stmt_ok(f->stmt, SQLExecute(f->stmt));
        assert_stmt_ok(f->stmt, SQLFetch(f->stmt));
        assert_stmt_ok(f->stmt, SQLGetData(f->stmt, 1, SQL_C_CHAR, value, sizeof value, &ind));
        SQLFreeStmt(f->stmt, SQL_CLOSE);
    }
}

static void test_a_text_executed_again_is_prepared_once(void **state)
{
    struct fixture *f = connect_with("", true);

    (void)state;
    assert_stmt_ok(f->stmt, exec(f->stmt, "INSERT INTO t_fault VALUES (1)"));
    run_prepared(f, "SELECT 'mine'", 5);
    assert_int_equal(query_number(f->stmt, "SELECT count(*) FROM pg_prepared_statements WHERE "
                                           "statement = 'SELECT ''mine'''"),
                     1);
    assert_dbc_ok(f->dbc, end(f, SQL_COMMIT));
    fixture_free(f);
}

/* Somebody changes the table between two executions: the next one shows it, as over HTTP. */
static void test_a_plan_that_has_become_wrong_is_made_again(void **state)
{
    struct fixture *f = connect_with("", false);
    SQLSMALLINT n = 0;

    (void)state;
    pg_admin("INSERT INTO t_fault VALUES (1)");
    assert_stmt_ok(f->stmt, exec(f->stmt, "CREATE TEMP TABLE stay (a int)")); /* in the session */
    run_prepared(f, "SELECT * FROM t_fault", 3);
    pg_admin("ALTER TABLE t_fault ADD COLUMN b int");
    run_prepared(f, "SELECT * FROM t_fault", 1);
    assert_stmt_ok(f->stmt, SQLExecute(f->stmt));
    assert_stmt_ok(f->stmt, SQLNumResultCols(f->stmt, &n));
    assert_int_equal(n, 2);
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    pg_admin("ALTER TABLE t_fault ALTER COLUMN a TYPE text");
    run_prepared(f, "SELECT * FROM t_fault", 2);
    fixture_free(f);
}

/* ---- describing ---- */

static void test_describing_in_a_session(void **state)
{
    struct fixture *f = connect_with("", true);
    SQLHSTMT s = f->stmt;
    SQLSMALLINT n = 0, type = 0, len = 0;
    SQLCHAR name[40];

    (void)state;
    assert_stmt_ok(s, exec(s, "CREATE TEMP TABLE mine (a int, b text)"));
    assert_stmt_ok(
        s,
        SQLPrepare(s, sqltext("SELECT b, a AS second FROM mine WHERE a = ? AND b = ?"), SQL_NTS));
    assert_stmt_ok(s, SQLNumResultCols(s, &n));
    assert_int_equal(n, 2);
    assert_stmt_ok(s, SQLDescribeCol(s, 2, name, sizeof name, &len, &type, NULL, NULL, NULL));
    assert_string_equal((char *)name, "second");
    assert_int_equal(type, SQL_INTEGER);
    assert_stmt_ok(s, SQLDescribeParam(s, 1, &type, NULL, NULL, NULL));
    assert_int_equal(type, SQL_INTEGER);
    /* a question that fails does not end the transaction */
    assert_stmt_ok(s, SQLPrepare(s, sqltext("SELECT * FROM no_such_table"), SQL_NTS));
    assert_stmt_state(s, SQLNumResultCols(s, &n), "42S02");
    assert_int_equal(query_number(s, "SELECT count(*) FROM mine"), 0);
    assert_dbc_ok(f->dbc, end(f, SQL_COMMIT));
    fixture_free(f);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest sessions[] = {
        T(test_silence_ends_at_the_timeouts_and_the_connection_goes_on),
        T(test_a_server_that_takes_nothing_ends_at_the_read_timeout),
        T(test_a_transaction_that_is_lost_is_not_in_doubt),
        T(test_a_query_timeout_leaves_the_connection_usable),
        T(test_an_idle_session_that_died_is_opened_again_silently),
        T(test_what_lived_in_a_session_is_never_lost_silently),
        T(test_idle_in_transaction),
        T(test_frames_of_one_byte_and_slow_ones),
        T(test_a_text_executed_again_is_prepared_once),
        T(test_a_plan_that_has_become_wrong_is_made_again),
        T(test_describing_in_a_session),
    };
    const struct CMUnitTest by_auto[] = {
        T(test_a_refused_upgrade_is_said_once_and_buffers),
        T(test_a_refused_upgrade_is_an_error_where_nothing_else_is_left),
        T(test_an_upgrade_that_is_never_answered_ends_at_the_login_timeout),
        T(test_with_a_token_none_is_tried),
        T(test_a_read_too_large_for_http_runs_again_in_a_session),
        T(test_a_read_that_writes_after_all_runs_in_the_session),
    };

    return RUN_OVER(OVER_AUTO, by_auto) + RUN_OVER(OVER_SESSIONS, sessions);
}
