/* What the keywords of a connection say: one value, made from connection string, DSN, URL and
 * environment by config_build (config/config.h), read by everybody else. One member for each row of
 * include/conn_keys.def. */
#ifndef NEON_CONFIG_CONN_OPTIONS_H
#define NEON_CONFIG_CONN_OPTIONS_H

#include "base/err.h"
#include "config/config_warnings.h"
#include "config/conn_keys.h"

/* The values of the CHOICE keywords, in the order of their `choices` in the table (tested). */
enum transport_choice { TRANSPORT_AUTO, TRANSPORT_HTTP, TRANSPORT_WEBSOCKET };
enum ssl_mode { SSL_MODE_VERIFY_CA, SSL_MODE_VERIFY_FULL };
enum tls_min_version { TLS_MIN_1_2, TLS_MIN_1_3 };
enum proxy_auth {
    PROXY_AUTH_ANY,
    PROXY_AUTH_BASIC,
    PROXY_AUTH_DIGEST,
    PROXY_AUTH_NTLM,
    PROXY_AUTH_NEGOTIATE
};
enum ip_version { IP_VERSION_ANY, IP_VERSION_4, IP_VERSION_6 };
enum http_version_choice { HTTP_VERSION_AUTO, HTTP_VERSION_1_1, HTTP_VERSION_2 };
enum param_style { PARAM_STYLE_AUTO, PARAM_STYLE_DOLLAR };
/* QuestionMarkOperators: as enum question_mark_mode of sql/script.h: auto, escape, off. */
enum buffered_row_count { BUFFERED_ROW_COUNT_NONE, BUFFERED_ROW_COUNT_PREVIEW };
enum isolation_key {
    ISOLATION_KEY_SERVER,
    ISOLATION_KEY_READ_UNCOMMITTED,
    ISOLATION_KEY_READ_COMMITTED,
    ISOLATION_KEY_REPEATABLE_READ,
    ISOLATION_KEY_SERIALIZABLE
};
enum sql_state_style { SQL_STATE_ODBC, SQL_STATE_POSTGRES };
enum numeric_as { NUMERIC_AS_NUMERIC, NUMERIC_AS_DOUBLE, NUMERIC_AS_VARCHAR, NUMERIC_AS_MEMO };
enum interval_as { INTERVAL_AS_VARCHAR, INTERVAL_AS_INTERVAL };
enum timestamptz_as {
    TIMESTAMPTZ_AS_TIMESTAMP,
    TIMESTAMPTZ_AS_VARCHAR,
    TIMESTAMPTZ_AS_TIMESTAMPOFFSET
};
enum uuid_as { UUID_AS_GUID, UUID_AS_VARCHAR };
enum json_as { JSON_AS_WVARCHAR, JSON_AS_WLONGVARCHAR };

/* Where a value came from; the greater wins, and within one source the first occurrence. */
enum conn_source {
    CONN_SRC_DEFAULT,
    CONN_SRC_ENV_URL, /* DATABASE_URL of the environment */
    CONN_SRC_ENV,     /* PGHOST, ... */
    CONN_SRC_PQOPT,
    CONN_SRC_URL,    /* the Url keyword */
    CONN_SRC_DSN,    /* odbc.ini */
    CONN_SRC_STRING, /* the connection string, or the arguments of SQLConnect */
};

struct conn_options {
#define CONN_MEMBER_TEXT(field) char *field; /* owned, NUL-terminated; NULL = not given */
#define CONN_MEMBER_PATH(field) char *field;
#define CONN_MEMBER_BOOL(field) bool field;
#define CONN_MEMBER_INT(field) int64_t field;
#define CONN_MEMBER_CHOICE(field) int field;
#define CONN_MEMBER_IGNORED(field)
#define CONN_MEMBER_FIXED(field)
#define X(field, name, aliases, kind, def, min, max, choices, flags, label, help)                  \
    CONN_MEMBER_##kind(field)
#include "conn_keys.def"
#undef X
    unsigned char source[CONN_KEY_COUNT]; /* enum conn_source of each */
    bool port_was_5432;                   /* Port=5432 was given and is read as 443 */
    bool pwd_from_file, token_from_file;  /* conn_options_load_files filled them */
    /* Texts made by conn_options_to_net; owned. */
    struct {
        char *host, *api_host, *proxy, *user_agent;
    } made;
};

/* Every keyword at its default. */
void conn_options_init(struct conn_options *o);
/* Wipes secrets, frees, and leaves the defaults. */
void conn_options_release(struct conn_options *o);
/* Moves src over dst (released first); src is left with the defaults. */
void conn_options_move(struct conn_options *dst, struct conn_options *src);

/* Takes one keyword. An empty value counts as absent. A value that comes second, in the same source
 * or from a lower one, is dropped unread, so sources are to be taken from the highest down. An
 * unknown keyword is a 01S00 warning. False: HY024 naming the keyword, the value (never a secret's)
 * and what is allowed; HY001. */
bool conn_options_set(struct conn_options *o, struct strview key, struct strview value,
                      enum conn_source source, struct config_warnings *w,
                      struct err *e) NEON_MUST_CHECK;
/* Appends the value in force as the table spells it (what conn_options_set would take); nothing
 * when there is none. */
bool conn_options_value(const struct conn_options *o, enum conn_key_id id, struct buf *out);
/* The text of a TEXT or PATH keyword, NULL when not given; NULL for the other kinds. */
const char *conn_options_text(const struct conn_options *o, enum conn_key_id id);
/* The member of that row; type by its kind. Not for IGNORED and FIXED rows. */
void *conn_options_member(struct conn_options *o, enum conn_key_id id);
/* Forgets a TEXT or PATH keyword, wiping it. */
void conn_options_clear(struct conn_options *o, enum conn_key_id id);
/* True when `host` is an IPv4 or IPv6 address, brackets or not. */
bool conn_options_host_is_ip(const char *host);
/* A text that a data source gives in braces: they belong to the value there, as in every driver's
 * odbc.ini, but whoever wrote them may have had connection strings in mind. */
bool conn_options_is_braced(const struct conn_options *o, enum conn_key_id id);
/* CAFile=system, as libpq has it: those of the system, as without the keyword. */
bool conn_options_ca_is_system(const struct conn_options *o);
/* Reads TokenFile and PWDFile into token and pwd. HY024 with the remedy: not readable, too large,
 * empty, or open to others. 08001: what names certificates (CAFile, CAPath, ...) names nothing that
 * can be read. */
bool conn_options_load_files(struct conn_options *o, struct err *e) NEON_MUST_CHECK;
/* Can a connection be tried? False: what is missing, 08001 (Server) or 28000 (UID, PWD), with an
 * example. */
bool conn_options_complete(const struct conn_options *o, struct err *e) NEON_MUST_CHECK;
/* One keyword of what is missing at a time, for SQLBrowseConnect: starts at *at = 0; CONN_KEY_COUNT
 * when there is none. */
enum conn_key_id conn_options_missing(const struct conn_options *o, size_t *at);

/* SQLDriverConnect's out string: "DSN=...;" or "Driver=...;" first, then every keyword that was
 * given by any source, in the table's order, braces where needed. Secrets only with SavePassword=1:
 * an application may store the string. False: out of memory (*out is then wiped). */
bool conn_options_to_connstr(const struct conn_options *o, struct buf *out) NEON_MUST_CHECK;
/* Where the log goes: LogFile, or LogDir/neonodbc-PID.log; nothing appended when neither is given.
 * False: out of memory. */
bool conn_options_log_path(const struct conn_options *o, struct buf *out) NEON_MUST_CHECK;
/* Calls fn for each secret text there is (for log_add_secret). Stops with false when fn returns
 * false. */
bool conn_options_each_secret(const struct conn_options *o,
                              bool (*fn)(void *ctx, struct strview secret),
                              void *ctx) NEON_MUST_CHECK;

#endif
