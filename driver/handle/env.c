/* Life of environment handles. Attributes are in attr_env.c. Called by api/. */
#include "handle/env.h"

struct env *env_new(void)
{
    struct env *e = mem_calloc(1, sizeof *e);

    if (e == NULL)
        return NULL;
    if (pthread_mutex_init(&e->lock, NULL) != 0) {
        mem_free(e);
        return NULL;
    }
    if (pthread_mutex_init(&e->list_lock, NULL) != 0) {
        pthread_mutex_destroy(&e->lock);
        mem_free(e);
        return NULL;
    }
    handle_init(&e->handle, HANDLE_ENV, NULL);
    e->connection_pooling = SQL_CP_OFF;
    e->cp_match = SQL_CP_STRICT_MATCH;
    e->output_nts = SQL_TRUE;
    return e;
}

void env_free(struct env *e)
{
    if (e == NULL)
        return;
    handle_release(&e->handle);
    pthread_mutex_destroy(&e->list_lock);
    pthread_mutex_destroy(&e->lock);
    mem_free(e);
}

bool env_is_odbc2(const struct env *e)
{
    return e->odbc_version == (SQLINTEGER)SQL_OV_ODBC2;
}
