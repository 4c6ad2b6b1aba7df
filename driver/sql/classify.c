/* What a statement is, from its words alone. Two steps: the first words, through parentheses, WITH
 * and EXPLAIN, give the class (classify_verb.c); then one walk over all words gathers what may
 * stand anywhere (classify_walk.c).
 *
 * It cannot know what a function or a view does: for that the server is asked (a read-only
 * transaction refuses). Where a text is ambiguous the answer leans to the class that is treated
 * with more care. No recursion. Called by script.c. */
#include "sql/classify_parts.h"

#include "base/mem.h"
#include "sql/do_block.h"
#include "sql/setting_text.h"

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

struct sql_kind classify_without_body(struct strview stmt)
{
    struct reader r = {.ts = {stmt, 0}};
    struct reader first;
    struct sql_kind k;
    bool executes;

    if (!reader_next(&r))
        return (struct sql_kind){SQLC_EMPTY, 0};
    while (r.t.kind == TOK_SEMICOLON && reader_next(&r))
        continue;
    if (reader_at_end(&r))
        return (struct sql_kind){SQLC_EMPTY, 0};
    if (!reader_accept(&r, KW_explain)) {
        first = r;
        k = classify_verb(&r);
        first.base = r.base;
        k.flags |= classify_walk(first, k);
        k.flags = settle_set_config(stmt, k);
        return k;
    }
    executes = classify_explain_executes(&r);
    first = r;
    k = classify_verb(&r);
    if (!executes)
        return (struct sql_kind){SQLC_EXPLAIN, 0};
    first.base = r.base;
    k.flags |= classify_walk(first, k) | SQLF_EXPLAIN_ANALYZE;
    k.flags = settle_set_config(stmt, k);
    return k;
}

struct sql_kind sql_classify(struct strview stmt)
{
    struct sql_kind k = classify_without_body(stmt);

    if (k.cls == SQLC_DO)
        k.flags |= do_block_lasting_flags(stmt) | (do_block_listens(stmt) ? SQLF_LISTENS : 0);
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
