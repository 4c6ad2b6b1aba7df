/* Entering and leaving the driver. Called by every entry point. */
#include "api/api_enter.h"

static void lock_of(struct handle *h)
{
    struct dbc *dbc = handle_dbc(h);
    pthread_mutex_lock(dbc ? &dbc->lock : &handle_env(h)->lock);
}

static void unlock_of(struct handle *h)
{
    struct dbc *dbc = handle_dbc(h);
    pthread_mutex_unlock(dbc ? &dbc->lock : &handle_env(h)->lock);
}

static struct handle *enter(SQLHANDLE app, enum handle_kind kind, const char *function,
                            unsigned flags)
{
    struct handle *h = handle_check(app, kind);
    struct dbc *dbc;

    if (h == NULL)
        return NULL;
    lock_of(h);
    if (!(flags & ENTER_KEEP_DIAG))
        diag_clear(&h->diag);
    dbc = handle_dbc(h);
    if (dbc != NULL && log_wants(dbc->log, LOG_CALL))
        log_line(dbc->log, LOG_CALL, "%s(%p)", function, app);
    return h;
}

static SQLRETURN leave(struct handle *h, SQLRETURN rc)
{
    struct dbc *dbc = handle_dbc(h);

    h->diag.return_code = rc;
    if (dbc != NULL && log_wants(dbc->log, LOG_CALL))
        log_line(dbc->log, LOG_CALL, "  = %d", rc);
    unlock_of(h);
    return rc;
}

struct env *api_enter_env(SQLHENV h, const char *function, unsigned flags, SQLRETURN *rc)
{
    *rc = SQL_INVALID_HANDLE;
    return (struct env *)(void *)enter(h, HANDLE_ENV, function, flags);
}

struct dbc *api_enter_dbc(SQLHDBC h, const char *function, unsigned flags, SQLRETURN *rc)
{
    struct dbc *d = (struct dbc *)(void *)enter(h, HANDLE_DBC, function, flags);

    *rc = SQL_INVALID_HANDLE;
    if (d == NULL || !(flags & ENTER_CONNECTED) || d->connected)
        return d;
    *rc = api_leave_dbc(d, diag_post(&d->handle, ST_08003, 0,
                                     "The connection is not open: call SQLConnect or "
                                     "SQLDriverConnect first."));
    return NULL;
}

struct stmt *api_enter_stmt(SQLHSTMT h, const char *function, unsigned flags, SQLRETURN *rc)
{
    struct stmt *s = (struct stmt *)(void *)enter(h, HANDLE_STMT, function, flags);

    *rc = SQL_INVALID_HANDLE;
    if (s == NULL || (flags & ENTER_NEED_DATA_OK) || stmt_check_idle(s) == SQL_SUCCESS)
        return s;
    *rc = api_leave_stmt(s, SQL_ERROR);
    return NULL;
}

struct desc *api_enter_desc(SQLHDESC h, const char *function, unsigned flags, SQLRETURN *rc)
{
    *rc = SQL_INVALID_HANDLE;
    return (struct desc *)(void *)enter(h, HANDLE_DESC, function, flags);
}

SQLRETURN api_leave_env(struct env *e, SQLRETURN rc)
{
    return leave(&e->handle, rc);
}

SQLRETURN api_leave_dbc(struct dbc *d, SQLRETURN rc)
{
    return leave(&d->handle, rc);
}

SQLRETURN api_leave_stmt(struct stmt *s, SQLRETURN rc)
{
    return leave(&s->handle, rc);
}

SQLRETURN api_leave_desc(struct desc *d, SQLRETURN rc)
{
    return leave(&d->handle, rc);
}

void api_leave_keep(struct handle *h)
{
    unlock_of(h);
}
