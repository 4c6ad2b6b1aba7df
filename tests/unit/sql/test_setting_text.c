/* setting_text.c and read_shape.c: what the texts say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "sql/read_shape.h"
#include "sql/setting_text.h"

static void test_set_and_reset(void **state)
{
    static const struct {
        const char *text;
        enum setting_verb verb;
        bool local;
        const char *name, *words;
    } cases[] = {
        {"SET search_path TO a, b", SETTING_SET, false, "search_path", "search_path TO a, b"},
        {"set SESSION Work_Mem = '1MB';", SETTING_SET, false, "work_mem", "Work_Mem = '1MB'"},
        {"SET LOCAL app.\"Us\"\"er\" = 1", SETTING_SET, true, "app.us\"er", "app.\"Us\"\"er\" = 1"},
        {"/* c */ SET TIME /* d */ ZONE 'x'", SETTING_SET, false, "timezone",
         "TIME /* d */ ZONE 'x'"},
        {"SET SESSION TIME ZONE LOCAL", SETTING_RESET, false, "timezone", "TIME ZONE LOCAL"},
        {"SET TIME ZONE DEFAULT", SETTING_RESET, false, "timezone", "TIME ZONE DEFAULT"},
        {"SET ROLE x", SETTING_SET, false, "role", "ROLE x"},
        {"SET ROLE NONE", SETTING_SET, false, "role", "ROLE NONE"},
        {"SET role = x", SETTING_SET, false, "role", "role = x"},
        {"SET LOCAL ROLE x", SETTING_SET, true, "role", "ROLE x"},
        {"SET SESSION AUTHORIZATION DEFAULT", SETTING_RESET, false, "session_authorization",
         "SESSION AUTHORIZATION DEFAULT"},
        {"SET SESSION SESSION AUTHORIZATION x", SETTING_SET, false, "session_authorization",
         "SESSION AUTHORIZATION x"},
        {"SET NAMES 'utf8'", SETTING_SET, false, "client_encoding", "NAMES 'utf8'"},
        {"SET SCHEMA 'a'", SETTING_SET, false, "search_path", "SCHEMA 'a'"},
        {"SET x TO DEFAULT;", SETTING_RESET, false, "x", "x TO DEFAULT"},
        {"RESET \"X\".y", SETTING_RESET, false, "x.y", ""},
        {"RESET ALL", SETTING_RESET_ALL, false, "", ""},
        {"RESET TIME ZONE", SETTING_RESET, false, "timezone", ""},
        {"DISCARD ALL", SETTING_DISCARD_ALL, false, "", ""},
        {"DISCARD TEMP", SETTING_DISCARD, false, "", ""},
        {"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", SETTING_CHARACTERISTICS, false, "",
         "READ ONLY"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct setting_text t;
        if (!setting_text_read(sv(cases[i].text), &t))
            fail_msg("%s", cases[i].text);
        assert_int_equal(t.verb, cases[i].verb);
        assert_int_equal(t.local, cases[i].local);
        assert_string_equal(buf_str(&t.name), cases[i].name);
        assert_int_equal(t.words.len, strlen(cases[i].words));
        if (t.words.len > 0)
            assert_memory_equal(t.words.ptr, cases[i].words, t.words.len);
        buf_release(&t.name);
    }
}

static void test_what_is_no_setting(void **state)
{
    static const char *const texts[] = {"",
                                        ";",
                                        "SET",
                                        "SET ;",
                                        "RESET",
                                        "RESET a b",
                                        "SET 'x' = 1",
                                        "SET a. = 1",
                                        "SELECT 1",
                                        "SET SESSION CHARACTERISTICS AS",
                                        "RESET ALL a",
                                        "DISCARD",
                                        "DISCARD a",
                                        "DISCARD ALL a",
                                        "DISCARD TEMP, PLANS"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct setting_text t;
        if (setting_text_read(sv(texts[i]), &t))
            fail_msg("%s", texts[i]);
        buf_release(&t.name);
    }
}

static void test_set_config(void **state)
{
    struct setting_call calls[4];
    struct buf name = BUF_INIT(0);

    (void)state;
    assert_int_equal(setting_calls_read(SV_LIT("SELECT set_config('A''b', f(1, (2)), false) AS x, "
                                               "pg_catalog.set_config($3, $1::text, 't') y;"),
                                        calls, 4),
                     2);
    assert_true(calls[0].lasting);
    assert_int_equal(calls[0].flag_at, 37);
    assert_int_equal(calls[0].flag_len, 5);
    assert_true(setting_call_name(calls[0].name, &name));
    assert_string_equal(buf_str(&name), "a'b");
    assert_false(calls[1].lasting);
    assert_int_equal(calls[1].param, 3);
    assert_int_equal(setting_calls_read(SV_LIT("SELECT set_config('a', 'b', false), 1"), calls, 4),
                     0);
    assert_int_equal(setting_calls_read(SV_LIT("SELECT set_config('a', 'b', false)"), calls, 0), 0);
    assert_int_equal(setting_calls_read(SV_LIT("SELECT set_config('a', 'b')"), calls, 4), 0);
    assert_int_equal(setting_calls_read(SV_LIT("SELECT set_config('a', 'b', c)"), calls, 4), 0);
    assert_int_equal(setting_calls_read(SV_LIT("SELECT set_config(E'a', 'b', true)"), calls, 4), 0);
    assert_int_equal(
        setting_calls_read(SV_LIT("SELECT set_config('a', (SELECT 1), true)"), calls, 4), 0);
    assert_int_equal(
        setting_calls_read(SV_LIT("SELECT set_config('a', 'b', true) FROM t"), calls, 4), 0);
    assert_int_equal(
        setting_calls_read(SV_LIT("SELECT set_config('a', 'b', true); SELECT 1"), calls, 4), 0);
    buf_release(&name);
}

static void test_what_is_to_last_is_written_so_that_it_does_not(void **state)
{
    const struct strview text =
        SV_LIT("SELECT set_config('a', 'b', 'f') x, set_config($1, 'false', false), "
               "set_config('c', 'd', true) ");
    struct setting_call calls[4];
    struct buf out = BUF_INIT(0);

    (void)state;
    assert_int_equal(setting_calls_read(text, calls, 4), 3);
    assert_true(setting_calls_write_local(text, calls, 3, &out));
    assert_string_equal(buf_str(&out),
                        "SELECT set_config('a', 'b', true) x, set_config($1, 'false', true), "
                        "set_config('c', 'd', true) ");
    buf_release(&out);
}

static void test_shapes_of_reads(void **state)
{
    static const struct {
        const char *text;
        bool ordered, tableless, varies;
    } cases[] = {
        {"SELECT 1", false, true, false},
        {"SELECT now()", false, true, true},
        {"SELECT current_timestamp, version()", false, true, true},
        {"SELECT f()", false, false, false},
        {"SELECT (SELECT max(a) FROM t)", false, false, false},
        {"TABLE t", false, false, false},
        {"SELECT a FROM t ORDER BY a", true, false, false},
        {"(SELECT a FROM t) order /* c */ by 1", true, false, false},
        {"((SELECT a FROM t ORDER BY a))", true, false, false},
        {"SELECT a FROM (SELECT a FROM t ORDER BY a) s", false, false, false},
        {"SELECT array_agg(a ORDER BY a) FROM t", false, false, false},
        {"SELECT a, now() FROM t", false, false, true},
        {"SELECT a FROM t WHERE b < now()", false, false, false},
        {"SELECT random FROM t", false, false, false},
        {"SELECT 'now()' AS x, \"now\" FROM t", false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct read_shape s = read_shape_of(sv(cases[i].text));
        if (s.ordered != cases[i].ordered || s.tableless != cases[i].tableless ||
            s.varies != cases[i].varies)
            fail_msg("%s: %d %d %d", cases[i].text, s.ordered, s.tableless, s.varies);
    }
}

static void test_what_is_shown(void **state)
{
    static const struct {
        const char *text;
        bool shown;
    } cases[] = {
        {"SHOW neon_odbc.notifications", true},
        {"show /* c */ Neon_ODBC . Notifications ;", true},
        {"SHOW neon_odbc.notifications_", false},
        {"SHOW neon_odbc.notifications.x", false},
        {"SHOW neon_odbc", false},
        {"SHOW neon_odbc.", false},
        {"SHOW notifications", false},
        {"RESET neon_odbc.notifications", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (setting_is_shown(sv(cases[i].text), "neon_odbc", "notifications") != cases[i].shown)
            fail_msg("%s", cases[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_and_reset),
        cmocka_unit_test(test_what_is_no_setting),
        cmocka_unit_test(test_set_config),
        cmocka_unit_test(test_what_is_to_last_is_written_so_that_it_does_not),
        cmocka_unit_test(test_shapes_of_reads),
        cmocka_unit_test(test_what_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
