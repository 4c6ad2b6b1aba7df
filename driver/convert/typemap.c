/* What ODBC is told about PostgreSQL's types: reads types.def. Sizes are type_size.c's, ODBC's own
 * type codes type_code.c's.
 *
 * Knows nothing of handles or results. Called by stmt/ (descriptors), catalog/ (SQLColumns), info/
 * (SQLGetTypeInfo) and the converters. One function describes a column, so that SQLDescribeCol,
 * SQLColAttribute, SQLColumns and SQLGetTypeInfo cannot disagree. */
#include "convert/typemap_int.h"

#include <string.h>

#include <sqlucode.h>

#define SIGNED SQL_FALSE
#define UNSIGNED SQL_TRUE /* and everything that is no number, as SQL_DESC_UNSIGNED wants it */

static const struct type_row rows[] = {
#define TYPE(oid_, array_, typname_, name_, fam_, sql_, rule_, size_, pre_, suf_, par_, case_,     \
             search_, uns_, fix_, flags_)                                                          \
    {.oid = oid_,                                                                                  \
     .typname = typname_,                                                                          \
     .name = name_,                                                                                \
     .family = fam_,                                                                               \
     .sql_type = sql_,                                                                             \
     .size_rule = rule_,                                                                           \
     .fixed_size = size_,                                                                          \
     .flags = flags_,                                                                              \
     .literal_prefix = pre_,                                                                       \
     .literal_suffix = suf_,                                                                       \
     .create_params = par_,                                                                        \
     .case_sensitive = case_,                                                                      \
     .searchable = search_,                                                                        \
     .is_unsigned = uns_,                                                                          \
     .fixed_prec_scale = fix_},
#include "convert/types.def"
#define ALIAS(oid_, name_, fam_, sql_, rule_, pre_, suf_, par_, case_, search_, uns_, auto_,       \
              flags_)                                                                              \
    {.oid = oid_,                                                                                  \
     .typname = name_,                                                                             \
     .name = name_,                                                                                \
     .family = fam_,                                                                               \
     .sql_type = sql_,                                                                             \
     .size_rule = rule_,                                                                           \
     .flags = flags_,                                                                              \
     .literal_prefix = pre_,                                                                       \
     .literal_suffix = suf_,                                                                       \
     .create_params = par_,                                                                        \
     .case_sensitive = case_,                                                                      \
     .searchable = search_,                                                                        \
     .is_unsigned = uns_,                                                                          \
     .auto_unique = auto_},
#include "convert/types.def"
#define TYPE(oid_, array_, typname_, name_, fam_, sql_, rule_, size_, pre_, suf_, par_, case_,     \
             search_, uns_, fix_, flags_)                                                          \
    {.oid = array_,                                                                                \
     .typname = "_" typname_,                                                                      \
     .name = "_" typname_,                                                                         \
     .family = FAM_TEXT,                                                                           \
     .sql_type = SQL_WVARCHAR,                                                                     \
     .size_rule = SIZE_UNBOUNDED,                                                                  \
     .flags = TYPE_ARRAY | ((flags_)&TYPE_PSEUDO),                                                 \
     .literal_prefix = "'",                                                                        \
     .literal_suffix = "'",                                                                        \
     .create_params = "",                                                                          \
     .case_sensitive = SQL_TRUE,                                                                   \
     .searchable = SQL_PRED_BASIC,                                                                 \
     .is_unsigned = SQL_TRUE,                                                                      \
     .element_oid = oid_},
#include "convert/types.def"
};

/* Enums, composites, domains that were not resolved, extensions: their text is never unreadable. */
static const struct type_row unknown_row = {
    .typname = "unknown",
    .name = "unknown",
    .family = FAM_TEXT,
    .sql_type = SQL_WVARCHAR,
    .size_rule = SIZE_UNBOUNDED,
    .literal_prefix = "'",
    .literal_suffix = "'",
    .create_params = "",
    .case_sensitive = SQL_TRUE,
    .searchable = SQL_SEARCHABLE,
    .is_unsigned = SQL_TRUE,
};

void type_options_default(struct type_options *o)
{
    *o = (struct type_options){
        .max_varchar_size = 8190,
        .numeric_as = SQL_NUMERIC,
        .interval_as = SQL_WVARCHAR,
        .uuid_as = SQL_GUID,
        .timestamptz_as = SQL_TYPE_TIMESTAMP,
        .json_as = SQL_WVARCHAR,
    };
}

const struct type_row *typemap_row(size_t index)
{
    /* "unknown", "void": types without an array type leave a row with OID 0 behind. */
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].oid == 0)
            continue;
        if (index-- == 0)
            return &rows[i];
    }
    return NULL;
}

const struct type_row *typemap_find(uint32_t oid)
{
    if (oid != 0) {
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
            if (rows[i].oid == oid)
                return &rows[i];
        }
    }
    return &unknown_row;
}

const struct type_row *typemap_find_name(struct strview name)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].oid != 0 && (sv_eq(sv(rows[i].typname), name) || sv_eq(sv(rows[i].name), name)))
            return &rows[i];
    }
    return NULL;
}

/* ---- the reported type: what the options make of it ---- */

/* Types whose text a client can make something of, and whose ODBC type loses it: json, jsonb, uuid,
 * interval, timestamptz, timetz, arrays, ranges, multiranges. */
static bool has_private_code(const struct type_row *row)
{
    if (row->oid == 0 || row->oid >= TYPE_PRIVATE_BASE)
        return false;
    if (row->flags & (TYPE_ARRAY | TYPE_RANGE) || row->size_rule == SIZE_JSON)
        return true;
    return row->family == FAM_UUID || row->family == FAM_INTERVAL ||
           row->family == FAM_TIMESTAMPTZ || row->family == FAM_TIMETZ;
}

static SQLSMALLINT reported_type(const struct type_row *row, int32_t modifier,
                                 const struct type_options *o)
{
    const struct interval_type *iv;

    if (row->flags & TYPE_ALIAS)
        return row->sql_type;
    if (o->pg_types && has_private_code(row))
        return (SQLSMALLINT)(TYPE_PRIVATE_BASE + (SQLSMALLINT)row->oid);
    switch (row->family) {
    case FAM_BOOL:
        return o->bools_as_char ? SQL_VARCHAR : row->sql_type;
    case FAM_INT:
        return (row->size_rule == SIZE_INT8 && o->int8_as != 0) ? o->int8_as : row->sql_type;
    case FAM_NUMERIC:
        return (modifier < 4 && o->numeric_as != 0) ? o->numeric_as : row->sql_type;
    case FAM_BYTEA:
        return o->bytea_as_longvarbinary ? SQL_LONGVARBINARY : row->sql_type;
    case FAM_UUID:
        return o->uuid_as != 0 ? o->uuid_as : row->sql_type;
    case FAM_TIMESTAMPTZ:
        return o->timestamptz_as != 0 ? o->timestamptz_as : row->sql_type;
    case FAM_INTERVAL:
        iv = o->interval_as == SQL_INTERVAL_DAY_TO_SECOND ? interval_type_of_modifier(modifier)
                                                          : NULL;
        return iv ? iv->sql_type : row->sql_type;
    case FAM_TEXT:
        if (row->size_rule == SIZE_JSON && o->json_as != 0)
            return o->json_as;
        if (row == &unknown_row && o->unknowns_as_longvarchar)
            return SQL_WLONGVARCHAR;
        if (row->size_rule == SIZE_UNBOUNDED && o->text_as_longvarchar && row->oid == 25)
            return SQL_WLONGVARCHAR;
        return row->sql_type;
    default:
        return row->sql_type;
    }
}

/* ---- a column: its type code, with the sizes that such a code has ---- */

static void describe_interval(const struct type_row *row, const struct type_size *n,
                              struct type_desc *out)
{
    const struct interval_type *iv = interval_type_find(out->concise_type);
    SQLSMALLINT digits = (iv && iv->has_seconds) ? n->digits : 0;
    SQLULEN size = iv ? type_size_with_fraction(iv->size, digits) : n->size;

    out->column_size = size;
    out->length = (SQLLEN)size;
    out->display_size = (SQLLEN)size + 1; /* the sign */
    out->precision = digits;
    out->decimal_digits = digits;
    if (iv && !(row->flags & TYPE_ALIAS))
        out->type_name = iv->name; /* the name SQLGetTypeInfo has for that code */
}

static void describe_text(const struct type_code *code, const struct type_size *n,
                          const struct type_options *o, bool unbounded, struct type_desc *out)
{
    SQLULEN chars = n->display > 0 ? (SQLULEN)n->display : n->size;
    SQLULEN unit = code->shape == SHAPE_WCHAR ? sizeof(SQLWCHAR) : 1;

    if (unbounded && code->is_long)
        chars = o->max_longvarchar_size > 0 ? (SQLULEN)o->max_longvarchar_size : 0;
    out->column_size = chars;
    out->length = (SQLLEN)chars;
    out->octet_length = (SQLLEN)(chars * unit);
    out->display_size = (SQLLEN)(code->shape == SHAPE_BINARY ? chars * 2 : chars);
}

static void describe_number(const struct type_code *code, const struct type_size *n, bool own_size,
                            struct type_desc *out)
{
    if (code->shape == SHAPE_NUMERIC) {
        out->column_size = n->size;
        out->precision = (SQLSMALLINT)(n->size > INT16_MAX ? INT16_MAX : n->size);
        out->scale = n->digits;
        out->decimal_digits = n->digits;
        out->octet_length = n->display;
        out->display_size = n->display;
    } else {
        /* An oid is a BIGINT of 10 digits; an int8 reported as INTEGER has an INTEGER's size. */
        out->column_size = own_size ? n->size : (SQLULEN)code->size;
        out->precision = code->radix != 0 ? (SQLSMALLINT)out->column_size : 0;
        out->octet_length = code->octets;
        out->display_size = own_size ? n->display : code->display;
    }
    out->length = (SQLLEN)out->column_size;
    out->num_prec_radix = code->radix;
}

#define OFFSET_CHARS 7 /* " +00:00" */

void typemap_describe_row(const struct type_row *row, int32_t type_modifier,
                          const struct type_options *o, struct type_desc *out)
{
    SQLSMALLINT reported = reported_type(row, type_modifier, o);
    const struct type_code *code = type_code_find(reported);
    struct type_size n = {0, 0, 0};
    bool unbounded;

    if (code == NULL)
        code = type_code_find(SQL_WVARCHAR);
    type_size_of(row, type_modifier, o, &n);
    *out = (struct type_desc){
        .row = row,
        .concise_type = reported,
        .verbose_type = code->code == SQL_WVARCHAR ? reported : code->verbose,
        .datetime_sub = code->sub,
        .is_unsigned = row->is_unsigned,
        .case_sensitive = row->case_sensitive,
        .searchable = row->searchable,
        .fixed_prec_scale = row->fixed_prec_scale,
        .literal_prefix = row->literal_prefix,
        .literal_suffix = row->literal_suffix,
        .create_params = row->create_params,
        .type_name = row->name,
        .local_type_name = row->name,
    };
    switch (code->shape) {
    case SHAPE_CHAR:
    case SHAPE_WCHAR:
    case SHAPE_BINARY:
        unbounded = row->size_rule == SIZE_UNBOUNDED || row->size_rule == SIZE_JSON ||
                    row->size_rule == SIZE_BYTEA ||
                    (row->size_rule == SIZE_LENGTH && type_modifier <= 4);
        if (row->size_rule == SIZE_NUMERIC && type_modifier < 4)
            type_size_of_length(type_size_unbounded(o), &n);
        if (row->size_rule == SIZE_BOOL)
            type_size_of_length(5, &n); /* BoolsAsChar: as psqlODBC reports it */
        describe_text(code, &n, o, unbounded, out);
        break;
    case SHAPE_FIXED:
    case SHAPE_NUMERIC:
        describe_number(code, &n, reported == row->sql_type, out);
        break;
    case SHAPE_DATETIME:
        if (reported == SQL_SS_TIMESTAMPOFFSET)
            n.size += OFFSET_CHARS;
        out->column_size = n.size;
        out->length = (SQLLEN)n.size;
        out->octet_length = code->octets;
        out->display_size = n.display;
        out->precision = n.digits;
        out->decimal_digits = n.digits;
        break;
    case SHAPE_INTERVAL:
        out->octet_length = code->octets;
        describe_interval(row, &n, out);
        break;
    case SHAPE_NONE:
        break;
    }
    out->local_type_name = out->type_name;
}

void typemap_describe(uint32_t oid, int32_t type_modifier, const struct type_options *o,
                      struct type_desc *out)
{
    typemap_describe_row(typemap_find(oid), type_modifier, o, out);
}
