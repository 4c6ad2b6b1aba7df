/* The SQL lexer: one function, a table of character classes, nothing kept. Called by script.c,
 * classify.c, escapes.c. */
#include "sql/lexer.h"

#include <stdbool.h>
#include <string.h>

enum cls {
    C_OTHER,
    C_SPACE,
    C_IDENT,
    C_DIGIT,
    C_OP,
    C_QUOTE,
    C_DQUOTE,
    C_DOLLAR,
    C_QUESTION,
    C_COLON,
    C_DOT,
    C_SINGLE
};

/* What a token may be that begins with this byte. */
static const unsigned char classes[256] = {
    ['\t'] = C_SPACE,
    ['\n'] = C_SPACE,
    ['\v'] = C_SPACE,
    ['\f'] = C_SPACE,
    ['\r'] = C_SPACE,
    [' '] = C_SPACE,
    ['A' ... 'Z'] = C_IDENT,
    ['a' ... 'z'] = C_IDENT,
    ['_'] = C_IDENT,
    [0x80 ... 0xFF] = C_IDENT,
    ['0' ... '9'] = C_DIGIT,
    ['+'] = C_OP,
    ['-'] = C_OP,
    ['*'] = C_OP,
    ['/'] = C_OP,
    ['<'] = C_OP,
    ['>'] = C_OP,
    ['='] = C_OP,
    ['~'] = C_OP,
    ['!'] = C_OP,
    ['@'] = C_OP,
    ['#'] = C_OP,
    ['%'] = C_OP,
    ['^'] = C_OP,
    ['&'] = C_OP,
    ['|'] = C_OP,
    ['`'] = C_OP,
    ['\''] = C_QUOTE,
    ['"'] = C_DQUOTE,
    ['$'] = C_DOLLAR,
    ['?'] = C_QUESTION,
    [':'] = C_COLON,
    ['.'] = C_DOT,
    ['{'] = C_SINGLE,
    ['}'] = C_SINGLE,
    ['('] = C_SINGLE,
    [')'] = C_SINGLE,
    ['['] = C_SINGLE,
    [']'] = C_SINGLE,
    [','] = C_SINGLE,
    [';'] = C_SINGLE,
};

static unsigned char class_of(char c)
{
    return classes[(unsigned char)c];
}

static bool ident_part(char c)
{
    unsigned char k = class_of(c);
    return k == C_IDENT || k == C_DIGIT || c == '$';
}

/* Length of a quoted text whose opening quote is at s[0]; doubled quotes belong to it, backslashes
 * only when asked. 0: it does not end. */
static size_t quoted_len(const char *s, size_t n, char quote, bool backslashes)
{
    for (size_t i = 1; i < n; i++) {
        if (backslashes && s[i] == '\\')
            i++;
        else if (s[i] == quote) {
            if (i + 1 < n && s[i + 1] == quote)
                i++;
            else
                return i + 1;
        }
    }
    return 0;
}

static size_t literal(const char *s, size_t n, size_t prefix, char quote, bool backslashes,
                      enum tok kind, enum tok *out)
{
    size_t len = quoted_len(s + prefix, n - prefix, quote, backslashes);

    *out = len ? kind : TOK_ILLEGAL;
    return len ? prefix + len : n;
}

static size_t block_comment(const char *s, size_t n, enum tok *kind)
{
    size_t depth = 1;

    for (size_t i = 2; i + 1 < n; i++) {
        if (s[i] == '/' && s[i + 1] == '*') {
            depth++;
            i++;
        } else if (s[i] == '*' && s[i + 1] == '/') {
            i++;
            if (--depth == 0) {
                *kind = TOK_BLOCK_COMMENT;
                return i + 1;
            }
        }
    }
    *kind = TOK_ILLEGAL;
    return n;
}

static size_t line_comment(const char *s, size_t n, enum tok *kind)
{
    size_t i = 2;

    while (i < n && s[i] != '\n' && s[i] != '\r')
        i++;
    *kind = TOK_LINE_COMMENT;
    return i;
}

static size_t number(const char *s, size_t n, enum tok *kind)
{
    size_t i = 0;

    *kind = TOK_NUMBER;
    while (i < n && class_of(s[i]) == C_DIGIT)
        i++;
    if (i < n && s[i] == '.' && !(i + 1 < n && s[i + 1] == '.')) {
        i++;
        while (i < n && class_of(s[i]) == C_DIGIT)
            i++;
    }
    if (i < n && (s[i] == 'e' || s[i] == 'E')) {
        size_t k = i + 1;
        if (k < n && (s[k] == '+' || s[k] == '-'))
            k++;
        if (k < n && class_of(s[k]) == C_DIGIT) {
            while (k < n && class_of(s[k]) == C_DIGIT)
                k++;
            i = k;
        }
    }
    return i;
}

static size_t dollar(const char *s, size_t n, enum tok *kind)
{
    size_t i = 1;
    const char *end;

    if (i < n && class_of(s[i]) == C_DIGIT) {
        while (i < n && class_of(s[i]) == C_DIGIT)
            i++;
        *kind = TOK_DOLLAR_PARAM;
        return i;
    }
    while (i < n && s[i] != '$' && ident_part(s[i]))
        i++;
    if (i == n || s[i] != '$') {
        *kind = TOK_ILLEGAL;
        return 1;
    }
    i++; /* the opening tag is s[0..i) */
    end = memmem(s + i, n - i, s, i);
    *kind = end ? TOK_DOLLAR_STRING : TOK_ILLEGAL;
    return end ? (size_t)(end - s) + i : n;
}

/* PostgreSQL ends an operator where a comment begins; + and - at its end only belong to it beside
 * certain characters. */
static size_t operator_len(const char *s, size_t n)
{
    size_t i = 0;
    bool odd = false;

    while (i < n && class_of(s[i]) == C_OP) {
        if (i > 0 && i + 1 < n &&
            ((s[i] == '-' && s[i + 1] == '-') || (s[i] == '/' && s[i + 1] == '*')))
            break;
        odd |= strchr("~!@#%^&|`", s[i]) != NULL;
        i++;
    }
    while (i > 1 && !odd && (s[i - 1] == '+' || s[i - 1] == '-'))
        i--;
    return i;
}

static size_t ident(const char *s, size_t n, enum tok *kind)
{
    size_t i = 1;

    if (n > 1 && s[1] == '\'' && strchr("eEbBxXnN", s[0]) != NULL)
        return literal(s, n, 1, '\'', s[0] == 'e' || s[0] == 'E', TOK_STRING, kind);
    if (n > 2 && (s[0] == 'u' || s[0] == 'U') && s[1] == '&' && s[2] == '\'')
        return literal(s, n, 2, '\'', false, TOK_STRING, kind);
    if (n > 2 && (s[0] == 'u' || s[0] == 'U') && s[1] == '&' && s[2] == '"')
        return literal(s, n, 2, '"', false, TOK_QUOTED_IDENT, kind);
    while (i < n && ident_part(s[i]))
        i++;
    *kind = TOK_IDENT;
    return i;
}

static enum tok single(char c)
{
    static const char bytes[] = "{}()[],;";
    static const enum tok kinds[] = {TOK_LBRACE,   TOK_RBRACE,   TOK_LPAREN, TOK_RPAREN,
                                     TOK_LBRACKET, TOK_RBRACKET, TOK_COMMA,  TOK_SEMICOLON};
    return kinds[strchr(bytes, c) - bytes];
}

static size_t one(enum tok what, enum tok *kind)
{
    *kind = what;
    return 1;
}

static size_t spaces(const char *s, size_t n, enum tok *kind)
{
    size_t i = 1;

    while (i < n && class_of(s[i]) == C_SPACE)
        i++;
    *kind = TOK_SPACE;
    return i;
}

size_t lexer_next(const char *s, size_t n, enum tok *kind)
{
    switch (class_of(s[0])) {
    case C_SPACE:
        return spaces(s, n, kind);
    case C_IDENT:
        return ident(s, n, kind);
    case C_DIGIT:
        return number(s, n, kind);
    case C_QUOTE:
        return literal(s, n, 0, '\'', false, TOK_STRING, kind);
    case C_DQUOTE:
        return literal(s, n, 0, '"', false, TOK_QUOTED_IDENT, kind);
    case C_DOLLAR:
        return dollar(s, n, kind);
    case C_QUESTION:
        return one(TOK_QUESTION, kind);
    case C_SINGLE:
        return one(single(s[0]), kind);
    case C_COLON:
        *kind = n > 1 && s[1] == ':' ? TOK_CAST : n > 1 && s[1] == '=' ? TOK_OPERATOR : TOK_COLON;
        return *kind == TOK_COLON ? 1 : 2;
    case C_DOT:
        if (n > 1 && class_of(s[1]) == C_DIGIT)
            return number(s, n, kind);
        return one(TOK_DOT, kind);
    case C_OP:
        if (n > 1 && s[0] == '-' && s[1] == '-')
            return line_comment(s, n, kind);
        if (n > 1 && s[0] == '/' && s[1] == '*')
            return block_comment(s, n, kind);
        *kind = TOK_OPERATOR;
        return operator_len(s, n);
    default:
        return one(TOK_ILLEGAL, kind);
    }
}
