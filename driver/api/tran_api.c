/* SQLEndTran. Without a transaction open, and for one without writes, committing or rolling back is
 * the success the standard wants, and costs no request. */
#include "api/api_enter.h"
#include "stmt/transaction_end.h"

static bool completion_is_valid(SQLSMALLINT completion)
{
    return completion == SQL_COMMIT || completion == SQL_ROLLBACK;
}

static SQLRETURN end_dbc(SQLHDBC h, SQLSMALLINT completion, unsigned flags)
{
    SQLRETURN rc;
    struct dbc *d = api_enter_dbc(h, "SQLEndTran", flags | ENTER_ALL_DONE, &rc);

    if (d == NULL)
        return rc;
    if (!completion_is_valid(completion))
        return api_leave_dbc(d,
                             diag_post(&d->handle, ST_HY012, 0,
                                       "%d is neither SQL_COMMIT nor SQL_ROLLBACK.", completion));
    if (!d->connected)
        return api_leave_dbc(d, SQL_SUCCESS);
    return api_leave_dbc(d, transaction_end(d, completion == SQL_COMMIT));
}

/* Each connection by itself: there is no common commit. What became of one that failed is told by
 * its own records. */
static size_t end_all(struct dbc **list, size_t n, SQLSMALLINT completion)
{
    size_t failed = 0;

    for (size_t i = 0; i < n; i++)
        failed += end_dbc((SQLHDBC)list[i], completion, ENTER_PLAIN) == SQL_ERROR;
    mem_free(list);
    return failed;
}

static SQLRETURN end_env(SQLHENV h, SQLSMALLINT completion)
{
    SQLRETURN rc;
    struct dbc **list;
    size_t n, failed;
    struct env *e = api_enter_env(h, "SQLEndTran", ENTER_PLAIN, &rc);

    if (e == NULL)
        return rc;
    if (!completion_is_valid(completion))
        return api_leave_env(e,
                             diag_post(&e->handle, ST_HY012, 0,
                                       "%d is neither SQL_COMMIT nor SQL_ROLLBACK.", completion));
    n = dbc_list(e, NULL, 0);
    list = mem_calloc(n + 1, sizeof *list);
    if (list == NULL)
        return api_leave_env(e, diag_post(&e->handle, ST_HY001, 0, "Out of memory."));
    n = dbc_list(e, list, n);
    api_leave_env(e, SQL_SUCCESS);
    failed = end_all(list, n, completion);
    if (failed == 0)
        return SQL_SUCCESS;
    e = api_enter_env(h, "SQLEndTran", ENTER_PLAIN, &rc);
    if (e == NULL)
        return rc;
    return api_leave_env(
        e, diag_post(&e->handle, ST_25S01, 0,
                     "The transactions of %zu connections, of %zu, did not end as asked: the "
                     "records of each connection say how it ended.",
                     failed, n));
}

NEON_EXPORT SQLRETURN SQL_API SQLEndTran(SQLSMALLINT type, SQLHANDLE h, SQLSMALLINT completion)
{
    if (type == SQL_HANDLE_ENV)
        return end_env(h, completion);
    return type == SQL_HANDLE_DBC ? end_dbc(h, completion, ENTER_CONNECTED) : SQL_INVALID_HANDLE;
}
