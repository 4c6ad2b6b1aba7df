/* The settings of the session that HTTP does not keep (design section 4): search_path, TimeZone,
 * role and the like, from keywords and from SET. The driver remembers them and sends them at the
 * head of each request, only when there are any; a session over WebSocket gets them when it opens.
 * Pure memory: no network, no parsing of SQL (sql/setting_text.h), no diagnostics. */
#ifndef NEON_HANDLE_SETTINGS_H
#define NEON_HANDLE_SETTINGS_H

#include "transport/neon_error.h" /* NEON_ERROR_TEMPORARY_PATH */
#include "transport/transport.h"

/* An expression of SQL for what the server alone knows: that new tables would be made in pg_temp,
 * because of the schemas before it none exists for the role. Then it is the error of
 * NEON_ERROR_TEMPORARY_PATH, else NULL. Who may not make temporary tables, or is on a replica, is
 * not asked: current_schema() makes their schema. */
#define SETTINGS_PATH_CHECK                                                                        \
    "CASE WHEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMP') AND NOT "  \
    "pg_catalog.pg_is_in_recovery() THEN CASE WHEN pg_catalog.starts_with("                        \
    "pg_catalog.current_schema()::pg_catalog.text, 'pg_temp') THEN "                               \
    "('" NEON_ERROR_TEMPORARY_PATH " ' OPERATOR(pg_catalog.||) "                                   \
    "pg_catalog.current_schema()::pg_catalog.text)::pg_catalog.int4 END END"
#define SETTINGS_PATH_CHECK_SQL "SELECT " SETTINGS_PATH_CHECK

struct setting {
    char *name;    /* owned; lower case, "search_path", "app.user" */
    char *value;   /* owned; as the server shows it. NULL: `words` have it, or it is reset */
    char *words;   /* owned; what stands behind SET, "search_path TO a, b": not seen by the server
                      yet, or sent among other statements. NULL: none */
    bool optional; /* may be left out before a statement that takes no settings */
};

/* In the order in which they were set: a role that may not set the next one comes behind it. */
struct settings {
    struct setting *items; /* owned */
    size_t n, cap;
};

/* False: out of memory, and *to holds nothing. */
bool setting_copy(struct setting *to, const struct setting *from) NEON_MUST_CHECK;
/* What it owns. */
void setting_release(struct setting *s);
void settings_release(struct settings *s);
bool settings_copy(struct settings *to, const struct settings *from, struct err *e) NEON_MUST_CHECK;
/* The last of that name; NULL none. Valid until the next change. */
const struct setting *settings_find(const struct settings *s, const char *name);
/* Sets (or sets again, as the last). Copies. False: HY001, and nothing has changed. */
bool settings_put(struct settings *s, const struct setting *one, struct err *e) NEON_MUST_CHECK;
/* By clock_now_ms: when the server has surely ended a statement that is sent now, for its
 * statement_timeout, which is the setting or, when timeout_s is not 0, that. 0: no such time. */
int64_t settings_timeout_at(const struct settings *s, uint64_t timeout_s);
void settings_drop(struct settings *s, const char *name);
/* True when one of them is not optional: a statement that takes no settings is refused then. */
bool settings_matter(const struct settings *s);

/* The statements that set one: for the rest of the transaction (local), or of the session. With
 * neither value nor words: that reset it. */
bool setting_wire(const struct setting *one, bool local, struct buf *sql,
                  struct wire_param params[2], size_t *n_params) NEON_MUST_CHECK;

/* Statements that stand before others. Release it after sending. */
struct settings_head {
    struct wire_stmt *stmts; /* owned; n of the head, then those of the request */
    size_t n;
    struct buf *texts; /* owned */
    size_t n_texts;
    struct wire_param *params; /* owned */
    char timeout_text[24];
};
/* Does it set a search_path that may lead to pg_temp? NULL: no. */
bool setting_path_is_in_doubt(const struct setting *one);
/* When SETTINGS_PATH_CHECK stands before a request over HTTP: where the search_path may lead to
 * pg_temp, or before what creates something. What only reads needs none. */
enum settings_look { LOOK_NEVER, LOOK_IN_DOUBT, LOOK_ALWAYS };
/* All of them in as few statements as their order allows, and statement_timeout when timeout_s is
 * not 0 and no setting gives it. n = 0: there are none. */
bool settings_head_init(struct settings_head *h, const struct settings *s, bool local,
                        uint64_t timeout_s, enum settings_look look, struct err *e) NEON_MUST_CHECK;
/* Puts them before the statements of *r, which is a batch then. The array belongs to the head. */
bool settings_head_before(struct settings_head *h, struct wire_request *r,
                          struct err *e) NEON_MUST_CHECK;
void settings_head_release(struct settings_head *h);

#endif
