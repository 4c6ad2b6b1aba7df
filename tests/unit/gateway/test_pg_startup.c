/* Startup packets: which are which, which parameters go on, how options are split. */
#include "gateway/pg_startup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/buf.h"

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

static void parse(struct startup *s, uint8_t minor, const uint8_t *body, size_t n)
{
    const uint8_t head[] = {0, 0, 0, 0, 0, 3, 0, minor};
    const char *why = NULL;
    if (!startup_parse(s, head, body, n, &why))
        fail_msg("%s", why);
}

static void test_what_is_negotiated(void **state)
{
    static const char wanted[] = "v\0\0\0\x13\0\3\0\0\0\0\0\1_pq_.x";
    struct startup plain = {0}, newer = {0}, options = {0};
    struct buf out = {0};
    (void)state;
    parse(&plain, 0, BODY("user\0a\0TimeZone\0UTC\0\0"));
    startup_put_negotiation(&plain, &out);
    assert_int_equal(out.len, 0);
    parse(&newer, 2, BODY("user\0a\0\0"));
    startup_put_negotiation(&newer, &out);
    assert_int_equal(out.len, 13);
    assert_memory_equal(out.data, "v\0\0\0\x0c\0\3\0\0\0\0\0\0", 13);
    parse(&options, 0, BODY("user\0a\0_pq_.x\0on\0TimeZone\0UTC\0\0"));
    startup_put_negotiation(&options, &out); /* behind what stands there */
    assert_int_equal(out.len, 13 + sizeof wanted);
    assert_memory_equal(out.data + 13, wanted, sizeof wanted);
    startup_release(&plain);
    startup_release(&newer);
    startup_release(&options);
    buf_release(&out);
}

static void test_parameters_as_options(void **state)
{
    struct startup s = {0}, other = {0};
    struct buf out = {0};
    (void)state;
    parse(&s, 0,
          BODY("user\0a\0options\0-c a=b neon_proxy_params_compat:true\0client_encoding\0LATIN1\0"
               "_pq_.x\0on\0search_path\0a, \\b\0\0"));
    assert_true(s.compat);
    startup_put_compat_options(&s, &out);
    assert_string_equal(buf_cstr(&out), "-c a=b -c search_path=a,\\ \\\\b");
    assert_string_equal(startup_client_encoding(&s), "LATIN1");
    parse(&other, 0, BODY("user\0a\0client_encoding\0LATIN1\0\0"));
    assert_string_equal(startup_client_encoding(&other), "UTF8");
    startup_release(&s);
    startup_release(&other);
    buf_release(&out);
}

static void test_the_endpoint_of_a_host(void **state)
{
    static const char *const none[] = {"",           "localhost", "localhost:80", "127.0.0.1",
                                       "[::1]:5432", "api.x.y",   "apiauth.x.y",  "ep-1:80"};
    char *found = startup_endpoint_of_host("ep-1.eu.neon.test:443");
    (void)state;
    assert_string_equal(found, "ep-1");
    free(found);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_null(startup_endpoint_of_host(none[i]));
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
        cmocka_unit_test(test_what_is_negotiated),
        cmocka_unit_test(test_parameters_as_options),
        cmocka_unit_test(test_the_endpoint_of_a_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
