/* SQLColumns: what the server says of the columns, described by the same table as SQLDescribeCol.
 * Called by api/. */
#include "catalog/catalog.h"
#include "catalog/catalog_arg.h"

#define OID_TEXT_NAME 1043
#define OID_INT2 21
#define OID_INT4 23
#define NAME_MODIFIER (63 + 4)

/* X(name, name in ODBC 2, type, modifier, nullable)   SQLColumns' reference, with its "Backward
 * compatibility". */
#define COLUMNS(X)                                                                                 \
    X("TABLE_CAT", "TABLE_QUALIFIER", OID_TEXT_NAME, NAME_MODIFIER, SQL_NULLABLE)                  \
    X("TABLE_SCHEM", "TABLE_OWNER", OID_TEXT_NAME, NAME_MODIFIER, SQL_NULLABLE)                    \
    X("TABLE_NAME", "TABLE_NAME", OID_TEXT_NAME, NAME_MODIFIER, SQL_NO_NULLS)                      \
    X("COLUMN_NAME", "COLUMN_NAME", OID_TEXT_NAME, NAME_MODIFIER, SQL_NO_NULLS)                    \
    X("DATA_TYPE", "DATA_TYPE", OID_INT2, -1, SQL_NO_NULLS)                                        \
    X("TYPE_NAME", "TYPE_NAME", OID_TEXT_NAME, NAME_MODIFIER, SQL_NO_NULLS)                        \
    X("COLUMN_SIZE", "PRECISION", OID_INT4, -1, SQL_NULLABLE)                                      \
    X("BUFFER_LENGTH", "LENGTH", OID_INT4, -1, SQL_NULLABLE)                                       \
    X("DECIMAL_DIGITS", "SCALE", OID_INT2, -1, SQL_NULLABLE)                                       \
    X("NUM_PREC_RADIX", "RADIX", OID_INT2, -1, SQL_NULLABLE)                                       \
    X("NULLABLE", "NULLABLE", OID_INT2, -1, SQL_NO_NULLS)                                          \
    X("REMARKS", "REMARKS", OID_TEXT_NAME, 254 + 4, SQL_NULLABLE)                                  \
    X("COLUMN_DEF", "COLUMN_DEF", OID_TEXT_NAME, 254 + 4, SQL_NULLABLE)                            \
    X("SQL_DATA_TYPE", "SQL_DATA_TYPE", OID_INT2, -1, SQL_NO_NULLS)                                \
    X("SQL_DATETIME_SUB", "SQL_DATETIME_SUB", OID_INT2, -1, SQL_NULLABLE)                          \
    X("CHAR_OCTET_LENGTH", "CHAR_OCTET_LENGTH", OID_INT4, -1, SQL_NULLABLE)                        \
    X("ORDINAL_POSITION", "ORDINAL_POSITION", OID_INT4, -1, SQL_NO_NULLS)                          \
    X("IS_NULLABLE", "IS_NULLABLE", OID_TEXT_NAME, 3 + 4, SQL_NULLABLE)

#define ODBC3_COLUMN(name, name2, oid, modifier, nullable) {name, oid, modifier, nullable},
#define ODBC2_COLUMN(name, name2, oid, modifier, nullable) {name2, oid, modifier, nullable},
static const struct local_column columns3[] = {COLUMNS(ODBC3_COLUMN)};
static const struct local_column columns2[] = {COLUMNS(ODBC2_COLUMN)};
#define N_COLUMNS ARRAY_LEN(columns3)

/* What the query answers, in order. */
enum in_column {
    IN_CATALOG,
    IN_SCHEMA,
    IN_TABLE,
    IN_COLUMN,
    IN_TYPE_OID,
    IN_TYPE_MODIFIER,
    IN_TYPE_NAME,
    IN_NOT_NULL,
    IN_POSITION,
    IN_DEFAULT,
    IN_REMARKS,
    IN_COUNT
};

/* $1 catalog, $2 schema, $3 table, $4 column: patterns or NULL. A domain is described as its base
 * type, under its own name; a domain over a domain as the type below all of them, as the server
 * describes results. */
static const char columns_sql[] =
    "SELECT pg_catalog.current_database(), n.nspname, c.relname, a.attname, "
    "coalesce(b.oid, a.atttypid), coalesce(b.modifier, a.atttypmod), "
    "t.typname, a.attnotnull OR coalesce(b.not_null, false), a.attnum, "
    "CASE WHEN a.attgenerated OPERATOR(pg_catalog.=) '' THEN pg_catalog.pg_get_expr(d.adbin, "
    "d.adrelid) END, "
    "pg_catalog.col_description(c.oid, a.attnum) "
    "FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace "
    "JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid "
    "JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) a.atttypid "
    "LEFT JOIN LATERAL (WITH RECURSIVE chain AS (SELECT t.typbasetype AS oid, t.typtypmod AS "
    "modifier, t.typnotnull AS not_null, "
    "1 AS depth WHERE t.typtype OPERATOR(pg_catalog.=) 'd' "
    "UNION ALL SELECT i.typbasetype, CASE WHEN chain.modifier OPERATOR(pg_catalog.=) -1 THEN "
    "i.typtypmod ELSE chain.modifier END, "
    "i.typnotnull OR chain.not_null, chain.depth OPERATOR(pg_catalog.+) 1 "
    "FROM chain JOIN pg_catalog.pg_type i ON i.oid OPERATOR(pg_catalog.=) chain.oid AND i.typtype "
    "OPERATOR(pg_catalog.=) 'd') "
    "SELECT chain.oid, chain.modifier, chain.not_null FROM chain ORDER BY chain.depth DESC LIMIT "
    "1) b ON true "
    "LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid OPERATOR(pg_catalog.=) a.attrelid "
    "AND d.adnum OPERATOR(pg_catalog.=) a.attnum "
    "WHERE c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p', 'v', 'm', 'f']::\"char\"[]) "
    "AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped "
    "AND ($1::pg_catalog.text IS NULL OR pg_catalog.current_database() OPERATOR(pg_catalog.~~) "
    "$1::pg_catalog.text) "
    "AND ($2::pg_catalog.text IS NULL OR n.nspname OPERATOR(pg_catalog.~~) $2::pg_catalog.text) "
    "AND ($3::pg_catalog.text IS NULL OR c.relname OPERATOR(pg_catalog.~~) $3::pg_catalog.text) "
    "AND ($4::pg_catalog.text IS NULL OR a.attname OPERATOR(pg_catalog.~~) $4::pg_catalog.text) "
    "ORDER BY n.nspname, c.relname, a.attnum";

static int64_t number(struct cell c, int64_t fallback)
{
    int64_t v;

    return c.ptr != NULL && sv_to_i64(sv_n(c.ptr, c.len), &v) ? v : fallback;
}

static struct cell put_number(struct buf *scratch, int64_t v)
{
    size_t start = scratch->len;

    buf_printf(scratch, "%lld", (long long)v);
    return (struct cell){scratch->data + start, scratch->len - start};
}

static struct cell put_static(const char *text)
{
    return (struct cell){text, strlen(text)};
}

static bool is_char_or_binary(SQLSMALLINT t)
{
    static const SQLSMALLINT types[] = {SQL_CHAR,   SQL_VARCHAR,   SQL_LONGVARCHAR,
                                        SQL_WCHAR,  SQL_WVARCHAR,  SQL_WLONGVARCHAR,
                                        SQL_BINARY, SQL_VARBINARY, SQL_LONGVARBINARY};
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (types[i] == t)
            return true;
    return false;
}

static bool has_digits(const struct type_desc *t)
{
    return t->num_prec_radix != 0 || t->verbose_type == SQL_DATETIME;
}

/* The name under which SQLGetTypeInfo knows a built-in type ("char" has quotes there); a domain's
 * or any other type's own. */
static struct cell type_name(struct cell typname, const struct type_desc *t)
{
    bool built_in = t->row->oid != 0 && typname.ptr != NULL &&
                    sv_eq(sv_n(typname.ptr, typname.len), sv(t->row->typname));

    return built_in ? put_static(t->type_name) : typname;
}

static bool map_column(const struct stmt *s, const struct cell *in, struct cell *out,
                       struct buf *scratch)
{
    const struct cell null = {NULL, 0};
    bool not_null = in[IN_NOT_NULL].len == 1 && in[IN_NOT_NULL].ptr[0] == 't';
    bool odbc2 = catalog_is_odbc2(s);
    struct type_desc t;

    typemap_describe((uint32_t)number(in[IN_TYPE_OID], 0),
                     (int32_t)number(in[IN_TYPE_MODIFIER], -1), &s->dbc->type_options, &t);
    out[0] = in[IN_CATALOG];
    out[1] = in[IN_SCHEMA];
    out[2] = in[IN_TABLE];
    out[3] = in[IN_COLUMN];
    out[4] = put_number(scratch, odbc2 ? typemap_odbc2_type(t.concise_type) : t.concise_type);
    out[5] = type_name(in[IN_TYPE_NAME], &t);
    out[6] = put_number(scratch, (int64_t)t.column_size);
    out[7] = put_number(scratch, (int64_t)t.octet_length);
    out[8] = has_digits(&t) ? put_number(scratch, t.decimal_digits) : null;
    out[9] = t.num_prec_radix != 0 ? put_number(scratch, t.num_prec_radix) : null;
    out[10] = put_number(scratch, not_null ? SQL_NO_NULLS : SQL_NULLABLE);
    out[11] = in[IN_REMARKS];
    out[12] = in[IN_DEFAULT];
    out[13] = put_number(scratch, t.verbose_type);
    out[14] = t.datetime_sub != 0 ? put_number(scratch, t.datetime_sub) : null;
    out[15] =
        is_char_or_binary(t.concise_type) ? put_number(scratch, (int64_t)t.octet_length) : null;
    out[16] = in[IN_POSITION];
    out[17] = put_static(not_null ? "NO" : "YES");
    return !scratch->failed;
}

SQLRETURN catalog_columns(struct stmt *s, const struct catalog_names *n, struct strview column)
{
    struct catalog_args a;
    SQLRETURN rc;

    catalog_args_init(&a);
    rc = catalog_add_pattern(s, &a, n->catalog, "catalog");
    if (rc == SQL_SUCCESS)
        rc = catalog_add_pattern(s, &a, n->schema, "schema");
    if (rc == SQL_SUCCESS)
        rc = catalog_add_pattern(s, &a, n->table, "table");
    if (rc == SQL_SUCCESS)
        rc = catalog_add_pattern(s, &a, column, "column");
    if (rc == SQL_SUCCESS) {
        struct mapped_query q = {
            sv(columns_sql), a.params,  a.n, IN_COUNT, catalog_is_odbc2(s) ? columns2 : columns3,
            N_COLUMNS,       map_column};
        rc = stmt_run_mapped(s, &q);
    }
    catalog_args_release(&a);
    return rc;
}
