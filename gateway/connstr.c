/* Parses the connection string the way the WHATWG URL rules treat a non-special scheme.
 *
 * Everything but user, password, first path segment, host label and neon_* options is dropped
 * silently, as the real endpoint does. Called by sql_http.c for every request.
 */
#include "gateway/connstr.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/buf.h"
#include "gateway/text.h"

/* Borrowed pieces of the URL; ptr NULL = absent. */
struct piece {
    const char *ptr;
    size_t len;
};

struct url_parts {
    struct piece scheme, user, password, host, port, path, query;
    bool has_authority;
    bool ipv6;
};

void connstr_release(struct connstr *cs)
{
    if (cs->password)
        OPENSSL_cleanse(cs->password, cs->password_len);
    free(cs->role);
    free(cs->password);
    free(cs->database);
    free(cs->endpoint);
    free(cs->options);
    *cs = (struct connstr){0};
}

static bool bad_url(struct failure *f, const char *reason)
{
    return failure_set(f, 400, "invalid connection string: %s", reason);
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* WHATWG: leading and trailing blanks go, tabs and newlines go everywhere (only tabs can occur). */
static char *clean(const char *header)
{
    char *s = malloc(strlen(header) + 1);
    size_t n = 0;
    if (!s)
        return NULL;
    for (; *header; header++)
        if (*header != '\t' && (n > 0 || *header != ' '))
            s[n++] = *header;
    while (n > 0 && s[n - 1] == ' ')
        n--;
    s[n] = '\0';
    return s;
}

static bool split_host(struct url_parts *u, const char *s, size_t n, struct failure *f)
{
    const char *end = s + n;
    const char *colon = NULL;
    if (n > 0 && s[0] == '[') {
        const char *close = memchr(s, ']', n);
        if (!close)
            return bad_url(f, "invalid IPv6 address");
        u->ipv6 = true;
        u->host = (struct piece){s, (size_t)(close - s) + 1};
        if (close + 1 < end && close[1] != ':')
            return bad_url(f, "invalid IPv6 address");
        colon = close + 1 < end ? close + 1 : NULL;
    } else {
        colon = memchr(s, ':', n);
        u->host = (struct piece){s, colon ? (size_t)(colon - s) : n};
        for (size_t i = 0; i < u->host.len; i++)
            if (strchr(" <>[\\]^|", s[i]))
                return bad_url(f, "invalid domain character");
    }
    if (colon)
        u->port = (struct piece){colon + 1, (size_t)(end - colon - 1)};
    unsigned long port = 0;
    for (size_t i = 0; i < u->port.len; i++) {
        if (!is_digit(u->port.ptr[i]))
            return bad_url(f, "invalid port number");
        port = port * 10 + (unsigned long)(u->port.ptr[i] - '0');
        if (port > 65535)
            return bad_url(f, "invalid port number");
    }
    if (u->host.len == 0 && (u->user.ptr || u->port.ptr))
        return bad_url(f, "empty host");
    return true;
}

static bool split_authority(struct url_parts *u, const char *s, size_t n, struct failure *f)
{
    const char *at = memrchr(s, '@', n);
    if (at) {
        size_t info = (size_t)(at - s);
        const char *colon = memchr(s, ':', info);
        u->user = (struct piece){s, colon ? (size_t)(colon - s) : info};
        if (colon && colon + 1 < at) /* an empty password counts as none */
            u->password = (struct piece){colon + 1, (size_t)(at - colon - 1)};
        n -= info + 1;
        s = at + 1;
    }
    return split_host(u, s, n, f);
}

static bool split_url(struct url_parts *u, const char *s, struct failure *f)
{
    size_t n = 0;
    if (!is_alpha(s[0]))
        return bad_url(f, "relative URL without a base");
    while (is_alpha(s[n]) || is_digit(s[n]) || (s[n] && strchr("+-.", s[n])))
        n++;
    if (s[n] != ':')
        return bad_url(f, "relative URL without a base");
    u->scheme = (struct piece){s, n};
    s += n + 1;
    if (strncmp(s, "//", 2) == 0) {
        s += 2;
        n = strcspn(s, "/?#");
        u->has_authority = true;
        if (!split_authority(u, s, n, f))
            return false;
        s += n;
    }
    n = strcspn(s, "?#");
    u->path = (struct piece){s, n};
    s += n;
    if (*s == '?')
        u->query = (struct piece){s + 1, strcspn(s + 1, "#")};
    return true;
}

static bool has_scheme(const struct url_parts *u, const char *name)
{
    return u->scheme.len == strlen(name) && strncasecmp(u->scheme.ptr, name, u->scheme.len) == 0;
}

/* A role or database name: UTF-8 without NUL after decoding. */
static bool decode_name(char **out, struct piece p, struct failure *f)
{
    size_t len = 0;
    *out = text_percent_decode(p.ptr ? p.ptr : "", p.len, false, &len);
    if (!*out)
        return failure_set(f, 500, "the gateway is out of memory");
    if (!text_is_utf8(*out, len))
        return failure_set(f, 400, "invalid username: invalid utf-8 sequence");
    if (memchr(*out, '\0', len))
        return failure_set(f, 400, "invalid username: nul byte found in provided data");
    return true;
}

static int compare_strings(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

#define MAX_OPTION_TOKENS 64

/* Keeps the `neon_<name>:<value>` tokens of one options value. */
static bool take_options(char *value, char **tokens, size_t *n_tokens, bool *ephemeral)
{
    for (char *save = NULL, *tok = strtok_r(value, " \t\n\r\f\v", &save); tok;
         tok = strtok_r(NULL, " \t\n\r\f\v", &save)) {
        const char *colon = strchr(tok, ':');
        if (strncmp(tok, "neon_", 5) != 0 || !colon)
            continue;
        if (strncmp(tok, "neon_proxy_params_compat:", 25) != 0)
            *ephemeral = true;
        if (*n_tokens == MAX_OPTION_TOKENS)
            return false;
        tokens[*n_tokens] = strdup(tok);
        if (!tokens[*n_tokens])
            return false;
        (*n_tokens)++;
    }
    return true;
}

/* Collects the options of all `options=` pairs, sorted, one per line. */
static bool parse_options(struct connstr *cs, struct piece query, struct failure *f)
{
    char *tokens[MAX_OPTION_TOKENS];
    size_t n_tokens = 0;
    bool ok = true;
    const char *s = query.ptr ? query.ptr : "";
    const char *end = s + query.len;
    while (ok && s < end) {
        const char *amp = memchr(s, '&', (size_t)(end - s));
        size_t n = amp ? (size_t)(amp - s) : (size_t)(end - s);
        if (n > 8 && strncmp(s, "options=", 8) == 0) {
            size_t len;
            char *value = text_percent_decode(s + 8, n - 8, true, &len);
            ok = value && take_options(value, tokens, &n_tokens, &cs->ephemeral);
            free(value);
        }
        s += n + 1;
    }
    if (n_tokens > 1)
        qsort(tokens, n_tokens, sizeof tokens[0], compare_strings);
    struct buf joined = {0};
    for (size_t i = 0; i < n_tokens; i++) {
        buf_printf(&joined, "%s\n", tokens[i]);
        free(tokens[i]);
    }
    cs->options = buf_take(&joined);
    if (!ok || !cs->options)
        return failure_set(f, 400, "invalid connection string: too many neon_ options");
    return true;
}

static bool check_credentials(struct connstr *cs, struct piece password, const char *authorization,
                              enum connstr_auth auth, struct failure *f)
{
    if (auth == CONNSTR_JWT) {
        if (authorization && strncmp(authorization, "Bearer ", 7) == 0)
            return true;
        return failure_set(f, 400,
                           "missing authentication credentials: required authorization bearer "
                           "token in JWT format");
    }
    if (authorization || !password.ptr)
        return failure_set(f, 400, "missing authentication credentials: required password");
    cs->password = text_percent_decode(password.ptr, password.len, false, &cs->password_len);
    if (!cs->password)
        return failure_set(f, 500, "the gateway is out of memory");
    return true;
}

static bool from_url(struct connstr *cs, const char *url, const char *authorization,
                     enum connstr_auth auth, struct failure *f)
{
    struct url_parts u = {0};
    if (!split_url(&u, url, f))
        return false;
    if (!has_scheme(&u, "postgres") && !has_scheme(&u, "postgresql"))
        return failure_set(f, 400, "incorrect scheme");
    if (u.path.len == 0 || u.path.ptr[0] != '/')
        return failure_set(f, 400, "missing database name");
    const char *segment = u.path.ptr + 1;
    const char *slash = memchr(segment, '/', u.path.len - 1);
    struct piece database = {segment, slash ? (size_t)(slash - segment) : u.path.len - 1};
    if (!decode_name(&cs->database, database, f) || !decode_name(&cs->role, u.user, f))
        return false;
    if (cs->role[0] == '\0')
        return failure_set(f, 400, "missing username");
    if (!check_credentials(cs, u.password, authorization, auth, f))
        return false;
    if (u.ipv6 || u.host.len == 0)
        return failure_set(f, 400, "missing hostname");
    const char *dot = memchr(u.host.ptr, '.', u.host.len);
    cs->endpoint = text_dup(u.host.ptr, dot ? (size_t)(dot - u.host.ptr) : u.host.len);
    if (!cs->endpoint)
        return failure_set(f, 500, "the gateway is out of memory");
    return parse_options(cs, u.query, f);
}

bool connstr_parse(struct connstr *cs, const char *header, const char *authorization,
                   enum connstr_auth auth, struct failure *f)
{
    for (const char *s = header ? header : "\n"; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if ((c < 0x20 && c != '\t') || c >= 0x7f)
            return failure_set(f, 400, "invalid header: neon-connection-string");
    }
    char *url = clean(header);
    if (!url)
        return failure_set(f, 500, "the gateway is out of memory");
    bool ok = from_url(cs, url, authorization, auth, f);
    OPENSSL_cleanse(url, strlen(url));
    free(url);
    return ok;
}
