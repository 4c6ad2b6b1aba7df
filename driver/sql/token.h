/* Significant tokens: the lexer's output without white space and comments, with keywords
 * recognised. For the readers of SQL in this folder (split, classify, markers, escapes). */
#ifndef NEON_SQL_TOKEN_H
#define NEON_SQL_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "sql/lexer.h"

enum keyword {
    KW_NONE = 0, /* not in keyword.def */
#define X(word) KW_##word,
#include "sql/keyword.def"
#undef X
    KW_COUNT
};

struct token {
    enum tok kind;
    enum keyword kw;     /* of a TOK_IDENT only; compared without case, ASCII only */
    struct strview text; /* a piece of the text that is read */
    size_t at;           /* its byte offset there */
};

/* A place in a text. Initialise as {text, 0}. */
struct tokens {
    struct strview text;
    size_t pos; /* bytes */
};

/* The next token of any kind, spaces and comments too. False at the end; then *t is empty with kind
 * TOK_SPACE. */
bool tokens_raw(struct tokens *ts, struct token *t);
/* The next token that is neither space nor comment. False at the end. */
bool tokens_next(struct tokens *ts, struct token *t);
/* tokens_next without moving. */
bool tokens_peek(const struct tokens *ts, struct token *t);
/* Does nothing but semicolons follow? */
bool tokens_at_end(struct tokens ts);

bool token_is_space(enum tok kind);
/* A literal, quoted identifier or comment whose end is missing (TOK_ILLEGAL that runs to the end of
 * the text). */
bool token_is_unterminated(const struct token *t);
bool token_is_op(const struct token *t, const char *op);

enum keyword keyword_of(struct strview word);

#endif
