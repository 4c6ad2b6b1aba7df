/* Attributes of statements: attr_stmt.def and the hooks of its rows; the four attributes of a
 * cursor decide each other. Those that are fields of a descriptor are answered by stmt/ before.
 * Called by stmt/, and by attr_dbc.c for what is set on a connection. */
#include "handle/attr_rows.h"

LIST(cursor_types, {SQL_CURSOR_FORWARD_ONLY, TAKE}, {SQL_CURSOR_KEYSET_DRIVEN, TAKE},
     {SQL_CURSOR_DYNAMIC, TAKE}, {SQL_CURSOR_STATIC, TAKE});
LIST(concurrencies, {SQL_CONCUR_READ_ONLY, TAKE}, {SQL_CONCUR_LOCK, TAKE},
     {SQL_CONCUR_ROWVER, TAKE}, {SQL_CONCUR_VALUES, TAKE});
LIST(sensitivities, {SQL_UNSPECIFIED, TAKE}, {SQL_INSENSITIVE, TAKE}, {SQL_SENSITIVE, REFUSE});
LIST(simulations, {SQL_SC_NON_UNIQUE, TAKE}, {SQL_SC_TRY_UNIQUE, TAKE}, {SQL_SC_UNIQUE, TAKE});
LIST(bookmark_uses, {SQL_UB_OFF, TAKE}, {SQL_UB_ON, TAKE}, {SQL_UB_VARIABLE, TAKE});

/* ---- hooks ---- */

/* A scrollable cursor knows its rows from the start; read-only, it shows nothing else. */
static void settle_sensitivity(struct stmt_attrs *a)
{
    if (a->cursor_type != SQL_CURSOR_FORWARD_ONLY)
        a->cursor_sensitivity =
            a->concurrency == SQL_CONCUR_READ_ONLY ? SQL_INSENSITIVE : SQL_UNSPECIFIED;
    else if (a->concurrency != SQL_CONCUR_READ_ONLY && a->cursor_sensitivity == SQL_INSENSITIVE)
        a->cursor_sensitivity = SQL_UNSPECIFIED;
}

static SQLRETURN set_cursor_type(const struct attr_target *t, const struct attr_row *row,
                                 SQLULEN number, const char *text)
{
    struct stmt_attrs *a = t->owner;
    bool substituted = number == SQL_CURSOR_KEYSET_DRIVEN || number == SQL_CURSOR_DYNAMIC;

    (void)text;
    a->cursor_type = substituted ? SQL_CURSOR_STATIC : number;
    a->cursor_scrollable = a->cursor_type == SQL_CURSOR_STATIC ? SQL_SCROLLABLE : SQL_NONSCROLLABLE;
    settle_sensitivity(a);
    if (!substituted)
        return SQL_SUCCESS;
    return diag_post(t->handle, ST_01S02, 0,
                     "%s was set to SQL_CURSOR_STATIC: a cursor shows the rows as they were when "
                     "the statement ran, and what is changed through it.",
                     row->name);
}

/* Rows cannot be kept locked between requests; a change is refused when its row has changed. */
static SQLRETURN set_concurrency(const struct attr_target *t, const struct attr_row *row,
                                 SQLULEN number, const char *text)
{
    struct stmt_attrs *a = t->owner;

    (void)text;
    a->concurrency = number == SQL_CONCUR_LOCK ? SQL_CONCUR_VALUES : number;
    settle_sensitivity(a);
    if (number != SQL_CONCUR_LOCK)
        return SQL_SUCCESS;
    return diag_post(t->handle, ST_01S02, 0,
                     "%s was set to SQL_CONCUR_VALUES: rows are not locked while they are looked "
                     "at; a change fails when somebody else has changed its row.",
                     row->name);
}

static SQLRETURN set_scrollable(const struct attr_target *t, const struct attr_row *row,
                                SQLULEN number, const char *text)
{
    return set_cursor_type(
        t, row, number == SQL_SCROLLABLE ? SQL_CURSOR_STATIC : SQL_CURSOR_FORWARD_ONLY, text);
}

static SQLRETURN set_sensitivity(const struct attr_target *t, const struct attr_row *row,
                                 SQLULEN number, const char *text)
{
    struct stmt_attrs *a = t->owner;

    if (number == SQL_INSENSITIVE) {
        a->concurrency = SQL_CONCUR_READ_ONLY;
        return set_cursor_type(t, row, SQL_CURSOR_STATIC, text);
    }
    a->cursor_sensitivity = number;
    return SQL_SUCCESS;
}

/* ---- the table ---- */

#define X ATTR_ROW
#define IN(member) offsetof(struct stmt_attrs, member)
static const struct attr_row stmt_rows[] = {
#include "handle/attr_stmt.def"
};
#undef IN
#undef X

SQLRETURN attr_set_stmt(struct handle *post_on, struct stmt_attrs *attrs, SQLINTEGER id,
                        SQLULEN value, bool cursor_open)
{
    const struct attr_row *row = FIND(stmt_rows, id);
    const struct attr_target t = {post_on, attrs};

    return row == NULL
               ? attr_unknown(post_on, id)
               : attr_row_set(&t, row, (SQLPOINTER)(uintptr_t)value, NULL, true, cursor_open);
}

SQLRETURN attr_get_stmt(struct handle *post_on, const struct stmt_attrs *attrs, SQLINTEGER id,
                        struct attr_value *out)
{
    const struct attr_row *row = FIND(stmt_rows, id);
    const struct attr_target t = {post_on, (void *)(uintptr_t)attrs};

    return row == NULL ? attr_unknown(post_on, id) : attr_row_get(&t, row, true, out);
}

/* ODBC 2 sets statement options (0 to 12) on the connection; DBD::ODBC still does. They are the
 * defaults of statements allocated later. A descriptor's field has no place there: its default is
 * accepted, nothing else. */
SQLRETURN attr_set_stmt_default(struct dbc *dbc, SQLINTEGER id, SQLULEN value)
{
    const struct attr_row *row = id >= 0 && id <= SQL_USE_BOOKMARKS ? FIND(stmt_rows, id) : NULL;

    if (row == NULL)
        return attr_unknown(&dbc->handle, id);
    if (row->access != ACCESS_ELSEWHERE)
        return attr_set_stmt(&dbc->handle, &dbc->stmt_defaults, id, value, false);
    if (value == row->dflt)
        return SQL_SUCCESS;
    return diag_post(&dbc->handle, ST_HYC00, 0,
                     "%s cannot be set for a whole connection: set it on each statement.",
                     row->name);
}

void stmt_attrs_default(struct stmt_attrs *a)
{
    const struct attr_target t = {NULL, a};

    *a = (struct stmt_attrs){0};
    for (size_t i = 0; i < ARRAY_LEN(stmt_rows); i++)
        attr_row_store(&t, &stmt_rows[i], stmt_rows[i].dflt);
}
