/* Types that the server could not choose or did not take. Called by describe.c, execute.c and
 * param_array.c. */
#include "stmt/param_types.h"

#include <limits.h>

#include "sql/markers.h"
#include "stmt/execute.h"

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

static bool is_integer_cast(const char *cast)
{
    return cast != NULL && (strcmp(cast, "::int4") == 0 || strcmp(cast, "::int8") == 0);
}

static bool is_boolean_cast(const char *cast)
{
    return cast != NULL && strcmp(cast, "::bool") == 0;
}

/* The cast of a value, by what was found out of its parameter. */
static const char *learned_cast(enum param_learned learned, const char *cast)
{
    if (learned == LEARNED_TEXT && cast == NULL)
        return TEXT_CAST;
    if (learned == LEARNED_BOOLEAN && is_integer_cast(cast))
        return "::int4::bool";
    if (learned == LEARNED_NUMBER && is_boolean_cast(cast))
        return "::bool::int4";
    return cast;
}

void param_types_apply(const struct stmt *s, const char **casts, size_t n_rows)
{
    size_t n = s->script.n_params;

    for (size_t i = 0; s->learned != NULL && i < n; i++)
        for (size_t row = 0; row < n_rows; row++)
            casts[row * n + i] = learned_cast(s->learned[i], casts[row * n + i]);
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
    if (s->learned[i] == LEARNED_TEXT || !is_untyped(casts, i, s->script.n_params, n_rows))
        return false;
    s->learned[i] = LEARNED_TEXT;
    return true;
}

static bool can_learn(struct stmt *s)
{
    if (s->learned == NULL)
        s->learned = mem_calloc(s->script.n_params + 1, sizeof *s->learned);
    return s->learned != NULL;
}

/* ---- numbers in boolean columns, and the reverse ---- */

#define OID_BOOL 16u

static bool is_number_oid(uint32_t oid)
{
    static const uint32_t numbers[] = {20, 21, 23, 700, 701, 1700};

    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        if (oid == numbers[i])
            return true;
    return false;
}

/* Of a write into a table the server has said that a value does not fit its column (42804): asks
 * for the types without the casts of integers and booleans. PostgreSQL assigns neither to the
 * other; applications that know booleans as numbers (LibreOffice) bind them so. */
static bool learn_booleans(struct stmt *s, const char *const *casts, size_t n_rows)
{
    const struct script_stmt *st = &s->script.stmts[0];
    const struct description *d = NULL;
    const char **mine = mem_calloc((size_t)st->n_params + 1, sizeof *mine);
    bool any = false;

    for (size_t i = 0; mine != NULL && i < st->n_params; i++)
        mine[i] = is_integer_cast(casts[i]) || is_boolean_cast(casts[i]) ? NULL : casts[i];
    if (mine == NULL || !can_learn(s) || stmt_asked(s, st, mine, &d) != SQL_SUCCESS) {
        diag_clear(&s->handle.diag);
        diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    }
    for (size_t i = 0; d != NULL && i < st->n_params; i++)
        for (size_t row = 0; row < n_rows; row++) {
            const char *cast = casts[row * st->n_params + i];
            enum param_learned learned = s->learned[i];
            if (d->param_oids[i] == OID_BOOL && is_integer_cast(cast))
                learned = LEARNED_BOOLEAN;
            else if (is_number_oid(d->param_oids[i]) && is_boolean_cast(cast))
                learned = LEARNED_NUMBER;
            any |= learned != s->learned[i];
            s->learned[i] = learned;
        }
    mem_free(mine);
    return any;
}

static bool may_be_booleans(const struct stmt *s, const struct diag_record *r)
{
    const struct script_stmt *st = &s->script.stmts[0];
    const char *code = r != NULL && r->pg != NULL ? r->pg->value[PG_CODE] : NULL;

    return code != NULL && strcmp(code, "42804") == 0 && s->script.n_stmts == 1 &&
           st->n_params > 0 && st->n_params == s->script.n_params &&
           (st->kind.cls == SQLC_INSERT || st->kind.cls == SQLC_UPDATE ||
            st->kind.cls == SQLC_MERGE);
}

bool param_types_learn(struct stmt *s, const char **casts, size_t n_rows)
{
    const struct diag_record *r = diag_record(&s->handle.diag, 1);
    const struct script_stmt *st = &s->script.stmts[0];
    unsigned number = r != NULL ? param_types_complaint(r->pg) : 0;
    bool any = false;

    if (may_be_booleans(s, r)) {
        any = learn_booleans(s, casts, n_rows);
        param_types_apply(s, casts, n_rows);
        return any;
    }
    if (number == 0 || s->script.n_params == 0)
        return false;
    if (!can_learn(s)) {
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

SQLRETURN param_types_run_again(struct stmt *s, const char **casts, size_t n_rows,
                                SQLRETURN (*run)(void *ctx), void *ctx)
{
    struct diag first = s->handle.diag;
    SQLRETURN rc = SQL_ERROR;

    diag_init(&s->handle.diag);
    for (int tries = 0; tries < PARAM_TYPES_MAX_TRIES; tries++) {
        diag_clear(&s->handle.diag);
        rc = run(ctx);
        if (rc != SQL_ERROR || !param_types_learn(s, casts, n_rows))
            break;
    }
    if (rc == SQL_ERROR && execute_server_code(s)[0] != '\0') {
        diag_release(&s->handle.diag);
        s->handle.diag = first;
    } else {
        diag_release(&first);
    }
    return rc;
}

SQLRETURN param_types_settle(struct stmt *s, const char **casts, size_t n_rows)
{
    for (size_t i = 0; i < s->script.n_stmts; i++) {
        const struct script_stmt *st = &s->script.stmts[i];
        size_t first = st->n_params > 0 ? st->first_param - 1 : 0;
        const struct description *d;
        if (!markers_leave_doubt(st, casts + first))
            continue;
        if (stmt_asked(s, st, casts + first, &d) != SQL_SUCCESS)
            return SQL_ERROR;
        if (d != NULL && !can_learn(s))
            return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
        for (unsigned k = 0; d != NULL && k < st->n_params; k++)
            if (d->as_text[k])
                s->learned[first + k] = LEARNED_TEXT;
    }
    param_types_apply(s, casts, n_rows);
    return SQL_SUCCESS;
}
