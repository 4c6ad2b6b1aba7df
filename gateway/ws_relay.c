/* See ws_relay.h. Everything is polled; what one side does not take makes the other side wait, as
 * on a TCP connection.
 */
#include "gateway/ws_relay.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "gateway/net.h"

#define CHUNK_BYTES ((size_t)64 << 10)
#define TO_PG_MAX_BYTES ((size_t)256 << 10)
#define ROUNDS_PER_TURN 16 /* chunks to the client before its own bytes are looked at again */
#define SETTLE_TIMEOUT_MS 10000

bool relay_init(struct relay *r, struct stream *stream, int stop_fd, struct fault *fault)
{
    *r = (struct relay){.fd = stream->fd,
                        .stop_fd = stop_fd,
                        .pg = {.fd = -1},
                        .fault = *fault,
                        .in = {.untyped = true}};
    *fault = (struct fault){0};
    r->fault_active = r->fault.kind != FAULT_NONE && r->fault.point.since == SINCE_START;
    bool ok = ws_init(&r->ws, stream);
    if (r->fault.frame_bytes > 0)
        r->ws.max_frame = r->fault.frame_bytes;
    return ok;
}

void relay_release(struct relay *r)
{
    ws_release(&r->ws);
    buf_release(&r->to_pg);
    fault_release(&r->fault);
}

bool relay_busy(const struct relay *r)
{
    return r->owed > 0 || r->unsynced;
}

static enum relay_end pump_out(struct relay *r, bool readable, bool *more);

/* ---- points ------------------------------------------------------------------------------ */

/* Begins the counting of a fault that waited for a moment in the session. */
static void look_for_fault(struct relay *r)
{
    if (r->fault.kind == FAULT_NONE && r->ready && control_running_fault_armed()) {
        int64_t latency_ms = r->fault.latency_ms;
        r->fault = control_draw_ws_fault(true);
        r->fault.latency_ms = latency_ms;
    }
    if (r->fault_active || r->fault.kind == FAULT_NONE ||
        (r->fault.point.since == SINCE_READY && !r->ready))
        return;
    r->fault_active = true;
    const uint64_t in[] = {r->in.bytes, r->ws.frames_in, r->in.messages};
    const uint64_t out[] = {r->out.bytes, r->ws.frames_out, r->out.messages};
    memcpy(r->base_in, in, sizeof in);
    memcpy(r->base_out, out, sizeof out);
}

/* How many of the n next bytes may pass before the fault acts. `first` is set at a frame's start.
 */
static size_t room_before_fault(const struct relay *r, bool from_client, size_t n)
{
    const struct fault_point *p = &r->fault.point;
    if (!r->fault_active || p->from_client != from_client)
        return n;
    const struct pg_scan *s = from_client ? &r->in : &r->out;
    const uint64_t *base = from_client ? r->base_in : r->base_out;
    uint64_t room = n;
    switch (p->unit) {
    case UNIT_BYTES:
        room = p->after - (s->bytes - base[UNIT_BYTES]);
        break;
    case UNIT_FRAMES:
        if (from_client)
            room = r->ws.frames_in - base[UNIT_FRAMES] > p->after ? 0 : n;
        else
            room = (p->after - (r->ws.frames_out - base[UNIT_FRAMES])) * r->ws.max_frame;
        break;
    case UNIT_MESSAGES:
        if (pg_scan_at_border(s) && s->messages - base[UNIT_MESSAGES] >= p->after)
            room = 0;
        break;
    }
    return room < n ? (size_t)room : n;
}

/* A message has passed as a whole. */
static void note_message(struct relay *r, bool from_client)
{
    char type = pg_scan_type(from_client ? &r->in : &r->out);
    if (!from_client) {
        if (type == 'Z') {
            r->owed -= r->owed > 0;
            r->ready = true;
        }
        return;
    }
    if (type == 'Q' || type == 'E')
        control_count(COUNT_STATEMENTS);
    if (type == 'Q' || type == 'S' || type == 'F') {
        r->owed++;
        r->unsynced = false;
    } else if (type != 'X' && type != '\0' && type != 'p') {
        r->unsynced = true;
    }
}

/* Counts bytes of a direction as passed, up to the point where the fault acts (then r->fired).
 * Returns how many pass. */
static size_t gate(struct relay *r, bool from_client, const uint8_t *bytes, size_t n)
{
    struct pg_scan *s = from_client ? &r->in : &r->out;
    const uint64_t messages = s->messages;
    size_t passed = 0;
    r->fired = false;
    look_for_fault(r);
    /* A frame is counted when it is made, after this: its limit is for the whole piece. */
    if (r->fault.point.unit == UNIT_FRAMES) {
        size_t room = room_before_fault(r, from_client, n);
        r->fired = room < n;
        n = room;
    }
    while (passed < n) {
        bool ended;
        size_t room = n - passed;
        if (r->fault.point.unit != UNIT_FRAMES) {
            room = room_before_fault(r, from_client, room);
            r->fired = room == 0;
            if (r->fired)
                break;
        }
        passed += pg_scan_pass(s, bytes + passed, room, &ended);
        if (ended)
            note_message(r, from_client);
    }
    control_add(from_client ? COUNT_WS_BYTES_IN : COUNT_WS_BYTES_OUT, passed);
    control_add(from_client ? COUNT_WS_MESSAGES_IN : COUNT_WS_MESSAGES_OUT, s->messages - messages);
    return passed;
}

/* ---- faults ------------------------------------------------------------------------------ */

static void forget_fault(struct relay *r)
{
    int64_t latency_ms = r->fault.latency_ms;
    r->fired = false;
    r->fault_active = false;
    fault_release(&r->fault);
    r->fault.latency_ms = latency_ms;
}

/* Waits while nothing may move; RELAY_ON when the time is over. */
static enum relay_end stall(struct relay *r, int64_t ms)
{
    struct pollfd fds[] = {{.fd = r->fd, .events = POLLRDHUP},
                           {.fd = r->stop_fd, .events = POLLIN}};
    int64_t end = net_now_ms() + ms;
    for (;;) {
        int64_t left = ms < 0 ? -1 : end - net_now_ms();
        if (ms >= 0 && left <= 0)
            return RELAY_ON;
        if (poll(fds, 2, (int)left) <= 0)
            continue;
        return fds[1].revents ? RELAY_STOPPED : RELAY_CLIENT_LOST;
    }
}

/* Brings out what came before the point. If that was the client's, PostgreSQL gets the time to
 * answer it, so that a test knows what has been executed. */
static enum relay_end finish_before(struct relay *r)
{
    int64_t deadline = net_now_ms() + SETTLE_TIMEOUT_MS;
    enum relay_end end = RELAY_ON;
    bool answers = r->fault.point.from_client && r->pg.fd >= 0;
    relay_settle(r, SETTLE_TIMEOUT_MS);
    while (answers && r->owed > 0 && end == RELAY_ON && net_now_ms() < deadline) {
        bool more = false;
        struct pollfd fds[] = {{.fd = r->pg.fd, .events = POLLIN},
                               {.fd = r->fd, .events = POLLRDHUP},
                               {.fd = r->stop_fd, .events = POLLIN}};
        end = pump_out(r, true, &more);
        if (end == RELAY_ON && r->owed > 0 && !more &&
            poll(fds, 3, (int)(deadline - net_now_ms())) > 0 && (fds[1].revents || fds[2].revents))
            break;
    }
    relay_settle(r, SETTLE_TIMEOUT_MS);
    return end;
}

/* What the fault does at its point; everything before has passed. */
static enum relay_end act(struct relay *r)
{
    enum relay_end end = finish_before(r);
    if (end != RELAY_ON)
        return end;
    switch (r->fault.kind) {
    case FAULT_WS_CUT:
        return RELAY_CUT; /* the fault is still needed: how to cut */
    case FAULT_WS_CLOSE:
        ws_put_close(&r->ws, r->fault.code, r->fault.body);
        return RELAY_FAULT_CLOSED;
    case FAULT_WS_STALL:
        end = stall(r, r->fault.ms);
        break;
    case FAULT_WS_INJECT:
        ws_put_raw(&r->ws, r->fault.raw, r->fault.n_raw);
        ws_put(&r->ws, r->fault.data, r->fault.n_data);
        break;
    case FAULT_WS_BACKEND_CUT:
        end = RELAY_SERVER_ENDED;
        break;
    default:
        break;
    }
    forget_fault(r);
    return end;
}

/* Begins the frame that the fault leaves unfinished: `passed` of n bytes. Returns how many of the
 * passed bytes whole frames carry. */
static size_t put_unfinished(struct relay *r, const uint8_t *bytes, size_t passed, size_t n)
{
    size_t whole = passed - passed % r->ws.max_frame;
    size_t frame = n - whole < r->ws.max_frame ? n - whole : r->ws.max_frame;
    uint8_t head[4] = {0x80 | WSLAY_BINARY_FRAME, (uint8_t)frame, (uint8_t)(frame >> 8),
                       (uint8_t)frame};
    if (frame > WS_CONTROL_MAX_BYTES) {
        head[1] = 126;
        ws_put(&r->ws, bytes, whole);
        ws_put_raw(&r->ws, head, 4);
    } else {
        ws_put(&r->ws, bytes, whole);
        ws_put_raw(&r->ws, head, 2);
    }
    ws_put_raw(&r->ws, bytes + whole, passed - whole);
    return passed;
}

/* ---- to the client ----------------------------------------------------------------------- */

static enum relay_end send_bytes(struct relay *r, const uint8_t *bytes, size_t n)
{
    while (n > 0) {
        const uint64_t frames = r->ws.frames_out;
        size_t passed = gate(r, false, bytes, n);
        if (r->fired && r->fault.kind == FAULT_WS_CUT && r->fault.inside_frame)
            put_unfinished(r, bytes, passed, n);
        else
            ws_put(&r->ws, bytes, passed);
        control_add(COUNT_WS_FRAMES_OUT, r->ws.frames_out - frames);
        bytes += passed;
        n -= passed;
        enum relay_end end = r->fired ? act(r) : RELAY_ON;
        if (end != RELAY_ON)
            return end;
    }
    return RELAY_ON;
}

/* readable: PostgreSQL may have sent something. */
static enum relay_end pump_out(struct relay *r, bool readable, bool *more)
{
    uint8_t chunk[CHUNK_BYTES];
    *more = false;
    for (int round = 0; round < ROUNDS_PER_TURN; round++) {
        if (!ws_flush(&r->ws))
            return RELAY_CLIENT_LOST;
        if (ws_pending(&r->ws) || !readable)
            return RELAY_ON;
        ssize_t n = raw_read(&r->pg, chunk, sizeof chunk);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return RELAY_ON;
        if (n <= 0)
            return RELAY_SERVER_ENDED;
        enum relay_end end = send_bytes(r, chunk, (size_t)n);
        if (end != RELAY_ON)
            return end;
        /* All there was, or poll() will tell; inside of TLS it would not. */
        readable = (size_t)n == sizeof chunk || r->pg.ssl != NULL;
    }
    *more = true;
    return RELAY_ON;
}

/* ---- from the client --------------------------------------------------------------------- */

static enum relay_end end_of(enum ws_event event)
{
    if (event == WS_CLOSE)
        return RELAY_CLIENT_CLOSED;
    return event == WS_LOST || event == WS_BROKEN ? RELAY_CLIENT_LOST : RELAY_ON;
}

/* Makes sure that r->piece holds something; RELAY_ON and an empty piece: nothing is there. */
static enum relay_end fill_piece(struct relay *r)
{
    if (r->piece_len > 0)
        return RELAY_ON;
    look_for_fault(r); /* before the next frame is counted */
    const uint64_t frames = r->ws.frames_in;
    enum ws_event event = ws_receive(&r->ws, &r->piece, &r->piece_len);
    control_add(COUNT_WS_FRAMES_IN, r->ws.frames_in - frames);
    if (event != WS_DATA)
        r->piece_len = 0;
    return end_of(event);
}

/* Passes the piece, or as much of it as the fault lets through, of at most max bytes. Returns how
 * many; they end where r->piece begins now. */
static size_t pass_piece(struct relay *r, size_t max)
{
    size_t n = gate(r, true, r->piece, r->piece_len < max ? r->piece_len : max);
    r->piece += n;
    r->piece_len -= n;
    return n;
}

static void write_to_pg(struct relay *r)
{
    while (r->written < r->to_pg.len) {
        ssize_t n = raw_write(&r->pg, (const uint8_t *)r->to_pg.data + r->written,
                              r->to_pg.len - r->written);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n <= 0) { /* its last words can still be read */
            r->pg_write_lost = true;
            break;
        }
        r->written += (size_t)n;
    }
    buf_reset(&r->to_pg);
    r->written = 0;
    r->hold_until = 0;
}

/* *readable: the client may have sent something; false when all of it was taken. */
static enum relay_end pump_in(struct relay *r, bool *readable)
{
    while (*readable && r->to_pg.len - r->written < TO_PG_MAX_BYTES) {
        enum relay_end end = fill_piece(r);
        if (end != RELAY_ON)
            return end;
        *readable = r->piece_len > 0;
        if (!*readable)
            break;
        size_t n = pass_piece(r, SIZE_MAX);
        if (r->fault.latency_ms > 0 && r->to_pg.len == 0)
            r->hold_until = net_now_ms() + r->fault.latency_ms;
        if (!r->pg_write_lost)
            buf_put(&r->to_pg, r->piece - n, n);
        if (r->to_pg.failed)
            return RELAY_CLIENT_LOST;
        end = r->fired ? act(r) : RELAY_ON;
        if (end != RELAY_ON)
            return end;
    }
    if (r->hold_until == 0 || net_now_ms() >= r->hold_until)
        write_to_pg(r);
    return RELAY_ON;
}

/* ---- waiting ----------------------------------------------------------------------------- */

/* What poll() says, for the sides whose bytes all come through it. */
struct readable {
    bool client, pg;
};

static enum relay_end wait_for_more(struct relay *r, int timeout_ms, struct readable *now)
{
    bool held = r->hold_until > 0;
    bool writing = r->written < r->to_pg.len && !held;
    bool reading = !ws_pending(&r->ws);
    bool taking = r->to_pg.len - r->written < TO_PG_MAX_BYTES;
    struct pollfd fds[] = {
        {.fd = r->fd,
         .events = (short)((taking ? POLLIN : 0) | (ws_pending(&r->ws) ? POLLOUT : 0))},
        {.fd = reading || writing ? r->pg.fd : -1,
         .events = (short)((reading ? POLLIN : 0) | (writing ? POLLOUT : 0))},
        {.fd = r->stop_fd, .events = POLLIN},
    };
    if (held) {
        int64_t left = r->hold_until - net_now_ms();
        timeout_ms = left > 0 ? (int)left : 0;
    }
    if (poll(fds, 3, timeout_ms) < 0 && errno != EINTR)
        return RELAY_CLIENT_LOST;
    if (fds[2].revents)
        return RELAY_STOPPED;
    if ((fds[0].revents & (POLLERR | POLLHUP | POLLNVAL)) && !(fds[0].revents & POLLIN))
        return RELAY_CLIENT_LOST;
    now->client |= fds[0].revents & (POLLIN | POLLHUP | POLLERR) || r->ws.stream->tls != NULL;
    now->pg = fds[1].revents & (POLLIN | POLLHUP | POLLERR) || !reading || r->pg.ssl != NULL;
    return RELAY_ON;
}

enum relay_end relay_run(struct relay *r)
{
    struct readable readable = {true, true};
    for (;;) {
        bool more = false;
        enum relay_end end = pump_in(r, &readable.client);
        if (end == RELAY_ON)
            end = pump_out(r, readable.pg, &more);
        if (end == RELAY_ON)
            end = wait_for_more(r, more ? 0 : -1, &readable);
        if (end != RELAY_ON)
            return end;
    }
}

bool relay_settle(struct relay *r, int timeout_ms)
{
    int64_t deadline = net_now_ms() + timeout_ms;
    for (;;) {
        if (r->pg.fd >= 0)
            write_to_pg(r);
        if (!ws_flush(&r->ws))
            return false;
        bool writing = r->written < r->to_pg.len;
        if (!writing && !ws_pending(&r->ws))
            return true;
        struct pollfd fds[] = {
            {.fd = ws_pending(&r->ws) ? r->fd : -1, .events = POLLOUT},
            {.fd = writing ? r->pg.fd : -1, .events = POLLOUT},
            {.fd = r->stop_fd, .events = POLLIN},
        };
        int64_t left = deadline - net_now_ms();
        if (left <= 0 || poll(fds, 3, (int)left) <= 0 || fds[2].revents)
            return false;
    }
}

/* ---- the handshake's side ---------------------------------------------------------------- */

static enum relay_end wait_for_client(struct relay *r, int64_t deadline_ms)
{
    struct pollfd fds[] = {{.fd = r->fd, .events = POLLIN}, {.fd = r->stop_fd, .events = POLLIN}};
    if (!ws_flush(&r->ws)) /* pongs */
        return RELAY_CLIENT_LOST;
    int64_t left = deadline_ms - net_now_ms();
    if (left <= 0)
        return RELAY_TIMEOUT;
    if (poll(fds, 2, (int)left) < 0 && errno != EINTR)
        return RELAY_CLIENT_LOST;
    if (fds[1].revents)
        return RELAY_STOPPED;
    return fds[0].revents && r->fault.latency_ms > 0 ? stall(r, r->fault.latency_ms) : RELAY_ON;
}

enum relay_end relay_take(struct relay *r, uint8_t *out, size_t n, int64_t deadline_ms)
{
    size_t have = 0;
    while (have < n) {
        enum relay_end end = fill_piece(r);
        if (end == RELAY_ON && r->piece_len == 0)
            end = wait_for_client(r, deadline_ms);
        if (end != RELAY_ON)
            return end;
        if (r->piece_len == 0)
            continue;
        size_t passed = pass_piece(r, n - have);
        memcpy(out + have, r->piece - passed, passed);
        have += passed;
        end = r->fired ? act(r) : RELAY_ON;
        if (end != RELAY_ON)
            return end;
    }
    return RELAY_ON;
}

enum relay_end relay_put(struct relay *r, const void *bytes, size_t n)
{
    enum relay_end end = send_bytes(r, bytes, n);
    if (end != RELAY_ON)
        return end;
    return relay_settle(r, SETTLE_TIMEOUT_MS) ? RELAY_ON : RELAY_CLIENT_LOST;
}
