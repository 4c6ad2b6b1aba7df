/* LIKE as PostgreSQL matches it over UTF-8, for rows that are at hand. Pure. */
#ifndef NEON_CATALOG_LIKE_H
#define NEON_CATALOG_LIKE_H

#include <stdbool.h>

#include "base/str.h"

/* % any characters, _ one character, \ the next one itself. A backslash at the end matches itself.
 */
bool like_matches(struct strview text, struct strview pattern);

#endif
