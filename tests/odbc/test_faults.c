/* When the network or the server fails: the documented SQLSTATE (docs/errors.md), a sentence,
 * handles that stay usable, and nothing that may have run is sent again. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <sys/socket.h>
#include <unistd.h>

#include "odbc_test.h"

static struct fixture *fixture_of(void **state)
{
    return *state;
}

static const struct fault_row {
    const char *fault, *state;
    bool unknown; /* the message says that the outcome is unknown */
} rows[] = {
    {"{\"kind\":\"html_502\",\"count\":1}", "08S01", true},
    {"{\"kind\":\"empty_body\",\"count\":1}", "08S01", true},
    {"{\"kind\":\"garbage_body\",\"count\":1}", "08S01", true},
    {"{\"kind\":\"truncated_json\",\"count\":1}", "08S01", true},
    {"{\"kind\":\"cut_headers\",\"count\":1}", "08S01", true},
    {"{\"kind\":\"lost_before_execute\",\"count\":1}", "08S01", true},
    {"{\"kind\":\"lost_after_commit\",\"count\":1}", "08S01", true},
    {"{\"kind\":\"dead_pooled\",\"count\":1}", "08S01", true},
    {"{\"kind\":\"status\",\"count\":1,\"status\":400,\"body\":\"{\\\"msg\\\":\\\"no\\\"}\"}",
     "HY000", true},
    {"{\"kind\":\"status\",\"count\":1,\"status\":302,\"body\":\"\"}", "08S01", false},
    {"{\"kind\":\"status\",\"count\":1,\"status\":504,\"body\":\"<html>\"}", "08S01", true},
    {"{\"kind\":\"status\",\"count\":1,\"status\":204,\"body\":\"\"}", "08S01", true},
    {"{\"kind\":\"status\",\"count\":1,\"status\":200,\"body\":\"{\\\"fields\\\":[],\\\"rows\\\":[]"
     ","
     "\\\"command\\\":\\\"INSERT\\\",\\\"rowCount\\\":1} and more\"}",
     "08S01", true},
};

static void test_each_fault_has_its_state_and_one_request_and_leaves_the_handle_usable(void **state)
{
    struct fixture *f = fixture_of(state);

    run(f->stmt, "DROP TABLE IF EXISTS faults");
    run(f->stmt, "CREATE TABLE faults (id int)");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        SQLFreeStmt(f->stmt, SQL_CLOSE);
        gateway_reset();
        gateway_fault(rows[i].fault);
        if (SQLExecDirect(f->stmt, sqltext("INSERT INTO faults VALUES (1)"), SQL_NTS) !=
                SQL_ERROR ||
            strcmp(diag_state(SQL_HANDLE_STMT, f->stmt), rows[i].state) != 0)
            fail_msg("%s: wanted %s, got %s %s", rows[i].fault, rows[i].state,
                     diag_state(SQL_HANDLE_STMT, f->stmt), diag_text(SQL_HANDLE_STMT, f->stmt));
        if (rows[i].unknown && strstr(diag_text(SQL_HANDLE_STMT, f->stmt), "unknown") == NULL)
            fail_msg("%s: the message does not say that the outcome is unknown: %s", rows[i].fault,
                     diag_text(SQL_HANDLE_STMT, f->stmt));
        if (gateway_requests() != 1)
            fail_msg("%s: %ld requests for one INSERT", rows[i].fault, gateway_requests());
        assert_string_equal(query_text(f->stmt, "SELECT 'usable'"), "usable");
    }
    run(f->stmt, "DROP TABLE faults");
}

static void test_an_insert_whose_answer_is_lost_was_sent_once(void **state)
{
    struct fixture *f = fixture_of(state);

    run(f->stmt, "DROP TABLE IF EXISTS lost");
    run(f->stmt, "CREATE TABLE lost (id int)");
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    gateway_reset();
    gateway_fault("{\"kind\":\"lost_after_commit\",\"count\":1}");
    assert_stmt_state(
        f->stmt, SQLExecDirect(f->stmt, sqltext("INSERT INTO lost VALUES (1)"), SQL_NTS), "08S01");
    assert_int_equal(gateway_requests(), 1);
    assert_string_equal(pg_admin("SELECT count(*) FROM lost"), "1");
    run(f->stmt, "DROP TABLE lost");
}

/* Each is executed and stored, and the answer breaks off behind its first result. */
static void test_an_answer_cut_between_results_leaves_the_outcome_open(void **state)
{
    struct fixture *f = fixture_of(state);
    SQLINTEGER ids[] = {1, 2, 3};
    SQLUSMALLINT status[3];

    run(f->stmt, "CREATE TABLE lost (id int)");
    gateway_fault("{\"kind\":\"truncated_json\",\"count\":2}");
    run(f->stmt,
        "INSERT INTO lost VALUES (7); INSERT INTO lost VALUES (8); INSERT INTO lost VALUES (9)");
    assert_stmt_state(f->stmt, SQLMoreResults(f->stmt), "08S01");
    assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, f->stmt), "unknown"));

    SQLSetStmtAttr(f->stmt, SQL_ATTR_PARAMSET_SIZE, (SQLPOINTER)3, 0);
    SQLSetStmtAttr(f->stmt, SQL_ATTR_PARAM_STATUS_PTR, status, 0);
    SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, ids, 0, NULL);
    assert_stmt_state(f->stmt, exec(f->stmt, "INSERT INTO lost SELECT ?"), "08S01");
    assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, f->stmt), "unknown"));
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(status[i], SQL_PARAM_DIAG_UNAVAILABLE);
    SQLSetStmtAttr(f->stmt, SQL_ATTR_PARAMSET_SIZE, (SQLPOINTER)1, 0);
    SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
    assert_string_equal(pg_admin("SELECT count(*) FROM lost"), "6");
    run(f->stmt, "DROP TABLE lost");
}

static void test_a_cut_body_loses_rows_and_says_so(void **state)
{
    struct fixture *f = fixture_of(state);
    long rows_read = 0;
    SQLRETURN rc;

    gateway_fault("{\"kind\":\"cut\",\"count\":1,\"after_bytes\":900000}");
    run(f->stmt, "SELECT g, repeat('x', 50) FROM generate_series(1, 60000) g");
    while ((rc = SQLFetch(f->stmt)) == SQL_SUCCESS)
        rows_read++;
    assert_int_equal(rc, SQL_ERROR);
    assert_string_equal(diag_state(SQL_HANDLE_STMT, f->stmt), "08S01");
    assert_true(rows_read > 1000 && rows_read < 60000);
    assert_int_equal(SQLFetch(f->stmt), SQL_NO_DATA);
    assert_string_equal(query_text(f->stmt, "SELECT 'usable'"), "usable");
}

static void test_a_hanging_server_ends_at_the_query_timeout(void **state)
{
    struct fixture *f = fixture_of(state);

    gateway_fault("{\"kind\":\"hang\",\"count\":1}");
    assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_QUERY_TIMEOUT, (SQLPOINTER)1, 0));
    assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext("SELECT 1"), SQL_NTS), "HYT00");
    assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_QUERY_TIMEOUT, (SQLPOINTER)0, 0));
    assert_string_equal(query_text(f->stmt, "SELECT 'usable'"), "usable");
}

static void test_a_silent_server_ends_at_the_read_timeout(void **state)
{
    struct fixture *f = fixture_of(state);

    fixture_silence(f, 1);
    gateway_fault("{\"kind\":\"hang\",\"count\":1}");
    assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext("SELECT 1"), SQL_NTS), "HYT01");
    fixture_silence(f, 0);
    assert_string_equal(query_text(f->stmt, "SELECT 'usable'"), "usable");
}

static void test_a_body_that_stalls_ends_at_the_read_timeout(void **state)
{
    struct fixture *f = fixture_of(state);
    SQLRETURN rc;

    fixture_silence(f, 1);
    gateway_fault("{\"kind\":\"slow_body\",\"count\":1,\"bytes\":600000,\"ms\":4000}");
    rc = SQLExecDirect(
        f->stmt, sqltext("SELECT g, repeat('x', 100) FROM generate_series(1, 30000) g"), SQL_NTS);
    while (SQL_SUCCEEDED(rc))
        rc = SQLFetch(f->stmt);
    assert_stmt_state(f->stmt, rc, "HYT01");
    fixture_silence(f, 0);
    assert_string_equal(query_text(f->stmt, "SELECT 'usable'"), "usable");
}

static void test_columns_that_do_not_fit_the_rows(void **state)
{
    struct fixture *f = fixture_of(state);

    gateway_fault("{\"kind\":\"half_fields\",\"count\":1}");
    assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext("SELECT 1, 2, 3, 4"), SQL_NTS),
                      "08S01");
    assert_string_equal(query_text(f->stmt, "SELECT 'usable'"), "usable");
}

/* Whatever is asked together: nobody reads results that are not there. */
static void test_fewer_results_than_statements(void **state)
{
    static const char *const answers[] = {
        "{\\\"results\\\":[]}",
        "{\\\"results\\\":[{\\\"fields\\\":[],\\\"rows\\\":[],\\\"command\\\":\\\"SET\\\","
        "\\\"rowCount\\\":null}]}"};
    static const char *const texts[] = {"SET search_path TO public", "SELECT count(*) FROM t_fewer",
                                        "SELECT 1; SELECT 2; SELECT 3"};
    struct fixture *f = fixture_with("Transport=http;RetryCount=0");
    char fault[300];

    (void)state;
    run(f->stmt, "DROP TABLE IF EXISTS t_fewer");
    run(f->stmt, "CREATE TABLE t_fewer (id int)");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        for (size_t k = 0; k < sizeof answers / sizeof answers[0]; k++) {
            SQLRETURN rc;
            fixture_autocommit(f, i != 1);
            if (i == 1) /* a read behind what waits */
                run(f->stmt, "INSERT INTO t_fewer VALUES (1)");
            SQLFreeStmt(f->stmt, SQL_CLOSE);
            snprintf(fault, sizeof fault,
                     "{\"kind\":\"status\",\"count\":1,\"status\":200,\"body\":\"%s\"}",
                     answers[k]);
            gateway_fault(fault);
            for (rc = exec(f->stmt, texts[i]); SQL_SUCCEEDED(rc); rc = SQLMoreResults(f->stmt))
                continue;
            assert_stmt_state(f->stmt, rc, "08S01");
            SQLFreeStmt(f->stmt, SQL_CLOSE);
            assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
            assert_string_equal(query_text(f->stmt, "SELECT 'usable'"), "usable");
            SQLFreeStmt(f->stmt, SQL_CLOSE);
            assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
        }
    fixture_autocommit(f, true);
    run(f->stmt, "DROP TABLE t_fewer");
    fixture_free(f);
}

/* To a question of the driver's own, which is no statement of the application's. */
static void test_an_answer_without_columns(void **state)
{
    struct fixture *f = fixture_with("Transport=http;RetryCount=0;CatalogCache=0");

    (void)state;
    gateway_fault("{\"kind\":\"status\",\"count\":1,\"status\":200,\"body\":\"{\\\"fields\\\":[],"
                  "\\\"rows\\\":[],\\\"command\\\":\\\"SELECT\\\",\\\"rowCount\\\":0}\"}");
    assert_stmt_state(f->stmt, SQLTables(f->stmt, NULL, 0, NULL, 0, NULL, 0, NULL, 0), "08S01");
    assert_string_equal(query_text(f->stmt, "SELECT 'usable'"), "usable");
    fixture_free(f);
}

/* A cursor before its first row, (1, 1), which can be changed. */
static void open_changeable(SQLHSTMT s)
{
    run(s, "DROP TABLE IF EXISTS t_changeable");
    run(s, "CREATE TABLE t_changeable (id int PRIMARY KEY, b int)");
    run(s, "INSERT INTO t_changeable VALUES (1, 1)");
    SQLFreeStmt(s, SQL_CLOSE);
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_CURSOR_TYPE, (SQLPOINTER)SQL_CURSOR_STATIC, 0));
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_CONCURRENCY, (SQLPOINTER)SQL_CONCUR_VALUES, 0));
    run(s, "SELECT id, b FROM t_changeable");
}

static void test_refreshed_rows_without_their_columns(void **state)
{
    struct fixture *f = fixture_with("Transport=http;RetryCount=0");
    SQLHSTMT s = f->stmt;

    (void)state;
    open_changeable(s);
    assert_stmt_ok(s, SQLFetchScroll(s, SQL_FETCH_FIRST, 0));
    assert_stmt_ok(s, SQLSetPos(s, 1, SQL_REFRESH, SQL_LOCK_NO_CHANGE));
    gateway_fault("{\"kind\":\"status\",\"count\":1,\"status\":200,\"body\":\"{\\\"fields\\\":[{"
                  "\\\"name\\\":\\\"a\\\",\\\"dataTypeID\\\":23}],\\\"rows\\\":[[\\\"1\\\"]],"
                  "\\\"command\\\":\\\"SELECT\\\",\\\"rowCount\\\":1}\"}");
    assert_stmt_state(s, SQLSetPos(s, 1, SQL_REFRESH, SQL_LOCK_NO_CHANGE), "08S01");
    assert_stmt_ok(s, SQLSetPos(s, 1, SQL_REFRESH, SQL_LOCK_NO_CHANGE));
    SQLFreeStmt(s, SQL_CLOSE);
    run(s, "DROP TABLE t_changeable");
    fixture_free(f);
}

/* What was stored has to come back as it is: an answer that counts it and has other columns, or no
 * row, is not believed. */
static void test_added_rows_that_do_not_come_back(void **state)
{
    static const char *const answers[] = {
        "{\"kind\":\"status\",\"count\":1,\"status\":200,\"body\":\"{\\\"fields\\\":[{"
        "\\\"name\\\":\\\"a\\\",\\\"dataTypeID\\\":23}],\\\"rows\\\":[[\\\"1\\\"]],"
        "\\\"command\\\":\\\"INSERT\\\",\\\"rowCount\\\":1}\"}",
        "{\"kind\":\"status\",\"count\":1,\"status\":200,\"body\":\"{\\\"fields\\\":[{"
        "\\\"name\\\":\\\"id\\\",\\\"dataTypeID\\\":23},{\\\"name\\\":\\\"b\\\","
        "\\\"dataTypeID\\\":23}],\\\"rows\\\":[],\\\"command\\\":\\\"INSERT\\\","
        "\\\"rowCount\\\":1}\"}",
    };
    struct fixture *f = fixture_with("Transport=http;RetryCount=0");
    SQLHSTMT s = f->stmt;
    SQLINTEGER id = 2;
    SQLINTEGER b = 1;

    (void)state;
    open_changeable(s);
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_SLONG, &id, 0, NULL));
    assert_stmt_ok(s, SQLBindCol(s, 2, SQL_C_SLONG, &b, 0, NULL));
    assert_stmt_ok(s, SQLBulkOperations(s, SQL_ADD)); /* the table is known from here */
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        id++;
        gateway_fault(answers[i]);
        assert_stmt_state(s, SQLBulkOperations(s, SQL_ADD), "08S01");
        assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, s), "unknown"));
    }
    SQLFreeStmt(s, SQL_CLOSE);
    run(s, "DROP TABLE t_changeable");
    fixture_free(f);
}

/* The endpoint's own limits (the gateway has Neon's 10 MiB), and the driver's, which comes first.
 */
static void test_requests_and_answers_that_are_too_large(void **state)
{
    static char big[11 << 20];
    struct fixture *f = fixture_of(state);
    struct fixture *g = fixture_new(SQL_OV_ODBC3);
    SQLLEN len = sizeof big;
    SQLINTEGER native = 0;

    memset(big, 'x', sizeof big);
    assert_stmt_state(
        f->stmt,
        SQLExecDirect(f->stmt,
                      sqltext("SELECT g, repeat('x', 200) FROM generate_series(1, 60000) g"),
                      SQL_NTS),
        "54000");
    SQLGetDiagRec(SQL_HANDLE_STMT, f->stmt, 1, NULL, &native, NULL, 0, NULL);
    assert_int_equal(native, 507);
    assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, f->stmt), "LIMIT"));
    assert_stmt_ok(f->stmt, SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_CHAR,
                                             SQL_LONGVARCHAR, 0, 0, big, sizeof big, &len));
    gateway_reset();
    assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext("SELECT length(?)"), SQL_NTS),
                      "54000");
    assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, f->stmt), "MaxRequestBytes"));
    assert_int_equal(gateway_requests(), 0);
    fixture_connect(g, "DSN=neon;MaxRequestBytes=30000000");
    assert_stmt_ok(g->stmt, SQLBindParameter(g->stmt, 1, SQL_PARAM_INPUT, SQL_C_CHAR,
                                             SQL_LONGVARCHAR, 0, 0, big, sizeof big, &len));
    assert_stmt_state(g->stmt, SQLExecDirect(g->stmt, sqltext("SELECT length(?)"), SQL_NTS),
                      "54000");
    SQLGetDiagRec(SQL_HANDLE_STMT, g->stmt, 1, NULL, &native, NULL, 0, NULL);
    assert_int_equal(native, 413);
    SQLFreeStmt(g->stmt, SQL_RESET_PARAMS);
    assert_string_equal(query_text(g->stmt, "SELECT 'usable'"), "usable");
    fixture_free(g);
}

static void test_a_cold_start_within_the_login_timeout_succeeds(void **state)
{
    struct fixture *f = fixture_of(state);
    struct fixture *g = fixture_new(SQL_OV_ODBC3);

    (void)f;
    gateway_fault("{\"kind\":\"cold_start\",\"seconds\":2,\"count\":-1}");
    fixture_connect(g, NULL);
    assert_string_equal(query_text(g->stmt, "SELECT 'awake'"), "awake");
    fixture_free(g);
}

static void test_a_cold_start_that_fails_for_good_says_why(void **state)
{
    struct fixture *g = fixture_new(SQL_OV_ODBC3);
    SQLRETURN rc;

    (void)state;
    gateway_fault("{\"kind\":\"cold_start\",\"seconds\":60,\"count\":-1}");
    rc = SQLDriverConnect(g->dbc, NULL, sqltext("DSN=neon;LoginTimeout=2"), SQL_NTS, NULL, 0, NULL,
                          SQL_DRIVER_NOPROMPT);
    assert_int_equal(rc, SQL_ERROR);
    assert_true(strcmp(diag_state(SQL_HANDLE_DBC, g->dbc), "HYT00") == 0 ||
                strcmp(diag_state(SQL_HANDLE_DBC, g->dbc), "08001") == 0);
    assert_non_null(strstr(diag_text(SQL_HANDLE_DBC, g->dbc), "LoginTimeout"));
    fixture_free(g);
}

/* ---- a server that refuses the connection, and then is up ---- */

/* A port that nobody listens on, so that the kernel refuses: the gateway's, for whom asks for it
 * more often than that. */
static struct {
    int fd;
    in_port_t port;
    int refuse;
    atomic_int asked;
} late;

/* Instead of the C library's: counting here is what says when the server is up. */
__attribute__((visibility("default"))) int connect(int fd, const struct sockaddr *to, socklen_t len)
{
    struct sockaddr_in a = {.sin_family = AF_UNSPEC};
    int (*real)(int, const struct sockaddr *, socklen_t);

    *(void **)&real = dlsym(RTLD_NEXT, "connect");
    if (len == sizeof a)
        memcpy(&a, to, sizeof a);
    if (late.port == 0 || a.sin_family != AF_INET || a.sin_port != late.port ||
        atomic_fetch_add(&late.asked, 1) < late.refuse)
        return real(fd, to, len);
    a.sin_port = htons((uint16_t)atoi(strrchr(test_env("NEON_TEST_GATEWAY_URL"), ':') + 1));
    return real(fd, (struct sockaddr *)&a, sizeof a);
}

static int setup_late(void **state)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;

    late.fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(late.fd, (struct sockaddr *)&a, sizeof a), 0);
    getsockname(late.fd, (struct sockaddr *)&a, &len);
    late.port = a.sin_port;
    return setup_unconnected(state);
}

static int teardown_late(void **state)
{
    late.port = 0;
    close(late.fd);
    return teardown_connected(state);
}

/* From now on the port refuses so often; what a new connection to it says. */
static const char *refuse(int times, const char *more)
{
    static char connstr[200];

    late.refuse = times;
    atomic_store(&late.asked, 0);
    gateway_reset();
    snprintf(connstr, sizeof connstr, "%s;ApiHost=http://127.0.0.1:%d;RetryInterval=10;%s",
             fixture_connstr, ntohs(late.port), more);
    return connstr;
}

static void test_a_connection_refused_as_often_as_it_is_retried_is_made(void **state)
{
    struct fixture *f = fixture_of(state);

    fixture_connect(f, refuse(2, "RetryCount=2"));
    assert_int_equal(atomic_load(&late.asked), 3);
    assert_requests(1);
    assert_string_equal(query_text(f->stmt, "SELECT 'up'"), "up");
    assert_requests(2);
    assert_int_equal(atomic_load(&late.asked), 3);
}

static void test_a_connection_refused_once_more_is_not_made(void **state)
{
    struct fixture *f = fixture_of(state);

    assert_dbc_state(f->dbc,
                     SQLDriverConnect(f->dbc, NULL, sqltext(refuse(3, "RetryCount=2")), SQL_NTS,
                                      NULL, 0, NULL, SQL_DRIVER_NOPROMPT),
                     "08001");
    assert_int_equal(atomic_load(&late.asked), 3);
    assert_int_equal(gateway_requests(), 0);
}

/* A write that surely was not sent is tried again, and runs once. */
static void test_an_insert_whose_connection_is_refused_is_sent_once(void **state)
{
    struct fixture *f = fixture_of(state);

    pg_admin("DROP TABLE IF EXISTS late; CREATE TABLE late (id int); GRANT ALL ON late TO app");
    fixture_connect(f, refuse(2, "RetryCount=2;VerifyConnectionEarly=0"));
    assert_int_equal(atomic_load(&late.asked), 0);
    run(f->stmt, "INSERT INTO late VALUES (1)");
    assert_int_equal(atomic_load(&late.asked), 3);
    assert_int_equal(gateway_requests(), 1);
    assert_string_equal(pg_admin("SELECT count(*) FROM late"), "1");
    pg_admin("DROP TABLE late");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_connected, teardown_connected)
#define LATE(f) cmocka_unit_test_setup_teardown(f, setup_late, teardown_late)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_each_fault_has_its_state_and_one_request_and_leaves_the_handle_usable),
        T(test_an_insert_whose_answer_is_lost_was_sent_once),
        T(test_an_answer_cut_between_results_leaves_the_outcome_open),
        T(test_a_cut_body_loses_rows_and_says_so),
        T(test_a_hanging_server_ends_at_the_query_timeout),
        T(test_a_silent_server_ends_at_the_read_timeout),
        T(test_a_body_that_stalls_ends_at_the_read_timeout),
        T(test_columns_that_do_not_fit_the_rows),
        T(test_fewer_results_than_statements),
        T(test_refreshed_rows_without_their_columns),
        T(test_added_rows_that_do_not_come_back),
        T(test_an_answer_without_columns),
        T(test_requests_and_answers_that_are_too_large),
        T(test_a_cold_start_within_the_login_timeout_succeeds),
        T(test_a_cold_start_that_fails_for_good_says_why),
    };
    const struct CMUnitTest everywhere[] = {
        LATE(test_a_connection_refused_as_often_as_it_is_retried_is_made),
        LATE(test_a_connection_refused_once_more_is_not_made)};
    const struct CMUnitTest requests[] = {
        LATE(test_an_insert_whose_connection_is_refused_is_sent_once)};

    fixture_connstr = FIXTURE_HTTP;
    return cmocka_run_group_tests(tests, NULL, NULL) + RUN_OVER(OVER_ALL, everywhere) +
           RUN_OVER(OVER_HTTP | OVER_AUTO, requests);
}
