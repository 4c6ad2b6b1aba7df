/* SQLTables, with its three special enumerations and type lists as real clients write them. Called
 * by api/. */
#include "catalog/catalog.h"
#include "catalog/catalog_arg.h"

#define OID_NAME_TEXT 1043 /* varchar: names and remarks */
#define NAME_MODIFIER (63 + 4)

static const struct local_column columns3[] = {
    {"TABLE_CAT", OID_NAME_TEXT, NAME_MODIFIER, SQL_NULLABLE},
    {"TABLE_SCHEM", OID_NAME_TEXT, NAME_MODIFIER, SQL_NULLABLE},
    {"TABLE_NAME", OID_NAME_TEXT, NAME_MODIFIER, SQL_NULLABLE},
    {"TABLE_TYPE", OID_NAME_TEXT, 32 + 4, SQL_NULLABLE},
    {"REMARKS", OID_NAME_TEXT, 254 + 4, SQL_NULLABLE},
};
static const struct local_column columns2[] = {
    {"TABLE_QUALIFIER", OID_NAME_TEXT, NAME_MODIFIER, SQL_NULLABLE},
    {"TABLE_OWNER", OID_NAME_TEXT, NAME_MODIFIER, SQL_NULLABLE},
    {"TABLE_NAME", OID_NAME_TEXT, NAME_MODIFIER, SQL_NULLABLE},
    {"TABLE_TYPE", OID_NAME_TEXT, 32 + 4, SQL_NULLABLE},
    {"REMARKS", OID_NAME_TEXT, 254 + 4, SQL_NULLABLE},
};

#define TABLE_TYPES                                                                                \
    "CASE WHEN n.nspname OPERATOR(pg_catalog.=) ANY (ARRAY['pg_catalog', 'information_schema', "   \
    "'pg_toast']::pg_catalog.name[]) "                                                             \
    "THEN 'SYSTEM TABLE' ELSE CASE c.relkind WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'TABLE' WHEN "    \
    "'v' THEN 'VIEW' "                                                                             \
    "WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE' END END"

/* $1 catalog, $2 schema, $3 table: patterns or NULL; $4 types as text[] or NULL (then all but
 * system tables). */
static const char tables_sql[] =
    "SELECT pg_catalog.current_database(), x.nspname, x.relname, x.type, "
    "pg_catalog.obj_description(x.oid, 'pg_class') "
    "FROM (SELECT c.oid, n.nspname, c.relname, " TABLE_TYPES " AS type "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) "
    "c.relnamespace "
    "WHERE c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p', 'v', 'm', 'f']::\"char\"[]) "
    "AND ($2::pg_catalog.text IS NULL OR n.nspname OPERATOR(pg_catalog.~~) $2::pg_catalog.text) "
    "AND ($3::pg_catalog.text IS NULL OR c.relname OPERATOR(pg_catalog.~~) $3::pg_catalog.text)) x "
    "WHERE ($1::pg_catalog.text IS NULL OR pg_catalog.current_database() OPERATOR(pg_catalog.~~) "
    "$1::pg_catalog.text) "
    "AND CASE WHEN $4::pg_catalog.text[] IS NULL THEN x.type OPERATOR(pg_catalog.<>) 'SYSTEM "
    "TABLE' "
    "ELSE x.type OPERATOR(pg_catalog.=) ANY ($4::pg_catalog.text[]) END "
    "ORDER BY x.type, x.nspname, x.relname";

static const char catalogs_sql[] = "SELECT pg_catalog.current_database(), NULL, NULL, NULL, NULL";
static const char schemas_sql[] =
    "SELECT NULL, n.nspname, NULL, NULL, NULL FROM pg_catalog.pg_namespace n "
    "WHERE n.nspname OPERATOR(pg_catalog.!~~) 'pg\\_toast%' AND n.nspname OPERATOR(pg_catalog.!~~) "
    "'pg\\_temp%' "
    "ORDER BY n.nspname";

static const char *const table_types[] = {"FOREIGN TABLE", "MATERIALIZED VIEW", "SYSTEM TABLE",
                                          "TABLE", "VIEW"};

static bool same_row(const struct stmt *s, const struct cell *in, struct cell *out,
                     struct buf *scratch)
{
    (void)s;
    (void)scratch;
    memcpy(out, in, ARRAY_LEN(columns3) * sizeof *out);
    return true;
}

static SQLRETURN run(struct stmt *s, const char *sql, const struct catalog_args *a)
{
    struct mapped_query q = {
        .sql = sv(sql),
        .params = a ? a->params : NULL,
        .n_params = a ? a->n : 0,
        .n_in = ARRAY_LEN(columns3),
        .columns = catalog_is_odbc2(s) ? columns2 : columns3,
        .n_columns = ARRAY_LEN(columns3),
        .map = same_row,
    };
    return stmt_run_mapped(s, &q);
}

/* The list of table types needs no server. */
static SQLRETURN list_types(struct stmt *s)
{
    stmt_close(s);
    local_result_init(&s->local, catalog_is_odbc2(s) ? columns2 : columns3, ARRAY_LEN(columns3));
    for (size_t i = 0; i < ARRAY_LEN(table_types); i++) {
        struct cell row[ARRAY_LEN(columns3)] = {{NULL, 0}};
        row[3] = (struct cell){table_types[i], strlen(table_types[i])};
        if (!local_result_add(&s->local, row))
            return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    }
    return stmt_open_local(s);
}

static bool is_empty_text(struct strview v)
{
    return v.ptr != NULL && v.len == 0;
}

static bool is_all(struct strview v)
{
    return v.len == 1 && v.ptr[0] == '%';
}

/* One name of the list: white space and single quotes around it do not count. */
static struct strview bare_type(struct strview v)
{
    v = sv_trim(v);
    if (v.len >= 2 && v.ptr[0] == '\'' && v.ptr[v.len - 1] == '\'')
        v = sv_trim(sv_n(v.ptr + 1, v.len - 2));
    return v;
}

static void append_array_element(struct buf *b, struct strview v)
{
    buf_append_str(b, b->len > 1 ? ",\"" : "\"");
    for (size_t i = 0; i < v.len; i++) {
        char c = v.ptr[i];
        if (c == '"' || c == '\\')
            buf_append_char(b, '\\');
        buf_append_char(b, (c >= 'a' && c <= 'z') ? (char)(c - 'a' + 'A') : c);
    }
    buf_append_char(b, '"');
}

/* "TABLE,", "'TABLE','VIEW'", "VIEW,TABLE,%": a text[] literal; *all when every type is meant. */
static void types_to_array(struct strview list, struct buf *out, bool *all)
{
    size_t start = 0;

    *all = true;
    buf_append_char(out, '{');
    for (size_t i = 0; i <= list.len; i++) {
        struct strview t;
        if (i < list.len && list.ptr[i] != ',')
            continue;
        t = bare_type(sv_n(list.ptr + start, i - start));
        start = i + 1;
        if (t.len == 0)
            continue;
        if (is_all(t)) {
            *all = true;
            return;
        }
        *all = false;
        append_array_element(out, t);
    }
    buf_append_char(out, '}');
}

/* Every type but system tables, unless those were asked for: by "%" or by the keyword
 * ShowSystemTables. */
static SQLRETURN add_types(struct stmt *s, struct catalog_args *a, struct strview types)
{
    struct buf list = BUF_INIT(CATALOG_ARG_MAX_BYTES);
    bool all = true;
    bool explicit_all = false;
    SQLRETURN rc;

    if (types.ptr != NULL) {
        types_to_array(types, &list, &all);
        explicit_all = all && types.len > 0;
    }
    if (all && (explicit_all || s->dbc->options.show_system_tables)) {
        buf_reset(&list);
        buf_append_str(&list,
                       "{TABLE,VIEW,\"MATERIALIZED VIEW\",\"FOREIGN TABLE\",\"SYSTEM TABLE\"}");
        all = false;
    }
    if (list.failed == BUF_NO_MEMORY)
        rc = diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    else
        rc = list.failed
                 ? diag_post(&s->handle, ST_HY090, 0, "The list of table types is too long.")
                 : catalog_add_text(s, a, all ? (struct strview){NULL, 0} : buf_sv(&list));
    buf_release(&list);
    return rc;
}

SQLRETURN catalog_tables(struct stmt *s, const struct catalog_names *n, struct strview types)
{
    struct catalog_args a;
    SQLRETURN rc;

    /* The special enumerations of SQLTables' reference. */
    if (is_all(n->catalog) && is_empty_text(n->schema) && is_empty_text(n->table))
        return run(s, catalogs_sql, NULL);
    if (is_all(n->schema) && is_empty_text(n->catalog) && is_empty_text(n->table))
        return run(s, schemas_sql, NULL);
    if (is_all(types) && is_empty_text(n->catalog) && is_empty_text(n->schema) &&
        is_empty_text(n->table))
        return list_types(s);
    catalog_args_init(&a);
    rc = catalog_add_pattern(s, &a, n->catalog, "catalog");
    if (rc == SQL_SUCCESS)
        rc = catalog_add_pattern(s, &a, n->schema, "schema");
    if (rc == SQL_SUCCESS)
        rc = catalog_add_pattern(s, &a, n->table, "table");
    if (rc == SQL_SUCCESS)
        rc = add_types(s, &a, types);
    if (rc == SQL_SUCCESS)
        rc = run(s, tables_sql, &a);
    catalog_args_release(&a);
    return rc;
}
