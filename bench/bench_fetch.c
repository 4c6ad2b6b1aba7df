/* Reading a large result: this driver, through the driver manager, into bound SQL_C_CHAR and
 * SQL_C_LONG columns in blocks, against downloading the same bytes with libcurl to nowhere, the
 * same plus one copy, and json-c's tokener over the bytes. All in one process and one run, taken in
 * turns; figures are medians, and what counts are the ratios.
 *
 * Usage: bench_fetch [rounds] [driver]    beside the services, with a gateway whose answers may be
 * large (make bench does). With "driver" that one runs alone, for a profiler. */
#include <curl/curl.h>
#include <json-c/json.h>
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
#define MAX_ROUNDS 25
#define TEXT_BYTES 256

/* Two shapes of the same columns: values of a few bytes, where each cell costs, and texts of a
 * usual length. */
static const struct shape {
    const char *name;
    long rows;
    int text_chars;
} shapes[] = {{"narrow", 700000, 20}, {"wide", 200000, 120}};

static const char sql_template[] =
    "SELECT g AS id, g %% 1000 AS n, 'some text of row ' || g AS a, repeat('x', %d) || g AS b, "
    "g * 7 AS m FROM generate_series(1, %ld) g";

enum what { DRIVER, DOWNLOAD, DOWNLOAD_COPY, JSONC, N_WHAT };
static const char *const names[N_WHAT] = {"neon-odbc, bound columns", "libcurl, to nowhere",
                                          "libcurl, one copy kept",
                                          "json-c's tokener, bytes in memory"};
struct figure {
    double cpu_s, wall_s;
};

static double now(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void die(const char *what)
{
    fprintf(stderr, "bench_fetch: %s\n", what);
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

static void reset_peak(void)
{
    FILE *f = fopen("/proc/self/clear_refs", "w");
    if (f != NULL) {
        fputs("5", f);
        fclose(f);
    }
}

/* ---- the driver ---- */

static SQLHDBC dbc;
static SQLHSTMT stmt;
static SQLINTEGER ids[BLOCK], ns[BLOCK], ms[BLOCK];
static SQLCHAR as[BLOCK][TEXT_BYTES], bs[BLOCK][TEXT_BYTES];
static SQLLEN inds[5][BLOCK];

static void check(SQLRETURN rc, SQLSMALLINT type, SQLHANDLE h, const char *what)
{
    SQLCHAR state[6];
    SQLCHAR text[1024];
    if (SQL_SUCCEEDED(rc))
        return;
    text[0] = '\0';
    SQLGetDiagRec(type, h, 1, state, NULL, text, sizeof text, NULL);
    fprintf(stderr, "bench_fetch: %s: %s\n", what, (char *)text);
    exit(1);
}

static void connect_driver(void)
{
    SQLHENV env;
    SQLAllocHandle(SQL_HANDLE_ENV, NULL, &env);
    SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)(intptr_t)SQL_OV_ODBC3_80, 0);
    SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc);
    check(SQLDriverConnect(dbc, NULL, (SQLCHAR *)"DSN=neon", SQL_NTS, NULL, 0, NULL,
                           SQL_DRIVER_NOPROMPT),
          SQL_HANDLE_DBC, dbc, "connecting");
    SQLAllocHandle(SQL_HANDLE_STMT, dbc, &stmt);
    SQLSetStmtAttr(stmt, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)BLOCK, 0);
    SQLBindCol(stmt, 1, SQL_C_LONG, ids, 0, inds[0]);
    SQLBindCol(stmt, 2, SQL_C_LONG, ns, 0, inds[1]);
    SQLBindCol(stmt, 3, SQL_C_CHAR, as, TEXT_BYTES, inds[2]);
    SQLBindCol(stmt, 4, SQL_C_CHAR, bs, TEXT_BYTES, inds[3]);
    SQLBindCol(stmt, 5, SQL_C_LONG, ms, 0, inds[4]);
}

static void read_with_driver(const char *sql, long rows)
{
    SQLULEN fetched = 0;
    long total = 0;
    long long sum = 0;
    SQLRETURN rc;

    SQLSetStmtAttr(stmt, SQL_ATTR_ROWS_FETCHED_PTR, &fetched, 0);
    check(SQLExecDirect(stmt, (SQLCHAR *)(uintptr_t)sql, SQL_NTS), SQL_HANDLE_STMT, stmt,
          "executing");
    while ((rc = SQLFetch(stmt)) != SQL_NO_DATA) {
        check(rc, SQL_HANDLE_STMT, stmt, "fetching");
        total += (long)fetched;
        sum += ids[fetched - 1];
    }
    SQLFreeStmt(stmt, SQL_CLOSE);
    if (total != rows || sum == 0)
        die("the driver did not read every row");
}

/* ---- libcurl ---- */

struct sink {
    char *keep;
    size_t len, cap;
    bool copy;
};

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
    struct sink *s = ctx;
    if (s->copy) {
        if (s->len + n > s->cap) {
            s->cap = (s->len + n) * 2;
            s->keep = realloc(s->keep, s->cap);
            if (s->keep == NULL)
                return 0;
        }
        memcpy(s->keep + s->len, p, n);
    }
    s->len += n;
    return size * n;
}

static CURL *curl;
static struct curl_slist *headers;

static void prepare_curl(void)
{
    char line[1024];
    const char *url = getenv("NEON_TEST_PG_URL");
    static char endpoint[512];

    curl_global_init(CURL_GLOBAL_DEFAULT);
    curl = curl_easy_init();
    snprintf(line, sizeof line, "Neon-Connection-String: %s", url);
    headers = curl_slist_append(headers, line);
    headers = curl_slist_append(headers, "Neon-Raw-Text-Output: true");
    headers = curl_slist_append(headers, "Neon-Array-Mode: true");
    headers = curl_slist_append(headers, "Neon-Pool-Opt-In: true");
    snprintf(endpoint, sizeof endpoint, "%s/sql", getenv("NEON_TEST_GATEWAY_URL"));
    curl_easy_setopt(curl, CURLOPT_URL, endpoint);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 128L << 10);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
}

static void download(const char *sql, struct sink *s)
{
    char body[1024];
    snprintf(body, sizeof body, "{\"query\":\"%s\"}", sql);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, s);
    s->len = 0;
    if (curl_easy_perform(curl) != CURLE_OK || s->len < 1000)
        die("the download failed");
}

/* In a child of its own: millions of freed blocks would otherwise burden the allocator of whoever
 * comes next. */
static void parse(const struct sink *s)
{
    json_tokener *t = json_tokener_new();
    json_object *doc = json_tokener_parse_ex(t, s->keep, (int)s->len);
    if (doc == NULL)
        die("json-c did not understand the answer");
    json_object_put(doc);
    json_tokener_free(t);
}

static struct figure parse_with_jsonc(const struct sink *s)
{
    struct figure f = {0, 0};
    int fds[2];
    pid_t child;

    if (pipe(fds) != 0 || (child = fork()) < 0)
        die("no child process");
    if (child == 0) {
        double cpu = now(CLOCK_THREAD_CPUTIME_ID);
        double wall = now(CLOCK_MONOTONIC);
        parse(s);
        f = (struct figure){now(CLOCK_THREAD_CPUTIME_ID) - cpu, now(CLOCK_MONOTONIC) - wall};
        _exit(write(fds[1], &f, sizeof f) == (ssize_t)sizeof f ? 0 : 1);
    }
    if (read(fds[0], &f, sizeof f) != (ssize_t)sizeof f)
        die("json-c's child failed");
    close(fds[0]);
    close(fds[1]);
    waitpid(child, NULL, 0);
    return f;
}

/* ---- rounds ---- */

static struct figure measure(enum what w, const char *sql, long rows, struct sink *kept)
{
    struct sink nowhere = {NULL, 0, 0, false};
    double cpu = now(CLOCK_THREAD_CPUTIME_ID);
    double wall = now(CLOCK_MONOTONIC);

    if (w == DRIVER)
        read_with_driver(sql, rows);
    else if (w == DOWNLOAD)
        download(sql, &nowhere);
    else if (w == DOWNLOAD_COPY)
        download(sql, kept);
    else
        return parse_with_jsonc(kept);
    return (struct figure){now(CLOCK_THREAD_CPUTIME_ID) - cpu, now(CLOCK_MONOTONIC) - wall};
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *v, int n)
{
    double copy[MAX_ROUNDS];
    memcpy(copy, v, (size_t)n * sizeof *v);
    qsort(copy, (size_t)n, sizeof *copy, by_value);
    return copy[n / 2];
}

static void report(const struct shape *sh, int rounds, double bytes, double cpu[N_WHAT][MAX_ROUNDS],
                   double wall[N_WHAT][MAX_ROUNDS], long growth_kib)
{
    double driver = median(cpu[DRIVER], rounds);

    printf("%s: %ld rows of 5 columns, %.1f MB of JSON, %d rounds in turns; client CPU and wall in "
           "seconds, medians\n",
           sh->name, sh->rows, bytes / 1e6, rounds);
    for (int w = 0; w < N_WHAT; w++)
        printf("  %-36s cpu %6.3f   wall %6.3f\n", names[w], median(cpu[w], rounds),
               median(wall[w], rounds));
    printf("  driver's CPU / plain download's          %8.2f\n",
           driver / median(cpu[DOWNLOAD], rounds));
    printf("  driver's CPU / download with one copy's  %8.2f\n",
           driver / median(cpu[DOWNLOAD_COPY], rounds));
    printf("  json-c's CPU / driver's CPU              %8.2f\n",
           median(cpu[JSONC], rounds) / driver);
    printf("  driver's peak memory growth              %8.1f MB\n", (double)growth_kib / 1024);
}

static void run_shape(const struct shape *sh, int rounds, bool driver_only)
{
    static double cpu[N_WHAT][MAX_ROUNDS], wall[N_WHAT][MAX_ROUNDS];
    struct sink kept = {NULL, 0, 0, true};
    char sql[512];
    long before;
    long growth;

    snprintf(sql, sizeof sql, sql_template, sh->text_chars, sh->rows);
    reset_peak();
    before = status_kib("VmRSS:");
    read_with_driver(sql, sh->rows);
    growth = status_kib("VmHWM:") - before;
    for (int r = 0; r < rounds; r++)
        for (int w = 0; w < (driver_only ? 1 : N_WHAT); w++) {
            /* json-c parses what the copying download of the same round kept */
            struct figure f = measure((enum what)w, sql, sh->rows, &kept);
            cpu[w][r] = f.cpu_s;
            wall[w][r] = f.wall_s;
        }
    if (!driver_only)
        report(sh, rounds, (double)kept.len, cpu, wall, growth);
    free(kept.keep);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 7;

    if (getenv("NEON_TEST_GATEWAY_URL") == NULL || rounds < 1 || rounds > MAX_ROUNDS)
        die("run it beside the services: make bench");
    connect_driver();
    prepare_curl();
    read_with_driver(
        "SELECT g AS id, g AS n, 'a' AS a, 'b' AS b, g AS m FROM generate_series(1, 5000) g",
        5000); /* warm */
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        run_shape(&shapes[i], rounds, argc > 2);
    return 0;
}
