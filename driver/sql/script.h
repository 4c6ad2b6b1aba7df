/* An application's SQL text made ready for the wire: escapes translated, split at top-level
 * semicolons, ? turned into $n, and a note of every marker so that casts can be put behind it when
 * the bound types are known. Pure. */
#ifndef NEON_SQL_SCRIPT_H
#define NEON_SQL_SCRIPT_H

#include "base/err.h"
#include "sql/classify.h"

#define SCRIPT_MAX_PARAMS                                                                          \
    32767 /* SQLNumParams' SQLSMALLINT; Neon's endpoint takes no more either */

enum question_mark_mode { QUESTION_AUTO, QUESTION_ESCAPE, QUESTION_OFF }; /* odbc-features E.1 */

struct script_options {
    bool noscan; /* SQL_ATTR_NOSCAN: no {escapes} */
    enum question_mark_mode question;
    bool dollar_only; /* ? is never a marker; only $n (ParamStyle=dollar) */
};

/* One place where a parameter stands in the statement's text. */
struct script_marker {
    size_t end;      /* byte offset just behind the marker in script_stmt.text */
    unsigned number; /* 1-based, the n of $n within this statement */
    bool has_cast; /* no cast may follow: the author wrote ::type or CAST(? AS type), or the grammar
                      takes none there */
    bool settled;  /* name = $1 and the like: the server tells its type by what stands beside it */
};

struct script_stmt {
    char
        *text; /* owned; $n markers numbered from 1 within this statement. Trimmed, without the ';';
                  a last line comment is closed by a newline, so that text may be put behind it */
    size_t len; /* bytes */
    struct sql_kind kind;
    unsigned first_param; /* number (1-based, over the whole script) of this statement's $1 */
    unsigned n_params;    /* the highest $n of the text */
    struct script_marker *markers; /* owned; in text order */
    size_t n_markers;
    bool is_call;          /* came from {call} */
    bool has_return_value; /* came from {?=call}: text is SELECT f(..), its one value is for
                              return_param */
    unsigned return_param; /* number (over the whole script) of the returned value, which is not in
                              the text; 0 = none */
    size_t call_body;      /* is_call: byte offset in text of the routine's name, behind "CALL " or
                              "SELECT " */
};

struct script {
    struct script_stmt
        *stmts; /* owned; at least one for any input (an empty text gives one SQLC_EMPTY) */
    size_t n_stmts;
    unsigned n_params; /* SQLNumParams */
    bool copy_in;      /* one COPY ... FROM STDIN without markers: parameter 1 is its data */
};

/* UTF-8 in. Errors: 42000 (unterminated literal, bad escape clause), 07002 (both ? and $n), 54000
 * (too many parameters), 22021 (not UTF-8, or U+0000 inside), HY001. */
bool script_parse(struct strview text, const struct script_options *o, struct script *out,
                  struct err *e) NEON_MUST_CHECK;
void script_release(struct script *s);

/* The text SQLNativeSql shows: the statements with $n replaced as sent, joined by ';'. */
bool script_native(const struct script *s, struct buf *out) NEON_MUST_CHECK;

/* Writes the statement with casts: casts[number-1] ("::int4") is put behind each marker of that
 * number that has none of its own (NULL = none). `casts` has n_params entries. */
bool script_render(const struct script_stmt *s, const char *const *casts,
                   struct buf *out) NEON_MUST_CHECK;

/* Ids of {fn} functions known to the translator, for SQLGetInfo's bitmaps: the mask of
 * SQL_FN_STR_*, SQL_FN_NUM_*, SQL_FN_TD_*, SQL_FN_SYS_* bits that script_parse translates. */
struct script_functions {
    unsigned string, numeric, timedate, system;
    unsigned convert;   /* SQL_FN_CVT_*: SQL_CONVERT_FUNCTIONS */
    unsigned add, diff; /* SQL_FN_TSI_*: intervals of TIMESTAMPADD and TIMESTAMPDIFF */
};
struct script_functions script_functions(void);

#endif
