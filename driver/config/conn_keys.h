/* The table of connection keywords, include/conn_keys.def, at run time. Pure. */
#ifndef NEON_CONFIG_CONN_KEYS_H
#define NEON_CONFIG_CONN_KEYS_H

#include "base/err.h"

enum conn_key_id {
#define X(field, name, aliases, kind, def, min, max, choices, flags, label, help) CONN_KEY_##field,
#include "conn_keys.def"
#undef X
    CONN_KEY_COUNT
};

enum conn_key_kind {
    CONN_TEXT,
    CONN_PATH,
    CONN_BOOL,
    CONN_INT,
    CONN_CHOICE,
    CONN_IGNORED,
    CONN_FIXED
};
enum conn_key_flags {
    CK_SECRET = 1, /* never in messages or logs */
    CK_NO_OUT = 2, /* never in SQLDriverConnect's out string */
    CK_ASCII = 4,  /* printable ASCII only */
};

struct conn_key {
    const char *name;    /* canonical spelling */
    const char *aliases; /* separated by commas */
    enum conn_key_kind kind;
    const char *def;     /* default as text; "" = not given */
    int64_t min, max;    /* INT: range; TEXT and PATH: length in bytes */
    const char *choices; /* "a,b=other spelling,c"; "" = none */
    unsigned flags;      /* enum conn_key_flags */
    const char *label;   /* for forms */
    const char *help;    /* a sentence or two */
};

const struct conn_key *conn_key_row(enum conn_key_id id);
/* By keyword or alias, ignoring case and surrounding white space; CONN_KEY_COUNT = unknown. */
enum conn_key_id conn_key_find(struct strview name);
/* The keyword or alias that looks most like `name` (a typing error), or an empty view. */
struct strview conn_key_suggest(struct strview name);
/* The next item of a list separated by `sep`; moves *rest on. False at its end. */
bool conn_key_item(struct strview *rest, char sep, struct strview *item);
/* The canonical spelling in row->choices of `value` (ignoring case), and its position; an empty
 * view when it is none of them. */
struct strview conn_key_choice(const struct conn_key *row, struct strview value, int *index);

#endif
