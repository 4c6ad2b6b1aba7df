/* Bytes come back from a file that nobody sees, and a folder that takes none says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/temp_file.h"
#include "files_in.h"

static void test_bytes_come_back_from_a_file_without_a_name(void **state)
{
    char folder[] = "temp_file-XXXXXX", path[4096], bytes[6] = "";
    int fd;

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_non_null(realpath(folder, path));
    setenv("TMPDIR", path, 1);
    assert_string_equal(temp_file_folder(), path);
    fd = temp_file_open();
    assert_true(fd >= 0);
    assert_int_equal(files_in(path), 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(temp_file_write(fd, "world", 5, 70000) && temp_file_write(fd, "hello", 5, 0));
    assert_true(temp_file_read(fd, bytes, 5, 70000));
    assert_string_equal(bytes, "world");
    assert_true(temp_file_read(fd, bytes, 5, 0));
    assert_string_equal(bytes, "hello");
    assert_false(temp_file_read(fd, bytes, 5, 70001));
    assert_int_equal(errno, EIO);
    close(fd);
    assert_int_equal(rmdir(path), 0);
}

static void test_a_folder_that_is_none_says_why(void **state)
{
    (void)state;
    setenv("TMPDIR", "/nowhere/to/be/found", 1);
    assert_int_equal(temp_file_open(), -1);
    assert_int_equal(errno, ENOENT);
    setenv("TMPDIR", "not/absolute", 1);
    assert_string_equal(temp_file_folder(), "/tmp");
}

static void test_a_full_disk_says_so(void **state)
{
    int fd = open("/dev/full", O_RDWR | O_CLOEXEC);

    (void)state;
    if (fd < 0)
        skip();
    assert_false(temp_file_write(fd, "x", 1, 0));
    assert_int_equal(errno, ENOSPC);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_come_back_from_a_file_without_a_name),
        cmocka_unit_test(test_a_folder_that_is_none_says_why),
        cmocka_unit_test(test_a_full_disk_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
