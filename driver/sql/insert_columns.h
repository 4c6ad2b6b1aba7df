/* Can the rows of one INSERT travel as one array a column? Pure.
 *
 * INSERT INTO t (a, b) VALUES ($1::int4, $2::text), ($3::int4, $4::text), ... with thousands of
 * rows is a text and a parameter for each value, which the server parses one by one. INSERT INTO t
 * (a, b) SELECT * FROM ROWS FROM (unnest($1::int4[]), unnest($2::text[])) is the same statement for
 * any number of rows, with the same rows in the same order, in a fraction of the time. */
#ifndef NEON_SQL_INSERT_COLUMNS_H
#define NEON_SQL_INSERT_COLUMNS_H

#include "sql/insert_values.h"

/* True when the row consists of the markers $1, $2, ... in this order, each with a cast to a type
 * of type_name.def or with none. */
bool insert_columns_find(const struct script_stmt *st, const struct insert_values *iv);
/* Appends the statement; casts[i] ("::int4") is for marker i + 1 where it has none of its own.
 * False: HY001. */
bool insert_columns_render(const struct script_stmt *st, const struct insert_values *iv,
                           const char *const *casts, struct buf *out) NEON_MUST_CHECK;
/* Appends one element of an array's text, with the "," or "{" before it when there is nothing yet.
 * NULL: SQL's. */
bool insert_columns_element(struct buf *out, bool first, const char *ptr,
                            size_t len) NEON_MUST_CHECK;
/* How many bytes of a JSON string insert_columns_element may append more than the element itself
 * has there. */
size_t insert_columns_extra_bytes(const char *ptr, size_t len);

#endif
