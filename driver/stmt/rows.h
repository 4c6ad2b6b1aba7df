/* The rows at hand: a window of cells over the stream (or over a local result), read forward.
 * Cells are borrowed from the decoder's chunks; the window decides when those may go. */
#ifndef NEON_STMT_ROWS_H
#define NEON_STMT_ROWS_H

#include "stmt/local_result.h"
#include "stmt/stream.h"

#define ROWS_READ_AHEAD_CELLS                                                                      \
    16384 /* decoded ahead of the application when they are in memory anyway */
#define ROWS_PREFETCH_BYTES                                                                        \
    (256u << 10) /* read before SQLExecute returns, so that a small result is known whole */

struct rows {
    struct stream *stream; /* borrowed; NULL = all rows are in the window */
    struct cell *cells;    /* owned: cap_rows * n_columns, unless borrowed_cells */
    bool borrowed_cells;
    size_t n_columns;
    size_t n_rows, cap_rows; /* in the window */
    size_t next;             /* index in the window of the next row to hand out */
    bool complete;           /* the stream's result has ended: the window holds the rest */
    int64_t row_count;       /* of the command tag; -1 unknown; valid when complete */
    struct buf command;      /* "SELECT"; valid when complete */
};

void rows_release(struct rows *r);
/* Begins a result of the stream whose DECODE_FIELDS was just seen. */
void rows_begin(struct rows *r, struct stream *s, size_t n_columns);
/* Begins with all rows given (borrowed while open). */
void rows_begin_local(struct rows *r, const struct local_result *l);
/* Makes at least `want` rows available from `next` on, fewer only at the end. Rows before `next`
 * are forgotten. */
bool rows_fill(struct rows *r, size_t want, struct err *e) NEON_MUST_CHECK;
/* Reads on until the result ends or about ROWS_PREFETCH_BYTES are held (0 = no limit), keeping all
 * rows. */
bool rows_prefetch(struct rows *r, size_t limit_bytes, struct err *e) NEON_MUST_CHECK;
/* Skips what is left of the result (SQLMoreResults). */
bool rows_drain(struct rows *r, struct err *e) NEON_MUST_CHECK;
size_t rows_available(const struct rows *r);
/* Row `index` of those available (0 = next). */
const struct cell *rows_at(const struct rows *r, size_t index);

#endif
