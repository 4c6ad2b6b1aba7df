/* What PostgreSQL itself says, past the driver and the gateway: one psql for the life of a test
 * program, in a new session for each text. Starting psql costs more than most of what is asked of
 * it, and some programs ask thousands of times. */
#include "odbc_test.h"

#include <errno.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* psql of this process; fd: its input and output, closed by exec. */
static struct {
    pid_t pid, of;
    int fd;
} psql;

/* The URL goes through the environment, and texts through the socket. */
static void start_psql(void)
{
    static const char command[] =
        "PGOPTIONS='-c lock_timeout=30s' exec psql -X -q -A -t -v ON_ERROR_STOP=1 "
        "\"${NEON_TEST_PG_ADMIN_URL%/postgres*}/shop\" -f - 2>&1";
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char *)(uintptr_t)command, NULL};
    posix_spawn_file_actions_t files;
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    posix_spawn_file_actions_init(&files);
    for (int fd = 0; fd <= 2; fd++)
        posix_spawn_file_actions_adddup2(&files, ends[1], fd);
    assert_int_equal(posix_spawn(&psql.pid, "/bin/sh", &files, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&files);
    close(ends[1]);
    psql.fd = ends[0];
    psql.of = getpid();
}

static void end_psql(void)
{
    close(psql.fd);
    while (waitpid(psql.pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    psql.pid = 0;
}

static void send_all(const char *text)
{
    size_t len = strlen(text);

    while (len > 0) {
        ssize_t n = send(psql.fd, text, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return; /* it has ended: what it said last is read next */
        text += n;
        len -= (size_t)n;
    }
}

/* Its output up to the line `end`, which is cut off. False: it ended before, or says more. */
static bool read_until(const char *end, char *out, size_t cap)
{
    size_t len_end = strlen(end);
    size_t len = 0;

    for (;;) {
        ssize_t n = read(psql.fd, out + len, cap - len - 1);
        if (n < 0 && errno == EINTR)
            continue;
        len += n > 0 ? (size_t)n : 0;
        out[len] = '\0';
        if (len >= len_end && strcmp(out + len - len_end, end) == 0) {
            out[len - len_end] = '\0';
            return true;
        }
        if (n <= 0 || len == cap - 1)
            return false;
    }
}

#define END "-- pg_admin has its answer --"

const char *pg_admin(const char *sql)
{
    static char out[65536];

    if (psql.pid == 0 || psql.of != getpid())
        start_psql();
    /* \connect first: settings of roles and databases hold, and a server that was started again is
     * found. DISCARD last: no text of ours is to be seen in pg_stat_activity. */
    send_all("\\connect\n");
    send_all(sql);
    send_all("\n;\nDISCARD ALL;\n\\echo '" END "'\n");
    if (!read_until(END "\n", out, sizeof out)) {
        end_psql();
        fail_msg("psql failed, or said more than pg_admin keeps: %s", out);
    }
    for (size_t n = strlen(out); n > 0 && out[n - 1] == '\n'; n--)
        out[n - 1] = '\0';
    return out;
}

static bool is_running(const char *pattern)
{
    char sql[500];

    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%s' AND "
             "pid <> pg_backend_pid()",
             pattern);
    return strcmp(pg_admin(sql), "0") != 0;
}

void wait_until_running(const char *pattern)
{
    while (!is_running(pattern))
        sleep_us(5000);
}

void wait_until_gone(const char *pattern)
{
    while (is_running(pattern))
        sleep_us(5000);
}
