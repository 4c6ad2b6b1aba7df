/* Catalog functions: one request each, from pg_catalog (which has what information_schema hides or
 * lacks), every argument a parameter. Types are described by convert/typemap as SQLDescribeCol
 * describes them. docs/catalog.md says what is in each column. */
#ifndef NEON_CATALOG_CATALOG_H
#define NEON_CATALOG_CATALOG_H

#include "stmt/stmt.h"

/* Arguments of a catalog function: ptr NULL = not given. Borrowed, UTF-8. `table` is the procedure
 * in those that are about procedures. */
struct catalog_names {
    struct strview catalog, schema, table;
};

/* Each opens its result on the statement. HY009 (a null argument), HY090, and the errors of a
 * query. */
SQLRETURN catalog_tables(struct stmt *s, const struct catalog_names *n, struct strview types);
SQLRETURN catalog_columns(struct stmt *s, const struct catalog_names *n, struct strview column);
SQLRETURN catalog_primary_keys(struct stmt *s, const struct catalog_names *n);
SQLRETURN catalog_foreign_keys(struct stmt *s, const struct catalog_names *primary,
                               const struct catalog_names *foreign);
/* HY100, HY101. */
SQLRETURN catalog_statistics(struct stmt *s, const struct catalog_names *n, SQLUSMALLINT unique,
                             SQLUSMALLINT accuracy);
struct special_columns {
    SQLUSMALLINT identifier, scope, nullable;
};
/* HY097, HY098, HY099. */
SQLRETURN catalog_special_columns(struct stmt *s, const struct catalog_names *n,
                                  const struct special_columns *w);
SQLRETURN catalog_table_privileges(struct stmt *s, const struct catalog_names *n);
SQLRETURN catalog_column_privileges(struct stmt *s, const struct catalog_names *n,
                                    struct strview column);
SQLRETURN catalog_procedures(struct stmt *s, const struct catalog_names *n);
SQLRETURN catalog_procedure_columns(struct stmt *s, const struct catalog_names *n,
                                    struct strview column);

#endif
