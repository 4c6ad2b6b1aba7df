/* The wide functions through iODBC, whose SQLWCHAR is wchar_t: connect, parameters and results as
 * SQL_C_WCHAR, names, tables, diagnostics. Prints "ok NAME" or "not ok NAME" for each; built and
 * called by iodbc.sh. */
#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

_Static_assert(sizeof(SQLWCHAR) == 4, "iODBC's SQLWCHAR has four bytes here");

static bool failed;

static void check(const char *name, bool good)
{
    printf("%s %s\n", good ? "ok" : "not ok", name);
    failed |= !good;
}

static void wide_error(SQLSMALLINT type, SQLHANDLE h, SQLWCHAR *state, SQLWCHAR *text, size_t cap)
{
    SQLINTEGER native = 0;
    SQLSMALLINT len = 0;

    state[0] = text[0] = 0;
    SQLGetDiagRecW(type, h, 1, state, &native, text, (SQLSMALLINT)cap, &len);
}

static void run(SQLHDBC dbc)
{
    static const wchar_t name[] = L"Zoë, 山田, \U0001d4b3";
    wchar_t text[200] = L"", state[6], message[500];
    SQLLEN ind = SQL_NTS, got = 0;
    SQLSMALLINT len = 0, type = 0, scale = 0, nullable = 0;
    SQLULEN size = 0;
    SQLHSTMT stmt;

    SQLAllocHandle(SQL_HANDLE_STMT, dbc, &stmt);
    check("iODBC: prepare",
          SQL_SUCCEEDED(SQLPrepareW(stmt, L"select ?::text as \"Größe\", length(?)", SQL_NTS)));
    SQLBindParameter(stmt, 1, SQL_PARAM_INPUT, SQL_C_WCHAR, SQL_WVARCHAR, 100, 0, (SQLPOINTER)name,
                     0, &ind);
    SQLBindParameter(stmt, 2, SQL_PARAM_INPUT, SQL_C_WCHAR, SQL_WVARCHAR, 100, 0, (SQLPOINTER)name,
                     0, &ind);
    check("iODBC: execute with wide parameters", SQL_SUCCEEDED(SQLExecute(stmt)));
    SQLDescribeColW(stmt, 1, text, 200, &len, &type, &size, &scale, &nullable);
    check("iODBC: a column's name", wcscmp(text, L"Größe") == 0 && len == 5);
    check("iODBC: fetch", SQL_SUCCEEDED(SQLFetch(stmt)));
    check("iODBC: wide text comes back",
          SQL_SUCCEEDED(SQLGetData(stmt, 1, SQL_C_WCHAR, text, sizeof text, &got)) &&
              wcscmp(text, name) == 0 && got == (SQLLEN)(wcslen(name) * sizeof(SQLWCHAR)));
    SQLGetData(stmt, 2, SQL_C_WCHAR, text, sizeof text, &got);
    check("iODBC: and the server counts the same characters",
          wcstol(text, NULL, 10) == (long)wcslen(name));
    SQLFreeStmt(stmt, SQL_CLOSE);
    SQLFreeStmt(stmt, SQL_RESET_PARAMS);

    SQLExecDirectW(stmt, L"select repeat('ü', 300)", SQL_NTS);
    SQLFetch(stmt);
    wchar_t whole[400] = L"", piece[100];
    SQLRETURN rc;
    while (SQL_SUCCEEDED(rc = SQLGetData(stmt, 1, SQL_C_WCHAR, piece, sizeof piece, &got)))
        wcscat(whole, piece);
    check("iODBC: text in pieces",
          rc == SQL_NO_DATA && wcslen(whole) == 300 && wcsspn(whole, L"ü") == 300);
    SQLFreeStmt(stmt, SQL_CLOSE);

    check("iODBC: tables",
          SQL_SUCCEEDED(SQLTablesW(stmt, NULL, 0, L"public", SQL_NTS, L"customers", SQL_NTS,
                                   L"TABLE", SQL_NTS)) &&
              SQL_SUCCEEDED(SQLFetch(stmt)) &&
              SQL_SUCCEEDED(SQLGetData(stmt, 3, SQL_C_WCHAR, text, sizeof text, &got)) &&
              wcscmp(text, L"customers") == 0);
    SQLFreeStmt(stmt, SQL_CLOSE);

    check("iODBC: an error",
          !SQL_SUCCEEDED(SQLExecDirectW(stmt, L"select * from \"keine_Größe\"", SQL_NTS)));
    wide_error(SQL_HANDLE_STMT, stmt, state, message, 500);
    check("iODBC: its SQLSTATE and text",
          wcscmp(state, L"42S02") == 0 && wcsstr(message, L"keine_Größe") != NULL);
    SQLFreeHandle(SQL_HANDLE_STMT, stmt);

    SQLSMALLINT bytes = 0;
    check("iODBC: information",
          SQL_SUCCEEDED(SQLGetInfoW(dbc, SQL_DBMS_NAME, text, sizeof text, &bytes)) &&
              wcscmp(text, L"PostgreSQL") == 0);
    check("iODBC: native text",
          SQL_SUCCEEDED(SQLNativeSqlW(dbc, L"select {fn ucase('ä')}", SQL_NTS, text, 200, NULL)) &&
              wcsstr(text, L"upper") != NULL);
}

int main(void)
{
    SQLHENV env;
    SQLHDBC dbc;
    wchar_t out[1000] = L"", state[6], message[500];
    SQLSMALLINT len = 0;

    SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env);
    SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
    SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc);
    if (!SQL_SUCCEEDED(SQLDriverConnectW(dbc, NULL, L"DSN=neon", SQL_NTS, out, 1000, &len,
                                         SQL_DRIVER_NOPROMPT))) {
        wide_error(SQL_HANDLE_DBC, dbc, state, message, 500);
        fprintf(stderr, "%ls: %ls\n", state, message);
        check("iODBC: connect", false);
        return 1;
    }
    check("iODBC: connect",
          wcsstr(out, L"DSN=neon") != NULL); /* (the manager changes the length) */
    run(dbc);
    SQLDisconnect(dbc);
    SQLFreeHandle(SQL_HANDLE_DBC, dbc);
    SQLFreeHandle(SQL_HANDLE_ENV, env);
    return failed;
}
