/* Descriptors: the records behind SQLBindCol, SQLBindParameter and SQLDescribeCol. Their fields by
 * number are desc_field.c's. Converts no values and knows no result; stmt/ fills and reads the
 * records. Called by stmt/ and api/. */
#include "handle/desc.h"

#include <stddef.h>

#include "handle/dbc.h"

#define DESC_MAX_RECORDS 32767 /* SQL_DESC_COUNT is an SQLSMALLINT */

/* ---- records ---- */

bool desc_is_application(const struct desc *d)
{
    return d->role == DESC_ARD || d->role == DESC_APD || d->role == DESC_EXPLICIT;
}

/* The initial values of SQLSetDescField's table. */
static void rec_init(const struct desc *d, struct desc_rec *r)
{
    *r = (struct desc_rec){.nullable = SQL_NULLABLE_UNKNOWN, .unnamed = SQL_UNNAMED};
    if (desc_is_application(d)) {
        r->concise_type = r->type = SQL_C_DEFAULT;
    } else if (d->role == DESC_IPD) {
        r->parameter_type = SQL_PARAM_INPUT;
        r->nullable = SQL_NULLABLE;
    }
}

static void rec_release(struct desc_rec *r)
{
    mem_free(r->name);
    mem_free(r->base_column_name);
    mem_free(r->base_table_name);
    mem_free(r->schema_name);
    mem_free(r->catalog_name);
    mem_free(r->type_name);
    *r = (struct desc_rec){0};
}

static void release_from(struct desc *d, size_t first)
{
    if (d->records == NULL)
        return;
    for (size_t i = first; i <= (size_t)d->count; i++)
        rec_release(&d->records[i]);
}

/* Makes room for records 0..n without changing the count. */
static bool reserve(struct desc *d, size_t n)
{
    size_t cap = d->cap_records ? d->cap_records : 8;
    struct desc_rec *records;

    if (n > DESC_MAX_RECORDS)
        return false;
    if (n < d->cap_records)
        return true;
    while (cap <= n)
        cap *= 2;
    records = mem_realloc_array(d->records, cap, sizeof *records);
    if (records == NULL)
        return false;
    if (d->records == NULL)
        rec_init(d, &records[0]);
    d->records = records;
    d->cap_records = cap;
    return true;
}

struct desc_rec *desc_record(const struct desc *d, size_t n)
{
    if (d->records == NULL || n > (size_t)d->count)
        return NULL;
    return &d->records[n];
}

bool desc_set_count(struct desc *d, size_t n)
{
    if (!reserve(d, n))
        return false;
    if (n < (size_t)d->count)
        release_from(d, n + 1);
    for (size_t i = (size_t)d->count + 1; i <= n; i++)
        rec_init(d, &d->records[i]);
    d->count = (SQLSMALLINT)n;
    return true;
}

struct desc_rec *desc_ensure(struct desc *d, size_t n)
{
    if (n > (size_t)d->count || d->records == NULL)
        if (!desc_set_count(d, n > (size_t)d->count ? n : (size_t)d->count))
            return NULL;
    return &d->records[n];
}

void desc_shrink_to_bound(struct desc *d)
{
    while (d->count > 0 && !d->records[d->count].bound) {
        rec_release(&d->records[d->count]);
        d->count--;
    }
}

void desc_unbind(struct desc *d, size_t n)
{
    struct desc_rec *r = desc_record(d, n);

    if (r == NULL)
        return;
    rec_release(r);
    rec_init(d, r);
    desc_shrink_to_bound(d);
}

void desc_clear(struct desc *d)
{
    if (d->records == NULL)
        return;
    release_from(d, 0);
    rec_init(d, &d->records[0]);
    d->count = 0;
}

void desc_unbind_columns(struct desc *d)
{
    release_from(d, 1);
    d->count = 0;
}

/* ---- life ---- */

void desc_init(struct desc *d, struct dbc *dbc, struct stmt *stmt, enum desc_role role)
{
    *d = (struct desc){
        .dbc = dbc,
        .stmt = stmt,
        .role = role,
        .alloc_type = role == DESC_EXPLICIT ? SQL_DESC_ALLOC_USER : SQL_DESC_ALLOC_AUTO,
        .array_size = 1,
        .bind_type = SQL_BIND_BY_COLUMN,
    };
    handle_init(&d->handle, HANDLE_DESC, dbc ? &dbc->handle : NULL);
}

void desc_release(struct desc *d)
{
    desc_clear(d);
    mem_free(d->records);
    d->records = NULL;
    d->cap_records = 0;
    handle_release(&d->handle);
}

struct desc *desc_new_explicit(struct dbc *dbc)
{
    struct desc *d = mem_calloc(1, sizeof *d);

    if (d == NULL)
        return NULL;
    desc_init(d, dbc, NULL, DESC_EXPLICIT);
    d->next = dbc->descs;
    dbc->descs = d;
    return d;
}

void desc_free_explicit(struct desc *d)
{
    struct desc **at;

    if (d == NULL)
        return;
    at = &d->dbc->descs;
    while (*at != NULL && *at != d)
        at = &(*at)->next;
    if (*at == d)
        *at = d->next;
    desc_release(d);
    mem_free(d);
}

/* ---- types ---- */

void desc_rec_set_type(struct desc_rec *r, SQLSMALLINT concise)
{
    SQLSMALLINT c = typemap_odbc3_type(concise);

    r->concise_type = r->type = c;
    r->datetime_interval_code = 0;
    if (c >= SQL_TYPE_DATE && c <= SQL_TYPE_TIMESTAMP) {
        r->type = SQL_DATETIME;
        r->datetime_interval_code = (SQLSMALLINT)(c - SQL_TYPE_DATE + SQL_CODE_DATE);
    } else if (c >= SQL_INTERVAL_YEAR && c <= SQL_INTERVAL_MINUTE_TO_SECOND) {
        r->type = SQL_INTERVAL;
        r->datetime_interval_code = (SQLSMALLINT)(c - SQL_INTERVAL_YEAR + SQL_CODE_YEAR);
    }
}

static bool interval_has_seconds(SQLSMALLINT code)
{
    return code == SQL_CODE_SECOND || code == SQL_CODE_DAY_TO_SECOND ||
           code == SQL_CODE_HOUR_TO_SECOND || code == SQL_CODE_MINUTE_TO_SECOND;
}

/* What setting the type does to the other fields (SQLSetDescField, SQL_DESC_TYPE). */
void desc_rec_default_sizes(struct desc_rec *r)
{
    switch (r->type) {
    case SQL_CHAR:
    case SQL_VARCHAR:
        r->length = 1;
        r->precision = 0;
        break;
    case SQL_DECIMAL:
    case SQL_NUMERIC:
        r->precision = 38; /* what SQL_NUMERIC_STRUCT holds */
        r->scale = 0;
        break;
    case SQL_FLOAT:
        r->precision = 15;
        break;
    case SQL_DATETIME:
        r->precision = r->datetime_interval_code == SQL_CODE_TIMESTAMP ? 6 : 0;
        break;
    case SQL_INTERVAL:
        r->datetime_interval_precision = 2;
        r->precision = interval_has_seconds(r->datetime_interval_code) ? 6 : 0;
        break;
    default:
        break;
    }
}

static bool is_numeric(SQLSMALLINT type)
{
    return type == SQL_NUMERIC || type == SQL_DECIMAL;
}

const char *desc_rec_inconsistency(const struct desc *d, const struct desc_rec *r)
{
    SQLSMALLINT max_precision = desc_is_application(d) ? 38 : 1000;

    if (desc_is_application(d) ? !typemap_is_c_type(r->concise_type)
                               : !typemap_is_sql_type(r->concise_type))
        return desc_is_application(d) ? "its type is no C data type"
                                      : "its type is no SQL data type";
    if (r->type == SQL_DATETIME && (r->datetime_interval_code < SQL_CODE_DATE ||
                                    r->datetime_interval_code > SQL_CODE_TIMESTAMP))
        return "SQL_DESC_TYPE is SQL_DATETIME, and SQL_DESC_DATETIME_INTERVAL_CODE is no date or "
               "time code";
    if (r->type == SQL_INTERVAL && (r->datetime_interval_code < SQL_CODE_YEAR ||
                                    r->datetime_interval_code > SQL_CODE_MINUTE_TO_SECOND))
        return "SQL_DESC_TYPE is SQL_INTERVAL, and SQL_DESC_DATETIME_INTERVAL_CODE is no interval "
               "code";
    if (r->type == SQL_INTERVAL &&
        (r->datetime_interval_precision < 1 || r->datetime_interval_precision > 9))
        return "SQL_DESC_DATETIME_INTERVAL_PRECISION is not between 1 and 9";
    if ((r->type == SQL_DATETIME || r->type == SQL_INTERVAL) &&
        (r->precision < 0 || r->precision > 9))
        return "SQL_DESC_PRECISION, the digits of the seconds' fraction, is not between 0 and 9";
    if (is_numeric(r->type) && (r->precision < 1 || r->precision > max_precision))
        return max_precision == 38 ? "SQL_DESC_PRECISION is not between 1 and 38"
                                   : "SQL_DESC_PRECISION is not between 1 and 1000";
    if (is_numeric(r->type) && (r->scale < -1000 || r->scale > 1000 ||
                                (desc_is_application(d) && (r->scale < -128 || r->scale > 127))))
        return "SQL_DESC_SCALE is out of range";
    return NULL;
}

/* ---- copying ---- */

static bool copy_text(char **to, const char *from)
{
    *to = NULL;
    if (from == NULL)
        return true;
    *to = mem_strdup(from);
    return *to != NULL;
}

/* On false *to holds what was copied and may be released. */
static bool rec_copy(struct desc_rec *to, const struct desc_rec *from)
{
    *to = *from;
    to->name = to->base_column_name = to->base_table_name = to->schema_name = to->catalog_name =
        to->type_name = NULL;
    return copy_text(&to->name, from->name) &&
           copy_text(&to->base_column_name, from->base_column_name) &&
           copy_text(&to->base_table_name, from->base_table_name) &&
           copy_text(&to->schema_name, from->schema_name) &&
           copy_text(&to->catalog_name, from->catalog_name) &&
           copy_text(&to->type_name, from->type_name);
}

bool desc_copy(struct desc *to, const struct desc *from)
{
    struct desc fresh;
    bool ok = true;

    if (to == from)
        return true;
    desc_init(&fresh, to->dbc, to->stmt, to->role);
    ok = desc_set_count(&fresh, (size_t)from->count);
    for (size_t i = 0; ok && from->records != NULL && i <= (size_t)from->count; i++)
        ok = rec_copy(&fresh.records[i], &from->records[i]);
    /* Only an IPD's records say which way a parameter goes. */
    for (size_t i = 1;
         ok && to->role == DESC_IPD && from->role != DESC_IPD && i <= (size_t)fresh.count; i++)
        fresh.records[i].parameter_type = SQL_PARAM_INPUT;
    if (ok) {
        desc_clear(to);
        mem_free(to->records);
        to->records = fresh.records;
        to->cap_records = fresh.cap_records;
        to->count = fresh.count;
        to->array_size = from->array_size;
        to->app_array_status_ptr = from->app_array_status_ptr;
        to->app_bind_offset_ptr = from->app_bind_offset_ptr;
        to->app_rows_processed_ptr = from->app_rows_processed_ptr;
        to->bind_type = from->bind_type;
        fresh.records = NULL;
    }
    if (!ok)
        desc_release(&fresh);
    else
        handle_release(&fresh.handle);
    return ok;
}
