/* The lexer: where a token ends and what it is. PostgreSQL's scan.l is the authority.
 *
 * It keeps no state, allocates nothing and knows no keywords (sql/token.c does). A ? is never part
 * of an operator here: whether it is one is decided by sql/markers.c. Called by sql/token.c and the
 * tests. */
#include "sql/lexer.h"

#include <stdbool.h>
#include <string.h>

enum {
    C_SPACE = 1 << 0,
    C_IDENT_START = 1 << 1, /* letters, _ and every byte of a character beyond ASCII */
    C_DIGIT = 1 << 2,
    C_DOLLAR = 1 << 3,
    C_OPERATOR = 1 << 4, /* without ? */
    C_IDENT = C_IDENT_START | C_DIGIT | C_DOLLAR,
    C_TAG = C_IDENT_START | C_DIGIT, /* inside $tag$ */
};

static const unsigned char class_of[256] = {
    ['\t' ... '\r'] = C_SPACE,
    [' '] = C_SPACE,
    ['A' ... 'Z'] = C_IDENT_START,
    ['a' ... 'z'] = C_IDENT_START,
    ['_'] = C_IDENT_START,
    [0x80 ... 0xFF] = C_IDENT_START,
    ['0' ... '9'] = C_DIGIT,
    ['$'] = C_DOLLAR,
    ['~'] = C_OPERATOR,
    ['!'] = C_OPERATOR,
    ['@'] = C_OPERATOR,
    ['#'] = C_OPERATOR,
    ['^'] = C_OPERATOR,
    ['&'] = C_OPERATOR,
    ['|'] = C_OPERATOR,
    ['`'] = C_OPERATOR,
    ['+'] = C_OPERATOR,
    ['-'] = C_OPERATOR,
    ['*'] = C_OPERATOR,
    ['/'] = C_OPERATOR,
    ['%'] = C_OPERATOR,
    ['<'] = C_OPERATOR,
    ['>'] = C_OPERATOR,
    ['='] = C_OPERATOR,
};

/* Tokens of one character. Any other byte has TOK_SPACE here, which is 0. */
static const enum tok single[256] = {
    ['?'] = TOK_QUESTION,  ['{'] = TOK_LBRACE,   ['}'] = TOK_RBRACE,   ['('] = TOK_LPAREN,
    [')'] = TOK_RPAREN,    ['['] = TOK_LBRACKET, [']'] = TOK_RBRACKET, [','] = TOK_COMMA,
    [';'] = TOK_SEMICOLON, ['.'] = TOK_DOT,      [':'] = TOK_COLON,
};

static bool is(char c, unsigned classes)
{
    return (class_of[(unsigned char)c] & classes) != 0;
}

/* The byte at s[i], or 0 behind the end. A real 0 means the same everywhere: it fits no rule. */
static char at(const char *s, size_t n, size_t i)
{
    return i < n ? s[i] : '\0';
}

static size_t run_of(const char *s, size_t n, size_t i, unsigned classes)
{
    while (i < n && is(s[i], classes))
        i++;
    return i;
}

static size_t illegal_rest(size_t n, enum tok *kind)
{
    *kind = TOK_ILLEGAL;
    return n;
}

static size_t line_comment(const char *s, size_t n)
{
    size_t i = 2;

    while (i < n && s[i] != '\n' && s[i] != '\r')
        i++;
    return i;
}

static size_t block_comment(const char *s, size_t n, enum tok *kind)
{
    size_t depth = 1;
    size_t i = 2;

    *kind = TOK_BLOCK_COMMENT;
    while (i + 1 < n) {
        if (s[i] == '*' && s[i + 1] == '/') {
            i += 2;
            if (--depth == 0)
                return i;
        } else if (s[i] == '/' && s[i + 1] == '*') {
            i += 2;
            depth++;
        } else {
            i++;
        }
    }
    return illegal_rest(n, kind);
}

/* The end of the text in quotes whose opening quote stands at s[i]; 0 when it is not closed. A
 * doubled quote is content. */
static size_t quoted_end(const char *s, size_t n, size_t i, char quote, bool backslashes)
{
    for (i++; i < n; i++) {
        if (backslashes && s[i] == '\\') {
            i++;
        } else if (s[i] == quote) {
            if (at(s, n, i + 1) != quote)
                return i + 1;
            i++;
        }
    }
    return 0;
}

/* SQL glues string literals with a line break between them: 'a' <newline> 'b'. Only for E'..' does
 * it matter, because the second part has backslash escapes too. Returns where the next part's quote
 * stands, or 0. */
static size_t continued_at(const char *s, size_t n, size_t i)
{
    bool line_break = false;

    for (;;) {
        if (is(at(s, n, i), C_SPACE)) {
            line_break |= s[i] == '\n' || s[i] == '\r';
            i++;
        } else if (at(s, n, i) == '-' && at(s, n, i + 1) == '-') {
            i += line_comment(s + i, n - i);
        } else {
            return line_break && at(s, n, i) == '\'' ? i : 0;
        }
    }
}

static size_t string_literal(const char *s, size_t n, size_t quote_at, bool backslashes,
                             enum tok *kind)
{
    size_t end = quoted_end(s, n, quote_at, '\'', backslashes);
    size_t next;

    *kind = TOK_STRING;
    while (end != 0 && backslashes && (next = continued_at(s, n, end)) != 0)
        end = quoted_end(s, n, next, '\'', true);
    return end != 0 ? end : illegal_rest(n, kind);
}

static size_t quoted_ident(const char *s, size_t n, size_t quote_at, enum tok *kind)
{
    size_t end = quoted_end(s, n, quote_at, '"', false);

    *kind = TOK_QUOTED_IDENT;
    return end != 0 ? end : illegal_rest(n, kind);
}

/* A letter may open a literal: E'..' B'..' X'..' N'..' U&'..' U&"..". Returns 0 when it does not.
 */
static size_t prefixed(const char *s, size_t n, enum tok *kind)
{
    char first = (char)(s[0] | 0x20);
    char second = at(s, n, 1);

    if (second == '\'' && (first == 'e' || first == 'b' || first == 'x' || first == 'n'))
        return string_literal(s, n, 1, first == 'e', kind);
    if (first == 'u' && second == '&' && at(s, n, 2) == '\'')
        return string_literal(s, n, 2, false, kind);
    if (first == 'u' && second == '&' && at(s, n, 2) == '"')
        return quoted_ident(s, n, 2, kind);
    return 0;
}

/* $tag$ ... $tag$. `tag_len` counts the delimiter with both dollars. A tag holds no $, so that
 * comparing at every $ costs no more than one pass in all. */
static size_t dollar_string(const char *s, size_t n, size_t tag_len, enum tok *kind)
{
    size_t i = tag_len;

    *kind = TOK_DOLLAR_STRING;
    while (i < n) {
        const char *dollar = memchr(s + i, '$', n - i);
        if (dollar == NULL)
            break;
        i = (size_t)(dollar - s);
        if (n - i < tag_len)
            break;
        if (memcmp(s + i, s, tag_len) == 0)
            return i + tag_len;
        i++;
    }
    return illegal_rest(n, kind);
}

static size_t dollar(const char *s, size_t n, enum tok *kind)
{
    size_t i = 1;

    if (is(at(s, n, 1), C_DIGIT)) {
        *kind = TOK_DOLLAR_PARAM;
        return run_of(s, n, 1, C_DIGIT);
    }
    if (is(at(s, n, 1), C_IDENT_START))
        i = run_of(s, n, 1, C_TAG);
    if (at(s, n, i) == '$')
        return dollar_string(s, n, i + 1, kind);
    *kind = TOK_ILLEGAL;
    return 1;
}

/* 12, 1.5, .5, 1e10, 1.e-3, and PostgreSQL 16's 0x1F, 0o17, 0b1, 1_000. `1..2` is 1 and two dots.
 */
static size_t number(const char *s, size_t n)
{
    char radix = (char)(at(s, n, 1) | 0x20);
    size_t i;

    if (s[0] == '0' && (radix == 'x' || radix == 'o' || radix == 'b') && is(at(s, n, 2), C_DIGIT))
        return run_of(s, n, 2, C_TAG);
    for (i = 0; is(at(s, n, i), C_DIGIT) || (at(s, n, i) == '_' && is(at(s, n, i + 1), C_DIGIT));
         i++)
        continue;
    if (at(s, n, i) == '.' && at(s, n, i + 1) != '.')
        i = run_of(s, n, i + 1, C_DIGIT);
    if ((at(s, n, i) | 0x20) == 'e') {
        size_t digits = i + 1;
        if (at(s, n, digits) == '+' || at(s, n, digits) == '-')
            digits++;
        if (is(at(s, n, digits), C_DIGIT))
            i = run_of(s, n, digits, C_DIGIT);
    }
    return i;
}

static bool opens_comment(const char *s, size_t n, size_t i)
{
    return (s[i] == '-' && at(s, n, i + 1) == '-') || (s[i] == '/' && at(s, n, i + 1) == '*');
}

/* A longer operator becomes several tokens, which nobody minds. The bound keeps a long row of + and
 * - from being read again and again. */
#define OPERATOR_MAX_BYTES 16

/* A run of operator characters, cut where a comment begins. As in PostgreSQL, an operator of
 * several characters does not end in + or - unless it holds one of ~ ! @ # ^ & | ` % : `a=-1` is =
 * and -. */
static size_t operator_run(const char *s, size_t n)
{
    bool special = false;
    size_t i;

    for (i = 0; i < n && i < OPERATOR_MAX_BYTES && is(s[i], C_OPERATOR) && !opens_comment(s, n, i);
         i++)
        special |= memchr("~!@#^&|`%", s[i], 9) != NULL;
    while (i > 1 && !special && (s[i - 1] == '+' || s[i - 1] == '-'))
        i--;
    return i;
}

static size_t punctuation(const char *s, size_t n, enum tok *kind)
{
    if (s[0] == ':' && at(s, n, 1) == ':') {
        *kind = TOK_CAST;
        return 2;
    }
    if ((s[0] == ':' && at(s, n, 1) == '=') || (s[0] == '.' && at(s, n, 1) == '.')) {
        *kind = TOK_OPERATOR;
        return 2;
    }
    *kind = single[(unsigned char)s[0]];
    if (*kind == TOK_SPACE)
        *kind = TOK_ILLEGAL;
    return 1;
}

static size_t word(const char *s, size_t n, enum tok *kind)
{
    size_t len = prefixed(s, n, kind);

    if (len != 0)
        return len;
    *kind = TOK_IDENT;
    return run_of(s, n, 1, C_IDENT);
}

size_t lexer_next(const char *s, size_t n, enum tok *kind)
{
    char c = s[0];

    if (is(c, C_SPACE)) {
        *kind = TOK_SPACE;
        return run_of(s, n, 1, C_SPACE);
    }
    if (is(c, C_IDENT_START))
        return word(s, n, kind);
    if (is(c, C_DIGIT) || (c == '.' && is(at(s, n, 1), C_DIGIT))) {
        *kind = TOK_NUMBER;
        return number(s, n);
    }
    if (c == '\'')
        return string_literal(s, n, 0, false, kind);
    if (c == '"')
        return quoted_ident(s, n, 0, kind);
    if (c == '$')
        return dollar(s, n, kind);
    if (c == '-' && at(s, n, 1) == '-') {
        *kind = TOK_LINE_COMMENT;
        return line_comment(s, n);
    }
    if (c == '/' && at(s, n, 1) == '*')
        return block_comment(s, n, kind);
    if (is(c, C_OPERATOR)) {
        *kind = TOK_OPERATOR;
        return operator_run(s, n);
    }
    return punctuation(s, n, kind);
}
