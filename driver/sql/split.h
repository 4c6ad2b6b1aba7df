/* A text cut at its top-level semicolons. Allocates nothing. */
#ifndef NEON_SQL_SPLIT_H
#define NEON_SQL_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct split_piece {
    struct strview text;  /* without the semicolon, trimmed of white space */
    size_t first_word;    /* byte offset in the whole text of the first significant token */
    bool empty;           /* nothing but comments */
    bool foreign_dollars; /* $n in it are no parameters: the body of CREATE FUNCTION or PREPARE */
};

/* The piece that begins at *pos, which moves behind its semicolon; *pos starts at 0. False when
 * nothing is left. A text of length 0 has no piece; "a;" has one. */
bool split_next(struct strview text, size_t *pos, struct split_piece *p);

#endif
