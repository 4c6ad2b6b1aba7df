/* The values of bound columns, as the application left them in its buffers. Called by edit_sql.c
 * and edit_need.c. */
#include "stmt/edit.h"

#include <string.h>

static SQLLEN read_len(const char *app)
{
    SQLLEN v;

    memcpy(&v, app, sizeof v);
    return v;
}

static bool is_code(SQLLEN v)
{
    return v == SQL_NULL_DATA || v == SQL_COLUMN_IGNORE;
}

/* The length or the code that stands for the value; SQL_NTS when there is none. */
static SQLLEN length_of(const struct column_place *p, size_t row, SQLSMALLINT c_type)
{
    if (p->indicator != NULL && p->indicator != p->length) {
        SQLLEN ind = read_len(p->indicator + row * p->len_step);
        if (is_code(ind))
            return ind;
    }
    if (p->length != NULL)
        return read_len(p->length + row * p->len_step);
    return c_type == SQL_C_BINARY ? p->cap_bytes : SQL_NTS;
}

/* The bytes of a text that ends at its terminator, or with its buffer. */
static SQLLEN terminated_bytes(const char *text, SQLLEN cap_bytes, SQLSMALLINT c_type)
{
    size_t unit = c_type == SQL_C_WCHAR ? sizeof(SQLWCHAR) : 1;
    size_t cap = cap_bytes > 0 ? (size_t)cap_bytes : SIZE_MAX;
    static const char zero[sizeof(SQLWCHAR)];
    size_t n = 0;

    while (cap - n >= unit && memcmp(text + n, zero, unit) != 0)
        n += unit;
    return (SQLLEN)n;
}

/* The SQL type that the application would bind a parameter of the column's type with. */
static struct from_c type_of(struct stmt *s, size_t column, const struct desc_rec *ard)
{
    const struct desc_rec *ird = desc_record(&s->ird, column);
    struct type_options options = s->dbc->type_options;
    struct type_desc t;
    struct from_c type;

    options.pg_types = false;
    typemap_describe(ird->pg.type_oid, ird->pg.type_modifier, &options, &t);
    type = (struct from_c){
        .c_type = ard->concise_type != SQL_C_DEFAULT ? ard->concise_type
                                                     : typemap_default_c_type(t.concise_type),
        .sql_type = t.concise_type,
        .column_size = t.column_size,
        .decimal_digits = t.decimal_digits,
        .precision = ard->precision,
        .scale = ard->scale,
    };
    from_c_settle(&type, t.row);
    return type;
}

/* The bytes of character or binary data; a problem where the length cannot be true. */
static void read_length(const struct column_place *p, SQLLEN len, struct edit_value *out)
{
    if (len == SQL_NTS)
        out->len_bytes = terminated_bytes(out->app_value, p->cap_bytes, out->type.c_type);
    else if (len < 0)
        out->problem = "the length in its buffer is none.";
    else if (p->cap_bytes > 0 && len > p->cap_bytes)
        out->problem = "its length says that the value does not fit the buffer, as after a fetch "
                       "that cut it. Bind a larger buffer, or set the length to SQL_COLUMN_IGNORE "
                       "to leave the column as it is.";
    else
        out->len_bytes = len;
}

void edit_value_read(struct stmt *s, size_t column, size_t app_row, struct edit_value *out)
{
    const struct desc_rec *ard = desc_record(s->ard, column);
    struct column_place p;
    SQLLEN len;
    size_t fixed;

    *out = (struct edit_value){.ignored = true};
    if (ard == NULL || !ard->bound)
        return;
    out->type = type_of(s, column, ard);
    fixed = c_type_size(out->type.c_type);
    p = column_place(s, ard, fixed);
    len = length_of(&p, app_row, out->type.c_type);
    if (len == SQL_COLUMN_IGNORE)
        return;
    out->ignored = false;
    out->is_null = len == SQL_NULL_DATA;
    out->at_exec = len == SQL_DATA_AT_EXEC || len <= SQL_LEN_DATA_AT_EXEC_OFFSET;
    out->app_value = p.data != NULL ? p.data + app_row * p.data_step : NULL;
    out->len_bytes = (SQLLEN)fixed;
    if (out->is_null || out->at_exec)
        return;
    if (out->app_value == NULL)
        out->problem = "it has no buffer to take a value from.";
    else if (fixed == 0)
        read_length(&p, len, out);
}

bool edit_value_text(struct stmt *s, size_t column, size_t app_row, const struct edit_value *v,
                     struct buf *out, bool *warned)
{
    const void *value = v->app_value;
    SQLLEN len = v->len_bytes;
    enum conv c = CONV_NOT_ALLOWED;

    if (v->at_exec) {
        const struct put_param *put = edit_need_value(s, column, app_row);
        value = put->fixed ? (const void *)put->bytes.data : buf_str(&put->bytes);
        len = (SQLLEN)put->bytes.len;
    }
    if (from_c_allowed(v->type.c_type, v->type.sql_type))
        c = from_c_text(&v->type, value, len, &s->dbc->conv_env, out);
    if (c == CONV_OK)
        return true;
    *warned = c == CONV_FRACTION_LOST;
    stmt_post_conv(s, c, (SQLLEN)app_row + 1, (SQLINTEGER)column);
    return *warned;
}

bool edit_value_is_unchanged(struct stmt *s, size_t column, const struct edit_value *v,
                             struct cell old)
{
    const struct desc_rec *ird = desc_record(&s->ird, column);
    char small[256];
    struct to_c conv;
    struct to_c_out out = {.app_buf = small, .cap_bytes = (SQLLEN)sizeof small};
    char *big = NULL;
    bool same;

    if (v->is_null || old.ptr == NULL)
        return v->is_null && old.ptr == NULL;
    if (v->at_exec ||
        !to_c_choose(&conv, ird->pg.type_oid, ird->pg.type_modifier, ird->concise_type,
                     v->type.c_type, v->type.precision, v->type.scale, &s->dbc->conv_env))
        return false;
    old = stmt_limited_cell(s, &conv, old);
    if (!conv.fixed_size && (size_t)v->len_bytes + 4 > sizeof small) {
        big = mem_alloc((size_t)v->len_bytes + 4);
        if (big == NULL)
            return false;
        out.app_buf = big;
        out.cap_bytes = v->len_bytes + 4;
    }
    memset(out.app_buf, 0, (size_t)out.cap_bytes); /* the padding of structures */
    same = conv.fn(&conv, &old, &out) == CONV_OK && out.total_bytes == v->len_bytes &&
           memcmp(out.app_buf, v->app_value, (size_t)v->len_bytes) == 0;
    mem_free(big);
    return same;
}
