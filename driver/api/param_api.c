/* Parameters: SQLBindParameter, SQLNumParams, SQLParamData, SQLPutData. */
#include "api/sync_names.h"

#include "api/api_enter.h"

NEON_EXPORT SQLRETURN SQL_API SQLBindParameter(SQLHSTMT h, SQLUSMALLINT number, SQLSMALLINT io_type,
                                               SQLSMALLINT c_type, SQLSMALLINT sql_type,
                                               SQLULEN column_size, SQLSMALLINT decimal_digits,
                                               SQLPOINTER value, SQLLEN buffer_bytes,
                                               SQLLEN *len_or_ind)
{
    SQLRETURN rc;
    struct bind_param b = {number,         io_type, c_type,       sql_type,  column_size,
                           decimal_digits, value,   buffer_bytes, len_or_ind};
    struct stmt *s = api_enter_stmt(h, "SQLBindParameter", ENTER_PLAIN, &rc);

    return s ? api_leave_stmt(s, stmt_bind_param(s, &b)) : rc;
}

NEON_EXPORT SQLRETURN SQL_API SQLNumParams(SQLHSTMT h, SQLSMALLINT *out)
{
    SQLRETURN rc;
    SQLSMALLINT n = 0;
    struct stmt *s = api_enter_stmt(h, "SQLNumParams", ENTER_PLAIN, &rc);

    if (s == NULL)
        return rc;
    rc = stmt_num_params(s, &n);
    if (rc == SQL_SUCCESS && out != NULL)
        *out = n;
    return api_leave_stmt(s, rc);
}

NEON_EXPORT SQLRETURN SQL_API SQLParamData(SQLHSTMT h, SQLPOINTER *token)
{
    SQLRETURN rc;
    SQLPOINTER t = NULL;
    struct stmt *s = api_enter_stmt(h, "SQLParamData", ENTER_NEED_DATA_OK, &rc);

    if (s == NULL)
        return rc;
    rc = stmt_param_data(s, &t);
    if (rc == SQL_NEED_DATA && token != NULL)
        *token = t;
    return api_leave_stmt(s, rc);
}

NEON_EXPORT SQLRETURN SQL_API SQLPutData(SQLHSTMT h, SQLPOINTER data, SQLLEN len_or_ind)
{
    SQLRETURN rc;
    struct stmt *s = api_enter_stmt(h, "SQLPutData", ENTER_NEED_DATA_OK, &rc);

    return s ? api_leave_stmt(s, stmt_put_data(s, data, len_or_ind)) : rc;
}

NEON_EXPORT SQLRETURN SQL_API SQLDescribeParam(SQLHSTMT h, SQLUSMALLINT number,
                                               SQLSMALLINT *sql_type, SQLULEN *column_size,
                                               SQLSMALLINT *decimal_digits, SQLSMALLINT *nullable)
{
    SQLRETURN rc;
    struct param_description d;
    struct stmt *s = api_enter_stmt(h, "SQLDescribeParam", ENTER_PLAIN, &rc);

    if (s == NULL)
        return rc;
    rc = stmt_describe_param(s, number, &d);
    if (rc == SQL_SUCCESS) {
        if (sql_type != NULL)
            *sql_type = d.sql_type;
        if (column_size != NULL)
            *column_size = d.column_size;
        if (decimal_digits != NULL)
            *decimal_digits = d.decimal_digits;
        if (nullable != NULL)
            *nullable = d.nullable;
    }
    return api_leave_stmt(s, rc);
}

/* ODBC 1: the array's size and the count of sets, which are attributes since. */
NEON_EXPORT SQLRETURN SQL_API SQLParamOptions(SQLHSTMT h, SQLULEN n_sets, SQLULEN *processed)
{
    SQLRETURN rc;
    struct stmt *s = api_enter_stmt(h, "SQLParamOptions", ENTER_PLAIN, &rc);

    if (s == NULL)
        return rc;
    rc = n_sets > 0 ? stmt_set_attr(s, SQL_ATTR_PARAMSET_SIZE, (SQLPOINTER)(uintptr_t)n_sets)
                    : diag_post(&s->handle, ST_HY107, 0, "An array has at least one set.");
    if (rc == SQL_SUCCESS)
        rc = stmt_set_attr(s, SQL_ATTR_PARAMS_PROCESSED_PTR, processed);
    return api_leave_stmt(s, rc);
}
