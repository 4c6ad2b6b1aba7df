/* A result made in memory, without the server: SQLGetTypeInfo, what a catalog function makes of
 * its query's rows, rows that were changed through a cursor. */
#ifndef NEON_STMT_LOCAL_RESULT_H
#define NEON_STMT_LOCAL_RESULT_H

#include <sql.h>

#include "base/cell_copy.h"
#include "base/err.h"

struct local_column {
    const char *name; /* borrowed: static text */
    uint32_t type_oid;
    int32_t type_modifier;
    SQLSMALLINT nullable;
};

struct local_result {
    const struct local_column *columns; /* borrowed */
    size_t n_columns;
    struct cell *cells; /* owned: n_rows * n_columns */
    size_t n_rows, cap_rows;
    struct cell_copies kept; /* their bytes */
};

void local_result_init(struct local_result *r, const struct local_column *columns,
                       size_t n_columns);
void local_result_release(struct local_result *r);
/* Copies one row of n_columns cells. False: out of memory. */
bool local_result_add(struct local_result *r, const struct cell *cells) NEON_MUST_CHECK;

#endif
