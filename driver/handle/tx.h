/* A transaction that is buffered on the client (design section 3): what is to be sent when it
 * commits. Pure memory; sending is stmt/transaction.c's.
 *
 * Items are in the order in which the application made them. A write is a statement without rows
 * that waits; a check repeats a read of the transaction and fails when it would give other rows
 * now; a setting holds for the items behind it. A savepoint is a mark between items. */
#ifndef NEON_HANDLE_TX_H
#define NEON_HANDLE_TX_H

#include "handle/settings.h"

#define TX_MAX_ITEMS 100000

enum tx_item_kind { TX_WRITE, TX_CHECK, TX_SETTING };

struct tx_item {
    enum tx_item_kind kind;
    char *sql; /* owned */
    size_t sql_len;
    struct wire_param *params; /* owned, with their texts behind them in one block */
    size_t n_params;
    size_t bytes;            /* that it will take in a request */
    struct setting *setting; /* owned; TX_SETTING: what the connection has from the commit on */
    bool lasting;            /* TX_SETTING: SET, not SET LOCAL */
};

struct tx_mark {
    char *name; /* owned */
    size_t n_items;
};

struct tx {
    bool begun;  /* by BEGIN as text: open although autocommit is on */
    bool used;   /* a statement ran or was queued since it began */
    bool failed; /* a statement failed: nothing but ROLLBACK is possible */
    bool has_isolation;
    enum isolation isolation;  /* of this transaction alone, by BEGIN or SET TRANSACTION */
    int read_only, deferrable; /* of this transaction alone: -1 unsaid, 0, 1 */
    struct tx_item *items;     /* owned */
    size_t n_items, cap_items, n_writes, n_checks, bytes;
    struct tx_mark *marks; /* owned */
    size_t n_marks, cap_marks;
};

void tx_init(struct tx *t);
/* Drops everything: as after COMMIT or ROLLBACK, and before disconnecting. */
void tx_reset(struct tx *t);
/* Copies. False: 54000 beyond limit_bytes or TX_MAX_ITEMS, HY001; nothing is added then. */
bool tx_add(struct tx *t, enum tx_item_kind kind, struct strview sql,
            const struct wire_param *params, size_t n_params, size_t limit_bytes,
            struct err *e) NEON_MUST_CHECK;
/* SET (lasting) or SET LOCAL. With neither value nor words: reset. */
bool tx_add_setting(struct tx *t, const struct setting *one, bool lasting, size_t limit_bytes,
                    struct err *e) NEON_MUST_CHECK;
/* Takes the last item back. */
void tx_drop_last(struct tx *t);
/* SAVEPOINT; RELEASE and ROLLBACK TO: 3B001 when there is none of that name. */
bool tx_savepoint(struct tx *t, struct strview name, struct err *e) NEON_MUST_CHECK;
bool tx_release(struct tx *t, struct strview name, struct err *e) NEON_MUST_CHECK;
bool tx_rollback_to(struct tx *t, struct strview name, struct err *e) NEON_MUST_CHECK;
/* Writes the items (checks too, when asked) as statements of a request; borrowed until the next
 * change. Returns how many. */
size_t tx_wire(const struct tx *t, bool checks, struct wire_stmt *out);

#endif
