/* types.c: prints the table of docs/types.md from driver/convert/types.def. Compiled and run by
 * types.sh. */
#include <stdio.h>
#include <string.h>

static const struct {
    const char *sql, *c;
} defaults[] = {
    {"SQL_BIT", "SQL_C_BIT"},
    {"SQL_SMALLINT", "SQL_C_SSHORT"},
    {"SQL_INTEGER", "SQL_C_SLONG"},
    {"SQL_BIGINT", "SQL_C_SBIGINT"},
    {"SQL_REAL", "SQL_C_FLOAT"},
    {"SQL_DOUBLE", "SQL_C_DOUBLE"},
    {"SQL_NUMERIC", "SQL_C_CHAR"},
    {"SQL_CHAR", "SQL_C_CHAR"},
    {"SQL_VARCHAR", "SQL_C_CHAR"},
    {"SQL_WCHAR", "SQL_C_WCHAR"},
    {"SQL_WVARCHAR", "SQL_C_WCHAR"},
    {"SQL_WLONGVARCHAR", "SQL_C_WCHAR"},
    {"SQL_VARBINARY", "SQL_C_BINARY"},
    {"SQL_TYPE_DATE", "SQL_C_TYPE_DATE"},
    {"SQL_TYPE_TIME", "SQL_C_TYPE_TIME"},
    {"SQL_TYPE_TIMESTAMP", "SQL_C_TYPE_TIMESTAMP"},
    {"SQL_GUID", "SQL_C_GUID"},
};

static const char *default_c(const char *sql)
{
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
        if (strcmp(defaults[i].sql, sql) == 0)
            return defaults[i].c;
    return "?"; /* a type code this page does not know yet: types.sh complains */
}

static const struct {
    const char *rule, *text;
} sizes[] = {
    {"SIZE_BOOL", "1"},
    {"SIZE_INT2", "5"},
    {"SIZE_INT4", "10"},
    {"SIZE_INT8", "19"},
    {"SIZE_OID", "10"},
    {"SIZE_XID8", "20"},
    {"SIZE_FLOAT4", "7"},
    {"SIZE_FLOAT8", "15"},
    {"SIZE_NUMERIC", "as declared; 38, 18"},
    {"SIZE_LENGTH", "as declared; MaxVarcharSize"},
    {"SIZE_UNBOUNDED", "MaxVarcharSize"},
    {"SIZE_JSON", "MaxVarcharSize"},
    {"SIZE_BYTEA", "MaxVarcharSize"},
    {"SIZE_BITS", "as declared"},
    {"SIZE_DATE", "10"},
    {"SIZE_TIME", "8, 15 with fraction"},
    {"SIZE_TIMETZ", "24"},
    {"SIZE_TIMESTAMP", "19, 26 with fraction"},
    {"SIZE_TIMESTAMPTZ", "19, 26 with fraction"},
    {"SIZE_INTERVAL", "88"},
    {"SIZE_UUID", "36"},
};

static void print_size(const char *rule, int fixed)
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        if (strcmp(sizes[i].rule, rule) == 0) {
            printf("%s", sizes[i].text);
            return;
        }
    printf(strcmp(rule, "SIZE_FIXED") == 0 ? "%d" : "?", fixed);
}

static void row(int oid, int array_oid, const char *name, const char *family, const char *sql,
                const char *rule, int fixed, const char *flags)
{
    int private_code = strcmp(family, "FAM_UUID") == 0 || strcmp(family, "FAM_INTERVAL") == 0 ||
                       strcmp(family, "FAM_TIMESTAMPTZ") == 0 ||
                       strcmp(family, "FAM_TIMETZ") == 0 || strcmp(rule, "SIZE_JSON") == 0 ||
                       strstr(flags, "TYPE_RANGE") != NULL;

    if (strstr(flags, "TYPE_PSEUDO") != NULL)
        return;
    printf("| `%s` | %s | ", name, sql);
    print_size(rule, fixed);
    printf(" | %s | ", default_c(sql));
    if (private_code)
        printf("%d", 0x4000 + oid);
    printf(array_oid != 0 ? " | %d |\n" : " | |\n", 0x4000 + array_oid);
}

int main(void)
{
    printf("| Type | SQL type | Size | Default C type | `PgTypes` code | of its array |\n"
           "|---|---|---|---|---|---|\n");
#define TYPE(oid, array_oid, typname, name, family, sql, rule, size, prefix, suffix, params, cs,   \
             searchable, is_unsigned, fixed, flags)                                                \
    row(oid, array_oid, name, #family, #sql, #rule, size, #flags);
#include "types.def"
    return 0;
}
