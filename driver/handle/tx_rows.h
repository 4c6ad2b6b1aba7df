/* The rows of an INSERT that waits (struct tx_rows of handle/tx.h). For tx.c alone. */
#ifndef NEON_HANDLE_TX_ROWS_H
#define NEON_HANDLE_TX_ROWS_H

#include "handle/tx.h"

/* One row, whose parameters are the item's. NULL: out of memory. */
struct tx_rows *tx_rows_new(const struct script_stmt *st, const struct insert_values *place,
                            const char *const *casts) NEON_MUST_CHECK;
void tx_rows_free(struct tx_rows *r);
/* Is it the same INSERT, and is there room for a row? */
bool tx_rows_fit(const struct tx_rows *r, const struct script_stmt *st);
/* Another row; the parameters belong to it then. False: out of memory, and they stay the caller's.
 */
bool tx_rows_adopt(struct tx_rows *r, const char *const *casts,
                   struct wire_param *block) NEON_MUST_CHECK;
/* Makes text and parameters for all rows; `first` are the first row's. */
bool tx_rows_prepare(struct tx_rows *r, const struct wire_param *first) NEON_MUST_CHECK;

#endif
