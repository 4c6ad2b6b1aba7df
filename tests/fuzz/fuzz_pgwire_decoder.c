/* A session's results, messages of PostgreSQL's protocol: decoder_runs.h. */
#include "decoder_runs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decoder_runs(row_decoder_new_pgwire_with_chunks, data, size);
    return 0;
}
