/* Routines that were looked up. Called by stmt/routine_find.c and output_params.c;
 * cleared by execution and by dbc.c. */
#include "handle/routine_cache.h"

#include <string.h>

void routine_release(struct routine *r)
{
    mem_free(r->schema);
    mem_free(r->name);
    mem_free(r->modes);
    mem_free(r->arg_names);
    *r = (struct routine){0};
}

const struct routine *routine_cache_find(const struct routine_cache *c, const char *schema,
                                         const char *name, size_t n_args)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct routine *r = &c->items[i];
        if (r->n_args == n_args && strcmp(r->name, name) == 0 && strcmp(r->schema, schema) == 0)
            return r;
    }
    return NULL;
}

const struct routine *routine_cache_add(struct routine_cache *c, struct routine *r)
{
    struct routine *place = &c->items[c->next];

    if (c->n < ROUTINE_CACHE_MAX)
        c->n++;
    else
        routine_release(place);
    c->next = (c->next + 1) % ROUTINE_CACHE_MAX;
    *place = *r;
    *r = (struct routine){0};
    return place;
}

void routine_cache_clear(struct routine_cache *c)
{
    for (size_t i = 0; i < c->n; i++)
        routine_release(&c->items[i]);
    c->n = c->next = 0;
}

/* ---- arguments ---- */

bool routine_mode_is_input(char mode)
{
    return mode == 'i' || mode == 'b' || mode == 'v';
}

size_t routine_count_args(const char *modes, bool inputs_only)
{
    size_t n = 0;

    for (; *modes != '\0'; modes++)
        n += *modes != 't' && (!inputs_only || routine_mode_is_input(*modes));
    return n;
}

int routine_fitness(const char *modes, size_t n_defaults, size_t n)
{
    size_t all = routine_count_args(modes, false);
    size_t inputs = routine_count_args(modes, true);

    if (n == all)
        return 3;
    if (n == inputs)
        return 2;
    if (n < all && n + n_defaults >= inputs)
        return 1;
    return strchr(modes, 'v') != NULL && n >= inputs - 1 ? 1 : 0;
}
