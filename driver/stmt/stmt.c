/* Life, state, attributes and cancelling of statement handles. Executes nothing. Called by api/. */
#include "stmt/stmt.h"

#include <stdio.h>

#include "stmt/copy_in.h"

struct stmt *stmt_new(struct dbc *dbc)
{
    struct stmt *s = mem_calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    handle_init(&s->handle, HANDLE_STMT, &dbc->handle);
    s->dbc = dbc;
    s->attrs = dbc->stmt_defaults;
    desc_init(&s->auto_ard, dbc, s, DESC_ARD);
    desc_init(&s->auto_apd, dbc, s, DESC_APD);
    desc_init(&s->ird, dbc, s, DESC_IRD);
    desc_init(&s->ipd, dbc, s, DESC_IPD);
    s->ard = &s->auto_ard;
    s->apd = &s->auto_apd;
    s->row_count = -1;
    s->rows.row_count = -1;
    s->extended_rowset_size = 1;
    buf_init(&s->param_text, 0);
    s->next = dbc->stmts;
    dbc->stmts = s;
    return s;
}

static void unlink_from_dbc(struct stmt *s)
{
    struct stmt **at = &s->dbc->stmts;

    while (*at != NULL && *at != s)
        at = &(*at)->next;
    if (*at == s)
        *at = s->next;
}

static void use_desc(struct desc **slot, struct desc *d)
{
    if ((*slot)->role == DESC_EXPLICIT)
        (*slot)->n_users--;
    if (d->role == DESC_EXPLICIT)
        d->n_users++;
    *slot = d;
}

void stmt_free(struct stmt *s)
{
    if (s == NULL)
        return;
    stmt_close(s);
    unlink_from_dbc(s);
    use_desc(&s->ard, &s->auto_ard);
    use_desc(&s->apd, &s->auto_apd);
    desc_release(&s->auto_ard);
    desc_release(&s->auto_apd);
    desc_release(&s->ird);
    desc_release(&s->ipd);
    script_release(&s->script);
    stream_release(&s->stream);
    rows_release(&s->rows);
    mem_free(s->rowset.status);
    mem_free(s->rowset.own);
    mem_free(s->rowset.undo);
    local_result_release(&s->local);
    need_data_release(&s->need_data);
    edit_need_release(s);
    mem_free(s->wire_params);
    mem_free(s->learned);
    buf_release(&s->param_text);
    mem_free(s->bound);
    mem_free(s->cursor_name);
    handle_release(&s->handle);
    mem_free(s);
}

void stmt_set_running(struct stmt *s, struct exchange *x)
{
    struct stmt *seen = s->works_for != NULL ? s->works_for : s;

    pthread_mutex_lock(&s->dbc->cancel_lock);
    seen->running = x;
    pthread_mutex_unlock(&s->dbc->cancel_lock);
}

struct stmt *stmt_helper_new(struct stmt *s)
{
    struct stmt *helper = stmt_new(s->dbc);

    if (helper == NULL)
        return NULL;
    stmt_attrs_default(&helper->attrs);
    helper->attrs.query_timeout_s = s->attrs.query_timeout_s;
    helper->works_for = s;
    pthread_mutex_lock(&s->dbc->cancel_lock);
    helper->stopped_before = s->running;
    pthread_mutex_unlock(&s->dbc->cancel_lock);
    return helper;
}

void stmt_helper_free(struct stmt *helper)
{
    struct stmt *s;
    struct exchange *before;

    if (helper == NULL)
        return;
    s = helper->works_for;
    before = helper->stopped_before;
    stmt_free(helper);
    stmt_set_running(s, before);
}

void stmt_close(struct stmt *s)
{
    stmt_set_running(s, NULL);
    rows_release(&s->rows);
    stream_stop(&s->stream);
    copy_in_forget(s);
    local_result_release(&s->local);
    s->described = s->executed = s->cursor_open = false;
    s->results_left = 0;
    s->row_count = -1;
    s->edited = false;
    edit_need_release(s);
    rowset_release(s);
    desc_clear(&s->ird);
    bound_columns_forget(s);
}

SQLRETURN stmt_close_cursor(struct stmt *s)
{
    if (!s->cursor_open)
        return diag_post(&s->handle, ST_24000, 0, "No cursor is open on this statement.");
    stmt_close(s);
    return SQL_SUCCESS;
}

SQLRETURN stmt_free_option(struct stmt *s, SQLUSMALLINT option)
{
    switch (option) {
    case SQL_CLOSE:
        stmt_close(s);
        return SQL_SUCCESS;
    case SQL_UNBIND:
        desc_unbind_columns(s->ard);
        bound_columns_forget(s);
        return SQL_SUCCESS;
    case SQL_RESET_PARAMS:
        desc_clear(s->apd);
        desc_clear(&s->ipd);
        return SQL_SUCCESS;
    default:
        return diag_post(&s->handle, ST_HY092, 0,
                         "SQLFreeStmt option %u is not SQL_CLOSE, SQL_UNBIND, SQL_RESET_PARAMS "
                         "or SQL_DROP.",
                         (unsigned)option);
    }
}

/* Ends a wait for data at execution (ODBC reference, SQLCancel). With the connection's lock. */
static bool end_waiting(struct stmt *s)
{
    bool waited = s->need_data.active || s->edit_need.active;

    if (s->need_data.active) {
        if (s->need_data.direct)
            s->prepared = false;
        need_data_release(&s->need_data);
        stmt_close(s);
    }
    edit_need_release(s); /* the result and its rowset stay */
    return waited;
}

/* Not where a call holds the connection: one of this statement is about to finish by itself, and
 * behind one of another stmt_heed_cancel ends the wait. */
static bool end_waiting_now(struct stmt *s)
{
    bool waited;

    if (pthread_mutex_trylock(&s->dbc->lock) != 0)
        return false;
    waited = s->async == NULL && end_waiting(s); /* else it is the call's own */
    pthread_mutex_unlock(&s->dbc->lock);
    return waited;
}

void stmt_heed_cancel(struct stmt *s)
{
    if (s->async == NULL && (s->need_data.active || s->edit_need.active) &&
        atomic_exchange(&s->cancel_pending, false))
        end_waiting(s);
}

SQLRETURN stmt_cancel(struct stmt *s)
{
    bool was_running;

    if (end_waiting_now(s))
        return SQL_SUCCESS;
    pthread_mutex_lock(&s->dbc->cancel_lock);
    was_running = s->running != NULL;
    if (was_running)
        exchange_cancel(s->running);
    pthread_mutex_unlock(&s->dbc->cancel_lock);
    /* A call that is under way is between two requests, or it is another statement's. */
    if (!was_running && pthread_mutex_trylock(&s->dbc->lock) != 0) {
        atomic_store(&s->cancel_pending, true);
    } else if (!was_running) {
        if (s->async != NULL) /* it waits for its turn */
            atomic_store(&s->cancel_pending, true);
        pthread_mutex_unlock(&s->dbc->lock);
    }
    return SQL_SUCCESS;
}

SQLRETURN stmt_check_idle(struct stmt *s)
{
    if (s->need_data.active || s->edit_need.active)
        return diag_post(&s->handle, ST_HY010, 0,
                         "This statement waits for data: call SQLParamData and SQLPutData, or "
                         "SQLCancel, first.");
    return SQL_SUCCESS;
}

const struct script_stmt *stmt_open_statement(const struct stmt *s)
{
    size_t n = s->script.n_stmts;

    if (!s->executed)
        return n > 0 ? &s->script.stmts[0] : NULL;
    return s->results_left < n ? &s->script.stmts[n - 1 - s->results_left] : NULL;
}

void stmt_forget_desc(struct dbc *dbc, struct desc *d)
{
    for (struct stmt *s = dbc->stmts; s != NULL; s = s->next) {
        if (s->ard == d) {
            use_desc(&s->ard, &s->auto_ard);
            bound_columns_forget(s);
        }
        if (s->apd == d)
            use_desc(&s->apd, &s->auto_apd);
    }
}

/* ---- cursor names ---- */

static struct stmt *find_by_cursor_name(struct dbc *dbc, const char *name)
{
    for (struct stmt *s = dbc->stmts; s != NULL; s = s->next)
        if (s->cursor_name != NULL && strcmp(s->cursor_name, name) == 0)
            return s;
    return NULL;
}

SQLRETURN stmt_set_cursor_name(struct stmt *s, const char *name)
{
    struct stmt *other = find_by_cursor_name(s->dbc, name);
    char *copy;

    if (name[0] == '\0' || strncmp(name, "SQL_CUR", 7) == 0 || strncmp(name, "SQLCUR", 6) == 0)
        return diag_post(&s->handle, ST_34000, 0,
                         "A cursor name must not be empty or begin with SQLCUR or SQL_CUR.");
    if (s->cursor_open)
        return diag_post(&s->handle, ST_24000, 0,
                         "The cursor is open: set its name before executing.");
    if (other != NULL && other != s)
        return diag_post(&s->handle, ST_3C000, 0,
                         "Another statement of this connection uses the cursor name \"%s\".", name);
    copy = mem_strdup(name);
    if (copy == NULL)
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    mem_free(s->cursor_name);
    s->cursor_name = copy;
    return SQL_SUCCESS;
}

const char *stmt_cursor_name(struct stmt *s)
{
    char name[40];

    if (s->cursor_name == NULL) {
        snprintf(name, sizeof name, "SQL_CUR%llu", (unsigned long long)++s->dbc->cursor_serial);
        s->cursor_name = mem_strdup(name);
    }
    return s->cursor_name;
}

/* ---- attributes: those that are fields of a descriptor, then the plain ones ---- */

enum field_kind { F_ULEN, F_POINTER, F_BIND_TYPE };
enum field_owner { OF_ARD, OF_APD, OF_IRD, OF_IPD, OF_STMT };

static const struct desc_attr {
    SQLINTEGER id;
    enum field_owner owner;
    enum field_kind kind;
    size_t offset;
} desc_attrs[] = {
    {SQL_ATTR_ROW_ARRAY_SIZE, OF_ARD, F_ULEN, offsetof(struct desc, array_size)},
    {SQL_ATTR_ROW_BIND_TYPE, OF_ARD, F_BIND_TYPE, offsetof(struct desc, bind_type)},
    {SQL_ATTR_ROW_BIND_OFFSET_PTR, OF_ARD, F_POINTER, offsetof(struct desc, app_bind_offset_ptr)},
    {SQL_ATTR_ROW_OPERATION_PTR, OF_ARD, F_POINTER, offsetof(struct desc, app_array_status_ptr)},
    {SQL_ATTR_ROW_STATUS_PTR, OF_IRD, F_POINTER, offsetof(struct desc, app_array_status_ptr)},
    {SQL_ATTR_ROWS_FETCHED_PTR, OF_IRD, F_POINTER, offsetof(struct desc, app_rows_processed_ptr)},
    {SQL_ATTR_PARAMSET_SIZE, OF_APD, F_ULEN, offsetof(struct desc, array_size)},
    {SQL_ATTR_PARAM_BIND_TYPE, OF_APD, F_BIND_TYPE, offsetof(struct desc, bind_type)},
    {SQL_ATTR_PARAM_BIND_OFFSET_PTR, OF_APD, F_POINTER, offsetof(struct desc, app_bind_offset_ptr)},
    {SQL_ATTR_PARAM_OPERATION_PTR, OF_APD, F_POINTER, offsetof(struct desc, app_array_status_ptr)},
    {SQL_ATTR_PARAM_STATUS_PTR, OF_IPD, F_POINTER, offsetof(struct desc, app_array_status_ptr)},
    {SQL_ATTR_PARAMS_PROCESSED_PTR, OF_IPD, F_POINTER,
     offsetof(struct desc, app_rows_processed_ptr)},
    /* Of SQLExtendedFetch alone: an ODBC 2 application that sets it and calls SQLFetch has room for
       one row. */
    {SQL_ROWSET_SIZE, OF_STMT, F_ULEN, offsetof(struct stmt, extended_rowset_size)},
};

static char *desc_attr_place(struct stmt *s, const struct desc_attr *a)
{
    void *const owners[] = {[OF_ARD] = s->ard,
                            [OF_APD] = s->apd,
                            [OF_IRD] = &s->ird,
                            [OF_IPD] = &s->ipd,
                            [OF_STMT] = s};
    return (char *)owners[a->owner] + a->offset;
}

static const struct desc_attr *find_desc_attr(SQLINTEGER id)
{
    for (size_t i = 0; i < ARRAY_LEN(desc_attrs); i++)
        if (desc_attrs[i].id == id)
            return &desc_attrs[i];
    return NULL;
}

static SQLRETURN set_desc_attr(struct stmt *s, const struct desc_attr *a, SQLPOINTER value)
{
    char *place = desc_attr_place(s, a);
    SQLULEN number = (SQLULEN)(uintptr_t)value;
    SQLINTEGER bind_type = (SQLINTEGER)number;

    switch (a->kind) {
    case F_POINTER:
        memcpy(place, &value, sizeof value);
        return SQL_SUCCESS;
    case F_BIND_TYPE:
        if (bind_type < 0)
            return diag_post(&s->handle, ST_HY024, 0,
                             "A bind type is 0 (by column) or the length of a row structure in "
                             "bytes.");
        memcpy(place, &bind_type, sizeof bind_type);
        return SQL_SUCCESS;
    case F_ULEN:
    default:
        if (number == 0)
            return diag_post(&s->handle, ST_HY024, 0, "An array size must be at least 1.");
        memcpy(place, &number, sizeof number);
        return SQL_SUCCESS;
    }
}

static SQLRETURN set_app_desc(struct stmt *s, struct desc **slot, struct desc *automatic,
                              SQLPOINTER value)
{
    struct desc *d = value == SQL_NULL_HDESC
                         ? automatic
                         : (struct desc *)(void *)handle_check(value, HANDLE_DESC);

    if (d == NULL || d->dbc != s->dbc)
        return diag_post(&s->handle, ST_HY024, 0,
                         "The handle is no descriptor of this statement's connection.");
    if (d->alloc_type == SQL_DESC_ALLOC_AUTO && d != automatic)
        return diag_post(&s->handle, ST_HY017, 0,
                         "A descriptor that was allocated with a statement serves that "
                         "statement only.");
    use_desc(slot, d);
    bound_columns_forget(s);
    return SQL_SUCCESS;
}

SQLRETURN stmt_set_attr(struct stmt *s, SQLINTEGER id, SQLPOINTER value)
{
    const struct desc_attr *a = find_desc_attr(id);

    if (a != NULL)
        return set_desc_attr(s, a, value);
    switch (id) {
    case SQL_ATTR_APP_ROW_DESC:
        return set_app_desc(s, &s->ard, &s->auto_ard, value);
    case SQL_ATTR_APP_PARAM_DESC:
        return set_app_desc(s, &s->apd, &s->auto_apd, value);
    case SQL_ATTR_IMP_ROW_DESC:
    case SQL_ATTR_IMP_PARAM_DESC:
        return diag_post(&s->handle, ST_HY017, 0,
                         "The implementation descriptors of a statement cannot be replaced.");
    case SQL_ATTR_ROW_NUMBER:
        return diag_post(&s->handle, ST_HY092, 0, "SQL_ATTR_ROW_NUMBER can only be read.");
    default:
        return attr_set_stmt(&s->handle, &s->attrs, id, (SQLULEN)(uintptr_t)value, s->cursor_open);
    }
}

static bool get_handle_attr(struct stmt *s, SQLINTEGER id, struct attr_value *out)
{
    struct desc *const d = id == SQL_ATTR_APP_ROW_DESC     ? s->ard
                           : id == SQL_ATTR_APP_PARAM_DESC ? s->apd
                           : id == SQL_ATTR_IMP_ROW_DESC   ? &s->ird
                           : id == SQL_ATTR_IMP_PARAM_DESC ? &s->ipd
                                                           : NULL;
    if (d == NULL)
        return false;
    *out = (struct attr_value){.kind = ATTR_V_POINTER, .pointer = d};
    return true;
}

SQLRETURN stmt_get_attr(struct stmt *s, SQLINTEGER id, struct attr_value *out)
{
    const struct desc_attr *a = find_desc_attr(id);

    if (get_handle_attr(s, id, out))
        return SQL_SUCCESS;
    if (id == SQL_ATTR_ROW_NUMBER) {
        if (!s->cursor_open || s->position.place != ON_ROWSET)
            return diag_post(&s->handle, ST_24000, 0, "There is no current row.");
        *out = (struct attr_value){.kind = ATTR_V_ULEN,
                                   .number = (SQLULEN)rowset_row_number(s, s->rowset.current)};
        return SQL_SUCCESS;
    }
    if (id == SQL_GET_BOOKMARK)
        return bookmark_get(s, out);
    if (a == NULL)
        return attr_get_stmt(&s->handle, &s->attrs, id, out);
    *out = (struct attr_value){.kind = a->kind == F_POINTER ? ATTR_V_POINTER : ATTR_V_ULEN};
    if (a->kind == F_POINTER) {
        memcpy(&out->pointer, desc_attr_place(s, a), sizeof out->pointer);
    } else if (a->kind == F_BIND_TYPE) {
        SQLINTEGER bind_type;
        memcpy(&bind_type, desc_attr_place(s, a), sizeof bind_type);
        out->number = (SQLULEN)bind_type;
    } else {
        memcpy(&out->number, desc_attr_place(s, a), sizeof out->number);
    }
    return SQL_SUCCESS;
}
