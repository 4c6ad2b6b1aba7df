/* {fn ..}: the scalar functions of ODBC, CONVERT, TIMESTAMPADD and TIMESTAMPDIFF, by the rows of
 * functions.def. Evaluates nothing. Called by escapes.c; script_functions by SQLGetInfo. */
#include <sql.h>
#include <sqlext.h>

#include <stdio.h>

#include "sql/translator.h"

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
    struct translator_args args;
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

    return translator_put(tr, b, time ? SV_LIT("(CURRENT_DATE + ") : SV_LIT("CAST(")) &&
           translator_put(tr, b, arg) &&
           translator_put(tr, b, time ? SV_LIT(")") : SV_LIT(" AS timestamp)"));
}

static bool expand(struct translator *tr, struct buf *out, const char *template,
                   const struct function_call *c)
{
    struct buf b;
    bool ok = true;

    buf_init(&b, out->max);
    while (ok && *template != '\0') {
        size_t plain = strcspn(template, "%@");
        ok = translator_put(tr, &b, sv_n(template, plain));
        template += plain;
        if (ok && *template != '\0') {
            struct strview arg = argument(c, (size_t)(template[1] - '1'));
            ok = template[0] == '@' ? put_timestamp(tr, &b, arg) : translator_put(tr, &b, arg);
            template += 2;
        }
    }
    ok = ok && translator_put_replacement(tr, out, buf_sv(&b));
    buf_release(&b);
    return ok;
}

static bool put_plain_call(struct translator *tr, struct buf *out, const struct function_call *c)
{
    if (!translator_put_replacement(tr, out, c->name))
        return false;
    tr->glue_check = false;
    return translator_put(tr, out, SV_LIT("(")) && translator_put(tr, out, c->text) &&
           translator_put_replacement(tr, out, SV_LIT(")"));
}

static bool fail_count(struct translator *tr, const struct function_call *c, size_t at)
{
    struct translator_place p = translator_place(tr, at);
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
        return translator_fail(
            tr, at, "must have three arguments: an interval such as SQL_TSI_DAY, and two values.");
    unit = without_prefix(argument(c, 0), "SQL_TSI_");
    for (size_t i = 0; i < ARRAY_LEN(tsi); i++)
        if (sv_ieq(unit, sv(tsi[i].name)))
            return expand(tr, out, add ? tsi[i].add : tsi[i].diff, c);
    return translator_fail(
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
        return translator_fail(tr, at,
                               "must have two arguments: a value and a type such as SQL_INTEGER.");
    /* A comma in the type belongs to its precision: SQL_DECIMAL(10, 2). */
    type = sv_trim(sv_n(c->text.ptr + c->args.end[0] + 1, c->text.len - c->args.end[0] - 1));
    len = word_len(type);
    rest = sv_n(type.ptr + len, type.len - len);
    pg = type = sv_n(type.ptr, len);
    for (size_t i = 0; i < ARRAY_LEN(cvt); i++)
        if (sv_ieq(without_prefix(type, "SQL_"), sv(cvt[i].odbc)))
            pg = sv(cvt[i].pg);
    if (pg.ptr == type.ptr && starts_with(type, "SQL_"))
        return translator_fail(tr, at, "names a type that the driver does not know.");
    if (!translator_put_replacement(tr, out, SV_LIT("CAST(")))
        return false;
    tr->glue_check = false;
    return translator_put(tr, out, argument(c, 0)) && translator_put(tr, out, SV_LIT(" AS ")) &&
           translator_put(tr, out, pg) && translator_put(tr, out, rest) &&
           translator_put_replacement(tr, out, SV_LIT(")"));
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
    if (!translator_copy_until(tr, b, TOK_RPAREN, &c->args, at))
        return false;
    c->text = buf_sv(b);
    if (c->args.n > 0 || sv_trim(c->text).len > 0) {
        if (c->args.n < TRANSLATOR_MAX_ARGS)
            c->args.end[c->args.n] = c->text.len;
        c->args.n++;
    }
    return true;
}

/* {fn name(arguments)}, or {fn name} for one without. Anything else inside {fn ..} is PostgreSQL's
 * own and passes. */
bool scalar_clause(struct translator *tr, struct buf *out, const char *word, size_t at)
{
    struct function_call c = {.args = {.n = 0}};
    struct tokens before = tr->in;
    struct token t;
    struct buf b;
    bool ok = true;
    bool call;

    (void)word;
    buf_init(&b, out->max);
    c.text = SV_LIT("");
    if (!translator_next(tr, at, &t))
        return false;
    c.name = t.text;
    call = t.kind == TOK_IDENT && tokens_peek(&tr->in, &t) &&
           (t.kind == TOK_LPAREN || t.kind == TOK_RBRACE);
    if (call && t.kind == TOK_LPAREN)
        ok = translator_next(tr, at, &t) && read_args(tr, &b, &c, at) &&
             translator_close(tr, at, "has something behind the function's closing parenthesis.");
    else if (call)
        ok = translator_close(tr, at, "");
    else
        tr->in = before;
    if (ok && call)
        ok = translate_call(tr, out, &c, at);
    else if (ok)
        ok = translator_copy_until(tr, &b, TOK_RBRACE, NULL, at) &&
             translator_put_replacement(tr, out, sv_trim(buf_sv(&b)));
    buf_release(&b);
    return ok;
}
