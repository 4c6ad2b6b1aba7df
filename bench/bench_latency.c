/* SELECT 1 on a warm connection: this driver over HTTP through the gateway against psqlODBC over
 * TCP, on the same PostgreSQL, in turns in one run. Medians of the single statements, and how much
 * of it the gateway takes (a bare libcurl POST).
 *
 * Usage: bench_latency [statements]    beside the services (make bench). */
#include <curl/curl.h>
#include <sql.h>
#include <sqlext.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MAX_STATEMENTS 20000

static double now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static SQLHSTMT connect_dsn(SQLHENV env, const char *dsn)
{
    SQLHDBC dbc;
    SQLHSTMT stmt;

    SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc);
    if (!SQL_SUCCEEDED(SQLDriverConnect(dbc, NULL, (SQLCHAR *)(uintptr_t)dsn, SQL_NTS, NULL, 0,
                                        NULL, SQL_DRIVER_NOPROMPT)))
        return NULL;
    SQLAllocHandle(SQL_HANDLE_STMT, dbc, &stmt);
    return stmt;
}

static double one(SQLHSTMT s)
{
    double start = now_us();
    SQLINTEGER v = 0;
    SQLLEN ind;

    if (!SQL_SUCCEEDED(SQLExecDirect(s, (SQLCHAR *)"SELECT 1", SQL_NTS)) ||
        !SQL_SUCCEEDED(SQLFetch(s)) || !SQL_SUCCEEDED(SQLGetData(s, 1, SQL_C_LONG, &v, 0, &ind)) ||
        v != 1) {
        fprintf(stderr, "bench_latency: SELECT 1 failed\n");
        exit(1);
    }
    SQLFreeStmt(s, SQL_CLOSE);
    return now_us() - start;
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
    (void)p;
    (void)ctx;
    return size * n;
}

static CURL *prepare_curl(void)
{
    static char line[1024], endpoint[512];
    struct curl_slist *h = NULL;
    CURL *c = curl_easy_init();

    snprintf(line, sizeof line, "Neon-Connection-String: %s", getenv("NEON_TEST_PG_URL"));
    h = curl_slist_append(h, line);
    h = curl_slist_append(h, "Neon-Raw-Text-Output: true");
    h = curl_slist_append(h, "Neon-Array-Mode: true");
    h = curl_slist_append(h, "Neon-Pool-Opt-In: true");
    snprintf(endpoint, sizeof endpoint, "%s/sql", getenv("NEON_TEST_GATEWAY_URL"));
    curl_easy_setopt(c, CURLOPT_URL, endpoint);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, h);
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, "{\"query\":\"SELECT 1\"}");
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    return c;
}

static double one_post(CURL *c)
{
    double start = now_us();
    if (curl_easy_perform(c) != CURLE_OK)
        exit(1);
    return now_us() - start;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, by_value);
    return v[n / 2];
}

int main(int argc, char **argv)
{
    static double neon[MAX_STATEMENTS], tcp[MAX_STATEMENTS], bare[MAX_STATEMENTS];
    int n = argc > 1 ? atoi(argv[1]) : 2000;
    SQLHENV env;
    SQLHSTMT a;
    SQLHSTMT b;
    CURL *c;

    if (getenv("NEON_TEST_GATEWAY_URL") == NULL || n < 1 || n > MAX_STATEMENTS) {
        fprintf(stderr, "bench_latency: run it beside the services: make bench\n");
        return 1;
    }
    SQLAllocHandle(SQL_HANDLE_ENV, NULL, &env);
    SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)(intptr_t)SQL_OV_ODBC3, 0);
    a = connect_dsn(env, "DSN=neon");
    b = connect_dsn(env, "DSN=pg");
    c = prepare_curl();
    if (a == NULL || b == NULL) {
        fprintf(stderr, "bench_latency: cannot connect to %s\n",
                a == NULL ? "DSN neon" : "DSN pg (psqlODBC: package odbc-postgresql)");
        return 1;
    }
    for (int i = 0; i < 50; i++) {
        one(a);
        one(b);
        one_post(c);
    }
    for (int i = 0; i < n; i++) {
        neon[i] = one(a);
        tcp[i] = one(b);
        bare[i] = one_post(c);
    }
    printf("SELECT 1 on a warm connection, %d times in turns; microseconds, medians\n", n);
    printf("  neon-odbc, HTTP through the gateway    %7.0f\n", median(neon, n));
    printf("  of it a bare POST by libcurl           %7.0f\n", median(bare, n));
    printf("  psqlODBC, TCP                          %7.0f\n", median(tcp, n));
    printf("  neon-odbc / psqlODBC                   %7.2f\n", median(neon, n) / median(tcp, n));
    printf("  neon-odbc / bare POST                  %7.2f\n", median(neon, n) / median(bare, n));
    return 0;
}
