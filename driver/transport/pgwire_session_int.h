/* Inside a session: what pgwire_session.c (its life), pgwire_login.c, pgwire_wait.c,
 * pgwire_notice.c, pgwire_prepared.c, pgwire_call.c and the files of an exchange
 * (pgwire_exchange_int.h) share. */
#ifndef NEON_TRANSPORT_PGWIRE_SESSION_INT_H
#define NEON_TRANSPORT_PGWIRE_SESSION_INT_H

#include "transport/parked.h"
#include "transport/pgwire_msg.h"
#include "transport/pgwire_session.h"
#include "transport/transport_int.h"
#include "transport/ws_client.h"

#define SESSION_MAX_PARAMETERS 64
#define SESSION_MAX_PREPARED 100
#define PREPARED_NAME_BYTES 24
#define SCRATCH_BYTES ((size_t)64 << 10)

struct parameter {
    char *name, *value; /* owned */
};

struct prepared {
    char *sql; /* owned */
    size_t len;
    char name[PREPARED_NAME_BYTES];
    uint64_t used; /* serial of the last use */
    bool ready;    /* the server has it */
};

struct notice {
    struct notice *next;
    struct pg_fields *fields;
};
struct notification {
    struct notification *next;
    size_t bytes; /* of its message */
    struct session_notification n;
};

struct session {
    struct transport *t;
    struct ws_client *ws;      /* NULL: not connected */
    pthread_mutex_t wake_lock; /* guards ws against exchange_cancel */
    int64_t login_timeout_s;
    uint64_t serial;
    char status;                      /* of ReadyForQuery: I, T, E */
    bool entering;                    /* BEGIN was sent, and its ReadyForQuery has not come yet */
    bool lost;                        /* with a transaction: not yet told */
    bool stateful, unavailable, gone; /* gone: state was lost with a connection */
    uint32_t pid, key;
    struct pgwire_scan scan;
    struct buf out;                  /* messages to be written */
    struct session_exchange *active; /* whose answer is on its way */
    int64_t used_ms;                 /* the server was surely not idle before */
    int64_t idle_s;                  /* after which the server ends it; 0: never */
    bool ends_idle;                  /* this connection was told so */
    char *scratch;                   /* owned */
    struct parameter parameters[SESSION_MAX_PARAMETERS];
    size_t n_parameters;
    bool told; /* a setting, since session_take_told */
    struct notice *notices, **notices_end;
    size_t n_notices;
    struct notification *notifications, **notifications_end;
    size_t n_notifications, notification_bytes;
    uint64_t n_notifications_dropped;
    struct prepared prepared[SESSION_MAX_PREPARED];
    size_t n_prepared;
    uint64_t clock; /* of uses and names */
};

/* --- pgwire_wait.c --- */

/* Why a wait may end before the server has answered. */
struct session_wait {
    const struct wire_request *r;
    const atomic_bool *cancelled; /* NULL: none */
    int64_t deadline, read_timeout_ms;
    enum { WAIT_ON, WAIT_CANCEL_SENT, WAIT_TIMEOUT_SENT } sent;
    int64_t give_up; /* when the server does not answer to the cancel */
};
void session_wait_init(struct session_wait *w, const struct wire_request *r,
                       const atomic_bool *cancelled);

/* Waits for payload, at least a byte. A cancel or deadline sends CancelRequest over another
 * WebSocket and goes on waiting for the server's word. False: the session is lost, and *e says so.
 */
bool session_receive(struct session *s, struct session_wait *w, char *dst, size_t cap, size_t *got,
                     struct err *e) NEON_MUST_CHECK;
/* The same without waiting: *got is 0 when nothing is here. */
bool session_receive_some(struct session *s, struct session_wait *w, char *dst, size_t cap,
                          size_t *got, struct err *e) NEON_MUST_CHECK;
/* Sends s->out. Where the server does not take it at once, it waits as session_receive does. False:
 * lost. */
bool session_flush(struct session *s, struct session_wait *w, struct err *e) NEON_MUST_CHECK;

/* --- pgwire_session.c --- */

/* The server's error as this request's; a cancel of ours is told as what it was. */
bool session_error(struct session *s, const struct session_wait *w, struct pg_fields *fields,
                   struct err *e);
/* The connection is over; *e, which says why, gets what that means. */
void session_lose(struct session *s, const struct wire_request *r, struct err *e);
/* Open, or made so. False: 08001, ..., 08S01 when state is gone. */
bool session_ensure(struct session *s, const struct wire_request *r, const atomic_bool *cancelled,
                    struct err *e) NEON_MUST_CHECK;
/* Ends the connection without a word. */
void session_cut(struct session *s);
/* Settings of our own in one statement: idle_session_timeout, where the server has it. */
void session_write_idle(struct buf *out, int64_t idle_s);

/* --- pgwire_login.c --- */

/* Connects and logs in. */
bool session_login(struct session *s, const struct ws_patience *p, struct err *e) NEON_MUST_CHECK;

/* --- pgwire_notice.c --- */

/* What any message may be: settings, notices, notifications, keys, status. *error: an
 * ErrorResponse's fields (the caller's now), else NULL. False: HY001. */
bool session_take_message(struct session *s, const struct pgwire_message *m,
                          struct pg_fields **error, struct err *e) NEON_MUST_CHECK;
/* What a server sends when it does what it was asked: never between its error and ReadyForQuery. */
bool session_is_step(char type);
/* Forgets every setting that the server has told. */
void session_forget_parameters(struct session *s);

/* --- pgwire_prepared.c --- */

/* The name under which the server keeps this text; *fresh: it has to be told first. "" when there
 * is no memory for it. */
const char *session_prepared_name(struct session *s, struct strview sql, bool *fresh);
void session_prepared_is_ready(struct session *s, const char *name);
/* Forgets one text; the server is told with the next request. */
void session_drop_prepared(struct session *s, const char *name);

/* --- pgwire_exchange.c --- */

/* Nobody else's answer is on its way: what is, is put aside. False: lost, HY008. */
bool session_make_room(struct session *s, const struct wire_request *r,
                       const atomic_bool *cancelled, struct err *e) NEON_MUST_CHECK;

#endif
