/* Inside the session's side of execution: what session.c, session_transaction.c and
 * session_settings.c share. The connection has a session (d->session) wherever these are called. */
#ifndef NEON_STMT_SESSION_INT_H
#define NEON_STMT_SESSION_INT_H

#include "base/clock.h"
#include "stmt/session.h"

/* The deadline of the driver's own statements: the connection's query timeout
 * (SQL_ATTR_QUERY_TIMEOUT set before its statements were made); DEADLINE_NONE without one. */
int64_t session_own_deadline(const struct dbc *d);

/* --- session_transaction.c --- */

/* "REPEATABLE READ", as SQL says it; NULL: the server's default. */
const char *session_level_name(enum isolation level);
/* Does the statement's text begin a transaction, in manual-commit mode? What cannot run in a
 * transaction block runs without one, when none is open yet: as psqlODBC has it. */
bool session_begins(const struct stmt *s);
/* Appends BEGIN with the connection's isolation level and modes. False: out of memory. */
bool session_begin_text(const struct dbc *d, struct buf *out);
/* The connection's view of a transaction that began with this text, which ended in rc. */
void session_note_begin(struct stmt *s, SQLRETURN rc);
/* Results outlive the transaction that they began in (SQL_CURSOR_COMMIT_BEHAVIOR): reads what the
 * server would not have any more, but for the results of `but` (NULL: of all). */
void session_keep_results(struct dbc *d, const struct stmt *but);
/* What lives in the session is not to end with it when nobody uses it for a while. In a transaction
 * that could be taken back, and is done at its end. A failure is logged: the next statement finds
 * out. */
void session_keep_open(struct dbc *d);

/* --- session_settings.c --- */

/* The connection's settings (keywords, SET over HTTP) hold in the session too. False: the server's
 * error, or HY001. */
bool session_tell_settings(struct dbc *d, struct err *e) NEON_MUST_CHECK;
/* The isolation level and read-only mode of the connection for statements outside of transactions;
 * sent only when they are another than the session was told. False as above. */
bool session_set_modes(struct dbc *d, struct err *e) NEON_MUST_CHECK;
/* A setting with which text would be misread is refused over HTTP before it is set; here the server
 * reports it afterwards, and it is set back. False: *e names it. */
bool session_keeps_text_readable(struct dbc *d, struct err *e) NEON_MUST_CHECK;

#endif
