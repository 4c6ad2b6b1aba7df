/* The answer to an exchange of a session, up to ReadyForQuery. The messages go to the reader as
 * they came (result/pgwire_decoder.c); here only those are looked at that decide how it goes on.
 * The end of the last result is held back until the server is ready again: only then is it sure
 * that what it did is committed. Called by pgwire_exchange.c and pgwire_copy.c. */
#include "transport/pgwire_exchange_int.h"

void session_answer_fail(struct session_exchange *x, struct err *e)
{
    x->failed = true;
    err_move(&x->failure, e);
}

/* The answer's connection is gone, or was replaced by another. */
bool session_answer_is_stranded(const struct session_exchange *x)
{
    return x->s->ws == NULL || x->serial != x->s->serial;
}

bool session_answer_unasked(struct err *e)
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
        return session_answer_unasked(e);
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
        session_answer_fail(x, e);
        return session_copy_sync(x, e);
    case '1':
        note_parsed(x);
        return true;
    case 'C':
    case 'I':
        if (x->copying || ++x->n_ended > x->n_results)
            return session_answer_unasked(e);
        return x->n_ended < x->n_results || session_copy_sync(x, e);
    case 's':
        x->suspended = true;
        return x->portion > 0 || session_answer_unasked(e);
    case 'G':
        return session_copy_asked(x, e);
    case 'Z':
        *over = true;
        return is_answered(x, e);
    default:
        return true;
    }
}

/* Looks at the messages among n bytes; *keep: how many of them are for the reader now. */
bool session_answer_scan(struct session_exchange *x, const char *bytes, size_t n, size_t *keep,
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
            return session_answer_unasked(e);
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
    if (!x->suspended)
        return;
    x->portion = portion_next(x->portion, x->portion_bytes, x->read_bytes);
    x->portion_bytes = 0;
}

/* A portal holds its tables until it is closed, also when its rows have all been read: DROP TABLE
 * in the same transaction would be refused (55006). With the next message that is sent. */
void session_answer_close_portal(struct session_exchange *x)
{
    struct session *s = x->s;

    if (x->portal[0] != '\0' && s->ws != NULL && s->status == SESSION_IN)
        pgwire_close(&s->out, 'P', x->portal);
    x->portal[0] = '\0';
}

/* One read; *got bytes of it are for the reader. False: the session is lost. */
bool session_answer_step(struct session_exchange *x, struct session_wait *w, char *dst, size_t cap,
                         size_t *got, struct err *e)
{
    struct session *s = x->s;
    size_t n = 0;

    *got = 0;
    if (!session_receive(s, w, dst, cap, &n, e))
        return false;
    if (!session_answer_scan(x, dst, n, got, e)) {
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
        session_answer_close_portal(x);
    }
    return true;
}

/* Reads what is on its way and keeps it for the reader. */
bool session_answer_put_aside(struct session_exchange *x, struct session_wait *w, struct err *e)
{
    struct session *s = x->s;

    while (x->running) {
        struct err mine = ERR_INIT;
        size_t got;
        if (!session_answer_step(x, w, s->scratch, SCRATCH_BYTES, &got, &mine)) {
            x->running = false;
            if (w != &x->wait) { /* both want to know */
                err_set_state(e, mine.state, mine.native, "%s", buf_str(&mine.text));
                e->effect = EFFECT_NONE;
            }
            session_answer_fail(x, &mine);
            return w == &x->wait;
        }
        if (!x->failed && !parked_append(&x->parked, s->scratch, got, &mine))
            session_answer_fail(x, &mine);
    }
    return true;
}
