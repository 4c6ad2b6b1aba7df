/* The keywords of a data source, from odbc.ini through the installer library. */
#ifndef NEON_CONFIG_DSN_H
#define NEON_CONFIG_DSN_H

#include "config/conn_options.h"

/* How a section is read; as SQLGetPrivateProfileString("odbc.ini"). entry NULL: the names of all
 * entries, each ended by NUL, the list by another NUL. Returns the bytes written, without the last
 * NUL. */
struct dsn_reader {
    int (*get)(void *ctx, const char *section, const char *entry, char *out, int cap_bytes);
    void *ctx;
};

/* Puts every entry of the section into o as CONN_SRC_DSN. A section that does not exist has no
 * entries: finding the DSN is the driver manager's work. NULL reader: odbc.ini. False: HY024,
 * HY001. */
bool dsn_read(struct conn_options *o, const char *dsn, const struct dsn_reader *reader,
              struct config_warnings *w, struct err *e) NEON_MUST_CHECK;

#endif
