/* Gives the JSON tree of a body its meaning: single or batch, and every parameter as the text that
 * goes to PostgreSQL (protocol 3.3, bugs included: JSON escapes inside array elements).
 */
#include "gateway/request.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/buf.h"
#include "gateway/text.h"

#define WRONG_SHAPE "data did not match any variant of untagged enum Payload"

enum lookup { LOOKUP_ABSENT, LOOKUP_FOUND, LOOKUP_TWICE };

static enum lookup find_member(const struct json_value *object, const char *key,
                               const struct json_value **out)
{
    enum lookup result = LOOKUP_ABSENT;
    for (const struct json_value *v = object->first; v; v = v->next) {
        if (!text_equal(v->key, v->key_len, key))
            continue;
        if (result == LOOKUP_FOUND)
            return LOOKUP_TWICE;
        result = LOOKUP_FOUND;
        *out = v;
    }
    return result;
}

static int compare_keys(const struct json_value *a, const struct json_value *b)
{
    size_t n = a->key_len < b->key_len ? a->key_len : b->key_len;
    int order = memcmp(a->key, b->key, n);
    if (order != 0)
        return order;
    return a->key_len < b->key_len ? -1 : a->key_len > b->key_len;
}

struct sortable {
    const struct json_value *value;
    size_t place;
};

static int compare_sortable(const void *pa, const void *pb)
{
    const struct sortable *a = pa;
    const struct sortable *b = pb;
    int order = compare_keys(a->value, b->value);
    if (order != 0)
        return order;
    return a->place < b->place ? -1 : 1;
}

static void put_compact(struct buf *out, const struct json_value *v);

/* Keys sorted bytewise; of duplicates the last one counts. */
static void put_object(struct buf *out, const struct json_value *v)
{
    struct sortable *members = calloc(v->n_children + 1, sizeof *members);
    size_t n = 0;
    bool comma = false;
    if (!members) {
        out->failed = true;
        return;
    }
    for (const struct json_value *m = v->first; m; m = m->next, n++)
        members[n] = (struct sortable){m, n};
    qsort(members, n, sizeof *members, compare_sortable);
    buf_putc(out, '{');
    for (size_t i = 0; i < n; i++) {
        const struct json_value *m = members[i].value;
        if (i + 1 < n && compare_keys(m, members[i + 1].value) == 0)
            continue;
        if (comma)
            buf_putc(out, ',');
        comma = true;
        buf_put_json_lossy(out, m->key, m->key_len);
        buf_putc(out, ':');
        put_compact(out, m);
    }
    buf_putc(out, '}');
    free(members);
}

static void put_compact(struct buf *out, const struct json_value *v)
{
    switch (v->kind) {
    case JSON_NULL:
        buf_puts(out, "null");
        break;
    case JSON_BOOL:
        buf_puts(out, v->boolean ? "true" : "false");
        break;
    case JSON_UINT:
        buf_printf(out, "%" PRIu64, v->uint_value);
        break;
    case JSON_INT:
        buf_printf(out, "%" PRId64, v->int_value);
        break;
    case JSON_DOUBLE:
        text_put_double(out, v->double_value);
        break;
    case JSON_STRING:
        buf_put_json_lossy(out, v->text, v->text_len);
        break;
    case JSON_ARRAY:
        buf_putc(out, '[');
        for (const struct json_value *e = v->first; e; e = e->next) {
            if (e != v->first)
                buf_putc(out, ',');
            put_compact(out, e);
        }
        buf_putc(out, ']');
        break;
    case JSON_OBJECT:
        put_object(out, v);
        break;
    }
}

static void put_pg_array(struct buf *out, const struct json_value *v)
{
    buf_putc(out, '{');
    for (const struct json_value *e = v->first; e; e = e->next) {
        if (e != v->first)
            buf_putc(out, ',');
        if (e->kind == JSON_NULL) {
            buf_puts(out, "NULL");
        } else if (e->kind == JSON_ARRAY) {
            put_pg_array(out, e);
        } else if (e->kind == JSON_OBJECT) {
            struct buf text = {0};
            put_object(&text, e);
            buf_put_json_lossy(out, text.data, text.len);
            out->failed |= text.failed;
            buf_release(&text);
        } else {
            put_compact(out, e);
        }
    }
    buf_putc(out, '}');
}

static bool own(struct request *rq, char *text)
{
    if (rq->n_owned == rq->cap_owned) {
        size_t cap = rq->cap_owned ? rq->cap_owned * 2 : 16;
        char **list = realloc(rq->owned, cap * sizeof *list);
        if (!list)
            return false;
        rq->owned = list;
        rq->cap_owned = cap;
    }
    rq->owned[rq->n_owned++] = text;
    return true;
}

/* The text of one parameter; NULL in *out means SQL NULL. False when memory is short. */
static bool param_text(struct request *rq, struct statement *st, size_t number,
                       const struct json_value *v, const char **out)
{
    struct buf text = {0};
    *out = NULL;
    if (v->kind == JSON_NULL)
        return true;
    if (v->kind == JSON_STRING) {
        *out = v->text;
        if (st->nul_param == 0 && memchr(v->text, '\0', v->text_len)) {
            st->nul_param = number;
            st->nul_text = v->text;
            st->nul_len = v->text_len;
        }
        return true;
    }
    if (v->kind == JSON_ARRAY)
        put_pg_array(&text, v);
    else
        put_compact(&text, v);
    char *owned = buf_take(&text);
    if (!owned)
        return false;
    if (!own(rq, owned)) {
        free(owned);
        return false;
    }
    *out = owned;
    return true;
}

enum shape { SHAPE_OK, SHAPE_WRONG, SHAPE_MEMORY };

static enum shape read_params(struct request *rq, struct statement *st,
                              const struct json_value *params)
{
    if (params->kind != JSON_ARRAY)
        return SHAPE_WRONG;
    st->params = calloc(params->n_children + 1, sizeof *st->params);
    if (!st->params)
        return SHAPE_MEMORY;
    for (const struct json_value *v = params->first; v; v = v->next) {
        if (!param_text(rq, st, st->n_params + 1, v, &st->params[st->n_params]))
            return SHAPE_MEMORY;
        st->n_params++;
    }
    return SHAPE_OK;
}

static enum shape read_statement(struct request *rq, struct statement *st,
                                 const struct json_value *v, bool default_array_mode)
{
    const struct json_value *query = NULL;
    const struct json_value *params = NULL;
    const struct json_value *mode = NULL;
    if (v->kind != JSON_OBJECT || find_member(v, "query", &query) != LOOKUP_FOUND ||
        query->kind != JSON_STRING)
        return SHAPE_WRONG;
    enum lookup has_params = find_member(v, "params", &params);
    enum lookup has_mode = find_member(v, "arrayMode", &mode);
    if (has_params == LOOKUP_TWICE || has_mode == LOOKUP_TWICE)
        return SHAPE_WRONG;
    if (mode && mode->kind != JSON_BOOL && mode->kind != JSON_NULL)
        return SHAPE_WRONG;
    st->sql = query->text;
    st->sql_has_nul = memchr(query->text, '\0', query->text_len) != NULL;
    st->array_mode = mode && mode->kind == JSON_BOOL ? mode->boolean : default_array_mode;
    return params ? read_params(rq, st, params) : SHAPE_OK;
}

static void drop_statements(struct request *rq)
{
    for (size_t i = 0; i < rq->n_statements; i++)
        free(rq->statements[i].params);
    free(rq->statements);
    rq->statements = NULL;
    rq->n_statements = 0;
}

static enum shape read_single(struct request *rq, bool default_array_mode)
{
    rq->statements = calloc(1, sizeof *rq->statements);
    if (!rq->statements)
        return SHAPE_MEMORY;
    rq->n_statements = 1;
    return read_statement(rq, rq->statements, rq->doc.root, default_array_mode);
}

static enum shape read_batch(struct request *rq, bool default_array_mode)
{
    const struct json_value *queries = NULL;
    if (rq->doc.root->kind != JSON_OBJECT ||
        find_member(rq->doc.root, "queries", &queries) != LOOKUP_FOUND ||
        queries->kind != JSON_ARRAY)
        return SHAPE_WRONG;
    rq->batch = true;
    rq->statements = calloc(queries->n_children + 1, sizeof *rq->statements);
    if (!rq->statements)
        return SHAPE_MEMORY;
    for (const struct json_value *v = queries->first; v; v = v->next) {
        enum shape shape =
            read_statement(rq, &rq->statements[rq->n_statements++], v, default_array_mode);
        if (shape != SHAPE_OK)
            return shape;
    }
    return SHAPE_OK;
}

bool request_parse(struct request *rq, const char *body, size_t n, bool default_array_mode,
                   struct failure *f)
{
    static const char prefix[] = "could not parse the HTTP request body";
    if (!json_parse(&rq->doc, body ? body : "", n))
        return failure_set(f, 400, "%s: %s", prefix, rq->doc.error);
    /* A body that is a valid single is one, whatever else it holds; then a batch is tried. */
    enum shape shape = read_single(rq, default_array_mode);
    if (shape == SHAPE_WRONG) {
        drop_statements(rq);
        shape = read_batch(rq, default_array_mode);
    }
    if (shape == SHAPE_WRONG)
        return failure_set(f, 400, "%s: %s", prefix, WRONG_SHAPE);
    if (shape == SHAPE_MEMORY)
        return failure_set(f, 500, "the gateway is out of memory");
    return true;
}

void request_release(struct request *rq)
{
    drop_statements(rq);
    for (size_t i = 0; i < rq->n_owned; i++)
        free(rq->owned[i]);
    free(rq->owned);
    json_release(&rq->doc);
    *rq = (struct request){0};
}
