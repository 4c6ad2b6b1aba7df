/* The matrix of result conversions: [family of the PostgreSQL type][family of the C type] =
 * function, or NULL for 07006. One function per cell or row of cells; each is in the
 * to_c_<family>.c of its source. */
#ifndef NEON_CONVERT_MATRIX_H
#define NEON_CONVERT_MATRIX_H

#include "convert/convert.h"

enum c_family {
    CF_TEXT, /* SQL_C_CHAR, SQL_C_WCHAR */
    CF_BINARY,
    CF_BIT,
    CF_INT, /* all eight widths; spec->c_type says which */
    CF_FLOAT,
    CF_DOUBLE,
    CF_NUMERIC,
    CF_GUID,
    CF_DATE,
    CF_TIME,
    CF_TIMESTAMP,
    CF_OFFSET,   /* SQL_C_SS_TIMESTAMPOFFSET */
    CF_INTERVAL, /* all thirteen */
    CF_COUNT
};

/* The ODBC 3 code with a definite sign: SQL_C_LONG becomes SQL_C_SLONG, SQL_DATE SQL_C_TYPE_DATE.
 */
SQLSMALLINT c_type_resolve(SQLSMALLINT c_type);
/* The family of a resolved C type; CF_COUNT for none. */
enum c_family c_type_family(SQLSMALLINT c_type);
bool sql_type_is_character(SQLSMALLINT sql_type);

/* to_c_text.c */
to_c_fn to_c_text; /* the server's text as it is: character and binary targets */
to_c_fn to_c_text_guid;
/* to_c_number.c; `literal` is the text of a number */
to_c_fn to_c_number_literal;
to_c_fn to_c_int_int; /* FAM_INT's fast path */
to_c_fn to_c_number_int, to_c_float_int, to_c_number_bit, to_c_number_float, to_c_number_double,
    to_c_number_numeric;
/* to_c_bool.c */
to_c_fn to_c_bool_text, to_c_bool_bit, to_c_bool_int, to_c_bool_float, to_c_bool_double,
    to_c_bool_numeric;
/* to_c_bytea.c */
to_c_fn to_c_bytea_text, to_c_bytea_binary;
/* to_c_uuid.c */
to_c_fn to_c_uuid_text, to_c_uuid_guid;
/* to_c_datetime.c */
to_c_fn to_c_datetime_text, to_c_datetime_date, to_c_datetime_time, to_c_datetime_timestamp,
    to_c_datetime_offset;
/* to_c_interval.c */
to_c_fn to_c_interval_text, to_c_interval_int, to_c_interval_numeric, to_c_interval_interval,
    to_c_number_interval;
/* matrix.c: what the default C type holds, for SQL_C_BINARY */
to_c_fn to_c_image;

/* Helpers shared by the above. */
/* Stores sign and magnitude into the integer type of the spec; `cut` turns success into
 * CONV_FRACTION_LOST. */
enum conv to_c_store_int(const struct to_c *spec, struct to_c_out *out, bool negative,
                         uint64_t magnitude, bool cut);
bool uuid_parse(const char *s, size_t n, SQLGUID *out);
#define UUID_CHARS 36
void uuid_print(const SQLGUID *g, char out[UUID_CHARS]);

#endif
