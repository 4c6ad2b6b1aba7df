/* See stream.h. Used by websocket.c and ws_session.c. */
#include "gateway/stream.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <sys/socket.h>

/* The result of a GnuTLS call as that of a socket's. */
static ssize_t tls_result(ssize_t n)
{
    if (n >= 0)
        return n;
    if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED || !gnutls_error_is_fatal((int)n))
        errno = EAGAIN;
    else
        errno = ECONNRESET;
    return -1;
}

ssize_t stream_read(struct stream *s, uint8_t *out, size_t cap)
{
    if (s->n_extra > 0) {
        size_t n = s->n_extra < cap ? s->n_extra : cap;
        memcpy(out, s->extra, n);
        s->extra += n;
        s->n_extra -= n;
        return (ssize_t)n;
    }
    return s->tls ? tls_result(gnutls_record_recv(s->tls, out, cap)) : recv(s->fd, out, cap, 0);
}

ssize_t stream_write(struct stream *s, const uint8_t *bytes, size_t n)
{
    if (!s->tls)
        return send(s->fd, bytes, n, MSG_NOSIGNAL);
    /* What was not sent waits inside of GnuTLS; asking again without data sends it. */
    ssize_t sent = tls_result(s->write_pending ? gnutls_record_send(s->tls, NULL, 0)
                                               : gnutls_record_send(s->tls, bytes, n));
    s->write_pending = sent < 0 && errno == EAGAIN;
    return sent;
}

void stream_finish(struct stream *s)
{
    if (s->tls)
        gnutls_bye(s->tls, GNUTLS_SHUT_WR);
    shutdown(s->fd, SHUT_WR);
}
