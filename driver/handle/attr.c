/* The engine of attributes: what setting and getting does for a row of a table, whatever the
 * handle. Every accepted value has its effect (where it is kept somebody reads it), or the row says
 * why it is harmless. Called by attr_env.c, attr_dbc.c and attr_stmt.c, which hold the tables. */
#include "handle/attr_rows.h"

const struct attr_row *attr_row_find(const struct attr_row *rows, size_t n, SQLINTEGER id)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].id == id)
            return &rows[i];
    return NULL;
}
void attr_row_store(const struct attr_target *t, const struct attr_row *row, SQLULEN number)
{
    SQLUINTEGER u32 = (SQLUINTEGER)number;
    bool flag = number != 0;
    char *place;

    if (row->offset == NOWHERE)
        return;
    place = (char *)t->owner + row->offset;
    switch (row->kind) {
    case KIND_UINT:
        memcpy(place, &u32, sizeof u32);
        break;
    case KIND_BOOL:
        memcpy(place, &flag, sizeof flag);
        break;
    case KIND_ULEN:
    case KIND_POINTER:
    default:
        memcpy(place, &number, sizeof number);
        break;
    }
}

static void load(const struct attr_target *t, const struct attr_row *row, struct attr_value *out)
{
    const char *place = row->offset == NOWHERE ? NULL : (const char *)t->owner + row->offset;
    SQLUINTEGER u32;
    bool flag;

    *out = (struct attr_value){.kind = ATTR_V_UINT, .number = row->dflt};
    switch (row->kind) {
    case KIND_UINT:
        if (place != NULL) {
            memcpy(&u32, place, sizeof u32);
            out->number = u32;
        }
        break;
    case KIND_BOOL:
        memcpy(&flag, place, sizeof flag);
        out->number = flag;
        break;
    case KIND_ULEN:
        out->kind = ATTR_V_ULEN;
        if (place != NULL)
            memcpy(&out->number, place, sizeof out->number);
        break;
    case KIND_POINTER:
        out->kind = ATTR_V_POINTER;
        if (place != NULL)
            memcpy(&out->pointer, place, sizeof out->pointer);
        break;
    case KIND_TEXT:
    default:
        *out = (struct attr_value){.kind = ATTR_V_TEXT, .text = ""};
        break;
    }
}

SQLRETURN attr_unknown(struct handle *h, SQLINTEGER id)
{
    return diag_post(h, ST_HY092, 0, "%d is no attribute that this driver knows.", (int)id);
}

static SQLRETURN refused(struct handle *h, const struct attr_row *row, SQLULEN number)
{
    return diag_post(h, ST_HYC00, 0, "%s cannot be set to %llu: %s.", row->name,
                     (unsigned long long)number, row->note);
}

/* May the attribute be set at all, in the state the handle is in? */
static SQLRETURN check_access(struct handle *h, const struct attr_row *row, bool connected,
                              bool cursor_open)
{
    if (row->access == ACCESS_READONLY || row->access == ACCESS_ELSEWHERE)
        return diag_post(h, ST_HY092, 0, "%s cannot be set.", row->name);
    if (row->access == ACCESS_REFUSED)
        return diag_post(h, ST_HYC00, 0, "%s is not available: %s.", row->name, row->note);
    if (row->when == WHEN_BEFORE_CONNECT && connected)
        return diag_post(h, ST_HY011, 0, "%s can only be set before connecting.", row->name);
    if (row->when == WHEN_CONNECTED && !connected)
        return diag_post(h, ST_08003, 0, "%s can only be set on an open connection.", row->name);
    if (row->when == WHEN_CURSOR_CLOSED && cursor_open)
        return diag_post(h, ST_24000, 0, "%s cannot be set while a cursor is open: close it first.",
                         row->name);
    return SQL_SUCCESS;
}

/* Applies the rule to *number. SQL_ERROR: posted; SQL_SUCCESS_WITH_INFO: substituted and posted. */
static SQLRETURN check_value(struct handle *h, const struct attr_row *row, SQLULEN *number)
{
    const struct attr_rule *rule = row->rule;
    SQLULEN given = *number;

    for (size_t i = 0; i < rule->n_values; i++) {
        if (rule->values[i].value != given)
            continue;
        if (rule->values[i].verdict == TAKE)
            return SQL_SUCCESS;
        if (rule->values[i].verdict == REFUSE)
            return refused(h, row, given);
        *number = row->dflt;
        break;
    }
    if (rule->n_values > 0 && *number == given) {
        if (!rule->others_substituted)
            return diag_post(h, ST_HY024, 0, "%llu is no value of %s.", (unsigned long long)given,
                             row->name);
        *number = row->dflt;
    }
    if (rule->n_values == 0) {
        if (given < rule->min)
            return diag_post(h, ST_HY024, 0, "%s must be at least %llu.", row->name,
                             (unsigned long long)rule->min);
        if (given <= rule->max)
            return SQL_SUCCESS;
        *number = rule->max;
    }
    return diag_post(h, ST_01S02, 0, "%s was set to %llu instead of %llu: %s.", row->name,
                     (unsigned long long)*number, (unsigned long long)given, row->note);
}

SQLRETURN attr_row_set(const struct attr_target *t, const struct attr_row *row, SQLPOINTER value,
                       const char *text, bool connected, bool cursor_open)
{
    /* UINT attributes are 32 bits wide: applications pass garbage above. */
    SQLULEN number = row->kind == KIND_UINT || row->kind == KIND_BOOL
                         ? (SQLUINTEGER)(uintptr_t)value
                         : (SQLULEN)(uintptr_t)value;
    SQLRETURN rc = check_access(t->handle, row, connected, cursor_open);
    SQLRETURN hook_rc = SQL_SUCCESS;

    if (rc != SQL_SUCCESS || row->access == ACCESS_IGNORED)
        return rc;
    if (row->kind != KIND_TEXT && row->kind != KIND_POINTER)
        rc = check_value(t->handle, row, &number);
    if (rc == SQL_ERROR)
        return rc;
    if (row->set != NULL)
        hook_rc = row->set(t, row, number, text);
    else
        attr_row_store(t, row, number);
    return hook_rc != SQL_SUCCESS ? hook_rc : rc;
}

SQLRETURN attr_row_get(const struct attr_target *t, const struct attr_row *row, bool connected,
                       struct attr_value *out)
{
    if (row->access == ACCESS_ELSEWHERE)
        return attr_unknown(t->handle, row->id);
    if (row->access == ACCESS_REFUSED && row->offset == NOWHERE)
        return diag_post(t->handle, ST_HYC00, 0, "%s is not available: %s.", row->name, row->note);
    if (row->when == WHEN_CONNECTED && !connected)
        return diag_post(t->handle, ST_08003, 0, "%s needs an open connection.", row->name);
    if (row->get != NULL)
        return row->get(t, out);
    load(t, row, out);
    return SQL_SUCCESS;
}
