/* Looks into the string that DO executes. Two levels are all there are: the body, and the texts
 * that it executes. Called by classify.c, and calls it for the body's statements. No recursion. */
#include "sql/do_block.h"

#include <string.h>

#include "base/mem.h"
#include "sql/classify_parts.h"

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

/* Written with escapes that may be any letter: U&'..', U&"..", E'\x6c'. */
static bool hides_words(const struct token *t)
{
    const char *p = t->text.ptr;

    if (t->kind != TOK_STRING && t->kind != TOK_QUOTED_IDENT)
        return false;
    if (t->text.len > 1 && p[1] == '&')
        return true;
    for (size_t i = 0; ascii_lower(p[0]) == 'e' && i + 1 < t->text.len; i++)
        if (p[i] == '\\' && strchr("xuU01234567", p[++i]) != NULL)
            return true;
    return false;
}

static bool begins_with(struct strview text, struct strview word)
{
    return text.len >= word.len && sv_ieq(sv_n(text.ptr, word.len), word);
}

/* Is a word in it that begins so, quoted or not? */
static bool mentions(struct strview text, const char *word)
{
    struct tokens ts = {text, 0};
    struct token t;

    while (tokens_next(&ts, &t))
        if ((t.kind == TOK_IDENT && begins_with(t.text, sv(word))) ||
            (t.kind == TOK_QUOTED_IDENT &&
             begins_with(sv_n(t.text.ptr + 1, t.text.len - 1), sv(word))))
            return true;
    return false;
}

/* A lock that the body gives back, and currval behind its own nextval, need nobody's session. */
static bool calls_what_outlasts(struct strview text, bool unlocks)
{
    static const char *const lasting[] = {"set_config",
                                          "setseed",
                                          "set_limit",
                                          "dblink_connect",
                                          "pg_replication_origin",
                                          "pg_backup_start",
                                          "pg_start_",
                                          "pg_settings",
                                          "load"};

    for (size_t i = 0; i < ARRAY_LEN(lasting); i++)
        if (mentions(text, lasting[i]))
            return true;
    return !unlocks &&
           (mentions(text, "pg_advisory_lock") || mentions(text, "pg_try_advisory_lock"));
}

static bool is_session_statement(enum sql_class cls)
{
    return cls == SQLC_SET || cls == SQLC_PREPARE || cls == SQLC_SET_SESSION_CHARACTERISTICS;
}

/* How a text comes to be executed. */
enum role {
    ROLE_STATEMENT, /* of the body */
    ROLE_EXECUTED,  /* between the quotes of EXECUTE: it executes no other */
    ROLE_ASSIGNED,  /* to a variable, in a body that EXECUTEs: SET may be a part of UPDATE there */
};

static unsigned text_flags(struct strview text, bool unlocks, enum role role)
{
    static const unsigned session = SQLF_SESSION_FUNCTION | SQLF_SET_CONFIG_SESSION;
    struct sql_kind k = classify_without_body(text);
    /* Nobody looks into a DO in a DO: two levels are all there are. */
    bool outlasts = k.cls == SQLC_DO || (role != ROLE_ASSIGNED && is_session_statement(k.cls)) ||
                    ((k.flags & session) && calls_what_outlasts(text, unlocks));

    return (k.flags & (SQLF_TEMP | SQLF_CREATES | SQLF_WITH_HOLD)) |
           (outlasts ? SQLF_SESSION_FUNCTION : 0);
}

/* The strings behind a token of the statement. */
static unsigned strings_flags(struct tokens ts, bool unlocks, enum role role)
{
    struct token t;
    unsigned flags = 0;

    while (tokens_next(&ts, &t))
        if (is_string(&t))
            flags |= text_flags(inside(&t), unlocks, role) |
                     (role == ROLE_EXECUTED && hides_words(&t) ? SQLF_SESSION_FUNCTION : 0);
    return flags;
}

static unsigned statement_flags(struct strview text, bool unlocks, bool executes)
{
    struct tokens ts = {text, 0};
    struct token t;
    unsigned flags;

    if (!tokens_next(&ts, &t))
        return 0;
    flags = text_flags(text, unlocks, ROLE_STATEMENT);
    if (sv_ieq(t.text, SV_LIT("EXECUTE")))
        return flags | strings_flags(ts, unlocks, ROLE_EXECUTED);
    while (executes && tokens_next(&ts, &t))
        if (token_is_op(&t, ":="))
            return flags | strings_flags(ts, unlocks, ROLE_ASSIGNED);
    return flags;
}

/* Does a statement end at this token? Labels do too, and the words behind which one begins. */
static bool is_boundary(const struct token *t)
{
    return (t->kind != TOK_OPERATOR || sv_eq(t->text, SV_LIT(">>"))) && is_before_statement(t);
}

static unsigned body_flags(struct strview body)
{
    bool unlocks = mentions(body, "pg_advisory_unlock");
    bool executes = mentions(body, "execute");
    struct tokens ts = {body, 0};
    struct token t;
    size_t from = 0;
    unsigned flags = 0;

    while (tokens_next(&ts, &t)) {
        if (is_boundary(&t)) {
            flags |= statement_flags(sv_n(body.ptr + from, t.at - from), unlocks, executes);
            from = t.at + t.text.len;
        }
        if (t.kind == TOK_QUOTED_IDENT && hides_words(&t))
            flags |= SQLF_SESSION_FUNCTION;
    }
    return flags | statement_flags(sv_n(body.ptr + from, body.len - from), unlocks, executes);
}

unsigned do_block_lasting_flags(struct strview stmt)
{
    struct tokens ts = {stmt, 0};
    struct token t, last = {.kind = TOK_SPACE};
    unsigned flags = 0;

    for (; tokens_next(&ts, &t); last = t) {
        if (!is_string(&t))
            continue;
        flags |= body_flags(inside(&t));
        if (hides_words(&t) ||
            (t.kind == TOK_STRING && last.kind == TOK_STRING)) /* 'a' <line> 'b' */
            flags |= SQLF_SESSION_FUNCTION;
    }
    return flags;
}
