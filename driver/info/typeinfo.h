/* The rows of SQLGetTypeInfo, from convert/types.def. Sends nothing: some clients ask four times
 * while connecting. */
#ifndef NEON_INFO_TYPEINFO_H
#define NEON_INFO_TYPEINFO_H

#include "convert/typemap.h"
#include "stmt/local_result.h"

#define TYPEINFO_COLUMNS 19

/* Makes *out (initialised here; released here on failure) the rows of one type code (ODBC 2's date
 * codes included), or of all with SQL_ALL_TYPES: ordered by DATA_TYPE, and within one code the type
 * to be preferred first. With odbc2 the codes of dates and times are ODBC 2's. A valid type that
 * nothing maps to gives no row. False: HY001. */
bool typeinfo_rows(SQLSMALLINT type, bool odbc2, const struct type_options *o,
                   struct local_result *out, struct err *e) NEON_MUST_CHECK;

#endif
