/* Portions of a session's result grow with what was read, and stay within their bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "transport/portion.h"

#define MIB (1u << 20)

static void test_a_portion_is_as_large_as_what_was_read_within_its_bounds(void **state)
{
    static const struct {
        uint64_t bytes, read_bytes; /* of 1024 rows, and so far */
        uint64_t least, most;       /* bytes of the next portion */
    } cases[] = {
        {1024 * 1023, MIB, 8 * MIB, 9 * MIB},
        {1024 * 1023, 20 * MIB, 20 * MIB, 21 * MIB},
        {1024 * 1023, 900ull * MIB, 32 * MIB, 33 * MIB},
        {8ull * MIB * 1024, 9000ull * MIB, 32 * MIB, 41 * MIB}, /* one row more than fits */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t rows = portion_next(1024, cases[i].bytes, cases[i].read_bytes);
        uint64_t bytes = rows * (cases[i].bytes / 1024 + 1);
        assert_in_range(bytes, cases[i].least, cases[i].most);
    }
}

static void test_rows_are_at_least_one_and_at_most_a_million(void **state)
{
    (void)state;
    assert_int_equal(portion_next(1, 1ull << 40, 1ull << 40), 1);
    assert_int_equal(portion_next(PORTION_FIRST_ROWS, 0, 0), PORTION_MAX_ROWS);
    assert_int_equal(portion_next(PORTION_MAX_ROWS, UINT64_MAX, UINT64_MAX), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_portion_is_as_large_as_what_was_read_within_its_bounds),
        cmocka_unit_test(test_rows_are_at_least_one_and_at_most_a_million),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
