/* SQLPrimaryKeys. Called by api/. */
#include "catalog/catalog.h"
#include "catalog/catalog_result.h"
#include "stmt/catalog_sql.h"

/* clang-format off */
/* $1 catalog, $2 schema, $3 table. The columns of INCLUDE are not in conkey. */
static const char keys_sql[] =
    "SELECT " CAT "current_database(), n.nspname, c.relname, a.attname, k.seq, con.conname "
    "FROM pg_catalog.pg_constraint con "
    "JOIN pg_catalog.pg_class c ON c.oid" EQ "con.conrelid "
    "JOIN pg_catalog.pg_namespace n ON n.oid" EQ "c.relnamespace "
    "CROSS JOIN LATERAL pg_catalog.unnest(con.conkey) WITH ORDINALITY AS k(attnum, seq) "
    "JOIN pg_catalog.pg_attribute a ON a.attrelid" EQ "c.oid AND a.attnum" EQ "k.attnum "
    "WHERE con.contype" EQ "'p' AND " IS_VISIBLE("n") " AND " THIS_CATALOG("1")
    " AND " EQUALS("n.nspname", "2") " AND " EQUALS("c.relname", "3") " "
    "ORDER BY n.nspname, c.relname, k.seq";
/* clang-format on */

SQLRETURN catalog_primary_keys(struct stmt *s, const struct catalog_names *n)
{
    struct catalog_args a;
    SQLRETURN rc = catalog_check_given(s, n->table, WHAT_TABLE);

    catalog_args_init(&a);
    if (rc == SQL_SUCCESS)
        rc = catalog_add_names(s, &a, n);
    if (rc == SQL_SUCCESS) {
        const struct catalog_query q = {
            .function = CATALOG_PRIMARY_KEYS,
            .sql = keys_sql,
            .args = &a,
            .filters = {{2, 2, false}},
            .n_filters = 1,
        };
        rc = catalog_run(s, &q);
    }
    catalog_args_release(&a);
    return rc;
}
