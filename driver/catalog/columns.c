/* SQLColumns: what the server says of the columns, described by the same table as SQLDescribeCol.
 * Called by api/. */
#include "catalog/catalog.h"
#include "catalog/catalog_result.h"
#include "stmt/catalog_sql.h"

/* What the query answers, in order. */
enum in_column {
    IN_CATALOG,
    IN_SCHEMA,
    IN_TABLE,
    IN_COLUMN,
    IN_TYPE, /* and modifier, and name */
    IN_NOT_NULL = IN_TYPE + 3,
    IN_POSITION,
    IN_DEFAULT,
    IN_REMARKS,
    IN_AUTO,
    IN_GENERATED,
    IN_DOMAIN,
    IN_COUNT
};

/* clang-format off */
/* Dropped columns leave gaps in attnum, not in ORDINAL_POSITION. */
#define OF_ONE_TABLE \
    "(SELECT n.nspname, c.relname, a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, " \
    "a.attnotnull, a.attidentity, a.attgenerated, " \
    CAT "row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS position " \
    "FROM pg_catalog.pg_class c " \
    "JOIN pg_catalog.pg_namespace n ON n.oid" EQ "c.relnamespace " \
    "JOIN pg_catalog.pg_attribute a ON a.attrelid" EQ "c.oid " \
    "WHERE " IS_TABLE("c") " AND a.attnum" GT "0 AND NOT a.attisdropped AND " \
    THIS_CATALOG("1") " AND " MATCHES("n.nspname", "2") " AND " MATCHES("c.relname", "3") \
    " AND ($5::pg_catalog.bool OR NOT " IS_SYSTEM("n") ") AND " IS_VISIBLE("n") ")"

/* $1 catalog; $2 schema, $3 table, $4 column: patterns or NULL; $5 system tables too. A NOT NULL that
 * is not validated (PostgreSQL 18) promises nothing. The expression of a generated column is no
 * default; a domain's default is that of a column without one. */
static const char columns_sql[] =
    "WITH RECURSIVE " DOMAINS
    "SELECT " CAT "current_database(), q.nspname, q.relname, q.attname, "
    TYPE_COLUMNS("q.atttypid", "q.atttypmod") ", "
    "(q.attnotnull AND loose.conrelid IS NULL) OR coalesce(d.not_null, false), q.position, "
    "CASE WHEN q.attgenerated" EQ "'' THEN coalesce(e.text, dt.typdefault) END, "
    CAT "col_description(q.attrelid, q.attnum), "
    "q.attidentity" NE "'' OR (q.attgenerated" EQ "'' AND e.text" LIKE "'nextval(%'), "
    "q.attgenerated" NE "'', dt.typname "
    "FROM " OF_ONE_TABLE " q "
    TYPE_JOINS("q.atttypid")
    "LEFT JOIN pg_catalog.pg_type dt ON dt.oid" EQ "d.oid "
    "LEFT JOIN pg_catalog.pg_attrdef ad ON ad.adrelid" EQ "q.attrelid AND ad.adnum" EQ "q.attnum "
    "LEFT JOIN LATERAL (SELECT " CAT "pg_get_expr(ad.adbin, ad.adrelid) AS text) e ON true "
    "LEFT JOIN pg_catalog.pg_constraint loose ON loose.conrelid" EQ "q.attrelid "
    "AND loose.contype" EQ "'n' AND NOT loose.convalidated AND loose.conkey[1]" EQ "q.attnum "
    "WHERE " MATCHES("q.attname", "4") " "
    "ORDER BY q.nspname, q.relname, q.attnum";
/* clang-format on */

static bool map_column(const struct stmt *s, const struct cell *in, struct cell *out,
                       struct buf *scratch)
{
    bool not_null = catalog_is_true(in[IN_NOT_NULL]);
    struct catalog_type t;

    catalog_describe(s, &in[IN_TYPE], &t, scratch);
    out[0] = in[IN_CATALOG];
    out[1] = in[IN_SCHEMA];
    out[2] = in[IN_TABLE];
    out[3] = in[IN_COLUMN];
    out[4] = t.data_type;
    out[5] = t.type_name;
    out[6] = t.column_size;
    out[7] = t.buffer_length;
    out[8] = t.decimal_digits;
    out[9] = t.radix;
    out[10] = catalog_number(scratch, not_null ? SQL_NO_NULLS : SQL_NULLABLE);
    out[11] = in[IN_REMARKS];
    out[12] = catalog_default(in[IN_DEFAULT], &t.desc);
    out[13] = t.verbose;
    out[14] = t.datetime_sub;
    out[15] = t.char_octets;
    out[16] = in[IN_POSITION];
    out[17] = catalog_text(not_null ? "NO" : "YES");
    out[18] = catalog_text(catalog_is_true(in[IN_AUTO]) ? "YES" : "NO");
    out[19] = catalog_text(catalog_is_true(in[IN_GENERATED]) ? "YES" : "NO");
    out[20] = in[IN_DOMAIN];
    return !scratch->failed;
}

SQLRETURN catalog_columns(struct stmt *s, const struct catalog_names *n, struct strview column)
{
    struct catalog_args a;
    SQLRETURN rc;

    catalog_args_init(&a);
    rc = catalog_add_name(s, &a, n->catalog, WHAT_CATALOG);
    if (rc == SQL_SUCCESS)
        rc = catalog_add_pattern(s, &a, n->schema, WHAT_SCHEMA);
    if (rc == SQL_SUCCESS)
        rc = catalog_add_pattern(s, &a, n->table, WHAT_TABLE);
    if (rc == SQL_SUCCESS)
        rc = catalog_add_pattern(s, &a, column, WHAT_COLUMN);
    if (rc == SQL_SUCCESS)
        rc = catalog_add_bool(s, &a, catalog_wants_system(s, n->schema, n->table));
    if (rc == SQL_SUCCESS) {
        const struct catalog_query q = {
            .function = CATALOG_COLUMNS,
            .sql = columns_sql,
            .args = &a,
            .n_in = IN_COUNT,
            .map = map_column,
            .filters = {{2, 2, true}, {3, 3, true}},
            .n_filters = catalog_is_one_name(n->table) ? 2 : 0,
            .system_param = 4,
        };
        rc = catalog_run(s, &q);
    }
    catalog_args_release(&a);
    return rc;
}
