/* Reads statements about settings, which classify.c has found. Called by stmt/setting*.c,
 * stmt/notifications.c and handle/dbc_settings.c, and by classify.c for set_config. */
#include "sql/setting_text.h"

#include "sql/token.h"

/* ---- SET, RESET, DISCARD ---- */

static bool word_is(const struct token *t, const char *word)
{
    return t->kind == TOK_IDENT && sv_ieq(t->text, sv(word));
}

bool setting_is_shown(struct strview stmt, const char *first, const char *second)
{
    struct tokens ts = {stmt, 0};
    struct token t;

    if (!tokens_next(&ts, &t) || !word_is(&t, "show") || !tokens_next(&ts, &t) ||
        !word_is(&t, first) || !tokens_next(&ts, &t) || t.kind != TOK_DOT ||
        !tokens_next(&ts, &t) || !word_is(&t, second))
        return false;
    return !tokens_next(&ts, &t) || t.kind == TOK_SEMICOLON;
}

static void append_lower(struct buf *out, struct strview s)
{
    for (size_t i = 0; i < s.len; i++)
        buf_append_char(out, ascii_lower(s.ptr[i]));
}

static void append_part(struct buf *out, const struct token *t)
{
    if (t->kind != TOK_QUOTED_IDENT) {
        append_lower(out, t->text);
        return;
    }
    for (size_t i = 1; i + 1 < t->text.len; i++) {
        i += t->text.ptr[i] == '"'; /* doubled */
        buf_append_char(out, ascii_lower(t->text.ptr[i]));
    }
}

static bool is_name(const struct token *t)
{
    return t->kind == TOK_IDENT || (t->kind == TOK_QUOTED_IDENT && t->text.ptr[0] == '"');
}

/* Names that are spelled with other words. */
static const struct spelling {
    const char *first, *second; /* second NULL: one word */
    const char *name;
} spellings[] = {
    {"time", "zone", "timezone"},    {"session", "authorization", "session_authorization"},
    {"xml", "option", "xmloption"},  {"names", NULL, "client_encoding"},
    {"schema", NULL, "search_path"}, {"role", NULL, "role"},
};

static const struct spelling *spelling_of(const struct tokens *ts, struct tokens *behind)
{
    for (size_t i = 0; i < ARRAY_LEN(spellings); i++) {
        const struct spelling *sp = &spellings[i];
        struct tokens at = *ts;
        struct token t;
        if (!tokens_next(&at, &t) || !word_is(&t, sp->first))
            continue;
        if (sp->second != NULL && (!tokens_next(&at, &t) || !word_is(&t, sp->second)))
            continue;
        /* ROLE TO x, SCHEMA = x, NAMES TO x: a setting of that name */
        if (sp->second == NULL && tokens_peek(&at, &t) && (t.kw == KW_to || token_is_op(&t, "=")))
            continue;
        *behind = at;
        return sp;
    }
    return NULL;
}

/* name [. name]; the reader stands behind it afterwards. */
static bool read_name(struct tokens *ts, struct buf *out)
{
    struct tokens behind;
    const struct spelling *sp = spelling_of(ts, &behind);
    struct token t;

    if (sp != NULL) {
        *ts = behind;
        return buf_append_str(out, sp->name);
    }
    if (!tokens_next(ts, &t) || !is_name(&t))
        return false;
    append_part(out, &t);
    while (tokens_peek(ts, &t) && t.kind == TOK_DOT) {
        tokens_next(ts, &t);
        if (!tokens_next(ts, &t) || !is_name(&t))
            return false;
        buf_append_char(out, '.');
        append_part(out, &t);
    }
    return out->failed == BUF_OK;
}

/* Behind the name: [TO | =] DEFAULT, and for TIME ZONE also LOCAL. */
static bool is_default(struct tokens ts, bool time_zone)
{
    struct token t;

    if (!tokens_next(&ts, &t))
        return false;
    if ((t.kw == KW_to || token_is_op(&t, "=")) && !tokens_next(&ts, &t))
        return false;
    return (t.kw == KW_default || (time_zone && t.kw == KW_local)) && tokens_at_end(ts);
}

static struct strview rest_of(const struct tokens *ts)
{
    struct strview rest = sv_n(ts->text.ptr + ts->pos, ts->text.len - ts->pos);

    rest = sv_trim(rest);
    while (rest.len > 0 && rest.ptr[rest.len - 1] == ';')
        rest = sv_trim(sv_n(rest.ptr, rest.len - 1));
    return rest;
}

static bool read_characteristics(struct tokens *ts, struct setting_text *out)
{
    struct token t;

    while (tokens_next(ts, &t))
        if (t.kw == KW_transaction) {
            out->verb = SETTING_CHARACTERISTICS;
            out->words = rest_of(ts);
            return true;
        }
    return false;
}

/* SET [SESSION | LOCAL] name ...; SET SESSION AUTHORIZATION and SET SESSION CHARACTERISTICS too. */
static bool read_set(struct tokens *ts, struct setting_text *out)
{
    struct tokens first = *ts;
    struct token t, second;

    if (!tokens_next(ts, &t))
        return false;
    if (!tokens_peek(ts, &second))
        return false;
    if (word_is(&t, "session") && word_is(&second, "characteristics"))
        return read_characteristics(ts, out);
    out->local = t.kw == KW_local && is_name(&second) && second.kw != KW_to;
    if (!out->local && !(t.kw == KW_session && is_name(&second) && second.kw != KW_to &&
                         !word_is(&second, "authorization")))
        *ts = first;
    out->verb = SETTING_SET;
    out->words = rest_of(ts);
    if (!read_name(ts, &out->name))
        return false;
    if (is_default(*ts, strcmp(buf_str(&out->name), "timezone") == 0))
        out->verb = SETTING_RESET;
    return true;
}

static bool is_discarded(const struct token *t)
{
    static const char *const what[] = {"all", "plans", "sequences", "temp", "temporary"};

    for (size_t i = 0; i < ARRAY_LEN(what); i++)
        if (word_is(t, what[i]))
            return true;
    return false;
}

bool setting_text_read(struct strview stmt, struct setting_text *out)
{
    struct tokens ts = {stmt, 0};
    struct token verb, t;

    *out = (struct setting_text){.verb = SETTING_SET};
    buf_init(&out->name, 4096);
    do {
        if (!tokens_next(&ts, &verb))
            return false;
    } while (verb.kind == TOK_SEMICOLON);
    if (verb.kw == KW_set)
        return read_set(&ts, out);
    if (!tokens_peek(&ts, &t))
        return false;
    if (verb.kw == KW_discard) {
        out->verb = word_is(&t, "all") ? SETTING_DISCARD_ALL : SETTING_DISCARD;
        return is_discarded(&t) && tokens_next(&ts, &t) && tokens_at_end(ts);
    }
    if (verb.kw != KW_reset)
        return false;
    if (word_is(&t, "all")) {
        out->verb = SETTING_RESET_ALL;
        return tokens_next(&ts, &t) && tokens_at_end(ts);
    }
    out->verb = SETTING_RESET;
    return read_name(&ts, &out->name) && tokens_at_end(ts);
}

bool setting_plain_value(struct strview words, struct buf *out)
{
    struct tokens ts = {words, 0};
    struct token t;

    while (tokens_next(&ts, &t) && t.kw != KW_to && !token_is_op(&t, "="))
        ;
    if (!tokens_next(&ts, &t))
        return false;
    for (size_t i = 0; i < t.text.len; i++)
        if (t.kind != TOK_STRING || t.text.ptr[i] != '\'')
            buf_append_char(out, ascii_lower(t.text.ptr[i]));
    return out->failed == BUF_OK && !tokens_next(&ts, &t);
}

/* ---- SELECT set_config(...) ---- */

static bool is_call(const struct token *t)
{
    return word_is(t, "set_config") ||
           (t->kind == TOK_QUOTED_IDENT && sv_eq(t->text, SV_LIT("\"set_config\"")));
}

/* The first argument: 'name' or $n. */
static bool read_first(struct tokens *ts, struct setting_call *call)
{
    struct token t;

    if (!tokens_next(ts, &t))
        return false;
    if (t.kind == TOK_STRING && t.text.len >= 2 && t.text.ptr[0] == '\'') {
        call->name = t.text;
    } else if (t.kind == TOK_DOLLAR_PARAM) {
        int64_t n = 0;
        if (!sv_to_i64(sv_n(t.text.ptr + 1, t.text.len - 1), &n) || n < 1 || n > 32767)
            return false;
        call->param = (unsigned)n;
    } else {
        return false;
    }
    return tokens_next(ts, &t) && t.kind == TOK_COMMA;
}

/* Over the second argument, which may be any expression, to behind its comma. */
static bool skip_value(struct tokens *ts)
{
    struct token t;
    size_t depth = 0;

    while (tokens_next(ts, &t)) {
        if (t.kind == TOK_COMMA && depth == 0)
            return true;
        if (t.kw == KW_select || (t.kind == TOK_RPAREN && depth == 0))
            return false;
        depth += t.kind == TOK_LPAREN || t.kind == TOK_LBRACKET;
        depth -= (t.kind == TOK_RPAREN || t.kind == TOK_RBRACKET) && depth > 0;
    }
    return false;
}

static bool read_flag(struct tokens *ts, struct setting_call *call)
{
    static const struct {
        const char *text;
        bool is_local;
    } flags[] = {{"true", true},   {"'t'", true},    {"'true'", true}, {"'on'", true},
                 {"'1'", true},    {"false", false}, {"'f'", false},   {"'false'", false},
                 {"'off'", false}, {"'0'", false}};
    struct token t;

    if (!tokens_next(ts, &t))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        if (!sv_ieq(t.text, sv(flags[i].text)))
            continue;
        call->lasting = !flags[i].is_local;
        call->flag_at = t.at;
        call->flag_len = t.text.len;
        return tokens_next(ts, &t) && t.kind == TOK_RPAREN;
    }
    return false;
}

/* [pg_catalog.]set_config(name, value, flag) [[AS] label] */
static bool read_call(struct tokens *ts, struct setting_call *call)
{
    struct token t;

    *call = (struct setting_call){.name = {NULL, 0}};
    if (!tokens_next(ts, &t))
        return false;
    if (t.kw == KW_pg_catalog &&
        (!tokens_next(ts, &t) || t.kind != TOK_DOT || !tokens_next(ts, &t)))
        return false;
    if (!is_call(&t) || !tokens_next(ts, &t) || t.kind != TOK_LPAREN || !read_first(ts, call) ||
        !skip_value(ts) || !read_flag(ts, call))
        return false;
    if (tokens_peek(ts, &t) && t.kw == KW_as)
        tokens_next(ts, &t);
    if (tokens_peek(ts, &t) && is_name(&t) && t.kw != KW_from && t.kw != KW_where)
        tokens_next(ts, &t);
    return true;
}

size_t setting_calls_read(struct strview stmt, struct setting_call *out, size_t cap)
{
    struct tokens ts = {stmt, 0};
    struct token t;
    size_t n = 0;

    if (!tokens_next(&ts, &t) || t.kw != KW_select)
        return 0;
    do {
        if (n == cap || !read_call(&ts, &out[n++]))
            return 0;
    } while (tokens_next(&ts, &t) && t.kind == TOK_COMMA);
    return t.text.len == 0 || (t.kind == TOK_SEMICOLON && tokens_at_end(ts)) ? n : 0;
}

bool setting_calls_write_local(struct strview stmt, const struct setting_call *calls, size_t n,
                               struct buf *out)
{
    size_t at = 0;

    for (size_t i = 0; i < n; i++) {
        buf_append(out, stmt.ptr + at, calls[i].flag_at - at);
        buf_append_str(out, "true");
        at = calls[i].flag_at + calls[i].flag_len;
    }
    buf_append(out, stmt.ptr + at, stmt.len - at);
    return out->failed == BUF_OK;
}

bool setting_call_name(struct strview literal, struct buf *out)
{
    for (size_t i = 1; i + 1 < literal.len; i++) {
        i += literal.ptr[i] == '\'';
        buf_append_char(out, ascii_lower(literal.ptr[i]));
    }
    return out->failed == BUF_OK && out->len > 0;
}
