/* The keyword table: no spelling twice, every row complete, every default valid; and the search for
 * typing errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "config/conn_options.h"
#include "sql/script.h"

static const struct conn_key *row(int id)
{
    return conn_key_row((enum conn_key_id)id);
}

static void test_every_spelling_finds_its_own_row(void **state)
{
    size_t spellings = 0;

    (void)state;
    for (int id = 0; id < CONN_KEY_COUNT; id++) {
        struct strview rest = sv(row(id)->aliases);
        struct strview alias;
        assert_int_equal(conn_key_find(sv(row(id)->name)), id);
        for (; conn_key_item(&rest, ',', &alias); spellings++) {
            char padded[128];
            snprintf(padded, sizeof padded, "  %.*s\t", (int)alias.len, alias.ptr);
            assert_int_equal(conn_key_find(sv(padded)), id);
        }
    }
    assert_true(spellings > 50);
}

static void test_every_row_has_what_forms_and_documents_need(void **state)
{
    (void)state;
    for (int id = 0; id < CONN_KEY_COUNT; id++) {
        const struct conn_key *r = row(id);
        assert_true(strlen(r->label) >= 2);
        assert_true(strlen(r->help) > 5 && r->help[strlen(r->help) - 1] == '.');
        assert_null(strchr(r->name, ';'));
        assert_null(strchr(r->name, '='));
        if (r->kind == CONN_TEXT || r->kind == CONN_PATH) {
            assert_true(r->max > 0);
            assert_string_equal(r->def, "");
        }
    }
}

static void test_every_default_is_a_possible_value(void **state)
{
    (void)state;
    for (int i = 0; i < CONN_KEY_COUNT; i++) {
        const struct conn_key *r = row(i);
        struct conn_options o;
        struct buf value = BUF_INIT(0);
        struct err e = ERR_INIT;
        conn_options_init(&o);
        assert_true(conn_options_value(&o, (enum conn_key_id)i, &value));
        if (r->kind != CONN_IGNORED && r->kind != CONN_FIXED)
            assert_string_equal(buf_str(&value), r->def);
        assert_true(conn_options_set(&o, sv(r->name), sv(r->def), CONN_SRC_STRING, NULL, &e));
        buf_reset(&value);
        assert_true(conn_options_value(&o, (enum conn_key_id)i, &value));
        if (r->kind != CONN_IGNORED && r->kind != CONN_FIXED)
            assert_string_equal(buf_str(&value), r->def);
        buf_release(&value);
        conn_options_release(&o);
        err_release(&e);
    }
}

/* Everything that could let somebody in is marked. */
static void test_secrets_are_marked(void **state)
{
    static const char *const secret[] = {"PWD",     "Token",        "Url",      "pqopt",
                                         "Options", "ClientKeyPwd", "ProxyPWD", "ConnSettings"};
    size_t marked = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(secret); i++)
        assert_true(conn_key_row(conn_key_find(sv(secret[i])))->flags & CK_SECRET);
    for (int id = 0; id < CONN_KEY_COUNT; id++)
        marked += (row(id)->flags & CK_SECRET) != 0;
    assert_int_equal(marked, ARRAY_LEN(secret));
}

static void check_choice(const char *keyword, int value, const char *spelling)
{
    int index = -1;
    struct strview canonical =
        conn_key_choice(conn_key_row(conn_key_find(sv(keyword))), sv(spelling), &index);

    assert_true(sv_eq(canonical, sv(spelling)));
    assert_int_equal(index, value);
}

static void test_the_enums_follow_the_table(void **state)
{
    (void)state;
    check_choice("Transport", TRANSPORT_AUTO, "auto");
    check_choice("Transport", TRANSPORT_HTTP, "http");
    check_choice("Transport", TRANSPORT_WEBSOCKET, "websocket");
    check_choice("SSLmode", SSL_MODE_VERIFY_CA, "verify-ca");
    check_choice("SSLmode", SSL_MODE_VERIFY_FULL, "verify-full");
    check_choice("TLSMinVersion", TLS_MIN_1_2, "1.2");
    check_choice("TLSMinVersion", TLS_MIN_1_3, "1.3");
    check_choice("ProxyAuth", PROXY_AUTH_ANY, "any");
    check_choice("ProxyAuth", PROXY_AUTH_BASIC, "basic");
    check_choice("ProxyAuth", PROXY_AUTH_DIGEST, "digest");
    check_choice("ProxyAuth", PROXY_AUTH_NTLM, "ntlm");
    check_choice("ProxyAuth", PROXY_AUTH_NEGOTIATE, "negotiate");
    check_choice("IPVersion", IP_VERSION_ANY, "any");
    check_choice("IPVersion", IP_VERSION_4, "4");
    check_choice("IPVersion", IP_VERSION_6, "6");
    check_choice("HttpVersion", HTTP_VERSION_AUTO, "auto");
    check_choice("HttpVersion", HTTP_VERSION_1_1, "1.1");
    check_choice("HttpVersion", HTTP_VERSION_2, "2");
    check_choice("ParamStyle", PARAM_STYLE_AUTO, "auto");
    check_choice("ParamStyle", PARAM_STYLE_DOLLAR, "dollar");
    check_choice("QuestionMarkOperators", QUESTION_AUTO, "auto");
    check_choice("QuestionMarkOperators", QUESTION_ESCAPE, "escape");
    check_choice("QuestionMarkOperators", QUESTION_OFF, "off");
    check_choice("Isolation", ISOLATION_KEY_SERVER, "server");
    check_choice("Isolation", ISOLATION_KEY_READ_UNCOMMITTED, "read-uncommitted");
    check_choice("Isolation", ISOLATION_KEY_READ_COMMITTED, "read-committed");
    check_choice("Isolation", ISOLATION_KEY_REPEATABLE_READ, "repeatable-read");
    check_choice("Isolation", ISOLATION_KEY_SERIALIZABLE, "serializable");
    check_choice("SqlState", SQL_STATE_ODBC, "odbc");
    check_choice("SqlState", SQL_STATE_POSTGRES, "postgres");
    check_choice("NumericAs", NUMERIC_AS_NUMERIC, "numeric");
    check_choice("NumericAs", NUMERIC_AS_DOUBLE, "double");
    check_choice("NumericAs", NUMERIC_AS_VARCHAR, "varchar");
    check_choice("NumericAs", NUMERIC_AS_MEMO, "memo");
    check_choice("IntervalAs", INTERVAL_AS_VARCHAR, "varchar");
    check_choice("IntervalAs", INTERVAL_AS_INTERVAL, "interval");
    check_choice("TimestampTzAs", TIMESTAMPTZ_AS_TIMESTAMP, "timestamp");
    check_choice("TimestampTzAs", TIMESTAMPTZ_AS_VARCHAR, "varchar");
    check_choice("UuidAs", UUID_AS_GUID, "guid");
    check_choice("UuidAs", UUID_AS_VARCHAR, "varchar");
    check_choice("JsonAs", JSON_AS_WVARCHAR, "wvarchar");
    check_choice("JsonAs", JSON_AS_WLONGVARCHAR, "wlongvarchar");
}

static void test_typing_errors_are_recognised(void **state)
{
    static const struct {
        const char *typed, *meant;
    } cases[] = {
        {"Sever", "Server"},
        {"Datbase", "Database"},
        {"Passwrod", "Password"},
        {"pasword", "Password"},
        {"Trasnport", "Transport"},
        {"Lgoin_Timeout", "LoginTimeout"},
        {"LoginTimout", "LoginTimeout"},
        {"UsreName", "Username"},
        {"Servername1", "Servername"},
        {"Xyzzy", ""},
        {"UDI", ""},
        {"Socket", ""},
        {"Q", ""},
        {"", ""},
        {"AVeryLongKeywordThatNobodyEverMeantToWrite", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct strview got = conn_key_suggest(sv(cases[i].typed));
        if (!sv_eq(got, sv(cases[i].meant)))
            fail_msg("%s: got %.*s, wanted %s", cases[i].typed, (int)got.len, got.ptr,
                     cases[i].meant);
    }
}

static void test_items_of_lists(void **state)
{
    struct strview rest = SV_LIT("a,,b,");
    struct strview item;

    (void)state;
    assert_true(conn_key_item(&rest, ',', &item) && sv_eq(item, SV_LIT("a")));
    assert_true(conn_key_item(&rest, ',', &item) && item.len == 0);
    assert_true(conn_key_item(&rest, ',', &item) && sv_eq(item, SV_LIT("b")));
    assert_false(conn_key_item(&rest, ',', &item));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_spelling_finds_its_own_row),
        cmocka_unit_test(test_every_row_has_what_forms_and_documents_need),
        cmocka_unit_test(test_every_default_is_a_possible_value),
        cmocka_unit_test(test_secrets_are_marked),
        cmocka_unit_test(test_the_enums_follow_the_table),
        cmocka_unit_test(test_typing_errors_are_recognised),
        cmocka_unit_test(test_items_of_lists),
    };
    return cmocka_run_group_tests_name("conn_keys", tests, NULL, NULL);
}
