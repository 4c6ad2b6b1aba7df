/* PWDFile and TokenFile: what is read, what is refused, and when a file counts. Real files in a
 * folder of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/conn_options.h"

static char folder[] = "/tmp/neonodbc-test-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void path_of(char *out, size_t cap, const char *name)
{
    snprintf(out, cap, "%s/%s", folder, name);
}

static void write_file(const char *name, const char *text, size_t len, mode_t mode)
{
    char path[256];
    FILE *f;

    path_of(path, sizeof path, name);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len, f), len);
    fclose(f);
    assert_int_equal(chmod(path, mode), 0);
}

static void remove_file(const char *name)
{
    char path[256];

    path_of(path, sizeof path, name);
    assert_int_equal(unlink(path), 0);
}

static void set(struct conn_options *o, const char *key, const char *value, enum conn_source source)
{
    struct err e = ERR_INIT;

    assert_true(conn_options_set(o, sv(key), sv(value), source, NULL, &e));
}

static void set_file(struct conn_options *o, const char *key, const char *name,
                     enum conn_source source)
{
    char path[256];

    path_of(path, sizeof path, name);
    set(o, key, path, source);
}

/* Loads one file written with that text; wanted NULL: HY024 with `part` in the message. */
static void check(const char *key, const char *text, size_t len, mode_t mode, const char *wanted,
                  const char *part)
{
    struct conn_options o;
    struct err e = ERR_INIT;
    bool ok;

    write_file("f", text, len, mode);
    conn_options_init(&o);
    set_file(&o, key, "f", CONN_SRC_STRING);
    ok = conn_options_load_files(&o, &e);
    if (wanted != NULL) {
        if (!ok)
            fail_msg("%s", buf_str(&e.text));
        assert_string_equal(strcmp(key, "PWDFile") == 0 ? o.pwd : o.token, wanted);
    } else {
        assert_false(ok);
        assert_string_equal(e.state, "HY024");
        if (strstr(buf_str(&e.text), part) == NULL)
            fail_msg("the message is %s", buf_str(&e.text));
        assert_null(strstr(buf_str(&e.text), "hunter2"));
    }
    conn_options_release(&o);
    err_release(&e);
    remove_file("f");
}

#define TEXT(s) s, sizeof(s) - 1

static void test_the_line_end_is_not_part_of_a_password(void **state)
{
    (void)state;
    check("PWDFile", TEXT("hunter2\n"), 0600, "hunter2", "");
    check("PWDFile", TEXT("hunter2\r\n"), 0400, "hunter2", "");
    check("PWDFile", TEXT("hunter2"), 0600, "hunter2", "");
    check("PWDFile", TEXT(" hunter2 \n\n"), 0600, " hunter2 \n", "");
    check("TokenFile", TEXT("\n a.b.c \n\n"), 0600, "a.b.c", "");
}

static void test_a_file_open_to_others_is_refused(void **state)
{
    (void)state;
    check("PWDFile", TEXT("hunter2"), 0644, NULL, "chmod 600");
    check("PWDFile", TEXT("hunter2"), 0640, NULL, "mode 640");
    check("PWDFile", TEXT("hunter2"), 0602, NULL, "chmod 600");
    check("TokenFile", TEXT("hunter2"), 0604, NULL, "TokenFile names");
}

static void test_contents_that_are_no_secret_are_refused(void **state)
{
    static char large[70000];

    (void)state;
    memset(large, 'x', sizeof large);
    check("PWDFile", "", 0, 0600, NULL, "which is empty");
    check("PWDFile", TEXT("\n"), 0600, NULL, "which is empty");
    check("TokenFile", TEXT(" \n "), 0600, NULL, "which is empty");
    check("PWDFile", TEXT("hunter2\0x"), 0600, NULL, "NUL");
    check("TokenFile", TEXT("hunter2\nhunter3"), 0600, NULL, "printable ASCII");
    check("PWDFile", large, sizeof large, 0600, NULL, "larger than 65536 bytes");
    check("PWDFile", large, 5000, 0600, NULL, "at most 4096");
}

static void check_path_refused(const char *name, const char *part)
{
    struct conn_options o;
    struct err e = ERR_INIT;

    conn_options_init(&o);
    set_file(&o, "PWDFile", name, CONN_SRC_STRING);
    assert_false(conn_options_load_files(&o, &e));
    assert_string_equal(e.state, "HY024");
    if (strstr(buf_str(&e.text), part) == NULL)
        fail_msg("the message is %s", buf_str(&e.text));
    conn_options_release(&o);
    err_release(&e);
}

static void test_what_is_no_file_is_refused_without_hanging(void **state)
{
    char path[256];

    (void)state;
    check_path_refused("nothing-here", "cannot be opened (No such file");
    check_path_refused(".", "not a regular file");
    path_of(path, sizeof path, "fifo");
    assert_int_equal(mkfifo(path, 0600), 0);
    check_path_refused("fifo", "not a regular file");
    remove_file("fifo");
}

static void check_certificate(const char *key, const char *name, const char *part)
{
    struct conn_options o;
    struct err e = ERR_INIT;

    conn_options_init(&o);
    set_file(&o, key, name, CONN_SRC_STRING);
    if (conn_options_load_files(&o, &e) != (part == NULL))
        fail_msg("%s of %s: %s", key, name, part == NULL ? buf_str(&e.text) : "accepted");
    if (part != NULL) {
        assert_string_equal(e.state, "08001");
        if (strstr(buf_str(&e.text), key) == NULL || strstr(buf_str(&e.text), part) == NULL)
            fail_msg("the message is %s", buf_str(&e.text));
    }
    conn_options_release(&o);
    err_release(&e);
}

/* libcurl passes over a CAPath that is no folder, and over all of them when it needs none. */
static void test_certificates_that_cannot_be_read_are_refused(void **state)
{
    static const char *const files[] = {"CAFile", "CRLFile", "ClientCert", "ClientKey"};
    struct conn_options o;
    struct err e = ERR_INIT;

    (void)state;
    write_file("f", TEXT("any"), 0600);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        check_certificate(files[i], "f", NULL);
        check_certificate(files[i], "nothing-here", "No such file");
        check_certificate(files[i], "f/below", "Not a directory");
        check_certificate(files[i], ".", "it is a folder");
    }
    check_certificate("CAFile", ".", "there is CAPath");
    check_certificate("CAPath", ".", NULL);
    check_certificate("CAPath", "nothing-here", "No such file");
    check_certificate("CAPath", "f", "there is CAFile");
    remove_file("f");
    conn_options_init(&o);
    set(&o, "sslrootcert", "system", CONN_SRC_STRING);
    assert_true(conn_options_load_files(&o, &e));
    conn_options_release(&o);
}

/* Container platforms mount secrets as links into a folder of their own. */
static void test_a_link_to_a_private_file_is_followed(void **state)
{
    char path[256];
    struct conn_options o;
    struct err e = ERR_INIT;

    (void)state;
    write_file("real", TEXT("hunter2"), 0600);
    path_of(path, sizeof path, "link");
    assert_int_equal(symlink("real", path), 0);
    conn_options_init(&o);
    set_file(&o, "PWDFile", "link", CONN_SRC_STRING);
    assert_true(conn_options_load_files(&o, &e));
    assert_string_equal(o.pwd, "hunter2");
    conn_options_release(&o);
    remove_file("link");
    remove_file("real");
}

static void test_the_higher_source_decides_between_file_and_password(void **state)
{
    static const struct {
        enum conn_source pwd, file;
        const char *want;
    } cases[] = {
        {CONN_SRC_STRING, CONN_SRC_DSN, "typed"},
        {CONN_SRC_STRING, CONN_SRC_STRING, "typed"},
        {CONN_SRC_DSN, CONN_SRC_STRING, "filed"},
        {CONN_SRC_URL, CONN_SRC_DSN, "filed"},
    };

    (void)state;
    write_file("f", TEXT("filed"), 0600);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct conn_options o;
        struct err e = ERR_INIT;
        conn_options_init(&o);
        set(&o, "PWD", "typed", cases[i].pwd);
        set_file(&o, "PWDFile", "f", cases[i].file);
        assert_true(conn_options_load_files(&o, &e));
        assert_string_equal(o.pwd, cases[i].want);
        conn_options_release(&o);
    }
    remove_file("f");
}

static void test_a_file_is_read_again_and_stays_out_of_the_out_string(void **state)
{
    struct conn_options o;
    struct err e = ERR_INIT;
    struct buf out = BUF_INIT(0);

    (void)state;
    conn_options_init(&o);
    set(&o, "SavePassword", "1", CONN_SRC_STRING);
    set_file(&o, "TokenFile", "f", CONN_SRC_STRING);
    write_file("f", TEXT("one"), 0600);
    assert_true(conn_options_load_files(&o, &e));
    assert_string_equal(o.token, "one");
    write_file("f", TEXT("two"), 0600);
    assert_true(conn_options_load_files(&o, &e));
    assert_string_equal(o.token, "two");
    assert_true(conn_options_to_connstr(&o, &out));
    assert_null(strstr(buf_str(&out), "two"));
    assert_non_null(strstr(buf_str(&out), "TokenFile="));
    buf_release(&out);
    conn_options_release(&o);
    remove_file("f");
}

/* Who writes them into odbc.ini may have had connection strings in mind. */
static void test_braces_that_belong_to_a_value(void **state)
{
    static const struct {
        const char *key, *value;
        enum conn_source source;
        bool braced;
    } cases[] = {
        {"PWD", "{a;b}", CONN_SRC_DSN, true},     {"PWD", "{}", CONN_SRC_DSN, true},
        {"PWD", "{", CONN_SRC_DSN, false},        {"PWD", "{a", CONN_SRC_DSN, false},
        {"PWD", "a}", CONN_SRC_DSN, false},       {"UID", "{me}", CONN_SRC_DSN, true},
        {"PWD", "{a;b}", CONN_SRC_STRING, false}, {"PWD", "{a;b}", CONN_SRC_URL, false},
    };
    struct conn_options o;
    struct err e = ERR_INIT;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        conn_options_init(&o);
        set(&o, cases[i].key, cases[i].value, cases[i].source);
        if (conn_options_is_braced(&o, conn_key_find(sv(cases[i].key))) != cases[i].braced)
            fail_msg("%s=%s: %s", cases[i].key, cases[i].value, cases[i].braced ? "no" : "yes");
        conn_options_release(&o);
    }
    write_file("f", TEXT("{filed}"), 0600); /* there nobody thinks of them */
    conn_options_init(&o);
    set_file(&o, "PWDFile", "f", CONN_SRC_DSN);
    assert_true(conn_options_load_files(&o, &e));
    assert_string_equal(o.pwd, "{filed}");
    assert_false(conn_options_is_braced(&o, CONN_KEY_pwd));
    conn_options_release(&o);
    remove_file("f");
}

static void test_without_memory(void **state)
{
    (void)state;
    write_file("f", TEXT("hunter2"), 0600);
    for (uint64_t n = 1;; n++) {
        struct conn_options o;
        struct err e = ERR_INIT;
        bool ok;
        conn_options_init(&o);
        set_file(&o, "PWDFile", "f", CONN_SRC_STRING);
        mem_fail_at(n, 0);
        ok = conn_options_load_files(&o, &e);
        mem_fail_at(0, 0);
        assert_true(ok || strcmp(e.state, "HY001") == 0);
        conn_options_release(&o);
        err_release(&e);
        if (ok) {
            assert_true(n > 2);
            break;
        }
    }
    remove_file("f");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_line_end_is_not_part_of_a_password),
        cmocka_unit_test(test_a_file_open_to_others_is_refused),
        cmocka_unit_test(test_contents_that_are_no_secret_are_refused),
        cmocka_unit_test(test_what_is_no_file_is_refused_without_hanging),
        cmocka_unit_test(test_certificates_that_cannot_be_read_are_refused),
        cmocka_unit_test(test_a_link_to_a_private_file_is_followed),
        cmocka_unit_test(test_the_higher_source_decides_between_file_and_password),
        cmocka_unit_test(test_a_file_is_read_again_and_stays_out_of_the_out_string),
        cmocka_unit_test(test_braces_that_belong_to_a_value),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests_name("conn_options_files", tests, make_folder, remove_folder);
}
