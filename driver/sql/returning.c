/* Finds the pieces of a data-changing statement at its top level: WITH, target, FROM or USING list,
 * RETURNING list. Called by stmt/describe.c. */
#include "sql/returning.h"

#include "sql/token.h"

struct piece {
    size_t start, end; /* bytes; end 0 = not there */
};

struct pieces {
    struct piece with, target, from, returning;
    enum keyword verb;
    bool foreign; /* something that is not understood */
};

static void close_piece(struct piece *p, size_t at)
{
    if (p->start != 0 && p->end == 0)
        p->end = at;
}

/* The words that end the target: INSERT INTO t ( .. | VALUES ..., UPDATE t SET, DELETE FROM t
 * USING. */
static bool ends_target(const struct pieces *p, const struct token *t)
{
    static const enum keyword after[] = {KW_set,    KW_using,     KW_where,   KW_returning,
                                         KW_values, KW_select,    KW_default, KW_with,
                                         KW_table,  KW_overriding};

    if (p->verb == KW_insert && t->kind == TOK_LPAREN)
        return true;
    for (size_t i = 0; i < ARRAY_LEN(after); i++)
        if (t->kw == after[i])
            return true;
    return false;
}

static bool is_verb(enum keyword kw)
{
    return kw == KW_insert || kw == KW_update || kw == KW_delete;
}

/* One token outside all parentheses. */
static void look_at(struct pieces *p, const struct token *t, const struct token *last)
{
    if (p->verb == KW_NONE && t->kw == KW_with && last->text.len == 0) {
        p->with.start = t->at + 1;
    } else if (p->verb == KW_NONE && is_verb(t->kw)) {
        close_piece(&p->with, t->at);
        p->verb = t->kw;
        p->target.start = t->kw == KW_update ? t->at + t->text.len + 1 : 0;
    } else if (p->verb == KW_NONE) {
        p->foreign |= p->with.start == 0;
    } else if (p->target.start == 0) { /* INTO, FROM */
        p->foreign |= t->kw != KW_into && t->kw != KW_from;
        p->target.start = t->at + t->text.len + 1;
    } else {
        if (p->target.end == 0 && ends_target(p, t))
            close_piece(&p->target, t->at);
        if (p->target.end != 0 && p->from.start == 0 && p->verb != KW_insert &&
            t->kw == (p->verb == KW_update ? KW_from : KW_using))
            p->from.start = t->at + t->text.len + 1;
        else if (t->kw == KW_where || t->kw == KW_returning)
            close_piece(&p->from, t->at);
        if (t->kw == KW_returning)
            p->returning.start = t->at + t->text.len + 1;
        else if (p->returning.start != 0 && last->kw == KW_returning && t->kw == KW_with)
            p->foreign = true;
    }
}

/* A data-changing WITH would be run by the SELECT. */
static bool changes_data(struct strview text, const struct piece *with)
{
    struct tokens ts = {text, with->start != 0 ? with->start - 1 : 0};
    struct token t;

    while (with->end != 0 && tokens_next(&ts, &t) && t.at < with->end)
        if (is_verb(t.kw) || t.kw == KW_merge)
            return true;
    return false;
}

static bool find_pieces(struct strview text, struct pieces *p)
{
    struct tokens ts = {text, 0};
    struct token t, last = {.text = {NULL, 0}};
    size_t depth = 0;

    *p = (struct pieces){.verb = KW_NONE};
    while (tokens_next(&ts, &t)) {
        if (t.kind == TOK_RPAREN && depth > 0)
            depth--;
        else if (depth == 0)
            look_at(p, &t, &last);
        depth += t.kind == TOK_LPAREN;
        last = t;
    }
    close_piece(&p->returning, text.len);
    return !p->foreign && p->verb != KW_NONE && p->target.end != 0 && p->returning.end != 0 &&
           (p->from.start == 0 || p->from.end != 0) && !changes_data(text, &p->with);
}

/* The starts are one more than the offset, so that 0 means "not there". */
static bool append_piece(struct buf *out, struct strview text, const struct piece *piece)
{
    struct tokens ts = {sv_n(text.ptr, piece->end), piece->start - 1};
    struct token t;

    while (tokens_raw(&ts, &t)) {
        bool marker = t.kind == TOK_DOLLAR_PARAM;
        if (!(marker ? buf_append_str(out, "NULL") : buf_append_sv(out, t.text)))
            return false;
    }
    return buf_append_char(out, '\n');
}

bool returning_as_select(struct strview stmt, struct buf *out)
{
    struct pieces p;

    if (!find_pieces(stmt, &p))
        return false;
    if (p.with.end != 0 && !append_piece(out, stmt, &p.with))
        return false;
    if (!buf_append_str(out, "SELECT ") || !append_piece(out, stmt, &p.returning) ||
        !buf_append_str(out, " FROM ") || !append_piece(out, stmt, &p.target))
        return false;
    if (p.from.end != 0 && (!buf_append_str(out, ", ") || !append_piece(out, stmt, &p.from)))
        return false;
    return buf_append_str(out, " WHERE false");
}
