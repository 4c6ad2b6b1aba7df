/* The upgrade: what is asked, and which answers are one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "transport/ws_upgrade.h"

/* The example of RFC 6455, section 1.3. */
static const char key[] = "dGhlIHNhbXBsZSBub25jZQ==";
#define UPGRADE "Upgrade: websocket\r\n"
#define CONNECTION "Connection: Upgrade\r\n"
#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define STATUS "HTTP/1.1 101 Switching Protocols\r\n"

static void test_answers_that_are_one(void **state)
{
    static const char *const good[] = {
        STATUS UPGRADE CONNECTION ACCEPT "\r\n",
        "HTTP/1.1 101 x\r\n" ACCEPT CONNECTION UPGRADE "\r\n",
        "HTTP/1.1 101\r\n" UPGRADE CONNECTION ACCEPT "\r\n", /* without a reason */
        STATUS "upgrade:WebSocket \r\nCONNECTION:  keep-alive, upgrade\r\n"
               "sec-websocket-accept:\ts3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nneon-request-id: 1\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct err e = ERR_INIT;
        if (!ws_upgrade_check(sv(good[i]), key, &e))
            fail_msg("%zu: %s", i, buf_str(&e.text));
    }
}

static void test_answers_that_are_none(void **state)
{
    static const struct {
        const char *head;
        int native;
        const char *why;
    } bad[] = {
        {"HTTP/1.1 403 no\r\n\r\n", 403, "403"},
        {"HTTP/1.1 200 OK\r\n" UPGRADE CONNECTION ACCEPT "\r\n", 200, "200"},
        {"HTTP/1.1 407 login\r\n\r\n", 407, "407"},
        {"HTTP/1.1 099 x\r\n\r\n", 0, "not HTTP"},
        {"HTTP/1.1 -01 x\r\n\r\n", 0, "not HTTP"},
        {"HTTP/1.1 1x1 x\r\n\r\n", 0, "not HTTP"},
        {"HTTP/2 101\r\n\r\n", 0, "not HTTP"},
        {"SSH-2.0-OpenSSH\r\n\r\n", 0, "not HTTP"},
        {"\r\n\r\n", 0, "not HTTP"},
        {"", 0, "not HTTP"},
        {"HTTP/1.1 10", 0, "not HTTP"},
        {STATUS "\r\n", 101, "Upgrade"},
        {STATUS UPGRADE ACCEPT "\r\n", 101, "Upgrade"},
        {STATUS CONNECTION ACCEPT "\r\n", 101, "Upgrade"},
        {STATUS "Upgrade: h2c\r\n" CONNECTION ACCEPT "\r\n", 101, "Upgrade"},
        {STATUS UPGRADE "Connection: close\r\n" ACCEPT "\r\n", 101, "Upgrade"},
        {STATUS UPGRADE CONNECTION "\r\n", 101, "key"},
        {STATUS UPGRADE CONNECTION "Sec-WebSocket-Accept: wrong\r\n\r\n", 101, "key"},
        {STATUS UPGRADE CONNECTION "Sec-WebSocket-Accept: S3PPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
         101, "key"},
        {STATUS UPGRADE CONNECTION ACCEPT "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
         101, "extensions"},
        {STATUS UPGRADE CONNECTION ACCEPT "Sec-WebSocket-Protocol: chat\r\n\r\n", 101,
         "extensions"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err e = ERR_INIT;
        assert_false(ws_upgrade_check(sv(bad[i].head), key, &e));
        assert_string_equal(e.state, "08001");
        if (e.native != bad[i].native || strstr(buf_str(&e.text), bad[i].why) == NULL)
            fail_msg("%zu: %d %s", i, e.native, buf_str(&e.text));
        err_release(&e);
    }
}

static void test_the_end_of_the_head(void **state)
{
    static const char bytes[] = STATUS UPGRADE "\r\n\x82\1x";
    const size_t head = sizeof bytes - 1 - 3;

    (void)state;
    for (size_t n = 0; n < sizeof bytes; n++)
        assert_int_equal(ws_upgrade_head_len(sv_n(bytes, n)), n < head ? 0 : head);
}

static void test_the_request(void **state)
{
    static const struct {
        const char *url, *first_lines;
    } cases[] = {
        {"https://ep-a.eu.neon.tech/v2", "GET /v2 HTTP/1.1\r\nHost: ep-a.eu.neon.tech\r\n"},
        {"http://127.0.0.1:4444/a/b?c=d", "GET /a/b?c=d HTTP/1.1\r\nHost: 127.0.0.1:4444\r\n"},
        {"https://[::1]:4444", "GET / HTTP/1.1\r\nHost: [::1]:4444\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf out = BUF_INIT(0);
        assert_true(ws_upgrade_request(cases[i].url, key, "agent/1", &out));
        assert_int_equal(sv_find(buf_sv(&out), sv(cases[i].first_lines)), 0);
        assert_non_null(strstr(out.data, "\r\nSec-WebSocket-Version: 13\r\n"));
        assert_non_null(strstr(out.data, "\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
        assert_non_null(strstr(out.data, "\r\nConnection: Upgrade\r\n"));
        assert_non_null(strstr(out.data, "\r\nUser-Agent: agent/1\r\n"));
        assert_int_equal(ws_upgrade_head_len(buf_sv(&out)), out.len);
        buf_release(&out);
    }
}

static void test_keys_are_random(void **state)
{
    char a[WS_KEY_CHARS + 1], b[WS_KEY_CHARS + 1];

    (void)state;
    assert_true(ws_upgrade_key(a));
    assert_true(ws_upgrade_key(b));
    assert_int_equal(strlen(a), WS_KEY_CHARS);
    assert_string_not_equal(a, b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_that_are_one), cmocka_unit_test(test_answers_that_are_none),
        cmocka_unit_test(test_the_end_of_the_head),  cmocka_unit_test(test_the_request),
        cmocka_unit_test(test_keys_are_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
