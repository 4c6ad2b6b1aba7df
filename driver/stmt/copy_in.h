/* COPY ... FROM STDIN: parameter 1 is the data, whole or at execution (docs/sessions.md). */
#ifndef NEON_STMT_COPY_IN_H
#define NEON_STMT_COPY_IN_H

#include "stmt/stmt.h"

/* Has the server copy what parameter 1 holds. SQL_NEED_DATA: it waits for SQLPutData's. 07002,
 * 07006: nothing fit is bound, and nothing is sent. */
SQLRETURN copy_in_execute(struct stmt *s);
/* One piece of the data, sent at once. On an error the copy has ended, and the wait for data too.
 */
SQLRETURN copy_in_put_data(struct stmt *s, SQLSMALLINT c_type, const void *app_data,
                           SQLLEN len_or_ind);
/* No more data: the result. */
SQLRETURN copy_in_end(struct stmt *s);
/* Part of stmt_close, behind the end of the stream. */
void copy_in_forget(struct stmt *s);

#endif
