/* SQL text to tokens, PostgreSQL's rules (lexical structure chapter of its manual) with
 * standard_conforming_strings on.
 *
 * No allocation, no state. Invariant: every token has length > 0 and the lengths sum to n, for any
 * bytes. An unterminated literal or comment is a token TOK_ILLEGAL that runs to the end. Only sql/
 * looks into SQL text; everyone else asks it. */
#ifndef NEON_SQL_LEXER_H
#define NEON_SQL_LEXER_H

#include <stddef.h>

enum tok {
    TOK_SPACE,
    TOK_LINE_COMMENT,
    TOK_BLOCK_COMMENT, /* nested */
    TOK_STRING,        /* '..', E'..', U&'..', B'..', X'..', N'..' : the prefix belongs to it */
    TOK_DOLLAR_STRING, /* $tag$..$tag$ */
    TOK_QUOTED_IDENT,  /* ".." or U&".." */
    TOK_IDENT,         /* also keywords; may contain $ and bytes >= 0x80 */
    TOK_NUMBER,
    TOK_DOLLAR_PARAM, /* $1 */
    TOK_QUESTION,     /* a single ? */
    TOK_LBRACE,
    TOK_RBRACE,
    TOK_LPAREN,
    TOK_RPAREN,
    TOK_LBRACKET,
    TOK_RBRACKET,
    TOK_COMMA,
    TOK_SEMICOLON,
    TOK_DOT,
    TOK_COLON,
    TOK_CAST,     /* :: */
    TOK_OPERATOR, /* a run of operator characters other than ? */
    TOK_ILLEGAL,
};

/* The length in bytes of the token that begins at s (n bytes left, n > 0). */
size_t lexer_next(const char *s, size_t n, enum tok *kind);

#endif
