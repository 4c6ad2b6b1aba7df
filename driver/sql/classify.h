/* What a statement is, from its text alone: the planner's input. Pure. */
#ifndef NEON_SQL_CLASSIFY_H
#define NEON_SQL_CLASSIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum sql_class {
    SQLC_EMPTY,  /* nothing, or comments only */
    SQLC_SELECT, /* SELECT, VALUES, TABLE, WITH ... SELECT */
    SQLC_INSERT,
    SQLC_UPDATE,
    SQLC_DELETE,
    SQLC_MERGE,   /* also behind WITH */
    SQLC_EXPLAIN, /* EXPLAIN without ANALYZE */
    SQLC_SHOW,
    SQLC_SET, /* SET name / SET SESSION name / RESET / SET ROLE ... : session state */
    SQLC_SET_LOCAL,
    SQLC_SET_TRANSACTION, /* SET TRANSACTION ..., SET CONSTRAINTS */
    SQLC_SET_SESSION_CHARACTERISTICS,
    SQLC_BEGIN,
    SQLC_COMMIT,
    SQLC_ROLLBACK,
    SQLC_SAVEPOINT,
    SQLC_RELEASE,
    SQLC_ROLLBACK_TO,
    SQLC_PREPARE_TRANSACTION,
    SQLC_COMMIT_PREPARED,
    SQLC_ROLLBACK_PREPARED,
    SQLC_PREPARE,
    SQLC_EXECUTE,
    SQLC_DEALLOCATE,
    SQLC_DECLARE,
    SQLC_FETCH,
    SQLC_MOVE,
    SQLC_CLOSE,
    SQLC_LISTEN,
    SQLC_UNLISTEN,
    SQLC_NOTIFY,
    SQLC_COPY_STDIO, /* COPY ... FROM STDIN / TO STDOUT */
    SQLC_COPY_FILE,
    SQLC_LOCK,
    SQLC_DISCARD,
    SQLC_CALL,
    SQLC_DO,
    SQLC_DDL, /* CREATE / ALTER / DROP / TRUNCATE / COMMENT / GRANT / REVOKE / REFRESH / IMPORT ...
               */
    SQLC_ALONE, /* may not run in a transaction block: VACUUM, CREATE DATABASE, ... CONCURRENTLY,
                   ALTER SYSTEM */
    SQLC_OTHER,
};

enum sql_flag {
    SQLF_RETURNING = 1 << 0,  /* top-level RETURNING of a DML */
    SQLF_WRITES_CTE = 1 << 1, /* INSERT/UPDATE/DELETE/MERGE inside WITH of another statement */
    SQLF_LOCKS_ROWS =
        1 << 2, /* FOR UPDATE / NO KEY UPDATE / SHARE / KEY SHARE at top level of a SELECT */
    SQLF_SELECT_INTO = 1 << 3,
    SQLF_EXPLAIN_ANALYZE = 1 << 4, /* class is then that of the explained statement */
    SQLF_TEMP = 1 << 5,            /* CREATE TEMP ..., SELECT INTO TEMP, ON COMMIT */
    SQLF_WITH_HOLD = 1 << 6,
    SQLF_CHAIN = 1 << 7, /* COMMIT/ROLLBACK AND CHAIN */
    SQLF_SESSION_FUNCTION =
        1 << 8, /* calls that only make sense in a session, seen in the text: pg_advisory_lock...,
                   set_config(.., false), currval, lastval, pg_try_advisory_lock... (not _xact_) */
    SQLF_SET_CONFIG_LOCAL = 1 << 9, /* set_config(.., true) */
    SQLF_SEQUENCE = 1 << 10,        /* nextval / setval in the text */
    /* SELECT set_config(..) [, ..] and nothing else, as sql/setting_text.h reads it; SESSION when
     * one of them is set_config(.., false), which then is no SQLF_SESSION_FUNCTION */
    SQLF_SET_CONFIG_ALONE = 1 << 11,
    SQLF_SET_CONFIG_SESSION = 1 << 12,
    SQLF_LISTENS = 1 << 13, /* a DO whose body LISTENs, seen in the text */
    SQLF_COPY_IN = 1 << 14, /* COPY ... FROM STDIN: data comes from the application */
    /* calls whose effect or answer belongs to the transaction, and that a read-only one may make:
     * pg_advisory_xact_lock, pg_notify, lo_create, txid_current */
    SQLF_TRANSACTION_FUNCTION = 1 << 15,
    SQLF_CREATES = 1 << 16, /* CREATE, SELECT INTO: where, the search_path may say */
    SQLF_OUTSIDE = 1 << 17, /* COPY to a file, COPY with a program: no ROLLBACK undoes it */
};

struct sql_kind {
    enum sql_class cls;
    unsigned flags; /* enum sql_flag */
};

/* One statement (no top-level semicolon but a trailing one). */
struct sql_kind sql_classify(struct strview stmt);
/* "SELECT", "INSERT", ... for messages. Static text. */
const char *sql_class_name(enum sql_class c);
/* True for what can return rows over the wire: SELECT, RETURNING, SHOW, EXPLAIN, FETCH, EXECUTE,
 * CALL. */
bool sql_kind_may_return_rows(struct sql_kind k);

#endif
