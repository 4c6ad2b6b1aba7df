/* COMMIT and ROLLBACK, however they were said: SQLEndTran, text, autocommit switched on. */
#ifndef NEON_STMT_TRANSACTION_END_H
#define NEON_STMT_TRANSACTION_END_H

#include "stmt/stmt.h"

/* Sends what waits as one batch; nothing waits: no request. The transaction is over afterwards,
 * committed or not. False: the server's error (rolled back), 40001 (a read would give other rows
 * now), 25S03 (a statement had failed before: rolled back), 08007 (the answer was lost: unknown).
 */
bool transaction_commit(struct dbc *d, struct err *e) NEON_MUST_CHECK;
/* No request. */
void transaction_rollback(struct dbc *d);
/* SQLEndTran on a connection; SQL_ATTR_AUTOCOMMIT = on with a transaction open. Posts. */
SQLRETURN transaction_end(struct dbc *d, bool commit);
/* When the transaction has changed definitions: what was seen inside it may be true no more, or be
 * true only now. At its end, and where it goes back to a savepoint. */
void transaction_forget_definitions(struct dbc *d);
/* Cursors show what was changed through them only as long as it holds: goes back to what they were
 * at that number of changes. */
void transaction_undo_cursors(struct dbc *d, uint64_t since);

#endif
