/* Can one INSERT take the rows of several executions? Pure.
 *
 * INSERT INTO t (..) VALUES ($1, ..) run n times with n sets of parameters has the same effect as
 * one INSERT with n rows when a row holds nothing but values: it then is one statement to parse,
 * one command for the server, and a fraction of the bytes. */
#ifndef NEON_SQL_INSERT_VALUES_H
#define NEON_SQL_INSERT_VALUES_H

#include "sql/script.h"

/* Where the row stands in script_stmt.text, in bytes: from its "(" to behind its ")"; `values` is
 * where the word VALUES before it begins. */
struct insert_values {
    size_t open, close, values;
};

/* True when the statement is INSERT ... VALUES with exactly one row, that row holds only markers,
 * literals, DEFAULT and casts of them (and now(), nextval('..'), gen_random_uuid()), every marker
 * stands in it, and nothing follows but ON CONFLICT ... DO NOTHING. Not with RETURNING (rows are
 * asked for one execution at a time), not with DO UPDATE (a command may not change a row twice),
 * not behind WITH. */
bool insert_values_find(const struct script_stmt *st, struct insert_values *out);
/* How many rows one statement carries at most: the protocol's limit on parameters. */
size_t insert_values_max_rows(const struct script_stmt *st);
/* Appends the statement with n_rows rows. casts[r * n_params + i] ("::int4", or NULL) goes behind
 * marker i + 1 of row r, whose parameter is $(r * n_params + i + 1). False: HY001. */
bool insert_values_render(const struct script_stmt *st, const struct insert_values *iv,
                          const char *const *casts, size_t n_rows, struct buf *out) NEON_MUST_CHECK;

#endif
