/* Scrollable cursors: SQLFetchScroll, SQLExtendedFetch, SQLSetPos, SQLBulkOperations. */
#include "api/sync_names.h"

#include "api/api_enter.h"

NEON_EXPORT SQLRETURN SQL_API SQLFetchScroll(SQLHSTMT h, SQLSMALLINT direction, SQLLEN offset)
{
    SQLRETURN rc;
    struct stmt *s = api_enter_stmt(h, "SQLFetchScroll", ENTER_PLAIN, &rc);

    return s ? api_leave_stmt(s, stmt_fetch_scroll(s, direction, offset)) : rc;
}

NEON_EXPORT SQLRETURN SQL_API SQLExtendedFetch(SQLHSTMT h, SQLUSMALLINT direction, SQLLEN offset,
                                               SQLULEN *fetched, SQLUSMALLINT *status)
{
    SQLRETURN rc;
    struct stmt *s = api_enter_stmt(h, "SQLExtendedFetch", ENTER_PLAIN, &rc);

    return s ? api_leave_stmt(s, stmt_extended_fetch(s, direction, offset, fetched, status)) : rc;
}

NEON_EXPORT SQLRETURN SQL_API SQLSetPos(SQLHSTMT h, SQLSETPOSIROW row, SQLUSMALLINT operation,
                                        SQLUSMALLINT lock)
{
    SQLRETURN rc;
    struct stmt *s = api_enter_stmt(h, "SQLSetPos", ENTER_PLAIN, &rc);

    return s ? api_leave_stmt(s, stmt_set_pos(s, row, operation, lock)) : rc;
}

NEON_EXPORT SQLRETURN SQL_API SQLBulkOperations(SQLHSTMT h, SQLSMALLINT operation)
{
    SQLRETURN rc;
    struct stmt *s = api_enter_stmt(h, "SQLBulkOperations", ENTER_PLAIN, &rc);

    return s ? api_leave_stmt(s, stmt_bulk_operations(s, (SQLUSMALLINT)operation)) : rc;
}
