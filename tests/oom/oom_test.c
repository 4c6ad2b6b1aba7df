/* Called by test_oom.c and test_oom_sessions.c. */
#include "oom_test.h"

SQLHENV env;
SQLHDBC the_dbc;
const char *oom_transport = "auto";

SQLCHAR *text(const char *s)
{
    return (SQLCHAR *)(uintptr_t)s;
}

const char *connstr(void)
{
    static char s[2048];
    const char *password = getenv("NEON_TEST_PASSWORD");
    size_t n;

    if (getenv("NEON_TEST_GATEWAY_URL") == NULL || password == NULL)
        fail_msg("run this test through tests/with-services.sh (make check does)");
    n = (size_t)snprintf(s, sizeof s,
                         "Server=%s;UID=%s;Database=%s;ApiHost=%s;AllowInsecure=1;Transport=%s;"
                         "PWD={",
                         getenv("NEON_TEST_SERVER"), getenv("NEON_TEST_USER"),
                         getenv("NEON_TEST_DATABASE"), getenv("NEON_TEST_GATEWAY_URL"),
                         oom_transport);
    for (const char *p = password; *p != '\0'; p++) {
        if (*p == '}')
            s[n++] = '}';
        s[n++] = *p;
    }
    s[n++] = '}';
    s[n] = '\0';
    return s;
}

bool went_well(SQLRETURN rc, SQLSMALLINT type, SQLHANDLE h)
{
    SQLCHAR state[6] = "";
    SQLCHAR message[512] = "";

    if (SQL_SUCCEEDED(rc) || rc == SQL_NO_DATA)
        return true;
    assert_int_equal(rc, SQL_ERROR);
    assert_int_equal(SQLGetDiagRec(type, h, 1, state, NULL, message, sizeof message, NULL),
                     SQL_SUCCESS);
    if (strcmp((char *)state, "HY001") != 0) {
        mem_fail_at(0, 0);
        fail_msg("state %s instead of HY001: %s", state, message);
    }
    return false;
}

bool connect_to(SQLHDBC *dbc)
{
    *dbc = NULL;
    if (!went_well(SQLAllocHandle(SQL_HANDLE_DBC, env, dbc), SQL_HANDLE_ENV, env))
        return false;
    return went_well(
        SQLDriverConnect(*dbc, NULL, text(connstr()), SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT),
        SQL_HANDLE_DBC, *dbc);
}

void let_go(SQLHDBC dbc)
{
    if (dbc == NULL)
        return;
    SQLDisconnect(dbc);
    SQLFreeHandle(SQL_HANDLE_DBC, dbc);
}

void assert_usable(SQLHSTMT s)
{
    SQLINTEGER v = 0;
    SQLLEN ind;

    SQLFreeStmt(s, SQL_CLOSE);
    SQLFreeStmt(s, SQL_RESET_PARAMS);
    if (SQLExecDirect(s, text("SELECT 42"), SQL_NTS) != SQL_SUCCESS) {
        SQLCHAR state[6] = "";
        SQLCHAR message[512] = "";
        SQLGetDiagRec(SQL_HANDLE_STMT, s, 1, state, NULL, message, sizeof message, NULL);
        fail_msg("the handle is unusable afterwards: %s %s", state, message);
    }
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(SQLGetData(s, 1, SQL_C_LONG, &v, 0, &ind), SQL_SUCCESS);
    assert_int_equal(v, 42);
    SQLFreeStmt(s, SQL_CLOSE);
}

void fail_each(scenario *run)
{
    SQLHDBC dbc;
    SQLHSTMT s;
    uint64_t n = 0;
    uint64_t used;

    assert_true(connect_to(&dbc));
    the_dbc = dbc;
    assert_int_equal(SQLAllocHandle(SQL_HANDLE_STMT, dbc, &s), SQL_SUCCESS);
    do {
        mem_fail_at(++n, 0);
        run(s);
        used = mem_attempts();
        mem_fail_at(0, 0);
        assert_int_equal(SQLEndTran(SQL_HANDLE_DBC, dbc, SQL_ROLLBACK), SQL_SUCCESS);
        assert_usable(s);
        assert_true(n < MOST_ALLOCATIONS);
    } while (used >= n);
    assert_true(n > 3);
    SQLFreeHandle(SQL_HANDLE_STMT, s);
    let_go(dbc);
}

void fail_each_while_connecting(void)
{
    uint64_t n = 0;
    uint64_t used;

    do {
        SQLHDBC dbc;
        SQLHSTMT s = NULL;
        mem_fail_at(++n, 0);
        if (connect_to(&dbc))
            went_well(SQLAllocHandle(SQL_HANDLE_STMT, dbc, &s), SQL_HANDLE_DBC, dbc);
        used = mem_attempts();
        mem_fail_at(0, 0);
        if (s != NULL)
            assert_usable(s);
        let_go(dbc);
        assert_true(n < MOST_ALLOCATIONS);
    } while (used >= n);
    assert_true(n > 10);
}

int make_env(void **state)
{
    (void)state;
    assert_int_equal(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env), SQL_SUCCESS);
    assert_int_equal(
        SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)(intptr_t)SQL_OV_ODBC3_80, 0),
        SQL_SUCCESS);
    return 0;
}

int free_env(void **state)
{
    (void)state;
    return SQLFreeHandle(SQL_HANDLE_ENV, env) == SQL_SUCCESS ? 0 : -1;
}
