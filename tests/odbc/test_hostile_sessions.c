/* A server, or something on the way to it, that sends what it must not, at every place: into a
 * session's frames, its messages, its login. Nobody crashes or waits for ever, no wrong row is
 * handed out, no commit answers success without its effect, and the connection can be used
 * afterwards. The gateway puts the bytes in (fault ws_inject); everything else is PostgreSQL's. */
#include "odbc_test.h"

static struct fixture *connect_by(const char *transport)
{
    char keywords[100];

    snprintf(keywords, sizeof keywords, "RetryCount=0;Transport=%s", transport);
    return fixture_with(keywords);
}

/* ---- what is put in ---- */

static const struct row {
    const char *what;
    const char *raw;  /* hexadecimal: outside of any frame */
    const char *data; /* in a frame of its own */
    bool harmless;    /* the answer is right all the same */
    bool unnoticed;   /* may be: it says nothing to this statement */
} rows[] = {
    {"a ping", "8904706f6e67", "", true, false},
    {"a long ping, a pong and empty frames",
     "897d"
     "787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787"
     "878"
     "787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787"
     "878"
     "7878787878787878787878787878787878787878787878787878787878"
     "8a0082008200",
     "", true, false},
    {"a notice in three fragments", "02054e0000000800024d6180020000", "", true, false},
    {"a notice", "", "4e0000000c534e4f54004d0000", true, false},
    {"a setting", "", "53000000087a002d00", true, true},
    {"a notification", "", "410000000c0000000163007000", true, true},
    {"a text frame", "81026869", "", false, false},
    {"a text frame in fragments", "0101688000", "", false, false},
    {"a masked frame", "82830102030460606060", "", false, false},
    {"reserved bits", "c20178", "", false, false},
    {"a compressed ping", "c90178", "", false, false},
    {"an unknown frame", "830178", "", false, false},
    {"an unknown control frame", "8b0178", "", false, false},
    {"a ping that is too long", "897e00800000", "", false, false},
    {"a fragmented ping", "09017880017a", "", false, false},
    {"a continuation of nothing", "800178", "", false, false},
    {"a length with a sign", "827fffffffffffffffff", "", false, false},
    {"a length longer than it need be", "827e00014e", "", false, false},
    {"closing", "880203e8", "", false, false},
    {"closing without a word", "8800", "", false, false},
    {"plain text", "485454502f312e3120353032204261640d0a0d0a", "", false, false},
    {"an unknown message", "", "2100000004", false, false},
    {"a client's message", "", "5100000006310000", false, false},
    {"a length below four", "", "4300000003", false, false},
    {"a length of four gigabytes", "", "44ffffffff", false, false},
    {"a command of half a megabyte", "", "4300080004", false, false},
    {"a state that there is not", "", "5a0000000558", false, false},
    {"ready without a state", "", "5a00000004", false, false},
    {"ready too early, or twice", "", "5a0000000549", false, true},
    {"completion too early, or twice", "", "430000000d53454c454354203000", false, false},
    {"a row that is too wide", "", "440000000e000200000000ffffffff", false, true},
    {"a row longer than itself", "", "440000000a00010000ffff", false, true},
    {"a portion's end", "", "7300000004", false, false},
    {"an empty statement's end", "", "4900000004", false, false},
    {"an error without anything", "", "450000000500", false, false},
    {"an error without its end", "", "45000000085352434f", false, false},
    {"FATAL", "", "450000001853464154414c00433537503031004d6279650000", false, true},
};

static void arm(const struct row *r, const char *since, const char *direction, int after)
{
    char json[1000];

    gateway_reset();
    snprintf(json, sizeof json,
             "{\"kind\":\"ws_inject\",\"since\":\"%s\",\"direction\":\"%s\",\"after\":%d,"
             "\"raw\":\"%s\",\"data\":\"%s\"}",
             since, direction, after, r->raw, r->data);
    gateway_fault(json);
}

/* The rows 1, 2 and 3: SQL_NO_DATA when they all came and nothing else, SQL_ERROR. */
static SQLRETURN read_three(SQLHSTMT s)
{
    SQLINTEGER n = 0;
    SQLRETURN rc = exec(s, "SELECT g FROM generate_series(1, 3) g");

    while (SQL_SUCCEEDED(rc)) {
        SQLINTEGER got = -1;
        rc = SQLFetch(s);
        if (rc == SQL_NO_DATA)
            assert_int_equal(n, 3);
        if (!SQL_SUCCEEDED(rc))
            return rc;
        assert_stmt_ok(s, SQLGetData(s, 1, SQL_C_SLONG, &got, 0, NULL));
        assert_int_equal(got, ++n);
    }
    return rc;
}

static void assert_clean(const struct row *r, int after, SQLSMALLINT type, SQLHANDLE h)
{
    const char *state = diag_state(type, h);

    if (strncmp(state, "08", 2) != 0 && strcmp(state, "57P01") != 0 &&
        strcmp(state, "XX000") != 0 && strcmp(state, "HY000") != 0)
        fail_msg("%s behind message %d: %s %s", r->what, after, state, diag_text(type, h));
    if (strlen(diag_text(type, h)) < 20)
        fail_msg("%s: no sentence: %s", r->what, diag_text(type, h));
}

/* The answer to a statement that the server has prepared: BindComplete, RowDescription, three rows,
 * CommandComplete, ReadyForQuery. */
#define MESSAGES_OF_AN_ANSWER 7

static void test_whatever_comes_into_an_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture *f = connect_by("websocket");
        for (int after = -1; after < MESSAGES_OF_AN_ANSWER; after++) {
            SQLRETURN rc;
            gateway_reset();
            assert_int_equal(read_three(f->stmt), SQL_NO_DATA);
            if (after < 0) /* before anything has been answered */
                arm(&rows[i], "now", "in", 0);
            else
                arm(&rows[i], "now", "out", after);
            rc = read_three(f->stmt);
            if (rc == SQL_ERROR)
                assert_clean(&rows[i], after, SQL_HANDLE_STMT, f->stmt);
            if (rows[i].harmless && rc != SQL_NO_DATA)
                fail_msg("%s behind message %d broke the answer: %s", rows[i].what, after,
                         diag_text(SQL_HANDLE_STMT, f->stmt));
            if (!rows[i].harmless && !rows[i].unnoticed && rc != SQL_ERROR)
                fail_msg("%s behind message %d was taken", rows[i].what, after);
            gateway_reset();
            if (read_three(f->stmt) != SQL_NO_DATA) /* once told, if this one was told nothing */
                assert_clean(&rows[i], after, SQL_HANDLE_STMT, f->stmt);
            if (read_three(f->stmt) != SQL_NO_DATA)
                fail_msg("after %s behind message %d the connection is unusable: %s", rows[i].what,
                         after, diag_text(SQL_HANDLE_STMT, f->stmt));
        }
        fixture_free(f);
    }
}

/* Into the login, which is ParameterStatus, keys and what the settings are answered with. */
#define MESSAGES_OF_A_LOGIN 24

static void test_whatever_comes_into_the_login(void **state)
{
    char connstr[300];

    (void)state;
    snprintf(connstr, sizeof connstr, "DSN=neon;RetryCount=0;LoginTimeout=20;Transport=websocket");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int after = (int)(i % 3); after < MESSAGES_OF_A_LOGIN; after += 3) {
            struct fixture *f = fixture_new(SQL_OV_ODBC3_80);
            SQLRETURN rc;
            arm(&rows[i], "start", "out", after);
            rc = SQLDriverConnect(f->dbc, NULL, sqltext(connstr), SQL_NTS, NULL, 0, NULL,
                                  SQL_DRIVER_NOPROMPT);
            if (SQL_SUCCEEDED(rc)) {
                assert_dbc_ok(f->dbc, SQLAllocHandle(SQL_HANDLE_STMT, f->dbc, &f->stmt));
                if (read_three(f->stmt) != SQL_NO_DATA)
                    assert_clean(&rows[i], after, SQL_HANDLE_STMT, f->stmt);
            } else {
                assert_clean(&rows[i], after, SQL_HANDLE_DBC, f->dbc);
                if (rows[i].harmless)
                    fail_msg("%s behind message %d of the login: %s", rows[i].what, after,
                             diag_text(SQL_HANDLE_DBC, f->dbc));
                gateway_reset();
                fixture_connect(f, connstr); /* the same handle */
            }
            gateway_reset();
            if (read_three(f->stmt) != SQL_NO_DATA)
                assert_clean(&rows[i], after, SQL_HANDLE_STMT, f->stmt);
            assert_int_equal(read_three(f->stmt), SQL_NO_DATA);
            fixture_free(f);
        }
}

/* ---- transactions: success means effect, and an error says whether ---- */

static void one_commit(struct fixture *f, SQLHSTMT witness, const struct row *r, int after)
{
    const char *outcome = "none";
    SQLRETURN rc;
    long long there;

    assert_int_equal(read_three(f->stmt), SQL_NO_DATA);
    run(f->stmt, "DELETE FROM t_hostile");
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    arm(r, "now", "out", after);
    rc = exec(f->stmt, "INSERT INTO t_hostile VALUES (1)");
    if (SQL_SUCCEEDED(rc)) {
        rc = SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT);
        outcome = SQL_SUCCEEDED(rc) ? "stored" : diag_state(SQL_HANDLE_DBC, f->dbc);
    } else {
        assert_clean(r, after, SQL_HANDLE_STMT, f->stmt);
    }
    gateway_reset();
    there = query_number(witness, "SELECT count(*) FROM t_hostile");
    if (strcmp(outcome, "stored") == 0 ? there != 1 : strcmp(outcome, "08007") != 0 && there != 0)
        fail_msg("%s behind message %d: the commit said %s, and %lld rows are there", r->what,
                 after, outcome, there);
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
}

/* BEGIN's two messages and INSERT's three, ReadyForQuery; then COMMIT's two. */
#define MESSAGES_OF_A_TRANSACTION 8

static void test_a_commit_that_says_success_has_its_effect(void **state)
{
    struct fixture *w = connect_by("http");

    (void)state;
    run(w->stmt, "DROP TABLE IF EXISTS t_hostile");
    run(w->stmt, "CREATE TABLE t_hostile (a int)");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture *f = connect_by(i % 2 ? "auto" : "websocket");
        fixture_autocommit(f, false);
        for (int after = (int)(i / 2 % 2); after < MESSAGES_OF_A_TRANSACTION; after += 2)
            one_commit(f, w->stmt, &rows[i], after);
        fixture_free(f);
    }
    run(w->stmt, "DROP TABLE t_hostile");
    fixture_free(w);
}

/* ---- frames of any size ---- */

static void test_messages_that_straddle_frames_everywhere(void **state)
{
    static const char *const transports[] = {"websocket", "auto"};
    const long want = 300L * 301 / 2;

    (void)state;
    for (size_t i = 0; i < 2; i++)
        for (int bytes = 1; bytes < 40; bytes = bytes < 8 ? bytes + 1 : bytes * 2) {
            char json[100];
            struct fixture *f;
            long sum = 0;
            SQLRETURN rc;
            gateway_reset();
            snprintf(json, sizeof json, "{\"kind\":\"ws_frame_bytes\",\"bytes\":%d,\"count\":-1}",
                     bytes);
            gateway_fault(json);
            f = connect_by(transports[i]);
            fixture_autocommit(f, false);
            run(f->stmt, "SET LOCAL work_mem = '5MB'"); /* a session's, with auto too */
            assert_stmt_ok(f->stmt, exec(f->stmt, "SELECT g, repeat('x', g), NULL FROM "
                                                  "generate_series(1, 300) g"));
            while (SQL_SUCCEEDED(rc = SQLFetch(f->stmt))) {
                char text[301];
                SQLLEN ind;
                assert_stmt_ok(f->stmt,
                               SQLGetData(f->stmt, 2, SQL_C_CHAR, text, sizeof text, &ind));
                assert_int_equal(ind, strspn(text, "x"));
                sum += (long)ind;
            }
            assert_int_equal(rc, SQL_NO_DATA);
            assert_int_equal(sum, want);
            SQLFreeStmt(f->stmt, SQL_CLOSE);
            assert_stmt_state(f->stmt, exec(f->stmt, "SELECT no_such"), "42S22");
            assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
            fixture_free(f);
        }
    gateway_reset();
}

/* Time limits hold also while the server never pauses. */
static void test_a_server_that_never_stops_talking(void **state)
{
    static const char talk[] = "DO $$ BEGIN LOOP RAISE NOTICE 'on and on and on'; END LOOP; END $$";
    struct fixture *f = connect_by("websocket");

    (void)state;
    assert_int_equal(read_three(f->stmt), SQL_NO_DATA);
    assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_QUERY_TIMEOUT, (SQLPOINTER)1, 0));
    assert_stmt_state(f->stmt, exec(f->stmt, talk), "HYT00");
    assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_QUERY_TIMEOUT, (SQLPOINTER)0, 0));
    assert_int_equal(read_three(f->stmt), SQL_NO_DATA);
    fixture_free(f);
}

/* What cannot run in a transaction block runs when none is open yet, as with psqlODBC; in one the
 * server itself says no. */
static void test_the_server_refuses_what_cannot_run_in_a_block(void **state)
{
    static const char *const transports[] = {"auto", "websocket"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = connect_by(transports[i]);
        run(f->stmt, "VACUUM customers");
        run(f->stmt, "BEGIN");
        assert_stmt_state(f->stmt, exec(f->stmt, "VACUUM customers"), "25001");
        assert_stmt_state(f->stmt, exec(f->stmt, "SELECT 1"), "25P02");
        run(f->stmt, "ROLLBACK");
        fixture_autocommit(f, false);
        run(f->stmt, "VACUUM customers");
        run(f->stmt, "CREATE TABLE t_vacuum (a int)");
        assert_stmt_state(f->stmt, exec(f->stmt, "VACUUM customers"), "25001");
        SQLFreeStmt(f->stmt, SQL_CLOSE);
        assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
        fixture_autocommit(f, true);
        assert_stmt_state(f->stmt, exec(f->stmt, "SELECT 1; VACUUM customers"),
                          i == 0 ? "25000" : "25001");
        run(f->stmt, "VACUUM customers");
        fixture_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whatever_comes_into_an_answer),
        cmocka_unit_test(test_whatever_comes_into_the_login),
        cmocka_unit_test(test_a_commit_that_says_success_has_its_effect),
        cmocka_unit_test(test_messages_that_straddle_frames_everywhere),
        cmocka_unit_test(test_a_server_that_never_stops_talking),
        cmocka_unit_test(test_the_server_refuses_what_cannot_run_in_a_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
