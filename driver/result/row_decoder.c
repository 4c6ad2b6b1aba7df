/* Neon's answer as a state machine over JSON tokens, with a short way for rows that lie complete in the chunk. Owns the
 * chunks; moves only the bytes of a token that a chunk's end has cut. Called by stmt/stream.c. */
#include "result/row_decoder.h"

#include "result/json_pull.h"

#define CHUNK_BYTES ((size_t)256 << 10)
#define SPARE_CHUNKS 3 /* kept for the next use: fresh memory of this size costs the kernel's clearing of it */
#define MIN_ROOM_BYTES ((size_t)16 << 10)
#define COMMAND_MAX_BYTES 64

enum state {
    S_DOCUMENT,      /* { */
    S_KEY,           /* a key of the current object, or } */
    S_COLON,
    S_AFTER_VALUE,   /* , or } of the current object */
    S_RESULTS_OPEN,  /* [ of "results" */
    S_RESULT,        /* { of a result, or ] */
    S_AFTER_RESULT,  /* , or ] */
    S_FIELDS_OPEN,   /* [ of "fields" */
    S_FIELD,         /* { of a field, or ] */
    S_AFTER_FIELD,   /* , or ] */
    S_ROWS_OPEN,     /* [ of "rows" */
    S_ROW,           /* [ of a row, or ] */
    S_AFTER_ROW,     /* , or ] */
    S_CELL,          /* a cell, or ] of an empty row */
    S_AFTER_CELL,    /* , or ] */
    S_COMMAND, S_ROW_COUNT, S_FIELD_NAME, S_FIELD_NUMBER, S_SKIP, /* values */
    S_TRAILER,       /* white space to the end */
};

enum level { L_WRAPPER, L_RESULT, L_FIELD }; /* which object S_KEY is in */

enum field_number { FN_TYPE_OID, FN_TABLE_OID, FN_ATTNUM, FN_TYPE_SIZE, FN_TYPE_MODIFIER };

struct chunk {
    struct chunk *next;
    uint64_t serial; /* grows with each chunk taken into use */
    size_t cap, len;
    char data[];
};

#define MAX_ESCAPED 64 /* cells with escapes in a row of the short way */
struct escaped {
    size_t column;
    char *start, *first; /* of the cell, and its first backslash */
};

struct row_decoder {
    enum state state;
    enum level level;
    enum field_number field_number;
    enum state value_state;  /* what follows the colon */
    bool batch, finished, fields_seen, rows_seen, may_close;
    struct chunk *current;
    char *pos;               /* first byte of current not consumed */
    struct json_scan scan;
    struct chunk *retained;  /* hold cells of rows handed out, newest first */
    struct chunk *spare;     /* for the next use */
    size_t n_spare;
    uint64_t serial;
    uint64_t row_serial;     /* chunk in which the row under way began */
    bool in_row;
    uint64_t consumed;       /* bytes of the body before current, for messages */
    struct column *columns;
    size_t n_columns, cap_columns;
    struct cell *cells;      /* cap_columns entries */
    size_t n_cells;
    struct escaped escaped[MAX_ESCAPED];
    size_t n_escaped;
    char command[COMMAND_MAX_BYTES];
    size_t command_len;
    int64_t row_count;
    const char *failure;     /* static text; sticky */
    uint64_t failure_at;
    bool out_of_memory;
};

struct row_decoder *row_decoder_new(void)
{
    struct row_decoder *d = mem_calloc(1, sizeof *d);

    if (d != NULL)
        d->row_count = -1;
    return d;
}

static void free_chunks(struct chunk *c)
{
    while (c != NULL) {
        struct chunk *next = c->next;
        mem_free(c);
        c = next;
    }
}

static void forget_columns(struct row_decoder *d)
{
    for (size_t i = 0; i < d->n_columns; i++)
        mem_free(d->columns[i].name);
    d->n_columns = 0;
}

void row_decoder_free(struct row_decoder *d)
{
    if (d == NULL)
        return;
    free_chunks(d->current);
    free_chunks(d->retained);
    free_chunks(d->spare);
    forget_columns(d);
    mem_free(d->columns);
    mem_free(d->cells);
    mem_free(d);
}

/* ---- chunks ---- */

static struct chunk *take_chunk(struct row_decoder *d, size_t cap)
{
    struct chunk *c = d->spare;

    if (c != NULL && c->cap >= cap) {
        d->spare = c->next;
        d->n_spare--;
    } else {
        c = mem_alloc(sizeof *c + cap + JSON_PADDING);
        if (c == NULL)
            return NULL;
        c->cap = cap;
        memset(c->data + cap, 0, JSON_PADDING);
    }
    c->next = NULL;
    c->len = 0;
    c->serial = ++d->serial;
    return c;
}

static void drop_chunk(struct row_decoder *d, struct chunk *c)
{
    if (d->n_spare < SPARE_CHUNKS && c->cap == CHUNK_BYTES) {
        c->next = d->spare;
        d->spare = c;
        d->n_spare++;
    } else {
        mem_free(c);
    }
}

/* The current chunk is full: its incomplete token goes to the next one; it stays while rows point into it. */
static bool next_chunk(struct row_decoder *d)
{
    struct chunk *old = d->current;
    size_t carry = old ? old->len - (size_t)(d->pos - old->data) : 0;
    size_t cap = CHUNK_BYTES;
    struct chunk *c;

    while (cap < carry * 2 + MIN_ROOM_BYTES)
        cap *= 2;
    c = take_chunk(d, cap);
    if (c == NULL)
        return false;
    if (old != NULL) {
        memcpy(c->data, d->pos, carry);
        d->consumed += old->len - carry;
        old->next = d->retained;
        d->retained = old;
    }
    c->len = carry;
    d->pos = c->data;
    d->current = c;
    return true;
}

char *row_decoder_room(struct row_decoder *d, size_t *cap_bytes, struct err *e)
{
    struct chunk *c = d->current;

    if (c == NULL || c->cap - c->len < MIN_ROOM_BYTES) {
        if (c != NULL && c->len - (size_t)(d->pos - c->data) > DECODER_MAX_CELL_BYTES) {
            err_set(e, ST_54000, 0, "A value of the result is larger than the %zu MiB this driver takes.",
                    DECODER_MAX_CELL_BYTES >> 20);
            return NULL;
        }
        if (!next_chunk(d)) {
            err_oom(e);
            return NULL;
        }
        c = d->current;
    }
    *cap_bytes = c->cap - c->len;
    return c->data + c->len;
}

void row_decoder_commit(struct row_decoder *d, size_t n_bytes)
{
    d->current->len += n_bytes;
}

void row_decoder_finish(struct row_decoder *d)
{
    d->finished = true;
}

/* Drops the retained chunks with a lower serial. */
static void drop_retained(struct row_decoder *d, uint64_t keep_from)
{
    struct chunk **at = &d->retained;

    if (d->in_row && d->row_serial < keep_from)
        keep_from = d->row_serial;
    while (*at != NULL) {
        struct chunk *c = *at;
        if (c->serial >= keep_from) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        drop_chunk(d, c);
    }
}

void row_decoder_release_rows(struct row_decoder *d)
{
    drop_retained(d, UINT64_MAX);
}

void row_decoder_release_before(struct row_decoder *d, const char *first_kept)
{
    for (const struct chunk *c = d->retained; c != NULL; c = c->next)
        if (first_kept >= c->data && first_kept <= c->data + c->cap) {
            drop_retained(d, c->serial);
            return;
        }
    drop_retained(d, UINT64_MAX); /* it is in the current chunk, which is never dropped */
}

size_t row_decoder_held_bytes(const struct row_decoder *d)
{
    size_t n = d->current ? d->current->cap : 0;

    for (const struct chunk *c = d->retained; c != NULL; c = c->next)
        n += c->cap;
    return n + d->n_spare * CHUNK_BYTES;
}

/* ---- failures ---- */

static enum decode_event report(const struct row_decoder *d, struct err *e)
{
    if (d->out_of_memory)
        err_oom(e);
    else
        err_set(e, ST_08S01, 0, "The server's answer is not Neon's protocol: %s (at byte %llu). A proxy may have changed or "
                "replaced it.", d->failure, (unsigned long long)d->failure_at);
    return DECODE_ERROR;
}

enum step { STEP_ON, STEP_FIELDS, STEP_ROW, STEP_RESULT_END, STEP_FAILED };

static enum step fail(struct row_decoder *d, const char *why)
{
    if (d->failure == NULL && !d->out_of_memory) {
        d->failure = why;
        d->failure_at = d->consumed + (d->current ? (uint64_t)(d->pos - d->current->data) : 0);
    }
    return STEP_FAILED;
}

static enum step fail_oom(struct row_decoder *d)
{
    d->out_of_memory = true;
    return STEP_FAILED;
}

/* ---- columns ---- */

static enum step new_column(struct row_decoder *d)
{
    if (d->n_columns == DECODER_MAX_COLUMNS)
        return fail(d, "a result has more columns than PostgreSQL allows");
    if (d->n_columns == d->cap_columns) {
        size_t cap = d->cap_columns ? d->cap_columns * 2 : 16;
        struct column *columns = mem_realloc_array(d->columns, cap, sizeof *columns);
        struct cell *cells;
        if (columns == NULL)
            return fail_oom(d);
        d->columns = columns;
        cells = mem_realloc_array(d->cells, cap, sizeof *cells);
        if (cells == NULL)
            return fail_oom(d);
        d->cells = cells;
        d->cap_columns = cap;
    }
    d->columns[d->n_columns++] = (struct column){.type_modifier = -1};
    return STEP_ON;
}

static enum step set_column_number(struct row_decoder *d, const struct json_token *t)
{
    struct column *c = &d->columns[d->n_columns - 1];
    int64_t v;

    if (t->kind != JSON_SCALAR || !sv_to_i64(sv_n(t->text, t->len), &v) || v < INT32_MIN || v > UINT32_MAX)
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
    struct column *c = &d->columns[d->n_columns - 1];

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
} keys[] = {
    {"results", L_WRAPPER, S_RESULTS_OPEN, 0},
    {"fields", L_RESULT, S_FIELDS_OPEN, 0},
    {"rows", L_RESULT, S_ROWS_OPEN, 0},
    {"command", L_RESULT, S_COMMAND, 0},
    {"rowCount", L_RESULT, S_ROW_COUNT, 0},
    {"name", L_FIELD, S_FIELD_NAME, 0},
    {"dataTypeID", L_FIELD, S_FIELD_NUMBER, FN_TYPE_OID},
    {"tableID", L_FIELD, S_FIELD_NUMBER, FN_TABLE_OID},
    {"columnID", L_FIELD, S_FIELD_NUMBER, FN_ATTNUM},
    {"dataTypeSize", L_FIELD, S_FIELD_NUMBER, FN_TYPE_SIZE},
    {"dataTypeModifier", L_FIELD, S_FIELD_NUMBER, FN_TYPE_MODIFIER},
};

static void begin_result(struct row_decoder *d)
{
    d->level = L_RESULT;
    d->fields_seen = d->rows_seen = false;
    d->command_len = 0;
    d->row_count = -1;
}

/* The outermost object is the wrapper of a batch when its first known key says so, else the only result. */
static enum step take_key(struct row_decoder *d, struct strview key)
{
    d->value_state = S_SKIP;
    d->state = S_COLON;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const struct key_row *k = &keys[i];
        if (!sv_eq(sv(k->name), key))
            continue;
        if (d->level == L_WRAPPER && k->level == L_RESULT && !d->batch)
            begin_result(d);
        if (d->level != k->level)
            continue;
        if (k->state == S_ROWS_OPEN && !d->fields_seen)
            return fail(d, "rows come before their columns");
        if ((k->state == S_ROWS_OPEN && d->rows_seen) || (k->state == S_FIELDS_OPEN && d->fields_seen) ||
            (k->state == S_RESULTS_OPEN && d->batch))
            return fail(d, "a key is there twice");
        d->value_state = k->state;
        d->field_number = k->number;
        return STEP_ON;
    }
    return STEP_ON;
}

static enum step close_object(struct row_decoder *d)
{
    switch (d->level) {
    case L_FIELD:
        d->level = L_RESULT;
        d->state = S_AFTER_FIELD;
        if (d->columns[d->n_columns - 1].name == NULL)
            return fail(d, "a column has no name");
        return STEP_ON;
    case L_RESULT:
        if (!d->fields_seen)
            return fail(d, "a result has no columns");
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
static enum step expect(struct row_decoder *d, const struct json_token *t, char c, enum state next, const char *why)
{
    d->state = next;
    return is_punct(t, c) ? STEP_ON : fail(d, why);
}

/* The next element after a comma, or the end of a list. */
static enum step separator(struct row_decoder *d, const struct json_token *t, enum state element, char close, enum state end)
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
        d->in_row = false;
        d->state = S_AFTER_ROW;
        return d->n_columns == 0 ? STEP_ROW : fail(d, "a row has fewer cells than columns");
    }
    if (d->n_cells == d->n_columns)
        return fail(d, "a row has more cells than columns");
    if (t->kind != JSON_STRING && t->kind != JSON_SCALAR && t->kind != JSON_NESTED)
        return fail(d, "a cell is no value");
    c = &d->cells[d->n_cells];
    if (t->kind == JSON_SCALAR && t->len == 4 && memcmp(t->text, "null", 4) == 0)
        *c = (struct cell){NULL, 0};
    else
        *c = (struct cell){t->text, t->len};
    d->n_cells++;
    d->state = S_AFTER_CELL;
    return STEP_ON;
}

static enum step step_after_cell(struct row_decoder *d, const struct json_token *t)
{
    enum step s = separator(d, t, S_CELL, ']', S_AFTER_ROW);

    if (s != STEP_ON || d->state != S_AFTER_ROW)
        return s;
    d->in_row = false;
    return d->n_cells == d->n_columns ? STEP_ROW : fail(d, "a row has fewer cells than columns");
}

static enum step step_row(struct row_decoder *d, const struct json_token *t)
{
    if (closes_empty(d, t, ']')) {
        d->state = S_AFTER_VALUE;
        return STEP_ON;
    }
    d->n_cells = 0;
    d->may_close = true;
    d->in_row = true;
    d->row_serial = d->current->serial;
    return expect(d, t, '[', S_CELL, "a row is not an array");
}

static enum step step_field(struct row_decoder *d, const struct json_token *t)
{
    if (closes_empty(d, t, ']')) {
        d->state = S_AFTER_VALUE;
        d->fields_seen = true;
        return STEP_FIELDS;
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
    d->fields_seen = true;
    return STEP_FIELDS;
}

static enum step step_key(struct row_decoder *d, const struct json_token *t)
{
    if (closes_empty(d, t, '}'))
        return close_object(d);
    return t->kind == JSON_STRING ? take_key(d, sv_n(t->text, t->len)) : fail(d, "a key is not a string");
}

static enum step step_after_value(struct row_decoder *d, const struct json_token *t)
{
    if (is_punct(t, '}'))
        return close_object(d);
    return separator(d, t, S_KEY, '}', S_KEY);
}

static enum step step_command(struct row_decoder *d, const struct json_token *t)
{
    if (t->kind != JSON_STRING)
        return fail(d, "the command is not a string");
    d->command_len = t->len < COMMAND_MAX_BYTES ? t->len : COMMAND_MAX_BYTES;
    memcpy(d->command, t->text, d->command_len);
    d->state = S_AFTER_VALUE;
    return STEP_ON;
}

static enum step step_row_count(struct row_decoder *d, const struct json_token *t)
{
    struct strview text = sv_n(t->text, t->len);

    d->state = S_AFTER_VALUE;
    d->row_count = -1;
    if (t->kind == JSON_SCALAR && (sv_eq(text, SV_LIT("null")) || (sv_to_i64(text, &d->row_count) && d->row_count >= 0)))
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

static enum step step_open_list(struct row_decoder *d, const struct json_token *t, enum state element)
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
        forget_columns(d);
        return step_open_list(d, t, S_FIELD);
    case S_FIELD:
        return step_field(d, t);
    case S_AFTER_FIELD:
        return step_after_field(d, t);
    case S_ROWS_OPEN:
        d->rows_seen = true;
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

/* The closing quote of the string that begins at p, or NULL when it is not here; *escape = its first backslash or NULL. */
static inline char *find_quote(char *p, char *end, char **escape)
{
    char *stop = json_find_special(p, end);

    *escape = NULL;
    while (stop < end && *stop == '\\') {
        if (*escape == NULL)
            *escape = stop;
        if (end - stop < 2)
            return NULL;
        stop = json_find_special(stop + 2, end);
    }
    return stop < end ? stop : NULL;
}

/* Escapes are undone only when the whole row is known to be here: the long way must find it untouched. */
static bool unescape_row(struct row_decoder *d)
{
    for (size_t i = 0; i < d->n_escaped; i++) {
        struct cell *c = &d->cells[d->escaped[i].column];
        char *start = d->escaped[i].start;
        char *stop = json_unescape(d->escaped[i].first, start + c->len);
        if (stop == NULL)
            return false;
        c->len = (size_t)(stop - start);
    }
    return true;
}

/* Returns the byte behind the row, or NULL when the long way must go (other values, the chunk's end). */
static char *fast_row(struct row_decoder *d, char *p, char *end)
{
    size_t n = d->n_columns;

    d->n_escaped = 0;
    if (p == end || *p != '[')
        return NULL;
    p++;
    for (size_t i = 0; i < n; i++) {
        if (end - p < 5)
            return NULL;
        if (*p == '"') {
            char *escape;
            char *stop = find_quote(p + 1, end, &escape);
            if (stop == NULL)
                return NULL;
            if (escape != NULL) {
                if (d->n_escaped == MAX_ESCAPED)
                    return NULL;
                d->escaped[d->n_escaped++] = (struct escaped){i, p + 1, escape};
            }
            d->cells[i] = (struct cell){p + 1, (size_t)(stop - p - 1)};
            p = stop + 1;
        } else if (memcmp(p, "null", 4) == 0) {
            d->cells[i] = (struct cell){NULL, 0};
            p += 4;
        } else {
            return NULL;
        }
        if (p == end || *p != (i + 1 < n ? ',' : ']'))
            return NULL;
        p++;
    }
    return p;
}

static bool try_fast_row(struct row_decoder *d)
{
    char *end;
    char *p;

    if (d->n_columns == 0 || d->scan.offset != 0 || (d->state != S_ROW && d->state != S_AFTER_ROW) || d->current == NULL)
        return false;
    p = d->pos;
    end = d->current->data + d->current->len;
    if (d->state == S_AFTER_ROW) {
        if (p == end || *p != ',')
            return false;
        p++;
    }
    p = fast_row(d, p, end);
    if (p == NULL)
        return false;
    if (d->n_escaped > 0 && !unescape_row(d)) {
        fail(d, "it is not JSON");
        return false;
    }
    d->pos = p;
    d->state = S_AFTER_ROW;
    return true;
}

enum decode_event row_decoder_next(struct row_decoder *d, struct err *e)
{
    static const enum decode_event events[] = {
        [STEP_FIELDS] = DECODE_FIELDS, [STEP_ROW] = DECODE_ROW, [STEP_RESULT_END] = DECODE_RESULT_END};

    if (d->failure != NULL || d->out_of_memory)
        return report(d, e);
    if (try_fast_row(d))
        return DECODE_ROW;
    if (d->failure != NULL)
        return report(d, e);
    for (;;) {
        bool nested = d->state == S_CELL || d->state == S_SKIP;
        struct json_token t = {.kind = JSON_NEED};
        enum step s;
        if (d->current != NULL)
            t = json_next(&d->pos, d->current->data + d->current->len, d->finished, nested, &d->scan);
        if (t.kind == JSON_NEED) {
            if (!d->finished)
                return DECODE_MORE;
            if (d->state == S_TRAILER && d->scan.offset == 0)
                return DECODE_END;
            fail(d, "it ended early");
            return report(d, e);
        }
        s = t.kind == JSON_BAD ? fail(d, "it is not JSON") : step(d, &t);
        if (s == STEP_FAILED)
            return report(d, e);
        if (s != STEP_ON)
            return events[s];
    }
}

size_t row_decoder_n_columns(const struct row_decoder *d)
{
    return d->n_columns;
}

const struct column *row_decoder_columns(const struct row_decoder *d)
{
    return d->columns;
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
