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
    R_READ_ONLY_ALONE
};

#define NO_SESSION "Neon's HTTP endpoint keeps no session between two statements"

static const struct {
    enum sqlstate state;
    const char *text;
} refusals[] = {
    [R_NOTHING] = {ST_HYC00, "This statement cannot be sent over HTTP."},
    [R_SETTING] = {ST_HYC00, NO_SESSION
                   ", so this setting would be lost at once. Store it on the server instead: "
                   "ALTER ROLE ... SET name = value, or ALTER DATABASE ... SET name = value."},
    [R_TRANSACTION] = {ST_HYC00, NO_SESSION
                       ", so a transaction that spans several calls cannot be kept open. Send the "
                       "statements together in one text, separated by semicolons: they run as one "
                       "transaction."},
    [R_ALONE] =
        {ST_25000,
         "This statement cannot run inside a transaction block, and several statements in one text "
         "are one transaction. Send it by itself."},
    [R_SQL_PREPARE] = {ST_HYC00, NO_SESSION
                       ", so a statement prepared with PREPARE would be gone at once. Use the "
                       "ODBC function SQLPrepare (or your tool's prepared statements) instead."},
    [R_CURSOR] = {ST_HYC00, NO_SESSION
                  ", so an SQL cursor would be gone at once. Run its SELECT directly: the driver "
                  "streams the result; or send DECLARE and FETCH together in one text."},
    [R_LISTEN] = {ST_HYC00, NO_SESSION
                  ", so notifications cannot be received. Use a driver over TCP port 5432 for "
                  "LISTEN; NOTIFY works."},
    [R_COPY] =
        {ST_HYC00,
         "COPY FROM STDIN and COPY TO STDOUT need a data stream that HTTP cannot carry. Use INSERT "
         "(arrays of parameters) and SELECT instead."},
    [R_LOCK] = {ST_HYC00, NO_SESSION
                ", so this lock would be released at once. Send LOCK TABLE together with the "
                "statements that need it in one text, separated by semicolons."},
    [R_TEMP] = {ST_HYC00, NO_SESSION
                ", so a temporary table would be gone at once. Create an ordinary table (CREATE "
                "UNLOGGED TABLE is fast) and drop it afterwards."},
    [R_SESSION_FUNCTION] =
        {ST_HYC00,
         NO_SESSION ", so this function (a session-level advisory lock, set_config(..., "
                    "false), currval, lastval) would have no lasting effect or no value. Use "
                    "INSERT ... RETURNING instead of currval, and pg_advisory_xact_lock inside one "
                    "text instead of session locks."},
    [R_HOLD] = {ST_HYC00, NO_SESSION
                ", so a cursor WITH HOLD would be gone at once. Run its SELECT directly: the "
                "driver streams the result."},
    [R_READ_ONLY_ALONE] =
        {ST_25006, "The connection is read-only (ReadOnly=1 or SQL_ATTR_ACCESS_MODE), and this "
                   "statement cannot run inside the read-only transaction that guarantees it."},
};

struct row {
    bool alone, with_others, settings;
    enum refusal refusal;
};

#define SEND true
#define REFUSE false
#define YES true
#define NO false
static const struct row rows[] = {
#define X(cls, alone, with_others, settings, refusal)                                              \
    [cls] = {alone, with_others, settings, R_##refusal},
#include "stmt/plan.def"
#undef X
};

static struct plan refuse(enum refusal r)
{
    return (struct plan){.kind = PLAN_REFUSE, .state = refusals[r].state, .text = refusals[r].text};
}

struct plan plan_statement(struct sql_kind kind, const struct plan_context *c)
{
    const struct row *row = &rows[(size_t)kind.cls < ARRAY_LEN(rows) ? kind.cls : SQLC_OTHER];
    struct plan p = {.kind = PLAN_SINGLE, .takes_settings = row->settings};

    if (!(c->several ? row->with_others : row->alone))
        return refuse(row->refusal == R_NOTHING ? R_ALONE : row->refusal);
    if (kind.flags & SQLF_TEMP)
        return refuse(R_TEMP);
    if (kind.flags & SQLF_WITH_HOLD)
        return refuse(R_HOLD);
    if (kind.flags & SQLF_SESSION_FUNCTION)
        return refuse(R_SESSION_FUNCTION);
    if (c->read_only && !row->settings)
        return refuse(R_READ_ONLY_ALONE);
    if (c->several || c->read_only || (row->settings && (c->isolation || c->settings)))
        p.kind = PLAN_BATCH;
    return p;
}
