/* Copies a text, handing each escape clause to escapes.c, numbering ? and refusing what is not
 * closed. Decides nothing about a single clause. Called by escapes.c and scalar.c.
 *
 * The arguments of a function may change places, so that a ? gets its number here, in the order of
 * the author's text. Comments inside a clause become a space: the text behind them may move to
 * their line. */
#include "sql/translator.h"

#include <stdio.h>

#include "base/utf.h"
#include "sql/markers.h"

#define PLACE_MAX_BYTES 40

/* ---- errors ---- */

struct translator_place translator_place(const struct translator *tr, size_t at)
{
    struct strview s = tr->in.text;
    size_t left = s.len - at;
    size_t len = left <= PLACE_MAX_BYTES ? left : utf8_floor(s.ptr + at, PLACE_MAX_BYTES);

    return (struct translator_place){utf8_chars(s.ptr, at) + 1, (int)len, s.ptr + at,
                                     len < left ? "..." : ""};
}

bool translator_fail(struct translator *tr, size_t at, const char *what)
{
    struct translator_place p = translator_place(tr, at);

    return err_set(tr->e, ST_42000, 0, "The escape clause at character %zu, near \"%.*s%s\", %s",
                   p.number, p.len, p.text, p.more, what);
}

static bool fail_unclosed(struct translator *tr, size_t at)
{
    return translator_fail(tr, at, "is not closed: its \"}\" is missing.");
}

static bool fail_unterminated(struct translator *tr, const struct token *t)
{
    struct translator_place p = translator_place(tr, t->at);
    char c = t->text.ptr[0];
    const char *what = c == '"' ? "quoted identifier" : c == '/' ? "comment" : "string literal";

    if ((c == 'u' || c == 'U') && t->text.ptr[2] == '"')
        what = "quoted identifier";
    return err_set(tr->e, ST_42000, 0,
                   "The %s that starts at character %zu, near \"%.*s%s\", is not closed.", what,
                   p.number, p.len, p.text, p.more);
}

/* ---- output ---- */

bool translator_put(struct translator *tr, struct buf *out, struct strview s)
{
    if (s.len == 0)
        return true;
    if (tr->glue_check && out->len > 0 && markers_would_fuse(out->data[out->len - 1], s.ptr[0]))
        buf_append_char(out, ' ');
    tr->glue_check = false;
    if (out->max != 0 && s.len >= out->max - out->len)
        return err_set(
            tr->e, ST_54000, 0,
            "The escape clauses of the statement are nested so that their translation has "
            "no end. Write the statement without them.");
    return buf_append_sv(out, s) ? true : err_oom(tr->e);
}

/* Around what stands in place of a clause, words must not run together. */
bool translator_put_replacement(struct translator *tr, struct buf *out, struct strview s)
{
    tr->glue_check = true;
    if (!translator_put(tr, out, s))
        return false;
    tr->glue_check = true;
    return true;
}

static bool put_marker(struct translator *tr, struct buf *out)
{
    char text[16];
    int len = snprintf(text, sizeof text, "%c$%u", MARKER_BYTE, ++tr->r->n_questions);

    if (tr->r->n_questions > SCRIPT_MAX_PARAMS)
        return err_set(tr->e, ST_54000, 0,
                       "The statement has more than %d parameter markers: ODBC and Neon's endpoint "
                       "count them in 16 bits. "
                       "Send the values in several statements, or as one array.",
                       SCRIPT_MAX_PARAMS);
    return translator_put(tr, out, sv_n(text, (size_t)len));
}

/* ---- the copying loop ---- */

struct nesting {
    size_t parens, brackets, braces; /* braces: those that open no escape */
};

static void nest(struct nesting *n, enum tok kind)
{
    n->parens += kind == TOK_LPAREN;
    n->brackets += kind == TOK_LBRACKET;
    n->braces += kind == TOK_LBRACE;
    n->parens -= kind == TOK_RPAREN && n->parens > 0;
    n->brackets -= kind == TOK_RBRACKET && n->brackets > 0;
    n->braces -= kind == TOK_RBRACE && n->braces > 0;
}

static bool is_flat(const struct nesting *n)
{
    return n->parens == 0 && n->brackets == 0 && n->braces == 0;
}

/* Where in its statement a token stands, for {call}. */
static bool track_statement(struct translator *tr, const struct token *t, const struct nesting *n)
{
    if (tr->depth > 0 || token_is_space(t->kind))
        return true;
    if (tr->after_call && t->kind != TOK_SEMICOLON)
        return translator_fail(tr, tr->call_start,
                               "is a whole statement: nothing but ; may follow it.");
    tr->after_call = false;
    tr->at_start = t->kind == TOK_SEMICOLON && is_flat(n);
    return true;
}

static bool copy_token(struct translator *tr, struct buf *out, const struct token *t)
{
    if (token_is_unterminated(t))
        return fail_unterminated(tr, t);
    if (t->kind == TOK_QUESTION && !markers_is_operator(tr->o, &tr->in))
        return put_marker(tr, out);
    if (tr->depth > 0 && (t->kind == TOK_LINE_COMMENT || t->kind == TOK_BLOCK_COMMENT))
        return translator_put(tr, out, SV_LIT(" "));
    return translator_put(tr, out, t->text);
}

/* Copies up to the `stop` that closes what is open (TOK_RPAREN or TOK_RBRACE, which is consumed and
 * not copied), or to the end of the text at depth 0. `a`, when not NULL, gets the places of the
 * commas on the way. */
bool translator_copy_until(struct translator *tr, struct buf *out, enum tok stop,
                           struct translator_args *a, size_t opened_at)
{
    struct nesting n = {0, 0, 0};
    struct token t;

    while (tokens_raw(&tr->in, &t)) {
        bool known = false;
        bool starts = tr->at_start;

        if (tr->depth > 0 && t.kind == TOK_RBRACE && n.braces == 0)
            return stop == TOK_RBRACE && is_flat(&n)
                       ? true
                       : translator_fail(tr, opened_at,
                                         "ends inside parentheses: a \")\" is missing.");
        if (tr->depth > 0 && t.kind == TOK_SEMICOLON)
            return translator_fail(tr, opened_at, "holds a semicolon before its \"}\".");
        if (tr->depth > 0 && t.kind == stop && is_flat(&n))
            return true;
        if (!track_statement(tr, &t, &n))
            return false;
        if (t.kind == TOK_LBRACE && !tr->o->noscan) {
            tr->at_start = starts;
            if (!escapes_clause(tr, out, &t, &known))
                return false;
            tr->at_start = false;
        }
        if (known)
            continue;
        if (a != NULL && t.kind == TOK_COMMA && is_flat(&n)) {
            if (a->n < TRANSLATOR_MAX_ARGS)
                a->end[a->n] = out->len;
            a->n++;
        }
        nest(&n, t.kind);
        if (!copy_token(tr, out, &t))
            return false;
    }
    return tr->depth > 0 ? fail_unclosed(tr, opened_at) : true;
}

/* The next significant token of a clause. */
bool translator_next(struct translator *tr, size_t opened_at, struct token *t)
{
    if (!tokens_next(&tr->in, t))
        return fail_unclosed(tr, opened_at);
    return token_is_unterminated(t) ? fail_unterminated(tr, t) : true;
}

bool translator_close(struct translator *tr, size_t opened_at, const char *otherwise)
{
    struct token t;

    if (!translator_next(tr, opened_at, &t))
        return false;
    return t.kind == TOK_RBRACE ? true : translator_fail(tr, opened_at, otherwise);
}
