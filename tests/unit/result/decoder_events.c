/* Called by test_row_decoder.c and test_pgwire_decoder.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "decoder_events.h"

/* Puts the next event as one line of text: F(name:oid:modifier,...) R[cell,null] E(command,count) .
 * ! */
static enum decode_event append_event(struct row_decoder *d, struct buf *out, struct err *e)
{
    enum decode_event ev = row_decoder_next(d, e);

    switch (ev) {
    case DECODE_FIELDS:
        buf_append_str(out, "F(");
        for (size_t i = 0; i < row_decoder_n_columns(d); i++) {
            const struct column *c = &row_decoder_columns(d)[i];
            buf_printf(out, "%s%s:%u:%d", i ? "," : "", c->name, c->type_oid, c->type_modifier);
        }
        buf_append_str(out, ")");
        break;
    case DECODE_ROW:
        buf_append_str(out, "R[");
        for (size_t i = 0; i < row_decoder_n_columns(d); i++) {
            const struct cell *c = &row_decoder_row(d)[i];
            buf_append_str(out, i ? "," : "");
            buf_append_str(out, c->ptr ? "'" : "null");
            for (size_t k = 0; k < c->len; k++) /* a NUL becomes visible */
                buf_append(out, c->ptr[k] ? &c->ptr[k] : "<0>", c->ptr[k] ? 1 : 3);
            buf_append_str(out, c->ptr ? "'" : "");
        }
        buf_append_str(out, "]");
        break;
    case DECODE_RESULT_END:
        buf_printf(out, "E(%.*s,%lld)", (int)row_decoder_command(d).len, row_decoder_command(d).ptr,
                   (long long)row_decoder_row_count(d));
        break;
    case DECODE_END:
        buf_append_str(out, ".");
        break;
    case DECODE_ERROR:
        buf_append_str(out, "!");
        break;
    case DECODE_MORE:
    default:
        break;
    }
    return ev;
}

char *decode(decoder_maker *make, const char *doc, size_t len, struct way way, struct err *e)
{
    struct row_decoder *d = make(way.chunk_bytes);
    struct buf out = BUF_INIT(0);
    size_t at = 0;
    enum decode_event ev;

    assert_non_null(d);
    do {
        ev = append_event(d, &out, e);
        if (ev == DECODE_MORE) {
            size_t cap = 0;
            size_t n = at < way.cut ? way.cut - at : way.step;
            char *room;
            row_decoder_release_rows(d);
            if (at == len) {
                row_decoder_finish(d);
                continue;
            }
            room = row_decoder_room(d, &cap, e);
            assert_non_null(room);
            n = n < len - at ? n : len - at;
            n = n < cap ? n : cap;
            memcpy(room, doc + at, n);
            row_decoder_commit(d, n);
            at += n;
        }
    } while (ev != DECODE_END && ev != DECODE_ERROR);
    row_decoder_free(d);
    return buf_take(&out);
}

void assert_events(decoder_maker *make, const char *doc, size_t len, struct way way,
                   const char *want, const char *want_error)
{
    struct err e = ERR_INIT;
    char *got = decode(make, doc, len, way, &e);

    if (strcmp(got, want) != 0)
        fail_msg("cut at %zu, steps of %zu, chunks of %zu:\n  %s\n  gave   %s %s\n  wanted %s",
                 way.cut, way.step, way.chunk_bytes, doc, got, buf_str(&e.text), want);
    if (want_error == NULL)
        assert_string_equal(e.state, "");
    else if (strcmp(buf_str(&e.text), want_error) != 0)
        fail_msg("cut at %zu, steps of %zu, chunks of %zu:\n  %s\n  said   %s\n  wanted %s",
                 way.cut, way.step, way.chunk_bytes, doc, buf_str(&e.text), want_error);
    err_release(&e);
    mem_free(got);
}

void assert_the_same_however_cut(decoder_maker *make, const char *doc, size_t len, const char *want,
                                 const char *want_error)
{
    assert_events(make, doc, len, (struct way){0, len + 1, CHUNK_USUAL}, want, want_error);
    assert_events(make, doc, len, (struct way){0, len + 1, CHUNK_TINY}, want, want_error);
    for (size_t step = 1; step < 8; step++) {
        assert_events(make, doc, len, (struct way){0, step, CHUNK_USUAL}, want, want_error);
        assert_events(make, doc, len, (struct way){0, step, CHUNK_TINY + step}, want, want_error);
    }
    for (size_t cut = 1; cut < len; cut++)
        assert_events(make, doc, len, (struct way){cut, len, CHUNK_USUAL}, want, want_error);
}
