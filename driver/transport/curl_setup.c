/* The options of libcurl that follow from struct net_options. Sends nothing, knows no request.
 * Called by http_curl.c and ws_client.c for every attempt, and by the doctor of tool/. */
#include "transport/curl_setup.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* Small: what a paused transfer holds back is copied once more (measured by bench/). */
#define READ_BUFFER_BYTES (32L << 10)
/* For TCP and TLS together; libcurl's own is five minutes, and a statement may have no timeout at
 * all. */
#define CONNECT_MAX_MS 30000L

/* Remembers the first option that was not taken. */
struct setup {
    CURL *c;
    CURLcode failed;
    const char *what;
};

static void note(struct setup *s, CURLcode code, const char *what)
{
    if (code == CURLE_OK || s->failed != CURLE_OK)
        return;
    s->failed = code;
    s->what = what;
}

static void set_text(struct setup *s, CURLoption option, const char *value, const char *what)
{
    if (value != NULL && value[0] != '\0')
        note(s, curl_easy_setopt(s->c, option, value), what);
}

static void set_long(struct setup *s, CURLoption option, long value, const char *what)
{
    note(s, curl_easy_setopt(s->c, option, value), what);
}

/* For what only saves time, or guards a feature that is itself missing then. */
static void try_long(CURL *c, CURLoption option, long value)
{
    (void)curl_easy_setopt(c, option, value);
}

static void set_verification(struct setup *s, const struct net_options *o)
{
    bool own_store = (o->ca_file != NULL && o->ca_file[0]) || (o->ca_path != NULL && o->ca_path[0]);

    set_long(s, CURLOPT_SSL_VERIFYPEER, 1L, "verification of certificates");
    set_long(s, CURLOPT_SSL_VERIFYHOST, o->verify == TLS_VERIFY_CA ? 0L : 2L, "SSLmode");
    if (own_store) { /* libcurl would go on trusting the other half of the system's store */
        note(s, curl_easy_setopt(s->c, CURLOPT_CAINFO, NULL), "CAFile");
        note(s, curl_easy_setopt(s->c, CURLOPT_CAPATH, NULL), "CAPath");
        (void)curl_easy_setopt(s->c, CURLOPT_PROXY_CAINFO, NULL);
        (void)curl_easy_setopt(s->c, CURLOPT_PROXY_CAPATH, NULL);
    }
    set_text(s, CURLOPT_CAINFO, o->ca_file, "CAFile");
    set_text(s, CURLOPT_CAPATH, o->ca_path, "CAPath");
    set_text(s, CURLOPT_CRLFILE, o->crl_file, "CRLFile");
    set_text(s, CURLOPT_PINNEDPUBLICKEY, o->pinned_public_key, "PinnedPublicKey");
    if (own_store) {
        (void)curl_easy_setopt(s->c, CURLOPT_PROXY_CAINFO, o->ca_file);
        (void)curl_easy_setopt(s->c, CURLOPT_PROXY_CAPATH, o->ca_path);
    }
}

static void set_tls(struct setup *s, const struct net_options *o)
{
    bool tls13 = o->tls_min_version != NULL && strcmp(o->tls_min_version, "1.3") == 0;
    long least = (long)(tls13 ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2);

    set_verification(s, o);
    set_long(s, CURLOPT_SSLVERSION, least, "TLSMinVersion");
    try_long(s->c, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    set_text(s, CURLOPT_SSLCERT, o->client_cert, "ClientCert");
    set_text(s, CURLOPT_SSLKEY, o->client_key, "ClientKey");
    set_text(s, CURLOPT_KEYPASSWD, o->client_key_password, "ClientKeyPwd");
    set_text(s, CURLOPT_SSL_CIPHER_LIST, o->tls_ciphers, "TLSCiphers");
}

static long proxy_auth_bits(const char *name)
{
    static const struct {
        const char *name;
        unsigned long bits;
    } kinds[] = {{"basic", CURLAUTH_BASIC},
                 {"digest", CURLAUTH_DIGEST},
                 {"ntlm", CURLAUTH_NTLM},
                 {"negotiate", CURLAUTH_NEGOTIATE}};

    for (size_t i = 0; name != NULL && i < ARRAY_LEN(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return (long)kinds[i].bits;
    return (long)CURLAUTH_ANY;
}

static void set_proxy(struct setup *s, const struct net_options *o, bool is_http)
{
    if (is_http) { /* to this machine only: no proxy has a place there */
        note(s, curl_easy_setopt(s->c, CURLOPT_PROXY, ""), "Proxy");
        return;
    }
    if (o->proxy != NULL) {
        note(s, curl_easy_setopt(s->c, CURLOPT_PROXY, o->proxy), "Proxy");
        /* An explicit proxy is not undone by the environment's NO_PROXY. */
        note(s, curl_easy_setopt(s->c, CURLOPT_NOPROXY, o->no_proxy ? o->no_proxy : ""), "NoProxy");
    } else {
        set_text(s, CURLOPT_NOPROXY, o->no_proxy, "NoProxy");
    }
    set_text(s, CURLOPT_PROXYUSERNAME, o->proxy_user, "ProxyUID");
    set_text(s, CURLOPT_PROXYPASSWORD, o->proxy_password, "ProxyPWD");
    set_long(s, CURLOPT_PROXYAUTH, proxy_auth_bits(o->proxy_auth), "ProxyAuth");
    set_long(s, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L, "Proxy");
}

/* ---- sockets ---- */

static bool is_loopback(const struct sockaddr *a)
{
    const struct sockaddr_in *v4 = (const void *)a;
    const struct sockaddr_in6 *v6 = (const void *)a;

    if (a->sa_family == AF_INET)
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    return a->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

/* A program that the application starts must not inherit the connection: it would stay open when we
 * close it, and closing is how a statement is cancelled. Unencrypted ones end at this machine,
 * whatever "localhost" resolves to. */
static curl_socket_t open_socket(void *is_http, curlsocktype purpose, struct curl_sockaddr *a)
{
    (void)purpose;
    if (is_http != NULL && !is_loopback(&a->addr))
        return CURL_SOCKET_BAD;
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* shutdown ends the connection also when a child process of fork() holds it too. */
static int close_socket(void *ctx, curl_socket_t fd)
{
    (void)ctx;
    (void)shutdown(fd, SHUT_RDWR);
    return close(fd);
}

static void set_sockets(struct setup *s, const struct net_options *o, bool is_http)
{
    static char yes;
    long ip = (long)(o->ip_version == 4   ? CURL_IPRESOLVE_V4
                     : o->ip_version == 6 ? CURL_IPRESOLVE_V6
                                          : CURL_IPRESOLVE_WHATEVER);

    note(s, curl_easy_setopt(s->c, CURLOPT_OPENSOCKETFUNCTION, open_socket), "sockets");
    note(s, curl_easy_setopt(s->c, CURLOPT_OPENSOCKETDATA, is_http ? &yes : NULL), "sockets");
    note(s, curl_easy_setopt(s->c, CURLOPT_CLOSESOCKETFUNCTION, close_socket), "sockets");
    set_long(s, CURLOPT_IPRESOLVE, ip, "IPVersion");
    set_long(s, CURLOPT_NOSIGNAL, 1L, "threads");
    set_long(s, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MAX_MS, "timeouts");
    set_long(s, CURLOPT_FORBID_REUSE, o->keep_alive ? 0L : 1L, "KeepAlive");
    try_long(s->c, CURLOPT_TCP_KEEPALIVE, 1L);
    try_long(s->c, CURLOPT_MAXAGE_CONN, (long)o->max_idle_s);
    try_long(s->c, CURLOPT_BUFFERSIZE, READ_BUFFER_BYTES);
#if LIBCURL_VERSION_NUM >= 0x075700
    /* A cancel or timeout while a name is being resolved does not wait for the resolver's thread,
     * which frees itself. */
    try_long(s->c, CURLOPT_QUICK_EXIT, 1L);
#endif
}

/* ---- the protocol ---- */

static void set_protocol(struct setup *s, const struct net_options *o, bool is_http)
{
    bool old = o->http_version == HTTP_1_1 || is_http;

    set_long(s, CURLOPT_HTTP_VERSION,
             old ? (long)CURL_HTTP_VERSION_1_1 : (long)CURL_HTTP_VERSION_2TLS, "HttpVersion");
#if LIBCURL_VERSION_NUM >= 0x075500
    note(s, curl_easy_setopt(s->c, CURLOPT_PROTOCOLS_STR, "http,https"), "protocols");
#else
    set_long(s, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS), "protocols");
#endif
    set_long(s, CURLOPT_FOLLOWLOCATION, 0L, "redirects");
}

bool curl_setup_url(CURL *c, const struct transport *t, const char *url, struct err *e)
{
    struct setup s = {c, CURLE_OK, NULL};
    bool is_http = strncmp(url, "http://", 7) == 0;

    note(&s, curl_easy_setopt(c, CURLOPT_URL, url), "ApiHost");
    set_text(&s, CURLOPT_USERAGENT, t->o.user_agent, "UserAgent");
    if (lane_share() != NULL)
        (void)curl_easy_setopt(c, CURLOPT_SHARE, lane_share());
    set_protocol(&s, &t->o, is_http);
    set_sockets(&s, &t->o, is_http);
    set_tls(&s, &t->o);
    set_proxy(&s, &t->o, is_http);
    if (s.failed == CURLE_OK)
        return true;
    if (s.failed == CURLE_OUT_OF_MEMORY)
        return err_oom(e);
    return err_set(e, ST_HY024, 1000 + (int)s.failed,
                   "%s cannot be used: the installed libcurl refuses it (%s). Leave it out, or "
                   "install a libcurl "
                   "that supports it.",
                   s.what, curl_easy_strerror(s.failed));
}

bool curl_setup(CURL *c, const struct transport *t, struct err *e)
{
    return curl_setup_url(c, t, buf_str(&t->url), e);
}
