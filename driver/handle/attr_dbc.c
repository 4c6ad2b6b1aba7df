/* Attributes of connections: attr_dbc.def and the hooks of its rows, and the values that a new
 * connection has. What ODBC 2 sets on a connection for its statements goes to attr_stmt.c. Called
 * by api/ and by dbc.c. */
#include "handle/attr_rows.h"
#include "handle/notification.h"

static const struct attr_rule varchar_size = {.min = 1, .max = 10485760};
static const struct attr_rule longvarchar_size = {.max = 1073741823};
LIST(autocommit_values, {SQL_AUTOCOMMIT_ON, TAKE}, {SQL_AUTOCOMMIT_OFF, TAKE});
LIST(isolation_levels, {SQL_TXN_READ_UNCOMMITTED, TAKE}, {SQL_TXN_READ_COMMITTED, TAKE},
     {SQL_TXN_REPEATABLE_READ, TAKE}, {SQL_TXN_SERIALIZABLE, TAKE});

/* ---- hooks ---- */

static void answer_uint(struct attr_value *out, SQLULEN number)
{
    *out = (struct attr_value){.kind = ATTR_V_UINT, .number = number};
}

static SQLRETURN get_access_mode(const struct attr_target *t, struct attr_value *out)
{
    answer_uint(out, dbc_is_read_only(t->owner) ? SQL_MODE_READ_ONLY : SQL_MODE_READ_WRITE);
    return SQL_SUCCESS;
}

/* What has begun goes on as it began, in a session and in a buffered transaction. */
static SQLRETURN set_access_mode(const struct attr_target *t, const struct attr_row *row,
                                 SQLULEN number, const char *text)
{
    struct dbc *dbc = t->owner;

    (void)row;
    (void)text;
    if (number == SQL_MODE_READ_WRITE && dbc->connected && dbc->options.read_only)
        return diag_post(
            t->handle, ST_01S02, 0,
            "The connection stays read-only: the connection string or data source says "
            "ReadOnly=1.");
    if (dbc->tx.used && dbc->tx.connection_read_only < 0)
        dbc->tx.connection_read_only = dbc_is_read_only(dbc);
    dbc->attrs.access_mode = (SQLUINTEGER)number;
    dbc_forget_setting(dbc, SQL_ATTR_ACCESS_MODE);
    return SQL_SUCCESS;
}

static SQLRETURN get_login_timeout(const struct attr_target *t, struct attr_value *out)
{
    answer_uint(out, (SQLULEN)dbc_login_timeout_s(t->owner));
    return SQL_SUCCESS;
}

static SQLRETURN set_login_timeout(const struct attr_target *t, const struct attr_row *row,
                                   SQLULEN number, const char *text)
{
    struct dbc *dbc = t->owner;

    (void)row;
    (void)text;
    dbc->attrs.login_timeout_s = (SQLUINTEGER)number;
    dbc->attrs.login_timeout_set = true;
    return SQL_SUCCESS;
}

static SQLRETURN get_connection_timeout(const struct attr_target *t, struct attr_value *out)
{
    answer_uint(out, (SQLULEN)dbc_read_timeout_s(t->owner));
    return SQL_SUCCESS;
}

static SQLRETURN set_connection_timeout(const struct attr_target *t, const struct attr_row *row,
                                        SQLULEN number, const char *text)
{
    struct dbc *dbc = t->owner;

    (void)row;
    (void)text;
    dbc->attrs.connection_timeout_s = (SQLUINTEGER)number;
    dbc->attrs.connection_timeout_set = true;
    return SQL_SUCCESS;
}

static SQLRETURN get_isolation(const struct attr_target *t, struct attr_value *out)
{
    answer_uint(out, dbc_isolation(t->owner));
    return SQL_SUCCESS;
}

/* The connection's value is the default of its statements (SQLSetConnectAttr,
 * SQL_ATTR_METADATA_ID). */
static SQLRETURN set_metadata_id(const struct attr_target *t, const struct attr_row *row,
                                 SQLULEN number, const char *text)
{
    struct dbc *dbc = t->owner;

    (void)row;
    (void)text;
    dbc->attrs.metadata_id = (SQLUINTEGER)number;
    dbc->stmt_defaults.metadata_id = number;
    return SQL_SUCCESS;
}

/* The name the server gave, else the one the application asked for; NULL when not connected. */
static const char *catalog_of(const struct dbc *dbc)
{
    if (!dbc->connected)
        return NULL;
    return dbc->server.database != NULL ? dbc->server.database : dbc->options.database;
}

static SQLRETURN get_catalog(const struct attr_target *t, struct attr_value *out)
{
    const char *name = catalog_of(t->owner);

    *out = (struct attr_value){.kind = ATTR_V_TEXT, .text = name != NULL ? name : ""};
    return SQL_SUCCESS;
}

static SQLRETURN set_catalog(const struct attr_target *t, const struct attr_row *row,
                             SQLULEN number, const char *text)
{
    const char *name = catalog_of(t->owner);

    (void)row;
    (void)number;
    if (text == NULL)
        return diag_post(t->handle, ST_HY009, 0,
                         "SQL_ATTR_CURRENT_CATALOG needs the name of a database.");
    if (name != NULL && strcmp(name, text) == 0)
        return SQL_SUCCESS;
    return diag_post(t->handle, ST_HYC00, 0,
                     "A connection stays in the database it was made for: connect again with "
                     "Database=%.63s.",
                     text);
}

static SQLRETURN get_dead(const struct attr_target *t, struct attr_value *out)
{
    const struct dbc *dbc = t->owner;

    answer_uint(out, transport_is_dead(dbc->transport) ? SQL_CD_TRUE : SQL_CD_FALSE);
    return SQL_SUCCESS;
}

/* A pool hands the connection to somebody else: nothing of the former borrower stays, neither here
 * nor in the session. */
static SQLRETURN set_reset(const struct attr_target *t, const struct attr_row *row, SQLULEN number,
                           const char *text)
{
    struct dbc *d = t->owner;
    struct err e = ERR_INIT;

    (void)row;
    (void)number;
    (void)text;
    dbc_apply_options(d, true);
    tx_reset(&d->tx);
    dbc_renew_session(d);
    if (!dbc_reset_settings(d, true, &e))
        return diag_post_err(t->handle, &e);
    return SQL_SUCCESS;
}

static SQLRETURN set_isolation(const struct attr_target *t, const struct attr_row *row,
                               SQLULEN number, const char *text)
{
    struct dbc *d = t->owner;

    (void)row;
    (void)text;
    if (d->tx.used && number != d->attrs.txn_isolation)
        return diag_post(
            t->handle, ST_HY011, 0,
            "The isolation level cannot be changed while a transaction is open: commit "
            "or roll it back first.");
    d->attrs.txn_isolation = (SQLUINTEGER)number;
    dbc_forget_setting(d, SQL_ATTR_TXN_ISOLATION);
    return SQL_SUCCESS;
}

static SQLRETURN get_deferrable(const struct attr_target *t, struct attr_value *out)
{
    answer_uint(out, dbc_is_deferrable(t->owner));
    return SQL_SUCCESS;
}

static SQLRETURN set_deferrable(const struct attr_target *t, const struct attr_row *row,
                                SQLULEN number, const char *text)
{
    struct dbc *d = t->owner;

    (void)row;
    (void)text;
    d->attrs.txn_deferrable = (SQLUINTEGER)number;
    dbc_forget_setting(d, NEON_ATTR_TXN_DEFERRABLE);
    return SQL_SUCCESS;
}

static SQLRETURN get_notification(const struct attr_target *t, struct attr_value *out)
{
    *out = (struct attr_value){.kind = ATTR_V_UTF8};
    return notification_get(t->owner, &out->text);
}

/* ---- the table ---- */

#define X ATTR_ROW
#define IN(member) offsetof(struct dbc, member)
static const struct attr_row dbc_rows[] = {
#include "handle/attr_dbc.def"
};
#undef IN
#undef X

bool attr_dbc_is_text(SQLINTEGER id)
{
    const struct attr_row *row = FIND(dbc_rows, id);

    return row != NULL && row->kind == KIND_TEXT;
}

SQLRETURN attr_set_dbc(struct dbc *dbc, SQLINTEGER id, SQLPOINTER value, const char *text)
{
    const struct attr_row *row = FIND(dbc_rows, id);
    const struct attr_target t = {&dbc->handle, dbc};

    if (row == NULL)
        return attr_set_stmt_default(dbc, id, (SQLULEN)(uintptr_t)value);
    return attr_row_set(&t, row, value, text, dbc->connected, false);
}

SQLRETURN attr_get_dbc(struct dbc *dbc, SQLINTEGER id, struct attr_value *out)
{
    const struct attr_row *row = FIND(dbc_rows, id);
    const struct attr_target t = {&dbc->handle, dbc};

    if (row == NULL && id >= 0 && id <= SQL_USE_BOOKMARKS)
        return attr_get_stmt(&dbc->handle, &dbc->stmt_defaults, id, out);
    return row == NULL ? attr_unknown(&dbc->handle, id)
                       : attr_row_get(&t, row, dbc->connected, out);
}

void dbc_attrs_default(struct dbc_attrs *a)
{
    *a = (struct dbc_attrs){0};
    for (size_t i = 0; i < ARRAY_LEN(dbc_rows); i++) {
        const struct attr_row *row = &dbc_rows[i];
        SQLUINTEGER u32 = (SQLUINTEGER)row->dflt;

        /* The rows' places are in struct dbc; those outside its attrs (type options) have defaults
         * of their own. */
        if (row->kind != KIND_UINT || row->offset < offsetof(struct dbc, attrs) ||
            row->offset >= offsetof(struct dbc, attrs) + sizeof *a)
            continue;
        memcpy((char *)a + (row->offset - offsetof(struct dbc, attrs)), &u32, sizeof u32);
    }
}
