#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "info/functions.h"

static void test_the_three_forms_agree(void **state)
{
    SQLUSMALLINT all[100], bits[SQL_API_ODBC3_ALL_FUNCTIONS_SIZE], one;
    unsigned supported = 0;

    (void)state;
    memset(all, 0x5A, sizeof all);
    memset(bits, 0x5A, sizeof bits);
    assert_true(functions_get(SQL_API_ALL_FUNCTIONS, all));
    assert_true(functions_get(SQL_API_ODBC3_ALL_FUNCTIONS, bits));
    for (SQLUSMALLINT id = 1; id < SQL_API_ODBC3_ALL_FUNCTIONS_SIZE * 16; id++) {
        SQLUSMALLINT bit = (SQLUSMALLINT)SQL_FUNC_EXISTS(bits, id);

        if (id == SQL_API_ODBC3_ALL_FUNCTIONS)
            continue;
        one = 77;
        if (!functions_get(id, &one)) {
            assert_int_equal(bit, SQL_FALSE);
            assert_int_equal(one, 77);
            continue;
        }
        assert_int_equal(one, bit);
        if (id < 100)
            assert_int_equal(all[id], one);
        supported += one == SQL_TRUE;
    }
    assert_true(supported >= 40);
}

static void test_single_functions(void **state)
{
    static const struct {
        SQLUSMALLINT id;
        SQLUSMALLINT supported;
    } rows[] = {
        {SQL_API_SQLFETCH, SQL_TRUE},         {SQL_API_SQLALLOCHANDLE, SQL_TRUE},
        {SQL_API_SQLBINDPARAMETER, SQL_TRUE}, {SQL_API_SQLDRIVERCONNECT, SQL_TRUE},
        {SQL_API_SQLGETDIAGFIELD, SQL_TRUE},  {SQL_API_SQLCOLATTRIBUTE, SQL_TRUE},
        {SQL_API_SQLSETPOS, SQL_TRUE},        {SQL_API_SQLFETCHSCROLL, SQL_TRUE},
        {SQL_API_SQLEXTENDEDFETCH, SQL_TRUE}, {SQL_API_SQLALLOCENV, SQL_FALSE},
    };
    SQLUSMALLINT one;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(functions_get(rows[i].id, &one));
        assert_int_equal(one, rows[i].supported);
    }
    assert_false(functions_get(2000, &one));
    assert_false(functions_get(500, &one));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_three_forms_agree),
        cmocka_unit_test(test_single_functions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
