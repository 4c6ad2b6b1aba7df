/* The tables behind the columns of a result: their names, and what they say of the column. The
 * server's answer has numbers for them alone; executing and fetching never need more, so it is
 * asked for when the application reads a field that tells of it. Programs that write SQL from such
 * fields (.NET's OdbcCommandBuilder, Qt's models) take an empty name for an expression, and would
 * leave the column out without a word. Called by colmeta.c. */
#include "sql/positioned.h"
#include "stmt/tables.h"

#define AT_ONCE (TABLE_INFO_MAX / 2) /* so that what is asked for pushes out none of its own */

static bool depends_on_table(SQLSMALLINT field)
{
    static const SQLSMALLINT fields[] = {
        SQL_DESC_BASE_COLUMN_NAME, SQL_DESC_BASE_TABLE_NAME,   SQL_DESC_TABLE_NAME,
        SQL_DESC_SCHEMA_NAME,      SQL_DESC_CATALOG_NAME,      SQL_DESC_NULLABLE,
        SQL_COLUMN_NULLABLE,       SQL_DESC_AUTO_UNIQUE_VALUE, SQL_DESC_UPDATABLE,
    };

    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (fields[i] == field)
            return true;
    return false;
}

/* Tables of the result about which nothing is known; at most AT_ONCE. */
static size_t collect(const struct stmt *s, uint32_t *oids)
{
    size_t n = 0;

    for (size_t i = 1; i <= (size_t)s->ird.count && n < AT_ONCE; i++) {
        const struct desc_rec *r = desc_record(&s->ird, i);
        size_t k = 0;
        if (r->origin_known || r->pg.table_oid == 0 ||
            table_infos_find(&s->dbc->tables, r->pg.table_oid) != NULL)
            continue;
        while (k < n && oids[k] != r->pg.table_oid)
            k++;
        oids[k] = r->pg.table_oid;
        n += k == n;
    }
    return n;
}

static bool put_text(char **to, const char *text)
{
    char *copy = mem_strdup(text);

    if (copy == NULL)
        return false;
    mem_free(*to);
    *to = copy;
    return true;
}

/* An expression, or of a table that is not there any more: nothing keeps it from being NULL. */
static void put_nothing(struct desc_rec *r)
{
    r->nullable = SQL_NULLABLE;
    r->updatable = SQL_ATTR_READONLY;
    r->origin_known = true;
}

static bool put(struct desc_rec *r, const struct table_info *t, bool adds_no_nulls)
{
    const struct table_column *c = table_info_column(t, r->pg.attnum);

    if (c == NULL) { /* a whole row */
        put_nothing(r);
        return true;
    }
    r->nullable = c->not_null && adds_no_nulls ? SQL_NO_NULLS : SQL_NULLABLE;
    r->auto_unique_value = c->auto_value ? SQL_TRUE : SQL_FALSE;
    r->updatable = c->writable ? SQL_ATTR_READWRITE_UNKNOWN : SQL_ATTR_READONLY;
    r->origin_known =
        put_text(&r->catalog_name, t->catalog) && put_text(&r->schema_name, t->schema) &&
        put_text(&r->base_table_name, t->table) && put_text(&r->base_column_name, c->stored);
    return r->origin_known;
}

/* Fills in what can be told now. False: out of memory. *left: columns whose table is still to be
 * asked about. */
static bool put_all(struct stmt *s, const uint32_t *asked, size_t n_asked, bool adds_no_nulls,
                    size_t *left)
{
    *left = 0;
    for (size_t i = 1; i <= (size_t)s->ird.count; i++) {
        struct desc_rec *r = desc_record(&s->ird, i);
        const struct table_info *t = table_infos_find(&s->dbc->tables, r->pg.table_oid);
        size_t k = 0;
        if (r->origin_known)
            continue;
        while (t == NULL && k < n_asked && asked[k] != r->pg.table_oid)
            k++;
        if (t != NULL && !put(r, t, adds_no_nulls))
            return false;
        if (t == NULL && (r->pg.table_oid == 0 || k < n_asked))
            put_nothing(r);
        *left += !r->origin_known;
    }
    return true;
}

SQLRETURN stmt_name_origins(struct stmt *s, struct handle *post_on, size_t column,
                            SQLSMALLINT field)
{
    const struct desc_rec *r = column > 0 ? desc_record(&s->ird, column) : NULL;
    const struct script_stmt *st = stmt_open_statement(s);
    uint32_t oids[AT_ONCE];
    size_t left = 1;
    bool plain;

    if (r == NULL || r->origin_known || !depends_on_table(field) || st == NULL)
        return SQL_SUCCESS;
    plain = st->kind.cls == SQLC_SELECT && positioned_adds_no_nulls(sv_n(st->text, st->len));
    while (left > 0) {
        size_t n = collect(s, oids);
        if (tables_ask(s, post_on, oids, n) != SQL_SUCCESS)
            return SQL_ERROR;
        if (!put_all(s, oids, n, plain, &left))
            return diag_post(post_on, ST_HY001, 0, "Out of memory.");
    }
    return SQL_SUCCESS;
}
