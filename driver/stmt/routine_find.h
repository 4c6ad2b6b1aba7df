/* The routine that a {call} names, as the catalogue has it: asked once for each connection
 * (handle/routine_cache.h). */
#ifndef NEON_STMT_ROUTINE_FIND_H
#define NEON_STMT_ROUTINE_FIND_H

#include "sql/call_text.h"
#include "stmt/stmt.h"

/* At most one request. *out is the connection's, until a statement is executed; NULL: there is none
 * of that name that takes so many arguments. Of overloads that fit equally well the newest. Posts.
 */
SQLRETURN routine_find(struct stmt *s, const struct call_text *c, const struct routine **out);

#endif
