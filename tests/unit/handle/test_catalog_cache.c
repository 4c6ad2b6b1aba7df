/* The memory of CatalogCache: rows and names as they were put, times, limits, and memory that runs
 * out at every point. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "handle/catalog_cache.h"

static struct cell text(const char *s)
{
    return (struct cell){s, s != NULL ? strlen(s) : 0};
}

static bool put(struct catalog_cache *c, struct catalog_picture *p, const char *table,
                const char *value)
{
    const struct cell row[2] = {text(table), text(value)};

    return catalog_picture_add(c, p, row);
}

static void test_rows_are_grouped_by_name_in_their_order(void **state)
{
    static const char *const tables[] = {"b", "a", "b", "ab", "a", "b"};
    struct catalog_cache c = {.first = NULL};
    struct catalog_picture *p = catalog_cache_add(&c, SV_LIT("key"), 2, 0);
    char value[2] = "0";

    (void)state;
    assert_non_null(p);
    for (size_t i = 0; i < 6; i++) {
        value[0] = (char)('0' + i);
        assert_true(put(&c, p, tables[i], i == 3 ? NULL : value));
    }
    assert_true(catalog_picture_finish(p));
    assert_int_equal(p->n_groups, 3);
    assert_memory_equal(p->groups[1].name.ptr, "ab", 2);
    assert_int_equal(p->groups[2].count, 3);
    assert_int_equal(p->order[p->groups[2].first], 0);
    assert_int_equal(p->order[p->groups[2].first + 1], 2);
    assert_int_equal(p->order[p->groups[2].first + 2], 5);
    assert_null(p->cells[3 * 2 + 1].ptr);
    assert_ptr_equal(catalog_cache_find(&c, SV_LIT("key")), p);
    assert_null(catalog_cache_find(&c, SV_LIT("kex")));
    catalog_cache_clear(&c);
    assert_null(catalog_cache_find(&c, SV_LIT("key")));
}

static void test_the_third_table_within_the_time_counts(void **state)
{
    struct catalog_cache c = {.first = NULL};

    (void)state;
    assert_false(catalog_cache_note(&c, SV_LIT("a"), 10000, 5000));
    assert_false(catalog_cache_note(&c, SV_LIT("b"), 10001, 5000));
    assert_false(catalog_cache_note(&c, SV_LIT("a"), 10002, 5000)); /* back and forth */
    assert_false(catalog_cache_note(&c, SV_LIT("b"), 10003, 5000));
    assert_true(catalog_cache_note(&c, SV_LIT("c"), 10004, 5000));
    assert_true(catalog_cache_note(&c, SV_LIT("c"), 15000, 5000));
    assert_false(catalog_cache_note(&c, SV_LIT("d"), 20001, 5000)); /* a pause: from the start */
    catalog_cache_clear(&c);
}

static void test_pictures_end_with_their_time(void **state)
{
    struct catalog_cache c = {.first = NULL};

    (void)state;
    catalog_cache_refresh(&c, 1000);
    assert_non_null(catalog_cache_add(&c, SV_LIT("one"), 2, 0));
    catalog_cache_fetched(&c, 1000, 1500, 2000); /* until 3500 */
    assert_non_null(catalog_cache_add(&c, SV_LIT("two"), 2, 0));
    catalog_cache_fetched(&c, 2000, 2700, 2000); /* and 700 more */
    catalog_cache_refresh(&c, 4199);
    assert_non_null(catalog_cache_find(&c, SV_LIT("one")));
    catalog_cache_refresh(&c, 4200);
    assert_null(catalog_cache_find(&c, SV_LIT("one")));
    assert_null(catalog_cache_find(&c, SV_LIT("two")));
    /* never much longer, however long fetching takes */
    assert_non_null(catalog_cache_add(&c, SV_LIT("one"), 2, 0));
    catalog_cache_fetched(&c, 5000, 5000, 2000);
    for (int i = 0; i < 100; i++)
        catalog_cache_fetched(&c, 6000, 8000, 2000);
    assert_int_equal(c.expires_ms, 25000);
    catalog_cache_clear(&c);
}

static void test_a_change_is_seen_by_all_connections(void **state)
{
    struct catalog_cache a = {.first = NULL}, b = {.first = NULL};

    (void)state;
    catalog_cache_refresh(&a, 1000);
    assert_non_null(catalog_cache_add(&a, SV_LIT("one"), 2, 0));
    catalog_cache_fetched(&a, 1000, 1000, 2000);
    catalog_cache_changed(&b);
    catalog_cache_refresh(&a, 1001);
    assert_null(catalog_cache_find(&a, SV_LIT("one")));
    catalog_cache_clear(&a);
}

static void test_a_picture_has_a_limit(void **state)
{
    struct catalog_cache c = {.first = NULL};
    struct catalog_picture *p = catalog_cache_add(&c, SV_LIT("key"), 2, 0);
    static char large[1 << 20];
    size_t n = 0;

    (void)state;
    memset(large, 'x', sizeof large - 1);
    while (n < 1000 && put(&c, p, "t", large))
        n++;
    assert_true(n > 30 && n < 65);
    catalog_picture_give_up(p);
    assert_int_equal(p->kept.bytes, 0);
    assert_true(catalog_cache_find(&c, SV_LIT("key"))->unusable);
    catalog_cache_clear(&c);
}

static void test_memory_that_runs_out(void **state)
{
    (void)state;
    for (uint64_t at = 1; at < 200; at++) {
        struct catalog_cache c = {.first = NULL};
        struct catalog_picture *p;
        uint64_t used;
        bool ok;
        mem_fail_at(at, 0);
        catalog_cache_note(&c, SV_LIT("a"), 1, 1);
        p = catalog_cache_add(&c, SV_LIT("key"), 2, 0);
        ok = p != NULL;
        for (size_t i = 0; ok && i < 300; i++)
            ok = put(&c, p, "table", "value");
        ok = ok && catalog_picture_finish(p);
        used = mem_attempts();
        mem_fail_at(0, 0);
        if (p != NULL && !ok)
            catalog_picture_give_up(p);
        catalog_cache_clear(&c);
        if (ok && used < at)
            return;
    }
    fail_msg("it never came through");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_grouped_by_name_in_their_order),
        cmocka_unit_test(test_the_third_table_within_the_time_counts),
        cmocka_unit_test(test_pictures_end_with_their_time),
        cmocka_unit_test(test_a_change_is_seen_by_all_connections),
        cmocka_unit_test(test_a_picture_has_a_limit),
        cmocka_unit_test(test_memory_that_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
