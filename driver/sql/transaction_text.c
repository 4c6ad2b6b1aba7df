/* Reads transaction control statements, which classify.c has found already. Called by
 * stmt/transaction.c. */
#include "sql/transaction_text.h"

#include "base/mem.h"
#include "base/utf.h"
#include "sql/token.h"

/* PostgreSQL cuts names here: two that differ behind it are one savepoint. */
#define NAME_MAX_BYTES 63

static void cut_name(struct buf *name)
{
    if (name->len <= NAME_MAX_BYTES)
        return;
    name->len = utf8_floor(name->data, NAME_MAX_BYTES);
    name->data[name->len] = '\0';
}

static bool append_name(struct strview word, enum tok kind, struct buf *out)
{
    if (kind == TOK_QUOTED_IDENT) {
        for (size_t i = 1; i + 1 < word.len; i++) {
            i += word.ptr[i] == '"'; /* doubled */
            if (!buf_append_char(out, word.ptr[i]))
                return false;
        }
        return true;
    }
    for (size_t i = 0; i < word.len; i++)
        if (!buf_append_char(out, ascii_lower(word.ptr[i])))
            return false;
    return true;
}

static const char *const reserved[] = {
#define X(word) #word,
#include "sql/reserved.def"
#undef X
};

/* The grammar's ColId: a reserved word is one in quotes only. */
static bool is_col_id(const struct token *t)
{
    bool is = t->kind == TOK_IDENT || t->kind == TOK_QUOTED_IDENT;

    for (size_t i = 0; is && t->kind == TOK_IDENT && i < ARRAY_LEN(reserved); i++)
        is = !sv_ieq(t->text, sv(reserved[i]));
    return is;
}

static bool accept_word(struct tokens *ts, const char *word)
{
    struct token t;

    return tokens_peek(ts, &t) && t.kind == TOK_IDENT && sv_ieq(t.text, sv(word)) &&
           tokens_next(ts, &t);
}

static void skip_semicolons(struct tokens *ts)
{
    struct token t;

    while (tokens_peek(ts, &t) && t.kind == TOK_SEMICOLON)
        tokens_next(ts, &t);
}

static void skip_work(struct tokens *ts)
{
    if (!accept_word(ts, "work"))
        accept_word(ts, "transaction");
}

/* SAVEPOINT name, RELEASE [SAVEPOINT] name, ROLLBACK [WORK | TRANSACTION] TO [SAVEPOINT] name: *ts
 * stands before the name afterwards. */
static bool skip_to_name(struct tokens *ts)
{
    struct tokens behind;

    skip_semicolons(ts);
    if (accept_word(ts, "savepoint"))
        return true;
    if (accept_word(ts, "rollback")) {
        skip_work(ts);
        if (!accept_word(ts, "to"))
            return false;
    } else if (!accept_word(ts, "release")) {
        return false;
    }
    behind = *ts; /* one may be called savepoint */
    if (accept_word(&behind, "savepoint") && !tokens_at_end(behind))
        *ts = behind;
    return true;
}

bool transaction_savepoint_name(struct strview stmt, struct buf *out)
{
    struct tokens ts = {stmt, 0};
    struct token t;

    if (!skip_to_name(&ts) || !tokens_next(&ts, &t) || !is_col_id(&t) || !tokens_at_end(ts) ||
        !append_name(t.text, t.kind, out) || out->len == 0)
        return false;
    cut_name(out);
    return true;
}

bool transaction_end_is_whole(struct strview stmt)
{
    static const char *const verbs[] = {"commit", "end", "rollback", "abort"};
    struct tokens ts = {stmt, 0};
    bool found = false;

    skip_semicolons(&ts);
    for (size_t i = 0; !found && i < ARRAY_LEN(verbs); i++)
        found = accept_word(&ts, verbs[i]);
    skip_work(&ts);
    if (accept_word(&ts, "and")) {
        accept_word(&ts, "no");
        found = found && accept_word(&ts, "chain");
    }
    return found && tokens_at_end(ts);
}

/* The modes, as the words that spell them. */
static const struct mode {
    const char *words[5];
    enum transaction_level level;
    enum transaction_switch read_only, deferrable;
} modes[] = {
    {{"isolation", "level", "serializable", NULL},
     LEVEL_SERIALIZABLE,
     SWITCH_UNSAID,
     SWITCH_UNSAID},
    {{"isolation", "level", "repeatable", "read", NULL},
     LEVEL_REPEATABLE_READ,
     SWITCH_UNSAID,
     SWITCH_UNSAID},
    {{"isolation", "level", "read", "committed", NULL},
     LEVEL_READ_COMMITTED,
     SWITCH_UNSAID,
     SWITCH_UNSAID},
    {{"isolation", "level", "read", "uncommitted", NULL},
     LEVEL_READ_UNCOMMITTED,
     SWITCH_UNSAID,
     SWITCH_UNSAID},
    {{"read", "only", NULL}, LEVEL_UNSAID, SWITCH_ON, SWITCH_UNSAID},
    {{"read", "write", NULL}, LEVEL_UNSAID, SWITCH_OFF, SWITCH_UNSAID},
    {{"not", "deferrable", NULL}, LEVEL_UNSAID, SWITCH_UNSAID, SWITCH_OFF},
    {{"deferrable", NULL}, LEVEL_UNSAID, SWITCH_UNSAID, SWITCH_ON},
};

static bool fits(const struct tokens *from, const struct mode *m, struct tokens *behind)
{
    struct token t;

    *behind = *from;
    for (size_t i = 0; m->words[i] != NULL; i++)
        if (!tokens_next(behind, &t) || !sv_ieq(t.text, sv(m->words[i])))
            return false;
    return true;
}

static const struct mode *take_mode(struct tokens *ts)
{
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        struct tokens behind;
        if (fits(ts, &modes[i], &behind)) {
            *ts = behind;
            return &modes[i];
        }
    }
    return NULL;
}

/* BEGIN [WORK | TRANSACTION], START TRANSACTION, behind which no mode need follow; SET TRANSACTION;
 * or nothing, where the modes stand alone. Returns whether one must follow. */
static bool skip_head(struct tokens *ts)
{
    skip_semicolons(ts);
    if (accept_word(ts, "begin")) {
        skip_work(ts);
        return false;
    }
    if (accept_word(ts, "start"))
        return !accept_word(ts, "transaction");
    return !accept_word(ts, "set") || accept_word(ts, "transaction");
}

bool transaction_modes_read(struct strview stmt, struct transaction_modes *out)
{
    struct tokens ts = {stmt, 0};
    struct token t;
    bool more;

    *out = (struct transaction_modes){LEVEL_UNSAID, SWITCH_UNSAID, SWITCH_UNSAID};
    more = skip_head(&ts);
    while (more || !tokens_at_end(ts)) {
        const struct mode *m = take_mode(&ts);
        if (m == NULL)
            return false;
        out->level = m->level != LEVEL_UNSAID ? m->level : out->level;
        out->read_only = m->read_only != SWITCH_UNSAID ? m->read_only : out->read_only;
        out->deferrable = m->deferrable != SWITCH_UNSAID ? m->deferrable : out->deferrable;
        more = tokens_peek(&ts, &t) && t.kind == TOK_COMMA && tokens_next(&ts, &t);
    }
    return true;
}

bool transaction_sets_constraints(struct strview stmt)
{
    struct tokens ts = {stmt, 0};
    struct token t;

    return tokens_next(&ts, &t) && tokens_next(&ts, &t) && sv_ieq(t.text, SV_LIT("constraints"));
}
