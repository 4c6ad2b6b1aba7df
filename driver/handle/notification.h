/* What NOTIFY said to a connection's session: for NEON_ATTR_NOTIFICATION, and for SHOW
 * neon_odbc.notifications (stmt/notifications.c). */
#ifndef NEON_HANDLE_NOTIFICATION_H
#define NEON_HANDLE_NOTIFICATION_H

#include "handle/dbc.h"

/* The oldest one, the session's own; it stays the oldest. Looks at the socket without waiting, and
 * sends no request; not unless `may_poll`, when somebody else's request may be on its way.
 * SQL_NO_DATA: there is none; 08S01: nor will there be; 01000: others were dropped. */
SQLRETURN notification_oldest(struct dbc *d, struct handle *post_on, bool may_poll,
                              const struct session_notification **out);
/* The same as a line of JSON ({"channel","pid","payload"}), UTF-8, valid until the next call. */
SQLRETURN notification_get(struct dbc *d, const char **text);
/* It was handed out whole. */
void notification_done(struct dbc *d);

#endif
