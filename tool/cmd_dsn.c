/* neon-odbc dsn: add, list, show and remove data sources. dsn_store.c writes; here are words and
 * printing. */
#include "tool/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <odbcinst.h>

#include "config/connstr.h"
#include "config/dsn.h"
#include "setup/dsn_store.h"

#define NAMES_CAP 65536

/* What belongs to another driver is neither replaced nor taken out. */
static bool refuse_foreign(const char *dsn, struct err *e)
{
    char driver[1024];

    return tool_is_ours(dsn, driver, sizeof driver) || driver[0] == '\0' ||
           err_set(e, ST_HY000, 0,
                   "The data source \"%s\" is there already, for another driver (%.200s). Choose "
                   "another name, or take that one out of odbc.ini yourself.",
                   dsn, driver);
}

/* A secret that has been taken is not to stand in the list of processes any longer. */
static void cover_secret(const char *keyword, char *value)
{
    enum conn_key_id id = conn_key_find(sv(keyword));

    if (id == CONN_KEY_COUNT || (conn_key_row(id)->flags & CK_SECRET))
        memset(value, '*', strlen(value));
}

/* KEY=VALUE words and the URL as one connection string; Driver=, which belongs to the manager,
 * apart. */
static bool collect(const struct tool_args *a, struct buf *out, const char **driver, struct err *e)
{
    for (int i = 2; i < a->n_words; i++) {
        char *word = a->words[i];
        char *equals = strchr(word, '=');
        if (tool_is_url(word) || strcmp(word, "-") == 0) {
            char *copy = tool_take_secret(word);
            bool ok = copy != NULL && tool_connstr(strcmp(copy, "*") == 0 ? "-" : copy, out, e);
            mem_free(copy);
            if (!ok)
                return err_is_set(e) ? false : err_oom(e);
        } else if (equals == NULL || equals == word) {
            bool secret = strpbrk(word, "@:") != NULL; /* something like a URL */
            return err_set(
                e, ST_HY000, 0,
                "%s%s%s is neither a postgresql:// URL nor KEY=VALUE (docs/keywords.md lists the "
                "keywords).",
                secret ? "" : "\"", secret ? "A word that may hold a password (not shown)" : word,
                secret ? "" : "\"");
        } else {
            *equals = '\0';
            if (str_ieq(word, "Driver"))
                *driver = equals + 1;
            else if (!connstr_append(out, word, sv(equals + 1)))
                return err_oom(e);
            else
                cover_secret(word, equals + 1);
            *equals = '=';
        }
    }
    return true;
}

/* On a terminal a password that nobody has given is asked for: the only way that neither the
 * command line nor the shell's history sees. An empty answer leaves it out. */
static bool ask_password(const struct tool_args *a, struct buf *connstr, struct err *e)
{
    struct buf password = BUF_INIT(4097);
    bool ok;

    if (!isatty(STDIN_FILENO) || a->system || !dsn_store_lacks_login(buf_sv(connstr)))
        return true;
    ok = tool_read_secret("Password (not shown; Enter: none, programs will ask): ", &password, e);
    if (ok && password.len > 0)
        ok = connstr_append(connstr, "PWD", buf_sv(&password)) || err_oom(e);
    buf_release_secret(&password);
    return ok;
}

/* A word as a shell takes it: 'a b', and as it is where that needs no quotes. */
static bool append_word(struct buf *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_.,/:=+@%";
    bool ok;

    if (word[strspn(word, plain)] == '\0')
        return buf_append_str(out, word);
    ok = buf_append_char(out, '\'');
    for (const char *c = word; ok && *c != '\0'; c++)
        ok = *c == '\'' ? buf_append_str(out, "'\\''") : buf_append_char(out, *c);
    return ok && buf_append_char(out, '\'');
}

static void say_ready(const char *dsn, const char *command, const char *before, const char *behind)
{
    struct buf word = BUF_INIT(4096);
    struct buf quoted = BUF_INIT(4096);

    if (buf_printf(&word, "%s%s", before, dsn) && append_word(&quoted, word.data))
        printf("The data source \"%s\" is ready. Try it: %s%s%s\n", dsn, command, quoted.data,
               behind);
    buf_release(&word);
    buf_release(&quoted);
}

static void say_added(const struct dsn_request *r, bool lacks_server)
{
    if (lacks_server)
        printf("The data source \"%s\" is saved, but names no server: give a URL with a host "
               "(postgresql://user@host/database) or Server=host, or name one with each "
               "connection.\n",
               r->dsn);
    else if (str_ieq(r->driver, TOOL_DRIVER " iODBC"))
        say_ready(r->dsn, "iodbctest ", "DSN=", "");
    else
        say_ready(r->dsn, "neon-odbc query ", "", " 'select version()'");
}

static int add(const struct tool_args *a)
{
    struct buf connstr = BUF_INIT(131072);
    struct err e = ERR_INIT;
    struct dsn_request r = {.driver = TOOL_DRIVER, .system = a->system};
    bool ok, lacks_server;

    if (a->n_words < 3)
        return tool_fail(a, "usage: neon-odbc dsn add NAME "
                            "'postgresql://user:password@host/database' [KEY=VALUE...] (instead of "
                            "the URL -: it is asked for, or read from stdin)"),
               2;
    r.dsn = a->words[1];
    ok = refuse_foreign(r.dsn, &e) && collect(a, &connstr, &r.driver, &e) &&
         ask_password(a, &connstr, &e);
    r.connstr = buf_sv(&connstr);
    ok = ok && dsn_store(&r, DSN_ADD, &e);
    lacks_server = ok && dsn_store_lacks_server(r.connstr);
    buf_release_secret(&connstr);
    if (!ok)
        return tool_fail_err(a, &e);
    say_added(&r, lacks_server);
    return 0;
}

static int not_there(const struct tool_args *a, const char *dsn)
{
    return tool_fail(a, "there is no data source \"%s\"; neon-odbc dsn list shows those there are",
                     dsn);
}

/* What each_name hands on: how to print, and how many were printed. */
struct listing {
    bool json;
    int n;
};

/* Calls fn for each name of a list in odbc.ini. */
static void each_name(const char *section,
                      void (*fn)(struct listing *l, const char *section, const char *name),
                      struct listing *l)
{
    char *names = mem_calloc(1, NAMES_CAP);
    int got = names != NULL
                  ? SQLGetPrivateProfileString(section, NULL, "", names, NAMES_CAP - 2, "odbc.ini")
                  : 0;

    for (const char *name = names; got > 0 && name[0] != '\0'; name += strlen(name) + 1)
        fn(l, section, name);
    mem_free(names);
}

static void json_member(const char *name, const char *value, bool first)
{
    fputs(first ? "" : ", ", stdout);
    tool_json_text(name, strlen(name));
    fputs(": ", stdout);
    tool_json_text(value, strlen(value));
}

/* Reads it as a connection would: Url and other spellings count too. What cannot be read stays
 * empty; doctor says why. */
static void read_options(const char *name, struct conn_options *o)
{
    struct config_warnings w;
    struct err e = ERR_INIT;

    config_warnings_init(&w);
    if (!config_build(o, sv(""), name, NULL, NULL, &w, &e))
        err_release(&e);
    config_warnings_release(&w);
}

static const char *option_text(const struct conn_options *o, enum conn_key_id id)
{
    const char *text = conn_options_text(o, id);

    return text != NULL ? text : "";
}

static void list_one(struct listing *l, const char *section, const char *name)
{
    struct conn_options o;
    const char *server, *database;
    char driver[1024];

    (void)section;
    if (str_ieq(name, "ODBC") || str_ieq(name, "ODBC Data Sources"))
        return;
    if (!tool_is_ours(name, driver, sizeof driver))
        return;
    conn_options_init(&o);
    read_options(name, &o);
    server = option_text(&o, CONN_KEY_server);
    database = option_text(&o, CONN_KEY_database);
    if (l->json) {
        fputs(l->n > 0 ? ",\n {" : "\n {", stdout);
        json_member("name", name, true);
        json_member("server", server, false);
        json_member("database", database, false);
        putchar('}');
    } else {
        printf("%-20s %s/%s\n", name, server, database);
    }
    conn_options_release(&o);
    l->n++;
}

static void show_one(struct listing *l, const char *section, const char *name)
{
    char value[1024] = "";
    enum conn_key_id id = conn_key_find(sv(name));

    SQLGetPrivateProfileString(section, name, "", value, (int)sizeof value, "odbc.ini");
    if (id != CONN_KEY_COUNT && (conn_key_row(id)->flags & CK_SECRET) && value[0] != '\0')
        snprintf(value, sizeof value, "***");
    if (l->json)
        json_member(name, value, l->n == 0);
    else
        printf("%-20s %s\n", name, value);
    l->n++;
}

static int list(const struct tool_args *a)
{
    struct listing l = {a->json, 0};

    if (a->n_words > 1)
        return tool_fail(a, "usage: neon-odbc dsn list [--json]"), 2;
    if (a->json)
        putchar('[');
    each_name(NULL, list_one, &l);
    if (a->json)
        puts(l.n > 0 ? "\n]" : "]");
    else if (l.n == 0)
        fputs("There are no data sources of this driver yet. To make one: neon-odbc dsn add mydb "
              "'postgresql://...'\n",
              stderr);
    return 0;
}

static int show(const struct tool_args *a)
{
    struct listing l = {a->json, 0};

    if (a->n_words != 2)
        return tool_fail(a, "usage: neon-odbc dsn show NAME [--json]"), 2;
    if (!dsn_store_exists(a->words[1]))
        return not_there(a, a->words[1]);
    if (a->json)
        putchar('{');
    each_name(a->words[1], show_one, &l);
    if (a->json)
        puts("}");
    return 0;
}

static int remove_one(const struct tool_args *a)
{
    struct err e = ERR_INIT;

    if (a->n_words != 2)
        return tool_fail(a, "usage: neon-odbc dsn remove NAME"), 2;
    if (!dsn_store_exists(a->words[1]))
        return not_there(a, a->words[1]);
    if (!refuse_foreign(a->words[1], &e) || !dsn_store_remove(a->words[1], &e))
        return tool_fail_err(a, &e);
    printf("The data source \"%s\" is gone%s.\n", a->words[1],
           a->system ? "" : ", and so is the password file made for it");
    return 0;
}

int cmd_dsn(const struct tool_args *a)
{
    static const struct {
        const char *name;
        int (*run)(const struct tool_args *a);
    } verbs[] = {{"add", add}, {"list", list}, {"show", show}, {"remove", remove_one}};

    SQLSetConfigMode(a->system ? ODBC_SYSTEM_DSN : ODBC_USER_DSN);
    for (size_t i = 0; a->n_words > 0 && i < ARRAY_LEN(verbs); i++)
        if (strcmp(a->words[0], verbs[i].name) == 0)
            return verbs[i].run(a);
    return tool_fail(a, "one of add, list, show and remove is wanted"), 2;
}
