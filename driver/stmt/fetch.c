/* SQLBindCol, and rows into the application's buffers: a block at a time, column by column.
 * Conversions are convert/'s; their outcomes become diagnostics here; which rows, rowset.c decides.
 * Called by api/, rowset.c, setpos.c and bulk.c. */
#include "base/utf.h"
#include "convert/block.h"
#include "stmt/stmt.h"

#include <limits.h>

static const struct {
    enum sqlstate state;
    const char *text;
} outcomes[] = {
    [CONV_TRUNCATED] = {ST_01004, "the value is longer than the buffer and was cut."},
    [CONV_FRACTION_LOST] = {ST_01S07, "the fraction of the value was cut."},
    [CONV_OUT_OF_RANGE] = {ST_22003, "the value does not fit the requested type."},
    [CONV_BAD_TEXT] = {ST_22018, "the text is no value of the requested type."},
    [CONV_BAD_DATETIME] = {ST_22007,
                           "the value is no date or time that the requested type can hold."},
    [CONV_DATETIME_OVERFLOW] =
        {ST_22008, "a field of the date or time is out of the range of the requested type."},
    [CONV_INTERVAL_OVERFLOW] =
        {ST_22015, "a field of the interval is out of the range of the requested type."},
    [CONV_NOT_ALLOWED] = {ST_07006, "the types cannot be converted into each other."},
    [CONV_BAD_ENCODING] =
        {ST_22021,
         "the text is not valid Unicode, or holds a NUL character, which PostgreSQL cannot "
         "store in text."},
    [CONV_BAD_LENGTH] = {ST_HY090, "the length of the value is not valid."},
    [CONV_STRING_TOO_LONG] = {ST_22001,
                              "the value is longer than the declared size of the parameter."},
    [CONV_OOM] = {ST_HY001, "out of memory."},
};

SQLRETURN stmt_post_conv(struct stmt *s, enum conv c, SQLLEN row, SQLINTEGER column)
{
    if (c == CONV_OK)
        return SQL_SUCCESS;
    return diag_post_at(&s->handle, outcomes[c].state, row, column, "Column %d: %s", (int)column,
                        outcomes[c].text);
}

SQLRETURN stmt_post_param(struct stmt *s, enum sqlstate state, SQLLEN row, SQLINTEGER number,
                          const char *problem)
{
    if (row == SQL_NO_ROW_NUMBER)
        return diag_post_at(&s->handle, state, row, number, "Parameter %d: %s", (int)number,
                            problem);
    return diag_post_at(&s->handle, state, row, number, "Parameter %d of row %lld of the array: %s",
                        (int)number, (long long)row, problem);
}

SQLRETURN stmt_post_param_conv(struct stmt *s, enum conv c, SQLLEN row, SQLINTEGER number)
{
    return c == CONV_OK ? SQL_SUCCESS
                        : stmt_post_param(s, outcomes[c].state, row, number, outcomes[c].text);
}

void bound_columns_forget(struct stmt *s)
{
    mem_free(s->bound);
    s->bound = NULL;
    s->n_bound = 0;
}

SQLRETURN stmt_bind_col(struct stmt *s, SQLUSMALLINT column, SQLSMALLINT c_type, SQLPOINTER app_buf,
                        SQLLEN cap_bytes, SQLLEN *app_len_or_ind)
{
    struct desc_rec *r;

    if (column > SHRT_MAX) /* SQL_DESC_COUNT is an SQLSMALLINT */
        return diag_post(&s->handle, ST_07009, 0,
                         "Column %u does not exist: no result has as many columns.",
                         (unsigned)column);
    if (column == 0 && s->attrs.use_bookmarks == SQL_UB_OFF)
        return diag_post(&s->handle, ST_07009, 0,
                         "The bookmark column is not available: bookmarks are off. Set "
                         "SQL_ATTR_USE_BOOKMARKS first.");
    if (cap_bytes < 0)
        return diag_post(&s->handle, ST_HY090, 0, "The buffer length %lld is negative.",
                         (long long)cap_bytes);
    if (app_buf == NULL && app_len_or_ind == NULL) {
        desc_unbind(s->ard, column);
        return SQL_SUCCESS;
    }
    if (!typemap_is_c_type(c_type))
        return diag_post(&s->handle, ST_HY003, 0, "Column %u: %d is no C data type.",
                         (unsigned)column, c_type);
    if (column == 0 && c_type != SQL_C_VARBOOKMARK && c_type != SQL_C_UBIGINT &&
        c_type != SQL_C_ULONG)
        return diag_post(&s->handle, ST_HY003, 0,
                         "A bookmark has the C data type SQL_C_VARBOOKMARK or SQL_C_BOOKMARK, not "
                         "%d.",
                         c_type);
    r = desc_ensure(s->ard, column);
    if (r == NULL)
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    /* What was set for an earlier binding does not count for this one; a SQL_C_NUMERIC has the
     * value's own scale. */
    desc_rec_set_type(r, c_type);
    r->precision = r->scale = 0;
    if (r->type == SQL_DATETIME || r->type == SQL_INTERVAL)
        desc_rec_default_sizes(r);
    r->octet_length = cap_bytes;
    r->app_data_ptr = app_buf;
    r->app_indicator_ptr = app_len_or_ind;
    r->app_octet_length_ptr = app_len_or_ind;
    r->bound = true;
    return SQL_SUCCESS;
}

const struct bound_column *bound_column(struct stmt *s, size_t number, SQLSMALLINT c_type,
                                        SQLSMALLINT precision, SQLSMALLINT scale)
{
    struct bound_column *b;

    if (s->bound == NULL) {
        s->bound = mem_calloc((size_t)s->ird.count + 1, sizeof *s->bound);
        if (s->bound == NULL)
            return NULL;
        s->n_bound = (size_t)s->ird.count + 1;
    }
    b = &s->bound[number];
    if (!b->chosen || b->app_c_type != c_type || b->app_precision != precision ||
        b->app_scale != scale) {
        const struct desc_rec *ird = desc_record(&s->ird, number);
        b->app_c_type = c_type;
        b->app_precision = precision;
        b->app_scale = scale;
        b->allowed = to_c_choose(&b->conv, ird->pg.type_oid, ird->pg.type_modifier,
                                 ird->concise_type, c_type, precision, scale, &s->dbc->conv_env);
        b->chosen = true;
    }
    return b;
}

static char *shifted(void *app, SQLLEN offset)
{
    return app ? (char *)app + offset : NULL;
}

struct column_place column_place(const struct stmt *s, const struct desc_rec *r,
                                 size_t element_bytes)
{
    const struct desc *ard = s->ard;
    SQLLEN offset = ard->app_bind_offset_ptr ? *ard->app_bind_offset_ptr : 0;
    size_t element = element_bytes > 0 ? element_bytes : (size_t)r->octet_length;
    bool by_row = ard->bind_type != SQL_BIND_BY_COLUMN;

    return (struct column_place){
        .data = shifted(r->app_data_ptr, offset),
        .indicator = shifted(r->app_indicator_ptr, offset),
        .length = shifted(r->app_octet_length_ptr, offset),
        .data_step = by_row ? (size_t)ard->bind_type : element,
        .len_step = by_row ? (size_t)ard->bind_type : sizeof(SQLLEN),
        .cap_bytes = r->octet_length,
    };
}

static void put_len(char *app, SQLLEN v)
{
    if (app != NULL)
        memcpy(app, &v, sizeof v);
}

static void note_outcome(struct block *b, size_t row, SQLRETURN rc)
{
    if (rc == SQL_SUCCESS)
        return;
    if (rc == SQL_SUCCESS_WITH_INFO) {
        b->any_info = true;
        if (b->status[row] == SQL_ROW_SUCCESS)
            b->status[row] = SQL_ROW_SUCCESS_WITH_INFO;
        return;
    }
    b->status[row] = SQL_ROW_ERROR;
}

static SQLRETURN put_null(struct stmt *s, const struct column_place *p, size_t row, size_t column)
{
    if (p->indicator == NULL)
        return diag_post_at(&s->handle, ST_22002, (SQLLEN)row + 1, (SQLINTEGER)column,
                            "Column %zu is NULL, but the column "
                            "was bound without an indicator (StrLen_or_IndPtr).",
                            column);
    put_len(p->indicator + row * p->len_step, SQL_NULL_DATA);
    return SQL_SUCCESS;
}

/* How much of a bytea's text stands for at most `limit` bytes: hex pairs behind "\x", or the escape
 * format's \\ and \ooo. */
static size_t bytea_prefix(struct cell c, size_t limit)
{
    size_t at = 0;

    if (c.len >= 2 && c.ptr[0] == '\\' && c.ptr[1] == 'x')
        return limit < (c.len - 2) / 2 ? 2 + 2 * limit : c.len;
    for (size_t n = 0; n < limit && at < c.len; n++) {
        bool escaped = c.ptr[at] == '\\' && at + 1 < c.len;
        size_t step = !escaped ? 1 : c.ptr[at + 1] == '\\' ? 2 : 4;
        at = step < c.len - at ? at + step : c.len;
    }
    return at;
}

/* Without a warning: the application asked for it (SQL_ATTR_MAX_LENGTH's reference). */
struct cell stmt_limited_cell(const struct stmt *s, const struct to_c *conv, struct cell c)
{
    size_t limit = s->attrs.max_length;

    if (limit == 0 || c.ptr == NULL || c.len <= limit)
        return c;
    if (conv->row->family == FAM_TEXT)
        c.len = utf8_floor(c.ptr, limit);
    else if (conv->row->family == FAM_BYTEA)
        c.len = bytea_prefix(c, limit);
    return c;
}

static bool is_wanted(const struct block *b, size_t row)
{
    return b->status[row] == SQL_ROW_SUCCESS || b->status[row] == SQL_ROW_SUCCESS_WITH_INFO;
}

static void convert_cell(struct stmt *s, struct block *b, size_t number,
                         const struct column_place *p, const struct to_c *conv, size_t row,
                         struct cell cell)
{
    struct to_c_out out = {.app_buf = p->data ? p->data + row * p->data_step : NULL,
                           .cap_bytes = p->cap_bytes};
    enum conv outcome;

    if (cell.ptr == NULL) {
        note_outcome(b, row, put_null(s, p, row, number));
        return;
    }
    if (s->attrs.max_length > 0)
        cell = stmt_limited_cell(s, conv, cell);
    outcome = conv->fn(conv, &cell, &out);
    if (outcome <= CONV_FRACTION_LOST) {
        if (p->indicator != NULL && p->indicator != p->length)
            put_len(p->indicator + row * p->len_step, 0);
        if (p->length != NULL)
            put_len(p->length + row * p->len_step, out.total_bytes);
    }
    if (outcome != CONV_OK)
        note_outcome(b, row, stmt_post_conv(s, outcome, (SQLLEN)row + 1, (SQLINTEGER)number));
}

/* In a loop of convert/'s where there is one; the rows that it leaves, one by one. */
static void convert_column(struct stmt *s, struct block *b, size_t number,
                           const struct column_place *p, const struct to_c *conv, bool all_wanted)
{
    const size_t n_columns = (size_t)s->ird.count;
    const struct to_c_block plain = {
        .cells = &b->cells[number - 1],
        .cell_step = n_columns,
        .n_rows = b->n_rows,
        .app_data = p->data,
        .data_step = p->data_step,
        .app_indicator = p->indicator,
        .app_length = p->length,
        .len_step = p->len_step,
        .cap_bytes = p->cap_bytes,
    };
    to_c_block_fn *loop =
        all_wanted && p->data != NULL && s->attrs.max_length == 0 ? conv->block : NULL;

    for (size_t row = 0; row < b->n_rows; row++) {
        if (loop != NULL)
            row = loop(&plain, row);
        if (row < b->n_rows && is_wanted(b, row))
            convert_cell(s, b, number, p, conv, row, b->cells[row * n_columns + number - 1]);
    }
}

static void convert_bookmarks(struct stmt *s, struct block *b, const struct column_place *p,
                              const struct to_c *conv)
{
    char text[BOOKMARK_TEXT_BYTES];

    for (size_t row = 0; row < b->n_rows; row++) {
        uint64_t number = b->numbers != NULL ? b->numbers[row] : b->first_number + row;
        if (is_wanted(b, row))
            convert_cell(s, b, 0, p, conv, row, bookmark_cell(s, number, text));
    }
}

bool block_convert(struct stmt *s, struct block *b)
{
    size_t n = (size_t)(s->ard->count < s->ird.count ? s->ard->count : s->ird.count);
    bool all_wanted = true;

    for (size_t row = 0; row < b->n_rows; row++)
        all_wanted &= is_wanted(b, row);
    for (size_t number = s->attrs.use_bookmarks == SQL_UB_OFF; number <= n; number++) {
        const struct desc_rec *ard = desc_record(s->ard, number);
        const struct bound_column *bc;
        struct column_place p;
        if (ard == NULL || !ard->bound || (number > 0 && b->bookmarks_alone))
            continue;
        bc = bound_column(s, number, ard->concise_type, ard->precision, ard->scale);
        if (bc == NULL)
            return diag_post(&s->handle, ST_HY001, 0, "Out of memory.") == SQL_SUCCESS;
        if (!bc->allowed) {
            diag_post_at(&s->handle, ST_07006, SQL_NO_ROW_NUMBER, (SQLINTEGER)number,
                         "Column %zu cannot be converted to "
                         "%s.",
                         number, stmt_c_type_name(ard->concise_type));
            return false;
        }
        p = column_place(s, ard, bc->conv.fixed_size ? bc->conv.c_size : 0);
        if (number == 0)
            convert_bookmarks(s, b, &p, &bc->conv);
        else
            convert_column(s, b, number, &p, &bc->conv, all_wanted);
    }
    return true;
}

/* SQLFetch's reference, "Error Handling". */
SQLRETURN block_code(struct stmt *s, const struct block *b)
{
    size_t errors = 0;

    for (size_t i = 0; i < b->n_rows; i++)
        errors += b->status[i] == SQL_ROW_ERROR;
    if (errors == b->n_rows && errors > 0)
        return SQL_ERROR;
    if (errors > 0) {
        diag_post(&s->handle, ST_01S01, 0,
                  "%zu of %zu rows could not be converted; see the row status array.", errors,
                  b->n_rows);
        return SQL_SUCCESS_WITH_INFO;
    }
    return b->any_info ? SQL_SUCCESS_WITH_INFO : SQL_SUCCESS;
}
