/* What libcurl calls while an exchange is driven: it hands out the request's body, takes the
 * answer's headers and bytes into http_exchange, and writes the wire's log. Nothing here waits or
 * decides whether to send again. Called by libcurl; set by http_curl.c. */
#include "transport/http_exchange.h"

#include "base/clock.h"
#include "transport/neon_error.h"

#ifndef CURL_WRITEFUNC_ERROR /* before libcurl 7.87 */
#define CURL_WRITEFUNC_ERROR 0xFFFFFFFF
#endif

static size_t on_send(char *to, size_t size, size_t n, void *ctx)
{
    struct http_exchange *x = ctx;
    size_t room = size * n;
    size_t left = x->body.len - x->sent;
    size_t take = left < room ? left : room;

    memcpy(to, x->body.data + x->sent, take);
    x->sent += take;
    x->last_byte_ms =
        clock_now_ms(); /* libcurl asks when the socket takes more: the server is there */
    return take;
}

/* libcurl wants to begin the body again, because a kept connection died under it. Once the whole
 * body was handed over the server may have executed it: no. An incomplete body cannot have been. */
static int on_rewind(void *ctx, curl_off_t offset, int origin)
{
    struct http_exchange *x = ctx;

    if (x->sent >= x->body.len || offset != 0 || origin != SEEK_SET)
        return CURL_SEEKFUNC_FAIL;
    x->sent = 0;
    return CURL_SEEKFUNC_OK;
}

static void note_byte(struct http_exchange *x)
{
    x->last_byte_ms = clock_now_ms();
    if (x->got_byte)
        return;
    x->got_byte = true;
    x->info.first_byte_ms = x->last_byte_ms - x->started_ms;
}

static size_t abort_with(struct http_exchange *x, enum stop why)
{
    x->stop = why;
    return CURL_WRITEFUNC_ERROR;
}

/* Never more than NEON_ERROR_MAX_BODY_BYTES, and no waiting for the end of more. */
static size_t take_error_body(struct http_exchange *x, const char *from, size_t len)
{
    size_t left = NEON_ERROR_MAX_BODY_BYTES - x->error_body.len;

    if (!buf_append(&x->error_body, from, len < left ? len : left))
        return abort_with(x, STOP_OOM);
    return len > left ? abort_with(x, STOP_ENOUGH) : len;
}

/* Into the reader's buffer, the rest into the stash; when the reader has no room at all, libcurl
 * waits. */
static size_t on_body(char *from, size_t size, size_t n, void *ctx)
{
    struct http_exchange *x = ctx;
    size_t len = size * n;
    size_t room = x->dst_cap - x->dst_len;
    size_t take = len < room ? len : room;

    note_byte(x);
    x->received += len;
    if (x->info.http_status != 200)
        return take_error_body(x, from, len);
    if (room == 0 && (x->stash.len > 0 || x->dst != NULL)) {
        x->paused = true;
        x->received -= len; /* it comes again */
        return CURL_WRITEFUNC_PAUSE;
    }
    if (x->t->o.max_response_bytes > 0 && x->received > x->t->o.max_response_bytes)
        return abort_with(x, STOP_TOO_LARGE);
    if (take > 0)
        memcpy(x->dst + x->dst_len, from, take);
    x->dst_len += take;
    if (take < len && !buf_append(&x->stash, from + take, len - take))
        return abort_with(x, STOP_OOM);
    return len;
}

static void take_request_id(struct http_exchange *x, struct strview value)
{
    value = sv_trim(value);
    if (value.len >= sizeof x->info.request_id)
        return;
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] <= ' ' || value.ptr[i] >= 0x7F)
            return;
    memcpy(x->info.request_id, value.ptr, value.len);
    x->info.request_id[value.len] = '\0';
}

static size_t on_header(char *line, size_t size, size_t n, void *ctx)
{
    static const struct strview name = {"neon-request-id:", 16};
    struct http_exchange *x = ctx;
    size_t len = size * n;
    long status = 0;

    x->last_byte_ms = clock_now_ms();
    if (len > 5 && memcmp(line, "HTTP/", 5) == 0) {
        curl_easy_getinfo(x->lane->easy, CURLINFO_RESPONSE_CODE, &status);
        x->info.http_status = (int)status;
        x->info.request_id[0] = '\0';
        /* Left over from the connection's last request, or nobody's: not of what is being sent. */
        if (status >= 200 && status < 300 && x->sent < x->body.len)
            return abort_with(x, STOP_TOO_EARLY);
    }
    if (len > name.len && sv_ieq(sv_n(line, name.len), name))
        take_request_id(x, sv_n(line + name.len, len - name.len));
    return len;
}

static bool mentions(struct strview line, struct strview word)
{
    for (size_t i = 0; i + word.len <= line.len; i++)
        if (sv_ieq(sv_n(line.ptr + i, word.len), word))
            return true;
    return false;
}

/* The log's redactor knows whole secrets only: libcurl shows the headers of HTTP/2, cut at some
 * length, and an unusable proxy from the environment with its login. */
static bool may_hold_secret(struct strview line)
{
    return memchr(line.ptr, '@', line.len) != NULL || mentions(line, SV_LIT("authorization")) ||
           mentions(line, SV_LIT("neon-connection-string"));
}

/* Wire detail for the log; request headers hold the password and are left out altogether. */
static int on_debug(CURL *easy, curl_infotype type, char *data, size_t size, void *ctx)
{
    struct http_exchange *x = ctx;
    const char *mark = type == CURLINFO_TEXT ? "*" : "<";
    struct strview line = {data, size};

    (void)easy;
    if (type != CURLINFO_TEXT && type != CURLINFO_HEADER_IN)
        return 0;
    while (line.len > 0 && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r'))
        line.len--;
    if (line.len == 0)
        return 0;
    if (may_hold_secret(line))
        log_line(x->t->log, LOG_WIRE, "%s (a line that may hold a secret)", mark);
    else
        log_line(x->t->log, LOG_WIRE, "%s %.*s", mark, (int)(line.len > 4096 ? 4096 : line.len),
                 line.ptr);
    return 0;
}

void http_set_callbacks(struct http_exchange *x, CURL *c)
{
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, x->curl_error);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, x->headers);
    curl_easy_setopt(c, CURLOPT_POST, 1L);
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->body.len);
    curl_easy_setopt(c, CURLOPT_READFUNCTION, on_send);
    curl_easy_setopt(c, CURLOPT_READDATA, x);
    curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, on_rewind);
    curl_easy_setopt(c, CURLOPT_SEEKDATA, x);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, x);
    if (log_wants(x->t->log, LOG_WIRE)) {
        curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, on_debug);
        curl_easy_setopt(c, CURLOPT_DEBUGDATA, x);
        curl_easy_setopt(c, CURLOPT_VERBOSE, 1L);
    }
}
