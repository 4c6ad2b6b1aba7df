/* Reads an answer. Called by dbc_probe.c, stmt/stream.c and stmt/transaction_end.c. */
#include "handle/answer.h"

bool answer_pull(struct exchange *x, struct row_decoder *dec, bool *ended, struct err *e)
{
    size_t cap = 0;
    size_t got = 0;
    char *room = row_decoder_room(dec, &cap, e);

    *ended = false;
    if (room == NULL)
        return false;
    switch (exchange_read(x, room, cap, &got, e)) {
    case EXCHANGE_DATA:
        row_decoder_commit(dec, got);
        return true;
    case EXCHANGE_END:
        row_decoder_finish(dec);
        *ended = true;
        return true;
    case EXCHANGE_FAILED:
    default:
        return false;
    }
}
