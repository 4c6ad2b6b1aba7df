/* Descriptors: ARD, APD, IRD, IPD. Fields are described by desc_field.def; bindings live in the
 * records. */
#ifndef NEON_HANDLE_DESC_H
#define NEON_HANDLE_DESC_H

#include "convert/typemap.h"
#include "handle/handle.h"

enum desc_role { DESC_ARD, DESC_APD, DESC_IRD, DESC_IPD, DESC_EXPLICIT };

struct desc_rec {
    /* application and implementation */
    SQLSMALLINT concise_type, type, datetime_interval_code;
    SQLINTEGER datetime_interval_precision;
    SQLULEN length;
    SQLLEN octet_length;
    SQLSMALLINT precision, scale;
    SQLINTEGER num_prec_radix;
    /* application */
    SQLPOINTER app_data_ptr;
    SQLLEN *app_indicator_ptr, *app_octet_length_ptr;
    /* IPD */
    SQLSMALLINT parameter_type;
    /* IRD (and partly IPD) */
    SQLINTEGER auto_unique_value, case_sensitive;
    SQLSMALLINT fixed_prec_scale, nullable, rowver, searchable, is_unsigned, unnamed, updatable,
        decimal_digits;
    SQLLEN display_size;
    SQLULEN column_size; /* SQLDescribeCol's */
    char *name;          /* owned; NULL = "" (label and name) */
    char *base_column_name, *base_table_name, *schema_name, *catalog_name; /* owned; NULL = "" */
    char *type_name; /* owned; NULL = the static one below */
    const char *static_type_name, *literal_prefix, *literal_suffix;
    bool origin_known; /* IRD: what the table behind the column says has been filled in */
    bool bound; /* application descriptors: the record takes part (data or indicator pointer set) */
    /* how the server described it (IRD) */
    struct column pg; /* name not used */
};

struct desc {
    struct handle handle; /* first */
    struct dbc *dbc;
    struct stmt *stmt; /* of an implicit descriptor; NULL for explicit */
    enum desc_role role;
    struct desc *next;      /* explicit descriptors of the connection */
    unsigned n_users;       /* statements that use an explicit one */
    SQLSMALLINT alloc_type; /* SQL_DESC_ALLOC_AUTO / _USER */
    bool has_bookmark;      /* record 0 may be read and set; api/ asks the statement before */
    SQLULEN array_size;
    SQLUSMALLINT *app_array_status_ptr;
    SQLLEN *app_bind_offset_ptr;
    SQLULEN *app_rows_processed_ptr;
    SQLINTEGER bind_type;
    SQLSMALLINT count;        /* highest record in use; records[0] is the bookmark */
    struct desc_rec *records; /* owned; count + 1 entries at least when not NULL */
    size_t cap_records;
};

void desc_init(struct desc *d, struct dbc *dbc, struct stmt *stmt, enum desc_role role);
void desc_release(struct desc *d);
struct desc *desc_new_explicit(struct dbc *dbc) NEON_MUST_CHECK;
void desc_free_explicit(struct desc *d);
/* Record n (0 = bookmark), or NULL when n > count. */
struct desc_rec *desc_record(const struct desc *d, size_t n);
/* Makes records up to n exist (count grows); NULL: out of memory. */
struct desc_rec *desc_ensure(struct desc *d, size_t n) NEON_MUST_CHECK;
/* Cuts or extends to n records; false: out of memory. */
bool desc_set_count(struct desc *d, size_t n) NEON_MUST_CHECK;
/* Unbinds a column: count shrinks to the highest bound record (SQLBindCol with a null pointer). */
void desc_unbind(struct desc *d, size_t n);
void desc_clear(struct desc *d);
/* SQLFreeStmt(SQL_UNBIND): the bookmark column stays bound. */
void desc_unbind_columns(struct desc *d);
/* True for ARDs, APDs and explicit descriptors. */
bool desc_is_application(const struct desc *d);
/* Lowers the count to the highest bound record. */
void desc_shrink_to_bound(struct desc *d);
/* What setting the type does to length, precision and scale (SQLSetDescField, SQL_DESC_TYPE). */
void desc_rec_default_sizes(struct desc_rec *r);
/* Sets concise type, verbose type and interval code together. */
void desc_rec_set_type(struct desc_rec *r, SQLSMALLINT concise);
/* Copies everything but the allocation type (SQLCopyDesc). */
bool desc_copy(struct desc *to, const struct desc *from) NEON_MUST_CHECK;

/* SQLGetDescField / SQLSetDescField over desc_field.def. For character fields *text is set and the
 * value is text; otherwise *number or *pointer by kind. HY091 unknown or not of this descriptor,
 * HY016 IRD is read-only, 07009 record, HY105, HY021. */
enum desc_value_kind {
    DESC_V_SMALLINT,
    DESC_V_INTEGER,
    DESC_V_LEN,
    DESC_V_ULEN,
    DESC_V_POINTER,
    DESC_V_TEXT
};
struct desc_value {
    enum desc_value_kind kind;
    SQLLEN number;
    SQLPOINTER pointer;
    const char *text;
};
/* Record 0 is the bookmark column. SQL_NO_DATA when the record number is past count. Posts on the
 * descriptor's handle. Reading a field that the kind of descriptor does not use gives 0 or "" (the
 * reference says success with an undefined value); setting one is HY091. */
SQLRETURN desc_get_field(struct desc *d, SQLSMALLINT rec_number, SQLSMALLINT field,
                         struct desc_value *out);
SQLRETURN desc_set_field(struct desc *d, SQLSMALLINT rec_number, SQLSMALLINT field,
                         SQLPOINTER value, SQLINTEGER value_bytes);
/* SQLGetDescRec and SQLSetDescRec. */
struct desc_rec_values {
    const char *name; /* get only; never NULL */
    SQLSMALLINT type, subtype;
    SQLLEN octet_length;
    SQLSMALLINT precision, scale, nullable;
    SQLPOINTER app_data_ptr;                          /* set only */
    SQLLEN *app_octet_length_ptr, *app_indicator_ptr; /* set only */
};
/* SQL_NO_DATA past the count; 07009. */
SQLRETURN desc_get_rec(struct desc *d, SQLSMALLINT rec_number, struct desc_rec_values *out);
/* HY016 for an IRD, HY021 when type, precision and scale do not fit, 07009. */
SQLRETURN desc_set_rec(struct desc *d, SQLSMALLINT rec_number, const struct desc_rec_values *v);
/* The consistency check of SQLSetDescRec, which also runs when SQL_DESC_DATA_PTR is set: NULL when
 * consistent, else a sentence that says why not. */
const char *desc_rec_inconsistency(const struct desc *d, const struct desc_rec *r);
/* The same table for SQLColAttribute: the field of an IRD record, ODBC 2 ids included. False:
 * HY091. */
bool desc_col_attribute(const struct desc *ird, size_t column, SQLUSMALLINT field,
                        struct desc_value *out);

#endif
