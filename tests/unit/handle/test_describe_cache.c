/* describe_cache.c: found by text, bounded, the oldest goes first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "handle/describe_cache.h"

static void add(struct describe_cache *c, const char *text)
{
    struct description *d = description_new(sv(text), 2);
    struct column column = {.name = (char *)(uintptr_t) "a", .name_len = 1, .type_oid = 23};

    assert_non_null(d);
    assert_true(description_set_columns(d, &column, 1));
    describe_cache_add(c, d);
}

static void test_found_by_text(void **state)
{
    struct describe_cache c = {NULL, 0};
    const struct description *d;

    (void)state;
    assert_null(describe_cache_find(&c, SV_LIT("x")));
    add(&c, "x");
    add(&c, "xy");
    d = describe_cache_find(&c, SV_LIT("x"));
    assert_non_null(d);
    assert_int_equal(d->columns[0].type_oid, 23);
    assert_string_equal(d->columns[0].name, "a");
    assert_null(describe_cache_find(&c, SV_LIT("xyz")));
    describe_cache_clear(&c);
    assert_null(describe_cache_find(&c, SV_LIT("x")));
}

static void test_the_oldest_goes(void **state)
{
    struct describe_cache c = {NULL, 0};
    char text[32];

    (void)state;
    for (int i = 0; i < DESCRIBE_CACHE_MAX; i++) {
        snprintf(text, sizeof text, "text %d", i);
        add(&c, text);
    }
    assert_non_null(describe_cache_find(&c, SV_LIT("text 0"))); /* now the newest */
    add(&c, "one more");
    assert_int_equal(c.n, DESCRIBE_CACHE_MAX);
    assert_non_null(describe_cache_find(&c, SV_LIT("text 0")));
    assert_null(describe_cache_find(&c, SV_LIT("text 1")));
    describe_cache_clear(&c);
}

static void test_out_of_memory(void **state)
{
    struct column column = {.name = (char *)(uintptr_t) "a", .name_len = 1};

    (void)state;
    for (uint64_t n = 1; n <= 3; n++) {
        mem_fail_at(n, 0);
        assert_null(description_new(SV_LIT("x"), 1));
        mem_fail_at(0, 0);
    }
    for (uint64_t n = 1; n <= 2; n++) {
        struct description *d = description_new(SV_LIT("x"), 1);
        assert_non_null(d);
        mem_fail_at(n, 0);
        assert_false(description_set_columns(d, &column, 1));
        mem_fail_at(0, 0);
        assert_false(d->has_columns);
        description_free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found_by_text),
        cmocka_unit_test(test_the_oldest_goes),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
