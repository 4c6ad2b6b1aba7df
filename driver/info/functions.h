/* SQLGetFunctions over functions.def. */
#ifndef NEON_INFO_FUNCTIONS_H
#define NEON_INFO_FUNCTIONS_H

#include <stdbool.h>

#include <sql.h>
#include <sqlext.h>

/* Fills *app_supported as SQLGetFunctions wants it: one value for a single function, 100 for
 * SQL_API_ALL_FUNCTIONS, SQL_API_ODBC3_ALL_FUNCTIONS_SIZE words of bits for
 * SQL_API_ODBC3_ALL_FUNCTIONS. A function that ODBC has and this driver has not: SQL_FALSE. False:
 * no function has that id (HY095). */
bool functions_get(SQLUSMALLINT id, SQLUSMALLINT *app_supported);

#endif
