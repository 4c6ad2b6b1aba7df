/* PostgreSQL's types and what ODBC is told about them: one table, types.def, read by
 * SQLDescribeCol, SQLColAttribute, SQLGetTypeInfo, SQLColumns, conversion and parameters.
 * odbc-features E.2 says what to report. Pure. */
#ifndef NEON_CONVERT_TYPEMAP_H
#define NEON_CONVERT_TYPEMAP_H

#include <sql.h>
#include <sqlext.h>

#include "base/cell.h"
#include "base/err.h"

/* What the text form of a type looks like: decides the converters. */
enum type_family {
    FAM_BOOL,
    FAM_INT,
    FAM_FLOAT,
    FAM_NUMERIC,
    FAM_TEXT,
    FAM_BYTEA,
    FAM_DATE,
    FAM_TIME,
    FAM_TIMETZ,
    FAM_TIMESTAMP,
    FAM_TIMESTAMPTZ,
    FAM_INTERVAL,
    FAM_UUID,
    FAM_BIT,
    FAM_COUNT
};

struct type_row {
    uint32_t oid;        /* 0 in the row for everything that is not built in */
    const char *typname; /* pg_type.typname */
    const char *name; /* as TYPE_NAME shows it and CREATE TABLE takes it: typname but for "char" and
                         aliases */
    enum type_family family;
    SQLSMALLINT sql_type; /* concise type reported by default */
    /* further columns of types.def (size rule, literal prefix, searchable, ...) are for typemap*.c
     */
    uint8_t size_rule;
    uint16_t fixed_size; /* characters, for types whose text has a known maximum */
    uint8_t flags;       /* TYPE_PREFERRED and the like */
    const char *literal_prefix, *literal_suffix, *create_params;
    SQLSMALLINT case_sensitive, searchable, is_unsigned, fixed_prec_scale, auto_unique;
    uint32_t element_oid; /* of an array type; 0 */
};

/* type_row.flags */
#define TYPE_PREFERRED 1u /* the row SQLGetTypeInfo puts first for its type code */
#define TYPE_ALIAS 2u     /* for SQLGetTypeInfo only: no column reports this type code by default */
#define TYPE_PSEUDO 4u    /* no column of a table can have that type: not in SQLGetTypeInfo */
#define TYPE_ARRAY 8u     /* an array of element_oid */
#define TYPE_RANGE 16u    /* a range or multirange */
#define TYPE_NO_CAST 32u  /* the server makes no number into one: as a parameter it is text */

/* Keywords that change what is reported (odbc-features D.1/D.2); a zeroed struct is not valid:
 * type_options_default. */
struct type_options {
    bool bools_as_char, text_as_longvarchar, unknowns_as_longvarchar, bytea_as_longvarbinary,
        true_is_minus1;
    SQLINTEGER max_varchar_size;     /* characters reported for unbounded text; 8190 */
    SQLINTEGER max_longvarchar_size; /* 0 = unknown */
    SQLSMALLINT int8_as;             /* 0 = SQL_BIGINT */
    SQLSMALLINT numeric_as; /* for numeric without precision: SQL_NUMERIC, SQL_DOUBLE, SQL_VARCHAR,
                               SQL_LONGVARCHAR */
    SQLSMALLINT
    interval_as; /* SQL_WVARCHAR or SQL_INTERVAL_DAY_TO_SECOND meaning "as the modifier says" */
    SQLSMALLINT uuid_as;        /* SQL_GUID or SQL_WVARCHAR */
    SQLSMALLINT timestamptz_as; /* SQL_TYPE_TIMESTAMP, SQL_WVARCHAR or SQL_SS_TIMESTAMPOFFSET */
    SQLSMALLINT json_as;        /* SQL_WVARCHAR or SQL_WLONGVARCHAR */
    bool pg_types; /* private type codes for types that ODBC has no faithful type for */
};

/* A timestamp with its offset, as Microsoft's driver defines it (msodbcsql.h): type code, C type
 * and structure that clients know. */
#define SQL_SS_TIMESTAMPOFFSET (-155)
#define SQL_C_SS_TIMESTAMPOFFSET 0x4001
struct timestamp_offset {
    SQLSMALLINT year;
    SQLUSMALLINT month, day, hour, minute, second;
    SQLUINTEGER fraction;                   /* nanoseconds */
    SQLSMALLINT offset_hour, offset_minute; /* both with the sign of the offset */
};

/* Private type codes (PgTypes=1): SQL_DRIVER_SQL_TYPE_BASE + OID. Built-in types have OIDs below
 * 0x4000, so each has a code of its own in the range that ODBC 3.8 keeps for drivers. */
#define TYPE_PRIVATE_BASE 0x4000
void type_options_default(struct type_options *o);

/* Everything ODBC wants to know of a column or parameter of that type. */
struct type_desc {
    const struct type_row *row;
    SQLSMALLINT concise_type, verbose_type,
        datetime_sub;    /* SQL_DESC_CONCISE_TYPE, _TYPE, _DATETIME_INTERVAL_CODE */
    SQLULEN column_size; /* SQLDescribeCol; characters, bytes or digits by type */
    SQLLEN octet_length; /* SQL_DESC_OCTET_LENGTH: bytes when transferred to its default C type,
                            without terminator */
    SQLLEN display_size; /* characters */
    SQLLEN length;       /* SQL_DESC_LENGTH */
    SQLSMALLINT precision, scale, decimal_digits, num_prec_radix;
    SQLSMALLINT is_unsigned, case_sensitive, searchable, fixed_prec_scale;
    const char *literal_prefix, *literal_suffix, *create_params; /* "" when none */
    const char *type_name; /* the row's name; for a type that is not built in the caller puts the
                              real one */
    const char *local_type_name;
};

/* The row of a built-in type; for any other OID the row of "unknown text" (never NULL). */
const struct type_row *typemap_find(uint32_t oid);
/* The first row whose typname or name that is, or NULL. Exact bytes. */
const struct type_row *typemap_find_name(struct strview name);
/* type_modifier: pg_attribute.atttypmod, -1 when none. Any values are safe. */
void typemap_describe(uint32_t oid, int32_t type_modifier, const struct type_options *o,
                      struct type_desc *out);
/* The same for a row, aliases included (SQLGetTypeInfo); an alias keeps its type code whatever the
 * options say. */
void typemap_describe_row(const struct type_row *row, int32_t type_modifier,
                          const struct type_options *o, struct type_desc *out);
/* Rows in table order: types, their aliases, array types; NULL past the end. SQLGetTypeInfo shows
 * those without TYPE_PSEUDO (and decides about TYPE_ARRAY), described by typemap_describe_row with
 * the session's options. */
const struct type_row *typemap_row(size_t index);
/* The default C type of a concise SQL type (SQL_C_DEFAULT); SQL_C_CHAR for unknown ones. */
SQLSMALLINT typemap_default_c_type(SQLSMALLINT concise_sql_type);
/* Accepts ODBC 2 codes (9, 10, 11) and gives the ODBC 3 one; others unchanged. */
SQLSMALLINT typemap_odbc3_type(SQLSMALLINT type);
/* And back, for an ODBC 2 application. */
SQLSMALLINT typemap_odbc2_type(SQLSMALLINT type);
/* True for a valid concise SQL type / C type of ODBC 3.80 (HY004 / HY003 otherwise). */
bool typemap_is_sql_type(SQLSMALLINT t);
bool typemap_is_c_type(SQLSMALLINT t);

#endif
