/* Settings that reading depends on: which values will do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "handle/required_settings.h"

static void test_which_values_will_do(void **state)
{
    static const struct {
        const char *name, *value;
        bool fits;
    } cases[] = {
        {"client_encoding", "UTF8", true},
        {"Client_Encoding", "utf8", true},
        {"client_encoding", "UTF8x", false},
        {"client_encoding", "LATIN1", false},
        {"client_encoding", "", false},
        {"standard_conforming_strings", "on", true},
        {"standard_conforming_strings", "off", false},
        {"DateStyle", "ISO, MDY", true},
        {"DateStyle", "ISO", true},
        {"DateStyle", "IS", false},
        {"DateStyle", "German, DMY", false},
        {"extra_float_digits", "1", true},
        {"extra_float_digits", "3", true},
        {"extra_float_digits", "0", false},
        {"extra_float_digits", "-15", false},
        {"extra_float_digits", "", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct required_setting *r = required_setting_find(cases[i].name);
        assert_non_null(r);
        if (required_setting_fits(r, sv(cases[i].value)) != cases[i].fits)
            fail_msg("%s = \"%s\"", cases[i].name, cases[i].value);
    }
    assert_null(required_setting_find("work_mem"));
    for (size_t i = 0; i < REQUIRED_SETTINGS; i++) /* the remedy is one */
        assert_true(required_setting_fits(&required_settings[i], sv(required_settings[i].value)));
}

static void test_paths_that_begin_with_pg_temp(void **state)
{
    (void)state;
    assert_true(required_path_is_temp("pg_temp"));
    assert_true(required_path_is_temp(" PG_TEMP, public"));
    assert_true(required_path_is_temp("\"$user\", \"pg_temp\""));
    assert_false(required_path_is_temp("public, pg_temp"));
    assert_false(required_path_is_temp("\"$user\", public"));
    assert_false(required_path_is_temp(""));
    assert_false(required_path_is_temp("pg_tem"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_values_will_do),
        cmocka_unit_test(test_paths_that_begin_with_pg_temp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
