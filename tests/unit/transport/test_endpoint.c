/* Where requests go and what identifies the database: protocol 1.1 and 2.4 as tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "transport/endpoint.h"

static const struct net_options base = {.host = "EP-cool-1.eu-1.aws.neon.tech",
                                        .user = "app",
                                        .password = "pw",
                                        .database = "db",
                                        .port = 443};

static const struct {
    const char *host, *api_host, *token, *url;
    int port;
    bool insecure;
} urls[] = {
    {"ep-x.eu-1.aws.neon.tech", NULL, NULL, "https://api.eu-1.aws.neon.tech/sql", 443, false},
    {"EP-X.EU-1.aws.neon.tech", NULL, NULL, "https://api.eu-1.aws.neon.tech/sql", 443, false},
    {"ep-x-pooler.eu-1.aws.neon.tech", NULL, NULL, "https://api.eu-1.aws.neon.tech/sql", 443,
     false},
    {"ep-x.eu-1.aws.neon.tech", NULL, "jwt", "https://apiauth.eu-1.aws.neon.tech/sql", 443, false},
    {"ep-x.eu-1.aws.neon.tech", NULL, NULL, "https://api.eu-1.aws.neon.tech:8443/sql", 8443, false},
    {"localhost", NULL, NULL, "https://localhost/sql", 443, false},
    {"ep-x.a.b", "gate.example.net", NULL, "https://gate.example.net/sql", 443, false},
    {"ep-x.a.b", "gate.example.net:9000", NULL, "https://gate.example.net:9000/sql", 443, false},
    {"ep-x.a.b", "https://Gate.example.net/my/sql", NULL, "https://gate.example.net/my/sql", 443,
     false},
    {"ep-x.a.b", "https://gate.example.net/", NULL, "https://gate.example.net/sql", 443, false},
    {"ep-x.a.b", "https://[2001:db8::1]:8443", NULL, "https://[2001:db8::1]:8443/sql", 443, false},
    {"ep-x.a.b", "http://127.0.0.1:4444", NULL, "http://127.0.0.1:4444/sql", 443, true},
    {"ep-x.a.b", "http://localhost:4444", NULL, "http://localhost:4444/sql", 443, true},
    {"ep-x.a.b", "http://[::1]:4444", NULL, "http://[::1]:4444/sql", 443, true},
    {"10.1.2.3", NULL, NULL, "https://10.1.2.3/sql", 443, false}, /* no label to replace */
    {"[::ffff:10.1.2.3]", NULL, NULL, "https://[::ffff:10.1.2.3]/sql", 443, false},
    /* refused */
    {"ep-x.a.b", "http://127.0.0.1.5", NULL, NULL, 443, true},
    {"ep-x.a.b", "http://127.1", NULL, NULL, 443, true},
    {"ep-x.a.b", "http://127.0.0.1:4444", NULL, NULL, 443, false},
    {"ep-x.a.b", "http://gate.example.net", NULL, NULL, 443, true},
    {"ep-x.a.b", "http://127.0.0.1.example.net", NULL, NULL, 443, true},
    {"ep-x.a.b", "http://127.example.net", NULL, NULL, 443, true},
    {"ep-x.a.b", "http://10.0.0.1", NULL, NULL, 443, true},
    {"ep-x.a.b", "https://user:pw@gate.example.net", NULL, NULL, 443, false},
    {"ep-x.a.b", "gate.example.net:99999", NULL, NULL, 443, false},
    {"ep-x.a.b", "gate.example.net/a b", NULL, NULL, 443, false},
    {"ep-x.a.b", "ftp://gate.example.net", NULL, NULL, 443, false},
    {"", NULL, NULL, NULL, 443, false},
    {"a b", NULL, NULL, NULL, 443, false},
    {"host/path", NULL, NULL, NULL, 443, false},
};

static void test_urls(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        struct net_options o = base;
        struct buf out = BUF_INIT(0);
        struct err e = ERR_INIT;
        bool ok;
        o.host = urls[i].host;
        o.api_host = urls[i].api_host;
        o.token = urls[i].token;
        o.port = urls[i].port;
        o.allow_insecure = urls[i].insecure;
        ok = endpoint_url(&o, &out, &e);
        if (urls[i].url == NULL) {
            if (ok)
                fail_msg("%s, %s was taken as %s", urls[i].host,
                         urls[i].api_host ? urls[i].api_host : "-", buf_str(&out));
            assert_string_equal(e.state, "HY024");
            assert_true(e.text.len > 30);
        } else {
            if (!ok)
                fail_msg("%s: %s", urls[i].url, buf_str(&e.text));
            assert_string_equal(buf_str(&out), urls[i].url);
        }
        buf_release(&out);
        err_release(&e);
    }
}

static void test_connection_strings_are_encoded_strictly(void **state)
{
    static const struct {
        const char *user, *password, *database, *token, *options, *want;
    } rows[] = {
        {"app", "pw", "db", NULL, NULL, "postgresql://app:pw@ep-cool-1.eu-1.aws.neon.tech/db"},
        {"a p", "s@crt:/?#[]%&;=", "d/b", NULL, NULL,
         "postgresql://a%20p:s%40crt%3A%2F%3F%23%5B%5D%25%26%3B%3D@ep-cool-1.eu-1.aws.neon.tech/"
         "d%2Fb"},
        {"app", "p\xC3\xA9", "db", NULL, NULL,
         "postgresql://app:p%C3%A9@ep-cool-1.eu-1.aws.neon.tech/db"},
        {"app", "-._~", "", NULL, NULL, "postgresql://app:-._~@ep-cool-1.eu-1.aws.neon.tech/app"},
        {"app", "pw", "db", "jwt", NULL, "postgresql://app@ep-cool-1.eu-1.aws.neon.tech/db"},
        {"app", "pw", "db", NULL, "neon_lsn:0/1",
         "postgresql://app:pw@ep-cool-1.eu-1.aws.neon.tech/db?options=neon_lsn%3A0%2F1"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct net_options o = base;
        struct buf out = BUF_INIT(0);
        struct err e = ERR_INIT;
        o.user = rows[i].user;
        o.password = rows[i].password;
        o.database = rows[i].database;
        o.token = rows[i].token;
        o.neon_options = rows[i].options;
        assert_true(endpoint_connection_string(&o, &out, &e));
        assert_string_equal(buf_str(&out), rows[i].want);
        buf_release(&out);
    }
}

static void test_a_host_that_would_change_the_header_is_refused(void **state)
{
    static const char *const bad[] = {"",    "a b",    "x\r\nEvil: 1", "x@y",
                                      "x/y", "x:5432", "x?y",          "\xC3\xA9"};
    struct net_options o = base;
    struct buf out = BUF_INIT(0);
    struct err e = ERR_INIT;

    (void)state;
    o.api_host = "gate.example.net"; /* the host then only stands in the header */
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        o.host = bad[i];
        assert_false(endpoint_connection_string(&o, &out, &e));
        assert_string_equal(e.state, "HY024");
        err_release(&e);
        assert_int_equal(out.len, 0);
    }
    o.host = "::1";
    assert_true(endpoint_connection_string(&o, &out, &e));
    assert_string_equal(buf_str(&out), "postgresql://app:pw@[::1]/db");
    buf_release(&out);
}

static void test_loopback(void **state)
{
    static const char *const yes[] = {"localhost",   "LOCALHOST", "127.0.0.1",
                                      "127.255.0.9", "::1",       "[::1]"};
    static const char *const no[] = {"",
                                     "localhost.example.net",
                                     "127.0.0.1.nip.io",
                                     "127.1",
                                     "127.0.0.1.5",
                                     "127.0.0.256",
                                     "128.0.0.1",
                                     "0.0.0.0",
                                     "::2",
                                     "10.0.0.1"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(yes); i++)
        assert_true(endpoint_is_loopback(sv(yes[i])));
    for (size_t i = 0; i < ARRAY_LEN(no); i++)
        assert_false(endpoint_is_loopback(sv(no[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_connection_strings_are_encoded_strictly),
        cmocka_unit_test(test_a_host_that_would_change_the_header_is_refused),
        cmocka_unit_test(test_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
