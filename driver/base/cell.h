/* One value of a result as PostgreSQL's text: the currency between result/, convert/ and stmt/. */
#ifndef NEON_BASE_CELL_H
#define NEON_BASE_CELL_H

#include <stddef.h>
#include <stdint.h>

/* The bytes belong to whoever decoded them (a chunk of the answer, an arena) and are valid as long
 * as that owner says. Not NUL-terminated. UTF-8 as the server sent it. */
struct cell {
    const char *ptr; /* NULL = SQL NULL; an empty string has a non-NULL ptr */
    size_t len;      /* bytes */
};

/* One result column as the server describes it (protocol 4.1; RowDescription). */
struct column {
    char *name;      /* owned by the list it stands in; UTF-8 */
    size_t name_len; /* bytes */
    uint32_t type_oid;
    uint32_t table_oid;    /* 0: not a plain column of a table */
    int16_t attnum;        /* 0: not a plain column of a table */
    int16_t type_size;     /* pg_type.typlen */
    int32_t type_modifier; /* pg_attribute.atttypmod; -1: none */
};

#endif
