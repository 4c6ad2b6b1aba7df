/* The Neon-Connection-String header: who asks, for which database (protocol 2.4). */
#ifndef GATEWAY_CONNSTR_H
#define GATEWAY_CONNSTR_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/failure.h"

struct connstr {
    char *role;
    char *password; /* bytes, terminated; NULL when the URL has none */
    size_t password_len;
    char *database; /* "" = named like the role */
    char *endpoint; /* first label of the host */
    char *options;  /* sorted neon_* tokens, one per line; "" mostly */
    bool ephemeral; /* such connections are never pooled */
};

enum connstr_auth {
    CONNSTR_PASSWORD, /* ordinary host: a password, and no Authorization header */
    CONNSTR_JWT       /* apiauth host: an Authorization header; a password is ignored */
};

/* Reads the header's value (NULL = header missing). The checks run in the order of the protocol and
 * the first failure is set in f. `authorization` is the value of that header or NULL.
 * Either way connstr_release must be called on cs (zero-initialised by the caller). */
bool connstr_parse(struct connstr *cs, const char *header, const char *authorization,
                   enum connstr_auth auth, struct failure *f);
/* Frees everything; the password is wiped. */
void connstr_release(struct connstr *cs);

#endif
