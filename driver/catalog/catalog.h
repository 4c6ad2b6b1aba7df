/* Catalog functions: one request each, from information_schema and pg_catalog, every argument a
 * parameter. The rows are made here from what the server says, with the types described by
 * convert/typemap as SQLDescribeCol describes them. */
#ifndef NEON_CATALOG_CATALOG_H
#define NEON_CATALOG_CATALOG_H

#include "stmt/stmt.h"

/* One argument of a catalog function: ptr NULL = not given. Borrowed, UTF-8. */
struct catalog_names {
    struct strview catalog, schema, table;
};

/* Each opens its result on the statement. HY009 (METADATA_ID and a null argument), HY090, and the
 * errors of a query. */
SQLRETURN catalog_tables(struct stmt *s, const struct catalog_names *n, struct strview types);
SQLRETURN catalog_columns(struct stmt *s, const struct catalog_names *n, struct strview column);

#endif
