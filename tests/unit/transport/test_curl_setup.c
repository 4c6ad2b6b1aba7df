/* Options that are refused instead of left out. What is trusted is tested in test_http_curl.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "transport/curl_setup.h"

static struct net_options options(void)
{
    return (struct net_options){.host = "ep-x.local.test",
                                .user = "app",
                                .password = "pw",
                                .database = "db",
                                .port = 443,
                                .verify = TLS_VERIFY_FULL,
                                .keep_alive = true,
                                .max_idle_s = 55,
                                .user_agent = "test"};
}

static CURL *set_up(const struct net_options *o, bool *ok, struct err *e)
{
    struct transport *t = transport_new(o, NULL, e);
    CURL *c = curl_easy_init();

    assert_non_null(t);
    assert_non_null(c);
    *ok = curl_setup(c, t, e);
    transport_free(t);
    return c;
}

/* 8 MB is libcurl's longest text: it stands for any option that libcurl turns down. */
static void test_an_option_that_libcurl_turns_down_is_an_error(void **state)
{
    static char big[8000002];
    struct net_options o = options();
    struct err e = ERR_INIT;
    bool ok;
    CURL *c;

    (void)state;
    memset(big, 'x', sizeof big - 1);
    o.pinned_public_key = big;
    c = set_up(&o, &ok, &e);
    assert_false(ok);
    assert_string_equal(e.state, "HY024");
    assert_non_null(strstr(buf_str(&e.text), "PinnedPublicKey"));
    err_release(&e);
    curl_easy_cleanup(c);
}

static void test_texts_that_would_break_a_header_are_refused(void **state)
{
    static const char *const tokens[] = {"", "a b", "a.b.c\r\nX: y", "a\n", "\xC3\xA9"};
    struct net_options o = options();
    struct err e = ERR_INIT;
    struct transport *t;

    (void)state;
    o.password = NULL;
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        o.token = tokens[i];
        assert_null(transport_new(&o, NULL, &e));
        assert_string_equal(e.state, "HY024");
        err_release(&e);
    }
    o.token = "a.b.c";
    t = transport_new(&o, NULL, &e);
    assert_non_null(t);
    transport_free(t);
    o.user_agent = "x\r\nY: z";
    assert_null(transport_new(&o, NULL, &e));
    assert_string_equal(e.state, "HY024");
    err_release(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_option_that_libcurl_turns_down_is_an_error),
        cmocka_unit_test(test_texts_that_would_break_a_header_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
