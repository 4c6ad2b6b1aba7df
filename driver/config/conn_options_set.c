/* Takes one keyword into struct conn_options: which source wins, what a value may be, and the few
 * keywords whose value says more than one thing. Whether keywords fit together is for config.c.
 * Called by config.c, dsn.c and uri.c. */
#include "config/conn_options.h"

#include <inttypes.h>

#include "config/uri.h"

#define SHOWN_MAX_BYTES 60

/* One value on its way in. */
struct incoming {
    struct conn_options *o;
    enum conn_key_id id;
    const struct conn_key *row;
    struct strview value;
    enum conn_source source;
    struct config_warnings *warnings;
};

/* Words and numbers, as keywords that are no free text have them. */
static bool is_word(struct strview v)
{
    for (size_t i = 0; i < v.len; i++)
        if (!ascii_is_digit(v.ptr[i]) &&
            !(ascii_lower(v.ptr[i]) >= 'a' && ascii_lower(v.ptr[i]) <= 'z') &&
            (v.ptr[i] == '\0' || strchr("-_.", v.ptr[i]) == NULL))
            return false;
    return true;
}

/* Is the value a secret, or may it hold a piece of one? A URL or user:password@host pasted into the
 * wrong keyword does, and so does a part of a URL in which somebody forgot to encode or to quote a
 * special character of the password. */
static bool is_hidden(const struct incoming *in)
{
    bool is_text = in->row->kind == CONN_TEXT || in->row->kind == CONN_PATH;
    bool of_url = in->source == CONN_SRC_URL || in->source == CONN_SRC_ENV_URL ||
                  in->source == CONN_SRC_PQOPT;

    return (in->row->flags & CK_SECRET) != 0 || (of_url && (is_text || !is_word(in->value))) ||
           memchr(in->value.ptr, '@', in->value.len) != NULL ||
           sv_find(in->value, SV_LIT("://")) != SIZE_MAX;
}

/* The value for a message: cut and without control characters. */
static void append_shown(struct buf *out, const struct incoming *in)
{
    struct strview v = in->value;

    if (is_hidden(in)) {
        buf_append_str(out, "the value given (not shown)");
        return;
    }
    buf_append_char(out, '"');
    for (size_t i = 0; i < v.len && i < SHOWN_MAX_BYTES; i++)
        buf_append_char(out, v.ptr[i] >= ' ' && v.ptr[i] <= '~' ? v.ptr[i] : '?');
    buf_append_str(out, v.len > SHOWN_MAX_BYTES ? "...\"" : "\"");
}

/* HY024: the keyword, its value, and `rule`: a sentence about what is allowed. */
static bool refuse(const struct incoming *in, struct err *e, const char *rule)
{
    struct buf shown = BUF_INIT(SHOWN_MAX_BYTES * 2);

    append_shown(&shown, in);
    err_set(e, ST_HY024, 0, "%s cannot be %s: %s", in->row->name, buf_str(&shown), rule);
    buf_release(&shown);
    return false;
}

static bool refuse_printf(const struct incoming *in, struct err *e, const char *fmt, ...)
    NEON_PRINTF(3, 4);
static bool refuse_printf(const struct incoming *in, struct err *e, const char *fmt, ...)
{
    struct buf rule = BUF_INIT(ERR_TEXT_MAX_BYTES);
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&rule, fmt, ap);
    va_end(ap);
    refuse(in, e, buf_str(&rule));
    buf_release(&rule);
    return false;
}

/* "a, b or c": the canonical spellings. */
static void append_choices(struct buf *out, const struct conn_key *row)
{
    struct strview rest = sv(row->choices);
    struct strview item;
    bool first = true;

    while (conn_key_item(&rest, ',', &item)) {
        struct strview canonical = {NULL, 0};
        conn_key_item(&item, '=', &canonical);
        buf_append_str(out, first ? "" : rest.len == 0 ? " or " : ", ");
        buf_append_sv(out, canonical);
        first = false;
    }
}

static bool refuse_choice(const struct incoming *in, struct err *e)
{
    struct buf rule = BUF_INIT(ERR_TEXT_MAX_BYTES);

    append_choices(&rule, in->row);
    refuse_printf(in, e, "it is one of %s.", buf_str(&rule));
    buf_release(&rule);
    return false;
}

static bool parse_bool(const struct conn_key *row, struct strview value, bool *out)
{
    static const char *const words[][2] = {
        {"0", "1"}, {"no", "yes"}, {"false", "true"}, {"off", "on"}};
    int index;
    struct strview canonical = conn_key_choice(row, value, &index);

    if (canonical.ptr != NULL)
        value = canonical;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        for (int yes = 0; yes < 2; yes++) {
            if (sv_ieq(value, sv(words[i][yes]))) {
                *out = yes == 1;
                return true;
            }
        }
    }
    return false;
}

/* ---- by kind
 * -----------------------------------------------------------------------------------------------------
 */

static bool take_text(struct incoming *in, struct err *e)
{
    struct strview v = in->value;
    char **text = conn_options_member(in->o, in->id);
    char *copy;

    if (memchr(v.ptr, '\0', v.len) != NULL)
        return refuse(in, e, "it holds a NUL character.");
    if (v.len > (size_t)in->row->max)
        return refuse_printf(in, e, "it is %zu bytes long; at most %" PRId64 " are possible.",
                             v.len, in->row->max);
    for (size_t i = 0; (in->row->flags & CK_ASCII) != 0 && i < v.len; i++)
        if (v.ptr[i] < ' ' || v.ptr[i] > '~')
            return refuse(in, e, "it may hold printable ASCII characters only.");
    copy = mem_strndup(v.ptr, v.len);
    if (copy == NULL)
        return err_oom(e);
    if (*text != NULL)
        mem_free_secret(*text, strlen(*text));
    *text = copy;
    return true;
}

static bool take_bool(struct incoming *in, struct err *e)
{
    if (parse_bool(in->row, in->value, conn_options_member(in->o, in->id)))
        return true;
    return refuse(in, e, "it is 0 or 1 (no or yes, false or true, off or on).");
}

static bool take_int(struct incoming *in, struct err *e)
{
    int64_t *number = conn_options_member(in->o, in->id);
    struct strview text = in->value;
    int64_t value;
    int index;

    if (in->row->choices[0] != '\0') {
        text = conn_key_choice(in->row, text, &index);
        if (text.ptr == NULL)
            return refuse_choice(in, e);
    }
    if (!sv_to_i64(text, &value) || value < in->row->min || value > in->row->max)
        return refuse_printf(in, e, "it is a whole number from %" PRId64 " to %" PRId64 ".",
                             in->row->min, in->row->max);
    *number = value;
    return true;
}

static bool take_choice(struct incoming *in, struct err *e)
{
    int index;

    if (conn_key_choice(in->row, in->value, &index).ptr == NULL)
        return refuse_choice(in, e);
    *(int *)conn_options_member(in->o, in->id) = index;
    return true;
}

static bool take_ignored(struct incoming *in, struct err *e)
{
    return config_warn(in->warnings, ST_NONE, e, "The keyword %s is ignored. %s", in->row->name,
                       in->row->help);
}

static bool take_fixed(struct incoming *in, struct err *e)
{
    bool yes;
    bool fixed_yes = in->row->def[0] == '1';

    if (sv_ieq(in->value, sv(in->row->def)) ||
        (parse_bool(in->row, in->value, &yes) && yes == fixed_yes))
        return true;
    return config_warn(in->warnings, ST_01S02, e,
                       "%s can only be %s with this driver, so %s is used. %s", in->row->name,
                       in->row->def, in->row->def, in->row->help);
}

static bool (*const takers[])(struct incoming *in, struct err *e) = {
    [CONN_TEXT] = take_text,   [CONN_PATH] = take_text,     [CONN_BOOL] = take_bool,
    [CONN_INT] = take_int,     [CONN_CHOICE] = take_choice, [CONN_IGNORED] = take_ignored,
    [CONN_FIXED] = take_fixed,
};

/* ---- keywords that say more than one thing
 * ----------------------------------------------------------------------- */

/* Sets another keyword on behalf of this one, from the same source. */
static bool also_set(const struct incoming *in, enum conn_key_id id, struct strview value,
                     struct err *e)
{
    return conn_options_set(in->o, sv(conn_key_row(id)->name), value, in->source, in->warnings, e);
}

static bool is_host_char(char c)
{
    return ascii_is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
           (c != '\0' && strchr("-._:[]%", c) != NULL);
}

/* "host,port" is how ODBC's administrators know it. */
static bool take_server(struct incoming *in, struct err *e)
{
    const char *comma = memchr(in->value.ptr, ',', in->value.len);
    struct strview port = {NULL, 0};

    if (comma != NULL) {
        port = sv_trim(sv_n(comma + 1, in->value.len - (size_t)(comma + 1 - in->value.ptr)));
        in->value = sv_trim(sv_n(in->value.ptr, (size_t)(comma - in->value.ptr)));
    }
    if (sv_find(in->value, SV_LIT("://")) != SIZE_MAX)
        return refuse(in, e,
                      "it is a host name. A whole connection URL belongs to Url=postgresql://...");
    for (size_t i = 0; i < in->value.len; i++)
        if (!is_host_char(in->value.ptr[i]))
            return refuse(in, e, "it is a host name: letters, digits, hyphens and dots.");
    if (memchr(in->value.ptr, ':', in->value.len) != NULL) {
        char host[64] = "";
        if (in->value.len < sizeof host)
            memcpy(host, in->value.ptr, in->value.len);
        if (!conn_options_host_is_ip(host))
            return refuse(
                in, e,
                "the port belongs to the keyword Port, or behind a comma (Server=host,443).");
    }
    if (in->value.len == 0)
        return refuse(in, e, "the host name is missing before the comma.");
    return (port.len == 0 || also_set(in, CONN_KEY_port, port, e)) && take_text(in, e);
}

/* Every DSN made for another driver says 5432, which is not where HTTPS is. */
static bool take_port(struct incoming *in, struct err *e)
{
    if (!take_int(in, e))
        return false;
    in->o->port_was_5432 = in->o->port == 5432;
    if (!in->o->port_was_5432)
        return true;
    in->o->port = 443;
    return config_warn(
        in->warnings, ST_NONE, e,
        "Port=5432 is the port of PostgreSQL itself; this driver speaks HTTPS and uses "
        "443 instead.");
}

static bool take_endpoint(struct incoming *in, struct err *e)
{
    for (size_t i = 0; i < in->value.len; i++)
        if (!is_host_char(in->value.ptr[i]) || strchr("._:[]%", in->value.ptr[i]) != NULL)
            return refuse(in, e, "it is the endpoint's id, such as ep-cool-name-123456.");
    return take_text(in, e);
}

static bool take_ssl_mode(struct incoming *in, struct err *e)
{
    static const char *const weak[] = {"disable", "allow", "prefer", "d",   "a",       "p",
                                       "0",       "no",    "false",  "off", "optional"};

    for (size_t i = 0; i < ARRAY_LEN(weak); i++)
        if (sv_ieq(in->value, sv(weak[i])))
            return refuse(in, e,
                          "the password travels with every request, so the driver never sends one "
                          "unencrypted or to a "
                          "server it has not verified. Use verify-full, the default. For a "
                          "neon-gateway on this machine "
                          "give ApiHost=http://127.0.0.1:port and AllowInsecure=1.");
    return take_choice(in, e);
}

/* Decodes %xx of a part of a URL and sets it. */
static bool set_decoded(const struct incoming *in, enum conn_key_id id, struct strview encoded,
                        struct err *e)
{
    struct buf plain = BUF_INIT(0);
    bool ok;

    /* Nothing grows: no copies of a password are left behind. */
    if (!buf_reserve(&plain, encoded.len))
        return err_oom(e);
    ok = uri_decode(&plain, encoded)
             ? also_set(in, id, buf_sv(&plain), e)
             : refuse(in, e, "a % must be followed by two hexadecimal digits (% itself is %25).");
    buf_release_secret(&plain);
    return ok;
}

static bool is_proxy_scheme(struct strview scheme)
{
    static const char *const known[] = {"", "http://", "https://", "socks5h://", "socks5://"};

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (sv_ieq(scheme, sv(known[i])))
            return true;
    return false;
}

/* The user and password of a proxy's URL are kept apart from it, so that the URL can be logged. */
static bool take_proxy(struct incoming *in, struct err *e)
{
    struct incoming bare = *in;
    struct buf url = BUF_INIT(0);
    const char *text = in->value.ptr;
    size_t scheme = sv_find(in->value, SV_LIT("://"));
    size_t start = scheme == SIZE_MAX ? 0 : scheme + 3;
    size_t host = in->value.len;
    bool ok;

    if (!is_proxy_scheme(sv_n(text, start)))
        return refuse(in, e, "it is [http://|https://|socks5h://]host:port.");
    while (host > start && text[host - 1] != '@')
        host--;
    if (host > start) {
        struct strview user = sv_n(text + start, host - 1 - start);
        const char *colon = memchr(user.ptr, ':', user.len);
        struct strview password =
            colon != NULL ? sv_n(colon + 1, user.len - (size_t)(colon + 1 - user.ptr)) : SV_LIT("");
        user.len -= colon != NULL ? password.len + 1 : 0;
        if (!set_decoded(in, CONN_KEY_proxy_uid, user, e) ||
            !set_decoded(in, CONN_KEY_proxy_pwd, password, e))
            return false;
    }
    if (host == in->value.len)
        return refuse(in, e, "the host is missing.");
    buf_append(&url, text, start);
    buf_append(&url, text + host, in->value.len - host);
    bare.value = buf_sv(&url);
    ok = url.failed ? err_oom(e) : take_text(&bare, e);
    buf_release(&url);
    return ok;
}

/* Neon's proxy reads its own options; what becomes of settings of the server in the same text
 * depends on the transport (config.c). */
static bool take_neon_options(struct incoming *in, struct err *e)
{
    struct strview rest = in->value;
    struct strview token;

    while (conn_key_item(&rest, ' ', &token)) {
        for (int i = 0; i < 2; i++) {
            struct strview name = i == 0 ? SV_LIT("endpoint=") : SV_LIT("project=");
            if (token.len > name.len && sv_ieq(sv_n(token.ptr, name.len), name) &&
                !also_set(in, CONN_KEY_endpoint, sv_n(token.ptr + name.len, token.len - name.len),
                          e))
                return false;
        }
    }
    return take_text(in, e);
}

static bool take_ws_path(struct incoming *in, struct err *e)
{
    if (in->value.ptr[0] != '/' || memchr(in->value.ptr, ' ', in->value.len) != NULL)
        return refuse(in, e, "it is the path of a URL: it begins with / and has no spaces.");
    return take_text(in, e);
}

/* psqlODBC writes "unknown" as SQL_NO_TOTAL. */
static bool take_long_size(struct incoming *in, struct err *e)
{
    if (sv_eq(in->value, SV_LIT("-4")))
        in->value = SV_LIT("0");
    return take_int(in, e);
}

static bool (*const special[CONN_KEY_COUNT])(struct incoming *in, struct err *e) = {
    [CONN_KEY_server] = take_server,     [CONN_KEY_port] = take_port,
    [CONN_KEY_endpoint] = take_endpoint, [CONN_KEY_ssl_mode] = take_ssl_mode,
    [CONN_KEY_proxy] = take_proxy,       [CONN_KEY_neon_options] = take_neon_options,
    [CONN_KEY_ws_path] = take_ws_path,   [CONN_KEY_max_longvarchar_size] = take_long_size,
};

/* ---- the door
 * ----------------------------------------------------------------------------------------------------
 */

/* What looks like a name is named; anything else may be the rest of a badly quoted password. */
static bool looks_like_name(struct strview key)
{
    if (key.len == 0 || key.len > 40)
        return false;
    for (size_t i = 0; i < key.len; i++) {
        char c = key.ptr[i];
        bool letter = ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
        if (!letter && (i == 0 || !(ascii_is_digit(c) || c == '_' || c == '-' || c == ' ')))
            return false;
    }
    return true;
}

static bool warn_unknown(struct strview key, enum conn_source source, struct config_warnings *w,
                         struct err *e)
{
    static const char *const where[] = {
        [CONN_SRC_DEFAULT] = "the options",
        [CONN_SRC_ENV_URL] = "DATABASE_URL",
        [CONN_SRC_ENV] = "the environment",
        [CONN_SRC_PQOPT] = "pqopt",
        [CONN_SRC_URL] = "the Url",
        [CONN_SRC_DSN] = "the data source",
        [CONN_SRC_STRING] = "the connection string",
    };
    struct strview like;

    /* Looking for a similar word takes time: not for the thousandth unknown keyword. */
    if (w == NULL || w->n == CONFIG_WARNINGS_MAX)
        return true;
    like = conn_key_suggest(key);
    if (!looks_like_name(key))
        return config_warn(
            w, ST_01S00, e,
            "A part of %s is not a keyword and was ignored. A value that holds a semicolon is "
            "written in braces: PWD={a;b}.",
            where[source]);
    if (like.len > 0)
        return config_warn(
            w, ST_01S00, e,
            "The keyword \"%.*s\" in %s is not known and was ignored; did you mean %.*s?",
            (int)key.len, key.ptr, where[source], (int)like.len, like.ptr);
    return config_warn(w, ST_01S00, e,
                       "The keyword \"%.*s\" in %s is not known to this version and was ignored.",
                       (int)key.len, key.ptr, where[source]);
}

bool conn_options_set(struct conn_options *o, struct strview key, struct strview value,
                      enum conn_source source, struct config_warnings *w, struct err *e)
{
    struct incoming in = {.o = o, .value = value, .source = source, .warnings = w};

    in.id = conn_key_find(key);
    /* An empty entry of a data source asks for nothing: other drivers' templates are full of them.
     */
    if (value.len == 0 && source == CONN_SRC_DSN)
        return true;
    if (in.id == CONN_KEY_COUNT)
        return warn_unknown(sv_trim(key), source, w, e);
    if (value.len == 0 || o->source[in.id] >= source)
        return true;
    in.row = conn_key_row(in.id);
    if (in.row->kind != CONN_TEXT && in.row->kind != CONN_PATH)
        in.value = sv_trim(value);
    if (in.value.len == 0)
        return true;
    if (!(special[in.id] != NULL ? special[in.id] : takers[in.row->kind])(&in, e))
        return false;
    o->source[in.id] = (unsigned char)source;
    return true;
}
