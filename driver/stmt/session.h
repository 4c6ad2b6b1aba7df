/* Statements in an interactive session: when one is used, how a transaction of the server's begins
 * and ends there, and what else it brings (notices). The conversation itself is transport/'s. */
#ifndef NEON_STMT_SESSION_H
#define NEON_STMT_SESSION_H

#include "stmt/execute.h"

/* --- session.c --- */

/* What the connection has a session for at this moment. */
enum session_use session_use(const struct dbc *d);
/* plan_context.reads_apart for the statement's text. */
bool session_reads_apart(const struct stmt *s);

/* The statement goes over HTTP: where it may take values from sequences, the session's own are not
 * the connection's last ones any more. It forgets them before its next statement, so that currval
 * and lastval fail (55000) and never give an older value. */
void session_note_http(struct stmt *s);

/* For PLAN_SESSION: opens the session when there is none. Where `auto` finds that none can be had,
 * SESSION_NONE holds from now on, and *again says that the plan must be made again. */
SQLRETURN session_make_ready(struct stmt *s, bool *again);
/* The warning about that, once. */
SQLRETURN session_post_missed(struct stmt *s, SQLRETURN rc);
/* A read over HTTP was refused because it writes after all, or because its result is too large: in
 * `auto` the session can run it. */
bool session_can_rerun(const struct stmt *s, enum plan_kind kind);

/* PLAN_SESSION: sends the statements, with BEGIN before them when a transaction is to begin, and
 * opens the first result. */
SQLRETURN session_statements(struct stmt *s, const struct execution *x);
/* The two ends of COPY ... FROM STDIN: the server waits for the data; what it has made of it
 * becomes the result. In between s->copy_in.active, and session_copy_put. */
SQLRETURN session_copy_begin(struct stmt *s, struct strview text);
SQLRETURN session_copy_finish(struct stmt *s);
/* The driver's own query. */
SQLRETURN session_internal(struct stmt *s, const struct wire_stmt *query);

/* --- session_transaction.c --- */

/* Takes over what an answer of the session said about the transaction. */
void session_note_state(struct dbc *d);
/* Ends the server's transaction. False: its error (rolled back then), 25S03 when the server rolled
 * back instead, 08007 when the answer to COMMIT was lost. */
bool session_commit(struct dbc *d, struct err *e) NEON_MUST_CHECK;
/* Whatever comes of it: afterwards it is rolled back. */
void session_rollback(struct dbc *d);
/* A transaction in which the driver tries something, with a savepoint to go back to; afterwards all
 * is as before. False: it cannot be had, and is ended all the same. */
bool session_begin_trial(struct dbc *d, const char *savepoint) NEON_MUST_CHECK;
void session_end_trial(struct dbc *d);

/* --- session.c --- */

/* Between calls: closes a session that nobody needs any more (SessionIdle). */
void session_close_if_idle(struct dbc *d);

/* What the statement takes and gives; with SESSION_ALL, or in a transaction of the server's. */
bool session_describe_stmt(struct stmt *s, struct strview text, struct session_description *out,
                           struct err *e) NEON_MUST_CHECK;

#endif
