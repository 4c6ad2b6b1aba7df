/* What SQLGetInfo claims is there: every bit that is set has a query that passes, or a function
 * that shows it, every bit that is not set a reason; conversions are tried for each pair of types,
 * and the conformance level with what it demands. */
#include "odbc_test.h"

#define STAGE                                                                                      \
    "DROP SCHEMA IF EXISTS bits CASCADE; DROP SCHEMA IF EXISTS bits2 CASCADE; "                    \
    "DROP SCHEMA IF EXISTS bits3 CASCADE; CREATE SCHEMA bits; CREATE SCHEMA bits3; "               \
    "CREATE TABLE bits.t (a int DEFAULT 9 PRIMARY KEY, b text); CREATE INDEX i ON bits.t (b); "    \
    "INSERT INTO bits.t VALUES (1, 'one'), (2, 'two'), (3, 'three'); "                             \
    "CREATE VIEW bits.w AS SELECT 1; CREATE DOMAIN bits.d AS int CONSTRAINT c CHECK (VALUE > 0); " \
    "CREATE COLLATION bits.c FROM \"C\"; CREATE PROCEDURE bits.p() LANGUAGE sql AS 'SELECT 1'"
#define THREE "SELECT a, b FROM bits.t ORDER BY a"

/* ---- TRY: what a query cannot show ---- */

/* A cursor over bits.t and its buffers. */
struct cursor {
    struct fixture *f;
    SQLHSTMT s;
    SQLINTEGER a[3];
    SQLCHAR b[3][20];
    SQLLEN a_len[3], b_len[3];
    SQLUSMALLINT status[3];
    unsigned char bookmark[3][16];
    SQLLEN bookmark_len[3];
};

static void set(SQLHSTMT s, SQLINTEGER attribute, SQLULEN value)
{
    SQLSetStmtAttr(s, attribute, (SQLPOINTER)value, 0);
}

static bool open_as(struct cursor *c, struct fixture *f, SQLULEN type, SQLULEN concurrency,
                    const char *sql)
{
    bool scrolls = type != SQL_CURSOR_FORWARD_ONLY;

    *c = (struct cursor){.f = f, .s = new_stmt(f)};
    set(c->s, SQL_ATTR_CURSOR_TYPE, type);
    set(c->s, SQL_ATTR_CONCURRENCY, concurrency);
    set(c->s, SQL_ATTR_USE_BOOKMARKS, scrolls ? SQL_UB_VARIABLE : SQL_UB_OFF);
    set(c->s, SQL_ATTR_ROW_STATUS_PTR, (SQLULEN)(uintptr_t)c->status);
    SQLBindCol(c->s, 1, SQL_C_LONG, c->a, 0, c->a_len);
    SQLBindCol(c->s, 2, SQL_C_CHAR, c->b, sizeof c->b[0], c->b_len);
    if (scrolls)
        SQLBindCol(c->s, 0, SQL_C_VARBOOKMARK, c->bookmark, sizeof c->bookmark[0], c->bookmark_len);
    return SQL_SUCCEEDED(SQLExecDirect(c->s, sqltext(sql), SQL_NTS));
}

static bool open_three(struct cursor *c, struct fixture *f, SQLULEN type)
{
    return open_as(c, f, type, SQL_CONCUR_VALUES, THREE);
}

static bool close_with(struct cursor *c, bool ok)
{
    if (!ok)
        print_message("%s\n", diag_text(SQL_HANDLE_STMT, c->s));
    SQLFreeHandle(SQL_HANDLE_STMT, c->s);
    return ok;
}

static bool stands_at(struct cursor *c, SQLSMALLINT orientation, SQLLEN offset, SQLINTEGER wanted)
{
    return SQL_SUCCEEDED(SQLFetchScroll(c->s, orientation, offset)) && c->a[0] == wanted;
}

static bool next_is(struct cursor *c, SQLINTEGER wanted)
{
    return SQLFetch(c->s) == SQL_SUCCESS && c->a[0] == wanted;
}

static bool table_says(struct cursor *c, const char *query, const char *wanted)
{
    return strcmp(query_text(c->f->stmt, query), wanted) == 0;
}

static void write_text(struct cursor *c, const char *text)
{
    strcpy((char *)c->b[0], text);
    c->b_len[0] = SQL_NTS;
}

/* From the second row, where every way leads to another one. */
static bool try_fetch(struct fixture *f, SQLULEN type, SQLSMALLINT orientation, SQLLEN offset,
                      SQLINTEGER wanted)
{
    struct cursor c;

    return close_with(&c, open_three(&c, f, type) && next_is(&c, 1) && next_is(&c, 2) &&
                              stands_at(&c, orientation, offset, wanted));
}

#define FETCH(name, orientation, offset, wanted)                                                   \
    static bool name(struct fixture *f, SQLULEN type)                                              \
    {                                                                                              \
        return try_fetch(f, type, orientation, offset, wanted);                                    \
    }
FETCH(try_fetch_next, SQL_FETCH_NEXT, 0, 3)
FETCH(try_fetch_first, SQL_FETCH_FIRST, 0, 1)
FETCH(try_fetch_last, SQL_FETCH_LAST, 0, 3)
FETCH(try_fetch_prior, SQL_FETCH_PRIOR, 0, 1)
FETCH(try_fetch_absolute, SQL_FETCH_ABSOLUTE, -3, 1)
FETCH(try_fetch_relative, SQL_FETCH_RELATIVE, -1, 1)

static bool position(struct cursor *c)
{
    return SQLSetPos(c->s, 1, SQL_POSITION, SQL_LOCK_NO_CHANGE) == SQL_SUCCESS;
}

static bool refresh(struct cursor *c)
{
    run(c->f->stmt, "UPDATE bits.t SET b = 'new' WHERE a = 2");
    return SQLSetPos(c->s, 1, SQL_REFRESH, SQL_LOCK_NO_CHANGE) == SQL_SUCCESS &&
           strcmp((char *)c->b[0], "new") == 0;
}

static bool update(struct cursor *c)
{
    write_text(c, "new");
    return SQLSetPos(c->s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE) == SQL_SUCCESS &&
           table_says(c, "SELECT b FROM bits.t WHERE a = 2", "new");
}

static bool remove_row(struct cursor *c)
{
    return SQLSetPos(c->s, 1, SQL_DELETE, SQL_LOCK_NO_CHANGE) == SQL_SUCCESS &&
           table_says(c, "SELECT count(*) FROM bits.t WHERE a = 2", "0");
}

static bool add(struct cursor *c)
{
    c->a[0] = 7;
    write_text(c, "seven");
    return SQLSetPos(c->s, 1, SQL_ADD, SQL_LOCK_NO_CHANGE) == SQL_SUCCESS &&
           table_says(c, "SELECT b FROM bits.t WHERE a = 7", "seven");
}

static bool bulk_add(struct cursor *c)
{
    c->a[0] = 7;
    write_text(c, "seven");
    return SQLBulkOperations(c->s, SQL_ADD) == SQL_SUCCESS &&
           table_says(c, "SELECT b FROM bits.t WHERE a = 7", "seven");
}

static bool bulk_update(struct cursor *c)
{
    write_text(c, "new");
    return SQLBulkOperations(c->s, SQL_UPDATE_BY_BOOKMARK) == SQL_SUCCESS &&
           table_says(c, "SELECT b FROM bits.t WHERE a = 2", "new");
}

static bool bulk_delete(struct cursor *c)
{
    return SQLBulkOperations(c->s, SQL_DELETE_BY_BOOKMARK) == SQL_SUCCESS &&
           table_says(c, "SELECT count(*) FROM bits.t WHERE a = 2", "0");
}

static bool bulk_fetch(struct cursor *c)
{
    c->a[0] = 0;
    return SQLBulkOperations(c->s, SQL_FETCH_BY_BOOKMARK) == SQL_SUCCESS && c->a[0] == 2;
}

static bool where_current(struct cursor *c, const char *statement, const char *wanted)
{
    SQLCHAR name[64];
    char sql[200];

    if (SQLGetCursorName(c->s, name, sizeof name, NULL) != SQL_SUCCESS)
        return false;
    snprintf(sql, sizeof sql, "%s WHERE CURRENT OF %s", statement, (char *)name);
    return SQLExecDirect(c->f->stmt, sqltext(sql), SQL_NTS) == SQL_SUCCESS &&
           table_says(c, "SELECT coalesce(max(b), 'gone') FROM bits.t WHERE a = 2", wanted);
}

static bool current_update(struct cursor *c)
{
    return where_current(c, "UPDATE bits.t SET b = 'new'", "new");
}

static bool current_delete(struct cursor *c)
{
    return where_current(c, "DELETE FROM bits.t", "gone");
}

/* On the second row. */
static bool try_there(struct fixture *f, SQLULEN type, const char *sql,
                      bool (*there)(struct cursor *c))
{
    struct cursor c;

    return close_with(&c, open_as(&c, f, type, SQL_CONCUR_VALUES, sql) && next_is(&c, 1) &&
                              next_is(&c, 2) && there(&c));
}

#define THERE(name, sql, function)                                                                 \
    static bool name(struct fixture *f, SQLULEN type)                                              \
    {                                                                                              \
        return try_there(f, type, sql, function);                                                  \
    }
THERE(try_set_pos_position, THREE, position)
THERE(try_set_pos_refresh, THREE, refresh)
THERE(try_set_pos_update, THREE, update)
THERE(try_set_pos_delete, THREE, remove_row)
THERE(try_set_pos_add, THREE, add)
THERE(try_bulk_add, THREE, bulk_add)
THERE(try_bulk_update, THREE, bulk_update)
THERE(try_bulk_delete, THREE, bulk_delete)
THERE(try_bulk_fetch, THREE, bulk_fetch)
THERE(try_where_current_update, THREE, current_update)
THERE(try_where_current_delete, THREE, current_delete)
THERE(try_for_update, THREE " FOR UPDATE", current_update)

/* Leaves the second row, comes back by its bookmark, and finds it with that status. */
static bool comes_back(struct cursor *c, SQLUSMALLINT status)
{
    unsigned char mark[16];

    memcpy(mark, c->bookmark[0], sizeof mark);
    set(c->s, SQL_ATTR_FETCH_BOOKMARK_PTR, (SQLULEN)(uintptr_t)mark);
    return stands_at(c, SQL_FETCH_LAST, 0, 3) &&
           SQL_SUCCEEDED(SQLFetchScroll(c->s, SQL_FETCH_BOOKMARK, 0)) && c->status[0] == status &&
           (status == SQL_ROW_DELETED || c->a[0] == 2);
}

static bool bookmark(struct cursor *c)
{
    return comes_back(c, SQL_ROW_SUCCESS);
}

static bool bookmark_after_commit(struct cursor *c)
{
    return SQLEndTran(SQL_HANDLE_DBC, c->f->dbc, SQL_COMMIT) == SQL_SUCCESS &&
           SQLEndTran(SQL_HANDLE_DBC, c->f->dbc, SQL_ROLLBACK) == SQL_SUCCESS && bookmark(c);
}

static bool bookmark_after_update(struct cursor *c)
{
    return update(c) && bookmark(c) && strcmp((char *)c->b[0], "new") == 0;
}

static bool bookmark_after_delete(struct cursor *c)
{
    return remove_row(c) && comes_back(c, SQL_ROW_DELETED);
}

static bool sees_added(struct cursor *c)
{
    return add(c) && stands_at(c, SQL_FETCH_LAST, 0, 7);
}

THERE(try_fetch_bookmark, THREE, bookmark)
THERE(try_bookmark_after_update, THREE, bookmark_after_update)
THERE(try_bookmark_after_delete, THREE, bookmark_after_delete)
THERE(try_sees_added, THREE, sees_added)
THERE(try_sees_updated, THREE, bookmark_after_update)

static bool try_bookmark_after_commit(struct fixture *f, SQLULEN type)
{
    bool ok;

    SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT, SQL_AUTOCOMMIT_OFF, 0);
    ok = try_there(f, type, THREE, bookmark_after_commit);
    SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_ON, 0);
    return ok;
}

static bool try_read_only(struct fixture *f, SQLULEN type)
{
    struct cursor c;

    return close_with(&c, open_as(&c, f, type, SQL_CONCUR_READ_ONLY, THREE) && next_is(&c, 1) &&
                              SQLSetPos(c.s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE) == SQL_ERROR);
}

/* A row of which a column changed that the result does not have is not overwritten. */
static bool try_row_version(struct fixture *f, SQLULEN type)
{
    struct cursor c;
    bool ok = open_as(&c, f, type, SQL_CONCUR_ROWVER, "SELECT a, b, xmin FROM bits.t ORDER BY a");

    ok = ok && next_is(&c, 1) && next_is(&c, 2) && update(&c) && next_is(&c, 3);
    run(f->stmt, "UPDATE bits.t SET b = b WHERE a = 3");
    write_text(&c, "lost");
    return close_with(&c, ok && SQLSetPos(c.s, 1, SQL_UPDATE, SQL_LOCK_NO_CHANGE) == SQL_ERROR &&
                              table_says(&c, "SELECT b FROM bits.t WHERE a = 3", "three"));
}

/* Two rows that look the same: the one that is meant is changed, and no other. */
static bool try_unique(struct fixture *f, SQLULEN type)
{
    struct cursor c;
    SQLULEN simulated = 99;
    bool ok;

    run(f->stmt, "UPDATE bits.t SET b = 'same'");
    ok = open_three(&c, f, type) && next_is(&c, 1) && next_is(&c, 2) && update(&c);
    SQLGetStmtAttr(c.s, SQL_ATTR_SIMULATE_CURSOR, &simulated, 0, NULL);
    return close_with(&c, ok && simulated == SQL_SC_UNIQUE &&
                              table_says(&c, "SELECT count(*) FROM bits.t WHERE b = 'new'", "1"));
}

static int count_rows(SQLHSTMT s)
{
    int n = 0;

    while (SQLFetch(s) == SQL_SUCCESS)
        n++;
    return n;
}

static bool try_max_rows(struct fixture *f, SQLULEN type)
{
    SQLHSTMT s = new_stmt(f);
    bool ok;

    set(s, SQL_ATTR_CURSOR_TYPE, type);
    set(s, SQL_ATTR_MAX_ROWS, 2);
    ok = SQL_SUCCEEDED(SQLExecDirect(s, sqltext(THREE), SQL_NTS)) && count_rows(s) == 2;
    SQLFreeHandle(SQL_HANDLE_STMT, s);
    return ok;
}

static bool try_max_rows_catalog(struct fixture *f, SQLULEN type)
{
    SQLHSTMT s = new_stmt(f);
    bool ok;

    set(s, SQL_ATTR_CURSOR_TYPE, type);
    set(s, SQL_ATTR_MAX_ROWS, 1);
    ok = SQL_SUCCEEDED(
             SQLColumns(s, NULL, 0, sqltext("bits"), SQL_NTS, sqltext("t"), SQL_NTS, NULL, 0)) &&
         count_rows(s) == 1;
    SQLFreeHandle(SQL_HANDLE_STMT, s);
    return ok;
}

static bool try_isolation(struct fixture *f, SQLULEN level)
{
    const char *name = level == SQL_TXN_READ_UNCOMMITTED  ? "read uncommitted"
                       : level == SQL_TXN_READ_COMMITTED  ? "read committed"
                       : level == SQL_TXN_REPEATABLE_READ ? "repeatable read"
                                                          : "serializable";

    assert_dbc_ok(f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_TXN_ISOLATION, (SQLPOINTER)level, 0));
    return strcmp(query_text(f->stmt, "SHOW transaction_isolation"), name) == 0;
}

/* SQLRowCount of each statement of a text. */
static bool try_count_of_each(struct fixture *f, SQLULEN unused)
{
    SQLLEN first = -1, second = -1;

    (void)unused;
    run(f->stmt, "UPDATE bits.t SET b = 'x'; DELETE FROM bits.t WHERE a < 3");
    SQLRowCount(f->stmt, &first);
    return SQLMoreResults(f->stmt) == SQL_SUCCESS && SQLRowCount(f->stmt, &second) == SQL_SUCCESS &&
           first == 3 && second == 2;
}

static bool data_is(SQLHSTMT s, SQLUSMALLINT column, const char *wanted)
{
    SQLCHAR text[20] = "";
    SQLLEN len;

    return SQLGetData(s, column, SQL_C_CHAR, text, sizeof text, &len) == SQL_SUCCESS &&
           strcmp((char *)text, wanted) == 0;
}

static bool is_two(struct cursor *c)
{
    return data_is(c->s, 1, "2") && data_is(c->s, 2, "two");
}

static bool is_two_backwards(struct cursor *c)
{
    return data_is(c->s, 2, "two") && data_is(c->s, 1, "2") && data_is(c->s, 2, "two");
}

static bool second_of_block(struct cursor *c)
{
    set(c->s, SQL_ATTR_ROW_ARRAY_SIZE, 3);
    return stands_at(c, SQL_FETCH_FIRST, 0, 1) &&
           SQLSetPos(c->s, 2, SQL_POSITION, SQL_LOCK_NO_CHANGE) == SQL_SUCCESS && is_two(c);
}

THERE(try_getdata_any_column, THREE, is_two)
THERE(try_getdata_any_order, THREE, is_two_backwards)
THERE(try_getdata_bound, THREE, is_two) /* both columns are bound */
THERE(try_getdata_block, THREE, second_of_block)

/* ---- levels: the functions and attributes that each demands (SQLGetInfo, "Interface Conformance
 * Levels") ---- */

static const struct {
    int level; /* 0 Core */
    SQLUSMALLINT function;
} level_functions[] = {
    {0, SQL_API_SQLALLOCHANDLE},      {0, SQL_API_SQLBINDCOL},
    {0, SQL_API_SQLBINDPARAMETER},    {0, SQL_API_SQLCANCEL},
    {0, SQL_API_SQLCLOSECURSOR},      {0, SQL_API_SQLCOLATTRIBUTE},
    {0, SQL_API_SQLCOLUMNS},          {0, SQL_API_SQLCONNECT},
    {0, SQL_API_SQLCOPYDESC},         {0, SQL_API_SQLDATASOURCES},
    {0, SQL_API_SQLDESCRIBECOL},      {0, SQL_API_SQLDISCONNECT},
    {0, SQL_API_SQLDRIVERCONNECT},    {0, SQL_API_SQLDRIVERS},
    {0, SQL_API_SQLENDTRAN},          {0, SQL_API_SQLEXECDIRECT},
    {0, SQL_API_SQLEXECUTE},          {0, SQL_API_SQLFETCH},
    {0, SQL_API_SQLFETCHSCROLL},      {0, SQL_API_SQLFREEHANDLE},
    {0, SQL_API_SQLFREESTMT},         {0, SQL_API_SQLGETCONNECTATTR},
    {0, SQL_API_SQLGETCURSORNAME},    {0, SQL_API_SQLGETDATA},
    {0, SQL_API_SQLGETDESCFIELD},     {0, SQL_API_SQLGETDESCREC},
    {0, SQL_API_SQLGETDIAGFIELD},     {0, SQL_API_SQLGETDIAGREC},
    {0, SQL_API_SQLGETENVATTR},       {0, SQL_API_SQLGETFUNCTIONS},
    {0, SQL_API_SQLGETINFO},          {0, SQL_API_SQLGETSTMTATTR},
    {0, SQL_API_SQLGETTYPEINFO},      {0, SQL_API_SQLNATIVESQL},
    {0, SQL_API_SQLNUMPARAMS},        {0, SQL_API_SQLNUMRESULTCOLS},
    {0, SQL_API_SQLPARAMDATA},        {0, SQL_API_SQLPREPARE},
    {0, SQL_API_SQLPUTDATA},          {0, SQL_API_SQLROWCOUNT},
    {0, SQL_API_SQLSETCONNECTATTR},   {0, SQL_API_SQLSETCURSORNAME},
    {0, SQL_API_SQLSETDESCFIELD},     {0, SQL_API_SQLSETDESCREC},
    {0, SQL_API_SQLSETENVATTR},       {0, SQL_API_SQLSETSTMTATTR},
    {0, SQL_API_SQLSPECIALCOLUMNS},   {0, SQL_API_SQLSTATISTICS},
    {0, SQL_API_SQLTABLES},           {1, SQL_API_SQLBROWSECONNECT},
    {1, SQL_API_SQLBULKOPERATIONS},   {1, SQL_API_SQLMORERESULTS},
    {1, SQL_API_SQLPRIMARYKEYS},      {1, SQL_API_SQLPROCEDURECOLUMNS},
    {1, SQL_API_SQLPROCEDURES},       {1, SQL_API_SQLSETPOS},
    {2, SQL_API_SQLCOLUMNPRIVILEGES}, {2, SQL_API_SQLDESCRIBEPARAM},
    {2, SQL_API_SQLFOREIGNKEYS},      {2, SQL_API_SQLTABLEPRIVILEGES},
};

static bool has_functions(SQLHDBC dbc, int level)
{
    for (size_t i = 0; i < sizeof level_functions / sizeof *level_functions; i++) {
        SQLUSMALLINT there = SQL_FALSE;
        if (level_functions[i].level > level)
            continue;
        assert_dbc_ok(dbc, SQLGetFunctions(dbc, level_functions[i].function, &there));
        if (there != SQL_TRUE)
            fail_msg("function %u is not there", level_functions[i].function);
    }
    return true;
}

static bool try_core_functions(struct fixture *f, SQLULEN unused)
{
    (void)unused;
    return has_functions(f->dbc, 0);
}

/* The level that is claimed, with what it demands beyond functions. */
static void test_level_two(void **state)
{
    static const struct {
        SQLINTEGER attribute;
        SQLULEN value;
    } attributes[] = {
        {SQL_ATTR_CURSOR_SCROLLABLE, SQL_SCROLLABLE},
        {SQL_ATTR_CURSOR_SENSITIVITY, SQL_INSENSITIVE},
        {SQL_ATTR_CURSOR_TYPE, SQL_CURSOR_STATIC},
        {SQL_ATTR_CONCURRENCY, SQL_CONCUR_VALUES},
        {SQL_ATTR_USE_BOOKMARKS, SQL_UB_VARIABLE},
        {SQL_ATTR_ASYNC_ENABLE, SQL_ASYNC_ENABLE_ON},
        {SQL_ATTR_ASYNC_ENABLE, SQL_ASYNC_ENABLE_OFF},
        {SQL_ATTR_ENABLE_AUTO_IPD, SQL_FALSE},
        {SQL_ATTR_MAX_LENGTH, 100},
        {SQL_ATTR_MAX_ROWS, 100},
        {SQL_ATTR_QUERY_TIMEOUT, 30},
        {SQL_ATTR_RETRIEVE_DATA, SQL_RD_OFF},
        {SQL_ATTR_KEYSET_SIZE, 0},
        {SQL_ATTR_SIMULATE_CURSOR, SQL_SC_UNIQUE},
    };
    struct fixture *f = *state;
    SQLUINTEGER level = 0;
    SQLUSMALLINT old = 0;

    assert_dbc_ok(f->dbc, SQLGetInfo(f->dbc, SQL_ODBC_INTERFACE_CONFORMANCE, &level, 0, NULL));
    assert_int_equal(level, SQL_OIC_LEVEL2);
    assert_dbc_ok(f->dbc, SQLGetInfo(f->dbc, SQL_ODBC_API_CONFORMANCE, &old, 0, NULL));
    assert_int_equal(old, SQL_OAC_LEVEL2);
    assert_dbc_ok(f->dbc, SQLGetInfo(f->dbc, SQL_ODBC_SAG_CLI_CONFORMANCE, &old, 0, NULL));
    assert_int_equal(old, SQL_OSCC_COMPLIANT);
    assert_true(has_functions(f->dbc, 2));
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        SQLULEN got = 99;
        assert_stmt_ok(f->stmt, SQLSetStmtAttr(f->stmt, attributes[i].attribute,
                                               (SQLPOINTER)attributes[i].value, 0));
        assert_stmt_ok(f->stmt,
                       SQLGetStmtAttr(f->stmt, attributes[i].attribute, &got, sizeof got, NULL));
        assert_true(got == attributes[i].value);
    }
    assert_dbc_ok(f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_CONNECTION_TIMEOUT, NULL, 0));
    assert_dbc_ok(f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_TXN_ISOLATION,
                                            (SQLPOINTER)SQL_TXN_SERIALIZABLE, 0));
}

/* ---- the bits ---- */

static const struct row {
    bool set;
    SQLUSMALLINT info;
    SQLUINTEGER bit;
    const char *name, *text;
    bool (*function)(struct fixture *f, SQLULEN argument);
    SQLULEN argument;
} rows[] = {
#define BIT(info, bit, query) {true, info, bit, #info " " #bit, query, NULL, 0},
#define TRY(info, bit, function, argument)                                                         \
    {true, info, bit, #info " " #bit, #function, function, argument},
#define NOT(info, bit, reason) {false, info, bit, #info " " #bit, reason, NULL, 0},
#include "info_bits.def"
};
#define N_ROWS (sizeof rows / sizeof *rows)

static SQLUINTEGER mask_of(SQLHDBC dbc, SQLUSMALLINT info)
{
    SQLUINTEGER mask = 0;

    assert_dbc_ok(dbc, SQLGetInfo(dbc, info, &mask, sizeof mask, NULL));
    return mask;
}

static bool passes(SQLHSTMT stmt, const char *sql)
{
    SQLRETURN rc;

    SQLFreeStmt(stmt, SQL_CLOSE);
    rc = SQLExecDirect(stmt, sqltext(sql), SQL_NTS);
    while (SQL_SUCCEEDED(rc) || rc == SQL_NO_DATA) {
        rc = SQLMoreResults(stmt);
        if (rc == SQL_NO_DATA)
            return true;
    }
    return false;
}

static void test_every_bit(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < N_ROWS; i++) {
        const struct row *r = &rows[i];
        if (((mask_of(f->dbc, r->info) & r->bit) != 0) != r->set)
            fail_msg("%s is %s", r->name, r->set ? "not set" : "set");
        if (r->set && (r->function != NULL || strstr(r->text, "bits") != NULL))
            assert_true(passes(f->stmt, STAGE));
        if (r->function != NULL && !r->function(f, r->argument))
            fail_msg("%s: %s", r->name, r->text);
        if (r->set && r->function == NULL && !passes(f->stmt, r->text))
            fail_msg("%s: %s: %s", r->name, r->text, diag_text(SQL_HANDLE_STMT, f->stmt));
    }
    run(f->stmt, "DROP SCHEMA IF EXISTS bits CASCADE; DROP SCHEMA IF EXISTS bits2 CASCADE; "
                 "DROP SCHEMA IF EXISTS bits3 CASCADE");
}

/* No bit is set that has no row. */
static void test_no_other_bits(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < N_ROWS; i++) {
        SQLUINTEGER known = 0;
        for (size_t k = 0; k < N_ROWS; k++)
            known |= rows[k].info == rows[i].info ? rows[k].bit : 0;
        if ((mask_of(f->dbc, rows[i].info) & ~known) != 0)
            fail_msg("%s: bits %x are set that no row knows", rows[i].name,
                     (unsigned)(mask_of(f->dbc, rows[i].info) & ~known));
    }
}

/* {fn CONVERT} from each type to each: passes exactly where the bit is set. */
static void test_conversions(void **state)
{
    static const struct {
        SQLUSMALLINT info;
        SQLUINTEGER bit;
        const char *name, *from; /* of {fn CONVERT}; a null of the type */
    } types[] = {
        {SQL_CONVERT_CHAR, SQL_CVT_CHAR, "SQL_CHAR", "NULL::char(5)"},
        {SQL_CONVERT_VARCHAR, SQL_CVT_VARCHAR, "SQL_VARCHAR", "NULL::varchar"},
        {SQL_CONVERT_LONGVARCHAR, SQL_CVT_LONGVARCHAR, "SQL_LONGVARCHAR", "NULL::text"},
        {SQL_CONVERT_WCHAR, SQL_CVT_WCHAR, "SQL_WCHAR", "NULL::char(5)"},
        {SQL_CONVERT_WVARCHAR, SQL_CVT_WVARCHAR, "SQL_WVARCHAR", "NULL::varchar"},
        {SQL_CONVERT_WLONGVARCHAR, SQL_CVT_WLONGVARCHAR, "SQL_WLONGVARCHAR", "NULL::text"},
        {SQL_CONVERT_TINYINT, SQL_CVT_TINYINT, "SQL_TINYINT", "NULL::smallint"},
        {SQL_CONVERT_SMALLINT, SQL_CVT_SMALLINT, "SQL_SMALLINT", "NULL::smallint"},
        {SQL_CONVERT_INTEGER, SQL_CVT_INTEGER, "SQL_INTEGER", "NULL::integer"},
        {SQL_CONVERT_BIGINT, SQL_CVT_BIGINT, "SQL_BIGINT", "NULL::bigint"},
        {SQL_CONVERT_NUMERIC, SQL_CVT_NUMERIC, "SQL_NUMERIC", "NULL::numeric"},
        {SQL_CONVERT_DECIMAL, SQL_CVT_DECIMAL, "SQL_DECIMAL", "NULL::numeric"},
        {SQL_CONVERT_REAL, SQL_CVT_REAL, "SQL_REAL", "NULL::real"},
        {SQL_CONVERT_FLOAT, SQL_CVT_FLOAT, "SQL_FLOAT", "NULL::float8"},
        {SQL_CONVERT_DOUBLE, SQL_CVT_DOUBLE, "SQL_DOUBLE", "NULL::float8"},
        {SQL_CONVERT_BIT, SQL_CVT_BIT, "SQL_BIT", "NULL::boolean"},
        {SQL_CONVERT_BINARY, SQL_CVT_BINARY, "SQL_BINARY", "NULL::bytea"},
        {SQL_CONVERT_VARBINARY, SQL_CVT_VARBINARY, "SQL_VARBINARY", "NULL::bytea"},
        {SQL_CONVERT_LONGVARBINARY, SQL_CVT_LONGVARBINARY, "SQL_LONGVARBINARY", "NULL::bytea"},
        {SQL_CONVERT_DATE, SQL_CVT_DATE, "SQL_DATE", "NULL::date"},
        {SQL_CONVERT_TIME, SQL_CVT_TIME, "SQL_TIME", "NULL::time"},
        {SQL_CONVERT_TIMESTAMP, SQL_CVT_TIMESTAMP, "SQL_TIMESTAMP", "NULL::timestamp"},
        {SQL_CONVERT_INTERVAL_YEAR_MONTH, SQL_CVT_INTERVAL_YEAR_MONTH, "SQL_INTERVAL_YEAR_TO_MONTH",
         "NULL::interval year to month"},
        {SQL_CONVERT_INTERVAL_DAY_TIME, SQL_CVT_INTERVAL_DAY_TIME, "SQL_INTERVAL_DAY_TO_SECOND",
         "NULL::interval day to second"},
        {SQL_CONVERT_GUID, SQL_CVT_GUID, "SQL_GUID", "NULL::uuid"},
    };
    struct fixture *f = *state;
    char sql[256];

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
            bool claimed = (mask_of(f->dbc, types[i].info) & types[k].bit) != 0;
            snprintf(sql, sizeof sql, "SELECT {fn CONVERT(%s, %s)}", types[i].from, types[k].name);
            /* PostgreSQL takes it, and all of the value is lost: not claimed. */
            if (types[i].info == SQL_CONVERT_TIME && types[k].bit == SQL_CVT_INTERVAL_YEAR_MONTH)
                continue;
            if (passes(f->stmt, sql) != claimed)
                fail_msg("%s: the bit is %s, and the query %s", sql, claimed ? "set" : "not set",
                         claimed ? "fails" : "passes");
        }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_connected, teardown_connected)
    const struct CMUnitTest tests[] = {
        TEST(test_every_bit),
        TEST(test_no_other_bits),
        TEST(test_conversions),
        TEST(test_level_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
