/* Called by stmt/positioned.c, stmt/edit_target.c and stmt/origins.c. */
#include "sql/positioned.h"

#include "sql/token.h"

static bool is_word(const struct token *t, const char *word)
{
    return t->kind == TOK_IDENT && sv_ieq(t->text, sv(word));
}

static bool is_one_of(const struct token *t, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is_word(t, words[i]))
            return true;
    return false;
}

static bool is_name(const struct token *t)
{
    return t->kind == TOK_IDENT || t->kind == TOK_QUOTED_IDENT;
}

static int depth_change(const struct token *t)
{
    bool opens = t->kind == TOK_LPAREN || t->kind == TOK_LBRACKET;
    bool closes = t->kind == TOK_RPAREN || t->kind == TOK_RBRACKET;

    return opens - closes;
}

/* The table's name behind UPDATE or DELETE FROM. */
static bool read_target(struct tokens *ts, struct positioned_text *out)
{
    struct token t;

    if (!tokens_next(ts, &t) || (!is_word(&t, "update") && !is_word(&t, "delete")))
        return false;
    if (is_word(&t, "delete") && (!tokens_next(ts, &t) || !is_word(&t, "from")))
        return false;
    if (tokens_peek(ts, &t) && is_word(&t, "only") && !tokens_next(ts, &t))
        return false;
    for (;;) {
        if (!tokens_next(ts, &t) || !is_name(&t) || out->n_parts == ARRAY_LEN(out->parts))
            return false;
        if (out->n_parts == 0)
            out->table_start = t.at;
        out->parts[out->n_parts++] = t.text;
        out->table_end = t.at + t.text.len;
        if (!tokens_peek(ts, &t) || t.kind != TOK_DOT)
            return true;
        if (!tokens_next(ts, &t))
            return false;
    }
}

bool positioned_read(struct strview stmt, struct positioned_text *out)
{
    struct tokens ts = {stmt, 0};
    struct token last[4] = {{.kind = TOK_SPACE}}; /* the last four, oldest first */
    struct token t;
    int depth = 0;

    *out = (struct positioned_text){.n_parts = 0};
    if (!read_target(&ts, out))
        return false;
    while (tokens_next(&ts, &t)) {
        depth += depth_change(&t);
        if (t.kind == TOK_SEMICOLON)
            break;
        for (size_t i = 0; i + 1 < ARRAY_LEN(last); i++)
            last[i] = last[i + 1];
        last[ARRAY_LEN(last) - 1] = t;
    }
    if (depth != 0 || !is_word(&last[0], "where") || !is_word(&last[1], "current") ||
        !is_word(&last[2], "of") || !is_name(&last[3]))
        return false;
    out->condition_start = last[0].at;
    out->condition_end = last[3].at + last[3].text.len;
    out->cursor = last[3].text;
    return true;
}

bool positioned_reads_one_table(struct strview stmt)
{
    static const char *const ends[] = {"where", "group",  "having", "window", "order",
                                       "limit", "offset", "fetch",  "for"};
    static const char *const others[] = {"union", "except", "intersect", "join"};
    struct tokens ts = {stmt, 0};
    struct token t;
    bool in_from = false;
    bool distinct = false; /* IS DISTINCT FROM is no clause */
    int depth = 0;
    int n_from = 0;

    while (tokens_next(&ts, &t)) {
        bool after_distinct = distinct;
        depth += depth_change(&t);
        distinct = is_word(&t, "distinct");
        if (depth > 0)
            continue;
        if (is_word(&t, "from") && !after_distinct) {
            in_from = true;
            n_from++;
        } else if (is_one_of(&t, ends, ARRAY_LEN(ends))) {
            in_from = false;
        } else if (is_one_of(&t, others, ARRAY_LEN(others)) || (in_from && t.kind == TOK_COMMA)) {
            return false;
        }
    }
    return n_from == 1;
}

bool positioned_adds_no_nulls(struct strview stmt)
{
    static const char *const doubtful[] = {"with", "join", "rollup", "cube", "sets"};
    struct tokens ts = {stmt, 0};
    struct token t;
    int n_from = 0;

    while (tokens_next(&ts, &t)) {
        if (is_one_of(&t, doubtful, ARRAY_LEN(doubtful)))
            return false;
        n_from += is_word(&t, "from"); /* at any depth */
    }
    return n_from == 1 && positioned_reads_one_table(stmt);
}

bool positioned_name(struct strview ident, struct buf *out)
{
    bool quoted = ident.len >= 2 && ident.ptr[0] == '"' && ident.ptr[ident.len - 1] == '"';

    if (ident.len == 0 || (!quoted && sv_find(ident, SV_LIT("\"")) != SIZE_MAX))
        return false;
    for (size_t i = quoted; i < ident.len - quoted; i++) {
        char c = quoted ? ident.ptr[i] : ascii_lower(ident.ptr[i]);
        if (!buf_append(out, &c, 1))
            return false;
        if (quoted && c == '"') /* written twice */
            i++;
    }
    return true;
}

bool positioned_means(struct strview ident, const char *name)
{
    struct buf unquoted = BUF_INIT(0);
    bool same;

    if (ident.len > 0 && ident.ptr[0] != '"')
        return sv_ieq(ident, sv(name));
    same = positioned_name(ident, &unquoted) && sv_eq(buf_sv(&unquoted), sv(name));
    buf_release(&unquoted);
    return same;
}
