/* Attributes: SQLSet/GetEnvAttr, SQLSet/GetConnectAttr, SQLSet/GetStmtAttr. The tables are
 * handle/'s and stmt/'s. */
#include "api/api_enter.h"
#include "api/text_arg.h"
#include "handle/notification.h"
#include "neonodbc.h"
#include "stmt/transaction.h"
#include "stmt/transaction_end.h"

/* Writes what a get found, in the width the standard fixes. */
static SQLRETURN put_value(struct handle *h, const struct attr_value *v, SQLPOINTER app,
                           const struct text_out *text)
{
    SQLUINTEGER narrow;
    struct text_out bytes = *text;

    bytes.unit = UNIT_A;
    if (v->kind == ATTR_V_UTF8)
        return text_out_put(h, &bytes, sv(v->text));
    if (v->kind == ATTR_V_TEXT)
        return text_out_put(h, text, sv(v->text ? v->text : ""));
    if (app == NULL)
        return SQL_SUCCESS;
    if (v->kind == ATTR_V_POINTER) {
        memcpy(app, &v->pointer, sizeof v->pointer);
    } else if (v->kind == ATTR_V_ULEN) {
        memcpy(app, &v->number, sizeof v->number);
    } else {
        narrow = (SQLUINTEGER)v->number;
        memcpy(app, &narrow, sizeof narrow);
    }
    return SQL_SUCCESS;
}

NEON_EXPORT SQLRETURN SQL_API SQLSetEnvAttr(SQLHENV h, SQLINTEGER id, SQLPOINTER value,
                                            SQLINTEGER len)
{
    SQLRETURN rc;
    struct env *e = api_enter_env(h, "SQLSetEnvAttr", ENTER_PLAIN, &rc);

    (void)len;
    return e ? api_leave_env(e, attr_set_env(e, id, value)) : rc;
}

NEON_EXPORT SQLRETURN SQL_API SQLGetEnvAttr(SQLHENV h, SQLINTEGER id, SQLPOINTER value,
                                            SQLINTEGER cap, SQLINTEGER *len)
{
    SQLRETURN rc;
    struct attr_value v = {0};
    struct env *e = api_enter_env(h, "SQLGetEnvAttr", ENTER_PLAIN, &rc);

    if (e == NULL)
        return rc;
    rc = attr_get_env(e, id, &v);
    if (rc == SQL_SUCCESS)
        rc = put_value(&e->handle, &v, value, &OUT_INT(value, cap, len, UNIT_A));
    return api_leave_env(e, rc);
}

static SQLRETURN set_connect_attr(SQLHDBC h, SQLINTEGER id, SQLPOINTER value, struct text_in in)
{
    SQLRETURN rc;
    struct text t = TEXT_INIT;
    struct dbc *d = api_enter_dbc(h, "SQLSetConnectAttr", ENTER_ALL_DONE, &rc);

    if (d == NULL)
        return rc;
    rc = attr_dbc_is_text(id) ? text_in_read(&d->handle, in, &t) : SQL_SUCCESS;
    /* Switching autocommit on commits (SQLSetConnectAttr's reference). */
    if (rc == SQL_SUCCESS && id == SQL_ATTR_AUTOCOMMIT &&
        (SQLUINTEGER)(uintptr_t)value == SQL_AUTOCOMMIT_ON &&
        d->attrs.autocommit == SQL_AUTOCOMMIT_OFF && transaction_is_open(d))
        rc = transaction_end(d, true);
    if (rc == SQL_SUCCESS)
        rc = attr_set_dbc(d, id, value, t.is_null ? NULL : buf_str(&t.utf8));
    text_release(&t);
    return api_leave_dbc(d, rc);
}

NEON_EXPORT SQLRETURN SQL_API SQLSetConnectAttr(SQLHDBC h, SQLINTEGER id, SQLPOINTER value,
                                                SQLINTEGER len)
{
    return set_connect_attr(h, id, value, IN_A(value, len));
}

NEON_EXPORT SQLRETURN SQL_API SQLSetConnectAttrW(SQLHDBC h, SQLINTEGER id, SQLPOINTER value,
                                                 SQLINTEGER len)
{
    return set_connect_attr(h, id, value, IN_W_BYTES(value, len));
}

static SQLRETURN get_connect_attr(SQLHDBC h, SQLINTEGER id, SQLPOINTER value,
                                  const struct text_out *text)
{
    SQLRETURN rc;
    struct attr_value v = {0};
    struct dbc *d = api_enter_dbc(h, "SQLGetConnectAttr", ENTER_PLAIN, &rc);

    if (d == NULL)
        return rc;
    rc = attr_get_dbc(d, id, &v);
    if (SQL_SUCCEEDED(rc)) {
        SQLRETURN put = put_value(&d->handle, &v, value, text);
        if (put == SQL_SUCCESS && id == NEON_ATTR_NOTIFICATION && value != NULL)
            notification_done(d);
        rc = put == SQL_SUCCESS ? rc : put;
    }
    return api_leave_dbc(d, rc);
}

NEON_EXPORT SQLRETURN SQL_API SQLGetConnectAttr(SQLHDBC h, SQLINTEGER id, SQLPOINTER value,
                                                SQLINTEGER cap, SQLINTEGER *len)
{
    return get_connect_attr(h, id, value, &OUT_INT(value, cap, len, UNIT_A));
}

NEON_EXPORT SQLRETURN SQL_API SQLGetConnectAttrW(SQLHDBC h, SQLINTEGER id, SQLPOINTER value,
                                                 SQLINTEGER cap, SQLINTEGER *len)
{
    return get_connect_attr(h, id, value, &OUT_INT(value, cap, len, UNIT_W_BYTES));
}

/* No statement attribute is text: A and W differ in name only. */
static SQLRETURN set_stmt_attr(SQLHSTMT h, SQLINTEGER id, SQLPOINTER value)
{
    SQLRETURN rc;
    struct stmt *s = api_enter_stmt(h, "SQLSetStmtAttr", ENTER_PLAIN, &rc);

    return s ? api_leave_stmt(s, stmt_set_attr(s, id, value)) : rc;
}

NEON_EXPORT SQLRETURN SQL_API SQLSetStmtAttr(SQLHSTMT h, SQLINTEGER id, SQLPOINTER value,
                                             SQLINTEGER len)
{
    (void)len;
    return set_stmt_attr(h, id, value);
}

NEON_EXPORT SQLRETURN SQL_API SQLSetStmtAttrW(SQLHSTMT h, SQLINTEGER id, SQLPOINTER value,
                                              SQLINTEGER len)
{
    (void)len;
    return set_stmt_attr(h, id, value);
}

static SQLRETURN get_stmt_attr(SQLHSTMT h, SQLINTEGER id, SQLPOINTER value,
                               const struct text_out *text)
{
    SQLRETURN rc;
    struct attr_value v = {0};
    struct stmt *s = api_enter_stmt(h, "SQLGetStmtAttr", ENTER_PLAIN, &rc);

    if (s == NULL)
        return rc;
    rc = stmt_get_attr(s, id, &v);
    if (rc == SQL_SUCCESS)
        rc = put_value(&s->handle, &v, value, text);
    return api_leave_stmt(s, rc);
}

NEON_EXPORT SQLRETURN SQL_API SQLGetStmtAttr(SQLHSTMT h, SQLINTEGER id, SQLPOINTER value,
                                             SQLINTEGER cap, SQLINTEGER *len)
{
    return get_stmt_attr(h, id, value, &OUT_INT(value, cap, len, UNIT_A));
}

NEON_EXPORT SQLRETURN SQL_API SQLGetStmtAttrW(SQLHSTMT h, SQLINTEGER id, SQLPOINTER value,
                                              SQLINTEGER cap, SQLINTEGER *len)
{
    return get_stmt_attr(h, id, value, &OUT_INT(value, cap, len, UNIT_W_BYTES));
}
