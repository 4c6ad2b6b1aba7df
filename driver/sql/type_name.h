/* Names of built-in types in SQL. Pure. */
#ifndef NEON_SQL_TYPE_NAME_H
#define NEON_SQL_TYPE_NAME_H

#include <stdint.h>

#include "sql/token.h"

/* `t` is the first token of a type's name; on return the token behind it, and *end the offset
 * behind the name and its sizes. 0: a type that type_name.def has not, or an array. */
uint32_t type_name_read(struct tokens *ts, struct token *t, size_t *end);
/* "::int4" for 23; NULL: not in type_name.def. */
const char *type_name_cast(uint32_t oid);
/* Is it "::" and one name of type_name.def? */
bool type_name_is_cast(const char *cast);

#endif
