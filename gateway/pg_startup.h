/* The first packets of a Postgres v3 session as a client sends them over a WebSocket (protocol
 * 10.3): what the bytes mean, and which parameters may reach PostgreSQL.
 */
#ifndef GATEWAY_PG_STARTUP_H
#define GATEWAY_PG_STARTUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

#define STARTUP_MAX_BYTES 10008 /* with its length */
#define PASSWORD_MAX_BYTES 512  /* body of the password message */
#define STARTUP_HEAD_BYTES 8

enum startup_kind {
    STARTUP_BAD, /* not a packet that PostgreSQL's protocol knows */
    STARTUP_SESSION,
    STARTUP_CANCEL,
    STARTUP_ENCRYPTION /* SSLRequest or GSSENCRequest: the answer is N */
};

struct startup_pair {
    char *name;
    char *value;
};

/* Owned texts; NULL = not sent. */
struct startup {
    unsigned minor; /* of the protocol version 3.x asked for */
    char *user;
    char *database;
    char *application_name;
    char *replication;
    char *options;  /* without what only the proxy understands; NULL when nothing is left */
    char *endpoint; /* options=endpoint=... or project=... */
    bool compat;    /* neon_proxy_params_compat:true: all parameters go on */
    struct startup_pair *pairs; /* the other parameters */
    size_t n_pairs;
};

/* Judges the first eight bytes of a packet; *body_len is what follows them. */
enum startup_kind startup_kind(const uint8_t head[STARTUP_HEAD_BYTES], size_t *body_len);
/* The pid and key of a cancel request's body, both in network order. */
void startup_cancel_key(const uint8_t body[8], uint64_t *token);

/* Reads the parameters. False: *why is a sentence (static). Either way startup_release must be
 * called on s (zero-initialised by the caller). */
bool startup_parse(struct startup *s, const uint8_t head[STARTUP_HEAD_BYTES], const uint8_t *body,
                   size_t n, const char **why);
void startup_release(struct startup *s);

/* NegotiateProtocolVersion for a client that asks for more than 3.0, or for options of the
 * protocol; nothing for others. A failure stays in out->failed. */
void startup_put_negotiation(const struct startup *s, struct buf *out);
/* With `compat` all parameters go on, as options (-c name=value) behind those that were sent. A
 * failure as above. */
void startup_put_compat_options(const struct startup *s, struct buf *out);
/* Borrowed; NULL: the server's own. */
const char *startup_client_encoding(const struct startup *s);
/* The endpoint's name out of a Host header, to be freed; NULL when it has none: localhost, an
 * address, api. */
char *startup_endpoint_of_host(const char *host);

/* Splits `endpoint=<id>;<password>` or `endpoint=<id>$<password>` (also project=): returns the real
 * password, or the text itself when it is none of these. */
const char *startup_unwrap_password(const char *password);

#endif
