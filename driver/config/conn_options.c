/* Life of struct conn_options and everything that is read from it by walking the table. Taking
 * values in: conn_options_set.c; reading secrets from files: conn_options_files.c. Called by
 * handle/ and api/. */
#include "config/conn_options.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <unistd.h>

#include "config/connstr.h"

#define OFFSET_TEXT(field) offsetof(struct conn_options, field)
#define OFFSET_PATH(field) offsetof(struct conn_options, field)
#define OFFSET_BOOL(field) offsetof(struct conn_options, field)
#define OFFSET_INT(field) offsetof(struct conn_options, field)
#define OFFSET_CHOICE(field) offsetof(struct conn_options, field)
#define OFFSET_IGNORED(field) 0
#define OFFSET_FIXED(field) 0
static const size_t offsets[CONN_KEY_COUNT] = {
#define X(field, name, aliases, kind, def, min, max, choices, flags, label, help)                  \
    [CONN_KEY_##field] = OFFSET_##kind(field),
#include "conn_keys.def"
#undef X
};

static bool is_text(enum conn_key_id id)
{
    enum conn_key_kind kind = conn_key_row(id)->kind;
    return kind == CONN_TEXT || kind == CONN_PATH;
}

void *conn_options_member(struct conn_options *o, enum conn_key_id id)
{
    return (char *)o + offsets[id];
}

static const void *member(const struct conn_options *o, enum conn_key_id id)
{
    return (const char *)o + offsets[id];
}

const char *conn_options_text(const struct conn_options *o, enum conn_key_id id)
{
    return is_text(id) ? *(char *const *)member(o, id) : NULL;
}

static void set_default(struct conn_options *o, enum conn_key_id id)
{
    const struct conn_key *row = conn_key_row(id);
    void *at = conn_options_member(o, id);

    if (row->kind == CONN_BOOL) {
        *(bool *)at = row->def[0] == '1';
    } else if (row->kind == CONN_INT) {
        (void)sv_to_i64(sv(row->def), at);
    } else if (row->kind == CONN_CHOICE) {
        (void)conn_key_choice(row, sv(row->def), at);
    }
}

void conn_options_init(struct conn_options *o)
{
    *o = (struct conn_options){0};
    for (int id = 0; id < CONN_KEY_COUNT; id++)
        set_default(o, (enum conn_key_id)id);
}

void conn_options_clear(struct conn_options *o, enum conn_key_id id)
{
    char **text = conn_options_member(o, id);

    if (!is_text(id))
        return;
    if (*text != NULL)
        mem_free_secret(*text, strlen(*text));
    *text = NULL;
    o->source[id] = CONN_SRC_DEFAULT;
}

void conn_options_release(struct conn_options *o)
{
    for (int id = 0; id < CONN_KEY_COUNT; id++)
        conn_options_clear(o, (enum conn_key_id)id);
    mem_free(o->made.host);
    mem_free(o->made.api_host);
    mem_free(o->made.proxy);
    mem_free(o->made.user_agent);
    conn_options_init(o);
}

void conn_options_move(struct conn_options *dst, struct conn_options *src)
{
    conn_options_release(dst);
    *dst = *src;
    conn_options_init(src);
}

bool conn_options_value(const struct conn_options *o, enum conn_key_id id, struct buf *out)
{
    const struct conn_key *row = conn_key_row(id);
    const char *text = conn_options_text(o, id);
    struct strview rest = sv(row->choices);
    struct strview item = {NULL, 0};
    struct strview canonical;

    switch (row->kind) {
    case CONN_TEXT:
    case CONN_PATH:
        return text == NULL || buf_append_str(out, text);
    case CONN_BOOL:
        return buf_append_char(out, *(const bool *)member(o, id) ? '1' : '0');
    case CONN_INT:
        return buf_printf(out, "%" PRId64, *(const int64_t *)member(o, id));
    case CONN_CHOICE:
        for (int i = *(const int *)member(o, id); i >= 0; i--)
            conn_key_item(&rest, ',', &item);
        return conn_key_item(&item, '=', &canonical) && buf_append_sv(out, canonical);
    case CONN_IGNORED:
    case CONN_FIXED:
        break;
    }
    return true;
}

bool conn_options_is_braced(const struct conn_options *o, enum conn_key_id id)
{
    const char *text = conn_key_row(id)->kind == CONN_TEXT && o->source[id] == CONN_SRC_DSN
                           ? conn_options_text(o, id)
                           : NULL;
    size_t len = text != NULL ? strlen(text) : 0;
    bool from_file =
        (id == CONN_KEY_pwd && o->pwd_from_file) || (id == CONN_KEY_token && o->token_from_file);

    return len >= 2 && text[0] == '{' && text[len - 1] == '}' && !from_file;
}

bool conn_options_ca_is_system(const struct conn_options *o)
{
    return o->ca_file != NULL && str_ieq(o->ca_file, "system");
}

bool conn_options_host_is_ip(const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    char bare[INET6_ADDRSTRLEN + 1];
    size_t len = strlen(host);

    if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    }
    if (len >= sizeof bare)
        return false;
    memcpy(bare, host, len);
    bare[len] = '\0';
    return inet_pton(AF_INET, bare, address) == 1 || inet_pton(AF_INET6, bare, address) == 1;
}

/* Needed before a connection can be tried: one of the two keywords of a row. */
static const struct {
    enum conn_key_id id, or_else, or_file, or_file2;
    enum sqlstate state;
    const char *sentence;
} needed[] = {
    {CONN_KEY_server, CONN_KEY_endpoint, CONN_KEY_server, CONN_KEY_server, ST_08001,
     "The server is not known: give the endpoint's host name "
     "(Server=ep-cool-name-123456.eu-central-1.aws.neon.tech) or the "
     "URL of the Neon console (Url=postgresql://user:password@host/database)."},
    {CONN_KEY_uid, CONN_KEY_uid, CONN_KEY_uid, CONN_KEY_uid, ST_28000,
     "The user is not known: give the name of the database role (UID=neondb_owner)."},
    {CONN_KEY_pwd, CONN_KEY_token, CONN_KEY_pwd_file, CONN_KEY_token_file, ST_28000,
     "The password is not known: give PWD, or PWDFile, Token or TokenFile (PWD={...} in braces "
     "when it holds a semicolon)."},
};

enum conn_key_id conn_options_missing(const struct conn_options *o, size_t *at)
{
    while (*at < ARRAY_LEN(needed)) {
        size_t i = (*at)++;
        if (conn_options_text(o, needed[i].id) == NULL &&
            conn_options_text(o, needed[i].or_else) == NULL &&
            conn_options_text(o, needed[i].or_file) == NULL &&
            conn_options_text(o, needed[i].or_file2) == NULL)
            return needed[i].id;
    }
    return CONN_KEY_COUNT;
}

bool conn_options_complete(const struct conn_options *o, struct err *e)
{
    size_t at = 0;
    bool complete = true;

    while (conn_options_missing(o, &at) != CONN_KEY_COUNT) {
        if (complete)
            err_set(e, needed[at - 1].state, 0, "%s", needed[at - 1].sentence);
        else
            err_append(e, " %s", needed[at - 1].sentence);
        complete = false;
    }
    return complete;
}

/* Is the keyword to be seen in the out string? */
static bool goes_out(const struct conn_options *o, enum conn_key_id id)
{
    const struct conn_key *row = conn_key_row(id);

    if (o->source[id] == CONN_SRC_DEFAULT || (row->flags & CK_NO_OUT) != 0 ||
        row->kind == CONN_IGNORED || row->kind == CONN_FIXED)
        return false;
    if ((row->flags & CK_SECRET) != 0 && !o->save_password)
        return false;
    /* What a file says stays in the file. */
    if ((id == CONN_KEY_pwd && o->pwd_from_file) || (id == CONN_KEY_token && o->token_from_file))
        return false;
    return id != CONN_KEY_driver || o->dsn == NULL;
}

bool conn_options_to_connstr(const struct conn_options *o, struct buf *out)
{
    struct buf value = BUF_INIT(CONNSTR_MAX_BYTES);
    bool ok = true;

    for (int i = 0; ok && i < CONN_KEY_COUNT; i++) {
        enum conn_key_id id = (enum conn_key_id)i;
        const char *text = conn_options_text(o, id);
        if (!goes_out(o, id))
            continue;
        if (text != NULL) {
            ok = connstr_append(out, conn_key_row(id)->name, sv(text));
            continue;
        }
        buf_reset(&value);
        ok = conn_options_value(o, id, &value) &&
             connstr_append(out, conn_key_row(id)->name, buf_sv(&value));
    }
    buf_release(&value);
    if (!ok)
        buf_release_secret(out);
    return ok;
}

bool conn_options_log_path(const struct conn_options *o, struct buf *out)
{
    if (o->log_file != NULL)
        return buf_append_str(out, o->log_file);
    if (o->log_dir != NULL)
        return buf_printf(out, "%s/neonodbc-%ld.log", o->log_dir, (long)getpid());
    return true;
}

bool conn_options_each_secret(const struct conn_options *o,
                              bool (*fn)(void *ctx, struct strview secret), void *ctx)
{
    for (int id = 0; id < CONN_KEY_COUNT; id++) {
        const char *text = conn_options_text(o, (enum conn_key_id)id);
        if (text != NULL && (conn_key_row((enum conn_key_id)id)->flags & CK_SECRET) != 0 &&
            !fn(ctx, sv(text)))
            return false;
    }
    return true;
}
