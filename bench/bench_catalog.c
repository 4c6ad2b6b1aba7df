/* A tool opens a schema over a slow link: for every table SQLColumns, SQLPrimaryKeys,
 * SQLForeignKeys and SQLStatistics, all rows read. This driver over HTTP (with CatalogCache and
 * without) against psqlODBC over TCP, both through a proxy of ours that holds every byte back for
 * half of the added latency in each direction. Then what one call costs that asks for everything,
 * for a schema and for one of five times the tables: no query may grow faster than the schema.
 *
 * Usage: bench_catalog [tables [latency-ms]]    beside the services (make bench). Defaults
 * 1000, 20. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sql.h>
#include <sqlext.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SCHEMA "bench_catalog"
#define SLOW_TABLES 50 /* of those that are asked for one by one */

static double now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void die(const char *what)
{
    fprintf(stderr, "bench_catalog: %s\n", what);
    exit(1);
}

/* ---- a link that takes time ---- */

/* One direction: a reader puts pieces with the time at which they are due, a writer waits for it.
 */
struct piece {
    struct piece *next;
    double due_ms;
    size_t len;
    char bytes[16384];
};

struct pipe_end {
    int from, to;
    double delay_ms;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct piece *first, **last;
};

static void put_piece(struct pipe_end *p, struct piece *x)
{
    pthread_mutex_lock(&p->lock);
    x->next = NULL;
    *p->last = x;
    p->last = &x->next;
    pthread_cond_signal(&p->more);
    pthread_mutex_unlock(&p->lock);
}

static void *reader(void *ctx)
{
    struct pipe_end *p = ctx;
    bool ended = false;

    while (!ended) {
        struct piece *x = malloc(sizeof *x);
        ssize_t n = x != NULL ? recv(p->from, x->bytes, sizeof x->bytes, 0) : -1;
        if (x == NULL)
            die("out of memory");
        ended = n <= 0;
        x->len = ended ? 0 : (size_t)n;
        x->due_ms = now_ms() + p->delay_ms;
        put_piece(p, x); /* the last one is empty */
    }
    return NULL;
}

static struct piece *take_piece(struct pipe_end *p)
{
    struct piece *x;

    pthread_mutex_lock(&p->lock);
    while (p->first == NULL)
        pthread_cond_wait(&p->more, &p->lock);
    x = p->first;
    p->first = x->next;
    if (p->first == NULL)
        p->last = &p->first;
    pthread_mutex_unlock(&p->lock);
    return x;
}

static void *writer(void *ctx)
{
    struct pipe_end *p = ctx;

    for (;;) {
        struct piece *x = take_piece(p);
        double left = x->due_ms - now_ms();
        size_t len = x->len;
        if (left > 0)
            usleep((useconds_t)(left * 1000));
        for (size_t sent = 0; sent < len;) {
            ssize_t n = send(p->to, x->bytes + sent, len - sent, MSG_NOSIGNAL);
            if (n <= 0)
                break;
            sent += (size_t)n;
        }
        free(x);
        if (len == 0)
            break;
    }
    shutdown(p->to, SHUT_WR);
    return NULL; /* sockets and memory of the few connections stay until the end */
}

static void start_pipe(int from, int to, double delay_ms)
{
    struct pipe_end *p = calloc(1, sizeof *p);
    pthread_t t;

    if (p == NULL)
        die("out of memory");
    *p = (struct pipe_end){.from = from, .to = to, .delay_ms = delay_ms};
    p->last = &p->first;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->more, NULL);
    if (pthread_create(&t, NULL, reader, p) != 0 || pthread_create(&t, NULL, writer, p) != 0)
        die("cannot start a thread");
}

struct link {
    int listener, target_port;
    double delay_ms;
};

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void *serve(void *ctx)
{
    struct link *l = ctx;

    for (;;) {
        struct sockaddr_in to = loopback(l->target_port);
        int one = 1;
        int a = accept(l->listener, NULL, NULL);
        int b = socket(AF_INET, SOCK_STREAM, 0);
        if (a < 0 || b < 0 || connect(b, (struct sockaddr *)&to, sizeof to) != 0)
            die("the proxy cannot connect");
        setsockopt(a, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        setsockopt(b, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        start_pipe(a, b, l->delay_ms);
        start_pipe(b, a, l->delay_ms);
    }
    return NULL;
}

/* The port that leads to target_port. */
static int slow_port(int target_port, double latency_ms)
{
    struct link *l = calloc(1, sizeof *l);
    struct sockaddr_in at = loopback(0);
    socklen_t len = sizeof at;
    pthread_t t;

    if (l == NULL)
        die("out of memory");
    *l = (struct link){socket(AF_INET, SOCK_STREAM, 0), target_port, latency_ms / 2};
    if (bind(l->listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(l->listener, 16) != 0 ||
        getsockname(l->listener, (struct sockaddr *)&at, &len) != 0 ||
        pthread_create(&t, NULL, serve, l) != 0)
        die("cannot start the proxy");
    return ntohs(at.sin_port);
}

/* ---- ODBC ---- */

static SQLHENV env;

static SQLCHAR *text(const char *s)
{
    return (SQLCHAR *)(uintptr_t)s;
}

static SQLHSTMT open_dsn(const char *connstr)
{
    SQLHDBC dbc;
    SQLHSTMT stmt;
    char message[512] = "";

    SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc);
    if (!SQL_SUCCEEDED(SQLDriverConnect(dbc, NULL, text(connstr), SQL_NTS, NULL, 0, NULL,
                                        SQL_DRIVER_NOPROMPT))) {
        SQLGetDiagRec(SQL_HANDLE_DBC, dbc, 1, NULL, NULL, (SQLCHAR *)message, sizeof message, NULL);
        die(message);
    }
    SQLAllocHandle(SQL_HANDLE_STMT, dbc, &stmt);
    return stmt;
}

static void check(SQLHSTMT s, SQLRETURN rc, const char *what)
{
    char message[512] = "";

    if (SQL_SUCCEEDED(rc))
        return;
    SQLGetDiagRec(SQL_HANDLE_STMT, s, 1, NULL, NULL, (SQLCHAR *)message, sizeof message, NULL);
    fprintf(stderr, "%s: ", what);
    die(message);
}

static size_t read_rows(SQLHSTMT s)
{
    size_t n = 0;
    char name[128];
    SQLLEN ind;

    while (SQL_SUCCEEDED(SQLFetch(s))) {
        SQLGetData(s, 3, SQL_C_CHAR, name, sizeof name, &ind);
        n++;
    }
    SQLFreeStmt(s, SQL_CLOSE);
    return n;
}

/* All that the tool asks about one table; its rows. */
static size_t ask_table(SQLHSTMT s, int i)
{
    char name[32];
    size_t n;

    snprintf(name, sizeof name, "table_%d", i);
    check(s, SQLColumns(s, NULL, 0, text(SCHEMA), SQL_NTS, text(name), SQL_NTS, NULL, 0),
          "SQLColumns");
    n = read_rows(s);
    check(s, SQLPrimaryKeys(s, NULL, 0, text(SCHEMA), SQL_NTS, text(name), SQL_NTS),
          "SQLPrimaryKeys");
    n += read_rows(s);
    check(s,
          SQLForeignKeys(s, NULL, 0, NULL, 0, NULL, 0, NULL, 0, text(SCHEMA), SQL_NTS, text(name),
                         SQL_NTS),
          "SQLForeignKeys");
    n += read_rows(s);
    check(s,
          SQLStatistics(s, NULL, 0, text(SCHEMA), SQL_NTS, text(name), SQL_NTS, SQL_INDEX_ALL,
                        SQL_QUICK),
          "SQLStatistics");
    return n + read_rows(s);
}

static void run(SQLHSTMT s, const char *sql)
{
    check(s, SQLExecDirect(s, text(sql), SQL_NTS), "setting up");
    SQLFreeStmt(s, SQL_CLOSE);
}

/* Tables first to last - 1, of 20 columns, with a key, an index, and a reference to the one before.
 */
static void make_tables(SQLHSTMT s, int first, int last)
{
    char sql[2048];

    for (int at = first; at < last; at += 100) { /* a transaction each: tables take locks */
        snprintf(
            sql, sizeof sql,
            "DO $$ BEGIN FOR i IN %d .. %d LOOP EXECUTE format('CREATE TABLE " SCHEMA
            ".table_%%s (id int PRIMARY KEY, before int %%s, a varchar(20) DEFAULT ''x'', b "
            "numeric(10,2), c timestamptz, d int, e int, f int, g int, h int, i int, j text, k "
            "text, l text, m text, n text, o text, p text, q text, r text)', i, CASE WHEN i > 0 "
            "THEN format('REFERENCES " SCHEMA
            ".table_%%s', i - 1) END); EXECUTE format('CREATE INDEX ON " SCHEMA
            ".table_%%s (before)', i); END LOOP; END $$",
            at, (at + 100 < last ? at + 100 : last) - 1);
        run(s, sql);
    }
}

/* ---- counting ---- */

static size_t keep_body(char *p, size_t size, size_t n, void *ctx)
{
    char *body = ctx;
    size_t have = strlen(body);

    if (have + size * n < 4096) {
        memcpy(body + have, p, size * n);
        body[have + size * n] = '\0';
    }
    return size * n;
}

static long requests(void)
{
    char url[512], body[4096] = "";
    CURL *c = curl_easy_init();
    const char *at;

    snprintf(url, sizeof url, "%s/_gateway/stats", getenv("NEON_TEST_GATEWAY_URL"));
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, keep_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, body);
    if (curl_easy_perform(c) != CURLE_OK)
        die("the gateway does not answer");
    curl_easy_cleanup(c);
    at = strstr(body, "\"requests\":");
    return at != NULL ? strtol(at + 11, NULL, 10) : -1;
}

/* ---- the figures ---- */

static void go_through(const char *label, SQLHSTMT s, int n_tables, int n_asked)
{
    long before = requests();
    double start = now_ms();
    size_t rows = 0;
    double ms;

    for (int i = 0; i < n_asked; i++)
        rows += ask_table(s, i);
    ms = now_ms() - start;
    printf("  %-40s %8.1f s  %s%8.2f ms a table, %zu rows", label, ms / 1000 * n_tables / n_asked,
           n_asked < n_tables ? "(from a part) " : "", ms / n_asked, rows);
    if (requests() > before)
        printf(", %ld requests for %d calls", requests() - before, 4 * n_asked);
    printf("\n");
}

static double all_of(SQLHSTMT s, SQLRETURN (*call)(SQLHSTMT s), size_t *rows)
{
    double start = now_ms();

    check(s, call(s), "asking for everything");
    *rows = read_rows(s);
    return now_ms() - start;
}

static SQLRETURN all_tables(SQLHSTMT s)
{
    return SQLTables(s, NULL, 0, text(SCHEMA), SQL_NTS, NULL, 0, NULL, 0);
}

static SQLRETURN all_columns(SQLHSTMT s)
{
    return SQLColumns(s, NULL, 0, text(SCHEMA), SQL_NTS, NULL, 0, NULL, 0);
}

static SQLRETURN all_privileges(SQLHSTMT s)
{
    return SQLTablePrivileges(s, NULL, 0, text(SCHEMA), SQL_NTS, NULL, 0);
}

static void everything(SQLHSTMT s, int n_tables)
{
    static const struct {
        const char *name;
        SQLRETURN (*call)(SQLHSTMT s);
    } calls[] = {{"SQLTables", all_tables},
                 {"SQLColumns", all_columns},
                 {"SQLTablePrivileges", all_privileges}};

    for (size_t i = 0; i < 3; i++) {
        size_t rows;
        double ms = all_of(s, calls[i].call, &rows);
        printf("  %-20s %6d tables %8zu rows %9.1f ms  %6.2f us a row\n", calls[i].name, n_tables,
               rows, ms, ms * 1000 / (double)(rows + 1));
    }
}

static int port_of(const char *url)
{
    const char *colon = strrchr(url, ':');

    return colon != NULL ? atoi(colon + 1) : 0;
}

int main(int argc, char **argv)
{
    int n = argc > 1 ? atoi(argv[1]) : 1000;
    double latency_ms = argc > 2 ? atof(argv[2]) : 20;
    char neon[256], pg[256];
    SQLHSTMT setup, s;

    if (getenv("NEON_TEST_GATEWAY_URL") == NULL || n < SLOW_TABLES)
        die("run it beside the services: make bench");
    SQLAllocHandle(SQL_HANDLE_ENV, NULL, &env);
    SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)(intptr_t)SQL_OV_ODBC3, 0);
    setup = open_dsn("DSN=neon");
    run(setup, "CREATE SCHEMA " SCHEMA);
    make_tables(setup, 0, n);
    snprintf(neon, sizeof neon, "DSN=neon;ApiHost=http://127.0.0.1:%d;",
             slow_port(port_of(getenv("NEON_TEST_GATEWAY_URL")), latency_ms));
    snprintf(pg, sizeof pg, "DSN=pg;Port=%d;",
             slow_port(atoi(getenv("NEON_TEST_PG_PORT")), latency_ms));

    printf("%d tables of 20 columns, four catalog functions for each, %.0f ms of added latency\n",
           n, latency_ms);
    s = open_dsn(neon);
    go_through("neon-odbc over HTTP, CatalogCache=5", s, n, n);
    s = open_dsn(strcat(neon, "CatalogCache=0"));
    go_through("neon-odbc over HTTP, CatalogCache=0", s, n, SLOW_TABLES);
    s = open_dsn(pg);
    go_through("psqlODBC over TCP", s, n, SLOW_TABLES);

    printf("everything in one call, no added latency\n");
    everything(setup, n);
    make_tables(setup, n, 5 * n);
    run(setup, "ANALYZE pg_catalog.pg_class");
    everything(setup, 5 * n);
    printf("%d tables, no added latency\n", 5 * n);
    s = open_dsn("DSN=neon");
    go_through("neon-odbc over HTTP, CatalogCache=5", s, 5 * n, 5 * n);
    for (int at = 5 * n - 1; at >= 0; at -= 100) {
        char sql[256];
        snprintf(sql, sizeof sql,
                 "DO $$ BEGIN FOR i IN REVERSE %d .. %d LOOP EXECUTE format('DROP TABLE " SCHEMA
                 ".table_%%s CASCADE', i); END LOOP; END $$",
                 at, at >= 99 ? at - 99 : 0);
        run(setup, sql);
    }
    run(setup, "DROP SCHEMA " SCHEMA);
    return 0;
}
