/* The columns of attr_env.def, attr_dbc.def and attr_stmt.def, and what attr.c does with a row: the
 * private side of attr.h. For attr_env.c, attr_dbc.c and attr_stmt.c, each of which includes its
 * table between definitions of IN and the hooks that its rows name. */
#ifndef NEON_HANDLE_ATTR_ROWS_H
#define NEON_HANDLE_ATTR_ROWS_H

#include <stddef.h>

#include "handle/attr.h"
#include "handle/attr_ids.h"

/* ---- the columns ---- */

/* Of the member, and of the value. */
enum attr_kind { KIND_UINT, KIND_ULEN, KIND_BOOL, KIND_POINTER, KIND_TEXT, KIND_UTF8 };
enum attr_access {
    ACCESS_SETTABLE,
    ACCESS_READONLY,  /* HY092 when set */
    ACCESS_REFUSED,   /* HYC00 when set: the note says why */
    ACCESS_IGNORED,   /* accepted without effect: harmless, documented in neonodbc.h */
    ACCESS_ELSEWHERE, /* stmt/ answers it */
};
enum attr_when {
    WHEN_ANYTIME,
    WHEN_BEFORE_CONNECT, /* HY011 once connected */
    WHEN_CONNECTED,      /* 08003 before */
    WHEN_CURSOR_CLOSED,  /* 24000 while a cursor is open */
};

/* What becomes of a value. */
enum verdict {
    TAKE,
    SUBSTITUTE, /* 01S02: the row's default is used */
    REFUSE,     /* HYC00: a value of the standard that this driver does not have */
};
struct value_verdict {
    SQLULEN value;
    enum verdict verdict;
};
/* Either a list of values (others are HY024), or a range: below min HY024, above max 01S02 and max.
 */
struct attr_rule {
    const struct value_verdict *values;
    size_t n_values;
    SQLULEN min, max;
    bool others_substituted; /* values not listed: 01S02 instead of HY024 */
};

struct attr_row;
/* Where a call is about: the handle that gets the diagnostics and the struct that holds the
 * members. */
struct attr_target {
    struct handle *handle;
    void *owner; /* struct env, struct dbc or struct stmt_attrs */
};
typedef SQLRETURN attr_setter(const struct attr_target *t, const struct attr_row *row,
                              SQLULEN number, const char *text);
typedef SQLRETURN attr_getter(const struct attr_target *t, struct attr_value *out);

struct attr_row {
    SQLINTEGER id;
    enum attr_kind kind;
    enum attr_access access;
    enum attr_when when;
    const struct attr_rule *rule;
    SQLULEN dflt;
    size_t offset;    /* NOWHERE: no member */
    attr_getter *get; /* instead of reading the member */
    attr_setter *set; /* after the checks, instead of writing the member */
    const char *note; /* the reason and the remedy */
    const char *name;
};

/* A row of the .def files; NOWHERE, none: no member, no hook. */
#define ATTR_ROW(attr, kind, access, when, rule, dflt, place, get, set, note)                      \
    {attr, KIND_##kind, ACCESS_##access, WHEN_##when, &rule, (SQLULEN)(dflt), place, get, set,     \
     note, #attr},
#define NOWHERE SIZE_MAX
#define none NULL

/* ---- rules that several tables name ---- */

#define LIST(name, ...)                                                                            \
    static const struct value_verdict name##_values[] = {__VA_ARGS__};                             \
    static const struct attr_rule name = {.values = name##_values,                                 \
                                          .n_values = ARRAY_LEN(name##_values)}

static const struct attr_rule anything = {.max = (SQLULEN)-1};
static const struct attr_rule seconds = {
    .max = 2147483}; /* statement_timeout is 2^31 - 1 milliseconds at most */
static const struct value_verdict zero_values[] = {{0, TAKE}};
static const struct attr_rule zero_else_substitute = {
    .values = zero_values, .n_values = 1, .others_substituted = true};
LIST(zero_or_one, {0, TAKE}, {1, TAKE});
LIST(off_only, {0, TAKE}, {1, REFUSE});
LIST(only_true, {SQL_TRUE, TAKE}, {SQL_FALSE, REFUSE});

/* ---- the engine ---- */

#define FIND(rows, id) attr_row_find(rows, ARRAY_LEN(rows), id)
const struct attr_row *attr_row_find(const struct attr_row *rows, size_t n, SQLINTEGER id);
/* What SQLSet*Attr and SQLGet*Attr return for this row, with its diagnostics. */
SQLRETURN attr_row_set(const struct attr_target *t, const struct attr_row *row, SQLPOINTER value,
                       const char *text, bool connected, bool cursor_open);
SQLRETURN attr_row_get(const struct attr_target *t, const struct attr_row *row, bool connected,
                       struct attr_value *out);
/* Writes the member, unchecked. */
void attr_row_store(const struct attr_target *t, const struct attr_row *row, SQLULEN number);
/* HY092: no row has this number. */
SQLRETURN attr_unknown(struct handle *h, SQLINTEGER id);
/* A statement's attribute that was set on its connection. */
SQLRETURN attr_set_stmt_default(struct dbc *dbc, SQLINTEGER id, SQLULEN value);

#endif
