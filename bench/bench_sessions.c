/* Sessions over WebSocket against psqlODBC over TCP, on the same PostgreSQL, in turns in one run,
 * at 0 and 20 ms of added latency (a relay in front of all). psqlODBC runs as it comes, with a
 * savepoint before each statement of a transaction, and without (Protocol=7.4-0); and each of these
 * on two ways: through PgBouncer, Neon's own pooler (with-pgbouncer.sh), for at Neon a proxy stands
 * before the database for TCP too, as the gateway does for us; and straight to PostgreSQL, which
 * nobody can reach there. Then once more over TLS, which Neon demands, where PgBouncer is to end
 * it. Figures are medians; what counts are the ratios.
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

/* What a connection leads to, behind the relay that adds the latency. */
enum way { GATEWAY, GATEWAY_TLS, PGBOUNCER, STRAIGHT, N_WAYS };

/* The connections that are compared: the first is ours, and what the others are measured by. The
 * relay's port stands between the two parts of the DSN. */
struct peer {
    const char *head;
    enum way way;
    const char *dsn, *keywords;
};

#define OURS "DSN=neon;Transport=websocket;ApiHost=http://127.0.0.1:"
#define OURS_TLS "DSN=neon-tls;Transport=websocket;ApiHost=https://127.0.0.1:"
#define PSQLODBC "DSN=pg;Servername=127.0.0.1;Port="
#define BARE ";Protocol=7.4-0"
#define TLS ";SSLmode=require"

static const struct peer plain[] = {
    {"neon-odbc", GATEWAY, OURS, ""},         {"PgBouncer", PGBOUNCER, PSQLODBC, ""},
    {"no savep.", PGBOUNCER, PSQLODBC, BARE}, {"straight", STRAIGHT, PSQLODBC, ""},
    {"no savep.", STRAIGHT, PSQLODBC, BARE},
};
static const struct peer over_tls[] = {
    {"neon-odbc", GATEWAY_TLS, OURS_TLS, ""},
    {"PgBouncer", PGBOUNCER, PSQLODBC, TLS},
    {"no savep.", PGBOUNCER, PSQLODBC, TLS BARE},
};
#define MAX_PEERS (sizeof plain / sizeof plain[0])

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

static void measure(const struct task *t, struct client *clients, size_t n_clients, int rounds,
                    bool late)
{
    static double taken[MAX_PEERS][MAX_QUERIES * MAX_ROUNDS];
    double median[MAX_PEERS] = {0};
    int n = 0;

    for (size_t k = 0; k < n_clients; k++)
        t->run(&clients[k]);
    for (int r = 0; r < rounds; r++)
        for (int i = 0; i < t->times[late]; i++, n++)
            for (size_t k = 0; k < n_clients; k++)
                taken[k][n] = t->run(&clients[k]);
    for (size_t k = 0; k < n_clients; k++) {
        qsort(taken[k], (size_t)n, sizeof taken[k][0], by_value);
        median[k] = taken[k][n / 2];
    }
    printf("  %-34s %10.2f", t->name, median[0]);
    for (size_t k = 1; k < n_clients; k++)
        printf(" %10.2f %6.2f", median[k], median[k] / median[0]);
    printf("\n");
    fflush(stdout);
}

/* Every peer that can be had, connected, task by task. ports: where each way begins; 0: not there.
 */
static void compare(SQLHENV env, const struct peer *peers, size_t n_peers, const int *ports,
                    const char *title, int rounds, int only, bool late)
{
    struct client clients[MAX_PEERS];
    size_t n = 0;

    printf("%s; milliseconds, medians\n  %-34s", title, "");
    for (size_t k = 0; k < n_peers; k++) {
        char dsn[256];
        if (ports[peers[k].way] == 0)
            continue;
        snprintf(dsn, sizeof dsn, "%s%d%s", peers[k].dsn, ports[peers[k].way], peers[k].keywords);
        clients[n++] = connect_to(env, dsn);
        printf(n == 1 ? " %10s" : " %10s  ratio", peers[k].head);
    }
    printf("\n");
    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++)
        if (only < 0 || (int)i == only)
            measure(&tasks[i], clients, n, rounds, late);
    for (size_t k = 0; k < n; k++) {
        SQLDisconnect(clients[k].dbc);
        SQLFreeHandle(SQL_HANDLE_DBC, clients[k].dbc);
    }
}

static int port_of(const char *url)
{
    const char *colon = url != NULL ? strrchr(url, ':') : NULL;
    return colon != NULL ? atoi(colon + 1) : 0;
}

static void with_latency(SQLHENV env, int ms, int rounds, int only)
{
    const char *bouncer = getenv("NEON_BENCH_PGBOUNCER_PORT");
    pid_t relays[N_WAYS];
    int to[N_WAYS], ports[N_WAYS] = {0};
    char title[64];

    to[GATEWAY] = port_of(getenv("NEON_TEST_GATEWAY_URL"));
    to[GATEWAY_TLS] = port_of(getenv("NEON_TEST_GATEWAY_TLS_URL"));
    to[STRAIGHT] = atoi(getenv("NEON_TEST_PG_PORT"));
    to[PGBOUNCER] = bouncer != NULL ? atoi(bouncer) : 0;
    for (int w = 0; w < N_WAYS; w++)
        if (to[w] != 0)
            ports[w] = relay_start("127.0.0.1", to[w], ms * 500L, &relays[w]);
    snprintf(title, sizeof title, "%d ms of added latency", ms);
    compare(env, plain, MAX_PEERS, ports, title, rounds, only, ms > 0);
    if (ports[PGBOUNCER] != 0) {
        snprintf(title, sizeof title, "%d ms of added latency, over TLS", ms);
        compare(env, over_tls, sizeof over_tls / sizeof over_tls[0], ports, title, rounds, only,
                ms > 0);
    }
    for (int w = 0; w < N_WAYS; w++)
        if (ports[w] != 0)
            relay_stop(relays[w]);
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
