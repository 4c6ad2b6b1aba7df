/* What the catalogue says of routines that {call} named: kept on the connection, so that a call
 * that is repeated costs one request. Bounded; the oldest goes first. Pure memory. */
#ifndef NEON_HANDLE_ROUTINE_CACHE_H
#define NEON_HANDLE_ROUTINE_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

#define ROUTINE_CACHE_MAX 32

struct routine {
    char *schema, *name; /* owned; schema "" = found on the search path */
    size_t n_args;       /* of the call that was looked up */
    bool found, is_procedure, returns_set;
    char *modes;     /* owned; one of i, o, b (both), v (variadic), t (table) for each argument */
    char *arg_names; /* owned; separated by \1; "" unknown */
};

struct routine_cache {
    struct routine items[ROUTINE_CACHE_MAX];
    size_t n, next; /* the place that is used next */
};

/* NULL: not there. Valid until the next change. */
const struct routine *routine_cache_find(const struct routine_cache *c, const char *schema,
                                         const char *name, size_t n_args);
/* Takes over what *r owns; the returned place holds it. */
const struct routine *routine_cache_add(struct routine_cache *c, struct routine *r);
void routine_release(struct routine *r);
/* After a statement that may have changed routines, and before disconnecting. */
void routine_cache_clear(struct routine_cache *c);

/* Of the modes above: does the caller give a value? */
bool routine_mode_is_input(char mode);
/* Arguments; those that a table function gives back ('t') are its columns. */
size_t routine_count_args(const char *modes, bool inputs_only);
/* How well an overload takes n arguments: 3 with all of them written, 2 with the inputs, 1 with
 * defaults or a variadic one, 0 not. */
int routine_fitness(const char *modes, size_t n_defaults, size_t n);

#endif
