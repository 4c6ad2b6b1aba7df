/* CatalogCache: a tool that goes through a schema table by table costs a handful of requests, and
 * is answered as the server would answer; what changes is seen. */
#include "catalog_calls.h"

#include <pthread.h>

#define N_TABLES 40

static char names[N_TABLES][64];

/* A herd of tables, underscores in their names, each but the first refers to the one before. */
static int make_herd(void **state)
{
    (void)state;
    pg_admin("set client_min_messages = error; drop schema if exists herd cascade; "
             "create schema herd authorization app; set role app; do $$ begin "
             "for i in 0 .. 39 loop "
             "execute format('create table herd.cow_%s (id int primary key, \"Nick Name\" text "
             "default ''x'', mother int %s)', i, case when i > 0 then format('references "
             "herd.cow_%s', i - 1) else '' end); "
             "execute format('create index cow_nick_%s on herd.cow_%s (\"Nick Name\")', i, i); "
             "end loop; end $$");
    for (int i = 0; i < N_TABLES; i++)
        snprintf(names[i], sizeof names[i], "cow_%d", i);
    return 0;
}

static int drop_herd(void **state)
{
    (void)state;
    pg_admin("set client_min_messages = error; drop schema herd cascade");
    return 0;
}

static struct call ask(enum function f, const char *table)
{
    struct call c = {f, {NULL, "herd", table, NULL, NULL, NULL}, 0, 0, 0};

    if (f == FOREIGN_KEYS)
        c = (struct call){f, {NULL, NULL, NULL, NULL, "herd", table}, 0, 0, 0};
    if (f == STATISTICS)
        c.first = SQL_INDEX_ALL;
    return c;
}

static void run_call(SQLHSTMT s, const struct call *c, struct text *out)
{
    assert_stmt_ok(s, call_narrow(s, c));
    render(s, out);
}

/* The same from both, the second without a cache. */
static void assert_same(SQLHSTMT cached, SQLHSTMT direct, const struct call *c)
{
    struct text a = {NULL, 0, 0};
    struct text b = {NULL, 0, 0};

    run_call(cached, c, &a);
    run_call(direct, c, &b);
    assert_string_equal(a.data, b.data);
    free(a.data);
    free(b.data);
}

/* What the same calls cost and gave; the text is to be freed. */
static char *go_through(SQLHSTMT s, const enum function *f, size_t n, long *requests)
{
    struct text all = {NULL, 0, 0};
    long before = gateway_requests();

    for (size_t i = 0; i < N_TABLES; i++)
        for (size_t k = 0; k < n; k++) {
            struct call c = ask(f[k], names[i]);
            run_call(s, &c, &all);
        }
    *requests = gateway_requests() - before;
    return all.data;
}

static const enum function by_table[] = {COLUMNS, PRIMARY_KEYS, FOREIGN_KEYS, STATISTICS};

/* Two tables are asked for one by one, four calls each; then one request for the names and one for
 * each function. */
static void test_table_by_table_costs_a_handful(void **state)
{
    struct fixture *f = *state;
    struct fixture *plain = fixture_new(SQL_OV_ODBC3_80);
    long requests, without;
    char *cached, *direct;

    fixture_connect(plain, FIXTURE_HTTP ";CatalogCache=0");
    cached = go_through(f->stmt, by_table, 4, &requests);
    direct = go_through(plain->stmt, by_table, 4, &without);
    assert_string_equal(cached, direct);
    assert_int_equal(requests, 2 * 4 + 1 + 4);
    assert_int_equal(without, 4 * N_TABLES);
    free(cached);
    free(direct);
    fixture_free(plain);
}

static void test_function_by_function_costs_less(void **state)
{
    struct fixture *f = *state;
    long total = 0;

    for (size_t k = 0; k < 4; k++) {
        long requests;
        free(go_through(f->stmt, &by_table[k], 1, &requests));
        total += requests;
    }
    assert_int_equal(total, 2 + 1 + 4);
}

/* Makes the picture and the calls that follow come from it. */
static void warm(SQLHSTMT s)
{
    long requests;

    free(go_through(s, by_table, 4, &requests));
}

/* Escapes, wildcards, other columns, other schemas, identifiers: as the server. */
static void test_answers_from_memory_are_the_servers(void **state)
{
    static const struct call calls[] = {
        {COLUMNS, {NULL, "herd", "cow\\_7", NULL}, 0, 0, 0},
        {COLUMNS, {NULL, "herd", "cow_1_", NULL}, 0, 0, 0},
        {COLUMNS, {NULL, "herd", "c__\\_7", "%N_m%"}, 0, 0, 0},
        {COLUMNS, {NULL, "herd", "cow_7", "Nick\\_Name"}, 0, 0, 0},
        {COLUMNS, {NULL, "herd", "cow_7", ""}, 0, 0, 0},
        {COLUMNS, {NULL, "herd", "COW_7", NULL}, 0, 0, 0},
        {COLUMNS, {"shop", "herd", "cow_7", NULL}, 0, 0, 0},
        {COLUMNS, {"other", "herd", "cow_7", NULL}, 0, 0, 0},
        {COLUMNS, {NULL, NULL, "cow_7", NULL}, 0, 0, 0},
        {COLUMNS, {NULL, NULL, "pg_class", "rel%"}, 0, 0, 0},
        {COLUMNS, {NULL, "pg_catalog", "pg_am", NULL}, 0, 0, 0},
        {COLUMNS, {NULL, "herd", "nothing_here", NULL}, 0, 0, 0},
        {PRIMARY_KEYS, {NULL, "herd", "cow\\_7"}, 0, 0, 0},
        {PRIMARY_KEYS, {NULL, "", "cow_8"}, 0, 0, 0},
        {PRIMARY_KEYS, {NULL, "her_", "cow_8"}, 0, 0, 0},
        {FOREIGN_KEYS, {NULL, NULL, NULL, NULL, "herd", "cow_0"}, 0, 0, 0},
        {FOREIGN_KEYS, {NULL, "herd", "cow_3", NULL, NULL, NULL}, 0, 0, 0},
        {FOREIGN_KEYS, {NULL, "herd", "cow_3", NULL, "herd", "cow_4"}, 0, 0, 0},
        {FOREIGN_KEYS, {NULL, "herd", "cow_39", NULL, NULL, NULL}, 0, 0, 0},
        {STATISTICS, {NULL, "herd", "cow_3"}, SQL_INDEX_UNIQUE, SQL_QUICK, 0},
        {STATISTICS, {NULL, "herd", "cow_3"}, SQL_INDEX_ALL, SQL_ENSURE, 0},
        {SPECIAL_COLUMNS, {NULL, "herd", "cow_3"}, SQL_BEST_ROWID, SQL_SCOPE_SESSION, 0},
    };
    struct fixture *f = *state;
    struct fixture *plain = fixture_new(SQL_OV_ODBC3_80);

    fixture_connect(plain, FIXTURE_HTTP ";CatalogCache=0");
    warm(f->stmt);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        assert_same(f->stmt, plain->stmt, &calls[i]);
    fixture_free(plain);
}

/* Rows of a result. */
static size_t lines(SQLHSTMT s, enum function f, const char *table)
{
    struct text t = {NULL, 0, 0};
    struct call c = ask(f, table);
    size_t n = 0;

    run_call(s, &c, &t);
    for (const char *p = t.data; *p != '\0'; p++)
        n += *p == '\n';
    free(t.data);
    return n - 1;
}

static void test_definitions_of_this_connection_are_seen(void **state)
{
    struct fixture *f = *state;

    warm(f->stmt);
    assert_int_equal(lines(f->stmt, COLUMNS, "cow_7"), 3);
    run(f->stmt, "ALTER TABLE herd.cow_7 ADD COLUMN milk int");
    assert_int_equal(lines(f->stmt, COLUMNS, "cow_7"), 4);
    warm(f->stmt);
    run(f->stmt, "DO $$ BEGIN ALTER TABLE herd.cow_7 DROP COLUMN milk; END $$");
    assert_int_equal(lines(f->stmt, COLUMNS, "cow_7"), 3);
}

static void test_definitions_of_another_connection_of_the_process_are_seen(void **state)
{
    struct fixture *f = *state;
    struct fixture *other = fixture_new(SQL_OV_ODBC3_80);

    fixture_connect(other, NULL);
    warm(f->stmt);
    run(other->stmt, "CREATE INDEX more ON herd.cow_7 (mother)");
    assert_int_equal(lines(f->stmt, STATISTICS, "cow_7"), 4);
    warm(f->stmt);
    assert_dbc_ok(other->dbc, SQLSetConnectAttr(other->dbc, SQL_ATTR_AUTOCOMMIT,
                                                (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0));
    run(other->stmt, "DROP INDEX herd.more");
    warm(f->stmt); /* between the statement and its commit */
    assert_dbc_ok(other->dbc, SQLEndTran(SQL_HANDLE_DBC, other->dbc, SQL_COMMIT));
    assert_int_equal(lines(f->stmt, STATISTICS, "cow_7"), 3);
    fixture_free(other);
}

static void test_a_table_that_somebody_else_made_is_found(void **state)
{
    struct fixture *f = *state;

    warm(f->stmt);
    pg_admin("create table herd.calf (id int primary key)");
    assert_int_equal(lines(f->stmt, COLUMNS, "calf"), 1);
    assert_int_equal(lines(f->stmt, PRIMARY_KEYS, "calf"), 1);
    pg_admin("drop table herd.calf");
}

static void test_pending_changes_are_seen_and_forgotten(void **state)
{
    struct fixture *f = *state;

    assert_dbc_ok(
        f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0));
    warm(f->stmt);
    run(f->stmt, "ALTER TABLE herd.cow_7 ADD COLUMN milk int");
    run(f->stmt, "CREATE TABLE herd.calf (id int primary key, cow int REFERENCES herd.cow_7)");
    assert_int_equal(lines(f->stmt, COLUMNS, "cow_7"), 4);
    assert_int_equal(lines(f->stmt, COLUMNS, "calf"), 2);
    assert_int_equal(lines(f->stmt, PRIMARY_KEYS, "calf"), 1);
    assert_int_equal(lines(f->stmt, FOREIGN_KEYS, "calf"), 1);
    assert_int_equal(lines(f->stmt, STATISTICS, "calf"), 2);
    warm(f->stmt);
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
    assert_int_equal(lines(f->stmt, COLUMNS, "cow_7"), 3);
    assert_int_equal(lines(f->stmt, COLUMNS, "calf"), 0);
}

/* Every catalog function looks through the changes that wait. */
static void test_every_function_sees_pending_definitions(void **state)
{
    static const struct call calls[] = {
        {TABLES, {NULL, "herd", "calf", NULL}, 0, 0, 0},
        {COLUMNS, {NULL, "herd", "calf", "id"}, 0, 0, 0},
        {PRIMARY_KEYS, {NULL, "herd", "calf"}, 0, 0, 0},
        {FOREIGN_KEYS, {NULL, NULL, NULL, NULL, "herd", "calf"}, 0, 0, 0},
        {STATISTICS, {NULL, "herd", "calf"}, SQL_INDEX_UNIQUE, SQL_QUICK, 0},
        {SPECIAL_COLUMNS, {NULL, "herd", "calf"}, SQL_BEST_ROWID, SQL_SCOPE_SESSION, 0},
        {TABLE_PRIVILEGES, {NULL, "herd", "calf"}, 0, 0, 0},
        {COLUMN_PRIVILEGES, {NULL, "herd", "calf", "id"}, 0, 0, 0},
        {PROCEDURES, {NULL, "herd", "moo"}, 0, 0, 0},
        {PROCEDURE_COLUMNS, {NULL, "herd", "moo", NULL}, 0, 0, 0},
    };
    struct fixture *f = *state;

    assert_dbc_ok(
        f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0));
    run(f->stmt, "CREATE TABLE herd.calf (id int primary key, cow int REFERENCES herd.cow_7)");
    run(f->stmt, "CREATE FUNCTION herd.moo(n int) RETURNS int LANGUAGE sql AS 'SELECT n'");
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        long before = gateway_requests();
        assert_stmt_ok(f->stmt, call_narrow(f->stmt, &calls[i]));
        if (SQLFetch(f->stmt) != SQL_SUCCESS)
            fail_msg("call %zu does not see what waits", i);
        SQLFreeStmt(f->stmt, SQL_CLOSE);
        assert_int_equal(gateway_requests() - before, 1);
    }
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
}

/* The same where the transaction is the server's, in a session. */
static void pending_in_a_session(const char *connstr)
{
    struct fixture *f = fixture_new(SQL_OV_ODBC3_80);

    fixture_connect(f, connstr);
    assert_dbc_ok(
        f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0));
    warm(f->stmt);
    run(f->stmt, "ALTER TABLE herd.cow_7 ADD COLUMN milk int");
    run(f->stmt, "CREATE TABLE herd.calf (id int primary key, cow int REFERENCES herd.cow_7)");
    warm(f->stmt);
    assert_int_equal(lines(f->stmt, COLUMNS, "cow_7"), 4);
    assert_int_equal(lines(f->stmt, COLUMNS, "calf"), 2);
    assert_int_equal(lines(f->stmt, PRIMARY_KEYS, "calf"), 1);
    assert_int_equal(lines(f->stmt, FOREIGN_KEYS, "calf"), 1);
    assert_int_equal(lines(f->stmt, STATISTICS, "calf"), 2);
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
    warm(f->stmt);
    assert_int_equal(lines(f->stmt, COLUMNS, "cow_7"), 3);
    assert_int_equal(lines(f->stmt, COLUMNS, "calf"), 0);
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
    fixture_free(f);
}

static void test_pending_changes_in_sessions(void **state)
{
    (void)state;
    pending_in_a_session("DSN=neon;CatalogCache=3600;Transport=websocket");
    pending_in_a_session("DSN=neon;CatalogCache=3600;Transport=auto");
}

/* The whole does not arrive: table by table it still does. */
static void test_a_picture_that_cannot_be_had_costs_no_error(void **state)
{
    struct fixture *f = *state;
    long requests;

    assert_int_equal(lines(f->stmt, COLUMNS, "cow_1"), 3);
    assert_int_equal(lines(f->stmt, COLUMNS, "cow_2"), 3);
    gateway_fault("{\"kind\":\"status\",\"status\":507,\"count\":1}");
    assert_int_equal(lines(f->stmt, COLUMNS, "cow_3"), 3);
    assert_int_equal(lines(f->stmt, COLUMNS, "cow_4"), 3);
    free(go_through(f->stmt, by_table, 1, &requests));
}

/* Connections of several threads tell each other of changes. cmocka's assertions are for the main
 * thread: here only what went wrong is counted. */
static void *read_catalog(void *ctx)
{
    SQLHSTMT s = ctx;
    size_t bad = 0;

    for (int i = 0; i < 200; i++) {
        struct call c = ask(by_table[i % 4], names[i % N_TABLES]);
        size_t n = 0;
        bad += !SQL_SUCCEEDED(call_narrow(s, &c));
        while (SQLFetch(s) == SQL_SUCCESS)
            n++;
        SQLFreeStmt(s, SQL_CLOSE);
        bad += c.f == COLUMNS && n != 3;
    }
    return (void *)(uintptr_t)bad;
}

static void *change_catalog(void *ctx)
{
    SQLHSTMT s = ctx;
    size_t bad = 0;

    for (int i = 0; i < 20; i++) {
        bad +=
            !SQL_SUCCEEDED(SQLExecDirect(s, sqltext("CREATE TABLE herd.bull (id int)"), SQL_NTS));
        bad += !SQL_SUCCEEDED(SQLExecDirect(s, sqltext("DROP TABLE herd.bull"), SQL_NTS));
    }
    return (void *)(uintptr_t)bad;
}

static void test_connections_of_several_threads(void **state)
{
    struct fixture *f[4];
    pthread_t threads[4];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        f[i] = fixture_new(SQL_OV_ODBC3_80);
        fixture_connect(f[i], "DSN=neon;CatalogCache=3600");
    }
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, i == 0 ? change_catalog : read_catalog, f[i]->stmt),
            0);
    for (size_t i = 0; i < 4; i++) {
        void *bad;
        assert_int_equal(pthread_join(threads[i], &bad), 0);
        assert_null(bad);
    }
    for (size_t i = 0; i < 4; i++)
        fixture_free(f[i]);
}

static int setup(void **state)
{
    struct fixture *f = fixture_new(SQL_OV_ODBC3_80);

    gateway_reset();
    /* Longer than any test takes. */
    fixture_connect(f, FIXTURE_HTTP ";CatalogCache=3600");
    *state = f;
    return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown_connected)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_table_by_table_costs_a_handful),
        T(test_function_by_function_costs_less),
        T(test_answers_from_memory_are_the_servers),
        T(test_definitions_of_this_connection_are_seen),
        T(test_definitions_of_another_connection_of_the_process_are_seen),
        T(test_a_table_that_somebody_else_made_is_found),
        T(test_pending_changes_are_seen_and_forgotten),
        T(test_every_function_sees_pending_definitions),
        T(test_pending_changes_in_sessions),
        T(test_a_picture_that_cannot_be_had_costs_no_error),
        T(test_connections_of_several_threads),
    };

    fixture_connstr = FIXTURE_HTTP;
    return cmocka_run_group_tests(tests, make_herd, drop_herd);
}
