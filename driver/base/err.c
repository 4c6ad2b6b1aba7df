/* The error value and the table of SQLSTATEs. Builds no ODBC diagnostics (handle/diag.c does) and
 * decides nothing about retries. Called by every layer. */
#include "base/err.h"

#include <stdio.h>

#include "base/utf.h"

static const struct sqlstate_row rows[ST_COUNT] = {
#define X(id, code3, code2, cls, text) [id] = {code3, code2, SQLSTATE_##cls, text},
#include "base/sqlstate.def"
#undef X
};

const struct sqlstate_row *sqlstate_row(enum sqlstate s)
{
    return &rows[(s > ST_NONE && s < ST_COUNT) ? s : ST_HY000];
}

const struct sqlstate_row *sqlstate_find(const char *code3)
{
    for (size_t i = 1; i < ST_COUNT; i++)
        if (strcmp(rows[i].code3, code3) == 0)
            return &rows[i];
    return NULL;
}

static bool state_is_valid(const char *s)
{
    size_t n = 0;

    for (; s[n] != '\0' && n < 6; n++)
        if (!((s[n] >= '0' && s[n] <= '9') || (s[n] >= 'A' && s[n] <= 'Z')))
            return false;
    return n == 5;
}

/* The whole text, or as much of it as fits, cut between characters. */
NEON_PRINTF(2, 0)
static bool print_bounded(struct buf *out, const char *fmt, va_list ap)
{
    static const char more[] = "...";
    size_t room = out->max - (sizeof more - 1);
    va_list copy;
    int need;

    va_copy(copy, ap);
    need = vsnprintf(NULL, 0, fmt, copy);
    va_end(copy);
    if (need < 0)
        return false;
    if ((size_t)need <= room)
        return buf_vprintf(out, fmt, ap);
    if (!buf_reserve(out, out->max))
        return false;
    vsnprintf(out->data, room + 1, fmt, ap);
    out->len = utf8_floor(out->data, room);
    return buf_append_str(out, more);
}

/* `state` and the arguments may be parts of *e: a caller that puts its own words around a message.
 */
NEON_PRINTF(4, 0)
static void set_text(struct err *e, const char *state, int native, const char *fmt, va_list ap)
{
    struct buf text = BUF_INIT(ERR_TEXT_MAX_BYTES);

    if (!print_bounded(&text, fmt, ap)) {
        /* No memory: the state alone must do; diag falls back to the table's text. */
        buf_release(&text);
    }
    memmove(e->state, state_is_valid(state) ? state : "HY000", 6);
    e->native = native;
    buf_release(&e->text);
    e->text = text;
}

bool err_set(struct err *e, enum sqlstate s, int native, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    set_text(e, sqlstate_row(s)->code3, native, fmt, ap);
    va_end(ap);
    return false;
}

bool err_set_state(struct err *e, const char *state, int native, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    set_text(e, state, native, fmt, ap);
    va_end(ap);
    return false;
}

bool err_oom(struct err *e)
{
    buf_reset(&e->text);
    memcpy(e->state, "HY001", 6);
    e->native = 0;
    return false;
}

void err_append(struct err *e, const char *fmt, ...)
{
    va_list ap;
    size_t before = e->text.len;

    va_start(ap, fmt);
    if (!buf_vprintf(&e->text, fmt, ap)) {
        e->text.failed = false;
        e->text.len = before;
    }
    va_end(ap);
}

bool err_is_set(const struct err *e)
{
    return e->state[0] != '\0';
}

bool err_is(const struct err *e, enum sqlstate s)
{
    return strcmp(e->state, sqlstate_row(s)->code3) == 0;
}

void err_release(struct err *e)
{
    buf_release(&e->text);
    pg_fields_free(e->pg);
    *e = ERR_INIT;
}

void err_move(struct err *dst, struct err *src)
{
    err_release(dst);
    *dst = *src;
    *src = ERR_INIT;
}

struct pg_fields *pg_fields_new(void)
{
    return mem_calloc(1, sizeof(struct pg_fields));
}

void pg_fields_free(struct pg_fields *f)
{
    if (f == NULL)
        return;
    for (size_t i = 0; i < PG_FIELD_COUNT; i++)
        mem_free(f->value[i]);
    mem_free(f);
}

bool pg_fields_set(struct pg_fields *f, enum pg_field which, const char *s, size_t len)
{
    char *copy = mem_strndup(s, len);

    if (copy == NULL)
        return false;
    mem_free(f->value[which]);
    f->value[which] = copy;
    return true;
}
