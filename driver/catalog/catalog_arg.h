/* Arguments of catalog functions made ready for a query: pattern values, ordinary arguments,
 * identifiers (METADATA_ID), and what real clients mean by an empty string. Builds no SQL: every
 * argument travels as a parameter. Shared by the files of this folder. */
#ifndef NEON_CATALOG_CATALOG_ARG_H
#define NEON_CATALOG_CATALOG_ARG_H

#include "catalog/catalog.h"

#define CATALOG_ARG_MAX_BYTES 4096
#define CATALOG_MAX_ARGS 8

/* Query parameters with their texts. */
struct catalog_args {
    struct wire_param params[CATALOG_MAX_ARGS];
    struct buf texts[CATALOG_MAX_ARGS];
    size_t n;
};

/* What the argument names. Catalogs and schemas: an empty string would mean "of those that have
 * none", and in PostgreSQL there are no such; programs that pass one mean "any", and get that.
 * Names of tables, columns and procedures: an empty string is nothing's name and finds nothing. */
enum catalog_what { WHAT_CATALOG, WHAT_SCHEMA, WHAT_TABLE, WHAT_COLUMN, WHAT_PROCEDURE };

void catalog_args_init(struct catalog_args *a);
void catalog_args_release(struct catalog_args *a);
/* Adds a pattern-value argument: a null pointer does not restrict. With SQL_ATTR_METADATA_ID it is
 * an identifier: folded to lower case unless quoted, matched literally, and a null pointer is
 * HY009. HY090 beyond CATALOG_ARG_MAX_BYTES; 22021 when it
 * is not UTF-8. */
SQLRETURN catalog_add_pattern(struct stmt *s, struct catalog_args *a, struct strview v,
                              enum catalog_what what);
/* Adds an ordinary argument: matched literally, case matters; with SQL_ATTR_METADATA_ID as above.
 */
SQLRETURN catalog_add_name(struct stmt *s, struct catalog_args *a, struct strview v,
                           enum catalog_what what);
/* Add catalog, schema and table (or procedure) in this order: all as ordinary arguments, or schema
 * and `what` as patterns. */
SQLRETURN catalog_add_names(struct stmt *s, struct catalog_args *a, const struct catalog_names *n);
SQLRETURN catalog_add_patterns(struct stmt *s, struct catalog_args *a,
                               const struct catalog_names *n, enum catalog_what what);
/* HY009: for arguments that must not be null in any case. */
SQLRETURN catalog_check_given(struct stmt *s, struct strview v, enum catalog_what what);
/* Adds text as it is (NULL ptr = NULL). */
SQLRETURN catalog_add_text(struct stmt *s, struct catalog_args *a, struct strview v);
SQLRETURN catalog_add_bool(struct stmt *s, struct catalog_args *a, bool v);
/* Are objects of pg_catalog and information_schema wanted? When the application names a schema or
 * one object, or ShowSystemTables says so; not when it lists everything there is. */
bool catalog_wants_system(const struct stmt *s, struct strview schema, struct strview name);
/* A pattern without a % that is not escaped: somebody asks object by object. */
bool catalog_is_one_name(struct strview pattern);
/* ODBC 2 applications see the old names of columns. */
bool catalog_is_odbc2(const struct stmt *s);

#endif
