/* Private to this folder: what transport.c makes and http_curl.c uses, and what the kinds of
 * exchange have in common. */
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
    atomic_bool dead;
    atomic_bool login_in_steps; /* this server takes no password before it asks */
    pid_t pid;
};

/* How one kind of exchange fills the contract of transport.h; exchange.c calls through it. */
struct exchange_ops {
    bool is_pgwire;
    bool (*begin)(struct exchange *x, const struct wire_request *r, struct err *e);
    enum exchange_read (*read)(struct exchange *x, char *dst, size_t cap, size_t *got,
                               struct err *e);
    void (*note_rows)(struct exchange *x, uint64_t n_rows); /* may be NULL */
    void (*cancel)(struct exchange *x);
    void (*free)(struct exchange *x);
    const struct exchange_info *(*info)(const struct exchange *x);
};

/* The first member of each kind of exchange. */
struct exchange {
    const struct exchange_ops *ops;
};

#endif
