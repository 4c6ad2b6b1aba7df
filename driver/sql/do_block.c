/* Looks into the string that DO executes. Two levels are all there are: the body, and the texts
 * that it executes. Called by classify.c. */
#include "sql/do_block.h"

#include "sql/token.h"

static bool is_string(const struct token *t)
{
    return t->kind == TOK_STRING || t->kind == TOK_DOLLAR_STRING;
}

/* What stands between the quotes. A doubled quote stays so: it ends no word that is looked for. */
static struct strview inside(const struct token *t)
{
    const char *p = t->text.ptr;
    size_t open = 0, close = 1;

    if (t->kind == TOK_DOLLAR_STRING) {
        open = 1;
        while (open < t->text.len && p[open] != '$')
            open++;
        close = ++open;
    } else {
        while (open < t->text.len && p[open] != '\'')
            open++;
        open++;
    }
    if (open + close > t->text.len)
        return (struct strview){NULL, 0};
    return sv_n(p + open, t->text.len - open - close);
}

static bool begins_with_listen(struct strview text)
{
    struct tokens ts = {text, 0};
    struct token t;

    return tokens_next(&ts, &t) && sv_ieq(t.text, SV_LIT("LISTEN"));
}

/* Is a statement to be expected behind this token? */
static bool is_before_statement(const struct token *t)
{
    static const char *const words[] = {"BEGIN", "THEN", "ELSE", "LOOP"};

    if (t->text.len == 0 || t->kind == TOK_SEMICOLON || t->kind == TOK_OPERATOR) /* <<label>> */
        return true;
    if (sv_eq(t->text, SV_LIT("''"))) /* EXECUTE of a string, in a body in quotes */
        return true;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (sv_ieq(t->text, sv(words[i])))
            return true;
    return false;
}

static bool body_listens(struct strview body)
{
    struct tokens ts = {body, 0};
    struct token t, last = {0};

    for (; tokens_next(&ts, &t); last = t) {
        if (is_before_statement(&last) && sv_ieq(t.text, SV_LIT("LISTEN")))
            return true;
        if (is_string(&t) && begins_with_listen(inside(&t)))
            return true;
    }
    return false;
}

bool do_block_listens(struct strview stmt)
{
    struct tokens ts = {stmt, 0};
    struct token t;

    while (tokens_next(&ts, &t))
        if (is_string(&t) && body_listens(inside(&t)))
            return true;
    return false;
}
