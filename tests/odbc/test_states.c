/* The statement's state machine (ODBC reference, appendix B): every function that takes a statement
 * handle, in every state, with the driver manager and without, and the handle is usable afterwards.
 * S11 and S12, asynchronous execution, are test_async's. */
#include "odbc_test.h"

/* Through the manager, or the driver's own function. */
static bool direct;
#define CALL(function) (direct ? DRIVER(function) : (function))

static SQLCHAR text[64];
static SQLINTEGER number;
static SQLLEN length;
static SQLSMALLINT small;
static SQLULEN wide;
static SQLPOINTER token;
static SQLUSMALLINT row_status[2];
static SQLLEN at_exec = SQL_DATA_AT_EXEC;

#define FUNCTION(name, arguments)                                                                  \
    static SQLRETURN do_##name(SQLHSTMT s)                                                         \
    {                                                                                              \
        return CALL(SQL##name) arguments;                                                          \
    }

#define NONE NULL, 0
#define TABLE sqltext("states"), SQL_NTS
FUNCTION(BindCol, (s, 2, SQL_C_CHAR, text, sizeof text, &length))
FUNCTION(BindParameter, (s, 2, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER, 0, 0, &number, 0, NULL))
FUNCTION(BulkOperations, (s, SQL_FETCH_BY_BOOKMARK))
FUNCTION(Cancel, (s))
FUNCTION(CloseCursor, (s))
FUNCTION(ColAttribute, (s, 1, SQL_DESC_NAME, text, sizeof text, &small, NULL))
FUNCTION(ColumnPrivileges, (s, NONE, NONE, TABLE, NONE))
FUNCTION(Columns, (s, NONE, NONE, TABLE, NONE))
FUNCTION(DescribeCol, (s, 1, text, sizeof text, &small, &small, &wide, &small, &small))
FUNCTION(DescribeParam, (s, 1, &small, &wide, &small, &small))
FUNCTION(ExecDirect, (s, sqltext("SELECT 1"), SQL_NTS))
FUNCTION(Execute, (s))
FUNCTION(ExtendedFetch, (s, SQL_FETCH_NEXT, 0, &wide, row_status))
FUNCTION(Fetch, (s))
FUNCTION(FetchScroll, (s, SQL_FETCH_FIRST, 0))
FUNCTION(ForeignKeys, (s, NONE, NONE, TABLE, NONE, NONE, NONE))
FUNCTION(GetCursorName, (s, text, sizeof text, &small))
FUNCTION(GetData, (s, 1, SQL_C_LONG, &number, 0, &length))
FUNCTION(GetStmtAttr, (s, SQL_ATTR_MAX_ROWS, &wide, 0, NULL))
FUNCTION(GetTypeInfo, (s, SQL_INTEGER))
FUNCTION(MoreResults, (s))
FUNCTION(NumParams, (s, &small))
FUNCTION(NumResultCols, (s, &small))
FUNCTION(ParamData, (s, &token))
FUNCTION(Prepare, (s, sqltext("SELECT 1"), SQL_NTS))
FUNCTION(PrimaryKeys, (s, NONE, NONE, TABLE))
FUNCTION(ProcedureColumns, (s, NONE, NONE, TABLE, NONE))
FUNCTION(Procedures, (s, NONE, NONE, TABLE))
FUNCTION(PutData, (s, text, 1))
FUNCTION(RowCount, (s, &length))
FUNCTION(SetCursorName, (s, sqltext("my_cursor"), SQL_NTS))
FUNCTION(SetPos, (s, 1, SQL_POSITION, SQL_LOCK_NO_CHANGE))
FUNCTION(SetStmtAttr, (s, SQL_ATTR_MAX_ROWS, (SQLPOINTER)0, 0))
FUNCTION(SpecialColumns, (s, SQL_BEST_ROWID, NONE, NONE, TABLE, SQL_SCOPE_CURROW, SQL_NULLABLE))
FUNCTION(Statistics, (s, NONE, NONE, TABLE, SQL_INDEX_ALL, SQL_QUICK))
FUNCTION(TablePrivileges, (s, NONE, NONE, TABLE))
FUNCTION(Tables, (s, NONE, NONE, TABLE, NONE))

static SQLRETURN do_FreeClose(SQLHSTMT s)
{
    return CALL(SQLFreeStmt)(s, SQL_CLOSE);
}
static SQLRETURN do_FreeUnbind(SQLHSTMT s)
{
    return CALL(SQLFreeStmt)(s, SQL_UNBIND);
}
static SQLRETURN do_FreeReset(SQLHSTMT s)
{
    return CALL(SQLFreeStmt)(s, SQL_RESET_PARAMS);
}
static SQLRETURN do_CursorType(SQLHSTMT s)
{
    return CALL(SQLSetStmtAttr)(s, SQL_ATTR_CURSOR_TYPE, (SQLPOINTER)SQL_CURSOR_STATIC, 0);
}
static SQLRETURN do_RowNumber(SQLHSTMT s)
{
    return CALL(SQLGetStmtAttr)(s, SQL_ATTR_ROW_NUMBER, &wide, 0, NULL);
}

/* Functions that take the connection, and what they answer while a statement is in the state. */
static SQLHDBC the_dbc;
FUNCTION(CancelHandle, (SQL_HANDLE_STMT, s))
static SQLRETURN do_CancelHandleDbc(SQLHSTMT s)
{
    (void)s;
    return CALL(SQLCancelHandle)(SQL_HANDLE_DBC, the_dbc);
}
static SQLRETURN do_EndTran(SQLHSTMT s)
{
    (void)s;
    return CALL(SQLEndTran)(SQL_HANDLE_DBC, the_dbc, SQL_COMMIT);
}
static SQLRETURN do_GetInfo(SQLHSTMT s)
{
    (void)s;
    return CALL(SQLGetInfo)(the_dbc, SQL_DBMS_NAME, text, sizeof text, &small);
}
static SQLRETURN do_GetFunctions(SQLHSTMT s)
{
    SQLUSMALLINT there;

    (void)s;
    return CALL(SQLGetFunctions)(the_dbc, SQL_API_SQLFETCH, &there);
}
static SQLRETURN do_NativeSql(SQLHSTMT s)
{
    (void)s;
    return CALL(SQLNativeSql)(the_dbc, sqltext("SELECT 1"), SQL_NTS, text, sizeof text, &number);
}
static SQLRETURN do_GetConnectAttr(SQLHSTMT s)
{
    (void)s;
    return CALL(SQLGetConnectAttr)(the_dbc, SQL_ATTR_AUTOCOMMIT, &number, 0, NULL);
}
static SQLRETURN do_SetConnectAttr(SQLHSTMT s)
{
    (void)s;
    return CALL(SQLSetConnectAttr)(the_dbc, SQL_ATTR_METADATA_ID, NULL, 0);
}
/* SQL_NO_DATA whatever the state: nothing was posted. */
static SQLRETURN do_GetDiagRec(SQLHSTMT s)
{
    return CALL(SQLGetDiagRec)(SQL_HANDLE_STMT, s, 1, NULL, NULL, NULL, 0, NULL);
}
static SQLRETURN do_GetDiagField(SQLHSTMT s)
{
    return CALL(SQLGetDiagField)(SQL_HANDLE_STMT, s, 0, SQL_DIAG_NUMBER, &number, 0, NULL);
}

/* ---- the states ---- */

enum state {
    S1,  /* allocated */
    S2,  /* prepared, no result to come */
    S3,  /* prepared, a result to come */
    S4,  /* executed, no result */
    S5,  /* executed, cursor open */
    S6,  /* on a row by SQLFetch */
    S7,  /* on a row by SQLExtendedFetch */
    S8,  /* waits for data: SQLParamData comes next */
    S9,  /* waits for data: SQLPutData comes next */
    S10, /* some was put */
    N_STATES
};

static const char select_text[] = "SELECT id, name FROM states WHERE id > ? ORDER BY id";
static const char update_text[] = "UPDATE states SET name = name WHERE id > ?";

static void must(SQLRETURN rc, SQLRETURN want, const char *what)
{
    if (rc != want)
        fail_msg("%s: %d", what, rc);
}

/* A statement in that state. The connection is freed with the test. */
static SQLHSTMT statement_in(SQLHDBC dbc, enum state state)
{
    static SQLINTEGER zero = 0;
    SQLHSTMT s = NULL;
    bool selects = state == S3 || state == S5 || state == S6 || state == S7;
    bool waits = state >= S8;

    must(CALL(SQLAllocHandle)(SQL_HANDLE_STMT, dbc, &s), SQL_SUCCESS, "SQLAllocHandle");
    must(do_CursorType(s), SQL_SUCCESS, "SQL_ATTR_CURSOR_TYPE");
    if (state == S1)
        return s;
    must(CALL(SQLPrepare)(s, sqltext(selects ? select_text : update_text), SQL_NTS), SQL_SUCCESS,
         "SQLPrepare");
    must(CALL(SQLBindParameter)(s, 1, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER, 0, 0, &zero, 0,
                                waits ? &at_exec : NULL),
         SQL_SUCCESS, "SQLBindParameter");
    if (state == S2 || state == S3)
        return s;
    must(CALL(SQLExecute)(s), waits ? SQL_NEED_DATA : SQL_SUCCESS, "SQLExecute");
    if (state == S6)
        must(CALL(SQLFetch)(s), SQL_SUCCESS, "SQLFetch");
    if (state == S7)
        must(do_ExtendedFetch(s), SQL_SUCCESS, "SQLExtendedFetch");
    if (state >= S9)
        must(CALL(SQLParamData)(s, &token), SQL_NEED_DATA, "SQLParamData");
    if (state == S10)
        must(CALL(SQLPutData)(s, &zero, 4), SQL_SUCCESS, "SQLPutData");
    return s;
}

/* ---- the table: the answer in S1 to S10. "+" success, "-" SQL_NO_DATA, "?" SQL_NEED_DATA, else
 * the SQLSTATE. Where the reference leaves a refusal to the manager, the driver alone may allow
 * what harms nobody: "driver|manager". ---- */

#define WAITING "HY010", "HY010", "HY010"
#define CATALOG "+", "+", "+", "+", "24000", "24000", "24000", WAITING
#define ALWAYS "+", "+", "+", "+", "+", "+", "+", WAITING
#define EVEN_WAITING "+", "+", "+", "+", "+", "+", "+", "+", "+", "+"

static const struct row {
    const char *name;
    SQLRETURN (*function)(SQLHSTMT s);
    const char *want[N_STATES];
} rows[] = {
    {"SQLBindCol", do_BindCol, {ALWAYS}},
    {"SQLBindParameter", do_BindParameter, {ALWAYS}},
    {"SQLBulkOperations",
     do_BulkOperations,
     {"HY010", "HY010", "HY010", "24000", "HY092", "HY092", "HY092|HY010", WAITING}},
    {"SQLCancel", do_Cancel, {EVEN_WAITING}},
    {"SQLCancelHandle", do_CancelHandle, {EVEN_WAITING}},
    {"SQLCancelHandle(SQL_HANDLE_DBC)", do_CancelHandleDbc, {EVEN_WAITING}},
    {"SQLCloseCursor",
     do_CloseCursor,
     {"24000", "24000", "24000", "24000", "+", "+", "+", WAITING}},
    {"SQLColAttribute",
     do_ColAttribute,
     {"HY010", "07005", "+", "07005|24000", "+", "+", "+", WAITING}},
    {"SQLColumnPrivileges", do_ColumnPrivileges, {CATALOG}},
    {"SQLColumns", do_Columns, {CATALOG}},
    {"SQLDescribeCol",
     do_DescribeCol,
     {"HY010", "07005", "+", "07005|24000", "+", "+", "+", WAITING}},
    {"SQLDescribeParam",
     do_DescribeParam,
     {"HY010", "+", "+", "+|HY010", "+|HY010", "+|HY010", "+|HY010", WAITING}},
    {"SQLEndTran", do_EndTran, {ALWAYS}},
    {"SQLGetConnectAttr", do_GetConnectAttr, {EVEN_WAITING}},
    {"SQLGetDiagField", do_GetDiagField, {EVEN_WAITING}},
    {"SQLGetDiagRec", do_GetDiagRec, {"-", "-", "-", "-", "-", "-", "-", "-", "-", "-"}},
    {"SQLGetFunctions", do_GetFunctions, {EVEN_WAITING}},
    {"SQLGetInfo", do_GetInfo, {EVEN_WAITING}},
    {"SQLNativeSql", do_NativeSql, {EVEN_WAITING}},
    {"SQLSetConnectAttr", do_SetConnectAttr, {ALWAYS}},
    {"SQLExecDirect", do_ExecDirect, {"+", "+", "+", "+", "24000", "24000", "24000", WAITING}},
    {"SQLExecute", do_Execute, {"HY010", "+", "+", "+", "24000", "24000", "24000", WAITING}},
    {"SQLExtendedFetch",
     do_ExtendedFetch,
     {"HY010", "24000|HY010", "24000|HY010", "24000", "+", "HY010", "+", WAITING}},
    {"SQLFetch",
     do_Fetch,
     {"HY010", "24000|HY010", "24000|HY010", "24000", "+", "+", "HY010", WAITING}},
    {"SQLFetchScroll",
     do_FetchScroll,
     {"HY010", "24000|HY010", "24000|HY010", "24000", "+", "+", "HY010", WAITING}},
    {"SQLForeignKeys", do_ForeignKeys, {CATALOG}},
    {"SQLFreeStmt(SQL_CLOSE)", do_FreeClose, {ALWAYS}},
    {"SQLFreeStmt(SQL_RESET_PARAMS)", do_FreeReset, {ALWAYS}},
    {"SQLFreeStmt(SQL_UNBIND)", do_FreeUnbind, {ALWAYS}},
    {"SQLGetCursorName", do_GetCursorName, {ALWAYS}},
    {"SQLGetData", do_GetData, {"HY010", "HY010", "HY010", "24000", "24000", "+", "+", WAITING}},
    {"SQLGetStmtAttr", do_GetStmtAttr, {ALWAYS}},
    {"SQLGetStmtAttr(SQL_ATTR_ROW_NUMBER)",
     do_RowNumber,
     {"24000", "24000", "24000", "24000", "24000", "+", "+", WAITING}},
    {"SQLGetTypeInfo", do_GetTypeInfo, {CATALOG}},
    {"SQLMoreResults", do_MoreResults, {"-|HY010", "-", "-", "-", "-", "-", "-", WAITING}},
    {"SQLNumParams", do_NumParams, {"HY010", "+", "+", "+", "+", "+", "+", WAITING}},
    {"SQLNumResultCols", do_NumResultCols, {"HY010", "+", "+", "+", "+", "+", "+", WAITING}},
    {"SQLParamData",
     do_ParamData,
     {"HY010", "HY010", "HY010", "HY010", "HY010", "HY010", "HY010", "?", "HY010", "+"}},
    {"SQLPrepare", do_Prepare, {"+", "+", "+", "+", "24000", "24000", "24000", WAITING}},
    {"SQLPrimaryKeys", do_PrimaryKeys, {CATALOG}},
    {"SQLProcedureColumns", do_ProcedureColumns, {CATALOG}},
    {"SQLProcedures", do_Procedures, {CATALOG}},
    {"SQLPutData",
     do_PutData,
     {"HY010", "HY010", "HY010", "HY010", "HY010", "HY010", "HY010", "HY010", "+", "HY019"}},
    {"SQLRowCount", do_RowCount, {"HY010", "HY010", "HY010", "+", "+", "+", "+", WAITING}},
    {"SQLSetCursorName",
     do_SetCursorName,
     {"+", "+", "+", "+|24000", "24000", "24000", "24000", WAITING}},
    {"SQLSetPos", do_SetPos, {"HY010", "HY010", "HY010", "24000", "24000", "+", "+", WAITING}},
    {"SQLSetStmtAttr", do_SetStmtAttr, {ALWAYS}},
    {"SQLSetStmtAttr(SQL_ATTR_CURSOR_TYPE)",
     do_CursorType,
     {"+", "+|HY011", "+|HY011", "+|24000", "24000", "24000", "24000", "HY010|HY011", "HY010|HY011",
      "HY010|HY011"}},
    {"SQLSpecialColumns", do_SpecialColumns, {CATALOG}},
    {"SQLStatistics", do_Statistics, {CATALOG}},
    {"SQLTablePrivileges", do_TablePrivileges, {CATALOG}},
    {"SQLTables", do_Tables, {CATALOG}},
};

static const char *state_of(SQLHSTMT s)
{
    return direct ? direct_state(SQL_HANDLE_STMT, s) : diag_state(SQL_HANDLE_STMT, s);
}

/* Where the statement has no record, it is the connection's. */
static const char *refusal(SQLHSTMT s)
{
    const char *state = state_of(s);

    if (state[0] != '\0')
        return state;
    return direct ? direct_state(SQL_HANDLE_DBC, the_dbc) : diag_state(SQL_HANDLE_DBC, the_dbc);
}

/* The answer as the table writes it. */
static const char *answer(SQLHSTMT s, SQLRETURN rc)
{
    switch (rc) {
    case SQL_SUCCESS:
    case SQL_SUCCESS_WITH_INFO:
        return "+";
    case SQL_NO_DATA:
        return "-";
    case SQL_NEED_DATA:
        return "?";
    default:
        return refusal(s);
    }
}

/* "driver|manager", or one for both. */
static bool is_wanted(const char *want, const char *got)
{
    const char *bar = strchr(want, '|');
    size_t n = bar != NULL ? (size_t)(bar - want) : strlen(want);

    /* Managers differ in what they check themselves. */
    if (bar != NULL && !direct && strcmp(bar + 1, got) == 0)
        return true;
    return strlen(got) == n && strncmp(want, got, n) == 0;
}

/* Whatever was answered, the handle goes on. */
static bool is_usable(SQLHSTMT s)
{
    static SQLINTEGER one;

    CALL(SQLCancel)(s);
    CALL(SQLFreeStmt)(s, SQL_CLOSE);
    CALL(SQLFreeStmt)(s, SQL_UNBIND);
    CALL(SQLFreeStmt)(s, SQL_RESET_PARAMS);
    one = 0;
    return CALL(SQLExecDirect)(s, sqltext("SELECT 17"), SQL_NTS) == SQL_SUCCESS &&
           CALL(SQLFetch)(s) == SQL_SUCCESS &&
           CALL(SQLGetData)(s, 1, SQL_C_LONG, &one, 0, NULL) == SQL_SUCCESS && one == 17;
}

static void try_all(SQLHDBC dbc)
{
    int wrong = 0;

    the_dbc = dbc;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int state = S1; state < N_STATES; state++) {
            SQLHSTMT s = statement_in(dbc, (enum state)state);
            const char *got = answer(s, rows[i].function(s));
            if (!is_wanted(rows[i].want[state], got)) {
                print_error("%s in S%d: %s instead of %s\n", rows[i].name, state + 1, got,
                            rows[i].want[state]);
                wrong++;
            }
            if (!is_usable(s)) {
                print_error("%s in S%d leaves the handle unusable: %s\n", rows[i].name, state + 1,
                            state_of(s));
                wrong++;
            }
            CALL(SQLFreeHandle)(SQL_HANDLE_STMT, s);
        }
    assert_int_equal(wrong, 0);
}

/* What ends a statement: while it waits for data, only SQLCancel and SQLParamData go on. */
static void try_the_end(SQLHDBC dbc)
{
    for (int state = S1; state < N_STATES; state++) {
        SQLHSTMT s = statement_in(dbc, (enum state)state);
        bool waits = state >= S8;
        SQLRETURN rc;
        if (waits) {
            rc = CALL(SQLDisconnect)(dbc);
            assert_string_equal(rc == SQL_ERROR ? refusal(s) : "+", "HY010");
            rc = CALL(SQLFreeHandle)(SQL_HANDLE_STMT, s);
            assert_string_equal(rc == SQL_ERROR ? refusal(s) : "+", "HY010");
            must(do_Cancel(s), SQL_SUCCESS, "SQLCancel");
        }
        must(CALL(SQLFreeHandle)(SQL_HANDLE_STMT, s), SQL_SUCCESS, "SQLFreeHandle");
    }
}

static void make_table(SQLHSTMT s)
{
    assert_true(SQL_SUCCEEDED(CALL(SQLExecDirect)(
        s,
        sqltext("DROP TABLE IF EXISTS states; CREATE TABLE states (id integer PRIMARY KEY, name "
                "text); INSERT INTO states VALUES (1, 'one'), (2, 'two'), (3, 'three')"),
        SQL_NTS)));
    CALL(SQLFreeStmt)(s, SQL_CLOSE);
}

static void test_the_driver_alone(void **state)
{
    struct fixture *f = *state;

    direct = true;
    make_table(f->stmt);
    try_all(f->dbc);
    try_the_end(f->dbc);
}

static void test_through_the_manager(void **state)
{
    struct fixture *f = *state;

    direct = false;
    make_table(f->stmt);
    try_all(f->dbc);
    try_the_end(f->dbc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_driver_alone, setup_direct, teardown_direct),
        cmocka_unit_test_setup_teardown(test_through_the_manager, setup_connected,
                                        teardown_connected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
