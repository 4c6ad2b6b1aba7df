/* SQLBindCol and SQLFetch through the driver manager: blocks, offsets, NULL, cut values, rows in
 * error, limits, states. */
#include "odbc_test.h"

static SQLHSTMT stmt_of(void **state)
{
    return ((struct fixture *)*state)->stmt;
}

static void set_ulen(SQLHSTMT s, SQLINTEGER attribute, SQLULEN value)
{
    assert_stmt_ok(s, SQLSetStmtAttr(s, attribute, (SQLPOINTER)value, 0));
}

/* ---- blocks ---- */

#define MOST 1000

/* Reads 2500 rows of (n, text of n, NULL for every seventh) in blocks of one size and checks every
 * cell and status. */
static void read_in_blocks(SQLHSTMT s, SQLULEN size)
{
    static SQLINTEGER numbers[MOST + 1];
    static SQLLEN number_ind[MOST + 1];
    static SQLCHAR texts[MOST + 1][8];
    static SQLLEN text_ind[MOST + 1];
    static SQLUSMALLINT status[MOST + 1];
    SQLULEN fetched = 0;
    long want = 0;

    memset(status, 0x77, sizeof status);
    set_ulen(s, SQL_ATTR_ROW_ARRAY_SIZE, size);
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_STATUS_PTR, status, 0));
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROWS_FETCHED_PTR, &fetched, 0));
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_LONG, numbers, 0, number_ind));
    assert_stmt_ok(s, SQLBindCol(s, 2, SQL_C_CHAR, texts, sizeof texts[0], text_ind));
    run(s, "SELECT g, CASE WHEN g % 7 <> 0 THEN g::text END FROM generate_series(1, 2500) g");
    while (SQLFetch(s) == SQL_SUCCESS) {
        for (SQLULEN i = 0; i < fetched; i++) {
            char text[24];
            want++;
            snprintf(text, sizeof text, "%ld", want);
            assert_int_equal(numbers[i], want);
            assert_int_equal(number_ind[i], 4);
            assert_int_equal(status[i], SQL_ROW_SUCCESS);
            if (want % 7 == 0) {
                assert_int_equal(text_ind[i], SQL_NULL_DATA);
            } else {
                assert_int_equal(text_ind[i], strlen(text));
                assert_string_equal((char *)texts[i], text);
            }
        }
        for (SQLULEN i = fetched; i < size; i++)
            assert_int_equal(status[i], SQL_ROW_NOROW);
    }
    assert_int_equal(want, 2500);
    assert_int_equal(fetched, 0);
    assert_int_equal(status[size], 0x7777); /* the guard */
    SQLFreeStmt(s, SQL_CLOSE);
    SQLFreeStmt(s, SQL_UNBIND);
}

static void test_blocks_of_every_size_give_every_row(void **state)
{
    static const SQLULEN sizes[] = {1, 2, 3, 7, 16, 100, 499, 500, 999, 1000};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        read_in_blocks(stmt_of(state), sizes[i]);
}

struct row {
    double number;
    SQLLEN number_ind;
    SQLWCHAR text[6];
    SQLLEN text_ind;
    SQL_DATE_STRUCT day;
    SQLLEN day_ind;
};

static void test_rows_of_a_structure_with_a_moving_offset(void **state)
{
    static struct row rows[64];
    SQLHSTMT s = stmt_of(state);
    SQLLEN offset = 0;
    SQLULEN fetched;
    long total = 0;

    memset(rows, 0x5A, sizeof rows);
    set_ulen(s, SQL_ATTR_ROW_BIND_TYPE, sizeof(struct row));
    set_ulen(s, SQL_ATTR_ROW_ARRAY_SIZE, 5);
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_BIND_OFFSET_PTR, &offset, 0));
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROWS_FETCHED_PTR, &fetched, 0));
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_DOUBLE, &rows[0].number, 0, &rows[0].number_ind));
    assert_stmt_ok(
        s, SQLBindCol(s, 2, SQL_C_WCHAR, rows[0].text, sizeof rows[0].text, &rows[0].text_ind));
    assert_stmt_ok(s, SQLBindCol(s, 3, SQL_C_TYPE_DATE, &rows[0].day, 0, &rows[0].day_ind));
    run(s, "SELECT g * 0.5, 'w' || g, date '2026-01-01' + g FROM generate_series(0, 22) g");
    while (SQLFetch(s) == SQL_SUCCESS) {
        total += (long)fetched;
        offset = total * (SQLLEN)sizeof(struct row);
    }
    assert_int_equal(total, 23);
    for (int i = 0; i < 23; i++) {
        assert_true(rows[i].number == i * 0.5);
        assert_int_equal(rows[i].number_ind, sizeof(double));
        assert_int_equal(rows[i].text[0], 'w');
        assert_int_equal(rows[i].text_ind, i < 10 ? 4 : 6);
        assert_int_equal(rows[i].day.year, 2026);
        assert_int_equal(rows[i].day.day, 1 + i);
    }
    assert_int_equal(((unsigned char *)&rows[23])[0], 0x5A); /* nothing behind the last row */
}

/* ODBC: the sum of pointer and offset must be valid, not the pointer itself. */
static void test_the_offset_may_complete_a_pointer_that_is_none(void **state)
{
    SQLHSTMT s = stmt_of(state);
    struct {
        SQLINTEGER value;
        SQLLEN ind;
    } target = {0, 0};
    SQLLEN offset = (SQLLEN)(intptr_t)&target - 1;
    SQLPOINTER fake_value = (SQLPOINTER)(uintptr_t)(1 + offsetof(__typeof__(target), value));
    SQLLEN *fake_ind = (SQLLEN *)(uintptr_t)(1 + offsetof(__typeof__(target), ind));

    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_BIND_OFFSET_PTR, &offset, 0));
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_LONG, fake_value, 0, fake_ind));
    run(s, "SELECT 42");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(target.value, 42);
    assert_int_equal(target.ind, 4);
}

/* SQL_ROWSET_SIZE belongs to SQLExtendedFetch: an application that sets it and calls SQLFetch has
 * room for one row. */
static void test_the_rowset_size_of_odbc2_does_not_reach_sqlfetch(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLINTEGER values[4] = {-1, -1, -1, -1};
    SQLULEN got = 0;

    set_ulen(s, SQL_ROWSET_SIZE, 3);
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_LONG, values, 0, NULL));
    run(s, "SELECT g FROM generate_series(1, 10) g");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(values[0], 1);
    assert_int_equal(values[1], -1);
    assert_stmt_ok(s, SQLGetStmtAttr(s, SQL_ROWSET_SIZE, &got, 0, NULL));
    assert_int_equal(got, 3);
    assert_stmt_ok(s, SQLGetStmtAttr(s, SQL_ATTR_ROW_ARRAY_SIZE, &got, 0, NULL));
    assert_int_equal(got, 1);
}

static void test_the_block_size_may_change_between_fetches(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLINTEGER values[10];
    SQLULEN fetched;
    SQLULEN number;
    long next = 1;

    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROWS_FETCHED_PTR, &fetched, 0));
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_LONG, values, 0, NULL));
    run(s, "SELECT g FROM generate_series(1, 30) g");
    for (SQLULEN size = 1; size <= 7; size++) {
        set_ulen(s, SQL_ATTR_ROW_ARRAY_SIZE, size);
        assert_int_equal(SQLFetch(s), SQL_SUCCESS);
        assert_int_equal(fetched, size);
        assert_stmt_ok(s, SQLGetStmtAttr(s, SQL_ATTR_ROW_NUMBER, &number, 0, NULL));
        assert_int_equal(number, next);
        for (SQLULEN i = 0; i < size; i++)
            assert_int_equal(values[i], next++);
    }
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(fetched, 2);
    assert_int_equal(SQLFetch(s), SQL_NO_DATA);
}

/* ---- binding ---- */

static void test_binding_changes_between_fetches(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLINTEGER number = -1;
    SQLCHAR text[16] = "";
    SQLBIGINT big = -1;
    SQLLEN ind = -7;

    run(s, "SELECT g, g * 10 FROM generate_series(1, 6) g");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS); /* nothing bound at all */
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_LONG, &number, 0, NULL));
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(number, 2);
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_CHAR, text, sizeof text,
                                 &ind)); /* another type for the same column */
    assert_stmt_ok(s, SQLBindCol(s, 2, SQL_C_SBIGINT, &big, 0, NULL));
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(number, 2);
    assert_string_equal((char *)text, "3");
    assert_int_equal(ind, 1);
    assert_int_equal(big, 30);
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_CHAR, NULL, 0, NULL)); /* one column unbound */
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_string_equal((char *)text, "3");
    assert_int_equal(big, 40);
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_CHAR, NULL, 0, &ind)); /* the length only */
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(ind, 1);
    assert_stmt_ok(s, SQLFreeStmt(s, SQL_UNBIND));
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(big, 50);
    assert_int_equal(SQLFetch(s), SQL_NO_DATA);
}

static void test_bindings_outlive_the_result_and_wait_for_wider_ones(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLINTEGER number = 0;
    SQLINTEGER third = -1;

    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_LONG, &number, 0, NULL));
    assert_stmt_ok(s, SQLBindCol(s, 3, SQL_C_LONG, &third, 0,
                                 NULL)); /* more columns than the first result has */
    run(s, "SELECT 5");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(number, 5);
    assert_int_equal(third, -1);
    run(s, "SELECT 6, 7, 8");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(number, 6);
    assert_int_equal(third, 8);
}

static void test_binding_refuses_what_is_no_buffer(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLCHAR text[8];
    SQLINTEGER number = 0;
    SQLLEN ind;

    assert_stmt_state(s, SQLBindCol(s, 1, 9999, text, sizeof text, &ind), "HY003");
    assert_stmt_state(s, SQLBindCol(s, 1, SQL_C_CHAR, text, -1, &ind), "HY090");
    assert_stmt_state(s, SQLBindCol(s, 65535, SQL_C_CHAR, text, sizeof text, &ind), "07009");
    assert_stmt_state(s, SQLBindCol(s, 0, SQL_C_CHAR, text, sizeof text, &ind), "07009");
    /* a wrong call leaves the binding as it was */
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_LONG, &number, 0, NULL));
    assert_stmt_state(s, SQLBindCol(s, 1, 9999, text, sizeof text, &ind), "HY003");
    run(s, "SELECT 9");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(number, 9);
}

/* ---- values ---- */

static void test_null_needs_an_indicator(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLINTEGER number = 77;
    SQLLEN ind = 0;

    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_LONG, &number, 0, NULL));
    run(s, "SELECT NULL::int UNION ALL SELECT 1");
    assert_stmt_state(s, SQLFetch(s), "22002");
    assert_int_equal(number, 77);
    assert_int_equal(SQLFetch(s), SQL_SUCCESS); /* the cursor has moved on */
    assert_int_equal(number, 1);
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_LONG, &number, 0, &ind));
    run(s, "SELECT NULL::int");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(ind, SQL_NULL_DATA);
    assert_int_equal(number, 1); /* the buffer of a NULL is not touched */
}

/* Every size of buffer: the text is cut at a character's border, terminated, and the indicator
 * tells its whole length. */
static void test_cut_text_in_buffers_of_every_size(void **state)
{
    static const char value[] =
        "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z"; /* 11 bytes, 5 characters, 6 units */
    static const size_t starts[] = {0, 1, 3, 6, 10, 11};
    SQLHSTMT s = stmt_of(state);
    char sql[64];

    snprintf(sql, sizeof sql, "SELECT '%s'", value);
    for (size_t cap = 1; cap <= 14; cap++) {
        unsigned char buf[16];
        SQLLEN ind = -5;
        size_t want = 0;
        for (size_t i = 0; i < 6; i++)
            if (starts[i] < cap)
                want = starts[i];
        memset(buf, 0xEE, sizeof buf);
        assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_CHAR, buf, (SQLLEN)cap, &ind));
        run(s, sql);
        if (cap > 11)
            assert_int_equal(SQLFetch(s), SQL_SUCCESS);
        else
            assert_stmt_state(s, SQLFetch(s), "01004");
        assert_int_equal(ind, 11);
        assert_memory_equal(buf, value, want);
        assert_int_equal(buf[want], 0);
        assert_int_equal(buf[cap], 0xEE);
    }
    for (size_t units = 1; units <= 8; units++) {
        SQLWCHAR buf[10];
        SQLLEN ind = -5;
        size_t want = units > 6 ? 6 : units - 1 == 4 ? 3 : units - 1; /* not half of the pair */
        memset(buf, 0xEE, sizeof buf);
        assert_stmt_ok(
            s, SQLBindCol(s, 1, SQL_C_WCHAR, buf, (SQLLEN)(units * sizeof(SQLWCHAR)), &ind));
        run(s, sql);
        if (units > 6)
            assert_int_equal(SQLFetch(s), SQL_SUCCESS);
        else
            assert_stmt_state(s, SQLFetch(s), "01004");
        assert_int_equal(ind, 12);
        assert_int_equal(buf[want], 0);
        assert_int_equal(buf[units], 0xEEEE);
    }
}

static void test_max_length_cuts_without_a_word(void **state)
{
    SQLHSTMT s = stmt_of(state);
    unsigned char text[20];
    unsigned char bytes[20];
    char number[20];
    SQLLEN text_ind;
    SQLLEN bytes_ind;
    SQLLEN number_ind;

    set_ulen(s, SQL_ATTR_MAX_LENGTH, 3);
    for (int bound = 1; bound >= 0; bound--) {
        memset(text, 0, sizeof text);
        if (bound) {
            assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_CHAR, text, sizeof text, &text_ind));
            assert_stmt_ok(s, SQLBindCol(s, 2, SQL_C_BINARY, bytes, sizeof bytes, &bytes_ind));
            assert_stmt_ok(s, SQLBindCol(s, 3, SQL_C_CHAR, number, sizeof number, &number_ind));
        }
        run(s, "SELECT 'ab\xE2\x82\xAC', '\\x0102030405'::bytea, 1234567");
        assert_int_equal(SQLFetch(s), SQL_SUCCESS);
        if (!bound) {
            assert_int_equal(SQLGetData(s, 1, SQL_C_CHAR, text, sizeof text, &text_ind),
                             SQL_SUCCESS);
            assert_int_equal(SQLGetData(s, 2, SQL_C_BINARY, bytes, sizeof bytes, &bytes_ind),
                             SQL_SUCCESS);
            assert_int_equal(SQLGetData(s, 3, SQL_C_CHAR, number, sizeof number, &number_ind),
                             SQL_SUCCESS);
        }
        assert_string_equal((char *)text, "ab");
        assert_int_equal(bytes_ind, 3);
        assert_memory_equal(bytes, "\1\2\3", 3);
        assert_string_equal(number, "1234567"); /* neither character nor binary data */
        SQLFreeStmt(s, SQL_CLOSE);
        SQLFreeStmt(s, SQL_UNBIND);
    }
}

static void test_max_rows_ends_blocks_and_counts_for_the_catalogue(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLINTEGER values[8];
    SQLULEN fetched;
    SQLUSMALLINT status[8];

    set_ulen(s, SQL_ATTR_MAX_ROWS, 10);
    set_ulen(s, SQL_ATTR_ROW_ARRAY_SIZE, 8);
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROWS_FETCHED_PTR, &fetched, 0));
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_STATUS_PTR, status, 0));
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_LONG, values, 0, NULL));
    run(s, "SELECT g FROM generate_series(1, 100) g");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(fetched, 8);
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(fetched, 2);
    assert_int_equal(status[2], SQL_ROW_NOROW);
    assert_int_equal(SQLFetch(s), SQL_NO_DATA);
    SQLFreeStmt(s, SQL_CLOSE);
    SQLFreeStmt(s, SQL_UNBIND);
    set_ulen(s, SQL_ATTR_MAX_ROWS, 3);
    assert_stmt_ok(s, SQLGetTypeInfo(s, SQL_ALL_TYPES));
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(fetched, 3);
    assert_int_equal(SQLFetch(s), SQL_NO_DATA);
}

/* ---- rows in error ---- */

static void test_rows_in_error_are_marked_and_the_others_are_good(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLCHAR tiny[6];
    char text[6][4];
    SQLLEN text_ind[6];
    SQLUSMALLINT status[6];
    SQLULEN fetched;
    SQLLEN row = 0;
    SQLINTEGER column = 0;
    SQLINTEGER records = 0;

    set_ulen(s, SQL_ATTR_ROW_ARRAY_SIZE, 6);
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_STATUS_PTR, status, 0));
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROWS_FETCHED_PTR, &fetched, 0));
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_UTINYINT, tiny, 0, NULL));
    assert_stmt_ok(s, SQLBindCol(s, 2, SQL_C_CHAR, text, sizeof text[0], text_ind));
    run(s,
        "SELECT * FROM (VALUES (1, 'a'), (1000, 'b'), (3, 'too long'), (NULL, 'd'), (5, NULL)) v");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS_WITH_INFO);
    assert_int_equal(fetched, 5);
    assert_int_equal(status[0], SQL_ROW_SUCCESS);
    assert_int_equal(status[1], SQL_ROW_ERROR);
    assert_int_equal(status[2], SQL_ROW_SUCCESS_WITH_INFO);
    assert_int_equal(status[3], SQL_ROW_ERROR);
    assert_int_equal(status[4], SQL_ROW_SUCCESS);
    assert_int_equal(status[5], SQL_ROW_NOROW);
    assert_int_equal(tiny[0], 1);
    assert_int_equal(tiny[2], 3);
    assert_int_equal(tiny[4], 5);
    assert_string_equal(text[2], "too");
    assert_int_equal(text_ind[2], 8);
    assert_int_equal(text_ind[4], SQL_NULL_DATA);
    /* Records without a row first, then row by row (SQLGetDiagField, "Sequence of Status Records").
     */
    assert_int_equal(SQLGetDiagField(SQL_HANDLE_STMT, s, 0, SQL_DIAG_NUMBER, &records, 0, NULL),
                     SQL_SUCCESS);
    assert_int_equal(records, 4);
    {
        static const struct {
            SQLLEN row;
            SQLINTEGER column;
            const char *state;
        } want[] = {{SQL_NO_ROW_NUMBER, SQL_NO_COLUMN_NUMBER, "01S01"},
                    {2, 1, "22003"},
                    {3, 2, "01004"},
                    {4, 1, "22002"}};
        for (SQLSMALLINT i = 0; i < 4; i++) {
            SQLCHAR sqlstate[6];
            assert_int_equal(SQLGetDiagField(SQL_HANDLE_STMT, s, (SQLSMALLINT)(i + 1),
                                             SQL_DIAG_ROW_NUMBER, &row, 0, NULL),
                             SQL_SUCCESS);
            assert_int_equal(SQLGetDiagField(SQL_HANDLE_STMT, s, (SQLSMALLINT)(i + 1),
                                             SQL_DIAG_COLUMN_NUMBER, &column, 0, NULL),
                             SQL_SUCCESS);
            assert_int_equal(SQLGetDiagField(SQL_HANDLE_STMT, s, (SQLSMALLINT)(i + 1),
                                             SQL_DIAG_SQLSTATE, sqlstate, sizeof sqlstate, NULL),
                             SQL_SUCCESS);
            assert_string_equal((char *)sqlstate, want[i].state);
            assert_int_equal(row, want[i].row);
            assert_int_equal(column, want[i].column);
        }
    }
}

static void test_a_block_of_errors_only_is_an_error(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLCHAR tiny[3];
    SQLUSMALLINT status[3];

    set_ulen(s, SQL_ATTR_ROW_ARRAY_SIZE, 3);
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_STATUS_PTR, status, 0));
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_UTINYINT, tiny, 0, NULL));
    run(s, "SELECT 1000 + g FROM generate_series(1, 3) g");
    assert_stmt_state(s, SQLFetch(s), "22003");
    for (int i = 0; i < 3; i++)
        assert_int_equal(status[i], SQL_ROW_ERROR);
    assert_int_equal(SQLFetch(s), SQL_NO_DATA);
}

/* "Could not be fetched" (HY109) is another thing: the row is there, and SQLGetData reads it as it
 * is, as any type that holds it. */
static void test_a_row_in_error_is_read_with_getdata(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLCHAR tiny[3];
    SQLUSMALLINT status[3];
    SQLINTEGER number = 0;
    char text[20] = "";
    SQLLEN ind;

    set_ulen(s, SQL_ATTR_ROW_ARRAY_SIZE, 3);
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_STATUS_PTR, status, 0));
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_UTINYINT, tiny, 0, NULL));
    run(s, "SELECT * FROM (VALUES (1, 'a'), (1000, 'b'), (3, 'c')) v");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS_WITH_INFO);
    assert_int_equal(status[1], SQL_ROW_ERROR);
    assert_stmt_ok(s, SQLSetPos(s, 2, SQL_POSITION, SQL_LOCK_NO_CHANGE));
    assert_stmt_ok(s, SQLGetData(s, 1, SQL_C_LONG, &number, 0, &ind));
    assert_int_equal(number, 1000);
    assert_stmt_ok(s, SQLGetData(s, 2, SQL_C_CHAR, text, sizeof text, &ind));
    assert_string_equal(text, "b");
    assert_stmt_state(s, SQLGetData(s, 1, SQL_C_UTINYINT, tiny, 0, &ind), "22003");
}

static void test_a_column_that_cannot_be_converted_fails_every_row(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLGUID guid[2];
    SQLUSMALLINT status[2] = {99, 99};

    set_ulen(s, SQL_ATTR_ROW_ARRAY_SIZE, 2);
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_STATUS_PTR, status, 0));
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_GUID, guid, 0, NULL));
    run(s, "SELECT g FROM generate_series(1, 2) g");
    assert_stmt_state(s, SQLFetch(s), "07006");
    assert_int_equal(status[0], SQL_ROW_ERROR);
    assert_int_equal(status[1], SQL_ROW_ERROR);
}

/* ---- states and odd results ---- */

static void test_fetching_needs_a_result(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;
    SQLSMALLINT n = -1;
    SQLLEN count = 0;

    run(s, "SELECT 1 WHERE false");
    for (int i = 0; i < 3; i++)
        assert_int_equal(SQLFetch(s), SQL_NO_DATA);
    assert_int_equal(SQLCloseCursor(s), SQL_SUCCESS);
    assert_stmt_state(s, SQLCloseCursor(s), "24000");
    assert_stmt_ok(s, SQLFreeStmt(s, SQL_CLOSE)); /* without a cursor this is fine */
    run(s, "CREATE TABLE IF NOT EXISTS no_rows (i int)");
    assert_stmt_state(s, SQLFetch(s), "24000");
    assert_stmt_state(s, SQLCloseCursor(s), "24000");
    run(s, "DROP TABLE no_rows");
    assert_stmt_ok(s, SQLPrepare(s, sqltext("SELECT 1"), SQL_NTS));
    assert_int_equal(SQLFetch(s), SQL_ERROR); /* the manager says HY010, the driver 24000 */
    /* Rows without columns: the result is none to fetch from, its rows are counted. */
    run(s, "SELECT FROM generate_series(1, 5)");
    assert_stmt_ok(s, SQLNumResultCols(s, &n));
    assert_int_equal(n, 0);
    assert_stmt_ok(s, SQLRowCount(s, &count));
    assert_int_equal(count, 5);
    assert_stmt_state(s, SQLFetch(s), "24000");
}

static void test_an_open_cursor_refuses_the_next_statement(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLINTEGER number = 0;

    assert_stmt_ok(s, SQLPrepare(s, sqltext("SELECT 1"), SQL_NTS));
    assert_stmt_ok(s, SQLExecute(s));
    assert_stmt_state(s, SQLExecDirect(s, sqltext("SELECT 2"), SQL_NTS), "24000");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS); /* the refusal did no harm */
    assert_int_equal(SQLGetData(s, 1, SQL_C_LONG, &number, 0, NULL), SQL_SUCCESS);
    assert_int_equal(number, 1);
    assert_stmt_ok(s, SQLCloseCursor(s));
    assert_stmt_ok(s, SQLExecute(s)); /* still prepared */
    /* After these the manager believes that the cursor is closed; test_handles asks the driver
     * itself. */
    assert_stmt_state(s, SQLExecute(s), "24000");
    assert_stmt_ok(s, SQLFreeStmt(s, SQL_CLOSE));
    assert_stmt_ok(s, SQLExecute(s));
    assert_stmt_state(s, SQLPrepare(s, sqltext("SELECT 2"), SQL_NTS), "24000");
    assert_stmt_ok(s, SQLFreeStmt(s, SQL_CLOSE));
    run(s, "SELECT 1");
    assert_stmt_state(s, SQLTables(s, NULL, 0, NULL, 0, NULL, 0, NULL, 0), "24000");
    assert_stmt_ok(s, SQLFreeStmt(s, SQL_CLOSE));
    run(s, "SELECT 1");
    assert_stmt_state(s, SQLGetTypeInfo(s, SQL_ALL_TYPES), "24000");
}

static void test_several_results_are_open_at_once(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT other = new_stmt(f);
    SQLINTEGER a;
    SQLINTEGER b;

    assert_stmt_ok(f->stmt, SQLBindCol(f->stmt, 1, SQL_C_LONG, &a, 0, NULL));
    assert_stmt_ok(other, SQLBindCol(other, 1, SQL_C_LONG, &b, 0, NULL));
    run(f->stmt, "SELECT g FROM generate_series(1, 40000) g");
    run(other, "SELECT -g FROM generate_series(1, 40000) g");
    for (int i = 1; i <= 40000; i++) {
        assert_int_equal(SQLFetch(f->stmt), SQL_SUCCESS);
        assert_int_equal(SQLFetch(other), SQL_SUCCESS);
        if (a != i || b != -i)
            fail_msg("row %d: %d and %d", i, a, b);
    }
    SQLFreeHandle(SQL_HANDLE_STMT, other);
}

static void test_many_columns(void **state)
{
    SQLHSTMT s = stmt_of(state);
    char *sql = malloc(32000);
    size_t len = (size_t)snprintf(sql, 32000, "SELECT 1");
    SQLSMALLINT n;
    SQLINTEGER last = 0;

    for (int i = 2; i <= 1664; i++)
        len += (size_t)snprintf(sql + len, 32000 - len, ", %d", i);
    run(s, sql);
    assert_stmt_ok(s, SQLNumResultCols(s, &n));
    assert_int_equal(n, 1664);
    assert_stmt_ok(s, SQLBindCol(s, 1664, SQL_C_LONG, &last, 0, NULL));
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(last, 1664);
    SQLFreeStmt(s, SQL_CLOSE);
    snprintf(sql + len, 32000 - len, ", 1665"); /* one more than PostgreSQL has */
    assert_stmt_state(s, SQLExecDirect(s, sqltext(sql), SQL_NTS), "54011");
    assert_int_equal(query_number(s, "SELECT 1"), 1);
    free(sql);
}

static void test_a_long_result_in_blocks_is_read_to_its_end(void **state)
{
    static SQLBIGINT numbers[1000];
    static SQLCHAR texts[1000][40];
    static SQLLEN ind[1000];
    SQLHSTMT s = stmt_of(state);
    SQLULEN fetched;
    long long rows = 0;
    long long sum = 0;

    set_ulen(s, SQL_ATTR_ROW_ARRAY_SIZE, 1000);
    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROWS_FETCHED_PTR, &fetched, 0));
    assert_stmt_ok(s, SQLBindCol(s, 1, SQL_C_SBIGINT, numbers, 0, NULL));
    assert_stmt_ok(s, SQLBindCol(s, 2, SQL_C_CHAR, texts, 40, ind));
    run(s, "SELECT g, to_hex(g) FROM generate_series(1, 300000) g");
    while (SQLFetch(s) == SQL_SUCCESS) {
        for (SQLULEN i = 0; i < fetched; i++) {
            sum += numbers[i];
            if (strtoll((char *)texts[i], NULL, 16) != numbers[i])
                fail_msg("row %lld: %lld and %s", rows + (long long)i, (long long)numbers[i],
                         texts[i]);
        }
        rows += (long long)fetched;
    }
    assert_int_equal(rows, 300000);
    assert_int_equal(sum, 300000LL * 300001 / 2);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_connected, teardown_connected)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_blocks_of_every_size_give_every_row),
        T(test_rows_of_a_structure_with_a_moving_offset),
        T(test_the_offset_may_complete_a_pointer_that_is_none),
        T(test_the_rowset_size_of_odbc2_does_not_reach_sqlfetch),
        T(test_the_block_size_may_change_between_fetches),
        T(test_binding_changes_between_fetches),
        T(test_bindings_outlive_the_result_and_wait_for_wider_ones),
        T(test_binding_refuses_what_is_no_buffer),
        T(test_null_needs_an_indicator),
        T(test_cut_text_in_buffers_of_every_size),
        T(test_max_length_cuts_without_a_word),
        T(test_max_rows_ends_blocks_and_counts_for_the_catalogue),
        T(test_rows_in_error_are_marked_and_the_others_are_good),
        T(test_a_block_of_errors_only_is_an_error),
        T(test_a_row_in_error_is_read_with_getdata),
        T(test_a_column_that_cannot_be_converted_fails_every_row),
        T(test_fetching_needs_a_result),
        T(test_an_open_cursor_refuses_the_next_statement),
        T(test_several_results_are_open_at_once),
        T(test_many_columns),
        T(test_a_long_result_in_blocks_is_read_to_its_end),
    };
    return RUN_OVER(OVER_ALL, tests);
}
