/* Connection strings, data sources, URLs and environment put together: the cases of
 * tests/data/connstr/, each run once as it is and then once for every allocation that can fail.
 *
 * A case begins with "== title". Its lines:
 *   string TEXT          the connection string            arg KEYWORD=TEXT     an argument of
 * SQLConnect dsn KEYWORD=TEXT     an entry of the data source      env NAME=TEXT        a variable
 * of the environment want KEYWORD=TEXT    the value in force               out TEXT             the
 * out string error STATE TEXT     how config_build fails; TEXT is a part of the message warn STATE
 * TEXT      a warning; all there are, in order note TEXT            a remark for the log; all there
 * are, in order (unless the case has none of these lines) complete yes         enough to connect
 * complete no STATE TEXT     or not, and the message never TEXT           stands in no message and
 * in no out string */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

#define CASES_MAX 400
#define LINES_MAX 24

struct data_case {
    char *title;
    const char *verb[LINES_MAX];
    const char *rest[LINES_MAX];
    size_t n;
};

static struct data_case cases[CASES_MAX];
static size_t n_cases;
static char *files[8];
static size_t n_files;

/* ---- reading the data
 * -------------------------------------------------------------------------------------------- */

static char *read_file(const char *name)
{
    const char *top = getenv("NEON_TEST_SRCDIR");
    char path[4096];
    char *text = malloc(262144);
    size_t len;
    FILE *f;

    snprintf(path, sizeof path, "%s/tests/data/connstr/%s", top ? top : ".", name);
    f = fopen(path, "r");
    if (f == NULL || text == NULL) {
        fprintf(stderr, "%s cannot be read: set NEON_TEST_SRCDIR to the top of the sources\n",
                path);
        exit(1);
    }
    len = fread(text, 1, 262143, f);
    text[len] = '\0';
    fclose(f);
    return text;
}

static void read_cases(const char *name)
{
    char *next = read_file(name);
    struct data_case *c = NULL;

    files[n_files++] = next;
    while (*next != '\0') {
        char *line = next;
        char *space;
        next += strcspn(next, "\n");
        if (*next == '\n')
            *next++ = '\0';
        if (line[0] == '\0' || line[0] == '#')
            continue;
        if (strncmp(line, "== ", 3) == 0) {
            if (n_cases == CASES_MAX)
                abort();
            c = &cases[n_cases++];
            c->title = line + 3;
            continue;
        }
        space = strchr(line, ' ');
        if (c == NULL || c->n == LINES_MAX || space == NULL) {
            fprintf(stderr, "%s: cannot read the line: %s\n", name, line);
            exit(1);
        }
        *space = '\0';
        c->verb[c->n] = line;
        c->rest[c->n++] = space + 1;
    }
}

/* ---- a data source out of the case
 * ------------------------------------------------------------------------------- */

static int read_dsn(void *ctx, const char *section, const char *entry, char *out, int cap_bytes)
{
    const struct data_case *c = ctx;
    size_t len = 0;

    assert_string_equal(section, "test");
    memset(out, 0, (size_t)cap_bytes);
    for (size_t i = 0; i < c->n; i++) {
        size_t key_len = strcspn(c->rest[i], "=");
        if (strcmp(c->verb[i], "dsn") != 0)
            continue;
        if (entry == NULL) {
            memcpy(out + len, c->rest[i], key_len);
            len += key_len + 1;
        } else if (strlen(entry) == key_len && strncmp(entry, c->rest[i], key_len) == 0) {
            len = strlen(c->rest[i] + key_len + 1);
            memcpy(out, c->rest[i] + key_len + 1, len);
            break;
        }
    }
    return (int)len;
}

/* ---- running a case
 * ---------------------------------------------------------------------------------------------- */

struct outcome {
    struct conn_options o;
    struct config_warnings w;
    struct err e;
    bool ok;
};

static const char *argument(const struct data_case *c, const char *keyword)
{
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->verb[i], "arg") == 0 && strncmp(c->rest[i], keyword, 3) == 0)
            return c->rest[i] + 4;
    return NULL;
}

static void run(const struct data_case *c, struct outcome *out)
{
    struct dsn_reader reader = {read_dsn, (void *)(uintptr_t)c};
    const char *text = "";

    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->verb[i], "string") == 0)
            text = c->rest[i];
    conn_options_init(&out->o);
    config_warnings_init(&out->w);
    out->e = ERR_INIT;
    out->ok = config_build_with(&out->o, sv(text), argument(c, "DSN"), argument(c, "UID"),
                                argument(c, "PWD"), &reader, &out->w, &out->e);
}

static void done(struct outcome *out)
{
    conn_options_release(&out->o);
    config_warnings_release(&out->w);
    err_release(&out->e);
}

static void set_environment(const struct data_case *c)
{
    static const char *const all[] = {"PGHOST", "PGUSER", "PGPASSWORD", "PGDATABASE",
                                      "DATABASE_URL"};

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        unsetenv(all[i]);
    for (size_t i = 0; i < c->n; i++) {
        char name[64] = "";
        if (strcmp(c->verb[i], "env") != 0)
            continue;
        memcpy(name, c->rest[i], strcspn(c->rest[i], "="));
        setenv(name, c->rest[i] + strlen(name) + 1, 1);
    }
}

static void check_error(const struct err *e, const char *want)
{
    assert_memory_equal(e->state, want, 5);
    if (strlen(want) > 6 && strstr(buf_str(&e->text), want + 6) == NULL)
        fail_msg("the message is: %s\nwanted in it: %s", buf_str(&e->text), want + 6);
}

static void check_want(const struct outcome *out, const char *want)
{
    size_t key_len = strcspn(want, "=");
    enum conn_key_id id = conn_key_find(sv_n(want, key_len));
    struct buf value = BUF_INIT(0);

    assert_true(id != CONN_KEY_COUNT);
    assert_true(conn_options_value(&out->o, id, &value));
    if (strcmp(buf_str(&value), want + key_len + 1) != 0)
        fail_msg("wanted %s, got %s", want, buf_str(&value));
    buf_release(&value);
}

static void check_out(const struct outcome *out, const char *want)
{
    struct buf text = BUF_INIT(0);

    assert_true(conn_options_to_connstr(&out->o, &text));
    assert_string_equal(buf_str(&text), want);
    buf_release(&text);
}

/* Warnings (state given) or remarks for the log (ST_NONE) are the lines with that verb, one for
 * one. */
static void check_warnings(const struct data_case *c, const struct outcome *out, bool for_log)
{
    size_t at = 0;
    size_t lines = 0;

    for (size_t i = 0; i < c->n; i++) {
        const char *want = c->rest[i];
        if (strcmp(c->verb[i], for_log ? "note" : "warn") != 0)
            continue;
        lines++;
        while (at < out->w.n && (out->w.item[at].state == ST_NONE) != for_log)
            at++;
        if (at == out->w.n)
            fail_msg("there is no more warning; wanted: %s", want);
        if (!for_log) {
            assert_memory_equal(sqlstate_row(out->w.item[at].state)->code3, want, 5);
            want += 6;
        }
        if (strstr(out->w.item[at].text, want) == NULL)
            fail_msg("the warning is: %s\nwanted in it: %s", out->w.item[at].text, want);
        at++;
    }
    for (; at < out->w.n && !(for_log && lines == 0); at++)
        if ((out->w.item[at].state == ST_NONE) == for_log)
            fail_msg("nobody wanted: %s", out->w.item[at].text);
}

static void check_never(const struct outcome *out, const char *secret)
{
    struct buf text = BUF_INIT(0);

    assert_true(conn_options_to_connstr(&out->o, &text));
    assert_null(strstr(buf_str(&text), secret));
    assert_null(strstr(buf_str(&out->e.text), secret));
    for (size_t i = 0; i < out->w.n; i++)
        assert_null(strstr(out->w.item[i].text, secret));
    buf_release(&text);
}

static void check_complete(const struct outcome *out, const char *want)
{
    struct err e = ERR_INIT;

    if (strcmp(want, "yes") == 0) {
        assert_true(conn_options_complete(&out->o, &e));
        return;
    }
    assert_false(conn_options_complete(&out->o, &e));
    if (strncmp(want, "no 28000 The password", 21) != 0 || out->o.uid != NULL)
        assert_memory_equal(e.state, out->o.server == NULL ? "08001" : "28000", 5);
    if (strstr(buf_str(&e.text), want + 9) == NULL)
        fail_msg("the message is: %s\nwanted in it: %s", buf_str(&e.text), want + 9);
    err_release(&e);
}

static void test_case(void **state)
{
    const struct data_case *c = *state;
    struct outcome out;
    const char *error = NULL;

    set_environment(c);
    run(c, &out);
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->verb[i], "error") == 0)
            error = c->rest[i];
    if (out.ok != (error == NULL))
        fail_msg("%s", out.ok ? "no error" : buf_str(&out.e.text));
    if (error != NULL)
        check_error(&out.e, error);
    check_warnings(c, &out, false);
    check_warnings(c, &out, true);
    for (size_t i = 0; i < c->n; i++) {
        const char *rest = c->rest[i];
        if (strcmp(c->verb[i], "want") == 0)
            check_want(&out, rest);
        else if (strcmp(c->verb[i], "out") == 0)
            check_out(&out, rest);
        else if (strcmp(c->verb[i], "never") == 0)
            check_never(&out, rest);
        else if (strcmp(c->verb[i], "complete") == 0)
            check_complete(&out, rest);
        else if (strstr("string arg dsn env error warn note", c->verb[i]) == NULL)
            fail_msg("nobody knows the line: %s %s", c->verb[i], rest);
    }
    done(&out);
}

/* With each allocation failing in turn, the answer is HY001, or the same as ever; nothing leaks
 * (sanitizer). */
static void test_every_case_without_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_cases; i++) {
        uint64_t needed = UINT64_MAX;
        set_environment(&cases[i]);
        for (uint64_t n = 1; n <= needed; n++) {
            struct outcome out;
            mem_fail_at(n, 0);
            run(&cases[i], &out);
            needed = mem_attempts();
            mem_fail_at(0, 0);
            if (n > needed) {
                done(&out);
                break;
            }
            /* A message that found no memory leaves the state alone; everything else is HY001. */
            if (out.ok || (strcmp(out.e.state, "HY001") != 0 && strcmp(out.e.state, "HY024") != 0 &&
                           strcmp(out.e.state, "HY000") != 0 && strcmp(out.e.state, "HYC00") != 0))
                fail_msg("%s: allocation %d failed, and the answer was %s", cases[i].title, (int)n,
                         out.e.state);
            done(&out);
        }
    }
}

/* What was written can be read, and means the same: for every case that succeeds. */
static void test_out_string_reads_back(void **state)
{
    size_t compared = 0;

    (void)state;
    for (size_t i = 0; i < n_cases; i++) {
        struct outcome first;
        struct outcome again = {0};
        struct buf text = BUF_INIT(0);
        struct buf text2 = BUF_INIT(0);
        set_environment(&cases[i]);
        run(&cases[i], &first);
        /* The section and the environment are read again otherwise. */
        conn_options_clear(&first.o, CONN_KEY_dsn);
        first.o.use_env = false;
        first.o.save_password = true;
        first.o.source[CONN_KEY_save_password] = CONN_SRC_STRING;
        assert_true(conn_options_to_connstr(&first.o, &text));
        if (first.ok) {
            conn_options_init(&again.o);
            again.e = ERR_INIT;
            again.ok = config_build(&again.o, buf_sv(&text), NULL, NULL, NULL, &again.w, &again.e);
            if (!again.ok)
                fail_msg("%s: %s gives %s", cases[i].title, buf_str(&text), buf_str(&again.e.text));
            assert_true(conn_options_to_connstr(&again.o, &text2));
            assert_string_equal(buf_str(&text2), buf_str(&text));
            for (int id = 0; id < CONN_KEY_COUNT; id++) {
                struct buf a = BUF_INIT(0);
                struct buf b = BUF_INIT(0);
                if ((conn_key_row((enum conn_key_id)id)->flags & CK_NO_OUT) != 0 ||
                    id == CONN_KEY_use_env)
                    continue;
                assert_true(conn_options_value(&first.o, (enum conn_key_id)id, &a));
                assert_true(conn_options_value(&again.o, (enum conn_key_id)id, &b));
                assert_string_equal(buf_str(&a), buf_str(&b));
                buf_release(&a);
                buf_release(&b);
                compared++;
            }
            done(&again);
        }
        buf_release(&text);
        buf_release(&text2);
        done(&first);
    }
    assert_true(compared > 1000);
}

int main(void)
{
    static const char *const names[] = {"keywords.txt", "syntax.txt", "sources.txt", "urls.txt"};
    static struct CMUnitTest tests[CASES_MAX + 2];
    size_t n = 0;
    int failed;

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        read_cases(names[i]);
    for (size_t i = 0; i < n_cases; i++)
        tests[n++] = (struct CMUnitTest){cases[i].title, test_case, NULL, NULL, &cases[i]};
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_every_case_without_memory);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_out_string_reads_back);
    failed = _cmocka_run_group_tests("config", tests, n, NULL, NULL);
    for (size_t i = 0; i < n_files; i++)
        free(files[i]);
    return failed;
}
