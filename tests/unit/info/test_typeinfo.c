#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "info/typeinfo.h"

enum {
    NAME,
    TYPE,
    SIZE,
    PREFIX,
    SUFFIX,
    PARAMS,
    NULLABLE,
    CASE,
    SEARCH,
    UNSIGNED,
    FIXED,
    AUTO,
    LOCAL,
    MINS,
    MAXS,
    SQLTYPE,
    SUB,
    RADIX,
    INTERVAL
};

static struct local_result rows_of(SQLSMALLINT type, bool odbc2, const struct type_options *o)
{
    struct type_options defaults;
    struct local_result r;
    struct err e = ERR_INIT;

    type_options_default(&defaults);
    assert_true(typeinfo_rows(type, odbc2, o ? o : &defaults, &r, &e));
    assert_int_equal(r.n_columns, TYPEINFO_COLUMNS);
    return r;
}

static const char *text(const struct local_result *r, size_t row, size_t column)
{
    static char texts[4][200];
    static unsigned turn;
    const struct cell *c = &r->cells[row * r->n_columns + column];
    char *out = texts[turn++ % 4];

    if (c->ptr == NULL)
        return "NULL";
    assert_true(c->len < sizeof texts[0]);
    memcpy(out, c->ptr, c->len);
    out[c->len] = '\0';
    return out;
}

static long number(const struct local_result *r, size_t row, size_t column)
{
    const struct cell *c = &r->cells[row * r->n_columns + column];
    int64_t n = 0;

    assert_non_null(c->ptr);
    assert_true(sv_to_i64(sv_n(c->ptr, c->len), &n));
    return (long)n;
}

static void test_columns_are_those_of_the_standard(void **state)
{
    static const char *const names[] = {
        "TYPE_NAME",        "DATA_TYPE",          "COLUMN_SIZE",       "LITERAL_PREFIX",
        "LITERAL_SUFFIX",   "CREATE_PARAMS",      "NULLABLE",          "CASE_SENSITIVE",
        "SEARCHABLE",       "UNSIGNED_ATTRIBUTE", "FIXED_PREC_SCALE",  "AUTO_UNIQUE_VALUE",
        "LOCAL_TYPE_NAME",  "MINIMUM_SCALE",      "MAXIMUM_SCALE",     "SQL_DATA_TYPE",
        "SQL_DATETIME_SUB", "NUM_PREC_RADIX",     "INTERVAL_PRECISION"};
    struct local_result r = rows_of(SQL_ALL_TYPES, false, NULL);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_string_equal(r.columns[i].name, names[i]);
    local_result_release(&r);
}

static void test_rows_are_ordered_by_code_and_have_what_may_not_be_null(void **state)
{
    static const size_t not_null[] = {NAME, TYPE, NULLABLE, CASE, SEARCH, FIXED, SQLTYPE};
    struct local_result r = rows_of(SQL_ALL_TYPES, false, NULL);

    (void)state;
    assert_true(r.n_rows > 50);
    for (size_t i = 0; i < r.n_rows; i++) {
        if (i > 0)
            assert_true(number(&r, i - 1, TYPE) <= number(&r, i, TYPE));
        for (size_t k = 0; k < ARRAY_LEN(not_null); k++)
            assert_string_not_equal(text(&r, i, not_null[k]), "NULL");
        assert_true(typemap_is_sql_type((SQLSMALLINT)number(&r, i, TYPE)));
    }
    local_result_release(&r);
}

static void test_a_name_and_code_stand_once(void **state)
{
    struct type_options o;
    struct local_result r;

    (void)state;
    type_options_default(&o);
    o.bytea_as_longvarbinary = true; /* takes the place of an alias row */
    r = rows_of(SQL_ALL_TYPES, false, &o);
    for (size_t i = 0; i < r.n_rows; i++)
        for (size_t k = i + 1; k < r.n_rows; k++)
            if (number(&r, i, TYPE) == number(&r, k, TYPE) &&
                strcmp(text(&r, i, NAME), text(&r, k, NAME)) == 0)
                fail_msg("%s stands twice for %ld", text(&r, i, NAME), number(&r, i, TYPE));
    local_result_release(&r);
}

/* Every code that a column can be reported with, by any keyword, has a row under that name. */
static void test_every_described_type_has_its_row(void **state)
{
    struct type_options variants[3];

    (void)state;
    for (size_t v = 0; v < ARRAY_LEN(variants); v++)
        type_options_default(&variants[v]);
    variants[1].bools_as_char = variants[1].text_as_longvarchar =
        variants[1].bytea_as_longvarbinary = true;
    variants[1].int8_as = SQL_NUMERIC;
    variants[1].numeric_as = SQL_DOUBLE;
    variants[2].uuid_as = variants[2].timestamptz_as = SQL_WVARCHAR;
    variants[2].json_as = SQL_WLONGVARCHAR;
    for (size_t v = 0; v < ARRAY_LEN(variants); v++) {
        struct local_result r = rows_of(SQL_ALL_TYPES, false, &variants[v]);
        const struct type_row *row;

        for (size_t i = 0; (row = typemap_row(i)) != NULL; i++) {
            struct type_desc d;
            bool found = false;

            if (row->flags & (TYPE_PSEUDO | TYPE_ALIAS))
                continue;
            typemap_describe(row->oid, -1, &variants[v], &d);
            for (size_t k = 0; k < r.n_rows && !found; k++)
                found = number(&r, k, TYPE) == d.concise_type &&
                        strcmp(text(&r, k, NAME), d.type_name) == 0;
            if (!found)
                fail_msg("%s is described as %d, without a row", d.type_name, (int)d.concise_type);
        }
        local_result_release(&r);
    }
}

static void test_first_rows(void **state)
{
    static const struct {
        SQLSMALLINT type;
        const char *name, *size, *prefix, *params, *is_unsigned, *max_scale, *sql_type, *sub,
            *radix;
    } rows[] = {
        {SQL_VARCHAR, "varchar", "8190", "'", "length", "NULL", "NULL", "12", "NULL", "NULL"},
        {SQL_WVARCHAR, "varchar", "8190", "'", "length", "NULL", "NULL", "-9", "NULL", "NULL"},
        {SQL_WCHAR, "bpchar", "8190", "'", "length", "NULL", "NULL", "-8", "NULL", "NULL"},
        {SQL_VARBINARY, "bytea", "8190", "'\\x", "NULL", "NULL", "NULL", "-3", "NULL", "NULL"},
        {SQL_INTEGER, "int4", "10", "NULL", "NULL", "0", "0", "4", "NULL", "10"},
        {SQL_SMALLINT, "int2", "5", "NULL", "NULL", "0", "0", "5", "NULL", "10"},
        {SQL_BIGINT, "int8", "19", "NULL", "NULL", "0", "0", "-5", "NULL", "10"},
        {SQL_DOUBLE, "float8", "15", "NULL", "NULL", "0", "NULL", "8", "NULL", "10"},
        {SQL_NUMERIC, "numeric", "38", "NULL", "precision,scale", "0", "38", "2", "NULL", "10"},
        {SQL_BIT, "bool", "1", "'", "NULL", "NULL", "NULL", "-7", "NULL", "NULL"},
        {SQL_TYPE_DATE, "date", "10", "'", "NULL", "NULL", "0", "9", "1", "NULL"},
        {SQL_TYPE_TIME, "time", "15", "'", "precision", "NULL", "6", "9", "2", "NULL"},
        {SQL_TYPE_TIMESTAMP, "timestamp", "26", "'", "precision", "NULL", "6", "9", "3", "NULL"},
        {SQL_GUID, "uuid", "36", "'", "NULL", "NULL", "NULL", "-11", "NULL", "NULL"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct local_result r = rows_of(rows[i].type, false, NULL);

        assert_true(r.n_rows >= 1);
        assert_string_equal(text(&r, 0, NAME), rows[i].name);
        assert_int_equal(number(&r, 0, TYPE), rows[i].type);
        assert_string_equal(text(&r, 0, SIZE), rows[i].size);
        assert_string_equal(text(&r, 0, PREFIX), rows[i].prefix);
        assert_string_equal(text(&r, 0, PARAMS), rows[i].params);
        assert_string_equal(text(&r, 0, UNSIGNED), rows[i].is_unsigned);
        assert_string_equal(text(&r, 0, MAXS), rows[i].max_scale);
        assert_string_equal(text(&r, 0, SQLTYPE), rows[i].sql_type);
        assert_string_equal(text(&r, 0, SUB), rows[i].sub);
        assert_string_equal(text(&r, 0, RADIX), rows[i].radix);
        assert_string_equal(text(&r, 0, INTERVAL), "NULL");
        for (size_t k = 0; k < r.n_rows; k++)
            assert_int_equal(number(&r, k, TYPE), rows[i].type);
        local_result_release(&r);
    }
}

static void test_serial_types_are_found_by_auto_unique_value(void **state)
{
    struct local_result r = rows_of(SQL_INTEGER, false, NULL);
    bool found = false;

    (void)state;
    for (size_t i = 0; i < r.n_rows; i++) {
        if (strcmp(text(&r, i, NAME), "serial") != 0)
            continue;
        found = true;
        assert_int_equal(number(&r, i, AUTO), 1);
        assert_int_equal(number(&r, i, NULLABLE), SQL_NO_NULLS);
    }
    assert_true(found);
    assert_string_equal(text(&r, 0, AUTO), "0");
    local_result_release(&r);
}

static void test_odbc2_codes_in_and_out(void **state)
{
    struct local_result r = rows_of(SQL_TIMESTAMP, true, NULL); /* Qt asks for 11 */

    (void)state;
    assert_true(r.n_rows >= 1);
    assert_string_equal(text(&r, 0, NAME), "timestamp");
    assert_int_equal(number(&r, 0, TYPE), SQL_TIMESTAMP);
    assert_int_equal(number(&r, 0, MAXS), 6);
    local_result_release(&r);
    r = rows_of(SQL_TIMESTAMP, false, NULL);
    assert_int_equal(number(&r, 0, TYPE), SQL_TYPE_TIMESTAMP);
    local_result_release(&r);
    r = rows_of(SQL_DATE, true, NULL);
    assert_int_equal(number(&r, 0, TYPE), SQL_DATE);
    local_result_release(&r);
}

static void test_intervals_have_a_leading_precision(void **state)
{
    struct local_result r = rows_of(SQL_INTERVAL_DAY_TO_SECOND, false, NULL);

    (void)state;
    assert_int_equal(r.n_rows, 1);
    assert_string_equal(text(&r, 0, NAME), "interval day to second");
    assert_int_equal(number(&r, 0, SQLTYPE), SQL_INTERVAL);
    assert_int_equal(number(&r, 0, SUB), SQL_CODE_DAY_TO_SECOND);
    assert_int_equal(number(&r, 0, INTERVAL), 9);
    local_result_release(&r);
}

static void test_a_code_without_a_type_gives_no_row(void **state)
{
    struct type_options o;
    struct local_result r;

    (void)state;
    type_options_default(&o);
    o.uuid_as = SQL_WVARCHAR; /* then no column is a SQL_GUID */
    r = rows_of(SQL_GUID, false, &o);
    assert_int_equal(r.n_rows, 0);
    local_result_release(&r);
}

static void test_every_allocation_may_fail(void **state)
{
    struct type_options o;
    bool ok = false;

    (void)state;
    type_options_default(&o);
    for (uint64_t n = 1; n < 100 && !ok; n++) {
        struct local_result r;
        struct err e = ERR_INIT;

        mem_fail_at(n, 0);
        ok = typeinfo_rows(SQL_ALL_TYPES, false, &o, &r, &e);
        mem_fail_at(0, 0);
        if (!ok)
            assert_string_equal(e.state, "HY001");
        local_result_release(&r);
        err_release(&e);
    }
    assert_true(ok);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_are_those_of_the_standard),
        cmocka_unit_test(test_rows_are_ordered_by_code_and_have_what_may_not_be_null),
        cmocka_unit_test(test_a_name_and_code_stand_once),
        cmocka_unit_test(test_every_described_type_has_its_row),
        cmocka_unit_test(test_first_rows),
        cmocka_unit_test(test_serial_types_are_found_by_auto_unique_value),
        cmocka_unit_test(test_odbc2_codes_in_and_out),
        cmocka_unit_test(test_intervals_have_a_leading_precision),
        cmocka_unit_test(test_a_code_without_a_type_gives_no_row),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
