/* Diagnostic records: built here and nowhere else. Knows the vendor prefix, the order of records,
 * the origins of classes and the ODBC 2 spelling of states. Converts no text to the application's
 * width (api/ does) and decides no SQLSTATE but which spelling to show. Called by everything that
 * has a handle. */
#include "handle/diag.h"

#include <stdarg.h>

#include "handle/dbc.h"
#include "neonodbc.h"

/* What a record says when there was no memory for its text. */
static const char *const state_texts[ST_COUNT] = {
#define X(id, code3, code2, cls, text) [id] = DIAG_PREFIX text ".",
#include "base/sqlstate.def"
#undef X
};

/* ---- states ---- */

/* A state that comes with SQL_SUCCESS_WITH_INFO. */
static bool is_warning(const char *state3)
{
    return strncmp(state3, "01", 2) == 0;
}

/* The server's own states in ODBC 2 (odbc-features E.5): the first prefix that matches; the rest is
 * S1000. */
static const char *const odbc2_prefixes[][2] = {
    {"01", "01000"},    {"0A", "S1C00"}, {"08", "08S01"}, {"21", "21S01"},    {"22P02", "22005"},
    {"22P05", "22005"}, {"22", "22008"}, {"23", "23000"}, {"24", "24000"},    {"25", "25000"},
    {"28", "28000"},    {"34", "34000"}, {"40", "40000"}, {"42501", "42000"}, {"42", "37000"},
    {"44", "44000"},    {"IM", "IM001"},
};

static const char *odbc2_state(const char *state3)
{
    const struct sqlstate_row *row = sqlstate_find(state3);

    if (row != NULL)
        return row->code2;
    for (size_t i = 0; i < ARRAY_LEN(odbc2_prefixes); i++)
        if (strncmp(state3, odbc2_prefixes[i][0], strlen(odbc2_prefixes[i][0])) == 0)
            return odbc2_prefixes[i][1];
    return "S1000";
}

/* Records that say a transaction failed or may have failed come before all others
 * (SQLGetDiagField). */
static int rank_of(const char *state3)
{
    if (is_warning(state3))
        return 2;
    if (strncmp(state3, "40", 2) == 0 || strncmp(state3, "25S", 3) == 0 ||
        strcmp(state3, "08007") == 0)
        return 0;
    return 1;
}

/* ---- life ---- */

static void record_release(struct diag_record *r)
{
    mem_free(r->text);
    mem_free(r->server_name);
    mem_free(r->connection_name);
    pg_fields_free(r->pg);
    *r = (struct diag_record){.state = ""};
}

void diag_init(struct diag *d)
{
    *d = (struct diag){.return_code = SQL_SUCCESS, .dynamic_function = ""};
}

void diag_clear(struct diag *d)
{
    for (size_t i = 0; i < d->n_records; i++)
        record_release(&d->records[i]);
    d->n_records = 0;
    if (d->oom)
        record_release(&d->oom_record);
    d->oom = false;
    d->return_code = SQL_SUCCESS;
    d->row_count = 0;
    d->cursor_row_count = 0;
    d->dynamic_function = "";
    d->dynamic_function_code = SQL_DIAG_UNKNOWN_STATEMENT;
}

void diag_release(struct diag *d)
{
    diag_clear(d);
    mem_free(d->records);
    d->records = NULL;
    d->cap_records = 0;
}

size_t diag_count(const struct diag *d)
{
    return d->n_records + (d->oom ? 1 : 0);
}

const struct diag_record *diag_record(const struct diag *d, size_t number)
{
    if (number == 0 || number > diag_count(d))
        return NULL;
    if (d->oom)
        return number == 1 ? &d->oom_record : &d->records[number - 2];
    return &d->records[number - 1];
}

/* ---- posting ---- */

static bool grow(struct diag *d)
{
    size_t cap = d->cap_records ? d->cap_records * 2 : 4;
    struct diag_record *records;

    if (d->n_records < d->cap_records)
        return true;
    records = mem_realloc_array(d->records, cap, sizeof *records);
    if (records == NULL)
        return false;
    d->records = records;
    d->cap_records = cap;
    return true;
}

/* Row number first (-2 unknown, -1 none, 1, 2, ...), then rank; equal ones stay in the order of
 * posting. */
static bool goes_before(const struct diag_record *a, const struct diag_record *b)
{
    if (a->row_number != b->row_number)
        return a->row_number < b->row_number;
    return rank_of(a->state3) < rank_of(b->state3);
}

/* At the limit an error takes the place of the last warning; a warning, or an error among errors
 * only, is dropped. */
static bool make_room_at_limit(struct diag *d, const struct diag_record *fresh)
{
    if (d->n_records < DIAG_MAX_RECORDS)
        return true;
    if (is_warning(fresh->state3))
        return false;
    for (size_t i = d->n_records; i-- > 0;) {
        if (!is_warning(d->records[i].state3))
            continue;
        record_release(&d->records[i]);
        memmove(&d->records[i], &d->records[i + 1], (d->n_records - i - 1) * sizeof d->records[0]);
        d->n_records--;
        return true;
    }
    return false;
}

static void insert_sorted(struct diag *d, const struct diag_record *fresh)
{
    size_t at = d->n_records;

    while (at > 0 && goes_before(fresh, &d->records[at - 1]))
        at--;
    memmove(&d->records[at + 1], &d->records[at], (d->n_records - at) * sizeof *fresh);
    d->records[at] = *fresh;
    d->n_records++;
}

/* Without memory for the list the preallocated record tells; an error pushes out a warning that
 * sits there. */
static void use_oom_record(struct diag *d, struct diag_record *fresh)
{
    if (d->oom && (is_warning(fresh->state3) || !is_warning(d->oom_record.state3))) {
        record_release(fresh);
        return;
    }
    if (d->oom)
        record_release(&d->oom_record);
    d->oom_record = *fresh;
    d->oom = true;
}

/* Takes *fresh over. */
static SQLRETURN add(struct handle *h, struct diag_record *fresh)
{
    struct diag *d = &h->diag;
    bool warning = is_warning(fresh->state3);

    if (!make_room_at_limit(d, fresh))
        record_release(fresh);
    else if (!grow(d))
        use_oom_record(d, fresh);
    else
        insert_sorted(d, fresh);
    return warning ? SQL_SUCCESS_WITH_INFO : SQL_ERROR;
}

/* Everything of a record but its text. Names are left out without memory: the error itself matters
 * more. */
static struct diag_record begin_record(struct handle *h, const char *state3, SQLINTEGER native,
                                       SQLLEN row, SQLINTEGER column)
{
    struct diag_record r = {.native = native, .row_number = row, .column_number = column};
    struct dbc *dbc = handle_dbc(h);
    bool odbc2 = env_is_odbc2(handle_env(h));

    memcpy(r.state3, state3, sizeof r.state3);
    memcpy(r.state, odbc2 ? odbc2_state(state3) : state3, sizeof r.state);
    if (dbc != NULL && dbc->dsn_name != NULL) {
        r.server_name = mem_strdup(dbc->dsn_name);
        r.connection_name = mem_strdup(dbc->dsn_name);
    }
    return r;
}

static char *prefixed(const char *text, size_t len)
{
    struct buf b = BUF_INIT(ERR_TEXT_MAX_BYTES + sizeof DIAG_PREFIX);

    if (!buf_append_str(&b, DIAG_PREFIX) || !buf_append(&b, text, len)) {
        buf_release(&b);
        return NULL;
    }
    return buf_take(&b);
}

NEON_PRINTF(6, 0)
static SQLRETURN vpost(struct handle *h, enum sqlstate s, SQLINTEGER native, SQLLEN row,
                       SQLINTEGER column, const char *fmt, va_list ap)
{
    struct diag_record r = begin_record(h, sqlstate_row(s)->code3, native, row, column);
    struct buf b = BUF_INIT(ERR_TEXT_MAX_BYTES);

    if (buf_vprintf(&b, fmt, ap))
        r.text = prefixed(b.data, b.len);
    buf_release(&b);
    return add(h, &r);
}

SQLRETURN diag_post(struct handle *h, enum sqlstate s, SQLINTEGER native, const char *fmt, ...)
{
    SQLRETURN rc;
    va_list ap;

    va_start(ap, fmt);
    rc = vpost(h, s, native, SQL_NO_ROW_NUMBER, SQL_NO_COLUMN_NUMBER, fmt, ap);
    va_end(ap);
    return rc;
}

SQLRETURN diag_post_at(struct handle *h, enum sqlstate s, SQLLEN row, SQLINTEGER column,
                       const char *fmt, ...)
{
    SQLRETURN rc;
    va_list ap;

    va_start(ap, fmt);
    rc = vpost(h, s, 0, row, column, fmt, ap);
    va_end(ap);
    return rc;
}

/* An error that was raised with a state of success or of a warning must not look like one. */
static bool says_as_much(const char *own, const struct err *e)
{
    return strlen(own) == 5 && strncmp(own, "00", 2) != 0 &&
           (!is_warning(own) || is_warning(e->state));
}

/* With SqlState=postgres the server's own state is shown, as clients of libpq know it. */
static const char *state_to_show(struct handle *h, const struct err *e)
{
    struct dbc *dbc = handle_dbc(h);
    const char *own = e->pg != NULL ? e->pg->value[PG_CODE] : NULL;

    if (dbc != NULL && dbc->options.sql_state == SQL_STATE_POSTGRES && own != NULL &&
        says_as_much(own, e))
        return own;
    return err_is_set(e) ? e->state : "HY000";
}

/* With OptionalErrors=0 the server's message stands alone; detail, hint and position are fields. */
static struct strview text_to_show(struct handle *h, const struct err *e)
{
    struct dbc *dbc = handle_dbc(h);
    const char *own = e->pg != NULL ? e->pg->value[PG_MESSAGE] : NULL;

    if (dbc != NULL && !dbc->options.optional_errors && own != NULL && own[0] != '\0')
        return sv(own);
    return buf_sv(&e->text);
}

SQLRETURN diag_post_err_at(struct handle *h, struct err *e, SQLLEN row, SQLINTEGER column)
{
    struct diag_record r = begin_record(h, state_to_show(h, e), e->native, row, column);
    struct strview text = text_to_show(h, e);

    if (text.len > 0)
        r.text = prefixed(text.ptr, text.len < ERR_TEXT_MAX_BYTES ? text.len : ERR_TEXT_MAX_BYTES);
    r.pg = e->pg;
    e->pg = NULL;
    err_release(e);
    return add(h, &r);
}

SQLRETURN diag_post_err(struct handle *h, struct err *e)
{
    return diag_post_err_at(h, e, SQL_NO_ROW_NUMBER, SQL_NO_COLUMN_NUMBER);
}

void diag_add_row(struct handle *h, SQLLEN row, const char *fmt, ...)
{
    struct diag_record *r = h->diag.oom             ? &h->diag.oom_record
                            : h->diag.n_records > 0 ? &h->diag.records[0]
                                                    : NULL;
    struct buf text = BUF_INIT(ERR_TEXT_MAX_BYTES * 2);
    va_list ap;

    if (r == NULL)
        return;
    r->row_number = row;
    va_start(ap, fmt);
    if (r->text != NULL && buf_append_str(&text, r->text) && buf_append_char(&text, '\n') &&
        buf_vprintf(&text, fmt, ap)) {
        mem_free(r->text);
        r->text = buf_take(&text);
    }
    va_end(ap);
    buf_release(&text);
}

void diag_move(struct handle *to, struct handle *from, SQLLEN row, SQLINTEGER column)
{
    struct diag *d = &from->diag;

    for (size_t i = 0; i < d->n_records; i++) {
        d->records[i].row_number = row;
        d->records[i].column_number = column;
        add(to, &d->records[i]);
    }
    d->n_records = 0;
    if (d->oom)
        add(to, &d->oom_record);
    d->oom = false;
}

/* ---- reading ---- */

const char *diag_record_text(const struct diag_record *r)
{
    if (r->text != NULL)
        return r->text;
    for (size_t i = 1; i < ST_COUNT; i++)
        if (strcmp(sqlstate_row((enum sqlstate)i)->code3, r->state3) == 0)
            return state_texts[i];
    return state_texts[ST_HY000];
}

#define ORIGIN_ISO "ISO 9075"
#define ORIGIN_ODBC "ODBC 3.0"
#define ORIGIN_SERVER "PostgreSQL"

/* ISO gives codes that begin with 0-4 or A-H to the standard, the others to implementations. */
static bool is_standard_char(char c)
{
    return (c >= '0' && c <= '4') || (c >= 'A' && c <= 'H');
}

const char *diag_class_origin(const struct diag_record *r)
{
    if (strncmp(r->state3, "IM", 2) == 0)
        return ORIGIN_ODBC;
    if (strncmp(r->state3, "F0", 2) == 0) /* PostgreSQL's own, in spite of the rule */
        return ORIGIN_SERVER;
    return is_standard_char(r->state3[0]) ? ORIGIN_ISO : ORIGIN_SERVER;
}

/* The list of SQLGetDiagField, SQL_DIAG_SUBCLASS_ORIGIN, but for those whose subclass begins with
 * S. */
static const char *const odbc_subclasses[] = {"HY095", "HY097", "HY098", "HY099", "HY100",
                                              "HY101", "HY105", "HY107", "HY109", "HY110",
                                              "HY111", "HYT00", "HYT01"};

const char *diag_subclass_origin(const struct diag_record *r)
{
    if (strncmp(r->state3, "IM", 2) == 0 || r->state3[2] == 'S')
        return ORIGIN_ODBC;
    for (size_t i = 0; i < ARRAY_LEN(odbc_subclasses); i++)
        if (strcmp(r->state3, odbc_subclasses[i]) == 0)
            return ORIGIN_ODBC;
    if (strcmp(diag_class_origin(r), ORIGIN_SERVER) == 0)
        return ORIGIN_SERVER;
    return is_standard_char(r->state3[2]) ? ORIGIN_ISO : ORIGIN_SERVER;
}

/* ---- SQLGetDiagField: one getter per row of diag_field.def ---- */

enum place { PLACE_HEADER, PLACE_STMT, PLACE_RECORD };

struct field_source {
    const struct diag *diag;
    const struct diag_record *record; /* NULL for header fields */
};

typedef void field_getter(const struct field_source *src, struct diag_value *out);

#define NUMBER_GETTER(name, expression)                                                            \
    static void name(const struct field_source *src, struct diag_value *out)                       \
    {                                                                                              \
        out->number = (expression);                                                                \
    }
#define TEXT_GETTER(name, expression)                                                              \
    static void name(const struct field_source *src, struct diag_value *out)                       \
    {                                                                                              \
        out->text = (expression);                                                                  \
    }

NUMBER_GETTER(header_returncode, src->diag->return_code)
NUMBER_GETTER(header_number, (SQLLEN)diag_count(src->diag))
NUMBER_GETTER(header_row_count, src->diag->row_count)
NUMBER_GETTER(header_cursor_row_count, src->diag->cursor_row_count)
NUMBER_GETTER(header_dynamic_function_code, src->diag->dynamic_function_code)
TEXT_GETTER(header_dynamic_function, src->diag->dynamic_function)
NUMBER_GETTER(record_native, src->record->native)
NUMBER_GETTER(record_row_number, src->record->row_number)
NUMBER_GETTER(record_column_number, src->record->column_number)
TEXT_GETTER(record_sqlstate, src->record->state)
TEXT_GETTER(record_message, diag_record_text(src->record))
TEXT_GETTER(record_class_origin, diag_class_origin(src->record))
TEXT_GETTER(record_subclass_origin, diag_subclass_origin(src->record))
TEXT_GETTER(record_connection_name, src->record->connection_name)
TEXT_GETTER(record_server_name, src->record->server_name)

static const char *pg_text(const struct field_source *src, enum pg_field which)
{
    return src->record->pg != NULL ? src->record->pg->value[which] : NULL;
}

TEXT_GETTER(pg_code, pg_text(src, PG_CODE))
TEXT_GETTER(pg_severity, pg_text(src, PG_SEVERITY))
TEXT_GETTER(pg_message, pg_text(src, PG_MESSAGE))
TEXT_GETTER(pg_detail, pg_text(src, PG_DETAIL))
TEXT_GETTER(pg_hint, pg_text(src, PG_HINT))
TEXT_GETTER(pg_position, pg_text(src, PG_POSITION))
TEXT_GETTER(pg_internal_position, pg_text(src, PG_INTERNAL_POSITION))
TEXT_GETTER(pg_internal_query, pg_text(src, PG_INTERNAL_QUERY))
TEXT_GETTER(pg_where, pg_text(src, PG_WHERE))
TEXT_GETTER(pg_schema, pg_text(src, PG_SCHEMA))
TEXT_GETTER(pg_table, pg_text(src, PG_TABLE))
TEXT_GETTER(pg_column, pg_text(src, PG_COLUMN))
TEXT_GETTER(pg_data_type, pg_text(src, PG_DATA_TYPE))
TEXT_GETTER(pg_constraint, pg_text(src, PG_CONSTRAINT))
TEXT_GETTER(pg_file, pg_text(src, PG_FILE))
TEXT_GETTER(pg_line, pg_text(src, PG_LINE))
TEXT_GETTER(pg_routine, pg_text(src, PG_ROUTINE))
TEXT_GETTER(pg_request_id, pg_text(src, PG_REQUEST_ID))

static const struct field_row {
    SQLSMALLINT id;
    enum place place;
    enum diag_value_kind kind;
    field_getter *get;
} field_rows[] = {
#define X(id, place, kind, getter) {id, PLACE_##place, DIAG_V_##kind, getter},
#include "handle/diag_field.def"
#undef X
};

static const struct field_row *find_field(SQLSMALLINT id)
{
    for (size_t i = 0; i < ARRAY_LEN(field_rows); i++)
        if (field_rows[i].id == id)
            return &field_rows[i];
    return NULL;
}

SQLRETURN diag_get_field(const struct handle *h, SQLSMALLINT number, SQLSMALLINT id,
                         struct diag_value *out)
{
    const struct field_row *row = find_field(id);
    struct field_source src = {.diag = &h->diag};

    if (row == NULL || (row->place == PLACE_STMT && h->kind != HANDLE_STMT))
        return SQL_ERROR;
    if (row->place == PLACE_RECORD) {
        if (number < 1)
            return SQL_ERROR;
        src.record = diag_record(&h->diag, (size_t)number);
        if (src.record == NULL)
            return SQL_NO_DATA;
    }
    *out = (struct diag_value){.kind = row->kind};
    row->get(&src, out);
    if (row->kind == DIAG_V_TEXT && out->text == NULL)
        out->text = "";
    return SQL_SUCCESS;
}
