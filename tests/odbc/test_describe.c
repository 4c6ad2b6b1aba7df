/* What describes a column agrees with everything else that does: SQLDescribeCol, SQLColAttribute,
 * the IRD, SQLColumns and SQLGetTypeInfo; names as they come; nothing is asked of the server before
 * execution. */
#include "odbc_test.h"

static SQLHSTMT stmt_of(void **state)
{
    return ((struct fixture *)*state)->stmt;
}

/* Column definitions, with the longest texts that PostgreSQL makes of them. */
static const struct definition {
    const char *type;
    const char *longest[3];
} definitions[] = {
    {"smallint", {"-32768", NULL}},
    {"integer", {"-2147483648", NULL}},
    {"bigint", {"-9223372036854775808", NULL}},
    {"oid", {"4294967295", NULL}},
    {"real", {"-1.1754944e-38", "-Infinity", NULL}},
    {"double precision", {"-2.2250738585072014e-308", "-Infinity", NULL}},
    {"numeric", {"-12345678901234567890.123456789", NULL}},
    {"numeric(10,2)", {"-12345678.90", NULL}},
    {"numeric(5,0)", {"-12345", NULL}},
    {"numeric(3,3)", {"-0.999", NULL}},
    {"numeric(38,10)", {"-1234567890123456789012345678.0123456789", NULL}},
    {"numeric(3,-2)", {"-12300", NULL}},
    {"boolean", {"true", NULL}},
    {"text", {NULL}},
    {"varchar", {NULL}},
    {"varchar(1)", {"\xE2\x82\xAC", NULL}},
    {"varchar(40)", {NULL}},
    {"char(5)", {"abcde", NULL}},
    {"\"char\"", {"x", NULL}},
    {"name", {NULL}},
    {"bytea", {NULL}},
    {"date", {"9999-12-31", NULL}},
    {"time", {"23:59:59.123456", NULL}},
    {"time(0)", {"23:59:59", NULL}},
    {"time(3)", {"23:59:59.123", NULL}},
    {"timetz", {"23:59:59.123456+12:34:56", NULL}},
    {"timestamp", {"9999-12-31 23:59:59.123456", NULL}},
    {"timestamp(0)", {"9999-12-31 23:59:59", NULL}},
    {"timestamp(3)", {"9999-12-31 23:59:59.123", NULL}},
    {"timestamptz", {"9999-12-31 23:59:59.123456+00", NULL}},
    {"timestamptz(0)", {NULL}},
    {"interval day to second", {"-106751991 days -04:00:54.775807", NULL}},
    {"interval second(2)", {"-00:00:59.99", NULL}},
    {"interval year to month", {"-178000000 years", NULL}},
    {"interval", {"-178000000 years", "-11 mons -29 days -23:59:59.123456", NULL}},
    {"uuid", {"00112233-4455-6677-8899-aabbccddeeff", NULL}},
    {"json", {NULL}},
    {"jsonb", {NULL}},
    {"xml", {NULL}},
    {"inet", {"1111:2222:3333:4444:5555:6666:7777:8888/120", NULL}},
    {"cidr", {"1111:2222:3333:4444:5555:6666:7777:8888/128", NULL}},
    {"macaddr", {"08:00:2b:01:02:03", NULL}},
    {"macaddr8", {"08:00:2b:01:02:03:04:05", NULL}},
    {"money", {"-92233720368547758.08", NULL}},
    {"bit(3)", {"101", NULL}},
    {"varbit(7)", {"1010101", NULL}},
    {"integer[]", {NULL}},
    {"text[]", {NULL}},
    {"int4range", {"[-2147483648,2147483646)", NULL}},
    {"tsvector", {NULL}},
    {"point", {"1e-300,1e-300", NULL}},
    {"xid8", {"18446744073709551615", NULL}},
};
#define N_DEFINITIONS (sizeof definitions / sizeof definitions[0])

static void make_table(SQLHSTMT s)
{
    char sql[4000];
    size_t len = 0;

    run(s, "DROP TABLE IF EXISTS described");
    len += (size_t)snprintf(sql, sizeof sql, "CREATE TABLE described (");
    for (size_t i = 0; i < N_DEFINITIONS; i++)
        len += (size_t)snprintf(sql + len, sizeof sql - len, "%sc%zu %s", i ? ", " : "", i,
                                definitions[i].type);
    snprintf(sql + len, sizeof sql - len, ")");
    run(s, sql);
}

struct facts {
    char name[64], type_name[64];
    SQLLEN type, verbose, sub, size, octets, digits, radix, nullable;
    bool has_digits, has_radix, has_sub;
};

static SQLLEN attribute(SQLHSTMT s, SQLUSMALLINT col, SQLUSMALLINT field)
{
    SQLLEN v = (SQLLEN)0x5555555555555555;

    assert_stmt_ok(s, SQLColAttribute(s, col, field, NULL, 0, NULL, &v));
    return v;
}

static void text_attribute(SQLHSTMT s, SQLUSMALLINT col, SQLUSMALLINT field, char *out,
                           SQLSMALLINT cap)
{
    assert_stmt_ok(s, SQLColAttribute(s, col, field, out, cap, NULL, NULL));
}

static void describe(SQLHSTMT s, SQLUSMALLINT col, struct facts *f)
{
    SQLSMALLINT type, digits, nullable;
    SQLULEN size;

    memset(f, 0, sizeof *f);
    assert_stmt_ok(s, SQLDescribeCol(s, col, (SQLCHAR *)f->name, sizeof f->name, NULL, &type, &size,
                                     &digits, &nullable));
    f->type = type;
    f->size = (SQLLEN)size;
    f->digits = digits;
    f->nullable = nullable;
    text_attribute(s, col, SQL_DESC_TYPE_NAME, f->type_name, sizeof f->type_name);
    f->octets = attribute(s, col, SQL_DESC_OCTET_LENGTH);
    f->radix = attribute(s, col, SQL_DESC_NUM_PREC_RADIX);
    f->verbose = attribute(s, col, SQL_DESC_TYPE);
}

static SQLLEN catalog_number(SQLHSTMT c, SQLUSMALLINT col, bool *is_there)
{
    SQLBIGINT v = 0;
    SQLLEN ind;

    assert_stmt_ok(c, SQLGetData(c, col, SQL_C_SBIGINT, &v, 0, &ind));
    *is_there = ind != SQL_NULL_DATA;
    return *is_there ? (SQLLEN)v : 0;
}

static void read_catalog(SQLHSTMT c, struct facts *f)
{
    bool there;
    SQLLEN ind;

    memset(f, 0, sizeof *f);
    assert_int_equal(SQLFetch(c), SQL_SUCCESS);
    assert_stmt_ok(c, SQLGetData(c, 4, SQL_C_CHAR, f->name, sizeof f->name, &ind));
    f->type = catalog_number(c, 5, &there);
    assert_stmt_ok(c, SQLGetData(c, 6, SQL_C_CHAR, f->type_name, sizeof f->type_name, &ind));
    f->size = catalog_number(c, 7, &there);
    f->octets = catalog_number(c, 8, &there);
    f->digits = catalog_number(c, 9, &f->has_digits);
    f->radix = catalog_number(c, 10, &f->has_radix);
    f->nullable = catalog_number(c, 11, &there);
    f->verbose = catalog_number(c, 14, &there);
    f->sub = catalog_number(c, 15, &f->has_sub);
}

static void test_result_descriptor_and_catalogue_agree(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLHSTMT c = new_stmt(*state);
    SQLHDESC ird = NULL;
    int wrong = 0;

    make_table(s);
    run(s, "SELECT * FROM described");
    assert_stmt_ok(s, SQLGetStmtAttr(s, SQL_ATTR_IMP_ROW_DESC, &ird, 0, NULL));
    assert_stmt_ok(c, SQLColumns(c, NULL, 0, NULL, 0, sqltext("described"), SQL_NTS, NULL, 0));
    for (size_t i = 0; i < N_DEFINITIONS; i++) {
        SQLUSMALLINT col = (SQLUSMALLINT)(i + 1);
        struct facts r, k;
        SQLSMALLINT type = 0, sub = 0, precision = 0, scale = 0, nullable = 0;
        SQLLEN octets = 0;
        SQLCHAR name[64];
        describe(s, col, &r);
        read_catalog(c, &k);
        if (r.type != k.type || r.size != k.size || r.octets != k.octets ||
            r.verbose != k.verbose || (k.has_digits ? r.digits != k.digits : r.digits != 0) ||
            (k.has_radix && r.radix != k.radix) || strcmp(r.name, k.name) != 0 ||
            strcmp(r.type_name, k.type_name) != 0) {
            print_error("%s: result %ld %s size %ld octets %ld digits %ld radix %ld; catalogue %ld "
                        "%s %ld %ld %ld %ld\n",
                        definitions[i].type, (long)r.type, r.type_name, (long)r.size,
                        (long)r.octets, (long)r.digits, (long)r.radix, (long)k.type, k.type_name,
                        (long)k.size, (long)k.octets, (long)k.digits, (long)k.radix);
            wrong++;
        }
        assert_int_equal(attribute(s, col, SQL_DESC_CONCISE_TYPE), r.type);
        assert_int_equal(attribute(s, col, SQL_COLUMN_TYPE), r.type);
        assert_int_equal(attribute(s, col, SQL_COLUMN_PRECISION), r.size);
        assert_int_equal(attribute(s, col, SQL_COLUMN_LENGTH), r.octets);
        assert_int_equal(attribute(s, col, SQL_COLUMN_SCALE), r.digits);
        /* SQLDescribeCol asks nobody; it knows what has been asked for otherwise */
        assert_int_equal(r.nullable, i == 0 ? SQL_NULLABLE_UNKNOWN : k.nullable);
        assert_int_equal(attribute(s, col, SQL_COLUMN_NULLABLE), k.nullable);
        assert_int_equal(attribute(s, col, SQL_DESC_NULLABLE), k.nullable);
        assert_int_equal(attribute(s, col, SQL_DESC_UNNAMED), SQL_NAMED);
        assert_int_equal(SQLGetDescRec(ird, (SQLSMALLINT)col, name, sizeof name, NULL, &type, &sub,
                                       &octets, &precision, &scale, &nullable),
                         SQL_SUCCESS);
        assert_string_equal((char *)name, r.name);
        assert_int_equal(type, r.verbose);
        assert_int_equal(sub, k.sub);
        assert_int_equal(octets, r.octets);
        assert_int_equal(precision, attribute(s, col, SQL_DESC_PRECISION));
        assert_int_equal(scale, attribute(s, col, SQL_DESC_SCALE));
    }
    assert_int_equal(SQLFetch(c), SQL_NO_DATA);
    assert_int_equal(wrong, 0);
    SQLFreeHandle(SQL_HANDLE_STMT, c);
    run(s, "DROP TABLE described");
}

/* SQLGetTypeInfo has a row for each type that a column reports, with the same attributes and no
 * smaller size. */
static void test_every_reported_type_is_in_the_type_list(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLHSTMT t = new_stmt(*state);
    int wrong = 0;

    make_table(s);
    run(s, "SELECT * FROM described");
    for (size_t i = 0; i < N_DEFINITIONS; i++) {
        SQLUSMALLINT col = (SQLUSMALLINT)(i + 1);
        struct facts r;
        bool found = false;
        bool there;
        describe(s, col, &r);
        assert_stmt_ok(t, SQLGetTypeInfo(t, (SQLSMALLINT)r.type));
        while (SQLFetch(t) == SQL_SUCCESS) {
            char name[64], prefix[16] = "", mine[16] = "";
            SQLLEN ind, size;
            SQLSMALLINT searchable, case_sensitive;
            assert_stmt_ok(t, SQLGetData(t, 1, SQL_C_CHAR, name, sizeof name, &ind));
            if (strcmp(name, r.type_name) != 0)
                continue;
            found = true;
            size = catalog_number(t, 3, &there);
            if (there && size < r.size && strchr(definitions[i].type, '(') == NULL) {
                print_error("%s: size %ld, but at most %ld by SQLGetTypeInfo\n",
                            definitions[i].type, (long)r.size, (long)size);
                wrong++;
            }
            assert_stmt_ok(t, SQLGetData(t, 4, SQL_C_CHAR, prefix, sizeof prefix, &ind));
            text_attribute(s, col, SQL_DESC_LITERAL_PREFIX, mine, sizeof mine);
            assert_string_equal(prefix, mine);
            case_sensitive = (SQLSMALLINT)catalog_number(t, 8, &there);
            assert_int_equal(case_sensitive, attribute(s, col, SQL_DESC_CASE_SENSITIVE));
            searchable = (SQLSMALLINT)catalog_number(t, 9, &there);
            assert_int_equal(searchable, attribute(s, col, SQL_DESC_SEARCHABLE));
            break;
        }
        SQLFreeStmt(t, SQL_CLOSE);
        /* Arrays have no row of their own for each element type: they are text. */
        if (!found && strstr(definitions[i].type, "[]") == NULL) {
            print_error("%s: SQLGetTypeInfo(%ld) has no row \"%s\"\n", definitions[i].type,
                        (long)r.type, r.type_name);
            wrong++;
        }
    }
    SQLFreeHandle(SQL_HANDLE_STMT, t);
    assert_int_equal(wrong, 0);
    SQLFreeStmt(s, SQL_CLOSE);
    run(s, "DROP TABLE described");
}

/* The display size is enough for every text of the type, and a bound buffer of that size holds it.
 */
static void test_the_display_size_is_enough(void **state)
{
    SQLHSTMT s = stmt_of(state);
    int wrong = 0;

    for (size_t i = 0; i < N_DEFINITIONS; i++)
        for (size_t k = 0; k < 3 && definitions[i].longest[k] != NULL; k++) {
            char sql[300];
            SQLLEN display;
            SQLWCHAR text[200];
            SQLLEN ind = 0;
            snprintf(sql, sizeof sql, "SELECT '%s'::%s", definitions[i].longest[k],
                     definitions[i].type);
            run(s, sql);
            display = attribute(s, 1, SQL_DESC_DISPLAY_SIZE);
            assert_int_equal(SQLFetch(s), SQL_SUCCESS);
            assert_stmt_ok(s, SQLGetData(s, 1, SQL_C_WCHAR, text, sizeof text, &ind));
            if (ind / 2 > display) {
                print_error("%s: %s has %ld characters, display size is %ld\n", definitions[i].type,
                            definitions[i].longest[k], (long)ind / 2, (long)display);
                wrong++;
            }
            if (display > 8190 || display < 1) {
                print_error("%s: display size %ld\n", definitions[i].type, (long)display);
                wrong++;
            }
        }
    assert_int_equal(wrong, 0);
}

static const char *name_of(SQLHSTMT s, SQLUSMALLINT col)
{
    static char name[300];
    char label[300];
    char attribute_name[300];

    assert_stmt_ok(
        s, SQLDescribeCol(s, col, (SQLCHAR *)name, sizeof name, NULL, NULL, NULL, NULL, NULL));
    text_attribute(s, col, SQL_DESC_NAME, attribute_name, sizeof attribute_name);
    text_attribute(s, col, SQL_DESC_LABEL, label, sizeof label);
    assert_string_equal(name, attribute_name);
    assert_string_equal(name, label);
    return name;
}

static void test_names_come_as_they_are(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLCHAR name[4];
    SQLSMALLINT len;

    run(s,
        "SELECT 1 AS a, 2 AS a, 3, count(*), 4 AS \"with \"\"quotes\"\" and \\\", 5 AS \"\xC3\x9C"
        "berschrift \xF0\x9F\x98\x80\", "
        "6 AS \"Mixed Case\", 7 AS \"?column?\", upper('x')");
    assert_string_equal(name_of(s, 1), "a");
    assert_string_equal(name_of(s, 2), "a");
    assert_string_equal(name_of(s, 3), "?column?");
    assert_string_equal(name_of(s, 4), "count");
    assert_string_equal(name_of(s, 5), "with \"quotes\" and \\");
    assert_string_equal(name_of(s, 6), "\xC3\x9C"
                                       "berschrift \xF0\x9F\x98\x80");
    assert_string_equal(name_of(s, 7), "Mixed Case");
    assert_string_equal(name_of(s, 9), "upper");
    assert_stmt_state(s, SQLDescribeCol(s, 5, name, sizeof name, &len, NULL, NULL, NULL, NULL),
                      "01004");
    assert_int_equal(len, 19);
    assert_string_equal((char *)name, "wit");
    assert_stmt_ok(
        s, SQLDescribeCol(s, 5, NULL, 0, &len, NULL, NULL, NULL, NULL)); /* the length alone */
    assert_int_equal(len, 19);
}

static void test_columns_that_do_not_exist(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLSMALLINT n = -1;
    SQLLEN count = -1;

    run(s, "SELECT 1, 2");
    assert_stmt_state(s, SQLDescribeCol(s, 0, NULL, 0, NULL, NULL, NULL, NULL, NULL), "07009");
    assert_stmt_state(s, SQLDescribeCol(s, 3, NULL, 0, NULL, NULL, NULL, NULL, NULL), "07009");
    assert_stmt_state(s, SQLColAttribute(s, 3, SQL_DESC_NAME, NULL, 0, NULL, NULL), "07009");
    assert_stmt_state(s, SQLColAttribute(s, 1, 30000, NULL, 0, NULL, &count), "HY091");
    assert_stmt_ok(s, SQLColAttribute(s, 0, SQL_DESC_COUNT, NULL, 0, NULL,
                                      &count)); /* any column number will do */
    assert_int_equal(count, 2);
    assert_stmt_ok(s, SQLColAttribute(s, 1, SQL_COLUMN_COUNT, NULL, 0, NULL, &count));
    assert_int_equal(count, 2);
    run(s, "CREATE TABLE IF NOT EXISTS nothing_to_describe (i int)");
    assert_stmt_ok(s, SQLNumResultCols(s, &n));
    assert_int_equal(n, 0);
    assert_stmt_state(s, SQLDescribeCol(s, 1, NULL, 0, NULL, NULL, NULL, NULL, NULL), "07005");
    assert_stmt_state(s, SQLColAttribute(s, 1, SQL_DESC_NAME, NULL, 0, NULL, NULL), "07005");
    assert_stmt_ok(s, SQLColAttribute(s, 1, SQL_DESC_COUNT, NULL, 0, NULL, &count));
    assert_int_equal(count, 0);
    run(s, "DROP TABLE nothing_to_describe");
}

/* Before execution: 0 columns where the text says so, a refusal otherwise, never a request. */
static void test_what_returns_no_rows_is_known_from_its_text(void **state)
{
    static const char *const without_columns[] = {"CREATE TABLE x (a int)",
                                                  "INSERT INTO customers (name) VALUES ('x')",
                                                  "UPDATE customers SET name = name",
                                                  "DELETE FROM customers",
                                                  "DROP TABLE customers",
                                                  "TRUNCATE customers"};
    SQLHSTMT s = stmt_of(state);
    SQLHDESC ird = NULL;
    SQLSMALLINT n;

    assert_stmt_ok(s, SQLGetStmtAttr(s, SQL_ATTR_IMP_ROW_DESC, &ird, 0, NULL));
    gateway_reset();
    for (size_t i = 0; i < sizeof without_columns / sizeof without_columns[0]; i++) {
        n = -1;
        assert_stmt_ok(s, SQLPrepare(s, sqltext(without_columns[i]), SQL_NTS));
        assert_stmt_ok(s, SQLNumResultCols(s, &n));
        assert_int_equal(n, 0);
        assert_int_equal(SQLGetDescField(ird, 0, SQL_DESC_COUNT, &n, 0, NULL), SQL_SUCCESS);
        assert_int_equal(n, 0);
    }
    assert_int_equal(gateway_requests(), 0);
}

/* name:type, of every column. */
static const char *described_columns(SQLHSTMT s)
{
    static char text[1024];
    SQLSMALLINT n = 0;

    text[0] = '\0';
    assert_stmt_ok(s, SQLNumResultCols(s, &n));
    for (SQLSMALLINT i = 1; i <= n; i++) {
        SQLCHAR name[64];
        SQLSMALLINT type = 0;
        SQLULEN size = 0;
        assert_stmt_ok(s, SQLDescribeCol(s, (SQLUSMALLINT)i, name, sizeof name, NULL, &type, &size,
                                         NULL, NULL));
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s:%d", i > 1 ? " " : "",
                 (char *)name, type);
    }
    return text;
}

static void test_describing_before_execution(void **state)
{
    static const struct {
        const char *text, *columns;
    } cases[] = {
        {"SELECT id, name, credit AS c, note FROM customers", "id:4 name:-9 c:2 note:-9"},
        {"SELECT 1 AS a, 2::bigint AS a, 'x' AS \"odd \"\"name\"", "a:4 a:-5 odd \"name:-9"},
        {"VALUES (1, 'x')", "column1:4 column2:-9"},
        {"TABLE order_items", "order_id:-5 line_no:5 product_id:4 quantity:4 price:2"},
        {"WITH a AS (SELECT 1 AS n) SELECT n FROM a -- with a comment", "n:4"},
        {"SELECT id FROM customers WHERE id = ? FOR UPDATE", "id:4"},
        {"SELECT id FROM customers ORDER BY id LIMIT ?", "id:4"},
        {"SELECT", ""},
        {"SHOW timezone", "TimeZone:-9"},
        {"EXPLAIN SELECT 1", "QUERY PLAN:-9"},
        {"SELECT nextval('customers_id_seq')", "nextval:-5"},
        {"INSERT INTO customers (name) VALUES (?) RETURNING id, upper(name) AS u", "id:4 u:-9"},
        {"INSERT INTO customers AS c (name) VALUES ('x') RETURNING c.*, 1 AS one",
         "id:4 name:-9 email:-9 country:-8 credit:2 active:-7 created_at:93 note:-9 one:4"},
        {"INSERT INTO customers DEFAULT VALUES RETURNING id", "id:4"},
        {"INSERT INTO public.customers SELECT * FROM customers RETURNING name", "name:-9"},
        {"UPDATE customers AS c SET name = ? FROM orders AS o WHERE o.customer_id = c.id RETURNING "
         "c.id, o.status",
         "id:4 status:-9"},
        {"WITH x AS (SELECT 1 AS n) DELETE FROM ONLY customers USING x WHERE id = n RETURNING n, "
         "id",
         "n:4 id:4"},
    };
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;
    SQLHDESC ird = NULL;
    SQLSMALLINT n = 0;
    char name[64];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gateway_reset();
        assert_stmt_ok(s, SQLPrepare(s, sqltext(cases[i].text), SQL_NTS));
        assert_string_equal(described_columns(s), cases[i].columns);
        assert_int_equal(gateway_requests(), 1);
        /* the same text again, also on another statement */
        assert_stmt_ok(s, SQLPrepare(s, sqltext(cases[i].text), SQL_NTS));
        assert_string_equal(described_columns(s), cases[i].columns);
        assert_int_equal(gateway_requests(), 1);
    }
    assert_stmt_ok(s, SQLPrepare(s, sqltext("SELECT id FROM customers WHERE id = 1"), SQL_NTS));
    assert_stmt_ok(s, SQLGetStmtAttr(s, SQL_ATTR_IMP_ROW_DESC, &ird, 0, NULL));
    assert_int_equal(SQLGetDescField(ird, 0, SQL_DESC_COUNT, &n, 0, NULL), SQL_SUCCESS);
    assert_int_equal(n, 1);
    assert_int_equal(SQLGetDescField(ird, 1, SQL_DESC_NAME, name, sizeof name, NULL), SQL_SUCCESS);
    assert_string_equal(name, "id");
    gateway_reset();
    assert_stmt_ok(s, SQLExecute(s));
    assert_int_equal(gateway_requests(), 1);
    assert_stmt_ok(s, SQLFetch(s));
    assert_stmt_ok(s, SQLCloseCursor(s));
}

static void test_describing_executes_nothing(void **state)
{
    SQLHSTMT s = stmt_of(state);
    char before[64], after[64];

    snprintf(before, sizeof before, "%s",
             query_text(s, "SELECT last_value || '/' || (SELECT count(*) FROM customers) FROM "
                           "customers_id_seq"));
    assert_stmt_ok(
        s,
        SQLPrepare(s, sqltext("INSERT INTO customers (name) VALUES ('x') RETURNING id"), SQL_NTS));
    assert_string_equal(described_columns(s), "id:4");
    assert_stmt_ok(
        s, SQLPrepare(s, sqltext("SELECT nextval('customers_id_seq'), pg_sleep(3600)"), SQL_NTS));
    assert_string_equal(described_columns(s), "nextval:-5 pg_sleep:-9");
    assert_stmt_ok(s,
                   SQLPrepare(s, sqltext("DELETE FROM order_items RETURNING order_id"), SQL_NTS));
    assert_string_equal(described_columns(s), "order_id:-5");
    snprintf(after, sizeof after, "%s",
             query_text(s, "SELECT last_value || '/' || (SELECT count(*) FROM customers) FROM "
                           "customers_id_seq"));
    assert_string_equal(before, after);
}

static void test_what_cannot_be_described_says_so(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLSMALLINT n;

    assert_stmt_ok(s, SQLPrepare(s, sqltext("SELECT * FROM no_such_table"), SQL_NTS));
    assert_stmt_state(s, SQLNumResultCols(s, &n), "42S02");
    assert_stmt_ok(s, SQLPrepare(s, sqltext("SELEC 1"), SQL_NTS));
    assert_stmt_ok(s, SQLNumResultCols(s, &n)); /* not a statement that returns rows */
    assert_stmt_ok(s, SQLPrepare(s,
                                 sqltext("WITH x AS (INSERT INTO customers (name) VALUES ('x') "
                                         "RETURNING id) SELECT id FROM x"),
                                 SQL_NTS));
    assert_stmt_state(s, SQLNumResultCols(s, &n), "HYC00");
    assert_stmt_state(s, SQLDescribeCol(s, 1, NULL, 0, NULL, NULL, NULL, NULL, NULL), "HYC00");
    /* and the handle is as good as before */
    assert_stmt_ok(s, SQLPrepare(s, sqltext("SELECT 1 AS one"), SQL_NTS));
    assert_string_equal(described_columns(s), "one:4");
}

static void test_a_description_goes_when_tables_change(void **state)
{
    SQLHSTMT s = stmt_of(state);

    run(s, "CREATE TABLE t_described (a int)");
    assert_stmt_ok(s, SQLPrepare(s, sqltext("SELECT * FROM t_described"), SQL_NTS));
    assert_string_equal(described_columns(s), "a:4");
    run(s, "ALTER TABLE t_described ADD b text");
    assert_stmt_ok(s, SQLPrepare(s, sqltext("SELECT * FROM t_described"), SQL_NTS));
    assert_string_equal(described_columns(s), "a:4 b:-9");
    run(s, "DROP TABLE t_described");
}

static void test_parameters_are_described(void **state)
{
    static const struct {
        const char *text;
        SQLSMALLINT types[3];
    } cases[] = {
        {"SELECT id FROM customers WHERE id = ? AND name = ? AND credit > ?", {4, -9, 2}},
        {"INSERT INTO orders (customer_id, ordered_on) VALUES (?, ?)", {4, 91}},
        {"UPDATE customers SET active = ? WHERE created_at < ?", {-7, 93}},
        {"DELETE FROM customers WHERE id = ? OR id = ?", {4, 4}},
        {"SELECT ?", {-9}},
        {"SELECT ? + ?", {-9, -9}}, /* the server cannot tell: text, which becomes what is bound */
        {"SELECT ?::uuid, ?::bytea", {-11, -3}},
        {"UPDATE customers SET name = name WHERE id = ? AND xmin = ?", {4, 12}},
        {"CREATE TABLE x AS SELECT ?", {-9}},
    };
    SQLHSTMT s = stmt_of(state);
    SQLSMALLINT type = 0, digits = 0, nullable = 0, n = 0;
    SQLULEN size = 0;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gateway_reset();
        assert_stmt_ok(s, SQLPrepare(s, sqltext(cases[i].text), SQL_NTS));
        assert_stmt_ok(s, SQLNumParams(s, &n));
        for (SQLSMALLINT k = 0; k < n; k++) {
            assert_stmt_ok(
                s, SQLDescribeParam(s, (SQLUSMALLINT)(k + 1), &type, &size, &digits, &nullable));
            if (type != cases[i].types[k])
                fail_msg("%s: parameter %d is %d", cases[i].text, k + 1, type);
        }
        assert_true(gateway_requests() <= n);
        if (i < 4)
            assert_int_equal(gateway_requests(), 1);
        assert_stmt_state(s, SQLDescribeParam(s, (SQLUSMALLINT)(n + 1), &type, NULL, NULL, NULL),
                          "07009");
        assert_stmt_state(s, SQLDescribeParam(s, 0, &type, NULL, NULL, NULL), "07009");
    }
    assert_stmt_ok(s, SQLPrepare(s, sqltext("SELECT id FROM no_such_table WHERE id = ?"), SQL_NTS));
    assert_stmt_state(s, SQLDescribeParam(s, 1, &type, NULL, NULL, NULL), "42S02");
}

static void test_row_counts_are_known_with_the_result(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLLEN n;

    run(s, "SELECT g FROM generate_series(1, 42) g");
    assert_stmt_ok(s, SQLRowCount(s, &n));
    assert_int_equal(n, 42);
    assert_stmt_ok(s, SQLCloseCursor(s));
    assert_int_equal(SQLRowCount(s, &n), SQL_ERROR);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_connected, teardown_connected)

int main(void)
{
    /* whatever the keywords make of the types */
    static const char *const keywords[] = {
        "",
        "NumericAs=double",
        "NumericAs=memo;BoolsAsChar=1;BI=2",
        "IntervalAs=interval;ByteaAsLongVarBinary=1;BI=4",
        "TimestampTzAs=timestampoffset;UuidAs=varchar;JsonAs=wlongvarchar",
        "TextAsLongVarchar=1;MaxVarcharSize=100;MaxLongVarcharSize=5000",
        "PgTypes=1",
    };
    const struct CMUnitTest agreeing[] = {
        T(test_result_descriptor_and_catalogue_agree),
        T(test_every_reported_type_is_in_the_type_list),
    };
    const struct CMUnitTest tests[] = {
        T(test_the_display_size_is_enough),
        T(test_names_come_as_they_are),
        T(test_columns_that_do_not_exist),
        T(test_what_returns_no_rows_is_known_from_its_text),
        T(test_describing_before_execution),
        T(test_describing_executes_nothing),
        T(test_what_cannot_be_described_says_so),
        T(test_a_description_goes_when_tables_change),
        T(test_parameters_are_described),
        T(test_row_counts_are_known_with_the_result),
    };
    const char *plain = fixture_connstr;
    int failed = 0;

    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        char connstr[256];
        snprintf(connstr, sizeof connstr, "%s;%s", plain, keywords[i]);
        fixture_connstr = connstr;
        failed += cmocka_run_group_tests_name(keywords[i], agreeing, NULL, NULL);
    }
    fixture_connstr = plain;
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
