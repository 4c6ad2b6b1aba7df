/* The network steps of neon-odbc doctor, with the driver's own options for libcurl (curl_setup.h).
 * The requests carry no login: nothing secret is sent. */
#include "tool/doctor.h"

#include <stdio.h>

#include "tool/doctor_tls.h"
#include "transport/curl_setup.h"

#define STEP_TIMEOUT_MS 30000L

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
    {CURLE_SSL_CONNECT_ERROR, "tls",
     "TLS was cut off: a firewall, or a proxy that wants another protocol, may be in between."},
    {CURLE_SSL_CACERT_BADFILE, "tls", "CAFile cannot be read: check the path."},
    {CURLE_SSL_CERTPROBLEM, "tls", "Check ClientCert, ClientKey and ClientKeyPwd."},
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, "tls",
     "The server's key is not the one in PinnedPublicKey: correct it, or find out who answers."},
    {CURLE_WEIRD_SERVER_REPLY, "http",
     "What answers there does not speak HTTP: check Server, ApiHost and Port."},
    {CURLE_UNSUPPORTED_PROTOCOL, "http",
     "What answers there does not speak HTTP: check Server, ApiHost and Port."},
    {CURLE_GOT_NOTHING, "http",
     "The connection was closed without an answer: check Port, and what is in between."},
};

size_t doctor_drop(char *data, size_t size, size_t n, void *ctx)
{
    (void)data;
    (void)ctx;
    return size * n;
}

/* Where something other than the endpoint answers: a portal that wants a login, a web server. */
static bool say_stranger(struct doctor *d, CURL *c, const char *text, double ms)
{
    const char *type = NULL, *to = NULL;
    char remedy[DOCTOR_TEXT_CAP];

    curl_easy_getinfo(c, CURLINFO_CONTENT_TYPE, &type);
    curl_easy_getinfo(c, CURLINFO_REDIRECT_URL, &to);
    if (to != NULL) {
        snprintf(remedy, sizeof remedy,
                 "The answer sends on to %.300s: a network's login page does that. Log in there "
                 "with a browser, or check Server and ApiHost.",
                 to);
        return doctor_fail(d, "http", ms, text, remedy);
    }
    if (type != NULL && strncmp(type, "application/json", 16) == 0)
        return true;
    snprintf(remedy, sizeof remedy,
             "This is no answer of Neon's SQL endpoint (%.100s instead of JSON): a login page of "
             "the network, or another web server. Check Server and ApiHost.",
             type != NULL ? type : "nothing");
    return doctor_fail(d, "http", ms, text, remedy);
}

static double curl_ms(CURL *c, CURLINFO from, CURLINFO to)
{
    curl_off_t a = 0, b = 0;

    if (from != CURLINFO_NONE)
        curl_easy_getinfo(c, from, &a);
    curl_easy_getinfo(c, to, &b);
    return (double)(b - a) / 1000.0;
}

static bool say_network(struct doctor *d, CURL *c)
{
    char *address = NULL;
    long port = 0, version = 0, status = 0;
    char text[DOCTOR_TEXT_CAP];
    double ms;
    bool tls = strncmp(buf_str(&d->transport->url), "https://", 8) == 0;

    curl_easy_getinfo(c, CURLINFO_PRIMARY_IP, &address);
    curl_easy_getinfo(c, CURLINFO_PRIMARY_PORT, &port);
    curl_easy_getinfo(c, CURLINFO_HTTP_VERSION, &version);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    snprintf(text, sizeof text, "connected to %s, port %ld%s", address ? address : "?", port,
             d->proxied ? ", the proxy" : "");
    doctor_say(d, GOOD, "tcp", curl_ms(c, CURLINFO_NAMELOOKUP_TIME_T, CURLINFO_CONNECT_TIME_T),
               text, "");
    if (tls) {
        strcpy(text, "the certificate is trusted. ");
        doctor_certificate(c, text, sizeof text);
        doctor_say(d, GOOD, "tls", curl_ms(c, CURLINFO_CONNECT_TIME_T, CURLINFO_APPCONNECT_TIME_T),
                   text, "");
    } else {
        doctor_say(d, GOOD, "tls", -1, "none: AllowInsecure, to this machine itself", "");
    }
    snprintf(text, sizeof text, "HTTP/%s, status %ld to a request without a login",
             version == CURL_HTTP_VERSION_2_0   ? "2"
             : version == CURL_HTTP_VERSION_1_0 ? "1.0"
                                                : "1.1",
             status);
    ms = curl_ms(c, CURLINFO_PRETRANSFER_TIME_T, CURLINFO_STARTTRANSFER_TIME_T);
    if (d->options.transport != TRANSPORT_WEBSOCKET && !say_stranger(d, c, text, ms))
        return false;
    doctor_say(d, GOOD, "http", ms, text, "");
    return true;
}

/* The proxy's own answer to CONNECT, when it was no. */
static const char *proxy_refusal(CURL *c)
{
    long status = 0;

    curl_easy_getinfo(c, CURLINFO_HTTP_CONNECTCODE, &status);
    if (status == 407)
        return "The proxy wants a login: give ProxyUID and ProxyPWD.";
    if (status == 403 || status == 405)
        return "The proxy does not let this host and port pass: ask its keeper to allow CONNECT to "
               "it.";
    if (status >= 300)
        return "The proxy cannot reach the host, or is no proxy for HTTPS: check Proxy, and ask "
               "its keeper.";
    return NULL;
}

/* TLS was spoken, but the certificate is not believed: look at it once more without believing. */
static bool say_certificate(struct doctor *d, CURL *c, const char *reason, double ms)
{
    char text[DOCTOR_TEXT_CAP];
    const char *remedy;

    snprintf(text, sizeof text, "%.300s. ", reason);
    remedy = doctor_distrust(c, text, sizeof text);
    return doctor_fail(d, "tls", ms, text, remedy);
}

static bool say_curl_failure(struct doctor *d, CURL *c, CURLcode code, const char *detail,
                             double ms)
{
    char reason[CURL_ERROR_SIZE];
    const char *remedy = d->proxied ? proxy_refusal(c) : NULL;

    snprintf(reason, sizeof reason, "%s", detail[0] != '\0' ? detail : curl_easy_strerror(code));
    if (remedy != NULL)
        return doctor_fail(d, "proxy", ms, reason, remedy);
    if (d->proxied && code == CURLE_COULDNT_CONNECT)
        return doctor_fail(
            d, "proxy", ms, reason,
            "The proxy does not answer: check Proxy (or HTTPS_PROXY), host and port.");
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        return say_certificate(d, c, reason, ms);
    for (size_t i = 0; i < ARRAY_LEN(curl_failures); i++)
        if (curl_failures[i].code == code)
            return doctor_fail(d, curl_failures[i].step, ms, reason, curl_failures[i].remedy);
    return doctor_fail(d, "http", ms, reason,
                       "See libcurl-errors(3) for the reason's exact meaning.");
}

bool doctor_network(struct doctor *d)
{
    CURL *c = curl_easy_init();
    char detail[CURL_ERROR_SIZE] = "";
    struct err e = ERR_INIT;
    double start = doctor_now();
    CURLcode code;
    bool ok;

    if (c == NULL || !curl_setup(c, d->transport, &e)) {
        doctor_fail(d, "http", -1, c != NULL ? buf_str(&e.text) : "Out of memory.", "");
        err_release(&e);
        curl_easy_cleanup(c);
        return false;
    }
    curl_easy_setopt(c, CURLOPT_SHARE, NULL); /* a fresh connection, to be timed */
    curl_easy_setopt(c, CURLOPT_CERTINFO, 1L);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, detail);
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, "{}");
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, STEP_TIMEOUT_MS);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, doctor_drop);
    tool_progress("connecting...");
    code = curl_easy_perform(c);
    ok = code == CURLE_OK;
    if (ok)
        ok = say_network(d, c);
    else
        say_curl_failure(d, c, code, detail, doctor_since(start));
    curl_easy_cleanup(c);
    return ok;
}
