/* Glue between transport/ and result/, which do not know each other. */
#ifndef NEON_HANDLE_ANSWER_H
#define NEON_HANDLE_ANSWER_H

#include "result/row_decoder.h"
#include "transport/transport.h"

/* One read of the answer's body into the decoder; *ended: it was the last, and the decoder knows.
 * False: *e says why, and nothing more can be read. */
bool answer_pull(struct exchange *x, struct row_decoder *dec, bool *ended,
                 struct err *e) NEON_MUST_CHECK;

#endif
