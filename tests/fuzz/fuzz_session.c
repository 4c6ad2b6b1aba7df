/* A whole session against a server that sends anything at any time. The input is what the server
 * says, over as many connections as it lasts for; the WebSocket below the session is replaced by
 * it. Whatever comes: each call answers with success or with one error, time limits hold, and
 * everything can be freed.
 *
 * byte 0: size of the pieces (bits 0-3), a password is known (4), it is sent unasked (5), nothing
 *         comes before it is asked for (6)
 * byte 1: how many calls follow, a byte each (calls[])
 * then what the server says */
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "result/row_decoder.h"
#include "transport/pgwire_session_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define N_SLOTS 3

static struct {
    const uint8_t *at;
    size_t left;
    size_t piece;
    bool polite;             /* says nothing more before it is asked something */
    bool waits;              /* it has said that it is ready */
    unsigned char header[5]; /* of the message that is going out */
    size_t n_header, body;
    int64_t now;
    unsigned idle; /* reads in a row that found nothing */
} server;

static int64_t virtual_now(void)
{
    return server.now;
}

/* ---- instead of ws_client.c ---- */

struct ws_client {
    int unused;
};

struct ws_client *ws_new(struct transport *t, struct err *e)
{
    struct ws_client *ws = mem_calloc(1, sizeof *ws);

    (void)t;
    if (ws == NULL)
        err_oom(e);
    return ws;
}

bool ws_open(struct ws_client *ws, const char *url, const struct ws_patience *p, bool *refused,
             struct err *e)
{
    (void)ws;
    (void)url;
    (void)p;
    *refused = false;
    server.waits = false;
    server.n_header = server.body = 0;
    return server.left > 0 || err_set(e, ST_08001, 1007, "Nobody is there.");
}

void ws_free(struct ws_client *ws)
{
    mem_free(ws);
}

bool ws_send(struct ws_client *ws, const void *bytes, size_t len, struct err *e)
{
    (void)ws;
    (void)bytes;
    server.waits = false;
    return (len > 0 && server.left > 0) || err_set(e, ST_08S01, 1055, "The session is broken.");
}

bool ws_send_patiently(struct ws_client *ws, const void *bytes, size_t len,
                       const struct ws_waiter *w, struct err *e)
{
    int64_t ms;

    if (w != NULL && server.idle % 2 == 1 && !w->goes_on(w->ctx, clock_now_ms(), &ms, e))
        return false;
    return ws_send(ws, bytes, len, e);
}

/* How much goes out at once; a polite server stops behind ReadyForQuery. */
static size_t next_piece(size_t cap)
{
    size_t n = 0;

    while (n < server.left && n < cap && n < server.piece && !server.waits) {
        unsigned char c = server.at[n++];
        if (!server.polite)
            continue;
        if (server.n_header < 5) {
            server.header[server.n_header++] = c;
            if (server.n_header < 5)
                continue;
            server.body = (size_t)server.header[3] << 8 | server.header[4];
            server.body -= server.body < 4 ? server.body : 4;
        } else {
            server.body--;
        }
        if (server.body == 0) {
            server.waits = server.header[0] == 'Z';
            server.n_header = 0;
        }
    }
    return n;
}

enum ws_event ws_read(struct ws_client *ws, char *dst, size_t cap, size_t *got, struct err *e)
{
    (void)ws;
    (void)e;
    *got = 0;
    server.now++;
    if (server.left == 0)
        return WS_CLOSED;
    if (server.waits || server.idle++ % 4 == 3)
        return WS_NOTHING;
    *got = next_piece(cap);
    memcpy(dst, server.at, *got);
    server.at += *got;
    server.left -= *got;
    return WS_DATA;
}

void ws_wait(struct ws_client *ws, int64_t ms)
{
    (void)ws;
    server.now += ms > 0 ? ms : 1;
    server.waits = false;
}

void ws_keep(struct ws_client *ws)
{
    (void)ws;
}

void ws_wake(struct ws_client *ws)
{
    (void)ws;
}

/* Between two tries to log in: libFuzzer's own threads call it too. */
static _Thread_local bool no_sleep;
int nanosleep(const struct timespec *for_ts, struct timespec *left)
{
    if (!no_sleep)
        return clock_nanosleep(CLOCK_MONOTONIC, 0, for_ts, left);
    server.now += (int64_t)for_ts->tv_sec * 1000 + for_ts->tv_nsec / 1000000;
    return 0;
}

/* ---- what an application does ---- */

struct slot {
    struct exchange *x;
    struct row_decoder *d;
    bool over;
};

static struct slot slots[N_SLOTS];

static void check_error(bool ok, struct err *e)
{
    if (ok == err_is_set(e) || (!ok && (strlen(e->state) != 5 || e->text.len == 0)))
        abort();
    err_release(e);
}

static void slot_free(struct slot *s)
{
    exchange_free(s->x);
    row_decoder_free(s->d);
    *s = (struct slot){.x = NULL};
}

/* So many rows, or fewer; 0: to the end. */
static void slot_read(struct slot *s, unsigned n_rows)
{
    unsigned n = 0;

    while (s->x != NULL && !s->over && (n_rows == 0 || n < n_rows)) {
        struct err e = ERR_INIT;
        enum decode_event ev = row_decoder_next(s->d, &e);
        size_t cap = 0, got = 0;
        char *room;
        if (ev != DECODE_MORE) {
            n += ev == DECODE_ROW;
            s->over = ev == DECODE_END || ev == DECODE_ERROR;
            check_error(ev != DECODE_ERROR, &e);
            continue;
        }
        row_decoder_release_rows(s->d);
        room = row_decoder_room(s->d, &cap, &e);
        if (room == NULL)
            abort();
        switch (exchange_read(s->x, room, cap, &got, &e)) {
        case EXCHANGE_DATA:
            if (got == 0 || got > cap)
                abort();
            row_decoder_commit(s->d, got);
            break;
        case EXCHANGE_END:
            row_decoder_finish(s->d);
            break;
        case EXCHANGE_FAILED:
        default:
            s->over = true;
            check_error(false, &e);
        }
    }
}

static void slot_begin(struct session *s, struct slot *slot, const struct wire_request *r,
                       bool cancelled)
{
    struct err e = ERR_INIT;
    bool ok;

    slot_free(slot);
    slot->x = session_exchange_new(s, &e);
    slot->d = row_decoder_new_pgwire_with_chunks(64);
    if (slot->x == NULL || slot->d == NULL)
        abort();
    if (cancelled)
        exchange_cancel(slot->x);
    ok = exchange_begin(slot->x, r, &e);
    check_error(ok, &e);
    if (!ok)
        slot_free(slot);
}

static const struct wire_param one_param = {"1", 1};
static const struct wire_stmt one[] = {{SV_LIT("SELECT $1"), &one_param, 1}};
static const struct wire_stmt three[] = {
    {SV_LIT("BEGIN"), NULL, 0}, {SV_LIT("SELECT 1"), NULL, 0}, {SV_LIT("SELECT 2"), NULL, 0}};

static void begin(struct session *s, unsigned slot, struct wire_request r, bool cancelled)
{
    if (r.deadline == 0)
        r.deadline = DEADLINE_NONE;
    slot_begin(s, &slots[slot % N_SLOTS], &r, cancelled);
}

/* Twice more data than is sent at once, or a little; ended, or given up, or left waiting. */
static void copy(struct session *s, unsigned how)
{
    static char data[150000];
    struct slot *to = &slots[how % N_SLOTS];
    struct err e = ERR_INIT;
    bool ok;

    begin(s, how,
          (struct wire_request){.stmts = three,
                                .n_stmts = 2,
                                .copy_in = true,
                                .undescribed = true,
                                .in_transaction = true},
          false);
    if (to->x == NULL)
        return;
    ok = session_copy_put(to->x, data, how & 4 ? sizeof data : 5, &e);
    check_error(ok, &e);
    if (ok && how & 8) {
        ok = session_copy_end(to->x, &e);
        check_error(ok, &e);
        if (ok)
            slot_read(to, 0);
    }
    if (!ok)
        slot_free(to);
}

static void run(struct session *s, const struct wire_stmt *stmts, size_t n)
{
    const struct wire_request r = {
        .stmts = stmts, .n_stmts = n, .deadline = DEADLINE_NONE, .committing = n == 1};
    const char *command = NULL;
    struct err e = ERR_INIT;
    bool ok = session_run(s, &r, &command, &e);

    if (ok && command == NULL)
        abort();
    check_error(ok, &e);
}

static void describe(struct session *s)
{
    const struct wire_request r = {.deadline = DEADLINE_NONE};
    struct session_description d = {.n_params = 0};
    struct err e = ERR_INIT;
    bool ok = session_describe(s, SV_LIT("SELECT $1"), &r, &d, &e);

    for (size_t i = 0; ok && i < d.n_columns; i++)
        if (strlen(d.columns[i].name) != d.columns[i].name_len)
            abort();
    check_error(ok, &e);
    session_description_release(&d);
}

static void poll_and_take(struct session *s)
{
    struct pg_fields *f;

    session_poll(s);
    while ((f = session_take_notice(s)) != NULL)
        pg_fields_free(f);
    while (session_notification(s) != NULL)
        session_drop_notification(s);
    (void)session_notifications_dropped(s);
    (void)session_parameter(s, "TimeZone");
    (void)session_take_lost(s);
}

static void copy_in(struct session *s)
{
    struct slot *slot = &slots[0];
    bool ok = true;

    begin(s, 0,
          (struct wire_request){.stmts = one, .n_stmts = 1, .undescribed = true, .copy_in = true},
          false);
    for (int i = 0; i < 3 && ok && slot->x != NULL; i++) {
        struct err e = ERR_INIT;
        ok = i < 2 ? session_copy_put(slot->x, "1\n2\n", 4, &e) : session_copy_end(slot->x, &e);
        check_error(ok, &e);
    }
    if (ok)
        slot_read(slot, 0);
    else
        slot_free(slot);
}

static void stay(struct session *s)
{
    const struct wire_request r = {.deadline = DEADLINE_NONE};
    struct err e = ERR_INIT;
    bool ok = session_stay(s, &r, &e);

    check_error(ok, &e);
}

static void more(struct session *s, unsigned which)
{
    switch (which) {
    case 1:
        copy_in(s);
        break;
    case 2:
        for (size_t i = 0; i < N_SLOTS; i++)
            if (slots[i].x != NULL)
                session_keep_rest(slots[i].x);
        break;
    case 3:
        session_set_idle(s, 30);
        break;
    case 4:
        stay(s);
        break;
    case 5:
        session_forget(s);
        break;
    default:
        session_set_stateful(s, true);
    }
}

/* The high bits of a call choose among the open results, or among the calls of more(). */
static void call(struct session *s, unsigned char what)
{
    unsigned slot = what >> 4;

    switch (what & 15) {
    case 0:
        begin(s, slot, (struct wire_request){.stmts = one, .n_stmts = 1}, false);
        slot_read(&slots[slot % N_SLOTS], 0);
        break;
    case 1:
        begin(s, slot,
              (struct wire_request){.stmts = three,
                                    .n_stmts = 2,
                                    .in_portions = true,
                                    .in_transaction = true,
                                    .reuse = true},
              false);
        slot_read(&slots[slot % N_SLOTS], 2);
        break;
    case 2:
        slot_read(&slots[slot % N_SLOTS], 0);
        break;
    case 3:
        slot_free(&slots[slot % N_SLOTS]);
        break;
    case 4:
        run(s, three, 1);
        break;
    case 5:
        describe(s);
        break;
    case 6:
        poll_and_take(s);
        break;
    case 7:
        begin(s, slot, (struct wire_request){.stmts = three, .n_stmts = 3, .in_transaction = true},
              false);
        break;
    case 8:
        session_close(s);
        break;
    case 9:
        begin(s, slot, (struct wire_request){.stmts = one, .n_stmts = 1, .deadline = 1}, false);
        slot_read(&slots[slot % N_SLOTS], 0);
        break;
    case 10:
        begin(s, slot, (struct wire_request){.stmts = one, .n_stmts = 1, .undescribed = true},
              false);
        slot_read(&slots[slot % N_SLOTS], 1);
        break;
    case 11:
        begin(
            s, slot,
            (struct wire_request){.stmts = one, .n_stmts = 1, .reuse = true, .read_timeout_s = 30},
            true);
        slot_read(&slots[slot % N_SLOTS], 0);
        break;
    case 12:
        session_forget_prepared(s);
        break;
    case 13:
        more(s, slot);
        break;
    case 14:
        begin(s, slot,
              (struct wire_request){.stmts = one, .n_stmts = 1, .reuse = true, .repeatable = true},
              false);
        slot_read(&slots[slot % N_SLOTS], 1);
        break;
    default:
        if (slot < N_SLOTS)
            slot_read(&slots[slot], 1);
        else
            copy(s, slot);
    }
}

static struct transport *make_transport(unsigned char options)
{
    const struct net_options o = {
        .host = "ep-a.eu.aws.neon.tech",
        .port = 443,
        .user = "u",
        .password = options & 0x10 ? "pencil" : NULL,
        .database = "d",
        .verify = TLS_VERIFY_FULL,
        .retry_count = 1,
    };
    struct err e = ERR_INIT;
    struct transport *t = transport_new(&o, NULL, &e);

    if (t == NULL)
        abort();
    atomic_store(&t->login_in_steps, !(options & 0x20));
    return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = ERR_INIT;
    struct transport *t;
    struct session *s;
    size_t n_calls;

    if (size < 2)
        return 0;
    n_calls = data[1] < size - 2 ? data[1] : size - 2;
    no_sleep = true;
    clock_set_source(virtual_now);
    memset(&server, 0, sizeof server);
    server.at = data + 2 + n_calls;
    server.left = size - 2 - n_calls;
    server.piece = (size_t)1 << (data[0] & 15);
    server.polite = data[0] & 0x40;
    server.now = 1000;
    t = make_transport(data[0]);
    s = session_new(t, 15, &e);
    if (s == NULL)
        abort();
    check_error(session_open(s, server.now + 15000, &e), &e);
    for (size_t i = 0; i < n_calls; i++)
        call(s, data[2 + i]);
    for (size_t i = 0; i < N_SLOTS; i++)
        slot_free(&slots[i]);
    session_free(s);
    transport_free(t);
    clock_set_source(NULL);
    no_sleep = false;
    return 0;
}
