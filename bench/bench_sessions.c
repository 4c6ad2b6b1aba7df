/* Sessions over WebSocket against psqlODBC over TCP, on the same PostgreSQL, in turns in one run,
 * at 0 and 20 ms of added latency (a relay in front of gateway and PostgreSQL alike). psqlODBC runs
 * as it comes, with a savepoint before each statement of a transaction, and without
 * (Protocol=7.4-0); and each of these straight to PostgreSQL, and by one more relay that adds no
 * time of its own, as Neon's proxy stands before the database for TCP as the gateway does for us.
 * Figures are medians; what counts are the ratios.
 *
 * Usage: bench_sessions [rounds] [only one task's number] [only one latency, ms]   beside the
 * services (make bench). */
#include "relay.h"

#include <sql.h>
#include <sqlext.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_ROUNDS 25
#define BLOCK 1000
#define FETCHED_ROWS 1000000
#define ARRAY_ROWS 10000
#define TEXT_BYTES 64
#define MAX_QUERIES 2000

/* One driver's connection. */
struct client {
    SQLHDBC dbc;
    SQLHSTMT point, fetch, insert;
};

enum { OURS, THEIRS, BARE, THEIRS_PROXIED, BARE_PROXIED, N_CLIENTS };
static const char *const heads[N_CLIENTS] = {"neon-odbc", "psqlODBC", "no savep.", "proxied",
                                             "no savep."};

static double now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void check(SQLRETURN rc, SQLSMALLINT type, SQLHANDLE h, const char *what)
{
    SQLCHAR state[6] = "";
    SQLCHAR text[512] = "";

    if (SQL_SUCCEEDED(rc) || rc == SQL_NO_DATA)
        return;
    SQLGetDiagRec(type, h, 1, state, NULL, text, sizeof text, NULL);
    fprintf(stderr, "bench_sessions: %s: %s %s\n", what, (char *)state, (char *)text);
    exit(1);
}

static SQLHSTMT statement(SQLHDBC dbc)
{
    SQLHSTMT s = SQL_NULL_HSTMT;

    check(SQLAllocHandle(SQL_HANDLE_STMT, dbc, &s), SQL_HANDLE_DBC, dbc, "statement");
    return s;
}

static void run(SQLHSTMT s, const char *sql)
{
    check(SQLExecDirect(s, (SQLCHAR *)(uintptr_t)sql, SQL_NTS), SQL_HANDLE_STMT, s, sql);
    SQLFreeStmt(s, SQL_CLOSE);
}

static void commit(struct client *c)
{
    check(SQLEndTran(SQL_HANDLE_DBC, c->dbc, SQL_COMMIT), SQL_HANDLE_DBC, c->dbc, "commit");
}

/* ---- a point query ---- */

static void one_query(struct client *c, SQLINTEGER key)
{
    char name[TEXT_BYTES];
    SQLLEN ind;

    check(SQLBindParameter(c->point, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, &key, 0,
                           NULL),
          SQL_HANDLE_STMT, c->point, "bind");
    check(SQLExecute(c->point), SQL_HANDLE_STMT, c->point, "point query");
    check(SQLFetch(c->point), SQL_HANDLE_STMT, c->point, "fetch");
    check(SQLGetData(c->point, 1, SQL_C_CHAR, name, sizeof name, &ind), SQL_HANDLE_STMT, c->point,
          "value");
    if (strncmp(name, "name ", 5) != 0 || atoi(name + 5) != key) {
        fprintf(stderr, "bench_sessions: a wrong row\n");
        exit(1);
    }
    SQLFreeStmt(c->point, SQL_CLOSE);
}

static double alone_ms(struct client *c)
{
    double start = now_ms();

    one_query(c, rand() % ARRAY_ROWS + 1);
    commit(c);
    return now_ms() - start;
}

static double hundred_ms(struct client *c)
{
    double start = now_ms();

    for (int i = 0; i < 100; i++)
        one_query(c, rand() % ARRAY_ROWS + 1);
    commit(c);
    return now_ms() - start;
}

/* ---- a large result ---- */

static double fetch_ms(struct client *c)
{
    static SQLINTEGER ids[BLOCK];
    static char names[BLOCK][TEXT_BYTES];
    static SQLLEN id_lens[BLOCK], name_lens[BLOCK];
    SQLULEN n = 0;
    long rows = 0;
    SQLRETURN rc;
    double start = now_ms();

    SQLSetStmtAttr(c->fetch, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)(intptr_t)BLOCK, 0);
    SQLSetStmtAttr(c->fetch, SQL_ATTR_ROWS_FETCHED_PTR, &n, 0);
    SQLBindCol(c->fetch, 1, SQL_C_SLONG, ids, 0, id_lens);
    SQLBindCol(c->fetch, 2, SQL_C_CHAR, names, TEXT_BYTES, name_lens);
    check(SQLExecDirect(c->fetch, (SQLCHAR *)"SELECT id, name FROM bench_large", SQL_NTS),
          SQL_HANDLE_STMT, c->fetch, "large result");
    while (rc = SQLFetch(c->fetch), SQL_SUCCEEDED(rc))
        rows += (long)n;
    check(rc, SQL_HANDLE_STMT, c->fetch, "fetch");
    SQLFreeStmt(c->fetch, SQL_CLOSE);
    commit(c);
    if (rows != FETCHED_ROWS) {
        fprintf(stderr, "bench_sessions: %ld rows\n", rows);
        exit(1);
    }
    return now_ms() - start;
}

/* ---- an array of parameters ---- */

static double insert_ms(struct client *c)
{
    static SQLINTEGER ids[ARRAY_ROWS];
    static char names[ARRAY_ROWS][TEXT_BYTES];
    static SQLLEN lens[ARRAY_ROWS];
    SQLULEN done = 0;
    double start;

    for (int i = 0; i < ARRAY_ROWS; i++) {
        ids[i] = i + 1;
        lens[i] = snprintf(names[i], TEXT_BYTES, "name %d", i + 1);
    }
    run(c->fetch, "DELETE FROM bench_rows");
    commit(c);
    start = now_ms();
    SQLSetStmtAttr(c->insert, SQL_ATTR_PARAMSET_SIZE, (SQLPOINTER)(intptr_t)ARRAY_ROWS, 0);
    SQLSetStmtAttr(c->insert, SQL_ATTR_PARAMS_PROCESSED_PTR, &done, 0);
    SQLBindParameter(c->insert, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, ids, 0, NULL);
    SQLBindParameter(c->insert, 2, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, TEXT_BYTES, 0, names,
                     TEXT_BYTES, lens);
    check(SQLExecute(c->insert), SQL_HANDLE_STMT, c->insert, "array");
    SQLFreeStmt(c->insert, SQL_CLOSE);
    commit(c);
    if (done != ARRAY_ROWS) {
        fprintf(stderr, "bench_sessions: %ld rows inserted\n", (long)done);
        exit(1);
    }
    return now_ms() - start;
}

/* ---- all of it ---- */

static struct client connect_to(SQLHENV env, const char *dsn)
{
    struct client c = {SQL_NULL_HDBC, SQL_NULL_HSTMT, SQL_NULL_HSTMT, SQL_NULL_HSTMT};

    SQLAllocHandle(SQL_HANDLE_DBC, env, &c.dbc);
    check(SQLDriverConnect(c.dbc, NULL, (SQLCHAR *)(uintptr_t)dsn, SQL_NTS, NULL, 0, NULL,
                           SQL_DRIVER_NOPROMPT),
          SQL_HANDLE_DBC, c.dbc, dsn);
    SQLSetConnectAttr(c.dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0);
    c.point = statement(c.dbc);
    c.fetch = statement(c.dbc);
    c.insert = statement(c.dbc);
    check(SQLPrepare(c.point, (SQLCHAR *)"SELECT name FROM bench_large WHERE id = ?", SQL_NTS),
          SQL_HANDLE_STMT, c.point, "prepare");
    check(
        SQLPrepare(c.insert, (SQLCHAR *)"INSERT INTO bench_rows (id, name) VALUES (?, ?)", SQL_NTS),
        SQL_HANDLE_STMT, c.insert, "prepare");
    return c;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static const struct task {
    const char *name;
    double (*run)(struct client *c);
    int times[2]; /* a round's, without and with latency */
} tasks[] = {
    {"transaction of one point query", alone_ms, {200, 10}},
    {"transaction of 100 point queries", hundred_ms, {10, 1}},
    {"1,000,000 rows fetched", fetch_ms, {1, 1}},
    {"10,000 rows inserted by an array", insert_ms, {1, 1}},
};

static void measure(const struct task *t, struct client *clients, int rounds, bool late)
{
    static double taken[N_CLIENTS][MAX_QUERIES * MAX_ROUNDS];
    double median[N_CLIENTS];
    int n = 0;

    for (int k = 0; k < N_CLIENTS; k++)
        t->run(&clients[k]);
    for (int r = 0; r < rounds; r++)
        for (int i = 0; i < t->times[late]; i++, n++)
            for (int k = 0; k < N_CLIENTS; k++)
                taken[k][n] = t->run(&clients[k]);
    for (int k = 0; k < N_CLIENTS; k++) {
        qsort(taken[k], (size_t)n, sizeof taken[k][0], by_value);
        median[k] = taken[k][n / 2];
    }
    printf("  %-34s %10.2f", t->name, median[OURS]);
    for (int k = THEIRS; k < N_CLIENTS; k++)
        printf(" %10.2f %6.2f", median[k], median[k] / median[OURS]);
    printf("\n");
    fflush(stdout);
}

static void with_latency(SQLHENV env, int ms, int rounds, int only)
{
    const char *url = strrchr(getenv("NEON_TEST_GATEWAY_URL"), ':');
    pid_t relays[4];
    char dsn[N_CLIENTS][256];
    struct client clients[N_CLIENTS];
    int http = relay_start("127.0.0.1", atoi(url + 1), ms * 500L, &relays[0]);
    int pg = atoi(getenv("NEON_TEST_PG_PORT"));
    int tcp = relay_start("127.0.0.1", pg, ms * 500L, &relays[1]);
    int proxy = relay_start("127.0.0.1", pg, 0, &relays[2]);
    int proxied = relay_start("127.0.0.1", proxy, ms * 500L, &relays[3]);

    snprintf(dsn[OURS], sizeof dsn[0], "DSN=neon;Transport=websocket;ApiHost=http://127.0.0.1:%d",
             http);
    for (int k = THEIRS; k < N_CLIENTS; k++)
        snprintf(dsn[k], sizeof dsn[0], "DSN=pg;%sServername=127.0.0.1;Port=%d",
                 k == BARE || k == BARE_PROXIED ? "Protocol=7.4-0;" : "",
                 k == THEIRS || k == BARE ? tcp : proxied);
    for (int k = 0; k < N_CLIENTS; k++)
        clients[k] = connect_to(env, dsn[k]);
    printf("%d ms of added latency; milliseconds, medians\n  %-34s %10s", ms, "", heads[OURS]);
    for (int k = THEIRS; k < N_CLIENTS; k++)
        printf(" %10s %6s", heads[k], "ratio");
    printf("\n");
    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++)
        if (only < 0 || (int)i == only)
            measure(&tasks[i], clients, rounds, ms > 0);
    for (int k = 0; k < N_CLIENTS; k++) {
        SQLDisconnect(clients[k].dbc);
        SQLFreeHandle(SQL_HANDLE_DBC, clients[k].dbc);
    }
    for (int k = 0; k < 4; k++)
        relay_stop(relays[k]);
}

static void prepare(SQLHENV env, const char *const *sql)
{
    SQLHDBC dbc;
    SQLHSTMT s;

    SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc);
    check(SQLDriverConnect(dbc, NULL, (SQLCHAR *)"DSN=pg", SQL_NTS, NULL, 0, NULL,
                           SQL_DRIVER_NOPROMPT),
          SQL_HANDLE_DBC, dbc, "DSN pg (psqlODBC: package odbc-postgresql)");
    s = statement(dbc);
    for (; *sql != NULL; sql++)
        run(s, *sql);
    SQLFreeHandle(SQL_HANDLE_STMT, s);
    SQLDisconnect(dbc);
    SQLFreeHandle(SQL_HANDLE_DBC, dbc);
}

int main(int argc, char **argv)
{
    static const char *const before[] = {
        "CREATE TABLE bench_large (id int PRIMARY KEY, name text)",
        "INSERT INTO bench_large SELECT i, 'name ' || i FROM generate_series(1, 1000000) i",
        "CREATE TABLE bench_rows (id int PRIMARY KEY, name text)", "ANALYZE", NULL};
    static const int latencies_ms[] = {0, 20};
    static const char *const behind[] = {"DROP TABLE bench_large, bench_rows", NULL};
    int rounds = argc > 1 ? atoi(argv[1]) : 5;
    int only = argc > 2 ? atoi(argv[2]) : -1;
    SQLHENV env;

    if (getenv("NEON_TEST_GATEWAY_URL") == NULL || rounds < 1 || rounds > MAX_ROUNDS) {
        fprintf(stderr, "bench_sessions: run it beside the services: make bench\n");
        return 1;
    }
    SQLAllocHandle(SQL_HANDLE_ENV, NULL, &env);
    SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)(intptr_t)SQL_OV_ODBC3, 0);
    prepare(env, before);
    for (size_t i = 0; i < sizeof latencies_ms / sizeof latencies_ms[0]; i++)
        if (argc <= 3 || latencies_ms[i] == atoi(argv[3]))
            with_latency(env, latencies_ms[i], rounds, only);
    prepare(env, behind);
    return 0;
}
