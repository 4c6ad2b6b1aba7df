/* Diagnostics: header and record fields, order, the server's own fields, translated states in ODBC
 * 3 and ODBC 2, and what clears them. Through the manager, and from the driver itself where a
 * manager keeps records of its own. */
#include "odbc_test.h"

#include "neonodbc.h"

static SQLHSTMT stmt_of(void **state)
{
    return ((struct fixture *)*state)->stmt;
}

static const char *field(SQLHSTMT s, SQLSMALLINT record, SQLSMALLINT id)
{
    static char text[4096];
    SQLSMALLINT len = -1;

    text[0] = '\0';
    assert_int_equal(
        DRIVER(SQLGetDiagField)(SQL_HANDLE_STMT, s, record, id, text, sizeof text, &len),
        SQL_SUCCESS);
    assert_int_equal(len, strlen(text));
    return text;
}

static SQLINTEGER integer_field(SQLHSTMT s, SQLSMALLINT record, SQLSMALLINT id)
{
    SQLINTEGER v = 0x55555555;

    assert_int_equal(DRIVER(SQLGetDiagField)(SQL_HANDLE_STMT, s, record, id, &v, 0, NULL),
                     SQL_SUCCESS);
    return v;
}

static SQLLEN len_field(SQLHSTMT s, SQLSMALLINT record, SQLSMALLINT id)
{
    SQLLEN v = 0x55555555;

    assert_int_equal(DRIVER(SQLGetDiagField)(SQL_HANDLE_STMT, s, record, id, &v, 0, NULL),
                     SQL_SUCCESS);
    return v;
}

static SQLRETURN direct_exec(SQLHSTMT s, const char *sql)
{
    DRIVER(SQLFreeStmt)(s, SQL_CLOSE);
    return DRIVER(SQLExecDirect)(s, sqltext(sql), SQL_NTS);
}

static void must(SQLHSTMT s, const char *sql)
{
    SQLRETURN rc = direct_exec(s, sql);

    if (rc != SQL_NO_DATA)
        check_direct(rc, SQL_HANDLE_STMT, s, NULL, sql, __FILE__, __LINE__);
}

/* ---- fields ---- */

static void test_header_fields(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;
    SQLRETURN code = 77;
    SQLLEN rows;

    must(s, "DROP TABLE IF EXISTS headers");
    must(s, "CREATE TABLE headers (i int)");
    must(s, "INSERT INTO headers SELECT generate_series(1, 7)");
    assert_int_equal(len_field(s, 0, SQL_DIAG_ROW_COUNT), 7);
    assert_string_equal(field(s, 0, SQL_DIAG_DYNAMIC_FUNCTION), "INSERT");
    assert_int_equal(integer_field(s, 0, SQL_DIAG_DYNAMIC_FUNCTION_CODE), SQL_DIAG_INSERT);
    assert_int_equal(integer_field(s, 0, SQL_DIAG_NUMBER), 0);
    must(s, "UPDATE headers SET i = 0 WHERE i > 4");
    assert_int_equal(len_field(s, 0, SQL_DIAG_ROW_COUNT), 3);
    assert_int_equal(integer_field(s, 0, SQL_DIAG_DYNAMIC_FUNCTION_CODE), SQL_DIAG_UPDATE_WHERE);
    assert_int_equal(direct_exec(s, "DELETE FROM headers WHERE i = 99"), SQL_NO_DATA);
    assert_int_equal(len_field(s, 0, SQL_DIAG_ROW_COUNT), 0);
    assert_string_equal(field(s, 0, SQL_DIAG_DYNAMIC_FUNCTION), "DELETE WHERE");
    assert_int_equal(
        DRIVER(SQLGetDiagField)(SQL_HANDLE_STMT, s, 0, SQL_DIAG_RETURNCODE, &code, 0, NULL),
        SQL_SUCCESS);
    assert_int_equal(code, SQL_NO_DATA);
    must(s, "SELECT * FROM headers");
    assert_string_equal(field(s, 0, SQL_DIAG_DYNAMIC_FUNCTION), "SELECT CURSOR");
    assert_int_equal(integer_field(s, 0, SQL_DIAG_DYNAMIC_FUNCTION_CODE), SQL_DIAG_SELECT_CURSOR);
    assert_int_equal(len_field(s, 0, SQL_DIAG_CURSOR_ROW_COUNT), 7);
    must(s, "DROP TABLE headers");
    assert_int_equal(integer_field(s, 0, SQL_DIAG_DYNAMIC_FUNCTION_CODE),
                     SQL_DIAG_UNKNOWN_STATEMENT);
    assert_string_equal(field(s, 0, SQL_DIAG_DYNAMIC_FUNCTION), "");
    assert_int_equal(direct_exec(s, "SELECT nope"), SQL_ERROR);
    assert_int_equal(
        DRIVER(SQLGetDiagField)(SQL_HANDLE_STMT, s, 5, SQL_DIAG_RETURNCODE, &code, 0, NULL),
        SQL_SUCCESS);
    assert_int_equal(code, SQL_ERROR); /* a header field, whatever the record number */
    assert_int_equal(integer_field(s, 0, SQL_DIAG_NUMBER), 1);
    assert_string_equal(field(s, 0, SQL_DIAG_DYNAMIC_FUNCTION), "SELECT CURSOR");
    /* the statement's header fields are no fields of other handles */
    assert_int_equal(
        DRIVER(SQLGetDiagField)(SQL_HANDLE_DBC, f->dbc, 0, SQL_DIAG_ROW_COUNT, &rows, 0, NULL),
        SQL_ERROR);
}

static void test_record_fields(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLCHAR text[20];
    SQLSMALLINT len = 0;
    SQLSMALLINT whole = 0;

    assert_int_equal(direct_exec(s, "SELECT nope FROM customers"), SQL_ERROR);
    assert_string_equal(field(s, 1, SQL_DIAG_SQLSTATE), "42S22");
    assert_int_equal(integer_field(s, 1, SQL_DIAG_NATIVE), 0);
    assert_string_equal(field(s, 1, SQL_DIAG_CLASS_ORIGIN), "ISO 9075");
    assert_string_equal(field(s, 1, SQL_DIAG_SUBCLASS_ORIGIN), "ODBC 3.0");
    assert_int_equal(len_field(s, 1, SQL_DIAG_ROW_NUMBER), SQL_NO_ROW_NUMBER);
    assert_int_equal(integer_field(s, 1, SQL_DIAG_COLUMN_NUMBER), SQL_NO_COLUMN_NUMBER);
    assert_int_equal(strncmp(field(s, 1, SQL_DIAG_MESSAGE_TEXT),
                             "[Neon][neon-odbc] column \"nope\" does not exist", 46),
                     0);
    assert_int_equal(direct_exec(s, "SELECT 1 FROM customers WHERE"), SQL_ERROR);
    assert_string_equal(field(s, 1, SQL_DIAG_SQLSTATE), "42601");
    assert_string_equal(field(s, 1, SQL_DIAG_SUBCLASS_ORIGIN),
                        "PostgreSQL"); /* 5-9: of the implementation */
    assert_int_equal(direct_exec(s, "SELECT 1/0"), SQL_ERROR);
    assert_string_equal(field(s, 1, SQL_DIAG_SQLSTATE), "22012");
    assert_string_equal(field(s, 1, SQL_DIAG_SUBCLASS_ORIGIN), "ISO 9075");
    /* past the end, before the beginning, and cut */
    assert_int_equal(
        DRIVER(SQLGetDiagField)(SQL_HANDLE_STMT, s, 2, SQL_DIAG_SQLSTATE, text, sizeof text, &len),
        SQL_NO_DATA);
    assert_int_equal(
        DRIVER(SQLGetDiagField)(SQL_HANDLE_STMT, s, 0, SQL_DIAG_SQLSTATE, text, sizeof text, &len),
        SQL_ERROR);
    assert_int_equal(DRIVER(SQLGetDiagField)(SQL_HANDLE_STMT, s, 1, 999, text, sizeof text, &len),
                     SQL_ERROR);
    assert_int_equal(
        DRIVER(SQLGetDiagField)(SQL_HANDLE_STMT, s, 1, SQL_DIAG_MESSAGE_TEXT, text, -1, &len),
        SQL_ERROR);
    assert_int_equal(DRIVER(SQLGetDiagField)(SQL_HANDLE_STMT, s, 1, SQL_DIAG_MESSAGE_TEXT, text,
                                             sizeof text, &len),
                     SQL_SUCCESS_WITH_INFO);
    assert_int_equal(strlen((char *)text), 19);
    assert_int_equal(DRIVER(SQLGetDiagRec)(SQL_HANDLE_STMT, s, 1, NULL, NULL, NULL, 0, &whole),
                     SQL_SUCCESS);
    assert_int_equal(len, whole);
    assert_int_equal(
        DRIVER(SQLGetDiagRec)(SQL_HANDLE_STMT, s, 1, NULL, NULL, text, sizeof text, &len),
        SQL_SUCCESS_WITH_INFO);
    assert_int_equal(
        DRIVER(SQLGetDiagRec)(SQL_HANDLE_STMT, s, 2, NULL, NULL, text, sizeof text, &len),
        SQL_NO_DATA);
    assert_int_equal(
        DRIVER(SQLGetDiagRec)(SQL_HANDLE_STMT, s, 0, NULL, NULL, text, sizeof text, &len),
        SQL_ERROR);
    assert_int_equal(DRIVER(SQLGetDiagRec)(SQL_HANDLE_STMT, s, 1, NULL, NULL, text, -1, &len),
                     SQL_ERROR);
    /* asking posts nothing and clears nothing */
    assert_int_equal(integer_field(s, 0, SQL_DIAG_NUMBER), 1);
    assert_string_equal(field(s, 1, SQL_DIAG_SQLSTATE), "22012");
}

static void test_fields_of_the_server(void **state)
{
    SQLHSTMT s = stmt_of(state);

    must(s, "DROP TABLE IF EXISTS fielded");
    must(s, "CREATE TABLE fielded (id int CONSTRAINT fielded_key PRIMARY KEY, v int CONSTRAINT "
            "positive CHECK (v > 0))");
    must(s, "INSERT INTO fielded VALUES (1, 1)");
    assert_int_equal(direct_exec(s, "INSERT INTO fielded VALUES (1, 2)"), SQL_ERROR);
    assert_string_equal(field(s, 1, SQL_DIAG_SQLSTATE), "23505");
    assert_string_equal(field(s, 1, NEON_DIAG_SERVER_SQLSTATE), "23505");
    assert_string_equal(field(s, 1, NEON_DIAG_SEVERITY), "ERROR");
    assert_string_equal(field(s, 1, NEON_DIAG_PRIMARY_MESSAGE),
                        "duplicate key value violates unique constraint \"fielded_key\"");
    assert_string_equal(field(s, 1, NEON_DIAG_DETAIL), "Key (id)=(1) already exists.");
    assert_string_equal(field(s, 1, NEON_DIAG_SCHEMA), "public");
    assert_string_equal(field(s, 1, NEON_DIAG_TABLE), "fielded");
    assert_string_equal(field(s, 1, NEON_DIAG_CONSTRAINT), "fielded_key");
    assert_string_equal(field(s, 1, NEON_DIAG_HINT), "");
    assert_true(strlen(field(s, 1, NEON_DIAG_SOURCE_FILE)) > 2);
    assert_true(atoi(field(s, 1, NEON_DIAG_SOURCE_LINE)) > 0);
    assert_true(strlen(field(s, 1, NEON_DIAG_SOURCE_ROUTINE)) > 2);
    if (!over(OVER_WEBSOCKET)) /* a session has requests, and they have no names */
        assert_true(strlen(field(s, 1, NEON_DIAG_REQUEST_ID)) > 8);
    assert_non_null(
        strstr(field(s, 1, SQL_DIAG_MESSAGE_TEXT), "DETAIL: Key (id)=(1) already exists."));
    assert_int_equal(direct_exec(s, "INSERT INTO fielded (id, nope) VALUES (1, 2)"), SQL_ERROR);
    assert_string_equal(field(s, 1, SQL_DIAG_SQLSTATE), "42S22");
    assert_string_equal(field(s, 1, NEON_DIAG_SERVER_SQLSTATE), "42703");
    assert_string_equal(field(s, 1, NEON_DIAG_POSITION), "26");
    assert_non_null(strstr(field(s, 1, SQL_DIAG_MESSAGE_TEXT), "POSITION: 26"));
    assert_int_equal(direct_exec(s, "SELECT lower(1)"), SQL_ERROR);
    assert_true(strlen(field(s, 1, NEON_DIAG_HINT)) > 10);
    assert_non_null(strstr(field(s, 1, SQL_DIAG_MESSAGE_TEXT), "HINT: "));
    assert_int_equal(direct_exec(s, "DO $$ BEGIN RAISE EXCEPTION 'mine' USING ERRCODE = 'P0123', "
                                    "COLUMN = 'c', DATATYPE = 't'; END $$"),
                     SQL_ERROR);
    assert_string_equal(field(s, 1, SQL_DIAG_SQLSTATE), "P0123"); /* as the server says */
    assert_string_equal(field(s, 1, SQL_DIAG_CLASS_ORIGIN), "PostgreSQL");
    assert_string_equal(field(s, 1, NEON_DIAG_COLUMN), "c");
    assert_string_equal(field(s, 1, NEON_DIAG_DATA_TYPE), "t");
    assert_non_null(strstr(field(s, 1, NEON_DIAG_WHERE), "PL/pgSQL"));
    must(s, "DROP TABLE fielded");
    /* the driver's own errors have none of them */
    assert_int_equal(DRIVER(SQLFetch)(s), SQL_ERROR);
    assert_string_equal(field(s, 1, NEON_DIAG_SERVER_SQLSTATE), "");
}

/* ---- states ---- */

static const struct provoked {
    const char *sql, *odbc3, *odbc2;
} provoked[] = {
    {"SELECT * FROM no_such_table", "42S02", "S0002"},
    {"DROP TABLE no_such_table", "42S02", "S0002"},
    {"CREATE TABLE customers (i int)", "42S01", "S0001"},
    {"SELECT no_such_column FROM customers", "42S22", "S0022"},
    {"ALTER TABLE customers ADD COLUMN name text", "42S21", "S0021"},
    {"SELEC 1", "42601", "37000"},
    {"SELECT no_such_function(1)", "42883", "37000"},
    {"SELECT 1 WHERE 'a'", "22018", "22005"},
    {"SELECT 'x'::int", "22018", "22005"},
    {"SELECT 1/0", "22012", "22012"},
    {"SELECT 99999::smallint", "22003", "22003"},
    {"SELECT '2026-02-31'::date", "22008", "22008"},
    {"SELECT 'nonsense'::date", "22007", "22008"},
    {"INSERT INTO customers (name) VALUES (repeat('x', 100))", "22001", "22001"},
    {"INSERT INTO customers (id, name) VALUES (1, 'x')", "23505", "23000"},
    {"INSERT INTO customers (name) VALUES (NULL)", "23502", "23000"},
    {"INSERT INTO orders (customer_id, ordered_on) VALUES (-1, '2026-01-01')", "23503", "23000"},
    {"INSERT INTO products (sku, name, price) VALUES ('n', 'n', -1)", "23514", "23000"},
    {"SELECT * FROM pg_catalog.pg_authid", "42501", "42000"},
    {"SELECT (SELECT id FROM customers)", "21000", "21S01"},
    {"DROP INDEX no_such_index", "42704", "37000"},
    {"CREATE INDEX orders_customer ON orders (id)", "42S01", "S0001"},
    {"SELECT * FROM no_such_schema.t", "42S02", "S0002"},
    {"CREATE TABLE no_such_schema.t (i int)", "3F000", "S1000"},
    {"SELECT pg_catalog.current_setting('nonsense')", "42704", "37000"},
    {"DO $$ BEGIN RAISE EXCEPTION 'x'; END $$", "P0001", "S1000"},
    {"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$", "40001", "40001"},
    {"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$", "40P01", "40000"},
    {"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '0A000'; END $$", "0A000", "S1C00"},
    {"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '08006'; END $$", "08S01", "08S01"},
    {"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '57014'; END $$", "HY008", "S1008"},
    {"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'XX000'; END $$", "XX000", "S1000"},
    {"LISTEN x", "HYC00", "S1C00"},
    {"COPY customers FROM STDIN", "HYC00", "S1C00"},
};

static void check_states(SQLHSTMT s, bool odbc2)
{
    int wrong = 0;

    for (size_t i = 0; i < sizeof provoked / sizeof provoked[0]; i++) {
        const char *want = odbc2 ? provoked[i].odbc2 : provoked[i].odbc3;
        SQLRETURN rc = direct_exec(s, provoked[i].sql);
        if (rc == SQL_ERROR && strcmp(direct_state(SQL_HANDLE_STMT, s), want) == 0 &&
            strncmp(field(s, 1, SQL_DIAG_MESSAGE_TEXT), "[Neon][neon-odbc] ", 18) == 0)
            continue;
        print_error("%s: %d %s, wanted %s\n", provoked[i].sql, rc, direct_state(SQL_HANDLE_STMT, s),
                    want);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

/* PL/pgSQL lets an error be raised with the state of a warning. The statement has failed all the
 * same, and so have its transaction and its array of parameters. */
static void test_an_error_with_the_state_of_a_warning(void **state)
{
    static const char *const keywords[] = {"DSN=neon", "DSN=neon;SqlState=postgres"};
    static const char *const raised[] = {"01000", "01004", "01S02"};

    (void)state;
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
        for (size_t k = 0; k < sizeof raised / sizeof raised[0]; k++) {
            struct fixture *f = fixture_new(SQL_OV_ODBC3_80);
            SQLINTEGER values[3] = {1, 2, 3};
            SQLUSMALLINT status[3] = {SQL_PARAM_SUCCESS, SQL_PARAM_SUCCESS, SQL_PARAM_SUCCESS};
            SQLRETURN rc;
            char sql[1024];
            fixture_connect(f, keywords[i]);
            snprintf(sql, sizeof sql,
                     "DROP TABLE IF EXISTS raising; CREATE TABLE raising (a int); "
                     "CREATE OR REPLACE FUNCTION raising() RETURNS trigger LANGUAGE plpgsql AS "
                     "$$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '%s'; END $$; "
                     "CREATE TRIGGER raising BEFORE INSERT ON raising FOR EACH ROW "
                     "EXECUTE FUNCTION raising(); GRANT ALL ON raising TO PUBLIC",
                     raised[k]);
            pg_admin(sql);
            assert_stmt_state(f->stmt, exec(f->stmt, "INSERT INTO raising VALUES (1)"), "HY000");
            assert_stmt_state(f->stmt, exec(f->stmt, "SELECT 1; INSERT INTO raising VALUES (1)"),
                              "HY000");
            assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_PARAMSET_SIZE,
                                                   (SQLPOINTER)(uintptr_t)3, 0));
            assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_PARAM_STATUS_PTR, status, 0));
            assert_stmt_ok(f->stmt, SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG,
                                                     SQL_INTEGER, 0, 0, values, 0, NULL));
            assert_stmt_state(f->stmt, exec(f->stmt, "INSERT INTO raising VALUES (?)"), "HY000");
            assert_int_not_equal(status[0], SQL_PARAM_SUCCESS);
            assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_PARAMSET_SIZE,
                                                   (SQLPOINTER)(uintptr_t)1, 0));
            SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
            fixture_autocommit(f, false);
            rc = exec(f->stmt, "INSERT INTO raising VALUES (1)");
            if (over(OVER_SESSIONS))
                assert_stmt_state(f->stmt, rc, "HY000");
            else
                assert_stmt_ok(f->stmt, rc);
            assert_int_equal(SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT), SQL_ERROR);
            fixture_autocommit(f, true);
            assert_string_equal(query_text(f->stmt, "SELECT count(*) FROM raising"), "0");
            fixture_free(f);
        }
    pg_admin("DROP TABLE raising; DROP FUNCTION raising");
}

static void test_states_of_odbc3(void **state)
{
    check_states(stmt_of(state), false);
}

static void test_states_of_odbc2(void **state)
{
    struct fixture *f = direct_connect(SQL_OV_ODBC2);

    (void)state;
    check_states(f->stmt, true);
    assert_int_equal(DRIVER(SQLGetData)(f->stmt, 1, SQL_C_CHAR, NULL, 0, NULL), SQL_ERROR);
    assert_string_equal(direct_state(SQL_HANDLE_STMT, f->stmt), "S1010");
    must(f->stmt, "SELECT 'long text'");
    {
        SQLCHAR text[4];
        SQLLEN ind;
        assert_int_equal(DRIVER(SQLFetch)(f->stmt), SQL_SUCCESS);
        assert_int_equal(DRIVER(SQLGetData)(f->stmt, 1, SQL_C_CHAR, text, sizeof text, &ind),
                         SQL_SUCCESS_WITH_INFO);
        assert_string_equal(direct_state(SQL_HANDLE_STMT, f->stmt), "01004");
    }
    direct_free(f);
}

static void test_states_of_odbc2_through_the_manager(void **state)
{
    struct fixture *f = fixture_new(SQL_OV_ODBC2);

    (void)state;
    fixture_connect(f, NULL);
    assert_stmt_state(
        f->stmt, SQLExecDirect(f->stmt, sqltext("SELECT * FROM no_such_table"), SQL_NTS), "S0002");
    assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext("SELECT 'x'::int"), SQL_NTS),
                      "22005");
    fixture_free(f);
}

/* ---- order and life ---- */

static void test_errors_come_before_warnings(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLCHAR small[4][2];
    SQLINTEGER numbers[4];
    SQLLEN ind[4];
    static const char *const states[] = {"01S01", "22002", "01004", "01004"};
    static const SQLLEN rows[] = {SQL_NO_ROW_NUMBER, 1, 2, 3};

    assert_int_equal(DRIVER(SQLSetStmtAttr)(s, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)4, 0),
                     SQL_SUCCESS);
    assert_int_equal(DRIVER(SQLBindCol)(s, 1, SQL_C_CHAR, small, 2, ind), SQL_SUCCESS);
    assert_int_equal(DRIVER(SQLBindCol)(s, 2, SQL_C_LONG, numbers, 0, NULL), SQL_SUCCESS);
    must(s, "SELECT * FROM (VALUES ('a', NULL::int), ('bb', 2), ('cc', 3), ('d', 4)) v");
    assert_int_equal(DRIVER(SQLFetch)(s), SQL_SUCCESS_WITH_INFO);
    assert_int_equal(integer_field(s, 0, SQL_DIAG_NUMBER), 4);
    for (SQLSMALLINT i = 0; i < 4; i++) {
        assert_int_equal(len_field(s, (SQLSMALLINT)(i + 1), SQL_DIAG_ROW_NUMBER), rows[i]);
        assert_string_equal(field(s, (SQLSMALLINT)(i + 1), SQL_DIAG_SQLSTATE), states[i]);
    }
    /* within one row: the error first, though its column is the later one */
    must(s, "SELECT 'aa', NULL::int UNION ALL SELECT 'b', 1");
    assert_int_equal(DRIVER(SQLFetch)(s), SQL_SUCCESS_WITH_INFO);
    assert_int_equal(integer_field(s, 0, SQL_DIAG_NUMBER), 3);
    assert_string_equal(field(s, 2, SQL_DIAG_SQLSTATE), "22002");
    assert_string_equal(field(s, 3, SQL_DIAG_SQLSTATE), "01004");
}

static void test_the_next_call_clears_and_handles_are_separate(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;
    SQLSMALLINT n;
    SQLULEN value;

    assert_int_equal(direct_exec(s, "SELECT nope"), SQL_ERROR);
    assert_string_equal(direct_state(SQL_HANDLE_STMT, s), "42S22");
    assert_string_equal(direct_state(SQL_HANDLE_DBC, f->dbc), "");
    assert_int_equal(DRIVER(SQLGetStmtAttr)(s, SQL_ATTR_MAX_ROWS, &value, 0, NULL), SQL_SUCCESS);
    assert_string_equal(direct_state(SQL_HANDLE_STMT, s), "");
    assert_int_equal(direct_exec(s, "SELECT nope"), SQL_ERROR);
    /* a call that fails replaces them */
    assert_int_equal(DRIVER(SQLNumResultCols)(s, &n), SQL_ERROR);
    assert_int_equal(integer_field(s, 0, SQL_DIAG_NUMBER), 1);
    assert_string_equal(direct_state(SQL_HANDLE_STMT, s), "HY010");
    /* a call on the connection leaves the statement's alone */
    assert_int_equal(DRIVER(SQLGetInfo)(f->dbc, 65000, &value, 0, NULL), SQL_ERROR);
    assert_string_equal(direct_state(SQL_HANDLE_DBC, f->dbc), "HY096");
    assert_string_equal(direct_state(SQL_HANDLE_STMT, s), "HY010");
    assert_int_equal(DRIVER(SQLFreeStmt)(s, SQL_CLOSE), SQL_SUCCESS);
    assert_string_equal(direct_state(SQL_HANDLE_STMT, s), "");
}

static void test_connection_and_server_names_are_the_data_source(void **state)
{
    struct fixture *f = *state;
    char text[64];
    SQLSMALLINT len;

    assert_int_equal(SQLExecDirect(f->stmt, sqltext("SELECT nope"), SQL_NTS), SQL_ERROR);
    assert_int_equal(
        SQLGetDiagField(SQL_HANDLE_STMT, f->stmt, 1, SQL_DIAG_SERVER_NAME, text, sizeof text, &len),
        SQL_SUCCESS);
    assert_string_equal(text, "neon");
    assert_int_equal(SQLGetDiagField(SQL_HANDLE_STMT, f->stmt, 1, SQL_DIAG_CONNECTION_NAME, text,
                                     sizeof text, &len),
                     SQL_SUCCESS);
    assert_string_equal(text, "neon");
    assert_int_equal(
        SQLGetDiagField(SQL_HANDLE_STMT, f->stmt, 2, SQL_DIAG_SERVER_NAME, text, sizeof text, &len),
        SQL_NO_DATA);
}

/* A statement that was refused ran nowhere; a syntax error in the second of several leaves no trace
 * of the first. */
static void test_every_message_is_a_sentence(void **state)
{
    SQLHSTMT s = stmt_of(state);

    for (size_t i = 0; i < sizeof provoked / sizeof provoked[0]; i++) {
        const char *text;
        assert_int_equal(direct_exec(s, provoked[i].sql), SQL_ERROR);
        text = field(s, 1, SQL_DIAG_MESSAGE_TEXT);
        assert_true(strlen(text) > 18 + 1 || strstr(provoked[i].sql, "'x'") != NULL);
        assert_null(strstr(text, "(null)"));
        assert_null(strstr(text, test_env("NEON_TEST_PASSWORD")));
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_direct, teardown_direct)
#define M(f) cmocka_unit_test_setup_teardown(f, setup_connected, teardown_connected)

int main(void)
{
    const struct CMUnitTest everywhere[] = {
        T(test_header_fields),
        T(test_record_fields),
        T(test_fields_of_the_server),
        cmocka_unit_test(test_states_of_odbc2_through_the_manager),
        cmocka_unit_test(test_an_error_with_the_state_of_a_warning),
        T(test_errors_come_before_warnings),
        T(test_the_next_call_clears_and_handles_are_separate),
        M(test_connection_and_server_names_are_the_data_source),
    };

    /* what is refused there, and how it is said */
    const struct CMUnitTest http[] = {
        T(test_states_of_odbc3),
        cmocka_unit_test(test_states_of_odbc2),
        T(test_every_message_is_a_sentence),
    };

    return RUN_OVER(OVER_ALL, everywhere) + RUN_OVER(OVER_HTTP, http);
}
