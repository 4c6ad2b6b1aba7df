/* A server whose messages are German (lc_messages): what the driver understands of its errors it
 * understands by their fields and by the clock. */
#include "odbc_test.h"

/* Has the server both the locale and its translations? */
static bool speaks_german(void)
{
    return strcmp(pg_admin(
                      "CREATE FUNCTION pg_temp.said() RETURNS text LANGUAGE plpgsql AS $$ BEGIN "
                      "PERFORM set_config('lc_messages', '" GERMAN_LOCALE "', true); RETURN 1 / 0; "
                      "EXCEPTION WHEN OTHERS THEN RETURN SQLERRM; END $$; SELECT pg_temp.said()"),
                  "Division durch Null") == 0;
}

/* For sessions opened from now on; those that are open are not used any more. */
static void speak(const char *set)
{
    char sql[100];

    snprintf(sql, sizeof sql, "ALTER ROLE app %s", set);
    pg_admin(sql);
    gateway_close_idle();
}

static int start(void **state)
{
    (void)state;
    if (make_german_locale() && speaks_german())
        speak("SET lc_messages TO '" GERMAN_LOCALE "'");
    return 0;
}

static int end(void **state)
{
    (void)state;
    speak("RESET lc_messages");
    return 0;
}

static struct fixture *german(const char *transport)
{
    struct fixture *f = fixture_over(transport);

    assert_stmt_state(f->stmt, exec(f->stmt, "SELECT 1/0"), "22012");
    if (strstr(diag_text(SQL_HANDLE_STMT, f->stmt), "Division durch Null") != NULL)
        return f;
    fixture_free(f);
    printf("# the server has no German messages, or the locale " GERMAN_LOCALE " cannot be made\n");
    skip();
    return NULL;
}

/* What was prepared is for a table that another has changed since: prepared anew, or said. */
static void test_a_kept_statement_whose_table_changes(void **state)
{
    static const char sql[] = "SELECT * FROM t_german";
    struct fixture *f = german("websocket");
    SQLHSTMT s = f->stmt;
    SQLSMALLINT n = 0;

    (void)state;
    pg_admin("DROP TABLE IF EXISTS t_german; CREATE TABLE t_german (a int); "
             "INSERT INTO t_german VALUES (1); GRANT ALL ON t_german TO app");
    for (size_t k = 0; k < 3; k++)
        assert_int_equal(query_number(s, sql), 1);
    pg_admin("ALTER TABLE t_german ADD b int");
    run(s, sql);
    assert_stmt_ok(s, SQLNumResultCols(s, &n));
    assert_int_equal(n, 2);
    for (size_t k = 0; k < 3; k++)
        assert_int_equal(query_number(s, sql), 1);
    pg_admin("ALTER TABLE t_german ADD c int");
    fixture_autocommit(f, false);
    run(s, "INSERT INTO t_german VALUES (2)");
    assert_stmt_state(s, exec(s, sql), "0A000");
    assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, s), "roll back and run it again"));
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
    run(s, sql);
    assert_stmt_ok(s, SQLNumResultCols(s, &n));
    assert_int_equal(n, 3);
    SQLFreeStmt(s, SQL_CLOSE);
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
    fixture_free(f);
    pg_admin("DROP TABLE t_german");
}

/* Over HTTP the server ends the statement, and its message tells a timeout from a cancel. */
static void test_a_query_timeout(void **state)
{
    struct fixture *f = german("http");
    SQLHSTMT s = f->stmt;

    (void)state;
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_QUERY_TIMEOUT, (SQLPOINTER)1, 0));
    assert_stmt_state(s, exec(s, "SELECT pg_sleep(60)"), "HYT00");
    assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, s), "storniere Anfrage"));
    fixture_free(f);
}

/* The application's own: the driver has seen it set. */
static void test_a_statement_timeout(void **state)
{
    static const char *const transports[] = {"http", "auto", "websocket"};

    (void)state;
    for (size_t i = 0; i < sizeof transports / sizeof transports[0]; i++) {
        struct fixture *f = german(transports[i]);
        SQLHSTMT s = f->stmt;
        run(s, "SET statement_timeout TO '1s'");
        assert_stmt_state(s, exec(s, "SELECT pg_sleep(60)"), "HYT00");
        fixture_autocommit(f, false);
        run(s, "SELECT 1");
        SQLFreeStmt(s, SQL_CLOSE);
        assert_stmt_state(s, exec(s, "SELECT pg_sleep(60)"), "HYT00");
        assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
        fixture_free(f);
    }
}

/* Before its time is over it is somebody else's doing. */
static void test_a_backend_that_is_cancelled(void **state)
{
    struct fixture *f = german("http");
    SQLHSTMT s = f->stmt;

    (void)state;
    run(s, "SET statement_timeout TO '1h'");
    assert_stmt_state(s, exec(s, "SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(60)"),
                      "HY008");
    fixture_free(f);
}

/* FATAL is its severity in German too. */
static void test_a_backend_that_is_ended(void **state)
{
    struct fixture *f = german("http");
    SQLHSTMT s = f->stmt;

    (void)state;
    assert_stmt_state(s, exec(s, "SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)"),
                      "08S01");
    assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, s), "Whether the statement had its effect"));
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_kept_statement_whose_table_changes),
        cmocka_unit_test(test_a_query_timeout),
        cmocka_unit_test(test_a_statement_timeout),
        cmocka_unit_test(test_a_backend_that_is_cancelled),
        cmocka_unit_test(test_a_backend_that_is_ended),
    };

    return cmocka_run_group_tests(tests, start, end);
}
