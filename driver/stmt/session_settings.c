/* What a session is told of the connection's settings, isolation level and read-only mode, and what
 * it may not be told. Called by session.c. */
#include "stmt/session_int.h"

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_settings(const struct settings *a, const struct settings *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!same_text(a->items[i].name, b->items[i].name) ||
            !same_text(a->items[i].value, b->items[i].value) ||
            !same_text(a->items[i].words, b->items[i].words))
            return false;
    return true;
}

/* Settings that the session was told and that are in force no more. */
static bool drop_settings(struct dbc *d, struct err *e)
{
    bool ok = true;

    for (size_t i = 0; ok && i < d->session_settings.n; i++) {
        const struct setting gone = {.name = d->session_settings.items[i].name};
        struct buf sql = BUF_INIT(0);
        struct wire_param params[2];
        struct wire_stmt st;
        const struct wire_request r = {
            .stmts = &st, .n_stmts = 1, .repeatable = true, .deadline = session_own_deadline(d)};
        size_t n = 0;
        if (settings_find(&d->settings, gone.name) != NULL)
            continue;
        ok = setting_wire(&gone, false, &sql, params, &n) || err_oom(e);
        st = (struct wire_stmt){buf_sv(&sql), params, n};
        ok = ok && session_run(d->session, &r, NULL, e);
        buf_release(&sql);
    }
    return ok;
}

bool session_tell_settings(struct dbc *d, struct err *e)
{
    struct settings_head head;
    struct wire_request r = {.repeatable = true,
                             .deadline = session_own_deadline(d),
                             .read_timeout_s = dbc_read_timeout_s(d)};
    bool ok;

    if (d->session_modes.serial != session_serial(d->session)) {
        d->session_modes =
            (struct session_modes){session_serial(d->session), ISOLATION_DEFAULT, false};
        settings_release(&d->session_settings);
        d->sequences_moved = false; /* it has taken none yet */
    }
    if (same_settings(&d->settings, &d->session_settings))
        return true;
    if (!settings_head_init(&head, &d->settings, false, 0, LOOK_NEVER, e))
        return false;
    r.stmts = head.stmts;
    r.n_stmts = head.n;
    ok = drop_settings(d, e) && (head.n == 0 || session_run(d->session, &r, NULL, e));
    settings_head_release(&head);
    return ok && dbc_settings_are_told(d, e);
}

/* A function or a DO has undone READ ONLY: the server says so (from PostgreSQL 14 on). */
static bool is_writable_again(const struct dbc *d)
{
    const char *reported = session_parameter(d->session, "default_transaction_read_only");

    return reported != NULL && strcmp(reported, "off") == 0;
}

/* One of the modes in the session's own default; where the connection says nothing (any more) it is
 * what role and database have, which may be read-only. */
static void write_mode(const char *setting, const char *keyword, const char *mode, struct buf *out)
{
    if (mode != NULL)
        buf_printf(out, "SET SESSION CHARACTERISTICS AS TRANSACTION %s %s", keyword, mode);
    else
        buf_printf(out, "SET SESSION %s TO DEFAULT", setting);
}

bool session_set_modes(struct dbc *d, struct err *e)
{
    struct session_modes want = {session_serial(d->session), dbc_isolation_header(d),
                                 dbc_is_read_only(d)};
    const struct session_modes told = d->session_modes;
    const char *set = dbc_setting_value(d, "default_transaction_read_only");
    const char *access = want.read_only ? "ONLY" : set != NULL ? "WRITE" : NULL;
    struct buf texts[] = {BUF_INIT(256), BUF_INIT(256)};
    struct wire_stmt stmts[ARRAY_LEN(texts)];
    struct wire_request r = {.stmts = stmts,
                             .repeatable = true,
                             .deadline = session_own_deadline(d),
                             .read_timeout_s = dbc_read_timeout_s(d)};
    bool ok = true;

    if (told.isolation != want.isolation)
        write_mode("default_transaction_isolation", "ISOLATION LEVEL",
                   session_level_name(want.isolation), &texts[r.n_stmts++]);
    if (told.read_only != want.read_only || (want.read_only && is_writable_again(d)))
        write_mode("default_transaction_read_only", "READ", access, &texts[r.n_stmts++]);
    for (size_t i = 0; i < r.n_stmts; i++) {
        ok = ok && texts[i].failed == BUF_OK;
        stmts[i] = (struct wire_stmt){buf_sv(&texts[i]), NULL, 0};
    }
    if (r.n_stmts > 0)
        ok = ok ? session_run(d->session, &r, NULL, e) : err_oom(e);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        buf_release(&texts[i]);
    if (ok)
        d->session_modes = want;
    return ok;
}

bool session_keeps_text_readable(struct dbc *d, struct err *e)
{
    static const struct {
        const char *reported, *name, *back;
    } watched[] = {
        {"DateStyle", "datestyle", "SET DateStyle = ISO"},
        {"client_encoding", "client_encoding", "SET client_encoding = 'UTF8'"},
        {"standard_conforming_strings", "standard_conforming_strings",
         "SET standard_conforming_strings = on"},
    };

    if (!session_take_told(d->session))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(watched); i++) {
        const char *value = session_parameter(d->session, watched[i].reported);
        const struct wire_stmt st = {sv(watched[i].back), NULL, 0};
        const struct wire_request r = {.stmts = &st,
                                       .n_stmts = 1,
                                       .in_transaction = d->tx.in_session,
                                       .deadline = session_own_deadline(d)};
        struct err ignored = ERR_INIT;
        if (value == NULL || dbc_check_setting(d, watched[i].name, value, e))
            continue;
        if (!session_run(d->session, &r, NULL, &ignored))
            session_close(d->session);
        err_release(&ignored);
        return false;
    }
    return true;
}
