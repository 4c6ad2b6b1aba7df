/* Which functions a text calls: a read that calls none but these does nothing but read, and gives
 * the same answer wherever in a READ COMMITTED transaction it runs. Pure. */
#ifndef NEON_SQL_CALLS_H
#define NEON_SQL_CALLS_H

#include <stdbool.h>

#include "base/str.h"

/* True when the text calls a function that is not in calls.def (or names the time, a user, or what
 * else depends on the transaction). A name in quotes is never known. */
bool sql_calls_unknown(struct strview stmt);

#endif
