/* An exchange of a session: statements out, their answer in, up to ReadyForQuery. The messages go
 * to the reader as they came (result/pgwire_decoder.c); here only those are looked at that decide
 * how it goes on. The end of the last result is held back until the server is ready again: only
 * then is it sure that what it did is committed. */
#include "transport/pgwire_session_int.h"

#include "base/clock.h"
#include "transport/ws_frame.h"

/* Rows of a portion: the first is small in case that is all; then as many as make a few megabytes,
 * and as much again as was read before, so that the round trips between portions do not count. */
#define FIRST_PORTION_ROWS 2000
#define PORTION_MAX_ROWS 1000000
#define PORTION_MIN_BYTES (8u << 20)
#define PORTION_MAX_BYTES (32u << 20)
/* One message of copied data. */
#define COPY_PIECE_BYTES ((size_t)64 << 10)
/* Read past rather than cancelled, when a result is given up. */
#define READ_PAST_BYTES (1u << 20)

/* A statement that the server keeps prepared under a name. */
struct kept {
    char name[PREPARED_NAME_BYTES];
    size_t parse; /* number of its Parse in this request; 0: ready, from here or from before */
    bool reused;
};

struct session_exchange {
    struct exchange base; /* first */
    struct session *s;
    uint64_t serial; /* of the connection it runs on */
    struct exchange_info info;
    struct wire_request r; /* without its statements */
    struct session_wait wait;
    atomic_bool cancelled;
    size_t n_results, n_ended; /* of the statements; CommandCompletes that have come */
    bool running;              /* its answer is on its way */
    bool suspended;            /* a portion was read, and there may be more */
    bool copying;              /* the server waits for copied data */
    bool synced;               /* of copy_in: Sync is sent */
    bool refused_copy;         /* the server wanted data that nobody has */
    bool holding;              /* the last result's end has begun */
    bool done, failed;
    bool refused; /* by the server: until ReadyForQuery nothing more is done */
    struct err failure;
    struct buf held;
    size_t held_pos;
    struct parked parked;
    char portal[24];     /* "": none of its own */
    struct kept kept[2]; /* BEGIN, and the last statement */
    size_t n_kept, n_parses, n_parsed;
    uint32_t portion;
    uint64_t portion_bytes, read_bytes;
    /* for its line in the log */
    int64_t started_ms;
    uint64_t sent_bytes;
    bool logged;
};

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
    x->portion = portal ? FIRST_PORTION_ROWS : 0;
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

/* ---- in ---- */

static void fail(struct session_exchange *x, struct err *e)
{
    x->failed = true;
    err_move(&x->failure, e);
}

/* The answer's connection is gone, or was replaced by another. */
static bool is_stranded(const struct session_exchange *x)
{
    return x->s->ws == NULL || x->serial != x->s->serial;
}

static bool not_asked(struct err *e)
{
    return err_set(e, ST_08S01, 0, "The session broke: the server answered what was not asked.");
}

/* Every Execute is answered once: less must never pass for success. */
static bool is_answered(const struct session_exchange *x, struct err *e)
{
    return x->failed || x->suspended || x->n_ended == x->n_results ||
           err_set(e, ST_08S01, 0,
                   "The session broke: the server answered fewer statements than were asked.");
}

/* The end of a request that copies: at the end of the data, or when there will be none. */
static bool send_sync(struct session_exchange *x, struct err *e)
{
    if (!x->r.copy_in || x->synced)
        return true;
    x->synced = true;
    pgwire_plain(&x->s->out, 'S');
    return session_flush(x->s, &x->r, e);
}

/* The server asks for data. */
static bool begin_copy(struct session_exchange *x, struct err *e)
{
    struct session *s = x->s;

    if (x->copying || x->refused_copy)
        return not_asked(e);
    if (x->r.copy_in && !x->synced && x->n_ended + 1 == x->n_results) {
        x->copying = true;
        return true;
    }
    x->refused_copy = true; /* a Sync that came before is swallowed by the copy */
    pgwire_copy_fail(&s->out, "not available");
    pgwire_plain(&s->out, 'S');
    return session_flush(s, &x->r, e);
}

/* ParseComplete. */
static void note_parsed(struct session_exchange *x)
{
    x->n_parsed++;
    for (size_t i = 0; i < x->n_kept; i++)
        if (x->kept[i].parse == x->n_parsed) {
            session_prepared_is_ready(x->s, x->kept[i].name);
            x->kept[i].parse = 0;
        }
}

/* Behind an error: what is not prepared will not be, and what was before is perhaps out of date
 * because tables have changed. */
static void drop_kept(struct session_exchange *x)
{
    for (size_t i = 0; i < x->n_kept; i++)
        if (x->kept[i].parse != 0 || x->kept[i].reused)
            session_drop_prepared(x->s, x->kept[i].name);
}

/* *over: the server is ready for something else. */
static bool take(struct session_exchange *x, const struct pgwire_message *m, bool *over,
                 struct err *e)
{
    struct session *s = x->s;
    struct pg_fields *error = NULL;

    if (!session_take_message(s, m, &error, e))
        return false;
    if (x->refused && session_is_step(m->type))
        return not_asked(e);
    switch (m->type) {
    case 'E':
        x->refused = true;
        if (x->failed) {
            pg_fields_free(error);
            return true;
        }
        session_error(s, &x->wait, error, e);
        if (x->refused_copy)
            err_set(e, ST_HYC00, 0,
                    "COPY ... FROM STDIN stands by itself, and its data is bound as parameter 1.");
        drop_kept(x);
        if (s->ws == NULL)
            return false;
        fail(x, e);
        return send_sync(x, e);
    case '1':
        note_parsed(x);
        return true;
    case 'C':
    case 'I':
        if (x->copying || ++x->n_ended > x->n_results)
            return not_asked(e);
        return x->n_ended < x->n_results || send_sync(x, e);
    case 's':
        x->suspended = true;
        return x->portion > 0 || not_asked(e);
    case 'G':
        return begin_copy(x, e);
    case 'Z':
        *over = true;
        return is_answered(x, e);
    default:
        return true;
    }
}

/* Looks at the messages among n bytes; *keep: how many of them are for the reader now. */
static bool scan(struct session_exchange *x, const char *bytes, size_t n, size_t *keep,
                 struct err *e)
{
    struct session *s = x->s;
    struct strview in = {bytes, n};
    struct pgwire_message m;
    size_t hold_from = x->holding ? 0 : SIZE_MAX;
    size_t hold_to = 0;
    size_t end = n;
    enum pgwire_found found;

    while ((found = pgwire_scan_next(&s->scan, &in, &m, e)) == PGWIRE_MESSAGE) {
        size_t at = (size_t)(in.ptr - bytes);
        size_t len = 5 + (size_t)m.body_bytes;
        bool over = false, ends = m.type == 'C' || m.type == 'I';
        if (!x->running && m.type != 'S' && m.type != 'N' && m.type != 'A' && m.type != 'E')
            return not_asked(e);
        if (!take(x, &m, &over, e))
            return false;
        if (ends && x->n_ended == x->n_results && !x->holding) {
            x->holding = true;
            hold_from = at > len ? at - len : 0;
            hold_to = at; /* what follows says nothing to the reader */
        }
        if (over) {
            x->running = false;
            s->active = NULL;
            end = at;
        }
    }
    if (found == PGWIRE_BAD)
        return false;
    *keep = hold_from < end ? hold_from : end;
    return hold_to == 0 || buf_append(&x->held, bytes + hold_from, hold_to - hold_from) ||
           err_oom(e);
}

static void end_portion(struct session_exchange *x)
{
    uint64_t bytes = x->read_bytes;
    uint64_t per_row;

    if (!x->suspended)
        return;
    per_row = x->portion_bytes / x->portion + 1;
    if (bytes < PORTION_MIN_BYTES)
        bytes = PORTION_MIN_BYTES;
    if (bytes > PORTION_MAX_BYTES)
        bytes = PORTION_MAX_BYTES;
    x->portion = (uint32_t)(bytes / per_row + 1);
    if (x->portion > PORTION_MAX_ROWS)
        x->portion = PORTION_MAX_ROWS;
    x->portion_bytes = 0;
}

/* A portal holds its tables until it is closed, also when its rows have all been read: DROP TABLE
 * in the same transaction would be refused (55006). With the next message that is sent. */
static void close_portal(struct session_exchange *x)
{
    struct session *s = x->s;

    if (x->portal[0] != '\0' && s->ws != NULL && s->status == SESSION_IN)
        pgwire_close(&s->out, 'P', x->portal);
    x->portal[0] = '\0';
}

/* One read; *got bytes of it are for the reader. False: the session is lost. */
static bool step(struct session_exchange *x, struct session_wait *w, char *dst, size_t cap,
                 size_t *got, struct err *e)
{
    struct session *s = x->s;
    size_t n = 0;

    *got = 0;
    if (!session_receive(s, w, dst, cap, &n, e))
        return false;
    if (!scan(x, dst, n, got, e)) {
        if (s->ws != NULL)
            session_lose(s, &x->r, e);
        return false;
    }
    x->portion_bytes += *got;
    x->read_bytes += *got;
    if (!x->running)
        end_portion(x);
    if (x->failed)
        *got = 0;
    if (!x->running && !x->suspended) {
        x->done = true;
        close_portal(x);
    }
    return true;
}

/* Reads what is on its way and keeps it for the reader. */
static bool put_aside(struct session_exchange *x, struct session_wait *w, struct err *e)
{
    struct session *s = x->s;

    while (x->running) {
        struct err mine = ERR_INIT;
        size_t got;
        if (!step(x, w, s->scratch, SCRATCH_BYTES, &got, &mine)) {
            x->running = false;
            if (w != &x->wait) { /* both want to know */
                err_set_state(e, mine.state, mine.native, "%s", buf_str(&mine.text));
                e->effect = EFFECT_NONE;
            }
            fail(x, &mine);
            return w == &x->wait;
        }
        if (!x->failed && !parked_append(&x->parked, s->scratch, got, &mine))
            fail(x, &mine);
    }
    return true;
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
    return put_aside(x, &w, e);
}

static bool resume(struct session_exchange *x, struct err *e)
{
    struct session *s = x->s;

    if (is_stranded(x))
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
    if (!session_flush(s, &x->r, e))
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

    if (!base->ops->is_pgwire || is_stranded(x))
        return;
    while (ok && x->portion > 0 && !x->failed && (x->running || x->suspended)) {
        ok = x->running ? put_aside(x, &x->wait, &e) : resume(x, &e);
        if (!ok)
            fail(x, &e);
    }
}

/* ---- data for the server ---- */

/* Reads until the server wants data, or has said why it does not. */
static bool await_copy(struct session_exchange *x, struct err *e)
{
    struct session *s = x->s;

    while (x->running && !x->copying) {
        size_t got;
        if (!step(x, &x->wait, s->scratch, SCRATCH_BYTES, &got, e) ||
            !parked_append(&x->parked, s->scratch, got, e))
            return false;
    }
    if (x->failed)
        err_move(e, &x->failure);
    return !x->failed;
}

/* What the server says while it takes data: an error ends the copy. */
static bool hear(struct session_exchange *x, struct err *e)
{
    struct session *s = x->s;

    for (;;) {
        size_t got = 0, keep = 0;
        if (!session_receive_some(s, &x->wait, s->scratch, SCRATCH_BYTES, &got, e))
            return false;
        if (got == 0 && !x->failed)
            return true;
        if (got > 0 && (!scan(x, s->scratch, got, &keep, e) ||
                        !parked_append(&x->parked, s->scratch, keep, e))) {
            if (s->ws != NULL)
                session_lose(s, &x->r, e);
            return false;
        }
        if (!x->failed)
            continue;
        x->copying = false;
        if (put_aside(x, &x->wait, e))
            err_move(e, &x->failure);
        return false;
    }
}

static bool is_copying(const struct session_exchange *x, struct err *e)
{
    if (is_stranded(x))
        return err_set(e, ST_08S01, 0, "The copy is lost: its session has ended since.");
    return x->copying || err_set(e, ST_HY010, 0, "No copy waits for data.");
}

bool session_copy_put(struct exchange *base, const void *data, size_t len, struct err *e)
{
    struct session_exchange *x = (struct session_exchange *)base;
    struct session *s = x->s;
    const char *at = data;

    if (!is_copying(x, e))
        return false;
    while (len > 0) {
        size_t n = len < COPY_PIECE_BYTES ? len : COPY_PIECE_BYTES;
        if (!hear(x, e))
            return false;
        pgwire_copy_data(&s->out, sv_n(at, n));
        x->sent_bytes += s->out.len;
        if (!session_flush_patiently(s, &x->wait, e))
            return false;
        at += n;
        len -= n;
    }
    return true;
}

bool session_copy_end(struct exchange *base, struct err *e)
{
    struct session_exchange *x = (struct session_exchange *)base;

    if (!is_copying(x, e) || !hear(x, e))
        return false;
    x->copying = false;
    pgwire_plain(&x->s->out, 'c');
    return send_sync(x, e);
}

/* The application has no more data, and wants none of it. */
static bool give_up_copy(struct session_exchange *x, struct err *e)
{
    if (!x->copying)
        return true;
    x->copying = false;
    pgwire_copy_fail(&x->s->out, "cancelled by the application");
    return send_sync(x, e);
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
    if (!session_flush(s, r, e))
        return false;
    x->running = true;
    s->active = x;
    s->entering = r->in_transaction;
    if (r->copy_in)
        return await_copy(x, e);
    if (r->n_stmts < 2 || r->in_portions)
        return true;
    /* What the first did is worth nothing when the last fails. */
    if (!put_aside(x, &x->wait, e))
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
        return step(x, &x->wait, dst, cap, got, e);
    ok = step(x, &x->wait, x->s->scratch, SCRATCH_BYTES, got, e) &&
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
        } else if (x->running && is_stranded(x)) {
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
    if (!give_up_copy(x, &e))
        x->running = false;
    while (x->running) {
        size_t got;
        if (!x->r.in_transaction && x->read_bytes > limit)
            atomic_store(&x->cancelled, true);
        if (!step(x, &x->wait, s->scratch, SCRATCH_BYTES, &got, &e))
            break;
    }
    err_release(&e);
}

static void x_free(struct exchange *base)
{
    struct session_exchange *x = (struct session_exchange *)base;
    struct session *s = x->s;

    log_once(x, -1, NULL);
    if (!is_stranded(x) && !transport_is_foreign(s->t)) {
        if (x->running && s->active == x)
            read_past(x);
        if (!x->running)
            close_portal(x);
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
