/* The error value: states, texts that are cut or built from the error itself, moving, running out
 * of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/err.h"
#include "base/utf.h"

static void test_a_fresh_one_is_no_error(void **state)
{
    struct err e = ERR_INIT;
    struct err zeroed = {0};

    (void)state;
    assert_false(err_is_set(&e));
    assert_false(err_is_set(&zeroed));
    assert_false(err_set(&zeroed, ST_08001, 7, "no %s", "route"));
    assert_true(err_is_set(&zeroed));
    assert_true(err_is(&zeroed, ST_08001));
    assert_false(err_is(&zeroed, ST_08S01));
    assert_int_equal(zeroed.native, 7);
    assert_string_equal(buf_str(&zeroed.text), "no route");
    err_release(&zeroed);
    assert_false(err_is_set(&zeroed));
    err_release(&zeroed);
    err_release(&e);
}

static void test_states_of_the_server(void **state)
{
    static const struct {
        const char *given, *want;
    } cases[] = {
        {"42P01", "42P01"},
        {"XX000", "XX000"},
        {"", "HY000"},
        {"4200", "HY000"},
        {"420001", "HY000"},
        {"42p01", "HY000"},
        {"42-01", "HY000"},
        {"42\xC3\xA4"
         "1",
         "HY000"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = ERR_INIT;
        assert_false(err_set_state(&e, cases[i].given, 0, "x"));
        assert_string_equal(e.state, cases[i].want);
        err_release(&e);
    }
}

static void test_every_state_of_the_table_is_found_by_its_code(void **state)
{
    (void)state;
    for (int s = ST_NONE + 1; s < ST_COUNT; s++) {
        const struct sqlstate_row *row = sqlstate_row((enum sqlstate)s);
        assert_int_equal(strlen(row->code3), 5);
        assert_int_equal(strlen(row->code2), 5);
        assert_true(strlen(row->text) > 3);
        assert_ptr_equal(sqlstate_find(row->code3), row);
        assert_true((row->cls == SQLSTATE_INFO) == (strncmp(row->code3, "01", 2) == 0));
    }
    assert_null(sqlstate_find("XX000"));
    assert_null(sqlstate_find(""));
    assert_string_equal(sqlstate_row(ST_NONE)->code3, "HY000");
    assert_string_equal(sqlstate_row(ST_COUNT)->code3, "HY000");
}

/* A caller puts its own words around a message. */
static void test_an_error_can_be_built_from_itself(void **state)
{
    struct err e = ERR_INIT;

    (void)state;
    err_set_state(&e, "42P01", 1, "relation \"%s\" does not exist", "t");
    err_set_state(&e, e.state, e.native, "While describing: %s", buf_str(&e.text));
    assert_string_equal(e.state, "42P01");
    assert_int_equal(e.native, 1);
    assert_string_equal(buf_str(&e.text), "While describing: relation \"t\" does not exist");
    err_append(&e, " (%d)", 2);
    assert_string_equal(buf_str(&e.text), "While describing: relation \"t\" does not exist (2)");
    err_release(&e);
}

/* A server can send megabytes: what the user needs stands at the beginning. */
static void test_a_long_text_is_cut_between_characters(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < 4; shift++) {
        struct buf huge = BUF_INIT(0);
        struct err e = ERR_INIT;
        for (size_t i = 0; i < shift; i++)
            buf_append_char(&huge, 'x');
        while (huge.len < 3 * ERR_TEXT_MAX_BYTES)
            buf_append_str(&huge, "\xF0\x9F\x98\x80");
        err_set(&e, ST_HY000, 0, "%s", buf_str(&huge));
        assert_true(e.text.len <= ERR_TEXT_MAX_BYTES && e.text.len > ERR_TEXT_MAX_BYTES - 8);
        assert_true(utf8_is_valid(e.text.data, e.text.len));
        assert_string_equal(e.text.data + e.text.len - 3, "...");
        err_append(&e, "%s", buf_str(&huge)); /* does not fit: left out */
        assert_string_equal(e.text.data + e.text.len - 3, "...");
        err_set(&e, ST_HY000, 0, "short");
        assert_string_equal(buf_str(&e.text), "short");
        err_release(&e);
        buf_release(&huge);
    }
}

static void test_moving_replaces_and_empties(void **state)
{
    struct err a = ERR_INIT;
    struct err b = ERR_INIT;

    (void)state;
    err_set(&a, ST_HY000, 1, "old");
    err_set(&b, ST_40001, 2, "new");
    b.effect = EFFECT_UNKNOWN;
    b.pg = pg_fields_new();
    assert_non_null(b.pg);
    assert_true(pg_fields_set(b.pg, PG_DETAIL, "detail!", 6));
    err_move(&a, &b);
    assert_string_equal(a.state, "40001");
    assert_string_equal(buf_str(&a.text), "new");
    assert_int_equal(a.effect, EFFECT_UNKNOWN);
    assert_string_equal(a.pg->value[PG_DETAIL], "detail");
    assert_false(err_is_set(&b));
    assert_null(b.pg);
    err_release(&a);
    err_release(&b);
}

static void test_fields_are_replaced(void **state)
{
    struct pg_fields *f = pg_fields_new();

    (void)state;
    assert_non_null(f);
    assert_true(pg_fields_set(f, PG_HINT, "one", 3));
    assert_true(pg_fields_set(f, PG_HINT, "two", 3));
    mem_fail_at(1, 0);
    assert_false(pg_fields_set(f, PG_HINT, "three", 5));
    mem_fail_at(0, 0);
    assert_string_equal(f->value[PG_HINT], "two");
    assert_null(f->value[PG_DETAIL]);
    pg_fields_free(f);
    pg_fields_free(NULL);
}

static void test_without_memory_the_state_alone_remains(void **state)
{
    struct err e = ERR_INIT;

    (void)state;
    err_set(&e, ST_HY000, 0, "a first text");
    mem_fail_at(1, 1);
    err_set(&e, ST_08001, 3, "another text");
    mem_fail_at(0, 0);
    assert_string_equal(e.state, "08001");
    assert_int_equal(e.native, 3);
    assert_string_equal(buf_str(&e.text), "");
    assert_false(err_oom(&e));
    assert_string_equal(e.state, "HY001");
    err_append(&e, "more");
    assert_string_equal(buf_str(&e.text), "more");
    err_release(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_fresh_one_is_no_error),
        cmocka_unit_test(test_states_of_the_server),
        cmocka_unit_test(test_every_state_of_the_table_is_found_by_its_code),
        cmocka_unit_test(test_an_error_can_be_built_from_itself),
        cmocka_unit_test(test_a_long_text_is_cut_between_characters),
        cmocka_unit_test(test_moving_replaces_and_empties),
        cmocka_unit_test(test_fields_are_replaced),
        cmocka_unit_test(test_without_memory_the_state_alone_remains),
    };
    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
