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
    IN_NUMBERS,
    IN_TYPE_NAME,
    IN_DEFAULT,
    IN_REMARKS,
    IN_DOMAIN,
    IN_COUNT
};

/* IN_NUMBERS, separated by blanks: the columns of five thousand tables fit into one answer of the
 * endpoint, which is bounded. */
enum number { NUMBER_TYPE, NUMBER_MODIFIER, NUMBER_POSITION, NUMBER_FLAGS, NUMBER_COUNT };
#define FLAG_NOT_NULL 1
#define FLAG_AUTO 2
#define FLAG_GENERATED 4

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

/* In the first row of each table that passes. */
#define ONCE(value) \
    "CASE WHEN " CAT "row_number() OVER (PARTITION BY q.attrelid ORDER BY q.attnum)" EQ "1 " \
    "THEN " value " END"

#define FLAG(condition, value) "CASE WHEN " condition " THEN " value " ELSE 0 END"

/* $1 catalog; $2 schema, $3 table, $4 column: patterns or NULL; $5 system tables too. The
 * expression of a generated column is no default; a domain's default is that of a column without one. */
static const char columns_sql[] =
    "WITH RECURSIVE " DOMAINS
    "SELECT " ONCE(CAT "current_database()") ", " ONCE("q.nspname") ", " ONCE("q.relname") ", "
    "q.attname, "
    CAT "concat_ws(' ', coalesce(d.base, q.atttypid), coalesce(d.modifier, q.atttypmod), q.position, "
    FLAG("(q.attnotnull AND NOT " IS_LOOSE("q") ") OR d.not_null", "1") PLUS
    FLAG(IS_AUTO("q", "e.text"), "2") PLUS
    FLAG("q.attgenerated" NE "''", "4") "), bt.typname, "
    "CASE WHEN q.attgenerated" EQ "'' THEN coalesce(e.text, dt.typdefault) END, "
    CAT "col_description(q.attrelid, q.attnum), dt.typname "
    "FROM " OF_ONE_TABLE " q "
    TYPE_JOINS("q.atttypid")
    "LEFT JOIN pg_catalog.pg_type dt ON dt.oid" EQ "d.oid "
    "LEFT JOIN pg_catalog.pg_attrdef ad ON ad.adrelid" EQ "q.attrelid AND ad.adnum" EQ "q.attnum "
    "LEFT JOIN LATERAL (SELECT " CAT "pg_get_expr(ad.adbin, ad.adrelid) AS text) e ON true "
    "WHERE " MATCHES("q.attname", "4") " "
    "ORDER BY q.nspname, q.relname, q.attnum";
/* clang-format on */

static void split_numbers(struct cell c, struct cell *out)
{
    size_t at = 0;

    if (c.ptr == NULL)
        c = catalog_text("");
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        size_t start = at;
        while (at < c.len && c.ptr[at] != ' ')
            at++;
        out[i] = (struct cell){c.ptr + start, at - start};
        at += at < c.len;
    }
}

static bool map_column(const struct stmt *s, const struct cell *in, struct cell *out,
                       struct buf *scratch)
{
    struct cell number[NUMBER_COUNT];
    struct catalog_type t;
    unsigned flags;
    bool not_null;

    split_numbers(in[IN_NUMBERS], number);
    flags = number[NUMBER_FLAGS].len == 1 ? (unsigned)(number[NUMBER_FLAGS].ptr[0] - '0') : 0;
    not_null = (flags & FLAG_NOT_NULL) != 0;
    catalog_describe(
        s, (const struct cell[]){number[NUMBER_TYPE], number[NUMBER_MODIFIER], in[IN_TYPE_NAME]},
        &t, scratch);
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
    out[16] = number[NUMBER_POSITION];
    out[17] = catalog_text(not_null ? "NO" : "YES");
    out[18] = catalog_text((flags & FLAG_AUTO) != 0 ? "YES" : "NO");
    out[19] = catalog_text((flags & FLAG_GENERATED) != 0 ? "YES" : "NO");
    out[20] = in[IN_DOMAIN];
    return !scratch->failed;
}

SQLRETURN catalog_columns(struct stmt *s, const struct catalog_names *n, struct strview column)
{
    struct catalog_args a;
    SQLRETURN rc;

    catalog_args_init(&a);
    rc = catalog_add_patterns(s, &a, n, WHAT_TABLE);
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
            .carry = 3,
            .filters = {{2, 2, true}, {3, 3, true}},
            .n_filters = catalog_is_one_name(n->table) ? 2 : 0,
            .system_param = 4,
        };
        rc = catalog_run(s, &q);
    }
    catalog_args_release(&a);
    return rc;
}
