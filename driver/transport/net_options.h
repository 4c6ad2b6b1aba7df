/* Where the server is and how to get there: what config/ hands to transport/. All strings are
 * NUL-terminated, may be NULL where said, and are borrowed for the call. */
#ifndef NEON_TRANSPORT_NET_OPTIONS_H
#define NEON_TRANSPORT_NET_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tls_verify { TLS_VERIFY_NONE_REFUSED, TLS_VERIFY_CA, TLS_VERIFY_FULL };
enum http_version { HTTP_ANY, HTTP_1_1, HTTP_2 };

struct net_options {
    /* identity: goes into the Neon-Connection-String header (protocol 2.4) */
    const char *host; /* ep-x.region.aws.neon.tech; lower-cased by transport */
    const char *user;
    const char *password; /* SECRET; NULL with a token */
    const char *database;
    const char *token;        /* SECRET, JWT; NULL = password */
    const char *neon_options; /* the URI's options=..., or NULL */

    /* endpoint (protocol 1.1) */
    int port;             /* 443 */
    const char *api_host; /* override: host, host:port or http(s)://host[:port][/path]; NULL = the
                             api./apiauth. rule */
    bool allow_insecure;  /* http:// is allowed, and to loopback only */
    bool pool_opt_in;
    const char *ws_path;          /* path of sessions; NULL = /v2 */
    const char *application_name; /* NULL = none; sessions only */

    /* TLS */
    enum tls_verify verify;
    const char *ca_file, *ca_path, *crl_file; /* NULL = the system's store */
    const char *client_cert, *client_key;
    const char *client_key_password; /* SECRET */
    const char *tls_min_version;     /* "1.2", "1.3"; NULL = 1.2 */
    const char *tls_ciphers, *pinned_public_key;

    /* proxy; NULL = the environment decides (HTTPS_PROXY, NO_PROXY, ...) */
    const char *proxy;                       /* SECRET when it holds credentials */
    const char *proxy_user, *proxy_password; /* password SECRET */
    const char *proxy_auth;                  /* basic, digest, ntlm, negotiate, any */
    const char *no_proxy;

    enum http_version http_version;
    int ip_version; /* 0 any, 4, 6 */
    bool keep_alive;
    int64_t max_idle_s; /* a connection idle for longer is not used again */
    int64_t retry_count;
    int64_t retry_interval_ms;
    size_t max_request_bytes;  /* 54000 before anything is sent */
    size_t max_response_bytes; /* 0 = none */
    const char *user_agent;    /* complete text */
};

#endif
