/* From a statement to its JSON result object.
 *
 * Rows are taken one by one (libpq's single-row mode), so that the response limit is tested before
 * each row and an endless result costs no memory. Called by sql_http.c for singles and batches.
 */
#include "gateway/render.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/control.h"
#include "gateway/text.h"
#include "gateway/typeinfo.h"

#define MAX_PARAMS 32767

struct column {
    struct type_rule rule;
    size_t key_start; /* `"name":` inside keys */
    size_t key_len;
};

struct render {
    struct backend *backend;
    const struct statement *st;
    const struct render_options *opt;
    struct buf *out;
    struct column *columns;
    int n_columns;
    struct buf keys;
    bool head_written;
    bool any_row;
};

/* ---- typed values (protocol 4.3) --------------------------------------------------------- */

static bool put_int(struct buf *out, const char *s, size_t n)
{
    char tmp[16];
    char *end;
    if (n == 0 || n >= sizeof tmp || !(s[0] == '-' || (s[0] >= '0' && s[0] <= '9')))
        return false;
    memcpy(tmp, s, n);
    tmp[n] = '\0';
    long long v = strtoll(tmp, &end, 10);
    if (*end || end == tmp || v < INT32_MIN || v > INT32_MAX)
        return false;
    buf_printf(out, "%lld", v);
    return true;
}

static bool put_float(struct buf *out, const char *s, size_t n)
{
    double v;
    if (text_equal(s, n, "NaN") || text_equal(s, n, "Infinity") || text_equal(s, n, "-Infinity"))
        return buf_put_json(out, s, n);
    if (!text_to_double(s, n, &v))
        return false;
    text_put_double(out, v);
    return true;
}

static bool put_scalar(struct buf *out, enum value_kind kind, const char *s, size_t n)
{
    switch (kind) {
    case VALUE_BOOL:
        buf_puts(out, text_equal(s, n, "t") ? "true" : "false");
        return true;
    case VALUE_INT:
        return put_int(out, s, n);
    case VALUE_FLOAT:
        return put_float(out, s, n);
    case VALUE_JSON:
        if (!text_is_utf8(s, n))
            return false;
        buf_put(out, s, n);
        return true;
    case VALUE_TEXT:
        break;
    }
    return buf_put_json(out, s, n);
}

struct array_reader {
    const char *s;
    const char *end;
    struct type_rule rule;
    bool lenient;
    struct buf *out;
    struct buf element;
};

static bool put_array(struct array_reader *r);

static bool put_quoted_element(struct array_reader *r)
{
    buf_reset(&r->element);
    for (r->s++; r->s < r->end && *r->s != '"'; r->s++) {
        if (*r->s == '\\' && ++r->s == r->end)
            return false;
        buf_putc(&r->element, *r->s);
    }
    if (r->s == r->end)
        return false;
    r->s++;
    return put_scalar(r->out, r->rule.value, r->element.data ? r->element.data : "",
                      r->element.len);
}

static bool put_plain_element(struct array_reader *r, char delimiter)
{
    const char *start = r->s;
    buf_reset(&r->element);
    while (r->s < r->end && *r->s != delimiter && *r->s != '}') {
        if (*r->s == '\\' && ++r->s == r->end)
            return false;
        buf_putc(&r->element, *r->s++);
    }
    if (text_equal(start, (size_t)(r->s - start), "NULL")) {
        buf_puts(r->out, "null");
        return true;
    }
    return put_scalar(r->out, r->rule.value, r->element.data ? r->element.data : "",
                      r->element.len);
}

/* One pair of braces. The real endpoint has no case for `{}`: it converts an empty element. */
static bool put_array(struct array_reader *r)
{
    char delimiter = r->rule.array == ARRAY_BOX && r->lenient ? ';' : ',';
    if (r->s == r->end || *r->s != '{')
        return false;
    r->s++;
    buf_putc(r->out, '[');
    if (r->lenient && r->s < r->end && *r->s == '}') {
        r->s++;
        buf_putc(r->out, ']');
        return true;
    }
    for (;;) {
        bool ok;
        if (r->s < r->end && *r->s == '{')
            ok = put_array(r);
        else if (r->s < r->end && *r->s == '"')
            ok = put_quoted_element(r);
        else
            ok = put_plain_element(r, delimiter);
        if (!ok || r->s == r->end)
            return false;
        char c = *r->s++;
        if (c == '}')
            break;
        if (c != delimiter)
            return false;
        buf_putc(r->out, ',');
    }
    buf_putc(r->out, ']');
    return true;
}

/* int2vector and oidvector: `1 2 3`. The real endpoint fails on them. */
static bool put_vector(struct array_reader *r)
{
    if (!r->lenient)
        return false;
    buf_putc(r->out, '[');
    while (r->s < r->end) {
        size_t n = 0;
        while (r->s + n < r->end && r->s[n] != ' ')
            n++;
        if (!put_scalar(r->out, r->rule.value, r->s, n))
            return false;
        r->s += n;
        if (r->s < r->end) {
            r->s++;
            buf_putc(r->out, ',');
        }
    }
    buf_putc(r->out, ']');
    return true;
}

static bool put_typed(const struct render *r, const struct type_rule *rule, const char *s, size_t n)
{
    if (rule->array == ARRAY_NONE)
        return put_scalar(r->out, rule->value, s, n);
    struct array_reader a = {s, s + n, *rule, r->opt->lenient, r->out, {0}};
    if (n > 0 && s[0] == '[' && rule->array != ARRAY_VECTOR) { /* lower bounds: dropped */
        const char *equals = memchr(s, '=', n);
        a.s = equals ? equals + 1 : a.end;
    }
    bool ok = rule->array == ARRAY_VECTOR ? put_vector(&a) : put_array(&a) && a.s == a.end;
    ok = ok && !a.element.failed;
    buf_release(&a.element);
    return ok;
}

/* ---- fields and rows --------------------------------------------------------------------- */

static bool bad_value(struct failure *f)
{
    return failure_set(f, 500, "could not parse postgres response");
}

/* Prepares the columns: object keys, and in typed mode the rules. */
static enum run_result set_columns(struct render *r, const PGresult *res, const struct watch *w,
                                   struct failure *f)
{
    r->n_columns = PQnfields(res);
    r->columns = calloc((size_t)r->n_columns + 1, sizeof *r->columns);
    if (!r->columns) {
        failure_set(f, 500, "the gateway is out of memory");
        return RUN_FAILED;
    }
    for (int i = 0; i < r->n_columns; i++) {
        struct column *c = &r->columns[i];
        const char *name = PQfname(res, i);
        c->key_start = r->keys.len;
        if (!buf_put_json(&r->keys, name, strlen(name))) {
            bad_value(f);
            return RUN_FAILED;
        }
        buf_putc(&r->keys, ':');
        c->key_len = r->keys.len - c->key_start;
        if (r->opt->raw)
            continue;
        enum run_result result = type_rule_lookup(r->backend, PQftype(res, i), &c->rule, w, f);
        if (result != RUN_OK)
            return result;
    }
    return RUN_OK;
}

static void put_fields(struct render *r, const PGresult *res)
{
    buf_puts(r->out, "{\"fields\":[");
    for (int i = 0; i < r->n_columns; i++) {
        const struct column *c = &r->columns[i];
        if (i > 0)
            buf_putc(r->out, ',');
        buf_puts(r->out, "{\"name\":");
        buf_put(r->out, r->keys.data + c->key_start, c->key_len - 1);
        buf_printf(r->out,
                   ",\"dataTypeID\":%u,\"tableID\":%u,\"columnID\":%d,\"dataTypeSize\":%d,"
                   "\"dataTypeModifier\":%d,\"format\":\"text\"}",
                   PQftype(res, i), PQftable(res, i), PQftablecol(res, i), PQfsize(res, i),
                   PQfmod(res, i));
    }
    buf_puts(r->out, "],\"rows\":[");
    r->head_written = true;
}

static bool put_row(struct render *r, const PGresult *res, int row, struct failure *f)
{
    bool array = r->st->array_mode;
    if (r->out->len > r->opt->max_response_bytes)
        return failure_set(f, 507, "response is too large (max is %zu bytes)",
                           r->opt->max_response_bytes);
    if (r->any_row)
        buf_putc(r->out, ',');
    r->any_row = true;
    buf_putc(r->out, array ? '[' : '{');
    for (int i = 0; i < r->n_columns; i++) {
        const struct column *c = &r->columns[i];
        if (i > 0)
            buf_putc(r->out, ',');
        if (!array)
            buf_put(r->out, r->keys.data + c->key_start, c->key_len);
        if (PQgetisnull(res, row, i)) {
            buf_put(r->out, "null", 4);
            continue;
        }
        const char *s = PQgetvalue(res, row, i);
        size_t n = (size_t)PQgetlength(res, row, i);
        if (!(r->opt->raw ? buf_put_json(r->out, s, n) : put_typed(r, &c->rule, s, n)))
            return bad_value(f);
    }
    buf_putc(r->out, array ? ']' : '}');
    if (r->out->failed)
        return failure_set(f, 500, "the gateway is out of memory");
    return true;
}

/* The number at s, if the word there is an integer. */
static bool integer_word(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    return n > 0;
}

/* Command and row count out of the command tag (protocol 4.1). */
static void put_tail(struct render *r, const char *tag)
{
    size_t command_len = strcspn(tag, " ");
    const char *word = tag + command_len;
    word += *word == ' ';
    if (text_equal(tag, command_len, "INSERT")) { /* the second word is an OID */
        word += strcspn(word, " ");
        word += *word == ' ';
    }
    size_t word_len = strcspn(word, " ");
    buf_puts(r->out, "],\"command\":");
    buf_put_json_lossy(r->out, tag, command_len);
    buf_puts(r->out, ",\"rowCount\":");
    if (integer_word(word, word_len))
        buf_put(r->out, word, word_len);
    else
        buf_puts(r->out, "null");
    buf_puts(r->out, r->st->array_mode ? ",\"rowAsArray\":true}" : ",\"rowAsArray\":false}");
}

/* ---- running ----------------------------------------------------------------------------- */

/* Parse and Describe of their own, before Bind: needed when something must be known or refused
 * between the two, as the real endpoint does for every statement. */
static enum run_result prepare_first(struct render *r, const struct watch *w, struct failure *f)
{
    PGconn *conn = r->backend->conn;
    enum run_result result = RUN_FAILED;
    PGresult *described = NULL;
    for (int step = 0; step < 2 && f->status == 0; step++) {
        int sent = step == 0 ? PQsendPrepare(conn, "", r->st->sql, 0, NULL)
                             : PQsendDescribePrepared(conn, "");
        if (!sent) {
            failure_set(f, 400, "connection closed");
            break;
        }
        if (backend_flush(r->backend, w) != WAIT_READY)
            goto gone;
        for (PGresult *res;;) {
            if (backend_result(r->backend, w, -1, &res) != WAIT_READY)
                goto gone;
            if (!res)
                break;
            if (PQresultStatus(res) == PGRES_FATAL_ERROR && f->status == 0)
                failure_from_result(f, 400, res);
            PQclear(described);
            described = res;
        }
    }
    if (f->status == 0 && described)
        result = set_columns(r, described, w, f);
    PQclear(described);
    return result;
gone:
    PQclear(described);
    return RUN_GONE;
}

/* A parameter with U+0000 cannot pass libpq as text; sent as binary it meets the same check of the
 * server, which answers 22021 as it would have done for the text. */
static enum run_result refuse_nul_param(struct render *r, const struct watch *w, struct failure *f)
{
    const char *values[] = {r->st->nul_text};
    const int lengths[] = {(int)r->st->nul_len};
    const int formats[] = {1};
    const Oid types[] = {25};
    bool failed = false;
    if (!PQsendQueryParams(r->backend->conn, "SELECT $1", 1, types, values, lengths, formats, 0))
        failure_set(f, 400, "connection closed");
    else if (backend_flush(r->backend, w) != WAIT_READY ||
             backend_drain(r->backend, w, -1, &failed, f) != WAIT_READY)
        return RUN_GONE;
    if (f->status == 0)
        failure_set(f, 400, "error encoding message to server: string contains embedded null");
    return RUN_FAILED;
}

static enum run_result send_statement(struct render *r, const struct watch *w, struct failure *f)
{
    const struct statement *st = r->st;
    PGconn *conn = r->backend->conn;
    if (st->sql_has_nul) {
        failure_set(f, 400, "error encoding message to server: string contains embedded null");
        return RUN_FAILED;
    }
    control_count(COUNT_STATEMENTS);
    bool separate = !r->opt->raw || st->n_params > MAX_PARAMS || st->nul_param;
    if (separate) {
        enum run_result result = prepare_first(r, w, f);
        if (result != RUN_OK)
            return result;
    }
    if (st->n_params > MAX_PARAMS) {
        failure_set(f, 400, "error encoding message to server: value too large to transmit");
        return RUN_FAILED;
    }
    if (st->nul_param)
        return refuse_nul_param(r, w, f);
    int n = (int)st->n_params;
    /* Also after prepare_first: a catalogue lookup may have replaced the unnamed statement. */
    if (!PQsendQueryParams(conn, st->sql, n, NULL, st->params, NULL, NULL, 0)) {
        failure_set(f, 400, "connection closed");
        return RUN_FAILED;
    }
    PQsetSingleRowMode(conn);
    return backend_flush(r->backend, w) == WAIT_READY ? RUN_OK : RUN_GONE;
}

/* One PGresult of the running statement. False: failed, f is set. */
static bool take_result(struct render *r, const PGresult *res, const struct watch *w,
                        struct render_state *state, struct failure *f)
{
    switch (PQresultStatus(res)) {
    case PGRES_SINGLE_TUPLE:
    case PGRES_TUPLES_OK:
        if (!r->columns && set_columns(r, res, w, f) != RUN_OK)
            return false;
        if (PQnfields(res) != r->n_columns)
            return bad_value(f);
        if (!r->head_written)
            put_fields(r, res);
        for (int i = 0; i < PQntuples(res); i++) {
            if (!put_row(r, res, i, f)) {
                state->rows_pending = true;
                return false;
            }
        }
        break;
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
        if (!r->head_written)
            buf_puts(r->out, "{\"fields\":[],\"rows\":[");
        r->head_written = true;
        break;
    case PGRES_FATAL_ERROR:
        return failure_from_result(f, 400, res);
    default: /* COPY */
        state->unusable = true;
        return failure_set(f, 400, "unexpected message from server");
    }
    if (PQresultStatus(res) != PGRES_SINGLE_TUPLE)
        put_tail(r, PQcmdStatus((PGresult *)(uintptr_t)res));
    return true;
}

/* After an error the rest of the statement's results is only waited for: it is just ReadyForQuery.
 */
static enum run_result finish_failed(struct render *r, const struct watch *w,
                                     struct render_state *state)
{
    bool failed;
    if (state->rows_pending || state->unusable)
        return RUN_FAILED;
    if (backend_drain(r->backend, w, -1, &failed, NULL) != WAIT_READY)
        return RUN_GONE;
    return RUN_FAILED;
}

static enum run_result collect_results(struct render *r, const struct watch *w,
                                       struct render_state *state, struct failure *f)
{
    for (PGresult *res;;) {
        if (backend_result(r->backend, w, -1, &res) != WAIT_READY)
            return RUN_GONE;
        if (!res)
            break;
        bool ok = take_result(r, res, w, state, f);
        PQclear(res);
        if (!ok)
            return finish_failed(r, w, state);
    }
    if (PQstatus(r->backend->conn) == CONNECTION_BAD) {
        failure_set(f, 400, "connection closed");
        return RUN_FAILED;
    }
    return RUN_OK;
}

enum run_result render_statement(struct backend *b, const struct statement *st,
                                 const struct render_options *opt, struct buf *out,
                                 const struct watch *w, struct render_state *state,
                                 struct failure *f)
{
    struct render r = {.backend = b, .st = st, .opt = opt, .out = out};
    *state = (struct render_state){0};
    enum run_result result = send_statement(&r, w, f);
    if (result == RUN_OK)
        result = collect_results(&r, w, state, f);
    if (PQstatus(b->conn) == CONNECTION_BAD)
        state->unusable = true;
    if (result == RUN_OK && (out->failed || r.keys.failed)) {
        failure_set(f, 500, "the gateway is out of memory");
        result = RUN_FAILED;
    }
    free(r.columns);
    buf_release(&r.keys);
    return result;
}
