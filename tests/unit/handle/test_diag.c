#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "neonodbc.h"

static const char *state_of(struct handle *h, size_t n)
{
    const struct diag_record *r = diag_record(&h->diag, n);

    return r != NULL ? r->state : "none";
}

static void test_post_returns_what_the_class_of_the_state_says(void **state)
{
    struct fixture *f = *state;
    struct handle *h = &f->dbc->handle;

    assert_int_equal(diag_post(h, ST_01004, 0, "Cut."), SQL_SUCCESS_WITH_INFO);
    assert_int_equal(diag_post(h, ST_HY000, 7, "Bad %d.", 42), SQL_ERROR);
    assert_int_equal(diag_count(&h->diag), 2);
    assert_string_equal(state_of(h, 1), "HY000"); /* errors first */
    assert_string_equal(state_of(h, 2), "01004");
    assert_int_equal(diag_record(&h->diag, 1)->native, 7);
    assert_string_equal(diag_record_text(diag_record(&h->diag, 1)), "[Neon][neon-odbc] Bad 42.");
    assert_null(diag_record(&h->diag, 0));
    assert_null(diag_record(&h->diag, 3));
    diag_clear(&h->diag);
    assert_int_equal(diag_count(&h->diag), 0);
}

static void test_records_are_ordered_by_row_then_rank_then_time(void **state)
{
    struct fixture *f = *state;
    struct handle *h = &f->dbc->handle;
    static const struct {
        SQLLEN row;
        const char *state;
    } expected[] = {
        {SQL_ROW_NUMBER_UNKNOWN, "22018"},
        {SQL_NO_ROW_NUMBER, "40001"},
        {SQL_NO_ROW_NUMBER, "HY000"},
        {SQL_NO_ROW_NUMBER, "22003"},
        {SQL_NO_ROW_NUMBER, "01S02"},
        {1, "01004"},
        {3, "22003"},
        {3, "01004"},
    };

    diag_post_at(h, ST_01004, 3, 2, "row 3 warning");
    diag_post_at(h, ST_22003, 3, 1, "row 3 error");
    diag_post(h, ST_01S02, 0, "warning");
    diag_post_at(h, ST_01004, 1, 1, "row 1");
    diag_post(h, ST_HY000, 0, "error");
    diag_post(h, ST_22003, 0, "later error");
    diag_post(h, ST_40001, 0, "the transaction failed");
    diag_post_at(h, ST_22018, SQL_ROW_NUMBER_UNKNOWN, SQL_COLUMN_NUMBER_UNKNOWN, "some row");
    assert_int_equal(diag_count(&h->diag), ARRAY_LEN(expected));
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        assert_string_equal(state_of(h, i + 1), expected[i].state);
        assert_int_equal(diag_record(&h->diag, i + 1)->row_number, expected[i].row);
    }
    assert_int_equal(diag_record(&h->diag, 8)->column_number, 2);
}

static void test_an_error_pushes_out_a_warning_at_the_limit(void **state)
{
    struct fixture *f = *state;
    struct handle *h = &f->dbc->handle;

    for (int i = 1; i <= 100; i++)
        diag_post_at(h, ST_01004, i, 1, "row %d", i);
    assert_int_equal(diag_count(&h->diag), DIAG_MAX_RECORDS);
    assert_int_equal(diag_post_at(h, ST_22003, 50, 1, "bad"), SQL_ERROR);
    assert_int_equal(diag_count(&h->diag), DIAG_MAX_RECORDS);
    assert_string_equal(state_of(h, 50), "22003"); /* before the warning of its own row */
    assert_int_equal(diag_record(&h->diag, DIAG_MAX_RECORDS)->row_number, DIAG_MAX_RECORDS - 1);
    for (int i = 0; i < 100; i++)
        diag_post_at(h, ST_22018, i + 1, 1, "row %d", i);
    assert_int_equal(diag_count(&h->diag), DIAG_MAX_RECORDS);
    for (size_t i = 1; i <= DIAG_MAX_RECORDS; i++)
        assert_string_not_equal(state_of(h, i), "01004");
}

/* ---- ODBC 2 ---- */

static void test_odbc2_applications_see_odbc2_states(void **state)
{
    struct fixture *f = *state;
    struct handle *h = &f->dbc->handle;

    f->env->odbc_version = SQL_OV_ODBC2;
    for (size_t i = 1; i < ST_COUNT; i++) {
        diag_post(h, (enum sqlstate)i, 0, "x");
        assert_string_equal(state_of(h, 1), sqlstate_row((enum sqlstate)i)->code2);
        assert_string_equal(diag_record(&h->diag, 1)->state3,
                            sqlstate_row((enum sqlstate)i)->code3);
        diag_clear(&h->diag);
    }
}

static void test_server_states_have_an_odbc2_spelling_too(void **state)
{
    struct fixture *f = *state;
    struct handle *h = &f->dbc->handle;
    static const char *const rows[][2] = {
        {"23505", "23000"}, {"42883", "37000"}, {"42501", "42000"}, {"25P02", "25000"},
        {"P0001", "S1000"}, {"XX000", "S1000"}, {"22P02", "22005"}, {"40P01", "40000"},
        {"57014", "S1000"}, {"08006", "08S01"}, {"42P01", "37000"},
    };

    f->env->odbc_version = SQL_OV_ODBC2;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err e = ERR_INIT;

        err_set_state(&e, rows[i][0], 0, "x");
        assert_int_equal(diag_post_err(h, &e), SQL_ERROR);
        expect_state(h, rows[i][1]);
    }
}

/* ---- errors that arrive as struct err ---- */

static void test_post_err_takes_the_content(void **state)
{
    struct fixture *f = *state;
    struct handle *h = &f->dbc->handle;
    struct err e = ERR_INIT;
    struct diag_value v;

    err_set_state(&e, "23505", 400, "Duplicate key.");
    e.pg = pg_fields_new();
    assert_non_null(e.pg);
    assert_true(pg_fields_set(e.pg, PG_CODE, "23505", 5));
    assert_true(pg_fields_set(e.pg, PG_CONSTRAINT, "t_pkey", 6));
    assert_int_equal(diag_post_err_at(h, &e, 2, SQL_NO_COLUMN_NUMBER), SQL_ERROR);
    assert_false(err_is_set(&e));
    assert_null(e.pg);
    assert_string_equal(state_of(h, 1), "23505");
    assert_int_equal(diag_record(&h->diag, 1)->native, 400);
    assert_int_equal(diag_get_field(h, 1, NEON_DIAG_CONSTRAINT, &v), SQL_SUCCESS);
    assert_int_equal(v.kind, DIAG_V_TEXT);
    assert_string_equal(v.text, "t_pkey");
    assert_int_equal(diag_get_field(h, 1, NEON_DIAG_SERVER_SQLSTATE, &v), SQL_SUCCESS);
    assert_string_equal(v.text, "23505");
    assert_int_equal(diag_get_field(h, 1, NEON_DIAG_HINT, &v), SQL_SUCCESS);
    assert_string_equal(v.text, "");
}

static void test_sqlstate_postgres_shows_the_server_s_own_state(void **state)
{
    struct fixture *f = *state;
    struct handle *h = &f->dbc->handle;

    for (int style = SQL_STATE_ODBC; style <= SQL_STATE_POSTGRES; style++) {
        struct err e = ERR_INIT;

        f->dbc->options.sql_state = style;
        err_set(&e, ST_42S02, 0, "No such table.");
        e.pg = pg_fields_new();
        assert_non_null(e.pg);
        assert_true(pg_fields_set(e.pg, PG_CODE, "42P01", 5));
        diag_post_err(h, &e);
        expect_state(h, style == SQL_STATE_POSTGRES ? "42P01" : "42S02");
    }
}

static void test_optional_errors_off_shows_the_server_s_message_alone(void **state)
{
    struct fixture *f = *state;
    struct handle *h = &f->dbc->handle;

    for (int optional = 0; optional <= 1; optional++) {
        struct err e = ERR_INIT;

        f->dbc->options.optional_errors = optional != 0;
        err_set(&e, ST_23000, 0, "duplicate key. DETAIL: Key (a)=(1) already exists.");
        e.pg = pg_fields_new();
        assert_non_null(e.pg);
        assert_true(pg_fields_set(e.pg, PG_MESSAGE, "duplicate key", 13));
        diag_post_err(h, &e);
        assert_string_equal(diag_record_text(diag_record(&h->diag, 1)),
                            optional ? DIAG_PREFIX
                                "duplicate key. DETAIL: Key (a)=(1) already exists."
                                     : DIAG_PREFIX "duplicate key");
        diag_clear(&h->diag);
    }
}

static void test_an_empty_error_is_a_general_error(void **state)
{
    struct fixture *f = *state;
    struct err e = ERR_INIT;

    assert_int_equal(diag_post_err(&f->dbc->handle, &e), SQL_ERROR);
    assert_string_equal(diag_record_text(diag_record(&f->dbc->handle.diag, 1)),
                        DIAG_PREFIX "General error.");
    expect_state(&f->dbc->handle, "HY000");
}

/* ---- memory ---- */

static void test_without_memory_the_state_still_arrives(void **state)
{
    struct fixture *f = *state;
    struct handle *h = &f->dbc->handle;

    diag_release(&h->diag);
    mem_fail_at(1, 1);
    assert_int_equal(diag_post(h, ST_01004, 0, "Cut."), SQL_SUCCESS_WITH_INFO);
    assert_int_equal(diag_post(h, ST_08S01, 5, "Gone."), SQL_ERROR); /* an error matters more */
    assert_int_equal(diag_post(h, ST_01S02, 0, "Changed."), SQL_SUCCESS_WITH_INFO);
    mem_fail_at(0, 0);
    assert_int_equal(diag_count(&h->diag), 1);
    assert_string_equal(state_of(h, 1), "08S01");
    assert_int_equal(diag_record(&h->diag, 1)->native, 5);
    assert_string_equal(diag_record_text(diag_record(&h->diag, 1)),
                        DIAG_PREFIX "Communication link failure.");
    assert_int_equal(diag_post(h, ST_HY001, 0, "Out of memory."), SQL_ERROR);
    assert_int_equal(diag_count(&h->diag), 2);
    assert_string_equal(state_of(h, 1), "08S01");
    assert_string_equal(state_of(h, 2), "HY001");
}

static void test_every_allocation_may_fail(void **state)
{
    struct fixture *f = *state;
    struct handle *h = &f->dbc->handle;

    f->dbc->dsn_name = mem_strdup("dsn");
    for (uint64_t n = 1; n <= 6; n++) {
        diag_release(&h->diag);
        mem_fail_at(n, 0);
        assert_int_equal(diag_post(h, ST_22003, 0, "Too large: %d.", 1), SQL_ERROR);
        mem_fail_at(0, 0);
        assert_int_equal(diag_count(&h->diag), 1);
        assert_string_equal(state_of(h, 1), "22003");
        assert_non_null(strstr(diag_record_text(diag_record(&h->diag, 1)), DIAG_PREFIX));
    }
}

/* ---- SQLGetDiagField ---- */

static void test_header_fields(void **state)
{
    struct fixture *f = *state;
    struct handle stmt_like;
    struct diag_value v;

    assert_int_equal(diag_get_field(&f->dbc->handle, 0, SQL_DIAG_NUMBER, &v), SQL_SUCCESS);
    assert_int_equal(v.kind, DIAG_V_INTEGER);
    assert_int_equal(v.number, 0);
    diag_post(&f->dbc->handle, ST_01000, 0, "x");
    assert_int_equal(diag_get_field(&f->dbc->handle, 9, SQL_DIAG_NUMBER, &v), SQL_SUCCESS);
    assert_int_equal(v.number, 1);
    f->dbc->handle.diag.return_code = SQL_NO_DATA;
    assert_int_equal(diag_get_field(&f->dbc->handle, 0, SQL_DIAG_RETURNCODE, &v), SQL_SUCCESS);
    assert_int_equal(v.kind, DIAG_V_RETURNCODE);
    assert_int_equal(v.number, SQL_NO_DATA);
    /* A statement's fields on another handle are an error. */
    assert_int_equal(diag_get_field(&f->dbc->handle, 0, SQL_DIAG_ROW_COUNT, &v), SQL_ERROR);
    assert_int_equal(diag_get_field(&f->dbc->handle, 0, SQL_DIAG_DYNAMIC_FUNCTION, &v), SQL_ERROR);

    handle_init(&stmt_like, HANDLE_STMT, &f->dbc->handle);
    stmt_like.diag.row_count = 12;
    stmt_like.diag.cursor_row_count = 13;
    stmt_like.diag.dynamic_function = "INSERT";
    stmt_like.diag.dynamic_function_code = SQL_DIAG_INSERT;
    assert_int_equal(diag_get_field(&stmt_like, 0, SQL_DIAG_ROW_COUNT, &v), SQL_SUCCESS);
    assert_int_equal(v.kind, DIAG_V_LEN);
    assert_int_equal(v.number, 12);
    assert_int_equal(diag_get_field(&stmt_like, 0, SQL_DIAG_CURSOR_ROW_COUNT, &v), SQL_SUCCESS);
    assert_int_equal(v.number, 13);
    assert_int_equal(diag_get_field(&stmt_like, 0, SQL_DIAG_DYNAMIC_FUNCTION, &v), SQL_SUCCESS);
    assert_string_equal(v.text, "INSERT");
    assert_int_equal(diag_get_field(&stmt_like, 0, SQL_DIAG_DYNAMIC_FUNCTION_CODE, &v),
                     SQL_SUCCESS);
    assert_int_equal(v.number, SQL_DIAG_INSERT);
    diag_clear(&stmt_like.diag);
    assert_int_equal(diag_get_field(&stmt_like, 0, SQL_DIAG_DYNAMIC_FUNCTION, &v), SQL_SUCCESS);
    assert_string_equal(v.text, "");
    handle_release(&stmt_like);
}

static void test_record_fields(void **state)
{
    struct fixture *f = *state;
    struct handle *h = &f->dbc->handle;
    struct diag_value v;

    f->dbc->dsn_name = mem_strdup("mydsn");
    diag_post_at(h, ST_22003, 4, 5, "Too large.");
    static const struct {
        SQLSMALLINT id;
        const char *text;
    } texts[] = {
        {SQL_DIAG_SQLSTATE, "22003"},        {SQL_DIAG_MESSAGE_TEXT, DIAG_PREFIX "Too large."},
        {SQL_DIAG_CLASS_ORIGIN, "ISO 9075"}, {SQL_DIAG_SUBCLASS_ORIGIN, "ISO 9075"},
        {SQL_DIAG_SERVER_NAME, "mydsn"},     {SQL_DIAG_CONNECTION_NAME, "mydsn"},
    };
    static const struct {
        SQLSMALLINT id;
        SQLLEN number;
        enum diag_value_kind kind;
    } numbers[] = {
        {SQL_DIAG_NATIVE, 0, DIAG_V_INTEGER},
        {SQL_DIAG_ROW_NUMBER, 4, DIAG_V_LEN},
        {SQL_DIAG_COLUMN_NUMBER, 5, DIAG_V_INTEGER},
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        assert_int_equal(diag_get_field(h, 1, texts[i].id, &v), SQL_SUCCESS);
        assert_int_equal(v.kind, DIAG_V_TEXT);
        assert_string_equal(v.text, texts[i].text);
    }
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        assert_int_equal(diag_get_field(h, 1, numbers[i].id, &v), SQL_SUCCESS);
        assert_int_equal(v.kind, numbers[i].kind);
        assert_int_equal(v.number, numbers[i].number);
    }
    assert_int_equal(diag_get_field(h, 0, SQL_DIAG_SQLSTATE, &v), SQL_ERROR);
    assert_int_equal(diag_get_field(h, -1, SQL_DIAG_SQLSTATE, &v), SQL_ERROR);
    assert_int_equal(diag_get_field(h, 2, SQL_DIAG_SQLSTATE, &v), SQL_NO_DATA);
    assert_int_equal(diag_get_field(h, 1, 9999, &v), SQL_ERROR);
    assert_int_equal(diag_count(&h->diag), 1); /* reading posts nothing */
}

static void test_origins(void **state)
{
    static const struct {
        const char *state, *class_origin, *subclass_origin;
    } rows[] = {
        {"HY000", "ISO 9075", "ISO 9075"},     {"HY024", "ISO 9075", "ISO 9075"},
        {"HYT00", "ISO 9075", "ODBC 3.0"},     {"HYC00", "ISO 9075", "ISO 9075"},
        {"HY095", "ISO 9075", "ODBC 3.0"},     {"01S02", "ISO 9075", "ODBC 3.0"},
        {"42S02", "ISO 9075", "ODBC 3.0"},     {"08S01", "ISO 9075", "ODBC 3.0"},
        {"IM001", "ODBC 3.0", "ODBC 3.0"},     {"23505", "ISO 9075", "PostgreSQL"},
        {"42P01", "ISO 9075", "PostgreSQL"},   {"P0001", "PostgreSQL", "PostgreSQL"},
        {"XX000", "PostgreSQL", "PostgreSQL"}, {"57014", "PostgreSQL", "PostgreSQL"},
        {"40001", "ISO 9075", "ISO 9075"},     {"F0000", "PostgreSQL", "PostgreSQL"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct diag_record r = {.state = ""};

        memcpy(r.state3, rows[i].state, 6);
        assert_string_equal(diag_class_origin(&r), rows[i].class_origin);
        assert_string_equal(diag_subclass_origin(&r), rows[i].subclass_origin);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_post_returns_what_the_class_of_the_state_says),
        TEST(test_records_are_ordered_by_row_then_rank_then_time),
        TEST(test_an_error_pushes_out_a_warning_at_the_limit),
        TEST(test_odbc2_applications_see_odbc2_states),
        TEST(test_server_states_have_an_odbc2_spelling_too),
        TEST(test_post_err_takes_the_content),
        TEST(test_sqlstate_postgres_shows_the_server_s_own_state),
        TEST(test_optional_errors_off_shows_the_server_s_message_alone),
        TEST(test_an_empty_error_is_a_general_error),
        TEST(test_without_memory_the_state_still_arrives),
        TEST(test_every_allocation_may_fail),
        TEST(test_header_fields),
        TEST(test_record_fields),
        cmocka_unit_test(test_origins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
