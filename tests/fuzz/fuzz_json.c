/* The row decoder against any bytes: no crash, and the same events whether the document comes whole or in pieces. */
#include <stdio.h>
#include <stdlib.h>

#include "result/row_decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A digest of the events: enough to tell two runs apart. */
static uint64_t run(const uint8_t *data, size_t size, size_t step)
{
    struct row_decoder *d = row_decoder_new();
    struct err e = ERR_INIT;
    uint64_t h = 1469598103934665603u;
    size_t at = 0;
    enum decode_event ev;

    if (d == NULL)
        return 0;
    do {
        ev = row_decoder_next(d, &e);
        if (ev == DECODE_MORE) {
            size_t cap = 0;
            size_t n = size - at < step ? size - at : step;
            char *room;
            row_decoder_release_rows(d);
            if (at == size) {
                row_decoder_finish(d);
                continue;
            }
            room = row_decoder_room(d, &cap, &e);
            if (room == NULL)
                abort();
            n = n < cap ? n : cap;
            memcpy(room, data + at, n);
            row_decoder_commit(d, n);
            at += n;
            continue;
        }
        h = (h ^ (uint64_t)ev) * 1099511628211u;
        for (size_t i = 0; ev == DECODE_ROW && i < row_decoder_n_columns(d); i++) {
            const struct cell *c = &row_decoder_row(d)[i];
            h = (h ^ (c->ptr ? c->len : 999)) * 1099511628211u;
            for (size_t k = 0; c->ptr != NULL && k < c->len; k++)
                h = (h ^ (unsigned char)c->ptr[k]) * 1099511628211u;
        }
        if (ev == DECODE_RESULT_END)
            h = (h ^ (uint64_t)row_decoder_row_count(d)) * 1099511628211u;
    } while (ev != DECODE_END && ev != DECODE_ERROR);
    err_release(&e);
    row_decoder_free(d);
    return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t whole = run(data, size, size ? size : 1);

    if (run(data, size, 1) != whole || run(data, size, 7) != whole)
        abort();
    return 0;
}
