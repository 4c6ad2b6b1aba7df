/* What a ? is: a parameter marker or part of an operator; and the statement text with $n counted
 * and noted. */
#ifndef NEON_SQL_MARKERS_H
#define NEON_SQL_MARKERS_H

#include "sql/script.h"
#include "sql/token.h"

/* Between the two passes a ? that is a marker is written as this byte and $n, n counting over the
 * whole script. It cannot stand in a text (script_parse refuses U+0000), so that it tells our $n
 * from the author's. */
#define MARKER_BYTE '\0'

/* ts stands just behind a TOK_QUESTION. True when it is an operator character; then a second ? that
 * only escaped it has been skipped. odbc-features E.1. */
bool markers_is_operator(const struct script_options *o, struct tokens *ts);

/* The parameters that a piece of translated text uses. */
struct marker_use {
    unsigned questions;       /* how many markers came from ? */
    unsigned dollars;         /* how many the author wrote as $n */
    unsigned lowest, highest; /* numbers; 0 = none */
};
/* Counts. `foreign_dollars`: the author's $n belong to something else (the body of CREATE FUNCTION,
 * PREPARE). False: 54000 number above SCRIPT_MAX_PARAMS, 07002 for $0. */
bool markers_count(struct strview text, bool foreign_dollars, struct marker_use *u,
                   struct err *e) NEON_MUST_CHECK;

/* Writes `text` into s->text with every marker's number lowered by `base`, and notes the markers.
 * `u` is its count. False: HY001. */
bool markers_write(struct strview text, bool foreign_dollars, const struct marker_use *u,
                   unsigned base, struct script_stmt *s, struct err *e) NEON_MUST_CHECK;

/* Would the two bytes, put side by side, become one token or change each other's? */
bool markers_would_fuse(char before, char after);

/* True when the server may be unable to choose a type for a marker without a cast (casts[number -
 * 1] is NULL): anything but the value of an INSERT and one side of a comparison or an assignment.
 */
bool markers_leave_doubt(const struct script_stmt *st, const char *const *casts);

#endif
