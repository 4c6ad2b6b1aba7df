/* SQLTablePrivileges and SQLColumnPrivileges: who may do what, from the access lists. A table that
 * was never granted has none: its owner's privileges are the server's default. Called by api/. */
#include "catalog/catalog.h"
#include "catalog/catalog_result.h"
#include "stmt/catalog_sql.h"

/* clang-format off */
#define TABLE_ACL CAT "aclexplode(coalesce(c.relacl, " CAT "acldefault('r', c.relowner)))"

/* What an owner has, nobody gave. 0 is everybody. */
#define GRANTOR \
    "CASE WHEN x.grantee" EQ "x.owner THEN '_SYSTEM' " \
    "ELSE " CAT "pg_get_userbyid(x.grantor)" TEXT " END"
#define GRANTEE \
    "CASE WHEN x.grantee" EQ "0::pg_catalog.oid THEN 'PUBLIC' " \
    "ELSE " CAT "pg_get_userbyid(x.grantee)" TEXT " END"
#define GRANTABLE \
    "CASE WHEN x.grantee" EQ "x.owner OR " CAT "bool_or(x.is_grantable) THEN 'YES' ELSE 'NO' END"

/* $1 catalog; $2 schema, $3 table: patterns or NULL; $4 system tables too. */
static const char tables_sql[] =
    "SELECT " CAT "current_database(), x.nspname, x.relname, " GRANTOR " AS grantor, "
    GRANTEE " AS grantee, x.privilege_type, " GRANTABLE " "
    "FROM (SELECT n.nspname, c.relname, c.relowner AS owner, acl.* FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid" EQ "c.relnamespace "
    "CROSS JOIN LATERAL " TABLE_ACL " AS acl "
    "WHERE " IS_TABLE("c") " AND " IS_VISIBLE("n") " AND " THIS_CATALOG("1")
    " AND " MATCHES("n.nspname", "2") " AND " MATCHES("c.relname", "3")
    " AND ($4::pg_catalog.bool OR NOT " IS_SYSTEM("n") ")) x "
    "GROUP BY x.nspname, x.relname, x.owner, x.grantor, x.grantee, x.privilege_type "
    "ORDER BY x.nspname, x.relname, x.privilege_type, 5, 4";

/* $1 catalog, $2 schema, $3 table; $4 column: a pattern or NULL. What a table's list grants holds for
 * each of its columns. */
static const char columns_sql[] =
    "SELECT " CAT "current_database(), x.nspname, x.relname, x.attname, " GRANTOR " AS grantor, "
    GRANTEE " AS grantee, x.privilege_type, " GRANTABLE " "
    "FROM (SELECT n.nspname, c.relname, c.relowner AS owner, a.attname, acl.* "
    "FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid" EQ "c.relnamespace "
    "JOIN pg_catalog.pg_attribute a "
    "ON a.attrelid" EQ "c.oid AND a.attnum" GT "0 AND NOT a.attisdropped "
    "CROSS JOIN LATERAL (SELECT * FROM " TABLE_ACL
    " UNION ALL SELECT * FROM " CAT "aclexplode(a.attacl)) AS acl "
    "WHERE " IS_TABLE("c") " AND " IS_VISIBLE("n") " AND " THIS_CATALOG("1")
    " AND " EQUALS("n.nspname", "2") " AND " EQUALS("c.relname", "3")
    " AND " MATCHES("a.attname", "4")
    " AND acl.privilege_type" EQ "ANY (ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES'])) x "
    "GROUP BY x.nspname, x.relname, x.owner, x.attname, x.grantor, x.grantee, x.privilege_type "
    "ORDER BY x.nspname, x.relname, x.attname, x.privilege_type, 6, 5";
/* clang-format on */

SQLRETURN catalog_table_privileges(struct stmt *s, const struct catalog_names *n)
{
    struct catalog_args a;
    SQLRETURN rc;

    catalog_args_init(&a);
    rc = catalog_add_patterns(s, &a, n, WHAT_TABLE);
    if (rc == SQL_SUCCESS)
        rc = catalog_add_bool(s, &a, catalog_wants_system(s, n->schema, n->table));
    if (rc == SQL_SUCCESS) {
        const struct catalog_query q = {
            .function = CATALOG_TABLE_PRIVILEGES, .sql = tables_sql, .args = &a};
        rc = catalog_ask(s, &q);
    }
    catalog_args_release(&a);
    return rc;
}

SQLRETURN catalog_column_privileges(struct stmt *s, const struct catalog_names *n,
                                    struct strview column)
{
    struct catalog_args a;
    SQLRETURN rc = catalog_check_given(s, n->table, WHAT_TABLE);

    catalog_args_init(&a);
    if (rc == SQL_SUCCESS)
        rc = catalog_add_names(s, &a, n);
    if (rc == SQL_SUCCESS)
        rc = catalog_add_pattern(s, &a, column, WHAT_COLUMN);
    if (rc == SQL_SUCCESS) {
        const struct catalog_query q = {
            .function = CATALOG_COLUMN_PRIVILEGES, .sql = columns_sql, .args = &a};
        rc = catalog_ask(s, &q);
    }
    catalog_args_release(&a);
    return rc;
}
