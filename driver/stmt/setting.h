/* SET, RESET, DISCARD, SET SESSION CHARACTERISTICS and SELECT set_config(...): the server takes the
 * value once, the driver keeps it (handle/settings.h). Inside a transaction a setting is one of the
 * things that wait: it holds from its place on, and is gone when the transaction is rolled back. */
#ifndef NEON_STMT_SETTING_H
#define NEON_STMT_SETTING_H

#include "stmt/stmt.h"

/* PLAN_SETTING. One request at most. */
SQLRETURN setting_run(struct stmt *s, const char *const *casts);
/* Several statements in one text, in autocommit: texts[i] of a SET becomes the SET LOCAL that holds
 * in the batch. */
SQLRETURN setting_render_script(struct stmt *s, struct buf *texts);
/* The batch has committed: what its SETs set is kept. Returns rc, or posts HY001. */
SQLRETURN setting_script_done(struct stmt *s, SQLRETURN rc);
/* In a transaction: the SET, RESET or SET LOCAL of that statement waits. */
bool setting_queue(struct stmt *s, const struct script_stmt *st, struct err *e) NEON_MUST_CHECK;

/* Before texts go out as they are: HYC00 when they set what would make values wrong, 25006 when
 * they would end what ReadOnly=1 has promised (setting_fits.c). */
bool setting_fits(struct stmt *s, const struct wire_stmt *stmts, size_t n_stmts,
                  struct err *e) NEON_MUST_CHECK;
/* Among statements that create something, over HTTP: HYC00 where SET may lead them to pg_temp. */
bool setting_path_fits(const struct stmt *s, struct err *e) NEON_MUST_CHECK;
/* SET (not LOCAL), RESET, DISCARD. */
bool setting_is_about(enum sql_class cls);
/* The session has executed it: what it has set is kept, so that the next session can be told, and
 * what RESET has gone back to is what the keywords say. */
bool setting_note_session(struct stmt *s, struct err *e) NEON_MUST_CHECK;

#endif
