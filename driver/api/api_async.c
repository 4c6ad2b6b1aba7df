/* Runs calls in fibers and decides whose turn it is. The calls themselves know nothing of it.
 * Called by async_api.c. */
#include "api/api_async.h"

#include "base/fiber.h"

#include <stddef.h>

#define ARGS_MAX_BYTES 128

/* One call that is executing; stmt->async points to it. */
struct async_op {
    struct fiber *fiber;
    const char *function;
    async_fn *fn;
    SQLRETURN rc;
    bool started, done;
    _Alignas(max_align_t) char args[ARGS_MAX_BYTES];
};

static void run(void *arg)
{
    struct async_op *op = arg;

    op->rc = op->fn(op->args);
}

static struct async_op *op_new(const char *function, async_fn *fn, const void *args,
                               size_t args_bytes)
{
    struct async_op *op = args_bytes <= ARGS_MAX_BYTES ? mem_calloc(1, sizeof *op) : NULL;

    if (op == NULL)
        return NULL;
    op->function = function;
    op->fn = fn;
    memcpy(op->args, args, args_bytes);
    op->fiber = fiber_new(run, op);
    if (op->fiber != NULL)
        return op;
    mem_free(op);
    return NULL;
}

static void op_free(struct async_op *op)
{
    fiber_free(op->fiber);
    mem_free(op);
}

/* Names without a last W. */
static bool same_function(const char *a, const char *b)
{
    size_t n = strlen(a);
    size_t m = strlen(b);

    n -= n > 0 && a[n - 1] == 'W';
    m -= m > 0 && b[m - 1] == 'W';
    return n == m && memcmp(a, b, n) == 0;
}

/* Lets the statement's call go on. */
static void advance(struct stmt *s, bool to_the_end)
{
    struct dbc *d = s->dbc;
    struct async_op *op = s->async;

    op->started = true;
    atomic_store(&d->async_running, s);
    if (to_the_end)
        fiber_finish(op->fiber);
    op->done = to_the_end || fiber_resume(op->fiber);
    if (op->done)
        atomic_store(&d->async_running, (struct stmt *)NULL);
}

/* The call of another statement comes first. False: it is not finished. */
static bool others_are_done(struct stmt *s)
{
    struct stmt *other = atomic_load(&s->dbc->async_running);

    if (other == NULL || other == s)
        return true;
    advance(other, false);
    return other->async->done;
}

static SQLRETURN poll(struct stmt *s)
{
    struct async_op *op = s->async;
    SQLRETURN rc;

    if (!op->started && atomic_exchange(&s->cancel_pending, false)) {
        op->done = true;
        op->rc = diag_post(&s->handle, ST_HY008, 0, "The statement was cancelled.");
    }
    if (!op->done && others_are_done(s))
        advance(s, false);
    if (!op->done) {
        s->handle.diag.return_code = SQL_STILL_EXECUTING;
        return SQL_STILL_EXECUTING;
    }
    rc = op->rc;
    s->async = NULL;
    op_free(op);
    return rc;
}

/* An ordinary call behind an asynchronous one of another statement: that one is brought to its end;
 * its result waits for whoever polls it. */
static void finish_other(struct dbc *d, const struct stmt *s)
{
    struct stmt *other = atomic_load(&d->async_running);

    if (other != NULL && other != s)
        advance(other, true);
}

void async_free_session(struct dbc *d, const struct stmt *s)
{
    if (d->session != NULL && (s == NULL || s->stream.exchange != NULL) && !fiber_is_inside())
        finish_other(d, s);
}

static SQLRETURN wrong_function(struct stmt *s)
{
    return diag_post(&s->handle, ST_HY010, 0,
                     "%s is executing asynchronously on this statement: call it again until it is "
                     "done, or SQLCancel.",
                     s->async->function);
}

SQLRETURN async_call(SQLHSTMT h, const char *function, enum async_how how, async_fn *fn,
                     const void *args, size_t args_bytes)
{
    struct stmt *s = (struct stmt *)(void *)handle_check(h, HANDLE_STMT);
    bool wanted;
    SQLRETURN rc;

    if (s == NULL || fiber_is_inside())
        return fn(args);
    wanted = how == POLLED && s->attrs.async_enable == SQL_ASYNC_ENABLE_ON;
    if (!wanted && atomic_load(&s->dbc->async_running) == NULL)
        return fn(args);
    pthread_mutex_lock(&s->dbc->lock);
    if (s->async == NULL && wanted) {
        s->async = op_new(function, fn, args, args_bytes);
        atomic_store(&s->cancel_pending, false);
        diag_clear(&s->handle.diag);
    }
    if (s->async == NULL) { /* not asynchronous, or no memory for it: at once */
        finish_other(s->dbc, s);
        pthread_mutex_unlock(&s->dbc->lock);
        return fn(args);
    }
    rc = same_function(s->async->function, function) ? poll(s) : wrong_function(s);
    pthread_mutex_unlock(&s->dbc->lock);
    return rc;
}
