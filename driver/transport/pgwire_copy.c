/* COPY ... FROM STDIN in a session: data goes out in messages of a bounded size, while the server's
 * word is listened to, which ends the copy when it is an error. Called by pgwire_exchange.c and
 * pgwire_answer.c, and by stmt/ through pgwire_session.h. */
#include "transport/pgwire_exchange_int.h"

/* One message of copied data. */
#define COPY_PIECE_BYTES ((size_t)64 << 10)

/* The end of a request that copies: at the end of the data, or when there will be none. */
bool session_copy_sync(struct session_exchange *x, struct err *e)
{
    if (!x->r.copy_in || x->synced)
        return true;
    x->synced = true;
    pgwire_plain(&x->s->out, 'S');
    return session_flush(x->s, &x->wait, e);
}

/* The server asks for data. */
bool session_copy_asked(struct session_exchange *x, struct err *e)
{
    struct session *s = x->s;

    if (x->copying || x->refused_copy)
        return session_answer_unasked(e);
    if (x->r.copy_in && !x->synced && x->n_ended + 1 == x->n_results) {
        x->copying = true;
        return true;
    }
    x->refused_copy = true; /* a Sync that came before is swallowed by the copy */
    pgwire_copy_fail(&s->out, "not available");
    pgwire_plain(&s->out, 'S');
    return session_flush(s, &x->wait, e);
}

/* Reads until the server wants data, or has said why it does not. */
bool session_copy_await(struct session_exchange *x, struct err *e)
{
    struct session *s = x->s;

    while (x->running && !x->copying) {
        size_t got;
        if (!session_answer_step(x, &x->wait, s->scratch, SCRATCH_BYTES, &got, e) ||
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
        if (got > 0 && (!session_answer_scan(x, s->scratch, got, &keep, e) ||
                        !parked_append(&x->parked, s->scratch, keep, e))) {
            if (s->ws != NULL)
                session_lose(s, &x->r, e);
            return false;
        }
        if (!x->failed)
            continue;
        x->copying = false;
        if (session_answer_put_aside(x, &x->wait, e))
            err_move(e, &x->failure);
        return false;
    }
}

static bool is_copying(const struct session_exchange *x, struct err *e)
{
    if (session_answer_is_stranded(x))
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
        if (!session_flush(s, &x->wait, e))
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
    return session_copy_sync(x, e);
}

/* The application has no more data, and wants none of it. */
bool session_copy_give_up(struct session_exchange *x, struct err *e)
{
    if (!x->copying)
        return true;
    x->copying = false;
    pgwire_copy_fail(&x->s->out, "cancelled by the application");
    return session_copy_sync(x, e);
}
