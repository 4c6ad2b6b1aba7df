/* UPDATE and DELETE ... WHERE CURRENT OF a cursor of ODBC, of which the server knows nothing: the
 * condition becomes one that finds the cursor's row by its key and by what it held when it was
 * fetched. Called by execute.c. */
#include "sql/positioned.h"

#include "stmt/edit.h"

static struct strview only_text(const struct stmt *s)
{
    const struct script *sc = &s->script;
    bool fits = sc->n_stmts == 1 &&
                (sc->stmts[0].kind.cls == SQLC_UPDATE || sc->stmts[0].kind.cls == SQLC_DELETE);

    return fits ? sv_n(sc->stmts[0].text, sc->stmts[0].len) : sv("");
}

static bool has_named_cursor(const struct dbc *d)
{
    for (const struct stmt *s = d->stmts; s != NULL; s = s->next)
        if (s->cursor_open && s->cursor_name != NULL)
            return true;
    return false;
}

struct stmt *positioned_cursor(const struct stmt *s)
{
    struct positioned_text p;

    if (!has_named_cursor(s->dbc) || !positioned_read(only_text(s), &p))
        return NULL;
    for (struct stmt *c = s->dbc->stmts; c != NULL; c = c->next)
        if (c != s && c->cursor_open && c->cursor_name != NULL &&
            positioned_means(p.cursor, c->cursor_name))
            return c;
    return NULL; /* the server may know it */
}

/* The cursor's table, found out on its handle, whose diagnostics stay as they are. */
static SQLRETURN find_target(struct stmt *s, struct stmt *cursor, struct edit_target *t)
{
    struct diag own = cursor->handle.diag;
    SQLRETURN rc;

    diag_init(&cursor->handle.diag);
    rc = edit_target_find(cursor, true, t);
    diag_move(&s->handle, &cursor->handle, SQL_NO_ROW_NUMBER, SQL_NO_COLUMN_NUMBER);
    diag_release(&cursor->handle.diag);
    cursor->handle.diag = own;
    return rc;
}

static SQLRETURN check_position(struct stmt *s, const struct stmt *cursor)
{
    if (cursor->position.place != ON_ROWSET || cursor->rowset.n_rows == 0)
        return diag_post(&s->handle, ST_24000, 0,
                         "The cursor \"%s\" stands on no row: fetch one first.",
                         cursor->cursor_name);
    if (cursor->rowset.status[cursor->rowset.current] == SQL_ROW_DELETED)
        return diag_post(&s->handle, ST_HY109, 0, "The row of the cursor \"%s\" was deleted.",
                         cursor->cursor_name);
    return SQL_SUCCESS;
}

/* Does the text name the cursor's table? */
static SQLRETURN check_table(struct stmt *s, const struct stmt *cursor,
                             const struct positioned_text *p, const struct table_info *t)
{
    bool same = positioned_means(p->parts[p->n_parts - 1], t->table) &&
                (p->n_parts < 2 || positioned_means(p->parts[p->n_parts - 2], t->schema));

    if (same)
        return SQL_SUCCESS;
    return diag_post(&s->handle, ST_24000, 0,
                     "The cursor \"%s\" is one of the table %s, not of the table that the "
                     "statement names.",
                     cursor->cursor_name, t->name);
}

static bool keep_params(const struct stmt *s, struct edit_op *op)
{
    for (size_t i = 0; i < s->script.n_params; i++)
        if (!edit_op_keep(op, (struct cell){s->wire_params[i].ptr, s->wire_params[i].len}))
            return false;
    return true;
}

/* The statement as the server gets it. */
static bool write_op(const struct stmt *s, const struct stmt *cursor, const struct edit_target *t,
                     const struct cell *old, struct strview text, struct edit_op *op)
{
    struct positioned_text p;
    bool ok = positioned_read(text, &p);

    ok = ok && keep_params(s, op) && buf_append(&op->sql, text.ptr, p.table_start) &&
         buf_append_str(&op->sql, t->table->name) &&
         buf_append(&op->sql, text.ptr + p.table_end, p.condition_start - p.table_end) &&
         edit_op_where(cursor, t, old, op) && edit_op_returning(t, op);
    edit_op_settle(op);
    return ok;
}

/* The cursor shows what became of its row. */
static bool take_over(struct stmt *cursor, const struct edit_row *row, bool deleted, struct err *e)
{
    if (row->outcome != EDIT_DONE)
        return true;
    return (deleted ? rowset_delete_row(cursor, row->number, e)
                    : rowset_change_row(cursor, row->number, row->fresh, e)) &&
           rowset_reload(cursor, e);
}

static SQLRETURN finish(struct stmt *s, const struct edit_row *row)
{
    if (row->outcome == EDIT_FAILED)
        return SQL_ERROR;
    s->executed = true;
    s->row_count = row->outcome == EDIT_DONE;
    s->rows.row_count = s->row_count;
    s->handle.diag.row_count = (SQLLEN)s->row_count;
    return row->outcome == EDIT_DONE ? SQL_SUCCESS : SQL_SUCCESS_WITH_INFO;
}

static void note_function(struct stmt *s, bool deletes)
{
    struct diag *d = &s->handle.diag;

    d->dynamic_function = deletes ? "DYNAMIC DELETE CURSOR" : "DYNAMIC UPDATE CURSOR";
    d->dynamic_function_code =
        deletes ? SQL_DIAG_DYNAMIC_DELETE_CURSOR : SQL_DIAG_DYNAMIC_UPDATE_CURSOR;
}

static SQLRETURN run(struct stmt *s, struct stmt *cursor, const struct edit_target *t,
                     struct strview text)
{
    bool deletes = s->script.stmts[0].kind.cls == SQLC_DELETE;
    size_t at = cursor->rowset.current;
    struct edit_row row = {
        .app_row = EDIT_NO_APP_ROW,
        .number = rowset_row_number(cursor, at),
        .old = cursor->rowset.cells + at * (size_t)cursor->ird.count,
    };
    struct local_result made;
    struct edit_op op;
    struct err e = ERR_INIT;
    SQLRETURN rc = SQL_ERROR;

    edit_op_init(&op);
    local_result_init(&made, NULL, (size_t)cursor->ird.count);
    stmt_close(s);
    note_function(s, deletes);
    if (!write_op(s, cursor, t, row.old, text, &op)) {
        diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    } else {
        edit_run_one(s, t, deletes ? EDIT_DELETE : EDIT_UPDATE, &row, &op, &made);
        rc = take_over(cursor, &row, deletes, &e) ? finish(s, &row) : diag_post_err(&s->handle, &e);
    }
    local_result_release(&made);
    edit_op_release(&op);
    return rc;
}

SQLRETURN positioned_execute(struct stmt *s, struct stmt *cursor, const char *const *casts)
{
    struct buf text = BUF_INIT(0);
    struct edit_target t = {.n_columns = 0};
    struct positioned_text p;
    SQLRETURN rc = check_position(s, cursor);

    if (rc == SQL_SUCCESS)
        rc = find_target(s, cursor, &t);
    if (rc == SQL_SUCCESS && positioned_read(only_text(s), &p))
        rc = check_table(s, cursor, &p, t.table);
    if (rc == SQL_SUCCESS && !script_render(&s->script.stmts[0], casts, &text))
        rc = diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    if (rc == SQL_SUCCESS)
        rc = run(s, cursor, &t, buf_sv(&text));
    edit_target_release(&t);
    buf_release(&text);
    return rc;
}
