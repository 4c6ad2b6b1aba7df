/* SQLGetInfo, SQLGetFunctions, SQLGetTypeInfo. The tables are info/'s; none of these asks the
 * server. */
#include "api/api_enter.h"
#include "api/text_arg.h"
#include "info/functions.h"
#include "info/getinfo.h"
#include "info/typeinfo.h"

static SQLRETURN put_number(const struct info_value *v, SQLPOINTER app, SQLSMALLINT *len)
{
    SQLUSMALLINT u16 = (SQLUSMALLINT)v->number;
    SQLUINTEGER u32 = (SQLUINTEGER)v->number;
    SQLULEN ulen = (SQLULEN)v->number;
    size_t size = v->kind == INFO_U16 ? sizeof u16 : v->kind == INFO_U32 ? sizeof u32 : sizeof ulen;
    const void *from = v->kind == INFO_U16   ? (const void *)&u16
                       : v->kind == INFO_U32 ? (const void *)&u32
                                             : (const void *)&ulen;

    if (app != NULL)
        memcpy(app, from, size);
    if (len != NULL)
        *len = (SQLSMALLINT)size;
    return SQL_SUCCESS;
}

static SQLRETURN get_info(SQLHDBC h, SQLUSMALLINT id, SQLPOINTER app, SQLSMALLINT *len,
                          const struct text_out *text)
{
    SQLRETURN rc;
    struct info_value v = {0};
    /* SQL_ODBC_VER is answered by the manager; everything else needs an open connection. */
    struct dbc *d = api_enter_dbc(h, "SQLGetInfo", ENTER_CONNECTED, &rc);

    if (d == NULL)
        return rc;
    rc = getinfo(d, id, &v);
    if (rc == SQL_SUCCESS)
        rc = v.kind == INFO_STR ? text_out_put(&d->handle, text, sv(v.text ? v.text : ""))
                                : put_number(&v, app, len);
    return api_leave_dbc(d, rc);
}

NEON_EXPORT SQLRETURN SQL_API SQLGetInfo(SQLHDBC h, SQLUSMALLINT id, SQLPOINTER app,
                                         SQLSMALLINT cap, SQLSMALLINT *len)
{
    return get_info(h, id, app, len, &OUT_SMALL(app, cap, len, UNIT_A));
}

NEON_EXPORT SQLRETURN SQL_API SQLGetInfoW(SQLHDBC h, SQLUSMALLINT id, SQLPOINTER app,
                                          SQLSMALLINT cap, SQLSMALLINT *len)
{
    return get_info(h, id, app, len, &OUT_SMALL(app, cap, len, UNIT_W_BYTES));
}

NEON_EXPORT SQLRETURN SQL_API SQLGetFunctions(SQLHDBC h, SQLUSMALLINT id,
                                              SQLUSMALLINT *app_supported)
{
    SQLRETURN rc;
    struct dbc *d = api_enter_dbc(h, "SQLGetFunctions", ENTER_PLAIN, &rc);

    if (d == NULL)
        return rc;
    if (app_supported == NULL)
        rc = diag_post(&d->handle, ST_HY009, 0, "The pointer for the answer is null.");
    else if (functions_get(id, app_supported))
        rc = SQL_SUCCESS;
    else
        rc = diag_post(&d->handle, ST_HY095, 0, "%u is no function id.", (unsigned)id);
    return api_leave_dbc(d, rc);
}

static SQLRETURN get_type_info(SQLHSTMT h, SQLSMALLINT type)
{
    SQLRETURN rc;
    struct err e = ERR_INIT;
    struct stmt *s = api_enter_stmt(h, "SQLGetTypeInfo", ENTER_PLAIN, &rc);

    if (s == NULL)
        return rc;
    if (s->cursor_open)
        rc = diag_post(&s->handle, ST_24000, 0,
                       "A cursor is open on this statement: close it (SQLCloseCursor) first.");
    else if (type != SQL_ALL_TYPES && !typemap_is_sql_type(typemap_odbc3_type(type)) &&
             !(s->dbc->type_options.pg_types && type >= TYPE_PRIVATE_BASE))
        rc = diag_post(&s->handle, ST_HY004, 0, "%d is no SQL data type.", type);
    else {
        stmt_close(s);
        rc = typeinfo_rows(type, env_is_odbc2(s->dbc->env), &s->dbc->type_options, &s->local, &e)
                 ? stmt_open_local(s)
                 : diag_post_err(&s->handle, &e);
    }
    return api_leave_stmt(s, rc);
}

NEON_EXPORT SQLRETURN SQL_API SQLGetTypeInfo(SQLHSTMT h, SQLSMALLINT type)
{
    return get_type_info(h, type);
}

NEON_EXPORT SQLRETURN SQL_API SQLGetTypeInfoW(SQLHSTMT h, SQLSMALLINT type)
{
    return get_type_info(h, type);
}
