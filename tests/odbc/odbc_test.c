/* Helpers of the tests through the driver manager. */
#include "odbc_test.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <locale.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

const char *test_env(const char *name)
{
    const char *v = getenv(name);

    if (v == NULL || v[0] == '\0')
        fail_msg("%s is not set: run this test through tests/with-services.sh (make check does)",
                 name);
    return v;
}

void sleep_us(long us)
{
    struct timespec ts = {us / 1000000, us % 1000000 * 1000};

    nanosleep(&ts, NULL);
}

long random_below(long n)
{
    static uint64_t state = 88172645463325252u;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (long)(state % (uint64_t)n);
}

void watched_init(struct watched *w, SQLHSTMT stmt)
{
    w->stmt = stmt;
    w->tid = syscall(SYS_gettid);
    atomic_init(&w->calls, 0);
}

static bool sleeps(long tid)
{
    char path[64], text[256];
    const char *behind;
    FILE *f;
    size_t n;

    snprintf(path, sizeof path, "/proc/self/task/%ld/stat", tid);
    f = fopen(path, "r");
    assert_non_null(f);
    n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    behind = strrchr(text, ')');
    return behind != NULL && behind[1] == ' ' && behind[2] == 'S';
}

static void wait_until_stuck(struct watched *w)
{
    long calls = 0;

    for (int looks = 0; looks < 20; looks++) {
        long now = atomic_load(&w->calls);
        if (now != calls || now % 2 == 0 || !sleeps(w->tid))
            looks = -1;
        calls = now;
        sleep_us(10000);
    }
}

void *cancel_when_stuck(void *watched)
{
    struct watched *w = watched;

    wait_until_stuck(w);
    SQLCancel(w->stmt);
    return NULL;
}

SQLCHAR *sqltext(const char *s)
{
    return (SQLCHAR *)(uintptr_t)s;
}

/* ---- diagnostics ---- */

static bool read_diag(SQLSMALLINT type, SQLHANDLE h, SQLSMALLINT n, char *state, char *text,
                      size_t cap)
{
    SQLINTEGER native;
    SQLSMALLINT len;
    SQLRETURN rc = SQLGetDiagRec(type, h, n, (SQLCHAR *)state, &native, (SQLCHAR *)text,
                                 (SQLSMALLINT)cap, &len);

    return SQL_SUCCEEDED(rc);
}

const char *diag_state(SQLSMALLINT type, SQLHANDLE h)
{
    static char state[6];
    char text[8];

    if (!read_diag(type, h, 1, state, text, sizeof text))
        state[0] = '\0';
    return state;
}

const char *diag_text(SQLSMALLINT type, SQLHANDLE h)
{
    static char text[8192];
    char state[6];

    if (!read_diag(type, h, 1, state, text, sizeof text))
        text[0] = '\0';
    return text;
}

bool diag_has_state(SQLSMALLINT type, SQLHANDLE h, const char *wanted)
{
    char state[6];
    char text[8];

    for (SQLSMALLINT n = 1; read_diag(type, h, n, state, text, sizeof text); n++)
        if (strcmp(state, wanted) == 0)
            return true;
    return false;
}

static void print_diags(SQLSMALLINT type, SQLHANDLE h)
{
    char state[6];
    char text[4096];

    for (SQLSMALLINT n = 1; h != SQL_NULL_HANDLE && read_diag(type, h, n, state, text, sizeof text);
         n++)
        print_error("    %s %s\n", state, text);
}

void check_ok(SQLRETURN rc, SQLSMALLINT type, SQLHANDLE h, const char *what, const char *file,
              int line)
{
    if (SQL_SUCCEEDED(rc))
        return;
    print_error("%s: returned %d\n", what, rc);
    print_diags(type, h);
    _fail(file, line);
}

void check_state(SQLRETURN rc, SQLSMALLINT type, SQLHANDLE h, const char *state, const char *what,
                 const char *file, int line)
{
    SQLRETURN wanted = strncmp(state, "01", 2) == 0 ? SQL_SUCCESS_WITH_INFO : SQL_ERROR;

    if (rc == wanted && strcmp(diag_state(type, h), state) == 0)
        return;
    print_error("%s: returned %d with state \"%s\", wanted %d with %s\n", what, rc,
                diag_state(type, h), wanted, state);
    print_diags(type, h);
    _fail(file, line);
}

/* ---- fixtures ---- */

struct fixture *fixture_new(SQLINTEGER odbc_version)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    assert_int_equal(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &f->env), SQL_SUCCESS);
    assert_int_equal(
        SQLSetEnvAttr(f->env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)(intptr_t)odbc_version, 0),
        SQL_SUCCESS);
    assert_int_equal(SQLAllocHandle(SQL_HANDLE_DBC, f->env, &f->dbc), SQL_SUCCESS);
    return f;
}

const char *fixture_connstr = "DSN=neon";

static const struct transport_row {
    unsigned bit;
    const char *keyword, *connstr;
} transport_rows[] = {
    {OVER_HTTP, "Transport=http;", FIXTURE_HTTP},
    {OVER_AUTO, "Transport=auto;", "DSN=neon;Transport=auto"},
    {OVER_WEBSOCKET, "Transport=websocket;", "DSN=neon;Transport=websocket"},
};

/* The row of fixture_connstr; NULL: it names no transport. */
static const struct transport_row *transport_now(void)
{
    for (size_t i = 0; i < sizeof transport_rows / sizeof transport_rows[0]; i++)
        if (strcmp(fixture_connstr, transport_rows[i].connstr) == 0)
            return &transport_rows[i];
    return NULL;
}

bool over(unsigned transports)
{
    const struct transport_row *now = transport_now();

    return ((now != NULL ? now->bit : OVER_AUTO) & transports) != 0;
}

int run_tests_over(unsigned transports, const struct CMUnitTest *tests, size_t n)
{
    const char *before = fixture_connstr;
    int failed = 0;

    for (size_t i = 0; i < sizeof transport_rows / sizeof transport_rows[0]; i++) {
        const struct transport_row *t = &transport_rows[i];
        struct CMUnitTest *named = calloc(n, sizeof *named);
        char(*names)[160] = calloc(n, sizeof *names);
        if (named == NULL || names == NULL)
            abort();
        for (size_t k = 0; k < n; k++) {
            named[k] = tests[k];
            snprintf(names[k], sizeof names[k], "%s over %s", tests[k].name,
                     t->connstr + sizeof "DSN=neon;Transport=" - 1);
            named[k].name = names[k];
        }
        fixture_connstr = t->connstr;
        if (t->bit & transports)
            failed += _cmocka_run_group_tests(t->keyword, named, n, NULL, NULL);
        free(named);
        free(names);
    }
    fixture_connstr = before;
    return failed;
}

void fixture_connect(struct fixture *f, const char *connstr)
{
    const struct transport_row *now = transport_now();
    char text[2048];
    SQLCHAR out[1024];
    SQLSMALLINT len;

    snprintf(text, sizeof text, "%s", connstr ? connstr : fixture_connstr);
    if (now != NULL && strstr(text, "Transport=") == NULL)
        snprintf(text, sizeof text, "%s;%s", connstr, now->keyword);
    assert_dbc_ok(f->dbc, SQLDriverConnect(f->dbc, NULL, sqltext(text), SQL_NTS, out, sizeof out,
                                           &len, SQL_DRIVER_NOPROMPT));
    assert_dbc_ok(f->dbc, SQLAllocHandle(SQL_HANDLE_STMT, f->dbc, &f->stmt));
}

void fixture_free(struct fixture *f)
{
    if (f->stmt != NULL)
        SQLFreeHandle(SQL_HANDLE_STMT, f->stmt);
    SQLDisconnect(f->dbc);
    SQLFreeHandle(SQL_HANDLE_DBC, f->dbc);
    SQLFreeHandle(SQL_HANDLE_ENV, f->env);
    free(f);
}

struct fixture *fixture_with(const char *keywords)
{
    struct fixture *f = fixture_new(SQL_OV_ODBC3_80);
    char connstr[500];

    snprintf(connstr, sizeof connstr, "DSN=neon;%s", keywords);
    fixture_connect(f, connstr);
    return f;
}

struct fixture *fixture_over(const char *transport)
{
    char keywords[100];

    snprintf(keywords, sizeof keywords, "Transport=%s", transport);
    return fixture_with(keywords);
}

void fixture_silence(struct fixture *f, SQLULEN seconds)
{
    assert_dbc_ok(f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_CONNECTION_TIMEOUT,
                                            (SQLPOINTER)seconds, SQL_IS_UINTEGER));
}

void fixture_autocommit(struct fixture *f, bool on)
{
    SQLULEN value = on ? SQL_AUTOCOMMIT_ON : SQL_AUTOCOMMIT_OFF;

    assert_dbc_ok(f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)value, 0));
}

SQLHSTMT new_stmt(struct fixture *f)
{
    SQLHSTMT s = NULL;

    assert_dbc_ok(f->dbc, SQLAllocHandle(SQL_HANDLE_STMT, f->dbc, &s));
    return s;
}

int setup_unconnected(void **state)
{
    gateway_reset();
    *state = fixture_new(SQL_OV_ODBC3_80);
    return 0;
}

int setup_connected(void **state)
{
    setup_unconnected(state);
    fixture_connect(*state, NULL);
    return 0;
}

int teardown_connected(void **state)
{
    gateway_reset();
    fixture_free(*state);
    return 0;
}

/* ---- queries ---- */

SQLRETURN exec(SQLHSTMT stmt, const char *sql)
{
    SQLFreeStmt(stmt, SQL_CLOSE);
    return SQLExecDirect(stmt, sqltext(sql), SQL_NTS);
}

void run(SQLHSTMT stmt, const char *sql)
{
    SQLRETURN rc = exec(stmt, sql);

    if (rc != SQL_NO_DATA)
        check_ok(rc, SQL_HANDLE_STMT, stmt, sql, __FILE__, __LINE__);
}

const char *query_text(SQLHSTMT stmt, const char *sql)
{
    static char value[65536];
    SQLLEN ind = 0;

    run(stmt, sql);
    if (SQLFetch(stmt) == SQL_NO_DATA) {
        SQLFreeStmt(stmt, SQL_CLOSE);
        return "(none)";
    }
    assert_stmt_ok(stmt, SQLGetData(stmt, 1, SQL_C_CHAR, value, sizeof value, &ind));
    SQLFreeStmt(stmt, SQL_CLOSE);
    return ind == SQL_NULL_DATA ? "(null)" : value;
}

long long query_number(SQLHSTMT stmt, const char *sql)
{
    return atoll(query_text(stmt, sql));
}

/* ---- the driver without a manager ---- */

void *driver_symbol(const char *name)
{
    static void *library;
    void *symbol;

    if (library == NULL)
        library = dlopen(test_env("NEON_TEST_DRIVER"), RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        fail_msg("the driver cannot be loaded: %s", dlerror());
    symbol = dlsym(library, name);
    if (symbol == NULL)
        fail_msg("the driver does not export %s", name);
    return symbol;
}

const char *direct_state(SQLSMALLINT type, SQLHANDLE h)
{
    static SQLCHAR state[6];

    if (!SQL_SUCCEEDED(DRIVER(SQLGetDiagRec)(type, h, 1, state, NULL, NULL, 0, NULL)))
        state[0] = '\0';
    return (char *)state;
}

/* state NULL: success is wanted. */
void check_direct(SQLRETURN rc, SQLSMALLINT type, SQLHANDLE h, const char *state, const char *what,
                  const char *file, int line)
{
    SQLCHAR text[2048] = "";

    if (state == NULL ? SQL_SUCCEEDED(rc)
                      : rc == (strncmp(state, "01", 2) == 0 ? SQL_SUCCESS_WITH_INFO : SQL_ERROR) &&
                            strcmp(direct_state(type, h), state) == 0)
        return;
    if (rc != SQL_INVALID_HANDLE)
        DRIVER(SQLGetDiagRec)(type, h, 1, NULL, NULL, text, sizeof text, NULL);
    print_error("%s: returned %d with state \"%s\" (%s), wanted %s\n", what, rc,
                rc == SQL_INVALID_HANDLE ? "" : direct_state(type, h), text,
                state ? state : "success");
    _fail(file, line);
}

struct fixture *direct_new(SQLINTEGER odbc_version)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    assert_int_equal(DRIVER(SQLAllocHandle)(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &f->env), SQL_SUCCESS);
    assert_int_equal(
        DRIVER(SQLSetEnvAttr)(f->env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)(intptr_t)odbc_version, 0),
        SQL_SUCCESS);
    assert_int_equal(DRIVER(SQLAllocHandle)(SQL_HANDLE_DBC, f->env, &f->dbc), SQL_SUCCESS);
    return f;
}

struct fixture *direct_connect(SQLINTEGER odbc_version)
{
    struct fixture *f = direct_new(odbc_version);
    char connstr[1024];

    snprintf(
        connstr, sizeof connstr, "%sApiHost=%s;AllowInsecure=1;Server=%s;Database=%s;UID=%s;PWD={",
        transport_now() ? transport_now()->keyword : "", test_env("NEON_TEST_GATEWAY_URL"),
        test_env("NEON_TEST_SERVER"), test_env("NEON_TEST_DATABASE"), test_env("NEON_TEST_USER"));
    for (const char *p = test_env("NEON_TEST_PASSWORD"); *p != '\0'; p++)
        snprintf(connstr + strlen(connstr), sizeof connstr - strlen(connstr),
                 *p == '}' ? "}%c" : "%c", *p);
    strncat(connstr, "}", sizeof connstr - strlen(connstr) - 1);
    assert_direct_ok(SQL_HANDLE_DBC, f->dbc,
                     DRIVER(SQLDriverConnect)(f->dbc, NULL, sqltext(connstr), SQL_NTS, NULL, 0,
                                              NULL, SQL_DRIVER_NOPROMPT));
    assert_direct_ok(SQL_HANDLE_DBC, f->dbc,
                     DRIVER(SQLAllocHandle)(SQL_HANDLE_STMT, f->dbc, &f->stmt));
    return f;
}

void direct_free(struct fixture *f)
{
    if (f->stmt != NULL)
        DRIVER(SQLFreeHandle)(SQL_HANDLE_STMT, f->stmt);
    DRIVER(SQLDisconnect)(f->dbc);
    DRIVER(SQLFreeHandle)(SQL_HANDLE_DBC, f->dbc);
    DRIVER(SQLFreeHandle)(SQL_HANDLE_ENV, f->env);
    free(f);
}

int setup_direct(void **state)
{
    gateway_reset();
    *state = direct_connect(SQL_OV_ODBC3_80);
    return 0;
}

int teardown_direct(void **state)
{
    gateway_reset();
    direct_free(*state);
    return 0;
}

/* ---- the gateway's control interface: plain HTTP/1.1 over loopback ---- */

static int connect_gateway(void)
{
    const char *url = test_env("NEON_TEST_GATEWAY_URL");
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    a.sin_port = htons((uint16_t)atoi(strrchr(url, ':') + 1));
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

static char *control(const char *method, const char *path, const char *body)
{
    size_t cap = 1 << 16;
    size_t len = 0;
    char *answer = malloc(cap);
    int fd = connect_gateway();
    ssize_t n;
    char *start;

    assert_non_null(answer);
    dprintf(
        fd,
        "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
        method, path, strlen(body), body);
    while ((n = read(fd, answer + len, cap - len - 1)) > 0) {
        len += (size_t)n;
        if (cap - len < 4096) {
            answer = realloc(answer, cap *= 2);
            assert_non_null(answer);
        }
    }
    close(fd);
    answer[len] = '\0';
    if (strncmp(answer, "HTTP/1.1 200", 12) != 0)
        fail_msg("the gateway's control interface answered %s %s with: %s", method, path, answer);
    start = strstr(answer, "\r\n\r\n");
    assert_non_null(start);
    memmove(answer, start + 4, strlen(start + 4) + 1);
    return answer;
}

char *gateway_get(const char *path)
{
    return control("GET", path, "");
}

void gateway_reset(void)
{
    free(control("POST", "/_gateway/reset", ""));
}

void gateway_fault(const char *json)
{
    free(control("POST", "/_gateway/fault", json));
}

void gateway_cut_sessions(void)
{
    free(control("POST", "/_gateway/close_websockets", ""));
}

void gateway_close_idle(void)
{
    free(control("POST", "/_gateway/close_idle", ""));
}

long gateway_count(const char *counter)
{
    char *stats = gateway_get("/_gateway/stats");
    char key[64];
    char *at;
    long n;

    snprintf(key, sizeof key, "\"%s\":", counter);
    at = strstr(stats, key);
    if (at == NULL)
        fail_msg("the gateway counts no \"%s\": %s", counter, stats);
    n = atol(at + strlen(key));
    free(stats);
    return n;
}

long gateway_requests(void)
{
    return gateway_count("requests");
}

/* ---- locales ---- */

bool make_german_locale(void)
{
    static const char command[] =
        "cd \"$NEON_TEST_LOCALES\" && { test -d " GERMAN_LOCALE " || { localedef -i de_DE -f UTF-8 "
        "./new." GERMAN_LOCALE " && mv new." GERMAN_LOCALE " " GERMAN_LOCALE
        "; }; } >/dev/null 2>&1";

    return system(command) == 0;
}

bool switch_locale(const char *name)
{
    if (setlocale(LC_ALL, name) != NULL)
        return true;
    return make_german_locale() && setenv("LOCPATH", test_env("NEON_TEST_LOCALES"), 1) == 0 &&
           setlocale(LC_ALL, name) != NULL;
}
