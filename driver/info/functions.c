/* SQLGetFunctions: which functions the library exports. Called by api/. */
#include "info/functions.h"

#include <string.h>

#include "base/mem.h"

#ifndef SQL_API_SQLALLOCHANDLESTD
#define SQL_API_SQLALLOCHANDLESTD 73
#endif

#define YES true
#define NO false
static const struct function_row {
    SQLUSMALLINT id;
    bool exported;
} rows[] = {
#define X(name, exported) {SQL_API_##name, exported},
#include "info/functions.def"
#undef X
};

#define ODBC2_SIZE 100 /* elements of SQL_API_ALL_FUNCTIONS, which knows ids below 100 only */

bool functions_get(SQLUSMALLINT id, SQLUSMALLINT *app_supported)
{
    if (id == SQL_API_ALL_FUNCTIONS)
        memset(app_supported, 0, ODBC2_SIZE * sizeof *app_supported);
    if (id == SQL_API_ODBC3_ALL_FUNCTIONS)
        memset(app_supported, 0, SQL_API_ODBC3_ALL_FUNCTIONS_SIZE * sizeof *app_supported);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct function_row *r = &rows[i];

        if (id == SQL_API_ALL_FUNCTIONS && r->id < ODBC2_SIZE)
            app_supported[r->id] = r->exported ? SQL_TRUE : SQL_FALSE;
        else if (id == SQL_API_ODBC3_ALL_FUNCTIONS && r->exported)
            app_supported[r->id >> 4] =
                (SQLUSMALLINT)(app_supported[r->id >> 4] | (1u << (r->id & 0xF)));
        else if (id == r->id) {
            *app_supported = r->exported ? SQL_TRUE : SQL_FALSE;
            return true;
        }
    }
    return id == SQL_API_ALL_FUNCTIONS || id == SQL_API_ODBC3_ALL_FUNCTIONS;
}
