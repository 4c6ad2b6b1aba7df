/* An answer's results, one after the other. Called by execute_answer.c, rows.c and what asks on the
 * side. */
#include "stmt/stream.h"

#include "handle/answer.h"

bool stream_start(struct stream *s, struct exchange *x, size_t skip, struct err *e)
{
    stream_stop(s);
    row_decoder_free(s->decoder);
    s->decoder = exchange_is_pgwire(x) ? row_decoder_new_pgwire() : row_decoder_new();
    if (s->decoder == NULL)
        return err_oom(e);
    s->exchange = x;
    s->body_ended = false;
    s->skip = skip;
    s->n_rows = 0;
    return true;
}

/* Is the event of a result that is skipped? */
static bool is_skipped(struct stream *s, enum decode_event ev)
{
    if (s->skip == 0 || ev == DECODE_END || ev == DECODE_ERROR)
        return false;
    if (ev == DECODE_ROW)
        row_decoder_release_rows(s->decoder);
    s->skip -= ev == DECODE_RESULT_END;
    return true;
}

enum decode_event stream_next(struct stream *s, bool no_wait, struct err *e)
{
    for (;;) {
        enum decode_event ev = row_decoder_next(s->decoder, e);
        if (ev != DECODE_MORE) {
            if (is_skipped(s, ev))
                continue;
            if (ev == DECODE_ROW)
                s->n_rows++;
            else if (ev == DECODE_END && s->exchange != NULL)
                exchange_note_rows(s->exchange, s->n_rows);
            return ev;
        }
        if (no_wait)
            return DECODE_MORE;
        if (!answer_pull(s->exchange, s->decoder, &s->body_ended, e))
            return DECODE_ERROR;
    }
}

void stream_stop(struct stream *s)
{
    exchange_free(s->exchange);
    s->exchange = NULL;
    s->body_ended = true;
}

void stream_release(struct stream *s)
{
    stream_stop(s);
    row_decoder_free(s->decoder);
    s->decoder = NULL;
}
