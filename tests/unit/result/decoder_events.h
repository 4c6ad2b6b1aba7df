/* What a decoder says, as text, and the proof that it says the same however its input is cut. */
#ifndef NEON_TESTS_UNIT_DECODER_EVENTS_H
#define NEON_TESTS_UNIT_DECODER_EVENTS_H

#include "result/row_decoder.h"

#define CHUNK_USUAL ((size_t)256 << 10)
#define CHUNK_TINY 16 /* every token is cut by a chunk's end */

typedef struct row_decoder *decoder_maker(size_t chunk_bytes);

/* How a document is fed: [0, cut), then pieces of `step` bytes, into chunks of that size. */
struct way {
    size_t cut, step, chunk_bytes;
};

/* The events as text, F(name:oid:modifier,...) R['cell',null] E(command,count) . and ! for an
 * error, which *e holds. The caller frees it (mem_free). */
char *decode(decoder_maker *make, const char *doc, size_t len, struct way way, struct err *e);
/* want_error: the text of the error, NULL = there must be none. */
void assert_events(decoder_maker *make, const char *doc, size_t len, struct way way,
                   const char *want, const char *want_error);
/* Whole, in pieces of 1 to 7 bytes, cut in two at every place, into large chunks and tiny ones. */
void assert_the_same_however_cut(decoder_maker *make, const char *doc, size_t len, const char *want,
                                 const char *want_error);

#endif
