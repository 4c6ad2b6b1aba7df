/* Transactions over stateless HTTP: buffered, previewed, checked. What psql sees in the database is
 * the judge. */
#include "odbc_test.h"

static SQLHDBC dbc_of(void **state)
{
    return ((struct fixture *)*state)->dbc;
}

static SQLHSTMT stmt_of(void **state)
{
    return ((struct fixture *)*state)->stmt;
}

static int setup_table(void **state)
{
    int rc = setup_connected(state);

    pg_admin("DROP TABLE IF EXISTS t_tx; CREATE TABLE t_tx (id int PRIMARY KEY, v int); GRANT ALL "
             "ON t_tx TO app");
    return rc;
}

static int teardown_table(void **state)
{
    SQLEndTran(SQL_HANDLE_DBC, dbc_of(state), SQL_ROLLBACK);
    pg_admin("DROP TABLE IF EXISTS t_tx, t_made");
    return teardown_connected(state);
}

static void autocommit(SQLHDBC d, SQLULEN value)
{
    assert_dbc_ok(d, SQLSetConnectAttr(d, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)value, SQL_IS_UINTEGER));
}

static void isolation(SQLHDBC d, SQLULEN value)
{
    assert_dbc_ok(d,
                  SQLSetConnectAttr(d, SQL_ATTR_TXN_ISOLATION, (SQLPOINTER)value, SQL_IS_UINTEGER));
}

static SQLRETURN end(SQLHDBC d, SQLSMALLINT how)
{
    return SQLEndTran(SQL_HANDLE_DBC, d, how);
}

#define STORED(expected)                                                                           \
    assert_string_equal(pg_admin("SELECT string_agg(id || '=' || v, ' ' ORDER BY id) FROM t_tx"),  \
                        expected)

/* ---- one connection ---- */

static void test_commit_and_rollback(void **state)
{
    SQLHDBC d = dbc_of(state);
    SQLHSTMT s = stmt_of(state);

    autocommit(d, SQL_AUTOCOMMIT_OFF);
    gateway_reset();
    run(s, "INSERT INTO t_tx VALUES (1, 10)");
    run(s, "UPDATE t_tx SET v = v + 1");
    run(s, "INSERT INTO t_tx VALUES (2, 20)");
    assert_int_equal(gateway_requests(), 0);
    STORED("");
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    assert_int_equal(gateway_requests(), 1);
    STORED("1=11 2=20");
    run(s, "DELETE FROM t_tx");
    assert_dbc_ok(d, end(d, SQL_ROLLBACK));
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    assert_dbc_ok(d, end(d, SQL_ROLLBACK));
    assert_int_equal(gateway_requests(), 1);
    STORED("1=11 2=20");
}

static void test_reads_see_pending_writes(void **state)
{
    SQLHDBC d = dbc_of(state);
    SQLHSTMT s = stmt_of(state);

    autocommit(d, SQL_AUTOCOMMIT_OFF);
    gateway_reset();
    assert_string_equal(query_text(s, "SELECT count(*) FROM t_tx"), "0");
    assert_int_equal(gateway_requests(), 1);
    run(s, "CREATE TABLE t_made (a int)");
    run(s, "INSERT INTO t_made SELECT generate_series(1, 5)");
    run(s, "INSERT INTO t_tx VALUES (1, 10)");
    assert_string_equal(
        query_text(s, "SELECT (SELECT count(*) FROM t_made) || '/' || (SELECT max(v) FROM t_tx)"),
        "5/10");
    assert_int_equal(gateway_requests(), 2);
    assert_string_equal(pg_admin("SELECT to_regclass('t_made') IS NULL"), "t");
    STORED("");
    /* a catalog function and a description see the new table as well */
    assert_stmt_ok(s, SQLColumns(s, NULL, 0, NULL, 0, sqltext("t_made"), SQL_NTS, NULL, 0));
    assert_stmt_ok(s, SQLFetch(s));
    assert_stmt_ok(s, SQLCloseCursor(s));
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    STORED("1=10");
}

static void test_a_long_read_inside_a_transaction(void **state)
{
    SQLHDBC d = dbc_of(state);
    SQLHSTMT s = stmt_of(state);
    SQLRETURN rc;
    long n = 0;

    autocommit(d, SQL_AUTOCOMMIT_OFF);
    run(s, "INSERT INTO t_tx VALUES (1, 10)");
    assert_stmt_ok(s, exec(s, "SELECT g, repeat('x', 100) FROM generate_series(1, 50000) g"));
    while (SQL_SUCCEEDED(rc = SQLFetch(s)))
        n++;
    assert_int_equal(rc, SQL_NO_DATA);
    assert_int_equal(n, 50000);
    assert_int_equal(SQLMoreResults(s), SQL_NO_DATA);
    /* and one that is left early */
    assert_stmt_ok(s, exec(s, "SELECT g, repeat('x', 100) FROM generate_series(1, 50000) g"));
    assert_stmt_ok(s, SQLFetch(s));
    assert_stmt_ok(s, SQLCloseCursor(s));
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    STORED("1=10");
}

static void test_parameters_wait_too(void **state)
{
    SQLHDBC d = dbc_of(state);
    SQLHSTMT s = stmt_of(state);
    SQLINTEGER id, v;
    SQLLEN ind = 0;

    autocommit(d, SQL_AUTOCOMMIT_OFF);
    gateway_reset();
    assert_stmt_ok(s, SQLPrepare(s, sqltext("INSERT INTO t_tx VALUES (?, ?)"), SQL_NTS));
    assert_stmt_ok(
        s, SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER, 0, 0, &id, 0, NULL));
    assert_stmt_ok(
        s, SQLBindParameter(s, 2, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER, 0, 0, &v, 0, &ind));
    for (id = 1; id <= 3; id++) {
        v = id * 10;
        assert_stmt_ok(s, SQLExecute(s));
    }
    v = id = 99; /* the buffers are the application's again */
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    assert_int_equal(gateway_requests(), 1);
    STORED("1=10 2=20 3=30");
}

static void test_errors_come_with_the_commit_and_nothing_is_stored(void **state)
{
    SQLHDBC d = dbc_of(state);
    SQLHSTMT s = stmt_of(state);

    autocommit(d, SQL_AUTOCOMMIT_OFF);
    run(s, "INSERT INTO t_tx VALUES (1, 10)");
    run(s, "INSERT INTO t_tx VALUES (1, 11)");
    assert_dbc_state(d, end(d, SQL_COMMIT), "23505");
    STORED("");
    /* the transaction is over: the next one is fresh */
    run(s, "INSERT INTO t_tx VALUES (2, 20)");
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    STORED("2=20");
}

static void test_a_failed_statement_ends_all_but_the_rollback(void **state)
{
    SQLHDBC d = dbc_of(state);
    SQLHSTMT s = stmt_of(state);

    autocommit(d, SQL_AUTOCOMMIT_OFF);
    run(s, "INSERT INTO t_tx VALUES (1, 10)");
    assert_stmt_state(s, exec(s, "SELECT 1/0"), "22012");
    assert_stmt_state(s, exec(s, "SELECT 1"), "25P02");
    assert_stmt_state(s, exec(s, "INSERT INTO t_tx VALUES (2, 20)"), "25P02");
    assert_dbc_state(d, end(d, SQL_COMMIT), "25S03");
    STORED("");
    run(s, "INSERT INTO t_tx VALUES (3, 30)");
    assert_stmt_state(s, exec(s, "SELECT 1/0"), "22012");
    assert_dbc_ok(d, end(d, SQL_ROLLBACK));
    run(s, "INSERT INTO t_tx VALUES (4, 40)");
    run(s, "SAVEPOINT a");
    assert_stmt_state(s, exec(s, "SELECT 1/0"), "22012");
    run(s, "ROLLBACK TO a");
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    STORED("4=40");
}

static void test_transactions_as_text(void **state)
{
    SQLHSTMT s = stmt_of(state);

    gateway_reset();
    run(s, "BEGIN");
    run(s, "INSERT INTO t_tx VALUES (1, 10)");
    run(s, "COMMIT");
    STORED("1=10");
    run(s, "START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ WRITE");
    run(s, "INSERT INTO t_tx VALUES (2, 20)");
    run(s, "ROLLBACK");
    run(s, "INSERT INTO t_tx VALUES (3, 30)"); /* autocommit again */
    STORED("1=10 3=30");
    run(s, "BEGIN");
    assert_stmt_state(s, exec(s, "BEGIN"), "01000");
    assert_non_null(
        strstr(diag_text(SQL_HANDLE_STMT, s), "WARNING: there is already a transaction"));
    run(s, "UPDATE t_tx SET v = 0");
    run(s, "COMMIT AND CHAIN");
    run(s, "UPDATE t_tx SET v = 1 WHERE id = 1");
    run(s, "END");
    STORED("1=1 3=0");
    run(s, "COMMIT");
    run(s, "ROLLBACK");
    assert_stmt_state(s, exec(s, "COMMIT AND CHAIN"), "25P01"); /* nothing would be begun */
    assert_stmt_state(s, exec(s, "ROLLBACK AND CHAIN"), "25P01");
    assert_stmt_state(s, exec(s, "SAVEPOINT x"), "25000");
    run(s, "BEGIN READ ONLY");
    assert_stmt_state(s, exec(s, "BEGIN; COMMIT"), "25000");
    run(s, "ROLLBACK");
    assert_stmt_state(s, exec(s, "BEGIN ISOLATION LEVEL WONDERFUL"), "42601");
}

static void test_savepoints(void **state)
{
    SQLHDBC d = dbc_of(state);
    SQLHSTMT s = stmt_of(state);

    autocommit(d, SQL_AUTOCOMMIT_OFF);
    gateway_reset();
    run(s, "INSERT INTO t_tx VALUES (1, 10)");
    run(s, "SAVEPOINT a");
    run(s, "INSERT INTO t_tx VALUES (2, 20)");
    run(s, "SAVEPOINT \"B c\"");
    run(s, "INSERT INTO t_tx VALUES (3, 30)");
    run(s, "ROLLBACK TO SAVEPOINT \"B c\"");
    run(s, "INSERT INTO t_tx VALUES (4, 40)");
    run(s, "RELEASE A");
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    assert_int_equal(gateway_requests(), 1);
    STORED("1=10 2=20 4=40");
}

/* What the server takes for a name without quotes, and nothing else. (system_user is reserved from
 * version 16 on, and a name before.) */
static void test_savepoints_by_the_servers_keywords(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT words = new_stmt(f), s = f->stmt;
    SQLCHAR word[64], reserved[8];
    char text[100];
    long n = 0;
    SQLRETURN rc;

    run(words, "SELECT word, catcode IN ('R', 'T') FROM pg_get_keywords() WHERE word <> "
               "'system_user'");
    assert_stmt_ok(words, SQLBindCol(words, 1, SQL_C_CHAR, word, sizeof word, NULL));
    assert_stmt_ok(words, SQLBindCol(words, 2, SQL_C_CHAR, reserved, sizeof reserved, NULL));
    for (; SQL_SUCCEEDED(rc = SQLFetch(words)); n++) {
        run(s, "BEGIN");
        snprintf(text, sizeof text, "SAVEPOINT %s", (char *)word);
        rc = exec(s, text);
        if (SQL_SUCCEEDED(rc) != (reserved[0] == '0') ||
            (rc == SQL_ERROR && strcmp(diag_state(SQL_HANDLE_STMT, s), "42601") != 0))
            fail_msg("%s: %s", text, diag_text(SQL_HANDLE_STMT, s));
        run(s, "ROLLBACK");
    }
    assert_int_equal(rc, SQL_NO_DATA);
    assert_true(n > 400);
    SQLFreeHandle(SQL_HANDLE_STMT, words);
}

/* As on the server: what follows would not be undone as the application meant it. */
static void test_a_missing_savepoint_fails_the_transaction(void **state)
{
    SQLHDBC d = dbc_of(state);
    SQLHSTMT s = stmt_of(state);

    autocommit(d, SQL_AUTOCOMMIT_OFF);
    run(s, "INSERT INTO t_tx VALUES (1, 10)");
    run(s, "SAVEPOINT a");
    run(s, "INSERT INTO t_tx VALUES (2, 20)");
    assert_stmt_state(s, exec(s, "ROLLBACK TO b"), "3B001");
    assert_stmt_state(s, exec(s, "INSERT INTO t_tx VALUES (3, 30)"), "25P02");
    run(s, "ROLLBACK TO a");
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    STORED("1=10");
    run(s, "INSERT INTO t_tx VALUES (2, 20)");
    assert_stmt_state(s, exec(s, "RELEASE b"), "3B001");
    assert_dbc_state(d, end(d, SQL_COMMIT), "25S03");
    STORED("1=10");
    run(s, "NOT SQL"); /* told by the COMMIT, which ends the transaction all the same */
    assert_stmt_state(s, exec(s, "COMMIT"), "42601");
    run(s, "INSERT INTO t_tx VALUES (2, 20)");
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    STORED("1=10 2=20");
}

/* A read runs behind what waits, in a read-only batch of its own: that is not the transaction's. */
static void test_show_tells_the_transactions_own_mode(void **state)
{
    SQLHDBC d = dbc_of(state);
    SQLHSTMT s = stmt_of(state);

    autocommit(d, SQL_AUTOCOMMIT_OFF);
    assert_string_equal(query_text(s, "SHOW transaction_read_only"), "off");
    run(s, "INSERT INTO t_tx VALUES (1, 10)");
    assert_string_equal(query_text(s, "SHOW transaction_read_only"), "off");
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    STORED("1=10");
    run(s, "SET TRANSACTION READ ONLY");
    assert_string_equal(query_text(s, "SHOW transaction_read_only"), "on");
    assert_dbc_ok(d, end(d, SQL_ROLLBACK));
}

/* What was written before READ ONLY is stored; what comes behind is refused. */
static void test_read_only_from_the_middle_of_a_transaction(void **state)
{
    SQLHDBC d = dbc_of(state);
    SQLHSTMT s = stmt_of(state);

    autocommit(d, SQL_AUTOCOMMIT_OFF);
    run(s, "INSERT INTO t_tx VALUES (1, 10)");
    run(s, "SET TRANSACTION READ ONLY");
    assert_stmt_state(s, exec(s, "INSERT INTO t_tx VALUES (2, 20)"), "25006");
    assert_string_equal(query_text(s, "SELECT count(*) FROM t_tx"), "1");
    assert_string_equal(query_text(s, "SHOW transaction_read_only"), "on");
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    STORED("1=10");
    run(s, "SET TRANSACTION READ ONLY");
    assert_string_equal(query_text(s, "SELECT count(*) FROM t_tx"), "1");
    assert_stmt_state(s, exec(s, "SET TRANSACTION READ WRITE"), "25001");
    assert_stmt_state(s, exec(s, "SELECT 1"), "25P02");
    assert_dbc_ok(d, end(d, SQL_ROLLBACK));
}

static void test_constraints_can_be_deferred(void **state)
{
    SQLHDBC d = dbc_of(state);
    SQLHSTMT s = stmt_of(state);

    pg_admin("ALTER TABLE t_tx ADD CONSTRAINT t_once UNIQUE (v) DEFERRABLE");
    autocommit(d, SQL_AUTOCOMMIT_OFF);
    run(s, "INSERT INTO t_tx VALUES (1, 10), (2, 20)");
    run(s, "SET CONSTRAINTS ALL DEFERRED");
    run(s, "UPDATE t_tx SET v = 20 WHERE id = 1");
    run(s, "UPDATE t_tx SET v = 10 WHERE id = 2");
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    STORED("1=20 2=10");
}

/* ---- what would not be true is refused ---- */

static void test_refusals(void **state)
{
    static const struct {
        const char *sql, *state;
    } refused[] = {
        {"INSERT INTO t_tx VALUES (9, 9) RETURNING id", "HYC00"},
        {"UPDATE t_tx SET v = 0 RETURNING id", "HYC00"},
        {"WITH w AS (DELETE FROM t_tx RETURNING *) SELECT * FROM w", "HYC00"},
        {"SELECT * FROM t_tx FOR UPDATE", "HYC00"},
        {"SELECT nextval('customers_id_seq')", "HYC00"},
        {"EXPLAIN ANALYZE DELETE FROM t_tx", "HYC00"},
        {"CREATE TEMP TABLE t_temp (a int)", "HYC00"},
        {"SELECT pg_advisory_lock(1)", "HYC00"},
        {"LOCK TABLE t_tx", "HYC00"},
        {"DECLARE c CURSOR FOR SELECT 1", "HYC00"},
        {"LISTEN x", "HYC00"},
        {"COPY t_tx FROM STDIN", "HYC00"},
        {"PREPARE p AS SELECT 1", "HYC00"},
        {"CALL no_such_procedure()", "HYC00"},
        {"VACUUM", "25000"},
        {"CREATE DATABASE nope", "25000"},
        {"INSERT INTO t_tx VALUES (8, 8); SELECT 1", "HYC00"},
        {"INSERT INTO t_tx VALUES (8, 8); COMMIT", "25000"},
    };
    SQLHDBC d = dbc_of(state);
    SQLHSTMT s = stmt_of(state);

    autocommit(d, SQL_AUTOCOMMIT_OFF);
    run(s, "INSERT INTO t_tx VALUES (1, 10)");
    gateway_reset();
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_stmt_state(s, exec(s, refused[i].sql), refused[i].state);
        if (strlen(diag_text(SQL_HANDLE_STMT, s)) < 60)
            fail_msg("%s: %s", refused[i].sql, diag_text(SQL_HANDLE_STMT, s));
    }
    assert_int_equal(gateway_requests(), 0);
    /* a refusal is no failure: the transaction goes on */
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    STORED("1=10");
}

static void test_a_function_that_writes_is_never_undone_silently(void **state)
{
    SQLHDBC d = dbc_of(state);
    SQLHSTMT s = stmt_of(state);

    pg_admin("CREATE OR REPLACE FUNCTION t_writes() RETURNS int LANGUAGE sql AS 'INSERT INTO t_tx "
             "VALUES (77, 7) RETURNING id'");
    autocommit(d, SQL_AUTOCOMMIT_OFF);
    assert_stmt_state(s, exec(s, "SELECT t_writes()"), "25006"); /* nothing waits */
    assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, s), "Transport=auto"));
    /* the driver's refusal, not the transaction's failure: it goes on */
    assert_int_equal(query_number(s, "SELECT 1"), 1);
    run(s, "INSERT INTO t_tx VALUES (1, 10)");
    assert_stmt_state(s, exec(s, "SELECT t_writes()"), "25006"); /* behind what waits */
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    pg_admin("DROP FUNCTION t_writes()");
    STORED("1=10");
}

static void test_the_rules_of_attributes(void **state)
{
    struct fixture *f = *state;
    SQLHDBC d = f->dbc;
    SQLHSTMT s = f->stmt;
    SQLUINTEGER value = 99;

    autocommit(d, SQL_AUTOCOMMIT_OFF);
    assert_dbc_ok(d, SQLGetConnectAttr(d, SQL_ATTR_AUTOCOMMIT, &value, sizeof value, NULL));
    assert_int_equal(value, SQL_AUTOCOMMIT_OFF);
    run(s, "INSERT INTO t_tx VALUES (1, 10)");
    assert_dbc_state(
        d, SQLSetConnectAttr(d, SQL_ATTR_TXN_ISOLATION, (SQLPOINTER)SQL_TXN_SERIALIZABLE, 0),
        "HY011");
    assert_dbc_state(d, SQLDisconnect(d), "25000");
    STORED("");
    autocommit(d, SQL_AUTOCOMMIT_ON); /* commits */
    STORED("1=10");
    autocommit(d, SQL_AUTOCOMMIT_OFF);
    run(s, "INSERT INTO t_tx VALUES (1, 11)");
    assert_dbc_state(d, SQLSetConnectAttr(d, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_ON, 0),
                     "23505");
    STORED("1=10");
}

static void test_the_environment_ends_all_its_transactions(void **state)
{
    struct fixture *f = *state;
    struct fixture *other = fixture_new(SQL_OV_ODBC3);

    fixture_connect(other, NULL);
    autocommit(f->dbc, SQL_AUTOCOMMIT_OFF);
    run(f->stmt, "INSERT INTO t_tx VALUES (1, 10)");
    assert_int_equal(SQLEndTran(SQL_HANDLE_ENV, f->env, SQL_COMMIT), SQL_SUCCESS);
    STORED("1=10");
    fixture_free(other);
}

static void test_a_transaction_too_large_is_refused_before_it_is_sent(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s;
    SQLRETURN rc = SQL_SUCCESS;
    char *sql = malloc(20000);
    int n = 0;

    SQLFreeHandle(SQL_HANDLE_STMT, f->stmt);
    SQLDisconnect(f->dbc);
    fixture_connect(f, "DSN=neon;Transport=http;MaxRequestBytes=65536");
    s = f->stmt;
    autocommit(f->dbc, SQL_AUTOCOMMIT_OFF);
    for (; n < 10 && SQL_SUCCEEDED(rc); n++) {
        snprintf(sql, 20000, "INSERT INTO t_tx VALUES (%d, length('%*s'))", n, 15000, "x");
        rc = exec(s, sql);
    }
    assert_stmt_state(s, rc, "54000");
    assert_true(n == 5);
    assert_dbc_ok(f->dbc, end(f->dbc, SQL_COMMIT));
    STORED("0=15000 1=15000 2=15000 3=15000");
    free(sql);
}

static void test_counts_by_preview(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;
    SQLLEN n = 0;

    autocommit(f->dbc, SQL_AUTOCOMMIT_OFF);
    run(s, "INSERT INTO t_tx VALUES (1, 10), (2, 20)");
    assert_stmt_ok(s, SQLRowCount(s, &n));
    assert_int_equal(n, -1);
    assert_dbc_ok(f->dbc, end(f->dbc, SQL_ROLLBACK));
    SQLFreeHandle(SQL_HANDLE_STMT, s);
    SQLDisconnect(f->dbc);
    fixture_connect(f, "DSN=neon;Transport=http;BufferedRowCount=preview");
    s = f->stmt;
    autocommit(f->dbc, SQL_AUTOCOMMIT_OFF);
    run(s, "INSERT INTO t_tx VALUES (1, 10), (2, 20)");
    assert_stmt_ok(s, SQLRowCount(s, &n));
    assert_int_equal(n, 2);
    run(s, "UPDATE t_tx SET v = v + 1");
    assert_stmt_ok(s, SQLRowCount(s, &n));
    assert_int_equal(n, 2);
    assert_int_equal(exec(s, "DELETE FROM t_tx WHERE id = 99"), SQL_NO_DATA);
    STORED("");
    run(s, "SAVEPOINT a");
    assert_stmt_state(s, exec(s, "INSERT INTO t_tx VALUES (1, 0)"), "23505");
    run(s, "ROLLBACK TO a");
    assert_dbc_ok(f->dbc, end(f->dbc, SQL_COMMIT));
    STORED("1=11 2=21");
}

/* ---- rows of one INSERT leave together ---- */

static void bind_two(SQLHSTMT s, SQLINTEGER *a, SQLINTEGER *b, SQLLEN *ind)
{
    assert_stmt_ok(
        s, SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER, 0, 0, a, 0, NULL));
    assert_stmt_ok(
        s, SQLBindParameter(s, 2, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER, 0, 0, b, 0, ind));
}

static void test_ten_thousand_inserts_are_a_handful_of_statements(void **state)
{
    SQLHDBC d = dbc_of(state);
    SQLHSTMT s = stmt_of(state);
    SQLINTEGER id, v;
    SQLLEN ind = 0;

    autocommit(d, SQL_AUTOCOMMIT_OFF);
    assert_stmt_ok(s, SQLPrepare(s, sqltext("INSERT INTO t_tx VALUES (?, ?)"), SQL_NTS));
    bind_two(s, &id, &v, &ind);
    gateway_reset();
    for (id = 1; id <= 20000; id++) {
        v = id % 1000;
        ind = id % 7 == 0 ? SQL_NULL_DATA : 0;
        assert_stmt_ok(s, SQLExecute(s));
    }
    assert_int_equal(gateway_requests(), 0);
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    assert_int_equal(gateway_requests(), 1);
    assert_in_range(gateway_count("statements"), 2, 5); /* 32767 parameters are the limit of one */
    assert_string_equal(
        pg_admin("SELECT count(*) || ' ' || sum(v) || ' ' || count(v) || ' ' || "
                 "bool_and(v IS NULL OR v = id % 1000) FROM t_tx"),
        pg_admin("SELECT count(*) || ' ' || sum(v) || ' ' || count(v) || ' true' FROM "
                 "(SELECT CASE WHEN g % 7 <> 0 THEN g % 1000 END AS v FROM "
                 "generate_series(1, 20000) g) s"));
}

static void test_rows_are_gathered_only_where_that_changes_nothing(void **state)
{
    SQLHDBC d = dbc_of(state);
    SQLHSTMT s = stmt_of(state);
    SQLHSTMT other = new_stmt(*state);
    SQLINTEGER id = 0, v = 0;
    SQLLEN ind = 0;

    autocommit(d, SQL_AUTOCOMMIT_OFF);
    assert_stmt_ok(s, SQLPrepare(s, sqltext("INSERT INTO t_tx VALUES (?, ?)"), SQL_NTS));
    bind_two(s, &id, &v, &ind);
    for (id = 1; id <= 2; id++)
        assert_stmt_ok(s, SQLExecute(s));    /* 1 */
    run(other, "UPDATE t_tx SET v = v + 1"); /* 2: another statement between */
    for (id = 3; id <= 4; id++)
        assert_stmt_ok(s, SQLExecute(s)); /* 3 */
    run(other, "SAVEPOINT a");            /* a savepoint between */
    for (id = 5; id <= 6; id++)
        assert_stmt_ok(s, SQLExecute(s));
    run(other, "ROLLBACK TO a");
    for (id = 7; id <= 8; id++)
        assert_stmt_ok(s, SQLExecute(s)); /* 4 */
    run(other, "RELEASE a");
    /* seen by a read behind them, all rows of each */
    gateway_reset();
    assert_string_equal(
        query_text(other, "SELECT string_agg(id || '=' || v, ' ' ORDER BY id) FROM t_tx"),
        "1=1 2=1 3=0 4=0 7=0 8=0");
    gateway_reset();
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    assert_int_equal(gateway_count("statements"), 4);
    STORED("1=1 2=1 3=0 4=0 7=0 8=0");
    /* a row may depend on the one before: each by itself */
    assert_stmt_ok(
        s, SQLPrepare(s,
                      sqltext("INSERT INTO t_tx VALUES ((SELECT max(id) + 1 FROM t_tx), ? + "
                              "0 * ?)"),
                      SQL_NTS));
    v = 5;
    for (id = 1; id <= 3; id++)
        assert_stmt_ok(s, SQLExecute(s));
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    STORED("1=1 2=1 3=0 4=0 7=0 8=0 9=1 10=2 11=3");
    SQLFreeHandle(SQL_HANDLE_STMT, other);
}

static void test_setting_autocommit_to_what_it_is_ends_nothing(void **state)
{
    SQLHDBC d = dbc_of(state);
    SQLHSTMT s = stmt_of(state);

    run(s, "BEGIN");
    run(s, "INSERT INTO t_tx VALUES (1, 10)");
    gateway_reset();
    autocommit(d, SQL_AUTOCOMMIT_ON);
    assert_int_equal(gateway_requests(), 0);
    run(s, "ROLLBACK");
    STORED("");
}

/* ---- two connections ---- */

struct pair {
    struct fixture *a, *b;
};

static int setup_pair(void **state)
{
    struct pair *p = test_calloc(1, sizeof *p);

    gateway_reset();
    pg_admin("DROP TABLE IF EXISTS t_tx; CREATE TABLE t_tx (id int PRIMARY KEY, v int); GRANT ALL "
             "ON t_tx TO app;"
             "INSERT INTO t_tx VALUES (1, 100), (2, 100)");
    p->a = fixture_new(SQL_OV_ODBC3);
    p->b = fixture_new(SQL_OV_ODBC3);
    fixture_connect(p->a, "DSN=neon;Transport=http");
    fixture_connect(p->b, "DSN=neon;Transport=http");
    *state = p;
    return 0;
}

static int teardown_pair(void **state)
{
    struct pair *p = *state;

    end(p->a->dbc, SQL_ROLLBACK);
    end(p->b->dbc, SQL_ROLLBACK);
    fixture_free(p->a);
    fixture_free(p->b);
    test_free(p);
    pg_admin("DROP TABLE t_tx");
    return 0;
}

static void open_both(struct pair *p, SQLULEN level)
{
    autocommit(p->a->dbc, SQL_AUTOCOMMIT_OFF);
    autocommit(p->b->dbc, SQL_AUTOCOMMIT_OFF);
    isolation(p->a->dbc, level);
    isolation(p->b->dbc, level);
}

static long long value_of(struct fixture *f, int id)
{
    char sql[80];

    snprintf(sql, sizeof sql, "SELECT v FROM t_tx WHERE id = %d", id);
    return query_number(f->stmt, sql);
}

static void set_value(struct fixture *f, int id, long long v)
{
    char sql[100];

    snprintf(sql, sizeof sql, "UPDATE t_tx SET v = %lld WHERE id = %d", v, id);
    run(f->stmt, sql);
}

static const SQLULEN checked_levels[] = {SQL_TXN_REPEATABLE_READ, SQL_TXN_SERIALIZABLE};

static void test_no_lost_update(void **state)
{
    struct pair *p = *state;

    for (size_t i = 0; i < 2; i++) {
        pg_admin("UPDATE t_tx SET v = 100");
        open_both(p, checked_levels[i]);
        set_value(p->a, 1, value_of(p->a, 1) + 1);
        set_value(p->b, 1, value_of(p->b, 1) + 10);
        assert_dbc_ok(p->a->dbc, end(p->a->dbc, SQL_COMMIT));
        assert_dbc_state(p->b->dbc, end(p->b->dbc, SQL_COMMIT), "40001");
        STORED("1=101 2=100");
        /* and the second try succeeds */
        set_value(p->b, 1, value_of(p->b, 1) + 10);
        assert_dbc_ok(p->b->dbc, end(p->b->dbc, SQL_COMMIT));
        STORED("1=111 2=100");
    }
}

static void test_a_lost_update_at_read_committed_is_as_on_tcp(void **state)
{
    struct pair *p = *state;

    open_both(p, SQL_TXN_READ_COMMITTED);
    set_value(p->a, 1, value_of(p->a, 1) + 1);
    set_value(p->b, 1, value_of(p->b, 1) + 10);
    assert_dbc_ok(p->a->dbc, end(p->a->dbc, SQL_COMMIT));
    assert_dbc_ok(p->b->dbc, end(p->b->dbc, SQL_COMMIT));
    STORED("1=110 2=100");
}

static void test_no_write_skew(void **state)
{
    struct pair *p = *state;

    open_both(p, SQL_TXN_SERIALIZABLE);
    assert_int_equal(value_of(p->a, 1) + value_of(p->a, 2), 200);
    assert_int_equal(value_of(p->b, 1) + value_of(p->b, 2), 200);
    set_value(p->a, 1, -50);
    set_value(p->b, 2, -50);
    assert_dbc_ok(p->a->dbc, end(p->a->dbc, SQL_COMMIT));
    assert_dbc_state(p->b->dbc, end(p->b->dbc, SQL_COMMIT), "40001");
    STORED("1=-50 2=100");
}

static void test_no_read_skew(void **state)
{
    struct pair *p = *state;

    for (size_t i = 0; i < 2; i++) {
        pg_admin("UPDATE t_tx SET v = 100");
        open_both(p, checked_levels[i]);
        assert_int_equal(value_of(p->a, 1), 100);
        set_value(p->b, 1, 0);
        set_value(p->b, 2, 200);
        assert_dbc_ok(p->b->dbc, end(p->b->dbc, SQL_COMMIT));
        (void)value_of(p->a, 2); /* of another moment */
        assert_dbc_state(p->a->dbc, end(p->a->dbc, SQL_COMMIT), "40001");
    }
}

static void test_no_phantom(void **state)
{
    struct pair *p = *state;

    open_both(p, SQL_TXN_SERIALIZABLE);
    assert_int_equal(query_number(p->a->stmt, "SELECT count(*) FROM t_tx WHERE v > 50"), 2);
    run(p->b->stmt, "INSERT INTO t_tx VALUES (3, 100)");
    assert_dbc_ok(p->b->dbc, end(p->b->dbc, SQL_COMMIT));
    run(p->a->stmt, "INSERT INTO t_tx SELECT 9, count(*) FROM t_tx WHERE v > 50");
    assert_dbc_state(p->a->dbc, end(p->a->dbc, SQL_COMMIT), "40001");
}

static void test_reads_of_own_writes_are_checked_where_they_stood(void **state)
{
    struct pair *p = *state;

    open_both(p, SQL_TXN_SERIALIZABLE);
    assert_int_equal(value_of(p->a, 1), 100);
    set_value(p->a, 1, 5);
    assert_int_equal(value_of(p->a, 1), 5);
    set_value(p->a, 1, 6);
    assert_int_equal(value_of(p->a, 1), 6);
    run(p->a->stmt, "SELECT NULL::text, '' WHERE false");
    assert_dbc_ok(p->a->dbc, end(p->a->dbc, SQL_COMMIT));
    STORED("1=6 2=100");
}

static void test_one_read_needs_no_check(void **state)
{
    struct pair *p = *state;

    open_both(p, SQL_TXN_SERIALIZABLE);
    gateway_reset();
    (void)value_of(p->a, 1);
    assert_dbc_ok(p->a->dbc, end(p->a->dbc, SQL_COMMIT));
    assert_int_equal(gateway_requests(), 1);
    (void)value_of(p->a, 1);
    (void)value_of(p->a, 2);
    assert_dbc_ok(p->a->dbc, end(p->a->dbc, SQL_COMMIT));
    assert_int_equal(gateway_requests(), 4);
}

static void test_the_level_is_never_guessed(void **state)
{
    struct pair *p = *state;

    pg_admin("ALTER ROLE app SET default_transaction_isolation TO 'serializable'");
    SQLFreeHandle(SQL_HANDLE_STMT, p->a->stmt);
    SQLDisconnect(p->a->dbc);
    fixture_connect(p->a, "DSN=neon;Transport=http;Pool=0;VerifyConnectionEarly=0");
    autocommit(p->a->dbc, SQL_AUTOCOMMIT_OFF);
    assert_string_equal(query_text(p->a->stmt, "SHOW transaction_isolation"), "read committed");
    SQLFreeHandle(SQL_HANDLE_STMT, p->b->stmt);
    SQLDisconnect(p->b->dbc);
    fixture_connect(p->b, "DSN=neon;Transport=http;Pool=0");
    pg_admin("ALTER ROLE app RESET default_transaction_isolation");
    autocommit(p->b->dbc, SQL_AUTOCOMMIT_OFF);
    assert_int_equal(value_of(p->b, 1), 100); /* the server's default: checked */
    run(p->b->stmt, "INSERT INTO t_tx VALUES (5, 5)");
    pg_admin("UPDATE t_tx SET v = 7 WHERE id = 1");
    assert_dbc_state(p->b->dbc, end(p->b->dbc, SQL_COMMIT), "40001");
    gateway_close_idle(); /* nobody else is to have this level */
}

/* ---- what a check sees ---- */

/* Reads by one, changes by psql, and whether the first then may commit. */
static void check_read(struct pair *p, const char *read, const char *change, bool same)
{
    SQLRETURN rc;

    run(p->a->stmt, read);
    SQLFreeStmt(p->a->stmt, SQL_CLOSE);
    run(p->a->stmt, "INSERT INTO t_seen VALUES (99, 'mark', '{}', '(0,0)')");
    pg_admin(change);
    rc = end(p->a->dbc, SQL_COMMIT);
    if (same)
        assert_dbc_ok(p->a->dbc, rc);
    else
        assert_dbc_state(p->a->dbc, rc, "40001");
    pg_admin("DELETE FROM t_seen WHERE id = 99");
}

static void test_what_a_check_sees(void **state)
{
    static const struct {
        const char *read, *change;
        bool same;
    } cases[] = {
        /* another place on disk is no change */
        {"SELECT * FROM t_seen WHERE id < 50", "UPDATE t_seen SET id = id WHERE id = 1", true},
        /* NULL and the empty text, types without hash or equality */
        {"SELECT t FROM t_seen WHERE id = 3", "UPDATE t_seen SET t = '' WHERE id = 3", false},
        {"SELECT j FROM t_seen WHERE id = 1", "UPDATE t_seen SET j = '{\"a\": 2}' WHERE id = 1",
         false},
        {"SELECT p FROM t_seen WHERE id = 1", "UPDATE t_seen SET p = '(1,2)' WHERE id = 1", false},
        /* how often */
        {"SELECT 'x' FROM t_seen WHERE id < 50",
         "INSERT INTO t_seen VALUES (4, 'd', '{}', '(0,0)')", false},
        {"SELECT t, t FROM t_seen WHERE id IN (1, 2)",
         "UPDATE t_seen SET t = CASE id WHEN 1 THEN 'b' ELSE 'a' END WHERE id IN (1, 2)", true},
        /* the order where one was asked for */
        {"SELECT t FROM t_seen WHERE id IN (1, 2) ORDER BY id",
         "UPDATE t_seen SET t = CASE t WHEN 'a' THEN 'b' ELSE 'a' END WHERE id IN (1, 2)", false},
        {"SELECT t FROM t_seen ORDER BY id LIMIT 1", "UPDATE t_seen SET t = 'z' WHERE id = 2",
         true},
        {"SELECT t FROM t_seen ORDER BY id LIMIT 1", "UPDATE t_seen SET t = 'z' WHERE id = 1",
         false},
        {"WITH w AS (SELECT max(id) AS m FROM t_seen WHERE id < 50) SELECT m FROM w",
         "INSERT INTO t_seen VALUES (5, 'e', '{}', '(0,0)')", false},
        {"TABLE t_seen", "DELETE FROM t_seen WHERE id = 5", false},
        {"VALUES ((SELECT count(*) FROM t_seen WHERE id < 50))", "DELETE FROM t_seen WHERE id = 4",
         false},
        /* nothing that another could change */
        {"SELECT now(), random(), version()", "UPDATE t_seen SET t = 'y' WHERE id = 1", true},
        {"EXPLAIN ANALYZE SELECT * FROM t_seen", "UPDATE t_seen SET t = 'w' WHERE id = 1", true},
        {"SHOW TimeZone", "UPDATE t_seen SET t = 'v' WHERE id = 1", true},
        {"SELECT t FROM t_seen WHERE id < extract(epoch FROM now())",
         "UPDATE t_seen SET p = '(5,5)' WHERE id = 1", true},
    };
    struct pair *p = *state;

    pg_admin("CREATE TABLE t_seen (id int, t text, j json, p point); GRANT ALL ON t_seen TO app; "
             "INSERT INTO t_seen VALUES (1, 'a', '{\"a\": 1}', '(1,1)'), (2, 'b', '{}', '(0,0)'), "
             "(3, NULL, NULL, NULL)");
    for (size_t level = 0; level < 2; level++) {
        pg_admin(
            "TRUNCATE t_seen; INSERT INTO t_seen VALUES (1, 'a', '{\"a\": 1}', '(1,1)'), (2, 'b', "
            "'{}', '(0,0)'), (3, NULL, NULL, NULL)");
        open_both(p, checked_levels[level]);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
            check_read(p, cases[i].read, cases[i].change, cases[i].same);
    }
    pg_admin("DROP TABLE t_seen");
}

static void test_parameters_of_reads_are_checked_too(void **state)
{
    struct pair *p = *state;
    SQLHSTMT s = p->a->stmt;
    SQLINTEGER id = 1, v = 0;
    SQLLEN ind;

    open_both(p, SQL_TXN_SERIALIZABLE);
    for (int changed = 0; changed < 2; changed++) {
        assert_stmt_ok(s, SQLPrepare(s, sqltext("SELECT v FROM t_tx WHERE id = ?"), SQL_NTS));
        assert_stmt_ok(s, SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER, 0, 0,
                                           &id, 0, NULL));
        assert_stmt_ok(s, SQLExecute(s));
        assert_stmt_ok(s, SQLFetch(s));
        assert_stmt_ok(s, SQLGetData(s, 1, SQL_C_LONG, &v, 0, &ind));
        SQLFreeStmt(s, SQL_CLOSE);
        SQLFreeStmt(s, SQL_RESET_PARAMS);
        run(s, "UPDATE t_tx SET v = v + 1 WHERE id = 1");
        set_value(p->b, changed ? 1 : 2, 7);
        assert_dbc_ok(p->b->dbc, end(p->b->dbc, SQL_COMMIT));
        if (changed)
            assert_dbc_state(p->a->dbc, end(p->a->dbc, SQL_COMMIT), "40001");
        else
            assert_dbc_ok(p->a->dbc, end(p->a->dbc, SQL_COMMIT));
    }
}

static void test_what_varies_by_itself_is_refused(void **state)
{
    static const char *const texts[] = {"SELECT now(), v FROM t_tx", "SELECT random() FROM t_tx",
                                        "SELECT id, CURRENT_TIMESTAMP AS t FROM t_tx"};
    struct pair *p = *state;

    open_both(p, SQL_TXN_SERIALIZABLE);
    gateway_reset();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_stmt_state(p->a->stmt, exec(p->a->stmt, texts[i]), "HYC00");
    assert_int_equal(gateway_requests(), 0);
    isolation(p->a->dbc, SQL_TXN_READ_COMMITTED);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_stmt_ok(p->a->stmt, exec(p->a->stmt, texts[i]));
}

/* What was read behind a savepoint counts, although what was written there is undone. */
static void test_reads_behind_a_savepoint_that_is_rolled_back(void **state)
{
    struct pair *p = *state;

    for (int changed = 0; changed < 2; changed++) {
        pg_admin("UPDATE t_tx SET v = 100");
        open_both(p, SQL_TXN_SERIALIZABLE);
        run(p->a->stmt, "SAVEPOINT outside");
        run(p->a->stmt, "SAVEPOINT a");
        set_value(p->a, 1, 1);
        assert_int_equal(query_number(p->a->stmt, "SELECT sum(v) FROM t_tx"), 101);
        run(p->a->stmt, "ROLLBACK TO a");
        assert_int_equal(value_of(p->a, 1), 100);
        set_value(p->a, 1, 2);
        assert_int_equal(query_number(p->a->stmt, "SELECT sum(v) FROM t_tx"), 102);
        run(p->a->stmt, "ROLLBACK TO outside");
        run(p->a->stmt, "ROLLBACK TO outside");
        run(p->a->stmt, "INSERT INTO t_tx VALUES (9, 9)");
        if (changed) {
            set_value(p->b, 2, 50);
            assert_dbc_ok(p->b->dbc, end(p->b->dbc, SQL_COMMIT));
            assert_dbc_state(p->a->dbc, end(p->a->dbc, SQL_COMMIT), "40001");
            STORED("1=100 2=50");
        } else {
            assert_dbc_ok(p->a->dbc, end(p->a->dbc, SQL_COMMIT));
            STORED("1=100 2=100 9=9");
        }
        pg_admin("DELETE FROM t_tx WHERE id = 9");
    }
}

/* A count that the application was told is that of the commit, at any level: the stale update that
 * an ORM's version column finds on TCP is found here. */
static void test_counts_by_preview_are_kept_by_the_commit(void **state)
{
    struct pair *p = *state;
    SQLLEN n = 0;

    SQLFreeHandle(SQL_HANDLE_STMT, p->a->stmt);
    SQLDisconnect(p->a->dbc);
    fixture_connect(p->a, "DSN=neon;Transport=http;BufferedRowCount=preview");
    open_both(p, SQL_TXN_READ_COMMITTED);
    run(p->a->stmt, "UPDATE t_tx SET v = 101 WHERE id = 1 AND v = 100");
    assert_stmt_ok(p->a->stmt, SQLRowCount(p->a->stmt, &n));
    assert_int_equal(n, 1);
    set_value(p->b, 1, 110);
    assert_dbc_ok(p->b->dbc, end(p->b->dbc, SQL_COMMIT));
    assert_dbc_state(p->a->dbc, end(p->a->dbc, SQL_COMMIT), "40001");
    STORED("1=110 2=100");
    run(p->a->stmt, "WITH w AS (SELECT 2 AS id) DELETE FROM t_tx USING w WHERE t_tx.id = w.id");
    run(p->a->stmt, "INSERT INTO t_tx VALUES (3, 3), (4, 4) ON CONFLICT DO NOTHING");
    assert_dbc_ok(p->a->dbc, end(p->a->dbc, SQL_COMMIT));
    STORED("1=110 3=3 4=4");
    /* where the commit could not make sure, no count is told */
    run(p->a->stmt,
        "WITH w AS (DELETE FROM t_tx WHERE id = 3 RETURNING id) UPDATE t_tx SET v = 1 FROM w "
        "WHERE t_tx.id = 4");
    assert_stmt_ok(p->a->stmt, SQLRowCount(p->a->stmt, &n));
    assert_int_equal(n, -1);
    assert_dbc_ok(p->a->dbc, end(p->a->dbc, SQL_COMMIT));
    STORED("1=110 4=1");
}

/* ---- the network ---- */

static void test_a_lost_commit_is_unknown_and_said_so(void **state)
{
    SQLHDBC d = dbc_of(state);
    SQLHSTMT s = stmt_of(state);

    autocommit(d, SQL_AUTOCOMMIT_OFF);
    run(s, "INSERT INTO t_tx VALUES (1, 10)");
    gateway_fault("{\"kind\":\"lost_after_commit\"}");
    assert_dbc_state(d, end(d, SQL_COMMIT), "08007");
    assert_non_null(strstr(diag_text(SQL_HANDLE_DBC, d), "unknown"));
    STORED("1=10"); /* it was sent once */
    run(s, "INSERT INTO t_tx VALUES (2, 20)");
    gateway_fault("{\"kind\":\"lost_before_execute\"}");
    assert_dbc_state(d, end(d, SQL_COMMIT), "08007");
    STORED("1=10");
    run(s, "INSERT INTO t_tx VALUES (3, 30)");
    gateway_fault("{\"kind\":\"cut\",\"after_bytes\":10}");
    assert_dbc_state(d, end(d, SQL_COMMIT), "08007");
    STORED("1=10 3=30");
    run(s, "INSERT INTO t_tx VALUES (4, 40)");
    assert_dbc_ok(d, end(d, SQL_COMMIT));
    STORED("1=10 3=30 4=40");
}

/* Where none of its statements is to blame, no message says so. */
static void test_a_commit_that_nobody_took(void **state)
{
    SQLHDBC d = dbc_of(state);
    SQLHSTMT s = stmt_of(state);

    autocommit(d, SQL_AUTOCOMMIT_OFF);
    run(s, "INSERT INTO t_tx VALUES (1, 10)");
    gateway_fault("{\"kind\":\"status\",\"count\":1,\"status\":400,\"body\":"
                  "\"{\\\"message\\\":\\\"password authentication failed\\\"}\"}");
    assert_dbc_state(d, end(d, SQL_COMMIT), "28000");
    assert_non_null(strstr(diag_text(SQL_HANDLE_DBC, d), "nothing of it was stored"));
    assert_null(strstr(diag_text(SQL_HANDLE_DBC, d), "one of its statements"));
    STORED("");
    run(s, "INSERT INTO t_tx VALUES (2, 20), (2, 20)");
    assert_dbc_state(d, end(d, SQL_COMMIT), "23505");
    assert_non_null(strstr(diag_text(SQL_HANDLE_DBC, d), "one of its statements"));
    STORED("");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_table, teardown_table)
#define P(f) cmocka_unit_test_setup_teardown(f, setup_pair, teardown_pair)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_commit_and_rollback),
        T(test_reads_see_pending_writes),
        T(test_a_long_read_inside_a_transaction),
        T(test_parameters_wait_too),
        T(test_errors_come_with_the_commit_and_nothing_is_stored),
        T(test_a_failed_statement_ends_all_but_the_rollback),
        T(test_transactions_as_text),
        T(test_savepoints),
        T(test_savepoints_by_the_servers_keywords),
        T(test_a_missing_savepoint_fails_the_transaction),
        T(test_show_tells_the_transactions_own_mode),
        T(test_read_only_from_the_middle_of_a_transaction),
        T(test_constraints_can_be_deferred),
        T(test_refusals),
        T(test_a_function_that_writes_is_never_undone_silently),
        T(test_the_rules_of_attributes),
        T(test_the_environment_ends_all_its_transactions),
        T(test_a_transaction_too_large_is_refused_before_it_is_sent),
        T(test_counts_by_preview),
        T(test_ten_thousand_inserts_are_a_handful_of_statements),
        T(test_rows_are_gathered_only_where_that_changes_nothing),
        T(test_setting_autocommit_to_what_it_is_ends_nothing),
        T(test_a_lost_commit_is_unknown_and_said_so),
        T(test_a_commit_that_nobody_took),
        P(test_no_lost_update),
        P(test_a_lost_update_at_read_committed_is_as_on_tcp),
        P(test_no_write_skew),
        P(test_no_read_skew),
        P(test_no_phantom),
        P(test_reads_of_own_writes_are_checked_where_they_stood),
        P(test_one_read_needs_no_check),
        P(test_the_level_is_never_guessed),
        P(test_what_a_check_sees),
        P(test_parameters_of_reads_are_checked_too),
        P(test_what_varies_by_itself_is_refused),
        P(test_reads_behind_a_savepoint_that_is_rolled_back),
        P(test_counts_by_preview_are_kept_by_the_commit),
    };

    fixture_connstr = FIXTURE_HTTP;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
