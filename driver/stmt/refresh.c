/* One query for all rows: their keys as VALUES, joined to the table. Called by setpos.c. */
#include "stmt/refresh.h"

#include "stmt/edit.h"

static SQLRETURN oom(struct stmt *s)
{
    return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
}

static bool write_keys(const struct stmt *s, const struct edit_target *t, const size_t *indexes,
                       size_t n, struct edit_op *op)
{
    for (size_t i = 0; i < n; i++) {
        const struct cell *row = s->rowset.cells + indexes[i] * t->n_columns;
        if (!buf_printf(&op->sql, "%s(%zu", i > 0 ? ", " : "", i + 1))
            return false;
        for (size_t k = 0; k < t->n_key; k++)
            if (!buf_append_str(&op->sql, ", ") || !edit_op_param(op, row[t->key[k]]) ||
                !buf_printf(&op->sql, "::%s", t->columns[t->key[k]]->type))
                return false;
        if (!buf_append_char(&op->sql, ')'))
            return false;
    }
    return true;
}

static bool write_query(const struct stmt *s, const struct edit_target *t, const size_t *indexes,
                        size_t n, struct edit_op *op)
{
    buf_append_str(&op->sql, "SELECT neon_key.n");
    for (size_t i = 0; i < t->n_columns; i++)
        if (t->columns[i] != NULL)
            buf_printf(&op->sql, ", neon_row.%s", t->columns[i]->name);
    buf_append_str(&op->sql, " FROM (VALUES ");
    if (!write_keys(s, t, indexes, n, op))
        return false;
    buf_append_str(&op->sql, ") AS neon_key (n");
    for (size_t k = 0; k < t->n_key; k++)
        buf_printf(&op->sql, ", k%zu", k);
    buf_printf(&op->sql, ") JOIN %s AS neon_row ON ", t->table->name);
    for (size_t k = 0; k < t->n_key; k++)
        buf_printf(&op->sql, "%sneon_row.%s = neon_key.k%zu", k > 0 ? " AND " : "",
                   t->columns[t->key[k]]->name, k);
    edit_op_settle(op);
    return op->sql.failed == BUF_OK && op->values.failed == BUF_OK;
}

/* One row of the answer: which it is, and the table's columns. */
static bool take_row(struct stmt *s, const struct edit_target *t, const size_t *indexes, size_t n,
                     const struct cell *in, struct cell *scratch, bool *found, struct err *e)
{
    size_t at = 1;
    int64_t which;
    const struct cell *old;

    if (!sv_to_i64(sv_n(in[0].ptr, in[0].len), &which) || which < 1 || (uint64_t)which > n)
        return err_set(e, ST_08S01, 0, "The server's answer is not what was asked for.");
    old = s->rowset.cells + indexes[which - 1] * t->n_columns;
    for (size_t i = 0; i < t->n_columns; i++)
        scratch[i] = t->columns[i] != NULL ? in[at++] : old[i];
    found[which - 1] = true;
    return rowset_change_row(s, rowset_row_number(s, indexes[which - 1]), scratch, e);
}

static bool read_answer(struct stmt *s, struct stmt *helper, const struct edit_target *t,
                        const size_t *indexes, size_t n, struct cell *scratch, bool *found,
                        struct err *e)
{
    for (;;) {
        if (!rows_fill(&helper->rows, 1, e))
            return false;
        if (rows_available(&helper->rows) == 0)
            break;
        if (!take_row(s, t, indexes, n, rows_at(&helper->rows, 0), scratch, found, e))
            return false;
        helper->rows.next++;
    }
    for (size_t i = 0; i < n; i++)
        if (!found[i] && !rowset_delete_row(s, rowset_row_number(s, indexes[i]), e))
            return false;
    return rowset_reload(s, e);
}

SQLRETURN refresh_rows(struct stmt *s, const size_t *indexes, size_t n)
{
    struct edit_target t;
    struct edit_op op;
    struct err e = ERR_INIT;
    struct cell *scratch = mem_calloc((size_t)s->ird.count, sizeof *scratch);
    bool *found = mem_calloc(n, sizeof *found);
    struct stmt *helper = NULL;
    SQLRETURN rc = edit_target_find(s, true, &t);

    edit_op_init(&op);
    if (rc == SQL_SUCCESS)
        helper = stmt_helper_new(s);
    if (rc == SQL_SUCCESS && (helper == NULL || scratch == NULL || found == NULL ||
                              !write_query(s, &t, indexes, n, &op)))
        rc = oom(s);
    if (rc == SQL_SUCCESS) {
        rc = stmt_run_internal(helper, buf_sv(&op.sql), op.params, op.n_params);
        if (!SQL_SUCCEEDED(rc))
            diag_move(&s->handle, &helper->handle, SQL_NO_ROW_NUMBER, SQL_NO_COLUMN_NUMBER);
        else if (!edit_target_answered(&t, helper, 1, &e) ||
                 !read_answer(s, helper, &t, indexes, n, scratch, found, &e))
            rc = diag_post_err(&s->handle, &e);
    }
    stmt_helper_free(helper);
    edit_op_release(&op);
    edit_target_release(&t);
    mem_free(scratch);
    mem_free(found);
    return SQL_SUCCEEDED(rc) ? SQL_SUCCESS : SQL_ERROR;
}
