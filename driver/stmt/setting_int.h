/* Inside statements about settings: what setting.c, setting_calls.c and setting_session.c share.
 * Private to them. */
#ifndef NEON_STMT_SETTING_INT_H
#define NEON_STMT_SETTING_INT_H

#include "sql/setting_text.h"
#include "stmt/setting.h"

/* --- setting.c --- */

/* It holds from now on: for the connection where it is to last, or, as one of the things that wait,
 * for the transaction that is open. *one is copied. HY001; 54000: the transaction has no room. */
bool setting_keep(struct stmt *s, const struct setting *one, bool lasting,
                  struct err *e) NEON_MUST_CHECK;
/* RESET ALL; with `everything` also the role (DISCARD ALL). False as above, and nothing has
 * changed.
 */
bool setting_keep_resets(struct dbc *d, bool everything, struct err *e) NEON_MUST_CHECK;
/* SET SESSION CHARACTERISTICS AS TRANSACTION `modes`: PostgreSQL has the same three settings behind
 * it. 42601, HYC00, 25006; HY001. */
bool setting_keep_modes(struct stmt *s, struct strview modes, struct err *e) NEON_MUST_CHECK;
/* Asks what the setting has become behind `one`, which is SET LOCAL in that request: so the server
 * has seen name and value. The answer's only column is the statement's open result. Posts. */
SQLRETURN setting_try(struct stmt *s, const struct setting *one);
/* The value in the first row of the open result; *out (the caller's) NULL when it is NULL or not
 * there. False: the answer could not be read, or HY001. */
bool setting_value_at(struct stmt *s, size_t column, char **out, struct err *e) NEON_MUST_CHECK;
/* Closes the result and posts *e. SQL_ERROR. */
SQLRETURN setting_failed(struct stmt *s, struct err *e);

/* --- setting_calls.c --- */

/* SELECT set_config(...): PLAN_SETTING's other half. */
SQLRETURN setting_run_calls(struct stmt *s, const char *const *casts);

#endif
