/* Builds the batches of reads in a buffered transaction, and their checks at the commit. Called by
 * execute_buffered.c. */
#include "stmt/preview.h"

#include "sql/read_shape.h"
#include "stmt/transaction.h"

/* The number of rows and a sum over their texts, in which NULLs and empty texts differ. Without an
 * order the sum does not depend on it; with one each row's hash is seeded with its place. A row is
 * hashed where it is read: nobody holds the result. */
#define ROW_HASH                                                                                   \
    "SELECT pg_catalog.count(*)::pg_catalog.text OPERATOR(pg_catalog.||) ':' "                     \
    "OPERATOR(pg_catalog.||) coalesce(pg_catalog.sum(pg_catalog.hashtextextended("                 \
    "neon_odbc_rows.t, neon_odbc_rows.n))::pg_catalog.text, '') AS c FROM ("                       \
    "SELECT neon_odbc_row::pg_catalog.text AS t, "
#define PLACE_ANY "0::pg_catalog.int8 AS n FROM (\n"
#define PLACE_ORDERED "pg_catalog.row_number() OVER () AS n FROM (\n"
#define ROW_HASH_END "\n) AS neon_odbc_row) AS neon_odbc_rows"

static bool append_checksum(struct buf *out, struct strview read, bool ordered)
{
    return buf_append_str(out, ROW_HASH) &&
           buf_append_str(out, ordered ? PLACE_ORDERED : PLACE_ANY) && buf_append_sv(out, read) &&
           buf_append_str(out, ROW_HASH_END);
}

static void add(struct preview *p, struct strview sql, const struct wire_param *params,
                size_t n_params)
{
    p->stmts[p->n++] = (struct wire_stmt){sql, params, n_params};
}

/* Must its rows be the same at the commit, and can they be compared? */
static bool is_checked(const struct dbc *d, const struct sql_kind *kind, struct strview read,
                       bool *ordered)
{
    struct read_shape shape;

    if (!transaction_checks_reads(d) || kind->cls != SQLC_SELECT ||
        (kind->flags & SQLF_EXPLAIN_ANALYZE) != 0)
        return false;
    shape = read_shape_of(read);
    *ordered = shape.ordered;
    return !shape.tableless;
}

bool preview_build(struct dbc *d, const struct wire_stmt *read, const struct sql_kind *kind,
                   struct preview *out, struct err *e)
{
    bool behind_writes = d->tx.n_writes > 0;
    /* A function that writes would be undone without a word; so the server refuses it. SHOW writes
     * nothing, and may ask for this very mode. */
    bool read_only = kind->cls != SQLC_SHOW || transaction_is_read_only(d);
    bool check;

    *out = (struct preview){.check_at = PREVIEW_NO_CHECK, .read_only = read_only && !behind_writes};
    buf_init(&out->check_sql, 0);
    check = is_checked(d, kind, read->sql, &out->ordered);
    out->stmts = mem_calloc(d->tx.n_items + 5, sizeof *out->stmts);
    if (out->stmts == NULL || (check && !append_checksum(&out->check_sql, read->sql, out->ordered)))
        return err_oom(e);
    if (!tx_prepare(&d->tx, e))
        return false;
    out->n = tx_wire(&d->tx, false, out->stmts);
    if (read_only && behind_writes)
        add(out, SV_LIT("SET TRANSACTION READ ONLY"), NULL, 0);
    if (check) {
        out->check_at = out->n;
        add(out, buf_sv(&out->check_sql), read->params, read->n_params);
    }
    out->n_before = out->n;
    add(out, read->sql, read->params, read->n_params);
    if (behind_writes) {
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

bool preview_add_check(struct dbc *d, const struct wire_stmt *read, bool ordered,
                       struct strview checksum, struct err *e)
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
        "('" TX_CHECK_FAILED " ' OPERATOR(pg_catalog.||) "
        "neon_check.c)::pg_catalog.int4 END FROM (",
        read->n_params + 1);
    ok = append_checksum(&sql, read->sql, ordered) && buf_append_str(&sql, ") AS neon_check");
    ok = ok ? tx_add(&d->tx, TX_CHECK, buf_sv(&sql), params, read->n_params + 1,
                     (size_t)d->options.max_request_bytes, e)
            : err_oom(e);
    buf_release(&sql);
    mem_free(params);
    return ok;
}
