/* One connection to PostgreSQL, driven without blocking so that a client that goes away is noticed.
 *
 * A struct backend belongs to one request at a time, or to the pool.
 */
#ifndef GATEWAY_BACKEND_H
#define GATEWAY_BACKEND_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "gateway/failure.h"

/* Where PostgreSQL is and who the gateway itself is there; from --pg. */
struct pg_target {
    char *host;
    char *hostaddr;
    char *port;
    char *user; /* NULL: no administrator, passwords are checked by connecting */
    char *password;
    char *dbname;
    char *sslmode;
    char *sslrootcert;
    char *passfile; /* used for the administrator and for JWT roles only */
    unsigned connect_retries;
};

/* What a waiting request watches besides PostgreSQL. */
struct watch {
    int client_fd; /* -1: do not watch */
    int stop_fd;   /* readable when the gateway is stopping */
};

enum wait_result { WAIT_READY, WAIT_TIMEOUT, WAIT_GONE };

enum run_result {
    RUN_OK,
    RUN_FAILED, /* the failure is set */
    RUN_GONE    /* the client went away; nothing to answer */
};

/* Who connects, and what of a startup packet goes along. NULL = not sent. */
struct backend_login {
    const char *role;
    const char *password; /* NULL: what PostgreSQL gives without one, or the passfile */
    const char *database; /* NULL or "": named like the role */
    const char *application_name;
    const char *replication;
    const char *options;
    const char *client_encoding;
    PQnoticeReceiver on_notice; /* NULL: notices are dropped */
    void *notice_arg;
};

struct backend {
    PGconn *conn;
    bool reset_pending; /* the reset was sent, its results are still to be read */
    char *key;          /* pool key, see pool.h */
    char *endpoint;     /* pool key's first part, for the limit per endpoint */
    struct timespec idle_since;
    struct backend *pool_next;
    struct typecache *types; /* array types learnt from the catalogue, see typeinfo.h */
};

/* Waits until fd is ready for `events` (poll flags), the client is gone or timeout_ms is over
 * (-1 = for ever). fd may be -1: then only the client and the time count. */
enum wait_result watch_wait(const struct watch *w, int fd, short events, int timeout_ms);

/* Opens a connection as role with password (NULL: what PostgreSQL gives without one, or the
 * passfile). Only user and database are sent, as over the real endpoint. Unreachable servers are
 * tried again as protocol 5.4 says. On RUN_OK the caller owns *out. */
enum run_result backend_open(struct backend **out, const struct pg_target *target, const char *role,
                             const char *password, const char *database, const struct watch *w,
                             struct failure *f);
/* The same with a login of any shape. The connection's notices go on to on_notice afterwards. */
enum run_result backend_open_as(struct backend **out, const struct pg_target *target,
                                const struct backend_login *login, const struct watch *w,
                                struct failure *f);
void backend_free(struct backend *b);

/* Takes the next result of the running query; *res is NULL when it is finished. Owned by the
 * caller. `timeout_ms` -1 waits for ever. */
enum wait_result backend_result(struct backend *b, const struct watch *w, int timeout_ms,
                                PGresult **res);
/* Reads and drops all results. READY when the backend is idle; *failed is set when one of the
 * results was an error (f, when not NULL, gets the first). */
enum wait_result backend_drain(struct backend *b, const struct watch *w, int timeout_ms,
                               bool *failed, struct failure *f);
/* Sends what was queued by a PQsend* call. */
enum wait_result backend_flush(struct backend *b, const struct watch *w);

/* Runs one statement of our own by simple query. */
enum run_result backend_simple(struct backend *b, const char *sql, const struct watch *w,
                               struct failure *f);
/* Asks PostgreSQL to cancel the running statement and waits for it to end. True when the backend
 * became idle within timeout_ms. */
bool backend_cancel(struct backend *b, int timeout_ms);

/* Sends the reset of protocol 7 without waiting for it. False when the connection is broken. */
bool backend_send_reset(struct backend *b);
/* Finishes a pending reset. False when it failed: the connection must not be used. */
bool backend_finish_reset(struct backend *b, const struct watch *w);

#endif
