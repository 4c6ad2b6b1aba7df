/* The words of one statement, one after the other, with the parentheses around them: what
 * classify.c, classify_verb.c and classify_walk.c read with. A copy of a reader reads ahead. Pure,
 * no allocation. */
#ifndef NEON_SQL_READER_H
#define NEON_SQL_READER_H

#include "sql/token.h"

struct reader {
    struct tokens ts;
    struct token t;    /* the current token; kind TOK_SPACE at the end */
    struct token last; /* the one before */
    size_t depth;      /* parentheses and brackets around t, its own not counted */
    size_t base;       /* parentheses around the whole statement: ((SELECT 1)) has 2 */
};

/* False at the end. */
bool reader_next(struct reader *r);
/* Behind the parenthesis that closes the one at r->t. */
void reader_skip_parens(struct reader *r);
/* Does a top-level word of the rest of the statement match, or two in a row? For the verbs whose
 * other words cannot be mistaken. */
bool reader_rest_has(struct reader r, enum keyword kw);
bool reader_rest_has_pair(struct reader r, enum keyword first, enum keyword second);
/* A parenthesised list of options, at r->t: is `kw` there and not switched off? `kw2` is its other
 * spelling. */
bool reader_option_is_on(struct reader r, enum keyword kw, enum keyword kw2);
/* Is r->t the schema of temporary tables, with its dot? */
bool reader_names_pg_temp(const struct reader *r);

static inline bool reader_at_end(const struct reader *r)
{
    return r->t.text.len == 0;
}

static inline bool reader_is_top(const struct reader *r)
{
    return r->depth <= r->base;
}

static inline bool reader_accept(struct reader *r, enum keyword kw)
{
    if (r->t.kw != kw)
        return false;
    reader_next(r);
    return true;
}

static inline bool token_is_name(const struct token *t)
{
    return t->kind == TOK_IDENT || t->kind == TOK_QUOTED_IDENT;
}

static inline bool keyword_is_temp(enum keyword kw)
{
    return kw == KW_temp || kw == KW_temporary;
}

#endif
