/* Connection handles: options, attributes, the transport, and the lists of what hangs on them. */
#ifndef NEON_HANDLE_DBC_H
#define NEON_HANDLE_DBC_H

#include "config/conn_options.h"
#include "convert/convert.h"
#include "handle/catalog_cache.h"
#include "handle/describe_cache.h"
#include "handle/env.h"
#include "handle/routine_cache.h"
#include "handle/settings.h"
#include "handle/table_info.h"
#include "handle/tx.h"
#include "handle/type_names.h"
#include "transport/pgwire_session.h"
#include "transport/transport.h"

/* Attributes an application sets with SQLSetConnectAttr; rows in attr_dbc.def point here. */
struct dbc_attrs {
    /* txn_isolation: 0 = as the server says */
    SQLUINTEGER access_mode, autocommit, login_timeout_s, connection_timeout_s, txn_isolation,
        txn_deferrable, odbc_cursors, packet_size, metadata_id, async_enable, trace,
        translate_option, ansi_app, disconnect_behavior, dead, auto_ipd;
    SQLULEN quiet_window;
    bool login_timeout_set,
        connection_timeout_set; /* the application's value wins over the keyword's */
};

/* Statement attributes may be set on the connection (ODBC 2): defaults for statements allocated
 * later. */
struct stmt_attrs {
    SQLULEN async_enable, concurrency, cursor_scrollable, cursor_sensitivity, cursor_type,
        enable_auto_ipd, keyset_size, max_length, max_rows, metadata_id, noscan, query_timeout_s,
        retrieve_data, simulate_cursor, use_bookmarks;
    void *app_fetch_bookmark;
};

/* What the server told when the connection was made (one request). */
struct server_info {
    char *version;           /* server_version, e.g. "15.18 (Debian ...)" */
    int version_num;         /* server_version_num; 0 = not asked */
    char *user, *database;   /* current_user, current_database() */
    char *default_isolation; /* "read committed" */
    char *time_zone;
};

struct dbc {
    struct handle handle; /* first */
    struct env *env;
    struct dbc *next_in_env;     /* of env->dbcs */
    pthread_mutex_t lock;        /* one call at a time */
    pthread_mutex_t cancel_lock; /* guards stmt->running against SQLCancel from another thread */
    bool connected;
    struct buf browse;           /* what SQLBrowseConnect was given so far; secret */
    char *dsn_name;              /* SQL_DATA_SOURCE_NAME; owned, NULL for DSN-less */
    struct conn_options options; /* valid while connected */
    struct type_options type_options;
    struct conv_env conv_env;
    struct dbc_attrs attrs;
    struct stmt_attrs stmt_defaults;
    struct transport *transport;
    struct session *session;             /* NULL: Transport=http, or a token */
    bool session_missed, session_warned; /* auto: a session was not to be had; buffered instead */
    struct session_modes {               /* what the session's autocommit statements run with */
        uint64_t serial;                 /* of the connection that was told */
        enum isolation isolation;
        bool read_only;
    } session_modes;
    struct settings session_settings; /* that the session was told, with session_modes.serial */
    bool sequences_moved;             /* over HTTP, maybe, since the session took values of them */
    struct buf notification;          /* text of the oldest one (handle/notification.h) */
    struct log *log;
    struct server_info server;
    struct describe_cache described;
    struct routine_cache routines;
    struct catalog_cache catalog_cache;
    struct tx tx;                     /* the buffered transaction, when one is open */
    struct settings keyword_settings; /* what RESET goes back to */
    struct settings settings;         /* in force: stand before each request (handle/settings.h) */
    struct type_names type_names;     /* of types that are not built in */
    _Atomic(struct stmt *) async_running; /* whose call is under way in pieces (api/api_async.c) */
    struct table_infos tables;            /* whose rows were changed through cursors */
    struct stmt *stmts;                   /* list through stmt->next */
    struct desc *descs;                   /* explicit descriptors, list through desc->next */
    uint64_t cursor_serial;               /* makes SQL_CUR names */
    pid_t
        pid; /* of the process that connected: a forked child gets an error, not a shared socket */
};

struct dbc *dbc_new(struct env *env) NEON_MUST_CHECK;
/* Copies at most cap of the environment's connections; returns how many there are. */
size_t dbc_list(struct env *env, struct dbc **out, size_t cap);
/* Only when disconnected and without statements. */
void dbc_free(struct dbc *d);
/* Connects with parsed options (taken over, also on failure). One request at most
 * (VerifyConnectionEarly), 08001, 08004, 28000, HYT00. Warnings are posted by the caller. */
bool dbc_open(struct dbc *d, struct conn_options *options, struct err *e) NEON_MUST_CHECK;
/* Frees transport, options and server info. Statements must be gone. */
void dbc_close(struct dbc *d);
/* Asks for what `server` holds, with the keywords' settings before it (dbc_probe.c). One request:
 * 08001, 08004 (a setting with which text would be misread, or new tables would be temporary),
 * 28000, HYT00. */
bool dbc_probe(struct dbc *d, struct err *e) NEON_MUST_CHECK;
/* Frees what it has told. */
void dbc_forget_server(struct dbc *d);
/* Attributes, statement defaults and type options as they are after connecting: from the defaults
 * and the keywords. What the application set before connecting wins; with `forget_application` it
 * does not (SQL_ATTR_RESET_CONNECTION). */
void dbc_apply_options(struct dbc *d, bool forget_application);
/* True when statements must run read-only: the attribute or ReadOnly=1. */
bool dbc_is_read_only(const struct dbc *d);
/* The isolation level in force, SQL_TXN_*: the attribute, else the server's default, else READ
 * COMMITTED. */
SQLUINTEGER dbc_isolation(const struct dbc *d);
/* The server's default alone. */
SQLUINTEGER dbc_default_isolation(const struct dbc *d);
/* The same as the server wants it in a batch's header; ISOLATION_DEFAULT when the application and
 * keywords said nothing. */
enum isolation dbc_isolation_header(const struct dbc *d);
/* SET TRANSACTION's DEFERRABLE, by attribute, keyword or setting. */
bool dbc_is_deferrable(const struct dbc *d);
/* What SET, set_config(.., false) and, with neither value nor words, RESET leave behind. False:
 * HY001, and nothing has changed. */
bool dbc_apply_setting(struct dbc *d, const struct setting *one, struct err *e) NEON_MUST_CHECK;
/* The value in force; NULL: the server's own, or known to the server alone. */
const char *dbc_setting_value(const struct dbc *d, const char *name);
/* The application has set SQL_ATTR_TXN_ISOLATION, SQL_ATTR_ACCESS_MODE or NEON_ATTR_TXN_DEFERRABLE.
 */
void dbc_forget_setting(struct dbc *d, SQLINTEGER attribute);
/* From the options, when the connection is made. */
bool dbc_take_keyword_settings(struct dbc *d, struct err *e) NEON_MUST_CHECK;
/* RESET ALL; with `everything` also the role (DISCARD ALL, SQL_ATTR_RESET_CONNECTION). */
bool dbc_reset_settings(struct dbc *d, bool everything, struct err *e) NEON_MUST_CHECK;
/* What is in force now, the session has already. */
bool dbc_settings_are_told(struct dbc *d, struct err *e) NEON_MUST_CHECK;
/* The session is as new: a transaction in it is rolled back, and nothing lives in it any more. */
void dbc_renew_session(struct dbc *d);
/* Would another value of it make the driver misread text (dbc_check_setting)? */
bool dbc_setting_matters(const char *name);
/* The driver reads the server's text: a setting that would make it misread is refused. HYC00. */
bool dbc_check_setting(struct dbc *d, const char *name, const char *value,
                       struct err *e) NEON_MUST_CHECK;
/* Seconds, 0 = none: the attribute when the application set it, else the keyword. */
int64_t dbc_login_timeout_s(const struct dbc *d);
int64_t dbc_read_timeout_s(const struct dbc *d);

#endif
