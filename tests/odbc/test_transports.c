/* Plays the dialogues of transports.def over each transport: two connections and psql as the judge.
 * What differs between transports differs there, and in the table of docs/transports.md made from
 * it. */
#include "odbc_test.h"

#include <pthread.h>
#include <time.h>

enum who { A, B, PSQL, N_CONNECTIONS = PSQL };
enum verb {
    TITLE,
    EXEC,
    COUNT,
    READ,
    END,
    AUTO,
    LEVEL,
    GETLEVEL,
    MODE,
    CONNECT,
    DISCONNECT,
    RESET,
    START,
    WAITS,
    DONE
};

static const struct step {
    enum verb verb;
    enum who who;
    const char *text;
    const char *gives[3]; /* http, auto, websocket */
    int line;
} steps[] = {
#define SAME(title) {TITLE, A, title, {NULL}, __LINE__},
#define DIFFERS(title, http, automatic, websocket) {TITLE, A, title, {NULL}, __LINE__},
#define EACH(who, verb, text, http, automatic, websocket)                                          \
    {verb, who, text, {http, automatic, websocket}, __LINE__},
#define TWO(who, verb, text, http, session) EACH(who, verb, text, http, session, session)
#define ALL(who, verb, text, gives) EACH(who, verb, text, gives, gives, gives)
#include "transports.def"
#undef SAME
#undef DIFFERS
#undef EACH
#undef TWO
#undef ALL
};
enum { N_STEPS = sizeof steps / sizeof steps[0] };

struct player {
    struct fixture *f;
    pthread_t thread;
    const char *text; /* of START */
    char result[8];
    bool started;
};
static struct player players[N_CONNECTIONS];

/* ---- the verbs ---- */

static const char *outcome(SQLRETURN rc, SQLSMALLINT type, SQLHANDLE h)
{
    static _Thread_local char state[8];
    SQLINTEGER native;
    SQLSMALLINT len;
    SQLCHAR text[1000] = "", code[6] = "";

    if (rc == SQL_SUCCESS)
        return "ok";
    if (rc == SQL_NO_DATA)
        return "none";
    SQLGetDiagRec(type, h, 1, code, &native, text, sizeof text, &len);
    if (len < 20)
        fail_msg("a message without a sentence: %s %s", (char *)code, (char *)text);
    snprintf(state, sizeof state, "%s", (char *)code);
    return state;
}

static const char *execute(struct player *p, const char *sql)
{
    SQLFreeStmt(p->f->stmt, SQL_CLOSE);
    return outcome(SQLExecDirect(p->f->stmt, sqltext(sql), SQL_NTS), SQL_HANDLE_STMT, p->f->stmt);
}

static const char *count(struct player *p, const char *sql)
{
    static char text[32];
    const char *done = execute(p, sql);
    SQLLEN n = 0;

    if (strcmp(done, "ok") != 0)
        return done;
    assert_stmt_ok(p->f->stmt, SQLRowCount(p->f->stmt, &n));
    snprintf(text, sizeof text, "%lld", (long long)n);
    return text;
}

static const char *read_all(struct player *p, const char *sql)
{
    static char text[4096];
    const char *done = execute(p, sql);
    SQLRETURN rc;
    size_t len = 0;

    if (strcmp(done, "ok") != 0)
        return done;
    text[0] = '\0';
    while (SQL_SUCCEEDED(rc = SQLFetch(p->f->stmt))) {
        SQLLEN ind;
        char value[1000];
        assert_stmt_ok(p->f->stmt,
                       SQLGetData(p->f->stmt, 1, SQL_C_CHAR, value, sizeof value, &ind));
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", len ? " " : "", value);
    }
    if (rc != SQL_NO_DATA)
        return outcome(rc, SQL_HANDLE_STMT, p->f->stmt);
    SQLFreeStmt(p->f->stmt, SQL_CLOSE);
    return text;
}

static const char *set(struct player *p, SQLINTEGER attribute, SQLULEN value)
{
    return outcome(
        SQLSetConnectAttr(p->f->dbc, attribute, (SQLPOINTER)(uintptr_t)value, SQL_IS_UINTEGER),
        SQL_HANDLE_DBC, p->f->dbc);
}

static const struct {
    const char *name;
    SQLULEN value;
} levels[] = {{"READ COMMITTED", SQL_TXN_READ_COMMITTED},
              {"REPEATABLE READ", SQL_TXN_REPEATABLE_READ},
              {"SERIALIZABLE", SQL_TXN_SERIALIZABLE}};

static const char *set_level(struct player *p, const char *name)
{
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (strcmp(levels[i].name, name) == 0)
            return set(p, SQL_ATTR_TXN_ISOLATION, levels[i].value);
    return "no such level";
}

static const char *get_level(struct player *p)
{
    SQLUINTEGER value = 0;

    assert_dbc_ok(p->f->dbc,
                  SQLGetConnectAttr(p->f->dbc, SQL_ATTR_TXN_ISOLATION, &value, sizeof value, NULL));
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (levels[i].value == value)
            return levels[i].name;
    return "no such level";
}

/* Once more, with keywords; in manual commit again. */
static const char *connect_with(struct player *p, const char *keywords)
{
    char connstr[1000];

    snprintf(connstr, sizeof connstr, "DSN=neon;%s", keywords);
    SQLFreeHandle(SQL_HANDLE_STMT, p->f->stmt);
    assert_dbc_ok(p->f->dbc, SQLDisconnect(p->f->dbc));
    fixture_connect(p->f, connstr);
    return set(p, SQL_ATTR_AUTOCOMMIT, SQL_AUTOCOMMIT_OFF);
}

static void *run_started(void *arg)
{
    struct player *p = arg;

    snprintf(p->result, sizeof p->result, "%s", execute(p, p->text));
    return NULL;
}

static const char *start(struct player *p, const char *sql)
{
    p->text = sql;
    assert_int_equal(pthread_create(&p->thread, NULL, run_started, p), 0);
    p->started = true;
    return "";
}

static const char *done(struct player *p)
{
    if (p->started)
        pthread_join(p->thread, NULL);
    p->started = false;
    return p->result;
}

/* What was started has come to its end, or waits for a lock: one of both happens. */
static const char *waits(const struct player *p)
{
    const struct timespec ms5 = {0, 5000000};
    char sql[600];

    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND wait_event_type = "
             "'Lock' AND query LIKE '%%%.60s%%'",
             p->text);
    for (;;) {
        if (strcmp(pg_admin(sql), "0") != 0)
            return "yes";
        if (pthread_tryjoin_np(p->thread, NULL) == 0) {
            players[p - players].started = false;
            return "no";
        }
        nanosleep(&ms5, NULL);
    }
}

static const char *play(const struct step *s)
{
    struct player *p = &players[s->who];

    if (s->who == PSQL)
        return pg_admin(s->text);
    switch (s->verb) {
    case EXEC:
        return execute(p, s->text);
    case COUNT:
        return count(p, s->text);
    case READ:
        return read_all(p, s->text);
    case END:
        return outcome(
            SQLEndTran(SQL_HANDLE_DBC, p->f->dbc, s->text[0] == 'C' ? SQL_COMMIT : SQL_ROLLBACK),
            SQL_HANDLE_DBC, p->f->dbc);
    case AUTO:
        return set(p, SQL_ATTR_AUTOCOMMIT,
                   s->text[1] == 'N' ? SQL_AUTOCOMMIT_ON : SQL_AUTOCOMMIT_OFF);
    case LEVEL:
        return set_level(p, s->text);
    case GETLEVEL:
        return get_level(p);
    case MODE:
        return set(p, SQL_ATTR_ACCESS_MODE,
                   s->text[5] == 'O' ? SQL_MODE_READ_ONLY : SQL_MODE_READ_WRITE);
    case CONNECT:
        return connect_with(p, s->text);
    case RESET:
        return set(p, SQL_ATTR_RESET_CONNECTION, SQL_RESET_CONNECTION_YES);
    case DISCONNECT:
        return outcome(SQLDisconnect(p->f->dbc), SQL_HANDLE_DBC, p->f->dbc);
    case START:
        return start(p, s->text);
    case WAITS:
        return waits(p);
    case DONE:
        return done(p);
    case TITLE:
    default:
        return "?";
    }
}

/* ---- a dialogue ---- */

static int set_up(void **state)
{
    (void)state;
    gateway_reset();
    pg_admin("DROP TABLE IF EXISTS t_tx; CREATE TABLE t_tx (id int PRIMARY KEY, v int); GRANT ALL "
             "ON t_tx TO app; INSERT INTO t_tx VALUES (1, 100), (2, 100)");
    for (size_t i = 0; i < N_CONNECTIONS; i++) {
        players[i] = (struct player){.f = fixture_new(SQL_OV_ODBC3)};
        fixture_connect(players[i].f, NULL);
        assert_string_equal(set(&players[i], SQL_ATTR_AUTOCOMMIT, SQL_AUTOCOMMIT_OFF), "ok");
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CONNECTIONS; i++) {
        struct player *p = &players[i];
        done(p);
        SQLFreeStmt(p->f->stmt, SQL_CLOSE);
        SQLEndTran(SQL_HANDLE_DBC, p->f->dbc, SQL_ROLLBACK);
        fixture_free(p->f);
    }
    assert_int_equal(gateway_count("ws_cancels"), 0); /* nothing here asks for one */
    pg_admin("DROP TABLE t_tx");
    return 0;
}

static bool is_one_of(const char *got, const char *wanted)
{
    const char *bar = strchr(wanted, '|');

    return bar == NULL
               ? strcmp(got, wanted) == 0
               : strncmp(got, wanted, (size_t)(bar - wanted)) == 0 || is_one_of(got, bar + 1);
}

/* cmocka hands a test its initial state: the title's step. */
static void test_dialogue(void **state)
{
    static const char *const names[] = {"A", "B", "psql"};
    const struct step *s = *state;
    size_t column = over(OVER_HTTP) ? 0 : over(OVER_AUTO) ? 1 : 2;

    for (s++; s < steps + N_STEPS && s->verb != TITLE; s++) {
        const char *got = play(s);
        if (!is_one_of(got, s->gives[column]))
            fail_msg("transports.def:%d: %s: \"%s\" gave \"%s\", wanted \"%s\"%s%s", s->line,
                     names[s->who], s->text, got, s->gives[column], s->who == PSQL ? "" : "\n",
                     s->who == PSQL ? "" : diag_text(SQL_HANDLE_STMT, players[s->who].f->stmt));
    }
}

int main(void)
{
    static struct CMUnitTest tests[N_STEPS];
    size_t n = 0;

    for (size_t i = 0; i < N_STEPS; i++)
        if (steps[i].verb == TITLE)
            tests[n++] = (struct CMUnitTest){steps[i].text, test_dialogue, set_up, tear_down,
                                             (void *)(uintptr_t)&steps[i]};
    return run_tests_over(OVER_ALL, tests, n);
}
