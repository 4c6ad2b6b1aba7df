/* SQLTables, with its three special enumerations and type lists as real clients write them. Called
 * by api/. */
#include "catalog/catalog.h"
#include "catalog/catalog_result.h"
#include "stmt/catalog_sql.h"

/* clang-format off */
#define TABLE_TYPES \
    "CASE WHEN " IS_SYSTEM("n") " THEN 'SYSTEM TABLE' " \
    "WHEN c.relpersistence" EQ "'t' AND c.relkind" EQ "'r' THEN 'LOCAL TEMPORARY' " \
    "WHEN c.relkind" EQ "'v' THEN 'VIEW' " \
    "WHEN c.relkind" EQ "'m' THEN 'MATERIALIZED VIEW' " \
    "WHEN c.relkind" EQ "'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END"

/* $1 catalog, $2 schema, $3 table: patterns or NULL; $4 types as text[] or NULL; $5 are system tables
 * among those of every type. */
static const char tables_sql[] =
    "SELECT " CAT "current_database(), x.nspname, x.relname, x.type, "
    CAT "obj_description(x.oid, 'pg_class') "
    "FROM (SELECT c.oid, n.nspname, c.relname, " TABLE_TYPES " AS type "
    "FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid" EQ "c.relnamespace "
    "WHERE " IS_TABLE("c") " AND " IS_VISIBLE("n")
    " AND " MATCHES("n.nspname", "2") " AND " MATCHES("c.relname", "3") ") x "
    "WHERE " MATCHES(CAT "current_database()", "1")
    " AND CASE WHEN $4::pg_catalog.text[] IS NULL "
    "THEN $5::pg_catalog.bool OR x.type" NE "'SYSTEM TABLE' "
    "ELSE x.type" EQ "ANY ($4::pg_catalog.text[]) END "
    "ORDER BY x.type, x.nspname, x.relname";

static const char catalogs_sql[] = "SELECT " CAT "current_database(), NULL, NULL, NULL, NULL";
static const char schemas_sql[] =
    "SELECT NULL, n.nspname, NULL, NULL, NULL FROM pg_catalog.pg_namespace n "
    "WHERE NOT n.nspname" LIKE "'pg\\_toast%' AND " IS_VISIBLE("n") " "
    "ORDER BY n.nspname";
/* clang-format on */

static const char *const table_types[] = {"FOREIGN TABLE", "LOCAL TEMPORARY", "MATERIALIZED VIEW",
                                          "SYSTEM TABLE",  "TABLE",           "VIEW"};

static SQLRETURN ask(struct stmt *s, const char *sql, const struct catalog_args *a)
{
    const struct catalog_query q = {.function = CATALOG_TABLES, .sql = sql, .args = a};

    return catalog_ask(s, &q);
}

/* The list of table types needs no server. */
static SQLRETURN list_types(struct stmt *s)
{
    struct catalog_shape shape = catalog_shape(s, CATALOG_TABLES);

    stmt_close(s);
    local_result_init(&s->local, shape.columns, shape.n);
    for (size_t i = 0; i < ARRAY_LEN(table_types); i++) {
        struct cell row[5] = {{NULL, 0}};
        row[3] = catalog_text(table_types[i]);
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

static SQLRETURN add_types(struct stmt *s, struct catalog_args *a, struct strview types)
{
    struct buf list = BUF_INIT(CATALOG_ARG_MAX_BYTES);
    bool all = true;
    SQLRETURN rc;

    /* As a text of the request it could not be sent. */
    if (types.ptr != NULL && memchr(types.ptr, '\0', types.len) != NULL)
        types = SV_LIT("\x01");
    if (types.ptr != NULL)
        types_to_array(types, &list, &all);
    if (list.failed == BUF_NO_MEMORY)
        rc = diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    else if (list.failed)
        rc = diag_post(&s->handle, ST_HY090, 0, "The list of table types is too long.");
    else
        rc = catalog_add_text(s, a, all ? (struct strview){NULL, 0} : buf_sv(&list));
    buf_release(&list);
    return rc;
}

/* The special enumerations of SQLTables' reference; false: it is none. */
static bool run_enumeration(struct stmt *s, const struct catalog_names *n, struct strview types,
                            const struct catalog_args *none, SQLRETURN *rc)
{
    bool no_table = is_empty_text(n->table);

    if (is_all(n->catalog) && is_empty_text(n->schema) && no_table)
        *rc = ask(s, catalogs_sql, none);
    else if (is_all(n->schema) && is_empty_text(n->catalog) && no_table)
        *rc = ask(s, schemas_sql, none);
    else if (is_all(types) && is_empty_text(n->catalog) && is_empty_text(n->schema) && no_table)
        *rc = list_types(s);
    else
        return false;
    return true;
}

SQLRETURN catalog_tables(struct stmt *s, const struct catalog_names *n, struct strview types)
{
    struct catalog_args a;
    SQLRETURN rc;

    catalog_args_init(&a);
    if (!run_enumeration(s, n, types, &a, &rc)) {
        rc = catalog_add_pattern(s, &a, n->catalog, WHAT_CATALOG);
        if (rc == SQL_SUCCESS)
            rc = catalog_add_pattern(s, &a, n->schema, WHAT_SCHEMA);
        if (rc == SQL_SUCCESS)
            rc = catalog_add_pattern(s, &a, n->table, WHAT_TABLE);
        if (rc == SQL_SUCCESS)
            rc = add_types(s, &a, types);
        if (rc == SQL_SUCCESS)
            rc = catalog_add_bool(s, &a, catalog_wants_system(s, n->schema, n->table));
        if (rc == SQL_SUCCESS)
            rc = ask(s, tables_sql, &a);
    }
    catalog_args_release(&a);
    return rc;
}
