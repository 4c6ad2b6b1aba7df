/* Neon's JSON answer (protocol section 4, raw + array mode) decoded while it arrives.
 *
 * Push bytes in, pull events out. Works in place: the caller gets room inside the decoder's chunk,
 * copies bytes of the body there, and cells later point into that chunk, unescaped where they lie.
 * Chunks that hold cells of the rows handed out since the last row_decoder_release_rows stay; all
 * others are re-used, so a forward-only reader of any result holds a few chunks. No transport, no
 * handles, no threads; every limit is in the struct.
 *
 * Accepts a single result object or {"results":[...]}; keys in any order as long as "fields" comes
 * before "rows" (otherwise 08S01: the server does not speak the protocol); unknown keys are
 * skipped; object-mode rows are refused. A result must have its fields, rows, command and row
 * count, each once: less is never taken for success. Cells that are no strings (typed mode) are
 * handed out as written, arrays and objects too. Not checked: that strings are UTF-8 and free of
 * raw control characters. */
#ifndef NEON_RESULT_ROW_DECODER_H
#define NEON_RESULT_ROW_DECODER_H

#include "base/cell.h"
#include "base/err.h"

#define DECODER_MAX_COLUMNS 1664 /* PostgreSQL's MaxTupleAttributeNumber */
#define DECODER_MAX_CELL_BYTES ((size_t)1 << 30)
#define DECODER_MAX_DEPTH 32

enum decode_event {
    DECODE_MORE, /* needs bytes: row_decoder_room, copy, row_decoder_commit (or row_decoder_finish)
                  */
    DECODE_FIELDS,     /* a result begins and its columns are known (may be zero columns) */
    DECODE_ROW,        /* row_decoder_row() is the next row */
    DECODE_RESULT_END, /* command and row count of the current result are known */
    DECODE_END,        /* the document is complete and finish was called */
    DECODE_ERROR,      /* not the protocol, truncated, or past a limit: *e is set, and stays so */
};

struct row_decoder;

/* NULL: out of memory. */
struct row_decoder *row_decoder_new(void) NEON_MUST_CHECK;
/* The same with another size of chunks: for tests. */
struct row_decoder *row_decoder_new_with_chunks(size_t chunk_bytes) NEON_MUST_CHECK;
/* The same interface over the messages of a session (PostgreSQL's protocol 3.0, text format): the
 * backend's messages in, in any pieces. ErrorResponse, notices and the like are passed over: the
 * exchange has seen them. Copy data out becomes rows of one column. NULL: out of memory. */
struct row_decoder *row_decoder_new_pgwire(void) NEON_MUST_CHECK;
struct row_decoder *row_decoder_new_pgwire_with_chunks(size_t chunk_bytes) NEON_MUST_CHECK;
void row_decoder_free(struct row_decoder *d);

/* Room for at least one byte of the body; *cap_bytes says how much. NULL: out of memory or over a
 * limit (*e set; it stays so, and row_decoder_next says the same). The room is valid until the next
 * call on d. */
char *row_decoder_room(struct row_decoder *d, size_t *cap_bytes, struct err *e) NEON_MUST_CHECK;
/* n bytes were copied to the start of the room. */
void row_decoder_commit(struct row_decoder *d, size_t n_bytes);
/* No more bytes will come: an incomplete document becomes DECODE_ERROR. */
void row_decoder_finish(struct row_decoder *d);

enum decode_event row_decoder_next(struct row_decoder *d, struct err *e) NEON_MUST_CHECK;

/* Columns of the current result: valid from DECODE_FIELDS to the next DECODE_FIELDS. */
size_t row_decoder_n_columns(const struct row_decoder *d);
const struct column *row_decoder_columns(const struct row_decoder *d);
/* The cells of the last DECODE_ROW: the array is overwritten by the next row (copy the structs),
 * the bytes they point to live until row_decoder_release_rows. */
const struct cell *row_decoder_row(const struct row_decoder *d);
/* Command word ("SELECT", "" for an empty statement) and row count (-1 = null): valid from
 * DECODE_RESULT_END to the next event. */
struct strview row_decoder_command(const struct row_decoder *d);
int64_t row_decoder_row_count(const struct row_decoder *d);

/* The bytes of every row handed out so far may go. */
void row_decoder_release_rows(struct row_decoder *d);
/* The same, but for the rows from the one on whose first value is at `first_kept` (a cell's ptr,
 * not NULL). */
void row_decoder_release_before(struct row_decoder *d, const char *first_kept);
/* Bytes allocated for chunks now, in use and spare: for tests and for limits. */
size_t row_decoder_held_bytes(const struct row_decoder *d);

#endif
