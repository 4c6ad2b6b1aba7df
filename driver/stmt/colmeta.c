/* The IRD: what the application may ask about the columns of a result. Called by execute_answer.c,
 * describe.c, mapped.c, notifications.c and api/. */
#include "stmt/stmt.h"

static void fill_from_type(struct desc_rec *r, const struct type_desc *t, bool odbc2)
{
    desc_rec_set_type(r, t->concise_type);
    if (odbc2)
        r->concise_type = typemap_odbc2_type(t->concise_type);
    r->column_size = t->column_size;
    r->length = (SQLULEN)t->length;
    r->octet_length = t->octet_length;
    r->display_size = t->display_size;
    r->precision = t->precision;
    r->scale = t->scale;
    r->decimal_digits = t->decimal_digits;
    r->num_prec_radix = t->num_prec_radix;
    r->is_unsigned = t->is_unsigned;
    r->case_sensitive = t->case_sensitive;
    r->searchable = t->searchable;
    r->fixed_prec_scale = t->fixed_prec_scale;
    r->literal_prefix = t->literal_prefix;
    r->literal_suffix = t->literal_suffix;
    r->static_type_name = t->type_name;
}

static bool fill_record(struct stmt *s, size_t number, const struct column *c, SQLSMALLINT nullable,
                        struct err *e)
{
    struct desc_rec *r = desc_record(&s->ird, number);
    struct type_desc t;

    typemap_describe(c->type_oid, c->type_modifier, &s->dbc->type_options, &t);
    fill_from_type(r, &t, env_is_odbc2(s->dbc->env));
    r->pg = *c;
    r->pg.name = NULL;
    r->name = mem_strndup(c->name, c->name_len);
    if (r->name == NULL)
        return err_oom(e);
    r->unnamed = c->name_len > 0 ? SQL_NAMED : SQL_UNNAMED;
    r->nullable = nullable;
    r->updatable = SQL_ATTR_READWRITE_UNKNOWN;
    r->auto_unique_value = SQL_FALSE;
    return true;
}

static bool size_ird(struct stmt *s, size_t n, struct err *e)
{
    desc_clear(&s->ird);
    bound_columns_forget(s);
    if (n > DECODER_MAX_COLUMNS || !desc_set_count(&s->ird, n))
        return err_oom(e);
    bookmark_describe(s);
    return true;
}

bool colmeta_fill(struct stmt *s, const struct column *cols, size_t n, struct err *e)
{
    if (!size_ird(s, n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!fill_record(s, i + 1, &cols[i], SQL_NULLABLE_UNKNOWN, e))
            return false;
    return true;
}

bool colmeta_fill_local(struct stmt *s, const struct local_result *l, struct err *e)
{
    if (!size_ird(s, l->n_columns, e))
        return false;
    for (size_t i = 0; i < l->n_columns; i++) {
        const struct local_column *lc = &l->columns[i];
        struct column c = {.name = (char *)(uintptr_t)lc->name,
                           .name_len = strlen(lc->name),
                           .type_oid = lc->type_oid,
                           .type_modifier = lc->type_modifier};
        if (!fill_record(s, i + 1, &c, lc->nullable, e))
            return false;
    }
    return true;
}

SQLRETURN colmeta_complete(struct stmt *s, struct handle *post_on, size_t column, SQLSMALLINT field)
{
    SQLRETURN rc = stmt_name_types(s, post_on, column, field);

    return rc == SQL_SUCCESS ? stmt_name_origins(s, post_on, column, field) : rc;
}

const struct desc_rec *colmeta_column(struct stmt *s, SQLUSMALLINT number)
{
    SQLSMALLINT count = 0;

    if (stmt_num_result_cols(s, &count) != SQL_SUCCESS)
        return NULL;
    if (count == 0) {
        diag_post(&s->handle, ST_07005, 0, "The statement has no result columns.");
        return NULL;
    }
    if (number > count || (number == 0 && s->attrs.use_bookmarks == SQL_UB_OFF)) {
        diag_post(&s->handle, ST_07009, 0, "Column %u does not exist: the result has %d columns.",
                  (unsigned)number, (int)count);
        return NULL;
    }
    return desc_record(&s->ird, number);
}
