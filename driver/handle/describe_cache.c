/* The cache of descriptions. Called by stmt/describe.c; cleared by execution and by dbc.c. */
#include "handle/describe_cache.h"

struct description *description_new(struct strview text, size_t n_params)
{
    struct description *d = mem_calloc(1, sizeof *d);

    if (d == NULL)
        return NULL;
    d->text = mem_strndup(text.ptr, text.len);
    d->text_len = text.len;
    d->param_oids = mem_calloc(n_params + 1, sizeof *d->param_oids);
    d->as_text = mem_calloc(n_params + 1, sizeof *d->as_text);
    d->n_params = n_params;
    if (d->text != NULL && d->param_oids != NULL && d->as_text != NULL)
        return d;
    description_free(d);
    return NULL;
}

static void free_columns(struct column *columns, size_t n)
{
    for (size_t i = 0; columns != NULL && i < n; i++)
        mem_free(columns[i].name);
    mem_free(columns);
}

void description_free(struct description *d)
{
    if (d == NULL)
        return;
    free_columns(d->columns, d->n_columns);
    mem_free(d->param_oids);
    mem_free(d->as_text);
    mem_free(d->text);
    mem_free(d);
}

bool description_set_columns(struct description *d, const struct column *columns, size_t n)
{
    struct column *copy = mem_calloc(n + 1, sizeof *copy);
    bool ok = copy != NULL;

    for (size_t i = 0; ok && i < n; i++) {
        copy[i] = columns[i];
        copy[i].name = mem_strndup(columns[i].name, columns[i].name_len);
        ok = copy[i].name != NULL;
    }
    if (!ok) {
        free_columns(copy, n);
        return false;
    }
    d->columns = copy;
    d->n_columns = n;
    d->has_columns = true;
    return true;
}

const struct description *describe_cache_find(struct describe_cache *c, struct strview text)
{
    for (struct description **at = &c->first; *at != NULL; at = &(*at)->next) {
        struct description *d = *at;
        if (sv_eq(sv_n(d->text, d->text_len), text)) {
            *at = d->next;
            d->next = c->first;
            c->first = d;
            return d;
        }
    }
    return NULL;
}

void describe_cache_add(struct describe_cache *c, struct description *d)
{
    d->next = c->first;
    c->first = d;
    if (++c->n <= DESCRIBE_CACHE_MAX)
        return;
    while (d->next->next != NULL)
        d = d->next;
    description_free(d->next);
    d->next = NULL;
    c->n--;
}

void describe_cache_clear(struct describe_cache *c)
{
    while (c->first != NULL) {
        struct description *next = c->first->next;
        description_free(c->first);
        c->first = next;
    }
    c->n = 0;
}
