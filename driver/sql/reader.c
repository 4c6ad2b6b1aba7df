/* The words of one statement with the nesting of parentheses. Called by classify*.c. */
#include "sql/reader.h"

bool reader_next(struct reader *r)
{
    r->last = r->t;
    r->depth += r->t.kind == TOK_LPAREN || r->t.kind == TOK_LBRACKET;
    if (!tokens_next(&r->ts, &r->t))
        return false;
    r->depth -= (r->t.kind == TOK_RPAREN || r->t.kind == TOK_RBRACKET) && r->depth > 0;
    return true;
}

void reader_skip_parens(struct reader *r)
{
    size_t outside = r->depth;

    while (reader_next(r) && r->depth > outside)
        continue;
    reader_next(r);
}

bool reader_rest_has(struct reader r, enum keyword kw)
{
    for (; !reader_at_end(&r); reader_next(&r))
        if (r.t.kw == kw && reader_is_top(&r))
            return true;
    return false;
}

bool reader_rest_has_pair(struct reader r, enum keyword first, enum keyword second)
{
    for (; !reader_at_end(&r); reader_next(&r))
        if (r.t.kw == second && r.last.kw == first && reader_is_top(&r))
            return true;
    return false;
}

/* An option's name may be quoted too. */
static enum keyword option_of(const struct token *t)
{
    return t->kind == TOK_QUOTED_IDENT ? keyword_of(sv_n(t->text.ptr + 1, t->text.len - 2)) : t->kw;
}

bool reader_option_is_on(struct reader r, enum keyword kw, enum keyword kw2)
{
    size_t outside = r.depth;
    bool on = false;

    while (reader_next(&r) && r.depth > outside) {
        enum keyword option = option_of(&r.t);
        if (option != KW_NONE && (option == kw || option == kw2) &&
            (r.last.kind == TOK_LPAREN || r.last.kind == TOK_COMMA)) {
            struct token value;
            bool given = tokens_peek(&r.ts, &value);
            on = !given ||
                 !(value.kw == KW_false || value.kw == KW_off || sv_eq(value.text, SV_LIT("0")) ||
                   sv_ieq(value.text, SV_LIT("'off'")) || sv_ieq(value.text, SV_LIT("'false'")));
        }
    }
    return on;
}

bool reader_names_pg_temp(const struct reader *r)
{
    struct strview name = r->t.text;
    struct token dot;

    if (r->t.kind == TOK_QUOTED_IDENT && name.len > 2)
        name = sv_n(name.ptr + 1, name.len - 2);
    return sv_ieq(sv_n(name.ptr, name.len < 7 ? name.len : 7), SV_LIT("pg_temp")) &&
           tokens_peek(&r->ts, &dot) && dot.kind == TOK_DOT;
}
