/* Startup packets: which are which, which parameters go on, how options are split. */
#include "gateway/pg_startup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BODY(text) (const uint8_t *)(text), sizeof(text) - 1

static const uint8_t head_30[] = {0, 0, 0, 0, 0, 3, 0, 0};

static enum startup_kind kind(uint32_t len, uint32_t code, size_t *body_len)
{
    const uint8_t head[] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16),  (uint8_t)(len >> 8),
                            (uint8_t)len,         (uint8_t)(code >> 24), (uint8_t)(code >> 16),
                            (uint8_t)(code >> 8), (uint8_t)code};
    return startup_kind(head, body_len);
}

static void test_kinds(void **state)
{
    static const struct {
        uint32_t len;
        uint32_t code;
        enum startup_kind kind;
    } cases[] = {
        {8, 0x00030000, STARTUP_SESSION},  {10008, 0x00030000, STARTUP_SESSION},
        {20, 0x00030002, STARTUP_SESSION}, {8, 80877103, STARTUP_ENCRYPTION},
        {8, 80877104, STARTUP_ENCRYPTION}, {16, 80877102, STARTUP_CANCEL},
        {7, 0x00030000, STARTUP_BAD},      {0, 0x00030000, STARTUP_BAD},
        {10009, 0x00030000, STARTUP_BAD},  {0xffffffff, 0x00030000, STARTUP_BAD},
        {9, 80877103, STARTUP_BAD},        {15, 80877102, STARTUP_BAD},
        {17, 80877102, STARTUP_BAD},       {20, 0x00020000, STARTUP_BAD},
        {20, 0x00040000, STARTUP_BAD},     {20, 0, STARTUP_BAD},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n = 99;
        assert_int_equal(kind(cases[i].len, cases[i].code, &n), cases[i].kind);
        if (cases[i].kind != STARTUP_BAD)
            assert_int_equal(n, cases[i].len - 8);
    }
}

static void test_parameters(void **state)
{
    struct startup s = {0};
    const char *why;
    (void)state;
    assert_true(startup_parse(&s, head_30,
                              BODY("user\0a\0database\0d\0application_name\0n\0replication\0"
                                   "true\0TimeZone\0UTC\0user\0b\0\0"),
                              &why));
    assert_string_equal(s.user, "b"); /* the last one counts */
    assert_string_equal(s.database, "d");
    assert_string_equal(s.application_name, "n");
    assert_string_equal(s.replication, "true");
    assert_null(s.options);
    assert_null(s.endpoint);
    assert_int_equal(s.n_pairs, 1);
    assert_string_equal(s.pairs[0].name, "TimeZone");
    assert_string_equal(s.pairs[0].value, "UTC");
    startup_release(&s);
}

static void test_options(void **state)
{
    static const struct {
        const char *text;
        const char *options; /* NULL: nothing is left */
        const char *endpoint;
        bool compat;
    } cases[] = {
        {"", NULL, NULL, false},
        {"  \t ", NULL, NULL, false},
        {"-c a=1", "-c a=1", NULL, false},
        {"  -c  a=1 ", "-c a=1", NULL, false},
        {"endpoint=ep-1", NULL, "ep-1", false},
        {"project=ep-2 -c a=1", "-c a=1", "ep-2", false},
        {"endpoint=", NULL, "", false},
        {"endpoint=a endpoint=b", NULL, "a", false},
        {"neon_lsn:0/1 -c a=b\\ c neon_x:", "-c a=b\\ c", NULL, false},
        {"neon_nothing", "neon_nothing", NULL, false},
        {"neon_proxy_params_compat:true", NULL, NULL, true},
        {"neon_proxy_params_compat:false", NULL, NULL, false},
        {"neon_proxy_params_compat:truest", NULL, NULL, false},
        {"a\\", "a\\", NULL, false},
        {"a\\\\ endpoint=x", "a\\\\", "x", false},
        {"a\\ endpoint=x", "a\\ endpoint=x", NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char body[200] = "user\0a\0options";
        const char *why;
        struct startup s = {0};
        size_t n = sizeof "user\0a\0options" - 1 + 1;
        memcpy(body + n, cases[i].text, strlen(cases[i].text));
        n += strlen(cases[i].text) + 2;
        assert_true(startup_parse(&s, head_30, (const uint8_t *)body, n, &why));
        assert_true(!s.options == !cases[i].options && !s.endpoint == !cases[i].endpoint);
        if (s.options)
            assert_string_equal(s.options, cases[i].options);
        if (s.endpoint)
            assert_string_equal(s.endpoint, cases[i].endpoint);
        assert_int_equal(s.compat, cases[i].compat);
        startup_release(&s);
    }
}

static void test_malformed(void **state)
{
    static const struct {
        const uint8_t *body;
        size_t n;
    } cases[] = {
        {BODY("")},
        {BODY("\0")},
        {BODY("user")},
        {BODY("user\0")},
        {BODY("user\0a")},
        {BODY("user\0a\0")},
        {BODY("user\0a\0\0\0")},
        {BODY("user\0a\0\0x\0")},
        {BODY("user\0\0\0")},
        {BODY("database\0a\0\0")},
        {BODY("user\0\xff\0\0")},
        {BODY("user\0a\0x\0\0")},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct startup s = {0};
        const char *why = NULL;
        bool ok = startup_parse(&s, head_30, cases[i].body, cases[i].n, &why);
        assert_false(ok);
        assert_non_null(why);
        startup_release(&s);
    }
}

static void test_too_many_parameters(void **state)
{
    uint8_t body[STARTUP_MAX_BYTES] = "user\0a";
    size_t n = 7;
    const char *why;
    struct startup s = {0};
    (void)state;
    for (int i = 0; i < 300; i++, n += 4)
        memcpy(body + n, "x\0y", 4);
    body[n++] = '\0';
    assert_false(startup_parse(&s, head_30, body, n, &why));
    startup_release(&s);
}

static void test_password_with_endpoint(void **state)
{
    (void)state;
    assert_string_equal(startup_unwrap_password("endpoint=ep-1;secret"), "secret");
    assert_string_equal(startup_unwrap_password("endpoint=ep-1$se;cret"), "se;cret");
    assert_string_equal(startup_unwrap_password("project=ep-1;"), "");
    assert_string_equal(startup_unwrap_password("endpoint=ep-1"), "endpoint=ep-1");
    assert_string_equal(startup_unwrap_password("plain;$"), "plain;$");
    assert_string_equal(startup_unwrap_password(""), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_too_many_parameters),
        cmocka_unit_test(test_password_with_endpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
