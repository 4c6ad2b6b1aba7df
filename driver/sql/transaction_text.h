/* What transaction control says as text: names of savepoints, modes of BEGIN and SET TRANSACTION.
 * Pure. */
#ifndef NEON_SQL_TRANSACTION_TEXT_H
#define NEON_SQL_TRANSACTION_TEXT_H

#include <stdbool.h>

#include "base/buf.h"

/* Appends the savepoint's name of SAVEPOINT, RELEASE and ROLLBACK TO, folded as the server folds
 * it. False: there is none, or memory is out (out->failed). */
bool transaction_savepoint_name(struct strview stmt, struct buf *out) NEON_MUST_CHECK;
/* Is it COMMIT, END, ROLLBACK or ABORT, [WORK | TRANSACTION] [AND [NO] CHAIN], and nothing more? */
bool transaction_end_is_whole(struct strview stmt);

enum transaction_level {
    LEVEL_UNSAID,
    LEVEL_READ_UNCOMMITTED,
    LEVEL_READ_COMMITTED,
    LEVEL_REPEATABLE_READ,
    LEVEL_SERIALIZABLE
};
enum transaction_switch { SWITCH_UNSAID, SWITCH_OFF, SWITCH_ON };
struct transaction_modes {
    enum transaction_level level;
    enum transaction_switch read_only, deferrable;
};
/* Modes behind BEGIN, START TRANSACTION or SET TRANSACTION. False: a word that is none of them. */
bool transaction_modes_read(struct strview stmt, struct transaction_modes *out) NEON_MUST_CHECK;

/* SET CONSTRAINTS, which classify.c puts beside SET TRANSACTION. */
bool transaction_sets_constraints(struct strview stmt);

#endif
