/* Arguments of catalog functions made ready for LIKE: pattern values, identifiers (METADATA_ID),
 * and what real clients mean by an empty string. Shared by the files of this folder. */
#ifndef NEON_CATALOG_CATALOG_ARG_H
#define NEON_CATALOG_CATALOG_ARG_H

#include "stmt/stmt.h"

#define CATALOG_ARG_MAX_BYTES 4096

/* Up to eight query parameters with their texts. */
struct catalog_args {
    struct wire_param params[8];
    struct buf texts[8];
    size_t n;
};

void catalog_args_init(struct catalog_args *a);
void catalog_args_release(struct catalog_args *a);
/* Adds a pattern-value argument: absent or empty means "any" (NULL in the query). With
 * SQL_ATTR_METADATA_ID it is an identifier: folded to lower case unless quoted, and matched
 * literally; absent is then HY009. `what` names it. */
SQLRETURN catalog_add_pattern(struct stmt *s, struct catalog_args *a, struct strview v,
                              const char *what);
/* Adds text as it is (NULL ptr = NULL). */
SQLRETURN catalog_add_text(struct stmt *s, struct catalog_args *a, struct strview v);
/* ODBC 2 applications see the old names of the first columns. */
bool catalog_is_odbc2(const struct stmt *s);

#endif
