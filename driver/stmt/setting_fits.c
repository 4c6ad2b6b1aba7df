/* What may be set by a text that goes out as it is, to a session or among others: not what would
 * make values wrong without a word of the server's, nor what ReadOnly=1 has promised. What a
 * session's server does report is looked at behind the statement, in session_settings.c. Called by
 * session.c and execute.c. */
#include "stmt/setting.h"

#include "sql/setting_text.h"
#include "sql/token.h"
#include "sql/transaction_text.h"

#define FLOAT_DIGITS "extra_float_digits"

/* SET and its kin. READ WRITE by its name as a setting; a default is as good as off. */
static bool text_fits(struct dbc *d, const struct setting_text *t, bool among, struct err *e)
{
    static const struct {
        const char *name, *as;
    } watched[] = {{FLOAT_DIGITS, FLOAT_DIGITS},
                   {"transaction_read_only", "default_transaction_read_only"},
                   {"default_transaction_read_only", "default_transaction_read_only"}};
    struct buf value = BUF_INIT(4096);
    struct transaction_modes m;
    bool ok = true;

    if (t->verb == SETTING_CHARACTERISTICS && transaction_modes_read(t->words, &m) &&
        m.read_only == SWITCH_OFF)
        ok = dbc_check_setting(d, watched[1].as, "off", e);
    if (t->verb == SETTING_RESET && strcmp(buf_str(&t->name), watched[1].name) == 0)
        ok = dbc_check_setting(d, watched[1].as, "off", e);
    for (size_t i = 0; t->verb == SETTING_SET && i < ARRAY_LEN(watched); i++)
        if (strcmp(buf_str(&t->name), watched[i].name) == 0 &&
            setting_plain_value(t->words, &value))
            ok = dbc_check_setting(d, watched[i].as, buf_str(&value), e);
    if (ok && among && t->local && dbc_setting_matters(buf_str(&t->name))) {
        buf_reset(&value);
        ok = dbc_check_setting(d, buf_str(&t->name),
                               setting_plain_value(t->words, &value) ? buf_str(&value) : "?", e);
    }
    buf_release(&value);
    return ok;
}

/* A literal's content, a number, or the value of $n. Empty: anything else. */
static struct strview value_of(const struct token *t, const struct wire_stmt *w)
{
    int64_t n = 0;

    if (t->kind == TOK_NUMBER)
        return t->text;
    if (t->kind == TOK_STRING && t->text.len >= 2 && t->text.ptr[0] == '\'')
        return sv_n(t->text.ptr + 1, t->text.len - 2);
    if (t->kind == TOK_DOLLAR_PARAM && sv_to_i64(sv_n(t->text.ptr + 1, t->text.len - 1), &n) &&
        n >= 1 && (size_t)n <= w->n_params && w->params[n - 1].ptr != NULL)
        return sv_n(w->params[n - 1].ptr, w->params[n - 1].len);
    return sv_n("", 0);
}

/* set_config('extra_float_digits', ...) wherever it stands: what is behind the name must be plain
 * to see, and do. */
static bool calls_fit(struct dbc *d, const struct wire_stmt *w, struct err *e)
{
    struct tokens ts = {w->sql, 0};
    struct token t;
    bool called = false;

    while (tokens_next(&ts, &t)) {
        struct strview value = {"", 0};
        char shown[8];
        called |= sv_ieq(t.text, SV_LIT("set_config")) || sv_eq(t.text, SV_LIT("\"set_config\""));
        if (!called || !sv_ieq(value_of(&t, w), SV_LIT(FLOAT_DIGITS)))
            continue;
        while (tokens_next(&ts, &t) && t.kind != TOK_COMMA)
            continue;
        if (tokens_next(&ts, &t))
            value = value_of(&t, w);
        if (value.len == 0 || value.len >= sizeof shown ||
            (tokens_peek(&ts, &t) && t.kind != TOK_COMMA && t.kind != TOK_CAST))
            value = SV_LIT("?");
        memcpy(shown, value.ptr, value.len);
        shown[value.len] = '\0';
        if (!dbc_check_setting(d, FLOAT_DIGITS, shown, e))
            return false;
    }
    return true;
}

bool setting_fits(struct stmt *s, const struct wire_stmt *stmts, size_t n_stmts, struct err *e)
{
    static const unsigned calls =
        SQLF_SET_CONFIG_LOCAL | SQLF_SET_CONFIG_SESSION | SQLF_SESSION_FUNCTION;
    bool ok = true;

    for (size_t i = 0; ok && i < s->script.n_stmts; i++) {
        const struct script_stmt *st = &s->script.stmts[i];
        struct setting_text t;
        if ((st->kind.flags & calls) && i < n_stmts)
            ok = calls_fit(s->dbc, &stmts[i], e);
        if (!ok || (st->kind.cls != SQLC_SET_LOCAL && st->kind.cls != SQLC_SET_TRANSACTION &&
                    !setting_is_about(st->kind.cls)))
            continue;
        if (setting_text_read(sv_n(st->text, st->len), &t))
            ok = text_fits(s->dbc, &t, s->script.n_stmts > 1, e);
        buf_release(&t.name);
    }
    return ok;
}

/* Or something that may be pg_temp: E'pg\x5ftemp', U&'pg\005ftemp'. */
static bool may_name_temp(struct strview text)
{
    return sv_ifind(text, SV_LIT("pg_temp")) != SIZE_MAX ||
           sv_find(text, SV_LIT("\\")) != SIZE_MAX || sv_find(text, SV_LIT("&")) != SIZE_MAX;
}

bool setting_path_fits(const struct stmt *s, struct err *e)
{
    bool ok = true;

    for (size_t i = 0; ok && i < s->script.n_stmts; i++) {
        const struct script_stmt *st = &s->script.stmts[i];
        struct strview text = sv_n(st->text, st->len);
        struct setting_text t;
        if (st->kind.cls != SQLC_SET && st->kind.cls != SQLC_SET_LOCAL)
            continue;
        if (setting_text_read(text, &t) && strcmp(buf_str(&t.name), "search_path") == 0 &&
            may_name_temp(text))
            ok = err_set(e, ST_HYC00, 0,
                         "A search_path with pg_temp cannot be set in one text with what creates "
                         "something: over HTTP a table in pg_temp would be gone at once. Send the "
                         "SET by itself: it finds out where tables would be made.");
        buf_release(&t.name);
    }
    return ok;
}
