/* See pg_scan.h. Used by ws_relay.c for both directions of a session. */
#include "gateway/pg_scan.h"

#include <string.h>

char pg_scan_type(const struct pg_scan *s)
{
    return s->untyped ? '\0' : (char)s->head[0];
}

bool pg_scan_at_border(const struct pg_scan *s)
{
    return s->have == 0;
}

static uint64_t length_of(const struct pg_scan *s)
{
    const uint8_t *p = s->head + (s->untyped ? 0 : 1);
    uint64_t len = (uint64_t)p[0] << 24 | (uint64_t)p[1] << 16 | (uint64_t)p[2] << 8 | p[3];
    return len < 4 ? UINT64_MAX : len - 4; /* nonsense: no border any more */
}

size_t pg_scan_pass(struct pg_scan *s, const uint8_t *bytes, size_t n, bool *ended)
{
    size_t passed = 0;
    *ended = false;
    if (n == 0)
        return 0;
    if (s->have == 0)
        s->messages++;
    unsigned head_len = s->untyped ? 4 : 5;
    if (s->have < head_len) {
        size_t take = head_len - s->have;
        take = take < n ? take : n;
        memcpy(s->head + s->have, bytes, take);
        s->have += (unsigned)take;
        passed = take;
        if (s->have == head_len)
            s->left = length_of(s);
    }
    if (s->have == head_len) {
        size_t take = s->left < n - passed ? (size_t)s->left : n - passed;
        s->left -= s->left == UINT64_MAX ? 0 : take;
        passed += take;
        if (s->left == 0) {
            s->have = 0;
            *ended = true;
        }
    }
    s->bytes += passed;
    return passed;
}
