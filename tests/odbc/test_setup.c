/* The setup library, called by unixODBC's installer library (SQLConfigDataSource), and its form of
 * properties. Every test has an odbc.ini and a home of its own below $NEON_TEST_DIR/tmp. */
#include "odbc_test.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <odbcinst.h>
#include <odbcinstext.h>

struct place {
    char folder[512], ini[600], old_ini[600];
};

static int setup_place(void **state)
{
    struct place *p = test_calloc(1, sizeof *p);

    snprintf(p->folder, sizeof p->folder, "%s/tmp/setup-XXXXXX", test_env("NEON_TEST_DIR"));
    snprintf(p->old_ini, sizeof p->old_ini, "%s", test_env("ODBCINI"));
    if (mkdtemp(p->folder) == NULL)
        return -1;
    snprintf(p->ini, sizeof p->ini, "%s/odbc.ini", p->folder);
    setenv("ODBCINI", p->ini, 1);
    setenv("XDG_CONFIG_HOME", p->folder, 1);
    SQLSetConfigMode(ODBC_USER_DSN);
    *state = p;
    return 0;
}

static int teardown_place(void **state)
{
    struct place *p = *state;

    SQLSetConfigMode(ODBC_BOTH_DSN);
    setenv("ODBCINI", p->old_ini, 1);
    unsetenv("XDG_CONFIG_HOME");
    test_free(p);
    return 0;
}

static const char *file_text(const char *path)
{
    static char text[8192];
    FILE *f = fopen(path, "r");
    size_t n = 0;

    if (f != NULL) {
        n = fread(text, 1, sizeof text - 1, f);
        fclose(f);
    }
    text[n] = '\0';
    return text;
}

static unsigned mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return (unsigned)(st.st_mode & 0777);
}

static const char *installer_text(void)
{
    static char text[1024];
    DWORD code = 0;
    WORD len = 0;

    text[0] = '\0';
    SQLInstallerError(1, &code, text, sizeof text, &len);
    return text;
}

/* Everything that is given, in the list's form; ends with an empty string. */
static char *list(const char *first, ...)
{
    static char text[4096];
    size_t at = 0;
    va_list ap;

    memset(text, 0, sizeof text);
    va_start(ap, first);
    for (const char *item = first; item != NULL; item = va_arg(ap, const char *)) {
        size_t len = strlen(item);
        assert_true(at + len + 2 < sizeof text);
        memcpy(text + at, item, len);
        at += len + 1;
    }
    va_end(ap);
    return text;
}

static void assert_configures(WORD request, char *attributes)
{
    if (!SQLConfigDataSource(NULL, request, "Neon", attributes))
        fail_msg("%s", installer_text());
}

static void assert_refused(WORD request, char *attributes, const char *message)
{
    assert_false(SQLConfigDataSource(NULL, request, "Neon", attributes));
    if (strstr(installer_text(), message) == NULL)
        fail_msg("\"%s\" is not in: %s", message, installer_text());
}

static void a_data_source_is_added_and_works(void **state)
{
    struct place *p = *state;
    char password[600], api[200], path[700];
    SQLHENV env;
    SQLHDBC dbc;

    snprintf(password, sizeof password, "PWD=%s", test_env("NEON_TEST_PASSWORD"));
    snprintf(api, sizeof api, "ApiHost=%s", test_env("NEON_TEST_GATEWAY_URL"));
    assert_configures(ODBC_ADD_DSN,
                      list("DSN=made", "Server=ep-test-1.local.neon.test", "UID=app",
                           "Database=shop", password, api, "AllowInsecure=yes", NULL));
    assert_non_null(strstr(file_text(p->ini), "[made]"));
    assert_non_null(strstr(file_text(p->ini), "AllowInsecure"));
    assert_null(strstr(file_text(p->ini), test_env("NEON_TEST_PASSWORD")));
    snprintf(path, sizeof path, "%s/neon-odbc/made.pwd", p->folder);
    assert_int_equal(mode_of(path), 0600);

    assert_int_equal(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env), SQL_SUCCESS);
    SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
    assert_int_equal(SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc), SQL_SUCCESS);
    assert_dbc_ok(dbc, SQLConnect(dbc, sqltext("made"), SQL_NTS, NULL, 0, NULL, 0));
    assert_dbc_ok(dbc, SQLDisconnect(dbc));
    SQLFreeHandle(SQL_HANDLE_DBC, dbc);
    SQLFreeHandle(SQL_HANDLE_ENV, env);

    assert_configures(ODBC_REMOVE_DSN, list("DSN=made", NULL));
    assert_null(strstr(file_text(p->ini), "made"));
    assert_int_not_equal(access(path, F_OK), 0);
}

static void a_url_is_spelled_out(void **state)
{
    struct place *p = *state;
    char path[700];

    assert_configures(ODBC_ADD_DSN,
                      list("DSN=cloud",
                           "Url=postgresql://me:s%40crt@ep-a-1.eu.neon.test/db?sslmode=require",
                           NULL));
    assert_non_null(strstr(file_text(p->ini), "ep-a-1.eu.neon.test"));
    assert_null(strstr(file_text(p->ini), "crt"));
    snprintf(path, sizeof path, "%s/neon-odbc/cloud.pwd", p->folder);
    assert_string_equal(file_text(path), "s@crt\n");
}

static void a_data_source_is_changed(void **state)
{
    struct place *p = *state;

    assert_configures(ODBC_ADD_DSN, list("DSN=x", "Server=ep-a-1.eu.neon.test", "UID=me",
                                         "Proxy=http://p:1", NULL));
    assert_configures(ODBC_CONFIG_DSN, list("DSN=x", "UID=you", "Proxy=", NULL));
    assert_non_null(strstr(file_text(p->ini), "ep-a-1.eu.neon.test"));
    assert_non_null(strstr(file_text(p->ini), "you"));
    assert_null(strstr(file_text(p->ini), "http://p"));
    assert_refused(ODBC_CONFIG_DSN, list("DSN=unknown", "UID=you", NULL),
                   "no data source \"unknown\"");
    assert_refused(ODBC_REMOVE_DSN, list("DSN=unknown", NULL), "no data source \"unknown\"");
    /* added again: as a whole */
    assert_configures(ODBC_ADD_DSN, list("DSN=x", "Server=ep-b-1.eu.neon.test", NULL));
    assert_null(strstr(file_text(p->ini), "you"));
}

static bool is_there(const struct place *p, const char *name)
{
    char path[700];

    snprintf(path, sizeof path, "%s/neon-odbc/%s", p->folder, name);
    return access(path, F_OK) == 0;
}

/* A secret does not stay where nothing names it any more. */
static void a_password_file_goes_with_its_keyword(void **state)
{
    static const char server[] = "Server=ep-a-1.eu.neon.test";
    struct place *p = *state;
    char own[700];

    snprintf(own, sizeof own, "PWDFile=%s/neon-odbc/old.pwd", p->folder);
    assert_configures(ODBC_ADD_DSN, list("DSN=old", server, "Token=a.b.c", NULL));
    assert_true(is_there(p, "old.token"));
    assert_configures(ODBC_ADD_DSN, list("DSN=old", server, "PWD=hush-hush", NULL));
    assert_true(is_there(p, "old.pwd") && !is_there(p, "old.token"));
    assert_configures(ODBC_ADD_DSN, list("DSN=old", server, own, NULL)); /* it is named */
    assert_true(is_there(p, "old.pwd"));
    assert_configures(ODBC_CONFIG_DSN, list("DSN=old", "UID=me", NULL)); /* nothing of it */
    assert_true(is_there(p, "old.pwd"));
    assert_configures(ODBC_ADD_DSN, list("DSN=old", server, NULL));
    assert_false(is_there(p, "old.pwd"));

    assert_configures(ODBC_CONFIG_DSN, list("DSN=old", "PWD=hush-hush", NULL));
    assert_true(is_there(p, "old.pwd"));
    assert_configures(ODBC_CONFIG_DSN, list("DSN=old", "PWD=", NULL));
    assert_false(is_there(p, "old.pwd"));
    assert_null(strstr(file_text(p->ini), "old.pwd"));
    assert_configures(ODBC_CONFIG_DSN, list("DSN=old", "PWD=hush-hush", NULL));
    assert_configures(ODBC_CONFIG_DSN, list("DSN=old", "PWDFile=", NULL));
    assert_false(is_there(p, "old.pwd"));

    /* from the file into odbc.ini, and back */
    assert_configures(ODBC_CONFIG_DSN, list("DSN=old", "PWD=hush-hush", NULL));
    assert_configures(ODBC_CONFIG_DSN, list("DSN=old", "PWD=hush-again", "SavePassword=1", NULL));
    assert_false(is_there(p, "old.pwd"));
    assert_null(strstr(file_text(p->ini), "old.pwd"));
    assert_non_null(strstr(file_text(p->ini), "hush-again"));
    assert_configures(ODBC_CONFIG_DSN, list("DSN=old", "PWD=hush-hush", NULL));
    assert_true(is_there(p, "old.pwd"));
    assert_null(strstr(file_text(p->ini), "hush"));
    assert_configures(ODBC_REMOVE_DSN, list("DSN=old", NULL));
    assert_false(is_there(p, "old.pwd"));
}

/* Whatever the login was before: PWD, PWDFile, Token and TokenFile take each other's place. */
static void a_new_login_replaces_the_old_one(void **state)
{
    static const char *const keys[] = {"PWD", "PWDFile", "Token", "TokenFile"};
    static const struct {
        const char *attribute, *save; /* save: SavePassword=1, or nothing of interest */
        const char *key;              /* the only one of the four in odbc.ini afterwards */
        const char *file;             /* the only private file */
    } logins[] = {
        {"TokenFile=/run/token", "UID=me", "TokenFile", NULL},
        {"PWD=one-password", "UID=me", "PWDFile", "new.pwd"},
        {"Token=a.b.c", "UID=me", "TokenFile", "new.token"},
        {"PWD=two-passwords", "SavePassword=1", "PWD", NULL},
        {"PWDFile=/run/password", "UID=me", "PWDFile", NULL},
        {"Token=d.e.f", "SavePassword=1", "Token", NULL},
        {"PWD=three", "UID=me", "PWDFile", "new.pwd"},
        {"PWDFile=/run/password", "UID=me", "PWDFile", NULL},
        {"PWD=four", "SavePassword=1", "PWD", NULL},
        {"TokenFile=/run/token", "UID=me", "TokenFile", NULL},
        {"Url=postgresql://me:five@ep-b-1.eu.neon.test/db", "UID=me", "PWDFile", "new.pwd"},
    };
    struct place *p = *state;

    assert_configures(ODBC_ADD_DSN, list("DSN=new", "Server=ep-a-1.eu.neon.test", NULL));
    for (size_t i = 0; i < sizeof logins / sizeof logins[0]; i++) {
        const char *file = logins[i].file != NULL ? logins[i].file : "";
        assert_configures(ODBC_CONFIG_DSN,
                          list("DSN=new", logins[i].attribute, logins[i].save, NULL));
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
            char value[64];
            SQLGetPrivateProfileString("new", keys[k], "", value, sizeof value, "odbc.ini");
            if ((value[0] != '\0') != (strcmp(keys[k], logins[i].key) == 0))
                fail_msg("%s: %s is \"%s\"", logins[i].attribute, keys[k], value);
        }
        assert_int_equal(is_there(p, "new.pwd"), strcmp(file, "new.pwd") == 0);
        assert_int_equal(is_there(p, "new.token"), strcmp(file, "new.token") == 0);
    }
    assert_refused(ODBC_CONFIG_DSN, list("DSN=new", "PWD=six", "TokenFile=/run/token", NULL),
                   "not both");
}

/* The system's data source of the same name has nothing to do with the user's. */
static void the_systems_leaves_the_users_password(void **state)
{
    static const char server[] = "Server=ep-a-1.eu.neon.test";
    struct place *p = *state;

    assert_configures(ODBC_ADD_DSN, list("DSN=both", server, "PWD=hush-hush", NULL));
    assert_configures(ODBC_ADD_SYS_DSN, list("DSN=both", server, NULL));
    assert_true(is_there(p, "both.pwd"));
    assert_configures(ODBC_CONFIG_SYS_DSN, list("DSN=both", "UID=me", "PWDFile=", NULL));
    assert_true(is_there(p, "both.pwd"));
    assert_configures(ODBC_REMOVE_SYS_DSN, list("DSN=both", NULL));
    assert_true(is_there(p, "both.pwd"));
    assert_configures(ODBC_REMOVE_DSN, list("DSN=both", NULL));
    assert_false(is_there(p, "both.pwd"));
}

static void wrong_requests_change_nothing(void **state)
{
    static char long_path[1200] = "CAFile=/";
    static const struct {
        const char *attribute, *message;
    } wrong[] = {
        {"Serverr=x", "did you mean Server? Nothing was written."},
        {"QueryTimeout=soon", "QueryTimeout"},
        {"SSLmode=disable", "SSLmode"},
        {"no value", "KEY=value"},
        {"ProxyPWD=hush-hush", "SavePassword=1"},
        {"CAFile=/a\tb", "control character"},
        {long_path, "longer than a line of odbc.ini"},
        {"Url=postgresql://u:hush-hush@/db?x=%zz", ""},
    };
    struct place *p = *state;
    static char before[8192];

    memset(long_path + strlen(long_path), 'a', sizeof long_path - strlen(long_path) - 1);
    assert_configures(ODBC_ADD_DSN, list("DSN=y", "Server=ep-a-1.eu.neon.test", "UID=me", NULL));
    snprintf(before, sizeof before, "%s", file_text(p->ini));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *name = i % 2 ? "DSN=new" : "DSN=y"; /* one that is there stays as it is */
        assert_refused(ODBC_ADD_DSN,
                       list(name, "Server=ep-b-1.eu.neon.test", wrong[i].attribute, NULL),
                       wrong[i].message);
        assert_null(strstr(installer_text(), "hush-hush"));
        assert_string_equal(file_text(p->ini), before);
        assert_refused(ODBC_CONFIG_DSN, list("DSN=y", "UID=", wrong[i].attribute, NULL),
                       wrong[i].message);
        assert_string_equal(file_text(p->ini), before);
    }
    assert_false(SQLConfigDataSource(NULL, ODBC_ADD_DSN, "Neon", list("Server=x", NULL)));
    assert_refused(ODBC_ADD_DSN, list("DSN=a]b", "Server=x.y", NULL), "cannot be the name");
}

static void a_password_goes_into_the_file_only_when_asked(void **state)
{
    struct place *p = *state;

    assert_configures(ODBC_ADD_DSN, list("DSN=z", "Server=ep-a-1.eu.neon.test", "PWD=hush-hush",
                                         "SavePassword=1", NULL));
    assert_non_null(strstr(file_text(p->ini), "hush-hush"));
    assert_int_equal(mode_of(p->ini), 0600);
    assert_refused(
        ODBC_ADD_SYS_DSN,
        list("DSN=z", "Server=ep-a-1.eu.neon.test", "PWD=hush-hush", "SavePassword=1", NULL),
        "system");
}

/* ---- the library itself ---- */

typedef int properties_fn(HODBCINSTPROPERTY last);
typedef BOOL config_dsn_fn(HWND parent, WORD request, LPCSTR driver, LPCSTR attributes);

static void *load(const char *name)
{
    char path[1024];
    void *library, *found;

    snprintf(path, sizeof path, "%s/.libs/libneonodbcS.so", test_env("NEON_TEST_BUILDDIR"));
    library = dlopen(path, RTLD_NOW);
    assert_non_null(library);
    found = dlsym(library, name);
    assert_non_null(found);
    return found;
}

/* What everybody fills stands first; a help text says where a secret will be, and not its own
 * keyword once more. */
static void assert_fits_a_person(HODBCINSTPROPERTY p, size_t n)
{
    static const char *const on_top[] = {"Url", "Server", "Database", "UID", "PWD", "PWDFile"};
    bool hidden = p->nPromptType == ODBCINST_PROMPTTYPE_TEXTEDIT_PASSWORD;

    if (n < sizeof on_top / sizeof on_top[0])
        assert_string_equal(p->szName, on_top[n]);
    assert_true(strlen(p->pszHelp) > 20);
    assert_true(hidden == (strstr(p->pszHelp, "Saved in odbc.ini as it is") != NULL));
    if (strcmp(p->szName, "Server") == 0)
        assert_null(strstr(p->pszHelp, "Server. "));
    if (strcmp(p->szName, "PWD") == 0 || strcmp(p->szName, "Token") == 0)
        assert_non_null(strstr(p->pszHelp, p->szName[0] == 'P' ? "PWDFile" : "TokenFile"));
}

static void properties_show_the_keyword_table(void **state)
{
    properties_fn *get;
    HODBCINSTPROPERTY first = calloc(1, sizeof *first);
    size_t n = 0, secrets = 0, lists = 0;

    (void)state;
    *(void **)&get = load("ODBCINSTGetProperties");
    assert_int_equal(get(first), 1);
    for (HODBCINSTPROPERTY p = first->pNext, next; p != NULL; p = next, n++) {
        assert_fits_a_person(p, n);
        if (strcmp(p->szName, "PWD") == 0 || strcmp(p->szName, "Token") == 0)
            assert_int_equal(p->nPromptType, ODBCINST_PROMPTTYPE_TEXTEDIT_PASSWORD);
        secrets += p->nPromptType == ODBCINST_PROMPTTYPE_TEXTEDIT_PASSWORD;
        if (strcmp(p->szName, "Transport") == 0) {
            assert_string_equal(p->szValue, "auto");
            assert_string_equal(p->aPromptData[0], "auto");
            assert_string_equal(p->aPromptData[1], "http");
            assert_string_equal(p->aPromptData[2], "websocket");
            assert_null(p->aPromptData[3]);
        }
        lists += p->nPromptType == ODBCINST_PROMPTTYPE_COMBOBOX && p->aPromptData != NULL;
        assert_int_not_equal(p->nPromptType, ODBCINST_PROMPTTYPE_LISTBOX);
        next = p->pNext;
        free(p->aPromptData); /* as unixODBC does */
        free(p->pszHelp);
        free(p);
    }
    free(first);
    assert_true(n > 40 && secrets >= 5 && lists >= 10);
    assert_int_equal(get(NULL), 0);
}

/* unixODBC's administrator asks for a window before it shows its own: success would leave the
 * person in front of nothing. */
static void a_caller_with_a_window_is_told_that_there_is_none(void **state)
{
    HWND window = (HWND)state;

    assert_configures(ODBC_ADD_DSN, list("DSN=w", "Server=ep-a-1.eu.neon.test", NULL));
    assert_false(SQLConfigDataSource(window, ODBC_CONFIG_DSN, "Neon", list("DSN=w", NULL)));
    assert_non_null(strstr(installer_text(), "no window of its own"));
    assert_false(SQLConfigDataSource(window, ODBC_ADD_DSN, "Neon", list("", NULL)));
    assert_true(SQLConfigDataSource(window, ODBC_CONFIG_DSN, "Neon", list("DSN=w", "UID=u", NULL)));
    assert_true(SQLConfigDataSource(window, ODBC_REMOVE_DSN, "Neon", list("DSN=w", NULL)));
}

static void wrong_calls_are_refused(void **state)
{
    config_dsn_fn *config;

    (void)state;
    *(void **)&config = load("ConfigDSN");
    assert_false(config(NULL, 99, "Neon", list("DSN=q", NULL)));
    assert_false(config(NULL, ODBC_ADD_DSN, NULL, list("DSN=q", NULL)));
    assert_false(config(NULL, ODBC_ADD_DSN, "Neon", NULL));
    assert_non_null(strstr(installer_text(), ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_data_source_is_added_and_works, setup_place,
                                        teardown_place),
        cmocka_unit_test_setup_teardown(a_url_is_spelled_out, setup_place, teardown_place),
        cmocka_unit_test_setup_teardown(a_data_source_is_changed, setup_place, teardown_place),
        cmocka_unit_test_setup_teardown(a_password_file_goes_with_its_keyword, setup_place,
                                        teardown_place),
        cmocka_unit_test_setup_teardown(a_new_login_replaces_the_old_one, setup_place,
                                        teardown_place),
        cmocka_unit_test_setup_teardown(the_systems_leaves_the_users_password, setup_place,
                                        teardown_place),
        cmocka_unit_test_setup_teardown(wrong_requests_change_nothing, setup_place, teardown_place),
        cmocka_unit_test_setup_teardown(a_password_goes_into_the_file_only_when_asked, setup_place,
                                        teardown_place),
        cmocka_unit_test_setup_teardown(properties_show_the_keyword_table, setup_place,
                                        teardown_place),
        cmocka_unit_test_setup_teardown(a_caller_with_a_window_is_told_that_there_is_none,
                                        setup_place, teardown_place),
        cmocka_unit_test_setup_teardown(wrong_calls_are_refused, setup_place, teardown_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
