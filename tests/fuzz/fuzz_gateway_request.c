/* The body of POST /sql, which anybody can send: must never crash, and what it accepts must be
 * complete statements. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_statement(const struct statement *st)
{
    if (!st->sql || (st->n_params > 0 && !st->params) || st->nul_param > st->n_params)
        abort();
    for (size_t i = 0; i < st->n_params; i++)
        if (st->params[i] && strlen(st->params[i]) > ((size_t)1 << 40))
            abort();
    if (!st->sql_has_nul && strlen(st->sql) > ((size_t)1 << 40))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct request rq = {0};
    struct failure f = {0};
    bool ok = request_parse(&rq, (const char *)data, size, true, &f);

    if (ok != (f.status == 0) || (ok && !rq.batch && rq.n_statements != 1))
        abort();
    for (size_t i = 0; ok && i < rq.n_statements; i++)
        check_statement(&rq.statements[i]);
    request_release(&rq);
    failure_release(&f);
    return 0;
}
