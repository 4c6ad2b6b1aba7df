/* Threads: many statements of one connection, many connections, and a forked child. */
#include "odbc_test.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 8
#define ROUNDS 20

struct worker {
    SQLHDBC dbc; /* a connection to share, or NULL: one of its own */
    int number, failures;
};

static int ask(SQLHSTMT s, int number, int round)
{
    char sql[100];
    SQLINTEGER v = -1;
    SQLLEN ind;
    int wanted = number * 1000 + round;

    snprintf(sql, sizeof sql, "SELECT %d", wanted);
    if (!SQL_SUCCEEDED(SQLExecDirect(s, (SQLCHAR *)sql, SQL_NTS)) || SQLFetch(s) != SQL_SUCCESS ||
        SQLGetData(s, 1, SQL_C_LONG, &v, 0, &ind) != SQL_SUCCESS)
        return 1;
    SQLFreeStmt(s, SQL_CLOSE);
    return v != wanted;
}

static void *share_connection(void *arg)
{
    struct worker *w = arg;

    for (int i = 0; i < ROUNDS; i++) {
        SQLHSTMT s;
        if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, w->dbc, &s))) {
            w->failures++;
            continue;
        }
        w->failures += ask(s, w->number, i);
        SQLFreeHandle(SQL_HANDLE_STMT, s);
    }
    return NULL;
}

static void *own_connections(void *arg)
{
    struct worker *w = arg;

    for (int i = 0; i < ROUNDS / 4; i++) {
        SQLHENV env;
        SQLHDBC dbc;
        SQLHSTMT s;
        SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env);
        SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)(intptr_t)SQL_OV_ODBC3_80, 0);
        SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc);
        if (SQL_SUCCEEDED(SQLDriverConnect(dbc, NULL, (SQLCHAR *)"DSN=neon", SQL_NTS, NULL, 0, NULL,
                                           SQL_DRIVER_NOPROMPT))) {
            SQLAllocHandle(SQL_HANDLE_STMT, dbc, &s);
            for (int k = 0; k < 4; k++)
                w->failures += ask(s, w->number, i * 4 + k);
            SQLFreeHandle(SQL_HANDLE_STMT, s);
            SQLDisconnect(dbc);
        } else {
            w->failures++;
        }
        SQLFreeHandle(SQL_HANDLE_DBC, dbc);
        SQLFreeHandle(SQL_HANDLE_ENV, env);
    }
    return NULL;
}

static void run_threads(void *(*work)(void *), SQLHDBC dbc)
{
    pthread_t threads[THREADS];
    struct worker workers[THREADS];

    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){dbc, i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].failures, 0);
    }
}

static void test_threads_share_a_connection(void **state)
{
    struct fixture *f = *state;

    run_threads(share_connection, f->dbc);
}

static void test_threads_have_connections_of_their_own(void **state)
{
    (void)state;
    run_threads(own_connections, NULL);
}

/* The child must not touch its parent's sockets: it is told so, and may open its own. */
static void test_a_forked_child_gets_an_error_and_can_connect_itself(void **state)
{
    struct fixture *f = *state;
    int status = -1;
    pid_t child;

    assert_string_equal(query_text(f->stmt, "SELECT 1"), "1");
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        SQLCHAR st[6] = "";
        SQLHDBC dbc;
        int bad = SQLExecDirect(f->stmt, (SQLCHAR *)"SELECT 2", SQL_NTS) != SQL_ERROR;
        SQLGetDiagRec(SQL_HANDLE_STMT, f->stmt, 1, st, NULL, NULL, 0, NULL);
        bad |= strcmp((char *)st, "08003") != 0;
        SQLAllocHandle(SQL_HANDLE_DBC, f->env, &dbc);
        bad |= !SQL_SUCCEEDED(SQLDriverConnect(dbc, NULL, (SQLCHAR *)"DSN=neon", SQL_NTS, NULL, 0,
                                               NULL, SQL_DRIVER_NOPROMPT))
               << 1;
        _exit(bad);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_string_equal(query_text(f->stmt, "SELECT 3"), "3");
}

struct binder {
    SQLHSTMT stmt;
    SQLUSMALLINT column; /* bound and unbound in turn, which makes and removes records */
    int failures;
};

static void *bind_and_unbind(void *arg)
{
    struct binder *b = arg;
    static SQLINTEGER target;

    for (int i = 0; i < 400; i++)
        b->failures +=
            DRIVER(SQLBindCol)(b->stmt, b->column, SQL_C_LONG, &target, 0, NULL) != SQL_SUCCESS ||
            DRIVER(SQLFreeStmt)(b->stmt, SQL_UNBIND) != SQL_SUCCESS;
    return NULL;
}

/* A descriptor of one connection is copied into one of another while the first connection works
 * with it: the copy is one of its states, never half of one. ThreadSanitizer watches. */
static void test_descriptors_are_copied_between_connections_at_work(void **state)
{
    struct fixture *from = direct_connect(SQL_OV_ODBC3_80), *to = direct_connect(SQL_OV_ODBC3_80);
    struct binder b = {.stmt = from->stmt, .column = 9};
    SQLHDESC source = NULL, target = NULL;
    SQLSMALLINT count = -1;
    pthread_t thread;

    (void)state;
    DRIVER(SQLGetStmtAttr)(from->stmt, SQL_ATTR_APP_ROW_DESC, &source, 0, NULL);
    DRIVER(SQLGetStmtAttr)(to->stmt, SQL_ATTR_APP_ROW_DESC, &target, 0, NULL);
    assert_int_equal(pthread_create(&thread, NULL, bind_and_unbind, &b), 0);
    for (int i = 0; i < 400; i++) {
        assert_direct_ok(SQL_HANDLE_DESC, target, DRIVER(SQLCopyDesc)(source, target));
        assert_direct_ok(SQL_HANDLE_DESC, target,
                         DRIVER(SQLGetDescField)(target, 0, SQL_DESC_COUNT, &count, 0, NULL));
        assert_true(count == 0 || count == 9);
        /* and back, which takes the locks in the other order */
        assert_direct_ok(SQL_HANDLE_DESC, source, DRIVER(SQLCopyDesc)(target, source));
    }
    pthread_join(thread, NULL);
    assert_int_equal(b.failures, 0);
    direct_free(to);
    direct_free(from);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_connected, teardown_connected)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_threads_share_a_connection),
        T(test_threads_have_connections_of_their_own),
        T(test_descriptors_are_copied_between_connections_at_work),
        T(test_a_forked_child_gets_an_error_and_can_connect_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
