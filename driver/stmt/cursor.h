/* The rows of a static scrollable cursor: read from the result as far as the application has gone,
 * kept in a spool, and overlaid by what the application itself changed through this cursor.
 *
 * Rows are numbered from 1. A deleted row keeps its number (a hole); an added row is numbered
 * behind the last one. Called by rowset.c, setpos.c and bulk.c. */
#ifndef NEON_STMT_CURSOR_H
#define NEON_STMT_CURSOR_H

#include "stmt/rows.h"
#include "stmt/spool.h"

#define CURSOR_ALL UINT64_MAX

struct row_version {
    uint64_t row;
    uint64_t at; /* in `changed`; CURSOR_ALL: as in `base` */
    bool deleted;
};

/* What a row was before a change of the transaction that is open. */
struct row_undo {
    uint64_t change; /* its number in the transaction */
    struct row_version before;
};

struct cursor {
    bool open;
    size_t n_columns;
    uint64_t max_rows;            /* of the result; 0 = all */
    struct spool base;            /* rows of the result, as far as they were read */
    struct spool changed;         /* newer versions of rows, and added rows */
    struct row_version *versions; /* owned; ascending by row */
    size_t n_versions, cap_versions;
    uint64_t n_added;
    struct row_undo *undo; /* owned; in the order of the changes */
    size_t n_undo, cap_undo;
    uint64_t change; /* set by the caller: the number of the change that is made now, in the
                        transaction that may take it back; 0 = it stays */
    bool complete;   /* all rows of the result are in `base` */
    uint32_t tag;    /* stands in its bookmarks, so that those of other results are told apart */
};

void cursor_open(struct cursor *c, size_t n_columns, uint64_t max_rows, size_t limit_bytes);
void cursor_release(struct cursor *c);
/* Reads on until the row `row` is there, or the result has ended (CURSOR_ALL: to its end). */
bool cursor_need(struct cursor *c, struct rows *from, uint64_t row, struct err *e) NEON_MUST_CHECK;
/* Rows there are now, added ones included; all there will be once cursor_need(CURSOR_ALL). */
uint64_t cursor_count(const struct cursor *c);
bool cursor_is_deleted(const struct cursor *c, uint64_t row);
/* A reading (see spool.h) of the cells of rows that are there; a deleted row gives its last values.
 */
void cursor_begin_read(struct cursor *c);
bool cursor_row(struct cursor *c, uint64_t row, struct cell *out, struct err *e) NEON_MUST_CHECK;
void cursor_end_read(struct cursor *c);
/* What the application changed. Cells are copied. */
bool cursor_update(struct cursor *c, uint64_t row, const struct cell *cells,
                   struct err *e) NEON_MUST_CHECK;
bool cursor_delete(struct cursor *c, uint64_t row, struct err *e) NEON_MUST_CHECK;
/* The transaction was committed: its changes stay. */
void cursor_keep(struct cursor *c);
/* The changes behind number `since` of the transaction are rolled back (0: all) and not shown any
 * more: rows are as before, and those that were added are deleted ones. */
void cursor_undo(struct cursor *c, uint64_t since);
/* All rows must have been read. */
bool cursor_add(struct cursor *c, const struct cell *cells, uint64_t *row,
                struct err *e) NEON_MUST_CHECK;

#endif
