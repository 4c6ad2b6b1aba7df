/* Error answers: the catalogue of protocol 5.3, the shapes of 5.1, and what strangers say, as one
 * table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/clock.h"
#include "transport/neon_error.h"

#define MSG(text)                                                                                  \
    "{\"message\":\"" text                                                                         \
    "\",\"code\":\"\",\"detail\":null,\"hint\":null,\"position\":null,\"severity\":\"\"}"
#define SQL(text, code)                                                                            \
    "{\"message\":\"" text "\",\"code\":\"" code                                                   \
    "\",\"detail\":null,\"hint\":null,\"severity\":\"ERROR\"}"
#define FATAL(text, code) "{\"message\":\"" text "\",\"code\":\"" code "\",\"severity\":\"FATAL\"}"

static const struct row {
    int status;
    const char *body;
    const char *connecting, *later; /* states */
    bool unknown;                   /* later: the statement may have run */
    bool retry;                     /* later: surely did not run and may be tried again */
} rows[] = {
    {400, MSG("invalid header: neon-connection-string"), "08001", "08001", false, false},
    {400, MSG("invalid connection string: empty host"), "08001", "08001", false, false},
    {400, MSG("missing database name"), "08001", "08001", false, false},
    {400, MSG("missing username"), "08001", "08001", false, false},
    {400, MSG("missing authentication credentials: required password"), "28000", "28000", false,
     false},
    {400, MSG("missing hostname"), "08001", "08001", false, false},
    {400, MSG("could not parse the HTTP request body: EOF"), "HY000", "HY000", false, false},
    {413, MSG("request is too large (max is 10485760 bytes)"), "54000", "54000", false, false},
    {507, MSG("response is too large (max is 10485760 bytes)"), "54000", "54000", true, false},
    {400, MSG("password authentication failed for user 'app'"), "28000", "28000", false, false},
    {400, MSG("This IP address 1.2.3.4 is not allowed to connect to this endpoint."), "28000",
     "28000", false, false},
    {400, FATAL("database \\\"x\\\" does not exist", "3D000"), "08004", "3D000", false, false},
    {500, FATAL("sorry, too many clients already", "53300"), "08004", "08004", false, true},
    {500, FATAL("the database system is starting up", "57P03"), "08001", "08001", false, true},
    {500, MSG("Too many connections to this endpoint. Please try again later."), "08004", "08004",
     false, true},
    {500, MSG("Failed to acquire permit to connect to the database."), "08004", "08004", false,
     true},
    {500, MSG("Control plane request failed"), "08001", "08001", false, true},
    {400, MSG("Control plane request failed: endpoint cannot be found"), "08001", "08001", false,
     false},
    {400, MSG("Control plane request failed: endpoint is disabled"), "08001", "08001", false,
     false},
    {500, MSG("Couldn't connect to compute node"), "08001", "08001", false, true},
    {500, MSG("pooled connection closed at inconsistent state"), "08001", "08S01", false, true},
    {400, MSG("connection closed"), "08001", "08S01", true, false},
    {400, MSG("error communicating with the server: broken pipe"), "08001", "08S01", true, false},
    {400, MSG("unexpected message from server"), "HY000", "HY000", true, false},
    {500, MSG("could not parse postgres response"), "HY000", "HY000", true, false},
    {400, MSG("Provided authentication token is not a valid JWT encoding"), "28000", "28000", false,
     false},
    {400, MSG("JWT token has expired (exp=1700000000)"), "28000", "28000", false, false},
    {400, MSG("jwk not found"), "28000", "28000", false, false},
    {400, MSG("error encoding message to server: value too large to transmit"), "54000", "54000",
     false, false},
    {400, MSG("error encoding message to server: string contains embedded null"), "22021", "22021",
     false, false},
    {400, "{\"message\":\"Query cancelled, connection was terminated\",\"code\":\"08P01\"}",
     "HY008", "HY008", true, false},
    /* PostgreSQL's own, as the proxy says them before a session is ready */
    {500, MSG("database \\\"x\\\" does not exist"), "08004", "3D000", false, false},
    {500, MSG("permission denied for database \\\"x\\\""), "42501", "42501", false, false},
    {500, MSG("role \\\"x\\\" is not permitted to log in"), "28000", "28000", false, false},
    {500, MSG("sorry, too many clients already"), "08004", "08004", false, true},
    {500, MSG("too many connections for role \\\"x\\\""), "08004", "08004", false, true},
    {500, MSG("remaining connection slots are reserved for roles with the SUPERUSER attribute"),
     "08004", "08004", false, true},
    {500, MSG("the database system is starting up"), "08001", "08S01", false, true},
    {400, MSG("incorrect scheme"), "08001", "08001", false, false},
    {400, MSG("invalid username: invalid utf-8"), "08001", "08001", false, false},
    {400,
     MSG("missing authentication credentials: required authorization bearer token in JWT format"),
     "28000", "28000", false, false},
    {400, MSG("This connection is trying to access this endpoint from a blocked network."), "28000",
     "28000", false, false},
    {400, MSG("invalid isolation level"), "HY000", "HY000", false, false},
    {400, MSG("could not read the HTTP request body: reset"), "08001", "08S01", false, false},
    {500, MSG("Too many connections attempts"), "08004", "08004", false, true},
    {500,
     MSG("Control plane request failed: endpoint is temporarily unavailable. Check your quotas."),
     "08001", "08001", false, true},
    {400, MSG("Control plane request failed: bad lsn"), "08001", "08001", false, false},
    {400, MSG("missing key id"), "28000", "28000", false, false},
    {400, MSG("signature algorithm not supported"), "28000", "28000", false, false},
    {400, MSG("signature error: bad"), "28000", "28000", false, false},
    {400, MSG("unsupported key type"), "28000", "28000", false, false},
    {400, MSG("invalid RSA signing algorithm"), "28000", "28000", false, false},
    {400, MSG("invalid JWT token audience"), "28000", "28000", false, false},
    {400, MSG("JWT token is not yet ready to use (nbf=1)"), "28000", "28000", false, false},
    {400, MSG("failed to fetch auth rules: none"), "28000", "28000", false, false},
    {500, MSG("could not set up the JWT authorization database extension"), "08001", "08001", false,
     false},
    {502, MSG("Unable to parse the response message from server"), "08001", "08S01", true, false},
    {500, MSG("nobody knows this message"), "08001", "HY000", true, false},
    {500, FATAL("role may not log in", "28000"), "28000", "28000", false, false},
    /* SQL errors: translated only where tools test for it */
    {400, SQL("relation does not exist", "42P01"), "42S02", "42S02", false, false},
    {400, SQL("relation exists", "42P07"), "42S01", "42S01", false, false},
    {400, SQL("column does not exist", "42703"), "42S22", "42S22", false, false},
    {400, SQL("column twice", "42701"), "42S21", "42S21", false, false},
    {400, SQL("invalid input syntax", "22P02"), "22018", "22018", false, false},
    {400, SQL("syntaxe en entrée : « " NEON_ERROR_TEMPORARY_PATH " pg_temp_3 »", "22P02"), "08004",
     "HYC00", false, false},
    {400, SQL("duplicate key", "23505"), "23505", "23505", false, false},
    {400, SQL("could not serialize access", "40001"), "40001", "40001", false, false},
    {400, SQL("deadlock detected", "40P01"), "40P01", "40P01", false, false},
    {400, SQL("read-only transaction", "25006"), "25006", "25006", false, false},
    {400, SQL("raised", "P0001"), "P0001", "P0001", false, false},
    {400, SQL("raised", "01004"), "HY000", "HY000", false, false},
    {400, SQL("raised", "00000"), "HY000", "HY000", false, false},
    {400, SQL("canceling statement due to statement timeout", "57014"), "HYT00", "HYT00", false,
     false},
    {400, SQL("canceling statement due to user request", "57014"), "HY008", "HY008", false, false},
    {400, SQL("bind message supplies 1 parameters, but requires 2", "08P01"), "HY000", "HY000",
     false, false},
    {400, FATAL("terminating connection due to administrator command", "57P01"), "08001", "08S01",
     true, false},
    /* languages of the server's: there the severity is another word */
    {400,
     "{\"message\":\"закрытие подключения по команде администратора\",\"code\":\"57P01\","
     "\"severity\":\"ВАЖНО\"}",
     "08001", "08S01", true, false},
    {400, "{\"message\":\"деление на ноль\",\"code\":\"22012\",\"severity\":\"ОШИБКА\"}", "22012",
     "22012", false, false},
    /* other shapes, and strangers */
    {400, MSG("nobody knows this message"), "08001", "HY000", true, false},
    {400, "{\"msg\":\"bad upgrade\"}", "08001", "HY000", true, false},
    {429, "{\"message\":\"Too Many Requests\"}", "08001", "HY000", false, false},
    {202, "{\"message\":\"accepted\"}", "08001", "HY000", true, false},
    {400, "\"query is not supported\"", "08001", "HY000", false, false},
    {502, "<html>Bad Gateway</html>", "08001", "08S01", true, false},
    {504, "", "08001", "08S01", true, false},
    {503, "", "08001", "08S01", true, false}, /* from whom, and when, is unknown: protocol 5.4 */
    {429, "slow down", "08001", "08S01", false, false},
    {302, "", "08001", "08S01", false, false},
    {204, "", "08001", "08S01", true, false}, /* a success, but whose? */
    {400, "[]", "08001", "08S01", false, false},
    {400, "{\"message\":7,\"code\":null}", "08001", "08S01", false, false},
    {400, "{\"message\":\"x\",\"code\":\"toolong\",\"severity\":\"ERROR\"}", "HY000", "HY000",
     false, false},
};

static void check_row(const struct row *w, bool connecting)
{
    const struct wire_request r = {.connecting = connecting};
    struct err e = ERR_INIT;
    const char *want = connecting ? w->connecting : w->later;

    assert_false(neon_error_read(w->status, sv(w->body), "0b7c", &r, &e));
    if (strcmp(e.state, want) != 0)
        fail_msg("%d %s: state %s, wanted %s (%s)", w->status, w->body, e.state, want,
                 buf_str(&e.text));
    if (!connecting && (e.effect == EFFECT_UNKNOWN) != w->unknown)
        fail_msg("%d %s: effect %d", w->status, w->body, (int)e.effect);
    if (!connecting && e.retry_safe != w->retry)
        fail_msg("%d %s: retry %d", w->status, w->body, e.retry_safe);
    assert_non_null(strstr(buf_str(&e.text), "REQUEST: 0b7c"));
    err_release(&e);
}

static void test_every_row_of_the_catalogue(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        check_row(&rows[i], true);
        check_row(&rows[i], false);
    }
}

/* A row of the catalogue without a case above would be untested. */
static void test_no_row_of_the_catalogue_is_left_out(void **state)
{
    static const char *const texts[] = {
#define X(how, text, connecting, later, effect, retry, remedy) text,
#include "transport/neon_error.def"
#undef X
    };

    (void)state;
    for (size_t k = 0; k < ARRAY_LEN(texts); k++) {
        bool found = false;
        for (size_t i = 0; i < ARRAY_LEN(rows) && !found; i++)
            found = strstr(rows[i].body, texts[k]) != NULL;
        if (!found)
            fail_msg("no case for \"%s\"", texts[k]);
    }
}

static int64_t noon(void)
{
    return 12000;
}

/* In whatever language the server says that it has cancelled the statement. */
static void test_the_clock_tells_a_timeout_from_a_cancel(void **state)
{
    static const struct {
        int64_t timeout_at;
        const char *state;
    } cases[] = {{0, "HY008"}, {12001, "HY008"}, {12000, "HYT00"}, {11000, "HYT00"}};

    (void)state;
    clock_set_source(noon);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct wire_request r = {.timeout_at = cases[i].timeout_at};
        struct err e = ERR_INIT;
        const char *body = SQL("storniere Anfrage wegen Zeitüberschreitung der Anfrage", "57014");
        assert_false(neon_error_read(400, sv(body), "", &r, &e));
        assert_string_equal(e.state, cases[i].state);
        err_release(&e);
    }
    clock_set_source(NULL);
}

/* What is said, and with which state, when the answer leaves open whether the statement ran. */
static void test_an_unknown_outcome_is_said(void **state)
{
    static const struct {
        int status;
        const char *body;
        struct wire_request r;
        const char *state;
        bool said;
    } cases[] = {
        {400, MSG("connection closed"), {0}, "08S01", true},
        {400, MSG("connection closed"), {.repeatable = true}, "08S01", false},
        {400, MSG("connection closed"), {.committing = true}, "08007", true},
        {400, FATAL("terminating connection", "57P01"), {.committing = true}, "08007", true},
        {400, FATAL("terminating connection", "57P01"), {0}, "08S01", true},
        {502, "<html>", {.committing = true}, "08007", true},
        {507, MSG("response is too large (max is 1 bytes)"), {0}, "54000", true},
        {507, MSG("response is too large (max is 1 bytes)"), {.batch = true}, "54000", false},
        {500, MSG("could not parse postgres response"), {0}, "HY000", true},
        {500, MSG("could not parse postgres response"), {.batch = true}, "HY000", false},
        {400, SQL("division by zero", "22012"), {.committing = true}, "22012", false},
        {400, SQL("could not serialize", "40001"), {.committing = true}, "40001", false},
        {500, MSG("Control plane request failed"), {.committing = true}, "08001", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = ERR_INIT;
        neon_error_read(cases[i].status, sv(cases[i].body), "", &cases[i].r, &e);
        if (strcmp(e.state, cases[i].state) != 0)
            fail_msg("%s: %s", cases[i].body, e.state);
        if ((strstr(buf_str(&e.text), "is unknown") != NULL) != cases[i].said)
            fail_msg("%s: %s", cases[i].body, buf_str(&e.text));
        err_release(&e);
    }
}

static void test_the_servers_fields_are_kept(void **state)
{
    const struct wire_request r = {0};
    const char *body = "{\"message\":\"duplicate key\",\"code\":\"23505\",\"detail\":\"Key (a)=(1) "
                       "already exists.\",\"hint\":\"Try 2.\","
                       "\"position\":\"18\",\"severity\":\"ERROR\",\"table\":\"t\",\"schema\":"
                       "\"s\",\"constraint\":\"t_pkey\"}";
    struct err e = ERR_INIT;

    (void)state;
    neon_error_read(400, sv(body), "", &r, &e);
    assert_string_equal(
        buf_str(&e.text),
        "duplicate key\nDETAIL: Key (a)=(1) already exists.\nHINT: Try 2.\nPOSITION: 18");
    assert_string_equal(e.pg->value[PG_CONSTRAINT], "t_pkey");
    assert_string_equal(e.pg->value[PG_CODE], "23505");
    assert_null(e.pg->value[PG_REQUEST_ID]);
    err_release(&e);
}

static void test_hostile_bodies(void **state)
{
    static const char *const bodies[] = {
        "{",
        "{\"message\":",
        "{\"message\":{\"message\":[[[[[[[[[[[[[[[[]]]]]]",
        "\xFF\xFE",
        "{\"code\":\"42P01\"}",
        "{\"message\":\"%s%n%s\",\"code\":\"\"}",
        "{\"message\":\"a\",\"message\":\"b\",\"code\":\"99999\"}"};
    const struct wire_request r = {0};
    struct buf huge = BUF_INIT(0);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        struct err e = ERR_INIT;
        neon_error_read(400, sv(bodies[i]), "", &r, &e);
        assert_int_equal(strlen(e.state), 5);
        err_release(&e);
    }
    buf_append_str(&huge, "{\"message\":\"");
    for (int i = 0; i < 100000; i++)
        buf_append_str(&huge, "long ");
    buf_append_str(&huge, "\",\"code\":\"42601\",\"severity\":\"ERROR\"}");
    {
        struct err e = ERR_INIT;
        neon_error_read(400, buf_sv(&huge), "id-9", &r, &e);
        assert_non_null(
            strstr(buf_str(&e.text), "REQUEST: id-9")); /* it leaves room for our words */
        assert_string_equal(e.state, "42601");
        assert_true(e.text.len <= ERR_TEXT_MAX_BYTES);
        err_release(&e);
    }
    buf_release(&huge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_of_the_catalogue),
        cmocka_unit_test(test_no_row_of_the_catalogue_is_left_out),
        cmocka_unit_test(test_the_clock_tells_a_timeout_from_a_cancel),
        cmocka_unit_test(test_an_unknown_outcome_is_said),
        cmocka_unit_test(test_the_servers_fields_are_kept),
        cmocka_unit_test(test_hostile_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
