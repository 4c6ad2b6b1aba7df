/* What the two languages of an answer have in common: its bytes, columns, cells and failures.
 * Reading them is json_decoder.c's and pgwire_decoder.c's. Owns the chunks; moves only the bytes of
 * a token that a chunk's end has cut. Called by stmt/stream.c. */
#include "result/row_decoder_int.h"

void row_decoder_forget_columns(struct column_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        mem_free(l->at[i].name);
    l->n = 0;
}

void row_decoder_free(struct row_decoder *d)
{
    if (d == NULL)
        return;
    chunks_release(&d->in);
    row_decoder_forget_columns(&d->columns);
    row_decoder_forget_columns(&d->next_columns);
    mem_free(d->columns.at);
    mem_free(d->next_columns.at);
    mem_free(d->cells);
    mem_free(d);
}

/* ---- failures ---- */

enum decode_event row_decoder_report(const struct row_decoder *d, struct err *e)
{
    unsigned long long at = (unsigned long long)d->failed_at;

    switch (d->failed) {
    case FAILED_MEMORY:
        err_oom(e);
        break;
    case FAILED_CELL_SIZE:
        err_set(e, ST_54000, 0,
                "A value of the result is larger than the %zu MiB this driver takes.",
                DECODER_MAX_CELL_BYTES >> 20);
        break;
    case FAILED_SHORT:
        err_set(e, ST_08S01, 0,
                "The server's answer ended early, after %llu bytes: the connection was lost or a "
                "proxy cut it off.",
                at);
        break;
    case FAILED_NOT_THE_PROTOCOL:
    case FAILED_NOT:
    default:
        err_set(e, ST_08S01, 0,
                "The server's answer is not Neon's protocol: %s (at byte %llu). A proxy may have "
                "changed or replaced it.",
                d->why, at);
        break;
    }
    return DECODE_ERROR;
}

void row_decoder_fail(struct row_decoder *d, const char *why)
{
    d->failed = FAILED_NOT_THE_PROTOCOL;
    d->why = why;
    d->failed_at = chunks_offset_in_body(&d->in, d->in.pos);
}

/* ---- bytes in, rows out ---- */

char *row_decoder_room(struct row_decoder *d, size_t *cap_bytes, struct err *e)
{
    char *room = NULL;

    if (d->failed == FAILED_NOT) {
        if (chunks_unread_bytes(&d->in) > DECODER_MAX_CELL_BYTES)
            d->failed = FAILED_CELL_SIZE;
        else if ((room = chunks_room(&d->in, cap_bytes)) == NULL)
            d->failed = FAILED_MEMORY;
    }
    if (room == NULL)
        row_decoder_report(d, e);
    return room;
}

void row_decoder_commit(struct row_decoder *d, size_t n_bytes)
{
    chunks_commit(&d->in, n_bytes);
}

void row_decoder_finish(struct row_decoder *d)
{
    d->finished = true;
}

void row_decoder_release_rows(struct row_decoder *d)
{
    chunks_forget_before(&d->in, NULL);
}

void row_decoder_release_before(struct row_decoder *d, const char *first_kept)
{
    chunks_forget_before(&d->in, first_kept);
}

size_t row_decoder_held_bytes(const struct row_decoder *d)
{
    return chunks_held_bytes(&d->in);
}

/* ---- columns ---- */

struct column *row_decoder_new_column(struct row_decoder *d)
{
    struct column_list *l = &d->next_columns;

    if (l->n == DECODER_MAX_COLUMNS) {
        row_decoder_fail(d, "a result has more columns than PostgreSQL allows");
        return NULL;
    }
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        struct column *at = mem_realloc_array(l->at, cap, sizeof *at);
        if (at == NULL) {
            d->failed = FAILED_MEMORY;
            return NULL;
        }
        l->at = at;
        l->cap = cap;
    }
    l->at[l->n] = (struct column){.type_modifier = -1};
    return &l->at[l->n++];
}

bool row_decoder_adopt_columns(struct row_decoder *d)
{
    struct column_list l = d->next_columns;
    struct cell *cells = mem_realloc_array(d->cells, l.n ? l.n : 1, sizeof *cells);

    if (cells == NULL)
        return false;
    d->cells = cells;
    row_decoder_forget_columns(&d->columns);
    d->next_columns = d->columns;
    d->columns = l;
    return true;
}

/* ---- what was decoded ---- */

enum decode_event row_decoder_next(struct row_decoder *d, struct err *e)
{
    return d->next(d, e);
}

size_t row_decoder_n_columns(const struct row_decoder *d)
{
    return d->columns.n;
}

const struct column *row_decoder_columns(const struct row_decoder *d)
{
    return d->columns.at;
}

const struct cell *row_decoder_row(const struct row_decoder *d)
{
    return d->cells;
}

struct strview row_decoder_command(const struct row_decoder *d)
{
    return sv_n(d->command, d->command_len);
}

int64_t row_decoder_row_count(const struct row_decoder *d)
{
    return d->row_count;
}
