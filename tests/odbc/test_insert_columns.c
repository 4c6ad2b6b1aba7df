/* Many rows of one INSERT travel as one array a column: same rows, same errors, on every transport;
 * what cannot be written so goes as rows of VALUES. A trigger of the statement tells which it was.
 */
#include "odbc_test.h"

#define N 300

static void reset_table(struct fixture *f)
{
    pg_admin(
        "DROP TABLE IF EXISTS by_columns, by_columns_log; DROP TYPE IF EXISTS by_columns_mood; "
        "CREATE TYPE by_columns_mood AS ENUM ('good', 'bad'); "
        "CREATE TABLE by_columns (place serial, id int PRIMARY KEY, t text, b bigint, d date, "
        "x bytea, v varchar(12), j jsonb, m by_columns_mood); "
        "CREATE TABLE by_columns_log (at serial, by_columns bool); "
        "CREATE OR REPLACE FUNCTION by_columns_note() RETURNS trigger AS $$ BEGIN "
        "INSERT INTO by_columns_log (by_columns) VALUES (current_query() LIKE '%ROWS FROM%'); "
        "RETURN NULL; END $$ LANGUAGE plpgsql SECURITY DEFINER; "
        "CREATE TRIGGER note AFTER INSERT ON by_columns FOR EACH STATEMENT EXECUTE FUNCTION "
        "by_columns_note(); GRANT ALL ON by_columns, by_columns_place_seq TO PUBLIC");
    SQLFreeStmt(f->stmt, SQL_CLOSE);
}

static const char *noted(void)
{
    return pg_admin("SELECT string_agg(by_columns::text, ',' ORDER BY at) FROM by_columns_log");
}

/* Texts that an array's text could change. */
static const char *const texts[] = {"",       "NULL",      "null", "a\"b\\c", "{1,2}", "\\", " x ",
                                    "a\nb\t", "r\xC3\xB6", "\"\"", "1,2",     "'$1'",  "?"};
#define N_TEXTS (sizeof texts / sizeof texts[0])

struct rows {
    SQLINTEGER id[N];
    char t[N][16];
    SQLBIGINT b[N];
    SQL_DATE_STRUCT d[N];
    unsigned char x[N][4];
    char v[N][16];
    SQLLEN t_ind[N], b_ind[N], x_ind[N];
    SQLUSMALLINT status[N];
};

static struct rows *bind_rows(SQLHSTMT stmt)
{
    struct rows *r = calloc(1, sizeof *r);

    for (int i = 0; i < N; i++) {
        r->id[i] = i;
        snprintf(r->t[i], sizeof r->t[i], "%s", texts[(size_t)i % N_TEXTS]);
        r->t_ind[i] = i % 20 == 0 ? SQL_NULL_DATA : SQL_NTS;
        r->b[i] = (SQLBIGINT)i << 33; /* the first is an int4 */
        r->b_ind[i] = i % 50 == 7 ? SQL_NULL_DATA : 0;
        r->d[i] = (SQL_DATE_STRUCT){2024, 2, (SQLUSMALLINT)(1 + i % 29)};
        memcpy(r->x[i], (unsigned char[]){0, (unsigned char)i, '\\', '"'}, 4);
        r->x_ind[i] = i % 5;
        snprintf(r->v[i], sizeof r->v[i], "name %d", i);
    }
    SQLSetStmtAttr(stmt, SQL_ATTR_PARAMSET_SIZE, (SQLPOINTER)(intptr_t)N, 0);
    SQLSetStmtAttr(stmt, SQL_ATTR_PARAM_STATUS_PTR, r->status, 0);
    SQLBindParameter(stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, r->id, 0, NULL);
    SQLBindParameter(stmt, 2, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 16, 0, r->t, sizeof r->t[0],
                     r->t_ind);
    SQLBindParameter(stmt, 3, SQL_PARAM_INPUT, SQL_C_SBIGINT, SQL_BIGINT, 0, 0, r->b, 0, r->b_ind);
    SQLBindParameter(stmt, 4, SQL_PARAM_INPUT, SQL_C_TYPE_DATE, SQL_TYPE_DATE, 10, 0, r->d, 0,
                     NULL);
    SQLBindParameter(stmt, 5, SQL_PARAM_INPUT, SQL_C_BINARY, SQL_VARBINARY, 4, 0, r->x,
                     sizeof r->x[0], r->x_ind);
    SQLBindParameter(stmt, 6, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 16, 0, r->v, sizeof r->v[0],
                     NULL);
    return r;
}

/* Every value, read by the server: 'place' tells that the order of the rows is the array's. */
static void assert_rows(const struct rows *r)
{
    char expected[64];
    char hex[512] = "";

    snprintf(expected, sizeof expected, "%d|t|t|t|t|t", N);
    assert_string_equal(
        pg_admin("SELECT count(*), bool_and(place = (SELECT min(place) FROM by_columns) + id), "
                 "bool_and(b IS NOT DISTINCT FROM CASE WHEN id % 50 = 7 THEN NULL ELSE id::bigint "
                 "<< 33 END), bool_and(d = date '2024-02-01' + id % 29), bool_and(x = "
                 "substr('\\x00'::bytea || decode(lpad(to_hex(id % 256), 2, '0'), 'hex') || "
                 "'\\x5c22'::bytea, 1, id % 5)), bool_and(v = 'name ' || id) FROM by_columns"),
        expected);
    for (int i = 1; i < (int)N_TEXTS; i++) {
        for (size_t k = 0; k < strlen(r->t[i]); k++)
            snprintf(hex + strlen(hex), 3, "%02x", (unsigned char)r->t[i][k]);
        strcat(hex, "|");
    }
    assert_string_equal(
        pg_admin("SELECT string_agg(encode(convert_to(t, 'UTF8'), 'hex') || '|', '' ORDER BY id) "
                 "FROM by_columns WHERE id BETWEEN 1 AND 12"),
        hex);
    assert_string_equal(pg_admin("SELECT count(*) FROM by_columns WHERE t IS NULL"), "15");
}

#define INSERT "INSERT INTO by_columns (id, t, b, d, x, v) VALUES "
#define TYPED INSERT "(?, ?::text, ?, ?, ?, ?::varchar)"
#define UNTYPED INSERT "(?, ?, ?, ?, ?, ?)"

static const char *const transports[] = {"DSN=neon;Transport=http",
                                         "DSN=neon;Transport=http;BufferedRowCount=preview",
                                         "DSN=neon;Transport=websocket", "DSN=neon;Transport=auto"};
#define N_TRANSPORTS (sizeof transports / sizeof transports[0])

static struct fixture *connect_to(const char *connstr, bool autocommit)
{
    struct fixture *f = fixture_new(SQL_OV_ODBC3_80);

    fixture_connect(f, connstr);
    reset_table(f);
    if (!autocommit)
        assert_dbc_ok(f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT,
                                                (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0));
    return f;
}

static void insert(struct fixture *f, const char *sql, const char *columns)
{
    struct rows *r = bind_rows(f->stmt);
    SQLLEN count = 0;

    assert_stmt_ok(f->stmt, SQLExecDirect(f->stmt, sqltext(sql), SQL_NTS));
    SQLRowCount(f->stmt, &count);
    assert_true(count == N || count == -1);
    SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT);
    assert_string_equal(noted(), columns);
    assert_rows(r);
    free(r);
}

static void test_the_rows_arrive(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_TRANSPORTS * 2; i++) {
        struct fixture *f = connect_to(transports[i / 2], i % 2 == 0);
        insert(f, TYPED, "true");
        fixture_free(f);
    }
}

/* Without a type in the SQL the server's choice must be known, from describing. */
static void test_described(void **state)
{
    SQLSMALLINT type = 0;
    SQLSMALLINT digits, nullable;
    SQLULEN size;

    (void)state;
    for (size_t i = 0; i < N_TRANSPORTS; i++) {
        struct fixture *f = connect_to(transports[i], true);
        insert(f, UNTYPED, "false");
        reset_table(f);
        assert_stmt_ok(f->stmt, SQLPrepare(f->stmt, sqltext(UNTYPED), SQL_NTS));
        assert_stmt_ok(f->stmt, SQLDescribeParam(f->stmt, 2, &type, &size, &digits, &nullable));
        insert(f, UNTYPED, "true");
        fixture_free(f);
    }
}

/* A type in the SQL describes its parameter without a request. */
static void test_describing_typed(void **state)
{
    struct fixture *f = connect_to(transports[0], true);
    SQLSMALLINT type = 0;
    SQLSMALLINT digits, nullable;
    SQLULEN size;
    long before = gateway_requests();

    (void)state;
    assert_stmt_ok(f->stmt,
                   SQLPrepare(f->stmt,
                              sqltext("SELECT 1 WHERE ?::numeric(10,2) > 1 AND ?::timestamp "
                                      "with time zone IS NULL"),
                              SQL_NTS));
    assert_stmt_ok(f->stmt, SQLDescribeParam(f->stmt, 1, &type, &size, &digits, &nullable));
    assert_int_equal(type, SQL_NUMERIC);
    assert_stmt_ok(f->stmt, SQLDescribeParam(f->stmt, 2, &type, &size, &digits, &nullable));
    assert_int_equal(type, SQL_TYPE_TIMESTAMP);
    assert_int_equal(gateway_requests(), before);
    fixture_free(f);
}

/* Integers for a boolean column: it is found out, and the rows go as rows. */
static void test_numbers_for_booleans(void **state)
{
    SQLINTEGER id[N], flag[N];

    (void)state;
    for (int i = 0; i < N; i++) {
        id[i] = i;
        flag[i] = i % 3 == 0;
    }
    for (size_t i = 0; i < N_TRANSPORTS; i++) {
        struct fixture *f = connect_to(transports[i], true);
        pg_admin("ALTER TABLE by_columns ADD f bool");
        SQLSetStmtAttr(f->stmt, SQL_ATTR_PARAMSET_SIZE, (SQLPOINTER)(intptr_t)N, 0);
        SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, id, 0, NULL);
        SQLBindParameter(f->stmt, 2, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, flag, 0,
                         NULL);
        assert_stmt_ok(
            f->stmt, SQLExecDirect(f->stmt, sqltext("INSERT INTO by_columns (id, f) VALUES (?, ?)"),
                                   SQL_NTS));
        assert_string_equal(pg_admin("SELECT count(*) FROM by_columns WHERE f = (id % 3 = 0)"),
                            "300");
        fixture_free(f);
    }
}

/* Types whose arrays are written otherwise, or that are not known, go as rows. */
static void test_other_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_TRANSPORTS; i++) {
        struct fixture *f = connect_to(transports[i], true);
        struct rows *r = bind_rows(f->stmt);
        assert_stmt_ok(f->stmt,
                       SQLExecDirect(f->stmt,
                                     sqltext("INSERT INTO by_columns (id, t, b, d, x, v, m) VALUES "
                                             "(?, ?, ?, ?, ?, ?, 'good'::by_columns_mood)"),
                                     SQL_NTS));
        assert_string_equal(noted(), "false");
        assert_rows(r);
        free(r);
        fixture_free(f);
    }
}

static void test_the_row_that_failed(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_TRANSPORTS; i++) {
        bool session = strstr(transports[i], "http") == NULL;
        struct fixture *f = connect_to(transports[i], !session);
        struct rows *r = bind_rows(f->stmt);
        SQLLEN row = 0;

        r->id[200] = 17;
        assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext(TYPED), SQL_NTS), "23505");
        assert_int_equal(r->status[200], SQL_PARAM_ERROR);
        assert_int_equal(r->status[199], SQL_PARAM_UNUSED);
        SQLGetDiagField(SQL_HANDLE_STMT, f->stmt, 1, SQL_DIAG_ROW_NUMBER, &row, 0, NULL);
        assert_int_equal(row, 201);
        SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK);
        r->id[200] = 200;
        snprintf(r->v[250], sizeof r->v[250], "%s", "12345678901234"); /* varchar(12) */
        assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext(TYPED), SQL_NTS), "22001");
        assert_int_equal(r->status[250], SQL_PARAM_ERROR);
        SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK);
        assert_string_equal(pg_admin("SELECT count(*) FROM by_columns"), "0");
        free(r);
        fixture_free(f);
    }
}

/* Executions of one INSERT that wait in a transaction. */
static void test_gathered(void **state)
{
    struct fixture *f = connect_to(transports[0], false);
    SQLINTEGER id = 0;
    char t[16];
    SQLLEN ind = SQL_NTS;

    (void)state;
    assert_stmt_ok(
        f->stmt, SQLPrepare(f->stmt, sqltext("INSERT INTO by_columns (id, t) VALUES (?, ?::text)"),
                            SQL_NTS));
    SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, &id, 0, NULL);
    SQLBindParameter(f->stmt, 2, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 16, 0, t, sizeof t,
                     &ind);
    for (; id < (int)N_TEXTS; id++) {
        snprintf(t, sizeof t, "%s", texts[id]);
        assert_stmt_ok(f->stmt, SQLExecute(f->stmt));
    }
    assert_int_equal(query_number(new_stmt(f), "SELECT count(*) FROM by_columns"), N_TEXTS);
    snprintf(t, sizeof t, "%s", "one more");
    assert_stmt_ok(f->stmt, SQLExecute(f->stmt));
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
    assert_string_equal(noted(), "true");
    assert_string_equal(
        pg_admin("SELECT string_agg(t, '|' ORDER BY id) = E'|NULL|null|a\"b\\\\c|"
                 "{1,2}|\\\\| x |a\\nb\\t|r\\u00f6|\"\"|1,2|''$1''|?|one more' FROM "
                 "by_columns"),
        "t");
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_rows_arrive),  cmocka_unit_test(test_described),
        cmocka_unit_test(test_describing_typed), cmocka_unit_test(test_numbers_for_booleans),
        cmocka_unit_test(test_other_types),      cmocka_unit_test(test_the_row_that_failed),
        cmocka_unit_test(test_gathered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
