/* Life of connection handles, and connecting: options to transport, and the one request that proves
 * user, password and database and tells the server's version and settings. Parses no keywords
 * (config/ does) and posts no diagnostics. Called by api/. */
#include "handle/dbc.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/process.h"
#include "config/net.h"
#include "handle/answer.h"
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

static void server_info_release(struct server_info *s)
{
    mem_free(s->version);
    mem_free(s->user);
    mem_free(s->database);
    mem_free(s->default_isolation);
    mem_free(s->time_zone);
    *s = (struct server_info){0};
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
    server_info_release(&d->server);
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

/* ---- the probe ---- */

enum probe_column {
    PROBE_VERSION,
    PROBE_VERSION_NUM,
    PROBE_USER,
    PROBE_DATABASE,
    PROBE_ISOLATION,
    PROBE_TIME_ZONE,
    PROBE_CLIENT_ENCODING,
    PROBE_CONFORMING_STRINGS,
    PROBE_DATE_STYLE,
    PROBE_FLOAT_DIGITS,
    PROBE_PATH_CHECK, /* over HTTP an error where tables would be made in pg_temp */
    PROBE_COUNT
};

/* In the order of enum probe_column; qualified, so that no search_path changes what is asked. */
#define PROBE_SQL(path_check)                                                                      \
    "SELECT pg_catalog.current_setting('server_version'), "                                        \
    "pg_catalog.current_setting('server_version_num'), "                                           \
    "current_user::pg_catalog.text, pg_catalog.current_database()::pg_catalog.text, "              \
    "pg_catalog.current_setting('default_transaction_isolation'), "                                \
    "pg_catalog.current_setting('TimeZone'), "                                                     \
    "pg_catalog.current_setting('client_encoding'), "                                              \
    "pg_catalog.current_setting('standard_conforming_strings'), "                                  \
    "pg_catalog.current_setting('DateStyle'), "                                                    \
    "CASE WHEN pg_catalog.current_setting('extra_float_digits')::pg_catalog.int4 > 0 THEN '1' "    \
    "ELSE pg_catalog.current_setting('extra_float_digits') END, "                                  \
    "coalesce(" path_check ", 0)"
static const char probe_http_sql[] = PROBE_SQL(SETTINGS_PATH_CHECK);
static const char probe_session_sql[] = PROBE_SQL("0");

/* Settings without which text would be misread; each can be put right for the role. */
static const struct required_setting {
    enum probe_column column;
    const char *name;
    const char *value;
    bool prefix; /* the value begins with it ("ISO, MDY") */
    const char *why;
} required_settings[] = {
    {PROBE_CLIENT_ENCODING, "client_encoding", "UTF8", false, "this driver reads and writes UTF-8"},
    {PROBE_CONFORMING_STRINGS, "standard_conforming_strings", "on", false,
     "a backslash in a text literal would otherwise change its meaning"},
    {PROBE_DATE_STYLE, "datestyle", "ISO", true,
     "dates could otherwise be read with day and month exchanged"},
    {PROBE_FLOAT_DIGITS, "extra_float_digits", "1", false,
     "the server would otherwise round floating point numbers before it sends them"},
};

static bool setting_fits(const struct required_setting *r, const struct cell *cell)
{
    size_t len = strlen(r->value);

    if (r->prefix ? cell->len < len : cell->len != len)
        return false;
    return sv_ieq(sv_n(cell->ptr, len), sv(r->value));
}

static bool check_settings(const struct cell *row, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(required_settings); i++) {
        const struct required_setting *r = &required_settings[i];
        const struct cell *cell = &row[r->column];

        if (setting_fits(r, cell))
            continue;
        return err_set(e, ST_08004, 0,
                       "The setting %s of this user and database is \"%.*s\", and the driver needs "
                       "%s: %s. Run once: "
                       "ALTER ROLE %.*s SET %s TO '%s'",
                       r->name, (int)(cell->len < 60 ? cell->len : 60), cell->ptr, r->value, r->why,
                       (int)(row[PROBE_USER].len < 63 ? row[PROBE_USER].len : 63),
                       row[PROBE_USER].ptr, r->name, r->value);
    }
    return true;
}

/* A path that begins with pg_temp, with or without the user's own schema before it. What only the
 * server knows, SETTINGS_PATH_CHECK asks it. */
static bool is_temp_path(const char *path)
{
    static const char user[] = "\"$user\"";
    const char *p = path;

    while (*p == ' ' || *p == ',' || strncmp(p, user, sizeof user - 1) == 0)
        p += *p == '"' ? sizeof user - 1 : 1;
    p += *p == '"';
    return sv_ieq(sv_n(p, strnlen(p, 7)), SV_LIT("pg_temp"));
}

bool dbc_setting_matters(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(required_settings); i++)
        if (sv_ieq(sv(name), sv(required_settings[i].name)))
            return true;
    return false;
}

bool dbc_check_setting(struct dbc *d, const char *name, const char *value, struct err *e)
{
    const struct cell cell = {value, strlen(value)};

    for (size_t i = 0; i < ARRAY_LEN(required_settings); i++) {
        const struct required_setting *r = &required_settings[i];
        bool digits = r->column == PROBE_FLOAT_DIGITS; /* the probe makes 1 of all that will do */

        if (!sv_ieq(sv(name), sv(r->name)) ||
            (digits ? value[0] >= '1' && value[0] <= '9' : setting_fits(r, &cell)))
            continue;
        return err_set(e, ST_HYC00, 0, "%s cannot be \"%.60s\" here, the driver needs %s: %s.",
                       name, value, r->value, r->why);
    }
    if (sv_ieq(sv(name), SV_LIT("seed")))
        return err_set(e, ST_HYC00, 0,
                       "The server does not tell the value of seed again, so it cannot be carried "
                       "from one request to the next. Use SELECT setseed(...), which goes to a "
                       "session with Transport=auto and Transport=websocket.");
    if (strcmp(name, "search_path") == 0 && is_temp_path(value))
        return err_set(e, ST_HYC00, 0,
                       "search_path cannot begin with pg_temp here: over HTTP no session is kept, "
                       "so what is made in pg_temp would be gone at once. Use SET search_path as "
                       "a statement with Transport=auto, or Transport=websocket.");
    if (d->options.read_only && strcmp(name, "default_transaction_read_only") == 0 &&
        strcmp(value, "on") != 0)
        return err_set_state(e, "25006", 0, "The connection is read-only (ReadOnly=1).");
    return true;
}

static bool take_server_info(struct dbc *d, const struct cell *row, struct err *e)
{
    struct server_info *s = &d->server;
    int64_t num = 0;

    for (size_t i = 0; i < PROBE_COUNT; i++)
        if (row[i].ptr == NULL)
            return err_set(
                e, ST_08001, 0,
                "The server left a question about its settings unanswered: it does not behave like "
                "PostgreSQL.");
    if (!check_settings(row, e))
        return false;
    if (sv_to_i64(sv_n(row[PROBE_VERSION_NUM].ptr, row[PROBE_VERSION_NUM].len), &num) && num > 0 &&
        num < 100000000)
        s->version_num = (int)num;
    s->version = mem_strndup(row[PROBE_VERSION].ptr, row[PROBE_VERSION].len);
    s->user = mem_strndup(row[PROBE_USER].ptr, row[PROBE_USER].len);
    s->database = mem_strndup(row[PROBE_DATABASE].ptr, row[PROBE_DATABASE].len);
    s->default_isolation = mem_strndup(row[PROBE_ISOLATION].ptr, row[PROBE_ISOLATION].len);
    s->time_zone = mem_strndup(row[PROBE_TIME_ZONE].ptr, row[PROBE_TIME_ZONE].len);
    if (!s->version || !s->user || !s->database || !s->default_isolation || !s->time_zone)
        return err_oom(e);
    return true;
}

/* The first `skip` results are those of settings. */
static bool read_probe(struct dbc *d, struct exchange *x, struct row_decoder *dec, size_t skip,
                       struct err *e)
{
    bool seen = false;
    bool ended;

    for (;;) {
        switch (row_decoder_next(dec, e)) {
        case DECODE_MORE:
            if (!answer_pull(x, dec, &ended, e))
                return false;
            break;
        case DECODE_ROW:
            if (skip > 0) {
                row_decoder_release_rows(dec);
                break;
            }
            if (seen || row_decoder_n_columns(dec) != PROBE_COUNT)
                return err_set(
                    e, ST_08001, 0,
                    "The answer to the first question is not the one asked for: is this address a "
                    "Neon SQL endpoint?");
            if (!take_server_info(d, row_decoder_row(dec), e))
                return false;
            seen = true;
            break;
        case DECODE_END:
            return seen ? true
                        : err_set(e, ST_08001, 0,
                                  "The server answered the first question with no row.");
        case DECODE_ERROR:
            return false;
        case DECODE_RESULT_END:
            skip -= skip > 0;
            break;
        case DECODE_FIELDS:
        default:
            break;
        }
    }
}

static bool probe(struct dbc *d, struct err *e)
{
    bool in_session = d->options.transport == TRANSPORT_WEBSOCKET;
    const struct wire_stmt stmt = {.sql = sv(in_session ? probe_session_sql : probe_http_sql)};
    struct settings_head head;
    struct wire_request request = {
        .stmts = &stmt,
        .n_stmts = 1,
        .repeatable = true,
        .connecting = true,
        .deadline = deadline_after_s(dbc_login_timeout_s(d)),
        .read_timeout_s = dbc_read_timeout_s(d),
    };
    struct row_decoder *dec = in_session ? row_decoder_new_pgwire() : row_decoder_new();
    struct exchange *x = NULL;
    bool ok = false;

    if (dec == NULL)
        return err_oom(e);
    /* A keyword's value that the server does not take is an error of connecting. */
    if (settings_head_init(&head, &d->settings, !in_session, 0, LOOK_NEVER, e)) {
        if (settings_head_before(&head, &request, e))
            x = in_session ? session_exchange_new(d->session, e) : exchange_new(d->transport, e);
        if (x != NULL && exchange_begin(x, &request, e))
            ok = read_probe(d, x, dec, head.n, e);
        settings_head_release(&head);
    }
    exchange_free(x);
    row_decoder_free(dec);
    if (!ok || !in_session)
        return ok;
    d->session_modes = (struct session_modes){session_serial(d->session), ISOLATION_DEFAULT, false};
    return dbc_settings_are_told(d, e);
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
    return !d->options.verify_connection_early || probe(d, e);
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
