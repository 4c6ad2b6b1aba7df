/* Session settings over HTTP, which keeps no session: SET, RESET, set_config and keywords hold from
 * one request to the next as on TCP, follow transactions, and go with the connection. */
#include "odbc_test.h"

#include <unistd.h>

#include "neonodbc.h"

static SQLHDBC dbc_of(void **state)
{
    return ((struct fixture *)*state)->dbc;
}

static SQLHSTMT stmt_of(void **state)
{
    return ((struct fixture *)*state)->stmt;
}

static SQLHSTMT reconnect(void **state, const char *connstr)
{
    struct fixture *f = *state;

    SQLFreeHandle(SQL_HANDLE_STMT, f->stmt);
    SQLDisconnect(f->dbc);
    fixture_connect(f, connstr);
    return f->stmt;
}

static void autocommit(SQLHDBC d, SQLULEN value)
{
    assert_dbc_ok(d, SQLSetConnectAttr(d, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)value, SQL_IS_UINTEGER));
}

static SQLRETURN end(SQLHDBC d, SQLSMALLINT how)
{
    return SQLEndTran(SQL_HANDLE_DBC, d, how);
}

#define SHOWN(name, expected) assert_string_equal(query_text(s, "SHOW " name), expected)

/* ---- autocommit ---- */

static void test_set_holds_and_reset_ends_it(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLSMALLINT columns = 9;
    SQLLEN n = 9;

    gateway_reset();
    run(s, "SET search_path TO public, \"B c\"");
    assert_requests(1);
    assert_stmt_ok(s, SQLNumResultCols(s, &columns));
    assert_int_equal(columns, 0);
    assert_stmt_ok(s, SQLRowCount(s, &n));
    assert_int_equal(n, -1);
    SHOWN("search_path", "public, \"B c\"");
    run(s, "set session TIME ZONE 'Asia/Tokyo'");
    SHOWN("TimeZone", "Asia/Tokyo");
    assert_string_equal(query_text(s, "SELECT current_setting('timezone')"), "Asia/Tokyo");
    run(s, "SET app.\"Who\" = 'it''s'");
    SHOWN("app.who", "it's");
    gateway_reset();
    SHOWN("search_path", "public, \"B c\"");
    assert_requests(1);
    run(s, "RESET search_path");
    assert_requests(1); /* the driver's own answer */
    SHOWN("search_path", "\"$user\", public");
    run(s, "SET TimeZone TO DEFAULT");
    assert_string_not_equal(query_text(s, "SHOW TimeZone"), "Asia/Tokyo");
    run(s, "SET search_path = pg_catalog");
    run(s, "RESET ALL");
    SHOWN("search_path", "\"$user\", public");
    run(s, "SET search_path = pg_catalog");
    run(s, "DISCARD ALL");
    SHOWN("search_path", "\"$user\", public");
    run(s, "DISCARD PLANS");
}

static void test_wrong_settings_fail_at_once(void **state)
{
    SQLHSTMT s = stmt_of(state);

    assert_stmt_state(s, exec(s, "SET TimeZone TO 'Nowhere/Land'"), "22023");
    assert_stmt_state(s, exec(s, "SET no_such_setting TO 1"), "42704");
    assert_stmt_state(s, exec(s, "RESET no_such_setting"), "42704");
    assert_stmt_state(s, exec(s, "SET statement_timeout TO 'soon'"), "22023");
    assert_stmt_state(s, exec(s, "SET"), "42601");
    /* what the driver could not read afterwards */
    assert_stmt_state(s, exec(s, "SET DateStyle TO 'German'"), "HYC00");
    assert_stmt_state(s, exec(s, "SET client_encoding TO 'LATIN1'"), "HYC00");
    assert_stmt_state(s, exec(s, "SET standard_conforming_strings TO off"), "HYC00");
    assert_stmt_state(s, exec(s, "SET extra_float_digits TO 0"), "HYC00");
    run(s, "SET DateStyle TO 'ISO, DMY'");
    SHOWN("DateStyle", "ISO, DMY");
    run(s, "SET extra_float_digits TO 3");
    /* nothing of it stayed */
    assert_string_not_equal(query_text(s, "SHOW TimeZone"), "Nowhere/Land");
    assert_stmt_state(s, exec(s, "SET LOCAL TimeZone TO 'UTC'"),
                      over(OVER_HTTP) ? "25000" : "01000");
}

static void test_set_config_holds_too(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLCHAR value[] = "7";
    SQLLEN ind = SQL_NTS;

    assert_string_equal(query_text(s, "SELECT set_config('app.who', 'ann', false)"), "ann");
    SHOWN("app.who", "ann");
    assert_string_equal(query_text(s, "SELECT pg_catalog.set_config('app.who', 'bob', false) AS u, "
                                      "set_config('app.role', upper('x'), false)"),
                        "bob");
    assert_string_equal(query_text(s, "SELECT current_setting('app.who') || "
                                      "current_setting('app.role')"),
                        "bobX");
    assert_stmt_ok(
        s, SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 10, 0, value, 0, &ind));
    assert_stmt_ok(s, exec(s, "SELECT set_config('app.who', ?, false)"));
    assert_stmt_ok(s, SQLFetch(s));
    SQLFreeStmt(s, SQL_CLOSE);
    SQLFreeStmt(s, SQL_RESET_PARAMS);
    SHOWN("app.who", "7");
    if (over(OVER_HTTP)) {
        assert_stmt_state(s, exec(s, "SELECT set_config('app.who', 'x', false) FROM customers"),
                          "HYC00");
        SHOWN("app.who", "7");
    } else {
        run(s, "SELECT set_config('app.who', 'x', false) FROM customers");
        SHOWN("app.who", "x");
    }
}

/* Its value cannot be asked, so it cannot be carried; a connection that tried would fail for ever.
 */
static void test_seed_belongs_to_a_session(void **state)
{
    SQLHSTMT s = stmt_of(state);
    char first[64];

    if (over(OVER_HTTP)) {
        assert_stmt_state(s, exec(s, "SET seed TO 0.5"), "HYC00");
        assert_stmt_state(s, exec(s, "SET SESSION seed TO 0.5; SELECT 1"), "HYC00");
        assert_stmt_state(s, exec(s, "SELECT set_config('seed', '0.5', false)"), "HYC00");
    } else {
        run(s, "SET seed TO 0.5");
        snprintf(first, sizeof first, "%s", query_text(s, "SELECT random()"));
        run(s, "SELECT set_config('seed', '0.5', false)");
        assert_string_equal(query_text(s, "SELECT random()"), first);
    }
    run(s, "SET app.who TO 'ann'");
    SHOWN("app.who", "ann");
}

/* The text does not say that it is seed: auto sends it over HTTP, and what the refusal advises
 * works there. */
static void test_a_bound_seed_is_refused_with_what_works(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLCHAR name[] = "seed";
    SQLLEN ind = SQL_NTS;
    char first[64];

    assert_stmt_ok(
        s, SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 10, 0, name, 0, &ind));
    assert_stmt_state(s, exec(s, "SELECT set_config(?, '0.5', false)"), "HYC00");
    assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, s),
                           "Use SELECT setseed(...), which goes to a session "
                           "with Transport=auto and Transport=websocket."));
    SQLFreeStmt(s, SQL_RESET_PARAMS);
    if (over(OVER_HTTP)) {
        assert_stmt_state(s, exec(s, "SELECT setseed(0.5)"), "HYC00");
        return;
    }
    run(s, "SELECT setseed(0.5)");
    snprintf(first, sizeof first, "%s", query_text(s, "SELECT random()"));
    run(s, "SELECT setseed(0.5)");
    assert_string_equal(query_text(s, "SELECT random()"), first);
}

/* The server would round, and not say so. */
static void test_float_digits_stay(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLCHAR name[] = "Extra_Float_Digits";
    SQLCHAR value[] = "-3";
    SQLLEN ind = SQL_NTS;
    static const char *const texts[] = {
        "SET extra_float_digits TO 0",
        "SELECT set_config('extra_float_digits', '0', false)",
        "SELECT upper(set_config('extra_float_digits', 0::text, false))",
        "WITH a AS (SELECT set_config('EXTRA_float_digits', (1 - 1)::text, true)) SELECT * FROM a",
        "SELECT set_config(?, ?, false), 7",
        "SET extra_float_digits TO 0; SELECT 1",
        "SET DateStyle TO 'SQL, DMY'; SELECT 1",
        "SET LOCAL extra_float_digits TO -1; SELECT 0.1::float8 + 0.2::float8",
    };

    assert_stmt_ok(
        s, SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 30, 0, name, 0, &ind));
    assert_stmt_ok(
        s, SQLBindParameter(s, 2, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 30, 0, value, 0, &ind));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_stmt_state(s, exec(s, texts[i]), "HYC00");
        assert_string_equal(query_text(s, "SELECT 0.1::float8 + 0.2::float8"),
                            "0.30000000000000004");
    }
    SQLFreeStmt(s, SQL_RESET_PARAMS);
    run(s, "SELECT set_config('extra_float_digits', '2', false)");
}

/* ReadOnly=1 is a promise: nothing that is said on the connection takes it back. */
static void test_read_only_stays(void **state)
{
    static const char *const texts[] = {
        "RESET ALL",
        "DISCARD ALL",
        "RESET default_transaction_read_only",
        "SET default_transaction_read_only TO DEFAULT",
        "SET default_transaction_read_only TO off",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
        "SET TRANSACTION READ WRITE",
        "SET transaction_read_only TO off",
        "SET transaction_read_only TO DEFAULT",
        "RESET transaction_read_only",
        "SET transaction_read_only TO off; INSERT INTO t_read_only VALUES (0)",
        "SET TRANSACTION READ WRITE; INSERT INTO t_read_only VALUES (0)",
        "SET LOCAL transaction_read_only TO off; INSERT INTO t_read_only VALUES (0)",
        "SET default_transaction_read_only TO off; INSERT INTO t_read_only VALUES (0)",
        "SELECT set_config('default_transaction_read_only', 'off', false)",
        "SELECT set_config('transaction_read_only', 'off', false)",
        "DO $$ BEGIN SET default_transaction_read_only = off; END $$",
        "DO $$ BEGIN PERFORM set_config('default_transaction_read_only', 'off', false); END $$",
        "DO $$ BEGIN SET default_transaction_read_only = off; COMMIT; "
        "INSERT INTO t_read_only VALUES (2); END $$",
        "SELECT 1; DO $$ BEGIN SET default_transaction_read_only = off; COMMIT; "
        "INSERT INTO t_read_only VALUES (2); END $$",
        "SELECT t_open_it(); COMMIT; INSERT INTO t_read_only VALUES (4)",
        "SELECT t_open_it(); ROLLBACK; INSERT INTO t_read_only VALUES (4)",
        "BEGIN; SELECT t_open_it(); END; BEGIN; INSERT INTO t_read_only VALUES (4); COMMIT",
        "DECLARE c CURSOR WITH HOLD FOR SELECT t_open_it(); COMMIT; "
        "INSERT INTO t_read_only VALUES (4)",
        "CALL t_open_and_write()",
        "{call t_open_and_write()}",
        "SELECT t_open_it()",
        "BEGIN READ WRITE",
    };
    SQLHSTMT s;

    pg_admin("DROP TABLE IF EXISTS t_read_only; CREATE TABLE t_read_only (a int)");
    pg_admin("CREATE OR REPLACE FUNCTION t_open_it() RETURNS void LANGUAGE sql AS "
             "$$SELECT set_config('default_transaction_read_only', 'off', false)$$");
    pg_admin("CREATE OR REPLACE PROCEDURE t_open_and_write() LANGUAGE plpgsql AS "
             "$$ BEGIN SET default_transaction_read_only = off; COMMIT; "
             "INSERT INTO t_read_only VALUES (3); END $$");
    pg_admin("GRANT ALL ON t_read_only TO app");
    for (SQLULEN manual = 0; manual < 2; manual++)
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
            s = reconnect(state, "DSN=neon;ReadOnly=1");
            autocommit(dbc_of(state), manual ? SQL_AUTOCOMMIT_OFF : SQL_AUTOCOMMIT_ON);
            exec(s, texts[i]);
            for (int again = 0; again < 2; again++) {
                assert_int_equal(exec(s, "INSERT INTO t_read_only VALUES (1)"), SQL_ERROR);
                end(dbc_of(state), SQL_COMMIT);
                end(dbc_of(state), SQL_ROLLBACK);
            }
            if (strcmp(pg_admin("SELECT count(*) FROM t_read_only"), "0") != 0)
                fail_msg("%s ends ReadOnly=1", texts[i]);
        }
    /* Reading is not meant: inside a transaction they run. */
    s = reconnect(state, "DSN=neon;ReadOnly=1");
    assert_stmt_state(s, exec(s, "DO $$ BEGIN PERFORM 1; END $$"), "25006");
    assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, s), "send BEGIN before it"));
    run(s, "BEGIN");
    run(s, "DO $$ BEGIN PERFORM 1; END $$");
    run(s, "COMMIT");
    pg_admin("DROP TABLE t_read_only; DROP FUNCTION t_open_it(); "
             "DROP PROCEDURE t_open_and_write()");
}

/* SQL_ATTR_TXN_ISOLATION is the connection's, not a setting that RESET ALL takes back. */
static void test_the_level_survives_reset(void **state)
{
    SQLHSTMT s = stmt_of(state);

    assert_dbc_ok(dbc_of(state), SQLSetConnectAttr(dbc_of(state), SQL_ATTR_TXN_ISOLATION,
                                                   (SQLPOINTER)SQL_TXN_SERIALIZABLE, 0));
    SHOWN("transaction_isolation", "serializable");
    run(s, "RESET ALL");
    SHOWN("transaction_isolation", "serializable");
    run(s, "DISCARD ALL");
    SHOWN("transaction_isolation", "serializable");
}

static void test_settings_change_what_a_statement_means(void **state)
{
    SQLHSTMT s = stmt_of(state);

    pg_admin("CREATE SCHEMA IF NOT EXISTS t_other; CREATE TABLE t_other.t_there (a int); "
             "INSERT INTO t_other.t_there VALUES (42); GRANT ALL ON SCHEMA t_other TO app; GRANT "
             "ALL ON t_other.t_there TO app");
    run(s, "SET search_path TO t_other");
    assert_int_equal(query_number(s, "SELECT a FROM t_there"), 42);
    run(s, "INSERT INTO t_there VALUES (43)");
    /* described before it is executed */
    assert_stmt_ok(s, SQLPrepare(s, sqltext("SELECT a AS described FROM t_there"), SQL_NTS));
    {
        SQLSMALLINT columns = 0;
        assert_stmt_ok(s, SQLNumResultCols(s, &columns));
        assert_int_equal(columns, 1);
    }
    run(s, "RESET search_path");
    assert_stmt_state(s, exec(s, "SELECT a FROM t_there"), "42S02");
    /* one text, one transaction: it holds for what follows, there and afterwards */
    run(s, "SET search_path TO t_other; INSERT INTO t_there VALUES (44)");
    assert_int_equal(query_number(s, "SELECT count(*) FROM t_there"), 3);
    assert_stmt_state(s, exec(s, "SET search_path TO pg_catalog; SELECT 1/0"), "22012");
    assert_int_equal(query_number(s, "SELECT count(*) FROM t_there"), 3);
    /* what may not run in a block cannot be behind them */
    if (over(OVER_HTTP)) {
        assert_stmt_state(s, exec(s, "VACUUM t_there"), "HYC00");
        assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, s), "RESET ALL"));
    }
    run(s, "RESET ALL");
    run(s, "VACUUM customers");
    pg_admin("DROP SCHEMA t_other CASCADE");
}

static void test_roles(void **state)
{
    SQLHSTMT s = stmt_of(state);

    pg_admin("CREATE ROLE t_less; GRANT t_less TO app");
    run(s, "SET ROLE t_less");
    assert_string_equal(query_text(s, "SELECT current_user"), "t_less");
    assert_stmt_state(s, exec(s, "SELECT * FROM customers"), "42501");
    run(s, "RESET ALL"); /* leaves the role, as on TCP */
    assert_string_equal(query_text(s, "SELECT current_user"), "t_less");
    run(s, "RESET ROLE");
    assert_string_equal(query_text(s, "SELECT current_user"), "app");
    run(s, "SET ROLE 't_less'");
    run(s, "SET ROLE NONE");
    assert_string_equal(query_text(s, "SELECT current_user"), "app");
    assert_stmt_state(s, exec(s, "SET ROLE nobody_of_that_name"), "22023");
    run(s, "SET SESSION AUTHORIZATION app");
    assert_stmt_state(s, exec(s, "SET SESSION AUTHORIZATION t_less"), "42501");
    s = reconnect(state, "DSN=neon;Role=t_less");
    assert_string_equal(query_text(s, "SELECT current_user"), "t_less");
    s = reconnect(state, NULL);
    pg_admin("DROP ROLE t_less");
}

static void test_procedures_and_timeouts_behind_settings(void **state)
{
    SQLHSTMT s = stmt_of(state);

    run(s, "SET app.who TO 'ann'");
    run(s, "DO $$BEGIN IF current_setting('app.who') <> 'ann' THEN RAISE 'no'; END IF; END$$");
    run(s, "SET statement_timeout TO '2s'"); /* RESET ALL must get through */
    assert_stmt_state(s, exec(s, "SELECT pg_sleep(60)"), "HYT00");
    run(s, "RESET ALL");
    s = reconnect(state, "DSN=neon;StatementTimeout=2000");
    assert_stmt_state(s, exec(s, "SELECT pg_sleep(60)"), "HYT00");
}

/* ---- transactions ---- */

static void test_set_follows_the_transaction(void **state)
{
    SQLHDBC d = dbc_of(state);
    SQLHSTMT s = stmt_of(state);

    run(s, "SET app.who TO 'before'");
    autocommit(d, SQL_AUTOCOMMIT_OFF);
    run(s, "SET app.who TO 'inside'");
    SHOWN("app.who", "inside");
    assert_dbc_ok(d, end(d, SQL_ROLLBACK));
    SHOWN("app.who", "before");
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    gateway_reset();
    run(s, "SET app.who TO 'stays'");
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    assert_requests(1); /* the commit has nothing to send */
    SHOWN("app.who", "stays");
    run(s, "SET LOCAL app.who TO 'local'");
    SHOWN("app.who", "local");
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    SHOWN("app.who", "stays");
    assert_string_equal(query_text(s, "SELECT set_config('app.who', 'call', true)"), "call");
    SHOWN("app.who", "call");
    assert_dbc_ok(d, end(d, SQL_ROLLBACK));
    SHOWN("app.who", "stays");
    run(s, "RESET app.who");
    assert_string_equal(query_text(s, "SELECT coalesce(current_setting('app.who', true), '')"), "");
    assert_dbc_ok(d, end(d, SQL_ROLLBACK));
    SHOWN("app.who", "stays");
    run(s, "RESET ALL");
    assert_string_equal(query_text(s, "SELECT coalesce(current_setting('app.who', true), '')"), "");
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    assert_string_equal(query_text(s, "SELECT coalesce(current_setting('app.who', true), '')"), "");
}

static void test_set_follows_savepoints(void **state)
{
    SQLHDBC d = dbc_of(state);
    SQLHSTMT s = stmt_of(state);

    autocommit(d, SQL_AUTOCOMMIT_OFF);
    run(s, "SET app.who TO 'one'");
    run(s, "SAVEPOINT a");
    run(s, "SET app.who TO 'two'");
    SHOWN("app.who", "two");
    run(s, "ROLLBACK TO a");
    SHOWN("app.who", "one");
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    SHOWN("app.who", "one");
}

/* Each statement that waits runs under the settings of its place. */
static void test_set_holds_from_its_place_on(void **state)
{
    SQLHDBC d = dbc_of(state);
    SQLHSTMT s = stmt_of(state);

    pg_admin("CREATE TABLE t_seen (n int, v text); GRANT ALL ON t_seen TO app");
    autocommit(d, SQL_AUTOCOMMIT_OFF);
    run(s, "SET app.who TO 'a'");
    run(s, "INSERT INTO t_seen VALUES (1, current_setting('app.who'))");
    run(s, "SET app.who TO 'b'");
    run(s, "INSERT INTO t_seen VALUES (2, current_setting('app.who'))");
    run(s, "SET LOCAL app.who TO 'c'; INSERT INTO t_seen VALUES (3, current_setting('app.who'))");
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    assert_string_equal(pg_admin("SELECT string_agg(v, '' ORDER BY n) FROM t_seen"), "abc");
    SHOWN("app.who", "b");
    pg_admin("DROP TABLE t_seen");
}

static void test_a_wrong_set_ends_the_transaction(void **state)
{
    SQLHDBC d = dbc_of(state);
    SQLHSTMT s = stmt_of(state);

    autocommit(d, SQL_AUTOCOMMIT_OFF);
    assert_stmt_state(s, exec(s, "SET TimeZone TO 'Nowhere/Land'"), "22023");
    assert_stmt_state(s, exec(s, "SELECT 1"), "25P02");
    assert_dbc_ok(d, end(d, SQL_ROLLBACK));
    /* refused by the driver alone: the transaction goes on */
    assert_stmt_state(s, exec(s, "SET DateStyle TO 'German'"), "HYC00");
    assert_int_equal(query_number(s, "SELECT 1"), 1);
    assert_dbc_ok(d, end(d, SQL_COMMIT));
}

/* ---- transactions' own characteristics ---- */

static void test_characteristics(void **state)
{
    SQLHDBC d = dbc_of(state);
    SQLHSTMT s = stmt_of(state);
    SQLUINTEGER value = 0;

    gateway_reset();
    run(s, "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY");
    assert_requests(0);
    assert_dbc_ok(d, SQLGetConnectAttr(d, SQL_ATTR_TXN_ISOLATION, &value, sizeof value, NULL));
    assert_int_equal(value, SQL_TXN_SERIALIZABLE);
    SHOWN("transaction_isolation", "serializable");
    SHOWN("default_transaction_isolation", "serializable");
    SHOWN("transaction_read_only", "on");
    assert_stmt_state(s, exec(s, "CREATE TABLE t_never (a int)"), "25006");
    run(s, "SET default_transaction_read_only TO off");
    run(s, "SET default_transaction_isolation TO 'repeatable read'");
    SHOWN("transaction_isolation", "repeatable read");
    /* the attribute is newer, and counts */
    assert_dbc_ok(d, SQLSetConnectAttr(d, SQL_ATTR_TXN_ISOLATION,
                                       (SQLPOINTER)SQL_TXN_READ_COMMITTED, SQL_IS_UINTEGER));
    SHOWN("transaction_isolation", "read committed");
    run(s, "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    autocommit(d, SQL_AUTOCOMMIT_OFF);
    SHOWN("transaction_isolation", "repeatable read");
    assert_dbc_ok(d, end(d, SQL_ROLLBACK));
    run(s, "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE");
    assert_dbc_ok(d, end(d, SQL_ROLLBACK));
    SHOWN("transaction_isolation", "repeatable read");
    assert_dbc_ok(d, end(d, SQL_ROLLBACK));
    run(s, "RESET ALL");
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    SHOWN("transaction_isolation", "read committed");
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    assert_dbc_ok(d, SQLSetConnectAttr(d, NEON_ATTR_TXN_DEFERRABLE, (SQLPOINTER)1, 0));
    assert_dbc_ok(d, SQLGetConnectAttr(d, NEON_ATTR_TXN_DEFERRABLE, &value, sizeof value, NULL));
    assert_int_equal(value, 1);
    run(s, "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY");
    SHOWN("transaction_deferrable", "on");
}

/* ---- keywords ---- */

static void test_keywords(void **state)
{
    SQLHSTMT s = reconnect(state, "DSN=neon;ApplicationName=shop;SearchPath={pg_catalog, public};"
                                  "TimeZone=Asia/Tokyo;Isolation=repeatable-read;"
                                  "ConnSettings={SET work_mem TO '5MB'; SET app.who = 'k;v'}");

    SHOWN("application_name", "shop");
    SHOWN("search_path", "pg_catalog, public");
    SHOWN("TimeZone", "Asia/Tokyo");
    SHOWN("work_mem", "5MB");
    SHOWN("app.who", "k;v");
    SHOWN("transaction_isolation", "repeatable read");
    run(s, "SET TimeZone TO 'UTC'");
    run(s, "SET work_mem TO '6MB'");
    SHOWN("TimeZone", "UTC");
    SHOWN("work_mem", "6MB");
    run(s, "RESET TimeZone");
    SHOWN("TimeZone", "Asia/Tokyo");
    run(s, "RESET ALL");
    SHOWN("work_mem", "5MB");
    s = reconnect(state, "DSN=neon;Deferrable=1;Isolation=serializable;ReadOnly=1");
    SHOWN("transaction_deferrable", "on");
    s = reconnect(state, "DSN=neon;Isolation=serializable;ReadOnly=1");
    SHOWN("transaction_deferrable", "off");
}

static SQLRETURN try_connect(SQLHDBC d, const char *connstr)
{
    return SQLDriverConnect(d, NULL, sqltext(connstr), SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT);
}

static void test_wrong_keywords_fail_when_connecting(void **state)
{
    struct fixture *f = *state;

    SQLFreeHandle(SQL_HANDLE_STMT, f->stmt);
    SQLDisconnect(f->dbc);
    assert_dbc_state(f->dbc, try_connect(f->dbc, "DSN=neon;TimeZone=Nowhere/Land"), "22023");
    assert_dbc_state(f->dbc, try_connect(f->dbc, "DSN=neon;Role=nobody_of_that_name"), "22023");
    assert_dbc_state(f->dbc, try_connect(f->dbc, "DSN=neon;ConnSettings={SELECT 1}"), "HY024");
    assert_dbc_state(f->dbc,
                     try_connect(f->dbc, "DSN=neon;ConnSettings={SET default_transaction_isolation "
                                         "TO serializable}"),
                     "HY024");
    assert_dbc_state(f->dbc, try_connect(f->dbc, "DSN=neon;Isolation=some"), "HY024");
    fixture_connect(f, NULL);
}

/* CREATE TABLE would answer success, and the table be gone: seen while connecting, for what ALTER
 * ROLE has set (for what SET says, transports.def). */
static void test_a_role_whose_tables_would_be_temporary(void **state)
{
    static const char *const paths[] = {"pg_temp, public", "\"$user\", pg_temp",
                                        "\"$user\", nosuch, pg_temp, public",
                                        "closed_to_it, pg_temp"};
    struct fixture *f = *state;
    char sql[200], connstr[200], role[40];

    snprintf(role, sizeof role, "temporary_%d_%ld", over(OVER_HTTP) + 2 * over(OVER_AUTO),
             (long)getpid());
    snprintf(sql, sizeof sql,
             "CREATE ROLE %s LOGIN PASSWORD 'odd-p'; GRANT TEMP ON DATABASE shop TO %s; CREATE "
             "SCHEMA closed_to_it",
             role, role);
    pg_admin(sql);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        SQLFreeHandle(SQL_HANDLE_STMT, f->stmt);
        SQLDisconnect(f->dbc);
        snprintf(sql, sizeof sql, "ALTER ROLE %s SET search_path = %s", role, paths[i]);
        pg_admin(sql);
        snprintf(connstr, sizeof connstr, "DSN=neon;Pool=0;UID=%s;PWD=odd-p", role);
        if (over(OVER_WEBSOCKET)) { /* one session for all */
            fixture_connect(f, connstr);
            run(f->stmt, "CREATE TABLE t_of_the_session AS SELECT 42 AS a");
            assert_int_equal(query_number(f->stmt, "SELECT a FROM t_of_the_session"), 42);
            continue;
        }
        snprintf(connstr, sizeof connstr, "DSN=neon;Pool=0;UID=%s;PWD=odd-p;Transport=%s", role,
                 over(OVER_HTTP) ? "http" : "auto");
        assert_dbc_state(f->dbc, try_connect(f->dbc, connstr), "08004");
        assert_non_null(strstr(diag_text(SQL_HANDLE_DBC, f->dbc), "SearchPath=public"));
        assert_non_null(strstr(diag_text(SQL_HANDLE_DBC, f->dbc), "ALTER ROLE"));
        snprintf(connstr, sizeof connstr, "DSN=neon;UID=%s;PWD=odd-p;SearchPath=public", role);
        fixture_connect(f, connstr);
        assert_string_equal(query_text(f->stmt, "SHOW search_path"), "public");
    }
    reconnect(state, "DSN=neon");
    snprintf(sql, sizeof sql, "DROP OWNED BY %s; DROP ROLE %s; DROP SCHEMA closed_to_it", role,
             role);
    pg_admin(sql);
}

/* The table is there for a moment only: nothing but the session that made it could read it. */
static void assert_temporary_works(SQLHSTMT s)
{
    run(s, "CREATE TABLE t_of_the_session AS SELECT 42 AS a");
    assert_int_equal(query_number(s, "SELECT a FROM t_of_the_session"), 42);
    run(s, "DROP TABLE t_of_the_session");
}

/* Only the server knows whether a schema before pg_temp exists. */
static void test_a_path_that_leads_to_pg_temp(void **state)
{
    static const char *const texts[] = {
        "SET search_path TO nosuch, pg_temp",
        "SET search_path TO nosuch, U&\"pg\\005Ftemp\", public",
        "SET SCHEMA E'pg\\x5ftemp'",
        "SELECT set_config('search_path', 'nosuch, pg_temp', false)",
        "SELECT set_config('search_path', 'NOSUCH, PG_TEMP', false)",
        "SELECT set_config('search_path', 'PG_TEMP', false)",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        SQLHSTMT s = reconnect(state, NULL);
        bool refused = over(OVER_HTTP) || (over(OVER_AUTO) && strstr(texts[i], "'PG_TEMP'"));
        if (refused) {
            assert_stmt_state(s, exec(s, texts[i]), "HYC00");
            assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, s), "Transport="));
            SHOWN("search_path", "\"$user\", public");
            run(s, "BEGIN");
            if (over(OVER_HTTP)) /* elsewhere in a session */
                assert_stmt_state(s, exec(s, texts[i]), "HYC00");
            run(s, "ROLLBACK");
        } else {
            run(s, texts[i]);
            run(s, "SELECT 1");
            assert_temporary_works(s);
        }
    }
}

/* A path that is good stays good only as long as its schema is there. */
static void test_a_path_to_pg_temp_from_which_the_schema_goes(void **state)
{
    SQLHSTMT s = reconnect(state, NULL);

    pg_admin("DROP SCHEMA IF EXISTS going CASCADE; CREATE SCHEMA going; GRANT ALL ON SCHEMA going "
             "TO PUBLIC");
    run(s, "SET search_path TO going, pg_temp");
    assert_string_equal(
        query_text(s, "SELECT set_config('search_path', 'going, public, pg_temp', false)"),
        "going, public, pg_temp");
    run(s, "SET search_path TO going, pg_temp");
    run(s, "CREATE TABLE t_stays (a int)");
    assert_int_equal(query_number(s, "SELECT count(*) FROM pg_tables WHERE schemaname = 'going' "
                                     "AND tablename = 't_stays'"),
                     1);
    pg_admin("DROP SCHEMA going CASCADE");
    if (over(OVER_HTTP)) {
        assert_stmt_state(s, exec(s, "CREATE TABLE t_goes (a int)"), "HYC00");
        assert_stmt_state(s, exec(s, "SELECT 1 AS a INTO t_goes"), "HYC00");
        assert_stmt_state(s, exec(s, "DO $$ BEGIN EXECUTE 'create ' || 'table t_goes ()'; END $$"),
                          "HYC00"); /* nor by what is not seen in the text */
        run(s, "SET search_path TO public");
        run(s, "SELECT 1");
        return;
    }
    assert_temporary_works(s);
}

/* What the driver has not seen: the role, or what another text has set. */
static void test_the_server_is_asked_where_before_something_is_made(void **state)
{
    static const char *const texts[] = {
        "CREATE TABLE t_goes (a int)",
        "CREATE VIEW t_goes AS SELECT 1",
        "SELECT 1 AS a INTO t_goes",
        "SET app.x TO '1'; CREATE TABLE t_goes (a int)",
        "SET search_path TO nosuch, pg_temp; CREATE TABLE t_goes (a int)",
        "SET LOCAL search_path TO nosuch, pg_temp; CREATE TABLE t_goes (a int)",
    };
    static const char *const early[] = {"1", "0"};
    struct fixture *f = *state;
    char sql[200], connstr[200], role[40];

    snprintf(role, sizeof role, "astray_%d_%ld", over(OVER_HTTP), (long)getpid());
    snprintf(sql, sizeof sql,
             "CREATE ROLE %s LOGIN PASSWORD 'odd-p'; GRANT TEMP ON DATABASE shop TO %s", role,
             role);
    pg_admin(sql);
    for (size_t i = 0; i < 2; i++) {
        snprintf(sql, sizeof sql, "ALTER ROLE %s RESET search_path", role);
        pg_admin(sql);
        SQLFreeHandle(SQL_HANDLE_STMT, f->stmt);
        SQLDisconnect(f->dbc);
        snprintf(connstr, sizeof connstr,
                 "DSN=neon;Pool=0;UID=%s;PWD=odd-p;VerifyConnectionEarly=%s", role, early[i]);
        fixture_connect(f, connstr);
        snprintf(sql, sizeof sql, "ALTER ROLE %s SET search_path = nosuch, pg_temp", role);
        pg_admin(sql);
        run(f->stmt, "SELECT 1");
        for (size_t k = 0; k < sizeof texts / sizeof texts[0] && over(OVER_HTTP); k++) {
            assert_stmt_state(f->stmt, exec(f->stmt, texts[k]), "HYC00");
            assert_string_equal(
                query_text(f->stmt, "SELECT coalesce(to_regclass('t_goes')::text, 'none')"),
                "none");
        }
        if (over(OVER_HTTP)) {
            for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
                run(f->stmt, "BEGIN"); /* where each waits with its question before it */
                run(f->stmt, texts[k]);
                assert_stmt_state(f->stmt, exec(f->stmt, "COMMIT"), "HYC00");
            }
            continue;
        }
        assert_temporary_works(f->stmt);
    }
    reconnect(state, "DSN=neon");
    snprintf(sql, sizeof sql, "DROP OWNED BY %s; DROP ROLE %s", role, role);
    pg_admin(sql);
}

/* A pool hands the connection to somebody else. */
static void test_resetting_the_connection(void **state)
{
    SQLHSTMT s = reconnect(state, "DSN=neon;TimeZone=Asia/Tokyo");
    SQLHDBC d = dbc_of(state);

    run(s, "SET TimeZone TO 'UTC'");
    run(s, "SET app.who TO 'ann'");
    run(s, "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY");
    assert_dbc_ok(d, SQLSetConnectAttr(d, SQL_ATTR_RESET_CONNECTION,
                                       (SQLPOINTER)SQL_RESET_CONNECTION_YES, SQL_IS_UINTEGER));
    SHOWN("TimeZone", "Asia/Tokyo");
    SHOWN("transaction_read_only", "off");
    assert_string_equal(query_text(s, "SELECT coalesce(current_setting('app.who', true), '')"), "");
    /* and what one connection sets, no other sees */
    run(s, "SET app.who TO 'ann'");
    s = reconnect(state, NULL);
    assert_string_equal(query_text(s, "SELECT coalesce(current_setting('app.who', true), '')"), "");
}

static void test_without_settings_nothing_is_added(void **state)
{
    SQLHSTMT s = stmt_of(state);

    gateway_reset();
    run(s, "SELECT 1");
    assert_int_equal(gateway_count("statements"), 1);
    run(s, "SET app.who TO 'ann'");
    run(s, "SET app.role TO 'x'");
    gateway_reset();
    run(s, "SELECT 1");
    assert_requests(1);
    assert_int_equal(gateway_count("statements"), 2); /* all settings are one */
    run(s, "RESET ALL");
    gateway_reset();
    run(s, "CREATE SCHEMA made_in_one_request");
    assert_requests(1);
    assert_int_equal(gateway_count("statements"), 2); /* where: settings.h */
    run(s, "SET search_path TO made_in_one_request");
    gateway_reset();
    run(s, "CREATE TABLE t (a int)");
    assert_requests(1);
    assert_int_equal(gateway_count("statements"), 3);
    run(s, "DROP SCHEMA made_in_one_request CASCADE");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_connected, teardown_connected)

int main(void)
{
    const struct CMUnitTest everywhere[] = {
        T(test_set_holds_and_reset_ends_it),
        T(test_wrong_settings_fail_at_once),
        T(test_set_config_holds_too),
        T(test_seed_belongs_to_a_session),
        T(test_float_digits_stay),
        T(test_read_only_stays),
        T(test_the_level_survives_reset),
        T(test_settings_change_what_a_statement_means),
        T(test_roles),
        T(test_procedures_and_timeouts_behind_settings),
        T(test_set_follows_the_transaction),
        T(test_set_follows_savepoints),
        T(test_set_holds_from_its_place_on),
        T(test_a_wrong_set_ends_the_transaction),
        T(test_characteristics),
        T(test_keywords),
        T(test_wrong_keywords_fail_when_connecting),
        T(test_a_role_whose_tables_would_be_temporary),
        T(test_a_path_that_leads_to_pg_temp),
        T(test_a_path_to_pg_temp_from_which_the_schema_goes),
        T(test_resetting_the_connection),

    };

    const struct CMUnitTest requests[] = {
        T(test_a_bound_seed_is_refused_with_what_works),
        T(test_the_server_is_asked_where_before_something_is_made)};
    const struct CMUnitTest http[] = {T(test_without_settings_nothing_is_added)};
    return RUN_OVER(OVER_ALL, everywhere) + RUN_OVER(OVER_HTTP | OVER_AUTO, requests) +
           RUN_OVER(OVER_HTTP, http);
}
