/* Asynchronous execution by polling: SQL_ATTR_ASYNC_ENABLE, SQL_STILL_EXECUTING.
 *
 * A call runs in a fiber until it would wait for the network, and the application gets
 * SQL_STILL_EXECUTING; calling the same function again lets it go on. There is no thread behind it:
 * it advances only while it is polled. A connection does one call at a time, as its lock says;
 * further ones wait their turn. */
#ifndef NEON_API_ASYNC_H
#define NEON_API_ASYNC_H

#include "api/api_enter.h"

enum async_how { POLLED, AT_ONCE }; /* async.def */
typedef SQLRETURN async_fn(const void *args);

/* The usual call: its statement wants nothing asynchronous, and its connection has nothing of the
 * kind under way, so that async_call would do no more than call the function. */
static inline bool async_is_at_once(SQLHSTMT h, enum async_how how)
{
    struct stmt *s = (struct stmt *)(void *)handle_check(h, HANDLE_STMT);

    return s != NULL && atomic_load(&s->dbc->async_running) == NULL &&
           !(how == POLLED && s->attrs.async_enable == SQL_ASYNC_ENABLE_ON);
}

/* Calls fn(args), asynchronously when the statement wants it. `function`: static text, its W form
 * counts as the same. HY010 when another function is executing on the statement. */
SQLRETURN async_call(SQLHSTMT h, const char *function, enum async_how how, async_fn *fn,
                     const void *args, size_t args_bytes);
/* Before a call that is not in async.def asks something in the connection's session (s NULL), or
 * ends what the session has for statement `s`: an asynchronous call of another statement that is
 * under way there is brought to its end. The caller holds the connection's lock. */
void async_free_session(struct dbc *d, const struct stmt *s);

#endif
