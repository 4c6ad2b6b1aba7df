/* Parameter markers: the policy for ? (the only place that has one), counting, renumbering, and
 * where a cast may follow. Knows nothing of bound types (stmt/params.c chooses casts). Called by
 * translator.c and script.c. */
#include "sql/markers.h"

#include "sql/insert_values.h"

static bool is_word_byte(char c)
{
    char lower = ascii_lower(c);

    return (lower >= 'a' && lower <= 'z') || ascii_is_digit(c) || c == '_' || c == '$' ||
           (unsigned char)c >= 0x80;
}

static bool is_operator_byte(char c)
{
    return c != '\0' && strchr("~!@#^&|`?+-*/%<>=:", c) != NULL;
}

bool markers_would_fuse(char before, char after)
{
    if (is_word_byte(before))
        return is_word_byte(after) || after == '\'' || after == '"';
    if (before == '\'' || before == '"')
        return before == after;
    return is_operator_byte(before) && is_operator_byte(after);
}

/* ?| and ?& are operators of jsonb and hstore when what follows is an array: array[..] or '{..}'.
 */
static bool is_array_operator(const struct tokens *ts)
{
    struct tokens ahead = *ts;
    struct token t;

    if (!tokens_raw(&ahead, &t) || !(token_is_op(&t, "|") || token_is_op(&t, "&")))
        return false;
    if (!tokens_next(&ahead, &t))
        return false;
    return t.kw == KW_array ||
           (t.kind == TOK_STRING && t.text.len > 1 && memcmp(t.text.ptr, "'{", 2) == 0);
}

bool markers_is_operator(const struct script_options *o, struct tokens *ts)
{
    if (o->dollar_only)
        return true;
    if (o->question == QUESTION_OFF)
        return false;
    if (ts->pos < ts->text.len && ts->text.ptr[ts->pos] == '?') {
        ts->pos++;
        return true;
    }
    return o->question == QUESTION_AUTO && is_array_operator(ts);
}

static bool is_marker_byte(const struct token *t)
{
    return t->kind == TOK_ILLEGAL && t->text.len == 1 && t->text.ptr[0] == MARKER_BYTE;
}

/* The n of $n; anything above the limit becomes limit + 1. */
static unsigned number_of(const struct token *dollar_param)
{
    unsigned n = 0;

    for (size_t i = 1; i < dollar_param->text.len && n <= SCRIPT_MAX_PARAMS; i++)
        n = n * 10 + (unsigned)(dollar_param->text.ptr[i] - '0');
    return n > SCRIPT_MAX_PARAMS ? SCRIPT_MAX_PARAMS + 1 : n;
}

static bool check_number(unsigned n, struct err *e)
{
    if (n > SCRIPT_MAX_PARAMS)
        return err_set(e, ST_54000, 0,
                       "The statement has more than %d parameters: ODBC and Neon's endpoint count "
                       "them in 16 bits. "
                       "Send the values in several statements, or as one array.",
                       SCRIPT_MAX_PARAMS);
    if (n == 0)
        return err_set(e, ST_07002, 0,
                       "There is no parameter $0: parameters are numbered from $1.");
    return true;
}

bool markers_count(struct strview text, bool foreign_dollars, struct marker_use *u, struct err *e)
{
    struct tokens ts = {text, 0};
    struct token t;
    bool ours = false;

    *u = (struct marker_use){0, 0, 0, 0};
    while (tokens_raw(&ts, &t)) {
        if (t.kind == TOK_DOLLAR_PARAM && (ours || !foreign_dollars)) {
            unsigned n = number_of(&t);
            if (!check_number(n, e))
                return false;
            u->questions += ours;
            u->dollars += !ours;
            if (u->lowest == 0 || n < u->lowest)
                u->lowest = n;
            if (n > u->highest)
                u->highest = n;
        }
        ours = is_marker_byte(&t);
    }
    return true;
}

/* The last significant tokens before a marker decide, with the ones behind it, whether a cast may
 * follow. */
struct history {
    struct token last, second;
};

static bool takes_no_cast(const struct history *h, struct tokens behind)
{
    struct token next;

    tokens_next(&behind, &next);
    if (next.kind == TOK_CAST || next.kind == TOK_LBRACKET || next.kind == TOK_DOT)
        return true;
    /* CAST ( $1 AS t ) */
    if (h->second.kw == KW_cast && h->last.kind == TOK_LPAREN && next.kw == KW_as)
        return true;
    /* OFFSET $1 ROWS and FETCH FIRST $1 ROWS: the grammar wants a plain parameter there. */
    if (h->last.kw == KW_offset && (next.kw == KW_row || next.kw == KW_rows))
        return true;
    return h->second.kw == KW_fetch && (h->last.kw == KW_first || h->last.kw == KW_next);
}

static bool is_comparison(const struct token *t)
{
    static const char *const ops[] = {"=", "<", ">", "<=", ">=", "<>", "!="};

    for (size_t i = 0; i < ARRAY_LEN(ops); i++)
        if (token_is_op(t, ops[i]))
            return true;
    return false;
}

static bool is_name(const struct token *t)
{
    return t->kind == TOK_QUOTED_IDENT || (t->kind == TOK_IDENT && t->kw == KW_NONE);
}

/* name = $1 and nothing behind that could change it. */
static bool is_settled(const struct history *h, const struct tokens *behind)
{
    struct tokens ahead = *behind;
    struct token next;

    if (!is_comparison(&h->last) || !is_name(&h->second))
        return false;
    if (!tokens_next(&ahead, &next))
        return true;
    return next.kind == TOK_COMMA || next.kind == TOK_RPAREN || next.kind == TOK_IDENT;
}

static void note_marker(struct script_stmt *s, const struct buf *out, unsigned number,
                        const struct history *h, const struct tokens *behind)
{
    s->markers[s->n_markers++] =
        (struct script_marker){out->len, number, takes_no_cast(h, *behind), is_settled(h, behind)};
}

/* A marker that stood as ? between two words needs room: `limit?` is `limit $1`. */
static void write_marker(struct buf *out, unsigned number, bool was_question)
{
    if (was_question && out->len > 0 && markers_would_fuse(out->data[out->len - 1], '$'))
        buf_append_char(out, ' ');
    buf_printf(out, "$%u", number);
}

bool markers_write(struct strview text, bool foreign_dollars, const struct marker_use *u,
                   unsigned base, struct script_stmt *s, struct err *e)
{
    struct tokens ts = {text, 0};
    struct history h = {{0}, {0}};
    struct buf out = BUF_INIT(0);
    struct token t;
    enum tok last_kind = TOK_SPACE;
    bool ours = false;

    s->markers = mem_calloc((size_t)u->questions + u->dollars + 1, sizeof *s->markers);
    if (s->markers == NULL)
        return err_oom(e);
    buf_reserve(&out, text.len + 1);
    while (tokens_raw(&ts, &t)) {
        last_kind = t.kind;
        if (is_marker_byte(&t)) {
            ours = true;
            continue;
        }
        if (t.kind == TOK_DOLLAR_PARAM && (ours || !foreign_dollars)) {
            unsigned n = number_of(&t) - base;
            write_marker(&out, n, ours);
            note_marker(s, &out, n, &h, &ts);
            /* The cast, or the marker itself, must not run into a word behind it. */
            if (ts.pos < text.len && markers_would_fuse('1', text.ptr[ts.pos]))
                buf_append_char(&out, ' ');
        } else {
            buf_append_sv(&out, t.text);
        }
        if (!token_is_space(t.kind)) {
            h.second = h.last;
            h.last = t;
        }
        ours = false;
    }
    if (last_kind == TOK_LINE_COMMENT)
        buf_append_char(&out, '\n');
    if (out.failed) {
        buf_release(&out);
        return err_oom(e);
    }
    s->len = out.len;
    s->text = buf_take(&out);
    return true;
}

bool markers_leave_doubt(const struct script_stmt *st, const char *const *casts)
{
    struct insert_values iv;

    for (size_t i = 0; i < st->n_markers; i++) {
        const struct script_marker *m = &st->markers[i];
        if (casts[m->number - 1] == NULL && !m->has_cast && !m->settled)
            return !insert_values_find(st, &iv);
    }
    return false;
}
