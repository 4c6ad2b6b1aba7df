/* What may stand anywhere in a statement: functions of a session, queries that write inside WITH,
 * row locks, RETURNING, INTO. One walk over all its words. Called by classify.c. */
#include "sql/classify_parts.h"

#include "base/mem.h"

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
    "pg_backup_start",
    "pg_start_backup", /* its name up to version 14 */
    "set_limit",       /* of pg_trgm */
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

/* How far a call is read for its third argument. Calls nested in each other must not be read over
 * and over. */
#define CALL_MAX_TOKENS 200

/* The value of set_config's third argument; r stands at its "(". Anything but a plain true is taken
 * for false. */
static bool third_argument_is_true(struct reader r)
{
    size_t inside = r.depth + 1;
    size_t commas = 0;
    size_t tokens = 0;
    bool is_true;

    for (reader_next(&r); !reader_at_end(&r) && r.depth >= inside && commas < 2; reader_next(&r)) {
        commas += r.t.kind == TOK_COMMA && r.depth == inside;
        if (++tokens > CALL_MAX_TOKENS)
            return false;
    }
    if (commas < 2)
        return false;
    if (r.t.kw == KW_is_local) {
        struct reader ahead = r;
        reader_next(&ahead);
        if (token_is_op(&ahead.t, "=>") || token_is_op(&ahead.t, ":=")) {
            reader_next(&ahead);
            r = ahead;
        }
    }
    is_true = r.t.kw == KW_true || sv_ieq(r.t.text, SV_LIT("'t'")) ||
              sv_ieq(r.t.text, SV_LIT("'true'")) || sv_ieq(r.t.text, SV_LIT("'on'")) ||
              sv_eq(r.t.text, SV_LIT("'1'"));
    reader_next(&r);
    return is_true && r.t.kind == TOK_RPAREN;
}

static bool makes_slot(const struct token *name)
{
    return is_call_of(name, "pg_create_physical_replication_slot") ||
           is_call_of(name, "pg_create_logical_replication_slot") ||
           is_call_of(name, "pg_copy_physical_replication_slot") ||
           is_call_of(name, "pg_copy_logical_replication_slot");
}

/* A slot ends with its session when the third argument says so, or one that is named temporary. r
 * stands at "(". */
static bool may_be_temporary(struct reader r)
{
    size_t inside = r.depth + 1;
    size_t commas = 0;
    size_t tokens = 0;
    bool temporary = false;

    for (reader_next(&r); !reader_at_end(&r) && r.depth >= inside; reader_next(&r)) {
        if (++tokens > CALL_MAX_TOKENS)
            return true;
        commas += r.t.kind == TOK_COMMA && r.depth == inside;
        temporary |= r.t.kw == KW_temporary;
        if (commas == 2 && r.last.kind == TOK_COMMA)
            temporary = r.t.kw != KW_false;
    }
    return temporary;
}

struct calls_seen {
    bool setseed, random;
    bool lo_open, loread;
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
    seen->lo_open |= is_call_of(name, "lo_open");
    seen->loread |= is_call_of(name, "loread");
    if (makes_slot(name) && may_be_temporary(*r))
        return SQLF_SESSION_FUNCTION;
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
    reader_next(&r);
    if (reader_accept(&r, KW_no))
        return r.t.kw == KW_key;
    reader_accept(&r, KW_key);
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
        return token_is_name(&after);
    return after.kw == (r->t.kw == KW_delete ? KW_from : KW_into);
}

/* SELECT .. INTO [TEMP|..] name: r->t is INTO. */
static unsigned select_into_flags(struct reader r)
{
    unsigned flags = SQLF_SELECT_INTO | SQLF_CREATES;
    struct token dot;

    reader_next(&r);
    if (!reader_accept(&r, KW_local))
        reader_accept(&r, KW_global);
    if (keyword_is_temp(r.t.kw))
        flags |= SQLF_TEMP;
    reader_accept(&r, KW_table);
    for (; token_is_name(&r.t) && tokens_peek(&r.ts, &dot) && dot.kind == TOK_DOT;
         reader_next(&r), reader_next(&r))
        if (reader_names_pg_temp(&r))
            flags |= SQLF_TEMP;
    return flags;
}

static bool is_dml(enum sql_class c)
{
    return c == SQLC_INSERT || c == SQLC_UPDATE || c == SQLC_DELETE || c == SQLC_MERGE;
}

/* UPDATE [ONLY] [pg_catalog.]pg_settings, a view whose rule is set_config(.., false). */
static bool updates_settings(struct reader r)
{
    struct token dot;

    if (r.t.kw != KW_update)
        return false;
    reader_next(&r);
    reader_accept(&r, KW_only);
    for (int part = 0; part < 2 && tokens_peek(&r.ts, &dot) && dot.kind == TOK_DOT; part++) {
        reader_next(&r);
        reader_next(&r);
    }
    return is_call_of(&r.t, "pg_settings");
}

static unsigned word_flags(const struct reader *r, enum sql_class cls)
{
    switch (r->t.kw) {
    case KW_returning:
        return is_dml(cls) && reader_is_top(r) ? SQLF_RETURNING : 0;
    case KW_into:
        return cls == SQLC_SELECT && reader_is_top(r) ? select_into_flags(*r) : 0;
    case KW_for:
        return locks_rows(*r) ? SQLF_LOCKS_ROWS : 0;
    default:
        return !reader_is_top(r) && is_inner_write(r) ? SQLF_WRITES_CTE : 0;
    }
}

/* Is a function called at r->t, "("? Its schema, if one is named, must be pg_catalog. `before` is
 * the token before the name's last part: a dot, or anything. */
static bool is_function_call(const struct reader *r, const struct token *schema,
                             const struct token *before)
{
    if (r->t.kind != TOK_LPAREN || !token_is_name(&r->last))
        return false;
    return before->kind != TOK_DOT || is_call_of(schema, "pg_catalog");
}

/* CREATE TABLE .. AS and CREATE MATERIALIZED VIEW .. AS run their query; other definitions only
 * keep it. */
static bool runs_query(struct reader r)
{
    while (r.t.kw != KW_NONE && r.t.kw != KW_table && r.t.kw != KW_materialized)
        reader_next(&r);
    return r.t.kw == KW_table || r.t.kw == KW_materialized;
}

/* The walk. `r` stands at the first word. */
unsigned classify_walk(struct reader r, struct sql_kind k)
{
    struct token before = {0}; /* the token before r.last */
    struct token schema = {0}; /* and the one before that */
    struct calls_seen seen = {0};
    bool runs = k.cls != SQLC_DDL;
    bool runs_behind_as = !runs && r.t.kw == KW_create && runs_query(r);
    bool named = false; /* r.last was such a name itself: t.as, AS as */
    unsigned flags = 0;

    while (!reader_at_end(&r)) {
        /* A column's name (t.into) or label (AS into) may be any word. */
        named = !named && (r.last.kind == TOK_DOT || r.last.kw == KW_as);
        if (r.t.kw != KW_NONE && !named) {
            flags |= word_flags(&r, k.cls);
            flags |= runs && updates_settings(r) ? SQLF_SESSION_FUNCTION : 0;
            runs |= runs_behind_as && r.t.kw == KW_as && reader_is_top(&r);
        }
        if (runs && is_function_call(&r, &schema, &before))
            flags |= function_flags(&r, &seen);
        schema = before;
        before = r.last;
        reader_next(&r);
    }
    /* A seed with its random numbers, a large object with what is read of it, in one statement:
     * they have had their effect. */
    if (seen.setseed && !seen.random)
        flags |= SQLF_SESSION_FUNCTION;
    return seen.lo_open && !seen.loread ? flags | SQLF_TRANSACTION_FUNCTION : flags;
}
