/* Reads a section of odbc.ini through the installer library, which knows where the user's and the
 * system's files are. Every entry is read, so that one nobody knows can be reported. Called by
 * config.c. */
#include "config/dsn.h"

#include <odbcinst.h>

#ifdef NEON_INSTALLER
#include <dlfcn.h>
#include <pthread.h>
#endif

/* unixODBC gives at most 1,000 bytes a value; the list of a section's names is larger. */
#define DSN_NAMES_CAP 32768
#define DSN_VALUE_CAP 32768
#define DSN_LINE_LIMIT 995

typedef int INSTAPI get_profile_string_fn(LPCSTR section, LPCSTR entry, LPCSTR fallback, LPSTR out,
                                          int cap_bytes, LPCSTR file);

#ifdef NEON_INSTALLER /* the library for iODBC: linked with neither manager's installer */
static get_profile_string_fn *profile_string;

static void load_installer(void)
{
    void *installer = dlopen(NEON_INSTALLER, RTLD_LAZY | RTLD_LOCAL);
    void *symbol = installer != NULL ? dlsym(installer, "SQLGetPrivateProfileString") : NULL;

    memcpy(&profile_string, &symbol, sizeof symbol); /* ISO C has no cast from data to code */
}

static get_profile_string_fn *find_profile_string(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, load_installer);
    return profile_string;
}
#else
static get_profile_string_fn *find_profile_string(void)
{
    return SQLGetPrivateProfileString;
}
#endif

static int read_odbc_ini(void *ctx, const char *section, const char *entry, char *out,
                         int cap_bytes)
{
    get_profile_string_fn *get = find_profile_string();

    (void)ctx;
    out[0] = '\0';
    return get != NULL ? get(section, entry, "", out, cap_bytes, "odbc.ini") : 0;
}

static const struct dsn_reader odbc_ini = {read_odbc_ini, NULL};

/* The reader is a foreign library: its number is bounded before it is believed. */
static size_t got_bytes(int n, size_t cap_bytes)
{
    if (n <= 0)
        return 0;
    return (size_t)n < cap_bytes ? (size_t)n : cap_bytes - 1;
}

static bool take_entry(struct conn_options *o, const char *dsn, const char *entry,
                       const struct dsn_reader *reader, char *value, struct config_warnings *w,
                       struct err *e)
{
    size_t len =
        got_bytes(reader->get(reader->ctx, dsn, entry, value, DSN_VALUE_CAP), DSN_VALUE_CAP);
    enum conn_key_id id = conn_key_find(sv(entry));

    value[DSN_VALUE_CAP - 1] = '\0';
    len = strnlen(value, len);
    /* A cut password or token would be refused by the server with a message that leads nowhere. */
    if (len + strlen(entry) >= DSN_LINE_LIMIT && id != CONN_KEY_COUNT)
        return err_set(
            e, ST_HY024, 0,
            "%s in the data source \"%.100s\" is longer than odbc.ini can hold, so it arrives cut. "
            "Put it into a file (TokenFile, PWDFile) or into the connection string.",
            conn_key_row(id)->name, dsn);
    return conn_options_set(o, sv(entry), sv_n(value, len), CONN_SRC_DSN, w, e);
}

static bool take_section(struct conn_options *o, const char *dsn, const struct dsn_reader *reader,
                         char *names, char *value, struct config_warnings *w, struct err *e)
{
    size_t len =
        got_bytes(reader->get(reader->ctx, dsn, NULL, names, DSN_NAMES_CAP), DSN_NAMES_CAP);

    names[DSN_NAMES_CAP - 1] = '\0';
    for (size_t at = 0; at < len && names[at] != '\0'; at += strnlen(names + at, len - at) + 1) {
        /* The section's own name, "DSN=", and the DSN chosen by the caller are the same thing. */
        if (!str_ieq(names + at, "DSN") && !take_entry(o, dsn, names + at, reader, value, w, e))
            return false;
    }
    return true;
}

bool dsn_read(struct conn_options *o, const char *dsn, const struct dsn_reader *reader,
              struct config_warnings *w, struct err *e)
{
    char *names = mem_calloc(1, DSN_NAMES_CAP);
    char *value = mem_calloc(1, DSN_VALUE_CAP);
    bool ok;

    if (names == NULL || value == NULL)
        ok = err_oom(e);
    else
        ok = take_section(o, dsn, reader != NULL ? reader : &odbc_ini, names, value, w, e);
    mem_free(names);
    mem_free_secret(value, DSN_VALUE_CAP);
    return ok;
}
