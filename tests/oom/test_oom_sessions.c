/* Allocation failure in sessions: oom_test.h. */
#include "oom_test.h"

static bool new_stmt(SQLHSTMT *s)
{
    *s = NULL;
    return went_well(SQLAllocHandle(SQL_HANDLE_STMT, the_dbc, s), SQL_HANDLE_DBC, the_dbc);
}

static bool exec(SQLHSTMT s, const char *sql)
{
    SQLFreeStmt(s, SQL_CLOSE);
    return STMT(SQLExecDirect(s, text(sql), SQL_NTS));
}

static bool fetch(SQLHSTMT s, int n_rows)
{
    for (int i = 0; i < n_rows; i++)
        if (!STMT(SQLFetch(s)))
            return false;
    return true;
}

static void a_query(SQLHSTMT s)
{
    SQLCHAR value[300];
    SQLLEN ind;

    if (exec(s, "SELECT g, repeat('x', 200) FROM generate_series(1, 500) g") && fetch(s, 400))
        STMT(SQLGetData(s, 2, SQL_C_CHAR, value, sizeof value, &ind));
}

/* Portions, a result put aside, a notice, a savepoint: more than one answer under way. */
static void several_results(SQLHSTMT s)
{
    SQLHSTMT other;

    if (exec(s, "BEGIN") && new_stmt(&other)) {
        if (exec(s, "SELECT g FROM generate_series(1, 5000) g") && fetch(s, 10) &&
            exec(other, "SELECT g, repeat('y', 50) FROM generate_series(1, 3000) g") &&
            fetch(other, 2500) && fetch(s, 3000) && exec(other, "SAVEPOINT a") &&
            exec(other, "DO 'BEGIN RAISE NOTICE ''told'' USING HINT = ''h''; END'"))
            fetch(s, 1000);
        SQLFreeHandle(SQL_HANDLE_STMT, other);
    }
}

static void a_result_put_aside(SQLHSTMT s)
{
    SQLHSTMT other;

    if (!new_stmt(&other))
        return;
    if (exec(s, "SELECT g, repeat('z', 100) FROM generate_series(1, 4000) g") && fetch(s, 5) &&
        exec(other, "SELECT 1"))
        fetch(s, 3995);
    SQLFreeHandle(SQL_HANDLE_STMT, other);
}

static void prepared(SQLHSTMT s)
{
    SQLINTEGER v = 5;
    SQLSMALLINT n, type, digits, nullable;
    SQLULEN size;

    if (STMT(SQLPrepare(s, text("SELECT ?::int + 1 AS a, 'b' AS b"), SQL_NTS)) &&
        STMT(SQLNumResultCols(s, &n)) &&
        STMT(SQLDescribeParam(s, 1, &type, &size, &digits, &nullable)) &&
        STMT(SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER, 0, 0, &v, 0, NULL)))
        for (int i = 0; i < 3 && STMT(SQLExecute(s)) && fetch(s, 1); i++)
            SQLFreeStmt(s, SQL_CLOSE);
    SQLFreeStmt(s, SQL_RESET_PARAMS);
}

static void errors(SQLHSTMT s)
{
    SQLCHAR state[6] = "";
    SQLRETURN rc;

    if (!exec(s, "BEGIN"))
        return;
    rc = SQLExecDirect(s, text("SELECT 1/0"), SQL_NTS);
    SQLGetDiagRec(SQL_HANDLE_STMT, s, 1, state, NULL, NULL, 0, NULL);
    if (rc != SQL_ERROR ||
        (strcmp((char *)state, "22012") != 0 && strcmp((char *)state, "HY001") != 0)) {
        mem_fail_at(0, 0);
        fail_msg("SELECT 1/0 answered %d with state \"%s\"", rc, state);
    }
}

static void copying_out(SQLHSTMT s)
{
    if (exec(s, "COPY (SELECT g, repeat('x', 50) FROM generate_series(1, 300) g) TO STDOUT"))
        fetch(s, 300);
}

static void several_statements(SQLHSTMT s)
{
    if (exec(s, "SELECT 1; SELECT g FROM generate_series(1, 50) g") && fetch(s, 1) &&
        STMT(SQLMoreResults(s)))
        fetch(s, 50);
}

#define TEST(scenario)                                                                             \
    static void test_##scenario(void **state)                                                      \
    {                                                                                              \
        (void)state;                                                                               \
        oom_transport = "websocket";                                                               \
        fail_each(scenario);                                                                       \
        oom_transport = "auto";                                                                    \
        fail_each(scenario);                                                                       \
    }

TEST(a_query)
TEST(several_results)
TEST(a_result_put_aside)
TEST(prepared)
TEST(errors)
TEST(copying_out)
TEST(several_statements)

static void test_connecting(void **state)
{
    (void)state;
    oom_transport = "websocket";
    fail_each_while_connecting();
}

/* A whole transaction on a connection of its own, made for it: the session is opened in there. */
static void test_a_transaction_from_the_first_byte(void **state)
{
    static const char *const transports[] = {"websocket", "auto"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        uint64_t n = 0;
        uint64_t used;
        oom_transport = transports[i];
        do {
            SQLHSTMT s = NULL;
            mem_fail_at(++n, 0);
            if (connect_to(&the_dbc) && new_stmt(&s) && exec(s, "BEGIN") &&
                exec(s, "CREATE TEMP TABLE t (a int)") && exec(s, "INSERT INTO t VALUES (1)"))
                went_well(SQLEndTran(SQL_HANDLE_DBC, the_dbc, SQL_COMMIT), SQL_HANDLE_DBC, the_dbc);
            used = mem_attempts();
            mem_fail_at(0, 0);
            if (s != NULL) {
                SQLEndTran(SQL_HANDLE_DBC, the_dbc, SQL_ROLLBACK);
                SQLFreeHandle(SQL_HANDLE_STMT, s);
            }
            let_go(the_dbc);
            assert_true(n < MOST_ALLOCATIONS);
        } while (used >= n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connecting),
        cmocka_unit_test(test_a_query),
        cmocka_unit_test(test_several_results),
        cmocka_unit_test(test_a_result_put_aside),
        cmocka_unit_test(test_prepared),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_copying_out),
        cmocka_unit_test(test_several_statements),
        cmocka_unit_test(test_a_transaction_from_the_first_byte),
    };
    return cmocka_run_group_tests(tests, make_env, free_env);
}
