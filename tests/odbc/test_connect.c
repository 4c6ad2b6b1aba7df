/* Connecting: keywords, Url, TLS, and a sentence for everything that can be wrong. */
#include "odbc_test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fixture *fixture_of(void **state)
{
    return *state;
}

/* The password in braces, as a connection string wants it; static buffer. */
static const char *braced_password(void)
{
    static char text[512];
    size_t n = 0;

    text[n++] = '{';
    for (const char *p = test_env("NEON_TEST_PASSWORD"); *p != '\0' && n < sizeof text - 4; p++) {
        if (*p == '}')
            text[n++] = '}';
        text[n++] = *p;
    }
    text[n++] = '}';
    text[n] = '\0';
    return text;
}

/* "Driver=Neon;Server=...;UID=...;PWD={...};Database=...;" and what `more` adds; static buffer. */
static const char *login(const char *more)
{
    static char text[4096];

    snprintf(text, sizeof text, "Driver=Neon;Server=%s;UID=%s;PWD=%s;Database=%s;%s",
             test_env("NEON_TEST_SERVER"), test_env("NEON_TEST_USER"), braced_password(),
             test_env("NEON_TEST_DATABASE"), more);
    return text;
}

static const char *through_gateway(const char *more)
{
    static char keywords[2048];

    snprintf(keywords, sizeof keywords, "ApiHost=%s;AllowInsecure=1;%s",
             test_env("NEON_TEST_GATEWAY_URL"), more);
    return keywords;
}

static SQLRETURN try_connect(struct fixture *f, const char *connstr)
{
    return SQLDriverConnect(f->dbc, NULL, sqltext(connstr), SQL_NTS, NULL, 0, NULL,
                            SQL_DRIVER_NOPROMPT);
}

static void assert_connects(struct fixture *f, const char *connstr)
{
    SQLHSTMT s;

    assert_dbc_ok(f->dbc, try_connect(f, connstr));
    assert_dbc_ok(f->dbc, SQLAllocHandle(SQL_HANDLE_STMT, f->dbc, &s));
    assert_string_equal(query_text(s, "SELECT current_user || '@' || current_database()"),
                        "app@shop");
    SQLFreeHandle(SQL_HANDLE_STMT, s);
    assert_dbc_ok(f->dbc, SQLDisconnect(f->dbc));
}

/* The state of the first record, and that the message is a sentence which holds `part`. */
static void assert_refused(struct fixture *f, const char *connstr, const char *state,
                           const char *part)
{
    SQLRETURN rc = try_connect(f, connstr);
    const char *text;

    if (rc != SQL_ERROR || strcmp(diag_state(SQL_HANDLE_DBC, f->dbc), state) != 0)
        fail_msg("%s: %d %s %s, wanted %s", connstr, rc, diag_state(SQL_HANDLE_DBC, f->dbc),
                 diag_text(SQL_HANDLE_DBC, f->dbc), state);
    text = diag_text(SQL_HANDLE_DBC, f->dbc);
    if (strstr(text, part) == NULL || strlen(text) < 60)
        fail_msg("%s: \"%s\" does not say \"%s\"", connstr, text, part);
    if (strstr(text, test_env("NEON_TEST_PASSWORD")) != NULL)
        fail_msg("the password stands in a message");
}

static void test_by_dsn(void **state)
{
    struct fixture *f = fixture_of(state);

    assert_connects(f, "DSN=neon");
    assert_dbc_ok(f->dbc, SQLConnect(f->dbc, sqltext("neon"), SQL_NTS, NULL, 0, NULL, 0));
    assert_dbc_ok(f->dbc, SQLDisconnect(f->dbc));
    /* empty user and password count as absent (client-calls note 9) */
    assert_connects(f, "DSN=neon;UID=;PWD=");
}

static void test_without_a_dsn(void **state)
{
    assert_connects(fixture_of(state), login(through_gateway("")));
}

static void test_a_neon_url_fills_the_rest(void **state)
{
    struct fixture *f = fixture_of(state);
    const char *pg = test_env("NEON_TEST_PG_URL"); /* postgresql://app:...@127.0.0.1:port/shop */
    const char *at = strrchr(pg, '@');
    char connstr[4096];

    snprintf(connstr, sizeof connstr,
             "Driver=Neon;Url=%.*s@%s/shop?sslmode=require&channel_binding=require;%s",
             (int)(at - pg), pg, test_env("NEON_TEST_SERVER"), through_gateway(""));
    assert_connects(f, connstr);
}

static void test_an_unknown_keyword_is_a_warning_that_names_it(void **state)
{
    struct fixture *f = fixture_of(state);

    assert_int_equal(try_connect(f, "DSN=neon;Databse=x"), SQL_SUCCESS_WITH_INFO);
    assert_string_equal(diag_state(SQL_HANDLE_DBC, f->dbc), "01S00");
    assert_non_null(strstr(diag_text(SQL_HANDLE_DBC, f->dbc), "Databse"));
    assert_non_null(strstr(diag_text(SQL_HANDLE_DBC, f->dbc), "Database")); /* what was meant */
}

static void test_bad_values_name_keyword_and_range(void **state)
{
    struct fixture *f = fixture_of(state);

    assert_refused(f, "DSN=neon;LoginTimeout=-1", "HY024", "LoginTimeout");
    assert_refused(f, "DSN=neon;LoginTimeout=abc", "HY024", "3600");
    assert_refused(f, "DSN=neon;SSLmode=disable", "HY024", "SSLmode");
    assert_refused(f, "DSN=neon;HttpVersion=9", "HY024", "HttpVersion");
}

/* Before a session is ready its server says what is wrong without an SQLSTATE; the program sees the
 * same states. */
static void test_wrong_logins(void **state)
{
    static const char *const transports[] = {"http", "auto", "websocket"};
    static const struct {
        const char *keywords, *state, *says;
    } logins[] = {
        {"PWD=wrong", "28000", "PWD"},
        {"UID=nobody_at_all", "28000", "UID"},
        {"Database=no_such_db", "08004", "Check Database"},
        {"UID=crowded_role;PWD=crowded", "08004", "too many connections"},
    };
    struct fixture *f = fixture_of(state);
    char connstr[256];

    pg_admin("DROP ROLE IF EXISTS crowded_role; "
             "CREATE ROLE crowded_role LOGIN PASSWORD 'crowded' CONNECTION LIMIT 0");
    for (size_t i = 0; i < sizeof logins / sizeof logins[0]; i++)
        for (size_t k = 0; k < sizeof transports / sizeof transports[0]; k++) {
            snprintf(connstr, sizeof connstr, "DSN=neon;RetryCount=0;Transport=%s;%s",
                     transports[k], logins[i].keywords);
            assert_refused(f, connstr, logins[i].state, logins[i].says);
        }
    /* time runs out between two tries: what the first one heard is told */
    assert_refused(f,
                   "DSN=neon;UID=crowded_role;PWD=crowded;Transport=websocket;LoginTimeout=1;"
                   "RetryCount=10",
                   "08004", "too many connections");
    pg_admin("DROP ROLE crowded_role");
}

/* Settings in Options have their effect on every statement, or on none and a warning. */
static void test_settings_in_options(void **state)
{
    static const struct {
        const char *transport, *geqo;
        SQLRETURN rc;
    } cases[] = {
        {"http", "on", SQL_SUCCESS_WITH_INFO},
        {"auto", "on", SQL_SUCCESS_WITH_INFO},
        {"websocket", "off", SQL_SUCCESS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture *f = fixture_new(SQL_OV_ODBC3_80);
        char connstr[256];
        snprintf(connstr, sizeof connstr, "DSN=neon;Transport=%s;Options=-c geqo=off",
                 cases[i].transport);
        assert_int_equal(SQLDriverConnect(f->dbc, NULL, sqltext(connstr), SQL_NTS, NULL, 0, NULL,
                                          SQL_DRIVER_NOPROMPT),
                         cases[i].rc);
        if (cases[i].rc != SQL_SUCCESS)
            assert_string_equal(diag_state(SQL_HANDLE_DBC, f->dbc), "01S00");
        assert_dbc_ok(f->dbc, SQLAllocHandle(SQL_HANDLE_STMT, f->dbc, &f->stmt));
        assert_string_equal(query_text(f->stmt, "SHOW geqo"), cases[i].geqo);
        fixture_autocommit(f, false);
        run(f->stmt,
            "CREATE TABLE options_t (a int)"); /* from here on a session, where there is one */
        assert_string_equal(query_text(f->stmt, "SHOW geqo"), cases[i].geqo);
        assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
        fixture_free(f);
    }
}

static void test_unreachable_hosts(void **state)
{
    struct fixture *f = fixture_of(state);

    assert_refused(f, "DSN=neon;ApiHost=https://no-such-host.invalid;RetryCount=0", "08001",
                   "resolved");
    assert_refused(f, "DSN=neon;ApiHost=http://127.0.0.1:1;RetryCount=0", "08001", "reached");
    assert_refused(f, "DSN=neon;ApiHost=http://gateway.example.net", "HY024", "https://");
    assert_refused(f, login("ApiHost=http://127.0.0.1:1"), "HY024", "AllowInsecure");
}

static void test_tls_is_verified(void **state)
{
    struct fixture *f = fixture_of(state);
    char more[2048];
    char plain[512];

    snprintf(more, sizeof more, "ApiHost=%s;RetryCount=0", test_env("NEON_TEST_GATEWAY_TLS_URL"));
    assert_refused(f, login(more), "08001", "CAFile");
    snprintf(more, sizeof more, "ApiHost=%s;CAFile=%s", test_env("NEON_TEST_GATEWAY_TLS_URL"),
             test_env("NEON_TEST_CA"));
    assert_connects(f, login(more));
    assert_connects(f, "DSN=neon-tls");
    snprintf(more, sizeof more, "ApiHost=%s;CAFile=/no/such/file;RetryCount=0",
             test_env("NEON_TEST_GATEWAY_TLS_URL"));
    assert_refused(f, login(more), "08001", "CAFile names \"/no/such/file\"");
    snprintf(more, sizeof more, "DSN=neon-tls;CAPath=%s", test_env("NEON_TEST_CA"));
    assert_refused(f, more, "08001", "for a file of them there is CAFile");
    assert_refused(f, "DSN=neon;sslcrl=/no/such/file", "08001", "CRLFile");
    /* TLS towards a server that speaks none */
    snprintf(plain, sizeof plain, "%s", test_env("NEON_TEST_GATEWAY_URL"));
    snprintf(more, sizeof more, "ApiHost=https%s;RetryCount=0", plain + 4);
    assert_refused(f, login(more), "08001", "TLS");
}

/* A port that takes the connection and never answers. */
static int silent_port(int *fd)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;

    *fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(*fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(*fd, 4), 0);
    getsockname(*fd, (struct sockaddr *)&a, &len);
    return ntohs(a.sin_port);
}

static void test_the_login_timeout_holds_by_keyword_and_by_attribute(void **state)
{
    struct fixture *f = fixture_of(state);
    char connstr[256];
    int fd;
    int port = silent_port(&fd);

    snprintf(connstr, sizeof connstr, "DSN=neon;ApiHost=http://127.0.0.1:%d;LoginTimeout=1", port);
    assert_refused(f, connstr, "HYT00", "LoginTimeout");
    snprintf(connstr, sizeof connstr, "DSN=neon;ApiHost=http://127.0.0.1:%d;LoginTimeout=600",
             port);
    assert_dbc_ok(
        f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_LOGIN_TIMEOUT, (SQLPOINTER)1, SQL_IS_UINTEGER));
    assert_refused(f, connstr, "HYT00", "LoginTimeout");
    close(fd);
}

static void test_the_completed_string_connects_again_and_holds_no_secret_unless_asked(void **state)
{
    struct fixture *f = fixture_of(state);
    char out[4096];
    SQLSMALLINT len;
    char again[8192];

    assert_dbc_ok(f->dbc,
                  SQLDriverConnect(f->dbc, NULL, sqltext(login(through_gateway(""))), SQL_NTS,
                                   (SQLCHAR *)out, sizeof out, &len, SQL_DRIVER_NOPROMPT));
    assert_int_equal(len, strlen(out));
    assert_null(strstr(out, test_env("NEON_TEST_PASSWORD")));
    assert_non_null(strstr(out, "Server="));
    assert_dbc_ok(f->dbc, SQLDisconnect(f->dbc));
    snprintf(again, sizeof again, "%sPWD=%s", out, braced_password());
    assert_connects(f, again);
    assert_dbc_ok(f->dbc,
                  SQLDriverConnect(f->dbc, NULL, sqltext(login(through_gateway("SavePassword=1"))),
                                   SQL_NTS, (SQLCHAR *)out, sizeof out, &len, SQL_DRIVER_NOPROMPT));
    assert_dbc_ok(f->dbc, SQLDisconnect(f->dbc));
    assert_connects(f, out);
    /* too small a buffer: the whole length, and a warning */
    assert_dbc_state(f->dbc,
                     SQLDriverConnect(f->dbc, NULL, sqltext("DSN=neon"), SQL_NTS, (SQLCHAR *)out,
                                      10, &len, SQL_DRIVER_NOPROMPT),
                     "01004");
    assert_true(len > 9);
    assert_int_equal(strlen(out), 9);
}

static void test_open_and_closed_connections(void **state)
{
    struct fixture *f = fixture_of(state);
    SQLHSTMT s = NULL;

    assert_int_equal(SQLAllocHandle(SQL_HANDLE_STMT, f->dbc, &s), SQL_ERROR);
    assert_string_equal(diag_state(SQL_HANDLE_DBC, f->dbc), "08003");
    assert_dbc_state(f->dbc, SQLDisconnect(f->dbc), "08003");
    assert_dbc_ok(f->dbc, try_connect(f, "DSN=neon"));
    assert_dbc_state(f->dbc, try_connect(f, "DSN=neon"), "08002");
}

static void test_what_is_missing_is_named(void **state)
{
    struct fixture *f = fixture_of(state);

    assert_refused(f, "Driver=Neon", "08001", "Server");
    assert_refused(f, "Driver=Neon;Server=ep-x.eu-1.aws.neon.tech", "28000", "UID");
    assert_int_equal(SQLDriverConnect(f->dbc, NULL, sqltext("Driver=Neon"), SQL_NTS, NULL, 0, NULL,
                                      SQL_DRIVER_NOPROMPT),
                     SQL_ERROR);
}

/* Everything written at the highest level, searched for the password in every spelling. */
/* What is missing is asked for; the answers add up; a failure begins anew. */
static void test_browsing(void **state)
{
    struct fixture *f = fixture_of(state);
    char given[4096];
    char out[1024];
    SQLSMALLINT len = 0;

    snprintf(given, sizeof given, "Driver=Neon;%s", through_gateway(""));
    assert_int_equal(
        SQLBrowseConnect(f->dbc, sqltext(given), SQL_NTS, (SQLCHAR *)out, sizeof out, &len),
        SQL_NEED_DATA);
    assert_int_equal(len, strlen(out));
    assert_non_null(strstr(out, "Server:Server=?;"));
    assert_non_null(strstr(out, "UID:"));
    assert_non_null(strstr(out, "PWD:"));
    assert_non_null(strstr(out, "*Database:Database=?;"));
    assert_non_null(strstr(out, "*Transport:Transport={auto,http,websocket};"));
    snprintf(given, sizeof given, "Server=%s;UID=%s;Database=%s", test_env("NEON_TEST_SERVER"),
             test_env("NEON_TEST_USER"), test_env("NEON_TEST_DATABASE"));
    assert_int_equal(
        SQLBrowseConnect(f->dbc, sqltext(given), SQL_NTS, (SQLCHAR *)out, sizeof out, &len),
        SQL_NEED_DATA);
    assert_null(strstr(out, "Server:"));
    assert_null(strstr(out, "UID:"));
    assert_null(strstr(out, "Database:"));
    assert_non_null(strstr(out, "PWD:"));
    snprintf(given, sizeof given, "PWD=%s", braced_password());
    assert_dbc_ok(f->dbc, SQLBrowseConnect(f->dbc, sqltext(given), SQL_NTS, (SQLCHAR *)out,
                                           sizeof out, &len));
    assert_null(strstr(out, test_env("NEON_TEST_PASSWORD")));
    assert_dbc_ok(f->dbc, SQLDisconnect(f->dbc));
    /* A wrong password ends it, and giving up does. */
    snprintf(given, sizeof given, "Driver=Neon;%sServer=%s;UID=%s;Database=%s", through_gateway(""),
             test_env("NEON_TEST_SERVER"), test_env("NEON_TEST_USER"),
             test_env("NEON_TEST_DATABASE"));
    assert_int_equal(
        SQLBrowseConnect(f->dbc, sqltext(given), SQL_NTS, (SQLCHAR *)out, sizeof out, &len),
        SQL_NEED_DATA);
    assert_dbc_state(
        f->dbc,
        SQLBrowseConnect(f->dbc, sqltext("PWD=wrong"), SQL_NTS, (SQLCHAR *)out, sizeof out, &len),
        "28000");
    assert_int_equal(
        SQLBrowseConnect(f->dbc, sqltext("Driver=Neon"), SQL_NTS, (SQLCHAR *)out, 10, &len),
        SQL_NEED_DATA);
    assert_true(len > 10);
    assert_string_equal(out, "Server:Se");
    assert_dbc_ok(f->dbc, SQLDisconnect(f->dbc));
}

static void test_the_log_holds_no_secret_and_is_private(void **state)
{
    struct fixture *f = fixture_of(state);
    char path[512];
    char connstr[4096];
    static char text[1 << 20];
    struct stat st;
    FILE *file;
    size_t n;
    SQLHSTMT s;

    snprintf(path, sizeof path, "%s/tmp/driver.log", test_env("NEON_TEST_DIR"));
    snprintf(connstr, sizeof connstr, "DSN=neon;LogLevel=5;LogFile=%s", path);
    assert_dbc_ok(f->dbc, try_connect(f, connstr));
    assert_dbc_ok(f->dbc, SQLAllocHandle(SQL_HANDLE_STMT, f->dbc, &s));
    assert_string_equal(query_text(s, "SELECT 1"), "1");
    SQLFreeHandle(SQL_HANDLE_STMT, s);
    assert_dbc_ok(f->dbc, SQLDisconnect(f->dbc));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    file = fopen(path, "r");
    assert_non_null(file);
    n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = '\0';
    assert_non_null(strstr(text, "/sql"));
    assert_non_null(strstr(text, " S SELECT 1"));
    assert_null(strstr(text, "s@crt"));
    assert_null(strstr(text, "s%40crt"));
    assert_null(strstr(text, "czQGNyd"));
    assert_null(strstr(text, "Neon-Connection-String"));
    assert_null(strstr(text, "neon-connection-string: p"));
    unlink(path);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_unconnected, teardown_connected)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_by_dsn),
        T(test_without_a_dsn),
        T(test_a_neon_url_fills_the_rest),
        T(test_an_unknown_keyword_is_a_warning_that_names_it),
        T(test_bad_values_name_keyword_and_range),
        T(test_wrong_logins),
        cmocka_unit_test(test_settings_in_options),
        T(test_unreachable_hosts),
        T(test_tls_is_verified),
        T(test_the_login_timeout_holds_by_keyword_and_by_attribute),
        T(test_the_completed_string_connects_again_and_holds_no_secret_unless_asked),
        T(test_open_and_closed_connections),
        T(test_what_is_missing_is_named),
        T(test_browsing),
        T(test_the_log_holds_no_secret_and_is_private),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
