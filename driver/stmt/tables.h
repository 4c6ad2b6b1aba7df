/* What the server says of the tables of a result: asked once for each, and kept on the connection
 * (handle/table_info.h). Called by edit_target.c and origins.c. */
#ifndef NEON_STMT_TABLES_H
#define NEON_STMT_TABLES_H

#include "stmt/stmt.h"

/* Asks for those of the tables that the connection does not know: one request, or none. A table
 * that is not there any more stays unknown. n is at most TABLE_INFO_MAX. Diagnostics on post_on;
 * SQL_SUCCESS or SQL_ERROR. */
SQLRETURN tables_ask(struct stmt *s, struct handle *post_on, const uint32_t *oids, size_t n);

#endif
