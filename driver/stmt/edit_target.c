/* Finds and asks about the table behind a result. Called by edit.c, setpos.c, bulk.c and
 * positioned.c. */
#include "stmt/edit_target.h"

#include <stdio.h>

#include "sql/positioned.h"
#include "stmt/catalog_sql.h"

/* ---- the question ---- */

enum in_column {
    IN_SCHEMA,
    IN_TABLE,
    IN_NAME,
    IN_EDITABLE,
    IN_KEYS,
    IN_ATTNUM,
    IN_COLUMN,
    IN_TYPE,
    IN_WRITABLE,
    IN_COUNT
};

/* $1 the table's OID; one row for each column. A table that others inherit from is left out: its
 * keys do not hold for their rows. */
static const char table_sql[] =
    "SELECT n.nspname, c.relname, "
    "pg_catalog.quote_ident(n.nspname) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) "
    "pg_catalog.quote_ident(c.relname), "
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
    "a.attnum, pg_catalog.quote_ident(a.attname), "
    "pg_catalog.quote_ident(tn.nspname) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) "
    "pg_catalog.quote_ident(t.typname), "
    "a.attnum" GT "0 AND a.attgenerated" EQ "''::\"char\" AND a.attidentity" NE "'a'::\"char\" "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid" EQ "c.relnamespace "
    "JOIN pg_catalog.pg_attribute a ON a.attrelid" EQ "c.oid AND NOT a.attisdropped "
    "JOIN pg_catalog.pg_type t ON t.oid" EQ "a.atttypid "
    "JOIN pg_catalog.pg_namespace tn ON tn.oid" EQ "t.typnamespace "
    "WHERE c.oid" EQ "$1::pg_catalog.oid";

static struct strview text_of(struct cell c)
{
    return sv_n(c.ptr != NULL ? c.ptr : "", c.len);
}

static bool is_true(struct cell c)
{
    return c.len == 1 && c.ptr[0] == 't';
}

static bool take_table(struct table_info *t, const struct cell *c)
{
    t->schema = mem_strndup(text_of(c[IN_SCHEMA]).ptr, c[IN_SCHEMA].len);
    t->table = mem_strndup(text_of(c[IN_TABLE]).ptr, c[IN_TABLE].len);
    t->name = mem_strndup(text_of(c[IN_NAME]).ptr, c[IN_NAME].len);
    t->editable = is_true(c[IN_EDITABLE]);
    return t->schema != NULL && t->table != NULL && t->name != NULL &&
           table_info_read_keys(t, text_of(c[IN_KEYS]));
}

static bool take_row(struct table_info *t, const struct cell *c, struct err *e)
{
    int64_t attnum;

    if (t->name == NULL && !take_table(t, c))
        return err_oom(e);
    if (!sv_to_i64(text_of(c[IN_ATTNUM]), &attnum) || attnum < INT16_MIN || attnum > INT16_MAX)
        return err_set(e, ST_08S01, 0,
                       "The server's answer does not have the table's columns that were asked "
                       "for.");
    return table_info_add_column(t, (int16_t)attnum, text_of(c[IN_COLUMN]), text_of(c[IN_TYPE]),
                                 is_true(c[IN_WRITABLE])) ||
           err_oom(e);
}

static bool read_table(struct stmt *helper, struct table_info *t, struct err *e)
{
    if (helper->ird.count != IN_COUNT)
        return err_set(e, ST_08S01, 0,
                       "The server's answer does not have the columns that were asked for.");
    for (;;) {
        if (!rows_fill(&helper->rows, 1, e))
            return false;
        if (rows_available(&helper->rows) == 0)
            break;
        if (!take_row(t, rows_at(&helper->rows, 0), e))
            return false;
        helper->rows.next++;
    }
    return t->name != NULL ||
           err_set(e, ST_42S02, 0, "The table that the result came from is not there any more.");
}

/* Posts. NULL after an error. */
static const struct table_info *ask(struct stmt *s, uint32_t oid)
{
    char text[16];
    struct wire_param param = {text, (size_t)snprintf(text, sizeof text, "%u", (unsigned)oid)};
    struct table_info *t = table_info_new(oid);
    struct stmt *helper = stmt_helper_new(s);
    struct err e = ERR_INIT;
    bool ok = t != NULL && helper != NULL;

    if (!ok) {
        diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    } else if (!SQL_SUCCEEDED(stmt_run_internal(helper, sv(table_sql), &param, 1))) {
        diag_move(&s->handle, &helper->handle, SQL_NO_ROW_NUMBER, SQL_NO_COLUMN_NUMBER);
        ok = false;
    } else if (!read_table(helper, t, &e)) {
        diag_post_err(&s->handle, &e);
        ok = false;
    }
    stmt_helper_free(helper);
    if (!ok) {
        table_info_free(t);
        return NULL;
    }
    table_infos_add(&s->dbc->tables, t);
    return t;
}

/* ---- the result ---- */

uint32_t edit_target_table(const struct stmt *s)
{
    uint32_t oid = 0;

    for (size_t i = 1; i <= (size_t)s->ird.count; i++) {
        uint32_t other = desc_record(&s->ird, i)->pg.table_oid;
        if (other == 0)
            continue;
        if (oid != 0 && other != oid)
            return 0;
        oid = other;
    }
    return oid;
}

/* The statement whose result is open. */
static const struct script_stmt *open_statement(const struct stmt *s)
{
    size_t n = s->script.n_stmts;

    return s->results_left < n ? &s->script.stmts[n - 1 - s->results_left] : NULL;
}

static SQLRETURN not_editable(struct stmt *s, const char *why)
{
    return diag_post(&s->handle, ST_HYC00, 0,
                     "Rows of this result cannot be changed through the cursor: %s. Select the "
                     "columns of one table, its primary key among them, or use UPDATE, DELETE and "
                     "INSERT.",
                     why);
}

static size_t result_column(const struct edit_target *t, int attnum)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (t->columns[i] != NULL && t->columns[i]->attnum == attnum)
            return i;
    return SIZE_MAX;
}

/* The first key of the table all of whose columns are in the result. */
static void find_key(struct edit_target *t)
{
    for (size_t k = 0; k < t->table->n_keys && t->n_key == 0; k++) {
        const struct table_key *key = &t->table->keys[k];
        size_t n = 0;
        while (n < key->n && (t->key[n] = result_column(t, key->attnums[n])) != SIZE_MAX)
            n++;
        if (n == key->n)
            t->n_key = n;
    }
}

static bool map_columns(const struct stmt *s, struct edit_target *t)
{
    t->n_columns = (size_t)s->ird.count;
    t->columns = mem_calloc(t->n_columns, sizeof *t->columns);
    if (t->columns == NULL)
        return false;
    for (size_t i = 0; i < t->n_columns; i++) {
        const struct desc_rec *r = desc_record(&s->ird, i + 1);
        if (r->pg.table_oid != 0 && r->pg.attnum != 0)
            t->columns[i] = table_info_column(t->table, r->pg.attnum);
    }
    t->xmin = result_column(t, -2); /* MinTransactionIdAttributeNumber */
    return true;
}

SQLRETURN edit_target_find(struct stmt *s, bool need_key, struct edit_target *out)
{
    const struct script_stmt *st = open_statement(s);
    uint32_t oid = edit_target_table(s);

    *out = (struct edit_target){.xmin = SIZE_MAX};
    if (oid == 0 || st == NULL || st->kind.cls != SQLC_SELECT ||
        !positioned_reads_one_table(sv_n(st->text, st->len)))
        return not_editable(s, "its rows are not those of one table");
    out->table = table_infos_find(&s->dbc->tables, oid);
    if (out->table == NULL && (out->table = ask(s, oid)) == NULL)
        return SQL_ERROR;
    if (!out->table->editable)
        return not_editable(s, "it reads a view, a foreign table, or a table that others inherit "
                               "from");
    if (!map_columns(s, out))
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    find_key(out);
    if (need_key && out->n_key == 0)
        return not_editable(s, "no primary key, and no unique key whose columns are NOT NULL, is "
                               "among its columns");
    return SQL_SUCCESS;
}

void edit_target_release(struct edit_target *t)
{
    mem_free(t->columns);
    *t = (struct edit_target){.xmin = SIZE_MAX};
}
