/* Transactions over stateless HTTP: buffered on the client, read through previews, sent as one
 * atomic batch (design section 3; protocol 6.2 shows why it is sound). */
#ifndef NEON_STMT_TRANSACTION_H
#define NEON_STMT_TRANSACTION_H

#include "stmt/plan.h"
#include "stmt/stmt.h"

/* Autocommit is off, or BEGIN came as text. */
bool transaction_is_open(const struct dbc *d);
/* The level in force, and how a batch's header says it. */
SQLUINTEGER transaction_level_now(const struct dbc *d);
enum isolation transaction_header(const struct dbc *d);
bool transaction_is_read_only(const struct dbc *d);
bool transaction_is_deferrable(const struct dbc *d);
/* Reads must be repeatable: they are checked when the transaction commits. */
bool transaction_checks_reads(const struct dbc *d);

/* The server's error ends all of an open transaction but its ROLLBACK, as on TCP; that of a
 * read-only request which the driver alone wanted so (25006) does not, and says what to do. */
void transaction_note_error(struct dbc *d, struct err *e);

/* PLAN_LOCAL: BEGIN, COMMIT, SAVEPOINT, ... as text, answered without a request but for COMMIT. */
SQLRETURN transaction_run_text(struct stmt *s);
/* BufferedRowCount=preview: the commit is to make sure that the waiting item `at`, which was tried
 * just now, changes s->row_count rows again. False: it cannot, so the count must not be told. */
bool transaction_expect(struct stmt *s, size_t at);
/* Before a text goes to a session: 25001 for SET TRANSACTION's level behind reads that went over
 * HTTP already, 25006 for READ WRITE with ReadOnly=1. */
bool transaction_may_set(struct stmt *s, struct err *e) NEON_MUST_CHECK;
/* The session has executed it: savepoints and modes, as far as they matter here too. HY001. */
bool transaction_note_session(struct stmt *s, struct err *e) NEON_MUST_CHECK;
/* PLAN_QUEUE: every statement of the text waits. */
SQLRETURN transaction_queue(struct stmt *s, const char *const *casts);

#endif
