/* SHOW neon_odbc.notifications: what NOTIFY said, as a result, for clients that cannot read
 * NEON_ATTR_NOTIFICATION. */
#ifndef NEON_STMT_NOTIFICATIONS_H
#define NEON_STMT_NOTIFICATIONS_H

#include "stmt/stmt.h"

/* Is this the prepared statement? The driver answers it itself. */
bool notifications_are_wanted(const struct stmt *s);
/* Hands out all that are waiting, oldest first: columns channel, pid, payload. 08S01 when none is
 * and the session that listened is lost. */
SQLRETURN notifications_execute(struct stmt *s);
/* Before it is executed. */
bool notifications_describe(struct stmt *s, struct err *e) NEON_MUST_CHECK;

#endif
