#include "fixture.h"

static void test_connections_are_counted(void **state)
{
    struct fixture *f = *state;
    struct dbc *second = dbc_new(f->env);

    assert_non_null(second);
    assert_int_equal(f->env->n_dbcs, 2);
    dbc_free(second);
    assert_int_equal(f->env->n_dbcs, 1);
}

static void test_odbc2_is_what_the_application_declares(void **state)
{
    struct env *e = env_new();

    (void)state;
    assert_non_null(e);
    assert_false(env_is_odbc2(e)); /* nothing declared yet */
    assert_int_equal(attr_set_env(e, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC2), SQL_SUCCESS);
    assert_true(env_is_odbc2(e));
    assert_int_equal(attr_set_env(e, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3_80),
                     SQL_SUCCESS);
    assert_false(env_is_odbc2(e));
    env_free(e);
    env_free(NULL);
}

static void test_out_of_memory_gives_no_environment(void **state)
{
    (void)state;
    mem_fail_at(1, 0);
    assert_null(env_new());
    mem_fail_at(0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_connections_are_counted),
        cmocka_unit_test(test_odbc2_is_what_the_application_declares),
        cmocka_unit_test(test_out_of_memory_gives_no_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
