/* What a statement is, from its words alone. Two steps: the first words, through parentheses, WITH
 * and EXPLAIN, give the class; then one walk over all words gathers what may stand anywhere.
 *
 * It cannot know what a function or a view does: for that the server is asked (a read-only
 * transaction refuses). Where a text is ambiguous the answer leans to the class that is treated
 * with more care. No recursion. Called by script.c. */
#include "sql/classify.h"

#include "base/mem.h"
#include "sql/do_block.h"
#include "sql/setting_text.h"
#include "sql/token.h"

/* The words of one statement, with the nesting of parentheses. */
struct reader {
    struct tokens ts;
    struct token t;    /* the current token; kind TOK_SPACE at the end */
    struct token last; /* the one before */
    size_t depth;      /* parentheses and brackets around t, its own not counted */
    size_t base;       /* parentheses around the whole statement: ((SELECT 1)) has 2 */
};

static bool next(struct reader *r)
{
    r->last = r->t;
    r->depth += r->t.kind == TOK_LPAREN || r->t.kind == TOK_LBRACKET;
    if (!tokens_next(&r->ts, &r->t))
        return false;
    r->depth -= (r->t.kind == TOK_RPAREN || r->t.kind == TOK_RBRACKET) && r->depth > 0;
    return true;
}

static bool at_end(const struct reader *r)
{
    return r->t.text.len == 0;
}

static bool is_top(const struct reader *r)
{
    return r->depth <= r->base;
}

static bool accept(struct reader *r, enum keyword kw)
{
    if (r->t.kw != kw)
        return false;
    next(r);
    return true;
}

/* Behind the parenthesis that closes the one at r->t. */
static void skip_parens(struct reader *r)
{
    size_t outside = r->depth;

    while (next(r) && r->depth > outside)
        continue;
    next(r);
}

static bool is_name(const struct token *t)
{
    return t->kind == TOK_IDENT || t->kind == TOK_QUOTED_IDENT;
}

/* Does a top-level word of the rest of the statement match? For the verbs whose other words cannot
 * be mistaken. */
static bool rest_has(struct reader r, enum keyword kw)
{
    for (; !at_end(&r); next(&r))
        if (r.t.kw == kw && is_top(&r))
            return true;
    return false;
}

static bool rest_has_pair(struct reader r, enum keyword first, enum keyword second)
{
    for (; !at_end(&r); next(&r))
        if (r.t.kw == second && r.last.kw == first && is_top(&r))
            return true;
    return false;
}

/* A parenthesised list of options, at r->t: is `kw` there and not switched off? `kw2` is its other
 * spelling. */
static bool option_is_on(struct reader r, enum keyword kw, enum keyword kw2)
{
    size_t outside = r.depth;
    bool on = false;

    while (next(&r) && r.depth > outside) {
        if (r.t.kw != KW_NONE && (r.t.kw == kw || r.t.kw == kw2) &&
            (r.last.kind == TOK_LPAREN || r.last.kind == TOK_COMMA)) {
            struct token value;
            bool given = tokens_peek(&r.ts, &value);
            on = !given ||
                 !(value.kw == KW_false || value.kw == KW_off || sv_eq(value.text, SV_LIT("0")) ||
                   sv_ieq(value.text, SV_LIT("'off'")) || sv_ieq(value.text, SV_LIT("'false'")));
        }
    }
    return on;
}

/* ---- CREATE and what may not run in a transaction block ---- */

static bool names_pg_temp(const struct reader *r)
{
    struct token dot;

    return (r->t.kw == KW_pg_temp || sv_eq(r->t.text, SV_LIT("\"pg_temp\""))) &&
           tokens_peek(&r->ts, &dot) && dot.kind == TOK_DOT;
}

static bool is_temp_word(enum keyword kw)
{
    return kw == KW_temp || kw == KW_temporary;
}

/* Behind CREATE: CREATE [OR REPLACE] [GLOBAL|LOCAL] [TEMP] object [CONCURRENTLY] [IF NOT EXISTS]
 * [pg_temp.]name */
static struct sql_kind create(struct reader *r)
{
    struct sql_kind k = {SQLC_DDL, 0};
    bool concurrent = false;

    if (accept(r, KW_or))
        accept(r, KW_replace);
    if (!accept(r, KW_global))
        accept(r, KW_local);
    if (is_temp_word(r->t.kw)) {
        k.flags |= SQLF_TEMP;
        next(r);
    }
    accept(r, KW_unique);
    if (r->t.kw == KW_database || r->t.kw == KW_tablespace || r->t.kw == KW_subscription)
        k.cls = SQLC_ALONE;
    concurrent = accept(r, KW_index) && r->t.kw == KW_concurrently;
    if (concurrent)
        k.cls = SQLC_ALONE;
    /* The name stands before the first parenthesis; the words up to AS suffice. */
    for (; !at_end(r) && r->t.kind != TOK_LPAREN && r->t.kw != KW_as && r->t.kw != KW_on; next(r))
        if (names_pg_temp(r))
            k.flags |= SQLF_TEMP;
    if (rest_has_pair(*r, KW_on, KW_commit))
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
        alone = rest_has_pair(*r, KW_set, KW_tablespace);
    else if (object == KW_subscription)
        alone = rest_has(*r, KW_publication);
    else if (object == KW_table)
        alone = rest_has(*r, KW_partition) && rest_has(*r, KW_concurrently);
    return (struct sql_kind){ddl_or_alone(alone), 0};
}

static struct sql_kind drop(struct reader *r)
{
    bool alone = r->t.kw == KW_database || r->t.kw == KW_tablespace || r->t.kw == KW_subscription;

    if (accept(r, KW_index))
        alone = r->t.kw == KW_concurrently;
    return (struct sql_kind){ddl_or_alone(alone), 0};
}

/* REINDEX [(options)] INDEX|TABLE|SCHEMA|DATABASE|SYSTEM [CONCURRENTLY] name */
static struct sql_kind reindex(struct reader *r)
{
    bool alone = false;

    if (r->t.kind == TOK_LPAREN) {
        alone = option_is_on(*r, KW_concurrently, KW_NONE);
        skip_parens(r);
    }
    alone |= r->t.kw == KW_schema || r->t.kw == KW_database || r->t.kw == KW_system;
    next(r);
    return (struct sql_kind){ddl_or_alone(alone || r->t.kw == KW_concurrently), 0};
}

/* Without a table it commits after each one. */
static struct sql_kind cluster(struct reader *r)
{
    if (r->t.kind == TOK_LPAREN)
        skip_parens(r);
    accept(r, KW_verbose);
    return (struct sql_kind){ddl_or_alone(!is_name(&r->t)), 0};
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
        if (is_name(&second) && second.kw != KW_to) {
            next(r);
            return (struct sql_kind){local ? SQLC_SET_LOCAL : SQLC_SET, seed_flag(&r->t, &r->ts)};
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
        return (struct sql_kind){SQLC_SET, seed_flag(&r->t, &r->ts)};
    }
}

static unsigned chain_flag(struct reader *r)
{
    return accept(r, KW_and) && r->t.kw == KW_chain ? SQLF_CHAIN : 0;
}

static void skip_work(struct reader *r)
{
    if (!accept(r, KW_work))
        accept(r, KW_transaction);
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
                             rest_has_pair(*r, KW_with, KW_hold) ? SQLF_WITH_HOLD : 0};
}

/* PostgreSQL takes STDIN and STDOUT for each other. */
static struct sql_kind copy(struct reader *r)
{
    struct reader ahead = *r;

    for (; !at_end(&ahead); next(&ahead))
        if ((ahead.last.kw == KW_from || ahead.last.kw == KW_to) && is_top(&ahead) &&
            (ahead.t.kw == KW_stdin || ahead.t.kw == KW_stdout))
            return (struct sql_kind){SQLC_COPY_STDIO, ahead.last.kw == KW_from ? SQLF_COPY_IN : 0};
    return (struct sql_kind){SQLC_COPY_FILE, 0};
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
        next(r);
    r->base = r->depth;
}

/* SEARCH .. SET name, CYCLE .. SET name [..] USING name: they hold commas. */
static void skip_search_or_cycle(struct reader *r)
{
    while (r->t.kw == KW_search || r->t.kw == KW_cycle) {
        enum keyword last_word = r->t.kw == KW_search ? KW_set : KW_using;
        while (!at_end(r) && r->t.kw != last_word)
            next(r);
        next(r); /* the name */
        next(r);
    }
}

/* Behind WITH: skips its queries, so that the reader stands at the statement's own verb. False when
 * the text is not of that form. A query's name may be any word: WITH delete AS (..) SELECT. */
static bool skip_with(struct reader *r)
{
    accept(r, KW_recursive);
    for (;;) {
        if (!is_name(&r->t))
            return false;
        next(r);
        if (r->t.kind == TOK_LPAREN)
            skip_parens(r);
        if (!accept(r, KW_as))
            return false;
        accept(r, KW_not);
        accept(r, KW_materialized);
        if (r->t.kind != TOK_LPAREN)
            return false;
        skip_parens(r);
        skip_search_or_cycle(r);
        if (r->t.kind != TOK_COMMA)
            return true;
        next(r);
    }
}

/* Behind EXPLAIN: its options. Returns whether the statement is executed. */
static bool explain_executes(struct reader *r)
{
    struct token first;
    bool analyze = false;

    if (r->t.kind == TOK_LPAREN && tokens_peek(&r->ts, &first) && first.kind == TOK_IDENT &&
        first.kw != KW_select && first.kw != KW_with && first.kw != KW_values &&
        first.kw != KW_table) {
        analyze = option_is_on(*r, KW_analyze, KW_analyse);
        skip_parens(r);
        return analyze;
    }
    analyze = accept(r, KW_analyze) || accept(r, KW_analyse);
    accept(r, KW_verbose);
    return analyze;
}

static struct sql_kind read_verb(struct reader *r)
{
    const struct verb *v;
    struct sql_kind k;

    skip_open_parens(r);
    if (accept(r, KW_with)) {
        if (!skip_with(r))
            return (struct sql_kind){SQLC_OTHER, 0};
        skip_open_parens(r);
    }
    v = &verbs[r->t.kw];
    if (r->t.kw == KW_NONE || (v->cls == SQLC_EMPTY && v->read == NULL))
        return (struct sql_kind){SQLC_OTHER, 0};
    next(r);
    k = v->read != NULL ? v->read(r) : (struct sql_kind){v->cls, 0};
    k.flags |= v->flags;
    return k;
}

/* ---- what may stand anywhere ---- */

/* Functions whose effect or answer belongs to a session. */
static const char *const session_functions[] = {
    "pg_advisory_lock",
    "pg_advisory_lock_shared",
    "pg_advisory_unlock",
    "pg_advisory_unlock_all",
    "pg_advisory_unlock_shared",
    "pg_try_advisory_lock",
    "pg_try_advisory_lock_shared",
    "currval",
    "lastval",
    "dblink_connect",
    "dblink_connect_u",
    "pg_replication_origin_session_setup",
};

/* Functions whose effect or answer belongs to a transaction, and which the server allows in a
 * read-only one (large objects: up to version 15). */
static const char *const transaction_functions[] = {
    "pg_advisory_xact_lock",
    "pg_advisory_xact_lock_shared",
    "pg_try_advisory_xact_lock",
    "pg_try_advisory_xact_lock_shared",
    "pg_notify",
    "lo_creat",
    "lo_create",
    "lo_from_bytea",
    "lo_import",
    "lo_put",
    "lo_truncate",
    "lo_truncate64",
    "lo_unlink",
    "lowrite",
    "pg_current_xact_id",
    "pg_current_xact_id_if_assigned",
    "txid_current",
    "txid_current_if_assigned",
    "pg_export_snapshot",
    "pg_logical_emit_message",
};

/* The name as the server would read it. */
static struct strview bare_name(const struct token *t)
{
    return t->kind == TOK_QUOTED_IDENT ? sv_n(t->text.ptr + 1, t->text.len - 2) : t->text;
}

static bool is_call_of(const struct token *t, const char *name)
{
    struct strview bare = bare_name(t);

    return t->kind == TOK_QUOTED_IDENT ? sv_eq(bare, sv(name)) : sv_ieq(bare, sv(name));
}

/* How far a call of set_config is read for its third argument. Calls nested in each other must not
 * be read over and over. */
#define SET_CONFIG_MAX_TOKENS 200

/* The value of set_config's third argument; r stands at its "(". Anything but a plain true is taken
 * for false. */
static bool third_argument_is_true(struct reader r)
{
    size_t inside = r.depth + 1;
    size_t commas = 0;
    size_t tokens = 0;
    bool is_true;

    for (next(&r); !at_end(&r) && r.depth >= inside && commas < 2; next(&r)) {
        commas += r.t.kind == TOK_COMMA && r.depth == inside;
        if (++tokens > SET_CONFIG_MAX_TOKENS)
            return false;
    }
    if (commas < 2)
        return false;
    if (r.t.kw == KW_is_local) {
        struct reader ahead = r;
        next(&ahead);
        if (token_is_op(&ahead.t, "=>") || token_is_op(&ahead.t, ":=")) {
            next(&ahead);
            r = ahead;
        }
    }
    is_true = r.t.kw == KW_true || sv_ieq(r.t.text, SV_LIT("'t'")) ||
              sv_ieq(r.t.text, SV_LIT("'true'")) || sv_ieq(r.t.text, SV_LIT("'on'")) ||
              sv_eq(r.t.text, SV_LIT("'1'"));
    next(&r);
    return is_true && r.t.kind == TOK_RPAREN;
}

struct calls_seen {
    bool setseed, random;
    bool set_config; /* for the session: another need not be read */
};

/* r->t is "(" and the name of a function stands before it. */
static unsigned function_flags(const struct reader *r, struct calls_seen *seen)
{
    const struct token *name = &r->last;

    if (is_call_of(name, "set_config")) {
        if (!seen->set_config && third_argument_is_true(*r))
            return SQLF_SET_CONFIG_LOCAL;
        seen->set_config = true;
        return SQLF_SET_CONFIG_SESSION;
    }
    if (is_call_of(name, "nextval") || is_call_of(name, "setval"))
        return SQLF_SEQUENCE;
    seen->setseed |= is_call_of(name, "setseed");
    seen->random |= is_call_of(name, "random");
    for (size_t i = 0; i < ARRAY_LEN(session_functions); i++)
        if (is_call_of(name, session_functions[i]))
            return SQLF_SESSION_FUNCTION;
    for (size_t i = 0; i < ARRAY_LEN(transaction_functions); i++)
        if (is_call_of(name, transaction_functions[i]))
            return SQLF_TRANSACTION_FUNCTION;
    return 0;
}

/* FOR [NO KEY] UPDATE, FOR [KEY] SHARE: r->t is FOR. */
static bool locks_rows(struct reader r)
{
    next(&r);
    if (accept(&r, KW_no))
        return r.t.kw == KW_key;
    accept(&r, KW_key);
    return r.t.kw == KW_update || r.t.kw == KW_share;
}

/* Is r->t the verb of a query that writes, inside the parentheses of a WITH? FOR UPDATE, ON
 * CONFLICT DO UPDATE and MERGE's THEN UPDATE have another word before, a column of that name has no
 * name or INTO or FROM behind. */
static bool is_inner_write(const struct reader *r)
{
    struct token after;

    if (r->t.kw != KW_insert && r->t.kw != KW_update && r->t.kw != KW_delete && r->t.kw != KW_merge)
        return false;
    if (r->last.kind != TOK_LPAREN && r->last.kind != TOK_RPAREN)
        return false;
    tokens_peek(&r->ts, &after);
    if (r->t.kw == KW_update)
        return is_name(&after);
    return after.kw == (r->t.kw == KW_delete ? KW_from : KW_into);
}

/* SELECT .. INTO [TEMP|..] name: r->t is INTO. */
static unsigned select_into_flags(struct reader r)
{
    unsigned flags = SQLF_SELECT_INTO;

    next(&r);
    if (!accept(&r, KW_local))
        accept(&r, KW_global);
    if (is_temp_word(r.t.kw))
        flags |= SQLF_TEMP;
    accept(&r, KW_table);
    return names_pg_temp(&r) ? flags | SQLF_TEMP : flags;
}

static bool is_dml(enum sql_class c)
{
    return c == SQLC_INSERT || c == SQLC_UPDATE || c == SQLC_DELETE || c == SQLC_MERGE;
}

static unsigned word_flags(const struct reader *r, enum sql_class cls)
{
    /* A column's name (t.into) or label (AS into) may be any word. */
    if (r->last.kind == TOK_DOT || r->last.kw == KW_as)
        return 0;
    switch (r->t.kw) {
    case KW_returning:
        return is_dml(cls) && is_top(r) ? SQLF_RETURNING : 0;
    case KW_into:
        return cls == SQLC_SELECT && is_top(r) ? select_into_flags(*r) : 0;
    case KW_for:
        return locks_rows(*r) ? SQLF_LOCKS_ROWS : 0;
    default:
        return !is_top(r) && is_inner_write(r) ? SQLF_WRITES_CTE : 0;
    }
}

/* Is a function called at r->t, "("? Its schema, if one is named, must be pg_catalog. `before` is
 * the token before the name's last part: a dot, or anything. */
static bool is_function_call(const struct reader *r, const struct token *schema,
                             const struct token *before)
{
    if (r->t.kind != TOK_LPAREN || !is_name(&r->last))
        return false;
    return before->kind != TOK_DOT || is_call_of(schema, "pg_catalog");
}

/* CREATE TABLE .. AS and CREATE MATERIALIZED VIEW .. AS run their query; other definitions only
 * keep it. */
static bool runs_query(struct reader r)
{
    while (r.t.kw != KW_NONE && r.t.kw != KW_table && r.t.kw != KW_materialized)
        next(&r);
    return r.t.kw == KW_table || r.t.kw == KW_materialized;
}

/* The walk. `r` stands at the first word. */
static unsigned gather(struct reader r, struct sql_kind k)
{
    struct token before = {0}; /* the token before r.last */
    struct token schema = {0}; /* and the one before that */
    struct calls_seen seen = {false, false, false};
    bool runs = k.cls != SQLC_DDL;
    bool runs_behind_as = !runs && r.t.kw == KW_create && runs_query(r);
    unsigned flags = 0;

    while (!at_end(&r)) {
        if (r.t.kw != KW_NONE) {
            flags |= word_flags(&r, k.cls);
            runs |= runs_behind_as && r.t.kw == KW_as && is_top(&r);
        } else if (runs && is_function_call(&r, &schema, &before)) {
            flags |= function_flags(&r, &seen);
        }
        schema = before;
        before = r.last;
        next(&r);
    }
    /* A seed with its random numbers in one statement has had its effect. */
    return seen.setseed && !seen.random ? flags | SQLF_SESSION_FUNCTION : flags;
}

static bool sets_seed(const struct setting_call *calls, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (sv_ieq(calls[i].name, SV_LIT("'seed'")))
            return true;
    return false;
}

/* A statement that does nothing but set_config can be carried; among other things it is a session's
 * function. */
static unsigned settle_set_config(struct strview stmt, struct sql_kind k)
{
    struct setting_call calls[SETTING_MAX_CALLS];
    const unsigned any = SQLF_SET_CONFIG_LOCAL | SQLF_SET_CONFIG_SESSION;
    const unsigned others = k.flags & ~any;
    size_t n = 0;

    if ((k.flags & any) == 0)
        return k.flags;
    if (k.cls == SQLC_SELECT && others == 0)
        n = setting_calls_read(stmt, calls, ARRAY_LEN(calls));
    if (sets_seed(calls, n))
        return others | SQLF_SESSION_FUNCTION;
    if (n > 0)
        return k.flags | SQLF_SET_CONFIG_ALONE;
    if (k.flags & SQLF_SET_CONFIG_SESSION)
        return (k.flags & ~(unsigned)SQLF_SET_CONFIG_SESSION) | SQLF_SESSION_FUNCTION;
    return k.flags;
}

struct sql_kind sql_classify(struct strview stmt)
{
    struct reader r = {.ts = {stmt, 0}};
    struct reader first;
    struct sql_kind k;
    bool executes;

    if (!next(&r))
        return (struct sql_kind){SQLC_EMPTY, 0};
    while (r.t.kind == TOK_SEMICOLON && next(&r))
        continue;
    if (at_end(&r))
        return (struct sql_kind){SQLC_EMPTY, 0};
    if (!accept(&r, KW_explain)) {
        first = r;
        k = read_verb(&r);
        first.base = r.base;
        k.flags |= gather(first, k);
        k.flags = settle_set_config(stmt, k);
        if (k.cls == SQLC_DO)
            k.flags |= do_block_lasting_flags(stmt) | (do_block_listens(stmt) ? SQLF_LISTENS : 0);
        return k;
    }
    executes = explain_executes(&r);
    first = r;
    k = read_verb(&r);
    if (!executes)
        return (struct sql_kind){SQLC_EXPLAIN, 0};
    first.base = r.base;
    k.flags |= gather(first, k) | SQLF_EXPLAIN_ANALYZE;
    k.flags = settle_set_config(stmt, k);
    return k;
}

/* ---- names ---- */

const char *sql_class_name(enum sql_class c)
{
    static const char *const names[] = {
        [SQLC_EMPTY] = "an empty statement",
        [SQLC_SELECT] = "SELECT",
        [SQLC_INSERT] = "INSERT",
        [SQLC_UPDATE] = "UPDATE",
        [SQLC_DELETE] = "DELETE",
        [SQLC_MERGE] = "MERGE",
        [SQLC_EXPLAIN] = "EXPLAIN",
        [SQLC_SHOW] = "SHOW",
        [SQLC_SET] = "SET",
        [SQLC_SET_LOCAL] = "SET LOCAL",
        [SQLC_SET_TRANSACTION] = "SET TRANSACTION",
        [SQLC_SET_SESSION_CHARACTERISTICS] = "SET SESSION CHARACTERISTICS",
        [SQLC_BEGIN] = "BEGIN",
        [SQLC_COMMIT] = "COMMIT",
        [SQLC_ROLLBACK] = "ROLLBACK",
        [SQLC_SAVEPOINT] = "SAVEPOINT",
        [SQLC_RELEASE] = "RELEASE SAVEPOINT",
        [SQLC_ROLLBACK_TO] = "ROLLBACK TO SAVEPOINT",
        [SQLC_PREPARE_TRANSACTION] = "PREPARE TRANSACTION",
        [SQLC_COMMIT_PREPARED] = "COMMIT PREPARED",
        [SQLC_ROLLBACK_PREPARED] = "ROLLBACK PREPARED",
        [SQLC_PREPARE] = "PREPARE",
        [SQLC_EXECUTE] = "EXECUTE",
        [SQLC_DEALLOCATE] = "DEALLOCATE",
        [SQLC_DECLARE] = "DECLARE CURSOR",
        [SQLC_FETCH] = "FETCH",
        [SQLC_MOVE] = "MOVE",
        [SQLC_CLOSE] = "CLOSE",
        [SQLC_LISTEN] = "LISTEN",
        [SQLC_UNLISTEN] = "UNLISTEN",
        [SQLC_NOTIFY] = "NOTIFY",
        [SQLC_COPY_STDIO] = "COPY with STDIN or STDOUT",
        [SQLC_COPY_FILE] = "COPY with a file",
        [SQLC_LOCK] = "LOCK",
        [SQLC_DISCARD] = "DISCARD",
        [SQLC_CALL] = "CALL",
        [SQLC_DO] = "DO",
        [SQLC_DDL] = "a definition statement",
        [SQLC_ALONE] = "a statement that cannot run in a transaction",
        [SQLC_OTHER] = "this statement",
    };
    return (size_t)c < ARRAY_LEN(names) && names[c] != NULL ? names[c] : "this statement";
}

bool sql_kind_may_return_rows(struct sql_kind k)
{
    if (k.flags & (SQLF_RETURNING | SQLF_EXPLAIN_ANALYZE))
        return true;
    switch (k.cls) {
    case SQLC_SELECT:
        return !(k.flags & SQLF_SELECT_INTO);
    case SQLC_SHOW:
    case SQLC_EXPLAIN:
    case SQLC_FETCH:
    case SQLC_EXECUTE:
    case SQLC_CALL:
        return true;
    default:
        return false;
    }
}
