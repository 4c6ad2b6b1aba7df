/* Inside execution: what execute.c, execute_answer.c and execute_buffered.c offer to the files of
 * this folder that make statements in other ways (param_array.c, output_params.c, edit.c,
 * setting.c, session.c). Which way statements are carried is decided here and nowhere else. */
#ifndef NEON_STMT_EXECUTE_H
#define NEON_STMT_EXECUTE_H

#include "stmt/plan.h"
#include "stmt/stmt.h"

/* The plan for all statements of the script; `several`: they will be one transaction though the
 * text holds one. Posts the refusal. */
SQLRETURN execute_plan(struct stmt *s, bool several, struct plan *out);

/* The results of a request that are the driver's own: so many before the application's and behind
 * them. The value of one of them may be wanted. */
struct surroundings {
    size_t n_before, n_behind;
    size_t wanted_at; /* which of those before; SIZE_MAX none */
    struct buf *wanted;
};
/* Sends the request and opens the first of the application's results. */
SQLRETURN execute_start(struct stmt *s, const struct wire_request *r,
                        const struct surroundings *around, const struct sql_kind *kind);

/* Its two halves: what was sent stays the stream's until it is opened. */
SQLRETURN execute_send(struct stmt *s, const struct wire_request *r);
SQLRETURN execute_open(struct stmt *s, const struct wire_request *r,
                       const struct surroundings *around, const struct sql_kind *kind);

/* Statements of the application, ready to be sent; borrowed for the call. */
struct execution {
    const struct wire_stmt *stmts;
    size_t n_stmts;
    bool rollback; /* to be tried only: nothing of it stays */
};
/* Sends them as the plan says and opens the first result; stmt_more_results leads to the others. */
SQLRETURN execute_statements(struct stmt *s, const struct plan *plan, const struct execution *x);
/* BufferedRowCount=preview: tries the statements of the queue, the last n_last of which are those
 * whose results are wanted. Takes nothing out of the queue. */
SQLRETURN execute_preview_queue(struct stmt *s, size_t n_last);
/* The driver's own question: a read-only batch, whose last result becomes the statement's; in a
 * transaction the last statement alone, behind what waits. */
SQLRETURN execute_probe(struct stmt *s, const struct wire_stmt *stmts, size_t n);
/* Posts 25P02: the transaction is to be rolled back (tx.failed). */
SQLRETURN execute_refuse_failed(struct stmt *s);
/* What the server gave in the first record of the last call; "" when it gave none, or the failure
 * was not the server's. execute_server_code: the SQLSTATE. */
const char *execute_server_field(const struct stmt *s, enum pg_field which);
const char *execute_server_code(const struct stmt *s);

/* Execution ended in *e, which is posted and released: the stream ends, no result stays, and the
 * transaction knows. */
SQLRETURN execute_failed(struct stmt *s, struct err *e);
/* The counts of the diagnostics' header, as SQLRowCount gives them. */
void execute_note_counts(struct stmt *s);
/* SQL_SUCCESS, or SQL_NO_DATA for a searched UPDATE or DELETE of no row in ODBC 3. */
SQLRETURN execute_result_code(const struct stmt *s);

#endif
