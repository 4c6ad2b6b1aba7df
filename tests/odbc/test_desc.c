/* Descriptors: explicit ones shared and freed while in use, copying, rights, and the implicit ones
 * behind attributes. */
#include "odbc_test.h"

static SQLHSTMT stmt_of(void **state)
{
    return ((struct fixture *)*state)->stmt;
}

#define assert_desc_ok(d, rc) check_ok((rc), SQL_HANDLE_DESC, (d), #rc, __FILE__, __LINE__)
#define assert_desc_state(d, rc, state)                                                            \
    check_state((rc), SQL_HANDLE_DESC, (d), (state), #rc, __FILE__, __LINE__)

static SQLHDESC desc_of(SQLHSTMT s, SQLINTEGER attribute)
{
    SQLHDESC d = NULL;

    assert_stmt_ok(s, SQLGetStmtAttr(s, attribute, &d, 0, NULL));
    assert_non_null(d);
    return d;
}

static SQLHDESC new_desc(struct fixture *f)
{
    SQLHDESC d = NULL;

    assert_dbc_ok(f->dbc, SQLAllocHandle(SQL_HANDLE_DESC, f->dbc, &d));
    return d;
}

static SQLLEN number_field(SQLHDESC d, SQLSMALLINT rec, SQLSMALLINT field)
{
    SQLLEN v = 0;

    assert_desc_ok(d, SQLGetDescField(d, rec, field, &v, 0, NULL));
    return v;
}

static SQLSMALLINT small_field(SQLHDESC d, SQLSMALLINT rec, SQLSMALLINT field)
{
    SQLSMALLINT v = 0x5555;

    assert_desc_ok(d, SQLGetDescField(d, rec, field, &v, 0, NULL));
    return v;
}

static void *pointer_field(SQLHDESC d, SQLSMALLINT rec, SQLSMALLINT field)
{
    void *v = NULL;

    assert_desc_ok(d, SQLGetDescField(d, rec, field, &v, 0, NULL));
    return v;
}

/* ---- explicit descriptors ---- */

static void test_one_row_descriptor_serves_two_statements(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT other = new_stmt(f);
    SQLHDESC mine = desc_of(f->stmt, SQL_ATTR_APP_ROW_DESC);
    SQLHDESC shared = new_desc(f);
    SQLINTEGER number = 0;
    SQLINTEGER own = 0;
    SQLLEN ind;

    assert_int_equal(small_field(shared, 0, SQL_DESC_ALLOC_TYPE), SQL_DESC_ALLOC_USER);
    assert_int_equal(small_field(mine, 0, SQL_DESC_ALLOC_TYPE), SQL_DESC_ALLOC_AUTO);
    assert_stmt_ok(f->stmt, SQLBindCol(f->stmt, 1, SQL_C_LONG, &own, 0, &ind));
    assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_APP_ROW_DESC, shared, 0));
    assert_stmt_ok(other, SQLSetStmtAttr(other, SQL_ATTR_APP_ROW_DESC, shared, 0));
    assert_ptr_equal(desc_of(f->stmt, SQL_ATTR_APP_ROW_DESC), shared);
    assert_stmt_ok(f->stmt,
                   SQLBindCol(f->stmt, 1, SQL_C_LONG, &number, 0, &ind)); /* into the shared one */
    run(f->stmt, "SELECT 11");
    run(other, "SELECT 12");
    assert_int_equal(SQLFetch(f->stmt), SQL_SUCCESS);
    assert_int_equal(number, 11);
    assert_int_equal(own, 0);
    assert_int_equal(SQLFetch(other), SQL_SUCCESS);
    assert_int_equal(number, 12);
    /* freed while in use: both go back to their own, and what was bound there is bound again */
    assert_int_equal(SQLFreeHandle(SQL_HANDLE_DESC, shared), SQL_SUCCESS);
    assert_ptr_equal(desc_of(f->stmt, SQL_ATTR_APP_ROW_DESC), mine);
    run(f->stmt, "SELECT 13");
    assert_int_equal(SQLFetch(f->stmt), SQL_SUCCESS);
    assert_int_equal(own, 13);
    assert_int_equal(number, 12);
    SQLFreeHandle(SQL_HANDLE_STMT, other);
}

static void test_a_parameter_descriptor_is_shared_too(void **state)
{
    struct fixture *f = *state;
    SQLHDESC shared = new_desc(f);
    SQLHSTMT other = new_stmt(f);
    SQLINTEGER number = 5;
    char text[20];

    assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_APP_PARAM_DESC, shared, 0));
    assert_stmt_ok(other, SQLSetStmtAttr(other, SQL_ATTR_APP_PARAM_DESC, shared, 0));
    assert_stmt_ok(f->stmt, SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER,
                                             0, 0, &number, 0, NULL));
    assert_stmt_ok(other, SQLBindParameter(other, 1, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER, 0, 0,
                                           &number, 0, NULL));
    snprintf(text, sizeof text, "%s", query_text(f->stmt, "SELECT ? * 10"));
    assert_string_equal(text, "50");
    number = 6;
    assert_string_equal(query_text(other, "SELECT ? * 10"), "60");
    assert_int_equal(SQLFreeHandle(SQL_HANDLE_DESC, shared), SQL_SUCCESS);
    /* the statement's own descriptor has nothing bound */
    assert_stmt_state(f->stmt, SQLExecDirect(f->stmt, sqltext("SELECT ? * 10"), SQL_NTS), "07002");
    SQLFreeHandle(SQL_HANDLE_STMT, other);
}

static void test_setting_the_null_handle_gives_the_own_descriptor_back(void **state)
{
    struct fixture *f = *state;
    SQLHDESC shared = new_desc(f);
    SQLINTEGER own = 0;
    SQLINTEGER number = 0;

    assert_stmt_ok(f->stmt, SQLBindCol(f->stmt, 1, SQL_C_LONG, &own, 0, NULL));
    assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_APP_ROW_DESC, shared, 0));
    assert_stmt_ok(f->stmt, SQLBindCol(f->stmt, 1, SQL_C_LONG, &number, 0, NULL));
    assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_APP_ROW_DESC, SQL_NULL_HDESC, 0));
    run(f->stmt, "SELECT 3");
    assert_int_equal(SQLFetch(f->stmt), SQL_SUCCESS);
    assert_int_equal(own, 3);
    assert_int_equal(number, 0);
    SQLFreeHandle(SQL_HANDLE_DESC, shared);
}

static void test_descriptors_that_do_not_fit_are_refused(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT other = new_stmt(f);
    struct fixture *second = fixture_new(SQL_OV_ODBC3_80);
    SQLHDESC foreign;
    SQLHDESC ard = desc_of(f->stmt, SQL_ATTR_APP_ROW_DESC);

    fixture_connect(second, NULL);
    foreign = new_desc(second);
    assert_int_equal(SQLSetStmtAttr(f->stmt, SQL_ATTR_APP_ROW_DESC, foreign, 0), SQL_ERROR);
    assert_int_equal(SQLSetStmtAttr(other, SQL_ATTR_APP_ROW_DESC, ard, 0), SQL_ERROR);
    assert_string_equal(diag_state(SQL_HANDLE_STMT, other), "HY017");
    assert_int_equal(SQLSetStmtAttr(f->stmt, SQL_ATTR_APP_PARAM_DESC, ard, 0), SQL_ERROR);
    assert_int_equal(SQLSetStmtAttr(f->stmt, SQL_ATTR_IMP_ROW_DESC, ard, 0), SQL_ERROR);
    assert_int_equal(SQLFreeHandle(SQL_HANDLE_DESC, ard),
                     SQL_ERROR); /* an automatic one is freed with its statement */
    assert_ptr_equal(desc_of(f->stmt, SQL_ATTR_APP_ROW_DESC), ard);
    fixture_free(second);
    SQLFreeHandle(SQL_HANDLE_STMT, other);
}

/* ---- copying ---- */

static void test_copying_moves_a_binding_to_another_statement(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT other = new_stmt(f);
    SQLINTEGER number = 0;
    SQLCHAR text[10] = "";
    SQLLEN ind;

    assert_stmt_ok(f->stmt, SQLBindCol(f->stmt, 1, SQL_C_LONG, &number, 0, NULL));
    assert_stmt_ok(f->stmt, SQLBindCol(f->stmt, 2, SQL_C_CHAR, text, sizeof text, &ind));
    assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_ROW_BIND_TYPE, (SQLPOINTER)32, 0));
    assert_desc_ok(desc_of(other, SQL_ATTR_APP_ROW_DESC),
                   SQLCopyDesc(desc_of(f->stmt, SQL_ATTR_APP_ROW_DESC),
                               desc_of(other, SQL_ATTR_APP_ROW_DESC)));
    assert_int_equal(small_field(desc_of(other, SQL_ATTR_APP_ROW_DESC), 0, SQL_DESC_COUNT), 2);
    assert_int_equal(small_field(desc_of(other, SQL_ATTR_APP_ROW_DESC), 0, SQL_DESC_ALLOC_TYPE),
                     SQL_DESC_ALLOC_AUTO);
    run(other, "SELECT 21, 'copied'");
    assert_int_equal(SQLFetch(other), SQL_SUCCESS);
    assert_int_equal(number, 21);
    assert_string_equal((char *)text, "copied");
    SQLFreeHandle(SQL_HANDLE_STMT, other);
}

static void test_the_description_of_a_result_copies_into_bindings(void **state)
{
    struct fixture *f = *state;
    SQLHDESC copy = new_desc(f);
    SQLHDESC ird = desc_of(f->stmt, SQL_ATTR_IMP_ROW_DESC);
    SQLHDESC apd = desc_of(f->stmt, SQL_ATTR_APP_PARAM_DESC);
    SQLHSTMT fresh;

    run(f->stmt, "SELECT 1::numeric(10,2) AS n, 'x'::varchar(5)");
    assert_desc_ok(copy, SQLCopyDesc(ird, copy));
    assert_int_equal(small_field(copy, 0, SQL_DESC_COUNT), 2);
    assert_int_equal(small_field(copy, 1, SQL_DESC_TYPE), SQL_NUMERIC);
    assert_int_equal(small_field(copy, 1, SQL_DESC_SCALE), 2);
    assert_int_equal(small_field(copy, 1, SQL_DESC_PRECISION), 10);
    assert_desc_ok(apd, SQLCopyDesc(ird, apd));
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    assert_int_equal(small_field(copy, 0, SQL_DESC_COUNT), 2); /* a copy, no view */
    /* a prepared statement's is asked for; without one there is nothing to copy */
    assert_stmt_ok(f->stmt, SQLPrepare(f->stmt, sqltext("SELECT 1 AS a, 2 AS b, 3 AS c"), SQL_NTS));
    assert_desc_ok(copy, SQLCopyDesc(ird, copy));
    assert_int_equal(small_field(copy, 0, SQL_DESC_COUNT), 3);
    assert_stmt_ok(f->stmt, SQLPrepare(f->stmt, sqltext("SELECT no_such_column"), SQL_NTS));
    assert_desc_state(copy, SQLCopyDesc(ird, copy), "42S22");
    assert_int_equal(small_field(copy, 0, SQL_DESC_COUNT), 3);
    fresh = new_stmt(f);
    assert_desc_state(copy, SQLCopyDesc(desc_of(fresh, SQL_ATTR_IMP_ROW_DESC), copy), "HY007");
    SQLFreeHandle(SQL_HANDLE_STMT, fresh);
    /* into an IRD nothing can be copied */
    assert_desc_state(ird, SQLCopyDesc(copy, ird), "HY016");
    SQLFreeHandle(SQL_HANDLE_DESC, copy);
}

/* The example of SQLCopyDesc's reference: rows are fetched by one statement into buffers that are
 * the parameters of another. */
static void test_rows_are_copied_from_table_to_table(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT to = new_stmt(f);
    SQLHDESC apd = desc_of(to, SQL_ATTR_APP_PARAM_DESC);
    SQLHDESC ipd = desc_of(to, SQL_ATTR_IMP_PARAM_DESC);
    SQLINTEGER ids[3];
    SQLLEN ind[3];
    SQLULEN fetched;

    run(f->stmt, "DROP TABLE IF EXISTS desc_copy; CREATE TABLE desc_copy (id int)");
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)3, 0));
    assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_ROWS_FETCHED_PTR, &fetched, 0));
    assert_stmt_ok(f->stmt, SQLBindCol(f->stmt, 1, SQL_C_LONG, ids, 0, ind));
    run(f->stmt, "SELECT i FROM generate_series(1, 7) i");
    assert_desc_ok(apd, SQLCopyDesc(desc_of(f->stmt, SQL_ATTR_APP_ROW_DESC), apd));
    assert_desc_ok(ipd, SQLCopyDesc(desc_of(f->stmt, SQL_ATTR_IMP_ROW_DESC), ipd));
    assert_int_equal(small_field(ipd, 1, SQL_DESC_TYPE), SQL_INTEGER);
    assert_int_equal(small_field(ipd, 1, SQL_DESC_PARAMETER_TYPE), SQL_PARAM_INPUT);
    assert_stmt_ok(to, SQLPrepare(to, sqltext("INSERT INTO desc_copy VALUES (?)"), SQL_NTS));
    while (SQLFetch(f->stmt) == SQL_SUCCESS) {
        assert_desc_ok(apd, SQLSetDescField(apd, 0, SQL_DESC_ARRAY_SIZE, (SQLPOINTER)fetched, 0));
        assert_stmt_ok(to, SQLExecute(to));
    }
    assert_string_equal(pg_admin("select string_agg(id::text, ',' order by id) from desc_copy"),
                        "1,2,3,4,5,6,7");
    SQLFreeHandle(SQL_HANDLE_STMT, to);
    pg_admin("drop table desc_copy");
}

/* ---- while a statement waits for data ---- */

/* The array of the call is the one that it was made with. */
static void put_while_the_array_becomes(struct fixture *f, SQLULEN before, SQLULEN after)
{
    enum { MOST = 5000 };
    static SQLLEN at_exec[MOST];
    SQLHSTMT other = new_stmt(f);
    SQLHDESC shared = new_desc(f);
    SQLPOINTER token;

    for (size_t i = 0; i < MOST; i++)
        at_exec[i] = SQL_DATA_AT_EXEC;
    run(f->stmt, "TRUNCATE desc_wait");
    SQLFreeStmt(f->stmt, SQL_CLOSE);
    assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_APP_PARAM_DESC, shared, 0));
    assert_stmt_ok(other, SQLSetStmtAttr(other, SQL_ATTR_APP_PARAM_DESC, shared, 0));
    assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_PARAMSET_SIZE, (SQLPOINTER)before, 0));
    assert_stmt_ok(f->stmt, SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR,
                                             20, 0, &token, 1, at_exec));
    assert_int_equal(
        SQLExecDirect(f->stmt, sqltext("INSERT INTO desc_wait (name) VALUES (?)"), SQL_NTS),
        SQL_NEED_DATA);
    assert_stmt_ok(other, SQLSetStmtAttr(other, SQL_ATTR_PARAMSET_SIZE, (SQLPOINTER)after, 0));
    for (SQLULEN i = 0; i < before; i++) {
        assert_int_equal(SQLParamData(f->stmt, &token), SQL_NEED_DATA);
        assert_stmt_ok(f->stmt, SQLPutData(f->stmt, sqltext("sent"), SQL_NTS));
    }
    assert_stmt_ok(f->stmt, SQLParamData(f->stmt, &token));
    assert_int_equal(query_number(f->stmt, "SELECT count(*) FROM desc_wait WHERE name = 'sent'"),
                     before);
    assert_int_equal(query_number(f->stmt, "SELECT count(*) FROM desc_wait"), before);
    SQLFreeHandle(SQL_HANDLE_STMT, other);
    SQLFreeHandle(SQL_HANDLE_DESC, shared);
}

static void test_an_array_does_not_change_while_its_data_is_sent(void **state)
{
    put_while_the_array_becomes(*state, 1, 5000);
    put_while_the_array_becomes(*state, 3, 1);
    put_while_the_array_becomes(*state, 3, 5000);
}

static void test_a_bulk_does_not_change_while_its_data_is_sent(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT other = new_stmt(f);
    SQLHDESC shared = new_desc(f);
    char names[3][8];
    SQLLEN at_exec[3] = {SQL_DATA_AT_EXEC, SQL_DATA_AT_EXEC, SQL_DATA_AT_EXEC};
    SQLPOINTER token;

    assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_APP_ROW_DESC, shared, 0));
    assert_stmt_ok(other, SQLSetStmtAttr(other, SQL_ATTR_APP_ROW_DESC, shared, 0));
    assert_stmt_ok(f->stmt,
                   SQLSetStmtAttr(f->stmt, SQL_ATTR_CONCURRENCY, (SQLPOINTER)SQL_CONCUR_VALUES, 0));
    assert_stmt_ok(f->stmt, SQLBindCol(f->stmt, 2, SQL_C_CHAR, names, sizeof names[0], at_exec));
    run(f->stmt, "SELECT id, name FROM desc_wait");
    assert_int_equal(SQLBulkOperations(f->stmt, SQL_ADD), SQL_NEED_DATA);
    assert_stmt_ok(other, SQLSetStmtAttr(other, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)3, 0));
    assert_int_equal(SQLParamData(f->stmt, &token), SQL_NEED_DATA);
    assert_stmt_ok(f->stmt, SQLPutData(f->stmt, sqltext("added"), SQL_NTS));
    assert_stmt_ok(f->stmt, SQLParamData(f->stmt, &token));
    assert_string_equal(pg_admin("select string_agg(coalesce(name, 'null'), ',') from desc_wait"),
                        "added");
    SQLFreeHandle(SQL_HANDLE_STMT, other);
    SQLFreeHandle(SQL_HANDLE_DESC, shared);
}

/* What says only after SQLExecute that its data comes later is not taken for an empty value. */
static void test_a_length_that_changes_meanwhile_is_refused(void **state)
{
    struct fixture *f = *state;
    SQLLEN at_exec = SQL_DATA_AT_EXEC;
    SQLLEN whole = SQL_NTS;
    SQLPOINTER token;

    assert_stmt_ok(f->stmt, SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR,
                                             20, 0, &token, 1, &at_exec));
    assert_stmt_ok(f->stmt, SQLBindParameter(f->stmt, 2, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR,
                                             20, 0, (SQLPOINTER) "b", 1, &whole));
    assert_int_equal(
        SQLExecDirect(f->stmt, sqltext("INSERT INTO desc_wait (name) VALUES (?), (?)"), SQL_NTS),
        SQL_NEED_DATA);
    assert_int_equal(SQLParamData(f->stmt, &token), SQL_NEED_DATA);
    assert_stmt_ok(f->stmt, SQLPutData(f->stmt, sqltext("a"), SQL_NTS));
    whole = SQL_DATA_AT_EXEC;
    /* asked for like any other where it comes behind ... */
    assert_int_equal(SQLParamData(f->stmt, &token), SQL_NEED_DATA);
    assert_stmt_ok(f->stmt, SQLCancel(f->stmt));
    whole = SQL_NTS;
    at_exec = SQL_NTS;
    assert_stmt_ok(f->stmt, SQLBindParameter(f->stmt, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR,
                                             20, 0, (SQLPOINTER) "a", 1, &at_exec));
    whole = SQL_DATA_AT_EXEC;
    assert_int_equal(
        SQLExecDirect(f->stmt, sqltext("INSERT INTO desc_wait (name) VALUES (?), (?)"), SQL_NTS),
        SQL_NEED_DATA);
    assert_int_equal(SQLParamData(f->stmt, &token), SQL_NEED_DATA);
    assert_stmt_ok(f->stmt, SQLPutData(f->stmt, sqltext("b"), SQL_NTS));
    at_exec = SQL_DATA_AT_EXEC;
    /* ... and refused where its turn is over */
    assert_stmt_state(f->stmt, SQLParamData(f->stmt, &token), "HY010");
    assert_string_equal(pg_admin("select count(*) from desc_wait"), "0");
}

/* Without a manager in between: nobody else keeps the bindings as they are. */
static void test_descriptors_wait_with_their_statement(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;
    SQLHDESC apd = NULL;
    SQLHDESC ard = NULL;
    SQLHDESC mine = NULL;
    SQLLEN at_exec = SQL_DATA_AT_EXEC;
    SQLSMALLINT count;

    assert_direct_ok(SQL_HANDLE_DBC, f->dbc,
                     DRIVER(SQLAllocHandle)(SQL_HANDLE_DESC, f->dbc, &mine));
    assert_direct_ok(SQL_HANDLE_STMT, s,
                     DRIVER(SQLSetStmtAttr)(s, SQL_ATTR_APP_PARAM_DESC, mine, 0));
    assert_direct_ok(SQL_HANDLE_STMT, s,
                     DRIVER(SQLGetStmtAttr)(s, SQL_ATTR_APP_PARAM_DESC, &apd, 0, NULL));
    assert_direct_ok(SQL_HANDLE_STMT, s,
                     DRIVER(SQLGetStmtAttr)(s, SQL_ATTR_APP_ROW_DESC, &ard, 0, NULL));
    assert_direct_ok(SQL_HANDLE_STMT, s,
                     DRIVER(SQLBindParameter)(s, 1, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 20, 0,
                                              &at_exec, 1, &at_exec));
    assert_int_equal(DRIVER(SQLExecDirect)(s, sqltext("SELECT ?"), SQL_NTS), SQL_NEED_DATA);
    assert_direct_state(SQL_HANDLE_DESC, apd,
                        DRIVER(SQLSetDescField)(apd, 0, SQL_DESC_COUNT, NULL, 0), "HY010");
    assert_direct_state(SQL_HANDLE_DESC, apd,
                        DRIVER(SQLGetDescField)(apd, 0, SQL_DESC_COUNT, &count, 0, NULL), "HY010");
    assert_direct_state(SQL_HANDLE_DESC, apd,
                        DRIVER(SQLSetDescRec)(apd, 1, SQL_C_LONG, 0, 4, 0, 0, NULL, NULL, NULL),
                        "HY010");
    assert_direct_state(SQL_HANDLE_DESC, apd, DRIVER(SQLCopyDesc)(ard, apd), "HY010");
    assert_direct_state(SQL_HANDLE_DESC, apd, DRIVER(SQLFreeHandle)(SQL_HANDLE_DESC, apd), "HY010");
    assert_direct_ok(SQL_HANDLE_STMT, s, DRIVER(SQLCancel)(s));
    assert_direct_ok(SQL_HANDLE_DESC, apd,
                     DRIVER(SQLSetDescField)(apd, 0, SQL_DESC_COUNT, NULL, 0));
    assert_direct_ok(SQL_HANDLE_DESC, apd, DRIVER(SQLFreeHandle)(SQL_HANDLE_DESC, apd));
}

/* ---- the bookmark column ---- */

static void test_record_0_is_the_bookmark_column(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;
    SQLHDESC ard = desc_of(s, SQL_ATTR_APP_ROW_DESC);
    SQLHDESC ird = desc_of(s, SQL_ATTR_IMP_ROW_DESC);
    SQLHDESC apd = desc_of(s, SQL_ATTR_APP_PARAM_DESC);
    SQLHDESC mine = new_desc(f);
    unsigned char mark[16];
    SQLLEN mark_bytes = -1;
    SQLINTEGER number = 0;
    SQLSMALLINT type;
    SQLLEN length;

    /* bookmarks are off */
    assert_desc_state(ard, SQLGetDescField(ard, 0, SQL_DESC_TYPE, &type, 0, NULL), "07009");
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_CURSOR_TYPE, (SQLPOINTER)SQL_CURSOR_STATIC, 0));
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_USE_BOOKMARKS, (SQLPOINTER)SQL_UB_VARIABLE, 0));
    assert_desc_state(apd, SQLGetDescField(apd, 0, SQL_DESC_TYPE, &type, 0, NULL), "07009");
    /* bound field by field, as SQLBindCol would */
    assert_desc_ok(
        ard, SQLSetDescField(ard, 0, SQL_DESC_CONCISE_TYPE, (SQLPOINTER)SQL_C_VARBOOKMARK, 0));
    assert_desc_ok(ard, SQLSetDescField(ard, 0, SQL_DESC_OCTET_LENGTH, (SQLPOINTER)sizeof mark, 0));
    assert_desc_ok(ard, SQLSetDescField(ard, 0, SQL_DESC_OCTET_LENGTH_PTR, &mark_bytes, 0));
    assert_desc_ok(ard, SQLSetDescField(ard, 0, SQL_DESC_INDICATOR_PTR, &mark_bytes, 0));
    assert_desc_ok(ard, SQLSetDescField(ard, 0, SQL_DESC_DATA_PTR, mark, 0));
    assert_ptr_equal(pointer_field(ard, 0, SQL_DESC_DATA_PTR), mark);
    assert_int_equal(small_field(ard, 0, SQL_DESC_COUNT), 0);
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_LONG, &number, 0, NULL));
    run(s, "SELECT i FROM generate_series(1, 3) i");
    assert_int_equal(small_field(ird, 0, SQL_DESC_TYPE), SQL_VARBINARY);
    assert_desc_ok(ird,
                   SQLGetDescRec(ird, 0, NULL, 0, NULL, &type, NULL, &length, NULL, NULL, NULL));
    assert_int_equal(type, SQL_VARBINARY);
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(mark_bytes, length);
    assert_int_equal(number, 1);
    /* SQL_UNBIND leaves it bound (SQLFreeStmt's reference) */
    assert_stmt_ok(s, SQLFreeStmt(s, SQL_UNBIND));
    mark_bytes = -1;
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(mark_bytes, length);
    assert_int_equal(number, 1);
    /* until its pointers are taken away */
    assert_stmt_ok(s, SQLBindCol(s, 0, SQL_C_VARBOOKMARK, NULL, 0, NULL));
    mark_bytes = -1;
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(mark_bytes, -1);
    /* what is no bookmark is not read as one */
    assert_stmt_ok(s, SQLCloseCursor(s));
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_USE_BOOKMARKS, (SQLPOINTER)SQL_UB_ON, 0));
    run(s, "SELECT i FROM generate_series(1, 3) i");
    for (size_t i = 0; i < 2; i++) {
        assert_desc_ok(ard, SQLSetDescRec(ard, 0, i > 0 ? SQL_C_ULONG : SQL_C_CHAR, 0, 1, 0, 0,
                                          &number, NULL, NULL));
        if (i > 0)
            assert_stmt_ok(s, SQLBulkOperations(s, SQL_FETCH_BY_BOOKMARK));
        else
            assert_stmt_state(s, SQLBulkOperations(s, SQL_FETCH_BY_BOOKMARK), "HY111");
    }
    /* an explicit one may have it before it is used */
    assert_desc_ok(
        mine, SQLSetDescField(mine, 0, SQL_DESC_CONCISE_TYPE, (SQLPOINTER)SQL_C_VARBOOKMARK, 0));
    SQLFreeHandle(SQL_HANDLE_DESC, mine);
}

/* ---- fields and rights ---- */

static void test_rights_of_the_four_descriptors(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLHDESC ard = desc_of(s, SQL_ATTR_APP_ROW_DESC);
    SQLHDESC ird = desc_of(s, SQL_ATTR_IMP_ROW_DESC);
    SQLHDESC ipd = desc_of(s, SQL_ATTR_IMP_PARAM_DESC);
    SQLULEN processed = 0;
    SQLSMALLINT n;

    assert_desc_state(ird, SQLGetDescField(ird, 1, SQL_DESC_TYPE, &n, 0, NULL),
                      "HY007"); /* no result yet */
    assert_desc_state(ird, SQLGetDescRec(ird, 1, NULL, 0, NULL, &n, NULL, NULL, NULL, NULL, NULL),
                      "HY007");
    run(s, "SELECT 1 AS a");
    assert_desc_state(ird, SQLSetDescField(ird, 1, SQL_DESC_TYPE, (SQLPOINTER)SQL_INTEGER, 0),
                      "HY016");
    assert_desc_state(ird, SQLSetDescField(ird, 0, SQL_DESC_COUNT, (SQLPOINTER)5, 0), "HY016");
    assert_desc_state(ird, SQLSetDescRec(ird, 1, SQL_INTEGER, 0, 4, 0, 0, NULL, NULL, NULL),
                      "HY016");
    assert_desc_ok(ird, SQLSetDescField(ird, 0, SQL_DESC_ROWS_PROCESSED_PTR, &processed, 0));
    assert_desc_state(ard, SQLSetDescField(ard, 1, SQL_DESC_NULLABLE, (SQLPOINTER)1, 0), "HY091");
    assert_desc_state(ard, SQLSetDescField(ard, 1, 12345, (SQLPOINTER)1, 0), "HY091");
    assert_desc_state(ard, SQLGetDescField(ard, 1, 12345, &n, 0, NULL), "HY091");
    assert_desc_state(ipd, SQLSetDescField(ipd, 0, SQL_DESC_ARRAY_SIZE, (SQLPOINTER)2, 0), "HY091");
    assert_desc_state(ard, SQLSetDescField(ard, -1, SQL_DESC_TYPE, (SQLPOINTER)SQL_C_LONG, 0),
                      "07009");
    assert_desc_state(ipd, SQLSetDescField(ipd, 0, SQL_DESC_TYPE, (SQLPOINTER)SQL_INTEGER, 0),
                      "07009");
    assert_desc_state(ird, SQLGetDescField(ird, -1, SQL_DESC_TYPE, &n, 0, NULL), "07009");
    assert_int_equal(SQLGetDescField(ird, 2, SQL_DESC_TYPE, &n, 0, NULL), SQL_NO_DATA);
    assert_int_equal(SQLGetDescRec(ird, 2, NULL, 0, NULL, &n, NULL, NULL, NULL, NULL, NULL),
                     SQL_NO_DATA);
    /* an inconsistent record is refused whole */
    assert_desc_state(
        ard, SQLSetDescRec(ard, 1, SQL_C_NUMERIC, 0, 19, 99, 0, &processed, NULL, NULL), "HY021");
    assert_desc_state(ard, SQLSetDescRec(ard, 1, SQL_DATETIME, 99, 0, 0, 0, &processed, NULL, NULL),
                      "HY021");
    assert_int_equal(small_field(ard, 0, SQL_DESC_COUNT), 0);
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(processed, 1);
}

static void test_a_record_binds_as_sqlbindcol_does(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLHDESC ard = desc_of(s, SQL_ATTR_APP_ROW_DESC);
    SQL_TIMESTAMP_STRUCT ts;
    SQL_NUMERIC_STRUCT n;
    SQLLEN len = 0;
    SQLLEN ind = 55;
    SQLSMALLINT type, sub, precision, scale, nullable;
    SQLLEN octets;

    assert_desc_ok(ard, SQLSetDescRec(ard, 1, SQL_DATETIME, SQL_CODE_TIMESTAMP, sizeof ts, 6, 0,
                                      &ts, &len, &ind));
    assert_desc_ok(ard, SQLSetDescRec(ard, 2, SQL_C_NUMERIC, 0, sizeof n, 20, 5, &n, &len, &ind));
    assert_int_equal(small_field(ard, 1, SQL_DESC_CONCISE_TYPE), SQL_C_TYPE_TIMESTAMP);
    assert_desc_ok(ard, SQLGetDescRec(ard, 2, NULL, 0, NULL, &type, &sub, &octets, &precision,
                                      &scale, &nullable));
    assert_int_equal(type, SQL_C_NUMERIC);
    assert_int_equal(octets, sizeof n);
    assert_int_equal(precision, 20);
    assert_int_equal(scale, 5);
    run(s, "SELECT timestamp '2026-11-12 13:14:15.5', 2.25 UNION ALL SELECT NULL, NULL");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(ts.hour, 13);
    assert_int_equal(ts.fraction, 500000000);
    assert_int_equal(n.scale, 5);
    assert_int_equal(n.val[0] + 256 * n.val[1] + 65536 * n.val[2], 225000);
    assert_int_equal(len, sizeof n); /* length and indicator are two places */
    assert_int_equal(ind, 0);
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(ind, SQL_NULL_DATA);
    /* unbinding by the data pointer, then by the count */
    assert_desc_ok(ard, SQLSetDescField(ard, 0, SQL_DESC_COUNT, (SQLPOINTER)1, 0));
    assert_int_equal(small_field(ard, 0, SQL_DESC_COUNT), 1);
    assert_desc_ok(ard, SQLSetDescField(ard, 0, SQL_DESC_COUNT, (SQLPOINTER)0, 0));
    assert_int_equal(small_field(ard, 0, SQL_DESC_COUNT), 0);
}

/* SQLBindCol sets precision and scale as the type has them (its reference). */
static void test_binding_again_forgets_precision_and_scale(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;
    SQLHDESC ard = desc_of(s, SQL_ATTR_APP_ROW_DESC);
    SQL_NUMERIC_STRUCT n;
    SQL_INTERVAL_STRUCT iv;

    run(s, "SELECT 12.3456::numeric, interval '123 days 4.5678 sec' FROM generate_series(1, 4)");
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_NUMERIC, &n, sizeof n, NULL));
    assert_stmt_ok(s, SQLBindCol(s, 2, SQL_C_INTERVAL_DAY_TO_SECOND, &iv, sizeof iv, NULL));
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(n.scale, 4);
    assert_int_equal(iv.intval.day_second.fraction, 567800);
    assert_desc_ok(ard, SQLSetDescField(ard, 1, SQL_DESC_PRECISION, (SQLPOINTER)5, 0));
    assert_desc_ok(ard, SQLSetDescField(ard, 1, SQL_DESC_SCALE, (SQLPOINTER)1, 0));
    assert_desc_ok(ard, SQLSetDescField(ard, 1, SQL_DESC_DATA_PTR, &n, 0));
    assert_desc_ok(ard, SQLSetDescField(ard, 2, SQL_DESC_PRECISION, (SQLPOINTER)1, 0));
    assert_desc_ok(ard, SQLSetDescField(ard, 2, SQL_DESC_DATA_PTR, &iv, 0));
    assert_int_equal(SQLFetch(s), SQL_SUCCESS_WITH_INFO);
    assert_string_equal(diag_state(SQL_HANDLE_STMT, s), "01S07");
    assert_int_equal(n.scale, 1);
    assert_int_equal(n.val[0], 123);
    assert_int_equal(iv.intval.day_second.fraction, 5);
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_NUMERIC, &n, sizeof n, NULL));
    assert_stmt_ok(s, SQLBindCol(s, 2, SQL_C_INTERVAL_DAY_TO_SECOND, &iv, sizeof iv, NULL));
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(n.scale, 4);
    assert_int_equal(iv.intval.day_second.fraction, 567800);
}

static void test_attributes_are_fields_of_the_descriptors(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLHDESC ard = desc_of(s, SQL_ATTR_APP_ROW_DESC);
    SQLHDESC apd = desc_of(s, SQL_ATTR_APP_PARAM_DESC);
    SQLHDESC ird = desc_of(s, SQL_ATTR_IMP_ROW_DESC);
    SQLHDESC ipd = desc_of(s, SQL_ATTR_IMP_PARAM_DESC);
    SQLULEN place = 0;
    SQLUSMALLINT status[4];
    SQLULEN value = 0;
    const struct {
        SQLINTEGER attribute;
        SQLHDESC desc;
        SQLSMALLINT field;
        void *pointer;
    } pointers[] = {
        {SQL_ATTR_ROW_BIND_OFFSET_PTR, ard, SQL_DESC_BIND_OFFSET_PTR, &place},
        {SQL_ATTR_ROW_OPERATION_PTR, ard, SQL_DESC_ARRAY_STATUS_PTR, status},
        {SQL_ATTR_ROW_STATUS_PTR, ird, SQL_DESC_ARRAY_STATUS_PTR, status},
        {SQL_ATTR_ROWS_FETCHED_PTR, ird, SQL_DESC_ROWS_PROCESSED_PTR, &place},
        {SQL_ATTR_PARAM_BIND_OFFSET_PTR, apd, SQL_DESC_BIND_OFFSET_PTR, &place},
        {SQL_ATTR_PARAM_OPERATION_PTR, apd, SQL_DESC_ARRAY_STATUS_PTR, status},
        {SQL_ATTR_PARAM_STATUS_PTR, ipd, SQL_DESC_ARRAY_STATUS_PTR, status},
        {SQL_ATTR_PARAMS_PROCESSED_PTR, ipd, SQL_DESC_ROWS_PROCESSED_PTR, &place},
    };

    run(s, "SELECT 1"); /* the manager asks for a result before it lets the IRD's fields be read */
    for (size_t i = 0; i < sizeof pointers / sizeof pointers[0]; i++) {
        void *back = NULL;
        assert_stmt_ok(s, SQLSetStmtAttr(s, pointers[i].attribute, pointers[i].pointer, 0));
        assert_ptr_equal(pointer_field(pointers[i].desc, 0, pointers[i].field),
                         pointers[i].pointer);
        assert_desc_ok(pointers[i].desc,
                       SQLSetDescField(pointers[i].desc, 0, pointers[i].field, NULL, 0));
        assert_stmt_ok(s, SQLGetStmtAttr(s, pointers[i].attribute, &back, 0, NULL));
        assert_null(back);
    }
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)9, 0));
    assert_int_equal(number_field(ard, 0, SQL_DESC_ARRAY_SIZE), 9);
    assert_desc_ok(ard, SQLSetDescField(ard, 0, SQL_DESC_ARRAY_SIZE, (SQLPOINTER)3, 0));
    assert_stmt_ok(s, SQLGetStmtAttr(s, SQL_ATTR_ROW_ARRAY_SIZE, &value, 0, NULL));
    assert_int_equal(value, 3);
    assert_stmt_state(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)0, 0), "HY024");
    assert_desc_ok(ard, SQLSetDescField(ard, 0, SQL_DESC_BIND_TYPE, (SQLPOINTER)64, 0));
    assert_stmt_ok(s, SQLGetStmtAttr(s, SQL_ATTR_ROW_BIND_TYPE, &value, 0, NULL));
    assert_int_equal(value, 64);
}

/* A date's, a time's or an interval's precision is the digits of its seconds, not the column size:
 * the record stays one that may be bound to another place, and an interval's fraction keeps its
 * unit. */
static void test_seconds_have_their_own_precision(void **state)
{
    static const struct {
        SQLSMALLINT c_type, sql_type, digits, structure;
    } kinds[] = {
        {SQL_C_TYPE_TIMESTAMP, SQL_TYPE_TIMESTAMP, 3, 6},
        {SQL_C_TYPE_TIME, SQL_TYPE_TIME, 0, 0},
        {SQL_C_INTERVAL_DAY_TO_SECOND, SQL_INTERVAL_DAY_TO_SECOND, 4, 6},
        {SQL_C_INTERVAL_YEAR, SQL_INTERVAL_YEAR, 0, 0},
    };
    SQLHSTMT s = stmt_of(state);
    SQLHDESC apd = desc_of(s, SQL_ATTR_APP_PARAM_DESC);
    SQLHDESC ipd = desc_of(s, SQL_ATTR_IMP_PARAM_DESC);
    SQL_INTERVAL_STRUCT v = {.interval_type = SQL_IS_DAY_TO_SECOND};
    SQLSMALLINT precision;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        assert_stmt_ok(s, SQLBindParameter(s, 1, SQL_PARAM_INPUT, kinds[i].c_type,
                                           kinds[i].sql_type, 26, kinds[i].digits, &v, 0, NULL));
        assert_desc_ok(ipd, SQLGetDescField(ipd, 1, SQL_DESC_PRECISION, &precision, 0, NULL));
        assert_int_equal(precision, kinds[i].digits);
        assert_desc_ok(apd, SQLGetDescField(apd, 1, SQL_DESC_PRECISION, &precision, 0, NULL));
        assert_int_equal(precision, kinds[i].structure);
        assert_desc_ok(apd, SQLSetDescField(apd, 1, SQL_DESC_DATA_PTR, &v, 0));
        assert_desc_ok(ipd, SQLSetDescField(ipd, 1, SQL_DESC_DATA_PTR, &v, 0));
    }
    v.intval.day_second.second = 6;
    v.intval.day_second.fraction = 789000;
    assert_stmt_ok(s, SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_INTERVAL_DAY_TO_SECOND,
                                       SQL_INTERVAL_DAY_TO_SECOND, 18, 6, &v, 0, NULL));
    assert_string_equal(query_text(s, "SELECT (?)::text"), "00:00:06.789");
}

/* The array's size may be set through the descriptor, and on an explicit one before it is
 * anybody's. */
static void test_parameter_arrays_through_the_descriptor(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLHDESC apd = desc_of(s, SQL_ATTR_APP_PARAM_DESC);
    SQLINTEGER values[2] = {1, 2};
    SQLHDESC explicit;

    run(s, "DROP TABLE IF EXISTS arrays");
    run(s, "CREATE TABLE arrays (i int)");
    assert_desc_ok(apd, SQLSetDescField(apd, 0, SQL_DESC_ARRAY_SIZE, (SQLPOINTER)2, 0));
    assert_stmt_ok(
        s, SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER, 0, 0, values, 0, NULL));
    assert_stmt_ok(s, SQLExecDirect(s, sqltext("INSERT INTO arrays VALUES (?)"), SQL_NTS));
    assert_desc_ok(apd, SQLSetDescField(apd, 0, SQL_DESC_ARRAY_SIZE, (SQLPOINTER)1, 0));
    SQLFreeStmt(s, SQL_RESET_PARAMS);
    explicit = new_desc(*state);
    assert_desc_ok(explicit, SQLSetDescField(explicit, 0, SQL_DESC_ARRAY_SIZE, (SQLPOINTER)2, 0));
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_APP_PARAM_DESC, explicit, 0));
    assert_stmt_ok(
        s, SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER, 0, 0, values, 0, NULL));
    assert_stmt_ok(s, SQLExecDirect(s, sqltext("INSERT INTO arrays VALUES (?)"), SQL_NTS));
    SQLFreeHandle(SQL_HANDLE_DESC, explicit);
    assert_string_equal(query_text(s, "SELECT count(*) || ',' || sum(i) FROM arrays"), "4,6");
    run(s, "DROP TABLE arrays");
}

static void test_descriptors_go_with_their_connection(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 20; i++) {
        SQLHDESC d = new_desc(f);
        if (i % 2)
            assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, SQL_ATTR_APP_ROW_DESC, d, 0));
        if (i % 5 == 0)
            assert_int_equal(SQLFreeHandle(SQL_HANDLE_DESC, d), SQL_SUCCESS);
    }
    /* the rest is freed by SQLDisconnect (the sanitizers watch) */
}

static int setup_waiting(void **state)
{
    int r = setup_connected(state);

    if (r == 0)
        run(stmt_of(state), "DROP TABLE IF EXISTS desc_wait; CREATE TABLE desc_wait (id serial "
                            "PRIMARY KEY, name text)");
    SQLFreeStmt(stmt_of(state), SQL_CLOSE);
    return r;
}

static int teardown_waiting(void **state)
{
    pg_admin("drop table desc_wait");
    return teardown_connected(state);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_connected, teardown_connected)
#define W(f) cmocka_unit_test_setup_teardown(f, setup_waiting, teardown_waiting)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_one_row_descriptor_serves_two_statements),
        T(test_a_parameter_descriptor_is_shared_too),
        T(test_setting_the_null_handle_gives_the_own_descriptor_back),
        T(test_descriptors_that_do_not_fit_are_refused),
        T(test_copying_moves_a_binding_to_another_statement),
        T(test_the_description_of_a_result_copies_into_bindings),
        T(test_rows_are_copied_from_table_to_table),
        W(test_an_array_does_not_change_while_its_data_is_sent),
        W(test_a_bulk_does_not_change_while_its_data_is_sent),
        W(test_a_length_that_changes_meanwhile_is_refused),
        cmocka_unit_test_setup_teardown(test_descriptors_wait_with_their_statement, setup_direct,
                                        teardown_direct),
        T(test_record_0_is_the_bookmark_column),
        T(test_rights_of_the_four_descriptors),
        T(test_a_record_binds_as_sqlbindcol_does),
        T(test_binding_again_forgets_precision_and_scale),
        T(test_attributes_are_fields_of_the_descriptors),
        T(test_seconds_have_their_own_precision),
        T(test_parameter_arrays_through_the_descriptor),
        T(test_descriptors_go_with_their_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
