/* neon-odbc dsn: add, list, show and remove data sources. dsn_store.c writes; here are words and
 * printing. */
#include "tool/tool.h"

#include <stdio.h>
#include <stdlib.h>

#include <odbcinst.h>

#include "config/connstr.h"
#include "config/dsn.h"
#include "setup/dsn_store.h"

#define DRIVER_NAME "Neon"
#define NAMES_CAP 65536

/* KEY=VALUE words and the URL as one connection string; Driver=, which belongs to the manager, apart.
 */
static bool collect(const struct tool_args *a, struct buf *out, const char **driver, struct err *e)
{
    for (int i = 2; i < a->n_words; i++) {
        char *word = a->words[i];
        char *equals = strchr(word, '=');
        bool url = strncmp(word, "postgres", 8) == 0 && strstr(word, "://") != NULL;
        if (url || strcmp(word, "-") == 0) {
            char *copy = tool_take_secret(word);
            bool ok = copy != NULL && tool_connstr(strcmp(copy, "*") == 0 ? "-" : copy, out, e);
            mem_free(copy);
            if (!ok)
                return err_is_set(e) ? false : err_oom(e);
        } else if (equals == NULL || equals == word) {
            return err_set(
                e, ST_HY000, 0,
                "\"%s\" is neither a postgresql:// URL nor KEY=VALUE (docs/keywords.md lists "
                "the keywords).",
                word);
        } else {
            *equals = '\0';
            if (str_ieq(word, "Driver"))
                *driver = equals + 1;
            else if (!connstr_append(out, word, sv(equals + 1)))
                return err_oom(e);
            *equals = '=';
        }
    }
    return true;
}

static int add(const struct tool_args *a)
{
    struct buf connstr = BUF_INIT(131072);
    struct err e = ERR_INIT;
    struct dsn_request r = {.driver = DRIVER_NAME, .system = a->system};
    bool ok;

    if (a->n_words < 3)
        return tool_fail(a, "usage: neon-odbc dsn add NAME "
                            "'postgresql://user:password@host/database' [KEY=VALUE...]"),
               2;
    r.dsn = a->words[1];
    ok = collect(a, &connstr, &r.driver, &e);
    r.connstr = buf_sv(&connstr);
    ok = ok && dsn_store(&r, DSN_ADD, &e);
    buf_release_secret(&connstr);
    if (!ok)
        return tool_fail_err(a, &e);
    printf("The data source \"%s\" is ready. Try it: neon-odbc query %s 'select version()'\n",
           r.dsn, r.dsn);
    return 0;
}

static int not_there(const struct tool_args *a, const char *dsn)
{
    return tool_fail(a, "there is no data source \"%s\"; neon-odbc dsn list shows those there are",
                     dsn);
}

/* Calls fn for each name of a list in odbc.ini. */
static void each_name(const char *section, void (*fn)(const char *section, const char *name))
{
    char *names = mem_calloc(1, NAMES_CAP);
    int got = names != NULL
                  ? SQLGetPrivateProfileString(section, NULL, "", names, NAMES_CAP - 2, "odbc.ini")
                  : 0;

    for (const char *name = names; got > 0 && name[0] != '\0'; name += strlen(name) + 1)
        fn(section, name);
    mem_free(names);
}

static void read_entry(const char *section, const char *name, char *value, int cap_bytes)
{
    value[0] = '\0';
    SQLGetPrivateProfileString(section, name, "", value, cap_bytes, "odbc.ini");
}

static bool is_ours(const char *driver)
{
    return str_ieq(driver, DRIVER_NAME) || str_ieq(driver, DRIVER_NAME " iODBC") || strstr(driver, "libneonodbc") != NULL;
}

static void list_one(const char *section, const char *name)
{
    char driver[1024], server[1024], database[1024];

    (void)section;
    if (str_ieq(name, "ODBC") || str_ieq(name, "ODBC Data Sources"))
        return;
    read_entry(name, "Driver", driver, sizeof driver);
    if (!is_ours(driver))
        return;
    read_entry(name, "Server", server, sizeof server);
    read_entry(name, "Database", database, sizeof database);
    printf("%-20s %s/%s\n", name, server, database);
}

static void show_one(const char *section, const char *name)
{
    char value[1024];
    enum conn_key_id id = conn_key_find(sv(name));

    read_entry(section, name, value, sizeof value);
    if (id != CONN_KEY_COUNT && (conn_key_row(id)->flags & CK_SECRET) && value[0] != '\0')
        snprintf(value, sizeof value, "***");
    printf("%-20s %s\n", name, value);
}

static int list(const struct tool_args *a)
{
    (void)a;
    each_name(NULL, list_one);
    return 0;
}

static int show(const struct tool_args *a)
{
    if (a->n_words != 2)
        return tool_fail(a, "usage: neon-odbc dsn show NAME"), 2;
    if (!dsn_store_exists(a->words[1]))
        return not_there(a, a->words[1]);
    each_name(a->words[1], show_one);
    return 0;
}

static int remove_one(const struct tool_args *a)
{
    struct err e = ERR_INIT;

    if (a->n_words != 2)
        return tool_fail(a, "usage: neon-odbc dsn remove NAME"), 2;
    if (!dsn_store_exists(a->words[1]))
        return not_there(a, a->words[1]);
    return dsn_store_remove(a->words[1], &e) ? 0 : tool_fail_err(a, &e);
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
