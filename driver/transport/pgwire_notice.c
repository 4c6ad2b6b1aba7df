/* What a server says without being asked, kept until somebody wants to know: settings
 * (ParameterStatus), notices, notifications; and the few messages that any answer may hold. Called
 * by pgwire_login.c, pgwire_answer.c, pgwire_call.c and pgwire_session.c, and by stmt/ and handle/
 * through pgwire_session.h. */
#include "transport/pgwire_session_int.h"

#define NOTIFICATION_MAX_BYTES 10000 /* PostgreSQL's is below 8,100: channel and payload */

const char *session_parameter(const struct session *s, const char *name)
{
    for (size_t i = 0; i < s->n_parameters; i++)
        if (strcmp(s->parameters[i].name, name) == 0)
            return s->parameters[i].value;
    return NULL;
}

bool session_take_told(struct session *s)
{
    bool told = s->told;

    s->told = false;
    return told;
}

void session_forget_parameters(struct session *s)
{
    for (size_t i = 0; i < s->n_parameters; i++) {
        mem_free(s->parameters[i].name);
        mem_free(s->parameters[i].value);
    }
    s->n_parameters = 0;
}

static bool take_parameter(struct session *s, struct strview body)
{
    struct pgwire_reader r = pgwire_reader(body);
    struct strview name = pgwire_text(&r);
    struct strview value = pgwire_text(&r);
    struct parameter *p = NULL;
    char *copy;

    if (r.bad)
        return true;
    for (size_t i = 0; i < s->n_parameters && p == NULL; i++)
        if (sv_eq(sv(s->parameters[i].name), name))
            p = &s->parameters[i];
    if (p == NULL && s->n_parameters == SESSION_MAX_PARAMETERS)
        return true;
    copy = mem_strndup(value.ptr, value.len);
    if (copy == NULL)
        return false;
    if (p == NULL) {
        p = &s->parameters[s->n_parameters];
        *p = (struct parameter){mem_strndup(name.ptr, name.len), NULL};
        if (p->name == NULL) {
            mem_free(copy);
            return false;
        }
        s->n_parameters++;
    }
    mem_free(p->value);
    p->value = copy;
    s->told = true;
    return true;
}

static bool take_notice(struct session *s, struct strview body)
{
    struct notice *n;

    if (s->n_notices >= SESSION_MAX_NOTICES)
        return true;
    n = mem_calloc(1, sizeof *n);
    if (n == NULL || (n->fields = pgwire_fields(body)) == NULL) {
        mem_free(n);
        return false;
    }
    *s->notices_end = n;
    s->notices_end = &n->next;
    s->n_notices++;
    return true;
}

struct pg_fields *session_take_notice(struct session *s)
{
    struct notice *n = s->notices;
    struct pg_fields *f;

    if (n == NULL)
        return NULL;
    s->notices = n->next;
    if (s->notices == NULL)
        s->notices_end = &s->notices;
    s->n_notices--;
    f = n->fields;
    mem_free(n);
    return f;
}

static bool take_notification(struct session *s, struct strview body)
{
    struct pgwire_reader r = pgwire_reader(body);
    struct notification *n;
    struct strview channel, payload;
    uint32_t pid = pgwire_u32(&r);

    channel = pgwire_text(&r);
    payload = pgwire_text(&r);
    if (r.bad || channel.len + payload.len > NOTIFICATION_MAX_BYTES ||
        s->n_notifications >= SESSION_MAX_NOTIFICATIONS ||
        body.len > SESSION_MAX_NOTIFICATION_BYTES - s->notification_bytes) {
        s->n_notifications_dropped++;
        return true;
    }
    n = mem_calloc(1, sizeof *n);
    if (n == NULL)
        return false;
    n->bytes = body.len;
    n->n = (struct session_notification){pid, mem_strndup(channel.ptr, channel.len),
                                         mem_strndup(payload.ptr, payload.len)};
    if (n->n.channel == NULL || n->n.payload == NULL) {
        mem_free(n->n.channel);
        mem_free(n->n.payload);
        mem_free(n);
        return false;
    }
    *s->notifications_end = n;
    s->notifications_end = &n->next;
    s->n_notifications++;
    s->notification_bytes += n->bytes;
    return true;
}

const struct session_notification *session_notification(const struct session *s)
{
    return s->notifications != NULL ? &s->notifications->n : NULL;
}

void session_drop_notification(struct session *s)
{
    struct notification *n = s->notifications;

    if (n == NULL)
        return;
    s->notifications = n->next;
    if (s->notifications == NULL)
        s->notifications_end = &s->notifications;
    s->n_notifications--;
    s->notification_bytes -= n->bytes;
    s->n_notifications_dropped = 0;
    mem_free(n->n.channel);
    mem_free(n->n.payload);
    mem_free(n);
}

uint64_t session_notifications_dropped(const struct session *s)
{
    return s->n_notifications_dropped;
}

static bool take_ready(struct session *s, struct strview body, struct err *e)
{
    char status = body.len == 1 ? body.ptr[0] : 0;

    if (status != SESSION_IDLE && status != SESSION_IN && status != SESSION_FAILED)
        return err_set(e, ST_08S01, 0,
                       "The session broke: the server sent what is not PostgreSQL's protocol (an "
                       "unknown state of a transaction).");
    s->status = status;
    s->entering = false;
    return true;
}

bool session_take_message(struct session *s, const struct pgwire_message *m,
                          struct pg_fields **error, struct err *e)
{
    struct pgwire_reader r = pgwire_reader(m->body);

    *error = NULL;
    switch (m->type) {
    case 'S':
        return take_parameter(s, m->body) || err_oom(e);
    case 'N':
        return take_notice(s, m->body) || err_oom(e);
    case 'A':
        return take_notification(s, m->body) || err_oom(e);
    case 'K':
        s->pid = pgwire_u32(&r);
        s->key = pgwire_u32(&r);
        return true;
    case 'Z':
        return take_ready(s, m->body, e);
    case 'E':
        *error = pgwire_fields(m->body);
        return *error != NULL || err_oom(e);
    default:
        return true;
    }
}

bool session_is_step(char type)
{
    return strchr("1CGHIs", type) != NULL;
}
