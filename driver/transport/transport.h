/* A way to carry statements to the server and its answer back.
 *
 * The layer knows endpoints, TLS, frames and timeouts; it never knows a statement handle, and never
 * looks into SQL text. A request goes in; the answer comes out as bytes that the caller pulls
 * (HTTP: the JSON body of protocol section 4; a session: result/ events). Nothing is read ahead of
 * the caller by more than a few buffers: not pulling is the back-pressure.
 *
 * Threads: one exchange is used by one thread at a time, except exchange_cancel, which any thread
 * may call at any time between exchange_start and exchange_free. A transport may have several
 * exchanges under way at once, each from its own thread. */
#ifndef NEON_TRANSPORT_TRANSPORT_H
#define NEON_TRANSPORT_TRANSPORT_H

#include "base/err.h"
#include "base/log.h"
#include "transport/net_options.h"

/* One parameter as PostgreSQL text; ptr NULL = SQL NULL (protocol 3.3, client rule). */
struct wire_param {
    const char *ptr;
    size_t len; /* bytes, UTF-8 */
};

struct wire_stmt {
    struct strview sql; /* one statement, $n markers, UTF-8 */
    const struct wire_param *params;
    size_t n_params;
};

enum isolation {
    ISOLATION_DEFAULT,
    ISOLATION_READ_UNCOMMITTED,
    ISOLATION_READ_COMMITTED,
    ISOLATION_REPEATABLE_READ,
    ISOLATION_SERIALIZABLE
};

/* What is to be sent. Everything is borrowed until exchange_start returns. */
struct wire_request {
    const struct wire_stmt *stmts;
    size_t n_stmts;
    bool batch;               /* {"queries": [...]} even for one statement */
    enum isolation isolation; /* batch only */
    bool read_only;           /* batch only */
    bool deferrable;          /* batch only */
    bool repeatable;  /* sending it twice is harmless (a probe, a read-only batch): more may be
                         retried */
    bool connecting;  /* failures are reported as of connecting: 08001, HYT00 by login timeout */
    bool alone;       /* nothing may be put before it: what belongs to the session is left out */
    bool committing;  /* a lost answer is 08007 instead of 08S01 */
    int64_t deadline; /* base/clock.h; DEADLINE_NONE = no query or login timeout */
    int64_t read_timeout_s; /* no byte for so long: HYT01; 0 = none */
    /* by clock_now_ms: the server's statement_timeout has passed then; 0 = not known */
    int64_t timeout_at;

    /* a session's alone (pgwire_session.h) */
    struct session *session; /* NULL: over HTTP */
    bool opened;             /* it was open just now, and told its settings: when it turns out to be
                                gone before anything is sent, 08S01 instead of another one */
    bool in_transaction;     /* a transaction is open, or the first statement opens one */
    bool begins;             /* the first statement is BEGIN */
    bool in_portions;        /* the last statement's rows are fetched in portions, so that other
                                statements may run in between (in a transaction only) */
    bool reuse;              /* the last statement will come again: the server keeps it prepared,
                                and with it BEGIN */
    bool undescribed;        /* the last statement says itself what it gives (COPY) */
    bool copy_in; /* the last statement is COPY ... FROM STDIN: begun is when the server waits for
                     the data (session_copy_put) */
};

struct transport;
struct exchange;

/* What the answer said besides its body; valid once exchange_start returned true. */
struct exchange_info {
    int http_status;
    int http_version;      /* 10, 11, 20 */
    char request_id[64];   /* "" when the server sent none */
    int64_t first_byte_ms; /* from start to the first byte of the body */
};

/* Never blocks, no network. NULL: HY001, or HY024/08001 for options that can never work. Options
 * are copied. */
struct transport *transport_new(const struct net_options *o, struct log *log,
                                struct err *e) NEON_MUST_CHECK;
/* NULL is fine. No exchange may be left. */
void transport_free(struct transport *t);

/* Sends the request and waits for the answer's headers. On false *e tells why and whether it may
 * have been executed (err.effect), retries of what surely did not run are over (protocol 5.4), and
 * nothing is left to free. An HTTP answer other than 200 is an error here: its body was read and
 * parsed into *e. */
struct exchange *exchange_start(struct transport *t, const struct wire_request *r,
                                struct err *e) NEON_MUST_CHECK;
/* Makes an exchange that can be cancelled while exchange_begin runs in another thread;
 * exchange_start is new + begin. */
struct exchange *exchange_new(struct transport *t, struct err *e) NEON_MUST_CHECK;
bool exchange_begin(struct exchange *x, const struct wire_request *r,
                    struct err *e) NEON_MUST_CHECK;
const struct exchange_info *exchange_info(const struct exchange *x);

enum exchange_read { EXCHANGE_DATA, EXCHANGE_END, EXCHANGE_FAILED };
/* Waits for at least one byte of the body and copies at most cap bytes into dst (*got > 0 with
 * EXCHANGE_DATA). EXCHANGE_END: the whole body was delivered. EXCHANGE_FAILED: 08S01, HYT00, HYT01,
 * HY008. */
enum exchange_read exchange_read(struct exchange *x, char *dst, size_t cap, size_t *got,
                                 struct err *e);

/* The answer has been read to its end, and so many rows were in it: for the request's line in the
 * log, which is written now. */
void exchange_note_rows(struct exchange *x, uint64_t n_rows);
/* The body is a session's messages, not JSON. */
bool exchange_is_pgwire(const struct exchange *x);

/* From any thread: the call that waits returns HY008 soon, or the next one does. No effect on a
 * finished exchange. */
void exchange_cancel(struct exchange *x);
/* Ends it: an answer not read to its end drops the connection (h2: the stream), which cancels the
 * statement on the server (protocol 8). NULL is fine. Never blocks for long. */
void exchange_free(struct exchange *x);

/* True when the last use showed that the endpoint cannot be reached any more
 * (SQL_ATTR_CONNECTION_DEAD; no network). */
bool transport_is_dead(const struct transport *t);
/* Must be called in the child after fork(): true when this transport was made in another process.
 */
bool transport_is_foreign(const struct transport *t);

#endif
