/* Parameters: SQLBindParameter, reading the application's buffers, and data at execution.
 * Conversions are convert/'s; arrays are param_array.c's, what comes back is output_params.c's.
 * Called by api/, execute.c and param_array.c. */
#include "stmt/params.h"

#include <stdio.h>

#include "convert/matrix.h"
#include "stmt/copy_in.h"

static bool is_io_type(SQLSMALLINT io)
{
    return io == SQL_PARAM_INPUT || io == SQL_PARAM_OUTPUT || io == SQL_PARAM_INPUT_OUTPUT;
}

static enum sqlstate io_type_problem(SQLSMALLINT io)
{
    bool stream = io == SQL_PARAM_OUTPUT_STREAM || io == SQL_PARAM_INPUT_OUTPUT_STREAM;

    return stream ? ST_HYC00 : ST_HY105;
}

static bool has_seconds(const struct desc_rec *r)
{
    return r->type == SQL_DATETIME || r->type == SQL_INTERVAL;
}

/* Of dates, times and intervals the precision is the digits of the seconds' fraction: the SQL
 * type's is DecimalDigits, and the C structure has its own default, whatever the column size is
 * (SQLBindParameter). For SQL_C_NUMERIC the APD has what the call says; SQLSetDescField may
 * overrule it. */
static void set_precision(struct desc_rec *apd, struct desc_rec *ipd, const struct bind_param *b)
{
    ipd->precision = (SQLSMALLINT)(b->column_size > 32767 ? 32767 : b->column_size);
    ipd->scale = ipd->decimal_digits = b->decimal_digits;
    apd->precision = ipd->precision;
    apd->scale = ipd->scale;
    if (has_seconds(apd))
        desc_rec_default_sizes(apd);
    if (has_seconds(ipd)) {
        desc_rec_default_sizes(ipd);
        ipd->precision = b->decimal_digits;
    }
}

/* What managers make of ODBC 1's SQLSetParam, which does not tell the buffer's length. */
static bool is_set_param(const struct bind_param *b)
{
    return b->io_type == SQL_PARAM_TYPE_DEFAULT && b->buffer_bytes == SQL_SETPARAM_VALUE_MAX;
}

SQLRETURN stmt_bind_param(struct stmt *s, const struct bind_param *b)
{
    struct desc_rec *apd;
    struct desc_rec *ipd;
    SQLSMALLINT sql_type = typemap_odbc3_type(b->sql_type);

    if (b->number == 0 || b->number > SCRIPT_MAX_PARAMS)
        return diag_post(&s->handle, ST_07009, 0,
                         "Parameter %u does not exist: parameters are numbered from 1 to %d.",
                         (unsigned)b->number, SCRIPT_MAX_PARAMS);
    if (!is_io_type(b->io_type))
        return diag_post(&s->handle, io_type_problem(b->io_type), 0,
                         "Parameter %u: the ways are SQL_PARAM_INPUT, SQL_PARAM_OUTPUT and "
                         "SQL_PARAM_INPUT_OUTPUT; values are returned whole, not as streams.",
                         (unsigned)b->number);
    if (!typemap_is_c_type(b->c_type))
        return diag_post(&s->handle, ST_HY003, 0, "Parameter %u: %d is no C data type.",
                         (unsigned)b->number, b->c_type);
    if (!typemap_is_sql_type(sql_type))
        return diag_post(&s->handle, ST_HY004, 0, "Parameter %u: %d is no SQL data type.",
                         (unsigned)b->number, b->sql_type);
    if (b->buffer_bytes < 0 && !is_set_param(b))
        return diag_post(&s->handle, ST_HY090, 0,
                         "Parameter %u: the buffer length %lld is negative.", (unsigned)b->number,
                         (long long)b->buffer_bytes);
    if (b->io_type != SQL_PARAM_OUTPUT && b->app_value == NULL && b->app_len_or_ind == NULL)
        return diag_post(&s->handle, ST_HY009, 0,
                         "Parameter %u: both the value and the indicator are null pointers.",
                         (unsigned)b->number);
    if (b->io_type != SQL_PARAM_OUTPUT && !from_c_allowed(b->c_type, sql_type))
        return diag_post(&s->handle, ST_07006, 0,
                         "Parameter %u: %s cannot be converted to SQL type %d.",
                         (unsigned)b->number, stmt_c_type_name(b->c_type), b->sql_type);
    apd = desc_ensure(s->apd, b->number);
    ipd = desc_ensure(&s->ipd, b->number);
    if (apd == NULL || ipd == NULL)
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    desc_rec_set_type(apd, b->c_type);
    apd->app_data_ptr = b->app_value;
    apd->octet_length = b->buffer_bytes;
    apd->app_indicator_ptr = b->app_len_or_ind;
    apd->app_octet_length_ptr = b->app_len_or_ind;
    apd->bound = true;
    desc_rec_set_type(ipd, sql_type);
    ipd->parameter_type = b->io_type;
    ipd->column_size = b->column_size;
    ipd->length = b->column_size;
    ipd->bound = true;
    set_precision(apd, ipd, b);
    return SQL_SUCCESS;
}

bool params_is_at_exec(SQLLEN len)
{
    return len == SQL_DATA_AT_EXEC || len <= SQL_LEN_DATA_AT_EXEC_OFFSET;
}

static SQLLEN read_len(const SQLLEN *app, SQLLEN offset)
{
    SQLLEN v;

    memcpy(&v, (const char *)app + offset, sizeof v);
    return v;
}

static SQLLEN param_length(const struct desc_rec *apd, SQLLEN offset)
{
    if (apd->app_indicator_ptr != NULL) {
        SQLLEN ind = read_len(apd->app_indicator_ptr, offset);
        if (ind == SQL_NULL_DATA || apd->app_octet_length_ptr == apd->app_indicator_ptr)
            return ind;
    }
    if (apd->app_octet_length_ptr != NULL)
        return read_len(apd->app_octet_length_ptr, offset);
    return apd->concise_type == SQL_C_BINARY && apd->octet_length >= 0 ? apd->octet_length
                                                                       : SQL_NTS;
}

SQLSMALLINT params_c_type(const struct from_c *t)
{
    return t->c_type == SQL_C_DEFAULT ? typemap_default_c_type(t->sql_type) : t->c_type;
}

/* With a bind offset the bound pointers may be offsets themselves, 0 included (pyodbc). */
static char *moved(void *app, const struct desc *apd, SQLLEN by)
{
    if (app == NULL && (apd->app_bind_offset_ptr == NULL || *apd->app_bind_offset_ptr == 0))
        return NULL;
    return (char *)((uintptr_t)app + (uintptr_t)by);
}

SQLRETURN params_source(struct stmt *s, size_t row, size_t index, struct param_source *out)
{
    const struct desc *d = s->apd;
    const struct desc_rec *apd = desc_record(d, index + 1);
    const struct desc_rec *ipd = desc_record(&s->ipd, index + 1);
    SQLLEN offset = d->app_bind_offset_ptr ? *d->app_bind_offset_ptr : 0;
    bool by_row = d->bind_type != SQL_PARAM_BIND_BY_COLUMN;
    size_t element;
    SQLLEN len_offset;

    if (apd == NULL || ipd == NULL || !apd->bound)
        return diag_post(&s->handle, ST_07002, 0,
                         "Parameter %zu has no value: the statement has %u parameter markers and "
                         "each must be bound with SQLBindParameter.",
                         index + 1, s->script.n_params);
    out->type = (struct from_c){apd->concise_type, ipd->concise_type, ipd->column_size,
                                ipd->scale,        apd->precision,    apd->scale};
    element = c_type_size(params_c_type(&out->type));
    out->unfound = element == 0 && apd->octet_length < 0 && row > 0 && !by_row;
    if (element == 0 && apd->octet_length > 0)
        element = (size_t)apd->octet_length;
    len_offset = offset + (SQLLEN)(row * (by_row ? (size_t)d->bind_type : sizeof(SQLLEN)));
    out->app_value = moved(apd->app_data_ptr, d,
                           offset + (SQLLEN)(row * (by_row ? (size_t)d->bind_type : element)));
    out->app_indicator = moved(apd->app_indicator_ptr, d, len_offset);
    out->app_octet_length = moved(apd->app_octet_length_ptr, d, len_offset);
    out->io_type = ipd->parameter_type;
    out->len = out->io_type == SQL_PARAM_OUTPUT ? SQL_NULL_DATA : param_length(apd, len_offset);
    out->buffer_bytes = apd->octet_length;
    return SQL_SUCCESS;
}

/* What the server has said of the parameter matters for intervals alone. */
static struct from_c settled_type(struct stmt *s, size_t index, const struct from_c *type)
{
    struct from_c settled = *type;
    const uint32_t *oids =
        c_type_family(type->c_type) == CF_INTERVAL ? stmt_known_param_oids(s) : NULL;

    if (oids != NULL && index < s->script.stmts[0].n_params)
        from_c_settle(&settled, typemap_find(oids[index]));
    return settled;
}

/* An empty text or no bytes; a C type of its own size has a value whatever the length says. */
static bool may_be_null_pointer(SQLSMALLINT c_type, SQLLEN len)
{
    return len == 0 && c_type_size(c_type) == 0;
}

/* Converts one value; the pointer is put in later, because the text may move. */
static SQLRETURN convert_param(struct stmt *s, size_t row, size_t index, const struct from_c *bound,
                               const void *value, SQLLEN len, const struct param_sink *to)
{
    size_t start = to->text->len;
    struct from_c type = settled_type(s, index, bound);
    enum conv c = from_c_text(&type, value, len, &s->dbc->conv_env, to->text);
    SQLRETURN rc = SQL_SUCCESS;
    struct cell text;

    if (c != CONV_OK)
        rc = stmt_post_param_conv(s, c, to->in_array ? (SQLLEN)row + 1 : SQL_NO_ROW_NUMBER,
                                  (SQLINTEGER)(index + 1));
    if (c != CONV_OK && c != CONV_FRACTION_LOST)
        return rc;
    text = (struct cell){to->text->data + start, to->text->len - start};
    to->casts[index] = from_c_cast(&type, &text);
    to->params[index] =
        (struct wire_param){(const char *)(uintptr_t)(start + 1), to->text->len - start};
    return rc;
}

static void null_param(size_t index, const struct from_c *type, const struct param_sink *to)
{
    to->casts[index] = from_c_cast(type, NULL);
    to->params[index] = (struct wire_param){NULL, 0};
}

static SQLRETURN refuse_value(struct stmt *s, enum sqlstate state, size_t row, size_t index,
                              const struct param_sink *to, const char *problem)
{
    return stmt_post_param(s, state, to->in_array ? (SQLLEN)row + 1 : SQL_NO_ROW_NUMBER,
                           (SQLINTEGER)(index + 1), problem);
}

static SQLRETURN collect_put_param(struct stmt *s, size_t row, size_t index,
                                   const struct param_source *p, const struct param_sink *to)
{
    const struct put_param *put = &s->need_data.params[row * s->script.n_params + index];

    if (!put->started)
        return refuse_value(s, ST_HY010, row, index, to,
                            "its length says that its data is sent at execution, and did not say "
                            "so when the statement was executed.");
    if (put->is_null) {
        null_param(index, &p->type, to);
        return SQL_SUCCESS;
    }
    return convert_param(s, row, index, &p->type,
                         put->fixed ? put->bytes.data : buf_str(&put->bytes),
                         (SQLLEN)put->bytes.len, to);
}

static SQLRETURN refuse_length(struct stmt *s, size_t row, size_t index,
                               const struct param_sink *to, SQLLEN len)
{
    char problem[64];

    snprintf(problem, sizeof problem, "the length %lld is not valid.", (long long)len);
    return refuse_value(s, ST_HY090, row, index, to, problem);
}

static SQLRETURN collect_one(struct stmt *s, size_t row, size_t index, const struct param_sink *to,
                             bool *at_exec)
{
    struct param_source p;
    SQLRETURN rc = params_source(s, row, index, &p);

    if (rc != SQL_SUCCESS)
        return rc;
    if (params_is_at_exec(p.len)) {
        *at_exec = true;
        return s->need_data.active ? collect_put_param(s, row, index, &p, to) : SQL_SUCCESS;
    }
    if (p.len == SQL_NULL_DATA || p.len == SQL_DEFAULT_PARAM) {
        null_param(index, &p.type, to);
        if (p.len == SQL_DEFAULT_PARAM && !output_params_take_default(s, index))
            return refuse_value(s, ST_07S01, row, index, to,
                                "SQL_DEFAULT_PARAM is for arguments of {call} alone; write DEFAULT "
                                "into the statement instead.");
        return SQL_SUCCESS;
    }
    if (p.len < 0 && p.len != SQL_NTS)
        return refuse_length(s, row, index, to, p.len);
    if (p.unfound)
        return refuse_value(s, ST_HY090, row, index, to,
                            "without the buffer's length (SQLSetParam) only the first element of "
                            "an array can be found: bind it with SQLBindParameter.");
    if (p.app_value == NULL && !may_be_null_pointer(params_c_type(&p.type), p.len))
        return refuse_value(s, ST_HY009, row, index, to,
                            "the value pointer is null but the length does not say "
                            "SQL_NULL_DATA.");
    return convert_param(s, row, index, &p.type, p.app_value ? p.app_value : "", p.len, to);
}

void params_fix_pointers(struct wire_param *params, size_t n, const struct buf *text)
{
    for (size_t i = 0; i < n; i++)
        if (params[i].ptr != NULL)
            params[i].ptr = text->data + ((uintptr_t)params[i].ptr - 1);
}

SQLRETURN params_read_row(struct stmt *s, size_t row, const struct param_sink *to, bool *at_exec)
{
    SQLRETURN all = SQL_SUCCESS;

    *at_exec = false;
    for (size_t i = 0; i < s->script.n_params; i++) {
        bool later = false;
        SQLRETURN rc = collect_one(s, row, i, to, &later);
        if (!SQL_SUCCEEDED(rc))
            return rc;
        if (rc == SQL_SUCCESS_WITH_INFO)
            all = rc;
        *at_exec |= later;
    }
    return all;
}

SQLRETURN params_collect(struct stmt *s, const char **casts)
{
    size_t n = s->script.n_params;
    struct wire_param *params = mem_realloc_array(s->wire_params, n ? n : 1, sizeof *params);
    bool any_at_exec;
    SQLRETURN rc;

    if (params == NULL)
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    s->wire_params = params;
    buf_reset(&s->param_text);
    if (!buf_reserve(&s->param_text, 64))
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    rc = params_read_row(s, 0, &(struct param_sink){params, casts, &s->param_text, false},
                         &any_at_exec);
    if (!SQL_SUCCEEDED(rc))
        return rc;
    if (any_at_exec && !s->need_data.active)
        return SQL_NEED_DATA;
    params_fix_pointers(params, n, &s->param_text);
    return rc;
}

/* ---- data at execution ---- */

void need_data_release(struct need_data *n)
{
    for (size_t i = 0; i < n->n_params; i++)
        buf_release(&n->params[i].bytes);
    mem_free(n->params);
    *n = (struct need_data){0};
}

SQLRETURN params_begin_need_data(struct stmt *s)
{
    struct need_data *n = &s->need_data;
    size_t n_rows = param_array_rows(s);

    if (n_rows > SIZE_MAX / 2 / s->script.n_params)
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    n->params = mem_calloc(n_rows * s->script.n_params, sizeof *n->params);
    if (n->params == NULL)
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    n->n_params = n_rows * s->script.n_params;
    n->n_rows = n_rows;
    n->in_array = param_array_wanted(s);
    for (size_t i = 0; i < n->n_params; i++)
        buf_init(&n->params[i].bytes, 0);
    n->current = SIZE_MAX;
    n->active = true;
    return SQL_NEED_DATA;
}

static SQLRETURN source_of(struct stmt *s, size_t at, struct param_source *out)
{
    return params_source(s, at / s->script.n_params, at % s->script.n_params, out);
}

/* The next parameter at or after `from` that is sent at execution, row by row; SIZE_MAX: none. */
static size_t next_at_exec(struct stmt *s, size_t from)
{
    for (size_t i = from; i < s->need_data.n_params; i++) {
        struct param_source p;
        if (!param_array_ignores(s, i / s->script.n_params) && source_of(s, i, &p) == SQL_SUCCESS &&
            params_is_at_exec(p.len))
            return i;
    }
    return SIZE_MAX;
}

SQLRETURN stmt_param_data(struct stmt *s, SQLPOINTER *app_token)
{
    struct need_data *n = &s->need_data;
    size_t next;
    struct param_source p;

    if (s->edit_need.active)
        return edit_param_data(s, app_token);
    if (!n->active)
        return diag_post(&s->handle, ST_HY010, 0,
                         "No parameter awaits data: SQLExecute did not answer SQL_NEED_DATA.");
    if (n->current != SIZE_MAX && !n->params[n->current].started)
        return diag_post(&s->handle, ST_HY010, 0,
                         "The parameter that SQLParamData named awaits data: call SQLPutData "
                         "first (for an empty value too).");
    next = next_at_exec(s, n->current == SIZE_MAX ? 0 : n->current + 1);
    if (next == SIZE_MAX)
        return stmt_execute_ready(s);
    n->current = next;
    if (source_of(s, next, &p) != SQL_SUCCESS)
        return SQL_ERROR;
    *app_token = p.app_value;
    return SQL_NEED_DATA;
}

static bool is_character(SQLSMALLINT c_type)
{
    return c_type == SQL_C_CHAR || c_type == SQL_C_WCHAR;
}

SQLLEN params_nts_bytes(SQLSMALLINT c_type, const void *p)
{
    SQLWCHAR unit;
    SQLLEN n = 0;

    if (c_type != SQL_C_WCHAR)
        return (SQLLEN)strlen(p);
    for (;; n += (SQLLEN)sizeof unit) {
        memcpy(&unit, (const char *)p + n, sizeof unit);
        if (unit == 0)
            return n;
    }
}

SQLRETURN put_param_add(struct stmt *s, struct put_param *put, SQLSMALLINT c_type,
                        const void *app_data, SQLLEN len_or_ind)
{
    SQLLEN bytes = len_or_ind;

    if (put->is_null || (put->started && len_or_ind == SQL_NULL_DATA))
        return diag_post(&s->handle, ST_HY020, 0,
                         "A null value cannot be put together with other pieces.");
    if (put->started && c_type_size(c_type) > 0)
        return diag_post(&s->handle, ST_HY019, 0,
                         "Only character and binary values can be sent in pieces.");
    if (len_or_ind == SQL_NULL_DATA) {
        put->started = put->is_null = true;
        return SQL_SUCCESS;
    }
    if (app_data == NULL && !may_be_null_pointer(c_type, len_or_ind))
        return diag_post(&s->handle, ST_HY009, 0, "The data pointer is null.");
    if (c_type_size(c_type) > 0)
        bytes = put->fixed = (SQLLEN)c_type_size(c_type);
    else if (len_or_ind == SQL_NTS && is_character(c_type))
        bytes = params_nts_bytes(c_type, app_data);
    if (bytes < 0)
        return diag_post(&s->handle, ST_HY090, 0, "The length %lld is not valid.",
                         (long long)len_or_ind);
    put->started = true;
    if (!buf_append(&put->bytes, app_data, (size_t)bytes))
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory for a value of %zu bytes.",
                         put->bytes.len);
    return SQL_SUCCESS;
}

SQLRETURN stmt_put_data(struct stmt *s, SQLPOINTER app_data, SQLLEN len_or_ind)
{
    struct need_data *n = &s->need_data;
    struct param_source p;
    SQLSMALLINT c_type;

    if (s->edit_need.active)
        return edit_put_data(s, app_data, len_or_ind);
    if (!n->active || n->current == SIZE_MAX)
        return diag_post(&s->handle, ST_HY010, 0,
                         "No parameter awaits data: call SQLParamData first.");
    if (source_of(s, n->current, &p) != SQL_SUCCESS)
        return SQL_ERROR;
    c_type = params_c_type(&p.type);
    if (s->copy_in.active)
        return copy_in_put_data(s, c_type, app_data, len_or_ind);
    return put_param_add(s, &n->params[n->current], c_type, app_data, len_or_ind);
}
