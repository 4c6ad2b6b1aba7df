/* {call}, {?=call} and CALL: procedures and functions, values that come back, defaults. */
#include "odbc_test.h"

static void make_routines(void)
{
    pg_admin(
        "DROP SCHEMA IF EXISTS calls CASCADE; CREATE SCHEMA calls; GRANT ALL ON SCHEMA calls TO "
        "PUBLIC; "
        "CREATE TABLE calls.log (t text); GRANT ALL ON calls.log TO PUBLIC; "
        "CREATE PROCEDURE calls.note(x text) LANGUAGE sql AS 'INSERT INTO calls.log VALUES (x)'; "
        "CREATE PROCEDURE calls.swap(INOUT a int, OUT s text, IN k numeric, OUT d timestamp) "
        "LANGUAGE plpgsql AS "
        "$$BEGIN s := 'k=' || k; a := a * 2; d := '2024-02-29 10:11:12.5'; END$$; "
        "CREATE FUNCTION calls.plus(a int, b int DEFAULT 10, c int DEFAULT 100) RETURNS int "
        "LANGUAGE sql AS "
        "'SELECT a + b + c'; "
        "CREATE FUNCTION calls.\"Two Ways\"(IN a int, OUT x int, OUT y text) LANGUAGE sql AS "
        "$$SELECT a + 1, 'y' || a$$; "
        "CREATE FUNCTION calls.rows(n int) RETURNS TABLE (i int) LANGUAGE sql AS "
        "'SELECT generate_series(1, n)'; "
        "CREATE FUNCTION calls.nothing(OUT t text) LANGUAGE sql AS 'SELECT NULL::text'");
}

static void bind_int(SQLHSTMT s, SQLUSMALLINT number, SQLSMALLINT io, SQLINTEGER *v, SQLLEN *ind)
{
    assert_stmt_ok(s, SQLBindParameter(s, number, io, SQL_C_SLONG, SQL_INTEGER, 0, 0, v, 0, ind));
}

static void bind_text(SQLHSTMT s, SQLUSMALLINT number, SQLSMALLINT io, char *v, SQLLEN cap,
                      SQLLEN *ind)
{
    assert_stmt_ok(s,
                   SQLBindParameter(s, number, io, SQL_C_CHAR, SQL_VARCHAR, 100, 0, v, cap, ind));
}

static void test_procedures(void **state)
{
    struct fixture *f = *state;
    SQLINTEGER a = 21;
    SQLLEN a_ind = 0;
    SQLLEN s_ind = 0;
    SQLLEN d_ind = 0;
    SQLLEN count = 0;
    SQLSMALLINT columns = -1;
    SQLDOUBLE k = 1.5;
    char text[16] = "untouched";
    SQL_TIMESTAMP_STRUCT ts = {0};

    make_routines();
    bind_text(f->stmt, 1, SQL_PARAM_INPUT, text, 0, NULL);
    gateway_reset();
    assert_stmt_ok(f->stmt, SQLExecDirect(f->stmt, sqltext("{call calls.note(?)}"), SQL_NTS));
    assert_int_equal(gateway_requests(), 2); /* what it is, and the call */
    assert_stmt_ok(f->stmt, SQLExecDirect(f->stmt, sqltext("{call calls.note('x')}"), SQL_NTS));
    assert_int_equal(gateway_requests(), 3);
    assert_string_equal(pg_admin("SELECT string_agg(t, ',' ORDER BY t) FROM calls.log"),
                        "untouched,x");
    SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);

    bind_int(f->stmt, 1, SQL_PARAM_INPUT_OUTPUT, &a, &a_ind);
    bind_text(f->stmt, 2, SQL_PARAM_OUTPUT, text, sizeof text, &s_ind);
    assert_stmt_ok(f->stmt, SQLBindParameter(f->stmt, 3, SQL_PARAM_INPUT, SQL_C_DOUBLE, SQL_NUMERIC,
                                             10, 2, &k, 0, NULL));
    assert_stmt_ok(f->stmt, SQLBindParameter(f->stmt, 4, SQL_PARAM_OUTPUT, SQL_C_TYPE_TIMESTAMP,
                                             SQL_TYPE_TIMESTAMP, 26, 6, &ts, sizeof ts, &d_ind));
    assert_stmt_ok(f->stmt, SQLPrepare(f->stmt, sqltext("{call calls.swap(?, ?, ?, ?)}"), SQL_NTS));
    assert_stmt_ok(f->stmt, SQLExecute(f->stmt));
    assert_int_equal(a, 42);
    assert_int_equal(a_ind, sizeof a);
    assert_string_equal(text, "k=1.5");
    assert_int_equal(s_ind, 5);
    assert_int_equal(ts.year, 2024);
    assert_int_equal(ts.fraction, 500000000);
    assert_int_equal(d_ind, sizeof ts);
    assert_stmt_ok(f->stmt, SQLNumResultCols(f->stmt, &columns));
    assert_int_equal(columns, 0);
    assert_stmt_ok(f->stmt, SQLRowCount(f->stmt, &count));
    gateway_reset();
    assert_stmt_ok(f->stmt, SQLExecute(f->stmt));
    assert_int_equal(a, 84);
    assert_int_equal(gateway_requests(), 1);
    /* The buffer is too small: what fits, the whole length, and a warning. */
    bind_text(f->stmt, 2, SQL_PARAM_OUTPUT, text, 3, &s_ind);
    assert_int_equal(SQLExecute(f->stmt), SQL_SUCCESS_WITH_INFO);
    assert_string_equal(diag_state(SQL_HANDLE_STMT, f->stmt), "01004");
    assert_string_equal(text, "k=");
    assert_int_equal(s_ind, 5);
    /* The same as plain SQL. */
    a = 1;
    bind_text(f->stmt, 2, SQL_PARAM_OUTPUT, text, sizeof text, &s_ind);
    assert_stmt_ok(f->stmt,
                   SQLExecDirect(f->stmt, sqltext("CALL calls.swap(?, ?, ?, ?)"), SQL_NTS));
    assert_int_equal(a, 2);
    assert_string_equal(text, "k=1.5");
}

static void test_functions(void **state)
{
    struct fixture *f = *state;
    SQLINTEGER r = 0;
    SQLINTEGER a = 5;
    SQLINTEGER b = SQL_DEFAULT_PARAM;
    SQLLEN r_ind = 0;
    SQLLEN b_ind = 0;
    SQLLEN y_ind = 0;
    char y[8];

    make_routines();
    bind_int(f->stmt, 1, SQL_PARAM_OUTPUT, &r, &r_ind);
    bind_int(f->stmt, 2, SQL_PARAM_INPUT, &a, NULL);
    gateway_reset();
    assert_stmt_ok(f->stmt, SQLExecDirect(f->stmt, sqltext("{? = call calls.plus(?)}"), SQL_NTS));
    assert_int_equal(r, 115);
    assert_int_equal(r_ind, sizeof r);
    assert_int_equal(gateway_requests(), 1); /* nothing to be looked up */
    /* An argument in the middle has its default, the one behind it is named. */
    b_ind = SQL_DEFAULT_PARAM;
    bind_int(f->stmt, 3, SQL_PARAM_INPUT, &b, &b_ind);
    assert_stmt_ok(f->stmt,
                   SQLExecDirect(f->stmt, sqltext("{? = call calls.plus(?, ?, 1)}"), SQL_NTS));
    assert_int_equal(r, 16);
    /* Outputs of a function do not stand in the call that the server sees. */
    b_ind = 0;
    SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
    bind_int(f->stmt, 1, SQL_PARAM_INPUT, &a, NULL);
    bind_int(f->stmt, 2, SQL_PARAM_OUTPUT, &r, &r_ind);
    bind_text(f->stmt, 3, SQL_PARAM_OUTPUT, y, sizeof y, &y_ind);
    assert_stmt_ok(f->stmt,
                   SQLExecDirect(f->stmt, sqltext("{call calls.\"Two Ways\"(?, ?, ?)}"), SQL_NTS));
    assert_int_equal(r, 6);
    assert_string_equal(y, "y5");
    /* NULL needs an indicator. */
    SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
    bind_text(f->stmt, 1, SQL_PARAM_OUTPUT, y, sizeof y, &y_ind);
    assert_stmt_ok(f->stmt, SQLExecDirect(f->stmt, sqltext("{call calls.nothing(?)}"), SQL_NTS));
    assert_int_equal(y_ind, SQL_NULL_DATA);
    bind_text(f->stmt, 1, SQL_PARAM_OUTPUT, y, sizeof y, NULL);
    assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext("{? = call calls.nothing}"), SQL_NTS),
                      "22002");
}

/* Rows stay rows. */
static void test_function_with_rows(void **state)
{
    struct fixture *f = *state;
    SQLINTEGER n = 3;
    SQLINTEGER got = 0;

    make_routines();
    bind_int(f->stmt, 1, SQL_PARAM_INPUT, &n, NULL);
    assert_stmt_ok(f->stmt, SQLExecDirect(f->stmt, sqltext("{call calls.rows(?)}"), SQL_NTS));
    for (int i = 1; i <= 3; i++) {
        assert_stmt_ok(f->stmt, SQLFetch(f->stmt));
        assert_stmt_ok(f->stmt, SQLGetData(f->stmt, 1, SQL_C_SLONG, &got, 0, NULL));
        assert_int_equal(got, i);
    }
    assert_int_equal(SQLFetch(f->stmt), SQL_NO_DATA);
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    bind_int(f->stmt, 1, SQL_PARAM_INPUT_OUTPUT, &n, NULL);
    assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext("{call calls.rows(?)}"), SQL_NTS),
                      "HYC00");
}

static void test_in_a_transaction(void **state)
{
    struct fixture *f = *state;
    SQLINTEGER r = 0;
    SQLINTEGER a = 1;

    make_routines();
    assert_dbc_ok(
        f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0));
    bind_int(f->stmt, 1, SQL_PARAM_OUTPUT, &r, NULL);
    bind_int(f->stmt, 2, SQL_PARAM_INPUT, &a, NULL);
    assert_stmt_ok(f->stmt, SQLExecDirect(f->stmt, sqltext("{? = call calls.plus(?)}"), SQL_NTS));
    assert_int_equal(r, 111);
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
}

static void test_refusals(void **state)
{
    struct fixture *f = *state;
    SQLINTEGER a = 1;
    SQLLEN by_default = SQL_DEFAULT_PARAM;

    make_routines();
    bind_int(f->stmt, 1, SQL_PARAM_OUTPUT, &a, NULL);
    gateway_reset();
    assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext("SELECT ?"), SQL_NTS), "HYC00");
    assert_int_equal(gateway_requests(), 0);
    assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext("{call calls.nowhere(?)}"), SQL_NTS),
                      "42883");
    assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext("{call calls.note(?)}"), SQL_NTS),
                      "07006");
    bind_int(f->stmt, 1, SQL_PARAM_INPUT, &a, &by_default);
    assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext("SELECT ?"), SQL_NTS), "07S01");
    assert_stmt_state(f->stmt,
                      SQLBindParameter(f->stmt, 1, SQL_PARAM_OUTPUT_STREAM, SQL_C_CHAR, SQL_VARCHAR,
                                       10, 0, &a, 4, NULL),
                      "HYC00");
}

/* What a session alone keeps goes to one, called as a function too. */
static void test_calls_that_need_a_session(void **state)
{
    struct fixture *f = *state;
    char text[16] = "";
    SQLLEN ind = 0;

    bind_text(f->stmt, 1, SQL_PARAM_OUTPUT, text, sizeof text, &ind);
    assert_stmt_ok(
        f->stmt, SQLExecDirect(f->stmt, sqltext("{? = call set_config('work_mem', '9MB', false)}"),
                               SQL_NTS));
    assert_string_equal(text, "9MB");
    assert_stmt_ok(
        f->stmt,
        SQLExecDirect(f->stmt, sqltext("{? = call current_setting('work_mem')}"), SQL_NTS));
    assert_string_equal(text, "9MB");
    SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
    assert_stmt_ok(f->stmt,
                   SQLExecDirect(f->stmt, sqltext("{call pg_advisory_lock(4714)}"), SQL_NTS));
    assert_string_equal(pg_admin("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND "
                                 "objid = 4714"),
                        "1");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_connected, teardown_connected)
    const struct CMUnitTest tests[] = {
        TEST(test_procedures),       TEST(test_functions), TEST(test_function_with_rows),
        TEST(test_in_a_transaction), TEST(test_refusals),  TEST(test_calls_that_need_a_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
