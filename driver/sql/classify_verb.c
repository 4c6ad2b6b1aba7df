/* The class of a statement from its first words: through parentheses, WITH and EXPLAIN to the verb,
 * and behind the verb what tells its kinds apart. One table of verbs. Called by classify.c. */
#include "sql/classify_parts.h"

/* ---- CREATE and what may not run in a transaction block ---- */

/* Behind CREATE: CREATE [OR REPLACE] [GLOBAL|LOCAL] [TEMP] object [CONCURRENTLY] [IF NOT EXISTS]
 * [pg_temp.]name */
static struct sql_kind create(struct reader *r)
{
    struct sql_kind k = {SQLC_DDL, 0};
    bool concurrent = false;

    if (reader_accept(r, KW_or))
        reader_accept(r, KW_replace);
    if (!reader_accept(r, KW_global))
        reader_accept(r, KW_local);
    if (keyword_is_temp(r->t.kw)) {
        k.flags |= SQLF_TEMP;
        reader_next(r);
    }
    reader_accept(r, KW_unique);
    if (r->t.kw == KW_database || r->t.kw == KW_tablespace || r->t.kw == KW_subscription)
        k.cls = SQLC_ALONE;
    concurrent = reader_accept(r, KW_index) && r->t.kw == KW_concurrently;
    if (concurrent)
        k.cls = SQLC_ALONE;
    if (k.cls == SQLC_DDL)
        k.flags |= SQLF_CREATES;
    /* The name stands before the first parenthesis; the words up to AS suffice. */
    for (; !reader_at_end(r) && r->t.kind != TOK_LPAREN && r->t.kw != KW_as && r->t.kw != KW_on;
         reader_next(r))
        if (reader_names_pg_temp(r))
            k.flags |= SQLF_TEMP;
    if (reader_rest_has_pair(*r, KW_on, KW_commit))
        k.flags |= SQLF_TEMP;
    return k;
}

static enum sql_class ddl_or_alone(bool alone)
{
    return alone ? SQLC_ALONE : SQLC_DDL;
}

static struct sql_kind alter(struct reader *r)
{
    enum keyword object = r->t.kw;
    bool alone = object == KW_system;

    if (object == KW_database)
        alone = reader_rest_has_pair(*r, KW_set, KW_tablespace);
    else if (object == KW_subscription)
        alone = reader_rest_has(*r, KW_publication);
    else if (object == KW_table)
        alone = reader_rest_has(*r, KW_partition) && reader_rest_has(*r, KW_concurrently);
    return (struct sql_kind){ddl_or_alone(alone), 0};
}

static struct sql_kind drop(struct reader *r)
{
    bool alone = r->t.kw == KW_database || r->t.kw == KW_tablespace || r->t.kw == KW_subscription;

    if (reader_accept(r, KW_index))
        alone = r->t.kw == KW_concurrently;
    return (struct sql_kind){ddl_or_alone(alone), 0};
}

/* REINDEX [(options)] INDEX|TABLE|SCHEMA|DATABASE|SYSTEM [CONCURRENTLY] name */
static struct sql_kind reindex(struct reader *r)
{
    bool alone = false;

    if (r->t.kind == TOK_LPAREN) {
        alone = reader_option_is_on(*r, KW_concurrently, KW_NONE);
        reader_skip_parens(r);
    }
    alone |= r->t.kw == KW_schema || r->t.kw == KW_database || r->t.kw == KW_system;
    reader_next(r);
    return (struct sql_kind){ddl_or_alone(alone || r->t.kw == KW_concurrently), 0};
}

/* Without a table it commits after each one. */
static struct sql_kind cluster(struct reader *r)
{
    if (r->t.kind == TOK_LPAREN)
        reader_skip_parens(r);
    reader_accept(r, KW_verbose);
    return (struct sql_kind){ddl_or_alone(!token_is_name(&r->t)), 0};
}

/* ---- transactions and settings ---- */

/* The server does not tell the value of seed again, so that nobody else can keep it. */
static unsigned seed_flag(const struct token *name, const struct tokens *behind)
{
    struct token dot;

    if (!sv_ieq(name->text, SV_LIT("seed")) && !sv_ieq(name->text, SV_LIT("\"seed\"")))
        return 0;
    return tokens_peek(behind, &dot) && dot.kind == TOK_DOT ? 0 : SQLF_SESSION_FUNCTION;
}

/* The name or literal of a path's element. */
static struct strview path_element(const struct token *t)
{
    bool quoted = t->kind == TOK_QUOTED_IDENT || t->kind == TOK_STRING;

    return quoted && t->text.len >= 2 ? sv_n(t->text.ptr + 1, t->text.len - 2) : t->text;
}

/* SET search_path whose tables are made in pg_temp: it stands first, but for the user's own schema,
 * which seldom exists. */
static unsigned temp_path_flag(struct reader r)
{
    if (!sv_ieq(path_element(&r.t), SV_LIT("search_path")) && !sv_ieq(r.t.text, SV_LIT("schema")))
        return 0;
    reader_next(&r);
    if (r.t.kw == KW_to || sv_eq(r.t.text, SV_LIT("=")))
        reader_next(&r);
    while (sv_eq(path_element(&r.t), SV_LIT("$user")) && reader_next(&r))
        if (r.t.kind == TOK_COMMA)
            reader_next(&r);
    return sv_ieq(path_element(&r.t), SV_LIT("pg_temp")) ? SQLF_TEMP : 0;
}

/* r->t is the setting's name: does only a session keep it? */
static unsigned setting_flags(const struct reader *r)
{
    return seed_flag(&r->t, &r->ts) | temp_path_flag(*r);
}

static struct sql_kind set(struct reader *r)
{
    bool local = r->t.kw == KW_local;
    bool session = r->t.kw == KW_session;
    struct token second;

    if (local || session) {
        tokens_peek(&r->ts, &second);
        if (session && second.kw == KW_characteristics)
            return (struct sql_kind){SQLC_SET_SESSION_CHARACTERISTICS, 0};
        if (second.kw == KW_transaction)
            return (struct sql_kind){SQLC_SET_TRANSACTION, 0};
        /* A setting may be called session or local too: SET session = .. is not SET SESSION name.
         */
        if (token_is_name(&second) && second.kw != KW_to) {
            reader_next(r);
            return (struct sql_kind){local ? SQLC_SET_LOCAL : SQLC_SET, setting_flags(r)};
        }
        return (struct sql_kind){SQLC_SET, 0};
    }
    switch (r->t.kw) {
    case KW_transaction:
    case KW_constraints:
    /* These three settings hold for the current transaction only, whatever the word before them. */
    case KW_transaction_isolation:
    case KW_transaction_read_only:
    case KW_transaction_deferrable:
        return (struct sql_kind){SQLC_SET_TRANSACTION, 0};
    default:
        return (struct sql_kind){SQLC_SET, setting_flags(r)};
    }
}

static unsigned chain_flag(struct reader *r)
{
    return reader_accept(r, KW_and) && r->t.kw == KW_chain ? SQLF_CHAIN : 0;
}

static void skip_work(struct reader *r)
{
    if (!reader_accept(r, KW_work))
        reader_accept(r, KW_transaction);
}

static struct sql_kind commit(struct reader *r)
{
    if (r->t.kw == KW_prepared)
        return (struct sql_kind){SQLC_COMMIT_PREPARED, 0};
    skip_work(r);
    return (struct sql_kind){SQLC_COMMIT, chain_flag(r)};
}

static struct sql_kind rollback(struct reader *r)
{
    if (r->t.kw == KW_prepared)
        return (struct sql_kind){SQLC_ROLLBACK_PREPARED, 0};
    skip_work(r);
    if (r->t.kw == KW_to)
        return (struct sql_kind){SQLC_ROLLBACK_TO, 0};
    return (struct sql_kind){SQLC_ROLLBACK, chain_flag(r)};
}

static struct sql_kind start(struct reader *r)
{
    return (struct sql_kind){r->t.kw == KW_transaction ? SQLC_BEGIN : SQLC_OTHER, 0};
}

/* PREPARE TRANSACTION 'id', or PREPARE name, where the name may be "transaction" as well. */
static struct sql_kind prepare(struct reader *r)
{
    struct token id;

    if (r->t.kw == KW_transaction && tokens_peek(&r->ts, &id) &&
        (id.kind == TOK_STRING || id.kind == TOK_DOLLAR_STRING))
        return (struct sql_kind){SQLC_PREPARE_TRANSACTION, 0};
    return (struct sql_kind){SQLC_PREPARE, 0};
}

static struct sql_kind declare(struct reader *r)
{
    return (struct sql_kind){SQLC_DECLARE,
                             reader_rest_has_pair(*r, KW_with, KW_hold) ? SQLF_WITH_HOLD : 0};
}

/* PostgreSQL takes STDIN and STDOUT for each other. */
static struct sql_kind copy(struct reader *r)
{
    struct reader ahead = *r;
    unsigned flags = 0;

    for (; !reader_at_end(&ahead); reader_next(&ahead)) {
        bool from = ahead.last.kw == KW_from;
        if ((!from && ahead.last.kw != KW_to) || !reader_is_top(&ahead))
            continue;
        if (ahead.t.kw == KW_stdin || ahead.t.kw == KW_stdout)
            return (struct sql_kind){SQLC_COPY_STDIO, from ? SQLF_COPY_IN : 0};
        if (!from || sv_ieq(ahead.t.text, SV_LIT("program")))
            flags = SQLF_OUTSIDE;
    }
    return (struct sql_kind){SQLC_COPY_FILE, flags};
}

/* ---- the first word ---- */

/* A verb whose class needs no further word, or the function that reads on. The reader stands behind
 * the verb. */
static const struct verb {
    enum sql_class cls;
    struct sql_kind (*read)(struct reader *r);
    unsigned flags;
} verbs[KW_COUNT] = {
    [KW_select] = {SQLC_SELECT, NULL, 0},
    [KW_values] = {SQLC_SELECT, NULL, 0},
    [KW_table] = {SQLC_SELECT, NULL, 0},
    [KW_insert] = {SQLC_INSERT, NULL, 0},
    [KW_update] = {SQLC_UPDATE, NULL, 0},
    [KW_delete] = {SQLC_DELETE, NULL, 0},
    [KW_merge] = {SQLC_MERGE, NULL, 0},
    [KW_show] = {SQLC_SHOW, NULL, 0},
    [KW_set] = {SQLC_SET, set, 0},
    [KW_reset] = {SQLC_SET, NULL, 0},
    [KW_begin] = {SQLC_BEGIN, NULL, 0},
    [KW_start] = {SQLC_BEGIN, start, 0},
    [KW_commit] = {SQLC_COMMIT, commit, 0},
    [KW_end] = {SQLC_COMMIT, commit, 0},
    [KW_rollback] = {SQLC_ROLLBACK, rollback, 0},
    [KW_abort] = {SQLC_ROLLBACK, rollback, 0},
    [KW_savepoint] = {SQLC_SAVEPOINT, NULL, 0},
    [KW_release] = {SQLC_RELEASE, NULL, 0},
    [KW_prepare] = {SQLC_PREPARE, prepare, 0},
    [KW_execute] = {SQLC_EXECUTE, NULL, 0},
    [KW_deallocate] = {SQLC_DEALLOCATE, NULL, 0},
    [KW_declare] = {SQLC_DECLARE, declare, 0},
    [KW_fetch] = {SQLC_FETCH, NULL, 0},
    [KW_move] = {SQLC_MOVE, NULL, 0},
    [KW_close] = {SQLC_CLOSE, NULL, 0},
    [KW_listen] = {SQLC_LISTEN, NULL, 0},
    [KW_unlisten] = {SQLC_UNLISTEN, NULL, 0},
    [KW_notify] = {SQLC_NOTIFY, NULL, 0},
    [KW_copy] = {SQLC_COPY_FILE, copy, 0},
    [KW_lock] = {SQLC_LOCK, NULL, 0},
    [KW_discard] = {SQLC_DISCARD, NULL, 0},
    [KW_call] = {SQLC_CALL, NULL, 0},
    [KW_do] = {SQLC_DO, NULL, 0},
    [KW_create] = {SQLC_DDL, create, 0},
    [KW_alter] = {SQLC_DDL, alter, 0},
    [KW_drop] = {SQLC_DDL, drop, 0},
    [KW_truncate] = {SQLC_DDL, NULL, 0},
    [KW_comment] = {SQLC_DDL, NULL, 0},
    [KW_grant] = {SQLC_DDL, NULL, 0},
    [KW_revoke] = {SQLC_DDL, NULL, 0},
    [KW_refresh] = {SQLC_DDL, NULL, 0},
    [KW_import] = {SQLC_DDL, NULL, 0},
    [KW_security] = {SQLC_DDL, NULL, 0},
    [KW_reassign] = {SQLC_DDL, NULL, 0},
    [KW_reindex] = {SQLC_DDL, reindex, 0},
    [KW_cluster] = {SQLC_DDL, cluster, 0},
    [KW_vacuum] = {SQLC_ALONE, NULL, 0},
    /* The library is loaded into this session: as good as a call of a session function. */
    [KW_load] = {SQLC_OTHER, NULL, SQLF_SESSION_FUNCTION},
};

static void skip_open_parens(struct reader *r)
{
    while (r->t.kind == TOK_LPAREN)
        reader_next(r);
    r->base = r->depth;
}

/* SEARCH .. SET name, CYCLE .. SET name [..] USING name: they hold commas. */
static void skip_search_or_cycle(struct reader *r)
{
    while (r->t.kw == KW_search || r->t.kw == KW_cycle) {
        enum keyword last_word = r->t.kw == KW_search ? KW_set : KW_using;
        while (!reader_at_end(r) && r->t.kw != last_word)
            reader_next(r);
        reader_next(r); /* the name */
        reader_next(r);
    }
}

/* Behind WITH: skips its queries, so that the reader stands at the statement's own verb. False when
 * the text is not of that form. A query's name may be any word: WITH delete AS (..) SELECT. */
static bool skip_with(struct reader *r)
{
    reader_accept(r, KW_recursive);
    for (;;) {
        if (!token_is_name(&r->t))
            return false;
        reader_next(r);
        if (r->t.kind == TOK_LPAREN)
            reader_skip_parens(r);
        if (!reader_accept(r, KW_as))
            return false;
        reader_accept(r, KW_not);
        reader_accept(r, KW_materialized);
        if (r->t.kind != TOK_LPAREN)
            return false;
        reader_skip_parens(r);
        skip_search_or_cycle(r);
        if (r->t.kind != TOK_COMMA)
            return true;
        reader_next(r);
    }
}

/* Behind EXPLAIN: its options. Returns whether the statement is executed. */
bool classify_explain_executes(struct reader *r)
{
    struct token first;
    bool analyze = false;

    if (r->t.kind == TOK_LPAREN && tokens_peek(&r->ts, &first) && token_is_name(&first) &&
        first.kw != KW_select && first.kw != KW_with && first.kw != KW_values &&
        first.kw != KW_table) {
        analyze = reader_option_is_on(*r, KW_analyze, KW_analyse);
        reader_skip_parens(r);
        return analyze;
    }
    analyze = reader_accept(r, KW_analyze) || reader_accept(r, KW_analyse);
    reader_accept(r, KW_verbose);
    return analyze;
}

struct sql_kind classify_verb(struct reader *r)
{
    const struct verb *v;
    struct sql_kind k;

    skip_open_parens(r);
    if (reader_accept(r, KW_with)) {
        if (!skip_with(r))
            return (struct sql_kind){SQLC_OTHER, 0};
        skip_open_parens(r);
    }
    v = &verbs[r->t.kw];
    if (r->t.kw == KW_NONE || (v->cls == SQLC_EMPTY && v->read == NULL))
        return (struct sql_kind){SQLC_OTHER, 0};
    reader_next(r);
    k = v->read != NULL ? v->read(r) : (struct sql_kind){v->cls, 0};
    k.flags |= v->flags;
    return k;
}
