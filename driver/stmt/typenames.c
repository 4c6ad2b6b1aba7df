/* Names of the types of a result that are not built in. Executing and fetching never need them, so
 * they are asked for when the application reads a field that depends on one: one request for all
 * such columns of the result, then none on this connection. Called by api/. */
#include "convert/typemap.h"
#include "stmt/stmt.h"

static bool is_built_in(uint32_t oid)
{
    return typemap_find(oid)->oid != 0;
}

/* The fields of a column that a type's name decides. */
static bool depends_on_name(SQLSMALLINT field)
{
    return field == SQL_DESC_TYPE_NAME || field == SQL_DESC_LOCAL_TYPE_NAME ||
           field == SQL_DESC_CASE_SENSITIVE;
}

static bool is_nameless(const struct desc_rec *r)
{
    return r->pg.type_oid != 0 && r->type_name == NULL && !is_built_in(r->pg.type_oid);
}

/* OIDs of the result that the connection has not met; their number. */
static size_t write_missing(const struct stmt *s, struct buf *list)
{
    size_t n = 0;

    for (size_t i = 1; i <= (size_t)s->ird.count; i++) {
        const struct desc_rec *r = desc_record(&s->ird, i);
        if (is_nameless(r) && type_names_find(&s->dbc->type_names, r->pg.type_oid) == NULL)
            buf_printf(list, "%s%u", n++ > 0 ? "," : "", (unsigned)r->pg.type_oid);
    }
    return n;
}

static bool take_row(struct dbc *d, const struct row_decoder *dec, struct err *e)
{
    const struct cell *c = row_decoder_row(dec);
    int64_t oid;

    if (row_decoder_n_columns(dec) != 2 || c[0].ptr == NULL || c[1].ptr == NULL ||
        !sv_to_i64(sv_n(c[0].ptr, c[0].len), &oid) || oid <= 0 || oid > UINT32_MAX)
        return err_set(e, ST_08S01, 0,
                       "The server's answer does not have the names of types that were asked for.");
    return type_names_add(&d->type_names, (uint32_t)oid, sv_n(c[1].ptr, c[1].len)) || err_oom(e);
}

static bool read_names(struct stmt *s, struct stream *st, struct err *e)
{
    for (;;) {
        switch (stream_next(st, false, e)) {
        case DECODE_END:
            return true;
        case DECODE_ERROR:
            return false;
        case DECODE_ROW:
            if (!take_row(s->dbc, st->decoder, e))
                return false;
            break;
        default:
            break;
        }
    }
}

static bool ask(struct stmt *s, const struct buf *list, struct err *e)
{
    struct stream st = {0};
    struct buf sql = BUF_INIT(0);
    struct wire_stmt one;
    struct wire_request r = {
        .stmts = &one,
        .n_stmts = 1,
        .repeatable = true,
        .deadline = stmt_deadline(s),
        .read_timeout_s = dbc_read_timeout_s(s->dbc),
    };
    bool ok;

    buf_append_str(&sql, "SELECT oid, typname FROM pg_catalog.pg_type WHERE oid IN (");
    buf_append_sv(&sql, buf_sv(list));
    buf_append_str(&sql, ")");
    one = (struct wire_stmt){buf_sv(&sql), NULL, 0};
    ok = sql.failed == BUF_OK || err_oom(e);
    if (ok) {
        ok = stmt_send(s, &st, &r, e) && read_names(s, &st, e);
        stmt_stop(s, &st);
        stream_release(&st);
    }
    buf_release(&sql);
    return ok;
}

/* A type that went away meanwhile keeps the name "unknown". */
static bool put_names(struct stmt *s, struct err *e)
{
    for (size_t i = 1; i <= (size_t)s->ird.count; i++) {
        struct desc_rec *r = desc_record(&s->ird, i);
        const char *name =
            is_nameless(r) ? type_names_find(&s->dbc->type_names, r->pg.type_oid) : NULL;
        if (name == NULL)
            continue;
        r->type_name = mem_strdup(name);
        if (r->type_name == NULL)
            return err_oom(e);
        if (strcmp(name, "citext") == 0)
            r->case_sensitive = SQL_FALSE;
    }
    return true;
}

SQLRETURN stmt_name_types(struct stmt *s, struct handle *post_on, size_t column, SQLSMALLINT field)
{
    const struct desc_rec *r = column > 0 ? desc_record(&s->ird, column) : NULL;
    struct buf missing = BUF_INIT(0);
    struct err e = ERR_INIT;
    bool ok;

    if (r == NULL || !depends_on_name(field) || !is_nameless(r))
        return SQL_SUCCESS;
    ok = write_missing(s, &missing) == 0 || (missing.failed == BUF_OK || err_oom(&e));
    if (ok && missing.len > 0)
        ok = ask(s, &missing, &e);
    ok = ok && put_names(s, &e);
    buf_release(&missing);
    return ok ? SQL_SUCCESS : diag_post_err(post_on, &e);
}
