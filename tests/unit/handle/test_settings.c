/* settings.c: the list, the statements it becomes, and memory that runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "handle/settings.h"

static bool put(struct settings *s, const char *name, const char *value, const char *words,
                bool optional, struct err *e)
{
    struct setting one = {(char *)(uintptr_t)name, (char *)(uintptr_t)value,
                          (char *)(uintptr_t)words, optional};
    return settings_put(s, &one, e);
}

static void expect(const struct settings_head *h, size_t at, const char *sql, size_t n_params)
{
    assert_true(at < h->n);
    assert_int_equal(h->stmts[at].sql.len, strlen(sql));
    assert_memory_equal(h->stmts[at].sql.ptr, sql, strlen(sql));
    assert_int_equal(h->stmts[at].n_params, n_params);
}

static void test_the_list(void **state)
{
    struct settings s = {0}, t = {0};
    struct err e = ERR_INIT;

    (void)state;
    assert_true(put(&s, "a", "1", NULL, true, &e));
    assert_false(settings_matter(&s));
    assert_true(put(&s, "b", "2", NULL, false, &e));
    assert_true(settings_matter(&s));
    assert_true(put(&s, "a", "3", NULL, true, &e)); /* again: the last one now */
    assert_int_equal(s.n, 2);
    assert_string_equal(s.items[1].name, "a");
    assert_string_equal(settings_find(&s, "a")->value, "3");
    assert_null(settings_find(&s, "A"));
    assert_true(settings_copy(&t, &s, &e));
    settings_drop(&s, "b");
    settings_drop(&s, "none");
    assert_int_equal(s.n, 1);
    assert_int_equal(t.n, 2);
    settings_release(&s);
    settings_release(&t);
}

static void test_statements(void **state)
{
    struct settings s = {0};
    struct settings_head h;
    struct err e = ERR_INIT;
    struct wire_stmt own = {SV_LIT("SELECT 1"), NULL, 0};
    struct wire_request r = {.stmts = &own, .n_stmts = 1};

    (void)state;
    assert_true(settings_head_init(&h, &s, true, 0, LOOK_IN_DOUBT, &e));
    assert_int_equal(h.n, 0);
    assert_true(settings_head_before(&h, &r, &e));
    assert_false(r.batch);
    assert_ptr_equal(r.stmts, &own);
    settings_head_release(&h);
    assert_true(put(&s, "a", "1", NULL, false, &e));
    assert_true(put(&s, "b", "2", NULL, false, &e));
    assert_true(put(&s, "c", NULL, "c TO x, y", false, &e));
    assert_true(put(&s, "d", "4", NULL, false, &e));
    assert_true(put(&s, "e.\"f", NULL, NULL, false, &e));
    assert_true(settings_head_init(&h, &s, true, 7, LOOK_IN_DOUBT, &e));
    assert_int_equal(h.n, 5);
    expect(&h, 0, "SELECT pg_catalog.set_config($1, $2, true), pg_catalog.set_config($3, $4, true)",
           4);
    assert_memory_equal(h.stmts[0].params[2].ptr, "b", 1);
    expect(&h, 1, "SET LOCAL c TO x, y", 0);
    expect(&h, 2, "SELECT pg_catalog.set_config($1, $2, true)", 2);
    expect(&h, 3, "SET LOCAL \"e\".\"\"\"f\" TO DEFAULT", 0);
    expect(&h, 4, "SELECT pg_catalog.set_config('statement_timeout', $1, true)", 1);
    assert_memory_equal(h.stmts[4].params[0].ptr, "7000", 4);
    assert_true(settings_head_before(&h, &r, &e));
    assert_true(r.batch);
    assert_int_equal(r.n_stmts, 6);
    assert_memory_equal(r.stmts[5].sql.ptr, "SELECT 1", 8);
    settings_head_release(&h);
    /* for a session that stays, and with a timeout of the user's own */
    assert_true(put(&s, "statement_timeout", "5s", NULL, false, &e));
    assert_true(settings_head_init(&h, &s, false, 7, LOOK_NEVER, &e));
    expect(&h, 1, "SET SESSION c TO x, y", 0);
    assert_int_equal(h.n, 5);
    expect(&h, 4, "SELECT pg_catalog.set_config($1, $2, false)", 2);
    settings_head_release(&h);
    settings_release(&s);
}

static int64_t noon(void)
{
    return 12000;
}

static void test_when_a_statement_has_timed_out(void **state)
{
    static const struct {
        const char *value;
        uint64_t timeout_s;
        int64_t at;
    } cases[] = {
        {NULL, 0, 0},       {NULL, 2, 14000},     {"0", 0, 0},         {"0", 1, 13000},
        {"1500", 0, 13500}, {"1500ms", 0, 13500}, {"2s", 0, 14000},    {"2s", 1, 13000},
        {"1s", 2, 13000},   {"1min", 0, 72000},   {"1h", 0, 3612000},  {"2d", 0, 172812000},
        {"soon", 0, 0},     {"", 0, 0},           {"1 century", 0, 0}, {"99999999999999d", 0, 0},
        {"soon", 3, 15000},
    };

    (void)state;
    clock_set_source(noon);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct settings s = {0};
        struct err e = ERR_INIT;
        int64_t at;
        if (cases[i].value != NULL)
            assert_true(put(&s, "statement_timeout", cases[i].value, NULL, false, &e));
        at = settings_timeout_at(&s, cases[i].timeout_s);
        if (at != cases[i].at)
            fail_msg("%s and %d s: %lld", cases[i].value ? cases[i].value : "none",
                     (int)cases[i].timeout_s, (long long)at);
        settings_release(&s);
    }
    clock_set_source(NULL);
}

/* Where tables would be made is asked behind all settings: a role may change it, too. */
static void test_looks_where_tables_would_be_made(void **state)
{
    static const struct {
        const char *value, *words;
        enum settings_look look;
        bool looks;
    } cases[] = {
        {"public", NULL, LOOK_IN_DOUBT, false},
        {"public", NULL, LOOK_ALWAYS, true},
        {"public, pg_temp", NULL, LOOK_IN_DOUBT, true},
        {"public, PG_TEMP_3", NULL, LOOK_IN_DOUBT, true},
        {"public, pg_temp", NULL, LOOK_NEVER, false},
        {NULL, "search_path TO U&\"pg\\005ftemp\"", LOOK_IN_DOUBT, true},
        {NULL, NULL, LOOK_IN_DOUBT, false}, /* reset */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct settings s = {0};
        struct settings_head h;
        struct err e = ERR_INIT;
        assert_true(put(&s, "search_path", cases[i].value, cases[i].words, false, &e));
        assert_true(put(&s, "role", "x", NULL, false, &e));
        assert_true(settings_head_init(&h, &s, true, 0, cases[i].look, &e));
        assert_int_equal(sv_eq(h.stmts[h.n - 1].sql, SV_LIT(SETTINGS_PATH_CHECK_SQL)),
                         cases[i].looks);
        settings_head_release(&h);
        settings_release(&s);
    }
}

static void test_memory_that_runs_out(void **state)
{
    (void)state;
    for (uint64_t n = 1; n < 20; n++) {
        struct settings s = {0}, copy = {0};
        struct settings_head h = {0};
        struct err e = ERR_INIT;
        bool ok;
        mem_fail_at(n, 0);
        ok = put(&s, "a", "1", NULL, false, &e) && put(&s, "a", NULL, "a TO 2", false, &e) &&
             settings_copy(&copy, &s, &e) && settings_head_init(&h, &s, true, 1, LOOK_ALWAYS, &e);
        mem_fail_at(0, 0);
        if (!ok)
            assert_string_equal(e.state, "HY001");
        settings_head_release(&h);
        settings_release(&s);
        settings_release(&copy);
        err_release(&e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_list),
        cmocka_unit_test(test_statements),
        cmocka_unit_test(test_when_a_statement_has_timed_out),
        cmocka_unit_test(test_looks_where_tables_would_be_made),
        cmocka_unit_test(test_memory_that_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
