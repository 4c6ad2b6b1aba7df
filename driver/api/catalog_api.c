/* Catalog functions: text arguments in, one call into catalog/. */
#include "api/api_enter.h"
#include "api/text_arg.h"
#include "catalog/catalog.h"

#define CATALOG_ARGS 4

/* Reads up to four text arguments; all are released by release_args, also after a failure. */
static SQLRETURN read_args(struct stmt *s, const struct text_in *in, struct text *out)
{
    SQLRETURN rc = SQL_SUCCESS;

    for (size_t i = 0; i < CATALOG_ARGS; i++)
        out[i] = TEXT_INIT;
    for (size_t i = 0; i < CATALOG_ARGS && rc == SQL_SUCCESS; i++)
        rc = text_in_read(&s->handle, in[i], &out[i]);
    return rc;
}

static void release_args(struct text *t)
{
    for (size_t i = 0; i < CATALOG_ARGS; i++)
        text_release(&t[i]);
}

typedef SQLRETURN catalog_call(struct stmt *s, const struct catalog_names *n, struct strview last);

static SQLRETURN run(SQLHSTMT h, const struct text_in *in, const char *function, catalog_call *call)
{
    SQLRETURN rc;
    struct text t[CATALOG_ARGS];
    struct stmt *s = api_enter_stmt(h, function, ENTER_PLAIN, &rc);

    if (s == NULL)
        return rc;
    rc = read_args(s, in, t);
    if (rc == SQL_SUCCESS) {
        struct catalog_names n = {text_sv(&t[0]), text_sv(&t[1]), text_sv(&t[2])};
        rc = call(s, &n, text_sv(&t[3]));
    }
    release_args(t);
    return api_leave_stmt(s, rc);
}

NEON_EXPORT SQLRETURN SQL_API SQLTables(SQLHSTMT h, SQLCHAR *catalog, SQLSMALLINT n1,
                                        SQLCHAR *schema, SQLSMALLINT n2, SQLCHAR *table,
                                        SQLSMALLINT n3, SQLCHAR *types, SQLSMALLINT n4)
{
    const struct text_in in[] = {IN_A(catalog, n1), IN_A(schema, n2), IN_A(table, n3),
                                 IN_A(types, n4)};
    return run(h, in, "SQLTables", catalog_tables);
}

NEON_EXPORT SQLRETURN SQL_API SQLTablesW(SQLHSTMT h, SQLWCHAR *catalog, SQLSMALLINT n1,
                                         SQLWCHAR *schema, SQLSMALLINT n2, SQLWCHAR *table,
                                         SQLSMALLINT n3, SQLWCHAR *types, SQLSMALLINT n4)
{
    const struct text_in in[] = {IN_W(catalog, n1), IN_W(schema, n2), IN_W(table, n3),
                                 IN_W(types, n4)};
    return run(h, in, "SQLTablesW", catalog_tables);
}

NEON_EXPORT SQLRETURN SQL_API SQLColumns(SQLHSTMT h, SQLCHAR *catalog, SQLSMALLINT n1,
                                         SQLCHAR *schema, SQLSMALLINT n2, SQLCHAR *table,
                                         SQLSMALLINT n3, SQLCHAR *column, SQLSMALLINT n4)
{
    const struct text_in in[] = {IN_A(catalog, n1), IN_A(schema, n2), IN_A(table, n3),
                                 IN_A(column, n4)};
    return run(h, in, "SQLColumns", catalog_columns);
}

NEON_EXPORT SQLRETURN SQL_API SQLColumnsW(SQLHSTMT h, SQLWCHAR *catalog, SQLSMALLINT n1,
                                          SQLWCHAR *schema, SQLSMALLINT n2, SQLWCHAR *table,
                                          SQLSMALLINT n3, SQLWCHAR *column, SQLSMALLINT n4)
{
    const struct text_in in[] = {IN_W(catalog, n1), IN_W(schema, n2), IN_W(table, n3),
                                 IN_W(column, n4)};
    return run(h, in, "SQLColumnsW", catalog_columns);
}
