/* The prologue and epilogue of every entry point: is the handle alive, take the connection's lock,
 * clear diagnostics, check the state; and on the way out remember the return code and unlock. The
 * only place that locks. */
#ifndef NEON_API_ENTER_H
#define NEON_API_ENTER_H

#include "handle/dbc.h"
#include "handle/desc.h"
#include "stmt/stmt.h"

/* Marks the entry points: the only symbols that leave the library. */
#define NEON_EXPORT __attribute__((visibility("default")))

enum enter_flags {
    ENTER_PLAIN = 0,
    ENTER_NEED_DATA_OK = 1, /* allowed while a statement waits for data at execution */
    ENTER_KEEP_DIAG = 2,    /* SQLGetDiag*: diagnostics stay */
    ENTER_CONNECTED = 4,    /* 08003 otherwise (connection handles) */
    ENTER_ALL_DONE = 8,     /* HY010 while a statement executes asynchronously, or waits for data
                               (connection handles) */
};

/* NULL: the caller returns *rc (SQL_INVALID_HANDLE, or SQL_ERROR after posting). */
struct env *api_enter_env(SQLHENV h, const char *function, unsigned flags, SQLRETURN *rc);
struct dbc *api_enter_dbc(SQLHDBC h, const char *function, unsigned flags, SQLRETURN *rc);
struct stmt *api_enter_stmt(SQLHSTMT h, const char *function, unsigned flags, SQLRETURN *rc);
/* HY010 too while a statement that uses the descriptor is in the middle of something. */
struct desc *api_enter_desc(SQLHDESC h, const char *function, unsigned flags, SQLRETURN *rc);

/* Every one returns rc. */
SQLRETURN api_leave_env(struct env *e, SQLRETURN rc);
SQLRETURN api_leave_dbc(struct dbc *d, SQLRETURN rc);
SQLRETURN api_leave_stmt(struct stmt *s, SQLRETURN rc);
SQLRETURN api_leave_desc(struct desc *d, SQLRETURN rc);
/* SQLGetDiag*: the stored return code stays. */
void api_leave_keep(struct handle *h);

#endif
