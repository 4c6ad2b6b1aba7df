/* Copies of cells, for rows that outlive the answer they came in. The bytes lie in blocks that do
 * not move: a cell that points into them stays true until all are released. */
#ifndef NEON_BASE_CELL_COPY_H
#define NEON_BASE_CELL_COPY_H

#include "base/buf.h"
#include "base/cell.h"

/* Zero-initialised: none yet. */
struct cell_copies {
    struct buf *blocks; /* owned */
    size_t n_blocks;
    size_t bytes; /* of all blocks */
};

void cell_copies_release(struct cell_copies *c);
/* to[0 .. n) become copies of from[0 .. n). False: out of memory. */
bool cell_copies_add(struct cell_copies *c, const struct cell *from, size_t n,
                     struct cell *to) NEON_MUST_CHECK;

#endif
