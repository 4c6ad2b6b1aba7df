/* See pg_startup.h. Pure: bytes in, texts out. Called by ws_session.c. */
#include "gateway/pg_startup.h"

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
