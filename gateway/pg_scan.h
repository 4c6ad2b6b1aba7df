/* Finds the borders of Postgres v3 messages in a byte stream, whatever the pieces it comes in.
 *
 * Nothing is copied and nothing judged: a stream that makes no sense is passed on all the same, and
 * is counted as one endless message.
 */
#ifndef GATEWAY_PG_SCAN_H
#define GATEWAY_PG_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pg_scan {
    uint64_t messages; /* begun so far */
    uint64_t bytes;    /* passed so far */
    uint8_t head[5];   /* type and length, as far as they have come */
    unsigned have;     /* of head */
    bool untyped;      /* messages have no type yet: startup packets; the caller's to set */
    uint64_t left;     /* bytes of the current message after its head */
};

/* The type of the message that was begun last, once its head is there; 0 for a startup packet. */
char pg_scan_type(const struct pg_scan *s);
/* At the border between two messages (or at the start)? */
bool pg_scan_at_border(const struct pg_scan *s);
/* Passes bytes up to the end of the current message and returns how many, at most n; n > 0 gives at
 * least 1. *ended: the message ended with them. */
size_t pg_scan_pass(struct pg_scan *s, const uint8_t *bytes, size_t n, bool *ended);

#endif
