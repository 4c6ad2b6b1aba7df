/* Reads transaction control statements, which classify.c has found already. Called by
 * stmt/transaction.c. */
#include "sql/transaction_text.h"

#include "sql/token.h"

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

bool transaction_savepoint_name(struct strview stmt, struct buf *out)
{
    struct tokens ts = {stmt, 0};
    struct token t, last = {.kind = TOK_SPACE};
    size_t n = 0;

    while (tokens_next(&ts, &t) && t.kind != TOK_SEMICOLON) {
        last = t;
        n++;
    }
    if (n < 2 || (last.kind != TOK_IDENT && last.kind != TOK_QUOTED_IDENT))
        return false;
    return append_name(last.text, last.kind, out);
}

/* The modes, as the words that spell them; the first that fits wins. */
static const struct mode {
    const char *words[3];
    enum transaction_level level;
    enum transaction_switch read_only, deferrable;
} modes[] = {
    {{"isolation", "level", NULL}, LEVEL_UNSAID, SWITCH_UNSAID, SWITCH_UNSAID},
    {{"serializable", NULL}, LEVEL_SERIALIZABLE, SWITCH_UNSAID, SWITCH_UNSAID},
    {{"repeatable", "read", NULL}, LEVEL_REPEATABLE_READ, SWITCH_UNSAID, SWITCH_UNSAID},
    {{"read", "committed", NULL}, LEVEL_READ_COMMITTED, SWITCH_UNSAID, SWITCH_UNSAID},
    {{"read", "uncommitted", NULL}, LEVEL_READ_UNCOMMITTED, SWITCH_UNSAID, SWITCH_UNSAID},
    {{"read", "only", NULL}, LEVEL_UNSAID, SWITCH_ON, SWITCH_UNSAID},
    {{"read", "write", NULL}, LEVEL_UNSAID, SWITCH_OFF, SWITCH_UNSAID},
    {{"not", "deferrable", NULL}, LEVEL_UNSAID, SWITCH_UNSAID, SWITCH_OFF},
    {{"deferrable", NULL}, LEVEL_UNSAID, SWITCH_UNSAID, SWITCH_ON},
    {{"begin", NULL}, LEVEL_UNSAID, SWITCH_UNSAID, SWITCH_UNSAID},
    {{"start", NULL}, LEVEL_UNSAID, SWITCH_UNSAID, SWITCH_UNSAID},
    {{"set", NULL}, LEVEL_UNSAID, SWITCH_UNSAID, SWITCH_UNSAID},
    {{"work", NULL}, LEVEL_UNSAID, SWITCH_UNSAID, SWITCH_UNSAID},
    {{"transaction", NULL}, LEVEL_UNSAID, SWITCH_UNSAID, SWITCH_UNSAID},
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

bool transaction_modes_read(struct strview stmt, struct transaction_modes *out)
{
    struct tokens ts = {stmt, 0};
    struct token t;

    *out = (struct transaction_modes){LEVEL_UNSAID, SWITCH_UNSAID, SWITCH_UNSAID};
    while (tokens_peek(&ts, &t)) {
        const struct mode *m;
        if (t.kind == TOK_COMMA || t.kind == TOK_SEMICOLON) {
            (void)tokens_next(&ts, &t);
            continue;
        }
        m = take_mode(&ts);
        if (m == NULL)
            return false;
        out->level = m->level != LEVEL_UNSAID ? m->level : out->level;
        out->read_only = m->read_only != SWITCH_UNSAID ? m->read_only : out->read_only;
        out->deferrable = m->deferrable != SWITCH_UNSAID ? m->deferrable : out->deferrable;
    }
    return true;
}

bool transaction_sets_constraints(struct strview stmt)
{
    struct tokens ts = {stmt, 0};
    struct token t;

    return tokens_next(&ts, &t) && tokens_next(&ts, &t) && sv_ieq(t.text, SV_LIT("constraints"));
}
