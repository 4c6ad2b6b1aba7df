/* A growing byte buffer with a named maximum.
 *
 * Invariants: data[len] == '\0' whenever data is not NULL; cap > len. A buffer never grows past
 * max: every buffer that is filled from outside has a limit that somebody chose. Failing leaves the
 * content as it was and sets `failed`, so that a chain of appends needs one check at its end. */
#ifndef NEON_BASE_BUF_H
#define NEON_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "base/str.h"

enum buf_failure {
    BUF_OK,
    BUF_FULL,      /* it would have grown past max */
    BUF_NO_MEMORY, /* HY001 */
};

struct buf {
    char *data;
    size_t len;              /* bytes in use, without the terminator */
    size_t cap;              /* bytes allocated */
    size_t max;              /* len never exceeds it; 0 means BUF_MAX_DEFAULT */
    enum buf_failure failed; /* of the first append that failed; sticky until buf_reset */
};

#define BUF_MAX_DEFAULT ((size_t)1 << 30)
#define BUF_INIT(max_bytes) ((struct buf){NULL, 0, 0, (max_bytes), BUF_OK})

void buf_init(struct buf *b, size_t max_bytes);
/* Frees the memory; the buffer may be used again. */
void buf_release(struct buf *b);
/* Empty, memory kept. */
void buf_reset(struct buf *b);
/* Wipes the content, then buf_release. */
void buf_release_secret(struct buf *b);
/* Makes room for `extra` bytes more. False: past max or out of memory. */
bool buf_reserve(struct buf *b, size_t extra);
bool buf_append(struct buf *b, const void *bytes, size_t len);
bool buf_append_sv(struct buf *b, struct strview s);
bool buf_append_str(struct buf *b, const char *s);
bool buf_append_char(struct buf *b, char c);
/* printf; use only with %s %d %zu and the like: %f and %g follow the locale. */
bool buf_printf(struct buf *b, const char *fmt, ...) NEON_PRINTF(2, 3);
bool buf_vprintf(struct buf *b, const char *fmt, va_list ap) NEON_PRINTF(2, 0);
/* The text; "" when empty. Valid until the next change. */
const char *buf_str(const struct buf *b);
struct strview buf_sv(const struct buf *b);
/* Hands the memory to the caller (mem_free it) and leaves the buffer empty. NULL when nothing was
 * ever appended. */
char *buf_take(struct buf *b);

#endif
