/* Remembers settings and writes the statements that set them. Called by handle/dbc.c, tx.c and
 * stmt/. */
#include "handle/settings.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"

/* ---- the list ---- */

void setting_release(struct setting *s)
{
    mem_free(s->name);
    mem_free(s->value);
    mem_free(s->words);
    *s = (struct setting){0};
}

void settings_release(struct settings *s)
{
    for (size_t i = 0; i < s->n; i++)
        setting_release(&s->items[i]);
    mem_free(s->items);
    *s = (struct settings){0};
}

bool setting_copy(struct setting *to, const struct setting *from)
{
    *to = (struct setting){mem_strdup(from->name), mem_strdup(from->value), mem_strdup(from->words),
                           from->optional};
    if (to->name != NULL && (to->value != NULL) == (from->value != NULL) &&
        (to->words != NULL) == (from->words != NULL))
        return true;
    setting_release(to);
    return false;
}

static bool grow(struct settings *s)
{
    struct setting *grown;

    if (s->n < s->cap)
        return true;
    grown = mem_realloc_array(s->items, s->cap + 8, sizeof *grown);
    if (grown == NULL)
        return false;
    s->items = grown;
    s->cap += 8;
    return true;
}

bool settings_put(struct settings *s, const struct setting *one, struct err *e)
{
    struct setting copy;

    if (!setting_copy(&copy, one))
        return err_oom(e);
    if (!grow(s)) {
        setting_release(&copy);
        return err_oom(e);
    }
    settings_drop(s, one->name);
    s->items[s->n++] = copy;
    return true;
}

bool settings_copy(struct settings *to, const struct settings *from, struct err *e)
{
    struct settings fresh = {0};

    for (size_t i = 0; i < from->n; i++) {
        if (!settings_put(&fresh, &from->items[i], e)) {
            settings_release(&fresh);
            return false;
        }
    }
    settings_release(to);
    *to = fresh;
    return true;
}

const struct setting *settings_find(const struct settings *s, const char *name)
{
    for (size_t i = s->n; i > 0; i--)
        if (strcmp(s->items[i - 1].name, name) == 0)
            return &s->items[i - 1];
    return NULL;
}

/* "1500ms", "2s", "1min", as the server shows it; 0 for none, and for what is written otherwise. */
static int64_t duration_ms(const char *text)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}};
    size_t digits = 0;
    int64_t n;

    while (ascii_is_digit(text[digits]))
        digits++;
    if (!sv_to_i64(sv_n(text, digits), &n) || n > INT32_MAX)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (strcmp(text + digits, units[i].unit) == 0)
            return n * units[i].ms;
    return 0;
}

int64_t settings_timeout_at(const struct settings *s, uint64_t timeout_s)
{
    const struct setting *own = settings_find(s, "statement_timeout");
    int64_t ms = own != NULL && own->value != NULL ? duration_ms(own->value) : 0;

    if (timeout_s > 0 && timeout_s <= INT32_MAX && (ms == 0 || (int64_t)timeout_s * 1000 < ms))
        ms = (int64_t)timeout_s * 1000;
    return ms > 0 ? clock_now_ms() + ms : 0;
}

void settings_drop(struct settings *s, const char *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(s->items[i].name, name) == 0)
            setting_release(&s->items[i]);
        else
            s->items[kept++] = s->items[i];
    }
    s->n = kept;
}

bool settings_matter(const struct settings *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (!s->items[i].optional)
            return true;
    return false;
}

/* ---- statements ---- */

/* A name of two parts, app.user, is quoted part by part. */
static void append_quoted(struct buf *out, const char *name)
{
    buf_append_char(out, '"');
    for (; *name != '\0'; name++) {
        if (*name == '.')
            buf_append_str(out, "\".\"");
        else if (*name == '"')
            buf_append_str(out, "\"\"");
        else
            buf_append_char(out, *name);
    }
    buf_append_char(out, '"');
}

bool setting_wire(const struct setting *one, bool local, struct buf *sql,
                  struct wire_param params[2], size_t *n_params)
{
    *n_params = 0;
    if (one->value != NULL) {
        buf_printf(sql, "SELECT pg_catalog.set_config($1, $2, %s)", local ? "true" : "false");
        params[0] = (struct wire_param){one->name, strlen(one->name)};
        params[1] = (struct wire_param){one->value, strlen(one->value)};
        *n_params = 2;
        return sql->failed == BUF_OK;
    }
    buf_append_str(sql, local ? "SET LOCAL " : "SET SESSION ");
    if (one->words != NULL) {
        buf_append_str(sql, one->words);
    } else {
        append_quoted(sql, one->name);
        buf_append_str(sql, " TO DEFAULT");
    }
    return sql->failed == BUF_OK;
}

/* One SELECT for those that follow each other with a value: items[from .. to). */
static bool add_values(struct settings_head *h, const struct settings *s, size_t from, size_t to,
                       bool local, struct wire_param *params)
{
    struct buf *sql = &h->texts[h->n_texts++];

    buf_init(sql, 0);
    for (size_t i = from; i < to; i++) {
        size_t at = 2 * (i - from);
        buf_printf(sql, "%spg_catalog.set_config($%zu, $%zu, %s)", i == from ? "SELECT " : ", ",
                   at + 1, at + 2, local ? "true" : "false");
        params[at] = (struct wire_param){s->items[i].name, strlen(s->items[i].name)};
        params[at + 1] = (struct wire_param){s->items[i].value, strlen(s->items[i].value)};
    }
    h->stmts[h->n++] = (struct wire_stmt){buf_sv(sql), params, 2 * (to - from)};
    return sql->failed == BUF_OK;
}

static bool add_words(struct settings_head *h, const struct setting *one, bool local)
{
    struct buf *sql = &h->texts[h->n_texts++];
    size_t none;

    buf_init(sql, 0);
    if (!setting_wire(one, local, sql, NULL, &none))
        return false;
    h->stmts[h->n++] = (struct wire_stmt){buf_sv(sql), NULL, 0};
    return true;
}

static void add_timeout(struct settings_head *h, uint64_t timeout_s, struct wire_param *param)
{
    snprintf(h->timeout_text, sizeof h->timeout_text, "%llu000", (unsigned long long)timeout_s);
    *param = (struct wire_param){h->timeout_text, strlen(h->timeout_text)};
    h->stmts[h->n++] = (struct wire_stmt){
        SV_LIT("SELECT pg_catalog.set_config('statement_timeout', $1, true)"), param, 1};
}

bool setting_path_is_in_doubt(const struct setting *one)
{
    if (one == NULL || strcmp(one->name, "search_path") != 0)
        return false;
    if (one->value == NULL)
        return one->words != NULL; /* in any spelling */
    return sv_ifind(sv(one->value), SV_LIT("pg_temp")) != SIZE_MAX;
}

bool settings_head_init(struct settings_head *h, const struct settings *s, bool local,
                        uint64_t timeout_s, enum settings_look look, struct err *e)
{
    bool check = look == LOOK_ALWAYS || (look == LOOK_IN_DOUBT &&
                                         setting_path_is_in_doubt(settings_find(s, "search_path")));
    bool ok = true;

    *h = (struct settings_head){0};
    if (s->n == 0 && timeout_s == 0 && !check)
        return true;
    h->stmts = mem_calloc(s->n + 2, sizeof *h->stmts);
    h->texts = mem_calloc(s->n + 1, sizeof *h->texts);
    h->params = mem_calloc(2 * s->n + 1, sizeof *h->params);
    ok = h->stmts != NULL && h->texts != NULL && h->params != NULL;
    for (size_t i = 0; ok && i < s->n;) {
        size_t end = i;
        while (end < s->n && s->items[end].value != NULL)
            end++;
        ok = end > i ? add_values(h, s, i, end, local, &h->params[2 * i])
                     : add_words(h, &s->items[i], local);
        i = end > i ? end : i + 1;
    }
    if (ok && timeout_s > 0 && settings_find(s, "statement_timeout") == NULL)
        add_timeout(h, timeout_s, &h->params[2 * s->n]);
    if (ok && check)
        h->stmts[h->n++] = (struct wire_stmt){SV_LIT(SETTINGS_PATH_CHECK_SQL), NULL, 0};
    if (ok)
        return true;
    settings_head_release(h);
    return err_oom(e);
}

bool settings_head_before(struct settings_head *h, struct wire_request *r, struct err *e)
{
    struct wire_stmt *all;

    if (h->n == 0)
        return true;
    all = mem_realloc_array(h->stmts, h->n + r->n_stmts, sizeof *all);
    if (all == NULL)
        return err_oom(e);
    h->stmts = all;
    memcpy(all + h->n, r->stmts, r->n_stmts * sizeof *all);
    r->stmts = all;
    r->n_stmts += h->n;
    r->batch = true;
    return true;
}

void settings_head_release(struct settings_head *h)
{
    for (size_t i = 0; i < h->n_texts; i++)
        buf_release(&h->texts[i]);
    mem_free(h->texts);
    mem_free(h->stmts);
    mem_free(h->params);
    *h = (struct settings_head){0};
}
