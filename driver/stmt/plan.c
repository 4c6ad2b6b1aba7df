/* The planner: reads plan.def. Called by execute.c; knows no handle and sends nothing. */
#include "stmt/plan.h"

enum refusal {
    R_NOTHING,
    R_SETTING,
    R_TRANSACTION,
    R_ALONE,
    R_SQL_PREPARE,
    R_CURSOR,
    R_LISTEN,
    R_COPY,
    R_LOCK,
    R_TEMP,
    R_SESSION_FUNCTION,
    R_HOLD,
    R_READ_ONLY_ALONE,
    R_READ_ONLY_ENDS,
    R_READ_ONLY_BRACKETS,
    R_CONTROL_AMONG_OTHERS,
    R_MIXED,
    R_ALONE_IN_BLOCK,
    R_RETURNING,
    R_CALL,
    R_ROW_LOCKS,
    R_SEQUENCE,
    R_READ_ONLY,
    R_TWO_PHASE,
    R_BY_ITSELF,
    R_CARRIED,
    R_SET_CONFIG,
    R_TRANSACTION_FUNCTION,
    R_VARIES,
    R_OUTSIDE
};

#define BUFFERED "Over HTTP a transaction is sent as a whole when it commits"
#define IN_SESSION "Use Transport=auto or Transport=websocket"
#define NO_SESSION "Neon's HTTP endpoint keeps no session between two statements"

static const struct {
    enum sqlstate state;
    const char *text;
} refusals[] = {
    [R_NOTHING] = {ST_HYC00, "This statement cannot be sent over HTTP."},
    [R_SETTING] = {ST_HYC00, NO_SESSION
                   ", so this setting would be lost at once. Send it by itself, not among other "
                   "statements."},
    [R_TRANSACTION] = {ST_25000,
                       "This statement needs an open transaction: send BEGIN first, or switch "
                       "autocommit off (SQL_ATTR_AUTOCOMMIT)."},
    [R_ALONE] =
        {ST_25000,
         "This statement cannot run inside a transaction block, and several statements in one text "
         "are one transaction. Send it by itself."},
    [R_SQL_PREPARE] = {ST_HYC00, NO_SESSION
                       ", so a statement prepared with PREPARE would be gone at once. " IN_SESSION
                       ", or the ODBC function SQLPrepare (your tool's prepared statements)."},
    [R_CURSOR] = {ST_HYC00, NO_SESSION
                  ", so an SQL cursor would be gone at once. " IN_SESSION
                  ", or run its SELECT directly: the driver streams the result; or send DECLARE "
                  "and FETCH together in one text."},
    [R_LISTEN] =
        {ST_HYC00, NO_SESSION
         ", so LISTEN would be gone at once, and nobody would hear the notifications. " IN_SESSION
         ", and read NEON_ATTR_NOTIFICATION or SHOW neon_odbc.notifications (docs/sessions.md); or "
         "poll a table. NOTIFY works."},
    [R_COPY] =
        {ST_HYC00,
         "COPY FROM STDIN and COPY TO STDOUT need a data stream that HTTP cannot carry. " IN_SESSION
         ", or INSERT (arrays of parameters) and SELECT instead."},
    [R_LOCK] = {ST_HYC00, NO_SESSION
                ", so this lock would be released at once. " IN_SESSION
                ", or send LOCK TABLE together with the statements that need it in one text, "
                "separated by semicolons."},
    [R_TEMP] = {ST_HYC00, NO_SESSION
                ", so a temporary table would be gone at once. " IN_SESSION
                ", or create an ordinary table (CREATE UNLOGGED TABLE is fast) and drop it "
                "afterwards."},
    [R_SESSION_FUNCTION] =
        {ST_HYC00, NO_SESSION
         ", so what this leaves in one or takes from it (a session-level advisory "
         "lock, currval, lastval, set_config(..., false) among other things, SET seed, UPDATE "
         "pg_settings, SET in the body of a DO) would have no lasting effect or no "
         "value. " IN_SESSION
         "; or INSERT ... RETURNING instead of currval, pg_advisory_xact_lock inside one text "
         "instead of session locks, and SELECT set_config(...) by "
         "itself."},
    [R_HOLD] = {ST_HYC00,
                NO_SESSION ", so a cursor WITH HOLD would be gone at once. " IN_SESSION
                           ", or run its SELECT directly: the driver streams the result."},
    [R_READ_ONLY_ALONE] =
        {ST_25006, "The connection is read-only (ReadOnly=1 or SQL_ATTR_ACCESS_MODE), and this "
                   "statement cannot run inside the read-only transaction that guarantees it."},
    [R_READ_ONLY_ENDS] =
        {ST_25006, "The connection is read-only (ReadOnly=1 or SQL_ATTR_ACCESS_MODE), and outside "
                   "of a transaction this statement could end the read-only one that guarantees it "
                   "(COMMIT in its body). With a session (Transport=auto, Transport=websocket) it "
                   "runs inside a transaction: switch autocommit off, or send BEGIN before it."},
    [R_READ_ONLY_BRACKETS] =
        {ST_25000, "The connection is read-only (ReadOnly=1), and among other statements of one "
                   "text this could end the read-only transaction that guarantees it. Send it by "
                   "itself."},
    [R_CONTROL_AMONG_OTHERS] =
        {ST_25000, "BEGIN, COMMIT, ROLLBACK and savepoints cannot stand among other "
                   "statements of one text, because several statements in one text are "
                   "one transaction. Send them one by one."},
    [R_MIXED] =
        {ST_HYC00,
         "In an open transaction over HTTP a text cannot hold several statements when one of "
         "them returns rows. Send them one by one; or: " IN_SESSION "."},
    [R_ALONE_IN_BLOCK] = {ST_25000,
                          "This statement cannot run inside a transaction block. Commit, switch "
                          "autocommit on, and send it by itself."},
    [R_RETURNING] = {ST_HYC00,
                     BUFFERED ", so the rows that this statement returns would not be those of the "
                              "commit (keys from sequences, times). " IN_SESSION
                              ", or run it with autocommit on."},
    [R_CALL] = {ST_HYC00, BUFFERED ", so what a procedure returns cannot be known. " IN_SESSION
                                   ", or call it with autocommit on."},
    [R_ROW_LOCKS] = {ST_HYC00,
                     BUFFERED ", so no row would stay locked (FOR UPDATE, FOR SHARE). " IN_SESSION
                              "; or use SERIALIZABLE, which checks at the commit that what was "
                              "read is still true."},
    [R_TWO_PHASE] = {ST_HYC00,
                     NO_SESSION ", so a transaction cannot be prepared in one and committed in "
                                "another. Use COMMIT; or: " IN_SESSION "."},
    [R_READ_ONLY] = {ST_25006,
                     "The transaction is read-only: it was begun so, or the connection is "
                     "(ReadOnly=1, SQL_ATTR_ACCESS_MODE)."},
    [R_BY_ITSELF] =
        {ST_HYC00,
         "This statement cannot stand among others of one text. Send it by itself; or: " IN_SESSION
         "."},
    [R_CARRIED] = {ST_HYC00, NO_SESSION
                   ", and this statement cannot run inside the transaction block in which the "
                   "driver sets what SET and the keywords asked for (search_path, role, ...). "
                   "RESET ALL before it, and name schemas in full; or store the settings with "
                   "ALTER ROLE ... SET. Or: " IN_SESSION "."},
    [R_VARIES] =
        {ST_HYC00, BUFFERED
         ", and at REPEATABLE READ and SERIALIZABLE what was read must be the same then. This "
         "statement returns times or random values, which never are. Read them in a statement "
         "of their own (SELECT now()), use READ COMMITTED, or " IN_SESSION "."},
    [R_SET_CONFIG] =
        {ST_HYC00, BUFFERED
         ", so what set_config does in the middle of a read would be gone behind it. "
         "Send SELECT set_config('name', 'value', true) by itself, or SET LOCAL. Or: " IN_SESSION
         "."},
    [R_TRANSACTION_FUNCTION] =
        {ST_HYC00, BUFFERED
         ", so a lock, a notification, a large object or an id of the transaction's own "
         "(pg_advisory_xact_lock, pg_notify, lo_create, txid_current) would not be the commit's. "
         "NOTIFY waits for the commit; SERIALIZABLE checks at the commit what a lock would have "
         "kept. Or: " IN_SESSION "; or run it with autocommit on."},
    [R_OUTSIDE] = {ST_HYC00,
                   BUFFERED ", and each read before that tries all that waits: a file or program "
                            "outside of the database would be written to each time. Run COPY with "
                            "autocommit on, or: " IN_SESSION "."},
    [R_SEQUENCE] = {ST_HYC00, BUFFERED
                    ", so a value taken from a sequence would not be the commit's. "
                    "Take it before the transaction, with autocommit on, or: " IN_SESSION "."},
};

enum way { WAY_REFUSE, WAY_SEND, WAY_READ, WAY_QUEUE, WAY_LOCAL, WAY_SETTING };
enum behind { BEHIND_NO, BEHIND_YES, BEHIND_NEEDED };

struct row {
    enum way alone, with_others, in_transaction;
    enum behind settings;
    enum refusal refusal;
};

#define WAY_NO WAY_REFUSE
static const struct row rows[] = {
#define X(cls, alone, with_others, in_transaction, settings, refusal)                              \
    [cls] = {WAY_##alone, WAY_##with_others, WAY_##in_transaction, BEHIND_##settings, R_##refusal},
#include "stmt/plan.def"
#undef X
};

static struct plan refuse(enum refusal r)
{
    return (struct plan){.kind = PLAN_REFUSE, .state = refusals[r].state, .text = refusals[r].text};
}

/* What no transport without a session can do, in a transaction or not. */
static enum refusal needs_session(struct sql_kind kind)
{
    static const struct {
        enum sql_flag flag;
        enum refusal refusal;
    } flags[] = {
        {SQLF_TEMP, R_TEMP},
        {SQLF_WITH_HOLD, R_HOLD},
        {SQLF_SESSION_FUNCTION, R_SESSION_FUNCTION},
        {SQLF_LISTENS, R_LISTEN},
    };

    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        if (kind.flags & flags[i].flag)
            return flags[i].refusal;
    return R_NOTHING;
}

/* What a read or a write in a buffered transaction must not have. */
static enum refusal unfit_in_transaction(struct sql_kind kind, enum way way)
{
    bool select = kind.cls == SQLC_SELECT;

    if (way == WAY_READ && (kind.flags & SQLF_SET_CONFIG_LOCAL))
        return R_SET_CONFIG;
    if (way == WAY_READ && (kind.flags & SQLF_TRANSACTION_FUNCTION))
        return R_TRANSACTION_FUNCTION;
    if ((kind.flags & SQLF_RETURNING) || (select && (kind.flags & SQLF_WRITES_CTE)))
        return R_RETURNING;
    if (way == WAY_QUEUE && (kind.flags & SQLF_EXPLAIN_ANALYZE))
        return R_RETURNING;
    if (kind.flags & SQLF_OUTSIDE)
        return R_OUTSIDE;
    if (select && (kind.flags & SQLF_LOCKS_ROWS))
        return R_ROW_LOCKS;
    return select && (kind.flags & SQLF_SEQUENCE) ? R_SEQUENCE : R_NOTHING;
}

static struct plan refuse_in_transaction(const struct row *row)
{
    static const enum refusal instead[] = {[R_NOTHING] = R_CALL, [R_ALONE] = R_ALONE_IN_BLOCK};

    if (row->refusal < ARRAY_LEN(instead) && instead[row->refusal] != R_NOTHING)
        return refuse(instead[row->refusal]);
    return refuse(row->refusal);
}

/* What the server would refuse in a read-only transaction, but only at the commit. */
static bool writes(enum sql_class cls)
{
    return cls == SQLC_INSERT || cls == SQLC_UPDATE || cls == SQLC_DELETE || cls == SQLC_MERGE ||
           cls == SQLC_DDL || cls == SQLC_SELECT;
}

static enum way way_in_transaction(struct sql_kind kind, const struct row *row)
{
    if (kind.cls != SQLC_SELECT)
        return row->in_transaction;
    if (kind.flags & SQLF_SELECT_INTO)
        return WAY_QUEUE;
    return kind.flags & SQLF_SET_CONFIG_ALONE ? WAY_SETTING : row->in_transaction;
}

static struct plan plan_in_transaction(struct sql_kind kind, const struct row *row,
                                       const struct plan_context *c)
{
    static const enum plan_kind kinds[] = {[WAY_READ] = PLAN_READ,
                                           [WAY_QUEUE] = PLAN_QUEUE,
                                           [WAY_LOCAL] = PLAN_LOCAL,
                                           [WAY_SETTING] = PLAN_SETTING};
    enum way way = way_in_transaction(kind, row);
    enum refusal unfit = needs_session(kind);

    if (unfit != R_NOTHING)
        return refuse(unfit);
    if (way == WAY_REFUSE)
        return refuse_in_transaction(row);
    unfit = unfit_in_transaction(kind, way);
    if (unfit != R_NOTHING)
        return refuse(unfit);
    if (kind.cls == SQLC_EMPTY && c->several)
        way = WAY_QUEUE;
    if (c->varies && way == WAY_READ)
        return refuse(R_VARIES);
    if (c->several && way == WAY_SETTING) {
        if (row->with_others != WAY_SEND || kind.cls == SQLC_SELECT)
            return refuse(R_BY_ITSELF);
        way = WAY_QUEUE;
    }
    if (c->several && way == WAY_LOCAL)
        return refuse(R_CONTROL_AMONG_OTHERS);
    if (c->several && way == WAY_READ)
        return refuse(R_MIXED);
    if (c->read_only && way == WAY_QUEUE && writes(kind.cls))
        return refuse(R_READ_ONLY);
    return (struct plan){.kind = kinds[way], .takes_settings = true};
}

/* May or must settings stand before it? */
static bool takes_settings(const struct row *row, const struct plan_context *c)
{
    return row->settings == BEHIND_YES ||
           (row->settings == BEHIND_NEEDED && (c->carried || c->isolation || c->several));
}

static struct plan plan_over_http(struct sql_kind kind, const struct plan_context *c)
{
    const struct row *row = &rows[(size_t)kind.cls < ARRAY_LEN(rows) ? kind.cls : SQLC_OTHER];
    struct plan p = {.kind = PLAN_SINGLE, .takes_settings = takes_settings(row, c)};
    enum way way = c->several ? row->with_others : row->alone;

    if (c->transaction)
        return plan_in_transaction(kind, row, c);
    if (needs_session(kind) != R_NOTHING)
        return refuse(needs_session(kind));
    if (kind.cls == SQLC_SELECT && (kind.flags & SQLF_SET_CONFIG_SESSION))
        return c->several ? refuse(R_BY_ITSELF) : (struct plan){.kind = PLAN_SETTING};
    if (way == WAY_LOCAL || way == WAY_SETTING)
        return (struct plan){.kind = way == WAY_LOCAL ? PLAN_LOCAL : PLAN_SETTING};
    if (way == WAY_REFUSE && c->several && row->in_transaction == WAY_LOCAL)
        return refuse(R_CONTROL_AMONG_OTHERS);
    if (way == WAY_REFUSE)
        return refuse(row->refusal == R_NOTHING ? R_ALONE : row->refusal);
    if (c->read_only && row->settings != BEHIND_YES)
        return refuse(row->settings == BEHIND_NEEDED ? R_READ_ONLY_ENDS : R_READ_ONLY_ALONE);
    if (c->carried && row->settings == BEHIND_NO)
        return refuse(R_CARRIED);
    if (c->several || c->read_only ||
        (p.takes_settings && (c->isolation || c->settings || c->carried)))
        p.kind = PLAN_BATCH;
    return p;
}

/* ---- with a session ---- */

/* The driver answers these itself: BEGIN goes out with the first statement, and the end of a
 * transaction of which nothing went out needs no request. */
static bool is_bracket(enum sql_class cls)
{
    return cls == SQLC_BEGIN || cls == SQLC_COMMIT || cls == SQLC_ROLLBACK;
}

static struct plan plan_in_session(struct sql_kind kind, const struct plan_context *c)
{
    bool local = !c->several && (is_bracket(kind.cls) || kind.cls == SQLC_EMPTY);

    if (c->several && kind.flags & SQLF_COPY_IN)
        return refuse(R_BY_ITSELF);
    if (c->read_only && kind.cls == SQLC_ALONE) /* some of these the server does not mind */
        return refuse(R_READ_ONLY_ALONE);
    if (c->promise && !c->transaction && (kind.cls == SQLC_CALL || kind.cls == SQLC_DO))
        return refuse(R_READ_ONLY_ENDS);
    if (c->promise && c->several && (is_bracket(kind.cls) || kind.cls == SQLC_PREPARE_TRANSACTION))
        return refuse(R_READ_ONLY_BRACKETS);
    return (struct plan){.kind = local ? PLAN_LOCAL : PLAN_SESSION};
}

/* What no session helps. In a transaction the server itself refuses what writes. */
static bool stays_refused(const struct plan *p, const struct plan_context *c)
{
    return (p->state == ST_25006 && !c->transaction) || p->text == refusals[R_ALONE].text;
}

static struct plan plan_aside(struct sql_kind kind, const struct plan_context *c, struct plan p)
{
    if (p.kind == PLAN_REFUSE && !stays_refused(&p, c))
        return plan_in_session(kind, c);
    if (!c->transaction || p.kind == PLAN_REFUSE)
        return p;
    if (p.kind == PLAN_READ && c->reads_apart)
        return p;
    return plan_in_session(kind, c);
}

struct plan plan_statement(struct sql_kind kind, const struct plan_context *c)
{
    if (c->session == SESSION_ALL)
        return plan_in_session(kind, c);
    if (c->session == SESSION_ASIDE)
        return plan_aside(kind, c, plan_over_http(kind, c));
    return plan_over_http(kind, c);
}
