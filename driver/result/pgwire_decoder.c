/* The messages of a session as a stream of results and rows: the same events and cells as from
 * Neon's JSON. A message is looked at when it is complete in the chunk; its cells point into it.
 * Errors and what the server says about the session are the exchange's (transport/), which sees the
 * messages first. Called by stmt/stream.c through row_decoder.h. */
#include "result/row_decoder_int.h"

#define CHUNK_BYTES ((size_t)256 << 10)
#define HEADER_BYTES 5
#define TEXT_OID 25

/* A message's body being read; past its end `bad` is set and zeros come. */
struct reader {
    char *at, *end;
    bool bad;
};

static uint32_t read_number(struct reader *r, size_t n_bytes)
{
    uint32_t v = 0;

    if ((size_t)(r->end - r->at) < n_bytes) {
        r->bad = true;
        r->at = r->end;
        return 0;
    }
    for (size_t i = 0; i < n_bytes; i++)
        v = v << 8 | (unsigned char)*r->at++;
    return v;
}

static int32_t read_i32(struct reader *r)
{
    return (int32_t)read_number(r, 4);
}

static int16_t read_i16(struct reader *r)
{
    return (int16_t)read_number(r, 2);
}

static struct strview read_text(struct reader *r)
{
    char *nul = memchr(r->at, '\0', (size_t)(r->end - r->at));
    struct strview text = {r->at, 0};

    if (nul == NULL) {
        r->bad = true;
        r->at = r->end;
        return text;
    }
    text.len = (size_t)(nul - r->at);
    r->at = nul + 1;
    return text;
}

/* ---- failures ---- */

static enum decode_event fail(struct row_decoder *d, const char *why, struct err *e)
{
    row_decoder_fail(d, why);
    return row_decoder_report(d, e);
}

static enum decode_event fail_memory(struct row_decoder *d, struct err *e)
{
    d->failed = FAILED_MEMORY;
    return row_decoder_report(d, e);
}

/* ---- columns ---- */

static enum decode_event open_result(struct row_decoder *d, struct err *e)
{
    if (!row_decoder_adopt_columns(d))
        return fail_memory(d, e);
    d->open = true;
    d->n_rows = 0;
    return DECODE_FIELDS;
}

static bool add_column(struct row_decoder *d, struct strview name, struct column *c)
{
    struct column *to = row_decoder_new_column(d);

    if (to == NULL)
        return false;
    *to = *c;
    to->name_len = name.len;
    to->name = mem_strndup(name.ptr, name.len);
    if (to->name == NULL)
        d->failed = FAILED_MEMORY;
    return to->name != NULL;
}

static enum decode_event row_description(struct row_decoder *d, struct reader *r, struct err *e)
{
    int16_t n = read_i16(r);

    if (d->open)
        return fail(d, "a result begins before the last one has ended", e);
    for (int16_t i = 0; i < n && !r->bad; i++) {
        struct strview name = read_text(r);
        struct column c = {0};
        int16_t format;
        c.table_oid = read_number(r, 4);
        c.attnum = read_i16(r);
        c.type_oid = read_number(r, 4);
        c.type_size = read_i16(r);
        c.type_modifier = read_i32(r);
        format = read_i16(r);
        if (r->bad || format != 0)
            break;
        if (!add_column(d, name, &c))
            return row_decoder_report(d, e);
    }
    if (n < 0 || d->next_columns.n != (size_t)n || r->bad || r->at != r->end)
        return fail(d, "a description of columns is not well formed", e);
    return open_result(d, e);
}

/* COPY ... TO STDOUT: each piece of data is a row of one column. */
static enum decode_event copy_out(struct row_decoder *d, struct err *e)
{
    struct column c = {.type_oid = TEXT_OID, .type_size = -1, .type_modifier = -1};

    if (d->open)
        return fail(d, "a copy begins before the last result has ended", e);
    if (!add_column(d, SV_LIT("copy_data"), &c))
        return row_decoder_report(d, e);
    return open_result(d, e);
}

/* ---- rows ---- */

static enum decode_event data_row(struct row_decoder *d, struct reader *r, struct err *e)
{
    size_t n = (uint16_t)read_i16(r);

    if (!d->open || n != d->columns.n)
        return fail(d, "a row has not as many values as the result has columns", e);
    for (size_t i = 0; i < n; i++) {
        int32_t len = read_i32(r);
        if (len == -1) {
            d->cells[i] = (struct cell){NULL, 0};
            continue;
        }
        if (r->bad || len < 0 || len > r->end - r->at)
            return fail(d, "a value is longer than its row", e);
        d->cells[i] = (struct cell){r->at, (size_t)len};
        r->at += len;
    }
    if (r->bad || r->at != r->end)
        return fail(d, "a row is not as long as its values", e);
    d->in.cells_in_current = true;
    d->n_rows++;
    return DECODE_ROW;
}

static enum decode_event copy_data(struct row_decoder *d, const struct reader *r, struct err *e)
{
    if (!d->open || d->columns.n != 1)
        return fail(d, "copied data comes without a copy", e);
    d->cells[0] = (struct cell){r->at, (size_t)(r->end - r->at)};
    d->in.cells_in_current = true;
    d->n_rows++;
    return DECODE_ROW;
}

/* ---- the end of a result ---- */

/* "INSERT 0 5": the first word and the last, when it is a number. A read in several portions tells
 * the number of the last portion only. */
static enum decode_event command_complete(struct row_decoder *d, struct strview tag, struct err *e)
{
    size_t word = 0;
    size_t last = tag.len;

    while (word < tag.len && tag.ptr[word] != ' ')
        word++;
    while (last > word && tag.ptr[last - 1] != ' ')
        last--;
    if (word >= COMMAND_MAX_BYTES)
        return fail(d, "the name of a command is too long", e);
    memcpy(d->command, tag.ptr, word);
    d->command_len = word;
    d->row_count = -1;
    if (last > word && !sv_to_i64(sv_n(tag.ptr + last, tag.len - last), &d->row_count))
        d->row_count = -1;
    if (sv_eq(row_decoder_command(d), SV_LIT("SELECT")) && d->columns.n > 0)
        d->row_count = d->n_rows;
    d->open = false;
    return DECODE_RESULT_END;
}

/* ---- the loop ---- */

/* DECODE_MORE: the message says nothing to the reader of results. */
static enum decode_event take_message(struct row_decoder *d, char type, struct reader *r,
                                      struct err *e)
{
    struct strview tag;
    enum decode_event ev;

    switch (type) {
    case 'T':
        return row_description(d, r, e);
    case 'n':
        return d->open ? fail(d, "a result begins before the last one has ended", e)
                       : open_result(d, e);
    case 'D':
        return data_row(d, r, e);
    case 'H':
        return copy_out(d, e);
    case 'd':
        return copy_data(d, r, e);
    case 'C':
        tag = read_text(r);
        ev = r->bad || r->at != r->end ? fail(d, "the name of a command is not well formed", e)
                                       : command_complete(d, tag, e);
        return ev;
    case 'I':
        return command_complete(d, SV_LIT(""), e);
    default:
        return DECODE_MORE;
    }
}

/* A command without a description before it (the simple protocol) has no columns: it is looked at
 * twice. */
static bool lacks_description(const struct row_decoder *d, char type)
{
    return (type == 'C' || type == 'I') && !d->open;
}

static enum decode_event starved(struct row_decoder *d, struct err *e)
{
    if (!d->finished)
        return DECODE_MORE;
    if (chunks_unread_bytes(&d->in) == 0 && !d->open)
        return DECODE_END;
    d->failed = FAILED_SHORT;
    d->failed_at = chunks_offset_in_body(&d->in, d->in.end);
    return row_decoder_report(d, e);
}

static enum decode_event decode(struct row_decoder *d, struct err *e)
{
    for (;;) {
        size_t here = d->in.pos != NULL ? chunks_unread_bytes(&d->in) : 0;
        struct reader r = {d->in.pos, d->in.end, false};
        enum decode_event ev;
        uint32_t len;
        char type;

        if (d->failed != FAILED_NOT)
            return row_decoder_report(d, e);
        if (here < HEADER_BYTES)
            return starved(d, e);
        type = *r.at++;
        len = read_number(&r, 4);
        if (len < 4 || len - 4 > DECODER_MAX_CELL_BYTES)
            return fail(d, "a message has a length that cannot be", e);
        if (len + 1 > here)
            return starved(d, e);
        r.end = d->in.pos + 1 + len;
        if (lacks_description(d, type))
            return open_result(d, e);
        ev = take_message(d, type, &r, e);
        if (ev != DECODE_ERROR)
            d->in.pos += 1 + (size_t)len;
        if (ev != DECODE_MORE)
            return ev;
    }
}

struct row_decoder *row_decoder_new_pgwire_with_chunks(size_t chunk_bytes)
{
    struct row_decoder *d = row_decoder_new_with_chunks(chunk_bytes);

    if (d != NULL)
        d->next = decode;
    return d;
}

struct row_decoder *row_decoder_new_pgwire(void)
{
    return row_decoder_new_pgwire_with_chunks(CHUNK_BYTES);
}
