/* A session against a server that plays bytes instead of a WebSocket: what it must prove before it
 * is believed, what an answer must hold to be one, and that time limits hold while it talks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/clock.h"
#include "transport/pgwire_session_int.h"

/* ---- instead of ws_client.c ---- */

static struct {
    void (*play)(struct buf *out); /* what it says to what it has heard */
    unsigned n_heard;              /* messages of ours, in one write each */
    struct buf heard, out;
    size_t at;
    bool endless; /* what it said last comes again and again */
    int64_t now;
    int connections;
} server;

struct ws_client {
    int unused;
};

static int64_t virtual_now(void)
{
    return server.now;
}

struct ws_client *ws_new(struct transport *t, struct err *e)
{
    (void)t;
    (void)e;
    return mem_calloc(1, sizeof(struct ws_client));
}

bool ws_open(struct ws_client *ws, const char *url, const struct ws_patience *p, bool *refused,
             struct err *e)
{
    (void)ws;
    (void)url;
    (void)p;
    *refused = false;
    return server.connections++ == 0 || err_set(e, ST_08S01, 1007, "Nobody is there.");
}

void ws_free(struct ws_client *ws)
{
    mem_free(ws);
}

bool ws_send(struct ws_client *ws, const void *bytes, size_t len, struct err *e)
{
    (void)ws;
    (void)e;
    assert_true(buf_append(&server.heard, bytes, len));
    server.n_heard++;
    buf_reset(&server.out);
    server.at = 0;
    server.play(&server.out);
    assert_int_equal(server.out.failed, BUF_OK);
    return true;
}

bool ws_send_patiently(struct ws_client *ws, const void *bytes, size_t len,
                       const struct ws_waiter *w, struct err *e)
{
    (void)w;
    return ws_send(ws, bytes, len, e);
}

enum ws_event ws_read(struct ws_client *ws, char *dst, size_t cap, size_t *got, struct err *e)
{
    size_t left = server.out.len - server.at;

    (void)ws;
    (void)e;
    server.now++;
    *got = left < cap ? left : cap;
    if (*got == 0)
        return WS_NOTHING;
    memcpy(dst, server.out.data + server.at, *got);
    server.at = server.endless ? 0 : server.at + *got;
    return WS_DATA;
}

void ws_wait(struct ws_client *ws, int64_t ms)
{
    (void)ws;
    server.now += ms;
}

void ws_keep(struct ws_client *ws)
{
    (void)ws;
}

void ws_wake(struct ws_client *ws)
{
    (void)ws;
}

/* ---- its words ---- */

static void says(struct buf *b, char type, const char *body, size_t len)
{
    const char head[5] = {type, 0, 0, (char)((len + 4) >> 8), (char)(len + 4)};

    buf_append(b, head, 5);
    buf_append(b, body, len);
}

#define SAYS(b, type, body) says((b), (type), (body), sizeof(body) - 1)

static void authentication(struct buf *b, char how, struct strview data)
{
    struct buf body = BUF_INIT(0);

    buf_append(&body, "\0\0\0", 3);
    buf_append_char(&body, how);
    buf_append_sv(&body, data);
    says(b, 'R', body.data, body.len);
    buf_release(&body);
}

enum { OK = 0, CLEARTEXT = 3, SASL = 10, CONTINUE = 11, FINAL = 12 };

static const struct strview nothing = {"", 0};

static void ready_for_settings(struct buf *b)
{
    SAYS(b, 'K', "\0\0\0\1\0\0\0\2");
    SAYS(b, 'Z', "I");
}

static void settings_done(struct buf *b)
{
    for (int i = 0; i < 4; i++)
        SAYS(b, 'C', "SET\0");
    SAYS(b, 'Z', "I");
}

static void log_in(struct buf *b)
{
    authentication(b, CLEARTEXT, nothing);
    authentication(b, OK, nothing);
    ready_for_settings(b);
    settings_done(b);
}

struct both {
    struct transport *t;
    struct session *s;
};

static struct both session_with(void (*play)(struct buf *out), bool in_steps)
{
    const struct net_options o = {.host = "ep-a.eu.aws.neon.tech",
                                  .port = 443,
                                  .user = "u",
                                  .password = "pencil",
                                  .database = "d",
                                  .verify = TLS_VERIFY_FULL};
    struct err e = ERR_INIT;
    struct both b = {transport_new(&o, NULL, &e), NULL};

    memset(&server, 0, sizeof server);
    server.now = 1000;
    server.play = play;
    buf_init(&server.heard, 0);
    buf_init(&server.out, 0);
    clock_set_source(virtual_now);
    assert_non_null(b.t);
    atomic_store(&b.t->login_in_steps, in_steps);
    b.s = session_new(b.t, 15, &e);
    assert_non_null(b.s);
    return b;
}

static void release(struct both b)
{
    session_free(b.s);
    transport_free(b.t);
    buf_release(&server.heard);
    buf_release(&server.out);
    clock_set_source(NULL);
}

/* ---- logging in ---- */

#define SALT "QUJDREVGR0g="

/* The signature of a server that knows the password, over what was said. */
static void sign(struct buf *out, const char *password, struct strview nonce)
{
    unsigned char salted[32], key[32], signature[32];
    char text[45];
    unsigned n = 0;
    struct buf m = BUF_INIT(0);

    buf_printf(&m, "n=,r=%.32s,r=%.32sserver,s=" SALT ",i=4096,c=biws,r=%.32sserver", nonce.ptr,
               nonce.ptr, nonce.ptr);
    PKCS5_PBKDF2_HMAC(password, (int)strlen(password), (const unsigned char *)"ABCDEFGH", 8, 4096,
                      EVP_sha256(), 32, salted);
    HMAC(EVP_sha256(), salted, 32, (const unsigned char *)"Server Key", 10, key, &n);
    HMAC(EVP_sha256(), key, 32, (const unsigned char *)m.data, m.len, signature, &n);
    EVP_EncodeBlock((unsigned char *)text, signature, 32);
    buf_printf(out, "v=%s", text);
    buf_release(&m);
}

static const char *servers_password; /* NULL: it proves nothing */

static void play_scram(struct buf *b)
{
    struct strview heard = buf_sv(&server.heard);
    size_t at = sv_find(heard, SV_LIT("n,,n=,r="));
    struct strview nonce = at != SIZE_MAX ? sv_n(heard.ptr + at + 8, 32) : nothing;
    struct buf text = BUF_INIT(0);

    switch (server.n_heard) {
    case 1:
        authentication(b, SASL, SV_LIT("SCRAM-SHA-256\0"));
        break;
    case 2:
        buf_printf(&text, "r=%.32sserver,s=" SALT ",i=4096", nonce.ptr);
        authentication(b, CONTINUE, buf_sv(&text));
        break;
    case 3:
        if (servers_password != NULL) {
            sign(&text, servers_password, nonce);
            authentication(b, FINAL, buf_sv(&text));
        }
        authentication(b, OK, nothing);
        ready_for_settings(b);
        break;
    default:
        settings_done(b);
    }
    buf_release(&text);
}

static void test_a_server_must_prove_that_it_knows_the_password(void **state)
{
    static const struct {
        const char *password, *why; /* why NULL: it may log us in */
    } cases[] = {{"pencil", NULL}, {"pen", "not the one"}, {NULL, "did not prove"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct both b = session_with(play_scram, true);
        struct err e = ERR_INIT;
        bool ok;
        servers_password = cases[i].password;
        ok = session_open(b.s, server.now + 15000, &e);
        if (ok != (cases[i].why == NULL))
            fail_msg("%zu: %s", i, buf_str(&e.text));
        if (!ok) {
            assert_string_equal(e.state, "08001");
            assert_non_null(strstr(buf_str(&e.text), cases[i].why));
            assert_false(session_is_open(b.s));
        }
        assert_true(sv_find(buf_sv(&server.heard), SV_LIT("pencil")) == SIZE_MAX);
        err_release(&e);
        release(b);
    }
}

static void play_ready_without_a_login(struct buf *b)
{
    ready_for_settings(b);
    settings_done(b);
}

static void play_final_first(struct buf *b)
{
    authentication(b, FINAL, SV_LIT("v=AAAA"));
    authentication(b, OK, nothing);
    ready_for_settings(b);
}

static void play_continue_first(struct buf *b)
{
    authentication(b, CONTINUE, SV_LIT("r=x,s=QUJD,i=1"));
}

static void play_unknown_ways(struct buf *b)
{
    authentication(b, SASL, SV_LIT("SCRAM-SHA-1\0OTHER\0"));
}

static void play_kerberos(struct buf *b)
{
    authentication(b, 7, nothing);
}

static void play_a_row(struct buf *b)
{
    SAYS(b, '!', "");
}

static void test_logins_that_are_none(void **state)
{
    void (*const plays[])(struct buf *) = {
        play_ready_without_a_login, play_final_first, play_continue_first,
        play_unknown_ways,          play_kerberos,    play_a_row};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(plays); i++) {
        struct both b = session_with(plays[i], true);
        struct err e = ERR_INIT;
        if (session_open(b.s, server.now + 15000, &e))
            fail_msg("%zu was believed", i);
        assert_string_equal(e.state, "08001");
        assert_false(session_is_open(b.s));
        err_release(&e);
        release(b);
    }
}

static void play_notices(struct buf *b)
{
    SAYS(b, 'N', "SNOTICE\0Mx\0");
    server.endless = true;
}

static void test_a_login_ends_in_time_though_the_server_talks(void **state)
{
    struct both b = session_with(play_notices, false);
    struct err e = ERR_INIT;
    const int64_t begun = server.now;

    (void)state;
    assert_false(session_open(b.s, server.now + 15000, &e));
    assert_string_equal(e.state, "HYT00");
    assert_true(server.now - begun <= 15000 + 1000);
    err_release(&e);
    release(b);
}

/* ---- answers ---- */

static const char *answer; /* one letter a message; L: of a login */

static void play_answer(struct buf *b)
{
    if (server.n_heard == 1) {
        log_in(b);
        return;
    }
    for (const char *p = answer; *p != '\0'; p++)
        switch (*p) {
        case 'T':
            SAYS(b, 'T', "\0\1a\0\0\0\0\0\0\0\0\0\0\x17\0\4\xff\xff\xff\xff\0\0");
            break;
        case 't':
            SAYS(b, 't', "\0\1\0\0\0\x17");
            break;
        case 'D':
            SAYS(b, 'D', "\0\1\0\0\0\1x");
            break;
        case 'C':
            SAYS(b, 'C', "COMMIT\0");
            break;
        case 'E':
            SAYS(b, 'E', "SERROR\0C22012\0Mno\0");
            break;
        case 'F':
            SAYS(b, 'E', "SFATAL\0VFATAL\0C57P01\0Mbye\0");
            break;
        case 'R':
            SAYS(b, 'C', "ROLLBACK\0");
            break;
        case 'O':
            SAYS(b, 'C', "SELECT 1\0");
            break;
        case 'Z':
            SAYS(b, 'Z', "I");
            break;
        case 'z':
            SAYS(b, 'Z', "T");
            break;
        default:
            says(b, *p, "", 0);
        }
}

static const struct wire_stmt one_stmt = {SV_LIT("COMMIT"), NULL, 0};

static struct wire_request request(void)
{
    return (struct wire_request){.stmts = &one_stmt, .n_stmts = 1, .deadline = server.now + 60000};
}

static const struct {
    const char *answer, *state; /* "": success */
} answers[] = {
    {"12CZ", ""},      {"12TDCZ", ""},      {"12IZ", ""},       {"12NCSAZ", ""},
    {"Z", "08S01"},    {"12Z", "08S01"},    {"12TDZ", "08S01"}, {"12TDCCZ", "08S01"},
    {"EZ", "22012"},   {"12TDEZ", "22012"}, {"ECZ", "08S01"},   {"E12Z", "08S01"},
    {"EEZ", "22012"},  {"F", "08S01"},      {"12TDF", "08S01"}, {"12!", "08S01"},
    {"12Ts", "08S01"},
};

/* To its end; the state of the error, "" for success. */
static const char *read_all(struct both b, const struct wire_request *r)
{
    static char state[6];
    struct err e = ERR_INIT;
    struct exchange *x = session_exchange_new(b.s, &e);
    enum exchange_read end = EXCHANGE_FAILED;
    char bytes[8192];
    size_t got;

    assert_non_null(x);
    if (exchange_begin(x, r, &e))
        while ((end = exchange_read(x, bytes, sizeof bytes, &got, &e)) == EXCHANGE_DATA)
            assert_true(got > 0);
    assert_int_equal(end == EXCHANGE_FAILED, err_is_set(&e));
    memcpy(state, e.state, sizeof state);
    exchange_free(x);
    err_release(&e);
    return state;
}

static void test_less_than_was_asked_is_no_success(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(answers) * 2; i++) {
        const bool run = i % 2 != 0;
        struct both b = session_with(play_answer, false);
        const struct wire_request r = request();
        struct err e = ERR_INIT;
        const char *got;
        answer = answers[i / 2].answer;
        if (run)
            got = session_run(b.s, &r, NULL, &e) ? "" : e.state;
        else
            got = read_all(b, &r);
        if (run && strchr(answer, 's') != NULL)
            got = "08S01"; /* waits for more: nothing to see here */
        if (strcmp(got, answers[i / 2].state) != 0)
            fail_msg("%s%s: \"%s\", wanted \"%s\"", answer, run ? " (run)" : "", got,
                     answers[i / 2].state);
        err_release(&e);
        release(b);
    }
}

/* Whatever is wrong with the answer, a commit may have happened; and that is said. */
static void test_a_commit_is_answered_by_its_own_words(void **state)
{
    static const struct {
        const char *answer, *state;
    } cases[] = {{"CZ", ""},      {"RZ", ""},     {"OZ", "08007"}, {"IZ", "08007"},
                 {"Cz", "08007"}, {"Z", "08007"}, {"CF", "08007"}, {"F", "08007"},
                 {"!", "08007"},  {"EZ", "22012"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct both b = session_with(play_answer, false);
        struct wire_request r = request();
        struct err e = ERR_INIT;
        answer = cases[i].answer;
        r.committing = r.in_transaction = true;
        if (session_run(b.s, &r, NULL, &e) != (cases[i].state[0] == '\0') ||
            strcmp(e.state, cases[i].state) != 0)
            fail_msg("%s: \"%s\" %s", answer, e.state, buf_str(&e.text));
        if (strcmp(e.state, "08007") == 0 && strstr(buf_str(&e.text), "is unknown") == NULL)
            fail_msg("%s: %s", answer, buf_str(&e.text));
        err_release(&e);
        release(b);
    }
}

/* FATAL by itself: what it leaves open depends on whether a transaction was. */
static void test_the_servers_last_words(void **state)
{
    (void)state;
    for (int in_transaction = 0; in_transaction < 2; in_transaction++) {
        struct both b = session_with(play_answer, false);
        struct wire_request r = request();
        struct err e = ERR_INIT;
        answer = "F";
        r.in_transaction = in_transaction;
        assert_false(session_run(b.s, &r, NULL, &e));
        assert_string_equal(e.state, "08S01");
        assert_int_equal(e.effect, in_transaction ? EFFECT_NONE : EFFECT_UNKNOWN);
        assert_non_null(
            strstr(buf_str(&e.text), in_transaction ? "nothing of it is stored" : "is unknown"));
        err_release(&e);
        release(b);
    }
}

/* The end of the last result is not told before the server is ready: until then the commit of what
 * it did may fail. */
static void test_the_end_of_a_result_waits_for_its_commit(void **state)
{
    struct both b = session_with(play_answer, false);
    const struct wire_request r = request();

    (void)state;
    answer = "12CEZ";
    assert_string_equal(read_all(b, &r), "22012");
    release(b);
}

static void test_descriptions(void **state)
{
    static const struct {
        const char *answer, *state;
    } cases[] = {{"1tTZ", ""},       {"1tnZ", ""},       {"1Z", "08S01"}, {"1TZ", "08S01"},
                 {"1ttTZ", "08S01"}, {"1tTTZ", "08S01"}, {"1EZ", "22012"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct both b = session_with(play_answer, false);
        const struct wire_request r = request();
        struct session_description d;
        struct err e = ERR_INIT;
        answer = cases[i].answer;
        if (session_describe(b.s, SV_LIT("SELECT $1"), &r, &d, &e)) {
            assert_int_equal(d.n_params, 1);
            assert_int_equal(d.n_columns, strchr(answer, 'T') != NULL);
        }
        if (strcmp(e.state, cases[i].state) != 0)
            fail_msg("%s: \"%s\" %s", answer, e.state, buf_str(&e.text));
        session_description_release(&d);
        err_release(&e);
        release(b);
    }
}

static void play_endless_notices(struct buf *b)
{
    if (server.n_heard == 1)
        log_in(b);
    else
        play_notices(b);
}

static void test_a_query_timeout_is_heard_though_the_server_talks(void **state)
{
    struct both b = session_with(play_endless_notices, false);
    struct wire_request r = request();

    (void)state;
    r.deadline = server.now + 5000;
    assert_string_equal(read_all(b, &r), "HYT00");
    assert_int_equal(server.connections, 2); /* the second would have carried the cancel */
    assert_false(session_is_open(b.s));
    release(b);
}

/* What waits to be read is bounded, whatever comes. */
static void play_notifications(struct buf *b)
{
    if (server.n_heard == 1) {
        log_in(b);
        return;
    }
    for (int i = 0; i < 2 * SESSION_MAX_NOTIFICATIONS; i++)
        SAYS(b, 'A', "\0\0\0\1c\0p\0");
    for (int i = 0; i < 2 * SESSION_MAX_NOTICES; i++)
        SAYS(b, 'N', "SNOTICE\0Mx\0");
    SAYS(b, '1', "");
    SAYS(b, '2', "");
    SAYS(b, 'C', "COMMIT\0");
    SAYS(b, 'Z', "I");
}

static void test_what_waits_to_be_read_is_bounded(void **state)
{
    struct both b = session_with(play_notifications, false);
    const struct wire_request r = request();
    struct pg_fields *f;
    size_t n = 0;

    (void)state;
    assert_string_equal(read_all(b, &r), "");
    for (; session_notification(b.s) != NULL; n++)
        session_drop_notification(b.s);
    assert_int_equal(n, SESSION_MAX_NOTIFICATIONS);
    n = 0;
    for (; (f = session_take_notice(b.s)) != NULL; n++)
        pg_fields_free(f);
    assert_int_equal(n, SESSION_MAX_NOTICES);
    release(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_server_must_prove_that_it_knows_the_password),
        cmocka_unit_test(test_logins_that_are_none),
        cmocka_unit_test(test_a_login_ends_in_time_though_the_server_talks),
        cmocka_unit_test(test_less_than_was_asked_is_no_success),
        cmocka_unit_test(test_a_commit_is_answered_by_its_own_words),
        cmocka_unit_test(test_the_servers_last_words),
        cmocka_unit_test(test_the_end_of_a_result_waits_for_its_commit),
        cmocka_unit_test(test_descriptions),
        cmocka_unit_test(test_a_query_timeout_is_heard_though_the_server_talks),
        cmocka_unit_test(test_what_waits_to_be_read_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
