/* Routines that {call} named: which overload fits, and how many are remembered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/mem.h"
#include "handle/routine_cache.h"

static void test_which_overload_fits_best(void **state)
{
    static const struct {
        const char *modes;
        size_t n_defaults, n;
        int fitness;
    } cases[] = {
        {"", 0, 0, 3},   {"ii", 0, 2, 3},  {"ii", 0, 1, 0},  {"ii", 1, 1, 1},
        {"ii", 2, 0, 1}, {"ii", 0, 3, 0},  {"ioo", 0, 1, 2}, {"ioo", 0, 3, 3},
        {"bo", 0, 1, 2}, {"itt", 0, 1, 3}, {"iv", 0, 1, 1},  {"iv", 0, 2, 3},
        {"iv", 0, 9, 1}, {"iv", 0, 0, 0},  {"v", 0, 0, 1},   {"oii", 1, 1, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (routine_fitness(cases[i].modes, cases[i].n_defaults, cases[i].n) != cases[i].fitness)
            fail_msg("\"%s\" with %zu defaults takes %zu arguments", cases[i].modes,
                     cases[i].n_defaults, cases[i].n);
    assert_int_equal(routine_count_args("iobvt", false), 4);
    assert_int_equal(routine_count_args("iobvt", true), 3);
}

static const struct routine *add(struct routine_cache *c, const char *schema, unsigned number)
{
    char name[20];
    struct routine r = {.schema = mem_strdup(schema), .n_args = 1, .found = true};

    snprintf(name, sizeof name, "f%u", number);
    r.name = mem_strdup(name);
    r.modes = mem_strdup("i");
    r.arg_names = mem_strdup("");
    assert_true(r.schema && r.name && r.modes && r.arg_names);
    return routine_cache_add(c, &r);
}

static void test_the_oldest_goes_first(void **state)
{
    struct routine_cache c = {.n = 0};
    const struct routine *first = add(&c, "", 0);

    (void)state;
    assert_ptr_equal(routine_cache_find(&c, "", "f0", 1), first);
    assert_null(routine_cache_find(&c, "s", "f0", 1));
    assert_null(routine_cache_find(&c, "", "f0", 2));
    for (unsigned i = 1; i <= ROUTINE_CACHE_MAX; i++)
        (void)add(&c, "s", i);
    assert_null(routine_cache_find(&c, "", "f0", 1));
    assert_non_null(routine_cache_find(&c, "s", "f1", 1));
    assert_non_null(routine_cache_find(&c, "s", "f32", 1));
    routine_cache_clear(&c);
    assert_null(routine_cache_find(&c, "s", "f1", 1));
    assert_non_null(add(&c, "", 7));
    routine_cache_clear(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_overload_fits_best),
        cmocka_unit_test(test_the_oldest_goes_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
