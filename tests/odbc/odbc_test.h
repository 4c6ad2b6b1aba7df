/* What every test through the driver manager needs: a connected statement, assertions that print
 * the diagnostics, one-line queries, and the gateway's counters and faults. Needs the services of
 * tests/with-services.sh. */
#ifndef NEON_TESTS_ODBC_TEST_H
#define NEON_TESTS_ODBC_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>

struct fixture {
    SQLHENV env;
    SQLHDBC dbc;
    SQLHSTMT stmt;
};

/* cmocka setup/teardown: DSN "neon", ODBC 3.80, one statement; the gateway's counters and faults
 * are reset first. */
int setup_connected(void **state);
int teardown_connected(void **state);
/* Environment and unconnected connection only. */
int setup_unconnected(void **state);

/* What a test connects to when it says nothing else: "DSN=neon". A program about what HTTP alone
 * can do sets it to FIXTURE_HTTP. */
extern const char *fixture_connstr;
#define FIXTURE_HTTP "DSN=neon;Transport=http"

/* The same tests on several transports: a group for each, named "test_x over websocket". Meanwhile
 * fixture_connstr says which, and fixture_connect adds it to any connection string without one.
 * Returns the number of failures: main() adds them up. */
enum over { OVER_HTTP = 1, OVER_AUTO = 2, OVER_WEBSOCKET = 4 };
#define OVER_SESSIONS (OVER_AUTO | OVER_WEBSOCKET)
#define OVER_ALL (OVER_HTTP | OVER_SESSIONS)
#define RUN_OVER(transports, tests)                                                                \
    run_tests_over((transports), (tests), sizeof(tests) / sizeof((tests)[0]))
int run_tests_over(unsigned transports, const struct CMUnitTest *tests, size_t n);
/* Is the running test over one of these? */
bool over(unsigned transports);
/* The gateway has seen n requests since its last reset, where HTTP carries all statements. */
#define assert_requests(n)                                                                         \
    do {                                                                                           \
        if (over(OVER_HTTP))                                                                       \
            assert_int_equal(gateway_requests(), (n));                                             \
    } while (0)

/* The same by hand. `connstr` NULL = fixture_connstr. */
struct fixture *fixture_new(SQLINTEGER odbc_version);
void fixture_connect(struct fixture *f, const char *connstr);
void fixture_free(struct fixture *f);
/* An ODBC 3.80 application's connection to DSN "neon" with these keywords, or over this transport;
 * free it with fixture_free. */
struct fixture *fixture_with(const char *keywords);
struct fixture *fixture_over(const char *transport);
void fixture_autocommit(struct fixture *f, bool on);
/* How long the server may be silent from now on (0: for ever): what shall succeed has no limit. */
void fixture_silence(struct fixture *f, SQLULEN seconds);
/* Another statement on the connection; free it with SQLFreeHandle. */
SQLHSTMT new_stmt(struct fixture *f);

/* First record's state ("" none) and message of the last call; static buffers. */
const char *diag_state(SQLSMALLINT type, SQLHANDLE h);
const char *diag_text(SQLSMALLINT type, SQLHANDLE h);
/* True when any record has that state. */
bool diag_has_state(SQLSMALLINT type, SQLHANDLE h, const char *state);

#define assert_stmt_ok(stmt, rc) check_ok((rc), SQL_HANDLE_STMT, (stmt), #rc, __FILE__, __LINE__)
#define assert_dbc_ok(dbc, rc) check_ok((rc), SQL_HANDLE_DBC, (dbc), #rc, __FILE__, __LINE__)
#define assert_stmt_state(stmt, rc, state)                                                         \
    check_state((rc), SQL_HANDLE_STMT, (stmt), (state), #rc, __FILE__, __LINE__)
#define assert_dbc_state(dbc, rc, state)                                                           \
    check_state((rc), SQL_HANDLE_DBC, (dbc), (state), #rc, __FILE__, __LINE__)
void check_ok(SQLRETURN rc, SQLSMALLINT type, SQLHANDLE h, const char *what, const char *file,
              int line);
/* SQL_ERROR (or SQL_SUCCESS_WITH_INFO for a state of class 01) with that state in the first record.
 */
void check_state(SQLRETURN rc, SQLSMALLINT type, SQLHANDLE h, const char *state, const char *what,
                 const char *file, int line);

SQLCHAR *sqltext(const char *s);
/* SQLExecDirect; any cursor is closed before. */
SQLRETURN exec(SQLHSTMT stmt, const char *sql);
/* exec + success. */
void run(SQLHSTMT stmt, const char *sql);
/* First column of the first row as text (static buffer; "(null)" for NULL, "(none)" without a row);
 * the cursor is closed. */
const char *query_text(SQLHSTMT stmt, const char *sql);
long long query_number(SQLHSTMT stmt, const char *sql);

/* ---- the driver itself, without a manager in between ---- */

/* The driver's own function, for instance DRIVER(SQLFetch)(stmt): what the manager would catch
 * reaches the driver. */
#define DRIVER(function) ((__typeof__(&function))driver_symbol(#function))
void *driver_symbol(const char *name);
/* fixture_new and fixture_connect through the driver itself: its handles must never be given to the
 * manager. */
struct fixture *direct_new(SQLINTEGER odbc_version);
struct fixture *direct_connect(SQLINTEGER odbc_version);
void direct_free(struct fixture *f);
int setup_direct(void **state);
int teardown_direct(void **state);
/* The state of the first record ("" none), from the driver; static buffer. */
const char *direct_state(SQLSMALLINT type, SQLHANDLE h);
#define assert_direct_state(type, h, rc, state)                                                    \
    check_direct((rc), (type), (h), (state), #rc, __FILE__, __LINE__)
#define assert_direct_ok(type, h, rc) check_direct((rc), (type), (h), NULL, #rc, __FILE__, __LINE__)
void check_direct(SQLRETURN rc, SQLSMALLINT type, SQLHANDLE h, const char *state, const char *what,
                  const char *file, int line);

/* The gateway of DSN "neon". Counters: "requests", "statements", ... */
void gateway_reset(void);
long gateway_count(const char *counter);
long gateway_requests(void);
/* Body of POST /_gateway/fault, for instance "{\"kind\":\"html_502\",\"count\":1}". */
void gateway_fault(const char *json);
/* Ends all WebSocket sessions as a failure of the network would. */
void gateway_cut_sessions(void);
/* Closes the connections to PostgreSQL that wait for the next request. */
void gateway_close_idle(void);
/* GET of a path of the control interface; the body, to be freed. */
char *gateway_get(const char *path);

/* psql as superuser straight to PostgreSQL (no gateway): runs sql in database shop, in a session of
 * its own, returns its unaligned output without the last newline; static buffer. One statement or
 * several; none may leave a transaction open. */
const char *pg_admin(const char *sql);
/* Returns when a statement whose text is LIKE `pattern` runs on the server, or none does any more.
 * A cancel, or the end of a connection, reaches the server some time after the caller. */
void wait_until_running(const char *pattern);
void wait_until_gone(const char *pattern);
/* A thread whose calls another one wants to interrupt: each call is counted before and behind it.
 * (Between two calls SQLCancel would find nothing to cancel, and the manager would take it for
 * SQLFreeStmt(SQL_CLOSE).) */
struct watched {
    SQLHSTMT stmt;
    long tid;
    atomic_long calls;
};
void watched_init(struct watched *w, SQLHSTMT stmt); /* of the thread that calls it */
#define WATCHED(w, rc, call)                                                                       \
    (atomic_fetch_add(&(w)->calls, 1), (rc) = (call), atomic_fetch_add(&(w)->calls, 1), (rc))
/* A thread's body: waits until that of the struct watched sleeps in a call, as it does where the
 * other side is silent, and calls SQLCancel. */
void *cancel_when_stuck(void *watched);
const char *test_env(const char *name);
void sleep_us(long us);
/* 0 to n - 1; the same numbers in each run. */
long random_below(long n);
/* Makes it, once in a run, where this PostgreSQL finds it too. False: localedef has no German. */
#define GERMAN_LOCALE "de_DE.UTF-8"
bool make_german_locale(void);
/* Makes it the locale of the process, German if need be generated first. False: it cannot be had.
 */
bool switch_locale(const char *name);

#endif
