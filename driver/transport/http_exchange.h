/* A request over HTTP and how far it has come: what http_curl.c drives and the callbacks of
 * http_callbacks.c fill. Private to these two. */
#ifndef NEON_TRANSPORT_HTTP_EXCHANGE_H
#define NEON_TRANSPORT_HTTP_EXCHANGE_H

#include "transport/transport_int.h"

/* Why this side ended the transfer. */
enum stop {
    STOP_NONE,
    STOP_CANCELLED,
    STOP_DEADLINE,
    STOP_SILENCE,
    STOP_TOO_LARGE,
    STOP_TOO_EARLY, /* success was answered before the request was complete */
    STOP_ENOUGH,    /* an error's body is longer than anyone reads: not a failure */
    STOP_OOM
};

struct http_exchange {
    struct exchange base; /* first */
    struct transport *t;
    struct lane *lane;          /* NULL when none is borrowed */
    bool added;                 /* the easy handle is in the lane's multi */
    struct curl_slist *headers; /* hold secrets: wiped */
    struct buf body;
    size_t sent; /* bytes of the body handed to libcurl */

    /* the answer */
    struct exchange_info info;
    struct buf error_body;
    struct buf stash; /* what arrived when no buffer was there, or did not fit */
    size_t stash_pos;
    char *dst; /* the reader's buffer, or NULL */
    size_t dst_cap, dst_len;
    uint64_t received;
    bool paused, done, got_byte;
    bool unlogged;    /* its line in the log is still to be written */
    int64_t n_rows;   /* in the answer; -1 when nobody counted them */
    int64_t ended_ms; /* when the answer was complete; 0 before */
    int attempts;
    CURLcode result;
    enum stop stop;
    char curl_error[CURL_ERROR_SIZE];

    /* what the request asked for */
    struct wire_request r; /* without its statements */
    int64_t read_timeout_ms, started_ms, last_byte_ms;

    pthread_mutex_t cancel_lock; /* guards lane against exchange_cancel */
    atomic_bool cancelled;
};

/* Has libcurl call http_callbacks.c for this exchange: its body, its answer, its log. Once x->body
 * and x->headers are made. */
void http_set_callbacks(struct http_exchange *x, CURL *c);

#endif
