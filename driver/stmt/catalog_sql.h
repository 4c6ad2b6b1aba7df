/* Pieces of the driver's own queries over PostgreSQL's catalogs (14 to 18). Every function, type
 * and operator is qualified, so that no search_path can put another in its place; for the same
 * reason there is no IN, no CASE x WHEN, no NULLIF and no BETWEEN, which look their operator up by
 * name. Read by catalog/ and stmt/tables.c. */
#ifndef NEON_STMT_CATALOG_SQL_H
#define NEON_STMT_CATALOG_SQL_H

#define CAT "pg_catalog."
#define EQ " OPERATOR(pg_catalog.=) "
#define NE " OPERATOR(pg_catalog.<>) "
#define GT " OPERATOR(pg_catalog.>) "
#define LE " OPERATOR(pg_catalog.<=) "
#define GE " OPERATOR(pg_catalog.>=) "
#define LIKE " OPERATOR(pg_catalog.~~) "
#define PLUS " OPERATOR(pg_catalog.+) "
#define CONCAT " OPERATOR(pg_catalog.||) "
#define TEXT "::pg_catalog.text"

/* A parameter that is NULL does not restrict. */
#define IF_GIVEN(n, condition) "($" n TEXT " IS NULL OR " condition ")"
#define MATCHES(column, n) IF_GIVEN(n, column LIKE "$" n TEXT)
#define EQUALS(column, n) IF_GIVEN(n, column EQ "$" n TEXT)
#define THIS_CATALOG(n) EQUALS(CAT "current_database()", n)

/* Tables of every kind, as SQLTables lists them. */
#define IS_TABLE(c) c ".relkind" EQ "ANY (ARRAY['r', 'p', 'v', 'm', 'f']::\"char\"[])"

/* A NOT NULL of the column `a` that is not validated (PostgreSQL 18): it promises nothing. */
#define IS_LOOSE(a)                                                                                \
    "EXISTS (SELECT 1 FROM pg_catalog.pg_constraint con WHERE con.conrelid" EQ a ".attrelid "      \
    "AND con.contype" EQ "'n' AND NOT con.convalidated AND con.conkey[1]" EQ a ".attnum)"
/* Does the server number the column `a`, whose default is the text `expression`? */
#define IS_AUTO(a, expression)                                                                     \
    "(" a ".attidentity" NE "'' OR (" a ".attgenerated" EQ "'' AND " expression LIKE "'nextval(%'" \
    "))"

/* The schemas of the server itself; temporary tables of other sessions are nobody's. */
#define IS_SYSTEM(n)                                                                               \
    "(" n ".nspname" EQ                                                                            \
    "ANY (ARRAY['pg_catalog', 'information_schema', 'pg_toast']::pg_catalog.name[]))"
#define IS_VISIBLE(n) "NOT " CAT "pg_is_other_temp_schema(" n ".oid)"

/* The key that identifies rows of the table `c`: the primary key, else the unique key of fewest
 * columns, in the order of its name. Never a partial, deferrable or expression index, and no column
 * of it may be NULL unless `or_nulls` (a condition over the index i) holds. A row of pg_index, or
 * none; for FROM ... JOIN LATERAL. */
#define BEST_KEY(or_nulls)                                                                         \
    "(SELECT i.indexrelid, i.indrelid, i.indkey, i.indnkeyatts FROM pg_catalog.pg_index i "        \
    "JOIN pg_catalog.pg_class ic ON ic.oid" EQ "i.indexrelid "                                     \
    "WHERE i.indrelid" EQ "c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate "           \
    "AND i.indpred IS NULL AND i.indexprs IS NULL AND (" or_nulls " OR NOT EXISTS "                \
    "(SELECT 1 FROM pg_catalog.unnest(i.indkey) WITH ORDINALITY AS u(attnum, seq) "                \
    "JOIN pg_catalog.pg_attribute ua ON ua.attrelid" EQ "i.indrelid AND ua.attnum" EQ "u.attnum "  \
    "WHERE u.seq" LE "i.indnkeyatts AND NOT ua.attnotnull)) "                                      \
    "ORDER BY i.indisprimary DESC, i.indnkeyatts, ic.relname LIMIT 1)"

#endif
