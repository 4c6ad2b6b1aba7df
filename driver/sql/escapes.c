/* The escape clauses of ODBC: {d} {t} {ts} {guid} {interval} {fn} {oj} {escape} {call} {?=call},
 * nested. The scalar functions are rows of functions.def. A { with another word behind it is no
 * escape and passes through.
 *
 * The arguments of a function may change places, so that a ? gets its number here, in the order of
 * the author's text. Called by script.c only. Comments inside a clause become a space: the text
 * behind them may move to their line. */
#include "sql/escapes.h"

#include <stdio.h>

#include <sql.h>
#include <sqlext.h>

#include "base/utf.h"
#include "sql/markers.h"
#include "sql/token.h"

#define PLACE_MAX_BYTES 40

struct translator {
    struct tokens in;
    const struct script_options *o;
    struct translation *r;
    struct err *e;
    unsigned depth;    /* of clauses */
    bool glue_check;   /* the next piece stands behind a replacement */
    bool at_start;     /* no word of the statement yet */
    bool after_call;   /* only ; may follow */
    size_t call_start; /* byte offset of that {call} */
};

/* ---- errors ---- */

struct place {
    size_t number; /* in characters, from 1 */
    int len;       /* bytes of the excerpt */
    const char *text;
    const char *more;
};

static struct place place_of(const struct translator *tr, size_t at)
{
    struct strview s = tr->in.text;
    size_t left = s.len - at;
    size_t len = left <= PLACE_MAX_BYTES ? left : utf8_floor(s.ptr + at, PLACE_MAX_BYTES);

    return (struct place){utf8_chars(s.ptr, at) + 1, (int)len, s.ptr + at, len < left ? "..." : ""};
}

static bool fail_at(struct translator *tr, size_t at, const char *what)
{
    struct place p = place_of(tr, at);

    return err_set(tr->e, ST_42000, 0, "The escape clause at character %zu, near \"%.*s%s\", %s",
                   p.number, p.len, p.text, p.more, what);
}

static bool fail_unclosed(struct translator *tr, size_t at)
{
    return fail_at(tr, at, "is not closed: its \"}\" is missing.");
}

static bool fail_unterminated(struct translator *tr, const struct token *t)
{
    struct place p = place_of(tr, t->at);
    char c = t->text.ptr[0];
    const char *what = c == '"' ? "quoted identifier" : c == '/' ? "comment" : "string literal";

    if ((c == 'u' || c == 'U') && t->text.ptr[2] == '"')
        what = "quoted identifier";
    return err_set(tr->e, ST_42000, 0,
                   "The %s that starts at character %zu, near \"%.*s%s\", is not closed.", what,
                   p.number, p.len, p.text, p.more);
}

/* ---- output ---- */

static bool put(struct translator *tr, struct buf *out, struct strview s)
{
    if (s.len == 0)
        return true;
    if (tr->glue_check && out->len > 0 && markers_would_fuse(out->data[out->len - 1], s.ptr[0]))
        buf_append_char(out, ' ');
    tr->glue_check = false;
    if (out->max != 0 && s.len >= out->max - out->len)
        return err_set(
            tr->e, ST_54000, 0,
            "The escape clauses of the statement are nested so that their translation has "
            "no end. Write the statement without them.");
    return buf_append_sv(out, s) ? true : err_oom(tr->e);
}

/* Around what stands in place of a clause, words must not run together. */
static bool put_replacement(struct translator *tr, struct buf *out, struct strview s)
{
    tr->glue_check = true;
    if (!put(tr, out, s))
        return false;
    tr->glue_check = true;
    return true;
}

static bool put_marker(struct translator *tr, struct buf *out)
{
    char text[16];
    int len = snprintf(text, sizeof text, "%c$%u", MARKER_BYTE, ++tr->r->n_questions);

    if (tr->r->n_questions > SCRIPT_MAX_PARAMS)
        return err_set(tr->e, ST_54000, 0,
                       "The statement has more than %d parameter markers, which is the most that "
                       "PostgreSQL's protocol "
                       "carries. Send the values in several statements, or as one array.",
                       SCRIPT_MAX_PARAMS);
    return put(tr, out, sv_n(text, (size_t)len));
}

/* ---- the copying loop ---- */

#define ARGS_MAX 8

/* The arguments of a function, as offsets into the text they were copied to. */
struct args {
    size_t n;             /* 0 for none; may exceed ARGS_MAX */
    size_t end[ARGS_MAX]; /* where the comma behind each stood, and for the last the end */
};

static bool escape(struct translator *tr, struct buf *out, const struct token *brace, bool *known);

struct nesting {
    size_t parens, brackets, braces; /* braces: those that open no escape */
};

static void nest(struct nesting *n, enum tok kind)
{
    n->parens += kind == TOK_LPAREN;
    n->brackets += kind == TOK_LBRACKET;
    n->braces += kind == TOK_LBRACE;
    n->parens -= kind == TOK_RPAREN && n->parens > 0;
    n->brackets -= kind == TOK_RBRACKET && n->brackets > 0;
    n->braces -= kind == TOK_RBRACE && n->braces > 0;
}

static bool is_flat(const struct nesting *n)
{
    return n->parens == 0 && n->brackets == 0 && n->braces == 0;
}

/* Where in its statement a token stands, for {call}. */
static bool track_statement(struct translator *tr, const struct token *t, const struct nesting *n)
{
    if (tr->depth > 0 || token_is_space(t->kind))
        return true;
    if (tr->after_call && t->kind != TOK_SEMICOLON)
        return fail_at(tr, tr->call_start, "is a whole statement: nothing but ; may follow it.");
    tr->after_call = false;
    tr->at_start = t->kind == TOK_SEMICOLON && is_flat(n);
    return true;
}

static bool copy_token(struct translator *tr, struct buf *out, const struct token *t)
{
    if (token_is_unterminated(t))
        return fail_unterminated(tr, t);
    if (t->kind == TOK_QUESTION && !markers_is_operator(tr->o, &tr->in))
        return put_marker(tr, out);
    if (tr->depth > 0 && (t->kind == TOK_LINE_COMMENT || t->kind == TOK_BLOCK_COMMENT))
        return put(tr, out, SV_LIT(" "));
    return put(tr, out, t->text);
}

/* Copies up to the `stop` that closes what is open (TOK_RPAREN or TOK_RBRACE, which is consumed and
 * not copied), or to the end of the text at depth 0. `a`, when not NULL, gets the places of the
 * commas on the way. */
static bool copy_until(struct translator *tr, struct buf *out, enum tok stop, struct args *a,
                       size_t opened_at)
{
    struct nesting n = {0, 0, 0};
    struct token t;

    while (tokens_raw(&tr->in, &t)) {
        bool known = false;
        bool starts = tr->at_start;

        if (tr->depth > 0 && t.kind == TOK_RBRACE && n.braces == 0)
            return stop == TOK_RBRACE && is_flat(&n)
                       ? true
                       : fail_at(tr, opened_at, "ends inside parentheses: a \")\" is missing.");
        if (tr->depth > 0 && t.kind == TOK_SEMICOLON)
            return fail_at(tr, opened_at, "holds a semicolon before its \"}\".");
        if (tr->depth > 0 && t.kind == stop && is_flat(&n))
            return true;
        if (!track_statement(tr, &t, &n))
            return false;
        if (t.kind == TOK_LBRACE && !tr->o->noscan) {
            tr->at_start = starts;
            if (!escape(tr, out, &t, &known))
                return false;
            tr->at_start = false;
        }
        if (known)
            continue;
        if (a != NULL && t.kind == TOK_COMMA && is_flat(&n)) {
            if (a->n < ARGS_MAX)
                a->end[a->n] = out->len;
            a->n++;
        }
        nest(&n, t.kind);
        if (!copy_token(tr, out, &t))
            return false;
    }
    return tr->depth > 0 ? fail_unclosed(tr, opened_at) : true;
}

/* The next significant token of a clause. */
static bool clause_next(struct translator *tr, size_t opened_at, struct token *t)
{
    if (!tokens_next(&tr->in, t))
        return fail_unclosed(tr, opened_at);
    return token_is_unterminated(t) ? fail_unterminated(tr, t) : true;
}

static bool clause_close(struct translator *tr, size_t opened_at, const char *otherwise)
{
    struct token t;

    if (!clause_next(tr, opened_at, &t))
        return false;
    return t.kind == TOK_RBRACE ? true : fail_at(tr, opened_at, otherwise);
}

static void buf_like(struct buf *b, const struct buf *model)
{
    buf_init(b, model->max);
}

/* ---- {d} {t} {ts} {guid} {escape} ---- */

static bool literal(struct translator *tr, struct buf *out, const char *word, size_t at)
{
    struct token t;

    if (!clause_next(tr, at, &t))
        return false;
    if (t.kind != TOK_STRING)
        return fail_at(tr, at, "must hold a literal in quotes and nothing else.");
    return clause_close(tr, at, "must hold a literal in quotes and nothing else.") &&
           put_replacement(tr, out, sv(word)) && put(tr, out, SV_LIT(" ")) &&
           put_replacement(tr, out, t.text);
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
        return fail_at(tr, at, INTERVAL_FORM);
    if (!clause_next(tr, at, t))
        return false;
    if (t->kind != TOK_LPAREN)
        return true;
    do {
        if (!clause_next(tr, at, t))
            return false;
        if (t->kind != TOK_NUMBER || f->n_precision == 2)
            return fail_at(tr, at, INTERVAL_FORM);
        f->precision[f->n_precision++] = t->text;
        if (!clause_next(tr, at, t))
            return false;
    } while (t->kind == TOK_COMMA);
    if (t->kind != TOK_RPAREN)
        return fail_at(tr, at, INTERVAL_FORM);
    return clause_next(tr, at, t);
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

    if (!clause_next(tr, at, &t))
        return false;
    if (token_is_op(&t, "-") || token_is_op(&t, "+")) {
        negative = t.text.ptr[0] == '-';
        if (!clause_next(tr, at, &t))
            return false;
    }
    if (t.kind != TOK_STRING || t.text.ptr[0] != '\'')
        return fail_at(tr, at, INTERVAL_FORM);
    value = sv_n(t.text.ptr + 1, t.text.len - 1);
    if (value.ptr[0] == '-' || value.ptr[0] == '+') {
        negative ^= value.ptr[0] == '-';
        value = sv_n(value.ptr + 1, value.len - 1);
    }
    if (!clause_next(tr, at, &t) || !read_field(tr, at, &t, &first))
        return false;
    if (t.kw == KW_to && (!clause_next(tr, at, &t) || !read_field(tr, at, &t, &last)))
        return false;
    if (t.kind != TOK_RBRACE)
        return fail_at(tr, at, INTERVAL_FORM);
    buf_like(&b, out);
    buf_printf(&b, "%s%s '", negative ? "(-" : "", word);
    buf_append_sv(&b, value);
    put_field(&b, &first, true);
    if (last.name.ptr != NULL) {
        buf_append_str(&b, " TO");
        put_field(&b, &last, false);
    }
    if (negative)
        buf_append_char(&b, ')');
    ok = b.failed ? err_oom(tr->e) : put_replacement(tr, out, buf_sv(&b));
    buf_release(&b);
    return ok;
}

/* ---- {oj} ---- */

static bool outer_join(struct translator *tr, struct buf *out, const char *word, size_t at)
{
    struct buf b;
    bool ok;

    (void)word;
    buf_like(&b, out);
    ok = copy_until(tr, &b, TOK_RBRACE, NULL, at) && put_replacement(tr, out, SV_LIT(" ")) &&
         put_replacement(tr, out, sv_trim(buf_sv(&b))) && put_replacement(tr, out, SV_LIT(" "));
    buf_release(&b);
    return ok;
}

/* ---- {fn} ---- */

struct function_row {
    const char *name;
    size_t n_args;
    const char *template; /* NULL: not in core PostgreSQL */
};
static const struct function_row functions[] = {
#define FN(name, args, group, bit, template) {name, args, template},
#include "sql/functions.def"
};

struct tsi_row {
    const char *name;
    const char *add, *diff;
};
static const struct tsi_row tsi[] = {
#define TSI(interval, bit, add, diff) {interval, add, diff},
#include "sql/functions.def"
};

struct cvt_row {
    const char *odbc, *pg;
};
static const struct cvt_row cvt[] = {
#define CVT(odbc, pg) {odbc, pg},
#include "sql/functions.def"
};

struct script_functions script_functions(void)
{
    struct script_functions f = {0};

#define FN(name, args, group, bit, template) f.group |= (template) != NULL ? (unsigned)(bit) : 0;
#include "sql/functions.def"
#define TSI(interval, bit, add_template, diff_template)                                            \
    f.add |= (unsigned)(bit);                                                                      \
    f.diff |= (unsigned)(bit);
#include "sql/functions.def"
    f.timedate |= SQL_FN_TD_TIMESTAMPADD | SQL_FN_TD_TIMESTAMPDIFF;
    f.convert = SQL_FN_CVT_CONVERT | SQL_FN_CVT_CAST;
    return f;
}

/* One {fn}: name and arguments as translated. */
struct function_call {
    struct strview name;
    struct strview text; /* all arguments with their commas */
    struct args args;
};

static struct strview argument(const struct function_call *c, size_t i)
{
    size_t start = i == 0 ? 0 : c->args.end[i - 1] + 1;

    return sv_trim(sv_n(c->text.ptr + start, c->args.end[i] - start));
}

static bool starts_with(struct strview s, const char *start)
{
    size_t len = strlen(start);

    return s.len >= len && sv_ieq(sv_n(s.ptr, len), sv(start));
}

/* Is it surely a time? Only from its text: {t '..'} and the functions that give one. */
static bool is_time(struct strview arg)
{
    return starts_with(arg, "TIME '") ||
           starts_with(arg, "CAST(date_trunc('second', LOCALTIMESTAMP) AS time)") ||
           (starts_with(arg, "LOCALTIME") && !starts_with(arg, "LOCALTIMESTAMP"));
}

static bool put_timestamp(struct translator *tr, struct buf *b, struct strview arg)
{
    bool time = is_time(arg);

    return put(tr, b, time ? SV_LIT("(CURRENT_DATE + ") : SV_LIT("CAST(")) && put(tr, b, arg) &&
           put(tr, b, time ? SV_LIT(")") : SV_LIT(" AS timestamp)"));
}

static bool expand(struct translator *tr, struct buf *out, const char *template,
                   const struct function_call *c)
{
    struct buf b;
    bool ok = true;

    buf_like(&b, out);
    while (ok && *template != '\0') {
        size_t plain = strcspn(template, "%@");
        ok = put(tr, &b, sv_n(template, plain));
        template += plain;
        if (ok && *template != '\0') {
            struct strview arg = argument(c, (size_t)(template[1] - '1'));
            ok = template[0] == '@' ? put_timestamp(tr, &b, arg) : put(tr, &b, arg);
            template += 2;
        }
    }
    ok = ok && put_replacement(tr, out, buf_sv(&b));
    buf_release(&b);
    return ok;
}

static bool put_plain_call(struct translator *tr, struct buf *out, const struct function_call *c)
{
    if (!put_replacement(tr, out, c->name))
        return false;
    tr->glue_check = false;
    return put(tr, out, SV_LIT("(")) && put(tr, out, c->text) &&
           put_replacement(tr, out, SV_LIT(")"));
}

static bool fail_count(struct translator *tr, const struct function_call *c, size_t at)
{
    struct place p = place_of(tr, at);
    char takes[64];
    size_t len = 0;

    takes[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(functions); i++)
        if (sv_ieq(c->name, sv(functions[i].name)) && len < sizeof takes)
            len += (size_t)snprintf(takes + len, sizeof takes - len, "%s%zu", len > 0 ? " or " : "",
                                    functions[i].n_args);
    return err_set(tr->e, ST_42000, 0,
                   "The escape clause at character %zu, near \"%.*s%s\", calls %.*s with %zu "
                   "argument%s; it takes %s.",
                   p.number, p.len, p.text, p.more, (int)c->name.len, c->name.ptr, c->args.n,
                   c->args.n == 1 ? "" : "s", takes);
}

static struct strview without_prefix(struct strview s, const char *prefix)
{
    size_t len = strlen(prefix);

    return starts_with(s, prefix) ? sv_n(s.ptr + len, s.len - len) : s;
}

static bool timestamp_function(struct translator *tr, struct buf *out,
                               const struct function_call *c, bool add, size_t at)
{
    struct strview unit;

    if (c->args.n != 3)
        return fail_at(
            tr, at, "must have three arguments: an interval such as SQL_TSI_DAY, and two values.");
    unit = without_prefix(argument(c, 0), "SQL_TSI_");
    for (size_t i = 0; i < ARRAY_LEN(tsi); i++)
        if (sv_ieq(unit, sv(tsi[i].name)))
            return expand(tr, out, add ? tsi[i].add : tsi[i].diff, c);
    return fail_at(
        tr, at,
        "names an interval that ODBC does not have. They are SQL_TSI_FRAC_SECOND, SQL_TSI_SECOND, "
        "SQL_TSI_MINUTE, SQL_TSI_HOUR, SQL_TSI_DAY, SQL_TSI_WEEK, SQL_TSI_MONTH, SQL_TSI_QUARTER "
        "and "
        "SQL_TSI_YEAR.");
}

/* The word that a type begins with, and what stands behind it: a length, or nothing. */
static size_t word_len(struct strview s)
{
    size_t i = 0;

    while (i < s.len && !ascii_is_space(s.ptr[i]) && s.ptr[i] != '(')
        i++;
    return i;
}

static bool convert_function(struct translator *tr, struct buf *out, const struct function_call *c,
                             size_t at)
{
    struct strview type;
    struct strview rest;
    struct strview pg;
    size_t len;

    if (c->args.n < 2)
        return fail_at(tr, at, "must have two arguments: a value and a type such as SQL_INTEGER.");
    /* A comma in the type belongs to its precision: SQL_DECIMAL(10, 2). */
    type = sv_trim(sv_n(c->text.ptr + c->args.end[0] + 1, c->text.len - c->args.end[0] - 1));
    len = word_len(type);
    rest = sv_n(type.ptr + len, type.len - len);
    pg = type = sv_n(type.ptr, len);
    for (size_t i = 0; i < ARRAY_LEN(cvt); i++)
        if (sv_ieq(without_prefix(type, "SQL_"), sv(cvt[i].odbc)))
            pg = sv(cvt[i].pg);
    if (pg.ptr == type.ptr && starts_with(type, "SQL_"))
        return fail_at(tr, at, "names a type that the driver does not know.");
    if (!put_replacement(tr, out, SV_LIT("CAST(")))
        return false;
    tr->glue_check = false;
    return put(tr, out, argument(c, 0)) && put(tr, out, SV_LIT(" AS ")) && put(tr, out, pg) &&
           put(tr, out, rest) && put_replacement(tr, out, SV_LIT(")"));
}

static bool translate_call(struct translator *tr, struct buf *out, const struct function_call *c,
                           size_t at)
{
    bool name_known = false;

    if (sv_ieq(c->name, SV_LIT("CONVERT")))
        return convert_function(tr, out, c, at);
    if (sv_ieq(c->name, SV_LIT("TIMESTAMPADD")) || sv_ieq(c->name, SV_LIT("TIMESTAMPDIFF")))
        return timestamp_function(tr, out, c, sv_ieq(c->name, SV_LIT("TIMESTAMPADD")), at);
    for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
        const struct function_row *row = &functions[i];
        if (!sv_ieq(c->name, sv(row->name)))
            continue;
        name_known = true;
        if (row->n_args == c->args.n)
            return row->template != NULL ? expand(tr, out, row->template, c)
                                         : put_plain_call(tr, out, c);
    }
    return name_known ? fail_count(tr, c, at) : put_plain_call(tr, out, c);
}

/* The arguments behind "(": read into `b`, described in c. */
static bool read_args(struct translator *tr, struct buf *b, struct function_call *c, size_t at)
{
    if (!copy_until(tr, b, TOK_RPAREN, &c->args, at))
        return false;
    c->text = buf_sv(b);
    if (c->args.n > 0 || sv_trim(c->text).len > 0) {
        if (c->args.n < ARGS_MAX)
            c->args.end[c->args.n] = c->text.len;
        c->args.n++;
    }
    return true;
}

/* {fn name(arguments)}, or {fn name} for one without. Anything else inside {fn ..} is PostgreSQL's
 * own and passes. */
static bool function(struct translator *tr, struct buf *out, const char *word, size_t at)
{
    struct function_call c = {.args = {.n = 0}};
    struct tokens before = tr->in;
    struct token t;
    struct buf b;
    bool ok = true;
    bool call;

    (void)word;
    buf_like(&b, out);
    c.text = SV_LIT("");
    if (!clause_next(tr, at, &t))
        return false;
    c.name = t.text;
    call = t.kind == TOK_IDENT && tokens_peek(&tr->in, &t) &&
           (t.kind == TOK_LPAREN || t.kind == TOK_RBRACE);
    if (call && t.kind == TOK_LPAREN)
        ok = clause_next(tr, at, &t) && read_args(tr, &b, &c, at) &&
             clause_close(tr, at, "has something behind the function's closing parenthesis.");
    else if (call)
        ok = clause_close(tr, at, "");
    else
        tr->in = before;
    if (ok && call)
        ok = translate_call(tr, out, &c, at);
    else if (ok)
        ok = copy_until(tr, &b, TOK_RBRACE, NULL, at) &&
             put_replacement(tr, out, sv_trim(buf_sv(&b)));
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
        return fail_at(tr, at, "is a whole statement and cannot stand inside another one.");
    buf_like(&b, out);
    ok = copy_until(tr, &b, TOK_RBRACE, NULL, at);
    body = sv_trim(buf_sv(&b));
    if (ok && body.len == 0)
        ok = fail_at(tr, at, "does not name the procedure to call.");
    if (ok && memchr(body.ptr, '(', body.len) == NULL) {
        ok = buf_append_str(&b, "()") ? true : err_oom(tr->e);
        body = sv_trim(buf_sv(&b));
    }
    /* A name such as "p " in front of the parentheses just added needs no care: p () is p(). */
    ok = ok && put_replacement(tr, out, SV_LIT("")) &&
         note_call(tr, out->len, out->len + verb.len, return_param) && put(tr, out, verb) &&
         put_replacement(tr, out, body);
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
        return fail_unclosed(tr, at);
    if (marker.kind == TOK_DOLLAR_PARAM && !sv_eq(marker.text, SV_LIT("$1")))
        return fail_at(tr, at, "must use $1 for the returned value.");
    if (marker.kind == TOK_QUESTION && tr->o->dollar_only)
        return fail_at(
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
    {"fn", function, ""},      {"oj", outer_join, ""},        {"call", call, ""},
};

/* The clause whose { was just read. *known is false, and nothing consumed, when it is none. */
static bool escape(struct translator *tr, struct buf *out, const struct token *brace, bool *known)
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
    return copy_until(&tr, &r->text, TOK_ILLEGAL, NULL, 0);
}

void escapes_release(struct translation *r)
{
    buf_release(&r->text);
    mem_free(r->calls);
    *r = (struct translation){.text = BUF_INIT(0)};
}
