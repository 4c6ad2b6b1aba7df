/* One connection to PostgreSQL over libpq's asynchronous interface.
 *
 * It knows how to open, wait, cancel and reset; it does not know JSON (render.c), the order of a
 * request (sql_http.c) or who may have which connection (pool.c).
 */
#include "gateway/backend.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/control.h"
#include "gateway/log.h"
#include "gateway/net.h"
#include "gateway/typeinfo.h"

#define CONNECT_TIMEOUT_MS 2000
#define CONNECT_BACKOFF_MS 200
#define RESET_TIMEOUT_MS 5000

static const char reset_sql[] =
    "ROLLBACK; CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; DEALLOCATE ALL; "
    "UNLISTEN *; SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES";

enum wait_result watch_wait(const struct watch *w, int fd, short events, int timeout_ms)
{
    struct pollfd fds[3] = {
        {.fd = fd, .events = events},
        {.fd = w ? w->client_fd : -1, .events = POLLRDHUP},
        {.fd = w ? w->stop_fd : -1, .events = POLLIN},
    };
    int64_t end = net_now_ms() + timeout_ms;
    for (;;) {
        int left = timeout_ms < 0 ? -1 : (int)(end - net_now_ms());
        if (timeout_ms >= 0 && left < 0)
            left = 0;
        int n = poll(fds, 3, left);
        if (n == 0)
            return WAIT_TIMEOUT;
        if (n < 0) {
            if (errno != EINTR)
                return WAIT_GONE;
            continue;
        }
        if (fds[0].revents)
            return WAIT_READY;
        return WAIT_GONE;
    }
}

/* ---- opening ----------------------------------------------------------------------------- */

#define MAX_CONN_OPTIONS 20

/* Notices never travel over HTTP (protocol 6.3). */
static void drop_notice(void *arg, const PGresult *res)
{
    (void)arg;
    (void)res;
}

static PGconn *start_connection(const struct pg_target *t, const struct backend_login *l)
{
    const char *keys[MAX_CONN_OPTIONS];
    const char *values[MAX_CONN_OPTIONS];
    size_t n = 0;
    const struct {
        const char *key;
        const char *value;
    } options[] = {
        {"host", t->host},
        {"hostaddr", t->hostaddr},
        {"port", t->port},
        {"user", l->role},
        {"password", l->password},
        {"dbname", l->database && l->database[0] ? l->database : l->role},
        {"sslmode", t->sslmode},
        {"sslrootcert", t->sslrootcert},
        {"passfile", !l->password && t->passfile ? t->passfile : "/dev/null/none"},
        {"gssencmode", "disable"},
        {"application_name", l->application_name},
        {"replication", l->replication},
        {"options", l->options},
        {"client_encoding", l->client_encoding},
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (!options[i].value)
            continue;
        keys[n] = options[i].key;
        values[n++] = options[i].value;
    }
    keys[n] = NULL;
    values[n] = NULL;
    PGconn *conn = PQconnectStartParams(keys, values, 0);
    if (!conn)
        return NULL;
    PQsetErrorVerbosity(conn, PQERRORS_VERBOSE); /* the only way to see a connect's SQLSTATE */
    PQsetNoticeReceiver(conn, l->on_notice ? l->on_notice : drop_notice, l->notice_arg);
    return conn;
}

static enum wait_result finish_connection(PGconn *conn, const struct watch *w)
{
    int64_t end = net_now_ms() + CONNECT_TIMEOUT_MS;
    short events = POLLOUT;
    if (PQstatus(conn) == CONNECTION_BAD)
        return WAIT_READY;
    for (;;) {
        int64_t left = end - net_now_ms();
        enum wait_result r = watch_wait(w, PQsocket(conn), events, left > 0 ? (int)left : 0);
        if (r != WAIT_READY)
            return r;
        PostgresPollingStatusType s = PQconnectPoll(conn);
        if (s == PGRES_POLLING_OK || s == PGRES_POLLING_FAILED)
            return WAIT_READY;
        events = s == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    }
}

static struct backend *wrap(PGconn *conn)
{
    struct backend *b = calloc(1, sizeof *b);
    if (!b) {
        PQfinish(conn);
        return NULL;
    }
    b->conn = conn;
    PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
    PQsetnonblocking(conn, 1);
    return b;
}

/* Where no password is asked for, a role that does not exist is 28000 like one that may not log in.
 * Both come from one function of the server, and only the message tells them apart: in another
 * language than English nobody learns which of the two it is. */
static bool is_unknown_role(const struct failure *f)
{
    static const char nologin[] = " is not permitted to log in";
    const char *routine = f->field[FAILURE_ROUTINE];
    const char *message = f->field[FAILURE_MESSAGE];
    size_t n = strlen(message);
    bool may_not = n >= sizeof nologin && strcmp(message + n - (sizeof nologin - 1), nologin) == 0;
    return strcmp(f->field[FAILURE_CODE], "28000") == 0 && routine &&
           strcmp(routine, "InitializeSessionUserId") == 0 && !may_not;
}

/* The error of a connection attempt that PostgreSQL answered (protocol 5.3). */
static void classify_connect_error(struct failure *f, const char *role)
{
    const char *code = f->field[FAILURE_CODE];
    if (!code || !f->field[FAILURE_MESSAGE])
        return;
    if (strcmp(code, "28P01") == 0 || is_unknown_role(f))
        failure_set(f, 400, "password authentication failed for user '%s'", role);
    else if (strcmp(code, "3D000") == 0)
        f->status = 400;
}

enum run_result backend_open(struct backend **out, const struct pg_target *target, const char *role,
                             const char *password, const char *database, const struct watch *w,
                             struct failure *f)
{
    const struct backend_login login = {.role = role, .password = password, .database = database};
    return backend_open_as(out, target, &login, w, f);
}

enum run_result backend_open_as(struct backend **out, const struct pg_target *target,
                                const struct backend_login *login, const struct watch *w,
                                struct failure *f)
{
    int backoff_ms = CONNECT_BACKOFF_MS;
    for (unsigned attempt = 0;; attempt++) {
        PGconn *conn = start_connection(target, login);
        if (!conn) {
            failure_set(f, 500, "the gateway is out of memory");
            return RUN_FAILED;
        }
        enum wait_result r = finish_connection(conn, w);
        if (r == WAIT_READY && PQstatus(conn) == CONNECTION_OK) {
            *out = wrap(conn);
            if (*out)
                return RUN_OK;
            failure_set(f, 500, "the gateway is out of memory");
            return RUN_FAILED;
        }
        bool answered = r == WAIT_READY && failure_from_connect(f, PQerrorMessage(conn));
        if (!answered && r != WAIT_GONE)
            log_line("cannot connect to PostgreSQL: %s",
                     r == WAIT_TIMEOUT ? "no answer in time" : PQerrorMessage(conn));
        PQfinish(conn);
        if (r == WAIT_GONE)
            return RUN_GONE;
        if (answered) {
            classify_connect_error(f, login->role);
            return RUN_FAILED;
        }
        if (attempt >= target->connect_retries) {
            failure_set(f, 500, "Couldn't connect to compute node");
            return RUN_FAILED;
        }
        if (watch_wait(w, -1, 0, backoff_ms) == WAIT_GONE)
            return RUN_GONE;
        backoff_ms *= 2;
    }
}

void backend_free(struct backend *b)
{
    if (!b)
        return;
    PQfinish(b->conn);
    typecache_free(b->types);
    free(b->key);
    free(b->endpoint);
    free(b);
}

/* ---- running ----------------------------------------------------------------------------- */

enum wait_result backend_flush(struct backend *b, const struct watch *w)
{
    for (;;) {
        int more = PQflush(b->conn);
        if (more <= 0)
            return WAIT_READY; /* an error shows up as the statement's result */
        enum wait_result r = watch_wait(w, PQsocket(b->conn), POLLIN | POLLOUT, -1);
        if (r != WAIT_READY)
            return r;
        if (!PQconsumeInput(b->conn))
            return WAIT_READY;
    }
}

enum wait_result backend_result(struct backend *b, const struct watch *w, int timeout_ms,
                                PGresult **res)
{
    int64_t end = net_now_ms() + timeout_ms;
    *res = NULL;
    while (PQisBusy(b->conn)) {
        int64_t left = timeout_ms < 0 ? -1 : end - net_now_ms();
        if (timeout_ms >= 0 && left < 0)
            left = 0;
        enum wait_result r = watch_wait(w, PQsocket(b->conn), POLLIN, (int)left);
        if (r != WAIT_READY)
            return r;
        if (!PQconsumeInput(b->conn))
            break; /* PQgetResult now reports the loss */
    }
    *res = PQgetResult(b->conn);
    return WAIT_READY;
}

static bool is_copy(ExecStatusType s)
{
    return s == PGRES_COPY_IN || s == PGRES_COPY_OUT || s == PGRES_COPY_BOTH;
}

enum wait_result backend_drain(struct backend *b, const struct watch *w, int timeout_ms,
                               bool *failed, struct failure *f)
{
    *failed = false;
    for (;;) {
        PGresult *res;
        enum wait_result r = backend_result(b, w, timeout_ms, &res);
        if (r != WAIT_READY)
            return r;
        if (!res)
            break;
        ExecStatusType s = PQresultStatus(res);
        if (s == PGRES_FATAL_ERROR && !*failed && f)
            failure_from_result(f, 400, res);
        *failed = *failed || s == PGRES_FATAL_ERROR || is_copy(s);
        PQclear(res);
        if (is_copy(s) || PQstatus(b->conn) == CONNECTION_BAD)
            break;
    }
    if (PQstatus(b->conn) == CONNECTION_BAD) {
        *failed = true;
        if (f && f->status == 0)
            failure_set(f, 400, "connection closed");
    }
    return WAIT_READY;
}

enum run_result backend_simple(struct backend *b, const char *sql, const struct watch *w,
                               struct failure *f)
{
    bool failed = false;
    if (!PQsendQuery(b->conn, sql)) {
        failure_set(f, 400, "connection closed");
        return RUN_FAILED;
    }
    if (backend_flush(b, w) != WAIT_READY || backend_drain(b, w, -1, &failed, f) != WAIT_READY)
        return RUN_GONE;
    return failed ? RUN_FAILED : RUN_OK;
}

bool backend_cancel(struct backend *b, int timeout_ms)
{
    char error[256];
    bool failed;
    PGcancel *cancel = PQgetCancel(b->conn);
    if (!cancel)
        return false;
    control_count(COUNT_CANCELS);
    if (!PQcancel(cancel, error, sizeof error))
        log_line("cannot cancel a statement: %s", error);
    PQfreeCancel(cancel);
    if (backend_drain(b, NULL, timeout_ms, &failed, NULL) != WAIT_READY)
        return false;
    return PQstatus(b->conn) == CONNECTION_OK && PQtransactionStatus(b->conn) != PQTRANS_ACTIVE;
}

bool backend_send_reset(struct backend *b)
{
    if (PQstatus(b->conn) != CONNECTION_OK || !PQsendQuery(b->conn, reset_sql))
        return false;
    b->reset_pending = true;
    return PQflush(b->conn) == 0;
}

bool backend_finish_reset(struct backend *b, const struct watch *w)
{
    bool failed = false;
    if (!b->reset_pending)
        return true;
    b->reset_pending = false;
    return backend_drain(b, w, RESET_TIMEOUT_MS, &failed, NULL) == WAIT_READY && !failed;
}
