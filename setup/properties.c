/* ODBCINSTGetProperties: what unixODBC's administrators (ODBCManageDataSourcesQ, odbcinst) show for
 * a data source, made from the one keyword table. They own the list afterwards and free its parts
 * one by one with free(). */
#include <stdio.h>

#include <odbcinstext.h>

#include "config/conn_keys.h"

#define NEON_EXPORT __attribute__((visibility("default")))

int ODBCINSTGetProperties(HODBCINSTPROPERTY last);

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

static int prompt_type(const struct conn_key *row)
{
    static const int by_kind[] = {
        [CONN_TEXT] = ODBCINST_PROMPTTYPE_TEXTEDIT,  [CONN_PATH] = ODBCINST_PROMPTTYPE_FILENAME,
        [CONN_BOOL] = ODBCINST_PROMPTTYPE_LISTBOX,   [CONN_INT] = ODBCINST_PROMPTTYPE_TEXTEDIT,
        [CONN_CHOICE] = ODBCINST_PROMPTTYPE_LISTBOX,
    };

    if (row->flags & CK_SECRET)
        return ODBCINST_PROMPTTYPE_TEXTEDIT_PASSWORD;
    if (row->kind == CONN_INT && row->choices[0] != '\0')
        return ODBCINST_PROMPTTYPE_LISTBOX;
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

static char *make_help(const struct conn_key *row)
{
    struct buf text = BUF_INIT(4096);

    if (!buf_printf(&text, "%s. %s", row->label, row->help)) {
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
    if (ok && p->nPromptType == ODBCINST_PROMPTTYPE_LISTBOX) {
        p->aPromptData = make_choices(row->kind == CONN_BOOL ? "0,1" : row->choices);
        ok = p->aPromptData != NULL;
    }
    if (ok)
        return p;
    mem_free(p->pszHelp);
    mem_free(p);
    return NULL;
}

/* Appends to the list whose last element is given. 1; 0 when out of memory (what was appended
 * stays). */
NEON_EXPORT int ODBCINSTGetProperties(HODBCINSTPROPERTY last)
{
    if (last == NULL)
        return 0;
    for (enum conn_key_id id = 0; id < CONN_KEY_COUNT; id++) {
        if (!is_shown(id))
            continue;
        last->pNext = make_property(id);
        if (last->pNext == NULL)
            return 0;
        last = last->pNext;
    }
    return 1;
}
