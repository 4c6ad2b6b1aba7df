/* The messages of a session's server: the same ones are found however the stream is cut, nothing
 * longer than its limit is kept, and what is read out of a body lies inside it. The first byte says
 * whether rows and descriptions are kept too, and how large the pieces are. */
#include <stdlib.h>

#include "transport/pgwire_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void mix(uint64_t *h, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        *h = (*h ^ (unsigned char)bytes[i]) * 1099511628211u;
    *h = (*h ^ n) * 1099511628211u;
}

static void read_fields(struct strview body, uint64_t *h)
{
    struct pg_fields *f = pgwire_fields(body);

    if (f == NULL)
        abort();
    for (size_t i = 0; i < PG_FIELD_COUNT; i++)
        if (f->value[i] != NULL)
            mix(h, f->value[i], strlen(f->value[i]));
    pg_fields_free(f);
}

/* Everything that a reader can do, until the body is used up. */
static void read_body(struct strview body, uint64_t *h)
{
    struct pgwire_reader r = pgwire_reader(body);

    for (unsigned n = 0; r.at < r.end && !r.bad; n++) {
        const char *before = r.at;
        struct strview text = {r.at, 0};
        uint64_t v = 0;
        switch (n % 4) {
        case 0:
            v = pgwire_u32(&r);
            break;
        case 1:
            text = pgwire_text(&r);
            break;
        case 2:
            v = pgwire_u16(&r);
            break;
        default:
            v = (unsigned char)pgwire_byte(&r);
        }
        if (r.at > r.end || r.at <= before || text.ptr + text.len > r.end)
            abort();
        mix(h, (const char *)&v, sizeof v);
        mix(h, text.ptr, text.len);
    }
    (void)pgwire_rest(&r);
    if (pgwire_u32(&r) != 0 || pgwire_text(&r).len != 0 || r.at != r.end)
        abort();
}

static uint64_t run(const uint8_t *data, size_t size, size_t step, bool keep_all)
{
    struct pgwire_scan s;
    struct pgwire_message m;
    struct err e = ERR_INIT;
    uint64_t h = 1469598103934665603u;
    enum pgwire_found found = PGWIRE_MORE;

    pgwire_scan_init(&s);
    s.keep_all = keep_all;
    for (size_t at = 0; at < size && found != PGWIRE_BAD;) {
        size_t n = size - at < step ? size - at : step;
        struct strview in = {(const char *)data + at, n};
        while ((found = pgwire_scan_next(&s, &in, &m, &e)) == PGWIRE_MESSAGE) {
            if (m.body.len > PGWIRE_KEEP_BYTES || m.body.len > m.body_bytes)
                abort();
            mix(&h, &m.type, 1);
            mix(&h, m.body.ptr, m.body.len);
            read_fields(m.body, &h);
            read_body(m.body, &h);
        }
        if (found == PGWIRE_MORE && in.len != 0)
            abort();
        at += n;
    }
    if ((found == PGWIRE_BAD) != err_is_set(&e))
        abort();
    mix(&h, e.state, strlen(e.state));
    mix(&h, (const char *)&s.n_rows, sizeof s.n_rows);
    err_release(&e);
    pgwire_scan_release(&s);
    return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool keep_all;
    uint64_t whole;

    if (size == 0)
        return 0;
    keep_all = data[0] & 1;
    whole = run(data + 1, size - 1, size, keep_all);
    if (run(data + 1, size - 1, 1, keep_all) != whole ||
        run(data + 1, size - 1, (size_t)data[0] + 1, keep_all) != whole)
        abort();
    return 0;
}
