/* JSON web tokens for the gateway's JWT mode (protocol 9). */
#ifndef GATEWAY_JWT_H
#define GATEWAY_JWT_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/failure.h"

#define JWT_MAX_ROLE_RULES 64

struct jwt_config {
    const char *jwks_path;                      /* NULL: the gateway is in password mode */
    const char *audience;                       /* NULL: not checked */
    const char *role_rules[JWT_MAX_ROLE_RULES]; /* ROLE=KID */
    size_t n_role_rules;
};

/* Reads the key set. False with a sentence on stderr when it is unusable. */
bool jwt_start(const struct jwt_config *config);
void jwt_stop(void);

/* Verifies a token for a role; the key file is read again when it has changed. On success *claims
 * is the payload's JSON text, owned by the caller. */
bool jwt_check(const char *token, const char *role, char **claims, struct failure *f);

#endif
