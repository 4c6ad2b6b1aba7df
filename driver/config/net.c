/* Fills the structs of the layers below. No keyword is parsed here and nothing is sent. Called by
 * dbc_open. */
#include "config/net.h"

#include <inttypes.h>

#include "version.h"

/* Replaces *slot by the text (taken), or by NULL when there is none. */
static bool keep(char **slot, struct buf *text, struct err *e)
{
    bool ok = !text->failed;

    mem_free(*slot);
    *slot = ok && text->len > 0 ? buf_take(text) : NULL;
    buf_release(text);
    return ok || err_oom(e);
}

/* Is `endpoint` (or its pooler) already the first label of the host? */
static bool names_endpoint(const char *host, const char *endpoint)
{
    size_t label = strcspn(host, ".");
    size_t len = strlen(endpoint);

    return (label == len || (label == len + 7 && sv_ieq(sv_n(host + len, 7), SV_LIT("-pooler")))) &&
           sv_ieq(sv_n(host, len), sv(endpoint));
}

/* The host of the connection-string header: its first label tells Neon which endpoint is meant
 * (protocol 1.2). */
static bool make_host(struct conn_options *o, struct err *e)
{
    struct buf text = BUF_INIT(0);
    bool has_name = o->server != NULL && !conn_options_host_is_ip(o->server);

    if (o->endpoint != NULL && !(has_name && names_endpoint(o->server, o->endpoint)))
        buf_printf(&text, has_name ? "%s." : "%s", o->endpoint);
    if (o->server != NULL && (has_name || o->endpoint == NULL))
        buf_append_str(&text, o->server);
    return keep(&o->made.host, &text, e);
}

/* An address cannot carry the api. label: requests go to the address itself. */
static bool make_api_host(struct conn_options *o, struct err *e)
{
    struct buf text = BUF_INIT(0);

    if (o->api_host != NULL) {
        buf_append_str(&text, o->api_host);
    } else if (o->server != NULL && conn_options_host_is_ip(o->server)) {
        bool bare_ipv6 = strchr(o->server, ':') != NULL && o->server[0] != '[';
        buf_printf(&text, bare_ipv6 ? "[%s]:%" PRId64 : "%s:%" PRId64, o->server, o->port);
    }
    return keep(&o->made.api_host, &text, e);
}

static bool make_proxy(struct conn_options *o, struct err *e)
{
    struct buf text = BUF_INIT(0);

    if (o->proxy != NULL)
        buf_append_str(&text, o->proxy);
    else if (o->proxy_host != NULL)
        buf_printf(&text, "http://%s:%" PRId64, o->proxy_host, o->proxy_port);
    return keep(&o->made.proxy, &text, e);
}

/* "tool/1 neon-odbc/0.1.0 (application)": the application's name may be any text, the header's may
 * not. */
static bool make_user_agent(struct conn_options *o, struct err *e)
{
    struct buf text = BUF_INIT(0);

    if (o->user_agent != NULL)
        buf_printf(&text, "%s ", o->user_agent);
    buf_append_str(&text, "neon-odbc/" NEONODBC_VERSION);
    if (o->application_name != NULL) {
        buf_append_str(&text, " (");
        for (const char *c = o->application_name; *c != '\0'; c++)
            buf_append_char(&text, *c >= ' ' && *c <= '~' && strchr("()\\", *c) == NULL ? *c : '_');
        buf_append_char(&text, ')');
    }
    return keep(&o->made.user_agent, &text, e);
}

bool conn_options_to_net(struct conn_options *o, struct net_options *out, struct err *e)
{
    static const enum tls_verify verify[] = {
        [SSL_MODE_VERIFY_CA] = TLS_VERIFY_CA, [SSL_MODE_VERIFY_FULL] = TLS_VERIFY_FULL};
    static const char *const tls_versions[] = {[TLS_MIN_1_2] = "1.2", [TLS_MIN_1_3] = "1.3"};
    static const char *const proxy_auths[] = {
        [PROXY_AUTH_ANY] = "any",
        [PROXY_AUTH_BASIC] = "basic",
        [PROXY_AUTH_DIGEST] = "digest",
        [PROXY_AUTH_NTLM] = "ntlm",
        [PROXY_AUTH_NEGOTIATE] = "negotiate",
    };
    static const enum http_version http_versions[] = {
        [HTTP_VERSION_AUTO] = HTTP_ANY, [HTTP_VERSION_1_1] = HTTP_1_1, [HTTP_VERSION_2] = HTTP_2};
    static const int ip_versions[] = {[IP_VERSION_ANY] = 0, [IP_VERSION_4] = 4, [IP_VERSION_6] = 6};

    if (!make_host(o, e) || !make_api_host(o, e) || !make_proxy(o, e) || !make_user_agent(o, e))
        return false;
    *out = (struct net_options){
        .host = o->made.host,
        .user = o->uid,
        .password = o->token != NULL ? NULL : o->pwd,
        .database = o->database,
        .token = o->token,
        .neon_options = o->neon_options,
        .port = (int)o->port,
        .api_host = o->made.api_host,
        .allow_insecure = o->allow_insecure,
        .pool_opt_in = o->pool,
        .verify = verify[o->ssl_mode],
        .ca_file = conn_options_ca_is_system(o) ? NULL : o->ca_file,
        .ca_path = o->ca_path,
        .crl_file = o->crl_file,
        .client_cert = o->client_cert,
        .client_key = o->client_key,
        .client_key_password = o->client_key_pwd,
        .tls_min_version = tls_versions[o->tls_min_version],
        .tls_ciphers = o->tls_ciphers,
        .pinned_public_key = o->pinned_public_key,
        .proxy = o->made.proxy,
        .proxy_user = o->proxy_uid,
        .proxy_password = o->proxy_pwd,
        .proxy_auth = proxy_auths[o->proxy_auth],
        .no_proxy = o->no_proxy,
        .http_version = http_versions[o->http_version],
        .ip_version = ip_versions[o->ip_version],
        .keep_alive = o->keep_alive,
        .max_idle_s = o->max_idle_s,
        .retry_count = o->retry_count,
        .retry_interval_ms = o->retry_interval_ms,
        .max_request_bytes = (size_t)o->max_request_bytes,
        .max_response_bytes =
            (uint64_t)o->max_response_bytes > SIZE_MAX ? SIZE_MAX : (size_t)o->max_response_bytes,
        .ws_path = o->ws_path,
        .application_name = o->application_name,
        .user_agent = o->made.user_agent,
    };
    return true;
}

void conn_options_to_types(const struct conn_options *o, struct type_options *out)
{
    static const SQLSMALLINT numeric[] = {[NUMERIC_AS_NUMERIC] = SQL_NUMERIC,
                                          [NUMERIC_AS_DOUBLE] = SQL_DOUBLE,
                                          [NUMERIC_AS_VARCHAR] = SQL_VARCHAR,
                                          [NUMERIC_AS_MEMO] = SQL_LONGVARCHAR};
    static const SQLSMALLINT interval[] = {
        [INTERVAL_AS_VARCHAR] = SQL_WVARCHAR, [INTERVAL_AS_INTERVAL] = SQL_INTERVAL_DAY_TO_SECOND};
    static const SQLSMALLINT timestamptz[] = {[TIMESTAMPTZ_AS_TIMESTAMP] = SQL_TYPE_TIMESTAMP,
                                              [TIMESTAMPTZ_AS_VARCHAR] = SQL_WVARCHAR,
                                              [TIMESTAMPTZ_AS_TIMESTAMPOFFSET] =
                                                  SQL_SS_TIMESTAMPOFFSET};
    static const SQLSMALLINT uuid[] = {[UUID_AS_GUID] = SQL_GUID, [UUID_AS_VARCHAR] = SQL_WVARCHAR};
    static const SQLSMALLINT json[] = {
        [JSON_AS_WVARCHAR] = SQL_WVARCHAR, [JSON_AS_WLONGVARCHAR] = SQL_WLONGVARCHAR};

    type_options_default(out);
    out->bools_as_char = o->bools_as_char;
    out->text_as_longvarchar = o->text_as_longvarchar;
    out->unknowns_as_longvarchar = o->unknowns_as_longvarchar;
    out->bytea_as_longvarbinary = o->bytea_as_longvarbinary;
    out->true_is_minus1 = o->true_is_minus1;
    out->max_varchar_size = (SQLINTEGER)o->max_varchar_size;
    out->max_longvarchar_size = (SQLINTEGER)o->max_longvarchar_size;
    out->int8_as = (SQLSMALLINT)o->int8_as;
    out->numeric_as = numeric[o->numeric_as];
    out->interval_as = interval[o->interval_as];
    out->timestamptz_as = timestamptz[o->timestamptz_as];
    out->uuid_as = uuid[o->uuid_as];
    out->json_as = json[o->json_as];
    out->pg_types = o->pg_types;
}
