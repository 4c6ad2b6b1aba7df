/* SELECT set_config(...) that does nothing else: the server takes each value for its request alone,
 * and the driver keeps those that are to last. Called by setting.c. */
#include "stmt/setting_int.h"

#include "stmt/execute.h"

static bool call_name(const struct stmt *s, const struct setting_call *c, struct buf *out)
{
    const struct wire_param *p;

    if (c->param == 0)
        return setting_call_name(c->name, out);
    p = &s->wire_params[c->param - 1];
    for (size_t i = 0; p->ptr != NULL && i < p->len; i++)
        buf_append_char(out, ascii_lower(p->ptr[i]));
    return out->failed == BUF_OK && out->len > 0;
}

/* What the call has set; one->value NULL: nothing that is kept. *name and one->value are the
 * caller's to release. */
static bool read_call(struct stmt *s, const struct setting_call *c, size_t column, struct buf *name,
                      struct setting *one, struct err *e)
{
    char *value = NULL;

    *one = (struct setting){0};
    if (!setting_value_at(s, column, &value, e))
        return false;
    if (value != NULL && call_name(s, c, name)) {
        *one = (struct setting){.name = name->data, .value = value};
        return true;
    }
    mem_free(value);
    return name->failed == BUF_OK || err_oom(e);
}

static bool keep_call(struct stmt *s, const struct setting_call *c, size_t column, struct err *e)
{
    struct buf name = BUF_INIT(4096);
    struct setting one;
    bool ok = read_call(s, c, column, &name, &one, e);

    if (ok && one.value != NULL)
        ok = dbc_check_setting(s->dbc, one.name, one.value, e) &&
             setting_keep(s, &one, c->lasting, e);
    mem_free(one.value);
    buf_release(&name);
    return ok;
}

/* A search_path that may lead to pg_temp is shown to the server once more, which says whether it
 * does. The rows of the statement are gone then. */
static SQLRETURN try_path(struct stmt *s, const struct setting_call *c, size_t column, bool *tried)
{
    struct buf name = BUF_INIT(4096);
    struct err e = ERR_INIT;
    struct setting one;
    SQLRETURN rc = SQL_SUCCESS;

    if (!read_call(s, c, column, &name, &one, &e))
        rc = setting_failed(s, &e);
    else if (one.value != NULL && setting_path_is_in_doubt(&one)) {
        *tried = true;
        rc = dbc_check_setting(s->dbc, one.name, one.value, &e) ? setting_try(s, &one)
                                                                : setting_failed(s, &e);
    }
    mem_free(one.value);
    buf_release(&name);
    return rc;
}

static SQLRETURN ask_calls(struct stmt *s, const struct wire_stmt *local,
                           const struct setting_call *calls, size_t n)
{
    SQLRETURN rc = execute_probe(s, local, 1);
    bool tried = false;

    for (size_t i = 0; i < n && !tried && SQL_SUCCEEDED(rc); i++)
        rc = try_path(s, &calls[i], i, &tried);
    return tried && SQL_SUCCEEDED(rc) ? execute_probe(s, local, 1) : rc;
}

SQLRETURN setting_run_calls(struct stmt *s, const char *const *casts)
{
    const struct script_stmt *st = &s->script.stmts[0];
    struct setting_call calls[SETTING_MAX_CALLS];
    struct buf text = BUF_INIT(0), local = BUF_INIT(0);
    struct err e = ERR_INIT;
    bool used = s->dbc->tx.used;
    SQLRETURN rc;
    size_t n = 0;
    bool ok = script_render(st, casts, &text);

    if (ok)
        n = setting_calls_read(buf_sv(&text), calls, ARRAY_LEN(calls));
    ok = ok && setting_calls_write_local(buf_sv(&text), calls, n, &local);
    if (!ok) {
        err_oom(&e);
        rc = setting_failed(s, &e);
    } else {
        const struct wire_stmt one = {buf_sv(&local), s->wire_params, st->n_params};
        rc = ask_calls(s, &one, calls, n);
        s->dbc->tx.used = used;
    }
    for (size_t i = 0; ok && i < n && SQL_SUCCEEDED(rc); i++)
        if (!keep_call(s, &calls[i], i, &e))
            rc = setting_failed(s, &e);
    buf_release(&text);
    buf_release(&local);
    return rc;
}
