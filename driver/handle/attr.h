/* Attributes of environments, connections and statements: get and set over attr_env.def,
 * attr_dbc.def, attr_stmt.def.
 *
 * Each row says kind, who may set it when, the allowed values and where it is kept, so that HY092,
 * HY024, HYC00, HY011 and 01S02 come from one place. Values are passed as the ODBC functions pass
 * them (a pointer-sized integer or a pointer). */
#ifndef NEON_HANDLE_ATTR_H
#define NEON_HANDLE_ATTR_H

#include "handle/dbc.h"

/* What a get found. */
struct attr_value {
    enum {
        ATTR_V_UINT,
        ATTR_V_ULEN,
        ATTR_V_POINTER,
        ATTR_V_TEXT,
        ATTR_V_UTF8 /* bytes, whatever the width of the function's characters */
    } kind;
    SQLULEN number;
    SQLPOINTER pointer;
    const char *text;
};

SQLRETURN attr_set_env(struct env *env, SQLINTEGER id, SQLPOINTER value);
SQLRETURN attr_get_env(struct env *env, SQLINTEGER id, struct attr_value *out);
/* `text` is the value of a character attribute already converted to UTF-8 (NULL for the others). */
SQLRETURN attr_set_dbc(struct dbc *dbc, SQLINTEGER id, SQLPOINTER value, const char *text);
SQLRETURN attr_get_dbc(struct dbc *dbc, SQLINTEGER id, struct attr_value *out);
/* True when the attribute's value is text (so that api/ converts it). */
bool attr_dbc_is_text(SQLINTEGER id);
/* Statement attributes that are kept in stmt_attrs; the ones that are descriptor fields are handled
 * in stmt/. */
SQLRETURN attr_set_stmt(struct handle *post_on, struct stmt_attrs *attrs, SQLINTEGER id,
                        SQLULEN value, bool cursor_open);
SQLRETURN attr_get_stmt(struct handle *post_on, const struct stmt_attrs *attrs, SQLINTEGER id,
                        struct attr_value *out);
void stmt_attrs_default(struct stmt_attrs *a);
void dbc_attrs_default(struct dbc_attrs *a);

#endif
