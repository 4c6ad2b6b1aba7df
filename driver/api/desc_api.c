/* Descriptors: SQLGet/SetDescField, SQLGet/SetDescRec, SQLCopyDesc. The table is
 * handle/desc_field.def. */
#include "api/api_async.h"
#include "api/api_enter.h"
#include "api/text_arg.h"

static SQLRETURN put_value(struct desc *d, const struct desc_value *v, SQLPOINTER app,
                           const struct text_out *text)
{
    SQLSMALLINT small = (SQLSMALLINT)v->number;
    SQLINTEGER integer = (SQLINTEGER)v->number;

    if (v->kind == DESC_V_TEXT)
        return text_out_put(&d->handle, text, sv(v->text ? v->text : ""));
    if (app == NULL)
        return SQL_SUCCESS;
    if (v->kind == DESC_V_SMALLINT)
        memcpy(app, &small, sizeof small);
    else if (v->kind == DESC_V_INTEGER)
        memcpy(app, &integer, sizeof integer);
    else if (v->kind == DESC_V_POINTER)
        memcpy(app, &v->pointer, sizeof v->pointer);
    else
        memcpy(app, &v->number, sizeof v->number);
    return SQL_SUCCESS;
}

/* Record 0 is the bookmark column of a row descriptor whose statement uses bookmarks; of an
 * explicit one that no statement uses it may be set beforehand (SQLSetDescField's reference,
 * 07009). */
static bool has_bookmark(const struct desc *d)
{
    if (d->stmt != NULL)
        return (d->role == DESC_ARD || d->role == DESC_IRD) &&
               d->stmt->attrs.use_bookmarks != SQL_UB_OFF;
    for (const struct stmt *s = d->dbc->stmts; s != NULL; s = s->next)
        if (s->ard == d && s->attrs.use_bookmarks == SQL_UB_OFF)
            return false;
    return true;
}

static struct desc *enter(SQLHDESC h, const char *function, SQLRETURN *rc)
{
    struct desc *d = api_enter_desc(h, function, ENTER_PLAIN, rc);

    if (d != NULL)
        d->has_bookmark = has_bookmark(d);
    return d;
}

/* The fields of a descriptor that say something before there is a result. */
static bool needs_no_result(SQLSMALLINT field)
{
    return field == SQL_DESC_ALLOC_TYPE || field == SQL_DESC_ARRAY_STATUS_PTR ||
           field == SQL_DESC_ROWS_PROCESSED_PTR;
}

/* An IRD has no meaning before there is a result (HY007, SQLGetDescField's reference), and a count
 * of 0 must not be told of a prepared SELECT whose columns are not known yet. */
static SQLRETURN check_ird(struct desc *d, struct handle *post_on)
{
    SQLSMALLINT count;

    if (d->role != DESC_IRD || d->stmt == NULL)
        return SQL_SUCCESS;
    async_free_session(d->dbc, NULL);
    if (d->stmt->executed)
        return SQL_SUCCESS;
    if (!d->stmt->prepared)
        return diag_post(post_on, ST_HY007, 0,
                         "The statement of this descriptor is neither prepared nor executed.");
    return stmt_count_columns(d->stmt, post_on, &count);
}

static SQLRETURN get_desc_field(SQLHDESC h, SQLSMALLINT rec, SQLSMALLINT field, SQLPOINTER value,
                                const struct text_out *text)
{
    SQLRETURN rc;
    struct desc_value v = {0};
    struct desc *d = enter(h, "SQLGetDescField", &rc);

    if (d == NULL)
        return rc;
    rc = needs_no_result(field) ? SQL_SUCCESS : check_ird(d, &d->handle);
    if (rc == SQL_SUCCESS && d->role == DESC_IRD && d->stmt != NULL && rec > 0)
        rc = colmeta_complete(d->stmt, &d->handle, (size_t)rec, field);
    if (rc == SQL_SUCCESS)
        rc = desc_get_field(d, rec, field, &v);
    if (rc == SQL_SUCCESS)
        rc = put_value(d, &v, value, text);
    return api_leave_desc(d, rc);
}

NEON_EXPORT SQLRETURN SQL_API SQLGetDescField(SQLHDESC h, SQLSMALLINT rec, SQLSMALLINT field,
                                              SQLPOINTER value, SQLINTEGER cap, SQLINTEGER *len)
{
    return get_desc_field(h, rec, field, value, &OUT_INT(value, cap, len, UNIT_A));
}

NEON_EXPORT SQLRETURN SQL_API SQLGetDescFieldW(SQLHDESC h, SQLSMALLINT rec, SQLSMALLINT field,
                                               SQLPOINTER value, SQLINTEGER cap, SQLINTEGER *len)
{
    return get_desc_field(h, rec, field, value, &OUT_INT(value, cap, len, UNIT_W_BYTES));
}

static SQLRETURN set_desc_field(SQLHDESC h, SQLSMALLINT rec, SQLSMALLINT field, SQLPOINTER value,
                                SQLINTEGER len, struct text_in in)
{
    SQLRETURN rc;
    struct text t = TEXT_INIT;
    struct desc *d = enter(h, "SQLSetDescField", &rc);

    if (d == NULL)
        return rc;
    if (field == SQL_DESC_NAME) { /* the one text field that may be set (IPD) */
        rc = text_in_read(&d->handle, in, &t);
        value = t.is_null ? NULL : (SQLPOINTER)(uintptr_t)buf_str(&t.utf8);
        len = SQL_NTS;
    } else {
        rc = SQL_SUCCESS;
    }
    if (rc == SQL_SUCCESS)
        rc = desc_set_field(d, rec, field, value, len);
    text_release(&t);
    return api_leave_desc(d, rc);
}

NEON_EXPORT SQLRETURN SQL_API SQLSetDescField(SQLHDESC h, SQLSMALLINT rec, SQLSMALLINT field,
                                              SQLPOINTER value, SQLINTEGER len)
{
    return set_desc_field(h, rec, field, value, len, IN_A(value, len));
}

NEON_EXPORT SQLRETURN SQL_API SQLSetDescFieldW(SQLHDESC h, SQLSMALLINT rec, SQLSMALLINT field,
                                               SQLPOINTER value, SQLINTEGER len)
{
    return set_desc_field(h, rec, field, value, len, IN_W_BYTES(value, len));
}

struct rec_out {
    SQLSMALLINT *type, *subtype;
    SQLLEN *length;
    SQLSMALLINT *precision, *scale, *nullable;
};

static void put_rec(const struct desc_rec_values *v, const struct rec_out *out)
{
    if (out->type != NULL)
        *out->type = v->type;
    if (out->subtype != NULL)
        *out->subtype = v->subtype;
    if (out->length != NULL)
        *out->length = v->octet_length;
    if (out->precision != NULL)
        *out->precision = v->precision;
    if (out->scale != NULL)
        *out->scale = v->scale;
    if (out->nullable != NULL)
        *out->nullable = v->nullable;
}

static SQLRETURN get_desc_rec(SQLHDESC h, SQLSMALLINT number, const struct text_out *name,
                              const struct rec_out *out)
{
    SQLRETURN rc;
    struct desc_rec_values v;
    struct desc *d = enter(h, "SQLGetDescRec", &rc);

    if (d == NULL)
        return rc;
    rc = check_ird(d, &d->handle);
    if (rc == SQL_SUCCESS)
        rc = desc_get_rec(d, number, &v);
    if (rc == SQL_SUCCESS) {
        put_rec(&v, out);
        rc = text_out_put(&d->handle, name, sv(v.name));
    }
    return api_leave_desc(d, rc);
}

NEON_EXPORT SQLRETURN SQL_API SQLGetDescRec(SQLHDESC h, SQLSMALLINT number, SQLCHAR *name,
                                            SQLSMALLINT cap, SQLSMALLINT *len, SQLSMALLINT *type,
                                            SQLSMALLINT *subtype, SQLLEN *length,
                                            SQLSMALLINT *precision, SQLSMALLINT *scale,
                                            SQLSMALLINT *nullable)
{
    return get_desc_rec(h, number, &OUT_SMALL(name, cap, len, UNIT_A),
                        &(struct rec_out){type, subtype, length, precision, scale, nullable});
}

NEON_EXPORT SQLRETURN SQL_API SQLGetDescRecW(SQLHDESC h, SQLSMALLINT number, SQLWCHAR *name,
                                             SQLSMALLINT cap, SQLSMALLINT *len, SQLSMALLINT *type,
                                             SQLSMALLINT *subtype, SQLLEN *length,
                                             SQLSMALLINT *precision, SQLSMALLINT *scale,
                                             SQLSMALLINT *nullable)
{
    return get_desc_rec(h, number, &OUT_SMALL(name, cap, len, UNIT_W_CHARS),
                        &(struct rec_out){type, subtype, length, precision, scale, nullable});
}

NEON_EXPORT SQLRETURN SQL_API SQLSetDescRec(SQLHDESC h, SQLSMALLINT number, SQLSMALLINT type,
                                            SQLSMALLINT subtype, SQLLEN length,
                                            SQLSMALLINT precision, SQLSMALLINT scale,
                                            SQLPOINTER data, SQLLEN *octet_length,
                                            SQLLEN *indicator)
{
    SQLRETURN rc;
    struct desc *d = enter(h, "SQLSetDescRec", &rc);
    const struct desc_rec_values v = {
        .type = type,
        .subtype = subtype,
        .octet_length = length,
        .precision = precision,
        .scale = scale,
        .app_data_ptr = data,
        .app_octet_length_ptr = octet_length,
        .app_indicator_ptr = indicator,
    };

    return d ? api_leave_desc(d, desc_set_rec(d, number, &v)) : rc;
}

/* Copies the fields out under the lock of the source's connection. False: SQLCopyDesc fails, with
 * the records of copy's handle. */
static bool take_copy(struct desc *source, struct desc *copy)
{
    if (check_ird(source, &copy->handle) != SQL_SUCCESS)
        return false;
    if (desc_copy(copy, source))
        return true;
    diag_post(&copy->handle, ST_HY001, 0, "Out of memory.");
    return false;
}

/* ... and in under the lock of the target's. */
static SQLRETURN put_copy(SQLHDESC to, struct desc *copy, bool taken)
{
    SQLRETURN rc;
    struct desc *d = api_enter_desc(to, "SQLCopyDesc", ENTER_PLAIN, &rc);

    if (d == NULL)
        return rc;
    rc = SQL_SUCCESS;
    if (d->role == DESC_IRD) {
        rc = diag_post(&d->handle, ST_HY016, 0,
                       "An implementation row descriptor cannot be changed.");
    } else if (!taken) {
        diag_release(&d->handle.diag);
        d->handle.diag = copy->handle.diag;
        diag_init(&copy->handle.diag);
        rc = SQL_ERROR;
    } else if (!desc_copy(d, copy)) {
        rc = diag_post(&d->handle, ST_HY001, 0, "Out of memory.");
    }
    return api_leave_desc(d, rc);
}

/* Source and target may be of two connections, each with its lock; no call holds both. Errors are
 * the target's (SQLCopyDesc's reference), also what the source's description is missing. */
NEON_EXPORT SQLRETURN SQL_API SQLCopyDesc(SQLHDESC from, SQLHDESC to)
{
    SQLRETURN rc;
    struct desc copy;
    struct desc *source;
    bool taken;

    if (handle_check(to, HANDLE_DESC) == NULL)
        return SQL_INVALID_HANDLE;
    source = api_enter_desc(from, "SQLCopyDesc", ENTER_KEEP_DIAG | ENTER_NEED_DATA_OK, &rc);
    if (source == NULL)
        return rc;
    desc_init(&copy, source->dbc, NULL, source->role);
    taken = take_copy(source, &copy);
    api_leave_keep(&source->handle);
    rc = put_copy(to, &copy, taken);
    desc_release(&copy);
    return rc;
}
