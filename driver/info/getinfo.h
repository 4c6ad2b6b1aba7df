/* What SQLGetInfo answers, over info.def. Sends nothing. */
#ifndef NEON_INFO_GETINFO_H
#define NEON_INFO_GETINFO_H

#include "handle/dbc.h"

enum info_kind { INFO_STR, INFO_U16, INFO_U32, INFO_ULEN };
struct info_value {
    enum info_kind kind;
    const char *text; /* INFO_STR: UTF-8; lives as long as the connection is open, or as this struct
                         (storage) */
    SQLULEN number;   /* the others; the width to write is that of the kind */
    char storage[192];
};

/* SQL_SUCCESS; HY096 posted on dbc for an id that no version of ODBC has, or that only the driver
 * manager can answer. */
SQLRETURN getinfo(struct dbc *dbc, SQLUSMALLINT id, struct info_value *out);

#endif
