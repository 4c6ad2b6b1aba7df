/* What SET, RESET, DISCARD and calls of set_config say. classify.c has found the statement already.
 * Pure. */
#ifndef NEON_SQL_SETTING_TEXT_H
#define NEON_SQL_SETTING_TEXT_H

#include <stdbool.h>

#include "base/buf.h"

enum setting_verb {
    SETTING_SET,
    SETTING_RESET, /* RESET name; SET name TO DEFAULT */
    SETTING_RESET_ALL,
    SETTING_CHARACTERISTICS, /* SET SESSION CHARACTERISTICS AS TRANSACTION <words> */
    SETTING_DISCARD,         /* PLANS, SEQUENCES, TEMP: nothing that is kept over HTTP */
    SETTING_DISCARD_ALL,
};

struct setting_text {
    enum setting_verb verb;
    bool local;      /* SET LOCAL */
    struct buf name; /* SET, RESET: lower case; TIME ZONE is "timezone", SCHEMA "search_path" */
    struct strview words; /* SET: behind SET [SESSION|LOCAL]; CHARACTERISTICS: the modes */
};

/* False: not understood, or memory is out (name.failed). Release `name` in any case. */
bool setting_text_read(struct strview stmt, struct setting_text *out) NEON_MUST_CHECK;

/* `words` of SET name TO <one word, number or literal>: that, in lower case. */
bool setting_plain_value(struct strview words, struct buf *out) NEON_MUST_CHECK;

/* One call of set_config in a statement that does nothing else:
 * SELECT set_config('name', value, false) [AS x] [, ...] */
struct setting_call {
    struct strview name;      /* a plain literal with its quotes; or */
    unsigned param;           /* $n gives the name; 0 = the literal does */
    bool lasting;             /* the third argument is false */
    size_t flag_at, flag_len; /* where the third argument stands, bytes */
};
#define SETTING_MAX_CALLS 32
/* SHOW of this setting, whose name has two parts? */
bool setting_is_shown(struct strview stmt, const char *first, const char *second);
/* The number of calls; 0 when the statement is anything else. */
size_t setting_calls_read(struct strview stmt, struct setting_call *out, size_t cap);
/* The statement with every third argument true: nothing of it lasts then. `calls` are its own. */
bool setting_calls_write_local(struct strview stmt, const struct setting_call *calls, size_t n,
                               struct buf *out) NEON_MUST_CHECK;
/* The literal's content in lower case, doubled quotes undone. */
bool setting_call_name(struct strview literal, struct buf *out) NEON_MUST_CHECK;

#endif
