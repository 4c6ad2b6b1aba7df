/* The request writer: SQL text and parameters as JSON strings. Called by http_curl.c, and by
 * handle/ and stmt/ for what a text will take. */
#include "transport/request_body.h"

/* 0: as it is; 'u': \u00XX; else the letter behind the backslash. */
static char escape_letter(unsigned char c)
{
    switch (c) {
    case '"':
    case '\\':
        return (char)c;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return c < 0x20 ? 'u' : 0;
    }
}

void request_body_append_string(struct buf *out, const char *s, size_t len)
{
    size_t start = 0;

    buf_append_char(out, '"');
    for (size_t i = 0; i < len && !out->failed; i++) {
        char letter = escape_letter((unsigned char)s[i]);
        if (letter == 0)
            continue;
        buf_append(out, s + start, i - start);
        start = i + 1;
        if (letter == 'u')
            buf_printf(out, "\\u%04x", (unsigned)(unsigned char)s[i]);
        else
            buf_append(out, (const char[]){'\\', letter}, 2);
    }
    buf_append(out, s + start, len - start);
    buf_append_char(out, '"');
}

size_t request_body_string_bytes(const char *s, size_t len)
{
    size_t bytes = len + 2;

    for (size_t i = 0; i < len; i++) {
        char letter = escape_letter((unsigned char)s[i]);
        bytes += letter == 0 ? 0 : letter == 'u' ? 5 : 1;
    }
    return bytes;
}

size_t request_body_bytes(const struct wire_stmt *s)
{
    size_t n = sizeof "{\"query\":}," - 1 + request_body_string_bytes(s->sql.ptr, s->sql.len);

    if (s->n_params > 0)
        n += sizeof ",\"params\":[]" - 1 + s->n_params - 1;
    for (size_t i = 0; i < s->n_params; i++)
        n += s->params[i].ptr == NULL
                 ? 4
                 : request_body_string_bytes(s->params[i].ptr, s->params[i].len);
    return n;
}

static void append_stmt(struct buf *out, const struct wire_stmt *s)
{
    buf_append_str(out, "{\"query\":");
    request_body_append_string(out, s->sql.ptr ? s->sql.ptr : "", s->sql.len);
    if (s->n_params > 0) {
        buf_append_str(out, ",\"params\":[");
        for (size_t i = 0; i < s->n_params && !out->failed; i++) {
            if (i > 0)
                buf_append_char(out, ',');
            if (s->params[i].ptr == NULL)
                buf_append_str(out, "null");
            else
                request_body_append_string(out, s->params[i].ptr, s->params[i].len);
        }
        buf_append_char(out, ']');
    }
    buf_append_char(out, '}');
}

bool request_body_write(const struct wire_request *r, struct buf *out, struct err *e)
{
    bool batch = r->batch || r->n_stmts != 1;

    buf_reset(out);
    if (batch)
        buf_append_str(out, "{\"queries\":[");
    for (size_t i = 0; i < r->n_stmts && !out->failed; i++) {
        if (i > 0)
            buf_append_char(out, ',');
        append_stmt(out, &r->stmts[i]);
    }
    if (batch)
        buf_append_str(out, "]}");
    if (!out->failed)
        return true;
    if (out->failed == BUF_NO_MEMORY)
        return err_oom(e);
    return err_set(
        e, ST_54000, 413,
        "The request is larger than MaxRequestBytes=%zu: nothing was sent. Send fewer or smaller "
        "parameters at a time, or raise MaxRequestBytes if the server accepts more.",
        out->max);
}
