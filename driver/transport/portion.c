/* How much of a result is asked for at once. Called by pgwire_answer.c. */
#include "transport/portion.h"

uint32_t portion_next(uint32_t n_rows, uint64_t bytes, uint64_t read_bytes)
{
    uint64_t per_row = bytes / n_rows + 1;
    uint64_t want = read_bytes;

    if (want < PORTION_MIN_BYTES)
        want = PORTION_MIN_BYTES;
    if (want > PORTION_MAX_BYTES)
        want = PORTION_MAX_BYTES;
    want = want / per_row + 1;
    return want < PORTION_MAX_ROWS ? (uint32_t)want : PORTION_MAX_ROWS;
}
