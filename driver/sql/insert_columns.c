/* An INSERT whose rows are arrays. Decides nothing about when: handle/param_columns.c does. */
#include "sql/insert_columns.h"

#include "sql/type_name.h"

/* A value of the row: $n, and its cast in the text. */
struct value {
    size_t cast_at, cast_end; /* equal: none */
    bool last;
};

/* The next value; `t` is the "(" or "," before it, on return the "," or ")" behind. */
static bool read_value(struct tokens *ts, struct token *t, struct value *v)
{
    *v = (struct value){0};
    if (!tokens_next(ts, t) || t->kind != TOK_DOLLAR_PARAM)
        return false;
    tokens_next(ts, t);
    if (t->kind == TOK_CAST) {
        v->cast_at = t->at;
        if (!tokens_next(ts, t) || type_name_read(ts, t, &v->cast_end) == 0)
            return false;
    }
    v->last = t->kind == TOK_RPAREN;
    return v->last || t->kind == TOK_COMMA;
}

static struct tokens row_of(const struct script_stmt *st, const struct insert_values *iv,
                            struct token *t)
{
    struct tokens ts = {sv_n(st->text, iv->close), iv->open};

    tokens_next(&ts, t);
    return ts;
}

bool insert_columns_find(const struct script_stmt *st, const struct insert_values *iv)
{
    struct token t;
    struct tokens ts = row_of(st, iv, &t);
    struct value v = {0};
    size_t n = 0;

    if (st->n_markers != st->n_params)
        return false;
    for (; !v.last; n++)
        if (n >= st->n_markers || st->markers[n].number != n + 1 || !read_value(&ts, &t, &v) ||
            st->markers[n].has_cast != (v.cast_at < v.cast_end))
            return false;
    return n == st->n_params;
}

bool insert_columns_render(const struct script_stmt *st, const struct insert_values *iv,
                           const char *const *casts, struct buf *out)
{
    struct token t;
    struct tokens ts = row_of(st, iv, &t);
    struct value v = {0};

    buf_append(out, st->text, iv->values);
    buf_append_str(out, "SELECT * FROM ROWS FROM (");
    for (size_t i = 0; !v.last && read_value(&ts, &t, &v); i++) {
        buf_printf(out, "%spg_catalog.unnest($%zu", i > 0 ? ", " : "", i + 1);
        if (v.cast_at < v.cast_end)
            buf_append(out, st->text + v.cast_at, v.cast_end - v.cast_at);
        else
            buf_append_str(out, casts[i]);
        buf_append_str(out, "[])");
    }
    buf_append_char(out, ')');
    buf_append(out, st->text + iv->close, st->len - iv->close);
    return out->failed == BUF_OK;
}

/* ---- elements ---- */

static bool is_plain(char c)
{
    return ascii_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '+' || c == ':' || c == '_';
}

/* May it stand without quotes? The word NULL may not. */
static bool needs_no_quotes(const char *ptr, size_t len)
{
    if (len == 0 || sv_ieq(sv_n(ptr, len), SV_LIT("null")))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_plain(ptr[i]))
            return false;
    return true;
}

static bool append_quoted(struct buf *out, const char *ptr, size_t len)
{
    size_t from = 0;

    buf_append_char(out, '"');
    for (size_t i = 0; i < len; i++)
        if (ptr[i] == '"' || ptr[i] == '\\') {
            buf_append(out, ptr + from, i - from);
            buf_append_char(out, '\\');
            from = i;
        }
    buf_append(out, ptr + from, len - from);
    return buf_append_char(out, '"');
}

bool insert_columns_element(struct buf *out, bool first, const char *ptr, size_t len)
{
    buf_append_char(out, first ? '{' : ',');
    if (ptr == NULL)
        return buf_append_str(out, "NULL");
    return needs_no_quotes(ptr, len) ? buf_append(out, ptr, len) : append_quoted(out, ptr, len);
}

size_t insert_columns_extra_bytes(const char *ptr, size_t len)
{
    size_t n = 1 + 4; /* the comma, two quotes with their backslashes */

    for (size_t i = 0; ptr != NULL && i < len; i++)
        n += ptr[i] == '"' || ptr[i] == '\\' ? 2 : 0;
    return n;
}
