/* A backend that libpq has connected and authenticated, used from then on as a stream of bytes.
 *
 * libpq must not touch the connection any more, except to free it.
 */
#ifndef GATEWAY_BACKEND_RAW_H
#define GATEWAY_BACKEND_RAW_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "gateway/backend.h"

/* What a raw stream is made of: libpq's connection, or a socket of our own. */
struct raw {
    int fd;       /* for poll(); does not block */
    void *ssl;    /* SSL *, when PostgreSQL is reached over TLS */
    bool own_fd;  /* raw_release closes it */
    PGconn *conn; /* borrowed; NULL for a socket of our own */
};

/* Takes over b's connection, which stays owned by b. */
void raw_from_backend(struct raw *r, const struct backend *b);
/* Opens a connection to PostgreSQL without a word being said on it. RUN_FAILED: f is set. */
enum run_result raw_open(struct raw *r, const struct pg_target *target, const struct watch *w,
                         struct failure *f);
/* Bytes read or written; 0: PostgreSQL has closed (read only); -1 with errno, EAGAIN: poll. */
ssize_t raw_read(struct raw *r, uint8_t *out, size_t cap);
ssize_t raw_write(struct raw *r, const uint8_t *bytes, size_t n);
/* Ends the stream at once. After this PQfinish cannot add a Terminate message to what was sent,
 * which would complete the message that a lost client had begun. */
void raw_release(struct raw *r);

/* The messages AuthenticationOk to BackendKeyData and ReadyForQuery as a client would have seen
 * them, with this key instead of the backend's. */
void raw_greeting(const struct backend *b, uint64_t key, struct buf *out);
/* An ErrorResponse or NoticeResponse of three fields. */
void raw_error(struct buf *out, char type, const char *severity, const char *code,
               const char *message);
/* A PQnoticeReceiver that appends NoticeResponse messages to the struct buf given as arg. */
void raw_notice(void *out, const PGresult *res);

#endif
