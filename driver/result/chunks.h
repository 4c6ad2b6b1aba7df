/* The memory that the body of an answer is read into, and in which its cells stay. Bytes come in at
 * the end of the current chunk and are consumed from `pos` on; a chunk that is full is kept while
 * cells point into it. Owned by the decoders of this folder, its only callers, which alone know
 * what a token, a cell or a row is. */
#ifndef NEON_RESULT_CHUNKS_H
#define NEON_RESULT_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chunk;

struct chunks {
    char *pos; /* first byte not consumed; NULL = nothing has come yet */
    char *end; /* behind the last byte that is here; what follows is readable (JSON_PADDING) */
    bool
        cells_in_current; /* set by the caller when it hands out a pointer into the current chunk */
    /* chunks.c only: */
    struct chunk *current;
    struct chunk *retained; /* full ones with cells, newest first */
    struct chunk *spare;
    size_t n_spare;
    size_t chunk_bytes; /* of an ordinary one */
    uint64_t serial;    /* of the newest */
    uint64_t pinned;    /* serial of the oldest that must stay whatever is released; 0 = none */
    uint64_t before;    /* bytes of the body before the current chunk */
};

void chunks_init(struct chunks *c, size_t chunk_bytes);
void chunks_release(struct chunks *c);

/* Room for at least one byte; valid until the next call. May move what is not consumed (and `pos`
 * with it) to another chunk. NULL: out of memory. */
char *chunks_room(struct chunks *c, size_t *cap_bytes);
/* n bytes were copied to the start of the room. */
void chunks_commit(struct chunks *c, size_t n_bytes);

/* Bytes that are here and not consumed. */
size_t chunks_unread_bytes(const struct chunks *c);
/* Where in the body p stands, which is in the current chunk or `pos`. */
uint64_t chunks_offset_in_body(const struct chunks *c, const char *p);
/* Allocated for bytes of the body, in use and spare. */
size_t chunks_held_bytes(const struct chunks *c);

/* Cells of a row under way lie from here on: they stay until chunks_unpin, then until they are
 * released. */
void chunks_pin(struct chunks *c);
void chunks_unpin(struct chunks *c);
/* Nobody reads the cells any more that lie before `first_kept` (NULL: none of those not pinned). */
void chunks_forget_before(struct chunks *c, const char *first_kept);

#endif
