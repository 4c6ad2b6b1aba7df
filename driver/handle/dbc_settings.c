/* A connection's settings: from keywords, by SET, and what they mean for its transactions. The list
 * itself is settings.c's. Called by dbc.c, attr_dbc.c and stmt/. */
#include <stdio.h>

#include "base/clock.h"
#include "handle/dbc.h"
#include "handle/required_settings.h"
#include "neonodbc.h"
#include "sql/script.h"
#include "sql/setting_text.h"

/* What the server keeps as settings, the driver sends as the options of each batch. */
#define ISOLATION_SETTING "default_transaction_isolation"
#define READ_ONLY_SETTING "default_transaction_read_only"
#define DEFERRABLE_SETTING "default_transaction_deferrable"

const char *dbc_setting_value(const struct dbc *d, const char *name)
{
    const struct setting *s = settings_find(&d->settings, name);

    return s != NULL ? s->value : NULL;
}

static bool is_on(const struct dbc *d, const char *name)
{
    const char *value = dbc_setting_value(d, name);

    return value != NULL && strcmp(value, "on") == 0;
}

bool dbc_is_read_only(const struct dbc *d)
{
    return d->attrs.access_mode == SQL_MODE_READ_ONLY || d->options.read_only ||
           is_on(d, READ_ONLY_SETTING);
}

bool dbc_is_deferrable(const struct dbc *d)
{
    return d->attrs.txn_deferrable != 0 || is_on(d, DEFERRABLE_SETTING);
}

/* The newer of attribute and setting counts: SET forgets the attribute, and the attribute the
 * setting. */
static void forget_attribute(struct dbc *d, const char *name)
{
    if (strcmp(name, ISOLATION_SETTING) == 0)
        d->attrs.txn_isolation = 0;
    else if (strcmp(name, READ_ONLY_SETTING) == 0)
        d->attrs.access_mode = SQL_MODE_READ_WRITE;
    else if (strcmp(name, DEFERRABLE_SETTING) == 0)
        d->attrs.txn_deferrable = 0;
}

void dbc_forget_setting(struct dbc *d, SQLINTEGER attribute)
{
    if (attribute == SQL_ATTR_TXN_ISOLATION)
        settings_drop(&d->settings, ISOLATION_SETTING);
    else if (attribute == SQL_ATTR_ACCESS_MODE)
        settings_drop(&d->settings, READ_ONLY_SETTING);
    else
        settings_drop(&d->settings, DEFERRABLE_SETTING);
}

bool dbc_apply_setting(struct dbc *d, const struct setting *one, struct err *e)
{
    const struct setting *base = settings_find(&d->keyword_settings, one->name);
    const struct setting *put = one->value != NULL || one->words != NULL ? one : base;

    if (put != NULL && !settings_put(&d->settings, put, e))
        return false;
    if (put == NULL)
        settings_drop(&d->settings, one->name);
    /* SET SESSION AUTHORIZATION ends SET ROLE. */
    if (strcmp(one->name, "session_authorization") == 0)
        settings_drop(&d->settings, "role");
    forget_attribute(d, one->name);
    describe_cache_clear(&d->described);
    catalog_cache_clear(&d->catalog_cache);
    type_names_clear(&d->type_names);
    return true;
}

bool dbc_reset_settings(struct dbc *d, bool everything, struct err *e)
{
    static const char *const kept[] = {"session_authorization", "role"};
    struct settings fresh = {0};

    if (!settings_copy(&fresh, &d->keyword_settings, e))
        return false;
    for (size_t i = 0; !everything && i < ARRAY_LEN(kept); i++) {
        const struct setting *s = settings_find(&d->settings, kept[i]);
        if (s != NULL && !settings_put(&fresh, s, e)) {
            settings_release(&fresh);
            return false;
        }
    }
    for (size_t i = 0; i < d->settings.n; i++)
        forget_attribute(d, d->settings.items[i].name);
    settings_release(&d->settings);
    d->settings = fresh;
    describe_cache_clear(&d->described);
    catalog_cache_clear(&d->catalog_cache);
    type_names_clear(&d->type_names);
    return true;
}

/* ---- what may not be set ---- */

bool dbc_setting_matters(const char *name)
{
    return required_setting_find(name) != NULL;
}

bool dbc_check_setting(struct dbc *d, const char *name, const char *value, struct err *e)
{
    const struct required_setting *r = required_setting_find(name);

    if (r != NULL && !required_setting_fits(r, sv(value)))
        return err_set(e, ST_HYC00, 0, "%s cannot be \"%.60s\" here, the driver needs %s: %s.",
                       name, value, r->value, r->why);
    if (sv_ieq(sv(name), SV_LIT("seed")))
        return err_set(e, ST_HYC00, 0,
                       "The server does not tell the value of seed again, so it cannot be carried "
                       "from one request to the next. Use SELECT setseed(...), which goes to a "
                       "session with Transport=auto and Transport=websocket.");
    if (strcmp(name, "search_path") == 0 && required_path_is_temp(value))
        return err_set(e, ST_HYC00, 0,
                       "search_path cannot begin with pg_temp here: over HTTP no session is kept, "
                       "so what is made in pg_temp would be gone at once. Use SET search_path as "
                       "a statement with Transport=auto, or Transport=websocket.");
    if (d->options.read_only && strcmp(name, READ_ONLY_SETTING) == 0 && strcmp(value, "on") != 0)
        return err_set_state(e, "25006", 0, "The connection is read-only (ReadOnly=1).");
    return true;
}

/* ---- the session ---- */

bool dbc_settings_are_told(struct dbc *d, struct err *e)
{
    struct settings copy = {0};

    if (!settings_copy(&copy, &d->settings, e))
        return false;
    settings_release(&d->session_settings);
    d->session_settings = copy;
    return true;
}

/* DISCARD ALL is one round trip; a new session would be several. */
void dbc_renew_session(struct dbc *d)
{
    const struct wire_stmt st = {SV_LIT("DISCARD ALL"), NULL, 0};
    const struct wire_request r = {.stmts = &st,
                                   .n_stmts = 1,
                                   .repeatable = true,
                                   .deadline = deadline_after_s(dbc_login_timeout_s(d)),
                                   .read_timeout_s = dbc_read_timeout_s(d)};
    struct err e = ERR_INIT;

    if (d->session == NULL)
        return;
    session_forget_prepared(d->session);
    if (session_is_open(d->session) &&
        (session_transaction(d->session) != SESSION_IDLE || !session_run(d->session, &r, NULL, &e)))
        session_close(d->session);
    err_release(&e);
    session_forget(d->session);
    d->session_modes = (struct session_modes){0};
    settings_release(&d->session_settings);
}

/* ---- keywords ---- */

static bool put_keyword(struct dbc *d, const char *name, const char *value, bool optional,
                        struct err *e)
{
    struct setting one = {
        .name = (char *)(uintptr_t)name, .value = (char *)(uintptr_t)value, .optional = optional};

    return value == NULL || settings_put(&d->keyword_settings, &one, e);
}

static bool is_transaction_default(const char *name)
{
    return strncmp(name, "default_transaction_", sizeof "default_transaction_" - 1) == 0;
}

/* The server has not seen them yet, so they are kept as they were written. */
static bool put_words(struct dbc *d, const struct script_stmt *st, struct err *e)
{
    struct setting_text t;
    bool ok = st->kind.cls == SQLC_SET && setting_text_read(sv_n(st->text, st->len), &t);
    char *words;

    if (st->kind.cls != SQLC_SET)
        return err_set(e, ST_HY024, 0,
                       "ConnSettings can hold SET statements only, separated by semicolons.");
    ok = ok && t.verb == SETTING_SET && !t.local && !is_transaction_default(buf_str(&t.name));
    words = ok ? mem_strndup(t.words.ptr, t.words.len) : NULL;
    if (ok && words != NULL) {
        struct setting one = {.name = t.name.data, .words = words};
        ok = settings_put(&d->keyword_settings, &one, e);
    } else {
        ok = ok ? err_oom(e)
                : err_set(e, ST_HY024, 0,
                          "ConnSettings can hold SET name TO value. Isolation, ReadOnly and "
                          "Deferrable are keywords of their own.");
    }
    buf_release(&t.name);
    mem_free(words);
    return ok;
}

static bool take_conn_settings(struct dbc *d, struct err *e)
{
    const struct script_options o = {.noscan = true, .dollar_only = true};
    struct script script = {0};
    bool ok = true;

    if (d->options.conn_settings == NULL)
        return true;
    if (!script_parse(sv(d->options.conn_settings), &o, &script, e))
        return false;
    for (size_t i = 0; ok && i < script.n_stmts; i++)
        if (script.stmts[i].kind.cls != SQLC_EMPTY)
            ok = put_words(d, &script.stmts[i], e);
    script_release(&script);
    return ok;
}

bool dbc_take_keyword_settings(struct dbc *d, struct err *e)
{
    static const char *const levels[] = {[ISOLATION_KEY_READ_UNCOMMITTED] = "read uncommitted",
                                         [ISOLATION_KEY_READ_COMMITTED] = "read committed",
                                         [ISOLATION_KEY_REPEATABLE_READ] = "repeatable read",
                                         [ISOLATION_KEY_SERIALIZABLE] = "serializable"};
    const struct conn_options *o = &d->options;
    char timeout[32];

    snprintf(timeout, sizeof timeout, "%lld", (long long)o->statement_timeout_ms);
    return put_keyword(d, "application_name", o->application_name, true, e) &&
           put_keyword(d, "statement_timeout", o->statement_timeout_ms > 0 ? timeout : NULL, true,
                       e) &&
           (o->search_path == NULL || o->transport == TRANSPORT_WEBSOCKET ||
            dbc_check_setting(d, "search_path", o->search_path, e)) &&
           put_keyword(d, "search_path", o->search_path, false, e) &&
           put_keyword(d, "timezone", o->time_zone, true, e) &&
           put_keyword(d, ISOLATION_SETTING,
                       o->isolation != ISOLATION_KEY_SERVER ? levels[o->isolation] : NULL, true,
                       e) &&
           put_keyword(d, DEFERRABLE_SETTING, o->deferrable ? "on" : NULL, true, e) &&
           put_keyword(d, "role", o->role, false, e) && take_conn_settings(d, e) &&
           settings_copy(&d->settings, &d->keyword_settings, e);
}
