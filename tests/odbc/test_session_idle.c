/* What becomes of a session that nobody uses: SessionIdle, kept by the server itself. Needs the
 * services of tests/with-services.sh. */
#include "odbc_test.h"

#include <unistd.h>

static void end(struct fixture *f, SQLSMALLINT how)
{
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, how));
}

static bool is_there(long long pid)
{
    char sql[100];

    snprintf(sql, sizeof sql, "SELECT count(*) FROM pg_stat_activity WHERE pid = %lld", pid);
    return strcmp(pg_admin(sql), "0") != 0;
}

/* The process's identity in a transaction that writes. */
static long long transaction_pid(struct fixture *f)
{
    return query_number(f->stmt, "SELECT pg_backend_pid() FROM pg_notify('nobody', 'x')");
}

/* Nothing is called meanwhile, and the server's process goes: the compute can sleep. What comes
 * then is another session, silently. */
static void test_the_server_ends_it_by_itself(void **state)
{
    struct fixture *f = fixture_with("Transport=auto;SessionIdle=1");
    SQLUINTEGER dead = 99;
    long long first, second;

    (void)state;
    fixture_autocommit(f, false);
    first = transaction_pid(f);
    end(f, SQL_COMMIT);
    assert_true(is_there(first));
    while (is_there(first))
        usleep(50000);
    assert_dbc_ok(f->dbc, SQLGetConnectAttr(f->dbc, SQL_ATTR_CONNECTION_DEAD, &dead, 0, NULL));
    assert_int_equal(dead, SQL_CD_FALSE);
    second = transaction_pid(f);
    assert_true(second != first);
    end(f, SQL_COMMIT);
    fixture_autocommit(f, true);
    fixture_free(f);
}

static const char *timeout(struct fixture *f)
{
    return query_text(f->stmt, "SELECT current_setting('idle_session_timeout') || left("
                               "pg_notify('nobody', 'x')::text, 0)");
}

static void test_what_lives_in_it_is_kept(void **state)
{
    static const struct {
        const char *sql, *undo;
    } living[] = {
        {"CREATE TEMP TABLE mine (a int)", "DROP TABLE mine"},
        {"LISTEN mine", NULL},
        {"SELECT pg_advisory_lock(5)", NULL},
        {"PREPARE mine AS SELECT 1", NULL},
        {"DO $$ BEGIN LISTEN mine; END $$", NULL},
        {"DECLARE mine CURSOR WITH HOLD FOR SELECT 1", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof living / sizeof living[0]; i++) {
        struct fixture *f = fixture_with("Transport=auto;SessionIdle=7");

        fixture_autocommit(f, false);
        assert_string_equal(timeout(f), "17s");
        end(f, SQL_COMMIT);
        fixture_autocommit(f, true);
        run(f->stmt, living[i].sql); /* by itself */
        SQLFreeStmt(f->stmt, SQL_CLOSE);
        assert_string_equal(timeout(f), "0");
        fixture_free(f);
        f = fixture_with("Transport=auto;SessionIdle=7");
        fixture_autocommit(f, false);
        run(f->stmt, living[i].sql); /* in a transaction */
        SQLFreeStmt(f->stmt, SQL_CLOSE);
        assert_string_equal(timeout(f), "17s");
        end(f, SQL_COMMIT);
        assert_string_equal(timeout(f), "0");
        end(f, SQL_COMMIT);
        fixture_free(f);
    }
}

/* A lock outlives ROLLBACK. */
static void test_what_outlives_a_rollback_is_kept(void **state)
{
    struct fixture *f = fixture_with("Transport=auto;SessionIdle=7");

    (void)state;
    fixture_autocommit(f, false);
    assert_int_equal(query_number(f->stmt, "SELECT pg_advisory_lock(6) IS NOT NULL, 1"), 1);
    end(f, SQL_ROLLBACK);
    assert_string_equal(timeout(f), "0");
    end(f, SQL_ROLLBACK);
    fixture_free(f);
}

static void test_a_session_of_its_own_has_no_limit(void **state)
{
    struct fixture *f = fixture_with("Transport=websocket;SessionIdle=1");

    (void)state;
    assert_string_equal(query_text(f->stmt, "SHOW idle_session_timeout"), "0");
    fixture_free(f);
}

/* SET by the application wins. */
static void test_the_applications_own_setting(void **state)
{
    struct fixture *f = fixture_with("Transport=auto;SessionIdle=7");

    (void)state;
    run(f->stmt, "SET idle_session_timeout = '33s'");
    fixture_autocommit(f, false);
    assert_string_equal(timeout(f), "33s");
    end(f, SQL_ROLLBACK);
    fixture_free(f);
}

/* Rows that have come stay readable when their session has gone. */
static void test_a_result_outlives_its_session(void **state)
{
    struct fixture *f = fixture_with("Transport=auto;SessionIdle=0");
    SQLHSTMT other = new_stmt(f);
    long long pid;
    SQLINTEGER n = 0;

    (void)state;
    fixture_autocommit(f, false);
    pid = transaction_pid(f);
    run(other, "SELECT g, pg_notify('nobody', 'x') FROM generate_series(1, 1500) g");
    assert_stmt_ok(other, SQLFetch(other));
    end(f, SQL_COMMIT);
    while (is_there(pid))
        usleep(1000);
    SQLFreeStmt(other, SQL_UNBIND);
    for (SQLINTEGER want = 2; want <= 1500; want++) {
        assert_stmt_ok(other, SQLFetch(other));
        assert_stmt_ok(other, SQLGetData(other, 1, SQL_C_SLONG, &n, 0, NULL));
        assert_int_equal(n, want);
    }
    assert_int_equal(SQLFetch(other), SQL_NO_DATA);
    SQLFreeHandle(SQL_HANDLE_STMT, other);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_server_ends_it_by_itself),
        cmocka_unit_test(test_what_lives_in_it_is_kept),
        cmocka_unit_test(test_what_outlives_a_rollback_is_kept),
        cmocka_unit_test(test_a_session_of_its_own_has_no_limit),
        cmocka_unit_test(test_the_applications_own_setting),
        cmocka_unit_test(test_a_result_outlives_its_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
