/* UPDATE and DELETE ... WHERE CURRENT OF a named cursor, through the driver manager. */
#include "odbc_test.h"

static const char make_table[] =
    "DROP TABLE IF EXISTS positioned; CREATE TABLE positioned (id integer PRIMARY KEY, name text, "
    "n integer CHECK (n < 1000)); INSERT INTO positioned SELECT g, 'name ' || g, g FROM "
    "generate_series(1, 9) g";
static const char select_all[] = "SELECT id, name, n FROM positioned ORDER BY id";
static const char all_names[] = "select string_agg(name, ',' order by id) from positioned "
                                "where id < 4";

static int setup_table(void **state)
{
    struct fixture *f;

    setup_connected(state);
    f = *state;
    run(f->stmt, make_table);
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    assert_stmt_ok(f->stmt,
                   SQLSetStmtAttr(f->stmt, SQL_ATTR_CURSOR_TYPE, (SQLPOINTER)SQL_CURSOR_STATIC, 0));
    assert_stmt_ok(f->stmt,
                   SQLSetStmtAttr(f->stmt, SQL_ATTR_CONCURRENCY, (SQLPOINTER)SQL_CONCUR_VALUES, 0));
    return 0;
}

static int teardown_table(void **state)
{
    struct fixture *f = *state;

    SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK);
    return teardown_connected(state);
}

static SQLLEN row_count(SQLHSTMT s)
{
    SQLLEN n = -7;

    assert_stmt_ok(s, SQLRowCount(s, &n));
    return n;
}

static void test_update_and_delete(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;
    SQLHSTMT change = new_stmt(f);
    SQLCHAR name[32] = "";
    char text[200];
    SQLLEN ind;
    SQLINTEGER code = 0;

    assert_stmt_ok(s, SQLSetCursorName(s, sqltext("My_Cursor"), SQL_NTS));
    run(s, select_all);
    assert_int_equal(SQLFetchScroll(s, SQL_FETCH_ABSOLUTE, 2), SQL_SUCCESS);
    assert_stmt_ok(change, SQLExecDirect(change,
                                         sqltext("UPDATE positioned SET name = 'new ' || name, "
                                                 "n = n * 10 WHERE CURRENT OF my_cursor"),
                                         SQL_NTS));
    assert_stmt_ok(change, SQLGetDiagField(SQL_HANDLE_STMT, change, 0,
                                           SQL_DIAG_DYNAMIC_FUNCTION_CODE, &code, 0, NULL));
    assert_int_equal(code, SQL_DIAG_DYNAMIC_UPDATE_CURSOR);
    assert_int_equal(row_count(change), 1);
    assert_string_equal(pg_admin(all_names), "name 1,new name 2,name 3");
    /* the cursor shows it; the same row once more, by parameters and a prepared statement */
    assert_stmt_ok(s, SQLGetData(s, 2, SQL_C_CHAR, text, sizeof text, &ind));
    assert_string_equal(text, "new name 2");
    assert_stmt_ok(change, SQLPrepare(change,
                                      sqltext("UPDATE public.positioned p SET name = ?, "
                                              "n = p.n + ? WHERE CURRENT OF "
                                              "\"My_Cursor\""),
                                      SQL_NTS));
    for (int i = 0; i < 3; i++) {
        SQLINTEGER add = i;
        SQLLEN nts = SQL_NTS;
        snprintf(text, sizeof text, "pass %d", i);
        assert_stmt_ok(change, SQLBindParameter(change, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR,
                                                20, 0, text, sizeof text, &nts));
        assert_stmt_ok(change, SQLBindParameter(change, 2, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER,
                                                0, 0, &add, 0, NULL));
        assert_stmt_ok(change, SQLExecute(change));
        assert_int_equal(row_count(change), 1);
        assert_int_equal(SQLFetchScroll(s, SQL_FETCH_NEXT, 0), SQL_SUCCESS);
    }
    assert_string_equal(pg_admin("select string_agg(name || ' ' || n, ',' order by id) from "
                                 "positioned where id between 2 and 4"),
                        "pass 0 20,pass 1 4,pass 2 6");
    /* deleted; then there is no row */
    assert_stmt_ok(
        change, SQLExecDirect(change, sqltext("DELETE FROM positioned WHERE CURRENT OF MY_CURSOR"),
                              SQL_NTS));
    assert_int_equal(row_count(change), 1);
    assert_string_equal(pg_admin("select count(*) from positioned where id = 5"), "0");
    assert_stmt_state(change,
                      SQLExecDirect(change,
                                    sqltext("DELETE FROM positioned WHERE CURRENT OF MY_CURSOR"),
                                    SQL_NTS),
                      "HY109");
    /* a name of the driver's own */
    SQLFreeStmt(s, SQL_CLOSE);
    SQLFreeHandle(SQL_HANDLE_STMT, s);
    f->stmt = s = new_stmt(f);
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_CONCURRENCY, (SQLPOINTER)SQL_CONCUR_VALUES, 0));
    assert_stmt_ok(s, SQLGetCursorName(s, name, sizeof name, NULL));
    run(s, select_all);
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    snprintf(text, sizeof text, "DELETE FROM positioned WHERE CURRENT OF %s", name);
    assert_stmt_ok(change, SQLExecDirect(change, sqltext(text), SQL_NTS));
    assert_string_equal(pg_admin("select min(id) from positioned"), "2");
    SQLFreeHandle(SQL_HANDLE_STMT, change);
}

static void test_a_row_of_a_block(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;
    SQLHSTMT change = new_stmt(f);

    assert_stmt_ok(s, SQLSetCursorName(s, sqltext("blocks"), SQL_NTS));
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)4, 0));
    run(s, select_all);
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_stmt_ok(s, SQLSetPos(s, 3, SQL_POSITION, SQL_LOCK_NO_CHANGE));
    run(change, "UPDATE positioned SET name = 'third' WHERE CURRENT OF blocks");
    assert_string_equal(pg_admin(all_names), "name 1,name 2,third");
    SQLFreeStmt(s, SQL_CLOSE);
    run(s, "SELECT id, name FROM positioned ORDER BY id FOR UPDATE OF positioned");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    run(change, "UPDATE positioned SET name = 'first' WHERE CURRENT OF blocks");
    assert_string_equal(pg_admin(all_names), "first,name 2,third");
    SQLFreeHandle(SQL_HANDLE_STMT, change);
}

static void test_what_somebody_else_has_changed(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;
    SQLHSTMT change = new_stmt(f);

    assert_stmt_ok(s, SQLSetCursorName(s, sqltext("mine"), SQL_NTS));
    run(s, select_all);
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    pg_admin("update positioned set n = 77 where id = 1");
    assert_stmt_state(change,
                      SQLExecDirect(change,
                                    sqltext("UPDATE positioned SET name = 'lost' "
                                            "WHERE CURRENT OF mine"),
                                    SQL_NTS),
                      "01001");
    assert_int_equal(row_count(change), 0);
    assert_string_equal(pg_admin(all_names), "name 1,name 2,name 3");
    SQLFreeHandle(SQL_HANDLE_STMT, change);
}

static void test_what_is_refused(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;
    SQLHSTMT change = new_stmt(f);
    static const char update[] = "UPDATE positioned SET name = 'x' WHERE CURRENT OF one";

    /* no such cursor: the server says so */
    assert_stmt_state(change, SQLExecDirect(change, sqltext(update), SQL_NTS), "34000");
    assert_stmt_ok(s, SQLSetCursorName(s, sqltext("one"), SQL_NTS));
    run(s, select_all);
    assert_stmt_state(change, SQLExecDirect(change, sqltext(update), SQL_NTS), "24000");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_stmt_state(change,
                      SQLExecDirect(change,
                                    sqltext("UPDATE customers SET name = 'x' WHERE CURRENT OF one"),
                                    SQL_NTS),
                      "24000");
    assert_stmt_state(change,
                      SQLExecDirect(change,
                                    sqltext("UPDATE positioned SET n = 5000 WHERE CURRENT OF one"),
                                    SQL_NTS),
                      "23514");
    assert_stmt_state(change,
                      SQLExecDirect(change,
                                    sqltext("UPDATE positioned SET nope = 1 WHERE CURRENT OF one"),
                                    SQL_NTS),
                      "42S22");
    SQLFreeStmt(s, SQL_CLOSE);
    run(s, "SELECT count(*) FROM positioned");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_stmt_state(change, SQLExecDirect(change, sqltext(update), SQL_NTS), "HYC00");
    assert_string_equal(pg_admin(all_names), "name 1,name 2,name 3");
    SQLFreeHandle(SQL_HANDLE_STMT, change);
}

static void test_in_a_transaction(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;
    SQLHSTMT change = new_stmt(f);

    assert_dbc_ok(
        f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0));
    assert_stmt_ok(s, SQLSetCursorName(s, sqltext("tx"), SQL_NTS));
    run(s, select_all);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(SQLFetch(s), SQL_SUCCESS);
        run(change, "UPDATE positioned SET name = 'tx ' || id WHERE CURRENT OF tx");
        assert_int_equal(row_count(change), 1);
    }
    assert_string_equal(pg_admin(all_names), "name 1,name 2,name 3");
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
    assert_string_equal(pg_admin(all_names), "tx 1,tx 2,tx 3");
    /* somebody else between the statement and the commit */
    run(change, "DELETE FROM positioned WHERE CURRENT OF tx");
    pg_admin("update positioned set name = 'theirs' where id = 3");
    assert_dbc_state(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT), "40001");
    assert_string_equal(pg_admin(all_names), "tx 1,tx 2,theirs");
    SQLFreeHandle(SQL_HANDLE_STMT, change);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_table, teardown_table)

int main(void)
{
    const struct CMUnitTest everywhere[] = {
        T(test_update_and_delete),
        T(test_a_row_of_a_block),
        T(test_what_somebody_else_has_changed),
        T(test_what_is_refused),
    };

    const struct CMUnitTest http[] = {T(test_in_a_transaction)};
    return RUN_OVER(OVER_ALL, everywhere) + RUN_OVER(OVER_HTTP, http);
}
