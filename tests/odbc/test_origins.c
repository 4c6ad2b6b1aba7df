/* The tables behind the columns of a result: SQLColAttribute and the IRD tell what SQLColumns tells
 * of them, on every transport. Programs write SQL from it: .NET's OdbcCommandBuilder leaves a
 * column without a base name out of its UPDATE, and says nothing. */
#include "odbc_test.h"

static SQLHSTMT stmt_of(void **state)
{
    return ((struct fixture *)*state)->stmt;
}

static const char *text_of(SQLHSTMT s, SQLUSMALLINT column, SQLUSMALLINT field)
{
    static char text[5][200];
    static size_t next;
    char *out = text[next++ % 5];

    assert_stmt_ok(s, SQLColAttribute(s, column, field, out, sizeof text[0], NULL, NULL));
    return out;
}

static SQLLEN number_of(SQLHSTMT s, SQLUSMALLINT column, SQLUSMALLINT field)
{
    SQLLEN n = -1;

    assert_stmt_ok(s, SQLColAttribute(s, column, field, NULL, 0, NULL, &n));
    return n;
}

/* "catalog.schema.table.column", of both names of the table. */
static void assert_origin(SQLHSTMT s, SQLUSMALLINT column, const char *table, const char *name)
{
    assert_string_equal(text_of(s, column, SQL_DESC_CATALOG_NAME), table[0] ? "shop" : "");
    assert_string_equal(text_of(s, column, SQL_DESC_SCHEMA_NAME), table[0] ? "public" : "");
    assert_string_equal(text_of(s, column, SQL_DESC_TABLE_NAME), table);
    assert_string_equal(text_of(s, column, SQL_DESC_BASE_TABLE_NAME), table);
    assert_string_equal(text_of(s, column, SQL_DESC_BASE_COLUMN_NAME), name);
}

static int setup_tables(void **state)
{
    if (setup_connected(state) != 0)
        return -1;
    run(stmt_of(state), "DROP TABLE IF EXISTS \"Origin s\", origin_other");
    run(stmt_of(state),
        "CREATE TABLE \"Origin s\" (id serial PRIMARY KEY, \"A \"\"b\" text, n numeric(9,2) NOT "
        "NULL DEFAULT 0, twice numeric GENERATED ALWAYS AS (n * 2) STORED, "
        "own integer GENERATED ALWAYS AS IDENTITY)");
    run(stmt_of(state), "CREATE TABLE origin_other (id integer NOT NULL)");
    return 0;
}

static int teardown_tables(void **state)
{
    run(stmt_of(state), "DROP TABLE \"Origin s\", origin_other");
    return teardown_connected(state);
}

/* The columns of `SELECT id, "A ""b" AS other, n, twice, own, n + 1 FROM "Origin s"`. */
static void assert_columns(SQLHSTMT s)
{
    static const struct {
        const char *name;
        SQLLEN nullable, auto_value, updatable;
    } wanted[] = {
        {"id", SQL_NO_NULLS, SQL_TRUE, SQL_ATTR_READWRITE_UNKNOWN},
        {"A \"b", SQL_NULLABLE, SQL_FALSE, SQL_ATTR_READWRITE_UNKNOWN},
        {"n", SQL_NO_NULLS, SQL_FALSE, SQL_ATTR_READWRITE_UNKNOWN},
        {"twice", SQL_NULLABLE, SQL_FALSE, SQL_ATTR_READONLY},
        {"own", SQL_NO_NULLS, SQL_TRUE, SQL_ATTR_READONLY},
        {"", SQL_NULLABLE, SQL_FALSE, SQL_ATTR_READONLY},
    };

    for (SQLUSMALLINT i = 1; i <= sizeof wanted / sizeof wanted[0]; i++) {
        assert_origin(s, i, wanted[i - 1].name[0] ? "Origin s" : "", wanted[i - 1].name);
        assert_int_equal(number_of(s, i, SQL_DESC_NULLABLE), wanted[i - 1].nullable);
        assert_int_equal(number_of(s, i, SQL_COLUMN_NULLABLE), wanted[i - 1].nullable);
        assert_int_equal(number_of(s, i, SQL_DESC_AUTO_UNIQUE_VALUE), wanted[i - 1].auto_value);
        assert_int_equal(number_of(s, i, SQL_DESC_UPDATABLE), wanted[i - 1].updatable);
    }
    assert_string_equal(text_of(s, 2, SQL_DESC_NAME), "other");
}

#define COLUMNS "SELECT id, \"A \"\"b\" AS other, n, twice, own, n + 1 FROM \"Origin s\""

static void test_columns_tell_of_their_table(void **state)
{
    SQLHSTMT s = stmt_of(state);

    assert_stmt_ok(s, exec(s, COLUMNS));
    assert_columns(s);
    SQLCloseCursor(s);
    assert_stmt_ok(s, SQLPrepare(s, sqltext(COLUMNS " WHERE id = ?"), SQL_NTS));
    assert_columns(s);
}

static void test_the_ird_tells_the_same(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLHDESC ird;
    char name[64];
    SQLSMALLINT nullable = -1;

    assert_stmt_ok(s, exec(s, COLUMNS));
    SQLGetStmtAttr(s, SQL_ATTR_IMP_ROW_DESC, &ird, 0, NULL);
    assert_int_equal(SQLGetDescField(ird, 2, SQL_DESC_BASE_COLUMN_NAME, name, sizeof name, NULL),
                     SQL_SUCCESS);
    assert_string_equal(name, "A \"b");
    assert_int_equal(SQLGetDescField(ird, 1, SQL_DESC_NULLABLE, &nullable, 0, NULL), SQL_SUCCESS);
    assert_int_equal(nullable, SQL_NO_NULLS);
}

/* A column that its table keeps from being NULL is NULL in such rows. */
static void test_a_result_may_have_nulls_where_its_table_has_none(void **state)
{
    static const char *const queries[] = {
        "SELECT o.id FROM \"Origin s\" t LEFT JOIN origin_other o ON o.id = t.id",
        "SELECT q.id FROM (SELECT o.id FROM \"Origin s\" t LEFT JOIN origin_other o ON true) q",
        "WITH q AS (SELECT o.id FROM origin_other o RIGHT JOIN \"Origin s\" t ON false) TABLE q",
        "SELECT id FROM origin_other GROUP BY ROLLUP (id)",
        "SELECT id FROM origin_other GROUP BY CUBE (id)",
        "SELECT id FROM origin_other GROUP BY GROUPING SETS ((id), ())",
    };
    SQLHSTMT s = stmt_of(state);

    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        assert_stmt_ok(s, exec(s, queries[i]));
        if (number_of(s, 1, SQL_DESC_NULLABLE) != SQL_NULLABLE)
            fail_msg("%s", queries[i]);
    }
}

static void test_tables_of_a_join_cost_one_request_together(void **state)
{
    SQLHSTMT s = stmt_of(state);
    struct fixture *f = *state;
    SQLHSTMT other = new_stmt(f);

    assert_stmt_ok(s, exec(s, "SELECT t.id, o.id FROM \"Origin s\" t, origin_other o"));
    gateway_reset();
    assert_origin(s, 2, "origin_other", "id");
    assert_origin(s, 1, "Origin s", "id");
    assert_requests(1);
    assert_stmt_ok(other, exec(other, "SELECT id FROM origin_other"));
    assert_origin(other, 1, "origin_other", "id");
    assert_requests(2);
    /* what changes a table makes it unknown again */
    run(other, "ALTER TABLE origin_other RENAME id TO number");
    assert_stmt_ok(other, exec(other, "SELECT number FROM origin_other"));
    assert_origin(other, 1, "origin_other", "number");
    assert_requests(5);
    SQLFreeHandle(SQL_HANDLE_STMT, other);
}

static void test_more_tables_than_are_kept(void **state)
{
    static char sql[8000];
    SQLHSTMT s = stmt_of(state);
    char name[20];
    size_t len = 0;

    pg_admin("DO $$ BEGIN FOR i IN 1..70 LOOP EXECUTE format('CREATE TABLE public.many_%s AS "
             "SELECT %s AS c%s', i, i, i); EXECUTE format('ALTER TABLE public.many_%s OWNER TO "
             "app', i); END LOOP; END $$");
    for (int i = 1; i <= 70; i++)
        len += (size_t)snprintf(sql + len, sizeof sql - len, "%smany_%d.*",
                                i > 1 ? ", " : "SELECT ", i);
    for (int i = 1; i <= 70; i++)
        len +=
            (size_t)snprintf(sql + len, sizeof sql - len, "%smany_%d", i > 1 ? ", " : " FROM ", i);
    assert_stmt_ok(s, exec(s, sql));
    for (SQLUSMALLINT i = 1; i <= 70; i++) {
        snprintf(name, sizeof name, "c%d", (int)i);
        assert_string_equal(text_of(s, i, SQL_DESC_BASE_COLUMN_NAME), name);
    }
    SQLCloseCursor(s);
    pg_admin("DO $$ BEGIN FOR i IN 1..70 LOOP EXECUTE format('DROP TABLE public.many_%s', i); END "
             "LOOP; END $$");
}

static void test_a_table_that_is_gone_is_no_error(void **state)
{
    SQLHSTMT s = stmt_of(state);

    pg_admin("CREATE TABLE public.origin_gone (id integer); ALTER TABLE public.origin_gone OWNER "
             "TO app");
    assert_stmt_ok(s, exec(s, "SELECT id FROM origin_gone"));
    assert_int_equal(SQLFetch(s), SQL_NO_DATA);
    pg_admin("DROP TABLE public.origin_gone");
    assert_string_equal(text_of(s, 1, SQL_DESC_BASE_COLUMN_NAME), "");
    assert_int_equal(number_of(s, 1, SQL_DESC_NULLABLE), SQL_NULLABLE);
}

/* A table that nobody else sees yet. */
static void test_a_table_of_the_open_transaction(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;

    fixture_autocommit(f, false);
    run(s, "CREATE TABLE origin_new (id integer PRIMARY KEY, x text)");
    assert_stmt_ok(s, exec(s, "SELECT id, x FROM origin_new"));
    if (over(OVER_SESSIONS)) /* over HTTP each look at it makes it anew, under another number */
        assert_origin(s, 1, "origin_new", "id");
    SQLCloseCursor(s);
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
    fixture_autocommit(f, true);
}

/* What a rollback takes back is not told any more, to a savepoint and where the commit fails. */
static void test_a_name_that_was_rolled_back(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;

    for (int how = 0; how < 3; how++) {
        fixture_autocommit(f, false);
        run(s, "INSERT INTO origin_other VALUES (1)");
        run(s, "SAVEPOINT before");
        run(s, "ALTER TABLE origin_other RENAME id TO number");
        assert_stmt_ok(s, exec(s, "SELECT number FROM origin_other"));
        assert_origin(s, 1, "origin_other", "number");
        SQLCloseCursor(s);
        if (how == 0)
            run(s, "ROLLBACK TO before");
        else if (how == 1)
            exec(s, "INSERT INTO origin_other VALUES (1 / 0)");
        else
            assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
        if (how == 1)
            assert_int_equal(SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT), SQL_ERROR);
        assert_stmt_ok(s, exec(s, "SELECT id FROM origin_other"));
        assert_origin(s, 1, "origin_other", "id");
        SQLCloseCursor(s);
        assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
        fixture_autocommit(f, true);
    }
}

static void test_catalog_functions_are_as_they_were(void **state)
{
    SQLHSTMT s = stmt_of(state);

    assert_stmt_ok(s, SQLTables(s, NULL, 0, NULL, 0, sqltext("origin_other"), SQL_NTS, NULL, 0));
    gateway_reset();
    assert_string_equal(text_of(s, 3, SQL_DESC_BASE_TABLE_NAME), "");
    assert_int_equal(number_of(s, 3, SQL_DESC_AUTO_UNIQUE_VALUE), SQL_FALSE);
    assert_int_equal(gateway_requests(), 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup_tables, teardown_tables)
    static const struct CMUnitTest tests[] = {
        T(test_columns_tell_of_their_table),
        T(test_the_ird_tells_the_same),
        T(test_a_result_may_have_nulls_where_its_table_has_none),
        T(test_tables_of_a_join_cost_one_request_together),
        T(test_more_tables_than_are_kept),
        T(test_a_table_that_is_gone_is_no_error),
        T(test_a_table_of_the_open_transaction),
        T(test_a_name_that_was_rolled_back),
        T(test_catalog_functions_are_as_they_were),
    };

    return RUN_OVER(OVER_ALL, tests);
}
