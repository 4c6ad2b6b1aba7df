/* Every type there and back through the driver manager: text and native parameters in, text and
 * native values out, compared by PostgreSQL itself; what the driver says of types; the keywords
 * that change it; roles with odd settings. Runs under three locales of the process. */
#include <unistd.h>

#include "odbc_test.h"

#define SS_TIMESTAMPOFFSET (-155)
#define C_SS_TIMESTAMPOFFSET 0x4001
#define PRIVATE(oid) ((SQLSMALLINT)(0x4000 + (oid)))

struct offset_struct {
    SQLSMALLINT year;
    SQLUSMALLINT month, day, hour, minute, second;
    SQLUINTEGER fraction;
    SQLSMALLINT offset_hour, offset_minute;
};

static char table[64];
static char mood[64];

static struct fixture *fixture_of(void **state)
{
    return *state;
}

/* ---- there and back ---- */

/* `value` goes in as text; it must come out as `text` (NULL: the same), and through the C type. */
static const struct {
    const char *type, *value, *text;
    SQLSMALLINT c_type, sql_type;
} types[] = {
    {"bool", "t", "1", SQL_C_BIT, SQL_BIT},
    {"int2", "-32768", NULL, SQL_C_SSHORT, SQL_SMALLINT},
    {"int4", "-2147483648", NULL, SQL_C_SLONG, SQL_INTEGER},
    {"int8", "9223372036854775807", NULL, SQL_C_SBIGINT, SQL_BIGINT},
    {"int8", "4611686018427387904", NULL, SQL_C_DOUBLE, SQL_BIGINT},
    {"int4", "123456792", NULL, SQL_C_FLOAT, SQL_INTEGER},
    {"oid", "4294967295", NULL, SQL_C_ULONG, SQL_BIGINT},
    {"xid", "4294967295", NULL, SQL_C_ULONG, SQL_VARCHAR},
    {"cid", "4294967295", NULL, SQL_C_SBIGINT, SQL_VARCHAR},
    {"xid8", "18446744073709551615", NULL, SQL_C_UBIGINT, SQL_VARCHAR},
    {"float4", "3.4028235e+38", NULL, SQL_C_FLOAT, SQL_REAL},
    {"float4", "1.2345679e+08", NULL, SQL_C_SLONG, SQL_INTEGER},
    {"float8", "4.611686018427388e+18", NULL, SQL_C_SBIGINT, SQL_BIGINT},
    {"float8", "0.1", NULL, SQL_C_DOUBLE, SQL_DOUBLE},
    {"float8", "5e-324", NULL, SQL_C_DOUBLE, SQL_DOUBLE},
    {"float8", "-0", NULL, SQL_C_DOUBLE, SQL_DOUBLE},
    {"float8", "NaN", NULL, SQL_C_DOUBLE, SQL_DOUBLE},
    {"float8", "-Infinity", NULL, SQL_C_DOUBLE, SQL_DOUBLE},
    {"numeric", "-12345678901234567890.123456789", NULL, SQL_C_NUMERIC, SQL_NUMERIC},
    {"numeric(38,10)", "1234567890123456789012345678.0123456789", NULL, SQL_C_CHAR, SQL_NUMERIC},
    {"numeric(3,-2)", "12300", NULL, SQL_C_SLONG, SQL_INTEGER},
    {"numeric", "NaN", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"money", "$1,234.56", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"char(6)", "ab", "ab    ", SQL_C_CHAR, SQL_CHAR},
    {"varchar(20)", "h\xC3\xA4\xF0\x9F\x98\x80", NULL, SQL_C_WCHAR, SQL_WVARCHAR},
    {"text", "O'Brien \"x\" \\ \xE5\xB1\xB1\xF0\x9F\x98\x80\n", NULL, SQL_C_WCHAR, SQL_WVARCHAR},
    {"text", "", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"name", "some_name", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"\"char\"", "x", NULL, SQL_C_CHAR, SQL_CHAR},
    {"citext", "MiXed", NULL, SQL_C_WCHAR, SQL_WVARCHAR},
    {"bytea", "00FF5C27", NULL, SQL_C_BINARY, SQL_VARBINARY},
    {"date", "2024-02-29", NULL, SQL_C_TYPE_DATE, SQL_TYPE_DATE},
    {"date", "infinity", NULL, SQL_C_CHAR, SQL_TYPE_DATE},
    {"date", "0044-03-15 BC", NULL, SQL_C_CHAR, SQL_TYPE_DATE},
    {"date", "12024-01-01", NULL, SQL_C_CHAR, SQL_TYPE_DATE},
    {"time", "23:59:59.123456", NULL, SQL_C_TYPE_TIMESTAMP, SQL_TYPE_TIME},
    {"time(0)", "23:59:59", NULL, SQL_C_TYPE_TIME, SQL_TYPE_TIME},
    {"time", "24:00:00", NULL, SQL_C_CHAR, SQL_TYPE_TIME},
    {"timetz", "12:34:56.789+05:30", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"timestamp", "2024-02-29 12:34:56.123456", NULL, SQL_C_TYPE_TIMESTAMP, SQL_TYPE_TIMESTAMP},
    {"timestamptz", "2024-02-29 12:34:56.5+00", NULL, SQL_C_TYPE_TIMESTAMP, SQL_TYPE_TIMESTAMP},
    {"timestamptz", "2024-02-29 12:34:56.5+00", NULL, C_SS_TIMESTAMPOFFSET, SS_TIMESTAMPOFFSET},
    {"interval", "1 year 2 mons 3 days 04:05:06.7", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"interval", "3 days 04:05:06.7", NULL, SQL_C_INTERVAL_DAY_TO_SECOND,
     SQL_INTERVAL_DAY_TO_SECOND},
    {"interval", "-1 years -2 mons", NULL, SQL_C_INTERVAL_YEAR_TO_MONTH,
     SQL_INTERVAL_YEAR_TO_MONTH},
    {"uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", NULL, SQL_C_GUID, SQL_GUID},
    {"json", "{\"a\": [1, null, \"?\"]}", NULL, SQL_C_WCHAR, SQL_WVARCHAR},
    {"jsonb", "{\"a\": [1, null, \"\xC3\xA9\"]}", NULL, SQL_C_WCHAR, SQL_WVARCHAR},
    {"xml", "<a b=\"c\">d</a>", NULL, SQL_C_WCHAR, SQL_WLONGVARCHAR},
    {"int4[]", "[0:1][5:6]={{1,NULL},{3,4}}", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"text[]", "{\"a,b\",NULL,\"NULL\",\"\",\"q\\\"q\"}", NULL, SQL_C_WCHAR, SQL_WVARCHAR},
    {"int4range", "[1,10)", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"numrange", "(,1.5]", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"tstzrange", "[\"2024-01-01 00:00:00+00\",infinity)", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"int4multirange", "{[1,3),[5,8)}", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"bit(5)", "10101", NULL, SQL_C_CHAR, SQL_CHAR},
    {"bit(1)", "1", NULL, SQL_C_CHAR, SQL_CHAR},
    {"varbit", "101", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"inet", "2001:db8::1/64", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"cidr", "10.0.0.0/8", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"macaddr", "08:00:2b:01:02:03", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"macaddr8", "08:00:2b:01:02:03:04:05", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"point", "(1.5,-2)", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"lseg", "[(0,0),(1,1)]", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"box", "(1,1),(0,0)", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"path", "((0,0),(1,1))", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"polygon", "((0,0),(1,1),(2,0))", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"circle", "<(0,0),5>", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"line", "{1,-1,0}", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"tsvector", "'cat':3 'fat':2A", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"tsquery", "'fat' & 'cat'", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"hstore", "\"a\"=>\"1\", \"b\"=>NULL", NULL, SQL_C_WCHAR, SQL_WVARCHAR},
    {"regclass", "pg_class", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"pg_lsn", "16/B374D848", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"$mood", "so-so", NULL, SQL_C_WCHAR, SQL_WVARCHAR},
    {"$mood[]", "{happy,so-so}", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"$mood_pair", "(1,\"a b\")", NULL, SQL_C_CHAR, SQL_VARCHAR},
    {"$mood_dom", "42", NULL, SQL_C_SLONG, SQL_INTEGER},
    {"$mood_range", "[1.5,2.5)", NULL, SQL_C_CHAR, SQL_VARCHAR},
};

/* Interval structures bound with the type that SQLDescribeParam names, which is characters. */
static const struct {
    const char *value;
    SQLSMALLINT c_type;
} intervals[] = {
    {"100 years", SQL_C_INTERVAL_YEAR},
    {"5 mons", SQL_C_INTERVAL_MONTH},
    {"5 days", SQL_C_INTERVAL_DAY},
    {"25:00:00", SQL_C_INTERVAL_HOUR},
    {"-00:12:00", SQL_C_INTERVAL_MINUTE},
    {"-00:00:05.678", SQL_C_INTERVAL_SECOND},
    {"-1 years -2 mons", SQL_C_INTERVAL_YEAR_TO_MONTH},
    {"3 days 04:00:00", SQL_C_INTERVAL_DAY_TO_HOUR},
    {"-2 days -19:54:53.3", SQL_C_INTERVAL_DAY_TO_SECOND},
    {"-00:00:00.000001", SQL_C_INTERVAL_DAY_TO_SECOND},
    {"00:25:01", SQL_C_INTERVAL_MINUTE_TO_SECOND},
};

/* $mood stands for names of this process's own. */
static const char *type_text(const char *type)
{
    static char out[128];

    if (type[0] != '$')
        return type;
    snprintf(out, sizeof out, "%s%s", mood, type + strlen("$mood"));
    return out;
}

/* With the size and digits that the driver gives for the parameter, as generic programs do. */
static void insert(SQLHSTMT stmt, int row, SQLSMALLINT c_type, SQLSMALLINT sql_type, void *value,
                   SQLLEN len)
{
    SQLSMALLINT type, digits, nullable;
    SQLULEN size;
    char sql[256];

    snprintf(sql, sizeof sql, "INSERT INTO %s VALUES (%d, ?)", table, row);
    assert_stmt_ok(stmt, SQLPrepare(stmt, sqltext(sql), SQL_NTS));
    assert_stmt_ok(stmt, SQLDescribeParam(stmt, 1, &type, &size, &digits, &nullable));
    assert_stmt_ok(stmt, SQLBindParameter(stmt, 1, SQL_PARAM_INPUT, c_type, sql_type, size, digits,
                                          value, len, &len));
    assert_stmt_ok(stmt, SQLExecute(stmt));
    SQLFreeStmt(stmt, SQL_RESET_PARAMS);
}

static SQLLEN read_first(SQLHSTMT stmt, SQLSMALLINT c_type, void *value, SQLLEN cap)
{
    char sql[256];
    SQLLEN len = 0;

    snprintf(sql, sizeof sql, "SELECT v FROM %s WHERE k = 1", table);
    run(stmt, sql);
    assert_stmt_ok(stmt, SQLFetch(stmt));
    assert_stmt_ok(stmt, SQLGetData(stmt, 1, c_type, value, cap, &len));
    SQLFreeStmt(stmt, SQL_CLOSE);
    return len;
}

static void check_type(SQLHSTMT stmt, size_t i)
{
    char sql[256];
    char text[512];
    SQLWCHAR wide[512];
    unsigned char native[512];
    const char *expected = types[i].text ? types[i].text : types[i].value;
    bool bytes = types[i].sql_type == SQL_VARBINARY;
    SQLLEN len;

    snprintf(sql, sizeof sql, "DROP TABLE IF EXISTS %s", table);
    run(stmt, sql);
    snprintf(sql, sizeof sql, "CREATE TABLE %s (k int, v %s)", table, type_text(types[i].type));
    run(stmt, sql);
    insert(stmt, 1, SQL_C_CHAR, bytes ? SQL_VARBINARY : SQL_VARCHAR, sqltext(types[i].value),
           (SQLLEN)strlen(types[i].value));
    len = read_first(stmt, SQL_C_CHAR, text, sizeof text);
    if (len != (SQLLEN)strlen(expected) || strcmp(text, expected) != 0)
        fail_msg("%s: '%s' came back as '%s'", types[i].type, expected, text);
    len = read_first(stmt, types[i].c_type, native, sizeof native);
    insert(stmt, 2, types[i].c_type, types[i].sql_type, native, len);
    len = read_first(stmt, SQL_C_WCHAR, wide, sizeof wide);
    insert(stmt, 3, SQL_C_WCHAR, bytes ? SQL_VARBINARY : SQL_WVARCHAR, wide, len);
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM %s a JOIN %s b ON a.k = 1 AND a.v::text = b.v::text", table,
             table);
    if (strcmp(pg_admin(sql), "3") != 0) {
        snprintf(sql, sizeof sql, "SELECT v::text FROM %s ORDER BY k", table);
        fail_msg("%s: what was read and written again differs: %s", types[i].type, pg_admin(sql));
    }
}

static void test_every_type_there_and_back(void **state)
{
    struct fixture *f = fixture_of(state);

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        check_type(f->stmt, i);
}

static void test_intervals_as_they_are_described(void **state)
{
    SQLHSTMT stmt = fixture_of(state)->stmt;
    char sql[256];

    snprintf(sql, sizeof sql, "DROP TABLE IF EXISTS %s", table);
    run(stmt, sql);
    snprintf(sql, sizeof sql, "CREATE TABLE %s (k int, v interval)", table);
    run(stmt, sql);
    for (size_t i = 0; i < sizeof intervals / sizeof intervals[0]; i++) {
        SQL_INTERVAL_STRUCT v;
        SQLLEN len;
        snprintf(sql, sizeof sql, "DELETE FROM %s", table);
        exec(stmt, sql);
        insert(stmt, 1, SQL_C_CHAR, SQL_WVARCHAR, sqltext(intervals[i].value),
               (SQLLEN)strlen(intervals[i].value));
        len = read_first(stmt, intervals[i].c_type, &v, sizeof v);
        insert(stmt, 2, intervals[i].c_type, SQL_WVARCHAR, &v, len);
        snprintf(sql, sizeof sql, "SELECT v FROM %s ORDER BY k DESC LIMIT 1", table);
        assert_string_equal(pg_admin(sql), intervals[i].value);
    }
}

/* pgvector's types have no fixed OIDs: nothing of them is built in. */
static void test_pgvector_where_it_can_be_installed(void **state)
{
    struct fixture *f = fixture_of(state);

    if (strcmp(pg_admin("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'"),
               "1") != 0) {
        print_message("the extension vector is not available to this PostgreSQL\n");
        skip();
    }
    pg_admin("CREATE EXTENSION IF NOT EXISTS vector");
    assert_string_equal(query_text(f->stmt, "SELECT '[1,2,3]'::vector(3)"), "[1,2,3]");
}

/* ---- names ---- */

static void attribute_text(SQLHSTMT stmt, SQLUSMALLINT column, SQLUSMALLINT field, char *out,
                           SQLSMALLINT cap)
{
    SQLSMALLINT len;

    assert_stmt_ok(stmt, SQLColAttribute(stmt, column, field, out, cap, &len, NULL));
}

static void test_names_are_looked_up_once_and_only_when_asked_for(void **state)
{
    struct fixture *f = fixture_of(state);
    char sql[512];
    char name[128];
    char expected[128];
    SQLLEN number = -1;
    SQLLEN len;
    SQLHSTMT other;

    snprintf(sql, sizeof sql,
             "SELECT 'happy'::%s, ARRAY['happy']::%s[], 'Abc'::citext, '(1,x)'::%s_pair, 1::int4, "
             "'a=>b'::hstore, g FROM generate_series(1, 20000) g",
             mood, mood, mood);
    gateway_reset();
    run(f->stmt, sql);
    assert_stmt_ok(f->stmt, SQLFetch(f->stmt));
    assert_stmt_ok(f->stmt, SQLGetData(f->stmt, 1, SQL_C_CHAR, name, sizeof name, &len));
    assert_int_equal(gateway_requests(), 1); /* reading needs no names */
    attribute_text(f->stmt, 5, SQL_DESC_TYPE_NAME, name, sizeof name);
    assert_string_equal(name, "int4");
    assert_int_equal(gateway_requests(), 1); /* nor do built-in types */
    attribute_text(f->stmt, 1, SQL_DESC_TYPE_NAME, name, sizeof name);
    assert_string_equal(name, mood);
    attribute_text(f->stmt, 2, SQL_DESC_TYPE_NAME, name, sizeof name);
    snprintf(expected, sizeof expected, "_%s", mood);
    assert_string_equal(name, expected);
    attribute_text(f->stmt, 3, SQL_DESC_LOCAL_TYPE_NAME, name, sizeof name);
    assert_string_equal(name, "citext");
    assert_stmt_ok(f->stmt,
                   SQLColAttribute(f->stmt, 3, SQL_DESC_CASE_SENSITIVE, NULL, 0, NULL, &number));
    assert_int_equal(number, SQL_FALSE);
    attribute_text(f->stmt, 6, SQL_DESC_TYPE_NAME, name, sizeof name);
    assert_string_equal(name, "hstore");
    assert_int_equal(gateway_requests(), 2); /* all of them with one */
    /* The result that was open reads on. */
    for (int i = 2; i <= 20000; i++)
        assert_stmt_ok(f->stmt, SQLFetch(f->stmt));
    assert_int_equal(SQLFetch(f->stmt), SQL_NO_DATA);
    other = new_stmt(f);
    snprintf(sql, sizeof sql, "SELECT 'so-so'::%s", mood);
    run(other, sql);
    attribute_text(other, 1, SQL_DESC_TYPE_NAME, name, sizeof name);
    assert_string_equal(name, mood);
    assert_int_equal(gateway_requests(), 3); /* the connection knows it */
    SQLFreeHandle(SQL_HANDLE_STMT, other);
}

static void test_a_name_that_cannot_be_asked_is_an_error(void **state)
{
    struct fixture *f = fixture_of(state);
    char sql[256];
    char name[64];

    snprintf(sql, sizeof sql, "SELECT 'happy'::%s", mood);
    run(f->stmt, sql);
    gateway_fault("{\"kind\":\"html_502\",\"count\":9}");
    assert_int_equal(SQLColAttribute(f->stmt, 1, SQL_DESC_TYPE_NAME, name, sizeof name, NULL, NULL),
                     SQL_ERROR);
    gateway_reset();
    assert_stmt_ok(f->stmt,
                   SQLColAttribute(f->stmt, 1, SQL_DESC_TYPE_NAME, name, sizeof name, NULL, NULL));
    assert_string_equal(name, mood);
}

/* ---- keywords ---- */

static SQLSMALLINT described_type(SQLHSTMT stmt, SQLUSMALLINT column)
{
    SQLCHAR name[8];
    SQLSMALLINT len;
    SQLSMALLINT type = 0;
    SQLSMALLINT digits;
    SQLSMALLINT nullable;
    SQLULEN size;
    SQLRETURN rc =
        SQLDescribeCol(stmt, column, name, sizeof name, &len, &type, &size, &digits, &nullable);

    assert_true(SQL_SUCCEEDED(rc));
    return type;
}

static void test_offsets_survive_in_microsofts_structure(void **state)
{
    struct fixture *f = fixture_of(state);
    const struct offset_struct in = {2024, 2, 29, 23, 30, 15, 123456000, -3, -30};
    const struct offset_struct bad = {2024, 2, 29, 23, 30, 15, 0, -3, 30};
    struct offset_struct out;
    struct offset_struct bound;
    unsigned char bytes[sizeof out];
    SQLLEN len = 0;

    fixture_connect(f, "DSN=neon;TimestampTzAs=timestampoffset");
    run(f->stmt, "SELECT timestamptz '2024-02-29 12:34:56.789+00'");
    assert_int_equal(described_type(f->stmt, 1), SS_TIMESTAMPOFFSET);
    assert_stmt_ok(f->stmt,
                   SQLBindCol(f->stmt, 1, C_SS_TIMESTAMPOFFSET, &bound, sizeof bound, &len));
    assert_stmt_ok(f->stmt, SQLFetch(f->stmt));
    assert_int_equal(len, sizeof bound);
    assert_int_equal(bound.hour, 12);
    assert_int_equal(bound.fraction, 789000000);
    assert_int_equal(bound.offset_hour, 0);
    /* pyodbc's recipe for this type reads the structure as binary. */
    assert_stmt_ok(f->stmt, SQLGetData(f->stmt, 1, SQL_C_BINARY, bytes, sizeof bytes, &len));
    assert_int_equal(len, sizeof bytes);
    assert_memory_equal(bytes, &bound, sizeof bytes);
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    SQLFreeStmt(f->stmt, SQL_UNBIND);
    assert_stmt_ok(f->stmt, SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, C_SS_TIMESTAMPOFFSET,
                                             SS_TIMESTAMPOFFSET, 33, 6, (SQLPOINTER)(uintptr_t)&in,
                                             0, NULL));
    run(f->stmt, "SELECT ? AT TIME ZONE 'UTC'");
    assert_stmt_ok(f->stmt, SQLFetch(f->stmt));
    {
        char text[64];
        assert_stmt_ok(f->stmt, SQLGetData(f->stmt, 1, SQL_C_CHAR, text, sizeof text, &len));
        assert_string_equal(text, "2024-03-01 03:00:15.123456");
    }
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
    /* Text with an offset of its own: the offset as it was written. */
    run(f->stmt, "SELECT '2024-02-29 12:34:56+05:30'::text, '2024-02-29 12:34:56'::text");
    assert_stmt_ok(f->stmt, SQLFetch(f->stmt));
    assert_stmt_ok(f->stmt, SQLGetData(f->stmt, 1, C_SS_TIMESTAMPOFFSET, &out, sizeof out, &len));
    assert_int_equal(out.offset_hour, 5);
    assert_int_equal(out.offset_minute, 30);
    assert_stmt_state(f->stmt, SQLGetData(f->stmt, 2, C_SS_TIMESTAMPOFFSET, &out, sizeof out, &len),
                      "22018");
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    assert_stmt_ok(f->stmt, SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, C_SS_TIMESTAMPOFFSET,
                                             SS_TIMESTAMPOFFSET, 33, 6, (SQLPOINTER)(uintptr_t)&bad,
                                             0, NULL));
    assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext("SELECT ?"), SQL_NTS), "22007");
}

static void test_private_type_codes_are_for_who_asks(void **state)
{
    static const struct {
        const char *value, *text;
        unsigned oid; /* 0: no private code */
    } columns[] = {
        {"'{\"a\": 1}'::json", "{\"a\": 1}", 114},
        {"'{\"a\": 1}'::jsonb", "{\"a\": 1}", 3802},
        {"'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
         2950},
        {"interval '1 day 02:03:04.5'", "1 day 02:03:04.5", 1186},
        {"timestamptz '2024-01-02 03:04:05+00'", "2024-01-02 03:04:05+00", 1184},
        {"timetz '03:04:05+02'", "03:04:05+02", 1266},
        {"ARRAY[1,NULL]", "{1,NULL}", 1007},
        {"ARRAY['a','\xC3\xA9']", "{a,\xC3\xA9}", 1009},
        {"int4range(1,5)", "[1,5)", 3904},
        {"int4multirange(int4range(1,5))", "{[1,5)}", 4451},
        {"1::int4", NULL, 0},
        {"'x'::text", "x", 0},
    };
    enum { N = sizeof columns / sizeof columns[0] };
    struct fixture *f = fixture_of(state);
    char sql[2048] = "SELECT ";
    char bytes[128];
    SQLLEN len;
    SQLSMALLINT type;
    SQLSMALLINT digits;
    SQLSMALLINT nullable;
    SQLULEN size;

    for (int i = 0; i < N; i++)
        snprintf(sql + strlen(sql), sizeof sql - strlen(sql), "%s%s", i ? ", " : "",
                 columns[i].value);
    fixture_connect(f, "DSN=neon;PgTypes=1");
    run(f->stmt, sql);
    assert_stmt_ok(f->stmt, SQLFetch(f->stmt));
    for (int i = 0; i < N; i++) {
        SQLUSMALLINT column = (SQLUSMALLINT)(i + 1);
        if (columns[i].oid != 0)
            assert_int_equal(described_type(f->stmt, column), PRIVATE(columns[i].oid));
        else
            assert_true(described_type(f->stmt, column) < 0x4000);
        if (columns[i].text == NULL)
            continue;
        assert_stmt_ok(f->stmt,
                       SQLGetData(f->stmt, column, SQL_C_BINARY, bytes, sizeof bytes, &len));
        assert_int_equal(len, (SQLLEN)strlen(columns[i].text));
        assert_memory_equal(bytes, columns[i].text, strlen(columns[i].text));
    }
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    /* What SQLDescribeParam says must be good for SQLBindParameter. */
    assert_stmt_ok(f->stmt, SQLPrepare(f->stmt, sqltext("SELECT ?::jsonb"), SQL_NTS));
    assert_stmt_ok(f->stmt, SQLDescribeParam(f->stmt, 1, &type, &size, &digits, &nullable));
    assert_int_equal(type, SQL_WVARCHAR);
    SQLFreeHandle(SQL_HANDLE_STMT, f->stmt);
    f->stmt = NULL;
    assert_dbc_ok(f->dbc, SQLDisconnect(f->dbc));
    fixture_connect(f, NULL); /* off by default */
    run(f->stmt, sql);
    for (int i = 0; i < N; i++)
        assert_true(described_type(f->stmt, (SQLUSMALLINT)(i + 1)) < 0x4000);
}

/* What psqlODBC's keywords change, by their long and short names. */
static void test_keywords_of_psqlodbc(void **state)
{
    static const struct {
        const char *keywords, *value;
        SQLSMALLINT type;
        SQLULEN size; /* 0: not looked at */
        const char *text;
    } cases[] = {
        {"", "true", SQL_BIT, 1, "1"},
        {"BoolsAsChar=1", "true", SQL_VARCHAR, 5, "1"},
        {"B9=1;TrueIsMinus1=1", "true", SQL_VARCHAR, 5, "-1"},
        {"", "'x'::text", SQL_WVARCHAR, 8190, "x"},
        {"TextAsLongVarchar=1", "'x'::text", SQL_WLONGVARCHAR, 0, "x"},
        {"B7=1;MaxLongVarcharSize=1234", "'x'::text", SQL_WLONGVARCHAR, 1234, "x"},
        {"MaxVarcharSize=255", "'x'::text", SQL_WVARCHAR, 255, "x"},
        {"B0=254", "'x'::varchar", SQL_WVARCHAR, 254, "x"},
        {"UnknownsAsLongVarchar=1", "'a=>1'::hstore", SQL_WLONGVARCHAR, 0, "\"a\"=>\"1\""},
        {"ByteaAsLongVarBinary=1", "'\\x01'::bytea", SQL_LONGVARBINARY, 0, "01"},
        {"BI=4", "5::int8", SQL_INTEGER, 10, "5"},
        {"BI=12", "5::int8", SQL_VARCHAR, 0, "5"},
        {"NumericAs=double", "1.5::numeric", SQL_DOUBLE, 15, "1.5"},
        {"NumericAs=varchar", "1.5::numeric", SQL_VARCHAR, 0, "1.5"},
        {"D6=-1", "1.5::numeric", SQL_LONGVARCHAR, 0, "1.5"},
        {"NumericAs=double", "1.5::numeric(4,2)", SQL_NUMERIC, 4, "1.50"},
        {"UuidAs=varchar", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", SQL_WVARCHAR, 36,
         "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
        {"JsonAs=wlongvarchar", "'[]'::jsonb", SQL_WLONGVARCHAR, 0, "[]"},
        {"IntervalAs=interval", "interval '5' day", SQL_INTERVAL_DAY, 0, "5"},
        {"TimestampTzAs=varchar", "timestamptz '2024-01-02 03:04:05+00'", SQL_WVARCHAR, 0,
         "2024-01-02 03:04:05+00"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture *f = fixture_new(SQL_OV_ODBC3_80);
        char text[256];
        SQLSMALLINT type = 0;
        SQLSMALLINT digits;
        SQLULEN size = 0;
        SQLLEN len;
        snprintf(text, sizeof text, "DSN=neon;VerifyConnectionEarly=0;%s", cases[i].keywords);
        fixture_connect(f, text);
        snprintf(text, sizeof text, "SELECT %s AS v", cases[i].value);
        run(f->stmt, text);
        assert_stmt_ok(f->stmt, SQLDescribeCol(f->stmt, 1, (SQLCHAR *)text, sizeof text, NULL,
                                               &type, &size, &digits, NULL));
        if (type != cases[i].type || (cases[i].size != 0 && size != cases[i].size))
            fail_msg("%s with %s: type %d, size %lu", cases[i].value, cases[i].keywords, type,
                     (unsigned long)size);
        assert_stmt_ok(f->stmt, SQLFetch(f->stmt));
        assert_stmt_ok(f->stmt, SQLGetData(f->stmt, 1, SQL_C_CHAR, text, sizeof text, &len));
        assert_string_equal(text, cases[i].text);
        fixture_free(f);
    }
}

/* ---- roles with odd settings ---- */

static void test_odd_settings_of_a_role_give_right_values(void **state)
{
    static const char *const settings[] = {
        "intervalstyle = 'iso_8601'",
        "intervalstyle = 'sql_standard'",
        "intervalstyle = 'postgres_verbose'",
        "bytea_output = 'escape'",
        "timezone = 'Asia/Kathmandu'",
        "datestyle = 'ISO, DMY'",
        "extra_float_digits = 3",
    };
    char sql[512];
    char role[64];
    char connstr[256];

    (void)state;
    snprintf(role, sizeof role, "odd_%ld", (long)getpid());
    snprintf(sql, sizeof sql, "CREATE ROLE %s LOGIN PASSWORD 'odd-p'", role);
    pg_admin(sql);
    snprintf(connstr, sizeof connstr, "DSN=neon;Pool=0;UID=%s;PWD=odd-p", role);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        struct fixture *f = fixture_new(SQL_OV_ODBC3_80);
        SQL_INTERVAL_STRUCT interval;
        SQL_TIMESTAMP_STRUCT ts;
        struct offset_struct offset;
        unsigned char bytes[16];
        double number;
        SQLLEN len;
        bool kathmandu = strstr(settings[i], "Kathmandu") != NULL;
        snprintf(sql, sizeof sql, "ALTER ROLE %s SET %s", role, settings[i]);
        pg_admin(sql);
        fixture_connect(f, connstr);
        run(f->stmt, "SELECT interval '3 days 04:05:06.7', '\\x00ff5c27'::bytea, "
                     "0.1::float8 + 0.2::float8, timestamptz '2024-02-29 12:00:00+00', "
                     "timestamptz '2024-02-29 12:00:00+00'");
        assert_stmt_ok(f->stmt, SQLFetch(f->stmt));
        assert_stmt_ok(f->stmt, SQLGetData(f->stmt, 1, SQL_C_INTERVAL_DAY_TO_SECOND, &interval,
                                           sizeof interval, &len));
        assert_int_equal(interval.interval_sign, SQL_FALSE);
        assert_int_equal(interval.intval.day_second.day, 3);
        assert_int_equal(interval.intval.day_second.hour, 4);
        assert_int_equal(interval.intval.day_second.second, 6);
        assert_int_equal(interval.intval.day_second.fraction, 700000);
        assert_stmt_ok(f->stmt, SQLGetData(f->stmt, 2, SQL_C_BINARY, bytes, sizeof bytes, &len));
        assert_int_equal(len, 4);
        assert_memory_equal(bytes, "\x00\xff\x5c\x27", 4);
        assert_stmt_ok(f->stmt, SQLGetData(f->stmt, 3, SQL_C_DOUBLE, &number, sizeof number, &len));
        assert_true(number == 0.1 + 0.2);
        assert_stmt_ok(f->stmt, SQLGetData(f->stmt, 4, SQL_C_TYPE_TIMESTAMP, &ts, sizeof ts, &len));
        assert_int_equal(ts.hour, kathmandu ? 17 : 12);
        assert_int_equal(ts.minute, kathmandu ? 45 : 0);
        assert_stmt_ok(f->stmt,
                       SQLGetData(f->stmt, 5, C_SS_TIMESTAMPOFFSET, &offset, sizeof offset, &len));
        assert_int_equal(offset.offset_hour, kathmandu ? 5 : 0);
        assert_int_equal(offset.offset_minute, kathmandu ? 45 : 0);
        fixture_free(f);
        snprintf(sql, sizeof sql, "ALTER ROLE %s RESET ALL", role);
        pg_admin(sql);
    }
    snprintf(sql, sizeof sql, "DROP ROLE %s", role);
    pg_admin(sql);
}

static void test_settings_that_lose_something_are_refused(void **state)
{
    static const char *const settings[] = {
        "datestyle = 'German'",
        "datestyle = 'SQL, MDY'",
        "extra_float_digits = 0",
        "client_encoding = 'LATIN1'",
        "standard_conforming_strings = off",
    };
    struct fixture *f = fixture_of(state);
    char sql[512];
    char role[64];
    char connstr[256];

    snprintf(role, sizeof role, "lossy_%ld", (long)getpid());
    snprintf(sql, sizeof sql, "CREATE ROLE %s LOGIN PASSWORD 'odd-p'", role);
    pg_admin(sql);
    snprintf(connstr, sizeof connstr, "DSN=neon;Pool=0;UID=%s;PWD=odd-p", role);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        SQL_DATE_STRUCT date;
        SQLLEN len;
        struct fixture *unasked;
        snprintf(sql, sizeof sql, "ALTER ROLE %s SET %s", role, settings[i]);
        pg_admin(sql);
        assert_dbc_state(f->dbc,
                         SQLDriverConnect(f->dbc, NULL, sqltext(connstr), SQL_NTS, NULL, 0, NULL,
                                          SQL_DRIVER_NOPROMPT),
                         "08004");
        assert_non_null(strstr(diag_text(SQL_HANDLE_DBC, f->dbc), "ALTER ROLE"));
        /* Connected without asking: a date is right, or refused where it can be read two ways. */
        unasked = fixture_new(SQL_OV_ODBC3_80);
        snprintf(sql, sizeof sql, "%s;VerifyConnectionEarly=0", connstr);
        fixture_connect(unasked, sql);
        run(unasked->stmt, "SELECT date '2024-02-01', date '2024-02-29'");
        assert_stmt_ok(unasked->stmt, SQLFetch(unasked->stmt));
        if (strstr(settings[i], "SQL") != NULL) {
            assert_stmt_state(
                unasked->stmt,
                SQLGetData(unasked->stmt, 1, SQL_C_TYPE_DATE, &date, sizeof date, &len), "22007");
        } else {
            assert_stmt_ok(unasked->stmt,
                           SQLGetData(unasked->stmt, 1, SQL_C_TYPE_DATE, &date, sizeof date, &len));
            assert_int_equal(date.day, 1);
        }
        assert_stmt_ok(unasked->stmt,
                       SQLGetData(unasked->stmt, 2, SQL_C_TYPE_DATE, &date, sizeof date, &len));
        assert_int_equal(date.month, 2);
        assert_int_equal(date.day, 29);
        fixture_free(unasked);
        snprintf(sql, sizeof sql, "ALTER ROLE %s RESET ALL", role);
        pg_admin(sql);
    }
    snprintf(sql, sizeof sql, "DROP ROLE %s", role);
    pg_admin(sql);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_connected, teardown_connected)
#define U(f) cmocka_unit_test_setup_teardown(f, setup_unconnected, teardown_connected)

int main(void)
{
    static const char *const locales[] = {"C.UTF-8", "POSIX", "de_DE.UTF-8"};
    const struct CMUnitTest values[] = {T(test_every_type_there_and_back)};
    const struct CMUnitTest tests[] = {
        T(test_intervals_as_they_are_described),
        T(test_pgvector_where_it_can_be_installed),
        T(test_names_are_looked_up_once_and_only_when_asked_for),
        T(test_a_name_that_cannot_be_asked_is_an_error),
        U(test_offsets_survive_in_microsofts_structure),
        U(test_private_type_codes_are_for_who_asks),
        cmocka_unit_test(test_keywords_of_psqlodbc),
        cmocka_unit_test(test_odd_settings_of_a_role_give_right_values),
        U(test_settings_that_lose_something_are_refused),
    };
    char sql[1024];
    int failed = 0;

    snprintf(table, sizeof table, "types_%ld", (long)getpid());
    snprintf(mood, sizeof mood, "mood_%ld", (long)getpid());
    pg_admin("CREATE EXTENSION IF NOT EXISTS hstore; CREATE EXTENSION IF NOT EXISTS citext");
    snprintf(sql, sizeof sql,
             "SET ROLE app; CREATE TYPE %s AS ENUM ('sad', 'so-so', 'happy'); "
             "CREATE TYPE %s_pair AS (n int, t text); CREATE DOMAIN %s_dom AS int CHECK (value > "
             "0); CREATE TYPE %s_range AS RANGE (subtype = float8)",
             mood, mood, mood, mood);
    pg_admin(sql);
    failed += cmocka_run_group_tests(tests, NULL, NULL);
    for (size_t i = 0; i < sizeof locales / sizeof locales[0]; i++) {
        if (!switch_locale(locales[i])) {
            print_message("locale %s cannot be had: tests/deps.sh installs locales\n", locales[i]);
            failed++;
            continue;
        }
        failed += cmocka_run_group_tests_name(locales[i], values, NULL, NULL);
    }
    snprintf(sql, sizeof sql,
             "DROP TABLE IF EXISTS %s; DROP TYPE %s_range; DROP DOMAIN %s_dom; DROP TYPE %s_pair; "
             "DROP TYPE %s",
             table, mood, mood, mood, mood);
    pg_admin(sql);
    return failed;
}
