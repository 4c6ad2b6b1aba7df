/* Calls that can stop in the middle and go on later, in whichever thread: asynchronous execution
 * without threads (SQL_STILL_EXECUTING). A fiber has a stack of its own; whoever would wait for the
 * network calls fiber_wait first, which leads back to fiber_resume. No lock may be held across
 * fiber_wait. */
#ifndef NEON_BASE_FIBER_H
#define NEON_BASE_FIBER_H

#include <stdbool.h>

struct fiber;
typedef void fiber_fn(void *arg);

/* NULL: out of memory, or not available on this system; the caller then calls fn directly. */
struct fiber *fiber_new(fiber_fn *fn, void *arg);
/* It must have ended. NULL is fine. */
void fiber_free(struct fiber *f);
/* Runs until it waits or ends; not from inside a fiber. True: it has ended. */
bool fiber_resume(struct fiber *f);
/* The same, but inside it waiting blocks, so that it ends. */
void fiber_finish(struct fiber *f);
/* In a fiber: back to fiber_resume; true when it was resumed. False: not in a fiber (or in
 * fiber_finish): the caller is to wait itself. */
bool fiber_wait(void);
/* The calling code runs inside a fiber. */
bool fiber_is_inside(void);

#endif
