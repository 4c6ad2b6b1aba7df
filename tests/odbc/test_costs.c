/* What each call costs in requests (design section 5), counted at the gateway. */
#include "odbc_test.h"

static struct fixture *fixture_of(void **state)
{
    return *state;
}

static void test_connecting_costs_one_request(void **state)
{
    struct fixture *f = fixture_of(state);

    fixture_connect(f, NULL);
    assert_int_equal(gateway_requests(), 1);
    assert_dbc_ok(f->dbc, SQLFreeHandle(SQL_HANDLE_STMT, f->stmt));
    f->stmt = NULL;
    assert_dbc_ok(f->dbc, SQLDisconnect(f->dbc));
    assert_int_equal(gateway_requests(), 1);
}

static void test_connecting_without_the_probe_costs_none(void **state)
{
    struct fixture *f = fixture_of(state);

    fixture_connect(f, "DSN=neon;VerifyConnectionEarly=0");
    assert_int_equal(gateway_requests(), 0);
    assert_string_equal(query_text(f->stmt, "SELECT 1"), "1");
    assert_int_equal(gateway_requests(), 1);
}

/* What pyodbc asks on its first connection. */
static void test_what_is_asked_of_the_driver_itself_costs_nothing(void **state)
{
    static const SQLSMALLINT types[] = {SQL_ALL_TYPES, SQL_VARCHAR, SQL_WVARCHAR, SQL_VARBINARY,
                                        SQL_TYPE_TIMESTAMP};
    struct fixture *f = fixture_of(state);
    SQLCHAR text[256];
    SQLSMALLINT len;
    SQLUSMALLINT supported[SQL_API_ODBC3_ALL_FUNCTIONS_SIZE];
    SQLINTEGER n;
    SQLSMALLINT params;
    SQLUINTEGER value;

    fixture_connect(f, NULL);
    gateway_reset();
    assert_dbc_ok(f->dbc, SQLGetInfo(f->dbc, SQL_DRIVER_ODBC_VER, text, sizeof text, &len));
    assert_dbc_ok(f->dbc, SQLGetInfo(f->dbc, SQL_DBMS_VER, text, sizeof text, &len));
    assert_dbc_ok(f->dbc, SQLGetFunctions(f->dbc, SQL_API_ODBC3_ALL_FUNCTIONS, supported));
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        assert_stmt_ok(f->stmt, SQLGetTypeInfo(f->stmt, types[i]));
        assert_int_equal(SQLFetch(f->stmt), SQL_SUCCESS);
        SQLFreeStmt(f->stmt, SQL_CLOSE);
    }
    assert_stmt_ok(f->stmt, SQLPrepare(f->stmt, sqltext("SELECT ?, ?"), SQL_NTS));
    assert_stmt_ok(f->stmt, SQLNumParams(f->stmt, &params));
    assert_int_equal(params, 2);
    assert_dbc_ok(
        f->dbc, SQLNativeSql(f->dbc, sqltext("SELECT {fn NOW()}"), SQL_NTS, text, sizeof text, &n));
    assert_dbc_ok(f->dbc, SQLGetConnectAttr(f->dbc, SQL_ATTR_CONNECTION_DEAD, &value, 0, NULL));
    assert_dbc_ok(f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT,
                                            (SQLPOINTER)SQL_AUTOCOMMIT_ON, SQL_IS_UINTEGER));
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
    assert_int_equal(gateway_requests(), 0);
}

static void test_a_statement_costs_exactly_one(void **state)
{
    struct fixture *f = fixture_of(state);
    SQLINTEGER v = 5;

    fixture_connect(f, NULL);
    gateway_reset();
    run(f->stmt, "SELECT g FROM generate_series(1, 5000) g");
    while (SQLFetch(f->stmt) == SQL_SUCCESS)
        ;
    assert_int_equal(gateway_requests(), 1);
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    assert_stmt_ok(f->stmt, SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER,
                                             0, 0, &v, 0, NULL));
    run(f->stmt, "SELECT ? + 1");
    assert_int_equal(gateway_requests(), 2);
    SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
    run(f->stmt, "SELECT 1; SELECT 2; SELECT 3");
    while (SQLMoreResults(f->stmt) == SQL_SUCCESS)
        ;
    assert_int_equal(gateway_requests(), 3);
    assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_QUERY_TIMEOUT, (SQLPOINTER)30, 0));
    run(f->stmt, "SELECT 1");
    assert_int_equal(gateway_requests(), 4);
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext("SELECT 1/0"), SQL_NTS), "22012");
    assert_int_equal(gateway_requests(), 5);
}

static void test_catalog_functions_cost_one(void **state)
{
    struct fixture *f = fixture_of(state);

    fixture_connect(f, NULL);
    gateway_reset();
    assert_stmt_ok(f->stmt, SQLTables(f->stmt, NULL, 0, NULL, 0, NULL, 0, NULL, 0));
    assert_int_equal(SQLFetch(f->stmt), SQL_SUCCESS);
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    assert_int_equal(gateway_requests(), 1);
    assert_stmt_ok(f->stmt,
                   SQLColumns(f->stmt, NULL, 0, NULL, 0, sqltext("customers"), SQL_NTS, NULL, 0));
    assert_int_equal(SQLFetch(f->stmt), SQL_SUCCESS);
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    assert_int_equal(gateway_requests(), 2);
    /* the list of table types is known here */
    assert_stmt_ok(f->stmt, SQLTables(f->stmt, sqltext(""), 0, sqltext(""), 0, sqltext(""), 0,
                                      sqltext("%"), 1));
    assert_int_equal(gateway_requests(), 2);
}

static void test_connections_of_a_process_share_their_network_connections(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct fixture *f = fixture_new(SQL_OV_ODBC3);
        fixture_connect(f, NULL);
        assert_string_equal(query_text(f->stmt, "SELECT 1"), "1");
        fixture_free(f);
    }
    assert_int_equal(gateway_requests(), 40);
    assert_true(gateway_count("tcp_connections") <= 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_unconnected, teardown_connected)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_connecting_costs_one_request),
        T(test_connecting_without_the_probe_costs_none),
        T(test_what_is_asked_of_the_driver_itself_costs_nothing),
        T(test_a_statement_costs_exactly_one),
        T(test_catalog_functions_cost_one),
        T(test_connections_of_a_process_share_their_network_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
