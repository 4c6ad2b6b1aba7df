/* What the driver has asked about the tables of results, to describe their columns and to change
 * their rows: names, columns and the keys that identify a row. Kept on the connection by OID;
 * bounded, the oldest goes first. Pure memory; stmt/tables.c asks. */
#ifndef NEON_HANDLE_TABLE_INFO_H
#define NEON_HANDLE_TABLE_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"

#define TABLE_INFO_MAX 64
#define TABLE_KEY_MAX_COLUMNS 32 /* INDEX_MAX_KEYS */

struct table_column {
    int16_t attnum; /* negative: a system column */
    char *name;     /* owned, quoted as SQL wants it */
    char *stored;   /* owned, as it is */
    char *type;     /* owned, qualified and quoted, without modifier */
    bool writable;  /* neither generated nor GENERATED ALWAYS AS IDENTITY nor of the system */
    bool not_null;
    bool auto_value; /* an identity, or its default is the next of a sequence */
};

/* A primary key, or a unique key without NULLs. */
struct table_key {
    int16_t attnums[TABLE_KEY_MAX_COLUMNS];
    size_t n;
};

struct table_info {
    struct table_info *next;
    uint32_t oid;
    char *catalog, *schema, *table; /* owned, as stored */
    char *name;                     /* owned: both, quoted and qualified */
    bool editable;                  /* a table whose keys hold for all its rows */
    struct table_column *columns;   /* owned */
    size_t n_columns;
    struct table_key *keys; /* owned; the best first */
    size_t n_keys;
};

struct table_infos {
    struct table_info *first; /* the newest */
    size_t n;
};

/* NULL: out of memory. */
struct table_info *table_info_new(uint32_t oid) NEON_MUST_CHECK;
void table_info_free(struct table_info *t);
/* Adds a column with the number and the flags of `c`, whose names are not used, and copies these
 * names. False: out of memory. */
bool table_info_add_column(struct table_info *t, const struct table_column *c, struct strview name,
                           struct strview stored, struct strview type) NEON_MUST_CHECK;
/* Reads keys from "1,2;3": column numbers of each key. False: out of memory, or not of that form.
 */
bool table_info_read_keys(struct table_info *t, struct strview text) NEON_MUST_CHECK;
/* NULL: none of that number. */
const struct table_column *table_info_column(const struct table_info *t, int attnum);

/* NULL: not there. */
const struct table_info *table_infos_find(const struct table_infos *all, uint32_t oid);
/* Takes it over; may free the oldest. */
void table_infos_add(struct table_infos *all, struct table_info *t);
/* After what may have changed tables. */
void table_infos_clear(struct table_infos *all);

#endif
