/* Scrollable cursors through the driver manager, and through the driver alone: every direction, the
 * ends, rowsets, bookmarks, limits, the temporary file, ODBC 2. */
#include "odbc_test.h"

#include <dirent.h>
#include <unistd.h>

static SQLHSTMT stmt_of(void **state)
{
    return ((struct fixture *)*state)->stmt;
}

static void set_ulen(SQLHSTMT s, SQLINTEGER attribute, SQLULEN value)
{
    assert_stmt_ok(s, SQLSetStmtAttr(s, attribute, (SQLPOINTER)value, 0));
}

static SQLULEN get_ulen(SQLHSTMT s, SQLINTEGER attribute)
{
    SQLULEN v = 0;

    assert_stmt_ok(s, SQLGetStmtAttr(s, attribute, &v, 0, NULL));
    return v;
}

#define MOST 64
static SQLINTEGER numbers[MOST];
static SQLUSMALLINT status[MOST];
static SQLULEN fetched;

/* A static cursor over the numbers 1 to n, in rowsets of `size`. */
static void open_numbers(SQLHSTMT s, int n, SQLULEN size)
{
    char sql[80];

    snprintf(sql, sizeof sql, "SELECT g, 'row ' || g FROM generate_series(1, %d) g", n);
    set_ulen(s, SQL_ATTR_CURSOR_TYPE, SQL_CURSOR_STATIC);
    set_ulen(s, SQL_ATTR_ROW_ARRAY_SIZE, size);
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_STATUS_PTR, status, 0));
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROWS_FETCHED_PTR, &fetched, 0));
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_LONG, numbers, 0, NULL));
    run(s, sql);
}

/* The rowset at hand: rows first..last, the rest of `size` without rows. */
static void check_rowset(SQLHSTMT s, int first, int last, SQLULEN size)
{
    assert_int_equal(fetched, last - first + 1);
    assert_int_equal(get_ulen(s, SQL_ATTR_ROW_NUMBER), first);
    for (SQLULEN i = 0; i < size; i++) {
        assert_int_equal(status[i], i < fetched ? SQL_ROW_SUCCESS : SQL_ROW_NOROW);
        if (i < fetched)
            assert_int_equal(numbers[i], first + (int)i);
    }
}

#define MOVE(direction, offset, first, last)                                                       \
    do {                                                                                           \
        assert_int_equal(SQLFetchScroll(s, direction, offset), SQL_SUCCESS);                       \
        check_rowset(s, first, last, size);                                                        \
    } while (0)
#define MOVE_CUT(direction, offset, first, last)                                                   \
    do {                                                                                           \
        assert_stmt_state(s, SQLFetchScroll(s, direction, offset), "01S06");                       \
        check_rowset(s, first, last, size);                                                        \
    } while (0)
#define MOVE_OUT(direction, offset)                                                                \
    do {                                                                                           \
        assert_int_equal(SQLFetchScroll(s, direction, offset), SQL_NO_DATA);                       \
        assert_int_equal(fetched, 0);                                                              \
        assert_int_equal(status[0], SQL_ROW_NOROW);                                                \
    } while (0)

static void test_every_direction(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLULEN size = 5;

    open_numbers(s, 23, size);
    MOVE(SQL_FETCH_NEXT, 0, 1, 5);
    MOVE(SQL_FETCH_NEXT, 0, 6, 10);
    MOVE(SQL_FETCH_PRIOR, 0, 1, 5);
    MOVE_OUT(SQL_FETCH_PRIOR, 0);
    MOVE_OUT(SQL_FETCH_PRIOR, 0);
    MOVE(SQL_FETCH_NEXT, 0, 1, 5);
    MOVE(SQL_FETCH_LAST, 0, 19, 23);
    MOVE_OUT(SQL_FETCH_NEXT, 0);
    MOVE_OUT(SQL_FETCH_NEXT, 0);
    MOVE(SQL_FETCH_PRIOR, 0, 19, 23);
    MOVE(SQL_FETCH_FIRST, 0, 1, 5);
    MOVE(SQL_FETCH_ABSOLUTE, 3, 3, 7);
    MOVE_CUT(SQL_FETCH_PRIOR, 0, 1, 5);
    MOVE(SQL_FETCH_ABSOLUTE, 22, 22, 23);
    MOVE(SQL_FETCH_ABSOLUTE, -1, 23, 23);
    MOVE(SQL_FETCH_ABSOLUTE, -23, 1, 5);
    MOVE_OUT(SQL_FETCH_ABSOLUTE, -24);
    MOVE(SQL_FETCH_RELATIVE, 4, 4, 8);
    MOVE(SQL_FETCH_RELATIVE, 10, 14, 18);
    MOVE(SQL_FETCH_RELATIVE, -12, 2, 6);
    MOVE(SQL_FETCH_RELATIVE, 0, 2, 6);
    MOVE_CUT(SQL_FETCH_RELATIVE, -3, 1, 5);
    MOVE_OUT(SQL_FETCH_RELATIVE, -1);
    MOVE_OUT(SQL_FETCH_ABSOLUTE, 0);
    MOVE_OUT(SQL_FETCH_ABSOLUTE, 24);
    MOVE(SQL_FETCH_RELATIVE, -2, 22, 23);
    MOVE_OUT(SQL_FETCH_RELATIVE, 2);
    /* SQLFetch goes on from wherever the cursor is */
    MOVE(SQL_FETCH_ABSOLUTE, 9, 9, 13);
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    check_rowset(s, 14, 18, size);
    /* the size may change; NEXT steps over what was fetched, PRIOR by the size now */
    size = 3;
    set_ulen(s, SQL_ATTR_ROW_ARRAY_SIZE, size);
    MOVE(SQL_FETCH_NEXT, 0, 19, 21);
    MOVE(SQL_FETCH_PRIOR, 0, 16, 18);
    assert_int_equal(SQLFetchScroll(s, 77, 0), SQL_ERROR);
    MOVE(SQL_FETCH_RELATIVE, 0, 16, 18); /* a refused call moves nothing */
}

static void test_rowsets_larger_than_the_result(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLULEN size = 10;

    open_numbers(s, 4, size);
    MOVE(SQL_FETCH_LAST, 0, 1, 4);
    MOVE(SQL_FETCH_FIRST, 0, 1, 4);
    MOVE_OUT(SQL_FETCH_NEXT, 0);
    MOVE_CUT(SQL_FETCH_PRIOR, 0, 1, 4);
    MOVE_CUT(SQL_FETCH_ABSOLUTE, -6, 1, 4);
    MOVE_OUT(SQL_FETCH_ABSOLUTE, -11);
}

static void test_an_empty_result(void **state)
{
    SQLHSTMT s = stmt_of(state);
    static const SQLSMALLINT directions[] = {SQL_FETCH_NEXT,     SQL_FETCH_PRIOR,
                                             SQL_FETCH_FIRST,    SQL_FETCH_LAST,
                                             SQL_FETCH_ABSOLUTE, SQL_FETCH_RELATIVE};

    open_numbers(s, 0, 3);
    for (size_t i = 0; i < sizeof directions / sizeof directions[0]; i++) {
        MOVE_OUT(directions[i], 1);
        MOVE_OUT(directions[i], -1);
        MOVE_OUT(directions[i], 0);
    }
    assert_stmt_state(s, SQLSetPos(s, 1, SQL_POSITION, SQL_LOCK_NO_CHANGE), "24000");
}

static void test_catalog_results_scroll_too(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLCHAR first[128], again[128];
    SQLLEN ind;

    set_ulen(s, SQL_ATTR_CURSOR_TYPE, SQL_CURSOR_STATIC);
    assert_stmt_ok(s, SQLGetTypeInfo(s, SQL_ALL_TYPES));
    assert_int_equal(SQLFetchScroll(s, SQL_FETCH_ABSOLUTE, 2), SQL_SUCCESS);
    assert_stmt_ok(s, SQLGetData(s, 1, SQL_C_CHAR, first, sizeof first, &ind));
    assert_int_equal(SQLFetchScroll(s, SQL_FETCH_LAST, 0), SQL_SUCCESS);
    assert_int_equal(SQLFetchScroll(s, SQL_FETCH_ABSOLUTE, 2), SQL_SUCCESS);
    assert_stmt_ok(s, SQLGetData(s, 1, SQL_C_CHAR, again, sizeof again, &ind));
    assert_string_equal((char *)first, (char *)again);
    SQLFreeStmt(s, SQL_CLOSE);
    set_ulen(s, SQL_ATTR_MAX_ROWS, 3);
    assert_stmt_ok(s, SQLColumns(s, NULL, 0, sqltext("public"), SQL_NTS, sqltext("customers"),
                                 SQL_NTS, NULL, 0));
    assert_int_equal(SQLFetchScroll(s, SQL_FETCH_LAST, 0), SQL_SUCCESS);
    assert_int_equal(get_ulen(s, SQL_ATTR_ROW_NUMBER), 3);
}

static void test_max_rows_is_the_end(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLULEN size = 4;

    set_ulen(s, SQL_ATTR_MAX_ROWS, 10);
    open_numbers(s, 1000, size);
    MOVE(SQL_FETCH_LAST, 0, 7, 10);
    MOVE_OUT(SQL_FETCH_NEXT, 0);
    MOVE(SQL_FETCH_ABSOLUTE, -10, 1, 4);
    MOVE(SQL_FETCH_ABSOLUTE, 9, 9, 10);
    MOVE_OUT(SQL_FETCH_ABSOLUTE, 11);
}

static void test_reading_in_any_order_costs_one_request(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLULEN size = 1;

    open_numbers(s, 1, size); /* the cursor and the gateway's session are warm */
    SQLFreeStmt(s, SQL_CLOSE);
    gateway_reset();
    open_numbers(s, 30000, size);
    for (int i = 1; i <= 200; i++) {
        int row = 1 + (i * 7919) % 30000;
        MOVE(SQL_FETCH_ABSOLUTE, row, row, row);
    }
    assert_requests(1);
}

/* ---- data ---- */

static void test_pieces_of_any_row_in_any_order(void **state)
{
    SQLHSTMT s = stmt_of(state);
    char text[8];
    SQLLEN ind;

    open_numbers(s, 300, 10);
    for (int row = 291; row > 0; row -= 29) {
        assert_int_equal(SQLFetchScroll(s, SQL_FETCH_ABSOLUTE, row), SQL_SUCCESS);
        for (SQLSETPOSIROW at = fetched; at > 0; at--) {
            char want[24];
            snprintf(want, sizeof want, "row %d", row + (int)at - 1);
            assert_stmt_ok(s, SQLSetPos(s, at, SQL_POSITION, SQL_LOCK_NO_CHANGE));
            assert_int_equal(get_ulen(s, SQL_ATTR_ROW_NUMBER), row + (int)at - 1);
            assert_stmt_state(s, SQLGetData(s, 2, SQL_C_CHAR, text, 3, &ind), "01004");
            assert_int_equal(ind, strlen(want));
            assert_string_equal(text, "ro");
            assert_int_equal(SQLGetData(s, 2, SQL_C_CHAR, text, sizeof text, &ind), SQL_SUCCESS);
            assert_string_equal(text, want + 2);
            assert_int_equal(SQLGetData(s, 2, SQL_C_CHAR, text, sizeof text, &ind), SQL_NO_DATA);
        }
    }
}

static void test_no_data_is_retrieved_when_that_is_off(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLUINTEGER bookmark = 0;
    char text[8];
    SQLLEN ind;

    set_ulen(s, SQL_ATTR_USE_BOOKMARKS, SQL_UB_ON);
    set_ulen(s, SQL_ATTR_RETRIEVE_DATA, SQL_RD_OFF);
    numbers[0] = -9;
    open_numbers(s, 9, 1);
    assert_stmt_ok(s, SQLBindCol(s, 0, SQL_C_ULONG, &bookmark, 0, NULL));
    assert_int_equal(SQLFetchScroll(s, SQL_FETCH_ABSOLUTE, 7), SQL_SUCCESS);
    assert_int_equal(numbers[0], -9);
    assert_int_equal(bookmark, 7);
    assert_int_equal(status[0], SQL_ROW_SUCCESS);
    assert_stmt_ok(s, SQLGetData(s, 2, SQL_C_CHAR, text, sizeof text, &ind));
    assert_string_equal(text, "row 7");
    set_ulen(s, SQL_ATTR_RETRIEVE_DATA, SQL_RD_ON);
    assert_int_equal(SQLFetchScroll(s, SQL_FETCH_RELATIVE, 1), SQL_SUCCESS);
    assert_int_equal(numbers[0], 8);
}

struct row {
    SQLINTEGER number;
    SQLLEN number_ind;
    char text[6];
    SQLLEN text_ind;
};

static void test_rows_of_a_structure_with_an_offset_and_errors(void **state)
{
    static struct row rows[8];
    SQLHSTMT s = stmt_of(state);
    SQLLEN offset = 2 * sizeof(struct row);

    set_ulen(s, SQL_ATTR_CURSOR_TYPE, SQL_CURSOR_STATIC);
    set_ulen(s, SQL_ATTR_ROW_ARRAY_SIZE, 5);
    set_ulen(s, SQL_ATTR_ROW_BIND_TYPE, sizeof(struct row));
    set_ulen(s, SQL_ATTR_MAX_LENGTH, 7);
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_BIND_OFFSET_PTR, &offset, 0));
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_STATUS_PTR, status, 0));
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROWS_FETCHED_PTR, &fetched, 0));
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_LONG, &rows[0].number, 0, &rows[0].number_ind));
    assert_stmt_ok(
        s, SQLBindCol(s, 2, SQL_C_CHAR, rows[0].text, sizeof rows[0].text, &rows[0].text_ind));
    run(s, "SELECT CASE WHEN g <> 8 THEN g::text ELSE 'x' END, repeat('y', g)"
           " FROM generate_series(1, 10) g");
    assert_stmt_state(s, SQLFetchScroll(s, SQL_FETCH_LAST, 0), "01S01");
    assert_int_equal(fetched, 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(status[i], i == 2 ? SQL_ROW_ERROR : SQL_ROW_SUCCESS_WITH_INFO);
        if (i == 2)
            continue;
        assert_int_equal(rows[i + 2].number, i + 6);
        assert_int_equal(rows[i + 2].text_ind, i + 6 > 7 ? 7 : i + 6); /* SQL_ATTR_MAX_LENGTH */
        assert_int_equal(strlen(rows[i + 2].text), 5);
    }
    assert_int_equal(rows[0].number_ind, 0);
    assert_int_equal(rows[7].number_ind, 0);
}

/* ---- bookmarks ---- */

static void test_fixed_bookmarks(void **state)
{
    SQLHSTMT s = stmt_of(state);
    BOOKMARK marks[5] = {0};
    BOOKMARK kept;
    BOOKMARK read = 0;
    SQLLEN ind;
    SQLULEN size = 5;

    set_ulen(s, SQL_ATTR_USE_BOOKMARKS, SQL_UB_ON);
    open_numbers(s, 23, size);
    assert_stmt_ok(s, SQLBindCol(s, 0, SQL_C_BOOKMARK, marks, sizeof marks[0], NULL));
    MOVE(SQL_FETCH_ABSOLUTE, 11, 11, 15);
    kept = marks[3];
    assert_stmt_ok(s, SQLGetData(s, 0, SQL_C_BOOKMARK, &read, sizeof read, &ind));
    assert_int_equal(read, marks[0]);
    assert_stmt_ok(s, SQLSetPos(s, 2, SQL_POSITION, SQL_LOCK_NO_CHANGE));
    assert_int_equal(get_ulen(s, SQL_GET_BOOKMARK), marks[1]);
    MOVE(SQL_FETCH_FIRST, 0, 1, 5);
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_FETCH_BOOKMARK_PTR, &kept, 0));
    MOVE(SQL_FETCH_BOOKMARK, 0, 14, 18);
    MOVE(SQL_FETCH_BOOKMARK, -3, 11, 15);
    MOVE(SQL_FETCH_BOOKMARK, 9, 23, 23);
    MOVE_OUT(SQL_FETCH_BOOKMARK, 10);
    MOVE_OUT(SQL_FETCH_BOOKMARK, -14);
    kept = 0;
    assert_stmt_state(s, SQLFetchScroll(s, SQL_FETCH_BOOKMARK, 0), "HY111");
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_FETCH_BOOKMARK_PTR, NULL, 0));
    assert_stmt_state(s, SQLFetchScroll(s, SQL_FETCH_BOOKMARK, 0), "HY111");
}

static void test_variable_bookmarks(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;
    SQLHSTMT other = new_stmt(f);
    unsigned char mark[40], piece[40];
    SQLCHAR name[40];
    SQLSMALLINT type = 0, len, nullable;
    SQLULEN column_size = 0;
    SQLLEN ind, piece_ind;
    SQLULEN size = 1;

    set_ulen(s, SQL_ATTR_USE_BOOKMARKS, SQL_UB_VARIABLE);
    open_numbers(s, 23, size);
    assert_stmt_ok(
        s, SQLDescribeCol(s, 0, name, sizeof name, &len, &type, &column_size, NULL, &nullable));
    assert_int_equal(type, SQL_VARBINARY);
    assert_int_equal(nullable, SQL_NO_NULLS);
    MOVE(SQL_FETCH_ABSOLUTE, 8, 8, 8);
    assert_stmt_ok(s, SQLGetData(s, 0, SQL_C_VARBOOKMARK, mark, sizeof mark, &ind));
    assert_int_equal(ind, column_size);
    /* in pieces, too */
    assert_stmt_ok(s, SQLGetData(s, 1, SQL_C_LONG, numbers, 0, NULL));
    assert_stmt_state(s, SQLGetData(s, 0, SQL_C_VARBOOKMARK, piece, 5, &piece_ind), "01004");
    assert_int_equal(piece_ind, ind);
    assert_stmt_ok(s, SQLGetData(s, 0, SQL_C_VARBOOKMARK, piece + 5, 35, &piece_ind));
    assert_memory_equal(piece, mark, (size_t)ind);
    MOVE(SQL_FETCH_LAST, 0, 23, 23);
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_FETCH_BOOKMARK_PTR, mark, 0));
    MOVE(SQL_FETCH_BOOKMARK, 0, 8, 8);
    MOVE(SQL_FETCH_BOOKMARK, 5, 13, 13);
    /* a bookmark stays good over a commit, and is none of another result */
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_COMMIT));
    MOVE(SQL_FETCH_BOOKMARK, 0, 8, 8);
    set_ulen(other, SQL_ATTR_USE_BOOKMARKS, SQL_UB_VARIABLE);
    set_ulen(other, SQL_ATTR_CURSOR_TYPE, SQL_CURSOR_STATIC);
    run(other, "SELECT g FROM generate_series(1, 23) g");
    assert_stmt_ok(other, SQLSetStmtAttr(other, SQL_ATTR_FETCH_BOOKMARK_PTR, mark, 0));
    assert_stmt_state(other, SQLFetchScroll(other, SQL_FETCH_BOOKMARK, 0), "HY111");
    SQLFreeHandle(SQL_HANDLE_STMT, other);
}

static void test_bookmarks_that_are_off(void **state)
{
    SQLHSTMT s = stmt_of(state);
    BOOKMARK mark = 1;

    open_numbers(s, 3, 1);
    assert_int_equal(SQLBindCol(s, 0, SQL_C_BOOKMARK, &mark, 0, NULL), SQL_ERROR);
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_FETCH_BOOKMARK_PTR, &mark, 0));
    assert_stmt_state(s, SQLFetchScroll(s, SQL_FETCH_BOOKMARK, 0), "HY106");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(SQLGetStmtAttr(s, SQL_GET_BOOKMARK, &mark, 0, NULL), SQL_ERROR);
    SQLFreeStmt(s, SQL_CLOSE);
    set_ulen(s, SQL_ATTR_USE_BOOKMARKS, SQL_UB_ON);
    assert_stmt_state(s, SQLBindCol(s, 0, SQL_C_DOUBLE, &mark, 0, NULL), "HY003");
}

/* ---- kinds of cursors ---- */

static void test_forward_only_goes_forward_only(void **state)
{
    SQLHSTMT s = stmt_of(state);
    static const SQLSMALLINT directions[] = {SQL_FETCH_PRIOR, SQL_FETCH_FIRST, SQL_FETCH_LAST,
                                             SQL_FETCH_ABSOLUTE, SQL_FETCH_RELATIVE};

    run(s, "SELECT g FROM generate_series(1, 5) g");
    for (size_t i = 0; i < sizeof directions / sizeof directions[0]; i++)
        assert_stmt_state(s, SQLFetchScroll(s, directions[i], 1), "HY106");
    assert_int_equal(SQLFetchScroll(s, SQL_FETCH_NEXT, 0), SQL_SUCCESS);
    assert_int_equal(get_ulen(s, SQL_ATTR_ROW_NUMBER), 1);
}

static void test_keyset_and_dynamic_become_static(void **state)
{
    SQLHSTMT s = stmt_of(state);
    static const SQLULEN types[] = {SQL_CURSOR_KEYSET_DRIVEN, SQL_CURSOR_DYNAMIC};

    for (size_t i = 0; i < 2; i++) {
        assert_stmt_state(s, SQLSetStmtAttr(s, SQL_ATTR_CURSOR_TYPE, (SQLPOINTER)types[i], 0),
                          "01S02");
        assert_int_equal(get_ulen(s, SQL_ATTR_CURSOR_TYPE), SQL_CURSOR_STATIC);
        assert_int_equal(get_ulen(s, SQL_ATTR_CURSOR_SCROLLABLE), SQL_SCROLLABLE);
        run(s, "SELECT g FROM generate_series(1, 5) g");
        assert_int_equal(SQLFetchScroll(s, SQL_FETCH_LAST, 0), SQL_SUCCESS);
        assert_int_equal(SQLFetchScroll(s, SQL_FETCH_PRIOR, 0), SQL_SUCCESS);
        assert_stmt_state(
            s, SQLSetStmtAttr(s, SQL_ATTR_CURSOR_TYPE, (SQLPOINTER)SQL_CURSOR_FORWARD_ONLY, 0),
            "24000");
        SQLFreeStmt(s, SQL_CLOSE);
        set_ulen(s, SQL_ATTR_CURSOR_TYPE, SQL_CURSOR_FORWARD_ONLY);
    }
    /* PDO asks for scrolling by another attribute */
    set_ulen(s, SQL_ATTR_CURSOR_SCROLLABLE, SQL_SCROLLABLE);
    run(s, "SELECT g FROM generate_series(1, 5) g");
    assert_int_equal(SQLFetchScroll(s, SQL_FETCH_LAST, 0), SQL_SUCCESS);
}

static void test_a_static_cursor_on_statements_without_rows(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLLEN n;

    set_ulen(s, SQL_ATTR_CURSOR_TYPE, SQL_CURSOR_STATIC); /* PHP does it for every statement */
    run(s, "CREATE TABLE cursors_plain (a int)");
    run(s, "INSERT INTO cursors_plain SELECT generate_series(1, 3)");
    assert_stmt_ok(s, SQLRowCount(s, &n));
    assert_int_equal(n, 3);
    assert_stmt_state(s, SQLFetchScroll(s, SQL_FETCH_FIRST, 0), "24000");
    run(s, "SELECT 1; SELECT g FROM generate_series(5, 7) g");
    assert_int_equal(SQLFetchScroll(s, SQL_FETCH_LAST, 0), SQL_SUCCESS);
    assert_stmt_ok(s, SQLMoreResults(s));
    assert_int_equal(SQLFetchScroll(s, SQL_FETCH_LAST, 0), SQL_SUCCESS);
    assert_int_equal(get_ulen(s, SQL_ATTR_ROW_NUMBER), 3);
    assert_int_equal(SQLMoreResults(s), SQL_NO_DATA);
    run(s, "DROP TABLE cursors_plain");
}

/* ---- a result larger than memory ---- */

/* Deleted files of this process that lie in `dir`. */
static int unlinked_files(const char *dir)
{
    DIR *fds = opendir("/proc/self/fd");
    struct dirent *d;
    int n = 0;

    while (fds != NULL && (d = readdir(fds)) != NULL) {
        char link[300], target[4096];
        ssize_t len;
        snprintf(link, sizeof link, "/proc/self/fd/%s", d->d_name);
        len = readlink(link, target, sizeof target - 1);
        target[len > 0 ? len : 0] = '\0';
        n += strncmp(target, dir, strlen(dir)) == 0 && strstr(target, "(deleted)") != NULL;
    }
    if (fds != NULL)
        closedir(fds);
    return n;
}

static int named_files(const char *dir)
{
    DIR *files = opendir(dir);
    struct dirent *d;
    int n = 0;

    while (files != NULL && (d = readdir(files)) != NULL)
        n += d->d_name[0] != '.';
    if (files != NULL)
        closedir(files);
    return n;
}

static void test_a_long_result_goes_to_a_file(void **state)
{
    struct fixture *f = fixture_new(SQL_OV_ODBC3_80);
    char dir[4096];
    char text[40];
    SQLINTEGER number;
    SQLLEN ind;
    SQLHSTMT s;

    (void)state;
    snprintf(dir, sizeof dir, "%s/tmp/spool", test_env("NEON_TEST_DIR"));
    snprintf(text, sizeof text, "mkdir -p \"$SPOOL\"");
    setenv("SPOOL", dir, 1);
    assert_int_equal(system(text), 0);
    setenv("TMPDIR", dir, 1);
    fixture_connect(f, "DSN=neon;CursorMemoryBytes=65536");
    s = f->stmt;
    set_ulen(s, SQL_ATTR_CURSOR_TYPE, SQL_CURSOR_STATIC);
    run(s, "SELECT g, md5(g::text) FROM generate_series(1, 50000) g");
    assert_int_equal(SQLFetchScroll(s, SQL_FETCH_LAST, 0), SQL_SUCCESS);
    assert_int_equal(unlinked_files(dir), 1);
    assert_int_equal(named_files(dir), 0);
    for (int i = 1; i < 500; i++) {
        int row = 1 + (i * 7919) % 50000;
        assert_int_equal(SQLFetchScroll(s, SQL_FETCH_ABSOLUTE, row), SQL_SUCCESS);
        assert_stmt_ok(s, SQLGetData(s, 1, SQL_C_LONG, &number, 0, &ind));
        assert_int_equal(number, row);
        assert_stmt_ok(s, SQLGetData(s, 2, SQL_C_CHAR, text, sizeof text, &ind));
        assert_int_equal(ind, 32);
    }
    SQLFreeStmt(s, SQL_CLOSE);
    assert_int_equal(unlinked_files(dir), 0);
    /* no place for the file: an error that names the remedies, and what was read stays */
    setenv("TMPDIR", "/nonexistent", 1);
    run(s, "SELECT g, md5(g::text) FROM generate_series(1, 50000) g");
    assert_int_equal(SQLFetchScroll(s, SQL_FETCH_ABSOLUTE, 10), SQL_SUCCESS);
    assert_stmt_state(s, SQLFetchScroll(s, SQL_FETCH_LAST, 0), "HY000");
    assert_non_null(strstr(diag_text(SQL_HANDLE_STMT, s), "CursorMemoryBytes"));
    assert_int_equal(SQLFetchScroll(s, SQL_FETCH_ABSOLUTE, 10), SQL_SUCCESS);
    assert_stmt_ok(s, SQLGetData(s, 1, SQL_C_LONG, &number, 0, &ind));
    assert_int_equal(number, 10);
    unsetenv("TMPDIR");
    fixture_free(f);
}

/* ---- ODBC 2 ---- */

static void test_extended_fetch(void **state)
{
    struct fixture *f = fixture_new(SQL_OV_ODBC2);
    SQLHSTMT s;
    SQLULEN rows = 0;

    (void)state;
    fixture_connect(f, NULL);
    s = f->stmt;
    set_ulen(s, SQL_CURSOR_TYPE, SQL_CURSOR_STATIC);
    set_ulen(s, SQL_ROWSET_SIZE, 4);
    set_ulen(s, SQL_USE_BOOKMARKS, SQL_UB_ON);
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_LONG, numbers, 0, NULL));
    run(s, "SELECT g FROM generate_series(1, 10) g");
    assert_stmt_ok(s, SQLExtendedFetch(s, SQL_FETCH_NEXT, 0, &rows, status));
    assert_int_equal(rows, 4);
    assert_int_equal(numbers[3], 4);
    assert_stmt_ok(s, SQLExtendedFetch(s, SQL_FETCH_LAST, 0, &rows, status));
    assert_int_equal(numbers[0], 7);
    assert_stmt_ok(s, SQLExtendedFetch(s, SQL_FETCH_ABSOLUTE, -2, &rows, status));
    assert_int_equal(rows, 2);
    assert_int_equal(numbers[0], 9);
    assert_int_equal(status[1], SQL_ROW_SUCCESS);
    assert_int_equal(status[2], SQL_ROW_NOROW);
    assert_stmt_ok(s, SQLExtendedFetch(s, SQL_FETCH_PRIOR, 0, &rows, status));
    assert_int_equal(numbers[0], 5);
    assert_stmt_ok(s, SQLExtendedFetch(s, SQL_FETCH_RELATIVE, 1, &rows, status));
    assert_int_equal(numbers[0], 6);
    assert_int_equal(get_ulen(s, SQL_GET_BOOKMARK), 6);
    assert_stmt_ok(s, SQLExtendedFetch(s, SQL_FETCH_FIRST, 0, &rows, status));
    assert_stmt_ok(s, SQLExtendedFetch(s, SQL_FETCH_BOOKMARK, 6, &rows, status));
    assert_int_equal(numbers[0], 6);
    assert_stmt_ok(s, SQLSetPos(s, 3, SQL_POSITION, SQL_LOCK_NO_CHANGE));
    assert_int_equal(get_ulen(s, SQL_ROW_NUMBER), 8);
    assert_int_equal(SQLExtendedFetch(s, SQL_FETCH_ABSOLUTE, 11, &rows, status), SQL_NO_DATA);
    assert_int_equal(SQLExtendedFetch(s, SQL_FETCH_FIRST, 0, NULL, NULL), SQL_SUCCESS);
    SQLFreeStmt(s, SQL_CLOSE);
    /* what ODBC 1 called it: the manager makes attributes of it */
    assert_stmt_ok(s, SQLSetScrollOptions(s, SQL_CONCUR_VALUES, SQL_SCROLL_STATIC, 3));
    assert_int_equal(get_ulen(s, SQL_CURSOR_TYPE), SQL_CURSOR_STATIC);
    assert_int_equal(get_ulen(s, SQL_CONCURRENCY), SQL_CONCUR_VALUES);
    assert_int_equal(get_ulen(s, SQL_ROWSET_SIZE), 3);
    assert_stmt_ok(s, SQLSetScrollOptions(s, SQL_CONCUR_READ_ONLY, SQL_SCROLL_FORWARD_ONLY, 1));
    assert_int_equal(get_ulen(s, SQL_CURSOR_TYPE), SQL_CURSOR_FORWARD_ONLY);
    fixture_free(f);
}

/* ---- what is claimed ---- */

/* Each bit is shown by a test here, in test_setpos or in test_bulk; a new one needs its test too.
 */
static void test_what_is_claimed_of_cursors(void **state)
{
    struct fixture *f = *state;
    const SQLUINTEGER rows = SQL_CA1_LOCK_NO_CHANGE | SQL_CA1_POS_POSITION | SQL_CA1_POS_UPDATE |
                             SQL_CA1_POS_DELETE | SQL_CA1_POS_REFRESH | SQL_CA1_BULK_ADD |
                             SQL_CA1_POSITIONED_UPDATE | SQL_CA1_POSITIONED_DELETE |
                             SQL_CA1_SELECT_FOR_UPDATE | SQL_CA1_NEXT;
    const SQLUINTEGER scroll = SQL_CA1_ABSOLUTE | SQL_CA1_RELATIVE | SQL_CA1_BOOKMARK |
                               SQL_CA1_BULK_UPDATE_BY_BOOKMARK | SQL_CA1_BULK_DELETE_BY_BOOKMARK |
                               SQL_CA1_BULK_FETCH_BY_BOOKMARK;
    const SQLUINTEGER values = SQL_CA2_READ_ONLY_CONCURRENCY | SQL_CA2_OPT_ROWVER_CONCURRENCY |
                               SQL_CA2_OPT_VALUES_CONCURRENCY | SQL_CA2_MAX_ROWS_SELECT |
                               SQL_CA2_MAX_ROWS_CATALOG | SQL_CA2_SIMULATE_UNIQUE;
    const SQLUINTEGER sees = SQL_CA2_SENSITIVITY_ADDITIONS | SQL_CA2_SENSITIVITY_UPDATES;
    const struct {
        SQLUSMALLINT id;
        SQLUINTEGER want;
    } claims[] = {
        {SQL_SCROLL_OPTIONS, SQL_SO_FORWARD_ONLY | SQL_SO_STATIC},
        {SQL_FETCH_DIRECTION, SQL_FD_FETCH_NEXT | SQL_FD_FETCH_FIRST | SQL_FD_FETCH_LAST |
                                  SQL_FD_FETCH_PRIOR | SQL_FD_FETCH_ABSOLUTE |
                                  SQL_FD_FETCH_RELATIVE | SQL_FD_FETCH_BOOKMARK},
        {SQL_SCROLL_CONCURRENCY, SQL_SCCO_READ_ONLY | SQL_SCCO_OPT_ROWVER | SQL_SCCO_OPT_VALUES},
        {SQL_GETDATA_EXTENSIONS,
         SQL_GD_ANY_COLUMN | SQL_GD_ANY_ORDER | SQL_GD_BLOCK | SQL_GD_BOUND},
        {SQL_FORWARD_ONLY_CURSOR_ATTRIBUTES1, rows},
        {SQL_FORWARD_ONLY_CURSOR_ATTRIBUTES2, values},
        {SQL_STATIC_CURSOR_ATTRIBUTES1, rows | scroll},
        {SQL_STATIC_CURSOR_ATTRIBUTES2, values | sees},
        /* who asks for one gets a static one */
        {SQL_KEYSET_CURSOR_ATTRIBUTES1, rows | SQL_CA1_ABSOLUTE | SQL_CA1_RELATIVE},
        {SQL_DYNAMIC_CURSOR_ATTRIBUTES1, rows | SQL_CA1_ABSOLUTE | SQL_CA1_RELATIVE},
        {SQL_LOCK_TYPES, SQL_LCK_NO_CHANGE},
        {SQL_POS_OPERATIONS,
         SQL_POS_POSITION | SQL_POS_REFRESH | SQL_POS_UPDATE | SQL_POS_DELETE | SQL_POS_ADD},
        {SQL_POSITIONED_STATEMENTS,
         SQL_PS_POSITIONED_DELETE | SQL_PS_POSITIONED_UPDATE | SQL_PS_SELECT_FOR_UPDATE},
        {SQL_STATIC_SENSITIVITY, SQL_SS_ADDITIONS | SQL_SS_UPDATES},
        {SQL_BOOKMARK_PERSISTENCE,
         SQL_BP_SCROLL | SQL_BP_TRANSACTION | SQL_BP_UPDATE | SQL_BP_DELETE},
    };

    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        SQLUINTEGER got = 0;
        assert_dbc_ok(f->dbc, SQLGetInfo(f->dbc, claims[i].id, &got, sizeof got, NULL));
        if (got != claims[i].want)
            fail_msg("information type %u: 0x%x instead of 0x%x", claims[i].id, got,
                     claims[i].want);
    }
}

/* ---- without a manager in between ---- */

#define DIRECT_STATE(call, state) assert_direct_state(SQL_HANDLE_STMT, s, call, state)
#define DIRECT_OK(call) assert_direct_ok(SQL_HANDLE_STMT, s, call)

static void test_the_driver_alone_judges_too(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;
    SQLULEN rows;

    DIRECT_STATE(DRIVER(SQLFetchScroll)(s, SQL_FETCH_NEXT, 0), "HY010");
    DIRECT_STATE(DRIVER(SQLExtendedFetch)(s, SQL_FETCH_NEXT, 0, &rows, status), "HY010");
    DIRECT_STATE(DRIVER(SQLSetPos)(s, 1, SQL_POSITION, SQL_LOCK_NO_CHANGE), "HY010");
    DIRECT_OK(DRIVER(SQLSetStmtAttr)(s, SQL_ATTR_CURSOR_TYPE, (SQLPOINTER)SQL_CURSOR_STATIC, 0));
    DIRECT_OK(DRIVER(SQLExecDirect)(s, sqltext("SELECT g FROM generate_series(1, 9) g"), SQL_NTS));
    DIRECT_STATE(DRIVER(SQLFetchScroll)(s, 7, 0), "HY106");
    DIRECT_STATE(DRIVER(SQLFetchScroll)(s, -1, 0), "HY106");
    DIRECT_STATE(DRIVER(SQLFetchScroll)(s, SQL_FETCH_BOOKMARK, 0), "HY106");
    DIRECT_STATE(DRIVER(SQLSetPos)(s, 1, SQL_POSITION, SQL_LOCK_NO_CHANGE), "24000");
    DIRECT_OK(DRIVER(SQLFetchScroll)(s, SQL_FETCH_LAST, 0));
    DIRECT_STATE(DRIVER(SQLExtendedFetch)(s, SQL_FETCH_NEXT, 0, &rows, status), "HY010");
    DIRECT_STATE(DRIVER(SQLSetPos)(s, 0, SQL_POSITION, SQL_LOCK_NO_CHANGE), "HY109");
    DIRECT_STATE(DRIVER(SQLSetPos)(s, 2, SQL_POSITION, SQL_LOCK_NO_CHANGE), "HY107");
    DIRECT_STATE(DRIVER(SQLSetPos)(s, 1, SQL_POSITION, SQL_LOCK_EXCLUSIVE), "HYC00");
    DIRECT_OK(DRIVER(SQLFreeStmt)(s, SQL_CLOSE));
    DIRECT_STATE(DRIVER(SQLFetchScroll)(s, SQL_FETCH_FIRST, 0), "HY010");
    DIRECT_OK(DRIVER(SQLExecDirect)(s, sqltext("SELECT g FROM generate_series(1, 9) g"), SQL_NTS));
    DIRECT_OK(DRIVER(SQLExtendedFetch)(s, SQL_FETCH_LAST, 0, &rows, status));
    DIRECT_STATE(DRIVER(SQLFetch)(s), "HY010");
}

/* A result that began behind a savepoint outlives the rollback to it, and the transaction's
 * (SQL_CURSOR_ROLLBACK_BEHAVIOR is SQL_CB_PRESERVE): what the server would take away is read
 * before. */
static void results_outlive_rollbacks(const char *connstr, int rows)
{
    struct fixture *f = fixture_new(SQL_OV_ODBC3_80);
    SQLUSMALLINT behaviour = 0;
    SQLHSTMT other;
    char sql[100];
    int n = 1;

    fixture_connect(f, connstr);
    other = new_stmt(f);
    assert_dbc_ok(f->dbc, SQLGetInfo(f->dbc, SQL_CURSOR_ROLLBACK_BEHAVIOR, &behaviour, 0, NULL));
    assert_int_equal(behaviour, SQL_CB_PRESERVE);
    run(other, "CREATE TABLE IF NOT EXISTS t_outlive (n int)");
    assert_dbc_ok(
        f->dbc, SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0));
    run(other, "INSERT INTO t_outlive VALUES (1)");
    run(other, "SAVEPOINT a");
    snprintf(sql, sizeof sql, "SELECT g, repeat('x', 4000) FROM generate_series(1, %d) g", rows);
    run(f->stmt, sql);
    assert_int_equal(SQLFetch(f->stmt), SQL_SUCCESS);
    run(other, "ROLLBACK TO SAVEPOINT a");
    for (; n < rows / 2; n++)
        assert_stmt_ok(f->stmt, SQLFetch(f->stmt));
    assert_string_equal(query_text(other, "SELECT count(*) FROM t_outlive"), "1");
    assert_dbc_ok(f->dbc, SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK));
    while (SQLFetch(f->stmt) == SQL_SUCCESS)
        n++;
    assert_int_equal(n, rows);
    SQLFreeHandle(SQL_HANDLE_STMT, other);
    fixture_free(f);
}

static void test_results_outlive_rollbacks(void **state)
{
    (void)state;
    results_outlive_rollbacks("DSN=neon;Transport=http", 2000);
    results_outlive_rollbacks("DSN=neon;Transport=auto", 6000);
    results_outlive_rollbacks("DSN=neon;Transport=websocket", 6000);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_connected, teardown_connected)

int main(void)
{
    const struct CMUnitTest everywhere[] = {
        T(test_every_direction),
        T(test_rowsets_larger_than_the_result),
        T(test_an_empty_result),
        T(test_catalog_results_scroll_too),
        T(test_max_rows_is_the_end),
        T(test_reading_in_any_order_costs_one_request),
        T(test_pieces_of_any_row_in_any_order),
        T(test_no_data_is_retrieved_when_that_is_off),
        T(test_rows_of_a_structure_with_an_offset_and_errors),
        T(test_fixed_bookmarks),
        T(test_variable_bookmarks),
        T(test_bookmarks_that_are_off),
        T(test_forward_only_goes_forward_only),
        T(test_keyset_and_dynamic_become_static),
        T(test_a_static_cursor_on_statements_without_rows),
        cmocka_unit_test(test_a_long_result_goes_to_a_file),
        cmocka_unit_test(test_extended_fetch),
        T(test_what_is_claimed_of_cursors),
        T(test_results_outlive_rollbacks),
        cmocka_unit_test_setup_teardown(test_the_driver_alone_judges_too, setup_direct,
                                        teardown_direct),
    };
    return RUN_OVER(OVER_ALL, everywhere);
}
