/* The escape clauses of ODBC: {d} {t} {ts} {guid} {interval} {oj} {escape} {call} {?=call}, nested;
 * {fn} is in scalar.c. A { with another word behind it is no escape and passes through. Looks up
 * no names. Called by script.c. */
#include "sql/escapes.h"

#include "sql/translator.h"

/* ---- {d} {t} {ts} {guid} {escape} ---- */

static bool literal(struct translator *tr, struct buf *out, const char *word, size_t at)
{
    struct token t;

    if (!translator_next(tr, at, &t))
        return false;
    if (t.kind != TOK_STRING)
        return translator_fail(tr, at, "must hold a literal in quotes and nothing else.");
    return translator_close(tr, at, "must hold a literal in quotes and nothing else.") &&
           translator_put_replacement(tr, out, sv(word)) && translator_put(tr, out, SV_LIT(" ")) &&
           translator_put_replacement(tr, out, t.text);
}

/* ---- {interval} ---- */

struct field {
    struct strview name;
    struct strview precision[2]; /* (leading[, fraction]) */
    unsigned n_precision;
};

static bool is_field(struct strview s)
{
    static const char *const names[] = {"year", "month", "day", "hour", "minute", "second"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (sv_ieq(s, sv(names[i])))
            return true;
    return false;
}

#define INTERVAL_FORM "is not of the form {interval '1-2' YEAR TO MONTH}."

/* `t` is the field's name; on return the token behind the field. */
static bool read_field(struct translator *tr, size_t at, struct token *t, struct field *f)
{
    *f = (struct field){.name = t->text};
    if (t->kind != TOK_IDENT || !is_field(t->text))
        return translator_fail(tr, at, INTERVAL_FORM);
    if (!translator_next(tr, at, t))
        return false;
    if (t->kind != TOK_LPAREN)
        return true;
    do {
        if (!translator_next(tr, at, t))
            return false;
        if (t->kind != TOK_NUMBER || f->n_precision == 2)
            return translator_fail(tr, at, INTERVAL_FORM);
        f->precision[f->n_precision++] = t->text;
        if (!translator_next(tr, at, t))
            return false;
    } while (t->kind == TOK_COMMA);
    if (t->kind != TOK_RPAREN)
        return translator_fail(tr, at, INTERVAL_FORM);
    return translator_next(tr, at, t);
}

/* PostgreSQL knows no precision of the leading field, and at most 6 digits of a second. */
static void put_field(struct buf *b, const struct field *f, bool leading)
{
    unsigned which = leading ? 1 : 0;

    buf_append_char(b, ' ');
    buf_append_sv(b, f->name);
    if (sv_ieq(f->name, SV_LIT("second")) && f->n_precision > which) {
        struct strview p = f->precision[which];
        buf_printf(b, "(%c)", p.len == 1 && p.ptr[0] <= '6' ? p.ptr[0] : '6');
    }
}

/* [+|-] '..' field[(p[, s])] [TO field[(s)]]. A sign inside the quotes moves out, since PostgreSQL
 * gives it to the first number alone. */
static bool interval(struct translator *tr, struct buf *out, const char *word, size_t at)
{
    struct field first;
    struct field last = {{NULL, 0}, {{NULL, 0}}, 0};
    struct strview value;
    struct token t;
    struct buf b;
    bool negative = false;
    bool ok;

    if (!translator_next(tr, at, &t))
        return false;
    if (token_is_op(&t, "-") || token_is_op(&t, "+")) {
        negative = t.text.ptr[0] == '-';
        if (!translator_next(tr, at, &t))
            return false;
    }
    if (t.kind != TOK_STRING || t.text.ptr[0] != '\'')
        return translator_fail(tr, at, INTERVAL_FORM);
    value = sv_n(t.text.ptr + 1, t.text.len - 1);
    if (value.ptr[0] == '-' || value.ptr[0] == '+') {
        negative ^= value.ptr[0] == '-';
        value = sv_n(value.ptr + 1, value.len - 1);
    }
    if (!translator_next(tr, at, &t) || !read_field(tr, at, &t, &first))
        return false;
    if (t.kw == KW_to && (!translator_next(tr, at, &t) || !read_field(tr, at, &t, &last)))
        return false;
    if (t.kind != TOK_RBRACE)
        return translator_fail(tr, at, INTERVAL_FORM);
    buf_init(&b, out->max);
    buf_printf(&b, "%s%s '", negative ? "(-" : "", word);
    buf_append_sv(&b, value);
    put_field(&b, &first, true);
    if (last.name.ptr != NULL) {
        buf_append_str(&b, " TO");
        put_field(&b, &last, false);
    }
    if (negative)
        buf_append_char(&b, ')');
    ok = b.failed ? err_oom(tr->e) : translator_put_replacement(tr, out, buf_sv(&b));
    buf_release(&b);
    return ok;
}

/* ---- {oj} ---- */

static bool outer_join(struct translator *tr, struct buf *out, const char *word, size_t at)
{
    struct buf b;
    bool ok;

    (void)word;
    buf_init(&b, out->max);
    ok = translator_copy_until(tr, &b, TOK_RBRACE, NULL, at) &&
         translator_put_replacement(tr, out, SV_LIT(" ")) &&
         translator_put_replacement(tr, out, sv_trim(buf_sv(&b))) &&
         translator_put_replacement(tr, out, SV_LIT(" "));
    buf_release(&b);
    return ok;
}

/* ---- {call} ---- */

static bool note_call(struct translator *tr, size_t at, size_t body, unsigned return_param)
{
    struct translation *r = tr->r;
    struct escape_call *more;

    /* Grows at powers of two. */
    if ((r->n_calls & (r->n_calls - 1)) == 0) {
        more = mem_realloc_array(r->calls, r->n_calls ? r->n_calls * 2 : 1, sizeof *more);
        if (more == NULL)
            return err_oom(tr->e);
        r->calls = more;
    }
    r->calls[r->n_calls++] = (struct escape_call){at, body, return_param};
    return true;
}

/* {call p(..)} is CALL p(..); {?=call f(..)} is SELECT f(..). ODBC allows the parentheses to be
 * left out. */
static bool routine_call(struct translator *tr, struct buf *out, size_t at, unsigned return_param)
{
    struct strview verb = return_param != 0 ? SV_LIT("SELECT ") : SV_LIT("CALL ");
    struct strview body;
    struct buf b;
    bool ok;

    if (tr->depth > 1 || !tr->at_start)
        return translator_fail(tr, at, "is a whole statement and cannot stand inside another one.");
    buf_init(&b, out->max);
    ok = translator_copy_until(tr, &b, TOK_RBRACE, NULL, at);
    body = sv_trim(buf_sv(&b));
    if (ok && body.len == 0)
        ok = translator_fail(tr, at, "does not name the procedure to call.");
    if (ok && memchr(body.ptr, '(', body.len) == NULL) {
        ok = buf_append_str(&b, "()") ? true : err_oom(tr->e);
        body = sv_trim(buf_sv(&b));
    }
    /* A name such as "p " in front of the parentheses just added needs no care: p () is p(). */
    ok = ok && translator_put_replacement(tr, out, SV_LIT("")) &&
         note_call(tr, out->len, out->len + verb.len, return_param) &&
         translator_put(tr, out, verb) && translator_put_replacement(tr, out, body);
    buf_release(&b);
    tr->after_call = true;
    tr->call_start = at;
    return ok;
}

static bool call(struct translator *tr, struct buf *out, const char *word, size_t at)
{
    (void)word;
    return routine_call(tr, out, at, 0);
}

/* Behind the "{": ? = call, or with the author's own numbers $1 = call. */
static bool is_call_with_return(const struct translator *tr)
{
    struct tokens ahead = tr->in;
    struct token t;

    return tokens_next(&ahead, &t) && (t.kind == TOK_QUESTION || t.kind == TOK_DOLLAR_PARAM) &&
           tokens_next(&ahead, &t) && token_is_op(&t, "=") && tokens_next(&ahead, &t) &&
           t.kw == KW_call;
}

static bool call_with_return(struct translator *tr, struct buf *out, size_t at)
{
    struct token marker;
    struct token t;
    unsigned number = 1;

    if (!tokens_next(&tr->in, &marker) || !tokens_next(&tr->in, &t) || !tokens_next(&tr->in, &t))
        return translator_fail(tr, at, "is not closed.");
    if (marker.kind == TOK_DOLLAR_PARAM && !sv_eq(marker.text, SV_LIT("$1")))
        return translator_fail(tr, at, "must use $1 for the returned value.");
    if (marker.kind == TOK_QUESTION && tr->o->dollar_only)
        return translator_fail(
            tr, at, "uses ? where only numbered parameters are allowed: write {$1 = call f($2)}.");
    if (marker.kind == TOK_QUESTION)
        number = ++tr->r->n_questions;
    return routine_call(tr, out, at, number);
}

/* ---- dispatch ---- */

static const struct {
    const char *word;
    bool (*translate)(struct translator *tr, struct buf *out, const char *sql, size_t at);
    const char *sql;
} clauses[] = {
    {"d", literal, "DATE"},    {"t", literal, "TIME"},        {"ts", literal, "TIMESTAMP"},
    {"guid", literal, "UUID"}, {"escape", literal, "ESCAPE"}, {"interval", interval, "INTERVAL"},
    {"fn", scalar_clause, ""}, {"oj", outer_join, ""},        {"call", call, ""},
};

bool escapes_clause(struct translator *tr, struct buf *out, const struct token *brace, bool *known)
{
    struct tokens ahead = tr->in;
    bool returns = is_call_with_return(tr);
    struct token t;
    size_t i = 0;
    bool ok;

    tokens_next(&ahead, &t);
    if (t.kind == TOK_IDENT)
        while (i < ARRAY_LEN(clauses) && !sv_ieq(t.text, sv(clauses[i].word)))
            i++;
    else
        i = ARRAY_LEN(clauses);
    *known = returns || i < ARRAY_LEN(clauses);
    if (!*known)
        return true;
    if (tr->depth >= ESCAPES_MAX_DEPTH)
        return err_set(tr->e, ST_42000, 0, "The statement nests more than %d escape clauses.",
                       ESCAPES_MAX_DEPTH);
    tr->depth++;
    if (!returns)
        tr->in = ahead;
    ok = returns ? call_with_return(tr, out, brace->at)
                 : clauses[i].translate(tr, out, clauses[i].sql, brace->at);
    tr->depth--;
    return ok;
}

bool escapes_translate(struct strview text, const struct script_options *o, struct translation *r,
                       struct err *e)
{
    struct translator tr = {.in = {text, 0}, .o = o, .r = r, .e = e, .at_start = true};
    /* The longest templates are about eight times their call; what is more comes from arguments
     * that a template uses twice, nested in each other. */
    size_t max = text.len < SIZE_MAX / 16 ? text.len * 8 + ((size_t)1 << 20) : SIZE_MAX;

    *r = (struct translation){.text = BUF_INIT(max)};
    if (!buf_reserve(&r->text, text.len + 1))
        return err_oom(e);
    return translator_copy_until(&tr, &r->text, TOK_ILLEGAL, NULL, 0);
}

void escapes_release(struct translation *r)
{
    buf_release(&r->text);
    mem_free(r->calls);
    *r = (struct translation){.text = BUF_INIT(0)};
}
