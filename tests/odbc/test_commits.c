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

static struct fixture *connect_off(const char *more)
{
    struct fixture *f = fixture_with(more);

    fixture_autocommit(f, false);
    return f;
}

static SQLRETURN write_one(struct fixture *f, int number, const char *from)
{
    char sql[100];

    snprintf(sql, sizeof sql, "INSERT INTO t_struck SELECT %d %s", number, from);
    return SQLExecDirect(f->stmt, sqltext(sql), SQL_NTS);
}

static int stored(int number)
{
    char sql[100];

    snprintf(sql, sizeof sql, "SELECT count(*) FROM t_struck WHERE n = %d", number);
    return atoi(pg_admin(sql));
}

/* What the application heard: state "" success. */
struct answer {
    char state[6];
    char text[1000];
    bool at_commit;
};

static void hear(struct answer *a, SQLRETURN rc, SQLSMALLINT type, SQLHANDLE h)
{
    *a = (struct answer){.at_commit = type == SQL_HANDLE_DBC};
    if (SQL_SUCCEEDED(rc))
        return;
    snprintf(a->state, sizeof a->state, "%s", diag_state(type, h));
    snprintf(a->text, sizeof a->text, "%s", diag_text(type, h));
}

static void write_twice(struct fixture *f, int number, struct answer *a)
{
    hear(a, write_one(f, number, ""), SQL_HANDLE_STMT, f->stmt);
    if (a->state[0] == '\0')
        hear(a, write_one(f, number, "FROM pg_sleep(0.002)"), SQL_HANDLE_STMT, f->stmt);
}

/* Commits what could be written; else rolls back, which always succeeds. */
static void end(struct fixture *f, struct answer *a)
{
    if (a->state[0] == '\0')
        hear(a, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT), SQL_HANDLE_DBC, f->dbc);
    else
        assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
}

/* Nobody of it is left who could still commit. */
static void wait_for_backends(void)
{
    for (int i = 0; i < 500; i++) {
        if (strcmp(pg_admin("SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND query "
                            "LIKE '%t_struck%' AND state <> 'idle'"),
                   "0") == 0)
            return;
        sleep_us(10000);
    }
}

/* The truth of what was said, as counts. */
struct tally {
    int committed, rolled_back, unknown;
};

static void judge(const struct answer *a, int number, struct tally *t)
{
    bool unknown = strcmp(a->state, "08007") == 0;
    int n = stored(number);

    if (n != 0 && n != 2)
        fail_msg("%d: half of it is there (%s)", number, a->state);
    if (a->state[0] == '\0' && n != 2)
        fail_msg("%d: committed, it was said", number);
    if (a->state[0] != '\0' && !unknown && n != 0)
        fail_msg("%d: failed, it was said: %s %s", number, a->state, a->text);
    if (unknown && !a->at_commit)
        fail_msg("%d: unknown, although nobody had asked to commit: %s", number, a->text);
    t->committed += a->state[0] == '\0';
    t->rolled_back += a->state[0] != '\0' && !unknown;
    t->unknown += unknown;
}

static void print_tally(const struct tally *t)
{
    print_message("%d committed, %d rolled back, %d unknown\n", t->committed, t->rolled_back,
                  t->unknown);
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
        {"{\"kind\":\"status\",\"status\":204,\"body\":\"\"}", "08007"},
        {"{\"kind\":\"dead_pooled\"}", "08007"},
        {"{\"kind\":\"hang\"}", "08007"},
    };
    struct fixture *f = connect_off("");
    struct tally t = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct answer a;
        write_twice(f, (int)i, &a);
        gateway_reset();
        gateway_fault(cases[i].fault);
        fixture_silence(f, strstr(cases[i].fault, "hang") != NULL);
        end(f, &a);
        judge(&a, (int)i, &t);
        if (strcmp(a.state, cases[i].state) != 0)
            fail_msg("%s: %s %s", cases[i].fault, a.state, a.text);
        if (cases[i].state[0] != '\0') {
            assert_int_equal(gateway_requests(), 1); /* sent once, and not again */
            assert_non_null(strstr(a.text, "unknown"));
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
    struct answer a;

    (void)state;
    write_twice(f, 500, &a);
    end(f, &a);
    judge(&a, 500, &t);
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
    struct answer a;

    (void)state;
    pg_admin(
        "CREATE FUNCTION t_die() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN "
        "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NEW; END$$");
    for (int i = 0; i < 3; i++) {
        pg_admin(steps[i].trigger);
        write_twice(f, 600 + i, &a);
        end(f, &a);
        wait_for_backends();
        judge(&a, 600 + i, &t);
        assert_int_equal(stored(600 + i), 0);
        pg_admin("DROP TRIGGER t ON t_struck");
        write_twice(f, 610 + i, &a); /* and the connection goes on */
        end(f, &a);
        judge(&a, 610 + i, &t);
        assert_int_equal(t.committed, i + 1);
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
        struct answer a;
        write_twice(f, 1000 + i, &a);
        end(f, &a);
        judge(&a, 1000 + i, &t);
    }
    kill(killer, SIGTERM);
    waitpid(killer, &status, 0);
    pg_admin(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'DO %100000%' AND "
        "pid <> pg_backend_pid()");
    print_tally(&t);
    assert_true(t.committed > 0 && t.rolled_back + t.unknown > 0);
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

static void test_the_gateway_dies_at_any_time(void **state)
{
    struct tally t = {0};

    (void)state;
    for (int i = 0; i < 20; i++) {
        struct gateway g = start_gateway();
        struct blow b = {g.pid, random_below(25000)};
        struct answer a;
        struct fixture *f;
        pthread_t striker;
        char more[100];

        snprintf(more, sizeof more, "ApiHost=http://127.0.0.1:%d;RetryCount=0", g.port);
        f = connect_off(more);
        assert_int_equal(pthread_create(&striker, NULL, strike, &b), 0);
        write_twice(f, 2000 + i, &a);
        end(f, &a);
        pthread_join(striker, NULL);
        waitpid(g.pid, NULL, 0);
        wait_for_backends();
        judge(&a, 2000 + i, &t);
        fixture_free(f);
    }
    print_tally(&t);
    /* Over HTTP all of it is one request; in a session the blow may miss them all. */
    assert_true(!over(OVER_HTTP) || t.unknown > 0);
}

/* ---- the session ---- */

static struct answer transaction(struct fixture *f, int number)
{
    struct answer a;

    write_twice(f, number, &a);
    end(f, &a);
    return a;
}

static void must_commit(struct fixture *f, int number, const char *after)
{
    struct answer a = transaction(f, number);
    struct tally t = {0};

    judge(&a, number, &t);
    if (t.committed != 1)
        fail_msg("after %s: %s %s", after, a.state, a.text);
}

/* One transaction with the fault in place of a message of its session; then another, undisturbed.
 */
static void strike_message(const char *kind, const char *direction, long after, struct tally *t)
{
    struct fixture *f = connect_off("SessionIdle=0");
    static int number = 3000;
    char fault[200];
    struct answer a;

    gateway_reset();
    snprintf(fault, sizeof fault,
             "{\"kind\":%s,\"since\":\"%s\",\"direction\":\"%s\",\"after\":%ld}", kind,
             over(OVER_AUTO) ? "start" : "now", direction, after);
    gateway_fault(fault);
    a = transaction(f, ++number);
    wait_for_backends();
    judge(&a, number, t);
    gateway_reset();
    if (a.state[0] != '\0') /* else the fault may be to come yet */
        must_commit(f, ++number, fault);
    fixture_free(f);
}

/* At most; the gateway's counters begin behind them. */
enum { LOGIN_MESSAGES = 24 };

/* Every message of a transaction, in both directions, in every way. In `auto` logging in is part of
 * it. */
static void test_every_message_of_a_session(void **state)
{
    static const char *const kinds[] = {"\"ws_cut\"", "\"ws_cut\",\"tcp_reset\":1",
                                        "\"ws_close\",\"code\":1011", "\"ws_backend_cut\""};
    static const char *const directions[] = {"in", "out"};
    struct fixture *f = connect_off("SessionIdle=0");
    struct tally t = {0};
    long n[2];

    (void)state;
    gateway_reset();
    must_commit(f, 2999, "nothing");
    assert_int_equal(gateway_count("ws_upgrades"), over(OVER_AUTO) ? 1 : 0);
    n[0] = gateway_count("ws_messages_in") + (over(OVER_AUTO) ? LOGIN_MESSAGES : 0);
    n[1] = gateway_count("ws_messages_out") + (over(OVER_AUTO) ? LOGIN_MESSAGES : 0);
    fixture_free(f);
    for (size_t d = 0; d < 2; d++) {
        assert_in_range(n[d], 8, 120);
        for (long after = 0; after < n[d]; after++)
            strike_message(kinds[(size_t)after % 4], directions[d], after, &t);
        for (size_t k = 0; k < 4; k++) /* and each kind where the commit is */
            strike_message(kinds[k], directions[d], n[d] - 1, &t);
    }
    print_tally(&t);
    assert_true(t.rolled_back > 10 && t.unknown >= 3); /* COMMIT is one message, its answer two */
}

/* The commit has happened, the answer is lost; and the other way round. */
static void test_a_lost_answer_to_commit_is_unknown(void **state)
{
    static const struct {
        const char *fault;
        int rows;
    } cases[] = {
        {"{\"kind\":\"ws_cut\",\"since\":\"now\",\"direction\":\"out\"}", 2},
        {"{\"kind\":\"ws_cut\",\"since\":\"now\",\"direction\":\"out\",\"tcp_reset\":1}", 2},
        {"{\"kind\":\"ws_close\",\"since\":\"now\",\"direction\":\"out\",\"code\":1000}", 2},
        {"{\"kind\":\"ws_stall\",\"since\":\"now\",\"direction\":\"out\"}", 2},
        {"{\"kind\":\"ws_inject\",\"since\":\"now\",\"direction\":\"out\",\"data\":\"0102030405\"}",
         2},
        {"{\"kind\":\"ws_inject\",\"since\":\"now\",\"direction\":\"out\",\"raw\":\"ffff\"}", 2},
        {"{\"kind\":\"ws_cut\",\"since\":\"now\",\"direction\":\"in\"}", 0},
        {"{\"kind\":\"ws_stall\",\"since\":\"now\",\"direction\":\"in\"}", 0},
        {"{\"kind\":\"ws_backend_cut\",\"since\":\"now\",\"direction\":\"in\"}", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture *f = connect_off("");
        struct answer a;
        gateway_reset();
        write_twice(f, 4000 + (int)i, &a);
        assert_string_equal(a.state, "");
        gateway_fault(cases[i].fault);
        /* Behind a stall the commit must have got where it stops before the driver gives up. */
        fixture_silence(f, strstr(cases[i].fault, "stall") != NULL ? 4 : 0);
        end(f, &a);
        if (strcmp(a.state, "08007") != 0 || strstr(a.text, "unknown") == NULL)
            fail_msg("%s: %s %s", cases[i].fault, a.state, a.text);
        gateway_reset();
        if (cases[i].rows == 2)
            wait_for_backends();
        assert_int_equal(stored(4000 + (int)i), cases[i].rows);
        fixture_free(f);
    }
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

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest everywhere[] = {
        T(test_the_backend_dies_at_each_step),
        T(test_backends_die_at_any_time),
        T(test_the_gateway_dies_at_any_time),
    };
    const struct CMUnitTest http[] = {
        T(test_every_fault_of_the_network),
        T(test_a_gateway_that_is_not_there),
    };
    const struct CMUnitTest sessions[] = {
        T(test_every_message_of_a_session),
        T(test_a_lost_answer_to_commit_is_unknown),
    };

    return RUN_OVER(OVER_ALL, everywhere) + RUN_OVER(OVER_HTTP, http) +
           RUN_OVER(OVER_SESSIONS, sessions);
}
