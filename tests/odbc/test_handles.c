/* Handles and their states: allocation, calls out of sequence, waiting for data, freeing in every
 * order. First by the driver itself (what a manager would catch must not crash it), then through
 * the manager. */
#include "odbc_test.h"

/* ---- handles that are none ---- */

static void test_null_handles_are_invalid(void **state)
{
    SQLINTEGER number = 0;
    SQLSMALLINT small = 0;
    SQLLEN len = 0;
    SQLUSMALLINT word = 0;
    SQLCHAR text[8];
    SQLHANDLE out;
    SQLHANDLE none = SQL_NULL_HANDLE;

    (void)state;
#define INVALID(call) assert_int_equal(call, SQL_INVALID_HANDLE)
    INVALID(DRIVER(SQLAllocHandle)(SQL_HANDLE_DBC, none, &out));
    INVALID(DRIVER(SQLAllocHandle)(SQL_HANDLE_STMT, none, &out));
    INVALID(DRIVER(SQLAllocHandle)(SQL_HANDLE_DESC, none, &out));
    for (SQLSMALLINT type = SQL_HANDLE_ENV; type <= SQL_HANDLE_DESC; type++) {
        INVALID(DRIVER(SQLFreeHandle)(type, none));
        INVALID(DRIVER(SQLGetDiagRec)(type, none, 1, NULL, NULL, NULL, 0, NULL));
        INVALID(DRIVER(SQLGetDiagField)(type, none, 0, SQL_DIAG_NUMBER, &number, 0, NULL));
    }
    INVALID(DRIVER(SQLGetDiagRec)(99, none, 1, NULL, NULL, NULL, 0, NULL));
    INVALID(DRIVER(SQLFreeHandle)(99, none));
    INVALID(DRIVER(SQLSetEnvAttr)(none, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)3, 0));
    INVALID(DRIVER(SQLGetEnvAttr)(none, SQL_ATTR_ODBC_VERSION, &number, 0, NULL));
    INVALID(DRIVER(SQLConnect)(none, text, 0, text, 0, text, 0));
    INVALID(DRIVER(SQLDriverConnect)(none, NULL, text, 0, NULL, 0, NULL, SQL_DRIVER_NOPROMPT));
    INVALID(DRIVER(SQLDisconnect)(none));
    INVALID(DRIVER(SQLGetInfo)(none, SQL_DBMS_NAME, text, sizeof text, &small));
    INVALID(DRIVER(SQLGetFunctions)(none, SQL_API_SQLFETCH, &word));
    INVALID(DRIVER(SQLSetConnectAttr)(none, SQL_ATTR_AUTOCOMMIT, NULL, 0));
    INVALID(DRIVER(SQLGetConnectAttr)(none, SQL_ATTR_AUTOCOMMIT, &number, 0, NULL));
    INVALID(DRIVER(SQLNativeSql)(none, text, 0, text, sizeof text, &number));
    INVALID(DRIVER(SQLEndTran)(SQL_HANDLE_DBC, none, SQL_COMMIT));
    INVALID(DRIVER(SQLEndTran)(SQL_HANDLE_ENV, none, SQL_COMMIT));
    INVALID(DRIVER(SQLGetTypeInfo)(none, SQL_ALL_TYPES));
    INVALID(DRIVER(SQLSetStmtAttr)(none, SQL_ATTR_MAX_ROWS, NULL, 0));
    INVALID(DRIVER(SQLGetStmtAttr)(none, SQL_ATTR_MAX_ROWS, &len, 0, NULL));
    INVALID(DRIVER(SQLPrepare)(none, text, 0));
    INVALID(DRIVER(SQLExecute)(none));
    INVALID(DRIVER(SQLExecDirect)(none, text, 0));
    INVALID(DRIVER(SQLBindParameter)(none, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_CHAR, 0, 0, text, 0,
                                     NULL));
    INVALID(DRIVER(SQLNumParams)(none, &small));
    INVALID(DRIVER(SQLParamData)(none, &out));
    INVALID(DRIVER(SQLPutData)(none, text, 0));
    INVALID(DRIVER(SQLNumResultCols)(none, &small));
    INVALID(DRIVER(SQLDescribeCol)(none, 1, text, sizeof text, NULL, NULL, NULL, NULL, NULL));
    INVALID(DRIVER(SQLColAttribute)(none, 1, SQL_DESC_NAME, text, sizeof text, NULL, NULL));
    INVALID(DRIVER(SQLBindCol)(none, 1, SQL_C_CHAR, text, sizeof text, NULL));
    INVALID(DRIVER(SQLFetch)(none));
    INVALID(DRIVER(SQLGetData)(none, 1, SQL_C_CHAR, text, sizeof text, NULL));
    INVALID(DRIVER(SQLRowCount)(none, &len));
    INVALID(DRIVER(SQLMoreResults)(none));
    INVALID(DRIVER(SQLCloseCursor)(none));
    INVALID(DRIVER(SQLFreeStmt)(none, SQL_CLOSE));
    INVALID(DRIVER(SQLFreeStmt)(none, SQL_DROP));
    INVALID(DRIVER(SQLCancel)(none));
    INVALID(DRIVER(SQLTables)(none, NULL, 0, NULL, 0, NULL, 0, NULL, 0));
    INVALID(DRIVER(SQLColumns)(none, NULL, 0, NULL, 0, NULL, 0, NULL, 0));
    INVALID(DRIVER(SQLSetCursorName)(none, text, 0));
    INVALID(DRIVER(SQLGetCursorName)(none, text, sizeof text, NULL));
    INVALID(DRIVER(SQLGetDescField)(none, 0, SQL_DESC_COUNT, &small, 0, NULL));
    INVALID(DRIVER(SQLSetDescField)(none, 0, SQL_DESC_COUNT, NULL, 0));
    INVALID(DRIVER(SQLGetDescRec)(none, 1, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
    INVALID(DRIVER(SQLSetDescRec)(none, 1, SQL_C_LONG, 0, 0, 0, 0, NULL, NULL, NULL));
    INVALID(DRIVER(SQLCopyDesc)(none, none));
}

static void test_a_handle_of_another_kind_is_invalid(void **state)
{
    struct fixture *f = *state;
    SQLHANDLE out;

    INVALID(DRIVER(SQLFetch)(f->dbc));
    INVALID(DRIVER(SQLExecDirect)(f->env, sqltext("SELECT 1"), SQL_NTS));
    INVALID(DRIVER(SQLDisconnect)(f->stmt));
    INVALID(DRIVER(SQLFreeHandle)(SQL_HANDLE_STMT, f->dbc));
    INVALID(DRIVER(SQLFreeHandle)(SQL_HANDLE_DBC, f->stmt));
    INVALID(DRIVER(SQLAllocHandle)(SQL_HANDLE_STMT, f->env, &out));
    INVALID(DRIVER(SQLAllocHandle)(SQL_HANDLE_DBC, f->dbc, &out));
    INVALID(DRIVER(SQLGetDiagRec)(SQL_HANDLE_STMT, f->dbc, 1, NULL, NULL, NULL, 0, NULL));
    INVALID(DRIVER(SQLCopyDesc)(f->stmt, f->stmt));
}

/* ---- life ---- */

static void test_allocation_out_of_order(void **state)
{
    SQLHENV env = NULL;
    SQLHDBC dbc = (SQLHDBC)&env;
    SQLHSTMT stmt = (SQLHSTMT)&env;
    SQLHDESC desc = (SQLHDESC)&env;

    (void)state;
    assert_int_equal(DRIVER(SQLAllocHandle)(SQL_HANDLE_ENV, SQL_NULL_HANDLE, NULL), SQL_ERROR);
    assert_int_equal(DRIVER(SQLAllocHandle)(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env), SQL_SUCCESS);
    assert_direct_state(SQL_HANDLE_ENV, env, DRIVER(SQLAllocHandle)(SQL_HANDLE_DBC, env, &dbc),
                        "HY010");
    assert_null(dbc);
    assert_direct_ok(
        SQL_HANDLE_ENV, env,
        DRIVER(SQLSetEnvAttr)(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0));
    assert_direct_state(SQL_HANDLE_ENV, env, DRIVER(SQLAllocHandle)(SQL_HANDLE_DBC, env, NULL),
                        "HY009");
    assert_direct_ok(SQL_HANDLE_ENV, env, DRIVER(SQLAllocHandle)(SQL_HANDLE_DBC, env, &dbc));
    assert_direct_state(SQL_HANDLE_DBC, dbc, DRIVER(SQLAllocHandle)(SQL_HANDLE_STMT, dbc, &stmt),
                        "08003");
    assert_null(stmt);
    assert_direct_state(SQL_HANDLE_DBC, dbc, DRIVER(SQLAllocHandle)(SQL_HANDLE_DESC, dbc, &desc),
                        "08003");
    assert_null(desc);
    assert_direct_state(SQL_HANDLE_DBC, dbc, DRIVER(SQLAllocHandle)(99, dbc, &desc), "HY092");
    assert_direct_state(SQL_HANDLE_DBC, dbc, DRIVER(SQLAllocHandle)(99, dbc, NULL), "HY092");
    assert_direct_state(SQL_HANDLE_ENV, env, DRIVER(SQLAllocHandle)(99, env, &desc), "HY092");
    assert_direct_state(SQL_HANDLE_ENV, env, DRIVER(SQLAllocHandle)(0, env, &desc), "HY092");
    assert_direct_state(SQL_HANDLE_DBC, dbc, DRIVER(SQLAllocHandle)(SQL_HANDLE_STMT, dbc, NULL),
                        "HY009");
    assert_direct_state(SQL_HANDLE_DBC, dbc, DRIVER(SQLAllocHandle)(SQL_HANDLE_DESC, dbc, NULL),
                        "HY009");
    assert_direct_state(SQL_HANDLE_DBC, dbc, DRIVER(SQLDisconnect)(dbc), "08003");
    assert_direct_state(SQL_HANDLE_DBC, dbc, DRIVER(SQLEndTran)(SQL_HANDLE_DBC, dbc, SQL_COMMIT),
                        "08003");
    assert_direct_state(SQL_HANDLE_ENV, env, DRIVER(SQLFreeHandle)(SQL_HANDLE_ENV, env), "HY010");
    assert_direct_ok(SQL_HANDLE_DBC, dbc, DRIVER(SQLFreeHandle)(SQL_HANDLE_DBC, dbc));
    assert_int_equal(DRIVER(SQLFreeHandle)(SQL_HANDLE_ENV, env), SQL_SUCCESS);
}

static void test_what_is_in_use_cannot_be_freed(void **state)
{
    struct fixture *f = *state;
    SQLHDESC ard = NULL;
    SQLULEN n;

    assert_direct_state(SQL_HANDLE_DBC, f->dbc, DRIVER(SQLFreeHandle)(SQL_HANDLE_DBC, f->dbc),
                        "HY010");
    assert_direct_state(SQL_HANDLE_ENV, f->env, DRIVER(SQLFreeHandle)(SQL_HANDLE_ENV, f->env),
                        "HY010");
    assert_direct_ok(SQL_HANDLE_STMT, f->stmt,
                     DRIVER(SQLGetStmtAttr)(f->stmt, SQL_ATTR_APP_ROW_DESC, &ard, 0, NULL));
    assert_direct_state(SQL_HANDLE_DESC, ard, DRIVER(SQLFreeHandle)(SQL_HANDLE_DESC, ard), "HY017");
    assert_direct_state(SQL_HANDLE_DBC, f->dbc,
                        DRIVER(SQLDriverConnect)(f->dbc, NULL, sqltext("DSN=neon"), SQL_NTS, NULL,
                                                 0, NULL, SQL_DRIVER_NOPROMPT),
                        "08002");
    /* and all is as it was */
    assert_direct_ok(SQL_HANDLE_STMT, f->stmt,
                     DRIVER(SQLGetStmtAttr)(f->stmt, SQL_ATTR_MAX_ROWS, &n, 0, NULL));
    assert_direct_ok(SQL_HANDLE_STMT, f->stmt,
                     DRIVER(SQLExecDirect)(f->stmt, sqltext("SELECT 1"), SQL_NTS));
}

/* Statements with open results, waiting rows and shared descriptors, freed in every order of five
 * things. */
static void free_in_order(const int *order)
{
    struct fixture *f = direct_connect(SQL_OV_ODBC3_80);
    SQLHSTMT a = f->stmt;
    SQLHSTMT b = NULL;
    SQLHDESC row = NULL;
    SQLHDESC param = NULL;
    SQLINTEGER n;

    f->stmt = NULL;
    assert_direct_ok(SQL_HANDLE_DBC, f->dbc, DRIVER(SQLAllocHandle)(SQL_HANDLE_STMT, f->dbc, &b));
    assert_direct_ok(SQL_HANDLE_DBC, f->dbc, DRIVER(SQLAllocHandle)(SQL_HANDLE_DESC, f->dbc, &row));
    assert_direct_ok(SQL_HANDLE_DBC, f->dbc,
                     DRIVER(SQLAllocHandle)(SQL_HANDLE_DESC, f->dbc, &param));
    assert_direct_ok(SQL_HANDLE_STMT, a, DRIVER(SQLSetStmtAttr)(a, SQL_ATTR_APP_ROW_DESC, row, 0));
    assert_direct_ok(SQL_HANDLE_STMT, b, DRIVER(SQLSetStmtAttr)(b, SQL_ATTR_APP_ROW_DESC, row, 0));
    assert_direct_ok(SQL_HANDLE_STMT, b,
                     DRIVER(SQLSetStmtAttr)(b, SQL_ATTR_APP_PARAM_DESC, param, 0));
    assert_direct_ok(SQL_HANDLE_STMT, a, DRIVER(SQLBindCol)(a, 1, SQL_C_LONG, &n, 0, NULL));
    assert_direct_ok(
        SQL_HANDLE_STMT, a,
        DRIVER(SQLExecDirect)(
            a, sqltext("SELECT g, repeat('x', 500) FROM generate_series(1, 3000) g"), SQL_NTS));
    assert_direct_ok(SQL_HANDLE_STMT, b,
                     DRIVER(SQLExecDirect)(b, sqltext("SELECT 1; SELECT 2"), SQL_NTS));
    assert_int_equal(DRIVER(SQLFetch)(a), SQL_SUCCESS);
    assert_int_equal(DRIVER(SQLFetch)(b), SQL_SUCCESS);
    for (int i = 0; i < 5; i++) {
        SQLRETURN rc = SQL_SUCCESS;
        switch (order[i]) {
        case 0:
            rc = DRIVER(SQLFreeHandle)(SQL_HANDLE_STMT, a);
            break;
        case 1:
            rc = DRIVER(SQLFreeHandle)(SQL_HANDLE_STMT, b);
            break;
        case 2:
            rc = DRIVER(SQLFreeHandle)(SQL_HANDLE_DESC, row);
            break;
        case 3:
            rc = DRIVER(SQLFreeHandle)(SQL_HANDLE_DESC, param);
            break;
        default: /* the connection takes the rest along */
            direct_free(f);
            return;
        }
        assert_int_equal(rc, SQL_SUCCESS);
    }
    fail_msg("no order without the connection");
}

static void permute(int *order, int n)
{
    if (n == 5) {
        free_in_order(order);
        return;
    }
    for (int i = n; i < 5; i++) {
        int keep = order[n];
        order[n] = order[i];
        order[i] = keep;
        permute(order, n + 1);
        order[i] = order[n];
        order[n] = keep;
    }
}

static void test_freeing_in_every_order(void **state)
{
    int order[] = {0, 1, 2, 3, 4};

    (void)state;
    permute(order, 0);
}

static void test_the_manager_frees_in_other_orders(void **state)
{
    (void)state;
    for (int round = 0; round < 4; round++) {
        struct fixture *f = fixture_new(SQL_OV_ODBC3_80);
        SQLHDESC d = NULL;
        fixture_connect(f, NULL);
        assert_dbc_ok(f->dbc, SQLAllocHandle(SQL_HANDLE_DESC, f->dbc, &d));
        assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_APP_ROW_DESC, d, 0));
        run(f->stmt, "SELECT g FROM generate_series(1, 100) g");
        assert_int_equal(SQLFetch(f->stmt), SQL_SUCCESS);
        assert_int_equal(SQLFreeHandle(SQL_HANDLE_ENV, f->env), SQL_ERROR);
        assert_int_equal(SQLFreeHandle(SQL_HANDLE_DBC, f->dbc), SQL_ERROR);
        if (round & 1)
            assert_int_equal(SQLFreeHandle(SQL_HANDLE_DESC, d), SQL_SUCCESS);
        if (round & 2) {
            assert_int_equal(SQLFreeHandle(SQL_HANDLE_STMT, f->stmt), SQL_SUCCESS);
            f->stmt = NULL;
        } else {
            assert_int_equal(SQLDisconnect(f->dbc), SQL_SUCCESS); /* frees the statement */
            f->stmt = NULL;
        }
        fixture_free(f);
    }
}

/* ---- calls out of sequence ---- */

typedef SQLRETURN call(SQLHSTMT s);

static SQLCHAR buffer[64];
static SQLINTEGER number;
static SQLLEN length;
static SQLSMALLINT small;
static SQLULEN wide;
static SQLPOINTER token;

static SQLRETURN do_prepare(SQLHSTMT s)
{
    return DRIVER(SQLPrepare)(s, sqltext("SELECT 1"), SQL_NTS);
}
static SQLRETURN do_execute(SQLHSTMT s)
{
    return DRIVER(SQLExecute)(s);
}
static SQLRETURN do_exec_direct(SQLHSTMT s)
{
    return DRIVER(SQLExecDirect)(s, sqltext("SELECT 1"), SQL_NTS);
}
static SQLRETURN do_fetch(SQLHSTMT s)
{
    return DRIVER(SQLFetch)(s);
}
static SQLRETURN do_get_data(SQLHSTMT s)
{
    return DRIVER(SQLGetData)(s, 1, SQL_C_CHAR, buffer, sizeof buffer, &length);
}
static SQLRETURN do_bind_col(SQLHSTMT s)
{
    return DRIVER(SQLBindCol)(s, 1, SQL_C_CHAR, buffer, sizeof buffer, &length);
}
static SQLRETURN do_bind_parameter(SQLHSTMT s)
{
    return DRIVER(SQLBindParameter)(s, 1, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER, 0, 0, &number,
                                    0, NULL);
}
static SQLRETURN do_num_params(SQLHSTMT s)
{
    return DRIVER(SQLNumParams)(s, &small);
}
static SQLRETURN do_num_result_cols(SQLHSTMT s)
{
    return DRIVER(SQLNumResultCols)(s, &small);
}
static SQLRETURN do_describe_col(SQLHSTMT s)
{
    return DRIVER(SQLDescribeCol)(s, 1, buffer, sizeof buffer, NULL, NULL, NULL, NULL, NULL);
}
static SQLRETURN do_col_attribute(SQLHSTMT s)
{
    return DRIVER(SQLColAttribute)(s, 1, SQL_DESC_NAME, buffer, sizeof buffer, NULL, NULL);
}
static SQLRETURN do_row_count(SQLHSTMT s)
{
    return DRIVER(SQLRowCount)(s, &length);
}
static SQLRETURN do_more_results(SQLHSTMT s)
{
    return DRIVER(SQLMoreResults)(s);
}
static SQLRETURN do_close_cursor(SQLHSTMT s)
{
    return DRIVER(SQLCloseCursor)(s);
}
static SQLRETURN do_free_close(SQLHSTMT s)
{
    return DRIVER(SQLFreeStmt)(s, SQL_CLOSE);
}
static SQLRETURN do_free_unbind(SQLHSTMT s)
{
    return DRIVER(SQLFreeStmt)(s, SQL_UNBIND);
}
static SQLRETURN do_free_reset(SQLHSTMT s)
{
    return DRIVER(SQLFreeStmt)(s, SQL_RESET_PARAMS);
}
static SQLRETURN do_free_drop(SQLHSTMT s)
{
    return DRIVER(SQLFreeStmt)(s, SQL_DROP);
}
static SQLRETURN do_free_handle(SQLHSTMT s)
{
    return DRIVER(SQLFreeHandle)(SQL_HANDLE_STMT, s);
}
static SQLRETURN do_set_attr(SQLHSTMT s)
{
    return DRIVER(SQLSetStmtAttr)(s, SQL_ATTR_MAX_ROWS, (SQLPOINTER)5, 0);
}
static SQLRETURN do_get_attr(SQLHSTMT s)
{
    return DRIVER(SQLGetStmtAttr)(s, SQL_ATTR_MAX_ROWS, &wide, 0, NULL);
}
static SQLRETURN do_row_number(SQLHSTMT s)
{
    return DRIVER(SQLGetStmtAttr)(s, SQL_ATTR_ROW_NUMBER, &wide, 0, NULL);
}
static SQLRETURN do_tables(SQLHSTMT s)
{
    return DRIVER(SQLTables)(s, NULL, 0, NULL, 0, sqltext("customers"), SQL_NTS, NULL, 0);
}
static SQLRETURN do_columns(SQLHSTMT s)
{
    return DRIVER(SQLColumns)(s, NULL, 0, NULL, 0, sqltext("customers"), SQL_NTS, NULL, 0);
}
static SQLRETURN do_type_info(SQLHSTMT s)
{
    return DRIVER(SQLGetTypeInfo)(s, SQL_ALL_TYPES);
}
static SQLRETURN do_set_cursor_name(SQLHSTMT s)
{
    return DRIVER(SQLSetCursorName)(s, sqltext("mine"), SQL_NTS);
}
static SQLRETURN do_get_cursor_name(SQLHSTMT s)
{
    return DRIVER(SQLGetCursorName)(s, buffer, sizeof buffer, &small);
}
static SQLRETURN do_param_data(SQLHSTMT s)
{
    return DRIVER(SQLParamData)(s, &token);
}
static SQLRETURN do_put_data(SQLHSTMT s)
{
    return DRIVER(SQLPutData)(s, buffer, 1);
}
static SQLRETURN do_cancel(SQLHSTMT s)
{
    return DRIVER(SQLCancel)(s);
}

/* What each call answers in each state: "" success, "-" SQL_NO_DATA, else the state. NULL: not
 * tried (it would succeed and change the state so that the next could not be tried; tests of their
 * own do). */
struct sequence {
    const char *name;
    call *function;
    const char *allocated, *prepared, *executed_no_cursor, *open, *on_row;
};

static const struct sequence sequences[] = {
    {"SQLExecute", do_execute, "HY010", NULL, "HY010", "HY010", "HY010"},
    {"SQLExecDirect", do_exec_direct, NULL, NULL, NULL, "24000", "24000"},
    {"SQLPrepare", do_prepare, NULL, NULL, NULL, "24000", "24000"},
    {"SQLFetch", do_fetch, "HY010", "24000", "24000", NULL, NULL},
    {"SQLGetData", do_get_data, "HY010", "HY010", "24000", "24000", ""},
    {"SQLNumParams", do_num_params, "HY010", "", "", "", ""},
    {"SQLNumResultCols", do_num_result_cols, "HY010", "", "", "", ""},
    {"SQLDescribeCol", do_describe_col, "HY010", "", "07005", "", ""},
    {"SQLColAttribute", do_col_attribute, "HY010", "", "07005", "", ""},
    {"SQLRowCount", do_row_count, "HY010", "HY010", "", "", ""},
    {"SQLCloseCursor", do_close_cursor, "24000", "24000", "24000", NULL, NULL},
    {"SQLParamData", do_param_data, "HY010", "HY010", "HY010", "HY010", "HY010"},
    {"SQLPutData", do_put_data, "HY010", "HY010", "HY010", "HY010", "HY010"},
    {"SQLTables", do_tables, NULL, NULL, NULL, "24000", "24000"},
    {"SQLColumns", do_columns, NULL, NULL, NULL, "24000", "24000"},
    {"SQLGetTypeInfo", do_type_info, NULL, NULL, NULL, "24000", "24000"},
    {"SQL_ATTR_ROW_NUMBER", do_row_number, "24000", "24000", "24000", "24000", ""},
    {"SQLSetCursorName", do_set_cursor_name, "", "", "", "24000", "24000"},
    {"SQLGetCursorName", do_get_cursor_name, "", "", "", "", ""},
    {"SQLCancel", do_cancel, "", "", "", "", ""},
    {"SQLMoreResults", do_more_results, "-", "-", NULL, NULL, NULL},
    {"SQLFreeStmt(SQL_UNBIND)", do_free_unbind, "", "", "", "", ""},
    {"SQLFreeStmt(SQL_RESET_PARAMS)", do_free_reset, "", "", "", "", ""},
    {"SQLGetStmtAttr", do_get_attr, "", "", "", "", ""},
};

static int check_sequence(SQLHSTMT s, const struct sequence *q, const char *want, const char *where)
{
    SQLRETURN rc;

    if (want == NULL)
        return 0;
    rc = q->function(s);
    if (want[0] == '-'    ? rc == SQL_NO_DATA
        : want[0] == '\0' ? rc == SQL_SUCCESS
                          : rc == SQL_ERROR && strcmp(direct_state(SQL_HANDLE_STMT, s), want) == 0)
        return 0;
    print_error("%s, %s: returned %d %s, wanted %s\n", q->name, where, rc,
                direct_state(SQL_HANDLE_STMT, s), want);
    return 1;
}

static void test_calls_out_of_sequence(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;
    int wrong = 0;

    for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++) {
        const struct sequence *q = &sequences[i];
        SQLHSTMT fresh = NULL;
        assert_direct_ok(SQL_HANDLE_DBC, f->dbc,
                         DRIVER(SQLAllocHandle)(SQL_HANDLE_STMT, f->dbc, &fresh));
        wrong += check_sequence(fresh, q, q->allocated, "allocated");
        DRIVER(SQLFreeHandle)(SQL_HANDLE_STMT, fresh);
        assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLPrepare)(s, sqltext("SELECT 1"), SQL_NTS));
        wrong += check_sequence(s, q, q->prepared, "prepared");
        do_free_close(s);
        assert_direct_ok(SQL_HANDLE_STMT, s,
                         DRIVER(SQLExecDirect)(s, sqltext("DO 'BEGIN END'"), SQL_NTS));
        wrong += check_sequence(s, q, q->executed_no_cursor, "executed without a result set");
        do_free_close(s);
        assert_direct_ok(SQL_HANDLE_STMT, s, do_exec_direct(s));
        wrong += check_sequence(s, q, q->open, "cursor open");
        do_free_close(s);
        assert_direct_ok(SQL_HANDLE_STMT, s, do_exec_direct(s));
        assert_int_equal(DRIVER(SQLFetch)(s), SQL_SUCCESS);
        wrong += check_sequence(s, q, q->on_row, "on a row");
        do_free_close(s);
    }
    assert_int_equal(wrong, 0);
}

/* A refusal while the cursor is open does not disturb it (asked of the driver: the manager forgets
 * its own state). */
static void test_refusals_leave_the_cursor(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;
    call *const calls[] = {do_execute, do_exec_direct, do_prepare,        do_tables,
                           do_columns, do_type_info,   do_set_cursor_name};

    assert_direct_ok(SQL_HANDLE_STMT, s,
                     DRIVER(SQLPrepare)(s, sqltext("SELECT generate_series(1, 10)"), SQL_NTS));
    assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLExecute)(s));
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        assert_direct_state(SQL_HANDLE_STMT, s, calls[i](s), "24000");
        assert_int_equal(DRIVER(SQLFetch)(s), SQL_SUCCESS);
        assert_int_equal(DRIVER(SQLGetData)(s, 1, SQL_C_LONG, &number, 0, NULL), SQL_SUCCESS);
        assert_int_equal(number, i + 1);
    }
    assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLCloseCursor)(s));
    assert_direct_ok(SQL_HANDLE_STMT, s,
                     DRIVER(SQLExecute)(s)); /* and what was prepared is still prepared */
}

static void test_what_was_prepared_and_what_was_not(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;

    assert_direct_ok(SQL_HANDLE_STMT, s, do_exec_direct(s));
    do_free_close(s);
    assert_direct_state(SQL_HANDLE_STMT, s, do_execute(s),
                        "HY010"); /* SQLExecDirect prepares nothing */
    assert_direct_ok(SQL_HANDLE_STMT, s, do_prepare(s));
    assert_direct_ok(SQL_HANDLE_STMT, s, do_tables(s));
    do_free_close(s);
    assert_direct_state(SQL_HANDLE_STMT, s, do_execute(s),
                        "HY010"); /* a catalog function replaces it */
    assert_direct_ok(SQL_HANDLE_STMT, s, do_prepare(s));
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLPrepare)(s, NULL, SQL_NTS), "HY009");
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLPrepare)(s, sqltext("x"), -5), "HY090");
    assert_direct_ok(SQL_HANDLE_STMT, s,
                     do_execute(s)); /* arguments that are none change nothing */
    do_free_close(s);
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLFreeStmt)(s, 77), "HY092");
    assert_direct_ok(SQL_HANDLE_STMT, s, do_execute(s));
}

/* ---- waiting for data ---- */

static SQLLEN at_exec = SQL_LEN_DATA_AT_EXEC(3);
static char my_token;

/* Leaves the statement waiting for the first piece of an INSERT. */
static void begin_waiting(SQLHSTMT s, bool direct)
{
    static const char sql[] = "INSERT INTO waiting VALUES (?)";

    assert_direct_ok(SQL_HANDLE_STMT, s,
                     DRIVER(SQLBindParameter)(s, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 10, 0,
                                              &my_token, 0, &at_exec));
    if (direct) {
        assert_int_equal(DRIVER(SQLExecDirect)(s, sqltext(sql), SQL_NTS), SQL_NEED_DATA);
        return;
    }
    assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLPrepare)(s, sqltext(sql), SQL_NTS));
    assert_int_equal(DRIVER(SQLExecute)(s), SQL_NEED_DATA);
}

static long waiting_rows(struct fixture *f)
{
    SQLHSTMT s = NULL;
    SQLINTEGER n = -1;

    assert_direct_ok(SQL_HANDLE_DBC, f->dbc, DRIVER(SQLAllocHandle)(SQL_HANDLE_STMT, f->dbc, &s));
    assert_direct_ok(
        SQL_HANDLE_STMT, s,
        DRIVER(SQLExecDirect)(s, sqltext("SELECT count(*) FROM waiting WHERE v = 'abc'"), SQL_NTS));
    assert_int_equal(DRIVER(SQLFetch)(s), SQL_SUCCESS);
    assert_int_equal(DRIVER(SQLGetData)(s, 1, SQL_C_LONG, &n, 0, NULL), SQL_SUCCESS);
    DRIVER(SQLFreeHandle)(SQL_HANDLE_STMT, s);
    return n;
}

static void test_a_waiting_statement_takes_data_and_nothing_else(void **state)
{
    static const struct {
        const char *name;
        call *function;
    } refused[] = {
        {"SQLPrepare", do_prepare},
        {"SQLExecute", do_execute},
        {"SQLExecDirect", do_exec_direct},
        {"SQLFetch", do_fetch},
        {"SQLGetData", do_get_data},
        {"SQLBindCol", do_bind_col},
        {"SQLBindParameter", do_bind_parameter},
        {"SQLNumParams", do_num_params},
        {"SQLNumResultCols", do_num_result_cols},
        {"SQLDescribeCol", do_describe_col},
        {"SQLColAttribute", do_col_attribute},
        {"SQLRowCount", do_row_count},
        {"SQLMoreResults", do_more_results},
        {"SQLCloseCursor", do_close_cursor},
        {"SQL_CLOSE", do_free_close},
        {"SQL_UNBIND", do_free_unbind},
        {"SQL_RESET_PARAMS", do_free_reset},
        {"SQL_DROP", do_free_drop},
        {"SQLFreeHandle", do_free_handle},
        {"SQLSetStmtAttr", do_set_attr},
        {"SQLGetStmtAttr", do_get_attr},
        {"SQLTables", do_tables},
        {"SQLColumns", do_columns},
        {"SQLGetTypeInfo", do_type_info},
        {"SQLSetCursorName", do_set_cursor_name},
        {"SQLGetCursorName", do_get_cursor_name},
    };
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;
    int wrong = 0;

    assert_direct_ok(
        SQL_HANDLE_STMT, s,
        DRIVER(SQLExecDirect)(
            s, sqltext("DROP TABLE IF EXISTS waiting; CREATE TABLE waiting (v text)"), SQL_NTS));
    DRIVER(SQLFreeStmt)(s, SQL_CLOSE);
    for (int direct = 0; direct < 2; direct++) {
        begin_waiting(s, direct != 0);
        assert_direct_state(SQL_HANDLE_STMT, s, do_put_data(s),
                            "HY010"); /* SQLParamData comes first */
        for (int round = 0; round < 2; round++) {
            for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
                SQLRETURN rc = refused[i].function(s);
                if (rc == SQL_ERROR && strcmp(direct_state(SQL_HANDLE_STMT, s), "HY010") == 0)
                    continue;
                print_error("%s while waiting for data: %d %s\n", refused[i].name, rc,
                            direct_state(SQL_HANDLE_STMT, s));
                wrong++;
            }
            assert_direct_state(SQL_HANDLE_DBC, f->dbc, DRIVER(SQLDisconnect)(f->dbc), "HY010");
            if (round == 0) {
                assert_int_equal(DRIVER(SQLParamData)(s, &token), SQL_NEED_DATA);
                assert_ptr_equal(token, &my_token);
                assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLPutData)(s, sqltext("a"), 1));
            }
        }
        assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLPutData)(s, sqltext("bc"), SQL_NTS));
        assert_int_equal(waiting_rows(f),
                         direct); /* other statements work, and nothing is sent yet */
        assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLParamData)(s, &token));
        assert_int_equal(waiting_rows(f), direct + 1);
        assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLParamData)(s, &token), "HY010");
        if (direct)
            assert_direct_state(SQL_HANDLE_STMT, s, do_execute(s), "HY010");
    }
    assert_int_equal(wrong, 0);
}

static void test_cancelling_ends_the_waiting(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;

    assert_direct_ok(
        SQL_HANDLE_STMT, s,
        DRIVER(SQLExecDirect)(
            s, sqltext("DROP TABLE IF EXISTS waiting; CREATE TABLE waiting (v text)"), SQL_NTS));
    DRIVER(SQLFreeStmt)(s, SQL_CLOSE);
    begin_waiting(s, false);
    assert_int_equal(DRIVER(SQLParamData)(s, &token), SQL_NEED_DATA);
    assert_int_equal(DRIVER(SQLCancel)(s), SQL_SUCCESS);
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLPutData)(s, sqltext("abc"), 3), "HY010");
    assert_int_equal(waiting_rows(f), 0);
    assert_int_equal(DRIVER(SQLExecute)(s), SQL_NEED_DATA); /* still prepared */
    assert_int_equal(DRIVER(SQLCancel)(s), SQL_SUCCESS);
    begin_waiting(s, true);
    assert_int_equal(DRIVER(SQLCancel)(s), SQL_SUCCESS);
    assert_direct_state(SQL_HANDLE_STMT, s, do_execute(s), "HY010");
    /* null data, and what cannot follow it */
    begin_waiting(s, true);
    assert_int_equal(DRIVER(SQLParamData)(s, &token), SQL_NEED_DATA);
    assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLPutData)(s, NULL, SQL_NULL_DATA));
    assert_direct_state(SQL_HANDLE_STMT, s, DRIVER(SQLPutData)(s, sqltext("a"), 1), "HY020");
    assert_int_equal(DRIVER(SQLCancel)(s), SQL_SUCCESS);
    assert_int_equal(waiting_rows(f), 0);
}

/* Statement attributes set on the connection are those of statements allocated later, in either
 * world. */
static void test_many_statements_come_and_go(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT many[200];

    for (int i = 0; i < 200; i++)
        assert_direct_ok(SQL_HANDLE_DBC, f->dbc,
                         DRIVER(SQLAllocHandle)(SQL_HANDLE_STMT, f->dbc, &many[i]));
    for (int i = 0; i < 200; i += 3)
        DRIVER(SQLFreeHandle)(SQL_HANDLE_STMT, many[i]);
    for (int i = 1; i < 200; i += 3)
        DRIVER(SQLFreeHandle)(SQL_HANDLE_STMT, many[i]);
    /* the last third goes with the connection */
}

/* (a manager would ask each connection by itself) */
static void test_an_environment_says_that_a_transaction_did_not_end_as_asked(void **state)
{
    struct fixture *f = *state;

    DRIVER(SQLSetConnectAttr)(f->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0);
    assert_direct_state(SQL_HANDLE_STMT, f->stmt,
                        DRIVER(SQLExecDirect)(f->stmt, sqltext("SELECT 1/0"), SQL_NTS), "22012");
    assert_direct_state(SQL_HANDLE_ENV, f->env,
                        DRIVER(SQLEndTran)(SQL_HANDLE_ENV, f->env, SQL_COMMIT), "25S01");
    assert_string_equal(direct_state(SQL_HANDLE_DBC, f->dbc), "25S03");
    assert_direct_ok(SQL_HANDLE_ENV, f->env,
                     DRIVER(SQLEndTran)(SQL_HANDLE_ENV, f->env, SQL_COMMIT));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_direct, teardown_direct)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_null_handles_are_invalid),
        T(test_a_handle_of_another_kind_is_invalid),
        cmocka_unit_test(test_allocation_out_of_order),
        T(test_what_is_in_use_cannot_be_freed),
        cmocka_unit_test(test_freeing_in_every_order),
        cmocka_unit_test(test_the_manager_frees_in_other_orders),
        T(test_calls_out_of_sequence),
        T(test_refusals_leave_the_cursor),
        T(test_what_was_prepared_and_what_was_not),
        T(test_a_waiting_statement_takes_data_and_nothing_else),
        T(test_cancelling_ends_the_waiting),
        T(test_many_statements_come_and_go),
        T(test_an_environment_says_that_a_transaction_did_not_end_as_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
