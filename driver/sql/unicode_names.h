/* Names that are spelled with Unicode escapes, U&"d\0061ta" [UESCAPE '!'], as plain quoted names:
 * so that nobody behind this has to know the spelling. */
#ifndef NEON_SQL_UNICODE_NAMES_H
#define NEON_SQL_UNICODE_NAMES_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* May one be in the text? Else it need not be written anew. */
bool unicode_names_possible(struct strview text);
/* The text with all of them in plain quotes. One that PostgreSQL refuses stays as it is. False:
 * memory has run out. */
bool unicode_names_write_plain(struct strview text, struct buf *out);

#endif
