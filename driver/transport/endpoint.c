/* URL and connection string. Called by transport.c when one is made, and for each session. */
#include "transport/endpoint.h"

#include <arpa/inet.h>

#define SQL_PATH "/sql"
#define WS_PATH "/v2"

/* The parts of an ApiHost: [scheme://]host[:port][/path]. */
struct api_host {
    bool is_http;
    struct strview host; /* brackets of an IPv6 literal included */
    int port;            /* 0 = none */
    struct strview path; /* begins with '/', or empty */
};

/* Four numbers, as the resolver reads them too: not "127.1", and no name that begins like an
 * address. */
static bool is_ipv4(struct strview host)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr a;

    if (host.len < 7 || host.len >= sizeof text)
        return false;
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    return inet_pton(AF_INET, text, &a) == 1;
}

/* Without brackets. */
static bool is_ipv6(struct strview host)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr a;

    if (host.len < 2 || host.len >= sizeof text)
        return false;
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    return inet_pton(AF_INET6, text, &a) == 1;
}

bool endpoint_is_loopback(struct strview host)
{
    if (host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
        host = sv_n(host.ptr + 1, host.len - 2);
    if (sv_ieq(host, SV_LIT("localhost")) || sv_eq(host, SV_LIT("::1")))
        return true;
    return is_ipv4(host) && host.ptr[1] == '2' && host.ptr[2] == '7' && host.ptr[3] == '.';
}

static bool strip_prefix(struct strview *s, const char *prefix)
{
    size_t n = strlen(prefix);

    if (s->len < n || !sv_ieq(sv_n(s->ptr, n), sv(prefix)))
        return false;
    *s = sv_n(s->ptr + n, s->len - n);
    return true;
}

static size_t find_byte(struct strview s, char c)
{
    const char *hit = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return hit ? (size_t)(hit - s.ptr) : s.len;
}

static bool host_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_';
}

static bool host_is_valid(struct strview h)
{
    bool literal = h.len > 2 && h.ptr[0] == '[' && h.ptr[h.len - 1] == ']';

    if (h.len == 0)
        return false;
    for (size_t i = literal ? 1 : 0; i < h.len - (literal ? 1 : 0); i++)
        if (!(literal ? h.ptr[i] == ':' || h.ptr[i] == '.' || host_char(h.ptr[i])
                      : host_char(h.ptr[i])))
            return false;
    return true;
}

static bool split_host_port(struct strview authority, struct api_host *out)
{
    size_t bracket = find_byte(authority, ']');
    size_t colon;
    struct strview port;
    int64_t number;

    if (bracket < authority.len) {
        colon = bracket + 1;
        if (colon < authority.len && authority.ptr[colon] != ':')
            return false;
    } else {
        colon = find_byte(authority, ':');
    }
    out->host = sv_n(authority.ptr, colon);
    if (colon >= authority.len)
        return host_is_valid(out->host);
    port = sv_n(authority.ptr + colon + 1, authority.len - colon - 1);
    if (!sv_to_i64(port, &number) || number < 1 || number > 65535)
        return false;
    out->port = (int)number;
    return host_is_valid(out->host);
}

static bool parse_api_host(struct strview s, struct api_host *out)
{
    size_t slash;

    *out = (struct api_host){0};
    if (strip_prefix(&s, "http://"))
        out->is_http = true;
    else
        strip_prefix(&s, "https://");
    slash = find_byte(s, '/');
    out->path = sv_n(s.ptr + slash, s.len - slash);
    if (out->path.len == 1)
        out->path.len = 0;
    for (size_t i = 0; i < out->path.len; i++)
        if (out->path.ptr[i] <= ' ' || out->path.ptr[i] >= 0x7F || out->path.ptr[i] == '#')
            return false;
    return split_host_port(sv_n(s.ptr, slash), out);
}

static void append_lower(struct buf *out, struct strview s)
{
    for (size_t i = 0; i < s.len; i++)
        buf_append_char(out, ascii_lower(s.ptr[i]));
}

/* Scheme, host and port; *path: the one that ApiHost names, or empty. */
static bool origin_of_api_host(const struct net_options *o, struct buf *out, struct strview *path,
                               struct err *e)
{
    struct api_host a;

    if (!parse_api_host(sv(o->api_host), &a))
        return err_set(e, ST_HY024, 0,
                       "ApiHost=%s is not a host, host:port or https://host[:port][/path].",
                       o->api_host);
    if (a.is_http && !o->allow_insecure)
        return err_set(
            e, ST_HY024, 0,
            "ApiHost=%s would send the password unencrypted. Use https://, or AllowInsecure=1 for "
            "a gateway on this machine.",
            o->api_host);
    if (a.is_http && !endpoint_is_loopback(a.host))
        return err_set(
            e, ST_HY024, 0,
            "ApiHost=%s: plain http:// is allowed to this machine only (localhost, 127.0.0.1, "
            "[::1]), also with AllowInsecure=1. Use https://.",
            o->api_host);
    buf_append_str(out, a.is_http ? "http://" : "https://");
    append_lower(out, a.host);
    if (a.port != 0)
        buf_printf(out, ":%d", a.port);
    else if (!a.is_http && o->port != 443 && o->port != 0)
        buf_printf(out, ":%d", o->port);
    *path = a.path;
    return true;
}

static bool url_of_api_host(const struct net_options *o, struct buf *out, struct err *e)
{
    struct strview path;

    if (!origin_of_api_host(o, out, &path, e))
        return false;
    buf_append_sv(out, path.len > 0 ? path : SV_LIT(SQL_PATH));
    return !out->failed || err_oom(e);
}

static bool bad_server(const struct net_options *o, struct err *e)
{
    return err_set(
        e, ST_HY024, 0,
        "Server=%s is no host name. It looks like ep-cool-name-123456.region.aws.neon.tech.",
        o->host ? o->host : "");
}

/* Not of an address: it has no labels. The first label gives way to "api." ("apiauth." with a
 * token): one TLS connection serves every endpoint of a region. */
bool endpoint_url(const struct net_options *o, struct buf *out, struct err *e)
{
    struct strview host = sv(o->host ? o->host : "");
    size_t dot = find_byte(host, '.');

    if (o->api_host != NULL && o->api_host[0] != '\0')
        return url_of_api_host(o, out, e);
    if (!host_is_valid(host))
        return bad_server(o, e);
    buf_append_str(out, "https://");
    if (dot < host.len && host.ptr[0] != '[' && !is_ipv4(host)) {
        buf_append_str(out, o->token ? "apiauth" : "api");
        append_lower(out, sv_n(host.ptr + dot, host.len - dot));
    } else {
        append_lower(out, host);
    }
    if (o->port != 443 && o->port != 0)
        buf_printf(out, ":%d", o->port);
    buf_append_str(out, SQL_PATH);
    return !out->failed || err_oom(e);
}

/* The pooler serves a session's statements on changing connections: the endpoint itself is wanted.
 */
static struct strview without_pooler(struct strview label)
{
    static const struct strview suffix = {"-pooler", 7};

    if (label.len > suffix.len &&
        sv_ieq(sv_n(label.ptr + label.len - suffix.len, suffix.len), suffix))
        label.len -= suffix.len;
    return label;
}

bool endpoint_session_url(const struct net_options *o, struct buf *out, struct err *e)
{
    struct strview host = sv(o->host ? o->host : "");
    size_t dot = find_byte(host, '.');
    struct strview unused;

    if (o->api_host != NULL && o->api_host[0] != '\0') {
        if (!origin_of_api_host(o, out, &unused, e))
            return false;
    } else {
        if (!host_is_valid(host))
            return bad_server(o, e);
        buf_append_str(out, "https://");
        append_lower(out, without_pooler(sv_n(host.ptr, dot)));
        append_lower(out, sv_n(host.ptr + dot, host.len - dot));
        if (o->port != 443 && o->port != 0)
            buf_printf(out, ":%d", o->port);
    }
    buf_append_str(out, o->ws_path != NULL && o->ws_path[0] != '\0' ? o->ws_path : WS_PATH);
    return !out->failed || err_oom(e);
}

static void append_encoded(struct buf *out, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";

    for (const char *p = text ? text : ""; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
            strchr("-._~", c) != NULL) {
            buf_append_char(out, (char)c);
        } else {
            buf_append_char(out, '%');
            buf_append_char(out, hex[c >> 4]);
            buf_append_char(out, hex[c & 15]);
        }
    }
}

bool endpoint_connection_string(const struct net_options *o, struct buf *out, struct err *e)
{
    struct strview host = sv(o->host ? o->host : "");
    bool bare_ipv6 = is_ipv6(host);

    if (!bare_ipv6 &&
        !host_is_valid(host)) /* also with ApiHost: it would change the meaning of the header */
        return bad_server(o, e);
    buf_append_str(out, "postgresql://");
    append_encoded(out, o->user);
    if (o->token == NULL && o->password != NULL) {
        buf_append_char(out, ':');
        append_encoded(out, o->password);
    }
    buf_append_char(out, '@');
    buf_append_str(out, bare_ipv6 ? "[" : "");
    append_lower(out, host);
    buf_append_str(out, bare_ipv6 ? "]/" : "/");
    append_encoded(out, o->database && o->database[0] ? o->database : o->user);
    if (o->neon_options != NULL && o->neon_options[0] != '\0') {
        buf_append_str(out, "?options=");
        append_encoded(out, o->neon_options);
    }
    return !out->failed || err_oom(e);
}
