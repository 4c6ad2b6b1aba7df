/* The queue of a buffered transaction. Called by stmt/transaction.c and handle/dbc.c. */
#include "handle/tx.h"

void tx_init(struct tx *t)
{
    *t = (struct tx){.read_only = -1, .deferrable = -1};
}

static void free_item(struct tx_item *i)
{
    mem_free(i->sql);
    mem_free(i->params);
    if (i->setting != NULL) {
        mem_free(i->setting->name);
        mem_free(i->setting->value);
        mem_free(i->setting->words);
        mem_free(i->setting);
    }
}

static void cut_items(struct tx *t, size_t n)
{
    while (t->n_items > n) {
        struct tx_item *last = &t->items[--t->n_items];
        t->bytes -= last->bytes;
        t->n_writes -= last->kind == TX_WRITE;
        t->n_checks -= last->kind == TX_CHECK;
        free_item(last);
    }
}

static void cut_marks(struct tx *t, size_t n)
{
    while (t->n_marks > n)
        mem_free(t->marks[--t->n_marks].name);
}

void tx_reset(struct tx *t)
{
    cut_items(t, 0);
    cut_marks(t, 0);
    mem_free(t->items);
    mem_free(t->marks);
    tx_init(t);
}

/* ---- items ---- */

/* Parameters and their texts in one block. */
static struct wire_param *copy_params(const struct wire_param *params, size_t n, size_t *bytes)
{
    size_t text = 0;
    struct wire_param *copy;
    char *at;

    for (size_t i = 0; i < n; i++)
        text += params[i].ptr != NULL ? params[i].len : 0;
    *bytes = text + 8 * n;
    copy = mem_alloc(n * sizeof *copy + text + 1);
    if (copy == NULL)
        return NULL;
    at = (char *)(copy + n);
    for (size_t i = 0; i < n; i++) {
        copy[i] = (struct wire_param){NULL, 0};
        if (params[i].ptr == NULL)
            continue;
        memcpy(at, params[i].ptr, params[i].len);
        copy[i] = (struct wire_param){at, params[i].len};
        at += params[i].len;
    }
    return copy;
}

static bool grow_items(struct tx *t)
{
    size_t cap = t->cap_items ? t->cap_items * 2 : 16;
    struct tx_item *grown;

    if (t->n_items < t->cap_items)
        return true;
    grown = mem_realloc_array(t->items, cap, sizeof *grown);
    if (grown == NULL)
        return false;
    t->items = grown;
    t->cap_items = cap;
    return true;
}

bool tx_add(struct tx *t, enum tx_item_kind kind, struct strview sql,
            const struct wire_param *params, size_t n_params, size_t limit_bytes, struct err *e)
{
    struct tx_item item = {.kind = kind, .sql_len = sql.len, .n_params = n_params};

    if (!grow_items(t))
        return err_oom(e);
    item.sql = mem_strndup(sql.ptr, sql.len);
    item.params = copy_params(params, n_params, &item.bytes);
    item.bytes += sql.len + 32;
    if (item.sql == NULL || item.params == NULL) {
        free_item(&item);
        return err_oom(e);
    }
    if (t->n_items >= TX_MAX_ITEMS || t->bytes + item.bytes > limit_bytes) {
        free_item(&item);
        return err_set(e, ST_54000, 0,
                       "The transaction holds %zu statements of about %zu bytes, and cannot take "
                       "another: over HTTP it is sent "
                       "as one request when it commits, which Neon limits. Commit in smaller "
                       "parts, or use Transport=auto.",
                       t->n_items, t->bytes);
    }
    t->items[t->n_items++] = item;
    t->bytes += item.bytes;
    t->n_writes += kind == TX_WRITE;
    t->n_checks += kind == TX_CHECK;
    t->used = true;
    return true;
}

static struct setting *copy_setting(const struct setting *from)
{
    struct setting *copy = mem_calloc(1, sizeof *copy);
    bool ok = copy != NULL;

    if (!ok)
        return NULL;
    copy->name = mem_strdup(from->name);
    copy->value = from->value != NULL ? mem_strdup(from->value) : NULL;
    copy->words = from->words != NULL ? mem_strdup(from->words) : NULL;
    if (copy->name != NULL && (from->value == NULL || copy->value != NULL) &&
        (from->words == NULL || copy->words != NULL))
        return copy;
    mem_free(copy->name);
    mem_free(copy->value);
    mem_free(copy->words);
    mem_free(copy);
    return NULL;
}

bool tx_add_setting(struct tx *t, const struct setting *one, bool lasting, size_t limit_bytes,
                    struct err *e)
{
    struct buf sql = BUF_INIT(0);
    struct wire_param params[2];
    struct setting *copy = copy_setting(one);
    bool used = t->used; /* a setting is no query: the isolation level may still be chosen */
    size_t n = 0;
    bool ok = copy != NULL && setting_wire(one, true, &sql, params, &n);

    ok = ok ? tx_add(t, TX_SETTING, buf_sv(&sql), params, n, limit_bytes, e) : err_oom(e);
    buf_release(&sql);
    if (!ok) {
        free_item(&(struct tx_item){.setting = copy});
        return false;
    }
    t->items[t->n_items - 1].setting = copy;
    t->items[t->n_items - 1].lasting = lasting;
    t->used = used;
    return true;
}

void tx_drop_last(struct tx *t)
{
    if (t->n_items > 0)
        cut_items(t, t->n_items - 1);
}

size_t tx_wire(const struct tx *t, bool checks, struct wire_stmt *out)
{
    size_t n = 0;

    for (size_t i = 0; i < t->n_items; i++) {
        const struct tx_item *item = &t->items[i];
        if (item->kind != TX_CHECK || checks)
            out[n++] =
                (struct wire_stmt){sv_n(item->sql, item->sql_len), item->params, item->n_params};
    }
    return n;
}

/* ---- savepoints ---- */

bool tx_savepoint(struct tx *t, struct strview name, struct err *e)
{
    struct tx_mark mark = {mem_strndup(name.ptr, name.len), t->n_items};

    if (mark.name != NULL && t->n_marks == t->cap_marks) {
        struct tx_mark *grown = mem_realloc_array(t->marks, t->cap_marks + 16, sizeof *grown);
        if (grown == NULL) {
            mem_free(mark.name);
            return err_oom(e);
        }
        t->marks = grown;
        t->cap_marks += 16;
    }
    if (mark.name == NULL)
        return err_oom(e);
    t->marks[t->n_marks++] = mark;
    t->used = true;
    return true;
}

/* The newest of that name; SIZE_MAX: none. */
static size_t find_mark(const struct tx *t, struct strview name, struct err *e)
{
    for (size_t i = t->n_marks; i > 0; i--)
        if (sv_eq(sv(t->marks[i - 1].name), name))
            return i - 1;
    err_set_state(e, "3B001", 0, "savepoint \"%.*s\" does not exist",
                  (int)(name.len > 200 ? 200 : name.len), name.ptr);
    return SIZE_MAX;
}

bool tx_release(struct tx *t, struct strview name, struct err *e)
{
    size_t at = find_mark(t, name, e);

    if (at == SIZE_MAX)
        return false;
    cut_marks(t, at);
    return true;
}

bool tx_rollback_to(struct tx *t, struct strview name, struct err *e)
{
    size_t at = find_mark(t, name, e);

    if (at == SIZE_MAX)
        return false;
    cut_items(t, t->marks[at].n_items);
    cut_marks(t, at + 1);
    t->failed = false;
    return true;
}
