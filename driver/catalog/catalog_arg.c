/* Arguments of catalog functions. Called by the files of this folder. */
#include "catalog/catalog_arg.h"

#include "base/utf.h"

static const char *const names_of[] = {
    [WHAT_CATALOG] = "catalog", [WHAT_SCHEMA] = "schema",       [WHAT_TABLE] = "table",
    [WHAT_COLUMN] = "column",   [WHAT_PROCEDURE] = "procedure",
};

void catalog_args_init(struct catalog_args *a)
{
    *a = (struct catalog_args){.n = 0};
    for (size_t i = 0; i < ARRAY_LEN(a->texts); i++)
        buf_init(&a->texts[i], CATALOG_ARG_MAX_BYTES * 2);
}

void catalog_args_release(struct catalog_args *a)
{
    for (size_t i = 0; i < ARRAY_LEN(a->texts); i++)
        buf_release(&a->texts[i]);
}

bool catalog_is_odbc2(const struct stmt *s)
{
    return env_is_odbc2(s->dbc->env);
}

static SQLRETURN too_long(struct stmt *s)
{
    return diag_post(&s->handle, ST_HY090, 0, "A name argument is longer than %d bytes.",
                     CATALOG_ARG_MAX_BYTES);
}

static SQLRETURN add(struct stmt *s, struct catalog_args *a, bool is_null)
{
    struct buf *b = &a->texts[a->n];

    if (b->failed || !buf_reserve(b, 1))
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    a->params[a->n] = is_null ? (struct wire_param){NULL, 0} : (struct wire_param){b->data, b->len};
    a->n++;
    return SQL_SUCCESS;
}

/* An identifier as the server stores it; with `escape` as a pattern that matches only itself. */
static void append_identifier(struct buf *b, struct strview v, bool escape)
{
    struct strview inner;
    bool quoted;

    /* Blanks around quotes, and behind a name without, do not count ("Identifier Arguments"). */
    while (v.len > 0 && v.ptr[v.len - 1] == ' ')
        v.len--;
    inner = v;
    while (inner.len > 0 && inner.ptr[0] == ' ')
        inner = sv_n(inner.ptr + 1, inner.len - 1);
    quoted = inner.len >= 2 && inner.ptr[0] == '"' && inner.ptr[inner.len - 1] == '"';
    if (quoted)
        v = sv_n(inner.ptr + 1, inner.len - 2);
    for (size_t i = 0; i < v.len; i++) {
        char c = quoted ? v.ptr[i] : ascii_lower(v.ptr[i]);
        if (quoted && c == '"' && i + 1 < v.len && v.ptr[i + 1] == '"')
            i++;
        if (escape && (c == '%' || c == '_' || c == '\\'))
            buf_append_char(b, '\\');
        buf_append_char(b, c);
    }
}

/* A backslash at the end would be an error of LIKE: it can only mean itself. */
static void append_pattern(struct buf *b, struct strview v)
{
    size_t backslashes = 0;

    buf_append_sv(b, v);
    while (backslashes < v.len && v.ptr[v.len - 1 - backslashes] == '\\')
        backslashes++;
    if (backslashes % 2 == 1)
        buf_append_char(b, '\\');
}

SQLRETURN catalog_check_given(struct stmt *s, struct strview v, enum catalog_what what)
{
    if (v.ptr != NULL)
        return SQL_SUCCESS;
    return diag_post(&s->handle, ST_HY009, 0, "The %s name must not be a null pointer.",
                     names_of[what]);
}

/* What both kinds of arguments have in common; *done: it is added or refused. */
static SQLRETURN begin(struct stmt *s, struct catalog_args *a, struct strview *v,
                       enum catalog_what what, bool *done)
{
    *done = true;
    if (v->ptr == NULL && s->attrs.metadata_id == SQL_TRUE)
        return diag_post(&s->handle, ST_HY009, 0,
                         "SQL_ATTR_METADATA_ID is on: the %s name must not be a null pointer.",
                         names_of[what]);
    if (v->len > CATALOG_ARG_MAX_BYTES)
        return too_long(s);
    if (v->ptr != NULL && !utf8_is_valid(v->ptr, v->len))
        return diag_post(&s->handle, ST_22021, 0, "The %s name is not valid UTF-8.",
                         names_of[what]);
    if (v->ptr == NULL || (v->len == 0 && (what == WHAT_CATALOG || what == WHAT_SCHEMA)))
        return add(s, a, true);
    *done = false;
    return SQL_SUCCESS;
}

/* No name has a NUL, and the server takes none in a text: such a name finds nothing. What stands
 * before the NUL must not be taken for the name. */
static bool has_nul(struct strview v)
{
    return memchr(v.ptr, '\0', v.len) != NULL;
}

/* `pattern`: with % and _, unless SQL_ATTR_METADATA_ID makes identifiers of all. */
static SQLRETURN add_text(struct stmt *s, struct catalog_args *a, struct strview v,
                          enum catalog_what what, bool pattern)
{
    bool done;
    SQLRETURN rc = begin(s, a, &v, what, &done);

    if (done)
        return rc;
    if (has_nul(v))
        return add(s, a, false);
    if (s->attrs.metadata_id == SQL_TRUE)
        append_identifier(&a->texts[a->n], v, pattern);
    else if (pattern)
        append_pattern(&a->texts[a->n], v);
    else
        buf_append_sv(&a->texts[a->n], v);
    return add(s, a, false);
}

SQLRETURN catalog_add_pattern(struct stmt *s, struct catalog_args *a, struct strview v,
                              enum catalog_what what)
{
    return add_text(s, a, v, what, true);
}

SQLRETURN catalog_add_name(struct stmt *s, struct catalog_args *a, struct strview v,
                           enum catalog_what what)
{
    return add_text(s, a, v, what, false);
}

SQLRETURN catalog_add_names(struct stmt *s, struct catalog_args *a, const struct catalog_names *n)
{
    SQLRETURN rc = catalog_add_name(s, a, n->catalog, WHAT_CATALOG);

    if (rc == SQL_SUCCESS)
        rc = catalog_add_name(s, a, n->schema, WHAT_SCHEMA);
    return rc == SQL_SUCCESS ? catalog_add_name(s, a, n->table, WHAT_TABLE) : rc;
}

SQLRETURN catalog_add_patterns(struct stmt *s, struct catalog_args *a,
                               const struct catalog_names *n, enum catalog_what what)
{
    SQLRETURN rc = catalog_add_name(s, a, n->catalog, WHAT_CATALOG);

    if (rc == SQL_SUCCESS)
        rc = catalog_add_pattern(s, a, n->schema, WHAT_SCHEMA);
    return rc == SQL_SUCCESS ? catalog_add_pattern(s, a, n->table, what) : rc;
}

SQLRETURN catalog_add_text(struct stmt *s, struct catalog_args *a, struct strview v)
{
    if (v.len > CATALOG_ARG_MAX_BYTES)
        return too_long(s);
    if (v.ptr != NULL && !utf8_is_valid(v.ptr, v.len))
        return diag_post(&s->handle, ST_22021, 0, "A text argument is not valid UTF-8.");
    if (v.ptr != NULL)
        buf_append_sv(&a->texts[a->n], v);
    return add(s, a, v.ptr == NULL);
}

SQLRETURN catalog_add_bool(struct stmt *s, struct catalog_args *a, bool v)
{
    return catalog_add_text(s, a, v ? SV_LIT("t") : SV_LIT("f"));
}

static bool is_every_name(struct strview v)
{
    for (size_t i = 0; i < v.len; i++)
        if (v.ptr[i] != '%')
            return false;
    return true; /* absent, empty, %, %% */
}

bool catalog_is_one_name(struct strview pattern)
{
    if (pattern.ptr == NULL || pattern.len == 0)
        return false;
    for (size_t i = 0; i < pattern.len; i++) {
        if (pattern.ptr[i] == '%')
            return false;
        if (pattern.ptr[i] == '\\')
            i++;
    }
    return true;
}

bool catalog_wants_system(const struct stmt *s, struct strview schema, struct strview name)
{
    return s->dbc->options.show_system_tables || !is_every_name(schema) ||
           s->attrs.metadata_id == SQL_TRUE || catalog_is_one_name(name);
}
