/* Calls of the catalog functions and their results as text. */
#include "catalog_calls.h"

static const char *const function_names[] = {
    "SQLTables",     "SQLColumns",          "SQLPrimaryKeys",     "SQLForeignKeys",
    "SQLStatistics", "SQLSpecialColumns",   "SQLTablePrivileges", "SQLColumnPrivileges",
    "SQLProcedures", "SQLProcedureColumns",
};

#define A(i) (SQLCHAR *)(uintptr_t)c->t[i], SQL_NTS
SQLRETURN call_narrow(SQLHSTMT s, const struct call *c)
{
    switch (c->f) {
    case TABLES:
        return SQLTables(s, A(0), A(1), A(2), A(3));
    case COLUMNS:
        return SQLColumns(s, A(0), A(1), A(2), A(3));
    case PRIMARY_KEYS:
        return SQLPrimaryKeys(s, A(0), A(1), A(2));
    case FOREIGN_KEYS:
        return SQLForeignKeys(s, A(0), A(1), A(2), A(3), A(4), A(5));
    case STATISTICS:
        return SQLStatistics(s, A(0), A(1), A(2), c->first, c->second);
    case SPECIAL_COLUMNS:
        return SQLSpecialColumns(s, c->first, A(0), A(1), A(2), c->second, c->third);
    case TABLE_PRIVILEGES:
        return SQLTablePrivileges(s, A(0), A(1), A(2));
    case COLUMN_PRIVILEGES:
        return SQLColumnPrivileges(s, A(0), A(1), A(2), A(3));
    case PROCEDURES:
        return SQLProcedures(s, A(0), A(1), A(2));
    case PROCEDURE_COLUMNS:
    default:
        return SQLProcedureColumns(s, A(0), A(1), A(2), A(3));
    }
}
#undef A

/* UTF-8 to SQLWCHAR, terminated. */
static size_t widen(const char *text, SQLWCHAR *out)
{
    size_t n = 0;
    const unsigned char *p = (const unsigned char *)text;

    while (*p != 0) {
        uint32_t c = *p++;
        int more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC0 ? 1 : 0;
        c = more == 3 ? c & 7 : more == 2 ? c & 15 : more == 1 ? c & 31 : c;
        while (more-- > 0)
            c = c << 6 | (*p++ & 63);
        if (sizeof(SQLWCHAR) == 2 && c > 0xFFFF) {
            out[n++] = (SQLWCHAR)(0xD800 + ((c - 0x10000) >> 10));
            out[n++] = (SQLWCHAR)(0xDC00 + (c & 0x3FF));
        } else {
            out[n++] = (SQLWCHAR)c;
        }
    }
    out[n] = 0;
    return n;
}

/* The wide names, with explicit lengths. */
SQLRETURN call_wide(SQLHSTMT s, const struct call *c)
{
    static SQLWCHAR room[6][256];
    SQLWCHAR *w[6] = {NULL};
    SQLSMALLINT n[6] = {0};

    for (size_t i = 0; i < 6; i++)
        if (c->t[i] != NULL) {
            w[i] = room[i];
            n[i] = (SQLSMALLINT)widen(c->t[i], room[i]);
        }
    switch (c->f) {
    case TABLES:
        return SQLTablesW(s, w[0], n[0], w[1], n[1], w[2], n[2], w[3], n[3]);
    case COLUMNS:
        return SQLColumnsW(s, w[0], n[0], w[1], n[1], w[2], n[2], w[3], n[3]);
    case PRIMARY_KEYS:
        return SQLPrimaryKeysW(s, w[0], n[0], w[1], n[1], w[2], n[2]);
    case FOREIGN_KEYS:
        return SQLForeignKeysW(s, w[0], n[0], w[1], n[1], w[2], n[2], w[3], n[3], w[4], n[4], w[5],
                               n[5]);
    case STATISTICS:
        return SQLStatisticsW(s, w[0], n[0], w[1], n[1], w[2], n[2], c->first, c->second);
    case SPECIAL_COLUMNS:
        return SQLSpecialColumnsW(s, c->first, w[0], n[0], w[1], n[1], w[2], n[2], c->second,
                                  c->third);
    case TABLE_PRIVILEGES:
        return SQLTablePrivilegesW(s, w[0], n[0], w[1], n[1], w[2], n[2]);
    case COLUMN_PRIVILEGES:
        return SQLColumnPrivilegesW(s, w[0], n[0], w[1], n[1], w[2], n[2], w[3], n[3]);
    case PROCEDURES:
        return SQLProceduresW(s, w[0], n[0], w[1], n[1], w[2], n[2]);
    case PROCEDURE_COLUMNS:
    default:
        return SQLProcedureColumnsW(s, w[0], n[0], w[1], n[1], w[2], n[2], w[3], n[3]);
    }
}

/* ---- rendering ---- */

void put(struct text *t, const char *s)
{
    size_t n = strlen(s);

    if (t->len + n + 1 > t->cap) {
        t->cap = (t->len + n + 1) * 2;
        t->data = realloc(t->data, t->cap);
        assert_non_null(t->data);
    }
    memcpy(t->data + t->len, s, n + 1);
    t->len += n;
}

/* OIDs differ from run to run. */
static void mask_specific_name(char *value)
{
    char *last = strrchr(value, '_');

    if (last != NULL)
        strcpy(last, "_OID");
}

/* What PostgreSQL 17 added to the privileges of an owner is asserted apart. */
static bool is_maintain(const char *line)
{
    return strstr(line, "|MAINTAIN|") != NULL;
}

static void put_row(SQLHSTMT s, SQLSMALLINT n, char names[][64], struct text *out)
{
    char line[8192] = "";

    for (SQLUSMALLINT i = 1; i <= n; i++) {
        char value[1024];
        SQLLEN ind;
        assert_stmt_ok(s, SQLGetData(s, i, SQL_C_CHAR, value, sizeof value, &ind));
        if (ind == SQL_NULL_DATA)
            strcpy(value, "~");
        else if (strcmp(names[i - 1], "SPECIFIC_NAME") == 0)
            mask_specific_name(value);
        strcat(line, i > 1 ? "|" : "");
        strcat(line, value);
    }
    strcat(line, "\n");
    if (!is_maintain(line))
        put(out, line);
}

/* Header and rows of the open result. */
void render(SQLHSTMT s, struct text *out)
{
    char names[32][64];
    SQLSMALLINT n;

    assert_stmt_ok(s, SQLNumResultCols(s, &n));
    assert_true(n <= 32);
    for (SQLUSMALLINT i = 1; i <= n; i++) {
        assert_stmt_ok(s, SQLDescribeCol(s, i, (SQLCHAR *)names[i - 1], sizeof names[0], NULL, NULL,
                                         NULL, NULL, NULL));
        put(out, i > 1 ? "|" : "");
        put(out, names[i - 1]);
    }
    put(out, "\n");
    while (SQLFetch(s) == SQL_SUCCESS)
        put_row(s, n, names, out);
    assert_stmt_ok(s, SQLFreeStmt(s, SQL_CLOSE));
}

void put_call(const struct call *c, struct text *out)
{
    static const size_t n_texts[] = {4, 4, 3, 6, 3, 3, 3, 4, 3, 4};
    char number[64];

    put(out, "== ");
    put(out, function_names[c->f]);
    for (size_t i = 0; i < n_texts[c->f]; i++) {
        put(out, c->t[i] != NULL ? " [" : " NULL");
        put(out, c->t[i] != NULL ? c->t[i] : "");
        put(out, c->t[i] != NULL ? "]" : "");
    }
    if (c->f == STATISTICS || c->f == SPECIAL_COLUMNS) {
        snprintf(number, sizeof number, " %d %d %d", c->first, c->second, c->third);
        put(out, number);
    }
    put(out, "\n");
}

/* ---- fixtures ---- */

int load_schema(void **state)
{
    char command[1024];

    (void)state;
    snprintf(command, sizeof command, "\\i '%s/tests/data/catalog/schema.sql'",
             test_env("NEON_TEST_SRCDIR"));
    pg_admin(command);
    return 0;
}

int drop_schema(void **state)
{
    (void)state;
    pg_admin("set client_min_messages = error; "
             "drop schema zoo, \"Odd \"\"zoo\", \"zoo_x\", \"zoo%x\" cascade; "
             "drop foreign data wrapper zoo_wrapper cascade");
    return 0;
}
