/* What ODBC is told about PostgreSQL's types: reads types.def and works out sizes from the type
 * modifier.
 *
 * Knows nothing of handles or results. Called by stmt/ (descriptors), catalog/ (SQLColumns), info/
 * (SQLGetTypeInfo) and the converters. One function describes a column, so that SQLDescribeCol,
 * SQLColAttribute, SQLColumns and SQLGetTypeInfo cannot disagree. */
#include "convert/typemap.h"

#include <string.h>

#include <sqlucode.h>

#include "convert/interval.h"

enum size_rule {
    SIZE_BOOL,
    SIZE_INT2,
    SIZE_INT4,
    SIZE_INT8,
    SIZE_OID,
    SIZE_XID8,
    SIZE_FLOAT4,
    SIZE_FLOAT8,
    SIZE_NUMERIC,
    SIZE_FIXED,  /* text of at most fixed_size characters */
    SIZE_LENGTH, /* the modifier is the length in characters + 4 */
    SIZE_UNBOUNDED,
    SIZE_JSON,
    SIZE_BYTEA,
    SIZE_BITS, /* the modifier is the length */
    SIZE_DATE,
    SIZE_TIME,
    SIZE_TIMETZ,
    SIZE_TIMESTAMP,
    SIZE_TIMESTAMPTZ,
    SIZE_INTERVAL,
    SIZE_UUID
};

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

/* ---- interval modifiers (PostgreSQL's utils/timestamp.h: bits of the fields in the upper half)
 * ---- */

#define IV_MONTH (1u << 1)
#define IV_YEAR (1u << 2)
#define IV_DAY (1u << 3)
#define IV_HOUR (1u << 10)
#define IV_MINUTE (1u << 11)
#define IV_SECOND (1u << 12)

/* Sizes are those of the ODBC reference's "Column Size" with a leading precision of 9 digits,
 * because PostgreSQL does not limit the leading field. */
#define LEADING_DIGITS 9
static const struct interval_kind {
    SQLSMALLINT sql_type;
    uint32_t fields;
    SQLULEN size; /* characters, without fractions of seconds and sign */
    bool has_seconds;
    const char *name;
} interval_kinds[] = {
    {SQL_INTERVAL_YEAR, IV_YEAR, LEADING_DIGITS, false, "interval year"},
    {SQL_INTERVAL_MONTH, IV_MONTH, LEADING_DIGITS, false, "interval month"},
    {SQL_INTERVAL_DAY, IV_DAY, LEADING_DIGITS, false, "interval day"},
    {SQL_INTERVAL_HOUR, IV_HOUR, LEADING_DIGITS, false, "interval hour"},
    {SQL_INTERVAL_MINUTE, IV_MINUTE, LEADING_DIGITS, false, "interval minute"},
    {SQL_INTERVAL_SECOND, IV_SECOND, LEADING_DIGITS, true, "interval second"},
    {SQL_INTERVAL_YEAR_TO_MONTH, IV_YEAR | IV_MONTH, LEADING_DIGITS + 3, false,
     "interval year to month"},
    {SQL_INTERVAL_DAY_TO_HOUR, IV_DAY | IV_HOUR, LEADING_DIGITS + 3, false, "interval day to hour"},
    {SQL_INTERVAL_DAY_TO_MINUTE, IV_DAY | IV_HOUR | IV_MINUTE, LEADING_DIGITS + 6, false,
     "interval day to minute"},
    {SQL_INTERVAL_DAY_TO_SECOND, IV_DAY | IV_HOUR | IV_MINUTE | IV_SECOND, LEADING_DIGITS + 9, true,
     "interval day to second"},
    {SQL_INTERVAL_HOUR_TO_MINUTE, IV_HOUR | IV_MINUTE, LEADING_DIGITS + 3, false,
     "interval hour to minute"},
    {SQL_INTERVAL_HOUR_TO_SECOND, IV_HOUR | IV_MINUTE | IV_SECOND, LEADING_DIGITS + 6, true,
     "interval hour to second"},
    {SQL_INTERVAL_MINUTE_TO_SECOND, IV_MINUTE | IV_SECOND, LEADING_DIGITS + 3, true,
     "interval minute to second"},
};

static const struct interval_kind *interval_kind_by_type(SQLSMALLINT sql_type)
{
    for (size_t i = 0; i < ARRAY_LEN(interval_kinds); i++) {
        if (interval_kinds[i].sql_type == sql_type)
            return &interval_kinds[i];
    }
    return NULL;
}

static const struct interval_kind *interval_kind_by_modifier(int32_t modifier)
{
    uint32_t fields = ((uint32_t)modifier >> 16) & 0x7FFF;

    for (size_t i = 0; modifier >= 0 && i < ARRAY_LEN(interval_kinds); i++) {
        if (interval_kinds[i].fields == fields)
            return &interval_kinds[i];
    }
    return NULL;
}

/* ---- what a type and its modifier say, before an option makes text of it ---- */

struct natural {
    SQLULEN size;       /* SQLDescribeCol's column size */
    SQLSMALLINT digits; /* decimal digits: scale or fraction of seconds */
    SQLLEN display;     /* characters of the longest text; 0 = unknown */
};

static SQLSMALLINT fraction_digits(int32_t modifier)
{
    return (modifier >= 0 && modifier <= 6) ? (SQLSMALLINT)modifier : 6;
}

static SQLULEN with_fraction(SQLULEN size, SQLSMALLINT digits)
{
    return digits > 0 ? size + 1 + (SQLULEN)digits : size;
}

/* Modifier - 4: precision in the upper half, scale in 11 signed bits (negative since PostgreSQL
 * 15). */
static void natural_numeric(int32_t modifier, struct natural *n)
{
    int32_t bits;
    int32_t precision;
    int32_t scale;

    if (modifier < 4) {
        /* Unbounded: what a client can hold; the text is never rounded to it. */
        *n = (struct natural){38, 18, 40};
        return;
    }
    bits = modifier - 4;
    precision = (bits >> 16) & 0xFFFF;
    scale = ((bits & 0x7FF) ^ 0x400) - 0x400;
    if (scale < 0) {
        precision -= scale;
        scale = 0;
    }
    if (precision < scale)
        precision = scale; /* numeric(2,5): five digits behind the point */
    /* A sign, a point, and a leading zero when all digits stand behind the point. */
    *n = (struct natural){(SQLULEN)precision, (SQLSMALLINT)scale,
                          precision + 1 + (scale > 0 ? 1 : 0) + (scale >= precision ? 1 : 0)};
    if (n->display < 3)
        n->display = 3; /* NaN */
}

static void natural_length(SQLULEN length, struct natural *n)
{
    *n = (struct natural){length, 0, (SQLLEN)length};
}

static SQLULEN unbounded_size(const struct type_options *o)
{
    return o->max_varchar_size > 0 ? (SQLULEN)o->max_varchar_size : 0;
}

static void natural_interval(int32_t modifier, struct natural *n)
{
    SQLSMALLINT digits = fraction_digits(modifier >= 0 ? (modifier & 0xFFFF) : -1);

    /* The longest of the four styles: @ 178956970 years 11 mons 2147483648 days 2562047788 hours 54
     * mins 54.775808 secs ago. */
    *n = (struct natural){88, digits, 88};
}

/* Types whose sizes do not depend on a modifier. Display sizes of dates leave room for BC and long
 * years. */
static const struct natural fixed_naturals[] = {
    [SIZE_BOOL] = {1, 0, 1},    [SIZE_INT2] = {5, 0, 6},     [SIZE_INT4] = {10, 0, 11},
    [SIZE_INT8] = {19, 0, 20},  [SIZE_OID] = {10, 0, 10},    [SIZE_XID8] = {20, 0, 20},
    [SIZE_FLOAT4] = {7, 0, 15}, [SIZE_FLOAT8] = {15, 0, 24}, [SIZE_DATE] = {10, 0, 13},
    [SIZE_UUID] = {36, 0, 36},
};

/* hh:mm:ss or yyyy-mm-dd hh:mm:ss with its fraction; `more` characters may follow in the text. */
static void natural_time(SQLULEN size, int32_t modifier, SQLLEN more, struct natural *n)
{
    SQLSMALLINT digits = fraction_digits(modifier);

    size = with_fraction(size, digits);
    *n = (struct natural){size, digits, (SQLLEN)size + more};
}

static void natural_of(const struct type_row *row, int32_t modifier, const struct type_options *o,
                       struct natural *n)
{
    switch ((enum size_rule)row->size_rule) {
    case SIZE_NUMERIC:
        natural_numeric(modifier, n);
        break;
    case SIZE_FIXED:
        natural_length(row->fixed_size, n);
        break;
    case SIZE_LENGTH:
        natural_length(modifier > 4 ? (SQLULEN)modifier - 4 : unbounded_size(o), n);
        break;
    case SIZE_BITS: /* a column "bit" has the modifier 1; a literal or a parameter has none */
        natural_length(modifier > 0 ? (SQLULEN)modifier : unbounded_size(o), n);
        break;
    case SIZE_UNBOUNDED:
    case SIZE_JSON:
    case SIZE_BYTEA:
        natural_length(unbounded_size(o), n);
        break;
    case SIZE_TIME:
        natural_time(8, modifier, 0, n);
        break;
    case SIZE_TIMETZ: /* +15:59:59 */
        natural_time(8, modifier, 9, n);
        break;
    case SIZE_TIMESTAMP: /* BC */
        natural_time(19, modifier, 3, n);
        break;
    case SIZE_TIMESTAMPTZ:
        natural_time(19, modifier, 12, n);
        break;
    case SIZE_INTERVAL:
        natural_interval(modifier, n);
        break;
    default:
        *n = fixed_naturals[row->size_rule];
        break;
    }
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
    const struct interval_kind *iv;

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
        iv = o->interval_as == SQL_INTERVAL_DAY_TO_SECOND ? interval_kind_by_modifier(modifier)
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

/* ---- a SQL type code: how its sizes are told ---- */

enum shape {
    SHAPE_NONE,
    SHAPE_CHAR,
    SHAPE_WCHAR,
    SHAPE_BINARY,
    SHAPE_FIXED,
    SHAPE_NUMERIC,
    SHAPE_DATETIME,
    SHAPE_INTERVAL
};

static const struct code_row {
    SQLSMALLINT code, c_type;
    enum shape shape;
    SQLSMALLINT verbose, sub;
    SQLSMALLINT octets;      /* SHAPE_FIXED and SHAPE_DATETIME */
    SQLSMALLINT size, radix; /* SHAPE_FIXED: digits when another type is reported as this one */
    SQLSMALLINT display;
    bool is_long;
} codes[] = {
    {SQL_CHAR, SQL_C_CHAR, SHAPE_CHAR, SQL_CHAR, 0, 0, 0, 0, 0, false},
    {SQL_VARCHAR, SQL_C_CHAR, SHAPE_CHAR, SQL_VARCHAR, 0, 0, 0, 0, 0, false},
    {SQL_LONGVARCHAR, SQL_C_CHAR, SHAPE_CHAR, SQL_LONGVARCHAR, 0, 0, 0, 0, 0, true},
    {SQL_WCHAR, SQL_C_WCHAR, SHAPE_WCHAR, SQL_WCHAR, 0, 0, 0, 0, 0, false},
    {SQL_WVARCHAR, SQL_C_WCHAR, SHAPE_WCHAR, SQL_WVARCHAR, 0, 0, 0, 0, 0, false},
    {SQL_WLONGVARCHAR, SQL_C_WCHAR, SHAPE_WCHAR, SQL_WLONGVARCHAR, 0, 0, 0, 0, 0, true},
    {SQL_BINARY, SQL_C_BINARY, SHAPE_BINARY, SQL_BINARY, 0, 0, 0, 0, 0, false},
    {SQL_VARBINARY, SQL_C_BINARY, SHAPE_BINARY, SQL_VARBINARY, 0, 0, 0, 0, 0, false},
    {SQL_LONGVARBINARY, SQL_C_BINARY, SHAPE_BINARY, SQL_LONGVARBINARY, 0, 0, 0, 0, 0, true},
    {SQL_BIT, SQL_C_BIT, SHAPE_FIXED, SQL_BIT, 0, 1, 1, 0, 1, false},
    {SQL_TINYINT, SQL_C_STINYINT, SHAPE_FIXED, SQL_TINYINT, 0, 1, 3, 10, 4, false},
    {SQL_SMALLINT, SQL_C_SSHORT, SHAPE_FIXED, SQL_SMALLINT, 0, 2, 5, 10, 6, false},
    {SQL_INTEGER, SQL_C_SLONG, SHAPE_FIXED, SQL_INTEGER, 0, 4, 10, 10, 11, false},
    {SQL_BIGINT, SQL_C_SBIGINT, SHAPE_FIXED, SQL_BIGINT, 0, 8, 19, 10, 20, false},
    {SQL_REAL, SQL_C_FLOAT, SHAPE_FIXED, SQL_REAL, 0, 4, 7, 10, 15, false},
    {SQL_FLOAT, SQL_C_DOUBLE, SHAPE_FIXED, SQL_FLOAT, 0, 8, 15, 10, 24, false},
    {SQL_DOUBLE, SQL_C_DOUBLE, SHAPE_FIXED, SQL_DOUBLE, 0, 8, 15, 10, 24, false},
    {SQL_NUMERIC, SQL_C_CHAR, SHAPE_NUMERIC, SQL_NUMERIC, 0, 0, 0, 10, 0, false},
    {SQL_DECIMAL, SQL_C_CHAR, SHAPE_NUMERIC, SQL_DECIMAL, 0, 0, 0, 10, 0, false},
    {SQL_TYPE_DATE, SQL_C_TYPE_DATE, SHAPE_DATETIME, SQL_DATETIME, SQL_CODE_DATE,
     sizeof(SQL_DATE_STRUCT), 0, 0, 0, false},
    {SQL_TYPE_TIME, SQL_C_TYPE_TIME, SHAPE_DATETIME, SQL_DATETIME, SQL_CODE_TIME,
     sizeof(SQL_TIME_STRUCT), 0, 0, 0, false},
    {SQL_TYPE_TIMESTAMP, SQL_C_TYPE_TIMESTAMP, SHAPE_DATETIME, SQL_DATETIME, SQL_CODE_TIMESTAMP,
     sizeof(SQL_TIMESTAMP_STRUCT), 0, 0, 0, false},
    {SQL_SS_TIMESTAMPOFFSET, SQL_C_SS_TIMESTAMPOFFSET, SHAPE_DATETIME, SQL_SS_TIMESTAMPOFFSET, 0,
     sizeof(struct timestamp_offset), 0, 0, 0, false},
    {SQL_GUID, SQL_C_GUID, SHAPE_FIXED, SQL_GUID, 0, sizeof(SQLGUID), 36, 0, 36, false},
#define KIND(kind, first, last)                                                                    \
    {                                                                                              \
        SQL_INTERVAL_##kind, SQL_C_INTERVAL_##kind, SHAPE_INTERVAL, SQL_INTERVAL, SQL_CODE_##kind, \
            sizeof(SQL_INTERVAL_STRUCT), 0, 0, 0, false                                            \
    }
    INTERVAL_KINDS(KIND),
#undef KIND
};

static const struct code_row *code_find(SQLSMALLINT code)
{
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (codes[i].code == code)
            return &codes[i];
    }
    return NULL;
}

static void describe_interval(const struct type_row *row, const struct natural *n,
                              struct type_desc *out)
{
    const struct interval_kind *iv = interval_kind_by_type(out->concise_type);
    SQLSMALLINT digits = (iv && iv->has_seconds) ? n->digits : 0;
    SQLULEN size = iv ? with_fraction(iv->size, digits) : n->size;

    out->column_size = size;
    out->length = (SQLLEN)size;
    out->display_size = (SQLLEN)size + 1; /* the sign */
    out->precision = digits;
    out->decimal_digits = digits;
    if (iv && !(row->flags & TYPE_ALIAS))
        out->type_name = iv->name; /* the name SQLGetTypeInfo has for that code */
}

static void describe_text(const struct code_row *code, const struct natural *n,
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

static void describe_number(const struct code_row *code, const struct natural *n, bool own_size,
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
    const struct code_row *code = code_find(reported);
    struct natural n = {0, 0, 0};
    bool unbounded;

    if (code == NULL)
        code = code_find(SQL_WVARCHAR);
    natural_of(row, type_modifier, o, &n);
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
            natural_length(unbounded_size(o), &n);
        if (row->size_rule == SIZE_BOOL)
            natural_length(5, &n); /* BoolsAsChar: as psqlODBC reports it */
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

/* ---- type codes ---- */

SQLSMALLINT typemap_default_c_type(SQLSMALLINT concise_sql_type)
{
    const struct code_row *code = code_find(typemap_odbc3_type(concise_sql_type));

    return code ? code->c_type : SQL_C_CHAR;
}

SQLSMALLINT typemap_odbc3_type(SQLSMALLINT type)
{
    switch (type) {
    case SQL_DATE:
        return SQL_TYPE_DATE;
    case SQL_TIME:
        return SQL_TYPE_TIME;
    case SQL_TIMESTAMP:
        return SQL_TYPE_TIMESTAMP;
    default:
        return type;
    }
}

SQLSMALLINT typemap_odbc2_type(SQLSMALLINT type)
{
    switch (type) {
    case SQL_TYPE_DATE:
        return SQL_DATE;
    case SQL_TYPE_TIME:
        return SQL_TIME;
    case SQL_TYPE_TIMESTAMP:
        return SQL_TIMESTAMP;
    default:
        return type;
    }
}

bool typemap_is_sql_type(SQLSMALLINT t)
{
    return code_find(typemap_odbc3_type(t)) != NULL;
}

bool typemap_is_c_type(SQLSMALLINT t)
{
    static const SQLSMALLINT others[] = {
        SQL_C_DEFAULT, SQL_C_TINYINT, SQL_C_UTINYINT, SQL_C_SHORT,   SQL_C_USHORT,
        SQL_C_LONG,    SQL_C_ULONG,   SQL_C_UBIGINT,  SQL_C_NUMERIC,
    };
    SQLSMALLINT c = typemap_odbc3_type(t);

    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (others[i] == c)
            return true;
    }
    /* Every other C type is some SQL type's default. */
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (codes[i].c_type == c)
            return true;
    }
    return false;
}
