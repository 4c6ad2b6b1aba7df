/* What typemap.c, type_size.c and type_code.c share. */
#ifndef NEON_CONVERT_TYPEMAP_INT_H
#define NEON_CONVERT_TYPEMAP_INT_H

#include "convert/typemap.h"

/* --- type_size.c --- */

/* type_row.size_rule: how the size follows from the type modifier. */
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

/* What a type and its modifier say, before an option makes text of it. */
struct type_size {
    SQLULEN size;       /* SQLDescribeCol's column size */
    SQLSMALLINT digits; /* decimal digits: scale or fraction of seconds */
    SQLLEN display;     /* characters of the longest text; 0 = unknown */
};

/* Any modifier is safe; -1: none. */
void type_size_of(const struct type_row *row, int32_t modifier, const struct type_options *o,
                  struct type_size *n);
/* The size of text of so many characters, or of so many bytes or bits. */
void type_size_of_length(SQLULEN length, struct type_size *n);
/* What MaxVarcharSize has text without a maximum reported as, in characters; 0: unknown. */
SQLULEN type_size_unbounded(const struct type_options *o);
/* Adds the point and the digits of a fraction of seconds to a size in characters. */
SQLULEN type_size_with_fraction(SQLULEN size, SQLSMALLINT digits);

/* A column of type interval with these fields, as ODBC has them. */
struct interval_type {
    SQLSMALLINT sql_type;
    uint32_t fields; /* bits of PostgreSQL's modifier */
    SQLULEN size;    /* characters, without fractions of seconds and sign */
    bool has_seconds;
    const char *name; /* TYPE_NAME */
};
/* By SQL_INTERVAL_*; NULL: no interval type. */
const struct interval_type *interval_type_find(SQLSMALLINT sql_type);
/* By the fields of a type modifier; NULL: it does not restrict them, or is no interval's. */
const struct interval_type *interval_type_of_modifier(int32_t modifier);

/* --- type_code.c --- */

/* Which of a descriptor's sizes a type code has (odbc-features E.2). */
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

/* An SQL type code of ODBC 3. */
struct type_code {
    SQLSMALLINT code, c_type; /* SQL_DESC_CONCISE_TYPE; the C type of SQL_C_DEFAULT */
    enum shape shape;
    SQLSMALLINT verbose, sub; /* SQL_DESC_TYPE, SQL_DESC_DATETIME_INTERVAL_CODE */
    SQLSMALLINT octets;       /* SHAPE_FIXED and SHAPE_DATETIME */
    SQLSMALLINT size, radix;  /* SHAPE_FIXED: digits when another type is reported as this one */
    SQLSMALLINT display;      /* SHAPE_FIXED: characters */
    bool is_long;             /* SQL_LONG...: MaxLongVarcharSize */
};
/* NULL: no type of ODBC's. */
const struct type_code *type_code_find(SQLSMALLINT code);

#endif
