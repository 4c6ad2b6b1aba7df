/* Arrays of parameters: as few requests as fit. A single-row INSERT takes many rows; other
 * statements go as one batch. Rows are converted request by request, so that memory stays bounded
 * by a request.
 *
 * What is told is what happened: a request is one transaction, so when it fails none of its rows
 * took effect, and the row that failed is found by trying beginnings of the request that are rolled
 * back. How statements are carried is execute.c's. Called by execute.c. */
#include "handle/param_columns.h"
#include "stmt/output_params.h"
#include "stmt/param_types.h"
#include "stmt/params.h"
#include "stmt/session.h"
#include "stmt/transaction.h"
#include "transport/request_body.h"

/* Room in a request for what stands around the rows: settings, brackets. */
#define REQUEST_MARGIN_BYTES 8192
#define CAST_MAX_BYTES 20
#define MAX_STATEMENTS 20000 /* of one request */

struct job {
    struct stmt *s;
    struct plan plan;
    struct insert_values iv;
    bool one_insert;   /* rows become rows of one INSERT */
    bool by_columns;   /* and may travel as one array a column */
    bool returns_rows; /* each row's result is the application's */
    bool in_session;   /* they are sent in a session */
    bool trying;       /* in a transaction of its own, which is rolled back */
    size_t n_params;   /* of one row */
    size_t text_bytes; /* that a row's text takes in a request, at most */
    size_t limit_bytes;
    size_t queued_before; /* items of the transaction's queue before this array */

    /* the rows gathered for the next request */
    struct wire_param *params; /* owned; n * n_params */
    const char **casts;        /* owned; the same */
    size_t *rows;              /* owned; their places in the array */
    bool *warned;              /* owned; something of them was cut (01S07) */
    struct buf text;
    size_t n, cap, bytes;

    int64_t total; /* rows affected; -1: no statement told */
    bool info;
};

/* The statements of one request. */
struct request {
    struct wire_stmt *stmts; /* owned */
    struct buf *texts;       /* owned */
    size_t n, n_texts;
    struct param_columns columns;
};

/* ---- what the application's arrays say ---- */

bool param_array_wanted(const struct stmt *s)
{
    return s->script.n_params > 0 &&
           (s->apd->array_size > 1 || s->apd->app_array_status_ptr != NULL);
}

size_t param_array_rows(const struct stmt *s)
{
    return param_array_wanted(s) ? (size_t)s->apd->array_size : 1;
}

bool param_array_ignores(const struct stmt *s, size_t row)
{
    return s->apd->app_array_status_ptr != NULL &&
           s->apd->app_array_status_ptr[row] == SQL_PARAM_IGNORE;
}

static void set_status(struct stmt *s, size_t row, SQLUSMALLINT status)
{
    if (s->ipd.app_array_status_ptr != NULL)
        s->ipd.app_array_status_ptr[row] = status;
}

static void set_processed(struct stmt *s, size_t n)
{
    if (s->ipd.app_rows_processed_ptr != NULL)
        *s->ipd.app_rows_processed_ptr = n;
}

void param_array_note_single(struct stmt *s, SQLRETURN rc)
{
    if (s->script.n_params == 0 || rc == SQL_NEED_DATA)
        return;
    set_processed(s, 1);
    set_status(s, 0,
               rc == SQL_SUCCESS_WITH_INFO              ? SQL_PARAM_SUCCESS_WITH_INFO
               : SQL_SUCCEEDED(rc) || rc == SQL_NO_DATA ? SQL_PARAM_SUCCESS
                                                        : SQL_PARAM_ERROR);
}

static void set_statuses(struct job *j, SQLUSMALLINT status)
{
    for (size_t i = 0; i < j->n; i++)
        set_status(j->s, j->rows[i], status);
}

/* ---- gathering rows ---- */

static SQLRETURN out_of_memory(struct stmt *s)
{
    return diag_post(&s->handle, ST_HY001, 0, "Out of memory for an array of parameters.");
}

static bool grow(struct job *j)
{
    size_t cap = j->cap ? j->cap * 2 : 64;
    struct wire_param *params;
    const char **casts;
    size_t *rows;
    bool *warned;

    if (j->n < j->cap)
        return true;
    if (cap > SIZE_MAX / 64 / j->n_params)
        return false;
    params = mem_realloc_array(j->params, cap * j->n_params, sizeof *params);
    if (params != NULL)
        j->params = params;
    casts = mem_realloc_array(j->casts, cap * j->n_params, sizeof *casts);
    if (casts != NULL)
        j->casts = casts;
    rows = mem_realloc_array(j->rows, cap, sizeof *rows);
    if (rows != NULL)
        j->rows = rows;
    warned = mem_realloc_array(j->warned, cap, sizeof *warned);
    if (warned != NULL)
        j->warned = warned;
    if (params == NULL || casts == NULL || rows == NULL || warned == NULL)
        return false;
    j->cap = cap;
    return true;
}

/* As a row of VALUES or as elements of arrays: whichever takes more. */
static size_t row_bytes(const struct job *j, const struct wire_param *params)
{
    size_t as_values = j->text_bytes;
    size_t as_elements = 0;

    for (size_t i = 0; i < j->n_params; i++) {
        const char *text = NULL;
        size_t bytes = 4;
        if (params[i].ptr != NULL) {
            text = j->text.data + ((uintptr_t)params[i].ptr - 1);
            bytes = request_body_string_bytes(text, params[i].len);
        }
        as_values += 1 + bytes;
        if (j->by_columns)
            as_elements += bytes + insert_columns_extra_bytes(text, params[i].len);
    }
    return as_values > as_elements ? as_values : as_elements;
}

/* Converts the row behind those gathered; *bytes is what it takes in a request. It is gathered when
 * j->n is raised. */
static SQLRETURN read_row(struct job *j, size_t row, size_t *bytes)
{
    struct param_sink to;
    bool at_exec;
    SQLRETURN rc;

    if (!grow(j))
        return out_of_memory(j->s);
    to = (struct param_sink){j->params + j->n * j->n_params, j->casts + j->n * j->n_params,
                             &j->text, true};
    for (size_t i = 0; i < j->n_params; i++) {
        to.params[i] = (struct wire_param){NULL, 0};
        to.casts[i] = NULL;
    }
    rc = params_read_row(j->s, row, &to, &at_exec);
    if (!SQL_SUCCEEDED(rc))
        return rc;
    j->warned[j->n] = rc == SQL_SUCCESS_WITH_INFO;
    j->info |= j->warned[j->n];
    *bytes = row_bytes(j, to.params);
    j->rows[j->n] = row;
    return rc;
}

static void forget_rows(struct job *j)
{
    j->n = 0;
    j->bytes = 0;
    buf_reset(&j->text);
}

/* ---- making statements of them ---- */

static void request_release(struct request *r)
{
    for (size_t i = 0; i < r->n_texts; i++)
        buf_release(&r->texts[i]);
    mem_free(r->texts);
    mem_free(r->stmts);
    param_columns_release(&r->columns);
}

static bool add_insert(struct job *j, size_t first, size_t n, struct request *r)
{
    struct buf *text = &r->texts[r->n_texts++];

    buf_init(text, 0);
    if (!insert_values_render(&j->s->script.stmts[0], &j->iv, j->casts + first * j->n_params, n,
                              text))
        return false;
    r->stmts[r->n++] =
        (struct wire_stmt){buf_sv(text), j->params + first * j->n_params, n * j->n_params};
    return true;
}

/* All rows as arrays. *fit false: they must go as rows. */
static bool add_columns(struct job *j, size_t n, struct request *r, bool *fit)
{
    const struct script_stmt *st = &j->s->script.stmts[0];

    *fit = false;
    if (!j->by_columns || n < PARAM_COLUMNS_MIN_ROWS)
        return true;
    switch (param_columns_make(st, &j->iv, j->params, j->casts, stmt_known_param_oids(j->s), n,
                               &r->columns)) {
    case PARAM_COLUMNS_UNFIT:
        return true;
    case PARAM_COLUMNS_MADE:
        break;
    case PARAM_COLUMNS_OOM:
    default:
        return false;
    }
    *fit = true;
    r->stmts[r->n++] = (struct wire_stmt){buf_sv(&r->columns.sql), r->columns.params, j->n_params};
    return true;
}

/* Rows with the same casts share their texts. */
static bool add_row(struct job *j, size_t row, struct request *r)
{
    const struct script *sc = &j->s->script;
    const char **casts = j->casts + row * j->n_params;
    bool same = row > 0 && memcmp(casts, casts - j->n_params, j->n_params * sizeof *casts) == 0;

    for (size_t i = 0; i < sc->n_stmts; i++) {
        const struct script_stmt *st = &sc->stmts[i];
        size_t first = st->n_params > 0 ? st->first_param - 1 : 0;
        struct strview sql;
        if (same) {
            sql = r->stmts[r->n - sc->n_stmts].sql;
        } else {
            struct buf *text = &r->texts[r->n_texts++];
            buf_init(text, 0);
            if (!script_render(st, casts + first, text))
                return false;
            sql = buf_sv(text);
        }
        r->stmts[r->n++] =
            (struct wire_stmt){sql, j->params + row * j->n_params + first, st->n_params};
    }
    return true;
}

static void add_text(struct request *r, struct strview sql)
{
    r->stmts[r->n++] = (struct wire_stmt){sql, NULL, 0};
}

/* The first n rows gathered, between the two texts (empty: none). */
static bool make_request(struct job *j, size_t n, struct strview before, struct strview behind,
                         struct request *r)
{
    size_t per_stmt = j->one_insert ? insert_values_max_rows(&j->s->script.stmts[0]) : 1;
    size_t n_stmts = (n + per_stmt - 1) / per_stmt * j->s->script.n_stmts;
    bool fit = false;
    bool ok;

    *r = (struct request){.stmts = mem_calloc(n_stmts + 2, sizeof *r->stmts),
                          .texts = mem_calloc(n_stmts, sizeof *r->texts)};
    if (r->stmts == NULL || r->texts == NULL)
        return false;
    if (before.len > 0)
        add_text(r, before);
    ok = add_columns(j, n, r, &fit);
    for (size_t i = 0; ok && !fit && i < n; i += per_stmt)
        ok = j->one_insert ? add_insert(j, i, n - i < per_stmt ? n - i : per_stmt, r)
                           : add_row(j, i, r);
    if (behind.len > 0)
        add_text(r, behind);
    return ok;
}

/* ---- sending ---- */

/* Reads what is left of the results and adds their counts. */
static SQLRETURN take_counts(struct job *j, SQLRETURN rc)
{
    struct stmt *s = j->s;

    while (SQL_SUCCEEDED(rc) || rc == SQL_NO_DATA) {
        if (s->row_count >= 0)
            j->total = (j->total < 0 ? 0 : j->total) + s->row_count;
        if (s->results_left == 0)
            return SQL_SUCCESS;
        rc = stmt_more_results(s);
    }
    return rc;
}

static SQLRETURN send_rows(struct job *j, size_t n, bool trial);

/* As run_typed of execute.c: nothing was executed, so the rows go once more. */
static SQLRETURN send_rows_typed(struct job *j)
{
    struct stmt *s = j->s;
    struct diag first;
    SQLRETURN rc = send_rows(j, j->n, false);

    if (rc != SQL_ERROR || transaction_is_open(s->dbc) || !param_types_learn(s, j->casts, j->n))
        return rc;
    first = s->handle.diag;
    diag_init(&s->handle.diag);
    for (int tries = 0; tries < PARAM_TYPES_MAX_TRIES; tries++) {
        diag_clear(&s->handle.diag);
        rc = send_rows(j, j->n, false);
        if (rc != SQL_ERROR || !param_types_learn(s, j->casts, j->n))
            break;
    }
    if (rc == SQL_ERROR && execute_server_code(s)[0] != '\0') {
        diag_release(&s->handle.diag);
        s->handle.diag = first;
    } else {
        diag_release(&first);
    }
    return rc;
}

/* In a transaction of a session a savepoint stands before the rows, so that it can be found out
 * which of them failed. */
static bool has_savepoint(const struct job *j)
{
    return j->in_session && !j->returns_rows && transaction_is_open(j->s->dbc);
}

#define SAVEPOINT "neon_odbc_array"

/* A trial over HTTP is rolled back; one in a session begins at the savepoint. Where the rows would
 * be committed with their request, it shows what is checked at the commit too. */
static bool make_trial(struct job *j, size_t n, struct request *r)
{
    struct strview before = j->in_session ? SV_LIT("ROLLBACK TO SAVEPOINT " SAVEPOINT) : SV_LIT("");
    struct strview behind =
        j->in_session && !j->trying ? SV_LIT("") : SV_LIT("SET CONSTRAINTS ALL IMMEDIATE");

    return make_request(j, n, before, behind, r);
}

static bool make_real(struct job *j, size_t n, struct request *r)
{
    if (has_savepoint(j))
        return make_request(j, n, SV_LIT("SAVEPOINT " SAVEPOINT),
                            SV_LIT("RELEASE SAVEPOINT " SAVEPOINT), r);
    return make_request(j, n, SV_LIT(""), SV_LIT(""), r);
}

static SQLRETURN send_rows(struct job *j, size_t n, bool trial)
{
    struct request r;
    SQLRETURN rc;

    if (trial ? make_trial(j, n, &r) : make_real(j, n, &r)) {
        rc = execute_statements(j->s, &j->plan,
                                &(struct execution){r.stmts, r.n, trial && !j->in_session});
        if (!j->returns_rows || trial)
            rc = take_counts(j, rc);
    } else {
        rc = out_of_memory(j->s);
    }
    request_release(&r);
    return rc;
}

/* ---- which row failed ---- */

/* Errors that depend on the values of a row; others come from the time, the server or the text. */
static bool depends_on_row(const char *code)
{
    static const char *const not_a_rows[] = {"08", "25", "40", "53", "54",
                                             "55", "57", "58", "F0", "XX"};

    for (size_t i = 0; i < ARRAY_LEN(not_a_rows); i++)
        if (strncmp(code, not_a_rows[i], 2) == 0)
            return false;
    return code[0] != '\0';
}

/* Do the first n rows by themselves fail as the request did? -1: something else went wrong. */
static int fails(struct job *j, size_t n, const char *code)
{
    SQLRETURN rc = send_rows(j, n, true);
    int r = SQL_SUCCEEDED(rc) ? 0 : strcmp(execute_server_code(j->s), code) == 0 ? 1 : -1;

    diag_clear(&j->s->handle.diag);
    return r;
}

/* The place among the gathered rows of the one that failed; SIZE_MAX: not to be found out. */
static size_t find_failed(struct job *j, const char *code)
{
    size_t good = 0;
    size_t bad = j->n;
    bool seen = false;
    /* A mistake of the text fails with any row. */
    size_t next = strncmp(code, "42", 2) == 0 ? 1 : j->n / 2;

    if (j->n == 1)
        return 0;
    while (bad - good > 1) {
        int r = fails(j, next, code);
        if (r < 0)
            return SIZE_MAX;
        if (r > 0) {
            bad = next;
            seen = true;
        } else {
            good = next;
        }
        next = good + (bad - good) / 2;
    }
    /* Nothing failed again: the rows before the last are good by themselves, is the last one bad?
     */
    if (!seen && fails(j, j->n, code) != 1)
        return SIZE_MAX;
    return good;
}

static size_t look_for_failed(struct job *j)
{
    struct diag kept = j->s->handle.diag;
    char code[6];
    size_t at;

    memcpy(code, execute_server_code(j->s), 5);
    code[5] = '\0';
    diag_init(&j->s->handle.diag);
    at = find_failed(j, code);
    diag_release(&j->s->handle.diag);
    j->s->handle.diag = kept;
    return at;
}

/* The request was too large for itself. */
static bool nothing_was_sent(const struct stmt *s)
{
    const struct diag_record *r = diag_record(&s->handle.diag, 1);

    return r != NULL && strcmp(r->state3, "54000") == 0;
}

/* By trying; in a transaction of a session it is as failed afterwards as it was before. */
static size_t failed_by_trial(struct job *j)
{
    size_t at = look_for_failed(j);
    struct diag kept = j->s->handle.diag;

    if (j->in_session) {
        diag_init(&j->s->handle.diag);
        (void)send_rows(j, at == SIZE_MAX ? j->n : at + 1, true);
        diag_release(&j->s->handle.diag);
        j->s->handle.diag = kept;
    }
    return at;
}

/* Outside of a transaction the session gets one for the trial. */
static size_t failed_by_own_trial(struct job *j)
{
    struct dbc *d = j->s->dbc;
    size_t at = SIZE_MAX;

    j->trying = session_begin_trial(d, SAVEPOINT);
    if (j->trying)
        at = look_for_failed(j);
    session_end_trial(d);
    j->trying = false;
    return at;
}

/* Only a trial tells, and it needs a way to leave nothing behind. */
static size_t failed_row(struct job *j)
{
    bool alone = !j->in_session && !transaction_is_open(j->s->dbc);

    if (j->n == 1 && (execute_server_code(j->s)[0] != '\0' || nothing_was_sent(j->s)))
        return 0;
    if (!depends_on_row(execute_server_code(j->s)))
        return SIZE_MAX;
    if (j->in_session && !transaction_is_open(j->s->dbc))
        return failed_by_own_trial(j);
    return alone || has_savepoint(j) ? failed_by_trial(j) : SIZE_MAX;
}

/* The request failed: the rows in it, and what the message says of them. */
static SQLRETURN request_failed(struct job *j)
{
    struct stmt *s = j->s;
    bool by_server = execute_server_code(s)[0] != '\0';
    size_t at = failed_row(j);

    if (strcmp(execute_server_code(s), "42804") == 0) /* a type is not what it was */
        describe_cache_clear(&s->dbc->described);

    if (at == SIZE_MAX) {
        set_statuses(j, SQL_PARAM_DIAG_UNAVAILABLE);
        set_processed(s, j->rows[0] + 1);
        diag_add_row(&s->handle, SQL_ROW_NUMBER_UNKNOWN,
                     by_server ? "None of the rows %zu to %zu of the array took effect."
                               : "It concerns the rows %zu to %zu of the array.",
                     j->rows[0] + 1, j->rows[j->n - 1] + 1);
    } else {
        set_statuses(j, SQL_PARAM_UNUSED);
        set_status(s, j->rows[at], SQL_PARAM_ERROR);
        set_processed(s, j->rows[at] + 1);
        diag_add_row(&s->handle, (SQLLEN)j->rows[at] + 1,
                     "Row %zu of the array failed; none of the rows %zu to %zu took effect, which "
                     "were one transaction.",
                     j->rows[at] + 1, j->rows[0] + 1, j->rows[j->n - 1] + 1);
    }
    return SQL_ERROR;
}

/* ---- in a buffered transaction ---- */

static SQLRETURN queue_rows(struct job *j)
{
    struct stmt *s = j->s;
    struct tx *t = &s->dbc->tx;
    struct err e = ERR_INIT;
    struct request r;
    bool ok = make_real(j, j->n, &r) || err_oom(&e);

    for (size_t i = 0; ok && i < r.n; i++)
        ok = tx_add(t, TX_WRITE, r.stmts[i].sql, r.stmts[i].params, r.stmts[i].n_params,
                    (size_t)s->dbc->options.max_request_bytes, &e);
    request_release(&r);
    return ok ? SQL_SUCCESS : diag_post_err(&s->handle, &e);
}

/* The array waits as a whole or not at all. */
static void unqueue(struct job *j)
{
    while (j->s->dbc->tx.n_items > j->queued_before)
        tx_drop_last(&j->s->dbc->tx);
    for (size_t row = 0; row < param_array_rows(j->s); row++)
        set_status(j->s, row, SQL_PARAM_UNUSED);
}

/* Reads the counts of what waits; they are told when the commit can make sure of all of them. */
static SQLRETURN take_previewed(struct job *j, SQLRETURN rc)
{
    struct stmt *s = j->s;
    size_t at = j->queued_before;
    bool sure = true;
    int64_t total = 0;

    while (SQL_SUCCEEDED(rc) || rc == SQL_NO_DATA) {
        sure = sure && transaction_expect(s, at++);
        total += s->row_count;
        if (s->results_left == 0) {
            j->total = sure ? total : -1;
            return SQL_SUCCESS;
        }
        rc = stmt_more_results(s);
    }
    return rc;
}

static SQLRETURN preview_queued(struct job *j)
{
    struct stmt *s = j->s;

    if (s->dbc->options.buffered_row_count != BUFFERED_ROW_COUNT_PREVIEW)
        return SQL_SUCCESS;
    return take_previewed(j, execute_preview_queue(s, s->dbc->tx.n_items - j->queued_before));
}

/* ---- all of it ---- */

static SQLRETURN flush(struct job *j)
{
    SQLRETURN rc;

    if (j->n == 0)
        return SQL_SUCCESS;
    if (atomic_load(&j->s->cancel_pending))
        return diag_post(&j->s->handle, ST_HY008, 0,
                         "The statement was cancelled before row %zu of the array was sent.",
                         j->rows[0] + 1);
    params_fix_pointers(j->params, j->n * j->n_params, &j->text);
    param_types_apply(j->s, j->casts, j->n);
    if (j->plan.kind == PLAN_QUEUE && param_types_settle(j->s, j->casts, j->n) != SQL_SUCCESS)
        return SQL_ERROR;
    rc = j->plan.kind == PLAN_QUEUE ? queue_rows(j) : send_rows_typed(j);
    if (!SQL_SUCCEEDED(rc) && rc != SQL_NO_DATA)
        return j->plan.kind == PLAN_QUEUE ? rc : request_failed(j);
    for (size_t i = 0; i < j->n; i++)
        set_status(j->s, j->rows[i],
                   j->warned[i] ? SQL_PARAM_SUCCESS_WITH_INFO : SQL_PARAM_SUCCESS);
    forget_rows(j);
    return rc;
}

static SQLRETURN too_much_for_results(struct stmt *s)
{
    return diag_post(&s->handle, ST_54000, 0,
                     "The rows of this array do not fit into one request (MaxRequestBytes), which "
                     "a statement that returns rows needs: nothing was sent. Use a smaller "
                     "SQL_ATTR_PARAMSET_SIZE.");
}

static bool is_full(const struct job *j, size_t bytes)
{
    return j->n > 0 && (j->bytes + bytes > j->limit_bytes ||
                        (!j->one_insert && (j->n + 1) * j->s->script.n_stmts > MAX_STATEMENTS));
}

static SQLRETURN take_row(struct job *j, size_t row)
{
    size_t mark = j->text.len;
    size_t bytes = 0;
    SQLRETURN rc = read_row(j, row, &bytes);

    if (!SQL_SUCCEEDED(rc)) {
        set_status(j->s, row, SQL_PARAM_ERROR);
        set_processed(j->s, row + 1);
        return rc;
    }
    if (is_full(j, bytes)) {
        if (j->returns_rows)
            return too_much_for_results(j->s);
        j->text.len = mark;
        rc = flush(j);
        if (!SQL_SUCCEEDED(rc) && rc != SQL_NO_DATA)
            return rc;
        rc = read_row(j, row, &bytes);
        if (!SQL_SUCCEEDED(rc))
            return rc;
    }
    j->n++;
    j->bytes += bytes;
    return SQL_SUCCESS;
}

static SQLRETURN run_rows(struct job *j)
{
    struct stmt *s = j->s;
    size_t n_rows = param_array_rows(s);
    SQLRETURN rc = SQL_SUCCESS;

    set_processed(s, 0);
    for (size_t row = 0; row < n_rows; row++)
        set_status(s, row, SQL_PARAM_UNUSED);
    for (size_t row = 0; row < n_rows; row++) {
        if (param_array_ignores(s, row))
            continue;
        rc = take_row(j, row);
        if (!SQL_SUCCEEDED(rc))
            return rc;
    }
    rc = flush(j);
    if (j->plan.kind == PLAN_QUEUE && SQL_SUCCEEDED(rc))
        rc = preview_queued(j);
    if (SQL_SUCCEEDED(rc) || rc == SQL_NO_DATA)
        set_processed(s, n_rows);
    return rc;
}

/* The counts of all rows are one result. */
static SQLRETURN one_result(struct job *j)
{
    struct stmt *s = j->s;

    stmt_close(s);
    s->executed = true;
    s->row_count = j->total;
    return execute_result_code(s);
}

static bool any_at_exec(struct stmt *s)
{
    size_t n_rows = param_array_rows(s);
    struct param_source p;

    for (size_t row = 0; row < n_rows; row++)
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
    if (output_params_wanted(s))
        return diag_post(&s->handle, ST_HYC00, 0,
                         "Values come back from one call at a time: execute it once per set of "
                         "parameters.");
    return SQL_SUCCESS;
}

static size_t text_bytes(const struct job *j)
{
    const struct script *sc = &j->s->script;
    size_t bytes = 0;

    for (size_t i = 0; i < sc->n_stmts; i++) {
        const struct script_stmt *st = &sc->stmts[i];
        size_t text = j->one_insert ? request_body_string_bytes(st->text + j->iv.open,
                                                                j->iv.close - j->iv.open)
                                    : request_body_string_bytes(st->text, st->len) + 32;
        bytes += text + st->n_markers * CAST_MAX_BYTES;
    }
    return bytes;
}

static SQLRETURN prepare_job(struct job *j)
{
    struct stmt *s = j->s;
    size_t max = (size_t)s->dbc->options.max_request_bytes;
    SQLRETURN rc = check_classes(s);

    if (rc != SQL_SUCCESS)
        return rc;
    j->n_params = s->script.n_params;
    j->one_insert = s->script.n_stmts == 1 && insert_values_find(&s->script.stmts[0], &j->iv);
    j->by_columns = j->one_insert && insert_columns_find(&s->script.stmts[0], &j->iv);
    j->returns_rows = returns_rows(&s->script);
    j->text_bytes = text_bytes(j);
    j->queued_before = s->dbc->tx.n_items;
    j->limit_bytes =
        max - REQUEST_MARGIN_BYTES -
        (j->one_insert ? request_body_string_bytes(s->script.stmts[0].text, s->script.stmts[0].len)
                       : 0);
    if (j->limit_bytes > max) /* a text beyond it: the request's own check says so */
        j->limit_bytes = 0;
    if (!buf_reserve(&j->text, 64))
        return out_of_memory(s);
    rc = execute_plan(
        s, !j->one_insert || param_array_rows(s) > insert_values_max_rows(&s->script.stmts[0]),
        &j->plan);
    if (rc == SQL_SUCCESS && j->plan.kind == PLAN_SETTING)
        return diag_post(&s->handle, ST_HYC00, 0,
                         "A setting cannot be set with an array of parameters: execute it once per "
                         "set of parameters.");
    j->in_session = j->plan.kind != PLAN_SINGLE && j->plan.kind != PLAN_BATCH &&
                    j->plan.kind != PLAN_QUEUE && j->plan.kind != PLAN_READ;
    if (rc == SQL_SUCCESS && j->plan.kind == PLAN_READ)
        return diag_post(&s->handle, ST_HYC00, 0,
                         "In an open transaction over HTTP an array of parameters needs a "
                         "statement that returns no rows. Execute once per set of parameters, or "
                         "use Transport=auto.");
    return rc;
}

SQLRETURN param_array_execute(struct stmt *s)
{
    struct job j = {.s = s, .total = -1, .text = BUF_INIT(0)};
    SQLRETURN rc = prepare_job(&j);

    if (rc == SQL_SUCCESS && !s->need_data.active && any_at_exec(s))
        rc = SQL_NEED_DATA;
    else if (rc == SQL_SUCCESS)
        rc = run_rows(&j);
    if (rc == SQL_ERROR && j.plan.kind == PLAN_QUEUE)
        unqueue(&j);
    if ((SQL_SUCCEEDED(rc) || rc == SQL_NO_DATA) && !j.returns_rows)
        rc = one_result(&j);
    else if (rc == SQL_ERROR)
        stmt_close(s);
    if (rc == SQL_SUCCESS && j.info)
        rc = SQL_SUCCESS_WITH_INFO;
    mem_free(j.params);
    mem_free(j.casts);
    mem_free(j.rows);
    mem_free(j.warned);
    buf_release(&j.text);
    return rc;
}
