/* SQLSetPos through the driver manager and through the driver alone: rows changed, deleted, added
 * and read again through a cursor, with exact counts and status; what somebody else has changed is
 * not overwritten; in autocommit and in buffered transactions. */
#include "odbc_test.h"

#include <pthread.h>
#include <unistd.h>

#define ROWS 4

static const char make_table[] =
    "DROP TABLE IF EXISTS setpos; CREATE TABLE setpos (id integer PRIMARY KEY, name varchar(20), "
    "price numeric(10,2) CHECK (price < 1000), born date, ok boolean, code char(5), "
    "twice integer GENERATED ALWAYS AS (id * 2) STORED, data bytea, doc json); "
    "INSERT INTO setpos VALUES (1, 'one', 1.10, '2001-01-01', true, 'a', DEFAULT, '\\x0102', "
    "'{\"a\": 1}'), (2, 'two', 2.20, '2002-02-02', false, 'b', DEFAULT, NULL, NULL), "
    "(3, 'three', NULL, NULL, NULL, NULL, DEFAULT, '\\x', '[ ]'), "
    "(4, 'four', 4.40, '2004-04-04', true, 'd', DEFAULT, NULL, NULL), "
    "(5, 'five', 5.50, '2005-05-05', true, 'e', DEFAULT, NULL, NULL)";
static const char select_all[] =
    "SELECT id, name, price, ok, code, twice, data, doc, born FROM setpos ORDER BY id";

static SQLINTEGER ids[ROWS];
static char names[ROWS][24];
static double prices[ROWS];
static SQLLEN id_ind[ROWS], name_ind[ROWS], price_ind[ROWS];
static SQLUSMALLINT status[ROWS], operations[ROWS];
static SQLULEN fetched;

static SQLHSTMT stmt_of(void **state)
{
    return ((struct fixture *)*state)->stmt;
}

static void set_ulen(SQLHSTMT s, SQLINTEGER attribute, SQLULEN value)
{
    assert_stmt_ok(s, SQLSetStmtAttr(s, attribute, (SQLPOINTER)value, 0));
}

static void open_cursor(SQLHSTMT s, SQLULEN type, SQLULEN concurrency, const char *sql)
{
    set_ulen(s, SQL_ATTR_CURSOR_TYPE, type);
    set_ulen(s, SQL_ATTR_CONCURRENCY, concurrency);
    set_ulen(s, SQL_ATTR_ROW_ARRAY_SIZE, ROWS);
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_STATUS_PTR, status, 0));
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROWS_FETCHED_PTR, &fetched, 0));
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_LONG, ids, 0, id_ind));
    assert_stmt_ok(s, SQLBindCol(s, 2, SQL_C_CHAR, names, sizeof names[0], name_ind));
    assert_stmt_ok(s, SQLBindCol(s, 3, SQL_C_DOUBLE, prices, 0, price_ind));
    run(s, sql);
}

static void open_and_fetch(SQLHSTMT s, SQLULEN concurrency)
{
    open_cursor(s, SQL_CURSOR_STATIC, concurrency, select_all);
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(fetched, ROWS);
}

static SQLLEN row_count(SQLHSTMT s)
{
    SQLLEN n = -7;

    assert_stmt_ok(s, SQLRowCount(s, &n));
    return n;
}

static void set_name(int row, const char *name)
{
    snprintf(names[row], sizeof names[row], "%s", name);
    name_ind[row] = SQL_NTS;
}

static int setup_table(void **state)
{
    setup_connected(state);
    run(stmt_of(state), make_table);
    SQLFreeStmt(stmt_of(state), SQL_CLOSE);
    gateway_reset();
    return 0;
}

static int teardown_table(void **state)
{
    struct fixture *f = *state;

    SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK);
    return teardown_connected(state);
}

/* ---- one row ---- */

static void test_update_of_one_row(void **state)
{
    SQLHSTMT s = stmt_of(state);
    char text[24];
    SQLLEN ind;

    open_and_fetch(s, SQL_CONCUR_VALUES);
    set_name(1, "zwei");
    prices[1] = 22.25;
    assert_stmt_ok(s, SQLSetPos(s, 2, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    assert_int_equal(row_count(s), 1);
    assert_int_equal(status[1], SQL_ROW_UPDATED);
    assert_int_equal(status[0], SQL_ROW_SUCCESS);
    assert_string_equal(pg_admin("select name, price from setpos where id = 2"), "zwei|22.25");
    assert_string_equal(pg_admin("select count(*) from setpos where name = 'zwei'"), "1");
    /* the cursor shows it: now, and when it comes back */
    assert_stmt_ok(s, SQLGetData(s, 2, SQL_C_CHAR, text, sizeof text, &ind));
    assert_string_equal(text, "zwei");
    assert_int_equal(SQLFetchScroll(s, SQL_FETCH_LAST, 0), SQL_SUCCESS);
    assert_int_equal(SQLFetchScroll(s, SQL_FETCH_FIRST, 0), SQL_SUCCESS);
    assert_string_equal(names[1], "zwei");
    assert_true(prices[1] == 22.25);
    assert_int_equal(status[1], SQL_ROW_SUCCESS);
    /* and can be changed again */
    set_name(1, "deux");
    assert_stmt_ok(s, SQLSetPos(s, 2, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    assert_string_equal(pg_admin("select name from setpos where id = 2"), "deux");
}

static void test_null_and_ignored_columns(void **state)
{
    SQLHSTMT s = stmt_of(state);

    open_and_fetch(s, SQL_CONCUR_VALUES);
    id_ind[0] = SQL_COLUMN_IGNORE;
    ids[0] = 99;
    name_ind[0] = SQL_NULL_DATA;
    price_ind[0] = SQL_COLUMN_IGNORE;
    assert_stmt_ok(s, SQLSetPos(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    assert_string_equal(pg_admin("select id, name is null, price from setpos where id = 1"),
                        "1|t|1.10");
    id_ind[0] = name_ind[0] = SQL_COLUMN_IGNORE;
    assert_stmt_state(s, SQLSetPos(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE), "21S02");
    assert_int_equal(status[0], SQL_ROW_ERROR);
    assert_int_equal(row_count(s), 0);
}

/* A key can be changed, and the row is found by it afterwards. */
static void test_the_key_itself(void **state)
{
    SQLHSTMT s = stmt_of(state);

    open_and_fetch(s, SQL_CONCUR_VALUES);
    ids[0] = 100;
    assert_stmt_ok(s, SQLSetPos(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    assert_string_equal(pg_admin("select twice from setpos where id = 100 and name = 'one'"),
                        "200");
    set_name(0, "hundred");
    assert_stmt_ok(s, SQLSetPos(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    assert_string_equal(pg_admin("select name from setpos where id = 100"), "hundred");
}

static void test_delete_of_one_row(void **state)
{
    SQLHSTMT s = stmt_of(state);
    char text[8];
    SQLLEN ind;

    open_and_fetch(s, SQL_CONCUR_VALUES);
    assert_stmt_ok(s, SQLSetPos(s, 3, SQL_DELETE, SQL_LOCK_NO_CHANGE));
    assert_int_equal(row_count(s), 1);
    assert_int_equal(status[2], SQL_ROW_DELETED);
    assert_string_equal(pg_admin("select string_agg(id::text, ',' order by id) from setpos"),
                        "1,2,4,5");
    assert_stmt_state(s, SQLGetData(s, 2, SQL_C_CHAR, text, sizeof text, &ind), "HY109");
    assert_stmt_state(s, SQLSetPos(s, 3, SQL_UPDATE, SQL_LOCK_NO_CHANGE), "HY109");
    assert_stmt_state(s, SQLSetPos(s, 3, SQL_DELETE, SQL_LOCK_NO_CHANGE), "HY109");
    assert_stmt_state(s, SQLSetPos(s, 3, SQL_REFRESH, SQL_LOCK_NO_CHANGE), "HY109");
    /* it stays a hole in the cursor */
    assert_int_equal(SQLFetchScroll(s, SQL_FETCH_LAST, 0), SQL_SUCCESS);
    assert_int_equal(SQLFetchScroll(s, SQL_FETCH_FIRST, 0), SQL_SUCCESS);
    assert_int_equal(fetched, ROWS);
    assert_int_equal(status[2], SQL_ROW_DELETED);
    assert_int_equal(ids[3], 4);
}

/* ---- all rows ---- */

static void test_all_rows_in_one_request(void **state)
{
    SQLHSTMT s = stmt_of(state);

    open_and_fetch(s, SQL_CONCUR_VALUES);
    for (int i = 0; i < ROWS; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i + 1);
        set_name(i, name);
        operations[i] = i == 2 ? SQL_ROW_IGNORE : SQL_ROW_PROCEED;
    }
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_OPERATION_PTR, operations, 0));
    assert_stmt_ok(s, SQLSetPos(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE)); /* the table is known now */
    gateway_reset();
    assert_stmt_ok(s, SQLSetPos(s, 0, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    assert_requests(1);
    assert_int_equal(row_count(s), 3);
    assert_int_equal(status[0], SQL_ROW_UPDATED);
    assert_int_equal(status[2], SQL_ROW_SUCCESS);
    assert_int_equal(status[3], SQL_ROW_UPDATED);
    assert_string_equal(pg_admin("select string_agg(name, ',' order by id) from setpos"),
                        "n1,n2,three,n4,five");
    operations[2] = SQL_ROW_PROCEED;
    assert_stmt_ok(s, SQLSetPos(s, 0, SQL_DELETE, SQL_LOCK_NO_CHANGE));
    assert_int_equal(row_count(s), 4);
    assert_string_equal(pg_admin("select count(*) from setpos"), "1");
}

/* One row breaks a rule of the table: the others are changed, and each has its status. */
static void test_a_row_that_fails_among_others(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLLEN row = 0;

    open_and_fetch(s, SQL_CONCUR_VALUES);
    for (int i = 0; i < ROWS; i++) {
        prices[i] = i == 1 ? 5000 : 10 + i;
        price_ind[i] = 0;
    }
    assert_stmt_state(s, SQLSetPos(s, 0, SQL_UPDATE, SQL_LOCK_NO_CHANGE), "01S01");
    assert_true(diag_has_state(SQL_HANDLE_STMT, s, "23514"));
    assert_int_equal(SQLGetDiagField(SQL_HANDLE_STMT, s, 2, SQL_DIAG_ROW_NUMBER, &row, 0, NULL),
                     SQL_SUCCESS);
    assert_int_equal(row, 2);
    assert_int_equal(row_count(s), 3);
    assert_int_equal(status[0], SQL_ROW_UPDATED);
    assert_int_equal(status[1], SQL_ROW_ERROR);
    assert_int_equal(status[3], SQL_ROW_UPDATED);
    assert_string_equal(
        pg_admin("select string_agg(price::text, ',' order by id) from setpos where id < 5"),
        "10.00,2.20,12.00,13.00");
}

static void test_a_wrong_value_is_that_rows_error(void **state)
{
    SQLHSTMT s = stmt_of(state);

    open_and_fetch(s, SQL_CONCUR_VALUES);
    set_name(0, "fine");
    name_ind[1] = 4000; /* longer than its buffer: as after a fetch that cut it */
    assert_stmt_state(s, SQLSetPos(s, 2, SQL_UPDATE, SQL_LOCK_NO_CHANGE), "HY090");
    assert_int_equal(status[1], SQL_ROW_ERROR);
    assert_stmt_state(s, SQLSetPos(s, 0, SQL_UPDATE, SQL_LOCK_NO_CHANGE), "01S01");
    assert_int_equal(row_count(s), 3);
    assert_string_equal(pg_admin("select string_agg(name, ',' order by id) from setpos"),
                        "fine,two,three,four,five");
}

/* ---- somebody else ---- */

static void test_what_somebody_else_changed_is_not_overwritten(void **state)
{
    SQLHSTMT s = stmt_of(state);
    static const char *const changes[] = {"update setpos set price = 77 where id = 1",
                                          "update setpos set ok = null where id = 1",
                                          "update setpos set code = 'z' where id = 1",
                                          "update setpos set data = '\\x03' where id = 1",
                                          "update setpos set doc = '{\"a\":1}' where id = 1",
                                          "update setpos set born = '1999-09-09' where id = 1",
                                          "delete from setpos where id = 1"};

    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        SQLFreeStmt(s, SQL_CLOSE);
        run(s, make_table);
        SQLFreeStmt(s, SQL_CLOSE);
        open_and_fetch(s, SQL_CONCUR_VALUES);
        pg_admin(changes[i]);
        set_name(0, "mine");
        price_ind[0] = SQL_COLUMN_IGNORE;
        assert_int_equal(SQLSetPos(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE), SQL_ERROR);
        assert_string_equal(diag_state(SQL_HANDLE_STMT, s), "01001");
        assert_int_equal(row_count(s), 0);
        assert_int_equal(status[0], SQL_ROW_ERROR);
        assert_int_equal(SQLSetPos(s, 1, SQL_DELETE, SQL_LOCK_NO_CHANGE), SQL_ERROR);
        assert_string_equal(diag_state(SQL_HANDLE_STMT, s), "01001");
        assert_string_equal(pg_admin("select count(*) from setpos where name = 'mine'"), "0");
    }
    assert_string_equal(pg_admin("select count(*) from setpos"), "4");
}

/* Unchanged rows of every kind of value are found: what is compared is what was fetched. */
/* A structure of one field is as many of its units, and a sign goes for the whole of it. */
static void test_intervals(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQL_INTERVAL_STRUCT days = {.interval_type = SQL_IS_DAY};
    SQL_INTERVAL_STRUCT span = {.interval_type = SQL_IS_DAY_TO_SECOND};
    SQLINTEGER id;
    SQLLEN ind[3];

    run(s, "DROP TABLE IF EXISTS setpos");
    run(s, "CREATE TABLE setpos (id int PRIMARY KEY, d interval, s interval)");
    run(s, "INSERT INTO setpos VALUES (1, '1 day', '1 day 00:00:01')");
    SQLFreeStmt(s, SQL_CLOSE);
    set_ulen(s, SQL_ATTR_CURSOR_TYPE, SQL_CURSOR_STATIC);
    set_ulen(s, SQL_ATTR_CONCURRENCY, SQL_CONCUR_VALUES);
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_LONG, &id, 0, &ind[0]));
    assert_stmt_ok(s, SQLBindCol(s, 2, SQL_C_INTERVAL_DAY, &days, 0, &ind[1]));
    assert_stmt_ok(s, SQLBindCol(s, 3, SQL_C_INTERVAL_DAY_TO_SECOND, &span, 0, &ind[2]));
    run(s, "SELECT id, d, s FROM setpos");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(days.intval.day_second.day, 1);
    days.intval.day_second.day = 5;
    span.interval_sign = SQL_TRUE;
    span.intval.day_second.fraction = 500000;
    assert_stmt_ok(s, SQLSetPos(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    assert_string_equal(pg_admin("select d, s from setpos"), "5 days|-1 days -00:00:01.5");
    id = 2;
    assert_stmt_ok(s, SQLSetPos(s, 1, SQL_ADD, SQL_LOCK_NO_CHANGE));
    assert_string_equal(pg_admin("select d, s from setpos where id = 2"),
                        "5 days|-1 days -00:00:01.5");
}

static void test_every_type_is_compared_as_it_was_fetched(void **state)
{
    SQLHSTMT s = stmt_of(state);

    open_and_fetch(s, SQL_CONCUR_VALUES);
    assert_stmt_ok(s, SQLSetPos(s, 0, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    assert_int_equal(row_count(s), 4);
    SQLFreeStmt(s, SQL_CLOSE);
    run(s,
        "DROP TABLE IF EXISTS setpos_types; CREATE TABLE setpos_types (id int PRIMARY KEY, n int,"
        " f8 float8, f4 float4, ts timestamptz, iv interval, arr text[], u uuid, jb jsonb, "
        "x xml, b bit(5), m money, nm name, c \"char\", i inet, r int4range, t time, o oid)");
    run(s, "INSERT INTO setpos_types VALUES (1, 0, 'NaN', 1.1, '2024-01-01 10:00+02', "
           "'1 mon 2 days', '{a,NULL,\"b c\"}', '00000000-0000-0000-0000-000000000001', "
           "'{\"a\": [1, 2]}', '<a> b</a>', '10101', 12.34, 'n', 'c', '10.0.0.1/8', '[1,5)', "
           "'01:02:03.5', 4000000000)");
    SQLFreeStmt(s, SQL_CLOSE);
    SQLFreeStmt(s, SQL_UNBIND);
    assert_stmt_ok(s, SQLBindCol(s, 2, SQL_C_LONG, ids, 0, NULL));
    run(s, "SELECT * FROM setpos_types");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    ids[0] = 17;
    assert_stmt_ok(s, SQLSetPos(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    assert_string_equal(pg_admin("select n from setpos_types"), "17");
    SQLFreeStmt(s, SQL_CLOSE);
    run(s, "DROP TABLE setpos_types");
}

static void test_row_versions(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLULEN got = 0;

    /* xmin in the result: any change by others is seen, even one to a column that is not */
    open_cursor(s, SQL_CURSOR_STATIC, SQL_CONCUR_ROWVER,
                "SELECT id, name, price, xmin FROM setpos ORDER BY id");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    pg_admin("update setpos set born = '1990-01-01' where id = 2");
    for (int i = 0; i < ROWS; i++)
        set_name(i, "v");
    assert_stmt_state(s, SQLSetPos(s, 0, SQL_UPDATE, SQL_LOCK_NO_CHANGE), "01S01");
    assert_true(diag_has_state(SQL_HANDLE_STMT, s, "01001"));
    assert_int_equal(row_count(s), 3);
    assert_int_equal(status[1], SQL_ROW_ERROR);
    /* the new xmin is known: once more */
    set_name(0, "w");
    assert_stmt_ok(s, SQLSetPos(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    assert_string_equal(pg_admin("select string_agg(name, ',' order by id) from setpos"),
                        "w,two,v,v,five");
    SQLFreeStmt(s, SQL_CLOSE);
    /* without it: values, and the application is told when it executes */
    set_ulen(s, SQL_ATTR_CONCURRENCY, SQL_CONCUR_ROWVER);
    assert_stmt_state(s, SQLExecDirect(s, sqltext(select_all), SQL_NTS), "01S02");
    assert_stmt_ok(s, SQLGetStmtAttr(s, SQL_ATTR_CONCURRENCY, &got, 0, NULL));
    assert_int_equal(got, SQL_CONCUR_VALUES);
}

static void test_refresh_reads_the_table(void **state)
{
    SQLHSTMT s = stmt_of(state);

    open_and_fetch(s, SQL_CONCUR_VALUES);
    pg_admin("update setpos set name = 'neu', price = null where id = 2");
    pg_admin("delete from setpos where id = 4");
    assert_stmt_ok(s, SQLSetPos(s, 2, SQL_REFRESH, SQL_LOCK_NO_CHANGE));
    assert_string_equal(names[1], "neu");
    assert_int_equal(price_ind[1], SQL_NULL_DATA);
    assert_int_equal(status[1], SQL_ROW_SUCCESS);
    /* what was refreshed can be changed */
    set_name(1, "zwei");
    assert_stmt_ok(s, SQLSetPos(s, 2, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    assert_string_equal(pg_admin("select name from setpos where id = 2"), "zwei");
    gateway_reset();
    names[0][0] = '?';
    assert_stmt_ok(s, SQLSetPos(s, 0, SQL_REFRESH, SQL_LOCK_NO_CHANGE));
    assert_requests(1);
    assert_string_equal(names[0], "one");
    assert_int_equal(status[3], SQL_ROW_DELETED);
    SQLFreeStmt(s, SQL_CLOSE);
    /* a read-only cursor shows what it has */
    open_and_fetch(s, SQL_CONCUR_READ_ONLY);
    pg_admin("update setpos set name = 'later' where id = 1");
    names[0][0] = '?';
    gateway_reset();
    assert_stmt_ok(s, SQLSetPos(s, 1, SQL_REFRESH, SQL_LOCK_NO_CHANGE));
    assert_string_equal(names[0], "one");
    assert_requests(0);
}

/* ---- other cursors, other results ---- */

static void test_a_forward_only_cursor_changes_rows_too(void **state)
{
    SQLHSTMT s = stmt_of(state);
    char text[24];
    SQLLEN ind;

    open_cursor(s, SQL_CURSOR_FORWARD_ONLY, SQL_CONCUR_VALUES, select_all);
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    set_name(0, "eins");
    assert_stmt_ok(s, SQLSetPos(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    assert_stmt_ok(s, SQLGetData(s, 2, SQL_C_CHAR, text, sizeof text, &ind));
    assert_string_equal(text, "eins");
    set_name(0, "uno");
    assert_stmt_ok(s, SQLSetPos(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    assert_stmt_ok(s, SQLSetPos(s, 2, SQL_DELETE, SQL_LOCK_NO_CHANGE));
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(fetched, 1);
    assert_int_equal(ids[0], 5);
    assert_string_equal(pg_admin("select string_agg(name, ',' order by id) from setpos"),
                        "uno,three,four,five");
}

static void test_results_that_cannot_be_changed(void **state)
{
    SQLHSTMT s = stmt_of(state);
    static const char *const texts[] = {
        "SELECT name FROM setpos",                                                  /* no key */
        "SELECT 1, 'x', 2.0",                                                       /* no table */
        "SELECT id, customer, total FROM order_totals",                             /* a view */
        "SELECT a.id, b.name, a.price FROM setpos a JOIN setpos b ON a.id <> b.id", /* twice */
        "SELECT a.id, b.name, a.price FROM setpos a, setpos b",
        "SELECT s.id, c.name, 1 FROM setpos s JOIN customers c ON c.id = s.id",
        "SELECT id, name, price FROM setpos UNION ALL SELECT 1, 'x', 2",
        "SELECT id, name, price FROM setpos_parent", /* others inherit from it */
        "SELECT max(id), 'x', 1 FROM setpos",
    };

    run(s, "DROP TABLE IF EXISTS setpos_child, setpos_parent; CREATE TABLE setpos_parent "
           "(id int PRIMARY KEY, name text, price numeric); CREATE TABLE setpos_child () "
           "INHERITS (setpos_parent); INSERT INTO setpos_child VALUES (1, 'x', 1)");
    SQLFreeStmt(s, SQL_CLOSE);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        SQLFreeStmt(s, SQL_UNBIND);
        set_ulen(s, SQL_ATTR_CURSOR_TYPE, SQL_CURSOR_STATIC);
        set_ulen(s, SQL_ATTR_CONCURRENCY, SQL_CONCUR_VALUES);
        run(s, texts[i]);
        assert_int_equal(SQLFetch(s), SQL_SUCCESS);
        assert_stmt_state(s, SQLSetPos(s, 1, SQL_DELETE, SQL_LOCK_NO_CHANGE), "HYC00");
        assert_stmt_state(s, SQLSetPos(s, 1, SQL_REFRESH, SQL_LOCK_NO_CHANGE), "HYC00");
        SQLFreeStmt(s, SQL_CLOSE);
    }
    assert_string_equal(pg_admin("select count(*) from setpos"), "5");
    run(s, "DROP TABLE setpos_child, setpos_parent");
}

static void test_a_unique_key_and_strange_names(void **state)
{
    SQLHSTMT s = stmt_of(state);

    run(s, "DROP SCHEMA IF EXISTS \"odd \"\" schema\" CASCADE; CREATE SCHEMA \"odd \"\" schema\"; "
           "CREATE TABLE \"odd \"\" schema\".\"T ?{fn}\" (\"a \"\" ?\" text NOT NULL, "
           "\"select\" char(4) NOT NULL, name text, UNIQUE (\"select\", \"a \"\" ?\"), UNIQUE "
           "(name)); INSERT INTO \"odd \"\" schema\".\"T ?{fn}\" VALUES ('x', 'ab', 'old'), "
           "('y', 'ab', NULL)");
    SQLFreeStmt(s, SQL_CLOSE);
    set_ulen(s, SQL_ATTR_CONCURRENCY, SQL_CONCUR_VALUES);
    set_ulen(s, SQL_ATTR_CURSOR_TYPE, SQL_CURSOR_STATIC);
    set_ulen(s, SQL_ATTR_NOSCAN, SQL_NOSCAN_ON);
    assert_stmt_ok(s, SQLBindCol(s, 2, SQL_C_CHAR, names, sizeof names[0], name_ind));
    assert_stmt_ok(s, SQLPrepare(s,
                                 sqltext("SELECT \"select\", name, \"a \"\" ?\" "
                                         "FROM \"odd \"\" schema\".\"T ?{fn}\" q ORDER BY 3"),
                                 SQL_NTS));
    assert_stmt_ok(s, SQLExecute(s));
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    set_name(0, "new ? {d '1'}");
    assert_stmt_ok(s, SQLSetPos(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    assert_string_equal(
        pg_admin("select string_agg(coalesce(name, 'null'), ',' order by \"a \"\" ?\") "
                 "from \"odd \"\" schema\".\"T ?{fn}\""),
        "new ? {d '1'},null");
    SQLFreeStmt(s, SQL_CLOSE);
    run(s, "DROP SCHEMA \"odd \"\" schema\" CASCADE");
}

static void test_an_expression_cannot_be_written_but_given_back(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLINTEGER twice = 0;
    char both[40];
    SQLLEN twice_ind, both_ind;

    set_ulen(s, SQL_ATTR_CURSOR_TYPE, SQL_CURSOR_STATIC);
    set_ulen(s, SQL_ATTR_CONCURRENCY, SQL_CONCUR_VALUES);
    assert_stmt_ok(s, SQLBindCol(s, 2, SQL_C_CHAR, names, sizeof names[0], name_ind));
    assert_stmt_ok(s, SQLBindCol(s, 3, SQL_C_LONG, &twice, 0, &twice_ind));
    assert_stmt_ok(s, SQLBindCol(s, 4, SQL_C_CHAR, both, sizeof both, &both_ind));
    run(s, "SELECT id, name, twice, name || '!' FROM setpos ORDER BY id");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    set_name(0, "uno");
    assert_stmt_ok(s, SQLSetPos(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    assert_string_equal(pg_admin("select name, twice from setpos where id = 1"), "uno|2");
    twice = 9;
    assert_stmt_state(s, SQLSetPos(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE), "HYC00");
    twice = 2;
    both[0] = 'X';
    assert_stmt_state(s, SQLSetPos(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE), "HYC00");
}

/* ---- data at execution ---- */

static void test_data_at_execution(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLPOINTER token = NULL;

    open_and_fetch(s, SQL_CONCUR_VALUES);
    name_ind[0] = SQL_LEN_DATA_AT_EXEC(6);
    name_ind[3] = SQL_DATA_AT_EXEC;
    price_ind[3] = SQL_DATA_AT_EXEC;
    assert_int_equal(SQLSetPos(s, 0, SQL_UPDATE, SQL_LOCK_NO_CHANGE), SQL_NEED_DATA);
    assert_int_equal(SQLFetch(s), SQL_ERROR);
    assert_int_equal(SQLParamData(s, &token), SQL_NEED_DATA);
    assert_ptr_equal(token, names[0]);
    assert_stmt_ok(s, SQLPutData(s, sqltext("abc"), 3));
    assert_stmt_ok(s, SQLPutData(s, sqltext("def"), SQL_NTS));
    assert_int_equal(SQLParamData(s, &token), SQL_NEED_DATA);
    assert_ptr_equal(token, names[3]);
    assert_stmt_ok(s, SQLPutData(s, NULL, SQL_NULL_DATA));
    assert_int_equal(SQLParamData(s, &token), SQL_NEED_DATA);
    assert_ptr_equal(token, &prices[3]);
    prices[3] = 44.25;
    assert_stmt_ok(s, SQLPutData(s, &prices[3], 0));
    assert_stmt_ok(s, SQLParamData(s, &token));
    assert_int_equal(row_count(s), 4);
    assert_int_equal(status[3], SQL_ROW_UPDATED);
    assert_string_equal(
        pg_admin("select string_agg(coalesce(name, 'null'), ',' order by id) from setpos"),
        "abcdef,two,three,null,five");
    assert_string_equal(pg_admin("select price from setpos where id = 4"), "44.25");
    /* cancelled: nothing is changed, the rowset stays */
    name_ind[1] = SQL_DATA_AT_EXEC;
    assert_int_equal(SQLSetPos(s, 2, SQL_UPDATE, SQL_LOCK_NO_CHANGE), SQL_NEED_DATA);
    assert_int_equal(SQLParamData(s, &token), SQL_NEED_DATA);
    assert_stmt_ok(s, SQLPutData(s, sqltext("zz"), 2));
    assert_stmt_ok(s, SQLCancel(s));
    assert_string_equal(pg_admin("select name from setpos where id = 2"), "two");
    set_name(1, "again");
    assert_stmt_ok(s, SQLSetPos(s, 2, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    assert_string_equal(pg_admin("select name from setpos where id = 2"), "again");
}

/* ---- transactions ---- */

static void test_in_a_transaction(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;
    SQLHSTMT other = new_stmt(f);

    assert_dbc_ok(
        f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0));
    open_and_fetch(s, SQL_CONCUR_VALUES);
    set_name(0, "tx");
    assert_stmt_ok(s, SQLSetPos(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    assert_int_equal(row_count(s), 1);
    assert_int_equal(status[0], SQL_ROW_UPDATED);
    assert_stmt_ok(s, SQLSetPos(s, 2, SQL_DELETE, SQL_LOCK_NO_CHANGE));
    /* the same row once more, behind its own pending change */
    set_name(0, "tx2");
    assert_stmt_ok(s, SQLSetPos(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    assert_string_equal(pg_admin("select count(*) from setpos where name like 'tx%'"), "0");
    SQLFreeStmt(s, SQL_CLOSE);
    assert_string_equal(query_text(other, "SELECT string_agg(name, ',' ORDER BY id) FROM setpos"),
                        "tx2,three,four,five");
    SQLFreeHandle(SQL_HANDLE_STMT, other);
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
    assert_string_equal(pg_admin("select string_agg(name, ',' order by id) from setpos"),
                        "tx2,three,four,five");
    /* rolled back */
    open_and_fetch(s, SQL_CONCUR_VALUES);
    set_name(0, "never");
    assert_stmt_ok(s, SQLSetPos(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    assert_stmt_ok(s, SQLSetPos(s, 2, SQL_DELETE, SQL_LOCK_NO_CHANGE));
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
    /* nor does the cursor show it */
    assert_int_equal(SQLFetchScroll(s, SQL_FETCH_FIRST, 0), SQL_SUCCESS);
    assert_string_equal(names[0], "tx2");
    assert_int_equal(status[1], SQL_ROW_SUCCESS);
    set_name(1, "later");
    assert_stmt_ok(s, SQLSetPos(s, 2, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
    assert_string_equal(pg_admin("select string_agg(name, ',' order by id) from setpos"),
                        "tx2,later,four,five");
    assert_string_equal(pg_admin("select name from setpos where id = 1"), "tx2");
}

static const char *name_of(SQLHSTMT s, SQLUSMALLINT row)
{
    static char text[24];
    SQLLEN ind;

    assert_stmt_ok(s, SQLSetPos(s, row, SQL_POSITION, SQL_LOCK_NO_CHANGE));
    assert_stmt_ok(s, SQLGetData(s, 2, SQL_C_CHAR, text, sizeof text, &ind));
    return text;
}

static void change_name(SQLHSTMT s, SQLUSMALLINT row, const char *name)
{
    set_name(row - 1, name);
    assert_stmt_ok(s, SQLSetPos(s, row, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    assert_string_equal(name_of(s, row), name);
}

/* What a rollback to a savepoint undoes in the table, the cursor does not show any more; what was
 * changed before the savepoint it does. */
static void roll_back_to(SQLULEN cursor, const char *connstr)
{
    struct fixture *f = fixture_new(SQL_OV_ODBC3_80);
    SQLHSTMT s, other;

    fixture_connect(f, connstr);
    s = f->stmt;
    other = new_stmt(f);
    run(s, make_table);
    SQLFreeStmt(s, SQL_CLOSE);
    assert_dbc_ok(
        f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0));
    open_cursor(s, cursor, SQL_CONCUR_VALUES, select_all);
    assert_stmt_ok(s, SQLFetch(s));
    change_name(s, 1, "kept");
    run(other, "SAVEPOINT a");
    change_name(s, 1, "undone");
    run(other, "SAVEPOINT b");
    change_name(s, 1, "undone too");
    change_name(s, 2, "two, undone");
    assert_stmt_ok(s, SQLSetPos(s, 3, SQL_DELETE, SQL_LOCK_NO_CHANGE));
    run(other, "RELEASE SAVEPOINT b");
    run(other, "ROLLBACK TO SAVEPOINT a");
    assert_string_equal(name_of(s, 1), "kept");
    assert_string_equal(name_of(s, 2), "two");
    assert_string_equal(name_of(s, 3), "three");
    /* ... and is not taken for somebody else's change by the next one */
    change_name(s, 2, "zwei");
    change_name(s, 1, "once more");
    run(other, "ROLLBACK TO SAVEPOINT a");
    assert_string_equal(name_of(s, 1), "kept");
    assert_stmt_ok(s, SQLSetPos(s, 3, SQL_DELETE, SQL_LOCK_NO_CHANGE));
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
    assert_string_equal(pg_admin("select string_agg(name, ',' order by id) from setpos"),
                        "kept,two,four,five");
    /* the whole of the next transaction; the rowset stands where it stood */
    change_name(s, 2, "never");
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
    assert_string_equal(name_of(s, 1), "kept");
    assert_string_equal(name_of(s, 2), "two");
    change_name(s, 2, "zwei");
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
    assert_string_equal(pg_admin("select string_agg(name, ',' order by id) from setpos"),
                        "kept,zwei,four,five");
    SQLFreeHandle(SQL_HANDLE_STMT, other);
    fixture_free(f);
}

static void test_a_rollback_to_a_savepoint_turns_the_cursor_back(void **state)
{
    static const char *const transports[] = {"DSN=neon;Transport=http", "DSN=neon;Transport=auto",
                                             "DSN=neon;Transport=websocket"};

    (void)state;
    for (size_t i = 0; i < sizeof transports / sizeof *transports; i++) {
        roll_back_to(SQL_CURSOR_STATIC, transports[i]);
        roll_back_to(SQL_CURSOR_FORWARD_ONLY, transports[i]);
    }
}

/* Between the change and the commit somebody else changes the row: never a lost update. */
static void test_a_commit_fails_when_a_row_has_changed(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;

    assert_dbc_ok(
        f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0));
    open_and_fetch(s, SQL_CONCUR_VALUES);
    set_name(0, "mine");
    assert_stmt_ok(s, SQLSetPos(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    set_name(1, "mine too");
    assert_stmt_ok(s, SQLSetPos(s, 2, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    pg_admin("update setpos set name = 'theirs' where id = 1");
    assert_dbc_state(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT), "40001");
    assert_string_equal(pg_admin("select string_agg(name, ',' order by id) from setpos"),
                        "theirs,two,three,four,five");
    /* and one that is seen at once does not spoil the transaction */
    set_name(0, "mine");
    assert_int_equal(SQLSetPos(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE), SQL_ERROR);
    assert_string_equal(diag_state(SQL_HANDLE_STMT, s), "01001");
    assert_stmt_ok(s, SQLSetPos(s, 3, SQL_DELETE, SQL_LOCK_NO_CHANGE));
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
    assert_string_equal(pg_admin("select string_agg(id::text, ',' order by id) from setpos"),
                        "1,2,4,5");
}

static void test_a_read_only_connection(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;

    open_and_fetch(s, SQL_CONCUR_VALUES);
    assert_dbc_ok(
        f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_ACCESS_MODE, (SQLPOINTER)SQL_MODE_READ_ONLY, 0));
    assert_stmt_state(s, SQLSetPos(s, 1, SQL_DELETE, SQL_LOCK_NO_CHANGE), "25006");
    assert_string_equal(pg_admin("select count(*) from setpos"), "5");
}

/* ---- ODBC 2 ---- */

static void test_an_odbc2_application(void **state)
{
    struct fixture *f = fixture_new(SQL_OV_ODBC2);
    SQLHSTMT s;
    SQLULEN rows;

    (void)state;
    fixture_connect(f, NULL);
    s = f->stmt;
    run(s, make_table);
    SQLFreeStmt(s, SQL_CLOSE);
    set_ulen(s, SQL_CURSOR_TYPE, SQL_CURSOR_STATIC);
    set_ulen(s, SQL_CONCURRENCY, SQL_CONCUR_VALUES);
    set_ulen(s, SQL_ROWSET_SIZE, ROWS);
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_LONG, ids, 0, id_ind));
    assert_stmt_ok(s, SQLBindCol(s, 2, SQL_C_CHAR, names, sizeof names[0], name_ind));
    run(s, select_all);
    assert_stmt_ok(s, SQLExtendedFetch(s, SQL_FETCH_FIRST, 0, &rows, status));
    set_name(1, "odbc2");
    assert_stmt_ok(s, SQLSetPos(s, 2, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    assert_int_equal(status[1], SQL_ROW_UPDATED);
    assert_stmt_ok(s, SQLSetPos(s, 3, SQL_DELETE, SQL_LOCK_NO_CHANGE));
    assert_int_equal(status[2], SQL_ROW_DELETED);
    ids[0] = 60;
    id_ind[0] = 0;
    set_name(0, "added");
    assert_stmt_ok(s, SQLSetPos(s, 1, SQL_ADD, SQL_LOCK_NO_CHANGE));
    assert_string_equal(
        pg_admin("select string_agg(id || ' ' || name, ',' order by id) from setpos"),
        "1 one,2 odbc2,4 four,5 five,60 added");
    assert_stmt_ok(s, SQLExtendedFetch(s, SQL_FETCH_LAST, 0, &rows, status));
    assert_int_equal(ids[3], 60);
    fixture_free(f);
}

/* ---- without a manager in between ---- */

#define DIRECT_STATE(call, state) assert_direct_state(SQL_HANDLE_STMT, s, call, state)
#define DIRECT_OK(call) assert_direct_ok(SQL_HANDLE_STMT, s, call)

static void test_the_driver_alone_judges_too(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;
    SQLPOINTER token;

    DIRECT_OK(DRIVER(SQLExecDirect)(s, sqltext(make_table), SQL_NTS));
    DIRECT_OK(DRIVER(SQLFreeStmt)(s, SQL_CLOSE));
    DIRECT_STATE(DRIVER(SQLSetPos)(s, 1, SQL_DELETE, SQL_LOCK_NO_CHANGE), "HY010");
    DIRECT_STATE(DRIVER(SQLBulkOperations)(s, SQL_ADD), "HY010");
    DIRECT_OK(DRIVER(SQLExecDirect)(s, sqltext(select_all), SQL_NTS));
    DIRECT_STATE(DRIVER(SQLSetPos)(s, 1, 5, SQL_LOCK_NO_CHANGE), "HY092");
    DIRECT_STATE(DRIVER(SQLSetPos)(s, 1, SQL_POSITION, 3), "HY092");
    DIRECT_STATE(DRIVER(SQLSetPos)(s, 1, SQL_UPDATE, SQL_LOCK_EXCLUSIVE), "HYC00");
    DIRECT_STATE(DRIVER(SQLSetPos)(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE), "HY092"); /* read-only */
    DIRECT_STATE(DRIVER(SQLBulkOperations)(s, 3), "HY092");
    DIRECT_STATE(DRIVER(SQLBulkOperations)(s, 8), "HY092");
    DIRECT_STATE(DRIVER(SQLBulkOperations)(s, SQL_ADD), "HY092");
    DIRECT_OK(DRIVER(SQLFreeStmt)(s, SQL_CLOSE));
    DIRECT_OK(DRIVER(SQLSetStmtAttr)(s, SQL_ATTR_CONCURRENCY, (SQLPOINTER)SQL_CONCUR_VALUES, 0));
    DIRECT_OK(DRIVER(SQLExecDirect)(s, sqltext(select_all), SQL_NTS));
    DIRECT_STATE(DRIVER(SQLSetPos)(s, 1, SQL_DELETE, SQL_LOCK_NO_CHANGE), "24000");
    DIRECT_OK(DRIVER(SQLFetch)(s));
    DIRECT_STATE(DRIVER(SQLSetPos)(s, 2, SQL_DELETE, SQL_LOCK_NO_CHANGE), "HY107");
    DIRECT_STATE(DRIVER(SQLSetPos)(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE), "21S02");
    DIRECT_STATE(DRIVER(SQLBulkOperations)(s, SQL_FETCH_BY_BOOKMARK), "HY092");
    DIRECT_STATE(DRIVER(SQLParamData)(s, &token), "HY010");
    name_ind[0] = SQL_DATA_AT_EXEC;
    DIRECT_OK(DRIVER(SQLBindCol)(s, 2, SQL_C_CHAR, names, sizeof names[0], name_ind));
    assert_int_equal(DRIVER(SQLSetPos)(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE), SQL_NEED_DATA);
    DIRECT_STATE(DRIVER(SQLFetch)(s), "HY010");
    DIRECT_STATE(DRIVER(SQLSetPos)(s, 1, SQL_POSITION, SQL_LOCK_NO_CHANGE), "HY010");
    DIRECT_STATE(DRIVER(SQLPutData)(s, sqltext("x"), 1), "HY010"); /* SQLParamData comes first */
    assert_int_equal(DRIVER(SQLParamData)(s, &token), SQL_NEED_DATA);
    DIRECT_OK(DRIVER(SQLPutData)(s, sqltext("direct"), SQL_NTS));
    DIRECT_OK(DRIVER(SQLParamData)(s, &token));
    assert_string_equal(pg_admin("select name from setpos where id = 1"), "direct");
}

/* ---- stopping it ---- */

struct canceller {
    SQLHSTMT stmt;
};

/* As soon as the server has the change. */
static void *cancel_when_it_runs(void *arg)
{
    const struct canceller *c = arg;

    while (strcmp(pg_admin("select count(*) from pg_stat_activity where state = 'active' and query "
                           "like 'UPDATE public.setpos_slow%'"),
                  "0") == 0)
        usleep(20000);
    DRIVER(SQLCancel)(c->stmt);
    return NULL;
}

/* The driver works with a statement of its own here: SQLCancel and the query timeout reach it. */
static void test_a_change_is_cancelled_or_times_out(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;
    struct canceller c = {s};
    pthread_t t;
    SQLRETURN rc;

    DIRECT_OK(DRIVER(SQLExecDirect)(
        s,
        sqltext("DROP TABLE IF EXISTS setpos_slow; CREATE TABLE setpos_slow (id int PRIMARY KEY, "
                "name varchar(20)); INSERT INTO setpos_slow VALUES (1, 'one'); CREATE OR REPLACE "
                "FUNCTION setpos_sleep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM "
                "pg_sleep(60); RETURN NEW; END'; CREATE TRIGGER slow BEFORE UPDATE ON setpos_slow "
                "FOR EACH ROW EXECUTE FUNCTION setpos_sleep()"),
        SQL_NTS));
    DIRECT_OK(DRIVER(SQLFreeStmt)(s, SQL_CLOSE));
    DIRECT_OK(DRIVER(SQLSetStmtAttr)(s, SQL_ATTR_CONCURRENCY, (SQLPOINTER)SQL_CONCUR_VALUES, 0));
    DIRECT_OK(DRIVER(SQLBindCol)(s, 2, SQL_C_CHAR, names, sizeof names[0], name_ind));
    DIRECT_OK(DRIVER(SQLExecDirect)(s, sqltext("SELECT id, name FROM setpos_slow"), SQL_NTS));
    DIRECT_OK(DRIVER(SQLFetch)(s));
    set_name(0, "cancelled");
    assert_int_equal(pthread_create(&t, NULL, cancel_when_it_runs, &c), 0);
    rc = DRIVER(SQLSetPos)(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE);
    pthread_join(t, NULL);
    DIRECT_STATE(rc, "HY008");
    DIRECT_OK(DRIVER(SQLSetStmtAttr)(s, SQL_ATTR_QUERY_TIMEOUT, (SQLPOINTER)1, 0));
    DIRECT_STATE(DRIVER(SQLSetPos)(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE), "HYT00");
    assert_string_equal(pg_admin("select name from setpos_slow"), "one");
    /* the rowset is still there */
    DIRECT_OK(DRIVER(SQLSetStmtAttr)(s, SQL_ATTR_QUERY_TIMEOUT, NULL, 0));
    pg_admin("drop trigger slow on setpos_slow");
    DIRECT_OK(DRIVER(SQLSetPos)(s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE));
    assert_string_equal(pg_admin("select name from setpos_slow"), "cancelled");
    pg_admin("drop table setpos_slow; drop function setpos_sleep()");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_table, teardown_table)

int main(void)
{
    const struct CMUnitTest everywhere[] = {
        T(test_update_of_one_row),
        T(test_null_and_ignored_columns),
        T(test_the_key_itself),
        T(test_delete_of_one_row),
        T(test_all_rows_in_one_request),
        T(test_a_row_that_fails_among_others),
        T(test_a_wrong_value_is_that_rows_error),
        T(test_what_somebody_else_changed_is_not_overwritten),
        T(test_every_type_is_compared_as_it_was_fetched),
        T(test_intervals),
        T(test_row_versions),
        T(test_refresh_reads_the_table),
        T(test_a_forward_only_cursor_changes_rows_too),
        T(test_results_that_cannot_be_changed),
        T(test_a_unique_key_and_strange_names),
        T(test_an_expression_cannot_be_written_but_given_back),
        T(test_data_at_execution),
        T(test_a_read_only_connection),
        cmocka_unit_test(test_an_odbc2_application),
        cmocka_unit_test_setup_teardown(test_the_driver_alone_judges_too, setup_direct,
                                        teardown_direct),
        cmocka_unit_test_setup_teardown(test_a_change_is_cancelled_or_times_out, setup_direct,
                                        teardown_direct),
    };

    const struct CMUnitTest http[] = {T(test_in_a_transaction),
                                      T(test_a_rollback_to_a_savepoint_turns_the_cursor_back),
                                      T(test_a_commit_fails_when_a_row_has_changed)};
    return RUN_OVER(OVER_ALL, everywhere) + RUN_OVER(OVER_HTTP, http);
}
