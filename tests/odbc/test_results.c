/* Results through the driver manager: binding, blocks, pieces, descriptions, diagnostics,
 * catalogue. */
#include "odbc_test.h"

#include <sqlucode.h>

static SQLHSTMT stmt_of(void **state)
{
    return ((struct fixture *)*state)->stmt;
}

/* ---- binding ---- */

static void test_blocks_by_column_with_status_and_nulls(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLINTEGER ids[4];
    SQLCHAR texts[4][8];
    SQLLEN id_ind[4];
    SQLLEN text_ind[4];
    SQLUSMALLINT status[4];
    SQLULEN fetched = 0;

    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)4, 0));
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_STATUS_PTR, status, 0));
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROWS_FETCHED_PTR, &fetched, 0));
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_LONG, ids, 0, id_ind));
    assert_stmt_ok(s, SQLBindCol(s, 2, SQL_C_CHAR, texts, 8, text_ind));
    run(s, "SELECT g, CASE WHEN g <> 2 THEN repeat('x', g) END FROM generate_series(1, 6) g");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(fetched, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(ids[i], i + 1);
        assert_int_equal(status[i], SQL_ROW_SUCCESS);
    }
    assert_int_equal(text_ind[1], SQL_NULL_DATA);
    assert_string_equal((char *)texts[3], "xxxx");
    assert_int_equal(text_ind[3], 4);
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(fetched, 2);
    assert_int_equal(status[2], SQL_ROW_NOROW);
    assert_int_equal(SQLFetch(s), SQL_NO_DATA);
    assert_int_equal(SQLFetch(s), SQL_NO_DATA);
}

static void test_blocks_by_row_with_an_offset(void **state)
{
    struct row {
        SQLBIGINT id;
        SQLLEN id_ind;
        SQLCHAR text[8];
        SQLLEN text_ind;
    } rows[6];
    SQLHSTMT s = stmt_of(state);
    SQLLEN offset = 0;

    memset(rows, 0x55, sizeof rows);
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_BIND_TYPE, (SQLPOINTER)sizeof(struct row), 0));
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)3, 0));
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_BIND_OFFSET_PTR, &offset, 0));
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_SBIGINT, &rows[0].id, 0, &rows[0].id_ind));
    assert_stmt_ok(s, SQLBindCol(s, 2, SQL_C_CHAR, rows[0].text, 8, &rows[0].text_ind));
    run(s, "SELECT g, 'r' || g FROM generate_series(1, 6) g");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    offset = 3 * (SQLLEN)sizeof(struct row);
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    for (int i = 0; i < 6; i++) {
        char want[8];
        snprintf(want, sizeof want, "r%d", i + 1);
        assert_int_equal(rows[i].id, i + 1);
        assert_string_equal((char *)rows[i].text, want);
    }
}

static void test_a_row_that_cannot_be_converted_does_not_spoil_the_others(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLCHAR small[3];
    SQLUSMALLINT status[3];

    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)3, 0));
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_STATUS_PTR, status, 0));
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_UTINYINT, small, 0, NULL));
    run(s, "SELECT * FROM (VALUES (1), (1000), (3)) v");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS_WITH_INFO);
    assert_true(diag_has_state(SQL_HANDLE_STMT, s, "22003"));
    assert_true(diag_has_state(SQL_HANDLE_STMT, s, "01S01"));
    assert_int_equal(status[1], SQL_ROW_ERROR);
    assert_int_equal(small[0], 1);
    assert_int_equal(small[2], 3);
}

static void test_null_without_an_indicator_and_truncation(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLCHAR text[4];
    SQLLEN ind = 0;

    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_CHAR, text, sizeof text, NULL));
    run(s, "SELECT NULL::text");
    assert_stmt_state(s, SQLFetch(s), "22002");
    SQLFreeStmt(s, SQL_CLOSE);
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_CHAR, text, sizeof text, &ind));
    run(s, "SELECT 'abcdef'");
    assert_stmt_state(s, SQLFetch(s), "01004");
    assert_string_equal((char *)text, "abc");
    assert_int_equal(ind, 6);
    SQLFreeStmt(s, SQL_CLOSE);
    run(s, "SELECT 'a\xC3\xA9\xC3\xA9'"); /* a bound column is never cut inside a character */
    assert_stmt_state(s, SQLFetch(s), "01004");
    assert_string_equal((char *)text, "a\xC3\xA9");
    SQLFreeStmt(s, SQL_CLOSE);
    assert_stmt_ok(s, SQLFreeStmt(s, SQL_UNBIND));
    run(s, "SELECT 'zzz'");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_string_equal((char *)text, "a\xC3\xA9"); /* unbound: untouched */
}

static void test_max_rows_and_a_long_result(void **state)
{
    SQLHSTMT s = stmt_of(state);
    long n = 0;

    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_MAX_ROWS, (SQLPOINTER)5, 0));
    run(s, "SELECT g FROM generate_series(1, 100) g");
    while (SQLFetch(s) == SQL_SUCCESS)
        n++;
    assert_int_equal(n, 5);
    SQLFreeStmt(s, SQL_CLOSE);
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_MAX_ROWS, (SQLPOINTER)0, 0));
    run(s, "SELECT g FROM generate_series(1, 300000) g");
    for (n = 0; SQLFetch(s) == SQL_SUCCESS; n++)
        ;
    assert_int_equal(n, 300000);
}

/* ---- SQLGetData ---- */

/* Reads column 1 of the current row in pieces of `cap` bytes; every piece but the last answers
 * 01004 with what was left. */
static size_t read_pieces(SQLHSTMT s, SQLSMALLINT type, size_t cap, size_t unit, char *out,
                          size_t total)
{
    size_t terminator = type == SQL_C_BINARY ? 0 : unit;
    size_t len = 0;
    char piece[160];

    for (;;) {
        SQLLEN ind = -99;
        SQLRETURN rc;
        size_t n;
        memset(piece, 0x7E, sizeof piece);
        rc = SQLGetData(s, 1, type, piece, (SQLLEN)cap, &ind);
        if (rc == SQL_NO_DATA)
            return len;
        assert_true(SQL_SUCCEEDED(rc));
        assert_int_equal(ind, total - len);
        assert_int_equal(piece[cap], 0x7E); /* the guard */
        n = rc == SQL_SUCCESS ? (size_t)ind : cap - terminator;
        if (rc == SQL_SUCCESS_WITH_INFO)
            assert_string_equal(diag_state(SQL_HANDLE_STMT, s), "01004");
        memcpy(out + len, piece, n);
        len += n;
    }
}

static void test_pieces_of_every_size_make_the_value(void **state)
{
    SQLHSTMT s = stmt_of(state);
    static const char text[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80 and some more text, longer "
                               "than any one piece \xF0\x9F\x98\x80";
    char got[1024];
    SQLWCHAR wide[256];
    char sql[300];

    snprintf(sql, sizeof sql, "SELECT '%s'", text);
    for (size_t cap = 2; cap <= 130; cap++) {
        run(s, sql);
        assert_int_equal(SQLFetch(s), SQL_SUCCESS);
        assert_int_equal(read_pieces(s, SQL_C_CHAR, cap, 1, got, strlen(text)), strlen(text));
        assert_memory_equal(got, text, strlen(text));
    }
    run(s, sql);
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    {
        SQLLEN bytes;
        assert_int_equal(SQLGetData(s, 1, SQL_C_WCHAR, wide, sizeof wide, &bytes), SQL_SUCCESS);
        for (size_t cap = 4; cap <= 130; cap += 2) {
            run(s, sql);
            assert_int_equal(SQLFetch(s), SQL_SUCCESS);
            assert_int_equal(read_pieces(s, SQL_C_WCHAR, cap, 2, got, (size_t)bytes), bytes);
            assert_memory_equal(got, wide, (size_t)bytes);
        }
    }
    for (size_t cap = 1; cap <= 80; cap++) {
        run(s, "SELECT decode(string_agg(lpad(to_hex(g), 2, '0'), ''), 'hex') FROM "
               "generate_series(0, 255) g");
        assert_int_equal(SQLFetch(s), SQL_SUCCESS);
        assert_int_equal(read_pieces(s, SQL_C_BINARY, cap, 1, got, 256), 256);
        for (int i = 0; i < 256; i++)
            assert_int_equal((unsigned char)got[i], i);
    }
}

static void test_any_column_in_any_order_and_the_refusals(void **state)
{
    SQLHSTMT s = stmt_of(state);
    char a[20];
    SQLINTEGER b;
    SQLLEN ind;

    run(s, "SELECT 'one', 2, NULL");
    assert_stmt_state(s, SQLGetData(s, 1, SQL_C_CHAR, a, sizeof a, &ind), "24000");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(SQLGetData(s, 3, SQL_C_CHAR, a, sizeof a, &ind), SQL_SUCCESS);
    assert_int_equal(ind, SQL_NULL_DATA);
    assert_int_equal(SQLGetData(s, 2, SQL_C_LONG, &b, 0, &ind), SQL_SUCCESS);
    assert_int_equal(b, 2);
    assert_int_equal(SQLGetData(s, 1, SQL_C_CHAR, a, sizeof a, &ind), SQL_SUCCESS);
    assert_string_equal(a, "one");
    assert_int_equal(SQLGetData(s, 1, SQL_C_CHAR, a, sizeof a, &ind), SQL_NO_DATA);
    assert_int_equal(SQLGetData(s, 2, SQL_C_DEFAULT, &b, sizeof b, &ind),
                     SQL_SUCCESS); /* again, after another column */
    assert_stmt_state(s, SQLGetData(s, 4, SQL_C_CHAR, a, sizeof a, &ind), "07009");
    assert_stmt_state(s, SQLGetData(s, 3, SQL_C_CHAR, a, sizeof a, NULL), "22002");
    assert_stmt_state(s, SQLGetData(s, 2, SQL_C_GUID, a, sizeof a, &ind), "07006");
    assert_stmt_state(s, SQLGetData(s, 1, SQL_C_LONG, &b, 0, &ind), "22018");
}

/* ---- descriptions ---- */

static void test_what_describes_a_column_agrees(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLHSTMT c = new_stmt(*state);
    SQLHSTMT t = new_stmt(*state);
    SQLHDESC ird = NULL;
    SQLSMALLINT n_columns = 0;

    assert_stmt_ok(s, SQLGetStmtAttr(s, SQL_ATTR_IMP_ROW_DESC, &ird, 0, NULL));
    run(s, "DROP TABLE IF EXISTS described");
    run(s,
        "CREATE TABLE described (a smallint, b int, c bigint, d real, e float8, f "
        "numeric(10,2), g numeric, h varchar(20), i text, "
        "j char(5), k bool, l date, m time, n timestamp, o timestamptz, p bytea, q uuid, r "
        "json, s jsonb, t int[], u interval, "
        "v inet, w bit(3), x xml, y \"char\", z oid, aa name, ab money, ac int8range, ad tsvector, "
        "ae cidr, af macaddr, ag macaddr8, ah point, ai varbit(5), aj varbit, ak timetz, "
        "al timestamp(3), am time(0), an numeric(38,10), ao numeric(5,0), ap text[], aq uuid[], "
        "ar regclass, as_ xid, at int4multirange, au pg_lsn, av bytea[], aw varchar, ax char(1))");
    run(s, "SELECT * FROM described");
    assert_stmt_ok(c, SQLColumns(c, NULL, 0, NULL, 0, sqltext("described"), SQL_NTS, NULL, 0));
    assert_stmt_ok(s, SQLNumResultCols(s, &n_columns));
    assert_int_equal(n_columns, 50);
    for (SQLUSMALLINT i = 1; i <= n_columns; i++) {
        SQLCHAR name[64], type_name[64], catalog_name[64], catalog_type[64];
        SQLSMALLINT type, digits, nullable;
        SQLULEN size;
        SQLLEN concise, octets, catalog_type_code, catalog_size, catalog_octets, ind;
        SQLLEN catalog_digits = 0;
        SQLSMALLINT field = 0;
        assert_stmt_ok(
            s, SQLDescribeCol(s, i, name, sizeof name, NULL, &type, &size, &digits, &nullable));
        assert_stmt_ok(s, SQLColAttribute(s, i, SQL_DESC_CONCISE_TYPE, NULL, 0, NULL, &concise));
        assert_stmt_ok(s, SQLColAttribute(s, i, SQL_DESC_OCTET_LENGTH, NULL, 0, NULL, &octets));
        assert_stmt_ok(
            s, SQLColAttribute(s, i, SQL_DESC_TYPE_NAME, type_name, sizeof type_name, NULL, NULL));
        assert_int_equal(SQLFetch(c), SQL_SUCCESS);
        assert_stmt_ok(c, SQLGetData(c, 4, SQL_C_CHAR, catalog_name, sizeof catalog_name, &ind));
        assert_stmt_ok(c, SQLGetData(c, 5, SQL_C_SBIGINT, &catalog_type_code, 0, &ind));
        assert_stmt_ok(c, SQLGetData(c, 6, SQL_C_CHAR, catalog_type, sizeof catalog_type, &ind));
        assert_stmt_ok(c, SQLGetData(c, 7, SQL_C_SBIGINT, &catalog_size, 0, &ind));
        assert_stmt_ok(c, SQLGetData(c, 8, SQL_C_SBIGINT, &catalog_octets, 0, &ind));
        assert_stmt_ok(c, SQLGetData(c, 9, SQL_C_SBIGINT, &catalog_digits, 0, &ind));
        assert_int_equal(digits, ind == SQL_NULL_DATA ? 0 : catalog_digits);
        assert_int_equal(
            SQLGetDescField(ird, (SQLSMALLINT)i, SQL_DESC_CONCISE_TYPE, &field, 0, NULL),
            SQL_SUCCESS);
        assert_int_equal(field, type);
        /* The types' list has a row for every code that a column can have. */
        assert_stmt_ok(t, SQLGetTypeInfo(t, type));
        if (SQLFetch(t) != SQL_SUCCESS)
            fail_msg("column %s: SQLGetTypeInfo has no row for %d", name, type);
        SQLFreeStmt(t, SQL_CLOSE);
        assert_string_equal((char *)name, (char *)catalog_name);
        assert_int_equal(type, concise);
        assert_int_equal(type, catalog_type_code);
        assert_int_equal(size, catalog_size);
        assert_int_equal(octets, catalog_octets);
        if (strcmp((char *)type_name, (char *)catalog_type) != 0)
            fail_msg("column %s: %s in the result, %s in the catalogue", name, type_name,
                     catalog_type);
    }
    SQLFreeHandle(SQL_HANDLE_STMT, c);
    SQLFreeHandle(SQL_HANDLE_STMT, t);
    run(s, "DROP TABLE described");
}

static void test_describing_before_executing(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLSMALLINT n = -1;

    gateway_reset();
    assert_stmt_ok(s, SQLPrepare(s, sqltext("CREATE TABLE x (a int)"), SQL_NTS));
    assert_stmt_ok(s, SQLNumResultCols(s, &n));
    assert_int_equal(n, 0);
    assert_stmt_ok(s, SQLPrepare(s, sqltext("SELECT 1"), SQL_NTS));
    assert_int_equal(gateway_requests(), 0);
    assert_stmt_ok(s, SQLNumResultCols(s, &n));
    assert_int_equal(n, 1);
    assert_int_equal(gateway_requests(), 1);
    assert_stmt_ok(s, SQLExecute(s));
    assert_stmt_ok(s, SQLNumResultCols(s, &n));
    assert_int_equal(n, 1);
}

/* ---- diagnostics ---- */

static void test_diagnostic_fields(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLINTEGER number = 0;
    SQLCHAR text[256];
    SQLSMALLINT len;
    SQLLEN rows = 0;

    assert_int_equal(SQLExecDirect(s, sqltext("SELECT nope"), SQL_NTS), SQL_ERROR);
    assert_int_equal(SQLGetDiagField(SQL_HANDLE_STMT, s, 0, SQL_DIAG_NUMBER, &number, 0, NULL),
                     SQL_SUCCESS);
    assert_int_equal(number, 1);
    assert_int_equal(
        SQLGetDiagField(SQL_HANDLE_STMT, s, 1, SQL_DIAG_SQLSTATE, text, sizeof text, &len),
        SQL_SUCCESS);
    assert_string_equal((char *)text, "42S22");
    assert_int_equal(
        SQLGetDiagField(SQL_HANDLE_STMT, s, 1, SQL_DIAG_SUBCLASS_ORIGIN, text, sizeof text, &len),
        SQL_SUCCESS);
    assert_string_equal((char *)text, "ODBC 3.0");
    assert_int_equal(SQLGetDiagRec(SQL_HANDLE_STMT, s, 2, NULL, NULL, NULL, 0, NULL), SQL_NO_DATA);
    assert_int_equal(strncmp(diag_text(SQL_HANDLE_STMT, s), "[Neon][neon-odbc]", 17), 0);
    assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, s), "POSITION: 8"));
    run(s, "SELECT 1");
    assert_int_equal(SQLGetDiagRec(SQL_HANDLE_STMT, s, 1, NULL, NULL, NULL, 0, NULL), SQL_NO_DATA);
    (void)rows;
}

/* ---- the catalogue ---- */

static long count_rows(SQLHSTMT s)
{
    long n = 0;

    while (SQLFetch(s) == SQL_SUCCESS)
        n++;
    SQLFreeStmt(s, SQL_CLOSE);
    return n;
}

static long tables(SQLHSTMT s, const char *catalog, const char *schema, const char *table,
                   const char *types)
{
    assert_stmt_ok(s, SQLTables(s, catalog ? sqltext(catalog) : NULL, SQL_NTS,
                                schema ? sqltext(schema) : NULL, SQL_NTS,
                                table ? sqltext(table) : NULL, SQL_NTS,
                                types ? sqltext(types) : NULL, SQL_NTS));
    return count_rows(s);
}

static void test_tables_by_pattern_and_type_list(void **state)
{
    SQLHSTMT s = stmt_of(state);

    run(s, "DROP SCHEMA IF EXISTS \"Odd \"\"names\" CASCADE");
    run(s, "CREATE SCHEMA \"Odd \"\"names\"");
    run(s, "CREATE TABLE \"Odd \"\"names\".\"a_b\" (i int)");
    run(s, "CREATE TABLE \"Odd \"\"names\".\"axb\" (i int)");
    run(s, "CREATE TABLE \"Odd \"\"names\".\"100%\" (i int)");
    run(s, "CREATE TABLE \"Odd \"\"names\".\"Stra\xC3\x9F"
           "e\" (i int)");
    run(s, "CREATE VIEW \"Odd \"\"names\".v AS SELECT 1 AS i");
    run(s, "CREATE MATERIALIZED VIEW \"Odd \"\"names\".mv AS SELECT 1 AS i");
    SQLFreeStmt(s, SQL_CLOSE);
    assert_int_equal(tables(s, NULL, "Odd \"names", NULL, NULL), 6);
    assert_int_equal(tables(s, NULL, "Odd%", "a_b", NULL), 2);
    assert_int_equal(tables(s, NULL, "Odd%", "a\\_b", NULL), 1);
    assert_int_equal(tables(s, NULL, "Odd%", "100\\%", NULL), 1);
    assert_int_equal(tables(s, NULL, "Odd%", "Stra_e", NULL), 1);
    assert_int_equal(tables(s, NULL, "Odd%", NULL, "TABLE"), 4);
    assert_int_equal(tables(s, NULL, "Odd%", NULL, "TABLE,"), 4);
    assert_int_equal(tables(s, NULL, "Odd%", NULL, "'TABLE','VIEW'"), 5);
    assert_int_equal(tables(s, NULL, "Odd%", NULL, "VIEW,TABLE,%"), 6);
    assert_int_equal(tables(s, NULL, "Odd%", NULL, "no such type"), 0);
    assert_int_equal(tables(s, "shop", "Odd%", NULL, NULL), 6);
    assert_int_equal(tables(s, "other", "Odd%", NULL, NULL), 0);
    assert_int_equal(tables(s, NULL, "Odd'; DROP SCHEMA public; --", NULL, NULL), 0);
    assert_int_equal(tables(s, NULL, "Odd%", "a\\", NULL), 0);
    assert_int_equal(tables(s, "%", "", "", NULL), 1);
    assert_true(tables(s, "", "%", "", NULL) >= 4);
    assert_int_equal(tables(s, "", "", "", "%"), 6);
    run(s, "DROP SCHEMA \"Odd \"\"names\" CASCADE");
}

static void test_metadata_id_makes_names_identifiers(void **state)
{
    SQLHSTMT s = stmt_of(state);

    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_METADATA_ID, (SQLPOINTER)SQL_TRUE, 0));
    assert_int_equal(tables(s, "shop", "PUBLIC", "Customers ", NULL), 1);
    assert_int_equal(tables(s, "shop", "public", "cust%", NULL), 0);
    assert_int_equal(tables(s, "shop", "public", "\"Customers\"", NULL), 0);
    assert_stmt_state(s, SQLTables(s, NULL, 0, NULL, 0, sqltext("customers"), SQL_NTS, NULL, 0),
                      "HY009");
}

static void test_columns_say_default_nullability_and_remark(void **state)
{
    SQLHSTMT s = stmt_of(state);
    char text[200];
    SQLLEN ind;

    run(s, "DROP TABLE IF EXISTS cols");
    run(s, "CREATE TABLE cols (id int GENERATED ALWAYS AS IDENTITY, \"Name\" varchar(10) NOT NULL "
           "DEFAULT 'x', g int GENERATED ALWAYS AS (1) "
           "STORED)");
    run(s, "COMMENT ON COLUMN cols.\"Name\" IS 'what it is called'");
    SQLFreeStmt(s, SQL_CLOSE);
    assert_stmt_ok(s, SQLColumns(s, NULL, 0, sqltext("public"), SQL_NTS, sqltext("cols"), SQL_NTS,
                                 sqltext("Name"), SQL_NTS));
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_stmt_ok(s, SQLGetData(s, 12, SQL_C_CHAR, text, sizeof text, &ind));
    assert_string_equal(text, "what it is called");
    assert_stmt_ok(s, SQLGetData(s, 13, SQL_C_CHAR, text, sizeof text, &ind));
    assert_string_equal(text, "'x'");
    assert_stmt_ok(s, SQLGetData(s, 18, SQL_C_CHAR, text, sizeof text, &ind));
    assert_string_equal(text, "NO");
    assert_stmt_ok(s, SQLGetData(s, 17, SQL_C_CHAR, text, sizeof text, &ind));
    assert_string_equal(text, "2");
    assert_int_equal(SQLFetch(s), SQL_NO_DATA);
    run(s, "DROP TABLE cols");
}

/* ---- A and W ---- */

static void test_wide_lengths_have_the_units_of_the_standard(void **state)
{
    struct fixture *f = *state;
    SQLWCHAR wide[64];
    SQLCHAR narrow[64];
    SQLSMALLINT len;
    SQLSMALLINT narrow_len;
    SQLLEN ind;

    run(f->stmt, "SELECT 1 AS \"n\xC3\xA4me\"");
    assert_stmt_ok(f->stmt, SQLDescribeColW(f->stmt, 1, wide, 64, &len, NULL, NULL, NULL, NULL));
    assert_int_equal(len, 4); /* characters */
    assert_int_equal(wide[1], 0xE4);
    assert_stmt_ok(f->stmt,
                   SQLColAttributeW(f->stmt, 1, SQL_DESC_NAME, wide, sizeof wide, &len, NULL));
    assert_int_equal(len, 8); /* bytes */
    assert_stmt_ok(f->stmt, SQLDescribeCol(f->stmt, 1, narrow, sizeof narrow, &narrow_len, NULL,
                                           NULL, NULL, NULL));
    assert_int_equal(narrow_len, 5);
    assert_stmt_state(f->stmt, SQLDescribeColW(f->stmt, 1, wide, 3, &len, NULL, NULL, NULL, NULL),
                      "01004");
    assert_int_equal(len, 4);
    assert_int_equal(wide[2], 0);
    assert_dbc_ok(f->dbc, SQLGetInfoW(f->dbc, SQL_DBMS_NAME, wide, sizeof wide, &len));
    assert_int_equal(len, 20); /* bytes */
    assert_dbc_ok(f->dbc, SQLGetInfo(f->dbc, SQL_DBMS_NAME, narrow, sizeof narrow, &len));
    assert_string_equal((char *)narrow, "PostgreSQL");
    assert_int_equal(SQLFetch(f->stmt), SQL_SUCCESS);
    assert_stmt_ok(f->stmt, SQLGetData(f->stmt, 1, SQL_C_WCHAR, wide, sizeof wide, &ind));
    assert_int_equal(ind, 2); /* bytes */
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_connected, teardown_connected)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_blocks_by_column_with_status_and_nulls),
        T(test_blocks_by_row_with_an_offset),
        T(test_a_row_that_cannot_be_converted_does_not_spoil_the_others),
        T(test_null_without_an_indicator_and_truncation),
        T(test_max_rows_and_a_long_result),
        T(test_pieces_of_every_size_make_the_value),
        T(test_any_column_in_any_order_and_the_refusals),
        T(test_what_describes_a_column_agrees),
        T(test_describing_before_executing),
        T(test_diagnostic_fields),
        T(test_tables_by_pattern_and_type_list),
        T(test_metadata_id_makes_names_identifiers),
        T(test_columns_say_default_nullability_and_remark),
        T(test_wide_lengths_have_the_units_of_the_standard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
