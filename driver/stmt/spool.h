/* Rows kept for scrolling: any row can be read again, in any order. Up to a limit they stay in
 * memory; beyond it they go to a temporary file that has no name, so that nobody else can open it
 * and nothing is left behind whatever happens to the process.
 *
 * Rows are appended, never changed. Cells read are borrowed: they point into a segment that stays
 * until the end of the next reading. Knows no statement. Called by cursor.c. */
#ifndef NEON_STMT_SPOOL_H
#define NEON_STMT_SPOOL_H

#include "base/cell.h"
#include "base/err.h"

struct spool_segment {
    uint64_t first_row; /* 0-based */
    uint64_t n_rows;
    size_t bytes, cap_bytes;
    char *mem;        /* owned; NULL = in the file alone */
    int64_t at;       /* where in the file; -1 = not written */
    uint64_t reading; /* the reading that uses it */
};

struct spool {
    size_t n_columns;
    size_t limit_bytes;   /* of memory, for what is not in the file */
    size_t segment_bytes; /* of an ordinary segment */
    uint64_t n_rows;
    struct spool_segment *segments; /* owned; the last one takes rows */
    size_t n_segments, cap_segments;
    size_t memory_bytes; /* of segments that are not written */
    size_t n_written;    /* the first so many segments are in the file */
    size_t *loaded;      /* owned: segments that are in the file and in memory too */
    size_t n_loaded, cap_loaded;
    int fd; /* -1: no file */
    int64_t file_bytes;
    uint64_t reading;
    /* where the last row was found, so that reading on does not search */
    size_t hint_segment, hint_at;
    uint64_t hint_row;
};

#define SPOOL_SEGMENT_BYTES ((size_t)64 << 10)

void spool_init(struct spool *s, size_t n_columns, size_t limit_bytes);
void spool_release(struct spool *s);
/* Copies a row. False: HY001; HY000 when the file cannot be made or written (a full disk); nothing
 * is appended then. */
bool spool_append(struct spool *s, const struct cell *cells, struct err *e) NEON_MUST_CHECK;
/* A reading: cells of spool_row (0-based; n_columns of them) stay valid until the end of the next
 * reading. */
void spool_begin_read(struct spool *s);
bool spool_row(struct spool *s, uint64_t row, struct cell *out, struct err *e) NEON_MUST_CHECK;
void spool_end_read(struct spool *s);
/* Bytes of rows held in memory now: for tests. */
size_t spool_held_bytes(const struct spool *s);

#endif
