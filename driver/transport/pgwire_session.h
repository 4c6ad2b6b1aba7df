/* An interactive session: PostgreSQL's protocol through a WebSocket (protocol, section 10). One
 * conversation: exchanges take turns on it, and one that is not read to its end is put aside when
 * another begins.
 *
 * Threads: as transport.h; a session is used by one thread at a time (its connection's lock), but
 * for exchange_cancel. */
#ifndef NEON_TRANSPORT_PGWIRE_SESSION_H
#define NEON_TRANSPORT_PGWIRE_SESSION_H

#include "base/cell.h"
#include "transport/transport.h"

struct session;

#define SESSION_MAX_NOTICES 64 /* of one statement; later ones are dropped */
/* Notifications waiting to be read; later ones are dropped, and counted. */
#define SESSION_MAX_NOTIFICATIONS 10000
#define SESSION_MAX_NOTIFICATION_BYTES ((size_t)16 << 20)

/* No network: the connection is made by the first exchange, within login_timeout_s (0: as long as
 * it takes). The transport is borrowed. NULL: HY001. */
struct session *session_new(struct transport *t, int64_t login_timeout_s,
                            struct err *e) NEON_MUST_CHECK;
/* Has the server itself end a connection that was not used for so long (a little longer, so that it
 * cannot happen while a request is on its way to it), outside of transactions; from the next
 * connection on. 0: never. Servers before PostgreSQL 14 cannot. */
void session_set_idle(struct session *s, int64_t idle_s);
/* Something lives in this connection: the server is to keep it. At most one request. */
bool session_stay(struct session *s, const struct wire_request *r, struct err *e) NEON_MUST_CHECK;
/* Ends it; an open transaction is rolled back by the server. NULL is fine. */
void session_free(struct session *s);
/* The same without forgetting what was received. Exchanges that were not read to their end fail. */
void session_close(struct session *s);
/* Makes the connection now. False: 08001, 28000, HYT00, ...; nothing is open. */
bool session_open(struct session *s, int64_t deadline, struct err *e) NEON_MUST_CHECK;

bool session_is_open(const struct session *s);
/* True when the last try failed because WebSockets are not to be had here (an upgrade that was
 * refused, a host that cannot be reached): not a wrong password. */
bool session_is_unavailable(const struct session *s);
enum session_transaction {
    SESSION_IDLE = 'I',   /* none; also while nothing is open */
    SESSION_IN = 'T',     /* open; also while the first answer in it is still on its way */
    SESSION_FAILED = 'E', /* only ROLLBACK is possible */
};
enum session_transaction session_transaction(const struct session *s);
/* True once after the connection was lost while a transaction was open. */
bool session_take_lost(struct session *s);
/* Something lives in the session that another one would not have (a temporary table, a setting, a
 * LISTEN): it is not replaced silently when it is lost. */
void session_set_stateful(struct session *s, bool stateful);
bool session_is_stateful(const struct session *s);
/* Nothing of what was before matters any more: neither what lived in it, nor that it was lost, nor
 * what it was told. */
void session_forget(struct session *s);
/* Counts the connections made: what was set in one is gone in the next. */
uint64_t session_serial(const struct session *s);
/* Milliseconds since it was surely in use, a request or its answer on its way; 0 when nothing is
 * open. */
int64_t session_idle_ms(const struct session *s);
/* An answer is being read, or waits to be. */
bool session_is_answering(const struct session *s);

/* A setting that the server reports (server_version, TimeZone, ...); NULL: not reported. */
const char *session_parameter(const struct session *s, const char *name);
/* True once after the server has reported a setting, at the connection's start too. */
bool session_take_told(struct session *s);
/* The oldest notice not taken yet; NULL: none. The caller frees it (pg_fields_free). */
struct pg_fields *session_take_notice(struct session *s);
struct session_notification {
    uint32_t pid;
    char *channel, *payload; /* owned */
};
/* Looks for what has come without being asked for; does not wait. Nothing while an answer is on its
 * way. A connection that only listens is kept open on the way by a ping now and then. */
void session_poll(struct session *s);
/* The oldest notification, the session's own; NULL: none. */
const struct session_notification *session_notification(const struct session *s);
/* Forgets the oldest, and what was dropped before it was. */
void session_drop_notification(struct session *s);
/* So many were dropped because too many were waiting. */
uint64_t session_notifications_dropped(const struct session *s);
/* A connection was lost in which something lived (session_set_stateful). */
bool session_is_gone(const struct session *s);
/* The server's prepared statements are gone or may be wrong (DISCARD, DEALLOCATE, changed tables).
 */
void session_forget_prepared(struct session *s);

/* An exchange of this session: exchange_begin makes the connection when there is none. */
struct exchange *session_exchange_new(struct session *s, struct err *e) NEON_MUST_CHECK;
/* Before a savepoint or the transaction ends that it began in: the rest of a result that comes in
 * portions is read and kept, since the server will not have it any more. An error comes to who
 * reads on. Other exchanges are left alone. */
void session_keep_rest(struct exchange *x);
/* Data for a request with copy_in, in pieces of any size; while the server takes nothing it waits,
 * for the request's timeouts or exchange_cancel. False: the copy has ended, *e is the server's
 * error or says that the session is lost; the exchange is only to be freed. */
bool session_copy_put(struct exchange *x, const void *data, size_t len,
                      struct err *e) NEON_MUST_CHECK;
/* No more data: from now on the answer can be read. An exchange that is freed without it has the
 * server undo what was copied. */
bool session_copy_end(struct exchange *x, struct err *e) NEON_MUST_CHECK;
/* A statement and no results wanted (BEGIN, COMMIT): sends and waits for the end. *command, unless
 * NULL: what was done ("COMMIT", "ROLLBACK"), static. */
bool session_run(struct session *s, const struct wire_request *r, const char **command,
                 struct err *e) NEON_MUST_CHECK;

/* What a statement takes and gives, by the protocol's own Describe. */
struct session_description {
    uint32_t *param_oids; /* owned */
    size_t n_params;
    struct column *columns; /* owned, names too */
    size_t n_columns;
    bool has_rows;
};
bool session_describe(struct session *s, struct strview sql, const struct wire_request *r,
                      struct session_description *out, struct err *e) NEON_MUST_CHECK;
void session_description_release(struct session_description *d);

#endif
