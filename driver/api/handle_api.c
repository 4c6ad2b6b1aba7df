/* SQLAllocHandle, SQLFreeHandle, SQLFreeStmt, SQLCancel, SQLCancelHandle, SQLCloseCursor. */
#include "api/api_async.h"
#include "api/api_enter.h"

static SQLRETURN alloc_env(SQLHANDLE *out)
{
    struct env *e = env_new();

    *out = e ? (SQLHANDLE)e : SQL_NULL_HANDLE;
    return e ? SQL_SUCCESS : SQL_ERROR;
}

static SQLRETURN alloc_dbc(SQLHENV parent, SQLHANDLE *out)
{
    SQLRETURN rc;
    struct env *e = api_enter_env(parent, "SQLAllocHandle", ENTER_PLAIN, &rc);
    struct dbc *d = NULL;

    *out = SQL_NULL_HANDLE;
    if (e == NULL)
        return rc;
    if (e->odbc_version == 0)
        rc = diag_post(&e->handle, ST_HY010, 0,
                       "SQL_ATTR_ODBC_VERSION must be set on the environment before a connection "
                       "is allocated.");
    else
        rc = (d = dbc_new(e)) ? SQL_SUCCESS : diag_post(&e->handle, ST_HY001, 0, "Out of memory.");
    *out = d ? (SQLHANDLE)d : SQL_NULL_HANDLE;
    return api_leave_env(e, rc);
}

/* Statements and descriptors hang on an open connection. */
static SQLRETURN alloc_on_dbc(SQLHDBC parent, bool is_stmt, SQLHANDLE *out)
{
    SQLRETURN rc;
    struct dbc *d = api_enter_dbc(parent, "SQLAllocHandle", ENTER_CONNECTED, &rc);
    void *fresh;

    *out = SQL_NULL_HANDLE;
    if (d == NULL)
        return rc;
    fresh = is_stmt ? (void *)stmt_new(d) : (void *)desc_new_explicit(d);
    *out = fresh ? (SQLHANDLE)fresh : SQL_NULL_HANDLE;
    return api_leave_dbc(d, fresh ? SQL_SUCCESS
                                  : diag_post(&d->handle, ST_HY001, 0, "Out of memory."));
}

static SQLRETURN refuse_on_env(SQLHENV parent, enum sqlstate state, const char *text)
{
    SQLRETURN rc;
    struct env *e = api_enter_env(parent, "SQLAllocHandle", ENTER_PLAIN, &rc);

    return e ? api_leave_env(e, diag_post(&e->handle, state, 0, "%s", text)) : rc;
}

static SQLRETURN refuse_on_dbc(SQLHDBC parent, enum sqlstate state, const char *text)
{
    SQLRETURN rc;
    struct dbc *d = api_enter_dbc(parent, "SQLAllocHandle", ENTER_PLAIN, &rc);

    return d ? api_leave_dbc(d, diag_post(&d->handle, state, 0, "%s", text)) : rc;
}

/* The record stands on the parent. An environment has none: the return code is all there is. */
static SQLRETURN no_place_for_handle(SQLSMALLINT type, SQLHANDLE parent)
{
    static const char text[] = "The pointer for the new handle is null.";

    if (type == SQL_HANDLE_ENV)
        return SQL_ERROR;
    return type == SQL_HANDLE_DBC ? refuse_on_env(parent, ST_HY009, text)
                                  : refuse_on_dbc(parent, ST_HY009, text);
}

static SQLRETURN unknown_type(SQLHANDLE parent)
{
    static const char text[] = "The handle type is none of SQL_HANDLE_ENV, _DBC, _STMT and _DESC.";
    SQLRETURN rc;
    struct stmt *s;

    if (handle_check(parent, HANDLE_ENV) != NULL)
        return refuse_on_env(parent, ST_HY092, text);
    if (handle_check(parent, HANDLE_STMT) == NULL)
        return refuse_on_dbc(parent, ST_HY092, text);
    s = api_enter_stmt(parent, "SQLAllocHandle", ENTER_PLAIN, &rc);
    return s ? api_leave_stmt(s, diag_post(&s->handle, ST_HY092, 0, "%s", text)) : rc;
}

NEON_EXPORT SQLRETURN SQL_API SQLAllocHandle(SQLSMALLINT type, SQLHANDLE parent, SQLHANDLE *out)
{
    if (out == NULL && type >= SQL_HANDLE_ENV && type <= SQL_HANDLE_DESC)
        return no_place_for_handle(type, parent);
    switch (type) {
    case SQL_HANDLE_ENV:
        return alloc_env(out);
    case SQL_HANDLE_DBC:
        return alloc_dbc(parent, out);
    case SQL_HANDLE_STMT:
        return alloc_on_dbc(parent, true, out);
    case SQL_HANDLE_DESC:
        return alloc_on_dbc(parent, false, out);
    default:
        if (out != NULL)
            *out = SQL_NULL_HANDLE;
        return unknown_type(parent);
    }
}

static SQLRETURN free_env(SQLHENV h)
{
    SQLRETURN rc;
    struct env *e = api_enter_env(h, "SQLFreeHandle", ENTER_PLAIN, &rc);

    if (e == NULL)
        return rc;
    if (e->n_dbcs > 0)
        return api_leave_env(e, diag_post(&e->handle, ST_HY010, 0,
                                          "The environment still has connections: free them "
                                          "first."));
    api_leave_env(e, SQL_SUCCESS);
    env_free(e);
    return SQL_SUCCESS;
}

static SQLRETURN free_dbc(SQLHDBC h)
{
    SQLRETURN rc;
    struct dbc *d = api_enter_dbc(h, "SQLFreeHandle", ENTER_PLAIN, &rc);

    if (d == NULL)
        return rc;
    if (d->connected)
        return api_leave_dbc(d, diag_post(&d->handle, ST_HY010, 0,
                                          "The connection is open: call SQLDisconnect first."));
    api_leave_dbc(d, SQL_SUCCESS);
    dbc_free(d);
    return SQL_SUCCESS;
}

static SQLRETURN free_stmt(SQLHSTMT h)
{
    SQLRETURN rc;
    struct stmt *s = api_enter_stmt(h, "SQLFreeHandle", ENTER_PLAIN, &rc);
    struct dbc *d;

    if (s == NULL)
        return rc;
    d = s->dbc;
    async_free_session(d, s);
    stmt_free(s);
    pthread_mutex_unlock(&d->lock);
    return SQL_SUCCESS;
}

static SQLRETURN free_desc(SQLHDESC h)
{
    SQLRETURN rc;
    struct desc *d = api_enter_desc(h, "SQLFreeHandle", ENTER_PLAIN, &rc);
    struct dbc *dbc;

    if (d == NULL)
        return rc;
    if (d->alloc_type == SQL_DESC_ALLOC_AUTO)
        return api_leave_desc(d, diag_post(&d->handle, ST_HY017, 0,
                                           "This descriptor belongs to its statement and is freed "
                                           "with it."));
    dbc = d->dbc;
    stmt_forget_desc(dbc, d);
    desc_free_explicit(d);
    pthread_mutex_unlock(&dbc->lock);
    return SQL_SUCCESS;
}

NEON_EXPORT SQLRETURN SQL_API SQLFreeHandle(SQLSMALLINT type, SQLHANDLE h)
{
    switch (type) {
    case SQL_HANDLE_ENV:
        return free_env(h);
    case SQL_HANDLE_DBC:
        return free_dbc(h);
    case SQL_HANDLE_STMT:
        return free_stmt(h);
    case SQL_HANDLE_DESC:
        return free_desc(h);
    default:
        return SQL_INVALID_HANDLE;
    }
}

NEON_EXPORT SQLRETURN SQL_API SQLFreeStmt(SQLHSTMT h, SQLUSMALLINT option)
{
    SQLRETURN rc;
    struct stmt *s;

    if (option == SQL_DROP)
        return free_stmt(h);
    s = api_enter_stmt(h, "SQLFreeStmt", ENTER_PLAIN, &rc);
    if (s == NULL)
        return rc;
    if (option == SQL_CLOSE)
        async_free_session(s->dbc, s);
    return api_leave_stmt(s, stmt_free_option(s, option));
}

NEON_EXPORT SQLRETURN SQL_API SQLCloseCursor(SQLHSTMT h)
{
    SQLRETURN rc;
    struct stmt *s = api_enter_stmt(h, "SQLCloseCursor", ENTER_PLAIN, &rc);

    if (s == NULL)
        return rc;
    async_free_session(s->dbc, s);
    return api_leave_stmt(s, stmt_close_cursor(s));
}

/* Takes no lock: another thread is inside a call on this statement, and that call is to end. */
NEON_EXPORT SQLRETURN SQL_API SQLCancel(SQLHSTMT h)
{
    struct handle *handle = handle_check(h, HANDLE_STMT);

    return handle ? stmt_cancel((struct stmt *)(void *)handle) : SQL_INVALID_HANDLE;
}

static SQLRETURN cannot_be_cancelled(struct handle *h)
{
    return diag_post(h, ST_HY092, 0, "Only statements and connections can be cancelled.");
}

/* Connection functions are never asynchronous here: there is nothing to cancel. */
NEON_EXPORT SQLRETURN SQL_API SQLCancelHandle(SQLSMALLINT type, SQLHANDLE h)
{
    SQLRETURN rc = SQL_INVALID_HANDLE;
    struct env *e = NULL;
    struct desc *desc = NULL;
    struct dbc *d = NULL;

    if (type == SQL_HANDLE_STMT)
        return SQLCancel(h);
    if (type == SQL_HANDLE_DBC && (d = api_enter_dbc(h, "SQLCancelHandle", 0, &rc)) != NULL)
        return api_leave_dbc(d, SQL_SUCCESS);
    if (type == SQL_HANDLE_ENV && (e = api_enter_env(h, "SQLCancelHandle", 0, &rc)) != NULL)
        return api_leave_env(e, cannot_be_cancelled(&e->handle));
    if (type == SQL_HANDLE_DESC &&
        (desc = api_enter_desc(h, "SQLCancelHandle", ENTER_NEED_DATA_OK, &rc)) != NULL)
        return api_leave_desc(desc, cannot_be_cancelled(&desc->handle));
    return rc;
}
