/* The functions of transport.h that every kind of exchange answers in its own way: one POST
 * (http_curl.c), or a part of a session's conversation (pgwire_exchange.c). */
#include "transport/transport_int.h"

bool exchange_begin(struct exchange *x, const struct wire_request *r, struct err *e)
{
    return x->ops->begin(x, r, e);
}

struct exchange *exchange_start(struct transport *t, const struct wire_request *r, struct err *e)
{
    struct exchange *x = exchange_new(t, e);

    if (x == NULL || exchange_begin(x, r, e))
        return x;
    exchange_free(x);
    return NULL;
}

const struct exchange_info *exchange_info(const struct exchange *x)
{
    return x->ops->info(x);
}

enum exchange_read exchange_read(struct exchange *x, char *dst, size_t cap, size_t *got,
                                 struct err *e)
{
    return x->ops->read(x, dst, cap, got, e);
}

void exchange_note_rows(struct exchange *x, uint64_t n_rows)
{
    if (x->ops->note_rows != NULL)
        x->ops->note_rows(x, n_rows);
}

bool exchange_is_pgwire(const struct exchange *x)
{
    return x->ops->is_pgwire;
}

void exchange_cancel(struct exchange *x)
{
    x->ops->cancel(x);
}

void exchange_free(struct exchange *x)
{
    if (x != NULL)
        x->ops->free(x);
}
