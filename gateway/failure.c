/* Error answers: collecting the 17 members and writing them. Which status belongs to which error is
 * decided by the callers (sql_http.c, auth.c, jwt.c).
 */
#include "gateway/failure.h"

#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "gateway/buf.h"
#include "gateway/text.h"

static const char *const key_names[FAILURE_FIELD_COUNT] = {
#define X(id, key, diag) [id] = key,
    FAILURE_FIELDS(X)
#undef X
};

static const int diag_codes[FAILURE_FIELD_COUNT] = {
#define X(id, key, diag) [id] = diag,
    FAILURE_FIELDS(X)
#undef X
};

void failure_release(struct failure *f)
{
    for (size_t i = 0; i < FAILURE_FIELD_COUNT; i++)
        free(f->field[i]);
    *f = (struct failure){0};
}

bool failure_set(struct failure *f, int status, const char *fmt, ...)
{
    va_list ap;
    failure_release(f);
    f->status = status;
    va_start(ap, fmt);
    if (vasprintf(&f->field[FAILURE_MESSAGE], fmt, ap) < 0)
        f->field[FAILURE_MESSAGE] = NULL;
    va_end(ap);
    f->field[FAILURE_CODE] = strdup("");
    f->field[FAILURE_SEVERITY] = strdup("");
    return false;
}

bool failure_from_result(struct failure *f, int status, const PGresult *res)
{
    if (!PQresultErrorField(res, PG_DIAG_SQLSTATE))
        return failure_set(f, 400, "connection closed");
    failure_release(f);
    f->status = status;
    for (size_t i = 0; i < FAILURE_FIELD_COUNT; i++) {
        const char *text = PQresultErrorField(res, diag_codes[i]);
        f->field[i] = text ? strdup(text) : NULL;
    }
    return false;
}

static bool is_sqlstate(const char *s, size_t n)
{
    if (n < 7 || strncmp(s + 5, ": ", 2) != 0)
        return false;
    for (int i = 0; i < 5; i++)
        if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'A' && s[i] <= 'Z')))
            return false;
    return true;
}

/* `[libpq's words: ]SEVERITY:  SQLSTATE: message`: where the SQLSTATE stands in a line, NULL when
 * it is not like that. The severity is in the language of the server's messages, and may have
 * spaces. The first `:  ` decides: what follows is the server's text, with names that the client
 * chose. */
static const char *find_state(const char *line, size_t n, const char **severity,
                              size_t *severity_len)
{
    const char *colon = memmem(line, n, ":  ", 3);
    if (!colon || !is_sqlstate(colon + 3, (size_t)(line + n - colon - 3)))
        return NULL;
    const char *from = colon;
    while (from > line && strncmp(from - 1, ": ", 2) != 0)
        from--;
    *severity = from + (from > line);
    *severity_len = (size_t)(colon - *severity);
    return colon + 3;
}

/* One continuation line such as `DETAIL:  ...`. The labels are libpq's, in English: the gateway
 * never calls setlocale. */
static void take_line(struct failure *f, const char *line, size_t n)
{
    static const struct {
        const char *label;
        enum failure_field field;
    } labels[] = {
        {"DETAIL:  ", FAILURE_DETAIL}, {"HINT:  ", FAILURE_HINT}, {"CONTEXT:  ", FAILURE_WHERE}};
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        size_t k = strlen(labels[i].label);
        if (n > k && strncmp(line, labels[i].label, k) == 0 && !f->field[labels[i].field])
            f->field[labels[i].field] = text_dup(line + k, n - k);
    }
    static const char location[] = "LOCATION:  ";
    size_t k = sizeof location - 1;
    if (n <= k || strncmp(line, location, k) != 0)
        return;
    const char *routine = line + k;
    const char *end = line + n;
    const char *comma = memmem(routine, (size_t)(end - routine), ", ", 2);
    const char *colon = memrchr(routine, ':', (size_t)(end - routine));
    if (!comma || !colon || colon < comma + 2 || f->field[FAILURE_ROUTINE])
        return;
    f->field[FAILURE_ROUTINE] = text_dup(routine, (size_t)(comma - routine));
    f->field[FAILURE_FILE] = text_dup(comma + 2, (size_t)(colon - comma - 2));
    f->field[FAILURE_LINE] = text_dup(colon + 1, (size_t)(end - colon - 1));
}

bool failure_from_connect(struct failure *f, const char *verbose_message)
{
    const char *state = NULL;
    const char *severity = NULL;
    size_t severity_len = 0;
    /* With sslmode=prefer libpq may try twice and append: the last attempt counts. */
    for (const char *s = verbose_message; s;) {
        size_t n = strcspn(s, "\n");
        const char *found = find_state(s, n, &severity, &severity_len);
        state = found ? found : state;
        s = s[n] ? s + n + 1 : NULL;
    }
    if (!state)
        return false;
    failure_release(f);
    f->status = 500;
    f->field[FAILURE_SEVERITY] = text_dup(severity, severity_len);
    f->field[FAILURE_CODE] = text_dup(state, 5);
    const char *line = state + 7;
    size_t n = strcspn(line, "\n");
    f->field[FAILURE_MESSAGE] = text_dup(line, n);
    for (line += n; *line; line += n) {
        line++;
        n = strcspn(line, "\n");
        take_line(f, line, n);
    }
    return true;
}

void failure_write(const struct failure *f, struct buf *out)
{
    buf_putc(out, '{');
    for (size_t i = 0; i < FAILURE_FIELD_COUNT; i++) {
        buf_printf(out, "%s\"%s\":", i ? "," : "", key_names[i]);
        buf_put_json_or_null(out, f->field[i]);
    }
    buf_putc(out, '}');
}
