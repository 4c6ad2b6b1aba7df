/* ODBCINSTGetProperties: what unixODBC's administrators (ODBCManageDataSourcesQ, odbcinst) show for
 * a data source, made from the one keyword table. They own the list afterwards and free its parts
 * one by one with free(). They write every value into odbc.ini themselves, also the empty ones,
 * and never ask ConfigDSN about them. */
#include <stdio.h>

#include <odbcinstext.h>

#include "config/conn_keys.h"

#define NEON_EXPORT __attribute__((visibility("default")))

int ODBCINSTGetProperties(HODBCINSTPROPERTY last);

/* What almost every data source needs stands on top, where nobody has to scroll for it. */
static const enum conn_key_id on_top[] = {CONN_KEY_url, CONN_KEY_server, CONN_KEY_database,
                                          CONN_KEY_uid, CONN_KEY_pwd,    CONN_KEY_pwd_file};

static bool is_on_top(enum conn_key_id id)
{
    for (size_t i = 0; i < ARRAY_LEN(on_top); i++)
        if (on_top[i] == id)
            return true;
    return false;
}

/* The administrators ask for these themselves, or never need them. */
static bool is_shown(enum conn_key_id id)
{
    static const enum conn_key_id hidden[] = {CONN_KEY_dsn, CONN_KEY_driver, CONN_KEY_filedsn,
                                              CONN_KEY_savefile, CONN_KEY_description};
    const struct conn_key *row = conn_key_row(id);

    for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
        if (hidden[i] == id)
            return false;
    return row->kind != CONN_IGNORED && row->kind != CONN_FIXED;
}

/* COMBOBOX, not LISTBOX: a list box that is only looked at loses a value in another spelling
 * (ReadOnly=yes), because the administrator finds it among the choices by its exact text. */
static int prompt_type(const struct conn_key *row)
{
    static const int by_kind[] = {
        [CONN_TEXT] = ODBCINST_PROMPTTYPE_TEXTEDIT,   [CONN_PATH] = ODBCINST_PROMPTTYPE_FILENAME,
        [CONN_BOOL] = ODBCINST_PROMPTTYPE_COMBOBOX,   [CONN_INT] = ODBCINST_PROMPTTYPE_TEXTEDIT,
        [CONN_CHOICE] = ODBCINST_PROMPTTYPE_COMBOBOX,
    };

    if (row->flags & CK_SECRET)
        return ODBCINST_PROMPTTYPE_TEXTEDIT_PASSWORD;
    if (row->kind == CONN_INT && row->choices[0] != '\0')
        return ODBCINST_PROMPTTYPE_COMBOBOX;
    return by_kind[row->kind];
}

/* The canonical spelling of an item: without "=other spelling". */
static struct strview spelling(struct strview item)
{
    size_t equals = sv_find(item, SV_LIT("="));

    return equals == SIZE_MAX ? item : sv_n(item.ptr, equals);
}

/* The choices as one block: the pointers, NULL, and behind them their texts. NULL: out of memory.
 */
static char **make_choices(const char *choices)
{
    struct strview rest = sv(choices), item;
    size_t n = 0, at = 0;
    char **block;
    char *text;

    while (conn_key_item(&rest, ',', &item))
        n++;
    block = mem_alloc((n + 1) * sizeof *block + strlen(choices) + n + 1);
    if (block == NULL)
        return NULL;
    text = (char *)(block + n + 1);
    rest = sv(choices);
    while (at < n && conn_key_item(&rest, ',', &item)) {
        struct strview word = spelling(item);
        memcpy(text, word.ptr, word.len);
        text[word.len] = '\0';
        block[at++] = text;
        text += word.len + 1;
    }
    block[at] = NULL;
    return block;
}

/* A file of its own keeps these out of odbc.ini; "" when there is no such keyword. */
static const char *file_instead(const struct conn_key *row)
{
    if (row == conn_key_row(CONN_KEY_pwd) || row == conn_key_row(CONN_KEY_url))
        return ", or give the password by PWDFile";
    return row == conn_key_row(CONN_KEY_token) ? ", or give it by TokenFile" : "";
}

/* Does the keyword or the help's beginning say what the label says? */
static bool is_said(const struct conn_key *row)
{
    size_t len = strlen(row->label);

    return str_ieq(row->label, row->name) ||
           (strlen(row->help) > len && sv_ieq(sv_n(row->help, len), sv(row->label)));
}

/* The label, where nothing else says it; the help; for secrets where they will be. */
static char *make_help(const struct conn_key *row)
{
    struct buf text = BUF_INIT(4096);
    bool ok =
        (is_said(row) || buf_printf(&text, "%s. ", row->label)) && buf_append_str(&text, row->help);

    if (ok && (row->flags & CK_SECRET))
        ok = buf_printf(&text, " Saved in odbc.ini as it is: close that file to others%s.",
                        file_instead(row));
    if (!ok) {
        buf_release(&text);
        return NULL;
    }
    return buf_take(&text);
}

static HODBCINSTPROPERTY make_property(enum conn_key_id id)
{
    const struct conn_key *row = conn_key_row(id);
    HODBCINSTPROPERTY p = mem_calloc(1, sizeof *p);
    bool ok;

    if (p == NULL)
        return NULL;
    snprintf(p->szName, sizeof p->szName, "%s", row->name);
    snprintf(p->szValue, sizeof p->szValue, "%s", row->def);
    p->nPromptType = prompt_type(row);
    p->pszHelp = make_help(row);
    ok = p->pszHelp != NULL;
    if (ok && p->nPromptType == ODBCINST_PROMPTTYPE_COMBOBOX) {
        p->aPromptData = make_choices(row->kind == CONN_BOOL ? "0,1" : row->choices);
        ok = p->aPromptData != NULL;
    }
    if (ok)
        return p;
    mem_free(p->pszHelp);
    mem_free(p);
    return NULL;
}

/* Appends the property of one keyword, and makes it the last. */
static bool add_property(HODBCINSTPROPERTY *last, enum conn_key_id id)
{
    (*last)->pNext = make_property(id);
    if ((*last)->pNext == NULL)
        return false;
    *last = (*last)->pNext;
    return true;
}

/* Appends to the list whose last element is given. 1; 0 when out of memory (what was appended
 * stays). */
NEON_EXPORT int ODBCINSTGetProperties(HODBCINSTPROPERTY last)
{
    if (last == NULL)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(on_top); i++)
        if (!add_property(&last, on_top[i]))
            return 0;
    for (enum conn_key_id id = 0; id < CONN_KEY_COUNT; id++)
        if (is_shown(id) && !is_on_top(id) && !add_property(&last, id))
            return 0;
    return 1;
}
