/* Describe before execute over HTTP: one batch that is rolled back. PREPARE lets the server parse
 * the text and say the types of its parameters; a read wrapped so that it returns nothing gives the
 * columns. Nothing of the statement is executed. Answers are kept by text
 * (handle/describe_cache.h). Called by prepare.c and api/. */
#include "sql/returning.h"
#include "sql/type_name.h"
#include "stmt/param_types.h"
#include "stmt/notifications.h"
#include "stmt/session.h"

#define NAME "neon_odbc_described"

/* The statements of the batch, in the order in which their results come. */
enum part { PART_PREPARE, PART_TYPES, PART_DEALLOCATE, PART_COLUMNS, PART_ROLLBACK, PART_COUNT };

struct asking {
    struct buf text[PART_COUNT];
    struct wire_stmt stmts[PART_COUNT];
    enum part part_of[PART_COUNT]; /* of stmts */
    size_t n;
    struct wire_param *nulls;
    struct description *found; /* borrowed; being filled */
};

static void asking_release(struct asking *a)
{
    for (size_t i = 0; i < PART_COUNT; i++)
        buf_release(&a->text[i]);
    mem_free(a->nulls);
}

static void add(struct asking *a, enum part part, size_t n_params)
{
    a->part_of[a->n] = part;
    a->stmts[a->n++] = (struct wire_stmt){buf_sv(&a->text[part]), a->nulls, n_params};
}

static bool can_be_prepared(struct sql_kind k)
{
    return k.cls == SQLC_SELECT || k.cls == SQLC_INSERT || k.cls == SQLC_UPDATE ||
           k.cls == SQLC_DELETE || k.cls == SQLC_MERGE;
}

/* A read whose wrapping in a subquery changes nothing but its number of rows. */
static bool can_be_wrapped(struct sql_kind k)
{
    return k.cls == SQLC_SELECT && (k.flags & (SQLF_SELECT_INTO | SQLF_WRITES_CTE)) == 0;
}

/* SHOW and EXPLAIN (without ANALYZE) change nothing: they are run as they are. */
static bool is_harmless(struct sql_kind k)
{
    return (k.cls == SQLC_SHOW || k.cls == SQLC_EXPLAIN) && (k.flags & SQLF_EXPLAIN_ANALYZE) == 0;
}

/* The read that gives the first statement's columns; none when there is no way. */
static bool write_columns_read(const struct script_stmt *st, struct strview text, struct buf *out)
{

    if (can_be_wrapped(st->kind)) {
        buf_append_str(out, "SELECT * FROM (");
        buf_append_sv(out, text);
        buf_append_str(out, "\n) AS " NAME " LIMIT 0");
    } else if (is_harmless(st->kind)) {
        buf_append_sv(out, text);
    } else if (!returning_as_select(text, out) && out->failed == BUF_OK) {
        buf_reset(out);
    }
    return out->failed == BUF_OK;
}

static bool write_texts(struct asking *a, const struct script_stmt *st, struct strview text,
                        bool columns)
{
    struct buf *t = a->text;
    bool wrapped = can_be_wrapped(st->kind) || is_harmless(st->kind);

    if (can_be_prepared(st->kind)) {
        buf_append_str(&t[PART_PREPARE], "PREPARE " NAME " AS ");
        buf_append_sv(&t[PART_PREPARE], text);
        buf_append_str(&t[PART_TYPES],
                       "SELECT pg_catalog.array_to_string(parameter_types::pg_catalog.oid[], ' ') "
                       "FROM pg_catalog.pg_prepared_statements WHERE name = '" NAME "'");
        buf_append_str(&t[PART_DEALLOCATE], "DEALLOCATE " NAME);
        add(a, PART_PREPARE, 0);
        add(a, PART_TYPES, 0);
        add(a, PART_DEALLOCATE, 0);
    }
    if (columns && !write_columns_read(st, text, &t[PART_COLUMNS]))
        return false;
    if (t[PART_COLUMNS].len > 0)
        add(a, PART_COLUMNS, wrapped ? st->n_params : 0);
    buf_append_str(&t[PART_ROLLBACK], "ROLLBACK");
    add(a, PART_ROLLBACK, 0);
    for (size_t i = 0; i < PART_COUNT; i++)
        if (t[i].failed != BUF_OK)
            return false;
    return true;
}

/* "23 25 0" */
static void read_types(struct description *d, const struct cell *c)
{
    const char *p = c->ptr;
    const char *end = p != NULL ? p + c->len : p;

    for (size_t i = 0; p != end && i < d->n_params; i++) {
        uint32_t oid = 0;
        for (; p != end && ascii_is_digit(*p); p++)
            oid = oid * 10u + (uint32_t)(*p - '0');
        d->param_oids[i] = oid;
        p += p != end;
    }
}

static bool take_event(struct asking *a, enum decode_event ev, size_t at, struct row_decoder *dec,
                       struct err *e)
{
    enum part part = a->part_of[at];

    if (ev == DECODE_ROW && part == PART_TYPES && row_decoder_n_columns(dec) == 1)
        read_types(a->found, row_decoder_row(dec));
    if (ev == DECODE_FIELDS && part == PART_COLUMNS &&
        !description_set_columns(a->found, row_decoder_columns(dec), row_decoder_n_columns(dec)))
        return err_oom(e);
    return true;
}

/* Reads all results of the batch. */
static bool read_answer(struct asking *a, struct stream *st, struct err *e)
{
    size_t at = 0;

    for (;;) {
        enum decode_event ev = stream_next(st, false, e);
        if (ev == DECODE_END)
            return at == a->n ||
                   err_set(e, ST_08S01, 0,
                           "The server answered fewer results than statements were sent.");
        if (ev == DECODE_ERROR)
            return false;
        if (at >= a->n)
            return err_set(e, ST_08S01, 0,
                           "The server answered more results than statements were sent.");
        if (!take_event(a, ev, at, st->decoder, e))
            return false;
        at += ev == DECODE_RESULT_END;
    }
}

static bool ask(struct stmt *s, struct asking *a, struct err *e)
{
    struct stream st = {0};
    const struct wire_request r = {
        .stmts = a->stmts,
        .n_stmts = a->n,
        .batch = true,
        .isolation = dbc_isolation_header(s->dbc),
        .repeatable = true, /* it ends in ROLLBACK */
        .deadline = stmt_deadline(s),
        .read_timeout_s = dbc_read_timeout_s(s->dbc),
    };
    bool ok = stmt_send(s, &st, &r, e) && read_answer(a, &st, e);

    stmt_stop(s, &st);
    stream_release(&st);
    return ok;
}

/* In a session by the protocol's own Describe. */
static bool ask_session(struct stmt *s, const struct script_stmt *st, const char *const *casts,
                        struct description *found, struct err *e)
{
    struct session_description d;
    struct buf text = BUF_INIT(0);
    bool ok = script_render(st, casts, &text) || err_oom(e);

    if (ok && session_describe_stmt(s, buf_sv(&text), &d, e)) {
        for (size_t i = 0; i < found->n_params && i < d.n_params; i++)
            found->param_oids[i] = d.param_oids[i];
        ok = description_set_columns(found, d.columns, d.n_columns) || err_oom(e);
        session_description_release(&d);
    } else {
        ok = false;
    }
    buf_release(&text);
    return ok;
}

/* Asks about the statement with those casts. */
static bool ask_about(struct stmt *s, const struct script_stmt *st, const char *const *casts,
                      struct description *found, struct err *e)
{
    struct asking a = {.n = 0, .found = found};
    struct buf text = BUF_INIT(0);
    bool ok;

    if (session_use(s->dbc) == SESSION_ALL)
        return ask_session(s, st, casts, found, e);
    for (size_t i = 0; i < PART_COUNT; i++)
        buf_init(&a.text[i], 0);
    a.nulls = mem_calloc((size_t)st->n_params + 1, sizeof *a.nulls);
    ok = a.nulls != NULL && script_render(st, casts, &text) &&
         write_texts(&a, st, buf_sv(&text), sql_kind_may_return_rows(st->kind));
    ok = ok ? a.n == 1 || ask(s, &a, e) : err_oom(e); /* n == 1: nothing but the ROLLBACK */
    asking_release(&a);
    buf_release(&text);
    return ok;
}

/* Where the server can choose no type for a parameter, it is text: it is asked again so, for as
 * long as it names another one. */
static bool ask_with_text(struct stmt *s, const struct script_stmt *st, const char **casts,
                          struct description *found, struct err *e)
{
    for (int tries = 0; !ask_about(s, st, casts, found, e); tries++) {
        unsigned number = param_types_complaint(e->pg);
        if (number == 0 || number > st->n_params || casts[number - 1] != NULL ||
            tries == PARAM_TYPES_MAX_TRIES)
            return false;
        casts[number - 1] = "::text";
        found->as_text[number - 1] = true;
        err_release(e);
        *e = ERR_INIT;
    }
    return true;
}

/* One statement stands for the columns, and for the parameters when it has them all. */
static bool describe_stmt(struct stmt *s, const struct script_stmt *st, const char *const *casts,
                          const struct description **out, struct err *e)
{
    const char **mine = mem_calloc((size_t)st->n_params + 1, sizeof *mine);
    struct buf key = BUF_INIT(0);
    struct description *found = NULL;
    bool ok = mine != NULL && script_render(st, casts, &key);

    *out = ok ? describe_cache_find(&s->dbc->described, buf_sv(&key)) : NULL;
    if (ok && *out == NULL) {
        for (unsigned i = 0; casts != NULL && i < st->n_params; i++)
            mine[i] = casts[i];
        found = description_new(buf_sv(&key), st->n_params);
        ok = found != NULL;
        if (ok && ask_with_text(s, st, mine, found, e)) {
            describe_cache_add(&s->dbc->described, found);
            *out = found;
            found = NULL;
        }
    }
    description_free(found);
    buf_release(&key);
    mem_free(mine);
    return ok ? *out != NULL : err_oom(e);
}

static bool describe(struct stmt *s, const struct description **out, struct err *e)
{
    return describe_stmt(s, &s->script.stmts[0], NULL, out, e);
}

const uint32_t *stmt_known_param_oids(struct stmt *s)
{
    struct buf key = BUF_INIT(0);
    const struct description *d = NULL;

    if (script_render(&s->script.stmts[0], NULL, &key))
        d = describe_cache_find(&s->dbc->described, buf_sv(&key));
    buf_release(&key);
    return d != NULL ? d->param_oids : NULL;
}

SQLRETURN stmt_asked(struct stmt *s, const struct script_stmt *st, const char *const *casts,
                     const struct description **out)
{
    struct err e = ERR_INIT;
    bool had_failed = s->dbc->tx.failed;

    *out = NULL;
    if (!can_be_prepared(st->kind) || describe_stmt(s, st, casts, out, &e))
        return SQL_SUCCESS;
    *out = NULL;
    if (err_is(&e, ST_HY001) || s->dbc->tx.failed != had_failed) /* lost with its session */
        return diag_post_err(&s->handle, &e);
    err_release(&e);
    return SQL_SUCCESS;
}

SQLRETURN stmt_describe_columns(struct stmt *s, struct handle *post_on)
{
    const struct description *d = NULL;
    struct err e = ERR_INIT;

    if (notifications_are_wanted(s)) {
        s->described = notifications_describe(s, &e);
        return s->described ? SQL_SUCCESS : diag_post_err(post_on, &e);
    }
    if (!describe(s, &d, &e))
        return diag_post_err(post_on, &e);
    if (!d->has_columns)
        return diag_post(
            post_on, ST_HYC00, 0,
            "The columns of this statement cannot be known before it is executed: call "
            "SQLExecute first. (%s with an effect of its own cannot be asked without "
            "it.)",
            sql_class_name(s->script.stmts[0].kind.cls));
    if (!colmeta_fill(s, d->columns, d->n_columns, &e))
        return diag_post_err(post_on, &e);
    s->described = true;
    return SQL_SUCCESS;
}

/* Errors that say that the server cannot choose a type for a parameter before it has a value; the
 * statement itself may run well with the type that the application binds. */
static bool is_undecided(const struct err *e)
{
    static const char *const states[] = {"42P18", "42725", "42883", "42P08", "42804"};
    const char *code = e->pg != NULL ? e->pg->value[PG_CODE] : NULL;

    for (size_t i = 0; code != NULL && i < ARRAY_LEN(states); i++)
        if (strcmp(code, states[i]) == 0)
            return true;
    return false;
}

/* The type that the author has written behind marker n, the same at each of its places. 0: not
 * known. */
static uint32_t written_oid(const struct script_stmt *st, unsigned n)
{
    uint32_t oid = 0;

    for (size_t i = 0; i < st->n_markers; i++) {
        struct tokens ts = {sv_n(st->text, st->len), st->markers[i].end};
        struct token t;
        size_t end;
        uint32_t here = 0;
        if (st->markers[i].number != n)
            continue;
        if (tokens_next(&ts, &t) && t.kind == TOK_CAST && tokens_next(&ts, &t))
            here = type_name_read(&ts, &t, &end);
        if (here == 0 || (oid != 0 && oid != here))
            return 0;
        oid = here;
    }
    return oid;
}

/* Which statement of the text a parameter belongs to matters only for the first: others may need
 * what it has not made yet. */
static bool param_oid(struct stmt *s, SQLUSMALLINT number, uint32_t *oid, struct err *e)
{
    const struct script_stmt *st = &s->script.stmts[0];
    const struct description *d = NULL;

    *oid = 0;
    if (st->return_param != 0 || st->first_param == 0 || number < st->first_param ||
        number >= st->first_param + st->n_params)
        return true;
    *oid = written_oid(st, number - st->first_param + 1);
    /* pyodbc, whose dialect PgTypes=1 is for, asks while it holds the lock of all of Python: nobody
     * may wait for the server then, who may wait for a lock of a table. It needs no answer. */
    if (*oid != 0 || s->dbc->type_options.pg_types)
        return true;
    if (!describe(s, &d, e)) {
        if (!is_undecided(e))
            return false;
        err_release(e);
        *e = ERR_INIT;
        return true;
    }
    if (number - st->first_param < d->n_params)
        *oid = d->param_oids[number - st->first_param];
    return true;
}

SQLRETURN stmt_describe_param(struct stmt *s, SQLUSMALLINT number, struct param_description *out)
{
    struct err e = ERR_INIT;
    struct type_options options;
    struct type_desc t;
    SQLSMALLINT type;
    uint32_t oid = 0;

    if (!s->prepared)
        return diag_post(&s->handle, ST_HY010, 0,
                         "No statement is prepared: call SQLPrepare first.");
    if (number == 0 || number > s->script.n_params)
        return diag_post(&s->handle, ST_07009, 0,
                         "Parameter %u does not exist: the statement has %u.", (unsigned)number,
                         s->script.n_params);
    if (s->script.copy_in) { /* its data */
        *out = (struct param_description){.sql_type = SQL_LONGVARCHAR, .nullable = SQL_NO_NULLS};
        return SQL_SUCCESS;
    }
    if (!param_oid(s, number, &oid, &e))
        return diag_post_err(&s->handle, &e);
    /* What is told here comes back in SQLBindParameter, where private codes have no meaning. */
    options = s->dbc->type_options;
    options.pg_types = false;
    options.max_varchar_size = 0; /* 0: no limit. Clients size buffers by it, or send in pieces */
    typemap_describe(oid, -1, &options, &t);
    type = t.row->flags & TYPE_NO_CAST ? SQL_VARCHAR : t.concise_type;
    *out = (struct param_description){
        .sql_type = env_is_odbc2(s->dbc->env) ? typemap_odbc2_type(type) : type,
        .column_size = t.column_size,
        .decimal_digits = t.decimal_digits,
        .nullable = SQL_NULLABLE_UNKNOWN,
    };
    return SQL_SUCCESS;
}
