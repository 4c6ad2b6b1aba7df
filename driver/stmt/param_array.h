/* An array of parameters that is being executed, in three files: param_array.c gathers the rows and
 * leads, param_array_send.c makes statements of them and sends or queues these,
 * param_array_failed.c finds the row that failed. Private to them. */
#ifndef NEON_STMT_PARAM_ARRAY_H
#define NEON_STMT_PARAM_ARRAY_H

#include "sql/insert_values.h"
#include "stmt/execute.h"
#include "stmt/params.h"
#include "stmt/plan.h"

struct param_array {
    struct stmt *s;
    struct plan plan;
    struct insert_values iv;
    bool one_insert;   /* rows become rows of one INSERT */
    bool by_columns;   /* and may travel as one array a column */
    bool returns_rows; /* each row's result is the application's */
    bool in_session;   /* they are sent in a session */
    bool trying;       /* in a transaction of its own, which is rolled back */
    size_t n_params;   /* of one row */
    size_t n_rows;     /* of the whole array */
    size_t text_bytes; /* that a row's text takes in a request, at most */
    size_t limit_bytes;
    size_t queued_before; /* items of the transaction's queue before this array */

    /* the rows gathered for the next request */
    struct wire_param *params; /* owned; n * n_params */
    const char **casts;        /* owned; the same */
    size_t *rows;              /* owned; their places in the array */
    bool *warned;              /* owned; something of them was cut (01S07) */
    struct buf text;
    size_t n, cap, bytes;

    int64_t total; /* rows affected; -1: no statement told */
    bool info;
};

/* HY001. */
SQLRETURN param_array_oom(struct stmt *s);
/* What the application is told of a row, and how many rows were looked at. */
void param_array_set_status(struct stmt *s, size_t row, SQLUSMALLINT status);
void param_array_set_processed(struct stmt *s, size_t n);

/* --- param_array_send.c --- */

/* The name of the savepoint that stands before the rows, where there is one. */
#define PARAM_ARRAY_SAVEPOINT "neon_odbc_array"
bool param_array_has_savepoint(const struct param_array *a);
/* Executes the rows gathered, with the types that the server names where it must. */
SQLRETURN param_array_send(struct param_array *a);
/* The first n of them, once. A trial leaves nothing behind and tells no results. */
SQLRETURN param_array_send_rows(struct param_array *a, size_t n, bool trial);
/* In a buffered transaction the rows wait, as a whole or not at all. */
SQLRETURN param_array_queue(struct param_array *a);
void param_array_unqueue(struct param_array *a);
/* Runs what waits to count its rows, where BufferedRowCount says so. */
SQLRETURN param_array_preview(struct param_array *a);

/* --- param_array_failed.c --- */

/* The request with the rows gathered failed and its diagnostics are posted: tells which row it was,
 * as far as that can be found out, in them and in the statuses. SQL_ERROR. */
SQLRETURN param_array_tell_failed(struct param_array *a);

#endif
