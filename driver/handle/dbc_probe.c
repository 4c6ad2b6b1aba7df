/* The one request of connecting: it proves user, password and database, and tells the server's
 * version and settings. Called by dbc.c. */
#include "handle/dbc.h"

#include "base/clock.h"
#include "handle/answer.h"
#include "handle/required_settings.h"

enum probe_column {
    PROBE_VERSION,
    PROBE_VERSION_NUM,
    PROBE_USER,
    PROBE_DATABASE,
    PROBE_ISOLATION,
    PROBE_TIME_ZONE,
    PROBE_REQUIRED, /* the first of required_settings */
    /* over HTTP an error where tables would be made in pg_temp */
    PROBE_PATH_CHECK = PROBE_REQUIRED + REQUIRED_SETTINGS,
    PROBE_COUNT
};

/* In the order of enum probe_column and of required_settings; qualified, so that no search_path
 * changes what is asked. */
#define PROBE_SQL(path_check)                                                                      \
    "SELECT pg_catalog.current_setting('server_version'), "                                        \
    "pg_catalog.current_setting('server_version_num'), "                                           \
    "current_user::pg_catalog.text, pg_catalog.current_database()::pg_catalog.text, "              \
    "pg_catalog.current_setting('default_transaction_isolation'), "                                \
    "pg_catalog.current_setting('TimeZone'), "                                                     \
    "pg_catalog.current_setting('client_encoding'), "                                              \
    "pg_catalog.current_setting('standard_conforming_strings'), "                                  \
    "pg_catalog.current_setting('DateStyle'), "                                                    \
    "pg_catalog.current_setting('extra_float_digits'), "                                           \
    "coalesce(" path_check ", 0)"
static const char probe_http_sql[] = PROBE_SQL(SETTINGS_PATH_CHECK);
static const char probe_session_sql[] = PROBE_SQL("0");

void dbc_forget_server(struct dbc *d)
{
    struct server_info *s = &d->server;

    mem_free(s->version);
    mem_free(s->user);
    mem_free(s->database);
    mem_free(s->default_isolation);
    mem_free(s->time_zone);
    *s = (struct server_info){0};
}

static bool check_settings(const struct cell *row, struct err *e)
{
    for (size_t i = 0; i < REQUIRED_SETTINGS; i++) {
        const struct required_setting *r = &required_settings[i];
        const struct cell *cell = &row[PROBE_REQUIRED + i];
        if (required_setting_fits(r, sv_n(cell->ptr, cell->len)))
            continue;
        return err_set(e, ST_08004, 0,
                       "The setting %s of this user and database is \"%.*s\", and the driver needs "
                       "%s: %s. Run once: ALTER ROLE %.*s SET %s TO '%s'",
                       r->name, (int)(cell->len < 60 ? cell->len : 60), cell->ptr, r->value, r->why,
                       (int)(row[PROBE_USER].len < 63 ? row[PROBE_USER].len : 63),
                       row[PROBE_USER].ptr, r->name, r->value);
    }
    return true;
}

static bool take_server_info(struct dbc *d, const struct cell *row, struct err *e)
{
    struct server_info *s = &d->server;
    int64_t num = 0;

    for (size_t i = 0; i < PROBE_COUNT; i++)
        if (row[i].ptr == NULL)
            return err_set(
                e, ST_08001, 0,
                "The server left a question about its settings unanswered: it does not behave like "
                "PostgreSQL.");
    if (!check_settings(row, e))
        return false;
    if (sv_to_i64(sv_n(row[PROBE_VERSION_NUM].ptr, row[PROBE_VERSION_NUM].len), &num) && num > 0 &&
        num < 100000000)
        s->version_num = (int)num;
    s->version = mem_strndup(row[PROBE_VERSION].ptr, row[PROBE_VERSION].len);
    s->user = mem_strndup(row[PROBE_USER].ptr, row[PROBE_USER].len);
    s->database = mem_strndup(row[PROBE_DATABASE].ptr, row[PROBE_DATABASE].len);
    s->default_isolation = mem_strndup(row[PROBE_ISOLATION].ptr, row[PROBE_ISOLATION].len);
    s->time_zone = mem_strndup(row[PROBE_TIME_ZONE].ptr, row[PROBE_TIME_ZONE].len);
    if (!s->version || !s->user || !s->database || !s->default_isolation || !s->time_zone)
        return err_oom(e);
    return true;
}

/* The first `skip` results are those of settings. */
static bool read_probe(struct dbc *d, struct exchange *x, struct row_decoder *dec, size_t skip,
                       struct err *e)
{
    bool seen = false;
    bool ended;

    for (;;) {
        switch (row_decoder_next(dec, e)) {
        case DECODE_MORE:
            if (!answer_pull(x, dec, &ended, e))
                return false;
            break;
        case DECODE_ROW:
            if (skip > 0) {
                row_decoder_release_rows(dec);
                break;
            }
            if (seen || row_decoder_n_columns(dec) != PROBE_COUNT)
                return err_set(
                    e, ST_08001, 0,
                    "The answer to the first question is not the one asked for: is this address a "
                    "Neon SQL endpoint?");
            if (!take_server_info(d, row_decoder_row(dec), e))
                return false;
            seen = true;
            break;
        case DECODE_END:
            return seen ? true
                        : err_set(e, ST_08001, 0,
                                  "The server answered the first question with no row.");
        case DECODE_ERROR:
            return false;
        case DECODE_RESULT_END:
            skip -= skip > 0;
            break;
        case DECODE_FIELDS:
        default:
            break;
        }
    }
}

bool dbc_probe(struct dbc *d, struct err *e)
{
    bool in_session = d->options.transport == TRANSPORT_WEBSOCKET;
    const struct wire_stmt stmt = {.sql = sv(in_session ? probe_session_sql : probe_http_sql)};
    struct settings_head head;
    struct wire_request request = {
        .stmts = &stmt,
        .n_stmts = 1,
        .repeatable = true,
        .connecting = true,
        .deadline = deadline_after_s(dbc_login_timeout_s(d)),
        .read_timeout_s = dbc_read_timeout_s(d),
    };
    struct row_decoder *dec = in_session ? row_decoder_new_pgwire() : row_decoder_new();
    struct exchange *x = NULL;
    bool ok = false;

    if (dec == NULL)
        return err_oom(e);
    /* A keyword's value that the server does not take is an error of connecting. */
    if (settings_head_init(&head, &d->settings, !in_session, 0, LOOK_NEVER, e)) {
        if (settings_head_before(&head, &request, e))
            x = in_session ? session_exchange_new(d->session, e) : exchange_new(d->transport, e);
        if (x != NULL && exchange_begin(x, &request, e))
            ok = read_probe(d, x, dec, head.n, e);
        settings_head_release(&head);
    }
    exchange_free(x);
    row_decoder_free(dec);
    if (!ok || !in_session)
        return ok;
    d->session_modes = (struct session_modes){session_serial(d->session), ISOLATION_DEFAULT, false};
    return dbc_settings_are_told(d, e);
}
