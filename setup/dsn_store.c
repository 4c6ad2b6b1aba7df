/* Writing data sources. Called by setup_api.c and the tool; reads no network and asks nobody. */
#include "setup/dsn_store.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <odbcinst.h>
#include <sqlext.h>

#include "config/config.h"
#include "config/connstr.h"
#include "setup/secret_file.h"

/* A line of odbc.ini that unixODBC still reads whole. */
#define LINE_MAX_BYTES 990

/* Secrets that get a file of their own, and the keyword that names it. */
static const struct {
    enum conn_key_id secret, file;
    const char *kind;
} filed[] = {
    {CONN_KEY_pwd, CONN_KEY_pwd_file, "pwd"},
    {CONN_KEY_token, CONN_KEY_token_file, "token"},
};

/* ---- the user's file ---- */

/* The path of the user's odbc.ini, as unixODBC finds it: by the user's entry in the system, not by
 * HOME; "" when there is none to be found. */
static bool user_ini(struct buf *out)
{
    const char *given = getenv("ODBCINI");
    const char *home = getenv("HOME");
    struct passwd entry, *found = NULL;
    char room[4096];

    if (given != NULL && given[0] != '\0')
        return buf_append_str(out, given);
    if (getpwuid_r(getuid(), &entry, room, sizeof room, &found) == 0 && found != NULL)
        home = found->pw_dir;
    return home == NULL || buf_printf(out, "%s/.odbc.ini", home);
}

/* A file that holds a password is its owner's alone. */
static bool close_to_others(struct err *e)
{
    struct buf path = BUF_INIT(4096);
    bool ok = user_ini(&path) || err_oom(e);

    if (ok && path.len > 0 && chmod(path.data, 0600) != 0)
        ok = err_set(e, ST_HY000, 0,
                     "\"%s\" now holds a password, and it could not be closed to other users (%s). "
                     "Run: chmod 600 \"%s\"",
                     path.data, strerror(errno), path.data);
    buf_release(&path);
    return ok;
}

/* ---- checking ---- */

static int no_entries(void *ctx, const char *section, const char *entry, char *out, int cap_bytes)
{
    (void)ctx;
    (void)section;
    (void)entry;
    if (cap_bytes > 0)
        out[0] = '\0';
    return 0;
}

/* An unknown keyword is a warning to a connection, which goes on without it, but an error to
 * somebody who is writing a data source down. */
static bool refuse_warnings(const struct config_warnings *w, struct err *e)
{
    static const char passed_over[] = " and was ignored";

    for (size_t i = 0; i < w->n; i++) {
        const char *text = w->item[i].text;
        const char *at = strstr(text, passed_over);
        if (w->item[i].state != ST_01S00)
            continue;
        if (at == NULL)
            return err_set(e, ST_HY024, 0, "%s", text);
        return err_set(e, ST_HY024, 0, "%.*s%s Nothing was written.", (int)(at - text), text,
                       at + strlen(passed_over));
    }
    return true;
}

/* Reads and checks the whole text; *o is to be released also after a failure. */
static bool read_request(const struct dsn_request *r, struct conn_options *o, struct err *e)
{
    static const struct dsn_reader nothing = {no_entries, NULL};
    struct config_warnings w;
    bool ok;

    conn_options_init(o);
    config_warnings_init(&w);
    ok = config_build_with(o, r->connstr, NULL, NULL, NULL, &nothing, &w, e) &&
         refuse_warnings(&w, e);
    config_warnings_release(&w);
    return ok;
}

static bool check_name(const char *dsn, struct err *e)
{
    if (dsn == NULL || dsn[0] == '\0')
        return err_set(e, ST_HY000, 0, "The data source has no name: give DSN=name.");
    if (dsn[0] == ' ' || dsn[strlen(dsn) - 1] == ' ') /* odbc.ini loses them */
        return err_set(e, ST_HY000, 0,
                       "\"%.64s\" cannot be the name of a data source: it begins or ends with a "
                       "space.",
                       dsn);
    for (const char *c = dsn; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || strchr("[]{}(),;?*=!@\\", *c) != NULL)
            return err_set(e, ST_HY000, 0,
                           "\"%s\" cannot be the name of a data source: it must not have any of "
                           "[ ] { } ( ) , ; ? * = ! @ \\ in it.",
                           dsn);
    if (strlen(dsn) > SQL_MAX_DSN_LENGTH || str_ieq(dsn, "ODBC") ||
        str_ieq(dsn, "ODBC Data Sources"))
        return err_set(e, ST_HY000, 0,
                       "\"%.64s\" cannot be the name of a data source: names have at most %d "
                       "characters, and ODBC is taken.",
                       dsn, SQL_MAX_DSN_LENGTH);
    return true;
}

/* ---- writing ---- */

static bool installer_failed(const char *what, const char *dsn, struct err *e)
{
    char text[SQL_MAX_MESSAGE_LENGTH] = "";
    DWORD code = 0;
    WORD len = 0;

    SQLInstallerError(1, &code, text, sizeof text, &len);
    text[sizeof text - 1] = '\0';
    return err_set(e, ST_HY000, 0,
                   "The data source \"%s\" could not be %s%s%s. Check that odbc.ini (see odbcinst "
                   "-j) is there and can be written.",
                   dsn, what, text[0] ? ": " : "", text);
}

static bool check_entry(const char *key, const char *value, struct err *e)
{
    if (strlen(key) + strlen(value) > LINE_MAX_BYTES)
        return err_set(e, ST_HY024, 0,
                       "%s is longer than a line of odbc.ini can be (%d bytes). Put it into the "
                       "connection string instead, or into a file where a keyword for one exists.",
                       key, LINE_MAX_BYTES);
    for (const char *c = value; *c != '\0'; c++)
        if ((unsigned char)*c < ' ')
            return err_set(e, ST_HY024, 0,
                           "%s has a control character in it, which odbc.ini cannot hold.", key);
    return true;
}

static bool write_entry(const char *dsn, const char *key, const char *value, struct err *e)
{
    if (value != NULL && !check_entry(key, value, e))
        return false;
    return SQLWritePrivateProfileString(dsn, key, value, "odbc.ini") ||
           installer_failed("written", dsn, e);
}

static bool is_filed(enum conn_key_id id, size_t *which)
{
    for (*which = 0; *which < ARRAY_LEN(filed); (*which)++)
        if (filed[*which].secret == id)
            return true;
    return false;
}

static bool gets_file(const struct conn_options *o, enum conn_key_id id, size_t *which)
{
    return (conn_key_row(id)->flags & CK_SECRET) && !o->save_password && is_filed(id, which);
}

/* A secret that cannot be kept is an error before odbc.ini is touched: no data source that lacks
 * half of what was asked for, and none of its name lost. */
static bool prepare_files(const struct dsn_request *r, const struct conn_options *o,
                          struct secret_file *files, struct err *e)
{
    size_t which;

    for (size_t i = 0; i < ARRAY_LEN(filed); i++) {
        enum conn_key_id id = filed[i].secret;
        if (o->source[id] != CONN_SRC_DEFAULT && gets_file(o, id, &which) &&
            !secret_file_prepare(&files[i], r->dsn, filed[i].kind, sv(conn_options_text(o, id)), e))
            return false;
    }
    return true;
}

static bool write_filed(const struct dsn_request *r, struct secret_file *file, size_t which,
                        struct err *e)
{
    return secret_file_place(file, e) &&
           write_entry(r->dsn, conn_key_row(filed[which].file)->name, file->path.data, e) &&
           write_entry(r->dsn, conn_key_row(filed[which].secret)->name, NULL, e);
}

/* The file that was made for the data source of the user's, and the keyword when it names that. */
static bool drop_filed(const char *dsn, size_t which, struct err *e)
{
    const char *key = conn_key_row(filed[which].file)->name;
    struct buf path = BUF_INIT(4096);
    struct err nowhere = ERR_INIT; /* without a place for them there is none */
    char named[4096] = "";
    bool ok = true;

    if (secret_file_path(dsn, filed[which].kind, &path, &nowhere)) {
        SQLGetPrivateProfileString(dsn, key, "", named, (int)sizeof named, "odbc.ini");
        ok = (strcmp(named, path.data) != 0 || write_entry(dsn, key, NULL, e)) &&
             secret_file_remove(path.data, e);
    }
    err_release(&nowhere);
    buf_release(&path);
    return ok;
}

/* Keywords that are spelled out by others, or belong to the manager. */
static bool is_written(enum conn_key_id id)
{
    static const enum conn_key_id not_written[] = {CONN_KEY_dsn,     CONN_KEY_driver,
                                                   CONN_KEY_url,     CONN_KEY_pqopt,
                                                   CONN_KEY_filedsn, CONN_KEY_savefile};
    const struct conn_key *row = conn_key_row(id);

    for (size_t i = 0; i < ARRAY_LEN(not_written); i++)
        if (not_written[i] == id)
            return false;
    return row->kind != CONN_IGNORED && row->kind != CONN_FIXED;
}

/* Is it given, and written down? */
static bool is_row(const struct conn_options *o, enum conn_key_id id)
{
    return o->source[id] != CONN_SRC_DEFAULT && is_written(id);
}

static bool gives_login(const struct conn_options *o)
{
    for (size_t i = 0; i < ARRAY_LEN(filed); i++)
        if (is_row(o, filed[i].secret) || is_row(o, filed[i].file))
            return true;
    return false;
}

/* Does the data source, as it was written, use the file that is made for it? */
static bool uses_filed(const struct dsn_request *r, const struct conn_options *o, size_t which)
{
    const char *named = conn_options_text(o, filed[which].file);
    struct buf path = BUF_INIT(4096);
    struct err nowhere = ERR_INIT;
    bool uses = conn_options_text(o, filed[which].secret) != NULL && !o->save_password;

    if (!uses && named != NULL && secret_file_path(r->dsn, filed[which].kind, &path, &nowhere))
        uses = strcmp(named, path.data) == 0;
    err_release(&nowhere);
    buf_release(&path);
    return uses;
}

/* No password stays behind that nothing names any more: of what was replaced as a whole, or of a
 * secret that stands in odbc.ini now. */
static bool drop_unused(const struct dsn_request *r, const struct conn_options *o,
                        enum dsn_change change, struct err *e)
{
    bool ok = true;

    for (size_t i = 0; ok && i < ARRAY_LEN(filed) && !r->system; i++)
        if (!uses_filed(r, o, i) && (change == DSN_ADD || gives_login(o)))
            ok = drop_filed(r->dsn, i, e);
    return ok;
}

/* The login that is given replaces the one that was there: with both, connecting would be refused
 * (a password and a token), or go on with the old one (a password in odbc.ini and a file). */
static bool drop_replaced(const struct dsn_request *r, const struct conn_options *o, struct err *e)
{
    bool ok = true;

    for (size_t i = 0; ok && i < ARRAY_LEN(filed) && gives_login(o); i++) {
        bool secret = is_row(o, filed[i].secret);
        bool in_ini = secret && o->save_password;
        bool in_file = !in_ini && (secret || is_row(o, filed[i].file));
        ok = (in_ini || write_entry(r->dsn, conn_key_row(filed[i].secret)->name, NULL, e)) &&
             (in_file || write_entry(r->dsn, conn_key_row(filed[i].file)->name, NULL, e));
    }
    return ok;
}

/* May this secret stand where it is asked for? */
static bool check_secret(const struct dsn_request *r, const struct conn_options *o,
                         enum conn_key_id id, struct err *e)
{
    const struct conn_key *row = conn_key_row(id);
    size_t which;

    if (o->save_password)
        return !r->system ||
               err_set(e, ST_HY024, 0,
                       "%s is secret and does not go into the system's odbc.ini, which everybody "
                       "can read. Use a user data source, or PWDFile or TokenFile.",
                       row->name);
    if (is_filed(id, &which) && !r->system)
        return true;
    return err_set(e, ST_HY024, 0, "%s is secret, and other users can read %s. %s", row->name,
                   r->system ? "the system's odbc.ini" : "odbc.ini",
                   is_filed(id, &which)
                       ? "Put it into a file that only its readers can read, and name that with "
                         "PWDFile or TokenFile; or leave it out: applications ask for it."
                       : "With SavePassword=1 it is written, and the file closed to others.");
}

/* Everything that can be refused is refused before anything is written: what was there stays. */
static bool check_row(const struct dsn_request *r, const struct conn_options *o,
                      enum conn_key_id id, struct err *e)
{
    const struct conn_key *row = conn_key_row(id);
    struct buf value = BUF_INIT(0);
    size_t which;
    bool ok;

    if ((row->flags & CK_SECRET) && !check_secret(r, o, id, e))
        return false;
    if (gets_file(o, id, &which))
        return true; /* a file holds any value */
    ok = conn_options_value(o, id, &value) || err_oom(e);
    ok = ok && check_entry(row->name, buf_str(&value), e);
    buf_release_secret(&value);
    return ok;
}

/* Of a checked row. */
static bool write_row(const struct dsn_request *r, const struct conn_options *o,
                      struct secret_file *files, enum conn_key_id id, bool *secret_in_ini,
                      struct err *e)
{
    const struct conn_key *row = conn_key_row(id);
    struct buf value = BUF_INIT(0);
    size_t which;
    bool ok;

    if (gets_file(o, id, &which))
        return write_filed(r, &files[which], which, e);
    if ((row->flags & CK_SECRET) && !*secret_in_ini) { /* before the secret is in it */
        *secret_in_ini = true;
        if (!close_to_others(e))
            return false;
    }
    ok = conn_options_value(o, id, &value) || err_oom(e);
    ok = ok && write_entry(r->dsn, row->name, buf_str(&value), e);
    buf_release_secret(&value);
    return ok;
}

static bool check_rows(const struct dsn_request *r, const struct conn_options *o, struct err *e)
{
    for (enum conn_key_id id = 0; id < CONN_KEY_COUNT; id++)
        if (is_row(o, id) && !check_row(r, o, id, e))
            return false;
    return true;
}

static bool write_rows(const struct dsn_request *r, const struct conn_options *o,
                       struct secret_file *files, struct err *e)
{
    bool secret_in_ini = false;
    bool ok = true;

    for (enum conn_key_id id = 0; ok && id < CONN_KEY_COUNT; id++)
        if (is_row(o, id))
            ok = write_row(r, o, files, id, &secret_in_ini, e);
    return ok && (!secret_in_ini || close_to_others(e));
}

/* The list that iODBC's administrator and SQLDataSources show; unixODBC goes by the sections. */
#define IODBC_LIST "ODBC Data Sources"

static bool list_for_iodbc(const struct dsn_request *r, struct err *e)
{
    return !str_ieq(r->driver, "Neon iODBC") ||
           SQLWritePrivateProfileString(IODBC_LIST, r->dsn, r->driver, "odbc.ini") ||
           installer_failed("listed", r->dsn, e);
}

static void take_off_iodbc_list(const char *dsn)
{
    char driver[256] = "";

    if (SQLGetPrivateProfileString(IODBC_LIST, dsn, "", driver, (int)sizeof driver, "odbc.ini") > 0)
        SQLWritePrivateProfileString(IODBC_LIST, dsn, NULL, "odbc.ini");
}

struct removal {
    const char *dsn;
    bool system;
};

/* KEY= with nothing behind it: the keyword is taken out. */
static bool remove_emptied(void *ctx, const struct connstr_pair *pair, struct err *e)
{
    const struct removal *r = ctx;
    enum conn_key_id id = conn_key_find(pair->key);

    if (pair->value.len > 0 || id == CONN_KEY_COUNT)
        return true;
    for (size_t i = 0; i < ARRAY_LEN(filed) && !r->system; i++)
        if ((id == filed[i].secret || id == filed[i].file) && !drop_filed(r->dsn, i, e))
            return false;
    return write_entry(r->dsn, conn_key_row(id)->name, NULL, e);
}

static bool names_none_of(struct strview connstr, const enum conn_key_id *keys, size_t n)
{
    struct dsn_request r = {.connstr = connstr};
    struct err e = ERR_INIT;
    struct conn_options o;
    bool none = read_request(&r, &o, &e);

    for (size_t i = 0; i < n; i++)
        none = none && o.source[keys[i]] == CONN_SRC_DEFAULT;
    conn_options_release(&o);
    err_release(&e);
    return none;
}

bool dsn_store_lacks_login(struct strview connstr)
{
    static const enum conn_key_id logins[] = {CONN_KEY_pwd, CONN_KEY_pwd_file, CONN_KEY_token,
                                              CONN_KEY_token_file, CONN_KEY_use_env};

    return names_none_of(connstr, logins, ARRAY_LEN(logins));
}

bool dsn_store_lacks_server(struct strview connstr)
{
    static const enum conn_key_id servers[] = {CONN_KEY_server, CONN_KEY_endpoint,
                                               CONN_KEY_use_env};

    return names_none_of(connstr, servers, ARRAY_LEN(servers));
}

bool dsn_store_exists(const char *dsn)
{
    char names[16];

    return SQLGetPrivateProfileString(dsn, NULL, "", names, (int)sizeof names, "odbc.ini") > 0;
}

bool dsn_store_is_open(const char *dsn, struct buf *path)
{
    UWORD mode = ODBC_BOTH_DSN;
    struct stat st;
    bool here;

    SQLGetConfigMode(&mode);
    SQLSetConfigMode(ODBC_USER_DSN);
    here = dsn_store_exists(dsn);
    SQLSetConfigMode(mode);
    return here && user_ini(path) && path->len > 0 && stat(path->data, &st) == 0 &&
           (st.st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

bool dsn_store(const struct dsn_request *r, enum dsn_change change, struct err *e)
{
    struct secret_file files[ARRAY_LEN(filed)] = {SECRET_FILE_INIT, SECRET_FILE_INIT};
    struct conn_options o;
    struct removal removal = {r->dsn, r->system};
    bool ok = check_name(r->dsn, e);

    conn_options_init(&o);
    ok = ok && read_request(r, &o, e) && check_rows(r, &o, e);
    if (ok && change == DSN_CHANGE && !dsn_store_exists(r->dsn))
        ok = err_set(e, ST_HY000, 0, "There is no data source \"%s\" to change.", r->dsn);
    ok = ok && prepare_files(r, &o, files, e);
    if (ok && change == DSN_ADD && !SQLWriteDSNToIni(r->dsn, r->driver))
        ok = installer_failed("made", r->dsn, e);
    ok = ok && (change != DSN_ADD || list_for_iodbc(r, e));
    if (ok && change == DSN_CHANGE)
        ok = connstr_parse(r->connstr, remove_emptied, &removal, e);
    ok = ok && write_rows(r, &o, files, e) && drop_unused(r, &o, change, e) &&
         (change == DSN_ADD || drop_replaced(r, &o, e));
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        secret_file_release(&files[i]);
    conn_options_release(&o);
    return ok;
}

bool dsn_store_remove(const char *dsn, struct err *e)
{
    UWORD mode = ODBC_BOTH_DSN;

    if (!check_name(dsn, e))
        return false;
    if (!dsn_store_exists(dsn))
        return err_set(e, ST_HY000, 0, "There is no data source \"%s\".", dsn);
    SQLGetConfigMode(&mode);
    for (size_t i = 0; i < ARRAY_LEN(filed) && mode != ODBC_SYSTEM_DSN; i++)
        if (!drop_filed(dsn, i, e))
            return false;
    take_off_iodbc_list(dsn);
    return SQLRemoveDSNFromIni(dsn) || installer_failed("removed", dsn, e);
}
