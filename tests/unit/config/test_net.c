/* From keywords to the structs of the layers below. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "config/config.h"
#include "config/net.h"
#include "version.h"

static void build(struct conn_options *o, const char *text, struct net_options *net)
{
    struct err e = ERR_INIT;

    conn_options_init(o);
    if (!config_build(o, sv(text), NULL, NULL, NULL, NULL, &e) || !conn_options_to_net(o, net, &e))
        fail_msg("%s: %s", text, buf_str(&e.text));
}

static void test_defaults(void **state)
{
    struct conn_options o;
    struct net_options net;

    (void)state;
    build(&o, "Server=ep-a.eu.aws.neon.tech;UID=u;PWD=p;Database=d", &net);
    assert_string_equal(net.host, "ep-a.eu.aws.neon.tech");
    assert_string_equal(net.user, "u");
    assert_string_equal(net.password, "p");
    assert_string_equal(net.database, "d");
    assert_null(net.token);
    assert_null(net.api_host);
    assert_null(net.neon_options);
    assert_int_equal(net.port, 443);
    assert_false(net.allow_insecure);
    assert_true(net.pool_opt_in);
    assert_int_equal(net.verify, TLS_VERIFY_FULL);
    assert_null(net.ca_file);
    assert_string_equal(net.tls_min_version, "1.2");
    assert_null(net.proxy);
    assert_string_equal(net.proxy_auth, "any");
    assert_null(net.no_proxy);
    assert_int_equal(net.http_version, HTTP_ANY);
    assert_int_equal(net.ip_version, 0);
    assert_true(net.keep_alive);
    assert_int_equal(net.max_idle_s, 55);
    assert_int_equal(net.retry_count, 2);
    assert_int_equal(net.retry_interval_ms, 250);
    assert_int_equal(net.max_request_bytes, 9437184);
    assert_int_equal(net.max_response_bytes, 0);
    assert_string_equal(net.user_agent, "neon-odbc/" NEONODBC_VERSION);
    conn_options_release(&o);
}

static void test_everything_else(void **state)
{
    struct conn_options o;
    struct net_options net;

    (void)state;
    build(&o,
          "Server=h;UID=u;Token=a.b;Port=4443;ApiHost=https://api:1/"
          "x;AllowInsecure=1;Pool=0;SSLmode=verify-ca;CAFile=/ca;"
          "CAPath=/cas;CRLFile=/crl;ClientCert=/c;ClientKey=/"
          "k;ClientKeyPwd=kp;TLSMinVersion=1.3;TLSCiphers=X;"
          "PinnedPublicKey=sha256//"
          "y;ProxyHost=px;ProxyPort=99;ProxyUID=pu;ProxyPWD=pp;ProxyAuth=ntlm;NoProxy=*;"
          "HttpVersion=2;IPVersion=6;KeepAlive=0;MaxIdle=9;RetryCount=0;RetryInterval=11;"
          "MaxRequestBytes=65536;"
          "MaxResponseBytes=77;Options=neon_lsn:0/1;UserAgent=tool/1;ApplicationName={a(b) "
          "\xC3\xBC};ProxyPort=98",
          &net);
    assert_null(net.password);
    assert_string_equal(net.token, "a.b");
    assert_int_equal(net.port, 4443);
    assert_string_equal(net.api_host, "https://api:1/x");
    assert_true(net.allow_insecure);
    assert_false(net.pool_opt_in);
    assert_int_equal(net.verify, TLS_VERIFY_CA);
    assert_string_equal(net.ca_file, "/ca");
    assert_string_equal(net.ca_path, "/cas");
    assert_string_equal(net.crl_file, "/crl");
    assert_string_equal(net.client_cert, "/c");
    assert_string_equal(net.client_key, "/k");
    assert_string_equal(net.client_key_password, "kp");
    assert_string_equal(net.tls_min_version, "1.3");
    assert_string_equal(net.tls_ciphers, "X");
    assert_string_equal(net.pinned_public_key, "sha256//y");
    assert_string_equal(net.proxy, "http://px:99");
    assert_string_equal(net.proxy_user, "pu");
    assert_string_equal(net.proxy_password, "pp");
    assert_string_equal(net.proxy_auth, "ntlm");
    assert_string_equal(net.no_proxy, "*");
    assert_int_equal(net.http_version, HTTP_2);
    assert_int_equal(net.ip_version, 6);
    assert_false(net.keep_alive);
    assert_int_equal(net.max_idle_s, 9);
    assert_int_equal(net.retry_count, 0);
    assert_int_equal(net.retry_interval_ms, 11);
    assert_int_equal(net.max_request_bytes, 65536);
    assert_int_equal(net.max_response_bytes, 77);
    assert_string_equal(net.neon_options, "neon_lsn:0/1");
    assert_string_equal(net.user_agent, "tool/1 neon-odbc/" NEONODBC_VERSION " (a_b_ __)");
    conn_options_release(&o);
}

static void test_the_host_names_the_endpoint(void **state)
{
    static const struct {
        const char *text, *host, *api_host;
    } cases[] = {
        {"Server=ep-a.eu.neon.tech;Endpoint=ep-a", "ep-a.eu.neon.tech", NULL},
        {"Server=EP-A.eu.neon.tech;Endpoint=ep-a", "EP-A.eu.neon.tech", NULL},
        {"Server=ep-a-pooler.eu.neon.tech;Endpoint=ep-a", "ep-a-pooler.eu.neon.tech", NULL},
        {"Server=ep-ab.eu.neon.tech;Endpoint=ep-a", "ep-a.ep-ab.eu.neon.tech", NULL},
        {"Server=eu.neon.tech;Endpoint=ep-a", "ep-a.eu.neon.tech", NULL},
        {"Server=10.0.0.1;Endpoint=ep-a", "ep-a", "10.0.0.1:443"},
        {"Server=10.0.0.1,4443;Endpoint=ep-a", "ep-a", "10.0.0.1:4443"},
        {"Server=::1;Port=5;Endpoint=ep-a", "ep-a", "[::1]:5"},
        {"Server=[::1];Port=5;Endpoint=ep-a", "ep-a", "[::1]:5"},
        {"Server=10.0.0.1;Endpoint=ep-a;ApiHost=gw:9", "ep-a", "gw:9"},
        {"Endpoint=ep-a;ApiHost=gw:9", "ep-a", "gw:9"},
        {"Server=127.0.0.1;ApiHost=http://127.0.0.1:9", "127.0.0.1", "http://127.0.0.1:9"},
        {"Server=localhost", "localhost", NULL},
        {"Url=postgresql://u:p@eu.neon.tech/d?options=project%3Dep-a", "ep-a.eu.neon.tech", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct conn_options o;
        struct net_options net;
        build(&o, cases[i].text, &net);
        assert_string_equal(net.host, cases[i].host);
        if (cases[i].api_host == NULL)
            assert_null(net.api_host);
        else
            assert_string_equal(net.api_host, cases[i].api_host);
        conn_options_release(&o);
    }
}

static void test_proxies(void **state)
{
    static const struct {
        const char *text, *proxy;
    } cases[] = {
        {"Proxy=socks5h://p:1", "socks5h://p:1"},
        {"ProxyHost=p", "http://p:3128"},
        {"Proxy=a:1;ProxyHost=b", "a:1"},
        {"Server=h", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct conn_options o;
        struct net_options net;
        build(&o, cases[i].text, &net);
        if (cases[i].proxy == NULL)
            assert_null(net.proxy);
        else
            assert_string_equal(net.proxy, cases[i].proxy);
        conn_options_release(&o);
    }
}

static void test_the_systems_certificates_by_name(void **state)
{
    struct conn_options o;
    struct net_options net;

    (void)state;
    build(&o, "Server=h;CAFile=System", &net);
    assert_null(net.ca_file);
    conn_options_release(&o);
}

static void test_it_can_be_asked_twice_and_without_memory(void **state)
{
    struct conn_options o;
    struct net_options net;
    struct err e = ERR_INIT;

    (void)state;
    build(&o, "Server=10.0.0.1;Endpoint=ep-a;ProxyHost=p;ApplicationName=x", &net);
    assert_true(conn_options_to_net(&o, &net, &e));
    for (uint64_t n = 1;; n++) {
        bool ok;
        mem_fail_at(n, 0);
        ok = conn_options_to_net(&o, &net, &e);
        mem_fail_at(0, 0);
        if (ok)
            break;
        assert_string_equal(e.state, "HY001");
        err_release(&e);
        assert_true(n < 20);
    }
    assert_string_equal(net.host, "ep-a");
    conn_options_release(&o);
}

static void test_types(void **state)
{
    struct conn_options o;
    struct net_options net;
    struct type_options types;
    struct type_options defaults;

    (void)state;
    build(&o, "Server=h", &net);
    memset(&types, 0, sizeof types);
    memset(&defaults, 0, sizeof defaults);
    conn_options_to_types(&o, &types);
    type_options_default(&defaults);
    assert_memory_equal(&types, &defaults, sizeof types);
    conn_options_release(&o);
    build(&o,
          "B0=255;B1=99;B7=1;B8=1;B9=1;C6=1;C7=1;BI=4;NumericAs=double;IntervalAs=interval;"
          "TimestampTzAs=varchar;"
          "UuidAs=varchar;JsonAs=wlongvarchar",
          &net);
    conn_options_to_types(&o, &types);
    assert_true(types.bools_as_char && types.text_as_longvarchar && types.unknowns_as_longvarchar);
    assert_true(types.bytea_as_longvarbinary && types.true_is_minus1);
    assert_int_equal(types.max_varchar_size, 255);
    assert_int_equal(types.max_longvarchar_size, 99);
    assert_int_equal(types.int8_as, SQL_INTEGER);
    assert_int_equal(types.numeric_as, SQL_DOUBLE);
    assert_int_equal(types.interval_as, SQL_INTERVAL_DAY_TO_SECOND);
    assert_int_equal(types.timestamptz_as, SQL_WVARCHAR);
    assert_int_equal(types.uuid_as, SQL_WVARCHAR);
    assert_int_equal(types.json_as, SQL_WLONGVARCHAR);
    conn_options_release(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_everything_else),
        cmocka_unit_test(test_the_host_names_the_endpoint),
        cmocka_unit_test(test_proxies),
        cmocka_unit_test(test_the_systems_certificates_by_name),
        cmocka_unit_test(test_it_can_be_asked_twice_and_without_memory),
        cmocka_unit_test(test_types),
    };
    return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
