/* A transaction that is buffered on the client (design section 3): what is to be sent when it
 * commits. Pure memory; sending is stmt/transaction_end.c's.
 *
 * Items are in the order in which the application made them. A write is a statement without rows
 * that waits; consecutive executions of one INSERT are one item with several rows. A check repeats
 * a read of the transaction and fails when it would give other rows now; a setting holds for the
 * items behind it. A savepoint is a mark between items. */
#ifndef NEON_HANDLE_TX_H
#define NEON_HANDLE_TX_H

#include "handle/settings.h"
#include "handle/param_columns.h"

#define TX_MAX_ITEMS 100000

/* In the error of a check that fails, so that it can be told from others. */
#define TX_CHECK_FAILED "neon_odbc_serialization_failure"

enum tx_item_kind {
    TX_WRITE,
    TX_CHECK,   /* sent with the commit only */
    TX_SETTING, /* SET */
    TX_LOOK,    /* SETTINGS_PATH_CHECK, before what creates something */
    TX_UNDONE /* behind a savepoint that was rolled back, kept for the checks among them: sent with
                 the commit only, which rolls it back again */
};

/* The rows of one INSERT that was executed several times in a row. */
struct tx_rows {
    struct script_stmt st; /* text and markers owned; the rest is not used */
    struct insert_values place;
    const char **casts;         /* owned array of static texts; n * st.n_params */
    struct wire_param **blocks; /* owned: the parameters of the second row on */
    size_t n, cap;
    /* made by tx_prepare */
    bool prepared;
    struct buf sql;
    struct wire_param *flat;      /* owned; all rows' parameters */
    struct param_columns columns; /* with params: what is sent instead */
};

struct tx_item {
    enum tx_item_kind kind;
    char *sql; /* owned */
    size_t sql_len;
    struct wire_param *params; /* owned, with their texts behind them in one block */
    size_t n_params;
    size_t bytes;            /* that it will take in a request */
    struct setting *setting; /* owned; TX_SETTING: what the connection has from the commit on */
    bool lasting;            /* TX_SETTING: SET, not SET LOCAL */
    struct tx_rows *rows;    /* owned; NULL: cannot take more rows */
    int64_t expect;          /* rows that it was seen to change; the commit fails when it changes
                                others. -1: not looked at */
    char *guarded;           /* owned; made by tx_prepare when expect >= 0 */
};

struct tx_mark {
    char *name; /* owned */
    size_t n_items;
    uint64_t cursor_changes;
};

struct tx {
    bool begun;      /* by BEGIN as text: open although autocommit is on */
    bool used;       /* a statement ran or was queued since it began */
    bool failed;     /* a statement failed: nothing but ROLLBACK is possible */
    bool defines;    /* a statement of it may have changed tables or types */
    bool replans;    /* a definition in the session's: its end may take back what is prepared for */
    bool in_session; /* the server has it open, in the connection's session */
    bool has_isolation;
    enum isolation isolation;  /* of this transaction alone, by BEGIN or SET TRANSACTION */
    int read_only, deferrable; /* of this transaction alone: -1 unsaid, 0, 1 */
    int connection_read_only;  /* when it began, where that has changed since; else -1 */
    bool read_only_behind;     /* only from some statement on: it is among those that wait */
    struct tx_item *items;     /* owned */
    size_t n_items, cap_items, n_writes, n_checks, n_undone, bytes;
    size_t n_savepoints;   /* that were written for TX_UNDONE */
    struct tx_mark *marks; /* owned */
    size_t n_marks, cap_marks;
    uint64_t cursor_changes; /* made through cursors so far: numbers them */
};

void tx_init(struct tx *t);
/* Drops everything: as after COMMIT or ROLLBACK, and before disconnecting. */
void tx_reset(struct tx *t);
/* Copies. False: 54000 beyond limit_bytes or TX_MAX_ITEMS, HY001; nothing is added then. */
bool tx_add(struct tx *t, enum tx_item_kind kind, struct strview sql,
            const struct wire_param *params, size_t n_params, size_t limit_bytes,
            struct err *e) NEON_MUST_CHECK;
/* A row of the INSERT `st`, whose row stands at `place`: joins the item before when that is the
 * same INSERT and nothing stands between. */
bool tx_add_row(struct tx *t, const struct script_stmt *st, const struct insert_values *place,
                const char *const *casts, const struct wire_param *params, size_t limit_bytes,
                struct err *e) NEON_MUST_CHECK;
/* SET (lasting) or SET LOCAL. With neither value nor words: reset. */
bool tx_add_setting(struct tx *t, const struct setting *one, bool lasting, size_t limit_bytes,
                    struct err *e) NEON_MUST_CHECK;
/* Takes the last item back. */
void tx_drop_last(struct tx *t);
/* SAVEPOINT; RELEASE and ROLLBACK TO: 3B001 when there is none of that name. */
bool tx_savepoint(struct tx *t, struct strview name, struct err *e) NEON_MUST_CHECK;
bool tx_release(struct tx *t, struct strview name, struct err *e) NEON_MUST_CHECK;
/* Afterwards the savepoint is the last mark. */
bool tx_rollback_to(struct tx *t, struct strview name, struct err *e) NEON_MUST_CHECK;
/* Item `at`, a write, changed so many rows when it was tried: the commit must find the same. False:
 * there is no room for that. */
bool tx_expect(struct tx *t, size_t at, int64_t rows, size_t limit_bytes);
/* Makes the texts that tx_wire lends. HY001. */
bool tx_prepare(struct tx *t, struct err *e) NEON_MUST_CHECK;
/* Writes the items as statements of a request, after tx_prepare; borrowed until the next change.
 * `commit`: with what is sent at the commit only. Returns how many. */
size_t tx_wire(const struct tx *t, bool commit, struct wire_stmt *out);

#endif
