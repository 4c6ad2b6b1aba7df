/* Shapes and types of the results of catalog functions; runs their queries. Knows nothing of what
 * is asked. Called by the files of this folder. */
#include "catalog/catalog_result.h"

#define OID_INT2 21
#define OID_INT4 23
#define OID_BPCHAR 1042
#define OID_VARCHAR 1043

/* type, modifier */
#define KIND_NAME OID_VARCHAR, 63 + 4
#define KIND_WORD OID_VARCHAR, 32 + 4
#define KIND_LINE OID_VARCHAR, 254 + 4
#define KIND_YES_NO OID_VARCHAR, 3 + 4
#define KIND_LETTER OID_BPCHAR, 1 + 4
#define KIND_SMALL OID_INT2, -1
#define KIND_INT OID_INT4, -1

static const struct local_column columns3[] = {
#define X(function, name, name2, kind, nullable) {name, KIND_##kind, nullable},
#include "catalog/catalog_columns.def"
};
static const struct local_column columns2[] = {
#define X(function, name, name2, kind, nullable) {name2, KIND_##kind, nullable},
#include "catalog/catalog_columns.def"
};
static const enum catalog_function function_of[] = {
#define X(function, name, name2, kind, nullable) CATALOG_##function,
#include "catalog/catalog_columns.def"
};

struct catalog_shape catalog_shape(const struct stmt *s, enum catalog_function f)
{
    const struct local_column *all = env_is_odbc2(s->dbc->env) ? columns2 : columns3;
    struct catalog_shape shape = {NULL, 0};

    for (size_t i = 0; i < ARRAY_LEN(function_of); i++)
        if (function_of[i] == f) {
            if (shape.n == 0)
                shape.columns = &all[i];
            shape.n++;
        }
    return shape;
}

SQLRETURN catalog_ask(struct stmt *s, const struct catalog_query *q)
{
    struct catalog_shape shape = catalog_shape(s, q->function);
    const struct mapped_query m = {
        .sql = sv(q->sql),
        .params = q->args->params,
        .n_params = q->args->n,
        .n_in = q->map != NULL ? q->n_in : shape.n,
        .columns = shape.columns,
        .n_columns = shape.n,
        .map = q->map,
        .carry = q->carry,
    };

    return q->map != NULL ? stmt_run_mapped(s, &m) : stmt_run_named(s, &m);
}

/* ---- cells ---- */

struct cell catalog_text(const char *text)
{
    return (struct cell){text, strlen(text)};
}

struct cell catalog_number(struct buf *scratch, int64_t v)
{
    size_t start = scratch->len;

    buf_printf(scratch, "%lld", (long long)v);
    return (struct cell){scratch->data + start, scratch->len - start};
}

static int64_t number(struct cell c, int64_t fallback)
{
    int64_t v;

    return c.ptr != NULL && sv_to_i64(sv_n(c.ptr, c.len), &v) ? v : fallback;
}

/* ---- types ---- */

static bool is_char_or_binary(SQLSMALLINT t)
{
    static const SQLSMALLINT types[] = {SQL_CHAR,   SQL_VARCHAR,   SQL_LONGVARCHAR,
                                        SQL_WCHAR,  SQL_WVARCHAR,  SQL_WLONGVARCHAR,
                                        SQL_BINARY, SQL_VARBINARY, SQL_LONGVARBINARY};
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (types[i] == t)
            return true;
    return false;
}

/* Numbers, and what has seconds: an interval of years has no digits, nor has text. */
static bool has_digits(const struct type_desc *t)
{
    return t->num_prec_radix != 0 || t->verbose_type == SQL_DATETIME || t->decimal_digits != 0;
}

/* The name under which SQLGetTypeInfo knows a built-in type ("char" has quotes there); any other
 * type's own. */
static struct cell type_name(struct cell typname, const struct type_desc *t)
{
    bool built_in = t->row->oid != 0 && typname.ptr != NULL &&
                    sv_eq(sv_n(typname.ptr, typname.len), sv(t->row->typname));

    return built_in ? catalog_text(t->type_name) : typname;
}

void catalog_describe(const struct stmt *s, const struct cell *in, struct catalog_type *out,
                      struct buf *scratch)
{
    const struct type_desc *t = &out->desc;

    *out = (struct catalog_type){.data_type = {NULL, 0}};
    typemap_describe((uint32_t)number(in[0], 0), (int32_t)number(in[1], -1), &s->dbc->type_options,
                     &out->desc);
    out->data_type = catalog_number(
        scratch, catalog_is_odbc2(s) ? typemap_odbc2_type(t->concise_type) : t->concise_type);
    out->type_name = type_name(in[2], t);
    out->column_size = catalog_number(scratch, (int64_t)t->column_size);
    out->buffer_length = catalog_number(scratch, (int64_t)t->octet_length);
    if (has_digits(t))
        out->decimal_digits = catalog_number(scratch, t->decimal_digits);
    if (t->num_prec_radix != 0)
        out->radix = catalog_number(scratch, t->num_prec_radix);
    out->verbose = catalog_number(scratch, t->verbose_type);
    if (t->datetime_sub != 0)
        out->datetime_sub = catalog_number(scratch, t->datetime_sub);
    if (is_char_or_binary(t->concise_type))
        out->char_octets = catalog_number(scratch, (int64_t)t->octet_length);
}

/* ---- defaults ---- */

/* The length of the literal ('...' or NULL) at the start of the text; 0 when there is none. */
static size_t literal_length(struct strview v)
{
    size_t i = 1;

    if (v.len >= 4 && memcmp(v.ptr, "NULL", 4) == 0)
        return 4;
    if (v.len == 0 || v.ptr[0] != '\'')
        return 0;
    for (; i < v.len; i++) {
        if (v.ptr[i] != '\'')
            continue;
        if (i + 1 == v.len || v.ptr[i + 1] != '\'')
            return i + 1;
        i++;
    }
    return 0;
}

/* Nothing but a cast: "::character varying(10)", "::\"My type\"[]". A second operator would have
 * parentheses around the literal's cast, or another character. */
static bool is_cast_to_the_end(struct strview v)
{
    bool quoted = false;

    if (v.len < 3 || v.ptr[0] != ':' || v.ptr[1] != ':')
        return false;
    for (size_t i = 2; i < v.len; i++) {
        char c = v.ptr[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || ascii_is_digit(c) ||
                    (unsigned char)c >= 0x80;
        if (c == '"')
            quoted = !quoted;
        else if (!quoted && !word && strchr("_$. ,()[]", c) == NULL)
            return false;
    }
    return !quoted;
}

static bool is_operator_word(struct strview rest)
{
    static const char *const words[] = {" AND ", " OR ", " IS ", " AT ", " COLLATE "};

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (sv_find(rest, sv(words[i])) != SIZE_MAX)
            return true;
    return false;
}

/* '-1' in its quotes; not 'NaN'. */
static bool is_number(struct strview quoted)
{
    for (size_t i = 1; i + 1 < quoted.len; i++)
        if (!ascii_is_digit(quoted.ptr[i]) && strchr("+-.eE", quoted.ptr[i]) == NULL)
            return false;
    return quoted.len > 2 && quoted.ptr[0] == '\'';
}

struct cell catalog_default(struct cell expression, const struct type_desc *t)
{
    struct strview v = sv_n(expression.ptr, expression.len);
    size_t literal;

    if (v.ptr == NULL)
        return expression;
    literal = literal_length(v);
    if (literal == 0)
        return expression;
    if (literal < v.len) {
        struct strview rest = sv_n(v.ptr + literal, v.len - literal);
        if (!is_cast_to_the_end(rest) || is_operator_word(rest))
            return expression;
    }
    if (t->num_prec_radix != 0 && is_number(sv_n(v.ptr, literal)))
        return (struct cell){v.ptr + 1, literal - 2};
    return (struct cell){v.ptr, literal};
}
