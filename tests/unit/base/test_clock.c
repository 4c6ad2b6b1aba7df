/* Deadlines, with a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"

static int64_t now;

static int64_t fake_now(void)
{
    return now;
}

static void test_deadlines(void **state)
{
    (void)state;
    clock_set_source(fake_now);
    now = 1000;
    assert_int_equal(deadline_after_s(2), 3000);
    assert_true(deadline_after_s(0) == DEADLINE_NONE);
    assert_true(deadline_after_s(-1) == DEADLINE_NONE);
    assert_true(deadline_after_s(INT64_MAX) == DEADLINE_NONE);
    assert_true(deadline_after_s(INT64_MIN) == DEADLINE_NONE);
    assert_int_equal(deadline_left_ms(3000, 5000), 2000);
    assert_int_equal(deadline_left_ms(3000, 100), 100);
    now = 3000;
    assert_int_equal(deadline_left_ms(3000, 100), 0);
    now = 9000;
    assert_int_equal(deadline_left_ms(3000, 100), 0);
    assert_int_equal(deadline_left_ms(DEADLINE_NONE, 100), 100);
    assert_int_equal(deadline_min(5, DEADLINE_NONE), 5);
    assert_int_equal(deadline_min(7, 5), 5);
    clock_set_source(NULL);
}

static void test_the_real_clock_never_goes_back(void **state)
{
    int64_t last = clock_now_ms();

    (void)state;
    assert_true(last > 0);
    for (int i = 0; i < 100000; i++) {
        int64_t next = clock_now_ms();
        assert_true(next >= last);
        last = next;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deadlines),
        cmocka_unit_test(test_the_real_clock_never_goes_back),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
