/* neon-odbc, the command-line tool: one file a command, all behind one table (main.c).
 *
 * Commands print to stdout, reasons for a failure to stderr, and return the exit code: 0 done, 1
 * failed, 2 wrong usage. */
#ifndef NEON_TOOL_TOOL_H
#define NEON_TOOL_TOOL_H

#include <stdbool.h>

#include "config/config.h"

struct tool_args {
    const char *command; /* for messages */
    char **words;        /* what is left after the options */
    int n_words;
    bool json, csv, system;
};

int cmd_dsn(const struct tool_args *a);
int cmd_query(const struct tool_args *a);
int cmd_doctor(const struct tool_args *a);
int cmd_register(const struct tool_args *a);
int cmd_unregister(const struct tool_args *a);

/* ---- main.c, shared ---- */
/* Prints "neon-odbc COMMAND: text" and returns 1. */
int tool_fail(const struct tool_args *a, const char *fmt, ...) NEON_PRINTF(2, 3);
/* The same with an error's text, which it releases. */
int tool_fail_err(const struct tool_args *a, struct err *e);
/* A connection string as the console shows it, also with psql '...' around it? */
bool tool_is_url(const char *text);
#define TOOL_DRIVER "Neon" /* as it is registered */
/* Is the data source of odbc.ini one of this driver? `driver` gets what it names, "" for nothing.
 */
bool tool_is_ours(const char *dsn, char *driver, int cap_bytes);
/* Appends a connection string for a data source's name or a postgresql:// URL ("-": the first line
 * of stdin). False: HY001, or HY000 when nothing is there. The result is SECRET. */
bool tool_connstr(const char *name_or_url, struct buf *out, struct err *e) NEON_MUST_CHECK;
/* A word of the command line that holds a secret: a copy for us, and the original overwritten, so
 * that ps does not show it. */
char *tool_take_secret(char *word) NEON_MUST_CHECK;
/* Appends a line of stdin; from a terminal after a prompt, and without showing it. False: HY001. */
bool tool_read_secret(const char *prompt, struct buf *out, struct err *e) NEON_MUST_CHECK;
/* Appends what getchar() gave. False: HY001, or HY000 for a null character. */
bool tool_read_char(struct buf *out, int c, struct err *e) NEON_MUST_CHECK;
/* What is being waited for, on a terminal's stderr; the next text replaces it, "" takes it away. */
void tool_progress(const char *text);
/* Writes text as a JSON string with its quotes. */
void tool_json_text(const char *text, size_t len_bytes);

#endif
