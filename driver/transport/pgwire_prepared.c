/* The texts that the server keeps prepared for a session: their names, and which is dropped for
 * another. Called by pgwire_exchange.c, pgwire_answer.c and, when tables have changed, by stmt/. */
#include "transport/pgwire_session_int.h"

static void drop_at(struct session *s, size_t i)
{
    if (s->prepared[i].ready && s->ws != NULL)
        pgwire_close(&s->out, 'S', s->prepared[i].name);
    mem_free(s->prepared[i].sql);
    s->prepared[i] = s->prepared[--s->n_prepared];
}

/* Closing a name that the server does not have is no error. */
void session_forget_prepared(struct session *s)
{
    while (s->n_prepared > 0)
        drop_at(s, s->n_prepared - 1);
}

void session_drop_prepared(struct session *s, const char *name)
{
    for (size_t i = 0; i < s->n_prepared; i++)
        if (strcmp(s->prepared[i].name, name) == 0) {
            drop_at(s, i);
            return;
        }
}

static void make_place(struct session *s)
{
    size_t oldest = 0;

    for (size_t i = 1; i < s->n_prepared; i++)
        if (s->prepared[i].used < s->prepared[oldest].used)
            oldest = i;
    if (s->n_prepared == SESSION_MAX_PREPARED)
        drop_at(s, oldest);
}

const char *session_prepared_name(struct session *s, struct strview sql, bool *fresh)
{
    struct prepared *p;

    *fresh = false;
    for (size_t i = 0; i < s->n_prepared; i++) {
        p = &s->prepared[i];
        if (!p->ready || p->len != sql.len || memcmp(p->sql, sql.ptr, sql.len) != 0)
            continue;
        p->used = ++s->clock;
        return p->name;
    }
    *fresh = true;
    make_place(s);
    p = &s->prepared[s->n_prepared];
    *p = (struct prepared){.sql = mem_strndup(sql.ptr, sql.len), .len = sql.len};
    if (p->sql == NULL)
        return "";
    p->used = ++s->clock;
    snprintf(p->name, sizeof p->name, "neon_s%llu", (unsigned long long)s->clock);
    s->n_prepared++;
    return p->name;
}

void session_prepared_is_ready(struct session *s, const char *name)
{
    for (size_t i = 0; i < s->n_prepared; i++)
        if (strcmp(s->prepared[i].name, name) == 0)
            s->prepared[i].ready = true;
}
