/* Reading and writing the syntax of connection strings. Never puts any of the text into a message:
 * what stands at the wrong place is often the second half of a password. Called by config.c and
 * conn_options.c. */
#include "config/connstr.h"

struct cursor {
    struct strview text;
    size_t at;
};

static void skip_spaces(struct cursor *c)
{
    while (c->at < c->text.len && ascii_is_space(c->text.ptr[c->at]))
        c->at++;
}

/* Up to the next ';' or the end. */
static struct strview until_semicolon(struct cursor *c)
{
    const char *from = c->text.ptr + c->at;
    const char *end = memchr(from, ';', c->text.len - c->at);
    size_t len = end != NULL ? (size_t)(end - from) : c->text.len - c->at;

    c->at += len;
    return sv_n(from, len);
}

/* The inside of {...}, "}}" read as "}". The cursor stands behind the opening brace. */
static bool read_braced(struct cursor *c, struct buf *value, struct err *e)
{
    size_t opened = c->at;

    for (;;) {
        const char *from = c->text.ptr + c->at;
        const char *end = memchr(from, '}', c->text.len - c->at);
        if (end == NULL)
            return err_set(e, ST_HY000, 0,
                           "The connection string cannot be read: the brace opened at position %zu "
                           "is never closed. A value "
                           "that begins with { is written {{...}: the whole value in braces, each "
                           "} inside doubled.",
                           opened);
        buf_append(value, from, (size_t)(end - from));
        c->at += (size_t)(end - from) + 1;
        if (c->at >= c->text.len || c->text.ptr[c->at] != '}')
            break;
        buf_append_char(value, '}');
        c->at++;
    }
    if (value->failed)
        return err_oom(e);
    skip_spaces(c);
    if (c->at < c->text.len && c->text.ptr[c->at] != ';')
        return err_set(e, ST_HY000, 0,
                       "The connection string cannot be read: at position %zu a semicolon is "
                       "expected behind the closing "
                       "brace. A } inside the value is written twice.",
                       c->at + 1);
    return true;
}

/* The cursor stands behind the '='. */
static bool read_value(struct cursor *c, struct connstr_pair *pair, struct buf *braced,
                       struct err *e)
{
    size_t start = c->at;

    skip_spaces(c);
    if (c->at < c->text.len && c->text.ptr[c->at] == '{') {
        c->at++;
        buf_reset(braced);
        if (!read_braced(c, braced, e))
            return false;
        pair->quoted = true;
        pair->value = buf_sv(braced);
        return true;
    }
    c->at = start;
    pair->value = until_semicolon(c);
    return true;
}

static bool read_pair(struct cursor *c, struct connstr_pair *pair, struct buf *braced,
                      struct err *e)
{
    struct cursor ahead = *c;
    struct strview piece = until_semicolon(&ahead);
    const char *equals = memchr(piece.ptr, '=', piece.len);
    size_t key_len = equals != NULL ? (size_t)(equals - piece.ptr) : piece.len;

    *pair = (struct connstr_pair){.key = sv_trim(sv_n(piece.ptr, key_len)), .at = c->at + 1};
    if (pair->key.len == 0)
        return err_set(e, ST_HY000, 0,
                       "The connection string cannot be read: the name of a keyword is missing "
                       "before the = at position %zu. A "
                       "value that holds ; or = is written in braces: PWD={...}.",
                       c->at + key_len + 1);
    if (equals == NULL) {
        *c = ahead;
        return true;
    }
    pair->has_value = true;
    c->at += key_len + 1;
    return read_value(c, pair, braced, e);
}

bool connstr_parse(struct strview text,
                   bool (*fn)(void *ctx, const struct connstr_pair *pair, struct err *e), void *ctx,
                   struct err *e)
{
    struct cursor c = {text, 0};
    struct buf braced = BUF_INIT(CONNSTR_MAX_BYTES);
    bool ok = true;

    if (text.len > CONNSTR_MAX_BYTES)
        return err_set(e, ST_HY000, 0, "The connection string has %zu bytes; at most %d are read.",
                       text.len, CONNSTR_MAX_BYTES);
    if (text.len > 0 && memchr(text.ptr, '\0', text.len) != NULL)
        return err_set(
            e, ST_HY000, 0,
            "The connection string holds a NUL character: check the length that was given.");
    /* All the room at once: growing would leave copies of a password behind. */
    if (text.len > 0 && memchr(text.ptr, '{', text.len) != NULL && !buf_reserve(&braced, text.len))
        return err_oom(e);
    while (ok && text.len > 0) {
        struct connstr_pair pair;
        while (c.at < text.len && (text.ptr[c.at] == ';' || ascii_is_space(text.ptr[c.at])))
            c.at++;
        if (c.at >= text.len)
            break;
        ok = read_pair(&c, &pair, &braced, e) && fn(ctx, &pair, e);
    }
    buf_release_secret(&braced);
    return ok;
}

static bool needs_braces(struct strview value)
{
    if (value.len == 0)
        return false;
    if (ascii_is_space(value.ptr[0]) || ascii_is_space(value.ptr[value.len - 1]))
        return true;
    for (size_t i = 0; i < value.len; i++)
        if (strchr("[]{}(),;?*=!@", value.ptr[i]) != NULL)
            return true;
    return false;
}

bool connstr_append(struct buf *out, const char *key, struct strview value)
{
    buf_append_str(out, key);
    buf_append_char(out, '=');
    if (!needs_braces(value)) {
        buf_append_sv(out, value);
        return buf_append_char(out, ';');
    }
    buf_append_char(out, '{');
    for (size_t i = 0; i < value.len; i++) {
        buf_append_char(out, value.ptr[i]);
        if (value.ptr[i] == '}')
            buf_append_char(out, '}');
    }
    return buf_append_str(out, "};");
}
