/* The process's network connections.
 *
 * A lane is a curl multi handle with one easy handle and the connections they keep alive. An
 * exchange borrows a lane for as long as it lasts; afterwards the next exchange to the same place,
 * of whatever ODBC connection, finds it warm. libcurl can share DNS answers and TLS sessions
 * between threads (and does, here), but not live connections (CURL_LOCK_DATA_CONNECT is documented
 * as unsafe), hence the pool. */
#ifndef NEON_TRANSPORT_LANE_H
#define NEON_TRANSPORT_LANE_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define LANE_KEY_BYTES 32
#define LANE_MAX_IDLE 64 /* idle lanes kept by a process */

struct lane {
    CURLM *multi;
    CURL *easy; /* not in multi while the lane is idle */
    unsigned char key[LANE_KEY_BYTES];
    int64_t idle_since_ms, max_idle_ms;
    pid_t pid; /* of the process that made it: nobody else may touch its sockets */
    struct lane *next;
};

/* Digest of everything that makes two connections interchangeable; parts are separated, NULL
 * differs from "". */
struct lane_key {
    void *digest; /* EVP_MD_CTX */
};
bool lane_key_begin(struct lane_key *k);
void lane_key_text(struct lane_key *k, const char *s);
bool lane_key_end(struct lane_key *k, unsigned char out[LANE_KEY_BYTES]);

/* An idle lane with that key, or a fresh one. NULL: HY001. */
struct lane *lane_take(const unsigned char key[LANE_KEY_BYTES], int64_t max_idle_ms,
                       struct err *e) NEON_MUST_CHECK;
/* Gives it back: its easy handle must not be in the multi any more. `reusable` false closes its
 * connections. */
void lane_give(struct lane *l, bool reusable);
/* What the lanes share: DNS and TLS sessions. NULL when out of memory. */
CURLSH *lane_share(void);
/* Idle lanes of the process, for tests. */
size_t lane_idle_count(void);

#endif
