/* A client's connection after its upgrade: plain or TLS, read and written without blocking.
 *
 * For TLS it is libmicrohttpd's GnuTLS session that is used. libmicrohttpd would offer a socket
 * pair and relay between it and the session, but does so four bytes at a time once the memory of
 * the connection is used up, which the answer's headers always do (1.0 and before).
 */
#ifndef GATEWAY_STREAM_H
#define GATEWAY_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct stream {
    int fd;            /* the TCP connection, for poll() */
    void *tls;         /* gnutls_session_t or NULL; borrowed */
    const char *extra; /* bytes that came with the request; borrowed */
    size_t n_extra;
    bool write_pending; /* GnuTLS holds a record that the socket did not take */
};

/* As recv() and send(): bytes, 0 at the end (read only), or -1 with errno; EAGAIN: poll. */
ssize_t stream_read(struct stream *s, uint8_t *out, size_t cap);
ssize_t stream_write(struct stream *s, const uint8_t *bytes, size_t n);
/* Says that nothing more will be written. */
void stream_finish(struct stream *s);

#endif
