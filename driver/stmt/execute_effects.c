/* What the class of a statement tells: its name in the diagnostics' header, and what the connection
 * knows of tables, types and routines that it may make untrue. Called by execute.c and
 * execute_buffered.c. */
#include "stmt/execute_int.h"

#include "stmt/transaction.h"

/* SQL_DIAG_DYNAMIC_FUNCTION and its code, for what the text alone tells (SQLGetDiagField, "Values
 * of the Dynamic Function Fields"); definition statements stay SQL_DIAG_UNKNOWN_STATEMENT. */
static const struct {
    const char *name;
    SQLINTEGER code;
} dynamic_functions[] = {
    [SQLC_SELECT] = {"SELECT CURSOR", SQL_DIAG_SELECT_CURSOR},
    [SQLC_INSERT] = {"INSERT", SQL_DIAG_INSERT},
    [SQLC_UPDATE] = {"UPDATE WHERE", SQL_DIAG_UPDATE_WHERE},
    [SQLC_DELETE] = {"DELETE WHERE", SQL_DIAG_DELETE_WHERE},
    [SQLC_CALL] = {"CALL", SQL_DIAG_CALL},
};

void execute_note_function(struct stmt *s)
{
    const struct sql_kind *k = &s->script.stmts[0].kind;
    struct diag *d = &s->handle.diag;

    if (k->cls >= ARRAY_LEN(dynamic_functions) || dynamic_functions[k->cls].name == NULL)
        return;
    d->dynamic_function = dynamic_functions[k->cls].name;
    d->dynamic_function_code = dynamic_functions[k->cls].code;
}

/* What may change tables or types makes descriptions of other texts untrue. */
static bool may_define(enum sql_class cls)
{
    return cls != SQLC_SELECT && cls != SQLC_SHOW && cls != SQLC_EXPLAIN && cls != SQLC_SET;
}

void execute_forget_known(struct stmt *s)
{
    static const enum sql_class changing[] = {SQLC_DDL, SQLC_ALONE, SQLC_DO, SQLC_CALL, SQLC_OTHER};

    for (size_t i = 0; i < s->script.n_stmts; i++)
        for (size_t k = 0; k < ARRAY_LEN(changing); k++)
            if (s->script.stmts[i].kind.cls == changing[k]) {
                describe_cache_clear(&s->dbc->described);
                type_names_clear(&s->dbc->type_names);
                if (changing[k] != SQLC_CALL) /* which may be under way */
                    routine_cache_clear(&s->dbc->routines);
                table_infos_clear(&s->dbc->tables);
                if (s->dbc->session != NULL)
                    session_forget_prepared(s->dbc->session);
            }
    for (size_t i = 0; i < s->script.n_stmts; i++)
        if (may_define(s->script.stmts[i].kind.cls)) {
            catalog_cache_changed(&s->dbc->catalog_cache);
            s->dbc->tx.defines |= transaction_is_open(s->dbc);
        }
}
