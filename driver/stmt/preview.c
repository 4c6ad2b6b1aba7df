/* Builds the batches of reads in a buffered transaction, and their checks at the commit. Called by
 * execute.c. */
#include "stmt/preview.h"

#include "stmt/transaction.h"

/* The number of rows and a sum over them that does not depend on their order; NULLs and empty texts
 * differ in a row's text. */
#define CHECKSUM                                                                                   \
    "SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' "                     \
    "OPERATOR(pg_catalog.||) "                                                                     \
    "coalesce(pg_catalog.sum(pg_catalog.hashtextextended(neon_row::pg_catalog.text, "              \
    "0))::pg_catalog.text, '') AS c "                                                              \
    "FROM (\n"
#define CHECKSUM_END "\n) AS neon_row"

static bool append_checksum(struct buf *out, struct strview read)
{
    return buf_append_str(out, CHECKSUM) && buf_append_sv(out, read) &&
           buf_append_str(out, CHECKSUM_END);
}

static void add(struct preview *p, struct strview sql, const struct wire_param *params,
                size_t n_params)
{
    p->stmts[p->n++] = (struct wire_stmt){sql, params, n_params};
}

bool preview_build(const struct dbc *d, const struct wire_stmt *read, bool wrappable,
                   struct preview *out, struct err *e)
{
    bool check = wrappable && transaction_checks_reads(d);

    *out = (struct preview){.check_at = PREVIEW_NO_CHECK, .read_only = d->tx.n_writes == 0};
    buf_init(&out->check_sql, 0);
    out->stmts = mem_calloc(d->tx.n_items + 5, sizeof *out->stmts);
    if (out->stmts == NULL || (check && !append_checksum(&out->check_sql, read->sql)))
        return err_oom(e);
    out->n = tx_wire(&d->tx, false, out->stmts);
    /* A function that writes would be undone without a word; now the server refuses it. */
    if (!out->read_only)
        add(out, SV_LIT("SET TRANSACTION READ ONLY"), NULL, 0);
    if (check) {
        out->check_at = out->n;
        add(out, buf_sv(&out->check_sql), read->params, read->n_params);
    }
    out->n_before = out->n;
    add(out, read->sql, read->params, read->n_params);
    if (!out->read_only) {
        add(out, SV_LIT("ROLLBACK"), NULL, 0);
        out->n_behind = 1;
    }
    return true;
}

void preview_release(struct preview *p)
{
    buf_release(&p->check_sql);
    mem_free(p->stmts);
}

bool preview_add_check(struct dbc *d, const struct wire_stmt *read, struct strview checksum,
                       struct err *e)
{
    struct buf sql = BUF_INIT(0);
    struct wire_param *params = mem_calloc(read->n_params + 1, sizeof *params);
    bool ok;

    if (params == NULL)
        return err_oom(e);
    for (size_t i = 0; i < read->n_params; i++)
        params[i] = read->params[i];
    params[read->n_params] = (struct wire_param){checksum.ptr, checksum.len};
    buf_printf(
        &sql,
        "SELECT CASE WHEN neon_check.c OPERATOR(pg_catalog.=) $%zu::pg_catalog.text THEN 1 ELSE "
        "('neon_odbc_serialization_failure ' OPERATOR(pg_catalog.||) "
        "neon_check.c)::pg_catalog.int4 END FROM (",
        read->n_params + 1);
    ok = append_checksum(&sql, read->sql) && buf_append_str(&sql, ") AS neon_check");
    ok = ok ? tx_add(&d->tx, TX_CHECK, buf_sv(&sql), params, read->n_params + 1,
                     (size_t)d->options.max_request_bytes, e)
            : err_oom(e);
    buf_release(&sql);
    mem_free(params);
    return ok;
}
