/* Looking at certificates, good and bad. Called by doctor_net.c; nothing is ever sent to a server
 * whose certificate is not trusted: the connection ends with its handshake. */
#include "tool/doctor_tls.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *in_reason; /* of curl's own words */
    const char *remedy;
} distrusts[] = {
    {"has expired", "The certificate has expired: whoever runs the server, or the proxy that "
                    "answers in its place, must renew it. Check this machine's clock too."},
    {"not yet valid", "The certificate is not valid yet: check this machine's clock."},
    {"match", "The certificate is for other names than the one asked for: correct Server or "
              "ApiHost, or find out who answers in its place."},
    {"revoked", "The certificate was revoked (CRLFile): do not use this server."},
};

static void append(char *text, size_t cap, const char *label, const char *value)
{
    size_t at = strlen(text);

    snprintf(text + at, cap - at, "%s%s %.300s", at > 0 && text[at - 1] != ' ' ? "; " : "", label,
             value);
}

/* The value of a line "Key:value" of the certificate, or NULL. */
static const char *value_of(const char *line, const char *key)
{
    size_t len = strlen(key);

    return strncmp(line, key, len) == 0 && line[len] == ':' ? line + len + 1 : NULL;
}

void doctor_certificate(CURL *c, char *text, size_t cap)
{
    static const struct {
        const char *key, *label;
    } shown[] = {{"X509v3 Subject Alternative Name", "names"},
                 {"Issuer", "issued by"},
                 {"Start date", "valid from"},
                 {"Expire date", "to"}};
    struct curl_certinfo *info = NULL;

    if (curl_easy_getinfo(c, CURLINFO_CERTINFO, &info) != CURLE_OK || info == NULL ||
        info->num_of_certs == 0)
        return;
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
        for (struct curl_slist *line = info->certinfo[0]; line != NULL; line = line->next)
            if (value_of(line->data, shown[i].key) != NULL)
                append(text, cap, shown[i].label, value_of(line->data, shown[i].key));
}

const char *doctor_distrust(CURL *c, char *text, size_t cap)
{
    const char *remedy = "The certificate comes from an authority that is not trusted here. Where "
                         "the network inspects TLS, or the server is your own, name its authority: "
                         "CAFile=/path/to/ca.pem.";

    for (size_t i = 0; i < sizeof distrusts / sizeof distrusts[0]; i++)
        if (strstr(text, distrusts[i].in_reason) != NULL)
            remedy = distrusts[i].remedy;
    curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L); /* style:allow nothing is sent, see above */
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L); /* style:allow nothing is sent, see above */
    curl_easy_setopt(c, CURLOPT_PINNEDPUBLICKEY, NULL);
    if (curl_easy_perform(c) == CURLE_OK)
        doctor_certificate(c, text, cap);
    return remedy;
}
