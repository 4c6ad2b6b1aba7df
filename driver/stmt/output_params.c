/* {call}, {?=call} and their outputs. The text of a {call} does not tell a procedure from a
 * function, nor which arguments come back: the catalogue does (routine_find.c). PostgreSQL answers
 * CALL with one row of the outputs, and SELECT * FROM f(..) with its own; the values go through the
 * converters of columns. Called by execute.c, params.c and param_array.c. */
#include "stmt/output_params.h"

#include "stmt/params.h"
#include "stmt/routine_find.h"
#include "stmt/transaction.h"

/* ---- what is bound ---- */

static const struct script_stmt *the_call(const struct stmt *s)
{
    return s->script.n_stmts == 1 ? &s->script.stmts[0] : NULL;
}

static SQLSMALLINT io_type(const struct stmt *s, unsigned number)
{
    const struct desc_rec *ipd = desc_record(&s->ipd, number);

    return ipd != NULL ? ipd->parameter_type : SQL_PARAM_INPUT;
}

static bool is_output(const struct stmt *s, unsigned number)
{
    SQLSMALLINT io = io_type(s, number);

    return io == SQL_PARAM_OUTPUT || io == SQL_PARAM_INPUT_OUTPUT;
}

bool output_params_wanted(const struct stmt *s)
{
    for (unsigned i = 1; i <= s->script.n_params; i++)
        if (is_output(s, i))
            return true;
    return false;
}

bool output_params_is_call(const struct stmt *s)
{
    const struct script_stmt *st = the_call(s);

    return st != NULL && (st->is_call || (st->kind.cls == SQLC_CALL && output_params_wanted(s)));
}

SQLRETURN output_params_refuse_elsewhere(struct stmt *s)
{
    for (unsigned i = 1; i <= s->script.n_params; i++)
        if (io_type(s, i) == SQL_PARAM_OUTPUT)
            return diag_post(&s->handle, ST_HYC00, 0,
                             "Parameter %u is bound as SQL_PARAM_OUTPUT, and only the call of a "
                             "routine gives values back: use {call p(?)} or {? = call f(?)}.",
                             i);
    return SQL_SUCCESS;
}

static bool is_default(struct stmt *s, unsigned number)
{
    struct param_source p;

    return params_source(s, 0, number - 1, &p) == SQL_SUCCESS && p.len == SQL_DEFAULT_PARAM;
}

bool output_params_take_default(struct stmt *s, size_t index)
{
    struct call_text c;
    bool found = false;

    if (!output_params_is_call(s) || !call_text_read(the_call(s), &c))
        return false;
    for (size_t i = 0; i < c.n_args; i++)
        found |=
            c.args[i].marker != 0 && c.args[i].marker + the_call(s)->first_param - 1 == index + 1;
    call_text_release(&c);
    return found;
}

/* ---- which routine ---- */

/* {?=call f(?)} with nothing but inputs needs no catalogue. */
static bool must_be_looked_up(struct stmt *s, const struct call_text *c)
{
    const struct script_stmt *st = the_call(s);

    for (size_t i = 0; i < c->n_args; i++) {
        unsigned number = c->args[i].marker ? c->args[i].marker + st->first_param - 1 : 0;
        if (number != 0 && (is_output(s, number) || is_default(s, number)))
            return true;
    }
    return !st->has_return_value;
}

/* By itself set_config can be carried, in the form that setting.c reads; as a call it needs a
 * session. */
static unsigned flags_of_call(unsigned flags)
{
    bool lasts = (flags & SQLF_SET_CONFIG_SESSION) != 0;

    flags &= ~(unsigned)(SQLF_SET_CONFIG_ALONE | SQLF_SET_CONFIG_SESSION);
    return lasts ? flags | SQLF_SESSION_FUNCTION : flags;
}

SQLRETURN output_params_resolve(struct stmt *s)
{
    struct script_stmt *st = &s->script.stmts[0];
    const struct routine *r = NULL;
    struct call_text c;
    SQLRETURN rc = SQL_SUCCESS;

    if (!call_text_read(st, &c))
        return c.oom ? diag_post(&s->handle, ST_HY001, 0, "Out of memory.") : SQL_SUCCESS;
    if (must_be_looked_up(s, &c))
        rc = routine_find(s, &c, &r);
    if (rc == SQL_SUCCESS && r != NULL) /* what its text calls stays as it is */
        st->kind.cls = r->is_procedure ? SQLC_CALL : SQLC_SELECT;
    st->kind.flags = flags_of_call(st->kind.flags);
    call_text_release(&c);
    return rc;
}

/* ---- the text ---- */

struct call {
    struct stmt *s;
    const struct script_stmt *st;
    struct call_text text;
    const struct routine *routine; /* NULL: not known */
    bool *keep;                    /* owned; per argument */
    const char **names;            /* owned; "name => ", pointing into name_text */
    struct buf *name_text;         /* owned; per argument */
    unsigned *numbers;             /* owned; of the statement's markers in the text */
    struct wire_param *params;     /* owned */
    size_t n_params;
    struct buf sql;
};

static void call_release(struct call *c)
{
    for (size_t i = 0; c->name_text != NULL && i < c->text.n_args; i++)
        buf_release(&c->name_text[i]);
    call_text_release(&c->text);
    mem_free(c->keep);
    mem_free(c->names);
    mem_free(c->name_text);
    mem_free(c->numbers);
    mem_free(c->params);
    buf_release(&c->sql);
}

/* The parameter of the script behind argument i; 0: an expression. */
static unsigned param_of_arg(const struct call *c, size_t i)
{
    unsigned marker = c->text.args[i].marker;

    return marker != 0 ? marker + c->st->first_param - 1 : 0;
}

/* All arguments of the routine stand in the call, those that only come back too. */
static bool writes_all(const struct call *c)
{
    return c->text.n_args == routine_count_args(c->routine->modes, false);
}

/* The mode of argument i of the call, and its place among the routine's arguments. */
static char mode_of_arg(const struct call *c, size_t i, size_t *place)
{
    bool all = writes_all(c);
    size_t seen = 0;

    *place = SIZE_MAX;
    for (size_t k = 0; c->routine->modes[k] != '\0'; k++) {
        char mode = c->routine->modes[k];
        if (mode == 't' || (!all && !c->routine->is_procedure && !routine_mode_is_input(mode)))
            continue;
        if (seen++ == i) {
            *place = k;
            return mode;
        }
    }
    return 'i';
}

static bool set_name(struct call *c, size_t i, size_t place)
{
    const char *p = c->routine->arg_names;
    size_t len;

    for (size_t k = 0; k < place && p != NULL; k++) {
        p = strchr(p, '\1');
        p = p != NULL ? p + 1 : NULL;
    }
    len = p != NULL ? strcspn(p, "\1") : 0;
    if (len == 0)
        return false;
    buf_append_char(&c->name_text[i], '"');
    for (size_t k = 0; k < len; k++) {
        buf_append_char(&c->name_text[i], p[k]);
        if (p[k] == '"')
            buf_append_char(&c->name_text[i], '"');
    }
    buf_append_str(&c->name_text[i], "\" => ");
    c->names[i] = buf_str(&c->name_text[i]);
    return c->name_text[i].failed == BUF_OK;
}

/* Which arguments stand in the text: what a function only gives back does not, nor what is to have
 * its default; behind that arguments are named. */
static SQLRETURN choose_args(struct call *c)
{
    bool skipped = false;

    for (size_t i = 0; i < c->text.n_args; i++) {
        unsigned number = param_of_arg(c, i);
        size_t place = i;
        char mode = c->routine != NULL ? mode_of_arg(c, i, &place) : 'i';
        bool by_default = number != 0 && is_default(c->s, number);
        bool only_out = c->routine != NULL && !c->routine->is_procedure && mode == 'o';
        c->keep[i] = !by_default && !only_out;
        skipped |= by_default;
        if (c->keep[i] && skipped && (c->routine == NULL || !set_name(c, i, place)))
            return diag_post(&c->s->handle, ST_07S01, 0,
                             "An argument before argument %zu is to have its default, and the "
                             "routine's arguments have no names: leave out only the last ones.",
                             i + 1);
    }
    return SQL_SUCCESS;
}

static const char *verb(const struct call *c)
{
    if (c->st->has_return_value)
        return c->routine != NULL && !c->routine->is_procedure ? "SELECT * FROM " : "SELECT ";
    return c->routine != NULL && !c->routine->is_procedure ? "SELECT * FROM " : "CALL ";
}

static SQLRETURN make_text(struct call *c, const char *const *casts)
{
    struct stmt *s = c->s;
    size_t n_args = c->text.n_args;
    size_t first = c->st->n_params > 0 ? c->st->first_param - 1 : 0;
    SQLRETURN rc;

    c->keep = mem_calloc(n_args + 1, sizeof *c->keep);
    c->names = mem_calloc(n_args + 1, sizeof *c->names);
    c->name_text = mem_calloc(n_args + 1, sizeof *c->name_text);
    c->numbers = mem_calloc(c->st->n_markers + 1, sizeof *c->numbers);
    c->params = mem_calloc(c->st->n_markers + 1, sizeof *c->params);
    if (c->keep == NULL || c->names == NULL || c->name_text == NULL || c->numbers == NULL ||
        c->params == NULL)
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    for (size_t i = 0; i < n_args; i++)
        buf_init(&c->name_text[i], 0);
    rc = choose_args(c);
    if (rc != SQL_SUCCESS)
        return rc;
    if (!call_text_render(c->st, &c->text, verb(c), c->keep, c->names, casts + first, c->numbers,
                          &c->n_params, &c->sql))
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    for (size_t i = 0; i < c->n_params; i++)
        c->params[i] = s->wire_params[first + c->numbers[i] - 1];
    return SQL_SUCCESS;
}

/* ---- the values that come back ---- */

static void put_length(char *app, SQLLEN v)
{
    if (app != NULL)
        memcpy(app, &v, sizeof v);
}

static SQLRETURN put_value(struct stmt *s, unsigned number, size_t column, const struct cell *cell)
{
    const struct desc_rec *apd = desc_record(s->apd, number);
    const struct desc_rec *ird = desc_record(&s->ird, column + 1);
    struct param_source p;
    struct to_c conv;
    struct to_c_out out;
    enum conv r;

    if (apd == NULL || params_source(s, 0, number - 1, &p) != SQL_SUCCESS)
        return SQL_ERROR;
    if (cell->ptr == NULL) {
        if (p.app_indicator == NULL)
            return diag_post(&s->handle, ST_22002, 0,
                             "Parameter %u came back as NULL, but it was bound without an "
                             "indicator (StrLen_or_IndPtr).",
                             number);
        put_length(p.app_indicator, SQL_NULL_DATA);
        return SQL_SUCCESS;
    }
    if (!to_c_choose(&conv, ird->pg.type_oid, ird->pg.type_modifier, ird->concise_type,
                     apd->concise_type == SQL_C_DEFAULT ? typemap_default_c_type(p.type.sql_type)
                                                        : apd->concise_type,
                     apd->precision, apd->scale, &s->dbc->conv_env))
        return stmt_post_param_conv(s, CONV_NOT_ALLOWED, SQL_NO_ROW_NUMBER, (SQLINTEGER)number);
    out = (struct to_c_out){.app_buf = p.app_value, .cap_bytes = p.buffer_bytes};
    r = conv.fn(&conv, cell, &out);
    if (r == CONV_OK || r == CONV_TRUNCATED || r == CONV_FRACTION_LOST) {
        if (p.app_indicator != p.app_octet_length)
            put_length(p.app_indicator, 0);
        put_length(p.app_octet_length, out.total_bytes);
    }
    return stmt_post_param_conv(s, r, SQL_NO_ROW_NUMBER, (SQLINTEGER)number);
}

static SQLRETURN worse(SQLRETURN a, SQLRETURN b)
{
    if (a == SQL_ERROR || b == SQL_ERROR)
        return SQL_ERROR;
    return a == SQL_SUCCESS ? b : a;
}

static bool comes_back(const struct call *c, char mode)
{
    return mode == 'o' || mode == 'b' || (mode == 't' && !c->routine->is_procedure);
}

/* The column of the answer that holds argument i; SIZE_MAX: it does not come back. */
static size_t column_of_arg(const struct call *c, size_t i)
{
    size_t place;
    size_t column = 0;

    if (c->routine == NULL || !comes_back(c, mode_of_arg(c, i, &place)) || place == SIZE_MAX)
        return SIZE_MAX;
    for (size_t k = 0; k < place; k++)
        column += comes_back(c, c->routine->modes[k]);
    return column;
}

/* Before anything is sent: every output has a value to come. */
static SQLRETURN check_outputs(const struct call *c)
{
    for (size_t i = 0; i < c->text.n_args; i++) {
        unsigned number = param_of_arg(c, i);
        if (number != 0 && io_type(c->s, number) == SQL_PARAM_OUTPUT &&
            column_of_arg(c, i) == SIZE_MAX)
            return diag_post(&c->s->handle, ST_07006, 0,
                             "Parameter %u is bound as SQL_PARAM_OUTPUT, but argument %zu of the "
                             "routine gives nothing back: nothing was executed.",
                             number, i + 1);
    }
    return SQL_SUCCESS;
}

static SQLRETURN put_values(struct call *c, const struct cell *row, size_t n_columns)
{
    struct stmt *s = c->s;
    SQLRETURN rc = SQL_SUCCESS;

    if (c->st->return_param != 0 && n_columns > 0)
        rc = put_value(s, c->st->return_param, 0, &row[0]);
    for (size_t i = 0; i < c->text.n_args; i++) {
        unsigned number = param_of_arg(c, i);
        size_t column;
        if (number == 0 || !is_output(s, number))
            continue;
        column = column_of_arg(c, i);
        if (column < n_columns)
            rc = worse(rc, put_value(s, number, column, &row[column]));
    }
    return rc;
}

/* The answer's one row becomes values; no result is left. */
static SQLRETURN take_row(struct call *c)
{
    struct stmt *s = c->s;
    struct err e = ERR_INIT;
    int64_t count = s->row_count;
    SQLRETURN rc = SQL_SUCCESS;

    if (!s->cursor_open) /* a procedure without outputs */
        return put_values(c, NULL, 0);
    if (!rows_fill(&s->rows, 1, &e)) {
        stmt_close(s);
        return diag_post_err(&s->handle, &e);
    }
    if (rows_available(&s->rows) > 0)
        rc = put_values(c, rows_at(&s->rows, 0), (size_t)s->ird.count);
    stmt_close(s);
    s->executed = true;
    s->row_count = c->routine != NULL && c->routine->is_procedure ? -1 : count;
    return rc;
}

static SQLRETURN refuse_set(struct stmt *s)
{
    return diag_post(&s->handle, ST_HYC00, 0,
                     "The function returns a set of rows: they are the result. Bind none of its "
                     "arguments as an output.");
}

SQLRETURN output_params_execute(struct stmt *s, const struct plan *plan, const char *const *casts)
{
    struct call c = {.s = s, .st = the_call(s), .sql = BUF_INIT(0)};
    bool wanted = output_params_wanted(s);
    struct wire_stmt ws;
    SQLRETURN rc = SQL_SUCCESS;

    if (!call_text_read(c.st, &c.text) && c.text.oom)
        return diag_post(&s->handle, ST_HY001, 0, "Out of memory.");
    if (c.text.name == NULL)
        return diag_post(&s->handle, ST_42000, 0,
                         "The call is not of the form {call name(argument, ...)}.");
    if (must_be_looked_up(s, &c.text))
        rc = routine_find(s, &c.text, &c.routine);
    if (rc == SQL_SUCCESS && wanted && c.routine != NULL && c.routine->returns_set)
        rc = refuse_set(s);
    if (rc == SQL_SUCCESS && c.routine != NULL)
        rc = check_outputs(&c);
    if (rc == SQL_SUCCESS)
        rc = make_text(&c, casts);
    if (rc == SQL_SUCCESS) {
        ws = (struct wire_stmt){buf_sv(&c.sql), c.params, c.n_params};
        rc = execute_statements(s, plan, &(struct execution){&ws, 1, false});
        /* It may have been replaced by another kind of routine meanwhile. */
        if (rc == SQL_ERROR)
            routine_cache_clear(&s->dbc->routines);
        else if (wanted)
            rc = worse(rc, take_row(&c));
    }
    call_release(&c);
    return rc;
}
