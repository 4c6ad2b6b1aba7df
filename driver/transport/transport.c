/* The transport object: a copy of the options, the URL, the identity header and the key of its
 * lanes. No network here; http_curl.c carries requests. Called by handle/dbc.c and the doctor of
 * tool/. */
#include "transport/transport_int.h"

#include "base/process.h"
#include "transport/endpoint.h"

/* Every text of struct net_options, so that copying, wiping and the lanes' key forget none. */
static const struct net_text {
    size_t offset;
    bool secret, in_key;
} texts[] = {
    {offsetof(struct net_options, host), false, false},
    {offsetof(struct net_options, user), false, false},
    {offsetof(struct net_options, password), true, false},
    {offsetof(struct net_options, database), false, false},
    {offsetof(struct net_options, token), true, false},
    {offsetof(struct net_options, neon_options), true, false},
    {offsetof(struct net_options, api_host), false, false},
    {offsetof(struct net_options, ws_path), false, false},
    {offsetof(struct net_options, application_name), false, false},
    {offsetof(struct net_options, ca_file), false, true},
    {offsetof(struct net_options, ca_path), false, true},
    {offsetof(struct net_options, crl_file), false, true},
    {offsetof(struct net_options, client_cert), false, true},
    {offsetof(struct net_options, client_key), false, true},
    {offsetof(struct net_options, client_key_password), true, true},
    {offsetof(struct net_options, tls_min_version), false, true},
    {offsetof(struct net_options, tls_ciphers), false, true},
    {offsetof(struct net_options, pinned_public_key), false, true},
    {offsetof(struct net_options, proxy), true, true},
    {offsetof(struct net_options, proxy_user), false, true},
    {offsetof(struct net_options, proxy_password), true, true},
    {offsetof(struct net_options, proxy_auth), false, true},
    {offsetof(struct net_options, no_proxy), false, true},
    {offsetof(struct net_options, user_agent), false, false},
};

static const char **text_at(struct net_options *o, const struct net_text *t)
{
    return (const char **)(void *)((char *)o + t->offset);
}

static void free_text(const char *s, bool secret)
{
    char *owned = (char *)(uintptr_t)s;

    if (secret && owned != NULL)
        mem_wipe(owned, strlen(owned));
    mem_free(owned);
}

static void release_options(struct net_options *o)
{
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        free_text(*text_at(o, &texts[i]), texts[i].secret);
}

static bool copy_options(struct net_options *to, const struct net_options *from)
{
    bool ok = true;

    *to = *from;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        const char **place = text_at(to, &texts[i]);
        const char *source = *place;
        *place = mem_strdup(source);
        ok = ok && (source == NULL || *place != NULL);
    }
    return ok;
}

/* The origin of the URL (before the path) and everything that shapes a connection to it. */
static bool make_key(struct transport *t)
{
    struct lane_key k;
    const char *url = buf_str(&t->url);
    const char *host = strstr(url, "://");
    size_t origin = host ? (size_t)(host + 3 - url) + strcspn(host + 3, "/") : strlen(url);
    char numbers[96];
    char *copy = mem_strndup(url, origin);
    bool ok = copy != NULL && lane_key_begin(&k);

    if (!ok) {
        mem_free(copy);
        return false;
    }
    snprintf(numbers, sizeof numbers, "%d %d %d %d", (int)t->o.verify, (int)t->o.http_version,
             t->o.ip_version, (int)t->o.keep_alive);
    lane_key_text(&k, copy);
    lane_key_text(&k, numbers);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (texts[i].in_key)
            lane_key_text(&k, *text_at(&t->o, &texts[i]));
    mem_free(copy);
    return lane_key_end(&k, t->key);
}

/* The login of a proxy's URL: libcurl takes it apart, so its parts must be known too. */
static bool add_proxy_login(struct transport *t)
{
    struct strview url = sv(t->o.proxy ? t->o.proxy : "");
    size_t start = sv_find(url, SV_LIT("://"));
    size_t end = url.len;
    size_t colon;

    start = start == SIZE_MAX ? 0 : start + 3;
    while (end > start && url.ptr[end - 1] != '@')
        end--;
    if (end == start)
        return true;
    url = sv_n(url.ptr + start, end - 1 - start);
    colon = sv_find(url, SV_LIT(":"));
    return log_add_secret(t->log, url) &&
           (colon == SIZE_MAX ||
            log_add_secret(t->log, sv_n(url.ptr + colon + 1, url.len - colon - 1)));
}

static bool add_secrets(struct transport *t)
{
    const char *const secrets[] = {t->o.password,       t->o.token, t->o.client_key_password,
                                   t->o.proxy_password, t->o.proxy, t->o.neon_options};

    for (size_t i = 0; i < ARRAY_LEN(secrets); i++)
        if (secrets[i] != NULL && !log_add_secret(t->log, sv(secrets[i])))
            return false;
    return add_proxy_login(t) && log_add_secret(t->log, buf_sv(&t->identity));
}

/* It becomes a header: a line break would begin another one. The value itself is secret. */
static bool token_is_usable(struct strview token, struct err *e)
{
    for (size_t i = 0; i < token.len; i++)
        if (token.ptr[i] <= ' ' || token.ptr[i] >= 0x7F)
            return err_set(e, ST_HY024, 0,
                           "The token holds a character that no JSON web token has. Give it in its "
                           "compact form, header.payload.signature, without line breaks.");
    return token.len > 0 ||
           err_set(e, ST_HY024, 0, "The token is empty. Check Token or TokenFile.");
}

static bool options_are_usable(const struct net_options *o, struct err *e)
{
    for (const char *c = o->user_agent; c != NULL && *c != '\0'; c++)
        if (*c < ' ' || *c >= 0x7F)
            return err_set(e, ST_HY024, 0, "UserAgent may hold printable ASCII characters only.");
    return o->token == NULL || token_is_usable(sv(o->token), e);
}

struct transport *transport_new(const struct net_options *o, struct log *log, struct err *e)
{
    struct transport *t = mem_calloc(1, sizeof *t);
    bool ok;

    if (t == NULL) {
        err_oom(e);
        return NULL;
    }
    t->log = log;
    t->pid = process_id();
    buf_init(&t->url, 0);
    buf_init(&t->identity, 0);
    ok = copy_options(&t->o, o) || err_oom(e);
    ok = ok && options_are_usable(&t->o, e) && endpoint_url(&t->o, &t->url, e);
    ok = ok && endpoint_connection_string(&t->o, &t->identity, e);
    ok = ok && (make_key(t) || err_oom(e));
    ok = ok && (log == NULL || add_secrets(t) || err_oom(e));
    if (ok)
        return t;
    transport_free(t);
    return NULL;
}

void transport_free(struct transport *t)
{
    if (t == NULL)
        return;
    release_options(&t->o);
    buf_release(&t->url);
    buf_release_secret(&t->identity);
    mem_free(t);
}

bool transport_is_dead(const struct transport *t)
{
    return atomic_load(&t->dead);
}

bool transport_is_foreign(const struct transport *t)
{
    return t->pid != process_id();
}
