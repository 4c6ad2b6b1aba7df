/* Finds the table behind a result. Called by edit.c, refresh.c and positioned.c. */
#include "stmt/edit_target.h"

#include "sql/positioned.h"
#include "stmt/tables.h"

/* The table of the open result: its OID; 0: none. */
static uint32_t table_of_result(const struct stmt *s)
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
    const struct script_stmt *st = stmt_open_statement(s);
    uint32_t oid = table_of_result(s);

    *out = (struct edit_target){.xmin = SIZE_MAX};
    if (oid == 0 || st == NULL || st->kind.cls != SQLC_SELECT ||
        !positioned_reads_one_table(sv_n(st->text, st->len)))
        return not_editable(s, "its rows are not those of one table");
    if (tables_ask(s, &s->handle, &oid, 1) != SQL_SUCCESS)
        return SQL_ERROR;
    out->table = table_infos_find(&s->dbc->tables, oid);
    if (out->table == NULL)
        return diag_post(&s->handle, ST_42S02, 0,
                         "The table that the result came from is not there any more.");
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

bool edit_target_answered(const struct edit_target *t, const struct stmt *helper, size_t n_before,
                          struct err *e)
{
    size_t n = n_before;

    for (size_t i = 0; i < t->n_columns; i++)
        n += t->columns[i] != NULL;
    return (size_t)helper->ird.count == n ||
           err_set(e, ST_08S01, 0,
                   "The server's answer does not have the columns that were asked for.");
}
