/* ODBC's type codes: how the sizes of each are told, its default C type, its ODBC 2 spelling.
 * Called by typemap.c and, through typemap.h, by handle/ and stmt/. */
#include "convert/typemap_int.h"

#include <sqlucode.h>

#include "convert/interval.h"

static const struct type_code codes[] = {
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

const struct type_code *type_code_find(SQLSMALLINT code)
{
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (codes[i].code == code)
            return &codes[i];
    }
    return NULL;
}

SQLSMALLINT typemap_default_c_type(SQLSMALLINT concise_sql_type)
{
    const struct type_code *code = type_code_find(typemap_odbc3_type(concise_sql_type));

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
    return type_code_find(typemap_odbc3_type(t)) != NULL;
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
