/* Which row of an array of parameters failed. A request is one transaction, so when it fails none
 * of its rows took effect; the row is found by trying beginnings of the request that are rolled
 * back. Called by param_array.c. */
#include "stmt/param_array.h"

#include "stmt/session.h"
#include "stmt/transaction.h"

/* Errors that depend on the values of a row; others come from the time, the server or the text. */
static bool depends_on_row(const char *code)
{
    static const char *const not_a_rows[] = {"08", "25", "40", "53", "54",
                                             "55", "57", "58", "F0", "XX"};

    for (size_t i = 0; i < ARRAY_LEN(not_a_rows); i++)
        if (strncmp(code, not_a_rows[i], 2) == 0)
            return false;
    return code[0] != '\0';
}

/* Do the first n rows by themselves fail as the request did? -1: something else went wrong. */
static int fails(struct param_array *a, size_t n, const char *code)
{
    SQLRETURN rc = param_array_send_rows(a, n, true);
    int r = SQL_SUCCEEDED(rc) ? 0 : strcmp(execute_server_code(a->s), code) == 0 ? 1 : -1;

    diag_clear(&a->s->handle.diag);
    return r;
}

/* The place among the gathered rows of the one that failed; SIZE_MAX: not to be found out. */
static size_t find_failed(struct param_array *a, const char *code)
{
    size_t good = 0;
    size_t bad = a->n;
    bool seen = false;
    /* A mistake of the text fails with any row. */
    size_t next = strncmp(code, "42", 2) == 0 ? 1 : a->n / 2;

    if (a->n == 1)
        return 0;
    while (bad - good > 1) {
        int r = fails(a, next, code);
        if (r < 0)
            return SIZE_MAX;
        if (r > 0) {
            bad = next;
            seen = true;
        } else {
            good = next;
        }
        next = good + (bad - good) / 2;
    }
    /* Nothing failed again: the rows before the last are good by themselves, is the last one bad?
     */
    if (!seen && fails(a, a->n, code) != 1)
        return SIZE_MAX;
    return good;
}

static size_t look_for_failed(struct param_array *a)
{
    struct diag kept = a->s->handle.diag;
    char code[6];
    size_t at;

    memcpy(code, execute_server_code(a->s), 5);
    code[5] = '\0';
    diag_init(&a->s->handle.diag);
    at = find_failed(a, code);
    diag_release(&a->s->handle.diag);
    a->s->handle.diag = kept;
    return at;
}

/* The request was too large for itself. */
static bool nothing_was_sent(const struct stmt *s)
{
    const struct diag_record *r = diag_record(&s->handle.diag, 1);

    return r != NULL && strcmp(r->state3, "54000") == 0;
}

/* By trying; in a transaction of a session it is as failed afterwards as it was before. */
static size_t failed_by_trial(struct param_array *a)
{
    size_t at = look_for_failed(a);
    struct diag kept = a->s->handle.diag;

    if (a->in_session) {
        diag_init(&a->s->handle.diag);
        (void)param_array_send_rows(a, at == SIZE_MAX ? a->n : at + 1, true);
        diag_release(&a->s->handle.diag);
        a->s->handle.diag = kept;
    }
    return at;
}

/* Outside of a transaction the session gets one for the trial. */
static size_t failed_by_own_trial(struct param_array *a)
{
    struct dbc *d = a->s->dbc;
    size_t at = SIZE_MAX;

    a->trying = session_begin_trial(d, PARAM_ARRAY_SAVEPOINT);
    if (a->trying)
        at = look_for_failed(a);
    session_end_trial(d);
    a->trying = false;
    return at;
}

/* Only a trial tells, and it needs a way to leave nothing behind. */
static size_t failed_row(struct param_array *a)
{
    bool alone = !a->in_session && !transaction_is_open(a->s->dbc);

    if (a->n == 1 && (execute_server_code(a->s)[0] != '\0' || nothing_was_sent(a->s)))
        return 0;
    if (!depends_on_row(execute_server_code(a->s)))
        return SIZE_MAX;
    if (a->in_session && !transaction_is_open(a->s->dbc))
        return failed_by_own_trial(a);
    return alone || param_array_has_savepoint(a) ? failed_by_trial(a) : SIZE_MAX;
}

static void set_statuses(struct param_array *a, SQLUSMALLINT status)
{
    for (size_t i = 0; i < a->n; i++)
        param_array_set_status(a->s, a->rows[i], status);
}

/* The request failed: the rows in it, and what the message says of them. */
SQLRETURN param_array_tell_failed(struct param_array *a)
{
    struct stmt *s = a->s;
    bool by_server = execute_server_code(s)[0] != '\0';
    size_t at = failed_row(a);

    if (strcmp(execute_server_code(s), "42804") == 0) /* a type is not what it was */
        describe_cache_clear(&s->dbc->described);

    if (at == SIZE_MAX) {
        set_statuses(a, SQL_PARAM_DIAG_UNAVAILABLE);
        param_array_set_processed(s, a->rows[0] + 1);
        diag_add_row(&s->handle, SQL_ROW_NUMBER_UNKNOWN,
                     by_server ? "None of the rows %zu to %zu of the array took effect."
                               : "It concerns the rows %zu to %zu of the array.",
                     a->rows[0] + 1, a->rows[a->n - 1] + 1);
    } else {
        set_statuses(a, SQL_PARAM_UNUSED);
        param_array_set_status(s, a->rows[at], SQL_PARAM_ERROR);
        param_array_set_processed(s, a->rows[at] + 1);
        diag_add_row(&s->handle, (SQLLEN)a->rows[at] + 1,
                     "Row %zu of the array failed; none of the rows %zu to %zu took effect, which "
                     "were one transaction.",
                     a->rows[at] + 1, a->rows[0] + 1, a->rows[a->n - 1] + 1);
    }
    return SQL_ERROR;
}
