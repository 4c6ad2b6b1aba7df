/* Reads INSERT ... VALUES by its tokens and writes it with more rows. Decides nothing about when
 * rows are gathered: stmt/ does, for arrays of parameters and for the queue of a transaction. */
#include "sql/insert_values.h"

#include "sql/token.h"

#define MAX_DEPTH 8

static bool is_word(const struct token *t, const char *const *words, size_t n)
{
    for (size_t i = 0; t->kind == TOK_IDENT && i < n; i++)
        if (sv_ieq(t->text, sv(words[i])))
            return true;
    return false;
}

static bool is(const struct token *t, const char *word)
{
    return is_word(t, &word, 1);
}

/* `t` is the first token of the value; on return the token behind it. */
static bool read_value(struct tokens *ts, struct token *t, int depth);

/* name[.name] [more words of the name] [(n[, n])] [[n]]; ends in front of anything else. */
static bool read_type(struct tokens *ts, struct token *t)
{
    bool any = false;

    for (;; any = true) {
        bool name = t->kind == TOK_IDENT || t->kind == TOK_QUOTED_IDENT;
        if (!name || is(t, "as"))
            break;
        while (tokens_next(ts, t) && t->kind == TOK_DOT)
            if (!tokens_next(ts, t))
                return false;
        if (t->kind == TOK_LPAREN) {
            do
                if (!tokens_next(ts, t) || t->kind != TOK_NUMBER || !tokens_next(ts, t))
                    return false;
            while (t->kind == TOK_COMMA);
            if (t->kind != TOK_RPAREN)
                return false;
            tokens_next(ts, t);
        }
    }
    while (any && t->kind == TOK_LBRACKET) {
        if (!tokens_next(ts, t) || (t->kind == TOK_NUMBER && !tokens_next(ts, t)) ||
            t->kind != TOK_RBRACKET)
            return false;
        tokens_next(ts, t);
    }
    return any;
}

/* CAST ( value AS type ): `t` is the parenthesis. */
static bool read_cast(struct tokens *ts, struct token *t, int depth)
{
    if (t->kind != TOK_LPAREN || !tokens_next(ts, t) || !read_value(ts, t, depth) || !is(t, "as"))
        return false;
    tokens_next(ts, t);
    if (!read_type(ts, t) || t->kind != TOK_RPAREN)
        return false;
    tokens_next(ts, t);
    return true;
}

/* A function that gives each row what an execution of its own would have got. */
static bool read_function(struct tokens *ts, struct token *t, int depth)
{
    if (t->kind != TOK_LPAREN || !tokens_next(ts, t))
        return false;
    if (t->kind != TOK_RPAREN && !read_value(ts, t, depth))
        return false;
    if (t->kind != TOK_RPAREN)
        return false;
    tokens_next(ts, t);
    return true;
}

static bool read_word(struct tokens *ts, struct token *t, int depth)
{
    static const char *const constants[] = {"null",           "true",         "false",
                                            "default",        "current_date", "current_timestamp",
                                            "localtimestamp", "current_user", "session_user"};
    static const char *const typed[] = {"date",        "time",     "timestamp",
                                        "timestamptz", "interval", "uuid"};
    static const char *const functions[] = {"now", "nextval", "gen_random_uuid"};
    struct token word = *t;

    tokens_next(ts, t);
    if (is_word(&word, constants, ARRAY_LEN(constants)))
        return true;
    if (is(&word, "cast"))
        return read_cast(ts, t, depth);
    if (is_word(&word, functions, ARRAY_LEN(functions)))
        return read_function(ts, t, depth);
    if (!is_word(&word, typed, ARRAY_LEN(typed)) || t->kind != TOK_STRING)
        return false;
    tokens_next(ts, t);
    return true;
}

static bool read_value(struct tokens *ts, struct token *t, int depth)
{
    bool ok;

    if (depth > MAX_DEPTH)
        return false;
    if ((token_is_op(t, "-") || token_is_op(t, "+")) && !tokens_next(ts, t))
        return false;
    if (t->kind == TOK_IDENT) {
        ok = read_word(ts, t, depth + 1);
    } else {
        ok = t->kind == TOK_DOLLAR_PARAM || t->kind == TOK_NUMBER || t->kind == TOK_STRING ||
             t->kind == TOK_DOLLAR_STRING;
        tokens_next(ts, t);
    }
    while (ok && t->kind == TOK_CAST) {
        tokens_next(ts, t);
        ok = read_type(ts, t);
    }
    return ok;
}

/* `t` is the token behind VALUES; on return the token behind the row. */
static bool read_row(struct tokens *ts, struct token *t, struct insert_values *out)
{
    if (t->kind != TOK_LPAREN)
        return false;
    out->open = t->at;
    do
        if (!tokens_next(ts, t) || !read_value(ts, t, 0))
            return false;
    while (t->kind == TOK_COMMA);
    if (t->kind != TOK_RPAREN)
        return false;
    out->close = t->at + t->text.len;
    return true;
}

/* Nothing, or ON CONFLICT [target] DO NOTHING. */
static bool is_harmless_end(struct tokens *ts)
{
    struct token t;
    struct token last = {0};
    struct token second = {0};

    if (!tokens_next(ts, &t))
        return true;
    if (!is(&t, "on") || !tokens_next(ts, &t) || !is(&t, "conflict"))
        return false;
    while (tokens_next(ts, &t)) {
        second = last;
        last = t;
    }
    return is(&second, "do") && is(&last, "nothing");
}

/* Behind VALUES at the top level; *at is where that word begins. */
static bool find_values(struct tokens *ts, struct token *t, size_t *at)
{
    int depth = 0;

    while (tokens_next(ts, t)) {
        depth += (t->kind == TOK_LPAREN) - (t->kind == TOK_RPAREN);
        if (depth == 0 && is(t, "values")) {
            *at = t->at;
            return tokens_next(ts, t);
        }
    }
    return false;
}

bool insert_values_find(const struct script_stmt *st, struct insert_values *out)
{
    struct tokens ts = {sv_n(st->text, st->len), 0};
    struct token t;

    *out = (struct insert_values){0};
    if (st->kind.cls != SQLC_INSERT || (st->kind.flags & (SQLF_RETURNING | SQLF_WRITES_CTE)) ||
        st->n_params == 0)
        return false;
    if (!tokens_next(&ts, &t) || !is(&t, "insert") || !find_values(&ts, &t, &out->values) ||
        !read_row(&ts, &t, out) || !is_harmless_end(&ts))
        return false;
    for (size_t i = 0; i < st->n_markers; i++)
        if (st->markers[i].end <= out->open || st->markers[i].end >= out->close)
            return false;
    return true;
}

size_t insert_values_max_rows(const struct script_stmt *st)
{
    return st->n_params > 0 ? SCRIPT_MAX_PARAMS / st->n_params : 1;
}

static void append_row(const struct script_stmt *st, const struct insert_values *iv,
                       const char *const *casts, size_t base, struct buf *out)
{
    size_t pos = iv->open;

    for (size_t i = 0; i < st->n_markers; i++) {
        const struct script_marker *m = &st->markers[i];
        const char *cast = casts[m->number - 1];
        size_t start = m->end;
        while (st->text[start - 1] != '$')
            start--;
        buf_append(out, st->text + pos, start - pos);
        buf_printf(out, "%zu", base + m->number);
        if (cast != NULL && !m->has_cast)
            buf_append_str(out, cast);
        pos = m->end;
    }
    buf_append(out, st->text + pos, iv->close - pos);
}

bool insert_values_render(const struct script_stmt *st, const struct insert_values *iv,
                          const char *const *casts, size_t n_rows, struct buf *out)
{
    buf_append(out, st->text, iv->open);
    for (size_t r = 0; r < n_rows && out->failed == BUF_OK; r++) {
        if (r > 0)
            buf_append_char(out, ',');
        append_row(st, iv, casts + r * st->n_params, r * st->n_params, out);
    }
    buf_append(out, st->text + iv->close, st->len - iv->close);
    return out->failed == BUF_OK;
}
