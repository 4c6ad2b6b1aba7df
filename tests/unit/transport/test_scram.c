/* Logging in by SCRAM-SHA-256: the example of the RFC, and servers that do not know the password.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "transport/scram.h"

/* RFC 7677, section 3. */
#define NONCE "rOprNGfwEbeRWgbNEkqO"
#define BOTH_NONCES NONCE "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define SERVER_FIRST "r=" BOTH_NONCES ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
#define SERVER_FINAL "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

static struct scram begin(void)
{
    struct scram s;
    struct err e = ERR_INIT;

    assert_true(scram_init(&s, NONCE, &e));
    return s;
}

/* As far as the answer to the server's first message, as the RFC's user. */
static struct scram answered(struct buf *out)
{
    struct scram s = begin();
    struct err e = ERR_INIT;

    assert_true(buf_append_str(&s.first_bare, "n=user,r=" NONCE));
    assert_true(scram_final(&s, SV_LIT(SERVER_FIRST), "pencil", out, &e));
    return s;
}

static void test_the_example_of_the_rfc(void **state)
{
    struct buf out = BUF_INIT(0);
    struct scram s = answered(&out);
    struct err e = ERR_INIT;

    (void)state;
    assert_string_equal(buf_str(&out),
                        "c=biws,r=" BOTH_NONCES ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    assert_false(s.verified);
    assert_true(scram_verify(&s, SV_LIT(SERVER_FINAL), &e));
    assert_true(s.verified);
    buf_release(&out);
    scram_release(&s);
}

/* PostgreSQL takes the user from the startup message. */
static void test_the_first_message_names_no_user(void **state)
{
    struct scram s = begin();
    struct buf out = BUF_INIT(0);
    struct err e = ERR_INIT;

    (void)state;
    assert_true(scram_first(&s, &out, &e));
    assert_string_equal(buf_str(&out), "n,,n=,r=" NONCE);
    buf_release(&out);
    scram_release(&s);
}

static void test_nonces_are_random(void **state)
{
    struct scram a, b;
    struct err e = ERR_INIT;

    (void)state;
    assert_true(scram_init(&a, NULL, &e));
    assert_true(scram_init(&b, NULL, &e));
    assert_int_equal(strlen(a.nonce), 32);
    assert_string_not_equal(a.nonce, b.nonce);
    scram_release(&a);
    scram_release(&b);
}

static void test_a_server_without_the_password_is_refused(void **state)
{
    static const char *const finals[] = {
        "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        "v=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", /* our own proof sent back */
        "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4", /* cut */
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95A==",
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=AAAA",
        "v=AAAA",
        "v=",
        "v",
        "",
        "e=invalid-proof",
        "x=1,v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    };
    struct buf out = BUF_INIT(0);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(finals); i++) {
        struct scram s = answered(&out);
        struct err e = ERR_INIT;
        assert_false(scram_verify(&s, sv(finals[i]), &e));
        assert_false(s.verified);
        assert_string_equal(e.state, "08001");
        err_release(&e);
        scram_release(&s);
    }
    buf_release(&out);
}

static void test_every_changed_character_of_the_signature_is_noticed(void **state)
{
    static const char right[] = SERVER_FINAL;
    struct buf out = BUF_INIT(0);
    struct scram s = answered(&out);

    (void)state;
    for (size_t i = 2; i < sizeof right - 3; i++) { /* the last one holds bits that mean nothing */
        char changed[sizeof right];
        struct err e = ERR_INIT;
        memcpy(changed, right, sizeof right);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_false(scram_verify(&s, sv(changed), &e));
        err_release(&e);
    }
    buf_release(&out);
    scram_release(&s);
}

static void test_a_first_message_that_is_none(void **state)
{
    static const char *const firsts[] = {
        "",
        "r=",
        "r=" NONCE ",s=QUJD,i=1", /* nothing of the server's own */
        "r=other" NONCE ",s=QUJD,i=1",
        "r=rOprNGfwEbeRWgbNEkqX9,s=QUJD,i=1",
        "s=QUJD,r=" BOTH_NONCES ",i=1",
        "m=x,r=" BOTH_NONCES ",s=QUJD,i=1", /* an extension that must be understood */
        "r=" BOTH_NONCES ",s=,i=1",
        "r=" BOTH_NONCES ",s=QUJ,i=1",
        "r=" BOTH_NONCES ",s=Q*JD,i=1",
        "r=" BOTH_NONCES ",s=====,i=1",
        "r=" BOTH_NONCES ",s=QUJD",
        "r=" BOTH_NONCES ",s=QUJD,i=",
        "r=" BOTH_NONCES ",s=QUJD,i=0",
        "r=" BOTH_NONCES ",s=QUJD,i=-4096",
        "r=" BOTH_NONCES ",s=QUJD,i=1000001",
        "r=" BOTH_NONCES ",s=QUJD,i=99999999999999999999",
        "r=" BOTH_NONCES ",s=QUJD,i=4096x",
        "e=other-error",
    };
    struct buf out = BUF_INIT(0);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(firsts); i++) {
        struct scram s = begin();
        struct err e = ERR_INIT;
        assert_true(scram_first(&s, &out, &e));
        buf_reset(&out);
        if (scram_final(&s, sv(firsts[i]), "pencil", &out, &e))
            fail_msg("%s was taken", firsts[i]);
        assert_string_equal(e.state, "08001");
        assert_int_equal(out.len, 0);
        err_release(&e);
        scram_release(&s);
    }
    buf_release(&out);
}

static void test_messages_out_of_order(void **state)
{
    struct buf out = BUF_INIT(0);
    struct err e = ERR_INIT;
    struct scram s = begin();

    (void)state;
    /* before our first */
    assert_false(scram_final(&s, SV_LIT(SERVER_FIRST), "pencil", &out, &e));
    err_release(&e);
    /* the last before the first */
    assert_true(scram_first(&s, &out, &e));
    assert_false(scram_verify(&s, SV_LIT(SERVER_FINAL), &e));
    assert_string_equal(e.state, "08001");
    err_release(&e);
    scram_release(&s);
    /* the first twice: one proof is given, no more */
    s = answered(&out);
    assert_false(scram_final(&s, SV_LIT(SERVER_FIRST), "pencil", &out, &e));
    assert_string_equal(e.state, "08001");
    err_release(&e);
    scram_release(&s);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_example_of_the_rfc),
        cmocka_unit_test(test_the_first_message_names_no_user),
        cmocka_unit_test(test_nonces_are_random),
        cmocka_unit_test(test_a_server_without_the_password_is_refused),
        cmocka_unit_test(test_every_changed_character_of_the_signature_is_noticed),
        cmocka_unit_test(test_a_first_message_that_is_none),
        cmocka_unit_test(test_messages_out_of_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
