/* The table behind a result, for changing its rows: which columns of the result are the table's,
 * and by which of them a row is found again. Asked of the server once for each table. */
#ifndef NEON_STMT_EDIT_TARGET_H
#define NEON_STMT_EDIT_TARGET_H

#include "stmt/stmt.h"

struct edit_target {
    const struct table_info *table; /* the connection's; valid until a statement is executed */
    /* for each column of the result, [0] the first: its column of the table; NULL: an expression */
    const struct table_column **columns; /* owned */
    size_t n_columns;
    size_t key[TABLE_KEY_MAX_COLUMNS]; /* columns of the result, from 0 */
    size_t n_key;                      /* 0: no key of the table is among them */
    size_t xmin;                       /* column of the result; SIZE_MAX: not there */
};

/* HYC00 with the reason: the result is no rows of one table; with need_key: no key is in it. Posts;
 * SQL_SUCCESS or SQL_ERROR. */
SQLRETURN edit_target_find(struct stmt *s, bool need_key, struct edit_target *out);
void edit_target_release(struct edit_target *t);
/* Does the helper's answer hold the table's columns, behind n_before others? 08S01. */
bool edit_target_answered(const struct edit_target *t, const struct stmt *helper, size_t n_before,
                          struct err *e);

#endif
