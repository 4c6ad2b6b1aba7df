/* Attributes of environments: attr_env.def and the hooks of its rows. Called by api/. */
#include "handle/attr_rows.h"

LIST(odbc_versions, {SQL_OV_ODBC2, TAKE}, {SQL_OV_ODBC3, TAKE}, {SQL_OV_ODBC3_80, TAKE});
LIST(pooling_values, {SQL_CP_OFF, TAKE}, {SQL_CP_ONE_PER_DRIVER, TAKE},
     {SQL_CP_ONE_PER_HENV, TAKE});

/* The version decides how the driver behaves on every connection, so it is fixed once there is one.
 */
static SQLRETURN set_odbc_version(const struct attr_target *t, const struct attr_row *row,
                                  SQLULEN number, const char *text)
{
    struct env *env = t->owner;

    (void)row;
    (void)text;
    if (env->n_dbcs > 0)
        return diag_post(t->handle, ST_HY010, 0,
                         "SQL_ATTR_ODBC_VERSION must be set before a connection is allocated.");
    env->odbc_version = (SQLINTEGER)number;
    return SQL_SUCCESS;
}

#define X ATTR_ROW
#define IN(member) offsetof(struct env, member)
static const struct attr_row env_rows[] = {
#include "handle/attr_env.def"
};
#undef IN
#undef X

SQLRETURN attr_set_env(struct env *env, SQLINTEGER id, SQLPOINTER value)
{
    const struct attr_row *row = FIND(env_rows, id);
    const struct attr_target t = {&env->handle, env};

    return row == NULL ? attr_unknown(&env->handle, id)
                       : attr_row_set(&t, row, value, NULL, false, false);
}

SQLRETURN attr_get_env(struct env *env, SQLINTEGER id, struct attr_value *out)
{
    const struct attr_row *row = FIND(env_rows, id);
    const struct attr_target t = {&env->handle, env};

    return row == NULL ? attr_unknown(&env->handle, id) : attr_row_get(&t, row, false, out);
}
