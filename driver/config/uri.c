/* Connection URLs and libpq's conninfo text, taken apart strictly: a special character that
 * somebody forgot to encode must not send half a password to a host of its other half. No message
 * shows any of the text. Called by config.c. */
#include "config/uri.h"

/* What libpq's parameters mean here; keyword NULL: accepted, because HTTPS settles the matter in
 * another way. */
static const struct {
    const char *libpq, *keyword;
} params[] = {
    {"host", "Server"},
    {"port", "Port"},
    {"dbname", "Database"},
    {"user", "UID"},
    {"password", "PWD"},
    {"sslmode", "SSLmode"},
    {"ssl", "SSLmode"},
    {"sslrootcert", "CAFile"},
    {"sslcert", "ClientCert"},
    {"sslkey", "ClientKey"},
    {"sslpassword", "ClientKeyPwd"},
    {"sslcrl", "CRLFile"},
    {"ssl_min_protocol_version", "TLSMinVersion"},
    {"connect_timeout", "LoginTimeout"},
    {"options", "Options"},
    {"application_name", "ApplicationName"},
    {"fallback_application_name", "ApplicationName"},
    {"channel_binding", NULL},
    {"gssencmode", NULL},
    {"sslsni", NULL},
    {"sslnegotiation", NULL},
    {"sslcompression", NULL},
    {"keepalives", NULL},
    {"keepalives_idle", NULL},
    {"keepalives_interval", NULL},
    {"keepalives_count", NULL},
    {"tcp_user_timeout", NULL},
    {"require_auth", NULL},
};

/* Where the parts go. */
struct target {
    struct conn_options *o;
    enum conn_source source;
    struct config_warnings *warnings;
    const char *name;    /* of the keyword that holds the text, for messages */
    bool after_password; /* the last parameter was the password: what follows may be its rest */
};

static int hex_digit(char c)
{
    if (ascii_is_digit(c))
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool uri_decode(struct buf *out, struct strview text)
{
    for (size_t i = 0; i < text.len; i++) {
        int high;
        int low;
        if (text.ptr[i] != '%') {
            if (!buf_append_char(out, text.ptr[i]))
                return false;
            continue;
        }
        high = text.len - i > 2 ? hex_digit(text.ptr[i + 1]) : -1;
        low = high >= 0 ? hex_digit(text.ptr[i + 2]) : -1;
        if (low < 0 || (high == 0 && low == 0) || !buf_append_char(out, (char)(high * 16 + low)))
            return false;
        i += 2;
    }
    return true;
}

static bool refuse(const struct target *t, struct err *e, const char *what)
{
    return err_set(e, ST_HY024, 0, "%s cannot be read: %s", t->name, what);
}

static bool take_plain(const struct target *t, const char *keyword, struct strview value,
                       struct err *e)
{
    return conn_options_set(t->o, sv(keyword), value, t->source, t->warnings, e);
}

static bool take_encoded(const struct target *t, const char *keyword, struct strview encoded,
                         struct err *e)
{
    struct buf plain = BUF_INIT(0);
    bool ok;

    if (!buf_reserve(&plain, encoded.len))
        return err_oom(e);
    ok = uri_decode(&plain, encoded) ? take_plain(t, keyword, buf_sv(&plain), e)
                                     : refuse(t, e,
                                              "a % must be followed by two hexadecimal digits "
                                              "other than 00. A % in a password is written %25.");
    buf_release_secret(&plain);
    return ok;
}

/* One parameter of libpq's, value decoded. */
static bool take_param(struct target *t, struct strview name, struct strview value, struct err *e)
{
    bool after_password = t->after_password;

    t->after_password = sv_ieq(name, SV_LIT("password")) || sv_ieq(name, SV_LIT("sslpassword"));
    for (size_t i = 0; i < ARRAY_LEN(params); i++) {
        if (!sv_ieq(name, sv(params[i].libpq)))
            continue;
        if (params[i].keyword == NULL)
            return config_warn(t->warnings, ST_NONE, e,
                               "%s in %s has no meaning over HTTPS and is ignored.",
                               params[i].libpq, t->name);
        if (strcmp(params[i].libpq, "host") == 0 && memchr(value.ptr, ',', value.len) != NULL)
            return refuse(t, e,
                          "it lists several hosts. Name one: Neon finds the compute by itself.");
        return take_plain(t, params[i].keyword, value, e);
    }
    /* The database's session may be asked for by any client; every endpoint of Neon's that one
     * writes to is read-write. */
    if (sv_ieq(name, SV_LIT("target_session_attrs")) &&
        (sv_ieq(value, SV_LIT("any")) || sv_ieq(value, SV_LIT("read-write")) ||
         sv_ieq(value, SV_LIT("primary"))))
        return true;
    if (sv_ieq(name, SV_LIT("client_encoding")) &&
        (sv_ieq(value, SV_LIT("utf8")) || sv_ieq(value, SV_LIT("utf-8")) ||
         sv_ieq(value, SV_LIT("auto"))))
        return true;
    if (after_password)
        return config_warn(t->warnings, ST_01S00, e,
                           "A parameter behind the password in %s is not known and was ignored. In "
                           "a password of a URL & is "
                           "written %%26; in pqopt a password with spaces stands in single quotes.",
                           t->name);
    return config_warn(t->warnings, ST_01S00, e,
                       "The parameter \"%.*s\" in %s is not known to this driver and was ignored.",
                       (int)(name.len > 40 ? 40 : name.len), name.ptr, t->name);
}

static bool is_param_name(struct strview name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!(ascii_lower(name.ptr[i]) >= 'a' && ascii_lower(name.ptr[i]) <= 'z') &&
            name.ptr[i] != '_' && name.ptr[i] != '-')
            return false;
    return name.len > 0;
}

static bool take_query(struct target *t, struct strview query, struct err *e)
{
    struct strview pair;

    while (conn_key_item(&query, '&', &pair)) {
        struct strview value = pair;
        struct strview name = {NULL, 0};
        struct buf plain = BUF_INIT(0);
        bool ok;
        if (pair.len == 0)
            continue;
        if (memchr(pair.ptr, '=', pair.len) == NULL || !conn_key_item(&value, '=', &name) ||
            !is_param_name(name))
            return refuse(t, e,
                          "behind the ? it has parameters of the form name=value, separated by &. "
                          "A ? in a password is "
                          "written %3F.");
        if (!buf_reserve(&plain, value.len))
            return err_oom(e);
        ok = uri_decode(&plain, value)
                 ? take_param(t, name, buf_sv(&plain), e)
                 : refuse(t, e,
                          "a parameter holds a % that is not followed by two hexadecimal digits.");
        buf_release_secret(&plain);
        if (!ok)
            return false;
    }
    return true;
}

/* Splits `text` at the first `c`: *text keeps what stands before, the result is what stands behind
 * (ptr NULL: no c). */
static struct strview split_at(struct strview *text, char c)
{
    const char *hit = text->len > 0 ? memchr(text->ptr, c, text->len) : NULL;
    struct strview behind = {NULL, 0};

    if (hit != NULL) {
        behind = sv_n(hit + 1, text->len - (size_t)(hit + 1 - text->ptr));
        text->len = (size_t)(hit - text->ptr);
    }
    return behind;
}

static bool take_host(const struct target *t, struct strview host, struct err *e)
{
    struct strview port = {NULL, 0};
    int64_t number;

    if (host.len > 0 && host.ptr[0] == '[') {
        struct strview behind = split_at(&host, ']');
        if (behind.ptr == NULL || (behind.len > 0 && behind.ptr[0] != ':'))
            return refuse(t, e, "an IPv6 address stands in brackets: [::1].");
        host = sv_n(host.ptr + 1, host.len - 1);
        port = behind.len > 0 ? sv_n(behind.ptr + 1, behind.len - 1) : port;
    } else {
        port = split_at(&host, ':');
    }
    if (memchr(host.ptr, ',', host.len) != NULL ||
        (port.len > 0 && memchr(port.ptr, ',', port.len) != NULL))
        return refuse(t, e, "it lists several hosts. Name one: Neon finds the compute by itself.");
    /* The text is not shown: an unencoded / or # in the password makes its beginning stand where
     * the port is. */
    if (port.len > 0 && (!sv_to_i64(port, &number) || number < 1 || number > 65535))
        return refuse(t, e,
                      "the port is no number from 1 to 65535. If the password holds / ? # @ : or "
                      "%, write these "
                      "characters as %2F %3F %23 %40 %3A %25.");
    /* Server would take an encoded comma for its own way to write a port. */
    for (size_t i = 0; i + 2 < host.len; i++)
        if (sv_ieq(sv_n(host.ptr + i, 3), SV_LIT("%2C")))
            return refuse(t, e, "the host name holds a comma.");
    return take_encoded(t, "Server", host, e) && take_plain(t, "Port", port, e);
}

/* [user[:password]@]host[:port] */
static bool take_authority(const struct target *t, struct strview authority, struct err *e)
{
    struct strview host = authority;
    struct strview user = authority;
    struct strview password;

    host = split_at(&user, '@');
    if (host.ptr == NULL)
        return take_host(t, authority, e);
    if (memchr(host.ptr, '@', host.len) != NULL)
        return refuse(t, e, "it has two @. An @ in the password is written %40.");
    password = split_at(&user, ':');
    if (password.len > 0 && memchr(password.ptr, ':', password.len) != NULL)
        return refuse(t, e,
                      "there are two colons before the @. A colon in the password is written %3A.");
    return take_encoded(t, "UID", user, e) && take_encoded(t, "PWD", password, e) &&
           take_host(t, host, e);
}

/* What people paste: the console offers psql 'postgresql://...' too. */
static struct strview without_wrapping(struct strview text)
{
    text = sv_trim(text);
    if (text.len > 5 && sv_ieq(sv_n(text.ptr, 5), SV_LIT("psql ")))
        text = sv_trim(sv_n(text.ptr + 5, text.len - 5));
    if (text.len >= 2 && (text.ptr[0] == '\'' || text.ptr[0] == '"') &&
        text.ptr[text.len - 1] == text.ptr[0])
        text = sv_n(text.ptr + 1, text.len - 2);
    return text;
}

static bool take_scheme(struct strview *text)
{
    static const char *const schemes[] = {"postgresql://", "postgres://"};

    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        size_t len = strlen(schemes[i]);
        if (text->len >= len && sv_ieq(sv_n(text->ptr, len), sv(schemes[i]))) {
            *text = sv_n(text->ptr + len, text->len - len);
            return true;
        }
    }
    return false;
}

bool uri_read(struct conn_options *o, struct strview text, enum conn_source source,
              struct config_warnings *w, struct err *e)
{
    struct target t = {o, source, w, source == CONN_SRC_ENV_URL ? "DATABASE_URL" : "Url", false};
    struct strview query;
    struct strview database;

    text = without_wrapping(text);
    if (!take_scheme(&text))
        return refuse(&t, e,
                      "it begins with postgresql:// or postgres://, as the Neon console shows it.");
    if (memchr(text.ptr, '#', text.len) != NULL)
        return refuse(&t, e, "it holds a #. In a password it is written %23.");
    query = split_at(&text, '?');
    database = split_at(&text, '/');
    if ((database.len > 0 && memchr(database.ptr, '@', database.len) != NULL) ||
        (query.len > 0 && memchr(query.ptr, '@', query.len) != NULL))
        return refuse(&t, e,
                      "an @ stands behind the host. If the password holds / or ?, write them as "
                      "%2F and %3F; an @ is "
                      "written %40.");
    if (database.len > 0 && memchr(database.ptr, '/', database.len) != NULL)
        return refuse(&t, e, "the database's name holds a /, which is written %2F.");
    return take_authority(&t, text, e) && take_encoded(&t, "Database", database, e) &&
           take_query(&t, query, e);
}

/* ---- libpq's key=value notation
 * ---------------------------------------------------------------------------------- */

/* A value: quoted or up to the next space; a backslash takes the next character as it is. *at moves
 * behind it. */
static bool read_conninfo_value(struct strview text, size_t *at, struct buf *value)
{
    bool quoted = *at < text.len && text.ptr[*at] == '\'';
    size_t i = *at + (quoted ? 1 : 0);

    buf_reset(value);
    for (; i < text.len; i++) {
        char c = text.ptr[i];
        if (quoted ? c == '\'' : ascii_is_space(c))
            break;
        if (c == '\\' && i + 1 < text.len)
            c = text.ptr[++i];
        buf_append_char(value, c);
    }
    if (quoted && i++ >= text.len)
        return false;
    *at = i;
    return true;
}

static bool take_conninfo(struct target *t, struct strview text, struct buf *value, struct err *e)
{
    size_t i = 0;

    for (;;) {
        struct strview name;
        while (i < text.len && ascii_is_space(text.ptr[i]))
            i++;
        if (i >= text.len)
            return true;
        name = sv_n(text.ptr + i, text.len - i);
        if (split_at(&name, '=').ptr == NULL)
            return refuse(t, e, "it is a list of name=value, separated by spaces.");
        i += name.len + 1;
        name = sv_trim(name);
        if (!is_param_name(name))
            return refuse(t, e,
                          "it is a list of name=value, separated by spaces; a value with spaces "
                          "stands in single quotes.");
        while (i < text.len && ascii_is_space(text.ptr[i]))
            i++;
        if (!read_conninfo_value(text, &i, value))
            return refuse(t, e, "a single quote is opened and not closed.");
        if (!take_param(t, name, buf_sv(value), e))
            return false;
    }
}

bool uri_read_conninfo(struct conn_options *o, struct strview text, enum conn_source source,
                       struct config_warnings *w, struct err *e)
{
    struct target t = {o, source, w, "pqopt", false};
    struct buf value = BUF_INIT(0);
    bool ok;

    if (!buf_reserve(&value, text.len))
        return err_oom(e);
    ok = take_conninfo(&t, text, &value, e);
    buf_release_secret(&value);
    return ok;
}
