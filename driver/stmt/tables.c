/* Asks the server about tables. The driver's own statement does, so that it sees what the
 * application's transaction sees. */
#include "stmt/tables.h"

#include "stmt/catalog_sql.h"

enum in_column {
    IN_OID,
    IN_CATALOG,
    IN_SCHEMA,
    IN_TABLE,
    IN_NAME,
    IN_EDITABLE,
    IN_KEYS,
    IN_ATTNUM,
    IN_COLUMN,
    IN_STORED,
    IN_TYPE,
    IN_WRITABLE,
    IN_NOT_NULL,
    IN_AUTO,
    IN_COUNT
};

/* $1 the tables' OIDs; one row for each column. A table that others inherit from is not editable:
 * its keys do not hold for their rows. */
static const char tables_sql[] =
    "SELECT c.oid, " CAT "current_database(), n.nspname, c.relname, "
    "pg_catalog.quote_ident(n.nspname)" CONCAT "'.'" CONCAT "pg_catalog.quote_ident(c.relname), "
    "c.relkind" EQ "'p'::\"char\" OR (c.relkind" EQ "'r'::\"char\" AND NOT EXISTS (SELECT 1 FROM "
    "pg_catalog.pg_inherits h WHERE h.inhparent" EQ "c.oid)), "
    "(SELECT pg_catalog.string_agg(pg_catalog.array_to_string((i.indkey::pg_catalog.int2[])"
    "[0:i.indnkeyatts OPERATOR(pg_catalog.-) 1], ','), ';' "
    "ORDER BY i.indisprimary DESC, i.indnkeyatts, ic.relname) FROM pg_catalog.pg_index i "
    "JOIN pg_catalog.pg_class ic ON ic.oid" EQ "i.indexrelid "
    "WHERE i.indrelid" EQ "c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate "
    "AND i.indpred IS NULL AND i.indexprs IS NULL AND NOT EXISTS "
    "(SELECT 1 FROM pg_catalog.unnest(i.indkey) WITH ORDINALITY AS u(attnum, seq) "
    "JOIN pg_catalog.pg_attribute ua ON ua.attrelid" EQ "i.indrelid AND ua.attnum" EQ "u.attnum "
    "WHERE u.seq" LE "i.indnkeyatts AND NOT ua.attnotnull)), "
    "a.attnum, pg_catalog.quote_ident(a.attname), a.attname, "
    "pg_catalog.quote_ident(tn.nspname)" CONCAT "'.'" CONCAT "pg_catalog.quote_ident(t.typname), "
    "a.attnum" GT "0 AND a.attgenerated" EQ "''::\"char\" AND a.attidentity" NE "'a'::\"char\", "
    "(a.attnotnull AND NOT " IS_LOOSE("a") ") OR t.typnotnull, " IS_AUTO(
        "a",
        "pg_catalog.pg_get_expr(ad.adbin, ad.adrelid)") " IS TRUE "
                                                        "FROM pg_catalog.pg_class c JOIN "
                                                        "pg_catalog.pg_namespace n ON n.oid" EQ
                                                        "c.relnamespace "
                                                        "JOIN pg_catalog.pg_attribute a ON "
                                                        "a.attrelid" EQ
                                                        "c.oid AND NOT a.attisdropped "
                                                        "JOIN pg_catalog.pg_type t ON t.oid" EQ
                                                        "a.atttypid "
                                                        "JOIN pg_catalog.pg_namespace tn ON "
                                                        "tn.oid" EQ "t.typnamespace "
                                                        "LEFT JOIN pg_catalog.pg_attrdef ad ON "
                                                        "ad.adrelid" EQ "a.attrelid AND ad.adnum" EQ
                                                        "a.attnum "
                                                        "WHERE c.oid" EQ
                                                        "ANY ($1::pg_catalog.oid[]) ORDER BY c.oid";

static struct strview text_of(struct cell c)
{
    return sv_n(c.ptr != NULL ? c.ptr : "", c.len);
}

static char *copy_of(struct cell c)
{
    return mem_strndup(text_of(c).ptr, c.len);
}

static bool is_true(struct cell c)
{
    return c.len == 1 && c.ptr[0] == 't';
}

static bool name_table(struct table_info *t, const struct cell *c)
{
    t->catalog = copy_of(c[IN_CATALOG]);
    t->schema = copy_of(c[IN_SCHEMA]);
    t->table = copy_of(c[IN_TABLE]);
    t->name = copy_of(c[IN_NAME]);
    t->editable = is_true(c[IN_EDITABLE]);
    return t->catalog != NULL && t->schema != NULL && t->table != NULL && t->name != NULL &&
           table_info_read_keys(t, text_of(c[IN_KEYS]));
}

/* The tables that have been read: a list, the newest first. */
struct reading {
    struct table_info *first;
};

static bool begin_table(struct reading *r, uint32_t oid, const struct cell *c)
{
    struct table_info *t = table_info_new(oid);

    if (t == NULL || !name_table(t, c)) {
        table_info_free(t);
        return false;
    }
    t->next = r->first;
    r->first = t;
    return true;
}

/* A row_sink_fn. What is no number is not kept: its table stays unknown. */
static bool take_row(void *ctx, const struct cell *c)
{
    struct reading *r = ctx;
    struct table_column column = {
        .writable = is_true(c[IN_WRITABLE]),
        .not_null = is_true(c[IN_NOT_NULL]),
        .auto_value = is_true(c[IN_AUTO]),
    };
    int64_t oid, attnum;

    if (!sv_to_i64(text_of(c[IN_OID]), &oid) || oid <= 0 || oid > UINT32_MAX ||
        !sv_to_i64(text_of(c[IN_ATTNUM]), &attnum) || attnum < INT16_MIN || attnum > INT16_MAX)
        return true;
    if ((r->first == NULL || r->first->oid != (uint32_t)oid) && !begin_table(r, (uint32_t)oid, c))
        return false;
    column.attnum = (int16_t)attnum;
    return table_info_add_column(r->first, &column, text_of(c[IN_COLUMN]), text_of(c[IN_STORED]),
                                 text_of(c[IN_TYPE]));
}

static void keep_or_free(struct dbc *d, struct reading *r, bool keep)
{
    while (r->first != NULL) {
        struct table_info *t = r->first;
        r->first = t->next;
        if (keep)
            table_infos_add(&d->tables, t);
        else
            table_info_free(t);
    }
}

static SQLRETURN ask(struct stmt *s, struct handle *post_on, struct strview oids)
{
    struct wire_param param = {oids.ptr, oids.len};
    const struct mapped_query q = {.sql = sv(tables_sql),
                                   .params = &param,
                                   .n_params = 1,
                                   .n_in = IN_COUNT,
                                   .n_columns = IN_COUNT};
    struct stmt *helper = stmt_helper_new(s);
    struct reading r = {NULL};
    SQLRETURN rc;

    if (helper == NULL)
        return diag_post(post_on, ST_HY001, 0, "Out of memory.");
    rc = stmt_run_rows(helper, &q, take_row, &r);
    if (rc != SQL_SUCCESS)
        diag_move(post_on, &helper->handle, SQL_NO_ROW_NUMBER, SQL_NO_COLUMN_NUMBER);
    keep_or_free(s->dbc, &r, rc == SQL_SUCCESS);
    stmt_helper_free(helper);
    return rc == SQL_SUCCESS ? SQL_SUCCESS : SQL_ERROR;
}

SQLRETURN tables_ask(struct stmt *s, struct handle *post_on, const uint32_t *oids, size_t n)
{
    struct buf list = BUF_INIT(0);
    size_t missing = 0;
    SQLRETURN rc = SQL_SUCCESS;

    buf_append_str(&list, "{");
    for (size_t i = 0; i < n; i++)
        if (table_infos_find(&s->dbc->tables, oids[i]) == NULL)
            buf_printf(&list, "%s%u", missing++ > 0 ? "," : "", (unsigned)oids[i]);
    buf_append_str(&list, "}");
    if (list.failed != BUF_OK)
        rc = diag_post(post_on, ST_HY001, 0, "Out of memory.");
    else if (missing > 0)
        rc = ask(s, post_on, buf_sv(&list));
    buf_release(&list);
    return rc;
}
