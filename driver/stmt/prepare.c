/* SQLPrepare and what can be answered from the text alone. Sends nothing. Called by api/. */
#include "stmt/stmt.h"

static struct script_options script_options_of(const struct dbc *dbc, bool noscan)
{
    struct script_options o = {.noscan = noscan, .question = QUESTION_AUTO};

    if (dbc->connected) {
        o.question = (enum question_mark_mode)dbc->options.question_mark_operators;
        o.dollar_only = dbc->options.param_style == PARAM_STYLE_DOLLAR;
    }
    return o;
}

SQLRETURN stmt_prepare(struct stmt *s, struct strview text)
{
    struct script_options o = script_options_of(s->dbc, s->attrs.noscan != 0);
    struct script fresh = {0};
    struct err e = ERR_INIT;

    if (s->cursor_open)
        return diag_post(&s->handle, ST_24000, 0,
                         "A cursor is open on this statement: close it (SQLCloseCursor) before "
                         "preparing another text.");
    stmt_close(s);
    s->prepared = s->described = false;
    mem_free(s->learned);
    s->learned = NULL;
    if (!script_parse(text, &o, &fresh, &e))
        return diag_post_err(&s->handle, &e);
    script_release(&s->script);
    s->script = fresh;
    s->prepared = true;
    return SQL_SUCCESS;
}

SQLRETURN stmt_num_params(struct stmt *s, SQLSMALLINT *out)
{
    /* The text of SQLExecDirect counts too (the reference's HY010); a catalog function's result has
     * no markers. */
    if (!s->prepared && !s->executed)
        return diag_post(&s->handle, ST_HY010, 0,
                         "No statement is prepared or executed: call SQLPrepare first.");
    *out = (SQLSMALLINT)s->script.n_params;
    return SQL_SUCCESS;
}

static bool script_returns_no_rows(const struct script *sc)
{
    return sc->n_stmts > 0 && !sql_kind_may_return_rows(sc->stmts[0].kind);
}

SQLRETURN stmt_count_columns(struct stmt *s, struct handle *post_on, SQLSMALLINT *out)
{
    if (s->executed) {
        *out = s->ird.count;
        return SQL_SUCCESS;
    }
    if (!s->prepared)
        return diag_post(post_on, ST_HY010, 0, "No statement is prepared or executed.");
    if (script_returns_no_rows(&s->script)) {
        *out = 0;
        return SQL_SUCCESS;
    }
    if (!s->described) {
        SQLRETURN rc = stmt_describe_columns(s, post_on);
        if (!SQL_SUCCEEDED(rc))
            return rc;
    }
    *out = s->ird.count;
    return SQL_SUCCESS;
}

SQLRETURN stmt_num_result_cols(struct stmt *s, SQLSMALLINT *out)
{
    return stmt_count_columns(s, &s->handle, out);
}

SQLRETURN stmt_native_sql(struct dbc *dbc, struct strview text, struct buf *out)
{
    struct script_options o = script_options_of(dbc, false);
    struct script script = {0};
    struct err e = ERR_INIT;
    SQLRETURN rc = SQL_SUCCESS;

    if (!script_parse(text, &o, &script, &e))
        return diag_post_err(&dbc->handle, &e);
    if (!script_native(&script, out))
        rc = diag_post(&dbc->handle, ST_HY001, 0, "Out of memory.");
    script_release(&script);
    return rc;
}
