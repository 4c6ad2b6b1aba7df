#include "fixture.h"

#include <sqlucode.h>
#include <string.h>

static const enum desc_role roles[] = {DESC_ARD, DESC_APD, DESC_IRD, DESC_IPD, DESC_EXPLICIT};

static SQLPOINTER num(intptr_t n)
{
    return (SQLPOINTER)n;
}

/* ---- records ---- */

static void test_count_grows_and_shrinks_with_defaults(void **state)
{
    struct fixture *f = *state;
    struct desc d;

    desc_init(&d, f->dbc, NULL, DESC_ARD);
    assert_null(desc_record(&d, 0));
    assert_null(desc_record(&d, 1));
    assert_non_null(desc_ensure(&d, 3));
    assert_int_equal(d.count, 3);
    assert_non_null(desc_record(&d, 0));
    assert_int_equal(desc_record(&d, 2)->concise_type, SQL_C_DEFAULT);
    desc_record(&d, 3)->octet_length = 77;
    assert_true(desc_set_count(&d, 2));
    assert_null(desc_record(&d, 3));
    assert_true(desc_set_count(&d, 100));
    assert_int_equal(desc_record(&d, 3)->octet_length, 0); /* nothing of the old record is left */
    assert_int_equal(desc_record(&d, 3)->concise_type, SQL_C_DEFAULT);
    assert_false(desc_set_count(&d, 32768));
    assert_int_equal(d.count, 100);
    desc_clear(&d);
    assert_int_equal(d.count, 0);
    assert_null(desc_record(&d, 1));
    desc_release(&d);
}

static void test_clear_keeps_the_header(void **state)
{
    struct fixture *f = *state;
    struct desc d;
    SQLUSMALLINT status[2];

    desc_init(&d, f->dbc, NULL, DESC_ARD);
    d.array_size = 7;
    d.app_array_status_ptr = status;
    assert_non_null(desc_ensure(&d, 1));
    desc_clear(&d);
    assert_int_equal(d.array_size, 7);
    assert_ptr_equal(d.app_array_status_ptr, status);
    desc_release(&d);
}

static void test_unbinding_the_last_column_lowers_the_count(void **state)
{
    struct fixture *f = *state;
    struct desc d;
    int value;

    desc_init(&d, f->dbc, NULL, DESC_ARD);
    for (SQLSMALLINT i = 1; i <= 5; i += 2)
        assert_int_equal(desc_set_field(&d, i, SQL_DESC_DATA_PTR, &value, 0), SQL_SUCCESS);
    assert_int_equal(d.count, 5);
    desc_unbind(&d, 3);
    assert_int_equal(d.count, 5); /* 5 is still bound */
    desc_unbind(&d, 5);
    assert_int_equal(d.count, 1);
    assert_int_equal(desc_set_field(&d, 1, SQL_DESC_DATA_PTR, NULL, 0), SQL_SUCCESS);
    assert_int_equal(d.count, 0);
    desc_unbind(&d, 9); /* not there: nothing happens */
    desc_release(&d);
}

static void test_an_indicator_alone_keeps_a_record_bound(void **state)
{
    struct fixture *f = *state;
    struct desc d;
    SQLLEN indicator;

    /* pyodbc's fake base pointers: the first parameter's offset is 0, so its data pointer is null.
     */
    desc_init(&d, f->dbc, NULL, DESC_APD);
    assert_int_equal(desc_set_field(&d, 1, SQL_DESC_INDICATOR_PTR, &indicator, 0), SQL_SUCCESS);
    assert_int_equal(desc_set_field(&d, 1, SQL_DESC_DATA_PTR, NULL, 0), SQL_SUCCESS);
    assert_int_equal(d.count, 1);
    assert_true(desc_record(&d, 1)->bound);
    desc_release(&d);
}

static void test_initial_values(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        struct desc d;
        struct desc_value v;

        desc_init(&d, f->dbc, NULL, roles[i]);
        assert_int_equal(desc_get_field(&d, 0, SQL_DESC_COUNT, &v), SQL_SUCCESS);
        assert_int_equal(v.number, 0);
        assert_int_equal(desc_get_field(&d, 0, SQL_DESC_ALLOC_TYPE, &v), SQL_SUCCESS);
        assert_int_equal(v.number,
                         roles[i] == DESC_EXPLICIT ? SQL_DESC_ALLOC_USER : SQL_DESC_ALLOC_AUTO);
        assert_int_equal(desc_get_field(&d, 0, SQL_DESC_ARRAY_SIZE, &v), SQL_SUCCESS);
        assert_int_equal(v.kind, DESC_V_ULEN);
        assert_int_equal(v.number, roles[i] == DESC_IRD || roles[i] == DESC_IPD ? 0 : 1);
        assert_int_equal(desc_get_field(&d, 1, SQL_DESC_TYPE, &v), SQL_NO_DATA);
        desc_release(&d);
    }
}

/* ---- rights ---- */

enum right { NO, RO, RW };
static const struct {
    SQLSMALLINT id;
    const char *name;
    bool record;
    enum right ard, ird, ipd;
} matrix[] = {
/* Written from SQLSetDescField's reference, apart from the driver's own table. */
#define H(id, ard, ird, ipd)                                                                       \
    {                                                                                              \
        id, #id, false, ard, ird, ipd                                                              \
    }
#define R(id, ard, ird, ipd)                                                                       \
    {                                                                                              \
        id, #id, true, ard, ird, ipd                                                               \
    }
    H(SQL_DESC_ALLOC_TYPE, RO, RO, RO),
    H(SQL_DESC_ARRAY_SIZE, RW, NO, NO),
    H(SQL_DESC_ARRAY_STATUS_PTR, RW, RW, RW),
    H(SQL_DESC_BIND_OFFSET_PTR, RW, NO, NO),
    H(SQL_DESC_BIND_TYPE, RW, NO, NO),
    H(SQL_DESC_COUNT, RW, RO, RW),
    H(SQL_DESC_ROWS_PROCESSED_PTR, NO, RW, RW),
    R(SQL_DESC_AUTO_UNIQUE_VALUE, NO, RO, NO),
    R(SQL_DESC_BASE_COLUMN_NAME, NO, RO, NO),
    R(SQL_DESC_BASE_TABLE_NAME, NO, RO, NO),
    R(SQL_DESC_CASE_SENSITIVE, NO, RO, RO),
    R(SQL_DESC_CATALOG_NAME, NO, RO, NO),
    R(SQL_DESC_CONCISE_TYPE, RW, RO, RW),
    R(SQL_DESC_DATA_PTR, RW, NO, RW),
    R(SQL_DESC_DATETIME_INTERVAL_CODE, RW, RO, RW),
    R(SQL_DESC_DATETIME_INTERVAL_PRECISION, RW, RO, RW),
    R(SQL_DESC_DISPLAY_SIZE, NO, RO, NO),
    R(SQL_DESC_FIXED_PREC_SCALE, NO, RO, RO),
    R(SQL_DESC_INDICATOR_PTR, RW, NO, NO),
    R(SQL_DESC_LABEL, NO, RO, NO),
    R(SQL_DESC_LENGTH, RW, RO, RW),
    R(SQL_DESC_LITERAL_PREFIX, NO, RO, NO),
    R(SQL_DESC_LITERAL_SUFFIX, NO, RO, NO),
    R(SQL_DESC_LOCAL_TYPE_NAME, NO, RO, RO),
    R(SQL_DESC_NAME, NO, RO, RW),
    R(SQL_DESC_NULLABLE, NO, RO, RO),
    R(SQL_DESC_NUM_PREC_RADIX, RW, RO, RW),
    R(SQL_DESC_OCTET_LENGTH, RW, RO, RW),
    R(SQL_DESC_OCTET_LENGTH_PTR, RW, NO, NO),
    R(SQL_DESC_PARAMETER_TYPE, NO, NO, RW),
    R(SQL_DESC_PRECISION, RW, RO, RW),
    R(SQL_DESC_ROWVER, NO, RO, RO),
    R(SQL_DESC_SCALE, RW, RO, RW),
    R(SQL_DESC_SCHEMA_NAME, NO, RO, NO),
    R(SQL_DESC_SEARCHABLE, NO, RO, NO),
    R(SQL_DESC_TABLE_NAME, NO, RO, NO),
    R(SQL_DESC_TYPE, RW, RO, RW),
    R(SQL_DESC_TYPE_NAME, NO, RO, RO),
    R(SQL_DESC_UNNAMED, NO, RO, RW),
    R(SQL_DESC_UNSIGNED, NO, RO, RO),
    R(SQL_DESC_UPDATABLE, NO, RO, NO),
};

/* A value that the field takes when it may be set at all. */
static SQLPOINTER fine_value(SQLSMALLINT id)
{
    static char name[] = "p";

    switch (id) {
    case SQL_DESC_NAME:
        return name;
    case SQL_DESC_UNNAMED:
        return num(SQL_UNNAMED);
    case SQL_DESC_DATETIME_INTERVAL_CODE:
    case SQL_DESC_BIND_OFFSET_PTR:
    case SQL_DESC_BIND_TYPE:
        return num(0);
    default:
        return num(1);
    }
}

static void test_rights_of_every_field_in_every_kind_of_descriptor(void **state)
{
    struct fixture *f = *state;

    for (size_t r = 0; r < ARRAY_LEN(roles); r++) {
        for (size_t i = 0; i < ARRAY_LEN(matrix); i++) {
            struct desc d;
            struct desc_value v;
            enum right right = roles[r] == DESC_IRD   ? matrix[i].ird
                               : roles[r] == DESC_IPD ? matrix[i].ipd
                                                      : matrix[i].ard;
            const char *state_wanted = roles[r] == DESC_IRD ? "HY016" : "HY091";

            desc_init(&d, f->dbc, NULL, roles[r]);
            assert_non_null(desc_ensure(&d, 1));
            desc_rec_set_type(desc_record(&d, 1), SQL_CHAR);
            if (desc_set_field(&d, 1, matrix[i].id, fine_value(matrix[i].id), SQL_NTS) !=
                (right == RW ? SQL_SUCCESS : SQL_ERROR))
                fail_msg("setting %s in role %d", matrix[i].name, (int)roles[r]);
            if (right != RW)
                expect_state(&d.handle, state_wanted);
            /* Reading never fails: an unused field is undefined, and here 0 or "". */
            assert_int_equal(desc_get_field(&d, 1, matrix[i].id, &v), SQL_SUCCESS);
            if (right == NO) {
                assert_int_equal(v.number, 0);
                assert_null(v.pointer);
            }
            desc_release(&d);
        }
    }
}

static void test_unknown_fields_and_records(void **state)
{
    struct fixture *f = *state;
    struct desc d;
    struct desc_value v;
    static const SQLSMALLINT unknown[] = {
        SQL_DESC_MAXIMUM_SCALE, SQL_DESC_MINIMUM_SCALE, 0, 1, 9999, -1};

    desc_init(&d, f->dbc, NULL, DESC_ARD);
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
        assert_int_equal(desc_get_field(&d, 1, unknown[i], &v), SQL_ERROR);
        expect_state(&d.handle, "HY091");
        assert_int_equal(desc_set_field(&d, 1, unknown[i], NULL, 0), SQL_ERROR);
        expect_state(&d.handle, "HY091");
    }
    assert_int_equal(desc_get_field(&d, -1, SQL_DESC_TYPE, &v), SQL_ERROR);
    expect_state(&d.handle, "07009");
    assert_int_equal(desc_set_field(&d, 0, SQL_DESC_TYPE, num(SQL_C_CHAR), 0), SQL_ERROR);
    expect_state(&d.handle, "07009");
    assert_int_equal(desc_set_field(&d, 0, SQL_DESC_COUNT, num(-1), 0), SQL_ERROR);
    expect_state(&d.handle, "07009");
    assert_int_equal(desc_set_field(&d, 0, SQL_DESC_ARRAY_SIZE, num(0), 0), SQL_ERROR);
    expect_state(&d.handle, "HY024");
    assert_int_equal(desc_set_field(&d, 0, SQL_DESC_BIND_TYPE, num(-1), 0), SQL_ERROR);
    expect_state(&d.handle, "HY024");
    assert_int_equal(d.count, 0);
    desc_release(&d);
}

static void test_arrays_of_parameters_and_of_rows(void **state)
{
    struct fixture *f = *state;
    struct desc d;

    desc_init(&d, f->dbc, NULL, DESC_APD);
    assert_int_equal(desc_set_field(&d, 0, SQL_DESC_ARRAY_SIZE, num(2), 0), SQL_SUCCESS);
    assert_int_equal(d.array_size, 2);
    desc_release(&d);
    desc_init(&d, f->dbc, NULL, DESC_ARD);
    assert_int_equal(desc_set_field(&d, 0, SQL_DESC_ARRAY_SIZE, num(100), 0), SQL_SUCCESS);
    assert_int_equal(d.array_size, 100);
    desc_release(&d);
}

/* ---- types ---- */

static void test_concise_type_sets_verbose_type_and_code(void **state)
{
    static const struct {
        SQLSMALLINT given, concise, verbose, code;
    } rows[] = {
        {SQL_C_CHAR, SQL_C_CHAR, SQL_C_CHAR, 0},
        {SQL_C_SBIGINT, SQL_C_SBIGINT, SQL_C_SBIGINT, 0},
        {SQL_TYPE_DATE, SQL_TYPE_DATE, SQL_DATETIME, SQL_CODE_DATE},
        {SQL_TYPE_TIME, SQL_TYPE_TIME, SQL_DATETIME, SQL_CODE_TIME},
        {SQL_TYPE_TIMESTAMP, SQL_TYPE_TIMESTAMP, SQL_DATETIME, SQL_CODE_TIMESTAMP},
        {SQL_TIMESTAMP, SQL_TYPE_TIMESTAMP, SQL_DATETIME, SQL_CODE_TIMESTAMP}, /* ODBC 2 */
        {SQL_DATE, SQL_TYPE_DATE, SQL_DATETIME, SQL_CODE_DATE},
        {SQL_INTERVAL_YEAR, SQL_INTERVAL_YEAR, SQL_INTERVAL, SQL_CODE_YEAR},
        {SQL_INTERVAL_DAY_TO_SECOND, SQL_INTERVAL_DAY_TO_SECOND, SQL_INTERVAL,
         SQL_CODE_DAY_TO_SECOND},
        {SQL_INTERVAL_MINUTE_TO_SECOND, SQL_INTERVAL_MINUTE_TO_SECOND, SQL_INTERVAL,
         SQL_CODE_MINUTE_TO_SECOND},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct desc_rec r = {0};

        desc_rec_set_type(&r, rows[i].given);
        assert_int_equal(r.concise_type, rows[i].concise);
        assert_int_equal(r.type, rows[i].verbose);
        assert_int_equal(r.datetime_interval_code, rows[i].code);
    }
}

static SQLLEN field(struct desc *d, SQLSMALLINT id)
{
    struct desc_value v;

    assert_int_equal(desc_get_field(d, 1, id, &v), SQL_SUCCESS);
    return v.number;
}

static void test_setting_the_type_sets_the_other_fields(void **state)
{
    struct fixture *f = *state;
    struct desc d;

    desc_init(&d, f->dbc, NULL, DESC_APD);
    assert_int_equal(desc_set_field(&d, 1, SQL_DESC_TYPE, num(SQL_C_NUMERIC), 0), SQL_SUCCESS);
    assert_int_equal(field(&d, SQL_DESC_PRECISION), 38);
    assert_int_equal(field(&d, SQL_DESC_SCALE), 0);
    assert_int_equal(desc_set_field(&d, 1, SQL_DESC_TYPE, num(SQL_DATETIME), 0), SQL_SUCCESS);
    assert_int_equal(
        desc_set_field(&d, 1, SQL_DESC_DATETIME_INTERVAL_CODE, num(SQL_CODE_TIMESTAMP), 0),
        SQL_SUCCESS);
    assert_int_equal(field(&d, SQL_DESC_CONCISE_TYPE), SQL_TYPE_TIMESTAMP);
    assert_int_equal(field(&d, SQL_DESC_PRECISION), 6);
    assert_int_equal(desc_set_field(&d, 1, SQL_DESC_CONCISE_TYPE, num(SQL_C_INTERVAL_DAY), 0),
                     SQL_SUCCESS);
    assert_int_equal(field(&d, SQL_DESC_TYPE), SQL_INTERVAL);
    assert_int_equal(field(&d, SQL_DESC_DATETIME_INTERVAL_PRECISION), 2);
    assert_int_equal(desc_set_field(&d, 1, SQL_DESC_TYPE, num(SQL_C_CHAR), 0), SQL_SUCCESS);
    assert_int_equal(field(&d, SQL_DESC_LENGTH), 1);
    assert_int_equal(field(&d, SQL_DESC_DATETIME_INTERVAL_CODE), 0);
    desc_release(&d);
}

static void test_setting_a_field_unbinds_until_the_pointer_is_set(void **state)
{
    struct fixture *f = *state;
    struct desc d;
    SQL_NUMERIC_STRUCT value;
    SQLLEN indicator;

    /* What pyodbc does for a Decimal: bind, then TYPE, PRECISION, SCALE, DATA_PTR. */
    desc_init(&d, f->dbc, NULL, DESC_APD);
    assert_int_equal(desc_set_field(&d, 1, SQL_DESC_TYPE, num(SQL_C_NUMERIC), 0), SQL_SUCCESS);
    assert_int_equal(desc_set_field(&d, 1, SQL_DESC_INDICATOR_PTR, &indicator, 0), SQL_SUCCESS);
    assert_int_equal(desc_set_field(&d, 1, SQL_DESC_DATA_PTR, &value, 0), SQL_SUCCESS);
    assert_ptr_equal(desc_record(&d, 1)->app_data_ptr, &value);
    assert_int_equal(desc_set_field(&d, 1, SQL_DESC_PRECISION, num(10), 0), SQL_SUCCESS);
    assert_null(desc_record(&d, 1)->app_data_ptr);
    assert_int_equal(desc_set_field(&d, 1, SQL_DESC_SCALE, num(2), 0), SQL_SUCCESS);
    assert_int_equal(desc_set_field(&d, 1, SQL_DESC_DATA_PTR, &value, 0), SQL_SUCCESS);
    assert_ptr_equal(desc_record(&d, 1)->app_data_ptr, &value);
    assert_ptr_equal(desc_record(&d, 1)->app_indicator_ptr, &indicator);
    assert_int_equal(field(&d, SQL_DESC_PRECISION), 10);
    assert_int_equal(field(&d, SQL_DESC_SCALE), 2);
    desc_release(&d);
}

static void test_consistency_is_checked_when_the_pointer_is_set(void **state)
{
    struct fixture *f = *state;
    int value;
    static const struct {
        enum desc_role role;
        SQLSMALLINT type, field;
        intptr_t bad;
    } rows[] = {
        {DESC_APD, SQL_C_NUMERIC, SQL_DESC_PRECISION, 0},
        {DESC_APD, SQL_C_NUMERIC, SQL_DESC_PRECISION, 39},
        {DESC_ARD, SQL_C_NUMERIC, SQL_DESC_SCALE, 200},
        {DESC_APD, SQL_C_TYPE_TIMESTAMP, SQL_DESC_PRECISION, 10},
        {DESC_ARD, SQL_C_INTERVAL_DAY, SQL_DESC_DATETIME_INTERVAL_PRECISION, 0},
        {DESC_IPD, SQL_NUMERIC, SQL_DESC_PRECISION, 1001},
        {DESC_EXPLICIT, SQL_C_TYPE_DATE, SQL_DESC_DATETIME_INTERVAL_CODE, 0},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct desc d;

        desc_init(&d, f->dbc, NULL, rows[i].role);
        assert_int_equal(desc_set_field(&d, 1, SQL_DESC_CONCISE_TYPE, num(rows[i].type), 0),
                         SQL_SUCCESS);
        assert_int_equal(desc_set_field(&d, 1, SQL_DESC_DATA_PTR, &value, 0), SQL_SUCCESS);
        assert_int_equal(desc_set_field(&d, 1, rows[i].field, num(rows[i].bad), 0), SQL_SUCCESS);
        if (rows[i].field == SQL_DESC_DATETIME_INTERVAL_CODE)
            assert_int_equal(desc_set_field(&d, 1, SQL_DESC_TYPE, num(SQL_DATETIME), 0),
                             SQL_SUCCESS);
        assert_int_equal(desc_set_field(&d, 1, SQL_DESC_DATA_PTR, &value, 0), SQL_ERROR);
        expect_state(&d.handle, "HY021");
        assert_null(desc_record(&d, 1)->app_data_ptr);
        desc_release(&d);
    }
}

static void test_impossible_types_are_refused_at_once(void **state)
{
    struct fixture *f = *state;
    struct desc d;

    desc_init(&d, f->dbc, NULL, DESC_ARD);
    assert_int_equal(desc_set_field(&d, 5, SQL_DESC_CONCISE_TYPE, num(1234), 0), SQL_ERROR);
    expect_state(&d.handle, "HY021");
    assert_int_equal(d.count, 0); /* the failed call left no record behind */
    assert_int_equal(desc_set_field(&d, 1, SQL_DESC_TYPE, num(SQL_TYPE_DATE), 0), SQL_ERROR);
    expect_state(&d.handle, "HY021");
    assert_int_equal(desc_set_field(&d, 1, SQL_DESC_DATETIME_INTERVAL_CODE, num(3), 0), SQL_ERROR);
    expect_state(&d.handle, "HY021");
    desc_release(&d);
}

/* ---- the IPD's own fields ---- */

static void test_parameter_names_and_directions(void **state)
{
    struct fixture *f = *state;
    struct desc d;
    struct desc_value v;
    char name[] = "amount and more";

    desc_init(&d, f->dbc, NULL, DESC_IPD);
    assert_int_equal(desc_set_field(&d, 1, SQL_DESC_NAME, name, 6), SQL_SUCCESS);
    assert_int_equal(desc_get_field(&d, 1, SQL_DESC_NAME, &v), SQL_SUCCESS);
    assert_string_equal(v.text, "amount");
    assert_int_equal(field(&d, SQL_DESC_UNNAMED), SQL_NAMED);
    assert_int_equal(desc_set_field(&d, 1, SQL_DESC_UNNAMED, num(SQL_NAMED), 0), SQL_ERROR);
    expect_state(&d.handle, "HY091");
    assert_int_equal(desc_set_field(&d, 1, SQL_DESC_UNNAMED, num(SQL_UNNAMED), 0), SQL_SUCCESS);
    assert_int_equal(desc_get_field(&d, 1, SQL_DESC_NAME, &v), SQL_SUCCESS);
    assert_string_equal(v.text, "");
    assert_int_equal(desc_set_field(&d, 1, SQL_DESC_NAME, name, -7), SQL_ERROR);
    expect_state(&d.handle, "HY090");
    assert_int_equal(field(&d, SQL_DESC_PARAMETER_TYPE), SQL_PARAM_INPUT);
    assert_int_equal(desc_set_field(&d, 1, SQL_DESC_PARAMETER_TYPE, num(SQL_PARAM_OUTPUT), 0),
                     SQL_SUCCESS);
    assert_int_equal(desc_set_field(&d, 1, SQL_DESC_PARAMETER_TYPE, num(77), 0), SQL_ERROR);
    expect_state(&d.handle, "HY105");
    assert_int_equal(field(&d, SQL_DESC_PARAMETER_TYPE), SQL_PARAM_OUTPUT);
    desc_release(&d);
}

/* ---- records in one call ---- */

static void test_set_rec_changes_all_or_nothing(void **state)
{
    struct fixture *f = *state;
    struct desc d;
    int value;
    SQLLEN length, indicator;
    struct desc_rec_values v = {.type = SQL_DATETIME,
                                .subtype = SQL_CODE_TIMESTAMP,
                                .octet_length = 16,
                                .precision = 3,
                                .app_data_ptr = &value,
                                .app_octet_length_ptr = &length,
                                .app_indicator_ptr = &indicator};
    struct desc_rec_values got;

    desc_init(&d, f->dbc, NULL, DESC_ARD);
    assert_int_equal(desc_set_rec(&d, 2, &v), SQL_SUCCESS);
    assert_int_equal(d.count, 2);
    assert_int_equal(desc_record(&d, 2)->concise_type, SQL_TYPE_TIMESTAMP);
    assert_ptr_equal(desc_record(&d, 2)->app_data_ptr, &value);
    assert_int_equal(desc_get_rec(&d, 2, &got), SQL_SUCCESS);
    assert_int_equal(got.type, SQL_DATETIME);
    assert_int_equal(got.subtype, SQL_CODE_TIMESTAMP);
    assert_int_equal(got.precision, 3);
    assert_int_equal(got.octet_length, 16);
    assert_string_equal(got.name, "");
    assert_int_equal(desc_get_rec(&d, 3, &got), SQL_NO_DATA);
    assert_int_equal(desc_get_rec(&d, -1, &got), SQL_ERROR);
    expect_state(&d.handle, "07009");

    v.subtype = 99;
    assert_int_equal(desc_set_rec(&d, 2, &v), SQL_ERROR);
    expect_state(&d.handle, "HY021");
    v.type = SQL_NUMERIC;
    v.precision = 50;
    assert_int_equal(desc_set_rec(&d, 7, &v), SQL_ERROR);
    expect_state(&d.handle, "HY021");
    assert_int_equal(d.count, 2);
    assert_int_equal(desc_record(&d, 2)->concise_type, SQL_TYPE_TIMESTAMP);
    desc_release(&d);
    desc_init(&d, f->dbc, NULL, DESC_IRD);
    assert_int_equal(desc_set_rec(&d, 1, &v), SQL_ERROR);
    expect_state(&d.handle, "HY016");
    desc_release(&d);
}

/* ---- SQLColAttribute ---- */

static void test_col_attribute_knows_both_versions_of_odbc(void **state)
{
    struct fixture *f = *state;
    struct desc d;
    struct desc_rec *r;
    struct desc_value v;

    desc_init(&d, f->dbc, NULL, DESC_IRD);
    assert_true(desc_set_count(&d, 2));
    r = desc_record(&d, 1);
    desc_rec_set_type(r, SQL_TYPE_DATE);
    r->name = mem_strdup("c");
    r->static_type_name = "date";
    r->column_size = 10;
    r->octet_length = 6;
    r->length = 10;
    r->decimal_digits = 4;
    r->scale = 5;
    r->display_size = 13;
    r->nullable = SQL_NULLABLE;
    static const struct {
        SQLUSMALLINT id;
        SQLLEN number;
    } numbers[] = {
        {SQL_COLUMN_COUNT, 2},
        {SQL_DESC_COUNT, 2},
        {SQL_DESC_CONCISE_TYPE, SQL_TYPE_DATE},
        {SQL_COLUMN_TYPE, SQL_TYPE_DATE},
        {SQL_DESC_TYPE, SQL_DATETIME},
        {SQL_COLUMN_LENGTH, 6},
        {SQL_DESC_LENGTH, 10},
        {SQL_COLUMN_PRECISION, 10},
        {SQL_DESC_PRECISION, 0},
        {SQL_COLUMN_SCALE, 4},
        {SQL_DESC_SCALE, 5},
        {SQL_COLUMN_NULLABLE, SQL_NULLABLE},
        {SQL_DESC_NULLABLE, SQL_NULLABLE},
        {SQL_DESC_DISPLAY_SIZE, 13},
        {SQL_DESC_OCTET_LENGTH, 6},
    };
    static const struct {
        SQLUSMALLINT id;
        const char *text;
    } texts[] = {
        {SQL_COLUMN_NAME, "c"},
        {SQL_DESC_NAME, "c"},
        {SQL_DESC_LABEL, "c"},
        {SQL_DESC_TYPE_NAME, "date"},
        {SQL_DESC_LOCAL_TYPE_NAME, "date"},
        {SQL_DESC_TABLE_NAME, ""},
        {SQL_DESC_BASE_TABLE_NAME, ""},
        {SQL_DESC_SCHEMA_NAME, ""},
        {SQL_DESC_CATALOG_NAME, ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        assert_true(desc_col_attribute(&d, 1, numbers[i].id, &v));
        assert_int_equal(v.number, numbers[i].number);
    }
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        assert_true(desc_col_attribute(&d, 1, texts[i].id, &v));
        assert_int_equal(v.kind, DESC_V_TEXT);
        assert_string_equal(v.text, texts[i].text);
    }
    assert_false(desc_col_attribute(&d, 1, SQL_DESC_DATA_PTR, &v));
    assert_false(desc_col_attribute(&d, 1, SQL_DESC_PARAMETER_TYPE, &v));
    assert_false(desc_col_attribute(&d, 1, SQL_DESC_ALLOC_TYPE, &v));
    assert_false(desc_col_attribute(&d, 1, 4242, &v));
    assert_false(desc_col_attribute(&d, 3, SQL_DESC_NAME, &v));
    desc_release(&d);
}

/* ---- copying, explicit descriptors ---- */

static void test_copy_takes_everything_but_the_allocation_type(void **state)
{
    struct fixture *f = *state;
    struct desc from, *to = desc_new_explicit(f->dbc);
    SQLULEN processed;
    int value;

    assert_non_null(to);
    desc_init(&from, f->dbc, NULL, DESC_ARD);
    assert_int_equal(desc_set_field(&from, 2, SQL_DESC_CONCISE_TYPE, num(SQL_C_SLONG), 0),
                     SQL_SUCCESS);
    assert_int_equal(desc_set_field(&from, 2, SQL_DESC_DATA_PTR, &value, 0), SQL_SUCCESS);
    desc_record(&from, 2)->name = mem_strdup("n");
    from.array_size = 9;
    from.app_rows_processed_ptr = &processed;
    assert_non_null(desc_ensure(to, 30));
    assert_true(desc_copy(to, &from));
    assert_int_equal(to->alloc_type, SQL_DESC_ALLOC_USER);
    assert_int_equal(to->role, DESC_EXPLICIT);
    assert_int_equal(to->count, 2);
    assert_int_equal(to->array_size, 9);
    assert_ptr_equal(to->app_rows_processed_ptr, &processed);
    assert_ptr_equal(desc_record(to, 2)->app_data_ptr, &value);
    assert_string_equal(desc_record(to, 2)->name, "n");
    assert_ptr_not_equal(desc_record(to, 2)->name, desc_record(&from, 2)->name);
    assert_true(desc_copy(to, to));
    desc_release(&from);
    desc_free_explicit(to);
}

static void test_a_failed_copy_leaves_the_target_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct desc from, to;

    desc_init(&from, f->dbc, NULL, DESC_ARD);
    desc_init(&to, f->dbc, NULL, DESC_APD);
    assert_non_null(desc_ensure(&from, 2));
    desc_record(&from, 1)->name = mem_strdup("a");
    desc_record(&from, 2)->name = mem_strdup("b");
    assert_non_null(desc_ensure(&to, 5));
    for (uint64_t n = 1; n <= 3; n++) {
        mem_fail_at(n, 0);
        assert_false(desc_copy(&to, &from));
        mem_fail_at(0, 0);
        assert_int_equal(to.count, 5);
        assert_null(desc_record(&to, 1)->name);
    }
    assert_true(desc_copy(&to, &from));
    assert_int_equal(to.count, 2);
    desc_release(&from);
    desc_release(&to);
}

static void test_explicit_descriptors_hang_on_the_connection(void **state)
{
    struct fixture *f = *state;
    struct desc *a = desc_new_explicit(f->dbc), *b = desc_new_explicit(f->dbc);

    assert_ptr_equal(f->dbc->descs, b);
    assert_ptr_equal(b->next, a);
    desc_free_explicit(a);
    assert_null(b->next);
    assert_ptr_equal(f->dbc->descs, b);
    desc_free_explicit(NULL);
    /* b goes with the connection (the leak check of the sanitized run sees it otherwise). */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_count_grows_and_shrinks_with_defaults),
        TEST(test_clear_keeps_the_header),
        TEST(test_unbinding_the_last_column_lowers_the_count),
        TEST(test_an_indicator_alone_keeps_a_record_bound),
        TEST(test_initial_values),
        TEST(test_rights_of_every_field_in_every_kind_of_descriptor),
        TEST(test_unknown_fields_and_records),
        TEST(test_arrays_of_parameters_and_of_rows),
        cmocka_unit_test(test_concise_type_sets_verbose_type_and_code),
        TEST(test_setting_the_type_sets_the_other_fields),
        TEST(test_setting_a_field_unbinds_until_the_pointer_is_set),
        TEST(test_consistency_is_checked_when_the_pointer_is_set),
        TEST(test_impossible_types_are_refused_at_once),
        TEST(test_parameter_names_and_directions),
        TEST(test_set_rec_changes_all_or_nothing),
        TEST(test_col_attribute_knows_both_versions_of_odbc),
        TEST(test_copy_takes_everything_but_the_allocation_type),
        TEST(test_a_failed_copy_leaves_the_target_as_it_was),
        TEST(test_explicit_descriptors_hang_on_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
