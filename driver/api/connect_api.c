/* SQLConnect, SQLDriverConnect, SQLBrowseConnect, SQLDisconnect. Keywords are config/'s, the
 * connection itself is handle/dbc.c's. */
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

/* ---- SQLBrowseConnect: asks for what is missing, as often as needed ---- */

/* "UID:User=?;", with a star before what may be left out, "{a,b}" where there is a choice. */
static void ask_for(struct buf *out, enum conn_key_id id, bool optional)
{
    const struct conn_key *row = conn_key_row(id);
    struct strview rest = sv(row->choices);
    struct strview item;
    bool any = false;

    buf_printf(out, "%s%s:%s=", optional ? "*" : "", row->name, row->label);
    while (conn_key_item(&rest, ',', &item)) {
        buf_append_char(out, any ? ',' : '{');
        buf_append(out, item.ptr,
                   sv_find(item, SV_LIT("=")) != SIZE_MAX ? sv_find(item, SV_LIT("=")) : item.len);
        any = true;
    }
    buf_append_str(out, any ? "};" : "?;");
}

/* Nothing is written when nothing that is needed is missing. False: out of memory. */
static bool ask_for_missing(const struct conn_options *o, struct buf *out)
{
    static const enum conn_key_id optional[] = {CONN_KEY_database, CONN_KEY_transport};
    enum conn_key_id id;
    size_t at = 0;

    while ((id = conn_options_missing(o, &at)) != CONN_KEY_COUNT)
        ask_for(out, id, false);
    for (size_t i = 0; i < ARRAY_LEN(optional) && out->len > 0; i++)
        if (o->source[optional[i]] == CONN_SRC_DEFAULT)
            ask_for(out, optional[i], true);
    return out->failed == BUF_OK;
}

/* What was given so far; the newest first, since the first occurrence of a keyword counts. */
static bool remember(struct dbc *d, const struct text *given)
{
    struct buf all = BUF_INIT(0);
    bool ok = buf_append_sv(&all, text_sv(given)) && buf_append_char(&all, ';') &&
              buf_append_sv(&all, buf_sv(&d->browse));

    buf_release_secret(&d->browse);
    if (ok)
        d->browse = all;
    else
        buf_release_secret(&all);
    return ok;
}

/* SQL_NEED_DATA with the question; SQL_SUCCESS: it is complete. */
static SQLRETURN browse_question(struct dbc *d, const struct text_out *out)
{
    struct conn_options options;
    struct config_warnings w;
    struct err e = ERR_INIT;
    struct buf question = BUF_INIT(0);
    SQLRETURN rc = SQL_SUCCESS;

    conn_options_init(&options);
    config_warnings_init(&w);
    if (!config_build(&options, buf_sv(&d->browse), NULL, NULL, NULL, &w, &e))
        rc = diag_post_err(&d->handle, &e);
    else if (!ask_for_missing(&options, &question))
        rc = diag_post(&d->handle, ST_HY001, 0, "Out of memory.");
    else if (question.len > 0)
        rc = text_out_put(&d->handle, out, buf_sv(&question)) == SQL_ERROR ? SQL_ERROR
                                                                           : SQL_NEED_DATA;
    conn_options_release(&options);
    config_warnings_release(&w);
    buf_release(&question);
    return rc;
}

static SQLRETURN browse_connect(SQLHDBC h, struct text_in given, const struct text_out *out)
{
    SQLRETURN rc;
    struct connect_args a = {TEXT_INIT, TEXT_INIT, TEXT_INIT, TEXT_INIT};
    struct dbc *d = enter_closed(h, "SQLBrowseConnect", &rc);

    if (d == NULL)
        return rc;
    rc = text_in_read(&d->handle, given, &a.connstr);
    if (rc == SQL_SUCCESS && !remember(d, &a.connstr))
        rc = diag_post(&d->handle, ST_HY001, 0, "Out of memory.");
    if (rc == SQL_SUCCESS)
        rc = browse_question(d, out);
    if (rc == SQL_SUCCESS) {
        buf_reset(&a.connstr.utf8);
        rc = buf_append_sv(&a.connstr.utf8, buf_sv(&d->browse))
                 ? open_with(d, &a, out, SQL_DRIVER_NOPROMPT)
                 : diag_post(&d->handle, ST_HY001, 0, "Out of memory.");
    }
    /* Connected, or failed: the next SQLBrowseConnect begins anew. */
    if (rc != SQL_NEED_DATA)
        buf_release_secret(&d->browse);
    connect_args_release(&a);
    return api_leave_dbc(d, rc);
}

NEON_EXPORT SQLRETURN SQL_API SQLBrowseConnect(SQLHDBC h, SQLCHAR *given, SQLSMALLINT len,
                                               SQLCHAR *out, SQLSMALLINT cap, SQLSMALLINT *out_len)
{
    return browse_connect(h, IN_A(given, len), &OUT_SMALL(out, cap, out_len, UNIT_A));
}

NEON_EXPORT SQLRETURN SQL_API SQLBrowseConnectW(SQLHDBC h, SQLWCHAR *given, SQLSMALLINT len,
                                                SQLWCHAR *out, SQLSMALLINT cap,
                                                SQLSMALLINT *out_len)
{
    return browse_connect(h, IN_W(given, len), &OUT_SMALL(out, cap, out_len, UNIT_W_CHARS));
}

/* ---- SQLDisconnect ---- */

/* Giving up a SQLBrowseConnect that asked for more. */
static bool ends_browsing(SQLHDBC h, SQLRETURN *rc)
{
    struct dbc *d = api_enter_dbc(h, "SQLDisconnect", ENTER_PLAIN, rc);
    bool browsing;

    if (d == NULL)
        return true;
    browsing = !d->connected && d->browse.len > 0;
    if (browsing)
        buf_release_secret(&d->browse);
    *rc = api_leave_dbc(d, SQL_SUCCESS);
    return browsing;
}

NEON_EXPORT SQLRETURN SQL_API SQLDisconnect(SQLHDBC h)
{
    SQLRETURN rc;
    struct dbc *d;

    if (ends_browsing(h, &rc))
        return rc;
    d = api_enter_dbc(h, "SQLDisconnect", ENTER_CONNECTED | ENTER_ALL_DONE, &rc);
    if (d == NULL)
        return rc;
    if ((d->tx.n_writes > 0 || d->tx.in_session) && !d->tx.failed)
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
