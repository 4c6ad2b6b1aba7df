/* What ODBC is told of types: sizes by type and modifier, the options, the rows SQLGetTypeInfo
 * shows. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conv_names.h"

#define NUMERIC_MOD(p, s) (int32_t)((((uint32_t)(p) << 16) | ((uint32_t)(s)&0x7FF)) + 4)
#define INTERVAL_MOD(fields, p) (int32_t)(((uint32_t)(fields) << 16) | (uint32_t)(p))
#define W (SQLLEN)sizeof(SQLWCHAR)

static const struct {
    const char *name;
    int32_t modifier;
    SQLSMALLINT sql_type;
    SQLULEN size;
    SQLLEN octets, display;
    SQLSMALLINT precision, scale, digits, radix;
} cases[] = {
    {"bool", -1, SQL_BIT, 1, 1, 1, 0, 0, 0, 0},
    {"int2", -1, SQL_SMALLINT, 5, 2, 6, 5, 0, 0, 10},
    {"int4", -1, SQL_INTEGER, 10, 4, 11, 10, 0, 0, 10},
    {"int8", -1, SQL_BIGINT, 19, 8, 20, 19, 0, 0, 10},
    {"oid", -1, SQL_BIGINT, 10, 8, 10, 10, 0, 0, 10},
    {"xid8", -1, SQL_NUMERIC, 20, 20, 20, 20, 0, 0, 10},
    {"float4", -1, SQL_REAL, 7, 4, 15, 7, 0, 0, 10},
    {"float8", -1, SQL_DOUBLE, 15, 8, 24, 15, 0, 0, 10},
    {"numeric", -1, SQL_NUMERIC, 38, 40, 40, 38, 18, 18, 10},
    {"numeric", NUMERIC_MOD(10, 2), SQL_NUMERIC, 10, 12, 12, 10, 2, 2, 10},
    {"numeric", NUMERIC_MOD(10, 0), SQL_NUMERIC, 10, 11, 11, 10, 0, 0, 10},
    {"numeric", NUMERIC_MOD(5, 5), SQL_NUMERIC, 5, 8, 8, 5, 5, 5, 10},
    {"numeric", NUMERIC_MOD(3, -2), SQL_NUMERIC, 5, 6, 6, 5, 0, 0, 10},
    {"numeric", NUMERIC_MOD(2, 5), SQL_NUMERIC, 5, 8, 8, 5, 5, 5, 10},
    {"numeric", NUMERIC_MOD(1000, 1000), SQL_NUMERIC, 1000, 1003, 1003, 1000, 1000, 1000, 10},
    {"numeric", NUMERIC_MOD(1, 0), SQL_NUMERIC, 1, 3, 3, 1, 0, 0, 10},
    {"text", -1, SQL_WVARCHAR, 8190, 8190 * W, 8190, 0, 0, 0, 0},
    {"varchar", -1, SQL_WVARCHAR, 8190, 8190 * W, 8190, 0, 0, 0, 0},
    {"varchar", 14, SQL_WVARCHAR, 10, 10 * W, 10, 0, 0, 0, 0},
    {"bpchar", 14, SQL_WCHAR, 10, 10 * W, 10, 0, 0, 0, 0},
    {"name", -1, SQL_WVARCHAR, 63, 63 * W, 63, 0, 0, 0, 0},
    {"char", -1, SQL_CHAR, 1, 1, 1, 0, 0, 0, 0},
    {"bytea", -1, SQL_VARBINARY, 8190, 8190, 16380, 0, 0, 0, 0},
    {"date", -1, SQL_TYPE_DATE, 10, 6, 13, 0, 0, 0, 0},
    {"time", -1, SQL_TYPE_TIME, 15, 6, 15, 6, 0, 6, 0},
    {"time", 0, SQL_TYPE_TIME, 8, 6, 8, 0, 0, 0, 0},
    {"time", 3, SQL_TYPE_TIME, 12, 6, 12, 3, 0, 3, 0},
    {"timetz", -1, SQL_WVARCHAR, 24, 24 * W, 24, 0, 0, 0, 0},
    {"timestamp", -1, SQL_TYPE_TIMESTAMP, 26, 16, 29, 6, 0, 6, 0},
    {"timestamp", 0, SQL_TYPE_TIMESTAMP, 19, 16, 22, 0, 0, 0, 0},
    {"timestamp", 3, SQL_TYPE_TIMESTAMP, 23, 16, 26, 3, 0, 3, 0},
    {"timestamptz", -1, SQL_TYPE_TIMESTAMP, 26, 16, 38, 6, 0, 6, 0},
    {"interval", -1, SQL_WVARCHAR, 88, 88 * W, 88, 0, 0, 0, 0},
    {"uuid", -1, SQL_GUID, 36, 16, 36, 0, 0, 0, 0},
    {"bit", 1, SQL_CHAR, 1, 1, 1, 0, 0, 0, 0},
    {"bit", 8, SQL_CHAR, 8, 8, 8, 0, 0, 0, 0},
    {"varbit", 8, SQL_VARCHAR, 8, 8, 8, 0, 0, 0, 0},
    {"varbit", -1, SQL_VARCHAR, 8190, 8190, 8190, 0, 0, 0, 0},
    {"json", -1, SQL_WVARCHAR, 8190, 8190 * W, 8190, 0, 0, 0, 0},
    {"xml", -1, SQL_WLONGVARCHAR, 0, 0, 0, 0, 0, 0, 0},
    {"money", -1, SQL_WVARCHAR, 40, 40 * W, 40, 0, 0, 0, 0},
    {"macaddr8", -1, SQL_WVARCHAR, 23, 23 * W, 23, 0, 0, 0, 0},
    {"_int4", -1, SQL_WVARCHAR, 8190, 8190 * W, 8190, 0, 0, 0, 0},
    {"int4range", -1, SQL_WVARCHAR, 25, 25 * W, 25, 0, 0, 0, 0},
};

static uint32_t oid_of(const char *name)
{
    const struct type_row *row = typemap_find_name(sv(name));

    if (row == NULL)
        fail_msg("no such type: %s", name);
    return row->oid;
}

static void test_sizes(void **state)
{
    int bad = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct type_desc d;
        typemap_describe(oid_of(cases[i].name), cases[i].modifier, &default_options, &d);
        if (d.concise_type != cases[i].sql_type || d.column_size != cases[i].size ||
            d.octet_length != cases[i].octets || d.display_size != cases[i].display ||
            d.precision != cases[i].precision || d.scale != cases[i].scale ||
            d.decimal_digits != cases[i].digits || d.num_prec_radix != cases[i].radix) {
            print_error("%s(%d): type %d size %lu octets %ld display %ld precision %d scale %d "
                        "digits %d radix %d\n",
                        cases[i].name, (int)cases[i].modifier, d.concise_type,
                        (unsigned long)d.column_size, (long)d.octet_length, (long)d.display_size,
                        d.precision, d.scale, d.decimal_digits, d.num_prec_radix);
            bad++;
        }
    }
    assert_int_equal(bad, 0);
}

static void test_datetime_codes_are_split(void **state)
{
    struct type_desc d;

    (void)state;
    typemap_describe(oid_of("timestamp"), -1, &default_options, &d);
    assert_int_equal(d.verbose_type, SQL_DATETIME);
    assert_int_equal(d.datetime_sub, SQL_CODE_TIMESTAMP);
    typemap_describe(oid_of("int4"), -1, &default_options, &d);
    assert_int_equal(d.verbose_type, SQL_INTEGER);
    assert_int_equal(d.datetime_sub, 0);
    assert_string_equal(d.literal_prefix, "");
    assert_string_equal(d.type_name, "int4");
    assert_int_equal(d.is_unsigned, SQL_FALSE);
    typemap_describe(oid_of("text"), -1, &default_options, &d);
    assert_int_equal(d.is_unsigned, SQL_TRUE);
    assert_int_equal(d.case_sensitive, SQL_TRUE);
    assert_int_equal(d.searchable, SQL_SEARCHABLE);
}

static SQLSMALLINT reported(const char *name, int32_t modifier, const struct type_options *o,
                            SQLULEN *size)
{
    struct type_desc d;

    typemap_describe(oid_of(name), modifier, o, &d);
    *size = d.column_size;
    return d.concise_type;
}

static void test_options_change_what_is_reported(void **state)
{
    struct type_options o = default_options;
    SQLULEN size;
    struct type_desc d;

    (void)state;
    o.bools_as_char = true;
    assert_int_equal(reported("bool", -1, &o, &size), SQL_VARCHAR);
    assert_int_equal(size, 5);
    o.text_as_longvarchar = true;
    o.max_longvarchar_size = 1000000;
    assert_int_equal(reported("text", -1, &o, &size), SQL_WLONGVARCHAR);
    assert_int_equal(size, 1000000);
    assert_int_equal(reported("varchar", 14, &o, &size), SQL_WVARCHAR);
    assert_int_equal(size, 10);
    o.bytea_as_longvarbinary = true;
    assert_int_equal(reported("bytea", -1, &o, &size), SQL_LONGVARBINARY);
    assert_int_equal(size, 1000000);
    o.int8_as = SQL_INTEGER;
    assert_int_equal(reported("int8", -1, &o, &size), SQL_INTEGER);
    assert_int_equal(size, 10);
    o.int8_as = SQL_VARCHAR;
    assert_int_equal(reported("int8", -1, &o, &size), SQL_VARCHAR);
    assert_int_equal(size, 20);
    o.int8_as = SQL_NUMERIC;
    assert_int_equal(reported("int8", -1, &o, &size), SQL_NUMERIC);
    assert_int_equal(size, 19);
    assert_int_equal(reported("oid", -1, &o, &size), SQL_BIGINT);
    o.numeric_as = SQL_DOUBLE;
    assert_int_equal(reported("numeric", -1, &o, &size), SQL_DOUBLE);
    assert_int_equal(size, 15);
    assert_int_equal(reported("numeric", NUMERIC_MOD(10, 2), &o, &size), SQL_NUMERIC);
    o.numeric_as = SQL_VARCHAR;
    assert_int_equal(reported("numeric", -1, &o, &size), SQL_VARCHAR);
    assert_int_equal(size, 8190);
    o.uuid_as = SQL_WVARCHAR;
    assert_int_equal(reported("uuid", -1, &o, &size), SQL_WVARCHAR);
    assert_int_equal(size, 36);
    o.timestamptz_as = SQL_WVARCHAR;
    assert_int_equal(reported("timestamptz", -1, &o, &size), SQL_WVARCHAR);
    assert_int_equal(size, 38);
    o.json_as = SQL_WLONGVARCHAR;
    assert_int_equal(reported("jsonb", -1, &o, &size), SQL_WLONGVARCHAR);
    o.max_varchar_size = 255;
    assert_int_equal(reported("varchar", -1, &o, &size), SQL_WVARCHAR);
    assert_int_equal(size, 255);
    o.unknowns_as_longvarchar = true;
    typemap_describe(987654, -1, &o, &d);
    assert_int_equal(d.concise_type, SQL_WLONGVARCHAR);
}

static void test_intervals_by_modifier(void **state)
{
    struct type_options o = default_options;
    struct type_desc d;

    (void)state;
    o.interval_as = SQL_INTERVAL_DAY_TO_SECOND;
    typemap_describe(1186, -1, &o, &d);
    assert_int_equal(d.concise_type, SQL_WVARCHAR);
    typemap_describe(1186, INTERVAL_MOD(0x7FFF, 3), &o, &d); /* interval(3): all fields */
    assert_int_equal(d.concise_type, SQL_WVARCHAR);
    typemap_describe(1186, INTERVAL_MOD((1 << 2) | (1 << 1), 0xFFFF), &o, &d);
    assert_int_equal(d.concise_type, SQL_INTERVAL_YEAR_TO_MONTH);
    assert_string_equal(d.type_name, "interval year to month");
    assert_int_equal(d.verbose_type, SQL_INTERVAL);
    assert_int_equal(d.datetime_sub, SQL_CODE_YEAR_TO_MONTH);
    assert_int_equal(d.octet_length, sizeof(SQL_INTERVAL_STRUCT));
    assert_int_equal(d.column_size, 12);
    typemap_describe(1186, INTERVAL_MOD((1 << 3) | (1 << 10) | (1 << 11) | (1 << 12), 3), &o, &d);
    assert_int_equal(d.concise_type, SQL_INTERVAL_DAY_TO_SECOND);
    assert_int_equal(d.precision, 3);
    assert_int_equal(d.column_size, 9 + 9 + 4);
    typemap_describe(1186, INTERVAL_MOD(1 << 12, 0xFFFF), &o, &d);
    assert_int_equal(d.concise_type, SQL_INTERVAL_SECOND);
    assert_int_equal(d.precision, 6);
}

static void test_unknown_types_are_text(void **state)
{
    struct type_desc d;

    (void)state;
    assert_non_null(typemap_find(0));
    assert_int_equal(typemap_find(4000000000u)->family, FAM_TEXT);
    typemap_describe(4000000000u, 77, &default_options, &d);
    assert_int_equal(d.concise_type, SQL_WVARCHAR);
    assert_int_equal(d.column_size, 8190);
    assert_null(typemap_find_name(SV_LIT("no such type")));
}

/* Any OID with any modifier: nothing undefined (the sanitizer watches), sizes never negative. */
static void test_hostile_modifiers(void **state)
{
    static const int32_t modifiers[] = {INT32_MIN, -2, -1,    0,     1,          3,         4,
                                        5,         7,  65535, 65536, 0x7FFFFFFF, 0x7FFF0000};
    const struct type_row *row;
    struct type_options as_interval = default_options;

    (void)state;
    as_interval.interval_as = SQL_INTERVAL_DAY_TO_SECOND;
    for (size_t i = 0; (row = typemap_row(i)) != NULL; i++) {
        for (size_t k = 0; k < ARRAY_LEN(modifiers); k++) {
            struct type_desc d;
            typemap_describe(row->oid, modifiers[k], k % 2 ? &default_options : &as_interval, &d);
            assert_true(d.octet_length >= 0 && d.display_size >= 0 && d.length >= 0 &&
                        d.precision >= 0);
            assert_true(typemap_is_sql_type(d.concise_type));
        }
    }
}

/* SQLGetTypeInfo: a row, and one preferred row, for every code that any column can report under any
 * option. */
static void test_every_reported_code_has_one_preferred_row(void **state)
{
    int preferred[65536] = {0};
    const struct type_row *row;

    (void)state;
    for (size_t i = 0; (row = typemap_row(i)) != NULL; i++) {
        /* Some rows stand in for the type itself, where an option moves it. */
        bool stands_in =
            (row->flags & TYPE_ALIAS) && typemap_find(row->oid)->sql_type == row->sql_type;
        if ((row->flags & TYPE_PREFERRED) && !stands_in)
            preferred[(uint16_t)row->sql_type]++;
        assert_true(typemap_is_sql_type(row->sql_type));
        assert_non_null(row->literal_prefix);
        assert_non_null(row->literal_suffix);
        assert_non_null(row->create_params);
        if ((row->flags & TYPE_ARRAY) != 0)
            assert_int_equal(typemap_find(row->element_oid)->oid, row->element_oid);
    }
    for (const struct named_code *s = sql_type_names; s->name; s++) {
        if (s->code != SQL_DATE && s->code != SQL_TIME && s->code != SQL_TIMESTAMP &&
            preferred[(uint16_t)s->code] != 1)
            fail_msg("%s has %d preferred rows", s->name, preferred[(uint16_t)s->code]);
    }
}

static void test_oids_and_names_are_unique(void **state)
{
    const struct type_row *a;
    const struct type_row *b;

    (void)state;
    for (size_t i = 0; (a = typemap_row(i)) != NULL; i++) {
        if (a->flags & TYPE_ALIAS)
            continue;
        assert_ptr_equal(typemap_find(a->oid), a);
        for (size_t k = 0; k < i; k++) {
            b = typemap_row(k);
            if (b->flags & TYPE_ALIAS)
                continue;
            assert_int_not_equal(a->oid, b->oid);
            assert_string_not_equal(a->name, b->name);
        }
    }
}

static void test_type_codes(void **state)
{
    (void)state;
    assert_int_equal(typemap_odbc3_type(SQL_TIMESTAMP), SQL_TYPE_TIMESTAMP);
    assert_int_equal(typemap_odbc2_type(SQL_TYPE_DATE), SQL_DATE);
    assert_int_equal(typemap_odbc3_type(SQL_INTEGER), SQL_INTEGER);
    assert_int_equal(typemap_default_c_type(SQL_WVARCHAR), SQL_C_WCHAR);
    assert_int_equal(typemap_default_c_type(SQL_NUMERIC), SQL_C_CHAR);
    assert_int_equal(typemap_default_c_type(SQL_TIMESTAMP), SQL_C_TYPE_TIMESTAMP);
    assert_int_equal(typemap_default_c_type(12345), SQL_C_CHAR);
    for (const struct named_code *c = c_type_names; c->name; c++)
        assert_true(typemap_is_c_type(c->code));
    for (const struct named_code *s = sql_type_names; s->name; s++)
        assert_true(typemap_is_sql_type(s->code));
    assert_false(typemap_is_c_type(55));
    assert_false(typemap_is_sql_type(SQL_C_SBIGINT));
    assert_false(typemap_is_sql_type(0));
}

static int setup(void **state)
{
    (void)state;
    conv_test_init();
    return 0;
}

static void test_every_type_number_of_the_headers(void **state)
{
    static const struct {
        const char *name;
        SQLSMALLINT number;
    } rows[] = {
#define X(name) {#name, name},
#include "type_numbers.def"
#undef X
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool c_type = strncmp(rows[i].name, "SQL_C_", 6) == 0;
        if (!(c_type ? typemap_is_c_type(rows[i].number) : typemap_is_sql_type(rows[i].number)))
            fail_msg("%s (%d) is not known", rows[i].name, rows[i].number);
    }
    assert_false(typemap_is_sql_type(SQL_UNKNOWN_TYPE));
    assert_false(typemap_is_sql_type(12345));
    assert_false(typemap_is_c_type(12345));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type_number_of_the_headers),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_datetime_codes_are_split),
        cmocka_unit_test(test_options_change_what_is_reported),
        cmocka_unit_test(test_intervals_by_modifier),
        cmocka_unit_test(test_unknown_types_are_text),
        cmocka_unit_test(test_hostile_modifiers),
        cmocka_unit_test(test_every_reported_code_has_one_preferred_row),
        cmocka_unit_test(test_oids_and_names_are_unique),
        cmocka_unit_test(test_type_codes),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
