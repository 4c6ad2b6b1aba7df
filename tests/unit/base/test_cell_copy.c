/* Copies of cells: they say what was copied however many come later, and NULL stays apart from an
 * empty text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/cell_copy.h"

static void test_null_and_empty_stay_apart(void **state)
{
    const struct cell from[] = {{NULL, 0}, {"", 0}, {"abc", 3}};
    struct cell_copies c = {0};
    struct cell to[3];

    (void)state;
    assert_true(cell_copies_add(&c, from, 3, to));
    assert_null(to[0].ptr);
    assert_non_null(to[1].ptr);
    assert_int_equal(to[1].len, 0);
    assert_int_equal(to[2].len, 3);
    assert_memory_equal(to[2].ptr, "abc", 3);
    assert_ptr_not_equal(to[2].ptr, from[2].ptr);
    cell_copies_release(&c);
    assert_int_equal(c.bytes, 0);
    cell_copies_release(&c);
}

/* Rows of all sizes, some larger than a block. */
static void test_copies_do_not_move(void **state)
{
    enum { N = 600, MAX = 200000 };
    static struct cell to[N][2];
    struct cell_copies c = {0};
    char *text = mem_alloc(MAX);
    size_t total = 0;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < N; i++) {
        size_t len = i % 100 == 99 ? MAX : i * 7;
        struct cell from[2] = {{text, len}, {text, i % 3}};
        memset(text, (int)(i % 251), len);
        assert_true(cell_copies_add(&c, from, 2, to[i]));
        total += len + i % 3;
    }
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < 2; k++)
            for (size_t at = 0; at < to[i][k].len; at++)
                if ((unsigned char)to[i][k].ptr[at] != i % 251)
                    fail_msg("row %zu, cell %zu, byte %zu has changed", i, k, at);
    assert_int_equal(to[N - 1][0].len, MAX);
    assert_true(c.bytes >= total);
    mem_free(text);
    cell_copies_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_null_and_empty_stay_apart),
        cmocka_unit_test(test_copies_do_not_move),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
