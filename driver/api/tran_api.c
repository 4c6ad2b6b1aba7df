/* SQLEndTran. Over stateless HTTP every statement has ended its own transaction; without one open,
 * committing or rolling back is the success the standard wants, and costs no request. */
#include "api/api_enter.h"

static bool completion_is_valid(SQLSMALLINT completion)
{
    return completion == SQL_COMMIT || completion == SQL_ROLLBACK;
}

static SQLRETURN end_env(SQLHENV h, SQLSMALLINT completion)
{
    SQLRETURN rc;
    struct env *e = api_enter_env(h, "SQLEndTran", ENTER_PLAIN, &rc);

    if (e == NULL)
        return rc;
    if (!completion_is_valid(completion))
        return api_leave_env(e,
                             diag_post(&e->handle, ST_HY012, 0,
                                       "%d is neither SQL_COMMIT nor SQL_ROLLBACK.", completion));
    return api_leave_env(e, SQL_SUCCESS);
}

static SQLRETURN end_dbc(SQLHDBC h, SQLSMALLINT completion)
{
    SQLRETURN rc;
    struct dbc *d = api_enter_dbc(h, "SQLEndTran", ENTER_CONNECTED, &rc);

    if (d == NULL)
        return rc;
    if (!completion_is_valid(completion))
        return api_leave_dbc(d,
                             diag_post(&d->handle, ST_HY012, 0,
                                       "%d is neither SQL_COMMIT nor SQL_ROLLBACK.", completion));
    return api_leave_dbc(d, SQL_SUCCESS);
}

NEON_EXPORT SQLRETURN SQL_API SQLEndTran(SQLSMALLINT type, SQLHANDLE h, SQLSMALLINT completion)
{
    if (type == SQL_HANDLE_ENV)
        return end_env(h, completion);
    return type == SQL_HANDLE_DBC ? end_dbc(h, completion) : SQL_INVALID_HANDLE;
}
