/* Bytes put aside until their reader comes: in memory, and from a certain size in a file without a
 * name. First in, first out. Called by pgwire_exchange.c,
 * pgwire_answer.c and pgwire_copy.c. */
#ifndef NEON_TRANSPORT_PARKED_H
#define NEON_TRANSPORT_PARKED_H

#include "base/err.h"

#define PARKED_MEMORY_BYTES ((size_t)16 << 20)

struct parked {
    struct buf mem;
    size_t mem_pos;
    int fd;                 /* -1: none yet */
    uint64_t written, read; /* bytes of the file */
    size_t memory_bytes;    /* beyond that the file is used */
};

void parked_init(struct parked *p);
void parked_release(struct parked *p);
/* False: HY001, HY000 (no room on the disk). */
bool parked_append(struct parked *p, const char *bytes, size_t len, struct err *e) NEON_MUST_CHECK;
bool parked_is_empty(const struct parked *p);
/* *got 0: nothing is there (any more). */
bool parked_take(struct parked *p, char *dst, size_t cap, size_t *got,
                 struct err *e) NEON_MUST_CHECK;

#endif
