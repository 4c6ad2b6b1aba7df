/* Runs statements about settings. Called by execute.c and transaction.c. */
#include "stmt/setting.h"

#include "base/clock.h"
#include "sql/setting_text.h"
#include "sql/token.h"
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

/* It holds from now on: for the connection, or for the transaction that is open. */
static bool keep(struct stmt *s, const struct setting *one, bool lasting, struct err *e)
{
    struct dbc *d = s->dbc;

    if (transaction_is_open(d))
        return tx_add_setting(&d->tx, one, lasting, (size_t)d->options.max_request_bytes, e);
    return !lasting || dbc_apply_setting(d, one, e);
}

/* The value in the first row's column `at`; *out NULL when it is NULL or not there. False: the
 * answer could not be read. */
static bool value_at(struct stmt *s, size_t at, char **out, struct err *e)
{
    const struct cell *row;

    *out = NULL;
    if (!rows_fill(&s->rows, 1, e))
        return false;
    if (rows_available(&s->rows) == 0 || at >= (size_t)s->ird.count)
        return true;
    row = rows_at(&s->rows, 0);
    if (row[at].ptr == NULL)
        return true;
    *out = mem_strndup(row[at].ptr, row[at].len);
    return *out != NULL || err_oom(e);
}

static SQLRETURN nothing_comes_back(struct stmt *s)
{
    stmt_close(s);
    s->executed = true;
    return SQL_SUCCESS;
}

static SQLRETURN post(struct stmt *s, struct err *e)
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

/* Asks what the setting has become behind `one`, which is SET LOCAL in that request: so the server
 * has seen name and value. */
static SQLRETURN try_setting(struct stmt *s, const struct setting *one)
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
        return post(s, &e);
    }
    stmts[0] = (struct wire_stmt){buf_sv(&sql), params, n};
    stmts[1] = (struct wire_stmt){leads ? SV_LIT(SHOWN ", " SETTINGS_PATH_CHECK) : SV_LIT(SHOWN),
                                  &name, 1};
    if (open && !keep(s, one, false, &e)) {
        buf_release(&sql);
        return post(s, &e);
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
        return post(s, &e);
    }
    rc = try_setting(s, &one);
    if (!SQL_SUCCEEDED(rc)) {
        mem_free(words);
        return rc;
    }
    ok = value_at(s, 0, &value, &e);
    one.words = NULL;
    one.value = value;
    if (ok && value == NULL)
        ok = err_set(&e, ST_HYC00, 0,
                     "The value of %s cannot be asked of the server, so it cannot be carried from "
                     "one request to the next.",
                     one.name);
    ok = ok && dbc_check_setting(s->dbc, one.name, value, &e) && keep(s, &one, !t->local, &e);
    mem_free(words);
    mem_free(value);
    return ok ? nothing_comes_back(s) : post(s, &e);
}

/* Back to the keyword's value, or the server's. A name that was never set is shown to the server,
 * so that a wrong one is an error as on TCP. */
static SQLRETURN reset_one(struct stmt *s, const struct setting_text *t)
{
    const struct setting *base = settings_find(&s->dbc->keyword_settings, t->name.data);
    struct setting one = {.name = t->name.data};
    struct err e = ERR_INIT;

    if (settings_find(&s->dbc->settings, t->name.data) == NULL) {
        SQLRETURN rc = try_setting(s, &one);
        if (!SQL_SUCCEEDED(rc))
            return rc;
    }
    if (base != NULL && transaction_is_open(s->dbc))
        one = *base;
    return keep(s, &one, !t->local, &e) ? nothing_comes_back(s) : post(s, &e);
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

static bool reset_all_names(struct dbc *d, bool everything, struct err *e)
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

    return reset_all_names(s->dbc, everything, &e) ? nothing_comes_back(s) : post(s, &e);
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

/* PostgreSQL has the same three settings behind it. No request: their values are known. */
static bool keep_characteristics(struct stmt *s, struct strview words, struct err *e)
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
             (dbc_check_setting(s->dbc, one.name, one.value, e) && keep(s, &one, true, e));
    }
    return ok;
}

static SQLRETURN set_characteristics(struct stmt *s, struct strview words)
{
    struct err e = ERR_INIT;

    return keep_characteristics(s, words, &e) ? nothing_comes_back(s) : post(s, &e);
}

/* ---- SELECT set_config(...) ---- */

/* The statement with every third argument true: what is to last, the driver keeps. */
static bool write_local(struct strview text, const struct setting_call *calls, size_t n,
                        struct buf *out)
{
    size_t at = 0;

    for (size_t i = 0; i < n; i++) {
        buf_append(out, text.ptr + at, calls[i].flag_at - at);
        buf_append_str(out, "true");
        at = calls[i].flag_at + calls[i].flag_len;
    }
    buf_append(out, text.ptr + at, text.len - at);
    return out->failed == BUF_OK;
}

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
    if (!value_at(s, column, &value, e))
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
        ok = dbc_check_setting(s->dbc, one.name, one.value, e) && keep(s, &one, c->lasting, e);
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
        rc = post(s, &e);
    else if (one.value != NULL && setting_path_is_in_doubt(&one)) {
        *tried = true;
        rc =
            dbc_check_setting(s->dbc, one.name, one.value, &e) ? try_setting(s, &one) : post(s, &e);
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

static SQLRETURN run_calls(struct stmt *s, const char *const *casts)
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
    ok = ok && write_local(buf_sv(&text), calls, n, &local);
    if (!ok) {
        err_oom(&e);
        rc = post(s, &e);
    } else {
        const struct wire_stmt one = {buf_sv(&local), s->wire_params, st->n_params};
        rc = ask_calls(s, &one, calls, n);
        s->dbc->tx.used = used;
    }
    for (size_t i = 0; ok && i < n && SQL_SUCCEEDED(rc); i++)
        if (!keep_call(s, &calls[i], i, &e))
            rc = post(s, &e);
    buf_release(&text);
    buf_release(&local);
    return rc;
}

SQLRETURN setting_run(struct stmt *s, const char *const *casts)
{
    const struct script_stmt *st = &s->script.stmts[0];
    struct setting_text t;
    struct err e = ERR_INIT;
    SQLRETURN rc;

    if (st->kind.cls == SQLC_SELECT)
        return run_calls(s, casts);
    if (!read_text(st, &t, &e)) {
        buf_release(&t.name);
        return post(s, &e);
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
    return ok ? SQL_SUCCESS : post(s, &e);
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
    return ok ? rc : post(s, &e);
}

bool setting_queue(struct stmt *s, const struct script_stmt *st, struct err *e)
{
    struct setting_text t;
    struct setting one;
    char *words = NULL;
    bool ok = read_text(st, &t, e) && as_setting(s->dbc, &t, &words, &one, e) &&
              keep(s, &one, !t.local, e);

    mem_free(words);
    buf_release(&t.name);
    return ok;
}

/* ---- in a session, which has them itself: what another one would have to be told ---- */

bool setting_is_about(enum sql_class cls)
{
    return cls == SQLC_SET || cls == SQLC_SET_SESSION_CHARACTERISTICS || cls == SQLC_DISCARD;
}

static bool note_set(struct stmt *s, const struct setting_text *t, struct err *e)
{
    /* those whose value the driver goes by */
    bool plain = strncmp(buf_str(&t->name), "default_transaction_", 20) == 0 ||
                 strcmp(buf_str(&t->name), "statement_timeout") == 0;
    struct buf value = BUF_INIT(4096);
    struct setting one = {.name = t->name.data};
    char *words = NULL;
    bool ok = true;

    if (plain && setting_plain_value(t->words, &value))
        one.value = value.data;
    else
        ok = (one.words = words = mem_strndup(t->words.ptr, t->words.len)) != NULL || err_oom(e);
    ok = ok && keep(s, &one, true, e);
    mem_free(words);
    buf_release(&value);
    return ok;
}

/* RESET has gone back to the server's own value: keywords say another. */
static bool tell(struct dbc *d, const struct settings *those, const char *name, struct err *e)
{
    struct settings one = {0};
    const struct setting *base = name != NULL ? settings_find(those, name) : NULL;
    struct settings_head head;
    struct wire_request r = {.in_transaction = d->tx.in_session,
                             .deadline =
                                 deadline_after_s((int64_t)d->stmt_defaults.query_timeout_s),
                             .read_timeout_s = dbc_read_timeout_s(d)};
    bool ok = (name == NULL || base == NULL || settings_put(&one, base, e)) &&
              settings_head_init(&head, name != NULL ? &one : those, false, 0, LOOK_NEVER, e);

    if (ok) {
        r.stmts = head.stmts;
        r.n_stmts = head.n;
        ok = head.n == 0 || session_run(d->session, &r, NULL, e);
        settings_head_release(&head);
    }
    settings_release(&one);
    return ok;
}

static bool note_reset(struct stmt *s, const struct setting_text *t, struct err *e)
{
    const struct settings *base = &s->dbc->keyword_settings;
    const struct setting *own = settings_find(base, t->name.data);
    const struct setting gone = {.name = t->name.data};

    return keep(s, own != NULL ? own : &gone, true, e) && tell(s->dbc, base, t->name.data, e);
}

/* The session has forgotten what set_modes told it, and is told again. */
static void forget_modes(struct dbc *d)
{
    d->session_modes.isolation = ISOLATION_DEFAULT;
    d->session_modes.read_only = false;
}

static bool note_one(struct stmt *s, const struct setting_text *t, struct err *e)
{
    if (t->verb != SETTING_SET)
        forget_modes(s->dbc);
    switch (t->verb) {
    case SETTING_SET:
        return note_set(s, t, e);
    case SETTING_RESET:
        return note_reset(s, t, e);
    case SETTING_DISCARD_ALL:
        session_set_stateful(s->dbc->session, false);
        return reset_all_names(s->dbc, true, e) && tell(s->dbc, &s->dbc->keyword_settings, NULL, e);
    case SETTING_RESET_ALL:
        return reset_all_names(s->dbc, false, e) &&
               tell(s->dbc, &s->dbc->keyword_settings, NULL, e);
    case SETTING_CHARACTERISTICS:
        return keep_characteristics(s, t->words, e);
    case SETTING_DISCARD:
    default:
        return true;
    }
}

/* Transaction control beside SET in one text: what was undone is the server's knowledge alone. */
static bool can_be_followed(const struct script *script)
{
    static const enum sql_class control[] = {SQLC_BEGIN,     SQLC_COMMIT,  SQLC_ROLLBACK,
                                             SQLC_SAVEPOINT, SQLC_RELEASE, SQLC_ROLLBACK_TO};

    for (size_t i = 0; script->n_stmts > 1 && i < script->n_stmts; i++)
        for (size_t k = 0; k < ARRAY_LEN(control); k++)
            if (script->stmts[i].kind.cls == control[k])
                return false;
    return true;
}

bool setting_note_session(struct stmt *s, struct err *e)
{
    bool ok = true, any = false;

    for (size_t i = 0; ok && i < s->script.n_stmts; i++) {
        const struct script_stmt *st = &s->script.stmts[i];
        struct setting_text t;
        if (!setting_is_about(st->kind.cls) || (st->kind.flags & SQLF_SESSION_FUNCTION))
            continue;
        any = true;
        if (!can_be_followed(&s->script) || !setting_text_read(sv_n(st->text, st->len), &t)) {
            session_set_stateful(s->dbc->session, true);
            continue;
        }
        ok = note_one(s, &t, e);
        buf_release(&t.name);
    }
    return ok && (!any || transaction_is_open(s->dbc) || dbc_settings_are_told(s->dbc, e));
}
