/* COPY ... FROM STDIN and TO STDOUT in sessions. Needs the services of tests/with-services.sh. */
#include "odbc_test.h"

#include <pthread.h>
#include <unistd.h>

/* A sanitizer keeps what was freed. */
#ifdef __has_feature
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

static const char *const with_sessions[] = {"auto", "websocket"};

static struct fixture *connect_by(const char *transport)
{
    struct fixture *f = fixture_over(transport);

    run(f->stmt, "DROP TABLE IF EXISTS t_copy");
    run(f->stmt, "CREATE TABLE t_copy (a int PRIMARY KEY, b text)");
    return f;
}

static void disconnect(struct fixture *f)
{
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    run(f->stmt, "DROP TABLE t_copy");
    fixture_free(f);
}

static void end(struct fixture *f, SQLSMALLINT how)
{
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, how));
}

static void bind_data(SQLHSTMT s, SQLSMALLINT c_type, const void *data, SQLLEN *len)
{
    SQLSMALLINT sql_type = c_type == SQL_C_BINARY  ? SQL_LONGVARBINARY
                           : c_type == SQL_C_WCHAR ? SQL_WLONGVARCHAR
                                                   : SQL_LONGVARCHAR;

    assert_stmt_ok(s, SQLBindParameter(s, 1, SQL_PARAM_INPUT, c_type, sql_type, 0, 0,
                                       (SQLPOINTER)(uintptr_t)data, 0, len));
}

static SQLRETURN copy(SQLHSTMT s)
{
    return SQLExecDirect(s, sqltext("COPY t_copy FROM STDIN"), SQL_NTS);
}

static SQLLEN rows(SQLHSTMT s)
{
    SQLLEN n = -7;

    assert_stmt_ok(s, SQLRowCount(s, &n));
    return n;
}

static void need_data(SQLHSTMT s, SQLRETURN rc)
{
    SQLPOINTER token = NULL;

    assert_int_equal(rc, SQL_NEED_DATA);
    assert_int_equal(SQLParamData(s, &token), SQL_NEED_DATA);
}

static void put(SQLHSTMT s, const char *text)
{
    assert_stmt_ok(s, SQLPutData(s, sqltext(text), SQL_NTS));
}

static SQLRETURN done(SQLHSTMT s)
{
    SQLPOINTER token = NULL;

    return SQLParamData(s, &token);
}

static void assert_sum(struct fixture *f, const char *want)
{
    assert_string_equal(query_text(f->stmt, "SELECT count(*) || ':' || coalesce(sum(a), 0) || ':' "
                                            "|| coalesce(string_agg(b, ',' ORDER BY a), '') "
                                            "FROM t_copy"),
                        want);
}

/* ---- data that is bound whole ---- */

static void test_a_whole_value(void **state)
{
    static const SQLWCHAR wide[] = {'4', '\t', 0x20AC, 0xD83D, 0xDE00, '\n', 0};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = connect_by(with_sessions[i]);
        SQLLEN len = SQL_NTS;

        bind_data(f->stmt, SQL_C_CHAR, "1\tone\n2\t\\N\n", &len);
        assert_stmt_ok(f->stmt, copy(f->stmt));
        assert_int_equal(rows(f->stmt), 2);
        len = 6;
        bind_data(f->stmt, SQL_C_BINARY, "3\t\\x41 and more", &len);
        assert_stmt_ok(f->stmt, copy(f->stmt));
        assert_int_equal(rows(f->stmt), 1);
        len = SQL_NTS;
        bind_data(f->stmt, SQL_C_WCHAR, wide, &len);
        assert_stmt_ok(f->stmt, copy(f->stmt));
        len = 0;
        bind_data(f->stmt, SQL_C_CHAR, "", &len);
        assert_stmt_ok(f->stmt, copy(f->stmt));
        assert_int_equal(rows(f->stmt), 0);
        len = SQL_NTS;
        bind_data(f->stmt, SQL_C_CHAR, "b;a\r\n\"x\ny\";5\r\n", &len);
        assert_stmt_ok(f->stmt,
                       SQLExecDirect(f->stmt,
                                     sqltext("copy t_copy (b, a) from stdin with (format csv, "
                                             "header, delimiter ';')"),
                                     SQL_NTS));
        SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
        assert_sum(f, "5:15:one,A,€😀,x\ny");
        disconnect(f);
    }
}

static void test_prepared_and_executed_again(void **state)
{
    struct fixture *f = connect_by("auto");
    SQLLEN len = SQL_NTS;
    SQLSMALLINT n = 0, type = 0, columns = -1;
    char data[20];

    (void)state;
    assert_stmt_ok(f->stmt, SQLPrepare(f->stmt, sqltext("COPY t_copy (a) FROM STDIN"), SQL_NTS));
    assert_stmt_ok(f->stmt, SQLNumParams(f->stmt, &n));
    assert_int_equal(n, 1);
    assert_stmt_ok(f->stmt, SQLDescribeParam(f->stmt, 1, &type, NULL, NULL, NULL));
    assert_int_equal(type, SQL_LONGVARCHAR);
    assert_stmt_ok(f->stmt, SQLNumResultCols(f->stmt, &columns));
    assert_int_equal(columns, 0);
    bind_data(f->stmt, SQL_C_CHAR, data, &len);
    for (int i = 1; i <= 3; i++) {
        snprintf(data, sizeof data, "%d\n%d\n", i, i + 10);
        assert_stmt_ok(f->stmt, SQLExecute(f->stmt));
        assert_int_equal(rows(f->stmt), 2);
    }
    SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
    assert_sum(f, "6:42:");
    disconnect(f);
}

/* ---- data at execution ---- */

static void test_pieces_are_cut_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = connect_by(with_sessions[i]);
        SQLLEN len = SQL_DATA_AT_EXEC;
        const char *text = "1\tone €\n2\ttwo\n";
        static const SQLWCHAR wide[] = {'3', '\t', 0xD83D, 0xDE00, 0x20AC, '\n'};

        bind_data(f->stmt, SQL_C_BINARY, (void *)1, &len);
        need_data(f->stmt, copy(f->stmt));
        for (const char *p = text; *p != '\0'; p++)
            assert_stmt_ok(f->stmt, SQLPutData(f->stmt, (SQLPOINTER)(uintptr_t)p, 1));
        assert_stmt_ok(f->stmt, SQLPutData(f->stmt, NULL, 0));
        assert_stmt_ok(f->stmt, done(f->stmt));
        assert_int_equal(rows(f->stmt), 2);
        bind_data(f->stmt, SQL_C_WCHAR, (void *)1, &len);
        need_data(f->stmt, copy(f->stmt));
        for (size_t k = 0; k < sizeof wide; k++)
            assert_stmt_ok(f->stmt,
                           SQLPutData(f->stmt, (SQLPOINTER)(uintptr_t)((const char *)wide + k), 1));
        assert_stmt_ok(f->stmt, done(f->stmt));
        SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
        assert_sum(f, "3:6:one €,two,😀€");
        /* half a character at the end */
        bind_data(f->stmt, SQL_C_WCHAR, (void *)1, &len);
        need_data(f->stmt, copy(f->stmt));
        assert_stmt_ok(f->stmt, SQLPutData(f->stmt, (SQLPOINTER)(uintptr_t)wide, 6));
        assert_stmt_state(f->stmt, done(f->stmt), "22021");
        SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
        assert_sum(f, "3:6:one €,two,😀€");
        disconnect(f);
    }
}

static void test_transactions(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = connect_by(with_sessions[i]);
        SQLLEN len = SQL_DATA_AT_EXEC, whole = SQL_NTS;

        fixture_autocommit(f, false);
        bind_data(f->stmt, SQL_C_CHAR, (void *)1, &len); /* BEGIN goes before it */
        need_data(f->stmt, copy(f->stmt));
        put(f->stmt, "1\tx\n");
        assert_stmt_ok(f->stmt, done(f->stmt));
        assert_int_equal(rows(f->stmt), 1);
        end(f, SQL_ROLLBACK);
        bind_data(f->stmt, SQL_C_CHAR, "2\ty\n", &whole);
        assert_stmt_ok(f->stmt, copy(f->stmt));
        SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
        run(f->stmt, "INSERT INTO t_copy VALUES (3, 'z')");
        end(f, SQL_COMMIT);
        assert_sum(f, "2:5:y,z");
        /* an error fails the transaction, as on TCP */
        run(f->stmt, "SAVEPOINT one");
        bind_data(f->stmt, SQL_C_CHAR, "2\tagain\n", &whole);
        assert_stmt_state(f->stmt, copy(f->stmt), "23505");
        assert_stmt_state(f->stmt, copy(f->stmt), "25P02");
        SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
        run(f->stmt, "ROLLBACK TO one");
        assert_sum(f, "2:5:y,z");
        end(f, SQL_COMMIT);
        /* so does giving up */
        bind_data(f->stmt, SQL_C_CHAR, (void *)1, &len);
        need_data(f->stmt, copy(f->stmt));
        put(f->stmt, "4\tw\n");
        assert_stmt_ok(f->stmt, SQLCancel(f->stmt));
        SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
        assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext("SELECT 1"), SQL_NTS), "25P02");
        end(f, SQL_ROLLBACK);
        assert_sum(f, "2:5:y,z");
        end(f, SQL_COMMIT);
        fixture_autocommit(f, true);
        disconnect(f);
    }
}

static void test_cancel_takes_it_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = connect_by(with_sessions[i]);
        SQLLEN len = SQL_DATA_AT_EXEC;

        bind_data(f->stmt, SQL_C_CHAR, (void *)1, &len);
        need_data(f->stmt, copy(f->stmt));
        assert_stmt_ok(f->stmt, SQLCancel(f->stmt));
        need_data(f->stmt, copy(f->stmt));
        put(f->stmt, "1\tx\n");
        assert_stmt_ok(f->stmt, SQLCancel(f->stmt));
        SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
        assert_sum(f, "0:0:");
        disconnect(f);
    }
}

/* ---- errors ---- */

static void test_the_servers_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = connect_by(with_sessions[i]);
        SQLHSTMT s = f->stmt;
        SQLLEN len = SQL_DATA_AT_EXEC;
        SQLRETURN rc = SQL_SUCCESS;
        char block[70000];

        bind_data(s, SQL_C_CHAR, (void *)1, &len);
        assert_stmt_state(s, SQLExecDirect(s, sqltext("COPY no_such FROM STDIN"), SQL_NTS),
                          "42S02");
        assert_stmt_state(
            s, SQLExecDirect(s, sqltext("COPY t_copy FROM STDIN WITH (nonsense)"), SQL_NTS),
            "42601");
        need_data(s, copy(s));
        put(s, "1\tx\nnot a number\ty\n2\tz\n");
        assert_stmt_state(s, done(s), "22018");
        assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, s), "not a number"));
        /* an early error stops a long copy before its end */
        memset(block, 'x', sizeof block);
        need_data(s, copy(s));
        put(s, "bad\ty\n");
        for (int k = 0; k < 10000 && rc == SQL_SUCCESS; k++)
            rc = SQLPutData(s, block, sizeof block);
        assert_stmt_state(s, rc, "22018");
        assert_stmt_state(s, SQLPutData(s, block, 1), "HY010");
        SQLFreeStmt(s, SQL_RESET_PARAMS);
        assert_sum(f, "0:0:");
        disconnect(f);
    }
}

static void test_what_is_not_fit(void **state)
{
    struct fixture *f = connect_by("websocket");
    SQLHSTMT s = f->stmt;
    SQLLEN len = SQL_NULL_DATA, four = 4;
    SQLINTEGER number = 1;

    (void)state;
    assert_stmt_state(s, copy(s), "07002");
    assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, s), "SQLBindParameter"));
    assert_stmt_ok(s, SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0,
                                       &number, 0, &four));
    assert_stmt_state(s, copy(s), "07006");
    bind_data(s, SQL_C_CHAR, "1\n", &len);
    assert_stmt_state(s, copy(s), "HY020");
    len = SQL_NTS;
    assert_stmt_state(s, SQLExecDirect(s, sqltext("SELECT 1; COPY t_copy FROM STDIN"), SQL_NTS),
                      "HYC00");
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_PARAMSET_SIZE, (SQLPOINTER)2, 0));
    assert_stmt_state(s, copy(s), "HYC00");
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_PARAMSET_SIZE, (SQLPOINTER)1, 0));
    assert_stmt_state(s, SQLExecDirect(s, sqltext("COPY t_copy FROM STDIN WHERE a = ?"), SQL_NTS),
                      "HYC00");
    SQLFreeStmt(s, SQL_RESET_PARAMS);
    assert_sum(f, "0:0:");
    disconnect(f);
}

static void test_http_refuses_before_it_asks_for_data(void **state)
{
    struct fixture *f = connect_by("http");
    SQLLEN len = SQL_DATA_AT_EXEC;

    (void)state;
    bind_data(f->stmt, SQL_C_CHAR, (void *)1, &len);
    gateway_reset();
    assert_stmt_state(f->stmt, copy(f->stmt), "HYC00");
    assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, f->stmt), "Transport=auto"));
    assert_int_equal(gateway_requests(), 0);
    SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
    disconnect(f);
}

/* The session has one conversation. */
static void test_other_statements_meanwhile(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = connect_by(with_sessions[i]);
        SQLHSTMT other = new_stmt(f);
        SQLLEN len = SQL_DATA_AT_EXEC;
        SQLRETURN rc;

        bind_data(f->stmt, SQL_C_CHAR, (void *)1, &len);
        need_data(f->stmt, copy(f->stmt));
        put(f->stmt, "1\tx\n");
        rc = SQLExecDirect(other, sqltext("SELECT 1"), SQL_NTS);
        if (i == 0) /* over HTTP */
            assert_stmt_ok(other, rc);
        else
            assert_stmt_state(other, rc, "HY010");
        put(f->stmt, "2\ty\n");
        assert_stmt_ok(f->stmt, done(f->stmt));
        SQLFreeHandle(SQL_HANDLE_STMT, other);
        SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
        assert_sum(f, "2:3:x,y");
        disconnect(f);
    }
}

static void test_a_lost_session(void **state)
{
    struct fixture *f = connect_by("auto");
    SQLLEN len = SQL_DATA_AT_EXEC;
    SQLRETURN rc = SQL_SUCCESS;
    char block[70000];

    (void)state;
    memset(block, 'x', sizeof block);
    bind_data(f->stmt, SQL_C_CHAR, (void *)1, &len);
    need_data(f->stmt, copy(f->stmt));
    put(f->stmt, "1\t");
    pg_admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY t_c%'");
    for (int k = 0; k < 10000 && rc == SQL_SUCCESS; k++)
        rc = SQLPutData(f->stmt, block, sizeof block);
    assert_int_equal(rc, SQL_ERROR);
    assert_memory_equal(diag_state(SQL_HANDLE_STMT, f->stmt), "08", 2);
    SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
    assert_sum(f, "0:0:");
    disconnect(f);
}

/* ---- size ---- */

static long resident_kib(void)
{
    char line[200];
    long kib = 0;
    FILE *status = fopen("/proc/self/status", "r");

    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (sscanf(line, "VmHWM: %ld", &kib) == 1)
            break;
    if (status != NULL)
        fclose(status);
    return kib;
}

/* A million rows in and out, 100 MB each way, and nothing of it is kept. */
static void test_a_million_rows_both_ways(void **state)
{
    enum { ROWS = 1000000, PER_PIECE = 500 };
    struct fixture *f = connect_by("websocket");
    SQLLEN len = SQL_DATA_AT_EXEC, n = 0;
    static char piece[PER_PIECE * 120], line[200];
    char filler[91];
    long before;
    SQLRETURN rc;

    (void)state;
    memset(filler, 'f', 90);
    filler[90] = '\0';
    bind_data(f->stmt, SQL_C_BINARY, (void *)1, &len);
    need_data(f->stmt, copy(f->stmt));
    before = resident_kib();
    for (int a = 0; a < ROWS;) {
        size_t at = 0;
        for (int i = 0; i < PER_PIECE; i++, a++)
            at += (size_t)sprintf(piece + at, "%d\t%s\n", a, filler);
        assert_stmt_ok(f->stmt, SQLPutData(f->stmt, piece, (SQLLEN)at));
    }
    assert_stmt_ok(f->stmt, done(f->stmt));
    assert_int_equal(rows(f->stmt), ROWS);
    SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
    assert_int_equal(query_number(f->stmt, "SELECT count(*) FROM t_copy"), ROWS);
    run(f->stmt, "COPY (SELECT * FROM t_copy ORDER BY a) TO STDOUT");
    assert_stmt_ok(f->stmt, SQLBindCol(f->stmt, 1, SQL_C_CHAR, line, sizeof line, NULL));
    while ((rc = SQLFetch(f->stmt)) == SQL_SUCCESS)
        if (atol(line) != n++)
            fail_msg("row %ld: %s", (long)n - 1, line);
    assert_int_equal(rc, SQL_NO_DATA);
    assert_int_equal(n, ROWS);
    SQLFreeStmt(f->stmt, SQL_UNBIND);
    if (!SANITIZED)
        assert_in_range(resident_kib() - before, 0, 24 << 10);
    disconnect(f);
}

/* ---- a server that takes nothing ---- */

/* The table is locked: the data piles up until it is cancelled, or the time is up. */
static void test_cancel_and_timeout_while_nothing_is_taken(void **state)
{
    struct fixture *f = connect_by("websocket"), *locker = fixture_new(SQL_OV_ODBC3_80);
    SQLHSTMT s = f->stmt;
    struct watched w;
    SQLLEN len = SQL_DATA_AT_EXEC;
    char block[70000];

    (void)state;
    memset(block, 'x', sizeof block);
    watched_init(&w, s);
    fixture_connect(locker, "DSN=neon;Transport=websocket");
    run(s, "CREATE OR REPLACE FUNCTION slow_copy() RETURNS trigger LANGUAGE plpgsql AS "
           "$$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END $$");
    run(s, "CREATE TRIGGER slow_copy BEFORE INSERT ON t_copy FOR EACH ROW EXECUTE FUNCTION "
           "slow_copy()");
    run(locker->stmt, "SELECT pg_advisory_lock(4711)");
    SQLFreeStmt(locker->stmt, SQL_CLOSE);
    for (int how = 0; how < 2; how++) {
        pthread_t thread;
        SQLRETURN rc;
        if (how == 1)
            assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_QUERY_TIMEOUT, (SQLPOINTER)5, 0));
        bind_data(s, SQL_C_CHAR, (void *)1, &len);
        need_data(s, copy(s));
        put(s, "1\tx\n2\t");
        if (how == 0)
            assert_int_equal(pthread_create(&thread, NULL, cancel_when_stuck, &w), 0);
        while (WATCHED(&w, rc, SQLPutData(s, block, sizeof block)) == SQL_SUCCESS)
            ;
        if (how == 0)
            pthread_join(thread, NULL);
        assert_stmt_state(s, rc, how == 0 ? "HY008" : "HYT00");
        SQLFreeStmt(s, SQL_RESET_PARAMS);
    }
    assert_sum(f, "0:0:");
    fixture_free(locker);
    run(s, "DROP FUNCTION slow_copy CASCADE");
    disconnect(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_value),
        cmocka_unit_test(test_prepared_and_executed_again),
        cmocka_unit_test(test_pieces_are_cut_anywhere),
        cmocka_unit_test(test_transactions),
        cmocka_unit_test(test_cancel_takes_it_back),
        cmocka_unit_test(test_the_servers_errors),
        cmocka_unit_test(test_what_is_not_fit),
        cmocka_unit_test(test_http_refuses_before_it_asks_for_data),
        cmocka_unit_test(test_other_statements_meanwhile),
        cmocka_unit_test(test_a_lost_session),
        cmocka_unit_test(test_a_million_rows_both_ways),
        cmocka_unit_test(test_cancel_and_timeout_while_nothing_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
