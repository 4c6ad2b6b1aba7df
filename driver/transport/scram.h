/* SCRAM-SHA-256 (RFC 5802, 7677) as PostgreSQL speaks it, the client's side, without channel
 * binding: the password is proved and never sent, and the server proves that it knows it too. */
#ifndef NEON_TRANSPORT_SCRAM_H
#define NEON_TRANSPORT_SCRAM_H

#include "base/err.h"

#define SCRAM_MECHANISM "SCRAM-SHA-256"
#define SCRAM_KEY_BYTES 32
#define SCRAM_MAX_ITERATIONS 1000000 /* a server could keep us busy otherwise */

struct scram {
    struct buf first_bare; /* client-first-message-bare */
    char nonce[33];
    unsigned char server_signature[SCRAM_KEY_BYTES];
    bool proved;   /* scram_final has been answered */
    bool verified; /* and so has the server, rightly */
};

/* Begins with a random nonce, or (tests) the one given. False: HY000, no randomness. */
bool scram_init(struct scram *s, const char *nonce, struct err *e) NEON_MUST_CHECK;
void scram_release(struct scram *s);
/* Appends the first message. */
bool scram_first(struct scram *s, struct buf *out, struct err *e) NEON_MUST_CHECK;
/* Appends the answer to the server's first message, once, after scram_first. False: 08001, a
 * message that is none, another nonce, too many iterations. */
bool scram_final(struct scram *s, struct strview server_first, const char *password,
                 struct buf *out, struct err *e) NEON_MUST_CHECK;
/* The server's last message. False: 08001, it does not know the password. */
bool scram_verify(struct scram *s, struct strview server_final, struct err *e) NEON_MUST_CHECK;

#endif
