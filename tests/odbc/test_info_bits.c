/* What SQLGetInfo claims is there: every bit that is set has a query that passes, every bit that is
 * not set a reason; conversions are tried for each pair of types. */
#include "odbc_test.h"

static const struct row {
    bool set;
    SQLUSMALLINT info;
    SQLUINTEGER bit;
    const char *name, *text;
} rows[] = {
#define BIT(info, bit, query) {true, info, bit, #info " " #bit, query},
#define NOT(info, bit, reason) {false, info, bit, #info " " #bit, reason},
#include "info_bits.def"
};
#define N_ROWS (sizeof rows / sizeof *rows)

static SQLUINTEGER mask_of(SQLHDBC dbc, SQLUSMALLINT info)
{
    SQLUINTEGER mask = 0;

    assert_dbc_ok(dbc, SQLGetInfo(dbc, info, &mask, sizeof mask, NULL));
    return mask;
}

static bool passes(SQLHSTMT stmt, const char *sql)
{
    SQLRETURN rc;

    SQLFreeStmt(stmt, SQL_CLOSE);
    rc = SQLExecDirect(stmt, sqltext(sql), SQL_NTS);
    while (SQL_SUCCEEDED(rc) || rc == SQL_NO_DATA) {
        rc = SQLMoreResults(stmt);
        if (rc == SQL_NO_DATA)
            return true;
    }
    return false;
}

#define STAGE                                                                                      \
    "DROP SCHEMA IF EXISTS bits CASCADE; DROP SCHEMA IF EXISTS bits2 CASCADE; "                    \
    "DROP SCHEMA IF EXISTS bits3 CASCADE; CREATE SCHEMA bits; CREATE SCHEMA bits3; "               \
    "CREATE TABLE bits.t (a int DEFAULT 1 PRIMARY KEY, b text); CREATE INDEX i ON bits.t (b); "    \
    "CREATE VIEW bits.w AS SELECT 1; CREATE DOMAIN bits.d AS int CONSTRAINT c CHECK (VALUE > 0); " \
    "CREATE COLLATION bits.c FROM \"C\"; "

static void test_every_bit(void **state)
{
    struct fixture *f = *state;
    char sql[2048];

    for (size_t i = 0; i < N_ROWS; i++) {
        const struct row *r = &rows[i];
        if (((mask_of(f->dbc, r->info) & r->bit) != 0) != r->set)
            fail_msg("%s is %s", r->name, r->set ? "not set" : "set");
        if (!r->set)
            continue;
        snprintf(sql, sizeof sql, "%s%s", strstr(r->text, "bits") ? STAGE : "", r->text);
        if (!passes(f->stmt, sql))
            fail_msg("%s: %s: %s", r->name, r->text, diag_text(SQL_HANDLE_STMT, f->stmt));
    }
    run(f->stmt, "DROP SCHEMA IF EXISTS bits CASCADE; DROP SCHEMA IF EXISTS bits2 CASCADE; "
                 "DROP SCHEMA IF EXISTS bits3 CASCADE");
}

/* No bit is set that has no row. */
static void test_no_other_bits(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < N_ROWS; i++) {
        SQLUINTEGER known = 0;
        for (size_t k = 0; k < N_ROWS; k++)
            known |= rows[k].info == rows[i].info ? rows[k].bit : 0;
        if ((mask_of(f->dbc, rows[i].info) & ~known) != 0)
            fail_msg("%s: bits %x are set that no row knows", rows[i].name,
                     (unsigned)(mask_of(f->dbc, rows[i].info) & ~known));
    }
}

/* {fn CONVERT} from each type to each: passes exactly where the bit is set. */
static void test_conversions(void **state)
{
    static const struct {
        SQLUSMALLINT info;
        SQLUINTEGER bit;
        const char *name, *from; /* of {fn CONVERT}; a null of the type */
    } types[] = {
        {SQL_CONVERT_CHAR, SQL_CVT_CHAR, "SQL_CHAR", "NULL::char(5)"},
        {SQL_CONVERT_VARCHAR, SQL_CVT_VARCHAR, "SQL_VARCHAR", "NULL::varchar"},
        {SQL_CONVERT_LONGVARCHAR, SQL_CVT_LONGVARCHAR, "SQL_LONGVARCHAR", "NULL::text"},
        {SQL_CONVERT_WCHAR, SQL_CVT_WCHAR, "SQL_WCHAR", "NULL::char(5)"},
        {SQL_CONVERT_WVARCHAR, SQL_CVT_WVARCHAR, "SQL_WVARCHAR", "NULL::varchar"},
        {SQL_CONVERT_WLONGVARCHAR, SQL_CVT_WLONGVARCHAR, "SQL_WLONGVARCHAR", "NULL::text"},
        {SQL_CONVERT_TINYINT, SQL_CVT_TINYINT, "SQL_TINYINT", "NULL::smallint"},
        {SQL_CONVERT_SMALLINT, SQL_CVT_SMALLINT, "SQL_SMALLINT", "NULL::smallint"},
        {SQL_CONVERT_INTEGER, SQL_CVT_INTEGER, "SQL_INTEGER", "NULL::integer"},
        {SQL_CONVERT_BIGINT, SQL_CVT_BIGINT, "SQL_BIGINT", "NULL::bigint"},
        {SQL_CONVERT_NUMERIC, SQL_CVT_NUMERIC, "SQL_NUMERIC", "NULL::numeric"},
        {SQL_CONVERT_DECIMAL, SQL_CVT_DECIMAL, "SQL_DECIMAL", "NULL::numeric"},
        {SQL_CONVERT_REAL, SQL_CVT_REAL, "SQL_REAL", "NULL::real"},
        {SQL_CONVERT_FLOAT, SQL_CVT_FLOAT, "SQL_FLOAT", "NULL::float8"},
        {SQL_CONVERT_DOUBLE, SQL_CVT_DOUBLE, "SQL_DOUBLE", "NULL::float8"},
        {SQL_CONVERT_BIT, SQL_CVT_BIT, "SQL_BIT", "NULL::boolean"},
        {SQL_CONVERT_BINARY, SQL_CVT_BINARY, "SQL_BINARY", "NULL::bytea"},
        {SQL_CONVERT_VARBINARY, SQL_CVT_VARBINARY, "SQL_VARBINARY", "NULL::bytea"},
        {SQL_CONVERT_LONGVARBINARY, SQL_CVT_LONGVARBINARY, "SQL_LONGVARBINARY", "NULL::bytea"},
        {SQL_CONVERT_DATE, SQL_CVT_DATE, "SQL_DATE", "NULL::date"},
        {SQL_CONVERT_TIME, SQL_CVT_TIME, "SQL_TIME", "NULL::time"},
        {SQL_CONVERT_TIMESTAMP, SQL_CVT_TIMESTAMP, "SQL_TIMESTAMP", "NULL::timestamp"},
        {SQL_CONVERT_INTERVAL_YEAR_MONTH, SQL_CVT_INTERVAL_YEAR_MONTH, "SQL_INTERVAL_YEAR_TO_MONTH",
         "NULL::interval year to month"},
        {SQL_CONVERT_INTERVAL_DAY_TIME, SQL_CVT_INTERVAL_DAY_TIME, "SQL_INTERVAL_DAY_TO_SECOND",
         "NULL::interval day to second"},
        {SQL_CONVERT_GUID, SQL_CVT_GUID, "SQL_GUID", "NULL::uuid"},
    };
    struct fixture *f = *state;
    char sql[256];

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
            bool claimed = (mask_of(f->dbc, types[i].info) & types[k].bit) != 0;
            snprintf(sql, sizeof sql, "SELECT {fn CONVERT(%s, %s)}", types[i].from, types[k].name);
            /* PostgreSQL takes it, and all of the value is lost: not claimed. */
            if (types[i].info == SQL_CONVERT_TIME && types[k].bit == SQL_CVT_INTERVAL_YEAR_MONTH)
                continue;
            if (passes(f->stmt, sql) != claimed)
                fail_msg("%s: the bit is %s, and the query %s", sql, claimed ? "set" : "not set",
                         claimed ? "fails" : "passes");
        }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_connected, teardown_connected)
    const struct CMUnitTest tests[] = {
        TEST(test_every_bit),
        TEST(test_no_other_bits),
        TEST(test_conversions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
