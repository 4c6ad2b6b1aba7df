/* SQLGetData through the driver manager: any column in any order, pieces of every size, and what is
 * refused. */
#include "odbc_test.h"

static SQLHSTMT stmt_of(void **state)
{
    return ((struct fixture *)*state)->stmt;
}

#define GUARD 0x6B
#define LONGEST 4096

/* How one value is read: its C type, the bytes that its terminator takes, and what a buffer must be
 * a multiple of. */
struct way {
    SQLSMALLINT c_type;
    size_t terminator, unit;
};
static const struct way as_char = {SQL_C_CHAR, 1, 1};
static const struct way as_wchar = {SQL_C_WCHAR, 2, 2};
static const struct way as_binary = {SQL_C_BINARY, 0, 1};

static size_t text_bytes(const struct way *w, const unsigned char *buf, size_t cap)
{
    size_t n = 0;

    while (n + w->unit <= cap && (buf[n] != 0 || (w->unit == 2 && buf[n + 1] != 0)))
        n += w->unit;
    return n;
}

/* Reads column 1 in pieces of `cap` bytes. Every piece: guard untouched, terminated, indicator =
 * what was left before it; all but the last answer 01004; the last SQL_SUCCESS; then SQL_NO_DATA.
 * `full`: pieces fill their buffer to the last unit. */
static size_t read_pieces(SQLHSTMT s, const struct way *w, size_t cap, size_t total, bool full,
                          unsigned char *out)
{
    unsigned char piece[LONGEST + 8];
    size_t len = 0;
    SQLRETURN rc;

    do {
        SQLLEN ind = -99;
        size_t n;
        memset(piece, GUARD, sizeof piece);
        rc = SQLGetData(s, 1, w->c_type, piece, (SQLLEN)cap, &ind);
        if (!SQL_SUCCEEDED(rc))
            fail_msg("type %d, %zu bytes, at %zu: %d %s", w->c_type, cap, len, rc,
                     diag_text(SQL_HANDLE_STMT, s));
        if (ind != (SQLLEN)(total - len))
            fail_msg("type %d, %zu bytes, at %zu: indicator %ld, wanted %zu", w->c_type, cap, len,
                     (long)ind, total - len);
        assert_int_equal(piece[cap], GUARD);
        if (rc == SQL_SUCCESS) {
            n = (size_t)ind;
            assert_true(n + w->terminator <= cap);
        } else {
            assert_string_equal(diag_state(SQL_HANDLE_STMT, s), "01004");
            n = w->terminator ? text_bytes(w, piece, cap) : cap;
            assert_true(n > 0);
            if (full)
                assert_int_equal(n, (cap / w->unit - w->terminator / w->unit) * w->unit);
        }
        for (size_t i = 0; i < w->terminator; i++)
            assert_int_equal(piece[n + i], 0);
        memcpy(out + len, piece, n);
        len += n;
    } while (rc == SQL_SUCCESS_WITH_INFO);
    assert_int_equal(SQLGetData(s, 1, w->c_type, piece, (SQLLEN)cap, NULL), SQL_NO_DATA);
    assert_int_equal(SQLGetData(s, 1, w->c_type, piece, (SQLLEN)cap, NULL), SQL_NO_DATA);
    return len;
}

/* The value whole, then in pieces of every size: always the same. `sql` gives it as column 1. */
static void check_sizes(SQLHSTMT s, const char *sql, const struct way *w, bool full)
{
    static unsigned char whole[LONGEST];
    static unsigned char got[LONGEST];
    SQLLEN total;

    run(s, sql);
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(SQLGetData(s, 1, w->c_type, whole, sizeof whole, &total), SQL_SUCCESS);
    for (size_t cap = w->unit + w->terminator; cap <= 64; cap++) {
        run(s, sql);
        assert_int_equal(SQLFetch(s), SQL_SUCCESS);
        assert_int_equal(read_pieces(s, w, cap, (size_t)total, full, got), total);
        assert_memory_equal(got, whole, (size_t)total);
    }
}

static void test_pieces_of_every_size(void **state)
{
    SQLHSTMT s = stmt_of(state);
    static const char *const texts[] = {
        "SELECT ''",
        "SELECT 'x'",
        "SELECT repeat('ascii only ', 12)",
        "SELECT repeat('a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80', 11)",
        "SELECT repeat('\xF0\x9F\x98\x80', 20)",
        "SELECT repeat('\xE2\x82\xAC', 40) || 'z'",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        check_sizes(s, texts[i], &as_char, true);
        check_sizes(s, texts[i], &as_wchar, true);
        check_sizes(s, texts[i], &as_binary, true);
    }
    check_sizes(s,
                "SELECT decode(string_agg(lpad(to_hex(g), 2, '0'), ''), 'hex') FROM "
                "generate_series(0, 255) g",
                &as_binary, true);
    check_sizes(s, "SELECT ''::bytea", &as_binary, true);
}

/* Numbers and dates: a buffer too small for the whole digits is 22003 and gives nothing; the rest
 * can be had then. */
static void test_text_of_numbers_is_never_cut_in_its_whole_digits(void **state)
{
    SQLHSTMT s = stmt_of(state);
    char buf[32];
    SQLLEN ind;

    for (SQLLEN cap = 1; cap <= 12; cap++) {
        run(s, "SELECT -1234567.25");
        assert_int_equal(SQLFetch(s), SQL_SUCCESS);
        memset(buf, GUARD, sizeof buf);
        if (cap <= 8)
            assert_stmt_state(s, SQLGetData(s, 1, SQL_C_CHAR, buf, cap, &ind), "22003");
        else if (cap < 12)
            assert_stmt_state(s, SQLGetData(s, 1, SQL_C_CHAR, buf, cap, &ind), "01004");
        else
            assert_int_equal(SQLGetData(s, 1, SQL_C_CHAR, buf, cap, &ind), SQL_SUCCESS);
        assert_int_equal(buf[cap], GUARD);
        if (cap > 8) {
            assert_int_equal(ind, 11);
            assert_memory_equal(buf, "-1234567.25", (size_t)cap - 1);
        } else {
            assert_int_equal(SQLGetData(s, 1, SQL_C_CHAR, buf, sizeof buf, &ind), SQL_SUCCESS);
            assert_string_equal(buf, "-1234567.25");
        }
    }
}

static void test_a_character_is_never_lost_between_types(void **state)
{
    SQLHSTMT s = stmt_of(state);
    char narrow[4];
    SQLWCHAR wide[16];
    SQLLEN ind;

    run(s, "SELECT 'abcdef'");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_stmt_state(s, SQLGetData(s, 1, SQL_C_CHAR, narrow, sizeof narrow, &ind), "01004");
    /* another C type reads the value from its start */
    assert_int_equal(SQLGetData(s, 1, SQL_C_WCHAR, wide, sizeof wide, &ind), SQL_SUCCESS);
    assert_int_equal(ind, 12);
    assert_int_equal(wide[0], 'a');
}

static void test_asking_for_the_length_takes_nothing(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLWCHAR wide[32];
    char buf[32];
    SQLLEN ind = 0;

    run(s, "SELECT 'h\xC3\xA9llo', '\\x010203'::bytea");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_stmt_state(s, SQLGetData(s, 1, SQL_C_CHAR, buf, 0, &ind), "01004");
    assert_int_equal(ind, 6);
    assert_stmt_state(s, SQLGetData(s, 1, SQL_C_CHAR, buf, 0, &ind), "01004");
    assert_int_equal(ind, 6);
    assert_int_equal(SQLGetData(s, 1, SQL_C_CHAR, buf, sizeof buf, &ind), SQL_SUCCESS);
    assert_string_equal(buf, "h\xC3\xA9llo");
    assert_stmt_state(s, SQLGetData(s, 2, SQL_C_BINARY, buf, 0, &ind), "01004");
    assert_int_equal(ind, 3);
    assert_int_equal(SQLGetData(s, 2, SQL_C_BINARY, buf, sizeof buf, &ind), SQL_SUCCESS);
    assert_memory_equal(buf, "\1\2\3", 3);
    assert_stmt_state(s, SQLGetData(s, 1, SQL_C_WCHAR, wide, 0, &ind), "01004");
    assert_int_equal(ind, 10);
    assert_stmt_state(s, SQLGetData(s, 1, SQL_C_WCHAR, wide, 1, &ind),
                      "01004"); /* not room for one unit */
    assert_int_equal(SQLGetData(s, 1, SQL_C_WCHAR, wide, sizeof wide, &ind), SQL_SUCCESS);
    assert_int_equal(ind, 10);
}

static void test_any_column_any_order_bound_ones_too(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLINTEGER bound = 0;
    SQLINTEGER number;
    char text[40];
    SQLLEN ind;

    assert_stmt_ok(s, SQLBindCol(s, 2, SQL_C_LONG, &bound, 0, NULL));
    run(s, "SELECT 'one', g, NULL, true FROM generate_series(2, 4) g");
    for (SQLINTEGER row = 2; row <= 4; row++) {
        assert_int_equal(SQLFetch(s), SQL_SUCCESS);
        assert_int_equal(bound, row);
        assert_int_equal(SQLGetData(s, 4, SQL_C_CHAR, text, sizeof text, &ind), SQL_SUCCESS);
        assert_string_equal(text, "1");
        assert_int_equal(SQLGetData(s, 3, SQL_C_CHAR, text, sizeof text, &ind), SQL_SUCCESS);
        assert_int_equal(ind, SQL_NULL_DATA);
        assert_int_equal(SQLGetData(s, 3, SQL_C_CHAR, text, sizeof text, &ind), SQL_NO_DATA);
        assert_int_equal(SQLGetData(s, 2, SQL_C_LONG, &number, 0, NULL), SQL_SUCCESS);
        assert_int_equal(number, row);
        assert_int_equal(SQLGetData(s, 2, SQL_C_LONG, &number, 0, NULL), SQL_NO_DATA);
        assert_int_equal(SQLGetData(s, 1, SQL_C_CHAR, text, sizeof text, &ind), SQL_SUCCESS);
        assert_string_equal(text, "one");
        assert_int_equal(SQLGetData(s, 2, SQL_C_LONG, &number, 0, NULL),
                         SQL_SUCCESS); /* a column left and come back to */
    }
    assert_int_equal(SQLFetch(s), SQL_NO_DATA);
    assert_stmt_state(s, SQLGetData(s, 1, SQL_C_CHAR, text, sizeof text, &ind), "24000");
}

static void test_the_default_type_is_that_of_the_column(void **state)
{
    SQLHSTMT s = stmt_of(state);
    union {
        SQLINTEGER i;
        SQLSMALLINT small;
        double d;
        unsigned char bit;
        SQL_DATE_STRUCT date;
        SQL_TIMESTAMP_STRUCT ts;
        SQLGUID guid;
        char text[64];
        SQLWCHAR wide[32];
    } v;
    SQLLEN ind;

    run(s, "SELECT 7, 8::smallint, 0.5::float8, true, date '2026-03-04', timestamp '2026-03-04 "
           "05:06:07.25', "
           "'00112233-4455-6677-8899-aabbccddeeff'::uuid, 1.50::numeric(5,2), '\\x41'::bytea, "
           "9::bigint");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(SQLGetData(s, 1, SQL_C_DEFAULT, &v, sizeof v, &ind), SQL_SUCCESS);
    assert_int_equal(v.i, 7);
    assert_int_equal(ind, 4);
    assert_int_equal(SQLGetData(s, 2, SQL_C_DEFAULT, &v, sizeof v, &ind), SQL_SUCCESS);
    assert_int_equal(v.small, 8);
    assert_int_equal(ind, 2);
    assert_int_equal(SQLGetData(s, 3, SQL_C_DEFAULT, &v, sizeof v, &ind), SQL_SUCCESS);
    assert_true(v.d == 0.5);
    assert_int_equal(SQLGetData(s, 4, SQL_C_DEFAULT, &v, sizeof v, &ind), SQL_SUCCESS);
    assert_int_equal(v.bit, 1);
    assert_int_equal(ind, 1);
    assert_int_equal(SQLGetData(s, 5, SQL_C_DEFAULT, &v, sizeof v, &ind), SQL_SUCCESS);
    assert_int_equal(v.date.month, 3);
    assert_int_equal(SQLGetData(s, 6, SQL_C_DEFAULT, &v, sizeof v, &ind), SQL_SUCCESS);
    assert_int_equal(v.ts.fraction, 250000000);
    assert_int_equal(SQLGetData(s, 7, SQL_C_DEFAULT, &v, sizeof v, &ind), SQL_SUCCESS);
    assert_int_equal(v.guid.Data1, 0x00112233);
    assert_int_equal(v.guid.Data3, 0x6677);
    assert_int_equal(v.guid.Data4[7], 0xFF);
    assert_int_equal(SQLGetData(s, 8, SQL_C_DEFAULT, &v, sizeof v, &ind), SQL_SUCCESS);
    assert_string_equal(v.text, "1.50");
    assert_int_equal(SQLGetData(s, 9, SQL_C_DEFAULT, &v, sizeof v, &ind), SQL_SUCCESS);
    assert_int_equal(ind, 1);
    assert_int_equal(v.text[0], 'A');
}

/* SQL_ARD_TYPE: the type, precision and scale that the application set in its row descriptor. */
static void test_the_type_of_the_row_descriptor(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLHDESC ard = NULL;
    SQL_NUMERIC_STRUCT n;
    SQLLEN ind;
    SQLINTEGER number;

    assert_stmt_ok(s, SQLGetStmtAttr(s, SQL_ATTR_APP_ROW_DESC, &ard, 0, NULL));
    assert_int_equal(SQLSetDescField(ard, 1, SQL_DESC_TYPE, (SQLPOINTER)SQL_C_NUMERIC, 0),
                     SQL_SUCCESS);
    assert_int_equal(SQLSetDescField(ard, 1, SQL_DESC_PRECISION, (SQLPOINTER)12, 0), SQL_SUCCESS);
    assert_int_equal(SQLSetDescField(ard, 1, SQL_DESC_SCALE, (SQLPOINTER)4, 0), SQL_SUCCESS);
    assert_int_equal(SQLSetDescField(ard, 2, SQL_DESC_TYPE, (SQLPOINTER)SQL_C_SLONG, 0),
                     SQL_SUCCESS);
    run(s, "SELECT 1.5, '17'");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(SQLGetData(s, 1, SQL_ARD_TYPE, &n, sizeof n, &ind), SQL_SUCCESS);
    assert_int_equal(n.scale, 4);
    assert_int_equal(n.precision, 12);
    assert_int_equal(n.sign, 1);
    assert_int_equal(n.val[0] + 256 * n.val[1], 15000);
    assert_int_equal(SQLGetData(s, 2, SQL_ARD_TYPE, &number, 0, &ind), SQL_SUCCESS);
    assert_int_equal(number, 17);
}

static void test_what_is_refused(void **state)
{
    struct fixture *f = *state;
    SQLHSTMT s = f->stmt;
    SQLHSTMT fresh = new_stmt(f);
    SQLINTEGER number;
    SQLGUID guid;
    char text[20];
    SQLLEN ind;

    assert_int_equal(SQLGetData(fresh, 1, SQL_C_CHAR, text, sizeof text, &ind), SQL_ERROR);
    SQLFreeHandle(SQL_HANDLE_STMT, fresh);
    run(s, "SELECT 'text', 300, NULL");
    assert_stmt_state(s, SQLGetData(s, 1, SQL_C_CHAR, text, sizeof text, &ind), "24000");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_stmt_state(s, SQLGetData(s, 4, SQL_C_CHAR, text, sizeof text, &ind), "07009");
    assert_stmt_state(s, SQLGetData(s, 0, SQL_C_CHAR, text, sizeof text, &ind), "07009");
    assert_stmt_state(s, SQLGetData(s, 2, SQL_C_GUID, &guid, 0, &ind), "07006");
    assert_stmt_state(s, SQLGetData(s, 1, 9999, text, sizeof text, &ind), "HY003");
    assert_stmt_state(s, SQLGetData(s, 1, SQL_C_CHAR, text, -1, &ind), "HY090");
    assert_stmt_state(s, SQLGetData(s, 1, SQL_C_LONG, &number, 0, &ind), "22018");
    assert_stmt_state(s, SQLGetData(s, 2, SQL_C_UTINYINT, text, 0, &ind), "22003");
    assert_stmt_state(s, SQLGetData(s, 3, SQL_C_CHAR, text, sizeof text, NULL), "22002");
    /* after each refusal the value is still there */
    assert_int_equal(SQLGetData(s, 1, SQL_C_CHAR, text, sizeof text, &ind), SQL_SUCCESS);
    assert_string_equal(text, "text");
    assert_int_equal(SQLGetData(s, 2, SQL_C_LONG, &number, 0, &ind), SQL_SUCCESS);
    assert_int_equal(number, 300);
    assert_int_equal(SQLGetData(s, 3, SQL_C_CHAR, text, sizeof text, &ind), SQL_SUCCESS);
    SQLFreeStmt(s, SQL_CLOSE);
}

/* A column is read as what is asked for now, whatever it was read as in the row before or in the
 * result before; a converter that was chosen for something else is not used again. */
static void test_the_type_asked_for_may_change_with_every_row(void **state)
{
    static const char *const results[] = {
        "SELECT g::text FROM generate_series(101, 103) g",
        "SELECT g FROM generate_series(101, 103) g",
        "SELECT g::numeric + 0.0 FROM generate_series(101, 103) g",
        "SELECT NULLIF(g, 0)::float8 FROM generate_series(101, 103) g",
    };
    SQLHSTMT s = stmt_of(state);

    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        SQLINTEGER number = 0;
        double d = 0;
        char text[20];
        SQLWCHAR wide[20];
        unsigned char bit = 0;
        SQLLEN ind;
        run(s, results[i]);
        for (SQLINTEGER row = 101; row <= 103; row++) {
            assert_int_equal(SQLFetch(s), SQL_SUCCESS);
            assert_int_equal(SQLGetData(s, 1, SQL_C_LONG, &number, 0, &ind), SQL_SUCCESS);
            assert_int_equal(number, row);
            assert_int_equal(SQLGetData(s, 1, SQL_C_LONG, &number, 0, &ind), SQL_NO_DATA);
            assert_int_equal(SQLGetData(s, 1, SQL_C_DOUBLE, &d, 0, &ind), SQL_SUCCESS);
            assert_true(d == row);
            assert_stmt_state(s, SQLGetData(s, 1, SQL_C_BIT, &bit, 0, &ind), "22003");
            assert_stmt_state(s, SQLGetData(s, 1, 9999, &bit, 0, &ind), "HY003");
            assert_int_equal(SQLGetData(s, 1, SQL_C_CHAR, text, sizeof text, &ind), SQL_SUCCESS);
            assert_int_equal(atoi(text), row);
            assert_int_equal(ind, (SQLLEN)strlen(text));
            assert_int_equal(SQLGetData(s, 1, SQL_C_CHAR, text, sizeof text, &ind), SQL_NO_DATA);
            assert_int_equal(SQLGetData(s, 1, SQL_C_WCHAR, wide, sizeof wide, &ind), SQL_SUCCESS);
            assert_int_equal(wide[0], '1');
            assert_int_equal(ind, (SQLLEN)(strlen(text) * sizeof *wide));
            assert_int_equal(SQLGetData(s, 1, SQL_C_WCHAR, wide, sizeof wide, &ind), SQL_NO_DATA);
        }
        assert_int_equal(SQLFetch(s), SQL_NO_DATA);
        SQLFreeStmt(s, SQL_CLOSE);
        run(s, "SELECT true UNION ALL SELECT true"); /* which no converter of a number reads */
        assert_int_equal(SQLFetch(s), SQL_SUCCESS);
        assert_int_equal(SQLGetData(s, 1, SQL_C_LONG, &number, 0, &ind), SQL_SUCCESS);
        assert_int_equal(number, 1);
        SQLFreeStmt(s, SQL_CLOSE);
    }
}

/* SQL_GD_BLOCK: the first row of a block, then the one that SQLSetPos goes to. */
static void test_any_row_of_a_block(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLINTEGER number;
    char text[20];
    SQLLEN ind;

    assert_stmt_ok(s, SQLSetStmtAttr(s, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)4, 0));
    run(s, "SELECT g, 'row ' || g FROM generate_series(1, 7) g");
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(SQLGetData(s, 1, SQL_C_LONG, &number, 0, &ind), SQL_SUCCESS);
    assert_int_equal(number, 1);
    for (SQLSETPOSIROW row = 4; row >= 1; row--) {
        assert_stmt_ok(s, SQLSetPos(s, row, SQL_POSITION, SQL_LOCK_NO_CHANGE));
        assert_int_equal(SQLGetData(s, 1, SQL_C_LONG, &number, 0, &ind), SQL_SUCCESS);
        assert_int_equal(number, row);
        assert_stmt_state(s, SQLGetData(s, 2, SQL_C_CHAR, text, 4, &ind), "01004");
        assert_string_equal(text, "row");
        assert_int_equal(SQLGetData(s, 2, SQL_C_CHAR, text, sizeof text, &ind), SQL_SUCCESS);
        assert_int_equal(text[0], ' ');
        assert_int_equal(text[1], '0' + (int)row);
        assert_int_equal(ind, 2);
    }
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    assert_int_equal(SQLGetData(s, 1, SQL_C_LONG, &number, 0, &ind), SQL_SUCCESS);
    assert_int_equal(number, 5);
    assert_stmt_state(s, SQLSetPos(s, 4, SQL_POSITION, SQL_LOCK_NO_CHANGE), "HY107");
    assert_stmt_ok(s, SQLSetPos(s, 3, SQL_POSITION, SQL_LOCK_NO_CHANGE));
    assert_int_equal(SQLGetData(s, 1, SQL_C_LONG, &number, 0, &ind), SQL_SUCCESS);
    assert_int_equal(number, 7);
}

static void test_a_long_value_in_small_pieces_takes_linear_time(void **state)
{
    SQLHSTMT s = stmt_of(state);
    SQLWCHAR piece[1001];
    SQLLEN ind;
    SQLRETURN rc;
    size_t units = 0;

    run(s, "SELECT repeat('0123456789\xE2\x82\xAC', 400000)"); /* 4.4 million characters */
    assert_int_equal(SQLFetch(s), SQL_SUCCESS);
    while ((rc = SQLGetData(s, 1, SQL_C_WCHAR, piece, sizeof piece, &ind)) ==
           SQL_SUCCESS_WITH_INFO) {
        assert_int_equal(ind, (4400000 - units) * 2);
        assert_int_equal(piece[0], units % 11 == 10 ? 0x20AC : '0' + units % 11);
        units += 1000;
    }
    assert_int_equal(rc, SQL_SUCCESS);
    assert_int_equal(units * 2 + (size_t)ind, 8800000);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_connected, teardown_connected)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_pieces_of_every_size),
        T(test_text_of_numbers_is_never_cut_in_its_whole_digits),
        T(test_a_character_is_never_lost_between_types),
        T(test_asking_for_the_length_takes_nothing),
        T(test_any_column_any_order_bound_ones_too),
        T(test_the_default_type_is_that_of_the_column),
        T(test_the_type_of_the_row_descriptor),
        T(test_what_is_refused),
        T(test_the_type_asked_for_may_change_with_every_row),
        T(test_any_row_of_a_block),
        T(test_a_long_value_in_small_pieces_takes_linear_time),
    };
    return RUN_OVER(OVER_ALL, tests);
}
