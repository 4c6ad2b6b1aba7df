/* The parameters of many rows of one INSERT as one array a column (sql/insert_columns.h): for
 * arrays of parameters (stmt/param_array.c) and for the queue of a transaction (tx_rows.c). */
#ifndef NEON_HANDLE_PARAM_COLUMNS_H
#define NEON_HANDLE_PARAM_COLUMNS_H

#include "sql/insert_columns.h"
#include "transport/transport.h"

/* Fewer rows are sent as they are. */
#define PARAM_COLUMNS_MIN_ROWS 8

struct param_columns {
    struct wire_param *params; /* owned; one a column */
    struct buf text, sql;
};

enum param_columns_result { PARAM_COLUMNS_MADE, PARAM_COLUMNS_UNFIT, PARAM_COLUMNS_OOM };

/* params and casts: row after row, st->n_params each. oids (NULL, or one a column, 0: unknown) are
 * the types that the server has chosen for markers without a cast. UNFIT: the rows cannot be sent
 * so, because a column has no type or several; *out is empty then. insert_columns_find said yes
 * before. */
enum param_columns_result
param_columns_make(const struct script_stmt *st, const struct insert_values *iv,
                   const struct wire_param *params, const char *const *casts, const uint32_t *oids,
                   size_t n_rows, struct param_columns *out) NEON_MUST_CHECK;
void param_columns_release(struct param_columns *c);

#endif
