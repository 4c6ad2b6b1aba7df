/* Chunks: ordinary ones of one size, used again and again, and larger ones for a token that fits no
 * ordinary one. Knows nothing of JSON but that its scanner reads a little ahead. Called by the
 * decoders of this folder. */
#include "result/chunks.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "result/json_pull.h"

#define MAX_SPARE                                                                                  \
    3 /* kept for the next use: fresh memory of this size costs the kernel's clearing of it */
#define MIN_ROOM_PARTS                                                                             \
    16 /* a chunk with less room than this part of an ordinary one counts as full */

struct chunk {
    struct chunk *next;
    uint64_t serial; /* grows with each chunk taken into use */
    size_t cap_bytes;
    char data[]; /* cap_bytes and the padding */
};

void chunks_init(struct chunks *c, size_t chunk_bytes)
{
    *c =
        (struct chunks){.chunk_bytes = chunk_bytes > MIN_ROOM_PARTS ? chunk_bytes : MIN_ROOM_PARTS};
}

static void free_list(struct chunk *k)
{
    while (k != NULL) {
        struct chunk *next = k->next;
        mem_free(k);
        k = next;
    }
}

void chunks_release(struct chunks *c)
{
    mem_free(c->current);
    free_list(c->retained);
    free_list(c->spare);
    chunks_init(c, c->chunk_bytes);
}

static struct chunk *take_chunk(struct chunks *c, size_t cap_bytes)
{
    struct chunk *k = c->spare;

    if (k != NULL && k->cap_bytes >= cap_bytes) {
        c->spare = k->next;
        c->n_spare--;
    } else {
        k = mem_alloc(sizeof *k + cap_bytes + JSON_PADDING);
        if (k == NULL)
            return NULL;
        k->cap_bytes = cap_bytes;
    }
    k->next = NULL;
    k->serial = ++c->serial;
    return k;
}

static void drop_chunk(struct chunks *c, struct chunk *k)
{
    if (c->n_spare < MAX_SPARE && k->cap_bytes == c->chunk_bytes) {
        k->next = c->spare;
        c->spare = k;
        c->n_spare++;
    } else {
        mem_free(k);
    }
}

static size_t room_bytes(const struct chunks *c)
{
    return c->current ? c->current->cap_bytes - (size_t)(c->end - c->current->data) : 0;
}

/* The scanner reads a little ahead of what is here: let it find nothing. */
static void set_end(struct chunks *c, char *end)
{
    c->end = end;
    memset(end, 0, JSON_PADDING);
}

/* The current chunk is full: what is not consumed, an incomplete token, goes to the next one, which
 * is larger when that is more than half of it, so that a long value is moved a few times only. */
static bool next_chunk(struct chunks *c, size_t min_room_bytes)
{
    struct chunk *old = c->current;
    size_t carry = chunks_unread_bytes(c);
    size_t cap_bytes = c->chunk_bytes;
    struct chunk *k;

    while (cap_bytes < carry * 2 + min_room_bytes)
        cap_bytes *= 2;
    k = take_chunk(c, cap_bytes);
    if (k == NULL)
        return false;
    if (old != NULL) {
        memcpy(k->data, c->pos, carry);
        c->before += (uint64_t)(c->pos - old->data);
        if (c->cells_in_current) {
            old->next = c->retained;
            c->retained = old;
        } else {
            drop_chunk(c, old);
        }
    }
    c->current = k;
    c->cells_in_current = false;
    c->pos = k->data;
    set_end(c, k->data + carry);
    return true;
}

char *chunks_room(struct chunks *c, size_t *cap_bytes)
{
    size_t min_room_bytes = c->chunk_bytes / MIN_ROOM_PARTS;

    if (room_bytes(c) < min_room_bytes && !next_chunk(c, min_room_bytes))
        return NULL;
    *cap_bytes = room_bytes(c);
    return c->end;
}

void chunks_commit(struct chunks *c, size_t n_bytes)
{
    assert(n_bytes <= room_bytes(c));
    if (n_bytes > 0)
        set_end(c, c->end + n_bytes);
}

size_t chunks_unread_bytes(const struct chunks *c)
{
    return c->current ? (size_t)(c->end - c->pos) : 0;
}

uint64_t chunks_offset_in_body(const struct chunks *c, const char *p)
{
    return c->before + (c->current ? (uint64_t)(p - c->current->data) : 0);
}

size_t chunks_held_bytes(const struct chunks *c)
{
    size_t n = c->current ? c->current->cap_bytes : 0;

    for (const struct chunk *k = c->retained; k != NULL; k = k->next)
        n += k->cap_bytes;
    return n + c->n_spare * c->chunk_bytes;
}

void chunks_pin(struct chunks *c)
{
    c->pinned = c->current->serial;
}

void chunks_unpin(struct chunks *c)
{
    c->pinned = 0;
}

/* The serial of the retained chunk that holds p; that of the current one, which stays anyway, when
 * none does. */
static uint64_t serial_of(const struct chunks *c, const char *p)
{
    for (const struct chunk *k = c->retained; k != NULL; k = k->next)
        if (p >= k->data && p <= k->data + k->cap_bytes)
            return k->serial;
    return c->serial;
}

void chunks_forget_before(struct chunks *c, const char *first_kept)
{
    uint64_t keep_from = first_kept ? serial_of(c, first_kept) : c->serial;
    struct chunk **at = &c->retained;

    if (c->pinned != 0 && c->pinned < keep_from)
        keep_from = c->pinned;
    while (*at != NULL) {
        struct chunk *k = *at;
        if (k->serial >= keep_from) {
            at = &k->next;
            continue;
        }
        *at = k->next;
        drop_chunk(c, k);
    }
    if (first_kept == NULL && c->pinned == 0)
        c->cells_in_current = false;
}
