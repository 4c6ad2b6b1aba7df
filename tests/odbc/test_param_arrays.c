/* Arrays of parameters: bindings, operation and status arrays, requests, what a failure says,
 * results of SELECT, data at execution, transactions. */
#include "odbc_test.h"

#define N 10000

static void reset_table(SQLHSTMT stmt)
{
    pg_admin("DROP TABLE IF EXISTS arrays; "
             "CREATE TABLE arrays (id int PRIMARY KEY CHECK (id >= 0), t text, n numeric, d date, "
             "b bigint); GRANT ALL ON arrays TO PUBLIC");
    SQLFreeStmt(stmt, SQL_CLOSE);
    gateway_reset();
}

static void set_attr(SQLHSTMT stmt, SQLINTEGER id, const void *value)
{
    assert_stmt_ok(stmt, SQLSetStmtAttr(stmt, id, (SQLPOINTER)value, SQL_IS_POINTER));
}

static void set_number(SQLHSTMT stmt, SQLINTEGER id, SQLULEN value)
{
    assert_stmt_ok(stmt, SQLSetStmtAttr(stmt, id, (SQLPOINTER)value, SQL_IS_UINTEGER));
}

/* Five columns of N rows, bound by column. */
struct columns {
    SQLINTEGER id[N];
    char text[N][24];
    char number[N][16];
    SQL_DATE_STRUCT date[N];
    SQLBIGINT big[N];
    SQLLEN ind[5][N];
    SQLUSMALLINT status[N];
    SQLUSMALLINT operation[N];
    SQLULEN processed;
};

static struct columns *columns_new(SQLHSTMT stmt, SQLULEN n)
{
    struct columns *c = calloc(1, sizeof *c);

    for (int i = 0; i < N; i++) {
        c->id[i] = i;
        snprintf(c->text[i], sizeof c->text[i], "r\xC3\xB6w \"%d\"\n", i);
        snprintf(c->number[i], sizeof c->number[i], "%d.25", i);
        c->date[i] = (SQL_DATE_STRUCT){2024, 2, (SQLUSMALLINT)(1 + i % 29)};
        c->big[i] = (SQLBIGINT)i << 33;
        c->ind[1][i] = i % 7 == 0 ? SQL_NULL_DATA : SQL_NTS;
        c->ind[2][i] = (SQLLEN)strlen(c->number[i]);
    }
    set_number(stmt, SQL_ATTR_PARAM_BIND_TYPE, SQL_PARAM_BIND_BY_COLUMN);
    set_number(stmt, SQL_ATTR_PARAMSET_SIZE, n);
    set_attr(stmt, SQL_ATTR_PARAM_STATUS_PTR, c->status);
    set_attr(stmt, SQL_ATTR_PARAMS_PROCESSED_PTR, &c->processed);
    assert_stmt_ok(stmt, SQLBindParameter(stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0,
                                          c->id, 0, c->ind[0]));
    assert_stmt_ok(stmt, SQLBindParameter(stmt, 2, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 24, 0,
                                          c->text, sizeof c->text[0], c->ind[1]));
    assert_stmt_ok(stmt, SQLBindParameter(stmt, 3, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_NUMERIC, 16, 2,
                                          c->number, sizeof c->number[0], c->ind[2]));
    assert_stmt_ok(stmt, SQLBindParameter(stmt, 4, SQL_PARAM_INPUT, SQL_C_TYPE_DATE, SQL_TYPE_DATE,
                                          10, 0, c->date, 0, c->ind[3]));
    assert_stmt_ok(stmt, SQLBindParameter(stmt, 5, SQL_PARAM_INPUT, SQL_C_SBIGINT, SQL_BIGINT, 0, 0,
                                          c->big, 0, c->ind[4]));
    return c;
}

#define INSERT "INSERT INTO arrays (id, t, n, d, b) VALUES (?, ?, ?, ?, ?)"

static void assert_statuses(const SQLUSMALLINT *status, size_t from, size_t to, int expected)
{
    for (size_t i = from; i < to; i++)
        if (status[i] != expected)
            fail_msg("status of row %zu: %d, expected %d", i + 1, status[i], expected);
}

static void test_insert_by_column(void **state)
{
    struct fixture *f = *state;
    struct columns *c;
    SQLLEN count = 0;

    reset_table(f->stmt);
    c = columns_new(f->stmt, N);
    assert_stmt_ok(f->stmt, SQLExecDirect(f->stmt, sqltext(INSERT), SQL_NTS));
    assert_requests(1);
    assert_stmt_ok(f->stmt, SQLRowCount(f->stmt, &count));
    assert_int_equal(count, N);
    assert_int_equal(c->processed, N);
    assert_statuses(c->status, 0, N, SQL_PARAM_SUCCESS);
    assert_string_equal(
        pg_admin("SELECT count(*), sum(id), sum(n), max(b), count(*) FILTER (WHERE t IS NULL), "
                 "bool_and(t IS NULL OR t = E'r\\u00f6w \"' || id || E'\"\\n'), count(DISTINCT d) "
                 "FROM arrays"),
        "10000|49995000|49997500.00|85890755985408|1429|t|29");
    free(c);
}

struct row {
    SQLINTEGER id;
    SQLLEN id_ind;
    char text[32];
    SQLLEN text_ind;
};

/* Pointers that are nothing but offsets, completed by the bind offset: pyodbc's way. */
static void test_by_row_with_offset(void **state)
{
    struct fixture *f = *state;
    static struct row rows[64];
    SQLLEN offset = (SQLLEN)(intptr_t)rows;
    SQLUSMALLINT operation[64];
    SQLUSMALLINT status[64];
    SQLULEN processed = 0;

    reset_table(f->stmt);
    for (int i = 0; i < 64; i++) {
        rows[i] = (struct row){.id = i, .text_ind = i == 5 ? SQL_NULL_DATA : 3};
        memcpy(rows[i].text, "abcdef", 6);
        operation[i] = i % 4 == 3 ? SQL_PARAM_IGNORE : SQL_PARAM_PROCEED;
    }
    set_number(f->stmt, SQL_ATTR_PARAM_BIND_TYPE, sizeof rows[0]);
    set_attr(f->stmt, SQL_ATTR_PARAM_BIND_OFFSET_PTR, &offset);
    set_number(f->stmt, SQL_ATTR_PARAMSET_SIZE, 64);
    set_attr(f->stmt, SQL_ATTR_PARAM_OPERATION_PTR, operation);
    set_attr(f->stmt, SQL_ATTR_PARAM_STATUS_PTR, status);
    set_attr(f->stmt, SQL_ATTR_PARAMS_PROCESSED_PTR, &processed);
    assert_stmt_ok(f->stmt, SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER,
                                             0, 0, (SQLPOINTER)offsetof(struct row, id), 0,
                                             (SQLLEN *)offsetof(struct row, id_ind)));
    assert_stmt_ok(f->stmt, SQLBindParameter(f->stmt, 2, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR,
                                             32, 0, (SQLPOINTER)offsetof(struct row, text), 32,
                                             (SQLLEN *)offsetof(struct row, text_ind)));
    assert_stmt_ok(
        f->stmt,
        SQLExecDirect(f->stmt, sqltext("INSERT INTO arrays (id, t) VALUES (?, ?)"), SQL_NTS));
    assert_string_equal(pg_admin("SELECT count(*), count(t), min(t), sum(id) FROM arrays"),
                        "48|47|abc|1488");
    assert_int_equal(processed, 64);
    for (int i = 0; i < 64; i++)
        assert_int_equal(status[i], i % 4 == 3 ? SQL_PARAM_UNUSED : SQL_PARAM_SUCCESS);
}

/* Row 5000 violates a constraint: none of the request's rows stays, and the application knows
 * which. */
static void test_failing_row(void **state)
{
    struct fixture *f = *state;
    struct columns *c;
    SQLLEN row = 0;
    long requests;

    reset_table(f->stmt);
    c = columns_new(f->stmt, N);
    c->id[4999] = 17;
    assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext(INSERT), SQL_NTS), "23505");
    requests = gateway_requests();
    if (over(OVER_HTTP))
        assert_in_range(requests, 2, 20);
    assert_int_equal(c->processed, 5000);
    assert_statuses(c->status, 0, 4999, SQL_PARAM_UNUSED);
    assert_int_equal(c->status[4999], SQL_PARAM_ERROR);
    assert_statuses(c->status, 5000, N, SQL_PARAM_UNUSED);
    SQLGetDiagField(SQL_HANDLE_STMT, f->stmt, 1, SQL_DIAG_ROW_NUMBER, &row, 0, NULL);
    assert_int_equal(row, 5000);
    assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, f->stmt), "Row 5000 of the array failed"));
    assert_string_equal(pg_admin("SELECT count(*) FROM arrays"), "0");
    /* The statement is fit for the next try. */
    c->id[4999] = 4999;
    assert_stmt_ok(f->stmt, SQLExecDirect(f->stmt, sqltext(INSERT), SQL_NTS));
    assert_string_equal(pg_admin("SELECT count(*) FROM arrays"), "10000");
    free(c);
}

static void test_failing_row_at_the_ends(void **state)
{
    static const int places[] = {0, 1, 6552, 6553, N - 1};
    struct fixture *f = *state;
    struct columns *c;

    reset_table(f->stmt);
    c = columns_new(f->stmt, N);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        c->id[places[i]] = -1;
        assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext(INSERT), SQL_NTS), "23514");
        assert_int_equal(c->processed, places[i] + 1);
        assert_int_equal(c->status[places[i]], SQL_PARAM_ERROR);
        c->id[places[i]] = places[i];
    }
    /* A mistake of the text is the first row's. */
    gateway_reset();
    assert_stmt_state(
        f->stmt,
        SQLExecDirect(f->stmt, sqltext("INSERT INTO nowhere VALUES (?, ?, ?, ?, ?)"), SQL_NTS),
        "42S02");
    assert_int_equal(c->status[0], SQL_PARAM_ERROR);
    assert_requests(2);
    free(c);
}

/* Checked when the transaction commits only. */
static void test_deferred_constraint(void **state)
{
    struct fixture *f = *state;
    struct columns *c;

    reset_table(f->stmt);
    pg_admin("ALTER TABLE arrays ADD UNIQUE (b) DEFERRABLE INITIALLY DEFERRED");
    c = columns_new(f->stmt, 100);
    c->big[60] = c->big[50];
    assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext(INSERT), SQL_NTS), "23505");
    assert_int_equal(c->status[60], SQL_PARAM_ERROR);
    assert_string_equal(pg_admin("SELECT count(*) FROM arrays"), "0");
    free(c);
}

/* Beyond one request: the earlier ones are done, and their rows say so. */
static void test_several_requests(void **state)
{
    struct fixture *f = fixture_new(SQL_OV_ODBC3_80);
    struct columns *c;
    size_t done = 0;

    (void)state;
    fixture_connect(f, "DSN=neon;MaxRequestBytes=100000");
    reset_table(f->stmt);
    c = columns_new(f->stmt, N);
    assert_stmt_ok(f->stmt, SQLExecDirect(f->stmt, sqltext(INSERT), SQL_NTS));
    assert_in_range(gateway_requests(), 5, 40);
    assert_string_equal(pg_admin("SELECT count(*) FROM arrays"), "10000");
    reset_table(f->stmt);
    c->id[8000] = 1;
    assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext(INSERT), SQL_NTS), "23505");
    while (c->status[done] == SQL_PARAM_SUCCESS)
        done++;
    assert_in_range(done, 1000, 8000);
    assert_statuses(c->status, done, 8000, SQL_PARAM_UNUSED);
    assert_int_equal(c->status[8000], SQL_PARAM_ERROR);
    assert_statuses(c->status, 8001, N, SQL_PARAM_UNUSED);
    assert_int_equal(strtoul(pg_admin("SELECT count(*) FROM arrays"), NULL, 10), done);
    free(c);
    fixture_free(f);
}

/* The row that does not fit any more goes first in the next request: read once, and told once. */
static void test_rows_at_the_border_of_requests(void **state)
{
    enum { ROWS = 7, BYTES = 30000 };
    struct fixture *f = fixture_with("Transport=http;MaxRequestBytes=100000");
    SQLDOUBLE number[ROWS];
    SQLLEN len[ROWS], row = 0;
    char *text = test_calloc(ROWS, BYTES);

    (void)state;
    reset_table(f->stmt);
    for (int i = 0; i < ROWS; i++) {
        number[i] = i + 0.5;
        len[i] = i == 4 ? SQL_NULL_DATA : BYTES;
        memset(text + i * BYTES, 'a' + i, BYTES);
    }
    set_number(f->stmt, SQL_ATTR_PARAMSET_SIZE, ROWS);
    SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_DOUBLE, SQL_INTEGER, 0, 0, number, 0, NULL);
    SQLBindParameter(f->stmt, 2, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_LONGVARCHAR, 0, 0, text, BYTES,
                     len);
    gateway_reset();
    assert_int_equal(
        SQLExecDirect(f->stmt, sqltext("INSERT INTO arrays (id, t) VALUES (?, ?)"), SQL_NTS),
        SQL_SUCCESS_WITH_INFO);
    assert_int_equal(gateway_requests(), 2);
    for (SQLSMALLINT i = 1; i <= ROWS; i++) {
        SQLGetDiagField(SQL_HANDLE_STMT, f->stmt, i, SQL_DIAG_ROW_NUMBER, &row, 0, NULL);
        assert_int_equal(row, i);
    }
    assert_int_equal(
        SQLGetDiagField(SQL_HANDLE_STMT, f->stmt, ROWS + 1, SQL_DIAG_ROW_NUMBER, &row, 0, NULL),
        SQL_NO_DATA);
    assert_string_equal(pg_admin("SELECT string_agg(id || coalesce(left(t, 1) || right(t, 1) || "
                                 "length(t), 'null'), ' ' ORDER BY id) FROM arrays"),
                        "0aa30000 1bb30000 2cc30000 3dd30000 4null 5ff30000 6gg30000");
    test_free(text);
    fixture_free(f);
}

static void test_updates(void **state)
{
    struct fixture *f = *state;
    SQLINTEGER id[100];
    char text[100][8];
    SQLUSMALLINT status[100];
    SQLLEN count = 0;

    reset_table(f->stmt);
    pg_admin("INSERT INTO arrays (id) SELECT generate_series(0, 49)");
    for (int i = 0; i < 100; i++) {
        id[i] = i;
        snprintf(text[i], sizeof text[i], "v%d", i);
    }
    set_number(f->stmt, SQL_ATTR_PARAMSET_SIZE, 100);
    set_attr(f->stmt, SQL_ATTR_PARAM_STATUS_PTR, status);
    SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 8, 0, text, 8, NULL);
    SQLBindParameter(f->stmt, 2, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, id, 0, NULL);
    assert_stmt_ok(f->stmt,
                   SQLPrepare(f->stmt, sqltext("UPDATE arrays SET t = ? WHERE id = ?"), SQL_NTS));
    assert_stmt_ok(f->stmt, SQLExecute(f->stmt));
    assert_requests(1);
    assert_stmt_ok(f->stmt, SQLRowCount(f->stmt, &count));
    assert_int_equal(count, 50);
    assert_statuses(status, 0, 100, SQL_PARAM_SUCCESS);
    assert_string_equal(pg_admin("SELECT count(*) FROM arrays WHERE t = 'v' || id"), "50");
    assert_int_equal(SQLMoreResults(f->stmt), SQL_NO_DATA);
    /* No row at all. */
    for (int i = 0; i < 100; i++)
        id[i] = 1000 + i;
    assert_int_equal(SQLExecute(f->stmt), SQL_NO_DATA);
    /* The statement fails at one row: by value. */
    pg_admin("ALTER TABLE arrays ADD CHECK (t <> 'bad')");
    for (int i = 0; i < 100; i++)
        id[i] = i;
    snprintf(text[3], sizeof text[3], "bad");
    pg_admin("UPDATE arrays SET t = NULL");
    assert_stmt_state(f->stmt, SQLExecute(f->stmt), "23514");
    assert_int_equal(status[3], SQL_PARAM_ERROR);
    assert_string_equal(pg_admin("SELECT count(t) FROM arrays"), "0");
}

/* Each set's result is the application's (SQL_PAS_BATCH). */
static void test_selects(void **state)
{
    struct fixture *f = *state;
    SQLINTEGER id[5] = {1, 2, 3, 4, 5};
    SQLINTEGER got = 0;

    gateway_reset();
    set_number(f->stmt, SQL_ATTR_PARAMSET_SIZE, 5);
    SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, id, 0, NULL);
    assert_stmt_ok(f->stmt, SQLExecDirect(f->stmt, sqltext("SELECT ? * 10"), SQL_NTS));
    assert_requests(1);
    for (int i = 0; i < 5; i++) {
        if (i > 0)
            assert_stmt_ok(f->stmt, SQLMoreResults(f->stmt));
        assert_stmt_ok(f->stmt, SQLFetch(f->stmt));
        assert_stmt_ok(f->stmt, SQLGetData(f->stmt, 1, SQL_C_SLONG, &got, 0, NULL));
        assert_int_equal(got, 10 * id[i]);
        assert_int_equal(SQLFetch(f->stmt), SQL_NO_DATA);
    }
    assert_int_equal(SQLMoreResults(f->stmt), SQL_NO_DATA);
}

static void test_returning(void **state)
{
    struct fixture *f = *state;
    SQLINTEGER id[3] = {7, 8, 9};
    SQLLEN count = 0;
    SQLINTEGER got = 0;

    reset_table(f->stmt);
    set_number(f->stmt, SQL_ATTR_PARAMSET_SIZE, 3);
    SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, id, 0, NULL);
    assert_stmt_ok(f->stmt,
                   SQLExecDirect(f->stmt,
                                 sqltext("INSERT INTO arrays (id) VALUES (?) RETURNING id + 100"),
                                 SQL_NTS));
    for (int i = 0; i < 3; i++) {
        if (i > 0)
            assert_stmt_ok(f->stmt, SQLMoreResults(f->stmt));
        assert_stmt_ok(f->stmt, SQLRowCount(f->stmt, &count));
        assert_int_equal(count, 1);
        assert_stmt_ok(f->stmt, SQLFetch(f->stmt));
        assert_stmt_ok(f->stmt, SQLGetData(f->stmt, 1, SQL_C_SLONG, &got, 0, NULL));
        assert_int_equal(got, id[i] + 100);
    }
    assert_int_equal(SQLMoreResults(f->stmt), SQL_NO_DATA);
    assert_string_equal(pg_admin("SELECT count(*) FROM arrays"), "3");
}

/* The set whose read failed is named too, and the connection is as before. */
static void test_failing_row_of_reads(void **state)
{
    struct fixture *f = *state;
    SQLINTEGER id[4] = {1, 2, 0, 4};
    SQLUSMALLINT status[4];
    SQLULEN processed = 0;

    reset_table(f->stmt);
    set_number(f->stmt, SQL_ATTR_PARAMSET_SIZE, 4);
    set_attr(f->stmt, SQL_ATTR_PARAM_STATUS_PTR, status);
    set_attr(f->stmt, SQL_ATTR_PARAMS_PROCESSED_PTR, &processed);
    SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, id, 0, NULL);
    assert_stmt_state(f->stmt,
                      SQLExecDirect(f->stmt,
                                    sqltext("INSERT INTO arrays (id, b) VALUES ($1, 12 / $1) "
                                            "RETURNING b"),
                                    SQL_NTS),
                      "22012");
    assert_int_equal(status[0], SQL_PARAM_UNUSED);
    assert_int_equal(status[1], SQL_PARAM_UNUSED);
    assert_int_equal(status[2], SQL_PARAM_ERROR);
    assert_int_equal(status[3], SQL_PARAM_UNUSED);
    assert_int_equal(processed, 3);
    set_number(f->stmt, SQL_ATTR_PARAMSET_SIZE, 1);
    SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
    assert_int_equal(query_number(f->stmt, "SELECT count(*) FROM arrays"), 0);
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
    run(f->stmt, "INSERT INTO arrays (id) VALUES (1)");
    assert_string_equal(pg_admin("SELECT count(*) FROM arrays"), "1");
}

/* More rows than the protocol has parameters. */
static void test_many_rows_of_one(void **state)
{
    enum { M = 70000 };
    struct fixture *f = *state;
    SQLINTEGER *id = malloc(M * sizeof *id);

    reset_table(f->stmt);
    for (int i = 0; i < M; i++)
        id[i] = i;
    set_number(f->stmt, SQL_ATTR_PARAMSET_SIZE, M);
    SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, id, 0, NULL);
    assert_stmt_ok(f->stmt,
                   SQLExecDirect(f->stmt, sqltext("INSERT INTO arrays (id) VALUES (?)"), SQL_NTS));
    assert_requests(1);
    assert_string_equal(pg_admin("SELECT count(*), sum(id::bigint) FROM arrays"),
                        "70000|2449965000");
    free(id);
}

static void test_conversion_error(void **state)
{
    struct fixture *f = *state;
    char number[4][8] = {"1", "2", "x", "4"};
    SQLUSMALLINT status[4];
    SQLLEN row = 0;

    reset_table(f->stmt);
    set_number(f->stmt, SQL_ATTR_PARAMSET_SIZE, 4);
    set_attr(f->stmt, SQL_ATTR_PARAM_STATUS_PTR, status);
    SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_INTEGER, 0, 0, number, 8, NULL);
    assert_stmt_state(
        f->stmt, SQLExecDirect(f->stmt, sqltext("INSERT INTO arrays (id) VALUES (?)"), SQL_NTS),
        "22018");
    SQLGetDiagField(SQL_HANDLE_STMT, f->stmt, 1, SQL_DIAG_ROW_NUMBER, &row, 0, NULL);
    assert_int_equal(row, 3);
    assert_int_equal(status[0], SQL_PARAM_UNUSED);
    assert_int_equal(status[2], SQL_PARAM_ERROR);
    assert_int_equal(status[3], SQL_PARAM_UNUSED);
    assert_requests(0);
    /* In a transaction too, also where the rows would wait for the commit. */
    fixture_autocommit(f, false);
    memset(status, 0x77, sizeof status);
    assert_stmt_state(
        f->stmt, SQLExecDirect(f->stmt, sqltext("INSERT INTO arrays (id) VALUES (?)"), SQL_NTS),
        "22018");
    assert_int_equal(status[0], SQL_PARAM_UNUSED);
    assert_int_equal(status[2], SQL_PARAM_ERROR);
    assert_int_equal(status[3], SQL_PARAM_UNUSED);
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
    fixture_autocommit(f, true);
    assert_string_equal(pg_admin("SELECT count(*) FROM arrays"), "0");
}

static SQLLEN record_field(SQLHSTMT stmt, SQLSMALLINT field)
{
    SQLLEN row = 0;
    SQLINTEGER column = 0;

    if (field == SQL_DIAG_COLUMN_NUMBER) {
        SQLGetDiagField(SQL_HANDLE_STMT, stmt, 1, field, &column, 0, NULL);
        return column;
    }
    SQLGetDiagField(SQL_HANDLE_STMT, stmt, 1, field, &row, 0, NULL);
    return row;
}

/* What is wrong with a value before it is converted names its row as well. */
static void test_bad_values(void **state)
{
    static const struct {
        SQLLEN ind;
        const char *expected;
        const char *says;
    } cases[] = {
        {-77, "HY090", "Parameter 2 of row 2 of the array: the length -77"},
        {SQL_DEFAULT_PARAM, "07S01", "Parameter 2 of row 2 of the array: SQL_DEFAULT_PARAM"},
    };
    struct fixture *f = *state;
    SQLINTEGER id[3] = {1, 2, 3};
    char text[3][4] = {"a", "b", "c"};
    SQLLEN ind[3] = {SQL_NTS, SQL_NTS, SQL_NTS};
    SQLUSMALLINT status[3];

    reset_table(f->stmt);
    set_number(f->stmt, SQL_ATTR_PARAMSET_SIZE, 3);
    set_attr(f->stmt, SQL_ATTR_PARAM_STATUS_PTR, status);
    SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, id, 0, NULL);
    SQLBindParameter(f->stmt, 2, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 4, 0, text, 4, ind);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ind[1] = cases[i].ind;
        assert_stmt_state(
            f->stmt,
            SQLExecDirect(f->stmt, sqltext("INSERT INTO arrays (id, t) VALUES (?, ?)"), SQL_NTS),
            cases[i].expected);
        assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, f->stmt), cases[i].says));
        assert_int_equal(record_field(f->stmt, SQL_DIAG_ROW_NUMBER), 2);
        assert_int_equal(record_field(f->stmt, SQL_DIAG_COLUMN_NUMBER), 2);
        assert_int_equal(status[0], SQL_PARAM_UNUSED);
        assert_int_equal(status[1], SQL_PARAM_ERROR);
        assert_int_equal(status[2], SQL_PARAM_UNUSED);
    }
    /* A null pointer for a value: HY009. */
    ind[1] = SQL_NTS;
    ind[0] = SQL_NULL_DATA;
    SQLBindParameter(f->stmt, 2, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 4, 0, NULL, 4, ind);
    assert_stmt_state(
        f->stmt,
        SQLExecDirect(f->stmt, sqltext("INSERT INTO arrays (id, t) VALUES (?, ?)"), SQL_NTS),
        "HY009");
    assert_int_equal(record_field(f->stmt, SQL_DIAG_ROW_NUMBER), 2);
    /* Without an array there is no row. */
    set_number(f->stmt, SQL_ATTR_PARAMSET_SIZE, 1);
    set_attr(f->stmt, SQL_ATTR_PARAM_STATUS_PTR, NULL);
    ind[0] = -77;
    SQLBindParameter(f->stmt, 2, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 4, 0, text, 4, ind);
    assert_stmt_state(
        f->stmt,
        SQLExecDirect(f->stmt, sqltext("INSERT INTO arrays (id, t) VALUES (?, ?)"), SQL_NTS),
        "HY090");
    assert_int_equal(record_field(f->stmt, SQL_DIAG_ROW_NUMBER), SQL_NO_ROW_NUMBER);
    assert_string_equal(pg_admin("SELECT count(*) FROM arrays"), "0");
}

/* A fraction that an integer cannot hold is cut, and the row says so. */
static void test_warnings(void **state)
{
    struct fixture *f = *state;
    SQLDOUBLE number[3] = {1, 2.5, 3};
    SQLUSMALLINT status[3];
    SQLLEN row = 0;

    reset_table(f->stmt);
    set_number(f->stmt, SQL_ATTR_PARAMSET_SIZE, 3);
    set_attr(f->stmt, SQL_ATTR_PARAM_STATUS_PTR, status);
    SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_DOUBLE, SQL_INTEGER, 0, 0, number, 0, NULL);
    assert_int_equal(SQLExecDirect(f->stmt, sqltext("INSERT INTO arrays (id) VALUES (?)"), SQL_NTS),
                     SQL_SUCCESS_WITH_INFO);
    assert_string_equal(diag_state(SQL_HANDLE_STMT, f->stmt), "01S07");
    SQLGetDiagField(SQL_HANDLE_STMT, f->stmt, 1, SQL_DIAG_ROW_NUMBER, &row, 0, NULL);
    assert_int_equal(row, 2);
    assert_int_equal(status[0], SQL_PARAM_SUCCESS);
    assert_int_equal(status[1], SQL_PARAM_SUCCESS_WITH_INFO);
    assert_int_equal(status[2], SQL_PARAM_SUCCESS);
    assert_string_equal(pg_admin("SELECT sum(id) FROM arrays"), "6");
}

/* Cells that are sent at execution, in pieces, in any row. */
static void test_data_at_execution(void **state)
{
    struct fixture *f = *state;
    SQLINTEGER id[3] = {1, 2, 3};
    char text[3][8] = {"", "here", ""};
    SQLLEN ind[3] = {SQL_LEN_DATA_AT_EXEC(6), SQL_NTS, SQL_DATA_AT_EXEC};
    SQLPOINTER token = NULL;

    reset_table(f->stmt);
    set_number(f->stmt, SQL_ATTR_PARAMSET_SIZE, 3);
    SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, id, 0, NULL);
    SQLBindParameter(f->stmt, 2, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_LONGVARCHAR, 0, 0, text, 8, ind);
    assert_int_equal(
        SQLExecDirect(f->stmt, sqltext("INSERT INTO arrays (id, t) VALUES (?, ?)"), SQL_NTS),
        SQL_NEED_DATA);
    assert_int_equal(SQLParamData(f->stmt, &token), SQL_NEED_DATA);
    assert_ptr_equal(token, text[0]);
    assert_stmt_ok(f->stmt, SQLPutData(f->stmt, sqltext("abc"), 3));
    assert_stmt_ok(f->stmt, SQLPutData(f->stmt, sqltext("def"), SQL_NTS));
    assert_int_equal(SQLParamData(f->stmt, &token), SQL_NEED_DATA);
    assert_ptr_equal(token, text[2]);
    assert_stmt_ok(f->stmt, SQLPutData(f->stmt, sqltext("zzz"), 2));
    assert_stmt_ok(f->stmt, SQLParamData(f->stmt, &token));
    assert_requests(1);
    assert_string_equal(pg_admin("SELECT string_agg(id || t, ',' ORDER BY id) FROM arrays"),
                        "1abcdef,2here,3zz");
    /* Given up in the middle: nothing happens, and the statement is free. */
    assert_int_equal(
        SQLExecDirect(f->stmt, sqltext("INSERT INTO arrays (id, t) VALUES (?, ?)"), SQL_NTS),
        SQL_NEED_DATA);
    assert_int_equal(SQLParamData(f->stmt, &token), SQL_NEED_DATA);
    assert_stmt_ok(f->stmt, SQLPutData(f->stmt, sqltext("abc"), 3));
    assert_stmt_ok(f->stmt, SQLCancel(f->stmt));
    assert_requests(1);
    set_number(f->stmt, SQL_ATTR_PARAMSET_SIZE, 1);
    SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
    assert_int_equal(query_number(f->stmt, "SELECT count(*) FROM arrays"), 3);
}

/* An answer that is lost leaves open what happened: no row is said to have failed, or to have
 * worked. */
static void test_lost_answer(void **state)
{
    struct fixture *f = *state;
    SQLINTEGER id[2] = {1, 2};
    SQLUSMALLINT status[2] = {99, 99};

    for (SQLULEN n = 1; n <= 2; n++) {
        reset_table(f->stmt);
        set_number(f->stmt, SQL_ATTR_PARAMSET_SIZE, n);
        set_attr(f->stmt, SQL_ATTR_PARAM_STATUS_PTR, status);
        set_attr(f->stmt, SQL_ATTR_PARAM_OPERATION_PTR, (SQLUSMALLINT[]){0, 0});
        SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, id, 0, NULL);
        gateway_fault("{\"kind\":\"lost_after_commit\",\"count\":1}");
        assert_stmt_state(
            f->stmt, SQLExecDirect(f->stmt, sqltext("INSERT INTO arrays (id) VALUES (?)"), SQL_NTS),
            "08S01");
        assert_int_equal(status[0], SQL_PARAM_DIAG_UNAVAILABLE);
        assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, f->stmt), "unknown"));
        assert_null(strstr(diag_text(SQL_HANDLE_STMT, f->stmt), "took effect"));
        assert_int_equal(gateway_requests(), 1);
        assert_int_equal(strtoul(pg_admin("SELECT count(*) FROM arrays"), NULL, 10), n);
        set_attr(f->stmt, SQL_ATTR_PARAM_OPERATION_PTR, NULL);
    }
}

static void test_in_transaction(void **state)
{
    struct fixture *f = *state;
    struct columns *c;

    reset_table(f->stmt);
    assert_dbc_ok(
        f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0));
    c = columns_new(f->stmt, 500);
    assert_stmt_ok(f->stmt, SQLExecDirect(f->stmt, sqltext(INSERT), SQL_NTS));
    assert_statuses(c->status, 0, 500, SQL_PARAM_SUCCESS);
    assert_string_equal(pg_admin("SELECT count(*) FROM arrays"), "0");
    set_number(f->stmt, SQL_ATTR_PARAMSET_SIZE, 1);
    SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
    assert_int_equal(query_number(f->stmt, "SELECT count(*) FROM arrays"), 500);
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
    assert_string_equal(pg_admin("SELECT count(*) FROM arrays"), "500");
    free(c);
}

/* In a session: the row that failed is found behind a savepoint, and the transaction has failed, as
 * the server says. Arrays of reads run there too. */
static void test_in_a_session(void **state)
{
    static const char *const connstrs[] = {"DSN=neon;Transport=websocket",
                                           "DSN=neon;Transport=auto"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = fixture_new(SQL_OV_ODBC3_80);
        struct columns *c;
        SQLINTEGER got = 0;

        fixture_connect(f, connstrs[i]);
        reset_table(f->stmt);
        c = columns_new(f->stmt, N);
        assert_dbc_ok(f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT,
                                                (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0));
        c->id[7000] = 17;
        assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext(INSERT), SQL_NTS), "23505");
        assert_int_equal(c->status[7000], SQL_PARAM_ERROR);
        assert_int_equal(c->status[6999], SQL_PARAM_UNUSED);
        assert_int_equal(c->processed, 7001);
        set_number(f->stmt, SQL_ATTR_PARAMSET_SIZE, 3);
        assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext(INSERT), SQL_NTS), "25P02");
        assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
        c->id[7000] = 7000;
        set_number(f->stmt, SQL_ATTR_PARAMSET_SIZE, N);
        assert_stmt_ok(f->stmt, SQLExecDirect(f->stmt, sqltext(INSERT), SQL_NTS));
        assert_statuses(c->status, 0, N, SQL_PARAM_SUCCESS);
        assert_string_equal(pg_admin("SELECT count(*) FROM arrays"), "0");
        assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
        assert_string_equal(pg_admin("SELECT count(*) FROM arrays"), "10000");
        /* reads */
        SQLFreeStmt(f->stmt, SQL_RESET_PARAMS);
        set_number(f->stmt, SQL_ATTR_PARAMSET_SIZE, 3);
        SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, c->id, 0,
                         NULL);
        assert_stmt_ok(f->stmt, SQLExecDirect(f->stmt, sqltext("SELECT ? + 1"), SQL_NTS));
        for (int k = 0; k < 3; k++) {
            if (k > 0)
                assert_stmt_ok(f->stmt, SQLMoreResults(f->stmt));
            assert_stmt_ok(f->stmt, SQLFetch(f->stmt));
            assert_stmt_ok(f->stmt, SQLGetData(f->stmt, 1, SQL_C_SLONG, &got, 0, NULL));
            assert_int_equal(got, c->id[k] + 1);
        }
        assert_int_equal(SQLMoreResults(f->stmt), SQL_NO_DATA);
        assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
        /* in autocommit a session tries in a transaction of its own */
        assert_dbc_ok(f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT,
                                                (SQLPOINTER)SQL_AUTOCOMMIT_ON, 0));
        assert_stmt_state(f->stmt,
                          SQLExecDirect(f->stmt,
                                        sqltext("UPDATE arrays SET b = 1 / (? - 1) WHERE id = 5"),
                                        SQL_NTS),
                          "22012");
        for (int k = 0; k < 3; k++)
            assert_int_equal(c->status[k], k == 1 ? SQL_PARAM_ERROR : SQL_PARAM_UNUSED);
        assert_string_equal(pg_admin("SELECT b / 5 FROM arrays WHERE id = 5"), "8589934592");
        free(c);
        fixture_free(f);
    }
}

/* The only set has a status and may be ignored too; a statement without markers has no sets. */
static void test_sets_of_one(void **state)
{
    struct fixture *f = *state;
    SQLINTEGER id = 1;
    SQLUSMALLINT status[2] = {99, 99};
    SQLUSMALLINT operation = SQL_PARAM_IGNORE;
    SQLULEN processed = 99;

    reset_table(f->stmt);
    set_attr(f->stmt, SQL_ATTR_PARAM_STATUS_PTR, status);
    set_attr(f->stmt, SQL_ATTR_PARAMS_PROCESSED_PTR, &processed);
    SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, &id, 0, NULL);
    assert_stmt_ok(f->stmt,
                   SQLPrepare(f->stmt, sqltext("INSERT INTO arrays (id) VALUES (?)"), SQL_NTS));
    assert_stmt_ok(f->stmt, SQLExecute(f->stmt));
    assert_int_equal(processed, 1);
    assert_int_equal(status[0], SQL_PARAM_SUCCESS);
    assert_stmt_state(f->stmt, SQLExecute(f->stmt), "23505");
    assert_int_equal(status[0], SQL_PARAM_ERROR);
    set_attr(f->stmt, SQL_ATTR_PARAM_OPERATION_PTR, &operation);
    assert_stmt_ok(f->stmt, SQLExecute(f->stmt));
    assert_int_equal(status[0], SQL_PARAM_UNUSED);
    set_attr(f->stmt, SQL_ATTR_PARAM_OPERATION_PTR, NULL);
    set_number(f->stmt, SQL_ATTR_PARAMSET_SIZE, 2);
    gateway_reset();
    assert_stmt_ok(f->stmt, SQLExecDirect(f->stmt, sqltext("DELETE FROM arrays"), SQL_NTS));
    assert_requests(1);
}

static void test_a_transaction_that_is_tried_without_a_set(void **state)
{
    struct fixture *f = fixture_with("Transport=http;BufferedRowCount=preview");
    SQLINTEGER id = 1;
    SQLUSMALLINT status = 99, operation = SQL_PARAM_IGNORE;

    (void)state;
    reset_table(f->stmt);
    fixture_autocommit(f, false);
    set_attr(f->stmt, SQL_ATTR_PARAM_STATUS_PTR, &status);
    set_attr(f->stmt, SQL_ATTR_PARAM_OPERATION_PTR, &operation);
    SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, &id, 0, NULL);
    assert_stmt_ok(f->stmt, exec(f->stmt, "INSERT INTO arrays (id) VALUES (?)"));
    assert_int_equal(status, SQL_PARAM_UNUSED);
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
    assert_string_equal(pg_admin("SELECT count(*) FROM arrays"), "0");
    fixture_free(f);
}

static void test_refusals(void **state)
{
    struct fixture *f = *state;
    SQLINTEGER id[2] = {1, 2};

    set_number(f->stmt, SQL_ATTR_PARAMSET_SIZE, 2);
    SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, id, 0, NULL);
    assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext("SET x.y = ?"), SQL_NTS), "HYC00");
    assert_dbc_ok(
        f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0));
    assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext("SELECT ? + 1"), SQL_NTS), "HYC00");
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
    assert_stmt_state(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_PARAMSET_SIZE, 0, 0), "HY024");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_connected, teardown_connected)
    const struct CMUnitTest tests[] = {
        TEST(test_several_requests),
        TEST(test_rows_at_the_border_of_requests),
        TEST(test_lost_answer),
        TEST(test_in_transaction),
        TEST(test_in_a_session),
        TEST(test_refusals),
        TEST(test_a_transaction_that_is_tried_without_a_set),
    };

    const struct CMUnitTest everywhere[] = {
        TEST(test_insert_by_column),
        TEST(test_by_row_with_offset),
        TEST(test_failing_row),
        TEST(test_failing_row_at_the_ends),
        TEST(test_deferred_constraint),
        TEST(test_updates),
        TEST(test_selects),
        TEST(test_returning),
        TEST(test_failing_row_of_reads),
        TEST(test_many_rows_of_one),
        TEST(test_conversion_error),
        TEST(test_bad_values),
        TEST(test_warnings),
        TEST(test_data_at_execution),
        TEST(test_sets_of_one),
    };
    int failed;

    fixture_connstr = FIXTURE_HTTP;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + RUN_OVER(OVER_ALL, everywhere);
}
