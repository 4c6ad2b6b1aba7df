/* The order of a request: headers, password or token, body, backend, statements, answer.
 *
 * It decides what happens to the connection afterwards (protocol 7, "fate of the connection") and
 * cancels what runs for a client that has left (8). It knows nothing of libmicrohttpd.
 */
#include "gateway/sql_http.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "gateway/connstr.h"
#include "gateway/jwt.h"
#include "gateway/pool.h"
#include "gateway/render.h"
#include "gateway/request.h"

#define DRAIN_WAIT_MS 1000

static const struct {
    const char *header;
    const char *sql;
} isolation_levels[] = {
    {"ReadUncommitted", "READ UNCOMMITTED"},
    {"ReadCommitted", "READ COMMITTED"},
    {"RepeatableRead", "REPEATABLE READ"},
    {"Serializable", "SERIALIZABLE"},
};

/* One request while it runs. */
struct run {
    const struct sql_config *config;
    struct sql_exchange *x;
    struct connstr who;
    struct request request;
    struct backend *backend;
    char *claims;
    const char *isolation; /* SQL, or NULL */
    struct failure failure;
};

/* Header flags: exactly `true`, byte for byte. */
static bool is_true(const char *value)
{
    return value && strcmp(value, "true") == 0;
}

static bool read_isolation(struct run *r)
{
    const char *value = r->x->batch_isolation_level;
    if (!value)
        return true;
    for (size_t i = 0; i < sizeof isolation_levels / sizeof isolation_levels[0]; i++) {
        if (strcmp(value, isolation_levels[i].header) == 0) {
            r->isolation = isolation_levels[i].sql;
            return true;
        }
    }
    return failure_set(&r->failure, 400, "invalid isolation level");
}

static enum run_result check_identity(struct run *r)
{
    if (r->config->jwt) {
        const char *token = r->x->authorization + strlen("Bearer ");
        return jwt_check(token, r->who.role, &r->claims, &r->failure) ? RUN_OK : RUN_FAILED;
    }
    if (r->config->auth_mode == AUTH_VERIFIER)
        return auth_check(&r->who, &r->x->watch, &r->failure);
    return RUN_OK; /* the connection itself will tell */
}

/* ---- the backend ------------------------------------------------------------------------- */

/* Without a verifier an idle connection proves nothing about the password of this request. */
static bool may_pool(const struct run *r)
{
    return r->config->jwt || r->config->auth_mode == AUTH_VERIFIER;
}

static bool wants_pooled(const struct run *r)
{
    return may_pool(r) &&
           (r->config->jwt || !r->config->pool_opt_in_required || is_true(r->x->pool_opt_in));
}

/* The claims of the token, where SQL can read them: current_setting('request.jwt.claims'). */
static enum run_result set_claims(struct run *r)
{
    const char *params[] = {r->claims};
    bool failed = false;
    if (!PQsendQueryParams(r->backend->conn,
                           "SELECT pg_catalog.set_config('request.jwt.claims', $1, false)", 1, NULL,
                           params, NULL, NULL, 0)) {
        failure_set(&r->failure, 500, "connection closed");
        return RUN_FAILED;
    }
    if (backend_flush(r->backend, &r->x->watch) != WAIT_READY ||
        backend_drain(r->backend, &r->x->watch, -1, &failed, &r->failure) != WAIT_READY)
        return RUN_GONE;
    if (failed)
        r->failure.status = 500;
    return failed ? RUN_FAILED : RUN_OK;
}

static enum run_result get_backend(struct run *r)
{
    if (wants_pooled(r))
        r->backend = pool_take(&r->who, &r->x->watch);
    if (!r->backend) {
        enum run_result result =
            backend_open(&r->backend, &r->config->target, r->who.role, r->who.password,
                         r->who.database, &r->x->watch, &r->failure);
        if (result != RUN_OK)
            return result;
        control_count(COUNT_CONNECTS);
    }
    if (r->x->fault->kind == FAULT_DEAD_POOLED)
        shutdown(PQsocket(r->backend->conn), SHUT_RDWR);
    return r->claims ? set_claims(r) : RUN_OK;
}

static void keep_backend(struct run *r)
{
    if (may_pool(r))
        pool_give(r->backend, &r->who);
    else
        backend_free(r->backend);
    r->backend = NULL;
}

static void close_backend(struct run *r)
{
    backend_free(r->backend);
    r->backend = NULL;
}

/* ---- single ------------------------------------------------------------------------------ */

static enum run_result run_single(struct run *r, const struct render_options *opt)
{
    struct render_state state;
    enum run_result result = render_statement(r->backend, r->request.statements, opt, &r->x->answer,
                                              &r->x->watch, &state, &r->failure);
    bool reusable = result == RUN_OK;
    if (result == RUN_GONE)
        reusable = backend_cancel(r->backend, (int)r->config->cancel_wait_ms);
    if (reusable)
        keep_backend(r);
    else
        close_backend(r);
    return result;
}

/* ---- batch ------------------------------------------------------------------------------- */

static enum run_result start_transaction(struct run *r)
{
    struct buf sql = {0};
    const char *comma = "";
    buf_puts(&sql, "START TRANSACTION");
    if (r->isolation) {
        buf_printf(&sql, " ISOLATION LEVEL %s", r->isolation);
        comma = ",";
    }
    if (is_true(r->x->batch_read_only)) {
        buf_printf(&sql, "%s READ ONLY", comma);
        comma = ",";
    }
    if (is_true(r->x->batch_deferrable))
        buf_printf(&sql, "%s DEFERRABLE", comma);
    const char *text = buf_cstr(&sql);
    enum run_result result = RUN_FAILED;
    if (text)
        result = backend_simple(r->backend, text, &r->x->watch, &r->failure);
    else
        failure_set(&r->failure, 500, "the gateway is out of memory");
    buf_release(&sql);
    return result;
}

/* A query of the batch has failed: the reset begins with ROLLBACK, so pooling is enough, once
 * rows that nobody wants are out of the way. */
static void end_failed_batch(struct run *r, const struct render_state *state)
{
    bool usable = !state->unusable;
    if (usable && state->rows_pending) {
        unsigned wait_ms = r->config->cancel_wait_ms;
        usable = backend_cancel(r->backend, wait_ms > DRAIN_WAIT_MS ? (int)wait_ms : DRAIN_WAIT_MS);
    }
    if (usable)
        keep_backend(r);
    else
        close_backend(r);
}

static enum run_result run_queries(struct run *r, const struct render_options *opt)
{
    struct buf *out = &r->x->answer;
    buf_puts(out, "{\"results\":[");
    for (size_t i = 0; i < r->request.n_statements; i++) {
        struct render_state state;
        if (i > 0)
            buf_putc(out, ',');
        enum run_result result = render_statement(r->backend, &r->request.statements[i], opt, out,
                                                  &r->x->watch, &state, &r->failure);
        if (result == RUN_FAILED)
            end_failed_batch(r, &state);
        if (result == RUN_GONE) {
            backend_cancel(r->backend, 0);
            close_backend(r);
        }
        if (result != RUN_OK)
            return result;
    }
    buf_puts(out, "]}");
    return RUN_OK;
}

static enum run_result run_batch(struct run *r, const struct render_options *opt)
{
    /* Once COMMIT is on its way it is waited for, whatever the client does. */
    const struct watch no_client = {.client_fd = -1, .stop_fd = -1};
    enum run_result result = start_transaction(r);
    if (result != RUN_OK) {
        close_backend(r);
        return result;
    }
    result = run_queries(r, opt);
    if (result != RUN_OK)
        return result;
    result = backend_simple(r->backend, "COMMIT", &no_client, &r->failure);
    if (result == RUN_OK) {
        r->x->batch_succeeded = true;
        keep_backend(r);
    } else {
        close_backend(r);
    }
    return result;
}

/* ---- the request ------------------------------------------------------------------------- */

static enum run_result run_request(struct run *r)
{
    struct sql_exchange *x = r->x;
    enum connstr_auth auth = r->config->jwt ? CONNSTR_JWT : CONNSTR_PASSWORD;
    if (!connstr_parse(&r->who, x->connection_string, x->authorization, auth, &r->failure) ||
        !read_isolation(r))
        return RUN_FAILED;
    if (x->body_too_large) {
        failure_set(&r->failure, 413, "request is too large (max is %zu bytes)",
                    r->config->max_request_bytes);
        return RUN_FAILED;
    }
    enum run_result result = check_identity(r);
    if (result != RUN_OK)
        return result;
    if (!request_parse(&r->request, x->body, x->body_len, is_true(x->array_mode), &r->failure))
        return RUN_FAILED;
    result = get_backend(r);
    if (result != RUN_OK)
        return result;
    const struct render_options opt = {
        .raw = is_true(x->raw_text_output),
        .lenient = r->config->lenient,
        .max_response_bytes = r->config->max_response_bytes,
    };
    return r->request.batch ? run_batch(r, &opt) : run_single(r, &opt);
}

/* Faults that take the place of the whole request. */
static bool fault_answers(struct sql_exchange *x, struct failure *f)
{
    if (x->fault->kind != FAULT_COLD_START && x->fault->kind != FAULT_COLD_START_FAIL)
        return false;
    failure_set(f, 500, "Control plane request failed");
    return true;
}

bool sql_http_run(const struct sql_config *config, struct sql_exchange *x)
{
    struct run r = {.config = config, .x = x};
    enum run_result result = RUN_FAILED;
    if (!fault_answers(x, &r.failure))
        result = run_request(&r);
    if (result == RUN_OK && x->answer.failed) {
        failure_set(&r.failure, 500, "the gateway is out of memory");
        result = RUN_FAILED;
    }
    x->status = 200;
    if (result == RUN_FAILED) {
        x->status = r.failure.status;
        x->batch_succeeded = false;
        buf_reset(&x->answer);
        failure_write(&r.failure, &x->answer);
    }
    backend_free(r.backend);
    free(r.claims);
    failure_release(&r.failure);
    request_release(&r.request);
    connstr_release(&r.who);
    return result != RUN_GONE;
}
