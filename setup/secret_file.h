/* Private files for passwords and tokens of data sources: <config folder>/neon-odbc/NAME.pwd,
 * readable by their owner alone.
 *
 * odbc.ini is often readable by everybody; PWDFile and TokenFile point here instead. Only files
 * that this module has made (by their place and name) are ever removed. */
#ifndef NEON_SETUP_SECRET_FILE_H
#define NEON_SETUP_SECRET_FILE_H

#include "base/err.h"

/* Appends the path for the secret `kind` ("pwd", "token") of the data source: below
 * $XDG_CONFIG_HOME, else ~/.config. False: HY000 (neither is known), HY001. Characters of the name
 * that a file name should not have are percent-encoded. */
bool secret_file_path(const char *dsn, const char *kind, struct buf *out,
                      struct err *e) NEON_MUST_CHECK;
/* Makes the folder (0700) and the file (0600), whole or not at all: written beside and renamed.
 * False: HY000 with the path and the system's reason; HY001. */
bool secret_file_write(const char *path, struct strview secret, struct err *e) NEON_MUST_CHECK;
/* Removes the file if it exists. False: HY000. */
bool secret_file_remove(const char *path, struct err *e) NEON_MUST_CHECK;

#endif
