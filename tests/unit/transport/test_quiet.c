/* SIGPIPE while libcurl works: swallowed, unless the application waits for it itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "transport/quiet.h"

static void write_to_nobody(void)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(write(ends[1], "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    close(ends[1]);
}

static bool is_pending(void)
{
    sigset_t set;

    sigpending(&set);
    return sigismember(&set, SIGPIPE) == 1;
}

static void test_a_sigpipe_ends_nobody(void **state)
{
    struct quiet q;
    sigset_t after;

    (void)state;
    quiet_begin(&q);
    write_to_nobody(); /* outside, this would end the program */
    quiet_end(&q);
    assert_false(is_pending());
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    assert_int_equal(sigismember(&after, SIGPIPE), 0);
}

static void test_an_application_that_blocks_it_gets_it(void **state)
{
    static const struct timespec no_wait = {0, 0};
    sigset_t set;
    sigset_t after;
    struct quiet q;

    (void)state;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    quiet_begin(&q);
    write_to_nobody();
    quiet_end(&q);
    assert_true(is_pending());
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    assert_int_equal(sigismember(&after, SIGPIPE), 1);
    assert_int_equal(sigtimedwait(&set, NULL, &no_wait), SIGPIPE);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sigpipe_ends_nobody),
        cmocka_unit_test(test_an_application_that_blocks_it_gets_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
