/* The body of a DO statement, as far as a planner has to know it. Pure. */
#ifndef NEON_SQL_DO_BLOCK_H
#define NEON_SQL_DO_BLOCK_H

#include "base/str.h"

/* Does a body of this DO statement LISTEN, as a statement of its own or by EXECUTE of a text that
 * begins with it? Functions that the body calls are not seen. */
bool do_block_listens(struct strview stmt);
/* SQLF_TEMP, SQLF_CREATES, SQLF_WITH_HOLD and SQLF_SESSION_FUNCTION (sql/classify.h) for what its
 * bodies leave in the session: temporary tables, SET, set_config(.., false), PREPARE, session locks
 * that are not given back, setseed, LOAD; and for a body that cannot be read: a DO inside of it,
 * letters written as escapes. */
unsigned do_block_lasting_flags(struct strview stmt);

#endif
