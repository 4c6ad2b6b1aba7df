/* Significant tokens and keywords. Decides nothing about statements. Called by the other files of
 * this folder, and by stmt/describe.c and setting_fits.c. */
#include "sql/token.h"

#include "base/mem.h"

static const struct strview words[KW_COUNT] = {
#define X(word) [KW_##word] = {#word, sizeof #word - 1},
#include "sql/keyword.def"
#undef X
};

#define WORD_MAX_BYTES 24

enum keyword keyword_of(struct strview word)
{
    char lower[WORD_MAX_BYTES];
    size_t lo = KW_NONE + 1;
    size_t hi = KW_COUNT;

    if (word.len > sizeof lower)
        return KW_NONE;
    for (size_t i = 0; i < word.len; i++)
        lower[i] = ascii_lower(word.ptr[i]);
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        size_t common = word.len < words[mid].len ? word.len : words[mid].len;
        int order = memcmp(lower, words[mid].ptr, common);

        if (order == 0 && word.len == words[mid].len)
            return (enum keyword)mid;
        if (order < 0 || (order == 0 && word.len < words[mid].len))
            hi = mid;
        else
            lo = mid + 1;
    }
    return KW_NONE;
}

bool token_is_space(enum tok kind)
{
    return kind == TOK_SPACE || kind == TOK_LINE_COMMENT || kind == TOK_BLOCK_COMMENT;
}

bool token_is_unterminated(const struct token *t)
{
    return t->kind == TOK_ILLEGAL &&
           (t->text.len > 1 || t->text.ptr[0] == '\'' || t->text.ptr[0] == '"');
}

bool token_is_op(const struct token *t, const char *op)
{
    return t->kind == TOK_OPERATOR && sv_eq(t->text, sv(op));
}

bool tokens_raw(struct tokens *ts, struct token *t)
{
    *t = (struct token){TOK_SPACE, KW_NONE, {"", 0}, ts->pos};
    if (ts->pos >= ts->text.len)
        return false;
    t->text.ptr = ts->text.ptr + ts->pos;
    t->text.len = lexer_next(t->text.ptr, ts->text.len - ts->pos, &t->kind);
    ts->pos += t->text.len;
    if (t->kind == TOK_IDENT)
        t->kw = keyword_of(t->text);
    return true;
}

bool tokens_next(struct tokens *ts, struct token *t)
{
    while (tokens_raw(ts, t))
        if (!token_is_space(t->kind))
            return true;
    return false;
}

bool tokens_peek(const struct tokens *ts, struct token *t)
{
    struct tokens copy = *ts;

    return tokens_next(&copy, t);
}

bool tokens_at_end(struct tokens ts)
{
    struct token t;

    while (tokens_next(&ts, &t))
        if (t.kind != TOK_SEMICOLON)
            return false;
    return true;
}
