/* What only a conversation can do, over `auto` and `websocket`: large objects, refcursors, DISCARD,
 * results that are put aside (in memory and in a file), cancelling from another thread. What the
 * transports differ in is played by test_transports.c. */
#include "odbc_test.h"

#include <pthread.h>
#include <time.h>

static SQLHSTMT stmt_of(void **state)
{
    return ((struct fixture *)*state)->stmt;
}

static void autocommit(void **state, SQLULEN value)
{
    SQLHDBC d = ((struct fixture *)*state)->dbc;

    assert_dbc_ok(d, SQLSetConnectAttr(d, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)value, SQL_IS_UINTEGER));
}

static SQLRETURN end(void **state, SQLSMALLINT how)
{
    return SQLEndTran(SQL_HANDLE_DBC, ((struct fixture *)*state)->dbc, how);
}

#define COMMITS(state) assert_dbc_ok(((struct fixture *)*(state))->dbc, end((state), SQL_COMMIT))

/* ---- functions of PostgreSQL that talk ---- */

static void test_large_objects(void **state)
{
    SQLHSTMT s = stmt_of(state);
    long long oid, fd;
    char sql[200];

    autocommit(state, SQL_AUTOCOMMIT_OFF);
    oid = query_number(s, "SELECT lo_creat(-1)");
    assert_true(oid > 0);
    snprintf(sql, sizeof sql, "SELECT lo_open(%lld, 131072 | 262144)", oid);
    fd = query_number(s, sql);
    for (int i = 0; i < 3; i++) {
        snprintf(sql, sizeof sql, "SELECT lowrite(%lld, 'piece %d ')", fd, i);
        assert_int_equal(query_number(s, sql), 8);
    }
    snprintf(sql, sizeof sql, "SELECT lo_lseek(%lld, 8, 0)", fd);
    assert_int_equal(query_number(s, sql), 8);
    snprintf(sql, sizeof sql, "SELECT convert_from(loread(%lld, 100), 'UTF8')", fd);
    assert_string_equal(query_text(s, sql), "piece 1 piece 2 ");
    snprintf(sql, sizeof sql, "SELECT lo_close(%lld)", fd);
    assert_int_equal(query_number(s, sql), 0);
    COMMITS(state);
    snprintf(sql, sizeof sql, "SELECT convert_from(lo_get(%lld), 'UTF8')", oid);
    assert_string_equal(query_text(s, sql), "piece 0 piece 1 piece 2 ");
    snprintf(sql, sizeof sql, "SELECT lo_unlink(%lld)", oid);
    assert_int_equal(query_number(s, sql), 1);
    COMMITS(state);
}

static void test_refcursors(void **state)
{
    SQLHSTMT s = stmt_of(state);
    char sql[200];

    pg_admin("CREATE OR REPLACE FUNCTION t_cursor(n int) RETURNS refcursor LANGUAGE plpgsql AS "
             "$$DECLARE c refcursor := 'the_cursor'; BEGIN OPEN c FOR SELECT g FROM "
             "generate_series(1, n) g; RETURN c; END$$");
    autocommit(state, SQL_AUTOCOMMIT_OFF);
    snprintf(sql, sizeof sql, "FETCH 3 FROM \"%s\"", query_text(s, "SELECT t_cursor(5)"));
    assert_int_equal(query_number(s, sql), 1);
    assert_int_equal(query_number(s, "FETCH ABSOLUTE 5 FROM the_cursor"), 5);
    assert_string_equal(query_text(s, "FETCH NEXT FROM the_cursor"), "(none)");
    COMMITS(state);
    assert_stmt_state(s, exec(s, "FETCH NEXT FROM the_cursor"), "34000");
    assert_int_equal(end(state, SQL_ROLLBACK), SQL_SUCCESS);
    pg_admin("DROP FUNCTION t_cursor(int)");
}

static void test_discard_all_leaves_nothing(void **state)
{
    SQLHSTMT s = stmt_of(state);

    assert_stmt_ok(s, exec(s, "CREATE TEMP TABLE mine (a int)"));
    assert_stmt_ok(s, exec(s, "PREPARE p AS SELECT 1"));
    assert_string_equal(query_text(s, "SELECT pg_advisory_lock(99)::text"), "");
    for (int i = 0; i < 3; i++) /* prepared by the driver too */
        assert_string_equal(query_text(s, "SELECT count(*) > 0 FROM pg_class"), "1");
    assert_stmt_ok(s, exec(s, "DISCARD ALL"));
    assert_stmt_state(s, exec(s, "SELECT * FROM mine"), "42S02");
    assert_string_equal(pg_admin("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "0");
    assert_string_equal(query_text(s, "SELECT count(*) > 0 FROM pg_class"), "1");
}

static void test_temporary_tables_of_a_transaction(void **state)
{
    SQLHSTMT s = stmt_of(state);

    autocommit(state, SQL_AUTOCOMMIT_OFF);
    assert_stmt_ok(s, exec(s, "CREATE TEMP TABLE t_drop (a int) ON COMMIT DROP"));
    assert_stmt_ok(s, exec(s, "CREATE TEMP TABLE t_empty (a int) ON COMMIT DELETE ROWS"));
    assert_stmt_ok(s, exec(s, "INSERT INTO t_drop VALUES (1)"));
    assert_stmt_ok(s, exec(s, "INSERT INTO t_empty SELECT a FROM t_drop"));
    assert_int_equal(query_number(s, "SELECT count(*) FROM t_empty"), 1);
    COMMITS(state);
    assert_int_equal(query_number(s, "SELECT count(*) FROM t_empty"), 0);
    assert_stmt_state(s, exec(s, "SELECT count(*) FROM t_drop"), "42S02");
    assert_int_equal(end(state, SQL_ROLLBACK), SQL_SUCCESS);
}

/* ---- several results at once ---- */

/* Reads on for n rows; the first column counts. */
static void read_rows(SQLHSTMT s, long from, long n)
{
    for (long i = from; i < from + n; i++) {
        SQLINTEGER g = 0;
        SQLLEN len = 0;
        static char text[3000];
        assert_stmt_ok(s, SQLFetch(s));
        assert_stmt_ok(s, SQLGetData(s, 1, SQL_C_SLONG, &g, 0, NULL));
        assert_stmt_ok(s, SQLGetData(s, 2, SQL_C_CHAR, text, sizeof text, &len));
        if (g != i || len != 2000 || text[1999] != 'a' + (int)(i % 26))
            fail_msg("row %ld: %ld, %ld bytes", i, (long)g, (long)len);
    }
}

/* 20 MB: what is put aside goes to a file behind 16 MiB; by TMPDIR it cannot be had in a folder
 * that is none. */
static void test_results_that_are_put_aside_outside_of_a_transaction(void **state)
{
    static const char big[] =
        "SELECT g, repeat(chr(97 + g % 26), 2000) FROM generate_series(1, 10000) g";
    SQLHSTMT s = stmt_of(state);
    SQLHSTMT others[3];
    char folder[600];

    assert_stmt_ok(s, exec(s, "CREATE TEMP TABLE stay (a int)"));
    assert_stmt_ok(s, exec(s, big));
    read_rows(s, 1, 10);
    for (int i = 0; i < 3; i++) {
        others[i] = new_stmt(*state);
        assert_stmt_ok(others[i], exec(others[i], "SELECT g, repeat(chr(97 + g % 26), 2000) FROM "
                                                  "generate_series(1, 50) g"));
        read_rows(others[i], 1, 1);
        read_rows(s, 11 + 10 * i, 10);
    }
    for (int i = 0; i < 3; i++) {
        read_rows(others[i], 2, 49);
        assert_int_equal(SQLFetch(others[i]), SQL_NO_DATA);
    }
    read_rows(s, 41, 9960);
    assert_int_equal(SQLFetch(s), SQL_NO_DATA);
    /* where there is no room for it, its reader hears of it, and nobody else */
    snprintf(folder, sizeof folder, "%s/tmp/none", test_env("NEON_TEST_DIR"));
    setenv("TMPDIR", folder, 1);
    assert_stmt_ok(s, exec(s, big));
    read_rows(s, 1, 10);
    assert_string_equal(query_text(others[0], "SELECT 'goes on'"), "goes on");
    unsetenv("TMPDIR");
    SQLFreeStmt(s, SQL_CLOSE);
    assert_string_equal(query_text(s, "SELECT 'goes on'"), "goes on");
    for (int i = 0; i < 3; i++)
        SQLFreeHandle(SQL_HANDLE_STMT, others[i]);
}

static void test_results_in_a_transaction_are_read_in_turns(void **state)
{
    static const char big[] =
        "SELECT g, repeat(chr(97 + g % 26), 2000) FROM generate_series(1, 3000) g";
    SQLHSTMT open[4];

    autocommit(state, SQL_AUTOCOMMIT_OFF);
    assert_stmt_ok(stmt_of(state), exec(stmt_of(state), "CREATE TEMP TABLE stay (a int)"));
    for (int i = 0; i < 4; i++) {
        open[i] = new_stmt(*state);
        assert_stmt_ok(open[i], exec(open[i], big));
    }
    for (long at = 1; at < 3000; at += 300)
        for (int i = 0; i < 4; i++) {
            read_rows(open[i], at, 300);
            if (at == 601) /* a write between, by another statement */
                assert_stmt_ok(stmt_of(state), exec(stmt_of(state), "INSERT INTO stay VALUES (1)"));
        }
    assert_int_equal(query_number(stmt_of(state), "SELECT count(*) FROM stay"), 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(SQLFetch(open[i]), SQL_NO_DATA);
    /* the end of the transaction ends what is open: not silently */
    assert_stmt_ok(open[0], exec(open[0], big));
    read_rows(open[0], 1, 1);
    COMMITS(state);
    for (int i = 0; i < 4; i++)
        SQLFreeHandle(SQL_HANDLE_STMT, open[i]);
}

/* ---- cancelling ---- */

struct canceller {
    SQLHSTMT stmt;
    const char *when; /* of pg_stat_activity: at least one row */
};

static void *cancel_when(void *arg)
{
    const struct canceller *c = arg;
    const struct timespec ms20 = {0, 20000000};
    char sql[300];

    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND state = 'active' AND "
             "query LIKE '%%%s%%'",
             c->when);
    while (strcmp(pg_admin(sql), "0") == 0)
        nanosleep(&ms20, NULL);
    SQLCancel(c->stmt);
    return NULL;
}

static void nobody_runs(const char *text)
{
    const struct timespec ms20 = {0, 20000000};
    char sql[300];

    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND state = 'active' AND "
             "query LIKE '%%%s%%'",
             text);
    while (strcmp(pg_admin(sql), "0") != 0)
        nanosleep(&ms20, NULL);
}

static void test_cancelling_an_execution(void **state)
{
    SQLHSTMT s = stmt_of(state);
    struct canceller c = {s, "/* long */"};
    pthread_t t;
    SQLRETURN rc;

    autocommit(state, SQL_AUTOCOMMIT_OFF);
    for (int i = 0; i < 2; i++) {
        assert_stmt_ok(s, exec(s, "CREATE TEMP TABLE stay (a int)"));
        assert_int_equal(pthread_create(&t, NULL, cancel_when, &c), 0);
        rc = exec(s, "SELECT pg_sleep(600) /* long */");
        pthread_join(t, NULL);
        assert_stmt_state(s, rc, "HY008");
        assert_stmt_state(s, exec(s, "SELECT 1"), "25P02");
        assert_int_equal(end(state, SQL_ROLLBACK), SQL_SUCCESS);
        nobody_runs("/* long */");
        assert_int_equal(query_number(s, "SELECT 1"), 1);
        assert_int_equal(end(state, SQL_ROLLBACK), SQL_SUCCESS);
    }
}

/* The rows come while others are made: it is the fetch that is cancelled, where they stop. */
static void test_cancelling_a_fetch(void **state)
{
    SQLHSTMT s = stmt_of(state);
    struct watched r;
    pthread_t t;
    SQLRETURN rc;

    assert_stmt_ok(s, exec(s, "CREATE TEMP TABLE stay (a int)"));
    watched_init(&r, s);
    for (int i = 0; i < 2; i++) {
        assert_stmt_ok(s, exec(s, "SELECT g, repeat('x', 4000), CASE WHEN g > 3000 THEN "
                                  "pg_sleep(600) END FROM generate_series(1, 3001) g "
                                  "/* rows */"));
        assert_int_equal(pthread_create(&t, NULL, cancel_when_stuck, &r), 0);
        while (WATCHED(&r, rc, SQLFetch(s)) == SQL_SUCCESS)
            ;
        pthread_join(t, NULL);
        assert_stmt_state(s, rc, "HY008");
        nobody_runs("/* rows */");
        assert_int_equal(query_number(s, "SELECT count(*) FROM stay"), 0);
    }
}

/* Closing a result that has no end cancels it. */
static void test_leaving_an_endless_result(void **state)
{
    SQLHSTMT s = stmt_of(state);

    assert_stmt_ok(s, exec(s, "CREATE TEMP TABLE stay (a int)"));
    for (int i = 0; i < 2; i++) {
        assert_stmt_ok(s, exec(s, "SELECT generate_series(1, 100000000), "
                                  "repeat('x', 4000) /* endless */"));
        assert_stmt_ok(s, SQLFetch(s));
        assert_stmt_ok(s, SQLCloseCursor(s));
        assert_int_equal(query_number(s, "SELECT count(*) FROM stay"), 0);
    }
    nobody_runs("/* endless */");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_connected, teardown_connected)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_large_objects),
        T(test_refcursors),
        T(test_discard_all_leaves_nothing),
        T(test_temporary_tables_of_a_transaction),
        T(test_results_that_are_put_aside_outside_of_a_transaction),
        T(test_results_in_a_transaction_are_read_in_turns),
        T(test_cancelling_an_execution),
        T(test_cancelling_a_fetch),
        T(test_leaving_an_endless_result),
    };
    return RUN_OVER(OVER_SESSIONS, tests);
}
