#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "transport/pgwire_msg.h"
#include "transport/scram.h"
#include "transport/ws_upgrade.h"

/* RFC 7677, section 3 (the user's name stands elsewhere in PostgreSQL, so the signature differs).
 */
static void test_a_conversation(void **state)
{
    struct scram s;
    struct err e = ERR_INIT;
    struct buf out = BUF_INIT(0);
    const char *first = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                        "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    (void)state;
    assert_true(scram_init(&s, "rOprNGfwEbeRWgbNEkqO", &e));
    assert_true(scram_first(&s, &out, &e));
    assert_string_equal(buf_str(&out), "n,,n=,r=rOprNGfwEbeRWgbNEkqO");
    buf_reset(&out);
    assert_true(scram_final(&s, sv(first), "pencil", &out, &e));
    assert_int_equal(sv_find(buf_sv(&out), SV_LIT("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDp")), 0);
    assert_false(scram_verify(&s, SV_LIT("v=AAAA"), &e));
    err_release(&e);
    assert_false(scram_final(&s, SV_LIT("r=other,s=W22Z,i=1"), "pencil", &out, &e));
    err_release(&e);
    assert_false(
        scram_final(&s, SV_LIT("r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=99999999"), "x", &out, &e));
    err_release(&e);
    buf_release(&out);
    scram_release(&s);
}

/* Messages that are cut at every byte are found all the same. */
static void test_messages_cut_anywhere(void **state)
{
    static const char bytes[] = "1\0\0\0\4"
                                "D\0\0\0\x0b\0\1\0\0\0\1x"
                                "C\0\0\0\x0dSELECT 1\0"
                                "Z\0\0\0\5I";
    const size_t n = sizeof bytes - 1;

    (void)state;
    for (size_t cut = 0; cut <= n; cut++) {
        struct pgwire_scan s;
        struct pgwire_message m;
        struct err e = ERR_INIT;
        char found[8] = "";
        size_t k = 0;
        struct strview parts[2] = {{bytes, cut}, {bytes + cut, n - cut}};
        pgwire_scan_init(&s);
        for (int i = 0; i < 2; i++)
            while (pgwire_scan_next(&s, &parts[i], &m, &e) == PGWIRE_MESSAGE)
                found[k++] = m.type;
        assert_string_equal(found, "1CZ");
        assert_int_equal(s.n_rows, 1);
        pgwire_scan_release(&s);
    }
}

static void test_bad_messages(void **state)
{
    static const char *const bad[] = {"!\0\0\0\4", "C\0\0\0\3", "D\xff\xff\xff\xff", "Z\x7f\0\0\0"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct pgwire_scan s;
        struct pgwire_message m;
        struct err e = ERR_INIT;
        struct strview in = {bad[i], 5};
        pgwire_scan_init(&s);
        assert_int_equal(pgwire_scan_next(&s, &in, &m, &e), PGWIRE_BAD);
        assert_string_equal(e.state, "08S01");
        err_release(&e);
        pgwire_scan_release(&s);
    }
}

/* The example of RFC 6455, section 1.3. */
static void test_the_upgrade(void **state)
{
    static const char key[] = "dGhlIHNhbXBsZSBub25jZQ==";
    struct err e = ERR_INIT;

    (void)state;
    assert_true(ws_upgrade_check(SV_LIT("HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: "
                                        "Upgrade\r\nSec-WebSocket-Accept: "
                                        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
                                 key, &e));
    assert_false(ws_upgrade_check(SV_LIT("HTTP/1.1 403 no\r\n\r\n"), key, &e));
    assert_int_equal(e.native, 403);
    err_release(&e);
    assert_false(ws_upgrade_check(SV_LIT("HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: "
                                         "Upgrade\r\nSec-WebSocket-Accept: wrong\r\n\r\n"),
                                  key, &e));
    err_release(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_conversation),
        cmocka_unit_test(test_messages_cut_anywhere),
        cmocka_unit_test(test_bad_messages),
        cmocka_unit_test(test_the_upgrade),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
