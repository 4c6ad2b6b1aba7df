/* SET, RESET and DISCARD over HTTP: by themselves, among other statements, and in a buffered
 * transaction. SELECT set_config(...) is setting_calls.c's, a session's own settings are
 * setting_session.c's. Called by execute.c, transaction.c and those. */
#include "stmt/setting_int.h"

#include "sql/transaction_text.h"
#include "stmt/execute.h"
#include "stmt/transaction.h"

static bool not_understood(const struct setting_text *t, struct err *e)
{
    if (t->name.failed != BUF_OK)
        return err_oom(e);
    return err_set_state(e, "42601", 0,
                         "The setting is not understood: SET name TO value, SET LOCAL name TO "
                         "value, RESET name and RESET ALL are possible.");
}

static bool read_text(const struct script_stmt *st, struct setting_text *t, struct err *e)
{
    return setting_text_read(sv_n(st->text, st->len), t) || not_understood(t, e);
}

bool setting_keep(struct stmt *s, const struct setting *one, bool lasting, struct err *e)
{
    struct dbc *d = s->dbc;

    if (transaction_is_open(d))
        return tx_add_setting(&d->tx, one, lasting, (size_t)d->options.max_request_bytes, e);
    return !lasting || dbc_apply_setting(d, one, e);
}

bool setting_value_at(struct stmt *s, size_t column, char **out, struct err *e)
{
    const struct cell *row;

    *out = NULL;
    if (!rows_fill(&s->rows, 1, e))
        return false;
    if (rows_available(&s->rows) == 0 || column >= (size_t)s->ird.count)
        return true;
    row = rows_at(&s->rows, 0);
    if (row[column].ptr == NULL)
        return true;
    *out = mem_strndup(row[column].ptr, row[column].len);
    return *out != NULL || err_oom(e);
}

static SQLRETURN nothing_comes_back(struct stmt *s)
{
    stmt_close(s);
    s->executed = true;
    return SQL_SUCCESS;
}

SQLRETURN setting_failed(struct stmt *s, struct err *e)
{
    stmt_close(s);
    return diag_post_err(&s->handle, e);
}

/* ---- SET and RESET of one name ---- */

#define SHOWN "SELECT pg_catalog.current_setting($1)"

/* Can it change where tables are made? */
static bool leads_somewhere(const char *name)
{
    return strcmp(name, "search_path") == 0 || strcmp(name, "role") == 0 ||
           strcmp(name, "session_authorization") == 0;
}

SQLRETURN setting_try(struct stmt *s, const struct setting *one)
{
    struct tx *t = &s->dbc->tx;
    const struct wire_param name = {one->name, strlen(one->name)};
    struct buf sql = BUF_INIT(0);
    struct wire_param params[2];
    struct wire_stmt stmts[2];
    bool leads = leads_somewhere(one->name);
    struct err e = ERR_INIT;
    bool used = t->used;
    bool open = transaction_is_open(s->dbc);
    size_t n = 0;
    SQLRETURN rc;

    if (!setting_wire(one, true, &sql, params, &n)) {
        err_oom(&e);
        buf_release(&sql);
        return setting_failed(s, &e);
    }
    stmts[0] = (struct wire_stmt){buf_sv(&sql), params, n};
    stmts[1] = (struct wire_stmt){leads ? SV_LIT(SHOWN ", " SETTINGS_PATH_CHECK) : SV_LIT(SHOWN),
                                  &name, 1};
    if (open && !setting_keep(s, one, false, &e)) {
        buf_release(&sql);
        return setting_failed(s, &e);
    }
    rc = execute_probe(s, stmts, 2);
    if (open)
        tx_drop_last(t);
    t->used = used;
    buf_release(&sql);
    return rc;
}

static SQLRETURN set_one(struct stmt *s, const struct setting_text *t)
{
    char *words = mem_strndup(t->words.ptr, t->words.len);
    struct setting one = {.name = t->name.data, .words = words};
    struct err e = ERR_INIT;
    char *value = NULL;
    bool ok;
    SQLRETURN rc;

    if (words == NULL) {
        err_oom(&e);
        return setting_failed(s, &e);
    }
    rc = setting_try(s, &one);
    if (!SQL_SUCCEEDED(rc)) {
        mem_free(words);
        return rc;
    }
    ok = setting_value_at(s, 0, &value, &e);
    one.words = NULL;
    one.value = value;
    if (ok && value == NULL)
        ok = err_set(&e, ST_HYC00, 0,
                     "The value of %s cannot be asked of the server, so it cannot be carried from "
                     "one request to the next.",
                     one.name);
    ok = ok && dbc_check_setting(s->dbc, one.name, value, &e) &&
         setting_keep(s, &one, !t->local, &e);
    mem_free(words);
    mem_free(value);
    return ok ? nothing_comes_back(s) : setting_failed(s, &e);
}

/* Back to the keyword's value, or the server's. A name that was never set is shown to the server,
 * so that a wrong one is an error as on TCP. */
static SQLRETURN reset_one(struct stmt *s, const struct setting_text *t)
{
    const struct setting *base = settings_find(&s->dbc->keyword_settings, t->name.data);
    struct setting one = {.name = t->name.data};
    struct err e = ERR_INIT;

    if (settings_find(&s->dbc->settings, t->name.data) == NULL) {
        SQLRETURN rc = setting_try(s, &one);
        if (!SQL_SUCCEEDED(rc))
            return rc;
    }
    if (base != NULL && transaction_is_open(s->dbc))
        one = *base;
    return setting_keep(s, &one, !t->local, &e) ? nothing_comes_back(s) : setting_failed(s, &e);
}

/* ---- all of them ---- */

static bool reset_waiting(struct dbc *d, const char *name, struct err *e)
{
    const struct setting *base = settings_find(&d->keyword_settings, name);
    struct setting one = {.name = (char *)(uintptr_t)name};

    if (strcmp(name, "role") == 0 || strcmp(name, "session_authorization") == 0)
        return true; /* RESET ALL leaves them */
    return tx_add_setting(&d->tx, base != NULL ? base : &one, true,
                          (size_t)d->options.max_request_bytes, e);
}

bool setting_keep_resets(struct dbc *d, bool everything, struct err *e)
{
    size_t n = d->tx.n_items;
    bool ok = true;

    if (!transaction_is_open(d))
        return dbc_reset_settings(d, everything, e);
    for (size_t i = 0; ok && i < d->settings.n; i++)
        ok = reset_waiting(d, d->settings.items[i].name, e);
    for (size_t i = 0; ok && i < n; i++)
        if (d->tx.items[i].kind == TX_SETTING)
            ok = reset_waiting(d, d->tx.items[i].setting->name, e);
    if (!ok)
        while (d->tx.n_items > n)
            tx_drop_last(&d->tx);
    return ok;
}

static SQLRETURN reset_all(struct stmt *s, bool everything)
{
    struct err e = ERR_INIT;

    return setting_keep_resets(s->dbc, everything, &e) ? nothing_comes_back(s)
                                                       : setting_failed(s, &e);
}

/* ---- SET SESSION CHARACTERISTICS AS TRANSACTION ---- */

static const char *level_name(enum transaction_level l)
{
    static const char *const names[] = {[LEVEL_READ_UNCOMMITTED] = "read uncommitted",
                                        [LEVEL_READ_COMMITTED] = "read committed",
                                        [LEVEL_REPEATABLE_READ] = "repeatable read",
                                        [LEVEL_SERIALIZABLE] = "serializable"};

    return l == LEVEL_UNSAID ? NULL : names[l];
}

static const char *switch_name(enum transaction_switch w)
{
    static const char *const names[] = {[SWITCH_OFF] = "off", [SWITCH_ON] = "on"};

    return w == SWITCH_UNSAID ? NULL : names[w];
}

/* No request: their values are known. */
bool setting_keep_modes(struct stmt *s, struct strview words, struct err *e)
{
    struct transaction_modes m;
    bool ok = transaction_modes_read(words, &m);

    if (!ok)
        return err_set_state(
            e, "42601", 0,
            "The transaction's modes are not understood: ISOLATION LEVEL ..., READ ONLY, "
            "READ WRITE and [NOT] DEFERRABLE are possible.");
    const struct {
        const char *name, *value;
    } set[] = {{"default_transaction_isolation", level_name(m.level)},
               {"default_transaction_read_only", switch_name(m.read_only)},
               {"default_transaction_deferrable", switch_name(m.deferrable)}};
    for (size_t i = 0; ok && i < ARRAY_LEN(set); i++) {
        struct setting one = {.name = (char *)(uintptr_t)set[i].name,
                              .value = (char *)(uintptr_t)set[i].value,
                              .optional = true};
        ok = one.value == NULL ||
             (dbc_check_setting(s->dbc, one.name, one.value, e) && setting_keep(s, &one, true, e));
    }
    return ok;
}

static SQLRETURN set_characteristics(struct stmt *s, struct strview words)
{
    struct err e = ERR_INIT;

    return setting_keep_modes(s, words, &e) ? nothing_comes_back(s) : setting_failed(s, &e);
}

bool setting_is_about(enum sql_class cls)
{
    return cls == SQLC_SET || cls == SQLC_SET_SESSION_CHARACTERISTICS || cls == SQLC_DISCARD;
}

SQLRETURN setting_run(struct stmt *s, const char *const *casts)
{
    const struct script_stmt *st = &s->script.stmts[0];
    struct setting_text t;
    struct err e = ERR_INIT;
    SQLRETURN rc;

    if (st->kind.cls == SQLC_SELECT)
        return setting_run_calls(s, casts);
    if (!read_text(st, &t, &e)) {
        buf_release(&t.name);
        return setting_failed(s, &e);
    }
    switch (t.verb) {
    case SETTING_SET:
        rc = set_one(s, &t);
        break;
    case SETTING_RESET:
        rc = reset_one(s, &t);
        break;
    case SETTING_RESET_ALL:
    case SETTING_DISCARD_ALL:
        rc = reset_all(s, t.verb == SETTING_DISCARD_ALL);
        break;
    case SETTING_CHARACTERISTICS:
        rc = set_characteristics(s, t.words);
        break;
    case SETTING_DISCARD:
    default:
        rc = nothing_comes_back(s);
        break;
    }
    buf_release(&t.name);
    return rc;
}

/* ---- among other statements ---- */

/* What the statement sets, in words or as a reset. False: not to be done among others. */
static bool as_setting(const struct dbc *d, const struct setting_text *t, char **words,
                       struct setting *one, struct err *e)
{
    bool known = t->verb == SETTING_SET || t->verb == SETTING_RESET;

    *words = NULL;
    if (!known ||
        (t->verb == SETTING_RESET &&
         settings_find(&d->keyword_settings, buf_str(&t->name)) != NULL) ||
        (t->verb == SETTING_SET && dbc_setting_matters(buf_str(&t->name))) ||
        strncmp(buf_str(&t->name), "default_transaction_", 20) == 0)
        return err_set(e, ST_HYC00, 0,
                       "This setting cannot be changed among other statements of one text. Send it "
                       "by itself.");
    if (t->verb == SETTING_SET)
        *words = mem_strndup(t->words.ptr, t->words.len);
    *one = (struct setting){.name = t->name.data, .words = *words};
    return t->verb == SETTING_RESET || *words != NULL || err_oom(e);
}

static bool is_set(const struct script_stmt *st)
{
    return st->kind.cls == SQLC_SET;
}

SQLRETURN setting_render_script(struct stmt *s, struct buf *texts)
{
    struct err e = ERR_INIT;
    bool ok = true;

    for (size_t i = 0; ok && i < s->script.n_stmts; i++) {
        struct setting_text t;
        struct setting one;
        char *words = NULL;
        size_t none;
        if (!is_set(&s->script.stmts[i]))
            continue;
        ok = read_text(&s->script.stmts[i], &t, &e) && as_setting(s->dbc, &t, &words, &one, &e);
        if (ok) {
            buf_reset(&texts[i]);
            ok = setting_wire(&one, true, &texts[i], NULL, &none) || err_oom(&e);
        }
        mem_free(words);
        buf_release(&t.name);
    }
    return ok ? SQL_SUCCESS : setting_failed(s, &e);
}

SQLRETURN setting_script_done(struct stmt *s, SQLRETURN rc)
{
    struct err e = ERR_INIT;
    bool ok = true;

    for (size_t i = 0; ok && i < s->script.n_stmts; i++) {
        struct setting_text t;
        struct setting one;
        char *words = NULL;
        if (!is_set(&s->script.stmts[i]))
            continue;
        ok = read_text(&s->script.stmts[i], &t, &e) && as_setting(s->dbc, &t, &words, &one, &e) &&
             dbc_apply_setting(s->dbc, &one, &e);
        mem_free(words);
        buf_release(&t.name);
    }
    return ok ? rc : setting_failed(s, &e);
}

bool setting_queue(struct stmt *s, const struct script_stmt *st, struct err *e)
{
    struct setting_text t;
    struct setting one;
    char *words = NULL;
    bool ok = read_text(st, &t, e) && as_setting(s->dbc, &t, &words, &one, e) &&
              setting_keep(s, &one, !t.local, e);

    mem_free(words);
    buf_release(&t.name);
    return ok;
}
