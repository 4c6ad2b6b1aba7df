/* An application's text made ready for the wire, in two passes: escapes_translate writes
 * PostgreSQL's SQL with numbered markers; then each statement is cut out, renumbered from $1,
 * classified and its markers noted.
 *
 * Looks up nothing: what a name means is the server's affair. Called by stmt/prepare.c and, for
 * SQLNativeSql, api/. */
#include "sql/script.h"

#include "base/utf.h"
#include "sql/escapes.h"
#include "sql/markers.h"
#include "sql/split.h"
#include "sql/unicode_names.h"

#define SCRIPT_MAX_STATEMENTS 100000

struct parser {
    const struct translation *tr;
    struct script *out;
    struct err *e;
    size_t cap;       /* of out->stmts */
    size_t next_call; /* the first of tr->calls not yet met */
    unsigned dollars; /* markers that the author wrote as $n */
    bool one;         /* the text holds one statement only */
};

static struct script_stmt *add_stmt(struct parser *p)
{
    struct script *out = p->out;

    if (out->n_stmts >= SCRIPT_MAX_STATEMENTS) {
        err_set(p->e, ST_54000, 0, "The text holds more than %d statements.",
                SCRIPT_MAX_STATEMENTS);
        return NULL;
    }
    if (out->n_stmts == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 1;
        struct script_stmt *more = mem_realloc_array(out->stmts, cap, sizeof *more);
        if (more == NULL) {
            err_oom(p->e);
            return NULL;
        }
        out->stmts = more;
        p->cap = cap;
    }
    out->stmts[out->n_stmts] = (struct script_stmt){0};
    return &out->stmts[out->n_stmts++];
}

static void take_call(struct parser *p, const struct split_piece *piece, struct script_stmt *s)
{
    const struct translation *tr = p->tr;

    while (p->next_call < tr->n_calls && tr->calls[p->next_call].at < piece->first_word)
        p->next_call++; /* inside the body of a function: an ordinary statement of that body */
    if (p->next_call < tr->n_calls && tr->calls[p->next_call].at == piece->first_word) {
        const struct escape_call *c = &tr->calls[p->next_call++];
        s->is_call = true;
        s->has_return_value = c->return_param != 0;
        s->return_param = c->return_param;
        s->call_body = c->body - (size_t)(piece->text.ptr - tr->text.data);
    }
}

/* What to take off each number so that the statement's parameters begin with $1. The numbers of ?
 * follow each other; the author's own stay as they are in a text of one statement. */
static bool number_base(struct parser *p, const struct script_stmt *s, const struct marker_use *u,
                        unsigned *base)
{
    *base = s->return_param;
    if (u->lowest == 0) {
        if (*base == 0)
            *base = p->out->n_params;
        return true;
    }
    if (u->lowest <= s->return_param)
        return err_set(p->e, ST_07002, 0,
                       "$%u is the value that the function returns and cannot be an argument too.",
                       u->lowest);
    if (*base == 0 && !(u->dollars > 0 && p->one))
        *base = u->lowest - 1;
    return true;
}

static bool add_piece(struct parser *p, const struct split_piece *piece)
{
    struct marker_use u;
    unsigned base;
    struct script_stmt *s = add_stmt(p);

    if (s == NULL)
        return false;
    take_call(p, piece, s);
    if (!markers_count(piece->text, piece->foreign_dollars, &u, p->e) ||
        !number_base(p, s, &u, &base) ||
        !markers_write(piece->text, piece->foreign_dollars, &u, base, s, p->e))
        return false;
    s->first_param = base + 1;
    s->n_params = u.lowest ? u.highest - base : 0;
    s->kind = sql_classify(sv_n(s->text, s->len));
    p->dollars += u.dollars;
    if (u.highest > p->out->n_params)
        p->out->n_params = u.highest;
    if (s->return_param > p->out->n_params)
        p->out->n_params = s->return_param;
    return true;
}

/* Counting stops at two: only "one" and "more" differ. */
static bool is_one_statement(struct strview text)
{
    struct split_piece piece;
    size_t pos = 0;
    unsigned n = 0;

    while (n < 2 && split_next(text, &pos, &piece))
        n += !piece.empty;
    return n < 2;
}

static bool add_all(struct parser *p, struct strview text)
{
    struct split_piece piece;
    struct split_piece empty = {.text = {"", 0}, .empty = true};
    size_t pos = 0;
    bool any_empty = false;

    while (split_next(text, &pos, &piece)) {
        if (!piece.empty && !add_piece(p, &piece))
            return false;
        if (piece.empty && !any_empty) {
            empty = piece;
            any_empty = true;
        }
    }
    return p->out->n_stmts > 0 || add_piece(p, &empty);
}

static bool check_text(struct strview text, struct err *e)
{
    if (text.len > 0 && memchr(text.ptr, '\0', text.len) != NULL)
        return err_set(
            e, ST_22021, 0,
            "The statement holds the character U+0000, which PostgreSQL cannot store or read.");
    if (!utf8_is_valid(text.ptr, text.len))
        return err_set(e, ST_22021, 0, "The statement is not valid UTF-8.");
    return true;
}

static bool parse_text(struct strview text, const struct script_options *o, struct script *out,
                       struct err *e)
{
    struct translation tr = {.text = BUF_INIT(0)};
    struct parser p = {.tr = &tr, .out = out, .e = e};
    bool ok;

    ok = escapes_translate(text, o, &tr, e);
    if (ok) {
        p.one = is_one_statement(buf_sv(&tr.text));
        ok = add_all(&p, buf_sv(&tr.text));
    }
    if (ok && tr.n_questions > 0 && p.dollars > 0)
        ok = err_set(e, ST_07002, 0,
                     "The statement mixes the parameter markers ? and $1. Use one of them. If a ? "
                     "is meant as an operator, "
                     "write it as ??, or connect with ParamStyle=dollar.");
    escapes_release(&tr);
    if (!ok) {
        script_release(out);
        return false;
    }
    out->copy_in =
        out->n_stmts == 1 && out->n_params == 0 && out->stmts[0].kind.flags & SQLF_COPY_IN;
    out->n_params += out->copy_in;
    return true;
}

bool script_parse(struct strview text, const struct script_options *o, struct script *out,
                  struct err *e)
{
    struct buf plain = BUF_INIT(0);
    bool ok;

    *out = (struct script){0};
    if (text.ptr == NULL)
        text = SV_LIT("");
    if (!check_text(text, e))
        return false;
    if (!unicode_names_possible(text))
        return parse_text(text, o, out, e);
    ok = unicode_names_write_plain(text, &plain) || err_oom(e);
    ok = ok && parse_text(buf_sv(&plain), o, out, e);
    buf_release(&plain);
    return ok;
}

void script_release(struct script *s)
{
    for (size_t i = 0; i < s->n_stmts; i++) {
        mem_free(s->stmts[i].text);
        mem_free(s->stmts[i].markers);
    }
    mem_free(s->stmts);
    *s = (struct script){0};
}

bool script_render(const struct script_stmt *s, const char *const *casts, struct buf *out)
{
    size_t pos = 0;

    for (size_t i = 0; casts != NULL && i < s->n_markers; i++) {
        const struct script_marker *m = &s->markers[i];
        const char *cast = casts[m->number - 1];
        if (cast == NULL || m->has_cast)
            continue;
        buf_append(out, s->text + pos, m->end - pos);
        buf_append_str(out, cast);
        pos = m->end;
    }
    return buf_append(out, s->text + pos, s->len - pos);
}

bool script_native(const struct script *s, struct buf *out)
{
    for (size_t i = 0; i < s->n_stmts; i++) {
        if (i > 0)
            buf_append_char(out, ';');
        buf_append(out, s->stmts[i].text, s->stmts[i].len);
    }
    return !out->failed;
}
