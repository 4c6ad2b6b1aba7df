/* SQLConnect, SQLDriverConnect, SQLDisconnect. Keywords are config/'s, the connection itself is
 * handle/dbc.c's. */
#include "api/api_enter.h"
#include "api/text_arg.h"
#include "config/config.h"

static void post_warnings(struct dbc *d, const struct config_warnings *w, bool *any)
{
    for (size_t i = 0; i < w->n; i++) {
        if (w->item[i].state == ST_NONE) {
            log_line(d->log, LOG_REQUEST, "%s", w->item[i].text);
            continue;
        }
        diag_post(&d->handle, w->item[i].state, 0, "%s", w->item[i].text);
        *any = true;
    }
}

/* What both functions gave, as UTF-8. */
struct connect_args {
    struct text connstr, dsn, uid, pwd;
};

static void connect_args_release(struct connect_args *a)
{
    text_release(&a->connstr);
    text_release(&a->dsn);
    text_release(&a->uid);
    text_release(&a->pwd);
}

static const char *or_null(const struct text *t)
{
    return t->is_null ? NULL : buf_str(&t->utf8);
}

/* Builds the options and opens; *out gets the completed string (SQLDriverConnect) unless NULL. */
static SQLRETURN open_with(struct dbc *d, const struct connect_args *a, const struct text_out *out,
                           SQLUSMALLINT completion)
{
    struct conn_options options;
    struct config_warnings w;
    struct err e = ERR_INIT;
    struct buf completed = BUF_INIT(0);
    bool warned = false;
    SQLRETURN rc = SQL_SUCCESS;

    conn_options_init(&options);
    config_warnings_init(&w);
    if (!config_build(&options, text_sv(&a->connstr), or_null(&a->dsn), or_null(&a->uid),
                      or_null(&a->pwd), &w, &e))
        rc = diag_post_err(&d->handle, &e);
    if (rc == SQL_SUCCESS && completion != SQL_DRIVER_NOPROMPT &&
        !conn_options_complete(&options, &e)) {
        err_release(&e);
        rc = diag_post(&d->handle, ST_IM008, 0,
                       "The connection string is not complete, and this driver shows no dialog: "
                       "give Server, UID, PWD and Database, or Url.");
    }
    if (rc == SQL_SUCCESS && out != NULL && !conn_options_to_connstr(&options, &completed))
        rc = diag_post(&d->handle, ST_HY001, 0, "Out of memory.");
    if (rc == SQL_SUCCESS && !dbc_open(d, &options, &e))
        rc = diag_post_err(&d->handle, &e);
    if (rc == SQL_SUCCESS) {
        post_warnings(d, &w, &warned);
        if (out != NULL)
            rc = text_out_put(&d->handle, out, buf_sv(&completed));
        if (warned && rc == SQL_SUCCESS)
            rc = SQL_SUCCESS_WITH_INFO;
    }
    conn_options_release(&options);
    config_warnings_release(&w);
    buf_release_secret(&completed);
    return rc;
}

/* Enters a connection that must not be open yet. */
static struct dbc *enter_closed(SQLHDBC h, const char *function, SQLRETURN *rc)
{
    struct dbc *d = api_enter_dbc(h, function, ENTER_PLAIN, rc);

    if (d == NULL || !d->connected)
        return d;
    *rc = api_leave_dbc(d, diag_post(&d->handle, ST_08002, 0, "The connection is already open."));
    return NULL;
}

static SQLRETURN connect_dsn(SQLHDBC h, struct text_in dsn, struct text_in uid, struct text_in pwd)
{
    SQLRETURN rc;
    struct connect_args a = {TEXT_INIT, TEXT_INIT, TEXT_INIT, TEXT_INIT};
    struct dbc *d = enter_closed(h, "SQLConnect", &rc);

    if (d == NULL)
        return rc;
    rc = text_in_read(&d->handle, dsn, &a.dsn);
    if (rc == SQL_SUCCESS)
        rc = text_in_read(&d->handle, uid, &a.uid);
    if (rc == SQL_SUCCESS)
        rc = text_in_read(&d->handle, pwd, &a.pwd);
    if (rc == SQL_SUCCESS)
        rc = open_with(d, &a, NULL, SQL_DRIVER_NOPROMPT);
    connect_args_release(&a);
    return api_leave_dbc(d, rc);
}

NEON_EXPORT SQLRETURN SQL_API SQLConnect(SQLHDBC h, SQLCHAR *dsn, SQLSMALLINT n1, SQLCHAR *uid,
                                         SQLSMALLINT n2, SQLCHAR *pwd, SQLSMALLINT n3)
{
    return connect_dsn(h, IN_A(dsn, n1), IN_A(uid, n2), IN_A(pwd, n3));
}

NEON_EXPORT SQLRETURN SQL_API SQLConnectW(SQLHDBC h, SQLWCHAR *dsn, SQLSMALLINT n1, SQLWCHAR *uid,
                                          SQLSMALLINT n2, SQLWCHAR *pwd, SQLSMALLINT n3)
{
    return connect_dsn(h, IN_W(dsn, n1), IN_W(uid, n2), IN_W(pwd, n3));
}

static SQLRETURN driver_connect(SQLHDBC h, struct text_in connstr, const struct text_out *out,
                                SQLUSMALLINT completion)
{
    SQLRETURN rc;
    struct connect_args a = {TEXT_INIT, TEXT_INIT, TEXT_INIT, TEXT_INIT};
    struct dbc *d = enter_closed(h, "SQLDriverConnect", &rc);

    if (d == NULL)
        return rc;
    if (completion > SQL_DRIVER_COMPLETE_REQUIRED)
        rc =
            diag_post(&d->handle, ST_HY110, 0, "%u is no driver completion.", (unsigned)completion);
    else
        rc = text_in_read(&d->handle, connstr, &a.connstr);
    if (rc == SQL_SUCCESS)
        rc = open_with(d, &a, out, completion);
    connect_args_release(&a);
    return api_leave_dbc(d, rc);
}

NEON_EXPORT SQLRETURN SQL_API SQLDriverConnect(SQLHDBC h, SQLHWND window, SQLCHAR *connstr,
                                               SQLSMALLINT len, SQLCHAR *out, SQLSMALLINT cap,
                                               SQLSMALLINT *out_len, SQLUSMALLINT completion)
{
    (void)window;
    return driver_connect(h, IN_A(connstr, len), &OUT_SMALL(out, cap, out_len, UNIT_A), completion);
}

NEON_EXPORT SQLRETURN SQL_API SQLDriverConnectW(SQLHDBC h, SQLHWND window, SQLWCHAR *connstr,
                                                SQLSMALLINT len, SQLWCHAR *out, SQLSMALLINT cap,
                                                SQLSMALLINT *out_len, SQLUSMALLINT completion)
{
    (void)window;
    return driver_connect(h, IN_W(connstr, len), &OUT_SMALL(out, cap, out_len, UNIT_W_CHARS),
                          completion);
}

NEON_EXPORT SQLRETURN SQL_API SQLDisconnect(SQLHDBC h)
{
    SQLRETURN rc;
    struct dbc *d = api_enter_dbc(h, "SQLDisconnect", ENTER_CONNECTED | ENTER_ALL_DONE, &rc);

    if (d == NULL)
        return rc;
    for (const struct stmt *s = d->stmts; s != NULL; s = s->next)
        if (s->need_data.active || s->edit_need.active)
            return api_leave_dbc(d, diag_post(&d->handle, ST_HY010, 0,
                                              "A statement of this connection waits for data: call "
                                              "SQLParamData and SQLPutData, or SQLCancel, first."));
    if (d->tx.n_writes > 0)
        return api_leave_dbc(d,
                             diag_post(&d->handle, ST_25000, 0,
                                       "A transaction is open, with statements that would be lost: "
                                       "commit or roll it back (SQLEndTran) first."));
    /* Statements and explicit descriptors go with the connection (SQLDisconnect's reference). */
    while (d->stmts != NULL)
        stmt_free(d->stmts);
    while (d->descs != NULL)
        desc_free_explicit(d->descs);
    dbc_close(d);
    return api_leave_dbc(d, SQL_SUCCESS);
}
