/* The type of last resort. Called by describe.c, execute.c and param_array.c. */
#include "stmt/param_types.h"

#include <limits.h>

#include "sql/markers.h"

#define TEXT_CAST "::text"

/* "could not determine data type of parameter $2", in whatever language. */
static unsigned named_number(const char *message)
{
    const char *p = message != NULL ? strrchr(message, '$') : NULL;
    unsigned n = 0;

    for (p = p != NULL ? p + 1 : ""; ascii_is_digit(*p) && n < 100000; p++)
        n = n * 10 + (unsigned)(*p - '0');
    return n == 0 || n > SCRIPT_MAX_PARAMS ? UINT_MAX : n;
}

unsigned param_types_complaint(const struct pg_fields *pg)
{
    static const char *const nameless[] = {"42725", "42P08"};
    const char *code = pg != NULL ? pg->value[PG_CODE] : NULL;

    if (code == NULL)
        return 0;
    if (strcmp(code, "42P18") == 0)
        return named_number(pg->value[PG_MESSAGE]);
    for (size_t i = 0; i < ARRAY_LEN(nameless); i++)
        if (strcmp(code, nameless[i]) == 0)
            return UINT_MAX;
    return 0;
}

void param_types_apply(const struct stmt *s, const char **casts, size_t n_rows)
{
    size_t n = s->script.n_params;

    for (size_t i = 0; s->as_text != NULL && i < n; i++)
        for (size_t row = 0; s->as_text[i] && row < n_rows; row++)
            if (casts[row * n + i] == NULL)
                casts[row * n + i] = TEXT_CAST;
}

static bool is_untyped(const char *const *casts, size_t i, size_t n, size_t n_rows)
{
    for (size_t row = 0; row < n_rows; row++)
        if (casts[row * n + i] == NULL)
            return true;
    return false;
}

static bool make_text(struct stmt *s, const char *const *casts, size_t i, size_t n_rows)
{
    if (s->as_text[i] || !is_untyped(casts, i, s->script.n_params, n_rows))
        return false;
    s->as_text[i] = true;
    return true;
}

static bool has_as_text(struct stmt *s)
{
    if (s->as_text == NULL)
        s->as_text = mem_calloc(s->script.n_params + 1, sizeof *s->as_text);
    return s->as_text != NULL;
}

bool param_types_learn(struct stmt *s, const char **casts, size_t n_rows)
{
    const struct diag_record *r = diag_record(&s->handle.diag, 1);
    const struct script_stmt *st = &s->script.stmts[0];
    unsigned number = r != NULL ? param_types_complaint(r->pg) : 0;
    bool any = false;

    if (number == 0 || s->script.n_params == 0)
        return false;
    if (!has_as_text(s)) {
        diag_clear(&s->handle.diag);
        diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
        return false;
    }
    if (s->script.n_stmts == 1 && number <= st->n_params && !st->is_call)
        any = make_text(s, casts, st->first_param - 1 + number - 1, n_rows);
    for (size_t i = 0; !any && i < s->script.n_params; i++)
        any |= make_text(s, casts, i, n_rows);
    param_types_apply(s, casts, n_rows);
    return any;
}

SQLRETURN param_types_settle(struct stmt *s, const char **casts, size_t n_rows)
{
    for (size_t i = 0; i < s->script.n_stmts; i++) {
        const struct script_stmt *st = &s->script.stmts[i];
        size_t first = st->n_params > 0 ? st->first_param - 1 : 0;
        const bool *as_text;
        if (!markers_leave_doubt(st, casts + first))
            continue;
        if (stmt_asked_types(s, st, casts + first, &as_text) != SQL_SUCCESS)
            return SQL_ERROR;
        if (as_text != NULL && !has_as_text(s))
            return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
        for (unsigned k = 0; as_text != NULL && k < st->n_params; k++)
            s->as_text[first + k] |= as_text[k];
    }
    param_types_apply(s, casts, n_rows);
    return SQL_SUCCESS;
}
