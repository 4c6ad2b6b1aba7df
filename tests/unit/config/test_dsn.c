/* Data sources: a foreign reader is not believed, and the real one reads a real odbc.ini. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"

/* Answers a list of names and the same value for each of them, with the number it is told. */
struct fake {
    const char *names;
    size_t names_len;
    const char *value;
    int says; /* -1: the truth */
};

static int read_fake(void *ctx, const char *section, const char *entry, char *out, int cap_bytes)
{
    const struct fake *f = ctx;
    size_t len = entry == NULL ? f->names_len : strlen(f->value);

    (void)section;
    memset(out, 'Z', (size_t)cap_bytes); /* no terminator but what is copied */
    if (len > (size_t)cap_bytes)
        len = (size_t)cap_bytes;
    memcpy(out, entry == NULL ? f->names : f->value, len);
    if (len < (size_t)cap_bytes)
        out[len] = '\0';
    return f->says >= 0 ? f->says : (int)len;
}

static void test_a_lying_reader_does_no_harm(void **state)
{
    static const int numbers[] = {-1, 0, 1, 3, 32767, 32768, 2147483647};
    struct fake f = {"UID\0Database\0", 13, "x", -1};
    struct dsn_reader reader = {read_fake, &f};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        struct conn_options o;
        struct err e = ERR_INIT;
        conn_options_init(&o);
        f.says = numbers[i];
        (void)!dsn_read(&o, "test", &reader, NULL, &e);
        if (numbers[i] == -1)
            assert_string_equal(o.database, "x");
        if (numbers[i] == 0)
            assert_null(o.uid);
        conn_options_release(&o);
        err_release(&e);
    }
}

static char folder[] = "/tmp/neonodbc-test-XXXXXX";

static void write_ini(const char *text)
{
    char path[256];
    FILE *f;

    snprintf(path, sizeof path, "%s/odbc.ini", folder);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int use_own_ini(void **state)
{
    char path[256];

    (void)state;
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(path, sizeof path, "%s/odbc.ini", folder);
    setenv("ODBCSYSINI", folder, 1);
    setenv("ODBCINI", path, 1);
    return 0;
}

static int remove_own_ini(void **state)
{
    char path[256];

    (void)state;
    snprintf(path, sizeof path, "%s/odbc.ini", folder);
    unlink(path);
    return rmdir(folder);
}

static void test_odbc_ini(void **state)
{
    struct conn_options o;
    struct config_warnings w;
    struct err e = ERR_INIT;

    (void)state;
    write_ini("[neon-a]\nDriver = Neon\nServername = ep-a.eu.aws.neon.tech\nPort=5432\nUID = u v\n"
              "PWD = p;w{x}=y\nSSLmode=require\nColour=red\nConnSettings=\nMaxVarcharSize=99\n\n"
              "[other]\nServer=x\n");
    conn_options_init(&o);
    config_warnings_init(&w);
    if (!config_build(&o, SV_LIT("DSN=neon-a"), NULL, NULL, NULL, &w, &e))
        fail_msg("%s", buf_str(&e.text));
    assert_string_equal(o.dsn, "neon-a");
    assert_string_equal(o.driver, "Neon");
    assert_string_equal(o.server, "ep-a.eu.aws.neon.tech");
    assert_string_equal(o.uid, "u v");
    assert_string_equal(o.pwd, "p;w{x}=y");
    assert_int_equal(o.port, 443);
    assert_int_equal(o.max_varchar_size, 99);
    assert_int_equal(o.source[CONN_KEY_server], CONN_SRC_DSN);
    assert_int_equal(w.n, 2);
    assert_int_equal(w.item[0].state, ST_NONE);
    assert_int_equal(w.item[1].state, ST_01S00);
    assert_non_null(strstr(w.item[1].text, "Colour"));
    config_warnings_release(&w);
    conn_options_release(&o);
}

static void test_a_section_that_is_not_there_has_no_entries(void **state)
{
    struct conn_options o;
    struct err e = ERR_INIT;

    (void)state;
    write_ini("[other]\nServer=x\n");
    conn_options_init(&o);
    assert_true(config_build(&o, SV_LIT("DSN=nobody"), NULL, NULL, NULL, NULL, &e));
    assert_null(o.server);
    conn_options_release(&o);
}

/* unixODBC cuts long values without a word; a cut token would be refused by the server for a reason
 * nobody finds. */
static void test_a_value_that_arrives_cut_is_refused(void **state)
{
    static char text[40000];

    (void)state;
    for (size_t len = 900; len < 5000; len = len < 1100 ? len + 1 : len + 1000) {
        struct conn_options o;
        struct err e = ERR_INIT;
        char section[32];
        size_t at;
        /* The manager caches what it read: each length has a section of its own. */
        snprintf(section, sizeof section, "long%zu", len);
        at = (size_t)snprintf(text, sizeof text, "[%s]\nToken=", section);
        memset(text + at, 'a', len);
        memcpy(text + at + len, "\n", 2);
        write_ini(text);
        conn_options_init(&o);
        if (config_build(&o, SV_LIT(""), section, NULL, NULL, NULL, &e)) {
            assert_int_equal(strlen(o.token), len);
        } else {
            assert_string_equal(e.state, "HY024");
            assert_non_null(strstr(buf_str(&e.text), "Token in the data source"));
            assert_true(len > 980);
        }
        conn_options_release(&o);
        err_release(&e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_lying_reader_does_no_harm),
        cmocka_unit_test(test_odbc_ini),
        cmocka_unit_test(test_a_section_that_is_not_there_has_no_entries),
        cmocka_unit_test(test_a_value_that_arrives_cut_is_refused),
    };
    return cmocka_run_group_tests_name("dsn", tests, use_own_ini, remove_own_ini);
}
