/* kill -9 of the whole PostgreSQL, postmaster and all, at each step of a commit and at any time,
 * over HTTP and in sessions. It is started again, recovers, and is asked what is there. What the
 * driver said of each transaction, which writes its number twice, must be the truth: committed, and
 * both rows are there; failed, and none is; 08007, and it may be either, never half.
 *
 * The server is a private one: the program runs itself once more inside tests/with-services.sh. */
#include "odbc_test.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_PROCESSES 64
#define MAX_ARGUMENTS 64
#define RANDOM_BLOWS 5

/* ---- the server ---- */

static struct {
    pid_t pid;
    bool ours; /* started by restart() */
    char arguments[4096];
    size_t arguments_len; /* each ends with '\0' */
    char data[400];
} server;

static size_t read_file(const char *path, char *out, size_t cap)
{
    FILE *f = fopen(path, "r");
    size_t n = f != NULL ? fread(out, 1, cap - 1, f) : 0;

    if (f != NULL)
        fclose(f);
    out[n] = '\0';
    return n;
}

static void find_server(void)
{
    char path[500], text[64];

    snprintf(server.data, sizeof server.data, "%s/pg/data", test_env("NEON_TEST_DIR"));
    snprintf(path, sizeof path, "%s/postmaster.pid", server.data);
    read_file(path, text, sizeof text);
    server.pid = atoi(text);
    assert_true(server.pid > 1);
    snprintf(path, sizeof path, "/proc/%d/cmdline", server.pid);
    server.arguments_len = read_file(path, server.arguments, sizeof server.arguments);
    assert_true(server.arguments_len > 0);
}

/* The state of a process ('Z': it is dead, and nobody has asked), and its parent. 0: there is none.
 */
static char state_of(pid_t pid, pid_t *parent)
{
    char path[64], text[512];
    const char *behind;
    char state = 0;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    *parent = 0;
    if (read_file(path, text, sizeof text) == 0)
        return 0;
    behind = strrchr(text, ')');
    return behind != NULL && sscanf(behind + 1, " %c %d", &state, parent) == 2 ? state : 0;
}

static size_t find_children(pid_t *out)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    size_t n = 0;

    assert_non_null(proc);
    while ((entry = readdir(proc)) != NULL && n < MAX_PROCESSES) {
        pid_t pid = atoi(entry->d_name);
        pid_t parent;
        if (pid > 0 && state_of(pid, &parent) != 0 && parent == server.pid)
            out[n++] = pid;
    }
    closedir(proc);
    return n;
}

static void kill_server(void)
{
    pid_t children[MAX_PROCESSES], parent;
    size_t n;

    kill(server.pid, SIGSTOP); /* it starts no more of them */
    n = find_children(children);
    for (size_t i = 0; i < n; i++)
        kill(children[i], SIGKILL);
    kill(server.pid, SIGKILL);
    for (size_t i = 0; i < n; i++)
        while (state_of(children[i], &parent) != 0 && state_of(children[i], &parent) != 'Z')
            sleep_us(1000);
    if (server.ours)
        waitpid(server.pid, NULL, 0);
    while (state_of(server.pid, &parent) != 0 && state_of(server.pid, &parent) != 'Z')
        sleep_us(1000);
}

/* In the child: as the owner of the data, with the arguments that it had. */
static void become_server(void)
{
    char *argv[MAX_ARGUMENTS + 1] = {NULL};
    struct stat owner;
    size_t n = 0;
    int null = open("/dev/null", O_RDWR);

    for (size_t at = 0; at < server.arguments_len && n < MAX_ARGUMENTS;
         at += strlen(server.arguments + at) + 1)
        argv[n++] = server.arguments + at;
    dup2(null, 0);
    dup2(null, 1);
    dup2(null, 2);
    if (stat(server.data, &owner) != 0 ||
        (geteuid() == 0 && (setgid(owner.st_gid) != 0 || setuid(owner.st_uid) != 0)) ||
        chdir("/") != 0)
        _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    execv(argv[0], argv);
    _exit(127);
}

static void restart_server(void)
{
    const char *ready = "pg_isready -q -h 127.0.0.1 -p \"$NEON_TEST_PG_PORT\"";

    server.pid = fork();
    assert_true(server.pid >= 0);
    if (server.pid == 0)
        become_server();
    server.ours = true;
    for (int i = 0; i < 3000; i++) {
        if (system(ready) == 0)
            return;
        if (waitpid(server.pid, NULL, WNOHANG) != 0)
            fail_msg("%s", "PostgreSQL does not start again");
        sleep_us(10000);
    }
    fail_msg("%s", "PostgreSQL does not recover");
}

/* ---- transactions ---- */

static const struct way {
    const char *name, *connstr;
    bool session;
} ways[] = {
    {"http", "DSN=neon;Transport=http;RetryCount=0", false},
    {"websocket", "DSN=neon;Transport=websocket;RetryCount=0", true},
    {"auto", "DSN=neon;Transport=auto;RetryCount=0", true},
};
#define N_WAYS (sizeof ways / sizeof ways[0])

static struct fixture *connect_off(const struct way *w)
{
    struct fixture *f = fixture_new(SQL_OV_ODBC3);

    fixture_connect(f, w->connstr);
    assert_dbc_ok(
        f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0));
    return f;
}

/* Errors are kept: the commit tells. */
static SQLRETURN write_twice(struct fixture *f, int number)
{
    SQLRETURN rc = SQL_SUCCESS;
    char sql[100];

    snprintf(sql, sizeof sql, "INSERT INTO t_killed VALUES (%d)", number);
    for (int i = 0; i < 2 && SQL_SUCCEEDED(rc); i++)
        rc = SQLExecDirect(f->stmt, sqltext(sql), SQL_NTS);
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    return rc;
}

static SQLRETURN commit(struct fixture *f)
{
    return SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT);
}

static int stored(int number)
{
    char sql[100];

    snprintf(sql, sizeof sql, "SELECT count(*) FROM t_killed WHERE n = %d", number);
    return atoi(pg_admin(sql));
}

static void assert_stored_twice(int from, int behind)
{
    char sql[200];

    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM (SELECT n FROM t_killed WHERE n >= %d AND n < %d GROUP BY n "
             "HAVING count(*) = 2) q",
             from, behind);
    assert_int_equal(atoi(pg_admin(sql)), behind - from);
}

struct tally {
    int committed, rolled_back, unknown;
};

/* What the commit said, against what the server has after its recovery. Where a statement has
 * failed, the commit must not succeed. */
static void judge(struct fixture *f, SQLRETURN wrote, SQLRETURN rc, int number, struct tally *t)
{
    char state[6] = "";
    int n = stored(number);

    if (!SQL_SUCCEEDED(rc))
        snprintf(state, sizeof state, "%s", diag_state(SQL_HANDLE_DBC, f->dbc));
    if (n != 0 && n != 2)
        fail_msg("%d: half of it is there (%s)", number, state);
    if (SQL_SUCCEEDED(rc) && (n != 2 || !SQL_SUCCEEDED(wrote)))
        fail_msg("%d: committed, it was said, with %d rows", number, n);
    if (!SQL_SUCCEEDED(rc) && strcmp(state, "08007") != 0 && n != 0)
        fail_msg("%d: failed, it was said: %s %s", number, state,
                 diag_text(SQL_HANDLE_DBC, f->dbc));
    if (strcmp(state, "08007") == 0)
        assert_non_null(strstr(diag_text(SQL_HANDLE_DBC, f->dbc), "unknown"));
    t->committed += SQL_SUCCEEDED(rc);
    t->rolled_back += !SQL_SUCCEEDED(rc) && strcmp(state, "08007") != 0;
    t->unknown += strcmp(state, "08007") == 0;
}

/* The connection is fit for the next transaction. (The gateway keeps connections to the server, of
 * which more than one may have died: each is found out by a request.) */
static void goes_on(struct fixture *f, int number)
{
    SQLRETURN rc = SQL_ERROR;

    for (int i = 0; i < 5 && !SQL_SUCCEEDED(rc); i++) {
        SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK);
        rc = write_twice(f, number);
        if (SQL_SUCCEEDED(rc))
            rc = commit(f);
        if (!SQL_SUCCEEDED(rc))
            assert_int_equal(stored(number), 0);
    }
    assert_dbc_ok(f->dbc, rc);
    assert_int_equal(stored(number), 2);
}

/* ---- at each step ---- */

enum step { BEFORE_THE_COMMIT, IN_A_STATEMENT, IN_THE_COMMIT, BEHIND_THE_COMMIT, N_STEPS };

/* Makes the server stay at the step for as long as it takes to kill it there. */
static const char *const stays[N_STEPS] = {
    [IN_A_STATEMENT] = "CREATE TRIGGER t BEFORE INSERT ON t_killed FOR EACH ROW "
                       "EXECUTE FUNCTION t_stay()",
    [IN_THE_COMMIT] = "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON t_killed DEFERRABLE INITIALLY "
                      "DEFERRED FOR EACH ROW EXECUTE FUNCTION t_stay()",
};

struct blow {
    enum step step;
    int number;
};

static bool is_there(const struct blow *b)
{
    if (b->step == BEHIND_THE_COMMIT)
        return stored(b->number) == 2;
    return strcmp(pg_admin("SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND "
                           "wait_event = 'PgSleep'"),
                  "0") != 0;
}

static void *strike_there(void *arg)
{
    const struct blow *b = arg;

    while (!is_there(b))
        sleep_us(2000);
    kill_server();
    if (b->step == BEHIND_THE_COMMIT)
        gateway_cut_sessions(); /* the answer that is held back is never heard */
    return NULL;
}

/* The server's word is held back on its way, behind the commit. */
static void hold_answer(const struct way *w)
{
    gateway_fault(w->session ? "{\"kind\":\"ws_stall\",\"direction\":\"out\",\"since\":\"now\"}"
                             : "{\"kind\":\"slow_body\",\"bytes\":1,\"ms\":40}");
}

static SQLRETURN struck_at(struct fixture *f, const struct way *w, enum step step, int number)
{
    struct blow b = {step, number};
    pthread_t striker;
    SQLRETURN rc;

    if (step != IN_A_STATEMENT)
        assert_stmt_ok(f->stmt, write_twice(f, number));
    if (step == BEFORE_THE_COMMIT) {
        kill_server();
        while (w->session && gateway_count("ws_open") > 0) /* the gateway has said so */
            sleep_us(2000);
        return commit(f);
    }
    if (step == BEHIND_THE_COMMIT)
        hold_answer(w);
    assert_int_equal(pthread_create(&striker, NULL, strike_there, &b), 0);
    if (step == IN_A_STATEMENT)
        (void)write_twice(f, number);
    rc = commit(f);
    pthread_join(striker, NULL);
    return rc;
}

static void test_at_each_step(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_WAYS * N_STEPS; i++) {
        const struct way *w = &ways[i / N_STEPS];
        enum step step = (enum step)(i % N_STEPS);
        int number = (int)i;
        struct fixture *f = connect_off(w);
        struct tally t = {0};
        SQLRETURN rc;

        if (stays[step] != NULL)
            pg_admin(stays[step]);
        rc = struck_at(f, w, step, number);
        restart_server();
        judge(f, SQL_SUCCESS, rc, number, &t);
        print_message("%s, step %d: %s\n", w->name, (int)step,
                      SQL_SUCCEEDED(rc) ? "committed" : diag_state(SQL_HANDLE_DBC, f->dbc));
        assert_int_equal(stored(number), step == BEHIND_THE_COMMIT ? 2 : 0);
        /* What surely did not happen is not called unknown. (Over HTTP the gateway may have sent
         * the commit on a connection that it did not know was dead.) */
        if (w->session && (step == BEFORE_THE_COMMIT || step == IN_A_STATEMENT))
            assert_int_equal(t.rolled_back, 1);
        gateway_reset();
        if (stays[step] != NULL)
            pg_admin("DROP TRIGGER t ON t_killed");
        goes_on(f, 100 + number);
        fixture_free(f);
    }
}

/* ---- at any time ---- */

static void *strike_later(void *arg)
{
    const long *after_us = arg;

    sleep_us(*after_us);
    kill_server();
    return NULL;
}

static void test_at_any_time(void **state)
{
    struct tally t = {0};
    int number = 10000;

    (void)state;
    for (int i = 0; i < RANDOM_BLOWS * 2; i++) {
        struct fixture *f = connect_off(&ways[i % 2]);
        long after_us = random_below(12000);
        int first = number;
        pthread_t striker;
        SQLRETURN wrote, rc;

        goes_on(f, 1000 + i);
        assert_int_equal(pthread_create(&striker, NULL, strike_later, &after_us), 0);
        do { /* until it is struck */
            wrote = write_twice(f, number++);
            rc = commit(f);
        } while (SQL_SUCCEEDED(wrote) && SQL_SUCCEEDED(rc));
        pthread_join(striker, NULL);
        restart_server();
        judge(f, wrote, rc, number - 1, &t);
        assert_stored_twice(first, number - 1);
        goes_on(f, 2000 + i);
        fixture_free(f);
    }
    print_message("%d not begun, %d rolled back, %d unknown\n", t.committed, t.rolled_back,
                  t.unknown);
}

/* ---- all of it ---- */

static int setup(void **state)
{
    (void)state;
    find_server();
    /* The tests' server is in no hurry to write its log: here what is committed must survive. */
    pg_admin("ALTER DATABASE shop SET synchronous_commit = on");
    pg_admin("CREATE TABLE t_killed (n int); GRANT ALL ON t_killed TO app; "
             "CREATE FUNCTION t_stay() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "
             "IF NEW.n < 100 THEN PERFORM pg_sleep(60); END IF; RETURN NEW; END$$");
    gateway_reset();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (server.ours) {
        kill(server.pid, SIGQUIT);
        waitpid(server.pid, NULL, 0);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_at_each_step),
        cmocka_unit_test(test_at_any_time),
    };
    char services[500], self[500];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    if (argc > 1 && strcmp(argv[1], "inside") == 0)
        return cmocka_run_group_tests(tests, setup, teardown);
    if (n <= 0)
        return 1;
    self[n] = '\0';
    snprintf(services, sizeof services, "%s/tests/with-services.sh", test_env("NEON_TEST_SRCDIR"));
    setenv("NEON_BUILDDIR", test_env("NEON_TEST_BUILDDIR"), 1);
    execlp("bash", "bash", services, self, "inside", (char *)NULL);
    return 1;
}
