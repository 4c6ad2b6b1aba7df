/* Replays what BI programs that are not to be had here call, as their makers document it. Prints
 * TAP; built and called by bi_calls.sh. */
#include <sql.h>
#include <sqlext.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 50

static int count, failures;

static bool check(const char *name, bool good, const char *detail)
{
    printf("%sok %d - %s\n", good ? "" : "not ", ++count, name);
    if (!good)
        printf("# %s\n", detail);
    failures += !good;
    return good;
}

static const char *state_of(SQLSMALLINT type, SQLHANDLE h)
{
    static char text[600];
    SQLCHAR state[6] = "", message[500] = "";

    SQLGetDiagRec(type, h, 1, state, NULL, message, sizeof message, NULL);
    snprintf(text, sizeof text, "%s %s", (char *)state, (char *)message);
    return text;
}

static SQLHDBC connected(const char *who, SQLHENV *env, SQLULEN version, const char *more,
                         SQLUSMALLINT completion)
{
    char connstr[400];
    SQLHDBC dbc = NULL;
    bool ok;

    SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, env);
    SQLSetEnvAttr(*env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)version, 0);
    SQLAllocHandle(SQL_HANDLE_DBC, *env, &dbc);
    SQLSetConnectAttr(dbc, SQL_ATTR_LOGIN_TIMEOUT, (SQLPOINTER)15, 0);
    snprintf(connstr, sizeof connstr, "DSN=%s;%s", getenv("CLIENT_DSN"), more);
    ok = SQL_SUCCEEDED(
        SQLDriverConnect(dbc, NULL, (SQLCHAR *)connstr, SQL_NTS, NULL, 0, NULL, completion));
    if (!check(who, ok, state_of(SQL_HANDLE_DBC, dbc)))
        exit(1);
    return dbc;
}

static void disconnect(SQLHENV env, SQLHDBC dbc)
{
    SQLDisconnect(dbc);
    SQLFreeHandle(SQL_HANDLE_DBC, dbc);
    SQLFreeHandle(SQL_HANDLE_ENV, env);
}

static SQLHSTMT statement(SQLHDBC dbc)
{
    SQLHSTMT stmt = NULL;

    SQLAllocHandle(SQL_HANDLE_STMT, dbc, &stmt);
    return stmt;
}

static bool works(SQLHDBC dbc, const char *sql)
{
    SQLHSTMT stmt = statement(dbc);
    bool ok = SQL_SUCCEEDED(SQLExecDirect(stmt, (SQLCHAR *)sql, SQL_NTS));

    if (!ok)
        printf("# %s\n# %s\n", sql, state_of(SQL_HANDLE_STMT, stmt));
    SQLFreeHandle(SQL_HANDLE_STMT, stmt);
    return ok;
}

static int rows_of(SQLHSTMT stmt)
{
    int n = 0;

    while (SQL_SUCCEEDED(SQLFetch(stmt)))
        n++;
    SQLCloseCursor(stmt);
    return n;
}

/* Every item that ODBC 3 knows, as both ask most of them. */
static void ask_everything(const char *who, SQLHDBC dbc)
{
    char text[1000], name[100];
    SQLUSMALLINT functions[SQL_API_ODBC3_ALL_FUNCTIONS_SIZE];
    int answered = 0;

    for (SQLUSMALLINT item = 0; item < 175; item++) {
        if (item == SQL_DRIVER_HSTMT || item == SQL_DRIVER_HDESC)
            continue; /* these take a handle */
        answered += SQL_SUCCEEDED(SQLGetInfo(dbc, item, text, sizeof text, NULL));
    }
    for (SQLUSMALLINT item = 10000; item < 10030; item++)
        answered += SQL_SUCCEEDED(SQLGetInfo(dbc, item, text, sizeof text, NULL));
    snprintf(name, sizeof name, "%s: the driver's information", who);
    snprintf(text, sizeof text, "%d items are answered", answered);
    check(name, answered > 150, text);
    snprintf(name, sizeof name, "%s: the driver's functions", who);
    check(name,
          SQL_SUCCEEDED(SQLGetFunctions(dbc, SQL_API_ODBC3_ALL_FUNCTIONS, functions)) &&
              SQL_FUNC_EXISTS(functions, SQL_API_SQLFOREIGNKEYS),
          "");
}

/* ---- Tableau, "Other Databases (ODBC)" ---- */

/* What is tried out may fail, but as an ordinary error, after which the connection goes on. */
static void try_out(SQLHDBC dbc)
{
    static const char *const probes[] = {
        "CREATE LOCAL TEMPORARY TABLE \"#Tableau_1_Connect\" (\"COL\" INTEGER)",
        "CREATE GLOBAL TEMPORARY TABLE \"#Tableau_2_Connect\" (\"COL\" INTEGER)",
        "SELECT * INTO \"#Tableau_3_Connect\" FROM (SELECT 1 AS COL) AS CHECKTEMP",
        "SELECT TOP 1 * FROM \"public\".\"customers\"",
        "SELECT * FROM \"public\".\"customers\" LIMIT 1",
        "SELECT 1 FROM (SELECT 1 AS \"COL\") AS \"SUBQUERY\"",
        "SELECT \"SUBCOL\" AS \"COL\" FROM (SELECT 1 AS \"SUBCOL\") \"SUBQUERY\" GROUP BY 1",
        "SELECT {fn CONVERT(\"id\", SQL_BIGINT)}, {fn CONVERT(NULL, SQL_WVARCHAR)} FROM "
        "\"public\".\"customers\" WHERE 1=0",
        "SELECT * FROM \"public\".\"no such table\"",
        "DROP TABLE \"#Tableau_1_Connect\"",
        "DROP TABLE \"#Tableau_3_Connect\"",
    };
    bool ok = true;

    for (size_t i = 0; i < sizeof probes / sizeof *probes; i++) {
        SQLHSTMT stmt = statement(dbc);
        if (!SQL_SUCCEEDED(SQLExecDirect(stmt, (SQLCHAR *)probes[i], SQL_NTS))) {
            const char *state = state_of(SQL_HANDLE_STMT, stmt);
            bool ordinary = strncmp(state, "08", 2) != 0 && state[0] != ' ';
            printf("# %s: %s\n", probes[i], state);
            ok = ok && ordinary;
        }
        SQLFreeHandle(SQL_HANDLE_STMT, stmt);
        ok = ok && works(dbc, "SELECT 1");
    }
    check("Tableau: what it tries out works or is an ordinary error", ok, "");
}

static void read_in_blocks(SQLHDBC dbc)
{
    static SQLWCHAR names[ROWS][101];
    static SQLLEN lens[ROWS], ids_lens[ROWS];
    static SQLINTEGER ids[ROWS];
    SQLHSTMT stmt = statement(dbc);
    SQLSMALLINT columns = 0, type = 0;
    SQLULEN fetched = 0, total = 0, size = 0;
    SQLCHAR name[100];
    SQLINTEGER dead = SQL_CD_TRUE;

    SQLPrepare(
        stmt,
        (SQLCHAR *)"SELECT \"customers\".\"id\" AS \"id\", \"customers\".\"name\" AS \"name\" FROM "
                   "\"public\".\"customers\" \"customers\" ORDER BY 1",
        SQL_NTS);
    SQLNumResultCols(stmt, &columns);
    SQLDescribeCol(stmt, 2, name, sizeof name, NULL, &type, &size, NULL, NULL);
    check("Tableau: a prepared query is described before it runs",
          columns == 2 && type == SQL_WVARCHAR && size > 0 && size <= 65536,
          state_of(SQL_HANDLE_STMT, stmt));
    SQLSetStmtAttr(stmt, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)ROWS, 0);
    SQLSetStmtAttr(stmt, SQL_ATTR_ROWS_FETCHED_PTR, &fetched, 0);
    SQLBindCol(stmt, 1, SQL_C_LONG, ids, sizeof ids[0], ids_lens);
    SQLBindCol(stmt, 2, SQL_C_WCHAR, names, sizeof names[0], lens);
    SQLExecute(stmt);
    while (SQL_SUCCEEDED(SQLFetch(stmt)))
        total += fetched;
    check("Tableau: an extract in blocks", total >= 200, state_of(SQL_HANDLE_STMT, stmt));
    SQLFreeHandle(SQL_HANDLE_STMT, stmt);
    SQLGetConnectAttr(dbc, SQL_ATTR_CONNECTION_DEAD, &dead, 0, NULL);
    check("Tableau: the connection is alive", dead == SQL_CD_FALSE, "");
}

static void keys_and_columns(const char *who, SQLHDBC dbc)
{
    SQLHSTMT stmt = statement(dbc);
    SQLCHAR *schema = (SQLCHAR *)"public", *table = (SQLCHAR *)"orders";
    char name[100];
    int columns, primary, foreign;

    SQLColumns(stmt, NULL, 0, schema, SQL_NTS, table, SQL_NTS, (SQLCHAR *)"%", SQL_NTS);
    columns = rows_of(stmt);
    SQLPrimaryKeys(stmt, NULL, 0, schema, SQL_NTS, table, SQL_NTS);
    primary = rows_of(stmt);
    SQLForeignKeys(stmt, NULL, 0, NULL, 0, NULL, 0, NULL, 0, schema, SQL_NTS, table, SQL_NTS);
    foreign = rows_of(stmt);
    snprintf(name, sizeof name, "%s: columns and keys of a table", who);
    check(name, columns > 2 && primary == 1 && foreign >= 1, state_of(SQL_HANDLE_STMT, stmt));
    SQLFreeHandle(SQL_HANDLE_STMT, stmt);
}

static void tableau(void)
{
    SQLHENV env;
    SQLHDBC dbc = connected("Tableau: connects", &env, SQL_OV_ODBC3, "", SQL_DRIVER_NOPROMPT);

    ask_everything("Tableau", dbc);
    try_out(dbc);
    keys_and_columns("Tableau", dbc);
    read_in_blocks(dbc);
    check("Tableau: an isolation level while idle",
          SQL_SUCCEEDED(SQLSetConnectAttr(dbc, SQL_ATTR_TXN_ISOLATION,
                                          (SQLPOINTER)SQL_TXN_READ_COMMITTED, 0)),
          "");
    disconnect(env, dbc);
}

/* ---- Power Query: Power BI and Excel ---- */

struct type_name {
    SQLSMALLINT type;
    char name[64];
};

/* Each column's type has to be found in SQLGetTypeInfo, or it is shown as binary. */
static void types_join(SQLHDBC dbc)
{
    static struct type_name known[200];
    SQLHSTMT stmt = statement(dbc);
    size_t n = 0;
    bool ok = true;
    struct type_name t;

    SQLGetTypeInfo(stmt, SQL_ALL_TYPES);
    for (; n < 200 && SQL_SUCCEEDED(SQLFetch(stmt)); n++) {
        SQLGetData(stmt, 1, SQL_C_CHAR, known[n].name, sizeof known[n].name, NULL);
        SQLGetData(stmt, 2, SQL_C_SHORT, &known[n].type, 0, NULL);
    }
    SQLCloseCursor(stmt);
    SQLColumns(stmt, NULL, 0, (SQLCHAR *)"public", SQL_NTS, (SQLCHAR *)"%", SQL_NTS, NULL, 0);
    while (SQL_SUCCEEDED(SQLFetch(stmt))) {
        bool found = false;
        SQLGetData(stmt, 5, SQL_C_SHORT, &t.type, 0, NULL);
        SQLGetData(stmt, 6, SQL_C_CHAR, t.name, sizeof t.name, NULL);
        for (size_t i = 0; i < n; i++)
            found = found || known[i].type == t.type;
        if (!found)
            printf("# %s (%d) is not in SQLGetTypeInfo\n", t.name, t.type);
        ok = ok && found;
    }
    check("Power Query: each column's type is in SQLGetTypeInfo", ok && n > 10, "");
    SQLFreeHandle(SQL_HANDLE_STMT, stmt);
}

static void navigator(SQLHDBC dbc)
{
    SQLHSTMT stmt = statement(dbc);
    SQLCHAR *all = (SQLCHAR *)"%", *none = (SQLCHAR *)"";
    int catalogs, schemas, types, tables;

    SQLTables(stmt, all, SQL_NTS, none, SQL_NTS, none, SQL_NTS, none, SQL_NTS);
    catalogs = rows_of(stmt);
    SQLTables(stmt, none, SQL_NTS, all, SQL_NTS, none, SQL_NTS, none, SQL_NTS);
    schemas = rows_of(stmt);
    SQLTables(stmt, none, SQL_NTS, none, SQL_NTS, none, SQL_NTS, all, SQL_NTS);
    types = rows_of(stmt);
    SQLTables(stmt, (SQLCHAR *)getenv("NEON_TEST_DATABASE"), SQL_NTS, (SQLCHAR *)"public", SQL_NTS,
              NULL, 0, (SQLCHAR *)"TABLE,VIEW", SQL_NTS);
    tables = rows_of(stmt);
    check("Power Query: the navigator's catalogs, schemas, types, tables",
          catalogs >= 1 && schemas >= 1 && types >= 2 && tables >= 4,
          state_of(SQL_HANDLE_STMT, stmt));
    SQLFreeHandle(SQL_HANDLE_STMT, stmt);
}

static void folded(SQLHDBC dbc)
{
    SQLHSTMT stmt = statement(dbc);
    SQLWCHAR text[100];
    SQLBIGINT n = 0;
    SQLLEN len = 0;

    SQLSetStmtAttr(stmt, SQL_ATTR_QUERY_TIMEOUT, (SQLPOINTER)600, 0);
    SQLExecDirect(stmt,
                  (SQLCHAR *)"select \"rows\".\"country\" as \"country\", count(1) as \"n\" from "
                             "(select \"_\".\"id\", \"_\".\"country\" "
                             "from \"shop\".\"public\".\"customers\" \"_\" where \"_\".\"credit\" "
                             "> 10.5 and \"_\".\"created_at\" >= "
                             "{ts '2020-01-01 00:00:00'} and (\"_\".\"name\" <> 'x' or "
                             "\"_\".\"name\" is null)) \"rows\" group by \"country\"",
                  SQL_NTS);
    check("Power Query: a folded filter and group",
          SQL_SUCCEEDED(SQLFetch(stmt)) &&
              SQL_SUCCEEDED(SQLGetData(stmt, 2, SQL_C_SBIGINT, &n, 0, NULL)) &&
              SQL_SUCCEEDED(SQLGetData(stmt, 1, SQL_C_WCHAR, text, sizeof text, &len)) && n > 0 &&
              len == 4,
          state_of(SQL_HANDLE_STMT, stmt));
    SQLCancel(stmt);
    check("Power Query: and it goes on behind a cancel",
          SQL_SUCCEEDED(SQLFreeStmt(stmt, SQL_CLOSE)) && works(dbc, "select 1"), "");
    SQLFreeHandle(SQL_HANDLE_STMT, stmt);
}

static void power_query(void)
{
    char login[200], *end = login;
    SQLHENV env;
    SQLHDBC dbc;

    end += sprintf(end, "UID=%.60s;PWD={", getenv("NEON_TEST_USER"));
    for (const char *c = getenv("NEON_TEST_PASSWORD"); *c != '\0' && end < login + 190; c++)
        end += sprintf(end, *c == '}' ? "}}" : "%c", *c);
    strcpy(end, "}");
    dbc = connected("Power Query: connects, with the login behind the data source", &env,
                    SQL_OV_ODBC3_80, login, SQL_DRIVER_NOPROMPT);
    ask_everything("Power Query", dbc);
    navigator(dbc);
    types_join(dbc);
    keys_and_columns("Power Query", dbc);
    folded(dbc);
    disconnect(env, dbc);
}

/* ---- Microsoft Query: ODBC 2 ---- */

static void microsoft_query(void)
{
    SQLHENV env;
    SQLHDBC dbc = connected("Microsoft Query: connects without a window when nothing is missing",
                            &env, SQL_OV_ODBC2, "", SQL_DRIVER_COMPLETE_REQUIRED);
    SQLHSTMT stmt = statement(dbc);
    SQLUSMALLINT status[ROWS];
    SQLULEN rows = 0;
    char id[20] = "";
    SQLLEN len;

    SQLTables(stmt, NULL, 0, NULL, 0, NULL, 0, (SQLCHAR *)"'TABLE','VIEW','SYNONYM'", SQL_NTS);
    check("Microsoft Query: tables", rows_of(stmt) >= 4, state_of(SQL_HANDLE_STMT, stmt));
    SQLSetStmtOption(stmt, SQL_CURSOR_TYPE, SQL_CURSOR_STATIC);
    SQLSetStmtOption(stmt, SQL_ROWSET_SIZE, 1);
    SQLExecDirect(stmt,
                  (SQLCHAR *)"SELECT customers.id, customers.name FROM public.customers customers "
                             "ORDER BY customers.id",
                  SQL_NTS);
    check("Microsoft Query: the last row of a scrolled result",
          SQL_SUCCEEDED(SQLExtendedFetch(stmt, SQL_FETCH_LAST, 0, &rows, status)) &&
              SQL_SUCCEEDED(SQLGetData(stmt, 1, SQL_C_CHAR, id, sizeof id, &len)) &&
              atoi(id) >= 200,
          state_of(SQL_HANDLE_STMT, stmt));
    SQLFreeHandle(SQL_HANDLE_STMT, stmt);
    stmt = statement(dbc);
    SQLExecDirect(stmt, (SQLCHAR *)"SELECT * FROM no_such_table", SQL_NTS);
    check("Microsoft Query: errors have the states of ODBC 2",
          strncmp(state_of(SQL_HANDLE_STMT, stmt), "S0002", 5) == 0,
          state_of(SQL_HANDLE_STMT, stmt));
    SQLFreeHandle(SQL_HANDLE_STMT, stmt);
    disconnect(env, dbc);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    tableau();
    power_query();
    microsoft_query();
    printf("1..%d\n", count);
    return failures != 0;
}
