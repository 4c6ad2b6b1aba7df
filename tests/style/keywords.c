/* keywords.c: prints the tables of docs/keywords.md from include/conn_keys.def. Compiled and run by
 * keywords.sh. */
#include <stdio.h>
#include <string.h>

enum { CK_SECRET = 1, CK_NO_OUT = 2, CK_ASCII = 4 };

/* "a,b" as `a`, `b` */
static void print_list(const char *list, const char *separator)
{
    const char *between = "";

    while (*list != '\0') {
        size_t len = strcspn(list, ",");
        printf("%s`%.*s`", between, (int)strcspn(list, "=,"), list);
        between = separator;
        list += len + (list[len] == ',');
    }
}

static void print_help(const char *help)
{
    for (; *help != '\0'; help++)
        printf(*help == '|' || *help == '<' || *help == '*' ? "\\%c" : "%c", *help);
}

static void row(const char *name, const char *aliases, const char *kind, const char *def,
                long long min, long long max, const char *choices, unsigned flags, const char *help)
{
    printf("| `%s`%s%s", name, (flags & CK_SECRET) != 0 ? " (secret)" : "",
           aliases[0] != '\0' ? "<br>" : "");
    print_list(aliases, ", ");
    printf(" | ");
    if (strcmp(kind, "FIXED") == 0)
        printf("`%s` only", def);
    else if (strcmp(kind, "IGNORED") == 0)
        printf("ignored");
    else if (strcmp(kind, "BOOL") == 0)
        printf("`0`, `1`");
    else if (choices[0] != '\0')
        print_list(choices, ", ");
    else if (strcmp(kind, "INT") == 0)
        printf("%lld to %lld", min, max);
    else
        printf(strcmp(kind, "PATH") == 0 ? "path" : "text");
    printf(def[0] != '\0' ? " | `%s` | " : " | %s | ", def);
    print_help(help);
    printf(" |\n");
}

static void group(const char *title)
{
    printf(
        "\n## %s\n\n| Keyword, other spellings | Values | Default | Meaning |\n|---|---|---|---|\n",
        title);
}

int main(void)
{
#define G(title) group(title);
#define X(field, name, aliases, kind, def, min, max, choices, flags, label, help)                  \
    row(name, aliases, #kind, def, min, max, choices, flags, help);
#include "conn_keys.def"
    return 0;
}
