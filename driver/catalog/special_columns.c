/* SQLSpecialColumns: the key that identifies a row, or the column that changes with each change of
 * it (xmin). Called by api/. */
#include "catalog/catalog.h"
#include "catalog/catalog_result.h"
#include "stmt/catalog_sql.h"

enum in_column { IN_SCOPE, IN_NAME, IN_TYPE, IN_PSEUDO = IN_TYPE + 3, IN_COUNT };

/* clang-format off */
/* The result does not say of which table it speaks: where the schema is not given and several have a
 * table of that name, it is the one that the name alone means, else the first by schema. */
#define ONE_TABLE \
    "(SELECT c.oid, c.relkind FROM pg_catalog.pg_class c " \
    "JOIN pg_catalog.pg_namespace n ON n.oid" EQ "c.relnamespace " \
    "WHERE " IS_TABLE("c") " AND " IS_VISIBLE("n") " AND " THIS_CATALOG("1") \
    " AND " EQUALS("n.nspname", "2") " AND " EQUALS("c.relname", "3") \
    " ORDER BY " CAT "pg_table_is_visible(c.oid) DESC, n.nspname LIMIT 1) c "

#define NULLS_ARE_VALUES \
    "($4::pg_catalog.bool AND coalesce((" CAT "to_jsonb(i) OPERATOR(pg_catalog.->>) " \
    "'indnullsnotdistinct')::pg_catalog.bool, false))"

/* $4: keys with NULLs too, where a NULL is a value like others (NULLS NOT DISTINCT, PostgreSQL 15).
 * The scope is SQL_SCOPE_SESSION: a key outlives any transaction. A table that others inherit from
 * has none: its keys do not hold for their rows, which are rows of it too. */
static const char best_sql[] =
    "WITH RECURSIVE " DOMAINS
    "SELECT 2, a.attname, " TYPE_COLUMNS("a.atttypid", "a.atttypmod") ", 1 "
    "FROM " ONE_TABLE
    "CROSS JOIN LATERAL " BEST_KEY(NULLS_ARE_VALUES) " k "
    "CROSS JOIN LATERAL pg_catalog.unnest(k.indkey) WITH ORDINALITY AS kc(attnum, seq) "
    "JOIN pg_catalog.pg_attribute a ON a.attrelid" EQ "c.oid AND a.attnum" EQ "kc.attnum "
    TYPE_JOINS("a.atttypid")
    "WHERE kc.seq" LE "k.indnkeyatts AND NOT (c.relkind" EQ "'r' AND EXISTS "
    "(SELECT 1 FROM pg_catalog.pg_inherits h WHERE h.inhparent" EQ "c.oid)) "
    "ORDER BY kc.seq";

static const char version_sql[] =
    "SELECT NULL" TEXT ", a.attname, a.atttypid, a.atttypmod, t.typname, 2 "
    "FROM " ONE_TABLE
    "JOIN pg_catalog.pg_attribute a ON a.attrelid" EQ "c.oid AND a.attname" EQ "'xmin' "
    "JOIN pg_catalog.pg_type t ON t.oid" EQ "a.atttypid "
    "WHERE c.relkind" EQ "ANY (ARRAY['r', 'p']::\"char\"[]) AND $4::pg_catalog.bool IS NOT NULL";
/* clang-format on */

static bool map_column(const struct stmt *s, const struct cell *in, struct cell *out,
                       struct buf *scratch)
{
    struct catalog_type t;

    catalog_describe(s, &in[IN_TYPE], &t, scratch);
    out[0] = in[IN_SCOPE];
    out[1] = in[IN_NAME];
    out[2] = t.data_type;
    out[3] = t.type_name;
    out[4] = t.column_size;
    out[5] = t.buffer_length;
    out[6] = t.decimal_digits;
    out[7] = in[IN_PSEUDO];
    return !scratch->failed;
}

static SQLRETURN check(struct stmt *s, const struct special_columns *w)
{
    if (w->identifier != SQL_BEST_ROWID && w->identifier != SQL_ROWVER)
        return diag_post(&s->handle, ST_HY097, 0,
                         "The kind of column %u is neither SQL_BEST_ROWID nor SQL_ROWVER.",
                         (unsigned)w->identifier);
    if (w->scope > SQL_SCOPE_SESSION)
        return diag_post(&s->handle, ST_HY098, 0,
                         "The scope %u is not SQL_SCOPE_CURROW, SQL_SCOPE_TRANSACTION or "
                         "SQL_SCOPE_SESSION.",
                         (unsigned)w->scope);
    if (w->nullable != SQL_NO_NULLS && w->nullable != SQL_NULLABLE)
        return diag_post(&s->handle, ST_HY099, 0,
                         "The nullability %u is neither SQL_NO_NULLS nor SQL_NULLABLE.",
                         (unsigned)w->nullable);
    return SQL_SUCCESS;
}

SQLRETURN catalog_special_columns(struct stmt *s, const struct catalog_names *n,
                                  const struct special_columns *w)
{
    struct catalog_args a;
    SQLRETURN rc = catalog_check_given(s, n->table, WHAT_TABLE);

    if (rc == SQL_SUCCESS)
        rc = check(s, w);
    catalog_args_init(&a);
    if (rc == SQL_SUCCESS)
        rc = catalog_add_names(s, &a, n);
    if (rc == SQL_SUCCESS)
        rc = catalog_add_bool(s, &a, w->nullable == SQL_NULLABLE);
    if (rc == SQL_SUCCESS) {
        const struct catalog_query q = {
            .function = CATALOG_SPECIAL_COLUMNS,
            .sql = w->identifier == SQL_BEST_ROWID ? best_sql : version_sql,
            .args = &a,
            .n_in = IN_COUNT,
            .map = map_column,
        };
        rc = catalog_ask(s, &q);
    }
    catalog_args_release(&a);
    return rc;
}
