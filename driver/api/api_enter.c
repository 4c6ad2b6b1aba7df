/* Entering and leaving the driver. Called by every entry point. */
#include "api/api_enter.h"

#include "base/fiber.h"

/* An asynchronous call runs under the lock of whoever polls it (api_async.c). From inside its fiber
 * the connection has it as the one under way: the usual call need not look where it runs. */
static bool has_lock(const struct dbc *dbc)
{
    return (dbc == NULL || atomic_load(&dbc->async_running) != NULL) && fiber_is_inside();
}

static void lock_of(struct handle *h, struct dbc *dbc)
{
    if (!has_lock(dbc))
        pthread_mutex_lock(dbc ? &dbc->lock : &handle_env(h)->lock);
}

static void unlock_of(struct handle *h, struct dbc *dbc)
{
    if (!has_lock(dbc))
        pthread_mutex_unlock(dbc ? &dbc->lock : &handle_env(h)->lock);
}

static bool logs_calls(const struct dbc *dbc)
{
    return dbc != NULL && dbc->log != NULL && log_wants(dbc->log, LOG_CALL);
}

static void begin(struct handle *h, struct dbc *dbc, const char *function, unsigned flags)
{
    lock_of(h, dbc);
    if (!(flags & ENTER_KEEP_DIAG))
        diag_clear(&h->diag);
    if (logs_calls(dbc))
        log_line(dbc->log, LOG_CALL, "%s(%p)", function, (void *)h);
}

static struct handle *enter(SQLHANDLE app, enum handle_kind kind, const char *function,
                            unsigned flags)
{
    struct handle *h = handle_check(app, kind);

    if (h != NULL)
        begin(h, handle_dbc(h), function, flags);
    return h;
}

static SQLRETURN end(struct handle *h, struct dbc *dbc, SQLRETURN rc)
{
    h->diag.return_code = rc;
    if (logs_calls(dbc))
        log_line(dbc->log, LOG_CALL, "  = %d", rc);
    unlock_of(h, dbc);
    return rc;
}

static SQLRETURN leave(struct handle *h, SQLRETURN rc)
{
    return end(h, handle_dbc(h), rc);
}

struct env *api_enter_env(SQLHENV h, const char *function, unsigned flags, SQLRETURN *rc)
{
    *rc = SQL_INVALID_HANDLE;
    return (struct env *)(void *)enter(h, HANDLE_ENV, function, flags);
}

static bool uses(const struct stmt *s, const struct desc *x)
{
    return s->ard == x || s->apd == x || &s->ird == x || &s->ipd == x;
}

/* What a statement of the connection is in the middle of, one that uses the descriptor where one is
 * given; NULL: none is. */
static const char *something_unfinished(struct dbc *d, const struct desc *used)
{
    for (struct stmt *s = d->stmts; s != NULL; s = s->next) {
        if (used != NULL && !uses(s, used))
            continue;
        stmt_heed_cancel(s);
        if (s->async != NULL)
            return "A statement of this connection is executing asynchronously: call its "
                   "function again until it is done.";
        if (s->need_data.active || s->edit_need.active)
            return "A statement of this connection waits for data (SQLParamData, SQLPutData): "
                   "finish it, or SQLCancel.";
    }
    return NULL;
}

struct dbc *api_enter_dbc(SQLHDBC h, const char *function, unsigned flags, SQLRETURN *rc)
{
    struct dbc *d = (struct dbc *)(void *)enter(h, HANDLE_DBC, function, flags);
    const char *unfinished = NULL;

    *rc = SQL_INVALID_HANDLE;
    if (d == NULL)
        return NULL;
    if ((flags & ENTER_CONNECTED) && !d->connected)
        *rc = diag_post(&d->handle, ST_08003, 0,
                        "The connection is not open: call SQLConnect or SQLDriverConnect first.");
    else if ((flags & ENTER_ALL_DONE) && (unfinished = something_unfinished(d, NULL)) != NULL)
        *rc = diag_post(&d->handle, ST_HY010, 0, "%s", unfinished);
    else
        return d;
    *rc = api_leave_dbc(d, *rc);
    return NULL;
}

static bool may_enter(struct stmt *s, unsigned flags)
{
    stmt_heed_cancel(s);
    if (s->async == NULL || fiber_is_inside()) {
        if (!(flags & ENTER_KEEP_DIAG))
            diag_clear(&s->handle.diag);
        return (flags & ENTER_NEED_DATA_OK) || stmt_check_idle(s) == SQL_SUCCESS;
    }
    if (flags & ENTER_KEEP_DIAG)
        return true;
    diag_post(&s->handle, ST_HY010, 0,
              "A function is executing asynchronously on this statement: call it again until it is "
              "done, or SQLCancel.");
    return false;
}

struct stmt *api_enter_stmt(SQLHSTMT h, const char *function, unsigned flags, SQLRETURN *rc)
{
    struct stmt *s = (struct stmt *)(void *)handle_check(h, HANDLE_STMT);

    *rc = SQL_INVALID_HANDLE;
    if (s == NULL)
        return NULL;
    begin(&s->handle, s->dbc, function, flags | ENTER_KEEP_DIAG);
    if (may_enter(s, flags))
        return s;
    *rc = api_leave_stmt(s, SQL_ERROR);
    return NULL;
}

struct desc *api_enter_desc(SQLHDESC h, const char *function, unsigned flags, SQLRETURN *rc)
{
    struct desc *d = (struct desc *)(void *)enter(h, HANDLE_DESC, function, flags);
    const char *unfinished = NULL;

    *rc = SQL_INVALID_HANDLE;
    if (d == NULL)
        return NULL;
    if (!(flags & ENTER_NEED_DATA_OK) && (unfinished = something_unfinished(d->dbc, d)) != NULL) {
        *rc = api_leave_desc(d, diag_post(&d->handle, ST_HY010, 0, "%s", unfinished));
        return NULL;
    }
    return d;
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
    return end(&s->handle, s->dbc, rc);
}

SQLRETURN api_leave_desc(struct desc *d, SQLRETURN rc)
{
    return leave(&d->handle, rc);
}

void api_leave_keep(struct handle *h)
{
    unlock_of(h, handle_dbc(h));
}
