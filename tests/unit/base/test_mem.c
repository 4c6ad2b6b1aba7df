/* The allocator's door: what it promises at the edges, and that tests can make it fail where they
 * want. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/mem.h"

static void test_nothing_is_a_block_of_its_own(void **state)
{
    void *a = mem_alloc(0);
    void *b = mem_calloc(0, 8);

    (void)state;
    assert_non_null(a);
    assert_non_null(b);
    assert_ptr_not_equal(a, b);
    mem_free(a);
    mem_free(b);
    mem_free(NULL);
    mem_free_secret(NULL, 0);
    mem_free_secret(NULL, 7);
}

static void test_products_that_overflow_are_refused(void **state)
{
    void *old = mem_alloc(4);

    (void)state;
    assert_non_null(old);
    assert_null(mem_calloc(SIZE_MAX / 2, 3));
    assert_null(mem_realloc_array(old, SIZE_MAX / 2, 3));
    assert_null(mem_realloc_array(NULL, SIZE_MAX, 2));
    assert_null(mem_strndup("x", SIZE_MAX));
    memset(old, 1, 4); /* still ours */
    mem_free(old);
}

static void test_copies_end_with_nul(void **state)
{
    char *a = mem_strndup("hello", 3);
    char *b = mem_strndup(NULL, 0);
    char *c = mem_strdup("x");

    (void)state;
    assert_string_equal(a, "hel");
    assert_string_equal(b, "");
    assert_string_equal(c, "x");
    assert_null(mem_strdup(NULL));
    mem_free(a);
    mem_free(b);
    mem_free(c);
}

static void test_calloc_zeroes(void **state)
{
    static const char zeroes[64];
    char *a = mem_alloc(64);
    char *b;

    (void)state;
    assert_non_null(a);
    memset(a, 0xFF, 64);
    mem_free(a);
    b = mem_calloc(8, 8);
    assert_memory_equal(b, zeroes, 64);
    mem_free(b);
}

static void test_wiping(void **state)
{
    char secret[] = "hunter2";

    (void)state;
    mem_wipe(secret, 3);
    assert_memory_equal(secret, "\0\0\0ter2", 8);
    mem_wipe(NULL, 5);
    mem_wipe(secret, 0);
    assert_int_equal(secret[3], 't');
}

/* One bit per allocation that succeeded. */
static unsigned tries(void)
{
    unsigned bits = 0;

    for (unsigned i = 0; i < 6; i++) {
        void *p = i % 2 == 0 ? mem_alloc(1) : mem_calloc(1, 1);
        bits |= p != NULL ? 1u << i : 0;
        mem_free(p);
    }
    return bits;
}

static void test_the_nth_allocation_fails(void **state)
{
    char *p = mem_alloc(1);

    (void)state;
    mem_fail_at(1, 0);
    assert_int_equal(tries(), 0x3E);
    mem_fail_at(3, 0);
    assert_int_equal(tries(), 0x3B);
    assert_int_equal(mem_attempts(), 6);
    mem_fail_at(3, 1);
    assert_int_equal(tries(), 0x03);
    mem_fail_at(1, 1);
    assert_null(mem_realloc(p, 100)); /* p stays valid */
    assert_null(mem_strdup("x"));
    mem_fail_at(0, 0);
    assert_int_equal(tries(), 0x3F);
    assert_int_equal(mem_attempts(), 0);
    p[0] = 1;
    mem_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_a_block_of_its_own),
        cmocka_unit_test(test_products_that_overflow_are_refused),
        cmocka_unit_test(test_copies_end_with_nul),
        cmocka_unit_test(test_calloc_zeroes),
        cmocka_unit_test(test_wiping),
        cmocka_unit_test(test_the_nth_allocation_fails),
    };
    return cmocka_run_group_tests_name("mem", tests, NULL, NULL);
}
