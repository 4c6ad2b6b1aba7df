/* The four kinds of handle and what they have in common.
 *
 * Ownership: an environment owns nothing but its attributes; a connection owns its transport,
 * options and explicit descriptors; a statement owns its implicit descriptors. Locks: every call on
 * a connection, or on a statement or descriptor of it, holds dbc->lock (taken by api/api_enter.c,
 * nowhere else); SQLCancel takes dbc->cancel_lock only. */
#ifndef NEON_HANDLE_HANDLE_H
#define NEON_HANDLE_HANDLE_H

#include <pthread.h>
#include <stdatomic.h>

#include "handle/diag.h"

enum handle_kind {
    HANDLE_ENV = SQL_HANDLE_ENV,
    HANDLE_DBC = SQL_HANDLE_DBC,
    HANDLE_STMT = SQL_HANDLE_STMT,
    HANDLE_DESC = SQL_HANDLE_DESC,
};

#define HANDLE_MAGIC 0x4E4F4442u /* "NODB"; wiped when the handle is freed */

struct handle {
    uint32_t magic;
    enum handle_kind kind;
    struct handle *parent; /* a connection's environment, a statement's or descriptor's connection;
                              NULL: environment */
    struct diag diag;
};

struct env;
struct dbc;
struct desc;
struct stmt;

void handle_init(struct handle *h, enum handle_kind kind, struct handle *parent);
void handle_release(struct handle *h);
/* NULL unless p is a live handle of that kind. */
static inline struct handle *handle_check(void *p, enum handle_kind kind)
{
    struct handle *h = p;

    /* An address that no handle can have is the usual garbage; reading it could fault. */
    if (h == NULL || (uintptr_t)h % _Alignof(struct handle) != 0)
        return NULL;
    return h->magic == HANDLE_MAGIC && h->kind == kind ? h : NULL;
}
/* The environment a handle belongs to (never NULL). */
struct env *handle_env(struct handle *h);
/* The connection a handle belongs to, or NULL for an environment. */
struct dbc *handle_dbc(struct handle *h);

#endif
