/* Looks into the string that DO executes. Two levels are all there are: the body, and the texts
 * that it executes. Called by classify.c, and calls it for the body's statements. */
#include "sql/do_block.h"

#include "sql/classify.h"
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

/* ---- what would outlive the DO ---- */

static bool begins_with(struct strview text, struct strview word)
{
    return text.len >= word.len && sv_ieq(sv_n(text.ptr, word.len), word);
}

/* Is a word in it that begins so? */
static bool mentions(struct strview text, struct strview word)
{
    struct tokens ts = {text, 0};
    struct token t;

    while (tokens_next(&ts, &t))
        if (t.kind == TOK_IDENT && begins_with(t.text, word))
            return true;
    return false;
}

/* A lock that the body gives back, and currval behind its own nextval, need nobody's session. */
static bool outlasts(struct sql_kind k, struct strview text, bool unlocks)
{
    if (k.cls == SQLC_SET || k.cls == SQLC_PREPARE || k.cls == SQLC_SET_SESSION_CHARACTERISTICS)
        return true;
    if ((k.flags & (SQLF_SESSION_FUNCTION | SQLF_SET_CONFIG_SESSION)) == 0)
        return false;
    return mentions(text, SV_LIT("set_config")) ||
           (!unlocks && (mentions(text, SV_LIT("pg_advisory_lock")) ||
                         mentions(text, SV_LIT("pg_try_advisory_lock"))));
}

/* A statement of the body, or a text that it executes (executed: which executes no other). */
static unsigned statement_flags(struct strview text, bool unlocks, bool executed)
{
    struct tokens ts = {text, 0};
    struct token t;
    struct sql_kind k;
    unsigned flags;

    if (!tokens_next(&ts, &t) || sv_ieq(t.text, SV_LIT("DO")))
        return 0;
    if (sv_ieq(t.text, SV_LIT("EXECUTE"))) {
        for (flags = 0; !executed && tokens_next(&ts, &t);)
            if (is_string(&t))
                flags |= statement_flags(inside(&t), unlocks, true);
        return flags;
    }
    k = sql_classify(text);
    return (k.flags & (SQLF_TEMP | SQLF_CREATES)) |
           (outlasts(k, text, unlocks) ? SQLF_SESSION_FUNCTION : 0);
}

/* Does a statement end at this token? Labels do too, and the words behind which one begins. */
static bool is_boundary(const struct token *t)
{
    return (t->kind != TOK_OPERATOR || sv_eq(t->text, SV_LIT(">>"))) && is_before_statement(t);
}

static unsigned body_flags(struct strview body)
{
    bool unlocks = mentions(body, SV_LIT("pg_advisory_unlock"));
    struct tokens ts = {body, 0};
    struct token t;
    size_t from = 0;
    unsigned flags = 0;

    while (tokens_next(&ts, &t))
        if (is_boundary(&t)) {
            flags |= statement_flags(sv_n(body.ptr + from, t.at - from), unlocks, false);
            from = t.at + t.text.len;
        }
    return flags | statement_flags(sv_n(body.ptr + from, body.len - from), unlocks, false);
}

unsigned do_block_lasting_flags(struct strview stmt)
{
    struct tokens ts = {stmt, 0};
    struct token t;
    unsigned flags = 0;

    while (tokens_next(&ts, &t))
        if (is_string(&t))
            flags |= body_flags(inside(&t));
    return flags;
}
