/* Life of connection handles, and connecting: options to transport. The request that proves them is
 * dbc_probe.c's, settings are dbc_settings.c's. Parses no keywords (config/ does) and posts no
 * diagnostics. Called by api/. */
#include "handle/dbc.h"

#include <stdio.h>

#include "base/process.h"
#include "config/net.h"
#include "handle/attr.h"
#include "handle/desc.h"

/* ---- life ---- */

static void enlist(struct dbc *d)
{
    pthread_mutex_lock(&d->env->list_lock);
    d->next_in_env = d->env->dbcs;
    d->env->dbcs = d;
    pthread_mutex_unlock(&d->env->list_lock);
    d->env->n_dbcs++;
}

static void delist(struct dbc *d)
{
    pthread_mutex_lock(&d->env->list_lock);
    for (struct dbc **at = &d->env->dbcs; *at != NULL; at = &(*at)->next_in_env) {
        if (*at == d) {
            *at = d->next_in_env;
            break;
        }
    }
    pthread_mutex_unlock(&d->env->list_lock);
    d->env->n_dbcs--;
}

size_t dbc_list(struct env *env, struct dbc **out, size_t cap)
{
    size_t n = 0;

    pthread_mutex_lock(&env->list_lock);
    for (struct dbc *d = env->dbcs; d != NULL; d = d->next_in_env, n++)
        if (n < cap)
            out[n] = d;
    pthread_mutex_unlock(&env->list_lock);
    return n;
}

struct dbc *dbc_new(struct env *env)
{
    struct dbc *d = mem_calloc(1, sizeof *d);

    if (d == NULL)
        return NULL;
    if (pthread_mutex_init(&d->lock, NULL) != 0)
        goto no_lock;
    if (pthread_mutex_init(&d->cancel_lock, NULL) != 0)
        goto no_cancel_lock;
    handle_init(&d->handle, HANDLE_DBC, &env->handle);
    buf_init(&d->browse, 0);
    d->env = env;
    conn_options_init(&d->options);
    type_options_default(&d->type_options);
    d->conv_env.options = &d->type_options;
    /* pyodbc and LibreOffice take "buffer minus terminator" from each piece of SQLGetData without
     * looking: a piece that stops short of a character would give them a stray one. Together the
     * pieces are the value either way. */
    d->conv_env.split_characters = true;
    dbc_attrs_default(&d->attrs);
    stmt_attrs_default(&d->stmt_defaults);
    tx_init(&d->tx);
    enlist(d);
    return d;

no_cancel_lock:
    pthread_mutex_destroy(&d->lock);
no_lock:
    mem_free(d);
    return NULL;
}

void dbc_free(struct dbc *d)
{
    if (d == NULL)
        return;
    dbc_close(d);
    while (d->descs != NULL)
        desc_free_explicit(d->descs);
    delist(d);
    handle_release(&d->handle);
    pthread_mutex_destroy(&d->cancel_lock);
    pthread_mutex_destroy(&d->lock);
    buf_release_secret(&d->browse);
    mem_free(d);
}

void dbc_close(struct dbc *d)
{
    /* The keyword's timeout goes with the keywords; one that the application set stays, as all its
     * attributes do. */
    if (d->stmt_defaults.query_timeout_s == (SQLULEN)d->options.query_timeout_s)
        d->stmt_defaults.query_timeout_s = 0;
    describe_cache_clear(&d->described);
    routine_cache_clear(&d->routines);
    catalog_cache_clear(&d->catalog_cache);
    tx_reset(&d->tx);
    settings_release(&d->settings);
    settings_release(&d->keyword_settings);
    type_names_clear(&d->type_names);
    table_infos_clear(&d->tables);
    session_free(d->session);
    buf_release(&d->notification);
    d->session = NULL;
    d->session_missed = d->session_warned = false;
    d->session_modes = (struct session_modes){0};
    settings_release(&d->session_settings);
    transport_free(d->transport);
    d->transport = NULL;
    conn_options_release(&d->options);
    dbc_forget_server(d);
    mem_free(d->dsn_name);
    d->dsn_name = NULL;
    type_options_default(&d->type_options);
    log_close(d->log);
    d->log = NULL;
    d->connected = false;
}

/* ---- what attributes and keywords say together ---- */

int64_t dbc_login_timeout_s(const struct dbc *d)
{
    return d->attrs.login_timeout_set ? (int64_t)d->attrs.login_timeout_s
                                      : d->options.login_timeout_s;
}

int64_t dbc_read_timeout_s(const struct dbc *d)
{
    return d->attrs.connection_timeout_set ? (int64_t)d->attrs.connection_timeout_s
                                           : d->options.read_timeout_s;
}

static const struct isolation_name {
    const char *server; /* as default_transaction_isolation spells it */
    SQLUINTEGER odbc;
    enum isolation header;
} isolation_names[] = {
    {"read committed", SQL_TXN_READ_COMMITTED, ISOLATION_READ_COMMITTED},
    {"read uncommitted", SQL_TXN_READ_UNCOMMITTED, ISOLATION_READ_UNCOMMITTED},
    {"repeatable read", SQL_TXN_REPEATABLE_READ, ISOLATION_REPEATABLE_READ},
    {"serializable", SQL_TXN_SERIALIZABLE, ISOLATION_SERIALIZABLE},
};

static SQLUINTEGER isolation_by_name(const char *name)
{
    for (size_t i = 0; name != NULL && i < ARRAY_LEN(isolation_names); i++)
        if (strcmp(name, isolation_names[i].server) == 0)
            return isolation_names[i].odbc;
    return 0;
}

/* By the attribute, or by keyword or SET; 0: the application leaves it to the server. */
static SQLUINTEGER asked_isolation(const struct dbc *d)
{
    if (d->attrs.txn_isolation != 0)
        return d->attrs.txn_isolation;
    return isolation_by_name(dbc_setting_value(d, "default_transaction_isolation"));
}

SQLUINTEGER dbc_default_isolation(const struct dbc *d)
{
    SQLUINTEGER server = isolation_by_name(d->server.default_isolation);

    return server != 0 ? server : SQL_TXN_READ_COMMITTED;
}

SQLUINTEGER dbc_isolation(const struct dbc *d)
{
    SQLUINTEGER asked = asked_isolation(d);

    return asked != 0 ? asked : dbc_default_isolation(d);
}

enum isolation dbc_isolation_header(const struct dbc *d)
{
    SQLUINTEGER asked = asked_isolation(d);

    for (size_t i = 0; i < ARRAY_LEN(isolation_names); i++)
        if (asked == isolation_names[i].odbc)
            return isolation_names[i].header;
    return ISOLATION_DEFAULT;
}

void dbc_apply_options(struct dbc *d, bool forget_application)
{
    if (forget_application) {
        dbc_attrs_default(&d->attrs);
        stmt_attrs_default(&d->stmt_defaults);
    }
    conn_options_to_types(&d->options, &d->type_options);
    if (d->stmt_defaults.query_timeout_s == 0)
        d->stmt_defaults.query_timeout_s = (SQLULEN)d->options.query_timeout_s;
}

/* ---- connecting ---- */

static bool add_secret(void *ctx, struct strview secret)
{
    return log_add_secret(ctx, secret);
}

static bool open_log(struct dbc *d, struct err *e)
{
    struct buf path = BUF_INIT(8192);
    bool ok = true;

    if (d->options.log_level <= 0)
        return true;
    if (!conn_options_log_path(&d->options, &path))
        ok = err_oom(e);
    else if (path.len > 0) {
        d->log = log_open(path.data, (enum log_level)d->options.log_level, e);
        ok = d->log != NULL;
        if (ok && !conn_options_each_secret(&d->options, add_secret, d->log))
            ok = err_oom(e);
    }
    buf_release(&path);
    return ok;
}

static bool open_steps(struct dbc *d, struct err *e)
{
    struct net_options net = {0};

    if (!conn_options_load_files(&d->options, e) || !conn_options_complete(&d->options, e) ||
        !open_log(d, e))
        return false;
    if (d->options.dsn != NULL) {
        d->dsn_name = mem_strdup(d->options.dsn);
        if (d->dsn_name == NULL)
            return err_oom(e);
    }
    if (!conn_options_to_net(&d->options, &net, e))
        return false;
    d->transport = transport_new(&net, d->log, e);
    if (d->transport == NULL)
        return false;
    if (d->options.transport != TRANSPORT_HTTP && net.token == NULL) {
        d->session = session_new(d->transport, dbc_login_timeout_s(d), e);
        if (d->session == NULL)
            return false;
        if (d->options.transport == TRANSPORT_AUTO)
            session_set_idle(d->session, d->options.session_idle_s);
    }
    dbc_apply_options(d, false);
    if (!dbc_take_keyword_settings(d, e))
        return false;
    return !d->options.verify_connection_early || dbc_probe(d, e);
}

static void explain_login(const struct conn_options *o, struct err *e)
{
    static const enum conn_key_id logins[] = {CONN_KEY_pwd, CONN_KEY_uid};

    for (size_t i = 0; i < ARRAY_LEN(logins) && err_is(e, ST_28000); i++)
        if (conn_options_is_braced(o, logins[i]))
            err_append(e,
                       "\n%s of the data source stands in braces, which belong to it: odbc.ini "
                       "takes values as they are, braces are for connection strings. If they are "
                       "not part of it, write it without them.",
                       conn_key_row(logins[i])->name);
}

bool dbc_open(struct dbc *d, struct conn_options *options, struct err *e)
{
    conn_options_move(&d->options, options);
    d->pid = process_id();
    if (!open_steps(d, e)) {
        explain_login(&d->options, e);
        dbc_close(d);
        return false;
    }
    d->connected = true;
    return true;
}
