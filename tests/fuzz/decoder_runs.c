/* Called by fuzz_json.c and fuzz_pgwire_decoder.c. */
#include "decoder_runs.h"

#include <stdlib.h>

static void mix(uint64_t *h, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        *h = (*h ^ (unsigned char)bytes[i]) * 1099511628211u;
    *h = (*h ^ n) * 1099511628211u;
}

static void mix_event(uint64_t *h, enum decode_event ev, const struct row_decoder *d,
                      const struct err *e)
{
    size_t n = row_decoder_n_columns(d);
    int64_t count = row_decoder_row_count(d);

    mix(h, (const char *)&ev, sizeof ev);
    for (size_t i = 0; ev == DECODE_FIELDS && i < n; i++) {
        const struct column *c = &row_decoder_columns(d)[i];
        mix(h, c->name, c->name_len);
        mix(h, (const char *)&c->type_oid, sizeof c->type_oid);
        mix(h, (const char *)&c->type_modifier, sizeof c->type_modifier);
    }
    for (size_t i = 0; ev == DECODE_ROW && i < n; i++) {
        const struct cell *c = &row_decoder_row(d)[i];
        mix(h, c->ptr ? c->ptr : "NULL", c->ptr ? c->len : 4);
        mix(h, "", c->ptr == NULL);
    }
    if (ev == DECODE_RESULT_END) {
        mix(h, row_decoder_command(d).ptr, row_decoder_command(d).len);
        mix(h, (const char *)&count, sizeof count);
    }
    if (ev == DECODE_ERROR) {
        mix(h, e->state, 5);
        mix(h, buf_str(&e->text), e->text.len);
    }
}

/* One more piece; false when there is none. */
static bool feed(struct row_decoder *d, const uint8_t *data, size_t size, size_t *at, size_t step)
{
    struct err e = ERR_INIT;
    size_t cap = 0;
    size_t n = size - *at < step ? size - *at : step;
    char *room;

    if (n == 0)
        return false;
    room = row_decoder_room(d, &cap, &e);
    if (room == NULL)
        abort();
    n = n < cap ? n : cap;
    memcpy(room, data + *at, n);
    row_decoder_commit(d, n);
    *at += n;
    return true;
}

/* A digest of the events: enough to tell two runs apart. */
static uint64_t run(decoder_maker *make, const uint8_t *data, size_t size, size_t step,
                    size_t chunk_bytes)
{
    struct row_decoder *d = make(chunk_bytes);
    struct err e = ERR_INIT;
    uint64_t h = 1469598103934665603u;
    size_t at = 0;
    enum decode_event ev;

    if (d == NULL)
        abort();
    do {
        ev = row_decoder_next(d, &e);
        if (ev != DECODE_MORE) {
            mix_event(&h, ev, d, &e);
            continue;
        }
        row_decoder_release_rows(d);
        if (!feed(d, data, size, &at, step))
            row_decoder_finish(d);
    } while (ev != DECODE_END && ev != DECODE_ERROR);
    err_release(&e);
    row_decoder_free(d);
    return h;
}

void decoder_runs(decoder_maker *make, const uint8_t *data, size_t size)
{
    uint64_t whole = run(make, data, size, size + 1, (size_t)256 << 10);

    if (run(make, data, size, 1, (size_t)256 << 10) != whole ||
        run(make, data, size, 7, 64) != whole || run(make, data, size, size + 1, 16) != whole ||
        run(make, data, size, 1, 16) != whole)
        abort();
}
