/* Executing through the driver manager: what every statement kind answers, parameters, several
 * statements, refusals. */
#include "odbc_test.h"

static SQLHSTMT stmt_of(void **state)
{
    return ((struct fixture *)*state)->stmt;
}

static void test_select_returns_its_rows_in_order(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLINTEGER n;
    SQLLEN ind;

    assert_stmt_ok(s, SQLExecDirect(s, sqltext("SELECT g FROM generate_series(1, 3) g"), SQL_NTS));
    for (SQLINTEGER want = 1; want <= 3; want++) {
        assert_int_equal(SQLFetch(s), SQL_SUCCESS);
        assert_int_equal(SQLGetData(s, 1, SQL_C_LONG, &n, 0, &ind), SQL_SUCCESS);
        assert_int_equal(n, want);
        assert_int_equal(ind, sizeof n);
    }
    assert_int_equal(SQLFetch(s), SQL_NO_DATA);
}

static void test_wide_and_narrow_text_mean_the_same(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLWCHAR sql[64];
    SQLWCHAR out[16];
    SQLLEN ind;
    const char *ascii = "SELECT 'x\xE2\x82\xAC'";
    size_t n = 0;

    /* the same statement by hand in UTF-16: the euro sign is one unit */
    for (const char *p = ascii; *p != '\0'; p++)
        if ((unsigned char)*p == 0xE2) {
            sql[n++] = 0x20AC;
            p += 2;
        } else {
            sql[n++] = (SQLWCHAR)*p;
        }
    assert_stmt_ok(s, SQLExecDirectW(s, sql, (SQLINTEGER)n));
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(SQLGetData(s, 1, SQL_C_WCHAR, out, sizeof out, &ind), SQL_SUCCESS);
    assert_int_equal(ind, 4);
    assert_int_equal(out[0], 'x');
    assert_int_equal(out[1], 0x20AC);
    assert_string_equal(query_text(s, ascii), "x\xE2\x82\xAC");
}

static void test_row_counts_of_every_kind(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLLEN n;

    run(s, "DROP TABLE IF EXISTS counts");
    run(s, "CREATE TABLE counts (id int PRIMARY KEY, t text)");
    assert_stmt_ok(s, SQLRowCount(s, &n));
    assert_int_equal(n, -1);
    run(s, "INSERT INTO counts SELECT g, 'a' FROM generate_series(1, 5) g");
    assert_stmt_ok(s, SQLRowCount(s, &n));
    assert_int_equal(n, 5);
    assert_int_equal(SQLExecDirect(s, sqltext("UPDATE counts SET t = 'b' WHERE id < 3"), SQL_NTS),
                     SQL_SUCCESS);
    assert_stmt_ok(s, SQLRowCount(s, &n));
    assert_int_equal(n, 2);
    assert_int_equal(SQLExecDirect(s, sqltext("UPDATE counts SET t = 'b' WHERE id = 99"), SQL_NTS),
                     SQL_NO_DATA);
    assert_stmt_ok(s, SQLRowCount(s, &n));
    assert_int_equal(n, 0);
    assert_int_equal(SQLExecDirect(s, sqltext("DELETE FROM counts WHERE id = 99"), SQL_NTS),
                     SQL_NO_DATA);
    assert_int_equal(
        SQLExecDirect(s, sqltext("INSERT INTO counts SELECT 1, 'x' WHERE false"), SQL_NTS),
        SQL_SUCCESS);
    assert_int_equal(
        SQLExecDirect(s, sqltext("DELETE FROM counts WHERE id > 3 RETURNING id"), SQL_NTS),
        SQL_SUCCESS);
    assert_stmt_ok(s, SQLRowCount(s, &n));
    assert_int_equal(n, 2);
    SQLFreeStmt(s, SQL_CLOSE);
    /* no row, but a result set: SQL_SUCCESS (SQLAlchemy needs it) */
    assert_int_equal(
        SQLExecDirect(s, sqltext("DELETE FROM counts WHERE id > 99 RETURNING id"), SQL_NTS),
        SQL_SUCCESS);
    assert_int_equal(SQLFetch(s), SQL_NO_DATA);
    SQLFreeStmt(s, SQL_CLOSE);
    assert_int_equal(query_number(s, "SELECT count(*) FROM counts"), 3);
    run(s, "DROP TABLE counts");
}

static void test_parameters_of_the_ordinary_c_types(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLINTEGER i = -42;
    SQLBIGINT b = 9007199254740993LL;
    double d = 0.1;
    SQLCHAR text[] = "q\"\\'\n\xC3\xA9";
    SQLLEN nts = SQL_NTS;
    SQLLEN null = SQL_NULL_DATA;
    SQL_TIMESTAMP_STRUCT ts = {2026, 2, 28, 23, 59, 58, 123456000};
    SQLCHAR bytes[] = {0, 1, 0xFE, 0xFF};
    SQLLEN bytes_len = sizeof bytes;
    char out[200];
    SQLLEN ind;

    assert_stmt_ok(
        s, SQLPrepare(
               s,
               sqltext("SELECT concat_ws('|', ? + 0, ? + 0, ? * 1, ?::text, ?, encode(?, 'hex'), "
                       "coalesce(?, 'null'))"),
               SQL_NTS));
    assert_stmt_ok(
        s, SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER, 0, 0, &i, 0, NULL));
    assert_stmt_ok(
        s, SQLBindParameter(s, 2, SQL_PARAM_INPUT, SQL_C_SBIGINT, SQL_BIGINT, 0, 0, &b, 0, NULL));
    assert_stmt_ok(
        s, SQLBindParameter(s, 3, SQL_PARAM_INPUT, SQL_C_DOUBLE, SQL_DOUBLE, 0, 0, &d, 0, NULL));
    assert_stmt_ok(s, SQLBindParameter(s, 4, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 100, 0, text,
                                       sizeof text, &nts));
    assert_stmt_ok(s, SQLBindParameter(s, 5, SQL_PARAM_INPUT, SQL_C_TYPE_TIMESTAMP,
                                       SQL_TYPE_TIMESTAMP, 26, 6, &ts, 0, NULL));
    assert_stmt_ok(s, SQLBindParameter(s, 6, SQL_PARAM_INPUT, SQL_C_BINARY, SQL_VARBINARY, 10, 0,
                                       bytes, sizeof bytes, &bytes_len));
    assert_stmt_ok(
        s, SQLBindParameter(s, 7, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 10, 0, text, 0, &null));
    assert_stmt_ok(s, SQLExecute(s));
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(SQLGetData(s, 1, SQL_C_CHAR, out, sizeof out, &ind), SQL_SUCCESS);
    assert_string_equal(
        out, "-42|9007199254740993|0.1|q\"\\'\n\xC3\xA9|2026-02-28 23:59:58.123456|0001feff|null");
}

/* SQLSetParam of ODBC 1 comes from the manager as SQLBindParameter with a buffer of unknown length.
 */
static void test_parameters_that_odbc_1_sets(void **state)
{
    SQLHSTMT stmt = ((struct fixture *)*state)->stmt;
    char texts[2][8] = {"first", "second"};
    SQLLEN lens[2] = {SQL_NTS, SQL_NTS};
    SQLINTEGER numbers[2] = {7, 8};
    SQLULEN processed;

    assert_stmt_ok(stmt, SQLSetParam(stmt, 1, SQL_C_CHAR, SQL_VARCHAR, 10, 0, texts, NULL));
    assert_stmt_ok(stmt, SQLSetParam(stmt, 2, SQL_C_LONG, SQL_INTEGER, 0, 0, numbers, NULL));
    assert_string_equal(query_text(stmt, "SELECT ? || (? + 1)"), "first8");
    /* numbers have a size of their own; where the second text of an array lies nobody knows */
    run(stmt, "DROP TABLE IF EXISTS odbc_1; CREATE TABLE odbc_1 (a int, b text)");
    SQLFreeStmt(stmt, SQL_CLOSE);
    assert_stmt_ok(stmt, SQLParamOptions(stmt, 2, &processed));
    assert_stmt_ok(stmt, SQLSetParam(stmt, 1, SQL_C_LONG, SQL_INTEGER, 0, 0, numbers, NULL));
    assert_stmt_ok(stmt,
                   SQLExecDirect(stmt, sqltext("INSERT INTO odbc_1 (a) VALUES (?)"), SQL_NTS));
    assert_int_equal(processed, 2);
    assert_stmt_ok(stmt, SQLSetParam(stmt, 1, SQL_C_CHAR, SQL_VARCHAR, 10, 0, texts, lens));
    assert_stmt_state(
        stmt, SQLExecDirect(stmt, sqltext("INSERT INTO odbc_1 (b) VALUES (?)"), SQL_NTS), "HY090");
    assert_string_equal(
        pg_admin("select string_agg(a::text, ',' order by a), count(b) from odbc_1"), "7,8|0");
    pg_admin("drop table odbc_1");
}

static void test_a_prepared_statement_runs_again_with_new_values(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLINTEGER in = 0;
    SQLINTEGER out;
    SQLLEN ind;

    assert_stmt_ok(s, SQLPrepare(s, sqltext("SELECT ? * 2"), SQL_NTS));
    assert_stmt_ok(
        s, SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER, 0, 0, &in, 0, NULL));
    gateway_reset();
    for (in = 1; in <= 20; in++) {
        assert_stmt_ok(s, SQLExecute(s));
        assert_int_equal(SQLFetch(s), SQL_SUCCESS);
        assert_int_equal(SQLGetData(s, 1, SQL_C_LONG, &out, 0, &ind), SQL_SUCCESS);
        assert_int_equal(out, in * 2);
        assert_stmt_ok(s, SQLCloseCursor(s));
    }
    assert_requests(20);
}

static void bind_int(SQLHSTMT s, SQLUSMALLINT number, SQLSMALLINT c_type, SQLSMALLINT sql_type,
                     void *value)
{
    assert_stmt_ok(
        s, SQLBindParameter(s, number, SQL_PARAM_INPUT, c_type, sql_type, 0, 0, value, 0, NULL));
}

/* LibreOffice edits a boolean as SQL_INTEGER; others have their flags in columns of numbers. */
static void numbers_and_booleans(const char *connstr)
{
    struct fixture *f = fixture_new(SQL_OV_ODBC3_80);
    SQLHSTMT s;
    SQLINTEGER id = 1, flag = 1, ids[3] = {2, 3, 4}, flags[3] = {1, 0, 7};
    SQLCHAR bit = 1;

    fixture_connect(f, connstr);
    s = f->stmt;
    run(s, "DROP TABLE IF EXISTS t_flags; CREATE TABLE t_flags (id int PRIMARY KEY, flag boolean, "
           "n smallint, m numeric, d date)");
    assert_stmt_ok(s, SQLPrepare(s, sqltext("INSERT INTO t_flags VALUES (?, ?, ?, ?)"), SQL_NTS));
    bind_int(s, 1, SQL_C_LONG, SQL_INTEGER, &id);
    bind_int(s, 2, SQL_C_LONG, SQL_INTEGER, &flag);
    bind_int(s, 3, SQL_C_BIT, SQL_BIT, &bit);
    bind_int(s, 4, SQL_C_BIT, SQL_BIT, &bit);
    assert_stmt_ok(s, SQLExecute(s));
    id = 9;
    flag = 0;
    bit = 0;
    gateway_reset();
    assert_stmt_ok(s, SQLExecute(s)); /* it is remembered */
    assert_in_range(gateway_requests(), 0, 1);
    run(s, "SELECT 1");
    SQLFreeStmt(s, SQL_CLOSE);
    bind_int(s, 1, SQL_C_LONG, SQL_INTEGER, &flag);
    bind_int(s, 2, SQL_C_LONG, SQL_INTEGER, &id);
    flag = 1;
    assert_stmt_ok(s,
                   SQLExecDirect(s, sqltext("UPDATE t_flags SET flag = ? WHERE id = ?"), SQL_NTS));
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_PARAMSET_SIZE, (SQLPOINTER)3, 0));
    bind_int(s, 1, SQL_C_LONG, SQL_INTEGER, ids);
    bind_int(s, 2, SQL_C_LONG, SQL_INTEGER, flags);
    assert_stmt_ok(
        s, SQLExecDirect(s, sqltext("INSERT INTO t_flags (id, flag) VALUES (?, ?)"), SQL_NTS));
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_PARAMSET_SIZE, (SQLPOINTER)1, 0));
    assert_string_equal(query_text(s, "SELECT string_agg(concat_ws(',', id, flag, n, m), ' ' ORDER "
                                      "BY id) FROM t_flags"),
                        "1,t,1,1 2,t 3,f 4,t 9,t,0,0");
    /* no other mistake becomes right by it */
    bind_int(s, 1, SQL_C_LONG, SQL_INTEGER, &flag);
    bind_int(s, 2, SQL_C_LONG, SQL_INTEGER, &id);
    assert_stmt_state(
        s, SQLExecDirect(s, sqltext("UPDATE t_flags SET d = ? WHERE id = ?"), SQL_NTS), "42804");
    assert_stmt_state(
        s, SQLExecDirect(s, sqltext("UPDATE t_flags SET n = 1 WHERE flag = ? OR id = ?"), SQL_NTS),
        "42883");
    SQLFreeStmt(s, SQL_RESET_PARAMS);
    run(s, "DROP TABLE t_flags");
    fixture_free(f);
}

static void test_numbers_go_into_boolean_columns_and_back(void **state)
{
    (void)state;
    numbers_and_booleans("DSN=neon;Transport=http");
    numbers_and_booleans("DSN=neon;Transport=websocket");
}

static void test_dollar_markers_bind_by_number(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLCHAR a[] = "a";
    SQLCHAR b[] = "b";
    SQLSMALLINT n;
    char out[20];
    SQLLEN ind;

    assert_stmt_ok(s, SQLPrepare(s, sqltext("SELECT $2::text || $1 || $2"), SQL_NTS));
    assert_stmt_ok(s, SQLNumParams(s, &n));
    assert_int_equal(n, 2);
    assert_stmt_ok(s, SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 9, 0, a,
                                       sizeof a, NULL));
    assert_stmt_ok(s, SQLBindParameter(s, 2, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 9, 0, b,
                                       sizeof b, NULL));
    assert_stmt_ok(s, SQLExecute(s));
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(SQLGetData(s, 1, SQL_C_CHAR, out, sizeof out, &ind), SQL_SUCCESS);
    assert_string_equal(out, "bab");
}

static void test_question_marks_that_are_no_markers(void **state)
{
    SQLHSTMT s = stmt_of(state);

    assert_string_equal(query_text(s, "SELECT '?' || $$?$$ /* ? */ -- ?\n"), "??");
    assert_string_equal(query_text(s, "SELECT '{\"k\": 1}'::jsonb ?? 'k'"), "1");
    assert_string_equal(query_text(s, "SELECT '{\"k\": 1}'::jsonb ?| array['k', 'x']"), "1");
}

static void test_data_at_execution_in_pieces(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLLEN at_exec = SQL_LEN_DATA_AT_EXEC(12);
    SQLPOINTER token = NULL;
    int marker = 7;
    char out[40];
    SQLLEN ind;

    assert_stmt_ok(s, SQLPrepare(s, sqltext("SELECT ?::text"), SQL_NTS));
    assert_stmt_ok(s, SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_LONGVARCHAR, 100, 0,
                                       &marker, 0, &at_exec));
    assert_int_equal(SQLExecute(s), SQL_NEED_DATA);
    assert_int_equal(SQLParamData(s, &token), SQL_NEED_DATA);
    assert_ptr_equal(token, &marker);
    assert_stmt_ok(s,
                   SQLPutData(s, sqltext("Stra\xC3"), 5)); /* the piece ends inside a character */
    assert_stmt_ok(s, SQLPutData(s,
                                 sqltext("\x9F"
                                         "e"),
                                 SQL_NTS));
    assert_stmt_ok(s, SQLParamData(s, &token));
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(SQLGetData(s, 1, SQL_C_CHAR, out, sizeof out, &ind), SQL_SUCCESS);
    assert_string_equal(out, "Stra\xC3\x9F"
                             "e");
}

static void test_cancel_ends_waiting_for_data(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLLEN at_exec = SQL_DATA_AT_EXEC;
    int marker = 1;

    assert_stmt_ok(s, SQLPrepare(s, sqltext("SELECT ?::text"), SQL_NTS));
    assert_stmt_ok(s, SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 100, 0,
                                       &marker, 0, &at_exec));
    assert_int_equal(SQLExecute(s), SQL_NEED_DATA);
    assert_int_equal(SQLCancel(s), SQL_SUCCESS);
    SQLFreeStmt(s, SQL_RESET_PARAMS);
    assert_string_equal(query_text(s, "SELECT 5"), "5");
}

static void test_a_missing_parameter_is_07002(void **state)
{
    SQLHSTMT s = stmt_of(state);

    assert_stmt_state(s, SQLExecDirect(s, sqltext("SELECT ?"), SQL_NTS), "07002");
}

static void
test_several_statements_are_one_transaction_and_give_their_results_in_order(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLLEN n;

    run(s, "DROP TABLE IF EXISTS multi");
    run(s, "CREATE TABLE multi (id int PRIMARY KEY)");
    gateway_reset();
    run(s, "INSERT INTO multi VALUES (1), (2); SELECT id FROM multi ORDER BY id; UPDATE multi SET "
           "id = id + 10");
    assert_requests(1);
    assert_stmt_ok(s, SQLRowCount(s, &n));
    assert_int_equal(n, 2);
    assert_int_equal(SQLMoreResults(s), SQL_SUCCESS);
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(SQLMoreResults(s), SQL_SUCCESS); /* with rows left unread */
    assert_stmt_ok(s, SQLRowCount(s, &n));
    assert_int_equal(n, 2);
    assert_int_equal(SQLMoreResults(s), SQL_NO_DATA);
    /* an error in one undoes all */
    SQLFreeStmt(s, SQL_CLOSE);
    assert_stmt_state(
        s,
        SQLExecDirect(s, sqltext("INSERT INTO multi VALUES (100); INSERT INTO multi VALUES (11)"),
                      SQL_NTS),
        "23505");
    assert_int_equal(query_number(s, "SELECT count(*) FROM multi"), 2);
    run(s, "DROP TABLE multi");
}

static void test_empty_and_comment_only_texts_succeed_without_a_result(void **state)
{
    static const char *const texts[] = {" ", ";", "-- nothing\n", "/* a /* nested */ comment */"};
    SQLHSTMT s = stmt_of(state);
    SQLSMALLINT columns;
    SQLLEN n;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        run(s, texts[i]);
        assert_stmt_ok(s, SQLNumResultCols(s, &columns));
        assert_int_equal(columns, 0);
        assert_stmt_ok(s, SQLRowCount(s, &n));
        assert_int_equal(n, -1);
    }
}

/* What cannot have its effect over stateless HTTP fails at once, before anything is sent. */
static void test_what_needs_a_session_is_refused_before_it_is_sent(void **state)
{
    static const char *const texts[] = {
        "CREATE TEMP TABLE t (a int)",
        "SELECT 1 AS a INTO TEMP t",
        "PREPARE p AS SELECT 1",
        "EXECUTE p",
        "DECLARE c CURSOR FOR SELECT 1",
        "FETCH c",
        "LISTEN x",
        "UNLISTEN x",
        "COPY t FROM STDIN",
        "COPY (SELECT 1) TO STDOUT",
        "LOCK TABLE customers",
        "SELECT pg_advisory_lock(1)",
        "SELECT set_config('work_mem', '1MB', false), 1",
    };
    SQLHSTMT s = stmt_of(state);

    gateway_reset();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        SQLFreeStmt(s, SQL_CLOSE);
        assert_stmt_state(s, SQLExecDirect(s, sqltext(texts[i]), SQL_NTS), "HYC00");
        assert_true(strlen(diag_text(SQL_HANDLE_STMT, s)) > 60); /* a sentence, not a word */
    }
    assert_stmt_state(s, SQLExecDirect(s, sqltext("SELECT 1; VACUUM"), SQL_NTS), "25000");
    assert_requests(0);
    assert_string_equal(query_text(s, "SELECT 'usable'"), "usable");
}

static void test_what_may_not_run_in_a_transaction_works_by_itself(void **state)
{
    SQLHSTMT s = stmt_of(state);

    run(s, "DROP TABLE IF EXISTS alone");
    run(s, "CREATE TABLE alone (id int)");
    run(s, "VACUUM alone");
    run(s, "CREATE INDEX CONCURRENTLY alone_id ON alone (id)");
    assert_int_equal(
        query_number(s, "SELECT count(*) FROM pg_indexes WHERE indexname = 'alone_id'"), 1);
    run(s, "DROP TABLE alone");
}

static void test_read_only_lets_the_server_refuse_writes(void **state)
{
    struct fixture *f = *state;

    assert_dbc_ok(f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_ACCESS_MODE,
                                            (SQLPOINTER)SQL_MODE_READ_ONLY, SQL_IS_UINTEGER));
    assert_string_equal(query_text(f->stmt, "SELECT 1"), "1");
    assert_stmt_state(
        f->stmt, SQLExecDirect(f->stmt, sqltext("CREATE TABLE never (a int)"), SQL_NTS), "25006");
    assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext("VACUUM"), SQL_NTS), "25006");
}

static void test_isolation_level_reaches_the_statement(void **state)
{
    struct fixture *f = *state;

    assert_dbc_ok(f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_TXN_ISOLATION,
                                            (SQLPOINTER)SQL_TXN_SERIALIZABLE, SQL_IS_UINTEGER));
    assert_string_equal(query_text(f->stmt, "SHOW transaction_isolation"), "serializable");
}

static void test_query_timeout_is_hyt00_and_the_backend_is_gone(void **state)
{
    SQLHSTMT s = stmt_of(state);

    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_QUERY_TIMEOUT, (SQLPOINTER)1, 0));
    assert_stmt_state(s, SQLExecDirect(s, sqltext("SELECT pg_sleep(30) /* timed out */"), SQL_NTS),
                      "HYT00");
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_QUERY_TIMEOUT, (SQLPOINTER)0, 0));
    assert_string_equal(query_text(s, "SELECT 'usable'"), "usable");
    wait_until_gone("%/* timed out%");
}

static void test_errors_keep_detail_hint_and_constraint(void **state)
{
    SQLHSTMT s = stmt_of(state);

    run(s, "DROP TABLE IF EXISTS errs");
    run(s, "CREATE TABLE errs (id int PRIMARY KEY)");
    run(s, "INSERT INTO errs VALUES (1)");
    assert_stmt_state(s, SQLExecDirect(s, sqltext("INSERT INTO errs VALUES (1)"), SQL_NTS),
                      "23505");
    assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, s), "errs_pkey"));
    assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, s), "Key (id)=(1) already exists."));
    assert_stmt_state(s, SQLExecDirect(s, sqltext("SELECT * FROM no_such_table"), SQL_NTS),
                      "42S02");
    assert_stmt_state(s, SQLExecDirect(s, sqltext("SELECT no_such_column FROM errs"), SQL_NTS),
                      "42S22");
    assert_stmt_state(s, SQLExecDirect(s, sqltext("SELEC 1"), SQL_NTS), "42601");
    assert_stmt_state(s, SQLExecDirect(s, sqltext("SELECT 1/0"), SQL_NTS), "22012");
    run(s, "DROP TABLE errs");
}

static void test_native_sql_shows_the_translation_without_a_request(void **state)
{
    struct fixture *f = *state;
    SQLCHAR out[200];
    SQLINTEGER len;

    gateway_reset();
    assert_dbc_ok(f->dbc, SQLNativeSql(f->dbc, sqltext("SELECT {fn UCASE(?)}, {d '2026-01-02'}"),
                                       SQL_NTS, out, sizeof out, &len));
    assert_requests(0);
    assert_null(strchr((char *)out, '{'));
    assert_non_null(strstr((char *)out, "$1"));
    assert_int_equal(len, strlen((char *)out));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_connected, teardown_connected)

int main(void)
{
    const struct CMUnitTest everywhere[] = {
        T(test_select_returns_its_rows_in_order),
        T(test_wide_and_narrow_text_mean_the_same),
        T(test_row_counts_of_every_kind),
        T(test_parameters_of_the_ordinary_c_types),
        T(test_parameters_that_odbc_1_sets),
        T(test_a_prepared_statement_runs_again_with_new_values),
        T(test_numbers_go_into_boolean_columns_and_back),
        T(test_dollar_markers_bind_by_number),
        T(test_question_marks_that_are_no_markers),
        T(test_data_at_execution_in_pieces),
        T(test_cancel_ends_waiting_for_data),
        T(test_a_missing_parameter_is_07002),
        T(test_several_statements_are_one_transaction_and_give_their_results_in_order),
        T(test_empty_and_comment_only_texts_succeed_without_a_result),

        T(test_what_may_not_run_in_a_transaction_works_by_itself),
        T(test_read_only_lets_the_server_refuse_writes),
        T(test_isolation_level_reaches_the_statement),
        T(test_query_timeout_is_hyt00_and_the_backend_is_gone),
        T(test_errors_keep_detail_hint_and_constraint),
        T(test_native_sql_shows_the_translation_without_a_request),
    };

    const struct CMUnitTest http[] = {T(test_what_needs_a_session_is_refused_before_it_is_sent)};
    return RUN_OVER(OVER_ALL, everywhere) + RUN_OVER(OVER_HTTP, http);
}
