/* What identifies the rows of a table: its primary key, else a unique key that has no NULLs. For
 * positioned updates and deletes; asked of the server once for each table, by the caller's memory.
 */
#ifndef NEON_STMT_ROW_KEY_H
#define NEON_STMT_ROW_KEY_H

#include "stmt/stmt.h"

#define ROW_KEY_MAX_COLUMNS 32 /* INDEX_MAX_KEYS */

struct row_key_column {
    int16_t attnum;
    char *name; /* owned, UTF-8, as stored: to be quoted */
};

struct row_key {
    char *schema, *table; /* owned, as stored */
    bool is_table;        /* a table, partitioned or not: rows of it can be updated */
    struct row_key_column columns[ROW_KEY_MAX_COLUMNS];
    size_t n; /* 0 = the table has no such key */
};

/* Asks for the key of the table with that OID (pg.table_oid of a result column); one request.
 * False: 42S02 when there is no such table (any more), and the errors of a query; *out is empty
 * then. */
bool stmt_row_key(struct stmt *s, uint32_t table_oid, struct row_key *out,
                  struct err *e) NEON_MUST_CHECK;
void row_key_release(struct row_key *k);

#endif
