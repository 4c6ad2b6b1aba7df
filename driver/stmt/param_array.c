/* Arrays of parameters: as few requests as fit. A single-row INSERT takes many rows; other
 * statements go as one batch. Rows are converted request by request, so that memory stays bounded
 * by a request. What is told is what happened: see param_array_failed.c. Called by execute.c. */
#include "stmt/param_array.h"

#include "stmt/output_params.h"
#include "stmt/param_types.h"
#include "transport/request_body.h"

/* Room in a request for what stands around the rows: settings, brackets. */
#define REQUEST_MARGIN_BYTES 8192
#define CAST_MAX_BYTES 20
#define MAX_STATEMENTS 20000 /* of one request */

/* ---- what the application's arrays say ---- */

bool param_array_wanted(const struct stmt *s)
{
    if (s->need_data.active)
        return s->need_data.in_array;
    return s->script.n_params > 0 &&
           (s->apd->array_size > 1 || s->apd->app_array_status_ptr != NULL);
}

size_t param_array_rows(const struct stmt *s)
{
    if (s->need_data.active)
        return s->need_data.n_rows;
    return param_array_wanted(s) ? (size_t)s->apd->array_size : 1;
}

bool param_array_ignores(const struct stmt *s, size_t row)
{
    return s->apd->app_array_status_ptr != NULL &&
           s->apd->app_array_status_ptr[row] == SQL_PARAM_IGNORE;
}

void param_array_set_status(struct stmt *s, size_t row, SQLUSMALLINT status)
{
    if (s->ipd.app_array_status_ptr != NULL)
        s->ipd.app_array_status_ptr[row] = status;
}

void param_array_set_processed(struct stmt *s, size_t n)
{
    if (s->ipd.app_rows_processed_ptr != NULL)
        *s->ipd.app_rows_processed_ptr = n;
}

void param_array_note_single(struct stmt *s, SQLRETURN rc)
{
    if (s->script.n_params == 0 || rc == SQL_NEED_DATA)
        return;
    param_array_set_processed(s, 1);
    param_array_set_status(s, 0,
                           rc == SQL_SUCCESS_WITH_INFO              ? SQL_PARAM_SUCCESS_WITH_INFO
                           : SQL_SUCCEEDED(rc) || rc == SQL_NO_DATA ? SQL_PARAM_SUCCESS
                                                                    : SQL_PARAM_ERROR);
}

/* ---- gathering rows ---- */

SQLRETURN param_array_oom(struct stmt *s)
{
    return diag_post(&s->handle, ST_HY001, 0, "Out of memory for an array of parameters.");
}

static bool grow(struct param_array *a)
{
    size_t cap = a->cap ? a->cap * 2 : 64;
    struct wire_param *params;
    const char **casts;
    size_t *rows;
    bool *warned;

    if (a->n < a->cap)
        return true;
    if (cap > SIZE_MAX / 64 / a->n_params)
        return false;
    params = mem_realloc_array(a->params, cap * a->n_params, sizeof *params);
    if (params != NULL)
        a->params = params;
    casts = mem_realloc_array(a->casts, cap * a->n_params, sizeof *casts);
    if (casts != NULL)
        a->casts = casts;
    rows = mem_realloc_array(a->rows, cap, sizeof *rows);
    if (rows != NULL)
        a->rows = rows;
    warned = mem_realloc_array(a->warned, cap, sizeof *warned);
    if (warned != NULL)
        a->warned = warned;
    if (params == NULL || casts == NULL || rows == NULL || warned == NULL)
        return false;
    a->cap = cap;
    return true;
}

/* As a row of VALUES or as elements of arrays: whichever takes more. */
static size_t row_bytes(const struct param_array *a, const struct wire_param *params)
{
    size_t as_values = a->text_bytes;
    size_t as_elements = 0;

    for (size_t i = 0; i < a->n_params; i++) {
        const char *text = NULL;
        size_t bytes = 4;
        if (params[i].ptr != NULL) {
            text = a->text.data + ((uintptr_t)params[i].ptr - 1);
            bytes = request_body_string_bytes(text, params[i].len);
        }
        as_values += 1 + bytes;
        if (a->by_columns)
            as_elements += bytes + insert_columns_extra_bytes(text, params[i].len);
    }
    return as_values > as_elements ? as_values : as_elements;
}

/* Converts the row behind those gathered; *bytes is what it takes in a request. It is gathered when
 * a->n is raised. */
static SQLRETURN read_row(struct param_array *a, size_t row, size_t *bytes)
{
    struct param_sink to;
    bool at_exec;
    SQLRETURN rc;

    if (!grow(a))
        return param_array_oom(a->s);
    to = (struct param_sink){a->params + a->n * a->n_params, a->casts + a->n * a->n_params,
                             &a->text, true};
    for (size_t i = 0; i < a->n_params; i++) {
        to.params[i] = (struct wire_param){NULL, 0};
        to.casts[i] = NULL;
    }
    rc = params_read_row(a->s, row, &to, &at_exec);
    if (!SQL_SUCCEEDED(rc))
        return rc;
    a->warned[a->n] = rc == SQL_SUCCESS_WITH_INFO;
    a->info |= a->warned[a->n];
    *bytes = row_bytes(a, to.params);
    a->rows[a->n] = row;
    return rc;
}

/* The rows gathered have been sent. The one behind them, whose text begins at `mark`, comes first
 * now. */
static void begin_with_last(struct param_array *a, size_t mark)
{
    const struct wire_param *params = a->params + a->n * a->n_params;
    const char *const *casts = a->casts + a->n * a->n_params;

    a->text.len -= mark;
    memmove(a->text.data, a->text.data + mark, a->text.len);
    for (size_t i = 0; i < a->n_params; i++) {
        a->params[i] = params[i];
        if (params[i].ptr != NULL) /* an offset still */
            a->params[i].ptr = (const char *)((uintptr_t)params[i].ptr - mark);
        a->casts[i] = casts[i];
    }
    a->rows[0] = a->rows[a->n];
    a->warned[0] = a->warned[a->n];
    a->n = 0;
    a->bytes = 0;
}

/* ---- all of it ---- */

/* Sends or queues the rows gathered. */
static SQLRETURN flush(struct param_array *a)
{
    SQLRETURN rc;

    if (a->n == 0)
        return SQL_SUCCESS;
    if (atomic_load(&a->s->cancel_pending))
        return diag_post(&a->s->handle, ST_HY008, 0,
                         "The statement was cancelled before row %zu of the array was sent.",
                         a->rows[0] + 1);
    params_fix_pointers(a->params, a->n * a->n_params, &a->text);
    param_types_apply(a->s, a->casts, a->n);
    if (a->plan.kind == PLAN_QUEUE && param_types_settle(a->s, a->casts, a->n) != SQL_SUCCESS)
        return SQL_ERROR;
    rc = a->plan.kind == PLAN_QUEUE ? param_array_queue(a) : param_array_send(a);
    if (!SQL_SUCCEEDED(rc) && rc != SQL_NO_DATA)
        return a->plan.kind == PLAN_QUEUE ? rc : param_array_tell_failed(a);
    for (size_t i = 0; i < a->n; i++)
        param_array_set_status(a->s, a->rows[i],
                               a->warned[i] ? SQL_PARAM_SUCCESS_WITH_INFO : SQL_PARAM_SUCCESS);
    return rc;
}

static SQLRETURN too_much_for_results(struct stmt *s)
{
    return diag_post(&s->handle, ST_54000, 0,
                     "The rows of this array do not fit into one request (MaxRequestBytes), which "
                     "a statement that returns rows needs: nothing was sent. Use a smaller "
                     "SQL_ATTR_PARAMSET_SIZE.");
}

static bool is_full(const struct param_array *a, size_t bytes)
{
    return a->n > 0 && (a->bytes + bytes > a->limit_bytes ||
                        (!a->one_insert && (a->n + 1) * a->s->script.n_stmts > MAX_STATEMENTS));
}

static SQLRETURN take_row(struct param_array *a, size_t row)
{
    size_t mark = a->text.len;
    size_t bytes = 0;
    SQLRETURN rc = read_row(a, row, &bytes);

    if (!SQL_SUCCEEDED(rc)) {
        param_array_set_status(a->s, row, SQL_PARAM_ERROR);
        param_array_set_processed(a->s, row + 1);
        return rc;
    }
    if (is_full(a, bytes)) {
        if (a->returns_rows)
            return too_much_for_results(a->s);
        rc = flush(a);
        if (!SQL_SUCCEEDED(rc) && rc != SQL_NO_DATA)
            return rc;
        begin_with_last(a, mark);
    }
    a->n++;
    a->bytes += bytes;
    return SQL_SUCCESS;
}

static SQLRETURN run_rows(struct param_array *a)
{
    struct stmt *s = a->s;
    SQLRETURN rc = SQL_SUCCESS;

    param_array_set_processed(s, 0);
    for (size_t row = 0; row < a->n_rows; row++)
        param_array_set_status(s, row, SQL_PARAM_UNUSED);
    for (size_t row = 0; row < a->n_rows; row++) {
        if (param_array_ignores(s, row))
            continue;
        rc = take_row(a, row);
        if (!SQL_SUCCEEDED(rc))
            return rc;
    }
    rc = flush(a);
    if (a->plan.kind == PLAN_QUEUE && SQL_SUCCEEDED(rc))
        rc = param_array_preview(a);
    if (SQL_SUCCEEDED(rc) || rc == SQL_NO_DATA)
        param_array_set_processed(s, a->n_rows);
    return rc;
}

/* The counts of all rows are one result. */
static SQLRETURN one_result(struct param_array *a)
{
    struct stmt *s = a->s;

    stmt_close(s);
    s->executed = true;
    s->row_count = a->total;
    return execute_result_code(s);
}

static bool any_at_exec(const struct param_array *a)
{
    struct stmt *s = a->s;
    struct param_source p;

    for (size_t row = 0; row < a->n_rows; row++)
        for (size_t i = 0; i < s->script.n_params && !param_array_ignores(s, row); i++)
            if (params_source(s, row, i, &p) == SQL_SUCCESS && params_is_at_exec(p.len))
                return true;
    return false;
}

static bool returns_rows(const struct script *sc)
{
    for (size_t i = 0; i < sc->n_stmts; i++)
        if (sql_kind_may_return_rows(sc->stmts[i].kind))
            return true;
    return false;
}

/* What may be repeated in one transaction; SET, BEGIN and the like are the driver's to follow. */
static SQLRETURN check_classes(struct stmt *s)
{
    static const enum sql_class fit[] = {SQLC_SELECT, SQLC_INSERT, SQLC_UPDATE,    SQLC_DELETE,
                                         SQLC_MERGE,  SQLC_CALL,   SQLC_DO,        SQLC_DDL,
                                         SQLC_NOTIFY, SQLC_EMPTY,  SQLC_COPY_FILE, SQLC_EXPLAIN};

    for (size_t i = 0; i < s->script.n_stmts; i++) {
        enum sql_class cls = s->script.stmts[i].kind.cls;
        size_t k = 0;
        while (k < ARRAY_LEN(fit) && fit[k] != cls)
            k++;
        if (k == ARRAY_LEN(fit))
            return diag_post(&s->handle, ST_HYC00, 0,
                             "%s cannot be executed with an array of parameters: execute it once "
                             "per set of parameters.",
                             sql_class_name(cls));
    }
    if (output_params_is_call(s) && output_params_wanted(s))
        return diag_post(&s->handle, ST_HYC00, 0,
                         "Values come back from one call at a time: execute it once per set of "
                         "parameters.");
    return SQL_SUCCESS;
}

static size_t text_bytes(const struct param_array *a)
{
    const struct script *sc = &a->s->script;
    size_t bytes = 0;

    for (size_t i = 0; i < sc->n_stmts; i++) {
        const struct script_stmt *st = &sc->stmts[i];
        size_t text = a->one_insert ? request_body_string_bytes(st->text + a->iv.open,
                                                                a->iv.close - a->iv.open)
                                    : request_body_string_bytes(st->text, st->len) + 32;
        bytes += text + st->n_markers * CAST_MAX_BYTES;
    }
    return bytes;
}

static SQLRETURN prepare_job(struct param_array *a)
{
    struct stmt *s = a->s;
    size_t max = (size_t)s->dbc->options.max_request_bytes;
    SQLRETURN rc = check_classes(s);

    if (rc != SQL_SUCCESS)
        return rc;
    a->n_params = s->script.n_params;
    a->one_insert = s->script.n_stmts == 1 && insert_values_find(&s->script.stmts[0], &a->iv);
    a->by_columns = a->one_insert && insert_columns_find(&s->script.stmts[0], &a->iv);
    a->returns_rows = returns_rows(&s->script);
    a->text_bytes = text_bytes(a);
    a->queued_before = s->dbc->tx.n_items;
    a->limit_bytes =
        max - REQUEST_MARGIN_BYTES -
        (a->one_insert ? request_body_string_bytes(s->script.stmts[0].text, s->script.stmts[0].len)
                       : 0);
    if (a->limit_bytes > max) /* a text beyond it: the request's own check says so */
        a->limit_bytes = 0;
    if (!buf_reserve(&a->text, 64))
        return param_array_oom(s);
    rc = execute_plan(s, !a->one_insert || a->n_rows > insert_values_max_rows(&s->script.stmts[0]),
                      &a->plan);
    if (rc == SQL_SUCCESS && a->plan.kind == PLAN_SETTING)
        return diag_post(&s->handle, ST_HYC00, 0,
                         "A setting cannot be set with an array of parameters: execute it once per "
                         "set of parameters.");
    a->in_session = a->plan.kind != PLAN_SINGLE && a->plan.kind != PLAN_BATCH &&
                    a->plan.kind != PLAN_QUEUE && a->plan.kind != PLAN_READ;
    if (rc == SQL_SUCCESS && a->plan.kind == PLAN_READ)
        return diag_post(&s->handle, ST_HYC00, 0,
                         "In an open transaction over HTTP an array of parameters needs a "
                         "statement that returns no rows. Execute once per set of parameters, or "
                         "use Transport=auto.");
    return rc;
}

SQLRETURN param_array_execute(struct stmt *s)
{
    struct param_array a = {
        .s = s, .n_rows = param_array_rows(s), .total = -1, .text = BUF_INIT(0)};
    SQLRETURN rc = prepare_job(&a);

    if (rc == SQL_SUCCESS && !s->need_data.active && any_at_exec(&a))
        rc = SQL_NEED_DATA;
    else if (rc == SQL_SUCCESS)
        rc = run_rows(&a);
    if (rc == SQL_ERROR && a.plan.kind == PLAN_QUEUE)
        param_array_unqueue(&a);
    if ((SQL_SUCCEEDED(rc) || rc == SQL_NO_DATA) && !a.returns_rows)
        rc = one_result(&a);
    else if (rc == SQL_ERROR)
        stmt_close(s);
    if (rc == SQL_SUCCESS && a.info)
        rc = SQL_SUCCESS_WITH_INFO;
    mem_free(a.params);
    mem_free(a.casts);
    mem_free(a.rows);
    mem_free(a.warned);
    buf_release(&a.text);
    return rc;
}
