/* Inside execution: what execute.c, execute_buffered.c and execute_effects.c share. Private to
 * them; execute.h is for the other files of this folder. */
#ifndef NEON_STMT_EXECUTE_INT_H
#define NEON_STMT_EXECUTE_INT_H

#include "stmt/execute.h"

/* --- execute_buffered.c --- */

/* PLAN_READ: sends the read, behind what waits, and opens its result. What it gave is remembered
 * for the commit where the isolation level asks for it and `kind` is a SELECT. Posts. */
SQLRETURN execute_read(struct stmt *s, const struct wire_stmt *read, const struct sql_kind *kind);
/* The same for the script's only statement. */
SQLRETURN execute_planned_read(struct stmt *s, const char *const *casts);
/* PLAN_QUEUE: every statement of the text waits; with BufferedRowCount=preview it is tried. */
SQLRETURN execute_queued(struct stmt *s, const char *const *casts);

/* --- execute_effects.c --- */

/* SQL_DIAG_DYNAMIC_FUNCTION and its code, of the first statement. */
void execute_note_function(struct stmt *s);
/* Before the script is sent or queued: forgets descriptions, names and plans that it may change. */
void execute_forget_known(struct stmt *s);

#endif
