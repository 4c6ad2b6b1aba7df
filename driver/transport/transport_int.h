/* Private to this folder: what transport.c makes and http_curl.c uses. */
#ifndef NEON_TRANSPORT_TRANSPORT_INT_H
#define NEON_TRANSPORT_TRANSPORT_INT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/types.h>

#include "transport/lane.h"
#include "transport/transport.h"

struct transport {
    struct net_options o; /* all texts owned */
    struct log *log;      /* borrowed */
    struct buf url;       /* https://api.../sql */
    struct buf identity;  /* value of Neon-Connection-String: SECRET */
    unsigned char key[LANE_KEY_BYTES];
    pthread_mutex_t lock; /* guards o.token */
    atomic_bool dead;
    pid_t pid;
};

#endif
