/* A large result read forward-only: through a session in constant memory, where the server does not
 * run ahead of a reader that takes its time (NEON_TEST_READ_MB says how much is read, default 100);
 * and over HTTP in a transaction that must find the same rows at its commit, without keeping them.
 */
#include <time.h>

#include "odbc_test.h"

#define ROW_BYTES 1000
#define BLOCK_ROWS 100
#define MEMORY_KIB (24 * 1024)
/* Over HTTP an answer has at most 10 MiB. */
#define HTTP_ROWS 9000
#define HTTP_MEMORY_KIB (3 * 1024)
/* What may lie in sockets, the gateway and the driver's chunks. */
#define ON_ITS_WAY_MB 32

#if defined __SANITIZE_ADDRESS__
#define SANITIZED 1
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

static long read_mb(void)
{
    const char *mb = getenv("NEON_TEST_READ_MB");

    return mb != NULL && mb[0] != '\0' ? strtol(mb, NULL, 10) : 100;
}

static long status_kib(const char *field)
{
    char line[200];
    FILE *file = fopen("/proc/self/status", "r");
    long kib = -1;

    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, field, strlen(field)) == 0)
            kib = strtol(line + strlen(field) + 1, NULL, 10);
    fclose(file);
    assert_true(kib > 0);
    return kib;
}

/* What the gateway has sent, once it sends no more: nobody reads meanwhile. */
static long sent_mb_when_still(void)
{
    const struct timespec a_while = {.tv_nsec = 100000000};
    long before, now = gateway_count("ws_bytes_out");
    int same = 0;

    while (same < 5) {
        nanosleep(&a_while, NULL);
        before = now;
        now = gateway_count("ws_bytes_out");
        same = now == before ? same + 1 : 0;
    }
    return now >> 20;
}

static struct fixture *connect_by_session(bool transaction)
{
    struct fixture *f = fixture_new(SQL_OV_ODBC3_80);

    fixture_connect(f, transaction ? "DSN=neon;Transport=auto" : "DSN=neon;Transport=websocket");
    if (transaction) {
        assert_dbc_ok(f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT,
                                                (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0));
        run(f->stmt, "CREATE TEMP TABLE a_write (a int)");
    }
    return f;
}

static void begin_rows(SQLHSTMT s, long n_rows, SQLINTEGER *ids, char (*texts)[ROW_BYTES + 1])
{
    char sql[200];

    snprintf(sql, sizeof sql,
             "SELECT g, rpad(g::text, %d, 'abcdefghij') FROM generate_series(1, %ld) g", ROW_BYTES,
             n_rows);
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)BLOCK_ROWS, 0));
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_SLONG, ids, 0, NULL));
    assert_stmt_ok(s, SQLBindCol(s, 2, SQL_C_CHAR, texts, ROW_BYTES + 1, NULL));
    SQLFreeStmt(s, SQL_CLOSE);
    assert_stmt_ok(s, SQLExecDirect(s, sqltext(sql), SQL_NTS));
}

/* *at rows have been read; false: that was the last. */
static bool next_block(SQLHSTMT s, long *at, SQLINTEGER *ids, char (*texts)[ROW_BYTES + 1])
{
    SQLRETURN rc = SQLFetch(s);

    if (rc == SQL_NO_DATA)
        return false;
    assert_stmt_ok(s, rc);
    for (int i = 0; i < BLOCK_ROWS; i++) {
        assert_int_equal(ids[i], *at + 1 + i);
        assert_int_equal(strlen(texts[i]), ROW_BYTES);
        assert_int_equal(strtol(texts[i], NULL, 10), *at + 1 + i);
    }
    *at += BLOCK_ROWS;
    return true;
}

static void read_it(bool transaction)
{
    static SQLINTEGER ids[BLOCK_ROWS];
    static char texts[BLOCK_ROWS][ROW_BYTES + 1];
    const long n_rows = read_mb() * 1000;
    struct fixture *f = connect_by_session(transaction);
    struct timespec begun, ended;
    long at = 0, before, growth;

    begin_rows(f->stmt, 20000, ids, texts); /* what a reader needs once */
    while (next_block(f->stmt, &at, ids, texts))
        continue;
    gateway_reset();
    before = status_kib("VmHWM");
    at = 0;
    begin_rows(f->stmt, n_rows, ids, texts);
    for (int stop = 0; stop < 2; stop++) { /* a reader that takes its time */
        long sent;
        assert_true(next_block(f->stmt, &at, ids, texts));
        sent = sent_mb_when_still();
        if (sent > ON_ITS_WAY_MB)
            fail_msg("%ld rows were read, and the server has sent %ld MiB", at, sent);
    }
    clock_gettime(CLOCK_MONOTONIC, &begun);
    while (next_block(f->stmt, &at, ids, texts))
        continue;
    clock_gettime(CLOCK_MONOTONIC, &ended);
    assert_int_equal(at, n_rows);
    assert_true(gateway_count("ws_bytes_out") > n_rows * ROW_BYTES); /* it was a session */
    growth = status_kib("VmHWM") - before;
    print_message("%ld MB read %s: peak memory grew by %ld KiB, %.0f MB/s\n", n_rows / 1000,
                  transaction ? "in a transaction" : "as one stream", growth,
                  (double)n_rows / 1000 /
                      ((double)(ended.tv_sec - begun.tv_sec) +
                       (double)(ended.tv_nsec - begun.tv_nsec) / 1e9));
#ifndef SANITIZED
    assert_true(growth <= MEMORY_KIB);
#endif
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
    fixture_free(f);
}

static void test_one_stream(void **state)
{
    (void)state;
    read_it(false);
}

static void test_in_a_transaction(void **state)
{
    (void)state;
    read_it(true);
}

/* A reader that leaves: in autocommit mode the server is stopped, and the connection goes on at
 * once. */
static void test_a_reader_that_leaves(void **state)
{
    static SQLINTEGER ids[BLOCK_ROWS];
    static char texts[BLOCK_ROWS][ROW_BYTES + 1];
    struct fixture *f = connect_by_session(false);
    long at = 0;

    (void)state;
    gateway_reset();
    begin_rows(f->stmt, 3000000, ids, texts);
    assert_true(next_block(f->stmt, &at, ids, texts));
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    SQLFreeStmt(f->stmt, SQL_UNBIND);
    assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)1, 0));
    assert_string_equal(query_text(f->stmt, "SELECT 'goes on'"), "goes on");
    assert_true(gateway_count("ws_bytes_out") >> 20 < 1000);
    fixture_free(f);
}

static void read_table(SQLHSTMT s, const char *sql, long n_rows, SQLINTEGER *ids,
                       char (*texts)[ROW_BYTES + 1])
{
    long at = 0;

    assert_stmt_ok(s, SQLExecDirect(s, sqltext(sql), SQL_NTS));
    while (next_block(s, &at, ids, texts))
        continue;
    assert_int_equal(at, n_rows);
    SQLFreeStmt(s, SQL_CLOSE);
}

/* The server reduces the rows to a checksum: the driver has that alone until the commit, which
 * finds what somebody else has changed in the last row. */
static void test_a_checked_read_is_not_kept(void **state)
{
    static SQLINTEGER ids[BLOCK_ROWS];
    static char texts[BLOCK_ROWS][ROW_BYTES + 1];
    struct fixture *f = fixture_new(SQL_OV_ODBC3_80);
    char sql[300];
    long before, growth;

    (void)state;
    snprintf(sql, sizeof sql,
             "CREATE TABLE t_large AS SELECT g AS id, rpad(g::text, %d, 'abcdefghij') AS v FROM "
             "generate_series(1, %d) g; GRANT ALL ON t_large TO app",
             ROW_BYTES, HTTP_ROWS);
    pg_admin("DROP TABLE IF EXISTS t_large");
    pg_admin(sql);
    fixture_connect(f, "DSN=neon;Transport=http;Isolation=repeatable-read");
    assert_dbc_ok(
        f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0));
    assert_stmt_ok(f->stmt,
                   SQLSetStmtAttr(f->stmt, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)BLOCK_ROWS, 0));
    assert_stmt_ok(f->stmt, SQLBindCol(f->stmt, 1, SQL_C_SLONG, ids, 0, NULL));
    assert_stmt_ok(f->stmt, SQLBindCol(f->stmt, 2, SQL_C_CHAR, texts, ROW_BYTES + 1, NULL));
    read_table(f->stmt, "SELECT * FROM t_large WHERE id <= 2000 ORDER BY id", 2000, ids, texts);
    before = status_kib("VmHWM");
    read_table(f->stmt, "SELECT * FROM t_large ORDER BY id", HTTP_ROWS, ids, texts);
    growth = status_kib("VmHWM") - before;
    print_message("%d rows read over HTTP: peak memory grew by %ld KiB\n", HTTP_ROWS, growth);
#ifndef SANITIZED
    assert_true(growth <= HTTP_MEMORY_KIB);
#endif
    snprintf(sql, sizeof sql, "UPDATE t_large SET v = v || 'x' WHERE id = %d", HTTP_ROWS);
    pg_admin(sql);
    assert_dbc_state(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT), "40001");
    pg_admin("DROP TABLE t_large");
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_checked_read_is_not_kept), /* before others need more at once */
        cmocka_unit_test(test_one_stream),
        cmocka_unit_test(test_in_a_transaction),
        cmocka_unit_test(test_a_reader_that_leaves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
