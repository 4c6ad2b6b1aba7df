/* One column of a block at a time: tight loops for the plain values that columns are full of. What
 * such a loop does not do in its stride (a value that does not fit, an exponent, BC, a NULL without
 * an indicator) it leaves to the converter of the cell, so that there is one place for every rule.
 */
#ifndef NEON_CONVERT_BLOCK_H
#define NEON_CONVERT_BLOCK_H

#include "convert/convert.h"

/* The rows of one column, and where their values go. Application pointers may be unaligned. */
struct to_c_block {
    const struct cell *cells; /* of the first row */
    size_t cell_step;         /* cells from one row to the next */
    size_t n_rows;
    char *app_data; /* NULL: never given to to_c_block_fn */
    size_t data_step;
    char *app_indicator, *app_length; /* either may be NULL; equal for SQLBindCol */
    size_t len_step;
    SQLLEN cap_bytes; /* of one element */
};

/* The loop for a converter that to_c_choose has filled in; NULL: none, call spec->fn for each cell.
 */
to_c_block_fn *to_c_choose_block(const struct to_c *spec);

#endif
