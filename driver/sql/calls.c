/* Called by stmt/session.c. */
#include "sql/calls.h"

#include "base/mem.h"
#include "sql/token.h"

static const char *const known[] = {
#define X(word) #word,
#include "sql/calls.def"
#undef X
};

/* Without parentheses, and other for each transaction, session or user. */
static const char *const momentary[] = {
    "current_catalog",   "current_date", "current_role", "current_schema", "current_time",
    "current_timestamp", "current_user", "localtime",    "localtimestamp", "session_user",
    "system_user",       "user",         "xmin",         "xmax",           "ctid",
};

/* Literals that a type of dates may read as the transaction's time. */
static const char *const times[] = {"'now'", "'today'", "'tomorrow'", "'yesterday'"};

static int compare(struct strview word, const char *entry)
{
    for (size_t i = 0; i < word.len; i++) {
        int d = (unsigned char)ascii_lower(word.ptr[i]) - (unsigned char)entry[i];
        if (d != 0 || entry[i] == '\0')
            return d;
    }
    return entry[word.len] == '\0' ? 0 : -1;
}

static bool is_known(struct strview word)
{
    size_t low = 0, high = ARRAY_LEN(known);

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int d = compare(word, known[mid]);
        if (d == 0)
            return true;
        if (d < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return false;
}

static bool is_among(struct strview word, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (sv_ieq(word, sv(list[i])))
            return true;
    return false;
}

static bool is_momentary(const struct token *t)
{
    return t->kind == TOK_STRING
               ? is_among(t->text, times, ARRAY_LEN(times))
               : t->kind == TOK_IDENT && is_among(t->text, momentary, ARRAY_LEN(momentary));
}

/* A list of columns behind a name (WITH name (...), AS name (...)) is taken for a call too: that
 * costs a session where none was needed, and nothing else. */
bool sql_calls_unknown(struct strview stmt)
{
    struct tokens ts = {stmt, 0};
    struct token t, before = {.kind = TOK_SPACE};
    bool qualified = false;

    while (tokens_next(&ts, &t)) {
        bool name_before = before.kind == TOK_QUOTED_IDENT ||
                           (before.kind == TOK_IDENT && (qualified || !is_known(before.text)));
        if (t.kind == TOK_LPAREN && name_before)
            return true;
        if (before.kind != TOK_DOT && is_momentary(&t))
            return true;
        qualified = before.kind == TOK_DOT;
        before = t;
    }
    return false;
}
