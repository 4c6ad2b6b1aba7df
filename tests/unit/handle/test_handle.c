#include "fixture.h"

#include <string.h>

#include "stmt/stmt.h"

/* A handle's address is its struct's: the application's pointer is both. */
static void test_every_struct_begins_with_its_handle(void **state)
{
    (void)state;
    assert_int_equal(offsetof(struct env, handle), 0);
    assert_int_equal(offsetof(struct dbc, handle), 0);
    assert_int_equal(offsetof(struct stmt, handle), 0);
    assert_int_equal(offsetof(struct desc, handle), 0);
}

static void test_check_takes_live_handles_of_the_right_kind_only(void **state)
{
    struct fixture *f = *state;
    _Alignas(struct handle) char garbage[sizeof(struct handle) + 1];

    memset(garbage, 0x5A, sizeof garbage);
    assert_ptr_equal(handle_check(f->env, HANDLE_ENV), &f->env->handle);
    assert_ptr_equal(handle_check(f->dbc, HANDLE_DBC), &f->dbc->handle);
    assert_null(handle_check(f->dbc, HANDLE_ENV));
    assert_null(handle_check(f->env, HANDLE_STMT));
    assert_null(handle_check(NULL, HANDLE_ENV));
    assert_null(handle_check(garbage, HANDLE_DBC));
    assert_null(handle_check(garbage + 1, HANDLE_DBC));
}

static void test_a_released_handle_is_no_handle(void **state)
{
    struct handle h;

    (void)state;
    handle_init(&h, HANDLE_DESC, NULL);
    assert_non_null(handle_check(&h, HANDLE_DESC));
    handle_release(&h);
    assert_null(handle_check(&h, HANDLE_DESC));
}

static void test_every_handle_finds_its_connection_and_environment(void **state)
{
    struct fixture *f = *state;
    struct desc *d = desc_new_explicit(f->dbc);
    struct stmt *s = stmt_new(f->dbc);

    assert_non_null(d);
    assert_non_null(s);
    assert_ptr_equal(handle_env(&f->env->handle), f->env);
    assert_null(handle_dbc(&f->env->handle));
    assert_ptr_equal(handle_env(&f->dbc->handle), f->env);
    assert_ptr_equal(handle_dbc(&f->dbc->handle), f->dbc);
    assert_ptr_equal(handle_dbc(&d->handle), f->dbc);
    assert_ptr_equal(handle_env(&d->handle), f->env);
    assert_ptr_equal(handle_dbc(&s->handle), f->dbc);
    assert_ptr_equal(handle_env(&s->ird.handle), f->env);
    stmt_free(s);
    desc_free_explicit(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_struct_begins_with_its_handle),
        TEST(test_check_takes_live_handles_of_the_right_kind_only),
        cmocka_unit_test(test_a_released_handle_is_no_handle),
        TEST(test_every_handle_finds_its_connection_and_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
