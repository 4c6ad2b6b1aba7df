/* A commit that is struck at every step of its way: by the network, by the gateway's death and by
 * the database's. Each transaction writes its number twice. What the driver says of it is the
 * truth: success, and both rows are there; an error, and none is; 08007, and it may be either,
 * never half. */
#include "odbc_test.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void sleep_us(long us)
{
    struct timespec ts = {us / 1000000, us % 1000000 * 1000};

    nanosleep(&ts, NULL);
}

static uint64_t random_state = 88172645463325252u;

static long random_below(long n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (long)(random_state % (uint64_t)n);
}

static struct fixture *connect_off(const char *more)
{
    struct fixture *f = fixture_new(SQL_OV_ODBC3);
    char connstr[300];

    snprintf(connstr, sizeof connstr, "DSN=neon;Transport=http;%s", more);
    fixture_connect(f, connstr);
    assert_dbc_ok(
        f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0));
    return f;
}

static void write_twice(struct fixture *f, int number)
{
    char sql[100];

    snprintf(sql, sizeof sql, "INSERT INTO t_struck VALUES (%d)", number);
    run(f->stmt, sql);
    snprintf(sql, sizeof sql, "INSERT INTO t_struck SELECT %d FROM pg_sleep(0.002)", number);
    run(f->stmt, sql);
}

static int stored(int number)
{
    char sql[100];

    snprintf(sql, sizeof sql, "SELECT count(*) FROM t_struck WHERE n = %d", number);
    return atoi(pg_admin(sql));
}

/* The truth of what was said, as counts: none, all, unknown. */
struct tally {
    int committed, rolled_back, unknown;
};

static void judge(struct fixture *f, SQLRETURN rc, int number, struct tally *t)
{
    int n = stored(number);
    char state[6] = "";

    if (!SQL_SUCCEEDED(rc))
        snprintf(state, sizeof state, "%s", diag_state(SQL_HANDLE_DBC, f->dbc));
    if (n != 0 && n != 2)
        fail_msg("%d: half of it is there (%s)", number, state);
    if (SQL_SUCCEEDED(rc) && n != 2)
        fail_msg("%d: committed, it was said", number);
    if (!SQL_SUCCEEDED(rc) && strcmp(state, "08007") != 0 && n != 0)
        fail_msg("%d: failed, it was said: %s %s", number, state,
                 diag_text(SQL_HANDLE_DBC, f->dbc));
    t->committed += SQL_SUCCEEDED(rc);
    t->rolled_back += !SQL_SUCCEEDED(rc) && strcmp(state, "08007") != 0;
    t->unknown += strcmp(state, "08007") == 0;
}

static SQLRETURN commit(struct fixture *f)
{
    return SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT);
}

/* ---- the network ---- */

static void test_every_fault_of_the_network(void **state)
{
    static const struct {
        const char *fault;
        const char *state; /* "" success */
    } cases[] = {
        {"{\"kind\":\"latency\",\"ms\":20}", ""},
        {"{\"kind\":\"slow_body\",\"bytes\":7,\"ms\":1}", ""},
        {"{\"kind\":\"cold_start_fail\"}", ""}, /* it surely did not run, so it is sent again */
        {"{\"kind\":\"lost_before_execute\"}", "08007"},
        {"{\"kind\":\"lost_before_execute\",\"tcp_reset\":1}", "08007"},
        {"{\"kind\":\"lost_after_commit\"}", "08007"},
        {"{\"kind\":\"lost_after_commit\",\"tcp_reset\":1}", "08007"},
        {"{\"kind\":\"cut_headers\"}", "08007"},
        {"{\"kind\":\"cut_headers\",\"tcp_reset\":1}", "08007"},
        {"{\"kind\":\"cut\",\"after_bytes\":0}", "08007"},
        {"{\"kind\":\"cut\",\"after_bytes\":1}", "08007"},
        {"{\"kind\":\"cut\",\"after_bytes\":80,\"tcp_reset\":1}", "08007"},
        {"{\"kind\":\"garbage_body\"}", "08007"},
        {"{\"kind\":\"truncated_json\"}", "08007"},
        {"{\"kind\":\"empty_body\"}", "08007"},
        {"{\"kind\":\"html_502\"}", "08007"},
        {"{\"kind\":\"status\",\"status\":504,\"body\":\"\"}", "08007"},
        {"{\"kind\":\"dead_pooled\"}", "08007"},
        {"{\"kind\":\"hang\"}", "08007"},
    };
    struct fixture *f = connect_off("ReadTimeout=1");
    struct tally t = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        SQLRETURN rc;
        write_twice(f, (int)i);
        gateway_reset();
        gateway_fault(cases[i].fault);
        rc = commit(f);
        judge(f, rc, (int)i, &t);
        if (strcmp(SQL_SUCCEEDED(rc) ? "" : diag_state(SQL_HANDLE_DBC, f->dbc), cases[i].state) !=
            0)
            fail_msg("%s: %s %s", cases[i].fault, diag_state(SQL_HANDLE_DBC, f->dbc),
                     diag_text(SQL_HANDLE_DBC, f->dbc));
        if (cases[i].state[0] != '\0') {
            assert_int_equal(gateway_requests(), 1); /* sent once, and not again */
            assert_non_null(strstr(diag_text(SQL_HANDLE_DBC, f->dbc), "unknown"));
        }
    }
    fixture_free(f);
}

/* A connection that cannot be made: it surely did not run, and is no unknown outcome. */
static void test_a_gateway_that_is_not_there(void **state)
{
    struct fixture *f =
        connect_off("ApiHost=http://127.0.0.1:1;VerifyConnectionEarly=0;RetryCount=0");
    struct tally t = {0};

    (void)state;
    write_twice(f, 500);
    judge(f, commit(f), 500, &t);
    assert_int_equal(t.rolled_back, 1);
    fixture_free(f);
}

/* ---- the database ---- */

static void test_the_backend_dies_at_each_step(void **state)
{
    static const struct {
        const char *name, *trigger;
    } steps[] = {
        {"before a row",
         "CREATE TRIGGER t BEFORE INSERT ON t_struck FOR EACH ROW WHEN (NEW.n < 610) "
         "EXECUTE FUNCTION t_die()"},
        {"behind a row",
         "CREATE TRIGGER t AFTER INSERT ON t_struck FOR EACH ROW WHEN (NEW.n < 610) "
         "EXECUTE FUNCTION t_die()"},
        {"in the commit",
         "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON t_struck DEFERRABLE INITIALLY "
         "DEFERRED FOR EACH ROW WHEN (NEW.n < 610) EXECUTE FUNCTION t_die()"},
    };
    struct fixture *f = connect_off("");
    struct tally t = {0};

    (void)state;
    pg_admin(
        "CREATE FUNCTION t_die() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN "
        "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NEW; END$$");
    for (int i = 0; i < 3; i++) {
        pg_admin(steps[i].trigger);
        write_twice(f, 600 + i);
        judge(f, commit(f), 600 + i, &t);
        assert_int_equal(stored(600 + i), 0);
        pg_admin("DROP TRIGGER t ON t_struck");
        write_twice(f, 610 + i); /* and the connection goes on */
        assert_dbc_ok(f->dbc, commit(f));
    }
    pg_admin("DROP FUNCTION t_die()");
    fixture_free(f);
}

/* Somebody ends the application's backends now and then, wherever they are. */
static void test_backends_die_at_any_time(void **state)
{
    struct fixture *f = connect_off("");
    struct tally t = {0};
    char command[900];
    int status;
    pid_t killer = fork();

    (void)state;
    assert_true(killer >= 0);
    if (killer == 0) {
        snprintf(
            command, sizeof command,
            "exec psql -X -q -o /dev/null \"${NEON_TEST_PG_ADMIN_URL%%/postgres*}/shop\" -c \"DO "
            "'BEGIN FOR i IN 1..100000 LOOP PERFORM pg_stat_clear_snapshot(); PERFORM "
            "pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ''app'' AND "
            "random() < 0.3; PERFORM pg_sleep(random() * 0.02); END LOOP; END'\"");
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 60; i++) {
        write_twice(f, 1000 + i);
        judge(f, commit(f), 1000 + i, &t);
    }
    kill(killer, SIGTERM);
    waitpid(killer, &status, 0);
    pg_admin(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'DO %100000%' AND "
        "pid <> pg_backend_pid()");
    print_message("%d committed, %d rolled back, %d unknown\n", t.committed, t.rolled_back,
                  t.unknown);
    assert_true(t.committed > 0 && t.unknown > 0);
    fixture_free(f);
}

/* ---- the gateway ---- */

struct gateway {
    pid_t pid;
    int port;
};

static struct gateway start_gateway(void)
{
    struct gateway g = {.port = 0};
    char program[400], url[400], port[400];
    FILE *file = NULL;

    snprintf(program, sizeof program, "%s/gateway/neon-gateway", test_env("NEON_TEST_BUILDDIR"));
    snprintf(url, sizeof url, "%s/secret/pg-url", test_env("NEON_TEST_DIR"));
    snprintf(port, sizeof port, "%s/tmp/struck.port", test_env("NEON_TEST_DIR"));
    unlink(port);
    g.pid = fork();
    assert_true(g.pid >= 0);
    if (g.pid == 0) {
        if (freopen("/dev/null", "w", stderr) != NULL && freopen("/dev/null", "w", stdout) != NULL)
            execl(program, program, "--pg-file", url, "--listen", "127.0.0.1:0", "--port-file",
                  port, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 1000 && g.port == 0; i++) {
        sleep_us(10000);
        file = fopen(port, "r");
        if (file != NULL && fscanf(file, "%d", &g.port) != 1)
            g.port = 0;
        if (file != NULL)
            fclose(file);
    }
    assert_int_not_equal(g.port, 0);
    return g;
}

struct blow {
    pid_t pid;
    long after_us;
};

static void *strike(void *arg)
{
    const struct blow *b = arg;

    sleep_us(b->after_us);
    kill(b->pid, SIGKILL);
    return NULL;
}

/* Nobody of it is left who could still commit. */
static void wait_for_backends(void)
{
    for (int i = 0; i < 500; i++) {
        if (strcmp(pg_admin(
                       "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND query LIKE "
                       "'%t_struck%' AND state <> 'idle'"),
                   "0") == 0)
            return;
        sleep_us(10000);
    }
}

static void test_the_gateway_dies_at_any_time(void **state)
{
    struct tally t = {0};

    (void)state;
    for (int i = 0; i < 20; i++) {
        struct gateway g = start_gateway();
        struct blow b = {g.pid, random_below(25000)};
        struct fixture *f;
        pthread_t striker;
        char more[100];
        SQLRETURN rc;

        snprintf(more, sizeof more, "ApiHost=http://127.0.0.1:%d;RetryCount=0", g.port);
        f = connect_off(more);
        write_twice(f, 2000 + i);
        assert_int_equal(pthread_create(&striker, NULL, strike, &b), 0);
        rc = commit(f);
        pthread_join(striker, NULL);
        waitpid(g.pid, NULL, 0);
        wait_for_backends();
        judge(f, rc, 2000 + i, &t);
        fixture_free(f);
    }
    print_message("%d committed, %d rolled back, %d unknown\n", t.committed, t.rolled_back,
                  t.unknown);
    assert_true(t.unknown > 0);
}

static int setup(void **state)
{
    (void)state;
    gateway_reset();
    pg_admin("DROP TABLE IF EXISTS t_struck; CREATE TABLE t_struck (n int); GRANT ALL ON t_struck "
             "TO app");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    gateway_reset();
    pg_admin("DROP TABLE t_struck");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_fault_of_the_network),
        cmocka_unit_test(test_a_gateway_that_is_not_there),
        cmocka_unit_test(test_the_backend_dies_at_each_step),
        cmocka_unit_test(test_backends_die_at_any_time),
        cmocka_unit_test(test_the_gateway_dies_at_any_time),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
