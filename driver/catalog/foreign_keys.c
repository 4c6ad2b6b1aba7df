/* SQLForeignKeys: the keys of a table that refer to others, those of others that refer to it, or
 * those between two tables. Called by api/. */
#include "catalog/catalog.h"
#include "catalog/catalog_result.h"
#include "stmt/catalog_sql.h"

/* clang-format off */
/* SQL_CASCADE 0, SQL_RESTRICT 1, SQL_SET_NULL 2, SQL_NO_ACTION 3, SQL_SET_DEFAULT 4 */
#define RULE(column) \
    "CASE WHEN " column EQ "'c' THEN 0 WHEN " column EQ "'r' THEN 1 " \
    "WHEN " column EQ "'n' THEN 2 WHEN " column EQ "'d' THEN 4 ELSE 3 END"

/* $1 to $3 catalog, schema and name of the table referred to, $4 to $6 of the referring one. A key
 * that refers to a partitioned table has a constraint of the server's own for each partition beside
 * it (the same referring table as that of its parent): not shown. Keys to unique constraints are
 * shown beside those to primary keys: PK_NAME says which it is. */
#define KEYS \
    "SELECT " CAT "current_database(), pn.nspname, pc.relname, pa.attname, " \
    CAT "current_database(), fn.nspname, fc.relname, fa.attname, k.seq, " \
    RULE("con.confupdtype") ", " RULE("con.confdeltype") ", con.conname, ic.relname, " \
    "CASE WHEN con.condeferred THEN 5 WHEN con.condeferrable THEN 6 ELSE 7 END " \
    "FROM pg_catalog.pg_constraint con " \
    "JOIN pg_catalog.pg_class fc ON fc.oid" EQ "con.conrelid " \
    "JOIN pg_catalog.pg_namespace fn ON fn.oid" EQ "fc.relnamespace " \
    "JOIN pg_catalog.pg_class pc ON pc.oid" EQ "con.confrelid " \
    "JOIN pg_catalog.pg_namespace pn ON pn.oid" EQ "pc.relnamespace " \
    "LEFT JOIN pg_catalog.pg_class ic ON ic.oid" EQ "con.conindid " \
    "LEFT JOIN pg_catalog.pg_constraint parent ON parent.oid" EQ "con.conparentid " \
    "CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(con.conkey), " \
    "pg_catalog.unnest(con.confkey)) WITH ORDINALITY AS k(fk, pk, seq) " \
    "JOIN pg_catalog.pg_attribute fa ON fa.attrelid" EQ "fc.oid AND fa.attnum" EQ "k.fk " \
    "JOIN pg_catalog.pg_attribute pa ON pa.attrelid" EQ "pc.oid AND pa.attnum" EQ "k.pk " \
    "WHERE con.contype" EQ "'f' AND (parent.oid IS NULL OR parent.conrelid" NE "con.conrelid) " \
    "AND " IS_VISIBLE("fn") " AND " THIS_CATALOG("1") " AND " THIS_CATALOG("4") \
    " AND " EQUALS("pn.nspname", "2") " AND " EQUALS("pc.relname", "3") \
    " AND " EQUALS("fn.nspname", "5") " AND " EQUALS("fc.relname", "6") " "

/* By the other side's table; the columns of one key stay together. */
static const char by_referring_sql[] =
    KEYS "ORDER BY fn.nspname, fc.relname, con.conname, k.seq, pn.nspname, pc.relname";
static const char by_referred_sql[] =
    KEYS "ORDER BY pn.nspname, pc.relname, con.conname, k.seq, fn.nspname, fc.relname";
/* clang-format on */

static SQLRETURN add_side(struct stmt *s, struct catalog_args *a, const struct catalog_names *n)
{
    SQLRETURN rc;

    /* With METADATA_ID only the side that is asked about has names. */
    if (n->table.ptr == NULL && n->schema.ptr == NULL && n->catalog.ptr == NULL) {
        rc = catalog_add_text(s, a, n->catalog);
        rc = rc == SQL_SUCCESS ? catalog_add_text(s, a, n->schema) : rc;
        return rc == SQL_SUCCESS ? catalog_add_text(s, a, n->table) : rc;
    }
    return catalog_add_names(s, a, n);
}

/* PHP passes an empty string for the side that it does not ask about. */
static struct catalog_names side(const struct catalog_names *n)
{
    const struct catalog_names none = {{NULL, 0}, {NULL, 0}, {NULL, 0}};

    return n->table.len == 0 && n->schema.len == 0 && n->catalog.len == 0 ? none : *n;
}

SQLRETURN catalog_foreign_keys(struct stmt *s, const struct catalog_names *primary,
                               const struct catalog_names *foreign)
{
    const struct catalog_names pk = side(primary);
    const struct catalog_names fk = side(foreign);
    bool by_primary = pk.table.ptr != NULL;
    bool by_foreign = fk.table.ptr != NULL;
    struct catalog_args a;
    SQLRETURN rc = SQL_SUCCESS;

    if (!by_primary && !by_foreign)
        return diag_post(&s->handle, ST_HY009, 0,
                         "The name of the primary key's table or of the foreign key's must be "
                         "given.");
    catalog_args_init(&a);
    rc = add_side(s, &a, &pk);
    if (rc == SQL_SUCCESS)
        rc = add_side(s, &a, &fk);
    if (rc == SQL_SUCCESS) {
        struct catalog_query q = {
            .function = CATALOG_FOREIGN_KEYS,
            .sql = by_primary ? by_referring_sql : by_referred_sql,
            .args = &a,
            .filters = {{5, 6, false}},
            .n_filters = 1,
        };
        if (by_primary)
            q.filters[0] = (struct catalog_filter){2, 2, false};
        if (by_primary && by_foreign)
            q.n_filters = 0;
        rc = catalog_run(s, &q);
    }
    catalog_args_release(&a);
    return rc;
}
