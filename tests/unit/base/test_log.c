/* The log: who may read the file, what it may be, that secrets in any form stay out, and that no
 * value forges a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

static char folder[] = "/tmp/neonodbc-test-XXXXXX";
static char path[256];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(path, sizeof path, "%s/log", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static struct log *open_log(enum log_level level)
{
    struct err e = ERR_INIT;
    struct log *l;

    unlink(path);
    l = log_open(path, level, &e);
    if (l == NULL)
        fail_msg("%s", buf_str(&e.text));
    return l;
}

static char *read_log(void)
{
    static char text[200000];
    FILE *f = fopen(path, "r");
    size_t n;

    assert_non_null(f);
    n = fread(text, 1, sizeof text - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

static void add(struct log *l, const char *secret)
{
    assert_true(log_add_secret(l, sv(secret)));
}

static void test_the_file_is_private(void **state)
{
    struct stat st;
    struct log *l;
    mode_t before = umask(0);

    (void)state;
    l = open_log(LOG_ERROR);
    umask(before);
    log_line(l, LOG_ERROR, "x");
    log_close(l);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_a_file_that_others_could_read_is_closed_to_them(void **state)
{
    struct stat st;
    struct err e = ERR_INIT;
    struct log *l;
    FILE *f;

    (void)state;
    unlink(path);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs("old\n", f);
    fclose(f);
    assert_int_equal(chmod(path, 0666), 0);
    l = log_open(path, LOG_ERROR, &e);
    assert_non_null(l);
    log_line(l, LOG_ERROR, "new");
    log_close(l);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_memory_equal(read_log(), "old\n", 4); /* appended */
    assert_non_null(strstr(read_log(), "new\n"));
}

static void check_refused(const char *what)
{
    struct err e = ERR_INIT;

    assert_null(log_open(what, LOG_ERROR, &e));
    assert_string_equal(e.state, "HY000");
    assert_non_null(strstr(buf_str(&e.text), "cannot be opened"));
    err_release(&e);
}

static void test_what_is_no_file_of_ours_is_refused(void **state)
{
    char other[300];

    (void)state;
    unlink(path);
    check_refused(folder);
    snprintf(other, sizeof other, "%s/none/log", folder);
    check_refused(other);
    /* A link could make us write into somebody's file. */
    snprintf(other, sizeof other, "%s/target", folder);
    close(open(other, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(symlink(other, path), 0);
    check_refused(path);
    unlink(path);
    unlink(other);
    /* Opening a FIFO must not wait for its reader. */
    assert_int_equal(mkfifo(path, 0600), 0);
    check_refused(path);
    unlink(path);
    check_refused("/dev/null");
}

/* Only root can make such a file for the test. */
static void test_a_file_of_another_user_is_refused(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("skipped: giving a file away needs root\n");
        skip();
    }
    unlink(path);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(chown(path, 65534, 65534), 0);
    check_refused(path);
    unlink(path);
}

static void test_levels(void **state)
{
    struct log *l = open_log(LOG_REQUEST);

    (void)state;
    assert_true(log_wants(l, LOG_ERROR));
    assert_true(log_wants(l, LOG_REQUEST));
    assert_false(log_wants(l, LOG_STATEMENT));
    assert_false(log_wants(l, LOG_OFF));
    assert_false(log_wants(NULL, LOG_ERROR));
    log_line(l, LOG_ERROR, "one %d", 1);
    log_line(l, LOG_STATEMENT, "two");
    log_line(NULL, LOG_ERROR, "three");
    log_close(l);
    log_close(NULL);
    assert_non_null(strstr(read_log(), " E one 1\n"));
    assert_null(strstr(read_log(), "two"));
    assert_null(strstr(read_log(), "three"));
}

static void test_a_line_has_its_time_and_cannot_be_forged(void **state)
{
    struct log *l = open_log(LOG_WIRE);
    char *text;

    (void)state;
    log_line(l, LOG_CALL, "a\nb\r\x1b[2J\x7f\tc");
    log_close(l);
    text = read_log();
    assert_int_equal(strlen(text), strcspn(text, "\n") + 1);
    assert_non_null(strstr(text, "Z C a\\x0ab\\x0d\\x1b[2J\\x7f\\x09c\n"));
    for (size_t i = 0; i < 24; i++) /* 2024-01-31T23:59:59.999Z */
        assert_true(strchr("0123456789-:.TZ", text[i]) != NULL);
}

static void test_secrets_in_every_form(void **state)
{
    /* The password in plain, percent-encoded (both cases) and in base64 at the three alignments. */
    static const char *const lines[] = {
        "password=p@ss/w\xC3\xB6rd! end",
        "header p%40ss%2Fw%C3%B6rd%21@host",
        "header p%40ss%2fw%c3%b6rd%21@host",
        "basic cEBzcy93w7ZyZCE=",
        "basic OnBAc3Mvd8O2cmQh (colon before)",
        "basic dTpwQHNzL3fDtnJkIQ== (u: before)",
        "basic dXNlcjpwQHNzL3fDtnJkIXh5 (user: before, xy behind)",
    };
    static const char *const never[] = {"p@ss",   "w\xC3\xB6rd", "p%40",   "%2F",  "%2f",
                                        "c3Mvd8", "zcy93w",      "NzL3fD", "Zcy93"};
    struct log *l = open_log(LOG_WIRE);
    char *text;

    (void)state;
    add(l, "p@ss/w\xC3\xB6rd!");
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        log_line(l, LOG_WIRE, "%s", lines[i]);
    log_close(l);
    text = read_log();
    for (size_t i = 0; i < ARRAY_LEN(never); i++)
        if (strstr(text, never[i]) != NULL)
            fail_msg("%s is in:\n%s", never[i], text);
    assert_non_null(strstr(text, "password=*** end\n"));
    assert_non_null(strstr(text, "header ***@host\n"));
    assert_non_null(strstr(text, "basic *** (colon before)\n"));
}

static void test_overlapping_secrets(void **state)
{
    struct log *l = open_log(LOG_WIRE);
    char *text;

    (void)state;
    add(l, "abcdef");
    add(l, "xab");
    add(l, "cde");
    log_line(l, LOG_WIRE, "1 <xabcdef> 2 <abcde> 3 <cdecde> 4 <ab>");
    log_close(l);
    text = read_log();
    assert_non_null(strstr(text, "1 <***> 2 <ab***> 3 <***> 4 <ab>"));
}

static void test_short_secrets_are_left_alone(void **state)
{
    struct log *l = open_log(LOG_WIRE);

    (void)state;
    add(l, "");
    add(l, "ab");
    assert_true(log_add_secret(l, sv_n(NULL, 0)));
    assert_true(log_add_secret(NULL, SV_LIT("abc")));
    log_line(l, LOG_WIRE, "ab cab");
    log_close(l);
    assert_non_null(strstr(read_log(), "ab cab\n"));
}

/* A connection has seven secrets from keywords and a few headers. */
static void test_there_is_room_for_a_connections_secrets(void **state)
{
    struct log *l = open_log(LOG_WIRE);
    char *text;

    (void)state;
    for (int i = 0; i < 40; i++) {
        char secret[32];
        snprintf(secret, sizeof secret, "s3cr#t/number-%02d", i);
        add(l, secret);
        add(l, secret); /* again: takes no room */
    }
    for (int i = 0; i < 40; i++)
        log_line(l, LOG_WIRE, "s3cr#t/number-%02d", i);
    log_close(l);
    text = read_log();
    assert_null(strstr(text, "s3cr"));
    assert_null(strstr(text, "number"));
}

static void test_a_line_that_is_too_long_says_so(void **state)
{
    struct log *l = open_log(LOG_WIRE);
    char *huge = mem_calloc(1, 100001);

    (void)state;
    assert_non_null(huge);
    memset(huge, 'x', 100000);
    log_line(l, LOG_WIRE, "%s", huge);
    log_line(l, LOG_WIRE, "next");
    log_close(l);
    mem_free(huge);
    assert_non_null(strstr(read_log(), "longer than the log allows"));
    assert_non_null(strstr(read_log(), "next\n"));
}

static void test_without_memory_nothing_is_shown(void **state)
{
    struct log *l = open_log(LOG_WIRE);

    (void)state;
    add(l, "hunter2");
    for (uint64_t n = 1; n < 8; n++) {
        mem_fail_at(n, 1);
        log_line(l, LOG_WIRE, "the password is hunter2");
        mem_fail_at(0, 0);
        mem_fail_at(n, 0);
        log_line(l, LOG_WIRE, "the password is hunter2");
        mem_fail_at(0, 0);
    }
    mem_fail_at(1, 0);
    assert_false(log_add_secret(l, SV_LIT("another")));
    mem_fail_at(0, 0);
    log_close(l);
    assert_null(strstr(read_log(), "hunter2"));
}

static void *write_lines(void *arg)
{
    for (int i = 0; i < 500; i++)
        log_line(arg, LOG_WIRE, "begin hunter2 end");
    return NULL;
}

static void test_lines_of_many_threads_stay_whole(void **state)
{
    struct log *l = open_log(LOG_WIRE);
    pthread_t threads[4];
    char *text;
    size_t lines = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, l), 0);
    add(l, "hunter2");
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    log_close(l);
    for (text = read_log(); *text != '\0'; text += strcspn(text, "\n") + 1, lines++)
        assert_true(strncmp(text + 24, " W begin hunter2 end\n", 21) == 0 ||
                    strncmp(text + 24, " W begin *** end\n", 17) == 0);
    assert_int_equal(lines, 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_file_is_private),
        cmocka_unit_test(test_a_file_that_others_could_read_is_closed_to_them),
        cmocka_unit_test(test_what_is_no_file_of_ours_is_refused),
        cmocka_unit_test(test_a_file_of_another_user_is_refused),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_a_line_has_its_time_and_cannot_be_forged),
        cmocka_unit_test(test_secrets_in_every_form),
        cmocka_unit_test(test_overlapping_secrets),
        cmocka_unit_test(test_short_secrets_are_left_alone),
        cmocka_unit_test(test_there_is_room_for_a_connections_secrets),
        cmocka_unit_test(test_a_line_that_is_too_long_says_so),
        cmocka_unit_test(test_without_memory_nothing_is_shown),
        cmocka_unit_test(test_lines_of_many_threads_stay_whole),
    };
    return cmocka_run_group_tests_name("log", tests, make_folder, remove_folder);
}
