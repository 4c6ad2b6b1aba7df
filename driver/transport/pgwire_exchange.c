/* An exchange of a session, by the contract of transport.h: statements out, their answer to the
 * reader, portion by portion where others may run in between. What the messages of the answer mean
 * is pgwire_answer.c's, data for the server pgwire_copy.c's. Called through exchange.c, and by
 * stmt/ through pgwire_session.h. */
#include "transport/pgwire_exchange_int.h"

#include "base/clock.h"
#include "transport/ws_frame.h"

/* Read past rather than cancelled, when a result is given up. */
#define READ_PAST_BYTES (1u << 20)

/* ---- out ---- */

/* The name of a statement that will come again; *fresh: it has to be told first. */
static const char *keep(struct session_exchange *x, struct strview sql, bool *fresh)
{
    struct kept *k = &x->kept[x->n_kept++];
    const char *name = session_prepared_name(x->s, sql, fresh);

    memcpy(k->name, name, strlen(name) + 1);
    k->parse = *fresh ? x->n_parses + 1 : 0;
    k->reused = !*fresh;
    return k->name;
}

static void write_statement(struct session_exchange *x, const struct wire_stmt *st, bool begins,
                            bool last)
{
    struct session *s = x->s;
    bool portal = last && x->r.in_portions;
    bool fresh = true;
    const char *name = x->r.reuse && (begins || last) ? keep(x, st->sql, &fresh) : "";

    if (portal)
        snprintf(x->portal, sizeof x->portal, "neon_p%llu", (unsigned long long)++s->clock);
    if (fresh)
        pgwire_parse(&s->out, name, st->sql);
    x->n_parses += fresh;
    pgwire_bind(&s->out, x->portal, name, st->params, st->n_params);
    if (!begins && !(last && x->r.undescribed))
        pgwire_describe(&s->out, 'P', x->portal);
    x->portion = portal ? PORTION_FIRST_ROWS : 0;
    pgwire_execute(&s->out, x->portal, x->portion);
}

static bool write_request(struct session_exchange *x, const struct wire_request *r, struct err *e)
{
    struct session *s = x->s;

    for (size_t i = 0; i < r->n_stmts; i++)
        write_statement(x, &r->stmts[i], r->begins && i == 0, i + 1 == r->n_stmts);
    /* A Sync would be swallowed by the copy. */
    pgwire_plain(&s->out, r->copy_in ? 'H' : 'S');
    if (s->out.failed == BUF_OK)
        return true;
    if (s->out.failed == BUF_FULL)
        err_set(e, ST_54000, 0,
                "The statements and their parameters are larger than a session takes at once.");
    else
        err_oom(e);
    buf_reset(&s->out);
    return false;
}

bool session_make_room(struct session *s, const struct wire_request *r,
                       const atomic_bool *cancelled, struct err *e)
{
    struct session_exchange *x = s->active;
    struct session_wait w;

    if (x == NULL)
        return true;
    if (x->copying)
        return err_set(
            e, ST_HY010, 0,
            "COPY ... FROM STDIN of another statement of this connection waits for data: "
            "end it with SQLParamData, or SQLCancel, first.");
    session_wait_init(&w, r, cancelled);
    w.r = &x->r;
    return session_answer_put_aside(x, &w, e);
}

static bool resume(struct session_exchange *x, struct err *e)
{
    struct session *s = x->s;

    if (session_answer_is_stranded(x))
        return err_set(e, ST_08S01, 0,
                       "The rest of the result is lost: its session has ended since.");
    if (s->status != SESSION_IN)
        return err_set_state(e, "34000", 0,
                             "The rest of the result is lost: its transaction has failed or ended "
                             "since.");
    if (!session_make_room(s, &x->r, &x->cancelled, e))
        return false;
    pgwire_execute(&s->out, x->portal, x->portion);
    pgwire_plain(&s->out, 'S');
    x->suspended = false;
    if (!session_flush(s, &x->wait, e))
        return false;
    x->running = true;
    s->active = x;
    return true;
}

void session_keep_rest(struct exchange *base)
{
    struct session_exchange *x = (struct session_exchange *)base;
    struct err e = ERR_INIT;
    bool ok = true;

    if (!base->ops->is_pgwire || session_answer_is_stranded(x))
        return;
    while (ok && x->portion > 0 && !x->failed && (x->running || x->suspended)) {
        ok = x->running ? session_answer_put_aside(x, &x->wait, &e) : resume(x, &e);
        if (!ok)
            session_answer_fail(x, &e);
    }
}

/* ---- the contract of transport.h ---- */

/* One line a request (level 2), when its answer has been read; or when it failed (level 1). */
static void log_once(struct session_exchange *x, int64_t n_rows, const struct err *e)
{
    enum log_level level = e != NULL ? LOG_ERROR : LOG_REQUEST;
    char rows[32] = "";

    if (x->logged || !log_wants(x->s->t->log, level))
        return;
    x->logged = true;
    if (n_rows >= 0)
        snprintf(rows, sizeof rows, " rows=%lld", (long long)n_rows);
    log_line(x->s->t->log, level, "session statements=%zu %lldms out=%llu in=%llu%s%s%s",
             x->n_results, (long long)(clock_now_ms() - x->started_ms),
             (unsigned long long)x->sent_bytes, (unsigned long long)x->read_bytes, rows,
             e != NULL ? " " : "", e != NULL ? e->state : "");
}

static void x_note_rows(struct exchange *base, uint64_t n_rows)
{
    log_once((struct session_exchange *)base, (int64_t)n_rows, NULL);
}

static bool begin(struct session_exchange *x, const struct wire_request *r, struct err *e)
{
    struct session *s = x->s;

    x->started_ms = clock_now_ms();
    x->r = *r;
    x->r.stmts = NULL;
    x->n_results = r->n_stmts;
    session_wait_init(&x->wait, &x->r, &x->cancelled);
    if (!session_make_room(s, r, &x->cancelled, e) || !session_ensure(s, r, &x->cancelled, e))
        return false;
    x->serial = s->serial;
    if (!write_request(x, r, e))
        return false;
    x->sent_bytes += s->out.len;
    if (!session_flush(s, &x->wait, e))
        return false;
    x->running = true;
    s->active = x;
    s->entering = r->in_transaction;
    if (r->copy_in)
        return session_copy_await(x, e);
    if (r->n_stmts < 2 || r->in_portions)
        return true;
    /* What the first did is worth nothing when the last fails. */
    if (!session_answer_put_aside(x, &x->wait, e))
        return false;
    if (x->failed)
        err_move(e, &x->failure);
    return !x->failed;
}

static bool x_begin(struct exchange *base, const struct wire_request *r, struct err *e)
{
    struct session_exchange *x = (struct session_exchange *)base;
    bool ok = begin(x, r, e);

    if (!ok)
        log_once(x, -1, e);
    return ok;
}

static enum exchange_read give_held(struct session_exchange *x, char *dst, size_t cap, size_t *got)
{
    size_t left = x->held.len - x->held_pos;

    *got = left < cap ? left : cap;
    memcpy(dst, x->held.data + x->held_pos, *got);
    x->held_pos += *got;
    return EXCHANGE_DATA;
}

/* Room that wslay does not need a detour for. */
static bool read_some(struct session_exchange *x, char *dst, size_t cap, size_t *got, struct err *e)
{
    bool ok;

    if (cap >= WS_PIECE_MAX_BYTES)
        return session_answer_step(x, &x->wait, dst, cap, got, e);
    ok = session_answer_step(x, &x->wait, x->s->scratch, SCRATCH_BYTES, got, e) &&
         parked_append(&x->parked, x->s->scratch, *got, e);
    *got = 0;
    return ok;
}

static enum exchange_read read_on(struct session_exchange *x, char *dst, size_t cap, size_t *got,
                                  struct err *e)
{
    for (;;) {
        bool ok = true;
        *got = 0;
        if (!parked_is_empty(&x->parked)) {
            ok = parked_take(&x->parked, dst, cap, got, e);
            if (ok)
                return EXCHANGE_DATA;
        } else if (x->failed && !x->running) {
            err_move(e, &x->failure);
            return EXCHANGE_FAILED;
        } else if (x->done) {
            return x->held_pos < x->held.len ? give_held(x, dst, cap, got) : EXCHANGE_END;
        } else if (x->running && session_answer_is_stranded(x)) {
            ok = err_set(e, ST_08S01, 0,
                         "The rest of the result is lost: its session has ended since.");
        } else if (!x->running) {
            ok = resume(x, e);
        } else {
            ok = read_some(x, dst, cap, got, e);
            if (ok && *got > 0)
                return EXCHANGE_DATA;
        }
        if (!ok) {
            x->running = false;
            x->done = true;
            return EXCHANGE_FAILED;
        }
    }
}

static enum exchange_read x_read(struct exchange *base, char *dst, size_t cap, size_t *got,
                                 struct err *e)
{
    struct session_exchange *x = (struct session_exchange *)base;
    enum exchange_read r = read_on(x, dst, cap, got, e);

    if (r == EXCHANGE_FAILED)
        log_once(x, -1, e);
    return r;
}

static void x_cancel(struct exchange *base)
{
    struct session_exchange *x = (struct session_exchange *)base;

    atomic_store(&x->cancelled, true);
    pthread_mutex_lock(&x->s->wake_lock);
    if (x->s->ws != NULL)
        ws_wake(x->s->ws);
    pthread_mutex_unlock(&x->s->wake_lock);
}

/* The reader has gone: a little is read past, more is cancelled; never in a transaction, which a
 * cancel would fail. */
static void read_past(struct session_exchange *x)
{
    struct session *s = x->s;
    struct err e = ERR_INIT;
    uint64_t limit = x->read_bytes + READ_PAST_BYTES;

    x->wait.deadline = DEADLINE_NONE;
    if (!session_copy_give_up(x, &e))
        x->running = false;
    while (x->running) {
        size_t got;
        if (!x->r.in_transaction && x->read_bytes > limit)
            atomic_store(&x->cancelled, true);
        if (!session_answer_step(x, &x->wait, s->scratch, SCRATCH_BYTES, &got, &e))
            break;
    }
    err_release(&e);
}

static void x_free(struct exchange *base)
{
    struct session_exchange *x = (struct session_exchange *)base;
    struct session *s = x->s;

    log_once(x, -1, NULL);
    if (!session_answer_is_stranded(x) && !transport_is_foreign(s->t)) {
        if (x->running && s->active == x)
            read_past(x);
        if (!x->running)
            session_answer_close_portal(x);
    }
    if (s->active == x)
        s->active = NULL;
    buf_release(&x->held);
    parked_release(&x->parked);
    err_release(&x->failure);
    mem_free(x);
}

static const struct exchange_info *x_info(const struct exchange *base)
{
    return &((const struct session_exchange *)base)->info;
}

struct exchange *session_exchange_new(struct session *s, struct err *e)
{
    static const struct exchange_ops ops = {
        .is_pgwire = true,
        .begin = x_begin,
        .read = x_read,
        .note_rows = x_note_rows,
        .cancel = x_cancel,
        .free = x_free,
        .info = x_info,
    };
    struct session_exchange *x = mem_calloc(1, sizeof *x);

    if (x == NULL) {
        err_oom(e);
        return NULL;
    }
    x->base.ops = &ops;
    x->s = s;
    x->info.http_status = 101;
    x->info.http_version = 11;
    x->failure = ERR_INIT;
    buf_init(&x->held, 0);
    parked_init(&x->parked);
    return &x->base;
}
