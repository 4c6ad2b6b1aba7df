/* Changing rows through a cursor: SQLSetPos and SQLBulkOperations make UPDATE, DELETE and INSERT
 * statements out of bound buffers, one for each row, and learn of each exactly what became of it.
 *
 * A row is found by its key, and by what it held when it was fetched (SQL_CONCUR_VALUES) or its
 * xmin (SQL_CONCUR_ROWVER): one that somebody else has changed is not changed, and that is reported
 * (01001). Called by setpos.c and bulk.c. */
#ifndef NEON_STMT_EDIT_H
#define NEON_STMT_EDIT_H

#include "convert/convert.h"
#include "stmt/edit_target.h"

struct edit_op;

enum edit_kind { EDIT_UPDATE, EDIT_DELETE, EDIT_INSERT };

enum edit_outcome {
    EDIT_OPEN,   /* not sent */
    EDIT_DONE,   /* one row */
    EDIT_NO_ROW, /* 01001 was posted: no row is as it was, or a trigger kept it */
    EDIT_FAILED, /* its error was posted */
};

/* One row to change. */
struct edit_row {
    size_t app_row;         /* 0-based in the bound buffers */
    uint64_t number;        /* in the result, from 1; EDIT_INSERT: 0 */
    const struct cell *old; /* as fetched, all columns of the result; EDIT_INSERT: NULL */
    enum edit_outcome outcome;
    const struct cell *fresh; /* EDIT_DONE but for EDIT_DELETE: as it is now; in `made` */
    size_t fresh_at;          /* its row there */
    bool warned;              /* a conversion lost a fraction: 01S07 was posted */
};

/* Changes the rows, in as few requests as that takes: together, and one by one where that fails.
 * In a buffered transaction they wait for the commit, which fails (40001) when one would not be
 * found any more. Records are posted for the row app_row + 1. `made` keeps the new cells; it must
 * be initialised for the columns of the result.
 *
 * SQL_SUCCESS, SQL_SUCCESS_WITH_INFO (01S01: some rows failed), SQL_ERROR (all of them, or nothing
 * could be tried: outcomes are EDIT_OPEN then). Sets SQLRowCount. */
SQLRETURN edit_run(struct stmt *s, enum edit_kind kind, struct edit_row *rows, size_t n,
                   struct local_result *made);

/* One row by a statement that is written already (settled): its outcome, and `fresh` in `made`. The
 * records of EDIT_NO_APP_ROW stand for no row. */
#define EDIT_NO_APP_ROW ((size_t)-2)
void edit_run_one(struct stmt *s, const struct edit_target *t, enum edit_kind kind,
                  struct edit_row *row, struct edit_op *op, struct local_result *made);

/* ---- edit_need.c: values that are sent at execution ---- */

/* The call to be made again once they are there: SQLSetPos or SQLBulkOperations. */
struct edit_call {
    bool bulk;
    SQLSETPOSIROW row;
    SQLUSMALLINT operation, lock;
};
/* SQL_NEED_DATA when the rows' buffers hold such values: SQLParamData and SQLPutData come next.
 * SQL_SUCCESS when there are none, or they are there already. */
SQLRETURN edit_await(struct stmt *s, const struct edit_call *call, const struct edit_row *rows,
                     size_t n);
/* What was sent for the column (from 1) of a row; NULL: edit_await did not find that it would be.
 */
const struct put_param *edit_need_value(const struct stmt *s, size_t column, size_t app_row);

/* ---- bulk.c ---- */

/* SQL_ADD of SQLBulkOperations, and of SQLSetPos in ODBC 2. */
SQLRETURN bulk_add(struct stmt *s, const struct edit_call *call);

/* ---- edit_sql.c: the statements ---- */

struct edit_op {
    struct buf sql, values;
    struct wire_param *params; /* owned; into `values` */
    size_t n_params, cap_params;
};

void edit_op_init(struct edit_op *op);
void edit_op_release(struct edit_op *op);
/* The statement for one row. SQL_SUCCESS; SQL_SUCCESS_WITH_INFO, SQL_ERROR: posted for the row. */
SQLRETURN edit_op_write(struct stmt *s, const struct edit_target *t, enum edit_kind kind,
                        const struct edit_row *row, struct edit_op *op);
/* " WHERE ..." that finds the row and no other. False: out of memory. */
bool edit_op_where(const struct stmt *s, const struct edit_target *t, const struct cell *old,
                   struct edit_op *op) NEON_MUST_CHECK;
/* " RETURNING ..." with the table's columns of the result, in its order. */
bool edit_op_returning(const struct edit_target *t, struct edit_op *op) NEON_MUST_CHECK;
/* Keeps a copy of a text (ptr NULL: SQL NULL) as the next parameter; writes nothing. */
bool edit_op_keep(struct edit_op *op, struct cell text) NEON_MUST_CHECK;
/* The same, and writes its "$n". */
bool edit_op_param(struct edit_op *op, struct cell text) NEON_MUST_CHECK;
/* Pointers instead of offsets, once all is written. */
void edit_op_settle(struct edit_op *op);
/* The same statement so that it fails unless it changes exactly one row: for the commit of a
 * buffered transaction. */
bool edit_guard(const struct edit_op *op, struct buf *out) NEON_MUST_CHECK;

/* ---- edit_value.c: what the application bound ---- */

struct edit_value {
    bool ignored; /* not bound, or SQL_COLUMN_IGNORE */
    bool is_null, at_exec;
    const void *app_value; /* its address; the token of SQLParamData when at_exec */
    SQLLEN len_bytes;      /* at_exec, is_null: nothing */
    const char *problem;   /* HY090, HY009: the sentence; NULL: none */
    struct from_c type;
};
/* Column from 1. */
void edit_value_read(struct stmt *s, size_t column, size_t app_row, struct edit_value *out);
/* Appends its text. False: posted. *warned: 01S07 was posted. */
bool edit_value_text(struct stmt *s, size_t column, size_t app_row, const struct edit_value *v,
                     struct buf *out, bool *warned);
/* Does the buffer hold what a fetch of that cell would put there? */
bool edit_value_is_unchanged(struct stmt *s, size_t column, const struct edit_value *v,
                             struct cell old);

#endif
