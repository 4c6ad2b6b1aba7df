/* Arguments of the catalog functions: identifiers (METADATA_ID), nulls, lengths, names that try to
 * get out of their place, text that is none; and that neither the search path nor missing
 * privileges change an answer. */
#include "catalog_calls.h"

static SQLHSTMT stmt_of(void **state)
{
    return ((struct fixture *)*state)->stmt;
}

static long rows(SQLHSTMT s, SQLRETURN rc)
{
    long n = 0;

    assert_stmt_ok(s, rc);
    while (SQLFetch(s) == SQL_SUCCESS)
        n++;
    SQLFreeStmt(s, SQL_CLOSE);
    return n;
}

static long count(SQLHSTMT s, enum function f, const char *catalog, const char *schema,
                  const char *table, const char *last)
{
    struct call c = {f, {catalog, schema, table, last, NULL, NULL}, 0, 0, 0};

    if (f == STATISTICS)
        c.first = SQL_INDEX_ALL;
    if (f == SPECIAL_COLUMNS)
        c.first = SQL_BEST_ROWID;
    return rows(s, call_narrow(s, &c));
}

/* ---- identifiers ---- */

static void test_identifiers_fold_and_match_themselves(void **state)
{
    SQLHSTMT s = stmt_of(state);

    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_METADATA_ID, (SQLPOINTER)SQL_TRUE, 0));
    assert_int_equal(count(s, COLUMNS, "SHOP", "ZOO", "Keepers ", "NAME"), 1);
    assert_int_equal(count(s, COLUMNS, "shop", "\"zoo\"", "\"keepers\"", "\"name\""), 1);
    /* blanks around the quotes do not count, those within do, and those before a name without */
    assert_int_equal(count(s, COLUMNS, "shop", "\"zoo\" ", "  \"keepers\"  ", " \"name\""), 1);
    assert_int_equal(count(s, COLUMNS, "shop", "zoo", "\"keepers \"", "name"), 0);
    assert_int_equal(count(s, COLUMNS, "shop", "zoo", " keepers", "name"), 0);
    assert_int_equal(count(s, COLUMNS, "shop", "zoo", "\"Keepers\"", "name"), 0);
    assert_int_equal(count(s, COLUMNS, "shop", "zoo", "keepers", "%"), 0);
    assert_int_equal(count(s, TABLES, "shop", "zoo_x", "same_name", NULL), 1); /* not zoo%x */
    assert_int_equal(count(s, COLUMNS, "shop", "\"Odd \"\"zoo\"", "\"Mixed Case\"", "\"a_b\""), 1);
    assert_int_equal(
        count(s, COLUMNS, "shop", "\"Odd \"\"zoo\"", "\"Mixed Case\"", "\"quo\"\"te\""), 1);
    assert_int_equal(
        count(s, COLUMNS, "shop", "\"Odd \"\"zoo\"", "\"Mixed Case\"", "\"back\\slash\""), 1);
    assert_int_equal(count(s, PRIMARY_KEYS, "shop", "Zoo", "SPECIES", NULL), 2);
    assert_int_equal(count(s, PRIMARY_KEYS, "shop", "\"Odd \"\"zoo\"", "\"Mixed Case\"", NULL), 1);
    assert_int_equal(count(s, STATISTICS, "shop", "zoo", "KEYLESS", NULL), 1);
    assert_int_equal(count(s, SPECIAL_COLUMNS, "shop", "zoo", "SPECIES", NULL), 2);
    assert_true(count(s, TABLE_PRIVILEGES, "shop", "ZOO", "SPECIES", NULL) > 5);
    assert_int_equal(count(s, COLUMN_PRIVILEGES, "shop", "ZOO", "SPECIMEN", "PLACE"), 6);
    assert_int_equal(count(s, PROCEDURES, "shop", "ZOO", "AREA", NULL), 2);
    assert_int_equal(count(s, PROCEDURE_COLUMNS, "shop", "ZOO", "AREA", "H"), 1);
    assert_int_equal(
        rows(s, SQLForeignKeys(s, NULL, 0, NULL, 0, NULL, 0, sqltext("shop"), SQL_NTS,
                               sqltext("ZOO"), SQL_NTS, sqltext("\"specimen\""), SQL_NTS)),
        4);
}

static void test_identifiers_must_be_given(void **state)
{
    static const enum function f[] = {
        TABLES,           COLUMNS,           PRIMARY_KEYS, STATISTICS,       SPECIAL_COLUMNS,
        TABLE_PRIVILEGES, COLUMN_PRIVILEGES, PROCEDURES,   PROCEDURE_COLUMNS};
    SQLHSTMT s = stmt_of(state);

    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_METADATA_ID, (SQLPOINTER)SQL_TRUE, 0));
    for (size_t i = 0; i < sizeof f / sizeof f[0]; i++) {
        struct call c = {f[i], {NULL, "zoo", "species", "id", NULL, NULL}, 0, 0, 0};
        if (f[i] == SPECIAL_COLUMNS)
            c.first = SQL_BEST_ROWID;
        assert_stmt_state(s, call_narrow(s, &c), "HY009");
        c.t[0] = "shop";
        c.t[1] = NULL;
        assert_stmt_state(s, call_narrow(s, &c), "HY009");
    }
}

/* ---- what is out of range, at the driver itself ---- */

static void test_what_is_out_of_range_is_refused(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;
    SQLCHAR *t = sqltext("species");

    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLPrimaryKeys)(s, NULL, 0, NULL, 0, NULL, 0),
                        "HY009");
    assert_direct_state(
        SQL_HANDLE_STMT, s,
        DRIVER(SQLForeignKeys)(s, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0), "HY009");
    assert_direct_state(SQL_HANDLE_STMT, s,
                        DRIVER(SQLStatistics)(s, NULL, 0, NULL, 0, NULL, 0, 0, 0), "HY009");
    assert_direct_state(SQL_HANDLE_STMT, s,
                        DRIVER(SQLSpecialColumns)(s, 1, NULL, 0, NULL, 0, NULL, 0, 0, 0), "HY009");
    assert_direct_state(SQL_HANDLE_STMT, s,
                        DRIVER(SQLColumnPrivileges)(s, NULL, 0, NULL, 0, NULL, 0, NULL, 0),
                        "HY009");
    assert_direct_state(SQL_HANDLE_STMT, s,
                        DRIVER(SQLStatistics)(s, NULL, 0, NULL, 0, t, SQL_NTS, 2, 0), "HY100");
    assert_direct_state(SQL_HANDLE_STMT, s,
                        DRIVER(SQLStatistics)(s, NULL, 0, NULL, 0, t, SQL_NTS, 1, 2), "HY101");
    assert_direct_state(SQL_HANDLE_STMT, s,
                        DRIVER(SQLSpecialColumns)(s, 3, NULL, 0, NULL, 0, t, SQL_NTS, 0, 0),
                        "HY097");
    assert_direct_state(SQL_HANDLE_STMT, s,
                        DRIVER(SQLSpecialColumns)(s, 1, NULL, 0, NULL, 0, t, SQL_NTS, 3, 0),
                        "HY098");
    assert_direct_state(SQL_HANDLE_STMT, s,
                        DRIVER(SQLSpecialColumns)(s, 1, NULL, 0, NULL, 0, t, SQL_NTS, 0, 2),
                        "HY099");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLTables)(s, NULL, 0, NULL, 0, t, -7, NULL, 0),
                        "HY090");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLProcedures)(s, NULL, 0, t, -2, t, SQL_NTS),
                        "HY090");
    /* and the statement is as it was */
    assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLPrimaryKeys)(s, NULL, 0, NULL, 0, t, SQL_NTS));
}

/* ---- names that try ---- */

static void test_no_name_gets_out_of_its_place(void **state)
{
    static const char *const evil[] = {
        "'; DROP TABLE zoo.keyless; --",
        "' OR '1'='1",
        "\\",
        "\\\\\\",
        "$1",
        "${table}",
        "species\\",
        "'",
        "''",
        "\"; DROP TABLE zoo.keyless; --",
        "%'; SELECT pg_sleep(1); --",
        "{\"a\": 1}",
        "\n\t\r",
        "/* species */",
    };
    SQLHSTMT s = stmt_of(state);

    for (enum function f = TABLES; f <= PROCEDURE_COLUMNS; f++)
        for (size_t i = 0; i < sizeof evil / sizeof evil[0]; i++) {
            struct call c = {f, {NULL, "zoo", evil[i], NULL, "zoo", evil[i]}, 0, 0, 0};
            if (f == SPECIAL_COLUMNS)
                c.first = SQL_BEST_ROWID;
            if (rows(s, call_narrow(s, &c)) != 0)
                fail_msg("function %d finds something named %s", (int)f, evil[i]);
            c.t[1] = evil[i];
            c.t[2] = "species";
            assert_int_equal(rows(s, call_narrow(s, &c)), 0);
            c.t[0] = evil[i];
            c.t[1] = "zoo";
            assert_int_equal(rows(s, call_narrow(s, &c)), 0);
        }
    assert_int_equal(count(s, TABLES, NULL, "zoo", "keyless", NULL), 1);
    assert_int_equal(count(s, TABLES, NULL, "zoo", "keyless", "'; DROP TABLE zoo.keyless; --"), 0);
    assert_int_equal(count(s, TABLES, NULL, "zoo", "keyless", "\"},\\"), 0);
    assert_int_equal(count(s, COLUMNS, NULL, "zoo", "keyless", "a' OR 'b"), 0);
}

/* What stands before a NUL is not the name. */
static void test_a_nul_within_the_length_is_part_of_the_name(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLCHAR name[] = "species\0x";
    SQLWCHAR wide[] = {'s', 'p', 'e', 'c', 'i', 'e', 's', 0, 'x'};

    assert_int_equal(rows(s, SQLPrimaryKeys(s, NULL, 0, NULL, 0, name, 7)), 2);
    assert_int_equal(rows(s, SQLPrimaryKeys(s, NULL, 0, NULL, 0, name, 8)), 0);
    assert_int_equal(rows(s, SQLPrimaryKeys(s, NULL, 0, NULL, 0, name, 9)), 0);
    assert_int_equal(rows(s, SQLPrimaryKeysW(s, NULL, 0, NULL, 0, wide, 7)), 2);
    assert_int_equal(rows(s, SQLPrimaryKeysW(s, NULL, 0, NULL, 0, wide, 9)), 0);
    assert_int_equal(rows(s, SQLColumns(s, NULL, 0, NULL, 0, name, 9, NULL, 0)), 0);
    assert_int_equal(rows(s, SQLTables(s, NULL, 0, NULL, 0, sqltext("species"), SQL_NTS,
                                       sqltext("TABLE\0x"), 7)),
                     0);
    /* and a length is not read past */
    assert_int_equal(rows(s, SQLPrimaryKeys(s, NULL, 0, NULL, 0, sqltext("speciesxyz"), 7)), 2);
}

static void test_long_names(void **state)
{
    static const char longest[] =
        "sixty_three_bytes_long_name_that_is_as_long_as_a_name_can_be_xyz";
    SQLHSTMT s = stmt_of(state);
    static SQLCHAR huge[5000];

    assert_int_equal(sizeof longest - 1, 64); /* the server kept 63 bytes of it */
    assert_int_equal(rows(s, SQLTables(s, NULL, 0, NULL, 0, sqltext(longest), 63, NULL, 0)), 1);
    assert_int_equal(rows(s, SQLTables(s, NULL, 0, NULL, 0, sqltext(longest), 64, NULL, 0)), 0);
    assert_int_equal(
        rows(s, SQLStatistics(s, NULL, 0, NULL, 0, sqltext(longest), 63, SQL_INDEX_ALL, SQL_QUICK)),
        1);
    assert_int_equal(
        rows(s, SQLStatistics(s, NULL, 0, NULL, 0, sqltext(longest), 64, SQL_INDEX_ALL, SQL_QUICK)),
        0);
    memset(huge, 'x', sizeof huge);
    assert_int_equal(rows(s, SQLTables(s, NULL, 0, NULL, 0, huge, 4000, NULL, 0)), 0);
    assert_stmt_state(s, SQLTables(s, NULL, 0, NULL, 0, huge, 5000, NULL, 0), "HY090");
    assert_stmt_state(s, SQLPrimaryKeys(s, NULL, 0, NULL, 0, huge, 5000), "HY090");
    assert_stmt_state(s, SQLTables(s, NULL, 0, NULL, 0, NULL, 0, huge, 5000), "HY090");
}

static void test_text_that_is_none(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLWCHAR lone[] = {'a', 0xD83E, 'b'};
    SQLWCHAR trailing[] = {0xDD8A};

    if (sizeof(SQLWCHAR) == 2) {
        assert_stmt_state(s, SQLTablesW(s, NULL, 0, NULL, 0, lone, 3, NULL, 0), "22021");
        assert_stmt_state(s, SQLColumnsW(s, NULL, 0, NULL, 0, trailing, 1, NULL, 0), "22021");
        assert_stmt_state(
            s, SQLForeignKeysW(s, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0, lone, 2), "22021");
    }
    /* bytes that are not UTF-8 */
    for (enum function f = TABLES; f <= PROCEDURE_COLUMNS; f++) {
        struct call c = {f, {NULL, "zoo", "spe\xFF\xFEies", NULL, "zoo", "spe\xC3"}, 0, 0, 0};
        if (f == SPECIAL_COLUMNS)
            c.first = SQL_BEST_ROWID;
        assert_stmt_state(s, call_narrow(s, &c), "22021");
    }
    assert_stmt_state(s, SQLTables(s, NULL, 0, NULL, 0, NULL, 0, sqltext("T\xC0"), SQL_NTS),
                      "22021");
    assert_int_equal(count(s, TABLES, NULL, "zoo", "keyless", NULL), 1);
}

/* ---- who asks, and from where ---- */

static const struct call everything[] = {
    {TABLES, {NULL, "zoo%", NULL, NULL}, 0, 0, 0},
    {TABLES, {"", "%", "", NULL}, 0, 0, 0},
    /* Expressions are written for the search path: the one column that has one is left out. */
    {COLUMNS, {NULL, "zoo%", "%", "%a%"}, 0, 0, 0},
    {COLUMNS, {NULL, "zoo%", "%", "%l%"}, 0, 0, 0},
    {PRIMARY_KEYS, {NULL, "zoo", "species"}, 0, 0, 0},
    {FOREIGN_KEYS, {NULL, NULL, NULL, NULL, "zoo", "specimen"}, 0, 0, 0},
    {FOREIGN_KEYS, {NULL, "zoo", "species", NULL, NULL, NULL}, 0, 0, 0},
    {STATISTICS, {NULL, "zoo", "specimen"}, SQL_INDEX_ALL, SQL_QUICK, 0},
    {SPECIAL_COLUMNS, {NULL, "zoo", "species"}, SQL_BEST_ROWID, SQL_SCOPE_SESSION, SQL_NULLABLE},
    {SPECIAL_COLUMNS, {NULL, "zoo", "species"}, SQL_ROWVER, SQL_SCOPE_SESSION, SQL_NULLABLE},
    {TABLE_PRIVILEGES, {NULL, "zoo", NULL}, 0, 0, 0},
    {COLUMN_PRIVILEGES, {NULL, "zoo", "specimen", NULL}, 0, 0, 0},
    {PROCEDURES, {NULL, "zoo", NULL}, 0, 0, 0},
    {PROCEDURE_COLUMNS, {NULL, "zoo", NULL, NULL}, 0, 0, 0},
};
#define N_EVERYTHING (sizeof everything / sizeof everything[0])

/* Every result of `everything`; to be freed. */
static char *ask_everything(SQLHSTMT s)
{
    struct text all = {NULL, 0, 0};

    for (size_t i = 0; i < N_EVERYTHING; i++) {
        put_call(&everything[i], &all);
        assert_stmt_ok(s, call_narrow(s, &everything[i]));
        render(s, &all);
    }
    return all.data;
}

/* Operators, functions and tables that take the place of the server's wherever a name is not
 * qualified: each raises, or lies. */
static const char trap_sql[] =
    "set client_min_messages = error; drop schema if exists trap cascade; create schema trap; "
    "create function trap.bite(anyelement, anyelement) returns bool language plpgsql as "
    "$$ begin raise exception 'trapped'; end $$; "
    "create function trap.bite2(name, text) returns bool language plpgsql as "
    "$$ begin raise exception 'trapped'; end $$; "
    "create function trap.bite3(\"char\", \"char\") returns bool language plpgsql as "
    "$$ begin raise exception 'trapped'; end $$; "
    "create function trap.bite4(oid, oid) returns bool language plpgsql as "
    "$$ begin raise exception 'trapped'; end $$; "
    "create function trap.bite5(text, text) returns bool language plpgsql as "
    "$$ begin raise exception 'trapped'; end $$; "
    "create function trap.bite6(int2, int2) returns bool language plpgsql as "
    "$$ begin raise exception 'trapped'; end $$; "
    "create operator trap.= (leftarg = anyelement, rightarg = anyelement, function = trap.bite); "
    "create operator trap.= (leftarg = name, rightarg = text, function = trap.bite2); "
    "create operator trap.= (leftarg = \"char\", rightarg = \"char\", function = trap.bite3); "
    "create operator trap.= (leftarg = oid, rightarg = oid, function = trap.bite4); "
    "create operator trap.= (leftarg = text, rightarg = text, function = trap.bite5); "
    "create operator trap.= (leftarg = int2, rightarg = int2, function = trap.bite6); "
    "create operator trap.~~ (leftarg = name, rightarg = text, function = trap.bite2); "
    "create operator trap.<> (leftarg = \"char\", rightarg = \"char\", function = trap.bite3); "
    "create operator trap.<> (leftarg = oid, rightarg = oid, function = trap.bite4); "
    "create operator trap.> (leftarg = int2, rightarg = int2, function = trap.bite6); "
    "create operator trap.|| (leftarg = text, rightarg = text, function = trap.bite5); "
    "create function trap.unnest(anyarray) returns setof int language sql as 'select 1/0'; "
    "create function trap.count() returns int language sql as 'select 1/0'; "
    "create function trap.current_database() returns name language sql as $$select 'lie'::name$$; "
    "create function trap.pg_get_expr(pg_node_tree, oid) returns text language sql as "
    "$$select 'lie'$$; "
    "create function trap.obj_description(oid, name) returns text language sql as $$select "
    "'lie'$$; "
    "create table trap.pg_class (a int); create table trap.pg_namespace (a int); "
    "create table trap.pg_attribute (a int); create table trap.pg_type (a int); "
    "create table trap.pg_proc (a int); create table trap.pg_index (a int); "
    "create domain trap.text as int; create domain trap.name as int; create domain trap.bool as "
    "int; create domain trap.int4 as int; create domain trap.oid as int; "
    "grant usage on schema trap to public; "
    "alter role reader set search_path = trap, pg_catalog";

static void test_neither_search_path_nor_privileges_change_an_answer(void **state)
{
    struct fixture *reader = fixture_new(SQL_OV_ODBC3_80);
    char connstr[512];
    char *owners, *readers;

    pg_admin(trap_sql);
    snprintf(connstr, sizeof connstr, "DSN=neon;CatalogCache=0;UID=reader;PWD=%s",
             test_env("NEON_TEST_READER_PASSWORD"));
    fixture_connect(reader, connstr);
    assert_string_equal(query_text(reader->stmt, "SELECT current_user"), "reader");
    /* The trap is set. */
    assert_int_equal(SQLExecDirect(reader->stmt,
                                   sqltext("SELECT 'a'::pg_catalog.text = "
                                           "'b'::pg_catalog.text"),
                                   SQL_NTS),
                     SQL_ERROR);
    owners = ask_everything(stmt_of(state));
    readers = ask_everything(reader->stmt);
    assert_string_equal(owners, readers);
    free(readers);
    fixture_free(reader);
    pg_admin("alter role reader set search_path = ''");
    reader = fixture_new(SQL_OV_ODBC3_80);
    fixture_connect(reader, connstr);
    readers = ask_everything(reader->stmt);
    assert_string_equal(owners, readers);
    free(readers);
    free(owners);
    fixture_free(reader);
    pg_admin(
        "set client_min_messages = error; alter role reader reset search_path; drop schema trap "
        "cascade");
}

/* Where information_schema speaks, it says the same (the owner sees all of it). */
static void test_information_schema_agrees(void **state)
{
    SQLHSTMT s = stmt_of(state);

    assert_int_equal(count(s, TABLES, NULL, "zoo", NULL, "TABLE,VIEW,FOREIGN TABLE"),
                     query_number(s, "SELECT count(*) FROM information_schema.tables WHERE "
                                     "table_schema = 'zoo'"));
    /* Columns of materialized views are not in it. */
    assert_int_equal(count(s, COLUMNS, NULL, "zoo", "%", NULL) - 2,
                     query_number(s, "SELECT count(*) FROM information_schema.columns WHERE "
                                     "table_schema = 'zoo'"));
    assert_int_equal(count(s, TABLE_PRIVILEGES, NULL, "zoo", "spec%", NULL),
                     query_number(s, "SELECT count(*) FROM information_schema.table_privileges "
                                     "WHERE table_schema = 'zoo' AND table_name LIKE 'spec%'") +
                         query_number(s, "SELECT 2 * (current_setting('server_version_num')::int "
                                         ">= 170000)::int"));
    assert_int_equal(count(s, COLUMN_PRIVILEGES, NULL, "zoo", "species", NULL),
                     query_number(s, "SELECT count(*) FROM information_schema.column_privileges "
                                     "WHERE table_schema = 'zoo' AND table_name = 'species'"));
    assert_int_equal(count(s, PRIMARY_KEYS, NULL, "zoo", "species", NULL),
                     query_number(s, "SELECT count(*) FROM information_schema.key_column_usage "
                                     "WHERE constraint_schema = 'zoo' AND constraint_name = "
                                     "'species_key'"));
}

/* ---- shapes ---- */

static void put_shape(SQLHSTMT s, const struct call *c, struct text *out)
{
    SQLSMALLINT n;

    assert_stmt_ok(s, call_narrow(s, c));
    assert_stmt_ok(s, SQLNumResultCols(s, &n));
    for (SQLUSMALLINT i = 1; i <= n; i++) {
        char name[64], line[160];
        SQLSMALLINT type, nullable;
        SQLULEN size;
        assert_stmt_ok(s, SQLDescribeCol(s, i, (SQLCHAR *)name, sizeof name, NULL, &type, &size,
                                         NULL, &nullable));
        snprintf(line, sizeof line, "%s %d %lu %s\n", name, type, (unsigned long)size,
                 nullable == SQL_NO_NULLS ? "not null" : "null");
        put(out, line);
    }
    assert_stmt_ok(s, SQLFreeStmt(s, SQL_CLOSE));
}

/* SCALE, PRECISION and the like: programs of ODBC 2 find the names that they know. */
static void test_odbc_2_has_its_own_names(void **state)
{
    struct fixture *old = fixture_new(SQL_OV_ODBC2);
    struct text t = {NULL, 0, 0};

    (void)state;
    fixture_connect(old, "DSN=neon;CatalogCache=0");
    for (size_t i = 0; i < N_EVERYTHING; i++)
        put_shape(old->stmt, &everything[i], &t);
    assert_non_null(
        strstr(t.data, "TABLE_QUALIFIER -9 63 null\nTABLE_OWNER -9 63 null\nTABLE_NAME "));
    assert_non_null(
        strstr(t.data, "\nPRECISION 4 10 null\nLENGTH 4 10 null\nSCALE 5 5 null\nRADIX 5"));
    assert_non_null(strstr(t.data, "\nPKTABLE_QUALIFIER "));
    assert_non_null(strstr(t.data, "\nFKTABLE_OWNER "));
    assert_non_null(
        strstr(t.data, "\nSEQ_IN_INDEX 5 5 null\nCOLUMN_NAME -9 254 null\nCOLLATION -8 1"));
    assert_non_null(strstr(t.data, "\nPROCEDURE_QUALIFIER "));
    assert_null(strstr(t.data, "_CAT "));
    assert_null(strstr(t.data, "_SCHEM "));
    assert_null(strstr(t.data, "COLUMN_SIZE"));
    free(t.data);
    /* and the type codes */
    assert_stmt_ok(old->stmt, SQLColumns(old->stmt, NULL, 0, sqltext("zoo"), SQL_NTS,
                                         sqltext("every_kind"), SQL_NTS, sqltext("day"), SQL_NTS));
    assert_int_equal(SQLFetch(old->stmt), SQL_SUCCESS);
    {
        SQLINTEGER type = 0;
        assert_stmt_ok(old->stmt, SQLGetData(old->stmt, 5, SQL_C_LONG, &type, 0, NULL));
        assert_int_equal(type, SQL_DATE);
    }
    fixture_free(old);
}

/* A cursor type, a limit and bound columns hold for catalog functions too. */
static void test_rows_come_in_blocks_and_to_a_limit(void **state)
{
    SQLHSTMT s = stmt_of(state);
    char name[4][70];
    SQLLEN ind[4];
    SQLULEN fetched = 0;

    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)4, 0));
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROWS_FETCHED_PTR, &fetched, 0));
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_MAX_ROWS, (SQLPOINTER)6, 0));
    assert_stmt_ok(s, SQLBindCol(s, 3, SQL_C_CHAR, name, sizeof name[0], ind));
    assert_stmt_ok(
        s, SQLTables(s, NULL, 0, sqltext("zoo"), SQL_NTS, NULL, 0, sqltext("TABLE"), SQL_NTS));
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(fetched, 4);
    assert_string_equal(name[0], "animal");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(fetched, 2);
    assert_int_equal(SQLFetch(s), SQL_NO_DATA);
}

/* As LibreOffice reads them. */
static void test_rows_can_be_scrolled(void **state)
{
    static const enum function f[] = {TABLES, COLUMNS}; /* passed on, and made */
    SQLHSTMT s = stmt_of(state);

    for (size_t i = 0; i < 2; i++) {
        struct call c = {f[i], {NULL, "zoo", "s%", NULL, NULL, NULL}, 0, 0, 0};
        char first[70], last[70], again[70];
        SQLLEN n = 0;
        assert_stmt_ok(s,
                       SQLSetStmtAttr(s, SQL_ATTR_CURSOR_TYPE, (SQLPOINTER)SQL_CURSOR_STATIC, 0));
        assert_stmt_ok(s, call_narrow(s, &c));
        assert_stmt_ok(s, SQLFetchScroll(s, SQL_FETCH_NEXT, 0));
        assert_stmt_ok(s, SQLGetData(s, 3, SQL_C_CHAR, first, sizeof first, NULL));
        assert_stmt_ok(s, SQLFetchScroll(s, SQL_FETCH_LAST, 0));
        assert_stmt_ok(s, SQLGetData(s, 3, SQL_C_CHAR, last, sizeof last, NULL));
        assert_string_equal(last, "specimen");
        assert_stmt_ok(s, SQLRowCount(s, &n));
        assert_true(n > 1);
        assert_int_equal(SQLFetchScroll(s, SQL_FETCH_NEXT, 0), SQL_NO_DATA);
        assert_stmt_ok(s, SQLFetchScroll(s, SQL_FETCH_FIRST, 0));
        assert_stmt_ok(s, SQLGetData(s, 3, SQL_C_CHAR, again, sizeof again, NULL));
        assert_string_equal(first, again);
        assert_stmt_ok(s, SQLFreeStmt(s, SQL_CLOSE));
    }
}

static int setup(void **state)
{
    struct fixture *f = fixture_new(SQL_OV_ODBC3_80);

    gateway_reset();
    fixture_connect(f, "DSN=neon;CatalogCache=0");
    *state = f;
    return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown_connected)
#define DIRECT(f) cmocka_unit_test_setup_teardown(f, setup_direct, teardown_direct)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_identifiers_fold_and_match_themselves),
        T(test_identifiers_must_be_given),
        DIRECT(test_what_is_out_of_range_is_refused),
        T(test_no_name_gets_out_of_its_place),
        T(test_a_nul_within_the_length_is_part_of_the_name),
        T(test_long_names),
        T(test_text_that_is_none),
        T(test_neither_search_path_nor_privileges_change_an_answer),
        T(test_information_schema_agrees),
        T(test_odbc_2_has_its_own_names),
        T(test_rows_come_in_blocks_and_to_a_limit),
        T(test_rows_can_be_scrolled),
    };
    return cmocka_run_group_tests(tests, load_schema, drop_schema);
}
