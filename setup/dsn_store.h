/* Data sources in odbc.ini: checked, written, removed. Used by ConfigDSN (setup_api.c) and by the
 * tool neon-odbc.
 *
 * What is written comes from the one keyword table, spelled as it spells it. Secrets do not go into
 * odbc.ini unless SavePassword=1 asks for it: a password or token is put into a private file
 * (secret_file.h) that PWDFile or TokenFile names, and that goes when they name it no more. Files:
 * the user's odbc.ini ($ODBCINI or ~/.odbc.ini) or the system's, as SQLSetConfigMode says. */
#ifndef NEON_SETUP_DSN_STORE_H
#define NEON_SETUP_DSN_STORE_H

#include "base/err.h"

enum dsn_change {
    DSN_ADD,    /* what is there under that name is replaced as a whole */
    DSN_CHANGE, /* only what is given; an empty value takes a keyword out; a password or token, or a
                   file for one, takes the place of the one there was */
};

struct dsn_request {
    const char *dsn;        /* name; not empty */
    const char *driver;     /* name of the registered driver, for DSN_ADD */
    struct strview connstr; /* KEY=value;... without DSN and Driver */
    bool system;            /* the system's odbc.ini: no secrets there */
};

/* False: HY000 (name, place), HY024 (value, keyword that is not known, with the nearest known),
 * HY001. Nothing is written then, but for what the system refused halfway, which the text says. */
bool dsn_store(const struct dsn_request *r, enum dsn_change change, struct err *e) NEON_MUST_CHECK;
/* Removes it, and the private files made for it (the system's have none). False: HY000 when there
 * is none of that name. */
bool dsn_store_remove(const char *dsn, struct err *e) NEON_MUST_CHECK;
/* True for a connection string that can be read and names no password, token, file for one, or
 * UseEnv. */
bool dsn_store_lacks_login(struct strview connstr);
/* True for one that can be read and names neither Server, in a URL or not, nor Endpoint or UseEnv.
 */
bool dsn_store_lacks_server(struct strview connstr);
/* Does it stand in the user's odbc.ini, and can others read that file? Then its path is in *path.
 */
bool dsn_store_is_open(const char *dsn, struct buf *path);
/* Is there a data source of that name? */
bool dsn_store_exists(const char *dsn);

#endif
