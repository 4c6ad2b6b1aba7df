/* Preparing and executing: SQLPrepare, SQLExecute, SQLExecDirect, SQLNativeSql, SQLRowCount,
 * SQLMoreResults. */
#include "api/sync_names.h"

#include "api/api_enter.h"
#include "api/text_arg.h"

/* Reads the text argument; null is HY009. */
static SQLRETURN sql_text(struct handle *h, struct text_in in, struct text *out)
{
    if (in.app == NULL)
        return diag_post(h, ST_HY009, 0, "The SQL text is a null pointer.");
    return text_in_read(h, in, out);
}

typedef SQLRETURN text_call(struct stmt *s, struct strview text);

static SQLRETURN with_text(SQLHSTMT h, struct text_in in, const char *function, text_call *call)
{
    SQLRETURN rc;
    struct text t = TEXT_INIT;
    struct stmt *s = api_enter_stmt(h, function, ENTER_PLAIN, &rc);

    if (s == NULL)
        return rc;
    rc = sql_text(&s->handle, in, &t);
    if (rc == SQL_SUCCESS)
        rc = call(s, text_sv(&t));
    text_release(&t);
    return api_leave_stmt(s, rc);
}

NEON_EXPORT SQLRETURN SQL_API SQLPrepare(SQLHSTMT h, SQLCHAR *text, SQLINTEGER len)
{
    return with_text(h, IN_A(text, len), "SQLPrepare", stmt_prepare);
}

NEON_EXPORT SQLRETURN SQL_API SQLPrepareW(SQLHSTMT h, SQLWCHAR *text, SQLINTEGER len)
{
    return with_text(h, IN_W(text, len), "SQLPrepareW", stmt_prepare);
}

NEON_EXPORT SQLRETURN SQL_API SQLExecDirect(SQLHSTMT h, SQLCHAR *text, SQLINTEGER len)
{
    return with_text(h, IN_A(text, len), "SQLExecDirect", stmt_exec_direct);
}

NEON_EXPORT SQLRETURN SQL_API SQLExecDirectW(SQLHSTMT h, SQLWCHAR *text, SQLINTEGER len)
{
    return with_text(h, IN_W(text, len), "SQLExecDirectW", stmt_exec_direct);
}

NEON_EXPORT SQLRETURN SQL_API SQLExecute(SQLHSTMT h)
{
    SQLRETURN rc;
    struct stmt *s = api_enter_stmt(h, "SQLExecute", ENTER_PLAIN, &rc);

    return s ? api_leave_stmt(s, stmt_execute(s)) : rc;
}

NEON_EXPORT SQLRETURN SQL_API SQLMoreResults(SQLHSTMT h)
{
    SQLRETURN rc;
    struct stmt *s = api_enter_stmt(h, "SQLMoreResults", ENTER_PLAIN, &rc);

    return s ? api_leave_stmt(s, stmt_more_results(s)) : rc;
}

NEON_EXPORT SQLRETURN SQL_API SQLRowCount(SQLHSTMT h, SQLLEN *out)
{
    SQLRETURN rc;
    SQLLEN n = -1;
    struct stmt *s = api_enter_stmt(h, "SQLRowCount", ENTER_PLAIN, &rc);

    if (s == NULL)
        return rc;
    rc = stmt_row_count(s, &n);
    if (rc == SQL_SUCCESS && out != NULL)
        *out = n;
    return api_leave_stmt(s, rc);
}

static SQLRETURN native_sql(SQLHDBC h, struct text_in in, const struct text_out *out)
{
    SQLRETURN rc;
    struct text t = TEXT_INIT;
    struct buf native = BUF_INIT(0);
    struct dbc *d = api_enter_dbc(h, "SQLNativeSql", ENTER_CONNECTED, &rc);

    if (d == NULL)
        return rc;
    rc = sql_text(&d->handle, in, &t);
    if (rc == SQL_SUCCESS)
        rc = stmt_native_sql(d, text_sv(&t), &native);
    if (rc == SQL_SUCCESS)
        rc = text_out_put(&d->handle, out, buf_sv(&native));
    text_release(&t);
    buf_release(&native);
    return api_leave_dbc(d, rc);
}

NEON_EXPORT SQLRETURN SQL_API SQLNativeSql(SQLHDBC h, SQLCHAR *text, SQLINTEGER len, SQLCHAR *out,
                                           SQLINTEGER cap, SQLINTEGER *out_len)
{
    return native_sql(h, IN_A(text, len), &OUT_INT(out, cap, out_len, UNIT_A));
}

NEON_EXPORT SQLRETURN SQL_API SQLNativeSqlW(SQLHDBC h, SQLWCHAR *text, SQLINTEGER len,
                                            SQLWCHAR *out, SQLINTEGER cap, SQLINTEGER *out_len)
{
    return native_sql(h, IN_W(text, len), &OUT_INT(out, cap, out_len, UNIT_W_CHARS));
}

static SQLRETURN set_cursor_name(SQLHSTMT h, struct text_in in)
{
    SQLRETURN rc;
    struct text t = TEXT_INIT;
    struct stmt *s = api_enter_stmt(h, "SQLSetCursorName", ENTER_PLAIN, &rc);

    if (s == NULL)
        return rc;
    rc = in.app ? text_in_read(&s->handle, in, &t)
                : diag_post(&s->handle, ST_HY009, 0, "The cursor name is a null pointer.");
    if (rc == SQL_SUCCESS)
        rc = stmt_set_cursor_name(s, buf_str(&t.utf8));
    text_release(&t);
    return api_leave_stmt(s, rc);
}

NEON_EXPORT SQLRETURN SQL_API SQLSetCursorName(SQLHSTMT h, SQLCHAR *name, SQLSMALLINT len)
{
    return set_cursor_name(h, IN_A(name, len));
}

NEON_EXPORT SQLRETURN SQL_API SQLSetCursorNameW(SQLHSTMT h, SQLWCHAR *name, SQLSMALLINT len)
{
    return set_cursor_name(h, IN_W(name, len));
}

static SQLRETURN get_cursor_name(SQLHSTMT h, const struct text_out *out)
{
    SQLRETURN rc;
    struct stmt *s = api_enter_stmt(h, "SQLGetCursorName", ENTER_PLAIN, &rc);
    const char *name;

    if (s == NULL)
        return rc;
    name = stmt_cursor_name(s);
    rc = name ? text_out_put(&s->handle, out, sv(name))
              : diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    return api_leave_stmt(s, rc);
}

NEON_EXPORT SQLRETURN SQL_API SQLGetCursorName(SQLHSTMT h, SQLCHAR *out, SQLSMALLINT cap,
                                               SQLSMALLINT *out_len)
{
    return get_cursor_name(h, &OUT_SMALL(out, cap, out_len, UNIT_A));
}

NEON_EXPORT SQLRETURN SQL_API SQLGetCursorNameW(SQLHSTMT h, SQLWCHAR *out, SQLSMALLINT cap,
                                                SQLSMALLINT *out_len)
{
    return get_cursor_name(h, &OUT_SMALL(out, cap, out_len, UNIT_W_CHARS));
}
