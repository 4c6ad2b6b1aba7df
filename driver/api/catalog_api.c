/* Catalog functions: text arguments in, one call into catalog/. */
#include "api/sync_names.h"

#include "api/api_enter.h"
#include "api/text_arg.h"
#include "catalog/catalog.h"

#define CATALOG_ARGS 6

/* The arguments of one call: texts in the order of the function's, and numbers. */
struct call {
    struct text_in in[CATALOG_ARGS];
    size_t n;
    SQLUSMALLINT first, second, third;
};

typedef SQLRETURN catalog_call(struct stmt *s, const struct strview *t, const struct call *c);

static SQLRETURN read_args(struct stmt *s, const struct call *c, struct text *out)
{
    SQLRETURN rc = SQL_SUCCESS;

    for (size_t i = 0; i < c->n && rc == SQL_SUCCESS; i++)
        rc = text_in_read(&s->handle, c->in[i], &out[i]);
    return rc;
}

static SQLRETURN run(SQLHSTMT h, const struct call *c, const char *function, catalog_call *call)
{
    SQLRETURN rc;
    struct text texts[CATALOG_ARGS];
    struct strview views[CATALOG_ARGS];
    struct stmt *s = api_enter_stmt(h, function, ENTER_PLAIN, &rc);

    if (s == NULL)
        return rc;
    for (size_t i = 0; i < CATALOG_ARGS; i++)
        texts[i] = TEXT_INIT;
    rc = read_args(s, c, texts);
    for (size_t i = 0; i < CATALOG_ARGS; i++)
        views[i] = text_sv(&texts[i]);
    if (rc == SQL_SUCCESS)
        rc = call(s, views, c);
    for (size_t i = 0; i < CATALOG_ARGS; i++)
        text_release(&texts[i]);
    return api_leave_stmt(s, rc);
}

static struct catalog_names names(const struct strview *t)
{
    return (struct catalog_names){t[0], t[1], t[2]};
}

static SQLRETURN tables(struct stmt *s, const struct strview *t, const struct call *c)
{
    const struct catalog_names n = names(t);

    (void)c;
    return catalog_tables(s, &n, t[3]);
}

static SQLRETURN columns(struct stmt *s, const struct strview *t, const struct call *c)
{
    const struct catalog_names n = names(t);

    (void)c;
    return catalog_columns(s, &n, t[3]);
}

static SQLRETURN primary_keys(struct stmt *s, const struct strview *t, const struct call *c)
{
    const struct catalog_names n = names(t);

    (void)c;
    return catalog_primary_keys(s, &n);
}

static SQLRETURN statistics(struct stmt *s, const struct strview *t, const struct call *c)
{
    const struct catalog_names n = names(t);

    return catalog_statistics(s, &n, c->first, c->second);
}

static SQLRETURN special_columns(struct stmt *s, const struct strview *t, const struct call *c)
{
    const struct catalog_names n = names(t);

    const struct special_columns w = {c->first, c->second, c->third};
    return catalog_special_columns(s, &n, &w);
}

static SQLRETURN table_privileges(struct stmt *s, const struct strview *t, const struct call *c)
{
    const struct catalog_names n = names(t);

    (void)c;
    return catalog_table_privileges(s, &n);
}

static SQLRETURN column_privileges(struct stmt *s, const struct strview *t, const struct call *c)
{
    const struct catalog_names n = names(t);

    (void)c;
    return catalog_column_privileges(s, &n, t[3]);
}

static SQLRETURN procedures(struct stmt *s, const struct strview *t, const struct call *c)
{
    const struct catalog_names n = names(t);

    (void)c;
    return catalog_procedures(s, &n);
}

static SQLRETURN procedure_columns(struct stmt *s, const struct strview *t, const struct call *c)
{
    const struct catalog_names n = names(t);

    (void)c;
    return catalog_procedure_columns(s, &n, t[3]);
}

static SQLRETURN foreign_keys(struct stmt *s, const struct strview *t, const struct call *c)
{
    const struct catalog_names primary = names(t);
    const struct catalog_names foreign = names(t + 3);

    (void)c;
    return catalog_foreign_keys(s, &primary, &foreign);
}

NEON_EXPORT SQLRETURN SQL_API SQLTables(SQLHSTMT h, SQLCHAR *catalog, SQLSMALLINT n1,
                                        SQLCHAR *schema, SQLSMALLINT n2, SQLCHAR *table,
                                        SQLSMALLINT n3, SQLCHAR *types, SQLSMALLINT n4)
{
    const struct call c = {
        {IN_A(catalog, n1), IN_A(schema, n2), IN_A(table, n3), IN_A(types, n4)}, 4, 0, 0, 0};
    return run(h, &c, "SQLTables", tables);
}

NEON_EXPORT SQLRETURN SQL_API SQLTablesW(SQLHSTMT h, SQLWCHAR *catalog, SQLSMALLINT n1,
                                         SQLWCHAR *schema, SQLSMALLINT n2, SQLWCHAR *table,
                                         SQLSMALLINT n3, SQLWCHAR *types, SQLSMALLINT n4)
{
    const struct call c = {
        {IN_W(catalog, n1), IN_W(schema, n2), IN_W(table, n3), IN_W(types, n4)}, 4, 0, 0, 0};
    return run(h, &c, "SQLTablesW", tables);
}

NEON_EXPORT SQLRETURN SQL_API SQLColumns(SQLHSTMT h, SQLCHAR *catalog, SQLSMALLINT n1,
                                         SQLCHAR *schema, SQLSMALLINT n2, SQLCHAR *table,
                                         SQLSMALLINT n3, SQLCHAR *column, SQLSMALLINT n4)
{
    const struct call c = {
        {IN_A(catalog, n1), IN_A(schema, n2), IN_A(table, n3), IN_A(column, n4)}, 4, 0, 0, 0};
    return run(h, &c, "SQLColumns", columns);
}

NEON_EXPORT SQLRETURN SQL_API SQLColumnsW(SQLHSTMT h, SQLWCHAR *catalog, SQLSMALLINT n1,
                                          SQLWCHAR *schema, SQLSMALLINT n2, SQLWCHAR *table,
                                          SQLSMALLINT n3, SQLWCHAR *column, SQLSMALLINT n4)
{
    const struct call c = {
        {IN_W(catalog, n1), IN_W(schema, n2), IN_W(table, n3), IN_W(column, n4)}, 4, 0, 0, 0};
    return run(h, &c, "SQLColumnsW", columns);
}

NEON_EXPORT SQLRETURN SQL_API SQLPrimaryKeys(SQLHSTMT h, SQLCHAR *catalog, SQLSMALLINT n1,
                                             SQLCHAR *schema, SQLSMALLINT n2, SQLCHAR *table,
                                             SQLSMALLINT n3)
{
    const struct call c = {{IN_A(catalog, n1), IN_A(schema, n2), IN_A(table, n3)}, 3, 0, 0, 0};
    return run(h, &c, "SQLPrimaryKeys", primary_keys);
}

NEON_EXPORT SQLRETURN SQL_API SQLPrimaryKeysW(SQLHSTMT h, SQLWCHAR *catalog, SQLSMALLINT n1,
                                              SQLWCHAR *schema, SQLSMALLINT n2, SQLWCHAR *table,
                                              SQLSMALLINT n3)
{
    const struct call c = {{IN_W(catalog, n1), IN_W(schema, n2), IN_W(table, n3)}, 3, 0, 0, 0};
    return run(h, &c, "SQLPrimaryKeysW", primary_keys);
}

NEON_EXPORT SQLRETURN SQL_API SQLForeignKeys(SQLHSTMT h, SQLCHAR *pk_catalog, SQLSMALLINT n1,
                                             SQLCHAR *pk_schema, SQLSMALLINT n2, SQLCHAR *pk_table,
                                             SQLSMALLINT n3, SQLCHAR *fk_catalog, SQLSMALLINT n4,
                                             SQLCHAR *fk_schema, SQLSMALLINT n5, SQLCHAR *fk_table,
                                             SQLSMALLINT n6)
{
    const struct call c = {{IN_A(pk_catalog, n1), IN_A(pk_schema, n2), IN_A(pk_table, n3),
                            IN_A(fk_catalog, n4), IN_A(fk_schema, n5), IN_A(fk_table, n6)},
                           6,
                           0,
                           0,
                           0};
    return run(h, &c, "SQLForeignKeys", foreign_keys);
}

NEON_EXPORT SQLRETURN SQL_API SQLForeignKeysW(SQLHSTMT h, SQLWCHAR *pk_catalog, SQLSMALLINT n1,
                                              SQLWCHAR *pk_schema, SQLSMALLINT n2,
                                              SQLWCHAR *pk_table, SQLSMALLINT n3,
                                              SQLWCHAR *fk_catalog, SQLSMALLINT n4,
                                              SQLWCHAR *fk_schema, SQLSMALLINT n5,
                                              SQLWCHAR *fk_table, SQLSMALLINT n6)
{
    const struct call c = {{IN_W(pk_catalog, n1), IN_W(pk_schema, n2), IN_W(pk_table, n3),
                            IN_W(fk_catalog, n4), IN_W(fk_schema, n5), IN_W(fk_table, n6)},
                           6,
                           0,
                           0,
                           0};
    return run(h, &c, "SQLForeignKeysW", foreign_keys);
}

NEON_EXPORT SQLRETURN SQL_API SQLStatistics(SQLHSTMT h, SQLCHAR *catalog, SQLSMALLINT n1,
                                            SQLCHAR *schema, SQLSMALLINT n2, SQLCHAR *table,
                                            SQLSMALLINT n3, SQLUSMALLINT unique,
                                            SQLUSMALLINT accuracy)
{
    const struct call c = {
        {IN_A(catalog, n1), IN_A(schema, n2), IN_A(table, n3)}, 3, unique, accuracy, 0};
    return run(h, &c, "SQLStatistics", statistics);
}

NEON_EXPORT SQLRETURN SQL_API SQLStatisticsW(SQLHSTMT h, SQLWCHAR *catalog, SQLSMALLINT n1,
                                             SQLWCHAR *schema, SQLSMALLINT n2, SQLWCHAR *table,
                                             SQLSMALLINT n3, SQLUSMALLINT unique,
                                             SQLUSMALLINT accuracy)
{
    const struct call c = {
        {IN_W(catalog, n1), IN_W(schema, n2), IN_W(table, n3)}, 3, unique, accuracy, 0};
    return run(h, &c, "SQLStatisticsW", statistics);
}

NEON_EXPORT SQLRETURN SQL_API SQLSpecialColumns(SQLHSTMT h, SQLUSMALLINT identifier,
                                                SQLCHAR *catalog, SQLSMALLINT n1, SQLCHAR *schema,
                                                SQLSMALLINT n2, SQLCHAR *table, SQLSMALLINT n3,
                                                SQLUSMALLINT scope, SQLUSMALLINT nullable)
{
    const struct call c = {
        {IN_A(catalog, n1), IN_A(schema, n2), IN_A(table, n3)}, 3, identifier, scope, nullable};
    return run(h, &c, "SQLSpecialColumns", special_columns);
}

NEON_EXPORT SQLRETURN SQL_API SQLSpecialColumnsW(SQLHSTMT h, SQLUSMALLINT identifier,
                                                 SQLWCHAR *catalog, SQLSMALLINT n1,
                                                 SQLWCHAR *schema, SQLSMALLINT n2, SQLWCHAR *table,
                                                 SQLSMALLINT n3, SQLUSMALLINT scope,
                                                 SQLUSMALLINT nullable)
{
    const struct call c = {
        {IN_W(catalog, n1), IN_W(schema, n2), IN_W(table, n3)}, 3, identifier, scope, nullable};
    return run(h, &c, "SQLSpecialColumnsW", special_columns);
}

NEON_EXPORT SQLRETURN SQL_API SQLTablePrivileges(SQLHSTMT h, SQLCHAR *catalog, SQLSMALLINT n1,
                                                 SQLCHAR *schema, SQLSMALLINT n2, SQLCHAR *table,
                                                 SQLSMALLINT n3)
{
    const struct call c = {{IN_A(catalog, n1), IN_A(schema, n2), IN_A(table, n3)}, 3, 0, 0, 0};
    return run(h, &c, "SQLTablePrivileges", table_privileges);
}

NEON_EXPORT SQLRETURN SQL_API SQLTablePrivilegesW(SQLHSTMT h, SQLWCHAR *catalog, SQLSMALLINT n1,
                                                  SQLWCHAR *schema, SQLSMALLINT n2, SQLWCHAR *table,
                                                  SQLSMALLINT n3)
{
    const struct call c = {{IN_W(catalog, n1), IN_W(schema, n2), IN_W(table, n3)}, 3, 0, 0, 0};
    return run(h, &c, "SQLTablePrivilegesW", table_privileges);
}

NEON_EXPORT SQLRETURN SQL_API SQLColumnPrivileges(SQLHSTMT h, SQLCHAR *catalog, SQLSMALLINT n1,
                                                  SQLCHAR *schema, SQLSMALLINT n2, SQLCHAR *table,
                                                  SQLSMALLINT n3, SQLCHAR *column, SQLSMALLINT n4)
{
    const struct call c = {
        {IN_A(catalog, n1), IN_A(schema, n2), IN_A(table, n3), IN_A(column, n4)}, 4, 0, 0, 0};
    return run(h, &c, "SQLColumnPrivileges", column_privileges);
}

NEON_EXPORT SQLRETURN SQL_API SQLColumnPrivilegesW(SQLHSTMT h, SQLWCHAR *catalog, SQLSMALLINT n1,
                                                   SQLWCHAR *schema, SQLSMALLINT n2,
                                                   SQLWCHAR *table, SQLSMALLINT n3,
                                                   SQLWCHAR *column, SQLSMALLINT n4)
{
    const struct call c = {
        {IN_W(catalog, n1), IN_W(schema, n2), IN_W(table, n3), IN_W(column, n4)}, 4, 0, 0, 0};
    return run(h, &c, "SQLColumnPrivilegesW", column_privileges);
}

NEON_EXPORT SQLRETURN SQL_API SQLProcedures(SQLHSTMT h, SQLCHAR *catalog, SQLSMALLINT n1,
                                            SQLCHAR *schema, SQLSMALLINT n2, SQLCHAR *procedure,
                                            SQLSMALLINT n3)
{
    const struct call c = {{IN_A(catalog, n1), IN_A(schema, n2), IN_A(procedure, n3)}, 3, 0, 0, 0};
    return run(h, &c, "SQLProcedures", procedures);
}

NEON_EXPORT SQLRETURN SQL_API SQLProceduresW(SQLHSTMT h, SQLWCHAR *catalog, SQLSMALLINT n1,
                                             SQLWCHAR *schema, SQLSMALLINT n2, SQLWCHAR *procedure,
                                             SQLSMALLINT n3)
{
    const struct call c = {{IN_W(catalog, n1), IN_W(schema, n2), IN_W(procedure, n3)}, 3, 0, 0, 0};
    return run(h, &c, "SQLProceduresW", procedures);
}

NEON_EXPORT SQLRETURN SQL_API SQLProcedureColumns(SQLHSTMT h, SQLCHAR *catalog, SQLSMALLINT n1,
                                                  SQLCHAR *schema, SQLSMALLINT n2,
                                                  SQLCHAR *procedure, SQLSMALLINT n3,
                                                  SQLCHAR *column, SQLSMALLINT n4)
{
    const struct call c = {
        {IN_A(catalog, n1), IN_A(schema, n2), IN_A(procedure, n3), IN_A(column, n4)}, 4, 0, 0, 0};
    return run(h, &c, "SQLProcedureColumns", procedure_columns);
}

NEON_EXPORT SQLRETURN SQL_API SQLProcedureColumnsW(SQLHSTMT h, SQLWCHAR *catalog, SQLSMALLINT n1,
                                                   SQLWCHAR *schema, SQLSMALLINT n2,
                                                   SQLWCHAR *procedure, SQLSMALLINT n3,
                                                   SQLWCHAR *column, SQLSMALLINT n4)
{
    const struct call c = {
        {IN_W(catalog, n1), IN_W(schema, n2), IN_W(procedure, n3), IN_W(column, n4)}, 4, 0, 0, 0};
    return run(h, &c, "SQLProcedureColumnsW", procedure_columns);
}
