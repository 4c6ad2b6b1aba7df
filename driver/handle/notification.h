/* What NOTIFY said to a connection's session, for NEON_ATTR_NOTIFICATION. */
#ifndef NEON_HANDLE_NOTIFICATION_H
#define NEON_HANDLE_NOTIFICATION_H

#include "handle/dbc.h"

/* The oldest one as a line of JSON ({"channel","pid","payload"}), UTF-8, valid until the next call;
 * it stays the oldest. Looks at the socket without waiting, and sends no request. SQL_NO_DATA:
 * there is none; 08S01: nor will there be; 01000: others were dropped. */
SQLRETURN notification_get(struct dbc *d, const char **text);
/* It was handed out whole. */
void notification_done(struct dbc *d);

#endif
