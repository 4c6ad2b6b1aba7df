/* What a tool that asks table by table was answered from: for a few seconds, the rows of a catalog
 * function for all tables of a schema, fetched once (CatalogCache). Here is the memory; when to
 * fetch and what to ask is catalog/catalog_cached.c's. Bounded. Pure memory. */
#ifndef NEON_HANDLE_CATALOG_CACHE_H
#define NEON_HANDLE_CATALOG_CACHE_H

#include <stdbool.h>

#include "base/cell_copy.h"
#include "base/str.h"

#define CATALOG_CACHE_MAX_BYTES ((size_t)64 << 20) /* of all pictures of a connection */

/* Rows of one function for all tables, in the order in which the server gave them. */
struct catalog_picture {
    struct catalog_picture *next;
    char *key; /* owned: what was asked */
    size_t key_len;
    bool unusable;        /* it could not be had: ask table by table */
    size_t n_columns, by; /* column that holds the table's name */
    struct cell *cells;   /* owned: n_rows * n_columns */
    size_t n_rows, cap_rows;
    struct cell_copies kept; /* their bytes */
    /* Rows by name: order[first .. first + count) of each group has the rows of that name. */
    size_t *order; /* owned */
    struct catalog_group {
        struct cell name;
        size_t first, count;
    } * groups; /* owned; by name, as memcmp orders */
    size_t n_groups;
};

struct catalog_cache {
    struct catalog_picture *first;
    int64_t expires_ms, latest_ms; /* of all; the fetches' own time may extend it to `latest` */
    uint64_t generation;           /* of the process's definitions when the pictures were taken */
    /* The tables that were asked for of late: is somebody going through all of them? */
    char *recent[2]; /* owned */
    unsigned distinct;
    int64_t noted_ms;
};

/* An application that has asked for so many tables within the time is taken to go through all. */
#define CATALOG_CACHE_DISTINCT 3

/* Forgets pictures and what was asked. At the end of a connection, and when its rows may be untrue.
 */
void catalog_cache_clear(struct catalog_cache *c);
/* The same, and tells the process's other connections: one of them has changed definitions. */
void catalog_cache_changed(struct catalog_cache *c);

/* Counts the table; true when somebody goes through all. */
bool catalog_cache_note(struct catalog_cache *c, struct strview table, int64_t now_ms,
                        int64_t life_ms);
/* Drops what is too old, and everything when definitions have changed: before a call is answered.
 */
void catalog_cache_refresh(struct catalog_cache *c, int64_t now_ms);
/* The picture of that key, also an unusable one; NULL: none. */
struct catalog_picture *catalog_cache_find(struct catalog_cache *c, struct strview key);
/* Starts an empty picture; it is found from now on. NULL: out of memory. */
struct catalog_picture *catalog_cache_add(struct catalog_cache *c, struct strview key,
                                          size_t n_columns, size_t by) NEON_MUST_CHECK;
/* Copies a row. False: no memory, or more than CATALOG_CACHE_MAX_BYTES. */
bool catalog_picture_add(struct catalog_cache *c, struct catalog_picture *p,
                         const struct cell *cells) NEON_MUST_CHECK;
/* After the last row: sorts. False: out of memory. */
bool catalog_picture_finish(struct catalog_picture *p) NEON_MUST_CHECK;
/* Frees the rows and keeps the mark. */
void catalog_picture_give_up(struct catalog_picture *p);
/* How long what is there stays true: life_ms from the end of the first fetch, longer by the time
 * that later ones take, at most ten times as long. */
void catalog_cache_fetched(struct catalog_cache *c, int64_t started_ms, int64_t now_ms,
                           int64_t life_ms);

#endif
