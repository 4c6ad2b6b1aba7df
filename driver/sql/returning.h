/* What INSERT, UPDATE and DELETE ... RETURNING would give back, asked without changing anything.
 * Pure. */
#ifndef NEON_SQL_RETURNING_H
#define NEON_SQL_RETURNING_H

#include <stdbool.h>

#include "base/buf.h"

/* Appends "SELECT <what stands behind RETURNING> FROM <the statement's tables> WHERE false" with
 * NULL for every $n: the same columns, no row, no effect. False: the text has another form (MERGE,
 * a WITH that changes data, RETURNING WITH), or memory is out (out->failed says which). */
bool returning_as_select(struct strview stmt, struct buf *out) NEON_MUST_CHECK;

#endif
