/* The key of a table, asked on the side of the statement that needs it. Called by stmt/. */
#include "stmt/row_key.h"

#include <stdio.h>

#include "stmt/catalog_sql.h"

enum in_column { IN_SCHEMA, IN_TABLE, IN_IS_TABLE, IN_ATTNUM, IN_NAME, IN_COUNT };

/* $1 the table's OID; one row for each column of the key, or one without a column. */
static const char key_sql[] =
    "SELECT n.nspname, c.relname, c.relkind" EQ "ANY (ARRAY['r', 'p']::\"char\"[]), a.attnum, "
    "a.attname FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid" EQ "c.relnamespace "
    "LEFT JOIN LATERAL " BEST_KEY(
        "false") " k ON true "
                 "LEFT JOIN LATERAL pg_catalog.unnest(k.indkey) WITH ORDINALITY AS kc(attnum, seq) "
                 "ON kc.seq" LE "k.indnkeyatts "
                 "LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid" EQ "c.oid AND a.attnum" EQ
                 "kc.attnum "
                 "WHERE c.oid" EQ "$1::pg_catalog.oid ORDER BY kc.seq";

void row_key_release(struct row_key *k)
{
    for (size_t i = 0; i < k->n; i++)
        mem_free(k->columns[i].name);
    mem_free(k->schema);
    mem_free(k->table);
    *k = (struct row_key){.n = 0};
}

static char *copy(struct cell c)
{
    return mem_strndup(c.ptr != NULL ? c.ptr : "", c.len);
}

static bool take_row(struct row_key *k, const struct row_decoder *dec, struct err *e)
{
    const struct cell *c = row_decoder_row(dec);
    int64_t attnum;

    if (row_decoder_n_columns(dec) != IN_COUNT || c[IN_SCHEMA].ptr == NULL)
        return err_set(e, ST_08S01, 0,
                       "The server's answer does not have the table's key that was asked for.");
    if (k->table == NULL) {
        k->schema = copy(c[IN_SCHEMA]);
        k->table = copy(c[IN_TABLE]);
        k->is_table = c[IN_IS_TABLE].len == 1 && c[IN_IS_TABLE].ptr[0] == 't';
        if (k->schema == NULL || k->table == NULL)
            return err_oom(e);
    }
    if (c[IN_ATTNUM].ptr == NULL || k->n == ROW_KEY_MAX_COLUMNS ||
        !sv_to_i64(sv_n(c[IN_ATTNUM].ptr, c[IN_ATTNUM].len), &attnum))
        return true;
    k->columns[k->n].attnum = (int16_t)attnum;
    k->columns[k->n].name = copy(c[IN_NAME]);
    return k->columns[k->n++].name != NULL || err_oom(e);
}

static bool read_rows(struct stream *st, struct row_key *k, struct err *e)
{
    for (;;) {
        switch (stream_next(st, false, e)) {
        case DECODE_END:
            return true;
        case DECODE_ERROR:
            return false;
        case DECODE_ROW:
            if (!take_row(k, st->decoder, e))
                return false;
            break;
        default:
            break;
        }
    }
}

bool stmt_row_key(struct stmt *s, uint32_t table_oid, struct row_key *out, struct err *e)
{
    struct stream st = {0};
    char text[16];
    struct wire_param param = {text, (size_t)snprintf(text, sizeof text, "%u", table_oid)};
    struct wire_stmt one = {sv(key_sql), &param, 1};
    struct wire_request r = {
        .stmts = &one,
        .n_stmts = 1,
        .repeatable = true,
        .deadline = stmt_deadline(s),
        .read_timeout_s = dbc_read_timeout_s(s->dbc),
    };
    bool ok;

    *out = (struct row_key){.n = 0};
    ok = stmt_send(s, &st, &r, e) && read_rows(&st, out, e);
    stmt_stop(s, &st);
    stream_release(&st);
    if (ok && out->table == NULL)
        ok = err_set(e, ST_42S02, 0, "The table that the result came from is not there any more.");
    if (!ok)
        row_key_release(out);
    return ok;
}
