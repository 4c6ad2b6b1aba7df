/* Data at execution for every kind of type, in pieces of every size, and the ends of waiting:
 * cancel, query timeout and read timeout, after which the statement works and nothing runs on the
 * server. */
#include "odbc_test.h"

static SQLHSTMT stmt_of(void **state)
{
    return ((struct fixture *)*state)->stmt;
}

/* One value, sent as one piece or in pieces of `step` bytes; the text of `sql`'s only column. */
static const char *sent(SQLHSTMT s, const char *sql, SQLSMALLINT c_type, SQLSMALLINT sql_type,
                        const void *value, SQLLEN bytes, SQLLEN step)
{
    static char text[512];
    SQLLEN ind = SQL_LEN_DATA_AT_EXEC(bytes);
    SQLPOINTER token = NULL;
    SQLLEN out = 0;

    SQLFreeStmt(s, SQL_CLOSE);
    assert_stmt_ok(s, SQLBindParameter(s, 1, SQL_PARAM_INPUT, c_type, sql_type, 100, 3,
                                       (SQLPOINTER)&ind, 0, &ind));
    assert_int_equal(SQLExecDirect(s, sqltext(sql), SQL_NTS), SQL_NEED_DATA);
    assert_int_equal(SQLParamData(s, &token), SQL_NEED_DATA);
    assert_ptr_equal(token, &ind);
    for (SQLLEN at = 0; at < bytes || at == 0; at += step) {
        SQLLEN left = bytes - at;
        assert_stmt_ok(s, SQLPutData(s, (char *)(uintptr_t)value + at, left < step ? left : step));
    }
    assert_stmt_ok(s, SQLParamData(s, &token));
    assert_stmt_ok(s, SQLFetch(s));
    assert_stmt_ok(s, SQLGetData(s, 1, SQL_C_CHAR, text, sizeof text, &out));
    SQLFreeStmt(s, SQL_CLOSE);
    SQLFreeStmt(s, SQL_RESET_PARAMS);
    return out == SQL_NULL_DATA ? "(null)" : text;
}

static void test_every_kind_of_type(void **state)
{
    SQLHSTMT s = stmt_of(state);
    const SQLINTEGER i32 = -42;
    const SQLBIGINT i64 = INT64_C(1) << 60;
    const SQLDOUBLE f64 = 0.1;
    const unsigned char bit = 1;
    const SQL_DATE_STRUCT d = {2024, 2, 29};
    const SQL_TIME_STRUCT t = {23, 59, 58};
    const SQL_TIMESTAMP_STRUCT ts = {2024, 2, 29, 1, 2, 3, 456000000};
    const SQL_NUMERIC_STRUCT n = {.precision = 5, .scale = 3, .sign = 1, .val = {0x39, 0x30}};
    const SQLGUID g = {0x12345678, 0x9abc, 0xdef0, {1, 2, 3, 4, 5, 6, 7, 8}};
    const SQL_INTERVAL_STRUCT iv = {SQL_IS_DAY, SQL_FALSE, {.day_second = {3, 0, 0, 0, 0}}};
    const unsigned char bytes[] = {0, 1, 0xFE, 0xFF};
#define ONE(sql, c, q, v) sent(s, sql, c, q, &(v), sizeof(v), sizeof(v))
    assert_string_equal(ONE("SELECT ?", SQL_C_SLONG, SQL_INTEGER, i32), "-42");
    assert_string_equal(ONE("SELECT ?", SQL_C_DEFAULT, SQL_INTEGER, i32), "-42");
    assert_string_equal(ONE("SELECT ?", SQL_C_SBIGINT, SQL_BIGINT, i64), "1152921504606846976");
    assert_string_equal(ONE("SELECT ?", SQL_C_DOUBLE, SQL_DOUBLE, f64), "0.1");
    assert_string_equal(ONE("SELECT ?", SQL_C_BIT, SQL_BIT, bit), "1");
    assert_string_equal(ONE("SELECT ?", SQL_C_TYPE_DATE, SQL_TYPE_DATE, d), "2024-02-29");
    assert_string_equal(ONE("SELECT ?", SQL_C_TYPE_TIME, SQL_TYPE_TIME, t), "23:59:58");
    assert_string_equal(ONE("SELECT ?", SQL_C_TYPE_TIMESTAMP, SQL_TYPE_TIMESTAMP, ts),
                        "2024-02-29 01:02:03.456");
    assert_string_equal(ONE("SELECT ?", SQL_C_NUMERIC, SQL_NUMERIC, n), "12.345");
    assert_string_equal(ONE("SELECT ?", SQL_C_GUID, SQL_GUID, g),
                        "12345678-9abc-def0-0102-030405060708");
    assert_string_equal(
        ONE("SELECT extract(day FROM ?)::int", SQL_C_INTERVAL_DAY, SQL_INTERVAL_DAY, iv), "3");
    for (SQLLEN step = 1; step <= 4; step++) {
        assert_string_equal(
            sent(s, "SELECT encode(?, 'hex')", SQL_C_BINARY, SQL_VARBINARY, bytes, 4, step),
            "0001feff");
        /* pieces that split a character */
        assert_string_equal(
            sent(s, "SELECT ?", SQL_C_CHAR, SQL_VARCHAR, "a\xE2\x82\xAC\xF0\x9F\x98\x80", 8, step),
            "a\xE2\x82\xAC\xF0\x9F\x98\x80");
        assert_string_equal(sent(s, "SELECT ?", SQL_C_CHAR, SQL_INTEGER, "1234", 4, step), "1234");
        assert_string_equal(sent(s, "SELECT ?", SQL_C_CHAR, SQL_TYPE_DATE, "2024-02-29", 10, step),
                            "2024-02-29");
    }
    if (sizeof(SQLWCHAR) == 2)
        for (SQLLEN step = 1; step <= 6; step++) {
            static const SQLWCHAR w[] = {'a', 0x20AC, 0xD83D, 0xDE00};
            assert_string_equal(sent(s, "SELECT ?", SQL_C_WCHAR, SQL_WVARCHAR, w, 8, step),
                                "a\xE2\x82\xAC\xF0\x9F\x98\x80");
        }
    assert_string_equal(sent(s, "SELECT length(?)", SQL_C_CHAR, SQL_VARCHAR, "", 0, 1), "0");
}

static void test_null_nts_and_several(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLLEN a = SQL_DATA_AT_EXEC;
    SQLLEN b = SQL_NTS;
    SQLLEN c = SQL_LEN_DATA_AT_EXEC(0);
    SQLPOINTER token = NULL;
    char given[] = "here";

    SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 9, 0, (SQLPOINTER)1, 0, &a);
    SQLBindParameter(s, 2, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 9, 0, given, 5, &b);
    SQLBindParameter(s, 3, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 9, 0, (SQLPOINTER)3, 0, &c);
    assert_stmt_ok(s, SQLPrepare(s, sqltext("SELECT coalesce(?, 'null') || ? || ?"), SQL_NTS));
    for (int round = 0; round < 2; round++) {
        assert_int_equal(SQLExecute(s), SQL_NEED_DATA);
        assert_int_equal(SQLParamData(s, &token), SQL_NEED_DATA);
        assert_ptr_equal(token, (SQLPOINTER)1);
        assert_stmt_ok(s, SQLPutData(s, NULL, SQL_NULL_DATA));
        assert_int_equal(SQLParamData(s, &token), SQL_NEED_DATA);
        assert_ptr_equal(token, (SQLPOINTER)3);
        assert_stmt_ok(s, SQLPutData(s, sqltext("nts"), SQL_NTS));
        assert_stmt_ok(s, SQLParamData(s, &token));
        assert_stmt_ok(s, SQLFetch(s));
        char text[32];
        assert_stmt_ok(s, SQLGetData(s, 1, SQL_C_CHAR, text, sizeof text, NULL));
        assert_string_equal(text, "nullherents");
        SQLFreeStmt(s, SQL_CLOSE);
    }
    /* Cancelled between two parameters: nothing was sent, and it may begin anew. */
    gateway_reset();
    assert_int_equal(SQLExecute(s), SQL_NEED_DATA);
    assert_int_equal(SQLParamData(s, &token), SQL_NEED_DATA);
    assert_stmt_ok(s, SQLPutData(s, sqltext("x"), 1));
    assert_stmt_ok(s, SQLCancel(s));
    assert_int_equal(gateway_requests(), 0);
    assert_int_equal(SQLExecute(s), SQL_NEED_DATA);
    assert_stmt_ok(s, SQLCancel(s));
    SQLFreeStmt(s, SQL_RESET_PARAMS);
    assert_string_equal(query_text(s, "SELECT 'usable'"), "usable");
}

/* The answer does not come: HYT01, and the server's side of it ends too. */
static void test_a_read_timeout_ends_the_statement_on_the_server(void **state)
{
    struct fixture *f = *state;

    fixture_silence(f, 1);
    assert_stmt_state(f->stmt,
                      SQLExecDirect(f->stmt, sqltext("SELECT pg_sleep(60) /* silent */"), SQL_NTS),
                      "HYT01");
    fixture_silence(f, 0);
    wait_until_gone("%/* silent%");
    assert_string_equal(query_text(f->stmt, "SELECT 'usable'"), "usable");
}

static void test_a_query_timeout_in_an_array(void **state)
{
    struct fixture *f = *state;
    SQLINTEGER v[3] = {1, 2, 3};
    SQLUSMALLINT status[3] = {99, 99, 99};

    SQLSetStmtAttr(f->stmt, SQL_ATTR_PARAMSET_SIZE, (SQLPOINTER)3, 0);
    SQLSetStmtAttr(f->stmt, SQL_ATTR_PARAM_STATUS_PTR, status, 0);
    SQLSetStmtAttr(f->stmt, SQL_ATTR_QUERY_TIMEOUT, (SQLPOINTER)1, 0);
    SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, v, 0, NULL);
    assert_stmt_state(f->stmt,
                      SQLExecDirect(f->stmt,
                                    sqltext("INSERT INTO customers (id, name) SELECT ?, 'x' "
                                            "FROM pg_sleep(30) /* array */"),
                                    SQL_NTS),
                      "HYT00");
    for (int i = 0; i < 3; i++)
        assert_int_equal(status[i], SQL_PARAM_DIAG_UNAVAILABLE);
    wait_until_gone("%/* array%");
    SQLSetStmtAttr(f->stmt, SQL_ATTR_QUERY_TIMEOUT, (SQLPOINTER)0, 0);
    SQLSetStmtAttr(f->stmt, SQL_ATTR_PARAMSET_SIZE, (SQLPOINTER)1, 0);
    SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
    assert_string_equal(query_text(f->stmt, "SELECT 'usable'"), "usable");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_connected, teardown_connected)
    const struct CMUnitTest tests[] = {
        TEST(test_every_kind_of_type),
        TEST(test_null_nts_and_several),
        TEST(test_a_read_timeout_ends_the_statement_on_the_server),
        TEST(test_a_query_timeout_in_an_array),
    };
    return RUN_OVER(OVER_ALL, tests);
}
