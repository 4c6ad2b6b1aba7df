/* The window of rows. Called by execute_answer.c, rowset.c, cursor.c and what reads answers of the
 * driver's own. */
#include "stmt/rows.h"

void rows_release(struct rows *r)
{
    if (!r->borrowed_cells)
        mem_free(r->cells);
    buf_release(&r->command);
    *r = (struct rows){.row_count = -1};
}

void rows_begin(struct rows *r, struct stream *s, size_t n_columns)
{
    rows_release(r);
    r->stream = s;
    r->n_columns = n_columns;
    buf_init(&r->command, 256);
}

void rows_begin_local(struct rows *r, const struct local_result *l)
{
    rows_release(r);
    r->cells = l->cells;
    r->borrowed_cells = true;
    r->n_columns = l->n_columns;
    r->n_rows = r->cap_rows = l->n_rows;
    r->complete = true;
    r->row_count = (int64_t)l->n_rows;
}

size_t rows_available(const struct rows *r)
{
    return r->n_rows - r->next;
}

const struct cell *rows_at(const struct rows *r, size_t index)
{
    return r->cells + (r->next + index) * r->n_columns;
}

static bool append_row(struct rows *r, const struct cell *cells, struct err *e)
{
    if (r->n_rows == r->cap_rows) {
        size_t cap = r->cap_rows ? r->cap_rows * 2 : 16;
        size_t per_row = r->n_columns ? r->n_columns : 1;
        struct cell *grown;
        if (cap > SIZE_MAX / per_row)
            return err_oom(e);
        grown = mem_realloc_array(r->cells, cap * per_row, sizeof *grown);
        if (grown == NULL)
            return err_oom(e);
        r->cells = grown;
        r->cap_rows = cap;
    }
    if (r->n_columns > 0)
        memcpy(r->cells + r->n_rows * r->n_columns, cells, r->n_columns * sizeof *cells);
    r->n_rows++;
    return true;
}

/* Takes one event into the window. *waiting: the decoder has no complete event in memory. */
static bool take_event(struct rows *r, bool no_wait, bool keep, bool *waiting, struct err *e)
{
    struct row_decoder *d = r->stream->decoder;

    *waiting = false;
    switch (stream_next(r->stream, no_wait, e)) {
    case DECODE_ROW:
        return keep ? append_row(r, row_decoder_row(d), e) : true;
    case DECODE_RESULT_END:
        r->complete = true;
        r->row_count = row_decoder_row_count(d);
        return buf_append_sv(&r->command, row_decoder_command(d)) || err_oom(e);
    case DECODE_MORE:
        *waiting = true;
        return true;
    case DECODE_ERROR:
        return false;
    case DECODE_FIELDS:
    case DECODE_END:
    default:
        return err_set(
            e, ST_08S01, 0,
            "The server's answer is not Neon's protocol: a result ended without its command.");
    }
}

/* The chunks of rows that were read may go; those of the rows still to be read stay. */
static void release_read_rows(struct rows *r)
{
    size_t n = rows_available(r) * r->n_columns;

    for (size_t i = 0; i < n; i++)
        if (r->cells[i].ptr != NULL) {
            row_decoder_release_before(r->stream->decoder, r->cells[i].ptr);
            return;
        }
    row_decoder_release_rows(r->stream->decoder);
}

static void forget_read_rows(struct rows *r)
{
    if (r->next == 0)
        return;
    if (r->next < r->n_rows && r->n_columns > 0)
        memmove(r->cells, rows_at(r, 0), rows_available(r) * r->n_columns * sizeof *r->cells);
    r->n_rows -= r->next;
    r->next = 0;
    release_read_rows(r);
}

bool rows_fill(struct rows *r, size_t want, struct err *e)
{
    size_t ahead = r->n_columns ? ROWS_READ_AHEAD_CELLS / r->n_columns : ROWS_READ_AHEAD_CELLS;

    if (rows_available(r) >= want || r->complete)
        return true;
    forget_read_rows(r);
    while (!r->complete && rows_available(r) < ahead + want) {
        bool waiting;
        if (!take_event(r, rows_available(r) >= want, true, &waiting, e))
            return false;
        if (waiting)
            break;
    }
    return true;
}

bool rows_prefetch(struct rows *r, size_t limit_bytes, struct err *e)
{
    while (!r->complete) {
        bool waiting;
        if (limit_bytes > 0 && row_decoder_held_bytes(r->stream->decoder) > limit_bytes &&
            r->n_rows >= 1)
            break;
        if (!take_event(r, false, true, &waiting, e))
            return false;
    }
    return true;
}

bool rows_drain(struct rows *r, struct err *e)
{
    while (!r->complete) {
        bool waiting;
        if (!take_event(r, false, false, &waiting, e))
            return false;
        row_decoder_release_rows(r->stream->decoder);
    }
    return true;
}
