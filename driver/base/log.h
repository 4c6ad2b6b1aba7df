/* The log: one sink per connection, one line per event, secrets removed at this single place.
 *
 * Levels: 0 off, 1 errors, 2 one line a request, 3 statements' texts, 4 ODBC calls, 5 wire detail.
 * The file is made 0600, never through a symlink. Thread-safe. */
#ifndef NEON_BASE_LOG_H
#define NEON_BASE_LOG_H

#include "base/err.h"

enum log_level { LOG_OFF, LOG_ERROR, LOG_REQUEST, LOG_STATEMENT, LOG_CALL, LOG_WIRE };

struct log;

/* Opens `path` for appending (0600, O_NOFOLLOW). HY000 with the reason when that fails. */
struct log *log_open(const char *path, enum log_level level, struct err *e) NEON_MUST_CHECK;
/* NULL is fine. */
void log_close(struct log *l);
/* Adds a text that must never appear (password, token, connection string); it and its percent- and
 * base64-encoded forms are replaced by "***". Copied. Texts shorter than 3 bytes are ignored. */
bool log_add_secret(struct log *l, struct strview secret) NEON_MUST_CHECK;
/* True when that level is wanted; NULL log: false. Check before building an expensive line. */
bool log_wants(const struct log *l, enum log_level level);
void log_line(struct log *l, enum log_level level, const char *fmt, ...) NEON_PRINTF(3, 4);

#endif
