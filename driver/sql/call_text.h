/* The call of a routine in pieces: its name and its arguments. Pure.
 *
 * Arguments that a routine only gives back do not stand in the call that PostgreSQL wants of a
 * function, and arguments with defaults may be left out: the statement layer chooses which are
 * kept. */
#ifndef NEON_SQL_CALL_TEXT_H
#define NEON_SQL_CALL_TEXT_H

#include "sql/script.h"

struct call_arg {
    size_t start, end; /* bytes in script_stmt.text, trimmed */
    unsigned marker;   /* $n when the argument is that marker alone; 0 an expression */
};

struct call_text {
    char *schema, *name;      /* owned; as the catalogue has them; schema "" when not given */
    size_t body, open, close; /* bytes in the text: the name, its "(", the matching ")" */
    struct call_arg *args;    /* owned */
    size_t n_args;
    bool oom; /* it was not read for want of memory */
};

/* False when the statement is neither {call} nor CALL, or its text is not name(arguments) and
 * nothing more; also when out of memory. */
bool call_text_read(const struct script_stmt *st, struct call_text *out);
void call_text_release(struct call_text *c);
/* Appends verb and the call with the arguments whose keep[i] is set; names[i], when not NULL, is
 * put before argument i ("name => "). Markers are numbered anew from 1: numbers[k] is the old
 * number of $k+1 (room for st->n_markers); *n_numbers says how many. casts as for script_render.
 * False: HY001. */
bool call_text_render(const struct script_stmt *st, const struct call_text *c, const char *verb,
                      const bool *keep, const char *const *names, const char *const *casts,
                      unsigned *numbers, size_t *n_numbers, struct buf *out) NEON_MUST_CHECK;

#endif
