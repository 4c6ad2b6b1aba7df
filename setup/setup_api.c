/* The entry points that unixODBC's installer library calls in a setup library: ConfigDSN and
 * ConfigDriver, A and W (ODBC reference, "Setup DLL API"). They only take arguments apart;
 * dsn_store.c does the work. No windows are shown: the administrators ask for one first (a parent
 * window and no keywords), are told that there is none, and show their own with what
 * ODBCINSTGetProperties (properties.c) gives. */
#include "setup/dsn_store.h"

#include <odbcinst.h>

#include "base/utf.h"
#include "config/connstr.h"

#define NEON_EXPORT __attribute__((visibility("default")))
#define ATTRIBUTES_MAX_BYTES 131072

struct attributes {
    struct buf dsn, connstr;
};

static void attributes_release(struct attributes *a)
{
    buf_release(&a->dsn);
    buf_release_secret(&a->connstr);
}

static BOOL refuse(DWORD code, struct err *e)
{
    SQLPostInstallerError(code, buf_str(&e->text));
    err_release(e);
    return 0;
}

static bool append_pair(struct buf *connstr, struct strview key, struct strview value)
{
    char *name = mem_strndup(key.ptr, key.len);
    bool ok = name != NULL && connstr_append(connstr, name, value);

    mem_free(name);
    return ok;
}

/* "KEY=value" of the list; the whole list is bounded before. */
static bool take_attribute(struct attributes *a, struct strview item, struct err *e)
{
    size_t equals = sv_find(item, SV_LIT("="));
    struct strview key, value;

    if (equals == SIZE_MAX || equals == 0)
        return err_set(e, ST_HY024, 0,
                       "A keyword of the data source has no value: KEY=value is wanted.");
    key = sv_trim(sv_n(item.ptr, equals));
    value = sv_n(item.ptr + equals + 1, item.len - equals - 1);
    if (sv_ieq(key, SV_LIT("DSN"))) {
        buf_reset(&a->dsn);
        return buf_append_sv(&a->dsn, sv_trim(value)) || err_oom(e);
    }
    if (sv_ieq(key, SV_LIT("Driver")))
        return true;
    return append_pair(&a->connstr, key, value) || err_oom(e);
}

/* The list of both forms: items end with NUL, the list with another one. */
static bool take_list(struct attributes *a, const char *list, struct err *e)
{
    size_t total = 0;

    a->dsn = BUF_INIT(4096);
    a->connstr = BUF_INIT(ATTRIBUTES_MAX_BYTES);
    while (list != NULL && *list != '\0') {
        size_t len = strnlen(list, ATTRIBUTES_MAX_BYTES);
        total += len + 1;
        if (total > ATTRIBUTES_MAX_BYTES)
            return err_set(e, ST_HY024, 0, "The list of keywords is longer than %d bytes.",
                           ATTRIBUTES_MAX_BYTES);
        if (!take_attribute(a, sv_n(list, len), e))
            return false;
        list += len + 1;
    }
    return true;
}

/* A caller with a window and nothing to write wants to be shown one: success would mean that
 * somebody has filled it in. */
static bool refuse_window(const struct attributes *a, struct err *e)
{
    if (a->connstr.len > 0)
        return true;
    return err_set(e, ST_HY000, 0,
                   "The driver has no window of its own: give the keywords, or edit the data "
                   "source in the administrator's list of properties or with neon-odbc dsn.");
}

static bool change_dsn(WORD request, const char *driver, const struct attributes *a, struct err *e)
{
    UWORD mode = ODBC_BOTH_DSN;
    struct dsn_request r = {
        .dsn = buf_str(&a->dsn), .driver = driver, .connstr = buf_sv(&a->connstr)};

    SQLGetConfigMode(&mode);
    r.system = mode == ODBC_SYSTEM_DSN;
    if (request == ODBC_REMOVE_DSN)
        return dsn_store_remove(r.dsn, e);
    return dsn_store(&r, request == ODBC_CONFIG_DSN ? DSN_CHANGE : DSN_ADD, e);
}

NEON_EXPORT BOOL INSTAPI ConfigDSN(HWND parent, WORD request, LPCSTR driver, LPCSTR attributes)
{
    static const DWORD failed[] = {
        [ODBC_ADD_DSN] = ODBC_ERROR_REQUEST_FAILED,
        [ODBC_CONFIG_DSN] = ODBC_ERROR_REQUEST_FAILED,
        [ODBC_REMOVE_DSN] = ODBC_ERROR_REMOVE_DSN_FAILED,
    };
    struct attributes a = {BUF_INIT(0), BUF_INIT(0)};
    struct err e = ERR_INIT;
    bool ok;

    if (request < ODBC_ADD_DSN || request > ODBC_REMOVE_DSN) {
        err_set(&e, ST_HY000, 0,
                "The request is none of ODBC_ADD_DSN, ODBC_CONFIG_DSN and ODBC_REMOVE_DSN.");
        return refuse(ODBC_ERROR_INVALID_REQUEST_TYPE, &e);
    }
    if (driver == NULL) {
        err_set(&e, ST_HY000, 0, "The driver's name is missing.");
        return refuse(ODBC_ERROR_INVALID_NAME, &e);
    }
    ok = take_list(&a, attributes, &e) &&
         (parent == NULL || request == ODBC_REMOVE_DSN || refuse_window(&a, &e)) &&
         change_dsn(request, driver, &a, &e);
    attributes_release(&a);
    return ok ? 1
              : refuse(err_is(&e, ST_HY024) ? ODBC_ERROR_INVALID_KEYWORD_VALUE : failed[request],
                       &e);
}

/* Registering is the installer library's own work; there is nothing that this driver adds. */
NEON_EXPORT BOOL INSTAPI ConfigDriver(HWND parent, WORD request, LPCSTR driver, LPCSTR arguments,
                                      LPSTR message, WORD cap_bytes, WORD *len_bytes)
{
    struct err e = ERR_INIT;

    (void)parent;
    (void)arguments;
    if (message != NULL && cap_bytes > 0)
        message[0] = '\0';
    if (len_bytes != NULL)
        *len_bytes = 0;
    if (driver == NULL || driver[0] == '\0') {
        err_set(&e, ST_HY000, 0, "The driver's name is missing.");
        return refuse(ODBC_ERROR_INVALID_NAME, &e);
    }
    if (request != ODBC_INSTALL_DRIVER && request != ODBC_REMOVE_DRIVER) {
        err_set(&e, ST_HY000, 0,
                "The driver has no settings of its own, only its data sources have.");
        return refuse(ODBC_ERROR_INVALID_REQUEST_TYPE, &e);
    }
    return 1;
}

/* ---- the W forms: the same in UTF-8 ---- */

static size_t wide_len(LPCWSTR s, size_t max)
{
    size_t n = 0;

    while (n < max && s[n] != 0)
        n++;
    return n;
}

/* A list (or, with items = 1, a string) as UTF-8 with its terminators. */
static bool take_wide(struct buf *out, LPCWSTR list, size_t items, struct err *e)
{
    *out = BUF_INIT(4 * ATTRIBUTES_MAX_BYTES);
    for (size_t i = 0; list != NULL && list[0] != 0 && i < items; i++) {
        size_t units = wide_len(list, ATTRIBUTES_MAX_BYTES);
        size_t bytes;
        if (!buf_reserve(out, utf8_max_of_utf16(units) + 2))
            return err_oom(e);
        bytes = utf16_to_utf8(list, units, out->data + out->len);
        if (bytes == SIZE_MAX)
            return err_set(e, ST_HY024, 0, "The text is not valid UTF-16.");
        out->len += bytes;
        out->data[out->len++] = '\0';
        out->data[out->len] = '\0';
        list += units + 1;
    }
    return buf_append_char(out, '\0') || err_oom(e);
}

NEON_EXPORT BOOL INSTAPI ConfigDSNW(HWND parent, WORD request, LPCWSTR driver, LPCWSTR attributes)
{
    struct buf name = BUF_INIT(0), list = BUF_INIT(0);
    struct err e = ERR_INIT;
    BOOL ok;

    if (take_wide(&name, driver, 1, &e) && take_wide(&list, attributes, SIZE_MAX, &e))
        ok = ConfigDSN(parent, request, driver != NULL ? name.data : NULL,
                       attributes != NULL ? list.data : NULL);
    else
        ok = refuse(ODBC_ERROR_INVALID_STR, &e);
    buf_release(&name);
    buf_release_secret(&list);
    return ok;
}

NEON_EXPORT BOOL INSTAPI ConfigDriverW(HWND parent, WORD request, LPCWSTR driver, LPCWSTR arguments,
                                       LPWSTR message, WORD cap_units, WORD *len_units)
{
    struct buf name = BUF_INIT(0);
    struct err e = ERR_INIT;
    BOOL ok;

    (void)arguments;
    if (message != NULL && cap_units > 0)
        message[0] = 0;
    if (take_wide(&name, driver, 1, &e))
        ok = ConfigDriver(parent, request, driver != NULL ? name.data : NULL, NULL, NULL, 0,
                          len_units);
    else
        ok = refuse(ODBC_ERROR_INVALID_STR, &e);
    buf_release(&name);
    return ok;
}
