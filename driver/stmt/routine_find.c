/* Asks the catalogue about routines. Called by output_params.c. */
#include "stmt/routine_find.h"

/* Newest first is as good as any order among overloads that fit. */
#define LOOKUP                                                                                     \
    "SELECT p.prokind::pg_catalog.text, p.proretset::pg_catalog.text, "                            \
    "coalesce(pg_catalog.array_to_string(p.proargmodes, ''), pg_catalog.repeat('i', "              \
    "p.pronargs::pg_catalog.int4)), "                                                              \
    "coalesce(pg_catalog.array_to_string(p.proargnames, pg_catalog.chr(1), ''), ''), "             \
    "p.pronargdefaults::pg_catalog.text "                                                          \
    "FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n "                              \
    "ON n.oid OPERATOR(pg_catalog.=) p.pronamespace "                                              \
    "WHERE p.proname OPERATOR(pg_catalog.=) $1::pg_catalog.name "                                  \
    "AND CASE WHEN $2::pg_catalog.text OPERATOR(pg_catalog.=) '' "                                 \
    "THEN pg_catalog.pg_function_is_visible(p.oid) "                                               \
    "ELSE n.nspname OPERATOR(pg_catalog.=) $2::pg_catalog.name END "                               \
    "ORDER BY p.oid DESC"
enum { COL_KIND, COL_RETURNS_SET, COL_MODES, COL_NAMES, COL_DEFAULTS, COL_COUNT };

static char *copy_cell(const struct cell *c)
{
    return mem_strndup(c->ptr != NULL ? c->ptr : "", c->ptr != NULL ? c->len : 0);
}

static bool take_overload(struct routine *r, const struct cell *row, int *best, struct err *e)
{
    char *modes = copy_cell(&row[COL_MODES]);
    size_t n_defaults = 0;
    int fit;

    if (modes == NULL)
        return err_oom(e);
    for (size_t i = 0; row[COL_DEFAULTS].ptr != NULL && i < row[COL_DEFAULTS].len; i++)
        n_defaults = n_defaults * 10 + (size_t)(row[COL_DEFAULTS].ptr[i] - '0');
    fit = routine_fitness(modes, n_defaults, r->n_args);
    if (fit <= *best) {
        mem_free(modes);
        return true;
    }
    *best = fit;
    mem_free(r->modes);
    mem_free(r->arg_names);
    r->modes = modes;
    r->arg_names = copy_cell(&row[COL_NAMES]);
    r->found = true;
    r->is_procedure = row[COL_KIND].len == 1 && row[COL_KIND].ptr[0] == 'p';
    r->returns_set = row[COL_RETURNS_SET].len > 0 && row[COL_RETURNS_SET].ptr[0] == 't';
    return r->arg_names != NULL || err_oom(e);
}

static bool read_overloads(struct routine *r, struct stream *st, struct err *e)
{
    int best = 0;

    for (;;) {
        enum decode_event ev = stream_next(st, false, e);
        if (ev == DECODE_END)
            return true;
        if (ev == DECODE_ERROR)
            return false;
        if (ev == DECODE_ROW && row_decoder_n_columns(st->decoder) == COL_COUNT &&
            !take_overload(r, row_decoder_row(st->decoder), &best, e))
            return false;
    }
}

static bool look_up(struct stmt *s, const struct call_text *c, struct routine *r, struct err *e)
{
    struct stream st = {0};
    const struct wire_param params[] = {{c->name, strlen(c->name)}, {c->schema, strlen(c->schema)}};
    const struct wire_stmt ws = {SV_LIT(LOOKUP), params, ARRAY_LEN(params)};
    const struct wire_request q = {
        .stmts = &ws,
        .n_stmts = 1,
        .batch = true,
        .read_only = true,
        .repeatable = true,
        .deadline = stmt_deadline(s),
        .read_timeout_s = dbc_read_timeout_s(s->dbc),
    };
    bool ok;

    *r = (struct routine){
        .schema = mem_strdup(c->schema), .name = mem_strdup(c->name), .n_args = c->n_args};
    ok = r->schema != NULL && r->name != NULL;
    ok = ok ? stmt_send(s, &st, &q, e) && read_overloads(r, &st, e) : err_oom(e);
    stmt_stop(s, &st);
    stream_release(&st);
    return ok;
}

SQLRETURN routine_find(struct stmt *s, const struct call_text *c, const struct routine **out)
{
    struct err e = ERR_INIT;
    struct routine r;

    *out = routine_cache_find(&s->dbc->routines, c->schema, c->name, c->n_args);
    if (*out == NULL) {
        if (!look_up(s, c, &r, &e)) {
            routine_release(&r);
            return diag_post_err(&s->handle, &e);
        }
        /* What is not there yet may be made by the next statement. */
        if (r.found)
            *out = routine_cache_add(&s->dbc->routines, &r);
        routine_release(&r);
    }
    return SQL_SUCCESS;
}
