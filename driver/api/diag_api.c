/* SQLGetDiagRec and SQLGetDiagField. They post nothing and leave the records as they are. */
#include "api/api_enter.h"
#include "api/text_arg.h"

/* Any kind of handle, entered without clearing its diagnostics. */
static struct handle *enter(SQLSMALLINT type, SQLHANDLE h)
{
    SQLRETURN rc;
    struct env *e;
    struct dbc *d;
    struct stmt *s;
    struct desc *x;
    const unsigned flags = ENTER_KEEP_DIAG | ENTER_NEED_DATA_OK;

    switch (type) {
    case SQL_HANDLE_ENV:
        e = api_enter_env(h, "SQLGetDiag", flags, &rc);
        return e ? &e->handle : NULL;
    case SQL_HANDLE_DBC:
        d = api_enter_dbc(h, "SQLGetDiag", flags, &rc);
        return d ? &d->handle : NULL;
    case SQL_HANDLE_STMT:
        s = api_enter_stmt(h, "SQLGetDiag", flags, &rc);
        return s ? &s->handle : NULL;
    case SQL_HANDLE_DESC:
        x = api_enter_desc(h, "SQLGetDiag", flags, &rc);
        return x ? &x->handle : NULL;
    default:
        return NULL;
    }
}

/* The state is always five characters and a terminator: no length is passed. */
static void put_state(const char *state, SQLPOINTER app, bool wide)
{
    struct text_out o = {app, 6, NULL, false, wide ? UNIT_W_CHARS : UNIT_A};

    if (app != NULL)
        text_out_put(NULL, &o, sv_n(state, 5));
}

static SQLRETURN get_diag_rec(SQLSMALLINT type, SQLHANDLE h, SQLSMALLINT number, SQLPOINTER state,
                              SQLINTEGER *native, const struct text_out *text)
{
    struct handle *handle = enter(type, h);
    const struct diag_record *r;
    SQLRETURN rc;

    if (handle == NULL)
        return SQL_INVALID_HANDLE;
    if (number < 1 || text->cap < 0) {
        api_leave_keep(handle);
        return SQL_ERROR;
    }
    r = diag_record(&handle->diag, (size_t)number);
    if (r == NULL) {
        api_leave_keep(handle);
        return SQL_NO_DATA;
    }
    put_state(r->state, state, text->unit != UNIT_A);
    if (native != NULL)
        *native = r->native;
    rc = text_out_put(NULL, text, sv(diag_record_text(r)));
    api_leave_keep(handle);
    return rc;
}

NEON_EXPORT SQLRETURN SQL_API SQLGetDiagRec(SQLSMALLINT type, SQLHANDLE h, SQLSMALLINT number,
                                            SQLCHAR *state, SQLINTEGER *native, SQLCHAR *text,
                                            SQLSMALLINT cap, SQLSMALLINT *len)
{
    return get_diag_rec(type, h, number, state, native, &OUT_SMALL(text, cap, len, UNIT_A));
}

NEON_EXPORT SQLRETURN SQL_API SQLGetDiagRecW(SQLSMALLINT type, SQLHANDLE h, SQLSMALLINT number,
                                             SQLWCHAR *state, SQLINTEGER *native, SQLWCHAR *text,
                                             SQLSMALLINT cap, SQLSMALLINT *len)
{
    return get_diag_rec(type, h, number, state, native, &OUT_SMALL(text, cap, len, UNIT_W_CHARS));
}

static SQLRETURN put_field(const struct diag_value *v, SQLPOINTER app, const struct text_out *text)
{
    SQLINTEGER integer = (SQLINTEGER)v->number;
    SQLRETURN code = (SQLRETURN)v->number;

    if (v->kind == DIAG_V_TEXT)
        return text_out_put(NULL, text, sv(v->text ? v->text : ""));
    if (app == NULL)
        return SQL_SUCCESS;
    if (v->kind == DIAG_V_RETURNCODE)
        memcpy(app, &code, sizeof code);
    else if (v->kind == DIAG_V_LEN)
        memcpy(app, &v->number, sizeof v->number);
    else
        memcpy(app, &integer, sizeof integer);
    return SQL_SUCCESS;
}

static SQLRETURN get_diag_field(SQLSMALLINT type, SQLHANDLE h, SQLSMALLINT number, SQLSMALLINT id,
                                SQLPOINTER app, const struct text_out *text)
{
    struct handle *handle = enter(type, h);
    struct diag_value v = {0};
    SQLRETURN rc;

    if (handle == NULL)
        return SQL_INVALID_HANDLE;
    rc = diag_get_field(handle, number, id, &v);
    if (rc == SQL_SUCCESS)
        rc = put_field(&v, app, text);
    api_leave_keep(handle);
    return rc;
}

NEON_EXPORT SQLRETURN SQL_API SQLGetDiagField(SQLSMALLINT type, SQLHANDLE h, SQLSMALLINT number,
                                              SQLSMALLINT id, SQLPOINTER app, SQLSMALLINT cap,
                                              SQLSMALLINT *len)
{
    return get_diag_field(type, h, number, id, app, &OUT_SMALL(app, cap, len, UNIT_A));
}

NEON_EXPORT SQLRETURN SQL_API SQLGetDiagFieldW(SQLSMALLINT type, SQLHANDLE h, SQLSMALLINT number,
                                               SQLSMALLINT id, SQLPOINTER app, SQLSMALLINT cap,
                                               SQLSMALLINT *len)
{
    return get_diag_field(type, h, number, id, app, &OUT_SMALL(app, cap, len, UNIT_W_BYTES));
}
