/* A row decoder against any bytes: no crash, and the same events, values and error whether the
 * answer comes whole or in pieces, into large chunks or into chunks so small that every token is
 * cut. */
#ifndef NEON_TESTS_FUZZ_DECODER_RUNS_H
#define NEON_TESTS_FUZZ_DECODER_RUNS_H

#include "result/row_decoder.h"

typedef struct row_decoder *decoder_maker(size_t chunk_bytes);

/* Aborts when two ways to feed the bytes differ. */
void decoder_runs(decoder_maker *make, const uint8_t *data, size_t size);

#endif
