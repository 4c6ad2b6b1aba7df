/* From what an application gives (connection string, DSN, user, password) to struct conn_options.
 * Called by SQLConnect, SQLDriverConnect and SQLBrowseConnect. Sends nothing. */
#ifndef NEON_CONFIG_CONFIG_H
#define NEON_CONFIG_CONFIG_H

#include "config/conn_options.h"
#include "config/dsn.h"

/* Puts everything together: connstr (may be empty) and uid/pwd (may be NULL) win over the DSN's
 * section, that over the Url keyword and pqopt, and these over the environment (UseEnv=1). The DSN
 * is `dsn`, or the DSN keyword of connstr. `o` was initialised; it is to be released by the caller
 * also after a failure. What is given need not be enough to connect: conn_options_complete says so.
 * Warnings: 01S00 unknown keywords, 01S02 replaced values. False: HY000 (syntax, with the
 * position), HY024, HYC00, HY001. */
bool config_build(struct conn_options *o, struct strview connstr, const char *dsn, const char *uid,
                  const char *pwd, struct config_warnings *w, struct err *e) NEON_MUST_CHECK;
/* The same with another reader of DSNs (tests; NULL = odbc.ini). */
bool config_build_with(struct conn_options *o, struct strview connstr, const char *dsn,
                       const char *uid, const char *pwd, const struct dsn_reader *reader,
                       struct config_warnings *w, struct err *e) NEON_MUST_CHECK;

#endif
