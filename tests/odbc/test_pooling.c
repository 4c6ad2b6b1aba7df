/* unixODBC's connection pooling: the next borrower gets the connection without a request and finds
 * nothing of the former one; a dead connection is not handed out again. The manager resets
 * connections of ODBC 3.80 applications only (SQL_ATTR_RESET_CONNECTION). */
#include "odbc_test.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

/* LeakSanitizer: the manager keeps what belongs to pooled connections until the process ends. In
 * this program alone, since the manager stands in the call stack of whatever the driver allocates.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libodbc.so\nleak:__gconv_open\nleak:__gconv_lookup_cache\n";
}

/* The manager's settings of the tests, with pooling: before the first environment is made. */
static void switch_pooling_on(void)
{
    static char dir[1024];
    char path[1100];
    char from[1100];
    char line[2048];
    FILE *in;
    FILE *out;
    const char *tmp = getenv("TMPDIR");

    snprintf(dir, sizeof dir, "%s/neon-pooling-XXXXXX", tmp ? tmp : "/tmp");
    if (mkdtemp(dir) == NULL)
        exit(99);
    snprintf(from, sizeof from, "%s/odbcinst.ini", test_env("ODBCSYSINI"));
    snprintf(path, sizeof path, "%s/odbcinst.ini", dir);
    in = fopen(from, "r");
    out = fopen(path, "w");
    if (in == NULL || out == NULL)
        exit(99);
    while (fgets(line, sizeof line, in) != NULL) {
        if (strncmp(line, "Pooling", 7) == 0)
            snprintf(line, sizeof line, "Pooling = Yes\n");
        fputs(line, out);
        if (strncmp(line, "[Neon]", 6) == 0)
            fputs("CPTimeout = 120\n", out);
    }
    fclose(in);
    fclose(out);
    snprintf(from, sizeof from, "%s/odbc.ini", test_env("ODBCSYSINI"));
    snprintf(path, sizeof path, "%s/odbc.ini", dir);
    if (symlink(from, path) != 0)
        exit(99);
    setenv("ODBCSYSINI", dir, 1);
}

static int remove_settings(void **state)
{
    char path[1100];

    (void)state;
    snprintf(path, sizeof path, "%s/odbcinst.ini", test_env("ODBCSYSINI"));
    unlink(path);
    snprintf(path, sizeof path, "%s/odbc.ini", test_env("ODBCSYSINI"));
    unlink(path);
    return rmdir(test_env("ODBCSYSINI"));
}

static void borrow_by(struct fixture *f, const char *connstr)
{
    if (f->dbc == NULL)
        assert_int_equal(SQLAllocHandle(SQL_HANDLE_DBC, f->env, &f->dbc), SQL_SUCCESS);
    assert_dbc_ok(f->dbc, SQLDriverConnect(f->dbc, NULL, sqltext(connstr), SQL_NTS, NULL, 0, NULL,
                                           SQL_DRIVER_NOPROMPT));
    assert_dbc_ok(f->dbc, SQLAllocHandle(SQL_HANDLE_STMT, f->dbc, &f->stmt));
}

static void borrow(struct fixture *f)
{
    borrow_by(f, "DSN=neon;VerifyConnectionEarly=1");
}

static void give_back(struct fixture *f)
{
    SQLFreeHandle(SQL_HANDLE_STMT, f->stmt);
    assert_dbc_ok(f->dbc, SQLDisconnect(f->dbc));
    SQLFreeHandle(SQL_HANDLE_DBC, f->dbc);
    f->dbc = NULL;
}

static SQLULEN number_of(SQLHDBC dbc, SQLINTEGER attribute)
{
    SQLULEN v = 0;

    assert_dbc_ok(dbc, SQLGetConnectAttr(dbc, attribute, &v, 0, NULL));
    return v;
}

static void set(SQLHDBC dbc, SQLINTEGER attribute, SQLULEN v)
{
    assert_dbc_ok(dbc, SQLSetConnectAttr(dbc, attribute, (SQLPOINTER)v, 0));
}

static void test_nothing_of_the_former_borrower_remains(void **state)
{
    struct fixture f = {0};
    struct fixture *made = fixture_new(SQL_OV_ODBC3_80);
    char time_zone[64];
    char path[256];

    (void)state;
    f.env = made->env;
    SQLFreeHandle(SQL_HANDLE_DBC, made->dbc);
    pg_admin(
        "DROP TABLE IF EXISTS pooled; CREATE TABLE pooled (i int); GRANT ALL ON pooled TO PUBLIC");
    borrow(&f);
    snprintf(time_zone, sizeof time_zone, "%s", query_text(f.stmt, "SHOW TimeZone"));
    snprintf(path, sizeof path, "%s", query_text(f.stmt, "SHOW search_path"));
    run(f.stmt, "SET TimeZone = 'Asia/Tokyo'");
    run(f.stmt, "SET search_path = pg_catalog");
    assert_string_equal(query_text(f.stmt, "SHOW TimeZone"), "Asia/Tokyo");
    set(f.dbc, SQL_ATTR_TXN_ISOLATION, SQL_TXN_SERIALIZABLE);
    set(f.dbc, SQL_ATTR_METADATA_ID, SQL_TRUE);
    set(f.dbc, SQL_ATTR_ASYNC_ENABLE, SQL_ASYNC_ENABLE_ON);
    set(f.dbc, SQL_ATTR_CONNECTION_TIMEOUT, 77);
    set(f.dbc, SQL_ATTR_AUTOCOMMIT, SQL_AUTOCOMMIT_OFF);
    run(f.stmt, "INSERT INTO public.pooled VALUES (1)");
    assert_dbc_ok(f.dbc, SQLEndTran(SQL_HANDLE_DBC, f.dbc, SQL_ROLLBACK));
    give_back(&f);
    gateway_reset();
    borrow(&f);
    assert_int_equal(gateway_requests(), 0); /* it is the same connection */
    assert_int_equal(number_of(f.dbc, SQL_ATTR_AUTOCOMMIT), SQL_AUTOCOMMIT_ON);
    assert_int_equal(number_of(f.dbc, SQL_ATTR_TXN_ISOLATION), SQL_TXN_READ_COMMITTED);
    assert_int_equal(number_of(f.dbc, SQL_ATTR_METADATA_ID), SQL_FALSE);
    assert_int_equal(number_of(f.dbc, SQL_ATTR_CONNECTION_TIMEOUT), 0);
    assert_int_equal(number_of(f.dbc, SQL_ATTR_ASYNC_ENABLE), SQL_ASYNC_ENABLE_OFF);
    assert_string_equal(query_text(f.stmt, "SHOW TimeZone"), time_zone);
    assert_string_equal(query_text(f.stmt, "SHOW search_path"), path);
    run(f.stmt, "INSERT INTO pooled VALUES (2)"); /* in autocommit */
    assert_string_equal(pg_admin("SELECT sum(i) FROM pooled"), "2");
    give_back(&f);
    SQLFreeHandle(SQL_HANDLE_ENV, f.env);
    free(made);
}

/* Nor of what lived in its session. */
static void test_nothing_of_the_former_session_remains(void **state)
{
    static const char *const by[] = {"DSN=neon;Transport=auto", "DSN=neon;Transport=websocket"};

    (void)state;
    for (size_t i = 0; i < sizeof by / sizeof by[0]; i++) {
        struct fixture f = {0};
        struct fixture *made = fixture_new(SQL_OV_ODBC3_80);

        f.env = made->env;
        SQLFreeHandle(SQL_HANDLE_DBC, made->dbc);
        borrow_by(&f, by[i]);
        run(f.stmt, "CREATE TEMP TABLE pooled_temp (i int)");
        run(f.stmt, "PREPARE pooled_plan AS SELECT 1");
        run(f.stmt, "LISTEN pooled_channel");
        run(f.stmt, "SET search_path = pg_catalog");
        assert_string_equal(query_text(f.stmt, "SELECT pg_try_advisory_lock(4711)"), "1");
        give_back(&f);
        borrow_by(&f, by[i]);
        assert_stmt_state(
            f.stmt, SQLExecDirect(f.stmt, sqltext("SELECT 1 FROM pooled_temp"), SQL_NTS), "42S02");
        assert_stmt_state(f.stmt, SQLExecDirect(f.stmt, sqltext("EXECUTE pooled_plan"), SQL_NTS),
                          "26000");
        assert_string_equal(query_text(f.stmt, "SELECT count(*) FROM pg_listening_channels()"),
                            "0");
        assert_string_equal(query_text(f.stmt, "SELECT count(*) FROM pg_locks WHERE objid = 4711 "
                                               "AND locktype = 'advisory'"),
                            "0");
        assert_string_not_equal(query_text(f.stmt, "SHOW search_path"), "pg_catalog");
        give_back(&f);
        SQLFreeHandle(SQL_HANDLE_ENV, f.env);
        free(made);
    }
}

/* The manager does not ask for its end when it takes a connection back: it is rolled back, as the
 * end of a session does it, and the next borrower commits nothing of it. */
static void test_an_open_transaction_ends_with_its_borrower(void **state)
{
    struct fixture f = {0};
    struct fixture *made = fixture_new(SQL_OV_ODBC3_80);

    (void)state;
    f.env = made->env;
    SQLFreeHandle(SQL_HANDLE_DBC, made->dbc);
    pg_admin("DROP TABLE IF EXISTS pooled; CREATE TABLE pooled (i int); GRANT ALL ON pooled TO "
             "PUBLIC");
    borrow(&f);
    set(f.dbc, SQL_ATTR_AUTOCOMMIT, SQL_AUTOCOMMIT_OFF);
    run(f.stmt, "INSERT INTO pooled VALUES (1)");
    give_back(&f);
    borrow(&f);
    assert_dbc_ok(f.dbc, SQLEndTran(SQL_HANDLE_DBC, f.dbc, SQL_COMMIT));
    assert_int_equal(query_number(f.stmt, "SELECT count(*) FROM pooled"), 0);
    assert_string_equal(pg_admin("SELECT count(*) FROM pooled"), "0");
    give_back(&f);
    SQLFreeHandle(SQL_HANDLE_ENV, f.env);
    free(made);
}

static void test_a_dead_connection_is_not_handed_out(void **state)
{
    struct fixture f = {0};
    struct fixture *made = fixture_new(SQL_OV_ODBC3_80);
    SQLUINTEGER dead = 99;

    (void)state;
    f.env = made->env;
    SQLFreeHandle(SQL_HANDLE_DBC, made->dbc);
    borrow(&f);
    gateway_reset();
    assert_dbc_ok(f.dbc, SQLGetConnectAttr(f.dbc, SQL_ATTR_CONNECTION_DEAD, &dead, 0, NULL));
    assert_int_equal(dead, SQL_CD_FALSE);
    assert_int_equal(gateway_requests(), 0);
    gateway_fault("{\"kind\":\"lost_before_execute\",\"count\":1}");
    assert_int_equal(SQLExecDirect(f.stmt, sqltext("INSERT INTO nowhere VALUES (1)"), SQL_NTS),
                     SQL_ERROR);
    assert_dbc_ok(f.dbc, SQLGetConnectAttr(f.dbc, SQL_ATTR_CONNECTION_DEAD, &dead, 0, NULL));
    assert_int_equal(dead, SQL_CD_TRUE);
    give_back(&f);
    gateway_reset();
    borrow(&f);
    assert_int_equal(gateway_requests(), 1); /* a new one, which asks whether the server is there */
    assert_int_equal(query_number(f.stmt, "SELECT 1"), 1);
    give_back(&f);
    SQLFreeHandle(SQL_HANDLE_ENV, f.env);
    free(made);
}

#define THREADS 8
#define ROUNDS 25

static void *borrow_and_leave_traces(void *arg)
{
    SQLHENV env = arg;

    for (int i = 0; i < ROUNDS; i++) {
        SQLHDBC dbc = NULL;
        SQLHSTMT s = NULL;
        char zone[32] = "";
        SQLLEN ind;
        if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc)) ||
            !SQL_SUCCEEDED(SQLDriverConnect(dbc, NULL, sqltext("DSN=neon"), SQL_NTS, NULL, 0, NULL,
                                            SQL_DRIVER_NOPROMPT)) ||
            !SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, dbc, &s)))
            return (void *)(uintptr_t) "no connection";
        if (!SQL_SUCCEEDED(SQLExecDirect(s, sqltext("SHOW TimeZone"), SQL_NTS)) ||
            !SQL_SUCCEEDED(SQLFetch(s)) ||
            !SQL_SUCCEEDED(SQLGetData(s, 1, SQL_C_CHAR, zone, sizeof zone, &ind)))
            return (void *)(uintptr_t) "no answer";
        if (strcmp(zone, "Asia/Tokyo") == 0)
            return (void *)(uintptr_t) "a setting of the former borrower";
        SQLFreeStmt(s, SQL_CLOSE);
        if (!SQL_SUCCEEDED(SQLExecDirect(s, sqltext("SET TimeZone = 'Asia/Tokyo'"), SQL_NTS)))
            return (void *)(uintptr_t) "no setting";
        SQLFreeHandle(SQL_HANDLE_STMT, s);
        if (!SQL_SUCCEEDED(SQLDisconnect(dbc)))
            return (void *)(uintptr_t) "no disconnect";
        SQLFreeHandle(SQL_HANDLE_DBC, dbc);
    }
    return NULL;
}

static void test_many_borrowers(void **state)
{
    struct fixture *made = fixture_new(SQL_OV_ODBC3_80);
    pthread_t threads[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, borrow_and_leave_traces, made->env), 0);
    for (int i = 0; i < THREADS; i++) {
        void *problem = NULL;
        pthread_join(threads[i], &problem);
        if (problem != NULL)
            fail_msg("%s", (const char *)problem);
    }
    SQLFreeHandle(SQL_HANDLE_DBC, made->dbc);
    SQLFreeHandle(SQL_HANDLE_ENV, made->env);
    free(made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_of_the_former_borrower_remains),
        cmocka_unit_test(test_nothing_of_the_former_session_remains),
        cmocka_unit_test(test_an_open_transaction_ends_with_its_borrower),
        cmocka_unit_test(test_a_dead_connection_is_not_handed_out),
        cmocka_unit_test(test_many_borrowers),
    };
    switch_pooling_on();
    return cmocka_run_group_tests(tests, NULL, remove_settings);
}
