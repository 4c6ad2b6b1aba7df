/* What statements about settings have done in a session, which keeps them itself: what another
 * session would have to be told, and the keywords that RESET must not undo. Called by session.c. */
#include "stmt/setting_int.h"

#include "stmt/session_int.h"
#include "stmt/transaction.h"

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
    ok = ok && setting_keep(s, &one, true, e);
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
                             .deadline = session_own_deadline(d),
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

    return setting_keep(s, own != NULL ? own : &gone, true, e) &&
           tell(s->dbc, base, t->name.data, e);
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
        return setting_keep_resets(s->dbc, true, e) &&
               tell(s->dbc, &s->dbc->keyword_settings, NULL, e);
    case SETTING_RESET_ALL:
        return setting_keep_resets(s->dbc, false, e) &&
               tell(s->dbc, &s->dbc->keyword_settings, NULL, e);
    case SETTING_CHARACTERISTICS:
        return setting_keep_modes(s, t->words, e);
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

static bool note(struct stmt *s, const struct script_stmt *st, struct err *e)
{
    struct setting_text t;
    bool ok = true;

    if (setting_text_read(sv_n(st->text, st->len), &t) && can_be_followed(&s->script))
        ok = note_one(s, &t, e);
    else
        session_set_stateful(s->dbc->session, true);
    buf_release(&t.name);
    return ok;
}

bool setting_note_session(struct stmt *s, struct err *e)
{
    bool ok = true, any = false;

    for (size_t i = 0; ok && i < s->script.n_stmts; i++) {
        const struct script_stmt *st = &s->script.stmts[i];
        if (!setting_is_about(st->kind.cls) || (st->kind.flags & SQLF_SESSION_FUNCTION))
            continue;
        any = true;
        ok = note(s, st, e);
    }
    return ok && (!any || transaction_is_open(s->dbc) || dbc_settings_are_told(s->dbc, e));
}
