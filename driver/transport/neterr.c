/* Reads neterr.def. */
#include "transport/neterr.h"

#define YES true
#define NO false
static const struct neterr_row {
    CURLcode code;
    bool try_again; /* when nothing can have run */
    const char *connecting, *later, *text;
} neterrs[] = {
#define X(code, try_again, connecting, later, text) {code, try_again, connecting, later, text},
#include "transport/neterr.def"
#undef X
};

static bool proxy_refused(CURL *c, bool connecting, struct err *e)
{
    long code = 0;

    curl_easy_getinfo(c, CURLINFO_HTTP_CONNECTCODE, &code);
    if (code == 0 || (code >= 200 && code < 300))
        return false;
    if (code == 407)
        err_set(e, ST_08001, 407,
                "The proxy wants a login (407). Give ProxyUID and ProxyPWD, and ProxyAuth if it is "
                "not basic.");
    else
        err_set(e, ST_08001, (int)code,
                "The proxy refused the connection with status %ld. Check Proxy, or ask for the "
                "host and port 443 to be allowed there.",
                code);
    if (!connecting)
        memcpy(e->state, "08S01", 6);
    e->retry_safe = false;
    return true;
}

/* libcurl's own words, unless they might repeat a login: it quotes a proxy that it cannot use. */
static const char *reason_of(CURLcode code, const char *detail)
{
    bool usable = detail[0] != '\0' && strchr(detail, '@') == NULL;

    return usable ? detail : curl_easy_strerror(code);
}

bool neterr_set(CURL *c, CURLcode code, const char *detail, bool connecting, struct err *e)
{
    static const struct neterr_row unknown = {CURLE_OK, true, "08001", "08S01",
                                              "The network failed (%s)."};
    const struct neterr_row *row = &unknown;

    if (proxy_refused(c, connecting, e))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(neterrs); i++)
        if (neterrs[i].code == code) {
            row = &neterrs[i];
            break;
        }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    err_set_state(e, connecting ? row->connecting : row->later, 1000 + (int)code, row->text,
                  reason_of(code, detail));
#pragma GCC diagnostic pop
    e->retry_safe = row->try_again;
    return false;
}
