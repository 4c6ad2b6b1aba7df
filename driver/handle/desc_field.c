/* The fields of descriptors by number: SQLGetDescField, SQLSetDescField, the Rec functions and
 * SQLColAttribute, over desc_field.def. The records are desc.c's. Called by api/. */
#include "handle/desc.h"

#include <stddef.h>

/* ---- the table ---- */

enum right { NO, RO, RW };
enum field_place { HEADER, RECORD };

/* The new value of a field as SQLSetDescField passes it. */
struct new_value {
    SQLPOINTER pointer;
    SQLINTEGER len_bytes; /* of text; or SQL_NTS */
};

struct field_row;
typedef SQLRETURN field_setter(struct desc *d, struct desc_rec *r, const struct field_row *f,
                               const struct new_value *v);

struct field_row {
    SQLSMALLINT id;
    enum field_place place;
    enum desc_value_kind kind;
    size_t offset;
    enum right rights[4]; /* by role: DESC_ARD, DESC_APD, DESC_IRD, DESC_IPD */
    field_setter *set;
    const char *name;
};

static field_setter plain, set_array_size, set_bind_type, set_count, set_concise_type, set_data_ptr,
    set_interval_code, set_deferred, set_name, set_parameter_type, set_verbose_type, set_unnamed;

#define MEMBER_HEADER(m) offsetof(struct desc, m)
#define MEMBER_RECORD(m) offsetof(struct desc_rec, m)
static const struct field_row field_rows[] = {
#define X(field, place, kind, member, app, ird, ipd, set)                                          \
    {field, place, DESC_V_##kind, MEMBER_##place(member), {app, app, ird, ipd}, set, #field},
#include "handle/desc_field.def"
#undef X
};

static const struct field_row *find_field(SQLSMALLINT id)
{
    for (size_t i = 0; i < ARRAY_LEN(field_rows); i++)
        if (field_rows[i].id == id)
            return &field_rows[i];
    return NULL;
}

static enum right right_of(const struct desc *d, const struct field_row *f)
{
    return f->rights[d->role == DESC_EXPLICIT ? DESC_ARD : d->role];
}

static SQLRETURN no_memory(struct desc *d)
{
    return diag_post(&d->handle, ST_HY001, 0, "Out of memory.");
}

static SQLRETURN bad_value(struct desc *d, const struct field_row *f, const char *why)
{
    return diag_post(&d->handle, ST_HY024, 0, "%s: %s.", f->name, why);
}

/* ---- reading ---- */

static const char *text_of(const struct desc_rec *r, const struct field_row *f)
{
    const char *text;

    memcpy(&text, (const char *)r + f->offset, sizeof text);
    if (text == NULL && f->offset == offsetof(struct desc_rec, type_name))
        text = r->static_type_name;
    return text != NULL ? text : "";
}

static SQLLEN number_at(const char *place, enum desc_value_kind kind)
{
    SQLSMALLINT small;
    SQLINTEGER integer;
    SQLLEN len;

    switch (kind) {
    case DESC_V_SMALLINT:
        memcpy(&small, place, sizeof small);
        return small;
    case DESC_V_INTEGER:
        memcpy(&integer, place, sizeof integer);
        return integer;
    default:
        memcpy(&len, place, sizeof len); /* SQLULEN has the same width */
        return len;
    }
}

static void read_field(const struct desc *d, const struct desc_rec *r, const struct field_row *f,
                       struct desc_value *out)
{
    const char *base = f->place == HEADER ? (const char *)d : (const char *)r;

    *out = (struct desc_value){.kind = f->kind};
    if (f->kind == DESC_V_TEXT)
        out->text = text_of(r, f);
    else if (f->kind == DESC_V_POINTER)
        memcpy(&out->pointer, base + f->offset, sizeof out->pointer);
    else
        out->number = number_at(base + f->offset, f->kind);
}

static SQLRETURN unknown_field(struct desc *d, SQLSMALLINT field)
{
    return diag_post(&d->handle, ST_HY091, 0, "%d is no descriptor field.", (int)field);
}

/* 07009 for record numbers that no descriptor of that kind has. */
static SQLRETURN check_record_number(struct desc *d, SQLSMALLINT n)
{
    if (n < 0)
        return diag_post(&d->handle, ST_07009, 0, "Record %d does not exist: records begin at 1.",
                         (int)n);
    if (n == 0 && !d->has_bookmark)
        return diag_post(&d->handle, ST_07009, 0,
                         "Record 0 is the bookmark column, and bookmarks are not in use.");
    return SQL_SUCCESS;
}

/* The bookmark's record is there as soon as bookmarks are. */
static SQLRETURN find_record(struct desc *d, SQLSMALLINT n, const struct desc_rec **out)
{
    if (check_record_number(d, n) != SQL_SUCCESS)
        return SQL_ERROR;
    *out = n == 0 ? desc_ensure(d, 0) : desc_record(d, (size_t)n);
    if (*out != NULL)
        return SQL_SUCCESS;
    return n == 0 ? no_memory(d) : SQL_NO_DATA;
}

SQLRETURN desc_get_field(struct desc *d, SQLSMALLINT rec_number, SQLSMALLINT field,
                         struct desc_value *out)
{
    const struct field_row *f = find_field(field);
    const struct desc_rec *r = NULL;
    SQLRETURN rc;

    if (f == NULL)
        return unknown_field(d, field);
    if (f->place == RECORD) {
        rc = find_record(d, rec_number, &r);
        if (rc != SQL_SUCCESS)
            return rc;
    }
    if (right_of(d, f) == NO) {
        *out = (struct desc_value){.kind = f->kind, .text = ""};
        return SQL_SUCCESS;
    }
    read_field(d, r, f, out);
    return SQL_SUCCESS;
}

SQLRETURN desc_get_rec(struct desc *d, SQLSMALLINT rec_number, struct desc_rec_values *out)
{
    const struct desc_rec *r;
    SQLRETURN rc = find_record(d, rec_number, &r);

    if (rc != SQL_SUCCESS)
        return rc;
    *out = (struct desc_rec_values){
        .name = r->name != NULL ? r->name : "",
        .type = r->type,
        .subtype = r->datetime_interval_code,
        .octet_length = r->octet_length,
        .precision = r->precision,
        .scale = r->scale,
        .nullable = r->nullable,
    };
    return SQL_SUCCESS;
}

/* ---- setting ---- */

static SQLSMALLINT small_value(const struct new_value *v)
{
    return (SQLSMALLINT)(intptr_t)v->pointer;
}

/* After a change of anything but the deferred pointers the record is unbound until
 * SQL_DESC_DATA_PTR is set again. */
static void forget_binding(const struct desc *d, struct desc_rec *r)
{
    if (r == NULL || !desc_is_application(d))
        return;
    r->app_data_ptr = NULL;
    r->bound = r->app_indicator_ptr != NULL || r->app_octet_length_ptr != NULL;
}

static SQLRETURN plain(struct desc *d, struct desc_rec *r, const struct field_row *f,
                       const struct new_value *v)
{
    char *place = (f->place == HEADER ? (char *)d : (char *)r) + f->offset;
    SQLSMALLINT small = small_value(v);
    SQLINTEGER integer = (SQLINTEGER)(intptr_t)v->pointer;
    SQLLEN len = (SQLLEN)(intptr_t)v->pointer;

    switch (f->kind) {
    case DESC_V_SMALLINT:
        memcpy(place, &small, sizeof small);
        break;
    case DESC_V_INTEGER:
        memcpy(place, &integer, sizeof integer);
        break;
    case DESC_V_POINTER:
        memcpy(place, &v->pointer, sizeof v->pointer);
        return SQL_SUCCESS;
    case DESC_V_LEN:
    case DESC_V_ULEN:
    default:
        memcpy(place, &len, sizeof len);
        break;
    }
    forget_binding(d, r);
    return SQL_SUCCESS;
}

static SQLRETURN set_array_size(struct desc *d, struct desc_rec *r, const struct field_row *f,
                                const struct new_value *v)
{
    SQLULEN n = (SQLULEN)(uintptr_t)v->pointer;

    if (n == 0)
        return bad_value(d, f, "an array has at least 1 element");
    return plain(d, r, f, v);
}

static SQLRETURN set_bind_type(struct desc *d, struct desc_rec *r, const struct field_row *f,
                               const struct new_value *v)
{
    if ((SQLINTEGER)(intptr_t)v->pointer < 0)
        return bad_value(d, f, "it is 0 (by column) or the length of a row structure in bytes");
    return plain(d, r, f, v);
}

static SQLRETURN set_count(struct desc *d, struct desc_rec *r, const struct field_row *f,
                           const struct new_value *v)
{
    SQLSMALLINT n = small_value(v);

    (void)r;
    (void)f;
    if (n < 0)
        return diag_post(&d->handle, ST_07009, 0, "SQL_DESC_COUNT cannot be negative.");
    return desc_set_count(d, (size_t)n) ? SQL_SUCCESS : no_memory(d);
}

static SQLRETURN set_concise_type(struct desc *d, struct desc_rec *r, const struct field_row *f,
                                  const struct new_value *v)
{
    SQLSMALLINT type = small_value(v);

    (void)f;
    if (desc_is_application(d) ? !typemap_is_c_type(type) : !typemap_is_sql_type(type))
        return diag_post(&d->handle, ST_HY021, 0, "SQL_DESC_CONCISE_TYPE: %d is no %s data type.",
                         (int)type, desc_is_application(d) ? "C" : "SQL");
    desc_rec_set_type(r, type);
    desc_rec_default_sizes(r);
    forget_binding(d, r);
    return SQL_SUCCESS;
}

static SQLRETURN set_verbose_type(struct desc *d, struct desc_rec *r, const struct field_row *f,
                                  const struct new_value *v)
{
    SQLSMALLINT type = small_value(v);

    if (type != SQL_DATETIME && type != SQL_INTERVAL) {
        /* 91..93 and 101..113 are concise codes; here the reference wants the verbose one and the
         * interval code. */
        if ((type >= SQL_TYPE_DATE && type <= SQL_TYPE_TIMESTAMP) ||
            (type >= SQL_INTERVAL_YEAR && type <= SQL_INTERVAL_MINUTE_TO_SECOND))
            return diag_post(
                &d->handle, ST_HY021, 0,
                "SQL_DESC_TYPE takes SQL_DATETIME or SQL_INTERVAL for dates, times and "
                "intervals: set SQL_DESC_CONCISE_TYPE to %d instead.",
                (int)type);
        return set_concise_type(d, r, f, v);
    }
    r->type = type;
    r->concise_type = type; /* complete once SQL_DESC_DATETIME_INTERVAL_CODE is set */
    r->datetime_interval_code = 0;
    desc_rec_default_sizes(r);
    forget_binding(d, r);
    return SQL_SUCCESS;
}

static SQLRETURN set_interval_code(struct desc *d, struct desc_rec *r, const struct field_row *f,
                                   const struct new_value *v)
{
    SQLSMALLINT code = small_value(v);
    bool fits =
        code == 0 ||
        (r->type == SQL_DATETIME && code >= SQL_CODE_DATE && code <= SQL_CODE_TIMESTAMP) ||
        (r->type == SQL_INTERVAL && code >= SQL_CODE_YEAR && code <= SQL_CODE_MINUTE_TO_SECOND);

    if (!fits)
        return diag_post(&d->handle, ST_HY021, 0,
                         "%s: %d does not go with SQL_DESC_TYPE %d: set SQL_DESC_TYPE to "
                         "SQL_DATETIME or SQL_INTERVAL first.",
                         f->name, (int)code, (int)r->type);
    r->datetime_interval_code = code;
    if (code != 0) {
        r->concise_type =
            (SQLSMALLINT)(r->type == SQL_DATETIME ? SQL_TYPE_DATE + code - SQL_CODE_DATE
                                                  : SQL_INTERVAL_YEAR + code - SQL_CODE_YEAR);
        desc_rec_default_sizes(r);
    }
    forget_binding(d, r);
    return SQL_SUCCESS;
}

static SQLRETURN set_data_ptr(struct desc *d, struct desc_rec *r, const struct field_row *f,
                              const struct new_value *v)
{
    const char *why =
        v->pointer != NULL || d->role == DESC_IPD ? desc_rec_inconsistency(d, r) : NULL;

    (void)f;
    if (why != NULL)
        return diag_post(&d->handle, ST_HY021, 0, "The record cannot be bound: %s.", why);
    if (d->role == DESC_IPD)
        return SQL_SUCCESS; /* asks for the check only; an IPD has no data */
    r->app_data_ptr = v->pointer;
    r->bound =
        r->app_data_ptr != NULL || r->app_indicator_ptr != NULL || r->app_octet_length_ptr != NULL;
    if (!r->bound)
        desc_shrink_to_bound(d);
    return SQL_SUCCESS;
}

static SQLRETURN set_deferred(struct desc *d, struct desc_rec *r, const struct field_row *f,
                              const struct new_value *v)
{
    (void)d;
    memcpy((char *)r + f->offset, &v->pointer, sizeof v->pointer);
    r->bound =
        r->app_data_ptr != NULL || r->app_indicator_ptr != NULL || r->app_octet_length_ptr != NULL;
    return SQL_SUCCESS;
}

static SQLRETURN set_name(struct desc *d, struct desc_rec *r, const struct field_row *f,
                          const struct new_value *v)
{
    const char *text = v->pointer != NULL ? v->pointer : "";
    char *copy;

    if (v->pointer != NULL && v->len_bytes < 0 && v->len_bytes != SQL_NTS)
        return diag_post(&d->handle, ST_HY090, 0, "%s: the length %d is negative.", f->name,
                         (int)v->len_bytes);
    copy = mem_strndup(text, v->pointer == NULL || v->len_bytes == SQL_NTS ? strlen(text)
                                                                           : (size_t)v->len_bytes);
    if (copy == NULL)
        return no_memory(d);
    mem_free(r->name);
    r->name = copy;
    r->unnamed = copy[0] != '\0' ? SQL_NAMED : SQL_UNNAMED;
    return SQL_SUCCESS;
}

static SQLRETURN set_unnamed(struct desc *d, struct desc_rec *r, const struct field_row *f,
                             const struct new_value *v)
{
    if (small_value(v) != SQL_UNNAMED)
        return diag_post(&d->handle, ST_HY091, 0,
                         "%s can only be set to SQL_UNNAMED: a name is given with SQL_DESC_NAME.",
                         f->name);
    mem_free(r->name);
    r->name = NULL;
    r->unnamed = SQL_UNNAMED;
    return SQL_SUCCESS;
}

static SQLRETURN set_parameter_type(struct desc *d, struct desc_rec *r, const struct field_row *f,
                                    const struct new_value *v)
{
    SQLSMALLINT t = small_value(v);

    if (t != SQL_PARAM_INPUT && t != SQL_PARAM_OUTPUT && t != SQL_PARAM_INPUT_OUTPUT &&
        t != SQL_PARAM_INPUT_OUTPUT_STREAM && t != SQL_PARAM_OUTPUT_STREAM)
        return diag_post(&d->handle, ST_HY105, 0, "%s: %d is no parameter type.", f->name, (int)t);
    r->parameter_type = t;
    return SQL_SUCCESS;
}

static SQLRETURN check_may_set(struct desc *d, const struct field_row *f)
{
    enum right right = right_of(d, f);

    if (right == RW)
        return SQL_SUCCESS;
    if (d->role == DESC_IRD)
        return diag_post(
            &d->handle, ST_HY016, 0,
            "The implementation row descriptor describes the server's result: of its "
            "fields only SQL_DESC_ARRAY_STATUS_PTR and SQL_DESC_ROWS_PROCESSED_PTR can be set.");
    return diag_post(&d->handle, ST_HY091, 0, "%s cannot be set on this kind of descriptor.",
                     f->name);
}

SQLRETURN desc_set_field(struct desc *d, SQLSMALLINT rec_number, SQLSMALLINT field,
                         SQLPOINTER value, SQLINTEGER value_bytes)
{
    const struct field_row *f = find_field(field);
    const struct new_value v = {value, value_bytes};
    size_t count_before = (size_t)d->count;
    struct desc_rec *r = NULL;
    SQLRETURN rc;

    if (f == NULL)
        return unknown_field(d, field);
    if (check_may_set(d, f) != SQL_SUCCESS)
        return SQL_ERROR;
    if (f->place == RECORD) {
        if (check_record_number(d, rec_number) != SQL_SUCCESS)
            return SQL_ERROR;
        r = desc_ensure(d, (size_t)rec_number);
        if (r == NULL)
            return no_memory(d);
    }
    rc = f->set(d, r, f, &v);
    if (rc == SQL_ERROR && (size_t)d->count > count_before && !desc_set_count(d, count_before))
        return SQL_ERROR; /* cutting needs no memory: cannot happen */
    return rc;
}

/* A trial of the new values, so that an error changes nothing. */
SQLRETURN desc_set_rec(struct desc *d, SQLSMALLINT rec_number, const struct desc_rec_values *v)
{
    struct desc_rec trial, *r;
    const char *why;

    if (d->role == DESC_IRD)
        return diag_post(
            &d->handle, ST_HY016, 0,
            "The implementation row descriptor describes the server's result and cannot "
            "be set.");
    if (check_record_number(d, rec_number) != SQL_SUCCESS)
        return SQL_ERROR;
    trial = (struct desc_rec){.type = v->type,
                              .concise_type = v->type,
                              .precision = v->precision,
                              .scale = v->scale,
                              .octet_length = v->octet_length,
                              .datetime_interval_precision = 2};
    if (v->type == SQL_DATETIME)
        desc_rec_set_type(&trial, (SQLSMALLINT)(SQL_TYPE_DATE + v->subtype - SQL_CODE_DATE));
    else if (v->type == SQL_INTERVAL)
        desc_rec_set_type(&trial, (SQLSMALLINT)(SQL_INTERVAL_YEAR + v->subtype - SQL_CODE_YEAR));
    why = trial.type == v->type ? desc_rec_inconsistency(d, &trial)
                                : "the subtype is no date, time or interval code";
    if (why != NULL)
        return diag_post(&d->handle, ST_HY021, 0, "The record cannot be set: %s.", why);
    r = desc_ensure(d, (size_t)rec_number);
    if (r == NULL)
        return no_memory(d);
    r->type = trial.type;
    r->concise_type = trial.concise_type;
    r->datetime_interval_code = trial.datetime_interval_code;
    r->datetime_interval_precision = trial.datetime_interval_precision;
    r->precision = v->precision;
    r->scale = v->scale;
    r->octet_length = v->octet_length;
    if (!desc_is_application(d))
        return SQL_SUCCESS;
    r->app_data_ptr = v->app_data_ptr;
    r->app_octet_length_ptr = v->app_octet_length_ptr;
    r->app_indicator_ptr = v->app_indicator_ptr;
    r->bound =
        r->app_data_ptr != NULL || r->app_indicator_ptr != NULL || r->app_octet_length_ptr != NULL;
    if (!r->bound)
        desc_shrink_to_bound(d);
    return SQL_SUCCESS;
}

/* ---- SQLColAttribute ---- */

/* ODBC 2's ids that are not a field of ODBC 3 with the same number. */
static const struct odbc2_field {
    SQLUSMALLINT id;
    enum desc_value_kind kind;
    size_t offset;
} odbc2_fields[] = {
    {SQL_COLUMN_NAME, DESC_V_TEXT, offsetof(struct desc_rec, name)},
    {SQL_COLUMN_LENGTH, DESC_V_LEN, offsetof(struct desc_rec, octet_length)},
    {SQL_COLUMN_PRECISION, DESC_V_ULEN, offsetof(struct desc_rec, column_size)},
    {SQL_COLUMN_SCALE, DESC_V_SMALLINT, offsetof(struct desc_rec, decimal_digits)},
    {SQL_COLUMN_NULLABLE, DESC_V_SMALLINT, offsetof(struct desc_rec, nullable)},
};

bool desc_col_attribute(const struct desc *ird, size_t column, SQLUSMALLINT field,
                        struct desc_value *out)
{
    const struct field_row *f = find_field((SQLSMALLINT)field);
    const struct desc_rec *r = desc_record(ird, column);
    struct field_row translated;

    if (field == SQL_COLUMN_COUNT || field == SQL_DESC_COUNT) {
        *out = (struct desc_value){.kind = DESC_V_SMALLINT, .number = ird->count};
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(odbc2_fields); i++) {
        if (odbc2_fields[i].id != field)
            continue;
        translated = (struct field_row){
            .place = RECORD, .kind = odbc2_fields[i].kind, .offset = odbc2_fields[i].offset};
        f = &translated;
    }
    /* Header fields and pointers are no attributes of a column. */
    if (f == NULL || r == NULL || f->place == HEADER || f->kind == DESC_V_POINTER)
        return false;
    if (f != &translated && f->rights[DESC_IRD] == NO)
        return false;
    read_field(ird, r, f, out);
    return true;
}
