/* See pg_startup.h. Pure: bytes in, texts out. Called by ws_handshake.c. */
#include "gateway/pg_startup.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/buf.h"
#include "gateway/text.h"

#define PROTOCOL_MAJOR 3
#define CANCEL_CODE 80877102u
#define SSL_CODE 80877103u
#define GSSENC_CODE 80877104u
#define MAX_PAIRS 256

static uint32_t read_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

enum startup_kind startup_kind(const uint8_t head[STARTUP_HEAD_BYTES], size_t *body_len)
{
    uint32_t len = read_u32(head);
    uint32_t code = read_u32(head + 4);
    *body_len = 0;
    if (len < STARTUP_HEAD_BYTES || len > STARTUP_MAX_BYTES)
        return STARTUP_BAD;
    *body_len = len - STARTUP_HEAD_BYTES;
    if (code == SSL_CODE || code == GSSENC_CODE)
        return *body_len == 0 ? STARTUP_ENCRYPTION : STARTUP_BAD;
    if (code == CANCEL_CODE)
        return *body_len == 8 ? STARTUP_CANCEL : STARTUP_BAD;
    return code >> 16 == PROTOCOL_MAJOR ? STARTUP_SESSION : STARTUP_BAD;
}

void startup_cancel_key(const uint8_t body[8], uint64_t *token)
{
    *token = (uint64_t)read_u32(body) << 32 | read_u32(body + 4);
}

/* ---- options ----------------------------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool has_prefix(const char *s, size_t n, const char *prefix)
{
    size_t len = strlen(prefix);
    return n >= len && memcmp(s, prefix, len) == 0;
}

/* A word of `options`: some are for the proxy alone. False: out of memory. */
static bool take_option(struct startup *s, const char *word, size_t n, struct buf *kept)
{
    static const char compat[] = "neon_proxy_params_compat:true";
    bool endpoint = has_prefix(word, n, "endpoint=");
    if (endpoint || has_prefix(word, n, "project=")) {
        size_t skip = endpoint ? strlen("endpoint=") : strlen("project=");
        if (!s->endpoint)
            s->endpoint = text_dup(word + skip, n - skip);
        return s->endpoint != NULL;
    }
    if (has_prefix(word, n, "neon_") && memchr(word, ':', n)) {
        if (n == sizeof compat - 1 && memcmp(word, compat, n) == 0)
            s->compat = true;
        return true;
    }
    if (kept->len > 0)
        buf_putc(kept, ' ');
    buf_put(kept, word, n);
    return !kept->failed;
}

/* Words end at white space without a backslash before it. */
static bool take_options(struct startup *s, const char *text)
{
    struct buf kept = {0};
    bool ok = true;
    while (ok && *text) {
        while (is_space(*text))
            text++;
        size_t n = 0;
        while (text[n] && !is_space(text[n]))
            n += text[n] == '\\' && text[n + 1] ? 2 : 1;
        if (n > 0)
            ok = take_option(s, text, n, &kept);
        text += n;
    }
    if (ok && kept.len > 0) {
        free(s->options);
        s->options = NULL;
        const char *joined = buf_cstr(&kept);
        s->options = joined ? strdup(joined) : NULL;
        ok = s->options != NULL;
    }
    buf_release(&kept);
    return ok;
}

/* ---- parameters -------------------------------------------------------------------------- */

static bool take_pair(struct startup *s, const char *name, const char *value)
{
    const struct {
        const char *name;
        char **out;
    } known[] = {
        {"user", &s->user},
        {"database", &s->database},
        {"application_name", &s->application_name},
        {"replication", &s->replication},
    };
    if (strcmp(name, "options") == 0)
        return take_options(s, value);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(name, known[i].name) == 0) {
            free(*known[i].out);
            *known[i].out = strdup(value);
            return *known[i].out != NULL;
        }
    if (!s->pairs)
        s->pairs = calloc(MAX_PAIRS, sizeof s->pairs[0]);
    if (!s->pairs || s->n_pairs == MAX_PAIRS)
        return false;
    struct startup_pair *p = &s->pairs[s->n_pairs++];
    p->name = strdup(name);
    p->value = strdup(value);
    return p->name && p->value;
}

/* The terminated text at *at, or NULL when it has no end. */
static const char *next_text(const uint8_t *body, size_t n, size_t *at)
{
    const char *text = (const char *)body + *at;
    const char *end = memchr(text, '\0', n - *at);
    if (!end)
        return NULL;
    *at += (size_t)(end - text) + 1;
    return text;
}

bool startup_parse(struct startup *s, const uint8_t head[STARTUP_HEAD_BYTES], const uint8_t *body,
                   size_t n, const char **why)
{
    size_t at = 0;
    s->minor = read_u32(head + 4) & 0xffff;
    *why = "the startup packet is malformed";
    if (n == 0 || body[n - 1] != '\0')
        return false;
    if (!text_is_utf8((const char *)body, n)) {
        *why = "the startup packet is not UTF-8";
        return false;
    }
    while (at < n && body[at] != '\0') {
        const char *name = next_text(body, n, &at);
        const char *value = at < n ? next_text(body, n, &at) : NULL;
        if (!value)
            return false;
        if (!take_pair(s, name, value)) {
            *why = "the startup packet has too many parameters";
            return false;
        }
    }
    if (at + 1 != n)
        return false;
    if (!s->user || s->user[0] == '\0') {
        *why = "Parameter 'user' is missing in startup packet.";
        return false;
    }
    return true;
}

void startup_release(struct startup *s)
{
    for (size_t i = 0; i < s->n_pairs; i++) {
        free(s->pairs[i].name);
        free(s->pairs[i].value);
    }
    free(s->pairs);
    free(s->user);
    free(s->database);
    free(s->application_name);
    free(s->replication);
    free(s->options);
    free(s->endpoint);
    *s = (struct startup){0};
}

const char *startup_unwrap_password(const char *password)
{
    size_t n = strlen(password);
    if (!has_prefix(password, n, "endpoint=") && !has_prefix(password, n, "project="))
        return password;
    const char *border = strpbrk(password, ";$");
    return border ? border + 1 : password;
}

static bool is_protocol_option(const struct startup_pair *p)
{
    return strncmp(p->name, "_pq_.", 5) == 0;
}

void startup_put_negotiation(const struct startup *s, struct buf *out)
{
    uint32_t n = 0;
    for (size_t i = 0; i < s->n_pairs; i++)
        n += is_protocol_option(&s->pairs[i]);
    if (s->minor == 0 && n == 0)
        return;
    size_t at = out->len;
    buf_put(out, "v\0\0\0\0\0\3\0\0", 9);
    buf_put(out, (const uint8_t[]){0, 0, 0, (uint8_t)n}, 4);
    for (size_t i = 0; i < s->n_pairs; i++)
        if (is_protocol_option(&s->pairs[i]))
            buf_put(out, s->pairs[i].name, strlen(s->pairs[i].name) + 1);
    if (out->failed)
        return;
    size_t len = out->len - at - 1; /* below STARTUP_MAX_BYTES, as the client's packet */
    out->data[at + 3] = (char)(len >> 8);
    out->data[at + 4] = (char)len;
}

static void put_escaped(const char *text, struct buf *out)
{
    for (; *text; text++)
        buf_printf(out, strchr(" \t\n\\", *text) ? "\\%c" : "%c", *text);
}

void startup_put_compat_options(const struct startup *s, struct buf *out)
{
    buf_puts(out, s->options ? s->options : "");
    for (size_t i = 0; i < s->n_pairs; i++) {
        const struct startup_pair *p = &s->pairs[i];
        if (strcmp(p->name, "client_encoding") == 0 || is_protocol_option(p))
            continue;
        buf_puts(out, " -c ");
        put_escaped(p->name, out);
        buf_putc(out, '=');
        put_escaped(p->value, out);
    }
}

const char *startup_client_encoding(const struct startup *s)
{
    if (!s->compat)
        return "UTF8";
    for (size_t i = 0; i < s->n_pairs; i++)
        if (strcmp(s->pairs[i].name, "client_encoding") == 0)
            return s->pairs[i].value;
    return NULL;
}

char *startup_endpoint_of_host(const char *host)
{
    size_t label = strcspn(host, ".:");
    if (host[label] != '.' || isdigit((unsigned char)host[0]) || host[0] == '[')
        return NULL;
    if (text_equal(host, label, "api") || text_equal(host, label, "apiauth"))
        return NULL;
    return text_dup(host, label);
}
