/* Reads a type's name by its tokens. Called by insert_columns.c and stmt/describe.c. */
#include "sql/type_name.h"

#include "base/mem.h"

static const struct {
    uint32_t oid;
    const char *cast;
} names[] = {
#define TYPE_NAME(oid, name) {oid, "::" name},
#include "sql/type_name.def"
#undef TYPE_NAME
};

#define MAX_NAME_BYTES 64

const char *type_name_cast(uint32_t oid)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (names[i].oid == oid)
            return names[i].cast;
    return NULL;
}

static uint32_t find(struct strview name)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (sv_ieq(name, sv(names[i].cast + 2)))
            return names[i].oid;
    return 0;
}

bool type_name_is_cast(const char *cast)
{
    return strncmp(cast, "::", 2) == 0 && find(sv(cast + 2)) != 0;
}

/* ( number [, number] ): `t` is the parenthesis; on return the token behind. */
static bool read_sizes(struct tokens *ts, struct token *t, size_t *end)
{
    do
        if (!tokens_next(ts, t) || t->kind != TOK_NUMBER || !tokens_next(ts, t))
            return false;
    while (t->kind == TOK_COMMA);
    if (t->kind != TOK_RPAREN)
        return false;
    *end = t->at + t->text.len;
    tokens_next(ts, t);
    return true;
}

/* What follows a type's name when it is another type. */
static bool goes_on(const struct token *t)
{
    return t->kind == TOK_DOT || t->kind == TOK_LBRACKET || t->kind == TOK_LPAREN ||
           (t->kind == TOK_IDENT && sv_ieq(t->text, SV_LIT("array")));
}

/* The longest name counts: "timestamp with time zone" before "timestamp". */
uint32_t type_name_read(struct tokens *ts, struct token *t, size_t *end)
{
    char name[MAX_NAME_BYTES];
    size_t len = 0;
    size_t here = 0;
    bool sized = false;
    uint32_t oid = 0;
    struct tokens behind = *ts;
    struct token next = *t;

    while (t->kind == TOK_IDENT && len + t->text.len + 2 <= sizeof name) {
        if (len > 0)
            name[len++] = ' ';
        memcpy(name + len, t->text.ptr, t->text.len);
        len += t->text.len;
        here = t->at + t->text.len;
        tokens_next(ts, t);
        if (t->kind == TOK_LPAREN && !sized) {
            if (!read_sizes(ts, t, &here))
                return 0;
            sized = true;
        }
        if (find(sv_n(name, len)) == 0)
            continue;
        oid = sized && sv_ieq(sv_n(name, len), SV_LIT("float")) /* float(24) is float4 */
                  ? 0
                  : find(sv_n(name, len));
        *end = here;
        behind = *ts;
        next = *t;
    }
    *ts = behind;
    *t = next;
    return goes_on(t) ? 0 : oid;
}
