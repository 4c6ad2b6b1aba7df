/* Parameters whose type neither the application nor the statement tells. Numbers, dates and the
 * like carry the cast of their bound type; text and NULL carry none, so that they fit any column
 * (int_col = ? with text). Where the server then cannot choose (? IS NULL, jsonb_build_object('a',
 * ?)) they are text. And integers that are written into a boolean column, which PostgreSQL does not
 * take (42804), are converted, as booleans are for a column of numbers. */
#ifndef NEON_STMT_PARAM_TYPES_H
#define NEON_STMT_PARAM_TYPES_H

#include "stmt/stmt.h"

#define PARAM_TYPES_MAX_TRIES 16 /* for one execution */

/* From the server's error: the number of the parameter for which it could not choose a type, or
 * UINT_MAX when it could not choose but names none. 0: another error. In each case nothing was
 * executed. */
unsigned param_types_complaint(const struct pg_fields *pg);
/* The casts for n_rows rows of the script's parameters, by what was learned. */
void param_types_apply(const struct stmt *s, const char **casts, size_t n_rows);
/* After an execution that failed: when the server could not choose, the parameter it names (or all
 * without a cast) is text from now on; when a column is a boolean and the value a number, or the
 * reverse, it is converted (which costs a question). False: another error, or nothing that could be
 * changed. */
bool param_types_learn(struct stmt *s, const char **casts, size_t n_rows);
/* After such an execution (SQL_ERROR, learned from): `run` once more, as often as its complaint can
 * be learned from. When nothing helps the first complaint stands. */
SQLRETURN param_types_run_again(struct stmt *s, const char **casts, size_t n_rows,
                                SQLRETURN (*run)(void *ctx), void *ctx);
/* For a statement that is to wait in a transaction, where the server's error would come too late:
 * asks beforehand, when the text leaves room for doubt; no request for a text that was asked about.
 * Posts HY001 only: other errors come with the statement. */
SQLRETURN param_types_settle(struct stmt *s, const char **casts, size_t n_rows);

#endif
