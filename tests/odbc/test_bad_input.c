/* Bad input, given to the driver itself (a manager would catch some of it): a defined answer at
 * once, nothing sent, and the handle works afterwards. */
#include "odbc_test.h"

static SQLHSTMT stmt_of(void **state)
{
    return ((struct fixture *)*state)->stmt;
}

static SQLHDBC dbc_of(void **state)
{
    return ((struct fixture *)*state)->dbc;
}

static void assert_usable(SQLHSTMT s)
{
    SQLINTEGER n = 0;

    DRIVER(SQLFreeStmt)(s, SQL_CLOSE);
    DRIVER(SQLFreeStmt)(s, SQL_RESET_PARAMS);
    assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLExecDirect)(s, sqltext("SELECT 7"), SQL_NTS));
    assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLFetch)(s));
    assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLGetData)(s, 1, SQL_C_SLONG, &n, 0, NULL));
    assert_int_equal(n, 7);
    DRIVER(SQLFreeStmt)(s, SQL_CLOSE);
}

static SQLWCHAR *wide(const char *ascii)
{
    static SQLWCHAR text[256];
    size_t n = 0;

    for (; ascii[n] != '\0' && n < 255; n++)
        text[n] = (SQLWCHAR)(unsigned char)ascii[n];
    text[n] = 0;
    return text;
}

static void test_texts(void **state)
{
    static const char *const empty[] = {"", " \t\n", ";", "-- only a comment",
                                        "/* one */ ;; -- two"};
    SQLHSTMT s = stmt_of(state);
    SQLSMALLINT columns = 9;
    SQLLEN count = 9;
    SQLWCHAR lone[] = {'S', 'E', 'L', 'E', 'C', 'T', ' ', '\'', 0xD800, '\'', 0};

    gateway_reset();
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLExecDirect)(s, NULL, SQL_NTS), "HY009");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLExecDirect)(s, NULL, 5), "HY009");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLExecDirect)(s, sqltext("SELECT 1"), -1),
                        "HY090");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLExecDirectW)(s, wide("SELECT 1"), -4),
                        "HY090");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLPrepare)(s, sqltext("x"), -2), "HY090");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLExecDirectW)(s, lone, SQL_NTS), "22021");
    assert_direct_state(SQL_HANDLE_STMT, s,
                        DRIVER(SQLExecDirect)(s, sqltext("SELECT '\xFF\xFE'"), SQL_NTS), "22021");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLExecDirect)(s, sqltext("SELECT '\0'"), 10),
                        "22021");
    assert_direct_state(SQL_HANDLE_STMT, s,
                        DRIVER(SQLExecDirect)(s, sqltext("SELECT 'never closed"), SQL_NTS),
                        "42000");
    assert_direct_state(SQL_HANDLE_STMT, s,
                        DRIVER(SQLExecDirect)(s, sqltext("SELECT {fn UCASE('a'"), SQL_NTS),
                        "42000");
    assert_direct_state(SQL_HANDLE_STMT, s,
                        DRIVER(SQLExecDirect)(s, sqltext("COPY customers FROM STDIN"), SQL_NTS),
                        over(OVER_HTTP) ? "HYC00" : "07002");
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLExecDirect)(s, sqltext(empty[i]), SQL_NTS));
        assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLNumResultCols)(s, &columns));
        assert_int_equal(columns, 0);
        assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLRowCount)(s, &count));
        assert_int_equal(count, -1);
    }
    assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLExecDirect)(s, sqltext("SELECT 1"), 0));
    assert_int_equal(gateway_requests(), 0);
    assert_usable(s);
}

/* A session has no limit to a request. */
static void assert_too_large(SQLHSTMT s, SQLRETURN rc)
{
    if (over(OVER_WEBSOCKET)) {
        assert_direct_ok(SQL_HANDLE_STMT, s, rc);
        assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLFreeStmt)(s, SQL_CLOSE));
    } else {
        assert_direct_state(SQL_HANDLE_STMT, s, rc, "54000");
    }
}

static void test_too_much(void **state)
{
    enum { MARKERS = 70000, BYTES = 12 << 20 };
    SQLHSTMT s = stmt_of(state);
    char *text = malloc(BYTES + 16);
    size_t n;

    gateway_reset();
    n = (size_t)sprintf(text, "SELECT 1 WHERE 1 IN (?");
    for (int i = 1; i < MARKERS; i++)
        n += (size_t)sprintf(text + n, ",?");
    sprintf(text + n, ")");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLPrepare)(s, (SQLCHAR *)text, SQL_NTS),
                        "54000");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLExecDirect)(s, (SQLCHAR *)text, SQL_NTS),
                        "54000");
    memset(text, 'x', BYTES);
    memcpy(text, "SELECT length('", 15);
    memcpy(text + BYTES, "')", 3);
    assert_too_large(s, DRIVER(SQLExecDirect)(s, (SQLCHAR *)text, SQL_NTS));
    /* as a parameter too */
    memset(text, 'x', BYTES);
    text[BYTES] = '\0';
    assert_direct_ok(SQL_HANDLE_STMT, s,
                     DRIVER(SQLBindParameter)(s, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_LONGVARCHAR, 0,
                                              0, text, BYTES, NULL));
    assert_too_large(s, DRIVER(SQLExecDirect)(s, sqltext("SELECT length(?)"), SQL_NTS));
    assert_int_equal(gateway_requests(), 0);
    free(text);
    assert_usable(s);
}

static void test_parameters(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLINTEGER v = 1;
    SQLLEN ind = 0;
    SQLWCHAR lone[] = {0xDC00, 'a', 0};
    char text[] = "ab";

    gateway_reset();
    assert_direct_state(SQL_HANDLE_STMT, s,
                        DRIVER(SQLBindParameter)(s, 0, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0,
                                                 0, &v, 0, NULL),
                        "07009");
    assert_direct_state(SQL_HANDLE_STMT, s,
                        DRIVER(SQLBindParameter)(s, 40000, SQL_PARAM_INPUT, SQL_C_SLONG,
                                                 SQL_INTEGER, 0, 0, &v, 0, NULL),
                        "07009");
    assert_direct_state(
        SQL_HANDLE_STMT, s,
        DRIVER(SQLBindParameter)(s, 1, 77, SQL_C_SLONG, SQL_INTEGER, 0, 0, &v, 0, NULL), "HY105");
    assert_direct_state(
        SQL_HANDLE_STMT, s,
        DRIVER(SQLBindParameter)(s, 1, SQL_PARAM_INPUT, 4711, SQL_INTEGER, 0, 0, &v, 0, NULL),
        "HY003");
    assert_direct_state(
        SQL_HANDLE_STMT, s,
        DRIVER(SQLBindParameter)(s, 1, SQL_PARAM_INPUT, SQL_C_SLONG, 4711, 0, 0, &v, 0, NULL),
        "HY004");
    assert_direct_state(SQL_HANDLE_STMT, s,
                        DRIVER(SQLBindParameter)(s, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0,
                                                 0, &v, -1, NULL),
                        "HY090");
    assert_direct_state(SQL_HANDLE_STMT, s,
                        DRIVER(SQLBindParameter)(s, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0,
                                                 0, NULL, 0, NULL),
                        "HY009");
    assert_direct_state(SQL_HANDLE_STMT, s,
                        DRIVER(SQLBindParameter)(s, 1, SQL_PARAM_INPUT, SQL_C_TYPE_DATE,
                                                 SQL_INTEGER, 0, 0, &v, 0, NULL),
                        "07006");
    /* lengths and texts that only show when it is executed */
    assert_direct_ok(SQL_HANDLE_STMT, s,
                     DRIVER(SQLBindParameter)(s, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 2, 0,
                                              text, 3, &ind));
    ind = -77;
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLExecDirect)(s, sqltext("SELECT ?"), SQL_NTS),
                        "HY090");
    assert_direct_ok(SQL_HANDLE_STMT, s,
                     DRIVER(SQLBindParameter)(s, 1, SQL_PARAM_INPUT, SQL_C_WCHAR, SQL_WVARCHAR, 2,
                                              0, lone, sizeof lone, &ind));
    ind = SQL_NTS;
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLExecDirect)(s, sqltext("SELECT ?"), SQL_NTS),
                        "22021");
    ind = 3; /* no whole character */
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLExecDirect)(s, sqltext("SELECT ?"), SQL_NTS),
                        "HY090");
    assert_direct_ok(SQL_HANDLE_STMT, s,
                     DRIVER(SQLBindParameter)(s, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 2, 0,
                                              NULL, 3, &ind));
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLExecDirect)(s, sqltext("SELECT ?"), SQL_NTS),
                        "HY009");
    assert_direct_state(SQL_HANDLE_STMT, s,
                        DRIVER(SQLExecDirect)(s, sqltext("SELECT ?, ?"), SQL_NTS), "HY009");
    /* a number has four bytes, whatever its length says */
    assert_direct_ok(SQL_HANDLE_STMT, s,
                     DRIVER(SQLBindParameter)(s, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0,
                                              NULL, 0, &ind));
    ind = 0;
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLExecDirect)(s, sqltext("SELECT ?"), SQL_NTS),
                        "HY009");
    assert_direct_ok(SQL_HANDLE_STMT, s,
                     DRIVER(SQLBindParameter)(s, 1, SQL_PARAM_INPUT, SQL_C_DEFAULT, SQL_INTEGER, 0,
                                              0, NULL, 0, &ind));
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLExecDirect)(s, sqltext("SELECT ?"), SQL_NTS),
                        "HY009");
    assert_int_equal(gateway_requests(), 0);
    assert_usable(s);
}

static void test_data_at_execution(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLLEN ind = SQL_DATA_AT_EXEC;
    SQLPOINTER token;

    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLParamData)(s, &token), "HY010");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLPutData)(s, sqltext("x"), 1), "HY010");
    assert_direct_ok(SQL_HANDLE_STMT, s,
                     DRIVER(SQLBindParameter)(s, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 2, 0,
                                              &token, 3, &ind));
    assert_int_equal(DRIVER(SQLExecDirect)(s, sqltext("SELECT ?"), SQL_NTS), SQL_NEED_DATA);
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLPutData)(s, sqltext("x"), 1), "HY010");
    assert_int_equal(DRIVER(SQLParamData)(s, NULL), SQL_NEED_DATA);
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLPutData)(s, NULL, 5), "HY009");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLPutData)(s, sqltext("x"), -9), "HY090");
    assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLPutData)(s, sqltext("x"), 1));
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLPutData)(s, NULL, SQL_NULL_DATA), "HY020");
    assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLCancel)(s));
    /* an empty text needs no pointer, a number does */
    assert_int_equal(DRIVER(SQLExecDirect)(s, sqltext("SELECT ?"), SQL_NTS), SQL_NEED_DATA);
    assert_int_equal(DRIVER(SQLParamData)(s, NULL), SQL_NEED_DATA);
    assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLPutData)(s, NULL, 0));
    assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLCancel)(s));
    assert_direct_ok(SQL_HANDLE_STMT, s,
                     DRIVER(SQLBindParameter)(s, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0,
                                              &token, 0, &ind));
    assert_int_equal(DRIVER(SQLExecDirect)(s, sqltext("SELECT ?"), SQL_NTS), SQL_NEED_DATA);
    assert_int_equal(DRIVER(SQLParamData)(s, NULL), SQL_NEED_DATA);
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLPutData)(s, NULL, 0), "HY009");
    assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLCancel)(s));
    assert_usable(s);
}

static void test_null_pointers_and_odd_lengths(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLHDBC d = dbc_of(state);
    SQLSMALLINT len = 0;
    SQLINTEGER long_len = 0;
    SQLWCHAR out[8];

    /* output arguments may be null */
    assert_direct_ok(SQL_HANDLE_STMT, s,
                     DRIVER(SQLExecDirect)(s, sqltext("SELECT 1 AS a"), SQL_NTS));
    assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLNumResultCols)(s, NULL));
    assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLRowCount)(s, NULL));
    assert_direct_ok(SQL_HANDLE_STMT, s,
                     DRIVER(SQLDescribeCol)(s, 1, NULL, 0, NULL, NULL, NULL, NULL, NULL));
    assert_direct_state(SQL_HANDLE_STMT, s,
                        DRIVER(SQLDescribeCol)(s, 9, NULL, 0, NULL, NULL, NULL, NULL, NULL),
                        "07009");
    assert_direct_state(SQL_HANDLE_STMT, s,
                        DRIVER(SQLColAttribute)(s, 1, 4711, NULL, 0, NULL, NULL), "HY091");
    DRIVER(SQLFreeStmt)(s, SQL_CLOSE);
    assert_direct_ok(SQL_HANDLE_DBC, d, DRIVER(SQLGetInfo)(d, SQL_DBMS_NAME, NULL, 0, &len));
    assert_int_equal(len, 10);
    assert_direct_state(SQL_HANDLE_DBC, d, DRIVER(SQLGetInfo)(d, 4711, out, 8, &len), "HY096");
    assert_direct_state(SQL_HANDLE_DBC, d, DRIVER(SQLGetInfoW)(d, SQL_DBMS_NAME, out, 7, &len),
                        "HY090");
    assert_direct_state(SQL_HANDLE_DBC, d, DRIVER(SQLGetInfo)(d, SQL_DBMS_NAME, out, -1, &len),
                        "HY090");
    assert_direct_state(SQL_HANDLE_DBC, d,
                        DRIVER(SQLGetConnectAttrW)(d, SQL_ATTR_CURRENT_CATALOG, out, 5, &long_len),
                        "HY090");
    assert_direct_state(SQL_HANDLE_DBC, d, DRIVER(SQLNativeSql)(d, NULL, SQL_NTS, NULL, 0, NULL),
                        "HY009");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLSetCursorName)(s, NULL, SQL_NTS), "HY009");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLSetCursorName)(s, sqltext("c"), -9), "HY090");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLSetStmtAttr)(s, 4711, NULL, 0), "HY092");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLGetTypeInfo)(s, 4711), "HY004");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLFreeStmt)(s, 77), "HY092");
    assert_direct_state(SQL_HANDLE_DBC, d, DRIVER(SQLEndTran)(SQL_HANDLE_DBC, d, 9), "HY012");
    assert_usable(s);
}

static void test_sequence(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLINTEGER v;
    SQLLEN count;
    SQLSMALLINT n;

    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLExecute)(s), "HY010");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLNumParams)(s, &n), "HY010");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLRowCount)(s, &count), "HY010");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLDescribeParam)(s, 1, &n, NULL, NULL, NULL),
                        "HY010");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLCloseCursor)(s), "24000");
    assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLExecDirect)(s, sqltext("SELECT 1"), SQL_NTS));
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLGetData)(s, 1, SQL_C_SLONG, &v, 0, NULL),
                        "24000");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLExecDirect)(s, sqltext("SELECT 1"), SQL_NTS),
                        "24000");
    assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLCloseCursor)(s));
    assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLPrepare)(s, sqltext("SELECT ?"), SQL_NTS));
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLDescribeParam)(s, 2, &n, NULL, NULL, NULL),
                        "07009");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLExecute)(s), "07002");
    assert_usable(s);
}

static void test_handles(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLHDBC d = dbc_of(state);

    assert_int_equal(DRIVER(SQLExecDirect)(d, sqltext("SELECT 1"), SQL_NTS), SQL_INVALID_HANDLE);
    assert_int_equal(DRIVER(SQLFetch)(NULL), SQL_INVALID_HANDLE);
    assert_int_equal(DRIVER(SQLGetInfo)(s, SQL_DBMS_NAME, NULL, 0, NULL), SQL_INVALID_HANDLE);
    assert_int_equal(DRIVER(SQLBrowseConnect)(s, NULL, 0, NULL, 0, NULL), SQL_INVALID_HANDLE);
    assert_int_equal(DRIVER(SQLParamOptions)(d, 1, NULL), SQL_INVALID_HANDLE);
    assert_int_equal(DRIVER(SQLCancel)(d), SQL_INVALID_HANDLE);
    assert_int_equal(DRIVER(SQLFreeHandle)(SQL_HANDLE_DESC, s), SQL_INVALID_HANDLE);
    assert_direct_state(SQL_HANDLE_DBC, d, DRIVER(SQLBrowseConnect)(d, NULL, 0, NULL, 0, NULL),
                        "08002");
    assert_usable(s);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_direct, teardown_direct)
    const struct CMUnitTest tests[] = {
        TEST(test_texts),
        TEST(test_too_much),
        TEST(test_parameters),
        TEST(test_data_at_execution),
        TEST(test_null_pointers_and_odd_lengths),
        TEST(test_sequence),
        TEST(test_handles),
    };
    return RUN_OVER(OVER_ALL, tests);
}
