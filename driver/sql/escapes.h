/* ODBC escape clauses to PostgreSQL's SQL, and the first of script_parse's two passes over a text.
 */
#ifndef NEON_SQL_ESCAPES_H
#define NEON_SQL_ESCAPES_H

#include "sql/script.h"

#define ESCAPES_MAX_DEPTH 64

/* A {call} or {?=call}. */
struct escape_call {
    size_t at;             /* byte offset of its "CALL " or "SELECT " in the translated text */
    size_t body;           /* of the routine's name */
    unsigned return_param; /* the number of the returned value's marker; 0 = none */
};

struct translation {
    struct buf text;           /* markers written as MARKER_BYTE and $n, n over the whole text */
    unsigned n_questions;      /* markers that came from ?, also those of returned values */
    struct escape_call *calls; /* owned; in text order */
    size_t n_calls;
};

/* Translates the escapes (not with o->noscan) and numbers the markers. `text` is UTF-8 without
 * U+0000. False: 42000 for an unterminated literal or a bad escape clause (the message shows the
 * place), 54000 when nested clauses grow beyond all reason, HY001. Release with escapes_release in
 * either case. */
bool escapes_translate(struct strview text, const struct script_options *o, struct translation *r,
                       struct err *e) NEON_MUST_CHECK;
void escapes_release(struct translation *r);

#endif
