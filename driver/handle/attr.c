/* Attributes of environments, connections and statements: one engine over attr_env.def,
 * attr_dbc.def and attr_stmt.def. Every accepted value has its effect (where it is kept somebody
 * reads it), or the row says why it is harmless. Attributes of a statement that are fields of a
 * descriptor are answered by stmt/ before. Called by stmt/ and api/. */
#include "handle/attr.h"

#include <stddef.h>

#include "handle/attr_ids.h"
#include "handle/notification.h"

/* ---- the columns of the tables ---- */

enum attr_kind {
    KIND_UINT,
    KIND_ULEN,
    KIND_BOOL,
    KIND_POINTER,
    KIND_TEXT,
    KIND_UTF8
}; /* of the member, and of the value */
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

#define LIST(name, ...)                                                                            \
    static const struct value_verdict name##_values[] = {__VA_ARGS__};                             \
    static const struct attr_rule name = {.values = name##_values,                                 \
                                          .n_values = ARRAY_LEN(name##_values)}

static const struct attr_rule anything = {.max = (SQLULEN)-1};
static const struct attr_rule seconds = {
    .max = 2147483}; /* statement_timeout is 2^31 - 1 milliseconds at most */
static const struct attr_rule varchar_size = {.min = 1, .max = 10485760};
static const struct attr_rule longvarchar_size = {.max = 1073741823};
static const struct value_verdict zero_values[] = {{0, TAKE}};
static const struct attr_rule zero_else_substitute = {
    .values = zero_values, .n_values = 1, .others_substituted = true};
LIST(zero_or_one, {0, TAKE}, {1, TAKE});
LIST(only_true, {SQL_TRUE, TAKE}, {SQL_FALSE, REFUSE});
LIST(off_only, {0, TAKE}, {1, REFUSE});
LIST(odbc_versions, {SQL_OV_ODBC2, TAKE}, {SQL_OV_ODBC3, TAKE}, {SQL_OV_ODBC3_80, TAKE});
LIST(pooling_values, {SQL_CP_OFF, TAKE}, {SQL_CP_ONE_PER_DRIVER, TAKE},
     {SQL_CP_ONE_PER_HENV, TAKE});
LIST(autocommit_values, {SQL_AUTOCOMMIT_ON, TAKE}, {SQL_AUTOCOMMIT_OFF, TAKE});
LIST(isolation_levels, {SQL_TXN_READ_UNCOMMITTED, TAKE}, {SQL_TXN_READ_COMMITTED, TAKE},
     {SQL_TXN_REPEATABLE_READ, TAKE}, {SQL_TXN_SERIALIZABLE, TAKE});
LIST(cursor_types, {SQL_CURSOR_FORWARD_ONLY, TAKE}, {SQL_CURSOR_KEYSET_DRIVEN, TAKE},
     {SQL_CURSOR_DYNAMIC, TAKE}, {SQL_CURSOR_STATIC, TAKE});
LIST(concurrencies, {SQL_CONCUR_READ_ONLY, TAKE}, {SQL_CONCUR_LOCK, TAKE},
     {SQL_CONCUR_ROWVER, TAKE}, {SQL_CONCUR_VALUES, TAKE});
LIST(sensitivities, {SQL_UNSPECIFIED, TAKE}, {SQL_INSENSITIVE, TAKE}, {SQL_SENSITIVE, REFUSE});
LIST(simulations, {SQL_SC_NON_UNIQUE, TAKE}, {SQL_SC_TRY_UNIQUE, TAKE}, {SQL_SC_UNIQUE, TAKE});
LIST(bookmark_uses, {SQL_UB_OFF, TAKE}, {SQL_UB_ON, TAKE}, {SQL_UB_VARIABLE, TAKE});

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

/* ---- hooks ---- */

static void answer_uint(struct attr_value *out, SQLULEN number)
{
    *out = (struct attr_value){.kind = ATTR_V_UINT, .number = number};
}

/* The version decides how the driver behaves on every connection, so it is fixed once there is one.
 */
static SQLRETURN set_odbc_version(const struct attr_target *t, const struct attr_row *row,
                                  SQLULEN number, const char *text)
{
    struct env *env = t->owner;

    (void)row;
    (void)text;
    if (env->n_dbcs > 0)
        return diag_post(t->handle, ST_HY010, 0,
                         "SQL_ATTR_ODBC_VERSION must be set before a connection is allocated.");
    env->odbc_version = (SQLINTEGER)number;
    return SQL_SUCCESS;
}

static SQLRETURN get_access_mode(const struct attr_target *t, struct attr_value *out)
{
    answer_uint(out, dbc_is_read_only(t->owner) ? SQL_MODE_READ_ONLY : SQL_MODE_READ_WRITE);
    return SQL_SUCCESS;
}

static SQLRETURN set_access_mode(const struct attr_target *t, const struct attr_row *row,
                                 SQLULEN number, const char *text)
{
    struct dbc *dbc = t->owner;

    (void)row;
    (void)text;
    if (number == SQL_MODE_READ_WRITE && dbc->connected && dbc->options.read_only)
        return diag_post(
            t->handle, ST_01S02, 0,
            "The connection stays read-only: the connection string or data source says "
            "ReadOnly=1.");
    dbc->attrs.access_mode = (SQLUINTEGER)number;
    dbc_forget_setting(dbc, SQL_ATTR_ACCESS_MODE);
    return SQL_SUCCESS;
}

static SQLRETURN get_login_timeout(const struct attr_target *t, struct attr_value *out)
{
    answer_uint(out, (SQLULEN)dbc_login_timeout_s(t->owner));
    return SQL_SUCCESS;
}

static SQLRETURN set_login_timeout(const struct attr_target *t, const struct attr_row *row,
                                   SQLULEN number, const char *text)
{
    struct dbc *dbc = t->owner;

    (void)row;
    (void)text;
    dbc->attrs.login_timeout_s = (SQLUINTEGER)number;
    dbc->attrs.login_timeout_set = true;
    return SQL_SUCCESS;
}

static SQLRETURN get_connection_timeout(const struct attr_target *t, struct attr_value *out)
{
    answer_uint(out, (SQLULEN)dbc_read_timeout_s(t->owner));
    return SQL_SUCCESS;
}

static SQLRETURN set_connection_timeout(const struct attr_target *t, const struct attr_row *row,
                                        SQLULEN number, const char *text)
{
    struct dbc *dbc = t->owner;

    (void)row;
    (void)text;
    dbc->attrs.connection_timeout_s = (SQLUINTEGER)number;
    dbc->attrs.connection_timeout_set = true;
    return SQL_SUCCESS;
}

static SQLRETURN get_isolation(const struct attr_target *t, struct attr_value *out)
{
    answer_uint(out, dbc_isolation(t->owner));
    return SQL_SUCCESS;
}

/* The connection's value is the default of its statements (SQLSetConnectAttr,
 * SQL_ATTR_METADATA_ID). */
static SQLRETURN set_metadata_id(const struct attr_target *t, const struct attr_row *row,
                                 SQLULEN number, const char *text)
{
    struct dbc *dbc = t->owner;

    (void)row;
    (void)text;
    dbc->attrs.metadata_id = (SQLUINTEGER)number;
    dbc->stmt_defaults.metadata_id = number;
    return SQL_SUCCESS;
}

/* The name the server gave, else the one the application asked for; NULL when not connected. */
static const char *catalog_of(const struct dbc *dbc)
{
    if (!dbc->connected)
        return NULL;
    return dbc->server.database != NULL ? dbc->server.database : dbc->options.database;
}

static SQLRETURN get_catalog(const struct attr_target *t, struct attr_value *out)
{
    const char *name = catalog_of(t->owner);

    *out = (struct attr_value){.kind = ATTR_V_TEXT, .text = name != NULL ? name : ""};
    return SQL_SUCCESS;
}

static SQLRETURN set_catalog(const struct attr_target *t, const struct attr_row *row,
                             SQLULEN number, const char *text)
{
    const char *name = catalog_of(t->owner);

    (void)row;
    (void)number;
    if (text == NULL)
        return diag_post(t->handle, ST_HY009, 0,
                         "SQL_ATTR_CURRENT_CATALOG needs the name of a database.");
    if (name != NULL && strcmp(name, text) == 0)
        return SQL_SUCCESS;
    return diag_post(t->handle, ST_HYC00, 0,
                     "A connection stays in the database it was made for: connect again with "
                     "Database=%.63s.",
                     text);
}

static SQLRETURN get_dead(const struct attr_target *t, struct attr_value *out)
{
    const struct dbc *dbc = t->owner;

    answer_uint(out, transport_is_dead(dbc->transport) ? SQL_CD_TRUE : SQL_CD_FALSE);
    return SQL_SUCCESS;
}

/* A pool hands the connection to somebody else: nothing of the former borrower stays, neither here
 * nor in the session. */
static SQLRETURN set_reset(const struct attr_target *t, const struct attr_row *row, SQLULEN number,
                           const char *text)
{
    struct dbc *d = t->owner;
    struct err e = ERR_INIT;

    (void)row;
    (void)number;
    (void)text;
    dbc_apply_options(d, true);
    tx_reset(&d->tx);
    dbc_renew_session(d);
    if (!dbc_reset_settings(d, true, &e))
        return diag_post_err(t->handle, &e);
    return SQL_SUCCESS;
}

static SQLRETURN set_isolation(const struct attr_target *t, const struct attr_row *row,
                               SQLULEN number, const char *text)
{
    struct dbc *d = t->owner;

    (void)row;
    (void)text;
    if (d->tx.used && number != d->attrs.txn_isolation)
        return diag_post(
            t->handle, ST_HY011, 0,
            "The isolation level cannot be changed while a transaction is open: commit "
            "or roll it back first.");
    d->attrs.txn_isolation = (SQLUINTEGER)number;
    dbc_forget_setting(d, SQL_ATTR_TXN_ISOLATION);
    return SQL_SUCCESS;
}

static SQLRETURN get_deferrable(const struct attr_target *t, struct attr_value *out)
{
    answer_uint(out, dbc_is_deferrable(t->owner));
    return SQL_SUCCESS;
}

static SQLRETURN set_deferrable(const struct attr_target *t, const struct attr_row *row,
                                SQLULEN number, const char *text)
{
    struct dbc *d = t->owner;

    (void)row;
    (void)text;
    d->attrs.txn_deferrable = (SQLUINTEGER)number;
    dbc_forget_setting(d, NEON_ATTR_TXN_DEFERRABLE);
    return SQL_SUCCESS;
}

static SQLRETURN get_notification(const struct attr_target *t, struct attr_value *out)
{
    *out = (struct attr_value){.kind = ATTR_V_UTF8};
    return notification_get(t->owner, &out->text);
}

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

/* ---- the tables ---- */

#define NOWHERE SIZE_MAX
#define none NULL
#define X(attr, kind, access, when, rule, dflt, place, get, set, note)                             \
    {attr, KIND_##kind, ACCESS_##access, WHEN_##when, &rule, (SQLULEN)(dflt), place, get, set,     \
     note, #attr},

#define IN(member) offsetof(struct env, member)
static const struct attr_row env_rows[] = {
#include "handle/attr_env.def"
};
#undef IN
#define IN(member) offsetof(struct dbc, member)
static const struct attr_row dbc_rows[] = {
#include "handle/attr_dbc.def"
};
#undef IN
#define IN(member) offsetof(struct stmt_attrs, member)
static const struct attr_row stmt_rows[] = {
#include "handle/attr_stmt.def"
};
#undef IN
#undef X
#undef none

static const struct attr_row *find(const struct attr_row *rows, size_t n, SQLINTEGER id)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].id == id)
            return &rows[i];
    return NULL;
}
#define FIND(rows, id) find(rows, ARRAY_LEN(rows), id)

/* ---- the engine ---- */

static void store(const struct attr_target *t, const struct attr_row *row, SQLULEN number)
{
    SQLUINTEGER u32 = (SQLUINTEGER)number;
    bool flag = number != 0;
    char *place;

    if (row->offset == NOWHERE)
        return;
    place = (char *)t->owner + row->offset;
    switch (row->kind) {
    case KIND_UINT:
        memcpy(place, &u32, sizeof u32);
        break;
    case KIND_BOOL:
        memcpy(place, &flag, sizeof flag);
        break;
    case KIND_ULEN:
    case KIND_POINTER:
    default:
        memcpy(place, &number, sizeof number);
        break;
    }
}

static void load(const struct attr_target *t, const struct attr_row *row, struct attr_value *out)
{
    const char *place = row->offset == NOWHERE ? NULL : (const char *)t->owner + row->offset;
    SQLUINTEGER u32;
    bool flag;

    *out = (struct attr_value){.kind = ATTR_V_UINT, .number = row->dflt};
    switch (row->kind) {
    case KIND_UINT:
        if (place != NULL) {
            memcpy(&u32, place, sizeof u32);
            out->number = u32;
        }
        break;
    case KIND_BOOL:
        memcpy(&flag, place, sizeof flag);
        out->number = flag;
        break;
    case KIND_ULEN:
        out->kind = ATTR_V_ULEN;
        if (place != NULL)
            memcpy(&out->number, place, sizeof out->number);
        break;
    case KIND_POINTER:
        out->kind = ATTR_V_POINTER;
        if (place != NULL)
            memcpy(&out->pointer, place, sizeof out->pointer);
        break;
    case KIND_TEXT:
    default:
        *out = (struct attr_value){.kind = ATTR_V_TEXT, .text = ""};
        break;
    }
}

static SQLRETURN unknown(struct handle *h, SQLINTEGER id)
{
    return diag_post(h, ST_HY092, 0, "%d is no attribute that this driver knows.", (int)id);
}

static SQLRETURN refused(struct handle *h, const struct attr_row *row, SQLULEN number)
{
    return diag_post(h, ST_HYC00, 0, "%s cannot be set to %llu: %s.", row->name,
                     (unsigned long long)number, row->note);
}

/* May the attribute be set at all, in the state the handle is in? */
static SQLRETURN check_access(struct handle *h, const struct attr_row *row, bool connected,
                              bool cursor_open)
{
    if (row->access == ACCESS_READONLY || row->access == ACCESS_ELSEWHERE)
        return diag_post(h, ST_HY092, 0, "%s cannot be set.", row->name);
    if (row->access == ACCESS_REFUSED)
        return diag_post(h, ST_HYC00, 0, "%s is not available: %s.", row->name, row->note);
    if (row->when == WHEN_BEFORE_CONNECT && connected)
        return diag_post(h, ST_HY011, 0, "%s can only be set before connecting.", row->name);
    if (row->when == WHEN_CONNECTED && !connected)
        return diag_post(h, ST_08003, 0, "%s can only be set on an open connection.", row->name);
    if (row->when == WHEN_CURSOR_CLOSED && cursor_open)
        return diag_post(h, ST_24000, 0, "%s cannot be set while a cursor is open: close it first.",
                         row->name);
    return SQL_SUCCESS;
}

/* Applies the rule to *number. SQL_ERROR: posted; SQL_SUCCESS_WITH_INFO: substituted and posted. */
static SQLRETURN check_value(struct handle *h, const struct attr_row *row, SQLULEN *number)
{
    const struct attr_rule *rule = row->rule;
    SQLULEN given = *number;

    for (size_t i = 0; i < rule->n_values; i++) {
        if (rule->values[i].value != given)
            continue;
        if (rule->values[i].verdict == TAKE)
            return SQL_SUCCESS;
        if (rule->values[i].verdict == REFUSE)
            return refused(h, row, given);
        *number = row->dflt;
        break;
    }
    if (rule->n_values > 0 && *number == given) {
        if (!rule->others_substituted)
            return diag_post(h, ST_HY024, 0, "%llu is no value of %s.", (unsigned long long)given,
                             row->name);
        *number = row->dflt;
    }
    if (rule->n_values == 0) {
        if (given < rule->min)
            return diag_post(h, ST_HY024, 0, "%s must be at least %llu.", row->name,
                             (unsigned long long)rule->min);
        if (given <= rule->max)
            return SQL_SUCCESS;
        *number = rule->max;
    }
    return diag_post(h, ST_01S02, 0, "%s was set to %llu instead of %llu: %s.", row->name,
                     (unsigned long long)*number, (unsigned long long)given, row->note);
}

static SQLRETURN set_value(const struct attr_target *t, const struct attr_row *row,
                           SQLPOINTER value, const char *text, bool connected, bool cursor_open)
{
    /* UINT attributes are 32 bits wide: applications pass garbage above. */
    SQLULEN number = row->kind == KIND_UINT || row->kind == KIND_BOOL
                         ? (SQLUINTEGER)(uintptr_t)value
                         : (SQLULEN)(uintptr_t)value;
    SQLRETURN rc = check_access(t->handle, row, connected, cursor_open);
    SQLRETURN hook_rc = SQL_SUCCESS;

    if (rc != SQL_SUCCESS || row->access == ACCESS_IGNORED)
        return rc;
    if (row->kind != KIND_TEXT && row->kind != KIND_POINTER)
        rc = check_value(t->handle, row, &number);
    if (rc == SQL_ERROR)
        return rc;
    if (row->set != NULL)
        hook_rc = row->set(t, row, number, text);
    else
        store(t, row, number);
    return hook_rc != SQL_SUCCESS ? hook_rc : rc;
}

static SQLRETURN get_value(const struct attr_target *t, const struct attr_row *row, bool connected,
                           struct attr_value *out)
{
    if (row->access == ACCESS_ELSEWHERE)
        return unknown(t->handle, row->id);
    if (row->access == ACCESS_REFUSED && row->offset == NOWHERE)
        return diag_post(t->handle, ST_HYC00, 0, "%s is not available: %s.", row->name, row->note);
    if (row->when == WHEN_CONNECTED && !connected)
        return diag_post(t->handle, ST_08003, 0, "%s needs an open connection.", row->name);
    if (row->get != NULL)
        return row->get(t, out);
    load(t, row, out);
    return SQL_SUCCESS;
}

/* ---- environments ---- */

SQLRETURN attr_set_env(struct env *env, SQLINTEGER id, SQLPOINTER value)
{
    const struct attr_row *row = FIND(env_rows, id);
    const struct attr_target t = {&env->handle, env};

    return row == NULL ? unknown(&env->handle, id) : set_value(&t, row, value, NULL, false, false);
}

SQLRETURN attr_get_env(struct env *env, SQLINTEGER id, struct attr_value *out)
{
    const struct attr_row *row = FIND(env_rows, id);
    const struct attr_target t = {&env->handle, env};

    return row == NULL ? unknown(&env->handle, id) : get_value(&t, row, false, out);
}

/* ---- connections ---- */

bool attr_dbc_is_text(SQLINTEGER id)
{
    const struct attr_row *row = FIND(dbc_rows, id);

    return row != NULL && row->kind == KIND_TEXT;
}

/* ODBC 2 sets statement options (0 to 12) on the connection; DBD::ODBC still does. They are the
 * defaults of statements allocated later. A descriptor's field has no place there: its default is
 * accepted, nothing else. */
static SQLRETURN set_stmt_default(struct dbc *dbc, SQLINTEGER id, SQLULEN value)
{
    const struct attr_row *row = id >= 0 && id <= SQL_USE_BOOKMARKS ? FIND(stmt_rows, id) : NULL;

    if (row == NULL)
        return unknown(&dbc->handle, id);
    if (row->access != ACCESS_ELSEWHERE)
        return attr_set_stmt(&dbc->handle, &dbc->stmt_defaults, id, value, false);
    if (value == row->dflt)
        return SQL_SUCCESS;
    return diag_post(&dbc->handle, ST_HYC00, 0,
                     "%s cannot be set for a whole connection: set it on each statement.",
                     row->name);
}

SQLRETURN attr_set_dbc(struct dbc *dbc, SQLINTEGER id, SQLPOINTER value, const char *text)
{
    const struct attr_row *row = FIND(dbc_rows, id);
    const struct attr_target t = {&dbc->handle, dbc};

    if (row == NULL)
        return set_stmt_default(dbc, id, (SQLULEN)(uintptr_t)value);
    return set_value(&t, row, value, text, dbc->connected, false);
}

SQLRETURN attr_get_dbc(struct dbc *dbc, SQLINTEGER id, struct attr_value *out)
{
    const struct attr_row *row = FIND(dbc_rows, id);
    const struct attr_target t = {&dbc->handle, dbc};

    if (row == NULL && id >= 0 && id <= SQL_USE_BOOKMARKS)
        return attr_get_stmt(&dbc->handle, &dbc->stmt_defaults, id, out);
    return row == NULL ? unknown(&dbc->handle, id) : get_value(&t, row, dbc->connected, out);
}

/* ---- statements ---- */

SQLRETURN attr_set_stmt(struct handle *post_on, struct stmt_attrs *attrs, SQLINTEGER id,
                        SQLULEN value, bool cursor_open)
{
    const struct attr_row *row = FIND(stmt_rows, id);
    const struct attr_target t = {post_on, attrs};

    return row == NULL ? unknown(post_on, id)
                       : set_value(&t, row, (SQLPOINTER)(uintptr_t)value, NULL, true, cursor_open);
}

SQLRETURN attr_get_stmt(struct handle *post_on, const struct stmt_attrs *attrs, SQLINTEGER id,
                        struct attr_value *out)
{
    const struct attr_row *row = FIND(stmt_rows, id);
    const struct attr_target t = {post_on, (void *)(uintptr_t)attrs};

    return row == NULL ? unknown(post_on, id) : get_value(&t, row, true, out);
}

/* ---- defaults: the default column ---- */

void stmt_attrs_default(struct stmt_attrs *a)
{
    const struct attr_target t = {NULL, a};

    *a = (struct stmt_attrs){0};
    for (size_t i = 0; i < ARRAY_LEN(stmt_rows); i++)
        store(&t, &stmt_rows[i], stmt_rows[i].dflt);
}

void dbc_attrs_default(struct dbc_attrs *a)
{
    *a = (struct dbc_attrs){0};
    for (size_t i = 0; i < ARRAY_LEN(dbc_rows); i++) {
        const struct attr_row *row = &dbc_rows[i];
        SQLUINTEGER u32 = (SQLUINTEGER)row->dflt;

        /* The rows' places are in struct dbc; those outside its attrs (type options) have defaults
         * of their own. */
        if (row->kind != KIND_UINT || row->offset < offsetof(struct dbc, attrs) ||
            row->offset >= offsetof(struct dbc, attrs) + sizeof *a)
            continue;
        memcpy((char *)a + (row->offset - offsetof(struct dbc, attrs)), &u32, sizeof u32);
    }
}
