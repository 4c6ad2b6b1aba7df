/* Reads CALL name(arguments) and SELECT name(arguments) by their tokens. Knows no catalogue. Called
 * by stmt/output_params.c. */
#include "sql/call_text.h"

#include "sql/token.h"

/* An identifier as the catalogue has it: folded, or without its quotes. */
static char *identifier(const struct token *t, bool *oom)
{
    struct buf b = BUF_INIT(0);
    bool quoted = t->kind == TOK_QUOTED_IDENT;
    struct strview s = quoted ? sv_n(t->text.ptr + 1, t->text.len - 2) : t->text;

    if (quoted && t->text.ptr[0] != '"') /* U&"..": not worth a decoder here */
        return NULL;
    for (size_t i = 0; i < s.len; i++) {
        buf_append_char(&b, quoted ? s.ptr[i] : ascii_lower(s.ptr[i]));
        if (quoted && s.ptr[i] == '"')
            i++;
    }
    if (!buf_append_char(&b, '\0')) {
        *oom = true;
        buf_release(&b);
        return NULL;
    }
    return buf_take(&b);
}

/* [[database.]schema.]name; `t` is the first token, on return the "(". */
static bool read_name(struct tokens *ts, struct token *t, struct call_text *c)
{
    for (;;) {
        if ((t->kind != TOK_IDENT && t->kind != TOK_QUOTED_IDENT) || token_is_unterminated(t))
            return false;
        mem_free(c->schema);
        c->schema = c->name;
        c->name = identifier(t, &c->oom);
        if (c->name == NULL || !tokens_next(ts, t))
            return false;
        if (t->kind != TOK_DOT)
            break;
        if (!tokens_next(ts, t))
            return false;
    }
    if (c->schema == NULL)
        c->schema = mem_strdup("");
    c->oom = c->schema == NULL;
    return c->schema != NULL && t->kind == TOK_LPAREN;
}

static unsigned marker_at(const struct script_stmt *st, size_t start, size_t end)
{
    for (size_t i = 0; i < st->n_markers; i++)
        if (st->markers[i].end == end && st->text[start] == '$')
            return st->markers[i].number;
    return 0;
}

static bool add_arg(const struct script_stmt *st, struct call_text *c, size_t start, size_t end,
                    size_t n_tokens)
{
    struct call_arg *grown;

    if (n_tokens == 0)
        return false;
    grown = mem_realloc_array(c->args, c->n_args + 1, sizeof *grown);
    c->oom = grown == NULL;
    if (grown == NULL)
        return false;
    c->args = grown;
    c->args[c->n_args++] =
        (struct call_arg){start, end, n_tokens == 1 ? marker_at(st, start, end) : 0};
    return true;
}

/* Behind the "(". */
static bool read_args(struct tokens *ts, const struct script_stmt *st, struct call_text *c)
{
    struct token t;
    size_t start = 0;
    size_t end = 0;
    size_t n_tokens = 0;
    int depth = 0;

    while (tokens_next(ts, &t)) {
        bool closes = t.kind == TOK_RPAREN || t.kind == TOK_RBRACKET;
        if (depth == 0 && closes) {
            c->close = t.at;
            return t.kind == TOK_RPAREN &&
                   ((n_tokens == 0 && c->n_args == 0) || add_arg(st, c, start, end, n_tokens));
        }
        if (depth == 0 && t.kind == TOK_COMMA) {
            if (!add_arg(st, c, start, end, n_tokens))
                return false;
            n_tokens = 0;
            continue;
        }
        depth += (t.kind == TOK_LPAREN || t.kind == TOK_LBRACKET) - closes;
        if (n_tokens++ == 0)
            start = t.at;
        end = t.at + t.text.len;
    }
    return false;
}

bool call_text_read(const struct script_stmt *st, struct call_text *out)
{
    struct tokens ts = {sv_n(st->text, st->len), 0};
    struct token t;
    bool ok;

    *out = (struct call_text){0};
    if (st->is_call)
        ts.pos = st->call_body;
    else if (!tokens_next(&ts, &t) || t.kw != KW_call)
        return false;
    ok = tokens_next(&ts, &t);
    out->body = t.at;
    ok = ok && read_name(&ts, &t, out);
    out->open = t.at;
    ok = ok && read_args(&ts, st, out) && !tokens_next(&ts, &t);
    if (!ok) {
        bool oom = out->oom;
        call_text_release(out);
        out->oom = oom;
    }
    return ok;
}

void call_text_release(struct call_text *c)
{
    mem_free(c->schema);
    mem_free(c->name);
    mem_free(c->args);
    *c = (struct call_text){0};
}

static size_t new_number(unsigned number, unsigned *numbers, size_t *n_numbers)
{
    for (size_t i = 0; i < *n_numbers; i++)
        if (numbers[i] == number)
            return i + 1;
    numbers[(*n_numbers)++] = number;
    return *n_numbers;
}

static void append_arg(const struct script_stmt *st, const struct call_arg *a,
                       const char *const *casts, unsigned *numbers, size_t *n_numbers,
                       struct buf *out)
{
    size_t pos = a->start;

    for (size_t i = 0; i < st->n_markers; i++) {
        const struct script_marker *m = &st->markers[i];
        size_t start = m->end;
        if (m->end <= a->start || m->end > a->end)
            continue;
        while (st->text[start - 1] != '$')
            start--;
        buf_append(out, st->text + pos, start - pos);
        buf_printf(out, "%zu", new_number(m->number, numbers, n_numbers));
        if (casts[m->number - 1] != NULL && !m->has_cast)
            buf_append_str(out, casts[m->number - 1]);
        pos = m->end;
    }
    buf_append(out, st->text + pos, a->end - pos);
}

bool call_text_render(const struct script_stmt *st, const struct call_text *c, const char *verb,
                      const bool *keep, const char *const *names, const char *const *casts,
                      unsigned *numbers, size_t *n_numbers, struct buf *out)
{
    bool any = false;

    *n_numbers = 0;
    buf_append_str(out, verb);
    buf_append(out, st->text + c->body, c->open + 1 - c->body);
    for (size_t i = 0; i < c->n_args; i++) {
        if (!keep[i])
            continue;
        if (any)
            buf_append_str(out, ", ");
        any = true;
        if (names[i] != NULL)
            buf_append_str(out, names[i]);
        append_arg(st, &c->args[i], casts, numbers, n_numbers, out);
    }
    buf_append_char(out, ')');
    return out->failed == BUF_OK;
}
