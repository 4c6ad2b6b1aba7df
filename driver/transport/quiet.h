/* Keeps SIGPIPE from the application while libcurl works.
 *
 * With CURLOPT_NOSIGNAL (needed by programs with threads) libcurl leaves SIGPIPE alone, and
 * before 7.87 OpenSSL wrote to its sockets without MSG_NOSIGNAL: a server that closed a kept
 * connection would have ended the application. */
#ifndef NEON_TRANSPORT_QUIET_H
#define NEON_TRANSPORT_QUIET_H

#include <signal.h>
#include <stdbool.h>

struct quiet {
    sigset_t before;
    bool was_blocked; /* by the application: then it stays pending for it, if it comes */
};

/* Whether this libcurl leaves it to us at all: what is called often asks first. */
bool quiet_is_needed(void);
/* Blocks SIGPIPE in this thread. */
void quiet_begin(struct quiet *q);
/* Swallows one that came since, and restores what quiet_begin found. */
void quiet_end(const struct quiet *q);

#endif
