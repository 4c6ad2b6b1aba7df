/* What the files of this folder share behind their SQL: the shape of each function's result, how
 * its query is run, and the cells that describe a type. */
#ifndef NEON_CATALOG_RESULT_H
#define NEON_CATALOG_RESULT_H

#include "catalog/catalog_arg.h"
#include "stmt/stmt.h"

enum catalog_function {
    CATALOG_TABLES,
    CATALOG_COLUMNS,
    CATALOG_PRIMARY_KEYS,
    CATALOG_FOREIGN_KEYS,
    CATALOG_STATISTICS,
    CATALOG_SPECIAL_COLUMNS,
    CATALOG_TABLE_PRIVILEGES,
    CATALOG_COLUMN_PRIVILEGES,
    CATALOG_PROCEDURES,
    CATALOG_PROCEDURE_COLUMNS,
};

/* The columns of a function's result under the names of the application's version of ODBC; static.
 */
struct catalog_shape {
    const struct local_column *columns;
    size_t n;
};
struct catalog_shape catalog_shape(const struct stmt *s, enum catalog_function f);

/* One argument that a picture of the whole schema can be asked by instead of the server. */
struct catalog_filter {
    size_t param;  /* index of the query's parameter, from 0 */
    size_t column; /* of the result that it restricts, from 0 */
    bool is_pattern;
};
#define CATALOG_MAX_FILTERS 2

struct catalog_query {
    enum catalog_function function;
    const char *sql;
    const struct catalog_args *args;
    size_t n_in;     /* columns of the query when `map` makes rows of them */
    size_t carry;    /* as in mapped_query */
    row_map_fn *map; /* NULL: the query's rows are the result's, and are not held in memory */
    /* Where rows of all tables may be fetched once (CatalogCache): the table's argument first
     * (behind its schema's), then others. With them NULL the query gives the whole schema. None:
     * n_filters 0. */
    struct catalog_filter filters[CATALOG_MAX_FILTERS];
    size_t n_filters;
    size_t system_param; /* of catalog_wants_system; 0 none */
};
/* Runs it, or answers it from what is remembered; the result is open on the statement. */
SQLRETURN catalog_run(struct stmt *s, const struct catalog_query *q);
/* The same, always by one request. */
SQLRETURN catalog_ask(struct stmt *s, const struct catalog_query *q);

/* ---- types ---- */

/* clang-format off */
/* Domains: d.oid is described as d.base with d.modifier; one over a domain as what is below all of
 * them, as the server describes results. To be put behind WITH RECURSIVE. Materialized: the planner,
 * which expects few rows of a LIKE, would look for them again for each row. */
#define DOMAINS \
    "one AS MATERIALIZED (SELECT t.oid, t.typbasetype AS base, t.typtypmod AS modifier, " \
    "t.typnotnull AS not_null FROM pg_catalog.pg_type t WHERE t.typtype" EQ "'d'), " \
    "chain(oid, base, modifier, not_null) AS (" \
    "SELECT one.oid, one.base, one.modifier, one.not_null FROM one " \
    "UNION ALL SELECT chain.oid, one.base, " \
    "CASE WHEN chain.modifier" EQ "-1 THEN one.modifier ELSE chain.modifier END, " \
    "chain.not_null OR one.not_null FROM chain JOIN one ON one.oid" EQ "chain.base), " \
    "domain AS MATERIALIZED (SELECT chain.oid, chain.base, chain.modifier, chain.not_null " \
    "FROM chain WHERE NOT EXISTS (SELECT 1 FROM one WHERE one.oid" EQ "chain.base)) "
/* Base type of a column and its name, of `oid` with the domain joined as d and the type as bt. */
#define TYPE_COLUMNS(oid, modifier) \
    "coalesce(d.base, " oid "), coalesce(d.modifier, " modifier "), bt.typname"
#define TYPE_JOINS(type) \
    "LEFT JOIN domain d ON d.oid" EQ type " " \
    "JOIN pg_catalog.pg_type bt ON bt.oid" EQ "coalesce(d.base, " type ") "
/* clang-format on */

/* How ODBC describes a type; texts lie in the scratch or are static. Not applicable is NULL. */
struct catalog_type {
    struct type_desc desc;
    struct cell data_type, type_name, column_size, buffer_length, decimal_digits, radix, verbose,
        datetime_sub, char_octets;
};
/* From the three cells of TYPE_COLUMNS. */
void catalog_describe(const struct stmt *s, const struct cell *in, struct catalog_type *out,
                      struct buf *scratch);
struct cell catalog_text(const char *text);
struct cell catalog_number(struct buf *scratch, int64_t v);
/* A default as COLUMN_DEF wants it: a lone literal without the cast that the server writes behind
 * it
 * ('x'::text, NULL::integer), and without quotes when the type is a number. */
struct cell catalog_default(struct cell expression, const struct type_desc *t);

#endif
