/* The upgrade. Called by ws_client.c. */
#include "transport/ws_upgrade.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define ACCEPT_CHARS 28

bool ws_upgrade_key(char key[WS_KEY_CHARS + 1])
{
    unsigned char bytes[16];

    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return false;
    EVP_EncodeBlock((unsigned char *)key, bytes, sizeof bytes);
    return true;
}

static bool accept_of(const char *key, char accept[ACCEPT_CHARS + 1])
{
    unsigned char digest[SHA_DIGEST_LENGTH];
    char text[WS_KEY_CHARS + sizeof GUID];
    int n = snprintf(text, sizeof text, "%s" GUID, key);

    if (EVP_Digest(text, (size_t)n, digest, NULL, EVP_sha1(), NULL) != 1)
        return false;
    EVP_EncodeBlock((unsigned char *)accept, digest, sizeof digest);
    return true;
}

bool ws_upgrade_request(const char *url, const char *key, const char *user_agent, struct buf *out)
{
    const char *host = strstr(url, "://");
    size_t host_len;

    host = host != NULL ? host + 3 : url;
    host_len = strcspn(host, "/?");
    buf_append_str(out, "GET ");
    buf_append_str(out, host[host_len] == '/' ? host + host_len : "/");
    buf_append_str(out, " HTTP/1.1\r\nHost: ");
    buf_append(out, host, host_len);
    buf_append_str(out, "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ");
    buf_append_str(out, key);
    if (user_agent != NULL && user_agent[0] != '\0') {
        buf_append_str(out, "\r\nUser-Agent: ");
        buf_append_str(out, user_agent);
    }
    buf_append_str(out, "\r\n\r\n");
    return out->failed == BUF_OK;
}

size_t ws_upgrade_head_len(struct strview bytes)
{
    size_t at = sv_find(bytes, SV_LIT("\r\n\r\n"));

    return at == SIZE_MAX ? 0 : at + 4;
}

/* The value of a header; ptr NULL: not there. Of several the first. */
static struct strview header(struct strview head, struct strview name)
{
    while (head.len > 0) {
        size_t end = sv_find(head, SV_LIT("\r\n"));
        struct strview line = {head.ptr, end == SIZE_MAX ? head.len : end};
        if (line.len > name.len && line.ptr[name.len] == ':' &&
            sv_ieq(sv_n(line.ptr, name.len), name))
            return sv_trim(sv_n(line.ptr + name.len + 1, line.len - name.len - 1));
        if (end == SIZE_MAX)
            break;
        head = sv_n(head.ptr + end + 2, head.len - end - 2);
    }
    return (struct strview){NULL, 0};
}

static bool has_word(struct strview list, struct strview word)
{
    for (size_t i = 0; i + word.len <= list.len; i++)
        if (sv_ieq(sv_n(list.ptr + i, word.len), word))
            return true;
    return false;
}

static int status_of(struct strview head)
{
    int64_t status = 0;

    if (head.len < 12 || !sv_ieq(sv_n(head.ptr, 7), SV_LIT("HTTP/1.")) ||
        !sv_to_i64(sv_n(head.ptr + 9, 3), &status) || status < 100)
        return 0;
    return (int)status;
}

static bool refused(int status, struct err *e)
{
    if (status == 0)
        return err_set(e, ST_08001, 0,
                       "A session could not be opened: the answer to the WebSocket upgrade is not "
                       "HTTP. Check Server, ApiHost and Port.");
    return err_set(e, ST_08001, status,
                   "A session could not be opened: the WebSocket upgrade was answered with HTTP "
                   "status %d. The server, or a proxy on the way, does not take WebSockets; "
                   "Transport=http does without.",
                   status);
}

bool ws_upgrade_check(struct strview head, const char *key, struct err *e)
{
    static const char bad[] =
        "A session could not be opened: the answer to the WebSocket upgrade is not one (%s). A "
        "proxy on the way may not take WebSockets; Transport=http does without.";
    int status = status_of(head);
    char accept[ACCEPT_CHARS + 1];

    if (status != 101)
        return refused(status, e);
    if (!accept_of(key, accept))
        return err_set(e, ST_HY000, 0, "OpenSSL gives no SHA-1, which WebSockets need.");
    if (!sv_ieq(header(head, SV_LIT("upgrade")), SV_LIT("websocket")) ||
        !has_word(header(head, SV_LIT("connection")), SV_LIT("upgrade")))
        return err_set(e, ST_08001, 101, bad, "it does not say Upgrade: websocket");
    if (!sv_eq(header(head, SV_LIT("sec-websocket-accept")), sv(accept)))
        return err_set(e, ST_08001, 101, bad, "its key is wrong");
    if (header(head, SV_LIT("sec-websocket-extensions")).len > 0 ||
        header(head, SV_LIT("sec-websocket-protocol")).len > 0)
        return err_set(e, ST_08001, 101, bad, "it names extensions that were not asked for");
    return true;
}
