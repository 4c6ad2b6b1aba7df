/* LISTEN and what NOTIFY says: NEON_ATTR_NOTIFICATION. Needs the services of
 * tests/with-services.sh. */
#include "odbc_test.h"

#include <unistd.h>

#include "neonodbc.h"

static const char *const with_sessions[] = {"auto", "websocket"};

static SQLRETURN notification(struct fixture *f, char *text, size_t cap, SQLINTEGER *len)
{
    return SQLGetConnectAttr(f->dbc, NEON_ATTR_NOTIFICATION, text, (SQLINTEGER)cap, len);
}

/* What another connection said is on its way. */
static SQLRETURN await(struct fixture *f, char *text, size_t cap, SQLINTEGER *len)
{
    for (;;) {
        SQLRETURN rc = notification(f, text, cap, len);
        if (rc != SQL_NO_DATA)
            return rc;
        usleep(1000);
    }
}

static void assert_none(struct fixture *f)
{
    char text[200];

    assert_int_equal(notification(f, text, sizeof text, NULL), SQL_NO_DATA);
}

static void assert_next(struct fixture *f, long long pid, const char *channel, const char *payload)
{
    char text[20000], want[20000];
    SQLINTEGER len = -1;

    snprintf(want, sizeof want, "{\"channel\":\"%s\",\"pid\":%lld,\"payload\":\"%s\"}", channel,
             pid, payload);
    assert_dbc_ok(f->dbc, await(f, text, sizeof text, &len));
    assert_string_equal(text, want);
    assert_int_equal(len, strlen(want));
}

static void test_what_others_say_is_read_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = fixture_over(with_sessions[i]), *other = fixture_over("websocket");
        long long pid = query_number(other->stmt, "SELECT pg_backend_pid()");

        assert_none(f);
        run(f->stmt, "LISTEN news");
        run(f->stmt, "LISTEN \"Two \"\" words\"");
        assert_none(f);
        run(other->stmt, "NOTIFY news, 'one'");
        run(other->stmt,
            "NOTIFY \"Two \"\" words\", E'quote \" backslash \\\\ line\\nand \\x01 €'");
        run(other->stmt, "NOTIFY news");
        gateway_reset();
        assert_next(f, pid, "news", "one");
        assert_next(f, pid, "Two \\\" words", "quote \\\" backslash \\\\ line\\nand \\u0001 €");
        assert_next(f, pid, "news", "");
        assert_none(f);
        assert_int_equal(gateway_requests(), 0);
        run(f->stmt, "UNLISTEN news");
        run(other->stmt, "NOTIFY news, 'unheard'");
        assert_int_equal(query_number(f->stmt, "SELECT 1"), 1);
        assert_none(f);
        fixture_free(f);
        fixture_free(other);
    }
}

/* Those of the own COMMIT come with its answer; a transaction hears others when it has ended. */
static void test_transactions(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = fixture_over(with_sessions[i]);
        long long pid;

        run(f->stmt, "LISTEN own");
        pid = query_number(f->stmt, "SELECT pg_backend_pid()");
        fixture_autocommit(f, false);
        run(f->stmt, "NOTIFY own, 'in'");
        assert_none(f);
        assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
        assert_next(f, pid, "own", "in");
        run(f->stmt, "SELECT pg_notify('own', 'never')");
        assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
        assert_none(f);
        fixture_autocommit(f, true);
        run(f->stmt, "NOTIFY own, 'alone'");
        assert_next(f, pid, "own", "alone");
        fixture_free(f);
    }
}

static void test_a_small_buffer_leaves_it_waiting(void **state)
{
    struct fixture *f = fixture_over("websocket");
    char text[9], whole[100];
    SQLINTEGER len = 0;

    (void)state;
    run(f->stmt, "LISTEN small");
    run(f->stmt, "NOTIFY small, 'payload'");
    assert_dbc_ok(f->dbc, await(f, NULL, 0, &len));
    assert_dbc_state(f->dbc, notification(f, text, sizeof text, NULL), "01004");
    assert_string_equal(text, "{\"channe");
    assert_dbc_ok(f->dbc, notification(f, whole, (size_t)len + 1, &len));
    assert_int_equal(strlen(whole), len);
    assert_int_equal(whole[len - 1], '}');
    assert_none(f);
    /* the same bytes from the function for wide characters */
    run(f->stmt, "NOTIFY small, 'w'");
    memset(whole, 'x', sizeof whole);
    assert_dbc_ok(f->dbc,
                  SQLGetConnectAttrW(f->dbc, NEON_ATTR_NOTIFICATION, whole, sizeof whole, &len));
    assert_string_equal(whole + len - 3, "w\"}");
    fixture_free(f);
}

static void test_what_has_no_place_is_told(void **state)
{
    struct fixture *f = fixture_over("websocket");
    char text[9000];
    SQLINTEGER len = 0;
    long n = 0;
    SQLRETURN rc;

    (void)state;
    run(f->stmt, "LISTEN much");
    run(f->stmt, "SELECT count(pg_notify('much', g::text)) FROM generate_series(1, 10007) g");
    assert_dbc_state(f->dbc, notification(f, text, 10, &len), "01000");
    assert_non_null(strstr(diag_text(SQL_HANDLE_DBC, f->dbc), " 7 "));
    assert_true(diag_has_state(SQL_HANDLE_DBC, f->dbc, "01004"));
    assert_int_equal(notification(f, text, sizeof text, &len), SQL_SUCCESS_WITH_INFO);
    for (n = 1; (rc = notification(f, text, sizeof text, &len)) == SQL_SUCCESS; n++)
        continue;
    assert_int_equal(rc, SQL_NO_DATA);
    assert_int_equal(n, 10000);
    /* by bytes: of 8,000 each a little more than 2,000 have a place in 16 MiB */
    run(f->stmt, "SELECT count(pg_notify('much', g || repeat('x', 7900))) "
                 "FROM generate_series(1, 3000) g");
    assert_int_equal(notification(f, text, sizeof text, &len), SQL_SUCCESS_WITH_INFO);
    assert_true(diag_has_state(SQL_HANDLE_DBC, f->dbc, "01000"));
    for (n = 1; (rc = notification(f, text, sizeof text, &len)) == SQL_SUCCESS; n++)
        continue;
    assert_in_range(n, 2000, 2200);
    run(f->stmt, "NOTIFY much, 'again'");
    assert_dbc_ok(f->dbc, await(f, text, sizeof text, &len));
    fixture_free(f);
}

static void test_a_lost_session_says_so(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = fixture_over(with_sessions[i]);
        char text[200], sql[100];
        long long pid;

        run(f->stmt, "LISTEN lost");
        pid = query_number(f->stmt, "SELECT pg_backend_pid()");
        run(f->stmt, "NOTIFY lost, 'before'");
        snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%lld)", pid);
        pg_admin(sql);
        assert_next(f, pid, "lost", "before");
        assert_dbc_state(f->dbc, await(f, text, sizeof text, NULL), "08S01");
        assert_non_null(strstr(diag_text(SQL_HANDLE_DBC, f->dbc), "LISTEN"));
        assert_dbc_state(f->dbc, notification(f, text, sizeof text, NULL), "08S01");
        assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext("SELECT 1"), SQL_NTS), "08S01");
        SQLFreeHandle(SQL_HANDLE_STMT, f->stmt);
        assert_dbc_ok(f->dbc, SQLDisconnect(f->dbc));
        fixture_connect(f, "DSN=neon;Transport=auto");
        assert_none(f);
        fixture_free(f);
    }
}

static void test_idle_close_leaves_a_listener_alone(void **state)
{
    struct fixture *f = fixture_new(SQL_OV_ODBC3_80), *other;
    long long pid;

    (void)state;
    fixture_connect(f, "DSN=neon;Transport=auto;SessionIdle=0");
    other = fixture_over("http");
    run(f->stmt, "LISTEN idle");
    run(f->stmt, "SELECT 1");
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    fixture_autocommit(f, false);
    run(f->stmt, "SELECT 1");
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
    fixture_autocommit(f, true);
    pid = query_number(other->stmt, "SELECT pg_backend_pid() FROM pg_notify('idle', 'here')");
    assert_next(f, pid, "idle", "here");
    fixture_free(f);
    fixture_free(other);
}

/* Over HTTP nobody would hear them. */
static void test_http_refuses_and_says_what_to_do(void **state)
{
    static const char *const texts[] = {"LISTEN x", "UNLISTEN x", "DO $$ BEGIN LISTEN x; END $$",
                                        "DO $$ BEGIN EXECUTE 'LISTEN x'; END $$"};
    struct fixture *f = fixture_over("http");

    (void)state;
    gateway_reset();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext(texts[i]), SQL_NTS), "HYC00");
        assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, f->stmt), "Transport=auto"));
    }
    assert_none(f);
    assert_int_equal(gateway_requests(), 0);
    fixture_free(f);
}

static void test_do_listens_in_a_session(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = fixture_over(with_sessions[i]);
        long long pid;

        run(f->stmt, "DO $$ BEGIN LISTEN inside; END $$");
        pid = query_number(f->stmt, "SELECT pg_backend_pid()");
        run(f->stmt, "NOTIFY inside, 'heard'");
        assert_next(f, pid, "inside", "heard");
        fixture_free(f);
    }
}

/* For clients that cannot read attributes. */
static void test_a_statement_shows_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = fixture_over(with_sessions[i]);
        SQLHSTMT s = f->stmt;
        SQLSMALLINT columns = 0, type = 0;
        SQLLEN rows = -1, len = 0;
        SQLINTEGER pid = 0;
        char text[20], name[20], sql[100];

        run(s, "LISTEN shown");
        assert_stmt_ok(s, SQLPrepare(s, sqltext("show NEON_ODBC . Notifications;"), SQL_NTS));
        assert_stmt_ok(s, SQLNumResultCols(s, &columns));
        assert_int_equal(columns, 3);
        gateway_reset();
        assert_stmt_ok(s, SQLExecute(s));
        assert_int_equal(SQLFetch(s), SQL_NO_DATA);
        SQLFreeStmt(s, SQL_CLOSE);
        assert_int_equal(gateway_requests(), 0);
        run(s, "SELECT pg_notify('shown', g::text) FROM generate_series(1, 3) g");
        SQLFreeStmt(s, SQL_CLOSE);
        assert_stmt_ok(s, SQLPrepare(s, sqltext("SHOW neon_odbc.notifications"), SQL_NTS));
        for (int again = 0; again < 2; again++) {
            assert_stmt_ok(s, SQLExecute(s));
            assert_stmt_ok(s, SQLDescribeCol(s, 2, (SQLCHAR *)name, sizeof name, NULL, &type, NULL,
                                             NULL, NULL));
            assert_string_equal(name, "pid");
            assert_int_equal(type, SQL_INTEGER);
            for (int n = 1; n <= 3 && again == 0; n++) {
                assert_stmt_ok(s, SQLFetch(s));
                assert_stmt_ok(s, SQLGetData(s, 1, SQL_C_CHAR, text, sizeof text, NULL));
                assert_string_equal(text, "shown");
                assert_stmt_ok(s, SQLGetData(s, 2, SQL_C_SLONG, &pid, 0, NULL));
                assert_stmt_ok(s, SQLGetData(s, 3, SQL_C_CHAR, text, sizeof text, &len));
                assert_int_equal(atol(text), n);
            }
            assert_int_equal(SQLFetch(s), SQL_NO_DATA);
            SQLFreeStmt(s, SQL_CLOSE);
        }
        assert_int_equal(pid, query_number(s, "SELECT pg_backend_pid()"));
        run(s, "SELECT count(pg_notify('shown', g::text)) FROM generate_series(1, 10002) g");
        SQLFreeStmt(s, SQL_CLOSE);
        assert_int_equal(SQLExecDirect(s, sqltext("SHOW neon_odbc.notifications"), SQL_NTS),
                         SQL_SUCCESS_WITH_INFO);
        assert_stmt_ok(s, SQLRowCount(s, &rows));
        assert_int_equal(rows, 10000);
        SQLFreeStmt(s, SQL_CLOSE);
        snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d)", (int)pid);
        pg_admin(sql);
        for (;;) {
            SQLRETURN rc = SQLExecDirect(s, sqltext("SHOW neon_odbc.notifications"), SQL_NTS);
            if (rc != SQL_SUCCESS) {
                assert_stmt_state(s, rc, "08S01");
                break;
            }
            SQLFreeStmt(s, SQL_CLOSE);
        }
        fixture_free(f);
    }
}

static void test_it_cannot_be_set_and_needs_a_connection(void **state)
{
    struct fixture *f = fixture_new(SQL_OV_ODBC3_80);
    char text[10];

    (void)state;
    assert_dbc_state(f->dbc, notification(f, text, sizeof text, NULL), "08003");
    fixture_connect(f, "DSN=neon;Transport=websocket");
    assert_dbc_state(f->dbc,
                     SQLSetConnectAttr(f->dbc, NEON_ATTR_NOTIFICATION, (SQLPOINTER) "x", SQL_NTS),
                     "HY092");
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_others_say_is_read_in_order),
        cmocka_unit_test(test_transactions),
        cmocka_unit_test(test_a_small_buffer_leaves_it_waiting),
        cmocka_unit_test(test_what_has_no_place_is_told),
        cmocka_unit_test(test_a_lost_session_says_so),
        cmocka_unit_test(test_idle_close_leaves_a_listener_alone),
        cmocka_unit_test(test_http_refuses_and_says_what_to_do),
        cmocka_unit_test(test_do_listens_in_a_session),
        cmocka_unit_test(test_a_statement_shows_them),
        cmocka_unit_test(test_it_cannot_be_set_and_needs_a_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
