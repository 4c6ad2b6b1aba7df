/* Rows of a session's portion: as many as make a few megabytes, and as much again as was read
 * before, so that the round trips between portions do not count. Pure. */
#ifndef NEON_TRANSPORT_PORTION_H
#define NEON_TRANSPORT_PORTION_H

#include <stdint.h>

#define PORTION_FIRST_ROWS 2000 /* small, in case that is all */
#define PORTION_MAX_ROWS 1000000
#define PORTION_MIN_BYTES (8u << 20)
#define PORTION_MAX_BYTES (32u << 20)

/* Behind a portion of n_rows > 0 that took `bytes`, when `read_bytes` have been read so far. At
 * least 1. */
uint32_t portion_next(uint32_t n_rows, uint64_t bytes, uint64_t read_bytes);

#endif
