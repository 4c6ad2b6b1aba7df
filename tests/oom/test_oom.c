/* Allocation failure, from connecting to fetching: oom_test.h. */
#include "oom_test.h"

/* ---- scenarios on an open connection ---- */

static void with_parameters(SQLHSTMT s)
{
    SQLINTEGER v = 5;
    SQLCHAR t[] = "text";
    SQLLEN nts = SQL_NTS;

    if (STMT(SQLPrepare(s, text("SELECT {fn UCASE(?)}, ? + 1; SELECT 2"), SQL_NTS)) &&
        STMT(SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 10, 0, t, sizeof t,
                              &nts)) &&
        STMT(SQLBindParameter(s, 2, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER, 0, 0, &v, 0, NULL)) &&
        STMT(SQLExecute(s)) && STMT(SQLFetch(s)))
        STMT(SQLMoreResults(s));
}

static void block_fetch(SQLHSTMT s)
{
    SQLINTEGER ids[50];
    SQLCHAR texts[50][20];
    SQLLEN inds[2][50];

    SQLSetStmtAttr(s, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)50, 0);
    if (STMT(SQLBindCol(s, 1, SQL_C_LONG, ids, 0, inds[0])) &&
        STMT(SQLBindCol(s, 2, SQL_C_CHAR, texts, 20, inds[1])) &&
        STMT(SQLExecDirect(s, text("SELECT g, 'row ' || g FROM generate_series(1, 200) g"),
                           SQL_NTS)))
        while (true) {
            SQLRETURN rc = SQLFetch(s);
            if (rc == SQL_NO_DATA || !STMT(rc))
                break;
        }
    SQLFreeStmt(s, SQL_UNBIND);
    SQLSetStmtAttr(s, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)1, 0);
}

static void get_data(SQLHSTMT s)
{
    SQLWCHAR w[8];
    SQLLEN ind;
    SQLRETURN rc = SQL_SUCCESS;

    if (STMT(SQLExecDirect(s, text("SELECT repeat('xyz', 20)"), SQL_NTS)) && STMT(SQLFetch(s)))
        while (rc != SQL_NO_DATA && STMT(rc = SQLGetData(s, 1, SQL_C_WCHAR, w, sizeof w, &ind)))
            ;
}

static void origins(SQLHSTMT s)
{
    SQLCHAR name[64];
    SQLLEN nullable;

    /* a definition first, so that the table is asked about in each round */
    if (STMT(SQLExecDirect(s, text("COMMENT ON TABLE oom IS NULL"), SQL_NTS)) &&
        STMT(SQLExecDirect(s, text("SELECT id, note, n + 1 FROM oom"), SQL_NTS)) &&
        STMT(SQLColAttribute(s, 2, SQL_DESC_BASE_COLUMN_NAME, name, sizeof name, NULL, NULL)))
        STMT(SQLColAttribute(s, 3, SQL_DESC_NULLABLE, NULL, 0, NULL, &nullable));
}

static void data_at_execution(SQLHSTMT s)
{
    SQLLEN at_exec = SQL_DATA_AT_EXEC;
    SQLPOINTER token;
    SQLRETURN rc;

    if (!STMT(SQLPrepare(s, text("SELECT ?::text"), SQL_NTS)) ||
        !STMT(SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_LONGVARCHAR, 0, 0, &at_exec,
                               0, &at_exec)))
        return;
    rc = SQLExecute(s);
    if (rc == SQL_NEED_DATA && (rc = SQLParamData(s, &token)) == SQL_NEED_DATA &&
        STMT(SQLPutData(s, text("abc"), 3)))
        STMT(SQLParamData(s, &token));
    else if (rc != SQL_NEED_DATA)
        STMT(rc);
    SQLCancel(s);
    SQLFreeStmt(s, SQL_RESET_PARAMS);
}

static void catalogue(SQLHSTMT s)
{
    if (STMT(SQLColumns(s, NULL, 0, text("public"), SQL_NTS, text("customers"), SQL_NTS, NULL, 0)))
        STMT(SQLFetch(s));
}

/* Rows that are passed on as they come, and rows that are made. */
static void catalogue_of_keys(SQLHSTMT s)
{
    if (STMT(SQLForeignKeys(s, NULL, 0, NULL, 0, NULL, 0, NULL, 0, text("public"), SQL_NTS,
                            text("orders"), SQL_NTS)))
        STMT(SQLFetch(s));
    SQLFreeStmt(s, SQL_CLOSE);
    if (STMT(SQLSpecialColumns(s, SQL_BEST_ROWID, NULL, 0, text("public"), SQL_NTS, text("orders"),
                               SQL_NTS, SQL_SCOPE_SESSION, SQL_NULLABLE)))
        STMT(SQLFetch(s));
}

/* From the third table on from a picture of all; without memory for it, from the server. */
static void catalogue_from_memory(SQLHSTMT s)
{
    static const char *const tables[] = {"customers", "products", "orders", "order_items"};

    for (size_t i = 0; i < 4; i++) {
        if (STMT(
                SQLColumns(s, NULL, 0, text("public"), SQL_NTS, text(tables[i]), SQL_NTS, NULL, 0)))
            STMT(SQLFetch(s));
        SQLFreeStmt(s, SQL_CLOSE);
    }
}

static void type_info(SQLHSTMT s)
{
    if (STMT(SQLGetTypeInfo(s, SQL_ALL_TYPES)))
        STMT(SQLFetch(s));
}

/* Arrays: one INSERT of many rows, and a batch. Nothing is changed. */
static void arrays(SQLHSTMT s)
{
    SQLINTEGER ids[70];
    SQLCHAR names[70][4];

    for (int i = 0; i < 70; i++) {
        ids[i] = 1 + i;
        memcpy(names[i], "abc", 4);
    }
    SQLSetStmtAttr(s, SQL_ATTR_PARAMSET_SIZE, (SQLPOINTER)70, 0);
    if (STMT(
            SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER, 0, 0, ids, 0, NULL)) &&
        STMT(SQLBindParameter(s, 2, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 4, 0, names, 4,
                              NULL)) &&
        STMT(SQLExecDirect(s,
                           text("INSERT INTO customers (id, name) VALUES (?, ?) "
                                "ON CONFLICT DO NOTHING"),
                           SQL_NTS)))
        STMT(SQLExecDirect(s, text("UPDATE customers SET id = id WHERE id = -? AND name = ?"),
                           SQL_NTS));
    SQLSetStmtAttr(s, SQL_ATTR_PARAMSET_SIZE, (SQLPOINTER)1, 0);
    SQLFreeStmt(s, SQL_RESET_PARAMS);
}

/* The row that fails is looked for. */
static void failing_array(SQLHSTMT s)
{
    SQLINTEGER ids[5] = {3, 2, 1, 0, 5};
    SQLCHAR state[6] = "";
    SQLRETURN rc;

    SQLSetStmtAttr(s, SQL_ATTR_PARAMSET_SIZE, (SQLPOINTER)5, 0);
    rc = SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER, 0, 0, ids, 0, NULL);
    if (rc == SQL_SUCCESS)
        rc = SQLExecDirect(s, text("UPDATE customers SET id = id WHERE id = 1 / ? AND id < 0"),
                           SQL_NTS);
    SQLGetDiagRec(SQL_HANDLE_STMT, s, 1, state, NULL, NULL, 0, NULL);
    if (rc != SQL_ERROR ||
        (strcmp((char *)state, "22012") != 0 && strcmp((char *)state, "HY001") != 0)) {
        mem_fail_at(0, 0);
        fail_msg("the array answered %d with state \"%s\"", rc, state);
    }
    SQLSetStmtAttr(s, SQL_ATTR_PARAMSET_SIZE, (SQLPOINTER)1, 0);
    SQLFreeStmt(s, SQL_RESET_PARAMS);
}

static void calls(SQLHSTMT s)
{
    SQLCHAR out[8];
    SQLCHAR in[] = "abc";
    SQLLEN ind = 0;
    SQLLEN nts = SQL_NTS;

    if (STMT(SQLBindParameter(s, 1, SQL_PARAM_OUTPUT, SQL_C_CHAR, SQL_VARCHAR, 8, 0, out, 8,
                              &ind)) &&
        STMT(SQLBindParameter(s, 2, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 4, 0, in, 4, &nts)))
        STMT(SQLExecDirect(s, text("{? = call pg_catalog.upper(?)}"), SQL_NTS));
    SQLFreeStmt(s, SQL_RESET_PARAMS);
    if (STMT(SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 4, 0, in, 4, &nts)) &&
        STMT(SQLExecDirect(s, text("{call pg_catalog.upper(?)}"), SQL_NTS)))
        STMT(SQLFetch(s));
    SQLFreeStmt(s, SQL_RESET_PARAMS);
}

/* Types that the server cannot choose, at once and in what waits. */
static void types_of_last_resort(SQLHSTMT s)
{
    SQLCHAR in[] = "abc";
    SQLLEN nts = SQL_NTS;

    if (STMT(SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 4, 0, in, 4, &nts)) &&
        STMT(SQLExecDirect(s, text("SELECT jsonb_build_object('k', ?)"), SQL_NTS))) {
        SQLFreeStmt(s, SQL_CLOSE);
        if (STMT(SQLExecDirect(s, text("BEGIN"), SQL_NTS)))
            STMT(SQLExecDirect(
                s,
                text("UPDATE customers SET note = jsonb_build_object('k', ?)::text WHERE id < 0"),
                SQL_NTS));
    }
    SQLFreeStmt(s, SQL_RESET_PARAMS);
}

static void asynchronous(SQLHSTMT s)
{
    SQLRETURN rc;

    SQLSetStmtAttr(s, SQL_ATTR_ASYNC_ENABLE, (SQLPOINTER)SQL_ASYNC_ENABLE_ON, 0);
    do
        rc = SQLExecDirect(s, text("SELECT g FROM generate_series(1, 5) g"), SQL_NTS);
    while (rc == SQL_STILL_EXECUTING);
    while (STMT(rc) && rc != SQL_NO_DATA)
        while ((rc = SQLFetch(s)) == SQL_STILL_EXECUTING)
            continue;
    SQLSetStmtAttr(s, SQL_ATTR_ASYNC_ENABLE, (SQLPOINTER)SQL_ASYNC_ENABLE_OFF, 0);
}

/* ---- cursors: each leaves the statement's attributes as they were ---- */

static void set_cursor(SQLHSTMT s, SQLULEN type, SQLULEN concurrency, SQLULEN rows)
{
    SQLSetStmtAttr(s, SQL_ATTR_CURSOR_TYPE, (SQLPOINTER)type, 0);
    SQLSetStmtAttr(s, SQL_ATTR_CONCURRENCY, (SQLPOINTER)concurrency, 0);
    SQLSetStmtAttr(s, SQL_ATTR_USE_BOOKMARKS,
                   (SQLPOINTER)(type == SQL_CURSOR_STATIC ? SQL_UB_VARIABLE : SQL_UB_OFF), 0);
    SQLSetStmtAttr(s, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)rows, 0);
}

static void reset_cursor(SQLHSTMT s)
{
    SQLFreeStmt(s, SQL_CLOSE);
    SQLFreeStmt(s, SQL_UNBIND);
    set_cursor(s, SQL_CURSOR_FORWARD_ONLY, SQL_CONCUR_READ_ONLY, 1);
}

static void scrolling(SQLHSTMT s)
{
    static const SQLSMALLINT way[] = {SQL_FETCH_LAST, SQL_FETCH_PRIOR, SQL_FETCH_FIRST,
                                      SQL_FETCH_ABSOLUTE, SQL_FETCH_RELATIVE};
    SQLINTEGER ids[5];
    unsigned char marks[5][12];
    SQLLEN inds[5];

    set_cursor(s, SQL_CURSOR_STATIC, SQL_CONCUR_READ_ONLY, 5);
    if (STMT(SQLBindCol(s, 0, SQL_C_VARBOOKMARK, marks, sizeof marks[0], inds)) &&
        STMT(SQLBindCol(s, 1, SQL_C_LONG, ids, 0, NULL)) &&
        STMT(SQLExecDirect(s, text("SELECT g, repeat('x', 200) FROM generate_series(1, 3000) g"),
                           SQL_NTS)))
        for (size_t i = 0; i < sizeof way / sizeof way[0]; i++)
            if (!STMT(SQLFetchScroll(s, way[i], 7)))
                break;
    reset_cursor(s);
}

/* What was not changed for want of memory is changed by nobody; the table is the same for every
 * run. */
static void changing_rows(SQLHSTMT s)
{
    SQLINTEGER ids[3];
    SQLINTEGER ns[3];
    SQLLEN inds[3];

    set_cursor(s, SQL_CURSOR_STATIC, SQL_CONCUR_VALUES, 3);
    if (STMT(SQLBindCol(s, 1, SQL_C_LONG, ids, 0, NULL)) &&
        STMT(SQLBindCol(s, 2, SQL_C_LONG, ns, 0, inds)) &&
        STMT(SQLExecDirect(s, text("SELECT id, n, note FROM oom ORDER BY id"), SQL_NTS)) &&
        STMT(SQLFetch(s)) && STMT(SQLSetPos(s, 0, SQL_UPDATE, SQL_LOCK_NO_CHANGE)) &&
        STMT(SQLSetPos(s, 2, SQL_REFRESH, SQL_LOCK_NO_CHANGE)))
        STMT(SQLFetchScroll(s, SQL_FETCH_FIRST, 0));
    reset_cursor(s);
}

/* In a buffered transaction, which is rolled back: rows added, sent in pieces, deleted by bookmark.
 */
static void bulk_in_a_transaction(SQLHSTMT s)
{
    unsigned char marks[2][12];
    SQLLEN inds[2], note_inds[2] = {SQL_DATA_AT_EXEC, SQL_NTS};
    SQLCHAR notes[2][8] = {"", "b"};
    SQLINTEGER ids[2] = {11, 12};
    SQLPOINTER token;
    SQLRETURN rc;

    set_cursor(s, SQL_CURSOR_STATIC, SQL_CONCUR_VALUES, 2);
    if (STMT(SQLExecDirect(s, text("BEGIN"), SQL_NTS)) &&
        STMT(SQLBindCol(s, 0, SQL_C_VARBOOKMARK, marks, sizeof marks[0], inds)) &&
        STMT(SQLBindCol(s, 1, SQL_C_LONG, ids, 0, NULL)) &&
        STMT(SQLBindCol(s, 2, SQL_C_CHAR, notes, sizeof notes[0], note_inds)) &&
        STMT(SQLExecDirect(s, text("SELECT id, note FROM oom"), SQL_NTS))) {
        rc = SQLBulkOperations(s, SQL_ADD);
        if (rc == SQL_NEED_DATA && (rc = SQLParamData(s, &token)) == SQL_NEED_DATA &&
            STMT(SQLPutData(s, text("abc"), 3)) && STMT(SQLParamData(s, &token)))
            STMT(SQLBulkOperations(s, SQL_DELETE_BY_BOOKMARK));
        else if (rc != SQL_NEED_DATA)
            STMT(rc);
        SQLCancel(s);
    }
    reset_cursor(s);
}

/* A setting, rows of one INSERT, checked reads, and a savepoint that is rolled back. */
static void buffered(SQLHSTMT s)
{
    SQLINTEGER id = 20;

    if (!STMT(SQLExecDirect(s, text("BEGIN ISOLATION LEVEL SERIALIZABLE"), SQL_NTS)) ||
        !STMT(SQLExecDirect(s, text("SET app.who TO 'ann'"), SQL_NTS)) ||
        !STMT(SQLPrepare(s, text("INSERT INTO oom (id) VALUES (?)"), SQL_NTS)) ||
        !STMT(SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER, 0, 0, &id, 0, NULL)))
        return;
    for (; id < 26; id++)
        if (!STMT(SQLExecute(s)))
            return;
    if (!STMT(SQLExecDirect(s, text("SAVEPOINT a"), SQL_NTS)) ||
        !STMT(SQLExecDirect(s, text("UPDATE oom SET n = 0"), SQL_NTS)) ||
        !STMT(SQLExecDirect(s, text("SELECT * FROM oom ORDER BY id"), SQL_NTS)))
        return;
    SQLFreeStmt(s, SQL_CLOSE);
    if (STMT(SQLExecDirect(s, text("ROLLBACK TO a"), SQL_NTS)) &&
        STMT(SQLExecDirect(s, text("SELECT set_config('app.who', 'bob', true)"), SQL_NTS)))
        SQLFreeStmt(s, SQL_CLOSE);
}

static void positioned(SQLHSTMT s)
{
    SQLHSTMT other = NULL;

    set_cursor(s, SQL_CURSOR_STATIC, SQL_CONCUR_VALUES, 1);
    if (STMT(SQLSetCursorName(s, text("oom_cursor"), SQL_NTS)) &&
        STMT(SQLExecDirect(s, text("SELECT id, n FROM oom ORDER BY id"), SQL_NTS)) &&
        STMT(SQLFetch(s)) &&
        went_well(SQLAllocHandle(SQL_HANDLE_STMT, the_dbc, &other), SQL_HANDLE_DBC, the_dbc))
        went_well(
            SQLExecDirect(other, text("UPDATE oom SET n = n WHERE CURRENT OF oom_cursor"), SQL_NTS),
            SQL_HANDLE_STMT, other);
    if (other != NULL)
        SQLFreeHandle(SQL_HANDLE_STMT, other);
    reset_cursor(s);
}

static void server_error(SQLHSTMT s)
{
    SQLCHAR state[6] = "";
    SQLRETURN rc = SQLExecDirect(s, text("SELECT 1/0"), SQL_NTS);

    SQLGetDiagRec(SQL_HANDLE_STMT, s, 1, state, NULL, NULL, 0, NULL);
    if (rc == SQL_ERROR &&
        (strcmp((char *)state, "22012") == 0 || strcmp((char *)state, "HY001") == 0))
        return;
    mem_fail_at(0, 0);
    fail_msg("SELECT 1/0 answered %d with state \"%s\"", rc, state);
}

static void test_parameters(void **state)
{
    (void)state;
    fail_each(with_parameters);
}

static void test_block_fetch(void **state)
{
    (void)state;
    fail_each(block_fetch);
}

static void test_get_data(void **state)
{
    (void)state;
    fail_each(get_data);
}

static void test_data_at_execution(void **state)
{
    (void)state;
    fail_each(data_at_execution);
}

static void test_catalogue(void **state)
{
    (void)state;
    fail_each(catalogue);
    fail_each(catalogue_of_keys);
    fail_each(catalogue_from_memory);
}

static void test_type_info(void **state)
{
    (void)state;
    fail_each(type_info);
}

static void test_server_error(void **state)
{
    (void)state;
    fail_each(server_error);
}

static void test_scrolling(void **state)
{
    (void)state;
    fail_each(scrolling);
}

static void with_table(scenario *run)
{
    SQLHDBC dbc;
    SQLHSTMT s;
    SQLINTEGER n = 0;
    SQLLEN ind;

    assert_true(connect_to(&dbc));
    assert_int_equal(SQLAllocHandle(SQL_HANDLE_STMT, dbc, &s), SQL_SUCCESS);
    assert_int_equal(
        SQLExecDirect(s,
                      text("DROP TABLE IF EXISTS oom; CREATE TABLE oom (id int PRIMARY KEY, n int, "
                           "note text); INSERT INTO oom SELECT g, g, 'note' FROM "
                           "generate_series(1, 3) g"),
                      SQL_NTS),
        SQL_SUCCESS);
    SQLFreeStmt(s, SQL_CLOSE);
    fail_each(run);
    assert_int_equal(SQLExecDirect(s, text("SELECT count(*) FROM oom WHERE n = id"), SQL_NTS),
                     SQL_SUCCESS);
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(SQLGetData(s, 1, SQL_C_LONG, &n, 0, &ind), SQL_SUCCESS);
    assert_int_equal(n, 3);
    SQLFreeStmt(s, SQL_CLOSE);
    assert_int_equal(SQLExecDirect(s, text("DROP TABLE oom"), SQL_NTS), SQL_SUCCESS);
    SQLFreeHandle(SQL_HANDLE_STMT, s);
    let_go(dbc);
}

static void test_tables_behind_columns(void **state)
{
    (void)state;
    with_table(origins);
}

static void test_changing_rows(void **state)
{
    (void)state;
    with_table(changing_rows);
}

static void test_bulk_in_a_transaction(void **state)
{
    (void)state;
    oom_transport = "http";
    with_table(bulk_in_a_transaction);
    oom_transport = "auto";
}

static void test_a_buffered_transaction(void **state)
{
    (void)state;
    oom_transport = "http";
    with_table(buffered);
    oom_transport = "auto";
}

static void test_positioned(void **state)
{
    (void)state;
    with_table(positioned);
}

static void test_arrays(void **state)
{
    (void)state;
    fail_each(arrays);
}

static void test_a_failing_array(void **state)
{
    (void)state;
    fail_each(failing_array);
}

static void test_calls(void **state)
{
    (void)state;
    fail_each(calls);
}

static void test_types_of_last_resort(void **state)
{
    (void)state;
    fail_each(types_of_last_resort);
}

static void test_asynchronous_calls(void **state)
{
    (void)state;
    fail_each(asynchronous);
}

static void test_browsing(void **state)
{
    SQLCHAR out[1024];
    uint64_t n = 0;
    uint64_t used;

    (void)state;
    do {
        SQLHDBC dbc = NULL;
        SQLRETURN rc;
        mem_fail_at(++n, 0);
        if (went_well(SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc), SQL_HANDLE_ENV, env)) {
            rc = SQLBrowseConnect(dbc, text("Transport=http"), SQL_NTS, out, sizeof out, NULL);
            if (rc == SQL_NEED_DATA)
                rc = SQLBrowseConnect(dbc, text(connstr()), SQL_NTS, out, sizeof out, NULL);
            went_well(rc, SQL_HANDLE_DBC, dbc);
        }
        used = mem_attempts();
        mem_fail_at(0, 0);
        let_go(dbc);
        assert_true(n < MOST_ALLOCATIONS);
    } while (used >= n);
}

static void test_connecting(void **state)
{
    (void)state;
    fail_each_while_connecting();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connecting),
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_block_fetch),
        cmocka_unit_test(test_get_data),
        cmocka_unit_test(test_data_at_execution),
        cmocka_unit_test(test_catalogue),
        cmocka_unit_test(test_type_info),
        cmocka_unit_test(test_server_error),
        cmocka_unit_test(test_arrays),
        cmocka_unit_test(test_a_failing_array),
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_types_of_last_resort),
        cmocka_unit_test(test_asynchronous_calls),
        cmocka_unit_test(test_browsing),
        cmocka_unit_test(test_scrolling),
        cmocka_unit_test(test_tables_behind_columns),
        cmocka_unit_test(test_changing_rows),
        cmocka_unit_test(test_bulk_in_a_transaction),
        cmocka_unit_test(test_positioned),
        cmocka_unit_test(test_a_buffered_transaction),
    };
    return cmocka_run_group_tests(tests, make_env, free_env);
}
