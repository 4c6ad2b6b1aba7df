/* What is put aside comes back whole and in order, from memory and from a file that nobody sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "transport/parked.h"
#include "../base/files_in.h"

#define N_BYTES 20000

static char byte_at(size_t i)
{
    return (char)(i * 131 >> 3);
}

static void append(struct parked *p, size_t from, size_t n)
{
    char *bytes = malloc(n);
    struct err e = ERR_INIT;

    assert_non_null(bytes);
    for (size_t i = 0; i < n; i++)
        bytes[i] = byte_at(from + i);
    if (!parked_append(p, bytes, n, &e))
        fail_msg("%s", buf_str(&e.text));
    free(bytes);
}

/* Takes once; returns how much. */
static size_t take(struct parked *p, size_t from, size_t cap)
{
    char *bytes = malloc(cap);
    struct err e = ERR_INIT;
    size_t got = 0;

    assert_non_null(bytes);
    assert_true(parked_take(p, bytes, cap, &got, &e));
    assert_true(got <= cap);
    for (size_t i = 0; i < got; i++)
        if (bytes[i] != byte_at(from + i))
            fail_msg("byte %zu is another one", from + i);
    free(bytes);
    return got;
}

/* In every mixture of writing and reading, with the limit of memory at every place. */
static void test_first_in_first_out(void **state)
{
    static const size_t limits[] = {0, 1, 100, 5000, N_BYTES, 2 * N_BYTES};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(limits); i++)
        for (size_t step = 700; step < 5000; step += 1300) {
            struct parked p;
            size_t in = 0, out = 0;
            parked_init(&p);
            p.memory_bytes = limits[i];
            assert_true(parked_is_empty(&p));
            while (out < N_BYTES) {
                size_t n = N_BYTES - in < step ? N_BYTES - in : step;
                if (n > 0)
                    append(&p, in, n);
                in += n;
                out += take(&p, out, step / 3);
                if (in == N_BYTES)
                    out += take(&p, out, 1000);
            }
            assert_true(parked_is_empty(&p));
            assert_int_equal(take(&p, out, 10), 0);
            parked_release(&p);
        }
}

static void test_the_file_has_no_name(void **state)
{
    char dir[] = "/tmp/neon-parked-XXXXXX";
    const char *before = getenv("TMPDIR");
    char *saved = before != NULL ? strdup(before) : NULL;
    struct parked p;

    (void)state;
    assert_non_null(mkdtemp(dir));
    setenv("TMPDIR", dir, 1);
    parked_init(&p);
    p.memory_bytes = 10;
    append(&p, 0, 5);
    assert_int_equal(p.fd, -1);
    append(&p, 5, 100);
    assert_true(p.fd >= 0);
    assert_int_equal(files_in(dir), 0);
    assert_int_equal(take(&p, 0, 1000) + take(&p, 5, 1000), 105);
    parked_release(&p);
    if (saved != NULL)
        setenv("TMPDIR", saved, 1);
    else
        unsetenv("TMPDIR");
    free(saved);
    assert_int_equal(rmdir(dir), 0);
}

static void test_no_room_on_the_disk_is_an_error_that_says_what_to_do(void **state)
{
    static const char *const bad[] = {"/nowhere/at/all", "/proc"};
    const char *before = getenv("TMPDIR");
    char *saved = before != NULL ? strdup(before) : NULL;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct parked p;
        struct err e = ERR_INIT;
        setenv("TMPDIR", bad[i], 1);
        parked_init(&p);
        p.memory_bytes = 4;
        append(&p, 0, 4);
        assert_false(parked_append(&p, "x", 1, &e));
        assert_string_equal(e.state, "HY000");
        assert_non_null(strstr(buf_str(&e.text), "TMPDIR"));
        err_release(&e);
        assert_int_equal(take(&p, 0, 10), 4); /* what was there is there still */
        parked_release(&p);
    }
    if (saved != NULL)
        setenv("TMPDIR", saved, 1);
    else
        unsetenv("TMPDIR");
    free(saved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_in_first_out),
        cmocka_unit_test(test_the_file_has_no_name),
        cmocka_unit_test(test_no_room_on_the_disk_is_an_error_that_says_what_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
