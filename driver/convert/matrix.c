/* Which converter serves which column: chosen once when a column is bound, then called for each
 * cell.
 *
 * The table follows appendix D of the ODBC reference ("SQL to C"). A type that is reported as a
 * character type keeps its own converters and gains those of character data. Called by stmt/. */
#include "convert/matrix.h"

#include <string.h>

#include "convert/block.h"
#include "convert/interval.h"
#include "convert/piece.h"

#define NUMBER_CELLS                                                                               \
    [CF_BIT] = to_c_number_bit, [CF_FLOAT] = to_c_number_float, [CF_DOUBLE] = to_c_number_double,  \
    [CF_NUMERIC] = to_c_number_numeric
#define TEXT_CELLS                                                                                 \
    [CF_TEXT] = to_c_text, [CF_BINARY] = to_c_text, [CF_INT] = to_c_number_int,                    \
    NUMBER_CELLS, [CF_GUID] = to_c_text_guid, [CF_DATE] = to_c_datetime_date,                      \
    [CF_TIME] = to_c_datetime_time, [CF_TIMESTAMP] = to_c_datetime_timestamp,                      \
    [CF_OFFSET] = to_c_datetime_offset, [CF_INTERVAL] = to_c_interval_interval
#define TIMESTAMP_CELLS                                                                            \
    [CF_TEXT] = to_c_datetime_text, [CF_BINARY] = to_c_image, [CF_DATE] = to_c_datetime_date,      \
    [CF_TIME] = to_c_datetime_time, [CF_TIMESTAMP] = to_c_datetime_timestamp

static to_c_fn *const matrix[FAM_COUNT][CF_COUNT] = {
    [FAM_BOOL] = {[CF_TEXT] = to_c_bool_text,
                  [CF_BINARY] = to_c_image,
                  [CF_BIT] = to_c_bool_bit,
                  [CF_INT] = to_c_bool_int,
                  [CF_FLOAT] = to_c_bool_float,
                  [CF_DOUBLE] = to_c_bool_double,
                  [CF_NUMERIC] = to_c_bool_numeric},
    [FAM_INT] = {[CF_TEXT] = to_c_number_literal,
                 [CF_BINARY] = to_c_image,
                 [CF_INT] = to_c_int_int,
                 NUMBER_CELLS,
                 [CF_INTERVAL] = to_c_number_interval},
    [FAM_FLOAT] = {[CF_TEXT] = to_c_number_literal,
                   [CF_BINARY] = to_c_image,
                   [CF_INT] = to_c_float_int,
                   NUMBER_CELLS},
    [FAM_NUMERIC] = {[CF_TEXT] = to_c_number_literal,
                     [CF_BINARY] = to_c_image,
                     [CF_INT] = to_c_number_int,
                     NUMBER_CELLS,
                     [CF_INTERVAL] = to_c_number_interval},
    [FAM_TEXT] = {TEXT_CELLS},
    [FAM_BIT] = {TEXT_CELLS},
    [FAM_BYTEA] = {[CF_TEXT] = to_c_bytea_text, [CF_BINARY] = to_c_bytea_binary},
    [FAM_DATE] = {[CF_TEXT] = to_c_datetime_text,
                  [CF_BINARY] = to_c_image,
                  [CF_DATE] = to_c_datetime_date,
                  [CF_TIMESTAMP] = to_c_datetime_timestamp},
    [FAM_TIME] = {[CF_TEXT] = to_c_datetime_text,
                  [CF_BINARY] = to_c_image,
                  [CF_TIME] = to_c_datetime_time,
                  [CF_TIMESTAMP] = to_c_datetime_timestamp},
    [FAM_TIMETZ] = {[CF_TEXT] = to_c_text,
                    [CF_BINARY] = to_c_text,
                    [CF_TIME] = to_c_datetime_time,
                    [CF_TIMESTAMP] = to_c_datetime_timestamp},
    [FAM_TIMESTAMP] = {TIMESTAMP_CELLS},
    [FAM_TIMESTAMPTZ] = {TIMESTAMP_CELLS, [CF_OFFSET] = to_c_datetime_offset},
    [FAM_INTERVAL] = {[CF_TEXT] = to_c_interval_text,
                      [CF_BINARY] = to_c_image,
                      [CF_INT] = to_c_interval_int,
                      [CF_NUMERIC] = to_c_interval_numeric,
                      [CF_INTERVAL] = to_c_interval_interval},
    [FAM_UUID] = {[CF_TEXT] = to_c_uuid_text, [CF_BINARY] = to_c_image, [CF_GUID] = to_c_uuid_guid},
};

/* ---- C types ---- */

static const struct c_row {
    SQLSMALLINT c_type;
    enum c_family family;
    size_t size; /* 0: character and binary */
} c_rows[] = {
    {SQL_C_CHAR, CF_TEXT, 0},
    {SQL_C_WCHAR, CF_TEXT, 0},
    {SQL_C_BINARY, CF_BINARY, 0},
    {SQL_C_BIT, CF_BIT, sizeof(SQLCHAR)},
    {SQL_C_STINYINT, CF_INT, sizeof(SQLSCHAR)},
    {SQL_C_UTINYINT, CF_INT, sizeof(SQLCHAR)},
    {SQL_C_SSHORT, CF_INT, sizeof(SQLSMALLINT)},
    {SQL_C_USHORT, CF_INT, sizeof(SQLUSMALLINT)},
    {SQL_C_SLONG, CF_INT, sizeof(SQLINTEGER)},
    {SQL_C_ULONG, CF_INT, sizeof(SQLUINTEGER)},
    {SQL_C_SBIGINT, CF_INT, sizeof(SQLBIGINT)},
    {SQL_C_UBIGINT, CF_INT, sizeof(SQLUBIGINT)},
    {SQL_C_FLOAT, CF_FLOAT, sizeof(SQLREAL)},
    {SQL_C_DOUBLE, CF_DOUBLE, sizeof(SQLDOUBLE)},
    {SQL_C_NUMERIC, CF_NUMERIC, sizeof(SQL_NUMERIC_STRUCT)},
    {SQL_C_GUID, CF_GUID, sizeof(SQLGUID)},
    {SQL_C_TYPE_DATE, CF_DATE, sizeof(SQL_DATE_STRUCT)},
    {SQL_C_TYPE_TIME, CF_TIME, sizeof(SQL_TIME_STRUCT)},
    {SQL_C_TYPE_TIMESTAMP, CF_TIMESTAMP, sizeof(SQL_TIMESTAMP_STRUCT)},
    {SQL_C_SS_TIMESTAMPOFFSET, CF_OFFSET, sizeof(struct timestamp_offset)},
#define KIND(kind, first, last)                                                                    \
    {                                                                                              \
        SQL_C_INTERVAL_##kind, CF_INTERVAL, sizeof(SQL_INTERVAL_STRUCT)                            \
    }
    INTERVAL_KINDS(KIND),
#undef KIND
};

static const struct c_row *c_find(SQLSMALLINT c_type)
{
    for (size_t i = 0; i < ARRAY_LEN(c_rows); i++) {
        if (c_rows[i].c_type == c_type)
            return &c_rows[i];
    }
    return NULL;
}

SQLSMALLINT c_type_resolve(SQLSMALLINT c_type)
{
    switch (c_type) {
    case SQL_C_TINYINT:
        return SQL_C_STINYINT;
    case SQL_C_SHORT:
        return SQL_C_SSHORT;
    case SQL_C_LONG:
        return SQL_C_SLONG;
    default:
        return typemap_odbc3_type(c_type);
    }
}

enum c_family c_type_family(SQLSMALLINT c_type)
{
    const struct c_row *row = c_find(c_type);

    return row ? row->family : CF_COUNT;
}

size_t c_type_size(SQLSMALLINT c_type)
{
    const struct c_row *row = c_find(c_type_resolve(c_type));

    return row ? row->size : 0;
}

bool sql_type_is_character(SQLSMALLINT sql_type)
{
    switch (sql_type) {
    case SQL_CHAR:
    case SQL_VARCHAR:
    case SQL_LONGVARCHAR:
    case SQL_WCHAR:
    case SQL_WVARCHAR:
    case SQL_WLONGVARCHAR:
        return true;
    default:
        return false;
    }
}

/* ---- choosing ---- */

static bool is_single_field_interval(SQLSMALLINT sql_type)
{
    return sql_type == SQL_INTERVAL_YEAR || sql_type == SQL_INTERVAL_MONTH ||
           sql_type == SQL_INTERVAL_DAY || sql_type == SQL_INTERVAL_HOUR ||
           sql_type == SQL_INTERVAL_MINUTE || sql_type == SQL_INTERVAL_SECOND;
}

static to_c_fn *pick(enum type_family family, enum c_family cf, SQLSMALLINT reported)
{
    bool character = sql_type_is_character(reported) || !typemap_is_sql_type(reported);

    if (family == FAM_INTERVAL && (cf == CF_INT || cf == CF_NUMERIC) &&
        !is_single_field_interval(reported))
        return character ? matrix[FAM_TEXT][cf] : NULL;
    if (cf == CF_BINARY && character && family != FAM_BYTEA)
        return to_c_text;
    if (matrix[family][cf] == NULL && character)
        return matrix[FAM_TEXT][cf];
    return matrix[family][cf];
}

bool to_c_choose(struct to_c *out, uint32_t oid, int32_t type_modifier,
                 SQLSMALLINT reported_sql_type, SQLSMALLINT c_type, SQLSMALLINT precision,
                 SQLSMALLINT scale, const struct conv_env *env)
{
    const struct c_row *c;

    reported_sql_type = typemap_odbc3_type(reported_sql_type);
    if (c_type == SQL_C_DEFAULT)
        c_type = typemap_default_c_type(reported_sql_type);
    c_type = c_type_resolve(c_type);
    *out = (struct to_c){
        .row = typemap_find(oid),
        .type_modifier = type_modifier,
        .sql_type = reported_sql_type,
        .c_type = c_type,
        .precision = precision,
        .scale = scale,
        .env = env,
    };
    c = c_find(c_type);
    if (c == NULL)
        return false;
    out->fixed_size = c->size != 0;
    out->c_size = c->size;
    out->fn = pick(out->row->family, c->family, reported_sql_type);
    out->block = to_c_choose_block(out);
    return out->fn != NULL;
}

/* Appendix D leaves the bytes open; ours are what the type's default C type would hold. */
enum conv to_c_image(const struct to_c *spec, const struct cell *cell, struct to_c_out *out)
{
    union {
        SQL_INTERVAL_STRUCT interval;
        SQL_TIMESTAMP_STRUCT timestamp;
        struct timestamp_offset offset;
        SQLBIGINT integer;
        SQLDOUBLE real;
        SQLGUID guid;
    } value;
    struct to_c_out local = {.app_buf = &value};
    struct to_c inner;
    enum conv r;
    enum conv image;

    if (!to_c_choose(&inner, spec->row->oid, spec->type_modifier, spec->sql_type, SQL_C_DEFAULT, 0,
                     0, spec->env))
        return CONV_NOT_ALLOWED;
    if (!inner.fixed_size)
        return piece_image(out, cell->ptr, cell->len);
    memset(&value, 0, sizeof value);
    r = inner.fn(&inner, cell, &local);
    if (r != CONV_OK && r != CONV_FRACTION_LOST)
        return r;
    image = piece_image(out, &value, inner.c_size);
    return image == CONV_OK ? r : image;
}
