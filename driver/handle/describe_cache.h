/* What the server said of statements that were described before they were executed: kept by text on
 * the connection, so that the same text is asked about once. Bounded; the oldest goes first. Pure
 * memory. */
#ifndef NEON_HANDLE_DESCRIBE_CACHE_H
#define NEON_HANDLE_DESCRIBE_CACHE_H

#include <stdbool.h>

#include "base/cell.h"
#include "base/mem.h"
#include "base/str.h"

#define DESCRIBE_CACHE_MAX 64

struct description {
    struct description *next;
    char *text; /* owned: the statements as sent */
    size_t text_len;
    uint32_t *param_oids; /* owned: n_params; 0 = the server cannot say */
    bool *as_text; /* owned: n_params; the server could choose no type, so they were given text */
    size_t n_params;
    struct column *columns; /* owned, with their names; of the first statement */
    size_t n_columns;
    bool has_columns; /* they could be found out */
};

struct describe_cache {
    struct description *first; /* the newest */
    size_t n;
};

/* NULL: out of memory. param_oids are zero. */
struct description *description_new(struct strview text, size_t n_params) NEON_MUST_CHECK;
void description_free(struct description *d);
/* Copies the columns and sets has_columns. False: out of memory, nothing changed. */
bool description_set_columns(struct description *d, const struct column *columns,
                             size_t n) NEON_MUST_CHECK;

/* NULL: not there. Moves it to the front. */
const struct description *describe_cache_find(struct describe_cache *c, struct strview text);
/* Takes it over; may free the oldest. */
void describe_cache_add(struct describe_cache *c, struct description *d);
/* After a statement that may have changed tables or types. */
void describe_cache_clear(struct describe_cache *c);

#endif
