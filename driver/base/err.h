/* How a failure travels: one value, filled at the place that knows most.
 *
 * Rules: a zeroed struct err means "no error"; fallible functions return false (or an enum), take
 * `struct err *e` last and leave it untouched on success; whoever owns the struct calls
 * err_release. The text is a full sentence for the application's user and never holds a secret. */
#ifndef NEON_BASE_ERR_H
#define NEON_BASE_ERR_H

#include <stdbool.h>

#include "base/buf.h"

enum sqlstate {
    ST_NONE = 0,
#define X(id, code3, code2, cls, text) id,
#include "base/sqlstate.def"
#undef X
    ST_COUNT
};

enum sqlstate_class { SQLSTATE_INFO, SQLSTATE_ERROR };

struct sqlstate_row {
    char code3[6]; /* ODBC 3 */
    char code2[6]; /* ODBC 2 */
    enum sqlstate_class cls;
    const char *text;
};

/* The row of a state the driver knows. */
const struct sqlstate_row *sqlstate_row(enum sqlstate s);
/* The row with that ODBC 3 code, or NULL for a state of the server's own. */
const struct sqlstate_row *sqlstate_find(const char *code3);

/* The fields of a server's error (protocol 5.1), each NULL when absent; one block, freed together.
 */
enum pg_field {
    PG_MESSAGE,
    PG_CODE,
    PG_SEVERITY,
    PG_DETAIL,
    PG_HINT,
    PG_POSITION,
    PG_INTERNAL_POSITION,
    PG_INTERNAL_QUERY,
    PG_WHERE,
    PG_SCHEMA,
    PG_TABLE,
    PG_COLUMN,
    PG_DATA_TYPE,
    PG_CONSTRAINT,
    PG_FILE,
    PG_LINE,
    PG_ROUTINE,
    PG_REQUEST_ID,
    PG_FIELD_COUNT
};
struct pg_fields {
    char *value[PG_FIELD_COUNT]; /* each owned */
};

/* Behind the message of a failure that leaves open whether the statement ran. */
#define ERR_OUTCOME_UNKNOWN                                                                        \
    " Whether the statement had its effect is unknown: it was sent once and not again. Check "     \
    "before repeating it."

/* Limits a message so that a hostile server cannot fill the process with it. */
#define ERR_TEXT_MAX_BYTES 32768

/* Did the statement have its effect? Decides about retries, 08S01 versus 08007 and what the text
 * says. */
enum err_effect {
    EFFECT_NONE,    /* surely not executed, or executed and rolled back */
    EFFECT_UNKNOWN, /* the request was written and no answer came: it may have been executed */
};

struct err {
    char state[6]; /* "" = no error; the ODBC 3 or the server's own SQLSTATE */
    int native;    /* curl code + 1000, HTTP status, or 0; listed in neonodbc.h */
    enum err_effect effect;
    bool retry_safe; /* the request surely did not run and trying again may help (protocol 5.4) */
    struct buf text;
    struct pg_fields *pg; /* owned; NULL when the server sent none */
};

#define ERR_INIT ((struct err){.text = {NULL, 0, 0, ERR_TEXT_MAX_BYTES, BUF_OK}})

/* Sets state and text (replacing what was there); always returns false, so `return err_set(...)`.
 */
bool err_set(struct err *e, enum sqlstate s, int native, const char *fmt, ...) NEON_PRINTF(4, 5);
/* The same with a state of the server's (5 characters; anything else becomes HY000). */
bool err_set_state(struct err *e, const char *state, int native, const char *fmt, ...)
    NEON_PRINTF(4, 5);
/* HY001. */
bool err_oom(struct err *e);
/* Puts a sentence behind the text. */
void err_append(struct err *e, const char *fmt, ...) NEON_PRINTF(2, 3);
bool err_is_set(const struct err *e);
bool err_is(const struct err *e, enum sqlstate s);
void err_release(struct err *e);
/* Moves src over dst (released first); src is empty afterwards. */
void err_move(struct err *dst, struct err *src);

struct pg_fields *pg_fields_new(void);
void pg_fields_free(struct pg_fields *f);
/* Copies; false when out of memory (the field stays NULL). */
bool pg_fields_set(struct pg_fields *f, enum pg_field which, const char *s, size_t len);

#endif
