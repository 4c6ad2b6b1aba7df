/* Values of bound columns that the application sends with SQLPutData while SQLSetPos or
 * SQLBulkOperations waits. Called by setpos.c, bulk.c, edit_sql.c and params.c. */
#include "stmt/edit.h"

void edit_need_release(struct stmt *s)
{
    struct edit_need *n = &s->edit_need;

    for (size_t i = 0; i < n->n; i++)
        buf_release(&n->items[i].put.bytes);
    mem_free(n->items);
    *n = (struct edit_need){.n = 0};
}

static bool add(struct edit_need *n, size_t column, size_t app_row)
{
    if (n->n == n->cap) {
        size_t cap = n->cap ? n->cap * 2 : 8;
        struct edit_put *grown = mem_realloc_array(n->items, cap, sizeof *grown);
        if (grown == NULL)
            return false;
        n->items = grown;
        n->cap = cap;
    }
    n->items[n->n] = (struct edit_put){.column = column, .app_row = app_row};
    buf_init(&n->items[n->n++].put.bytes, 0);
    return true;
}

static SQLRETURN collect(struct stmt *s, const struct edit_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t column = 1; column <= (size_t)s->ird.count; column++) {
            struct edit_value v;
            edit_value_read(s, column, rows[i].app_row, &v);
            if (v.at_exec && !add(&s->edit_need, column, rows[i].app_row))
                return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
        }
    return SQL_SUCCESS;
}

SQLRETURN edit_await(struct stmt *s, const struct edit_call *call, const struct edit_row *rows,
                     size_t n)
{
    struct edit_need *need = &s->edit_need;
    SQLRETURN rc;

    if (need->filled)
        return SQL_SUCCESS;
    rc = collect(s, rows, n);
    if (rc != SQL_SUCCESS || need->n == 0) {
        edit_need_release(s);
        return rc;
    }
    need->active = true;
    atomic_store(&s->cancel_pending, false); /* one that came before is not meant */
    need->current = SIZE_MAX;
    need->bulk = call->bulk;
    need->row = call->row;
    need->operation = call->operation;
    need->lock = call->lock;
    need->n_rows = n;
    return SQL_NEED_DATA;
}

const struct put_param *edit_need_value(const struct stmt *s, size_t column, size_t app_row)
{
    for (size_t i = 0; i < s->edit_need.n; i++)
        if (s->edit_need.items[i].column == column && s->edit_need.items[i].app_row == app_row)
            return &s->edit_need.items[i].put;
    return NULL;
}

/* All is there: the call is made again. */
static SQLRETURN go_on(struct stmt *s)
{
    struct edit_need *n = &s->edit_need;
    SQLRETURN rc;

    n->active = false;
    n->filled = true;
    rc = n->bulk ? stmt_bulk_operations(s, n->operation)
                 : stmt_set_pos(s, n->row, n->operation, n->lock);
    edit_need_release(s);
    return rc;
}

SQLRETURN edit_param_data(struct stmt *s, SQLPOINTER *app_token)
{
    struct edit_need *n = &s->edit_need;
    size_t next = n->current == SIZE_MAX ? 0 : n->current + 1;
    struct edit_value v;

    if (n->current != SIZE_MAX && !n->items[n->current].put.started)
        return diag_post(&s->handle, ST_HY010, 0,
                         "The column that SQLParamData named awaits data: call SQLPutData first.");
    if (next >= n->n)
        return go_on(s);
    edit_value_read(s, n->items[next].column, n->items[next].app_row, &v);
    n->current = next;
    *app_token = (SQLPOINTER)(uintptr_t)v.app_value;
    return SQL_NEED_DATA;
}

SQLRETURN edit_put_data(struct stmt *s, SQLPOINTER app_data, SQLLEN len_or_ind)
{
    struct edit_need *n = &s->edit_need;
    struct edit_value v;

    if (n->current == SIZE_MAX)
        return diag_post(&s->handle, ST_HY010, 0,
                         "No column awaits data: call SQLParamData first.");
    edit_value_read(s, n->items[n->current].column, n->items[n->current].app_row, &v);
    return put_param_add(s, &n->items[n->current].put, v.type.c_type, app_data, len_or_ind);
}
