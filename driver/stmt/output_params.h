/* Calls of routines and the values they give back: SQL_PARAM_OUTPUT, SQL_PARAM_INPUT_OUTPUT,
 * {?=call}. */
#ifndef NEON_STMT_OUTPUT_PARAMS_H
#define NEON_STMT_OUTPUT_PARAMS_H

#include "stmt/execute.h"

/* The statement is a {call}, or CALL with parameters that are bound as outputs: it goes through
 * output_params_execute. */
bool output_params_is_call(const struct stmt *s);
/* Values are to be written back. */
bool output_params_wanted(const struct stmt *s);
/* Asks the catalogue, when it must be known, whether the routine is a procedure or a function and
 * which of its arguments come back: one request, none for a routine this connection has met.
 * Afterwards the class of the script's statement is what will be sent (CALL or SELECT), so that it
 * can be planned. */
SQLRETURN output_params_resolve(struct stmt *s);
/* Sends the call and writes the values into the application's buffers. Parameters are in
 * s->wire_params. Also: HYC00 for outputs of a function that returns a set, 07006, 22002, 01004. */
SQLRETURN output_params_execute(struct stmt *s, const struct plan *plan, const char *const *casts);
/* HYC00 when a parameter of a statement that calls nothing is bound as output. */
SQLRETURN output_params_refuse_elsewhere(struct stmt *s);

#endif
