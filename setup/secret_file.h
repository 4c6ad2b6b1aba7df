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
/* A file that is written whole or not at all: prepared beside its place, then put there. */
struct secret_file {
    struct buf path, beside; /* beside: "" once there is nothing */
};
#define SECRET_FILE_INIT                                                                           \
    {                                                                                              \
        BUF_INIT(4096), BUF_INIT(4096)                                                             \
    }
/* Makes the folder (0700) and writes the secret beside its place (0600): what can fail has failed
 * here, before anything is changed. False: HY000 with the path and the system's reason; HY001. */
bool secret_file_prepare(struct secret_file *f, const char *dsn, const char *kind,
                         struct strview secret, struct err *e) NEON_MUST_CHECK;
/* Puts what is prepared into its place. False: HY000. */
bool secret_file_place(struct secret_file *f, struct err *e) NEON_MUST_CHECK;
/* Removes what was prepared and not placed. */
void secret_file_release(struct secret_file *f);
/* Removes the file if it exists. False: HY000. */
bool secret_file_remove(const char *path, struct err *e) NEON_MUST_CHECK;

#endif
