/* Results: SQLNumResultCols, SQLDescribeCol, SQLColAttribute, SQLBindCol, SQLFetch, SQLGetData. */
#include "api/sync_names.h"

#include "api/api_enter.h"
#include "api/text_arg.h"

NEON_EXPORT SQLRETURN SQL_API SQLNumResultCols(SQLHSTMT h, SQLSMALLINT *out)
{
    SQLRETURN rc;
    SQLSMALLINT n = 0;
    struct stmt *s = api_enter_stmt(h, "SQLNumResultCols", ENTER_PLAIN, &rc);

    if (s == NULL)
        return rc;
    rc = stmt_num_result_cols(s, &n);
    if (rc == SQL_SUCCESS && out != NULL)
        *out = n;
    return api_leave_stmt(s, rc);
}

struct described {
    SQLSMALLINT *type;
    SQLULEN *size;
    SQLSMALLINT *digits, *nullable;
};

static SQLRETURN describe_col(SQLHSTMT h, SQLUSMALLINT number, const struct text_out *name,
                              const struct described *out)
{
    SQLRETURN rc;
    const struct desc_rec *r;
    struct stmt *s = api_enter_stmt(h, "SQLDescribeCol", ENTER_PLAIN, &rc);

    if (s == NULL)
        return rc;
    r = colmeta_column(s, number);
    if (r == NULL)
        return api_leave_stmt(s, SQL_ERROR);
    if (out->type != NULL)
        *out->type = r->concise_type;
    if (out->size != NULL)
        *out->size = r->column_size;
    if (out->digits != NULL)
        *out->digits = r->decimal_digits;
    if (out->nullable != NULL)
        *out->nullable = r->nullable;
    return api_leave_stmt(s, text_out_put(&s->handle, name, sv(r->name ? r->name : "")));
}

NEON_EXPORT SQLRETURN SQL_API SQLDescribeCol(SQLHSTMT h, SQLUSMALLINT number, SQLCHAR *name,
                                             SQLSMALLINT cap, SQLSMALLINT *len, SQLSMALLINT *type,
                                             SQLULEN *size, SQLSMALLINT *digits,
                                             SQLSMALLINT *nullable)
{
    return describe_col(h, number, &OUT_SMALL(name, cap, len, UNIT_A),
                        &(struct described){type, size, digits, nullable});
}

NEON_EXPORT SQLRETURN SQL_API SQLDescribeColW(SQLHSTMT h, SQLUSMALLINT number, SQLWCHAR *name,
                                              SQLSMALLINT cap, SQLSMALLINT *len, SQLSMALLINT *type,
                                              SQLULEN *size, SQLSMALLINT *digits,
                                              SQLSMALLINT *nullable)
{
    return describe_col(h, number, &OUT_SMALL(name, cap, len, UNIT_W_CHARS),
                        &(struct described){type, size, digits, nullable});
}

static SQLRETURN col_attribute(SQLHSTMT h, SQLUSMALLINT number, SQLUSMALLINT field,
                               const struct text_out *text, SQLLEN *number_out)
{
    SQLRETURN rc;
    struct desc_value v = {0};
    SQLSMALLINT count = 0;
    struct stmt *s = api_enter_stmt(h, "SQLColAttribute", ENTER_PLAIN, &rc);

    if (s == NULL)
        return rc;
    if (field == SQL_DESC_COUNT || field == SQL_COLUMN_COUNT) {
        rc = stmt_num_result_cols(s, &count);
        if (rc == SQL_SUCCESS && number_out != NULL)
            *number_out = count;
        return api_leave_stmt(s, rc);
    }
    if (colmeta_column(s, number) == NULL)
        return api_leave_stmt(s, SQL_ERROR);
    if (colmeta_complete(s, &s->handle, number, (SQLSMALLINT)field) != SQL_SUCCESS)
        return api_leave_stmt(s, SQL_ERROR);
    if (!desc_col_attribute(&s->ird, number, field, &v))
        return api_leave_stmt(s, diag_post(&s->handle, ST_HY091, 0,
                                           "%u is no field of a result column.", (unsigned)field));
    if (v.kind == DESC_V_TEXT)
        return api_leave_stmt(s, text_out_put(&s->handle, text, sv(v.text ? v.text : "")));
    if (number_out != NULL)
        *number_out = v.number;
    return api_leave_stmt(s, SQL_SUCCESS);
}

NEON_EXPORT SQLRETURN SQL_API SQLColAttribute(SQLHSTMT h, SQLUSMALLINT number, SQLUSMALLINT field,
                                              SQLPOINTER buf, SQLSMALLINT cap, SQLSMALLINT *len,
                                              SQLLEN *number_out)
{
    return col_attribute(h, number, field, &OUT_SMALL(buf, cap, len, UNIT_A), number_out);
}

NEON_EXPORT SQLRETURN SQL_API SQLColAttributeW(SQLHSTMT h, SQLUSMALLINT number, SQLUSMALLINT field,
                                               SQLPOINTER buf, SQLSMALLINT cap, SQLSMALLINT *len,
                                               SQLLEN *number_out)
{
    return col_attribute(h, number, field, &OUT_SMALL(buf, cap, len, UNIT_W_BYTES), number_out);
}

NEON_EXPORT SQLRETURN SQL_API SQLBindCol(SQLHSTMT h, SQLUSMALLINT column, SQLSMALLINT c_type,
                                         SQLPOINTER buf, SQLLEN cap, SQLLEN *len_or_ind)
{
    SQLRETURN rc;
    struct stmt *s = api_enter_stmt(h, "SQLBindCol", ENTER_PLAIN, &rc);

    return s ? api_leave_stmt(s, stmt_bind_col(s, column, c_type, buf, cap, len_or_ind)) : rc;
}

NEON_EXPORT SQLRETURN SQL_API SQLFetch(SQLHSTMT h)
{
    SQLRETURN rc;
    struct stmt *s = api_enter_stmt(h, "SQLFetch", ENTER_PLAIN, &rc);

    return s ? api_leave_stmt(s, stmt_fetch(s)) : rc;
}

NEON_EXPORT SQLRETURN SQL_API SQLGetData(SQLHSTMT h, SQLUSMALLINT column, SQLSMALLINT c_type,
                                         SQLPOINTER buf, SQLLEN cap, SQLLEN *len_or_ind)
{
    SQLRETURN rc;
    struct stmt *s = api_enter_stmt(h, "SQLGetData", ENTER_PLAIN, &rc);

    return s ? api_leave_stmt(s, stmt_get_data(s, column, c_type, buf, cap, len_or_ind)) : rc;
}
