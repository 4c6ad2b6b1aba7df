/* A cursor over the tokens of a text that skips white space and comments. For classify.c, script.c
 * and escapes.c. */
#ifndef NEON_SQL_TOKENS_H
#define NEON_SQL_TOKENS_H

#include <stdbool.h>

#include "base/str.h"
#include "sql/lexer.h"

struct token {
    enum tok kind;
    const char *ptr;
    size_t len;
};

struct tokens {
    const char *at, *end;
};

/* The next token that is neither white space nor comment; false at the end. */
static inline bool tokens_next(struct tokens *t, struct token *out)
{
    while (t->at < t->end) {
        out->ptr = t->at;
        out->len = lexer_next(t->at, (size_t)(t->end - t->at), &out->kind);
        t->at += out->len;
        if (out->kind != TOK_SPACE && out->kind != TOK_LINE_COMMENT &&
            out->kind != TOK_BLOCK_COMMENT)
            return true;
    }
    return false;
}

/* Looks without moving. */
static inline bool tokens_peek(const struct tokens *t, struct token *out)
{
    struct tokens copy = *t;
    return tokens_next(&copy, out);
}

static inline struct strview token_sv(const struct token *t)
{
    return sv_n(t->ptr, t->len);
}

/* An unquoted word, whatever its case. */
static inline bool token_is(const struct token *t, const char *word)
{
    return t->kind == TOK_IDENT && sv_ieq(token_sv(t), sv(word));
}

#endif
