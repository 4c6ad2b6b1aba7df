/* Sessions over WebSocket: the same transactions on all three transports, and what a session alone
 * can do. Needs the services of tests/with-services.sh. */
#include "odbc_test.h"

/* ---- every transport ---- */

static const char *const transports[] = {"auto", "http", "websocket"};

static void test_commit_rollback_and_savepoints_on_every_transport(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof transports / sizeof transports[0]; i++) {
        struct fixture *f = fixture_over(transports[i]);
        SQLHSTMT s = f->stmt;

        run(s, "DROP TABLE IF EXISTS t_session");
        run(s, "CREATE TABLE t_session (a int PRIMARY KEY)");
        fixture_autocommit(f, false);
        run(s, "INSERT INTO t_session VALUES (1)");
        assert_int_equal(query_number(s, "SELECT count(*) FROM t_session"), 1);
        run(s, "SAVEPOINT one");
        run(s, "INSERT INTO t_session VALUES (2)");
        run(s, "ROLLBACK TO one");
        assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
        run(s, "INSERT INTO t_session VALUES (3)");
        assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
        assert_int_equal(query_number(s, "SELECT sum(a) FROM t_session"), 1);
        assert_stmt_state(s, exec(s, "SELECT no_such_column FROM t_session"), "42S22");
        assert_stmt_state(s, exec(s, "SELECT 1"), "25P02");
        assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
        fixture_autocommit(f, true);
        run(s, "DROP TABLE t_session");
        fixture_free(f);
    }
}

/* The texts of one call are one transaction, on each transport: its error comes at once, and no
 * result before it. */
static void test_an_error_among_several_statements(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof transports / sizeof transports[0]; i++) {
        struct fixture *f = fixture_over(transports[i]);
        SQLHSTMT s = f->stmt;

        run(s, "DROP TABLE IF EXISTS t_several");
        run(s, "CREATE TABLE t_several (a int)");
        assert_stmt_state(s, exec(s, "SELECT 1; INSERT INTO t_several VALUES (1); SELECT 1 / 0"),
                          "22012");
        assert_int_equal(SQLMoreResults(s), SQL_NO_DATA);
        assert_int_equal(query_number(s, "SELECT count(*) FROM t_several"), 0);
        run(s, "SELECT 1; INSERT INTO t_several VALUES (1); SELECT 2");
        assert_stmt_ok(s, SQLMoreResults(s));
        assert_stmt_ok(s, SQLMoreResults(s));
        assert_int_equal(SQLMoreResults(s), SQL_NO_DATA);
        assert_int_equal(query_number(s, "SELECT count(*) FROM t_several"), 1);
        run(s, "DROP TABLE t_several");
        fixture_free(f);
    }
}

/* ---- what a session alone can do ---- */

static const char *const with_sessions[] = {"auto", "websocket"};

static void test_errors_counts_and_keys_come_at_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = fixture_over(with_sessions[i]);
        SQLHSTMT s = f->stmt;
        SQLLEN n = 0;

        run(s, "DROP TABLE IF EXISTS t_keys");
        run(s, "CREATE TABLE t_keys (id serial PRIMARY KEY, a int UNIQUE DEFERRABLE INITIALLY "
               "DEFERRED, b int CHECK (b > 0))");
        fixture_autocommit(f, false);
        assert_int_equal(query_number(s, "INSERT INTO t_keys (a, b) VALUES (1, 1) RETURNING id"),
                         1);
        run(s, "UPDATE t_keys SET b = 2");
        assert_stmt_ok(s, SQLRowCount(s, &n));
        assert_int_equal(n, 1);
        assert_dbc_state(f->dbc, SQLDisconnect(f->dbc), "25000");
        assert_stmt_state(s, exec(s, "INSERT INTO t_keys (a, b) VALUES (2, 0)"), "23514");
        assert_dbc_state(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT), "25S03");
        run(s, "INSERT INTO t_keys (a, b) VALUES (5, 1)");
        run(s, "INSERT INTO t_keys (a, b) VALUES (5, 1)");
        assert_dbc_state(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT), "23505");
        assert_int_equal(query_number(s, "SELECT count(*) FROM t_keys"), 0);
        assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
        fixture_autocommit(f, true);
        run(s, "DROP TABLE t_keys");
        fixture_free(f);
    }
}

static void test_what_lives_in_a_session(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = fixture_over(with_sessions[i]);
        SQLHSTMT s = f->stmt;

        run(s, "CREATE TEMP TABLE mine (a int)");
        run(s, "INSERT INTO mine VALUES (7)");
        assert_int_equal(query_number(s, "SELECT a FROM mine"), 7);
        run(s, "PREPARE p AS SELECT 8");
        assert_int_equal(query_number(s, "EXECUTE p"), 8);
        assert_int_equal(query_number(s, "SELECT pg_advisory_lock(1) IS NOT NULL, 9"), 1);
        assert_int_equal(query_number(s, "SELECT pg_advisory_unlock(1)::int"), 1);
        assert_int_equal(exec(s, "DO $$ BEGIN RAISE NOTICE 'hello'; END $$"),
                         SQL_SUCCESS_WITH_INFO);
        assert_true(diag_has_state(SQL_HANDLE_STMT, s, "01000"));
        assert_int_equal(query_number(s, "COPY (SELECT 41) TO STDOUT"), 41);
        assert_stmt_state(s, exec(s, "COPY mine FROM STDIN"), "07002");
        assert_int_equal(query_number(s, "SELECT a FROM mine"), 7);
        fixture_free(f);
    }
}

/* Two results read in turns: in a transaction from portals, outside of one put aside. */
static void test_several_results_at_once(void **state)
{
    (void)state;
    for (int mode = 0; mode < 2; mode++) {
        struct fixture *f = fixture_over("websocket");
        SQLHSTMT other = new_stmt(f);
        SQLINTEGER a = 0, b = 0;

        fixture_autocommit(f, mode == 0);
        run(f->stmt, "SELECT g, repeat('x', 100) FROM generate_series(1, 20000) g");
        run(other, "SELECT g, repeat('y', 100) FROM generate_series(1, 20000) g");
        for (SQLINTEGER n = 1; n <= 20000; n++) {
            assert_stmt_ok(f->stmt, SQLFetch(f->stmt));
            assert_stmt_ok(f->stmt, SQLGetData(f->stmt, 1, SQL_C_SLONG, &a, 0, NULL));
            assert_stmt_ok(other, SQLFetch(other));
            assert_stmt_ok(other, SQLGetData(other, 1, SQL_C_SLONG, &b, 0, NULL));
            if (a != n || b != n)
                fail_msg("row %d: %d %d", (int)n, (int)a, (int)b);
        }
        assert_int_equal(SQLFetch(f->stmt), SQL_NO_DATA);
        assert_int_equal(SQLFetch(other), SQL_NO_DATA);
        SQLFreeHandle(SQL_HANDLE_STMT, other);
        assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
        fixture_free(f);
    }
}

static void test_a_timeout_cancels_on_the_server(void **state)
{
    struct fixture *f = fixture_over("websocket");

    (void)state;
    assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_QUERY_TIMEOUT, (SQLPOINTER)1, 0));
    assert_stmt_state(f->stmt, exec(f->stmt, "SELECT pg_sleep(30)"), "HYT00");
    assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_QUERY_TIMEOUT, (SQLPOINTER)0, 0));
    assert_int_equal(query_number(f->stmt, "SELECT 1"), 1);
    fixture_free(f);
}

static void test_settings_hold_and_unreadable_ones_are_refused(void **state)
{
    struct fixture *f = fixture_over("websocket");

    (void)state;
    run(f->stmt, "SET TimeZone TO 'Asia/Tokyo'");
    assert_int_equal(
        query_number(f->stmt, "SELECT (current_setting('TimeZone') = 'Asia/Tokyo')::int"), 1);
    assert_stmt_state(f->stmt, exec(f->stmt, "SET DateStyle TO 'German'"), "HYC00");
    assert_stmt_state(f->stmt, exec(f->stmt, "SET client_encoding TO 'LATIN1'"), "HYC00");
    assert_int_equal(
        query_number(f->stmt, "SELECT (current_setting('DateStyle') LIKE 'ISO%')::int"), 1);
    /* one that the driver does not follow; a run with AddressSanitizer sees what it keeps of it */
    run(f->stmt, "RESET TRANSACTION ISOLATION LEVEL");
    fixture_free(f);
}

static void test_a_lost_session_says_that_the_transaction_is_lost(void **state)
{
    struct fixture *f = fixture_over("auto"), *killer = fixture_over("http");
    char sql[80];

    (void)state;
    fixture_autocommit(f, false);
    run(f->stmt, "CREATE TABLE t_lost (a int)");
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d)::int",
             (int)query_number(f->stmt, "SELECT pg_backend_pid()"));
    assert_int_equal(query_number(killer->stmt, sql), 1);
    assert_stmt_state(f->stmt, exec(f->stmt, "INSERT INTO t_lost VALUES (1)"), "08S01");
    assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, f->stmt), "transaction"));
    assert_stmt_state(f->stmt, exec(f->stmt, "SELECT 1"), "25P02");
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
    assert_int_equal(
        query_number(f->stmt, "SELECT count(*) FROM pg_class WHERE relname = 't_lost'"), 0);
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
    fixture_free(f);
    fixture_free(killer);
}

/* The server has not yet said that it is in the transaction when the application ends it. */
static void test_a_commit_while_the_first_result_is_coming(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = fixture_over(with_sessions[i]), *other = fixture_over("http");

        run(other->stmt, "DROP TABLE IF EXISTS t_first");
        run(other->stmt, "CREATE TABLE t_first (a int)");
        run(other->stmt, "CREATE OR REPLACE FUNCTION f_first(i int) RETURNS int LANGUAGE sql AS "
                         "'INSERT INTO t_first VALUES (i) RETURNING a'");
        fixture_autocommit(f, false);
        run(f->stmt, "SELECT f_first(g), repeat('x', 100000) FROM generate_series(1, 200) AS g");
        assert_stmt_ok(f->stmt, SQLFetch(f->stmt));
        assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
        assert_int_equal(query_number(other->stmt, "SELECT count(*) FROM t_first"), 200);
        run(f->stmt, "SELECT f_first(g), repeat('x', 100000) FROM generate_series(1, 200) AS g");
        assert_stmt_ok(f->stmt, SQLFetch(f->stmt));
        assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
        assert_int_equal(query_number(other->stmt, "SELECT count(*) FROM t_first"), 200);
        run(other->stmt, "DROP FUNCTION f_first(int)");
        run(other->stmt, "DROP TABLE t_first");
        fixture_free(f);
        fixture_free(other);
    }
}

/* Behind it every statement commits by itself again: nothing may wait for a COMMIT that nobody
 * sends. */
static void test_a_text_that_commits_ends_the_transaction(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = fixture_over(with_sessions[i]), *other = fixture_over("http");
        SQLHSTMT s = f->stmt;

        run(other->stmt, "DROP TABLE IF EXISTS t_inner");
        run(other->stmt, "CREATE TABLE t_inner (a int)");
        run(s, "BEGIN");
        run(s, "INSERT INTO t_inner VALUES (1); COMMIT");
        run(s, "INSERT INTO t_inner VALUES (2)");
        assert_int_equal(query_number(other->stmt, "SELECT count(*) FROM t_inner"), 2);
        /* what fails behind the COMMIT: the application still believes in its BEGIN */
        run(s, "BEGIN");
        assert_stmt_state(s, exec(s, "INSERT INTO t_inner VALUES (3); COMMIT; SELECT 1/0"),
                          "22012");
        assert_stmt_state(s, exec(s, "INSERT INTO t_inner VALUES (4)"), "25P02");
        run(s, "ROLLBACK");
        run(s, "INSERT INTO t_inner VALUES (5)");
        assert_int_equal(query_number(other->stmt, "SELECT sum(a) FROM t_inner"), 1 + 2 + 3 + 5);
        run(other->stmt, "DROP TABLE t_inner");
        fixture_free(f);
        fixture_free(other);
    }
}

static void make_kept(SQLHSTMT s)
{
    run(s, "DROP TABLE IF EXISTS t_kept");
    run(s, "CREATE TABLE t_kept (a int)");
    run(s, "INSERT INTO t_kept VALUES (1)");
}

/* The server keeps the statement prepared; its result is another after ALTER TABLE (0A000). */
static void test_a_kept_statement_whose_table_changes(void **state)
{
    static const char sql[] = "SELECT * FROM t_kept";
    SQLSMALLINT n = 0;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = fixture_over(with_sessions[i]), *other = fixture_over("http");
        SQLHSTMT s = f->stmt;

        make_kept(other->stmt);
        run(s, "CREATE TEMP TABLE t_mine (a int)"); /* from here on all goes to the session */
        for (size_t k = 0; k < 3; k++)
            assert_int_equal(query_number(s, sql), 1);
        run(other->stmt, "ALTER TABLE t_kept ADD b int");
        run(s, sql);
        assert_stmt_ok(s, SQLNumResultCols(s, &n));
        assert_int_equal(n, 2);
        fixture_autocommit(f, false);
        for (size_t k = 0; k < 3; k++) {
            assert_int_equal(query_number(s, sql), 1);
            assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
        }
        run(other->stmt, "ALTER TABLE t_kept ADD c int");
        run(s, sql); /* the first of its transaction */
        assert_stmt_ok(s, SQLNumResultCols(s, &n));
        assert_int_equal(n, 3);
        run(s, "INSERT INTO t_kept VALUES (2)");
        SQLFreeStmt(s, SQL_CLOSE);
        assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
        assert_int_equal(query_number(other->stmt, "SELECT count(*) FROM t_kept"), 2);
        run(other->stmt, "DROP TABLE t_kept");
        fixture_free(f);
        fixture_free(other);
    }
}

/* pg_temp.forget() takes the server's prepared statements away. */
static struct fixture *session_that_can_forget(const char *transport)
{
    struct fixture *f = fixture_over(transport);

    run(f->stmt, "CREATE TEMP TABLE t_mine (a int)"); /* from here on all goes to the session */
    run(f->stmt, "CREATE FUNCTION pg_temp.forget() RETURNS int LANGUAGE plpgsql AS "
                 "$$ BEGIN EXECUTE 'DEALLOCATE ALL'; RETURN 1; END $$");
    return f;
}

/* A function takes the server's prepared statements away: what the driver asks on its own account
 * is prepared anew like the application's. */
static void test_kept_statements_that_a_function_takes_away(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = session_that_can_forget(with_sessions[i]);
        SQLHSTMT s = f->stmt;

        for (size_t k = 0; k < 4; k++) {
            if (k == 3)
                assert_int_equal(query_number(s, "SELECT pg_temp.forget()"), 1);
            assert_stmt_ok(s, SQLPrimaryKeys(s, NULL, 0, sqltext("public"), SQL_NTS,
                                             sqltext("customers"), SQL_NTS));
            assert_stmt_ok(s, SQLFetch(s));
            SQLFreeStmt(s, SQL_CLOSE);
        }
        fixture_free(f);
    }
}

/* So it is with BEGIN, which is kept with the first statement of a transaction. */
static void test_a_kept_begin_that_a_function_takes_away(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = session_that_can_forget(with_sessions[i]);
        SQLHSTMT s = f->stmt;

        fixture_autocommit(f, false);
        for (size_t k = 0; k < 4; k++) {
            run(s, "INSERT INTO t_mine VALUES (1)");
            if (k == 2)
                assert_int_equal(query_number(s, "SELECT pg_temp.forget()"), 1);
            assert_dbc_ok(f->dbc,
                          SQLEndTran(SQL_HANDLE_DBC, f->dbc, k == 1 ? SQL_ROLLBACK : SQL_COMMIT));
        }
        assert_int_equal(query_number(s, "SELECT count(*) FROM t_mine"), 3);
        fixture_free(f);
    }
}

/* Two round trips, and nothing in them that could be left out: what is kept prepared is not told
 * again, BEGIN and COMMIT are not asked what they give. */
static void test_messages_of_a_transaction(void **state)
{
    static const char *const counted[] = {"ws_frames_in", "ws_frames_out", "ws_messages_in",
                                          "ws_messages_out"};
    static const long wanted[] = {2, 2, 8, 10};
    struct fixture *f = fixture_over("websocket");
    SQLINTEGER key = 5;
    long before[4];

    (void)state;
    fixture_autocommit(f, false);
    assert_stmt_ok(f->stmt,
                   SQLPrepare(f->stmt, sqltext("SELECT id FROM customers WHERE id = ?"), SQL_NTS));
    assert_stmt_ok(f->stmt, SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER,
                                             0, 0, &key, 0, NULL));
    for (size_t k = 0; k < 3; k++) {
        for (size_t i = 0; i < 4; i++)
            before[i] = gateway_count(counted[i]);
        assert_stmt_ok(f->stmt, SQLExecute(f->stmt));
        assert_stmt_ok(f->stmt, SQLFetch(f->stmt));
        SQLFreeStmt(f->stmt, SQL_CLOSE);
        assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
    }
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(gateway_count(counted[i]) - before[i], wanted[i]);
    fixture_free(f);
}

/* A definition taken back: what was prepared for it would fail the next transaction. And where
 * another's definition fails a transaction, the same one tried again runs. */
static void test_a_kept_statement_whose_table_was_another_before(void **state)
{
    static const char sql[] = "SELECT * FROM t_kept";

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = fixture_over(with_sessions[i]), *other = fixture_over("http");
        SQLHSTMT s = f->stmt;

        make_kept(other->stmt);
        fixture_autocommit(f, false);
        run(s, "SAVEPOINT here");
        run(s, "ALTER TABLE t_kept ADD b int");
        for (size_t k = 0; k < 2; k++)
            assert_int_equal(query_number(s, sql), 1);
        run(s, "ROLLBACK TO here");
        assert_int_equal(query_number(s, sql), 1);
        run(s, "ALTER TABLE t_kept ADD c int, ADD d int");
        for (size_t k = 0; k < 2; k++)
            assert_int_equal(query_number(s, sql), 1);
        assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
        run(s, "INSERT INTO t_kept VALUES (1)");
        for (size_t k = 0; k < 2; k++)
            assert_int_equal(query_number(s, sql), 1);
        assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
        run(other->stmt, "ALTER TABLE t_kept ADD e int");
        run(s, "INSERT INTO t_kept VALUES (1)");
        assert_stmt_state(s, exec(s, sql), "0A000");
        assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, s), "roll back and run it again"));
        assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
        run(s, "INSERT INTO t_kept VALUES (1)");
        assert_int_equal(query_number(s, sql), 1);
        /* to a savepoint is far enough */
        assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
        run(other->stmt, "ALTER TABLE t_kept ALTER a TYPE text");
        run(s, "INSERT INTO t_kept VALUES ('1')");
        run(s, "SAVEPOINT here");
        assert_stmt_state(s, exec(s, sql), "0A000");
        run(s, "ROLLBACK TO here");
        assert_int_equal(query_number(s, sql), 1);
        assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
        run(other->stmt, "DROP TABLE t_kept");
        fixture_free(f);
        fixture_free(other);
    }
}

/* With autocommit on the value is taken over HTTP, by whatever takes it; the session must not tell
 * the one before. */
static void test_currval_is_never_an_older_value(void **state)
{
    static const char *const takes[] = {
        "SELECT nextval('t_seq')",
        "SELECT t_take()",
        "SELECT * FROM t_taking",
        "WITH w AS (SELECT n FROM t_taking) SELECT n FROM w",
        "INSERT INTO t_base (v) VALUES (1)",
        "INSERT INTO t_into (v) VALUES (1)",
        "DO $$ BEGIN PERFORM nextval('t_seq'); END $$",
        "{call t_take()}",
    };

    (void)state;
    pg_admin("DROP TABLE IF EXISTS t_base CASCADE; DROP SEQUENCE IF EXISTS t_seq CASCADE; "
             "CREATE SEQUENCE t_seq; "
             "CREATE TABLE t_base (id bigint DEFAULT nextval('t_seq'), v int); "
             "CREATE VIEW t_into AS SELECT v FROM t_base; "
             "CREATE VIEW t_taking AS SELECT nextval('t_seq') AS n; "
             "CREATE OR REPLACE FUNCTION t_take() RETURNS bigint LANGUAGE sql AS "
             "$$ SELECT nextval('t_seq') $$; "
             "GRANT ALL ON t_seq, t_base, t_into, t_taking TO app");
    for (size_t i = 0; i < sizeof takes / sizeof takes[0]; i++) {
        struct fixture *f = fixture_over("auto");
        char expected[30];
        run(f->stmt, "BEGIN");
        snprintf(expected, sizeof expected, "%lld",
                 query_number(f->stmt, "SELECT nextval('t_seq')") + 1);
        run(f->stmt, "COMMIT");
        run(f->stmt, takes[i]);
        SQLFreeStmt(f->stmt, SQL_CLOSE);
        assert_string_equal(pg_admin("SELECT last_value FROM t_seq"), expected);
        assert_stmt_state(f->stmt, exec(f->stmt, "SELECT currval('t_seq')"), "55000");
        assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, f->stmt), "INSERT ... RETURNING"));
        run(f->stmt, "BEGIN");
        assert_stmt_state(f->stmt, exec(f->stmt, "SELECT lastval()"), "55000");
        run(f->stmt, "ROLLBACK");
        fixture_free(f);
    }
    pg_admin("DROP TABLE t_base CASCADE; DROP VIEW t_taking; DROP FUNCTION t_take(); "
             "DROP SEQUENCE t_seq");
}

/* A SET whose transaction was ended by a text of several statements is in force behind it. */
static void test_a_setting_whose_transaction_a_text_ended(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = fixture_over(with_sessions[i]);

        run(f->stmt, "BEGIN");
        run(f->stmt, "SET search_path = t_nowhere");
        run(f->stmt, "SELECT 1; COMMIT");
        assert_string_equal(query_text(f->stmt, "SHOW search_path"), "t_nowhere");
        fixture_free(f);
    }
}

/* What a statement of the session outside of transactions runs with (COPY needs a session). */
static void assert_session_runs(SQLHSTMT s, const char *level, const char *read_only)
{
    char want[80];

    snprintf(want, sizeof want, "%s %s\n", level, read_only);
    assert_string_equal(query_text(s, "COPY (SELECT current_setting('transaction_isolation') || "
                                      "' ' || current_setting('transaction_read_only')) TO STDOUT"),
                        want);
}

/* Behind RESET over HTTP the session is as the role has it, whatever it was told meanwhile. */
static void test_reset_goes_back_to_what_the_role_has(void **state)
{
    struct fixture *f;
    SQLHSTMT s;

    (void)state;
    pg_admin("ALTER ROLE app SET default_transaction_isolation TO 'serializable'; "
             "ALTER ROLE app SET default_transaction_read_only TO on");
    gateway_close_idle();
    f = fixture_over("auto");
    s = f->stmt;
    assert_session_runs(s, "serializable", "on");
    run(s, "SET default_transaction_isolation TO 'repeatable read'");
    assert_session_runs(s, "repeatable read", "on");
    run(s, "RESET default_transaction_isolation");
    assert_session_runs(s, "serializable", "on");
    assert_dbc_ok(
        f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_ACCESS_MODE, (SQLPOINTER)SQL_MODE_READ_ONLY, 0));
    assert_session_runs(s, "serializable", "on");
    assert_dbc_ok(f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_ACCESS_MODE,
                                            (SQLPOINTER)SQL_MODE_READ_WRITE, 0));
    assert_session_runs(s, "serializable", "on"); /* as over HTTP */
    assert_dbc_ok(
        f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_ACCESS_MODE, (SQLPOINTER)SQL_MODE_READ_ONLY, 0));
    assert_session_runs(s, "serializable", "on");
    run(s, "SET default_transaction_read_only TO off");
    assert_session_runs(s, "serializable", "off");
    fixture_free(f);
    pg_admin("ALTER ROLE app RESET default_transaction_isolation; "
             "ALTER ROLE app RESET default_transaction_read_only");
    gateway_close_idle();
    f = fixture_over("auto");
    assert_session_runs(f->stmt, "read committed", "off");
    assert_dbc_ok(
        f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_ACCESS_MODE, (SQLPOINTER)SQL_MODE_READ_ONLY, 0));
    assert_dbc_ok(f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_TXN_ISOLATION,
                                            (SQLPOINTER)SQL_TXN_SERIALIZABLE, 0));
    assert_session_runs(f->stmt, "serializable", "on");
    assert_dbc_ok(f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_ACCESS_MODE,
                                            (SQLPOINTER)SQL_MODE_READ_WRITE, 0));
    assert_session_runs(f->stmt, "serializable", "off");
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commit_rollback_and_savepoints_on_every_transport),
        cmocka_unit_test(test_an_error_among_several_statements),
        cmocka_unit_test(test_errors_counts_and_keys_come_at_once),
        cmocka_unit_test(test_what_lives_in_a_session),
        cmocka_unit_test(test_several_results_at_once),
        cmocka_unit_test(test_a_timeout_cancels_on_the_server),
        cmocka_unit_test(test_settings_hold_and_unreadable_ones_are_refused),
        cmocka_unit_test(test_a_lost_session_says_that_the_transaction_is_lost),
        cmocka_unit_test(test_a_commit_while_the_first_result_is_coming),
        cmocka_unit_test(test_a_text_that_commits_ends_the_transaction),
        cmocka_unit_test(test_a_kept_statement_whose_table_changes),
        cmocka_unit_test(test_kept_statements_that_a_function_takes_away),
        cmocka_unit_test(test_a_kept_begin_that_a_function_takes_away),
        cmocka_unit_test(test_messages_of_a_transaction),
        cmocka_unit_test(test_a_kept_statement_whose_table_was_another_before),
        cmocka_unit_test(test_currval_is_never_an_older_value),
        cmocka_unit_test(test_a_setting_whose_transaction_a_text_ended),
        cmocka_unit_test(test_reset_goes_back_to_what_the_role_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
