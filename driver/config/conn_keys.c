/* The keyword table as rows, and looking things up in it. Holds no values and reads no connection
 * string. Called by config/ and the setup library. */
#include "config/conn_keys.h"

#define SUGGEST_MAX_LEN 32
#define SUGGEST_MIN_LEN                                                                            \
    4 /* shorter ones are psqlODBC's codes: everything looks like one of them                      \
       */

static const struct conn_key rows[CONN_KEY_COUNT] = {
#define X(field, name, aliases, kind, def, min, max, choices, flags, label, help)                  \
    [CONN_KEY_##field] = {name, aliases, CONN_##kind, def, min, max, choices, flags, label, help},
#include "conn_keys.def"
#undef X
};

const struct conn_key *conn_key_row(enum conn_key_id id)
{
    return &rows[id];
}

bool conn_key_item(struct strview *rest, char sep, struct strview *item)
{
    const char *end;

    if (rest->ptr == NULL || rest->len == 0)
        return false;
    end = memchr(rest->ptr, sep, rest->len);
    item->ptr = rest->ptr;
    item->len = end != NULL ? (size_t)(end - rest->ptr) : rest->len;
    rest->ptr += item->len + (end != NULL ? 1 : 0);
    rest->len -= item->len + (end != NULL ? 1 : 0);
    return true;
}

static bool is_spelling_of(const struct conn_key *row, struct strview name)
{
    struct strview rest = sv(row->aliases);
    struct strview alias;

    if (sv_ieq(sv(row->name), name))
        return true;
    while (conn_key_item(&rest, ',', &alias))
        if (sv_ieq(alias, name))
            return true;
    return false;
}

enum conn_key_id conn_key_find(struct strview name)
{
    int id = 0;

    name = sv_trim(name);
    while (id < CONN_KEY_COUNT && !is_spelling_of(&rows[id], name))
        id++;
    return (enum conn_key_id)id;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours that turn a into b (optimal string
 * alignment). */
static size_t distance(struct strview a, struct strview b)
{
    size_t table[3][SUGGEST_MAX_LEN + 1];

    for (size_t j = 0; j <= b.len; j++)
        table[0][j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *now = table[i % 3];
        const size_t *before = table[(i + 2) % 3];
        const size_t *before2 = table[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            char ca = ascii_lower(a.ptr[i - 1]);
            char cb = ascii_lower(b.ptr[j - 1]);
            now[j] = least(least(now[j - 1], before[j]) + 1, before[j - 1] + (ca != cb ? 1 : 0));
            if (i > 1 && j > 1 && ca == ascii_lower(b.ptr[j - 2]) &&
                cb == ascii_lower(a.ptr[i - 2]))
                now[j] = least(now[j], before2[j - 2] + 1);
        }
    }
    return table[a.len % 3][b.len];
}

struct best {
    struct strview name;
    size_t distance;
};

static void consider(struct best *best, struct strview typed, struct strview spelling)
{
    size_t d;

    if (spelling.len < SUGGEST_MIN_LEN || spelling.len > SUGGEST_MAX_LEN)
        return;
    d = distance(typed, spelling);
    if (d < best->distance)
        *best = (struct best){spelling, d};
}

struct strview conn_key_suggest(struct strview name)
{
    struct best best = {{NULL, 0}, 0};

    name = sv_trim(name);
    if (name.len < SUGGEST_MIN_LEN || name.len > SUGGEST_MAX_LEN)
        return best.name;
    /* One slip in a short word, two in a longer one; a longer distance is another word. */
    best.distance = name.len <= 5 ? 2 : 3;
    for (size_t i = 0; i < CONN_KEY_COUNT; i++) {
        struct strview rest = sv(rows[i].aliases);
        struct strview alias;
        consider(&best, name, sv(rows[i].name));
        while (conn_key_item(&rest, ',', &alias))
            consider(&best, name, alias);
    }
    return best.name;
}

struct strview conn_key_choice(const struct conn_key *row, struct strview value, int *index)
{
    struct strview rest = sv(row->choices);
    struct strview item;

    *index = 0;
    while (conn_key_item(&rest, ',', &item)) {
        struct strview spellings = item;
        struct strview canonical;
        struct strview spelling;
        bool found = false;
        conn_key_item(&spellings, '=', &canonical);
        found = sv_ieq(canonical, value);
        while (!found && conn_key_item(&spellings, '=', &spelling))
            found = sv_ieq(spelling, value);
        if (found)
            return canonical;
        ++*index;
    }
    return sv_n(NULL, 0);
}
