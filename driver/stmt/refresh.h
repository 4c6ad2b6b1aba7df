/* SQLSetPos(SQL_REFRESH): rows read again from their table. */
#ifndef NEON_STMT_REFRESH_H
#define NEON_STMT_REFRESH_H

#include "stmt/edit_target.h"

/* Reads rows of the rowset (indexes from 0) again, by their keys, one request; what is found
 * replaces them, a row that is gone is deleted in the cursor. Posts. */
SQLRETURN refresh_rows(struct stmt *s, const size_t *indexes, size_t n);

#endif
