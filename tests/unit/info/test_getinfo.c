#include "../handle/fixture.h"

#include <sqlucode.h>
#include <stdio.h>
#include <string.h>

#include "info/getinfo.h"
#include "sql/script.h"

/* The type of every answer, from the ODBC reference (SQLGetInfo), apart from the driver's own
 * table: a wrong width overwrites the application's memory. */
static const struct {
    SQLUSMALLINT id;
    enum info_kind kind;
} kinds[] = {
    {SQL_MAX_DRIVER_CONNECTIONS, INFO_U16},
    {SQL_MAX_CONCURRENT_ACTIVITIES, INFO_U16},
    {SQL_DATA_SOURCE_NAME, INFO_STR},
    {SQL_DRIVER_HDBC, INFO_ULEN},
    {SQL_DRIVER_HENV, INFO_ULEN},
    {SQL_DRIVER_NAME, INFO_STR},
    {SQL_DRIVER_VER, INFO_STR},
    {SQL_FETCH_DIRECTION, INFO_U32},
    {SQL_ODBC_API_CONFORMANCE, INFO_U16},
    {SQL_ODBC_VER, INFO_STR},
    {SQL_ROW_UPDATES, INFO_STR},
    {SQL_ODBC_SAG_CLI_CONFORMANCE, INFO_U16},
    {SQL_SERVER_NAME, INFO_STR},
    {SQL_SEARCH_PATTERN_ESCAPE, INFO_STR},
    {SQL_ODBC_SQL_CONFORMANCE, INFO_U16},
    {SQL_DATABASE_NAME, INFO_STR},
    {SQL_DBMS_NAME, INFO_STR},
    {SQL_DBMS_VER, INFO_STR},
    {SQL_ACCESSIBLE_TABLES, INFO_STR},
    {SQL_ACCESSIBLE_PROCEDURES, INFO_STR},
    {SQL_PROCEDURES, INFO_STR},
    {SQL_CONCAT_NULL_BEHAVIOR, INFO_U16},
    {SQL_CURSOR_COMMIT_BEHAVIOR, INFO_U16},
    {SQL_CURSOR_ROLLBACK_BEHAVIOR, INFO_U16},
    {SQL_DATA_SOURCE_READ_ONLY, INFO_STR},
    {SQL_DEFAULT_TXN_ISOLATION, INFO_U32},
    {SQL_EXPRESSIONS_IN_ORDERBY, INFO_STR},
    {SQL_IDENTIFIER_CASE, INFO_U16},
    {SQL_IDENTIFIER_QUOTE_CHAR, INFO_STR},
    {SQL_MAX_COLUMN_NAME_LEN, INFO_U16},
    {SQL_MAX_CURSOR_NAME_LEN, INFO_U16},
    {SQL_MAX_SCHEMA_NAME_LEN, INFO_U16},
    {SQL_MAX_PROCEDURE_NAME_LEN, INFO_U16},
    {SQL_MAX_CATALOG_NAME_LEN, INFO_U16},
    {SQL_MAX_TABLE_NAME_LEN, INFO_U16},
    {SQL_MULT_RESULT_SETS, INFO_STR},
    {SQL_MULTIPLE_ACTIVE_TXN, INFO_STR},
    {SQL_OUTER_JOINS, INFO_STR},
    {SQL_SCHEMA_TERM, INFO_STR},
    {SQL_PROCEDURE_TERM, INFO_STR},
    {SQL_CATALOG_NAME_SEPARATOR, INFO_STR},
    {SQL_CATALOG_TERM, INFO_STR},
    {SQL_SCROLL_CONCURRENCY, INFO_U32},
    {SQL_SCROLL_OPTIONS, INFO_U32},
    {SQL_TABLE_TERM, INFO_STR},
    {SQL_TXN_CAPABLE, INFO_U16},
    {SQL_USER_NAME, INFO_STR},
    {SQL_CONVERT_FUNCTIONS, INFO_U32},
    {SQL_NUMERIC_FUNCTIONS, INFO_U32},
    {SQL_STRING_FUNCTIONS, INFO_U32},
    {SQL_SYSTEM_FUNCTIONS, INFO_U32},
    {SQL_TIMEDATE_FUNCTIONS, INFO_U32},
    {SQL_CONVERT_BIGINT, INFO_U32},
    {SQL_CONVERT_BINARY, INFO_U32},
    {SQL_CONVERT_BIT, INFO_U32},
    {SQL_CONVERT_CHAR, INFO_U32},
    {SQL_CONVERT_DATE, INFO_U32},
    {SQL_CONVERT_DECIMAL, INFO_U32},
    {SQL_CONVERT_DOUBLE, INFO_U32},
    {SQL_CONVERT_FLOAT, INFO_U32},
    {SQL_CONVERT_INTEGER, INFO_U32},
    {SQL_CONVERT_LONGVARCHAR, INFO_U32},
    {SQL_CONVERT_NUMERIC, INFO_U32},
    {SQL_CONVERT_REAL, INFO_U32},
    {SQL_CONVERT_SMALLINT, INFO_U32},
    {SQL_CONVERT_TIME, INFO_U32},
    {SQL_CONVERT_TIMESTAMP, INFO_U32},
    {SQL_CONVERT_TINYINT, INFO_U32},
    {SQL_CONVERT_VARBINARY, INFO_U32},
    {SQL_CONVERT_VARCHAR, INFO_U32},
    {SQL_CONVERT_LONGVARBINARY, INFO_U32},
    {SQL_TXN_ISOLATION_OPTION, INFO_U32},
    {SQL_INTEGRITY, INFO_STR},
    {SQL_CORRELATION_NAME, INFO_U16},
    {SQL_NON_NULLABLE_COLUMNS, INFO_U16},
    {SQL_DRIVER_ODBC_VER, INFO_STR},
    {SQL_LOCK_TYPES, INFO_U32},
    {SQL_POS_OPERATIONS, INFO_U32},
    {SQL_POSITIONED_STATEMENTS, INFO_U32},
    {SQL_GETDATA_EXTENSIONS, INFO_U32},
    {SQL_BOOKMARK_PERSISTENCE, INFO_U32},
    {SQL_STATIC_SENSITIVITY, INFO_U32},
    {SQL_FILE_USAGE, INFO_U16},
    {SQL_NULL_COLLATION, INFO_U16},
    {SQL_ALTER_TABLE, INFO_U32},
    {SQL_COLUMN_ALIAS, INFO_STR},
    {SQL_GROUP_BY, INFO_U16},
    {SQL_KEYWORDS, INFO_STR},
    {SQL_ORDER_BY_COLUMNS_IN_SELECT, INFO_STR},
    {SQL_SCHEMA_USAGE, INFO_U32},
    {SQL_CATALOG_USAGE, INFO_U32},
    {SQL_QUOTED_IDENTIFIER_CASE, INFO_U16},
    {SQL_SPECIAL_CHARACTERS, INFO_STR},
    {SQL_SUBQUERIES, INFO_U32},
    {SQL_UNION, INFO_U32},
    {SQL_MAX_COLUMNS_IN_GROUP_BY, INFO_U16},
    {SQL_MAX_COLUMNS_IN_INDEX, INFO_U16},
    {SQL_MAX_COLUMNS_IN_ORDER_BY, INFO_U16},
    {SQL_MAX_COLUMNS_IN_SELECT, INFO_U16},
    {SQL_MAX_COLUMNS_IN_TABLE, INFO_U16},
    {SQL_MAX_INDEX_SIZE, INFO_U32},
    {SQL_MAX_ROW_SIZE_INCLUDES_LONG, INFO_STR},
    {SQL_MAX_ROW_SIZE, INFO_U32},
    {SQL_MAX_STATEMENT_LEN, INFO_U32},
    {SQL_MAX_TABLES_IN_SELECT, INFO_U16},
    {SQL_MAX_USER_NAME_LEN, INFO_U16},
    {SQL_MAX_CHAR_LITERAL_LEN, INFO_U32},
    {SQL_TIMEDATE_ADD_INTERVALS, INFO_U32},
    {SQL_TIMEDATE_DIFF_INTERVALS, INFO_U32},
    {SQL_NEED_LONG_DATA_LEN, INFO_STR},
    {SQL_MAX_BINARY_LITERAL_LEN, INFO_U32},
    {SQL_LIKE_ESCAPE_CLAUSE, INFO_STR},
    {SQL_CATALOG_LOCATION, INFO_U16},
    {SQL_OJ_CAPABILITIES, INFO_U32},
    {SQL_ACTIVE_ENVIRONMENTS, INFO_U16},
    {SQL_ALTER_DOMAIN, INFO_U32},
    {SQL_SQL_CONFORMANCE, INFO_U32},
    {SQL_DATETIME_LITERALS, INFO_U32},
    {SQL_BATCH_ROW_COUNT, INFO_U32},
    {SQL_BATCH_SUPPORT, INFO_U32},
    {SQL_CONVERT_WCHAR, INFO_U32},
    {SQL_CONVERT_INTERVAL_DAY_TIME, INFO_U32},
    {SQL_CONVERT_INTERVAL_YEAR_MONTH, INFO_U32},
    {SQL_CONVERT_WLONGVARCHAR, INFO_U32},
    {SQL_CONVERT_WVARCHAR, INFO_U32},
    {SQL_CREATE_ASSERTION, INFO_U32},
    {SQL_CREATE_CHARACTER_SET, INFO_U32},
    {SQL_CREATE_COLLATION, INFO_U32},
    {SQL_CREATE_DOMAIN, INFO_U32},
    {SQL_CREATE_SCHEMA, INFO_U32},
    {SQL_CREATE_TABLE, INFO_U32},
    {SQL_CREATE_TRANSLATION, INFO_U32},
    {SQL_CREATE_VIEW, INFO_U32},
    {SQL_DROP_ASSERTION, INFO_U32},
    {SQL_DROP_CHARACTER_SET, INFO_U32},
    {SQL_DROP_COLLATION, INFO_U32},
    {SQL_DROP_DOMAIN, INFO_U32},
    {SQL_DROP_SCHEMA, INFO_U32},
    {SQL_DROP_TABLE, INFO_U32},
    {SQL_DROP_TRANSLATION, INFO_U32},
    {SQL_DROP_VIEW, INFO_U32},
    {SQL_DYNAMIC_CURSOR_ATTRIBUTES1, INFO_U32},
    {SQL_DYNAMIC_CURSOR_ATTRIBUTES2, INFO_U32},
    {SQL_FORWARD_ONLY_CURSOR_ATTRIBUTES1, INFO_U32},
    {SQL_FORWARD_ONLY_CURSOR_ATTRIBUTES2, INFO_U32},
    {SQL_INDEX_KEYWORDS, INFO_U32},
    {SQL_INFO_SCHEMA_VIEWS, INFO_U32},
    {SQL_KEYSET_CURSOR_ATTRIBUTES1, INFO_U32},
    {SQL_KEYSET_CURSOR_ATTRIBUTES2, INFO_U32},
    {SQL_ODBC_INTERFACE_CONFORMANCE, INFO_U32},
    {SQL_PARAM_ARRAY_ROW_COUNTS, INFO_U32},
    {SQL_PARAM_ARRAY_SELECTS, INFO_U32},
    {SQL_SQL92_DATETIME_FUNCTIONS, INFO_U32},
    {SQL_SQL92_FOREIGN_KEY_DELETE_RULE, INFO_U32},
    {SQL_SQL92_FOREIGN_KEY_UPDATE_RULE, INFO_U32},
    {SQL_SQL92_GRANT, INFO_U32},
    {SQL_SQL92_NUMERIC_VALUE_FUNCTIONS, INFO_U32},
    {SQL_SQL92_PREDICATES, INFO_U32},
    {SQL_SQL92_RELATIONAL_JOIN_OPERATORS, INFO_U32},
    {SQL_SQL92_REVOKE, INFO_U32},
    {SQL_SQL92_ROW_VALUE_CONSTRUCTOR, INFO_U32},
    {SQL_SQL92_STRING_FUNCTIONS, INFO_U32},
    {SQL_SQL92_VALUE_EXPRESSIONS, INFO_U32},
    {SQL_STANDARD_CLI_CONFORMANCE, INFO_U32},
    {SQL_STATIC_CURSOR_ATTRIBUTES1, INFO_U32},
    {SQL_STATIC_CURSOR_ATTRIBUTES2, INFO_U32},
    {SQL_AGGREGATE_FUNCTIONS, INFO_U32},
    {SQL_DDL_INDEX, INFO_U32},
    {SQL_INSERT_STATEMENT, INFO_U32},
    {173 /* SQL_CONVERT_GUID */, INFO_U32},
    {1750 /* SQL_DTC_TRANSITION_COST */, INFO_U32},
    {SQL_XOPEN_CLI_YEAR, INFO_STR},
    {SQL_CURSOR_SENSITIVITY, INFO_U32},
    {SQL_DESCRIBE_PARAMETER, INFO_STR},
    {SQL_CATALOG_NAME, INFO_STR},
    {SQL_COLLATION_SEQ, INFO_STR},
    {SQL_MAX_IDENTIFIER_LEN, INFO_U16},
    {SQL_ASYNC_MODE, INFO_U32},
    {SQL_MAX_ASYNC_CONCURRENT_STATEMENTS, INFO_U32},
    {SQL_ASYNC_DBC_FUNCTIONS, INFO_U32},
    {SQL_DRIVER_AWARE_POOLING_SUPPORTED, INFO_U32},
    {SQL_ASYNC_NOTIFICATION, INFO_U32},
};

static struct info_value ask(struct fixture *f, SQLUSMALLINT id)
{
    struct info_value v = {0};

    if (getinfo(f->dbc, id, &v) != SQL_SUCCESS)
        fail_msg("information type %d", (int)id);
    return v;
}

/* Its own copy: the answer may stand in the value's storage, which moves. */
static void expect_text(struct fixture *f, SQLUSMALLINT id, const char *text)
{
    struct info_value v = {0};

    assert_int_equal(getinfo(f->dbc, id, &v), SQL_SUCCESS);
    assert_int_equal(v.kind, INFO_STR);
    assert_string_equal(v.text, text);
}

static void test_every_information_type_is_answered_with_its_type(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct info_value v = {0};

        if (getinfo(f->dbc, kinds[i].id, &v) != SQL_SUCCESS)
            fail_msg("information type %d", (int)kinds[i].id);
        if (v.kind != kinds[i].kind)
            fail_msg("information type %d has kind %d", (int)kinds[i].id, (int)v.kind);
        if (v.kind == INFO_STR)
            assert_non_null(v.text);
        if (v.kind == INFO_U16)
            assert_true(v.number <= 0xFFFF);
        if (v.kind == INFO_U32)
            assert_true(v.number <= 0xFFFFFFFF);
    }
}

static void test_no_other_id_is_answered(void **state)
{
    struct fixture *f = *state;
    unsigned answered = 0;

    for (unsigned id = 0; id <= 0xFFFF; id++) {
        struct info_value v = {0};

        if (getinfo(f->dbc, (SQLUSMALLINT)id, &v) == SQL_SUCCESS)
            answered++;
        else
            expect_state(&f->dbc->handle, "HY096");
    }
    assert_int_equal(answered, ARRAY_LEN(kinds));
}

static void test_versions_have_the_form_of_the_standard(void **state)
{
    struct fixture *f = *state;
    static const struct {
        int num;
        const char *text, *expected;
    } rows[] = {
        {150018, "15.18 (Debian 15.18-0+deb12u1)", "15.18.0000 15.18 (Debian 15.18-0+deb12u1)"},
        {170002, "17.2", "17.02.0000 17.2"},
        {90624, "9.6.24", "09.06.0024 9.6.24"},
        {0, NULL, "00.00.0000"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        f->dbc->server.version_num = rows[i].num;
        mem_free(f->dbc->server.version);
        f->dbc->server.version = mem_strdup(rows[i].text);
        expect_text(f, SQL_DBMS_VER, rows[i].expected);
    }
    for (int i = 0; i < 2; i++) {
        struct info_value v = {0};

        assert_int_equal(getinfo(f->dbc, i ? SQL_DRIVER_VER : SQL_DBMS_VER, &v), SQL_SUCCESS);
        assert_int_equal(v.text[2], '.');
        assert_int_equal(v.text[5], '.');
        assert_int_equal(strspn(v.text, "0123456789."), 10);
    }
    expect_text(f, SQL_DRIVER_ODBC_VER, "03.80");
}

static void test_a_hostile_version_text_is_cut(void **state)
{
    struct fixture *f = *state;
    char *text = mem_alloc(10001);
    struct info_value v = {0};

    assert_non_null(text);
    memset(text, 'x', 10000);
    text[10000] = '\0';
    f->dbc->server.version = text;
    f->dbc->server.version_num = 99999999;
    assert_int_equal(getinfo(f->dbc, SQL_DBMS_VER, &v), SQL_SUCCESS);
    assert_true(strlen(v.text) < sizeof v.storage);
}

static void test_answers_of_the_connection(void **state)
{
    struct fixture *f = *state;

    f->dbc->dsn_name = mem_strdup("mydsn");
    f->dbc->options.server = mem_strdup("ep-x.neon.tech");
    f->dbc->options.database = mem_strdup("asked");
    f->dbc->options.uid = mem_strdup("asked_user");
    expect_text(f, SQL_DATA_SOURCE_NAME, "mydsn");
    expect_text(f, SQL_SERVER_NAME, "ep-x.neon.tech");
    expect_text(f, SQL_DATABASE_NAME, "asked");
    expect_text(f, SQL_USER_NAME, "asked_user");
    f->dbc->server.database = mem_strdup("real");
    f->dbc->server.user = mem_strdup("real_user");
    expect_text(f, SQL_DATABASE_NAME, "real");
    expect_text(f, SQL_USER_NAME, "real_user");
    expect_text(f, SQL_DATA_SOURCE_READ_ONLY, "N");
    f->dbc->options.read_only = true;
    expect_text(f, SQL_DATA_SOURCE_READ_ONLY, "Y");
    assert_ptr_equal((void *)ask(f, SQL_DRIVER_HDBC).number, f->dbc);
    assert_ptr_equal((void *)ask(f, SQL_DRIVER_HENV).number, f->env);
    assert_int_equal(ask(f, SQL_DEFAULT_TXN_ISOLATION).number, SQL_TXN_READ_COMMITTED);
    f->dbc->server.default_isolation = mem_strdup("serializable");
    f->dbc->attrs.txn_isolation = SQL_TXN_READ_COMMITTED; /* the attribute is not the default */
    assert_int_equal(ask(f, SQL_DEFAULT_TXN_ISOLATION).number, SQL_TXN_SERIALIZABLE);
}

static void test_function_masks_are_what_the_translator_knows(void **state)
{
    struct fixture *f = *state;
    struct script_functions fn = script_functions();

    assert_int_equal(ask(f, SQL_STRING_FUNCTIONS).number, fn.string);
    assert_int_equal(ask(f, SQL_NUMERIC_FUNCTIONS).number, fn.numeric);
    assert_int_equal(ask(f, SQL_TIMEDATE_FUNCTIONS).number, fn.timedate);
    assert_int_equal(ask(f, SQL_SYSTEM_FUNCTIONS).number, fn.system);
    assert_true(fn.string != 0 && fn.numeric != 0 && fn.timedate != 0 && fn.system != 0);
}

/* The escape became something else: a call that is passed on as it stands has no translation. */
static bool translates(const char *sql, const char *function)
{
    struct script_options o = {0};
    struct script s = {0};
    struct err e = ERR_INIT;
    bool ok = script_parse(sv(sql), &o, &s, &e);

    if (ok)
        ok = s.n_stmts == 1 && strstr(s.stmts[0].text, function) == NULL;
    script_release(&s);
    err_release(&e);
    return ok;
}

/* A claimed bit means: the translator takes that target, or interval. */
static void test_claimed_conversions_and_intervals_are_translated(void **state)
{
    struct fixture *f = *state;
    static const struct {
        unsigned long bit;
        const char *target;
    } targets[] = {
        {SQL_CVT_CHAR, "SQL_CHAR"},
        {SQL_CVT_NUMERIC, "SQL_NUMERIC"},
        {SQL_CVT_DECIMAL, "SQL_DECIMAL"},
        {SQL_CVT_INTEGER, "SQL_INTEGER"},
        {SQL_CVT_SMALLINT, "SQL_SMALLINT"},
        {SQL_CVT_FLOAT, "SQL_FLOAT"},
        {SQL_CVT_REAL, "SQL_REAL"},
        {SQL_CVT_DOUBLE, "SQL_DOUBLE"},
        {SQL_CVT_VARCHAR, "SQL_VARCHAR"},
        {SQL_CVT_LONGVARCHAR, "SQL_LONGVARCHAR"},
        {SQL_CVT_BINARY, "SQL_BINARY"},
        {SQL_CVT_VARBINARY, "SQL_VARBINARY"},
        {SQL_CVT_BIT, "SQL_BIT"},
        {SQL_CVT_TINYINT, "SQL_TINYINT"},
        {SQL_CVT_BIGINT, "SQL_BIGINT"},
        {SQL_CVT_DATE, "SQL_DATE"},
        {SQL_CVT_DATE, "SQL_TYPE_DATE"},
        {SQL_CVT_TIME, "SQL_TIME"},
        {SQL_CVT_TIME, "SQL_TYPE_TIME"},
        {SQL_CVT_TIMESTAMP, "SQL_TIMESTAMP"},
        {SQL_CVT_TIMESTAMP, "SQL_TYPE_TIMESTAMP"},
        {SQL_CVT_LONGVARBINARY, "SQL_LONGVARBINARY"},
        {SQL_CVT_INTERVAL_YEAR_MONTH, "SQL_INTERVAL_YEAR_TO_MONTH"},
        {SQL_CVT_INTERVAL_DAY_TIME, "SQL_INTERVAL_DAY_TO_SECOND"},
        {SQL_CVT_WCHAR, "SQL_WCHAR"},
        {SQL_CVT_WLONGVARCHAR, "SQL_WLONGVARCHAR"},
        {SQL_CVT_WVARCHAR, "SQL_WVARCHAR"},
        {0x01000000UL, "SQL_GUID"},
    };
    static const struct {
        unsigned long bit;
        const char *name;
    } intervals[] = {
        {SQL_FN_TSI_FRAC_SECOND, "SQL_TSI_FRAC_SECOND"},
        {SQL_FN_TSI_SECOND, "SQL_TSI_SECOND"},
        {SQL_FN_TSI_MINUTE, "SQL_TSI_MINUTE"},
        {SQL_FN_TSI_HOUR, "SQL_TSI_HOUR"},
        {SQL_FN_TSI_DAY, "SQL_TSI_DAY"},
        {SQL_FN_TSI_WEEK, "SQL_TSI_WEEK"},
        {SQL_FN_TSI_MONTH, "SQL_TSI_MONTH"},
        {SQL_FN_TSI_QUARTER, "SQL_TSI_QUARTER"},
        {SQL_FN_TSI_YEAR, "SQL_TSI_YEAR"},
    };
    char sql[200];
    unsigned long claimed =
        ask(f, SQL_CONVERT_VARCHAR).number; /* everything that any type claims */
    unsigned long add = ask(f, SQL_TIMEDATE_ADD_INTERVALS).number;
    unsigned long diff = ask(f, SQL_TIMEDATE_DIFF_INTERVALS).number;

    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        snprintf(sql, sizeof sql, "SELECT {fn CONVERT(x, %s)}", targets[i].target);
        if (!translates(sql, "CONVERT") && (claimed & targets[i].bit) != 0)
            fail_msg("claimed but not translated: %s", sql);
    }
    for (size_t i = 0; i < ARRAY_LEN(intervals); i++) {
        snprintf(sql, sizeof sql, "SELECT {fn TIMESTAMPADD(%s, 1, x)}", intervals[i].name);
        if (!translates(sql, "TIMESTAMPADD") && (add & intervals[i].bit) != 0)
            fail_msg("claimed but not translated: %s", sql);
        snprintf(sql, sizeof sql, "SELECT {fn TIMESTAMPDIFF(%s, x, y)}", intervals[i].name);
        if (!translates(sql, "TIMESTAMPDIFF") && (diff & intervals[i].bit) != 0)
            fail_msg("claimed but not translated: %s", sql);
    }
    assert_false(translates("SELECT {fn CONVERT(x, SQL_NOTHING)}", "CONVERT"));
}

static void test_keywords_are_sorted_and_not_odbc_s_own(void **state)
{
    struct fixture *f = *state;
    static const char odbc[] = "," SQL_ODBC_KEYWORDS ",";
    char *list = mem_strdup(ask(f, SQL_KEYWORDS).text), *rest = NULL;
    char previous[64] = "", wrapped[70];
    unsigned n = 0;

    assert_non_null(list);
    for (char *w = strtok_r(list, ",", &rest); w != NULL; w = strtok_r(NULL, ",", &rest)) {
        snprintf(wrapped, sizeof wrapped, ",%s,", w);
        assert_null(strstr(odbc, wrapped));
        assert_true(strcmp(previous, w) < 0);
        snprintf(previous, sizeof previous, "%s", w);
        n++;
    }
    assert_true(n > 20);
    mem_free(list);
}

/* What this version cannot do must not be claimed. */
static void test_nothing_is_claimed_that_is_not_there(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(ask(f, SQL_SCROLL_OPTIONS).number, SQL_SO_FORWARD_ONLY | SQL_SO_STATIC);
    assert_int_equal(ask(f, SQL_ASYNC_MODE).number, SQL_AM_STATEMENT);
    assert_int_equal(ask(f, SQL_ASYNC_DBC_FUNCTIONS).number, SQL_ASYNC_DBC_NOT_CAPABLE);
    assert_int_equal(
        ask(f, SQL_CREATE_TABLE).number & (SQL_CT_GLOBAL_TEMPORARY | SQL_CT_LOCAL_TEMPORARY), 0);
    expect_text(f, SQL_DESCRIBE_PARAMETER, "N");
    expect_text(f, SQL_NEED_LONG_DATA_LEN, "N");
    assert_int_equal(ask(f, SQL_CURSOR_COMMIT_BEHAVIOR).number, SQL_CB_PRESERVE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_every_information_type_is_answered_with_its_type),
        TEST(test_no_other_id_is_answered),
        TEST(test_versions_have_the_form_of_the_standard),
        TEST(test_a_hostile_version_text_is_cut),
        TEST(test_answers_of_the_connection),
        TEST(test_function_masks_are_what_the_translator_knows),
        TEST(test_claimed_conversions_and_intervals_are_translated),
        TEST(test_keywords_are_sorted_and_not_odbc_s_own),
        TEST(test_nothing_is_claimed_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
