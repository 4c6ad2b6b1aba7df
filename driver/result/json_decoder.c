/* Neon's answer as a state machine over JSON tokens, with a short way for rows that lie complete in
 * the chunk. Called by stmt/stream.c through row_decoder.h. */
#include "result/row_decoder_int.h"

#define CHUNK_BYTES ((size_t)256 << 10)

_Static_assert(DECODER_MAX_DEPTH == JSON_MAX_DEPTH, "one limit, two layers");

enum step { STEP_ON, STEP_NEED, STEP_FIELDS, STEP_ROW, STEP_RESULT_END, STEP_FAILED };

static enum step fail(struct row_decoder *d, const char *why)
{
    row_decoder_fail(d, why);
    return STEP_FAILED;
}

static enum step fail_oom(struct row_decoder *d)
{
    d->failed = FAILED_MEMORY;
    return STEP_FAILED;
}

/* ---- columns ---- */

static enum step new_column(struct row_decoder *d)
{
    return row_decoder_new_column(d) != NULL ? STEP_ON : STEP_FAILED;
}

static enum step columns_are_known(struct row_decoder *d)
{
    if (!row_decoder_adopt_columns(d))
        return fail_oom(d);
    d->seen |= SEEN_FIELDS;
    return STEP_FIELDS;
}

static struct column *column_being_read(struct row_decoder *d)
{
    return &d->next_columns.at[d->next_columns.n - 1];
}

static enum step set_column_number(struct row_decoder *d, const struct json_token *t)
{
    static const struct {
        int64_t min, max;
    } range[] = {
        [FN_TYPE_OID] = {0, UINT32_MAX},
        [FN_TABLE_OID] = {0, UINT32_MAX},
        [FN_ATTNUM] = {INT16_MIN, INT16_MAX},
        [FN_TYPE_SIZE] = {INT16_MIN, INT16_MAX},
        [FN_TYPE_MODIFIER] = {INT32_MIN, INT32_MAX},
    };
    struct column *c = column_being_read(d);
    int64_t v;

    if (t->kind != JSON_SCALAR || !sv_to_i64(sv_n(t->text, t->len), &v) ||
        v < range[d->field_number].min || v > range[d->field_number].max)
        return fail(d, "a field of a column is not the number it should be");
    switch (d->field_number) {
    case FN_TYPE_OID:
        c->type_oid = (uint32_t)v;
        break;
    case FN_TABLE_OID:
        c->table_oid = (uint32_t)v;
        break;
    case FN_ATTNUM:
        c->attnum = (int16_t)v;
        break;
    case FN_TYPE_SIZE:
        c->type_size = (int16_t)v;
        break;
    case FN_TYPE_MODIFIER:
    default:
        c->type_modifier = (int32_t)v;
        break;
    }
    d->state = S_AFTER_VALUE;
    return STEP_ON;
}

static enum step set_column_name(struct row_decoder *d, const struct json_token *t)
{
    struct column *c = column_being_read(d);

    if (t->kind != JSON_STRING)
        return fail(d, "the name of a column is not a string");
    mem_free(c->name);
    c->name = mem_strndup(t->text, t->len);
    c->name_len = t->len;
    d->state = S_AFTER_VALUE;
    return c->name ? STEP_ON : fail_oom(d);
}

/* ---- keys ---- */

static const struct key_row {
    const char *name;
    enum level level;
    enum state state;
    enum field_number number;
    unsigned seen; /* of a result */
} keys[] = {
    {"results", L_WRAPPER, S_RESULTS_OPEN, 0, 0},
    {"fields", L_RESULT, S_FIELDS_OPEN, 0, SEEN_FIELDS},
    {"rows", L_RESULT, S_ROWS_OPEN, 0, SEEN_ROWS},
    {"command", L_RESULT, S_COMMAND, 0, SEEN_COMMAND},
    {"rowCount", L_RESULT, S_ROW_COUNT, 0, SEEN_ROW_COUNT},
    {"name", L_FIELD, S_FIELD_NAME, 0, 0},
    {"dataTypeID", L_FIELD, S_FIELD_NUMBER, FN_TYPE_OID, 0},
    {"tableID", L_FIELD, S_FIELD_NUMBER, FN_TABLE_OID, 0},
    {"columnID", L_FIELD, S_FIELD_NUMBER, FN_ATTNUM, 0},
    {"dataTypeSize", L_FIELD, S_FIELD_NUMBER, FN_TYPE_SIZE, 0},
    {"dataTypeModifier", L_FIELD, S_FIELD_NUMBER, FN_TYPE_MODIFIER, 0},
};

static void begin_result(struct row_decoder *d)
{
    d->level = L_RESULT;
    d->seen = 0;
    d->command_len = 0;
    d->row_count = -1;
}

/* The outermost object is the wrapper of a batch when its first known key says so, else the only
 * result. */
static enum step take_key(struct row_decoder *d, struct strview key)
{
    const struct key_row *k = NULL;

    d->value_state = S_SKIP;
    d->state = S_COLON;
    for (size_t i = 0; k == NULL && i < ARRAY_LEN(keys); i++)
        if (sv_eq(sv(keys[i].name), key))
            k = &keys[i];
    if (k == NULL)
        return STEP_ON;
    if (d->level == L_WRAPPER && k->level == L_RESULT && !d->batch)
        begin_result(d);
    if (k->level == L_WRAPPER && d->level != L_FIELD && (d->batch || d->level == L_RESULT))
        return fail(d, "a list of results stands where it cannot");
    if (d->level != k->level)
        return STEP_ON;
    if (k->seen == SEEN_ROWS && !(d->seen & SEEN_FIELDS))
        return fail(d, "rows come before their columns");
    if (d->seen & k->seen)
        return fail(d, "a key is there twice");
    if (k->seen != SEEN_FIELDS) /* those are when they are read */
        d->seen |= k->seen;
    d->value_state = k->state;
    d->field_number = k->number;
    return STEP_ON;
}

static enum step close_object(struct row_decoder *d)
{
    switch (d->level) {
    case L_FIELD:
        d->level = L_RESULT;
        d->state = S_AFTER_FIELD;
        if (column_being_read(d)->name == NULL)
            return fail(d, "a column has no name");
        return STEP_ON;
    case L_RESULT:
        if (d->seen != SEEN_ALL)
            return fail(d, "a result is without its columns, rows, command or row count");
        d->state = d->batch ? S_AFTER_RESULT : S_TRAILER;
        return STEP_RESULT_END;
    case L_WRAPPER:
    default:
        d->state = S_TRAILER;
        return d->batch ? STEP_ON : fail(d, "it holds no result");
    }
}

/* ---- one token ---- */

static bool is_punct(const struct json_token *t, char c)
{
    return t->kind == JSON_PUNCT && t->punct == c;
}

/* "open" or fail. */
static enum step expect(struct row_decoder *d, const struct json_token *t, char c, enum state next,
                        const char *why)
{
    d->state = next;
    return is_punct(t, c) ? STEP_ON : fail(d, why);
}

/* The next element after a comma, or the end of a list. */
static enum step separator(struct row_decoder *d, const struct json_token *t, enum state element,
                           char close, enum state end)
{
    if (is_punct(t, ',')) {
        d->state = element;
        d->may_close = false;
        return STEP_ON;
    }
    d->state = end;
    return is_punct(t, close) ? STEP_ON : fail(d, "a comma or a closing bracket is missing");
}

static bool closes_empty(struct row_decoder *d, const struct json_token *t, char close)
{
    return d->may_close && is_punct(t, close);
}

static enum step step_cell(struct row_decoder *d, const struct json_token *t)
{
    struct cell *c;

    if (d->n_cells == 0 && closes_empty(d, t, ']')) {
        chunks_unpin(&d->in);
        d->state = S_AFTER_ROW;
        return d->columns.n == 0 ? STEP_ROW : fail(d, "a row has fewer cells than columns");
    }
    if (d->n_cells == d->columns.n)
        return fail(d, "a row has more cells than columns");
    if (t->kind == JSON_PUNCT)
        return fail(d, "a cell is no value");
    c = &d->cells[d->n_cells++];
    *c = t->kind == JSON_NULL ? (struct cell){NULL, 0} : (struct cell){t->text, t->len};
    d->in.cells_in_current = true;
    d->state = S_AFTER_CELL;
    return STEP_ON;
}

static enum step step_after_cell(struct row_decoder *d, const struct json_token *t)
{
    enum step s = separator(d, t, S_CELL, ']', S_AFTER_ROW);

    if (s != STEP_ON || d->state != S_AFTER_ROW)
        return s;
    chunks_unpin(&d->in);
    return d->n_cells == d->columns.n ? STEP_ROW : fail(d, "a row has fewer cells than columns");
}

static enum step step_row(struct row_decoder *d, const struct json_token *t)
{
    if (closes_empty(d, t, ']')) {
        d->state = S_AFTER_VALUE;
        return STEP_ON;
    }
    d->n_cells = 0;
    d->may_close = true;
    chunks_pin(&d->in);
    return expect(d, t, '[', S_CELL, "a row is not an array");
}

static enum step step_field(struct row_decoder *d, const struct json_token *t)
{
    if (closes_empty(d, t, ']')) {
        d->state = S_AFTER_VALUE;
        return columns_are_known(d);
    }
    if (!is_punct(t, '{'))
        return fail(d, "a column is not an object");
    d->level = L_FIELD;
    d->state = S_KEY;
    d->may_close = true;
    return new_column(d);
}

static enum step step_after_field(struct row_decoder *d, const struct json_token *t)
{
    enum step s = separator(d, t, S_FIELD, ']', S_AFTER_VALUE);

    if (s != STEP_ON || d->state != S_AFTER_VALUE)
        return s;
    return columns_are_known(d);
}

static enum step step_key(struct row_decoder *d, const struct json_token *t)
{
    if (closes_empty(d, t, '}'))
        return close_object(d);
    return t->kind == JSON_STRING ? take_key(d, sv_n(t->text, t->len))
                                  : fail(d, "a key is not a string");
}

static enum step step_after_value(struct row_decoder *d, const struct json_token *t)
{
    if (is_punct(t, '}'))
        return close_object(d);
    return separator(d, t, S_KEY, '}', S_KEY);
}

static enum step step_command(struct row_decoder *d, const struct json_token *t)
{
    if (t->kind != JSON_STRING || t->len > COMMAND_MAX_BYTES)
        return fail(d, "the command is not a word");
    d->command_len = t->len;
    memcpy(d->command, t->text, d->command_len);
    d->state = S_AFTER_VALUE;
    return STEP_ON;
}

static enum step step_row_count(struct row_decoder *d, const struct json_token *t)
{
    struct strview text = sv_n(t->text, t->len);

    d->state = S_AFTER_VALUE;
    d->row_count = -1;
    if (t->kind == JSON_NULL)
        return STEP_ON;
    if (t->kind == JSON_SCALAR && sv_to_i64(text, &d->row_count) && d->row_count >= 0)
        return STEP_ON;
    return fail(d, "the row count is no number");
}

static enum step step_result(struct row_decoder *d, const struct json_token *t)
{
    if (closes_empty(d, t, ']')) {
        d->state = S_AFTER_VALUE;
        return STEP_ON;
    }
    begin_result(d);
    d->may_close = true;
    return expect(d, t, '{', S_KEY, "a result is not an object");
}

static enum step step_open_list(struct row_decoder *d, const struct json_token *t,
                                enum state element)
{
    d->may_close = true;
    return expect(d, t, '[', element, "a list is not an array");
}

static enum step step(struct row_decoder *d, const struct json_token *t)
{
    switch (d->state) {
    case S_DOCUMENT:
        d->may_close = true;
        d->level = L_WRAPPER;
        return expect(d, t, '{', S_KEY, "it is not a JSON object");
    case S_KEY:
        return step_key(d, t);
    case S_COLON:
        return expect(d, t, ':', d->value_state, "a colon is missing");
    case S_AFTER_VALUE:
        return step_after_value(d, t);
    case S_RESULTS_OPEN:
        d->batch = true;
        return step_open_list(d, t, S_RESULT);
    case S_RESULT:
        return step_result(d, t);
    case S_AFTER_RESULT:
        d->level = L_WRAPPER;
        return separator(d, t, S_RESULT, ']', S_AFTER_VALUE);
    case S_FIELDS_OPEN:
        row_decoder_forget_columns(&d->next_columns);
        return step_open_list(d, t, S_FIELD);
    case S_FIELD:
        return step_field(d, t);
    case S_AFTER_FIELD:
        return step_after_field(d, t);
    case S_ROWS_OPEN:
        return step_open_list(d, t, S_ROW);
    case S_ROW:
        return step_row(d, t);
    case S_AFTER_ROW:
        return separator(d, t, S_ROW, ']', S_AFTER_VALUE);
    case S_CELL:
        return step_cell(d, t);
    case S_AFTER_CELL:
        return step_after_cell(d, t);
    case S_COMMAND:
        return step_command(d, t);
    case S_ROW_COUNT:
        return step_row_count(d, t);
    case S_FIELD_NAME:
        return set_column_name(d, t);
    case S_FIELD_NUMBER:
        return set_column_number(d, t);
    case S_SKIP:
        d->state = S_AFTER_VALUE;
        return t->kind == JSON_PUNCT ? fail(d, "a value is missing") : STEP_ON;
    case S_TRAILER:
    default:
        return fail(d, "something follows the end of the document");
    }
}

/* ---- the short way: a whole row of strings and nulls lies in the chunk ---- */

/* `p` is a backslash in a string: its closing quote; `end` or later when it is not here. */
static char *skip_escapes(struct json_specials *s, char *p, const char *end)
{
    while (p < end && *p == '\\') {
        char *escaped = p + 1;
        p = json_next_special(s, end);
        if (p == escaped)
            p = json_next_special(s, end);
    }
    return p;
}

/* Escapes are undone only when the whole row is known to be here: the long way must find it
 * untouched. */
static enum step unescape_row(struct row_decoder *d)
{
    for (size_t i = 0; i < d->n_escaped; i++) {
        struct cell *c = &d->cells[d->escaped[i].column];
        char *start = d->escaped[i].start;
        char *stop = json_unescape(d->escaped[i].first, start + c->len);
        if (stop == NULL) {
            d->in.pos = start - 1; /* as the long way would say */
            return fail(d, "it is not JSON");
        }
        c->len = (size_t)(stop - start);
    }
    return STEP_ROW;
}

#define NULL_AND_MORE 5 /* bytes of a null and what follows it */

/* Returns the byte behind the row that begins at p, or NULL when the long way must go (other
 * values, the chunk's end). */
static char *fast_row(struct row_decoder *d, char *p, char *end)
{
    size_t n = d->columns.n;
    struct json_specials specials;

    d->n_escaped = 0;
    if (p == end || *p != '[')
        return NULL;
    specials = json_specials_from(++p);
    for (size_t i = 0; i < n; i++) {
        if (end - p < NULL_AND_MORE)
            return NULL;
        if (*p == '"') {
            char *start = json_next_special(&specials, end) + 1; /* p is the next one */
            char *stop = json_next_special(&specials, end);
            if (stop < end && *stop == '\\') {
                if (d->n_escaped == MAX_ESCAPED)
                    return NULL;
                d->escaped[d->n_escaped++] = (struct escaped){i, start, stop};
                stop = skip_escapes(&specials, stop, end);
            }
            if (end - stop < 2)
                return NULL;
            d->cells[i] = (struct cell){start, (size_t)(stop - start)};
            p = stop + 1;
        } else if (memcmp(p, "null", 4) == 0) {
            d->cells[i] = (struct cell){NULL, 0};
            p += 4;
        } else {
            return NULL;
        }
        if (*p != (i + 1 < n ? ',' : ']'))
            return NULL;
        p++;
    }
    return p;
}

/* STEP_ROW, STEP_FAILED, or STEP_ON: the long way must go. */
static enum step try_fast_row(struct row_decoder *d)
{
    char *p = d->in.pos;
    char *end = d->in.end;

    if ((d->state != S_ROW && d->state != S_AFTER_ROW) || d->columns.n == 0 || d->scan.offset != 0)
        return STEP_ON;
    if (d->state == S_AFTER_ROW) {
        if (p == end || *p != ',')
            return STEP_ON;
        p++;
    }
    p = fast_row(d, p, end);
    if (p == NULL)
        return STEP_ON;
    d->in.pos = p;
    d->state = S_AFTER_ROW;
    d->in.cells_in_current = true;
    return d->n_escaped > 0 ? unescape_row(d) : STEP_ROW;
}

/* ---- the loop ---- */

static enum step step_next(struct row_decoder *d)
{
    bool nested = d->state == S_CELL || d->state == S_SKIP;
    struct json_token t;

    t = json_next(&d->in.pos, d->in.end, nested, &d->scan);
    if (t.kind == JSON_BAD)
        return fail(d, "it is not JSON");
    return t.kind == JSON_NEED ? STEP_NEED : step(d, &t);
}

/* Everything that is here is read, but for the beginning of a token. */
static enum decode_event starved(struct row_decoder *d, struct err *e)
{
    if (!d->finished)
        return DECODE_MORE;
    if (d->state == S_TRAILER && chunks_unread_bytes(&d->in) == 0)
        return DECODE_END;
    if (d->state == S_TRAILER) {
        fail(d, "something follows the end of the document");
    } else if (d->state == S_DOCUMENT && chunks_unread_bytes(&d->in) > 0) {
        fail(d, "it is not a JSON object");
    } else {
        d->failed = FAILED_SHORT;
        d->failed_at = chunks_offset_in_body(&d->in, d->in.end);
    }
    return row_decoder_report(d, e);
}

static enum decode_event json_decode(struct row_decoder *d, struct err *e)
{
    static const enum decode_event events[] = {[STEP_FIELDS] = DECODE_FIELDS,
                                               [STEP_ROW] = DECODE_ROW,
                                               [STEP_RESULT_END] = DECODE_RESULT_END};
    enum step s;

    if (d->failed != FAILED_NOT)
        return row_decoder_report(d, e);
    if (d->in.pos == NULL)
        return starved(d, e);
    s = try_fast_row(d);
    while (s == STEP_ON)
        s = step_next(d);
    if (s == STEP_NEED)
        return starved(d, e);
    return s == STEP_FAILED ? row_decoder_report(d, e) : events[s];
}

struct row_decoder *row_decoder_new(void)
{
    return row_decoder_new_with_chunks(CHUNK_BYTES);
}

struct row_decoder *row_decoder_new_with_chunks(size_t chunk_bytes)
{
    struct row_decoder *d = mem_calloc(1, sizeof *d);

    if (d == NULL)
        return NULL;
    chunks_init(&d->in, chunk_bytes);
    d->next = json_decode;
    d->row_count = -1;
    return d;
}
