/* Where a statement ends: at a semicolon outside parentheses (CREATE RULE .. DO (a; b)) and outside
 * the body of a function in standard SQL (BEGIN ATOMIC .. END, with the ENDs of its CASEs). psql's
 * rules. Called by script.c. */
#include "sql/split.h"

#include "base/mem.h"
#include "sql/token.h"

struct splitter {
    struct token head[4]; /* the statement's first significant tokens */
    size_t n_head;
    size_t parens;
    size_t blocks; /* open BEGIN ATOMIC and CASE within it */
    struct token last;
};

/* CREATE [OR REPLACE] FUNCTION|PROCEDURE */
static bool creates_routine(const struct splitter *s)
{
    size_t object = s->head[1].kw == KW_or && s->head[2].kw == KW_replace ? 3 : 1;

    return s->head[0].kw == KW_create &&
           (s->head[object].kw == KW_function || s->head[object].kw == KW_procedure);
}

/* Only reserved words that are not a column's name (t.end) or label (AS end) open and close. */
static void track_blocks(struct splitter *s, const struct token *t)
{
    if (s->last.kind == TOK_DOT || s->last.kw == KW_as || !creates_routine(s))
        return;
    if (s->blocks == 0)
        s->blocks = s->parens == 0 && s->last.kw == KW_begin && t->kw == KW_atomic;
    else if (t->kw == KW_case)
        s->blocks++;
    else if (t->kw == KW_end)
        s->blocks--;
}

static void track(struct splitter *s, const struct token *t)
{
    if (s->n_head < ARRAY_LEN(s->head))
        s->head[s->n_head++] = *t;
    if (t->kw != KW_NONE)
        track_blocks(s, t);
    s->parens += t->kind == TOK_LPAREN;
    s->parens -= t->kind == TOK_RPAREN && s->parens > 0;
    s->last = *t;
}

bool split_next(struct strview text, size_t *pos, struct split_piece *p)
{
    struct splitter s = {.n_head = 0};
    struct tokens ts = {text, *pos};
    size_t start = *pos;
    size_t end = text.len;
    struct token t;

    if (start >= text.len)
        return false;
    while (tokens_next(&ts, &t)) {
        if (t.kind == TOK_SEMICOLON && s.parens == 0 && s.blocks == 0) {
            end = t.at;
            break;
        }
        track(&s, &t);
    }
    *pos = ts.pos;
    p->text = sv_trim(sv_n(text.ptr + start, end - start));
    p->empty = s.n_head == 0;
    p->first_word = p->empty ? start : s.head[0].at;
    p->foreign_dollars = s.head[0].kw == KW_prepare || creates_routine(&s);
    return true;
}
