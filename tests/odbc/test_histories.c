/* Random histories of two to four connections, checked for what their isolation level promises.
 * Every write appends the transaction's number to a key's list, so that the lists tell the order of
 * versions and what each read has seen; the dependencies between the committed transactions are
 * then a graph: at SERIALIZABLE it has no cycle, at REPEATABLE READ (PostgreSQL's, snapshot
 * isolation) none with a single anti-dependency, and at READ COMMITTED it has some, or this test
 * sees nothing.
 *
 * NEON_SEED=n runs one seed alone. */
#include "odbc_test.h"

#include <pthread.h>
#include <stdatomic.h>

#define KEYS 3
#define MAX_CLIENTS 4
#define MAX_TXNS 240
#define MAX_READS 16
#define MAX_LIST (MAX_TXNS + 8)

struct list {
    int n, ids[MAX_LIST];
};

/* What a transaction read of a key: its own appends behind are taken off. */
struct read {
    int key;
    struct list seen;
};

struct txn {
    bool committed;
    int n_reads;
    struct read reads[MAX_READS];
};

struct history {
    struct txn txns[MAX_TXNS];
    atomic_int n_txns;
    struct list final[KEYS];
    atomic_int n_failures, n_committed, n_conflicts;
};

struct client {
    struct history *h;
    SQLHENV env;
    SQLHDBC dbc;
    SQLHSTMT stmt;
    uint64_t random;
    int txn; /* -1: none is open */
    int ops_left;
    bool own[KEYS]; /* it has appended to that key */
    bool savepoint, own_then[KEYS];
    int steps;
};

static uint64_t next_random(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

static int pick(struct client *c, int n)
{
    return (int)(next_random(&c->random) % (uint64_t)n);
}

/* ---- one client ---- */

static void complain(struct client *c, SQLSMALLINT type, SQLHANDLE handle, const char *what)
{
    SQLCHAR state[6] = "", text[300] = "";

    SQLGetDiagRec(type, handle, 1, state, NULL, text, sizeof text, NULL);
    if (strcmp((char *)state, "40001") == 0 || strcmp((char *)state, "40P01") == 0) {
        c->h->n_conflicts++;
        return;
    }
    fprintf(stderr, "%s: %s %s\n", what, state, text);
    c->h->n_failures++;
}

static bool run_text(struct client *c, const char *sql)
{
    SQLRETURN rc;

    SQLFreeStmt(c->stmt, SQL_CLOSE);
    rc = SQLExecDirect(c->stmt, sqltext(sql), SQL_NTS);
    if (SQL_SUCCEEDED(rc))
        return true;
    complain(c, SQL_HANDLE_STMT, c->stmt, sql);
    return false;
}

static void parse_list(const char *text, struct list *out)
{
    out->n = 0;
    while (*text != '\0' && out->n < MAX_LIST) {
        out->ids[out->n++] = (int)strtol(text, (char **)(uintptr_t)&text, 10);
        text += *text == ',';
    }
}

static bool note_read(struct client *c, int key, const char *text)
{
    struct txn *t = &c->h->txns[c->txn];
    struct read *r = &t->reads[t->n_reads];

    if (t->n_reads == MAX_READS)
        return true;
    r->key = key;
    parse_list(text, &r->seen);
    if (c->own[key]) {
        if (r->seen.n == 0 || r->seen.ids[r->seen.n - 1] != c->txn) {
            fprintf(stderr, "transaction %d does not see its own write of key %d\n", c->txn, key);
            c->h->n_failures++;
        } else {
            r->seen.n--;
        }
    }
    t->n_reads++;
    return true;
}

static bool read_rows(struct client *c, const char *sql)
{
    char text[4096];
    SQLINTEGER key;
    SQLLEN ind;

    if (!run_text(c, sql))
        return false;
    while (SQL_SUCCEEDED(SQLFetch(c->stmt))) {
        SQLGetData(c->stmt, 1, SQL_C_LONG, &key, 0, &ind);
        SQLGetData(c->stmt, 2, SQL_C_CHAR, text, sizeof text, &ind);
        note_read(c, key, text);
    }
    SQLFreeStmt(c->stmt, SQL_CLOSE);
    return true;
}

static bool append(struct client *c, int key)
{
    char sql[160];

    if (c->own[key])
        return true;
    snprintf(sql, sizeof sql, "UPDATE t_history SET v = v || '%d,' WHERE k = %d", c->txn, key);
    c->own[key] = true;
    return run_text(c, sql);
}

static bool savepoint(struct client *c)
{
    if (!c->savepoint) {
        c->savepoint = true;
        memcpy(c->own_then, c->own, sizeof c->own);
        return run_text(c, "SAVEPOINT s");
    }
    memcpy(c->own, c->own_then, sizeof c->own);
    return run_text(c, "ROLLBACK TO s");
}

static bool operate(struct client *c)
{
    char sql[120];
    int key = pick(c, KEYS);

    switch (pick(c, 10)) {
    case 0:
        return savepoint(c);
    case 1:
    case 2:
        return read_rows(c, "SELECT k, v FROM t_history ORDER BY k");
    case 3:
    case 4:
    case 5:
        snprintf(sql, sizeof sql, "SELECT k, v FROM t_history WHERE k = %d", key);
        return read_rows(c, sql);
    default:
        return append(c, key);
    }
}

static void begin(struct client *c)
{
    c->txn = atomic_fetch_add(&c->h->n_txns, 1);
    if (c->txn >= MAX_TXNS) {
        c->txn = -1;
        c->steps = 0;
        return;
    }
    c->ops_left = 2 + pick(c, 4);
    c->savepoint = false;
    memset(c->own, 0, sizeof c->own);
}

static void end_txn(struct client *c, bool commit)
{
    SQLRETURN rc = SQLEndTran(SQL_HANDLE_DBC, c->dbc, commit ? SQL_COMMIT : SQL_ROLLBACK);

    if (commit && SQL_SUCCEEDED(rc)) {
        c->h->txns[c->txn].committed = true;
        c->h->n_committed++;
    } else if (!SQL_SUCCEEDED(rc)) {
        complain(c, SQL_HANDLE_DBC, c->dbc, "the end");
    }
    c->txn = -1;
}

/* One call of the application. */
static void step(struct client *c)
{
    if (c->txn < 0) {
        begin(c);
        return;
    }
    if (c->ops_left-- > 0) {
        if (!operate(c))
            end_txn(c, false);
        return;
    }
    end_txn(c, pick(c, 8) != 0);
}

/* ---- a history ---- */

static void connect_client(struct client *c, struct history *h, SQLULEN level, uint64_t seed)
{
    *c = (struct client){.h = h, .random = seed * 0x9E3779B97F4A7C15u + 1, .txn = -1, .steps = 1};
    SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &c->env);
    SQLSetEnvAttr(c->env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)(intptr_t)SQL_OV_ODBC3, 0);
    SQLAllocHandle(SQL_HANDLE_DBC, c->env, &c->dbc);
    assert_dbc_ok(c->dbc, SQLDriverConnect(c->dbc, NULL, sqltext("DSN=neon;Transport=http"),
                                           SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT));
    assert_dbc_ok(c->dbc, SQLSetConnectAttr(c->dbc, SQL_ATTR_TXN_ISOLATION, (SQLPOINTER)level, 0));
    assert_dbc_ok(
        c->dbc, SQLSetConnectAttr(c->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0));
    SQLAllocHandle(SQL_HANDLE_STMT, c->dbc, &c->stmt);
}

static void disconnect_client(struct client *c)
{
    if (c->txn >= 0)
        end_txn(c, false);
    SQLFreeHandle(SQL_HANDLE_STMT, c->stmt);
    SQLEndTran(SQL_HANDLE_DBC, c->dbc, SQL_ROLLBACK);
    SQLDisconnect(c->dbc);
    SQLFreeHandle(SQL_HANDLE_DBC, c->dbc);
    SQLFreeHandle(SQL_HANDLE_ENV, c->env);
}

static void *run_alone(void *arg)
{
    struct client *c = arg;

    for (int i = 0; i < 130 && c->steps; i++)
        step(c);
    return NULL;
}

static void play(struct history *h, SQLULEN level, uint64_t seed, bool threads)
{
    struct client clients[MAX_CLIENTS];
    pthread_t ids[MAX_CLIENTS];
    uint64_t order = seed * 77 + 3;
    size_t n = 2 + seed % 3;

    pg_admin("TRUNCATE t_history; INSERT INTO t_history SELECT g, '' FROM generate_series(0, 2) g");
    memset(h, 0, sizeof *h);
    for (size_t i = 0; i < n; i++)
        connect_client(&clients[i], h, level, seed * 10 + i);
    for (size_t i = 0; i < n && threads; i++)
        pthread_create(&ids[i], NULL, run_alone, &clients[i]);
    for (size_t i = 0; i < n && threads; i++)
        pthread_join(ids[i], NULL);
    for (int i = 0; i < 160 && !threads; i++)
        step(&clients[next_random(&order) % n]);
    for (size_t i = 0; i < n; i++)
        disconnect_client(&clients[i]);
    for (int k = 0; k < KEYS; k++) {
        char sql[80];
        snprintf(sql, sizeof sql, "SELECT v FROM t_history WHERE k = %d", k);
        parse_list(pg_admin(sql), &h->final[k]);
    }
}

/* ---- the judge ---- */

struct graph {
    bool depends[MAX_TXNS][MAX_TXNS]; /* [a][b]: b wrote over a, or read what a wrote */
    bool anti[MAX_TXNS][MAX_TXNS];    /* [a][b]: b wrote over what a had read */
};

static bool wrong(const char *what, int a, int b)
{
    fprintf(stderr, "%s: %d, %d\n", what, a, b);
    return false;
}

/* Only committed transactions wrote, each once. */
static bool judge_lists(const struct history *h)
{
    for (int k = 0; k < KEYS; k++)
        for (int i = 0; i < h->final[k].n; i++) {
            int id = h->final[k].ids[i];
            if (id < 0 || id >= MAX_TXNS || !h->txns[id].committed)
                return wrong("written though not committed", k, id);
            for (int j = 0; j < i; j++)
                if (h->final[k].ids[j] == id)
                    return wrong("written twice", k, id);
        }
    return true;
}

static bool add_read(const struct history *h, struct graph *g, int id, const struct read *r)
{
    const struct list *final = &h->final[r->key];
    int n = r->seen.n;

    for (int i = 0; i < n; i++)
        if (i >= final->n || final->ids[i] != r->seen.ids[i])
            return wrong("read what was never committed", id, r->seen.ids[i]);
    if (n > 0)
        g->depends[final->ids[n - 1]][id] = true;
    if (n < final->n && final->ids[n] != id)
        g->anti[id][final->ids[n]] = true;
    return true;
}

static bool build(const struct history *h, struct graph *g)
{
    memset(g, 0, sizeof *g);
    for (int k = 0; k < KEYS; k++)
        for (int i = 1; i < h->final[k].n; i++)
            g->depends[h->final[k].ids[i - 1]][h->final[k].ids[i]] = true;
    for (int id = 0; id < MAX_TXNS; id++)
        for (int i = 0; h->txns[id].committed && i < h->txns[id].n_reads; i++)
            if (!add_read(h, g, id, &h->txns[id].reads[i]))
                return false;
    return true;
}

static void close_over(bool reach[MAX_TXNS][MAX_TXNS])
{
    for (int k = 0; k < MAX_TXNS; k++)
        for (int i = 0; i < MAX_TXNS; i++)
            for (int j = 0; reach[i][k] && j < MAX_TXNS; j++)
                reach[i][j] |= reach[k][j];
}

/* Is there a cycle, in which at most `most` (1, or any number) edges are anti-dependencies? */
static bool has_cycle(const struct graph *g, bool any)
{
    static bool reach[MAX_TXNS][MAX_TXNS];
    bool found = false;

    memcpy(reach, g->depends, sizeof reach);
    for (int i = 0; i < MAX_TXNS && any; i++)
        for (int j = 0; j < MAX_TXNS; j++)
            reach[i][j] |= g->anti[i][j];
    close_over(reach);
    for (int i = 0; i < MAX_TXNS; i++) {
        found |= reach[i][i];
        for (int j = 0; j < MAX_TXNS; j++)
            found |= g->anti[i][j] && (i == j || reach[j][i]);
    }
    return found;
}

static struct history h;
static struct graph g;

/* Returns how many histories had a cycle. */
static int judge_seeds(SQLULEN level, uint64_t first, uint64_t n, bool threads, bool any,
                       bool expected)
{
    const char *one = getenv("NEON_SEED");
    int cycles = 0, committed = 0, conflicts = 0;

    for (uint64_t seed = first; seed < first + n; seed++) {
        uint64_t s = one != NULL ? strtoull(one, NULL, 10) : seed;
        play(&h, level, s, threads);
        committed += h.n_committed;
        conflicts += h.n_conflicts;
        if (h.n_failures > 0 || !judge_lists(&h) || !build(&h, &g))
            fail_msg("seed %llu", (unsigned long long)s);
        if (has_cycle(&g, any)) {
            cycles++;
            if (!expected)
                fail_msg("seed %llu: a cycle", (unsigned long long)s);
        }
    }
    print_message("%d committed, %d conflicts, %d cycles\n", committed, conflicts, cycles);
    assert_true(committed > 10);
    return cycles;
}

static void test_serializable(void **state)
{
    (void)state;
    judge_seeds(SQL_TXN_SERIALIZABLE, 1, 16, false, true, false);
}

static void test_serializable_in_threads(void **state)
{
    (void)state;
    judge_seeds(SQL_TXN_SERIALIZABLE, 1, 4, true, true, false);
}

static void test_repeatable_read(void **state)
{
    (void)state;
    judge_seeds(SQL_TXN_REPEATABLE_READ, 100, 10, false, false, false);
}

static void test_repeatable_read_in_threads(void **state)
{
    (void)state;
    judge_seeds(SQL_TXN_REPEATABLE_READ, 100, 3, true, false, false);
}

/* The judge has teeth: without checks at the commit there are cycles, as there are on TCP. */
static void test_read_committed_shows_that_the_judge_sees(void **state)
{
    (void)state;
    assert_true(judge_seeds(SQL_TXN_READ_COMMITTED, 200, 6, false, false, true) > 0);
}

static int setup(void **state)
{
    (void)state;
    gateway_reset();
    pg_admin(
        "DROP TABLE IF EXISTS t_history; CREATE TABLE t_history (k int PRIMARY KEY, v text); GRANT "
        "ALL ON t_history TO app");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pg_admin("DROP TABLE t_history");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_serializable),
        cmocka_unit_test(test_serializable_in_threads),
        cmocka_unit_test(test_repeatable_read),
        cmocka_unit_test(test_repeatable_read_in_threads),
        cmocka_unit_test(test_read_committed_shows_that_the_judge_sees),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
