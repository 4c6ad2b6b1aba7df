/* Is this the role's password? Asked for every request, before anything else happens with the
 * database (protocol 7: an old pooled connection survives a password change, the old password does
 * not).
 */
#ifndef GATEWAY_AUTH_H
#define GATEWAY_AUTH_H

#include "gateway/backend.h"
#include "gateway/connstr.h"

enum auth_mode {
    AUTH_VERIFIER, /* the gateway's own role can read pg_authid: checked there, pooling possible */
    AUTH_CONNECT   /* a fresh connection per request; PostgreSQL itself decides */
};

/* Connects as the administrator of `target`, if it names one, and finds out which mode is possible.
 * False with a sentence on stderr when PostgreSQL cannot be reached. */
bool auth_start(const struct pg_target *target, int stop_fd, enum auth_mode *mode);
void auth_stop(void);

/* AUTH_VERIFIER only: checks cs->password. RUN_FAILED with the 400 of the protocol when it is
 * wrong, the role unknown or its password expired; with a 500 when PostgreSQL cannot be asked. */
enum run_result auth_check(const struct connstr *cs, const struct watch *w, struct failure *f);

#endif
