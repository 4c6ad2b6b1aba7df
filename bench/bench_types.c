/* A million rows of ten mixed columns into native C types, in blocks of 1,000: this driver through
 * the gateway against psqlODBC over TCP, from the same table of the same PostgreSQL in one run.
 * Each reading is a process of its own, so that neither driver pays for what the other left in
 * memory; the two take turns. Figures are medians; what counts are the ratios.
 *
 * Usage: bench_types [rounds] [rows] [dsn]    beside the services (make bench). With a DSN that
 * driver alone is read, once and in this process, for a profiler. */
#include <sql.h>
#include <sqlext.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 1000
#define COLUMNS 10
#define MAX_ROUNDS 25
#define ASCII_CHARS 32
#define WIDE_CHARS 48

enum what { NEON, PSQLODBC, N_WHAT };
static const char *const dsns[N_WHAT] = {"DSN=neon", "DSN=pg"};
static const char *const names[N_WHAT] = {"neon-odbc over HTTP", "psqlODBC over TCP"};

enum figure { CPU_S, WALL_S, FIRST_ROW_S, RSS_MB, N_FIGURES };
static const char *const figure_names[N_FIGURES] = {"client CPU, s", "wall, s",
                                                    "time to first row, s", "peak RSS growth, MB"};

static const char make_table[] =
    "DROP TABLE IF EXISTS bench_types;"
    "CREATE UNLOGGED TABLE bench_types AS SELECT g::int4 AS i, (g * 7919::int8 * 1000003) AS b, "
    "CASE WHEN g %% 10 = 1 THEN NULL ELSE sqrt(g::float8) * 1000 END AS f, "
    "(g * 1.37)::numeric(14,2) AS n, "
    "'customer ' || g AS t, "
    "CASE WHEN g %% 7 = 0 THEN NULL ELSE 'Stra\xC3\x9F"
    "e der Nr. ' || g END AS w, "
    "timestamp '2020-01-01 00:00:00' + g * interval '1.25 seconds' AS ts, "
    "date '2000-01-01' + (g %% 9000) AS d, g %% 3 = 0 AS o, "
    "CASE WHEN g %% 2 = 0 THEN NULL ELSE g %% 32000 END::int2 AS s "
    "FROM generate_series(1, %ld) g";

/* One block of the ten columns. */
static struct {
    SQLINTEGER i[BLOCK];
    SQLBIGINT b[BLOCK];
    SQLDOUBLE f[BLOCK];
    SQL_NUMERIC_STRUCT n[BLOCK];
    SQLCHAR t[BLOCK][ASCII_CHARS];
    SQLWCHAR w[BLOCK][WIDE_CHARS];
    SQL_TIMESTAMP_STRUCT ts[BLOCK];
    SQL_DATE_STRUCT d[BLOCK];
    SQLCHAR o[BLOCK];
    SQLSMALLINT s[BLOCK];
    SQLLEN inds[COLUMNS][BLOCK];
} block;

static double now(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void die(const char *what)
{
    fprintf(stderr, "bench_types: %s\n", what);
    exit(1);
}

static void check(SQLRETURN rc, SQLSMALLINT type, SQLHANDLE h, const char *what)
{
    SQLCHAR state[6];
    SQLCHAR text[1024] = "";
    if (SQL_SUCCEEDED(rc))
        return;
    SQLGetDiagRec(type, h, 1, state, NULL, text, sizeof text, NULL);
    fprintf(stderr, "bench_types: %s: %s\n", what, (char *)text);
    exit(1);
}

static long status_kib(const char *key)
{
    char line[256];
    long v = -1;
    FILE *f = fopen("/proc/self/status", "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, key, strlen(key)) == 0)
            v = atol(line + strlen(key));
    if (f != NULL)
        fclose(f);
    return v;
}

static SQLHSTMT connect_to(const char *dsn, SQLHDBC *dbc)
{
    SQLHENV env;
    SQLHSTMT stmt;

    SQLAllocHandle(SQL_HANDLE_ENV, NULL, &env);
    SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)(intptr_t)SQL_OV_ODBC3_80, 0);
    SQLAllocHandle(SQL_HANDLE_DBC, env, dbc);
    check(SQLDriverConnect(*dbc, NULL, (SQLCHAR *)(uintptr_t)dsn, SQL_NTS, NULL, 0, NULL,
                           SQL_DRIVER_NOPROMPT),
          SQL_HANDLE_DBC, *dbc, dsn);
    SQLAllocHandle(SQL_HANDLE_STMT, *dbc, &stmt);
    return stmt;
}

static void bind(SQLHSTMT stmt)
{
    const struct {
        SQLSMALLINT c_type;
        void *data;
        SQLLEN cap;
    } columns[COLUMNS] = {
        {SQL_C_SLONG, block.i, 0},
        {SQL_C_SBIGINT, block.b, 0},
        {SQL_C_DOUBLE, block.f, 0},
        {SQL_C_NUMERIC, block.n, 0},
        {SQL_C_CHAR, block.t, sizeof block.t[0]},
        {SQL_C_WCHAR, block.w, sizeof block.w[0]},
        {SQL_C_TYPE_TIMESTAMP, block.ts, 0},
        {SQL_C_TYPE_DATE, block.d, 0},
        {SQL_C_BIT, block.o, 0},
        {SQL_C_SSHORT, block.s, 0},
    };

    SQLSetStmtAttr(stmt, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)BLOCK, 0);
    for (SQLUSMALLINT i = 0; i < COLUMNS; i++)
        check(SQLBindCol(stmt, (SQLUSMALLINT)(i + 1), columns[i].c_type, columns[i].data,
                         columns[i].cap, block.inds[i]),
              SQL_HANDLE_STMT, stmt, "binding");
}

/* Some of every block, so that what was read is known to be right. */
static bool last_row_is_right(SQLULEN fetched, long at)
{
    size_t k = fetched - 1;

    return block.i[k] == at && block.b[k] == (SQLBIGINT)at * 7919 * 1000003 &&
           block.o[k] == (at % 3 == 0) && block.ts[k].year >= 2020 && block.d[k].year >= 2000 &&
           (block.inds[9][k] == SQL_NULL_DATA) == (at % 2 == 0) &&
           block.inds[4][k] == (SQLLEN)snprintf(NULL, 0, "customer %ld", at) &&
           block.n[k].sign == 1;
}

static void read_all(const char *dsn, long rows, double out[N_FIGURES])
{
    SQLHDBC dbc;
    SQLHSTMT stmt = connect_to(dsn, &dbc);
    SQLULEN fetched = 0;
    long total = 0;
    SQLRETURN rc;
    double cpu;
    double wall;
    long before;

    bind(stmt);
    memset(&block, 1, sizeof block); /* its pages are the application's, not the driver's */
    SQLSetStmtAttr(stmt, SQL_ATTR_ROWS_FETCHED_PTR, &fetched, 0);
    before = status_kib("VmRSS:");
    cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    wall = now(CLOCK_MONOTONIC);
    check(SQLExecDirect(stmt, (SQLCHAR *)"SELECT * FROM bench_types", SQL_NTS), SQL_HANDLE_STMT,
          stmt, "executing");
    while ((rc = SQLFetch(stmt)) != SQL_NO_DATA) {
        check(rc, SQL_HANDLE_STMT, stmt, "fetching");
        if (total == 0)
            out[FIRST_ROW_S] = now(CLOCK_MONOTONIC) - wall;
        total += (long)fetched;
        if (!last_row_is_right(fetched, total))
            die("a value is wrong");
    }
    out[CPU_S] = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    out[WALL_S] = now(CLOCK_MONOTONIC) - wall;
    out[RSS_MB] = (double)(status_kib("VmHWM:") - before) / 1024;
    if (total != rows)
        die("not every row was read");
    SQLFreeHandle(SQL_HANDLE_STMT, stmt);
    SQLDisconnect(dbc);
}

static void read_in_child(const char *dsn, long rows, double out[N_FIGURES])
{
    int fds[2];
    pid_t child;
    int status = 0;

    if (pipe(fds) != 0 || (child = fork()) < 0)
        die("no child process");
    if (child == 0) {
        read_all(dsn, rows, out);
        _exit(write(fds[1], out, sizeof(double) * N_FIGURES) ==
                      (ssize_t)(sizeof(double) * N_FIGURES)
                  ? 0
                  : 1);
    }
    close(fds[1]);
    if (read(fds[0], out, sizeof(double) * N_FIGURES) != (ssize_t)(sizeof(double) * N_FIGURES))
        die("a reading failed");
    close(fds[0]);
    waitpid(child, &status, 0);
}

static void make(long rows)
{
    char sql[sizeof make_table + 64];
    SQLHDBC dbc;
    SQLHSTMT stmt;
    int status = 0;
    pid_t child = fork();

    if (child < 0)
        die("no child process");
    if (child == 0) {
        stmt = connect_to(dsns[PSQLODBC], &dbc);
        snprintf(sql, sizeof sql, make_table, rows);
        check(SQLExecDirect(stmt, (SQLCHAR *)sql, SQL_NTS), SQL_HANDLE_STMT, stmt, "the table");
        while (SQLMoreResults(stmt) == SQL_SUCCESS)
            ;
        SQLExecDirect(stmt, (SQLCHAR *)"ANALYZE bench_types", SQL_NTS);
        _exit(0);
    }
    waitpid(child, &status, 0);
    if (status != 0)
        die("the table could not be made (psqlODBC, package odbc-postgresql, is needed)");
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(double figures[N_WHAT][N_FIGURES][MAX_ROUNDS], int rounds)
{
    printf("  %-24s %20s %20s %20s\n", "", names[NEON], names[PSQLODBC], "psqlODBC / neon-odbc");
    for (int f = 0; f < N_FIGURES; f++) {
        double median[N_WHAT];
        for (int w = 0; w < N_WHAT; w++) {
            qsort(figures[w][f], (size_t)rounds, sizeof(double), by_value);
            median[w] = figures[w][f][rounds / 2];
        }
        printf("  %-24s %20.3f %20.3f %20.2f\n", figure_names[f], median[NEON], median[PSQLODBC],
               median[PSQLODBC] / median[NEON]);
    }
}

int main(int argc, char **argv)
{
    static double figures[N_WHAT][N_FIGURES][MAX_ROUNDS];
    int rounds = argc > 1 ? atoi(argv[1]) : 5;
    long rows = argc > 2 ? atol(argv[2]) : 1000000;

    if (getenv("NEON_TEST_GATEWAY_URL") == NULL || rounds < 1 || rounds > MAX_ROUNDS || rows < 1)
        die("run it beside the services: make bench");
    make(rows);
    if (argc > 3) {
        double one[N_FIGURES] = {0};
        read_all(argv[3], rows, one);
        printf("cpu %.3f wall %.3f first %.3f rss %.1f\n", one[CPU_S], one[WALL_S],
               one[FIRST_ROW_S], one[RSS_MB]);
        return 0;
    }
    for (int r = 0; r < rounds; r++)
        for (int w = 0; w < N_WHAT; w++) {
            double one[N_FIGURES] = {0};
            read_in_child(dsns[w], rows, one);
            for (int f = 0; f < N_FIGURES; f++)
                figures[w][f][r] = one[f];
        }
    printf("%ld rows of %d columns in blocks of %d, %d rounds in turns, medians\n", rows, COLUMNS,
           BLOCK, rounds);
    report(figures, rounds);
    return 0;
}
