/* neon-odbc register, unregister: the driver's entry in odbcinst.ini. */
#include "tool/tool.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <odbcinst.h>

static int installer_failed(const struct tool_args *a)
{
    char text[SQL_MAX_MESSAGE_LENGTH] = "", folder[PATH_MAX] = "";
    DWORD code = 0;
    WORD len = 0;

    SQLInstallerError(1, &code, text, sizeof text, &len);
    snprintf(folder, sizeof folder, "%s", getenv("ODBCSYSINI") ? getenv("ODBCSYSINI") : "/etc");
    return tool_fail(a,
                     "the driver manager's list of drivers in %s could not be changed%s%s. As "
                     "another user than root, set "
                     "ODBCSYSINI to a folder of your own, here and for your applications.",
                     folder, text[0] ? ": " : "", text);
}

/* The setup library lies beside the driver; where it does not, the entry goes without. */
static void setup_beside(const char *library, char *out, size_t cap)
{
    const char *slash = strrchr(library, '/');

    snprintf(out, cap, "Setup=%.*slibneonodbcS.so", slash ? (int)(slash - library) + 1 : 0,
             library);
    if (access(out + strlen("Setup="), R_OK) != 0)
        out[0] = '\0';
}

/* Drivers stand in a list whose items end with NUL. */
static bool make_list(const char *library, char *out, size_t cap)
{
    char setup[PATH_MAX + 32];
    int n;

    setup_beside(library, setup, sizeof setup);
    n = snprintf(out, cap,
                 "Neon%cDescription=ODBC driver for Neon serverless Postgres over "
                 "HTTPS%cDriver=%s%cThreading=0%cDontDLClose=1%c%s%c",
                 0, 0, library, 0, 0, 0, setup, 0);
    return n > 0 && (size_t)n + 1 < cap;
}

/* What the driver manager will do with it; its own error would come with each connection, and says
 * no more than that the file was not found. */
static bool can_be_loaded(const struct tool_args *a, const char *library)
{
    void *loaded = dlopen(library, RTLD_LAZY | RTLD_LOCAL);

    if (loaded == NULL || dlsym(loaded, "SQLDriverConnectW") == NULL) {
        tool_fail(a, "%s cannot be loaded as a driver: %s", library, dlerror());
        return false;
    }
    return true;
}

/* The library of the entry that is there; "" without one. */
static void registered(char *out, int cap)
{
    if (SQLGetPrivateProfileString("Neon", "Driver", "", out, cap, "odbcinst.ini") <= 0)
        out[0] = '\0';
}

int cmd_register(const struct tool_args *a)
{
    const char *given = a->n_words > 0 ? a->words[0] : NEON_LIBDIR "/libneonodbc.so";
    char library[PATH_MAX], list[3 * PATH_MAX], path[PATH_MAX], before[PATH_MAX];
    WORD len = 0;
    DWORD uses = 0;

    if (a->n_words > 1)
        return tool_fail(a, "usage: neon-odbc register [LIBRARY]"), 2;
    memset(list, 0, sizeof list);
    if (realpath(given, library) == NULL)
        return tool_fail(
            a,
            "there is no %s: name the driver's library, neon-odbc register /path/to/libneonodbc.so",
            given);
    if (!can_be_loaded(a, library))
        return 1;
    if (!make_list(library, list, sizeof list))
        return tool_fail(a, "the path is too long");
    /* The installer counts how often: once a library is enough, and once is undone by once. */
    registered(before, sizeof before);
    if (strcmp(before, library) != 0 &&
        !SQLInstallDriverEx(list, NULL, path, sizeof path, &len, ODBC_INSTALL_COMPLETE, &uses))
        return installer_failed(a);
    printf(
        "The driver is registered as [Neon]: %s\nNow: neon-odbc dsn add mydb 'postgresql://...'\n",
        library);
    return 0;
}

int cmd_unregister(const struct tool_args *a)
{
    char before[PATH_MAX];
    DWORD uses = 0;

    if (a->n_words > 0)
        return tool_fail(a, "usage: neon-odbc unregister"), 2;
    registered(before, sizeof before);
    if (before[0] == '\0') {
        puts("The driver was not registered: nothing to do.");
        return 0;
    }
    if (!SQLRemoveDriver("Neon", 0, &uses))
        return installer_failed(a);
    if (uses == 0)
        puts("The driver is no longer registered. Data sources stay until neon-odbc dsn remove.");
    else
        printf("The driver stays registered: %u other installation%s it.\n", (unsigned)uses,
               uses == 1 ? " uses" : "s use");
    return 0;
}
