/* neon-odbc doctor: walks the way of a connection step by step, times each, and says what to do
 * about the first that fails.
 *
 * The network steps use the same libcurl options as the driver (curl_setup.h); login and statements
 * go through the driver manager like an application's. Nothing is changed on the server. */
#include "tool/tool.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <sql.h>
#include <sqlext.h>

#include "base/clock.h"
#include "config/net.h"
#include "transport/curl_setup.h"
#include "transport/endpoint.h"

#define STEP_TIMEOUT_MS 30000L
#define WEBSOCKET_TIMEOUT_MS 15000L
#define TEXT_CAP 2048

struct doctor {
    const struct tool_args *args;
    struct conn_options options;
    struct net_options net;
    struct transport *transport;
    struct buf connstr;
    char host[256]; /* where requests go */
    bool proxied;
    int n_steps;
    bool failed, limited; /* limited: no WebSockets */
};

/* ---- saying it ---- */

static void say(struct doctor *d, bool ok, const char *name, double ms, const char *text,
                const char *remedy)
{
    if (d->args->json) {
        printf("%s\n  {\"step\": \"%s\", \"ok\": %s, \"ms\": ", d->n_steps ? "," : "", name,
               ok ? "true" : "false");
        if (ms >= 0)
            printf("%.1f", ms);
        else
            fputs("null", stdout);
        fputs(", \"text\": ", stdout);
        tool_json_text(text, strlen(text));
        if (remedy[0] != '\0') {
            fputs(", \"remedy\": ", stdout);
            tool_json_text(remedy, strlen(remedy));
        }
        putchar('}');
    } else {
        if (ms >= 0)
            printf("%-6s %-12s %8.1f ms  %s\n", ok ? "ok" : "FAILED", name, ms, text);
        else
            printf("%-6s %-12s %11s  %s\n", ok ? "ok" : "FAILED", name, "", text);
        if (remedy[0] != '\0')
            printf("%-6s %-12s %11s  %s %s\n", "", "", "", ok ? "" : "->", remedy);
        fflush(stdout);
    }
    d->n_steps++;
    d->failed |= !ok;
}

static bool fail(struct doctor *d, const char *name, double ms, const char *text,
                 const char *remedy)
{
    say(d, false, name, ms, text, remedy);
    return false;
}

static double since(int64_t start_ms)
{
    return (double)(clock_now_ms() - start_ms);
}

/* ---- keywords ---- */

static bool read_keywords(struct doctor *d)
{
    struct config_warnings w;
    struct err e = ERR_INIT;
    char text[TEXT_CAP];
    bool ok;

    config_warnings_init(&w);
    ok = config_build(&d->options, buf_sv(&d->connstr), NULL, NULL, NULL, &w, &e) &&
         conn_options_load_files(&d->options, &e) && conn_options_complete(&d->options, &e) &&
         conn_options_to_net(&d->options, &d->net, &e);
    for (size_t i = 0; i < w.n; i++)
        say(d, true, "keywords", -1, w.item[i].text, "");
    config_warnings_release(&w);
    if (ok)
        snprintf(text, sizeof text, "%s, database %s, role %s, %s", d->net.host, d->net.database,
                 d->net.user, d->net.token != NULL ? "with a token" : "with a password");
    else
        snprintf(text, sizeof text, "%s", buf_str(&e.text));
    err_release(&e);
    say(d, ok, "keywords", -1, text, "");
    return ok;
}

/* ---- name ---- */

/* The host in a URL: between :// and the next of : / (an IPv6 address stands in brackets). */
static void host_of(const char *url, char *out, size_t cap)
{
    const char *host = strstr(url, "://");
    size_t len;

    host = host != NULL ? host + 3 : url;
    len = host[0] == '[' ? strcspn(++host, "]") : strcspn(host, ":/");
    snprintf(out, cap, "%.*s", (int)len, host);
}

static bool make_transport(struct doctor *d)
{
    struct err e = ERR_INIT;

    d->transport = transport_new(&d->net, NULL, &e);
    if (d->transport == NULL) {
        fail(d, "keywords", -1, buf_str(&e.text), "");
        err_release(&e);
        return false;
    }
    host_of(buf_str(&d->transport->url), d->host, sizeof d->host);
    return true;
}

static const char *proxy_of_environment(void)
{
    static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (getenv(names[i]) != NULL && getenv(names[i])[0] != '\0')
            return names[i];
    return NULL;
}

static void check_proxy(struct doctor *d)
{
    const char *from = d->net.proxy != NULL ? "the keyword Proxy" : proxy_of_environment();
    char text[TEXT_CAP];

    if (endpoint_is_loopback(sv(d->host)))
        from = NULL;
    d->proxied = from != NULL;
    if (from == NULL)
        snprintf(text, sizeof text, "none: straight to %s", d->host);
    else
        snprintf(text, sizeof text, "one is named by %s (NO_PROXY may still exclude this host)",
                 from);
    say(d, true, "proxy", -1, text, "");
}

static bool check_name(struct doctor *d)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int64_t start = clock_now_ms();
    char text[TEXT_CAP], first[NI_MAXHOST] = "";
    int n = 0, rc;

    if (d->proxied) {
        say(d, true, "name", -1, "looked up by the proxy", "");
        return true;
    }
    rc = getaddrinfo(d->host, NULL, &hints, &found);
    if (rc != 0) {
        snprintf(text, sizeof text, "%s cannot be found: %s", d->host, gai_strerror(rc));
        return fail(d, "name", since(start), text,
                    "Check Server for typing errors. When other names cannot be found either, the "
                    "network or its DNS is down; "
                    "a network that only lets a proxy out needs Proxy=http://host:port.");
    }
    getnameinfo(found->ai_addr, found->ai_addrlen, first, sizeof first, NULL, 0, NI_NUMERICHOST);
    for (struct addrinfo *a = found; a != NULL; a = a->ai_next)
        n++;
    freeaddrinfo(found);
    snprintf(text, sizeof text, "%s is %s%s", d->host, first, n > 1 ? " and others" : "");
    say(d, true, "name", since(start), text, "");
    return true;
}

/* ---- network ---- */

static const struct {
    CURLcode code;
    const char *step, *remedy;
} curl_failures[] = {
    {CURLE_COULDNT_RESOLVE_PROXY, "proxy",
     "The proxy's own name cannot be found: check Proxy or HTTPS_PROXY."},
    {CURLE_COULDNT_RESOLVE_HOST, "name", "Check Server for typing errors."},
    {CURLE_COULDNT_CONNECT, "tcp",
     "Nobody answers there, or a firewall is in between: ask for outgoing HTTPS (port 443) to this "
     "host, or for a proxy."},
    {CURLE_OPERATION_TIMEDOUT, "tcp",
     "No answer in time. A firewall that drops packets looks like this: ask for outgoing HTTPS, or "
     "for a proxy."},
    {CURLE_PEER_FAILED_VERIFICATION, "tls",
     "The certificate is not trusted. Where the network inspects TLS, name its own authority: "
     "CAFile=/path/to/ca.pem."},
    {CURLE_SSL_CONNECT_ERROR, "tls",
     "TLS was cut off: a firewall, or a proxy that wants another protocol, may be in between."},
    {CURLE_SSL_CACERT_BADFILE, "tls", "CAFile cannot be read: check the path."},
    {CURLE_RECV_ERROR, "proxy",
     "The connection was closed before an answer: a proxy may want a login (ProxyUID, ProxyPWD)."},
};

static size_t drop(char *data, size_t size, size_t n, void *ctx)
{
    (void)data;
    (void)ctx;
    return size * n;
}

static double curl_ms(CURL *c, CURLINFO from, CURLINFO to)
{
    curl_off_t a = 0, b = 0;

    if (from != CURLINFO_NONE)
        curl_easy_getinfo(c, from, &a);
    curl_easy_getinfo(c, to, &b);
    return (double)(b - a) / 1000.0;
}

static void certificate_names(CURL *c, char *out, size_t cap)
{
    struct curl_certinfo *info = NULL;

    out[0] = '\0';
    if (curl_easy_getinfo(c, CURLINFO_CERTINFO, &info) != CURLE_OK || info == NULL ||
        info->num_of_certs == 0)
        return;
    for (struct curl_slist *line = info->certinfo[0]; line != NULL; line = line->next)
        if (strncmp(line->data, "X509v3 Subject Alternative Name:", 32) == 0 ||
            strncmp(line->data, "Issuer:", 7) == 0)
            snprintf(out + strlen(out), cap - strlen(out), "%s%.300s", out[0] ? "; " : "",
                     line->data);
}

static void say_network(struct doctor *d, CURL *c)
{
    char *address = NULL;
    long port = 0, version = 0, status = 0;
    char text[TEXT_CAP], names[TEXT_CAP];
    bool tls = strncmp(buf_str(&d->transport->url), "https://", 8) == 0;

    curl_easy_getinfo(c, CURLINFO_PRIMARY_IP, &address);
    curl_easy_getinfo(c, CURLINFO_PRIMARY_PORT, &port);
    curl_easy_getinfo(c, CURLINFO_HTTP_VERSION, &version);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    snprintf(text, sizeof text, "connected to %s, port %ld", address ? address : "?", port);
    say(d, true, "tcp", curl_ms(c, CURLINFO_NAMELOOKUP_TIME_T, CURLINFO_CONNECT_TIME_T), text, "");
    if (tls) {
        certificate_names(c, names, sizeof names);
        snprintf(text, sizeof text, "the certificate is trusted. %s", names);
        say(d, true, "tls", curl_ms(c, CURLINFO_CONNECT_TIME_T, CURLINFO_APPCONNECT_TIME_T), text,
            "");
    } else {
        say(d, true, "tls", -1, "none: AllowInsecure, to this machine itself", "");
    }
    snprintf(text, sizeof text, "HTTP/%s, status %ld to a request without a login",
             version == CURL_HTTP_VERSION_2_0   ? "2"
             : version == CURL_HTTP_VERSION_1_0 ? "1.0"
                                                : "1.1",
             status);
    say(d, true, "http", curl_ms(c, CURLINFO_PRETRANSFER_TIME_T, CURLINFO_STARTTRANSFER_TIME_T),
        text, status == 407 ? "The proxy wants a login: ProxyUID and ProxyPWD." : "");
}

static bool say_curl_failure(struct doctor *d, CURLcode code, const char *detail, double ms)
{
    const char *reason = detail[0] != '\0' ? detail : curl_easy_strerror(code);

    for (size_t i = 0; i < ARRAY_LEN(curl_failures); i++)
        if (curl_failures[i].code == code)
            return fail(d, curl_failures[i].step, ms, reason, curl_failures[i].remedy);
    return fail(d, "http", ms, reason, "See libcurl-errors(3) for the reason's exact meaning.");
}

static bool check_network(struct doctor *d)
{
    CURL *c = curl_easy_init();
    char detail[CURL_ERROR_SIZE] = "";
    struct err e = ERR_INIT;
    int64_t start = clock_now_ms();
    CURLcode code;
    bool ok;

    if (c == NULL || !curl_setup(c, d->transport, &e)) {
        fail(d, "http", -1, c != NULL ? buf_str(&e.text) : "Out of memory.", "");
        err_release(&e);
        curl_easy_cleanup(c);
        return false;
    }
    curl_easy_setopt(c, CURLOPT_SHARE, NULL); /* a fresh connection, to be timed */
    curl_easy_setopt(c, CURLOPT_CERTINFO, 1L);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, detail);
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, "{}");
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, STEP_TIMEOUT_MS);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, drop);
    code = curl_easy_perform(c);
    ok = code == CURLE_OK;
    if (ok)
        say_network(d, c);
    else
        say_curl_failure(d, code, detail, since(start));
    curl_easy_cleanup(c);
    return ok;
}

/* ---- login and statements, through the driver manager ---- */

static const char *first_record(SQLSMALLINT type, SQLHANDLE h, char *text, size_t cap)
{
    SQLCHAR state[6] = "", message[TEXT_CAP - 16];
    SQLINTEGER native;
    SQLSMALLINT len;

    snprintf(text, cap, "no reason was given");
    if (SQL_SUCCEEDED(SQLGetDiagRec(type, h, 1, state, &native, message, sizeof message, &len)))
        snprintf(text, cap, "%s: %s", (char *)state, (char *)message);
    return text;
}

static bool ask(SQLHDBC dbc, const char *sql, char *out, size_t cap)
{
    SQLHSTMT stmt = NULL;
    SQLLEN ind;
    bool ok = SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, dbc, &stmt)) &&
              SQL_SUCCEEDED(SQLExecDirect(stmt, (SQLCHAR *)(uintptr_t)sql, SQL_NTS)) &&
              SQL_SUCCEEDED(SQLFetch(stmt)) &&
              SQL_SUCCEEDED(SQLGetData(stmt, 1, SQL_C_CHAR, out, (SQLLEN)cap, &ind));

    if (!ok && stmt != NULL)
        first_record(SQL_HANDLE_STMT, stmt, out, cap);
    if (stmt != NULL)
        SQLFreeHandle(SQL_HANDLE_STMT, stmt);
    return ok;
}

static void check_statements(struct doctor *d, SQLHDBC dbc)
{
    char answer[TEXT_CAP], text[256];
    int64_t start = clock_now_ms();

    if (!ask(dbc, "SELECT pg_catalog.version()", answer, sizeof answer)) {
        fail(d, "statement", since(start), answer, "");
        return;
    }
    say(d, true, "statement", since(start), answer, "");
    start = clock_now_ms();
    if (ask(dbc, "SELECT 1", answer, sizeof answer))
        say(d, true, "round trip", since(start), "what a small statement costs from here", "");
    snprintf(text, sizeof text, "requests up to %lld bytes, answers %s",
             (long long)d->options.max_request_bytes,
             d->options.max_response_bytes ? "up to MaxResponseBytes"
                                           : "as large as Neon allows (64 MB over HTTP)");
    say(d, true, "limits", -1, text, "");
}

static void check_login(struct doctor *d)
{
    SQLHENV env = NULL;
    SQLHDBC dbc = NULL;
    char text[TEXT_CAP];
    int64_t start = clock_now_ms();

    SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env);
    SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc))) {
        fail(d, "login", -1, "The driver manager gives no connection handle.", "");
    } else if (!SQL_SUCCEEDED(SQLDriverConnect(dbc, NULL, (SQLCHAR *)d->connstr.data, SQL_NTS, NULL,
                                               0, NULL, SQL_DRIVER_NOPROMPT))) {
        first_record(SQL_HANDLE_DBC, dbc, text, sizeof text);
        fail(d, "login", since(start), text,
             strncmp(text, "IM002", 5) == 0 ? "The driver is not registered: neon-odbc register."
                                            : "");
    } else {
        double ms = since(start);
        say(d, true, "login", ms,
            ms > 400 ? "accepted; a compute that slept takes this long to wake up"
                     : "accepted; the compute was awake",
            "");
        check_statements(d, dbc);
        SQLDisconnect(dbc);
    }
    if (dbc != NULL)
        SQLFreeHandle(SQL_HANDLE_DBC, dbc);
    SQLFreeHandle(SQL_HANDLE_ENV, env);
}

/* ---- WebSocket: the upgrade alone (protocol section 10.1) ---- */

struct upgrade {
    int status;
};

/* The headers of a 101 end the test: what follows would be frames. */
static size_t upgrade_header(char *line, size_t size, size_t n, void *ctx)
{
    struct upgrade *u = ctx;

    if (size * n > 12 && strncmp(line, "HTTP/", 5) == 0)
        u->status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    return u->status == 101 && size * n <= 2 ? 0 : size * n;
}

/* The endpoint's own host, not api.: ApiHost, when given, is asked for both. */
static bool upgrade_url(const struct doctor *d, struct buf *out)
{
    const char *url = buf_str(&d->transport->url);
    const char *path = strchr(strstr(url, "://") + 3, '/');

    if (d->net.api_host != NULL)
        return buf_append(out, url, path != NULL ? (size_t)(path - url) : strlen(url)) &&
               buf_append_str(out, "/v2");
    return buf_printf(out, "https://%s/v2", d->net.host);
}

static void say_upgrade(struct doctor *d, int status, CURLcode code, const char *detail, double ms)
{
    char text[TEXT_CAP];

    if (status == 101) {
        say(d, true, "websocket", ms, "the upgrade is accepted: sessions are possible", "");
        return;
    }
    d->limited = true;
    if (status == 0)
        snprintf(text, sizeof text, "%s", detail[0] ? detail : curl_easy_strerror(code));
    else
        snprintf(text, sizeof text, "the upgrade was answered with status %d", status);
    say(d, true, "websocket", ms, text,
        "Only transactions and sessions need it: with Transport=http everything else works; a "
        "proxy on the way may have to "
        "be told to let WebSockets pass.");
}

static void check_websocket(struct doctor *d)
{
    CURL *c = curl_easy_init();
    struct buf url = BUF_INIT(4096);
    struct curl_slist *headers = NULL;
    struct upgrade u = {0};
    struct err e = ERR_INIT;
    char detail[CURL_ERROR_SIZE] = "";
    int64_t start = clock_now_ms();
    CURLcode code = CURLE_FAILED_INIT;

    if (d->net.token != NULL) {
        say(d, true, "websocket", -1, "not used with a token", "");
    } else if (c != NULL && curl_setup(c, d->transport, &e) && upgrade_url(d, &url)) {
        headers = curl_slist_append(headers, "Connection: Upgrade");
        headers = curl_slist_append(headers, "Upgrade: websocket");
        headers = curl_slist_append(headers, "Sec-WebSocket-Version: 13");
        headers = curl_slist_append(headers, "Sec-WebSocket-Key: bmVvbi1vZGJjIGRvY3Rvcg==");
        curl_easy_setopt(c, CURLOPT_SHARE, NULL);
        curl_easy_setopt(c, CURLOPT_URL, url.data);
        curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, upgrade_header);
        curl_easy_setopt(c, CURLOPT_HEADERDATA, &u);
        curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, drop);
        curl_easy_setopt(c, CURLOPT_ERRORBUFFER, detail);
        curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, WEBSOCKET_TIMEOUT_MS);
        code = curl_easy_perform(c);
        say_upgrade(d, u.status, code, detail, since(start));
    }
    err_release(&e);
    curl_slist_free_all(headers);
    buf_release(&url);
    curl_easy_cleanup(c);
}

/* ---- the command ---- */

static void examine(struct doctor *d)
{
    if (!read_keywords(d) || !make_transport(d))
        return;
    check_proxy(d);
    if (!check_name(d) || !check_network(d))
        return;
    check_login(d);
    check_websocket(d);
}

int cmd_doctor(const struct tool_args *a)
{
    struct doctor d = {.args = a, .connstr = BUF_INIT(131072)};
    struct err e = ERR_INIT;
    char *name;
    bool ok;

    if (a->n_words != 1)
        return tool_fail(a, "usage: neon-odbc doctor NAME [--json]"), 2;
    name = tool_take_secret(a->words[0]);
    ok = name != NULL && tool_connstr(name, &d.connstr, &e);
    ok = ok &&
         (strncmp(d.connstr.data, "DSN", 3) == 0 || buf_append_str(&d.connstr, "Driver={Neon};"));
    mem_free(name);
    if (!ok) {
        if (!err_is_set(&e))
            err_oom(&e);
        return tool_fail_err(a, &e);
    }
    conn_options_init(&d.options);
    if (a->json)
        putchar('[');
    examine(&d);
    if (a->json)
        puts("\n]");
    else
        puts(d.failed    ? "\nThe first line marked FAILED is where it stops."
             : d.limited ? "\nStatements work. Sessions do not: see the line about WebSockets."
                         : "\nEverything works.");
    transport_free(d.transport);
    conn_options_release(&d.options);
    buf_release_secret(&d.connstr);
    return d.failed ? 1 : 0;
}
