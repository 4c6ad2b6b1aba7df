/* Environment handles. */
#ifndef NEON_HANDLE_ENV_H
#define NEON_HANDLE_ENV_H

#include "handle/handle.h"

struct dbc;

struct env {
    struct handle handle; /* first */
    pthread_mutex_t lock;
    SQLINTEGER odbc_version; /* 0 until set; SQL_OV_ODBC2, SQL_OV_ODBC3, SQL_OV_ODBC3_80 */
    SQLUINTEGER connection_pooling, cp_match;
    SQLINTEGER output_nts;
    pthread_mutex_t list_lock; /* guards dbcs and their next_in_env; taken last */
    struct dbc *dbcs;
    atomic_size_t n_dbcs; /* live connections; SQLFreeHandle is HY010 while > 0 */
};

struct env *env_new(void) NEON_MUST_CHECK;
void env_free(struct env *e);
/* True when the application declared ODBC 2 behaviour. */
bool env_is_odbc2(const struct env *e);

#endif
