/* Questions to a session whose answer is wanted whole and at once: transaction control and
 * Describe. Called by stmt/ and handle/ through pgwire_session.h. */
#include "transport/pgwire_session_int.h"

#include "base/clock.h"

struct call {
    struct session *s;
    const struct wire_request *r;
    struct session_wait wait;
    struct err failure;      /* the server's error */
    bool over;               /* ReadyForQuery has come */
    size_t n_asked, n_ended; /* statements, and those that the server says it has done */
    char command[16];
    int64_t n_rows;
    struct session_description *description; /* NULL: not wanted */
};

static bool call_begin(struct call *c, struct session *s, const struct wire_request *r,
                       struct err *e)
{
    *c = (struct call){.s = s, .r = r, .failure = ERR_INIT, .n_rows = -1};
    session_wait_init(&c->wait, r, NULL);
    return session_make_room(s, r, NULL, e) && session_ensure(s, r, NULL, e);
}

/* ---- answers ---- */

static void take_tag(struct call *c, struct strview body)
{
    struct pgwire_reader r = pgwire_reader(body);
    struct strview tag = pgwire_text(&r);
    size_t word = sv_find(tag, SV_LIT(" "));
    size_t last = tag.len;

    if (word == SIZE_MAX)
        word = tag.len;
    if (word >= sizeof c->command)
        word = sizeof c->command - 1;
    memcpy(c->command, tag.ptr, word);
    c->command[word] = '\0';
    while (last > 0 && tag.ptr[last - 1] != ' ')
        last--;
    if (!sv_to_i64(sv_n(tag.ptr + last, tag.len - last), &c->n_rows))
        c->n_rows = -1;
}

static bool described_twice(struct err *e)
{
    return err_set(e, ST_08S01, 0,
                   "The session broke: the server described a statement more than once.");
}

static bool take_params(struct session_description *d, struct strview body, struct err *e)
{
    struct pgwire_reader r = pgwire_reader(body);
    size_t n = pgwire_u16(&r);

    if (d->param_oids != NULL)
        return described_twice(e);
    d->param_oids = mem_calloc(n + 1, sizeof *d->param_oids);
    if (d->param_oids == NULL)
        return err_oom(e);
    d->n_params = n;
    for (size_t i = 0; i < n; i++)
        d->param_oids[i] = pgwire_u32(&r);
    return !r.bad || err_set(e, ST_08S01, 0,
                             "The session broke: a description of parameters is not well formed.");
}

static bool take_columns(struct session_description *d, struct strview body, struct err *e)
{
    struct pgwire_reader r = pgwire_reader(body);
    size_t n = pgwire_u16(&r);

    if (d->columns != NULL)
        return described_twice(e);
    d->has_rows = true;
    d->columns = mem_calloc(n + 1, sizeof *d->columns);
    if (d->columns == NULL)
        return err_oom(e);
    for (; d->n_columns < n && !r.bad; d->n_columns++) {
        struct column *col = &d->columns[d->n_columns];
        struct strview name = pgwire_text(&r);
        col->name = mem_strndup(name.ptr, name.len);
        col->name_len = name.len;
        if (col->name == NULL)
            return err_oom(e);
        col->table_oid = pgwire_u32(&r);
        col->attnum = (int16_t)pgwire_u16(&r);
        col->type_oid = pgwire_u32(&r);
        col->type_size = (int16_t)pgwire_u16(&r);
        col->type_modifier = (int32_t)pgwire_u32(&r);
        (void)pgwire_u16(&r);
    }
    return !r.bad || err_set(e, ST_08S01, 0,
                             "The session broke: a description of columns is not well formed.");
}

void session_description_release(struct session_description *d)
{
    for (size_t i = 0; i < d->n_columns; i++)
        mem_free(d->columns[i].name);
    mem_free(d->columns);
    mem_free(d->param_oids);
    *d = (struct session_description){0};
}

static bool has_ended_transaction(const struct call *c)
{
    return c->s->status == SESSION_IDLE &&
           (strcmp(c->command, "COMMIT") == 0 || strcmp(c->command, "ROLLBACK") == 0);
}

/* Less than was asked must never pass for success. */
static bool is_answered(const struct call *c, struct err *e)
{
    return err_is_set(&c->failure) ||
           (c->n_ended == c->n_asked &&
            (c->description == NULL || c->description->param_oids != NULL) &&
            (!c->r->committing || has_ended_transaction(c))) ||
           err_set(e, ST_08S01, 0,
                   "The session broke: the server answered something else than was asked.");
}

/* False: the session is lost. */
static bool take(struct call *c, const struct pgwire_message *m, struct err *e)
{
    struct session *s = c->s;
    struct pg_fields *error = NULL;

    if (!session_take_message(s, m, &error, e))
        return false;
    if (err_is_set(&c->failure) && session_is_step(m->type))
        return err_set(e, ST_08S01, 0,
                       "The session broke: the server went on behind its own error.");
    switch (m->type) {
    case 'E':
        if (err_is_set(&c->failure)) {
            pg_fields_free(error);
            return true;
        }
        session_error(s, &c->wait, error, &c->failure);
        if (s->ws == NULL)
            err_move(e, &c->failure);
        return s->ws != NULL;
    case 'Z':
        c->over = true;
        return is_answered(c, e);
    case 'C':
        take_tag(c, m->body);
        c->n_ended++;
        return true;
    case 'I':
        c->n_ended++;
        return true;
    case 't':
        return c->description == NULL || take_params(c->description, m->body, e);
    case 'T':
        return c->description == NULL || take_columns(c->description, m->body, e);
    default:
        return true;
    }
}

static bool read_answer(struct call *c, struct err *e)
{
    struct session *s = c->s;

    while (!c->over) {
        struct pgwire_message m;
        struct strview in;
        enum pgwire_found found;
        size_t got;
        if (!session_receive(s, &c->wait, s->scratch, SCRATCH_BYTES, &got, e))
            return false;
        in = sv_n(s->scratch, got);
        while ((found = pgwire_scan_next(&s->scan, &in, &m, e)) == PGWIRE_MESSAGE)
            if (!take(c, &m, e)) {
                found = PGWIRE_BAD;
                break;
            }
        if (found == PGWIRE_BAD) {
            if (s->ws != NULL)
                session_lose(s, c->r, e);
            return false;
        }
    }
    return true;
}

/* Sends s->out and reads the answer. */
static bool call_end(struct call *c, struct err *e)
{
    bool ok = session_flush(c->s, &c->wait, e) && read_answer(c, e);

    if (ok && err_is_set(&c->failure)) {
        err_move(e, &c->failure);
        ok = false;
    }
    err_release(&c->failure);
    return ok;
}

/* ---- questions ---- */

/* One without parameters as a simple Query, which is less work for the server: most are COMMIT. */
static void write_statements(struct buf *out, const struct wire_request *r)
{
    if (r->n_stmts == 1 && r->stmts[0].n_params == 0) {
        pgwire_query(out, r->stmts[0].sql);
        return;
    }
    for (size_t i = 0; i < r->n_stmts; i++) {
        pgwire_parse(out, "", r->stmts[i].sql);
        pgwire_bind(out, "", "", r->stmts[i].params, r->stmts[i].n_params);
        pgwire_execute(out, "", 0);
    }
    pgwire_plain(out, 'S');
}

bool session_run(struct session *s, const struct wire_request *r, const char **command,
                 struct err *e)
{
    static const char *const known[] = {"COMMIT", "ROLLBACK", "BEGIN"};
    struct call c;

    if (!call_begin(&c, s, r, e))
        return false;
    c.n_asked = r->n_stmts;
    write_statements(&s->out, r);
    if (!call_end(&c, e))
        return false;
    if (command != NULL)
        *command = "";
    for (size_t i = 0; command != NULL && i < ARRAY_LEN(known); i++)
        if (strcmp(known[i], c.command) == 0)
            *command = known[i];
    return true;
}

/* Not for the application: its own savepoints are named otherwise. */
#define ASKING "neon_odbc_asking"

static bool plain(struct session *s, const char *sql, size_t n_commands,
                  const struct wire_request *r, struct err *e)
{
    struct call c;

    if (!call_begin(&c, s, r, e))
        return false;
    c.n_asked = n_commands;
    pgwire_query(&s->out, sv(sql));
    return call_end(&c, e);
}

static bool describe(struct session *s, struct strview sql, const struct wire_request *r,
                     struct session_description *out, struct err *e)
{
    struct call c;
    bool ok;

    if (!call_begin(&c, s, r, e))
        return false;
    c.description = out;
    pgwire_parse(&s->out, "", sql);
    pgwire_describe(&s->out, 'S', "");
    pgwire_plain(&s->out, 'S');
    s->scan.keep_all = true;
    ok = call_end(&c, e);
    s->scan.keep_all = false;
    return ok;
}

/* In a transaction behind a savepoint: a question that fails must not end it. */
bool session_describe(struct session *s, struct strview sql, const struct wire_request *r,
                      struct session_description *out, struct err *e)
{
    bool guarded = s->status == SESSION_IN;
    bool ok;

    *out = (struct session_description){0};
    if (guarded && !plain(s, "SAVEPOINT " ASKING, 1, r, e))
        return false;
    ok = describe(s, sql, r, out, e);
    if (guarded && s->ws != NULL) {
        struct err second = ERR_INIT;
        if (!plain(s, ok ? "RELEASE " ASKING : "ROLLBACK TO " ASKING "; RELEASE " ASKING,
                   ok ? 1 : 2, r, &second)) {
            if (ok)
                err_move(e, &second);
            ok = false;
        }
        err_release(&second);
    }
    if (!ok)
        session_description_release(out);
    return ok;
}
