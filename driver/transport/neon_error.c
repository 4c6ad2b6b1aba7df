/* The error reader. Called by http_curl.c for every answer but 200, and by pgwire_session.c for
 * every ErrorResponse. */
#include "transport/neon_error.h"

#include <json-c/json.h>

#include "base/clock.h"
#include "base/utf.h"

#define MESSAGE_MAX_BYTES (ERR_TEXT_MAX_BYTES / 2)

static const struct {
    const char *key;
    enum pg_field field;
} json_keys[] = {
    {"message", PG_MESSAGE},
    {"code", PG_CODE},
    {"severity", PG_SEVERITY},
    {"detail", PG_DETAIL},
    {"hint", PG_HINT},
    {"position", PG_POSITION},
    {"internalPosition", PG_INTERNAL_POSITION},
    {"internalQuery", PG_INTERNAL_QUERY},
    {"where", PG_WHERE},
    {"schema", PG_SCHEMA},
    {"table", PG_TABLE},
    {"column", PG_COLUMN},
    {"dataType", PG_DATA_TYPE},
    {"constraint", PG_CONSTRAINT},
    {"file", PG_FILE},
    {"line", PG_LINE},
    {"routine", PG_ROUTINE},
    {"msg", PG_MESSAGE},
};

enum how { PREFIX, PART };
enum yes_no { NO, YES };
static const struct catalogue_row {
    enum how how;
    const char *text, *connecting, *later;
    enum err_effect effect;
    enum yes_no retry;
    const char *remedy;
} catalogue[] = {
#define X(how, text, connecting, later, effect, retry, remedy)                                     \
    {how, text, connecting, later, EFFECT_##effect, retry, remedy},
#include "transport/neon_error.def"
#undef X
};

static const struct {
    const char *state, *later, *connecting;
} states[] = {
#define X(state, later, connecting) {state, later, connecting},
#include "transport/pg_sqlstate.def"
#undef X
};

/* The ODBC state for a server's state; `connecting` as in pg_sqlstate.def. Static, or `state`. */
static const char *translate_state(const char *state, bool connecting)
{
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        const char *to =
            connecting && states[i].connecting[0] ? states[i].connecting : states[i].later;
        if (strncmp(states[i].state, state, strlen(states[i].state)) == 0)
            return to[0] ? to : state;
    }
    return state;
}

/* ---- the body ---- */

static bool take_field(struct pg_fields *f, enum pg_field which, struct json_object *v)
{
    const char *text = json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;

    if (text == NULL || text[0] == '\0' || f->value[which] != NULL)
        return true;
    return pg_fields_set(f, which, text, strlen(text));
}

/* NULL: out of memory. Without a JSON object in the body all fields stay NULL. */
static struct pg_fields *read_body(struct strview body)
{
    struct pg_fields *f = pg_fields_new();
    struct json_tokener *tok = json_tokener_new_ex(8);
    struct json_object *doc = NULL;
    bool ok = f != NULL && tok != NULL;

    if (ok && body.len > 0)
        doc = json_tokener_parse_ex(tok, body.ptr, (int)body.len);
    if (ok && json_object_is_type(doc, json_type_string))
        ok = take_field(f, PG_MESSAGE, doc);
    for (size_t i = 0; ok && json_object_is_type(doc, json_type_object) && i < ARRAY_LEN(json_keys);
         i++) {
        struct json_object *v;
        if (json_object_object_get_ex(doc, json_keys[i].key, &v))
            ok = take_field(f, json_keys[i].field, v);
    }
    json_object_put(doc);
    if (tok != NULL)
        json_tokener_free(tok);
    if (!ok) {
        pg_fields_free(f);
        f = NULL;
    }
    return f;
}

static const struct catalogue_row *find_message(const char *message)
{
    for (size_t i = 0; i < ARRAY_LEN(catalogue); i++) {
        size_t at = sv_find(sv(message), sv(catalogue[i].text));
        if (at == 0 || (at != SIZE_MAX && catalogue[i].how == PART))
            return &catalogue[i];
    }
    return NULL;
}

/* ---- the error ---- */

void neon_error_say_unknown(const struct wire_request *r, struct err *e)
{
    if (e->effect != EFFECT_UNKNOWN || r->repeatable || r->connecting)
        return;
    if (e->text.len > 0 && strchr(".!?", e->text.data[e->text.len - 1]) == NULL)
        err_append(e, ".");
    err_append(e, "%s", ERR_OUTCOME_UNKNOWN);
    if (r->committing && strncmp(e->state, "08", 2) == 0)
        memcpy(e->state, "08007", sizeof "08007");
}

/* The server's message, cut so that there is room for what the driver has to say. */
static struct strview message_of(const struct err *e)
{
    const char *m = e->pg->value[PG_MESSAGE];
    size_t len;

    if (m == NULL)
        return SV_LIT("The server gave no message");
    len = strlen(m);
    return sv_n(m, len > MESSAGE_MAX_BYTES ? utf8_floor(m, MESSAGE_MAX_BYTES) : len);
}

static void append_fields(struct err *e)
{
    static const struct {
        enum pg_field field;
        const char *label;
    } shown[] = {
        {PG_DETAIL, "DETAIL"}, {PG_HINT, "HINT"}, {PG_WHERE, "CONTEXT"}, {PG_POSITION, "POSITION"}};

    for (size_t i = 0; i < ARRAY_LEN(shown); i++)
        if (e->pg->value[shown[i].field] != NULL)
            err_append(e, "\n%s: %s", shown[i].label, e->pg->value[shown[i].field]);
}

static void append_request_id(struct err *e)
{
    if (e->pg != NULL && e->pg->value[PG_REQUEST_ID] != NULL)
        err_append(e, "\nREQUEST: %s", e->pg->value[PG_REQUEST_ID]);
}

/* The severity that the proxy passes on is in the language of the server's messages (FATAL of a
 * Russian server is another word): where it is no word of PostgreSQL's own, by the codes of what
 * ends sessions. */
static bool is_fatal(const char *severity, const char *code)
{
    static const struct {
        const char *word;
        bool fatal;
    } words[] = {{"ERROR", false}, {"FATAL", true}, {"PANIC", true}};

    for (size_t i = 0; severity != NULL && i < ARRAY_LEN(words); i++)
        if (strcmp(severity, words[i].word) == 0)
            return words[i].fatal;
    return severity != NULL && (strncmp(code, "57P", 3) == 0 || strcmp(code, "25P03") == 0);
}

/* FATAL while a statement ran: the session is gone, and with it the certainty. While connecting (no
 * such database, no such role) nothing ran. */
static bool lost_session(int status, const struct err *e)
{
    const char *code = e->pg->value[PG_CODE];

    return status < 500 && is_fatal(e->pg->value[PG_SEVERITY], code) &&
           strcmp(code, "3D000") != 0 && strncmp(code, "28", 2) != 0;
}

/* Nobody but statement_timeout or an administrator cancels: ours never get an answer. No field says
 * which of the two, and the message says it in the server's language: where the driver has set the
 * time, the clock knows. */
static bool timed_out(const struct wire_request *r, struct strview message)
{
    return (r->timeout_at != 0 && clock_now_ms() >= r->timeout_at) ||
           sv_find(message, SV_LIT("timeout")) != SIZE_MAX;
}

/* Of the errors while the proxy connects to the database (status 500), those that may be over in a
 * moment: it is starting or has no room. A role that may not log in stays one. */
static bool may_pass(const char *code)
{
    static const char *const classes[] = {"08", "53", "57", "58"};

    for (size_t i = 0; i < ARRAY_LEN(classes); i++)
        if (strncmp(code, classes[i], 2) == 0)
            return true;
    return false;
}

bool neon_error_is_temporary_path(const struct pg_fields *f)
{
    return f != NULL && f->value[PG_CODE] != NULL && strcmp(f->value[PG_CODE], "22P02") == 0 &&
           f->value[PG_MESSAGE] != NULL &&
           strstr(f->value[PG_MESSAGE], NEON_ERROR_TEMPORARY_PATH) != NULL;
}

static void from_temporary_path(const struct wire_request *r, struct err *e)
{
    err_set_state(e, r->connecting ? "08004" : "HYC00", 0,
                  "New tables would be made in pg_temp, because the search_path begins with it, or "
                  "none of the schemas before it exists for this role; and over HTTP, which keeps "
                  "no session, they would be gone at once. Name a schema that exists "
                  "(the keyword SearchPath=public, SET search_path TO public, or once: ALTER ROLE "
                  "... SET search_path TO public), or use Transport=websocket.");
}

/* What a session is told without an SQLSTATE has its remedy in the catalogue. */
static void append_remedy(struct err *e)
{
    const char *message = e->pg->value[PG_MESSAGE];
    const struct catalogue_row *row = message != NULL ? find_message(message) : NULL;

    if (row != NULL && row->remedy[0] != '\0' && strcmp(row->connecting, e->state) == 0)
        err_append(e, ". %s", row->remedy);
}

/* An SQLSTATE of the server: the statement failed and was rolled back. At 500 it failed while
 * connecting to the database. */
static void from_sqlstate(int status, const struct wire_request *r, struct err *e)
{
    const char *code = e->pg->value[PG_CODE];
    struct strview message = message_of(e);
    const char *state = translate_state(code, r->connecting || status >= 500);
    bool lost = lost_session(status, e);

    if (neon_error_is_temporary_path(e->pg)) {
        from_temporary_path(r, e);
        return;
    }
    if (strcmp(code, "57014") == 0)
        state = timed_out(r, message) ? "HYT00" : "HY008";
    else if (lost && strncmp(state, "08", 2) != 0)
        state = "08S01";
    err_set_state(e, state, 0, "%.*s", (int)message.len, message.ptr);
    if (r->connecting)
        append_remedy(e);
    e->effect = lost && !r->connecting ? EFFECT_UNKNOWN : EFFECT_NONE;
    e->retry_safe = status >= 500 && may_pass(code);
    neon_error_say_unknown(r, e);
    append_fields(e);
}

/* Of the messages that leave a single statement's fate open, those that roll a batch back
 * (protocol 5.4). */
static bool rolls_batch_back(int status, const struct catalogue_row *row)
{
    return status == 507 || (status >= 500 && row != NULL && strcmp(row->later, "HY000") == 0);
}

/* Whoever answered: a 5xx, 503 too, may come from behind the point where the request had been
 * passed on (protocol 5.4), and a success that is not Neon's (202, 204) may stand for one. */
static bool may_have_run(int status)
{
    return status >= 500 || status < 300;
}

/* Of a message that the catalogue does not have. The proxy's texts for what happens while a
 * statement runs, which come with 400, may change. */
static enum err_effect effect_of_unknown(int status, const struct wire_request *r)
{
    return (status == 400 || may_have_run(status)) && !r->connecting ? EFFECT_UNKNOWN : EFFECT_NONE;
}

static void from_message(int status, const struct wire_request *r, struct err *e)
{
    struct strview message = message_of(e);
    const struct catalogue_row *row = find_message(e->pg->value[PG_MESSAGE]);
    const char *state = row             ? (r->connecting ? row->connecting : row->later)
                        : r->connecting ? "08001"
                                        : "HY000";

    err_set_state(e, state, status, "%.*s%s%s", (int)message.len, message.ptr,
                  row && row->remedy[0] ? ". " : "", row ? row->remedy : "");
    e->effect = row != NULL ? row->effect : effect_of_unknown(status, r);
    if (r->batch && rolls_batch_back(status, row))
        e->effect = EFFECT_NONE;
    e->retry_safe = row != NULL && row->retry == YES && status >= 500;
    neon_error_say_unknown(r, e);
}

/* Something else than Neon answered: a load balancer, a captive portal, a misdirected ApiHost. */
static void from_stranger(int status, struct strview body, const struct wire_request *r,
                          struct err *e)
{
    const char *what = body.len == 0        ? "an empty body"
                       : body.ptr[0] == '<' ? "a web page"
                                            : "something else";

    err_set(e, r->connecting ? ST_08001 : ST_08S01, status,
            "The answer is HTTP status %d with %s instead of Neon's JSON. A proxy or load balancer "
            "on the way may be answering: check Server, ApiHost and Proxy.",
            status, what);
    e->effect = may_have_run(status) ? EFFECT_UNKNOWN : EFFECT_NONE;
    e->retry_safe = false;
    neon_error_say_unknown(r, e);
}

bool neon_error_read(int http_status, struct strview body, const char *request_id,
                     const struct wire_request *r, struct err *e)
{
    struct pg_fields *f = read_body(body);

    if (f == NULL)
        return err_oom(e);
    if (request_id[0] != '\0' && !pg_fields_set(f, PG_REQUEST_ID, request_id, strlen(request_id))) {
        pg_fields_free(f);
        return err_oom(e);
    }
    pg_fields_free(e->pg);
    e->pg = f;
    if (f->value[PG_CODE] != NULL && strlen(f->value[PG_CODE]) == 5 &&
        strcmp(f->value[PG_CODE], "08P01") != 0)
        from_sqlstate(http_status, r, e);
    else if (f->value[PG_CODE] != NULL && f->value[PG_SEVERITY] != NULL)
        from_sqlstate(http_status, r, e);
    else if (f->value[PG_MESSAGE] != NULL)
        from_message(http_status, r, e);
    else
        from_stranger(http_status, body, r, e);
    append_request_id(e);
    return false;
}

bool neon_error_of_session(struct pg_fields *fields, const struct wire_request *r, struct err *e)
{
    const char *code = fields->value[PG_CODE];
    const char *message = fields->value[PG_MESSAGE];
    int status = r->connecting ? 500 : 400;

    pg_fields_free(e->pg);
    e->pg = fields;
    if (code == NULL && !pg_fields_set(fields, PG_CODE, "XX000", 5))
        return err_oom(e);
    /* Before a session is ready the proxy says so of everything (protocol 10.3). */
    if (r->connecting && message != NULL && strcmp(fields->value[PG_CODE], "XX000") == 0)
        from_message(status, r, e);
    else
        from_sqlstate(status, r, e);
    e->native = 0;
    return false;
}
