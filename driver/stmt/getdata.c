/* SQLGetData: one value of the current row, in any order, in pieces of any size. Called by api/. */
#include "convert/block.h"
#include "stmt/stmt.h"

/* A type that the column was read as before needs no search. */
static bool is_c_type(const struct stmt *s, SQLUSMALLINT column, SQLSMALLINT c_type)
{
    const struct bound_column *b = column < s->n_bound ? &s->bound[column] : NULL;

    return (b != NULL && b->allowed && b->app_c_type == c_type) || typemap_is_c_type(c_type);
}

static SQLRETURN check(struct stmt *s, SQLUSMALLINT column, SQLSMALLINT c_type, SQLLEN cap_bytes)
{
    if (!s->executed || !s->cursor_open)
        return diag_post(&s->handle, s->executed ? ST_24000 : ST_HY010, 0,
                         "There is no result to read from.");
    if (s->position.place != ON_ROWSET || s->rowset.n_rows == 0)
        return diag_post(&s->handle, ST_24000, 0, "There is no current row: %s.",
                         s->position.place == AFTER_END ? "the result has been read to its end"
                                                        : "call SQLFetch first");
    /* Not so SQL_ROW_ERROR: the row was fetched, a bound column's conversion failed. */
    if (s->rowset.status[s->rowset.current] == SQL_ROW_DELETED)
        return diag_post(&s->handle, ST_HY109, 0, "The current row was deleted.");
    if (column > s->ird.count || (column == 0 && s->attrs.use_bookmarks == SQL_UB_OFF))
        return diag_post(&s->handle, ST_07009, 0,
                         "Column %u does not exist: the result has %d columns%s.", (unsigned)column,
                         (int)s->ird.count, column == 0 ? ", and bookmarks are off" : "");
    if (cap_bytes < 0)
        return diag_post(&s->handle, ST_HY090, 0, "The buffer length %lld is negative.",
                         (long long)cap_bytes);
    if (c_type != SQL_ARD_TYPE && !is_c_type(s, column, c_type))
        return diag_post(&s->handle, ST_HY003, 0, "%d is no C data type.", c_type);
    return SQL_SUCCESS;
}

/* The C type meant: SQL_ARD_TYPE asks the application's row descriptor. Its precision and scale
 * count for that type only. */
static SQLSMALLINT meant_type(const struct stmt *s, SQLUSMALLINT column, SQLSMALLINT c_type,
                              SQLSMALLINT *precision, SQLSMALLINT *scale)
{
    const struct desc_rec *ard = desc_record(s->ard, column);
    SQLSMALLINT meant = c_type != SQL_ARD_TYPE ? c_type : ard ? ard->concise_type : SQL_C_DEFAULT;
    bool same = ard != NULL && ard->concise_type == meant;

    *precision = same ? ard->precision : 0;
    *scale = same ? ard->scale : 0;
    return meant;
}

/* The converter; the column's progress is that of its last piece, or 0. NULL: out of memory. */
static const struct bound_column *begin_column(struct stmt *s, SQLUSMALLINT column,
                                               SQLSMALLINT c_type)
{
    struct getdata_state *g = &s->getdata;
    SQLSMALLINT precision;
    SQLSMALLINT scale;
    SQLSMALLINT meant = meant_type(s, column, c_type, &precision, &scale);
    const struct bound_column *b = bound_column(s, column, meant, precision, scale);

    /* Another column, or the same one as another type: from its start. */
    if (!g->started || g->column != column || g->app_c_type != meant)
        *g = (struct getdata_state){.started = true, .column = column, .app_c_type = meant};
    if (b == NULL || !b->allowed)
        g->started = false;
    return b;
}

static struct cell current_cell(const struct stmt *s, const struct to_c *conv, SQLUSMALLINT column,
                                char bookmark[BOOKMARK_TEXT_BYTES])
{
    size_t row = s->rowset.current;
    const struct cell *cell;

    if (column == 0)
        return bookmark_cell(s, rowset_row_number(s, row), bookmark);
    cell = &s->rowset.cells[row * (size_t)s->ird.count + column - 1];
    return s->attrs.max_length == 0 ? *cell : stmt_limited_cell(s, conv, *cell);
}

/* A plain value, whole: by the loop of bound columns, over this one cell. False: it is none. */
static bool put_plain(const struct to_c *conv, const struct cell *cell, SQLPOINTER app_buf,
                      SQLLEN cap_bytes, SQLLEN *app_len_or_ind)
{
    const struct to_c_block one = {
        .cells = cell,
        .n_rows = 1,
        .app_data = app_buf,
        .app_length = (char *)app_len_or_ind,
        .cap_bytes = cap_bytes,
    };

    return conv->block != NULL && app_buf != NULL && conv->block(&one, 0) == 1;
}

/* A value that is not NULL, or the next piece of it. */
static enum conv put(const struct to_c *conv, const struct cell *cell, struct getdata_state *g,
                     SQLPOINTER app_buf, SQLLEN cap_bytes, SQLLEN *app_len_or_ind)
{
    struct to_c_out out = {.app_buf = app_buf,
                           .cap_bytes = cap_bytes,
                           .progress = &g->progress,
                           .left_bytes = &g->left_bytes};
    enum conv outcome;

    if (g->progress == 0 && put_plain(conv, cell, app_buf, cap_bytes, app_len_or_ind)) {
        g->progress = TO_C_DONE;
        return CONV_OK;
    }
    outcome = conv->fn(conv, cell, &out);
    if (outcome <= CONV_FRACTION_LOST && app_len_or_ind != NULL)
        *app_len_or_ind = out.total_bytes;
    /* Without a buffer only the length was asked for: all the data is still to come. */
    if (app_buf == NULL)
        return outcome == CONV_OK ? CONV_TRUNCATED : outcome;
    if (outcome == CONV_OK || outcome == CONV_FRACTION_LOST)
        g->progress = TO_C_DONE;
    return outcome;
}

SQLRETURN stmt_get_data(struct stmt *s, SQLUSMALLINT column, SQLSMALLINT c_type, SQLPOINTER app_buf,
                        SQLLEN cap_bytes, SQLLEN *app_len_or_ind)
{
    struct getdata_state *g = &s->getdata;
    SQLRETURN rc = check(s, column, c_type, cap_bytes);
    const struct bound_column *b;
    char bookmark[BOOKMARK_TEXT_BYTES];
    struct cell cell;
    enum conv outcome;

    if (rc != SQL_SUCCESS)
        return rc;
    if (app_buf == NULL && app_len_or_ind == NULL)
        return diag_post(&s->handle, ST_HY009, 0,
                         "Both the buffer and the pointer for the length are null.");
    b = begin_column(s, column, c_type);
    if (b == NULL)
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    if (!b->allowed)
        return diag_post(&s->handle, ST_07006, 0, "Column %u cannot be converted to %s.",
                         (unsigned)column, stmt_c_type_name(c_type));
    if (g->progress == TO_C_DONE)
        return SQL_NO_DATA;
    cell = current_cell(s, &b->conv, column, bookmark);
    if (cell.ptr == NULL) {
        if (app_len_or_ind == NULL)
            return diag_post(&s->handle, ST_22002, 0,
                             "Column %u is NULL, but no indicator (StrLen_or_IndPtr) was given.",
                             (unsigned)column);
        *app_len_or_ind = SQL_NULL_DATA;
        g->progress = TO_C_DONE;
        return SQL_SUCCESS;
    }
    outcome = put(&b->conv, &cell, g, app_buf, cap_bytes, app_len_or_ind);
    return outcome == CONV_OK ? SQL_SUCCESS
                              : stmt_post_conv(s, outcome, (SQLLEN)s->rowset.current + 1, column);
}

const char *stmt_c_type_name(SQLSMALLINT c_type)
{
    static const struct {
        SQLSMALLINT type;
        const char *name;
    } names[] = {
        {SQL_C_CHAR, "SQL_C_CHAR"},
        {SQL_C_WCHAR, "SQL_C_WCHAR"},
        {SQL_C_BINARY, "SQL_C_BINARY"},
        {SQL_C_BIT, "SQL_C_BIT"},
        {SQL_C_TINYINT, "SQL_C_TINYINT"},
        {SQL_C_STINYINT, "SQL_C_STINYINT"},
        {SQL_C_UTINYINT, "SQL_C_UTINYINT"},
        {SQL_C_SHORT, "SQL_C_SHORT"},
        {SQL_C_SSHORT, "SQL_C_SSHORT"},
        {SQL_C_USHORT, "SQL_C_USHORT"},
        {SQL_C_LONG, "SQL_C_LONG"},
        {SQL_C_SLONG, "SQL_C_SLONG"},
        {SQL_C_ULONG, "SQL_C_ULONG"},
        {SQL_C_SBIGINT, "SQL_C_SBIGINT"},
        {SQL_C_UBIGINT, "SQL_C_UBIGINT"},
        {SQL_C_FLOAT, "SQL_C_FLOAT"},
        {SQL_C_DOUBLE, "SQL_C_DOUBLE"},
        {SQL_C_NUMERIC, "SQL_C_NUMERIC"},
        {SQL_C_GUID, "SQL_C_GUID"},
        {SQL_C_DATE, "SQL_C_DATE"},
        {SQL_C_TIME, "SQL_C_TIME"},
        {SQL_C_TIMESTAMP, "SQL_C_TIMESTAMP"},
        {SQL_C_TYPE_DATE, "SQL_C_TYPE_DATE"},
        {SQL_C_TYPE_TIME, "SQL_C_TYPE_TIME"},
        {SQL_C_TYPE_TIMESTAMP, "SQL_C_TYPE_TIMESTAMP"},
        {SQL_C_SS_TIMESTAMPOFFSET, "SQL_C_SS_TIMESTAMPOFFSET"},
        {SQL_C_DEFAULT, "SQL_C_DEFAULT"},
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (names[i].type == c_type)
            return names[i].name;
    return "an interval type";
}
