/* Chooses one type for each column and writes the arrays. Called by tx_rows.c and
 * stmt/param_array_send.c. */
#include "handle/param_columns.h"

#include "base/mem.h"
#include "sql/type_name.h"

/* The cast that serves for both; NULL: none. Whole numbers are given the narrowest type that holds
 * the value. */
static const char *common_cast(const char *a, const char *b)
{
    static const char *const integers[] = {"::int4", "::int8"};
    bool narrow;

    if (a == b || strcmp(a, b) == 0)
        return a;
    narrow = strcmp(a, integers[0]) == 0 || strcmp(b, integers[0]) == 0;
    return narrow && (strcmp(a, integers[1]) == 0 || strcmp(b, integers[1]) == 0) ? integers[1]
                                                                                  : NULL;
}

/* Of column i, whose marker has no cast in the text; NULL: there is none that fits all rows. */
static const char *column_cast(const struct wire_param *params, const char *const *casts, size_t i,
                               size_t per_row, size_t n_rows, uint32_t oid)
{
    const char *cast = NULL;

    for (size_t at = i; at < n_rows * per_row; at += per_row) {
        if (params[at].ptr == NULL)
            continue;
        if (casts[at] == NULL)
            return type_name_cast(oid);
        cast = cast == NULL ? casts[at] : common_cast(cast, casts[at]);
        if (cast == NULL)
            return NULL;
    }
    if (cast == NULL)
        return type_name_cast(oid);
    return type_name_is_cast(cast) ? cast : NULL; /* not "::int4::bool" */
}

static bool write_column(const struct wire_param *params, size_t i, size_t per_row, size_t n_rows,
                         struct buf *out)
{
    for (size_t at = i; at < n_rows * per_row; at += per_row)
        if (!insert_columns_element(out, at == i, params[at].ptr, params[at].len))
            return false;
    return buf_append_char(out, '}');
}

static bool write_columns(const struct script_stmt *st, const struct wire_param *params,
                          size_t n_rows, struct param_columns *out)
{
    size_t n = st->n_params;
    size_t from = 0;

    for (size_t i = 0; i < n; i++) {
        if (!write_column(params, i, n, n_rows, &out->text))
            return false;
        out->params[i].len = out->text.len - from;
        from = out->text.len;
    }
    for (size_t i = 0, at = 0; i < n; at += out->params[i++].len)
        out->params[i].ptr = out->text.data + at; /* it moves no more */
    return true;
}

enum param_columns_result param_columns_make(const struct script_stmt *st,
                                             const struct insert_values *iv,
                                             const struct wire_param *params,
                                             const char *const *casts, const uint32_t *oids,
                                             size_t n_rows, struct param_columns *out)
{
    size_t n = st->n_params;
    const char **chosen = mem_calloc(n, sizeof *chosen);
    enum param_columns_result r = PARAM_COLUMNS_MADE;

    *out = (struct param_columns){.params = mem_calloc(n, sizeof *out->params)};
    buf_init(&out->text, 0);
    buf_init(&out->sql, 0);
    if (chosen == NULL || out->params == NULL)
        r = PARAM_COLUMNS_OOM;
    for (size_t i = 0; r == PARAM_COLUMNS_MADE && i < n; i++) {
        if (st->markers[i].has_cast)
            continue;
        chosen[i] = column_cast(params, casts, i, n, n_rows, oids != NULL ? oids[i] : 0);
        if (chosen[i] == NULL)
            r = PARAM_COLUMNS_UNFIT;
    }
    if (r == PARAM_COLUMNS_MADE && (!insert_columns_render(st, iv, chosen, &out->sql) ||
                                    !write_columns(st, params, n_rows, out)))
        r = PARAM_COLUMNS_OOM;
    mem_free(chosen);
    if (r != PARAM_COLUMNS_MADE)
        param_columns_release(out);
    return r;
}

void param_columns_release(struct param_columns *c)
{
    mem_free(c->params);
    buf_release(&c->text);
    buf_release(&c->sql);
    *c = (struct param_columns){NULL, BUF_INIT(0), BUF_INIT(0)};
}
