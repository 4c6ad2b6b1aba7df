/* The tables of results: keys read from text, columns found, the oldest table forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"
#include "handle/table_info.h"

static void test_keys(void **state)
{
    static const char *const wrong[] = {"x", ",1", "0", "-2", "1;;2", "40000", "1, 2", ";"};
    struct table_info *t = table_info_new(7);
    struct buf many = BUF_INIT(0);

    (void)state;
    assert_true(table_info_read_keys(t, sv("")));
    assert_int_equal(t->n_keys, 0);
    assert_true(table_info_read_keys(t, sv("3;1,2,32767")));
    assert_int_equal(t->n_keys, 2);
    assert_int_equal(t->keys[0].n, 1);
    assert_int_equal(t->keys[0].attnums[0], 3);
    assert_int_equal(t->keys[1].n, 3);
    assert_int_equal(t->keys[1].attnums[2], 32767);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        if (table_info_read_keys(t, sv(wrong[i])))
            fail_msg("\"%s\"", wrong[i]);
    for (int i = 1; i <= TABLE_KEY_MAX_COLUMNS + 1; i++)
        buf_printf(&many, "%s%d", i > 1 ? "," : "", i);
    assert_false(table_info_read_keys(t, buf_sv(&many)));
    buf_release(&many);
    table_info_free(t);
}

static void test_columns(void **state)
{
    struct table_info *t = table_info_new(7);

    (void)state;
    assert_true(table_info_add_column(t, &(struct table_column){.attnum = 1, .writable = true},
                                      sv("\"A b\""), sv("A b"), sv("pg_catalog.int4")));
    assert_true(table_info_add_column(t, &(struct table_column){.attnum = -2, .not_null = true},
                                      sv("xmin"), sv("xmin"), sv("pg_catalog.xid")));
    assert_string_equal(table_info_column(t, 1)->name, "\"A b\"");
    assert_string_equal(table_info_column(t, 1)->stored, "A b");
    assert_false(table_info_column(t, 1)->not_null);
    assert_false(table_info_column(t, -2)->writable);
    assert_true(table_info_column(t, -2)->not_null);
    assert_null(table_info_column(t, 2));
    table_info_free(t);
    table_info_free(NULL);
}

static void test_the_oldest_is_forgotten(void **state)
{
    struct table_infos all = {NULL, 0};

    (void)state;
    for (uint32_t oid = 1; oid <= TABLE_INFO_MAX + 3; oid++)
        table_infos_add(&all, table_info_new(oid));
    assert_int_equal(all.n, TABLE_INFO_MAX);
    assert_null(table_infos_find(&all, 3));
    assert_non_null(table_infos_find(&all, 4));
    assert_non_null(table_infos_find(&all, TABLE_INFO_MAX + 3));
    table_infos_clear(&all);
    assert_int_equal(all.n, 0);
    assert_null(table_infos_find(&all, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_the_oldest_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
