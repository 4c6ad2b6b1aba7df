/* Puts the sources of a connection's keywords together, from the highest down, and checks that they
 * fit each other. Called by SQLConnect, SQLDriverConnect and SQLBrowseConnect. */
#include "config/config.h"

#include <stdlib.h>

#include "config/connstr.h"
#include "config/uri.h"

struct build {
    struct conn_options *o;
    struct config_warnings *warnings;
};

/* ODBC reference, SQLDriverConnect: of DSN, FILEDSN and DRIVER the first one counts. */
static bool is_shadowed(const struct conn_options *o, enum conn_key_id id)
{
    return (id == CONN_KEY_dsn && o->driver != NULL) || (id == CONN_KEY_driver && o->dsn != NULL);
}

static bool take_pair(void *ctx, const struct connstr_pair *pair, struct err *e)
{
    struct build *b = ctx;
    enum conn_key_id id = conn_key_find(pair->key);
    struct strview value = pair->value;

    if (!pair->has_value)
        return config_warn(
            b->warnings, ST_01S00, e,
            "The connection string has a piece without \"=\" at position %zu, which was "
            "ignored. A value that holds a semicolon is written in braces: PWD={a;b}.",
            pair->at);
    if (is_shadowed(b->o, id))
        return true;
    /* Spaces around a value are for the eye, but a password may have them. */
    if (!pair->quoted && (id == CONN_KEY_COUNT || (conn_key_row(id)->flags & CK_SECRET) == 0))
        value = sv_trim(value);
    return conn_options_set(b->o, pair->key, value, CONN_SRC_STRING, b->warnings, e);
}

static bool take_argument(const struct build *b, enum conn_key_id id, const char *value,
                          struct err *e)
{
    return value == NULL || conn_options_set(b->o, sv(conn_key_row(id)->name), sv(value),
                                             CONN_SRC_STRING, b->warnings, e);
}

static bool take_environment(const struct build *b, struct err *e)
{
    static const struct {
        const char *variable;
        enum conn_key_id id;
    } variables[] = {{"PGHOST", CONN_KEY_server},
                     {"PGUSER", CONN_KEY_uid},
                     {"PGPASSWORD", CONN_KEY_pwd},
                     {"PGDATABASE", CONN_KEY_database}};
    const char *url = getenv("DATABASE_URL");

    for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
        const char *value = getenv(variables[i].variable);
        if (value != NULL && !conn_options_set(b->o, sv(conn_key_row(variables[i].id)->name),
                                               sv(value), CONN_SRC_ENV, b->warnings, e))
            return false;
    }
    return url == NULL || url[0] == '\0' ||
           uri_read(b->o, sv(url), CONN_SRC_ENV_URL, b->warnings, e);
}

static int source_of(const struct conn_options *o, enum conn_key_id a, enum conn_key_id b)
{
    return o->source[a] > o->source[b] ? o->source[a] : o->source[b];
}

/* A token replaces a password. From one source both are a mistake; otherwise the higher source
 * tells what is meant (an application's token beside the password of the DSN). */
static bool settle_token(struct conn_options *o, struct err *e)
{
    int token = source_of(o, CONN_KEY_token, CONN_KEY_token_file);
    int password = source_of(o, CONN_KEY_pwd, CONN_KEY_pwd_file);

    if (token == CONN_SRC_DEFAULT || password == CONN_SRC_DEFAULT)
        return true;
    if (token == password)
        return err_set(
            e, ST_HY024, 0,
            "%s and %s are both given: log in with a token or with a password, not both.",
            o->token != NULL ? "Token" : "TokenFile", o->pwd != NULL ? "PWD" : "PWDFile");
    conn_options_clear(o, token > password ? CONN_KEY_pwd : CONN_KEY_token);
    conn_options_clear(o, token > password ? CONN_KEY_pwd_file : CONN_KEY_token_file);
    return true;
}

/* The next word of libpq's options; a backslash protects a blank. */
static bool next_option(struct strview *rest, struct strview *word)
{
    size_t n = 0;

    *rest = sv_trim(*rest);
    while (n < rest->len && !ascii_is_space(rest->ptr[n]))
        n += rest->ptr[n] == '\\' && n + 1 < rest->len ? 2 : 1;
    *word = sv_n(rest->ptr, n);
    *rest = sv_n(rest->ptr + n, rest->len - n);
    return n > 0;
}

/* Settings of the server (-c name=value) arrive in sessions alone (protocol 2.4, 10.3). Where
 * statements go both ways they would hold for some and not for others: there they are left out. */
static bool settle_options(struct conn_options *o, struct config_warnings *w, struct err *e)
{
    size_t had = o->neon_options != NULL ? strlen(o->neon_options) : 0;
    struct strview rest = sv_n(o->neon_options, had);
    struct strview word;
    struct buf kept = BUF_INIT(0);
    bool is_value = false;
    bool left_out = false;

    if (had == 0 || o->transport == TRANSPORT_WEBSOCKET)
        return true;
    if (!buf_reserve(&kept, had))
        return err_oom(e);
    while (next_option(&rest, &word)) {
        bool setting = !is_value && word.ptr[0] == '-';
        if (!setting && !is_value) {
            buf_append_str(&kept, kept.len > 0 ? " " : "");
            buf_append_sv(&kept, word);
        }
        left_out |= setting;
        is_value = setting && word.len == 2;
    }
    if (left_out) { /* what is kept is shorter */
        memset(o->neon_options, 0, had);
        memcpy(o->neon_options, buf_str(&kept), kept.len);
        if (kept.len == 0)
            conn_options_clear(o, CONN_KEY_neon_options);
    }
    buf_release_secret(&kept);
    return !left_out ||
           config_warn(w, ST_01S00, e,
                       "Options holds settings for the server (-c ...), which have no effect over "
                       "HTTP and are left out: give them as ConnSettings=SET name TO value, or use "
                       "Transport=websocket.");
}

static bool check_together(struct conn_options *o, struct err *e)
{
    if (o->server != NULL && conn_options_host_is_ip(o->server) && o->endpoint == NULL &&
        o->api_host == NULL)
        return err_set(e, ST_HY024, 0,
                       "Server cannot be the IP address \"%s\": Neon finds the endpoint by its "
                       "host name. Give "
                       "the endpoint's host name, or name the endpoint as well (Endpoint=ep-...); "
                       "for a neon-gateway give "
                       "ApiHost.",
                       o->server);
    if (o->client_key != NULL && o->client_cert == NULL)
        return err_set(
            e, ST_HY024, 0,
            "ClientKey is given without ClientCert: name the certificate that belongs to the key.");
    if (!settle_token(o, e))
        return false;
    if (o->transport == TRANSPORT_WEBSOCKET && (o->token != NULL || o->token_file != NULL))
        return err_set(
            e, ST_HY024, 0,
            "Transport=websocket takes a password only: Neon has no sessions for JSON web "
            "tokens. Give PWD, or use Transport=http.");
    return true;
}

bool config_build_with(struct conn_options *o, struct strview connstr, const char *dsn,
                       const char *uid, const char *pwd, const struct dsn_reader *reader,
                       struct config_warnings *w, struct err *e)
{
    struct build b = {o, w};

    if (!take_argument(&b, CONN_KEY_dsn, dsn, e) || !take_argument(&b, CONN_KEY_uid, uid, e) ||
        !take_argument(&b, CONN_KEY_pwd, pwd, e) || !connstr_parse(connstr, take_pair, &b, e))
        return false;
    if (o->dsn != NULL && !dsn_read(o, o->dsn, reader, w, e))
        return false;
    if (o->url != NULL && !uri_read(o, sv(o->url), CONN_SRC_URL, w, e))
        return false;
    if (o->pqopt != NULL && !uri_read_conninfo(o, sv(o->pqopt), CONN_SRC_PQOPT, w, e))
        return false;
    if (o->use_env && !take_environment(&b, e))
        return false;
    return check_together(o, e) && settle_options(o, w, e);
}

bool config_build(struct conn_options *o, struct strview connstr, const char *dsn, const char *uid,
                  const char *pwd, struct config_warnings *w, struct err *e)
{
    return config_build_with(o, connstr, dsn, uid, pwd, NULL, w, e);
}
