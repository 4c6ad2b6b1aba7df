/* SQLStatistics: a table's size and its indexes, as the last ANALYZE left them. Called by api/. */
#include "catalog/catalog.h"
#include "catalog/catalog_result.h"
#include "stmt/catalog_sql.h"

/* clang-format off */
/* Not analyzed is -1; what an index counted when it was made is not asked for then. A partitioned
 * table has no pages, and its index neither. CARDINALITY and PAGES are INTEGERs. */
#define CARDINALITY(column) \
    "CASE WHEN c.relkind" NE "'p' AND c.reltuples" GE "0 AND " column GE "0 " \
    "THEN least(" column ", 2147483647)::pg_catalog.int8 END"
#define PAGES(column) "CASE WHEN c.relkind" NE "'p' AND " column GE "0 THEN " column " END"
#define INDEX_COLUMN "i.indexrelid, k.seq::pg_catalog.int4"

#define OF_TABLE \
    "SELECT n.nspname, c.relname, NULL::pg_catalog.int4 AS non_unique, " \
    "NULL::pg_catalog.name AS qualifier, NULL::pg_catalog.name AS index_name, 0 AS type, " \
    "NULL::pg_catalog.int8 AS seq, NULL" TEXT ", NULL" TEXT ", " \
    CARDINALITY("c.reltuples") ", " PAGES("c.relpages") ", NULL" TEXT " " \
    "FROM pg_catalog.pg_class c " \
    "JOIN pg_catalog.pg_namespace n ON n.oid" EQ "c.relnamespace " \
    "WHERE c.relkind" EQ "ANY (ARRAY['r', 'p', 'm', 'f']::\"char\"[]) AND " IS_VISIBLE("n") \
    " AND " THIS_CATALOG("1") " AND " EQUALS("n.nspname", "2") " AND " EQUALS("c.relname", "3")

/* Columns of INCLUDE are not what an index is ordered by: they are left out. */
#define OF_INDEXES \
    "SELECT n.nspname, c.relname, CASE WHEN i.indisunique THEN 0 ELSE 1 END, xn.nspname, " \
    "xc.relname, " \
    "CASE WHEN i.indisclustered THEN 1 WHEN am.amname" EQ "'hash' THEN 2 ELSE 3 END, k.seq, " \
    "coalesce(a.attname" TEXT ", " CAT "pg_get_indexdef(" INDEX_COLUMN ", true)), " \
    "CASE WHEN " CAT "pg_index_column_has_property(" INDEX_COLUMN ", 'asc') THEN 'A' " \
    "WHEN " CAT "pg_index_column_has_property(" INDEX_COLUMN ", 'desc') THEN 'D' END, " \
    "CASE WHEN i.indisunique THEN " CARDINALITY("xc.reltuples") " END, " \
    PAGES("xc.relpages") ", " CAT "pg_get_expr(i.indpred, i.indrelid, true) " \
    "FROM pg_catalog.pg_index i " \
    "JOIN pg_catalog.pg_class c ON c.oid" EQ "i.indrelid " \
    "JOIN pg_catalog.pg_namespace n ON n.oid" EQ "c.relnamespace " \
    "JOIN pg_catalog.pg_class xc ON xc.oid" EQ "i.indexrelid " \
    "JOIN pg_catalog.pg_namespace xn ON xn.oid" EQ "xc.relnamespace " \
    "JOIN pg_catalog.pg_am am ON am.oid" EQ "xc.relam " \
    "JOIN LATERAL pg_catalog.unnest(i.indkey) WITH ORDINALITY AS k(attnum, seq) " \
    "ON k.seq" LE "i.indnkeyatts " \
    "LEFT JOIN pg_catalog.pg_attribute a " \
    "ON a.attrelid" EQ "c.oid AND a.attnum" EQ "k.attnum AND k.attnum" NE "0 " \
    "WHERE " IS_TABLE("c") " AND i.indisvalid AND i.indislive AND " IS_VISIBLE("n") \
    " AND " THIS_CATALOG("1") " AND " EQUALS("n.nspname", "2") " AND " EQUALS("c.relname", "3") \
    " AND (i.indisunique OR NOT $4::pg_catalog.bool)"

/* $1 catalog, $2 schema, $3 table, $4 unique indexes alone. */
static const char statistics_sql[] =
    "SELECT " CAT "current_database(), x.* FROM (" OF_TABLE " UNION ALL " OF_INDEXES ") x "
    "ORDER BY x.non_unique NULLS FIRST, x.type, x.qualifier, x.index_name, x.seq, x.nspname, "
    "x.relname";
/* clang-format on */

SQLRETURN catalog_statistics(struct stmt *s, const struct catalog_names *n, SQLUSMALLINT unique,
                             SQLUSMALLINT accuracy)
{
    struct catalog_args a;
    SQLRETURN rc = catalog_check_given(s, n->table, WHAT_TABLE);

    if (rc == SQL_SUCCESS && unique != SQL_INDEX_UNIQUE && unique != SQL_INDEX_ALL)
        rc = diag_post(&s->handle, ST_HY100, 0,
                       "The kind of index %u is neither SQL_INDEX_UNIQUE nor SQL_INDEX_ALL.",
                       (unsigned)unique);
    if (rc == SQL_SUCCESS && accuracy != SQL_QUICK && accuracy != SQL_ENSURE)
        rc = diag_post(&s->handle, ST_HY101, 0,
                       "The accuracy %u is neither SQL_QUICK nor SQL_ENSURE.", (unsigned)accuracy);
    catalog_args_init(&a);
    if (rc == SQL_SUCCESS)
        rc = catalog_add_names(s, &a, n);
    if (rc == SQL_SUCCESS)
        rc = catalog_add_bool(s, &a, unique == SQL_INDEX_UNIQUE);
    if (rc == SQL_SUCCESS) {
        const struct catalog_query q = {
            .function = CATALOG_STATISTICS,
            .sql = statistics_sql,
            .args = &a,
            .filters = {{2, 2, false}},
            .n_filters = 1,
        };
        rc = catalog_run(s, &q);
    }
    catalog_args_release(&a);
    return rc;
}
