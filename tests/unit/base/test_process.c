/* The process's id, in a parent and in its child. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/wait.h>
#include <unistd.h>

#include "base/process.h"

static void test_child_has_its_own(void **state)
{
    pid_t child;
    int status = 0;

    (void)state;
    assert_int_equal(process_id(), getpid());
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(process_id() == getpid() ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(process_id(), getpid());
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_child_has_its_own)};

    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
